/*
 * cublas_v2.h - the part of cuBLAS that kernels/cuda uses, as plain loops over column-major matrices, for tests; see
 * cuda_runtime.h. Arguments that cuBLAS would refuse are refused.
 */
#ifndef BNK_EMU_CUBLAS_H
#define BNK_EMU_CUBLAS_H
#include <cuda_runtime.h>

enum cublasStatus_t {
	CUBLAS_STATUS_SUCCESS = 0,
	CUBLAS_STATUS_ALLOC_FAILED = 3,
	CUBLAS_STATUS_INVALID_VALUE = 7
};
enum cublasOperation_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 };
enum cublasFillMode_t { CUBLAS_FILL_MODE_LOWER = 0, CUBLAS_FILL_MODE_UPPER = 1 };
enum cublasMath_t { CUBLAS_DEFAULT_MATH = 0 };
typedef struct bnk_emu_blas *cublasHandle_t;

cublasStatus_t cublasCreate(cublasHandle_t *out);
cublasStatus_t cublasDestroy(cublasHandle_t h);
cublasStatus_t cublasSetStream(cublasHandle_t h, cudaStream_t stream);
cublasStatus_t cublasSetMathMode(cublasHandle_t h, cublasMath_t mode);
cublasStatus_t cublasSgemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m,
	int n, int k, const float *alpha, const float *a, int lda, const float *b, int ldb,
	const float *beta, float *c, int ldc);
cublasStatus_t cublasDgemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m,
	int n, int k, const double *alpha, const double *a, int lda, const double *b, int ldb,
	const double *beta, double *c, int ldc);
cublasStatus_t cublasDsyrk(cublasHandle_t h, cublasFillMode_t fill, cublasOperation_t trans, int n,
	int k, const double *alpha, const double *a, int lda, const double *beta, double *c,
	int ldc);
cublasStatus_t cublasDgemv(cublasHandle_t h, cublasOperation_t trans, int m, int n,
	const double *alpha, const double *a, int lda, const double *x, int incx,
	const double *beta, double *y, int incy);

#endif
