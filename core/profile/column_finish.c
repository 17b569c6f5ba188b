/* column_finish.c - converts an accumulator to the profile of a column. */
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/profile/_accumulator.h"
#include "core/profile/_profile.h"

#include <math.h>
#include <stdlib.h>

static bool less_double(uint64_t a, uint64_t b)
{
	return bn_bits_double(a) < bn_bits_double(b);
}

static bool less_integer(uint64_t a, uint64_t b)
{
	return (int64_t)a < (int64_t)b;
}

#define NUMBER_TEXT (BN_FMT > BN_TIMESTAMP_TEXT ? BN_FMT : BN_TIMESTAMP_TEXT)

/* A number as displayed in a column of this type; the text may be in buf. */
static const char *number_text(bn_type type, double x, int64_t key, char buf[NUMBER_TEXT])
{
	int64_t i = bn_accumulator_key(type, key);
	switch (type) {
	case BN_TYPE_BOOL:
		return i ? "true" : "false";
	case BN_TYPE_TIMESTAMP:
		return bn_timestamp_iso(i, buf);
	case BN_TYPE_DATE:
		return bn_date_iso((int32_t)i, buf);
	case BN_TYPE_TIME:
		return bn_daytime_iso(i, buf);
	case BN_TYPE_DURATION:
		return bn_duration_iso(i, buf);
	case BN_TYPE_UINT64:
		return bn_fmt_u64((uint64_t)i, buf);
	default:
		return bn_accumulates_doubles(type) ? bn_fmt_f64(x, buf) : bn_fmt_i64(i, buf);
	}
}

static int finish_top(bn_profile_column *c, const bn_accumulator *a, bn_err *err)
{
	const bn_tally_slot *slots[BN_PROFILE_TOP];
	bn_profile_value values[BN_PROFILE_TOP];
	char texts[BN_PROFILE_TOP][NUMBER_TEXT];
	bool floats = bn_accumulates_doubles(a->type);
	size_t n =
		bn_tally_top(&a->tally, BN_PROFILE_TOP, floats ? less_double : less_integer, slots);
	for (size_t i = 0; i < n; i++) {
		bn_profile_value *v = &values[i];
		v->count = slots[i]->count;
		v->number = a->tally.is_text ? NAN : bn_accumulator_slot_number(a, slots[i]);
		v->text = a->tally.is_text ? slots[i]->text
					   : number_text(a->type, v->number,
						     (int64_t)slots[i]->bits, texts[i]);
	}
	c->top_error = a->tally.purged;
	return bn_profile_set_top(c, values, n, err);
}

static void finish_distinct(bn_profile_column *c, const bn_accumulator *a)
{
	uint64_t n = bn_accumulator_present(a);
	bool ordered = n > 1 && c->is_numeric && (a->increasing || a->decreasing);
	c->distinct = ordered ? n : bn_tally_distinct(&a->tally);
	c->distinct_exact = ordered || a->tally.exact;
	c->distinct_error = c->distinct_exact ? 0 : BN_TALLY_DISTINCT_ERROR;
	c->constant = c->distinct_exact && c->distinct == 1;
	c->unique = BN_UNKNOWN;
	if (c->distinct_exact)
		c->unique = c->distinct == n ? BN_YES : BN_NO;
	else if (a->tally.has_top && (a->tally.purged || (c->top_count && c->top[0].count > 1)))
		c->unique = BN_NO;
}

/* numpy.histogram's rule: equal widths, the last bin closed, rounding corrected at the edges. */
static size_t bin_of(const bn_profile_column *c, double x)
{
	double width = c->hist_hi - c->hist_lo, n = (double)c->hist_count;
	size_t i = (size_t)((x - c->hist_lo) / width * n);
	if (i >= c->hist_count)
		i = c->hist_count - 1;
	double step = width / n;
	if (i > 0 && x < c->hist_lo + step * (double)i)
		i--;
	else if (i + 1 < c->hist_count && x >= c->hist_lo + step * (double)(i + 1))
		i++;
	return i;
}

/* Bins of the range lo .. hi of the finite values, NaN if there are none: one bin per value if
 * integers are few. */
static void finish_bins(bn_profile_column *c, double lo, double hi)
{
	double range = hi - lo;
	c->hist_lo = lo;
	c->hist_hi = hi;
	if (isnan(lo))
		return;
	if (range == 0 || !isfinite(range)) {
		c->hist_count = range == 0;
		return;
	}
	c->hist_count = BN_PROFILE_BINS;
	if (!bn_accumulates_doubles(c->type) && range < BN_PROFILE_BINS) {
		c->hist_count = (size_t)range + 1;
		c->hist_lo = lo - 0.5;
		c->hist_hi = hi + 0.5;
	}
}

