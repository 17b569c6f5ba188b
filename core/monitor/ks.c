/*
 * ks.c - the distribution of the Kolmogorov-Smirnov statistic, one sample and two.
 *
 * One sample: Simard & L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov Distribution",
 * J. Stat. Softw. 39(11), 2011, whose choice of method by n and n d^2 this file follows:
 *	Ruben-Gambino closed forms at both ends
 *	Durbin's matrix power as in Marsaglia, Tsang & Wang, J. Stat. Softw. 8(18), 2003
 *	Pomeranz' recursion, CACM 17(12), 1974
 *	twice the one-sided tail (Miller) by Smirnov's sum
 *	Pelz & Good's expansion, JRSS B 38(2), 1976
 * Two samples: exact by counting lattice paths (Hodges, Ark. Mat. 3, 1958): a path from (0, 0) to
 * (n1, n2) taken uniformly at random leaves the band |x/n1 - y/n2| < d with the wanted
 * probability; above 10 000 rows a side the one-sample law at round(n1 n2 / (n1 + n2)), which is
 * what scipy.stats.ks_2samp(method="auto") does.
 *
 * tests/core/monitor/test_ks.c checks agreement with SciPy on committed tables.
 */
#include "core/base/mem.h"
#include "core/monitor/_saddle.h"
#include "core/monitor/drift.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define PI 3.14159265358979323846
#define SQRT_2PI 2.50662827463100050242
#define EXACT_ROWS 10000 /* of the larger side */

static double clip(double p)
{
	if (p < 0)
		return 0;
	return p > 1 ? 1 : p;
}

/* P(D_n+ >= x) = x sum_j C(n, j) (x + j/n)^(j-1) (1 - x - j/n)^(n-j), j = 0 .. floor(n (1-x)).
 * Birnbaum & Tingey, Ann. Math. Stat. 22, 1951. Each term is a binomial probability over p. */
static double smirnov_sf(double n, double x)
{
	double sum = 0, last = floor(n * (1 - x));
	for (double j = 0; j <= last; j++) {
		double p = x + j / n, q = 1 - p;
		if (q <= 0 && j < n)
			continue;
		if (n * x * x > 1490 * p * q) /* its exponential is below e^-745 */
			continue;
		sum += bn_binomial_term(j, n, p, q) / p;
	}
	return clip(x * sum);
}

/* ---- Durbin's matrix ------------------------------------------------------------------------ */

/* out = a b, m x m */
static void multiply(double *out, const double *a, const double *b, size_t m)
{
	memset(out, 0, m * m * sizeof *out);
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < m; k++) {
			double f = a[i * m + k];
			if (f != 0)
				for (size_t j = 0; j < m; j++)
					out[i * m + j] += f * b[k * m + j];
		}
}

/* Entry (r, c) is 1 / (r - c + 1)!, except in the first column and the last row, which hold the
 * parts of a cell cut by the two lines d = (k - h) / n. matrix must be zeroed. */
static void durbin_fill(double *matrix, size_t m, double h)
{
	double factorial = 1; /* 1 / step! */
	for (size_t step = 0; step <= m; step++) {
		if (step > 0)
			factorial /= (double)step;
		for (size_t r = step; r < m; r++)
			if (r - step + 1 < m)
				matrix[r * m + r - step + 1] = factorial;
		if (step == 0) {
			continue;
		}
		double cut = 1 - pow(h, (double)step);
		if (step == m)
			cut = 1 - 2 * pow(h, (double)m) + pow(fmax(2 * h - 1, 0), (double)m);
		matrix[(step - 1) * m] = cut * factorial;
	}
	for (size_t c = 1; c < m; c++)
		matrix[(m - 1) * m + c] = matrix[(m - 1 - c) * m];
}

