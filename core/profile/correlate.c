/* correlate.c - see correlate.h. */
#include "core/profile/correlate.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>

typedef struct sums {
	uint64_t n;
	double x, y, xx, yy, xy; /* of distances from the columns' centres */
} sums;

typedef struct correlating {
	size_t columns[BN_CORRELATE_COLUMNS], count;
	double middle[BN_CORRELATE_COLUMNS];
	bool has_middle[BN_CORRELATE_COLUMNS];
	sums *sums;     /* of each pair, by row of the upper triangle */
	double *values; /* [count][batch rows] */
	size_t room;
} correlating;

static bool is_number(bn_type t)
{
	return bn_type_is_number(t) || t == BN_TYPE_BOOL;
}

static void settle_middle(correlating *c, size_t k, const double *v, size_t n)
{
	double sum = 0;
	size_t there = 0;
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(v[i]))
			continue;
		sum += v[i];
		there++;
	}
	if (!there)
		return;
	c->middle[k] = sum / (double)there;
	c->has_middle[k] = isfinite(c->middle[k]);
	c->middle[k] = c->has_middle[k] ? c->middle[k] : 0;
}

static int read_values(correlating *c, const bn_batch *b, bn_err *err)
{
	if (b->rows > c->room) {
		double *more = bn_realloc(c->values, (c->count * b->rows + 1) * sizeof *more);
		if (!more)
			return bn_err_nomem(err, "values to correlate");
		c->values = more;
		c->room = b->rows;
	}
	for (size_t k = 0; k < c->count; k++) {
		double *v = c->values + k * c->room;
		int rc = bn_column_numbers(&b->columns[k], 0, b->rows, v, err);
		if (rc < 0)
			return rc;
		if (!c->has_middle[k])
			settle_middle(c, k, v, b->rows);
		for (size_t i = 0; i < b->rows; i++)
			v[i] = isfinite(v[i]) ? v[i] - c->middle[k] : NAN;
	}
	return 0;
}

static void add_pair(sums *s, const double *x, const double *y, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (isnan(x[i]) || isnan(y[i]))
			continue;
		s->n++;
		s->x += x[i];
		s->y += y[i];
		s->xx += x[i] * x[i];
		s->yy += y[i] * y[i];
		s->xy += x[i] * y[i];
	}
}

static int add_batches(
	correlating *c, bn_table_reader *table, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t b = 0; b < bn_table_batches(table) && c->count > 1; b++) {
		if ((rc = bn_progress_step(watch, "correlating", bn_table_batch_start(table, b),
			     bn_table_rows(table), err)) < 0 ||
			(rc = bn_table_read(table, b, c->columns, c->count, &batch, err)) < 0 ||
			(rc = read_values(c, &batch, err)) < 0)
			break;
		for (size_t i = 0, at = 0; i < c->count; i++)
			for (size_t k = i + 1; k < c->count; k++, at++)
				add_pair(&c->sums[at], c->values + i * c->room,
					c->values + k * c->room, batch.rows);
		bn_table_forget(table, &batch);
	}
	bn_batch_release(&batch);
	return rc;
}

static double r_of(const sums *s)
{
	double n = (double)s->n;
	double xx = s->xx - s->x * s->x / n, yy = s->yy - s->y * s->y / n;
	/* The remainder of a constant is rounding. */
	if (s->n < 2 || xx <= 1e-14 * s->xx || yy <= 1e-14 * s->yy || !(xx > 0) || !(yy > 0))
		return NAN;
	return fmax(-1, fmin(1, (s->xy - s->x * s->y / n) / sqrt(xx) / sqrt(yy)));
}

static int by_strength(const void *pa, const void *pb)
{
	const bn_correlate_pair *a = pa, *b = pb;
	double x = isnan(a->r) ? -1 : fabs(a->r), y = isnan(b->r) ? -1 : fabs(b->r);
	if (x != y)
		return x < y ? 1 : -1;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

int bn_correlate_count(
	bn_correlate *out, bn_table_reader *table, const bn_progress *watch, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(table);
	correlating *c = bn_alloc_zeroed(1, sizeof *c);
	int rc = 0;
	*out = (bn_correlate){.pairs = NULL};
	if (!c)
		return bn_err_nomem(err, "correlations");
	for (size_t i = 0; i < schema->count; i++) {
		if (!is_number(schema->fields[i].type))
			continue;
		if (out->numbers++ < BN_CORRELATE_COLUMNS)
			c->columns[c->count++] = i;
	}
	size_t pairs = c->count ? c->count * (c->count - 1) / 2 : 0;
	c->sums = bn_alloc_zeroed(pairs + 1, sizeof *c->sums);
	out->pairs = bn_alloc_zeroed(pairs + 1, sizeof *out->pairs);
	if (!c->sums || !out->pairs) {
		rc = bn_err_nomem(err, "correlations");
		goto out;
	}
	if ((rc = add_batches(c, table, watch, err)) < 0)
		goto out;
	out->columns = c->count;
	for (size_t i = 0; i < c->count; i++)
		for (size_t k = i + 1; k < c->count; k++, out->count++)
			out->pairs[out->count] = (bn_correlate_pair){c->columns[i], c->columns[k],
				c->sums[out->count].n, r_of(&c->sums[out->count])};
	qsort(out->pairs, out->count, sizeof *out->pairs, by_strength);
out:
	if (rc < 0)
		bn_correlate_release(out);
	bn_free(c->values);
	bn_free(c->sums);
	bn_free(c);
	return rc;
}

void bn_correlate_release(bn_correlate *c)
{
	bn_free(c->pairs);
	*c = (bn_correlate){.pairs = NULL};
}
