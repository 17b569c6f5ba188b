/* gemv_t.c - see gemv_t.h. */
#include "kernels/op/gemv_t.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_gemv_t_args, x, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gemv_t_args, v, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gemv_t_args, shift, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gemv_t_args, out, BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_gemv_t_args *g = args;
	size_t n = g->x.cols;
	(void)type;
	if (!shape_is(&g->out, 1, n) || !shape_may_be(&g->v, 1, g->x.rows) ||
		!shape_may_be(&g->shift, 1, n))
		return BNK_EINVAL;
	return n == 0 ? BNK_NOTHING : BNK_OK;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_gemv_t_args *g = args;
	(void)type;
	return (bnk_cost){shape_bytes(&g->x) + shape_bytes(&g->v) + shape_bytes(&g->out),
		(g->shift.buffer ? 3.0 : 2.0) * (double)g->x.rows * (double)g->x.cols};
}

BNK_OP_DEF(gemv_t);
