/*
 * ridge.c - ridge regression: minimise ||y - X w - b||^2 + alpha ||w||^2, the intercept b
 * unpenalised.
 *
 * The objective and its scaling are scikit-learn's (sklearn.linear_model.Ridge). Solved exactly,
 * from one pass: each tile's Gram matrix is centred with the tile's own (weighted) means (corrected
 * two-pass algorithm: Chan, Golub and LeVeque 1983, eq. 1.7), and two sums are joined by their eq.
 * 2.1, for matrices, so nothing large cancels. A Cholesky factorisation gives w; one step of
 * iterative refinement removes most of the error of an ill-conditioned Gram matrix.
 *
 * Its bytes are the same on every processor: sums are chains of fused multiply-adds in row order
 * (gram_tile.h), the rest is plain arithmetic without library functions.
 */
#include "core/base/mem.h"
#include "core/learn/_trainers.h"
#include "core/learn/tiles.h"
#include "kernels/op/gemv_t.h"
#include "kernels/op/gram_tile.h"
#include "kernels/solve.h"

#include <math.h>
#include <string.h>

static const bn_hyper_def ridge_hyper[] = {
	{"alpha", BN_HYPER_REAL, "1.0", 0, 1e15, "strength of the L2 penalty; 0 is least squares"},
	{"fit_intercept", BN_HYPER_BOOL, "true", 0, 1, "add a constant term"},
};

/* The summed quantities, in order: the means, and gram_tile's result for x minus the means, w and w
 * (y - mean). */
enum { TARGET_MEAN = 0, MEAN = 1 }; /* [n] */
#define GRAM(n) (MEAN + (n))        /* [n + 1, n + 1]: of n x n the lower triangle */
#define WEIGHT(n) (GRAM(n) + ((n) + 1) * ((n) + 1) - 1) /* the last of these */
#define RIGHT(n) (GRAM(n) + ((n) + 1) * ((n) + 1))      /* [n + 1]: Xc' W yc; sum of W yc */
#define SIZE(n) (RIGHT(n) + (n) + 1)

typedef struct ridge_lane {
	bnk_view mean, sum, tile, centred; /* the device's */
	double host_centred[BN_TILE_ROWS];
} ridge_lane;

typedef struct ridge {
	const bn_fit_start *fit;
	size_t cols;
	bool intercept;
	bn_lanes lanes;
	ridge_lane *lane; /* lanes.count */
	bn_tree tree;
	double *gram, *factor, *coef, *residual;
	double bias;
} ridge;

/* ---- sums ----------------------------------------------------------------------------------- */

static void join(const void *shape, double *left, const double *right)
{
	size_t n = *(const size_t *)shape, k = n + 1;
	double wl = left[WEIGHT(n)], wr = right[WEIGHT(n)], w = wl + wr;
	if (wr == 0)
		return;
	if (wl == 0) {
		memcpy(left, right, SIZE(n) * sizeof *left);
		return;
	}
	double between = wl * (wr / w), share = wr / w;
	double dy = right[TARGET_MEAN] - left[TARGET_MEAN];
	for (size_t i = 0; i < n; i++) {
		double di = right[MEAN + i] - left[MEAN + i], part = between * di;
		double *to = left + GRAM(n) + i * k;
		const double *from = right + GRAM(n) + i * k;
		for (size_t j = 0; j <= i; j++)
			to[j] += from[j] + part * (right[MEAN + j] - left[MEAN + j]);
		left[RIGHT(n) + i] += right[RIGHT(n) + i] + part * dy;
	}
	for (size_t i = 0; i < n; i++)
		left[MEAN + i] += share * (right[MEAN + i] - left[MEAN + i]);
	left[TARGET_MEAN] += share * dy;
	left[WEIGHT(n)] = w;
}

/* Weighted means of the lane's rows: TARGET_MEAN and MEAN. Without an intercept nothing is centred:
 * the means stay 0, and the same join only adds. */
