/* Every operation of the CPU back end against scalar loops, at several thread counts. */
#include "core/base/rng.h"
#include "kernels/backend.h"
#include "kernels/parallel.h"
#include "kernels/row.h"
#include "kernels/solve.h"
#include "tests/support/check_main.h"
#include "tests/support/kernel_ops.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { MAX_OUT = 4000000 };

START_TEST(test_cpu_agrees_with_scalar_loops)
{
	static double got[MAX_OUT], want[MAX_OUT];
	size_t n;
	const kernel_case *cases = kernel_cases(&n);
	for (size_t i = 0; i < n; i++) {
		char name[80];
		kernel_case_name(&cases[i], name, sizeof name);
		size_t a = kernel_run(bnk_backend_cpu(), 2, &cases[i], got, MAX_OUT);
		size_t b = kernel_reference(&cases[i], want, MAX_OUT);
		ck_assert_msg(a == b, "%s: %zu outputs, not %zu", name, a, b);
		double d = kernel_distance(got, want, a);
		ck_assert_msg(d <= kernel_tolerance(&cases[i]), "%s: off by %g, allowed %g", name,
			d, kernel_tolerance(&cases[i]));
	}
	printf("NOTE: %zu cases of %d operations agree with scalar loops\n", n, BNK_OP_COUNT);
}
END_TEST

START_TEST(test_cpu_gives_equal_bytes_at_1_2_and_7_threads)
{
	static double one[MAX_OUT], other[MAX_OUT];
	size_t n;
	const kernel_case *cases = kernel_cases(&n);
	for (size_t i = 0; i < n; i++) {
		size_t a = kernel_run(bnk_backend_cpu(), 1, &cases[i], one, MAX_OUT);
		for (int threads = 2; threads <= 7; threads += 5) {
			kernel_run(bnk_backend_cpu(), threads, &cases[i], other, MAX_OUT);
			ck_assert_mem_eq(one, other, a * sizeof *one);
		}
	}
}
END_TEST

START_TEST(test_bad_arguments_are_errors_not_crashes)
{
	const bnk_backend *be = bnk_backend_cpu();
	bnk_context *ctx = NULL;
	double x[4] = {1, 2, 3, 4};
	void *p = x;
	ck_assert_int_eq(be->open(&ctx, 1), BNK_OK);
	ck_assert_int_eq(
		be->gemm(ctx, BNK_F64, 0, 0, 2, 2, 2, 1, NULL, 2, x, 2, 0, x, 2), BNK_EINVAL);
	ck_assert_int_eq(be->gemm(ctx, BNK_F64, 0, 0, 2, 2, 2, 1, x, 1, x, 2, 0, x, 2), BNK_EINVAL);
	ck_assert_int_eq(be->gram(ctx, 2, 2, x, 2, NULL, NULL, x, NULL), BNK_EINVAL);
	ck_assert_int_eq(be->alloc(ctx, &p, 0), BNK_OK);
	ck_assert_ptr_null(p);
	ck_assert_int_eq(be->alloc(ctx, &p, SIZE_MAX), BNK_ENOMEM);
	be->free(ctx, NULL);
	be->close(ctx);
	be->close(NULL);
}
END_TEST

START_TEST(test_a_nan_is_not_hidden_by_relu)
{
	const bnk_backend *be = bnk_backend_cpu();
	bnk_context *ctx = NULL;
	float z[3] = {NAN, -1, 2};
	const float bias[3] = {0, 0, 0};
	ck_assert_int_eq(be->open(&ctx, 1), BNK_OK);
	ck_assert_int_eq(be->bias_act(ctx, 1, 3, z, bias, BNK_ACT_RELU), BNK_OK);
	ck_assert(isnan(z[0]) && z[1] == 0 && z[2] == 2);
	be->close(ctx);
}
END_TEST

/* ---- shards --------------------------------------------------------------------------------- */

typedef struct tally {
	atomic_int seen[1000];
	size_t shards;
	int fail_at;
} tally;

static int count_items(void *user, size_t shard, size_t begin, size_t end)
{
	tally *t = user;
	for (size_t i = begin; i < end; i++)
		atomic_fetch_add(&t->seen[i], 1);
	return (int)shard >= t->fail_at ? -(int)shard - 100 : 0;
}

START_TEST(test_shards_cover_every_item_once_and_the_first_failure_wins)
{
	for (size_t items = 0; items <= 1000; items += 111) {
		for (int threads = 1; threads <= 8; threads += 7) {
			tally t = {.fail_at = 1000};
			size_t shards = bnk_shard_count(items, 10);
			ck_assert_int_eq(
				bnk_parallel_for(items, shards, threads, count_items, &t), 0);
			for (size_t i = 0; i < 1000; i++)
				ck_assert_int_eq(t.seen[i], i < items);
		}
	}
	tally t = {.fail_at = 3};
	ck_assert_int_eq(bnk_parallel_for(1000, 8, 4, count_items, &t), -103);
	ck_assert_int_eq(bnk_parallel_for(10, 0, 1, count_items, &t), BNK_EINVAL);
	ck_assert_int_eq(bnk_parallel_for(10, BNK_MAX_SHARDS + 1, 1, count_items, &t), BNK_EINVAL);
	ck_assert_uint_eq(bnk_shard_count(0, 10), 1);
	ck_assert_uint_eq(bnk_shard_count(1u << 30, 1), BNK_MAX_SHARDS);
}
END_TEST

