/* series.c - see series.h. */
#include "core/track/series.h"

#include "core/base/mem.h"
#include "core/store/index/fold.h"
#include "core/track/_fold.h"
#include "core/train/metric_chunk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- summaries ------------------------------------------------------------------------------ */

void bn_series_list_release(bn_series_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_free(l->items[i].key);
	bn_free(l->items);
	*l = (bn_series_list)BN_SERIES_LIST_INIT;
}

const bn_series_info *bn_series_list_get(const bn_series_list *l, const char *key)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].key, key))
			return &l->items[i];
	return NULL;
}

static int info_read(bn_series_info *s, sqlite3_stmt *st, bn_err *err)
{
	s->key = bn_sql_text(st, 0);
	s->count = sqlite3_column_int64(st, 1);
	s->nan_count = sqlite3_column_int64(st, 2);
	s->first_step = sqlite3_column_int64(st, 3);
	s->last_step = sqlite3_column_int64(st, 4);
	s->first_time_ms = sqlite3_column_int64(st, 5);
	s->last_time_ms = sqlite3_column_int64(st, 6);
	s->first = bn_sql_double(st, 7);
	s->last = bn_sql_double(st, 8);
	s->min = bn_sql_double(st, 9);
	s->max = bn_sql_double(st, 10);
	s->min_step = isnan(s->min) ? -1 : sqlite3_column_int64(st, 11);
	s->max_step = isnan(s->max) ? -1 : sqlite3_column_int64(st, 12);
	int64_t numbers = s->count - s->nan_count;
	s->mean = numbers > 0 ? bn_sql_double(st, 13) / (double)numbers : NAN;
	return s->key ? 0 : bn_err_nomem(err, "metric series");
}

int bn_series_find_all(bn_series_list *out, bn_workspace *ws, const char *run_id, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	*out = (bn_series_list)BN_SERIES_LIST_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc == 0)
		rc = bn_sql_prepare(&st, db, err,
			"SELECT s.key, s.points, s.nans, s.first_step, s.last_step, s.min_ms, "
			"s.max_ms, s.first_value, s.last_value, s.min_value, s.max_value, "
			"s.min_step, s.max_step, (SELECT sum(c.sum) FROM metric_chunk c "
			"WHERE c.run_id = s.run_id AND c.uid = s.uid AND c.key = s.key) "
			"FROM metric_series s JOIN run r ON r.id = s.run_id AND r.uid = s.uid "
			"WHERE s.run_id = ? ORDER BY s.key",
			"s", run_id);
	while (rc == 0 && (rc = bn_sql_step(st, err)) == 1) {
		rc = bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items) == 0
			     ? info_read(&out->items[out->count++], st, err)
			     : bn_err_nomem(err, "metric series");
	}
	sqlite3_finalize(st);
	if (rc != 0)
		bn_series_list_release(out);
	return rc;
}

/* ---- points --------------------------------------------------------------------------------- */

void bn_points_release(bn_points *p)
{
	bn_free(p->step);
	bn_free(p->time_ms);
	bn_free(p->value);
	*p = (bn_points)BN_POINTS_INIT;
}

typedef struct point {
	int64_t step, time_ms;
	double value;
	size_t order; /* as logged; keeps the sort stable */
} point;

typedef struct point_list {
	point *items;
	size_t count, cap;
} point_list;