/* P(D_n <= d): entry (k, k) of n!/n^n H^n. NaN if out of memory. */
static double durbin_cdf(double n, double d)
{
	double nd = n * d;
	size_t k = (size_t)ceil(nd), m = 2 * k - 1;
	double *block = bn_alloc_zeroed(4 * m * m, sizeof *block);
	if (!block)
		return NAN;
	double *h = block, *power = block + m * m, *next = block + 2 * m * m;
	durbin_fill(h, m, (double)k - nd);
	for (size_t i = 0; i < m; i++)
		power[i * m + i] = 1;
	int e_power = 0, e_h = 0; /* binary exponents taken out */
	for (uint64_t left = (uint64_t)n; left; left >>= 1) {
		if (left & 1) {
			multiply(next, power, h, m);
			double *t = power;
			power = next, next = t;
			e_power += e_h;
		}
		multiply(next, h, h, m);
		double *t = h;
		h = next, next = t;
		e_h *= 2;
		if (fabs(h[(k - 1) * m + k - 1]) > 0x1p128) {
			for (size_t i = 0; i < m * m; i++)
				h[i] *= 0x1p-128;
			e_h += 128;
		}
	}
	double p = power[(k - 1) * m + k - 1];
	for (double i = 1; i <= n; i++) {
		p *= i / n;
		if (fabs(p) < 0x1p-128) {
			p *= 0x1p128;
			e_power -= 128;
		}
	}
	bn_free(block);
	return clip(ldexp(p, e_power));
}

/* ---- Pomeranz' recursion -------------------------------------------------------------------- */

typedef struct band {
	long first, last;
} band;

/* Which entries of row i can be non-zero. whole, ceiling, round: of t = n d. */
static band pomeranz_band(long i, long n, long whole, long ceiling, long round_up)
{
	band b;
	if (i == 0) {
		b = (band){-whole - ceiling - 1, whole + ceiling - 1};
	} else {
		long half = (i + 1) / 2;
		if ((i + 1) % 2)
			b = (band){half - 1 - whole - 1, half + whole + round_up - 1};
		else if (half == n + 1)
			b = (band){n - whole - ceiling - 1, n + whole + ceiling - 1};
		else
			b = (band){half - 1 - whole - round_up - 1, half + whole - 1 + ceiling - 1};
	}
	b.first = b.first + 2 > 0 ? b.first + 2 : 0;
	b.last = b.last < n ? b.last : n;
	return b;
}

/* P(D_n <= x) for small n: row i is row i - 1 convolved with x^m / m! of one of three steps. */
static double pomeranz_cdf(long n, double x)
{
	double t = (double)n * x, fraction = t - floor(t);
	long whole = (long)floor(t), ceiling = fraction > 0, round_up = fraction > 0.5;
	double g = fmin(fraction, 1 - fraction), nn = (double)n;
	double steps[3] = {g / nn, 2 * g / nn, (1 - 2 * g) / nn};
	size_t powers = 2 * (size_t)(whole + 1), width = (size_t)n + 2;
	double *block = bn_alloc_zeroed(3 * powers + 2 * width, sizeof *block);
	if (!block)
		return NAN;
	double *row = block + 3 * powers, *previous = row + width;
	for (size_t s = 0; s < 3; s++) {
		double *w = block + s * powers;
		w[0] = 1;
		for (size_t m = 1; m < powers; m++)
			w[m] = w[m - 1] * steps[s] / (double)m;
	}
	int exponent = 0;
	band now = pomeranz_band(0, n, whole, ceiling, round_up);
	row[0] = 1;
	for (long i = 1; i < 2 * n + 2; i++) {
		band was = now;
		double *swap = previous;
		previous = row, row = swap;
		memset(row, 0, width * sizeof *row);
		now = pomeranz_band(i, n, whole, ceiling, round_up);
		size_t which = i % 2 ? 1 : 2;
		if (i == 1 || i == 2 * n + 1)
			which = 0;
		const double *w = block + powers * which;
		double largest = 0;
		for (long j = now.first; j <= now.last; j++) {
			double sum = 0;
			for (long l = was.first; l <= j && l <= was.last; l++)
				if ((size_t)(j - l) < powers)
					sum += previous[l] * w[j - l];
			row[j] = sum;
			largest = fmax(largest, sum);
		}
		if (largest > 0 && largest < 0x1p-128) {
			for (size_t j = 0; j < width; j++)
				row[j] *= 0x1p128;
			exponent -= 128;
		}
	}
	double p = row[n];
	for (long m = 1; m <= n; m++) {
		if (fabs(p) > 0x1p128) {
			p *= 0x1p-128;
			exponent += 128;
		}
		p *= (double)m;
	}
	bn_free(block);
	return clip(ldexp(p, exponent));
}

