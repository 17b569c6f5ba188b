/* prune.c - see prune.h. A rule for each column `bounds` of the table of operators (ops.h). */
#include "core/table/expr/prune.h"

#include "core/base/mem.h"
#include "core/table/expr/_expr.h"

#include <math.h>
#include <string.h>

/* The possible values of a node. For a condition low and high are 0 and 1. */
typedef struct span {
	bool null, value, error; /* whether such rows are possible */
	bool has_low, has_high;
	bn_expr_value low, high; /* of the values, inclusive */
} span;

static bool may_be_true(const span *s)
{
	return s->value && !(s->has_high && s->high.i == 0);
}

static bool may_be_false(const span *s)
{
	return s->value && !(s->has_low && s->low.i == 1);
}

static span condition(bool no, bool yes, bool null, bool error)
{
	span s = {.null = null,
		.value = no || yes,
		.error = error,
		.has_low = true,
		.has_high = true};
	s.low = (bn_expr_value){BN_EXPR_BOOL, {.i = !no}};
	s.high = (bn_expr_value){BN_EXPR_BOOL, {.i = yes}};
	return s;
}

/* The values are unknown; absence follows from the arguments. */
static span unknown(const span *const *a)
{
	span s = {.null = true, .value = true};
	for (size_t i = 0; i < 3; i++)
		s.error = s.error || (a[i] && a[i]->error);
	return s;
}

static span bounds(const span *a, const span *b, bn_expr_value low, bn_expr_value high)
{
	span s = *a;
	s.null = a->null || (b && b->null);
	s.value = a->value && (!b || b->value);
	s.error = a->error || (b && b->error);
	s.has_low = s.has_high = true;
	s.low = low;
	s.high = high;
	return s;
}

static bool is_bound(const span *s)
{
	return s->has_low && s->has_high;
}

/* ---- comparisons ------------------------------------------------------------------------------ */

static int order(const bn_expr_value *a, const bn_expr_value *b)
{
	return bn_expr_value_order(a, b);
}

/* yes: true for all values; no: for none. */
static span compared(const span *a, const span *b, bool yes, bool no)
{
	bool value = a->value && b->value;
	return condition(value && !yes, value && !no, a->null || b->null, a->error || b->error);
}

/* Whether every a is below (or equal to) every b. */
static bool all_below(const span *a, const span *b, bool or_equal)
{
	if (!a->has_high || !b->has_low)
		return false;
	int c = order(&a->high, &b->low);
	return c < 0 || (or_equal && c == 0);
}

static bool are_one(const span *a, const span *b)
{
	return all_below(a, b, true) && all_below(b, a, true);
}

#define RULE(NAME) static span prune_##NAME(const bn_expr_node *n, const span *const *a)

RULE(LT)
{
	(void)n;
	return compared(a[0], a[1], all_below(a[0], a[1], false), all_below(a[1], a[0], true));
}

RULE(LE)
{
	(void)n;
	return compared(a[0], a[1], all_below(a[0], a[1], true), all_below(a[1], a[0], false));
}

RULE(GT)
{
	(void)n;
	return compared(a[0], a[1], all_below(a[1], a[0], false), all_below(a[0], a[1], true));
}

RULE(GE)
{
	(void)n;
	return compared(a[0], a[1], all_below(a[1], a[0], true), all_below(a[0], a[1], false));
}

RULE(EQ)
{
	(void)n;
	return compared(a[0], a[1], are_one(a[0], a[1]),
		all_below(a[0], a[1], false) || all_below(a[1], a[0], false));
}

RULE(NE)
{
	(void)n;
	return compared(a[0], a[1], all_below(a[0], a[1], false) || all_below(a[1], a[0], false),
		are_one(a[0], a[1]));
}

RULE(IN)
{
	bool some = false, all = false;
	for (size_t i = 0; i < n->list.count; i++) {
		const bn_expr_value *v = &n->list.items[i];
		bool above = !a[0]->has_low || order(&a[0]->low, v) <= 0;
		bool below = !a[0]->has_high || order(v, &a[0]->high) <= 0;
		some = some || (above && below);
		all = all ||
		      (is_bound(a[0]) && order(&a[0]->low, v) == 0 && order(v, &a[0]->high) == 0);
	}
	return condition(a[0]->value && !all, a[0]->value && some, a[0]->null, a[0]->error);
}

