/* cell_hash.c - see cell_hash.h. */
#include "core/profile/cell_hash.h"

#include "core/profile/tally.h"

#include <math.h>
#include <string.h>

static void mix(uint64_t *a, uint64_t *b, uint64_t x)
{
	*a = bn_hash_bits(*a ^ x) + UINT64_C(0x9e3779b97f4a7c15);
	*b = bn_hash_bits(*b + (x ^ UINT64_C(0xd6e8feb86659fd93))) ^ UINT64_C(0xa0761d6478bd642f);
}

static void mix_bytes(uint64_t *a, uint64_t *b, bn_text t)
{
	mix(a, b, bn_hash_text(t.ptr, t.len));
	/* A second, independent hash of the bytes. */
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t k = 0; k < t.len; k++)
		h = (h ^ (unsigned char)t.ptr[k]) * UINT64_C(0x100000001b3);
	mix(a, b, h);
}

static void mix_list(uint64_t *a, uint64_t *b, const bn_column *c, size_t row)
{
	size_t from, n;
	bn_column_list(c, row, &from, &n);
	mix(a, b, n);
	for (size_t i = 0; i < n; i++)
		bn_cell_hash(a, b, c->child, from + i);
}

static void mix_number(uint64_t *a, uint64_t *b, const bn_column *c, size_t row)
{
	int64_t i = 0;
	uint64_t bits;
	if (c->type == BN_TYPE_UINT64) {
		mix(a, b, c->u64[row]);
	} else if (c->type == BN_TYPE_DECIMAL) {
		mix(a, b, c->dec[row].low);
		mix(a, b, (uint64_t)c->dec[row].high);
	} else if (bn_column_int(c, row, &i)) {
		mix(a, b, (uint64_t)i);
	} else {
		double x = bn_column_number(c, row);
		x = x == 0 ? 0 : x;
		memcpy(&bits, &x, sizeof bits);
		mix(a, b, bits);
	}
}

bool bn_cell_hash(uint64_t *a, uint64_t *b, const bn_column *c, size_t row)
{
	if (bn_column_is_absent(c, row)) {
		mix(a, b, UINT64_C(0x6e756c6c));
		return false;
	}
	if (bn_type_is_list(c->type))
		mix_list(a, b, c, row);
	else if (bn_type_is_scalar(c->type))
		mix_number(a, b, c, row);
	else
		mix_bytes(a, b, bn_column_bytes(c, row));
	return true;
}
