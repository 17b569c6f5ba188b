/* gather.cu - rows by number. Elements are moved as integers, so that labels and NaN payloads are preserved. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/gather.h"

template <typename T>
__global__ static void gather_rows(size_t m, size_t n, const T *from, const uint32_t *index, T *to)
{
	for (size_t i = bnk_cuda_first(); i < m * n; i += bnk_cuda_stride())
		to[i] = from[(size_t)index[i / n] * n + i % n];
}

template <typename T> static int move(const bnk_call *call, const bnk_gather_args *g)
{
	size_t m = g->to.rows, n = g->to.cols;
	return BNK_LAUNCH(gather_rows<T>, bnk_cuda_blocks(m * n), BNK_CUDA_THREADS, 0, call, m, n,
		bnk_cuda_data<T>(g->from), bnk_cuda_data<uint32_t>(g->index),
		bnk_cuda_data<T>(g->to));
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	auto g = static_cast<const bnk_gather_args *>(args);
	switch (bnk_dtype_bytes(type)) {
	case 1:
		return move<uint8_t>(call, g);
	case 2:
		return move<uint16_t>(call, g);
	case 4:
		return move<uint32_t>(call, g);
	default:
		return move<uint64_t>(call, g);
	}
}

const bnk_impl bnk_cuda_gather = {nullptr, nullptr, run};
