/*
 * logistic.c - logistic regression, binary: minimise C * sum of w_i log-loss + ||coef||^2 / 2, the
 * intercept unpenalised. The objective is scikit-learn's LogisticRegression(penalty="l2").
 *
 * Newton's method (IRLS): one pass over the rows gives loss, gradient and Hessian at a point, a Cholesky
 * factorisation the step; the step is halved until the objective falls. It stops when no gradient element is
 * above `tolerance` times the sum of weights. More than two classes: multinomial.c.
 */
#include "kernels/op/logistic.h"
#include "core/base/mem.h"
#include "core/learn/_logistic.h"
#include "core/learn/tiles.h"
#include "kernels/op/gemv.h"
#include "kernels/op/gram_tile.h"
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

/* The summed quantities, in order: the loss, the weights, and gram_tile's result for (x, 1),
 * curvature and residuals. */
enum { LOSS = 0, WEIGHT = 1, HESSIAN = 2 }; /* [n + 1, n + 1]: the last row is the intercept's */
#define GRADIENT(n) (HESSIAN + ((n) + 1) * ((n) + 1)) /* [n + 1] */
#define SIZE(n) (GRADIENT(n) + (n) + 1)

typedef struct newton_lane {
	bnk_view theta, z, residual, curvature, sums, tile; /* the device's */
} newton_lane;

typedef struct newton {
	const bn_fit_start *fit;
	size_t cols, size; /* size: cols, and 1 more with an intercept */
	bool intercept;
	double penalty; /* 1 / C */
	double total;   /* sum of weights, once `known` */
	bn_lanes lanes;
	newton_lane *lane; /* lanes.count */
	bn_tree tree;
	const double *point; /* the point of a pass */
	double *sum;         /* at theta, once `known` */
	double *theta, *trial, *gradient, *step, *hessian;
	double loss;
	bool known, converged;
	int64_t iterations;
} newton;

/* ---- one pass ------------------------------------------------------------------------------- */

/* The first rows of a column of the lane's. */
static bnk_view first(const bnk_view *v, size_t rows)
{
	return bnk_vector(v->buffer, BNK_F64, 0, rows);
}

static int sum_tile(void *self, bn_lane *lane, double *sum)
{
	const newton *s = self;
	const newton_lane *own = lane->own;
	bnk_queue *q = lane->dev.queue;
	size_t n = s->cols;
	double loss[3];
	bnk_view z = first(&own->z, lane->rows), residual = first(&own->residual, lane->rows),
		 curvature = first(&own->curvature, lane->rows);
	bnk_upload(q, &own->theta, s->point);
	bnk_run(q, BNK_OP_GEMV, BNK_F64,
		&(bnk_gemv_args){.x = lane->x,
			.v = own->theta,
			.out = z,
			.bias = s->intercept ? s->point[n] : 0});
	bnk_run(q, BNK_OP_LOGISTIC, BNK_F64,
		&(bnk_logistic_args){.z = z,
			.y = lane->y,
			.w = lane->w,
			.residual = residual,
			.curvature = curvature,
			.sums = own->sums});
	bnk_download(q, loss, &own->sums);
	sum[LOSS] = loss[0];
	sum[WEIGHT] = bn_lane_weight(lane);
	bnk_run(q, BNK_OP_GRAM_TILE, BNK_F64,
		&(bnk_gram_tile_args){.x = lane->x,
			.w = curvature,
			.v = residual,
			.shift = bnk_vector(NULL, BNK_F64, 0, n),
			.sums = own->tile,
			.tile_rows = BN_TILE_ROWS});
	return bnk_download(q, sum + HESSIAN, &own->tile);
}

/* All sums at theta; they stay in the tree. */
static int pass(newton *s, const double *theta, const double **sum, double *loss, bn_err *err)
{
	const bn_fit_request *r = s->fit->request;
	double norm = 0;
	s->point = theta;
	int rc = bn_tiles_sum(
		sum, &s->tree, r->train, &s->lanes, sum_tile, s, r->reduce, "log-loss", err);
	if (rc < 0)
		return rc;
	for (size_t j = 0; j < s->cols; j++)
		norm += theta[j] * theta[j];
	*loss = (*sum)[LOSS] + s->penalty * norm / 2;
	return 0;
}

static void keep_sums(newton *s, const double *sum)
{
	memcpy(s->sum, sum, SIZE(s->cols) * sizeof *sum);
	s->total = sum[WEIGHT];
	s->known = true;
}

/* ---- one iteration -------------------------------------------------------------------------- */

/* At theta; returns the largest absolute element. */
static double gradient(newton *s)
{
	double largest = 0;
	memcpy(s->gradient, s->sum + GRADIENT(s->cols), (s->cols + 1) * sizeof(double));
	for (size_t j = 0; j < s->size; j++) {
		if (j < s->cols)
			s->gradient[j] += s->penalty * s->theta[j];
		largest = fmax(largest, fabs(s->gradient[j]));
	}
	return largest;
}

