/*
 * plugin.cu - the CUDA back end: device memory, streams, and the table for the host.
 *
 * A device has CUDA's number (CUDA_VISIBLE_DEVICES selects the visible ones); a queue is a stream with a cuBLAS
 * handle of its own. TF32 stays off, so float32 means float32.
 */
#include "kernels/cuda/context.cuh"

#include <cstdio>
#include <cstring>
#include <new>

static int cuda_devices(char *why, size_t why_size)
{
	int count = 0;
	cudaError_t e = cudaGetDeviceCount(&count);
	if (why_size)
		why[0] = '\0';
	if (e == cudaSuccess && count > 0)
		return count;
	cudaGetLastError();
	int driver = 0;
	const char *text = e == cudaSuccess ? "no NVIDIA device" : cudaGetErrorString(e);
	if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0)
		text = "no NVIDIA driver on this machine";
	cudaGetLastError();
	if (why_size)
		snprintf(why, why_size, "%s", text);
	return 0;
}

/* Selects the device for this thread's calls. */
static int cuda_enter(bnk_context *ctx)
{
	return bnk_cuda_status(cudaSetDevice(ctx->device));
}

static void cuda_close(bnk_context *ctx)
{
	delete ctx;
}

static int cuda_open(bnk_context **out, int device, int, const char *)
{
	int count = 0;
	int rc = bnk_cuda_status(cudaGetDeviceCount(&count));
	if (rc != BNK_OK)
		return rc;
	if (device < 0 || device >= count)
		return BNK_EINVAL;
	bnk_context *ctx = new (std::nothrow) bnk_context();
	if (!ctx)
		return BNK_ENOMEM;
	ctx->device = device;
	rc = cuda_enter(ctx);
	if (rc != BNK_OK) {
		cuda_close(ctx);
		return rc;
	}
	*out = ctx;
	return BNK_OK;
}

static void cuda_queue_free(bnk_context *ctx, void *queue)
{
	auto q = static_cast<bnk_cuda_queue *>(queue);
	if (!q)
		return;
	cuda_enter(ctx);
	if (q->blas)
		cublasDestroy(q->blas);
	if (q->stream)
		cudaStreamDestroy(q->stream);
	delete q;
}

static int cuda_queue_new(bnk_context *ctx, void **out)
{
	auto q = new (std::nothrow) bnk_cuda_queue();
	if (!q)
		return BNK_ENOMEM;
	int rc = cuda_enter(ctx);
	if (rc == BNK_OK)
		rc = bnk_cuda_status(cudaStreamCreateWithFlags(&q->stream, cudaStreamNonBlocking));
	if (rc == BNK_OK)
		rc = bnk_cuda_blas_status(cublasCreate(&q->blas));
	if (rc == BNK_OK)
		rc = bnk_cuda_blas_status(cublasSetStream(q->blas, q->stream));
	if (rc == BNK_OK)
		rc = bnk_cuda_blas_status(cublasSetMathMode(q->blas, CUBLAS_DEFAULT_MATH));
	if (rc != BNK_OK) {
		cuda_queue_free(ctx, q);
		return rc;
	}
	*out = q;
	return BNK_OK;
}

static void cuda_describe(bnk_context *ctx, char *out, size_t out_size)
{
	cudaDeviceProp p;
	int driver = 0;
	if (cudaGetDeviceProperties(&p, ctx->device) != cudaSuccess ||
		cudaDriverGetVersion(&driver) != cudaSuccess) {
		cudaGetLastError();
		snprintf(out, out_size, "cuda: the device does not answer");
		return;
	}
	snprintf(out, out_size, "cuda: %s, %.0f GiB, compute %d.%d, driver for CUDA %d.%d", p.name,
		(double)p.totalGlobalMem / (1 << 30), p.major, p.minor, driver / 1000,
		driver % 1000 / 10);
}

/* ---- memory --------------------------------------------------------------------------------- */

static int cuda_alloc(bnk_context *ctx, void **out, size_t bytes)
{
	int rc = cuda_enter(ctx);
	*out = NULL;
	return rc == BNK_OK ? bnk_cuda_status(cudaMalloc(out, bytes)) : rc;
}

static void cuda_free(bnk_context *ctx, void *p)
{
	if (cuda_enter(ctx) == BNK_OK)
		bnk_cuda_status(cudaFree(p));
}

