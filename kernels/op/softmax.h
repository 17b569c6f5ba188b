/* softmax.h - rows of z[m,n], dense, become softmax probabilities in place. */
#ifndef BNK_OP_SOFTMAX_H
#define BNK_OP_SOFTMAX_H
#include "kernels/kernels.h"

typedef struct bnk_softmax_args {
	bnk_view z;
} bnk_softmax_args;

#endif
