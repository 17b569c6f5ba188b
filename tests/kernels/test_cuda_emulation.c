/*
 * The CUDA sources on emulated cards, which differ only in the order of blocks and threads: every operation and trainer
 * compared with the CPU, with equal bytes on all cards. One more card ignores barriers, to show that these tests would
 * detect a missing one.
 */
#include "core/learn/trainer.h"
#include "kernels/backend.h"
#include "kernels/op/gram_tile.h"
#include "tests/support/check_main.h"
#include "tests/support/kernel_ops.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CARDS = 6, FAULTY = CARDS, MAX_OUT = 300000, MAX_WORK = 60000, ROWS = 600, COLS = 5 };

/* The plug-in is in the directory of the program, whose path tests/run.sh sets. */
static bool card(bnk_target *out, int number, char *why, size_t why_size)
{
	char path[4096], which[20];
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	snprintf(why, why_size, "sanitizers do not follow fibres");
	return false;
#endif
	const char *program = getenv("BINNACLE");
	const char *slash = program ? strrchr(program, '/') : NULL;
	snprintf(path, sizeof path, "%.*sbinnacle_cuda_emu.so",
		slash ? (int)(slash - program + 1) : 6, slash ? program : "build/");
	snprintf(which, sizeof which, "cuda:%d", number);
	*out = (bnk_target){.backend = NULL};
	return bnk_backend_select(out, which, path, why, why_size) == BNK_OK;
}

static bool is_small(const kernel_case *c)
{
	size_t n = c->n ? c->n : 1, k = c->k ? c->k : 1;
	return c->m * n * (c->op == BNK_OP_GRAM ? n : k) <= 20 * (size_t)MAX_WORK &&
	       c->m * n <= MAX_WORK;
}

START_TEST(test_operations_agree_with_the_cpu_and_give_equal_bytes_in_any_order)
{
	static double got[MAX_OUT], want[MAX_OUT], other[MAX_OUT];
	char why[300];
	size_t n, compared = 0;
	double worst = 0;
	bnk_target first, next;
	if (!card(&first, 0, why, sizeof why))
		BN_TEST_SKIP("CUDA operations on emulated cards: %s", why);
	ck_assert_str_eq(first.backend->name, "cuda-emu");
	const kernel_case *cases = kernel_cases(&n);
	for (size_t i = 0; i < n; i++) {
		char name[80];
		if (!is_small(&cases[i]))
			continue;
		kernel_case_name(&cases[i], name, sizeof name);
		size_t a = kernel_run(&first, 1, &cases[i], got, MAX_OUT);
		size_t b = kernel_run(NULL, 1, &cases[i], want, MAX_OUT);
		ck_assert_uint_eq(a, b);
		double d = kernel_distance(got, want, a);
		worst = fmax(worst, d);
		ck_assert_msg(d <= 2 * kernel_tolerance(&cases[i]), "%s: off by %g, allowed %g",
			name, d, 2 * kernel_tolerance(&cases[i]));
		for (int k = 1; k < CARDS; k++) {
			ck_assert(card(&next, k, why, sizeof why));
			kernel_run(&next, 1, &cases[i], other, MAX_OUT);
			ck_assert_msg(memcmp(got, other, a * sizeof *got) == 0,
				"%s: other bytes in another order", name);
		}
		compared++;
	}
	printf("NOTE: %zu cases agree on %d emulated cards, largest difference %.1e\n", compared,
		CARDS, worst);
}
END_TEST

/* A card that ignores barriers gives other sums, so the orders above detect that. */
START_TEST(test_a_missing_barrier_is_noticed)
{
	static double good[MAX_OUT], bad[MAX_OUT];
	char why[300];
	size_t n, noticed = 0, summed = 0;
	bnk_target first, faulty;
	if (!card(&first, 0, why, sizeof why))
		BN_TEST_SKIP("emulated cards: %s", why);
	ck_assert(card(&faulty, FAULTY, why, sizeof why));
	ck_assert(!card(&faulty, FAULTY + 1, why, sizeof why));
	ck_assert_str_eq(why, "there is no device 7, only 7");
	ck_assert(card(&faulty, FAULTY, why, sizeof why));
	const kernel_case *cases = kernel_cases(&n);
	for (size_t i = 0; i < n; i++) {
		bool sums = cases[i].op == BNK_OP_LOGISTIC || cases[i].op == BNK_OP_SQUARED_LOSS;
		if (!sums || !is_small(&cases[i]) || cases[i].m < 256)
			continue;
		size_t a = kernel_run(&first, 1, &cases[i], good, MAX_OUT);
		kernel_run(&faulty, 1, &cases[i], bad, MAX_OUT);
		noticed += memcmp(good, bad, a * sizeof *good) != 0;
		summed++;
	}
	ck_assert_uint_gt(summed, 4);
	ck_assert_uint_eq(noticed, summed);
}
END_TEST

