/*
 * mlp_train.c - the epochs of an MLP, the same code for every back end; see mlp.c.
 *
 * Parameters, moments and activations are on the device during the whole fit. So are the rows on a
 * device with separate memory, if they fit: each epoch then transfers only the order of the rows to
 * it and one loss per batch back. On the CPU, and if they do not fit, each batch's rows are read
 * from the source when needed.
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

/* A part whose rows are on the device. */
typedef struct resident {
	bnk_view x, y, w;
} resident;

struct bn_mlp_fit {
	bn_device dev;
	const bn_mlp_net *net;
	const bn_mlp_data *data;
	const bn_fit_start *fit;
	bool host, held; /* host: the back end uses our memory; held: the rows are on the device */
	size_t batch, batches;
	double learning_rate, alpha;
	uint64_t step;
	resident train, validation;
	bnk_view p, gradient, moment1, moment2, best; /* net->size each */
	bnk_view act[BN_MLP_MAX_LAYERS + 1];          /* act[0]: the batch's inputs */
	bnk_view delta[2];                            /* batch x widest, alternating */
	bnk_view y, w;                                /* the batch's targets and weights */
	bnk_view order, losses;                       /* order: held only; losses: one per batch */
	bnk_buffer lent;                              /* the batch's inputs, on the CPU */
	double *host_losses;
	uint32_t *host_order, *host_rows;
	float *host_y, *host_w;
	/* between epochs */
	double lowest;
	int64_t epochs;
	long since;
	bool converged;
};

typedef bn_mlp_fit trainer;

/* ---- memory --------------------------------------------------------------------------------- */

static bool is_weighted(const bn_mlp_part *p)
{
	return p->count && bn_rows_about(p->rows)->weighted;
}

/* Targets in the net's form: scaled numbers, or class indices in the same bytes. */
static void convert_targets(const trainer *t, const bn_block *b, float *y, float *w)
{
	for (size_t i = 0; i < b->rows; i++) {
		if (t->data->labels) {
			uint32_t label = (uint32_t)b->y[i];
			memcpy(&y[i], &label, sizeof label);
		} else {
			y[i] = (float)((b->y[i] - t->data->target_mean) / t->data->target_scale);
		}
		if (b->w)
			w[i] = (float)b->w[i];
	}
}

/* Rows from `from` on of a part, in its order, from the source. */
static int fetch(trainer *t, const bn_mlp_part *p, const uint32_t *order, size_t from, size_t n,
	bn_block *out, bn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t at = order ? order[from + i] : (uint32_t)(from + i);
		t->host_rows[i] = p->index ? p->index[at] : at;
	}
	int rc = bn_rows_gather(p->rows, t->host_rows, n, out, err);
	if (rc == 0)
		convert_targets(t, out, t->host_y, t->host_w);
	return rc;
}

/* `rows` rows of a column from `first` on, as a vector; absent if the column is. */
static bnk_view span(const bnk_view *v, size_t first, size_t rows)
{
	return bnk_vector(v->buffer, v->type, v->offset + first, rows);
}

static bnk_dtype target_type(const trainer *t)
{
	return t->data->labels ? BNK_I32 : BNK_F32;
}

