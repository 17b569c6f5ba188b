/* gram_tile and the tree of tiles: compared with plain sums in long double, and equal bytes for any division of the
 * rows. */
#include "core/base/rng.h"
#include "core/learn/tiles.h"
#include "kernels/backend.h"
#include "kernels/op/gram_tile.h"
#include "tests/support/check_main.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_ROWS = 14000, MAX_COLS = 66, MAX_WIDTH = (MAX_COLS + 2) * (MAX_COLS + 1) };

typedef struct data {
	size_t m, n;
	bool plain; /* without w, v and shift */
	double *x, *w, *v, *shift;
} data;

static double *numbers(const char *name, size_t n, bool positive, bool whole)
{
	double *p = calloc(n + 1, sizeof *p);
	bn_rng r;
	ck_assert_ptr_nonnull(p);
	bn_rng_init(&r, 9, name, n);
	for (size_t i = 0; i < n; i++) {
		double z = bn_rng_normal(&r);
		p[i] = whole ? rint(4 * z) : z;
		if (positive)
			p[i] = fabs(p[i]);
	}
	return p;
}

/* whole: small integers, whose sums are exact in any order. */
static data make(size_t m, size_t n, bool plain, bool whole)
{
	return (data){m, n, plain, numbers("x", m * n, false, whole), numbers("w", m, true, whole),
		numbers("v", m, false, whole), numbers("shift", n, false, whole)};
}

static void drop(data *d)
{
	free(d->x);
	free(d->w);
	free(d->v);
	free(d->shift);
}

static size_t width_of(const data *d)
{
	return bnk_gram_tile_width(d->n, !d->plain);
}

typedef struct session {
	bnk_device *device;
	bnk_queue *q;
} session;

static session begin(int threads, const char *variants)
{
	session s;
	bnk_target t = {.backend = NULL};
	snprintf(t.variants, sizeof t.variants, "%s", variants);
	ck_assert_int_eq(bnk_device_open(&s.device, &t, threads), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&s.q, s.device), BNK_OK);
	return s;
}

static void end(session *s)
{
	ck_assert_uint_eq(bnk_queue_count(s->q, BNK_OP_GRAM_TILE).fallbacks, 0);
	bnk_queue_free(s->q);
	bnk_device_close(s->device);
}

/* Sums over rows first .. first + m - 1; the first tile already contains `skip` rows. */
static void run_tiles(session *s, const data *d, size_t first, size_t m, size_t skip, double *sums)
{
	size_t tile = BN_TILE_ROWS, tiles = bnk_gram_tile_count(m, skip, tile);
	bnk_buffer x = bnk_buffer_wrap(d->x, d->m * d->n * sizeof(double));
	bnk_buffer w = bnk_buffer_wrap(d->w, d->m * sizeof(double));
	bnk_buffer v = bnk_buffer_wrap(d->v, d->m * sizeof(double));
	bnk_buffer shift = bnk_buffer_wrap(d->shift, d->n * sizeof(double));
	bnk_buffer out = bnk_buffer_wrap(sums, tiles * width_of(d) * sizeof(double));
	bnk_gram_tile_args a = {.x = bnk_matrix(&x, BNK_F64, first * d->n, m, d->n),
		.sums = bnk_matrix(&out, BNK_F64, 0, tiles, width_of(d)),
		.skip = skip,
		.tile_rows = tile};
	if (!d->plain) {
		a.w = bnk_vector(&w, BNK_F64, first, m);
		a.v = bnk_vector(&v, BNK_F64, first, m);
		a.shift = bnk_vector(&shift, BNK_F64, 0, d->n);
	}
	ck_assert_int_eq(bnk_run(s->q, BNK_OP_GRAM_TILE, BNK_F64, &a), BNK_OK);
}

/* Copies a node into the tree. */
static void add_node(bn_tree *tree, unsigned level, uint64_t index, const double *sums)
{
	bn_err err = BN_ERR_INIT;
	double *room = bn_tree_room(tree);
	ck_assert_ptr_nonnull(room);
	memcpy(room, sums, tree->size * sizeof *sums);
	ck_assert_bn_ok(bn_tree_add(tree, level, index, room, &err), &err);
}

