/*
 * resolve.h - turns the spec as written into the spec that is run: dataset versions become exact,
 * hyper-parameters complete, and other things a result may depend on are recorded.
 */
#ifndef BN_LAUNCH_RESOLVE_H
#define BN_LAUNCH_RESOLVE_H
#include "core/base/progress.h"
#include "core/run/spec.h"

/* Fills in what was left out: a trainer's hyper-parameters in full, seed 0, task, impute, split, the
 * data versions' numbers and digests. Then everything is checked: that trainer, data and target are
 * complete and fit each other, that each dataset of a command has a unique name. Messages begin with
 * "spec". *out is yours. */
int bn_spec_resolve(bn_spec **out, bn_workspace *ws, const bn_spec *given, bn_err *err);
/* *out: the task, "regression" or "classification", if the type of the target decides it; NULL if the spec or
 * the trainer does. For a spec as written. */
int bn_spec_task_by_target(const char **out, bn_workspace *ws, const bn_spec *given, bn_err *err);
/* bn_spec_check and the checks that need the table of trainers, for a resolved spec. */
int bn_spec_check_complete(const bn_spec *spec, const char *where, bn_err *err);
/* Whether this version can run all of a spec: BN_EUNSUPPORTED names what it would have to ignore (a container,
 * fields of a newer version). Also for the supervisor, since another version may have prepared the run; it does
 * not check what the executor provides. */
int bn_spec_can_run(const bn_spec *spec, bn_err *err);
/* Sets code (of the repository around dir, if any; the uncommitted diff goes to objects), environment,
 * and the hashes of inputs. */
int bn_spec_add_provenance(bn_spec *spec, bn_workspace *ws, const char *dir, bn_err *err);
/* Sets only the environment. */
int bn_spec_add_environment(bn_spec *spec, bn_workspace *ws, bn_err *err);
/* Inputs without a hash get that of the present file; BN_EINVAL if a file does not match its hash.
 * Relative paths are below the spec's workdir. */
int bn_spec_hash_inputs(bn_spec *spec, const bn_env *env, const bn_progress *progress, bn_err *err);

#endif
