/* find.c - objects whose kind and name contain all words: the results of ^P, and how each is
 * opened. */
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/views/_source.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MOST = 24, MOST_OF_A_KIND = 8 };
enum { OPENS_RUN, OPENS_DATA, OPENS_MODEL };

typedef struct gather {
	bn_found_page *out;
	bn_arena *arena;
	bn_reader *r;
	const char *words;
	bn_err *err;
} gather;

/* Whether every word is in the kind or in the name. */
static bool holds(const char *words, const char *kind, const char *name)
{
	while (*(words += strspn(words, " "))) {
		size_t n = strcspn(words, " ");
		char word[BN_INPUT_BYTES];
		snprintf(word, sizeof word, "%.*s", (int)n, words);
		if (!strcasestr(name, word) && !strcasestr(kind, word))
			return false;
		words += n;
	}
	return true;
}

static void add(gather *g, int opens, const char *kind, const char *name, const char *detail,
	const char *ref)
{
	if (g->out->count < MOST && name && ref)
		g->out->items[g->out->count++] = (bn_found){.name = bn_arena_strdup(g->arena, name),
			.kind = kind,
			.detail = detail ? detail : "",
			.ref = bn_arena_strdup(g->arena, ref),
			.opens = opens};
}

/* "run wide" searches for wide among runs: the search of runs does not get the word run. */
static const char *without_kind(const char *words, const char *kind)
{
	size_t n = strlen(kind);
	words += strspn(words, " ");
	return strncasecmp(words, kind, n) == 0 && (words[n] == ' ' || !words[n]) ? words + n
										  : words;
}

static int runs(gather *g)
{
	bn_run_page *p = NULL;
	bn_run_query q = {.search = without_kind(g->words, "run"), .limit = MOST_OF_A_KIND};
	int rc = bn_run_query_page(&p, g->r->ws, &q, g->err);
	for (size_t i = 0; rc >= 0 && i < p->count; i++)
		add(g, OPENS_RUN, "run", p->rows[i].name ? p->rows[i].name : p->rows[i].id,
			bn_arena_strf(g->arena, "%s %s", bn_run_status_name(p->rows[i].status),
				p->rows[i].title ? p->rows[i].title : ""),
			p->rows[i].id);
	bn_run_page_free(p);
	return rc;
}

static int datasets(gather *g)
{
	bn_dataset_list *all = NULL;
	int found = 0, rc = bn_dataset_list_load(&all, g->r->ws, BN_DATASET_LIVE, g->err);
	for (size_t i = 0; rc >= 0 && i < all->count && found < MOST_OF_A_KIND; i++) {
		const bn_dataset_row *row = &all->rows[i];
		char count[BN_FORMAT_BYTES];
		if (!row->latest || !holds(g->words, "data", row->name))
			continue;
		found++;
		add(g, OPENS_DATA, "data", row->name,
			bn_arena_strf(g->arena, "v%lld, %s rows", (long long)row->latest->version,
				bn_format_count(count, row->latest->rows)),
			row->name);
	}
	bn_dataset_list_free(all);
	return rc;
}

static int versions(gather *g)
{
	bn_version_page *all = NULL;
	int found = 0, rc = bn_version_list(&all, g->r->ws, NULL, false, g->err);
	for (size_t i = 0; rc >= 0 && i < all->count && found < MOST_OF_A_KIND; i++) {
		const bn_version *v = &all->items[i];
		const char *ref =
			bn_arena_strf(g->arena, "%s/%lld", v->name, (long long)v->version);
		if (!ref || !holds(g->words, "model version", ref))
			continue;
		found++;
		bn_buf who = BN_BUF_INIT;
		bn_version_state_by(v, &who);
		add(g, OPENS_MODEL, "version", ref,
			bn_arena_strf(g->arena, "%s%s%s", bn_model_state_name(v->state),
				who.len ? " by " : "", who.len ? who.ptr : ""),
			ref);
		bn_buf_release(&who);
	}
	bn_version_page_free(all);
	return rc;
}

int bn_source_objects_find(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_find_arg *a = arg;
	bn_found_page *out = bn_arena_alloc(&page->arena, sizeof *out);
	int rc;
	(void)job;
	if (!out || !(out->items = bn_arena_alloc(&page->arena, MOST * sizeof *out->items)))
		return bn_err_nomem(err, "what was found");
	gather g = {out, &page->arena, r, a->words, err};
	if ((rc = bn_reader_refresh(r, err)) < 0 || (rc = runs(&g)) < 0 ||
		(rc = datasets(&g)) < 0 || (rc = versions(&g)) < 0)
		return rc;
	page->data = out;
	return 0;
}

void bn_view_open_found(bn_frame *f, const bn_found *found)
{
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	int rc;
	switch (found->opens) {
	case OPENS_RUN:
		rc = bn_view_run_new(&made, f, found->ref, &err);
		break;
	case OPENS_DATA:
		rc = bn_view_versions_new(&made, f, found->ref, &err);
		break;
	default:
		rc = bn_view_model_new(&made, f, found->ref, &err);
		break;
	}
	bn_view_open(f, rc, &made, &err);
}
