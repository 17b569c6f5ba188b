/* bias_act.c - a layer's bias and activation. */
#include "kernels/op/bias_act.h"

#include "kernels/cpu/cpu.h"

typedef struct work {
	size_t n;
	float *z;
	const float *bias;
	bnk_act act;
	bnk_cpu_loop loop;
} work;

typedef void add_row_fn(size_t n, bnk_act act, float *restrict z, const float *restrict bias);

BNK_LOOP(add_row, (size_t n, bnk_act act, float *restrict z, const float *restrict bias))
{
	if (act == BNK_ACT_NONE) {
		BNK_SIMD
		for (size_t j = 0; j < n; j++)
			z[j] += bias[j];
		return;
	}
	BNK_SIMD
	for (size_t j = 0; j < n; j++) {
		float v = z[j] + bias[j];
		z[j] = v < 0 ? 0.0f : v; /* NaN is preserved */
	}
}
BNK_LOOP_VARIANTS(add_row, (size_t n, bnk_act act, float *restrict z, const float *restrict bias),
	(n, act, z, bias))

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *w = user;
	(void)number;
	for (size_t i = begin; i < end; i++)
		((add_row_fn *)w->loop)(w->n, w->act, w->z + i * w->n, w->bias);
	return BNK_OK;
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_bias_act_args *a = args;
	size_t m = a->z.rows, n = a->z.cols;
	(void)type;
	work w = {n, bnk_view_data(&a->z), bnk_view_data(&a->bias), a->act, bnk_cpu_loop_of(call)};
	return bnk_parallel_for(m, bnk_cpu_element_shards(m, n),
		bnk_cpu_team(call, (double)m * (double)n / 4), shard, &w);
}

const bnk_cpu_op bnk_cpu_bias_act = {
	{NULL, NULL, run}, add_row_variants, sizeof add_row_variants / sizeof *add_row_variants};
