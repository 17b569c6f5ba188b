/*
 * arrow_column.c - one column of a record batch, from its buffers in the file to a bn_column.
 *
 * Buffers in the layout of table.h are borrowed; others are converted into the batch's arena.
 * Either way every length, offset, code and string is checked before a pointer leaves here.
 */
#include "core/base/timestamp.h"
#include "core/base/utf8.h"
#include "core/table/_arrow.h"
#include "core/table/_arrow_views.h"
#include "core/table/take.h"

#include <inttypes.h>
#include <string.h>

static const int32_t no_ends[2];

#define DAY_MS ((int64_t)86400000)
#define MS_NS ((int64_t)1000000)

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

/* Buffer i of the column. */
static int buffer(bn_arrow_buffer *out, const bn_arrow_column *layout, const bn_arrow_from *from,
	size_t i, bn_err *err)
{
	return bn_arrow_body_buffer(out, from->body, &layout->place, i, from->arena, err);
}

/* ---- absent values -------------------------------------------------------------------------- */

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

/* The bitmap of a node; NULL if nothing is absent. */
static int read_validity(const uint8_t **out, size_t *nulls, const bn_arrow_place *place,
	const bn_arrow_from *from, size_t rows, bn_err *err)
{
	bn_arrow_buffer b;
	size_t have;
	int rc;

	if ((rc = bn_arrow_body_node(&have, nulls, from->body, place, err)) < 0 ||
		(rc = bn_arrow_body_buffer(&b, from->body, place, 0, from->arena, err)) < 0)
		return rc;
	if (have != rows)
		return bn_err_set(err, BN_ECORRUPT, "it has %zu values, not %zu", have, rows);
	*out = NULL;
	if (!b.bytes)
		return *nulls ? corrupt(err, "values are absent, but there is no validity bitmap")
			      : 0;
	if (b.bytes < (rows + 7) / 8)
		return corrupt(err, "its validity bitmap is too short");
	*out = *nulls ? b.data : NULL;
	if (from->check && rows - count_ones(b.data, rows) != *nulls)
		return corrupt(err, "its validity bitmap contradicts the number of absent values");
	return 0;
}

/* Values are absent where an enclosing struct is. */
static int join_parents(
	bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from, bn_err *err)
{
	size_t bytes = (out->rows + 7) / 8, nulls;
	uint8_t *both = NULL;
	const uint8_t *bits;
	int rc;

	for (const bn_arrow_parent *p = layout->parents; p; p = p->up) {
		if ((rc = read_validity(&bits, &nulls, &p->place, from, out->rows, err)) < 0)
			return rc;
		if (!bits)
			continue;
		if (!both) {
			if (!(both = bn_arena_alloc(from->arena, bytes + 1)))
				return bn_err_nomem(err, "absent values");
			memset(both, 0xff, bytes);
			if (out->validity)
				memcpy(both, out->validity, bytes);
		}
		for (size_t i = 0; i < bytes; i++)
			both[i] &= bits[i];
	}
	if (!both)
		return 0;
	out->nulls = out->rows - count_ones(both, out->rows);
	out->validity = out->nulls ? both : NULL;
	return 0;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static size_t phys_width(bn_phys phys)
{
	switch (phys) {
	case PHYS_I8:
	case PHYS_U8:
		return 1;
	case PHYS_I16:
	case PHYS_U16:
	case PHYS_F16:
		return 2;
	case PHYS_I32:
	case PHYS_U32:
	case PHYS_F32:
		return 4;
	default:
		return 8;
	}
}

/* Unsigned 64 bits: unchanged. */
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

/* IEEE 754 binary16. */
static float half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, bits = h & 1023;
	float x;

	if (exponent == 0) { /* zero and subnormal numbers: bits * 2^-24 */
		x = (float)bits * 0x1p-24f;
		return sign ? -x : x;
	}
	uint32_t wide = exponent == 31 ? 255 : exponent + 112;
	uint32_t u = sign | wide << 23 | bits << 13;
	memcpy(&x, &u, sizeof x);
	return x;
}

