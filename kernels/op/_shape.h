/* _shape.h - helpers by which operations check that their views fit together. */
#ifndef BNK_OP_SHAPE_H
#define BNK_OP_SHAPE_H
#include "kernels/kernels.h"

static inline int shape_is(const bnk_view *v, size_t rows, size_t cols)
{
	return v->rows == rows && v->cols == cols;
}

/* Absent, or of that shape. */
static inline int shape_may_be(const bnk_view *v, size_t rows, size_t cols)
{
	return !v->buffer || shape_is(v, rows, cols);
}

static inline int shape_is_dense(const bnk_view *v)
{
	return v->rows <= 1 || v->ld == v->cols;
}

static inline double shape_bytes(const bnk_view *v)
{
	return v->buffer ? (double)v->rows * (double)v->cols * (double)bnk_dtype_bytes(v->type) : 0;
}

/* Fills in an operation's definition, from its operands and two functions of its file. */
#define BNK_OP_DEF(name) \
	const bnk_op_def bnk_op_##name = {.args_bytes = sizeof(bnk_##name##_args), \
		.operands = operands, \
		.operand_count = sizeof operands / sizeof *operands, \
		.check = check, \
		.cost = cost}

#endif
