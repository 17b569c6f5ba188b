/*
 * pages.c - profiles and frequencies of a dataset version, of all rows or of those that a filter
 * leaves. What is stored with the version, or in the cache, is a page of the QUICK lane; everything else is
 * made by a job, and then lies in the cache. See _source.h.
 */
#include "core/base/timestamp.h"
#include "core/data/profile_cache.h"
#include "core/profile/profiler.h"
#include "core/table/take.h"
#include "tui/views/_source.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what is kept -------------------------------------------------------------------------------- */

/* *out stays NULL when nobody has made it. */
static int profile_kept(
	bn_profile **out, bn_reader *r, const char *ref, const char *filter, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_cache *cache = NULL;
	int rc = bn_reader_refresh(r, err);
	if (rc < 0 || (rc = bn_dataset_resolve(&v, r->ws, ref, BN_DATASET_REMOVED_TOO, err)) < 0)
		return rc;
	if (!filter[0] && v->profile_hash[0]) {
		rc = bn_dataset_load_profile(out, r->ws, v, err);
	} else if (bn_cache_open(&cache, r->ws, NULL) == 0) {
		bn_profile_recall(out, cache, v, filter);
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
	int rc = profile_kept(&p, context, a->ref, a->filter, err);
	return rc || !p ? rc : BN_PAGE_TAKE(page, p, profile_release);
}

/* ---- making it ----------------------------------------------------------------------------------- */

static bool profile_report(void *job, uint64_t done, uint64_t total)
{
	bn_job_step(job, "profiling", NULL, (int64_t)done, (int64_t)total);
	return !bn_job_is_cancelled(job);
}

/* The rows of one batch: rows[from ..] as far as they lie in it. Returns where the next batch's begin. */
static size_t rows_in_batch(uint32_t *out, size_t *n, const int64_t *rows, size_t from,
	size_t count, uint64_t start, size_t batch_rows)
{
	*n = 0;
	for (; from < count && (uint64_t)rows[from] < start + batch_rows; from++)
		out[(*n)++] = (uint32_t)((uint64_t)rows[from] - start);
	return from;
}

/* rows rise. */
static int profile_rows(bn_profile **out, bn_table_reader *table, const int64_t *rows, size_t count,
	bn_job *job, bn_err *err)
{
	bn_profiler *p = NULL;
	bn_batch all = BN_BATCH_INIT, some = BN_BATCH_INIT;
	uint32_t *picked = NULL;
	size_t n = 0;
	int rc = bn_profiler_new(&p, bn_table_schema(table), err);
	if (rc < 0)
		return rc;
	for (size_t b = 0, at = 0; at < count; b++) {
		size_t batch_rows = bn_table_batch_rows(table, b);
		bn_free(picked);
		if (!(picked = bn_alloc((batch_rows + 1) * sizeof *picked))) {
			rc = bn_err_nomem(err, "rows");
			goto out;
		}
		at = rows_in_batch(
			picked, &n, rows, at, count, bn_table_batch_start(table, b), batch_rows);
		if (!profile_report(job, at, count)) {
			rc = bn_err_set(err, BN_EINTR, "stopped");
			goto out;
		}
		if (n && ((rc = bn_table_read(table, b, NULL, 0, &all, err)) < 0 ||
				 (rc = bn_batch_take(&some, &all, picked, n, err)) < 0 ||
				 (rc = bn_profiler_add(p, &some, err)) < 0))
			goto out;
	}
	rc = bn_profiler_finish(out, p, err);
out:
	bn_free(picked);
	bn_batch_release(&some);
	bn_batch_release(&all);
	bn_profiler_free(p);
	return rc;
}

static int profile_make(bn_profile **out, bn_reader *r, const char *ref, const char *filter,
	bn_job *job, bn_err *err)
{
	bn_table_reader *table = NULL;
	bn_profile_progress progress = {profile_report, job};
	bn_order_arg order = {.sorts = 0};
	int64_t *rows = NULL;
	size_t count = 0;
	int rc = bn_reader_table(&table, r, ref, err);
	if (rc < 0)
		return rc;
	if (!filter[0])
		return bn_profile_table(out, table, 1, &progress, err);
	snprintf(order.ref, sizeof order.ref, "%s", ref);
	snprintf(order.filter, sizeof order.filter, "%s", filter);
	bn_job_step(job, "filtering", "rows", 0, 0);
	if ((rc = bn_reader_order(&rows, &count, table, &order, job, err)) < 0)
		return rc;
	bn_job_log(job, "%zu of %" PRIu64 " rows pass %s", count, bn_table_rows(table), filter);
	rc = profile_rows(out, table, rows, count, job, err);
	bn_free(rows);
	return rc;
}

static int profile_load(bn_profile **out, bn_reader *r, const char *ref, const char *filter,
	bn_job *job, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_cache *cache = NULL;
	bn_profile *p = NULL;
	bn_progress watch = bn_job_watch(job);
	int rc = profile_kept(&p, r, ref, filter, err);
	if (rc < 0 || p) {
		*out = p;
		return rc;
	}
	bn_cache_open(&cache, r->ws, NULL); /* without one it is made each time */
	if ((rc = bn_dataset_resolve(&v, r->ws, ref, BN_DATASET_REMOVED_TOO, err)) < 0 ||
		(rc = bn_dataset_verify(r->ws, v, &watch, err)) < 0 ||
		(rc = profile_make(&p, r, ref, filter, job, err)) < 0)
		goto out;
	bn_profile_remember(cache, v, filter, p, NULL);
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
	int rc = profile_load(&p, context, a->ref, a->filter, job, err);
	return rc ? rc : BN_PAGE_TAKE(page, p, profile_release);
}

/* ---- frequencies --------------------------------------------------------------------------------- */

typedef struct bins {
	const char **values, **filters;
	int64_t *counts;
	size_t count;
} bins;

static void bin_add(bins *b, const char *value, const char *filter, int64_t count)
{
	b->values[b->count] = value;
	b->filters[b->count] = filter;
	b->counts[b->count++] = count;
}

static const char *bin_label(bn_arena *arena, const bn_profile_column *c, double lo, double hi)
{
	char from[BN_TIMESTAMP_TEXT], to[BN_TIMESTAMP_TEXT];
	if (c->type == BN_TYPE_DATE)
		return bn_arena_strf(arena, "%s to %s", bn_date_iso((int32_t)lo, from),
			bn_date_iso((int32_t)hi, to));
	if (c->type == BN_TYPE_TIME || c->type == BN_TYPE_DURATION)
		return bn_arena_strf(arena, "%s to %s", bn_duration_iso((int64_t)lo, from),
			bn_duration_iso((int64_t)hi, to));
	if (c->type != BN_TYPE_TIMESTAMP)
		return bn_arena_strf(arena, "%.6g to %.6g", lo, hi);
	bn_timestamp_short((int64_t)lo, true, from);
	bn_timestamp_short((int64_t)hi, true, to);
	return bn_arena_strf(arena, "%s to %s", from, to);
}

static void put_quoted(bn_buf *b, const char *text, char quote)
{
	bn_buf_addch(b, quote);
	for (; *text; text++) {
		bn_buf_addch(b, *text);
		if (*text == quote)
			bn_buf_addch(b, quote);
	}
	bn_buf_addch(b, quote);
}

/* A bound as an expression has it: a whole number of ns or days is the time that it is. */
static void put_bound(bn_buf *b, bn_type type, double x)
{
	char text[BN_TIMESTAMP_TEXT];
	if (type == BN_TYPE_TIMESTAMP)
		put_quoted(b, bn_timestamp_iso((int64_t)x, text), '\'');
	else if (type == BN_TYPE_DATE)
		put_quoted(b, bn_date_iso((int32_t)ceil(x), text), '\'');
	else if (type == BN_TYPE_TIME || type == BN_TYPE_DURATION)
		put_quoted(b, bn_duration_iso((int64_t)x, text), '\'');
	else
		bn_buf_addf(b, "%.17g", x);
}

/* The expression that only these rows pass, in the arena. */
static const char *kept(bn_arena *arena, bn_buf *b)
{
	const char *s = b->failed ? NULL : bn_arena_strndup(arena, b->ptr, b->len);
	bn_buf_release(b);
	return s;
}

static const char *value_filter(
	bn_arena *arena, const bn_profile_column *c, const bn_profile_value *v, const char *text)
{
	bn_buf b = BN_BUF_INIT;
	put_quoted(&b, c->name, '`');
	if (c->type == BN_TYPE_FLOAT32) /* its shortest text is not its value */
		bn_buf_addf(&b, " = %.17g", v->number);
	else {
		bn_buf_adds(&b, " = ");
		put_quoted(&b, text, '\'');
	}
	return kept(arena, &b);
}

static const char *bin_filter(
	bn_arena *arena, const bn_profile_column *c, double lo, double hi, bool last)
{
	bn_buf b = BN_BUF_INIT;
	put_quoted(&b, c->name, '`');
	bn_buf_adds(&b, " >= ");
	put_bound(&b, c->type, lo);
	bn_buf_adds(&b, " AND ");
	put_quoted(&b, c->name, '`');
	bn_buf_adds(&b, last ? " <= " : " < ");
	put_bound(&b, c->type, hi);
	return kept(arena, &b);
}

static const char *absent_filter(bn_arena *arena, const bn_profile_column *c)
{
	bn_buf b = BN_BUF_INIT;
	put_quoted(&b, c->name, '`');
	bn_buf_adds(&b, " IS NULL");
	return kept(arena, &b);
}

/* The infinities of a column, which are in no bin of its histogram. */
static const char *infinite_filter(bn_arena *arena, const bn_profile_column *c)
{
	bn_buf b = BN_BUF_INIT;
	put_quoted(&b, c->name, '`');
	bn_buf_adds(&b, " = inf OR ");
	put_quoted(&b, c->name, '`');
	bn_buf_adds(&b, " = -inf");
	return kept(arena, &b);
}

/* Values where few make up most of the column, else the bins of its histogram. False when counts are estimates. */
static bool frequency_fill(bins *b, bn_arena *arena, const bn_profile_column *c)
{
	uint64_t listed = 0;
	for (size_t i = 0; i < c->top_count; i++)
		listed += c->top[i].count;
	bool by_value = !c->hist_count || 2 * listed >= c->rows - c->missing;
	for (size_t i = 0; by_value && i < c->top_count; i++) {
		const bn_profile_value *t = &c->top[i];
		const char *text = t->text ? bn_arena_strdup(arena, t->text)
					   : bn_arena_strf(arena, "%.17g", t->number);
		bin_add(b, text, text ? value_filter(arena, c, t, text) : NULL, (int64_t)t->count);
	}
	for (size_t i = 0; !by_value && i < c->hist_count; i++) {
		double width = (c->hist_hi - c->hist_lo) / (double)c->hist_count;
		bool last = i + 1 == c->hist_count;
		double lo = c->hist_lo + width * (double)i, hi = last ? c->hist_hi : lo + width;
		if (c->hist[i] > 0)
			bin_add(b, bin_label(arena, c, lo, hi), bin_filter(arena, c, lo, hi, last),
				(int64_t)c->hist[i]);
	}
	if (!by_value && c->infinities)
		bin_add(b, "infinite", infinite_filter(arena, c), (int64_t)c->infinities);
	if (c->missing)
		bin_add(b, NULL, absent_filter(arena, c), (int64_t)c->missing);
	return by_value ? c->top_error == 0 : c->quantiles_exact;
}

static int frequency_page(
	bn_page *page, const bn_profile *p, const bn_frequency_arg *a, bn_err *err)
{
	bn_arena *arena = &page->arena;
	const bn_profile_column *c = bn_profile_find(p, a->column);
	if (!c)
		return bn_err_set(err, BN_ENOTFOUND, "%s has no column '%s'", a->ref, a->column);
	size_t most = BN_PROFILE_TOP + BN_PROFILE_BINS + 2;
	bn_frequency *f = bn_arena_alloc(arena, sizeof *f);
	bins b = {bn_arena_alloc(arena, most * sizeof *b.values),
		bn_arena_alloc(arena, most * sizeof *b.filters),
		bn_arena_alloc(arena, most * sizeof *b.counts), 0};
	if (!f || !b.values || !b.filters || !b.counts)
		return bn_err_nomem(err, "frequencies");
	bool exact = frequency_fill(&b, arena, c);
	int64_t listed = 0;
	for (size_t i = 0; i < b.count; i++)
		listed += b.counts[i];
	*f = (bn_frequency){.filters = b.filters,
		.values = b.values,
		.counts = b.counts,
		.count = b.count,
		.total = (int64_t)c->rows,
		.others = (int64_t)c->rows > listed ? (int64_t)c->rows - listed : 0,
		.exact = exact};
	page->data = f;
	return 0;
}

int bn_source_frequency(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_frequency_arg *a = arg;
	bn_profile *p = NULL;
	(void)job;
	int rc = profile_kept(&p, context, a->ref, a->filter, err);
	if (rc < 0 || !p)
		return rc;
	rc = frequency_page(page, p, a, err);
	bn_profile_free(p);
	return rc;
}

int bn_source_make_frequency(
	void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_frequency_arg *a = arg;
	bn_profile *p = NULL;
	int rc = profile_load(&p, context, a->ref, a->filter, job, err);
	if (rc < 0)
		return rc;
	rc = frequency_page(page, p, a, err);
	bn_profile_free(p);
	return rc;
}
