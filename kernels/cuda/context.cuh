/*
 * context.cuh - shared by the files of the CUDA back end: a queue, error mapping, launches, and reductions in a
 * fixed order.
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

#pragma GCC visibility push(hidden) /* the plug-in exports one symbol, bnk_plugin_backend */

struct bnk_context {
	int device;
};

/* A stream with its own cuBLAS handle: with one handle for several streams cuBLAS does not guarantee equal
 * bits. */
struct bnk_cuda_queue {
	cudaStream_t stream;
	cublasHandle_t blas;
};

/* The available operations; each is defined in a file of this folder (an operation without one is not
 * available). */
#define BNK_ROW(number, NAME, name, types, klass, tolerance) \
	extern const bnk_impl bnk_cuda_##name __attribute__((weak));
BNK_OPS(BNK_ROW)
#undef BNK_ROW

constexpr int BNK_CUDA_THREADS = 256;
constexpr size_t BNK_CUDA_MAX_BLOCKS = 1024;

inline int bnk_cuda_status(cudaError_t e)
{
	if (e == cudaSuccess)
		return BNK_OK;
	cudaGetLastError(); /* it must not be reported by the next call */
	return e == cudaErrorMemoryAllocation ? BNK_ENOMEM : BNK_EDEVICE;
}

inline int bnk_cuda_blas_status(cublasStatus_t s)
{
	if (s == CUBLAS_STATUS_SUCCESS)
		return BNK_OK;
	return s == CUBLAS_STATUS_ALLOC_FAILED ? BNK_ENOMEM : BNK_EDEVICE;
}

inline cudaStream_t bnk_cuda_stream(const bnk_call *call)
{
	return static_cast<bnk_cuda_queue *>(call->queue)->stream;
}

inline cublasHandle_t bnk_cuda_blas(const bnk_call *call)
{
	return static_cast<bnk_cuda_queue *>(call->queue)->blas;
}

/* The only way to launch a kernel: queues it and returns the status. */
#ifdef BNK_CUDA_EMULATION /* kernels/cuda/emulation */
#define BNK_LAUNCH(kernel, grid, block, shared, call, ...) \
	(bnk_emu_launch((grid), (block), [&] { (kernel)(__VA_ARGS__); }), \
		bnk_cuda_status(cudaGetLastError()))
#else
/* clang-format parses <<< as three comparisons: */
/* clang-format off */
#define BNK_LAUNCH(kernel, grid, block, shared, call, ...) \
	((kernel)<<<(grid), (block), (shared), bnk_cuda_stream(call)>>>(__VA_ARGS__), \
		bnk_cuda_status(cudaGetLastError()))
/* clang-format on */
#endif

template <typename T> inline T *bnk_cuda_data(const bnk_view &v)
{
	return static_cast<T *>(bnk_view_data(&v));
}

inline bool bnk_cuda_fits(const bnk_view &v)
{
	return v.rows <= INT_MAX && v.cols <= INT_MAX && v.ld <= INT_MAX;
}

/* Blocks of a grid-stride loop over n elements. */
inline unsigned bnk_cuda_blocks(size_t n)
{
	size_t blocks = (n + BNK_CUDA_THREADS - 1) / BNK_CUDA_THREADS;
	return (unsigned)(blocks < 1                     ? 1
			  : blocks > BNK_CUDA_MAX_BLOCKS ? BNK_CUDA_MAX_BLOCKS
							 : blocks);
}

/* out[c] = sum over b of partial[b * count + c], b rising: count <= 32 sums of `blocks` parts. */
int bnk_cuda_add_partials(
	const bnk_call *call, const double *partial, unsigned blocks, unsigned count, double *out);

#if defined(__CUDACC__) || defined(BNK_CUDA_EMULATION)
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

__device__ inline size_t bnk_cuda_first(void)
{
	return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ inline size_t bnk_cuda_stride(void)
{
	return (size_t)gridDim.x * blockDim.x;
}
#endif

#pragma GCC visibility pop

#endif
