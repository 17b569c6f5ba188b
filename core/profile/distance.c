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

static bool missing_differs(const bn_profile_column *a, const bn_profile_column *b)
{
	double n = (double)a->rows, m = (double)b->rows;

	if (!a->rows || !b->rows)
		return false;
	double x = (double)a->missing / n, y = (double)b->missing / m;
	double all = (double)(a->missing + b->missing) / (n + m);
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

static bn_distance numbers_of(const bn_profile_column *a, const bn_profile_column *b)
{
	cumulative f = cumulative_of(a), g = cumulative_of(b);
	double n = present(a), m = present(b);
	double d = fmax(gap_of(&f, &g), gap_of(&g, &f));

	if (have_no_overlap(a, b))
		return (bn_distance){BN_DISTANCE_APART, 1};
	bool beyond = d > KOLMOGOROV_LIMIT * sqrt((n + m) / (n * m)) + f.resolution + g.resolution;
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
	double n, m; /* present values */
	double rest_n, rest_m;
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
	p->rest_n -= x;
	p->rest_m -= y;
	if ((x + y) * least / (p->n + p->m) >= RARE) {
		add_cell(p, x, y);
	} else { /* among the rest, as far as chi-square is concerned */
		p->rest_n += x;
		p->rest_m += y;
	}
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

static bn_distance texts_of(const bn_profile_column *a, const bn_profile_column *b)
{
	pairs p = {.n = present(a), .m = present(b), .rest_n = present(a), .rest_m = present(b)};
	bool all_a = knows_all(a), all_b = knows_all(b), common = !all_a || !all_b;
	double rest_x = p.n, rest_y = p.m;

	for (size_t i = 0; i < a->top_count; i++) {
		const bn_profile_value *other = find(b, a->top[i].text);
		common |= other != NULL;
		if (!other && !all_b)
			continue;
		add_value(&p, (double)a->top[i].count, other ? (double)other->count : 0);
		rest_x -= (double)a->top[i].count;
		rest_y -= other ? (double)other->count : 0;
	}
	for (size_t i = 0; i < b->top_count && all_a; i++)
		if (!find(a, b->top[i].text)) {
			add_value(&p, 0, (double)b->top[i].count);
			rest_y -= (double)b->top[i].count;
		}
	if (!common)
		return (bn_distance){BN_DISTANCE_APART, 1};
	p.shares += fabs(rest_x / p.n - rest_y / p.m);
	add_cell(&p, fmax(p.rest_n, 0), fmax(p.rest_m, 0));
	bool beyond = is_beyond_chance(p.chi, p.cells - 1);
	return (bn_distance){beyond ? BN_DISTANCE_VALUES : BN_DISTANCE_NONE,
		a->top_count && b->top_count ? p.shares / 2 : NAN};
}

bn_distance bn_distance_of(const bn_profile_column *a, const bn_profile_column *b)
{
	bn_distance d = {BN_DISTANCE_NONE, NAN};

	if (a->rows > a->missing && b->rows > b->missing) {
		if (a->values && b->values)
			d = bn_distance_of(a->values, b->values);
		else if (a->is_numeric && b->is_numeric)
			d = numbers_of(a, b);
		else if (bn_type_is_text(a->type))
			d = texts_of(a, b);
	}
	if (missing_differs(a, b))
		d.kind = d.kind == BN_DISTANCE_NONE ? BN_DISTANCE_MISSING : d.kind;
	return d;
}
