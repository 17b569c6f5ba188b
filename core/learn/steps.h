/*
 * steps.h - a fit from a trainer's view: the request, the hooks to call while it works, and the
 * steps in which it runs.
 */
#ifndef BN_LEARN_STEPS_H
#define BN_LEARN_STEPS_H
#include "core/base/err.h"
#include "core/learn/rows.h"
#include "core/learn/safetensors.h"
#include "core/learn/tree.h"
#include "kernels/queue.h"

#include <jansson.h>

typedef struct bn_estimator bn_estimator;
typedef struct bn_checkpoint bn_checkpoint;

/* Hooks of a fit to its caller. Every member may be NULL. Called from the thread that called
 * bn_trainer_fit, never from a worker. */
typedef struct bn_fit_hooks {
	void *user;
	/* A number of one epoch or iteration: ("loss", 3, 0.69). A non-zero return (a bn_code) ends
	 * the fit with it. */
	int (*metric)(void *user, const char *name, int64_t step, double value);
	/* One line for the run's log. */
	void (*log)(void *user, const char *line);
	/* Called after each step; true ends the fit with BN_EINTR and an up-to-date checkpoint. */
	bool (*is_cancelled)(void *user);
	/* Called before a checkpoint is written: makes the metrics so far durable, so that a
	 * checkpoint is never ahead of its curve. Negative: as for metric. */
	int (*settle)(void *user);
	/* The fit may be requested again in the same directory, after a kill: it keeps
	 * checkpoints. */
	bool resumes;
	/* The fit must continue from the checkpoint in its directory, or fail. */
	bool must_resume;
} bn_fit_hooks;

typedef struct bn_fit_request {
	bn_task task;   /* REGRESSION or CLASSIFICATION */
	size_t classes; /* of a classification, >= 2 */
	bn_rows *train;
	bn_rows *validation; /* NULL if there is none; early stopping then sets rows aside */
	const json_t *hyper; /* given values; defaults are filled in */
	uint64_t seed;
	int threads;       /* <= 0: as many as the process may use */
	bnk_target target; /* all zero: the CPU */
	bn_fit_hooks hooks;
	const bn_reduce *reduce; /* NULL: this process has all rows. Only for trainers that sum
				  * over passes */
	const bn_checkpoint *checkpoint; /* NULL: no checkpoint is kept */
} bn_fit_request;

/* Call the request's hooks, all of which may be absent. metric returns what the hook returns. */
int bn_fit_metric(const bn_fit_request *r, const char *name, int64_t step, double value);
int bn_fit_check_cancel(const bn_fit_request *r, bn_err *err); /* BN_EINTR */
void bn_fit_log(const bn_fit_request *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Arguments of a fit in steps, kept with its state. */
typedef struct bn_fit_start {
	const bn_fit_request *request;
	const json_t *hyper; /* resolved */
	size_t inputs, outputs;
} bn_fit_start;

/* A fit, step by step. */
typedef struct bn_fit_steps {
	/* *state is freed with free, also when start fails half-way. `fit` outlives it. */
	int (*start)(void **state, const bn_fit_start *fit, bn_err *err);
	/* One pass, epoch or iteration: 1 to go on, 0 when done. */
	int (*step)(void *state, bn_err *err);
	/* Between steps: all state that start does not set. NULL: a fit of one step. */
	int (*save)(const void *state, bn_tensors *out, bn_err *err);
	/* On failure the state is unchanged. */
	int (*restore)(void *state, const bn_tensors *from, bn_err *err);
	/* Fills tensors, iterations and converged. */
	int (*finish)(bn_estimator *e, void *state, bn_err *err);
	void (*free)(void *state); /* NULL is fine */
	/* The results have the same bits on every processor: no library is used. */
	bool is_portable;
} bn_fit_steps;

#endif
