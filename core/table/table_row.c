/* table_row.c - bn_table_writer row by row; see table.h. Cells are set directly in the pending rows
 * (table_write.c). */
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/table/_table_writer.h"

#include <math.h>
#include <string.h>

static void row_error(bn_table_writer *w, size_t column, int code, const char *what)
{
	bn_err_set(&w->row_err, code, "column '%s', row %llu: %s", w->schema.fields[column].name,
		(unsigned long long)w->rows, what);
}

/* The address of the current cell, or NULL. text: for bytes. */
static char *row_cell(bn_table_writer *w, size_t column, bool text)
{
	if (column >= w->schema.count) {
		bn_err_set(&w->row_err, BN_EINVAL, "a table of %zu columns has no column %zu",
			w->schema.count, column);
		return NULL;
	}
	if (w->row_err.code || bn_table_writer_make_room(w, w->pending + 1, &w->row_err))
		return NULL;
	bn_type type = w->schema.fields[column].type;
	if ((bn_type_is_text(type) || type == BN_TYPE_BINARY) != text) {
		row_error(w, column, BN_EINVAL,
			text ? "text for a column of numbers" : "a number for a column of text");
		return NULL;
	}
	bn_pending_column *p = &w->columns[column];
	p->set = true;
	return bn_type_has_bytes(type) ? (char *)p->ends
				       : p->values + w->pending * bn_type_width(type);
}

/* x of that scale in the column's scale; false if it does not fit. */
static bool row_decimal(bn_table_writer *w, size_t column, bn_decimal x, unsigned scale, char *cell)
{
	const bn_field *f = &w->schema.fields[column];
	bool fits = bn_decimal_rescale(&x, scale, f->scale, f->precision);

	memcpy(cell, &x, sizeof x);
	return fits;
}

void bn_table_row_i64(bn_table_writer *w, size_t column, int64_t x)
{
	char *cell = row_cell(w, column, false);
	bool fits = true;

	if (!cell)
		return;
	switch (w->schema.fields[column].type) {
#define INT_CASE(TYPE, ctype, low, high) \
	case BN_TYPE_##TYPE: \
		*(ctype *)(void *)cell = (ctype)x; \
		fits = x >= low && x <= high; \
		break;
		INT_CASE(INT32, int32_t, INT32_MIN, INT32_MAX)
		INT_CASE(INT16, int16_t, INT16_MIN, INT16_MAX)
		INT_CASE(INT8, int8_t, INT8_MIN, INT8_MAX)
		INT_CASE(UINT64, uint64_t, 0, INT64_MAX)
		INT_CASE(UINT32, uint32_t, 0, UINT32_MAX)
		INT_CASE(UINT16, uint16_t, 0, UINT16_MAX)
		INT_CASE(UINT8, uint8_t, 0, UINT8_MAX)
		INT_CASE(DATE, int32_t, INT32_MIN, INT32_MAX)
#undef INT_CASE
	case BN_TYPE_DECIMAL:
		fits = row_decimal(w, column, bn_decimal_of(x), 0, cell);
		break;
	case BN_TYPE_FLOAT64:
		*(double *)(void *)cell = (double)x;
		fits = x >= -(1LL << 53) && x <= 1LL << 53;
		break;
	case BN_TYPE_FLOAT32:
		*(float *)(void *)cell = (float)x;
		fits = x >= -(1LL << 24) && x <= 1LL << 24;
		break;
	case BN_TYPE_BOOL:
		bn_bit_set((uint8_t *)w->columns[column].values, w->pending, x == 1);
		fits = x == 0 || x == 1;
		break;
	default:
		*(int64_t *)(void *)cell = x;
	}
	if (!fits)
		row_error(w, column, BN_EINVAL, "the integer does not fit the type exactly");
}

/* The decimal of the shortest text of x. */
static void row_fraction(bn_table_writer *w, size_t column, double x)
{
	const bn_field *f = &w->schema.fields[column];
	char *cell = row_cell(w, column, false), text[BN_FMT];
	bn_decimal d = {0, 0};

	bn_fmt_f64(x, text);
	if (!cell)
		return;
	if (!bn_decimal_parse(&d, text, strlen(text), f->precision, f->scale))
		row_error(w, column, BN_EINVAL, "the number does not fit the decimal exactly");
	memcpy(cell, &d, sizeof d);
}

