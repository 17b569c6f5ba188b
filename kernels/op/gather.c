/* gather.c - see gather.h. */
#include "kernels/op/gather.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_gather_args, from, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gather_args, index, BNK_IN, BNK_I32),
	BNK_OPERAND(bnk_gather_args, to, BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_gather_args *g = args;
	(void)type;
	if (!shape_is(&g->index, 1, g->to.rows) || g->from.cols != g->to.cols ||
		!shape_is_dense(&g->from) || !shape_is_dense(&g->to))
		return BNK_EINVAL;
	return g->to.rows == 0 || g->to.cols == 0 ? BNK_NOTHING : BNK_OK;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_gather_args *g = args;
	(void)type;
	return (bnk_cost){2 * shape_bytes(&g->to) + shape_bytes(&g->index), 0};
}

BNK_OP_DEF(gather);
