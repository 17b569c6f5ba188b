/*
 * logistic.h - binary logistic regression, one pass over margins z[m] with targets y in {0,1}:
 *   p = 1/(1+exp(-z)), residual = w (p - y), curvature = w p (1 - p),
 *   sums = {sum w*log-loss, sum residual, sum curvature}.
 *
 * w may be absent (ones); residual and curvature may be absent (not wanted).
 */
#ifndef BNK_OP_LOGISTIC_H
#define BNK_OP_LOGISTIC_H
#include "kernels/kernels.h"

typedef struct bnk_logistic_args {
	bnk_view z, y, w, residual, curvature, sums;
} bnk_logistic_args;

#endif
