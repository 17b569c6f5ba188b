/*
 * eval_number.c - arithmetic; see _vector.h. Loops run over whole vectors, so that the compiler can vectorise
 * them: values beyond the rows, or where a value is absent, are arbitrary, and must not trap or be undefined.
 */
#include "core/table/expr/_vector.h"

#include "core/base/str.h"

#include <math.h>

/* NaN is absent. */
static void settle_real(bn_vector *out)
{
	BN_EACH bn_spoil(out, i, out->r[i] != out->r[i], BN_STATE_NULL);
	bn_vector_settle(out);
}

#define REAL1(NAME, value) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		(void)x; \
		bn_strict1(out, a[0]); \
		BN_EACH \
		{ \
			double p = a[0]->r[i]; \
			out->r[i] = (value); \
		} \
		settle_real(out); \
	}
#define REAL2(NAME, value) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		(void)x; \
		bn_strict2(out, a[0], a[1]); \
		BN_EACH \
		{ \
			double p = a[0]->r[i], q = a[1]->r[i]; \
			out->r[i] = (value); \
		} \
		settle_real(out); \
	}
/* over: whether it overflows. */
#define INT2(NAME, over) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		(void)x; \
		bn_strict2(out, a[0], a[1]); \
		BN_EACH \
		{ \
			int64_t p = a[0]->i[i], q = a[1]->i[i], value; \
			bool bad = (over); \
			out->i[i] = value; \
			bn_spoil(out, i, bad, BN_STATE_ERROR); \
		} \
		bn_vector_settle(out); \
	}

INT2(ADD_I, __builtin_add_overflow(p, q, &value))
INT2(SUB_I, __builtin_sub_overflow(p, q, &value))
INT2(MUL_I, __builtin_mul_overflow(p, q, &value))
/* Times and durations beyond their range are absent, as times of files are misfits. */
#define RANGE2(NAME, over) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		(void)x; \
		bn_strict2(out, a[0], a[1]); \
		BN_EACH \
		{ \
			int64_t p = a[0]->i[i], q = a[1]->i[i], value; \
			bool bad = (over); \
			out->i[i] = value; \
			bn_spoil(out, i, bad, BN_STATE_NULL); \
		} \
		bn_vector_settle(out); \
	}
RANGE2(ADD_TD, __builtin_add_overflow(p, q, &value))
RANGE2(ADD_DD, __builtin_add_overflow(p, q, &value))
RANGE2(SUB_TD, __builtin_sub_overflow(p, q, &value))
RANGE2(SUB_TT, __builtin_sub_overflow(p, q, &value))
RANGE2(SUB_DD, __builtin_sub_overflow(p, q, &value))

REAL2(ADD_R, p + q)
REAL2(SUB_R, p - q)
REAL2(MUL_R, p *q)
REAL2(DIV_R, q == 0 ? NAN : p / q)
REAL2(POW, pow(p, q))
REAL2(LEAST_R, q < p ? q : p)
REAL2(GREATEST_R, q > p ? q : p)
REAL1(NEG_R, -p)
REAL1(ABS_R, fabs(p))
REAL1(FLOOR, floor(p))
REAL1(CEIL, ceil(p))
REAL1(TRUNC, trunc(p))
REAL1(ROUND, round(p))
REAL1(SQRT, sqrt(p))
REAL1(EXP, exp(p))
REAL1(LN, p > 0 ? log(p) : NAN)
REAL1(LOG2, p > 0 ? log2(p) : NAN)
REAL1(LOG10, p > 0 ? log10(p) : NAN)
REAL1(REAL_R, p)

static void eval_DIV_DD(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict2(out, a[0], a[1]);
	BN_EACH out->r[i] = a[1]->i[i] ? (double)a[0]->i[i] / (double)a[1]->i[i] : NAN;
	settle_real(out);
}

static void eval_MOD_I(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict2(out, a[0], a[1]);
	BN_EACH
	{
		int64_t q = a[1]->i[i];
		out->i[i] = q == 0 || q == -1 ? 0 : a[0]->i[i] % q;
		bn_spoil(out, i, q == 0, BN_STATE_NULL);
	}
	bn_vector_settle(out);
}

static void eval_NEG_I(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH
	{
		int64_t value;
		bool bad = __builtin_sub_overflow((int64_t)0, a[0]->i[i], &value);
		out->i[i] = value;
		bn_spoil(out, i, bad, BN_STATE_ERROR);
	}
	bn_vector_settle(out);
}

