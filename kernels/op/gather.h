/*
 * gather.h - to[i,:] = from[index[i],:], dense rows of n elements.
 *
 * Bits are preserved, including labels and NaN payloads. index is not checked: it must be within from's rows.
 */
#ifndef BNK_OP_GATHER_H
#define BNK_OP_GATHER_H
#include "kernels/kernels.h"

typedef struct bnk_gather_args {
	bnk_view from, index, to;
} bnk_gather_args;

#endif
