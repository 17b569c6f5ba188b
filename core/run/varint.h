/*
 * varint.h - small integers in few bytes: 7 bits a byte, the lowest first, the top bit of a byte
 * says that more follows. Signed ones are zigzagged (0, -1, 1, -2, ...). Differences are taken
 * modulo 2^64, so no pair of values overflows.
 */
#ifndef BN_RUN_VARINT_H
#define BN_RUN_VARINT_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void bn_varint_put(bn_buf *b, uint64_t v)
{
	unsigned char bytes[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (unsigned char)(v | 0x80);
	bytes[n++] = (unsigned char)v;
	bn_buf_add(b, bytes, n);
}

static inline uint64_t bn_zigzag(uint64_t v)
{
	return v << 1 ^ (uint64_t) - (v >> 63);
}

static inline uint64_t bn_unzigzag(uint64_t v)
{
	return v >> 1 ^ (uint64_t) - (v & 1);
}

/* Never reads past the end: a truncated field sets bad and reads as 0. */
typedef struct bn_cursor {
	const unsigned char *at, *end;
	bool bad;
} bn_cursor;

static inline size_t bn_cursor_left(const bn_cursor *c)
{
	return (size_t)(c->end - c->at);
}

static inline uint64_t bn_cursor_varint(bn_cursor *c)
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

static inline bool bn_cursor_bytes(bn_cursor *c, void *out, size_t n)
{
	if (bn_cursor_left(c) < n) {
		c->bad = true;
		memset(out, 0, n);
		return false;
	}
	memcpy(out, c->at, n);
	c->at += n;
	return true;
}

#endif
