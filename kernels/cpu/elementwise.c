/*
 * elementwise.c - bias, activation and optimiser: one element in, one element out.
 *
 * On x86 each inner loop exists for AVX-512, AVX2 and the baseline (function multi-versioning: the
 * loader picks one at start). No operation is reordered or fused (-ffp-contract=off), so all
 * variants give the same bits; division and square root are correctly rounded in each.
 */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/simd.h"

#include <math.h>

/* ---- bias and activation ------------------------------------------------------------------- */

typedef struct bias_work {
	size_t n;
	float *z;
	const float *bias;
	bnk_act act;
} bias_work;

BNK_MULTIVERSION static void add_row(size_t n, float *restrict z, const float *restrict bias)
{
	BNK_SIMD
	for (size_t j = 0; j < n; j++)
		z[j] += bias[j];
}

BNK_MULTIVERSION static void add_relu_row(size_t n, float *restrict z, const float *restrict bias)
{
	BNK_SIMD
	for (size_t j = 0; j < n; j++) {
		float v = z[j] + bias[j];
		z[j] = v < 0 ? 0.0f : v; /* a NaN stays one */
	}
}

static int bias_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const bias_work *w = user;
	(void)shard;
	for (size_t i = begin; i < end; i++) {
		if (w->act == BNK_ACT_RELU)
			add_relu_row(w->n, w->z + i * w->n, w->bias);
		else
			add_row(w->n, w->z + i * w->n, w->bias);
	}
	return BNK_OK;
}

int bnk_cpu_bias_act(bnk_context *ctx, size_t m, size_t n, float *z, const float *bias, bnk_act act)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!z || !bias)
		return BNK_EINVAL;
	bias_work w = {n, z, bias, act};
	return bnk_parallel_for(m, bnk_cpu_element_shards(m, n),
		bnk_cpu_team(ctx, (double)m * (double)n / 4), bias_shard, &w);
}

/* ---- relu_grad ----------------------------------------------------------------------------- */

typedef struct relu_work {
	float *grad;
	const float *act;
} relu_work;

BNK_MULTIVERSION static void relu_grad(size_t n, float *restrict grad, const float *restrict act)
{
	BNK_SIMD
	for (size_t i = 0; i < n; i++)
		grad[i] = act[i] <= 0 ? 0.0f : grad[i];
}

static int relu_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const relu_work *w = user;
	(void)shard;
	relu_grad(end - begin, w->grad + begin, w->act + begin);
	return BNK_OK;
}

int bnk_cpu_relu_grad(bnk_context *ctx, size_t count, float *grad, const float *act)
{
	if (count == 0)
		return BNK_OK;
	if (!grad || !act)
		return BNK_EINVAL;
	relu_work w = {grad, act};
	return bnk_parallel_for(count, bnk_cpu_element_shards(count, 1),
		bnk_cpu_team(ctx, (double)count / 4), relu_shard, &w);
}

/* ---- adam ---------------------------------------------------------------------------------- */

typedef struct adam_work {
	float *param;
	const float *grad;
	float *moment1, *moment2;
	float b1, b1_rest, b2, b2_rest, rate, correction, epsilon, l2;
} adam_work;

BNK_MULTIVERSION static void adam_range(const adam_work *w, size_t begin, size_t end)
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

static int adam_shard(void *user, size_t shard, size_t begin, size_t end)
{
	(void)shard;
	adam_range(user, begin, end);
	return BNK_OK;
}

int bnk_cpu_adam(bnk_context *ctx, size_t count, float *param, const float *grad, float *moment1,
	float *moment2, const bnk_adam *how)
{
	if (count == 0)
		return BNK_OK;
	if (!param || !grad || !moment1 || !moment2 || !how || how->step == 0)
		return BNK_EINVAL;
	double step = (double)how->step;
	adam_work w = {
		.param = param,
		.grad = grad,
		.moment1 = moment1,
		.moment2 = moment2,
		.b1 = (float)how->beta1,
		.b1_rest = (float)(1 - how->beta1),
		.b2 = (float)how->beta2,
		.b2_rest = (float)(1 - how->beta2),
		.rate = (float)(how->learning_rate / (1 - pow(how->beta1, step))),
		.correction = (float)(1 / sqrt(1 - pow(how->beta2, step))),
		.epsilon = (float)how->epsilon,
		.l2 = (float)how->l2,
	};
	return bnk_parallel_for(count, bnk_cpu_element_shards(count, 1),
		bnk_cpu_team(ctx, (double)count), adam_shard, &w);
}
