/* bias_act.c - see bias_act.h. */
#include "kernels/op/bias_act.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_bias_act_args, z, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_bias_act_args, bias, BNK_IN, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_bias_act_args *b = args;
	(void)type;
	if (!shape_is_dense(&b->z) || !shape_is(&b->bias, 1, b->z.cols))
		return BNK_EINVAL;
	return b->z.rows == 0 || b->z.cols == 0 ? BNK_NOTHING : BNK_OK;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_bias_act_args *b = args;
	(void)type;
	return (bnk_cost){2 * shape_bytes(&b->z) + shape_bytes(&b->bias),
		(b->act == BNK_ACT_NONE ? 1.0 : 2.0) * (double)b->z.rows * (double)b->z.cols};
}

BNK_OP_DEF(bias_act);
