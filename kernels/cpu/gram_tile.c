/*
 * gram_tile.c - tiles of the Gram matrix on the CPU: a tile is one thread's, its rows are taken in blocks that stay in
 * the cache, and a block is added to a few rows of the matrix at a time, which stay in registers.
 *
 * Each element is a chain of additions of its own, in row order, so how many elements a variant keeps in registers
 * changes no bit.
 */
#include "kernels/op/gram_tile.h"

#include "kernels/cpu/cpu.h"

#include <string.h>

enum { PAD = 8, BLOCK_ROWS = 64 };

typedef struct work {
	const bnk_gram_tile_args *a;
	size_t n, padded; /* padded: n + 1, up to whole vectors */
	const double *x, *w, *v, *shift;
	double *sums, *scratch;
	bnk_cpu_loop loop;
} work;

/* What a shard works with, as doubles: the matrix, the sums with v, a block of u, a block of w * u. */
static size_t shard_scratch(size_t padded)
{
	return padded * padded + padded + 2 * BLOCK_ROWS * padded;
}

static size_t pad(size_t n)
{
	return (n + 1 + PAD - 1) / PAD * PAD;
}

/* ---- a block of rows into the matrix -------------------------------------------------------- */

/* g += a^T u over the lower triangle, and what whole vectors take beyond it. Eight rows of g by one vector are eight
 * chains of additions in registers, which is what it takes to keep one unit of the processor busy. */
typedef void add_block_fn(size_t rows, size_t ld, const double *a, const double *u, double *g);

#define AT(i) (*(vector *)(to + (i)*ld))

#define ADD_BLOCK(suffix, bytes, attribute) \
	attribute static void add_block_##suffix( \
		size_t rows, size_t ld, const double *a, const double *u, double *g) \
	{ \
		typedef double vector __attribute__((vector_size(bytes), aligned(8), may_alias)); \
		for (size_t i = 0; i < ld; i += 8) \
			for (size_t j = 0; j < i + 8; j += sizeof(vector) / sizeof(double)) { \
				const double *left = a + i, *right = u + j; \
				double *to = g + i * ld + j; \
				vector s0 = AT(0), s1 = AT(1), s2 = AT(2), s3 = AT(3); \
				vector s4 = AT(4), s5 = AT(5), s6 = AT(6), s7 = AT(7); \
				for (size_t r = 0; r < rows; r++, left += ld, right += ld) { \
					vector x = *(const vector *)right; \
					s0 += left[0] * x; \
					s1 += left[1] * x; \
					s2 += left[2] * x; \
					s3 += left[3] * x; \
					s4 += left[4] * x; \
					s5 += left[5] * x; \
					s6 += left[6] * x; \
					s7 += left[7] * x; \
				} \
				AT(0) = s0; \
				AT(1) = s1; \
				AT(2) = s2; \
				AT(3) = s3; \
				AT(4) = s4; \
				AT(5) = s5; \
				AT(6) = s6; \
				AT(7) = s7; \
			} \
	}

#if defined(__x86_64__)
ADD_BLOCK(avx512, 64, __attribute__((target("avx512f"))))
ADD_BLOCK(avx2, 32, __attribute__((target("avx2"))))
#endif
ADD_BLOCK(portable, 16, )

static const bnk_cpu_variant variants[] = {
#if defined(__x86_64__)
	{"avx512", BNK_CPU_AVX512, (bnk_cpu_loop)add_block_avx512},
	{"avx2", BNK_CPU_AVX2, (bnk_cpu_loop)add_block_avx2},
#endif
	{"portable", 0, (bnk_cpu_loop)add_block_portable}};

/* ---- a tile --------------------------------------------------------------------------------- */

/* u = (x - shift, 1, zeros) of `rows` rows from `first` on, and a = w * u. Returns a, which is u without weights. */
static const double *fill_block(const work *g, size_t first, size_t rows, double *u, double *a)
{
	size_t n = g->n, ld = g->padded;
	for (size_t r = 0; r < rows; r++) {
		const double *x = g->x + (first + r) * g->a->x.ld;
		double *to = u + r * ld;
		if (g->shift)
			for (size_t j = 0; j < n; j++)
				to[j] = x[j] - g->shift[j];
		else
			memcpy(to, x, n * sizeof *x);
		to[n] = 1;
		memset(to + n + 1, 0, (ld - n - 1) * sizeof *to);
		for (size_t j = 0; g->w && j < ld; j++)
			a[r * ld + j] = g->w[first + r] * to[j];
	}
	return g->w ? a : u;
}

/* Between the matrix of whole vectors and a row of sums. */
static void take_sums(const work *g, const double *sums, double *matrix, double *with_v)
{
	size_t k = g->n + 1;
	for (size_t i = 0; i < k; i++)
		memcpy(matrix + i * g->padded, sums + i * k, k * sizeof *sums);
	if (g->v)
		memcpy(with_v, sums + k * k, k * sizeof *sums);
}

static void give_sums(const work *g, const double *matrix, const double *with_v, double *sums)
{
	size_t k = g->n + 1;
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j <= i; j++)
			sums[i * k + j] = sums[j * k + i] = matrix[i * g->padded + j];
	if (g->v)
		memcpy(sums + k * k, with_v, k * sizeof *sums);
}

static void add_tile(const work *g, size_t tile, double *scratch)
{
	size_t ld = g->padded, skip = g->a->skip, tile_rows = g->a->tile_rows, m = g->a->x.rows;
	size_t first = tile ? tile * tile_rows - skip : 0, end = (tile + 1) * tile_rows - skip;
	double *matrix = scratch, *with_v = matrix + ld * ld, *u = with_v + ld;
	double *sums = g->sums + tile * g->a->sums.ld;
	memset(matrix, 0, (ld * ld + ld) * sizeof *matrix);
	if (tile == 0 && skip)
		take_sums(g, sums, matrix, with_v);
	end = end < m ? end : m;
	for (size_t r = first; r < end; r += BLOCK_ROWS) {
		size_t rows = end - r < BLOCK_ROWS ? end - r : BLOCK_ROWS;
		const double *a = fill_block(g, r, rows, u, u + BLOCK_ROWS * ld);
		((add_block_fn *)g->loop)(rows, ld, a, u, matrix);
		for (size_t i = 0; g->v && i < rows; i++)
			for (size_t j = 0; j <= g->n; j++)
				with_v[j] += g->v[r + i] * u[i * ld + j];
	}
	give_sums(g, matrix, with_v, sums);
}

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *g = user;
	for (size_t t = begin; t < end; t++)
		add_tile(g, t, g->scratch + number * shard_scratch(g->padded));
	return BNK_OK;
}

static size_t scratch(const void *args, bnk_dtype type)
{
	const bnk_gram_tile_args *a = args;
	(void)type;
	return bnk_shard_count(a->sums.rows, 1) * shard_scratch(pad(a->x.cols)) * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_gram_tile_args *a = args;
	double m = (double)a->x.rows, n = (double)a->x.cols;
	(void)type;
	work g = {a, a->x.cols, pad(a->x.cols), bnk_view_data(&a->x), bnk_view_data(&a->w),
		bnk_view_data(&a->v), bnk_view_data(&a->shift), bnk_view_data(&a->sums),
		call->scratch, bnk_cpu_loop_of(call)};
	size_t tiles = a->sums.rows;
	return bnk_parallel_for(
		tiles, bnk_shard_count(tiles, 1), bnk_cpu_team(call, m * n * n / 8), shard, &g);
}

const bnk_cpu_op bnk_cpu_gram_tile = {
	{NULL, scratch, run}, variants, sizeof variants / sizeof *variants};
