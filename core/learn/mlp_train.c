/*
 * mlp_train.c - the epochs of an MLP, written once for every back end; see mlp.c.
 *
 * Everything lives on the device for the whole fit: data, parameters, moments, activations. What
 * crosses per epoch is the order of the rows going in and one loss per batch coming out.
 */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/learn/_mlp.h"
#include "core/learn/device.h"

#include <math.h>
#include <string.h>

typedef struct part {
	size_t rows;
	float *x, *y, *w;
} part;

typedef struct trainer {
	bn_device dev;
	const bn_mlp_net *net;
	bool labels; /* y is class indices */
	size_t batch, batches;
	double learning_rate, alpha;
	uint64_t step;
	part train, validation;
	float *p, *gradient, *moment1, *moment2, *best; /* net->size each */
	float *act[BN_MLP_MAX_LAYERS + 1];              /* act[0]: the batch's inputs */
	float *delta[2];                                /* batch x widest, in turns */
	float *y, *w;                                   /* the batch's targets and weights */
	uint32_t *order;
	double *losses; /* one per batch */
	void *scratch;
	double *host_losses;
	uint32_t *host_order;
} trainer;

/* ---- memory --------------------------------------------------------------------------------- */

static int put_part(trainer *t, part *p, const bn_mlp_part *host, bn_err *err)
{
	size_t bytes = host->rows * sizeof(float);
	p->rows = host->rows;
	int rc = bn_device_put(
		&t->dev, &p->x, host->x, bytes * t->net->width[0], "design matrix", err);
	if (rc == 0)
		rc = bn_device_put(&t->dev, &p->y, host->y, bytes, "target", err);
	if (rc == 0 && host->w)
		rc = bn_device_put(&t->dev, &p->w, host->w, bytes, "weights", err);
	return rc;
}

static size_t scratch_bytes(const trainer *t)
{
	const bnk_op ops[] = {BNK_OP_SOFTMAX_LOSS, BNK_OP_SQUARED_LOSS, BNK_OP_COL_SUM};
	size_t most = 0;
	for (size_t l = 1; l <= t->net->layers; l++) {
		for (size_t i = 0; i < 3; i++) {
			bnk_shape shape = {t->batch, t->net->width[l], 0};
			size_t bytes = t->dev.be->scratch_bytes(ops[i], BNK_F32, shape);
			most = bytes > most ? bytes : most;
		}
	}
	return most;
}

static int put_parameters(trainer *t, const float *p, bn_err *err)
{
	size_t bytes = t->net->size * sizeof(float);
	float **const zeroed[] = {&t->gradient, &t->moment1, &t->moment2, &t->best};
	int rc = bn_device_put(&t->dev, &t->p, p, bytes, "parameters", err);
	for (size_t i = 0; i < 4 && rc == 0; i++) {
		rc = bn_device_alloc(&t->dev, zeroed[i], bytes, "optimiser state", err);
		if (rc == 0)
			rc = bn_device_check(&t->dev,
				t->dev.be->zero(t->dev.ctx, *zeroed[i], bytes), "optimiser state",
				err);
	}
	return rc;
}

static int allocate(trainer *t, bn_err *err)
{
	const bn_mlp_net *net = t->net;
	size_t widest = 1, watch = (t->validation.rows + t->batch - 1) / t->batch;
	size_t losses = t->batches > watch ? t->batches : watch;
	int rc = 0;
	for (size_t l = 0; l <= net->layers; l++)
		widest = net->width[l] > widest ? net->width[l] : widest;
	for (size_t l = 0; l <= net->layers && rc == 0; l++)
		rc = bn_device_alloc(&t->dev, &t->act[l], t->batch * net->width[l] * sizeof(float),
			"activations", err);
	for (size_t i = 0; i < 2 && rc == 0; i++)
		rc = bn_device_alloc(
			&t->dev, &t->delta[i], t->batch * widest * sizeof(float), "gradients", err);
	if (rc == 0)
		rc = bn_device_alloc(&t->dev, &t->y, t->batch * sizeof(float), "targets", err);
	if (rc == 0 && (t->train.w || t->validation.w))
		rc = bn_device_alloc(&t->dev, &t->w, t->batch * sizeof(float), "weights", err);
	if (rc == 0)
		rc = bn_device_alloc(
			&t->dev, &t->order, t->train.rows * sizeof(uint32_t), "row order", err);
	if (rc == 0)
		rc = bn_device_alloc(&t->dev, &t->losses, losses * sizeof(double), "losses", err);
	if (rc == 0)
		rc = bn_device_alloc(&t->dev, &t->scratch, scratch_bytes(t), "scratch", err);
	t->host_losses = bn_alloc(losses * sizeof *t->host_losses);
	t->host_order = bn_alloc(t->train.rows * sizeof *t->host_order);
	if (rc == 0 && (!t->host_losses || !t->host_order))
		rc = bn_err_nomem(err, "MLP");
	return rc;
}

