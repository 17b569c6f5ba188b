/*
 * arrow_column.c - one column of a record batch, from its buffers in the file to a bn_column.
 *
 * What lies as table.h wants it is borrowed; the rest is converted into the batch's arena. Either
 * way every length, offset, code and string is checked before a pointer leaves here.
 */
#include "core/base/utf8.h"
#include "core/table/_arrow.h"

#include <string.h>

static const int32_t no_text[2];

static int corrupt(bn_err *err, const char *what)
{
	return bn_err_set(err, BN_ECORRUPT, "%s", what);
}

static int need(bn_arrow_buffer b, size_t count, size_t width, bn_err *err)
{
	if (count > b.bytes / width)
		return bn_err_set(err, BN_ECORRUPT, "its buffer holds %zu bytes, not %zu * %zu",
			b.bytes, count, width);
	return 0;
}

static size_t count_ones(const uint8_t *bits, size_t n)
{
	size_t ones = 0, i = 0;
	uint64_t word;

	for (; i + 64 <= n; i += 64) {
		memcpy(&word, bits + i / 8, 8);
		ones += (size_t)__builtin_popcountll(word);
	}
	for (; i < n; i++)
		ones += bits[i >> 3] >> (i & 7) & 1;
	return ones;
}

static int read_validity(bn_column *out, bn_arrow_buffer b, int64_t nulls, bool check, bn_err *err)
{
	if (nulls < 0 || (uint64_t)nulls > out->rows)
		return bn_err_set(err, BN_ECORRUPT, "%lld of %zu values are absent",
			(long long)nulls, out->rows);
	out->nulls = (size_t)nulls;
	if (!b.bytes) {
		out->validity = NULL;
		return nulls ? corrupt(err, "values are absent, but there is no validity bitmap")
			     : 0;
	}
	if (b.bytes < (out->rows + 7) / 8)
		return corrupt(err, "its validity bitmap is too short");
	out->validity = nulls ? b.data : NULL;
	if (check && out->rows - count_ones(b.data, out->rows) != out->nulls)
		return corrupt(err, "its validity bitmap contradicts the number of absent values");
	return 0;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static int64_t load_int(const uint8_t *p, bn_phys phys, size_t i)
{
	switch (phys) {
	case PHYS_I8:
		return ((const int8_t *)p)[i];
	case PHYS_U8:
		return p[i];
	case PHYS_I16:
		return ((const int16_t *)(const void *)p)[i];
	case PHYS_U16:
		return ((const uint16_t *)(const void *)p)[i];
	case PHYS_I32:
		return ((const int32_t *)(const void *)p)[i];
	case PHYS_U32:
		return ((const uint32_t *)(const void *)p)[i];
	default:
		return ((const int64_t *)(const void *)p)[i];
	}
}

static size_t phys_width(bn_phys phys)
{
	switch (phys) {
	case PHYS_I8:
	case PHYS_U8:
		return 1;
	case PHYS_I16:
	case PHYS_U16:
		return 2;
	case PHYS_I32:
	case PHYS_U32:
	case PHYS_F32:
		return 4;
	default:
		return 8;
	}
}

static int widen_ints(bn_column *out, bn_phys phys, const uint8_t *p, bn_arena *arena, bn_err *err)
{
	size_t width = bn_type_width(out->type);
	char *to = bn_arena_alloc(arena, out->rows * width + 1);

	if (!to)
		return bn_err_nomem(err, "a widened column");
	for (size_t i = 0; i < out->rows; i++) {
		int64_t x = load_int(p, phys, i);
		if (width == 4)
			((int32_t *)(void *)to)[i] = (int32_t)x;
		else
			((int64_t *)(void *)to)[i] = x;
	}
	out->any = to;
	return 0;
}

static int scale_times(bn_column *out, const bn_arrow_column *layout, const uint8_t *p,
	bn_arena *arena, bn_err *err)
{
	int64_t *to = bn_arena_alloc(arena, out->rows * sizeof *to + 1);

	if (!to)
		return bn_err_nomem(err, "a column of timestamps");
	for (size_t i = 0; i < out->rows; i++) {
		if (bn_column_is_null(out, i))
			continue;
		int64_t x = load_int(p, layout->phys, i);
		if (__builtin_mul_overflow(x, layout->scale, &to[i]))
			return bn_err_set(err, BN_EUNSUPPORTED,
				"row %zu: a time outside of 1677 to 2262 does not fit nanoseconds",
				i);
	}
	out->i64 = to;
	return 0;
}

/* ---- text ----------------------------------------------------------------------------------- */

/* Every string valid by itself: the bytes are UTF-8 and no string begins inside a character. */
static int check_utf8(const bn_column *c, bn_err *err)
{
	size_t from = (size_t)c->ends[0], n = (size_t)c->ends[c->rows] - from, i = 0;
	uint64_t word, high = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&word, c->bytes + from + i, 8);
		high |= word;
	}
	for (; i < n; i++)
		high |= (uint8_t)c->bytes[from + i];
	if (!(high & 0x8080808080808080u))
		return 0;
	for (size_t r = 0; r < c->rows; r++) {
		if (!bn_utf8_is_valid(c->bytes + c->ends[r], (size_t)(c->ends[r + 1] - c->ends[r])))
			return bn_err_set(err, BN_ECORRUPT, "row %zu is not UTF-8", r);
	}
	return 0;
}

