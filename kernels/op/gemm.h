/*
 * gemm.h - c[m,n] = alpha * op(a) * op(b) + beta * c, where op(a) is m x k and op(b) is k x n.
 *
 * op is the transpose if trans_a or trans_b is set, else the matrix itself. beta 0 does not read c.
 */
#ifndef BNK_OP_GEMM_H
#define BNK_OP_GEMM_H
#include "kernels/kernels.h"

typedef struct bnk_gemm_args {
	bnk_view a, b, c;
	int trans_a, trans_b;
	double alpha, beta;
} bnk_gemm_args;

#endif
