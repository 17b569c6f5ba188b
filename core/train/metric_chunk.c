/* metric_chunk.c - see metric_chunk.h. */
#include "core/train/metric_chunk.h"

#include "core/base/mem.h"

#include <string.h>
#include <zstd.h>

static const char magic[4] = {'B', 'N', 'M', '1'};

/* ---- sets ----------------------------------------------------------------------------------- */

static bn_metric_series *series_find(bn_metric_set *set, const char *key)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->items[i].key, key))
			return &set->items[i];
	return NULL;
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
	size_t cap = s->cap ? s->cap * 2 : 64;
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
	bn_metric_series *s = series_find(set, key);
	if (!s)
		s = series_add(set, key, strlen(key));
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
	*set = (bn_metric_set)BN_METRIC_SET_INIT;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_varint(bn_buf *b, uint64_t v)
{
	unsigned char bytes[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (unsigned char)(v | 0x80);
	bytes[n++] = (unsigned char)v;
	bn_buf_add(b, bytes, n);
}

/* Differences are taken modulo 2^64, so no pair of values overflows. */
static uint64_t zigzag(uint64_t v)
{
	return v << 1 ^ (uint64_t) - (v >> 63);
}

static uint64_t unzigzag(uint64_t v)
{
	return v >> 1 ^ (uint64_t) - (v & 1);
}

static void put_series(bn_buf *b, const bn_metric_series *s)
{
	size_t len = strlen(s->key);
	put_varint(b, len);
	bn_buf_add(b, s->key, len);
	put_varint(b, s->count);
	uint64_t last = 0, slope = 0, bits = 0;
	for (size_t i = 0; i < s->count; i++) {
		put_varint(b, zigzag((uint64_t)s->step[i] - last));
		last = (uint64_t)s->step[i];
	}
	last = 0;
	for (size_t i = 0; i < s->count; i++) {
		uint64_t delta = (uint64_t)s->time_ms[i] - last;
		put_varint(b, zigzag(delta - slope));
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
	put_varint(&raw, series);
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

typedef struct cursor {
	const unsigned char *at, *end;
	bool bad;
} cursor;

static uint64_t get_varint(cursor *c)
{
	uint64_t v = 0;
	for (int shift = 0; shift < 64; shift += 7) {
		if (c->at == c->end)
			break;
		unsigned char byte = *c->at++;
		if (shift == 63 && byte > 1)
			break;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	c->bad = true;
	return 0;
}

static size_t left(const cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* False without memory; what is wrong with the bytes goes to c->bad. */
static bool get_series(cursor *c, bn_metric_set *out)
{
	uint64_t len = get_varint(c);
	if (c->bad || len == 0 || len > left(c) || memchr(c->at, '\0', (size_t)len)) {
		c->bad = true;
		return true;
	}
	bn_metric_series *s = series_add(out, (const char *)c->at, (size_t)len);
	c->at += len;
	uint64_t n = get_varint(c);
	/* A point takes 10 bytes at least, which bounds n by what is there. */
	if (c->bad || n > left(c) / 10) {
		c->bad = true;
		return s != NULL;
	}
	if (!s || series_reserve(s, (size_t)n) != 0)
		return false;
	uint64_t last = 0, slope = 0, bits = 0;
	for (size_t i = 0; i < n; i++) {
		last += unzigzag(get_varint(c));
		s->step[i] = (int64_t)last;
	}
	last = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t delta = unzigzag(get_varint(c)) + slope;
		last += delta;
		s->time_ms[i] = (int64_t)last;
		slope = i == 0 ? 0 : delta;
	}
	if (c->bad || n > left(c) / 8) {
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

int bn_metric_chunk_read(bn_metric_set *out, const void *bytes, size_t n, bn_err *err)
{
	*out = (bn_metric_set)BN_METRIC_SET_INIT;
	const unsigned char *p = bytes;
	if (n < 8 || memcmp(p, magic, sizeof magic) != 0)
		return bn_err_set(err, BN_ECORRUPT, "not a metric chunk");
	size_t size = (size_t)p[4] | (size_t)p[5] << 8 | (size_t)p[6] << 16 | (size_t)p[7] << 24;
	if (size == 0 || size > BN_METRIC_CHUNK_MAX)
		return bn_err_set(err, BN_ECORRUPT, "metric chunk of %zu bytes", size);
	unsigned char *raw = bn_alloc(size);
	if (!raw)
		return bn_err_nomem(err, "a metric chunk");
	int rc = 0;
	size_t got = ZSTD_decompress(raw, size, p + 8, n - 8);
	cursor c = {raw, raw + size, ZSTD_isError(got) || got != size};
	uint64_t series = c.bad ? 0 : get_varint(&c);
	for (uint64_t i = 0; i < series && !c.bad && rc == 0; i++)
		if (!get_series(&c, out))
			rc = bn_err_nomem(err, "metric points");
	if (rc == 0 && (c.bad || left(&c) != 0))
		rc = bn_err_set(err, BN_ECORRUPT, "damaged metric chunk");
	if (rc != 0)
		bn_metric_set_release(out);
	bn_free(raw);
	return rc;
}
