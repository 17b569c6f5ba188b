/*
 * series_fold.c - metric chunks and signs of life become rows, in any order of arrival.
 *
 * Summaries are made of parts that commute exactly: counts, minima and maxima, and the points that
 * are first and last in (step, time, value). Sums of doubles do not commute, so a mean is never
 * kept: each chunk keeps its own sum, and readers add those up in key order.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/track/_fold.h"
#include "core/train/metric_chunk.h"
#include "core/train/runlog.h"

#include <math.h>
#include <string.h>

typedef struct point {
	int64_t step, time_ms;
	double value;
} point;

typedef struct summary {
	int64_t points, nans;
	point first, last;
	int64_t min_ms, max_ms;
	double min, max; /* NaN: none */
	int64_t min_step, max_step;
} summary;

static int sign(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* A total order: NaN is before every number. */
static int point_cmp(const point *a, const point *b)
{
	int c = sign(a->step, b->step);
	if (!c)
		c = sign(a->time_ms, b->time_ms);
	if (!c && isnan(a->value) != isnan(b->value))
		c = isnan(a->value) ? -1 : 1;
	if (!c && !isnan(a->value))
		c = a->value < b->value ? -1 : a->value > b->value;
	return c;
}

static void take_min(summary *s, double value, int64_t step)
{
	if (!isnan(value) &&
		(isnan(s->min) || value < s->min || (value == s->min && step < s->min_step))) {
		s->min = value;
		s->min_step = step;
	}
}

static void take_max(summary *s, double value, int64_t step)
{
	if (!isnan(value) &&
		(isnan(s->max) || value > s->max || (value == s->max && step < s->max_step))) {
		s->max = value;
		s->max_step = step;
	}
}

static void summary_add(summary *s, const summary *more)
{
	if (s->points == 0) {
		*s = *more;
		return;
	}
	s->points += more->points;
	s->nans += more->nans;
	if (point_cmp(&more->first, &s->first) < 0)
		s->first = more->first;
	if (point_cmp(&more->last, &s->last) > 0)
		s->last = more->last;
	s->min_ms = more->min_ms < s->min_ms ? more->min_ms : s->min_ms;
	s->max_ms = more->max_ms > s->max_ms ? more->max_ms : s->max_ms;
	take_min(s, more->min, more->min_step);
	take_max(s, more->max, more->max_step);
}

/* *sum is of the values that are not NaN; NaN when there are none. */
static summary summary_of(const bn_metric_series *m, double *sum)
{
	summary s = {.min = NAN, .max = NAN, .min_step = -1, .max_step = -1};
	*sum = NAN;
	for (size_t i = 0; i < m->count; i++) {
		double v = m->value[i] + 0.0; /* -0 becomes 0 */
		point p = {m->step[i], m->time_ms[i], v};
		summary one = {1, isnan(v), p, p, p.time_ms, p.time_ms, v, v,
			isnan(v) ? -1 : p.step, isnan(v) ? -1 : p.step};
		summary_add(&s, &one);
		if (!isnan(v))
			*sum = isnan(*sum) ? v : *sum + v;
	}
	return s;
}

static int summary_load(
	summary *s, sqlite3 *db, const char *id, int64_t uid, const char *key, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	memset(s, 0, sizeof *s);
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT points, nans, first_step, first_ms, first_value, last_step, last_ms, "
		"last_value, min_ms, max_ms, min_value, min_step, max_value, max_step "
		"FROM metric_series WHERE run_id = ? AND uid = ? AND key = ?",
		"sis", id, uid, key);
	if (rc == 0 && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		s->points = sqlite3_column_int64(st, 0);
		s->nans = sqlite3_column_int64(st, 1);
		s->first = (point){sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
			bn_sql_double(st, 4)};
		s->last = (point){sqlite3_column_int64(st, 5), sqlite3_column_int64(st, 6),
			bn_sql_double(st, 7)};
		s->min_ms = sqlite3_column_int64(st, 8);
		s->max_ms = sqlite3_column_int64(st, 9);
		s->min = bn_sql_double(st, 10);
		s->min_step = sqlite3_column_int64(st, 11);
		s->max = bn_sql_double(st, 12);
		s->max_step = sqlite3_column_int64(st, 13);
	}
	sqlite3_finalize(st);
	return rc;
}

