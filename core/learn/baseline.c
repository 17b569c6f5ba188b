/*
 * baseline.c - predictions that do not depend on any input: the reference for all other models.
 *
 * A number: the mean of the training part, or its median (robust). A class: the share of each class
 * among the training rows as its probability, or 1 for the most frequent one (robust; the first of
 * several in the order of the classes). These are scikit-learn's DummyRegressor(strategy="mean" |
 * "median") and DummyClassifier(strategy="prior" | "most_frequent").
 *
 * Only targets are read, which a row source keeps, so no design is built. Sums are computed per
 * tile and joined in one tree, like those of the other trainers: threads and parts do not change a
 * bit. A median needs all targets in one process.
 */
#include "core/base/mem.h"
#include "core/learn/_trainers.h"
#include "core/learn/tiles.h"
#include "core/profile/keys.h"

#include <math.h>
#include <string.h>

static const bn_hyper_def baseline_hyper[] = {
	{"robust", BN_HYPER_BOOL, "false", 0, 1,
		"the median instead of the mean; the most frequent class instead of the shares"},
};

typedef struct baseline {
	const bn_fit_start *fit;
	bool robust, classes;
	bn_tree tree;  /* sums of tiles: count, and the target or the count of each class */
	double *value; /* fit->outputs */
} baseline;

static int baseline_start(void **state, const bn_fit_start *fit, bn_err *err)
{
	const bn_fit_request *r = fit->request;
	baseline *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a baseline");
	*state = s;
	s->fit = fit;
	s->robust = bn_hyper_bool(fit->hyper, "robust");
	s->classes = r->task == BN_TASK_CLASSIFICATION;
	bn_tree_init(&s->tree, 1 + fit->outputs, NULL, NULL);
	if (!(s->value = bn_alloc_zeroed(fit->outputs, sizeof *s->value)))
		return bn_err_nomem(err, "a baseline");
	if (bn_rows_about(r->train)->weighted)
		return bn_err_set(err, BN_EUNSUPPORTED, "a baseline does not support row weights");
	if (r->reduce && s->robust && !s->classes)
		return bn_err_set(err, BN_EUNSUPPORTED, "a median needs all rows in one process");
	return 0;
}

/* Rows [from, from + n) of the targets. */
static void sum_tile(const baseline *s, const double *y, size_t n, double *sum)
{
	memset(sum, 0, (1 + s->fit->outputs) * sizeof *sum);
	sum[0] = (double)n;
	for (size_t i = 0; i < n; i++) {
		if (s->classes)
			sum[1 + (size_t)y[i]] += 1;
		else
			sum[1] += y[i];
	}
}

static int sum_all(baseline *s, const double **sum, bn_err *err)
{
	const bn_fit_request *r = s->fit->request;
	const bn_rows_facts *facts = bn_rows_about(r->train);
	const double *y = bn_rows_targets(r->train);
	int rc;

	for (size_t at = 0; at < facts->rows; at += BN_TILE_ROWS) {
		size_t left = facts->rows - at;
		double *room = bn_tree_room(&s->tree);
		if (!room)
			return bn_err_nomem(err, "a baseline");
		sum_tile(s, y + at, left < BN_TILE_ROWS ? left : BN_TILE_ROWS, room);
		if ((rc = bn_tree_add(&s->tree, 0, (facts->first + at) / BN_TILE_ROWS, room, err)) <
			0)
			return rc;
	}
	if (r->reduce && (rc = r->reduce->tree(r->reduce->self, &s->tree, err)) < 0)
		return rc;
	*sum = bn_tree_root(&s->tree);
	return 0;
}

static int take_median(baseline *s, bn_err *err)
{
	static const double half = 0.5;
	const bn_rows *train = s->fit->request->train;
	const double *y = bn_rows_targets(train);
	size_t n = bn_rows_about(train)->rows;
	uint64_t *keys = bn_alloc(n * sizeof *keys);
	if (!keys)
		return bn_err_nomem(err, "a median");
	for (size_t i = 0; i < n; i++)
		keys[i] = bn_key_of(y[i]);
	bn_keys_quantiles(s->value, keys, n, &half, 1);
	bn_free(keys);
	return 0;
}

/* The shares of the classes, or 1 for the largest. */
static void take_shares(baseline *s, const double *sum)
{
	size_t best = 0;
	for (size_t k = 0; k < s->fit->outputs; k++) {
		s->value[k] = s->robust ? 0 : sum[1 + k] / sum[0];
		best = sum[1 + k] > sum[1 + best] ? k : best;
	}
	if (s->robust)
		s->value[best] = 1;
}

static int baseline_step(void *state, bn_err *err)
{
	baseline *s = state;
	const double *sum = NULL;
	int rc = bn_fit_check_cancel(s->fit->request, err);
	if (rc < 0)
		return rc;
	if (s->robust && !s->classes)
		return take_median(s, err);
	if ((rc = sum_all(s, &sum, err)) < 0)
		return rc;
	if (s->classes)
		take_shares(s, sum);
	else
		s->value[0] = sum[1] / sum[0];
	return isfinite(s->value[0])
		       ? 0
		       : bn_err_set(err, BN_EINVAL, "baseline: the target is too large to add up");
}

static int baseline_finish(bn_estimator *e, void *state, bn_err *err)
{
	const baseline *s = state;
	uint64_t shape[1] = {e->outputs};
	e->iterations = 1;
	return bn_tensors_add(e->tensors, "value", BN_DTYPE_F64, 1, shape, s->value,
		e->outputs * sizeof *s->value, err);
}

static void baseline_free(void *state)
{
	baseline *s = state;
	if (!s)
		return;
	bn_tree_release(&s->tree);
	bn_free(s->value);
	bn_free(s);
}

static const bn_fit_steps steps = {.start = baseline_start,
	.step = baseline_step,
	.finish = baseline_finish,
	.free = baseline_free};

static const bn_fit_steps *baseline_steps(const bn_fit_request *r)
{
	(void)r;
	return &steps;
}

static int baseline_check(bn_estimator *e, bn_err *err)
{
	return bn_estimator_need(e, &e->part[0], "value", BN_DTYPE_F64, e->outputs, 0, err);
}

static size_t baseline_scratch(const bn_estimator *e)
{
	(void)e;
	return 1;
}

static void baseline_predict(
	const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch)
{
	(void)x;
	(void)scratch;
	for (size_t r = 0; r < rows; r++)
		memcpy(out + r * e->outputs, e->part[0]->data, e->outputs * sizeof *out);
}

const bn_trainer bn_trainer_baseline = {
	.name = "baseline",
	.title = "Baseline",
	.doc = "Predicts the mean or the shares of the classes, whatever the inputs say: what other models are to "
	       "beat. As scikit-learn's DummyRegressor and DummyClassifier.",
	.tasks = 1u << BN_TASK_REGRESSION | 1u << BN_TASK_CLASSIFICATION,
	.hyper = baseline_hyper,
	.hyper_count = sizeof baseline_hyper / sizeof *baseline_hyper,
	.want = BN_WANT_ONE_PASS,
	.steps = baseline_steps,
	.check = baseline_check,
	.scratch = baseline_scratch,
	.predict = baseline_predict,
};
