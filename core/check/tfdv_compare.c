/* tfdv_compare.c - see tfdv_compare.h. */
#include "core/check/tfdv_compare.h"

#include "core/base/mem.h"
#include "core/profile/frequencies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sums ----------------------------------------------------------------------------------- */

/* The share of p in the divergence of p and q from their mean. */
static double half_divergence(double p, double q)
{
	return p > 0 ? p * log2(2 * p / (p + q)) / 2 : 0;
}

static double divergence_of(double p, double q)
{
	return half_divergence(p, q) + half_divergence(q, p);
}

/* ---- text ----------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
	const bn_frequency_value *x = a, *y = b;
	size_t n = x->bytes < y->bytes ? x->bytes : y->bytes;
	int c = memcmp(x->text, y->text, n);
	return c ? c : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

static int count_texts(bn_frequencies *out, double *n, bn_table_reader *t, size_t column,
	const bn_progress *watch, bn_err *err)
{
	bool many = false;
	int rc = bn_frequencies_few(out, &many, t, column, BN_TFDV_VALUES, watch, err);
	if (rc < 0)
		return rc;
	if (many)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"column '%s' has more than %d different values",
			bn_table_schema(t)->fields[column].name, BN_TFDV_VALUES);
	for (size_t i = 0; i < out->count; i++)
		*n += (double)out->values[i].count;
	if (out->count)
		qsort(out->values, out->count, sizeof *out->values, compare_texts);
	return 0;
}

static void add_value(bn_tfdv_distances *d, double a, double b, double n_a, double n_b)
{
	d->infinity_norm = fmax(d->infinity_norm, fabs(a / n_a - b / n_b));
	d->normalized_abs_difference = fmax(d->normalized_abs_difference, fabs(a - b) / (n_a + n_b));
	d->jensen_shannon_divergence += divergence_of(a / n_a, b / n_b);
}

static int compare_text_columns(bn_tfdv_distances *out, bn_table_reader *a, size_t column_a,
	bn_table_reader *b, size_t column_b, const bn_progress *watch, bn_err *err)
{
	bn_frequencies x = {.values = NULL}, y = {.values = NULL};
	double n_a = 0, n_b = 0;
	size_t i = 0, k = 0;
	int rc;
	if ((rc = count_texts(&x, &n_a, a, column_a, watch, err)) < 0 ||
		(rc = count_texts(&y, &n_b, b, column_b, watch, err)) < 0)
		goto out;
	if (n_a == 0 || n_b == 0)
		goto out;
	*out = (bn_tfdv_distances){0, 0, 0};
	while (i < x.count || k < y.count) {
		int c = i == x.count ? 1 : -1;
		if (i < x.count && k < y.count)
			c = compare_texts(&x.values[i], &y.values[k]);
		double in_a = c <= 0 ? (double)x.values[i++].count : 0;
		double in_b = c >= 0 ? (double)y.values[k++].count : 0;
		add_value(out, in_a, in_b, n_a, n_b);
	}
out:
	bn_frequencies_release(&x);
	bn_frequencies_release(&y);
	return rc;
}

/* ---- numbers -------------------------------------------------------------------------------- */

typedef struct histogram {
	double low, high, counts[BN_TFDV_BUCKETS];
	double finite, nans, below, above; /* below, above: infinities */
} histogram;

typedef void (*number_fn)(histogram *h, double x);

static void take_range(histogram *h, double x)
{
	h->low = h->finite == 0 || x < h->low ? x : h->low;
	h->high = h->finite == 0 || x > h->high ? x : h->high;
	h->finite++;
}

static void take_count(histogram *h, double x)
{
	double at = h->high > h->low ? (x - h->low) / (h->high - h->low) * BN_TFDV_BUCKETS : 0;
	size_t i = at >= BN_TFDV_BUCKETS ? BN_TFDV_BUCKETS - 1 : (size_t)at;
	h->counts[i]++;
}

static void count_other(histogram *h, double x)
{
	if (isnan(x))
		h->nans++;
	else if (x < 0)
		h->below++;
	else
		h->above++;
}

static int each_number(histogram *h, number_fn take, bool count_others, bn_table_reader *t,
	size_t column, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t b = 0; b < bn_table_batches(t) && rc == 0; b++) {
		if ((rc = bn_table_read(t, b, &column, 1, &batch, err)) < 0)
			break;
		for (size_t r = 0; r < batch.rows; r++) {
			if (bn_column_is_null(&batch.columns[0], r))
				continue;
			double x = bn_column_number(&batch.columns[0], r);
			if (isfinite(x))
				take(h, x);
			else if (count_others)
				count_other(h, x);
		}
		bn_table_forget(t, &batch);
		rc = bn_progress_step(watch, "comparing", bn_table_batch_start(t, b), bn_table_rows(t),
			err);
	}
	bn_batch_release(&batch);
	return rc;
}

static int histogram_read(
	histogram *h, bn_table_reader *t, size_t column, const bn_progress *watch, bn_err *err)
{
	int rc;
	*h = (histogram){0};
	if ((rc = each_number(h, take_range, true, t, column, watch, err)) < 0)
		return rc;
	return each_number(h, take_count, false, t, column, watch, err);
}

static double edge(const histogram *h, size_t i)
{
	return i == BN_TFDV_BUCKETS ? h->high
				    : h->low + (h->high - h->low) * (double)i / BN_TFDV_BUCKETS;
}

