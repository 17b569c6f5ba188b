/* squared_loss.cu - squared errors, summed in double precision. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/squared_loss.h"

__global__ static void squared_rows(
	size_t m, float *z, const float *y, const float *w, double scale, double *partial)
{
	double loss = 0;
	for (size_t i = bnk_cuda_first(); i < m; i += bnk_cuda_stride()) {
		double weight = w ? (double)w[i] : 1.0, d = (double)z[i] - (double)y[i];
		loss += weight * d * d / 2;
		z[i] = (float)(scale * weight * d);
	}
	loss = bnk_cuda_block_sum(loss);
	if (threadIdx.x == 0)
		partial[blockIdx.x] = loss;
}

static size_t scratch(const void *args, bnk_dtype)
{
	auto s = static_cast<const bnk_squared_loss_args *>(args);
	return bnk_cuda_blocks(s->z.cols) * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto s = static_cast<const bnk_squared_loss_args *>(args);
	size_t m = s->z.cols;
	unsigned blocks = bnk_cuda_blocks(m);
	double *partial = static_cast<double *>(call->scratch);
	int rc = BNK_LAUNCH(squared_rows, blocks, BNK_CUDA_THREADS, 0, call, m,
		bnk_cuda_data<float>(s->z), bnk_cuda_data<float>(s->y), bnk_cuda_data<float>(s->w),
		s->scale, partial);
	return rc == BNK_OK ? bnk_cuda_add_partials(
				      call, partial, blocks, 1, bnk_cuda_data<double>(s->loss))
			    : rc;
}

const bnk_impl bnk_cuda_squared_loss = {nullptr, scratch, run};
