/*
 * filter.h - the filter of a table's rows, as typed after '/': words that a row must contain, or an
 * expression (core/table/expr/expr.h), or both, as "words; expression". Text with an operator is an
 * expression.
 */
#ifndef BN_VIEWS_ROWS_FILTER_H
#define BN_VIEWS_ROWS_FILTER_H
#include "core/table/expr/expr.h"
#include "core/table/table.h"
#include "tui/views/rows/pages.h"

#define BN_ROW_WORDS 16

typedef struct bn_row_filter {
	char text[BN_FILTER_BYTES]; /* the words, each terminated by a NUL */
	const char *words[BN_ROW_WORDS];
	size_t count;
	bn_expr *where; /* NULL: none */
} bn_row_filter;

/* BN_EINVAL with the position in the filter. Release it also after an error. */
int bn_row_filter_read(
	bn_row_filter *out, const char *filter, const bn_schema *schema, bn_err *err);
void bn_row_filter_release(bn_row_filter *f);
/* The expression of a filter without words; NULL if there is none. */
const char *bn_row_filter_expression(const char *filter);
/* Appends the condition that the column has a value, a finite one if it is real. */
void bn_row_filter_put_present(bn_buf *out, const char *column, bool is_real);
/* The rows that pass `filter` and the expression `more`; false if that is longer than out. */
bool bn_row_filter_and(char *out, size_t size, const char *filter, const char *more);
/* Appends "binnacle data VERB REF [COLUMN] --json" with the filter; nothing if no command counts
 * these rows. */
void bn_rows_of_cli(const bn_rows_of *of, const char *verb, const char *column, bn_buf *out);

#endif
