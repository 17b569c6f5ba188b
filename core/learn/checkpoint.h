/*
 * checkpoint.h - the state of a fit between two steps, stored in a file of the run's directory: a
 * fit that is killed and started again continues from there, and gives the same bytes.
 *
 * It is a safetensors file: the trainer's state, with the recipe as metadata. It is written under a
 * temporary name and renamed (tmp, fsync, rename), so the file under its name is complete.
 */
#ifndef BN_LEARN_CHECKPOINT_H
#define BN_LEARN_CHECKPOINT_H
#include "core/learn/steps.h"

struct bn_checkpoint {
	const bn_dir *at;
	const char *name;   /* of the file */
	const char *recipe; /* hash of everything that decides the model's bytes, including the back
			     * end */
	int64_t every_ms;   /* minimum time between two writes; 0: write after every step */
	int64_t *last_ns; /* of the last write or start, monotonic; the caller's */
};

/* Restores the state from the file if it has this recipe; otherwise the state is unchanged, and the
 * fit's log says why. */
int bn_checkpoint_resume(const bn_checkpoint *c, const bn_fit_steps *steps, void *state,
	const bn_fit_request *r, bn_err *err);
/* Call after a step: writes the file if it is due. */
int bn_checkpoint_keep(
	const bn_checkpoint *c, const bn_fit_steps *steps, const void *state, bn_err *err);
int bn_checkpoint_remove(const bn_checkpoint *c, bn_err *err); /* a missing one is fine */

#endif