static int cuda_memory_free(bnk_context *ctx, size_t *out)
{
	size_t total;
	int rc = cuda_enter(ctx);
	return rc == BNK_OK ? bnk_cuda_status(cudaMemGetInfo(out, &total)) : rc;
}

static int cuda_sync(bnk_context *ctx, void *queue)
{
	int rc = cuda_enter(ctx);
	return rc == BNK_OK ? bnk_cuda_status(cudaStreamSynchronize(
				      static_cast<bnk_cuda_queue *>(queue)->stream))
			    : rc;
}

static int cuda_copy(bnk_context *ctx, void *queue, void *to, const void *from, size_t bytes,
	bnk_direction direction)
{
	cudaMemcpyKind kind = direction == BNK_TO_DEVICE ? cudaMemcpyHostToDevice
			      : direction == BNK_TO_HOST ? cudaMemcpyDeviceToHost
							 : cudaMemcpyDeviceToDevice;
	int rc = cuda_enter(ctx);
	if (rc == BNK_OK)
		rc = bnk_cuda_status(cudaMemcpyAsync(
			to, from, bytes, kind, static_cast<bnk_cuda_queue *>(queue)->stream));
	return rc == BNK_OK && direction != BNK_ON_DEVICE ? cuda_sync(ctx, queue) : rc;
}

static int cuda_zero(bnk_context *ctx, void *queue, void *p, size_t bytes)
{
	int rc = cuda_enter(ctx);
	return rc == BNK_OK ? bnk_cuda_status(cudaMemsetAsync(
				      p, 0, bytes, static_cast<bnk_cuda_queue *>(queue)->stream))
			    : rc;
}

/* ---- events --------------------------------------------------------------------------------- */

static int cuda_event_new(bnk_context *ctx, void **out)
{
	cudaEvent_t e;
	int rc = cuda_enter(ctx);
	if (rc == BNK_OK)
		rc = bnk_cuda_status(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
	if (rc == BNK_OK)
		*out = e;
	return rc;
}

static void cuda_event_free(bnk_context *ctx, void *event)
{
	if (event && cuda_enter(ctx) == BNK_OK)
		bnk_cuda_status(cudaEventDestroy(static_cast<cudaEvent_t>(event)));
}

static int cuda_event_record(bnk_context *ctx, void *event, void *queue)
{
	int rc = cuda_enter(ctx);
	return rc == BNK_OK ? bnk_cuda_status(cudaEventRecord(static_cast<cudaEvent_t>(event),
				      static_cast<bnk_cuda_queue *>(queue)->stream))
			    : rc;
}

static int cuda_event_wait(bnk_context *ctx, void *queue, void *event)
{
	int rc = cuda_enter(ctx);
	return rc == BNK_OK ? bnk_cuda_status(cudaStreamWaitEvent(
				      static_cast<bnk_cuda_queue *>(queue)->stream,
				      static_cast<cudaEvent_t>(event), 0))
			    : rc;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const bnk_impl *const cuda_ops[BNK_OP_COUNT] = {
#define BNK_ROW(number, NAME, name, types, klass, tolerance) &bnk_cuda_##name,
	BNK_OPS(BNK_ROW)
#undef BNK_ROW
};

/* Filled in by position, since C++17 has no designated initialisers: the order of kernels.h. */
static const bnk_backend cuda_backend = {
	BNK_API_VERSION,
	sizeof(bnk_backend),
	BNK_OP_COUNT,
#ifdef BNK_CUDA_EMULATION
	"cuda-emu",
#else
	"cuda",
#endif
	cuda_ops,
	cuda_devices,
	cuda_open,
	cuda_close,
	cuda_describe,
	cuda_enter,
	cuda_alloc,
	cuda_free,
	cuda_memory_free,
	cuda_queue_new,
	cuda_queue_free,
	cuda_copy,
	cuda_zero,
	cuda_sync,
	cuda_event_new,
	cuda_event_free,
	cuda_event_record,
	cuda_event_wait,
};

extern "C" __attribute__((visibility("default"))) const bnk_backend *bnk_plugin_backend(
	uint32_t host_api_version)
{
	return host_api_version == BNK_API_VERSION ? &cuda_backend : NULL;
}