/* Additions are in the order of the CPU, for each element. */
START_TEST(test_gram_tile_gives_the_bytes_of_the_cpu)
{
	enum { M = 9000, N = 6, WIDTH = (N + 1) * (N + 2), TILES = 3 };
	static double x[M * N], w[M], v[M], sums[2][TILES * WIDTH];
	char why[300];
	bnk_target target;
	uint64_t state = 5;
	if (!card(&target, 1, why, sizeof why))
		BN_TEST_SKIP("emulated cards: %s", why);
	for (size_t i = 0; i < M * N; i++)
		x[i] = train_data_uniform(&state) * 2 - 1;
	for (size_t i = 0; i < M; i++) {
		w[i] = train_data_uniform(&state);
		v[i] = train_data_uniform(&state) - 0.5;
	}
	for (int k = 0; k < 2; k++) {
		bnk_device *d = NULL;
		bnk_queue *q = NULL;
		bnk_buffer bx, bw, bv, bs;
		ck_assert_int_eq(bnk_device_open(&d, k ? &target : NULL, 1), BNK_OK);
		ck_assert_int_eq(bnk_queue_new(&q, d), BNK_OK);
		ck_assert_int_eq(bnk_buffer_new(&bx, d, sizeof x), BNK_OK);
		ck_assert_int_eq(bnk_buffer_new(&bw, d, sizeof w), BNK_OK);
		ck_assert_int_eq(bnk_buffer_new(&bv, d, sizeof v), BNK_OK);
		ck_assert_int_eq(bnk_buffer_new(&bs, d, sizeof sums[k]), BNK_OK);
		bnk_gram_tile_args a = {.x = bnk_matrix(&bx, BNK_F64, 0, M, N),
			.w = bnk_vector(&bw, BNK_F64, 0, M),
			.v = bnk_vector(&bv, BNK_F64, 0, M),
			.shift = bnk_vector(&bw, BNK_F64, 10, N),
			.sums = bnk_matrix(&bs, BNK_F64, 0, TILES, WIDTH),
			.skip = 100,
			.tile_rows = 4096};
		bnk_upload(q, &a.x, x);
		bnk_upload(q, &a.w, w);
		bnk_upload(q, &a.v, v);
		bnk_zero(q, &a.sums);
		bnk_run(q, BNK_OP_GRAM_TILE, BNK_F64, &a);
		ck_assert_int_eq(bnk_download(q, sums[k], &a.sums), BNK_OK);
		ck_assert_uint_eq(bnk_queue_count(q, BNK_OP_GRAM_TILE).fallbacks, 0);
		bnk_buffer_release(&bs);
		bnk_buffer_release(&bv);
		bnk_buffer_release(&bw);
		bnk_buffer_release(&bx);
		bnk_queue_free(q);
		bnk_device_close(d);
	}
	ck_assert_mem_eq(sums[0], sums[1], sizeof sums[0]);
}
END_TEST

START_TEST(test_the_memory_of_a_card_is_its_own)
{
	char why[300];
	bnk_target target;
	bnk_device *d = NULL;
	bnk_buffer b, large;
	size_t before, after;
	int status;
	if (!card(&target, 0, why, sizeof why))
		BN_TEST_SKIP("emulated cards: %s", why);
	ck_assert_int_eq(bnk_device_open(&d, &target, 1), BNK_OK);
	ck_assert_int_eq(bnk_device_memory_free(d, &before), BNK_OK);
	ck_assert_int_eq(bnk_buffer_new(&large, d, (size_t)2 << 30), BNK_ENOMEM);
	ck_assert_int_eq(bnk_buffer_new(&b, d, 4096), BNK_OK);
	ck_assert_int_eq(bnk_device_memory_free(d, &after), BNK_OK);
	ck_assert_uint_eq(before - after, 4096);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(*(volatile char *)b.data); /* an invalid access to device memory */
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0xff);
	bnk_buffer_release(&b);
	bnk_device_close(d);
}
END_TEST

START_TEST(test_trainers_agree_with_the_cpu)
{
	static double x[ROWS * COLS], y[ROWS], out[2][2 * ROWS], scratch[4096];
	char why[300];
	bnk_target target;
	uint64_t state = 3;
	if (!card(&target, 2, why, sizeof why))
		BN_TEST_SKIP("training on emulated cards: %s", why);
	for (size_t i = 0; i < ROWS; i++) {
		double sum = 0;
		for (size_t j = 0; j < COLS; j++) {
			x[i * COLS + j] = train_data_uniform(&state) * 2 - 1;
			sum += (double)j * x[i * COLS + j];
		}
		y[i] = sum + 2 * train_data_uniform(&state) > 1;
	}
	for (size_t t = 0; t < bn_trainer_count(); t++) {
		const bn_trainer *trainer = bn_trainer_get(t);
		bool mlp = strcmp(trainer->name, "mlp") == 0;
		bn_estimator *e[2] = {NULL, NULL};
		json_t *hyper = mlp ? json_pack("{s:i, s:b}", "epochs", 3, "early_stopping", 0)
				    : json_object();
		for (int k = 0; k < 2; k++) {
			bn_err err = BN_ERR_INIT;
			bn_fit_request r = {.task = trainer->tasks & 1u << BN_TASK_REGRESSION
							    ? BN_TASK_REGRESSION
							    : BN_TASK_CLASSIFICATION,
				.classes = 2,
				.hyper = hyper,
				.seed = 1,
				.target = k ? target : (bnk_target){.backend = NULL}};
			ck_assert_bn_ok(matrix_fit(&e[k], trainer, &r,
						&(bn_design){ROWS, COLS, x, y, NULL, 0}, &err),
				&err);
			bn_estimator_predict(e[k], x, ROWS, out[k], scratch);
		}
		double d = kernel_distance(out[1], out[0], ROWS * e[0]->outputs);
		/* Rounding of Adam in float32 adds up, but little in three epochs. */
		ck_assert_msg(
			d < (mlp ? 1e-3 : 1e-9), "%s: predictions differ by %g", trainer->name, d);
		bn_estimator_free(e[0]);
		bn_estimator_free(e[1]);
		json_decref(hyper);
	}
}
END_TEST

BN_TEST_MAIN("kernels/cuda_emulation",
	test_operations_agree_with_the_cpu_and_give_equal_bytes_in_any_order,
	test_a_missing_barrier_is_noticed, test_gram_tile_gives_the_bytes_of_the_cpu,
	test_the_memory_of_a_card_is_its_own, test_trainers_agree_with_the_cpu)