static int read_halves(bn_column *out, const uint8_t *p, bn_arena *arena, bn_err *err)
{
	float *to = bn_arena_alloc(arena, out->rows * sizeof *to + 1);

	if (!to)
		return bn_err_nomem(err, "a widened column");
	for (size_t i = 0; i < out->rows; i++)
		to[i] = half(((const uint16_t *)(const void *)p)[i]);
	out->f32 = to;
	return 0;
}

/* ---- times ---------------------------------------------------------------------------------- */

/* Reports a time beyond int64 nanoseconds. */
static int beyond(const bn_column *c, size_t row, int64_t x, int64_t scale, bn_err *err)
{
	char date[BN_TIMESTAMP_TEXT];
	const char *unit = scale == 1000000000 ? "s" : "us";
	int64_t per_day = 86400 * (1000000000 / scale), day = x / per_day - (x % per_day < 0);

	if (scale == MS_NS)
		unit = "ms";
	if (c->type == BN_TYPE_DURATION)
		bn_err_set(err, BN_EUNSUPPORTED,
			"row %zu: a duration of %" PRId64 " %s; the limit is 292 years", row + 1, x,
			unit);
	else if (day > INT32_MAX || day < INT32_MIN)
		bn_err_set(err, BN_EUNSUPPORTED,
			"row %zu: %" PRId64 " %s is not between 1677 and 2262", row + 1, x, unit);
	else
		bn_err_set(err, BN_EUNSUPPORTED, "row %zu: %s is not between 1677 and 2262",
			row + 1, bn_date_iso((int32_t)day, date));
	bn_err_hint(err,
		"timestamps are stored in nanoseconds: make it missing, or cast the column to a "
		"date or string");
	return BN_EUNSUPPORTED;
}

static int scale_times(bn_column *out, const bn_arrow_column *layout, const uint8_t *p,
	bn_arena *arena, bn_err *err)
{
	int64_t *to = bn_arena_alloc(arena, out->rows * sizeof *to + 1);
	int64_t scale = layout->scale ? layout->scale : MS_NS;

	if (!to)
		return bn_err_nomem(err, "a column of times");
	for (size_t i = 0; i < out->rows; i++) {
		if (bn_column_is_null(out, i))
			continue;
		int64_t x = load_int(p, layout->phys, i);
		if (__builtin_mul_overflow(x, scale, &to[i]))
			return beyond(out, i, x, scale, err);
	}
	out->i64 = to;
	return 0;
}

static int read_days(bn_column *out, const uint8_t *p, bn_arena *arena, bn_err *err)
{
	int32_t *to = bn_arena_alloc(arena, out->rows * sizeof *to + 1);

	if (!to)
		return bn_err_nomem(err, "a column of dates");
	for (size_t i = 0; i < out->rows; i++) {
		if (bn_column_is_null(out, i))
			continue;
		int64_t day = load_int(p, PHYS_I64, i) / DAY_MS;
		if (day > INT32_MAX || day < INT32_MIN)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"row %zu: day %" PRId64 " does not fit a date", i + 1, day);
		to[i] = (int32_t)day;
	}
	out->i32 = to;
	return 0;
}

/* Nanoseconds of a day are not negative and less than a day. */
static int check_daytimes(const bn_column *c, bn_err *err)
{
	for (size_t i = 0; i < c->rows; i++) {
		if (bn_column_is_null(c, i) || (c->i64[i] >= 0 && c->i64[i] < DAY_MS * MS_NS))
			continue;
		return bn_err_set(err, BN_ECORRUPT, "row %zu: %" PRId64 " ns is not a time of day",
			i + 1, c->i64[i]);
	}
	return 0;
}

