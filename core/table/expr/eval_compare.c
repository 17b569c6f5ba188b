/* eval_compare.c - comparisons, lists, AND, OR, NOT, IS NULL, and the choices of values; see _vector.h. */
#include "core/table/expr/_vector.h"
#include "core/table/expr/like.h"

static int text_order(bn_text a, bn_text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
	if (c)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

/* Exact: -1, 0, 1. */
static int int_real_order(int64_t a, double b)
{
	if (!(b < 9223372036854775808.0)) /* or the slot of an absent value, which may be NaN */
		return -1;
	if (b < -9223372036854775808.0)
		return 1;
	int64_t whole = (int64_t)b;
	if (a != whole)
		return a < whole ? -1 : 1;
	double rest = b - (double)whole;
	return rest > 0 ? -1 : rest < 0;
}

int bn_expr_value_order(const bn_expr_value *a, const bn_expr_value *b)
{
	if (a->type == BN_EXPR_TEXT)
		return text_order((bn_text){a->s.ptr, a->s.len}, (bn_text){b->s.ptr, b->s.len});
	if (a->type == BN_EXPR_REAL && b->type == BN_EXPR_REAL)
		return a->r < b->r ? -1 : a->r > b->r;
	if (a->type == BN_EXPR_REAL)
		return -int_real_order(b->i, a->r);
	if (b->type == BN_EXPR_REAL)
		return int_real_order(a->i, b->r);
	return a->i < b->i ? -1 : a->i > b->i;
}

/* The exact order of a, which is above int64, and b. */
static int wide_real_order(uint64_t a, double b)
{
	if (!(b < 18446744073709551616.0))
		return -1;
	if (b < 9223372036854775808.0)
		return 1;
	return a < (uint64_t)b ? -1 : a > (uint64_t)b;
}

static bool is_above(const bn_vector *v, size_t i)
{
	return v->wide && v->state[i] == BN_STATE_ERROR;
}

/* Runs `then` with the order of row i for each row with a value above int64, if both sides are present. */
#define EACH_WIDE(order_of, then) \
	for (size_t i = 0; (a[0]->wide || a[1]->wide) && i < x->rows; i++) { \
		bool left = is_above(a[0], i), right = is_above(a[1], i); \
		if (!left && !right) \
			continue; \
		uint8_t other = left ? a[1]->state[i] : a[0]->state[i]; \
		if (left && right) \
			other = BN_STATE_PRESENT; \
		out->state[i] = other; \
		if (other) \
			continue; \
		int order = (order_of); \
		then; \
	}

static int wide_order(const bn_vector *const *a, size_t i, bool left, bool right)
{
	uint64_t p = (uint64_t)a[0]->i[i], q = (uint64_t)a[1]->i[i];
	if (left && right)
		return p < q ? -1 : p > q;
	return left ? 1 : -1;
}

/* ---- comparisons ---------------------------------------------------------------------------- */

#define COMPARE_TEXTS(ID, OP) \
	static void eval_##ID##_S(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		bn_strict2(out, a[0], a[1]); \
		for (size_t i = 0; i < x->rows; i++) \
			out->b[i] = !out->state[i] && text_order(a[0]->s[i], a[1]->s[i]) OP 0; \
	}
#define COMPARE(NAME, LEFT, RIGHT, OP) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		(void)x; \
		bn_strict2(out, a[0], a[1]); \
		BN_EACH out->b[i] = a[0]->LEFT[i] OP a[1]->RIGHT[i]; \
	}
#define COMPARE_INTS(NAME, OP) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		bn_strict2(out, a[0], a[1]); \
		BN_EACH out->b[i] = a[0]->i[i] OP a[1]->i[i]; \
		EACH_WIDE(wide_order(a, i, left, right), out->b[i] = order OP 0) \
	}
#define COMPARE_MIXED(NAME, INT, REAL, SIGN, OP) \
	static void eval_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		bn_strict2(out, a[0], a[1]); \
		BN_EACH out->b[i] = SIGN int_real_order(a[INT]->i[i], a[REAL]->r[i]) OP 0; \
		EACH_WIDE(wide_real_order((uint64_t)a[INT]->i[i], a[REAL]->r[i]), \
			out->b[i] = SIGN order OP 0) \
	}