START_TEST(test_cholesky_solves_and_knows_what_it_cannot)
{
	double a[9] = {4, 12, -16, 12, 37, -43, -16, -43, 98}, b[3] = {1, 2, 3};
	const double want[3] = {28.58333333333333, -7.666666666666667, 1.333333333333333};
	ck_assert_int_eq(bnk_cholesky_factor(3, a), BNK_OK);
	ck_assert_double_eq(a[0], 2);
	ck_assert_double_eq(a[8], 3);
	bnk_cholesky_solve(3, a, b);
	for (int i = 0; i < 3; i++)
		ck_assert_double_eq_tol(b[i], want[i], 1e-12);
	double singular[4] = {1, 1, 1, 1}, nan[1] = {NAN}, negative[1] = {-1};
	ck_assert_int_eq(bnk_cholesky_factor(2, singular), BNK_ESINGULAR);
	ck_assert_int_eq(bnk_cholesky_factor(1, nan), BNK_ESINGULAR);
	ck_assert_int_eq(bnk_cholesky_factor(1, negative), BNK_ESINGULAR);
}
END_TEST

START_TEST(test_a_row_through_a_layer_has_the_bits_of_the_plain_loop)
{
	enum { IN = 37, OUT = 53 };
	static float weight[IN * OUT], bias[OUT], from[IN], want[OUT], got[OUT];
	bn_rng r;
	bn_rng_init(&r, 4, "row", 0);
	for (size_t i = 0; i < IN * OUT; i++)
		weight[i] = (float)bn_rng_normal(&r);
	for (size_t i = 0; i < IN; i++)
		from[i] = i % 3 ? (float)bn_rng_normal(&r) : 0;
	for (size_t j = 0; j < OUT; j++)
		bias[j] = want[j] = (float)bn_rng_normal(&r);
	for (size_t i = 0; i < IN; i++)
		for (size_t j = 0; j < OUT; j++)
			want[j] += from[i] * weight[i * OUT + j];
	bnk_row_dense(IN, OUT, weight, bias, from, got, BNK_ACT_NONE);
	ck_assert_mem_eq(got, want, sizeof want);
	bnk_row_dense(IN, OUT, weight, bias, from, got, BNK_ACT_RELU);
	for (size_t j = 0; j < OUT; j++)
		ck_assert_float_eq(got[j], want[j] < 0 ? 0 : want[j]);
}
END_TEST

/* ---- choosing ------------------------------------------------------------------------------- */

START_TEST(test_a_machine_without_gpu_says_so_and_goes_on)
{
	const bnk_backend *be = NULL;
	char why[200] = "", text[800] = "";
	ck_assert_int_eq(
		bnk_backend_select(&be, "auto", "/nowhere/plugin.so", why, sizeof why), BNK_OK);
	ck_assert_ptr_nonnull(be);
	if (strcmp(be->name, "cpu") == 0)
		ck_assert_uint_gt(strlen(why), 0);
	ck_assert_int_eq(bnk_backend_select(&be, "cpu", NULL, NULL, 0), BNK_OK);
	ck_assert_ptr_eq(be, bnk_backend_cpu());
	ck_assert_int_eq(bnk_backend_select(&be, "tpu", NULL, why, sizeof why), BNK_EINVAL);
	ck_assert_str_eq(why, "no back end 'tpu': cpu, cuda or auto");
	ck_assert_uint_gt(bnk_backend_describe("/nowhere/plugin.so", text, sizeof text), 20);
	ck_assert_ptr_nonnull(strstr(text, "cpu: OpenBLAS"));
	ck_assert_ptr_nonnull(strstr(text, "\ncuda: "));
}
END_TEST

START_TEST(test_a_library_that_is_no_plug_in_is_refused)
{
	const bnk_backend *be = NULL;
	char why[300] = "";
	ck_assert_int_eq(
		bnk_backend_select(&be, "cuda", "libm.so.6", why, sizeof why), BNK_EUNSUPPORTED);
	ck_assert_ptr_null(be);
	ck_assert_ptr_nonnull(strstr(why, "not a plug-in of kernel API version"));
}
END_TEST

BN_TEST_MAIN("kernels/ops", test_cpu_agrees_with_scalar_loops,
	test_cpu_gives_equal_bytes_at_1_2_and_7_threads, test_bad_arguments_are_errors_not_crashes,
	test_a_nan_is_not_hidden_by_relu,
	test_shards_cover_every_item_once_and_the_first_failure_wins,
	test_cholesky_solves_and_knows_what_it_cannot,
	test_a_row_through_a_layer_has_the_bits_of_the_plain_loop,
	test_a_machine_without_gpu_says_so_and_goes_on,
	test_a_library_that_is_no_plug_in_is_refused)
