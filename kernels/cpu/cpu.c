/*
 * cpu.c - the CPU back end: always available, complete, and the reference for the others.
 *
 * Its queues run immediately, so queues and events have no state. Products use OpenBLAS with one thread, called
 * by our own fixed shards, so the result does not depend on the number of threads.
 */
#include "kernels/cpu/cpu.h"

#include "kernels/backend.h"
#include "kernels/blas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int cpu_devices(char *why, size_t why_size)
{
	return bnk_blas_open(why, why_size) != NULL;
}

static int cpu_open(bnk_context **out, int device, int threads, const char *variants)
{
	char why[8];
	if (device != 0)
		return BNK_EINVAL;
	if (!bnk_blas_open(NULL, 0))
		return BNK_EDEVICE;
	bnk_context *ctx = malloc(sizeof *ctx);
	if (!ctx)
		return BNK_ENOMEM;
	ctx->threads = threads > 0 ? threads : bnk_threads_default();
	int rc = bnk_cpu_choose(ctx->variant, variants, why, sizeof why);
	if (rc != BNK_OK) {
		free(ctx);
		return rc;
	}
	*out = ctx;
	return BNK_OK;
}

static void cpu_close(bnk_context *ctx)
{
	free(ctx);
}

int bnk_cpu_team(const bnk_call *call, double ns)
{
	return ns < BNK_CPU_TEAM_NS ? 1 : call->ctx->threads;
}

static const char *simd_name(void)
{
#if defined(__x86_64__)
	unsigned has = bnk_cpu_features();
	return has & BNK_CPU_AVX512 ? "AVX-512" : has & BNK_CPU_AVX2 ? "AVX2" : "SSE2";
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

static int cpu_memory_free(bnk_context *ctx, size_t *out)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
	(void)ctx;
	if (pages < 0 || bytes < 0)
		return BNK_EUNSUPPORTED;
	*out = (size_t)pages * (size_t)bytes;
	return BNK_OK;
}

static int cpu_queue_new(bnk_context *ctx, void **out)
{
	*out = ctx;
	return BNK_OK;
}

static void cpu_queue_free(bnk_context *ctx, void *queue)
{
	(void)ctx;
	(void)queue;
}

static int cpu_copy(bnk_context *ctx, void *queue, void *to, const void *from, size_t bytes,
	bnk_direction direction)
{
	(void)ctx;
	(void)queue;
	(void)direction;
	memcpy(to, from, bytes);
	return BNK_OK;
}

static int cpu_zero(bnk_context *ctx, void *queue, void *p, size_t bytes)
{
	(void)ctx;
	(void)queue;
	memset(p, 0, bytes);
	return BNK_OK;
}

/* Everything queued is already done. */
static int cpu_sync(bnk_context *ctx, void *queue)
{
	(void)ctx;
	(void)queue;
	return BNK_OK;
}

static int cpu_event_record(bnk_context *ctx, void *event, void *queue)
{
	(void)event;
	return cpu_sync(ctx, queue);
}

static int cpu_event_wait(bnk_context *ctx, void *queue, void *event)
{
	(void)event;
	return cpu_sync(ctx, queue);
}

const bnk_backend *bnk_backend_cpu(void)
{
	static const bnk_impl *const ops[BNK_OP_COUNT] = {
#define BNK_ROW(number, NAME, name, types, klass, tolerance) &bnk_cpu_##name.impl,
		BNK_OPS(BNK_ROW)
#undef BNK_ROW
	};
	static const bnk_backend cpu = {
		.api_version = BNK_API_VERSION,
		.struct_bytes = sizeof(bnk_backend),
		.op_count = BNK_OP_COUNT,
		.name = "cpu",
		.ops = ops,
		.devices = cpu_devices,
		.open = cpu_open,
		.close = cpu_close,
		.describe = cpu_describe,
		.alloc = cpu_alloc,
		.free = cpu_free,
		.memory_free = cpu_memory_free,
		.queue_new = cpu_queue_new,
		.queue_free = cpu_queue_free,
		.copy = cpu_copy,
		.zero = cpu_zero,
		.sync = cpu_sync,
		.event_new = cpu_queue_new,
		.event_free = cpu_queue_free,
		.event_record = cpu_event_record,
		.event_wait = cpu_event_wait,
	};
	return &cpu;
}
