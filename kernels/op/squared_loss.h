/*
 * squared_loss.h - z[m] becomes scale * w * (z - y), and loss = the unscaled sum of w * (z - y)^2 / 2, a float64.
 *
 * w may be absent (ones).
 */
#ifndef BNK_OP_SQUARED_LOSS_H
#define BNK_OP_SQUARED_LOSS_H
#include "kernels/kernels.h"

typedef struct bnk_squared_loss_args {
	bnk_view z, y, w, loss;
	double scale;
} bnk_squared_loss_args;

#endif
