/* losses.cu - losses with their gradients on the device; see kernels.h for what each computes. */
#include "kernels/cuda/context.cuh"

__global__ static void sum_partials(
	const double *partial, unsigned blocks, unsigned count, double *out)
{
	unsigned c = threadIdx.x;
	if (c >= count)
		return;
	double sum = 0;
	for (unsigned b = 0; b < blocks; b++)
		sum += partial[b * count + c];
	out[c] = sum;
}

int bnk_cuda_add_partials(
	bnk_context *ctx, const double *partial, unsigned blocks, unsigned count, double *out)
{
	sum_partials<<<1, 32, 0, ctx->stream>>>(partial, blocks, count, out);
	return bnk_cuda_launched();
}

/* ---- logistic ------------------------------------------------------------------------------- */

__global__ static void logistic_rows(size_t m, const double *z, const double *y, const double *w,
	double *residual, double *curvature, double *partial)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	double loss = 0, sum_residual = 0, sum_curvature = 0;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < m; i += step) {
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

int bnk_cuda_logistic(bnk_context *ctx, size_t m, const double *z, const double *y, const double *w,
	double *residual, double *curvature, double *sums, void *scratch)
{
	if (!sums || !scratch || (m && (!z || !y)))
		return BNK_EINVAL;
	unsigned blocks = bnk_cuda_blocks(m);
	logistic_rows<<<blocks, BNK_CUDA_THREADS, 0, ctx->stream>>>(
		m, z, y, w, residual, curvature, (double *)scratch);
	int rc = bnk_cuda_launched();
	return rc == BNK_OK ? bnk_cuda_add_partials(ctx, (const double *)scratch, blocks, 3, sums)
			    : rc;
}

/* ---- softmax -------------------------------------------------------------------------------- */

/* One thread per row: classes are few. label NULL: probabilities alone. */
template <typename T>
__global__ static void softmax_rows(size_t m, size_t n, T *scores, const uint32_t *label,
	const T *w, double scale, double *partial)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	double loss = 0;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < m; i += step) {
		T *z = scores + i * n;
		double top = (double)z[0], sum = 0, weight = w ? (double)w[i] : 1.0;
		for (size_t j = 1; j < n; j++)
			top = (double)z[j] > top ? (double)z[j] : top;
		double given = label ? (double)z[label[i]] : 0;
		for (size_t j = 0; j < n; j++) {
			double e = exp((double)z[j] - top);
			z[j] = (T)e;
			sum += e;
		}
		for (size_t j = 0; j < n; j++) {
			double p = (double)z[j] / sum;
			if (label)
				p = scale * weight * (p - (j == label[i] ? 1.0 : 0.0));
			z[j] = (T)p;
		}
		if (label)
			loss += weight * (log(sum) + top - given);
	}
	if (partial) {
		loss = bnk_cuda_block_sum(loss);
		if (threadIdx.x == 0)
			partial[blockIdx.x] = loss;
	}
}

int bnk_cuda_softmax(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!z)
		return BNK_EINVAL;
	unsigned blocks = bnk_cuda_blocks(m);
	if (dtype == BNK_F32)
		softmax_rows<float><<<blocks, BNK_CUDA_THREADS, 0, ctx->stream>>>(
			m, n, (float *)z, NULL, NULL, 1.0, NULL);
	else
		softmax_rows<double><<<blocks, BNK_CUDA_THREADS, 0, ctx->stream>>>(
			m, n, (double *)z, NULL, NULL, 1.0, NULL);
	return bnk_cuda_launched();
}

int bnk_cuda_softmax_loss(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z,
	const uint32_t *label, const void *w, double scale, double *loss_sum, void *scratch)
{
	if (n == 0 || !loss_sum || !scratch || (m && (!z || !label)))
		return BNK_EINVAL;
	unsigned blocks = bnk_cuda_blocks(m);
	double *partial = (double *)scratch;
	if (dtype == BNK_F32)
		softmax_rows<float><<<blocks, BNK_CUDA_THREADS, 0, ctx->stream>>>(
			m, n, (float *)z, label, (const float *)w, scale, partial);
	else
		softmax_rows<double><<<blocks, BNK_CUDA_THREADS, 0, ctx->stream>>>(
			m, n, (double *)z, label, (const double *)w, scale, partial);
	int rc = bnk_cuda_launched();
	return rc == BNK_OK ? bnk_cuda_add_partials(ctx, partial, blocks, 1, loss_sum) : rc;
}

/* ---- squared loss --------------------------------------------------------------------------- */

__global__ static void squared_rows(
	size_t m, float *z, const float *y, const float *w, double scale, double *partial)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	double loss = 0;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < m; i += step) {
		double weight = w ? (double)w[i] : 1.0, d = (double)z[i] - (double)y[i];
		loss += weight * d * d / 2;
		z[i] = (float)(scale * weight * d);
	}
	loss = bnk_cuda_block_sum(loss);
	if (threadIdx.x == 0)
		partial[blockIdx.x] = loss;
}

int bnk_cuda_squared_loss(bnk_context *ctx, size_t m, float *z, const float *y, const float *w,
	double scale, double *loss_sum, void *scratch)
{
	if (!loss_sum || !scratch || (m && (!z || !y)))
		return BNK_EINVAL;
	unsigned blocks = bnk_cuda_blocks(m);
	squared_rows<<<blocks, BNK_CUDA_THREADS, 0, ctx->stream>>>(
		m, z, y, w, scale, (double *)scratch);
	int rc = bnk_cuda_launched();
	return rc == BNK_OK
		       ? bnk_cuda_add_partials(ctx, (const double *)scratch, blocks, 1, loss_sum)
		       : rc;
}
