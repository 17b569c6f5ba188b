/* distance.c - see distance.h. */
#include "core/profile/distance.h"

#include <math.h>
#include <string.h>

/* Two-sided, once in a thousand: of a normal variable, and of sqrt(nm / (n + m)) D. */
#define NORMAL_LIMIT 3.2905
#define KOLMOGOROV_LIMIT 1.9495
#define RARE 5 /* expected counts below this are too small for chi-square */

const char *bn_distance_name(bn_distance_kind k)
{
	static const char *const names[] = {NULL, "missing", "values", "apart"};
	return names[k];
}

static double present(const bn_profile_column *c)
{
	return (double)(c->rows - c->missing);
}

static bool missing_differs(const bn_profile_column *a, const bn_profile_column *b, bool added)
{
	double n = (double)a->rows, m = (double)b->rows - (added ? n : 0);
	double absent = (double)b->missing - (added ? (double)a->missing : 0);

	if (n <= 0 || m <= 0)
		return false;
	double x = (double)a->missing / n, y = absent / m;
	double all = ((double)a->missing + absent) / (n + m);
	double error = sqrt(all * (1 - all) * (1 / n + 1 / m));
	return error > 0 && fabs(x - y) > NORMAL_LIMIT * error;
}

/* The frequent values are all values. */
static bool knows_all(const bn_profile_column *c)
{
	return c->distinct_exact && c->top_count == c->distinct && !c->top_error;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

typedef struct cumulative {
	const bn_profile_column *column;
	bool all;
	double resolution; /* of a share */
} cumulative;

static cumulative cumulative_of(const bn_profile_column *c)
{
	cumulative f = {c, knows_all(c), 0};

	if (!f.all)
		f.resolution = 1.0 / (BN_PROFILE_QUANTILES - 1) + c->rank_error;
	return f;
}

/* The share of values < x, or <= x. */
static double share_below(const cumulative *f, double x, bool or_equal)
{
	const bn_profile_column *c = f->column;
	const double *q = c->quantiles;
	size_t i = 0;

	if (f->all) {
		double sum = 0;
		for (; i < c->top_count; i++)
			sum += c->top[i].number < x || (or_equal && c->top[i].number == x)
				       ? (double)c->top[i].count
				       : 0;
		return sum / present(c);
	}
	while (i < BN_PROFILE_QUANTILES && (q[i] < x || (or_equal && q[i] == x)))
		i++;
	if (i == 0)
		return 0;
	if (i == BN_PROFILE_QUANTILES)
		return 1;
	double t = q[i] > q[i - 1] && isfinite(q[i] - q[i - 1]) ? (x - q[i - 1]) / (q[i] - q[i - 1])
								: 0;
	return ((double)(i - 1) + (t > 0 ? t : 0)) / (BN_PROFILE_QUANTILES - 1);
}

static double gap_at(const cumulative *f, const cumulative *g, double x)
{
	double below = fabs(share_below(f, x, false) - share_below(g, x, false));
	double upto = fabs(share_below(f, x, true) - share_below(g, x, true));

	return fmax(below, upto);
}

/* The largest gap at the places that f knows. */
static double gap_of(const cumulative *f, const cumulative *g)
{
	const bn_profile_column *c = f->column;
	size_t n = f->all ? c->top_count : BN_PROFILE_QUANTILES;
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, gap_at(f, g, f->all ? c->top[i].number : c->quantiles[i]));
	return most;
}

static bool have_no_overlap(const bn_profile_column *a, const bn_profile_column *b)
{
	return a->max < b->min || b->max < a->min;
}

static bn_distance numbers_of(const bn_profile_column *a, const bn_profile_column *b, bool added)
{
	cumulative f = cumulative_of(a), g = cumulative_of(b);
	double n = present(a), m = present(b) - (added ? n : 0);
	double d = fmax(gap_of(&f, &g), gap_of(&g, &f));
	double resolution = f.resolution + g.resolution;

	if (have_no_overlap(a, b))
		return (bn_distance){BN_DISTANCE_APART, 1};
	/* A distance to all rows of b is m / (n + m) of the distance to the added ones. */
	double more = added ? (n + m) / m : 1;
	bool beyond = m > 0 && more * (d - resolution) > KOLMOGOROV_LIMIT * sqrt((n + m) / (n * m));
	return (bn_distance){beyond ? BN_DISTANCE_VALUES : BN_DISTANCE_NONE, d};
}

/* ---- texts ------------------------------------------------------------------------------------ */

static const bn_profile_value *find(const bn_profile_column *c, const char *text)
{
	for (size_t i = 0; i < c->top_count; i++)
		if (!strcmp(c->top[i].text, text))
			return &c->top[i];
	return NULL;
}

