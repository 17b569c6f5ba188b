/*
 * _flatbuf.h - the part of FlatBuffers that Arrow's metadata needs: checked reading, and writing.
 *
 * Format: "FlatBuffers internals" (https://flatbuffers.dev/internals/). All numbers little-endian.
 *
 * Reading trusts nothing: every offset is checked against the buffer before it is followed. A
 * broken one sets bn_fb.bad and yields "absent", so a caller reads what it needs and checks once
 * at the end. Writing goes forward: a table or vector is appended, and the slot that refers to it
 * is patched. (FlatBuffers' own builders write backwards; readers cannot tell, since references
 * only need to point to higher addresses.)
 */
#ifndef BN_TABLE_FLATBUF_H
#define BN_TABLE_FLATBUF_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Arrow files are mapped as they lie");

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct bn_fb {
	const uint8_t *base;
	size_t size;
	bool bad; /* something pointed outside */
} bn_fb;

typedef struct bn_fb_table {
	bn_fb *fb; /* NULL: absent; every field of it is absent too */
	size_t pos, vtable;
	size_t table_size, vtable_size;
} bn_fb_table;

typedef struct bn_fb_vector {
	bn_fb *fb;
	size_t pos; /* of element 0 */
	size_t count;
} bn_fb_vector;

bn_fb_table bn_fb_root(bn_fb *fb);
/* Scalars: fallback when the field is absent. */
int64_t bn_fb_int(bn_fb_table t, int field, size_t width, int64_t fallback); /* width 1, 2, 4, 8 */
bn_fb_table bn_fb_child(bn_fb_table t, int field);
bool bn_fb_string(bn_fb_table t, int field, const char **s, size_t *n); /* false: absent */
bn_fb_vector bn_fb_list(bn_fb_table t, int field, size_t element_bytes);
bn_fb_table bn_fb_list_table(bn_fb_vector v, size_t i);
int64_t bn_fb_list_i64(bn_fb_vector v, size_t i, size_t element_bytes, size_t at);
int32_t bn_fb_list_i32(bn_fb_vector v, size_t i, size_t element_bytes, size_t at);

/* ---- writing -------------------------------------------------------------------------------- */

/* A field of a table to write: bytes 0 means absent; a reference has bytes 4 and value 0. */
typedef struct bn_fbw_field {
	unsigned bytes;
	int64_t value;
} bn_fbw_field;

#define BN_FBW_NONE \
	{ \
		0, 0 \
	}
#define BN_FBW_REF \
	{ \
		4, 0 \
	}
#define BN_FBW_MAX_FIELDS 8

/* Appends a table with n <= 8 fields; slots[i] (may be NULL) gets the position of field i, for
 * bn_fbw_refer. Returns the table's position. */
size_t bn_fbw_table(bn_buf *b, const bn_fbw_field *fields, size_t n, size_t *slots);
void bn_fbw_refer(bn_buf *b, size_t slot, size_t target); /* patches slot to point to target */
size_t bn_fbw_string(bn_buf *b, const char *s);
/* A vector of count references, to be patched one by one; *first gets the position of the
 * first. */
size_t bn_fbw_refs(bn_buf *b, size_t count, size_t *first);
/* Begins a vector of structs with 8-byte alignment; the caller appends count * struct bytes. */
size_t bn_fbw_structs(bn_buf *b, size_t count);
void bn_fbw_i64(bn_buf *b, int64_t x);
void bn_fbw_pad(bn_buf *b, size_t alignment);

#endif
