/*
 * linear.c - products and sums over rows: gemm, gram, gemv, gemv_t, col_sum, gather.
 *
 * Each is cut into shards by shape alone. Where shards produce partial sums, these are added in
 * shard order, in double precision.
 */
#include "kernels/blas.h"
#include "kernels/cpu/cpu.h"

#include <limits.h>
#include <math.h>
#include <string.h>

size_t bnk_cpu_gram_shards(size_t m, size_t n)
{
	size_t least = BNK_CPU_GRAM_ROWS > 8 * n ? BNK_CPU_GRAM_ROWS : 8 * n;
	size_t shards = bnk_shard_count(m, least);
	return shards > 16 ? 16 : shards;
}

size_t bnk_cpu_row_shards(size_t m)
{
	return bnk_shard_count(m, BNK_CPU_VECTOR_ROWS);
}

size_t bnk_cpu_element_shards(size_t m, size_t n)
{
	size_t rows = n ? BNK_CPU_ELEMENTS / n : m;
	size_t shards = bnk_shard_count(m, rows ? rows : 1);
	return shards > 16 ? 16 : shards;
}

/* ---- gemm ---------------------------------------------------------------------------------- */

typedef struct gemm_work {
	bnk_dtype dtype;
	int trans_a, trans_b;
	size_t n, k;
	double alpha, beta;
	const char *a, *b;
	char *c;
	size_t lda, ldb, ldc;
} gemm_work;

static int gemm_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const gemm_work *w = user;
	const bnk_blas *blas = bnk_blas_open(NULL, 0); /* opened with the context */
	(void)shard;
	size_t size = w->dtype == BNK_F32 ? sizeof(float) : sizeof(double);
	const char *a = w->a + size * (w->trans_a ? begin : begin * w->lda);
	char *c = w->c + size * begin * w->ldc;
	CBLAS_TRANSPOSE ta = w->trans_a ? CblasTrans : CblasNoTrans;
	CBLAS_TRANSPOSE tb = w->trans_b ? CblasTrans : CblasNoTrans;
	blasint m = (blasint)(end - begin), n = (blasint)w->n, k = (blasint)w->k;
	if (w->dtype == BNK_F32)
		blas->sgemm(CblasRowMajor, ta, tb, m, n, k, (float)w->alpha, (const float *)a,
			(blasint)w->lda, (const float *)w->b, (blasint)w->ldb, (float)w->beta,
			(float *)c, (blasint)w->ldc);
	else
		blas->dgemm(CblasRowMajor, ta, tb, m, n, k, w->alpha, (const double *)a,
			(blasint)w->lda, (const double *)w->b, (blasint)w->ldb, w->beta,
			(double *)c, (blasint)w->ldc);
	return BNK_OK;
}

static int fits_blas(size_t m, size_t n, size_t k)
{
	return m <= INT_MAX && n <= INT_MAX && k <= INT_MAX;
}

int bnk_cpu_gemm(bnk_context *ctx, bnk_dtype dtype, int trans_a, int trans_b, size_t m, size_t n,
	size_t k, double alpha, const void *a, size_t lda, const void *b, size_t ldb, double beta,
	void *c, size_t ldc)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!a || !b || !c || k == 0 || !fits_blas(m, n, k) || !fits_blas(lda, ldb, ldc) ||
		ldc < n || lda < (trans_a ? m : k) || ldb < (trans_b ? k : n))
		return BNK_EINVAL;
	gemm_work w = {dtype, trans_a, trans_b, n, k, alpha, beta, a, b, c, lda, ldb, ldc};
	size_t per_row = n * k;
	size_t rows = per_row >= BNK_CPU_GEMM_WORK ? 1 : BNK_CPU_GEMM_WORK / per_row;
	size_t shards = bnk_shard_count(m, rows < 16 ? 16 : rows);
	return bnk_parallel_for(m, shards > 16 ? 16 : shards,
		bnk_cpu_team(ctx, (double)m * (double)per_row / 16), gemm_shard, &w);
}

/* ---- gram ---------------------------------------------------------------------------------- */

typedef struct gram_work {
	size_t n;
	const double *x;
	size_t ldx;
	const double *w, *shift;
	double *scratch; /* per shard: n * n sums, then a block of rows */
} gram_work;

/* block[r,:] = sqrt(w) * (x - shift) */
static void gram_block(const gram_work *g, size_t begin, size_t rows, double *block)
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

static int gram_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const gram_work *g = user;
	const bnk_blas *blas = bnk_blas_open(NULL, 0);
	size_t n = g->n;
	double *sum = g->scratch + shard * (n * n + BNK_CPU_ROW_BLOCK * n);
	double *block = sum + n * n;
	memset(sum, 0, n * n * sizeof *sum);
	for (size_t i = begin; i < end; i += BNK_CPU_ROW_BLOCK) {
		size_t rows = end - i < BNK_CPU_ROW_BLOCK ? end - i : BNK_CPU_ROW_BLOCK;
		gram_block(g, i, rows, block);
		blas->dsyrk(CblasRowMajor, CblasLower, CblasTrans, (blasint)n, (blasint)rows, 1.0,
			block, (blasint)n, 1.0, sum, (blasint)n);
	}
	return BNK_OK;
}

