/* gemm.cu - products with cuBLAS, which is column-major: a row-major c = a b is its c' = b' a'. */
#include "kernels/cuda/context.cuh"
#include "kernels/op/gemm.h"

static int supports(const void *args, bnk_dtype)
{
	auto g = static_cast<const bnk_gemm_args *>(args);
	return bnk_cuda_fits(g->a) && bnk_cuda_fits(g->b) && bnk_cuda_fits(g->c);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	auto g = static_cast<const bnk_gemm_args *>(args);
	cublasOperation_t ta = g->trans_a ? CUBLAS_OP_T : CUBLAS_OP_N;
	cublasOperation_t tb = g->trans_b ? CUBLAS_OP_T : CUBLAS_OP_N;
	int m = (int)g->c.rows, n = (int)g->c.cols, k = (int)(g->trans_a ? g->a.rows : g->a.cols);
	int lda = (int)g->a.ld, ldb = (int)g->b.ld, ldc = (int)g->c.ld;
	if (type == BNK_F64)
		return bnk_cuda_blas_status(cublasDgemm(bnk_cuda_blas(call), tb, ta, n, m, k,
			&g->alpha, bnk_cuda_data<double>(g->b), ldb, bnk_cuda_data<double>(g->a),
			lda, &g->beta, bnk_cuda_data<double>(g->c), ldc));
	float alpha = (float)g->alpha, beta = (float)g->beta;
	return bnk_cuda_blas_status(cublasSgemm(bnk_cuda_blas(call), tb, ta, n, m, k, &alpha,
		bnk_cuda_data<float>(g->b), ldb, bnk_cuda_data<float>(g->a), lda, &beta,
		bnk_cuda_data<float>(g->c), ldc));
}

const bnk_impl bnk_cuda_gemm = {supports, nullptr, run};
