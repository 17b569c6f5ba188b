/* import_points.c - the points of a source's series that a run lacks: see _import.h. */
#include "core/exchange/_import.h"

#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/series.h"

#include <stdlib.h>
#include <string.h>

#define FLUSH_POINTS 65536

typedef struct points_sink {
	bn_importer *m;
	const char *source_id, *id;
	bool is_new;
	bn_metric_set set; /* waiting to be written */
} points_sink;

static int flush(points_sink *s, bn_err *err)
{
	int rc = s->set.points ? bn_runlog_metrics(s->m->ws, s->id, &s->set, err) : 0;
	bn_metric_set_release(&s->set);
	s->set = (bn_metric_set)BN_METRIC_SET_INIT;
	return rc;
}

static int add(
	points_sink *s, const char *key, int64_t step, int64_t time_ms, double value, bn_err *err)
{
	s->m->report->added.points++;
	s->m->grew = true;
	if (s->m->options->dry_run)
		return 0;
	if (bn_metric_set_add(&s->set, key, step, time_ms, value) < 0)
		return bn_err_nomem(err, "points");
	return s->set.points >= FLUSH_POINTS ? flush(s, err) : 0;
}

/* ---- comparing -------------------------------------------------------------------------------- */

typedef struct point {
	int64_t step, time_ms;
	uint64_t bits;
} point;

/* All NaN are one: the store of a source keeps no payload. */
static uint64_t bits_of(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return value != value ? UINT64_MAX : bits;
}

static int compare(const void *a, const void *b)
{
	const point *x = a, *y = b;
	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->bits < y->bits ? -1 : x->bits > y->bits;
}

static point *sorted(const int64_t *step, const int64_t *time_ms, const double *value, size_t n)
{
	point *p = bn_alloc(n * sizeof *p);
	for (size_t i = 0; p && i < n; i++)
		p[i] = (point){step[i], time_ms[i], bits_of(value[i])};
	if (p)
		qsort(p, n, sizeof *p, compare);
	return p;
}

static double value_of(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* Both sorted: what is in a and, counted, not in b. */
static int add_missing(points_sink *s, const char *key, const point *a, size_t n, const point *b,
	size_t k, bn_err *err)
{
	size_t j = 0;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		while (j < k && compare(&b[j], &a[i]) < 0)
			j++;
		if (j < k && compare(&b[j], &a[i]) == 0)
			j++;
		else
			rc = add(s, key, a[i].step, a[i].time_ms, value_of(a[i].bits), err);
	}
	return rc;
}

static int add_lacking(points_sink *s, const bn_metric_series *series, bn_err *err)
{
	bn_points have = BN_POINTS_INIT;
	point *a = NULL, *b = NULL;
	int rc = bn_series_read(&have, s->m->ws, s->id, series->key, err);
	if (rc < 0)
		goto out;
	a = sorted(series->step, series->time_ms, series->value, series->count);
	b = sorted(have.step, have.time_ms, have.value, have.count);
	rc = a && b ? add_missing(s, series->key, a, series->count, b, have.count, err)
		    : bn_err_nomem(err, "points");
out:
	bn_free(a);
	bn_free(b);
	bn_points_release(&have);
	return rc;
}

static int each_series(void *user, const bn_metric_series *series, bn_err *err)
{
	points_sink *s = user;
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (bn_run_key_check("metric", series->key, &why) < 0) {
		bn_exchange_leave_out(s->m->report, "metric",
			"its key is not one here: letters, digits, spaces and _ / . - :, at most "
			"250 bytes",
			"run %s: '%s' (%zu points)", s->source_id, series->key, series->count);
		return 0;
	}
	if (!s->is_new)
		return add_lacking(s, series, err);
	for (size_t i = 0; rc == 0 && i < series->count; i++)
		rc = add(
			s, series->key, series->step[i], series->time_ms[i], series->value[i], err);
	return rc;
}

int bn_import_points(bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err)
{
	points_sink s = {
		.m = m, .source_id = r->id, .id = id, .is_new = is_new, .set = BN_METRIC_SET_INIT};
	int rc = m->src->ops->series ? m->src->ops->series(m->src, r, each_series, &s, err) : 0;
	if (rc >= 0)
		rc = flush(&s, err);
	bn_metric_set_release(&s.set);
	return rc;
}
