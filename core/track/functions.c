/*
 * functions.c - SQL functions of the dump views: packed rows as JSON, for json_each. Reals are
 * hexadecimal text, so that no digit is lost; NaN is NULL.
 *
 *	bn_series_json(data)   of metric_series: [[key, points, nans, first step, ms, value, last step,
 *	                       ms, value, min_ms, max_ms, min, its step, max, its step, mean, loose]]
 *	bn_points_json(data)   of metric_chunk: [[key, step, ms, value]]
 *	bn_real(text)          the number back
 */
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/_fold.h"
#include "core/track/_piece.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void add_real(bn_buf *b, double x)
{
	if (isnan(x))
		bn_buf_adds(b, ",null");
	else
		bn_buf_addf(b, ",\"%a\"", x + 0.0);
}

static void add_point(bn_buf *b, const bn_series_point *p)
{
	bn_buf_addf(b, ",%" PRId64 ",%" PRId64, p->step, p->time_ms);
	add_real(b, p->value);
}

static void add_series(bn_buf *b, const bn_series_summary *s)
{
	bn_buf_addf(b, "%s[%" PRId64 ",%" PRId64 ",%" PRId64, b->len > 1 ? "," : "", s->key,
		s->points, s->nans);
	add_point(b, &s->first);
	add_point(b, &s->last);
	bn_buf_addf(b, ",%" PRId64 ",%" PRId64, s->min_ms, s->max_ms);
	add_real(b, s->min);
	bn_buf_addf(b, ",%" PRId64, s->min_step);
	add_real(b, s->max);
	bn_buf_addf(b, ",%" PRId64, s->max_step);
	add_real(b, bn_series_mean(s));
	bn_buf_addf(b, ",%d]", s->loose);
}

static void give(sqlite3_context *c, bn_buf *b, int rc, const bn_err *err)
{
	if (rc < 0 || b->failed)
		sqlite3_result_error(c, rc < 0 ? err->msg : "out of memory", -1);
	else
		sqlite3_result_text64(c, b->ptr, b->len, SQLITE_TRANSIENT, SQLITE_UTF8);
	bn_buf_release(b);
}

static void series_json(sqlite3_context *c, int n, sqlite3_value **v)
{
	bn_series_summaries l = {NULL, 0, 0};
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	(void)n;
	int rc = bn_series_unpack(
		&l, sqlite3_value_blob(v[0]), (size_t)sqlite3_value_bytes(v[0]), &err);
	bn_buf_addch(&b, '[');
	for (size_t i = 0; rc == 0 && i < l.count; i++)
		add_series(&b, &l.items[i]);
	bn_buf_addch(&b, ']');
	bn_free(l.items);
	give(c, &b, rc, &err);
}

static void points_json(sqlite3_context *c, int n, sqlite3_value **v)
{
	bn_metric_set set;
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	(void)n;
	int rc = bn_metric_chunk_read(
		&set, sqlite3_value_blob(v[0]), (size_t)sqlite3_value_bytes(v[0]), &err);
	if (rc < 0)
		goto out;
	bn_buf_addch(&b, '[');
	for (size_t s = 0; s < set.count; s++) {
		const bn_metric_series *m = &set.items[s];
		/* Invalid keys of the event are not in the index. */
		if (bn_run_key_check("metric", m->key, NULL) < 0)
			continue;
		for (size_t i = 0; i < m->count; i++) {
			bn_buf_adds(&b, b.len > 1 ? ",[" : "[");
			bn_buf_add_json_string(&b, m->key, strlen(m->key));
			add_point(&b, &(bn_series_point){m->step[i], m->time_ms[i], m->value[i]});
			bn_buf_addch(&b, ']');
		}
	}
	bn_buf_addch(&b, ']');
	bn_metric_set_release(&set);
out:
	give(c, &b, rc, &err);
}

static void real(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *text = (const char *)sqlite3_value_text(v[0]);
	(void)n;
	if (text)
		sqlite3_result_double(c, strtod(text, NULL));
}

int bn_track_attach(sqlite3 *db, bn_err *err)
{
	static const struct {
		const char *name;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {{"bn_series_json", series_json}, {"bn_points_json", points_json},
		{"bn_real", real}};
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (sqlite3_create_function(db, functions[i].name, 1,
			    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, functions[i].call, NULL,
			    NULL) != SQLITE_OK)
			return bn_err_set(err, BN_EIO, "index: function %s: %s", functions[i].name,
				sqlite3_errmsg(db));
	return bn_sql_piece_attach(db, err);
}
