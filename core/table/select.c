/* select.c - see select.h. */
#include "core/table/select.h"

#include <string.h>

static bool bit_get(const uint8_t *bits, size_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

static void bit_set(uint8_t *bits, size_t i)
{
	bits[i >> 3] = (uint8_t)(bits[i >> 3] | 1u << (i & 7));
}

static int select_validity(bn_column *to, const bn_column *from, const uint32_t *rows, size_t n,
	bn_arena *arena, bn_err *err)
{
	if (!from->validity)
		return 0;
	uint8_t *bits = bn_arena_alloc(arena, n / 8 + 1);
	if (!bits)
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < n; i++) {
		if (bit_get(from->validity, rows[i]))
			bit_set(bits, i);
		else
			to->nulls++;
	}
	to->validity = bits;
	return 0;
}

static int select_strings(bn_column *to, const bn_column *from, const uint32_t *rows, size_t n,
	bn_arena *arena, bn_err *err)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += bn_column_text(from, rows[i]).len;
	int32_t *ends = bn_arena_alloc(arena, (n + 1) * sizeof *ends);
	char *text = bn_arena_alloc(arena, bytes + 1);
	if (!ends || !text || bytes > INT32_MAX)
		return bn_err_nomem(err, "rows of text");
	size_t at = 0;
	for (size_t i = 0; i < n; i++) {
		bn_text t = bn_column_text(from, rows[i]);
		if (t.len)
			memcpy(text + at, t.ptr, t.len);
		at += t.len;
		ends[i + 1] = (int32_t)at;
	}
	to->ends = ends;
	to->bytes = text;
	return 0;
}

static int select_bits(bn_column *to, const bn_column *from, const uint32_t *rows, size_t n,
	bn_arena *arena, bn_err *err)
{
	uint8_t *bits = bn_arena_alloc(arena, n / 8 + 1);
	if (!bits)
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < n; i++)
		if (bit_get(from->bits, rows[i]))
			bit_set(bits, i);
	to->bits = bits;
	return 0;
}

static int select_column(bn_column *to, const bn_column *from, const uint32_t *rows, size_t n,
	bn_arena *arena, bn_err *err)
{
	*to = (bn_column){.type = from->type, .rows = n, .dict = from->dict};
	size_t width = bn_type_width(from->type);
	int rc = select_validity(to, from, rows, n, arena, err);
	if (rc < 0)
		return rc;
	if (from->type == BN_TYPE_STRING)
		return select_strings(to, from, rows, n, arena, err);
	if (from->type == BN_TYPE_BOOL)
		return select_bits(to, from, rows, n, arena, err);
	char *values = bn_arena_alloc(arena, n * width + 1);
	if (!values)
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < n; i++)
		memcpy(values + i * width, (const char *)from->any + rows[i] * width, width);
	to->any = values;
	return 0;
}

int bn_batch_select(bn_batch *out, const bn_batch *in, const uint32_t *rows, size_t n, bn_err *err)
{
	int rc = 0;
	bn_batch_release(out);
	for (size_t i = 0; i < n; i++)
		if (rows[i] >= in->rows)
			return bn_err_set(err, BN_EINVAL, "a batch of %zu rows has no row %u",
				in->rows, (unsigned)rows[i]);
	bn_batch b = {.rows = n,
		.column_count = in->column_count,
		.first_row = in->first_row,
		.columns = bn_alloc_zeroed(in->column_count + 1, sizeof *b.columns),
		.owned = bn_alloc_zeroed(1, sizeof *b.owned)};
	if (!b.columns || !b.owned)
		rc = bn_err_nomem(err, "rows");
	for (size_t c = 0; rc == 0 && c < in->column_count; c++)
		rc = select_column(&b.columns[c], &in->columns[c], rows, n, b.owned, err);
	if (rc < 0)
		bn_batch_release(&b);
	else
		*out = b;
	return rc;
}
