/* gram_tile.c - see gram_tile.h. */
#include "kernels/op/gram_tile.h"

#include "kernels/op/_shape.h"

static const bnk_operand operands[] = {
	BNK_OPERAND(bnk_gram_tile_args, x, BNK_IN, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gram_tile_args, w, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gram_tile_args, v, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gram_tile_args, shift, BNK_IN | BNK_OPTIONAL, BNK_SAME_TYPE),
	BNK_OPERAND(bnk_gram_tile_args, sums, BNK_IN | BNK_OUT, BNK_SAME_TYPE),
};

static int check(const void *args, bnk_dtype type)
{
	const bnk_gram_tile_args *g = args;
	size_t m = g->x.rows, n = g->x.cols;
	(void)type;
	if (m == 0)
		return BNK_NOTHING;
	if (g->skip >= g->tile_rows || m > SIZE_MAX - g->skip || n >= UINT32_MAX)
		return BNK_EINVAL;
	size_t tiles = bnk_gram_tile_count(m, g->skip, g->tile_rows);
	return shape_is(&g->sums, tiles, bnk_gram_tile_width(n, g->v.buffer != NULL)) &&
			       shape_is_dense(&g->sums) && shape_may_be(&g->w, 1, m) &&
			       shape_may_be(&g->v, 1, m) && shape_may_be(&g->shift, 1, n)
		       ? BNK_OK
		       : BNK_EINVAL;
}

/* A multiplication and an addition for each product of a triangle, and for each of the columns. */
static bnk_cost cost(const void *args, bnk_dtype type)
{
	const bnk_gram_tile_args *g = args;
	double m = (double)g->x.rows, k = (double)g->x.cols + 1;
	(void)type;
	return (bnk_cost){shape_bytes(&g->x) + shape_bytes(&g->w) + shape_bytes(&g->v) +
				  shape_bytes(&g->sums),
		m * k * (k + 1) + m * k * ((g->w.buffer ? 1 : 0) + (g->v.buffer ? 2 : 0) + 1)};
}

BNK_OP_DEF(gram_tile);
