/*
 * metric_chunk.h - the points of one or more metric series as one block of bytes: the payload of
 * run.metrics, and the blob in the index.
 *
 *	"BNM1"   magic
 *	u32      length of what follows when unpacked, little-endian
 *	zstd of: varint series; per series: varint key length, key, varint points,
 *	         steps (zigzag varint deltas), times in ms (zigzag varint deltas of deltas), values
 *	         (8 planes of bytes of the XOR with the previous value's bits)
 *
 * Values are restored bit for bit, including NaN payloads and infinities. The bytes are a pure
 * function of the points. Reading trusts nothing: lengths are bounded, a bad block is
 * BN_ECORRUPT.
 */
#ifndef BN_RUN_METRIC_CHUNK_H
#define BN_RUN_METRIC_CHUNK_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define BN_METRIC_CHUNK_POINTS 4096     /* a writer flushes a series that has grown to this */
#define BN_METRIC_CHUNK_MAX (64u << 20) /* bytes unpacked */

typedef struct bn_metric_series {
	char *key;
	int64_t *step, *time_ms;
	double *value;
	size_t count, cap;
} bn_metric_series;

typedef struct bn_metric_set {
	bn_metric_series *items;
	size_t count, cap;
	size_t points;                 /* of all series */
	uint32_t *slots;               /* positions of the keys by hash, if there are many */
	size_t slot_count, slot_known; /* a power of two; how many of the series are in it */
} bn_metric_set;

#define BN_METRIC_SET_INIT \
	{ \
		NULL, 0, 0, 0, NULL, 0, 0 \
	}
/* The index of the series in items; set->count if there is none. Not for a reader's set. */
size_t bn_metric_set_find(bn_metric_set *set, const char *key);
/* Adds a point; creates the series if it is new. -1 if out of memory. */
int bn_metric_set_add(
	bn_metric_set *set, const char *key, int64_t step, int64_t time_ms, double value);
void bn_metric_set_clear(bn_metric_set *set); /* removes the points; keeps keys and memory */
void bn_metric_set_release(bn_metric_set *set);

/* Series without points are left out. Appends to out. */
int bn_metric_chunk_write(bn_buf *out, const bn_metric_set *set, bn_err *err);
/* *out is initialised here and yours (release) on success. */
int bn_metric_chunk_read(bn_metric_set *out, const void *bytes, size_t n, bn_err *err);

/* Reads successive blocks with the same memory. The reader owns the set until the next read; a
 * key may occur twice in it. */
typedef struct bn_metric_reader bn_metric_reader;
int bn_metric_reader_new(bn_metric_reader **out, bn_err *err);
int bn_metric_reader_read(
	bn_metric_reader *r, const bn_metric_set **out, const void *bytes, size_t n, bn_err *err);
/* The same, but only the series of that key: the others are passed over, and their points are not checked. */
int bn_metric_reader_find(bn_metric_reader *r, const bn_metric_set **out, const char *key,
	const void *bytes, size_t n, bn_err *err);
void bn_metric_reader_free(bn_metric_reader *r);

#endif
