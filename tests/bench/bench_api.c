/*
 * Runs through a libbinnacle of any version. For tests/bench/pairs.sh:
 *	bench_api LIBBINNACLE.SO WORKSPACE RUNS METRICS STEPS
 * opens the library, creates that many runs in the workspace, each with METRICS series of STEPS points, and waits for
 * the disk after each run. For tests/bench/api.sh:
 *	bench_api LIBBINNACLE.SO WORKSPACE BATCHES
 * times that many batches of 100 calls of binnacle_log_metric without a pause, for two metrics in turn, and batches
 * of 100 fprintf() of the same data into a file, and prints the time of a call: the median of the batches, their mean
 * and their 99th percentile.
 */
#include "share/include/binnacle.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct api {
	binnacle_run *(*open)(const binnacle_options *);
	const char *(*last_error)(void);
	int (*metric)(binnacle_run *, const char *, double, int64_t);
	int (*param)(binnacle_run *, const char *, const char *);
	int (*close)(binnacle_run *, int);
} api;

static int load(api *a, const char *path)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	*(void **)&a->open = dlsym(lib, "binnacle_run_open");
	*(void **)&a->last_error = dlsym(lib, "binnacle_last_error");
	*(void **)&a->metric = dlsym(lib, "binnacle_log_metric");
	*(void **)&a->param = dlsym(lib, "binnacle_log_param");
	*(void **)&a->close = dlsym(lib, "binnacle_run_close");
	return a->open && a->last_error && a->metric && a->param && a->close ? 0 : -1;
}

static int log_run(const api *a, const char *workspace, long run, long metrics, long steps)
{
	char name[32], value[32];
	snprintf(name, sizeof name, "run%ld", run);
	binnacle_options o = {.workspace = workspace, .name = name, .title = "bench"};
	binnacle_run *r = a->open(&o);
	if (!r) {
		fprintf(stderr, "%s\n", a->last_error());
		return -1;
	}
	snprintf(value, sizeof value, "%ld", run % 10);
	a->param(r, "alpha", value);
	for (long s = 0; s < steps; s++)
		for (long m = 0; m < metrics; m++) {
			snprintf(name, sizeof name, "m%ld", m);
			a->metric(r, name, (double)((run * 7919 + m * 31 + s) % 1000) / 1000, s);
		}
	return a->close(r, 0);
}

/* ---- the time of a call --------------------------------------------------------------------- */

enum { BATCH = 100 };

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Sorts ns. Returns the median. */
static double say(const char *what, double *ns, long batches)
{
	double sum = 0;
	for (long i = 0; i < batches; i++)
		sum += ns[i];
	qsort(ns, (size_t)batches, sizeof *ns, by_value);
	printf("%-20s median %.1f ns a call, mean %.1f, p99 %.1f (%ld batches of %d)\n", what,
		ns[batches / 2], sum / (double)batches, ns[batches * 99 / 100], batches, BATCH);
	return ns[batches / 2];
}

static int time_calls(const api *a, const char *workspace, long batches)
{
	static const char *const keys[2] = {"energy", "relative_error"};
	binnacle_options o = {.workspace = workspace, .name = "calls", .title = "bench"};
	binnacle_run *r = a->open(&o);
	double *ns = malloc((size_t)batches * sizeof *ns);
	FILE *f = tmpfile();
	if (!r || !ns || !f) {
		fprintf(stderr, "%s\n", r ? "no memory or no file" : a->last_error());
		return -1;
	}
	for (long b = 0; b < batches; b++) {
		double start = now_ns();
		for (long i = 0; i < BATCH; i++)
			a->metric(r, keys[i & 1], (double)(b * BATCH + i) * 1e-3,
				(b * BATCH + i) / 2);
		ns[b] = (now_ns() - start) / BATCH;
	}
	double ours = say("binnacle_log_metric", ns, batches);
	for (long b = 0; b < batches; b++) {
		double start = now_ns();
		for (long i = 0; i < BATCH; i++)
			fprintf(f, "%s %ld %.17g\n", keys[i & 1], (b * BATCH + i) / 2,
				(double)(b * BATCH + i) * 1e-3);
		ns[b] = (now_ns() - start) / BATCH;
	}
	double peer = say("fprintf", ns, batches);
	printf("{\"area\": \"track\", \"what\": \"binnacle_log_metric, a call\", \"ours_s\": %.3g, "
	       "\"peer\": \"fprintf\", \"peer_s\": %.3g}\n",
		ours * 1e-9, peer * 1e-9);
	fclose(f);
	free(ns);
	return a->close(r, 0);
}

int main(int argc, char **argv)
{
	api a;
	if ((argc != 6 && argc != 4) || load(&a, argv[1]))
		return 2;
	if (argc == 4)
		return atol(argv[3]) > 0 && time_calls(&a, argv[2], atol(argv[3])) == 0 ? 0 : 1;
	for (long run = 0; run < atol(argv[3]); run++)
		if (log_run(&a, argv[2], run, atol(argv[4]), atol(argv[5])))
			return 1;
	return 0;
}
