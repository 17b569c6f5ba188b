/*
 * gram_tile.h - sums of products and of columns, tile by tile. With u[r] = (x[r] - shift, 1) of K = n + 1 elements,
 * row t of sums is, over the rows r of tile t,
 *   elements 0 .. K*K - 1       the sum of w[r] * u[r] u[r]^T, row by row, both triangles
 *   elements K*K .. K*K + K - 1 the sum of v[r] * u[r]; there when v is
 * so that one pass gives a Gram matrix, weighted column sums, the sum of weights, and products with one more vector.
 *
 * A tile is tile_rows rows by their number in the whole, however many are passed in a call: `skip` rows of the
 * first tile were summed before, and are continued in row 0 of sums (0: started). The rows of a tile are added
 * one by one, in order, each element by sum = fma(w[r] * u[r][i], u[r][j], sum) with i >= j, or fma(v[r],
 * u[r][j], sum): splitting the rows into calls does not change any bit, nor do threads and variants. Tiles are
 * added up by core/learn/tree.h.
 *
 * x is m x n; w[m] may be absent (ones), shift[n] may be absent (zeros).
 */
#ifndef BNK_OP_GRAM_TILE_H
#define BNK_OP_GRAM_TILE_H
#include "kernels/kernels.h"

typedef struct bnk_gram_tile_args {
	bnk_view x, w, v, shift, sums;
	size_t skip, tile_rows;
} bnk_gram_tile_args;

/* Tiles that m rows touch, the first of which has `skip` rows already. */
static inline size_t bnk_gram_tile_count(size_t m, size_t skip, size_t tile_rows)
{
	return (skip + m) / tile_rows + ((skip + m) % tile_rows != 0);
}

/* Elements of a row of sums. */
static inline size_t bnk_gram_tile_width(size_t cols, int has_v)
{
	return (cols + 1) * (cols + 1) + (has_v ? cols + 1 : 0);
}

#endif
