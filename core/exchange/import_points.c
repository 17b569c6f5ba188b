/* import_points.c - the points of a source's series that a run lacks: see _import.h. */
#include "core/exchange/_import.h"
#include "core/exchange/_points.h"

#include "core/run/runlog.h"
#include "core/track/series.h"

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

typedef struct one_series {
	points_sink *sink;
	const char *key;
} one_series;

static int add_missing(void *user, int64_t step, int64_t time_ms, double value, bn_err *err)
{
	one_series *o = user;
	return add(o->sink, o->key, step, time_ms, value, err);
}

static int add_lacking(points_sink *s, const bn_metric_series *series, bn_err *err)
{
	bn_points have = BN_POINTS_INIT;
	one_series one = {s, series->key};
	int rc = bn_series_read(&have, s->m->ws, s->id, series->key, err);
	const bn_points_view of = {series->step, series->time_ms, series->value, series->count},
			     has = {have.step, have.time_ms, have.value, have.count};
	if (rc >= 0)
		rc = bn_exchange_missing(&of, &has, false, add_missing, &one, err);
	bn_points_release(&have);
	return rc;
}

static int each_series(void *user, const bn_metric_series *series, bn_err *err)
{
	points_sink *s = user;
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (bn_run_key_check("metric", series->key, &why) < 0) {
		bn_exchange_leave_out(s->m->report, "metric", BN_IMPORT_BAD_KEY,
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
