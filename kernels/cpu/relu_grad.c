/* relu_grad.c - the gradient through ReLU. */
#include "kernels/op/relu_grad.h"

#include "kernels/cpu/cpu.h"

typedef struct work {
	float *grad;
	const float *act;
	bnk_cpu_loop loop;
} work;

typedef void mask_fn(size_t n, float *restrict grad, const float *restrict act);

BNK_LOOP(mask, (size_t n, float *restrict grad, const float *restrict act))
{
	BNK_SIMD
	for (size_t i = 0; i < n; i++)
		grad[i] = act[i] <= 0 ? 0.0f : grad[i];
}
BNK_LOOP_VARIANTS(mask, (size_t n, float *restrict grad, const float *restrict act), (n, grad, act))

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *w = user;
	(void)number;
	((mask_fn *)w->loop)(end - begin, w->grad + begin, w->act + begin);
	return BNK_OK;
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_relu_grad_args *a = args;
	size_t n = a->grad.cols;
	(void)type;
	work w = {bnk_view_data(&a->grad), bnk_view_data(&a->act), bnk_cpu_loop_of(call)};
	return bnk_parallel_for(
		n, bnk_cpu_element_shards(n, 1), bnk_cpu_team(call, (double)n / 4), shard, &w);
}

const bnk_cpu_op bnk_cpu_relu_grad = {
	{NULL, NULL, run}, mask_variants, sizeof mask_variants / sizeof *mask_variants};
