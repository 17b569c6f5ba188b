/* take.c - see take.h. */
#include "core/table/take.h"

#include <string.h>

static bool bit_get(const uint8_t *bits, size_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

static void bit_set(uint8_t *bits, size_t i)
{
	bits[i >> 3] = (uint8_t)(bits[i >> 3] | 1u << (i & 7));
}

static bool has_ends(bn_type type)
{
	return type == BN_TYPE_STRING || type == BN_TYPE_BINARY || type == BN_TYPE_LIST;
}

static int too_much(bn_err *err)
{
	return bn_err_set(err, BN_EUNSUPPORTED,
		"more than 2^31 - 1 bytes of text, or values of lists, in one record batch");
}

/* An empty column of c's type, with n rows. */
static bn_column shape_of(const bn_column *c, size_t n)
{
	bn_column out = *c;

	out.rows = n;
	out.nulls = 0;
	out.validity = NULL;
	out.any = NULL;
	out.bytes = NULL;
	out.child = NULL;
	out.first = 0;
	return out;
}

/* ---- rows of a column ----------------------------------------------------------------------- */

static int take_validity(bn_column *to, const bn_column *from, const uint32_t *rows, bool absent,
	bn_arena *arena, bn_err *err)
{
	if (!from->validity && !absent)
		return 0;
	uint8_t *bits = bn_arena_alloc(arena, to->rows / 8 + 1);
	if (!bits)
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < to->rows; i++) {
		if (rows[i] != BN_TAKE_ABSENT && !bn_column_is_null(from, rows[i]))
			bit_set(bits, i);
		else
			to->nulls++;
	}
	to->validity = to->nulls ? bits : NULL;
	return 0;
}

/* Ends of the taken rows, which begin at 0; *total: the last. */
static int take_ends(bn_column *to, const bn_column *from, const uint32_t *rows, size_t *total,
	bn_arena *arena, bn_err *err)
{
	int32_t *ends = bn_arena_alloc(arena, (to->rows + 1) * sizeof *ends);
	int64_t at = 0;

	if (!ends)
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < to->rows; i++) {
		uint32_t r = rows[i];
		if (r != BN_TAKE_ABSENT && !bn_column_is_null(from, r))
			at += from->ends[r + 1] - from->ends[r];
		if (at > INT32_MAX)
			return too_much(err);
		ends[i + 1] = (int32_t)at;
	}
	to->ends = ends;
	*total = (size_t)at;
	return 0;
}

static int take_text(
	bn_column *to, const bn_column *from, const uint32_t *rows, bn_arena *arena, bn_err *err)
{
	size_t bytes = 0;
	int rc = take_ends(to, from, rows, &bytes, arena, err);

	if (rc < 0)
		return rc;
	char *text = bn_arena_alloc(arena, bytes + 1);
	if (!text)
		return bn_err_nomem(err, "rows of text");
	for (size_t i = 0; i < to->rows; i++) {
		size_t n = (size_t)(to->ends[i + 1] - to->ends[i]);
		if (n)
			memcpy(text + to->ends[i], from->bytes + from->ends[rows[i]], n);
	}
	to->bytes = text;
	return 0;
}

static int take_list(
	bn_column *to, const bn_column *from, const uint32_t *rows, bn_arena *arena, bn_err *err)
{
	size_t n = 0, at = 0;
	int rc = take_ends(to, from, rows, &n, arena, err);

	if (rc < 0)
		return rc;
	uint32_t *inner = bn_alloc((n + 1) * sizeof *inner);
	bn_column *child = bn_arena_alloc(arena, sizeof *child);
	if (!inner || !child) {
		bn_free(inner);
		return bn_err_nomem(err, "rows of lists");
	}
	for (size_t i = 0; i < to->rows; i++) {
		size_t k = (size_t)(to->ends[i + 1] - to->ends[i]);
		for (size_t j = 0; j < k; j++)
			inner[at++] = (uint32_t)from->ends[rows[i]] + (uint32_t)j;
	}
	rc = bn_column_take(child, from->child, inner, n, arena, err);
	to->child = child;
	bn_free(inner);
	return rc;
}

