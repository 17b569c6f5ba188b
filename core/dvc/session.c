/* session.c - see session.h. */
#include "core/dvc/session.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

int bn_dvc_session_open(bn_dvc_session *s, const bn_env *env, const char *path, bool to_write,
	const bn_progress *progress, bn_err *err)
{
	int rc;
	*s = (bn_dvc_session){.progress = progress};
	if ((rc = bn_dvc_repo_open(&s->repo, env, path, err)) < 0 ||
		(to_write && (rc = bn_dvc_repo_lock(s->repo, err)) < 0) ||
		(rc = bn_dvc_cache_open(&s->cache, s->repo, to_write, err)) < 0 ||
		(rc = bn_dvc_state_open(&s->state, s->repo->root, err)) < 0)
		return rc;
	return bn_dvc_repo_tracked(&s->tracked, s->repo, progress, err);
}

void bn_dvc_session_close(bn_dvc_session *s)
{
	bn_dvc_state_close(s->state);
	bn_dvc_tracked_release(&s->tracked);
	bn_dvc_cache_close(&s->cache);
	bn_dvc_repo_close(s->repo);
	*s = (bn_dvc_session){.repo = NULL};
}

bn_dvc_oid bn_dvc_oid_of(const bn_dvc_out *o)
{
	bn_dvc_oid oid = {.is_dir = o->is_dir, .is_legacy = o->is_legacy};
	memcpy(oid.md5, o->md5, sizeof oid.md5);
	return oid;
}

bn_dvc_oid bn_dvc_oid_in(const bn_dvc_out *o, const bn_dvc_entry *e)
{
	bn_dvc_oid oid = {.is_legacy = o->is_legacy};
	memcpy(oid.md5, e->md5, sizeof oid.md5);
	return oid;
}

/* ---- words ------------------------------------------------------------------------------------- */

/* Whether a is b or in b; everything is in "". */
static bool is_in(const char *a, const char *b)
{
	size_t n = strlen(b);
	return !n || (!strncmp(a, b, n) && (!a[n] || a[n] == '/'));
}

static bool is_meant(const bn_dvc_out *o, const char *word)
{
	size_t n = strlen(word);
	if (is_in(o->path, word) || is_in(word, o->path) || !strcmp(o->file, word))
		return true;
	/* dvc.yaml beside dvc.lock */
	return bn_str_ends(word, "dvc.yaml") && bn_str_ends(o->file, "dvc.lock") &&
	       strlen(o->file) == n && !strncmp(o->file, word, n - 4);
}

int bn_dvc_session_problem(const bn_dvc_session *s, const char *word, bn_err *err)
{
	for (size_t i = 0; i < s->tracked.problem_count; i++) {
		const bn_dvc_problem *p = &s->tracked.problems[i];
		size_t n = strlen(p->file);
		bool is_pointer = n > 4 && strlen(word) == n - 4 && !strncmp(p->file, word, n - 4);
		bn_err why = p->why;
		if (!strcmp(p->file, word) || is_pointer)
			return bn_err_move(err, &why);
	}
	return 0;
}

static int choose_word(
	bn_dvc_chosen *c, bool *taken, const bn_dvc_session *s, const char *word, bn_err *err)
{
	char *path = NULL;
	bool found = false;
	int rc = bn_dvc_repo_relative(&path, s->repo, word, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->tracked.outs.count; i++) {
		if (!is_meant(&s->tracked.outs.items[i], path))
			continue;
		found = true;
		if (!taken[i])
			c->numbers[c->count++] = i;
		taken[i] = true;
	}
	if (!found && *path && (rc = bn_dvc_session_problem(s, path, err)) == 0) {
		rc = bn_err_set(err, BN_ENOTFOUND, "'%s' is not tracked by DVC", word);
		bn_err_hint(
			err, "binnacle dvc status lists what is; binnacle dvc add tracks a file");
	}
	bn_free(path);
	return rc;
}

int bn_dvc_choose(
	bn_dvc_chosen *c, const bn_dvc_session *s, const char *const *words, size_t n, bn_err *err)
{
	size_t all = s->tracked.outs.count;
	bool *taken = bn_alloc_zeroed(all + 1, sizeof *taken);
	int rc = 0;
	*c = (bn_dvc_chosen){.numbers = bn_alloc_zeroed(all + 1, sizeof *c->numbers)};
	if (!taken || !c->numbers)
		rc = bn_err_nomem(err, "a list of outputs");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = choose_word(c, taken, s, words[i], err);
	for (size_t i = 0; rc == 0 && !n && i < all; i++)
		c->numbers[c->count++] = i;
	bn_free(taken);
	return rc;
}

void bn_dvc_chosen_release(bn_dvc_chosen *c)
{
	bn_free(c->numbers);
	*c = (bn_dvc_chosen){.numbers = NULL};
}
