/*
 * logistic.c - logistic regression, binary: minimise C * sum of w_i log-loss + ||coef||^2 / 2, the
 * intercept unpenalised. The objective is scikit-learn's LogisticRegression(penalty="l2").
 *
 * Newton's method (IRLS): one pass over the rows gives loss, gradient weights and curvature, one
 * weighted Gram matrix gives the Hessian, a Cholesky factorisation the step; the step is halved
 * until the objective falls. It stops when no gradient element is above `tolerance` times the sum
 * of weights. More than two classes: multinomial.c.
 */
#include "kernels/op/logistic.h"
#include "core/base/mem.h"
#include "core/learn/_logistic.h"
#include "core/learn/device.h"
#include "kernels/op/gemv.h"
#include "kernels/op/gemv_t.h"
#include "kernels/op/gram.h"
#include "kernels/solve.h"

#include <math.h>
#include <string.h>

enum { MAX_HALVINGS = 30 };

static const bn_hyper_def logistic_hyper[] = {
	{"C", BN_HYPER_REAL, "1.0", 1e-10, 1e10, "inverse strength of the L2 penalty"},
	{"fit_intercept", BN_HYPER_BOOL, "true", 0, 1, "add a constant term"},
	{"tolerance", BN_HYPER_REAL, "1e-8", 1e-14, 1,
		"stop when the mean gradient is below it everywhere"},
	{"max_iterations", BN_HYPER_INT, "200", 1, 100000, "stop after that many steps at most"},
};

typedef struct newton {
	bn_device dev;
	size_t rows, cols, size; /* size: cols, and 1 more with an intercept */
	bool intercept;
	double penalty;                                               /* 1 / C */
	bnk_view x, y, w, z, residual, curvature, vector, sums, gram; /* device */
	double *theta, *trial, *gradient, *step, *hessian, *block;    /* host */
	double loss;
	double host_sums[3];
} newton;

static int allocate(newton *s, const bn_design *d, bn_err *err)
{
	size_t m = d->rows, n = d->cols;
	bn_device *dev = &s->dev;
	int rc;
	s->theta = bn_alloc_zeroed(n + 1, sizeof(double));
	s->trial = bn_alloc_zeroed(n + 1, sizeof(double));
	s->gradient = bn_alloc_zeroed(n + 1, sizeof(double));
	s->step = bn_alloc_zeroed(n + 1, sizeof(double));
	s->hessian = bn_alloc_zeroed((n + 1) * (n + 1), sizeof(double));
	s->block = bn_alloc_zeroed(n * n + n, sizeof(double));
	if (!s->theta || !s->trial || !s->gradient || !s->step || !s->hessian || !s->block)
		return bn_err_nomem(err, "logistic regression");
	if ((rc = bn_device_lend(dev, &s->x, d->x, BNK_F64, m, n, "design matrix", err)) < 0 ||
		(rc = bn_device_lend(dev, &s->y, d->y, BNK_F64, 1, m, "target", err)) < 0 ||
		(rc = bn_device_lend(dev, &s->w, d->weights, BNK_F64, 1, m, "weights", err)) < 0 ||
		(rc = bn_device_alloc(dev, &s->z, BNK_F64, 1, m, "margins", err)) < 0 ||
		(rc = bn_device_alloc(dev, &s->residual, BNK_F64, 1, m, "residuals", err)) < 0 ||
		(rc = bn_device_alloc(dev, &s->curvature, BNK_F64, 1, m, "curvature", err)) < 0 ||
		(rc = bn_device_alloc(dev, &s->vector, BNK_F64, 1, n, "vector", err)) < 0 ||
		(rc = bn_device_alloc(dev, &s->sums, BNK_F64, 1, 3, "sums", err)) < 0)
		return rc;
	return bn_device_alloc(dev, &s->gram, BNK_F64, n, n, "Hessian", err);
}

