/*
 * pages.h - the rows of a dataset version: selection, order, a window on them, and aggregates.
 */
#ifndef BN_TUI_VIEWS_ROWS_PAGES_H
#define BN_TUI_VIEWS_ROWS_PAGES_H
#include "core/table/table.h"
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The base of rows that were opened from a number that no expression reproduces: the failing rows of a check, rows
 * that share a value of any type, rows with a number in a bin, rows with or without a value of a type that
 * expressions do not support or in a column whose name does not fit into a filter, rows that differ between two
 * versions. Further filters apply to these rows.
 */
typedef enum bn_rows_kind {
	BN_ROWS_FAILING, /* check number `at` of the check's result `hash` */
	BN_ROWS_ALIKE, /* column `at` has the value that it has in row `row`, or is absent as there */
	BN_ROWS_WITHIN, /* the number of column `at` is lo or more, and below hi, or, if closed, at
			 * most hi */
	BN_ROWS_ABSENT, /* column `at` has no value */
	BN_ROWS_FINITE, /* column `at` has a value, of reals a finite one */
	BN_ROWS_INFINITE, /* column `at` is infinite */
	BN_ROWS_CHANGED,  /* column `at` differs from the same row of version `other`, or that of the same `key` */
	BN_ROWS_UNMATCHED, /* version `other` has no row of the same `key` */
} bn_rows_kind;

typedef struct bn_rows_base {
	bn_rows_kind kind;
	int at; /* index in the table, with derived columns: names may have any length */
	int64_t row;
	double lo, hi;
	bool closed, is_whole; /* is_whole: integers, with these bounds */
	int64_t whole_lo, whole_hi;
	char hash[65];
	char other[BN_REF_BYTES];
	char key[BN_ROW_KEY_BYTES]; /* as in bn_row_key_read; "": rows of the same number */
} bn_rows_base;

#define BN_ROWS_BASES 3
#define BN_ROWS_TITLE 320 /* bytes, for all bases */
#define BN_ROWS_NAME 40   /* columns of a name or value in it */
#define BN_DERIVED_BYTES 512

/* Some rows of a version: those that every base selects and that pass the filter. */
typedef struct bn_rows_of {
	char ref[BN_REF_BYTES];
	char derived[BN_DERIVED_BYTES]; /* columns after its own: core/table/derive.h */
	/* Words that a row must contain, or an expression: power > 250 AND state = FAILED
	 * (filter.h). */
	char filter[BN_FILTER_BYTES];
	bn_rows_base base[BN_ROWS_BASES];
	int bases;
	char title[BN_ROWS_TITLE]; /* description of the bases; "": none */
} bn_rows_of;

/* Rows of a version that pass a filter; "": all. Equal ones have equal bytes. */
bn_rows_of bn_rows_of_version(const char *ref, const char *filter);
/* Narrows by one more base with that description; false: there are too many. */
bool bn_rows_of_add(bn_rows_of *of, const bn_rows_base *base, const char *title);
/* A column for a filter. */
typedef struct bn_rows_column {
	int at; /* its number in the table, with derived ones */
	bn_type type;
	const char *name; /* borrowed */
} bn_rows_column;
/* Whether expressions support the column's values; for uint64, only whether there is one. */
bool bn_rows_column_has_tests(const bn_rows_column *c);
/* Adds a filter by the expression; or by the base, described by title, if the expression is NULL or the filter would
 * become too long. False: there are too many bases, or base is NULL. */
bool bn_rows_of_narrow(
	bn_rows_of *of, const char *expression, const bn_rows_base *base, const char *title);
/* Adds a filter for rows in which the column is in that state: BN_ROWS_ABSENT, FINITE, INFINITE; false as above. */
bool bn_rows_of_state(bn_rows_of *of, bn_rows_kind state, const bn_rows_column *c);
/* Describes the selection: "fails 'x not null' where y > 3"; "" if it is all rows. */
void bn_rows_of_words(const bn_rows_of *of, char *out, size_t size);

#define BN_ORDER_KEYS 4
typedef struct bn_order_key {
	int column; /* -1: the index of the row in the table */
	bool descending;
} bn_order_key;

/* Selection and order of a table's rows: no base, an empty filter and no sort is the table's own
 * order. */
typedef struct bn_order_arg {
	bn_rows_of of;
	bn_order_key sort[BN_ORDER_KEYS]; /* most significant first */
	int sorts;                        /* 0: the table's order */
} bn_order_arg;

typedef struct bn_order {
	const int64_t *rows; /* NULL: every row in the table's order */
	int64_t count;       /* rows that match */
	int64_t total;       /* rows of the table */
	size_t columns;
	const char *const *names, *const *units; /* unit NULL: unknown */
	const bn_type *types;
} bn_order;

#define BN_WINDOW_ROWS 256
typedef struct bn_window_arg {
	char ref[BN_REF_BYTES];
	char derived[BN_DERIVED_BYTES];
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

/* Aggregates of the rows in one column, counted over all of them. */
typedef struct bn_total {
	int64_t missing;
	double middle; /* the mean of numbers; NaN: none */
	const char *common; /* the most frequent value of other columns; NULL: none, or too many
			     * values */
	double share;   /* of the rows that have one */
} bn_total;

typedef struct bn_totals {
	int64_t rows;
	size_t columns;
	const bn_total *some; /* of the rows; one per column */
	const bn_total *all;  /* of the whole version, by its profile; NULL: it has none */
	size_t all_columns;   /* derived ones have none */
	int64_t all_rows;
} bn_totals;

typedef enum bn_export_kind {
	BN_EXPORT_FILE_CSV,
	BN_EXPORT_FILE_TSV,
	BN_EXPORT_FILE_ARROW,
	BN_EXPORT_FILE_JSON, /* an array of objects, one per row */
} bn_export_kind;

typedef struct bn_export_arg {
	bn_order_arg rows;
	char path[BN_PATH_BYTES]; /* replaced if it exists */
	bn_export_kind kind;
	/* Only these columns of the table, in this order; 0: all. */
	int columns;
	uint32_t column[256];
} bn_export_arg;

#endif
