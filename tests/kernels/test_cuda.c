/* Every operation of the CUDA plug-in compared with the CPU back end; needs a GPU. */
#include "core/learn/trainer.h"
#include "kernels/backend.h"
#include "tests/support/check_main.h"
#include "tests/support/kernel_ops.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>

enum { MAX_OUT = 4000000, ROWS = 5000, COLS = 10 };

/* The plug-in is in the directory of the program, whose path tests/run.sh sets. */
static bool cuda(bnk_target *out, char *why, size_t why_size)
{
	char path[4096];
	const char *program = getenv("BINNACLE");
	const char *slash = program ? strrchr(program, '/') : NULL;
	snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - program + 1) : 0,
		slash ? program : "", slash ? BNK_CUDA_PLUGIN : "build/" BNK_CUDA_PLUGIN);
	*out = (bnk_target){.backend = NULL};
	return bnk_backend_select(out, "cuda", path, why, why_size) == BNK_OK;
}

START_TEST(test_cuda_agrees_with_the_cpu_on_every_operation)
{
	static double got[MAX_OUT], want[MAX_OUT], again[MAX_OUT];
	char why[300];
	size_t n;
	double worst = 0;
	bnk_target gpu;
	if (!cuda(&gpu, why, sizeof why))
		BN_TEST_SKIP("CUDA operations against the CPU: %s", why);
	const kernel_case *cases = kernel_cases(&n);
	for (size_t i = 0; i < n; i++) {
		char name[80];
		kernel_case_name(&cases[i], name, sizeof name);
		size_t a = kernel_run(&gpu, 1, &cases[i], got, MAX_OUT);
		kernel_run(&gpu, 1, &cases[i], again, MAX_OUT);
		ck_assert_msg(memcmp(got, again, a * sizeof *got) == 0, "%s: not repeatable", name);
		size_t b = kernel_run(NULL, 1, &cases[i], want, MAX_OUT);
		ck_assert_uint_eq(a, b);
		double d = kernel_distance(got, want, a);
		worst = fmax(worst, d);
		ck_assert_msg(d <= 2 * kernel_tolerance(&cases[i]), "%s: off by %g, allowed %g",
			name, d, 2 * kernel_tolerance(&cases[i]));
	}
	printf("NOTE: CUDA agrees with the CPU in %zu cases, largest difference %.1e\n", n, worst);
}
END_TEST

START_TEST(test_trainers_agree_between_cuda_and_cpu)
{
	static double x[ROWS * COLS], y[ROWS];
	char why[300];
	bnk_target gpu;
	uint64_t state = 3;
	if (!cuda(&gpu, why, sizeof why))
		BN_TEST_SKIP("training on CUDA against the CPU: %s", why);
	for (size_t i = 0; i < ROWS; i++) {
		double sum = 0;
		for (size_t j = 0; j < COLS; j++) {
			x[i * COLS + j] = train_data_uniform(&state) * 2 - 1;
			sum += (double)j * x[i * COLS + j];
		}
		y[i] = sum + 4 * train_data_uniform(&state) > 2;
	}
	for (size_t t = 0; t < bn_trainer_count(); t++) {
		const bn_trainer *trainer = bn_trainer_get(t);
		bn_estimator *e[2] = {NULL, NULL};
		double out[2][2 * ROWS], scratch[4096];
		for (int k = 0; k < 2; k++) {
			bn_err err = BN_ERR_INIT;
			bn_fit_request r = {.task = trainer->tasks & 1u << BN_TASK_REGRESSION
							    ? BN_TASK_REGRESSION
							    : BN_TASK_CLASSIFICATION,
				.classes = 2,
				.seed = 1,
				.target = k ? gpu : (bnk_target){.backend = NULL}};
			ck_assert_bn_ok(matrix_fit(&e[k], trainer, &r,
						&(bn_design){ROWS, COLS, x, y, NULL, 0}, &err),
				&err);
			ck_assert_uint_le(bn_estimator_scratch(e[k]), 4096);
			bn_estimator_predict(e[k], x, ROWS, out[k], scratch);
		}
		double d = kernel_distance(out[1], out[0], ROWS * e[0]->outputs);
		/* Rounding of Adam in float32 adds up over epochs; that of the linear models must not. */
		ck_assert_msg(d < (strcmp(trainer->name, "mlp") == 0 ? 0.5 : 1e-6),
			"%s: predictions differ by %g", trainer->name, d);
		bn_estimator_free(e[0]);
		bn_estimator_free(e[1]);
	}
}
END_TEST

BN_TEST_MAIN("kernels/cuda", test_cuda_agrees_with_the_cpu_on_every_operation,
	test_trainers_agree_between_cuda_and_cpu)
