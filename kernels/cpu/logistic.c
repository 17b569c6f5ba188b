/* logistic.c - log-loss, residuals and curvature of margins. exp and log1p are the C library's. */
#include "kernels/op/logistic.h"

#include "kernels/cpu/cpu.h"

#include <math.h>

typedef struct work {
	const double *z, *y, *w;
	double *residual, *curvature, *sums; /* sums: 3 per shard */
} work;

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *l = user;
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
	l->sums[number * 3] = loss;
	l->sums[number * 3 + 1] = sum_residual;
	l->sums[number * 3 + 2] = sum_curvature;
	return BNK_OK;
}

static size_t scratch(const void *args, bnk_dtype type)
{
	const bnk_logistic_args *a = args;
	(void)type;
	return bnk_cpu_row_shards(a->z.cols) * 3 * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_logistic_args *a = args;
	size_t m = a->z.cols, shards = bnk_cpu_row_shards(m);
	(void)type;
	work l = {bnk_view_data(&a->z), bnk_view_data(&a->y), bnk_view_data(&a->w),
		bnk_view_data(&a->residual), bnk_view_data(&a->curvature), call->scratch};
	int rc = bnk_parallel_for(m, shards, bnk_cpu_team(call, 20.0 * (double)m), shard, &l);
	if (rc == BNK_OK)
		bnk_cpu_add_parts(shards, 3, l.sums, bnk_view_data(&a->sums));
	return rc;
}

static const bnk_cpu_variant variants[] = {{"portable", 0, NULL}};

const bnk_cpu_op bnk_cpu_logistic = {{NULL, scratch, run}, variants, 1};
