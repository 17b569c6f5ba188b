/* cell.c - see cell.h. */
#include "core/source/cell.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"

#include <math.h>
#include <string.h>
#include <strings.h>

const char *const bn_cell_absent_texts[BN_CELL_ABSENT_TEXTS + 1] = {"", "NA", "N/A", "n/a", "<NA>",
	"NaN", "nan", "-NaN", "-nan", "null", "NULL", "None", "#N/A", "#N/A N/A", "#NA", "1.#IND",
	"-1.#IND", "1.#QNAN", "-1.#QNAN", NULL};

#define LONGEST_ABSENT 8

int bn_cell_absent_index(const char *text, size_t len)
{
	if (len > LONGEST_ABSENT || (len && !strchr("Nn<-#1", *text)))
		return -1;
	for (int i = 0; i < BN_CELL_ABSENT_TEXTS; i++)
		if (bn_str_is(bn_cell_absent_texts[i], text, len))
			return i;
	return -1;
}

bool bn_cell_is_absent(const char *text, size_t len)
{
	return bn_cell_absent_index(text, len) >= 0;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && !strncasecmp(text, word, len);
}

static bool bool_number(const char *s, size_t n, double *out)
{
	if (is_word(s, n, "true") || is_word(s, n, "false")) {
		*out = is_word(s, n, "true");
		return true;
	}
	return bn_parse_f64(s, n, out) && (*out == 0 || *out == 1 || isnan(*out));
}

bool bn_cell_int_fits(bn_type type, int64_t x)
{
	switch (type) {
	case BN_TYPE_INT32:
	case BN_TYPE_DATE:
		return x >= INT32_MIN && x <= INT32_MAX;
	case BN_TYPE_INT16:
		return x >= INT16_MIN && x <= INT16_MAX;
	case BN_TYPE_INT8:
		return x >= INT8_MIN && x <= INT8_MAX;
	case BN_TYPE_UINT64:
		return x >= 0;
	case BN_TYPE_UINT32:
		return x >= 0 && x <= UINT32_MAX;
	case BN_TYPE_UINT16:
		return x >= 0 && x <= UINT16_MAX;
	case BN_TYPE_UINT8:
		return x >= 0 && x <= UINT8_MAX;
	case BN_TYPE_BOOL:
		return x == 0 || x == 1;
	case BN_TYPE_TIME:
		return x >= 0 && x < INT64_C(86400000000000);
	default:
		return true;
	}
}

/* [+-]digits without superfluous zeros, like the texts of int64 columns; *sign -1, 1. */
static bool whole_number(const char *s, size_t n, uint64_t *out, int *sign)
{
	*sign = n && *s == '-' ? -1 : 1;
	if (n && (*s == '-' || *s == '+'))
		s++, n--;
	if (!n || (n > 1 && *s == '0'))
		return false;
	for (*out = 0; n; s++, n--)
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(*out, 10, out) ||
			__builtin_add_overflow(*out, (uint64_t)(*s - '0'), out))
			return false;
	return true;
}

static bool parse_int(bn_cell *out, bn_type type, const char *s, size_t n)
{
	uint64_t size;
	int sign;
	if (!whole_number(s, n, &size, &sign))
		return false;
	if (type == BN_TYPE_UINT64) {
		out->u = size;
		return sign > 0 || size == 0;
	}
	if (size > INT64_MAX)
		return false;
	out->i = sign * (int64_t)size;
	return bn_cell_int_fits(type, out->i);
}

bool bn_cell_parse(bn_cell *out, const bn_field *f, const char *text, size_t len)
{
	int32_t days;
	switch (f->type) {
	case BN_TYPE_DATE:
		if (!bn_date_parse(text, len, &days))
			return false;
		out->i = days;
		return true;
	case BN_TYPE_TIME:
		return bn_daytime_parse(text, len, &out->i);
	case BN_TYPE_DURATION:
		return bn_duration_parse(text, len, &out->i);
	case BN_TYPE_DECIMAL:
		return bn_decimal_parse(&out->d, text, len, f->precision, f->scale);
	case BN_TYPE_UINT64:
	case BN_TYPE_UINT32:
	case BN_TYPE_UINT16:
	case BN_TYPE_UINT8:
	case BN_TYPE_INT16:
		return parse_int(out, f->type, text, len);
	default:
		return false;
	}
}

void bn_cell_store(void *values, bn_type type, size_t row, const bn_cell *cell)
{
	switch (type) {
	case BN_TYPE_FLOAT64:
		((double *)values)[row] = cell->f;
		break;
	case BN_TYPE_FLOAT32:
		((float *)values)[row] = (float)cell->f;
		break;
	case BN_TYPE_DECIMAL:
		((bn_decimal *)values)[row] = cell->d;
		break;
	default: /* an integer's low bytes are its value */
		memcpy((char *)values + row * bn_type_width(type), &cell->i, bn_type_width(type));
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool bn_cell_bytes(bn_buf *out, const char *text, size_t len)
{
	size_t before = out->len;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(text[i]), low = i + 1 < len ? hex_digit(text[i + 1]) : -1;
		if (high < 0 || low < 0) {
			bn_buf_truncate(out, before);
			return false;
		}
		bn_buf_addch(out, (char)(high << 4 | low));
	}
	return true;
}

/* A time in text form. A bare number may be seconds, days or 20240131 as well, so only NaN is read. */
static bool time_number(bn_type type, const char *s, size_t n, double *out)
{
	const bn_field f = {.type = type};
	bn_cell cell;
	bool is = type == BN_TYPE_TIMESTAMP ? bn_timestamp_parse(s, n, &cell.i)
					    : bn_cell_parse(&cell, &f, s, n);
	if (is)
		*out = (double)cell.i;
	return is || (bn_parse_f64(s, n, out) && isnan(*out));
}

bool bn_cell_number(bn_type type, const char *text, size_t len, double *out)
{
	while (len && (*text == ' ' || *text == '\t'))
		text++, len--;
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (type == BN_TYPE_BOOL)
		return bool_number(text, len, out);
	if (bn_type_is_time(type))
		return time_number(type, text, len, out);
	return bn_type_is_number(type) && bn_parse_f64(text, len, out);
}

const char *bn_cell_wanted(bn_type type)
{
	switch (type) {
	case BN_TYPE_BOOL:
		return "true or false";
	case BN_TYPE_TIMESTAMP:
		return "a date or time";
	case BN_TYPE_INT64:
		return "an int64";
	case BN_TYPE_INT32:
		return "an int32";
	case BN_TYPE_INT8:
		return "an int8";
	case BN_TYPE_INT16:
		return "an int16";
	case BN_TYPE_UINT64:
		return "a uint64";
	case BN_TYPE_UINT32:
		return "a uint32";
	case BN_TYPE_UINT16:
		return "a uint16";
	case BN_TYPE_UINT8:
		return "a uint8";
	case BN_TYPE_DATE:
		return "a date (2026-01-31)";
	case BN_TYPE_TIME:
		return "a time of a day (09:05:07)";
	case BN_TYPE_DURATION:
		return "a duration (PT1H30M, 1:30:00)";
	case BN_TYPE_DECIMAL:
		return "a decimal of its digits";
	case BN_TYPE_BINARY:
		return "bytes in hexadecimal";
	case BN_TYPE_LIST:
	case BN_TYPE_FIXED:
		return "such a list";
	default:
		return "a number";
	}
}
