/* bind_value.c - numbers, texts and bare words as values, by their form or by the type they are compared
 * with. */
#include "core/table/expr/_bind.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool bn_tree_is_leaf(const bn_tree *t)
{
	return t->kind != BN_TREE_CALL && !t->prefix.len;
}

static int expected(bn_binder *b, const bn_tree *t, const char *what)
{
	return bn_expr_fail(b->e, t->at, b->err, "expected %s, not '%.*s'", what,
		(int)(t->text.len < 40 ? t->text.len : 40), t->text.ptr);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

/* The exact value of a number written with a point or an exponent. */
typedef enum written {
	WRITTEN_OTHER, /* inf, nan, or a whole number above uint64 or below int64 */
	WRITTEN_INT,   /* a whole number in int64 */
	WRITTEN_WIDE,  /* a whole number above int64: the bits of a uint64 */
	WRITTEN_FRACTION,
} written;

/* The significant digits, and the power of ten of the last one. */
typedef struct decimal_form {
	const char *first;
	size_t count; /* characters from the first digit to the last, including a point */
	int64_t power;
	bool minus;
} decimal_form;

/* False: not [sign] digits [. digits] [e [sign] digits]. */
static bool decimal_form_of(decimal_form *f, bn_expr_text s)
{
	size_t at = 0, digits = 0, last = 0;
	bool point = false;

	*f = (decimal_form){.minus = s.len && s.ptr[0] == '-'};
	at += s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
	for (; at < s.len && (isdigit((unsigned char)s.ptr[at]) || (s.ptr[at] == '.' && !point));
		at++) {
		if (s.ptr[at] == '.') {
			point = true;
			continue;
		}
		digits++;
		f->power -= point;
		if (s.ptr[at] == '0')
			continue;
		f->first = f->first ? f->first : s.ptr + at;
		last = at;
	}
	f->count = f->first ? (size_t)(s.ptr + last + 1 - f->first) : 0;
	for (size_t i = last + 1; f->first && i < at; i++)
		f->power += s.ptr[i] != '.';
	if (at < s.len && digits && (s.ptr[at] == 'e' || s.ptr[at] == 'E')) {
		int64_t exponent;
		at++;
		at += at < s.len && s.ptr[at] == '+';
		if (!bn_parse_i64(s.ptr + at, s.len - at, &exponent) || exponent > 1 << 20 ||
			exponent < -(1 << 20))
			return false;
		f->power += exponent;
		at = s.len;
	}
	return digits && at == s.len;
}

static written read_written(int64_t *out, bn_expr_text s)
{
	decimal_form f;
	uint64_t u = 0;

	*out = 0;
	if (!decimal_form_of(&f, s))
		return WRITTEN_OTHER;
	if (!f.count)
		return WRITTEN_INT;
	if (f.power < 0)
		return WRITTEN_FRACTION;
	for (size_t i = 0; i < f.count; i++)
		if (f.first[i] != '.' &&
			(__builtin_mul_overflow(u, UINT64_C(10), &u) ||
				__builtin_add_overflow(u, (uint64_t)(f.first[i] - '0'), &u)))
			return WRITTEN_OTHER;
	for (int64_t i = 0; i < f.power; i++)
		if (__builtin_mul_overflow(u, UINT64_C(10), &u))
			return WRITTEN_OTHER;
	if (u > (uint64_t)INT64_MAX + f.minus) {
		*out = (int64_t)u;
		return f.minus ? WRITTEN_OTHER : WRITTEN_WIDE;
	}
	*out = f.minus ? (int64_t)(0 - u) : (int64_t)u;
	return WRITTEN_INT;
}

static bool is_kept_by_real(int64_t i)
{
	double r = (double)i;
	return r < 9223372036854775808.0 && (int64_t)r == i;
}

/* ---- by its form ------------------------------------------------------------------ */

/* A number with a point or an exponent is real, unless it is a whole number that only int64 holds exactly. */
static bn_expr_value number_value(const bn_tree *t)
{
	bn_expr_value v = {.type = BN_EXPR_INT};
	if (!bn_parse_i64(t->text.ptr, t->text.len, &v.i) &&
		(read_written(&v.i, t->text) != WRITTEN_INT || is_kept_by_real(v.i))) {
		v.type = BN_EXPR_REAL;
		v.r = t->number;
	}
	return v;
}

int bn_bind_plain(bn_binder *b, const bn_tree *t)
{
	bn_expr_value v = {.type = BN_EXPR_TEXT, .s = t->text};
	if (t->kind == BN_TREE_NUMBER) {
		if (isnan(t->number))
			return bn_expr_fail(b->e, t->at, b->err,
				"nan is absent: ask with IS NAN or IS NULL, or write null");
		v = number_value(t);
	} else if (t->kind == BN_TREE_WORD) {
		if (bn_expr_text_is(t->text, "true") || bn_expr_text_is(t->text, "false"))
			v = (bn_expr_value){BN_EXPR_BOOL, {.i = bn_expr_text_is(t->text, "true")}};
		else if (bn_expr_text_is(t->text, "null"))
			v = (bn_expr_value){BN_EXPR_NULL, {.i = 0}};
		else
			return BN_ENOTFOUND;
	} else if (t->kind != BN_TREE_QUOTED) {
		return BN_ENOTFOUND;
	}
	return bn_bind_constant(b, &v, t->at);
}

/* ---- by the type it is compared with
 * ------------------------------------------------------------ */

/* Compared with a whole number, nothing is rounded: a fraction that would become whole as a real number is refused. */
static int read_number(bn_expr_value *v, const char **expects, bn_expr_type type, bn_expr_text s)
{
	int64_t whole;
	*v = (bn_expr_value){.type = BN_EXPR_INT};
	if (bn_parse_i64(s.ptr, s.len, &v->i))
		return 1;
	v->type = BN_EXPR_REAL;
	if (bn_parse_f64(s.ptr, s.len, &v->r) && !isnan(v->r)) {
		written how = type == BN_EXPR_INT ? read_written(&whole, s) : WRITTEN_OTHER;
		if (how == WRITTEN_INT && !is_kept_by_real(whole))
			*v = (bn_expr_value){BN_EXPR_INT, {.i = whole}};
		*expects = "a number whose fraction is within the 15 to 17 digits of a real number";
		return how == WRITTEN_FRACTION && v->r == trunc(v->r) ? BN_EINVAL : 1;
	}
	*expects =
		bn_is_beyond_f64(s.ptr, s.len) ? "a number of at most 1.8e308, or inf" : "a number";
	return BN_EINVAL;
}

static int read_bool(bn_expr_value *v, const char **expects, bn_expr_text s)
{
	*v = (bn_expr_value){.type = BN_EXPR_BOOL};
	if (bn_expr_text_is(s, "true") || bn_expr_text_is(s, "1"))
		v->i = 1;
	else if (!bn_expr_text_is(s, "false") && !bn_expr_text_is(s, "0")) {
		*expects = "true or false";
		return BN_EINVAL;
	}
	return 1;
}

static int read_time(bn_expr_value *v, const char **expects, bn_expr_text s)
{
	*v = (bn_expr_value){.type = BN_EXPR_TIME};
	if (bn_timestamp_parse(s.ptr, s.len, &v->i))
		return 1;
	*expects = "a time such as '2026-01-31' or '2026-01-31T09:30:00Z'";
	return BN_EINVAL;
}

/* A date with a time of day is an instant. */
static int read_date(bn_expr_value *v, const char **expects, bn_expr_text s)
{
	int32_t days;
	if (!bn_date_parse(s.ptr, s.len, &days))
		return read_time(v, expects, s);
	*v = (bn_expr_value){BN_EXPR_DATE, {.i = days}};
	return 1;
}

/* For a time of day it is the duration since midnight. */
static int read_duration(bn_expr_value *v, const char **expects, bn_expr_text s)
{
	char copy[64];
	*v = (bn_expr_value){.type = BN_EXPR_DURATION};
	snprintf(copy, sizeof copy, "%.*s", (int)(s.len < 63 ? s.len : 63), s.ptr);
	if (bn_parse_duration_ns(copy, &v->i) || bn_daytime_parse(s.ptr, s.len, &v->i) ||
		bn_duration_parse(s.ptr, s.len, &v->i))
		return 1;
	*expects = "a duration such as 5m or 1h30m, or a time of day such as '09:30'";
	return BN_EINVAL;
}

static int read_as(bn_expr_value *v, const char **expects, bn_expr_type type, bn_expr_text s)
{
	switch (type) {
	case BN_EXPR_INT:
	case BN_EXPR_REAL:
		return read_number(v, expects, type, s);
	case BN_EXPR_BOOL:
		return read_bool(v, expects, s);
	case BN_EXPR_TIME:
		return read_time(v, expects, s);
	case BN_EXPR_DATE:
		return read_date(v, expects, s);
	case BN_EXPR_DURATION:
		return read_duration(v, expects, s);
	default:
		*v = (bn_expr_value){BN_EXPR_TEXT, {.s = s}};
		return 1;
	}
}

/* A uint64 above int64 that a real number does not hold exactly. */
static bool is_rounded_wide(bn_expr_text s)
{
	int64_t bits;
	if (read_written(&bits, s) != WRITTEN_WIDE)
		return false;
	double r = (double)(uint64_t)bits;
	return r >= 18446744073709551616.0 || (uint64_t)r != (uint64_t)bits;
}

int bn_bind_value(bn_binder *b, const bn_tree *t, bn_expr_type type, const bn_expr_field *field)
{
	const char *expects = NULL;
	bn_expr_value v;
	if (b->e->dialect == BN_EXPR_ROWS && t->kind == BN_TREE_WORD &&
		bn_expr_text_is(t->text, "null"))
		return bn_bind_plain(b, t);
	bool asks = field && b->names->literal;
	int rc = asks ? b->names->literal(b->names->ctx, field, t->text, t->kind == BN_TREE_NUMBER,
				&v, &expects)
		      : 0;
	if (field && field->is_wide && is_rounded_wide(t->text))
		return expected(b, t, "a whole number that a real number keeps, above 2^63");
	if (rc < 0 || (!rc && read_as(&v, &expects, type, t->text) < 0)) {
		rc = expected(b, t, expects ? expects : "a value");
		if (b->e->dialect == BN_EXPR_ROWS && t->kind == BN_TREE_NUMBER && isnan(t->number))
			bn_err_hint(b->err, "NaN equals nothing: ask with IS NAN or IS NOT NAN");
		return rc;
	}
	return bn_bind_constant(b, &v, t->at);
}
