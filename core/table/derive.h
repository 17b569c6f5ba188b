/*
 * derive.h - a table with columns that are computed, as a table: those of another one, and behind them the values of
 * expressions over its rows.
 *
 * Values are computed as batches are read, so a table of any size costs nothing until it is looked at. Rows, batches and
 * their numbers are those of the table below.
 */
#ifndef BN_TABLE_DERIVE_H
#define BN_TABLE_DERIVE_H
#include "core/table/table.h"

/* "name = expression; name = expression"; a name that is no word stands in backquotes, and so may hold anything but
 * them. Expressions see the columns of the table, and those before them. Takes the table, which *out then owns; on
 * failure *table is unchanged. BN_EINVAL with the place in the text, also for a name that the table has already, and for
 * an expression whose values are of no type. */
int bn_table_derive(bn_table_reader **table, const char *columns, bn_err *err);
/* Reads one "name = expression" without binding it: *name and *expression lie in text; BN_EINVAL otherwise. */
int bn_derived_split(const char *text, size_t n, const char **name, size_t *name_bytes,
	const char **expression, size_t *expression_bytes, bn_err *err);

#endif
