/* memory.c - reading and writing the memory; see memory.h. */
#include "core/govern/memory.h"

#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/govern/_host_files.h"
#include "core/govern/_memory.h"

#include <stdio.h>
#include <string.h>

#define KIND "memory"

/* ---- reading -------------------------------------------------------------------------------- */

/* The directory's name is the id: nothing else may become a path. */
static int folder_of(char out[80], const char *workspace_id, bn_err *err)
{
	size_t n = workspace_id ? strlen(workspace_id) : 0;
	if (n != BN_UUID_TEXT - 1 || strspn(workspace_id, "0123456789abcdef-") != n)
		return bn_err_set(err, BN_EINVAL, "'%.60s' is not a workspace id",
			workspace_id ? workspace_id : "");
	snprintf(out, 80, "trust/%s", workspace_id);
	return 0;
}

static void fault_add(bn_memory *m, const bn_host_file *file, const bn_dir *dir)
{
	if (m->n_faults == BN_MEMORY_FAULTS)
		return;
	bn_err *e = &m->faults[m->n_faults++];
	*e = file->why;
	if (file->state == BN_HOST_FILE_NEWER || e->hint[0])
		return;
	if (file->own)
		bn_err_hint(e, "the next command that records something rewrites it");
	else
		bn_err_hint(e, "that host will rewrite it; if it no longer exists: rm '%s/%s'",
			dir->path, file->host);
}

/* Parses what was read; a file with an invalid body counts as bad from here on. */
static int parts_parse(
	bn_memory_content *parts, size_t *n, bn_host_files *f, const char *id, bn_err *err)
{
	for (size_t i = 0; i < f->count; i++) {
		bn_host_file *file = &f->items[i];
		if (file->state != BN_HOST_FILE_READ)
			continue;
		bn_err_clear(&file->why);
		int rc = bn_memory_content_parse(
			&parts[(*n)++], id, file->body, file->n, &file->why);
		if (rc == BN_ENOMEM)
			return bn_err_move(err, &file->why);
		if (rc < 0) {
			bn_memory_content_release(&parts[--*n]);
			bn_err_prefix(&file->why, "'%s/%s'", f->dir->path, file->host);
			file->state = BN_HOST_FILE_BAD;
		}
	}
	return 0;
}

static int merge_files(bn_memory *m, bn_host_files *f, bn_err *err)
{
	size_t n = 0;
	int rc;
	bn_memory_content *parts = bn_alloc_zeroed(f->count + 1, sizeof *parts);
	if (!parts)
		return bn_err_nomem(err, "what is remembered");
	if ((rc = parts_parse(parts, &n, f, m->id, err)) < 0)
		goto out;
	if ((rc = bn_memory_content_merge(&m->all, parts, n, err)) < 0)
		goto out;
	m->state = m->all.first.by ? BN_MEMORY_KNOWN : BN_MEMORY_NONE;
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].state == BN_HOST_FILE_BAD ||
			f->items[i].state == BN_HOST_FILE_NEWER)
			fault_add(m, &f->items[i], f->dir);
	if (!n && m->n_faults) {
		m->state = BN_MEMORY_DAMAGED;
		m->why = m->faults[0];
		m->n_faults = 0;
	}
	m->stale = bn_host_files_are_stale(f);
out:
	for (size_t i = 0; i < n; i++)
		bn_memory_content_release(&parts[i]);
	bn_free(parts);
	return rc;
}

/* Whether this host's file is old enough that heads of cards are written too. If the clock differs much
 * from the file server's the answer is yes, which only costs a write. */
static bool is_time_for_cards(const bn_host_files *f)
{
	const int64_t most_ns = (int64_t)BN_MEMORY_CARDS_MS * 1000000;
	if (!f->count || !f->items[0].own)
		return true;
	int64_t age_ns = bn_env_now_ns(f->env) - f->items[0].mtime_ns;
	return age_ns > most_ns || age_ns < -most_ns;
}

/* Of files that are open. */
static int memory_of(bn_memory **out, bn_host_files *f, const char *workspace_id, bn_err *err)
{
	int rc = 0;
	bn_memory *m = bn_alloc_zeroed(1, sizeof *m);
	if (!m)
		return bn_err_nomem(err, "what is remembered");
	snprintf(m->id, sizeof m->id, "%s", workspace_id);
	m->why = f->why;
	m->state = BN_MEMORY_NONE;
	m->cards_due = is_time_for_cards(f);
	if (f->state == BN_HOST_FILES_UNREADABLE)
		m->state = BN_MEMORY_NOWHERE;
	else if (f->state == BN_HOST_FILES_DISTRUSTED)
		m->state = BN_MEMORY_DAMAGED;
	else if (f->state == BN_HOST_FILES_THERE && (rc = merge_files(m, f, err)) < 0)
		goto out;
	*out = m;
	m = NULL;
out:
	bn_memory_free(m);
	return rc;
}