static int check_ends(const bn_column *c, size_t bytes, bn_err *err)
{
	if (c->ends[0] < 0)
		return corrupt(err, "its first text offset is negative");
	for (size_t r = 0; r < c->rows; r++) {
		if (c->ends[r + 1] < c->ends[r])
			return bn_err_set(
				err, BN_ECORRUPT, "text offset %zu goes backwards", r + 1);
	}
	if ((size_t)c->ends[c->rows] > bytes)
		return bn_err_set(err, BN_ECORRUPT, "text ends at %d, its buffer at %zu",
			(int)c->ends[c->rows], bytes);
	return 0;
}

static int narrow_ends(
	bn_column *out, bn_arrow_buffer ends, bn_arrow_buffer bytes, bn_arena *arena, bn_err *err)
{
	const int64_t *from = (const int64_t *)(const void *)ends.data;
	int32_t *to = bn_arena_alloc(arena, (out->rows + 1) * sizeof *to);

	if (!to)
		return bn_err_nomem(err, "text offsets");
	for (size_t r = 0; r <= out->rows; r++) {
		if (from[r] < (r ? from[r - 1] : 0) || (uint64_t)from[r] > bytes.bytes)
			return bn_err_set(err, BN_ECORRUPT, "text offset %zu is out of range", r);
		if (from[r] - from[0] > INT32_MAX)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"more than 2 GiB of text in one record batch");
		to[r] = (int32_t)(from[r] - from[0]);
	}
	out->ends = to;
	out->bytes = bytes.data ? (const char *)bytes.data + from[0] : NULL;
	return 0;
}

static int read_text(bn_column *out, bn_phys phys, const bn_arrow_buffer *b, bool check,
	bn_arena *arena, bn_err *err)
{
	int rc = 0;

	out->bytes = "";
	out->ends = no_text;
	if (!out->rows)
		return 0;
	rc = need(b[1], out->rows + 1, phys == PHYS_TEXT ? 4 : 8, err);
	if (rc)
		return rc;
	if (phys == PHYS_LARGE_TEXT) {
		rc = narrow_ends(out, b[1], b[2], arena, err);
	} else {
		out->ends = (const int32_t *)(const void *)b[1].data;
		out->bytes = (const char *)b[2].data;
		rc = check ? check_ends(out, b[2].bytes, err) : 0;
	}
	if (!out->bytes)
		out->bytes = "";
	return rc ? rc : check ? check_utf8(out, err) : 0;
}

/* ---- categories ----------------------------------------------------------------------------- */

static int check_codes(const bn_column *c, bn_err *err)
{
	uint32_t limit = (uint32_t)c->dict->count;
	bool fine = true;

	for (size_t r = 0; r < c->rows; r++)
		fine &= (uint32_t)c->codes[r] < limit;
	if (fine)
		return 0;
	for (size_t r = 0; r < c->rows; r++) {
		if ((uint32_t)c->codes[r] >= limit && !bn_column_is_null(c, r))
			return bn_err_set(err, BN_ECORRUPT,
				"row %zu: code %d of a dictionary of %u strings", r,
				(int)c->codes[r], (unsigned)limit);
	}
	return 0;
}

/* ---- all ------------------------------------------------------------------------------------ */

static int read_nothing(bn_column *out, bn_arena *arena, bn_err *err)
{
	out->f64 = bn_arena_alloc(arena, out->rows * sizeof(double) + 1);
	out->validity = bn_arena_alloc(arena, out->rows / 8 + 1);
	out->nulls = out->rows;
	return out->f64 && out->validity ? 0 : bn_err_nomem(err, "an empty column");
}

int bn_arrow_read_column(bn_column *out, const bn_arrow_column *layout, bn_type type,
	const bn_dict *dict, const bn_arrow_buffer *buffers, size_t rows, int64_t nulls, bool check,
	bn_arena *arena, bn_err *err)
{
	int rc = 0;
	bn_phys phys = layout->phys;

	*out = (bn_column){.type = type, .rows = rows, .dict = dict};
	if (phys == PHYS_NULL)
		return read_nothing(out, arena, err);
	rc = read_validity(out, buffers[0], nulls, check, err);
	if (rc)
		return rc;
	if (phys == PHYS_TEXT || phys == PHYS_LARGE_TEXT)
		return read_text(out, phys, buffers, check, arena, err);
	if (phys == PHYS_BOOL) {
		out->bits = buffers[1].data;
		return need(buffers[1], (rows + 7) / 8, 1, err);
	}
	rc = need(buffers[1], rows, phys_width(phys), err);
	if (rc)
		return rc;
	out->any = buffers[1].data;
	if (type == BN_TYPE_TIMESTAMP && layout->scale != 1)
		return scale_times(out, layout, buffers[1].data, arena, err);
	bool widen = phys == PHYS_I16 || phys == PHYS_U8 || phys == PHYS_U16 || phys == PHYS_U32 ||
		     (type == BN_TYPE_CATEGORY && phys != PHYS_I32);
	if (widen)
		rc = widen_ints(out, phys, buffers[1].data, arena, err);
	if (!rc && type == BN_TYPE_CATEGORY && (check || widen))
		rc = check_codes(out, err);
	return rc;
}
