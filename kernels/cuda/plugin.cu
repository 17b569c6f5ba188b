/*
 * plugin.cu - the CUDA back end: device memory, streams, and the table that the host takes.
 *
 * One device (the first that CUDA shows: CUDA_VISIBLE_DEVICES chooses), one stream and one cuBLAS
 * handle per context. TF32 stays off, so float32 means float32.
 */
#include "kernels/cuda/context.cuh"

#include <cstdio>
#include <cstring>
#include <new>

static int cuda_available(char *why, size_t why_size)
{
	int count = 0;
	cudaError_t e = cudaGetDeviceCount(&count);
	if (e == cudaSuccess && count > 0) {
		if (why_size)
			why[0] = '\0';
		return 1;
	}
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

static int cuda_supports(bnk_op op, bnk_dtype dtype, bnk_shape shape)
{
	if (shape.m > INT_MAX || shape.n > INT_MAX || shape.k > INT_MAX)
		return 0;
	return bnk_op_has_dtype(op, dtype);
}

static void cuda_close(bnk_context *ctx)
{
	if (!ctx)
		return;
	if (ctx->blas)
		cublasDestroy(ctx->blas);
	if (ctx->stream)
		cudaStreamDestroy(ctx->stream);
	delete ctx;
}

static int cuda_open(bnk_context **out, int threads)
{
	(void)threads;
	bnk_context *ctx = new (std::nothrow) bnk_context();
	if (!ctx)
		return BNK_ENOMEM;
	int rc = bnk_cuda_status(cudaStreamCreateWithFlags(&ctx->stream, cudaStreamNonBlocking));
	if (rc == BNK_OK)
		rc = bnk_cuda_blas_status(cublasCreate(&ctx->blas));
	if (rc == BNK_OK)
		rc = bnk_cuda_blas_status(cublasSetStream(ctx->blas, ctx->stream));
	if (rc == BNK_OK)
		rc = bnk_cuda_blas_status(cublasSetMathMode(ctx->blas, CUBLAS_DEFAULT_MATH));
	if (rc != BNK_OK) {
		cuda_close(ctx);
		return rc;
	}
	*out = ctx;
	return BNK_OK;
}

static void cuda_describe(bnk_context *ctx, char *out, size_t out_size)
{
	cudaDeviceProp p;
	int device = 0, driver = 0;
	(void)ctx;
	if (cudaGetDevice(&device) != cudaSuccess ||
		cudaGetDeviceProperties(&p, device) != cudaSuccess ||
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
	(void)ctx;
	*out = NULL;
	return bytes ? bnk_cuda_status(cudaMalloc(out, bytes)) : BNK_OK;
}

static void cuda_free(bnk_context *ctx, void *p)
{
	(void)ctx;
	if (cudaFree(p) != cudaSuccess)
		cudaGetLastError();
}

static int cuda_sync(bnk_context *ctx)
{
	return bnk_cuda_status(cudaStreamSynchronize(ctx->stream));
}

static int transfer(bnk_context *ctx, void *dst, const void *src, size_t bytes, cudaMemcpyKind kind)
{
	if (bytes == 0)
		return BNK_OK;
	int rc = bnk_cuda_status(cudaMemcpyAsync(dst, src, bytes, kind, ctx->stream));
	return rc == BNK_OK ? cuda_sync(ctx) : rc;
}

static int cuda_upload(bnk_context *ctx, void *dst, const void *src, size_t bytes)
{
	return transfer(ctx, dst, src, bytes, cudaMemcpyHostToDevice);
}

static int cuda_download(bnk_context *ctx, void *dst, const void *src, size_t bytes)
{
	return transfer(ctx, dst, src, bytes, cudaMemcpyDeviceToHost);
}

static int cuda_copy(bnk_context *ctx, void *dst, const void *src, size_t bytes)
{
	if (bytes == 0)
		return BNK_OK;
	return bnk_cuda_status(
		cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDeviceToDevice, ctx->stream));
}

static int cuda_zero(bnk_context *ctx, void *dst, size_t bytes)
{
	return bytes ? bnk_cuda_status(cudaMemsetAsync(dst, 0, bytes, ctx->stream)) : BNK_OK;
}

static size_t cuda_scratch_bytes(bnk_op op, bnk_dtype dtype, bnk_shape shape)
{
	size_t m = shape.m, n = shape.n, rows = m < BNK_CUDA_GRAM_ROWS ? m : BNK_CUDA_GRAM_ROWS;
	(void)dtype;
	switch (op) {
	case BNK_OP_GRAM:
		return (rows + 1) * n * sizeof(double);
	case BNK_OP_GEMV_T:
	case BNK_OP_COL_SUM:
		return bnk_cuda_row_parts(m) * n * sizeof(double);
	case BNK_OP_LOGISTIC:
		return bnk_cuda_blocks(m) * 3 * sizeof(double);
	case BNK_OP_SOFTMAX_LOSS:
	case BNK_OP_SQUARED_LOSS:
		return bnk_cuda_blocks(m) * sizeof(double);
	default:
		return 0;
	}
}

/* ---- the table ------------------------------------------------------------------------------ */

/* Filled in by position, since C++17 has no designated initialisers: the order of kernels.h. */
static const bnk_backend cuda_backend = {
	BNK_API_VERSION,
	sizeof(bnk_backend),
	"cuda",
	cuda_available,
	cuda_supports,
	cuda_open,
	cuda_close,
	cuda_describe,
	cuda_alloc,
	cuda_free,
	cuda_upload,
	cuda_download,
	cuda_copy,
	cuda_zero,
	cuda_sync,
	cuda_scratch_bytes,
	bnk_cuda_gemm,
	bnk_cuda_gram,
	bnk_cuda_gemv,
	bnk_cuda_gemv_t,
	bnk_cuda_logistic,
	bnk_cuda_softmax,
	bnk_cuda_softmax_loss,
	bnk_cuda_squared_loss,
	bnk_cuda_bias_act,
	bnk_cuda_relu_grad,
	bnk_cuda_col_sum,
	bnk_cuda_adam,
	bnk_cuda_gather,
};

extern "C" __attribute__((visibility("default"))) const bnk_backend *bnk_plugin_backend(
	uint32_t host_api_version)
{
	return host_api_version == BNK_API_VERSION ? &cuda_backend : NULL;
}