/* Sums rows first .. first + m - 1, where first begins a tile, in blocks of random sizes, into tree. */
static void sum_rows(session *s, const data *d, size_t first, size_t m, bn_rng *cuts, bn_tree *tree)
{
	size_t tile = BN_TILE_ROWS, width = width_of(d), number = first / tile;
	static double sums[8 * MAX_WIDTH];
	for (size_t at = 0; at < m;) {
		size_t rest = m - at, skip = at % tile;
		size_t take = cuts ? 1 + bn_rng_u32(cuts) % 5000 : rest;
		take = take < rest ? take : rest;
		run_tiles(s, d, first + at, take, skip, sums);
		at += take;
		size_t tiles = bnk_gram_tile_count(take, skip, tile);
		bool open = at % tile && at < m; /* the last tile continues in the next block */
		for (size_t t = 0; t + open < tiles; t++)
			add_node(tree, 0, number++, sums + t * width);
		if (open)
			memmove(sums, sums + (tiles - 1) * width, width * sizeof *sums);
	}
}

static void total_of(session *s, const data *d, double *out)
{
	bn_tree tree;
	bn_tree_init(&tree, width_of(d), NULL, NULL);
	sum_rows(s, d, 0, d->m, NULL, &tree);
	memcpy(out, bn_tree_root(&tree), width_of(d) * sizeof *out);
	bn_tree_release(&tree);
}

/* Plain sums: element e of the total, and *size, the sum of the absolute values of its terms. */
static long double reference(const data *d, size_t e, long double *size)
{
	size_t k = d->n + 1, i = e / k, j = e % k;
	long double sum = 0;
	*size = 0;
	for (size_t r = 0; r < d->m; r++) {
		long double u[2];
		for (int side = 0; side < 2; side++) {
			size_t c = side ? j : i;
			u[side] = c >= d->n ? 1
					    : (long double)d->x[r * d->n + c] -
						      (d->plain ? 0 : d->shift[c]);
		}
		long double add = i == k ? d->v[r] * u[1] : (d->plain ? 1 : d->w[r]) * u[0] * u[1];
		sum += add;
		*size += fabsl(add);
	}
	return sum;
}

static const struct {
	size_t m, n;
} shapes[] = {{1, 1}, {3, 0}, {64, 7}, {4095, 8}, {4096, 3}, {4097, 9}, {12289, 2}, {9000, 34},
	{200, 65}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

START_TEST(test_sums_agree_with_long_double)
{
	static double got[MAX_WIDTH];
	session s = begin(2, "");
	for (size_t c = 0; c < 2 * SHAPES; c++) {
		data d = make(shapes[c / 2].m, shapes[c / 2].n, c % 2, false);
		total_of(&s, &d, got);
		for (size_t e = 0; e < width_of(&d); e++) {
			long double size, want = reference(&d, e, &size);
			/* Three roundings per term, and one for each addition in the longest chain. */
			long double allowed = (4096 + 16) * (long double)DBL_EPSILON / 2 * size;
			ck_assert_msg(fabsl(got[e] - want) <= allowed,
				"%zux%zu, element %zu: %g is not %Lg", d.m, d.n, e, got[e], want);
		}
		drop(&d);
	}
	end(&s);
}
END_TEST

/* Sums of integers are exact: no term may be lost, added twice or taken from a neighbour. */
START_TEST(test_sums_of_whole_numbers_are_exact)
{
	static double got[MAX_WIDTH];
	session s = begin(7, "");
	for (size_t c = 0; c < 2 * SHAPES; c++) {
		data d = make(shapes[c / 2].m, shapes[c / 2].n, c % 2, true);
		total_of(&s, &d, got);
		for (size_t e = 0; e < width_of(&d); e++) {
			long double size;
			ck_assert_double_eq(got[e], (double)reference(&d, e, &size));
		}
		drop(&d);
	}
	end(&s);
}
END_TEST

START_TEST(test_threads_and_variants_change_no_bit)
{
	static double one[MAX_WIDTH], other[MAX_WIDTH];
	static const char *const variants[] = {"portable", "avx2", "avx512"};
	static const int threads[] = {1, 2, 7};
	char text[1024];
	for (size_t c = 0; c < 2 * SHAPES; c++) {
		data d = make(shapes[c / 2].m, shapes[c / 2].n, c % 2, false);
		session first = begin(1, "gram_tile=portable");
		total_of(&first, &d, one);
		end(&first);
		for (size_t i = 0; i < 9; i++) {
			char word[40];
			snprintf(word, sizeof word, "gram_tile=%s", variants[i / 3]);
			if (bnk_variants_describe(word, text, sizeof text) != BNK_OK)
				continue;
			session s = begin(threads[i % 3], word);
			memset(other, 0, sizeof other);
			total_of(&s, &d, other);
			ck_assert_mem_eq(one, other, width_of(&d) * sizeof *one);
			end(&s);
		}
		drop(&d);
	}
}
END_TEST

/* Blocks of any size and any consecutive ranges of tiles, as for batches, parts, ranks and checkpoints. */
START_TEST(test_where_rows_are_cut_changes_no_bit)
{
	static double want[MAX_WIDTH], got[MAX_WIDTH];
	data d = make(MAX_ROWS * 4, 5, false, false);
	size_t tile = BN_TILE_ROWS, tiles = bnk_gram_tile_count(d.m, 0, tile);
	session s = begin(2, "");
	bn_rng cuts;
	/* The reference: tile by tile. */
	bn_tree whole;
	bn_tree_init(&whole, width_of(&d), NULL, NULL);
	for (size_t t = 0; t < tiles; t++) {
		size_t at = t * tile, rows = d.m - at < tile ? d.m - at : tile;
		run_tiles(&s, &d, at, rows, 0, got);
		add_node(&whole, 0, t, got);
	}
	memcpy(want, bn_tree_root(&whole), width_of(&d) * sizeof *want);
	bn_tree_release(&whole);
	bn_rng_init(&cuts, 3, "cuts", 0);
	for (int round = 0; round < 40; round++) {
		bn_tree all;
		bn_tree_init(&all, width_of(&d), NULL, NULL);
		for (size_t t = 0; t < tiles;) {
			size_t ranks = 1 + bn_rng_u32(&cuts) % (tiles - t);
			size_t from = t * tile, to = (t + ranks) * tile;
			bn_tree part;
			bn_tree_init(&part, width_of(&d), NULL, NULL);
			sum_rows(&s, &d, from, (to < d.m ? to : d.m) - from, &cuts, &part);
			for (size_t i = 0; i < part.count; i++)
				add_node(&all, part.nodes[i].level, part.nodes[i].index,
					part.nodes[i].sum);
			bn_tree_release(&part);
			t += ranks;
		}
		memcpy(got, bn_tree_root(&all), width_of(&d) * sizeof *got);
		ck_assert_mem_eq(want, got, width_of(&d) * sizeof *want);
		bn_tree_release(&all);
	}
	end(&s);
	drop(&d);
}
END_TEST

START_TEST(test_what_is_not_finite_stays_in_its_columns)
{
	static double got[MAX_WIDTH];
	data d = make(5000, 3, true, true);
	session s = begin(2, "");
	d.x[4500 * 3 + 1] = NAN;
	d.x[10 * 3 + 2] = 1e308;
	total_of(&s, &d, got);
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 4; j++) {
			double e = got[i * 4 + j];
			ck_assert_int_eq(isnan(e) != 0, i == 1 || j == 1);
			if (i == 2 && j == 2)
				ck_assert(isinf(e) && e > 0);
		}
	ck_assert_double_eq(got[15], 5000);
	end(&s);
	drop(&d);
}
END_TEST

