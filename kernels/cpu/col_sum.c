/* col_sum.c - sums of float32 columns: each shard adds its rows one by one; the shards' sums in shard order. */
#include "kernels/op/col_sum.h"

#include "kernels/cpu/cpu.h"

#include <string.h>

typedef struct work {
	size_t n;
	const float *x;
	float *sums; /* n per shard */
	bnk_cpu_loop loop;
} work;

typedef void add_rows_fn(size_t rows, size_t n, const float *x, float *restrict sum);

BNK_LOOP(add_rows, (size_t rows, size_t n, const float *x, float *restrict sum))
{
	for (size_t r = 0; r < rows; r++, x += n) {
		BNK_SIMD
		for (size_t j = 0; j < n; j++)
			sum[j] += x[j];
	}
}
BNK_LOOP_VARIANTS(
	add_rows, (size_t rows, size_t n, const float *x, float *restrict sum), (rows, n, x, sum))

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *w = user;
	float *sum = w->sums + number * w->n;
	memset(sum, 0, w->n * sizeof *sum);
	((add_rows_fn *)w->loop)(end - begin, w->n, w->x + begin * w->n, sum);
	return BNK_OK;
}

static size_t scratch(const void *args, bnk_dtype type)
{
	const bnk_col_sum_args *a = args;
	(void)type;
	return bnk_cpu_element_shards(a->x.rows, a->x.cols) * a->x.cols * sizeof(float);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_col_sum_args *a = args;
	size_t m = a->x.rows, n = a->x.cols, shards = bnk_cpu_element_shards(m, n);
	float *out = bnk_view_data(&a->out);
	(void)type;
	work w = {n, bnk_view_data(&a->x), call->scratch, bnk_cpu_loop_of(call)};
	int rc = bnk_parallel_for(m, shards, bnk_cpu_team(call, (double)m * (double)n), shard, &w);
	if (rc != BNK_OK)
		return rc;
	memcpy(out, w.sums, n * sizeof *out);
	for (size_t s = 1; s < shards; s++)
		for (size_t j = 0; j < n; j++)
			out[j] += w.sums[s * n + j];
	return BNK_OK;
}

const bnk_cpu_op bnk_cpu_col_sum = {{NULL, scratch, run}, add_rows_variants,
	sizeof add_rows_variants / sizeof *add_rows_variants};
