/*
 * The time of fits: bench_train ROWS THREADS DUMP writes its data to DUMP (float64 rows of 28
 * features and a class) for the peer, and prints {"what", "seconds"} lines.
 */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/learn/evaluate.h"
#include "core/learn/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLS = 28, REPEATS = 3, PREDICTIONS = 20000 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void make_data(size_t rows, double *x, double *y)
{
	bn_rng r;
	bn_rng_init(&r, 1, "bench", 0);
	for (size_t i = 0; i < rows; i++) {
		double score = 0;
		for (size_t j = 0; j < COLS; j++) {
			double v = bn_rng_normal(&r);
			x[i * COLS + j] = v;
			score += (j % 3 == 0 ? 0.5 : 0.1) * v + (j == 5 ? v * x[i * COLS] : 0);
		}
		y[i] = score + 1.5 * bn_rng_normal(&r) > 0;
	}
}

static int dump(const char *path, size_t rows, const double *x, const double *y)
{
	FILE *f = fopen(path, "wb");
	int bad = f == NULL;
	for (size_t i = 0; i < rows && !bad; i++)
		bad = fwrite(x + i * COLS, sizeof *x, COLS, f) != COLS ||
		      fwrite(y + i, sizeof *y, 1, f) != 1;
	return (f && fclose(f) != 0) || bad;
}

/* The best time of several fits; the last one is returned in *out. */
static double time_fit(bn_estimator **out, const char *name, size_t rows, const double *x,
	const double *y, int threads, json_t *hyper)
{
	double best = INFINITY;
	for (int i = 0; i < REPEATS; i++) {
		bn_err err = BN_ERR_INIT;
		const bn_trainer *t = NULL;
		bn_estimator_free(*out);
		*out = NULL;
		if (bn_trainer_find(&t, name, &err) != 0)
			exit(1);
		bn_fit_request r = {.task = t->tasks & 1u << BN_TASK_CLASSIFICATION
						    ? BN_TASK_CLASSIFICATION
						    : BN_TASK_REGRESSION,
			.classes = 2,
			.hyper = hyper,
			.seed = 1,
			.threads = threads};
		double start = now();
		bn_design d = {rows, COLS, x, y, NULL, 0};
		int rc = bn_rows_wrap(&r.train, &d, "training", &err);
		if (rc == 0)
			rc = bn_trainer_fit(out, t, &r, &err);
		bn_rows_free(r.train);
		if (rc != 0) {
			fprintf(stderr, "%s: %s\n", name, err.msg);
			exit(1);
		}
		best = fmin(best, now() - start);
	}
	json_decref(hyper);
	return best;
}

static double accuracy(const bn_estimator *e, size_t rows, const double *x, const double *y)
{
	size_t right = 0;
	double out[2], *scratch = bn_alloc(bn_estimator_scratch(e) * sizeof *scratch);
	for (size_t i = 0; i < rows; i++) {
		bn_estimator_predict(e, x + i * COLS, 1, out, scratch);
		right += (out[1] > out[0]) == (y[i] > 0);
	}
	bn_free(scratch);
	return (double)right / (double)rows;
}

static double time_row(const bn_estimator *e, const double *x)
{
	double out[2], *scratch = bn_alloc(bn_estimator_scratch(e) * sizeof *scratch);
	double start = now();
	for (size_t i = 0; i < PREDICTIONS; i++)
		bn_estimator_predict(e, x + i % 1000 * COLS, 1, out, scratch);
	double each = (now() - start) / PREDICTIONS;
	bn_free(scratch);
	return each;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	size_t rows = strtoul(argv[1], NULL, 10);
	int threads = atoi(argv[2]);
	double *x = malloc(rows * COLS * sizeof *x), *y = malloc(rows * sizeof *y);
	bn_estimator *e = NULL;
	if (rows < 1000 || !x || !y)
		return 2;
	make_data(rows, x, y);
	if (dump(argv[3], rows, x, y))
		return 1;
	double s = time_fit(&e, "ridge", rows, x, y, threads, NULL);
	printf("{\"what\": \"ridge fit\", \"seconds\": %.6g}\n", s);
	s = time_fit(&e, "logistic", rows, x, y, threads, NULL);
	printf("{\"what\": \"logistic fit\", \"seconds\": %.6g, \"accuracy\": %.5f}\n", s,
		accuracy(e, rows, x, y));
	printf("{\"what\": \"logistic one row\", \"seconds\": %.6g}\n", time_row(e, x));
	s = time_fit(&e, "mlp", rows, x, y, threads,
		json_pack("{s:i, s:[i,i], s:b, s:i}", "epochs", 1, "hidden", 128, 64,
			"early_stopping", 0, "batch_size", 256));
	printf("{\"what\": \"mlp epoch, batch 256\", \"seconds\": %.6g, \"accuracy\": %.5f}\n", s,
		accuracy(e, rows, x, y));
	printf("{\"what\": \"mlp one row\", \"seconds\": %.6g}\n", time_row(e, x));
	bn_estimator_free(e);
	free(x);
	free(y);
	return 0;
}