/* Matching texts begin with the pattern's prefix before its first % or _. */
RULE(LIKE)
{
	bool possible = true;
	(void)n;
	if (is_bound(a[1]) && a[1]->low.type == BN_EXPR_TEXT) {
		bn_expr_value p = a[1]->low, cut = a[0]->low;
		size_t k = 0;
		while (k < p.s.len && p.s.ptr[k] != '%' && p.s.ptr[k] != '_')
			k++;
		p.s.len = k;
		if (a[0]->has_low) {
			cut.s.len = cut.s.len < k ? cut.s.len : k;
			possible = order(&cut, &p) <= 0;
		}
		possible = possible && (!a[0]->has_high || order(&p, &a[0]->high) <= 0);
	}
	bool value = a[0]->value && a[1]->value;
	return condition(
		value, value && possible, a[0]->null || a[1]->null, a[0]->error || a[1]->error);
}

/* ---- logic ------------------------------------------------------------------------------------ */

static bool is_surely(const span *s, bool what)
{
	return !s->null && !s->error && s->value && !(what ? may_be_false(s) : may_be_true(s));
}

RULE(AND)
{
	(void)n;
	if (is_surely(a[0], false) || is_surely(a[1], false))
		return condition(true, false, false, false);
	return condition(may_be_false(a[0]) || may_be_false(a[1]),
		may_be_true(a[0]) && may_be_true(a[1]), a[0]->null || a[1]->null,
		a[0]->error || a[1]->error);
}

RULE(OR)
{
	(void)n;
	if (is_surely(a[0], true) || is_surely(a[1], true))
		return condition(false, true, false, false);
	return condition(may_be_false(a[0]) && may_be_false(a[1]),
		may_be_true(a[0]) || may_be_true(a[1]), a[0]->null || a[1]->null,
		a[0]->error || a[1]->error);
}

RULE(NOT)
{
	(void)n;
	return condition(may_be_true(a[0]), may_be_false(a[0]), a[0]->null, a[0]->error);
}

RULE(ISNULL)
{
	(void)n;
	return condition(a[0]->value, a[0]->null, false, a[0]->error);
}

/* NaN counts as absent in the statistics. */
RULE(ISNAN)
{
	(void)n;
	return condition(true, a[0]->null, false, false);
}

/* ---- whole numbers ---------------------------------------------------------------------------- */

static bn_expr_value int_value(int64_t i)
{
	return (bn_expr_value){BN_EXPR_INT, {.i = i}};
}

/* Some row may overflow: then no row is skipped. */
static span overflows(const span *const *a)
{
	span s = unknown(a);
	s.error = true;
	return s;
}

static bool are_bound(const span *const *a)
{
	return is_bound(a[0]) && (!a[1] || is_bound(a[1]));
}

RULE(SAME)
{
	(void)n;
	return *a[0];
}

RULE(ADD_I)
{
	int64_t low, high;
	(void)n;
	if (!are_bound(a) || __builtin_add_overflow(a[0]->low.i, a[1]->low.i, &low) ||
		__builtin_add_overflow(a[0]->high.i, a[1]->high.i, &high))
		return overflows(a);
	return bounds(a[0], a[1], int_value(low), int_value(high));
}

RULE(SUB_I)
{
	int64_t low, high;
	(void)n;
	if (!are_bound(a) || __builtin_sub_overflow(a[0]->low.i, a[1]->high.i, &low) ||
		__builtin_sub_overflow(a[0]->high.i, a[1]->low.i, &high))
		return overflows(a);
	return bounds(a[0], a[1], int_value(low), int_value(high));
}

