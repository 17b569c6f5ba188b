/* trainer.c - code common to all trainers; see trainer.h. Their table is in trainers.c. */
#include "core/learn/trainer.h"

#include "core/base/mem.h"
#include "core/learn/checkpoint.h"

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

static int check_request(const bn_trainer *t, const bn_fit_request *r, bn_err *err)
{
	const bn_rows_facts *d = r->train ? bn_rows_about(r->train) : NULL;
	bn_task task;
	if (r->task != BN_TASK_REGRESSION && r->task != BN_TASK_CLASSIFICATION)
		return bn_err_set(err, BN_EINVAL, "the task is not decided");
	int rc = bn_trainer_task(&task, t, r->task, err);
	if (rc)
		return rc;
	if (!d || d->rows == 0 || d->rows > UINT32_MAX)
		return bn_err_set(
			err, BN_EINVAL, "the training part has %zu rows", d ? d->rows : 0);
	if (r->task == BN_TASK_CLASSIFICATION && r->classes < 2)
		return bn_err_set(err, BN_EINVAL, "a classification needs two classes");
	if (r->validation && bn_rows_about(r->validation)->cols != d->cols)
		return bn_err_set(err, BN_EINVAL,
			"the validation part has %zu features, training %zu",
			bn_rows_about(r->validation)->cols, d->cols);
	if (r->task == BN_TASK_REGRESSION)
		return 0;
	if ((rc = bn_rows_check_classes(r->train, r->classes, err)) < 0)
		return rc;
	if (r->validation && (rc = bn_rows_check_classes(r->validation, r->classes, err)) < 0)
		return rc;
	if (!d->one_value || r->reduce)
		return 0;
	return bn_err_set(err, BN_EINVAL,
		"the training part holds one class only, so there is nothing to tell apart");
}

/* Called between two steps of a fit that is asked to stop. If the checkpoint cannot be written, the existing one is
 * sufficient. */
static int stop_steps(void *state, const bn_fit_steps *steps, const bn_fit_request *r, int64_t done,
	bool is_over, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (bn_fit_check_cancel(r, NULL) == 0)
		return 0;
	if (!is_over && steps->save && r->checkpoint &&
		bn_checkpoint_keep(r->checkpoint, steps, state, r, done, true, &why) < 0)
		bn_fit_log(r, "no checkpoint where it was stopped: %s", why.msg);
	return bn_fit_check_cancel(r, err);
}

static int run_steps(void *state, const bn_fit_steps *steps, const bn_fit_request *r, bn_err *err)
{
	const bn_checkpoint *kept = steps->save ? r->checkpoint : NULL;
	int64_t done = 0;
	int rc = kept ? bn_checkpoint_resume(kept, steps, state, r, &done, err) : 0;
	if (rc < 0)
		return rc;
	do {
		rc = steps->step(state, err);
		if (rc < 0)
			return rc;
		int bad = stop_steps(state, steps, r, ++done, rc == 0, err);
		if (rc > 0 && kept && bad == 0)
			bad = bn_checkpoint_keep(kept, steps, state, r, done, false, err);
		rc = bad < 0 ? bad : rc;
	} while (rc > 0);
	return rc;
}

/* Runs all steps, up to the estimator's tensors. */
static int fit_in_steps(bn_estimator *e, const bn_fit_request *r, const json_t *hyper, bn_err *err)
{
	const bn_fit_steps *steps = e->trainer->steps(r);
	bn_want want = e->trainer->want;
	void *state = NULL;
	bn_fit_start start = {r, hyper, e->inputs, e->outputs};
	int rc = bn_rows_want(r->train, want, err);
	if (rc < 0)
		return rc;
	if (r->validation && want == BN_WANT_ANY_ROW &&
		(rc = bn_rows_want(r->validation, want, err)) < 0)
		return rc;
	if ((rc = steps->start(&state, &start, err)) < 0)
		goto out;
	if ((rc = run_steps(state, steps, r, err)) < 0)
		goto out;
	rc = steps->finish(e, state, err);
out:
	steps->free(state);
	return rc;
}

int bn_trainer_fit(
	bn_estimator **out, const bn_trainer *trainer, const bn_fit_request *request, bn_err *err)
{
	json_t *hyper = NULL;
	bn_estimator *e = NULL;
	int rc = check_request(trainer, request, err);
	if (rc < 0)
		return rc;
	rc = bn_hyper_resolve(&hyper, trainer->hyper, trainer->hyper_count, request->hyper, err);
	if (rc < 0)
		return rc;
	e = bn_alloc_zeroed(1, sizeof *e);
	if (!e) {
		rc = bn_err_nomem(err, "estimator");
		goto out;
	}
	e->trainer = trainer;
	e->task = request->task;
	e->inputs = bn_rows_about(request->train)->cols;
	e->outputs = request->task == BN_TASK_CLASSIFICATION ? request->classes : 1;
	e->converged = true;
	if ((rc = bn_tensors_new(&e->tensors, err)) < 0)
		goto out;
	if ((rc = fit_in_steps(e, request, hyper, err)) < 0)
		goto out;
	if ((rc = trainer->check(e, err)) < 0)
		goto out;
	*out = e;
	e = NULL;
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
