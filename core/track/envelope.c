/* envelope.c - see bn_series_envelope in series.h. */
#include "core/base/mem.h"
#include "core/store/index/fold.h"
#include "core/track/_series.h"
#include "core/track/chunk.h"

#include <math.h>
#include <string.h>

/* A piece at the border of a bucket this many times wider is added whole. */
enum { WIDE = 8 };

typedef struct envelope {
	bn_bucket *buckets;
	size_t n;
	bn_series_axis axis;
	int64_t from, to;
	int64_t *start;        /* the first axis value of each bucket */
	double scale;          /* buckets per axis value */
	bn_series_point *last; /* of each bucket */
	double *sum;
	bool any;
} envelope;

/* The definition; bucket_of gives the same result, faster. */
static size_t bucket_by_division(const envelope *e, int64_t at)
{
	long double width = ((long double)e->to - (long double)e->from + 1) / (long double)e->n;
	size_t i = (size_t)(((long double)at - (long double)e->from) / width);
	return i < e->n ? i : e->n - 1;
}

static void starts_find(envelope *e)
{
	long double width = ((long double)e->to - (long double)e->from + 1) / (long double)e->n;
	e->scale = (double)(1 / width);
	e->start[0] = e->from;
	for (size_t i = 1; i < e->n; i++) {
		long double at = (long double)e->from + ceill(width * (long double)i);
		int64_t first = at >= (long double)e->to ? e->to : (int64_t)at;
		while (first > e->from && bucket_by_division(e, first - 1) >= i)
			first--;
		while (first < e->to && bucket_by_division(e, first) < i)
			first++;
		e->start[i] = first;
	}
}

/* Bucket of an axis value, SIZE_MAX outside. */
static size_t bucket_of(const envelope *e, int64_t at)
{
	if (at < e->from || at > e->to)
		return SIZE_MAX;
	size_t i = (size_t)((double)((uint64_t)at - (uint64_t)e->from) * e->scale);
	i = i < e->n ? i : e->n - 1;
	while (i > 0 && at < e->start[i])
		i--;
	while (i + 1 < e->n && at >= e->start[i + 1])
		i++;
	return i;
}

static void bucket_add(envelope *e, size_t i, const bn_chunk_piece *p)
{
	bn_bucket *b = &e->buckets[i];
	size_t count = (size_t)(p->points - p->nans);
	bn_series_point last = {p->last_step, p->last_ms, p->last};
	bool first = b->count + b->nan_count == 0;
	if (count) {
		b->min = b->count == 0 || p->min < b->min ? p->min : b->min;
		b->max = b->count == 0 || p->max > b->max ? p->max : b->max;
		e->sum[i] += p->sum;
		b->count += count;
	}
	b->nan_count += (size_t)p->nans;
	if (first || bn_series_point_cmp(&last, &e->last[i]) >= 0) {
		e->last[i] = last;
		b->last = p->last;
	}
	e->any = true;
}

static void add_points(
	envelope *e, const int64_t *step, const int64_t *time_ms, const double *value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = bucket_of(e, e->axis == BN_AXIS_STEP ? step[i] : time_ms[i]);
		bool nan = isnan(value[i]);
		if (k == SIZE_MAX)
			continue;
		bn_chunk_piece p = {.points = 1,
			.nans = nan,
			.last_step = step[i],
			.last_ms = time_ms[i],
			.last = value[i],
			.min = value[i],
			.max = value[i],
			.sum = nan ? 0 : value[i]};
		bucket_add(e, k, &p);
	}
}

static const size_t nowhere = SIZE_MAX, unclear = SIZE_MAX - 1;

/* The bucket that gets a whole piece: `nowhere` if it is outside, `unclear` if its points must be read. A piece at a
 * border belongs to the bucket of its middle, if it is small compared to the bucket. */
static size_t place_of(const envelope *e, const bn_chunk_piece *p)
{
	int64_t low = e->axis == BN_AXIS_STEP ? p->min_step : p->min_ms;
	int64_t high = e->axis == BN_AXIS_STEP ? p->max_step : p->max_ms;
	if (p->points == 0 || low > e->to || high < e->from)
		return nowhere;
	size_t k = bucket_of(e, low);
	if (k == SIZE_MAX || high > e->to)
		return unclear;
	if (k + 1 == e->n || high < e->start[k + 1])
		return k;
	uint64_t extent = (uint64_t)high - (uint64_t)low;
	if ((double)extent * WIDE * e->scale > 1)
		return unclear;
	return bucket_of(e, low + (int64_t)(extent / 2));
}

