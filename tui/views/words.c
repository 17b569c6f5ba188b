/* words.c - words that complete the ':' line (tui/ui/frame_words.c): names of datasets, models, runs and roles, paths,
 * and values of a field of a filter. See _source.h. */
#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/govern/people.h"
#include "core/govern/role.h"
#include "core/registry/registry.h"
#include "core/table/expr/expr.h"
#include "core/track/query.h"
#include "core/track/when.h"
#include "tui/ui/frame.h"
#include "tui/views/_source.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MOST 200

typedef struct gather {
	bn_reader *r;
	bn_arena *arena;
	const bn_words_arg *arg;
	const char **items;
	size_t count;
	bool more;
	bn_err *err;
} gather;

/* Adds a word if it begins with the typed text; false: there is no more room. */
static bool add(gather *g, const char *word)
{
	if (!word || !word[0] || !bn_str_starts(word, g->arg->begin))
		return true;
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->items[i], word) == 0)
			return true;
	if (g->count == MOST) {
		g->more = true;
		return false;
	}
	const char *copy = bn_arena_strdup(g->arena, word);
	if (copy)
		g->items[g->count++] = copy;
	return true;
}

/* ---- objects ------------------------------------------------------------------------------------- */

static int datasets(gather *g)
{
	bn_dataset_list *all = NULL;
	int rc = bn_dataset_list_load(&all, g->r->ws, BN_DATASET_LIVE, g->err);
	for (size_t i = 0; rc >= 0 && i < all->count; i++)
		add(g, all->rows[i].name);
	bn_dataset_list_free(all);
	return rc;
}

static int models(gather *g)
{
	bn_model_page *all = NULL;
	int rc = bn_model_list(&all, g->r->ws, g->err);
	for (size_t i = 0; rc >= 0 && i < all->count; i++)
		add(g, all->items[i].name);
	bn_model_page_free(all);
	return rc;
}

/* By name and, once a few digits are typed, by id; newest first. */
static int runs(gather *g)
{
	bn_run_page *p = NULL;
	bn_run_query q = {.search = g->arg->begin, .limit = 10 * MOST, .memory = g->r->runs};
	int rc = bn_run_query_page(&p, g->r->ws, &q, g->err);
	for (size_t i = 0; rc >= 0 && i < p->count; i++) {
		add(g, p->rows[i].name);
		if (strlen(g->arg->begin) >= 4)
			add(g, p->rows[i].id);
	}
	g->more = g->more || (rc >= 0 && p->total > (int64_t)p->count);
	bn_run_page_free(p);
	return rc;
}

static int roles(gather *g)
{
	for (int i = 0; i < BN_ROLES; i++)
		add(g, bn_role_name((bn_role)i));
	return 0;
}

/* ---- paths --------------------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
	const bn_env *env = bn_env_real();
	struct stat st;
	return env->fs->stat(env, NULL, path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Entries of the typed directory; hidden files only after a dot. A directory that cannot be read completes nothing. */
static int files(gather *g)
{
	const char *slash = strrchr(g->arg->begin, '/'), *name = slash ? slash + 1 : g->arg->begin;
	const char *dir = bn_arena_strndup(
		g->arena, g->arg->begin, slash ? (size_t)(slash - g->arg->begin) + 1 : 0);
	bn_names names = BN_NAMES_INIT;
	if (!dir)
		return bn_err_nomem(g->err, "file names");
	/* The home directory is listed, and stays "~/" in the words. */
	const bn_env *env = bn_env_real();
	const char *home = bn_str_starts(dir, "~/") ? env->get(env, "HOME") : NULL;
	const char *real = home ? bn_arena_strf(g->arena, "%s/%s", home, dir + 2) : dir;
	if (!real || bn_fs_list_dir(env, real[0] ? real : ".", &names, NULL) < 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		const char *one = names.items[i];
		if (!bn_str_starts(one, name) || (one[0] == '.' && name[0] != '.'))
			continue;
		const char *path = bn_arena_strf(g->arena, "%s%s", dir, one);
		const char *there = home ? bn_arena_strf(g->arena, "%s%s", real, one) : path;
		if (path && there && is_directory(there))
			path = bn_arena_strf(g->arena, "%s/", path);
		if (!add(g, path))
			break;
	}
	bn_names_release(&names);
	return 0;
}

/* ---- values of a filter -------------------------------------------------------------------------- */

