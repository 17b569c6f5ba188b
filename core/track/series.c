/* series.c - see series.h: summaries and points. Envelopes are in envelope.c. */
#include "core/track/series.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/index/fold.h"
#include "core/track/_series.h"
#include "core/track/chunk.h"

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

bool bn_metric_is_system(const char *key)
{
	return bn_str_starts(key, "system/");
}

int64_t bn_series_newest_step(const bn_series_list *list)
{
	int64_t newest = -1;
	for (size_t i = 0; i < list->count; i++)
		if (!bn_metric_is_system(list->items[i].key) && list->items[i].last_step > newest)
			newest = list->items[i].last_step;
	return newest;
}

int bn_series_load(bn_series_summaries *out, int64_t *owner, sqlite3 *db, int64_t run, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	out->count = 0;
	*owner = -1;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT r.owner, s.data FROM run r LEFT JOIN metric_series s "
		"ON s.run = r.no AND s.owner = r.owner WHERE r.no = ?",
		"i", run);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		*owner = sqlite3_column_int64(st, 0);
		rc = sqlite3_column_type(st, 1) == SQLITE_NULL
			     ? 0
			     : bn_series_unpack(out, sqlite3_column_blob(st, 1),
				       (size_t)sqlite3_column_bytes(st, 1), err);
	}
	sqlite3_reset(st);
	return rc;
}

/* The metric's name of a key number, yours. */
static int key_text(char **out, sqlite3 *db, int64_t no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t prefix = strlen(bn_key_prefix[BN_KEY_METRIC]);
	*out = NULL;
	int rc = bn_sql_cached(&st, db, err, "SELECT name FROM index_name WHERE no = ?", "i", no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		rc = 0;
		if (name && strlen(name) > prefix && !(*out = bn_strdup(name + prefix)))
			rc = bn_err_nomem(err, "metric series");
	}
	sqlite3_reset(st);
	return rc < 0 || *out ? rc : bn_sql_damaged(err, "a metric without a name");
}

static void info_fill(bn_series_info *out, const bn_series_summary *s)
{
	out->count = s->points;
	out->nan_count = s->nans;
	out->first_step = s->first.step;
	out->last_step = s->last.step;
	out->first_time_ms = s->min_ms;
	out->last_time_ms = s->max_ms;
	out->last_point_ms = s->last.time_ms;
	out->first = s->first.value + 0.0;
	out->last = s->last.value + 0.0;
	out->min = s->min;
	out->max = s->max;
	out->min_step = isnan(s->min) ? -1 : s->min_step;
	out->max_step = isnan(s->max) ? -1 : s->max_step;
	out->mean = bn_series_mean(s);
}

static int info_cmp(const void *a, const void *b)
{
	return strcmp(((const bn_series_info *)a)->key, ((const bn_series_info *)b)->key);
}

static int list_fill(bn_series_list *out, sqlite3 *db, const bn_series_summaries *l, bn_err *err)
{
	int rc = 0;
	if (bn_grow(&out->items, &out->cap, l->count, sizeof *out->items) != 0)
		return bn_err_nomem(err, "metric series");
	for (size_t i = 0; i < l->count && rc == 0; i++) {
		bn_series_info *info = &out->items[out->count];
		if ((rc = key_text(&info->key, db, l->items[i].key, err)) == 0) {
			info_fill(info, &l->items[i]);
			out->count++;
		}
	}
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, info_cmp);
	return rc;
}

int bn_series_find_all(bn_series_list *out, bn_workspace *ws, const char *run_id, bn_err *err)
{
	sqlite3 *db;
	bn_series_summaries l = {NULL, 0, 0};
	int64_t owner;
	*out = (bn_series_list)BN_SERIES_LIST_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_series_load(&l, &owner, db, bn_run_number(db, run_id), err)) == 0)
		rc = list_fill(out, db, &l, err);
	bn_free(l.items);
	if (rc < 0)
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

/* Of a run by its number. */
static int source_of(bn_series_source *s, sqlite3 *db, int64_t run, const char *key, bn_err *err)
{
	bn_series_summaries l = {NULL, 0, 0};
	bool found = false;
	int rc;
	*s = (bn_series_source){.db = db, .run = run, .key_text = key};
	s->key = bn_index_key(s->db, BN_KEY_METRIC, key);
	if ((rc = bn_series_load(&l, &s->owner, s->db, s->run, err)) < 0)
		goto out;
	size_t at = bn_series_place(&l, s->key, &found);
	if (found) {
		s->summary = l.items[at];
		rc = bn_metric_reader_new(&s->reader, err);
	}
out:
	bn_free(l.items);
	return rc;
}

int bn_series_source_open(
	bn_series_source *s, bn_workspace *ws, const char *run_id, const char *key, bn_err *err)
{
	sqlite3 *db;
	int rc;
	*s = (bn_series_source){.key_text = key};
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	return source_of(s, db, bn_run_number(db, run_id), key, err);
}

void bn_series_source_close(bn_series_source *s)
{
	bn_metric_reader_free(s->reader);
	s->reader = NULL;
}

/* ---- every point ---------------------------------------------------------------------------- */

typedef struct point_list {
	bn_series_point *items;
	size_t count, cap;
} point_list;

static int points_append(
	point_list *l, bn_series_source *s, const void *data, size_t n, bn_err *err)
{
	const bn_metric_set *set;
	int rc = bn_metric_reader_find(s->reader, &set, s->key_text, data, n, err);
	for (size_t k = 0; rc == 0 && k < set->count; k++) {
		const bn_metric_series *m = &set->items[k];
		if (bn_grow(&l->items, &l->cap, l->count + m->count, sizeof *l->items) != 0)
			return bn_err_nomem(err, "metric points");
		for (size_t i = 0; i < m->count; i++)
			l->items[l->count++] =
				(bn_series_point){m->step[i], m->time_ms[i], m->value[i]};
	}
	return rc;
}