/* Copies a part to the device, a batch at a time. BN_ENOMEM if it does not fit. */
static int put_part(trainer *t, resident *to, const bn_mlp_part *p, bn_err *err)
{
	size_t cols = t->net->width[0];
	bnk_queue *q = t->dev.queue;
	int rc;
	if ((rc = bn_device_alloc(&t->dev, &to->x, BNK_F32, p->count, cols, "design matrix", err)) <
			0 ||
		(rc = bn_device_alloc(
			 &t->dev, &to->y, target_type(t), p->count, 1, "target", err)) < 0)
		return rc;
	to->w = bnk_matrix(NULL, BNK_F32, 0, p->count, 1);
	if (is_weighted(p) &&
		(rc = bn_device_alloc(&t->dev, &to->w, BNK_F32, p->count, 1, "weights", err)) < 0)
		return rc;
	for (size_t at = 0; at < p->count; at += t->batch) {
		bn_block b;
		size_t n = p->count - at < t->batch ? p->count - at : t->batch;
		if ((rc = fetch(t, p, NULL, at, n, &b, err)) < 0)
			return rc;
		bnk_view x = bnk_matrix(to->x.buffer, BNK_F32, at * cols, n, cols),
			 y = span(&to->y, at, n), w = span(&to->w, at, n);
		bnk_upload(q, &x, b.f32);
		int status = bnk_upload(q, &y, t->host_y);
		if (to->w.buffer)
			status = bnk_upload(q, &w, t->host_w);
		if ((rc = bn_device_check(&t->dev, status, "design matrix", err)) < 0)
			return rc;
	}
	return 0;
}

/* Rows that do not fit are fetched batch by batch instead; their memory is freed with the
 * device. */
static int hold_rows(trainer *t, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (t->host)
		return 0;
	int rc = put_part(t, &t->train, &t->data->train, &why);
	if (rc == 0 && t->data->validation.count)
		rc = put_part(t, &t->validation, &t->data->validation, &why);
	if (rc == 0)
		rc = bn_device_alloc(
			&t->dev, &t->order, BNK_I32, 1, t->data->train.count, "row order", &why);
	t->held = rc == 0;
	if (rc == BN_ENOMEM)
		bn_fit_log(t->fit->request, "mlp: the rows do not fit on the device: %s", why.msg);
	return rc == 0 || rc == BN_ENOMEM ? 0 : bn_err_move(err, &why);
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
	size_t widest = 1, watch = (t->data->validation.count + t->batch - 1) / t->batch;
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
	if ((rc = bn_device_alloc(dev, &t->y, target_type(t), 1, t->batch, "targets", err)) < 0 ||
		(rc = bn_device_alloc(dev, &t->w, BNK_F32, 1, t->batch, "weights", err)) < 0 ||
		(rc = bn_device_alloc(dev, &t->losses, BNK_F64, 1, losses, "losses", err)) < 0)
		return rc;
	t->host_losses = bn_alloc(losses * sizeof *t->host_losses);
	t->host_order = bn_alloc(t->data->train.count * sizeof *t->host_order);
	t->host_rows = bn_alloc(t->batch * sizeof *t->host_rows);
	t->host_y = bn_alloc(t->batch * sizeof *t->host_y);
	t->host_w = bn_alloc(t->batch * sizeof *t->host_w);
	return t->host_losses && t->host_order && t->host_rows && t->host_y && t->host_w
		       ? 0
		       : bn_err_nomem(err, "MLP");
}

/* ---- one batch: queued operations; errors stick to the queue --------------------------------- */

