/*
 * cpu.c - the CPU back end: always there, complete, and the oracle of the others.
 *
 * Products go to OpenBLAS, which is told to use one thread: our own fixed shards call it, so what
 * it computes does not depend on how many threads there are.
 */
#include "kernels/cpu/cpu.h"

#include "kernels/backend.h"
#include "kernels/blas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cpu_available(char *why, size_t why_size)
{
	return bnk_blas_open(why, why_size) != NULL;
}

static int cpu_supports(bnk_op op, bnk_dtype dtype, bnk_shape shape)
{
	(void)shape;
	return bnk_op_has_dtype(op, dtype);
}

static int cpu_open(bnk_context **out, int threads)
{
	if (!bnk_blas_open(NULL, 0))
		return BNK_EDEVICE;
	bnk_context *ctx = malloc(sizeof *ctx);
	if (!ctx)
		return BNK_ENOMEM;
	ctx->threads = threads > 0 ? threads : bnk_threads_default();
	*out = ctx;
	return BNK_OK;
}

static void cpu_close(bnk_context *ctx)
{
	free(ctx);
}

int bnk_cpu_team(const bnk_context *ctx, double ns)
{
	return ns < BNK_CPU_TEAM_NS ? 1 : ctx->threads;
}

static const char *simd_name(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx512f") ? "AVX-512"
	       : __builtin_cpu_supports("avx2")  ? "AVX2"
						 : "SSE2";
#elif defined(__aarch64__)
	return "NEON";
#else
	return "no SIMD";
#endif
}

static void cpu_describe(bnk_context *ctx, char *out, size_t out_size)
{
	const bnk_blas *blas = bnk_blas_open(NULL, 0); /* opened with the context */
	snprintf(out, out_size, "cpu: OpenBLAS (%s), %d thread%s, %s", blas->get_corename(),
		ctx->threads, ctx->threads == 1 ? "" : "s", simd_name());
}

static int cpu_alloc(bnk_context *ctx, void **out, size_t bytes)
{
	(void)ctx;
	*out = NULL;
	if (bytes == 0)
		return BNK_OK;
	if (bytes > SIZE_MAX - BNK_CPU_ALIGN)
		return BNK_ENOMEM;
	size_t rounded = (bytes + BNK_CPU_ALIGN - 1) / BNK_CPU_ALIGN * BNK_CPU_ALIGN;
	*out = aligned_alloc(BNK_CPU_ALIGN, rounded);
	return *out ? BNK_OK : BNK_ENOMEM;
}

static void cpu_free(bnk_context *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static int cpu_copy(bnk_context *ctx, void *dst, const void *src, size_t bytes)
{
	(void)ctx;
	if (bytes)
		memcpy(dst, src, bytes);
	return BNK_OK;
}

static int cpu_zero(bnk_context *ctx, void *dst, size_t bytes)
{
	(void)ctx;
	if (bytes)
		memset(dst, 0, bytes);
	return BNK_OK;
}

static int cpu_sync(bnk_context *ctx)
{
	(void)ctx;
	return BNK_OK;
}

static size_t cpu_scratch_bytes(bnk_op op, bnk_dtype dtype, bnk_shape shape)
{
	(void)dtype;
	size_t m = shape.m, n = shape.n;
	switch (op) {
	case BNK_OP_GRAM:
		return bnk_cpu_gram_shards(m, n) * (n * n + BNK_CPU_ROW_BLOCK * n) * sizeof(double);
	case BNK_OP_GEMV_T:
		return bnk_cpu_row_shards(m) * n * sizeof(double);
	case BNK_OP_LOGISTIC:
		return bnk_cpu_row_shards(m) * 3 * sizeof(double);
	case BNK_OP_SOFTMAX_LOSS:
		return bnk_cpu_element_shards(m, n) * sizeof(double);
	case BNK_OP_SQUARED_LOSS:
		return bnk_cpu_element_shards(m, 1) * sizeof(double);
	case BNK_OP_COL_SUM:
		return bnk_cpu_element_shards(m, n) * n * sizeof(float);
	default:
		return 0;
	}
}

const bnk_backend *bnk_backend_cpu(void)
{
	static const bnk_backend cpu = {
		.api_version = BNK_API_VERSION,
		.struct_bytes = sizeof(bnk_backend),
		.name = "cpu",
		.available = cpu_available,
		.supports = cpu_supports,
		.open = cpu_open,
		.close = cpu_close,
		.describe = cpu_describe,
		.alloc = cpu_alloc,
		.free = cpu_free,
		.upload = cpu_copy,
		.download = cpu_copy,
		.copy = cpu_copy,
		.zero = cpu_zero,
		.sync = cpu_sync,
		.scratch_bytes = cpu_scratch_bytes,
		.gemm = bnk_cpu_gemm,
		.gram = bnk_cpu_gram,
		.gemv = bnk_cpu_gemv,
		.gemv_t = bnk_cpu_gemv_t,
		.logistic = bnk_cpu_logistic,
		.softmax = bnk_cpu_softmax,
		.softmax_loss = bnk_cpu_softmax_loss,
		.squared_loss = bnk_cpu_squared_loss,
		.bias_act = bnk_cpu_bias_act,
		.relu_grad = bnk_cpu_relu_grad,
		.col_sum = bnk_cpu_col_sum,
		.adam = bnk_cpu_adam,
		.gather = bnk_cpu_gather,
	};
	return &cpu;
}
