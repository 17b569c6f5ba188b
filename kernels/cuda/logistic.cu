/* logistic.cu - log-loss, residuals and curvature of margins. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/logistic.h"

__global__ static void logistic_rows(size_t m, const double *z, const double *y, const double *w,
	double *residual, double *curvature, double *partial)
{
	double loss = 0, sum_residual = 0, sum_curvature = 0;
	for (size_t i = bnk_cuda_first(); i < m; i += bnk_cuda_stride()) {
		double v = z[i], weight = w ? w[i] : 1.0, e = exp(-fabs(v));
		double p = v >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
		double r = weight * (p - y[i]), h = weight * (e / ((1.0 + e) * (1.0 + e)));
		loss += weight * ((v > 0 ? v : 0.0) + log1p(e) - y[i] * v);
		sum_residual += r;
		sum_curvature += h;
		if (residual)
			residual[i] = r;
		if (curvature)
			curvature[i] = h;
	}
	loss = bnk_cuda_block_sum(loss);
	sum_residual = bnk_cuda_block_sum(sum_residual);
	sum_curvature = bnk_cuda_block_sum(sum_curvature);
	if (threadIdx.x == 0) {
		partial[blockIdx.x * 3] = loss;
		partial[blockIdx.x * 3 + 1] = sum_residual;
		partial[blockIdx.x * 3 + 2] = sum_curvature;
	}
}

static size_t scratch(const void *args, bnk_dtype)
{
	auto l = static_cast<const bnk_logistic_args *>(args);
	return bnk_cuda_blocks(l->z.cols) * 3 * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto l = static_cast<const bnk_logistic_args *>(args);
	size_t m = l->z.cols;
	unsigned blocks = bnk_cuda_blocks(m);
	double *partial = static_cast<double *>(call->scratch);
	int rc = BNK_LAUNCH(logistic_rows, blocks, BNK_CUDA_THREADS, 0, call, m,
		bnk_cuda_data<double>(l->z), bnk_cuda_data<double>(l->y),
		bnk_cuda_data<double>(l->w), bnk_cuda_data<double>(l->residual),
		bnk_cuda_data<double>(l->curvature), partial);
	return rc == BNK_OK ? bnk_cuda_add_partials(
				      call, partial, blocks, 3, bnk_cuda_data<double>(l->sums))
			    : rc;
}

const bnk_impl bnk_cuda_logistic = {nullptr, scratch, run};
