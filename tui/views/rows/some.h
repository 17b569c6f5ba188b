/*
 * some.h - the rows that a bn_rows_of selects, as numbers and as a table; frequencies, profiles,
 * totals, correlations and exports count that table, so that each is consistent with the rows on
 * the screen. For workers.
 */
#ifndef BN_TUI_VIEWS_ROWS_SOME_H
#define BN_TUI_VIEWS_ROWS_SOME_H
#include "tui/views/_source.h"

typedef struct bn_some_rows {
	bn_table_reader *table; /* of the version, with derived columns; the reader's */
	int64_t *rows;          /* increasing; NULL: all */
	size_t count;
	bn_table_reader *picked; /* of those rows; NULL: table is */
} bn_some_rows;

/* BN_EINVAL with the position in the filter or in a derived column; BN_EINTR. Release it also after
 * an error. */
int bn_some_rows_find(
	bn_some_rows *out, bn_reader *r, const bn_rows_of *of, bn_job *job, bn_err *err);
/* The rows as a table; borrowed until released. */
int bn_some_rows_table(bn_table_reader **out, bn_some_rows *s, bn_err *err);
void bn_some_rows_release(bn_some_rows *s);
/* BN_EINVAL if the table has no column at that index. */
int bn_some_rows_column(const bn_table_reader *table, int at, bn_err *err);
/* Whether every row is selected. */
bool bn_rows_of_all(const bn_rows_of *of);

#endif
