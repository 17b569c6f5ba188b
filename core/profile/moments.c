/* moments.c - see moments.h. */
#include "core/profile/moments.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LANES BN_MOMENTS_LANES
#define BLOCK BN_MOMENTS_BLOCK
_Static_assert(BLOCK % LANES == 0 && LANES == 8, "lanes are joined in three steps");

typedef double lanes[LANES];

/* In a fixed order, for any width of the CPU's vectors. */
static double lanes_join(const lanes l)
{
	return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}

/* sum + low += x, where low collects the rounding errors of sum (Knuth's TwoSum). */
static inline void sum_add(double *sum, double *low, double x)
{
	double t = *sum + x, z = t - *sum;
	*low += (*sum - (t - z)) + (x - z);
	*sum = t;
}

/* The mean from the sum, corrected for rounding; false if the sum is not finite. */
static bool mean_of_sum(bn_moments *m)
{
	const double n = (double)m->joined, mean = (m->sum + m->sum_low) / n;
	if (!isfinite(mean))
		return false;
	m->mean = mean;
	m->mean_low = (fma(-mean, n, m->sum) + m->sum_low) / n;
	return true;
}

/* Joins b, which has no pending values. */
static void join(bn_moments *a, const bn_moments *b)
{
	if (!a->joined) {
		a->joined = b->joined;
		a->mean = b->mean;
		a->mean_low = b->mean_low;
		a->m2 = b->m2;
		a->m3 = b->m3;
		a->sum = b->sum;
		a->sum_low = b->sum_low;
		return;
	}
	double na = (double)a->joined, nb = (double)b->joined, n = na + nb;
	double delta = (b->mean - a->mean) + (b->mean_low - a->mean_low), share = nb / n;
	double cross = delta * delta * na * share; /* contribution of the means' distance to m2 */
	a->m3 += b->m3 + cross * delta * (na - nb) / n + 3 * delta * (na * b->m2 - nb * a->m2) / n;
	a->m2 += b->m2 + cross;
	a->joined += b->joined;
	sum_add(&a->sum, &a->sum_low, b->sum);
	a->sum_low += b->sum_low;
	if (!mean_of_sum(a)) { /* the mean of large numbers is finite all the same */
		a->mean += delta * share;
		a->mean_low = 0;
	}
}