/* A value as written in an expression: in quotes, unless it is a plain word and no quote was typed. */
static void add_value(gather *g, const char *value)
{
	bool plain = g->arg->begin[0] != '\'' && isalpha((unsigned char)value[0]);
	bn_buf b = BN_BUF_INIT;
	for (const char *s = value; *s && plain; s++)
		plain = isalnum((unsigned char)*s) || *s == '_';
	if (plain) {
		add(g, value);
		return;
	}
	bn_expr_put_quoted(&b, value, strlen(value), '\'');
	/* begins with the typed text, without the quote */
	bool begins = b.ptr && (g->arg->begin[0] == '\'' || bn_str_starts(value, g->arg->begin));
	if (begins && g->arg->begin[0] == '\'')
		add(g, b.ptr);
	else if (begins && g->count < MOST)
		g->count += (g->items[g->count] = bn_arena_strdup(g->arena, b.ptr)) != NULL;
	else
		g->more = g->more || begins;
	bn_buf_release(&b);
}

/* The most frequent texts of a column, from the version's profile. */
static int of_column(gather *g)
{
	bn_dataset_version *v = NULL;
	bn_profile *p = NULL;
	bn_err unread = BN_ERR_INIT;
	int rc = bn_dataset_resolve(&v, g->r->ws, g->arg->scope, BN_DATASET_REMOVED_TOO, g->err);
	if (rc < 0)
		return rc;
	if (v->profile_hash[0] && bn_dataset_load_profile(&p, g->r->ws, v, &unread) < 0)
		p = NULL;
	const bn_profile_column *c = p ? bn_profile_find(p, g->arg->field) : NULL;
	for (size_t i = 0; c && i < c->top_count; i++)
		if (c->top[i].text && !bn_type_is_number(c->type))
			add_value(g, c->top[i].text);
	if (c && bn_type_is_text(c->type) && c->distinct > c->top_count)
		g->more = true;
	bn_profile_free(p);
	bn_dataset_version_free(v);
	return 0;
}

/* The values of a field in all runs, as in groups of the list. */
static int of_runs(gather *g)
{
	static const bn_run_status all[] = {BN_RUN_SCHEDULED, BN_RUN_QUEUED, BN_RUN_RUNNING,
		BN_RUN_FINISHED, BN_RUN_FAILED, BN_RUN_KILLED, BN_RUN_LOST};
	static const char *const times[] = {"created", "started", "finished", "heartbeat"};
	bn_run_page *p = NULL;
	bn_run_query q = {.group = g->arg->field, .limit = 1, .live_first = true};
	bn_err none = BN_ERR_INIT;
	if (strcasecmp(g->arg->field, "status") == 0) {
		for (size_t i = 0; i < sizeof all / sizeof *all; i++)
			add_value(g, bn_run_status_name(all[i]));
		return 0;
	}
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		for (size_t k = 0; strcasecmp(g->arg->field, times[i]) == 0 && bn_when_words[k]; k++)
			add(g, bn_when_words[k]);
	if (!g->r->runs && bn_run_memory_new(&g->r->runs, g->err) < 0)
		return g->err ? g->err->code : BN_ENOMEM;
	q.memory = g->r->runs;
	if (bn_run_query_page(&p, g->r->ws, &q, &none) < 0)
		return 0; /* no such field, or not of text */
	for (size_t i = 0; i < p->group_count; i++)
		if (p->groups[i].value)
			add_value(g, p->groups[i].value);
	bn_run_page_free(p);
	return 0;
}

/* For Audit: persons. */
static int of_records(gather *g)
{
	bn_people *all = NULL;
	bn_err none = BN_ERR_INIT;
	if (strcmp(g->arg->field, "who") != 0 || bn_people_read(&all, g->r->ws, &none) < 0)
		return 0;
	for (size_t i = 0; i < all->count; i++)
		add(g, all->persons[i].name);
	bn_people_free(all);
	return 0;
}

static int values(gather *g)
{
	if (g->arg->view & BN_ON(ROWS))
		return of_column(g);
	if (g->arg->view & BN_ON(RUNS))
		return of_runs(g);
	return g->arg->view & BN_ON(AUDIT) ? of_records(g) : 0;
}

int bn_source_words(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_words *out = bn_arena_alloc(&page->arena, sizeof *out);
	gather g = {.r = context,
		.arena = &page->arena,
		.arg = arg,
		.items = bn_arena_alloc(&page->arena, MOST * sizeof *g.items),
		.err = err};
	int rc;
	(void)job;
	if (!out || !g.items)
		return bn_err_nomem(err, "words");
	if (g.arg->kind != BN_WORD_FILE && (rc = bn_reader_refresh(g.r, err)) < 0)
		return rc;
	switch (g.arg->kind) {
	case BN_WORD_DATASET:
		rc = datasets(&g);
		break;
	case BN_WORD_MODEL:
		rc = models(&g);
		break;
	case BN_WORD_RUN:
		rc = runs(&g);
		break;
	case BN_WORD_ROLE:
		rc = roles(&g);
		break;
	case BN_WORD_FILE:
		rc = files(&g);
		break;
	default:
		rc = values(&g);
		break;
	}
	if (rc < 0)
		return rc;
	*out = (bn_words){g.items, g.count, g.more};
	page->data = out;
	return 0;
}
