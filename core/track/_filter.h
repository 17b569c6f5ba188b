/*
 * _filter.h - the filter language of query.h over runs: names (field.c), and the bound tree as SQL (filter.c).
 * The language itself is core/table/expr. Not for other modules.
 */
#ifndef BN_TRACK__FILTER_H
#define BN_TRACK__FILTER_H
#include "core/table/expr/expr.h"
#include "core/track/_piece.h"

/* Appends a condition to out. *at (may be NULL) gets the byte offset of an error. BN_EINVAL. */
int bn_filter_compile(
	bn_sql_piece *out, const bn_filter_world *w, const char *text, size_t *at, bn_err *err);
/* One field that takes all of text. */
int bn_filter_field(bn_run_field *out, bn_sql_piece *piece, const bn_filter_world *w,
	const char *text, bn_err *err);
/* The field's value as an expression: for display, or (number) as a number. */
void bn_filter_field_sql(
	bn_sql_piece *out, const bn_run_field *f, const bn_filter_world *w, bool number);

/* BN_ENOTFOUND, with the nearest name, if the expression names a key that no run has; errors as bn_filter_compile. */
int bn_filter_absent(const bn_filter_world *w, const char *text, bn_err *err);
/* The same for a single field. */
int bn_filter_field_absent(const bn_filter_world *w, const bn_run_field *f, bn_err *err);

/* Resolves names in an expression over runs. Slots are indexes in fields. */
typedef struct bn_filter_names {
	const bn_filter_world *w;
	bn_sql_piece *piece; /* whose arena has the keys */
	bn_run_field *fields;
	size_t count, cap;
} bn_filter_names;

bn_expr_names bn_filter_expr_names(bn_filter_names *n);
void bn_filter_names_release(bn_filter_names *n);

#endif
