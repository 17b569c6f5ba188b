/* bind_value.c - numbers, texts and bare words as values, by their form or by the type they are compared
 * with. */
#include "core/table/expr/_bind.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"

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

/* ---- by its form ------------------------------------------------------------------ */

static bn_expr_value number_value(const bn_tree *t)
{
	bn_expr_value v = {.type = BN_EXPR_INT};
	if (!bn_parse_i64(t->text.ptr, t->text.len, &v.i)) {
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
			return bn_expr_fail(
				b->e, t->at, b->err, "nan is absent: use IS NULL, or write null");
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

static int read_number(bn_expr_value *v, const char **expects, bn_expr_text s)
{
	*v = (bn_expr_value){.type = BN_EXPR_INT};
	if (bn_parse_i64(s.ptr, s.len, &v->i))
		return 1;
	v->type = BN_EXPR_REAL;
	if (bn_parse_f64(s.ptr, s.len, &v->r) && !isnan(v->r))
		return 1;
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
		return read_number(v, expects, s);
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
	if (rc < 0 || (!rc && read_as(&v, &expects, type, t->text) < 0))
		return expected(b, t, expects ? expects : "a value");
	return bn_bind_constant(b, &v, t->at);
}
