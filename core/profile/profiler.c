/* profiler.c - see profiler.h. One accumulator a column; everything in it merges. */
#include "core/profile/profiler.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/profile/moments.h"
#include "core/profile/quantile.h"
#include "core/profile/tally.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define CHUNK 4096

typedef struct accumulator {
	bn_type type;
	uint64_t rows, missing, nan;
	bn_moments moments;
	bn_quantile quantile;
	bn_tally tally;
	uint64_t zeros, negatives, infinities;
	double min, max;    /* floats; valid when present > 0 */
	int64_t imin, imax; /* integers, bools, timestamps */
	double fmin, fmax;  /* of the finite values; NaN while there are none */
	bool increasing, decreasing;
	double first, last;    /* floats */
	int64_t ifirst, ilast; /* integers */
	uint64_t length_min, length_max, length_sum, empty;
	char least[BN_PROFILE_BOUND], greatest[BN_PROFILE_BOUND]; /* texts; their first bytes */
	size_t least_bytes, greatest_bytes;
} accumulator;

struct bn_profiler {
	bn_schema schema;
	accumulator *columns;
};

static bool is_float(bn_type type)
{
	return type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32;
}

static uint64_t present(const accumulator *a)
{
	return a->rows - a->missing;
}

static void accumulator_init(accumulator *a, bn_type type)
{
	memset(a, 0, sizeof *a);
	a->type = type;
	a->fmin = a->fmax = NAN;
	a->increasing = a->decreasing = true;
	bn_quantile_init(&a->quantile);
	bn_tally_init(&a->tally, bn_type_is_text(type));
}

static void accumulator_release(accumulator *a)
{
	bn_quantile_release(&a->quantile);
	bn_tally_release(&a->tally);
}

/* ---- numbers ------------------------------------------------------------------------------- */

static uint64_t double_bits(double x)
{
	uint64_t u;
	x = x == 0 ? 0 : x; /* -0 is 0 */
	memcpy(&u, &x, sizeof u);
	return u;
}

static double bits_double(uint64_t u)
{
	double x;
	memcpy(&x, &u, sizeof x);
	return x;
}

static void finite_range(accumulator *a, double lo, double hi)
{
	a->fmin = isnan(a->fmin) || lo < a->fmin ? lo : a->fmin;
	a->fmax = isnan(a->fmax) || hi > a->fmax ? hi : a->fmax;
}

static int tally_doubles(bn_tally *t, const double *v, size_t n, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = bn_tally_add_bits(t, double_bits(v[i]), 1, err);
	return rc;
}

/* n values that are there, in order; none is NaN. What a value changes is kept in registers: this sees every number
 * of a table. */
static int add_doubles(accumulator *a, const double *v, size_t n, bool first, bn_err *err)
{
	if (!n)
		return 0;
	uint64_t zeros = 0, negatives = 0, infinities = 0;
	double min = first ? v[0] : a->min, max = first ? v[0] : a->max,
	       last = first ? v[0] : a->last;
	double lo = INFINITY, hi = -INFINITY; /* of the finite ones */
	size_t falls = 0, rises = 0, begin = first ? 1 : 0;
	for (size_t i = 0; i < n; i++) {
		double x = v[i];
		bool finite = fabs(x) < INFINITY;
		zeros += x == 0;
		negatives += x < 0;
		infinities += !finite;
		min = x < min ? x : min;
		max = x > max ? x : max;
		lo = finite && x < lo ? x : lo;
		hi = finite && x > hi ? x : hi;
	}
	for (size_t i = begin; i < n; i++) {
		rises += v[i] > last;
		falls += v[i] < last;
		last = v[i];
	}
	if (first)
		a->first = v[0];
	a->min = min;
	a->max = max;
	a->last = last;
	a->zeros += zeros;
	a->negatives += negatives;
	a->infinities += infinities;
	a->increasing &= rises == n - begin;
	a->decreasing &= falls == n - begin;
	if (lo <= hi)
		finite_range(a, lo, hi);
	return tally_doubles(&a->tally, v, n, err);
}

