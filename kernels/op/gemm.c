/* gemm.c - see gemm.h. */
#include "kernels/op/gemm.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_gemm_args, a, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gemm_args, b, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gemm_args, c, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
};

static size_t inner(const bnk_gemm_args *g)
{
	return g->trans_a ? g->a.rows : g->a.cols;
}

static int check(const void *args, bnk_dtype type)
{
	const bnk_gemm_args *g = args;
	size_t m = g->c.rows, n = g->c.cols, k = inner(g);
	(void)type;
	if (m == 0 || n == 0)
		return BNK_NOTHING;
	return k > 0 && shape_is(&g->a, g->trans_a ? k : m, g->trans_a ? m : k) &&
			       shape_is(&g->b, g->trans_b ? n : k, g->trans_b ? k : n)
		       ? BNK_OK
		       : BNK_EINVAL;
}

static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_gemm_args *g = args;
	(void)type;
	return (bnk_cost){shape_bytes(&g->a) + shape_bytes(&g->b) +
				  shape_bytes(&g->c) * (g->beta == 0 ? 1 : 2),
		2.0 * (double)g->c.rows * (double)g->c.cols * (double)inner(g)};
}

BNK_OP_DEF(gemm);
