/* elementwise.cu - bias, activation and optimiser on the device; the same formulas as the CPU's. */
#include "kernels/cuda/context.cuh"

#include <cmath>

__global__ static void bias_rows(size_t count, size_t n, float *z, const float *bias, int relu)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
		float v = z[i] + bias[i % n];
		z[i] = relu && v < 0 ? 0.0f : v; /* a NaN stays one */
	}
}

int bnk_cuda_bias_act(
	bnk_context *ctx, size_t m, size_t n, float *z, const float *bias, bnk_act act)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!z || !bias)
		return BNK_EINVAL;
	bias_rows<<<bnk_cuda_blocks(m * n), BNK_CUDA_THREADS, 0, ctx->stream>>>(
		m * n, n, z, bias, act == BNK_ACT_RELU);
	return bnk_cuda_launched();
}

__global__ static void relu_grad(size_t count, float *grad, const float *act)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step)
		grad[i] = act[i] <= 0 ? 0.0f : grad[i];
}

int bnk_cuda_relu_grad(bnk_context *ctx, size_t count, float *grad, const float *act)
{
	if (count == 0)
		return BNK_OK;
	if (!grad || !act)
		return BNK_EINVAL;
	relu_grad<<<bnk_cuda_blocks(count), BNK_CUDA_THREADS, 0, ctx->stream>>>(count, grad, act);
	return bnk_cuda_launched();
}

struct adam_step {
	float b1, b1_rest, b2, b2_rest, rate, correction, epsilon, l2;
};

__global__ static void adam_range(
	size_t count, float *param, const float *grad, float *moment1, float *moment2, adam_step s)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
		float g = grad[i] + s.l2 * param[i];
		float m = s.b1 * moment1[i] + s.b1_rest * g;
		float v = s.b2 * moment2[i] + s.b2_rest * (g * g);
		moment1[i] = m;
		moment2[i] = v;
		param[i] -= s.rate * m / (sqrtf(v) * s.correction + s.epsilon);
	}
}

int bnk_cuda_adam(bnk_context *ctx, size_t count, float *param, const float *grad, float *moment1,
	float *moment2, const bnk_adam *how)
{
	if (count == 0)
		return BNK_OK;
	if (!param || !grad || !moment1 || !moment2 || !how || how->step == 0)
		return BNK_EINVAL;
	double step = (double)how->step;
	adam_step s = {(float)how->beta1, (float)(1 - how->beta1), (float)how->beta2,
		(float)(1 - how->beta2),
		(float)(how->learning_rate / (1 - std::pow(how->beta1, step))),
		(float)(1 / std::sqrt(1 - std::pow(how->beta2, step))), (float)how->epsilon,
		(float)how->l2};
	adam_range<<<bnk_cuda_blocks(count), BNK_CUDA_THREADS, 0, ctx->stream>>>(
		count, param, grad, moment1, moment2, s);
	return bnk_cuda_launched();
}