int bn_arrow_is_dates(bool *out, const bn_arrow_column *layout, const bn_arrow_from *from,
	size_t rows, bn_err *err)
{
	bn_column c = {.type = BN_TYPE_INT64, .rows = rows};
	bn_arrow_buffer b;
	int rc;

	*out = true;
	if ((rc = read_validity(&c.validity, &c.nulls, &layout->place, from, rows, err)) < 0 ||
		(rc = join_parents(&c, layout, from, err)) < 0 ||
		(rc = buffer(&b, layout, from, 1, err)) < 0 || (rc = need(b, rows, 8, err)) < 0)
		return rc;
	for (size_t i = 0; i < rows && *out; i++)
		*out = bn_column_is_null(&c, i) || load_int(b.data, PHYS_I64, i) % DAY_MS == 0;
	return 0;
}

/* ---- decimals ------------------------------------------------------------------------------- */

/* A two's complement integer of width bytes; false when it has more than 128 bits. */
static bool load_decimal(bn_decimal *out, const uint8_t *p, size_t width, size_t i)
{
	int64_t words[4];

	if (width == 4) {
		*out = bn_decimal_of(((const int32_t *)(const void *)p)[i]);
		return true;
	}
	memcpy(words, p + i * width, width);
	*out = (bn_decimal){(uint64_t)words[0], width == 8 ? words[0] >> 63 : words[1]};
	return width < 32 || (words[2] == words[1] >> 63 && words[3] == words[2]);
}

static int read_decimals(bn_column *out, const bn_arrow_column *layout, const uint8_t *p,
	const bn_arrow_from *from, bn_err *err)
{
	bn_decimal *to = NULL;
	unsigned zeros = (unsigned)layout->scale;

	out->dec = (const bn_decimal *)(const void *)p;
	if (layout->width != sizeof *to || zeros) {
		if (!(to = bn_arena_alloc(from->arena, out->rows * sizeof *to + 1)))
			return bn_err_nomem(err, "a column of decimals");
		out->dec = to;
	}
	if (!from->check && !to)
		return 0;
	for (size_t i = 0; i < out->rows; i++) {
		bn_decimal x = {0, 0};
		if (bn_column_is_null(out, i))
			continue;
		bool fits = load_decimal(&x, p, layout->width, i) &&
			    (!zeros || bn_decimal_rescale(&x, 0, zeros, out->precision));
		if (!fits || !bn_decimal_fits(x, out->precision))
			return bn_err_set(err, BN_ECORRUPT,
				"row %zu: a decimal of more than %d digits", i + 1, out->precision);
		if (to)
			to[i] = x;
	}
	return 0;
}

/* ---- text and bytes ------------------------------------------------------------------------- */

/* Every string is valid by itself: the bytes are UTF-8 and no string begins inside a character. */
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
			return bn_err_set(err, BN_ECORRUPT, "row %zu is not UTF-8", r + 1);
	}
	return 0;
}

static int check_ends(const bn_column *c, size_t total, const char *what, bn_err *err)
{
	if (c->ends[0] < 0)
		return bn_err_set(err, BN_ECORRUPT, "its first %s offset is negative", what);
	for (size_t r = 0; r < c->rows; r++) {
		if (c->ends[r + 1] < c->ends[r])
			return bn_err_set(
				err, BN_ECORRUPT, "%s offset %zu goes backwards", what, r + 1);
	}
	if ((size_t)c->ends[c->rows] > total)
		return bn_err_set(err, BN_ECORRUPT, "%s ends at %d, its values at %zu", what,
			(int)c->ends[c->rows], total);
	return 0;
}

/* Converts 64-bit offsets into total bytes or values to 32-bit ones that begin at 0; *first: the
 * start. */
static int narrow_ends(bn_column *out, bn_arrow_buffer ends, size_t total, size_t *first,
	bn_arena *arena, bn_err *err)
{
	const int64_t *from = (const int64_t *)(const void *)ends.data;
	int32_t *to = bn_arena_alloc(arena, (out->rows + 1) * sizeof *to);

	if (!to)
		return bn_err_nomem(err, "offsets");
	for (size_t r = 0; r <= out->rows; r++) {
		if (from[r] < (r ? from[r - 1] : 0) || (uint64_t)from[r] > total)
			return bn_err_set(err, BN_ECORRUPT, "offset %zu is out of range", r);
		if (from[r] - from[0] > INT32_MAX)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"more than 2^31 - 1 bytes of text, or values of lists, in one "
				"record batch");
		to[r] = (int32_t)(from[r] - from[0]);
	}
	out->ends = to;
	*first = (size_t)from[0];
	return 0;
}

