/* table.c - columns, dictionaries and batches; see table.h. */
#include "core/table/table.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"

#include <inttypes.h>
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

bool bn_column_int(const bn_column *c, size_t row, int64_t *out)
{
	if (bn_column_is_null(c, row))
		return false;
	switch (c->type) {
	case BN_TYPE_INT64:
	case BN_TYPE_TIMESTAMP:
		*out = c->i64[row];
		return true;
	case BN_TYPE_INT32:
		*out = c->i32[row];
		return true;
	case BN_TYPE_INT8:
		*out = c->i8[row];
		return true;
	case BN_TYPE_BOOL:
		*out = bit_at(c->bits, row);
		return true;
	default:
		return false;
	}
}

double bn_column_number(const bn_column *c, size_t row)
{
	int64_t i;

	if (bn_column_is_null(c, row))
		return NAN;
	if (c->type == BN_TYPE_FLOAT64)
		return c->f64[row];
	if (c->type == BN_TYPE_FLOAT32)
		return (double)c->f32[row];
	return bn_column_int(c, row, &i) ? (double)i : NAN;
}

int bn_column_numbers(const bn_column *c, size_t from, size_t n, double *out, bn_err *err)
{
	switch (c->type) {
	case BN_TYPE_FLOAT64:
		memcpy(out, c->f64 + from, n * sizeof *out);
		break;
	case BN_TYPE_FLOAT32:
		for (size_t i = 0; i < n; i++)
			out[i] = (double)c->f32[from + i];
		break;
	case BN_TYPE_INT64:
	case BN_TYPE_TIMESTAMP:
		for (size_t i = 0; i < n; i++)
			out[i] = (double)c->i64[from + i];
		break;
	case BN_TYPE_INT32:
		for (size_t i = 0; i < n; i++)
			out[i] = c->i32[from + i];
		break;
	case BN_TYPE_INT8:
		for (size_t i = 0; i < n; i++)
			out[i] = c->i8[from + i];
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

bn_text bn_column_text(const bn_column *c, size_t row)
{
	if (bn_column_is_null(c, row))
		return (bn_text){NULL, 0};
	if (c->type == BN_TYPE_CATEGORY)
		return bn_dict_get(c->dict, (size_t)c->codes[row]);
	if (c->type == BN_TYPE_STRING)
		return (bn_text){
			c->bytes + c->ends[row], (size_t)(c->ends[row + 1] - c->ends[row])};
	return (bn_text){NULL, 0};
}

static void format_float(double x, bn_buf *out)
{
	char text[BN_FMT];

	if (isnan(x))
		bn_buf_adds(out, "nan");
	else if (isinf(x))
		bn_buf_adds(out, x < 0 ? "-inf" : "inf");
	else
		bn_buf_adds(out, bn_fmt_f64(x, text));
}

/* The shortest of 6 to 9 significant digits that reads back to the same float. */
static void format_float32(float x, bn_buf *out)
{
	char text[BN_FMT];
	double back;

	if (isnan(x) || isinf(x)) {
		format_float((double)x, out);
		return;
	}
	for (int digits = 6; digits <= 9; digits++) {
		int n = snprintf(text, sizeof text, "%.*g", digits, (double)x);
		if (n > 0 && bn_parse_f64(text, (size_t)n, &back) && (float)back == x)
			break;
	}
	bn_buf_adds(out, text);
}

bool bn_column_format(const bn_column *c, size_t row, bn_buf *out)
{
	char stamp[BN_TIMESTAMP_TEXT];
	bn_text t;
	int64_t i;

	if (bn_column_is_null(c, row))
		return false;
	switch (c->type) {
	case BN_TYPE_FLOAT64:
		format_float(c->f64[row], out);
		break;
	case BN_TYPE_FLOAT32:
		format_float32(c->f32[row], out);
		break;
	case BN_TYPE_TIMESTAMP:
		bn_buf_adds(out, bn_timestamp_iso(c->i64[row], stamp));
		break;
	case BN_TYPE_BOOL:
		bn_buf_adds(out, bit_at(c->bits, row) ? "true" : "false");
		break;
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
		t = bn_column_text(c, row);
		bn_buf_add(out, t.ptr, t.len);
		break;
	default:
		if (bn_column_int(c, row, &i))
			bn_buf_addf(out, "%" PRId64, i);
	}
	return true;
}

json_t *bn_column_json(const bn_column *c, size_t row)
{
	char stamp[BN_TIMESTAMP_TEXT];
	int64_t i = 0;
	bn_text t;

	if (bn_column_is_null(c, row))
		return json_null();
	switch (c->type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		return bn_json_real_or_null(bn_column_number(c, row));
	case BN_TYPE_TIMESTAMP:
		return json_string(bn_timestamp_iso(c->i64[row], stamp));
	case BN_TYPE_BOOL:
		return json_boolean(bit_at(c->bits, row));
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
		t = bn_column_text(c, row);
		return json_stringn(t.ptr, t.len);
	default:
		bn_column_int(c, row, &i);
		return json_integer(i);
	}
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
