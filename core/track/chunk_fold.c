/* chunk_fold.c - see chunk.h: payloads of the log become sorted chunks of one series each. */
#include "core/track/chunk.h"

#include "core/base/mem.h"
#include "core/track/_fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUND_POINTS = 1 << 20 }; /* processed in memory at a time */

/* n > 0 points, sorted by (step, time). */
static void measure(bn_chunk_piece *out, const int64_t *step, const int64_t *time_ms,
	const double *value, size_t n)
{
	bn_chunk_piece p = {.points = (int64_t)n,
		.min_step = step[0],
		.max_step = step[n - 1],
		.min_ms = time_ms[0],
		.max_ms = time_ms[0],
		.last_step = step[n - 1],
		.last_ms = time_ms[n - 1],
		.last = value[n - 1],
		.min = (double)NAN,
		.max = (double)NAN};
	for (size_t i = 0; i < n; i++) {
		p.min_ms = time_ms[i] < p.min_ms ? time_ms[i] : p.min_ms;
		p.max_ms = time_ms[i] > p.max_ms ? time_ms[i] : p.max_ms;
		if (isnan(value[i])) {
			p.nans++;
			continue;
		}
		p.min = value[i] >= p.min ? p.min : value[i];
		p.max = value[i] <= p.max ? p.max : value[i];
		p.sum += value[i];
	}
	*out = p;
}

/* ---- points in memory ----------------------------------------------------------------------- */

typedef struct points {
	char *key;
	int64_t no;
	bn_series_point *items;
	size_t count, cap;
} points;

typedef struct compaction {
	sqlite3 *db;
	bn_metric_reader *reader;
	int64_t run, owner;
	points *series;
	size_t count, cap;
	int64_t *rows; /* rowids of the payloads taken */
	size_t row_count, row_cap;
	size_t total;
} compaction;

static int points_add(points *p, const bn_metric_series *m)
{
	if (bn_grow(&p->items, &p->cap, p->count + m->count, sizeof *p->items) != 0)
		return -1;
	for (size_t i = 0; i < m->count; i++, p->count++)
		p->items[p->count] = (bn_series_point){m->step[i], m->time_ms[i], m->value[i]};
	return 0;
}

/* The series of a key; hint is its index in the previous payload. */
static points *series_of(compaction *c, const char *key, size_t hint)
{
	if (hint < c->count && !strcmp(c->series[hint].key, key))
		return &c->series[hint];
	for (size_t i = 0; i < c->count; i++)
		if (!strcmp(c->series[i].key, key))
			return &c->series[i];
	if (bn_grow(&c->series, &c->cap, c->count + 1, sizeof *c->series) != 0)
		return NULL;
	points *p = &c->series[c->count];
	*p = (points){.key = bn_strdup(key), .no = bn_index_key(c->db, BN_KEY_METRIC, key)};
	if (!p->key)
		return NULL;
	c->count++;
	return p;
}

static int take_payload(compaction *c, const void *data, size_t n, bn_err *err)
{
	const bn_metric_set *set;
	int rc;
	if ((rc = bn_metric_reader_read(c->reader, &set, data, n, err)) < 0)
		return rc;
	for (size_t i = 0; i < set->count; i++) {
		if (!set->items[i].count)
			continue;
		points *p = series_of(c, set->items[i].key, i);
		if (!p || points_add(p, &set->items[i]) != 0)
			return bn_err_nomem(err, "metric points");
	}
	c->total += set->points;
	return 0;
}