/* ---- one batch ------------------------------------------------------------------------------ */

/* act[0] to act[layers], for rows rows of x. The last layer has no ReLU. */
static int forward(trainer *t, const float *x, size_t rows)
{
	const bnk_backend *be = t->dev.be;
	const bn_mlp_net *net = t->net;
	int rc = 0;
	for (size_t l = 0; l < net->layers && rc == 0; l++) {
		size_t in = net->width[l], out = net->width[l + 1];
		const float *from = l ? t->act[l] : x;
		rc = be->gemm(t->dev.ctx, BNK_F32, 0, 0, rows, out, in, 1, from, in,
			t->p + net->weight_at[l], out, 0, t->act[l + 1], out);
		if (rc == 0)
			rc = be->bias_act(t->dev.ctx, rows, out, t->act[l + 1],
				t->p + net->bias_at[l],
				l + 1 < net->layers ? BNK_ACT_RELU : BNK_ACT_NONE);
	}
	return rc;
}

/* The last activations become the loss's gradient; *loss on the device. */
static int loss_of(trainer *t, const float *y, const float *w, size_t rows, double *loss)
{
	const bnk_backend *be = t->dev.be;
	size_t last = t->net->layers;
	double scale = 1.0 / (double)rows;
	if (t->labels)
		return be->softmax_loss(t->dev.ctx, BNK_F32, rows, t->net->width[last],
			t->act[last], (const uint32_t *)(const void *)y, w, scale, loss,
			t->scratch);
	return be->squared_loss(t->dev.ctx, rows, t->act[last], y, w, scale, loss, t->scratch);
}

static int backward(trainer *t, const float *x, size_t rows)
{
	const bnk_backend *be = t->dev.be;
	bnk_context *ctx = t->dev.ctx;
	const bn_mlp_net *net = t->net;
	const float *delta = t->act[net->layers];
	int rc = 0;
	for (size_t l = net->layers; l-- > 0 && rc == 0;) {
		size_t in = net->width[l], out = net->width[l + 1];
		const float *from = l ? t->act[l] : x;
		rc = be->gemm(ctx, BNK_F32, 1, 0, in, out, rows, 1, from, in, delta, out, 0,
			t->gradient + net->weight_at[l], out);
		if (rc == 0)
			rc = be->col_sum(
				ctx, rows, out, delta, t->gradient + net->bias_at[l], t->scratch);
		if (l == 0 || rc)
			continue;
		float *next = t->delta[l % 2];
		rc = be->gemm(ctx, BNK_F32, 0, 1, rows, in, out, 1, delta, out,
			t->p + net->weight_at[l], out, 0, next, in);
		if (rc == 0)
			rc = be->relu_grad(ctx, rows * in, next, t->act[l]);
		delta = next;
	}
	return rc;
}

static int update(trainer *t, size_t rows)
{
	const bn_mlp_net *net = t->net;
	bnk_adam how = {.learning_rate = t->learning_rate,
		.beta1 = 0.9,
		.beta2 = 0.999,
		.epsilon = 1e-8,
		.step = ++t->step};
	int rc = 0;
	for (size_t l = 0; l < net->layers && rc == 0; l++) {
		size_t w = net->weight_at[l], b = net->bias_at[l];
		how.l2 = t->alpha / (double)rows;
		rc = t->dev.be->adam(t->dev.ctx, net->width[l] * net->width[l + 1], t->p + w,
			t->gradient + w, t->moment1 + w, t->moment2 + w, &how);
		how.l2 = 0; /* biases are free */
		if (rc == 0)
			rc = t->dev.be->adam(t->dev.ctx, net->width[l + 1], t->p + b,
				t->gradient + b, t->moment1 + b, t->moment2 + b, &how);
	}
	return rc;
}

/* ---- epochs --------------------------------------------------------------------------------- */

static double sum_losses(const trainer *t, size_t batches, size_t rows)
{
	double sum = 0;
	for (size_t i = 0; i < batches; i++)
		sum += t->host_losses[i];
	return sum / (double)rows;
}

static int train_epoch(trainer *t, uint64_t seed, uint64_t epoch, double *loss, bn_err *err)
{
	const bnk_backend *be = t->dev.be;
	bnk_context *ctx = t->dev.ctx;
	size_t rows = t->train.rows;
	bn_rng rng;
	bn_rng_init(&rng, seed, "mlp.shuffle", epoch);
	bn_rng_permutation(&rng, t->host_order, rows);
	int rc = be->upload(ctx, t->order, t->host_order, rows * sizeof *t->order);
	for (size_t i = 0; i < t->batches && rc == 0; i++) {
		size_t begin = i * t->batch, n = rows - begin < t->batch ? rows - begin : t->batch;
		const uint32_t *index = t->order + begin;
		rc = be->gather(ctx, BNK_F32, n, t->net->width[0], t->train.x, index, t->act[0]);
		if (rc == 0)
			rc = be->gather(ctx, BNK_F32, n, 1, t->train.y, index, t->y);
		if (rc == 0 && t->train.w)
			rc = be->gather(ctx, BNK_F32, n, 1, t->train.w, index, t->w);
		if (rc == 0)
			rc = forward(t, t->act[0], n);
		if (rc == 0)
			rc = loss_of(t, t->y, t->train.w ? t->w : NULL, n, t->losses + i);
		if (rc == 0)
			rc = backward(t, t->act[0], n);
		if (rc == 0)
			rc = update(t, n);
	}
	if (rc == 0)
		rc = be->download(ctx, t->host_losses, t->losses, t->batches * sizeof(double));
	*loss = sum_losses(t, t->batches, rows);
	return bn_device_check(&t->dev, rc, "MLP epoch", err);
}

