/*
 * trainer.h - what a trainer is, and the table of those we have.
 *
 * A trainer turns rows into an estimator: a set of named tensors plus the rule that predicts from
 * them. The same request on the same back end gives the same bytes, whatever `threads` says, in
 * whichever blocks the rows come, and however often the fit was killed and gone on with: it works in steps
 * (a pass, an epoch), and what it knows between two of them can be kept in a file (checkpoint.h).
 *
 * To add one: write core/learn/NAME.c with a bn_trainer, bn_trainer_NAME, and name it in BN_TRAINERS.
 */
#ifndef BN_LEARN_TRAINER_H
#define BN_LEARN_TRAINER_H
#include "core/learn/hyper.h"
#include "core/learn/steps.h"

/* Those that there are, in the order in which they are listed. */
#define BN_TRAINERS(X) X(ridge) X(logistic) X(mlp) X(baseline)

typedef struct bn_trainer bn_trainer;

/* Row outputs: regression 1 (the value), classification `classes` probabilities. */
struct bn_trainer {
	const char *name;  /* "ridge" */
	const char *title; /* "Ridge regression" */
	const char *doc;   /* a sentence or two, with the peer whose definitions it follows */
	unsigned tasks;    /* bit 1 << bn_task */
	const bn_hyper_def *hyper;
	size_t hyper_count;
	bn_want want; /* how it looks at its rows */
	const bn_fit_steps *(*steps)(const bn_fit_request *r);
	/* Checks that the tensors are what predict expects, and fills e->part. After fit and load. */
	int (*check)(bn_estimator *e, bn_err *err);
	/* out[rows * outputs]; scratch[scratch(e)] doubles per call, rows at most BN_PREDICT_ROWS.
	 */
	size_t (*scratch)(const bn_estimator *e);
	void (*predict)(
		const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch);
};

#define BN_PREDICT_ROWS 256
#define BN_ESTIMATOR_PARTS 40

/* A fitted model's numbers. Read-only after fit and load: may be shared between threads. */
struct bn_estimator {
	const bn_trainer *trainer;
	bn_task task;
	size_t inputs;  /* design columns */
	size_t outputs; /* 1, or classes */
	bn_tensors *tensors;
	/* What predict reads, so that it looks up no names: the trainer's check says in which order.
	 * Borrowed from tensors, which do not change any more. */
	const bn_tensor *part[BN_ESTIMATOR_PARTS];
	int64_t iterations; /* epochs or iterations that the fit took; -1 unknown (after a load) */
	bool converged;     /* false when a limit ended the fit */
};

size_t bn_trainer_count(void);
const bn_trainer *bn_trainer_get(size_t i);
/* BN_ENOTFOUND with the nearest name. */
int bn_trainer_find(const bn_trainer **out, const char *name, bn_err *err);
/* What AUTO means for this trainer: the one task that it knows, or AUTO when it knows both (the
 * target then decides). BN_EINVAL when it cannot do what was asked. */
int bn_trainer_task(bn_task *out, const bn_trainer *trainer, bn_task asked, bn_err *err);

/* Checks the request (shapes, finite values, at least two classes present, ...) and fits.
 * BN_EINVAL, BN_EINTR, BN_ENOMEM. *out is yours. */
int bn_trainer_fit(
	bn_estimator **out, const bn_trainer *trainer, const bn_fit_request *request, bn_err *err);
void bn_estimator_free(bn_estimator *e);
/* Takes the tensors over on success. */
int bn_estimator_from_tensors(bn_estimator **out, const bn_trainer *trainer, bn_task task,
	size_t inputs, size_t outputs, bn_tensors *tensors, bn_err *err);

/* Doubles of scratch that bn_estimator_predict needs, for any number of rows. */
size_t bn_estimator_scratch(const bn_estimator *e);
/* out[rows * outputs]; no allocation. A row's result does not depend on the rows beside it. */
void bn_estimator_predict(
	const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch);

#endif
