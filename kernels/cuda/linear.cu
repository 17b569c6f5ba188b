/* linear.cu - products and sums over rows on the device; see kernels.h for what each computes. */
#include "kernels/cuda/context.cuh"

static bool fits(size_t a, size_t b, size_t c)
{
	return a <= INT_MAX && b <= INT_MAX && c <= INT_MAX;
}

/* cuBLAS is column-major: a row-major product c = a b is its c' = b' a'. */
int bnk_cuda_gemm(bnk_context *ctx, bnk_dtype dtype, int trans_a, int trans_b, size_t m, size_t n,
	size_t k, double alpha, const void *a, size_t lda, const void *b, size_t ldb, double beta,
	void *c, size_t ldc)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!a || !b || !c || k == 0 || !fits(m, n, k) || !fits(lda, ldb, ldc) || ldc < n ||
		lda < (trans_a ? m : k) || ldb < (trans_b ? k : n))
		return BNK_EINVAL;
	cublasOperation_t ta = trans_a ? CUBLAS_OP_T : CUBLAS_OP_N;
	cublasOperation_t tb = trans_b ? CUBLAS_OP_T : CUBLAS_OP_N;
	if (dtype == BNK_F64)
		return bnk_cuda_blas_status(cublasDgemm(ctx->blas, tb, ta, (int)n, (int)m, (int)k,
			&alpha, (const double *)b, (int)ldb, (const double *)a, (int)lda, &beta,
			(double *)c, (int)ldc));
	float alpha32 = (float)alpha, beta32 = (float)beta;
	return bnk_cuda_blas_status(
		cublasSgemm(ctx->blas, tb, ta, (int)n, (int)m, (int)k, &alpha32, (const float *)b,
			(int)ldb, (const float *)a, (int)lda, &beta32, (float *)c, (int)ldc));
}

/* ---- gram ----------------------------------------------------------------------------------- */

__global__ static void scale_rows(size_t rows, size_t n, const double *x, size_t ldx,
	const double *w, const double *shift, double *to)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < rows * n; i += step) {
		size_t r = i / n, j = i % n;
		double v = x[r * ldx + j] - (shift ? shift[j] : 0.0);
		to[i] = w ? sqrt(w[r]) * v : v;
	}
}

/* Copies the lower triangle (row-major) to the upper one. */
__global__ static void mirror(size_t n, double *a)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n * n; i += step) {
		size_t r = i / n, c = i % n;
		if (c > r)
			a[i] = a[c * n + r];
	}
}

int bnk_cuda_gram(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *w, const double *shift, double *out, void *scratch)
{
	if (n == 0)
		return BNK_OK;
	if (!out || !scratch || (m && !x) || ldx < n || !fits(m, n, ldx))
		return BNK_EINVAL;
	int rc = bnk_cuda_status(cudaMemsetAsync(out, 0, n * n * sizeof *out, ctx->stream));
	double *block = (double *)scratch;
	const double one = 1;
	for (size_t i = 0; i < m && rc == BNK_OK; i += BNK_CUDA_GRAM_ROWS) {
		size_t rows = m - i < BNK_CUDA_GRAM_ROWS ? m - i : BNK_CUDA_GRAM_ROWS;
		scale_rows<<<bnk_cuda_blocks(rows * n), BNK_CUDA_THREADS, 0, ctx->stream>>>(
			rows, n, x + i * ldx, ldx, w ? w + i : NULL, shift, block);
		rc = bnk_cuda_launched();
		/* The block is its own transpose to cuBLAS; its upper triangle is our lower. */
		if (rc == BNK_OK)
			rc = bnk_cuda_blas_status(
				cublasDsyrk(ctx->blas, CUBLAS_FILL_MODE_UPPER, CUBLAS_OP_N, (int)n,
					(int)rows, &one, block, (int)n, &one, out, (int)n));
	}
	if (rc != BNK_OK)
		return rc;
	mirror<<<bnk_cuda_blocks(n * n), BNK_CUDA_THREADS, 0, ctx->stream>>>(n, out);
	return bnk_cuda_launched();
}

/* ---- gemv ----------------------------------------------------------------------------------- */

__global__ static void fill(size_t n, double value, double *out)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step)
		out[i] = value;
}