static int read_text(
	bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from, bn_err *err)
{
	bool large = layout->phys == PHYS_LARGE_TEXT;
	bn_arrow_buffer ends, bytes;
	size_t first = 0;
	int rc;

	if ((rc = buffer(&ends, layout, from, 1, err)) < 0 ||
		(rc = buffer(&bytes, layout, from, 2, err)) < 0 ||
		(rc = need(ends, out->rows + 1, large ? 8 : 4, err)) < 0)
		return rc;
	out->bytes = bytes.data ? (const char *)bytes.data : "";
	if (!large) {
		out->ends = (const int32_t *)(const void *)ends.data;
		return from->check ? check_ends(out, bytes.bytes, "text", err) : 0;
	}
	if ((rc = narrow_ends(out, ends, bytes.bytes, &first, from->arena, err)) < 0)
		return rc;
	out->bytes += first;
	return 0;
}

/* Values of one width: the ends are made. */

static int read_fixed_bytes(
	bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from, bn_err *err)
{
	bn_arrow_buffer bytes;
	int32_t *ends;
	int rc;

	if ((rc = buffer(&bytes, layout, from, 1, err)) < 0 ||
		(layout->width && (rc = need(bytes, out->rows, layout->width, err)) < 0))
		return rc;
	if (!layout->width && out->rows > BN_ARROW_NOTHING_MAX)
		return bn_err_set(err, BN_ECORRUPT, "it claims %zu values of no bytes", out->rows);
	if (out->rows * layout->width > INT32_MAX)
		return bn_err_set(
			err, BN_EUNSUPPORTED, "more than 2^31 - 1 bytes in one record batch");
	if (!(ends = bn_arena_alloc(from->arena, (out->rows + 1) * sizeof *ends)))
		return bn_err_nomem(err, "offsets");
	for (size_t r = 0; r <= out->rows; r++)
		ends[r] = (int32_t)(r * layout->width);
	out->ends = ends;
	out->bytes = bytes.data ? (const char *)bytes.data : "";
	return 0;
}

static int read_bytes(
	bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from, bn_err *err)
{
	int rc = 0;

	out->ends = no_ends;
	out->bytes = "";
	if (!out->rows)
		return 0;
	if (layout->phys == PHYS_TEXT_VIEW)
		rc = bn_arrow_read_text_views(out, layout, from, err);
	else if (layout->phys == PHYS_FIXED_BYTES)
		rc = read_fixed_bytes(out, layout, from, err);
	else
		rc = read_text(out, layout, from, err);
	if (rc < 0 || !from->check || out->type != BN_TYPE_STRING)
		return rc;
	return check_utf8(out, err);
}

/* ---- lists ---------------------------------------------------------------------------------- */

static int read_ends(bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from,
	bn_column *child, bn_err *err)
{
	bool large = layout->phys == PHYS_LARGE_LIST;
	bn_arrow_buffer ends;
	size_t first = 0;
	int rc;

	out->ends = no_ends;
	if (!out->rows)
		return 0;
	if ((rc = buffer(&ends, layout, from, 1, err)) < 0 ||
		(rc = need(ends, out->rows + 1, large ? 8 : 4, err)) < 0)
		return rc;
	if (!large) {
		out->ends = (const int32_t *)(const void *)ends.data;
		return from->check ? check_ends(out, child->rows, "list", err) : 0;
	}
	/* Its first offset is within int32, since no node has more values than that. */
	if ((rc = narrow_ends(out, ends, child->rows, &first, from->arena, err)) < 0)
		return rc;
	int32_t *to = (int32_t *)(uintptr_t)out->ends;
	for (size_t r = 0; r <= out->rows; r++)
		to[r] += (int32_t)first;
	return 0;
}

