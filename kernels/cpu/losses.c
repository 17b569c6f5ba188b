/*
 * losses.c - losses with their gradients, and what turns scores into probabilities.
 *
 * exp and log are the C library's. They are evaluated in double precision even for float32 rows, so
 * that the sum of a loss over a million rows keeps its digits.
 */
#include "kernels/cpu/cpu.h"

#include <math.h>

/* ---- logistic ------------------------------------------------------------------------------ */

typedef struct logistic_work {
	const double *z, *y, *w;
	double *residual, *curvature, *sums;
} logistic_work;

static int logistic_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const logistic_work *l = user;
	double loss = 0, sum_residual = 0, sum_curvature = 0;
	for (size_t i = begin; i < end; i++) {
		double z = l->z[i], w = l->w ? l->w[i] : 1.0;
		/* e = exp(-|z|) never overflows; log(1 + exp(z)) = max(z, 0) + log1p(e). */
		double e = exp(-fabs(z)), p = z >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
		double q = e / ((1.0 + e) * (1.0 + e)); /* p (1 - p) without cancellation */
		double r = w * (p - l->y[i]), h = w * q;
		loss += w * ((z > 0 ? z : 0.0) + log1p(e) - l->y[i] * z);
		sum_residual += r;
		sum_curvature += h;
		if (l->residual)
			l->residual[i] = r;
		if (l->curvature)
			l->curvature[i] = h;
	}
	l->sums[shard * 3] = loss;
	l->sums[shard * 3 + 1] = sum_residual;
	l->sums[shard * 3 + 2] = sum_curvature;
	return BNK_OK;
}

int bnk_cpu_logistic(bnk_context *ctx, size_t m, const double *z, const double *y, const double *w,
	double *residual, double *curvature, double *sums, void *scratch)
{
	if (!sums || !scratch || (m && (!z || !y)))
		return BNK_EINVAL;
	logistic_work l = {z, y, w, residual, curvature, scratch};
	size_t shards = bnk_cpu_row_shards(m);
	int rc = bnk_parallel_for(
		m, shards, bnk_cpu_team(ctx, 20.0 * (double)m), logistic_shard, &l);
	if (rc != BNK_OK)
		return rc;
	for (int j = 0; j < 3; j++) {
		sums[j] = 0;
		for (size_t s = 0; s < shards; s++)
			sums[j] += l.sums[s * 3 + (size_t)j];
	}
	return BNK_OK;
}

/* ---- softmax ------------------------------------------------------------------------------- */

typedef struct softmax_work {
	bnk_dtype dtype;
	size_t n;
	void *z;
	const uint32_t *label; /* NULL: probabilities only */
	const void *w;
	double scale;
	double *loss;
} softmax_work;

/* One row; returns -log of the probability of `label` (0 without one). */
static double softmax_row_f64(size_t n, double *z, const uint32_t *label, double factor)
{
	double top = z[0];
	for (size_t j = 1; j < n; j++)
		top = z[j] > top ? z[j] : top;
	double given = label ? z[*label] : 0, sum = 0;
	for (size_t j = 0; j < n; j++) {
		z[j] = exp(z[j] - top);
		sum += z[j];
	}
	for (size_t j = 0; j < n; j++)
		z[j] /= sum;
	if (!label)
		return 0;
	z[*label] -= 1.0;
	for (size_t j = 0; j < n; j++)
		z[j] *= factor;
	return log(sum) + top - given;
}

static double softmax_row_f32(size_t n, float *z, const uint32_t *label, double factor)
{
	double top = z[0];
	for (size_t j = 1; j < n; j++)
		top = z[j] > top ? z[j] : top;
	double given = label ? z[*label] : 0, sum = 0;
	for (size_t j = 0; j < n; j++) {
		double e = exp(z[j] - top);
		z[j] = (float)e;
		sum += e;
	}
	for (size_t j = 0; j < n; j++) {
		double p = z[j] / sum;
		z[j] = (float)(!label ? p : factor * (p - (j == *label ? 1.0 : 0.0)));
	}
	return label ? log(sum) + top - given : 0;
}

static int softmax_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const softmax_work *s = user;
	double loss = 0;
	for (size_t i = begin; i < end; i++) {
		const uint32_t *label = s->label ? s->label + i : NULL;
		if (s->dtype == BNK_F32) {
			double w = s->w ? (double)((const float *)s->w)[i] : 1.0;
			loss += w * softmax_row_f32(
					    s->n, (float *)s->z + i * s->n, label, s->scale * w);
		} else {
			double w = s->w ? ((const double *)s->w)[i] : 1.0;
			loss += w * softmax_row_f64(
					    s->n, (double *)s->z + i * s->n, label, s->scale * w);
		}
	}
	if (s->loss)
		s->loss[shard] = loss;
	return BNK_OK;
}

int bnk_cpu_softmax(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!z)
		return BNK_EINVAL;
	softmax_work s = {dtype, n, z, NULL, NULL, 1.0, NULL};
	return bnk_parallel_for(m, bnk_cpu_element_shards(m, n),
		bnk_cpu_team(ctx, 12.0 * (double)m * (double)n), softmax_shard, &s);
}

int bnk_cpu_softmax_loss(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z,
	const uint32_t *label, const void *w, double scale, double *loss_sum, void *scratch)
{
	if (n == 0 || !loss_sum || !scratch || (m && (!z || !label)))
		return BNK_EINVAL;
	softmax_work s = {dtype, n, z, label, w, scale, scratch};
	size_t shards = bnk_cpu_element_shards(m, n);
	int rc = bnk_parallel_for(
		m, shards, bnk_cpu_team(ctx, 12.0 * (double)m * (double)n), softmax_shard, &s);
	if (rc != BNK_OK)
		return rc;
	double sum = 0;
	for (size_t i = 0; i < shards; i++)
		sum += s.loss[i];
	*loss_sum = sum;
	return BNK_OK;
}

/* ---- squared loss -------------------------------------------------------------------------- */

typedef struct squared_work {
	float *z;
	const float *y, *w;
	double scale;
	double *loss;
} squared_work;

static int squared_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const squared_work *s = user;
	double loss = 0;
	for (size_t i = begin; i < end; i++) {
		double w = s->w ? (double)s->w[i] : 1.0, d = (double)s->z[i] - (double)s->y[i];
		loss += w * d * d / 2;
		s->z[i] = (float)(s->scale * w * d);
	}
	s->loss[shard] = loss;
	return BNK_OK;
}

int bnk_cpu_squared_loss(bnk_context *ctx, size_t m, float *z, const float *y, const float *w,
	double scale, double *loss_sum, void *scratch)
{
	if (!loss_sum || !scratch || (m && (!z || !y)))
		return BNK_EINVAL;
	squared_work s = {z, y, w, scale, scratch};
	size_t shards = bnk_cpu_element_shards(m, 1);
	int rc = bnk_parallel_for(m, shards, bnk_cpu_team(ctx, 2.0 * (double)m), squared_shard, &s);
	if (rc != BNK_OK)
		return rc;
	double sum = 0;
	for (size_t i = 0; i < shards; i++)
		sum += s.loss[i];
	*loss_sum = sum;
	return BNK_OK;
}
