/*
 * gram.h - out[n,n] = sum over rows r of w[r] * (x[r] - shift) (x[r] - shift)^T, both triangles.
 *
 * x is m x n. w[m] >= 0 may be absent (ones), shift[n] may be absent (zeros).
 */
#ifndef BNK_OP_GRAM_H
#define BNK_OP_GRAM_H
#include "kernels/kernels.h"

typedef struct bnk_gram_args {
	bnk_view x, w, shift, out;
} bnk_gram_args;

#endif
