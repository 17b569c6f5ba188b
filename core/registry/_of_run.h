/*
 * _of_run.h - what a registration takes from a run: its model's files, data and metrics.
 */
#ifndef BN_REGISTRY_OF_RUN_H
#define BN_REGISTRY_OF_RUN_H
#include "core/run/spec.h"
#include "core/store/object/manifest.h"
#include "core/track/run_files.h"

typedef struct bn_of_run {
	bn_run_info *run;
	bn_run_files kept;
	char *dir; /* of the model among them, without a slash: "model" */
	const bn_logged_model *logged; /* that this is, borrowed from kept; NULL: artifacts of the run */
	bn_manifest files; /* those below dir, which is cut off; sealed */
	json_t *metrics; /* of the model folder by part, and under "run" the last value of each series */
	bn_spec *spec;     /* NULL: a run of the API */
	json_t *spec_json; /* NULL without a spec */
} bn_of_run;

/* text: as for bn_run_resolve, in the index as refreshed. path: the directory of the model among the run's files
 * (core/track/run_files.h), or the id of a logged model; NULL: the artifacts below model/, or else the only logged model
 * or directory with a file MLmodel. BN_EINVAL, with their names, if there are several. BN_ECONFLICT while the run is live,
 * unless the model is a logged one that is READY. BN_ENOTFOUND if it stored no model. Release it in any case. */
int bn_of_run_read(
	bn_of_run *out, bn_workspace *ws, const char *text, const char *path, bn_err *err);
void bn_of_run_release(bn_of_run *r);

/* The path of a private directory that does not exist yet, for a model that is read once; yours. */
int bn_scratch_model_dir(char **out, bn_workspace *ws, bn_err *err);

#endif
