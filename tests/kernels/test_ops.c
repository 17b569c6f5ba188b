/* Every operation of the CPU back end compared with scalar loops, at several thread counts. */
#include "core/base/rng.h"
#include "kernels/backend.h"
#include "kernels/blas.h"
#include "kernels/op/gather.h"
#include "kernels/op/gemm.h"
#include "kernels/op/relu_grad.h"
#include "kernels/op/softmax.h"
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
		size_t a = kernel_run(NULL, 2, &cases[i], got, MAX_OUT);
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
		size_t a = kernel_run(NULL, 1, &cases[i], one, MAX_OUT);
		for (int threads = 2; threads <= 7; threads += 5) {
			kernel_run(NULL, threads, &cases[i], other, MAX_OUT);
			ck_assert_mem_eq(one, other, a * sizeof *one);
		}
	}
}
END_TEST

/* FIXED and EXACT operations: all variants give the bytes of the portable one. */
START_TEST(test_every_variant_gives_the_bytes_of_the_portable_one)
{
	static double portable[MAX_OUT], other[MAX_OUT];
	static const char *const names[] = {"avx2", "avx512"};
	size_t n, compared = 0;
	const kernel_case *cases = kernel_cases(&n);
	bnk_target plain = {.variants = "portable"};
	for (size_t k = 0; k < 2; k++) {
		char text[600];
		bnk_target target = {.backend = NULL};
		snprintf(target.variants, sizeof target.variants, "%s", names[k]);
		if (bnk_variants_describe(names[k], text, sizeof text) != BNK_OK) {
			printf("NOTE: variant %s\n", text);
			continue;
		}
		ck_assert_ptr_nonnull(strstr(text, names[k]));
		for (size_t i = 0; i < n; i++) {
			if (bnk_op_get(cases[i].op)->klass == BNK_LOOSE)
				continue;
			size_t a = kernel_run(&plain, 2, &cases[i], portable, MAX_OUT);
			kernel_run(&target, 2, &cases[i], other, MAX_OUT);
			ck_assert_mem_eq(portable, other, a * sizeof *other);
			compared++;
		}
	}
	printf("NOTE: %zu cases have the bytes of the portable variant\n", compared);
}
END_TEST

/* OpenBLAS takes kernels of 2004 for processors that it does not know. */
START_TEST(test_openblas_uses_what_the_processor_has)
{
#ifdef __x86_64__
	const bnk_blas *blas = bnk_blas_open(NULL, 0);
	ck_assert_ptr_nonnull(blas);
	printf("NOTE: OpenBLAS for %s\n", blas->get_corename());
	if (!getenv("OPENBLAS_CORETYPE") && __builtin_cpu_supports("avx2") &&
		__builtin_cpu_supports("fma"))
		ck_assert_str_ne(blas->get_corename(), "Prescott");
#endif
}
END_TEST

START_TEST(test_variants_are_named_and_refused_by_name)
{
	char text[600], again[600];
	ck_assert_int_eq(bnk_variants_describe(NULL, text, sizeof text), BNK_OK);
	ck_assert_ptr_nonnull(strstr(text, "gemm=openblas,"));
	ck_assert_int_eq(bnk_variants_describe(text, again, sizeof again), BNK_OK);
	ck_assert_str_eq(text, again);
	ck_assert_int_eq(bnk_variants_describe("adam=portable", text, sizeof text), BNK_OK);
	ck_assert_ptr_nonnull(strstr(text, ",adam=portable"));
	ck_assert_int_eq(bnk_variants_describe("adam=sse9", text, sizeof text), BNK_EINVAL);
	ck_assert_str_eq(text, "adam=sse9: no such variant");
	ck_assert_int_eq(bnk_variants_describe("ada=portable", text, sizeof text), BNK_EINVAL);
	ck_assert_str_eq(text, "ada=portable: no such operation");
	bnk_device *d = NULL;
	ck_assert_int_eq(
		bnk_device_open(&d, &(bnk_target){.variants = "ada=portable"}, 1), BNK_EINVAL);
	ck_assert_int_eq(bnk_device_open(&d, &(bnk_target){.device = 1}, 1), BNK_EINVAL);
	ck_assert_ptr_null(d);
}
END_TEST