int bnk_cuda_gemv(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *v, double bias, double *out)
{
	if (m == 0)
		return BNK_OK;
	if (!out || (n && (!x || !v)) || ldx < n || !fits(m, n, ldx))
		return BNK_EINVAL;
	const double one = 1;
	fill<<<bnk_cuda_blocks(m), BNK_CUDA_THREADS, 0, ctx->stream>>>(m, bias, out);
	int rc = bnk_cuda_launched();
	if (rc != BNK_OK || n == 0)
		return rc;
	return bnk_cuda_blas_status(cublasDgemv(
		ctx->blas, CUBLAS_OP_T, (int)n, (int)m, &one, x, (int)ldx, v, 1, &one, out, 1));
}

/* ---- sums of columns ------------------------------------------------------------------------ */

/* partial[part * n + j] = sum over that part's rows of v[r] * (x[r, j] - shift[j]). Neighbouring
 * threads take neighbouring columns. */
template <typename T>
__global__ static void column_parts(size_t m, size_t n, const T *x, size_t ldx, const double *v,
	const double *shift, double *partial)
{
	size_t j = (size_t)blockIdx.x * blockDim.x + threadIdx.x, part = blockIdx.y;
	size_t begin = m * part / gridDim.y, end = m * (part + 1) / gridDim.y;
	if (j >= n)
		return;
	double sum = 0, s = shift ? shift[j] : 0;
	for (size_t r = begin; r < end; r++)
		sum += (v ? v[r] : 1.0) * ((double)x[r * ldx + j] - s);
	partial[part * n + j] = sum;
}

template <typename T>
__global__ static void add_parts(size_t n, unsigned parts, const double *partial, T *out)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t j = (size_t)blockIdx.x * blockDim.x + threadIdx.x; j < n; j += step) {
		double sum = 0;
		for (unsigned p = 0; p < parts; p++)
			sum += partial[p * n + j];
		out[j] = (T)sum;
	}
}

template <typename T>
static int column_sums(bnk_context *ctx, size_t m, size_t n, const T *x, size_t ldx,
	const double *v, const double *shift, T *out, void *scratch)
{
	if (n == 0)
		return BNK_OK;
	if (!out || !scratch || (m && !x) || ldx < n)
		return BNK_EINVAL;
	unsigned parts = bnk_cuda_row_parts(m);
	dim3 grid((unsigned)((n + BNK_CUDA_THREADS - 1) / BNK_CUDA_THREADS), parts);
	double *partial = (double *)scratch;
	column_parts<T>
		<<<grid, BNK_CUDA_THREADS, 0, ctx->stream>>>(m, n, x, ldx, v, shift, partial);
	int rc = bnk_cuda_launched();
	if (rc != BNK_OK)
		return rc;
	add_parts<T>
		<<<bnk_cuda_blocks(n), BNK_CUDA_THREADS, 0, ctx->stream>>>(n, parts, partial, out);
	return bnk_cuda_launched();
}

int bnk_cuda_gemv_t(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
	const double *v, const double *shift, double *out, void *scratch)
{
	return column_sums<double>(ctx, m, n, x, ldx, v, shift, out, scratch);
}

int bnk_cuda_col_sum(
	bnk_context *ctx, size_t m, size_t n, const float *x, float *out, void *scratch)
{
	return column_sums<float>(ctx, m, n, x, n, NULL, NULL, out, scratch);
}

/* ---- gather --------------------------------------------------------------------------------- */

template <typename T>
__global__ static void gather_rows(size_t m, size_t n, const T *src, const uint32_t *index, T *dst)
{
	size_t step = (size_t)gridDim.x * blockDim.x;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < m * n; i += step)
		dst[i] = src[(size_t)index[i / n] * n + i % n];
}

int bnk_cuda_gather(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, const void *src,
	const uint32_t *index, void *dst)
{
	if (m == 0 || n == 0)
		return BNK_OK;
	if (!src || !index || !dst)
		return BNK_EINVAL;
	/* Moved as integers, so that labels and NaN payloads arrive as they are. */
	if (dtype == BNK_F32)
		gather_rows<uint32_t><<<bnk_cuda_blocks(m * n), BNK_CUDA_THREADS, 0, ctx->stream>>>(
			m, n, (const uint32_t *)src, index, (uint32_t *)dst);
	else
		gather_rows<uint64_t><<<bnk_cuda_blocks(m * n), BNK_CUDA_THREADS, 0, ctx->stream>>>(
			m, n, (const uint64_t *)src, index, (uint64_t *)dst);
	return bnk_cuda_launched();
}
