/*
 * frame.h - columns as the training room sees them: borrowed arrays, nothing owned.
 *
 * Whoever holds a table (core/data), a request (core/learn) or a test's arrays makes views of them
 * and keeps the memory alive for as long as the views are used.
 */
#ifndef BN_LEARN_FRAME_H
#define BN_LEARN_FRAME_H
#include "core/table/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum bn_view_kind {
	BN_VIEW_NUMBER = 0, /* double; integers and timestamps come as doubles too */
	BN_VIEW_BOOL,       /* codes 0 or 1 */
	BN_VIEW_CATEGORY,   /* codes into a dictionary of strings */
} bn_view_kind;

typedef struct bn_column_view {
	const char *name;
	bn_view_kind kind;
	bn_type type; /* NUMBER: of the numbers where they came from */
	size_t rows;
	const double *numbers;         /* NUMBER: rows values; NaN is missing */
	const int32_t *codes;          /* BOOL, CATEGORY: rows codes; negative is missing */
	const char *const *dictionary; /* CATEGORY: dictionary_size strings */
	size_t dictionary_size;
	bool has_nul;            /* one of them holds a NUL byte, behind which it is cut */
	const uint8_t *validity; /* Arrow bitmap, bit r % 8 of byte r / 8; NULL: all valid */
	/* NUMBER: value number `element` of the rows of a column of vectors, of so many elements; else NULL, 0, 0 */
	const char *column;
	size_t element, elements;
} bn_column_view;

typedef struct bn_frame_view {
	const bn_column_view *columns;
	size_t column_count;
	size_t rows; /* of every column */
} bn_frame_view;

/* NULL when there is no such column. */
const bn_column_view *bn_frame_find(const bn_frame_view *frame, const char *name);
bool bn_column_is_missing(const bn_column_view *column, size_t row);

bn_view_kind bn_view_kind_of(bn_type type);
bool bn_view_takes(bn_type type); /* can a model learn from, or to predict, such a column? */
/* Is it a vector, fixed<T, n> of numbers, whose n values are inputs of a model each? */
bool bn_view_is_vector(const bn_field *f);
/* BN_EINVAL, for a column from which it cannot, with what to do. */
int bn_view_refuse(const bn_field *f, bn_err *err);
/* Of a boolean or category of a table; -1 when absent. */
int32_t bn_column_code(const bn_column *c, size_t row);

const char *bn_view_kind_name(bn_view_kind kind); /* "number", "boolean", "category" */
/* False when there is no such kind. */
bool bn_view_kind_parse(bn_view_kind *out, const char *name);

#endif