static int series_insert(
	bn_fold *f, const bn_event *ev, const char *id, const bn_metric_series *m, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	double sum;
	summary chunk = summary_of(m, &sum), all;
	bn_metric_set one = {(bn_metric_series *)(uintptr_t)m, 1, 1, m->count};
	bn_buf data = BN_BUF_INIT;
	int64_t uid = (int64_t)ev->uid;
	int64_t min_step = chunk.first.step, max_step = chunk.last.step;
	int rc = bn_metric_chunk_write(&data, &one, err);
	if (rc == 0)
		rc = bn_sql_run(db, err,
			"INSERT OR IGNORE INTO metric_chunk VALUES "
			"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			"sisisiiiiiiidddiidb", id, uid, m->key, (int64_t)ev->key.clock,
			ev->key.writer, (int64_t)ev->key.seq, chunk.points, chunk.nans, min_step,
			max_step, chunk.min_ms, chunk.max_ms, chunk.min, chunk.max, sum,
			chunk.last.step, chunk.last.time_ms, chunk.last.value, data.ptr, data.len);
	bn_buf_release(&data);
	if (rc == 0)
		rc = summary_load(&all, db, id, uid, m->key, err);
	if (rc != 0)
		return rc;
	summary_add(&all, &chunk);
	return bn_sql_run(db, err,
		"INSERT OR REPLACE INTO metric_series VALUES "
		"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"sisiiiidiidiididi", id, uid, m->key, all.points, all.nans, all.first.step,
		all.first.time_ms, all.first.value, all.last.step, all.last.time_ms, all.last.value,
		all.min_ms, all.max_ms, all.min, all.min_step, all.max, all.max_step);
}

int bn_series_apply(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	bn_metric_set set;
	bn_err why = BN_ERR_INIT;
	int rc = bn_metric_chunk_read(&set, ev->raw, ev->raw_len, &why);
	if (rc == BN_ENOMEM)
		return bn_err_nomem(err, "metric points");
	if (rc != 0)
		return 0;
	for (size_t i = 0; i < set.count && rc == 0; i++)
		if (set.items[i].count && bn_run_key_check("metric", set.items[i].key, NULL) == 0)
			rc = series_insert(f, ev, id, &set.items[i], err);
	bn_metric_set_release(&set);
	return rc;
}

/* ---- signs of life -------------------------------------------------------------------------- */

/* Whether the event is after what the row has in the columns prefix_clock, _writer, _seq. */
#define NEWER(prefix) \
	"(excluded." prefix "_clock, excluded." prefix "_writer, excluded." prefix "_seq) > " \
	"(coalesce(" prefix "_clock, -1), coalesce(" prefix "_writer, ''), coalesce(" prefix \
	"_seq, -1))"

int bn_liveness_apply_heartbeat(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	int64_t interval = bn_json_int(ev->payload, "interval_ms", -1);
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO run_liveness (run_id, uid, beat_clock, beat_writer, beat_seq, "
		"beat_ms, interval_ms) VALUES (?, ?, ?, ?, ?, ?, nullif(?, -1)) "
		"ON CONFLICT (run_id, uid) DO UPDATE SET beat_clock = excluded.beat_clock, "
		"beat_writer = excluded.beat_writer, beat_seq = excluded.beat_seq, "
		"beat_ms = excluded.beat_ms, interval_ms = excluded.interval_ms "
		"WHERE " NEWER("beat"),
		"siisiii", id, (int64_t)ev->uid, (int64_t)ev->key.clock, ev->key.writer,
		(int64_t)ev->key.seq, bn_event_time_ms(ev), interval);
}

int bn_liveness_apply_resources(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	const json_t *p = ev->payload;
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO run_liveness (run_id, uid, res_clock, res_writer, res_seq, processes, "
		"threads, rss_bytes, peak_rss_bytes, cpu_ms, read_bytes, write_bytes, "
		"energy_joules) VALUES (?, ?, ?, ?, ?, nullif(?, -1), nullif(?, -1), "
		"nullif(?, -1), nullif(?, -1), nullif(?, -1), nullif(?, -1), nullif(?, -1), ?) "
		"ON CONFLICT (run_id, uid) DO UPDATE SET res_clock = excluded.res_clock, "
		"res_writer = excluded.res_writer, res_seq = excluded.res_seq, "
		"processes = excluded.processes, threads = excluded.threads, "
		"rss_bytes = excluded.rss_bytes, peak_rss_bytes = excluded.peak_rss_bytes, "
		"cpu_ms = excluded.cpu_ms, read_bytes = excluded.read_bytes, "
		"write_bytes = excluded.write_bytes, energy_joules = excluded.energy_joules "
		"WHERE " NEWER("res"),
		"siisiiiiiiiid", id, (int64_t)ev->uid, (int64_t)ev->key.clock, ev->key.writer,
		(int64_t)ev->key.seq, bn_json_int(p, "processes", -1),
		bn_json_int(p, "threads", -1), bn_json_int(p, "rss_bytes", -1),
		bn_json_int(p, "peak_rss_bytes", -1), bn_json_int(p, "cpu_ms", -1),
		bn_json_int(p, "read_bytes", -1), bn_json_int(p, "write_bytes", -1),
		bn_json_num(p, "energy_joules", NAN));
}
