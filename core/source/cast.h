/*
 * cast.h - converts batches of a typed source to other types: `as` (source.h) for sources that are
 * not text.
 *
 * A value is converted if it is exactly representable: 3.0 is an int64, 3.5 is not; text is parsed
 * by cell.h, and a number, bool or time becomes the text that bn_column_format writes. A value that
 * does not fit is an error with row and column. A column that already has the type is passed on
 * unchanged.
 */
#ifndef BN_SOURCE_CAST_H
#define BN_SOURCE_CAST_H
#include "core/source/source.h"

typedef struct bn_cast bn_cast;

/* from: the schema of the batches to come; path: for messages. options->as must not be NULL; it is
 * only used during this call. BN_EINVAL if a column of `as` is missing. *out is yours. */
int bn_cast_new(bn_cast **out, const bn_schema *from, const bn_source_options *options,
	const char *path, bn_err *err);
void bn_cast_free(bn_cast *c);
const bn_schema *bn_cast_schema(const bn_cast *c); /* borrowed */
/* *out is borrowed until the next call, and borrows from in. */
int bn_cast_batch(const bn_batch **out, bn_cast *c, const bn_batch *in, bn_err *err);

/* "a, b, ..." for a hint: the first names. */
#define BN_CAST_COLUMNS 160
void bn_cast_columns(const bn_schema *s, char out[BN_CAST_COLUMNS]);
/* "FILE: no column 'x', which the model needs". */
int bn_cast_missing(const bn_schema *from, const char *name, const bn_source_options *options,
	const char *path, bn_err *err);

#endif
