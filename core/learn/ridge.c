/*
 * ridge.c - ridge regression: minimise ||y - X w - b||^2 + alpha ||w||^2, the intercept b free.
 *
 * The objective and its scaling are scikit-learn's (sklearn.linear_model.Ridge). Solved exactly:
 * features and target are centred with the (weighted) means, the Gram matrix is summed over fixed
 * shards, and a Cholesky factorisation gives w; one step of iterative refinement removes most of
 * what an ill-conditioned Gram matrix costs.
 */
#include "core/base/mem.h"
#include "core/learn/_trainers.h"
#include "core/learn/device.h"
#include "kernels/op/gemv_t.h"
#include "kernels/op/gram.h"
#include "kernels/solve.h"

#include <math.h>
#include <string.h>

static const bn_hyper_def ridge_hyper[] = {
	{"alpha", BN_HYPER_REAL, "1.0", 0, 1e15, "strength of the L2 penalty; 0 is least squares"},
	{"fit_intercept", BN_HYPER_BOOL, "true", 0, 1, "add a constant term"},
};

typedef struct ridge {
	bn_device dev;
	size_t rows, cols;
	bnk_view x, w, centred, mean_dev, sum_dev, gram_dev;    /* on the device */
	double *mean, *gram, *factor, *right, *coef, *residual; /* on the host */
	double target_mean;
} ridge;

static double weight(const bn_design *d, size_t r)
{
	return d->weights ? d->weights[r] : 1.0;
}

static double weighted_mean(const bn_design *d)
{
	double total = 0, sum = 0, rest = 0;
	for (size_t r = 0; r < d->rows; r++) {
		total += weight(d, r);
		sum += weight(d, r) * d->y[r];
	}
	double mean = sum / total;
	for (size_t r = 0; r < d->rows; r++)
		rest += weight(d, r) * (d->y[r] - mean);
	return mean + rest / total;
}

static int allocate(ridge *s, const bn_design *d, bn_err *err)
{
	size_t n = d->cols;
	bn_device *dev = &s->dev;
	int rc;
	s->mean = bn_alloc_zeroed(n, sizeof(double));
	s->gram = bn_alloc_zeroed(n * n, sizeof(double));
	s->factor = bn_alloc_zeroed(n * n, sizeof(double));
	s->right = bn_alloc_zeroed(n, sizeof(double));
	s->coef = bn_alloc_zeroed(n, sizeof(double));
	s->residual = bn_alloc_zeroed(n, sizeof(double));
	if (!s->mean || !s->gram || !s->factor || !s->right || !s->coef || !s->residual)
		return bn_err_nomem(err, "ridge regression");
	if ((rc = bn_device_lend(dev, &s->x, d->x, BNK_F64, d->rows, n, "design matrix", err)) <
			0 ||
		(rc = bn_device_lend(dev, &s->w, d->weights, BNK_F64, 1, d->rows, "weights", err)) <
			0 ||
		(rc = bn_device_alloc(dev, &s->centred, BNK_F64, 1, d->rows, "target", err)) < 0 ||
		(rc = bn_device_alloc(dev, &s->mean_dev, BNK_F64, 1, n, "means", err)) < 0 ||
		(rc = bn_device_alloc(dev, &s->sum_dev, BNK_F64, 1, n, "sums", err)) < 0)
		return rc;
	return bn_device_alloc(dev, &s->gram_dev, BNK_F64, n, n, "Gram matrix", err);
}

/* Means of the features (0 without intercept) and of the target. */
static int centre(ridge *s, const bn_design *d, bool intercept, bn_err *err)
{
	bnk_queue *q = s->dev.queue;
	double total = 0;
	if (!intercept)
		return bn_device_check(&s->dev, bnk_zero(q, &s->mean_dev), "means", err);
	for (size_t r = 0; r < d->rows; r++)
		total += weight(d, r);
	s->target_mean = weighted_mean(d);
	bnk_run(q, BNK_OP_GEMV_T, BNK_F64,
		&(bnk_gemv_t_args){.x = s->x, .v = s->w, .out = s->sum_dev});
	bnk_download(q, s->mean, &s->sum_dev);
	for (size_t j = 0; j < s->cols; j++)
		s->mean[j] /= total;
	return bn_device_check(&s->dev, bnk_upload(q, &s->mean_dev, s->mean), "feature means", err);
}