static int take_fixed(
	bn_column *to, const bn_column *from, const uint32_t *rows, bn_arena *arena, bn_err *err)
{
	size_t size = from->fixed_size;
	bn_column *child = bn_arena_alloc(arena, sizeof *child);

	if (to->rows > INT32_MAX / size)
		return too_much(err);
	uint32_t *inner = bn_alloc((to->rows * size + 1) * sizeof *inner);
	if (!inner || !child) {
		bn_free(inner);
		return bn_err_nomem(err, "rows of lists");
	}
	for (size_t i = 0; i < to->rows * size; i++) {
		uint32_t r = rows[i / size];
		inner[i] = r == BN_TAKE_ABSENT ? r : (uint32_t)(from->first + r * size + i % size);
	}
	int rc = bn_column_take(child, from->child, inner, to->rows * size, arena, err);
	to->child = child;
	bn_free(inner);
	return rc;
}

static int take_bits(
	bn_column *to, const bn_column *from, const uint32_t *rows, bn_arena *arena, bn_err *err)
{
	uint8_t *bits = bn_arena_alloc(arena, to->rows / 8 + 1);

	if (!bits)
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < to->rows; i++)
		if (rows[i] != BN_TAKE_ABSENT && bit_get(from->bits, rows[i]))
			bit_set(bits, i);
	to->bits = bits;
	return 0;
}

static int take_values(bn_column *to, const bn_column *from, const uint32_t *rows, bool absent,
	bn_arena *arena, bn_err *err)
{
	size_t width = bn_type_width(from->type);
	char *values = bn_arena_alloc(arena, to->rows * width + 1);

	if (!values)
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < to->rows; i++)
		if (!absent || rows[i] != BN_TAKE_ABSENT)
			memcpy(values + i * width, (const char *)from->any + rows[i] * width,
				width);
	to->any = values;
	return 0;
}

int bn_column_take(bn_column *out, const bn_column *c, const uint32_t *rows, size_t n,
	bn_arena *arena, bn_err *err)
{
	bool absent = false;

	*out = shape_of(c, n);
	for (size_t i = 0; i < n; i++)
		absent |= rows[i] == BN_TAKE_ABSENT;
	int rc = take_validity(out, c, rows, absent, arena, err);
	if (rc < 0)
		return rc;
	switch (c->type) {
	case BN_TYPE_STRING:
	case BN_TYPE_BINARY:
		return take_text(out, c, rows, arena, err);
	case BN_TYPE_LIST:
		return take_list(out, c, rows, arena, err);
	case BN_TYPE_FIXED:
		return take_fixed(out, c, rows, arena, err);
	case BN_TYPE_BOOL:
		return take_bits(out, c, rows, arena, err);
	default:
		return take_values(out, c, rows, absent, arena, err);
	}
}

int bn_batch_take(bn_batch *out, const bn_batch *in, const uint32_t *rows, size_t n, bn_err *err)
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
	if (!b.columns || !b.owned) {
		rc = bn_err_nomem(err, "rows");
		goto out;
	}
	for (size_t c = 0; c < in->column_count; c++)
		if ((rc = bn_column_take(&b.columns[c], &in->columns[c], rows, n, b.owned, err)) <
			0)
			goto out;
out:
	if (rc < 0)
		bn_batch_release(&b);
	else
		*out = b;
	return rc;
}

/* ---- concatenating columns ----------------------------------------------------------- */

/* Rows from .. from + n - 1 of a column. */
typedef struct piece {
	const bn_column *c;
	size_t from, n;
} piece;

static int join(bn_column *out, const piece *pieces, size_t count, bn_arena *arena, bn_err *err);

static int join_validity(
	bn_column *out, const piece *pieces, size_t count, bn_arena *arena, bn_err *err)
{
	uint8_t *bits = bn_arena_alloc(arena, out->rows / 8 + 1);
	size_t at = 0;

	if (!bits)
		return bn_err_nomem(err, "rows");
	for (size_t k = 0; k < count; k++) {
		for (size_t i = 0; i < pieces[k].n; i++, at++) {
			if (bn_column_is_null(pieces[k].c, pieces[k].from + i))
				out->nulls++;
			else
				bit_set(bits, at);
		}
	}
	out->validity = out->nulls ? bits : NULL;
	return 0;
}

