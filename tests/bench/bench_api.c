/*
 * Runs through a libbinnacle of any version, for tests/bench/pairs.sh:
 *	bench_api LIBBINNACLE.SO WORKSPACE RUNS METRICS STEPS
 * opens the library, makes so many runs in the workspace, each with METRICS series of STEPS points,
 * and waits for the disk after each run.
 */
#include "share/include/binnacle.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(int argc, char **argv)
{
	api a;
	if (argc != 6 || load(&a, argv[1]))
		return 2;
	for (long run = 0; run < atol(argv[3]); run++)
		if (log_run(&a, argv[2], run, atol(argv[4]), atol(argv[5])))
			return 1;
	return 0;
}
