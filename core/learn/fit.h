/*
 * fit.h - executes a trainer's spec from start to end in this process: opens the dataset version,
 * divides the rows, fits features on the training part only, trains, evaluates, writes the model.
 *
 * A pure function of the recipe and the back end: no clock, host, run id or thread count affects
 * the model's bytes. A supervisor's child runs it, and so does a reproduction.
 */
#ifndef BN_LEARN_FIT_H
#define BN_LEARN_FIT_H
#include "core/base/dir.h"
#include "core/base/err.h"
#include "core/learn/trainer.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"

#include <jansson.h>

typedef struct bn_fit_report {
	json_t *metrics; /* {"train": {...}, "valid": {...}, "test": {...}}; parts with rows only */
	char digest[65]; /* of the model directory */
	size_t rows[3];  /* train, valid, test */
	int64_t iterations; /* -1 unknown */
	bool converged;
} bn_fit_report;

/* spec: resolved. The model is written to the directory model_dir below `at`, which must not exist;
 * it is complete or absent afterwards. threads <= 0: as many as the process may use. hooks may be
 * NULL; its log gets lines on progress. Release report with bn_fit_report_release. */
int bn_fit_run(bn_fit_report *report, bn_workspace *ws, const bn_spec *spec, const bn_dir *at,
	const char *model_dir, int threads, const bn_fit_hooks *hooks, bn_err *err);
void bn_fit_report_release(bn_fit_report *r);

#define BN_FIT_FILE 200
/* The file of the checkpoint (core/learn/checkpoint.h) of a fit in model_dir. */
void bn_fit_checkpoint_name(char out[BN_FIT_FILE], const char *model_dir);
/* Removes the checkpoint of a fit once its model is stored elsewhere: until then the model cannot be restored without
 * it. */
int bn_fit_forget(const bn_dir *at, const char *model_dir, bn_err *err);

#endif
