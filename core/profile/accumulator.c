/* accumulator.c - see _accumulator.h: texts, bytes, lists, and merging. */
#include "core/profile/_accumulator.h"

#include "core/profile/cell_hash.h"
#include "core/source/cell.h"

#include <math.h>

int bn_accumulator_init(bn_accumulator *a, const bn_field *f, bn_err *err)
{
	memset(a, 0, sizeof *a);
	a->type = f->type;
	a->fmin = a->fmax = NAN;
	a->increasing = a->decreasing = true;
	bn_quantile_init(&a->quantile);
	bn_tally_init(&a->tally, bn_type_is_text(f->type));
	if (bn_type_is_scalar(f->type)) {
		a->tally.overflow = bn_accumulator_counts_to_sketch;
		a->tally.overflow_ctx = a;
	}
	if (!bn_type_is_list(f->type) || bn_type_is_list(f->child->type))
		return 0;
	if (!(a->values = bn_alloc_zeroed(1, sizeof *a->values)))
		return bn_err_nomem(err, "a profile");
	return bn_accumulator_init(a->values, f->child, err);
}

void bn_accumulator_release(bn_accumulator *a)
{
	if (a->values)
		bn_accumulator_release(a->values);
	bn_free(a->values);
	a->values = NULL;
	bn_quantile_release(&a->quantile);
	bn_tally_release(&a->tally);
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

/* Texts that agree in the bytes that are kept are the same. */
static void add_bounds(bn_accumulator *a, const char *text, size_t n, bool first)
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

/* A text of `length` characters; for bytes and lists: values. */
static void add_length(bn_accumulator *a, uint64_t length, uint64_t times, bool first)
{
	if (first || length < a->length_min)
		a->length_min = length;
	if (first || length > a->length_max)
		a->length_max = length;
	a->length_sum += length * times;
	a->empty += length ? 0 : times;
}

static int add_one_text(bn_accumulator *a, bn_text text, uint64_t times, bool first, bn_err *err)
{
	int absent = bn_cell_absent_index(text.ptr, text.len);
	if (absent >= 0)
		a->spelled |= UINT32_C(1) << absent;
	add_bounds(a, text.ptr, text.len, first);
	add_length(a, characters(text.ptr, text.len), times, first);
	return bn_tally_add_text(&a->tally, text.ptr, text.len, times, err);
}

static int add_strings(bn_accumulator *a, const bn_column *c, size_t from, size_t to, bn_err *err)
{
	for (size_t r = from; r < to; r++) {
		bn_text text = bn_column_text(c, r);
		bool first = bn_accumulator_present(a) == 0;
		int rc = text.ptr ? add_one_text(a, text, 1, first, err) : 0;
		if (rc)
			return rc;
		a->rows++;
		a->missing += !text.ptr;
	}
	return 0;
}

/* Counts codes first, so that each text is processed once per batch. */
static int add_categories(bn_accumulator *a, const bn_column *c, bn_err *err)
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
	bool first = bn_accumulator_present(a) == 0;
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

/* ---- bytes and lists ------------------------------------------------------------------------ */

static int add_range(bn_accumulator *a, const bn_column *c, size_t from, size_t to, bn_err *err);

/* A value with a length, identified by its hash. */
static int add_hashed(
	bn_accumulator *a, const bn_column *c, size_t row, uint64_t length, bn_err *err)
{
	uint64_t x = 0, y = 0;
	bn_cell_hash(&x, &y, c, row);
	add_length(a, length, 1, bn_accumulator_present(a) == 0);
	return bn_tally_add_bits(&a->tally, x ^ y, 1, err);
}

static int add_bytes(bn_accumulator *a, const bn_column *c, size_t from, size_t to, bn_err *err)
{
	for (size_t r = from; r < to; r++) {
		bn_text bytes = bn_column_bytes(c, r);
		int rc = bytes.ptr ? add_hashed(a, c, r, bytes.len, err) : 0;
		if (rc)
			return rc;
		a->rows++;
		a->missing += !bytes.ptr;
	}
	return 0;
}

/* Values of lists that are consecutive in the child are added at once. */
static int add_lists(bn_accumulator *a, const bn_column *c, size_t from, size_t to, bn_err *err)
{
	size_t begin = 0, end = 0, at, n;
	int rc = 0;
	for (size_t r = from; r < to; r++) {
		bool there = bn_column_list(c, r, &at, &n);
		if (there && (rc = add_hashed(a, c, r, n, err)) < 0)
			return rc;
		a->rows++;
		a->missing += !there;
		if (!there || !n || !a->values)
			continue;
		if (at != end) {
			if ((rc = add_range(a->values, c->child, begin, end, err)) < 0)
				return rc;
			begin = at;
		}
		end = at + n;
	}
	return end > begin ? add_range(a->values, c->child, begin, end, err) : 0;
}

static int add_range(bn_accumulator *a, const bn_column *c, size_t from, size_t to, bn_err *err)
{
	if (bn_type_is_list(a->type))
		return add_lists(a, c, from, to, err);
	if (a->type == BN_TYPE_BINARY)
		return add_bytes(a, c, from, to, err);
	if (a->type == BN_TYPE_STRING)
		return add_strings(a, c, from, to, err);
	return bn_accumulator_add_numbers(a, c, from, to, err);
}

int bn_accumulator_add(bn_accumulator *a, const bn_column *c, bn_err *err)
{
	if (a->type == BN_TYPE_CATEGORY)
		return add_categories(a, c, err);
	return add_range(a, c, 0, c->rows, err);
}

/* ---- merging ------------------------------------------------------------------------------- */

static void merge_order(bn_accumulator *a, const bn_accumulator *b)
{
	bool floats = bn_accumulates_doubles(a->type);
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

static void copy_order(bn_accumulator *a, const bn_accumulator *b)
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

/* Tally and sketch. If not all counts can be kept, both sides' counts go to the sketch first. */
static int merge_ranks(bn_accumulator *a, const bn_accumulator *b, bn_err *err)
{
	bool exact =
		a->tally.exact && b->tally.exact && a->tally.used + b->tally.used <= BN_TALLY_EXACT;
	bn_accumulator counts = {
		.type = b->type, .tally = b->tally}; /* b's, borrowed, with its own sketch */
	int rc = 0;

	if (exact || !bn_type_is_scalar(a->type))
		return bn_tally_merge(&a->tally, &b->tally, err);
	bn_quantile_init(&counts.quantile);
	if (a->tally.exact && (rc = bn_accumulator_counts_to_sketch(a, &a->tally, err)) < 0)
		goto out;
	a->tally.overflow = NULL;
	if (b->tally.exact &&
		(rc = bn_accumulator_counts_to_sketch(&counts, &counts.tally, err)) < 0)
		goto out;
	if ((rc = bn_quantile_merge(
		     &a->quantile, b->tally.exact ? &counts.quantile : &b->quantile, err)) < 0)
		goto out;
	rc = bn_tally_merge(&a->tally, &b->tally, err);
	if (rc == 0 && a->tally.exact) /* they had values in common */
		bn_quantile_release(&a->quantile);
out:
	a->tally.overflow = a->tally.exact ? bn_accumulator_counts_to_sketch : NULL;
	bn_quantile_release(&counts.quantile);
	return rc;
}

int bn_accumulator_merge(bn_accumulator *a, const bn_accumulator *b, bn_err *err)
{
	if (bn_accumulator_present(b)) {
		if (bn_accumulator_present(a))
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
	a->spelled |= b->spelled;
	if (!isnan(b->fmin))
		bn_accumulator_finite_range(a, b->fmin, b->fmax);
	bn_moments_merge(&a->moments, &b->moments);
	int rc = merge_ranks(a, b, err);
	return rc < 0 || !a->values ? rc : bn_accumulator_merge(a->values, b->values, err);
}
