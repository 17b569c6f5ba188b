/*
 * Models whose bytes are guaranteed: ridge and binary logistic regression on a generated table, as SHA-256 of
 * their tensors, with every variant of the kernels, any number of threads and on every machine. A change here
 * changes the models that users train again, so CHANGELOG must mention it. Also the accuracy of the numbers,
 * compared with sums in four times the precision.
 */
#include "core/base/hash.h"
#include "core/learn/trainer.h"
#include "kernels/backend.h"
#include "tests/support/check_main.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <string.h>

enum { ROWS = 30011, COLS = 11 };

static double x[ROWS * COLS], number[ROWS], class[ROWS], weight[ROWS];

/* Exact in double: no library function is involved. */
static void make_table(void)
{
	uint64_t state = 20;
	for (size_t r = 0; r < ROWS; r++) {
		double sum = 0;
		for (size_t j = 0; j < COLS; j++) {
			double u = train_data_uniform(&state) - 0.5;
			x[r * COLS + j] = u * (double)(1 << j) + (double)(j * 3);
			sum += (j % 2 ? 1 : -2) * u;
		}
		number[r] = sum + train_data_uniform(&state) + 1000;
		class[r] = sum + 2 * train_data_uniform(&state) > 1.25;
		weight[r] = (double)(r % 5) * 0.25;
	}
}

static bn_estimator *fit(const char *name, bool weighted, bool intercept, size_t rows, int threads,
	const char *variants)
{
	bn_err err = BN_ERR_INIT;
	const bn_trainer *t = NULL;
	bn_estimator *e = NULL;
	bool ridge = !strcmp(name, "ridge");
	bn_design d = {rows, COLS, x, ridge ? number : class, weighted ? weight : NULL, 0};
	json_t *hyper = json_pack("{s:b}", "fit_intercept", intercept);
	bn_fit_request r = {.task = ridge ? BN_TASK_REGRESSION : BN_TASK_CLASSIFICATION,
		.classes = 2,
		.hyper = hyper,
		.threads = threads};
	snprintf(r.target.variants, sizeof r.target.variants, "%s", variants);
	ck_assert_bn_ok(bn_trainer_find(&t, name, &err), &err);
	ck_assert_bn_ok(matrix_fit(&e, t, &r, &d, &err), &err);
	json_decref(hyper);
	return e;
}

static const struct {
	const char *trainer;
	bool weighted, intercept;
	const char *sha256;
} frozen[] = {
	{"ridge", false, true, "8461fe2826040281f31b2c566c0d9349298371d7d9a57f44de5e9c480ad1b070"},
	{"ridge", true, true, "629e16e6d267b7959683c5caba7782b2bd89ef9f658d23cc23a174e60dc38b23"},
	{"ridge", false, false, "715adf1ac7f2b8143a410bac43efcae255c59ac9a4101a911fdadb3e31584164"},
	{"logistic", false, true,
		"dfc3026d3c93d3cea195b16ba775d15936d64f317842f62201b8a48c9c8054c2"},
	{"logistic", true, true,
		"ee5c379a1b5dc60b48bb2ca15dfffd48e2dd1c38d748b14775b6b08a05b88421"},
	{"logistic", false, false,
		"009db53e1dfb4fdb050a86657aaa91655a8765324200575614875b1a3cb66dc6"},
};

START_TEST(test_models_have_the_bytes_that_they_always_had)
{
	static const char *const variants[] = {"", "portable", "avx2", "avx512"};
	char text[1024];
	make_table();
	for (size_t i = 0; i < sizeof frozen / sizeof *frozen; i++)
		for (size_t v = 0; v < 4; v++) {
			char hex[BN_SHA256_HEX + 1];
			bn_buf bytes = BN_BUF_INIT;
			bn_err err = BN_ERR_INIT;
			if (bnk_variants_describe(variants[v], text, sizeof text) != BNK_OK)
				continue;
			bn_estimator *e = fit(frozen[i].trainer, frozen[i].weighted,
				frozen[i].intercept, ROWS, (int)v + 1, variants[v]);
			ck_assert_bn_ok(bn_safetensors_write(&bytes, e->tensors, &err), &err);
			bn_sha256_hex(bytes.ptr, bytes.len, hex);
			ck_assert_msg(!strcmp(hex, frozen[i].sha256), "%s%s%s, variants '%s': %s",
				frozen[i].trainer, frozen[i].weighted ? ", weighted" : "",
				frozen[i].intercept ? "" : ", without intercept", variants[v], hex);
			bn_buf_release(&bytes);
			bn_estimator_free(e);
		}
}
END_TEST

/* ---- accuracy ------------------------------------------------------------------------------- */

