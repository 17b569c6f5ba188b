/*
 * adam.h - one Adam step on n parameters: Kingma and Ba 2015, algorithm 1, with the L2 term of scikit-learn's MLP
 * (added to the gradient). step counts from 1.
 */
#ifndef BNK_OP_ADAM_H
#define BNK_OP_ADAM_H
#include "kernels/kernels.h"

typedef struct bnk_adam_args {
	bnk_view param, grad, moment1, moment2;
	double learning_rate, beta1, beta2, epsilon, l2;
	uint64_t step;
} bnk_adam_args;

#endif
