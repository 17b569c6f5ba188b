/* metric_chunk.c - see metric_chunk.h. */
#include "core/run/metric_chunk.h"

#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/run/varint.h"

#include <string.h>
#include <zstd.h>

static const char magic[4] = {'B', 'N', 'M', '1'};

/* ---- sets ----------------------------------------------------------------------------------- */

enum { SLOTS_FROM = 16 }; /* below this many series, comparing keys is as fast */

/* The slot of the key: free (place 0), or that of the series at place - 1. */
static uint32_t *slot_of(const bn_metric_set *set, const char *key)
{
	size_t mask = set->slot_count - 1, i = bn_hash_slot(bn_hash_key(key), set->slot_count);
	while (set->slots[i] && strcmp(set->items[set->slots[i] - 1].key, key) != 0)
		i = (i + 1) & mask;
	return &set->slots[i];
}

/* Updates the slots for the series. False if out of memory. */
static bool slots_ready(bn_metric_set *set)
{
	if (set->slot_known == set->count)
		return true;
	if (set->count * 2 > set->slot_count) {
		size_t n = set->slot_count ? set->slot_count : SLOTS_FROM * 2;
		while (n < set->count * 2)
			n *= 2;
		uint32_t *slots = bn_alloc_zeroed(n, sizeof *slots);
		if (!slots)
			return false;
		bn_free(set->slots);
		set->slots = slots;
		set->slot_count = n;
		set->slot_known = 0;
	}
	for (; set->slot_known < set->count; set->slot_known++)
		*slot_of(set, set->items[set->slot_known].key) = (uint32_t)set->slot_known + 1;
	return true;
}

size_t bn_metric_set_find(bn_metric_set *set, const char *key)
{
	if (set->count >= SLOTS_FROM && set->count < UINT32_MAX && slots_ready(set)) {
		uint32_t place = *slot_of(set, key);
		return place ? place - 1 : set->count;
	}
	size_t i = 0;
	while (i < set->count && strcmp(set->items[i].key, key) != 0)
		i++;
	return i;
}

static bn_metric_series *series_add(bn_metric_set *set, const char *key, size_t len)
{
	if (bn_grow(&set->items, &set->cap, set->count + 1, sizeof *set->items) != 0)
		return NULL;
	bn_metric_series *s = &set->items[set->count];
	memset(s, 0, sizeof *s);
	s->key = bn_strndup(key, len);
	if (!s->key)
		return NULL;
	set->count++;
	return s;
}

static int series_reserve(bn_metric_series *s, size_t need)
{
	if (need <= s->cap)
		return 0;
	size_t cap = s->cap ? s->cap * 2 : 8; /* a program may have a thousand series */
	while (cap < need)
		cap *= 2;
	int64_t *step = bn_realloc(s->step, cap * sizeof *step);
	s->step = step ? step : s->step;
	int64_t *time_ms = bn_realloc(s->time_ms, cap * sizeof *time_ms);
	s->time_ms = time_ms ? time_ms : s->time_ms;
	double *value = bn_realloc(s->value, cap * sizeof *value);
	s->value = value ? value : s->value;
	if (!step || !time_ms || !value)
		return -1;
	s->cap = cap;
	return 0;
}

int bn_metric_set_add(
	bn_metric_set *set, const char *key, int64_t step, int64_t time_ms, double value)
{
	size_t at = bn_metric_set_find(set, key);
	bn_metric_series *s = at < set->count ? &set->items[at] : series_add(set, key, strlen(key));
	if (!s || series_reserve(s, s->count + 1) != 0)
		return -1;
	s->step[s->count] = step;
	s->time_ms[s->count] = time_ms;
	s->value[s->count++] = value;
	set->points++;
	return 0;
}

void bn_metric_set_clear(bn_metric_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		set->items[i].count = 0;
	set->points = 0;
}

void bn_metric_set_release(bn_metric_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		bn_free(set->items[i].key);
		bn_free(set->items[i].step);
		bn_free(set->items[i].time_ms);
		bn_free(set->items[i].value);
	}
	bn_free(set->items);
	bn_free(set->slots);
	*set = (bn_metric_set)BN_METRIC_SET_INIT;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_series(bn_buf *b, const bn_metric_series *s)
{
	size_t len = strlen(s->key);
	bn_varint_put(b, len);
	bn_buf_add(b, s->key, len);
	bn_varint_put(b, s->count);
	uint64_t last = 0, slope = 0, bits = 0;
	for (size_t i = 0; i < s->count; i++) {
		bn_varint_put(b, bn_zigzag((uint64_t)s->step[i] - last));
		last = (uint64_t)s->step[i];
	}
	last = 0;
	for (size_t i = 0; i < s->count; i++) {
		uint64_t delta = (uint64_t)s->time_ms[i] - last;
		bn_varint_put(b, bn_zigzag(delta - slope));
		last = (uint64_t)s->time_ms[i];
		slope = i == 0 ? 0 : delta;
	}
	if (bn_buf_reserve(b, s->count * 8) != 0)
		return;
	unsigned char *plane = (unsigned char *)b->ptr + b->len;
	for (size_t i = 0; i < s->count; i++) {
		uint64_t now;
		memcpy(&now, &s->value[i], sizeof now);
		uint64_t x = now ^ bits;
		bits = now;
		for (int k = 0; k < 8; k++)
			plane[(size_t)k * s->count + i] = (unsigned char)(x >> (8 * k));
	}
	b->len += s->count * 8;
	b->ptr[b->len] = '\0';
}