static int tile_means(const ridge *s, bn_lane *lane, double *sum)
{
	const ridge_lane *own = lane->own;
	double weight = 0, target = 0;
	size_t n = s->cols;
	for (size_t r = 0; r < lane->rows; r++) {
		double w = lane->host_w ? lane->host_w[r] : 1.0;
		weight += w;
		target += w * lane->host_y[r];
	}
	memset(sum, 0, GRAM(n) * sizeof *sum);
	if (!s->intercept || weight == 0)
		return BNK_OK;
	sum[TARGET_MEAN] = target / weight;
	bnk_run(lane->dev.queue, BNK_OP_GEMV_T, BNK_F64,
		&(bnk_gemv_t_args){.x = lane->x,
			.v = lane->w,
			.shift = bnk_vector(NULL, BNK_F64, 0, n),
			.out = own->sum});
	int status = bnk_download(lane->dev.queue, sum + MEAN, &own->sum);
	for (size_t j = 0; j < n; j++)
		sum[MEAN + j] /= weight;
	return status;
}

/* Rounding error of the means in the sums. */
static void correct(const ridge *s, double *sum)
{
	size_t n = s->cols, k = n + 1;
	const double *rest = sum + GRAM(n) + n * k; /* sums of x minus the mean */
	double weight = sum[WEIGHT(n)], target = sum[RIGHT(n) + n];
	if (!s->intercept || weight == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		double d = rest[i] / weight;
		for (size_t j = 0; j <= i; j++)
			sum[GRAM(n) + i * k + j] -= d * rest[j];
		sum[RIGHT(n) + i] -= d * target;
		sum[MEAN + i] += d;
	}
	sum[TARGET_MEAN] += target / weight;
}

static int sum_tile(void *self, bn_lane *lane, double *sum)
{
	const ridge *s = self;
	ridge_lane *own = lane->own;
	bnk_queue *q = lane->dev.queue;
	size_t n = s->cols;
	bnk_view centred = bnk_vector(own->centred.buffer, BNK_F64, 0, lane->rows);
	int status = tile_means(s, lane, sum);
	if (status != BNK_OK)
		return status;
	for (size_t r = 0; r < lane->rows; r++)
		own->host_centred[r] = (lane->host_w ? lane->host_w[r] : 1.0) *
				       (lane->host_y[r] - sum[TARGET_MEAN]);
	bnk_upload(q, &own->mean, sum + MEAN);
	bnk_upload(q, &centred, own->host_centred);
	bnk_run(q, BNK_OP_GRAM_TILE, BNK_F64,
		&(bnk_gram_tile_args){.x = lane->x,
			.w = lane->w,
			.v = centred,
			.shift = own->mean,
			.sums = own->tile,
			.tile_rows = BN_TILE_ROWS});
	status = bnk_download(q, sum + GRAM(n), &own->tile);
	correct(s, sum);
	return status;
}

/* ---- start ---------------------------------------------------------------------------------- */

static int open_lane(bn_lane *lane, ridge_lane *own, size_t n, bn_err *err)
{
	bn_device *d = &lane->dev;
	int rc;
	lane->own = own;
	if ((rc = bn_device_alloc(d, &own->mean, BNK_F64, 1, n, "means", err)) < 0 ||
		(rc = bn_device_alloc(d, &own->sum, BNK_F64, 1, n, "sums", err)) < 0 ||
		(rc = bn_device_alloc(d, &own->tile, BNK_F64, 1, bnk_gram_tile_width(n, 1),
			 "Gram matrix", err)) < 0)
		return rc;
	return bn_device_alloc(d, &own->centred, BNK_F64, 1, BN_TILE_ROWS, "target", err);
}

static int ridge_start(void **state, const bn_fit_start *fit, bn_err *err)
{
	const bn_fit_request *r = fit->request;
	size_t n = fit->inputs;
	ridge *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "ridge regression");
	*state = s;
	s->fit = fit;
	s->cols = n;
	s->intercept = bn_hyper_bool(fit->hyper, "fit_intercept");
	bn_tree_init(&s->tree, SIZE(n), join, &s->cols);
	s->gram = bn_alloc_zeroed(n * n, sizeof(double));
	s->factor = bn_alloc_zeroed(n * n, sizeof(double));
	s->coef = bn_alloc_zeroed(n, sizeof(double));
	s->residual = bn_alloc_zeroed(n, sizeof(double));
	if (!s->gram || !s->factor || !s->coef || !s->residual)
		return bn_err_nomem(err, "ridge regression");
	int rc = bn_lanes_open(&s->lanes, &r->target, r->threads, bn_rows_about(r->train),
		3 * n * n * sizeof(double), err);
	s->lane = bn_alloc_zeroed(s->lanes.count + 1, sizeof *s->lane);
	if (rc == 0 && !s->lane)
		rc = bn_err_nomem(err, "ridge regression");
	for (size_t i = 0; i < s->lanes.count && rc == 0; i++)
		rc = open_lane(&s->lanes.lane[i], &s->lane[i], n, err);
	return rc;
}

