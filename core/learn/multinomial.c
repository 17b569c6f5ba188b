/*
 * multinomial.c - logistic regression with more than two classes: minimise
 * C * sum of w_i cross-entropy(softmax(W x + b)) + ||W||^2 / 2, as scikit-learn does.
 *
 * L-BFGS (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5) with ten
 * pairs and a backtracking line search. Started at 0, so the columns of W and b sum to 0 over the
 * classes at the end, which fixes what softmax leaves free. Parameters are laid out [cols + 1,
 * classes]: the last row is the intercepts, matched by a column of ones on the device.
 */
#include "core/base/mem.h"
#include "core/learn/_logistic.h"
#include "core/learn/device.h"
#include "kernels/op/gemm.h"
#include "kernels/op/softmax_loss.h"

#include <math.h>
#include <string.h>

enum { PAIRS = 10, MAX_HALVINGS = 40 };

typedef struct lbfgs {
	bn_device dev;
	size_t rows, inputs, cols, classes, size; /* cols = inputs + 1; size = cols * classes */
	bool intercept;
	double penalty;
	bnk_view x, label, w, z, theta_dev, gradient_dev, loss_dev; /* device */
	double *design;                                             /* x, on the host */
	uint32_t *labels;
	double *theta, *trial, *gradient, *trial_gradient, *direction; /* host */
	double *s, *y, rho[PAIRS];                                     /* the last PAIRS steps */
	size_t pairs, next;
	double loss;
} lbfgs;

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static int put_design(lbfgs *o, const bn_design *d, bn_err *err)
{
	size_t m = d->rows;
	int rc;
	double *x = o->design = bn_alloc(m * o->cols * sizeof *x);
	o->labels = bn_alloc(m * sizeof *o->labels);
	if (!x || !o->labels)
		return bn_err_nomem(err, "design matrix");
	for (size_t r = 0; r < m; r++) {
		memcpy(x + r * o->cols, d->x + r * d->cols, d->cols * sizeof *x);
		x[r * o->cols + d->cols] = o->intercept ? 1.0 : 0.0;
		o->labels[r] = (uint32_t)d->y[r];
	}
	if ((rc = bn_device_lend(&o->dev, &o->x, x, BNK_F64, m, o->cols, "design matrix", err)) <
			0 ||
		(rc = bn_device_lend(&o->dev, &o->label, o->labels, BNK_I32, 1, m, "target", err)) <
			0)
		return rc;
	return bn_device_lend(&o->dev, &o->w, d->weights, BNK_F64, 1, m, "weights", err);
}

static int allocate(lbfgs *o, const bn_design *d, bn_err *err)
{
	size_t size = o->size, k = o->classes;
	bn_device *dev = &o->dev;
	int rc;
	double *host = bn_alloc_zeroed((5 + 2 * PAIRS) * size, sizeof *host);
	if (!host)
		return bn_err_nomem(err, "logistic regression");
	o->theta = host;
	o->trial = host + size;
	o->gradient = host + 2 * size;
	o->trial_gradient = host + 3 * size;
	o->direction = host + 4 * size;
	o->s = host + 5 * size;
	o->y = host + (5 + PAIRS) * size;
	if ((rc = put_design(o, d, err)) < 0 ||
		(rc = bn_device_alloc(dev, &o->z, BNK_F64, o->rows, k, "scores", err)) < 0 ||
		(rc = bn_device_alloc(dev, &o->theta_dev, BNK_F64, o->cols, k, "parameters", err)) <
			0 ||
		(rc = bn_device_alloc(
			 dev, &o->gradient_dev, BNK_F64, o->cols, k, "gradient", err)) < 0)
		return rc;
	return bn_device_alloc(dev, &o->loss_dev, BNK_F64, 1, 1, "loss", err);
}

static void lbfgs_release(lbfgs *o)
{
	bn_device_close(&o->dev);
	bn_free(o->design);
	bn_free(o->labels);
	bn_free(o->theta);
}

