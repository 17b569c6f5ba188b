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
#include "kernels/op/adam.h"
#include "kernels/op/bias_act.h"
#include "kernels/op/col_sum.h"
#include "kernels/op/gather.h"
#include "kernels/op/gemm.h"
#include "kernels/op/relu_grad.h"
#include "kernels/op/softmax_loss.h"
#include "kernels/op/squared_loss.h"

#include <math.h>
#include <string.h>

typedef struct part {
	size_t rows;
	bnk_view x, y, w;
} part;

typedef struct trainer {
	bn_device dev;
	const bn_mlp_net *net;
	bool labels; /* y is class indices */
	size_t batch, batches;
	double learning_rate, alpha;
	uint64_t step;
	part train, validation;
	bnk_view p, gradient, moment1, moment2, best; /* net->size each */
	bnk_view act[BN_MLP_MAX_LAYERS + 1];          /* act[0]: the batch's inputs */
	bnk_view delta[2];                            /* batch x widest, in turns */
	bnk_view y, w;                                /* the batch's targets and weights */
	bnk_view order, losses;                       /* losses: one per batch */
	double *host_losses;
	uint32_t *host_order;
} trainer;

/* ---- memory --------------------------------------------------------------------------------- */

static int put_part(trainer *t, part *p, const bn_mlp_part *host, bn_err *err)
{
	size_t rows = p->rows = host->rows;
	bnk_dtype y = t->labels ? BNK_I32 : BNK_F32;
	int rc;
	if ((rc = bn_device_lend(&t->dev, &p->x, host->x, BNK_F32, rows, t->net->width[0],
		     "design matrix", err)) < 0 ||
		(rc = bn_device_lend(&t->dev, &p->y, host->y, y, rows, 1, "target", err)) < 0)
		return rc;
	return bn_device_lend(&t->dev, &p->w, host->w, BNK_F32, rows, 1, "weights", err);
}

static int put_parameters(trainer *t, const float *p, bn_err *err)
{
	bnk_view *const zeroed[] = {&t->gradient, &t->moment1, &t->moment2, &t->best};
	size_t size = t->net->size;
	bnk_queue *q = t->dev.queue;
	int rc = bn_device_alloc(&t->dev, &t->p, BNK_F32, 1, size, "parameters", err);
	if (rc < 0)
		return rc;
	bnk_upload(q, &t->p, p);
	for (size_t i = 0; i < sizeof zeroed / sizeof *zeroed; i++) {
		rc = bn_device_alloc(&t->dev, zeroed[i], BNK_F32, 1, size, "optimiser state", err);
		if (rc < 0)
			return rc;
		bnk_zero(q, zeroed[i]);
	}
	return 0;
}

static int allocate(trainer *t, bn_err *err)
{
	const bn_mlp_net *net = t->net;
	bn_device *dev = &t->dev;
	size_t widest = 1, watch = (t->validation.rows + t->batch - 1) / t->batch;
	size_t losses = t->batches > watch ? t->batches : watch;
	int rc;
	for (size_t l = 0; l <= net->layers; l++) {
		size_t n = net->width[l];
		widest = n > widest ? n : widest;
		rc = bn_device_alloc(dev, &t->act[l], BNK_F32, t->batch, n, "activations", err);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < 2; i++)
		if ((rc = bn_device_alloc(
			     dev, &t->delta[i], BNK_F32, t->batch, widest, "gradients", err)) < 0)
			return rc;
	if ((rc = bn_device_alloc(
		     dev, &t->y, t->labels ? BNK_I32 : BNK_F32, 1, t->batch, "targets", err)) < 0 ||
		(rc = bn_device_alloc(dev, &t->w, BNK_F32, 1, t->batch, "weights", err)) < 0 ||
		(rc = bn_device_alloc(
			 dev, &t->order, BNK_I32, 1, t->train.rows, "row order", err)) < 0 ||
		(rc = bn_device_alloc(dev, &t->losses, BNK_F64, 1, losses, "losses", err)) < 0)
		return rc;
	t->host_losses = bn_alloc(losses * sizeof *t->host_losses);
	t->host_order = bn_alloc(t->train.rows * sizeof *t->host_order);
	return t->host_losses && t->host_order ? 0 : bn_err_nomem(err, "MLP");
}

/* ---- one batch: what is queued; errors stick to the queue ------------------------------------ */

