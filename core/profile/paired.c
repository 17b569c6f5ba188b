/* paired.c - see paired.h. */
#include "core/profile/paired.h"

#include "core/base/mem.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdlib.h>

static int number_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double mean_of(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

/* ---- Student's t -------------------------------------------------------------------------------- */

/* The continued fraction of the incomplete beta function, by Lentz' method (Numerical Recipes 6.4). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < tiny ? tiny : d);
	double h = d;
	for (int m = 1; m < 10000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 + even * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + even / c;
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + odd / c;
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		if (fabs(d * c - 1) < 1e-16)
			break;
	}
	return h;
}

static double log_gamma(double x)
{
	int sign;
	return lgamma_r(x, &sign);
}

/* I_x(a, b); y = 1 - x is given too, since it may be too small for the difference. */
static double beta_regularised(double a, double b, double x, double y)
{
	if (x <= 0 || y <= 0)
		return x <= 0 ? 0 : 1;
	double front = exp(
		log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(y));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, y) / b;
}

double bn_student_two_sided(double t, double df)
{
	if (isnan(t) || !(df > 0))
		return NAN;
	if (isinf(t))
		return 0;
	double whole = df + t * t;
	return beta_regularised(df / 2, 0.5, df / whole, t * t / whole);
}

void bn_paired_t(double *t, double *p, const double *d, size_t n)
{
	*t = *p = NAN;
	if (n < 2)
		return;
	double mean = mean_of(d, n), squares = 0;
	for (size_t i = 0; i < n; i++)
		squares += (d[i] - mean) * (d[i] - mean);
	double error = sqrt(squares / (double)(n - 1) / (double)n);
	if (error == 0 && mean == 0)
		return;
	*t = mean / error;
	*p = bn_student_two_sided(*t, (double)(n - 1));
}

/* ---- signed ranks ------------------------------------------------------------------------------- */

static int size_cmp(const void *a, const void *b)
{
	double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
	return (x > y) - (x < y);
}

/* Twice the rank of each of the sorted differences: whole numbers, as equal ones share a mean. *ties: the sum of
 * g^3 - g over groups of g equal ones. */
static void double_ranks(size_t *rank, double *ties, const double *sorted, size_t n)
{
	*ties = 0;
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && fabs(sorted[end]) == fabs(sorted[i]);)
			end++;
		for (size_t k = i; k < end; k++)
			rank[k] = i + end + 1;
		double g = (double)(end - i);
		*ties += g * g * g - g;
	}
}

/* The share of all signs whose positive (doubled) ranks sum to at most `most`: the number of ways to make each sum,
 * by adding one rank after the other. */
static int exact_share(double *out, const size_t *rank, size_t n, size_t most, bn_err *err)
{
	double *ways = bn_alloc_zeroed(most + 1, sizeof *ways), sum = 0;
	if (!ways)
		return bn_err_nomem(err, "a signed-rank test");
	ways[0] = 1;
	for (size_t i = 0; i < n; i++) /* halves at once, so that the sum is the share */
		for (size_t s = most + 1; s-- > 0;)
			ways[s] = (ways[s] + (s >= rank[i] ? ways[s - rank[i]] : 0)) / 2;
	for (size_t s = 0; s <= most; s++)
		sum += ways[s];
	bn_free(ways);
	*out = sum;
	return 0;
}

static int signed_rank_of(double *w, double *p, double *d, size_t *rank, size_t n, bn_err *err)
{
	double ties, share = 0;
	size_t above = 0, all = n * (n + 1);
	int rc = 0;
	qsort(d, n, sizeof *d, size_cmp);
	double_ranks(rank, &ties, d, n);
	for (size_t i = 0; i < n; i++)
		above += d[i] > 0 ? rank[i] : 0;
	size_t least = above < all - above ? above : all - above;
	*w = (double)least / 2;
	if (n <= BN_SIGNED_RANK_EXACT) {
		if ((rc = exact_share(&share, rank, n, least, err)) < 0)
			return rc;
		*p = fmin(1, 2 * share);
		return 0;
	}
	double m = (double)n, mean = m * (m + 1) / 4;
	double sd = sqrt((m * (m + 1) * (2 * m + 1) - ties / 2) / 24);
	*p = erfc(fabs((*w - mean) / sd) / sqrt(2.0));
	return 0;
}

