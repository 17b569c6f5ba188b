/* bias_act.cu - a layer's bias and activation. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/bias_act.h"

__global__ static void bias_rows(size_t count, size_t n, float *z, const float *bias, int relu)
{
	for (size_t i = bnk_cuda_first(); i < count; i += bnk_cuda_stride()) {
		float v = z[i] + bias[i % n];
		z[i] = relu && v < 0 ? 0.0f : v; /* a NaN stays one */
	}
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto b = static_cast<const bnk_bias_act_args *>(args);
	size_t count = b->z.rows * b->z.cols;
	return BNK_LAUNCH(bias_rows, bnk_cuda_blocks(count), BNK_CUDA_THREADS, 0, call, count,
		b->z.cols, bnk_cuda_data<float>(b->z), bnk_cuda_data<float>(b->bias),
		b->act == BNK_ACT_RELU);
}

const bnk_impl bnk_cuda_bias_act = {nullptr, nullptr, run};