/* ---- the step ------------------------------------------------------------------------------- */

static int too_large(bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "ridge: features or target are too large to square");
}

static bool is_finite(const double *v, size_t n)
{
	bool finite = true;
	for (size_t i = 0; i < n; i++)
		finite = finite && isfinite(v[i]);
	return finite;
}

static int solve(ridge *s, const double *sum, double alpha, bn_err *err)
{
	size_t n = s->cols;
	const double *right = sum + RIGHT(n);
	if (!is_finite(sum, SIZE(n)))
		return too_large(err);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++)
			s->gram[i * n + j] = s->gram[j * n + i] = sum[GRAM(n) + i * (n + 1) + j];
	for (size_t j = 0; j < n; j++)
		s->gram[j * n + j] += alpha;
	memcpy(s->factor, s->gram, n * n * sizeof(double));
	memcpy(s->coef, right, n * sizeof(double));
	if (bnk_cholesky_factor(n, s->factor) != BNK_OK) {
		int rc = bn_err_set(err, BN_EINVAL,
			"ridge with alpha %g has no single solution: %zu features depend on each "
			"other in %zu rows",
			alpha, n, bn_rows_about(s->fit->request->train)->rows);
		bn_err_hint(err, "a larger alpha makes it unique; 1.0 is the default");
		return rc;
	}
	bnk_cholesky_solve(n, s->factor, s->coef);
	for (size_t i = 0; i < n; i++) {
		double rest = right[i];
		for (size_t j = 0; j < n; j++)
			rest -= s->gram[i * n + j] * s->coef[j];
		s->residual[i] = rest;
	}
	bnk_cholesky_solve(n, s->factor, s->residual);
	for (size_t j = 0; j < n; j++)
		s->coef[j] += s->residual[j];
	return 0;
}

static int ridge_step(void *state, bn_err *err)
{
	ridge *s = state;
	const bn_fit_request *r = s->fit->request;
	const double *sum = NULL;
	int rc = bn_fit_check_cancel(r, err);
	if (rc == 0)
		rc = bn_tiles_sum(&sum, &s->tree, r->train, &s->lanes, sum_tile, s, r->reduce,
			"Gram matrix", err);
	if (rc == 0)
		rc = bn_fit_check_cancel(r, err);
	if (rc == 0)
		rc = solve(s, sum, bn_hyper_real(s->fit->hyper, "alpha"), err);
	if (rc < 0)
		return rc;
	s->bias = sum[TARGET_MEAN];
	for (size_t j = 0; j < s->cols; j++)
		s->bias -= sum[MEAN + j] * s->coef[j];
	return isfinite(s->bias) && is_finite(s->coef, s->cols) ? 0 : too_large(err);
}

static int ridge_finish(bn_estimator *e, void *state, bn_err *err)
{
	const ridge *s = state;
	e->iterations = 1;
	bn_fit_log_device(s->fit->request, &s->lanes.lane[0].dev);
	return bn_linear_store(e, 1, s->coef, &s->bias, err);
}

static void ridge_free(void *state)
{
	ridge *s = state;
	if (!s)
		return;
	bn_lanes_close(&s->lanes);
	bn_tree_release(&s->tree);
	bn_free(s->lane);
	bn_free(s->gram);
	bn_free(s->factor);
	bn_free(s->coef);
	bn_free(s->residual);
	bn_free(s);
}

static const bn_fit_steps steps = {
	.start = ridge_start, .step = ridge_step, .finish = ridge_finish, .free = ridge_free};

static const bn_fit_steps *ridge_steps(const bn_fit_request *r)
{
	(void)r;
	return &steps;
}

const bn_trainer bn_trainer_ridge = {
	.name = "ridge",
	.title = "Ridge regression",
	.doc = "Linear regression with an L2 penalty, solved exactly. Objective as in "
	       "scikit-learn's Ridge.",
	.tasks = 1u << BN_TASK_REGRESSION,
	.hyper = ridge_hyper,
	.hyper_count = sizeof ridge_hyper / sizeof *ridge_hyper,
	.want = BN_WANT_ONE_PASS,
	.steps = ridge_steps,
	.check = bn_linear_check,
	.scratch = bn_linear_scratch,
	.predict = bn_linear_predict,
};
