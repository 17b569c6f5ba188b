/*
 * list_table.h - a list that is shown (runs, rows of a screen) as a file: CSV, TSV, JSON, Markdown, Arrow or Parquet. Its
 * columns are added first, then its rows cell by cell; cells not set are absent.
 */
#ifndef BN_SOURCE_LIST_TABLE_H
#define BN_SOURCE_LIST_TABLE_H
#include "core/table/table.h"

typedef enum bn_list_format {
	BN_LIST_CSV,
	BN_LIST_TSV,
	BN_LIST_JSON, /* an array of objects */
	BN_LIST_MARKDOWN,
	BN_LIST_ARROW,
	BN_LIST_PARQUET,
} bn_list_format;

/* By the ending of a file's name. BN_EUNSUPPORTED or BN_EINVAL, and a hint with the endings. */
int bn_list_format_of(bn_list_format *out, const char *path, bn_err *err);

typedef struct bn_list_table bn_list_table;

int bn_list_table_new(bn_list_table **out, bn_err *err);
void bn_list_table_free(bn_list_table *t); /* NULL is fine */
/* FLOAT64, INT64, TIMESTAMP, DURATION or STRING. A name that is taken gets a number behind it. */
int bn_list_table_column(bn_list_table *t, const char *name, bn_type type, bn_err *err);
size_t bn_list_table_columns(const bn_list_table *t);
/* Cells of the row under construction. A failed allocation is reported by bn_list_table_row. */
void bn_list_table_f64(bn_list_table *t, size_t column, double value); /* NaN is a value */
void bn_list_table_i64(bn_list_table *t, size_t column, int64_t value);
void bn_list_table_text(bn_list_table *t, size_t column, const char *text); /* NULL: absent */
int bn_list_table_row(bn_list_table *t, bn_err *err);
/* Writes the file, which appears when it is complete. */
int bn_list_table_save(
	bn_list_table *t, const bn_env *env, const char *path, bn_list_format format, bn_err *err);

#endif
