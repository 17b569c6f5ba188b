/*
 * logistic.c - log-loss, residuals and curvature of margins.
 *
 * exp (kernels/exp.h) and log1p are our own, using only multiplications, additions and divisions, so that a model does not
 * depend on the C library and its processor-specific variants, and the loops can be vectorised. Their errors
 * are below 1 and 2 units in the last place (tests/kernels/test_logistic.c). One thread of a Xeon with AVX-512:
 * 5 ns a row instead of 31.
 */
#include "kernels/op/logistic.h"

#include "kernels/cpu/cpu.h"
#include "kernels/exp.h"

#include <stdint.h>
#include <string.h>

enum { CHUNK = 256, LANES = 8 };

/* log(1 + e) of 0 <= e <= 1, as fdlibm's e_log.c: with f = e, or (e - 1) / 2 and log 2 apart, and s = f / (2 + f), the
 * series of log((1 + s) / (1 - s)). */
static inline __attribute__((always_inline)) double log1p_of(double e)
{
	double less = (e - 1) * 0.5, f = e > 0.41421356237309503 ? less : e;
	double half = e > 0.41421356237309503 ? 1.0 : 0.0;
	double s = f / (2 + f), z = s * s, square = 0.5 * f * f;
	double sum = 1.479819860511658591e-01;
	sum = sum * z + 1.531383769920937332e-01;
	sum = sum * z + 1.818357216161805012e-01;
	sum = sum * z + 2.222219843214978396e-01;
	sum = sum * z + 2.857142874366239149e-01;
	sum = sum * z + 3.999999999940941908e-01;
	sum = sum * z + 6.666666666666735130e-01;
	double low = s * (square + sum * z) + half * 1.90821492927058770002e-10;
	return half * 6.93147180369123816490e-01 - ((square - low) - f);
}

/* sums[3] of n rows: eight of each side by side, added up at the end. w: CHUNK ones, or n weights. */
typedef void add_rows_fn(size_t n, const double *z, const double *y, const double *w, size_t w_step,
	double *residual, double *curvature, double *sums);

BNK_LOOP(add_rows, (size_t n, const double *z, const double *y, const double *w, size_t w_step,
			   double *residual, double *curvature, double *sums))
{
	double lanes[3][LANES] = {{0}}, loss[CHUNK], r[CHUNK], h[CHUNK];
	for (size_t at = 0; at < n; at += CHUNK, w += w_step) {
		size_t rows = n - at < CHUNK ? n - at : CHUNK, whole = (rows + LANES - 1) / LANES;
		BNK_SIMD
		for (size_t i = 0; i < rows; i++) {
			double m = z[at + i], t = y[at + i];
			double e = bnk_exp_above(-__builtin_fabs(m)), over = 1 / (1 + e);
			double small = e * over, p = m < 0 ? small : over;
			loss[i] = w[i] * ((m < 0 ? 0.0 : m) + log1p_of(e) - t * m);
			r[i] = w[i] * (p - t);
			h[i] = w[i] * (small * over); /* p (1 - p) without cancellation */
		}
		for (size_t i = rows; i < whole * LANES; i++)
			loss[i] = r[i] = h[i] = 0;
		for (size_t i = 0; i < whole * LANES; i += LANES) {
			BNK_SIMD
			for (size_t c = 0; c < LANES; c++) {
				lanes[0][c] += loss[i + c];
				lanes[1][c] += r[i + c];
				lanes[2][c] += h[i + c];
			}
		}
		if (residual)
			memcpy(residual + at, r, rows * sizeof *r);
		if (curvature)
			memcpy(curvature + at, h, rows * sizeof *h);
	}
	for (int i = 0; i < 3; i++) {
		const double *l = lanes[i];
		sums[i] = ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
	}
}
BNK_LOOP_VARIANTS(add_rows,
	(size_t n, const double *z, const double *y, const double *w, size_t w_step,
		double *residual, double *curvature, double *sums),
	(n, z, y, w, w_step, residual, curvature, sums))

typedef struct work {
	const double *z, *y, *w;
	double *residual, *curvature, *sums; /* sums: 3 per shard */
	double ones[CHUNK];
	bnk_cpu_loop loop;
} work;

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *l = user;
	((add_rows_fn *)l->loop)(end - begin, l->z + begin, l->y + begin,
		l->w ? l->w + begin : l->ones, l->w ? CHUNK : 0,
		l->residual ? l->residual + begin : NULL,
		l->curvature ? l->curvature + begin : NULL, l->sums + number * 3);
	return BNK_OK;
}

static size_t scratch(const void *args, bnk_dtype type)
{
	const bnk_logistic_args *a = args;
	(void)type;
	return bnk_cpu_row_shards(a->z.cols) * 3 * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_logistic_args *a = args;
	size_t m = a->z.cols, shards = bnk_cpu_row_shards(m);
	(void)type;
	work l = {.z = bnk_view_data(&a->z),
		.y = bnk_view_data(&a->y),
		.w = bnk_view_data(&a->w),
		.residual = bnk_view_data(&a->residual),
		.curvature = bnk_view_data(&a->curvature),
		.sums = call->scratch,
		.loop = bnk_cpu_loop_of(call)};
	for (size_t i = 0; i < CHUNK; i++)
		l.ones[i] = 1;
	int rc = bnk_parallel_for(m, shards, bnk_cpu_team(call, 6.0 * (double)m), shard, &l);
	if (rc == BNK_OK)
		bnk_cpu_add_parts(shards, 3, l.sums, bnk_view_data(&a->sums));
	return rc;
}

const bnk_cpu_op bnk_cpu_logistic = {{NULL, scratch, run}, add_rows_variants,
	sizeof add_rows_variants / sizeof *add_rows_variants};