START_TEST(test_bad_arguments_are_errors_not_crashes)
{
	bnk_device *d = NULL;
	bnk_queue *q = NULL;
	double x[4] = {1, 2, 3, 4};
	bnk_buffer b = bnk_buffer_wrap(x, sizeof x), huge;
	bnk_view v = bnk_matrix(&b, BNK_F64, 0, 2, 2), past = bnk_matrix(&b, BNK_F64, 1, 2, 2);
	bnk_view narrow = v, f32 = bnk_matrix(&b, BNK_F32, 0, 2, 2), none = {0};
	narrow.ld = 1;
	const bnk_gemm_args bad[] = {{.a = none, .b = v, .c = v}, {.a = narrow, .b = v, .c = v},
		{.a = past, .b = v, .c = v}, {.a = f32, .b = v, .c = v},
		{.a = v, .b = bnk_vector(&b, BNK_F64, 0, 4), .c = v},
		{.a = {&b, SIZE_MAX, 2, 2, 2, BNK_F64}, .b = v, .c = v},
		{.a = {&b, 0, 2, 2, SIZE_MAX / 2, BNK_F64}, .b = v, .c = v}};
	ck_assert_int_eq(bnk_device_open(&d, NULL, 1), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&q, d), BNK_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(bnk_run(q, BNK_OP_GEMM, BNK_F64, &bad[i]), BNK_EINVAL);
		ck_assert_int_eq(bnk_sync(q), BNK_EINVAL);
		ck_assert_int_eq(bnk_sync(q), BNK_OK);
	}
	bnk_gemm_args good = {.a = v, .b = v, .c = v};
	ck_assert_int_eq(bnk_op_check(BNK_OP_GEMM, BNK_F64, &good), BNK_OK);
	ck_assert_int_eq(bnk_op_check(BNK_OP_GEMM, BNK_U8, &good), BNK_EINVAL);
	ck_assert_int_eq(bnk_op_check(BNK_OP_COUNT, BNK_F64, &good), BNK_EINVAL);
	ck_assert_int_eq(bnk_buffer_new(&huge, d, SIZE_MAX), BNK_ENOMEM);
	ck_assert_int_eq(bnk_buffer_new(&huge, d, 0), BNK_OK);
	ck_assert_ptr_null(huge.data);
	bnk_buffer_release(&huge);
	bnk_buffer_release(&huge);
	bnk_queue_free(q);
	bnk_device_close(d);
	bnk_queue_free(NULL);
	bnk_device_close(NULL);
}
END_TEST

