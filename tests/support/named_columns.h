/*
 * named_columns.h - columns in arrays, by name, as a training table for tests and fuzz targets of
 * models.
 */
#ifndef BN_TEST_NAMED_COLUMNS_H
#define BN_TEST_NAMED_COLUMNS_H
#include "core/learn/features.h"

/* Borrows everything. */
typedef struct named_columns {
	const char *const *names;
	bn_batch batch;
} named_columns;

/* Aborts if there is no such column. */
const bn_column *named_columns_find(const named_columns *t, const char *name);
/* A table of them, in a nameless file. *out is yours. */
int named_columns_open(bn_table_reader **out, const named_columns *t, bn_err *err);
/* bn_features_learn from all rows and columns, on one thread. */
int named_columns_learn(
	bn_features **out, const named_columns *t, const bn_features_options *opt, bn_err *err);

/* The dictionary of n texts, at most 8, using the memory `room`. */
typedef struct named_dict {
	bn_dict dict;
	int32_t offsets[9];
	char bytes[64];
} named_dict;
const bn_dict *named_dict_of(named_dict *room, const char *const *texts, size_t n);

#endif