/* Loss at theta; residual and curvature are left on the device. */
static int pass(newton *s, const double *theta, double *loss, bn_err *err)
{
	bnk_queue *q = s->dev.queue;
	double norm = 0, bias = s->intercept ? theta[s->cols] : 0;
	bnk_upload(q, &s->vector, theta);
	bnk_run(q, BNK_OP_GEMV, BNK_F64,
		&(bnk_gemv_args){.x = s->x, .v = s->vector, .out = s->z, .bias = bias});
	bnk_run(q, BNK_OP_LOGISTIC, BNK_F64,
		&(bnk_logistic_args){.z = s->z,
			.y = s->y,
			.w = s->w,
			.residual = s->residual,
			.curvature = s->curvature,
			.sums = s->sums});
	int rc = bnk_download(q, s->host_sums, &s->sums);
	for (size_t j = 0; j < s->cols; j++)
		norm += theta[j] * theta[j];
	*loss = s->host_sums[0] + s->penalty * norm / 2;
	return bn_device_check(&s->dev, rc, "log-loss", err);
}

/* to[cols] = sum over rows of v[r] * x[r]. */
static int sum_columns(newton *s, const bnk_view *v, double *to)
{
	bnk_queue *q = s->dev.queue;
	bnk_run(q, BNK_OP_GEMV_T, BNK_F64,
		&(bnk_gemv_t_args){.x = s->x, .v = *v, .out = s->vector});
	return bnk_download(q, to, &s->vector);
}

/* At theta, after pass: largest absolute element in *largest. */
static int gradient(newton *s, double *largest, bn_err *err)
{
	int rc = sum_columns(s, &s->residual, s->gradient);
	s->gradient[s->cols] = s->host_sums[1];
	*largest = 0;
	for (size_t j = 0; j < s->size; j++) {
		if (j < s->cols)
			s->gradient[j] += s->penalty * s->theta[j];
		*largest = fmax(*largest, fabs(s->gradient[j]));
	}
	return bn_device_check(&s->dev, rc, "gradient", err);
}

/* step = Hessian^-1 gradient. */
static int newton_step(newton *s, bn_err *err)
{
	bnk_queue *q = s->dev.queue;
	size_t n = s->cols, size = s->size;
	double *border = s->block + n * n;
	bnk_run(q, BNK_OP_GRAM, BNK_F64,
		&(bnk_gram_args){.x = s->x, .w = s->curvature, .out = s->gram});
	bnk_download(q, s->block, &s->gram);
	int rc = sum_columns(s, &s->curvature, border);
	if (rc != BNK_OK)
		return bn_device_check(&s->dev, rc, "Hessian", err);
	for (size_t i = 0; i < n; i++) {
		memcpy(s->hessian + i * size, s->block + i * n, n * sizeof(double));
		s->hessian[i * size + i] += s->penalty;
	}
	if (s->intercept) {
		memcpy(s->hessian + n * size, border, n * sizeof(double));
		/* Rows that are all certain leave no curvature: keep the step finite. */
		s->hessian[n * size + n] = fmax(s->host_sums[2], 1e-12 * (double)s->rows);
	}
	memcpy(s->step, s->gradient, size * sizeof(double));
	if (bnk_cholesky_factor(size, s->hessian) == BNK_OK)
		bnk_cholesky_solve(size, s->hessian, s->step);
	else /* numerically flat: walk down the gradient instead */
		for (size_t j = 0; j < size; j++)
			s->step[j] /= s->penalty + s->host_sums[2];
	return 0;
}

/* Moves theta along -step as far as the objective falls. *moved false when it does not any more. */
static int line_search(newton *s, bool *moved, bn_err *err)
{
	double slope = 0, t = 1, loss = 0;
	for (size_t j = 0; j < s->size; j++)
		slope += s->gradient[j] * s->step[j];
	*moved = false;
	for (int i = 0; i < MAX_HALVINGS; i++, t /= 2) {
		for (size_t j = 0; j < s->size; j++)
			s->trial[j] = s->theta[j] - t * s->step[j];
		int rc = pass(s, s->trial, &loss, err);
		if (rc)
			return rc;
		if (isfinite(loss) && loss <= s->loss - 1e-4 * t * slope) {
			*moved = true;
			memcpy(s->theta, s->trial, s->size * sizeof(double));
			s->loss = loss;
			return 0;
		}
	}
	return 0;
}