START_TEST(test_an_error_sticks_to_its_queue_and_names_the_operation)
{
	bnk_device *d = NULL;
	bnk_queue *q = NULL;
	float z[2] = {1, 3}, act[2] = {1, -2}, keep[2] = {5, 6};
	bnk_buffer b = bnk_buffer_wrap(z, sizeof z), constant = bnk_buffer_wrap_const(z, sizeof z);
	bnk_buffer ab = bnk_buffer_wrap_const(act, sizeof act);
	bnk_view v = bnk_vector(&b, BNK_F32, 0, 2), fixed = bnk_vector(&constant, BNK_F32, 0, 2);
	bnk_relu_grad_args mask = {v, bnk_vector(&ab, BNK_F32, 0, 2)};
	ck_assert_int_eq(bnk_device_open(&d, NULL, 1), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&q, d), BNK_OK);
	/* Read-only memory. */
	bnk_run(q, BNK_OP_SOFTMAX, BNK_F32, &(bnk_softmax_args){.z = fixed});
	ck_assert_int_eq(bnk_queue_failed(q), BNK_OP_SOFTMAX);
	ck_assert_int_eq(bnk_run(q, BNK_OP_RELU_GRAD, BNK_F32, &mask), BNK_EINVAL);
	ck_assert_int_eq(bnk_download(q, keep, &v), BNK_EINVAL);
	ck_assert_int_eq(bnk_queue_failed(q), BNK_OP_SOFTMAX);
	ck_assert(z[0] == 1 && z[1] == 3 && keep[0] == 5);
	ck_assert_uint_eq(bnk_queue_count(q, BNK_OP_RELU_GRAD).runs, 0);
	ck_assert_int_eq(bnk_sync(q), BNK_EINVAL);
	ck_assert_int_eq(bnk_queue_failed(q), BNK_OP_COUNT);
	ck_assert_int_eq(bnk_run(q, BNK_OP_RELU_GRAD, BNK_F32, &mask), BNK_OK);
	ck_assert(z[0] == 1 && z[1] == 0);
	bnk_queue_free(q);
	bnk_device_close(d);
}
END_TEST

START_TEST(test_a_nan_is_not_hidden_by_relu)
{
	bnk_device *d = NULL;
	bnk_queue *q = NULL;
	float z[3] = {NAN, -1, 2};
	const float bias[3] = {0, 0, 0};
	bnk_buffer zb = bnk_buffer_wrap(z, sizeof z), bb = bnk_buffer_wrap_const(bias, sizeof bias);
	bnk_bias_act_args a = {
		bnk_vector(&zb, BNK_F32, 0, 3), bnk_vector(&bb, BNK_F32, 0, 3), BNK_ACT_RELU};
	ck_assert_int_eq(bnk_device_open(&d, NULL, 1), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&q, d), BNK_OK);
	ck_assert_int_eq(bnk_run(q, BNK_OP_BIAS_ACT, BNK_F32, &a), BNK_OK);
	ck_assert(isnan(z[0]) && z[1] == 0 && z[2] == 2);
	bnk_queue_free(q);
	bnk_device_close(d);
}
END_TEST

/* Copies bits unchanged, whatever the type. */
START_TEST(test_gather_moves_every_element_type)
{
	bnk_device *d = NULL;
	bnk_queue *q = NULL;
	uint8_t from[40] = {0}, to[24], want[24];
	uint32_t index[3] = {4, 0, 4};
	bnk_buffer fb = bnk_buffer_wrap_const(from, sizeof from),
		   tb = bnk_buffer_wrap(to, sizeof to);
	bnk_buffer ib = bnk_buffer_wrap(index, sizeof index);
	for (size_t i = 0; i < sizeof from; i++)
		from[i] = (uint8_t)(i * 37 + 128);
	ck_assert_int_eq(bnk_device_open(&d, NULL, 1), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&q, d), BNK_OK);
	for (int type = 0; type < BNK_DTYPE_COUNT; type++) {
		size_t size = bnk_dtype_bytes((bnk_dtype)type), cols = 8 / size;
		bnk_gather_args a = {bnk_matrix(&fb, (bnk_dtype)type, 0, 5, cols),
			bnk_vector(&ib, BNK_I32, 0, 3),
			bnk_matrix(&tb, (bnk_dtype)type, 0, 3, cols)};
		memset(to, 0, sizeof to);
		for (size_t i = 0; i < 3; i++)
			memcpy(want + i * 8, from + index[i] * 8, 8);
		ck_assert_int_eq(bnk_run(q, BNK_OP_GATHER, (bnk_dtype)type, &a), BNK_OK);
		ck_assert_mem_eq(to, want, sizeof want);
	}
	bnk_queue_free(q);
	bnk_device_close(d);
}
END_TEST

