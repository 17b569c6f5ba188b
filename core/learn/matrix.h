/*
 * matrix.h - what a trainer is given: a dense design matrix, a target and row weights.
 *
 * Always float64, row-major, no missing values: the feature pipeline has seen to that. Trainers
 * that compute in float32 (the MLP) convert for themselves.
 */
#ifndef BN_LEARN_MATRIX_H
#define BN_LEARN_MATRIX_H
#include "core/base/err.h"
#include "core/learn/features.h"

/* Borrowed arrays. */
typedef struct bn_design {
	size_t rows, cols;
	const double *x; /* rows * cols */
	const double *y; /* rows: a number, or a class index 0 .. classes - 1; NULL to predict */
	const double *weights; /* rows, >= 0, or NULL for ones */
} bn_design;

/* An owned design, made from a frame. Rows whose target is missing, or a class that
 * no model could answer, are left out and counted. */
typedef struct bn_matrix {
	bn_design view;
	double *x, *y;
	size_t dropped; /* rows without a target */
	size_t unseen;  /* rows of a class that training had not seen: left out as well */
	bn_features_seen seen;
} bn_matrix;

#define BN_MATRIX_INIT \
	{ \
		{0, 0, NULL, NULL, NULL}, NULL, NULL, 0, 0, \
		{ \
			0, 0 \
		} \
	}

/* BN_ENOMEM with the size when it does not fit. */
int bn_matrix_build(bn_matrix *out, const bn_features *f, const bn_frame_view *frame, bn_err *err);
void bn_matrix_release(bn_matrix *m);

#endif