int bn_metric_chunk_write(bn_buf *out, const bn_metric_set *set, bn_err *err)
{
	bn_buf raw = BN_BUF_INIT;
	int rc = 0;
	size_t series = 0;
	for (size_t i = 0; i < set->count; i++)
		series += set->items[i].count > 0;
	bn_varint_put(&raw, series);
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].count)
			put_series(&raw, &set->items[i]);
	if ((rc = bn_buf_check(&raw, err, "a metric chunk")) != 0)
		goto out;
	if (raw.len > BN_METRIC_CHUNK_MAX) {
		rc = bn_err_set(err, BN_EINVAL,
			"a metric chunk of %zu bytes is over the limit of %u", raw.len,
			BN_METRIC_CHUNK_MAX);
		goto out;
	}
	size_t bound = ZSTD_compressBound(raw.len);
	unsigned char length[4];
	for (int k = 0; k < 4; k++)
		length[k] = (unsigned char)(raw.len >> (8 * k));
	bn_buf_add(out, magic, sizeof magic);
	bn_buf_add(out, length, sizeof length);
	if (bn_buf_reserve(out, bound) != 0) {
		rc = bn_err_nomem(err, "a metric chunk");
		goto out;
	}
	size_t n = ZSTD_compress(out->ptr + out->len, bound, raw.ptr, raw.len, 1);
	if (ZSTD_isError(n)) {
		rc = bn_err_set(err, BN_EIO, "cannot pack metrics: %s", ZSTD_getErrorName(n));
		goto out;
	}
	out->len += n;
	out->ptr[out->len] = '\0';
out:
	bn_buf_release(&raw);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The series at position at, with the key; reuses an existing one. */
static bn_metric_series *series_at(bn_metric_set *set, size_t at, const char *key, size_t len)
{
	if (at == set->count)
		return series_add(set, key, len);
	bn_metric_series *s = &set->items[at];
	if (strlen(s->key) == len && !memcmp(s->key, key, len))
		return s;
	char *copy = bn_strndup(key, len);
	if (!copy)
		return NULL;
	bn_free(s->key);
	s->key = copy;
	return s;
}

/* Over n numbers: each ends with a byte below 0x80. */
static void pass_varints(bn_cursor *c, uint64_t n)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t eight;
	while (n >= 8 && bn_cursor_left(c) >= sizeof eight) {
		memcpy(&eight, c->at, sizeof eight);
		n -= ((~eight >> 7 & ones) * ones) >> 56; /* how many end among these */
		c->at += sizeof eight;
	}
	while (n > 0 && c->at < c->end)
		n -= *c->at++ < 0x80;
	c->bad = c->bad || n > 0;
}

static void pass_points(bn_cursor *c)
{
	uint64_t n = bn_cursor_varint(c);
	if (c->bad || n > bn_cursor_left(c) / 10) { /* as in get_series */
		c->bad = true;
		return;
	}
	pass_varints(c, 2 * n);
	if (c->bad || n > bn_cursor_left(c) / 8)
		c->bad = true;
	else
		c->at += 8 * n;
}

/* False if out of memory; faults in the bytes go to c->bad. only: of other keys the points are passed over, and *at is
 * not the next series; NULL: every one is taken. */
static bool get_series(bn_cursor *c, bn_metric_set *out, size_t *at, const char *only)
{
	uint64_t len = bn_cursor_varint(c);
	if (c->bad || len == 0 || len > bn_cursor_left(c) || memchr(c->at, '\0', (size_t)len)) {
		c->bad = true;
		return true;
	}
	const char *key = (const char *)c->at;
	c->at += len;
	if (only && (strlen(only) != len || memcmp(only, key, (size_t)len) != 0)) {
		pass_points(c);
		return true;
	}
	bn_metric_series *s = series_at(out, (*at)++, key, (size_t)len);
	uint64_t n = bn_cursor_varint(c);
	/* A point takes at least 10 bytes, which bounds n by the input. */
	if (c->bad || n > bn_cursor_left(c) / 10) {
		c->bad = true;
		return s != NULL;
	}
	if (!s || series_reserve(s, (size_t)n) != 0)
		return false;
	uint64_t last = 0, slope = 0, bits = 0;
	for (size_t i = 0; i < n; i++) {
		last += bn_unzigzag(bn_cursor_varint(c));
		s->step[i] = (int64_t)last;
	}
	last = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t delta = bn_unzigzag(bn_cursor_varint(c)) + slope;
		last += delta;
		s->time_ms[i] = (int64_t)last;
		slope = i == 0 ? 0 : delta;
	}
	if (c->bad || n > bn_cursor_left(c) / 8) {
		c->bad = true;
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 8; k++)
			bits ^= (uint64_t)c->at[(size_t)k * n + i] << (8 * k);
		memcpy(&s->value[i], &bits, sizeof bits);
	}
	c->at += 8 * n;
	s->count = (size_t)n;
	out->points += (size_t)n;
	return true;
}