/* The sum of n values, and their mean; the rest of the block is 0. */
static void block_sum(bn_moments *b, const double *x, size_t n)
{
	lanes sum = {0}, low = {0};

	for (size_t i = 0; i < BLOCK; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum_add(&sum[l], &low[l], x[i + l]);
	b->sum = sum[0];
	b->sum_low = low[0];
	for (size_t l = 1; l < LANES; l++) {
		sum_add(&b->sum, &b->sum_low, sum[l]);
		b->sum_low += low[l];
	}
	if (!isfinite(b->sum_low))
		b->sum_low = 0;
	b->joined = n;
	if (mean_of_sum(b))
		return;
	memset(sum, 0, sizeof sum);
	for (size_t i = 0; i < BLOCK; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += x[i + l] / (double)n;
	b->mean = lanes_join(sum);
	b->mean_low = 0;
}

/* The moments of n values, at most BLOCK. */
static void block_moments(bn_moments *b, const double *x, size_t n)
{
	lanes off = {0}, m2 = {0}, m3 = {0};
	double padded[BLOCK];

	if (n < BLOCK) {
		memcpy(padded, x, n * sizeof *x);
		memset(padded + n, 0, (BLOCK - n) * sizeof *x);
		x = padded;
	}
	block_sum(b, x, n);
	for (size_t i = n; i < BLOCK; i++)
		padded[i] = b->mean; /* no deviation from the mean */
	for (size_t i = 0; i < BLOCK; i += LANES)
		for (size_t l = 0; l < LANES; l++) {
			double d = x[i + l] - b->mean, square = d * d;
			off[l] += d;
			m2[l] += square;
			m3[l] += square * d;
		}
	b->m2 = lanes_join(m2);
	b->m3 = lanes_join(m3);
	/* Rounding error of the mean (Chan's corrected two-pass). */
	double left = lanes_join(off), fix = left / (double)n;
	if (isfinite(fix)) {
		b->m3 -= 3 * fix * b->m2;
		b->m2 -= left * fix;
	}
	b->m2 = b->m2 > 0 || isnan(b->m2) ? b->m2 : 0;
}

static void join_block(bn_moments *m, const double *v, size_t n)
{
	bn_moments b;
	block_moments(&b, v, n);
	join(m, &b);
}

/* The same without pending values. */
static void settle(bn_moments *m)
{
	if (m->n > m->joined)
		join_block(m, m->waiting, (size_t)(m->n - m->joined));
}

void bn_moments_add(bn_moments *m, const double *values, size_t n)
{
	size_t waiting = (size_t)(m->n - m->joined);
	m->n += n;
	if (waiting) {
		size_t take = n < BLOCK - waiting ? n : BLOCK - waiting;
		memcpy(m->waiting + waiting, values, take * sizeof *values);
		values += take;
		n -= take;
		if (waiting + take < BLOCK)
			return;
		join_block(m, m->waiting, BLOCK);
	}
	for (; n >= BLOCK; n -= BLOCK, values += BLOCK)
		join_block(m, values, BLOCK);
	if (n)
		memcpy(m->waiting, values, n * sizeof *values);
}

void bn_moments_add_ints(
	bn_moments *m, const double *values, const int64_t *keys, size_t n, uint64_t bias)
{
	double rest[BLOCK];

	if (!n)
		return;
	if (!m->n) {
		m->whole = true;
		m->shift = fabs(values[0]) >= 0x1p52 ? (__int128)keys[0] + bias : 0;
	}
	for (size_t i = 0; i < n; i++)
		m->total += keys[i];
	m->total += (__int128)bias * (__int128)n;
	if (!m->shift) {
		bn_moments_add(m, values, n);
		return;
	}
	for (size_t at = 0, k; at < n; at += k) {
		k = n - at < BLOCK ? n - at : BLOCK;
		for (size_t i = 0; i < k; i++) {
			__int128 d = (__int128)keys[at + i] + bias - m->shift;
			rest[i] = d == (int64_t)d ? (double)(int64_t)d : (double)d;
		}
		bn_moments_add(m, rest, k);
	}
}

/* Reduces the shift by `by`, so each value grows by it. */
static void shift_back(bn_moments *m, __int128 by)
{
	double each = (double)by;
	__int128 all = by * (__int128)m->joined;

	sum_add(&m->mean, &m->mean_low, each);
	m->mean_low += (double)(by - (__int128)each);
	each = (double)all;
	sum_add(&m->sum, &m->sum_low, each);
	m->sum_low += (double)(all - (__int128)each);
}

void bn_moments_merge(bn_moments *a, const bn_moments *b)
{
	bn_moments other = *b;
	if (!b->n)
		return;
	if (!a->n) {
		*a = *b;
		return;
	}
	settle(a);
	settle(&other);
	if (other.shift != a->shift)
		shift_back(&other, other.shift - a->shift);
	join(a, &other);
	a->total += other.total;
	a->n = a->joined;
}

/* ---- results ------------------------------------------------------------------------------- */

static bn_moments settled(const bn_moments *m)
{
	bn_moments s = *m;
	settle(&s);
	return s;
}

double bn_moments_mean(const bn_moments *m)
{
	bn_moments s = settled(m);
	if (!s.n)
		return NAN;
	if (s.shift) { /* the exact mean, rounded once */
		__int128 n = (__int128)s.n, whole = s.total / n;
		double high = (double)whole, low = (double)(whole - (__int128)high);
		return high + (low + (double)(s.total % n) / (double)n);
	}
	return isfinite(s.mean) ? s.mean : s.sum; /* an infinity, or NaN of two */
}

double bn_moments_sum(const bn_moments *m)
{
	if (m->whole)
		return (double)m->total;
	bn_moments s = settled(m);
	return isfinite(s.sum) ? s.sum + s.sum_low : s.sum;
}

double bn_moments_std(const bn_moments *m)
{
	bn_moments s = settled(m);
	return s.n > 1 ? sqrt(s.m2 / (double)(s.n - 1)) : NAN;
}

bn_centre bn_moments_centre(const bn_moments *m)
{
	bn_moments s = settled(m);
	return (bn_centre){s.shift, s.mean, s.mean_low};
}

double bn_moments_skew(const bn_moments *m)
{
	bn_moments s = settled(m);
	if (s.n < 3)
		return NAN;
	double n = (double)s.n, s2 = s.m2 / n;
	/* A deviation at the limit of the mean's resolution counts as 0. */
	if (s2 <= 0x1p-100 * s.mean * s.mean || s2 == 0)
		return s.m2 == 0 || isfinite(s2) ? 0 : NAN;
	double g1 = s.m3 / n / (s2 * sqrt(s2));
	return g1 * sqrt(n * (n - 1)) / (n - 2);
}
