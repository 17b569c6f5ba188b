/* relu_grad.c - see relu_grad.h. */
#include "kernels/op/relu_grad.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_relu_grad_args, grad, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_relu_grad_args, act, BNK_IN, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_relu_grad_args *r = args;
	size_t n = r->grad.cols;
	(void)type;
	if (!shape_is(&r->grad, 1, n) || !shape_is(&r->act, 1, n))
		return BNK_EINVAL;
	return n == 0 ? BNK_NOTHING : BNK_OK;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_relu_grad_args *r = args;
	(void)type;
	return (bnk_cost){
		2 * shape_bytes(&r->grad) + shape_bytes(&r->act), 1.0 * (double)r->grad.cols};
}

BNK_OP_DEF(relu_grad);