static void counted_histogram(
	bn_profile_column *c, const double *values, const uint64_t *counts, size_t n)
{
	size_t from = 0, end = n; /* the finite ones */
	while (from < end && isinf(values[from]))
		from++;
	while (end > from && isinf(values[end - 1]))
		end--;
	finish_bins(c, from < end ? values[from] : NAN, from < end ? values[end - 1] : NAN);
	for (size_t i = from; i < end && c->hist_count; i++)
		c->hist[c->hist_count > 1 ? bin_of(c, values[i]) : 0] += (double)counts[i];
}

int bn_profile_column_ranks(
	bn_profile_column *c, const double *values, const uint64_t *counts, size_t n, bn_err *err)
{
	bn_quantile q;
	bn_quantile_init(&q);
	int rc = bn_quantile_set_counted(&q, values, counts, n, err);
	for (int i = 0; rc == 0 && i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = bn_quantile_at(&q, (double)i / (BN_PROFILE_QUANTILES - 1));
	bn_quantile_release(&q);
	c->quantiles_exact = true;
	c->rank_error = 0;
	counted_histogram(c, values, counts, n);
	return rc;
}

static int ranks_counted(
	void *ctx, const double *values, const uint64_t *counts, size_t n, bn_err *err)
{
	return bn_profile_column_ranks(ctx, values, counts, n, err);
}

static void sketched_histogram(bn_profile_column *c, const bn_accumulator *a)
{
	finish_bins(c, a->fmin, a->fmax);
	double before = 0, step = (c->hist_hi - c->hist_lo) / (double)c->hist_count;
	for (size_t i = 0; i < c->hist_count; i++) {
		double edge =
			i + 1 == c->hist_count ? c->hist_hi : c->hist_lo + step * (double)(i + 1);
		double upto = bn_quantile_rank(&a->quantile, edge);
		if (i == 0)
			before = bn_quantile_rank(&a->quantile, nextafter(c->hist_lo, -INFINITY));
		c->hist[i] = round(upto - before);
		before = upto;
	}
}

/* ---- quantiles that doubles do not hold ------------------------------------------------------- */

typedef struct counted_key {
	int64_t key;
	uint64_t upto; /* its count; then with those of all smaller keys */
} counted_key;

static int by_key(const void *a, const void *b)
{
	int64_t x = ((const counted_key *)a)->key, y = ((const counted_key *)b)->key;
	return (x > y) - (x < y);
}

/* The key of rank i, from 0. */
static int64_t key_at(const counted_key *keys, size_t n, uint64_t i)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (keys[mid].upto > i)
			hi = mid;
		else
			lo = mid + 1;
	}
	return keys[lo].key;
}

/* As bn_quantile_at: the quantile if it is a value, and not between two. */
static bool key_of_quantile(int64_t *out, const counted_key *keys, size_t n, double p)
{
	uint64_t last = keys[n - 1].upto - 1;
	double h = (double)last * p;
	uint64_t i = p >= 1 ? last : (uint64_t)h;

	*out = key_at(keys, n, i);
	return p >= 1 || h == (double)i || *out == key_at(keys, n, i < last ? i + 1 : i);
}

static int quantile_texts_counted(bn_profile_column *c, const bn_accumulator *a, bn_err *err)
{
	counted_key *keys = bn_alloc((a->tally.used + 1) * sizeof *keys);
	char text[NUMBER_TEXT];
	size_t n = 0;
	int64_t key;

	if (!keys)
		return bn_err_nomem(err, "the ranks of a column");
	for (size_t i = 0; i < a->tally.cap; i++) {
		const bn_tally_slot *s = &a->tally.slots[i];
		if (s->count)
			keys[n++] = (counted_key){(int64_t)s->bits, s->count};
	}
	qsort(keys, n, sizeof *keys, by_key);
	for (size_t i = 1; i < n; i++)
		keys[i].upto += keys[i - 1].upto;
	for (int i = 0; i < BN_PROFILE_QUANTILES && n; i++) {
		if (!key_of_quantile(&key, keys, n, (double)i / (BN_PROFILE_QUANTILES - 1)))
			continue;
		if (!(c->quantile_texts[i] = bn_strdup(number_text(c->type, 0, key, text)))) {
			bn_free(keys);
			return bn_err_nomem(err, "a profile");
		}
	}
	bn_free(keys);
	return 0;
}

