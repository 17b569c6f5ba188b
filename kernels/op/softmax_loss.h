/*
 * softmax_loss.h - rows of z[m,n], dense, become scale * w[r] * (softmax(z) - onehot(label[r])), and loss = the
 * unscaled sum of w[r] * cross-entropy, a float64 for every type.
 *
 * The caller guarantees label[r] < n. w may be absent (ones).
 */
#ifndef BNK_OP_SOFTMAX_LOSS_H
#define BNK_OP_SOFTMAX_LOSS_H
#include "kernels/kernels.h"

typedef struct bnk_softmax_loss_args {
	bnk_view z, label, w, loss;
	double scale;
} bnk_softmax_loss_args;

#endif