static int read_list(bn_column *out, const bn_arrow_column *layout, const bn_field *field,
	const bn_arrow_from *from, bn_err *err)
{
	bn_column *child = bn_arena_alloc(from->arena, sizeof *child);
	size_t rows, nulls;
	int rc;

	if (!child)
		return bn_err_nomem(err, "a column of lists");
	const bn_arrow_parent *outermost = layout->child->parents;
	while (outermost && outermost->up)
		outermost = outermost->up;
	if ((rc = bn_arrow_body_node(&rows, &nulls, from->body,
		     outermost ? &outermost->place : &layout->child->place, err)) < 0 ||
		(rc = bn_arrow_read_column(child, layout->child, field->child, from, rows, err)) <
			0)
		return rc;
	out->child = child;
	if (layout->phys == PHYS_LIST_VIEW || layout->phys == PHYS_LARGE_LIST_VIEW)
		return bn_arrow_read_list_views(out, layout, from, child, err);
	if (layout->phys != PHYS_FIXED_LIST)
		return read_ends(out, layout, from, child, err);
	if ((uint64_t)out->rows * out->fixed_size > child->rows)
		return bn_err_set(err, BN_ECORRUPT, "%zu lists of %u have %zu values", out->rows,
			(unsigned)out->fixed_size, child->rows);
	return 0;
}

/* ---- dictionaries --------------------------------------------------------------------------- */

/* codes[r] as in the file, BN_TAKE_ABSENT where the value is absent. */
static int read_codes(uint32_t *codes, const bn_column *c, bn_phys phys, const uint8_t *p,
	size_t limit, bn_err *err)
{
	for (size_t r = 0; r < c->rows; r++) {
		codes[r] = BN_TAKE_ABSENT;
		if (bn_column_is_null(c, r))
			continue;
		uint64_t code = (uint64_t)load_int(p, phys, r);
		if (code >= limit)
			return bn_err_set(err, BN_ECORRUPT,
				"row %zu: code %" PRId64 " of a dictionary of %zu values", r + 1,
				(int64_t)code, limit);
		codes[r] = (uint32_t)code;
	}
	return 0;
}

/* Codes of the one dictionary of a category. */
static int map_codes(
	bn_column *out, uint32_t *codes, const int32_t *map, bn_arena *arena, bn_err *err)
{
	uint8_t *bits = NULL;
	bool absent = false;

	out->codes = (const int32_t *)codes;
	for (size_t r = 0; r < out->rows; r++) {
		bool there = codes[r] != BN_TAKE_ABSENT;
		int32_t code = there && map ? map[codes[r]] : (int32_t)codes[r];
		absent |= there && code < 0;
		codes[r] = there && code >= 0 ? (uint32_t)code : BN_TAKE_ABSENT;
	}
	if (absent) {
		if (!(bits = bn_arena_alloc(arena, out->rows / 8 + 1)))
			return bn_err_nomem(err, "absent values");
		out->nulls = 0;
		out->validity = bits;
	}
	for (size_t r = 0; r < out->rows; r++) {
		bool there = codes[r] != BN_TAKE_ABSENT;
		if (absent && there)
			bits[r >> 3] = (uint8_t)(bits[r >> 3] | 1u << (r & 7));
		out->nulls += absent && !there;
		codes[r] = there ? codes[r] : 0;
	}
	return 0;
}

static bool codes_fit(const bn_column *c, size_t limit)
{
	bool fine = true;

	for (size_t r = 0; r < c->rows; r++)
		fine &= (uint32_t)c->codes[r] < limit;
	return fine;
}

