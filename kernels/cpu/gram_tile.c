/*
 * gram_tile.c - tiles of the Gram matrix on the CPU: one thread computes a tile, in blocks of rows that stay in
 * the cache. A block is laid out in panels of 8 columns, and a pair of panels is added to 8 x 8 elements of the
 * matrix, which stay in registers.
 *
 * Each element is a separate chain of fused multiply-adds, in row order, so the number of elements in registers
 * and of rows in a block does not change any bit. Without such an instruction fma() of the C library is called,
 * which is exact but slow.
 *
 * Steps, one thread of a Xeon with AVX-512, 400 000 x 34: 8 x 8 elements by a multiplication and an addition, rows of
 * u side by side, 100 ms; panels and fused multiply-adds: see docs/performance.md.
 */
#include "kernels/op/gram_tile.h"

#include "kernels/cpu/cpu.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
	PANEL = 8,
	BLOCK_ROWS = 64,
	WIDE = 256, /* from this many columns on the matrix exceeds the caches: each visit must do more work */
	WIDE_BLOCK_ROWS = 256,
	GROUP = 8, /* left panels that stay in the cache while right ones are streamed */
};

typedef struct work {
	const bnk_gram_tile_args *a;
	size_t n, ld; /* ld: n columns, the one of ones and that of v, up to whole panels */
	size_t block_rows;
	const double *x, *w, *v, *shift;
	double *sums, *scratch;
	bnk_cpu_loop loop;
} work;

/* Rows of a tile, and where they go. */
typedef struct block {
	size_t rows, n, ld, ldx;
	const double *x, *w, *v;
	const double *shift; /* ld elements, zeros if there is none */
	double *left,
		*right; /* panels of `rows` rows each; left is right where there is neither w nor v */
	double *row;    /* ld */
	double *matrix; /* 8 x 8 elements of panels i and j at (i * ld / 8 + j) * 64; j <= i */
} block;

static size_t pad(size_t n)
{
	return (n + 2 + PANEL - 1) / PANEL * PANEL;
}

static size_t rows_of_block(size_t ld)
{
	return ld < WIDE ? BLOCK_ROWS : WIDE_BLOCK_ROWS;
}

/* The work area of a shard, in doubles: the matrix, the panels of both sides, shift. */
static size_t shard_scratch(size_t ld)
{
	return ld * ld + 2 * rows_of_block(ld) * ld + ld;
}

/* ---- a block of rows into the matrix -------------------------------------------------------- */

static inline __attribute__((always_inline)) void subtract(
	double *restrict to, const double *restrict x, const double *restrict shift)
{
	for (size_t c = 0; c < PANEL; c++)
		to[c] = x[c] - shift[c];
}

static inline __attribute__((always_inline)) void multiply(
	double *restrict to, const double *restrict u, double w)
{
	for (size_t c = 0; c < PANEL; c++)
		to[c] = w * u[c];
}

/* right = u = (x - shift, 1, 0, zeros); left = (w * u, v, zeros). */
static inline __attribute__((always_inline)) void fill_panels(const block *b)
{
	size_t n = b->n, whole = n / PANEL * PANEL, rows = b->rows;
	for (size_t r = 0; r < rows; r++) {
		const double *x = b->x + r * b->ldx;
		double *right = b->right + r * PANEL, *last;
		size_t j = 0;
		for (; j < whole; j += PANEL)
			subtract(right + j * rows, x + j, b->shift + j);
		last = right + j * rows;
		for (; j < n; j++)
			last[j - whole] = x[j] - b->shift[j];
		last[n - whole] = 1;
		for (j++; j < b->ld; j++)
			last[j - whole < PANEL ? j - whole : j - whole + (rows - 1) * PANEL] = 0;
	}
	for (size_t r = 0; b->left != b->right && r < rows; r++) {
		const double *right = b->right + r * PANEL;
		double *left = b->left + r * PANEL, w = b->w ? b->w[r] : 1.0;
		for (size_t j = 0; j < b->ld; j += PANEL)
			multiply(left + j * rows, right + j * rows, w);
		if (b->v)
			left[(n + 1) / PANEL * PANEL * rows + (n + 1) % PANEL] = b->v[r];
	}
}

/* The lower triangle, and the excess of whole panels. Eight rows of the matrix by one vector are eight chains
 * of additions, enough to keep a processor's units busy. */
typedef void add_block_fn(const block *b);