/* The first rows of a view, with cols columns. */
static bnk_view head(const bnk_view *v, size_t rows, size_t cols)
{
	return bnk_matrix(v->buffer, v->type, v->offset, rows, cols);
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

/* Replaces the last activations by the loss's gradient; stores the loss of batch number `batch`. */
static void take_loss(trainer *t, bnk_view y, bnk_view w, size_t rows, size_t batch)
{
	const bnk_view *last = &t->act[t->net->layers];
	bnk_view loss = span(&t->losses, batch, 1);
	double scale = 1.0 / (double)rows;
	if (t->data->labels)
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

static void backward(trainer *t, const bnk_view *x)
{
	const bn_mlp_net *net = t->net;
	bnk_queue *q = t->dev.queue;
	const bnk_view *delta = &t->act[net->layers];
	size_t rows = x->rows;
	for (size_t l = net->layers; l-- > 0;) {
		size_t in = net->width[l], out = net->width[l + 1];
		bnk_view from = head(delta, rows, out), *next = &t->delta[l % 2];
		bnk_run(q, BNK_OP_GEMM, BNK_F32,
			&(bnk_gemm_args){.a = l ? head(&t->act[l], rows, in) : *x,
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
		step(t, net->bias_at[l], net->width[l + 1], 0); /* biases are not penalised */
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

/* Inputs, targets and weights of a batch; w absent: ones. */
typedef struct batch {
	bnk_view x, y, w;
} batch;

/* From the source. */
static int fetch_batch(trainer *t, batch *out, const bn_mlp_part *p, const uint32_t *order,
	size_t from, size_t n, bn_err *err)
{
	bnk_queue *q = t->dev.queue;
	bn_block b;
	int rc = fetch(t, p, order, from, n, &b, err);
	if (rc < 0)
		return rc;
	*out = (batch){head(&t->act[0], n, b.cols), span(&t->y, 0, n),
		bnk_vector(b.w ? t->w.buffer : NULL, BNK_F32, 0, n)};
	if (t->host) {
		t->lent = bnk_buffer_wrap_const(b.f32, n * b.cols * sizeof *b.f32);
		out->x.buffer = &t->lent;
	} else {
		bnk_upload(q, &out->x, b.f32);
	}
	int status = bnk_upload(q, &out->y, t->host_y);
	if (b.w)
		status = bnk_upload(q, &out->w, t->host_w);
	return bn_device_check(&t->dev, status, "rows of a batch", err);
}

/* Fetches the rows of index as the next batch. */
static void gather(trainer *t, const bnk_view *from, bnk_view index, const bnk_view *to)
{
	bnk_run(t->dev.queue, BNK_OP_GATHER, from->type,
		&(bnk_gather_args){
			.from = *from, .index = index, .to = head(to, index.cols, from->cols)});
}

/* From the rows on the device, in the epoch's order. */
static void gather_batch(trainer *t, batch *out, size_t from, size_t n)
{
	const resident *on = &t->train;
	bnk_view index = span(&t->order, from, n);
	gather(t, &on->x, index, &t->act[0]);
	gather(t, &on->y, index, &t->y);
	if (on->w.buffer)
		gather(t, &on->w, index, &t->w);
	*out = (batch){head(&t->act[0], n, on->x.cols), span(&t->y, 0, n),
		bnk_vector(on->w.buffer ? t->w.buffer : NULL, BNK_F32, 0, n)};
}

static int train_epoch(trainer *t, uint64_t seed, uint64_t epoch, double *loss, bn_err *err)
{
	bnk_queue *q = t->dev.queue;
	size_t rows = t->data->train.count;
	bn_rng rng;
	bn_rng_init(&rng, seed, "mlp.shuffle", epoch);
	bn_rng_permutation(&rng, t->host_order, rows);
	if (t->held)
		bnk_upload(q, &t->order, t->host_order);
	for (size_t i = 0; i < t->batches; i++) {
		size_t begin = i * t->batch, n = rows - begin < t->batch ? rows - begin : t->batch;
		batch b;
		int rc = 0;
		if (t->held)
			gather_batch(t, &b, begin, n);
		else
			rc = fetch_batch(t, &b, &t->data->train, t->host_order, begin, n, err);
		if (rc < 0)
			return rc;
		forward(t, &b.x);
		take_loss(t, b.y, b.w, n, i);
		backward(t, &b.x);
		update(t, n);
	}
	bnk_view losses = span(&t->losses, 0, t->batches);
	int status = bnk_download(q, t->host_losses, &losses);
	*loss = sum_losses(t, t->batches, rows);
	return bn_device_check(&t->dev, status, "MLP epoch", err);
}

static int validation_loss(trainer *t, double *loss, bn_err *err)
{
	const bn_mlp_part *v = &t->data->validation;
	const resident *on = &t->validation;
	size_t batches = 0, width = t->net->width[0];
	for (size_t begin = 0; begin < v->count; begin += t->batch, batches++) {
		size_t n = v->count - begin < t->batch ? v->count - begin : t->batch;
		batch b;
		int rc = 0;
		if (t->held)
			b = (batch){bnk_matrix(on->x.buffer, BNK_F32, begin * width, n, width),
				span(&on->y, begin, n), span(&on->w, begin, n)};
		else
			rc = fetch_batch(t, &b, v, NULL, begin, n, err);
		if (rc < 0)
			return rc;
		forward(t, &b.x);
		take_loss(t, b.y, b.w, n, batches);
	}
	bnk_view losses = span(&t->losses, 0, batches);
	int status = bnk_download(t->dev.queue, t->host_losses, &losses);
	*loss = sum_losses(t, batches, v->count);
	return bn_device_check(&t->dev, status, "MLP validation", err);
}

/* ---- steps ---------------------------------------------------------------------------------- */

/* Without a validation part the training loss has to fall, by 1e-4 as in scikit-learn. */
int bn_mlp_fit_epoch(bn_mlp_fit *t, bn_err *err)
{
	const bn_fit_request *r = t->fit->request;
	const json_t *hyper = t->fit->hyper;
	bool watch = t->data->validation.count > 0, stop = bn_hyper_bool(hyper, "early_stopping");
	double loss = 0, seen, least = watch ? 0 : 1e-4;
	/* The last epoch of a killed fit may have been the final one. */
	if (t->converged || t->epochs >= bn_hyper_int(hyper, "epochs"))
		return 0;
	int rc = train_epoch(t, r->seed, (uint64_t)t->epochs, &loss, err);
	if (rc < 0)
		return rc;
	seen = loss;
	if ((watch && (rc = validation_loss(t, &seen, err)) < 0) ||
		(rc = bn_fit_metric(r, "loss", t->epochs, loss)) != 0 ||
		(watch && (rc = bn_fit_metric(r, "val_loss", t->epochs, seen)) != 0))
		return rc;
	t->epochs++;
	t->since = seen < t->lowest - least ? 0 : t->since + 1;
	if (seen < t->lowest) {
		t->lowest = seen;
		rc = bn_device_check(&t->dev, bnk_copy(t->dev.queue, &t->best, &t->p), "MLP", err);
	}
	t->converged = stop && t->since >= bn_hyper_int(hyper, "patience");
	if (rc < 0)
		return rc;
	return !t->converged && isfinite(loss) && t->epochs < bn_hyper_int(hyper, "epochs");
}

int bn_mlp_fit_start(bn_mlp_fit **out, const float *parameters, const bn_mlp_net *net,
	const bn_mlp_data *data, const bn_fit_start *fit, bn_err *err)
{
	const bn_fit_request *r = fit->request;
	size_t rows = data->train.count, wanted = (size_t)bn_hyper_int(fit->hyper, "batch_size");
	bn_mlp_fit *t = bn_alloc_zeroed(1, sizeof *t);
	if (!t)
		return bn_err_nomem(err, "MLP");
	*out = t;
	t->net = net;
	t->data = data;
	t->fit = fit;
	t->batch = wanted < rows ? wanted : rows;
	t->batches = (rows + t->batch - 1) / t->batch;
	t->learning_rate = bn_hyper_real(fit->hyper, "learning_rate");
	t->alpha = bn_hyper_real(fit->hyper, "alpha");
	t->lowest = INFINITY;
	int rc = bn_device_open(&t->dev, &r->target, r->threads, err);
	if (rc < 0)
		return rc;
	bnk_buffer probe = bnk_buffer_wrap_const(&t->batch, sizeof t->batch);
	t->host = bnk_buffer_is_on(&probe, t->dev.dev);
	rc = put_parameters(t, parameters, err);
	if (rc == 0)
		rc = allocate(t, err);
	return rc < 0 ? rc : hold_rows(t, err);
}

int bn_mlp_fit_finish(bn_mlp_fit *t, float *parameters, bn_estimator *e, bn_err *err)
{
	bool best = bn_hyper_bool(t->fit->hyper, "early_stopping") && isfinite(t->lowest);
	bn_fit_log(t->fit->request, "mlp: %lld epochs, best %s loss %.6g", (long long)t->epochs,
		t->data->validation.count ? "validation" : "training", t->lowest);
	e->iterations = t->epochs;
	e->converged = t->converged;
	bn_fit_log_device(t->fit->request, &t->dev);
	return bn_device_check(&t->dev,
		bnk_download(t->dev.queue, parameters, best ? &t->best : &t->p), "MLP parameters",
		err);
}

/* The values that save and restore copy, by name. */
typedef struct tensor_of {
	const char *name;
	const bnk_view *on_device;
} tensor_of;

enum { KEPT = 4 };

static void kept_tensors(const bn_mlp_fit *t, tensor_of kept[KEPT])
{
	kept[0] = (tensor_of){"parameters", &t->p};
	kept[1] = (tensor_of){"moment1", &t->moment1};
	kept[2] = (tensor_of){"moment2", &t->moment2};
	kept[3] = (tensor_of){"best", &t->best};
}

int bn_mlp_fit_save(const bn_mlp_fit *t, bn_tensors *out, bn_err *err)
{
	uint64_t size = t->net->size, one = 1, four = 4;
	int64_t counts[4] = {t->epochs, (int64_t)t->step, t->since, t->converged};
	tensor_of kept[KEPT];
	float *host = bn_alloc(t->net->size * sizeof *host);
	int rc = host ? 0 : bn_err_nomem(err, "a checkpoint");
	kept_tensors(t, kept);
	for (size_t i = 0; i < KEPT && rc == 0; i++) {
		rc = bn_device_check(&t->dev, bnk_download(t->dev.queue, host, kept[i].on_device),
			"a checkpoint", err);
		if (rc == 0)
			rc = bn_tensors_add(out, kept[i].name, BN_DTYPE_F32, 1, &size, host,
				t->net->size * sizeof *host, err);
	}
	if (rc == 0)
		rc = bn_tensors_add(
			out, "counts", BN_DTYPE_I64, 1, &four, counts, sizeof counts, err);
	if (rc == 0)
		rc = bn_tensors_add(
			out, "lowest", BN_DTYPE_F64, 1, &one, &t->lowest, sizeof t->lowest, err);
	bn_free(host);
	return rc;
}

int bn_mlp_fit_restore(bn_mlp_fit *t, const bn_tensors *from, bn_err *err)
{
	static const char what[] = "checkpoint";
	const bn_tensor *found[KEPT], *counts, *lowest;
	tensor_of kept[KEPT];
	int64_t n[4];
	int rc = bn_tensor_need(&counts, from, what, "counts", BN_DTYPE_I64, 4, 0, err);
	if (rc == 0)
		rc = bn_tensor_need(&lowest, from, what, "lowest", BN_DTYPE_F64, 1, 0, err);
	kept_tensors(t, kept);
	for (size_t i = 0; i < KEPT && rc == 0; i++)
		rc = bn_tensor_need(
			&found[i], from, what, kept[i].name, BN_DTYPE_F32, t->net->size, 0, err);
	if (rc < 0)
		return rc;
	memcpy(n, counts->data, sizeof n);
	if (n[0] < 0 || n[1] < 0 || n[2] < 0)
		return bn_err_set(err, BN_EINVAL, "checkpoint: counts out of their range");
	for (size_t i = 0; i < KEPT && rc == 0; i++)
		rc = bn_device_check(&t->dev,
			bnk_upload(t->dev.queue, kept[i].on_device, found[i]->data), what, err);
	t->epochs = n[0];
	t->step = (uint64_t)n[1];
	t->since = (long)n[2];
	t->converged = n[3] != 0;
	memcpy(&t->lowest, lowest->data, sizeof t->lowest);
	return rc;
}

void bn_mlp_fit_free(bn_mlp_fit *t)
{
	if (!t)
		return;
	bn_device_close(&t->dev);
	bn_free(t->host_losses);
	bn_free(t->host_order);
	bn_free(t->host_rows);
	bn_free(t->host_y);
	bn_free(t->host_w);
	bn_free(t);
}
