/*
 * expect.h - runs a suite of checks over a table and reports which rows fail.
 *
 * Semantics are Great Expectations' (1.x, pandas engine): absent values (and NaN) are skipped
 * except by the null checks; `mostly` is the share of the others that must pass; without any of
 * them a check of values passes. A check that cannot run (no such column, text instead of numbers),
 * or reaches a limit of its pattern (pattern.h), has no success but exception_info, and the others
 * go on.
 *
 * A check has a severity, as in GX: critical (also without one), warning or info. The document's
 * success is GX's: no check failed, of any severity. Which of them decide is the caller's question
 * (bn_expect_verdict).
 *
 * The result document has GX's shape: {success, suite_name, results: [{success, expectation_config,
 * result {element_count, unexpected_count, unexpected_percent, partial_unexpected_list (20),
 * partial_unexpected_index_list (20), ...}, meta, exception_info}], statistics, suite_parameters,
 * meta}. Row numbers count from 0.
 *
 * Intended differences:
 *  - text checks (regex, like, lengths) need a text column; GX turns numbers into Python's
 *    spelling;
 *  - types are ours (table.h), and the names of NumPy, pandas, SQL and Spark are understood; a
 *    category counts as text; an integer column with gaps stays an integer (pandas makes it float);
 *  - a quantile that falls on a value next to an infinity is that value (pandas: NaN);
 *  - median and quantiles are exact up to BN_EXPECT_EXACT values, beyond that from a sketch, and
 *    the result then says so ("details": {"estimated": true, "rank_error": ..}).
 */
#ifndef BN_CHECK_EXPECT_H
#define BN_CHECK_EXPECT_H
#include "core/base/err.h"
#include "core/check/expect_item.h"
#include "core/check/suite.h"
#include "core/table/table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bn_expect_result {
	bool success;
	size_t count, failed;  /* failed: without success, including those that raised */
	size_t raised;         /* could not be run or decided: neither pass nor fail */
	bn_expect_item *items; /* like those of the suite */
	json_t *document;
} bn_expect_result;

/* A suite that was run on the same table before. */
typedef struct bn_expect_known {
	const bn_suite *suite;
	const bn_expect_result *result; /* NULL: it was not run */
} bn_expect_known;

/* What a run tells its caller, and asks it. */
typedef struct bn_expect_progress {
	bool (*report)(void *ctx, uint64_t checks_done, uint64_t checks); /* false: BN_EINTR */
	void *ctx;
	/* Opens another table, for the checks that compare with one; NULL: these cannot run
	 * (core/data/dataset.h has one for datasets). *out is the caller's. */
	int (*open_other)(void *tables, const char *name, bn_table_reader **out, bn_err *err);
	void *tables;
	int64_t now_ms; /* for the check of freshness; 0: it cannot run */
	/* What these found is taken over for a check of the same type and arguments, which reads no row then. */
	const bn_expect_known *known;
	size_t known_count;
} bn_expect_progress;

/* progress may be NULL. *out is yours. Fails only for errors that are not a check's: reading the
 * table, memory, interruption. */
int bn_expect_run(bn_expect_result **out, bn_table_reader *table, const bn_suite *suite,
	const bn_expect_progress *progress, bn_err *err);
/* All rows that fail one check, increasing: *rows, yours (bn_free), *count of them; none for checks
 * of a whole column or table. If the check cannot run, this is an error. progress may be NULL. */
int bn_expect_rows(uint64_t **rows, size_t *count, bn_table_reader *table,
	const bn_expectation *check, const bn_expect_progress *progress, bn_err *err);
void bn_expect_result_free(bn_expect_result *r);
/* The checks of at least that severity that fail, or (raised) that could not be run or decided. */
size_t bn_expect_count(const bn_expect_result *r, bn_severity least, bool raised);
/* What the checks of at least that severity say: 0, BN_EFAILED if one fails, else BN_EINCONCLUSIVE
 * if one could not be decided, with the counts; name: of what was checked. */
int bn_expect_verdict(
	const bn_expect_result *r, bn_severity least, const char *name, bn_err *err);

#endif
