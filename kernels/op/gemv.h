/* gemv.h - out[m] = x[m,n] * v[n] + bias. */
#ifndef BNK_OP_GEMV_H
#define BNK_OP_GEMV_H
#include "kernels/kernels.h"

typedef struct bnk_gemv_args {
	bnk_view x, v, out;
	double bias;
} bnk_gemv_args;

#endif
