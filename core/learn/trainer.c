/* trainer.c - what is the same for all trainers; see trainer.h. trainers.c has their table. */
#include "core/learn/trainer.h"

#include "core/base/mem.h"

#include <math.h>
#include <string.h>

int bn_trainer_task(bn_task *out, const bn_trainer *trainer, bn_task asked, bn_err *err)
{
	unsigned regression = 1u << BN_TASK_REGRESSION,
		 classification = 1u << BN_TASK_CLASSIFICATION;
	if (asked == BN_TASK_AUTO && trainer->tasks == regression)
		asked = BN_TASK_REGRESSION;
	else if (asked == BN_TASK_AUTO && trainer->tasks == classification)
		asked = BN_TASK_CLASSIFICATION;
	if (asked != BN_TASK_AUTO && !(trainer->tasks & 1u << asked))
		return bn_err_set(err, BN_EINVAL, "trainer %s does not do %s", trainer->name,
			asked == BN_TASK_REGRESSION ? "regression" : "classification");
	*out = asked;
	return 0;
}

/* ---- fitting -------------------------------------------------------------------------------- */

static int check_numbers(const char *what, const double *v, size_t n, bn_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return bn_err_set(
				err, BN_EINVAL, "%s: element %zu is not a finite number", what, i);
	return 0;
}

static int check_weights(const double *w, size_t rows, bn_err *err)
{
	double sum = 0;
	for (size_t i = 0; i < rows; i++) {
		if (!(w[i] >= 0) || !isfinite(w[i]))
			return bn_err_set(err, BN_EINVAL,
				"row weights: element %zu is not a number from 0 up", i);
		sum += w[i];
	}
	return sum > 0 ? 0 : bn_err_set(err, BN_EINVAL, "row weights are all 0");
}

static int check_classes(const bn_design *d, size_t classes, const char *part, bn_err *err)
{
	for (size_t i = 0; i < d->rows; i++)
		if (!(d->y[i] >= 0 && d->y[i] < (double)classes && d->y[i] == floor(d->y[i])))
			return bn_err_set(err, BN_EINVAL,
				"%s target: row %zu is not a class from 0 to %zu", part, i,
				classes - 1);
	return 0;
}

static int check_design(const bn_design *d, const bn_fit_request *r, const char *part, bn_err *err)
{
	char what[64];
	if (!d->x || !d->y || d->cols == 0)
		return bn_err_set(err, BN_EINVAL, "the %s part has no features or no target", part);
	snprintf(what, sizeof what, "%s features", part);
	int rc = check_numbers(what, d->x, d->rows * d->cols, err);
	snprintf(what, sizeof what, "%s target", part);
	if (rc == 0)
		rc = check_numbers(what, d->y, d->rows, err);
	if (rc == 0 && d->weights)
		rc = check_weights(d->weights, d->rows, err);
	if (rc == 0 && r->task == BN_TASK_CLASSIFICATION)
		rc = check_classes(d, r->classes, part, err);
	return rc;
}

static int check_request(const bn_trainer *t, const bn_fit_request *r, bn_err *err)
{
	const bn_design *d = &r->train;
	bn_task task;
	if (r->task != BN_TASK_REGRESSION && r->task != BN_TASK_CLASSIFICATION)
		return bn_err_set(err, BN_EINVAL, "the task is not decided");
	int rc = bn_trainer_task(&task, t, r->task, err);
	if (rc)
		return rc;
	if (d->rows == 0 || d->rows > UINT32_MAX)
		return bn_err_set(err, BN_EINVAL, "the training part has %zu rows", d->rows);
	if (r->task == BN_TASK_CLASSIFICATION && r->classes < 2)
		return bn_err_set(err, BN_EINVAL, "a classification needs two classes");
	rc = check_design(d, r, "training", err);
	if (rc == 0 && r->validation.rows) {
		if (r->validation.cols != d->cols)
			return bn_err_set(err, BN_EINVAL,
				"validation has %zu features, training %zu", r->validation.cols,
				d->cols);
		rc = check_design(&r->validation, r, "validation", err);
	}
	if (rc || r->task == BN_TASK_REGRESSION)
		return rc;
	for (size_t i = 1; i < d->rows; i++)
		if (d->y[i] != d->y[0])
			return 0;
	return bn_err_set(err, BN_EINVAL,
		"the training part holds one class only, so there is nothing to tell apart");
}

int bn_trainer_fit(
	bn_estimator **out, const bn_trainer *trainer, const bn_fit_request *request, bn_err *err)
{
	json_t *hyper = NULL;
	bn_estimator *e = NULL;
	int rc = check_request(trainer, request, err);
	if (rc == 0)
		rc = bn_hyper_resolve(
			&hyper, trainer->hyper, trainer->hyper_count, request->hyper, err);
	if (rc)
		goto out;
	e = bn_alloc_zeroed(1, sizeof *e);
	if (!e) {
		rc = bn_err_nomem(err, "estimator");
		goto out;
	}
	e->trainer = trainer;
	e->task = request->task;
	e->inputs = request->train.cols;
	e->outputs = request->task == BN_TASK_CLASSIFICATION ? request->classes : 1;
	e->converged = true;
	rc = bn_tensors_new(&e->tensors, err);
	if (rc == 0)
		rc = trainer->fit(e, request, hyper, err);
	if (rc == 0)
		rc = trainer->check(e, err);
	if (rc == 0) {
		*out = e;
		e = NULL;
	}
out:
	bn_estimator_free(e);
	json_decref(hyper);
	return rc;
}

void bn_estimator_free(bn_estimator *e)
{
	if (!e)
		return;
	bn_tensors_free(e->tensors);
	bn_free(e);
}

int bn_estimator_from_tensors(bn_estimator **out, const bn_trainer *trainer, bn_task task,
	size_t inputs, size_t outputs, bn_tensors *tensors, bn_err *err)
{
	bn_task checked;
	bn_estimator *e = NULL;
	int rc = bn_trainer_task(&checked, trainer, task, err);
	if (rc == 0 && (inputs == 0 || outputs == 0 || task == BN_TASK_AUTO))
		rc = bn_err_set(
			err, BN_EINVAL, "a model with %zu inputs and %zu outputs", inputs, outputs);
	if (rc == 0) {
		e = bn_alloc_zeroed(1, sizeof *e);
		rc = e ? 0 : bn_err_nomem(err, "estimator");
	}
	if (rc)
		return rc;
	*e = (bn_estimator){.trainer = trainer,
		.task = task,
		.inputs = inputs,
		.outputs = outputs,
		.tensors = tensors,
		.iterations = -1,
		.converged = true};
	rc = trainer->check(e, err);
	if (rc) {
		e->tensors = NULL; /* still the caller's */
		bn_estimator_free(e);
		return rc;
	}
	*out = e;
	return 0;
}

/* ---- predicting ----------------------------------------------------------------------------- */

size_t bn_estimator_scratch(const bn_estimator *e)
{
	return e->trainer->scratch(e);
}

void bn_estimator_predict(
	const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch)
{
	for (size_t r = 0; r < rows; r += BN_PREDICT_ROWS) {
		size_t n = rows - r < BN_PREDICT_ROWS ? rows - r : BN_PREDICT_ROWS;
		e->trainer->predict(e, x + r * e->inputs, n, out + r * e->outputs, scratch);
	}
}
