/* gemv.c - see gemv.h. */
#include "kernels/op/gemv.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_gemv_args, x, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gemv_args, v, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gemv_args, out, BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_gemv_args *g = args;
	(void)type;
	if (!shape_is(&g->v, 1, g->x.cols) || !shape_is(&g->out, 1, g->x.rows))
		return BNK_EINVAL;
	return g->x.rows == 0 ? BNK_NOTHING : BNK_OK;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_gemv_args *g = args;
	(void)type;
	return (bnk_cost){shape_bytes(&g->x) + shape_bytes(&g->v) + shape_bytes(&g->out),
		2.0 * (double)g->x.rows * (double)g->x.cols};
}

BNK_OP_DEF(gemv);
