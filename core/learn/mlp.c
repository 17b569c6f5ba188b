/*
 * mlp.c - multi-layer perceptron: fully connected layers with ReLU, trained with Adam.
 *
 * Loss and L2 term are those of scikit-learn's MLPRegressor and MLPClassifier: half the mean
 * squared error, or cross-entropy over a softmax (also for two classes), plus alpha / 2 / batch
 * rows times the sum of squared weights. Float32 throughout, with sums of losses in float64.
 * Weights are initialised as in He et al. 2015 (normal, deviation sqrt(2 / fan-in); sqrt(1 /
 * fan-in) for the last layer). A regression target is standardised with the training part's mean
 * and deviation, which are stored as tensors of the model.
 *
 * The rows of a batch, the initial weights and the rows kept for early stopping depend only on the
 * seed (Philox), and every sum has a fixed order: equal bytes with any number of threads.
 */
#include "core/learn/_mlp.h"

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "kernels/row.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const bn_hyper_def mlp_hyper[] = {
	{"hidden", BN_HYPER_INT_LIST, "64,32", 1, 8192, "units of each hidden layer"},
	{"learning_rate", BN_HYPER_REAL, "0.001", 1e-8, 10, "Adam's step size"},
	{"batch_size", BN_HYPER_INT, "256", 1, 1048576, "rows per step"},
	{"epochs", BN_HYPER_INT, "100", 1, 1000000, "passes over the training part at most"},
	{"alpha", BN_HYPER_REAL, "0.0001", 0, 1e6, "strength of the L2 penalty on the weights"},
	{"early_stopping", BN_HYPER_BOOL, "true", 0, 1,
		"stop when the validation loss does not fall any more, and keep the best epoch"},
	{"patience", BN_HYPER_INT, "10", 1, 100000, "epochs without improvement before stopping"},
	{"validation_fraction", BN_HYPER_REAL, "0.1", 0.01, 0.9,
		"part of the training rows to watch when there is no validation part"},
};

/* ---- initial state -------------------------------------------------------------------------- */

/* The validation part: the request's own, or rows chosen by the seed. */
static int choose_rows(bn_mlp_data *data, const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	size_t rows = bn_rows_about(r->train)->rows, aside = 0;
	bool stopping = bn_hyper_bool(hyper, "early_stopping");
	data->order = bn_alloc(rows * sizeof *data->order);
	if (!data->order)
		return bn_err_nomem(err, "row order");
	if (stopping && !r->validation)
		aside = (size_t)(bn_hyper_real(hyper, "validation_fraction") * (double)rows);
	if (rows < 10)
		aside = 0; /* too few to set any aside */
	bn_rng rng;
	bn_rng_init(&rng, r->seed, "mlp.validation", 0);
	bn_rng_permutation(&rng, data->order, rows);
	data->train = (bn_mlp_part){r->train, data->order, rows - aside};
	if (r->validation && stopping)
		data->validation =
			(bn_mlp_part){r->validation, NULL, bn_rows_about(r->validation)->rows};
	else if (aside)
		data->validation = (bn_mlp_part){r->train, data->order + rows - aside, aside};
	return 0;
}

static void scale_target(bn_mlp_data *data, const bn_fit_request *r)
{
	const bn_mlp_part *t = &data->train;
	const double *y = bn_rows_targets(r->train);
	double n = (double)t->count, sum = 0, square = 0;
	data->target_mean = 0;
	data->target_scale = 1;
	data->labels = r->task == BN_TASK_CLASSIFICATION;
	if (r->task != BN_TASK_REGRESSION)
		return;
	for (size_t i = 0; i < t->count; i++)
		sum += y[t->index[i]];
	data->target_mean = sum / n;
	for (size_t i = 0; i < t->count; i++) {
		double d = y[t->index[i]] - data->target_mean;
		square += d * d;
	}
	double deviation = sqrt(square / n);
	if (deviation > fabs(data->target_mean) * 8 * DBL_EPSILON && isfinite(deviation))
		data->target_scale = deviation;
}

/* Sizes of all layers, and the offset of each one's weights in the parameter vector. */
static void plan_net(bn_mlp_net *net, size_t inputs, size_t outputs, const json_t *hyper)
{
	long hidden[BN_MLP_MAX_LAYERS];
	size_t n = bn_hyper_int_list(hyper, "hidden", hidden, BN_MLP_MAX_LAYERS - 1), at = 0;
	if (n > BN_MLP_MAX_LAYERS - 1)
		n = BN_MLP_MAX_LAYERS - 1;
	net->layers = n + 1;
	net->width[0] = inputs;
	for (size_t i = 0; i < n; i++)
		net->width[i + 1] = (size_t)hidden[i];
	net->width[n + 1] = outputs;
	for (size_t l = 0; l < net->layers; l++) {
		net->weight_at[l] = at;
		at += net->width[l] * net->width[l + 1];
		net->bias_at[l] = at;
		at += net->width[l + 1];
		/* Each tensor starts on a cache line, which is fastest on all back ends. */
		at = (at + 15) / 16 * 16;
	}
	net->size = at;
}

