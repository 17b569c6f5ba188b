/* rows.c - see rows.h: code common to all sources, and the source over arrays. */
#include "core/learn/_rows.h"

#include "core/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_ROWS = 65536 };

/* ---- common to all sources ------------------------------------------------------------------ */

static int not_finite(const char *part, const char *what, uint64_t element, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "%s %s: element %llu is not a finite number", part, what,
		(unsigned long long)element);
}

int bn_rows_check_finite(
	const bn_rows *r, const double *x, uint64_t first, size_t rows, bn_err *err)
{
	size_t n = rows * r->facts.cols;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return not_finite(r->part, "features", first * r->facts.cols + i, err);
	return 0;
}

void bn_rows_free(bn_rows *r)
{
	if (!r)
		return;
	bn_free(r->picked);
	bn_free(r->picked_y);
	bn_free(r->picked_w);
	r->ops->free(r);
}

const bn_rows_facts *bn_rows_about(const bn_rows *r)
{
	return &r->facts;
}

const double *bn_rows_targets(const bn_rows *r)
{
	return r->y;
}

int bn_rows_check_classes(const bn_rows *r, size_t classes, bn_err *err)
{
	for (size_t i = 0; i < r->facts.rows; i++)
		if (!(r->y[i] >= 0 && r->y[i] < (double)classes && r->y[i] == floor(r->y[i])))
			return bn_err_set(err, BN_EINVAL,
				"%s target: row %zu is not a class from 0 to %zu", r->part, i,
				classes - 1);
	return 0;
}

int bn_rows_want(bn_rows *r, bn_want want, bn_err *err)
{
	r->want = want;
	return r->ops->want(r, want, err);
}

int bn_rows_rewind(bn_rows *r, bn_err *err)
{
	return r->ops->rewind(r, err);
}

int bn_rows_next_raw(bn_rows *r, bn_block *out, bn_err *err)
{
	return r->ops->next(r, out, err);
}

int bn_rows_next(bn_rows *r, bn_block *out, bn_err *err)
{
	int rc = r->ops->next(r, out, err);
	if (rc == 0)
		r->checked = true;
	if (rc <= 0 || r->checked)
		return rc;
	int bad = bn_rows_check_finite(r, out->f64, out->first, out->rows, err);
	return bad ? bad : rc;
}

static int grow_picked(bn_rows *r, size_t n, bn_err *err)
{
	if (n <= r->picked_cap)
		return 0;
	float *x = bn_realloc(r->picked, n * r->facts.cols * sizeof *x);
	if (x)
		r->picked = x;
	double *y = bn_realloc(r->picked_y, n * sizeof *y);
	if (y)
		r->picked_y = y;
	double *w = bn_realloc(r->picked_w, n * sizeof *w);
	if (w)
		r->picked_w = w;
	if (!x || !y || !w)
		return bn_err_nomem(err, "rows of a batch");
	r->picked_cap = n;
	return 0;
}

int bn_rows_gather(bn_rows *r, const uint32_t *index, size_t n, bn_block *out, bn_err *err)
{
	int rc = grow_picked(r, n, err);
	if (rc < 0)
		return rc;
	r->ops->gather(r, index, n, r->picked);
	for (size_t i = 0; i < n; i++) {
		r->picked_y[i] = r->y[index[i]];
		if (r->w)
			r->picked_w[i] = r->w[index[i]];
	}
	*out = (bn_block){.rows = n,
		.cols = r->facts.cols,
		.f32 = r->picked,
		.y = r->picked_y,
		.w = r->w ? r->picked_w : NULL};
	return 0;
}

/* ---- arrays --------------------------------------------------------------------------------- */

typedef struct array_rows {
	bn_rows base;
	const double *x;
	size_t at;
} array_rows;

static int array_rewind(bn_rows *r, bn_err *err)
{
	(void)err;
	((array_rows *)r)->at = 0;
	return 0;
}

static int array_next(bn_rows *r, bn_block *out, bn_err *err)
{
	array_rows *a = (array_rows *)r;
	size_t left = r->facts.rows - a->at, n = left < BLOCK_ROWS ? left : BLOCK_ROWS;
	(void)err;
	*out = (bn_block){.first = r->facts.first + a->at,
		.rows = n,
		.cols = r->facts.cols,
		.f64 = a->x + a->at * r->facts.cols,
		.y = r->y + a->at,
		.w = r->w ? r->w + a->at : NULL};
	a->at += n;
	return n > 0;
}

static void array_gather(bn_rows *r, const uint32_t *index, size_t n, float *to)
{
	const array_rows *a = (const array_rows *)r;
	size_t cols = r->facts.cols;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < cols; j++)
			to[i * cols + j] = (float)a->x[index[i] * cols + j];
}

static int array_want(bn_rows *r, bn_want want, bn_err *err)
{
	if (want != BN_WANT_ANY_ROW || r->checked)
		return 0;
	r->checked = true;
	return bn_rows_check_finite(r, ((array_rows *)r)->x, 0, r->facts.rows, err);
}

static void array_free(bn_rows *r)
{
	bn_free(r);
}

static const bn_rows_ops array_ops = {
	array_rewind, array_next, array_gather, array_want, array_free};

static int check_weights(const double *w, size_t rows, bn_err *err)
{
	double sum = 0;
	for (size_t i = 0; w && i < rows; i++) {
		if (!(w[i] >= 0) || !isfinite(w[i]))
			return bn_err_set(
				err, BN_EINVAL, "row weights: element %zu is not a number >= 0", i);
		sum += w[i];
	}
	return !w || sum > 0 ? 0 : bn_err_set(err, BN_EINVAL, "row weights are all 0");
}

int bn_rows_wrap(bn_rows **out, const bn_design *d, const char *part, bn_err *err)
{
	if (!d->x || !d->y || d->cols == 0)
		return bn_err_set(err, BN_EINVAL, "the %s part has no features or no target", part);
	for (size_t i = 0; i < d->rows; i++)
		if (!isfinite(d->y[i]))
			return not_finite(part, "target", i, err);
	int rc = check_weights(d->weights, d->rows, err);
	if (rc < 0)
		return rc;
	array_rows *a = bn_alloc_zeroed(1, sizeof *a);
	if (!a)
		return bn_err_nomem(err, "rows");
	a->base.ops = &array_ops;
	a->base.part = part;
	a->base.y = d->y;
	a->base.w = d->weights;
	a->x = d->x;
	bn_rows_facts *f = &a->base.facts;
	*f = (bn_rows_facts){.rows = d->rows,
		.cols = d->cols,
		.first = d->first,
		.weighted = d->weights != NULL,
		.one_value = true};
	for (size_t i = 0; i < d->rows; i++)
		f->one_value = f->one_value && d->y[i] == d->y[0];
	*out = &a->base;
	return 0;
}
