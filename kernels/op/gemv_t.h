/* gemv_t.h - out[n] = sum over rows r of v[r] * (x[r] - shift). v[m] may be absent (ones), shift[n] too (zeros). */
#ifndef BNK_OP_GEMV_T_H
#define BNK_OP_GEMV_T_H
#include "kernels/kernels.h"

typedef struct bnk_gemv_t_args {
	bnk_view x, v, shift, out;
} bnk_gemv_t_args;

#endif