static int initial_parameters(float **out, const bn_mlp_net *net, uint64_t seed, bn_err *err)
{
	float *p = bn_alloc_zeroed(net->size, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "MLP parameters");
	for (size_t l = 0; l < net->layers; l++) {
		bn_rng rng;
		bn_rng_init(&rng, seed, "mlp.init", l);
		double gain = l + 1 < net->layers ? 2 : 1;
		double deviation = sqrt(gain / (double)net->width[l]);
		size_t n = net->width[l] * net->width[l + 1];
		for (size_t i = 0; i < n; i++)
			p[net->weight_at[l] + i] = (float)(deviation * bn_rng_normal(&rng));
	}
	*out = p;
	return 0;
}

/* ---- storing the model --------------------------------------------------------------------- */

static int store(bn_estimator *e, const bn_mlp_net *net, const float *p, const bn_mlp_data *data,
	bn_err *err)
{
	int rc = 0;
	char name[48];
	for (size_t i = 0; i < net->size; i++)
		if (!isfinite(p[i])) {
			rc = bn_err_set(
				err, BN_EFAILED, "the MLP diverged: its weights are not finite");
			bn_err_hint(err, "a smaller learning_rate usually helps");
			return rc;
		}
	for (size_t l = 0; l < net->layers && rc == 0; l++) {
		uint64_t shape[2] = {net->width[l], net->width[l + 1]};
		snprintf(name, sizeof name, "layer%zu.weight", l);
		rc = bn_tensors_add(e->tensors, name, BN_DTYPE_F32, 2, shape, p + net->weight_at[l],
			shape[0] * shape[1] * sizeof *p, err);
		snprintf(name, sizeof name, "layer%zu.bias", l);
		if (rc == 0)
			rc = bn_tensors_add(e->tensors, name, BN_DTYPE_F32, 1, shape + 1,
				p + net->bias_at[l], shape[1] * sizeof *p, err);
	}
	if (rc == 0 && e->task == BN_TASK_REGRESSION) {
		uint64_t two = 2;
		double scale[2] = {data->target_mean, data->target_scale};
		rc = bn_tensors_add(e->tensors, "target.mean_scale", BN_DTYPE_F64, 1, &two, scale,
			sizeof scale, err);
	}
	return rc;
}

/* ---- the steps ------------------------------------------------------------------------------ */

typedef struct mlp {
	bn_mlp_data data;
	bn_mlp_net net;
	float *parameters;
	bn_mlp_fit *epochs;
} mlp;

static int mlp_start(void **state, const bn_fit_start *fit, bn_err *err)
{
	const bn_fit_request *r = fit->request;
	mlp *m = bn_alloc_zeroed(1, sizeof *m);
	if (!m)
		return bn_err_nomem(err, "MLP");
	*state = m;
	int rc = choose_rows(&m->data, r, fit->hyper, err);
	if (rc < 0)
		return rc;
	scale_target(&m->data, r);
	plan_net(&m->net, fit->inputs, fit->outputs, fit->hyper);
	rc = initial_parameters(&m->parameters, &m->net, r->seed, err);
	return rc < 0 ? rc
		      : bn_mlp_fit_start(&m->epochs, m->parameters, &m->net, &m->data, fit, err);
}

static int mlp_step(void *state, bn_err *err)
{
	return bn_mlp_fit_epoch(((mlp *)state)->epochs, err);
}

static int mlp_save(const void *state, bn_tensors *out, bn_err *err)
{
	return bn_mlp_fit_save(((const mlp *)state)->epochs, out, err);
}

static int mlp_restore(void *state, const bn_tensors *from, bn_err *err)
{
	return bn_mlp_fit_restore(((mlp *)state)->epochs, from, err);
}

static int mlp_finish(bn_estimator *e, void *state, bn_err *err)
{
	mlp *m = state;
	int rc = bn_mlp_fit_finish(m->epochs, m->parameters, e, err);
	return rc < 0 ? rc : store(e, &m->net, m->parameters, &m->data, err);
}

static void mlp_free(void *state)
{
	mlp *m = state;
	if (!m)
		return;
	bn_mlp_fit_free(m->epochs);
	bn_free(m->parameters);
	bn_free(m->data.order);
	bn_free(m);
}

static const bn_fit_steps steps = {.start = mlp_start,
	.step = mlp_step,
	.save = mlp_save,
	.restore = mlp_restore,
	.finish = mlp_finish,
	.free = mlp_free};

