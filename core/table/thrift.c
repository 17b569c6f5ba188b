/* thrift.c - see _thrift.h. */
#include "core/table/_thrift.h"

#include "core/base/err.h"

static void varint(bn_thrift *t, uint64_t n)
{
	while (n >= 0x80) {
		bn_buf_addch(t->out, (char)(n | 0x80));
		n >>= 7;
	}
	bn_buf_addch(t->out, (char)n);
}

static void zigzag(bn_thrift *t, int64_t n)
{
	varint(t, ((uint64_t)n << 1) ^ (uint64_t)(n >> 63));
}

static void header(bn_thrift *t, int field, bn_thrift_type type)
{
	int *last = &t->last[t->depth], delta = field - *last;
	BN_BUG(delta <= 0 || delta > 15);
	bn_buf_addch(t->out, (char)(delta << 4 | (int)type));
	*last = field;
}

static void struct_open(bn_thrift *t)
{
	BN_BUG(t->depth + 1 == BN_THRIFT_DEPTH);
	t->last[++t->depth] = 0;
}

void bn_thrift_begin(bn_thrift *t, bn_buf *out)
{
	*t = (bn_thrift){.out = out, .depth = -1};
	struct_open(t);
}

void bn_thrift_end(bn_thrift *t)
{
	bn_buf_addch(t->out, '\0');
	t->depth--;
}

void bn_thrift_bool(bn_thrift *t, int field, bool value)
{
	header(t, field, value ? BN_THRIFT_TRUE : BN_THRIFT_FALSE);
}

void bn_thrift_byte(bn_thrift *t, int field, int8_t value)
{
	header(t, field, BN_THRIFT_BYTE);
	bn_buf_addch(t->out, (char)value);
}

void bn_thrift_i32(bn_thrift *t, int field, int32_t value)
{
	header(t, field, BN_THRIFT_I32);
	zigzag(t, value);
}

void bn_thrift_i64(bn_thrift *t, int field, int64_t value)
{
	header(t, field, BN_THRIFT_I64);
	zigzag(t, value);
}

void bn_thrift_binary(bn_thrift *t, int field, const void *bytes, size_t n)
{
	header(t, field, BN_THRIFT_BINARY);
	bn_thrift_item_binary(t, bytes, n);
}

void bn_thrift_struct(bn_thrift *t, int field)
{
	header(t, field, BN_THRIFT_STRUCT);
	struct_open(t);
}

void bn_thrift_list(bn_thrift *t, int field, bn_thrift_type items, size_t count)
{
	header(t, field, BN_THRIFT_LIST);
	bn_buf_addch(t->out, (char)((count < 15 ? count : 15) << 4 | (size_t)items));
	if (count >= 15)
		varint(t, count);
}

void bn_thrift_item_i32(bn_thrift *t, int32_t value)
{
	zigzag(t, value);
}

void bn_thrift_item_binary(bn_thrift *t, const void *bytes, size_t n)
{
	varint(t, n);
	bn_buf_add(t->out, bytes, n);
}

void bn_thrift_item_struct(bn_thrift *t)
{
	struct_open(t);
}
