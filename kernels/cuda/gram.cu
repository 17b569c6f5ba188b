/* gram.cu - the Gram matrix: blocks of scaled rows, whose products cuBLAS adds one after the other. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/gram.h"

constexpr size_t BLOCK_ROWS = 8192; /* rows of a scaled copy in scratch */

__global__ static void scale_rows(size_t rows, size_t n, const double *x, size_t ldx,
	const double *w, const double *shift, double *to)
{
	for (size_t i = bnk_cuda_first(); i < rows * n; i += bnk_cuda_stride()) {
		size_t r = i / n, j = i % n;
		double v = x[r * ldx + j] - (shift ? shift[j] : 0.0);
		to[i] = w ? sqrt(w[r]) * v : v;
	}
}

/* Copies the lower triangle (row-major) to the upper one. */
__global__ static void mirror(size_t n, double *a)
{
	for (size_t i = bnk_cuda_first(); i < n * n; i += bnk_cuda_stride()) {
		size_t r = i / n, c = i % n;
		if (c > r)
			a[i] = a[c * n + r];
	}
}

static int supports(const void *args, bnk_dtype)
{
	return bnk_cuda_fits(static_cast<const bnk_gram_args *>(args)->x);
}

static size_t scratch(const void *args, bnk_dtype)
{
	const bnk_view &x = static_cast<const bnk_gram_args *>(args)->x;
	return (x.rows < BLOCK_ROWS ? x.rows : BLOCK_ROWS) * x.cols * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto g = static_cast<const bnk_gram_args *>(args);
	size_t m = g->x.rows, n = g->x.cols, ldx = g->x.ld;
	const double *x = bnk_cuda_data<double>(g->x), *w = bnk_cuda_data<double>(g->w);
	const double *shift = bnk_cuda_data<double>(g->shift), one = 1;
	double *out = bnk_cuda_data<double>(g->out), *block = static_cast<double *>(call->scratch);
	int rc = bnk_cuda_status(
		cudaMemsetAsync(out, 0, n * n * sizeof *out, bnk_cuda_stream(call)));
	for (size_t i = 0; i < m && rc == BNK_OK; i += BLOCK_ROWS) {
		size_t rows = m - i < BLOCK_ROWS ? m - i : BLOCK_ROWS;
		rc = BNK_LAUNCH(scale_rows, bnk_cuda_blocks(rows * n), BNK_CUDA_THREADS, 0, call,
			rows, n, x + i * ldx, ldx, w ? w + i : nullptr, shift, block);
		/* To cuBLAS the block is transposed; its upper triangle is our lower. */
		if (rc == BNK_OK)
			rc = bnk_cuda_blas_status(cublasDsyrk(bnk_cuda_blas(call),
				CUBLAS_FILL_MODE_UPPER, CUBLAS_OP_N, (int)n, (int)rows, &one, block,
				(int)n, &one, out, (int)n));
	}
	return rc == BNK_OK ? BNK_LAUNCH(mirror, bnk_cuda_blocks(n * n), BNK_CUDA_THREADS, 0, call,
				      n, out)
			    : rc;
}

const bnk_impl bnk_cuda_gram = {supports, scratch, run};