static int point_cmp(const void *a, const void *b)
{
	const point *x = a, *y = b;
	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int points_append(point_list *l, const void *data, size_t n, bn_err *err)
{
	bn_metric_set set;
	int rc = bn_metric_chunk_read(&set, data, n, err);
	if (rc != 0)
		return rc;
	if (bn_grow(&l->items, &l->cap, l->count + set.points, sizeof *l->items) != 0)
		rc = bn_err_nomem(err, "metric points");
	for (size_t s = 0; rc == 0 && s < set.count; s++)
		for (size_t i = 0; i < set.items[s].count; i++, l->count++)
			l->items[l->count] = (point){set.items[s].step[i], set.items[s].time_ms[i],
				set.items[s].value[i], l->count};
	bn_metric_set_release(&set);
	return rc;
}

#define CHUNKS_FROM \
	"FROM metric_chunk c JOIN run r ON r.id = c.run_id AND r.uid = c.uid " \
	"WHERE c.run_id = ? AND c.key = ? "

int bn_series_read(
	bn_points *out, bn_workspace *ws, const char *run_id, const char *key, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	point_list l = {NULL, 0, 0};
	*out = (bn_points)BN_POINTS_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc == 0)
		rc = bn_sql_prepare(&st, db, err,
			"SELECT c.data " CHUNKS_FROM "ORDER BY c.clock, c.writer, c.seq", "ss",
			run_id, key);
	while (rc == 0 && (rc = bn_sql_step(st, err)) == 1)
		rc = points_append(
			&l, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), err);
	sqlite3_finalize(st);
	bool sorted = true;
	for (size_t i = 1; i < l.count && sorted; i++)
		sorted = point_cmp(&l.items[i - 1], &l.items[i]) <= 0;
	if (rc == 0 && !sorted)
		qsort(l.items, l.count, sizeof *l.items, point_cmp);
	if (rc == 0) {
		out->step = bn_alloc(l.count * sizeof *out->step);
		out->time_ms = bn_alloc(l.count * sizeof *out->time_ms);
		out->value = bn_alloc(l.count * sizeof *out->value);
		if (!out->step || !out->time_ms || !out->value)
			rc = bn_err_nomem(err, "metric points");
	}
	for (size_t i = 0; rc == 0 && i < l.count; i++) {
		out->step[i] = l.items[i].step;
		out->time_ms[i] = l.items[i].time_ms;
		out->value[i] = l.items[i].value;
	}
	out->count = out->cap = rc == 0 ? l.count : 0;
	bn_free(l.items);
	if (rc != 0)
		bn_points_release(out);
	return rc;
}

/* ---- envelopes ------------------------------------------------------------------------------ */

typedef struct envelope {
	bn_bucket *buckets;
	size_t n;
	int64_t from, to;
	int64_t *last_step, *last_time; /* of bucket.last */
	double *sum;
} envelope;

/* Bucket of an axis value, SIZE_MAX outside. */
static size_t bucket_of(const envelope *e, int64_t at)
{
	if (at < e->from || at > e->to)
		return SIZE_MAX;
	long double width = ((long double)e->to - (long double)e->from + 1) / (long double)e->n;
	size_t i = (size_t)(((long double)at - (long double)e->from) / width);
	return i < e->n ? i : e->n - 1;
}

static void bucket_add(envelope *e, size_t i, size_t count, size_t nans, double min, double max,
	double sum, int64_t step, int64_t time_ms, double last)
{
	bn_bucket *b = &e->buckets[i];
	b->nan_count += nans;
	if (count) {
		b->min = b->count == 0 || min < b->min ? min : b->min;
		b->max = b->count == 0 || max > b->max ? max : b->max;
		e->sum[i] = b->count == 0 ? sum : e->sum[i] + sum;
		b->count += count;
	}
	if (b->count + b->nan_count == count + nans || step > e->last_step[i] ||
		(step == e->last_step[i] && time_ms >= e->last_time[i])) {
		e->last_step[i] = step;
		e->last_time[i] = time_ms;
		b->last = last;
	}
}

static int envelope_open_chunk(
	envelope *e, bn_series_axis axis, const void *data, size_t n, bool *any, bn_err *err)
{
	bn_metric_set set;
	int rc = bn_metric_chunk_read(&set, data, n, err);
	if (rc != 0)
		return rc;
	for (size_t s = 0; s < set.count; s++) {
		const bn_metric_series *m = &set.items[s];
		for (size_t i = 0; i < m->count; i++) {
			double v = m->value[i];
			size_t k = bucket_of(e, axis == BN_AXIS_STEP ? m->step[i] : m->time_ms[i]);
			if (k == SIZE_MAX)
				continue;
			*any = true;
			bucket_add(
				e, k, !isnan(v), isnan(v), v, v, v, m->step[i], m->time_ms[i], v);
		}
	}
	bn_metric_set_release(&set);
	return 0;
}