/* gram = Xc' W Xc and right = Xc' W yc on the host. */
static int accumulate(ridge *s, const bn_design *d, bn_err *err)
{
	bnk_queue *q = s->dev.queue;
	double *v = bn_alloc(d->rows * sizeof *v);
	if (!v)
		return bn_err_nomem(err, "ridge regression");
	for (size_t r = 0; r < d->rows; r++)
		v[r] = weight(d, r) * (d->y[r] - s->target_mean);
	bnk_upload(q, &s->centred, v);
	bn_free(v);
	bnk_run(q, BNK_OP_GEMV_T, BNK_F64,
		&(bnk_gemv_t_args){
			.x = s->x, .v = s->centred, .shift = s->mean_dev, .out = s->sum_dev});
	bnk_download(q, s->right, &s->sum_dev);
	bnk_run(q, BNK_OP_GRAM, BNK_F64,
		&(bnk_gram_args){.x = s->x, .w = s->w, .shift = s->mean_dev, .out = s->gram_dev});
	return bn_device_check(&s->dev, bnk_download(q, s->gram, &s->gram_dev), "Gram matrix", err);
}

static int solve(ridge *s, double alpha, bn_err *err)
{
	size_t n = s->cols;
	for (size_t j = 0; j < n; j++)
		s->gram[j * n + j] += alpha;
	memcpy(s->factor, s->gram, n * n * sizeof(double));
	memcpy(s->coef, s->right, n * sizeof(double));
	if (bnk_cholesky_factor(n, s->factor) != BNK_OK) {
		int rc = bn_err_set(err, BN_EINVAL,
			"ridge with alpha %g has no single solution: %zu features depend on each "
			"other in %zu rows",
			alpha, n, s->rows);
		bn_err_hint(err, "a larger alpha makes it unique; 1.0 is the default");
		return rc;
	}
	bnk_cholesky_solve(n, s->factor, s->coef);
	for (size_t i = 0; i < n; i++) {
		double sum = s->right[i];
		for (size_t j = 0; j < n; j++)
			sum -= s->gram[i * n + j] * s->coef[j];
		s->residual[i] = sum;
	}
	bnk_cholesky_solve(n, s->factor, s->residual);
	for (size_t j = 0; j < n; j++)
		s->coef[j] += s->residual[j];
	return 0;
}

static void ridge_release(ridge *s)
{
	bn_device_close(&s->dev);
	bn_free(s->mean);
	bn_free(s->gram);
	bn_free(s->factor);
	bn_free(s->right);
	bn_free(s->coef);
	bn_free(s->residual);
}

static int ridge_fit(bn_estimator *e, const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	const bn_design *d = &r->train;
	ridge s = {.dev = BN_DEVICE_INIT, .rows = d->rows, .cols = d->cols};
	int rc = bn_device_open(&s.dev, &r->target, r->threads, err);
	if (rc == 0)
		rc = allocate(&s, d, err);
	if (rc == 0)
		rc = centre(&s, d, bn_hyper_bool(hyper, "fit_intercept"), err);
	if (rc == 0)
		rc = bn_fit_check_cancel(r, err);
	if (rc == 0)
		rc = accumulate(&s, d, err);
	if (rc == 0)
		rc = solve(&s, bn_hyper_real(hyper, "alpha"), err);
	if (rc == 0) {
		double intercept = s.target_mean;
		for (size_t j = 0; j < s.cols; j++)
			intercept -= s.mean[j] * s.coef[j];
		bool finite = isfinite(intercept);
		for (size_t j = 0; j < s.cols; j++)
			finite = finite && isfinite(s.coef[j]);
		e->iterations = 1;
		rc = finite ? bn_linear_store(e, 1, s.coef, &intercept, err)
			    : bn_err_set(err, BN_EINVAL,
				      "ridge: features or target are too large to square");
	}
	bn_fit_log_device(r, &s.dev);
	ridge_release(&s);
	return rc;
}

const bn_trainer bn_trainer_ridge = {
	.name = "ridge",
	.title = "Ridge regression",
	.doc = "Linear regression with an L2 penalty, solved exactly. Objective as in "
	       "scikit-learn's Ridge.",
	.tasks = 1u << BN_TASK_REGRESSION,
	.hyper = ridge_hyper,
	.hyper_count = sizeof ridge_hyper / sizeof *ridge_hyper,
	.fit = ridge_fit,
	.check = bn_linear_check,
	.scratch = bn_linear_scratch,
	.predict = bn_linear_predict,
};
