/* softmax.cu - softmax and softmax_loss: the same rows, with and without a label. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/softmax.h"
#include "kernels/op/softmax_loss.h"

/* One thread per row: classes are few. label NULL: only probabilities. */
template <typename T>
__global__ static void softmax_rows(size_t m, size_t n, T *scores, const uint32_t *label,
	const T *w, double scale, double *partial)
{
	double loss = 0;
	for (size_t i = bnk_cuda_first(); i < m; i += bnk_cuda_stride()) {
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

template <typename T>
static int all_rows(const bnk_call *call, const bnk_view &z, const uint32_t *label, const T *w,
	double scale, double *partial)
{
	return BNK_LAUNCH(softmax_rows<T>, bnk_cuda_blocks(z.rows), BNK_CUDA_THREADS, 0, call,
		z.rows, z.cols, bnk_cuda_data<T>(z), label, w, scale, partial);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	auto s = static_cast<const bnk_softmax_args *>(args);
	if (type == BNK_F32)
		return all_rows<float>(call, s->z, nullptr, nullptr, 1.0, nullptr);
	return all_rows<double>(call, s->z, nullptr, nullptr, 1.0, nullptr);
}

static size_t loss_scratch(const void *args, bnk_dtype)
{
	auto s = static_cast<const bnk_softmax_loss_args *>(args);
	return bnk_cuda_blocks(s->z.rows) * sizeof(double);
}

static int loss_run(const bnk_call *call, bnk_dtype type, const void *args)
{
	auto s = static_cast<const bnk_softmax_loss_args *>(args);
	const uint32_t *label = bnk_cuda_data<uint32_t>(s->label);
	double *partial = static_cast<double *>(call->scratch);
	int rc = type == BNK_F32 ? all_rows<float>(call, s->z, label, bnk_cuda_data<float>(s->w),
					   s->scale, partial)
				 : all_rows<double>(call, s->z, label, bnk_cuda_data<double>(s->w),
					   s->scale, partial);
	return rc == BNK_OK ? bnk_cuda_add_partials(call, partial, bnk_cuda_blocks(s->z.rows), 1,
				      bnk_cuda_data<double>(s->loss))
			    : rc;
}

const bnk_impl bnk_cuda_softmax = {nullptr, nullptr, run};
const bnk_impl bnk_cuda_softmax_loss = {nullptr, loss_scratch, loss_run};
