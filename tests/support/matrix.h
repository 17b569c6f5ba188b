/*
 * matrix.h - a complete design in memory, built from columns, for inspection in tests; and fits on
 * arrays.
 */
#ifndef BN_TEST_MATRIX_H
#define BN_TEST_MATRIX_H
#include "core/learn/rows.h"
#include "core/learn/trainer.h"
#include "tests/support/named_columns.h"

/* Rows whose target is missing, or an unknown class, are left out and counted. */
typedef struct matrix {
	bn_design view;
	double *x, *y;
	size_t dropped, unseen;
} matrix;

int matrix_build(matrix *out, const bn_features *f, const named_columns *t, bn_err *err);
void matrix_release(matrix *m);
/* bn_trainer_fit on these rows; the request's rows are ignored. */
int matrix_fit(bn_estimator **out, const bn_trainer *t, const bn_fit_request *r,
	const bn_design *train, bn_err *err);

/* The columns' rows as a batch for the model (bn_features_apply). Its memory comes from malloc:
 * matrix_batch_release. */
void matrix_batch(bn_batch *out, const bn_features *f, const named_columns *t);
void matrix_batch_release(bn_batch *b);
/* out[rows * width]: the columns' rows through the pipeline. */
void matrix_design(double *out, const bn_features *f, const named_columns *t);

#endif