static int envelope_chunk(
	envelope *e, bn_series_axis axis, sqlite3_stmt *st, bool *any, bn_err *err)
{
	int64_t low = sqlite3_column_int64(st, axis == BN_AXIS_STEP ? 0 : 2);
	int64_t high = sqlite3_column_int64(st, axis == BN_AXIS_STEP ? 1 : 3);
	size_t k = bucket_of(e, low);
	if (low > e->to || high < e->from)
		return 0;
	if (k == SIZE_MAX || k != bucket_of(e, high))
		return envelope_open_chunk(e, axis, sqlite3_column_blob(st, 12),
			(size_t)sqlite3_column_bytes(st, 12), any, err);
	int64_t points = sqlite3_column_int64(st, 4), nans = sqlite3_column_int64(st, 5);
	*any = true;
	bucket_add(e, k, (size_t)(points - nans), (size_t)nans, sqlite3_column_double(st, 6),
		sqlite3_column_double(st, 7), sqlite3_column_double(st, 8),
		sqlite3_column_int64(st, 9), sqlite3_column_int64(st, 10), bn_sql_double(st, 11));
	return 0;
}

static int whole_range(int64_t *from, int64_t *to, sqlite3 *db, bn_series_axis axis,
	const char *run_id, const char *key, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		axis == BN_AXIS_STEP ? "SELECT min(c.min_step), max(c.max_step) " CHUNKS_FROM
				     : "SELECT min(c.min_ms), max(c.max_ms) " CHUNKS_FROM,
		"ss", run_id, key);
	if (rc == 0 && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		*from = sqlite3_column_int64(st, 0);
		*to = sqlite3_column_int64(st, 1);
	}
	sqlite3_finalize(st);
	return rc;
}

int bn_series_envelope(bn_bucket *buckets, size_t n, bool *any, bn_workspace *ws,
	const char *run_id, const char *key, bn_series_axis axis, int64_t from, int64_t to,
	bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	bool some = false;
	if (any)
		*any = false;
	if (n == 0)
		return bn_err_set(err, BN_EINVAL, "an envelope of 0 buckets");
	int rc = bn_track_index(&db, ws, err);
	if (rc == 0 && from > to)
		rc = whole_range(&from, &to, db, axis, run_id, key, err);
	if (rc != 0)
		return rc;
	envelope e = {buckets, n, from, to, bn_alloc_zeroed(n, sizeof(int64_t)),
		bn_alloc_zeroed(n, sizeof(int64_t)), bn_alloc_zeroed(n, sizeof(double))};
	long double width = ((long double)to - (long double)from + 1) / (long double)n;
	for (size_t i = 0; i < n; i++)
		buckets[i] = (bn_bucket){.from = (int64_t)((long double)from + width * i),
			.to = (int64_t)((long double)from + width * (i + 1)),
			.min = NAN,
			.max = NAN,
			.mean = NAN,
			.last = NAN};
	if (!e.last_step || !e.last_time || !e.sum)
		rc = bn_err_nomem(err, "an envelope");
	if (rc == 0)
		rc = bn_sql_prepare(&st, db, err,
			"SELECT c.min_step, c.max_step, c.min_ms, c.max_ms, c.points, c.nans, "
			"c.min_value, c.max_value, c.sum, c.last_step, c.last_ms, c.last_value, "
			"c.data " CHUNKS_FROM "ORDER BY c.clock, c.writer, c.seq",
			"ss", run_id, key);
	while (rc == 0 && (rc = bn_sql_step(st, err)) == 1)
		rc = envelope_chunk(&e, axis, st, &some, err);
	sqlite3_finalize(st);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (buckets[i].count)
			buckets[i].mean = e.sum[i] / (double)buckets[i].count;
	if (any)
		*any = some;
	bn_free(e.last_step);
	bn_free(e.last_time);
	bn_free(e.sum);
	return rc;
}
