/*
 * leaks_disguise.c - features that are the target in disguise: see leaks.h for the rules.
 *
 * All are computed over the sample. Rows without a target are left out; an absent feature is a value of its own
 * where features are taken as classes, so that a feature which is only present for one class is found.
 */
#include "core/base/mem.h"
#include "core/data/_leaks.h"
#include "core/profile/association.h"

#include <stdlib.h>
#include <string.h>

#define ALMOST 0.999
#define PREDICTS 0.99
#define CLASSES_OF_NUMBERS 20 /* a number of at most that many values is a class */
#define INDICATED 50          /* classes: with more of them, a function of the class is no indicator */
#define UNLIKELY 9.2          /* -ln 1e-4 */
#define SAME_LINE 1e-9        /* 1 - |r| of what is rescaled */

typedef struct cell {
	uint64_t x, y;
	double rank; /* of a numeric target */
} cell;

typedef struct disguise {
	bn_leaks_search *l;
	const bn_leaks_column *target;
	bool is_class;
	size_t n; /* rows with a target */
	size_t *rows;
	cell *cells;
	double *x, *y;
	double features; /* how many are compared */
} disguise;

typedef struct verdict {
	const char *how;
	double strength;
	double slope, offset; /* of rescaled */
} verdict;

static int by_x_then_y(const void *a, const void *b)
{
	const cell *p = a, *q = b;

	if (p->x != q->x)
		return p->x < q->x ? -1 : 1;
	return p->y < q->y ? -1 : p->y > q->y;
}

static double log_choose(double n, double k)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* ---- classes --------------------------------------------------------------------------------------------- */

/* The rows of the most frequent y. */
static size_t largest_class(cell *cells, size_t n, uint64_t *which, size_t *classes)
{
	size_t most = 0;
	cell *by_y = cells; /* sorted by y through exchanging the two */

	*classes = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t t = by_y[i].x;
		by_y[i].x = by_y[i].y;
		by_y[i].y = t;
	}
	qsort(by_y, n, sizeof *by_y, by_x_then_y);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && by_y[end].x == by_y[i].x;)
			end++;
		++*classes;
		if (end - i > most) {
			most = end - i;
			*which = by_y[i].x;
		}
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t t = by_y[i].x;
		by_y[i].x = by_y[i].y;
		by_y[i].y = t;
	}
	return most;
}

/* How many rows of those with one x are predicted right, each by the others: the strict majority. */
static size_t right_of(const cell *cells, size_t n, uint64_t base, bool *is_base)
{
	size_t right = 0, first = 0, second = 0;
	uint64_t top = base;

	if (n == 1)
		return cells[0].y == base;
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && cells[end].y == cells[i].y;)
			end++;
		if (end - i > first) {
			second = first;
			first = end - i;
			top = cells[i].y;
		} else if (end - i > second) {
			second = end - i;
		}
	}
	*is_base = top == base;
	for (size_t i = 0; i < n; i++)
		right += cells[i].y == top && first - 1 > second;
	return right;
}

/* The share of the rows outside the largest class of y that x predicts; 0 if that may be chance. Sorts the cells. */
static double lambda(disguise *g, size_t n)
{
	uint64_t base = 0;
	size_t classes = 0, most = largest_class(g->cells, n, &base, &classes), right = 0, used = 0, values = 0;

	if (n == most)
		return 0;
	qsort(g->cells, n, sizeof *g->cells, by_x_then_y);
	for (size_t i = 0, end; i < n; i = end) {
		bool is_base = true;
		for (end = i + 1; end < n && g->cells[end].x == g->cells[i].x;)
			end++;
		right += right_of(g->cells + i, end - i, base, &is_base);
		used += !is_base;
		values++;
	}
	if (right <= most || log_choose((double)n, (double)(n - most)) - (double)used * log((double)values) -
					log(g->features) <
				UNLIKELY)
		return 0;
	return (double)(right - most) / (double)(n - most);
}

static void fill_cells(disguise *g, const bn_leaks_column *x, bool exchanged)
{
	for (size_t i = 0; i < g->n; i++) {
		uint64_t a = x->keys[g->rows[i]], b = g->target->keys[g->rows[i]];
		g->cells[i].x = exchanged ? b : a;
		g->cells[i].y = exchanged ? a : b;
	}
}