static void eval_ABS_I(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH
	{
		int64_t p = a[0]->i[i];
		out->i[i] = p < 0 && p != INT64_MIN ? -p : p;
		bn_spoil(out, i, p == INT64_MIN, BN_STATE_ERROR);
	}
	bn_vector_settle(out);
}

static void eval_SIGN(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH out->i[i] = (a[0]->r[i] > 0) - (a[0]->r[i] < 0);
}

static void eval_LEAST_I(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict2(out, a[0], a[1]);
	BN_EACH out->i[i] = a[1]->i[i] < a[0]->i[i] ? a[1]->i[i] : a[0]->i[i];
}

static void eval_GREATEST_I(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict2(out, a[0], a[1]);
	BN_EACH out->i[i] = a[1]->i[i] > a[0]->i[i] ? a[1]->i[i] : a[0]->i[i];
}

/* Rounds half away from zero, to that many decimals; no change beyond a double's precision. */
static double round_at(double x, int64_t decimals)
{
	if (decimals > 17 || !isfinite(x))
		return x;
	double scale = pow(10, (double)(decimals < -308 ? -308 : decimals)), y = x * scale;
	return isfinite(y) ? round(y) / scale : x;
}

static void eval_ROUND_N(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict2(out, a[0], a[1]);
	BN_EACH out->r[i] = round_at(a[0]->r[i], a[1]->i[i]);
	settle_real(out);
}

/* Rounds a whole number to tens, hundreds and so on, half away from zero. False: beyond int64. */
static bool round_int(int64_t *x, int64_t decimals)
{
	int64_t unit = 1;
	if (decimals >= 0)
		return true;
	if (decimals < -18) { /* half of 10^19 is the only larger threshold within int64 */
		bool rounds_off =
			decimals < -19 || (*x > -5000000000000000000 && *x < 5000000000000000000);
		*x = 0;
		return rounds_off;
	}
	for (int64_t i = decimals; i < 0; i++)
		unit *= 10;
	int64_t rest = *x % unit, away = 0;
	if (rest >= unit / 2)
		away = unit;
	if (rest <= -(unit / 2))
		away = -unit;
	return !__builtin_add_overflow(*x - rest, away, x);
}

static void eval_ROUND_IN(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict2(out, a[0], a[1]);
	BN_EACH
	{
		int64_t value = a[0]->i[i];
		bool bad = !round_int(&value, a[1]->i[i]);
		out->i[i] = value;
		bn_spoil(out, i, bad, BN_STATE_ERROR);
	}
	bn_vector_settle(out);
}

/* ---- from one type to another --------------------------------------------------------------- */

static void eval_TO_REAL(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH out->r[i] = (double)a[0]->i[i];
}

static void eval_TO_INT(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH out->i[i] = a[0]->b[i] != 0;
}

#define SAME(NAME) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		(void)x; \
		bn_strict1(out, a[0]); \
		memcpy(out->i, a[0]->i, sizeof out->i); \
	}
SAME(INT_I)
SAME(FLOOR_I)
SAME(CEIL_I)
SAME(TRUNC_I)
SAME(ROUND_I)

/* Towards zero. */
static void eval_INT_R(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH
	{
		double p = a[0]->r[i];
		bool fits = p >= -9223372036854775808.0 && p < 9223372036854775808.0;
		out->i[i] = fits ? (int64_t)p : 0;
		bn_spoil(out, i, !fits, BN_STATE_ERROR);
	}
	bn_vector_settle(out);
}

static void eval_INT_S(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict1(out, a[0]);
	for (size_t i = 0; i < x->rows; i++) {
		bn_text t = a[0]->s[i];
		out->i[i] = 0;
		bool fits = !out->state[i] && bn_parse_i64(t.ptr, t.len, &out->i[i]);
		bn_spoil(out, i, !fits, BN_STATE_NULL);
	}
	bn_vector_settle(out);
}

static void eval_REAL_S(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict1(out, a[0]);
	for (size_t i = 0; i < x->rows; i++) {
		bn_text t = a[0]->s[i];
		double value = NAN;
		if (out->state[i] || !bn_parse_f64(t.ptr, t.len, &value))
			value = NAN;
		out->r[i] = value;
	}
	settle_real(out);
}

#define ROW(ID, name, arguments, result, bounds, sql) [BN_OP_##ID] = eval_##ID,
const bn_eval_fn bn_eval_numbers[BN_OP_COUNT] = {BN_EXPR_NUMBERS(ROW)};