/* The first rows of a view, with cols columns. */
static bnk_view head(const bnk_view *v, size_t rows, size_t cols)
{
	return bnk_matrix(v->buffer, v->type, v->offset, rows, cols);
}

/* rows of a part's column from `first` on, as a vector; absent when the column is. */
static bnk_view span(const bnk_view *v, size_t first, size_t rows)
{
	return bnk_vector(v->buffer, v->type, v->offset + first, rows);
}

static bnk_view weights_of(const trainer *t, const bnk_view *of, size_t l)
{
	return bnk_matrix(
		of->buffer, BNK_F32, t->net->weight_at[l], t->net->width[l], t->net->width[l + 1]);
}

static bnk_view bias_of(const trainer *t, const bnk_view *of, size_t l)
{
	return bnk_vector(of->buffer, BNK_F32, t->net->bias_at[l], t->net->width[l + 1]);
}

/* act[1] to act[layers], for the rows of x. The last layer has no ReLU. */
static void forward(trainer *t, const bnk_view *x)
{
	const bn_mlp_net *net = t->net;
	bnk_queue *q = t->dev.queue;
	for (size_t l = 0; l < net->layers; l++) {
		bnk_view to = head(&t->act[l + 1], x->rows, net->width[l + 1]);
		bnk_run(q, BNK_OP_GEMM, BNK_F32,
			&(bnk_gemm_args){.a = l ? head(&t->act[l], x->rows, net->width[l]) : *x,
				.b = weights_of(t, &t->p, l),
				.c = to,
				.alpha = 1});
		bnk_run(q, BNK_OP_BIAS_ACT, BNK_F32,
			&(bnk_bias_act_args){.z = to,
				.bias = bias_of(t, &t->p, l),
				.act = l + 1 < net->layers ? BNK_ACT_RELU : BNK_ACT_NONE});
	}
}

/* The last activations become the loss's gradient; the loss of batch number `batch` is kept. */
static void take_loss(trainer *t, bnk_view y, bnk_view w, size_t rows, size_t batch)
{
	const bnk_view *last = &t->act[t->net->layers];
	bnk_view loss = span(&t->losses, batch, 1);
	double scale = 1.0 / (double)rows;
	if (t->labels)
		bnk_run(t->dev.queue, BNK_OP_SOFTMAX_LOSS, BNK_F32,
			&(bnk_softmax_loss_args){
				.z = head(last, rows, t->net->width[t->net->layers]),
				.label = y,
				.w = w,
				.loss = loss,
				.scale = scale});
	else
		bnk_run(t->dev.queue, BNK_OP_SQUARED_LOSS, BNK_F32,
			&(bnk_squared_loss_args){.z = span(last, 0, rows),
				.y = y,
				.w = w,
				.loss = loss,
				.scale = scale});
}

static void backward(trainer *t, size_t rows)
{
	const bn_mlp_net *net = t->net;
	bnk_queue *q = t->dev.queue;
	const bnk_view *delta = &t->act[net->layers];
	for (size_t l = net->layers; l-- > 0;) {
		size_t in = net->width[l], out = net->width[l + 1];
		bnk_view from = head(delta, rows, out), *next = &t->delta[l % 2];
		bnk_run(q, BNK_OP_GEMM, BNK_F32,
			&(bnk_gemm_args){.a = head(&t->act[l], rows, in),
				.trans_a = 1,
				.b = from,
				.c = weights_of(t, &t->gradient, l),
				.alpha = 1});
		bnk_run(q, BNK_OP_COL_SUM, BNK_F32,
			&(bnk_col_sum_args){.x = from, .out = bias_of(t, &t->gradient, l)});
		if (l == 0)
			break;
		bnk_run(q, BNK_OP_GEMM, BNK_F32,
			&(bnk_gemm_args){.a = from,
				.b = weights_of(t, &t->p, l),
				.trans_b = 1,
				.c = head(next, rows, in),
				.alpha = 1});
		bnk_run(q, BNK_OP_RELU_GRAD, BNK_F32,
			&(bnk_relu_grad_args){.grad = span(next, 0, rows * in),
				.act = span(&t->act[l], 0, rows * in)});
		delta = next;
	}
}