/* 1: done, outside or in one bucket; 0: its points must be read. */
static int add_piece(envelope *e, const bn_chunk_piece *p)
{
	size_t k = place_of(e, p);
	if (k == unclear)
		return 0;
	if (k != nowhere)
		bucket_add(e, k, p);
	return 1;
}

static int add_payload(envelope *e, bn_series_source *s, sqlite3_stmt *st, bn_err *err)
{
	const bn_metric_set *set;
	int rc = bn_metric_reader_find(s->reader, &set, s->key_text, sqlite3_column_blob(st, 3),
		(size_t)sqlite3_column_bytes(st, 3), err);
	for (size_t k = 0; rc == 0 && k < set->count; k++) {
		const bn_metric_series *m = &set->items[k];
		add_points(e, m->step, m->time_ms, m->value, m->count);
	}
	return rc;
}

/* A sorted chunk: as a whole, by its pieces, or by the points of pieces that cross a bucket
 * border. */
static int add_chunk(envelope *e, bn_series_source *s, sqlite3_stmt *st, bn_err *err)
{
	bn_chunk_piece p;
	const bn_metric_set *set = NULL;
	int rc;
	if ((size_t)sqlite3_column_bytes(st, 1) != sizeof p)
		return bn_sql_damaged(err, "a damaged chunk of points");
	memcpy(&p, sqlite3_column_blob(st, 1), sizeof p);
	if (add_piece(e, &p))
		return 0;
	const char *pyramid = sqlite3_column_blob(st, 2);
	size_t pieces = (size_t)sqlite3_column_bytes(st, 2) / sizeof p;
	for (size_t i = 0; i < pieces; i++) {
		memcpy(&p, pyramid + i * sizeof p, sizeof p);
		if (add_piece(e, &p))
			continue;
		if (!set && (rc = bn_metric_reader_read(s->reader, &set, sqlite3_column_blob(st, 3),
				     (size_t)sqlite3_column_bytes(st, 3), err)) < 0)
			return rc;
		size_t at = i * BN_CHUNK_PIECE, n = (size_t)p.points;
		if (set->count != 1 || at + n > set->items[0].count)
			return bn_sql_damaged(err, "a damaged chunk of points");
		const bn_metric_series *m = &set->items[0];
		add_points(e, m->step + at, m->time_ms + at, m->value + at, n);
	}
	return 0;
}

/* Opens the chunk with that serial number. */
static int open_chunk(envelope *e, bn_series_source *s, int64_t serial, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, s->db, err,
		"SELECT key, total, pyramid, data FROM metric_chunk WHERE run = ? AND owner = ? "
		"AND "
		"key = ? AND clock = ? AND writer = 0 AND seq = 0",
		"iiii", s->run, s->owner, s->key, serial);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) < 0)
		goto out;
	rc = rc > 0 ? add_chunk(e, s, st, err) : bn_sql_damaged(err, "a missing chunk of points");
out:
	sqlite3_reset(st);
	return rc;
}

/* Adds the pieces of a chunk, if each belongs to one bucket. */
static bool add_group(envelope *e, const bn_chunk_piece group[BN_SPAN_GROUP])
{
	size_t place[BN_SPAN_GROUP];
	for (size_t i = 0; i < BN_SPAN_GROUP; i++)
		if ((place[i] = place_of(e, &group[i])) == unclear)
			return false;
	for (size_t i = 0; i < BN_SPAN_GROUP; i++)
		if (place[i] != nowhere)
			bucket_add(e, place[i], &group[i]);
	return true;
}

/* Adds a span as a whole, by its pieces, or by the chunks below it. */
static int add_span(envelope *e, bn_series_source *s, sqlite3_stmt *st, bn_err *err)
{
	bn_chunk_piece p, pieces[BN_SPAN_PIECES];
	int64_t serial[BN_SPAN_CHUNKS];
	int rc = 0;
	if ((size_t)sqlite3_column_bytes(st, 0) != sizeof p)
		return bn_sql_damaged(err, "a damaged span of chunks");
	memcpy(&p, sqlite3_column_blob(st, 0), sizeof p);
	if (add_piece(e, &p))
		return 0;
	if ((size_t)sqlite3_column_bytes(st, 1) != sizeof pieces ||
		(size_t)sqlite3_column_bytes(st, 2) != sizeof serial)
		return bn_sql_damaged(err, "a damaged span of chunks");
	memcpy(pieces, sqlite3_column_blob(st, 1), sizeof pieces);
	memcpy(serial, sqlite3_column_blob(st, 2), sizeof serial);
	for (size_t i = 0; i < BN_SPAN_CHUNKS && rc >= 0; i++)
		if (!add_group(e, &pieces[i * BN_SPAN_GROUP]))
			rc = open_chunk(e, s, serial[i], err);
	return rc;
}

