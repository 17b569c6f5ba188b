/* association.c - see association.h. Neighbours are found by comparing all pairs: runs are few. */
#include "core/profile/association.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* ---- ranks -------------------------------------------------------------------------------------- */

typedef struct placed {
	double value;
	size_t at;
} placed;

static int placed_cmp(const void *a, const void *b)
{
	const placed *x = a, *y = b;
	return (x->value > y->value) - (x->value < y->value);
}

static void ranks_of(double *rank, placed *order, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = (placed){x[i], i};
	qsort(order, n, sizeof *order, placed_cmp);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && order[end].value == order[i].value;)
			end++;
		for (size_t k = i; k < end; k++)
			rank[order[k].at] = (double)(i + end - 1) / 2;
	}
}

static double pearson(const double *x, const double *y, size_t n)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
	for (size_t i = 0; i < n; i++) {
		mx += x[i] / (double)n;
		my += y[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	if (!(xx > 0) || !(yy > 0))
		return NAN;
	return fmax(-1, fmin(1, xy / sqrt(xx * yy)));
}

int bn_rank_correlation(double *out, const double *x, const double *y, size_t n, bn_err *err)
{
	*out = NAN;
	if (n < 3)
		return 0;
	double *rank = bn_alloc(2 * n * sizeof *rank);
	placed *order = bn_alloc(n * sizeof *order);
	int rc = rank && order ? 0 : bn_err_nomem(err, "a rank correlation");
	if (rc < 0)
		goto out;
	ranks_of(rank, order, x, n);
	ranks_of(rank + n, order, y, n);
	*out = pearson(rank, rank + n, n);
out:
	bn_free(rank);
	bn_free(order);
	return rc;
}

/* ---- mutual information ------------------------------------------------------------------------- */

/* Of whole numbers: -gamma + 1 + 1/2 + ... + 1/(n - 1), and beyond a few the asymptotic series. */
static double digamma(double n)
{
	double sum = 0;
	for (; n < 12; n++)
		sum -= 1 / n;
	double f = 1 / (n * n);
	return sum + log(n) - 0.5 / n -
	       f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f / 132))));
}

/* 1 / standard deviation (of the population, as scikit-learn's scale); 1 of a constant. */
static double unit_of(const double *x, size_t n)
{
	double mean = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - mean) * (x[i] - mean);
	return squares > 0 ? 1 / sqrt(squares / (double)n) : 1;
}

/* Keeps the k least of those offered, sorted. */
static void least_add(double *least, size_t *count, size_t k, double d)
{
	size_t i = *count;
	if (i == k && d >= least[k - 1])
		return;
	i -= i == k;
	for (; i > 0 && least[i - 1] > d; i--)
		least[i] = least[i - 1];
	least[i] = d;
	*count += *count < k;
}

double bn_mutual_information(const double *x, const double *y, size_t n)
{
	enum { K = BN_ASSOCIATION_NEIGHBOURS };
	if (n < K + 2)
		return NAN;
	double ux = unit_of(x, n), uy = unit_of(y, n), sum = 0;
	for (size_t i = 0; i < n; i++) {
		double least[K];
		size_t count = 0, nx = 0, ny = 0;
		for (size_t k = 0; k < n; k++)
			if (k != i)
				least_add(least, &count, K,
					fmax(fabs(x[k] * ux - x[i] * ux), fabs(y[k] * uy - y[i] * uy)));
		for (size_t k = 0; k < n; k++) {
			if (k == i)
				continue;
			nx += fabs(x[k] * ux - x[i] * ux) < least[K - 1];
			ny += fabs(y[k] * uy - y[i] * uy) < least[K - 1];
		}
		sum += digamma((double)nx + 1) + digamma((double)ny + 1);
	}
	return fmax(0, digamma((double)n) + digamma(K) - sum / (double)n);
}

int bn_mutual_information_of_category(
	double *out, const size_t *category, const double *y, size_t n, bn_err *err)
{
	enum { K = BN_ASSOCIATION_NEIGHBOURS };
	bool *alone = bn_alloc_zeroed(n + 1, sizeof *alone);
	double sum = 0;
	size_t used = 0;
	*out = NAN;
	if (!alone)
		return bn_err_nomem(err, "mutual information");
	for (size_t i = 0; i < n; i++) {
		size_t same = 0;
		for (size_t k = 0; k < n; k++)
			same += category[k] == category[i];
		alone[i] = same < 2;
		used += !alone[i];
	}
	for (size_t i = 0; i < n; i++) {
		double least[K];
		size_t count = 0, same = 0, within = 1; /* itself */
		if (alone[i])
			continue;
		for (size_t k = 0; k < n; k++)
			same += category[k] == category[i];
		size_t most = same - 1 < K ? same - 1 : K;
		for (size_t k = 0; k < n; k++)
			if (k != i && category[k] == category[i])
				least_add(least, &count, most, fabs(y[k] - y[i]));
		for (size_t k = 0; k < n; k++)
			within += k != i && !alone[k] && fabs(y[k] - y[i]) < least[most - 1];
		sum += digamma((double)most) - digamma((double)same) - digamma((double)within);
	}
	if (used >= 2)
		*out = fmax(0, digamma((double)used) + sum / (double)used);
	bn_free(alone);
	return 0;
}
