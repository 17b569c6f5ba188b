/* gemv_t.c - weighted sums of columns: each shard adds its rows one by one; the shards' sums in shard order. */
#include "kernels/op/gemv_t.h"

#include "kernels/cpu/cpu.h"

#include <string.h>

typedef struct work {
	size_t n, ldx;
	const double *x, *v, *shift;
	double *sums; /* n per shard */
	bnk_cpu_loop loop;
} work;

/* Adds `rows` rows to sum. */
typedef void add_rows_fn(size_t rows, size_t n, const double *x, size_t ldx, const double *v,
	const double *shift, double *restrict sum);

BNK_LOOP(add_rows, (size_t rows, size_t n, const double *x, size_t ldx, const double *v,
			   const double *shift, double *restrict sum))
{
	for (size_t r = 0; r < rows; r++, x += ldx) {
		double f = v ? v[r] : 1.0;
		if (shift) {
			BNK_SIMD
			for (size_t j = 0; j < n; j++)
				sum[j] += f * (x[j] - shift[j]);
		} else {
			BNK_SIMD
			for (size_t j = 0; j < n; j++)
				sum[j] += f * x[j];
		}
	}
}
BNK_LOOP_VARIANTS(add_rows,
	(size_t rows, size_t n, const double *x, size_t ldx, const double *v, const double *shift,
		double *restrict sum),
	(rows, n, x, ldx, v, shift, sum))

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *g = user;
	double *sum = g->sums + number * g->n;
	memset(sum, 0, g->n * sizeof *sum);
	((add_rows_fn *)g->loop)(end - begin, g->n, g->x + begin * g->ldx, g->ldx,
		g->v ? g->v + begin : NULL, g->shift, sum);
	return BNK_OK;
}

static size_t scratch(const void *args, bnk_dtype type)
{
	const bnk_gemv_t_args *a = args;
	(void)type;
	return bnk_cpu_row_shards(a->x.rows) * a->x.cols * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_gemv_t_args *a = args;
	size_t m = a->x.rows, n = a->x.cols, shards = bnk_cpu_row_shards(m);
	(void)type;
	work g = {n, a->x.ld, bnk_view_data(&a->x), bnk_view_data(&a->v), bnk_view_data(&a->shift),
		call->scratch, bnk_cpu_loop_of(call)};
	int rc = bnk_parallel_for(m, shards, bnk_cpu_team(call, (double)m * (double)n), shard, &g);
	if (rc == BNK_OK)
		bnk_cpu_add_parts(shards, n, g.sums, bnk_view_data(&a->out));
	return rc;
}

const bnk_cpu_op bnk_cpu_gemv_t = {{NULL, scratch, run}, add_rows_variants,
	sizeof add_rows_variants / sizeof *add_rows_variants};