static int validation_loss(trainer *t, double *loss, bn_err *err)
{
	const part *v = &t->validation;
	size_t batches = 0;
	int rc = 0;
	for (size_t begin = 0; begin < v->rows && rc == 0; begin += t->batch) {
		size_t n = v->rows - begin < t->batch ? v->rows - begin : t->batch;
		rc = forward(t, v->x + begin * t->net->width[0], n);
		if (rc == 0)
			rc = loss_of(t, v->y + begin, v->w ? v->w + begin : NULL, n,
				t->losses + batches);
		batches++;
	}
	if (rc == 0)
		rc = t->dev.be->download(
			t->dev.ctx, t->host_losses, t->losses, batches * sizeof(double));
	*loss = sum_losses(t, batches, v->rows);
	return bn_device_check(&t->dev, rc, "MLP validation", err);
}

/* Without a validation part it is the training loss that has to fall, by 1e-4 as in scikit-learn.
 */
static int run_epochs(
	trainer *t, bn_estimator *e, const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	long epochs = bn_hyper_int(hyper, "epochs"), patience = bn_hyper_int(hyper, "patience");
	bool watch = t->validation.rows > 0, stop = bn_hyper_bool(hyper, "early_stopping");
	double best = INFINITY, loss = 0, seen = 0, least = watch ? 0 : 1e-4;
	long since = 0;
	size_t bytes = t->net->size * sizeof(float);
	int rc = 0;
	e->converged = false;
	for (e->iterations = 0; e->iterations < epochs && rc == 0;) {
		rc = train_epoch(t, r->seed, (uint64_t)e->iterations, &loss, err);
		seen = loss;
		if (rc == 0 && watch)
			rc = validation_loss(t, &seen, err);
		if (rc == 0)
			rc = bn_fit_metric(r, "loss", e->iterations, loss);
		if (rc == 0 && watch)
			rc = bn_fit_metric(r, "val_loss", e->iterations, seen);
		if (rc == 0)
			rc = bn_fit_check_cancel(r, err);
		if (rc)
			break;
		e->iterations++;
		since = seen < best - least ? 0 : since + 1;
		if (seen < best) {
			best = seen;
			rc = bn_device_check(&t->dev,
				t->dev.be->copy(t->dev.ctx, t->best, t->p, bytes), "MLP", err);
		}
		e->converged = stop && since >= patience;
		if (e->converged || !isfinite(loss))
			break;
	}
	if (rc == 0 && stop && isfinite(best))
		rc = bn_device_check(
			&t->dev, t->dev.be->copy(t->dev.ctx, t->p, t->best, bytes), "MLP", err);
	bn_fit_log(r, "mlp: %lld epochs, best %s loss %.6g", (long long)e->iterations,
		watch ? "validation" : "training", best);
	return rc;
}

int bn_mlp_train(float *parameters, const bn_mlp_net *net, const bn_mlp_data *data, bn_estimator *e,
	const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	size_t rows = data->train.rows, wanted = (size_t)bn_hyper_int(hyper, "batch_size");
	trainer t = {.dev = BN_DEVICE_INIT,
		.net = net,
		.labels = r->task == BN_TASK_CLASSIFICATION,
		.batch = wanted < rows ? wanted : rows,
		.learning_rate = bn_hyper_real(hyper, "learning_rate"),
		.alpha = bn_hyper_real(hyper, "alpha")};
	t.batches = (rows + t.batch - 1) / t.batch;
	int rc = bn_device_open(&t.dev, r->backend, r->threads, err);
	if (rc == 0)
		rc = put_part(&t, &t.train, &data->train, err);
	if (rc == 0 && data->validation.rows)
		rc = put_part(&t, &t.validation, &data->validation, err);
	if (rc == 0)
		rc = put_parameters(&t, parameters, err);
	if (rc == 0)
		rc = allocate(&t, err);
	if (rc == 0)
		rc = run_epochs(&t, e, r, hyper, err);
	if (rc == 0)
		rc = bn_device_check(&t.dev,
			t.dev.be->download(t.dev.ctx, parameters, t.p, net->size * sizeof(float)),
			"MLP parameters", err);
	bn_device_close(&t.dev);
	bn_free(t.host_losses);
	bn_free(t.host_order);
	return rc;
}
