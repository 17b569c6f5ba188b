/* adam.c - the optimiser's step. Division and square root are correctly rounded in every variant. */
#include "kernels/op/adam.h"

#include "kernels/cpu/cpu.h"

#include <math.h>

typedef struct work {
	float *param;
	const float *grad;
	float *moment1, *moment2;
	float b1, b1_rest, b2, b2_rest, rate, correction, epsilon, l2;
	bnk_cpu_loop loop;
} work;

typedef void step_fn(const work *w, size_t begin, size_t end);

BNK_LOOP(step, (const work *w, size_t begin, size_t end))
{
	float *restrict p = w->param, *restrict m1 = w->moment1, *restrict m2 = w->moment2;
	const float *restrict grad = w->grad;
	float b1 = w->b1, b1r = w->b1_rest, b2 = w->b2, b2r = w->b2_rest;
	float rate = w->rate, correction = w->correction, epsilon = w->epsilon, l2 = w->l2;
	BNK_SIMD
	for (size_t i = begin; i < end; i++) {
		float g = grad[i] + l2 * p[i];
		float m = b1 * m1[i] + b1r * g;
		float v = b2 * m2[i] + b2r * (g * g);
		m1[i] = m;
		m2[i] = v;
		p[i] -= rate * m / (__builtin_sqrtf(v) * correction + epsilon);
	}
}
BNK_LOOP_VARIANTS(step, (const work *w, size_t begin, size_t end), (w, begin, end))

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *w = user;
	(void)number;
	((step_fn *)w->loop)(w, begin, end);
	return BNK_OK;
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_adam_args *a = args;
	size_t n = a->param.cols;
	double count = (double)a->step;
	(void)type;
	work w = {
		.param = bnk_view_data(&a->param),
		.grad = bnk_view_data(&a->grad),
		.moment1 = bnk_view_data(&a->moment1),
		.moment2 = bnk_view_data(&a->moment2),
		.b1 = (float)a->beta1,
		.b1_rest = (float)(1 - a->beta1),
		.b2 = (float)a->beta2,
		.b2_rest = (float)(1 - a->beta2),
		.rate = (float)(a->learning_rate / (1 - pow(a->beta1, count))),
		.correction = (float)(1 / sqrt(1 - pow(a->beta2, count))),
		.epsilon = (float)a->epsilon,
		.l2 = (float)a->l2,
		.loop = bnk_cpu_loop_of(call),
	};
	return bnk_parallel_for(
		n, bnk_cpu_element_shards(n, 1), bnk_cpu_team(call, (double)n), shard, &w);
}

const bnk_cpu_op bnk_cpu_adam = {
	{NULL, NULL, run}, step_variants, sizeof step_variants / sizeof *step_variants};
