/* points.c - see _points.h. */
#include "core/exchange/_points.h"

#include "core/base/mem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct point {
	int64_t step, time_ms;
	uint64_t bits;
} point;

static uint64_t bits_of(double value, bool as_mlflow)
{
	uint64_t bits;
	if (as_mlflow && isinf(value))
		value = value > 0 ? DBL_MAX : -DBL_MAX;
	memcpy(&bits, &value, sizeof bits);
	return isnan(value) ? UINT64_MAX : bits;
}

static double value_of(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static int compare(const void *a, const void *b)
{
	const point *x = a, *y = b;
	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->bits < y->bits ? -1 : x->bits > y->bits;
}

static point *sorted(const bn_points_view *v, bool as_mlflow)
{
	point *p = bn_alloc(v->count * sizeof *p);
	for (size_t i = 0; p && i < v->count; i++)
		p[i] = (point){v->step[i], v->time_ms[i], bits_of(v->value[i], as_mlflow)};
	if (p && v->count)
		qsort(p, v->count, sizeof *p, compare);
	return p;
}

int bn_exchange_missing(const bn_points_view *of, const bn_points_view *have, bool as_mlflow,
	bn_exchange_each_point *each, void *user, bn_err *err)
{
	point *a = sorted(of, as_mlflow), *b = sorted(have, as_mlflow);
	size_t j = 0;
	int rc = a && b ? 0 : bn_err_nomem(err, "points");
	for (size_t i = 0; rc == 0 && i < of->count; i++) {
		if (as_mlflow && i && !compare(&a[i], &a[i - 1]))
			continue;
		while (j < have->count && compare(&b[j], &a[i]) < 0)
			j++;
		if (j < have->count && !compare(&b[j], &a[i]))
			j++;
		else
			rc = each(user, a[i].step, a[i].time_ms, value_of(a[i].bits), err);
	}
	bn_free(a);
	bn_free(b);
	return rc;
}
