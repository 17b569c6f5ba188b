/* linear.c - a linear model's parameters: storing, checking and applying them. */
#include "core/learn/_trainers.h"
#include "kernels/exp.h"

#include <math.h>

/* A regression and a binary classification have one row of coefficients. */
static size_t coef_rows(const bn_estimator *e)
{
	return e->outputs == 2 ? 1 : e->outputs;
}

int bn_linear_store(
	bn_estimator *e, size_t rows, const double *coef, const double *intercept, bn_err *err)
{
	uint64_t shape[2] = {rows, e->inputs};
	int rc = bn_tensors_add(e->tensors, "coef", BN_DTYPE_F64, 2, shape, coef,
		rows * e->inputs * sizeof *coef, err);
	if (rc == 0)
		rc = bn_tensors_add(e->tensors, "intercept", BN_DTYPE_F64, 1, shape, intercept,
			rows * sizeof *intercept, err);
	return rc;
}

int bn_linear_check(bn_estimator *e, bn_err *err)
{
	int rc = bn_estimator_need(
		e, &e->part[0], "coef", BN_DTYPE_F64, coef_rows(e), e->inputs, err);
	if (rc == 0)
		rc = bn_estimator_need(
			e, &e->part[1], "intercept", BN_DTYPE_F64, coef_rows(e), 0, err);
	return rc;
}

size_t bn_linear_scratch(const bn_estimator *e)
{
	(void)e;
	return 1;
}

static double score(const double *coef, const double *x, size_t n, double intercept)
{
	double s0 = 0, s1 = 0;
	size_t j = 0;
	for (; j + 2 <= n; j += 2) {
		s0 += coef[j] * x[j];
		s1 += coef[j + 1] * x[j + 1];
	}
	if (j < n)
		s0 += coef[j] * x[j];
	return intercept + (s0 + s1);
}

void bn_softmax_row(double *z, size_t n)
{
	double top = z[0], sum = 0;
	for (size_t k = 1; k < n; k++)
		top = z[k] > top ? z[k] : top;
	for (size_t k = 0; k < n; k++) {
		z[k] = bnk_exp(z[k] - top);
		sum += z[k];
	}
	for (size_t k = 0; k < n; k++)
		z[k] /= sum;
}

void bn_linear_predict(
	const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch)
{
	const double *coef = e->part[0]->data;
	const double *intercept = e->part[1]->data;
	size_t n = coef_rows(e);
	(void)scratch;
	for (size_t r = 0; r < rows; r++) {
		double *to = out + r * e->outputs;
		for (size_t k = 0; k < n; k++)
			to[k] = score(
				coef + k * e->inputs, x + r * e->inputs, e->inputs, intercept[k]);
		if (e->task == BN_TASK_REGRESSION)
			continue;
		if (n == 1) {
			double z = to[0], q = bnk_exp(-fabs(z));
			to[1] = z >= 0 ? 1 / (1 + q) : q / (1 + q);
			to[0] = z >= 0 ? q / (1 + q) : 1 / (1 + q);
		} else {
			bn_softmax_row(to, n);
		}
	}
}