static const bn_fit_steps *mlp_steps(const bn_fit_request *r)
{
	(void)r;
	return &steps;
}

/* ---- using the model ------------------------------------------------------------------------ */

/* Layers are numbered from 0; the first missing number ends them. */
static size_t layer_count(const bn_estimator *e)
{
	char name[48];
	size_t n = 0;
	for (; n <= BN_MLP_MAX_LAYERS; n++) {
		snprintf(name, sizeof name, "layer%zu.weight", n);
		if (!bn_tensors_find(e->tensors, name))
			break;
	}
	return n;
}

/* Parts 2 l and 2 l + 1 are weight and bias of layer l, the rest NULL except for the last: the
 * scale of a regression target. */
enum { TARGET_PART = BN_ESTIMATOR_PARTS - 1 };

static int mlp_check(bn_estimator *e, bn_err *err)
{
	char name[48];
	size_t n = layer_count(e), width = e->inputs;
	if (n == 0 || n > BN_MLP_MAX_LAYERS)
		return bn_err_set(err, BN_EINVAL, "mlp model: %zu layers, needs 1 to %d", n,
			BN_MLP_MAX_LAYERS);
	memset(e->part, 0, sizeof e->part);
	for (size_t l = 0; l < n; l++) {
		snprintf(name, sizeof name, "layer%zu.weight", l);
		const bn_tensor *t = bn_tensors_find(e->tensors, name);
		size_t next = l + 1 == n ? e->outputs : t->rank == 2 ? (size_t)t->shape[1] : 0;
		if (next == 0 || next > 1 << 20)
			return bn_err_set(err, BN_EINVAL, "mlp model: bad shape of '%s'", name);
		int rc =
			bn_estimator_need(e, &e->part[2 * l], name, BN_DTYPE_F32, width, next, err);
		snprintf(name, sizeof name, "layer%zu.bias", l);
		if (rc == 0)
			rc = bn_estimator_need(
				e, &e->part[2 * l + 1], name, BN_DTYPE_F32, next, 0, err);
		if (rc)
			return rc;
		width = next;
	}
	if (e->task != BN_TASK_REGRESSION)
		return 0;
	return bn_estimator_need(
		e, &e->part[TARGET_PART], "target.mean_scale", BN_DTYPE_F64, 2, 0, err);
}

/* Two rows of the widest layer, in float32. */
static size_t mlp_scratch(const bn_estimator *e)
{
	size_t widest = e->inputs;
	for (size_t l = 0; e->part[2 * l]; l++)
		if (e->part[2 * l]->shape[1] > widest)
			widest = (size_t)e->part[2 * l]->shape[1];
	return widest + 1;
}

static void predict_row(const bn_estimator *e, const double *x, double *out, float *a, float *b)
{
	for (size_t j = 0; j < e->inputs; j++)
		a[j] = (float)x[j];
	for (size_t l = 0; e->part[2 * l]; l++) {
		const bn_tensor *w = e->part[2 * l], *bias = e->part[2 * l + 1];
		bnk_row_dense((size_t)w->shape[0], (size_t)w->shape[1], w->data, bias->data, a, b,
			e->part[2 * l + 2] ? BNK_ACT_RELU : BNK_ACT_NONE);
		float *t = a;
		a = b;
		b = t;
	}
	for (size_t k = 0; k < e->outputs; k++)
		out[k] = a[k];
}

static void mlp_predict(
	const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch)
{
	float *a = (float *)scratch, *b = a + mlp_scratch(e);
	for (size_t r = 0; r < rows; r++) {
		double *to = out + r * e->outputs;
		predict_row(e, x + r * e->inputs, to, a, b);
		if (e->task == BN_TASK_CLASSIFICATION) {
			bn_softmax_row(to, e->outputs);
		} else {
			const double *scale = e->part[TARGET_PART]->data;
			to[0] = to[0] * scale[1] + scale[0];
		}
	}
}

const bn_trainer bn_trainer_mlp = {
	.name = "mlp",
	.title = "Multi-layer perceptron",
	.doc = "Neural network of fully connected ReLU layers, trained with Adam and early "
	       "stopping. Loss as in scikit-learn's MLPRegressor and MLPClassifier.",
	.tasks = 1u << BN_TASK_REGRESSION | 1u << BN_TASK_CLASSIFICATION,
	.hyper = mlp_hyper,
	.hyper_count = sizeof mlp_hyper / sizeof *mlp_hyper,
	.limit = "epochs",
	.want = BN_WANT_ANY_ROW,
	.steps = mlp_steps,
	.check = mlp_check,
	.scratch = mlp_scratch,
	.predict = mlp_predict,
};