RULE(MUL_I)
{
	int64_t low = INT64_MAX, high = INT64_MIN, x;
	(void)n;
	if (!are_bound(a))
		return overflows(a);
	for (int k = 0; k < 4; k++) {
		int64_t p = k & 1 ? a[0]->high.i : a[0]->low.i,
			q = k & 2 ? a[1]->high.i : a[1]->low.i;
		if (__builtin_mul_overflow(p, q, &x))
			return overflows(a);
		low = x < low ? x : low;
		high = x > high ? x : high;
	}
	return bounds(a[0], a[1], int_value(low), int_value(high));
}

RULE(NEG_I)
{
	(void)n;
	if (!are_bound(a) || a[0]->low.i == INT64_MIN)
		return overflows(a);
	return bounds(a[0], NULL, int_value(-a[0]->high.i), int_value(-a[0]->low.i));
}

RULE(ABS_I)
{
	(void)n;
	if (!are_bound(a) || a[0]->low.i == INT64_MIN)
		return overflows(a);
	int64_t low = a[0]->low.i, high = a[0]->high.i;
	int64_t p = low < 0 ? -low : low, q = high < 0 ? -high : high;
	int64_t least = p < q ? p : q;
	if (low <= 0 && high >= 0)
		least = 0;
	return bounds(a[0], NULL, int_value(least), int_value(p > q ? p : q));
}

/* ---- real numbers ----------------------------------------------------------------------------- */

/* Rounding is monotonic, so the bounds of a sum are the sums of the bounds. If one is NaN, rows may be
 * absent. */
static span real_bounds(const span *const *a, double low, double high)
{
	if (isnan(low) || isnan(high))
		return unknown(a);
	span s = bounds(a[0], a[1], (bn_expr_value){BN_EXPR_REAL, {.r = low}},
		(bn_expr_value){BN_EXPR_REAL, {.r = high}});
	for (size_t i = 0; i < 2; i++)
		s.null = s.null || (a[i] && (isinf(a[i]->low.r) || isinf(a[i]->high.r)));
	return s;
}

RULE(ADD_R)
{
	(void)n;
	if (!are_bound(a))
		return unknown(a);
	return real_bounds(a, a[0]->low.r + a[1]->low.r, a[0]->high.r + a[1]->high.r);
}

RULE(SUB_R)
{
	(void)n;
	if (!are_bound(a))
		return unknown(a);
	return real_bounds(a, a[0]->low.r - a[1]->high.r, a[0]->high.r - a[1]->low.r);
}

RULE(MUL_R)
{
	double low = INFINITY, high = -INFINITY;
	(void)n;
	if (!are_bound(a))
		return unknown(a);
	for (int k = 0; k < 4; k++) {
		double p = k & 1 ? a[0]->high.r : a[0]->low.r,
		       q = k & 2 ? a[1]->high.r : a[1]->low.r;
		double x = p * q;
		if (isnan(x) || isinf(p) || isinf(q))
			return unknown(a);
		low = x < low ? x : low;
		high = x > high ? x : high;
	}
	return real_bounds(a, low, high);
}

RULE(NEG_R)
{
	(void)n;
	return are_bound(a) ? real_bounds(a, -a[0]->high.r, -a[0]->low.r) : unknown(a);
}

RULE(ABS_R)
{
	(void)n;
	if (!are_bound(a))
		return unknown(a);
	double low = a[0]->low.r, high = a[0]->high.r, p = fabs(low), q = fabs(high);
	return real_bounds(a, low <= 0 && high >= 0 ? 0 : fmin(p, q), fmax(p, q));
}

RULE(FLOOR)
{
	(void)n;
	return are_bound(a) ? real_bounds(a, floor(a[0]->low.r), floor(a[0]->high.r)) : unknown(a);
}

RULE(CEIL)
{
	(void)n;
	return are_bound(a) ? real_bounds(a, ceil(a[0]->low.r), ceil(a[0]->high.r)) : unknown(a);
}

RULE(SQRT)
{
	(void)n;
	if (!are_bound(a) || a[0]->low.r < 0)
		return unknown(a);
	return real_bounds(a, sqrt(a[0]->low.r), sqrt(a[0]->high.r));
}

