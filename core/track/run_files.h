/*
 * run_files.h - the files of a run: its artifacts, and those of the logged models (MLflow 3) that it made.
 *
 * A logged model's files stand below its name, as MLflow's own client shows them, or below its id where something else
 * of the run has that name. A model is the run's if the run's own records say that it made it, and if it belongs to the
 * run's user: another user's record cannot put files among those of a run.
 */
#ifndef BN_TRACK_RUN_FILES_H
#define BN_TRACK_RUN_FILES_H
#include "core/track/logged_model.h"
#include "core/track/run.h"

typedef struct bn_run_file_model {
	char *dir; /* "ridge": where its files stand among those of the run, without a slash */
	bn_logged_model *model;
} bn_run_file_model;

typedef struct bn_run_files {
	bn_artifacts all;          /* by path */
	bn_run_file_model *models; /* in the order in which they were logged; not removed, and with files */
	size_t count, cap;
} bn_run_files;
#define BN_RUN_FILES_INIT \
	{ \
		.models = NULL \
	}

/* run: a full id; an unknown run has none. Reads the index of the last refresh. Release *out also after an error. */
int bn_run_files_read(bn_run_files *out, bn_workspace *ws, const char *run, bn_err *err);
void bn_run_files_release(bn_run_files *f);
/* That stands at dir or has that id; borrowed from f, or NULL. */
const bn_run_file_model *bn_run_files_model(const bn_run_files *f, const char *dir);

/* Copies the files under prefix ("model"; "": all) to the directory dir, which must not exist, with hashes checked. prefix
 * is cut off. BN_ENOTFOUND if there is nothing below it. */
int bn_run_export(
	bn_workspace *ws, const char *id, const char *prefix, const char *dir, bn_err *err);

#endif
