/*
 * pages.h - profiles and frequencies of the rows that pass a filter.
 */
#ifndef BN_TUI_VIEWS_PROFILE_PAGES_H
#define BN_TUI_VIEWS_PROFILE_PAGES_H
#include "core/profile/profile.h"
#include "tui/views/pages.h"
#include "tui/views/rows/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_profile_arg {
	bn_rows_of of;
} bn_profile_arg;

/* Filters the rows without a value in a column of the profile; false: there are too many
 * filters. */
bool bn_profile_absent_rows(bn_rows_of *of, const bn_profile *p, const bn_profile_column *c);

typedef struct bn_frequency_arg {
	bn_rows_of of;
	int column; /* its number in the table, with derived ones */
} bn_frequency_arg;

#define BN_FREQUENCY_LISTED 2000 /* values that are listed one by one */

/* Selects the rows of a line, in addition to the counted rows: a filter (NULL: not expressible), or
 * a base. */
typedef struct bn_frequency_rows {
	const char *filter;
	const bn_rows_base *base;
} bn_frequency_rows;

typedef struct bn_frequency {
	bn_rows_column column;
	const bn_frequency_rows *rows;
	const char *const *values; /* NULL: absent values */
	const int64_t *counts; /* descending; bins of a continuous column are in their own order */
	size_t count;
	int64_t total, others; /* rows; rows whose values are not listed */
	int64_t distinct;      /* number of distinct values; -1: these are bins */
} bn_frequency;

/* Narrows to the rows that a line counts, among the counted ones; false: they cannot be narrowed
 * further, or the line is of all other values. */
bool bn_frequency_rows_of(bn_rows_of *of, const bn_frequency *d, int64_t row);

typedef struct bn_correlation {
	bn_rows_column a, b;
	double r;     /* Pearson's, over the rows in which both are present; NaN: one of them is
		   * constant, or too few */
	int64_t rows; /* rows in which both are present and finite */
} bn_correlation;

/* Filters the rows in which both columns of a pair have a finite value; false: there are too many
 * filters. */
bool bn_correlation_rows_of(bn_rows_of *of, const bn_correlation *c);

typedef struct bn_correlations {
	const bn_correlation *items; /* the strongest first */
	size_t count;
	size_t columns; /* number of compared columns */
	size_t numbers; /* number of numeric columns: the first ones are compared */
	int64_t rows;
} bn_correlations;

#endif
