/* blas.cc - see cublas_v2.h. Sums are in double precision, in rising order. */
#include <cublas_v2.h>

struct bnk_emu_blas {
};

cublasStatus_t cublasCreate(cublasHandle_t *out)
{
	*out = new bnk_emu_blas;
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t h)
{
	delete h;
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t)
{
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t)
{
	return CUBLAS_STATUS_SUCCESS;
}

template <typename T>
static cublasStatus_t gemm(cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, T alpha,
	const T *a, int lda, const T *b, int ldb, T beta, T *c, int ldc)
{
	bnk_emu_access touch;
	if (m < 0 || n < 0 || k < 0 || lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m ||
		lda < 1 || ldb < 1 || ldc < 1)
		return CUBLAS_STATUS_INVALID_VALUE;
	for (size_t j = 0; j < (size_t)n; j++)
		for (size_t i = 0; i < (size_t)m; i++) {
			double sum = 0;
			for (size_t p = 0; p < (size_t)k; p++)
				sum += (double)(ta ? a[p + i * (size_t)lda]
						   : a[i + p * (size_t)lda]) *
				       (double)(tb ? b[j + p * (size_t)ldb]
						   : b[p + j * (size_t)ldb]);
			T &to = c[i + j * (size_t)ldc];
			to = (T)((double)alpha * sum + (beta != 0 ? (double)beta * (double)to : 0));
		}
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm(cublasHandle_t, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
	int k, const float *alpha, const float *a, int lda, const float *b, int ldb,
	const float *beta, float *c, int ldc)
{
	return gemm<float>(ta, tb, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc);
}

cublasStatus_t cublasDgemm(cublasHandle_t, cublasOperation_t ta, cublasOperation_t tb, int m, int n,
	int k, const double *alpha, const double *a, int lda, const double *b, int ldb,
	const double *beta, double *c, int ldc)
{
	return gemm<double>(ta, tb, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc);
}

/* trans N: c += a a', a n x k. The other triangle is not touched. */
cublasStatus_t cublasDsyrk(cublasHandle_t, cublasFillMode_t fill, cublasOperation_t trans, int n,
	int k, const double *alpha, const double *a, int lda, const double *beta, double *c,
	int ldc)
{
	bnk_emu_access touch;
	if (n < 0 || k < 0 || lda < (trans ? k : n) || lda < 1 || ldc < n || ldc < 1)
		return CUBLAS_STATUS_INVALID_VALUE;
	for (size_t j = 0; j < (size_t)n; j++)
		for (size_t i = 0; i < (size_t)n; i++) {
			double sum = 0;
			if (fill == CUBLAS_FILL_MODE_UPPER ? i > j : i < j)
				continue;
			for (size_t p = 0; p < (size_t)k; p++)
				sum += trans ? a[p + i * (size_t)lda] * a[p + j * (size_t)lda]
					     : a[i + p * (size_t)lda] * a[j + p * (size_t)lda];
			double &to = c[i + j * (size_t)ldc];
			to = *alpha * sum + (*beta != 0 ? *beta * to : 0);
		}
	return CUBLAS_STATUS_SUCCESS;
}

/* a is m x n; y = alpha op(a) x + beta y. */
cublasStatus_t cublasDgemv(cublasHandle_t, cublasOperation_t trans, int m, int n,
	const double *alpha, const double *a, int lda, const double *x, int incx,
	const double *beta, double *y, int incy)
{
	bnk_emu_access touch;
	if (m < 0 || n < 0 || lda < m || lda < 1 || incx != 1 || incy != 1)
		return CUBLAS_STATUS_INVALID_VALUE;
	size_t rows = (size_t)(trans ? n : m), terms = (size_t)(trans ? m : n);
	for (size_t i = 0; i < rows; i++) {
		double sum = 0;
		for (size_t p = 0; p < terms; p++)
			sum += (trans ? a[p + i * (size_t)lda] : a[i + p * (size_t)lda]) * x[p];
		y[i] = *alpha * sum + (*beta != 0 ? *beta * y[i] : 0);
	}
	return CUBLAS_STATUS_SUCCESS;
}