/* step = Hessian^-1 gradient. */
static void newton_step(newton *s)
{
	size_t n = s->cols, size = s->size;
	const double *hessian = s->sum + HESSIAN;
	double curvature = hessian[n * (n + 1) + n];
	for (size_t i = 0; i < size; i++)
		memcpy(s->hessian + i * size, hessian + i * (n + 1), size * sizeof(double));
	for (size_t i = 0; i < n; i++)
		s->hessian[i * size + i] += s->penalty;
	/* Rows predicted with certainty leave no curvature: keep the step finite. */
	if (s->intercept)
		s->hessian[n * size + n] = fmax(curvature, 1e-12 * s->total);
	memcpy(s->step, s->gradient, size * sizeof(double));
	if (bnk_cholesky_factor(size, s->hessian) == BNK_OK)
		bnk_cholesky_solve(size, s->hessian, s->step);
	else /* numerically flat: use the gradient instead */
		for (size_t j = 0; j < size; j++)
			s->step[j] /= s->penalty + curvature;
}

/* Moves theta along -step as long as the objective falls. *moved is false if it no longer does. */
static int line_search(newton *s, bool *moved, bn_err *err)
{
	double slope = 0, t = 1, loss = 0;
	const double *sum = NULL;
	for (size_t j = 0; j < s->size; j++)
		slope += s->gradient[j] * s->step[j];
	*moved = false;
	for (int i = 0; i < MAX_HALVINGS; i++, t /= 2) {
		for (size_t j = 0; j < s->size; j++)
			s->trial[j] = s->theta[j] - t * s->step[j];
		int rc = pass(s, s->trial, &sum, &loss, err);
		if (rc < 0)
			return rc;
		if (isfinite(loss) && loss <= s->loss - 1e-4 * t * slope) {
			*moved = true;
			memcpy(s->theta, s->trial, s->size * sizeof(double));
			s->loss = loss;
			keep_sums(s, sum);
			return 0;
		}
	}
	return 0;
}

void bn_logistic_say_stopped(
	const bn_fit_request *r, int64_t iterations, double largest, double tolerance)
{
	bn_fit_log(r,
		"logistic: stopped after %lld steps with a mean gradient of %g (tolerance %g)",
		(long long)iterations, largest, tolerance);
}

static int newton_iterate(void *state, bn_err *err)
{
	newton *s = state;
	const bn_fit_request *r = s->fit->request;
	double tolerance = bn_hyper_real(s->fit->hyper, "tolerance");
	const double *sum = NULL;
	bool moved = true, over;
	int rc = 0;
	if (!s->known) {
		if ((rc = pass(s, s->theta, &sum, &s->loss, err)) < 0)
			return rc;
		keep_sums(s, sum);
	}
	double largest = gradient(s);
	rc = bn_fit_metric(r, "loss", s->iterations, s->loss / s->total);
	if (rc)
		return rc;
	s->converged = largest <= tolerance * s->total;
	over = s->converged || s->iterations >= bn_hyper_int(s->fit->hyper, "max_iterations");
	if (!over) {
		newton_step(s);
		if ((rc = line_search(s, &moved, err)) < 0)
			return rc;
		if (moved) {
			s->iterations++;
			return 1;
		}
		/* The objective is at the resolution of double precision. */
		s->converged = largest <= 1e-6 * s->total;
	}
	if (!s->converged)
		bn_logistic_say_stopped(r, s->iterations, largest / s->total, tolerance);
	return 0;
}

/* ---- start, save, finish -------------------------------------------------------------------- */

static int open_lane(bn_lane *lane, newton_lane *own, size_t n, bn_err *err)
{
	bn_device *d = &lane->dev;
	int rc;
	lane->own = own;
	if ((rc = bn_device_alloc(d, &own->theta, BNK_F64, 1, n, "parameters", err)) < 0 ||
		(rc = bn_device_alloc(d, &own->z, BNK_F64, 1, BN_TILE_ROWS, "margins", err)) < 0 ||
		(rc = bn_device_alloc(
			 d, &own->residual, BNK_F64, 1, BN_TILE_ROWS, "residuals", err)) < 0 ||
		(rc = bn_device_alloc(
			 d, &own->curvature, BNK_F64, 1, BN_TILE_ROWS, "curvature", err)) < 0 ||
		(rc = bn_device_alloc(d, &own->sums, BNK_F64, 1, 3, "sums", err)) < 0)
		return rc;
	return bn_device_alloc(
		d, &own->tile, BNK_F64, 1, bnk_gram_tile_width(n, 1), "Hessian", err);
}

