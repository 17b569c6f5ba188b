/* gemm.c - products on the CPU: OpenBLAS on one thread for each shard of rows. */
#include "kernels/op/gemm.h"

#include "kernels/blas.h"
#include "kernels/cpu/cpu.h"

#include <limits.h>

enum { MAX_SHARDS = 16, LEAST_ROWS = 16 };

typedef struct work {
	const bnk_gemm_args *g;
	bnk_dtype type;
	size_t k;
} work;

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *w = user;
	const bnk_gemm_args *g = w->g;
	const bnk_blas *blas = bnk_blas_open(NULL, 0); /* opened with the context */
	(void)number;
	size_t size = bnk_dtype_bytes(w->type);
	const char *a =
		(char *)bnk_view_data(&g->a) + size * (g->trans_a ? begin : begin * g->a.ld);
	const void *b = bnk_view_data(&g->b);
	char *c = (char *)bnk_view_data(&g->c) + size * begin * g->c.ld;
	CBLAS_TRANSPOSE ta = g->trans_a ? CblasTrans : CblasNoTrans;
	CBLAS_TRANSPOSE tb = g->trans_b ? CblasTrans : CblasNoTrans;
	blasint m = (blasint)(end - begin), n = (blasint)g->c.cols, k = (blasint)w->k;
	if (w->type == BNK_F32)
		blas->sgemm(CblasRowMajor, ta, tb, m, n, k, (float)g->alpha, (const float *)a,
			(blasint)g->a.ld, b, (blasint)g->b.ld, (float)g->beta, (float *)c,
			(blasint)g->c.ld);
	else
		blas->dgemm(CblasRowMajor, ta, tb, m, n, k, g->alpha, (const double *)a,
			(blasint)g->a.ld, b, (blasint)g->b.ld, g->beta, (double *)c,
			(blasint)g->c.ld);
	return BNK_OK;
}

static int fits(const bnk_view *v)
{
	return v->rows <= INT_MAX && v->cols <= INT_MAX && v->ld <= INT_MAX;
}

static int supports(const void *args, bnk_dtype type)
{
	const bnk_gemm_args *g = args;
	(void)type;
	return fits(&g->a) && fits(&g->b) && fits(&g->c);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_gemm_args *g = args;
	work w = {g, type, g->trans_a ? g->a.rows : g->a.cols};
	size_t m = g->c.rows, per_row = g->c.cols * w.k;
	size_t rows = per_row >= BNK_CPU_GEMM_WORK ? 1 : BNK_CPU_GEMM_WORK / per_row;
	size_t shards = bnk_shard_count(m, rows < LEAST_ROWS ? LEAST_ROWS : rows);
	shards = shards > MAX_SHARDS ? MAX_SHARDS : shards;
	int threads = bnk_cpu_team(call, (double)m * (double)per_row / 16);
	threads = bnk_blas_begin((size_t)threads > shards ? (int)shards : threads);
	if (threads == 0)
		return BNK_ENOMEM;
	int status = bnk_parallel_for(m, shards, threads, shard, &w);
	bnk_blas_end(threads);
	return status;
}

static const bnk_cpu_variant variants[] = {{"openblas", 0, NULL}};

const bnk_cpu_op bnk_cpu_gemm = {{supports, NULL, run}, variants, 1};
