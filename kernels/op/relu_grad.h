/* relu_grad.h - grad[i] = 0 where act[i] <= 0. */
#ifndef BNK_OP_RELU_GRAD_H
#define BNK_OP_RELU_GRAD_H
#include "kernels/kernels.h"

typedef struct bnk_relu_grad_args {
	bnk_view grad, act;
} bnk_relu_grad_args;

#endif