static int iterate(newton *s, bn_estimator *e, const bn_fit_request *r, double tolerance,
	long max_iterations, double total, bn_err *err)
{
	double largest = 0;
	bool moved = true;
	int rc = pass(s, s->theta, &s->loss, err);
	e->converged = false;
	for (e->iterations = 0; rc == 0; e->iterations++) {
		rc = gradient(s, &largest, err);
		if (rc == 0)
			rc = bn_fit_metric(r, "loss", e->iterations, s->loss / total);
		if (rc == 0)
			rc = bn_fit_check_cancel(r, err);
		e->converged = largest <= tolerance * total;
		if (rc || e->converged || e->iterations == max_iterations)
			break;
		rc = newton_step(s, err);
		if (rc == 0)
			rc = line_search(s, &moved, err);
		if (rc == 0 && !moved) {
			/* The objective cannot be resolved any finer in double precision. */
			e->converged = largest <= 1e-6 * total;
			break;
		}
	}
	if (rc == 0 && !e->converged)
		bn_fit_log(r,
			"logistic: stopped after %lld steps with a mean gradient of %g (tolerance "
			"%g)",
			(long long)e->iterations, largest / total, tolerance);
	return rc;
}

static void newton_release(newton *s)
{
	bn_device_close(&s->dev);
	bn_free(s->theta);
	bn_free(s->trial);
	bn_free(s->gradient);
	bn_free(s->step);
	bn_free(s->hessian);
	bn_free(s->block);
}

double bn_logistic_total_weight(const bn_design *d)
{
	double total = 0;
	for (size_t i = 0; i < d->rows; i++)
		total += d->weights ? d->weights[i] : 1.0;
	return total;
}

static int binary_fit(bn_estimator *e, const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	const bn_design *d = &r->train;
	bool intercept = bn_hyper_bool(hyper, "fit_intercept");
	newton s = {.dev = BN_DEVICE_INIT,
		.rows = d->rows,
		.cols = d->cols,
		.size = d->cols + (intercept ? 1 : 0),
		.intercept = intercept,
		.penalty = 1 / bn_hyper_real(hyper, "C")};
	int rc = bn_device_open(&s.dev, &r->target, r->threads, err);
	if (rc == 0)
		rc = allocate(&s, d, err);
	if (rc == 0)
		rc = iterate(&s, e, r, bn_hyper_real(hyper, "tolerance"),
			bn_hyper_int(hyper, "max_iterations"), bn_logistic_total_weight(d), err);
	if (rc == 0) {
		double bias = intercept ? s.theta[s.cols] : 0;
		rc = bn_linear_store(e, 1, s.theta, &bias, err);
	}
	bn_fit_log_device(r, &s.dev);
	newton_release(&s);
	return rc;
}

static int logistic_fit(bn_estimator *e, const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	return r->classes == 2 ? binary_fit(e, r, hyper, err)
			       : bn_multinomial_fit(e, r, hyper, err);
}

const bn_trainer bn_trainer_logistic = {
	.name = "logistic",
	.title = "Logistic regression",
	.doc = "Linear classification into two or more classes with an L2 penalty. Objective as in "
	       "scikit-learn's LogisticRegression.",
	.tasks = 1u << BN_TASK_CLASSIFICATION,
	.hyper = logistic_hyper,
	.hyper_count = sizeof logistic_hyper / sizeof *logistic_hyper,
	.fit = logistic_fit,
	.check = bn_linear_check,
	.scratch = bn_linear_scratch,
	.predict = bn_linear_predict,
};