void bn_table_row_f64(bn_table_writer *w, size_t column, double x)
{
	if (isnan(x) && column < w->schema.count)
		return;
	if (column < w->schema.count && w->schema.fields[column].type != BN_TYPE_FLOAT64 &&
		w->schema.fields[column].type != BN_TYPE_FLOAT32) {
		if (x == floor(x) && x >= -9223372036854775808.0 && x < 9223372036854775808.0)
			bn_table_row_i64(w, column, (int64_t)x);
		else if (w->schema.fields[column].type == BN_TYPE_DECIMAL)
			row_fraction(w, column, x);
		else
			row_error(w, column, BN_EINVAL, "the number is not an integer");
		return;
	}
	char *cell = row_cell(w, column, false);
	if (cell && w->schema.fields[column].type == BN_TYPE_FLOAT64)
		*(double *)(void *)cell = x;
	else if (cell)
		*(float *)(void *)cell = (float)x;
}

void bn_table_row_bool(bn_table_writer *w, size_t column, bool x)
{
	bn_table_row_i64(w, column, x);
}

void bn_table_row_text(bn_table_writer *w, size_t column, const char *text, size_t n)
{
	char *cell = row_cell(w, column, true);

	if (!cell)
		return;
	bn_pending_column *p = &w->columns[column];
	if (w->schema.fields[column].type != BN_TYPE_BINARY && !bn_utf8_is_valid(text, n)) {
		row_error(w, column, BN_EINVAL, "the text is not UTF-8");
	} else if (bn_type_has_bytes(w->schema.fields[column].type)) {
		bn_buf_truncate(&p->bytes, (size_t)p->ends[w->pending]);
		if (p->bytes.len + n > INT32_MAX)
			row_error(w, column, BN_ENOMEM, "more than 2 GiB of text");
		else
			bn_buf_add(&p->bytes, text, n);
	} else {
		int32_t code = bn_dict_builder_add(&p->dict, text, n);
		if (code < 0)
			row_error(w, column, BN_ENOMEM, "no memory for a dictionary");
		*(int32_t *)(void *)cell = code;
	}
}

int bn_table_row_end(bn_table_writer *w, bn_err *err)
{
	size_t at = w->pending;
	int rc = bn_table_writer_make_room(w, w->pending + 1, &w->row_err);

	for (size_t i = 0; i < w->schema.count && !rc; i++) {
		bn_pending_column *p = &w->columns[i];
		if (bn_type_is_list(w->schema.fields[i].type))
			row_error(
				w, i, BN_EINVAL, "lists must be added in batches, not row by row");
		else if (!p->set && !w->schema.fields[i].nullable)
			row_error(w, i, BN_EINVAL, "the column allows no absent values");
		if (bn_buf_check(&p->bytes, &w->row_err, "text of a row"))
			break;
	}
	rc = w->row_err.code;
	for (size_t i = 0; i < w->schema.count; i++) {
		bn_pending_column *p = &w->columns[i];
		bn_type type = w->schema.fields[i].type;
		size_t width = bn_type_width(type);
		bool set = p->set;
		p->set = false;
		if (rc) { /* drop the row */
			if (p->ends)
				bn_buf_truncate(&p->bytes, (size_t)p->ends[at]);
			continue;
		}
		bn_bit_set(p->validity, at, set);
		p->nulls += !set;
		if (bn_type_has_bytes(type))
			p->ends[at + 1] = (int32_t)p->bytes.len;
		else if (!set && type == BN_TYPE_BOOL)
			bn_bit_set((uint8_t *)p->values, at, false);
		else if (!set)
			memset(p->values + at * width, 0, width);
	}
	if (rc) {
		bn_err_set(err, rc, "%s", w->row_err.msg);
		bn_err_clear(&w->row_err);
		return rc;
	}
	w->pending++;
	w->rows++;
	return bn_table_writer_flush_full(w, err);
}