/* The variance of the number that is between the classes. */
static double between(disguise *g, const bn_leaks_column *x)
{
	double all = 0, all2 = 0, within = 0;
	size_t n = 0, classes = 0;

	for (size_t i = 0; i < g->n; i++) {
		double v = x->numbers[g->rows[i]];
		if (!isfinite(v))
			continue;
		v = x->scale > 0 ? asinh((v - x->middle) / x->scale) : v;
		g->cells[n] = (cell){.x = g->target->keys[g->rows[i]], .y = n, .rank = v};
		n++;
	}
	if (n < 20)
		return 0;
	qsort(g->cells, n, sizeof *g->cells, by_x_then_y);
	for (size_t i = 0; i < n; i++)
		all += g->cells[i].rank / (double)n;
	for (size_t i = 0; i < n; i++)
		all2 += (g->cells[i].rank - all) * (g->cells[i].rank - all);
	for (size_t i = 0, end; i < n; i = end) {
		double mean = 0;
		for (end = i; end < n && g->cells[end].x == g->cells[i].x; end++)
			mean += g->cells[end].rank;
		mean /= (double)(end - i);
		for (size_t k = i; k < end; k++)
			within += (g->cells[k].rank - mean) * (g->cells[k].rank - mean);
		classes++;
	}
	return classes > 1 && all2 > 0 && n >= 10 * classes ? 1 - within / all2 : 0;
}

static bool is_equal(const disguise *g, const bn_leaks_column *x)
{
	size_t same = 0;

	for (size_t i = 0; i < g->n; i++)
		same += x->keys[g->rows[i]] == g->target->keys[g->rows[i]];
	return (double)same >= ALMOST * (double)g->n;
}

static verdict of_class(disguise *g, const bn_leaks_column *x)
{
	verdict v = {.how = NULL};

	fill_cells(g, x, false);
	if ((v.strength = lambda(g, g->n)) >= PREDICTS) {
		v.how = is_equal(g, x) ? "equal" : "determines";
		return v;
	}
	if (g->target->distinct <= INDICATED && x->distinct <= CLASSES_OF_NUMBERS) {
		fill_cells(g, x, true);
		if ((v.strength = lambda(g, g->n)) >= ALMOST) {
			v.how = "indicator";
			return v;
		}
	}
	if (x->numbers && x->distinct > CLASSES_OF_NUMBERS && (v.strength = between(g, x)) >= ALMOST)
		v.how = "range";
	return v;
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

static void fit_line(verdict *v, const double *x, const double *y, size_t n, double *r)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

	for (size_t i = 0; i < n; i++) {
		mx += x[i] / (double)n;
		my += y[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	*r = xx > 0 && yy > 0 ? xy / sqrt(xx) / sqrt(yy) : 0;
	v->slope = xx > 0 ? xy / xx : 0;
	v->offset = my - v->slope * mx;
}

static int of_number(verdict *v, disguise *g, const bn_leaks_column *x, bn_err *err)
{
	size_t n = 0;
	double rho, r;
	int rc;

	for (size_t i = 0; i < g->n; i++) {
		g->x[n] = x->numbers[g->rows[i]];
		g->y[n] = g->target->numbers[g->rows[i]];
		n += isfinite(g->x[n]) && isfinite(g->y[n]);
	}
	/* a perfect order of n rows has the probability 2 / n! */
	if (lgamma((double)n + 1) - log(2 * g->features) < UNLIKELY || 2 * n < g->n)
		return 0;
	if ((rc = bn_rank_correlation(&rho, g->x, g->y, n, err)) < 0)
		return rc;
	if (!(fabs(rho) >= ALMOST))
		return 0;
	fit_line(v, g->x, g->y, n, &r);
	v->strength = fabs(rho);
	v->how = fabs(r) >= 1 - SAME_LINE ? "rescaled" : "monotone";
	if (is_equal(g, x))
		v->how = "equal";
	return 0;
}

static int by_y(const void *a, const void *b)
{
	const cell *p = a, *q = b;
	double x, y;

	memcpy(&x, &p->y, sizeof x);
	memcpy(&y, &q->y, sizeof y);
	return x < y ? -1 : x > y;
}

/* The variance of the target's ranks that groups of equal values explain, without bias. */
static double explained(disguise *g, const bn_leaks_column *x)
{
	double within = 0, all;
	size_t n = 0, free_rows = 0;

	for (size_t i = 0; i < g->n; i++) {
		double y = g->target->numbers[g->rows[i]];
		if (isnan(y))
			continue;
		g->cells[n].x = x->keys[g->rows[i]];
		memcpy(&g->cells[n++].y, &y, sizeof y);
	}
	qsort(g->cells, n, sizeof *g->cells, by_y);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && g->cells[end].y == g->cells[i].y;)
			end++;
		for (size_t k = i; k < end; k++)
			g->cells[k].rank = (double)(i + end - 1) / 2;
	}
	qsort(g->cells, n, sizeof *g->cells, by_x_then_y);
	for (size_t i = 0, end; i < n; i = end) {
		double mean = 0;
		for (end = i; end < n && g->cells[end].x == g->cells[i].x; end++)
			mean += g->cells[end].rank;
		mean /= (double)(end - i);
		for (size_t k = i; k < end; k++)
			within += (g->cells[k].rank - mean) * (g->cells[k].rank - mean);
		free_rows += end - i - 1;
	}
	all = ((double)n * (double)n - 1) / 12; /* of ranks */
	return free_rows >= 20 && free_rows * 10 >= n ? 1 - within / (double)free_rows / all : 0;
}

