/*
 * multinomial.c - logistic regression with more than two classes: minimise C * sum of w_i
 * cross-entropy(softmax(W x + b)) + ||W||^2 / 2, as scikit-learn does.
 *
 * L-BFGS (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5) with ten
 * pairs and a backtracking line search; each evaluated point costs one pass over the rows. Starts
 * at 0, so the columns of W and b sum to 0 over the classes at the end, which fixes softmax's free
 * constant. Parameters are laid out [inputs + 1, classes]: the last row is the intercepts.
 */
#include "core/base/mem.h"
#include "core/learn/_logistic.h"
#include "core/learn/tiles.h"
#include "kernels/op/gemm.h"
#include "kernels/op/softmax_loss.h"

#include <math.h>
#include <string.h>

enum { PAIRS = 10, MAX_HALVINGS = 40 };

/* The summed quantities: the loss, the weights, then the gradient. */
enum { LOSS = 0, WEIGHT = 1, GRADIENT = 2 };

typedef struct lbfgs_lane {
	bnk_view theta, z, gradient, ones, loss, label; /* the device's */
	uint32_t host_label[BN_TILE_ROWS];
} lbfgs_lane;

typedef struct lbfgs {
	const bn_fit_start *fit;
	size_t inputs, classes, size; /* size = (inputs + 1) * classes */
	bool intercept;
	double penalty; /* 1 / C */
	double total;   /* sum of weights, once `known` */
	bn_lanes lanes;
	lbfgs_lane *lane; /* lanes.count */
	bn_tree tree;
	const double *point; /* the point of a pass */
	double *theta, *trial, *gradient, *trial_gradient, *direction;
	double *s, *y, rho[PAIRS]; /* the last PAIRS steps */
	size_t pairs, next;
	double loss;
	bool known, converged; /* known: gradient and loss are those at theta */
	int64_t iterations;
} lbfgs;

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* ---- one pass ------------------------------------------------------------------------------- */

static void multiply(bnk_queue *q, bnk_view a, int trans_a, bnk_view b, bnk_view c, double beta)
{
	bnk_run(q, BNK_OP_GEMM, BNK_F64,
		&(bnk_gemm_args){
			.a = a, .trans_a = trans_a, .b = b, .c = c, .alpha = 1, .beta = beta});
}

static int sum_tile(void *self, bn_lane *lane, double *sum)
{
	const lbfgs *o = self;
	lbfgs_lane *own = lane->own;
	bnk_queue *q = lane->dev.queue;
	size_t k = o->classes, n = o->inputs, m = lane->rows;
	bnk_buffer *theta = own->theta.buffer, *gradient = own->gradient.buffer;
	bnk_view z = bnk_matrix(own->z.buffer, BNK_F64, 0, m, k);
	bnk_view ones = bnk_matrix(own->ones.buffer, BNK_F64, 0, m, 1);
	bnk_view label = bnk_vector(own->label.buffer, BNK_I32, 0, m);
	for (size_t r = 0; r < m; r++)
		own->host_label[r] = (uint32_t)lane->host_y[r];
	bnk_upload(q, &own->theta, o->point);
	bnk_upload(q, &label, own->host_label);
	bnk_zero(q, &own->gradient);
	/* The intercepts are the weights of a column of ones. */
	if (o->intercept)
		multiply(q, ones, 0, bnk_matrix(theta, BNK_F64, n * k, 1, k), z, 0);
	multiply(q, lane->x, 0, bnk_matrix(theta, BNK_F64, 0, n, k), z, o->intercept);
	bnk_run(q, BNK_OP_SOFTMAX_LOSS, BNK_F64,
		&(bnk_softmax_loss_args){
			.z = z, .label = label, .w = lane->w, .loss = own->loss, .scale = 1});
	multiply(q, lane->x, 1, z, bnk_matrix(gradient, BNK_F64, 0, n, k), 0);
	if (o->intercept)
		multiply(q, ones, 1, z, bnk_matrix(gradient, BNK_F64, n * k, 1, k), 0);
	bnk_download(q, sum + LOSS, &own->loss);
	sum[WEIGHT] = bn_lane_weight(lane);
	return bnk_download(q, sum + GRADIENT, &own->gradient);
}

