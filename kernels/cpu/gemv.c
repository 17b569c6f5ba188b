/* gemv.c - a matrix times a vector: each row is four sums in a fixed order, side by side in a vector. */
#include "kernels/op/gemv.h"

#include "kernels/cpu/cpu.h"

typedef double four __attribute__((vector_size(32), aligned(8), may_alias));

typedef struct work {
	size_t n, ldx;
	const double *x, *v;
	double bias;
	double *out;
	bnk_cpu_loop loop;
} work;

static inline __attribute__((always_inline)) double finish(
	const four *sums, size_t j, size_t n, const double *x, const double *v, double bias)
{
	four s = *sums;
	double s0 = s[0];
	for (; j < n; j++)
		s0 += x[j] * v[j];
	return ((s0 + s[2]) + (s[1] + s[3])) + bias;
}

/* out[rows] = x v + bias. Four rows at a time keep the units busy. */
typedef void dot_rows_fn(size_t rows, size_t n, const double *x, size_t ldx, const double *v,
	double bias, double *out);

BNK_LOOP(dot_rows, (size_t rows, size_t n, const double *x, size_t ldx, const double *v,
			   double bias, double *out))
{
	size_t r = 0;
	for (; r + 4 <= rows; r += 4, x += 4 * ldx) {
		const double *x1 = x + ldx, *x2 = x1 + ldx, *x3 = x2 + ldx;
		four a = {0}, b = {0}, c = {0}, d = {0};
		size_t j = 0;
		for (; j + 4 <= n; j += 4) {
			four t = *(const four *)(v + j);
			a += *(const four *)(x + j) * t;
			b += *(const four *)(x1 + j) * t;
			c += *(const four *)(x2 + j) * t;
			d += *(const four *)(x3 + j) * t;
		}
		out[r] = finish(&a, j, n, x, v, bias);
		out[r + 1] = finish(&b, j, n, x1, v, bias);
		out[r + 2] = finish(&c, j, n, x2, v, bias);
		out[r + 3] = finish(&d, j, n, x3, v, bias);
	}
	for (; r < rows; r++, x += ldx) {
		four a = {0};
		size_t j = 0;
		for (; j + 4 <= n; j += 4)
			a += *(const four *)(x + j) * *(const four *)(v + j);
		out[r] = finish(&a, j, n, x, v, bias);
	}
}
BNK_LOOP_VARIANTS(dot_rows,
	(size_t rows, size_t n, const double *x, size_t ldx, const double *v, double bias,
		double *out),
	(rows, n, x, ldx, v, bias, out))

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *g = user;
	(void)number;
	((dot_rows_fn *)g->loop)(
		end - begin, g->n, g->x + begin * g->ldx, g->ldx, g->v, g->bias, g->out + begin);
	return BNK_OK;
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_gemv_args *a = args;
	size_t m = a->x.rows, n = a->x.cols;
	(void)type;
	work g = {n, a->x.ld, bnk_view_data(&a->x), bnk_view_data(&a->v), a->bias,
		bnk_view_data(&a->out), bnk_cpu_loop_of(call)};
	return bnk_parallel_for(
		m, bnk_cpu_row_shards(m), bnk_cpu_team(call, (double)m * (double)n), shard, &g);
}

const bnk_cpu_op bnk_cpu_gemv = {
	{NULL, NULL, run}, dot_rows_variants, sizeof dot_rows_variants / sizeof *dot_rows_variants};
