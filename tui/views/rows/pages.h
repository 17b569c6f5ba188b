/*
 * pages.h - the rows of a dataset version: which of them, in which order, and a window on them.
 */
#ifndef BN_TUI_VIEWS_ROWS_PAGES_H
#define BN_TUI_VIEWS_ROWS_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_ORDER_KEYS 4
typedef struct bn_order_key {
	int column; /* -1: the place of the row in the table */
	bool descending;
} bn_order_key;

/* Which rows of a table, in which order: an empty filter and no sort is the table as it lies. */
typedef struct bn_order_arg {
	char ref[BN_REF_BYTES];
	/* Words that a row must hold, or an expression: power > 250 AND state = FAILED (filter.h). */
	char filter[256];
	bn_order_key sort[BN_ORDER_KEYS]; /* the first decides, then the next */
	int sorts;                        /* 0: as they lie */
} bn_order_arg;

typedef struct bn_order {
	const int64_t *rows; /* NULL: every row in its own order */
	int64_t count;       /* rows that match */
	int64_t total;       /* rows of the table */
	size_t columns;
	const char *const *names, *const *units; /* unit NULL: not known */
	const bool *is_number;
} bn_order;

#define BN_WINDOW_ROWS 256
typedef struct bn_window_arg {
	char ref[BN_REF_BYTES];
	int64_t rows[BN_WINDOW_ROWS]; /* row numbers */
	int count;
	int64_t first; /* position of rows[0] in the order, for the view */
} bn_window_arg;

typedef struct bn_window {
	int64_t first;
	int count;
	size_t columns;
	const char *const *cells; /* [count * columns]; NULL: absent */
} bn_window;

typedef struct bn_export_arg {
	bn_order_arg rows;
	char path[512]; /* TSV when it ends with .tsv, else CSV; replaced when it is there */
} bn_export_arg;

#endif