/* The mass between two boundaries of the union; 0 for a column of one value. */
static double mass_between(const histogram *h, double from, double to)
{
	double sum = 0;
	if (h->high <= h->low)
		return 0;
	for (size_t i = 0; i < BN_TFDV_BUCKETS; i++) {
		double lo = fmax(edge(h, i), from), hi = fmin(edge(h, i + 1), to);
		if (hi > lo && edge(h, i + 1) > edge(h, i))
			sum += h->counts[i] * (hi - lo) / (edge(h, i + 1) - edge(h, i));
	}
	return sum;
}

static double total_of(const histogram *h)
{
	return h->finite + h->nans + h->below + h->above;
}

/* The share of a column with one finite value at that point; else 0. */
static double share_at_point(const histogram *h)
{
	return h->finite > 0 && h->low == h->high ? h->finite / total_of(h) : 0;
}

static int compare_numbers(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double divergence_of_histograms(const histogram *a, const histogram *b)
{
	double edges[2 * (BN_TFDV_BUCKETS + 1)], n_a = total_of(a), n_b = total_of(b), sum = 0;
	size_t n = 0;
	for (size_t i = 0; i <= BN_TFDV_BUCKETS; i++) {
		if (a->high > a->low)
			edges[n++] = edge(a, i);
		if (b->high > b->low)
			edges[n++] = edge(b, i);
	}
	qsort(edges, n, sizeof *edges, compare_numbers);
	for (size_t i = 1; i < n; i++)
		if (edges[i] > edges[i - 1])
			sum += divergence_of(mass_between(a, edges[i - 1], edges[i]) / n_a,
				mass_between(b, edges[i - 1], edges[i]) / n_b);
	double at_a = share_at_point(a), at_b = share_at_point(b);
	if (at_a > 0 && at_b > 0 && a->low == b->low)
		sum += divergence_of(at_a, at_b);
	else
		sum += divergence_of(at_a, 0) + divergence_of(0, at_b);
	sum += divergence_of(a->nans / n_a, b->nans / n_b);
	sum += divergence_of(a->below / n_a, b->below / n_b);
	return sum + divergence_of(a->above / n_a, b->above / n_b);
}

static int compare_number_columns(bn_tfdv_distances *out, bn_table_reader *a, size_t column_a,
	bn_table_reader *b, size_t column_b, const bn_progress *watch, bn_err *err)
{
	histogram x, y;
	int rc;
	if ((rc = histogram_read(&x, a, column_a, watch, err)) < 0 ||
		(rc = histogram_read(&y, b, column_b, watch, err)) < 0)
		return rc;
	if (total_of(&x) > 0 && total_of(&y) > 0)
		out->jensen_shannon_divergence = divergence_of_histograms(&x, &y);
	return 0;
}

/* ---- in memory ------------------------------------------------------------------------------ */

static void histogram_of(histogram *h, const double *x, size_t n)
{
	*h = (histogram){0};
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i]))
			take_range(h, x[i]);
		else if (!isnan(x[i]))
			count_other(h, x[i]);
	for (size_t i = 0; i < n; i++)
		if (isfinite(x[i]))
			take_count(h, x[i]);
}

double bn_tfdv_divergence_of_numbers(const double *a, size_t n_a, const double *b, size_t n_b)
{
	histogram x, y;
	histogram_of(&x, a, n_a);
	histogram_of(&y, b, n_b);
	return total_of(&x) > 0 && total_of(&y) > 0 ? fmin(divergence_of_histograms(&x, &y), 1) : NAN;
}

void bn_tfdv_compare_counts(bn_tfdv_distances *out, const double *a, const double *b, size_t values)
{
	double n_a = 0, n_b = 0;
	*out = (bn_tfdv_distances){NAN, NAN, NAN};
	for (size_t i = 0; i < values; i++) {
		n_a += a[i];
		n_b += b[i];
	}
	if (n_a == 0 || n_b == 0)
		return;
	*out = (bn_tfdv_distances){0, 0, 0};
	for (size_t i = 0; i < values; i++)
		add_value(out, a[i], b[i], n_a, n_b);
	out->jensen_shannon_divergence = fmin(out->jensen_shannon_divergence, 1);
}

/* ---- tables --------------------------------------------------------------------------------- */

int bn_tfdv_compare(bn_tfdv_distances *out, bn_table_reader *a, size_t column_a, bn_table_reader *b,
	size_t column_b, const bn_progress *watch, bn_err *err)
{
	const bn_field *x = &bn_table_schema(a)->fields[column_a];
	const bn_field *y = &bn_table_schema(b)->fields[column_b];
	int rc;
	*out = (bn_tfdv_distances){NAN, NAN, NAN};
	if (bn_type_is_text(x->type) && bn_type_is_text(y->type))
		rc = compare_text_columns(out, a, column_a, b, column_b, watch, err);
	else if (bn_type_is_scalar(x->type) && bn_type_is_scalar(y->type))
		rc = compare_number_columns(out, a, column_a, b, column_b, watch, err);
	else
		return bn_err_set(err, BN_EINVAL, "column '%s' is %s and %s, which are not compared",
			x->name, bn_type_name(x->type), bn_type_name(y->type));
	if (out->jensen_shannon_divergence > 1)
		out->jensen_shannon_divergence = 1;
	return rc;
}
