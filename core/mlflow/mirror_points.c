/* mirror_points.c - all points of a run's metrics: see mirror.h. A history is read in pages and compared with the points
 * that the mirror has, so that nothing is added twice. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/mlflow/_mirror.h"
#include "core/run/runlog.h"
#include "core/track/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 25000           /* points, the most that MLflow serves */
#define MOST_POINTS 20000000 /* of one metric */

typedef struct point {
	int64_t step, time_ms;
	double value;
} point;

typedef struct history {
	const char *key;
	point *items;
	size_t count, cap;
} history;

static int point_order(const void *a, const void *b)
{
	const point *x = a, *y = b;
	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	if (isnan(x->value) || isnan(y->value))
		return (isnan(x->value) != 0) - (isnan(y->value) != 0);
	return (x->value > y->value) - (x->value < y->value);
}

static int point_each(void *user, const json_t *item, bn_err *err)
{
	history *h = user;
	point p = {0};
	if (!bn_mlflow_number(json_object_get(item, "value"), &p.value))
		return 0;
	bn_mlflow_integer(json_object_get(item, "step"), &p.step);
	bn_mlflow_integer(json_object_get(item, "timestamp"), &p.time_ms);
	if (h->count >= MOST_POINTS)
		return bn_err_set(err, BN_EREFUSED, "metric %.80s has more than %d points", h->key,
			MOST_POINTS);
	if (bn_grow(&h->items, &h->cap, h->count + 1, sizeof *h->items) != 0)
		return bn_err_nomem(err, "the points of a metric");
	h->items[h->count++] = p;
	return 0;
}

static int history_read(history *h, bn_mirror *m, const char *remote, bn_err *err)
{
	bn_mlflow_client *c;
	bn_err why = BN_ERR_INIT;
	int rc = bn_mirror_client(&c, m, err);
	if (rc < 0)
		return rc;
	json_t *query = json_pack("{s:s s:s s:s s:i}", "run_id", remote, "run_uuid", remote,
		"metric_key", h->key, "max_results", PAGE);
	const bn_mlflow_request r = {.path = "metrics/get-history", .query = query};
	rc = query ? bn_mlflow_list(c, &r, "metrics", point_each, h, &why)
		   : bn_err_nomem(&why, "a request");
	json_decref(query);
	if (rc == BN_EUNSUPPORTED) { /* then its last point is what is known */
		h->count = 0;
		return 0;
	}
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* Leaves the points that the mirror does not have; both lists are in one order. */
static int history_minus(history *h, bn_mirror *m, const char *id, bn_err *err)
{
	bn_points was = BN_POINTS_INIT;
	size_t kept = 0, at = 0;
	int rc = bn_series_read(&was, m->ws, id, h->key, err);
	if (rc < 0)
		return rc;
	if (h->count)
		qsort(h->items, h->count, sizeof *h->items, point_order);
	for (size_t i = 0; i < h->count; i++) {
		int order = -1;
		/* exact duplicates are one point in MLflow */
		if (i && point_order(&h->items[i - 1], &h->items[i]) == 0)
			continue;
		while (at < was.count) {
			const point old = {was.step[at], was.time_ms[at], was.value[at]};
			if ((order = point_order(&h->items[i], &old)) <= 0)
				break;
			at++;
		}
		if (at >= was.count || order != 0)
			h->items[kept++] = h->items[i];
	}
	h->count = kept;
	bn_points_release(&was);
	return 0;
}

static int history_write(history *h, bn_mirror *m, const char *id, bn_err *err)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	int rc = bn_mirror_begin(m, err);
	if (rc < 0)
		return rc;
	if ((rc = history_minus(h, m, id, err)) < 0)
		goto out;
	for (size_t i = 0; i < h->count; i++)
		if (bn_metric_set_add(&set, h->key, h->items[i].step, h->items[i].time_ms,
			    h->items[i].value) < 0) {
			rc = bn_err_nomem(err, "the points of a metric");
			goto out;
		}
	m->wrote = set.points > 0;
	if (set.points)
		rc = bn_runlog_metrics(m->ws, id, &set, err);
out:
	bn_metric_set_release(&set);
	return bn_mirror_end(m, rc, err);
}

/* ---- a run ------------------------------------------------------------------------------------- */

static int column_read(
	char out[BN_MIRROR_HASH], bn_mirror *m, const char *id, const char *sql, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	out[0] = '\0';
	int rc = bn_sql_prepare(&st, m->db, err, sql, "s", id);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		snprintf(out, BN_MIRROR_HASH, "%s", text ? text : "");
		rc = 0;
	}
	sqlite3_finalize(st);
	return rc;
}

/* That all points are known is news, also where none was missing: a screen may wait for it. */
static int points_keep(bn_mirror *m, const char *id, const char *hash, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_mirror_begin(m, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_prepare(
		     &st, m->db, err, "UPDATE run SET points = ? WHERE id = ?", "ss", hash, id)) >= 0)
		rc = bn_sql_step(st, err);
	sqlite3_finalize(st);
	m->wrote = rc >= 0;
	return bn_mirror_end(m, rc, err);
}

int bn_mirror_points_pull(bn_mirror *m, const json_t *run, bn_err *err)
{
	const json_t *info = json_object_get(run, "info");
	const char *remote = bn_json_str(info, "run_id", bn_json_str(info, "run_uuid", ""));
	char id[33], hash[BN_MIRROR_HASH], had[BN_MIRROR_HASH];
	size_t i;
	json_t *item;
	int rc;
	bn_mirror_id(id, remote);
	if ((rc = column_read(hash, m, id, "SELECT hash FROM run WHERE id = ?", err)) < 0 ||
		(rc = column_read(had, m, id, "SELECT points FROM run WHERE id = ?", err)) < 0)
		return rc;
	if (hash[0] && !strcmp(hash, had))
		return 0;
	json_array_foreach(json_object_get(json_object_get(run, "data"), "metrics"), i, item)
	{
		bn_err why = BN_ERR_INIT;
		history h = {.key = bn_json_str(item, "key", "")};
		if (bn_run_key_check("metric", h.key, &why) < 0)
			continue; /* counted with the last points (mirror_run.c) */
		if ((rc = history_read(&h, m, remote, err)) >= 0 && h.count)
			rc = history_write(&h, m, id, err);
		bn_free(h.items);
		if (rc < 0)
			return rc;
	}
	return points_keep(m, id, hash, err);
}

bool bn_mirror_has_points(bn_mirror *m, const char *run)
{
	sqlite3_stmt *st = NULL;
	bn_err none = BN_ERR_INIT;
	bool has = bn_sql_prepare(&st, m->db, &none,
			   "SELECT 1 FROM run WHERE id = ? AND points = hash AND hash <> ''", "s",
			   run) >= 0 &&
		   bn_sql_step(st, &none) == 1;
	sqlite3_finalize(st);
	return has;
}
