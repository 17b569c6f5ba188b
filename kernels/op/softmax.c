/* softmax.c - see softmax.h. */
#include "kernels/op/softmax.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_softmax_args, z, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_softmax_args *s = args;
	(void)type;
	if (!shape_is_dense(&s->z))
		return BNK_EINVAL;
	return s->z.rows == 0 || s->z.cols == 0 ? BNK_NOTHING : BNK_OK;
}

/* A maximum, a difference, exp, a sum and a quotient. */
static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_softmax_args *s = args;
	(void)type;
	return (bnk_cost){2 * shape_bytes(&s->z), 5.0 * (double)s->z.rows * (double)s->z.cols};
}

BNK_OP_DEF(softmax);
