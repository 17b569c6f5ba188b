/*
 * gram.c - the Gram matrix of all rows at once: each shard scales blocks of rows and adds their products with
 * OpenBLAS; the shards' sums are added in shard order.
 */
#include "kernels/op/gram.h"

#include "kernels/blas.h"
#include "kernels/cpu/cpu.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { MAX_SHARDS = 16 };

typedef struct work {
	size_t n, ldx;
	const double *x, *w, *shift;
	double *sums, *blocks; /* of each shard: n * n, and BNK_CPU_ROW_BLOCK * n */
} work;

/* As many as the rows allow, fewer if each shard has many sums, so that adding them stays cheap. */
static size_t count_shards(size_t m, size_t n)
{
	size_t least = BNK_CPU_GRAM_ROWS > 8 * n ? BNK_CPU_GRAM_ROWS : 8 * n;
	size_t shards = bnk_shard_count(m, least);
	return shards > MAX_SHARDS ? MAX_SHARDS : shards;
}

/* block[r,:] = sqrt(w) * (x - shift) */
static void scale_rows(const work *g, size_t begin, size_t rows, double *block)
{
	size_t n = g->n;
	for (size_t r = 0; r < rows; r++) {
		const double *x = g->x + (begin + r) * g->ldx;
		double *to = block + r * n;
		double root = g->w ? sqrt(g->w[begin + r]) : 1.0;
		if (g->shift)
			for (size_t j = 0; j < n; j++)
				to[j] = root * (x[j] - g->shift[j]);
		else
			for (size_t j = 0; j < n; j++)
				to[j] = root * x[j];
	}
}

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *g = user;
	const bnk_blas *blas = bnk_blas_open(NULL, 0);
	size_t n = g->n;
	double *sum = g->sums + number * n * n, *block = g->blocks + number * BNK_CPU_ROW_BLOCK * n;
	memset(sum, 0, n * n * sizeof *sum);
	for (size_t i = begin; i < end; i += BNK_CPU_ROW_BLOCK) {
		size_t rows = end - i < BNK_CPU_ROW_BLOCK ? end - i : BNK_CPU_ROW_BLOCK;
		scale_rows(g, i, rows, block);
		blas->dsyrk(CblasRowMajor, CblasLower, CblasTrans, (blasint)n, (blasint)rows, 1.0,
			block, (blasint)n, 1.0, sum, (blasint)n);
	}
	return BNK_OK;
}

static int supports(const void *args, bnk_dtype type)
{
	const bnk_gram_args *a = args;
	(void)type;
	return a->x.cols <= INT_MAX;
}

static size_t scratch(const void *args, bnk_dtype type)
{
	const bnk_gram_args *a = args;
	size_t m = a->x.rows, n = a->x.cols;
	(void)type;
	return count_shards(m, n) * (n * n + BNK_CPU_ROW_BLOCK * n) * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_gram_args *a = args;
	size_t m = a->x.rows, n = a->x.cols, shards = count_shards(m, n);
	double *out = bnk_view_data(&a->out);
	int threads = bnk_cpu_team(call, (double)m * (double)n * (double)n / 8);
	(void)type;
	threads = bnk_blas_begin((size_t)threads > shards ? (int)shards : threads);
	if (threads == 0)
		return BNK_ENOMEM;
	work g = {n, a->x.ld, bnk_view_data(&a->x), bnk_view_data(&a->w), bnk_view_data(&a->shift),
		call->scratch, (double *)call->scratch + shards * n * n};
	int rc = bnk_parallel_for(m, shards, threads, shard, &g);
	bnk_blas_end(threads);
	if (rc != BNK_OK)
		return rc;
	bnk_cpu_add_parts(shards, n * n, g.sums, out);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			out[i * n + j] = out[j * n + i];
	return BNK_OK;
}

static const bnk_cpu_variant variants[] = {{"openblas", 0, NULL}};

const bnk_cpu_op bnk_cpu_gram = {{supports, scratch, run}, variants, 1};
