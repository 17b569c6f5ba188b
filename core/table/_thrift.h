/*
 * _thrift.h - writing Thrift's compact protocol, in which Parquet describes itself
 * (thrift/doc/specs/thrift-compact-protocol.md). Not for other modules.
 *
 * Fields of a struct must come in ascending order of their numbers.
 */
#ifndef BN_TABLE__THRIFT_H
#define BN_TABLE__THRIFT_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { BN_THRIFT_DEPTH = 16 };

typedef enum bn_thrift_type {
	BN_THRIFT_TRUE = 1,
	BN_THRIFT_FALSE = 2,
	BN_THRIFT_BYTE = 3,
	BN_THRIFT_I32 = 5,
	BN_THRIFT_I64 = 6,
	BN_THRIFT_BINARY = 8,
	BN_THRIFT_LIST = 9,
	BN_THRIFT_STRUCT = 12,
} bn_thrift_type;

typedef struct bn_thrift {
	bn_buf *out;
	int last[BN_THRIFT_DEPTH]; /* number of the last field of each open struct */
	int depth;
} bn_thrift;

void bn_thrift_begin(bn_thrift *t, bn_buf *out); /* opens the outer struct */
void bn_thrift_end(bn_thrift *t);                /* of the innermost struct */
void bn_thrift_bool(bn_thrift *t, int field, bool value);
void bn_thrift_byte(bn_thrift *t, int field, int8_t value);
void bn_thrift_i32(bn_thrift *t, int field, int32_t value);
void bn_thrift_i64(bn_thrift *t, int field, int64_t value);
void bn_thrift_binary(bn_thrift *t, int field, const void *bytes, size_t n);
void bn_thrift_struct(bn_thrift *t, int field); /* opens one */
/* Then the items, which have no field number. */
void bn_thrift_list(bn_thrift *t, int field, bn_thrift_type items, size_t count);
void bn_thrift_item_i32(bn_thrift *t, int32_t value);
void bn_thrift_item_binary(bn_thrift *t, const void *bytes, size_t n);
void bn_thrift_item_struct(bn_thrift *t); /* opens one */

#endif
