/* gram.c - see gram.h. */
#include "kernels/op/gram.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_gram_args, x, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gram_args, w, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gram_args, shift, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gram_args, out, BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_gram_args *g = args;
	size_t m = g->x.rows, n = g->x.cols;
	(void)type;
	if (!shape_is(&g->out, n, n) || !shape_is_dense(&g->out) || !shape_may_be(&g->w, 1, m) ||
		!shape_may_be(&g->shift, 1, n))
		return BNK_EINVAL;
	return n == 0 ? BNK_NOTHING : BNK_OK;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_gram_args *g = args;
	double m = (double)g->x.rows, n = (double)g->x.cols;
	(void)type;
	return (bnk_cost){shape_bytes(&g->x) + shape_bytes(&g->w) + shape_bytes(&g->out),
		m * n * (n + 1 + (g->w.buffer ? 1 : 0) + (g->shift.buffer ? 1 : 0))};
}

BNK_OP_DEF(gram);