/* *covered: the serial number of the last chunk below them. */
static int gather_spans(int64_t *covered, envelope *e, bn_series_source *s, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*covered = 0;
	int rc = bn_sql_prepare(&st, s->db, err,
		"SELECT total, pyramid, data, clock FROM metric_chunk WHERE run = ? AND owner = ? "
		"AND key = ? ORDER BY clock",
		"iii", s->run, s->owner, -s->key);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		*covered = sqlite3_column_int64(st, 3);
		if ((rc = add_span(e, s, st, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Chunks above `covered`. */
static int gather_chunks(envelope *e, bn_series_source *s, int64_t covered, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, s->db, err,
		"SELECT key, total, pyramid, data FROM metric_chunk WHERE run = ? AND owner = ? "
		"AND "
		"key = ? AND clock > ? ORDER BY clock",
		"iiii", s->run, s->owner, s->key, covered);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = add_chunk(e, s, st, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

static int gather_payloads(envelope *e, bn_series_source *s, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, s->db, err,
		"SELECT key, total, pyramid, " BN_CHUNK_DATA
		" FROM metric_chunk WHERE run = ? AND owner = ? "
		"AND "
		"key = 0 ORDER BY clock, writer, seq",
		"ii", s->run, s->owner);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = add_payload(e, s, st, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

static int gather(envelope *e, bn_series_source *s, bn_err *err)
{
	const bn_series_point *p = &s->summary.first;
	int64_t covered;
	int rc;
	if (s->summary.loose) {
		add_points(e, &p->step, &p->time_ms, &p->value, 1);
		return 0;
	}
	if ((rc = gather_spans(&covered, e, s, err)) < 0 ||
		(rc = gather_chunks(e, s, covered, err)) < 0)
		return rc;
	return gather_payloads(e, s, err);
}

static int envelope_make(envelope *e, bn_series_source *s, bn_err *err)
{
	long double width = ((long double)e->to - (long double)e->from + 1) / (long double)e->n;
	for (size_t i = 0; i < e->n; i++)
		e->buckets[i] = (bn_bucket){
			.from = (int64_t)((long double)e->from + width * (long double)i),
			.to = (int64_t)((long double)e->from + width * (long double)(i + 1)),
			.min = NAN,
			.max = NAN,
			.mean = NAN,
			.last = NAN};
	e->last = bn_alloc_zeroed(e->n, sizeof *e->last);
	e->sum = bn_alloc_zeroed(e->n, sizeof *e->sum);
	e->start = bn_alloc_zeroed(e->n, sizeof *e->start);
	int rc = e->last && e->sum && e->start ? 0 : bn_err_nomem(err, "an envelope");
	if (rc < 0)
		goto out;
	starts_find(e);
	if (s->reader && (rc = gather(e, s, err)) < 0)
		goto out;
	for (size_t i = 0; i < e->n; i++)
		if (e->buckets[i].count)
			e->buckets[i].mean = e->sum[i] / (double)e->buckets[i].count;
out:
	bn_free(e->last);
	bn_free(e->sum);
	bn_free(e->start);
	return rc;
}

int bn_series_envelope(bn_bucket *buckets, size_t n, bool *any, bn_workspace *ws,
	const char *run_id, const char *key, bn_series_axis axis, int64_t from, int64_t to,
	bn_err *err)
{
	bn_series_source s;
	if (any)
		*any = false;
	if (n == 0)
		return bn_err_set(err, BN_EINVAL, "an envelope of 0 buckets");
	int rc;
	if ((rc = bn_series_source_open(&s, ws, run_id, key, err)) < 0)
		goto out;
	if (from > to) {
		from = axis == BN_AXIS_STEP ? s.summary.first.step : s.summary.min_ms;
		to = axis == BN_AXIS_STEP ? s.summary.last.step : s.summary.max_ms;
	}
	envelope e = {.buckets = buckets, .n = n, .axis = axis, .from = from, .to = to};
	rc = envelope_make(&e, &s, err);
	if (any)
		*any = e.any;
out:
	bn_series_source_close(&s);
	return rc;
}
