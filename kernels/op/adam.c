/* adam.c - see adam.h. */
#include "kernels/op/adam.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_adam_args, param, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_adam_args, grad, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_adam_args, moment1, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_adam_args, moment2, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_adam_args *a = args;
	size_t n = a->param.cols;
	(void)type;
	if (!shape_is(&a->param, 1, n) || !shape_is(&a->grad, 1, n) ||
		!shape_is(&a->moment1, 1, n) || !shape_is(&a->moment2, 1, n) || a->step == 0)
		return BNK_EINVAL;
	return n == 0 ? BNK_NOTHING : BNK_OK;
}

/* A square root and a quotient count as one each. */
static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_adam_args *a = args;
	(void)type;
	return (bnk_cost){2 * shape_bytes(&a->param) + shape_bytes(&a->grad) +
				  2 * shape_bytes(&a->moment1) + 2 * shape_bytes(&a->moment2),
		15.0 * (double)a->param.cols};
}

BNK_OP_DEF(adam);
