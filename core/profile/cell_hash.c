/* cell_hash.c - see cell_hash.h. */
#include "core/profile/cell_hash.h"

#include "core/base/hash_key.h"
#include "core/profile/_cell_value.h"
#include "core/profile/tally.h"

static void mix(uint64_t *a, uint64_t *b, uint64_t x)
{
	*a = bn_hash_bits(*a ^ x) + UINT64_C(0x9e3779b97f4a7c15);
	*b = bn_hash_bits(*b + (x ^ UINT64_C(0xd6e8feb86659fd93))) ^ UINT64_C(0xa0761d6478bd642f);
}

static void mix_bytes(uint64_t *a, uint64_t *b, bn_text t)
{
	mix(a, b, bn_hash_text(t.ptr, t.len));
	mix(a, b, bn_hash_key_bytes(BN_HASH_KEY, t.ptr, t.len)); /* independent of that */
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
	if (bn_cell_has_bits(c->type)) {
		mix(a, b, bn_cell_bits(c, row));
	} else {
		mix(a, b, c->dec[row].low);
		mix(a, b, (uint64_t)c->dec[row].high);
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
