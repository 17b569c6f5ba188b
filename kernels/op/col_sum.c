/* col_sum.c - see col_sum.h. */
#include "kernels/op/col_sum.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_col_sum_args, x, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_col_sum_args, out, BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_col_sum_args *c = args;
	(void)type;
	if (!shape_is_dense(&c->x) || !shape_is(&c->out, 1, c->x.cols))
		return BNK_EINVAL;
	return c->x.cols == 0 ? BNK_NOTHING : BNK_OK;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_col_sum_args *c = args;
	(void)type;
	return (bnk_cost){shape_bytes(&c->x) + shape_bytes(&c->out),
		1.0 * (double)c->x.rows * (double)c->x.cols};
}

BNK_OP_DEF(col_sum);
