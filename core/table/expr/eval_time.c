/* eval_time.c - times, in UTC; see _vector.h. */
#include "core/table/expr/_vector.h"

#include "core/base/timestamp.h"

#define NS 1000000000LL
#define NS_PER_DAY (86400 * NS)

static int64_t day_of(int64_t ns)
{
	return ns / NS_PER_DAY - (ns % NS_PER_DAY < 0);
}

static int64_t ns_of_day(int64_t ns)
{
	return ns - day_of(ns) * NS_PER_DAY;
}

typedef struct civil {
	int64_t year, month, day;
} civil;

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days since 1970 to year, month, day. */
static civil civil_of(int64_t days)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	return (civil){yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1};
}

#define PART(NAME, field, value) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		(void)x; \
		bn_strict1(out, a[0]); \
		BN_EACH \
		{ \
			int64_t t = a[0]->i[i]; \
			out->field[i] = (value); \
		} \
	}
PART(YEAR, i, civil_of(day_of(t)).year)
PART(MONTH, i, civil_of(day_of(t)).month)
PART(DAY, i, civil_of(day_of(t)).day)
PART(HOUR, i, ns_of_day(t) / (3600 * NS))
PART(MINUTE, i, ns_of_day(t) / (60 * NS) % 60)
PART(SECOND, r, (double)(ns_of_day(t) % (60 * NS)) / 1e9)
/* 1 is Monday, as in ISO 8601; 1970-01-01 was a Thursday. */
PART(WEEKDAY, i, (day_of(t) % 7 + 7 + 3) % 7 + 1)
PART(EPOCH, r, (double)t / 1e9)
PART(SECONDS, r, (double)t / 1e9)
PART(DATE_T, i, day_of(t))

static void eval_TO_TIME(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH
	{
		int64_t value;
		bool bad = __builtin_mul_overflow(a[0]->i[i], NS_PER_DAY, &value);
		out->i[i] = value;
		bn_spoil(out, i, bad, BN_STATE_NULL);
	}
	bn_vector_settle(out);
}

static void eval_TIME_S(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict1(out, a[0]);
	for (size_t i = 0; i < x->rows; i++) {
		bn_text t = a[0]->s[i];
		out->i[i] = 0;
		bool fits = !out->state[i] && bn_timestamp_parse(t.ptr, t.len, &out->i[i]);
		bn_spoil(out, i, !fits, BN_STATE_NULL);
	}
	bn_vector_settle(out);
}

#define ROW(ID, name, arguments, result, bounds, sql) [BN_OP_##ID] = eval_##ID,
const bn_eval_fn bn_eval_times[BN_OP_COUNT] = {BN_EXPR_TIMES(ROW)};