/* All that are values if their counts are known, else the extremes. */
static int finish_quantile_texts(bn_profile_column *c, const bn_accumulator *a, bn_err *err)
{
	char **texts;

	if (!bn_profile_beyond_doubles(c))
		return 0;
	if (!(texts = bn_alloc_zeroed(BN_PROFILE_QUANTILES, sizeof *texts)))
		return bn_err_nomem(err, "a profile");
	c->quantile_texts = texts;
	if (a->tally.exact)
		return quantile_texts_counted(c, a, err);
	texts[0] = bn_strdup(c->min_text);
	texts[BN_PROFILE_QUANTILES - 1] = bn_strdup(c->max_text);
	return texts[0] && texts[BN_PROFILE_QUANTILES - 1] ? 0 : bn_err_nomem(err, "a profile");
}

static int finish_ranks(bn_profile_column *c, bn_accumulator *a, bn_err *err)
{
	int rc = finish_quantile_texts(c, a, err);

	if (rc < 0)
		return rc;
	if (a->tally.exact)
		return bn_accumulator_with_counts(a, ranks_counted, c, err);
	rc = bn_quantile_prepare(&a->quantile, err);
	if (rc < 0)
		return rc;
	for (int i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] =
			bn_quantile_at(&a->quantile, (double)i / (BN_PROFILE_QUANTILES - 1));
	c->rank_error = BN_QUANTILE_RANK_ERROR;
	sketched_histogram(c, a);
	return 0;
}

static int finish_numeric(bn_profile_column *c, bn_accumulator *a, bn_err *err)
{
	uint64_t n = bn_accumulator_present(a);
	bool floats = bn_accumulates_doubles(a->type);
	if (n) {
		c->min = floats ? a->min : bn_accumulator_number(a->type, a->imin);
		c->max = floats ? a->max : bn_accumulator_number(a->type, a->imax);
		char text[NUMBER_TEXT];
		c->min_text = bn_strdup(number_text(a->type, a->min, a->imin, text));
		c->max_text = bn_strdup(number_text(a->type, a->max, a->imax, text));
		if (!c->min_text || !c->max_text)
			return bn_err_nomem(err, "a profile");
	}
	if (!a->infinities) {
		c->sum = n ? bn_moments_sum(&a->moments) : NAN;
		c->mean = bn_moments_mean(&a->moments);
		c->std = bn_moments_std(&a->moments);
		c->skew = bn_moments_skew(&a->moments);
	}
	c->zeros = a->zeros;
	c->negatives = a->negatives;
	c->infinities = a->infinities;
	c->increasing = n > 1 && a->increasing;
	c->decreasing = n > 1 && a->decreasing;
	return finish_ranks(c, a, err);
}

int bn_accumulator_finish(bn_accumulator *a, bn_profile_column *c, const bn_field *f, bn_err *err)
{
	c->min = c->max = c->sum = c->mean = c->std = c->skew = NAN;
	c->hist_lo = c->hist_hi = c->length_mean = NAN;
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = NAN;
	int rc = bn_field_copy(&c->field, f, err);
	if (rc < 0)
		return rc;
	c->name = c->field.name ? c->field.name : "";
	c->unit = c->field.unit;
	c->field.nullable = true;
	c->type = a->type;
	c->rows = a->rows;
	c->missing = a->missing;
	c->nan = a->nan;
	c->is_numeric = bn_type_is_scalar(a->type);
	if ((c->is_numeric || bn_type_is_text(a->type)) && (rc = finish_top(c, a, err)) < 0)
		return rc;
	finish_distinct(c, a);
	if (c->is_numeric)
		return finish_numeric(c, a, err);
	c->length_min = a->length_min;
	c->length_max = a->length_max;
	c->empty = a->empty;
	c->spelled = a->spelled;
	c->has_bounds = bn_type_is_text(a->type) && bn_accumulator_present(a) > 0;
	memcpy(c->least, a->least, sizeof c->least);
	memcpy(c->greatest, a->greatest, sizeof c->greatest);
	c->least_bytes = a->least_bytes;
	c->greatest_bytes = a->greatest_bytes;
	if (bn_accumulator_present(a))
		c->length_mean = (double)a->length_sum / (double)bn_accumulator_present(a);
	if (!a->values)
		return 0;
	if (!(c->values = bn_alloc_zeroed(1, sizeof *c->values)))
		return bn_err_nomem(err, "a profile");
	return bn_accumulator_finish(a->values, c->values, f->child, err);
}