static int points_gather(point_list *l, bn_series_source *s, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	if (s->summary.loose) {
		if (bn_grow(&l->items, &l->cap, 1, sizeof *l->items) != 0)
			return bn_err_nomem(err, "metric points");
		l->items[l->count++] = s->summary.first;
		return 0;
	}
	int rc = bn_sql_prepare(&st, s->db, err,
		"SELECT " BN_CHUNK_DATA
		" FROM metric_chunk WHERE run = ? AND owner = ? AND key IN (0, ?) "
		"ORDER BY key DESC, clock, writer, seq",
		"iii", s->run, s->owner, s->key);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = points_append(l, s, sqlite3_column_blob(st, 0),
			     (size_t)sqlite3_column_bytes(st, 0), err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

static int point_cmp(const void *a, const void *b)
{
	return bn_series_point_cmp(a, b);
}

static int points_sorted(bn_points *out, point_list *l, bn_err *err)
{
	bool sorted = true;
	for (size_t i = 1; i < l->count && sorted; i++)
		sorted = point_cmp(&l->items[i - 1], &l->items[i]) <= 0;
	if (!sorted)
		qsort(l->items, l->count, sizeof *l->items, point_cmp);
	out->step = bn_alloc(l->count * sizeof *out->step);
	out->time_ms = bn_alloc(l->count * sizeof *out->time_ms);
	out->value = bn_alloc(l->count * sizeof *out->value);
	if (!out->step || !out->time_ms || !out->value)
		return bn_err_nomem(err, "metric points");
	for (size_t i = 0; i < l->count; i++) {
		out->step[i] = l->items[i].step;
		out->time_ms[i] = l->items[i].time_ms;
		out->value[i] = l->items[i].value;
	}
	out->count = out->cap = l->count;
	return 0;
}

int bn_series_read(
	bn_points *out, bn_workspace *ws, const char *run_id, const char *key, bn_err *err)
{
	bn_series_source s;
	point_list l = {NULL, 0, 0};
	*out = (bn_points)BN_POINTS_INIT;
	int rc;
	if ((rc = bn_series_source_open(&s, ws, run_id, key, err)) < 0)
		goto out;
	if (s.reader && (rc = points_gather(&l, &s, err)) < 0)
		goto out;
	rc = points_sorted(out, &l, err);
out:
	bn_series_source_close(&s);
	bn_free(l.items);
	if (rc < 0)
		bn_points_release(out);
	return rc;
}

/* ---- one step of many runs ------------------------------------------------------------------- */

int bn_series_finder_init(
	bn_series_finder *f, sqlite3 *db, const char *key, int64_t step, bool removed, bn_err *err)
{
	*f = (bn_series_finder){
		.db = db, .step = step, .removed = removed, .key_text = bn_strdup(key)};
	if (!f->key_text)
		return bn_err_nomem(err, "metric points");
	f->key = bn_index_key(db, BN_KEY_METRIC, key);
	return bn_metric_reader_new(&f->reader, err);
}

void bn_series_finder_release(bn_series_finder *f)
{
	bn_metric_reader_free(f->reader);
	bn_free(f->key_text);
	bn_free(f->list.items);
	*f = (bn_series_finder){.db = NULL};
}

/* Updates *last by the points of the step in a row's points. */
static int last_of(bn_series_point *last, bool *any, bn_series_finder *f, const void *data,
	size_t n, bn_err *err)
{
	const bn_metric_set *set;
	int rc = bn_metric_reader_find(f->reader, &set, f->key_text, data, n, err);
	for (size_t k = 0; rc == 0 && k < set->count; k++) {
		const bn_metric_series *m = &set->items[k];
		for (size_t i = 0; i < m->count; i++) {
			const bn_series_point p = {m->step[i], m->time_ms[i], m->value[i]};
			if (p.step != f->step || (*any && point_cmp(last, &p) > 0))
				continue;
			*last = p;
			*any = true;
		}
	}
	return rc;
}

static int chunks_look(
	bn_series_point *last, bool *any, bn_series_finder *f, int64_t run, int64_t owner, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, f->db, err,
		"SELECT " BN_CHUNK_DATA " FROM metric_chunk WHERE run = ?1 AND owner = ?2 AND key IN "
		"(0, ?3) AND min_step <= ?4 AND max_step >= ?4 ORDER BY key DESC, clock, writer, "
		"seq",
		"iiii", run, owner, f->key, f->step);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = last_of(last, any, f, sqlite3_column_blob(st, 0),
			     (size_t)sqlite3_column_bytes(st, 0), err)) < 0)
			break;
	sqlite3_reset(st);
	return rc;
}

int bn_series_find_at(double *out, bn_series_finder *f, int64_t run, bn_err *err)
{
	bn_series_point last;
	int64_t owner;
	bool found = false, any = false;
	int rc;
	if (bn_sql_int(f->db, -1, "SELECT removed FROM run WHERE no = ?", "i", run) != f->removed)
		return bn_sql_failed(f->db, err);
	rc = bn_series_load(&f->list, &owner, f->db, run, err);
	if (rc < 0)
		return rc;
	size_t at = bn_series_place(&f->list, f->key, &found);
	if (!found)
		return 0;
	const bn_series_summary *s = &f->list.items[at];
	if (f->step < s->first.step || f->step > s->last.step)
		return 0;
	if (s->loose) { /* its only point is in the summary */
		last = s->first;
		any = true;
	} else if ((rc = chunks_look(&last, &any, f, run, owner, err)) < 0) {
		return rc;
	}
	if (any)
		*out = last.value + 0.0;
	return any;
}
