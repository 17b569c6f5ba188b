/* moments.c - see moments.h. */
#include "core/profile/moments.h"

#include <math.h>

static void sum_add(bn_moments *m, double x)
{
	double t = m->sum + x;
	if (isfinite(t))
		m->sum_low += fabs(m->sum) >= fabs(x) ? (m->sum - t) + x : (x - t) + m->sum;
	m->sum = t;
}

void bn_moments_merge(bn_moments *a, const bn_moments *b)
{
	if (!b->n)
		return;
	double low = b->sum_low;
	if (!a->n) {
		*a = *b;
		return;
	}
	double na = (double)a->n, nb = (double)b->n, n = na + nb;
	double delta = b->mean - a->mean, step = delta * nb / n;
	a->m3 += b->m3 + delta * delta * delta * na * nb * (na - nb) / (n * n) +
		 3 * delta * (na * b->m2 - nb * a->m2) / n;
	a->m2 += b->m2 + delta * delta * na * nb / n;
	a->mean += step;
	a->n += b->n;
	sum_add(a, b->sum);
	a->sum_low += low;
}

void bn_moments_add(bn_moments *m, const double *values, size_t n)
{
	enum { BLOCK = 4096 };
	for (size_t at = 0; at < n; at += BLOCK) {
		size_t len = n - at < BLOCK ? n - at : BLOCK;
		const double *v = values + at;
		bn_moments b = BN_MOMENTS_INIT;
		b.n = len;
		/* around the first value, so that the sum of a block loses nothing of its spread */
		double shift = isfinite(v[0]) ? v[0] : 0, s1 = 0;
		for (size_t i = 0; i < len; i++)
			s1 += v[i] - shift;
		b.mean = shift + s1 / (double)len;
		double m2 = 0, m3 = 0, low = 0;
		for (size_t i = 0; i < len; i++) {
			double d = v[i] - b.mean;
			low += d;
			m2 += d * d;
			m3 += d * d * d;
		}
		/* what rounding left of the mean (Chan's corrected two-pass) */
		double fix = low / (double)len;
		if (isfinite(fix)) {
			m3 -= 3 * fix * m2;
			m2 -= low * fix;
			b.mean += fix;
		}
		b.m2 = m2 > 0 || isnan(m2) ? m2 : 0;
		b.m3 = m3;
		for (size_t i = 0; i < len; i++)
			sum_add(&b, v[i]);
		bn_moments_merge(m, &b);
	}
}

double bn_moments_mean(const bn_moments *m)
{
	return m->n ? m->mean : NAN;
}

double bn_moments_sum(const bn_moments *m)
{
	return isfinite(m->sum) ? m->sum + m->sum_low : m->sum;
}

double bn_moments_std(const bn_moments *m)
{
	return m->n > 1 ? sqrt(m->m2 / (double)(m->n - 1)) : NAN;
}

double bn_moments_skew(const bn_moments *m)
{
	if (m->n < 3)
		return NAN;
	double n = (double)m->n, s2 = m->m2 / n;
	/* a spread at the edge of what the mean can resolve is no spread */
	if (s2 <= 0x1p-100 * m->mean * m->mean || s2 == 0)
		return m->m2 == 0 || isfinite(s2) ? 0 : NAN;
	double g1 = m->m3 / n / (s2 * sqrt(s2));
	return g1 * sqrt(n * (n - 1)) / (n - 2);
}
