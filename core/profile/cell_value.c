/* cell_value.c - see _cell_value.h. */
#include "core/profile/_cell_value.h"

#include <string.h>

bool bn_cell_text(const bn_column *c, size_t row, bn_buf *scratch, bn_text *out)
{
	*out = bn_column_text(c, row);
	if (out->ptr)
		return true;
	bn_buf_clear(scratch);
	if (!bn_column_format(c, row, scratch))
		return false;
	*out = (bn_text){scratch->ptr, scratch->len};
	if (scratch->len == 2 && !memcmp(scratch->ptr, "-0", 2))
		*out = (bn_text){scratch->ptr + 1, 1};
	return true;
}

bool bn_cell_has_bits(bn_type type)
{
	return type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32 ||
	       (bn_type_is_scalar(type) && type != BN_TYPE_DECIMAL);
}

uint64_t bn_cell_bits(const bn_column *c, size_t row)
{
	int64_t whole = 0;
	uint64_t bits;
	double x;
	if (c->type == BN_TYPE_UINT64)
		return c->u64[row];
	if (c->type != BN_TYPE_FLOAT64 && c->type != BN_TYPE_FLOAT32) {
		bn_column_int(c, row, &whole);
		return (uint64_t)whole;
	}
	x = (c->type == BN_TYPE_FLOAT64 ? c->f64[row] : (double)c->f32[row]) + 0.0;
	if (x != x)
		return UINT64_MAX; /* NaN, with any bits */
	memcpy(&bits, &x, sizeof bits);
	return bits;
}
