/*
 * The time of drift statistics: bench_drift ROWS A B writes both samples to the files A and B (raw float64) for the
 * peer, and prints "test milliseconds" lines, the best of 3.
 */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/monitor/drift.h"

#include <stdio.h>
#include <stdlib.h>

static double *sample(size_t n, double shift, uint64_t seed, const char *path)
{
	double *x = bn_alloc(n * sizeof *x);
	bn_rng r;
	bn_rng_init(&r, seed, "bench drift", 0);
	for (size_t i = 0; x && i < n; i++)
		x[i] = bn_rng_normal(&r) + shift;
	FILE *f = fopen(path, "wb");
	if (f && x)
		fwrite(x, sizeof *x, n, f);
	if (f)
		fclose(f);
	return x;
}

int main(int argc, char **argv)
{
	static const bn_drift_test tests[] = {BN_DRIFT_KS, BN_DRIFT_WASSERSTEIN, BN_DRIFT_PSI};
	if (argc != 4)
		return 2;
	size_t n = (size_t)strtoull(argv[1], NULL, 10);
	double *a = sample(n, 0, 1, argv[2]), *b = sample(n, 0.002, 2, argv[3]);
	if (!a || !b)
		return 1;
	for (size_t t = 0; t < sizeof tests / sizeof *tests; t++) {
		double best = 1e9;
		for (int i = 0; i < 3; i++) {
			bn_drift_options o = {.test = tests[t]};
			bn_drift_result r;
			int64_t begin = bn_env_monotonic_ns(bn_env_real());
			if (bn_drift_numbers(&r, a, n, b, n, &o, NULL))
				return 1;
			double ms = (double)(bn_env_monotonic_ns(bn_env_real()) - begin) / 1e6;
			best = ms < best ? ms : best;
		}
		printf("%s %.1f\n", bn_drift_test_name(tests[t]), best);
	}
	bn_free(a);
	bn_free(b);
	return 0;
}