int bn_memory_load(bn_memory **out, const bn_env *env, const char *workspace_id, bn_err *err)
{
	bn_host_files f = {.lock = -1};
	char folder[80];
	int rc = folder_of(folder, workspace_id, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_host_files_open(&f, env, folder, KIND, err)) < 0)
		goto out;
	rc = memory_of(out, &f, workspace_id, err);
out:
	bn_host_files_close(&f);
	return rc;
}

void bn_memory_free(bn_memory *m)
{
	if (!m)
		return;
	bn_memory_content_release(&m->all);
	bn_free(m);
}

bn_memory_state bn_memory_state_of(const bn_memory *m)
{
	return m->state;
}

const char *bn_memory_why(const bn_memory *m)
{
	return m->why.msg;
}

const bn_memory_answer *bn_memory_first(const bn_memory *m)
{
	return m->all.first.by ? &m->all.first : NULL;
}

const bn_memory_link *bn_memory_newest(const bn_memory *m)
{
	return m->all.n_links ? &m->all.links[m->all.n_links - 1] : NULL;
}

bool bn_memory_is_due(const bn_memory *m)
{
	return m->stale || m->cards_due;
}

const bn_memory_head *bn_memory_heads(const bn_memory *m, size_t *n)
{
	*n = m->all.n_heads;
	return m->all.heads;
}

static void hash_links(bn_hasher *h, const bn_memory_link *links, size_t n)
{
	bn_hasher_add(h, &n, sizeof n);
	for (size_t i = 0; i < n; i++) {
		bn_hasher_add(h, &links[i].n, sizeof links[i].n);
		bn_hasher_add(h, links[i].id, sizeof links[i].id);
	}
}

static void hash_head(bn_hasher *h, const bn_memory_head *x)
{
	bn_hasher_add(h, x->writer, strlen(x->writer) + 1);
	bn_hasher_add(h, &x->seq, sizeof x->seq);
	bn_hasher_add(h, x->after, sizeof x->after);
	bn_hasher_add(h, x->key, sizeof x->key);
	bn_hasher_add(h, &x->since, sizeof x->since);
	bn_hasher_add(h, &x->acts, sizeof x->acts);
}

int bn_memory_digest(uint8_t out[32], const bn_memory *m, bn_err *err)
{
	const bn_memory_content *c = &m->all;
	const char *by = c->first.by ? c->first.by : "";
	const int state = (int)m->state;
	bn_hasher *h = NULL;
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	bn_hasher_add(h, m->id, strlen(m->id) + 1);
	bn_hasher_add(h, &state, sizeof state);
	bn_hasher_add(h, &c->generation, sizeof c->generation);
	bn_hasher_add(h, by, strlen(by) + 1);
	hash_links(h, c->links, c->n_links);
	hash_links(h, c->beside, c->n_beside);
	for (size_t i = 0; i < c->n_heads; i++)
		hash_head(h, &c->heads[i]);
	bn_hasher_finish(h, out);
	bn_hasher_free(h);
	return 0;
}

/* ---- learning ------------------------------------------------------------------------------- */

/* Whether anything may be added to this memory. */
static int check_open(const bn_memory *m, const bn_memory_answer *answer, bn_err *err)
{
	if (m->state == BN_MEMORY_NOWHERE)
		return bn_err_set(err, BN_EIO, "not remembered: %s", m->why.msg);
	if (m->state == BN_MEMORY_DAMAGED)
		return bn_err_set(err, BN_EREFUSED, "not remembered: %s", m->why.msg);
	if (m->state == BN_MEMORY_NONE && !answer)
		return bn_err_set(err, BN_EREFUSED,
			"not remembered: the first use of workspace %s is not answered", m->id);
	return 0;
}

static int first_set(
	bn_memory_content *c, const bn_memory_answer *answer, const bn_env *env, bn_err *err)
{
	c->first.by = bn_arena_strdup(&c->texts, answer->by);
	c->first.words = bn_arena_strdup(&c->texts, answer->words);
	c->first.when_ms = bn_env_now_ms(env);
	return c->first.by && c->first.words ? 0 : bn_err_nomem(err, "what is remembered");
}

/* Adds view and answer to m. news: how much of it is new. */
static int memory_add(bn_memory *m, bn_memory_news *news, bn_memory_learned *out, const bn_env *env,
	const bn_memory_view *view, const bn_memory_answer *answer, bn_err *err)
{
	int rc;
	*out = (bn_memory_learned){0};
	if ((rc = check_open(m, answer, err)) < 0)
		return rc;
	if ((rc = bn_memory_content_learn(&m->all, news, out, view, err)) < 0)
		return rc;
	if (m->state == BN_MEMORY_NONE) {
		*news = BN_MEMORY_NEWS;
		return first_set(&m->all, answer, env, err);
	}
	if (m->stale)
		*news = BN_MEMORY_NEWS;
	return 0;
}

