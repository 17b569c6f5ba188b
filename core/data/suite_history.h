/*
 * suite_history.h - what the checks of a dataset's suites found of its versions, as a table: a line for each suite and,
 * below it, one for each of its checks; a column for each version, the newest first.
 *
 * A check is the same in two versions of a suite if its type and its columns are the same; several of these are told
 * apart by their order. So a check whose limits were changed keeps its line. Of several runs of a suite on one version
 * the newest counts.
 */
#ifndef BN_DATA_SUITE_HISTORY_H
#define BN_DATA_SUITE_HISTORY_H
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BN_SUITE_HISTORY_VERSIONS = 64 }; /* the newest ones */

/* Ascending, by what it means for the version. */
typedef enum bn_check_verdict {
	BN_CHECK_SKIPPED, /* the suite did not run, or had no such check */
	BN_CHECK_PASSED,
	BN_CHECK_INFO,      /* failed, of severity info */
	BN_CHECK_WARNING,   /* failed, of severity warning */
	BN_CHECK_UNDECIDED, /* ended in an error: neither passed nor failed */
	BN_CHECK_FAILED,    /* failed, and is critical */
} bn_check_verdict;

/* "-", "pass", "INFO", "WARN", "ERROR", "FAIL": as data check prints it. */
const char *bn_check_verdict_name(bn_check_verdict v);
/* Of one of the "results" of a document (core/check/expect.h). *weighs, if not NULL: what it means for its suite, in
 * which only critical checks decide. */
bn_check_verdict bn_check_verdict_of(const json_t *result, bn_check_verdict *weighs);

typedef struct bn_suite_cell {
	bn_check_verdict verdict; /* of a suite: the worst of its checks, of which only critical ones fail it */
	int64_t failing; /* of a check: rows that fail, -1 unknown or not about rows; of a suite: its failing checks */
	int64_t at;      /* of a check: its number in the result, from 0 */
	int64_t evaluated, checked_ms; /* of a suite: its checks, and when they ran */
	char result[65]; /* of a suite: the result's hash */
} bn_suite_cell;

typedef struct bn_suite_line {
	char *suite;
	json_t *config; /* of a check, as in the newest version that has it; NULL: the line of a suite */
	bool attached, required; /* of a suite */
	int64_t attached_ms;
	char *user;           /* who attached it; NULL: it is not attached */
	bn_suite_cell *cells; /* one for each version */
	char *key;            /* private: type and columns of a check */
	size_t seen;          /* private: the version that filled in its cell last, from 1 */
} bn_suite_line;

typedef struct bn_suite_history {
	char *dataset;
	int64_t *versions; /* newest first */
	size_t version_count, left_out; /* left_out: older versions */
	bn_suite_line *lines; /* attached suites first, by name; then those that were detached */
	size_t line_count, line_cap;
} bn_suite_history;

#define BN_SUITE_HISTORY_INIT \
	{ \
		.lines = NULL \
	}

/* most: versions, at most BN_SUITE_HISTORY_VERSIONS. Marked columns are masked (protect.h). What this user may not read,
 * as the result of another user's private version, has the verdict of its suite and none of its checks. BN_ENOTFOUND:
 * no such dataset. *out: initialised; release it after a failure too. */
int bn_suite_history_load(
	bn_suite_history *out, bn_workspace *ws, const char *dataset, size_t most, bn_err *err);
void bn_suite_history_release(bn_suite_history *h);

#endif