START_TEST(test_shapes_that_do_not_fit_are_refused)
{
	double host[64] = {0};
	bnk_buffer b = bnk_buffer_wrap(host, sizeof host);
	const bnk_gram_tile_args good = {.x = bnk_matrix(&b, BNK_F64, 0, 3, 2),
		.sums = bnk_matrix(&b, BNK_F64, 10, 1, 9),
		.tile_rows = 3};
	bnk_gram_tile_args bad[6];
	for (size_t i = 0; i < 6; i++)
		bad[i] = good;
	bad[0].skip = 3;
	bad[1].skip = 1; /* two tiles */
	bad[2].v = bnk_vector(&b, BNK_F64, 0, 3);
	bad[3].w = bnk_vector(&b, BNK_F64, 0, 2);
	bad[4].sums.ld = 10, bad[4].tile_rows = 2, bad[4].sums.rows = 2;
	bad[5].tile_rows = 0;
	ck_assert_int_eq(bnk_op_check(BNK_OP_GRAM_TILE, BNK_F64, &good), BNK_OK);
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(bnk_op_check(BNK_OP_GRAM_TILE, BNK_F64, &bad[i]), BNK_EINVAL);
	ck_assert_int_eq(bnk_op_check(BNK_OP_GRAM_TILE, BNK_F32, &good), BNK_EINVAL);
	ck_assert_double_eq(
		bnk_op_get(BNK_OP_GRAM_TILE)->def->cost(&good, BNK_F64).flops, 3 * 3 * 4 + 3 * 3);
}
END_TEST

BN_TEST_MAIN("kernels/gram_tile", test_sums_agree_with_long_double,
	test_sums_of_whole_numbers_are_exact, test_threads_and_variants_change_no_bit,
	test_where_rows_are_cut_changes_no_bit, test_what_is_not_finite_stays_in_its_columns,
	test_shapes_that_do_not_fit_are_refused)