static int memory_write(bn_host_files *f, const bn_memory_content *c, const char *id, bn_err *err)
{
	bn_buf body = BN_BUF_INIT;
	bn_memory_content_format(&body, c, id);
	int rc = bn_buf_check(&body, err, "what is remembered");
	if (rc < 0)
		goto out;
	rc = bn_host_files_write(f, body.ptr, body.len, err);
out:
	bn_buf_release(&body);
	return rc;
}

/* The same again under the lock, with what other processes have learned meanwhile. */
static int learn_locked(bn_memory_learned *out, const bn_env *env, const char *folder,
	const bn_memory_view *view, const bn_memory_answer *answer, bn_err *err)
{
	bn_host_files f = {.lock = -1};
	bn_memory *m = NULL;
	bn_memory_news news;
	int rc = bn_host_files_open_locked(&f, env, folder, KIND, err);
	if (rc < 0)
		goto out;
	if ((rc = memory_of(&m, &f, view->workspace_id, err)) < 0)
		goto out;
	if ((rc = memory_add(m, &news, out, env, view, answer, err)) < 0)
		goto out;
	if (news == BN_MEMORY_NO_NEWS)
		goto out;
	if ((rc = memory_write(&f, &m->all, m->id, err)) < 0)
		goto out;
	out->wrote = true;
out:
	bn_memory_free(m);
	bn_host_files_close(&f);
	return rc;
}

int bn_memory_learn(bn_memory_learned *out, const bn_env *env, const bn_memory_view *view,
	const bn_memory_answer *answer, bn_err *err)
{
	bn_memory_learned learned = {0};
	bn_memory *m = NULL;
	bn_memory_news news;
	char folder[80];
	int rc = folder_of(folder, view->workspace_id, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_memory_load(&m, env, view->workspace_id, err)) < 0)
		return rc;
	if ((rc = memory_add(m, &news, &learned, env, view, answer, err)) < 0)
		goto out;
	if (news == BN_MEMORY_CARDS_ALONE && !m->cards_due) {
		learned.waits = true;
		goto out;
	}
	if (news != BN_MEMORY_NO_NEWS)
		rc = learn_locked(&learned, env, folder, view, answer, err);
out:
	bn_memory_free(m);
	if (out)
		*out = learned;
	return rc;
}

/* ---- explicit decisions of the user
 * --------------------------------------------------------------------- */

/* Writes what replaces everything of lower generations; files that were not trusted are set
 * aside. */
static int replace(const bn_env *env, const char *workspace_id, const bn_memory_view *view,
	const bn_memory_answer *answer, bn_err *err)
{
	bn_host_files f = {.lock = -1};
	bn_memory *m = NULL;
	bn_memory_content fresh = {.texts = BN_ARENA_INIT};
	bn_memory_learned learned = {0};
	bn_memory_news news;
	char folder[80];
	int rc = folder_of(folder, workspace_id, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_host_files_open_locked(&f, env, folder, KIND, err)) < 0)
		goto out;
	if ((rc = memory_of(&m, &f, workspace_id, err)) < 0)
		goto out;
	fresh.generation = m->all.generation + 1;
	if (view && (rc = bn_memory_content_learn(&fresh, &news, &learned, view, err)) < 0)
		goto out;
	if (answer && (rc = first_set(&fresh, answer, env, err)) < 0)
		goto out;
	if ((rc = memory_write(&f, &fresh, m->id, err)) < 0)
		goto out;
	bn_host_files_set_aside(&f);
out:
	bn_memory_content_release(&fresh);
	bn_memory_free(m);
	bn_host_files_close(&f);
	return rc;
}

int bn_memory_accept(
	const bn_env *env, const bn_memory_view *view, const bn_memory_answer *answer, bn_err *err)
{
	return replace(env, view->workspace_id, view, answer, err);
}

int bn_memory_forget(const bn_env *env, const char *workspace_id, bn_err *err)
{
	bn_memory *m = NULL;
	int rc = bn_memory_load(&m, env, workspace_id, err);
	if (rc < 0)
		return rc;
	bool nothing = m->state == BN_MEMORY_NONE;
	if (m->state == BN_MEMORY_NOWHERE)
		rc = bn_err_set(err, BN_EIO, "%s", m->why.msg);
	bn_memory_free(m);
	if (rc < 0)
		return rc;
	if (nothing)
		return bn_err_set(
			err, BN_ENOTFOUND, "nothing is remembered of workspace %s", workspace_id);
	return replace(env, workspace_id, NULL, NULL, err);
}
