/*
 * reproduce.h - reruns a spec and checks whether the same bytes result.
 *
 * The trainer runs again in a scratch directory from the stored spec; its model's digest is
 * compared with the run's, then file by file, and in model.safetensors tensor by tensor. Nothing is
 * written to the log: a reproduction is a check, not a run.
 */
#ifndef BN_LAUNCH_REPRODUCE_H
#define BN_LAUNCH_REPRODUCE_H
#include "core/base/err.h"
#include "core/learn/trainer.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>

typedef struct bn_reproduction {
	bool identical;
	char digest[65], original[65]; /* of the new model and of the run's */
	char difference[512]; /* first difference: file, tensor, element, both values; or empty */
	char why[512];        /* what differs in the environment; or "nothing that was recorded" */
	int threads;          /* used this time */
	int64_t duration_ns;
} bn_reproduction;

/* hooks (may be NULL) as for bn_fit_run. spec_hash: the run's spec; model_dir: a directory with
 * the run's model files (bn_run_export). threads <= 0: as in the spec. BN_EUNSUPPORTED for
 * commands. */
int bn_reproduce(bn_reproduction *out, bn_workspace *ws, const char *spec_hash,
	const char *model_dir, int threads, const bn_fit_hooks *hooks, bn_err *err);

#endif
