/* bins.c - see bins.h. */
#include "core/profile/bins.h"

#include <math.h>

#define CHUNK 1024

typedef struct bin_range {
	bool any;
	double lo, hi;
	int64_t whole_lo, whole_hi;
} bin_range;

static bool is_whole(bn_type t)
{
	return t != BN_TYPE_FLOAT64 && t != BN_TYPE_FLOAT32 && t != BN_TYPE_DECIMAL &&
	       t != BN_TYPE_UINT64;
}

static void range_whole(bin_range *g, bn_bins *b, const bn_column *c)
{
	int64_t v;
	for (size_t i = 0; i < c->rows; i++) {
		if (!bn_column_int(c, i, &v)) {
			b->missing++;
			continue;
		}
		g->whole_lo = !g->any || v < g->whole_lo ? v : g->whole_lo;
		g->whole_hi = !g->any || v > g->whole_hi ? v : g->whole_hi;
		g->any = true;
	}
}

static void range_real(bin_range *g, bn_bins *b, const bn_column *c)
{
	double v[CHUNK];
	for (size_t at = 0; at < c->rows; at += CHUNK) {
		size_t n = c->rows - at < CHUNK ? c->rows - at : CHUNK;
		bn_column_numbers(c, at, n, v, NULL);
		for (size_t i = 0; i < n; i++) {
			if (isnan(v[i])) {
				b->missing++;
			} else if (isinf(v[i])) {
				b->infinite++;
			} else {
				g->lo = !g->any || v[i] < g->lo ? v[i] : g->lo;
				g->hi = !g->any || v[i] > g->hi ? v[i] : g->hi;
				g->any = true;
			}
		}
	}
}

/* Increasing bounds from the least to the greatest value; one bin per value if integers are few. */
static void bounds_whole(bn_bins *b, const bin_range *g)
{
	uint64_t span = (uint64_t)g->whole_hi - (uint64_t)g->whole_lo;
	size_t n = span + 1 < BN_BINS_MAX && span + 1 > 0 ? (size_t)span + 1 : BN_BINS_MAX;
	b->count = n;
	for (size_t i = 0; i < n; i++)
		b->whole[i] = (int64_t)((uint64_t)g->whole_lo +
					(span < BN_BINS_MAX ? i : span / n * i + span % n * i / n));
	b->whole[n] = g->whole_hi;
	for (size_t i = 0; i <= n; i++)
		b->bound[i] = (double)b->whole[i];
}

static void bounds_real(bn_bins *b, const bin_range *g)
{
	b->count = g->lo < g->hi ? BN_BINS_MAX : 1;
	for (size_t i = 0; i < b->count; i++) { /* halves: their difference may not be finite */
		double part = (double)i / (double)b->count;
		b->bound[i] = g->lo * (1 - part) + g->hi * part;
		if (i && b->bound[i] < b->bound[i - 1])
			b->bound[i] = b->bound[i - 1];
	}
	b->bound[0] = g->lo;
	b->bound[b->count] = g->hi;
}

/* The last bin whose lower bound is not above x. */
static size_t bin_of_whole(const bn_bins *b, int64_t v)
{
	size_t low = 0, high = b->count;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (b->whole[mid] <= v)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* An estimate by the width, corrected by the bounds. */
static size_t bin_of_real(const bn_bins *b, double v)
{
	double part = (v - b->bound[0]) / (b->bound[b->count] - b->bound[0]);
	size_t at = part > 0 ? (size_t)(part * (double)b->count) : 0;
	if (at >= b->count || isnan(part))
		at = b->count - 1;
	while (at && v < b->bound[at])
		at--;
	while (at + 1 < b->count && v >= b->bound[at + 1])
		at++;
	return at;
}

static void fill_whole(bn_bins *b, const bn_column *c)
{
	int64_t v;
	for (size_t i = 0; i < c->rows; i++)
		if (bn_column_int(c, i, &v))
			b->rows[bin_of_whole(b, v)]++;
}

static void fill_real(bn_bins *b, const bn_column *c)
{
	double v[CHUNK];
	for (size_t at = 0; at < c->rows; at += CHUNK) {
		size_t n = c->rows - at < CHUNK ? c->rows - at : CHUNK;
		bn_column_numbers(c, at, n, v, NULL);
		for (size_t i = 0; i < n; i++)
			if (isfinite(v[i]))
				b->rows[bin_of_real(b, v[i])]++;
	}
}

/* One pass: the range (fill false), or the bins. */
static int pass(bn_bins *b, bin_range *g, bool fill, bn_table_reader *table, size_t column,
	const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	uint64_t rows = bn_table_rows(table);
	int rc = 0;
	for (size_t i = 0; i < bn_table_batches(table); i++) {
		uint64_t done = bn_table_batch_start(table, i) + (fill ? rows : 0);
		if ((rc = bn_progress_step(watch, "counting", done, 2 * rows, err)) < 0 ||
			(rc = bn_table_read(table, i, &column, 1, &batch, err)) < 0)
			break;
		const bn_column *c = &batch.columns[0];
		if (!fill && b->is_whole)
			range_whole(g, b, c);
		else if (!fill)
			range_real(g, b, c);
		else if (b->is_whole)
			fill_whole(b, c);
		else
			fill_real(b, c);
	}
	bn_batch_release(&batch);
	return rc;
}

int bn_bins_count(
	bn_bins *out, bn_table_reader *table, size_t column, const bn_progress *watch, bn_err *err)
{
	const bn_field *f = &bn_table_schema(table)->fields[column];
	bn_bins b = {.is_whole = is_whole(f->type), .all = bn_table_rows(table)};
	bin_range g = {.any = false};
	int rc;
	if (!bn_type_is_scalar(f->type))
		return bn_err_set(err, BN_EUNSUPPORTED, "column '%s' has no numbers", f->name);
	if ((rc = pass(&b, &g, false, table, column, watch, err)) < 0)
		return rc;
	if (g.any && b.is_whole)
		bounds_whole(&b, &g);
	else if (g.any)
		bounds_real(&b, &g);
	if (g.any && (rc = pass(&b, &g, true, table, column, watch, err)) < 0)
		return rc;
	*out = b;
	return 0;
}