#define COMPARISON(ID, OP) \
	COMPARE_INTS(ID##_I, OP) \
	COMPARE(ID##_R, r, r, OP) \
	COMPARE(ID##_T, i, i, OP) \
	COMPARE(ID##_D, i, i, OP) \
	COMPARE(ID##_DATE, i, i, OP) \
	COMPARE_MIXED(ID##_IR, 0, 1, +, OP) \
	COMPARE_MIXED(ID##_RI, 1, 0, -, OP) \
	COMPARE_TEXTS(ID, OP)
COMPARISON(EQ, ==)
COMPARISON(NE, !=)
COMPARISON(LT, <)
COMPARISON(LE, <=)
COMPARISON(GT, >)
COMPARISON(GE, >=)

#define ROW(ID, name, arguments, result, bounds, sql) [BN_OP_##ID] = eval_##ID,
const bn_eval_fn bn_eval_compare[BN_OP_COUNT] = {BN_EXPR_ORDERED(ROW)};

/* ---- logic ---------------------------------------------------------------------------------- */

static void eval_AND(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	BN_EACH
	{
		unsigned p = a[0]->state[i], q = a[1]->state[i];
		unsigned no = (!p & !a[0]->b[i]) | (!q & !a[1]->b[i]);
		out->b[i] = !no;
		out->state[i] = (uint8_t)(no ? 0 : p | q);
	}
	bn_vector_settle(out);
}

static void eval_OR(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	BN_EACH
	{
		unsigned p = a[0]->state[i], q = a[1]->state[i];
		unsigned yes = (!p & (a[0]->b[i] != 0)) | (!q & (a[1]->b[i] != 0));
		out->b[i] = (uint8_t)yes;
		out->state[i] = (uint8_t)(yes ? 0 : p | q);
	}
	bn_vector_settle(out);
}

static void eval_NOT(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	bn_strict1(out, a[0]);
	BN_EACH out->b[i] = !a[0]->b[i];
}

static void eval_ISNULL(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	BN_EACH
	{
		out->b[i] = a[0]->state[i] == BN_STATE_NULL;
		out->state[i] = is_above(a[0], i) ? 0 : a[0]->state[i] & BN_STATE_ERROR;
	}
	bn_vector_settle(out);
}

/* For a column: load_reals stores 0 for absent cells other than NaN. */
static void eval_ISNAN(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	(void)x;
	BN_EACH
	{
		out->b[i] = a[0]->state[i] == BN_STATE_NULL && a[0]->r[i] != a[0]->r[i];
		out->state[i] = BN_STATE_PRESENT;
	}
	out->any = false;
}

/* ---- lists and patterns --------------------------------------------------------------------- */

static int item_order(const bn_vector *v, size_t i, const bn_expr_value *item)
{
	if (item->type == BN_EXPR_TEXT)
		return text_order(v->s[i], (bn_text){item->s.ptr, item->s.len});
	if (item->type == BN_EXPR_REAL)
		return v->r[i] < item->r ? -1 : v->r[i] > item->r;
	int64_t x = item->type == BN_EXPR_BOOL ? v->b[i] : v->i[i];
	return x < item->i ? -1 : x > item->i;
}

static void eval_IN(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	const bn_expr_value *items = x->node->list.items;
	bn_strict1(out, a[0]);
	for (size_t i = 0; i < x->rows; i++) {
		size_t low = 0, high = x->node->list.count;
		out->b[i] = 0;
		while (!out->state[i] && low < high && !out->b[i]) {
			size_t mid = low + (high - low) / 2;
			int c = item_order(a[0], i, &items[mid]);
			out->b[i] = c == 0;
			if (c < 0)
				high = mid;
			else
				low = mid + 1;
		}
	}
}

static void eval_like(bn_eval *x, bn_vector *out, const bn_vector *const *a, bool fold)
{
	bn_strict2(out, a[0], a[1]);
	for (size_t i = 0; i < x->rows; i++) {
		bn_text p = a[1]->s[i];
		out->b[i] = !out->state[i] &&
			    bn_text_like((bn_expr_text){a[0]->s[i].ptr, a[0]->s[i].len},
				    (bn_expr_text){p.ptr, p.len}, fold);
	}
}

static void eval_LIKE(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	eval_like(x, out, a, false);
}

static void eval_ILIKE(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	eval_like(x, out, a, true);
}

static void eval_HAS(bn_eval *x, bn_vector *out, const bn_vector *const *a)
{
	bn_strict2(out, a[0], a[1]);
	for (size_t i = 0; i < x->rows; i++)
		out->b[i] = !out->state[i] && bn_text_has(a[0]->s[i], a[1]->s[i]);
}

/* ---- choices -------------------------------------------------------------------------------- */

/* As CASE WHEN: an absent condition is not true. Nothing of the branch not taken has an effect, not even an
 * error. */
#define CHOOSE(NAME, field) \
	static void eval_IF_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		for (size_t i = 0; i < x->rows; i++) { \
			bool yes = !a[0]->state[i] && a[0]->b[i]; \
			const bn_vector *from = yes ? a[1] : a[2]; \
			out->field[i] = from->field[i]; \
			out->state[i] = from->state[i] | (a[0]->state[i] & BN_STATE_ERROR); \
		} \
		bn_vector_settle(out); \
	}
#define FIRST(NAME, field) \
	static void eval_COALESCE_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		for (size_t i = 0; i < x->rows; i++) { \
			const bn_vector *from = a[0]->state[i] == BN_STATE_NULL ? a[1] : a[0]; \
			out->field[i] = from->field[i]; \
			out->state[i] = from->state[i]; \
		} \
		bn_vector_settle(out); \
	}
#define UNLESS(NAME, field, SAME) \
	static void eval_NULLIF_##NAME(bn_eval *x, bn_vector *out, const bn_vector *const *a) \
	{ \
		for (size_t i = 0; i < x->rows; i++) { \
			bool both = !a[0]->state[i] && !a[1]->state[i]; \
			out->field[i] = a[0]->field[i]; \
			out->state[i] = a[0]->state[i] | (a[1]->state[i] & BN_STATE_ERROR); \
			if (both && (SAME)) \
				out->state[i] = BN_STATE_NULL; \
		} \
		bn_vector_settle(out); \
	}
CHOOSE(B, b)
CHOOSE(I, i)
CHOOSE(R, r)
CHOOSE(S, s)
CHOOSE(T, i)
CHOOSE(D, i)
FIRST(B, b)
FIRST(I, i)
FIRST(R, r)
FIRST(S, s)
FIRST(T, i)
UNLESS(I, i, a[0]->i[i] == a[1]->i[i])
UNLESS(IR, i, int_real_order(a[0]->i[i], a[1]->r[i]) == 0)
UNLESS(R, r, a[0]->r[i] == a[1]->r[i])
UNLESS(S, s, text_order(a[0]->s[i], a[1]->s[i]) == 0)

const bn_eval_fn bn_eval_logic[BN_OP_COUNT] = {BN_EXPR_LOGIC(ROW) BN_EXPR_CHOICES(ROW)};
