/*
 * pages.h - the newest check of a dataset version, and the argument for another.
 */
#ifndef BN_TUI_VIEWS_CHECKS_PAGES_H
#define BN_TUI_VIEWS_CHECKS_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_check_row {
	const char *expectation, *column, *wanted, *observed;
	int64_t failing; /* rows; -1 unknown or not about rows */
	bn_state state;
	const char *columns; /* all names, if there are several columns; column is the first of
			      * them */
	const char *verdict; /* a word, if it is not that of the state: of one that is not critical, "WARN", "INFO" */
} bn_check_row;

typedef struct bn_checks {
	const char *suite;
	int64_t checked_ms; /* 0: never checked */
	const char *result; /* the hash of the result, from which failing rows are found again */
	const bn_check_row *items;
	size_t count;
} bn_checks;

/* A version, and the hash of one of its results; "": the newest one. */
typedef struct bn_checks_arg {
	char ref[BN_REF_BYTES];
	char result[65];
} bn_checks_arg;

typedef struct bn_recheck_arg {
	char ref[BN_REF_BYTES];
	char suite[BN_TYPED_BYTES]; /* a file; "": the suite of the version's last check */
	bool attached;              /* instead all suites that are attached to the dataset */
} bn_recheck_arg;

#endif
