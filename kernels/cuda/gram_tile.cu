/*
 * gram_tile.cu - tiles of the Gram matrix: a block of threads per tile and 256 elements of its matrix, each thread one
 * element, added row by row as on the CPU. Neighbouring threads read neighbouring columns.
 */
#include "kernels/cuda/context.cuh"
#include "kernels/op/gram_tile.h"

__device__ static double element(const double *x, const double *shift, size_t n, size_t j)
{
	return j == n ? 1.0 : x[j] - (shift ? shift[j] : 0.0);
}

/* Elements e < k * k of a tile are the matrix, the k after them the sums with v. */
__global__ static void add_tiles(size_t m, size_t n, const double *x, size_t ldx, const double *w,
	const double *v, const double *shift, size_t skip, size_t tile_rows, double *sums)
{
	size_t k = n + 1, width = k * k + (v ? k : 0), e = bnk_cuda_first(), tile = blockIdx.y;
	size_t first = tile ? tile * tile_rows - skip : 0, end = (tile + 1) * tile_rows - skip;
	if (e >= width || (e < k * k && e % k > e / k))
		return;
	double sum = tile == 0 && skip ? sums[e] : 0;
	size_t i = e / k, j = e % k;
	for (size_t r = first; r < (end < m ? end : m); r++) {
		const double *row = x + r * ldx;
		double left = i == k ? v[r] : element(row, shift, n, i) * (w ? w[r] : 1.0);
		sum = fma(left, element(row, shift, n, j), sum);
	}
	sums[tile * width + e] = sum;
	if (e < k * k)
		sums[tile * width + j * k + i] = sum;
}

/* The number of tiles is a dimension of the grid. */
static int supports(const void *args, bnk_dtype)
{
	return static_cast<const bnk_gram_tile_args *>(args)->sums.rows <= 65535;
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto g = static_cast<const bnk_gram_tile_args *>(args);
	dim3 grid((unsigned)((g->sums.cols + BNK_CUDA_THREADS - 1) / BNK_CUDA_THREADS),
		(unsigned)g->sums.rows);
	return BNK_LAUNCH(add_tiles, grid, BNK_CUDA_THREADS, 0, call, g->x.rows, g->x.cols,
		bnk_cuda_data<double>(g->x), g->x.ld, bnk_cuda_data<double>(g->w),
		bnk_cuda_data<double>(g->v), bnk_cuda_data<double>(g->shift), g->skip, g->tile_rows,
		bnk_cuda_data<double>(g->sums));
}

const bnk_impl bnk_cuda_gram_tile = {supports, nullptr, run};
