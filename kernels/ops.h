/*
 * ops.h - the table of operations: one row each.
 *
 * A row is number, name, element types, class and tolerance. Numbers are permanent and rows are only appended:
 * a plug-in and a program of different versions agree on the numbers that both know, and what the plug-in lacks
 * is computed on the CPU (queue.h). An operation's definition and arguments are in kernels/op/NAME.h; its
 * checks and cost in kernels/op/NAME.c; its implementations in kernels/cpu/NAME.c and kernels/cuda/NAME.cu.
 *
 * Classes say when results have equal bytes:
 *   EXACT  everywhere: on every back end, instruction set and number of threads
 *   FIXED  on one back end, at any number of threads and with every variant of the CPU
 *   LOOSE  on one machine, at any number of threads (a library chooses by processor)
 * Otherwise results agree within tolerance * epsilon * (16 + terms of the longest sum), relative to 1 +
 * |value|, epsilon being the element type's.
 */
#ifndef BNK_OPS_H
#define BNK_OPS_H

/* X(number, NAME, name, element types, class, tolerance) */
#define BNK_OPS(X) \
	X(0, GEMM, gemm, BNK_HAS(F32) | BNK_HAS(F64), LOOSE, 1) \
	X(1, GRAM, gram, BNK_HAS(F64), LOOSE, 1) \
	X(2, GEMV, gemv, BNK_HAS(F64), FIXED, 1) \
	X(3, GEMV_T, gemv_t, BNK_HAS(F64), FIXED, 1) \
	X(4, LOGISTIC, logistic, BNK_HAS(F64), FIXED, 1) \
	X(5, SOFTMAX, softmax, BNK_HAS(F32) | BNK_HAS(F64), FIXED, 1) \
	X(6, SOFTMAX_LOSS, softmax_loss, BNK_HAS(F32) | BNK_HAS(F64), FIXED, 1) \
	X(7, SQUARED_LOSS, squared_loss, BNK_HAS(F32), FIXED, 1) \
	X(8, BIAS_ACT, bias_act, BNK_HAS(F32), FIXED, 1) \
	X(9, RELU_GRAD, relu_grad, BNK_HAS(F32), EXACT, 0) \
	X(10, COL_SUM, col_sum, BNK_HAS(F32), FIXED, 1) \
	X(11, ADAM, adam, BNK_HAS(F32), FIXED, 1) \
	X(12, GATHER, gather, BNK_HAS_ALL, EXACT, 0) \
	X(13, GRAM_TILE, gram_tile, BNK_HAS(F64), FIXED, 1)

#endif
