/* gemv.c - a matrix times a vector: each row is four sums in a fixed order. */
#include "kernels/op/gemv.h"

#include "kernels/cpu/cpu.h"

typedef struct work {
	size_t n, ldx;
	const double *x, *v;
	double bias;
	double *out;
} work;

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *g = user;
	(void)number;
	for (size_t r = begin; r < end; r++) {
		const double *x = g->x + r * g->ldx;
		double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
		size_t j = 0;
		for (; j + 4 <= g->n; j += 4) {
			s0 += x[j] * g->v[j];
			s1 += x[j + 1] * g->v[j + 1];
			s2 += x[j + 2] * g->v[j + 2];
			s3 += x[j + 3] * g->v[j + 3];
		}
		for (; j < g->n; j++)
			s0 += x[j] * g->v[j];
		g->out[r] = ((s0 + s2) + (s1 + s3)) + g->bias;
	}
	return BNK_OK;
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_gemv_args *a = args;
	size_t m = a->x.rows, n = a->x.cols;
	(void)type;
	work g = {n, a->x.ld, bnk_view_data(&a->x), bnk_view_data(&a->v), a->bias,
		bnk_view_data(&a->out)};
	return bnk_parallel_for(
		m, bnk_cpu_row_shards(m), bnk_cpu_team(call, (double)m * (double)n), shard, &g);
}

static const bnk_cpu_variant variants[] = {{"portable", 0, NULL}};

const bnk_cpu_op bnk_cpu_gemv = {{NULL, NULL, run}, variants, 1};