/* ---- Pelz and Good -------------------------------------------------------------------------- */

/* P(D_n <= x) = K0(z) + K1(z) / n^0.5 + K2(z) / n + K3(z) / n^1.5, z = x sqrt(n), each K turned by
 * the Jacobi theta identity into a series that converges at small z. */
static double pelz_good_cdf(double n, double x)
{
	double z = sqrt(n) * x, z2 = z * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4;
	double pi2 = PI * PI, pi4 = pi2 * pi2, pi6 = pi4 * pi2;
	double log_q = -pi2 / 8 / z2;
	if (log_q < -708)
		return 0;
	double q = exp(log_q);
	int terms = (int)ceil(16 * z / PI);
	double k0 = 0, k1 = 0, k2 = 0, k3 = 0;
	for (int k = terms; k >= 1; k--) { /* over odd m, by Horner's rule in q^(8k) */
		double m2 = (2.0 * k - 1) * (2.0 * k - 1), m4 = m2 * m2, m6 = m4 * m2;
		double f = pow(q, 8.0 * k);
		k0 = k0 * f + 1;
		k1 = k1 * f + (-z2 + pi2 / 4 * m2);
		k2 = k2 * f + (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2 +
				      pi4 * (1 - 2 * z2) / 16 * m4);
		k3 = k3 * f +
		     (-30 * z6 - 90 * z8 + pi2 * (135 * z4 - 96 * z6) / 4 * m2 +
			     pi4 * (-60 * z2 + 212 * z4) / 16 * m4 + pi6 * (5 - 30 * z2) / 64 * m6);
	}
	k0 *= q * SQRT_2PI / z;
	k1 *= q * SQRT_2PI / (6 * z4);
	k2 *= q * SQRT_2PI / (72 * z6 * z);
	k3 *= q * SQRT_2PI / (6480 * z8 * z2);
	double qq = exp(-pi2 / 2 / z2), extra2 = 0, extra3 = 0; /* over all integers */
	for (int k = terms; k >= 1; k--) {
		double kk = (double)k * k, f = kk * pow(qq, kk), kpi = PI * k, s = sqrt(3.0) * z;
		extra2 += f;
		extra3 += (s + kpi) * (s - kpi) * f;
	}
	k2 += extra2 * pi2 * SQRT_2PI / (-36 * z2 * z);
	k3 += extra3 * pi2 * SQRT_2PI / (216 * z6);
	return k0 + k1 / sqrt(n) + k2 / n + k3 / (n * sqrt(n));
}

/* ---- one sample ----------------------------------------------------------------------------- */

/* d <= 1/n: n!/n^n (2 n d - 1)^n */
static double ruben_gambino_cdf(double n, double t)
{
	double l = n * log(2 * t - 1) + 0.5 * log(2 * PI * n) - n + bn_stirling_error(n);
	return exp(l);
}

static double kstwo_small(double n, double x, double nxx)
{
	if (nxx <= 0.754693)
		return 1 - durbin_cdf(n, x);
	if (nxx <= 4)
		return 1 - pomeranz_cdf((long)n, x);
	return 2 * smirnov_sf(n, x);
}