#define ADD_BLOCK(suffix, attribute, vector, lanes, load, store, spread, fused) \
	attribute static void add_panels_##suffix( \
		size_t rows, const double *left, const double *right, double *to) \
	{ \
		for (size_t c = 0; c < PANEL; c += lanes) { \
			const double *a = left, *u = right + c; \
			vector s0 = load(to + c), s1 = load(to + PANEL + c); \
			vector s2 = load(to + 2 * PANEL + c), s3 = load(to + 3 * PANEL + c); \
			vector s4 = load(to + 4 * PANEL + c), s5 = load(to + 5 * PANEL + c); \
			vector s6 = load(to + 6 * PANEL + c), s7 = load(to + 7 * PANEL + c); \
			for (size_t r = 0; r < rows; r++, a += PANEL, u += PANEL) { \
				vector x = load(u); \
				s0 = fused(spread(a[0]), x, s0); \
				s1 = fused(spread(a[1]), x, s1); \
				s2 = fused(spread(a[2]), x, s2); \
				s3 = fused(spread(a[3]), x, s3); \
				s4 = fused(spread(a[4]), x, s4); \
				s5 = fused(spread(a[5]), x, s5); \
				s6 = fused(spread(a[6]), x, s6); \
				s7 = fused(spread(a[7]), x, s7); \
			} \
			store(to + c, s0); \
			store(to + PANEL + c, s1); \
			store(to + 2 * PANEL + c, s2); \
			store(to + 3 * PANEL + c, s3); \
			store(to + 4 * PANEL + c, s4); \
			store(to + 5 * PANEL + c, s5); \
			store(to + 6 * PANEL + c, s6); \
			store(to + 7 * PANEL + c, s7); \
		} \
	} \
	attribute static void add_block_##suffix(const block *b) \
	{ \
		size_t panels = b->ld / PANEL, panel = b->rows * PANEL; \
		fill_panels(b); \
		for (size_t first = 0; first < panels; first += GROUP) { \
			size_t end = first + GROUP < panels ? first + GROUP : panels; \
			for (size_t j = 0; j < end; j++) \
				for (size_t i = j > first ? j : first; i < end; i++) \
					add_panels_##suffix(b->rows, b->left + i * panel, \
						b->right + j * panel, \
						b->matrix + (i * panels + j) * PANEL * PANEL); \
		} \
	}

#if defined(__x86_64__)
ADD_BLOCK(avx512, __attribute__((target("avx512f"))), __m512d, 8, _mm512_loadu_pd, _mm512_storeu_pd,
	_mm512_set1_pd, _mm512_fmadd_pd)
ADD_BLOCK(avx2, __attribute__((target("avx2,fma"))), __m256d, 4, _mm256_loadu_pd, _mm256_storeu_pd,
	_mm256_set1_pd, _mm256_fmadd_pd)
#endif

#define LOAD(p) (*(p))
#define STORE(p, v) (*(p) = (v))
ADD_BLOCK(portable, , double, 1, LOAD, STORE, , fma)

static const bnk_cpu_variant variants[] = {
#if defined(__x86_64__)
	{"avx512", BNK_CPU_AVX512, (bnk_cpu_loop)add_block_avx512},
	{"avx2", BNK_CPU_AVX2 | BNK_CPU_FMA, (bnk_cpu_loop)add_block_avx2},
#endif
	{"portable", 0, (bnk_cpu_loop)add_block_portable}};

/* ---- a tile --------------------------------------------------------------------------------- */

static double *element(const work *g, double *matrix, size_t i, size_t j)
{
	size_t number = i / PANEL * (g->ld / PANEL) + j / PANEL;
	return matrix + number * PANEL * PANEL + i % PANEL * PANEL + j % PANEL;
}

/* Between the matrix of panels and a row of sums. */
static void take_sums(const work *g, const double *sums, double *matrix)
{
	size_t k = g->n + 1;
	for (size_t i = 0; i < k + (g->v != NULL); i++)
		for (size_t j = 0; j < k && j <= i; j++)
			*element(g, matrix, i, j) = sums[i * k + j];
}

static void give_sums(const work *g, double *matrix, double *sums)
{
	size_t k = g->n + 1;
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j <= i; j++)
			sums[i * k + j] = sums[j * k + i] = *element(g, matrix, i, j);
	for (size_t j = 0; g->v && j < k; j++)
		sums[k * k + j] = *element(g, matrix, k, j);
}

static void add_tile(const work *g, size_t tile, double *scratch)
{
	size_t ld = g->ld, skip = g->a->skip, tile_rows = g->a->tile_rows, m = g->a->x.rows;
	size_t first = tile ? tile * tile_rows - skip : 0, end = (tile + 1) * tile_rows - skip;
	double *sums = g->sums + tile * g->a->sums.ld;
	block b = {.n = g->n, .ld = ld, .ldx = g->a->x.ld, .matrix = scratch};
	double *shift = scratch + ld * ld + 2 * g->block_rows * ld;
	b.right = b.matrix + ld * ld;
	b.left = g->w || g->v ? b.right + g->block_rows * ld : b.right;
	b.shift = shift;
	for (size_t j = 0; j < ld; j++)
		shift[j] = g->shift && j < g->n ? g->shift[j] : 0;
	memset(b.matrix, 0, ld * ld * sizeof *b.matrix);
	if (tile == 0 && skip)
		take_sums(g, sums, b.matrix);
	end = end < m ? end : m;
	for (size_t r = first; r < end; r += b.rows) {
		b.rows = end - r < g->block_rows ? end - r : g->block_rows;
		b.x = g->x + r * b.ldx;
		b.w = g->w ? g->w + r : NULL;
		b.v = g->v ? g->v + r : NULL;
		((add_block_fn *)g->loop)(&b);
	}
	give_sums(g, b.matrix, sums);
}

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *g = user;
	for (size_t t = begin; t < end; t++)
		add_tile(g, t, g->scratch + number * shard_scratch(g->ld));
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
	size_t ld = pad(a->x.cols);
	work g = {a, a->x.cols, ld, rows_of_block(ld), bnk_view_data(&a->x), bnk_view_data(&a->w),
		bnk_view_data(&a->v), bnk_view_data(&a->shift), bnk_view_data(&a->sums),
		call->scratch, bnk_cpu_loop_of(call)};
	size_t tiles = a->sums.rows;
	return bnk_parallel_for(
		tiles, bnk_shard_count(tiles, 1), bnk_cpu_team(call, m * n * n / 8), shard, &g);
}

const bnk_cpu_op bnk_cpu_gram_tile = {
	{NULL, scratch, run}, variants, sizeof variants / sizeof *variants};
