/*
 * col_sum.cu - col_sum and gemv_t: sums of columns. Rows are cut into parts by their number; each part is summed by
 * one thread per column, the parts in their order.
 */
#include "kernels/cuda/context.cuh"
#include "kernels/op/col_sum.h"
#include "kernels/op/gemv_t.h"

constexpr size_t PART_ROWS = 512; /* at least */
constexpr size_t MAX_PARTS = 256;

static unsigned row_parts(size_t m)
{
	size_t parts = m / PART_ROWS;
	return (unsigned)(parts < 1 ? 1 : parts > MAX_PARTS ? MAX_PARTS : parts);
}

/* partial[part * n + j] = sum over that part's rows of v[r] * (x[r, j] - shift[j]). Neighbouring
 * threads take neighbouring columns. */
template <typename T>
__global__ static void column_parts(size_t m, size_t n, const T *x, size_t ldx, const double *v,
	const double *shift, double *partial)
{
	size_t j = bnk_cuda_first(), part = blockIdx.y;
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
	for (size_t j = bnk_cuda_first(); j < n; j += bnk_cuda_stride()) {
		double sum = 0;
		for (unsigned p = 0; p < parts; p++)
			sum += partial[p * n + j];
		out[j] = (T)sum;
	}
}

template <typename T>
static int column_sums(const bnk_call *call, const bnk_view &x, const double *v,
	const double *shift, const bnk_view &out)
{
	size_t n = x.cols;
	unsigned parts = row_parts(x.rows);
	dim3 grid((unsigned)((n + BNK_CUDA_THREADS - 1) / BNK_CUDA_THREADS), parts);
	double *partial = static_cast<double *>(call->scratch);
	int rc = BNK_LAUNCH(column_parts<T>, grid, BNK_CUDA_THREADS, 0, call, x.rows, n,
		bnk_cuda_data<T>(x), x.ld, v, shift, partial);
	return rc == BNK_OK ? BNK_LAUNCH(add_parts<T>, bnk_cuda_blocks(n), BNK_CUDA_THREADS, 0,
				      call, n, parts, partial, bnk_cuda_data<T>(out))
			    : rc;
}

static int gemv_t_supports(const void *args, bnk_dtype)
{
	return bnk_cuda_fits(static_cast<const bnk_gemv_t_args *>(args)->x);
}

static size_t gemv_t_scratch(const void *args, bnk_dtype)
{
	const bnk_view &x = static_cast<const bnk_gemv_t_args *>(args)->x;
	return row_parts(x.rows) * x.cols * sizeof(double);
}

static int gemv_t_run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto g = static_cast<const bnk_gemv_t_args *>(args);
	return column_sums<double>(
		call, g->x, bnk_cuda_data<double>(g->v), bnk_cuda_data<double>(g->shift), g->out);
}

static int col_sum_supports(const void *args, bnk_dtype)
{
	return bnk_cuda_fits(static_cast<const bnk_col_sum_args *>(args)->x);
}

static size_t col_sum_scratch(const void *args, bnk_dtype)
{
	const bnk_view &x = static_cast<const bnk_col_sum_args *>(args)->x;
	return row_parts(x.rows) * x.cols * sizeof(double);
}

static int col_sum_run(const bnk_call *call, bnk_dtype, const void *args)
{
	auto c = static_cast<const bnk_col_sum_args *>(args);
	return column_sums<float>(call, c->x, nullptr, nullptr, c->out);
}

const bnk_impl bnk_cuda_gemv_t = {gemv_t_supports, gemv_t_scratch, gemv_t_run};
const bnk_impl bnk_cuda_col_sum = {col_sum_supports, col_sum_scratch, col_sum_run};
