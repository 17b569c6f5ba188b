/* instant.c - see instant.h. */
#include "core/data/instant.h"

#include "core/base/radix.h"
#include "core/base/str.h"

#include <math.h>
#include <string.h>

#define DAY_NS (INT64_C(86400) * 1000000000)
#define BEYOND 9223372036854775808.0 /* 2^63 */

int bn_instants_add(bn_instants *u, const bn_field *f, const bn_field *like, const char *what, bn_err *err)
{
	char type[BN_TYPE_TEXT];

	if (!bn_type_is_scalar(f->type) || f->type == BN_TYPE_BOOL) {
		bn_err_set(err, BN_EINVAL, "%s: column '%s' is %s, which does not order rows in time", what, f->name,
			bn_type_is_text(f->type) ? "text" : bn_field_type_text(f, type));
		bn_err_hint(err, "a timestamp, a date or a number does");
		return BN_EINVAL;
	}
	if (like && bn_type_is_time(f->type) != bn_type_is_time(like->type))
		return bn_err_set(err, BN_EINVAL, "%s: column '%s' is a %s, and '%s' a %s", what, f->name,
			bn_type_is_time(f->type) ? "time" : "number", like->name,
			bn_type_is_time(like->type) ? "time" : "number");
	u->is_real |= f->type == BN_TYPE_FLOAT64 || f->type == BN_TYPE_FLOAT32 || f->type == BN_TYPE_DECIMAL;
	return 0;
}

static int64_t plus(int64_t a, double by)
{
	int64_t step, sum;

	if (by >= BEYOND)
		return INT64_MAX;
	if (by <= -BEYOND)
		return INT64_MIN;
	step = (int64_t)by;
	if (__builtin_add_overflow(a, step, &sum))
		return step > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

static int64_t of_real(double x)
{
	return (int64_t)(bn_key_of(x) ^ UINT64_C(1) << 63);
}

int64_t bn_instant_plus(bn_instants u, int64_t a, double by)
{
	return u.is_real ? of_real(bn_key_value((uint64_t)a ^ UINT64_C(1) << 63) + by) : plus(a, by);
}

bool bn_instant_of(int64_t *out, bn_instants u, const bn_column *c, size_t row, double add)
{
	int64_t i = 0;

	if (bn_column_is_null(c, row))
		return false;
	if (u.is_real) {
		double x = bn_column_number(c, row) + add;
		if (isnan(x))
			return false;
		*out = of_real(x);
		return true;
	}
	if (c->type == BN_TYPE_UINT64)
		i = c->u64[row] > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)c->u64[row];
	else if (!bn_column_int(c, row, &i))
		return false;
	if (c->type == BN_TYPE_DATE && __builtin_mul_overflow(i, DAY_NS, &i))
		i = i < 0 ? INT64_MIN : INT64_MAX;
	*out = plus(i, add);
	return true;
}

int bn_instant_length(double *out, const bn_field *f, const char *text, const char *what, bn_err *err)
{
	bool is_time = bn_type_is_time(f->type);
	int64_t ns = 0;

	if (is_time ? bn_parse_duration_ns(text, &ns) && ns >= 0
		    : bn_parse_f64(text, strlen(text), out) && *out >= 0 && isfinite(*out)) {
		*out = is_time ? (double)ns : *out;
		return 0;
	}
	bn_err_set(err, BN_EINVAL, "%s '%s' is not a %s of '%s'", what, text, is_time ? "length of time" : "length",
		f->name);
	bn_err_hint(err, is_time ? "such as 90s, 6h or 2d" : "a number, 0 or more");
	return BN_EINVAL;
}
