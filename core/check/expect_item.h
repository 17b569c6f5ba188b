/*
 * expect_item.h - the result of one check: written by the check (_check_run.h), kept by the run of
 * a suite (expect.h).
 */
#ifndef BN_CHECK_EXPECT_ITEM_H
#define BN_CHECK_EXPECT_ITEM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_EXPECT_PARTIAL 20
#define BN_EXPECT_ROWS 10000        /* failing row numbers kept per check; the count is exact */
#define BN_EXPECT_EXACT (32u << 20) /* values sorted in memory for a median */

/* Great Expectations' severity of a check, ascending. */
typedef enum bn_severity { BN_SEVERITY_INFO, BN_SEVERITY_WARNING, BN_SEVERITY_CRITICAL } bn_severity;

typedef struct bn_expect_item {
	bool success, raised;
	bn_severity severity;
	uint64_t unexpected; /* rows that fail; 0 for checks of a whole column or table */
	uint64_t *rows;      /* the first of them, increasing */
	size_t row_count;    /* at most BN_EXPECT_ROWS */
} bn_expect_item;

#endif
