/*
 * samples.c - see _samples.h.
 */
#include "core/monitor/_samples.h"

#include "core/base/mem.h"
#include "core/profile/sort.h"

#include <math.h>
#include <string.h>

int bn_sample_make(bn_sample *out, const double *values, size_t n, bn_err *err)
{
	bn_sample s = BN_SAMPLE_INIT;
	s.sorted = bn_alloc((n ? n : 1) * sizeof *s.sorted);
	if (!s.sorted)
		return bn_err_nomem(err, "a column");
	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]))
			s.sorted[s.n++] = values[i] + 0.0; /* -0 + 0 is 0 */
	s.dropped = n - s.n;
	double *scratch = bn_alloc((s.n + 1) * sizeof *scratch);
	if (!scratch) {
		bn_sample_release(&s);
		return bn_err_nomem(err, "a sorted column");
	}
	bn_sort_doubles(s.sorted, s.n, scratch);
	bn_free(scratch);
	*out = s;
	return 0;
}

void bn_sample_release(bn_sample *s)
{
	bn_free(s->sorted);
	*s = (bn_sample)BN_SAMPLE_INIT;
}

void bn_range_of(bn_range *out, const double *values, size_t n)
{
	double seen[BN_DISTINCT_MOST];
	bn_range r = {INFINITY, -INFINITY, 0, 0, 0};
	for (size_t i = 0; i < n; i++) {
		double x = values[i];
		if (!isfinite(x))
			continue;
		r.n++;
		r.low = x < r.low ? x : r.low;
		r.high = x > r.high ? x : r.high;
		if (r.distinct == BN_DISTINCT_MOST)
			continue;
		size_t k = 0;
		while (k < r.distinct && seen[k] != x)
			k++;
		if (k == r.distinct)
			seen[r.distinct++] = x;
	}
	r.dropped = n - r.n;
	*out = r;
}

/* The index is computed, then corrected against the edges, since rounding may shift it by one:
 * numpy.histogram does the same. */
void bn_values_histogram(
	double *counts, const double *values, size_t n, const double *edges, size_t bins)
{
	double low = edges[0], span = edges[bins] - edges[0];
	memset(counts, 0, bins * sizeof *counts);
	for (size_t i = 0; i < n; i++) {
		double x = values[i];
		if (!isfinite(x))
			continue;
		size_t b = (size_t)((x - low) / span * (double)bins);
		b = b < bins ? b : bins - 1;
		if (x < edges[b])
			b--;
		else if (b + 1 < bins && x >= edges[b + 1])
			b++;
		counts[b]++;
	}
}

double bn_values_deviation(const double *values, size_t n)
{
	/* Relative to one of them: differences from it are exact or nearly so, however far all are from
	 * 0. */
	double mean = 0, sum = 0, count = 0;
	size_t first = 0;
	while (first < n && !isfinite(values[first]))
		first++;
	double some = first < n ? values[first] : 0;
	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]))
			mean += (values[i] - some - mean) / ++count;
	for (size_t i = 0; i < n; i++) {
		double d = values[i] - some - mean;
		sum += isfinite(values[i]) ? d * d : 0;
	}
	return count > 0 ? sqrt(sum / count) : NAN;
}

size_t bn_sample_distinct(const bn_sample *s)
{
	size_t k = 0;
	for (size_t i = 0; i < s->n; i++)
		k += i == 0 || s->sorted[i] != s->sorted[i - 1];
	return k;
}

/* A walk over the distinct values of two samples: value, and how many are <= it on each side. */
typedef struct walk {
	const bn_sample *a, *b;
	size_t i, j; /* values passed */
	double value;
} walk;

static int walk_next(walk *w)
{
	int more_a = w->i < w->a->n, more_b = w->j < w->b->n;
	if (!more_a && !more_b)
		return 0;
	double x = more_a ? w->a->sorted[w->i] : INFINITY;
	double y = more_b ? w->b->sorted[w->j] : INFINITY;
	w->value = x < y ? x : y;
	while (w->i < w->a->n && w->a->sorted[w->i] == w->value)
		w->i++;
	while (w->j < w->b->n && w->b->sorted[w->j] == w->value)
		w->j++;
	return 1;
}

size_t bn_sample_distinct_union(const bn_sample *a, const bn_sample *b)
{
	walk w = {a, b, 0, 0, 0};
	size_t k = 0;
	while (walk_next(&w))
		k++;
	return k;
}

double bn_sample_ks(const bn_sample *a, const bn_sample *b)
{
	walk w = {a, b, 0, 0, 0};
	double d = 0;
	while (walk_next(&w)) {
		double gap = fabs((double)w.i / (double)a->n - (double)w.j / (double)b->n);
		d = gap > d ? gap : d;
	}
	return d;
}

double bn_sample_wasserstein(const bn_sample *a, const bn_sample *b)
{
	walk w = {a, b, 0, 0, 0};
	double sum = 0, carry = 0, last = 0, gap = 0;
	while (walk_next(&w)) {
		double term = gap * (w.value - last) - carry; /* Kahan: a million terms add up */
		double next = sum + term;
		carry = (next - sum) - term;
		sum = next;
		gap = fabs((double)w.i / (double)a->n - (double)w.j / (double)b->n);
		last = w.value;
	}
	return sum;
}

size_t bn_sturges_bins(double low, double high, double n)
{
	double span = high - low;
	if (!(n >= 1) || !(span > 0))
		return 1;
	double width = span / (log2(n) + 1), bins = ceil(span / width);
	return bins >= 1 && bins <= BN_STURGES_MAX ? (size_t)bins : 1; /* NaN when span overflows */
}

void bn_linear_edges(double *edges, double low, double high, size_t bins)
{
	double step = (high - low) / (double)bins;
	for (size_t i = 0; i < bins; i++)
		edges[i] = (double)i * step + low;
	edges[bins] = high;
}

/* How many values are < x. */
static size_t lower_bound(const bn_sample *s, double x)
{
	size_t low = 0, high = s->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (s->sorted[mid] < x)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void bn_sample_histogram(double *counts, const bn_sample *s, const double *edges, size_t bins)
{
	size_t below = lower_bound(s, edges[0]);
	for (size_t i = 0; i < bins; i++) {
		size_t upto = i + 1 < bins ? lower_bound(s, edges[i + 1])
					   : lower_bound(s, nextafter(edges[bins], INFINITY));
		counts[i] = (double)(upto - below);
		below = upto;
	}
}

void bn_sample_value_counts(
	double *a_counts, double *b_counts, double *values, const bn_sample *a, const bn_sample *b)
{
	walk w = {a, b, 0, 0, 0};
	size_t k = 0, i = 0, j = 0;
	while (walk_next(&w)) {
		a_counts[k] = (double)(w.i - i);
		b_counts[k] = (double)(w.j - j);
		if (values)
			values[k] = w.value;
		i = w.i, j = w.j;
		k++;
	}
}
