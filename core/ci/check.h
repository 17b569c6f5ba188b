/*
 * check.h - a project's gate: what the stage "evaluate" of its pipeline runs, and anybody runs before a push.
 *
 * Suites of the report (report.h):
 *	data           each check of each suite of the settings, on the version that the candidate was trained on
 *	candidate      the run finished; it is of this commit; the model scores what the run reports
 *	gates          each gate of the policy, on what was measured here (core/registry/candidate.h). A gate about a
 *	               check that a person attests is skipped: it is decided after the pipeline
 *	target branch  the margins of the settings, against a report of the target branch
 *
 * Nothing is signed, registered or approved. The verdict is recorded (check_log.h) unless dry_run.
 */
#ifndef BN_CI_CHECK_H
#define BN_CI_CHECK_H
#include "core/base/progress.h"
#include "core/ci/report.h"
#include "core/ci/settings.h"
#include "core/store/workspace.h"

typedef struct bn_ci_check_options {
	const char *run; /* the candidate; NULL: the newest run */
	const char *
		baseline; /* report of the target branch; NULL: BN_CI_BASELINE_FILE if there is one */
	bool dry_run;     /* records nothing */
	const bn_progress *progress; /* may be NULL */
} bn_ci_check_options;

/* A gate that does not pass is a result, not an error. BN_ENOTFOUND: no such run, suite, policy file or baseline;
 * BN_EINVAL: one of them is malformed. *out is yours. */
int bn_ci_check(bn_ci_report **out, bn_workspace *ws, const bn_ci_settings *settings,
	const bn_ci_check_options *options, bn_err *err);

#endif
