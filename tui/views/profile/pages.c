/*
 * pages.c - profiles of some rows of a dataset version, and correlations. A profile stored with the
 * version, or in the cache, is a page of the QUICK lane; any other is computed by a job and then
 * cached. See _source.h; frequencies are in frequency_pages.c.
 */
#include "core/data/profile_cache.h"
#include "core/profile/correlate.h"
#include "core/profile/profiler.h"
#include "tui/views/rows/some.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- stored results -------------------------------------------------------------------------- */

/* *out stays NULL if there is none. */
static int profile_kept(bn_profile **out, bn_reader *r, const bn_rows_of *of, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_cache *cache = NULL;
	int rc = bn_reader_refresh(r, err);
	if (rc < 0 ||
		(rc = bn_dataset_resolve(&v, r->ws, of->ref, BN_DATASET_REMOVED_TOO, err)) < 0)
		return rc;
	if (of->bases || of->derived[0]) {
		bn_dataset_version_free(v); /* nothing keeps it */
		return 0;
	}
	if (!of->filter[0] && v->profile_hash[0]) {
		rc = bn_dataset_load_profile(out, r->ws, v, err);
	} else if (bn_cache_open(&cache, r->ws, NULL) == 0) {
		bn_profile_recall(out, cache, v, of->filter);
		bn_cache_close(cache);
	}
	bn_dataset_version_free(v);
	return rc;
}

static void profile_release(void *p)
{
	bn_profile_free(p);
}

int bn_source_profile(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_profile_arg *a = arg;
	bn_profile *p = NULL;
	(void)job;
	int rc = profile_kept(&p, context, &a->of, err);
	return rc || !p ? rc : BN_PAGE_TAKE(page, p, profile_release);
}

/* ---- computing ------------------------------------------------------------------------------- */

static int profile_make(
	bn_profile **out, bn_reader *r, const bn_rows_of *of, bn_job *job, bn_err *err)
{
	bn_table_reader *table = NULL;
	bn_profile_progress progress = bn_job_profile_watch(job);
	bn_some_rows some = {.rows = NULL};
	int rc;
	bn_job_step(job, "filtering", "rows", 0, 0);
	if ((rc = bn_some_rows_find(&some, r, of, job, err)) < 0 ||
		(rc = bn_some_rows_table(&table, &some, err)) < 0)
		goto out;
	if (some.rows)
		bn_job_log(job, "%zu of %" PRIu64 " rows pass %s", some.count,
			bn_table_rows(some.table), of->filter);
	rc = bn_profile_table(out, table, 1, &progress, err);
out:
	bn_some_rows_release(&some);
	return rc;
}

static int profile_load(
	bn_profile **out, bn_reader *r, const bn_rows_of *of, bn_job *job, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_cache *cache = NULL;
	bn_profile *p = NULL;
	bn_progress watch = bn_job_watch(job);
	int rc = profile_kept(&p, r, of, err);
	if (rc < 0 || p) {
		*out = p;
		return rc;
	}
	bn_cache_open(&cache, r->ws, NULL); /* without a cache it is computed each time */
	if ((rc = bn_dataset_resolve(&v, r->ws, of->ref, BN_DATASET_REMOVED_TOO, err)) < 0 ||
		(rc = bn_dataset_verify(r->ws, v, &watch, err)) < 0 ||
		(rc = profile_make(&p, r, of, job, err)) < 0)
		goto out;
	if (!of->bases && !of->derived[0])
		bn_profile_remember(cache, v, of->filter, p, NULL);
	bn_job_log(job, "%" PRIu64 " rows, %zu columns", p->rows, p->column_count);
	*out = p;
out:
	bn_dataset_version_free(v);
	bn_cache_close(cache);
	return rc;
}

int bn_source_make_profile(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_profile_arg *a = arg;
	bn_profile *p = NULL;
	int rc = profile_load(&p, context, &a->of, job, err);
	return rc ? rc : BN_PAGE_TAKE(page, p, profile_release);
}

/* ---- correlations -------------------------------------------------------------------------------- */

static bn_rows_column column_of(const bn_schema *schema, const char *const *names, size_t at)
{
	return (bn_rows_column){(int)at, schema->fields[at].type, names[at]};
}

static int correlations_page(
	bn_page *page, const bn_correlate *c, const bn_table_reader *table, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(table);
	bn_correlations *p = bn_arena_alloc(&page->arena, sizeof *p);
	bn_correlation *items = bn_arena_alloc(&page->arena, (c->count + 1) * sizeof *items);
	const char **names = bn_arena_alloc(&page->arena, (schema->count + 1) * sizeof *names);
	if (!p || !items || !names)
		return bn_err_nomem(err, "correlations");
	for (size_t i = 0; i < schema->count; i++)
		if (!(names[i] = bn_arena_strdup(&page->arena, schema->fields[i].name)))
			return bn_err_nomem(err, "correlations");
	for (size_t i = 0; i < c->count; i++)
		items[i] = (bn_correlation){column_of(schema, names, c->pairs[i].a),
			column_of(schema, names, c->pairs[i].b), c->pairs[i].r,
			(int64_t)c->pairs[i].rows};
	*p = (bn_correlations){
		items, c->count, c->columns, c->numbers, (int64_t)bn_table_rows(table)};
	page->data = p;
	return 0;
}

int bn_source_correlations(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_some_rows some = {.rows = NULL};
	bn_progress watch = bn_job_watch(job);
	bn_table_reader *table = NULL;
	bn_correlate c = {.pairs = NULL};
	int rc;
	if ((rc = bn_some_rows_find(&some, context, arg, job, err)) < 0 ||
		(rc = bn_some_rows_table(&table, &some, err)) < 0 ||
		(rc = bn_correlate_count(&c, table, &watch, err)) < 0)
		goto out;
	rc = correlations_page(page, &c, table, err);
out:
	bn_correlate_release(&c);
	bn_some_rows_release(&some);
	return rc;
}
