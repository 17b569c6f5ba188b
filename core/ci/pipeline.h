/*
 * pipeline.h - the table of stages (stage.h) in the words of GitLab, GitHub and Jenkins.
 *
 * Each is a pure function of the table: the same settings give the same bytes. A stage that is left out is named in a
 * comment with what the settings lack. No file holds a secret: GitLab's variables reach its jobs by themselves,
 * GitHub's and Jenkins' are named.
 */
#ifndef BN_CI_PIPELINE_H
#define BN_CI_PIPELINE_H
#include "core/base/buf.h"
#include "core/ci/stage.h"

typedef struct bn_ci_form {
	const char *name; /* "gitlab": the verb */
	const char *path; /* where that system looks for it, in the project */
	int (*render)(const bn_ci_pipeline *p, bn_buf *out, bn_err *err);
} bn_ci_form;

/* What a pipeline with package or monitor says of a missing BINNACLE_HOME, in one line; NULL: it has neither. */
const char *bn_ci_home_note(const bn_ci_pipeline *p);

extern const bn_ci_form bn_ci_gitlab, bn_ci_github, bn_ci_jenkins;

#endif