/* Objective and gradient at theta. */
static int evaluate(lbfgs *o, const double *theta, double *loss, double *gradient, bn_err *err)
{
	const bn_fit_request *r = o->fit->request;
	const double *sum = NULL;
	size_t penalised = o->inputs * o->classes;
	o->point = theta;
	int rc = bn_tiles_sum(
		&sum, &o->tree, r->train, &o->lanes, sum_tile, o, r->reduce, "cross-entropy", err);
	if (rc < 0)
		return rc;
	*loss = sum[LOSS];
	o->total = sum[WEIGHT];
	memcpy(gradient, sum + GRADIENT, o->size * sizeof *gradient);
	for (size_t i = 0; i < penalised; i++) {
		*loss += o->penalty * theta[i] * theta[i] / 2;
		gradient[i] += o->penalty * theta[i];
	}
	return 0;
}

/* ---- one iteration -------------------------------------------------------------------------- */

/* direction = -H gradient, by the two-loop recursion. */
static void find_direction(lbfgs *o)
{
	size_t n = o->size;
	double alpha[PAIRS], *q = o->direction;
	memcpy(q, o->gradient, n * sizeof *q);
	for (size_t i = 0; i < o->pairs; i++) {
		size_t p = (o->next + PAIRS - 1 - i) % PAIRS;
		alpha[p] = o->rho[p] * dot(o->s + p * n, q, n);
		for (size_t j = 0; j < n; j++)
			q[j] -= alpha[p] * o->y[p * n + j];
	}
	if (o->pairs) {
		size_t p = (o->next + PAIRS - 1) % PAIRS;
		double yy = dot(o->y + p * n, o->y + p * n, n), scale = 1 / (o->rho[p] * yy);
		for (size_t j = 0; j < n; j++)
			q[j] *= scale;
	}
	for (size_t i = o->pairs; i-- > 0;) {
		size_t p = (o->next + PAIRS - 1 - i) % PAIRS;
		double beta = o->rho[p] * dot(o->y + p * n, q, n);
		for (size_t j = 0; j < n; j++)
			q[j] += (alpha[p] - beta) * o->s[p * n + j];
	}
	for (size_t j = 0; j < n; j++)
		q[j] = -q[j];
}

/* Accepts the trial point; stores the step if it has positive curvature. */
static void accept(lbfgs *o, double loss)
{
	size_t n = o->size, p = o->next;
	double *s = o->s + p * n, *y = o->y + p * n;
	for (size_t j = 0; j < n; j++) {
		s[j] = o->trial[j] - o->theta[j];
		y[j] = o->trial_gradient[j] - o->gradient[j];
	}
	double sy = dot(s, y, n);
	if (sy > 1e-16 * dot(y, y, n)) {
		o->rho[p] = 1 / sy;
		o->next = (p + 1) % PAIRS;
		o->pairs += o->pairs < PAIRS;
	}
	memcpy(o->theta, o->trial, n * sizeof *o->theta);
	memcpy(o->gradient, o->trial_gradient, n * sizeof *o->gradient);
	o->loss = loss;
}

static int line_search(lbfgs *o, double first, bool *moved, bn_err *err)
{
	double slope = dot(o->gradient, o->direction, o->size), t = first, loss = 0;
	*moved = false;
	if (!(slope < 0))
		return 0;
	for (int i = 0; i < MAX_HALVINGS; i++, t /= 2) {
		for (size_t j = 0; j < o->size; j++)
			o->trial[j] = o->theta[j] + t * o->direction[j];
		int rc = evaluate(o, o->trial, &loss, o->trial_gradient, err);
		if (rc)
			return rc;
		/* Near the minimum the loss cannot distinguish points any more; the slope still can
		 * (Hager and Zhang's approximate Wolfe condition). */
		double after = dot(o->trial_gradient, o->direction, o->size);
		bool falls = loss <= o->loss + 1e-4 * t * slope;
		bool flat = loss <= o->loss + 1e-13 * fabs(o->loss) && after <= -0.8 * slope;
		if (isfinite(loss) && (falls || flat)) {
			*moved = true;
			accept(o, loss);
			return 0;
		}
	}
	return 0;
}

static double largest_of(const double *v, size_t n)
{
	double largest = 0;
	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(v[i]));
	return largest;
}

