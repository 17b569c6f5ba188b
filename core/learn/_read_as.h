/*
 * _read_as.h - the columns of a table that meets a model, read as the types that the model's inputs have.
 *
 * A validation or test part comes from another table than training as often as not: the same column may be a date in
 * one and a timestamp in the other, a number or its text. It is read as `binnacle predict` reads a file, so that a row
 * has the same answer there and here (core/source/cast.h); what does not fit is an error that names the row.
 */
#ifndef BN_LEARN__READ_AS_H
#define BN_LEARN__READ_AS_H
#include "core/learn/features.h"
#include "core/source/cast.h"

/* picked: the table's column for each source of f, in their order, as in the batches to come.
 * *out is yours; NULL: no conversion is needed. part: "test", for messages. Categories are left
 * unchanged, by their codes. BN_EINVAL for a column whose type cannot be converted to the
 * input's. */
int bn_read_as(bn_cast **out, const bn_schema *table, const size_t *picked, const bn_features *f,
	const char *part, bn_err *err);
/* Checks before the fit that each list in a row of the part has as many values as the model's
 * vector. BN_EINVAL with the row. */
int bn_read_as_check(const bn_part *p, const size_t *picked, const bn_features *f, const char *part,
	bn_err *err);
/* out[0 .. rows - 1]: element `in` of the vectors in rows from .. of a column; NaN if absent.
 * first_row: the table's number of row 0. BN_EINVAL for a list of another length. */
int bn_read_elements(double *out, const bn_column *c, size_t from, size_t rows,
	const bn_feature_input *in, uint64_t first_row, const char *part, bn_err *err);

#endif
