/* col_sum.h - out[n] = column sums of x[m,n], dense. */
#ifndef BNK_OP_COL_SUM_H
#define BNK_OP_COL_SUM_H
#include "kernels/kernels.h"

typedef struct bnk_col_sum_args {
	bnk_view x, out;
} bnk_col_sum_args;

#endif
