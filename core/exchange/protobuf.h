/*
 * protobuf.h - reads the fields of a Protocol Buffers message (the encoding of protobuf.dev, proto2 and proto3) without a
 * description of it: the caller knows the numbers. Trusts nothing: lengths are checked, varints have ten bytes at most,
 * field numbers are 1 to 2^29 - 1, and groups are refused.
 */
#ifndef BN_EXCHANGE_PROTOBUF_H
#define BN_EXCHANGE_PROTOBUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_pb {
	const uint8_t *at, *end;
} bn_pb;

typedef enum bn_pb_wire {
	BN_PB_VARINT = 0,
	BN_PB_FIXED64 = 1,
	BN_PB_BYTES = 2,
	BN_PB_FIXED32 = 5
} bn_pb_wire;

typedef struct bn_pb_field {
	uint32_t number;
	bn_pb_wire wire;
	uint64_t value; /* of all but BN_PB_BYTES */
	bn_pb bytes;    /* of BN_PB_BYTES: a text, a message, packed numbers */
} bn_pb_field;

/* 1: a field, 0: the end, -1: malformed. */
int bn_pb_next(bn_pb *message, bn_pb_field *out);
/* A varint from packed numbers; false if there is none. */
bool bn_pb_varint(bn_pb *at, uint64_t *out);

bool bn_pb_is(const bn_pb_field *f, uint32_t number, bn_pb_wire wire);
double bn_pb_double(uint64_t bits);
float bn_pb_float(uint32_t bits);
static inline size_t bn_pb_length(bn_pb b)
{
	return (size_t)(b.end - b.at);
}
/* Copies a text with a NUL; false if it does not fit in size, is no UTF-8 or has a byte 0. */
bool bn_pb_text(char *out, size_t size, bn_pb text);

#endif
