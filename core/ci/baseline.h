/*
 * baseline.h - the metrics of the target branch: a file among the artifacts of its last successful pipeline.
 *
 * GitLab serves single files of artifacts by branch and job. GitHub serves artifacts as zip archives alone: there
 * actions/download-artifact gets the file.
 */
#ifndef BN_CI_BASELINE_H
#define BN_CI_BASELINE_H
#include "core/ci/forge.h"

#define BN_BASELINE_BYTES (16 << 20)

typedef struct bn_baseline_wish {
	const char *branch; /* NULL: the target branch, else the default branch */
	const char *job;    /* "evaluate" */
	const char *path;   /* in the artifacts: "metrics.json" */
} bn_baseline_wish;

/* Appends the file's bytes. Returns 1, or 0 if the branch has no such file yet: no successful pipeline, no such job, no
 * such file, or expired. BN_ENOTFOUND if the project is not there (or not to be seen); BN_EIO above
 * BN_BASELINE_BYTES, or if a .json file is not JSON; BN_EUNSUPPORTED on GitHub; BN_EINVAL without a branch. */
int bn_baseline_get(bn_buf *out, bn_forge *f, const bn_baseline_wish *wish, bn_err *err);

#endif