static int lbfgs_iterate(void *state, bn_err *err)
{
	lbfgs *o = state;
	const bn_fit_request *r = o->fit->request;
	double tolerance = bn_hyper_real(o->fit->hyper, "tolerance");
	/* L-BFGS takes more, and cheaper, steps than Newton: the limit counts tens of them. */
	int64_t most = 10 * (int64_t)bn_hyper_int(o->fit->hyper, "max_iterations");
	bool moved = true;
	int rc = 0;
	if (!o->known && (rc = evaluate(o, o->theta, &o->loss, o->gradient, err)) < 0)
		return rc;
	o->known = true;
	double largest = largest_of(o->gradient, o->size);
	rc = bn_fit_metric(r, "loss", o->iterations, o->loss / o->total);
	if (rc)
		return rc;
	o->converged = largest <= tolerance * o->total;
	if (!o->converged && o->iterations < most) {
		find_direction(o);
		rc = line_search(o, o->pairs ? 1.0 : 1.0 / fmax(1.0, largest), &moved, err);
		if (rc < 0)
			return rc;
		if (moved || o->pairs) {
			if (!moved)
				o->pairs = 0; /* the stored steps mislead: discard them */
			o->iterations++;
			return 1;
		}
		o->converged = largest <= 1e-6 * o->total;
	}
	if (!o->converged)
		bn_logistic_say_stopped(r, o->iterations, largest / o->total, tolerance);
	return 0;
}

/* ---- start, save, finish -------------------------------------------------------------------- */

static int open_lane(bn_lane *lane, lbfgs_lane *own, const lbfgs *o, bn_err *err)
{
	double ones[BN_TILE_ROWS];
	bn_device *d = &lane->dev;
	size_t m = BN_TILE_ROWS;
	int rc;
	lane->own = own;
	for (size_t i = 0; i < m; i++)
		ones[i] = 1;
	if ((rc = bn_device_alloc(d, &own->ones, BNK_F64, m, 1, "ones", err)) < 0 ||
		(rc = bn_device_alloc(d, &own->z, BNK_F64, m, o->classes, "scores", err)) < 0 ||
		(rc = bn_device_alloc(d, &own->theta, BNK_F64, 1, o->size, "parameters", err)) <
			0 ||
		(rc = bn_device_alloc(d, &own->gradient, BNK_F64, 1, o->size, "gradient", err)) <
			0 ||
		(rc = bn_device_alloc(d, &own->label, BNK_I32, 1, m, "labels", err)) < 0 ||
		(rc = bn_device_alloc(d, &own->loss, BNK_F64, 1, 1, "loss", err)) < 0)
		return rc;
	return bn_device_check(d, bnk_upload(d->queue, &own->ones, ones), "ones", err);
}

static int lbfgs_start(void **state, const bn_fit_start *fit, bn_err *err)
{
	const bn_fit_request *r = fit->request;
	size_t n = fit->inputs, k = r->classes, size = (n + 1) * k;
	lbfgs *o = bn_alloc_zeroed(1, sizeof *o);
	double *host = bn_alloc_zeroed((5 + 2 * PAIRS) * size, sizeof *host);
	if (!o || !host) {
		bn_free(o);
		bn_free(host);
		return bn_err_nomem(err, "logistic regression");
	}
	*state = o;
	*o = (lbfgs){.fit = fit,
		.inputs = n,
		.classes = k,
		.size = size,
		.intercept = bn_hyper_bool(fit->hyper, "fit_intercept"),
		.penalty = 1 / bn_hyper_real(fit->hyper, "C"),
		.theta = host,
		.trial = host + size,
		.gradient = host + 2 * size,
		.trial_gradient = host + 3 * size,
		.direction = host + 4 * size,
		.s = host + 5 * size,
		.y = host + (5 + PAIRS) * size};
	bn_tree_init(&o->tree, GRADIENT + size, NULL, NULL);
	int rc = bn_lanes_open(&o->lanes, &r->target, r->threads, bn_rows_about(r->train),
		(BN_TILE_ROWS * k + 2 * size) * sizeof(double), err);
	o->lane = bn_alloc_zeroed(o->lanes.count + 1, sizeof *o->lane);
	if (rc == 0 && !o->lane)
		rc = bn_err_nomem(err, "logistic regression");
	for (size_t i = 0; i < o->lanes.count && rc == 0; i++)
		rc = open_lane(&o->lanes.lane[i], &o->lane[i], o, err);
	return rc;
}

