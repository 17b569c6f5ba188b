/*
 * pages.h - profiles and frequencies of the rows that a filter leaves.
 */
#ifndef BN_TUI_VIEWS_PROFILE_PAGES_H
#define BN_TUI_VIEWS_PROFILE_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_profile_arg {
	char ref[BN_REF_BYTES];
	char filter[256]; /* as of bn_order_arg; "": all rows */
} bn_profile_arg;

typedef struct bn_frequency_arg {
	char ref[BN_REF_BYTES];
	char filter[256];
	char column[128];
} bn_frequency_arg;

typedef struct bn_frequency {
	const char *const *filters; /* what shows just these rows: bn_order_arg.filter */
	const char *const *values;  /* NULL: absent values */
	const int64_t *counts; /* falling; bins of a continuous column stand in their own order */
	size_t count;
	int64_t total, others; /* rows; rows whose values are not listed */
	bool exact;            /* false: counts are estimates, and wear "~" */
} bn_frequency;

#endif