static int join_ends(
	bn_column *out, const piece *pieces, size_t count, bn_arena *arena, bn_err *err)
{
	int32_t *ends = bn_arena_alloc(arena, (out->rows + 1) * sizeof *ends);
	int64_t total = 0;
	size_t at = 0;

	if (!ends)
		return bn_err_nomem(err, "rows");
	for (size_t k = 0; k < count; k++) {
		const int32_t *from = pieces[k].c->ends + pieces[k].from;
		for (size_t i = 0; i < pieces[k].n; i++) {
			total += from[i + 1] - from[i];
			if (total > INT32_MAX)
				return too_much(err);
			ends[++at] = (int32_t)total;
		}
	}
	out->ends = ends;
	return 0;
}

static int join_text(
	bn_column *out, const piece *pieces, size_t count, bn_arena *arena, bn_err *err)
{
	int rc = join_ends(out, pieces, count, arena, err);

	if (rc < 0)
		return rc;
	char *bytes = bn_arena_alloc(arena, (size_t)out->ends[out->rows] + 1), *to = bytes;
	if (!bytes)
		return bn_err_nomem(err, "rows of text");
	for (size_t k = 0; k < count; k++) {
		const bn_column *c = pieces[k].c;
		size_t from = pieces[k].n ? (size_t)c->ends[pieces[k].from] : 0;
		size_t n = pieces[k].n ? (size_t)c->ends[pieces[k].from + pieces[k].n] - from : 0;
		if (n)
			memcpy(to, c->bytes + from, n);
		to += n;
	}
	out->bytes = bytes;
	return 0;
}

/* The children of lists, located by ends (LIST) or by the number of rows (FIXED). */
static int join_children(
	bn_column *out, const piece *pieces, size_t count, bn_arena *arena, bn_err *err)
{
	bn_column *child = bn_arena_alloc(arena, sizeof *child);
	piece *inner = bn_alloc_zeroed(count + 1, sizeof *inner);
	int rc = child && inner ? 0 : bn_err_nomem(err, "rows of lists");

	if (rc < 0)
		goto out;
	if (out->type == BN_TYPE_LIST && (rc = join_ends(out, pieces, count, arena, err)) < 0)
		goto out;
	for (size_t k = 0; k < count; k++) {
		const bn_column *c = pieces[k].c;
		size_t from = pieces[k].from, n = pieces[k].n;
		if (out->type == BN_TYPE_FIXED)
			inner[k] = (piece){
				c->child, c->first + from * c->fixed_size, n * c->fixed_size};
		else if (n)
			inner[k] = (piece){c->child, (size_t)c->ends[from],
				(size_t)(c->ends[from + n] - c->ends[from])};
		else
			inner[k] = (piece){c->child, 0, 0};
	}
	rc = join(child, inner, count, arena, err);
	out->child = child;
out:
	bn_free(inner);
	return rc;
}

static int join_values(
	bn_column *out, const piece *pieces, size_t count, bn_arena *arena, bn_err *err)
{
	size_t width = bn_type_width(out->type), at = 0;
	char *values = bn_arena_alloc(arena, width ? out->rows * width + 1 : out->rows / 8 + 1);

	if (!values)
		return bn_err_nomem(err, "rows");
	for (size_t k = 0; k < count; k++) {
		const piece *p = &pieces[k];
		if (width && p->n)
			memcpy(values + at * width, (const char *)p->c->any + p->from * width,
				p->n * width);
		for (size_t i = 0; i < p->n && !width; i++)
			if (bit_get(p->c->bits, p->from + i))
				bit_set((uint8_t *)values, at + i);
		at += p->n;
	}
	out->any = values;
	return 0;
}

static int join(bn_column *out, const piece *pieces, size_t count, bn_arena *arena, bn_err *err)
{
	size_t rows = 0;

	for (size_t k = 0; k < count; k++)
		rows += pieces[k].n;
	*out = shape_of(pieces[0].c, rows);
	int rc = join_validity(out, pieces, count, arena, err);
	if (rc < 0)
		return rc;
	if (bn_type_is_list(out->type))
		return join_children(out, pieces, count, arena, err);
	return has_ends(out->type) ? join_text(out, pieces, count, arena, err)
				   : join_values(out, pieces, count, arena, err);
}

int bn_column_join(bn_column *out, const bn_column *c, size_t n, bn_arena *arena, bn_err *err)
{
	piece *pieces = bn_alloc_zeroed(n, sizeof *pieces);

	if (!pieces)
		return bn_err_nomem(err, "rows");
	for (size_t k = 0; k < n; k++)
		pieces[k] = (piece){&c[k], 0, c[k].rows};
	int rc = join(out, pieces, n, arena, err);
	bn_free(pieces);
	return rc;
}
