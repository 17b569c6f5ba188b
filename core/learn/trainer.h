/*
 * trainer.h - the interface of trainers, and their table.
 *
 * A trainer turns rows into an estimator: a set of named tensors and the rule that predicts from
 * them. The same request on the same back end gives the same bytes, for any number of threads, any
 * division of the rows into blocks, and any number of kills and restarts of the fit: it works in
 * steps (a pass, an epoch), and its state between two of them can be stored in a file
 * (checkpoint.h).
 *
 * To add one: write core/learn/NAME.c with a bn_trainer, bn_trainer_NAME, and name it in
 * BN_TRAINERS.
 */
#ifndef BN_LEARN_TRAINER_H
#define BN_LEARN_TRAINER_H
#include "core/learn/hyper.h"
#include "core/learn/steps.h"

/* All trainers, in the order in which they are listed. */
#define BN_TRAINERS(X) X(ridge) X(logistic) X(mlp) X(baseline)

typedef struct bn_trainer bn_trainer;

/* Row outputs: regression 1 (the value), classification `classes` probabilities. */
struct bn_trainer {
	const char *name;  /* "ridge" */
	const char *title; /* "Ridge regression" */
	const char *doc;   /* a sentence or two, with the reference implementation */
	unsigned tasks;    /* bit 1 << bn_task */
	const bn_hyper_def *hyper;
	size_t hyper_count;
	/* The hyper-parameter that only limits the number of steps: a stopped fit may continue to a
	 * higher limit. NULL: none. */
	const char *limit;
	bn_want want; /* its access pattern */
	const bn_fit_steps *(*steps)(const bn_fit_request *r);
	/* Checks that the tensors are what predict expects, and fills e->part. Called after fit and
	 * load. */
	int (*check)(bn_estimator *e, bn_err *err);
	/* out[rows * outputs]; scratch[scratch(e)] doubles per call, rows at most BN_PREDICT_ROWS.
	 */
	size_t (*scratch)(const bn_estimator *e);
	void (*predict)(
		const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch);
};

#define BN_PREDICT_ROWS 256
#define BN_ESTIMATOR_PARTS 40

/* The parameters of a fitted model. Read-only after fit and load: may be shared between threads. */
struct bn_estimator {
	const bn_trainer *trainer;
	bn_task task;
	size_t inputs;  /* design columns */
	size_t outputs; /* 1, or classes */
	bn_tensors *tensors;
	/* What predict reads, without looking up names, in the order defined by the trainer's
	 * check. Borrowed from tensors, which do not change any more. */
	const bn_tensor *part[BN_ESTIMATOR_PARTS];
	int64_t iterations; /* epochs or iterations of the fit; -1 unknown (after a load) */
	bool converged;     /* false if a limit ended the fit */
};

size_t bn_trainer_count(void);
const bn_trainer *bn_trainer_get(size_t i);
/* BN_ENOTFOUND with the nearest name. */
int bn_trainer_find(const bn_trainer **out, const char *name, bn_err *err);
/* The meaning of AUTO for this trainer: its only task, or AUTO if it supports both (the target then
 * decides). BN_EINVAL if it does not support the requested one. */
int bn_trainer_task(bn_task *out, const bn_trainer *trainer, bn_task asked, bn_err *err);

/* Checks the request (shapes, finite values, at least two classes present, ...) and fits.
 * BN_EINVAL, BN_EINTR, BN_ENOMEM. *out is yours. */
int bn_trainer_fit(
	bn_estimator **out, const bn_trainer *trainer, const bn_fit_request *request, bn_err *err);
void bn_estimator_free(bn_estimator *e);
/* Takes ownership of the tensors on success. */
int bn_estimator_from_tensors(bn_estimator **out, const bn_trainer *trainer, bn_task task,
	size_t inputs, size_t outputs, bn_tensors *tensors, bn_err *err);

/* Number of scratch doubles for bn_estimator_predict, for any number of rows. */
size_t bn_estimator_scratch(const bn_estimator *e);
/* out[rows * outputs]; no allocation. A row's result does not depend on other rows. */
void bn_estimator_predict(
	const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch);

#endif
