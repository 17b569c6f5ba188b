/* bias_act.h - z[m,n] = act(z + bias[n]), z dense. NaN is preserved. */
#ifndef BNK_OP_BIAS_ACT_H
#define BNK_OP_BIAS_ACT_H
#include "kernels/kernels.h"

typedef enum bnk_act { BNK_ACT_NONE = 0, BNK_ACT_RELU = 1 } bnk_act;

typedef struct bnk_bias_act_args {
	bnk_view z, bias;
	bnk_act act;
} bnk_bias_act_args;

#endif