static int add_integers(accumulator *a, const int64_t *v, size_t n, bool first, bn_err *err)
{
	if (!n)
		return 0;
	if (first)
		a->ifirst = a->ilast = a->imin = a->imax = v[0];
	for (size_t i = 0; i < n; i++) {
		int64_t x = v[i];
		a->zeros += x == 0;
		a->negatives += x < 0;
		a->imin = x < a->imin ? x : a->imin;
		a->imax = x > a->imax ? x : a->imax;
		if (i || !first) {
			a->increasing &= x > a->ilast;
			a->decreasing &= x < a->ilast;
		}
		a->ilast = x;
		int rc = bn_tally_add_bits(&a->tally, (uint64_t)x, 1, err);
		if (rc)
			return rc;
	}
	finite_range(a, (double)a->imin, (double)a->imax);
	return 0;
}

/* Takes chunks of the column's values without the absent ones. */
static int add_numeric(accumulator *a, const bn_column *c, bn_err *err)
{
	double values[CHUNK];
	int64_t integers[CHUNK];
	bool floats = is_float(a->type);
	uint64_t nulls = c->nulls, holes = 0;
	for (size_t at = 0; at < c->rows; at += CHUNK) {
		size_t n = c->rows - at < CHUNK ? c->rows - at : CHUNK, kept = 0;
		int rc = bn_column_numbers(c, at, n, values, err);
		if (rc)
			return rc;
		for (size_t i = 0; i < n; i++) {
			if (isnan(values[i]))
				continue;
			if (!floats)
				bn_column_int(c, at + i, &integers[kept]);
			values[kept++] = values[i];
		}
		bool first = present(a) == 0;
		rc = floats ? add_doubles(a, values, kept, first, err)
			    : add_integers(a, integers, kept, first, err);
		if (!rc)
			rc = bn_quantile_add(&a->quantile, values, kept, err);
		if (rc)
			return rc;
		bn_moments_add(&a->moments, values, kept);
		a->rows += n;
		a->missing += n - kept;
		holes += n - kept;
	}
	a->nan += holes - nulls;
	return 0;
}

/* ---- text ---------------------------------------------------------------------------------- */