double bn_kstwo_sf(double d, double n)
{
	if (isnan(d) || isnan(n) || n < 1 || floor(n) != n)
		return NAN;
	if (d >= 1)
		return 0;
	double t = n * d, nxx = t * d;
	if (d <= 0 || t <= 0.5)
		return 1;
	if (t <= 1)
		return clip(1 - ruben_gambino_cdf(n, t));
	if (t >= n - 1)
		return clip(2 * pow(1 - d, n));
	if (d >= 0.5)
		return clip(2 * smirnov_sf(n, d));
	if (n <= 140)
		return clip(kstwo_small(n, d, nxx));
	if (nxx >= 370)
		return 0;
	if (nxx >= 2.2)
		return clip(2 * smirnov_sf(n, d));
	if (n <= 100000 && n * d * sqrt(d) <= 1.4)
		return clip(1 - durbin_cdf(n, d));
	return clip(1 - pelz_good_cdf(n, d));
}

/* ---- two samples ---------------------------------------------------------------------------- */

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t t = a % b;
		a = b, b = t;
	}
	return a;
}

/* n1 == n2 == n, d = h / n: 2 (A1 - A2 + A3 ...), A_k = C(2n, n - kh) / C(2n, n), with the common
 * factors extracted to avoid cancellation. */
static double equal_sizes_sf(double n, double h)
{
	double p = 0;
	for (double k = floor(n / h); k >= 0; k--) {
		double a = 1;
		for (double j = 0; j < h; j++)
			a = (n - k * h - j) * a / (n + k * h + j + 1);
		p = a * (1 - p);
	}
	return 2 * p;
}

/* Probability that a uniformly random path has left the band, by columns: the last step of a path
 * to (i, j) came from (i-1, j) with probability i / (i + j), else from (i, j-1). Outside the band
 * the probability is 1. Band: |ng i - mg j| < h. NaN if out of memory. */
static double path_leaves_band(int64_t m, int64_t n, int64_t g, int64_t h)
{
	int64_t mg = m / g, ng = n / g;
	double *column = bn_alloc((size_t)(n + 2) * sizeof *column);
	if (!column)
		return NAN;
	int64_t first = 0,
		end = (h + mg - 1) / mg; /* rows [first, end) of this column are inside */
	end = end < n + 1 ? end : n + 1;
	for (int64_t j = 0; j <= n; j++)
		column[j] = j < end ? 0 : 1;
	for (int64_t i = 1; i <= m; i++) {
		int64_t low = ng * i - h;
		first = low < 0 ? 0 : low / mg + 1;
		if (first > n)
			break;
		int64_t next_end = (ng * i + h + mg - 1) / mg;
		next_end = next_end < n + 1 ? next_end : n + 1;
		double below = first == 0 ? 0 : 1;
		double step = (double)i;
		for (int64_t j = first; j < next_end; j++) {
			below = (column[j] * step + below * (double)j) / (step + (double)j);
			column[j] = below;
		}
	}
	double p = first > n ? 1 : column[n];
	bn_free(column);
	return p;
}

double bn_ks_2samp_sf(double d, size_t n1, size_t n2)
{
	if (isnan(d) || !n1 || !n2)
		return NAN;
	if (n1 <= EXACT_ROWS && n2 <= EXACT_ROWS) {
		uint64_t g = greatest_common_divisor(n1, n2);
		double lcm = (double)(n1 / g) * (double)n2, h = rint(d * lcm), p;
		if (h <= 0)
			return 1;
		if (n1 == n2)
			p = equal_sizes_sf((double)n1, h);
		else
			p = path_leaves_band((int64_t)(n1 > n2 ? n1 : n2),
				(int64_t)(n1 > n2 ? n2 : n1), (int64_t)g, (int64_t)h);
		if (p >= 0 && p <= 1)
			return p;
	}
	double m = (double)n1, n = (double)n2;
	return bn_kstwo_sf(d, rint(m * n / (m + n)));
}