int bnk_cpu_gram(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx, const double *w,
	const double *shift, double *out, void *scratch)
{
	if (n == 0)
		return BNK_OK;
	if (!out || !scratch || (m && !x) || ldx < n || !fits_blas(m, n, ldx))
		return BNK_EINVAL;
	gram_work g = {n, x, ldx, w, shift, scratch};
	size_t shards = bnk_cpu_gram_shards(m, n);
	int rc = bnk_parallel_for(m, shards,
		bnk_cpu_team(ctx, (double)m * (double)n * (double)n / 8), gram_shard, &g);
	if (rc != BNK_OK)
		return rc;
	size_t stride = n * n + BNK_CPU_ROW_BLOCK * n;
	memcpy(out, g.scratch, n * n * sizeof *out);
	for (size_t s = 1; s < shards; s++)
		for (size_t i = 0; i < n * n; i++)
			out[i] += g.scratch[s * stride + i];
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			out[i * n + j] = out[j * n + i];
	return BNK_OK;
}

/* ---- gemv and gemv_t ----------------------------------------------------------------------- */

typedef struct gemv_work {
	size_t n;
	const double *x;
	size_t ldx;
	const double *v, *shift;
	double bias;
	double *out; /* of gemv; of gemv_t: n sums per shard */
} gemv_work;

static int gemv_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const gemv_work *g = user;
	(void)shard;
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

int bnk_cpu_gemv(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx, const double *v,
	double bias, double *out)
{
	if (m == 0)
		return BNK_OK;
	if (!out || (n && (!x || !v)) || ldx < n)
		return BNK_EINVAL;
	gemv_work g = {n, x, ldx, v, NULL, bias, out};
	return bnk_parallel_for(
		m, bnk_cpu_row_shards(m), bnk_cpu_team(ctx, (double)m * (double)n), gemv_shard, &g);
}

static int gemv_t_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const gemv_work *g = user;
	size_t n = g->n;
	double *sum = g->out + shard * n;
	memset(sum, 0, n * sizeof *sum);
	for (size_t r = begin; r < end; r++) {
		const double *x = g->x + r * g->ldx;
		double f = g->v ? g->v[r] : 1.0;
		if (g->shift)
			for (size_t j = 0; j < n; j++)
				sum[j] += f * (x[j] - g->shift[j]);
		else
			for (size_t j = 0; j < n; j++)
				sum[j] += f * x[j];
	}
	return BNK_OK;
}

int bnk_cpu_gemv_t(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *v, const double *shift, double *out, void *scratch)
{
	if (n == 0)
		return BNK_OK;
	if (!out || !scratch || (m && !x) || ldx < n)
		return BNK_EINVAL;
	gemv_work g = {n, x, ldx, v, shift, 0, scratch};
	size_t shards = bnk_cpu_row_shards(m);
	int rc = bnk_parallel_for(
		m, shards, bnk_cpu_team(ctx, (double)m * (double)n), gemv_t_shard, &g);
	if (rc != BNK_OK)
		return rc;
	memcpy(out, g.out, n * sizeof *out);
	for (size_t s = 1; s < shards; s++)
		for (size_t j = 0; j < n; j++)
			out[j] += g.out[s * n + j];
	return BNK_OK;
}

/* ---- col_sum ------------------------------------------------------------------------------- */

typedef struct col_sum_work {
	size_t n;
	const float *x;
	float *sums;
} col_sum_work;

static int col_sum_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const col_sum_work *w = user;
	float *sum = w->sums + shard * w->n;
	memset(sum, 0, w->n * sizeof *sum);
	for (size_t r = begin; r < end; r++)
		for (size_t j = 0; j < w->n; j++)
			sum[j] += w->x[r * w->n + j];
	return BNK_OK;
}

int bnk_cpu_col_sum(bnk_context *ctx, size_t m, size_t n, const float *x, float *out, void *scratch)
{
	if (n == 0)
		return BNK_OK;
	if (!out || !scratch || (m && !x))
		return BNK_EINVAL;
	col_sum_work w = {n, x, scratch};
	size_t shards = bnk_cpu_element_shards(m, n);
	int rc = bnk_parallel_for(
		m, shards, bnk_cpu_team(ctx, (double)m * (double)n), col_sum_shard, &w);
	if (rc != BNK_OK)
		return rc;
	memcpy(out, w.sums, n * sizeof *out);
	for (size_t s = 1; s < shards; s++)
		for (size_t j = 0; j < n; j++)
			out[j] += w.sums[s * n + j];
	return BNK_OK;
}

/* ---- gather -------------------------------------------------------------------------------- */

typedef struct gather_work {
	size_t row_bytes;
	const char *src;
	const uint32_t *index;
	char *dst;
} gather_work;

static int gather_shard(void *user, size_t shard, size_t begin, size_t end)
{
	const gather_work *w = user;
	(void)shard;
	for (size_t i = begin; i < end; i++)
		memcpy(w->dst + i * w->row_bytes, w->src + (size_t)w->index[i] * w->row_bytes,
			w->row_bytes);
	return BNK_OK;
}

int bnk_cpu_gather(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, const void *src,
	const uint32_t *index, void *dst)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!src || !index || !dst)
		return BNK_EINVAL;
	size_t size = dtype == BNK_F32 ? sizeof(float) : sizeof(double);
	gather_work w = {n * size, src, index, dst};
	return bnk_parallel_for(m, bnk_cpu_element_shards(m, n),
		bnk_cpu_team(ctx, (double)m * (double)n), gather_shard, &w);
}
