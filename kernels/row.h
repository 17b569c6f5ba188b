/*
 * row.h - one row through a dense layer, on the host, for serving single requests.
 *
 * A batch uses gemm; a single row is done before a BLAS call has checked its arguments. Terms are
 * added input by input, so a row's result does not depend on other rows, and is the same on every
 * instruction set.
 */
#ifndef BNK_ROW_H
#define BNK_ROW_H
#include "kernels/op/bias_act.h"

/* to[outputs] = act(bias + from[inputs] * weight[inputs, outputs]). from and to do not overlap. */
void bnk_row_dense(size_t inputs, size_t outputs, const float *weight, const float *bias,
	const float *from, float *to, bnk_act act);

#endif
