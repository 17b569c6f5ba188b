/* adam.cu - the optimiser's step. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/adam.h"

#include <cmath>

struct adam_step {
	float b1, b1_rest, b2, b2_rest, rate, correction, epsilon, l2;
};

__global__ static void step_range(
	size_t count, float *param, const float *grad, float *moment1, float *moment2, adam_step s)
{
	for (size_t i = bnk_cuda_first(); i < count; i += bnk_cuda_stride()) {
		float g = grad[i] + s.l2 * param[i];
		float m = s.b1 * moment1[i] + s.b1_rest * g;
		float v = s.b2 * moment2[i] + s.b2_rest * (g * g);
		moment1[i] = m;
		moment2[i] = v;
		param[i] -= s.rate * m / (sqrtf(v) * s.correction + s.epsilon);
	}
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto a = static_cast<const bnk_adam_args *>(args);
	double step = (double)a->step;
	adam_step s = {(float)a->beta1, (float)(1 - a->beta1), (float)a->beta2,
		(float)(1 - a->beta2), (float)(a->learning_rate / (1 - std::pow(a->beta1, step))),
		(float)(1 / std::sqrt(1 - std::pow(a->beta2, step))), (float)a->epsilon,
		(float)a->l2};
	return BNK_LAUNCH(step_range, bnk_cuda_blocks(a->param.cols), BNK_CUDA_THREADS, 0, call,
		a->param.cols, bnk_cuda_data<float>(a->param), bnk_cuda_data<float>(a->grad),
		bnk_cuda_data<float>(a->moment1), bnk_cuda_data<float>(a->moment2), s);
}

const bnk_impl bnk_cuda_adam = {nullptr, nullptr, run};