/* The stored steps, and what a pass at theta cannot recompute. */
static int lbfgs_save(const void *state, bn_tensors *out, bn_err *err)
{
	const lbfgs *o = state;
	uint64_t size = o->size, history[2] = {PAIRS, o->size}, pairs = PAIRS, three = 3;
	int64_t counts[3] = {o->iterations, (int64_t)o->pairs, (int64_t)o->next};
	size_t row = o->size * sizeof(double);
	int rc;
	if ((rc = bn_tensors_add(out, "theta", BN_DTYPE_F64, 1, &size, o->theta, row, err)) < 0 ||
		(rc = bn_tensors_add(out, "s", BN_DTYPE_F64, 2, history, o->s, PAIRS * row, err)) <
			0 ||
		(rc = bn_tensors_add(out, "y", BN_DTYPE_F64, 2, history, o->y, PAIRS * row, err)) <
			0 ||
		(rc = bn_tensors_add(
			 out, "rho", BN_DTYPE_F64, 1, &pairs, o->rho, sizeof o->rho, err)) < 0)
		return rc;
	return bn_tensors_add(out, "counts", BN_DTYPE_I64, 1, &three, counts, sizeof counts, err);
}

static int lbfgs_restore(void *state, const bn_tensors *from, bn_err *err)
{
	lbfgs *o = state;
	const bn_tensor *theta, *s, *y, *rho, *counts;
	static const char what[] = "checkpoint";
	size_t size = o->size;
	int rc;
	if ((rc = bn_tensor_need(&theta, from, what, "theta", BN_DTYPE_F64, size, 0, err)) < 0 ||
		(rc = bn_tensor_need(&s, from, what, "s", BN_DTYPE_F64, PAIRS, size, err)) < 0 ||
		(rc = bn_tensor_need(&y, from, what, "y", BN_DTYPE_F64, PAIRS, size, err)) < 0 ||
		(rc = bn_tensor_need(&rho, from, what, "rho", BN_DTYPE_F64, PAIRS, 0, err)) < 0 ||
		(rc = bn_tensor_need(&counts, from, what, "counts", BN_DTYPE_I64, 3, 0, err)) < 0)
		return rc;
	int64_t n[3];
	memcpy(n, counts->data, sizeof n);
	if (n[0] < 0 || n[1] < 0 || n[1] > PAIRS || n[2] < 0 || n[2] >= PAIRS)
		return bn_err_set(err, BN_EINVAL, "checkpoint: counts out of their range");
	memcpy(o->theta, theta->data, theta->bytes);
	memcpy(o->s, s->data, s->bytes);
	memcpy(o->y, y->data, y->bytes);
	memcpy(o->rho, rho->data, sizeof o->rho);
	o->iterations = n[0];
	o->pairs = (size_t)n[1];
	o->next = (size_t)n[2];
	return 0;
}

static int lbfgs_finish(bn_estimator *e, void *state, bn_err *err)
{
	const lbfgs *o = state;
	size_t k = o->classes;
	double *coef = bn_alloc(k * o->inputs * sizeof *coef);
	if (!coef)
		return bn_err_nomem(err, "coefficients");
	for (size_t c = 0; c < k; c++)
		for (size_t j = 0; j < o->inputs; j++)
			coef[c * o->inputs + j] = o->theta[j * k + c];
	e->iterations = o->iterations;
	e->converged = o->converged;
	bn_fit_log_device(o->fit->request, &o->lanes.lane[0].dev);
	int rc = bn_linear_store(e, k, coef, o->theta + o->inputs * k, err);
	bn_free(coef);
	return rc;
}

static void lbfgs_free(void *state)
{
	lbfgs *o = state;
	if (!o)
		return;
	bn_lanes_close(&o->lanes);
	bn_tree_release(&o->tree);
	bn_free(o->lane);
	bn_free(o->theta);
	bn_free(o);
}

const bn_fit_steps bn_multinomial_steps = {.start = lbfgs_start,
	.step = lbfgs_iterate,
	.save = lbfgs_save,
	.restore = lbfgs_restore,
	.finish = lbfgs_finish,
	.free = lbfgs_free};
