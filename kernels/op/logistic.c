/* logistic.c - see logistic.h. */
#include "kernels/op/logistic.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_logistic_args, z, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_logistic_args, y, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_logistic_args, w, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_logistic_args, residual, BNK_OUT | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_logistic_args, curvature, BNK_OUT | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_logistic_args, sums, BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_logistic_args *l = args;
	size_t m = l->z.cols;
	(void)type;
	return shape_is(&l->z, 1, m) && shape_is(&l->y, 1, m) && shape_may_be(&l->w, 1, m) &&
			       shape_may_be(&l->residual, 1, m) &&
			       shape_may_be(&l->curvature, 1, m) && shape_is(&l->sums, 1, 3)
		       ? BNK_OK
		       : BNK_EINVAL;
}

/* exp, log1p, and about 14 others, each counted as one. */
static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_logistic_args *l = args;
	(void)type;
	return (bnk_cost){shape_bytes(&l->z) + shape_bytes(&l->y) + shape_bytes(&l->w) +
				  shape_bytes(&l->residual) + shape_bytes(&l->curvature),
		16.0 * (double)l->z.cols};
}

BNK_OP_DEF(logistic);