typedef __float128 wide;

/* a[n, n] is positive definite; solves a x = b, the solution replaces b. */
static void solve_wide(size_t n, wide *a, wide *b)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			wide f = a[k * n + i] / a[i * n + i];
			for (size_t j = i; j < n; j++)
				a[k * n + j] -= f * a[i * n + j];
			b[k] -= f * b[i];
		}
	for (size_t i = n; i-- > 0;) {
		for (size_t j = i + 1; j < n; j++)
			b[i] -= a[i * n + j] * b[j];
		b[i] /= a[i * n + i];
	}
}

/* Coefficients and intercept, from sums over rows minus the weighted means. */
static void ridge_wide(bool weighted, size_t rows, wide coef[COLS + 1])
{
	static wide gram[COLS * COLS];
	wide mean[COLS + 1] = {0}, total = 0;
	memset(gram, 0, sizeof gram);
	for (size_t j = 0; j <= COLS; j++)
		coef[j] = 0;
	for (size_t r = 0; r < rows; r++) {
		wide w = weighted ? weight[r] : 1;
		total += w;
		for (size_t j = 0; j <= COLS; j++)
			mean[j] += w * (j < COLS ? x[r * COLS + j] : number[r]);
	}
	for (size_t j = 0; j <= COLS; j++)
		mean[j] /= total;
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < COLS; i++) {
			wide v = (weighted ? weight[r] : 1) * (x[r * COLS + i] - mean[i]);
			coef[i] += v * (number[r] - mean[COLS]);
			for (size_t j = 0; j < COLS; j++)
				gram[i * COLS + j] += v * (x[r * COLS + j] - mean[j]);
		}
	for (size_t i = 0; i < COLS; i++)
		gram[i * COLS + i] += 1;
	solve_wide(COLS, gram, coef);
	coef[COLS] = mean[COLS];
	for (size_t j = 0; j < COLS; j++)
		coef[COLS] -= coef[j] * mean[j];
}

START_TEST(test_ridge_is_as_near_as_doubles_are)
{
	static const size_t rows[] = {1, 2, 100, 4096, 4097, ROWS};
	double worst = 0;
	make_table();
	for (size_t c = 0; c < 2 * sizeof rows / sizeof *rows; c++) {
		size_t n = rows[c / 2];
		wide want[COLS + 1];
		if (c % 2 && n < 100)
			continue; /* weights that are all 0 are refused */
		bn_estimator *e = fit("ridge", c % 2, true, n, 2, "");
		ridge_wide(c % 2, n, want);
		const double *coef = bn_tensors_find(e->tensors, "coef")->data;
		const double *b = bn_tensors_find(e->tensors, "intercept")->data;
		for (size_t j = 0; j <= COLS; j++) {
			wide d = (j < COLS ? coef[j] : b[0]) - want[j];
			worst = fmax(worst,
				fabs((double)(d / (1 + (want[j] < 0 ? -want[j] : want[j])))));
		}
		bn_estimator_free(e);
	}
	printf("NOTE: ridge: largest difference to sums of 113 bits is %.1e\n", worst);
	ck_assert_double_lt(worst, 1e-13);
}
END_TEST

/* The mean gradient at the solution, in long double, is within the tolerance. */
START_TEST(test_logistic_ends_where_its_gradient_does)
{
	long double worst = 0, total = ROWS;
	make_table();
	bn_estimator *e = fit("logistic", false, true, ROWS, 2, "");
	const double *coef = bn_tensors_find(e->tensors, "coef")->data;
	const double *b = bn_tensors_find(e->tensors, "intercept")->data;
	long double gradient[COLS + 1] = {0};
	for (size_t r = 0; r < ROWS; r++) {
		long double z = b[0];
		for (size_t j = 0; j < COLS; j++)
			z += (long double)coef[j] * x[r * COLS + j];
		long double d = 1 / (1 + expl(-z)) - class[r];
		for (size_t j = 0; j <= COLS; j++)
			gradient[j] += d * (j < COLS ? x[r * COLS + j] : 1);
	}
	for (size_t j = 0; j <= COLS; j++)
		worst = fmaxl(worst, fabsl(gradient[j] + (j < COLS ? coef[j] : 0)) / total);
	printf("NOTE: logistic: the mean gradient is %.1Le\n", worst);
	ck_assert_double_lt((double)worst, 1.01e-8);
	bn_estimator_free(e);
}
END_TEST

BN_TEST_MAIN("core/learn/frozen", test_models_have_the_bytes_that_they_always_had,
	test_ridge_is_as_near_as_doubles_are, test_logistic_ends_where_its_gradient_does)