static size_t characters(const char *s, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static int compare_bytes(const char *a, size_t n, const char *b, size_t k)
{
	int order = memcmp(a, b, n < k ? n : k);
	return order ? order : n < k ? -1 : n > k;
}

/* Texts that agree in the bytes that are kept are one. */
static void add_bounds(accumulator *a, const char *text, size_t n, bool first)
{
	n = n < BN_PROFILE_BOUND ? n : BN_PROFILE_BOUND;
	if (first || compare_bytes(text, n, a->least, a->least_bytes) < 0) {
		memcpy(a->least, text, n);
		a->least_bytes = n;
	}
	if (first || compare_bytes(text, n, a->greatest, a->greatest_bytes) > 0) {
		memcpy(a->greatest, text, n);
		a->greatest_bytes = n;
	}
}

static int add_one_text(accumulator *a, bn_text text, uint64_t times, bool first, bn_err *err)
{
	uint64_t length = characters(text.ptr, text.len);
	add_bounds(a, text.ptr, text.len, first);
	if (first || length < a->length_min)
		a->length_min = length;
	if (first || length > a->length_max)
		a->length_max = length;
	a->length_sum += length * times;
	a->empty += text.len ? 0 : times;
	return bn_tally_add_text(&a->tally, text.ptr, text.len, times, err);
}

static int add_strings(accumulator *a, const bn_column *c, bn_err *err)
{
	for (size_t r = 0; r < c->rows; r++) {
		bn_text text = bn_column_text(c, r);
		int rc = text.ptr ? add_one_text(a, text, 1, present(a) == 0, err) : 0;
		if (rc)
			return rc;
		a->rows++;
		a->missing += !text.ptr;
	}
	return 0;
}

/* Counts codes first, so that a text is looked at once a batch. */
static int add_categories(accumulator *a, const bn_column *c, bn_err *err)
{
	size_t n = c->dict ? c->dict->count : 0, missing = 0;
	uint64_t *counts = bn_alloc_zeroed(n, sizeof *counts);
	if (!counts)
		return bn_err_nomem(err, "the counts of a category");
	for (size_t r = 0; r < c->rows; r++)
		if (bn_column_is_null(c, r))
			missing++;
		else
			counts[c->codes[r]]++;
	int rc = 0;
	bool first = present(a) == 0;
	for (size_t i = 0; !rc && i < n; i++) {
		if (!counts[i])
			continue;
		rc = add_one_text(a, bn_dict_get(c->dict, i), counts[i], first, err);
		first = false;
	}
	a->rows += c->rows;
	a->missing += missing;
	bn_free(counts);
	return rc;
}

static int accumulator_add(accumulator *a, const bn_column *c, bn_err *err)
{
	if (a->type == BN_TYPE_STRING)
		return add_strings(a, c, err);
	if (a->type == BN_TYPE_CATEGORY)
		return add_categories(a, c, err);
	return add_numeric(a, c, err);
}

/* ---- merging ------------------------------------------------------------------------------- */

static void merge_order(accumulator *a, const accumulator *b)
{
	bool floats = is_float(a->type);
	bool up = floats ? b->first > a->last : b->ifirst > a->ilast;
	bool down = floats ? b->first < a->last : b->ifirst < a->ilast;
	a->increasing = a->increasing && b->increasing && up;
	a->decreasing = a->decreasing && b->decreasing && down;
	a->last = b->last;
	a->ilast = b->ilast;
	a->min = fmin(a->min, b->min);
	a->max = fmax(a->max, b->max);
	a->imin = b->imin < a->imin ? b->imin : a->imin;
	a->imax = b->imax > a->imax ? b->imax : a->imax;
	a->length_min = b->length_min < a->length_min ? b->length_min : a->length_min;
	a->length_max = b->length_max > a->length_max ? b->length_max : a->length_max;
	if (bn_type_is_text(a->type)) {
		add_bounds(a, b->least, b->least_bytes, false);
		add_bounds(a, b->greatest, b->greatest_bytes, false);
	}
}

static void copy_order(accumulator *a, const accumulator *b)
{
	a->increasing = b->increasing;
	a->decreasing = b->decreasing;
	a->first = b->first;
	a->last = b->last;
	a->ifirst = b->ifirst;
	a->ilast = b->ilast;
	a->min = b->min;
	a->max = b->max;
	a->imin = b->imin;
	a->imax = b->imax;
	a->length_min = b->length_min;
	a->length_max = b->length_max;
	memcpy(a->least, b->least, sizeof a->least);
	memcpy(a->greatest, b->greatest, sizeof a->greatest);
	a->least_bytes = b->least_bytes;
	a->greatest_bytes = b->greatest_bytes;
}

static int accumulator_merge(accumulator *a, const accumulator *b, bn_err *err)
{
	if (present(b)) {
		if (present(a))
			merge_order(a, b);
		else
			copy_order(a, b);
	}
	a->rows += b->rows;
	a->missing += b->missing;
	a->nan += b->nan;
	a->zeros += b->zeros;
	a->negatives += b->negatives;
	a->infinities += b->infinities;
	a->length_sum += b->length_sum;
	a->empty += b->empty;
	if (!isnan(b->fmin))
		finite_range(a, b->fmin, b->fmax);
	bn_moments_merge(&a->moments, &b->moments);
	int rc = bn_quantile_merge(&a->quantile, &b->quantile, err);
	return rc ? rc : bn_tally_merge(&a->tally, &b->tally, err);
}

/* ---- finishing ----------------------------------------------------------------------------- */

static bool less_double(uint64_t a, uint64_t b)
{
	return bits_double(a) < bits_double(b);
}

static bool less_integer(uint64_t a, uint64_t b)
{
	return (int64_t)a < (int64_t)b;
}

/* A number as people write it in a column of this type. */
static char *number_text(bn_type type, double x, int64_t i)
{
	char buf[BN_FMT > BN_TIMESTAMP_TEXT ? BN_FMT : BN_TIMESTAMP_TEXT];
	if (type == BN_TYPE_BOOL)
		return bn_strdup(i ? "true" : "false");
	if (type == BN_TYPE_TIMESTAMP)
		return bn_strdup(bn_timestamp_iso(i, buf));
	if (!is_float(type))
		return bn_strf("%" PRId64, i);
	return bn_strdup(isinf(x) ? (x > 0 ? "inf" : "-inf") : bn_fmt_f64(x, buf));
}

static int finish_top(bn_profile_column *c, const accumulator *a, bn_err *err)
{
	const bn_tally_slot *slots[BN_PROFILE_TOP];
	bool floats = is_float(a->type);
	size_t n =
		bn_tally_top(&a->tally, BN_PROFILE_TOP, floats ? less_double : less_integer, slots);
	c->top = bn_alloc_zeroed(n, sizeof *c->top);
	if (!c->top)
		return bn_err_nomem(err, "a profile");
	for (size_t i = 0; i < n; i++) {
		bn_profile_value *v = &c->top[c->top_count++];
		v->count = slots[i]->count;
		v->number = NAN;
		if (a->tally.is_text) {
			v->text = bn_strdup(slots[i]->text);
		} else {
			v->number = floats ? bits_double(slots[i]->bits)
					   : (double)(int64_t)slots[i]->bits;
			v->text = number_text(a->type, v->number, (int64_t)slots[i]->bits);
		}
		if (!v->text)
			return bn_err_nomem(err, "a profile");
	}
	c->top_error = a->tally.purged;
	return 0;
}

static void finish_distinct(bn_profile_column *c, const accumulator *a)
{
	uint64_t n = present(a);
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

/* How the finite range is cut: one bin a value where integers are few. */
static void finish_bins(bn_profile_column *c, const accumulator *a)
{
	c->hist_lo = a->fmin;
	c->hist_hi = a->fmax;
	if (isnan(a->fmin))
		return;
	double range = a->fmax - a->fmin;
	if (range == 0 || !isfinite(range)) {
		c->hist_count = range == 0;
		return;
	}
	c->hist_count = BN_PROFILE_BINS;
	if (!is_float(a->type) && range < BN_PROFILE_BINS) {
		c->hist_count = (size_t)range + 1;
		c->hist_lo = a->fmin - 0.5;
		c->hist_hi = a->fmax + 0.5;
	}
}

static void finish_histogram(bn_profile_column *c, const accumulator *a)
{
	bool floats = is_float(a->type);
	finish_bins(c, a);
	if (c->hist_count == 1 && c->hist_lo == c->hist_hi) {
		c->hist[0] = (double)(present(a) - a->infinities);
		return;
	}
	if (a->tally.exact) {
		for (size_t i = 0; i < a->tally.cap && c->hist_count; i++) {
			const bn_tally_slot *s = &a->tally.slots[i];
			double x = floats ? bits_double(s->bits) : (double)(int64_t)s->bits;
			if (s->count && isfinite(x))
				c->hist[bin_of(c, x)] += (double)s->count;
		}
		return;
	}
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

static int finish_numeric(bn_profile_column *c, accumulator *a, bn_err *err)
{
	uint64_t n = present(a);
	bool floats = is_float(a->type);
	int rc = bn_quantile_prepare(&a->quantile, err);
	if (rc)
		return rc;
	if (n) {
		c->min = floats ? a->min : (double)a->imin;
		c->max = floats ? a->max : (double)a->imax;
		c->min_text = number_text(a->type, a->min, a->imin);
		c->max_text = number_text(a->type, a->max, a->imax);
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
	for (int i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] =
			bn_quantile_at(&a->quantile, (double)i / (BN_PROFILE_QUANTILES - 1));
	c->quantiles_exact = bn_quantile_is_exact(&a->quantile);
	c->rank_error = c->quantiles_exact ? 0 : BN_QUANTILE_RANK_ERROR;
	finish_histogram(c, a);
	return 0;
}

static int column_finish(bn_profile_column *c, accumulator *a, const bn_field *f, bn_err *err)
{
	c->min = c->max = c->sum = c->mean = c->std = c->skew = NAN;
	c->hist_lo = c->hist_hi = c->length_mean = NAN;
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = NAN;
	c->name = bn_strdup(f->name);
	c->unit = bn_strdup(f->unit);
	if (!c->name || (f->unit && !c->unit))
		return bn_err_nomem(err, "a profile");
	int rc = bn_field_copy(&c->field, f, err);
	if (rc < 0)
		return rc;
	c->field.nullable = true;
	c->type = a->type;
	c->rows = a->rows;
	c->missing = a->missing;
	c->nan = a->nan;
	c->is_numeric = !bn_type_is_text(a->type);
	rc = finish_top(c, a, err);
	if (rc)
		return rc;
	finish_distinct(c, a);
	if (c->is_numeric)
		return finish_numeric(c, a, err);
	c->length_min = a->length_min;
	c->length_max = a->length_max;
	c->empty = a->empty;
	c->has_bounds = present(a) > 0;
	memcpy(c->least, a->least, sizeof c->least);
	memcpy(c->greatest, a->greatest, sizeof c->greatest);
	c->least_bytes = a->least_bytes;
	c->greatest_bytes = a->greatest_bytes;
	if (present(a))
		c->length_mean = (double)a->length_sum / (double)present(a);
	return 0;
}

/* ---- the profiler -------------------------------------------------------------------------- */

int bn_profiler_new(bn_profiler **out, const bn_schema *schema, bn_err *err)
{
	bn_profiler *p = bn_alloc_zeroed(1, sizeof *p);
	accumulator *columns = bn_alloc_zeroed(schema->count, sizeof *columns);
	if (!p || !columns) {
		bn_free(p);
		bn_free(columns);
		return bn_err_nomem(err, "a profile");
	}
	p->schema = (bn_schema)BN_SCHEMA_INIT;
	int rc = bn_schema_copy(&p->schema, schema, err);
	if (rc) {
		bn_free(p);
		bn_free(columns);
		return rc;
	}
	for (size_t i = 0; i < schema->count; i++)
		accumulator_init(&columns[i], schema->fields[i].type);
	p->columns = columns;
	*out = p;
	return 0;
}

void bn_profiler_free(bn_profiler *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->schema.count; i++)
		accumulator_release(&p->columns[i]);
	bn_free(p->columns);
	bn_schema_release(&p->schema);
	bn_free(p);
}

int bn_profiler_add(bn_profiler *p, const bn_batch *batch, bn_err *err)
{
	BN_BUG(batch->column_count != p->schema.count);
	int rc = 0;
	for (size_t i = 0; !rc && i < batch->column_count; i++)
		rc = accumulator_add(&p->columns[i], &batch->columns[i], err);
	return rc;
}

int bn_profiler_add_column(bn_profiler *p, size_t index, const bn_column *column, bn_err *err)
{
	return accumulator_add(&p->columns[index], column, err);
}

int bn_profiler_merge(bn_profiler *p, const bn_profiler *other, bn_err *err)
{
	if (!bn_schema_equal(&p->schema, &other->schema))
		return bn_err_set(err, BN_EINVAL, "profiles of different schemas do not merge");
	int rc = 0;
	for (size_t i = 0; !rc && i < p->schema.count; i++)
		rc = accumulator_merge(&p->columns[i], &other->columns[i], err);
	return rc;
}

int bn_profiler_finish(bn_profile **out, bn_profiler *p, bn_err *err)
{
	size_t n = p->schema.count;
	bn_profile *profile = bn_alloc_zeroed(1, sizeof *profile);
	bn_profile_column *columns = bn_alloc_zeroed(n, sizeof *columns);
	if (!profile || !columns) {
		bn_free(profile);
		bn_free(columns);
		return bn_err_nomem(err, "a profile");
	}
	profile->rows = n ? p->columns[0].rows : 0;
	profile->columns = columns;
	profile->column_count = n;
	int rc = 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = column_finish(&columns[i], &p->columns[i], &p->schema.fields[i], err);
	if (rc) {
		bn_profile_free(profile);
		return rc;
	}
	*out = profile;
	return 0;
}