/* Takes payloads until there are enough points; *more: some are left. */
static int take_payloads(compaction *c, bool *more, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT rowid, " BN_CHUNK_DATA
		" FROM metric_chunk WHERE run = ? AND owner = ? AND key = 0 "
		"ORDER BY clock, writer, seq",
		"ii", c->run, c->owner);
	*more = false;
	if (rc < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (c->total >= ROUND_POINTS) {
			*more = true;
			rc = 0;
			goto out;
		}
		if (bn_grow(&c->rows, &c->row_cap, c->row_count + 1, sizeof *c->rows) != 0) {
			rc = bn_err_nomem(err, "metric points");
			goto out;
		}
		c->rows[c->row_count++] = sqlite3_column_int64(st, 0);
		if ((rc = take_payload(c, sqlite3_column_blob(st, 1),
			     (size_t)sqlite3_column_bytes(st, 1), err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	return rc;
}

/* ---- chunks --------------------------------------------------------------------------------- */

static int delete_row(compaction *c, int64_t row, bn_err *err)
{
	return bn_sql_run(c->db, err, "DELETE FROM metric_chunk WHERE rowid = ?", "i", row);
}

/* Merges the newest chunk of the series into p if it is comparatively small. *again: it did. */
static int join_newest(compaction *c, points *p, int64_t *serial, bool *again, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	const bn_metric_set *set = NULL;
	int64_t row = -1;
	*again = false;
	int rc = bn_sql_cached(&st, c->db, err,
		"SELECT rowid, clock, points, data FROM metric_chunk WHERE run = ? AND owner = ? "
		"AND key = ? ORDER BY clock DESC LIMIT 1",
		"iii", c->run, c->owner, p->no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) > 0) {
		int64_t held = sqlite3_column_int64(st, 2);
		rc = 0;
		if (*serial == 0)
			*serial = sqlite3_column_int64(st, 1) + 1;
		if (held < BN_METRIC_CHUNK_POINTS && held <= 2 * (int64_t)p->count) {
			row = sqlite3_column_int64(st, 0);
			rc = bn_metric_reader_read(c->reader, &set, sqlite3_column_blob(st, 3),
				(size_t)sqlite3_column_bytes(st, 3), err);
		}
	}
	sqlite3_reset(st);
	if (rc < 0 || row < 0)
		return rc;
	for (size_t i = 0; i < set->count; i++)
		if (points_add(p, &set->items[i]) != 0)
			return bn_err_nomem(err, "metric points");
	*again = true;
	return delete_row(c, row, err);
}

static int point_cmp(const void *a, const void *b)
{
	return bn_series_point_cmp(a, b);
}

static int write_chunk(compaction *c, int64_t key, int64_t serial, bn_metric_series *m, bn_err *err)
{
	bn_chunk_piece total, pyramid[BN_METRIC_CHUNK_POINTS / BN_CHUNK_PIECE];
	bn_metric_set one = {.items = m, .count = 1, .cap = 1, .points = m->count};
	bn_buf data = BN_BUF_INIT;
	size_t pieces = 0;
	measure(&total, m->step, m->time_ms, m->value, m->count);
	for (size_t at = 0; at < m->count; at += BN_CHUNK_PIECE, pieces++) {
		size_t n = m->count - at < BN_CHUNK_PIECE ? m->count - at : BN_CHUNK_PIECE;
		measure(&pyramid[pieces], m->step + at, m->time_ms + at, m->value + at, n);
	}
	int rc;
	if ((rc = bn_metric_chunk_write(&data, &one, err)) < 0)
		goto out;
	rc = bn_sql_run(c->db, err,
		"INSERT INTO metric_chunk VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, NULL, NULL)",
		"iiiiiiibbb", c->run, c->owner, key, serial, (int64_t)m->count, total.min_step,
		total.max_step, &total, sizeof total, pyramid, pieces * sizeof *pyramid, data.ptr, data.len);
out:
	bn_buf_release(&data);
	return rc;
}

/* ---- spans ---------------------------------------------------------------------------------- */

/* Extends p by the points of one. */
static void join_piece(bn_chunk_piece *p, const bn_chunk_piece *one)
{
	bn_series_point last = {p->last_step, p->last_ms, p->last},
			other = {one->last_step, one->last_ms, one->last};
	if (one->points == 0)
		return;
	if (p->points == 0) {
		*p = *one;
		return;
	}
	p->points += one->points;
	p->nans += one->nans;
	p->min_step = one->min_step < p->min_step ? one->min_step : p->min_step;
	p->max_step = one->max_step > p->max_step ? one->max_step : p->max_step;
	p->min_ms = one->min_ms < p->min_ms ? one->min_ms : p->min_ms;
	p->max_ms = one->max_ms > p->max_ms ? one->max_ms : p->max_ms;
	p->min = fmin(p->min, one->min); /* both ignore NaN */
	p->max = fmax(p->max, one->max);
	p->sum += one->sum;
	if (bn_series_point_cmp(&other, &last) >= 0) {
		p->last_step = one->last_step;
		p->last_ms = one->last_ms;
		p->last = one->last;
	}
}

typedef struct span {
	bn_chunk_piece total, pieces[BN_SPAN_PIECES];
	int64_t serial[BN_SPAN_CHUNKS], points;
} span;

/* Adds chunk i, given by a row of its serial number, points and pyramid. */
static int span_add(span *s, size_t i, sqlite3_stmt *st, bn_err *err)
{
	enum { PER = BN_METRIC_CHUNK_POINTS / BN_CHUNK_PIECE / BN_SPAN_GROUP };
	bn_chunk_piece one;
	size_t pieces = (size_t)sqlite3_column_bytes(st, 2) / sizeof one;
	const char *pyramid = sqlite3_column_blob(st, 2);
	if (pieces > PER * BN_SPAN_GROUP)
		return bn_sql_damaged(err, "a damaged chunk of points");
	s->serial[i] = sqlite3_column_int64(st, 0);
	s->points += sqlite3_column_int64(st, 1);
	for (size_t k = 0; k < pieces; k++) {
		memcpy(&one, pyramid + k * sizeof one, sizeof one);
		join_piece(&s->pieces[i * BN_SPAN_GROUP + k / PER], &one);
		join_piece(&s->total, &one);
	}
	return 0;
}

/* Writes the next span above the final chunks of a series; *made: there were enough of them. */
static int write_span(compaction *c, int64_t key, bool *made, bn_err *err)
{
	span s = {.points = 0};
	sqlite3_stmt *st = NULL;
	size_t n = 0;
	*made = false;
	int rc = bn_sql_cached(&st, c->db, err,
		"SELECT clock, points, pyramid FROM metric_chunk WHERE run = ?1 AND owner = ?2 AND "
		"key = ?3 AND clock > (SELECT coalesce(max(clock), 0) FROM metric_chunk WHERE run "
		"= "
		"?1 AND owner = ?2 AND key = -?3) AND clock <= (SELECT coalesce(max(clock), 0) "
		"FROM "
		"metric_chunk WHERE run = ?1 AND owner = ?2 AND key = ?3 AND points = ?4) ORDER BY "
		"clock LIMIT ?5",
		"iiiii", c->run, c->owner, key, (int64_t)BN_METRIC_CHUNK_POINTS,
		(int64_t)BN_SPAN_CHUNKS);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0 && n < BN_SPAN_CHUNKS)
		if ((rc = span_add(&s, n++, st, err)) < 0)
			break;
	sqlite3_reset(st);
	if (rc < 0 || n < BN_SPAN_CHUNKS)
		return rc < 0 ? rc : 0;
	*made = true;
	return bn_sql_run(c->db, err,
		"INSERT INTO metric_chunk VALUES (?, ?, ?, ?, 0, 0, ?, NULL, NULL, ?, ?, ?, NULL, "
		"NULL)",
		"iiiiibbb", c->run, c->owner, -key, s.serial[n - 1], s.points, &s.total,
		sizeof s.total, s.pieces, sizeof s.pieces, s.serial, sizeof s.serial);
}

static int write_spans(compaction *c, int64_t key, bn_err *err)
{
	bool made = true;
	int rc = 0;
	while (made && rc >= 0)
		rc = write_span(c, key, &made, err);
	return rc;
}

static int write_sorted(compaction *c, points *p, int64_t serial, bn_err *err)
{
	int64_t step[BN_METRIC_CHUNK_POINTS], time_ms[BN_METRIC_CHUNK_POINTS];
	double value[BN_METRIC_CHUNK_POINTS];
	int rc = 0;
	for (size_t at = 0, n; at < p->count && rc == 0; at += n, serial++) {
		n = p->count - at < BN_METRIC_CHUNK_POINTS ? p->count - at : BN_METRIC_CHUNK_POINTS;
		for (size_t i = 0; i < n; i++) {
			step[i] = p->items[at + i].step;
			time_ms[i] = p->items[at + i].time_ms;
			value[i] = p->items[at + i].value;
		}
		bn_metric_series m = {p->key, step, time_ms, value, n, n};
		rc = write_chunk(c, p->no, serial, &m, err);
	}
	return rc;
}

static int write_series(compaction *c, points *p, bn_err *err)
{
	int64_t serial = 0;
	bool again = p->no >= 0;
	int rc = 0;
	if (p->no < 0)
		return 0; /* an invalid key: not in any summary */
	while (again && rc == 0)
		rc = join_newest(c, p, &serial, &again, err);
	bool sorted = true;
	for (size_t i = 1; i < p->count && sorted; i++)
		sorted = point_cmp(&p->items[i - 1], &p->items[i]) <= 0;
	if (!sorted)
		qsort(p->items, p->count, sizeof *p->items, point_cmp);
	if (rc < 0 || (rc = write_sorted(c, p, serial ? serial : 1, err)) < 0)
		return rc;
	return write_spans(c, p->no, err);
}

static int compact_round(compaction *c, bool *more, bn_err *err)
{
	int rc = take_payloads(c, more, err);
	for (size_t i = 0; i < c->row_count && rc == 0; i++)
		rc = delete_row(c, c->rows[i], err);
	for (size_t i = 0; i < c->count && rc == 0; i++)
		rc = write_series(c, &c->series[i], err);
	for (size_t i = 0; i < c->count; i++) {
		bn_free(c->series[i].key);
		bn_free(c->series[i].items);
	}
	c->count = c->row_count = c->total = 0;
	return rc;
}

int bn_chunks_compact(bn_fold *f, bn_track_batch *b, int64_t run, int64_t owner, bn_err *err)
{
	compaction c = {.db = bn_fold_db(f), .reader = b->reader, .run = run, .owner = owner};
	int64_t payloads = bn_sql_int(c.db, 0,
		"SELECT count(*) FROM metric_chunk WHERE run = ? AND owner = ? AND key = 0", "ii",
		run, owner);
	bool more = payloads >= BN_CHUNK_PAYLOADS;
	int rc = 0;
	while (more && rc == 0)
		rc = compact_round(&c, &more, err);
	bn_free(c.series);
	bn_free(c.rows);
	return rc;
}
