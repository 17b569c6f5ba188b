/*
 * check_log.h - verdicts of a project's gate, as events.
 *
 * Each `ci check` writes `ci.checked`; its entity is `ci/<run id>`. The payload: {"verdict", "commit"?, "ref"?,
 * "url"?: of the pipeline, "model"?, "run_name"?, "failed": [names of the cases that failed, at most
 * BN_CI_FAILED_MOST], "cases": {"pass": n, ...}}. The records are history: nothing is decided by them.
 */
#ifndef BN_CI_CHECK_LOG_H
#define BN_CI_CHECK_LOG_H
#include "core/ci/report.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

enum { BN_CI_FAILED_MOST = 20 };

/* Appends one event; the caller commits, even after a failure (writer.h). */
int bn_ci_write_checked(bn_workspace *ws, const bn_ci_report *r, bn_err *err);

typedef struct bn_ci_checked {
	bn_ci_verdict verdict;
	char *run;                                   /* id */
	char *commit, *ref, *url, *model, *run_name; /* NULL: unknown */
	char *failed; /* names of failed cases, "a, b"; "" for none */
	char *user;
	int64_t passes, fails, inconclusives, skips; /* cases */
	int64_t time_ms;
} bn_ci_checked;

/* The newest one by a member or the reader (core/govern/members.h) that is not dated a day or more ahead; *out is
 * NULL if there is none, and yours. */
int bn_ci_last_checked(bn_ci_checked **out, bn_workspace *ws, bn_err *err);
void bn_ci_checked_free(bn_ci_checked *c);

extern const bn_fold_class bn_ci_class;

#endif
