/* gemv.cu - a matrix times a vector, with cuBLAS. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/gemv.h"

__global__ static void fill(size_t n, double value, double *out)
{
	for (size_t i = bnk_cuda_first(); i < n; i += bnk_cuda_stride())
		out[i] = value;
}

static int supports(const void *args, bnk_dtype)
{
	return bnk_cuda_fits(static_cast<const bnk_gemv_args *>(args)->x);
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto g = static_cast<const bnk_gemv_args *>(args);
	size_t m = g->x.rows, n = g->x.cols;
	double *out = bnk_cuda_data<double>(g->out);
	const double one = 1;
	int rc = BNK_LAUNCH(fill, bnk_cuda_blocks(m), BNK_CUDA_THREADS, 0, call, m, g->bias, out);
	if (rc != BNK_OK || n == 0)
		return rc;
	return bnk_cuda_blas_status(cublasDgemv(bnk_cuda_blas(call), CUBLAS_OP_T, (int)n, (int)m,
		&one, bnk_cuda_data<double>(g->x), (int)g->x.ld, bnk_cuda_data<double>(g->v), 1,
		&one, out, 1));
}

const bnk_impl bnk_cuda_gemv = {supports, nullptr, run};
