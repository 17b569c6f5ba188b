/* saddle.c - see _saddle.h. */
#include "core/monitor/_saddle.h"

#include <math.h>

#define LN_SQRT_2PI 0.91893853320467274178
#define TWO_PI 6.28318530717958647693

double bn_stirling_error(double n)
{
	if (n <= 15) {
		int sign = 1;
		return lgamma_r(n + 1, &sign) - (n + 0.5) * log(n) + n - LN_SQRT_2PI;
	}
	/* B_2k / (2k (2k - 1) n^(2k - 1)); the first term left out is below 3e-16 at n = 15 */
	double s = 1 / (n * n);
	return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - s / 1188) * s) * s) * s) / n;
}

/* x log(x / mean) + mean - x, x > 0, mean > 0. */
static double deviance(double x, double mean)
{
	double d = x - mean;
	if (fabs(d) >= 0.1 * (x + mean))
		return x * log(x / mean) - d;
	/* x log(x / mean) = 2 x atanh(v), by its series */
	double v = d / (x + mean);
	double sum = d * v, term = 2 * x * v;
	for (int j = 1; j < 1000; j++) {
		term *= v * v;
		double next = sum + term / (2 * j + 1);
		if (next == sum)
			break;
		sum = next;
	}
	return sum;
}

double bn_binomial_term(double x, double n, double p, double q)
{
	if (x == 0)
		return exp(p < 0.1 ? n * log1p(-p) : n * log(q));
	if (x == n)
		return exp(q < 0.1 ? n * log1p(-q) : n * log(p));
	if (p <= 0 || q <= 0)
		return 0;
	double l = bn_stirling_error(n) - bn_stirling_error(x) - bn_stirling_error(n - x) -
		   deviance(x, n * p) - deviance(n - x, n * q);
	return exp(l) * sqrt(n / (TWO_PI * x * (n - x)));
}

double bn_poisson_term(double x, double mean)
{
	if (x == 0)
		return exp(-mean);
	return exp(-bn_stirling_error(x) - deviance(x, mean)) / sqrt(TWO_PI * x);
}
