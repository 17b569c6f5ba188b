/*
 * derive.h - a table with computed columns as a table: the columns of another one, followed by the
 * values of expressions over its rows.
 *
 * Values are computed when batches are read, so a table of any size costs nothing until then. Rows,
 * batches and their numbers are those of the table below.
 */
#ifndef BN_TABLE_DERIVE_H
#define BN_TABLE_DERIVE_H
#include "core/table/table.h"

/* "name = expression; name = expression"; a name that is not an identifier is in backquotes, and
 * may then contain anything except backquotes. Expressions see the columns of the table, and those
 * before them. *table becomes the table with these columns, which owns the former one; on failure it
 * is unchanged. BN_EINVAL with the position in the text, also for a name that the table already has,
 * and for an expression whose values have no type. */
int bn_table_derive(bn_table_reader **table, const char *columns, bn_err *err);
/* Parses one "name = expression" of n bytes without binding it: *name and *expression point into
 * text; BN_EINVAL otherwise. */
int bn_derived_split(const char *text, size_t n, const char **name, size_t *name_bytes,
	const char **expression, size_t *expression_bytes, bn_err *err);

#endif