struct bn_metric_reader {
	ZSTD_DCtx *zstd;
	unsigned char *raw;
	size_t raw_cap;
	bn_metric_set set; /* memory for as many series as any block had */
	size_t series;
};

int bn_metric_reader_new(bn_metric_reader **out, bn_err *err)
{
	bn_metric_reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (r)
		r->zstd = ZSTD_createDCtx();
	if (!r || !r->zstd) {
		bn_free(r);
		return bn_err_nomem(err, "a reader of metrics");
	}
	*out = r;
	return 0;
}

void bn_metric_reader_free(bn_metric_reader *r)
{
	if (!r)
		return;
	ZSTD_freeDCtx(r->zstd);
	r->set.count = r->series > r->set.count ? r->series : r->set.count;
	bn_metric_set_release(&r->set);
	bn_free(r->raw);
	bn_free(r);
}

static int reader_unpack(
	bn_metric_reader *r, bn_cursor *c, const void *bytes, size_t n, bn_err *err)
{
	const unsigned char *p = bytes;
	if (n < 8 || memcmp(p, magic, sizeof magic) != 0)
		return bn_err_set(err, BN_ECORRUPT, "not a metric chunk");
	size_t size = (size_t)p[4] | (size_t)p[5] << 8 | (size_t)p[6] << 16 | (size_t)p[7] << 24;
	if (size == 0 || size > BN_METRIC_CHUNK_MAX)
		return bn_err_set(err, BN_ECORRUPT, "metric chunk of %zu bytes", size);
	if (bn_grow(&r->raw, &r->raw_cap, size, 1) != 0)
		return bn_err_nomem(err, "a metric chunk");
	size_t got = ZSTD_decompressDCtx(r->zstd, r->raw, size, p + 8, n - 8);
	*c = (bn_cursor){r->raw, r->raw + size, ZSTD_isError(got) || got != size};
	return 0;
}

/* only: see get_series. */
static int reader_read(bn_metric_reader *r, const bn_metric_set **out, const char *only,
	const void *bytes, size_t n, bn_err *err)
{
	bn_cursor c = {NULL, NULL, true};
	int rc;
	if ((rc = reader_unpack(r, &c, bytes, n, err)) < 0)
		return rc;
	r->series = r->series > r->set.count ? r->series : r->set.count;
	r->set.count = r->series; /* their memory is used again */
	bn_metric_set_clear(&r->set);
	uint64_t series = c.bad ? 0 : bn_cursor_varint(&c);
	size_t at = 0;
	for (uint64_t i = 0; i < series && !c.bad; i++)
		if (!get_series(&c, &r->set, &at, only)) {
			rc = bn_err_nomem(err, "metric points");
			break;
		}
	r->series = r->set.count;
	r->set.count = at < r->series ? at : r->series;
	if (rc < 0)
		return rc;
	if (c.bad || bn_cursor_left(&c) != 0)
		return bn_err_set(err, BN_ECORRUPT, "damaged metric chunk");
	*out = &r->set;
	return 0;
}

int bn_metric_reader_read(
	bn_metric_reader *r, const bn_metric_set **out, const void *bytes, size_t n, bn_err *err)
{
	return reader_read(r, out, NULL, bytes, n, err);
}

int bn_metric_reader_find(bn_metric_reader *r, const bn_metric_set **out, const char *key,
	const void *bytes, size_t n, bn_err *err)
{
	return reader_read(r, out, key, bytes, n, err);
}

int bn_metric_chunk_read(bn_metric_set *out, const void *bytes, size_t n, bn_err *err)
{
	bn_metric_reader *r = NULL;
	const bn_metric_set *set;
	int rc;
	*out = (bn_metric_set)BN_METRIC_SET_INIT;
	if ((rc = bn_metric_reader_new(&r, err)) < 0)
		return rc;
	if ((rc = bn_metric_reader_read(r, &set, bytes, n, err)) < 0)
		goto out;
	*out = r->set;
	r->set = (bn_metric_set)BN_METRIC_SET_INIT;
	r->series = 0;
out:
	bn_metric_reader_free(r);
	return rc;
}
