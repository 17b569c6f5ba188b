/* softmax_loss.c - see softmax_loss.h. */
#include "kernels/op/softmax_loss.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_softmax_loss_args, z, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_softmax_loss_args, label, BNK_IN, BNK_I32),
	BNK_OPERAND(bnk_softmax_loss_args, w, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_softmax_loss_args, loss, BNK_OUT, BNK_F64),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_softmax_loss_args *s = args;
	size_t m = s->z.rows;
	(void)type;
	return s->z.cols > 0 && shape_is_dense(&s->z) && shape_is(&s->label, 1, m) &&
			       shape_may_be(&s->w, 1, m) && shape_is(&s->loss, 1, 1)
		       ? BNK_OK
		       : BNK_EINVAL;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_softmax_loss_args *s = args;
	(void)type;
	return (bnk_cost){2 * shape_bytes(&s->z) + shape_bytes(&s->label) + shape_bytes(&s->w),
		7.0 * (double)s->z.rows * (double)s->z.cols + 4.0 * (double)s->z.rows};
}

BNK_OP_DEF(softmax_loss);
