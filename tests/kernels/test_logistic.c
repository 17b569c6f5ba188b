/* exp and log1p in the operation logistic, tested through it: compared with long double, for all margins. */
#include "core/base/rng.h"
#include "kernels/backend.h"
#include "kernels/op/logistic.h"
#include "tests/support/check_main.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { ROWS = 4099 };

static double z[ROWS], y[ROWS], w[ROWS], residual[ROWS], curvature[ROWS], sums[3];

static void run(size_t rows, bool weighted, const char *variants)
{
	bnk_device *device;
	bnk_queue *q;
	bnk_target t = {.backend = NULL};
	bnk_buffer b[6] = {bnk_buffer_wrap(z, sizeof z), bnk_buffer_wrap(y, sizeof y),
		bnk_buffer_wrap(w, sizeof w), bnk_buffer_wrap(residual, sizeof residual),
		bnk_buffer_wrap(curvature, sizeof curvature), bnk_buffer_wrap(sums, sizeof sums)};
	snprintf(t.variants, sizeof t.variants, "%s", variants);
	ck_assert_int_eq(bnk_device_open(&device, &t, 2), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&q, device), BNK_OK);
	bnk_logistic_args a = {bnk_vector(&b[0], BNK_F64, 0, rows),
		bnk_vector(&b[1], BNK_F64, 0, rows),
		bnk_vector(weighted ? &b[2] : NULL, BNK_F64, 0, rows),
		bnk_vector(&b[3], BNK_F64, 0, rows), bnk_vector(&b[4], BNK_F64, 0, rows),
		bnk_vector(&b[5], BNK_F64, 0, 3)};
	ck_assert_int_eq(bnk_run(q, BNK_OP_LOGISTIC, BNK_F64, &a), BNK_OK);
	bnk_queue_free(q);
	bnk_device_close(device);
}

/* In units of the last place. */
static double distance(double got, long double want)
{
	return (double)(fabsl(got - want) / (fabsl(want) * DBL_EPSILON));
}

START_TEST(test_margins_of_all_sizes_are_as_near_as_doubles_are)
{
	double worst[3] = {0};
	bn_rng r;
	bn_rng_init(&r, 4, "margins", 0);
	for (size_t i = 0; i < ROWS; i++)
		z[i] = (bn_rng_uniform(&r) - 0.5) * pow(10, 6 * bn_rng_uniform(&r) - 3);
	z[0] = 0, z[1] = 1e-300, z[2] = -707, z[3] = 707, z[4] = -1e300, z[5] = 0.8813735870195429;
	run(ROWS, false, "");
	for (size_t i = 0; i < ROWS; i++) {
		long double e = expl(-fabsl((long double)z[i]));
		long double p = z[i] < 0 ? e / (1 + e) : 1 / (1 + e);
		if (fabs(z[i]) > 708) { /* negligible in any sum */
			ck_assert_double_le(curvature[i], 1e-300);
			continue;
		}
		worst[0] = fmax(worst[0], distance(residual[i], p));
		worst[1] = fmax(worst[1], distance(curvature[i], e / ((1 + e) * (1 + e))));
	}
	/* The loss, for one row at a time. */
	for (size_t i = 0; i < 1000; i++) {
		double at = z[0] = z[i];
		run(1, false, "");
		long double want =
			(at > 0 ? (long double)at : 0) + log1pl(expl(-fabsl((long double)at)));
		if (fabs(at) < 700)
			worst[2] = fmax(worst[2], distance(sums[0], want));
	}
	printf("NOTE: probability, curvature, loss: %.2f, %.2f, %.2f units in the last place\n",
		worst[0], worst[1], worst[2]);
	ck_assert_double_lt(worst[0], 3);
	ck_assert_double_lt(worst[1], 5);
	ck_assert_double_lt(worst[2], 3);
}
END_TEST

START_TEST(test_what_is_not_finite_shows_in_the_loss)
{
	static const double bad[] = {NAN, INFINITY, -INFINITY};
	for (size_t i = 0; i < 3; i++)
		for (size_t rows = 1; rows < 20; rows += 6) {
			memset(z, 0, sizeof z);
			z[rows - 1] = bad[i];
			y[rows - 1] = i == 2;
			run(rows, false, "");
			ck_assert(!isfinite(sums[0]));
			y[rows - 1] = 0;
		}
}
END_TEST

/* Fewer rows than a lane, than a chunk, and more than both. */
START_TEST(test_variants_and_weights_change_no_bit)
{
	static const size_t rows[] = {1, 7, 8, 9, 255, 256, 257, 4096, ROWS};
	static const char *const variants[] = {"logistic=avx2", "logistic=avx512"};
	char text[1024];
	double want[3];
	bn_rng r;
	bn_rng_init(&r, 5, "rows", 0);
	for (size_t i = 0; i < ROWS; i++) {
		z[i] = 5 * bn_rng_normal(&r);
		y[i] = (double)(i % 2);
		w[i] = 1;
	}
	for (size_t k = 0; k < 9; k++) {
		run(rows[k], false, "logistic=portable");
		memcpy(want, sums, sizeof want);
		run(rows[k], true, "logistic=portable");
		ck_assert_mem_eq(want, sums, sizeof want);
		for (size_t v = 0; v < 2; v++)
			if (bnk_variants_describe(variants[v], text, sizeof text) == BNK_OK) {
				run(rows[k], v, variants[v]);
				ck_assert_mem_eq(want, sums, sizeof want);
			}
	}
}
END_TEST

BN_TEST_MAIN("kernels/logistic", test_margins_of_all_sizes_are_as_near_as_doubles_are,
	test_what_is_not_finite_shows_in_the_loss, test_variants_and_weights_change_no_bit)
