/* squared_loss.c - see squared_loss.h. */
#include "kernels/op/squared_loss.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_squared_loss_args, z, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_squared_loss_args, y, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_squared_loss_args, w, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_squared_loss_args, loss, BNK_OUT, BNK_F64),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_squared_loss_args *s = args;
	size_t m = s->z.cols;
	(void)type;
	return shape_is(&s->z, 1, m) && shape_is(&s->y, 1, m) && shape_may_be(&s->w, 1, m) &&
			       shape_is(&s->loss, 1, 1)
		       ? BNK_OK
		       : BNK_EINVAL;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_squared_loss_args *s = args;
	(void)type;
	return (bnk_cost){2 * shape_bytes(&s->z) + shape_bytes(&s->y) + shape_bytes(&s->w),
		7.0 * (double)s->z.cols};
}

BNK_OP_DEF(squared_loss);
