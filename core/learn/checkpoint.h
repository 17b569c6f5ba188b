/*
 * checkpoint.h - the state of a fit between two steps, stored in a file of the run's directory: a
 * fit that is stopped or killed continues from there, in this run or in one that resumes it, and
 * gives the same bytes.
 *
 * It is a safetensors file: the trainer's state, with metadata that identifies the fit (recipe,
 * machine, steps) and a hash of everything. It is written under a temporary name and renamed (tmp,
 * fsync, rename), so the file under its name is complete and never changes.
 */
#ifndef BN_LEARN_CHECKPOINT_H
#define BN_LEARN_CHECKPOINT_H
#include "core/learn/steps.h"
#include "core/run/spec.h"

#define BN_CHECKPOINT_MACHINE 240 /* size of a description, with the NUL */

struct bn_checkpoint {
	const bn_dir *at;
	const char *name;    /* of the file */
	const char *recipe;  /* bn_checkpoint_recipe */
	const char *backend; /* "cpu": identifies a machine for fits of steps->is_portable */
	const char *machine; /* bn_checkpoint_machine: for all others */
	int64_t every_ms;    /* minimum time between two writes; 0: write after every step */
	bool is_required; /* fail, instead of starting over, if the fit cannot continue from it */
	int64_t *last_ns; /* time of the last write or start, monotonic; owned by the caller */
};

/* The identity of a checkpoint, from its metadata. */
typedef struct bn_checkpoint_about {
	char recipe[65];
	char machine[BN_CHECKPOINT_MACHINE];
	int64_t steps; /* number of completed epochs or iterations, and index of the next one */
} bn_checkpoint_about;

/* SHA-256 of everything that determines a fit's state after any number of steps: the recipe without the hyper-parameter
 * that limits them (bn_trainer.limit; NULL: none). */
int bn_checkpoint_recipe(char out[65], const bn_spec *spec, const char *limit, bn_err *err);
/* The program, the back end and the libraries whose arithmetic determines the bytes of a fit that is not portable:
 * "binnacle 0.1, cpu: OpenBLAS ..., glibc 2.36". */
void bn_checkpoint_machine(char out[BN_CHECKPOINT_MACHINE], const bnk_target *target);
/* The same for a portable fit: "binnacle 0.1, cpu". */
void bn_checkpoint_backend(char out[BN_CHECKPOINT_MACHINE], const bnk_target *target);

/* Reads and verifies the file `name` below at. BN_ENOTFOUND; BN_ECORRUPT; BN_EREFUSED if it is not a
 * regular file of this user. */
int bn_checkpoint_look(bn_checkpoint_about *out, const bn_dir *at, const char *name, bn_err *err);
/* Whether a fit of this recipe with this back end on this machine can continue from it to the same bytes; BN_ECONFLICT
 * names the difference. */
int bn_checkpoint_fits(const bn_checkpoint_about *a, const char *recipe, const char *backend,
	const char *machine, bn_err *err);

/* Restores the state from the file if it fits; otherwise the state is unchanged, and the reason is in the fit's log,
 * or, if is_required, an error. *done: steps done in the restored state, or 0. */
int bn_checkpoint_resume(const bn_checkpoint *c, const bn_fit_steps *steps, void *state,
	const bn_fit_request *r, int64_t *done, bn_err *err);
/* Call after a step: writes the file if it is due, or if now is true. Before that, the metrics so far are made durable
 * (bn_fit_hooks.settle). */
int bn_checkpoint_keep(const bn_checkpoint *c, const bn_fit_steps *steps, const void *state,
	const bn_fit_request *r, int64_t done, bool now, bn_err *err);

#endif