static int read_coded(bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from,
	const uint8_t *p, bn_err *err)
{
	const bn_arrow_dict *d = &from->dicts->items[layout->dict];
	const bn_arrow_generation *g = bn_arrow_dict_at(d, from->batch);
	size_t limit = g ? g->values.rows : 0;
	int rc;

	out->dict = out->type == BN_TYPE_CATEGORY ? &d->dict : NULL;
	out->any = p;
	if (out->dict && layout->phys == PHYS_I32 && !(g && g->map) &&
		(!from->check || codes_fit(out, limit)))
		return 0;
	uint32_t *codes = bn_arena_alloc(from->arena, out->rows * sizeof *codes + 1);
	if (!codes)
		return bn_err_nomem(err, "a column of codes");
	if ((rc = read_codes(codes, out, layout->phys, p, limit, err)) < 0)
		return rc;
	if (out->dict && layout->phys == PHYS_I32 && !(g && g->map))
		return 0; /* only absent ones were out of range */
	if (out->dict)
		return map_codes(out, codes, g ? g->map : NULL, from->arena, err);
	bn_column none = *out;
	none.rows = none.nulls = 0;
	none.validity = NULL;
	none.ends = no_ends;
	none.bytes = "";
	return bn_column_take(out, g ? &g->values : &none, codes, out->rows, from->arena, err);
}

/* ---- all ------------------------------------------------------------------------------------ */

static int read_nothing(bn_column *out, bn_arena *arena, bn_err *err)
{
	if (out->rows > BN_ARROW_NOTHING_MAX)
		return bn_err_set(err, BN_EUNSUPPORTED, "%zu rows of type null in one record batch",
			out->rows);
	out->f64 = bn_arena_alloc(arena, out->rows * sizeof(double) + 1);
	out->validity = bn_arena_alloc(arena, out->rows / 8 + 1);
	out->nulls = out->rows;
	return out->f64 && out->validity ? 0 : bn_err_nomem(err, "an empty column");
}

/* Types with one buffer of values. */
static int read_values(
	bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from, bn_err *err)
{
	size_t width = layout->phys == PHYS_DECIMAL ? layout->width : phys_width(layout->phys);
	bn_arrow_buffer b;
	int rc;

	if ((rc = buffer(&b, layout, from, 1, err)) < 0)
		return rc;
	if (layout->phys == PHYS_BOOL) {
		out->bits = b.data;
		return b.bytes < (out->rows + 7) / 8 ? need(b, (out->rows + 7) / 8, 1, err) : 0;
	}
	if ((rc = need(b, out->rows, width, err)) < 0)
		return rc;
	out->any = b.data;
	if (layout->coded)
		return read_coded(out, layout, from, b.data, err);
	if (layout->phys == PHYS_F16)
		return read_halves(out, b.data, from->arena, err);
	if (layout->phys == PHYS_DECIMAL)
		return read_decimals(out, layout, b.data, from, err);
	if (out->type == BN_TYPE_DATE)
		return layout->scale ? 0 : read_days(out, b.data, from->arena, err);
	if (bn_type_is_time(out->type) && (layout->scale != 1 || layout->phys != PHYS_I64) &&
		(rc = scale_times(out, layout, b.data, from->arena, err)) < 0)
		return rc;
	return out->type == BN_TYPE_TIME && from->check ? check_daytimes(out, err) : 0;
}

int bn_arrow_read_column(bn_column *out, const bn_arrow_column *layout, const bn_field *field,
	const bn_arrow_from *from, size_t rows, bn_err *err)
{
	int rc;

	*out = bn_column_of(field);
	out->rows = rows;
	if (layout->phys == PHYS_NULL)
		return read_nothing(out, from->arena, err);
	if ((rc = read_validity(&out->validity, &out->nulls, &layout->place, from, rows, err)) < 0)
		return rc;
	if (layout->parents && (rc = join_parents(out, layout, from, err)) < 0)
		return rc;
	switch (layout->phys) {
	case PHYS_TEXT:
	case PHYS_LARGE_TEXT:
	case PHYS_TEXT_VIEW:
	case PHYS_FIXED_BYTES:
		return read_bytes(out, layout, from, err);
	case PHYS_LIST:
	case PHYS_LARGE_LIST:
	case PHYS_LIST_VIEW:
	case PHYS_LARGE_LIST_VIEW:
	case PHYS_FIXED_LIST:
		return read_list(out, layout, field, from, err);
	default:
		return read_values(out, layout, from, err);
	}
}
