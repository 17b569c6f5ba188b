/* table.c - columns, dictionaries and batches; see table.h. */
#include "core/table/table.h"

#include <math.h>
#include <string.h>

/* ---- dictionaries --------------------------------------------------------------------------- */

bn_text bn_dict_get(const bn_dict *d, size_t code)
{
	if (code >= d->count)
		return (bn_text){NULL, 0};
	return (bn_text){
		d->bytes + d->offsets[code], (size_t)(d->offsets[code + 1] - d->offsets[code])};
}

int bn_dict_strings(const char *const **out, const bn_dict *d, bn_arena *arena, bn_err *err)
{
	const char **list = bn_arena_alloc(arena, (d->count + 1) * sizeof *list);

	if (!list)
		return bn_err_nomem(err, "a dictionary");
	for (size_t i = 0; i < d->count; i++) {
		bn_text t = bn_dict_get(d, i);
		list[i] = bn_arena_strndup(arena, t.ptr, t.len);
		if (!list[i])
			return bn_err_nomem(err, "a dictionary");
	}
	*out = list;
	return 0;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool bit_at(const uint8_t *bits, size_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

bn_column bn_column_of(const bn_field *f)
{
	return (bn_column){.type = f->type,
		.precision = f->precision,
		.scale = f->scale,
		.naive = f->type == BN_TYPE_TIMESTAMP && f->zone && !*f->zone,
		.fixed_size = f->fixed_size};
}

bool bn_column_fits(const bn_column *c, const bn_field *f)
{
	if (c->type != f->type)
		return false;
	if (c->type == BN_TYPE_DECIMAL)
		return c->precision == f->precision && c->scale == f->scale;
	if (!bn_type_is_list(c->type))
		return true;
	return c->fixed_size == f->fixed_size && bn_column_fits(c->child, f->child);
}

size_t bn_column_count_nulls(const bn_column *c, size_t from, size_t n)
{
	size_t nulls = 0;

	if (!c->nulls || !c->validity)
		return 0;
	for (; n && from % 8; from++, n--)
		nulls += bn_column_is_null(c, from);
	for (; n >= 64; from += 64, n -= 64) {
		uint64_t present;
		memcpy(&present, c->validity + from / 8, sizeof present);
		if (~present)
			nulls += (size_t)__builtin_popcountll(~present);
	}
	for (; n; from++, n--)
		nulls += bn_column_is_null(c, from);
	return nulls;
}

bn_column bn_column_slice(const bn_column *c, size_t from, size_t n)
{
	bn_column out = *c;

	out.rows = n;
	out.nulls = bn_column_count_nulls(c, from, n);
	out.validity = out.nulls ? c->validity + from / 8 : NULL;
	if (c->type == BN_TYPE_STRING || c->type == BN_TYPE_BINARY || c->type == BN_TYPE_LIST) {
		out.ends = c->ends + from;
	} else if (c->type == BN_TYPE_BOOL) {
		out.bits = c->bits + from / 8;
	} else if (c->type == BN_TYPE_FIXED) {
		out.first = c->first + from * c->fixed_size;
	} else {
		out.any = (const char *)c->any + from * bn_type_width(c->type);
	}
	return out;
}

bool bn_column_is_absent(const bn_column *c, size_t row)
{
	if (bn_column_is_null(c, row))
		return true;
	if (c->type == BN_TYPE_FLOAT64)
		return isnan(c->f64[row]);
	return c->type == BN_TYPE_FLOAT32 && isnan(c->f32[row]);
}

bool bn_column_int(const bn_column *c, size_t row, int64_t *out)
{
	if (bn_column_is_null(c, row))
		return false;
	switch (c->type) {
#define INT_CASE(TYPE, member, ctype) \
	case BN_TYPE_##TYPE: \
		*out = (int64_t)c->member[row]; \
		return true;
		BN_TIME_TYPES(INT_CASE)
		INT_CASE(INT64, i64, int64_t)
		INT_CASE(INT32, i32, int32_t)
		INT_CASE(INT16, i16, int16_t)
		INT_CASE(INT8, i8, int8_t)
		INT_CASE(UINT32, u32, uint32_t)
		INT_CASE(UINT16, u16, uint16_t)
		INT_CASE(UINT8, u8, uint8_t)
#undef INT_CASE
	case BN_TYPE_UINT64:
		*out = (int64_t)c->u64[row];
		return *out >= 0;
	case BN_TYPE_BOOL:
		*out = bit_at(c->bits, row);
		return true;
	default:
		return false;
	}
}

void bn_column_ints(const bn_column *c, size_t from, size_t n, int64_t *out)
{
	switch (c->type) {
#define INTS_CASE(TYPE, member, ctype) \
	case BN_TYPE_##TYPE: \
		for (size_t i = 0; i < n; i++) \
			out[i] = (int64_t)c->member[from + i]; \
		break;
		BN_TIME_TYPES(INTS_CASE)
		INTS_CASE(INT64, i64, int64_t)
		INTS_CASE(INT32, i32, int32_t)
		INTS_CASE(INT16, i16, int16_t)
		INTS_CASE(INT8, i8, int8_t)
		INTS_CASE(UINT32, u32, uint32_t)
		INTS_CASE(UINT16, u16, uint16_t)
		INTS_CASE(UINT8, u8, uint8_t)
#undef INTS_CASE
	default: /* some values have no int64 */
		for (size_t i = 0; i < n; i++)
			if (!bn_column_int(c, from + i, &out[i]))
				out[i] = 0;
		return;
	}
	for (size_t i = 0; c->nulls && i < n; i++)
		if (bn_column_is_null(c, from + i))
			out[i] = 0;
}

double bn_column_number(const bn_column *c, size_t row)
{
	if (bn_column_is_null(c, row))
		return NAN;
	switch (c->type) {
#define NUMBER_CASE(TYPE, member, ctype) \
	case BN_TYPE_##TYPE: \
		return (double)c->member[row];
		BN_NUMBER_TYPES(NUMBER_CASE)
		BN_TIME_TYPES(NUMBER_CASE)
#undef NUMBER_CASE
	case BN_TYPE_DECIMAL:
		return bn_decimal_number(c->dec[row], c->scale);
	case BN_TYPE_BOOL:
		return bit_at(c->bits, row);
	default:
		return NAN;
	}
}

int bn_column_numbers(const bn_column *c, size_t from, size_t n, double *out, bn_err *err)
{
	switch (c->type) {
#define NUMBERS_CASE(TYPE, member, ctype) \
	case BN_TYPE_##TYPE: \
		for (size_t i = 0; i < n; i++) \
			out[i] = (double)c->member[from + i]; \
		break;
		BN_NUMBER_TYPES(NUMBERS_CASE)
		BN_TIME_TYPES(NUMBERS_CASE)
#undef NUMBERS_CASE
	case BN_TYPE_DECIMAL:
		for (size_t i = 0; i < n; i++)
			out[i] = bn_column_number(c, from + i);
		break;
	case BN_TYPE_BOOL:
		for (size_t i = 0; i < n; i++)
			out[i] = bit_at(c->bits, from + i);
		break;
	default:
		return bn_err_set(
			err, BN_EINVAL, "a %s column has no numbers", bn_type_name(c->type));
	}
	if (c->nulls && c->validity) {
		for (size_t i = 0; i < n; i++) {
			if (!bit_at(c->validity, from + i))
				out[i] = NAN;
		}
	}
	return 0;
}

bn_text bn_column_bytes(const bn_column *c, size_t row)
{
	if (bn_column_is_null(c, row))
		return (bn_text){NULL, 0};
	if (c->type == BN_TYPE_CATEGORY)
		return bn_dict_get(c->dict, (size_t)c->codes[row]);
	if (c->type == BN_TYPE_STRING || c->type == BN_TYPE_BINARY)
		return (bn_text){
			c->bytes + c->ends[row], (size_t)(c->ends[row + 1] - c->ends[row])};
	return (bn_text){NULL, 0};
}

bn_text bn_column_text(const bn_column *c, size_t row)
{
	return c->type == BN_TYPE_BINARY ? (bn_text){NULL, 0} : bn_column_bytes(c, row);
}

bool bn_column_list(const bn_column *c, size_t row, size_t *from, size_t *n)
{
	if (!bn_type_is_list(c->type) || bn_column_is_null(c, row))
		return false;
	*from = c->type == BN_TYPE_FIXED ? c->first + row * c->fixed_size : (size_t)c->ends[row];
	*n = c->type == BN_TYPE_FIXED ? c->fixed_size : (size_t)(c->ends[row + 1] - c->ends[row]);
	return true;
}

/* ---- batches -------------------------------------------------------------------------------- */

void bn_batch_release(bn_batch *b)
{
	if (b->owned) {
		bn_arena_release(b->owned);
		bn_free(b->owned);
	}
	bn_free(b->columns);
	*b = (bn_batch)BN_BATCH_INIT;
}