/* Counts of one value, or of all the rest, in both. */
typedef struct pairs {
	double n, m;           /* present values */
	double rest_n, rest_m; /* of values that are in no cell of their own */
	double left_n, left_m; /* of values that were not added */
	double chi, cells, shares;
} pairs;

static void add_cell(pairs *p, double x, double y)
{
	double all = p->n + p->m, expected_x = (x + y) * p->n / all,
	       expected_y = (x + y) * p->m / all;

	if (x + y == 0)
		return;
	p->chi += (x - expected_x) * (x - expected_x) / expected_x +
		  (y - expected_y) * (y - expected_y) / expected_y;
	p->cells++;
}

/* A value that both count, or that one counts and the other does not have. */
static void add_value(pairs *p, double x, double y)
{
	double least = p->n < p->m ? p->n : p->m;

	p->shares += fabs(x / p->n - y / p->m);
	p->left_n -= x;
	p->left_m -= y;
	if ((x + y) * least / (p->n + p->m) < RARE)
		return; /* among the rest, as far as chi-square is concerned */
	p->rest_n -= x;
	p->rest_m -= y;
	add_cell(p, x, y);
}

/* Wilson and Hilferty's approximation (1931). */
static bool is_beyond_chance(double chi, double freedom)
{
	double z, each = 2 / (9 * freedom);

	if (freedom < 1)
		return false;
	z = (cbrt(chi / freedom) - (1 - each)) / sqrt(each);
	return z > 3.0902; /* one-sided */
}

/* The count in b, or in its added rows; *known: b's profile has it. */
static double other_count(
	const bn_profile_column *b, const bn_profile_value *v, bool added, bool *known)
{
	const bn_profile_value *other = find(b, v->text);

	*known = other || knows_all(b);
	if (!other)
		return 0;
	return fmax((double)other->count - (added ? (double)v->count : 0), 0);
}

/* Adds the values of a, then those that only b has. *common: both have one, or may have. */
static void add_values(
	pairs *p, const bn_profile_column *a, const bn_profile_column *b, bool added, bool *common)
{
	bool known;

	*common = !knows_all(a) || !knows_all(b);
	for (size_t i = 0; i < a->top_count; i++) {
		double y = other_count(b, &a->top[i], added, &known);
		*common |= find(b, a->top[i].text) != NULL;
		if (known)
			add_value(p, (double)a->top[i].count, y);
	}
	for (size_t i = 0; i < b->top_count && knows_all(a); i++)
		if (!find(a, b->top[i].text))
			add_value(p, 0, (double)b->top[i].count);
}

static bn_distance texts_of(const bn_profile_column *a, const bn_profile_column *b, bool added)
{
	double n = present(a), m = present(b) - (added ? n : 0);
	pairs p = {.n = n, .m = m, .rest_n = n, .rest_m = m, .left_n = n, .left_m = m};
	bool common;

	if (m <= 0)
		return (bn_distance){BN_DISTANCE_NONE, NAN};
	add_values(&p, a, b, added, &common);
	if (!common)
		return (bn_distance){BN_DISTANCE_APART, 1};
	p.shares += fabs(p.left_n / n - p.left_m / m);
	add_cell(&p, fmax(p.rest_n, 0), fmax(p.rest_m, 0));
	bool beyond = is_beyond_chance(p.chi, p.cells - 1);
	double shares = p.shares / 2 * (added ? m / (n + m) : 1);
	return (bn_distance){beyond ? BN_DISTANCE_VALUES : BN_DISTANCE_NONE,
		a->top_count && b->top_count ? shares : NAN};
}

/* A running number, or a time that rises from row to row: its later values are others. */
static bool continues(const bn_profile_column *a, const bn_profile_column *b)
{
	return (a->increasing && b->increasing) || (a->decreasing && b->decreasing);
}

bn_distance bn_distance_of(const bn_profile_column *a, const bn_profile_column *b, bool added)
{
	bn_distance d = {BN_DISTANCE_NONE, NAN};

	if (a->rows > a->missing && b->rows > b->missing && !(added && continues(a, b))) {
		if (a->values && b->values)
			d = bn_distance_of(a->values, b->values, added);
		else if (a->is_numeric && b->is_numeric)
			d = numbers_of(a, b, added);
		else if (bn_type_is_text(a->type))
			d = texts_of(a, b, added);
	}
	if (d.kind == BN_DISTANCE_NONE && missing_differs(a, b, added))
		d.kind = BN_DISTANCE_MISSING;
	return d;
}
