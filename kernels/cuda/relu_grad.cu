/* relu_grad.cu - the gradient through ReLU. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/relu_grad.h"

__global__ static void mask(size_t count, float *grad, const float *act)
{
	for (size_t i = bnk_cuda_first(); i < count; i += bnk_cuda_stride())
		grad[i] = act[i] <= 0 ? 0.0f : grad[i];
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto r = static_cast<const bnk_relu_grad_args *>(args);
	return BNK_LAUNCH(mask, bnk_cuda_blocks(r->grad.cols), BNK_CUDA_THREADS, 0, call,
		r->grad.cols, bnk_cuda_data<float>(r->grad), bnk_cuda_data<float>(r->act));
}

const bnk_impl bnk_cuda_relu_grad = {nullptr, nullptr, run};