RULE(TO_REAL)
{
	(void)n;
	if (!are_bound(a))
		return unknown(a);
	return bounds(a[0], NULL, (bn_expr_value){BN_EXPR_REAL, {.r = (double)a[0]->low.i}},
		(bn_expr_value){BN_EXPR_REAL, {.r = (double)a[0]->high.i}});
}

/* ---- others ----------------------------------------------------------------------------------- */

RULE(TO_INT)
{
	(void)n;
	return bounds(a[0], NULL, int_value(!may_be_false(a[0])), int_value(may_be_true(a[0])));
}

RULE(TO_TIME)
{
	int64_t low, high;
	(void)n;
	if (!are_bound(a) || __builtin_mul_overflow(a[0]->low.i, 86400000000000LL, &low) ||
		__builtin_mul_overflow(a[0]->high.i, 86400000000000LL, &high))
		return unknown(a);
	return bounds(a[0], NULL, (bn_expr_value){BN_EXPR_TIME, {.i = low}},
		(bn_expr_value){BN_EXPR_TIME, {.i = high}});
}

/* A year has 31 556 952 seconds on average; the bounds are one year wider than necessary. */
RULE(YEAR)
{
	const int64_t year = 31556952LL * 1000000000LL;
	(void)n;
	if (!are_bound(a))
		return unknown(a);
	return bounds(a[0], NULL, int_value(a[0]->low.i / year + 1970 - 2),
		int_value(a[0]->high.i / year + 1970 + 1));
}

RULE(NONE)
{
	return n->op == BN_OP_INT_R || n->op == BN_OP_ROUND_IN ? overflows(a) : unknown(a);
}

#define ROW(ID, name, arguments, result, bounds, sql) [BN_OP_##ID] = prune_##bounds,
static span (*const rules[BN_OP_COUNT])(const bn_expr_node *n, const span *const *a) = {
	BN_EXPR_OPS(ROW)};
#undef ROW

/* ---- fields, and the whole -------------------------------------------------------------------- */

static span span_of_constant(const bn_expr_node *n)
{
	bool there = n->value.type != BN_EXPR_NULL;
	return (span){.null = !there,
		.value = there,
		.has_low = there,
		.has_high = there,
		.low = n->value,
		.high = n->value};
}

static span span_of_field(const bn_expr_node *n, const bn_part_stats *stats)
{
	/* A uint64 may be beyond int64 if its maximum is not known. */
	span s = {.null = true, .value = true, .error = n->type == BN_EXPR_INT};
	if (n->field.slot >= stats->count)
		return s;
	const bn_column_stats *c = &stats->columns[n->field.slot];
	s.null = c->missing != 0;
	s.value = c->missing < 0 || (uint64_t)c->missing < stats->rows;
	s.low = c->min;
	s.high = c->max;
	s.has_low = c->min.type != BN_EXPR_NULL;
	s.has_high = c->max.type != BN_EXPR_NULL;
	s.error = s.error && s.value && !s.has_high;
	return s;
}

bn_prune bn_expr_prune(const bn_expr *e, const bn_part_stats *stats)
{
	span *spans = bn_alloc(e->count * sizeof *spans);
	if (!spans)
		return BN_PRUNE_SOME;
	for (size_t i = 0; i < e->count; i++) {
		const bn_expr_node *n = &e->nodes[i];
		const span *a[3] = {NULL, NULL, NULL};
		for (size_t k = 0; k < 3; k++)
			a[k] = n->arg[k] < 0 ? NULL : &spans[n->arg[k]];
		if (n->op == BN_OP_CONSTANT)
			spans[i] = span_of_constant(n);
		else if (n->op == BN_OP_FIELD)
			spans[i] = span_of_field(n, stats);
		else
			spans[i] = rules[n->op](n, a);
	}
	const span *root = &spans[e->count - 1];
	bool some = may_be_true(root) || root->error;
	bool all = !may_be_false(root) && !root->null && !root->error;
	bn_free(spans);
	if (!some)
		return BN_PRUNE_NONE;
	return all ? BN_PRUNE_ALL : BN_PRUNE_SOME;
}