static int of_numeric_target(verdict *v, disguise *g, const bn_leaks_column *x, bn_err *err)
{
	int rc;

	if (x->numbers && (rc = of_number(v, g, x, err)) < 0)
		return rc;
	if (v->how || x->distinct < 2)
		return 0;
	v->strength = explained(g, x);
	v->how = v->strength >= ALMOST ? "explains" : NULL;
	return 0;
}

/* ---- all features ------------------------------------------------------------------------------------------- */

static bool is_feature(const disguise *g, const bn_leaks_column *x)
{
	const bn_leaks_options *o = g->l->o;

	if (x == g->target || x->role == BN_LEAKS_IGNORED || x->role == BN_LEAKS_NAME)
		return false;
	if (bn_type_is_time(x->type) && x->type != BN_TYPE_DURATION && !bn_type_is_time(g->target->type))
		return false;
	return !(o->time && !strcmp(o->time, x->name)) && !(o->end && !strcmp(o->end, x->name));
}

static int add_disguise(disguise *g, const bn_leaks_column *x, const verdict *v, bn_err *err)
{
	bn_leaks_search *l = g->l;
	bn_leak *f = bn_leaks_add(l, BN_LEAK_TARGET, x->name, g->target->name, err);
	uint64_t row = l->sample_rows[g->rows[0]];

	if (!f)
		return BN_ENOMEM;
	f->how = v->how;
	f->rows = f->of = g->n;
	f->strength = v->strength > 1 ? 1 : v->strength;
	f->a = f->b = bn_leaks_part_of(l, row);
	f->has_example = true;
	f->row_a = f->row_b = bn_leaks_row_in_table(l, row);
	if (strcmp(v->how, "rescaled") != 0)
		return 0;
	f->text = bn_strf("'%s' is the target rescaled: %s = %.6g * %s %c %.6g", x->name, g->target->name, v->slope,
		x->name, v->offset < 0 ? '-' : '+', fabs(v->offset));
	return f->text ? 0 : bn_err_nomem(err, "a finding");
}

static int look_at_features(disguise *g, bn_err *err)
{
	bn_leaks_search *l = g->l;
	int rc;

	for (size_t i = 0; i < l->column_count; i++)
		g->features += is_feature(g, &l->columns[i]);
	for (size_t i = 0; i < l->column_count; i++) {
		const bn_leaks_column *x = &l->columns[i];
		verdict v = {.how = NULL};
		if ((rc = bn_progress_step(
			     l->o->progress, "comparing with the target", i, l->column_count, err)) < 0)
			return rc;
		if (!is_feature(g, x))
			continue;
		if (g->is_class)
			v = of_class(g, x);
		else if ((rc = of_numeric_target(&v, g, x, err)) < 0)
			return rc;
		if (v.how && (rc = add_disguise(g, x, &v, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_leaks_disguises(bn_leaks_search *l, bn_err *err)
{
	disguise g = {.l = l};
	size_t at, n = l->sampled + 1;
	int rc;

	if (!l->o->target)
		return 0;
	if ((rc = bn_leaks_need(&at, l, l->o->target, err)) < 0)
		return rc;
	g.target = &l->columns[at];
	g.is_class = !g.target->numbers || g.target->distinct <= CLASSES_OF_NUMBERS;
	g.rows = bn_alloc(n * sizeof *g.rows);
	g.cells = bn_alloc(n * sizeof *g.cells);
	g.x = bn_alloc(n * sizeof *g.x);
	g.y = bn_alloc(n * sizeof *g.y);
	if (!g.rows || !g.cells || !g.x || !g.y) {
		rc = bn_err_nomem(err, "a sample of rows");
		goto out;
	}
	for (size_t i = 0; i < l->sampled; i++)
		if (g.target->keys[i] != BN_LEAKS_MISSING)
			g.rows[g.n++] = i;
	if (g.n >= 4 && g.target->distinct > 1)
		rc = look_at_features(&g, err);
out:
	bn_free(g.rows);
	bn_free(g.cells);
	bn_free(g.x);
	bn_free(g.y);
	return rc;
}
