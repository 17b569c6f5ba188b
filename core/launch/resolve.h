/*
 * resolve.h - from the spec as somebody wrote it to the spec that is run: names of dataset versions
 * become exact, hyper-parameters complete, and what a result may depend on besides is recorded.
 */
#ifndef BN_LAUNCH_RESOLVE_H
#define BN_LAUNCH_RESOLVE_H
#include "core/base/progress.h"
#include "core/run/spec.h"

/* Fills in what was left out: a trainer's hyper-parameters in full, seed 0, task, impute, split, the
 * data versions' numbers and digests. Then everything is checked: that trainer, data and target are
 * complete and fit each other, that a command finds each of its data under a name of its own.
 * Messages begin with "spec". *out is yours. */
int bn_spec_resolve(bn_spec **out, bn_workspace *ws, const bn_spec *given, bn_err *err);
/* *out: the task, "regression" or "classification", where it is the type of the target that decides it; NULL where the
 * spec or the trainer does. Of a spec as somebody wrote it. */
int bn_spec_task_by_target(const char **out, bn_workspace *ws, const bn_spec *given, bn_err *err);
/* What needs the table of trainers, and bn_spec_check, of a resolved spec. */
int bn_spec_check_complete(const bn_spec *spec, const char *where, bn_err *err);
/* Whether this version runs a spec as it says: BN_EUNSUPPORTED names what it would have to ignore (a container,
 * fields of a newer version). For who supervises as well, since another version may have prepared the
 * run; what an executor gives is none of its affair. */
int bn_spec_can_run(const bn_spec *spec, bn_err *err);
/* Sets code (of the repository around dir, if any; the uncommitted diff goes to objects), environment,
 * and the hashes of inputs. */
int bn_spec_add_provenance(bn_spec *spec, bn_workspace *ws, const char *dir, bn_err *err);
/* Inputs without a hash get the one of the file as it is now; a file that is not what its hash says is
 * BN_EINVAL. Relative paths are below the spec's workdir. */
int bn_spec_hash_inputs(bn_spec *spec, const bn_env *env, const bn_progress *progress, bn_err *err);

#endif
