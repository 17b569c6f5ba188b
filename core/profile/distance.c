/* distance.c - see distance.h. */
#include "core/profile/distance.h"

#include "core/profile/paired_counts.h"

#include <math.h>
#include <string.h>

/* A third of once in a thousand: of a normal variable, two-sided and one-sided, and of sqrt(nm / (n + m)) D. Beyond the
 * range: four places (each end of each table) share it. */
#define NORMAL_LIMIT 3.588
#define CHI_LIMIT 3.403
#define KOLMOGOROV_LIMIT 2.0857
#define RANGE_CHANCE (1.0 / 12000)
#define RARE 5 /* expected counts below this are too small for chi-square */

const char *bn_distance_name(bn_distance_kind k)
{
	static const char *const names[] = {NULL, "missing", "values", "range", "apart"};
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

/* The values of both columns as they are counted. n, m: the number of present values. */
typedef struct counts {
	double n, m;
	uint64_t common; /* values of a that b has too, and of b that a has */
	/* numbers: so many are smaller; the largest gap of the shares */
	uint64_t below_a, below_b;
	double gap;
	/* so many of one are below all of the other, and above (as far as counted) */
	uint64_t first_a, first_b, last_a, last_b;
	/* texts */
	double chi, cells, shares, rest_n, rest_m;
} counts;

/* ---- numbers ---------------------------------------------------------------------------------- */

static void take_number(void *ctx, uint64_t in_a, uint64_t in_b)
{
	counts *c = ctx;

	if (in_a && !c->below_b && !in_b)
		c->first_a += in_a;
	if (in_b && !c->below_a && !in_a)
		c->first_b += in_b;
	c->last_a = in_b ? 0 : c->last_a + in_a;
	c->last_b = in_a ? 0 : c->last_b + in_b;
	c->below_a += in_a;
	c->below_b += in_b;
	c->common += in_a && in_b ? in_a + in_b : 0;
	c->gap = fmax(c->gap, fabs((double)c->below_a / c->n - (double)c->below_b / c->m));
}

/* Whether chance hardly ever puts the k outermost of all n + m values among these m. */
static bool is_run_beyond_chance(uint64_t k, double m, double n)
{
	double chance = 1;

	for (uint64_t i = 0; i < k && chance > RANGE_CHANCE; i++)
		chance *= (m - (double)i) / (n + m - (double)i);
	return chance <= RANGE_CHANCE;
}

static bn_distance_kind kind_of_numbers(const counts *c)
{
	if (c->gap > KOLMOGOROV_LIMIT * sqrt((c->n + c->m) / (c->n * c->m)))
		return BN_DISTANCE_VALUES;
	if (is_run_beyond_chance(c->first_a, c->n, c->m) || is_run_beyond_chance(c->last_a, c->n, c->m) ||
		is_run_beyond_chance(c->first_b, c->m, c->n) || is_run_beyond_chance(c->last_b, c->m, c->n))
		return BN_DISTANCE_RANGE;
	return BN_DISTANCE_NONE;
}

/* ---- texts ------------------------------------------------------------------------------------ */

static void add_cell(counts *c, double x, double y)
{
	double all = c->n + c->m, expected_x = (x + y) * c->n / all, expected_y = (x + y) * c->m / all;

	if (x + y == 0)
		return;
	c->chi += (x - expected_x) * (x - expected_x) / expected_x +
		  (y - expected_y) * (y - expected_y) / expected_y;
	c->cells++;
}

static void take_text(void *ctx, uint64_t in_a, uint64_t in_b)
{
	counts *c = ctx;
	double x = (double)in_a, y = (double)in_b, least = fmin(c->n, c->m);

	c->common += in_a && in_b ? in_a + in_b : 0;
	c->shares += fabs(x / c->n - y / c->m);
	if ((x + y) * least / (c->n + c->m) < RARE) { /* among the rest, as far as chi-square is concerned */
		c->rest_n += x;
		c->rest_m += y;
		return;
	}
	add_cell(c, x, y);
}

/* Wilson and Hilferty's approximation (1931). */
static bool is_beyond_chance(double chi, double freedom)
{
	double z, each = 2 / (9 * freedom);

	if (freedom < 1)
		return false;
	z = (cbrt(chi / freedom) - (1 - each)) / sqrt(each);
	return z > CHI_LIMIT;
}

/* ---- both ------------------------------------------------------------------------------------- */

/* A running number, or a time that rises from row to row: its later values are others. */
static bool continues(const bn_profile_column *a, const bn_profile_column *b)
{
	return (a->increasing && b->increasing) || (a->decreasing && b->decreasing);
}

/* The values of lists, or the column. NULL: lists of lists. */
static const bn_profile_column *values_of(const bn_profile_column *c)
{
	return bn_type_is_list(c->type) ? c->values : c;
}

static bool ranges_are_apart(const bn_profile_column *a, const bn_profile_column *b)
{
	return a->max < b->min || b->max < a->min;
}

static int values_differ(bn_distance *out, const bn_distance_side *a, const bn_distance_side *b, bool added,
	const bn_progress *watch, bn_err *err)
{
	const bn_profile_column *x = values_of(a->profile), *y = values_of(b->profile);
	const bn_paired_rows p = {a->table, a->column, 0},
			     q = {b->table, b->column, added ? a->profile->rows : 0};
	counts c = {.n = present(x), .m = present(y) - (added ? present(x) : 0)};
	int rc;

	if (c.n <= 0 || c.m <= 0)
		return 0;
	if ((rc = bn_paired_counts(&p, &q, 0, x->is_numeric ? take_number : take_text, &c, watch, err)) < 0)
		return rc;
	if (!x->is_numeric)
		add_cell(&c, c.rest_n, c.rest_m);
	out->shares = x->is_numeric ? c.gap : c.shares / 2;
	if (!added && (x->is_numeric ? ranges_are_apart(x, y) : !c.common))
		*out = (bn_distance){BN_DISTANCE_APART, 1};
	else if (x->is_numeric)
		out->kind = kind_of_numbers(&c);
	else if (is_beyond_chance(c.chi, c.cells - 1))
		out->kind = BN_DISTANCE_VALUES;
	if (added) /* the shares of all rows of b are a mixture */
		out->shares *= c.m / (c.n + c.m);
	return 0;
}

int bn_distance_of(bn_distance *out, const bn_distance_side *a, const bn_distance_side *b, bool added,
	const bn_progress *watch, bn_err *err)
{
	const bn_profile_column *x = values_of(a->profile), *y = values_of(b->profile);
	int rc = 0;

	*out = (bn_distance){BN_DISTANCE_NONE, NAN};
	if (!a->profile->rows != !b->profile->rows) { /* no rows and some */
		*out = (bn_distance){BN_DISTANCE_APART, 1};
		return 0;
	}
	if (x && y && !(added && continues(a->profile, b->profile)))
		rc = values_differ(out, a, b, added, watch, err);
	if (rc == 0 && out->kind == BN_DISTANCE_NONE &&
		(missing_differs(a->profile, b->profile, added) ||
			(x && y && x != a->profile && missing_differs(x, y, added))))
		out->kind = BN_DISTANCE_MISSING;
	return rc;
}
