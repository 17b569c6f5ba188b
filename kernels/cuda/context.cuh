/*
 * context.cuh - what the files of the CUDA back end share: the context, error mapping, and reductions
 * in a fixed order.
 *
 * Determinism: grids depend on the shape alone, threads of a block are reduced as a fixed tree, and
 * the blocks' results are added in block order by one block. No atomics on floating point.
 */
#ifndef BNK_CUDA_CONTEXT_CUH
#define BNK_CUDA_CONTEXT_CUH
#include "kernels/kernels.h"

#include <climits>
#include <cublas_v2.h>
#include <cuda_runtime.h>

#pragma GCC visibility push(hidden) /* the plug-in shows one symbol, bnk_plugin_backend */

struct bnk_context {
	cudaStream_t stream;
	cublasHandle_t blas;
};

constexpr int BNK_CUDA_THREADS = 256;
constexpr size_t BNK_CUDA_MAX_BLOCKS = 1024;
constexpr size_t BNK_CUDA_GRAM_ROWS = 8192;  /* rows of a scaled copy in gram's scratch */
constexpr size_t BNK_CUDA_COLUMN_ROWS = 512; /* least rows per part of a column sum */

inline int bnk_cuda_status(cudaError_t e)
{
	if (e == cudaSuccess)
		return BNK_OK;
	cudaGetLastError(); /* it must not be taken for the next call's */
	return e == cudaErrorMemoryAllocation ? BNK_ENOMEM : BNK_EDEVICE;
}

inline int bnk_cuda_blas_status(cublasStatus_t s)
{
	if (s == CUBLAS_STATUS_SUCCESS)
		return BNK_OK;
	return s == CUBLAS_STATUS_ALLOC_FAILED ? BNK_ENOMEM : BNK_EDEVICE;
}

/* Whether the last launch was accepted. */
inline int bnk_cuda_launched(void)
{
	return bnk_cuda_status(cudaGetLastError());
}

/* Blocks of a grid-stride loop over n elements. */
inline unsigned bnk_cuda_blocks(size_t n)
{
	size_t blocks = (n + BNK_CUDA_THREADS - 1) / BNK_CUDA_THREADS;
	return (unsigned)(blocks < 1                     ? 1
			  : blocks > BNK_CUDA_MAX_BLOCKS ? BNK_CUDA_MAX_BLOCKS
							 : blocks);
}

/* Parts that the rows of a column sum are cut into. */
inline unsigned bnk_cuda_row_parts(size_t m)
{
	size_t parts = m / BNK_CUDA_COLUMN_ROWS;
	return (unsigned)(parts < 1 ? 1 : parts > 256 ? 256 : parts);
}

#ifdef __CUDACC__
/* Sum over the block as a fixed tree; the result is thread 0's. All threads must call it. */
__device__ inline double bnk_cuda_block_sum(double v)
{
	__shared__ double parts[BNK_CUDA_THREADS];
	unsigned t = threadIdx.x;
	__syncthreads();
	parts[t] = v;
	for (unsigned half = BNK_CUDA_THREADS / 2; half > 0; half /= 2) {
		__syncthreads();
		if (t < half)
			parts[t] += parts[t + half];
	}
	return parts[0];
}
#endif

/* out[c] = sum over b of partial[b * count + c], b rising: count sums of `blocks` parts. */
int bnk_cuda_add_partials(
	bnk_context *ctx, const double *partial, unsigned blocks, unsigned count, double *out);

int bnk_cuda_gemm(bnk_context *ctx, bnk_dtype dtype, int trans_a, int trans_b, size_t m, size_t n,
	size_t k, double alpha, const void *a, size_t lda, const void *b, size_t ldb, double beta,
	void *c, size_t ldc);
int bnk_cuda_gram(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *w, const double *shift, double *out, void *scratch);
int bnk_cuda_gemv(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *v, double bias, double *out);
int bnk_cuda_gemv_t(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *v, const double *shift, double *out, void *scratch);
int bnk_cuda_col_sum(
	bnk_context *ctx, size_t m, size_t n, const float *x, float *out, void *scratch);
int bnk_cuda_gather(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, const void *src,
	const uint32_t *index, void *dst);
int bnk_cuda_logistic(bnk_context *ctx, size_t m, const double *z, const double *y, const double *w,
	double *residual, double *curvature, double *sums, void *scratch);
int bnk_cuda_softmax(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z);
int bnk_cuda_softmax_loss(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z,
	const uint32_t *label, const void *w, double scale, double *loss_sum, void *scratch);
int bnk_cuda_squared_loss(bnk_context *ctx, size_t m, float *z, const float *y, const float *w,
	double scale, double *loss_sum, void *scratch);
int bnk_cuda_bias_act(
	bnk_context *ctx, size_t m, size_t n, float *z, const float *bias, bnk_act act);
int bnk_cuda_relu_grad(bnk_context *ctx, size_t count, float *grad, const float *act);
int bnk_cuda_adam(bnk_context *ctx, size_t count, float *param, const float *grad, float *moment1,
	float *moment2, const bnk_adam *how);

#pragma GCC visibility pop

#endif