/* One step on n parameters from `at` on. */
static void step(trainer *t, size_t at, size_t n, double l2)
{
	bnk_run(t->dev.queue, BNK_OP_ADAM, BNK_F32,
		&(bnk_adam_args){.param = span(&t->p, at, n),
			.grad = span(&t->gradient, at, n),
			.moment1 = span(&t->moment1, at, n),
			.moment2 = span(&t->moment2, at, n),
			.learning_rate = t->learning_rate,
			.beta1 = 0.9,
			.beta2 = 0.999,
			.epsilon = 1e-8,
			.l2 = l2,
			.step = t->step});
}

static void update(trainer *t, size_t rows)
{
	const bn_mlp_net *net = t->net;
	t->step++;
	for (size_t l = 0; l < net->layers; l++) {
		step(t, net->weight_at[l], net->width[l] * net->width[l + 1],
			t->alpha / (double)rows);
		step(t, net->bias_at[l], net->width[l + 1], 0); /* biases are free */
	}
}

/* ---- epochs --------------------------------------------------------------------------------- */

static double sum_losses(const trainer *t, size_t batches, size_t rows)
{
	double sum = 0;
	for (size_t i = 0; i < batches; i++)
		sum += t->host_losses[i];
	return sum / (double)rows;
}

/* The rows that index names, as the next batch. */
static void gather(trainer *t, const bnk_view *from, bnk_view index, const bnk_view *to)
{
	bnk_run(t->dev.queue, BNK_OP_GATHER, from->type,
		&(bnk_gather_args){
			.from = *from, .index = index, .to = head(to, index.cols, from->cols)});
}

static int train_epoch(trainer *t, uint64_t seed, uint64_t epoch, double *loss, bn_err *err)
{
	bnk_queue *q = t->dev.queue;
	const part *from = &t->train;
	size_t rows = from->rows;
	bn_rng rng;
	bn_rng_init(&rng, seed, "mlp.shuffle", epoch);
	bn_rng_permutation(&rng, t->host_order, rows);
	bnk_upload(q, &t->order, t->host_order);
	for (size_t i = 0; i < t->batches; i++) {
		size_t begin = i * t->batch, n = rows - begin < t->batch ? rows - begin : t->batch;
		bnk_view index = span(&t->order, begin, n), x = head(&t->act[0], n, from->x.cols);
		gather(t, &from->x, index, &t->act[0]);
		gather(t, &from->y, index, &t->y);
		if (from->w.buffer)
			gather(t, &from->w, index, &t->w);
		forward(t, &x);
		take_loss(t, span(&t->y, 0, n),
			from->w.buffer ? span(&t->w, 0, n) : span(&from->w, 0, n), n, i);
		backward(t, n);
		update(t, n);
	}
	bnk_view losses = span(&t->losses, 0, t->batches);
	int status = bnk_download(q, t->host_losses, &losses);
	*loss = sum_losses(t, t->batches, rows);
	return bn_device_check(&t->dev, status, "MLP epoch", err);
}

static int validation_loss(trainer *t, double *loss, bn_err *err)
{
	const part *v = &t->validation;
	size_t batches = 0, width = t->net->width[0];
	for (size_t begin = 0; begin < v->rows; begin += t->batch, batches++) {
		size_t n = v->rows - begin < t->batch ? v->rows - begin : t->batch;
		bnk_view x = bnk_matrix(v->x.buffer, BNK_F32, begin * width, n, width);
		forward(t, &x);
		take_loss(t, span(&v->y, begin, n), span(&v->w, begin, n), n, batches);
	}
	bnk_view losses = span(&t->losses, 0, batches);
	int status = bnk_download(t->dev.queue, t->host_losses, &losses);
	*loss = sum_losses(t, batches, v->rows);
	return bn_device_check(&t->dev, status, "MLP validation", err);
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
			rc = bn_device_check(
				&t->dev, bnk_copy(t->dev.queue, &t->best, &t->p), "MLP", err);
		}
		e->converged = stop && since >= patience;
		if (e->converged || !isfinite(loss))
			break;
	}
	if (rc == 0 && stop && isfinite(best))
		rc = bn_device_check(&t->dev, bnk_copy(t->dev.queue, &t->p, &t->best), "MLP", err);
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
	int rc = bn_device_open(&t.dev, &r->target, r->threads, err);
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
		rc = bn_device_check(
			&t.dev, bnk_download(t.dev.queue, parameters, &t.p), "MLP parameters", err);
	bn_fit_log_device(r, &t.dev);
	bn_device_close(&t.dev);
	bn_free(t.host_losses);
	bn_free(t.host_order);
	return rc;
}
