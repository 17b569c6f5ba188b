/*
 * cpu.h - what the files of the CPU back end share: its context and the shards of each operation.
 *
 * Shard sizes are constants of this back end. Changing one changes the last bits of models, so it
 * is a change that the CHANGELOG names.
 */
#ifndef BNK_CPU_H
#define BNK_CPU_H
#include "kernels/kernels.h"
#include "kernels/parallel.h"

struct bnk_context {
	int threads;
};

enum {
	BNK_CPU_ALIGN = 64,
	BNK_CPU_ROW_BLOCK = 256,     /* rows of a Gram block: stays in L2 */
	BNK_CPU_GRAM_ROWS = 2048,    /* least rows per shard of a Gram matrix */
	BNK_CPU_VECTOR_ROWS = 4096,  /* least rows per shard of row-wise work */
	BNK_CPU_ELEMENTS = 32768,    /* least elements per shard of element-wise work */
	BNK_CPU_GEMM_WORK = 1 << 18, /* least multiply-adds per shard of a product */
	BNK_CPU_TEAM_NS = 250000,    /* least time, on one thread, that waking others is worth */
};

/* Threads for work that takes about that many nanoseconds on one: one when it is over before others
 * would be awake, which on a node that is busy elsewhere takes milliseconds. Never changes a
 * result, only who computes it. */
int bnk_cpu_team(const bnk_context *ctx, double ns);

/* Shards of a reduction over m rows: as many as the rows allow, fewer when each shard's partial
 * result is wide, so that adding them up stays cheap. */
size_t bnk_cpu_gram_shards(size_t m, size_t n);
size_t bnk_cpu_row_shards(size_t m);
size_t bnk_cpu_element_shards(size_t m, size_t n);

int bnk_cpu_gemm(bnk_context *ctx, bnk_dtype dtype, int trans_a, int trans_b, size_t m, size_t n,
	size_t k, double alpha, const void *a, size_t lda, const void *b, size_t ldb, double beta,
	void *c, size_t ldc);
int bnk_cpu_gram(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx, const double *w,
	const double *shift, double *out, void *scratch);
int bnk_cpu_gemv(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx, const double *v,
	double bias, double *out);
int bnk_cpu_gemv_t(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *v, const double *shift, double *out, void *scratch);
int bnk_cpu_logistic(bnk_context *ctx, size_t m, const double *z, const double *y, const double *w,
	double *residual, double *curvature, double *sums, void *scratch);
int bnk_cpu_softmax(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z);
int bnk_cpu_softmax_loss(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z,
	const uint32_t *label, const void *w, double scale, double *loss_sum, void *scratch);
int bnk_cpu_squared_loss(bnk_context *ctx, size_t m, float *z, const float *y, const float *w,
	double scale, double *loss_sum, void *scratch);
int bnk_cpu_bias_act(
	bnk_context *ctx, size_t m, size_t n, float *z, const float *bias, bnk_act act);
int bnk_cpu_relu_grad(bnk_context *ctx, size_t count, float *grad, const float *act);
int bnk_cpu_col_sum(
	bnk_context *ctx, size_t m, size_t n, const float *x, float *out, void *scratch);
int bnk_cpu_adam(bnk_context *ctx, size_t count, float *param, const float *grad, float *moment1,
	float *moment2, const bnk_adam *how);
int bnk_cpu_gather(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, const void *src,
	const uint32_t *index, void *dst);

#endif
