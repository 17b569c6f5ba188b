/*
 * suite_cases.h - the checks of a suite as cases of a report, for `ci check` and `data check`.
 */
#ifndef BN_CI_SUITE_CASES_H
#define BN_CI_SUITE_CASES_H
#include "core/check/expect.h"
#include "core/ci/report.h"

/* One case for each check, in that suite of the report: what was found, and the first rows that fail.
 * Checks of severity warning and info only warn. of: the case's name begins with it. */
void bn_ci_report_add_checks(
	bn_ci_report *r, const char *group, const char *of, const bn_expect_result *result);

#endif