static int newton_start(void **state, const bn_fit_start *fit, bn_err *err)
{
	const bn_fit_request *r = fit->request;
	size_t n = fit->inputs, sum = SIZE(n);
	newton *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "logistic regression");
	*state = s;
	s->fit = fit;
	s->cols = n;
	s->intercept = bn_hyper_bool(fit->hyper, "fit_intercept");
	s->size = n + (s->intercept ? 1 : 0);
	s->penalty = 1 / bn_hyper_real(fit->hyper, "C");
	bn_tree_init(&s->tree, sum, NULL, NULL);
	s->sum = bn_alloc_zeroed(sum, sizeof(double));
	s->theta = bn_alloc_zeroed(n + 1, sizeof(double));
	s->trial = bn_alloc_zeroed(n + 1, sizeof(double));
	s->gradient = bn_alloc_zeroed(n + 1, sizeof(double));
	s->step = bn_alloc_zeroed(n + 1, sizeof(double));
	s->hessian = bn_alloc_zeroed((n + 1) * (n + 1), sizeof(double));
	if (!s->sum || !s->theta || !s->trial || !s->gradient || !s->step || !s->hessian)
		return bn_err_nomem(err, "logistic regression");
	int rc = bn_lanes_open(&s->lanes, &r->target, r->threads, bn_rows_about(r->train),
		3 * n * n * sizeof(double), err);
	s->lane = bn_alloc_zeroed(s->lanes.count + 1, sizeof *s->lane);
	if (rc == 0 && !s->lane)
		rc = bn_err_nomem(err, "logistic regression");
	for (size_t i = 0; i < s->lanes.count && rc == 0; i++)
		rc = open_lane(&s->lanes.lane[i], &s->lane[i], n, err);
	return rc;
}

/* The sums at theta are not stored: a pass recomputes them. */
static int newton_save(const void *state, bn_tensors *out, bn_err *err)
{
	const newton *s = state;
	uint64_t size = s->size, one = 1;
	int rc = bn_tensors_add(
		out, "theta", BN_DTYPE_F64, 1, &size, s->theta, s->size * sizeof(double), err);
	if (rc == 0)
		rc = bn_tensors_add(out, "iterations", BN_DTYPE_I64, 1, &one, &s->iterations,
			sizeof s->iterations, err);
	return rc;
}

static int newton_restore(void *state, const bn_tensors *from, bn_err *err)
{
	newton *s = state;
	const bn_tensor *theta, *iterations;
	int rc = bn_tensor_need(&theta, from, "checkpoint", "theta", BN_DTYPE_F64, s->size, 0, err);
	if (rc == 0)
		rc = bn_tensor_need(
			&iterations, from, "checkpoint", "iterations", BN_DTYPE_I64, 1, 0, err);
	if (rc < 0)
		return rc;
	memcpy(s->theta, theta->data, s->size * sizeof(double));
	memcpy(&s->iterations, iterations->data, sizeof s->iterations);
	return 0;
}

static int newton_finish(bn_estimator *e, void *state, bn_err *err)
{
	const newton *s = state;
	double bias = s->intercept ? s->theta[s->cols] : 0;
	e->iterations = s->iterations;
	e->converged = s->converged;
	bn_fit_log_device(s->fit->request, &s->lanes.lane[0].dev);
	return bn_linear_store(e, 1, s->theta, &bias, err);
}

static void newton_free(void *state)
{
	newton *s = state;
	if (!s)
		return;
	bn_lanes_close(&s->lanes);
	bn_tree_release(&s->tree);
	bn_free(s->lane);
	bn_free(s->sum);
	bn_free(s->theta);
	bn_free(s->trial);
	bn_free(s->gradient);
	bn_free(s->step);
	bn_free(s->hessian);
	bn_free(s);
}

static const bn_fit_steps newton_steps = {.start = newton_start,
	.step = newton_iterate,
	.save = newton_save,
	.restore = newton_restore,
	.finish = newton_finish,
	.free = newton_free,
	.is_portable = true};

static const bn_fit_steps *logistic_steps(const bn_fit_request *r)
{
	return r->classes == 2 ? &newton_steps : &bn_multinomial_steps;
}

const bn_trainer bn_trainer_logistic = {
	.name = "logistic",
	.title = "Logistic regression",
	.doc = "Linear classification into two or more classes with an L2 penalty. Objective as in "
	       "scikit-learn's LogisticRegression.",
	.tasks = 1u << BN_TASK_CLASSIFICATION,
	.hyper = logistic_hyper,
	.hyper_count = sizeof logistic_hyper / sizeof *logistic_hyper,
	.limit = "max_iterations",
	.want = BN_WANT_PASSES,
	.steps = logistic_steps,
	.check = bn_linear_check,
	.scratch = bn_linear_scratch,
	.predict = bn_linear_predict,
};