/* Objective and gradient at theta. */
static int evaluate(lbfgs *o, const double *theta, double *loss, double *gradient, bn_err *err)
{
	bnk_queue *q = o->dev.queue;
	size_t penalised = o->inputs * o->classes;
	bnk_upload(q, &o->theta_dev, theta);
	bnk_run(q, BNK_OP_GEMM, BNK_F64,
		&(bnk_gemm_args){.a = o->x, .b = o->theta_dev, .c = o->z, .alpha = 1});
	bnk_run(q, BNK_OP_SOFTMAX_LOSS, BNK_F64,
		&(bnk_softmax_loss_args){
			.z = o->z, .label = o->label, .w = o->w, .loss = o->loss_dev, .scale = 1});
	bnk_run(q, BNK_OP_GEMM, BNK_F64,
		&(bnk_gemm_args){
			.a = o->x, .trans_a = 1, .b = o->z, .c = o->gradient_dev, .alpha = 1});
	bnk_download(q, gradient, &o->gradient_dev);
	int status = bnk_download(q, loss, &o->loss_dev);
	if (status != BNK_OK)
		return bn_device_check(&o->dev, status, "cross-entropy", err);
	for (size_t i = 0; i < penalised; i++) {
		*loss += o->penalty * theta[i] * theta[i] / 2;
		gradient[i] += o->penalty * theta[i];
	}
	return 0;
}

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

/* Takes the trial point; remembers the step when it has positive curvature. */
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
		/* Near the minimum the loss cannot tell points apart any more; the slope still
		 * can (Hager and Zhang's approximate Wolfe condition). */
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

static int iterate(lbfgs *o, bn_estimator *e, const bn_fit_request *r, double tolerance,
	long max_iterations, double total, bn_err *err)
{
	bool moved = true;
	double largest = 0;
	int rc = evaluate(o, o->theta, &o->loss, o->gradient, err);
	e->converged = false;
	for (e->iterations = 0; rc == 0; e->iterations++) {
		largest = largest_of(o->gradient, o->size);
		rc = bn_fit_metric(r, "loss", e->iterations, o->loss / total);
		if (rc == 0)
			rc = bn_fit_check_cancel(r, err);
		e->converged = largest <= tolerance * total;
		if (rc || e->converged || e->iterations >= max_iterations)
			break;
		find_direction(o);
		rc = line_search(o, o->pairs ? 1.0 : 1.0 / fmax(1.0, largest), &moved, err);
		if (rc == 0 && !moved && o->pairs) {
			o->pairs = 0; /* the memory misleads: start it anew */
			moved = true;
			continue;
		}
		if (!moved) {
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

static int store(bn_estimator *e, const lbfgs *o, bn_err *err)
{
	size_t k = o->classes;
	double *coef = bn_alloc(k * o->inputs * sizeof *coef);
	if (!coef)
		return bn_err_nomem(err, "coefficients");
	for (size_t c = 0; c < k; c++)
		for (size_t j = 0; j < o->inputs; j++)
			coef[c * o->inputs + j] = o->theta[j * k + c];
	int rc = bn_linear_store(e, k, coef, o->theta + o->inputs * k, err);
	bn_free(coef);
	return rc;
}

int bn_multinomial_fit(bn_estimator *e, const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	const bn_design *d = &r->train;
	lbfgs o = {.dev = BN_DEVICE_INIT,
		.rows = d->rows,
		.inputs = d->cols,
		.cols = d->cols + 1,
		.classes = r->classes,
		.size = (d->cols + 1) * r->classes,
		.intercept = bn_hyper_bool(hyper, "fit_intercept"),
		.penalty = 1 / bn_hyper_real(hyper, "C")};
	/* L-BFGS takes more, and cheaper, steps than Newton: the limit counts tens of them. */
	int rc = bn_device_open(&o.dev, &r->target, r->threads, err);
	if (rc == 0)
		rc = allocate(&o, d, err);
	if (rc == 0)
		rc = iterate(&o, e, r, bn_hyper_real(hyper, "tolerance"),
			10 * bn_hyper_int(hyper, "max_iterations"), bn_logistic_total_weight(d),
			err);
	if (rc == 0)
		rc = store(e, &o, err);
	bn_fit_log_device(r, &o.dev);
	lbfgs_release(&o);
	return rc;
}
