/*
 * _check.h - the parts of a check (check.c): each adds suites, metrics or charts to the report.
 */
#ifndef BN_CI_CHECK_INTERNAL_H
#define BN_CI_CHECK_INTERNAL_H
#include "core/ci/check.h"
#include "core/registry/candidate.h"

typedef struct bn_ci_checking {
	bn_workspace *ws;
	const bn_ci_settings *s;
	const bn_progress *progress;
	bn_candidate *candidate;
	const bn_policy *policy; /* whose gates the candidate was judged by */
	const char *policy_name; /* its file, or "the workspace's policy" */
	bn_ci_report *report;
} bn_ci_checking;

/* A path of the settings, which are relative to the project; yours. */
char *bn_ci_project_path(const bn_ci_checking *c, const char *path);

/* Suite "data", and the report's data with their charts. */
int bn_ci_check_data(bn_ci_checking *c, bn_err *err);
/* Suites "candidate" and "gates", and the report's metrics. commit: what is checked out, or NULL. judge_ns: time it
 * took to measure and judge. */
int bn_ci_check_model(bn_ci_checking *c, int64_t judge_ns, bn_err *err);
/* Suite "target branch"; after the baseline was compared. */
void bn_ci_check_margins(bn_ci_checking *c);
/* Charts of the candidate's metric series. */
int bn_ci_check_curves(bn_ci_checking *c, bn_err *err);

#endif