/* Costs follow from the shapes. */
START_TEST(test_an_operation_says_what_it_costs)
{
	bnk_buffer b = bnk_buffer_wrap(NULL, 0);
	bnk_gemm_args g = {.a = bnk_matrix(&b, BNK_F32, 0, 10, 30),
		.b = bnk_matrix(&b, BNK_F32, 0, 30, 20),
		.c = bnk_matrix(&b, BNK_F32, 0, 10, 20)};
	bnk_cost c = bnk_op_get(BNK_OP_GEMM)->def->cost(&g, BNK_F32);
	ck_assert_double_eq(c.bytes, 4 * (300 + 600 + 200));
	ck_assert_double_eq(c.flops, 2 * 10 * 20 * 30);
	for (int i = 0; i < BNK_OP_COUNT; i++) {
		const bnk_op_row *row = bnk_op_get((bnk_op)i);
		ck_assert_ptr_nonnull(row->def->cost);
		ck_assert_ptr_nonnull(row->def->check);
		ck_assert_uint_gt(row->def->operand_count, 0);
		ck_assert((row->klass == BNK_EXACT) == (row->tolerance == 0));
	}
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
	bnk_target t = {.backend = NULL};
	char why[200] = "", text[800] = "";
	ck_assert_int_eq(
		bnk_backend_select(&t, "auto", "/nowhere/plugin.so", why, sizeof why), BNK_OK);
	ck_assert_ptr_nonnull(t.backend);
	if (strcmp(t.backend->name, "cpu") == 0)
		ck_assert_uint_gt(strlen(why), 0);
	ck_assert_int_eq(bnk_backend_select(&t, "cpu", NULL, NULL, 0), BNK_OK);
	ck_assert_ptr_eq(t.backend, bnk_backend_cpu());
	ck_assert_int_eq(bnk_backend_select(&t, "tpu", NULL, why, sizeof why), BNK_EINVAL);
	ck_assert_str_eq(why, "no back end 'tpu': cpu, cuda or auto");
	ck_assert_int_eq(bnk_backend_select(&t, "cuda:x", NULL, why, sizeof why), BNK_EINVAL);
	ck_assert_int_eq(bnk_backend_select(&t, "cuda:1", "/nowhere/plugin.so", why, sizeof why),
		BNK_EUNSUPPORTED);
	ck_assert_uint_gt(bnk_backend_describe("/nowhere/plugin.so", text, sizeof text), 20);
	ck_assert_ptr_nonnull(strstr(text, "cpu: OpenBLAS"));
	ck_assert_ptr_nonnull(strstr(text, "\ncuda: "));
}
END_TEST

START_TEST(test_a_library_that_is_no_plug_in_is_refused)
{
	bnk_target t = {.backend = NULL};
	char why[300] = "";
	ck_assert_int_eq(
		bnk_backend_select(&t, "cuda", "libm.so.6", why, sizeof why), BNK_EUNSUPPORTED);
	ck_assert_ptr_null(t.backend);
	ck_assert_ptr_nonnull(strstr(why, "not a plug-in of kernel API version"));
}
END_TEST

BN_TEST_MAIN("kernels/ops", test_cpu_agrees_with_scalar_loops,
	test_cpu_gives_equal_bytes_at_1_2_and_7_threads,
	test_every_variant_gives_the_bytes_of_the_portable_one,
	test_openblas_uses_what_the_processor_has,
	test_variants_are_named_and_refused_by_name, test_bad_arguments_are_errors_not_crashes,
	test_an_error_sticks_to_its_queue_and_names_the_operation, test_a_nan_is_not_hidden_by_relu,
	test_gather_moves_every_element_type, test_an_operation_says_what_it_costs,
	test_shards_cover_every_item_once_and_the_first_failure_wins,
	test_cholesky_solves_and_knows_what_it_cannot,
	test_a_row_through_a_layer_has_the_bits_of_the_plain_loop,
	test_a_machine_without_gpu_says_so_and_goes_on,
	test_a_library_that_is_no_plug_in_is_refused)