int bn_signed_rank(double *w, double *p, const double *d, size_t n, bn_err *err)
{
	size_t kept = 0;
	int rc = 0;
	*w = *p = NAN;
	double *own = bn_alloc((n + 1) * sizeof *own);
	size_t *rank = bn_alloc((n + 1) * sizeof *rank);
	if (!own || !rank) {
		rc = bn_err_nomem(err, "a signed-rank test");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		if (d[i] != 0)
			own[kept++] = d[i];
	if (kept)
		rc = signed_rank_of(w, p, own, rank, kept, err);
out:
	bn_free(own);
	bn_free(rank);
	return rc;
}

/* ---- the bootstrap ------------------------------------------------------------------------------ */

static double normal_cdf(double x)
{
	return erfc(-x / sqrt(2.0)) / 2;
}

/* The inverse of normal_cdf by bisection: it is called a few times an interval. */
static double normal_quantile(double p)
{
	double low = -40, high = 40;
	for (int i = 0; i < 200 && high - low > 1e-14; i++) {
		double mid = (low + high) / 2;
		if (normal_cdf(mid) < p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

/* Efron's acceleration of a mean, from the means without one value each. */
static double acceleration(const double *x, size_t n, double mean)
{
	double cubes = 0, squares = 0;
	for (size_t i = 0; i < n; i++) {
		double u = (x[i] - mean) / (double)(n - 1);
		cubes += u * u * u;
		squares += u * u;
	}
	return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

/* Linear between the order statistics, as numpy.percentile. */
static double sorted_quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t i = at <= 0 ? 0 : (size_t)at;
	if (i + 1 >= n)
		return sorted[n - 1];
	return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

static double adjusted_share(double bias, double accelerate, double z)
{
	return normal_cdf(bias + (bias + z) / (1 - accelerate * (bias + z)));
}

int bn_bootstrap_mean(double *low, double *high, const double *x, size_t n, double level, size_t resamples,
	uint64_t seed, bn_err *err)
{
	bool equal = true;
	double below = 0;
	*low = *high = NAN;
	if (n < 2 || resamples < 2)
		return 0;
	for (size_t i = 1; i < n; i++)
		equal = equal && x[i] == x[0];
	if (equal) {
		*low = *high = x[0];
		return 0;
	}
	double *means = bn_alloc(resamples * sizeof *means), mean = mean_of(x, n);
	if (!means)
		return bn_err_nomem(err, "a bootstrap");
	bn_rng rng;
	bn_rng_init(&rng, seed, "profile.bootstrap", 0);
	for (size_t r = 0; r < resamples; r++) {
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += x[bn_rng_below(&rng, n)];
		means[r] = sum / (double)n;
		below += (means[r] < mean) + (means[r] == mean ? 0.5 : 0);
	}
	qsort(means, resamples, sizeof *means, number_cmp);
	double share = fmin(fmax(below, 0.5), (double)resamples - 0.5) / (double)resamples;
	double bias = normal_quantile(share), z = normal_quantile((1 + level) / 2);
	double a = acceleration(x, n, mean);
	*low = sorted_quantile(means, resamples, adjusted_share(bias, a, -z));
	*high = sorted_quantile(means, resamples, adjusted_share(bias, a, z));
	bn_free(means);
	return 0;
}

/* ---- many tests --------------------------------------------------------------------------------- */

typedef struct ranked_p {
	double p;
	size_t at;
} ranked_p;

static int ranked_cmp(const void *a, const void *b)
{
	const ranked_p *x = a, *y = b;
	int by_p = (x->p > y->p) - (x->p < y->p);
	return by_p ? by_p : (x->at > y->at) - (x->at < y->at);
}

int bn_holm_adjust(double *p, size_t n, bn_err *err)
{
	ranked_p *order = bn_alloc((n + 1) * sizeof *order);
	size_t tests = 0;
	double most = 0;
	if (!order)
		return bn_err_nomem(err, "a correction for many tests");
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			order[tests++] = (ranked_p){p[i], i};
	qsort(order, tests, sizeof *order, ranked_cmp);
	for (size_t i = 0; i < tests; i++) {
		most = fmax(most, fmin(1, order[i].p * (double)(tests - i)));
		p[order[i].at] = most;
	}
	bn_free(order);
	return 0;
}
