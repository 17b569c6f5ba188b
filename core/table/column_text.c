/* column_text.c - values of columns as text and as JSON; see table.h. */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/table/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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

static void format_bytes(bn_text t, bn_buf *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < t.len; i++) {
		bn_buf_addch(out, digits[(uint8_t)t.ptr[i] >> 4]);
		bn_buf_addch(out, digits[(uint8_t)t.ptr[i] & 15]);
	}
}

/* A present time's text. */
static const char *time_text(const bn_column *c, size_t row, char buf[BN_TIMESTAMP_TEXT])
{
	switch (c->type) {
	case BN_TYPE_DATE:
		return bn_date_iso(c->i32[row], buf);
	case BN_TYPE_TIME:
		return bn_daytime_iso(c->i64[row], buf);
	case BN_TYPE_DURATION:
		return bn_duration_iso(c->i64[row], buf);
	default:
		bn_timestamp_iso(c->i64[row], buf);
		if (c->naive)
			buf[strlen(buf) - 1] = '\0';
		return buf;
	}
}

static void format_list(const bn_column *c, size_t row, bn_buf *out)
{
	bn_buf text = BN_BUF_INIT;
	const bn_column *v = c->child;
	bool words =
		bn_type_is_number(v->type) || v->type == BN_TYPE_BOOL || bn_type_is_list(v->type);
	size_t from, n;

	bn_column_list(c, row, &from, &n);
	bn_buf_addch(out, '[');
	for (size_t i = from; i < from + n; i++) {
		if (i > from)
			bn_buf_addch(out, ',');
		bn_buf_clear(&text);
		bool is_number = bn_type_is_number(v->type);
		if (!bn_column_format(v, i, &text))
			bn_buf_adds(out, "null");
		else if (words && (!is_number || isfinite(bn_column_number(v, i))))
			bn_buf_add(out, text.ptr, text.len);
		else
			bn_buf_add_json_string(out, text.ptr, text.len);
		out->failed |= text.failed;
	}
	bn_buf_addch(out, ']');
	bn_buf_release(&text);
}

bool bn_column_format(const bn_column *c, size_t row, bn_buf *out)
{
	char text[BN_TIMESTAMP_TEXT > BN_DECIMAL_TEXT ? BN_TIMESTAMP_TEXT : BN_DECIMAL_TEXT], digits[BN_FMT];
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
	case BN_TYPE_DATE:
	case BN_TYPE_TIME:
	case BN_TYPE_DURATION:
		bn_buf_adds(out, time_text(c, row, text));
		break;
	case BN_TYPE_BOOL:
		bn_buf_adds(out, c->bits[row >> 3] >> (row & 7) & 1 ? "true" : "false");
		break;
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
		t = bn_column_text(c, row);
		bn_buf_add(out, t.ptr, t.len);
		break;
	case BN_TYPE_UINT64:
		bn_buf_add_u64(out, c->u64[row]);
		break;
	case BN_TYPE_DECIMAL:
		bn_buf_adds(out, bn_decimal_format(c->dec[row], c->scale, text));
		break;
	case BN_TYPE_BINARY:
		format_bytes(bn_column_bytes(c, row), out);
		break;
	case BN_TYPE_LIST:
	case BN_TYPE_FIXED:
		format_list(c, row, out);
		break;
	default:
		if (bn_column_int(c, row, &i))
			bn_buf_adds(out, bn_fmt_i64(i, digits));
	}
	return true;
}

static json_t *list_json(const bn_column *c, size_t row)
{
	size_t from, n;
	json_t *list = json_array();

	bn_column_list(c, row, &from, &n);
	for (size_t i = 0; list && i < n; i++) {
		if (json_array_append_new(list, bn_column_json(c->child, from + i))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

/* The output of bn_column_format, as a string. */
static json_t *text_json(const bn_column *c, size_t row)
{
	bn_buf text = BN_BUF_INIT;

	bn_column_format(c, row, &text);
	json_t *made = text.failed ? NULL : json_stringn(text.ptr, text.len);
	bn_buf_release(&text);
	return made;
}

json_t *bn_column_json(const bn_column *c, size_t row)
{
	int64_t i = 0;

	if (bn_column_is_null(c, row))
		return json_null();
	switch (c->type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		return bn_json_number(bn_column_number(c, row));
	case BN_TYPE_BOOL:
		return json_boolean(c->bits[row >> 3] >> (row & 7) & 1);
	case BN_TYPE_LIST:
	case BN_TYPE_FIXED:
		return list_json(c, row);
	case BN_TYPE_INT64:
	case BN_TYPE_INT32:
	case BN_TYPE_INT16:
	case BN_TYPE_INT8:
	case BN_TYPE_UINT64:
	case BN_TYPE_UINT32:
	case BN_TYPE_UINT16:
	case BN_TYPE_UINT8:
		return bn_column_int(c, row, &i) ? json_integer(i) : text_json(c, row);
	default:
		return text_json(c, row);
	}
}
