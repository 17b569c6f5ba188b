/*
 * checkpoint.h - what a fit knows between two steps, kept in a file of the run's directory: a fit that is
 * killed and started again goes on from there, and gives the same bytes.
 *
 * The file is a safetensors file: the trainer's state, and as metadata the recipe. It is written beside and
 * renamed (tmp, fsync, rename), so what lies under its name is complete.
 */
#ifndef BN_LEARN_CHECKPOINT_H
#define BN_LEARN_CHECKPOINT_H
#include "core/learn/steps.h"

struct bn_checkpoint {
	const bn_dir *at;
	const char *name;   /* of the file */
	const char *recipe; /* hash of whatever decides the model's bytes, back end included */
	int64_t every_ms; /* a step that ends so long after the last write is followed by one; 0: every step */
	int64_t *last_ns; /* of the last write or start, monotonic; the caller's */
};

/* The state goes on from the file where there is one of this recipe; otherwise it is as it was started,
 * and the fit's log says why. */
int bn_checkpoint_resume(const bn_checkpoint *c, const bn_fit_steps *steps, void *state,
	const bn_fit_request *r, bn_err *err);
/* After a step: writes the file when it is time. */
int bn_checkpoint_keep(
	const bn_checkpoint *c, const bn_fit_steps *steps, const void *state, bn_err *err);
int bn_checkpoint_remove(const bn_checkpoint *c, bn_err *err); /* a missing one is fine */

#endif
