/*
 * bench_csv.c - the CSV file of the benchmark, and reading it.
 *
 *	bench_csv generate FILE ROWS     id, timestamp, 2 categories, 28 floats (1 % absent), 2 ints
 *	bench_csv ingest FILE OUT        typed Arrow file, durable: prints one JSON object
 *	bench_csv parse FILE             the same without writing anything
 *
 * It looks like exported node telemetry: numbers with six significant digits. The generator uses the
 * counter-based RNG, so the same ROWS give the same file everywhere.
 */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/timestamp.h"
#include "core/source/csv.h"
#include "core/source/ingest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define FLOATS 28

static int fail(const bn_err *err)
{
	fprintf(stderr, "bench_csv: %s\n", err->msg);
	return 1;
}

static double next_float(bn_rng *r, int column)
{
	if (column % 3 == 0)
		return bn_rng_normal(r);
	if (column % 3 == 1)
		return bn_rng_uniform(r) * 100;
	return exp(bn_rng_normal(r));
}

static int generate(const char *path, long rows)
{
	static const char *const states[] = {
		"IDLE", "ALLOCATED", "MIXED", "DOWN", "DRAINED", "COMPLETING"};
	char stamp[BN_TIMESTAMP_TEXT];
	FILE *f = fopen(path, "w");
	bn_rng r;

	if (!f)
		return 1;
	fprintf(f, "id,ts,host,state");
	for (int c = 0; c < FLOATS; c++)
		fprintf(f, ",f%02d", c);
	fprintf(f, ",jobs,errors\n");
	bn_rng_init(&r, 1, "bench.csv", 0);
	for (long i = 0; i < rows; i++) {
		int64_t at = (1700000000 + i / 100) * INT64_C(1000000000);
		fprintf(f, "%ld,%s,node%04d,%s", i, bn_timestamp_iso(at, stamp),
			(int)bn_rng_below(&r, 200), states[bn_rng_below(&r, 6)]);
		for (int c = 0; c < FLOATS; c++) {
			double x = next_float(&r, c);
			if (bn_rng_below(&r, 100) == 0)
				fputc(',', f);
			else
				fprintf(f, ",%.6g", x);
		}
		fprintf(f, ",%d,%d\n", (int)bn_rng_below(&r, 64), (int)bn_rng_below(&r, 1000));
	}
	return fclose(f) ? 1 : 0;
}

static void print_result(double seconds, uint64_t rows, uint64_t bytes)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"seconds\": %.4f, \"rss_mb\": %ld, \"rows\": %llu, \"mb_per_s\": %.0f}\n",
		seconds, usage.ru_maxrss / 1024, (unsigned long long)rows,
		(double)bytes / 1e6 / seconds);
}

static int ingest(const char *path, const char *out)
{
	bn_ingest_report report = {0};
	bn_err err = BN_ERR_INIT;

	if (bn_ingest(bn_env_real(), "csv", path, NULL, NULL, out, &report, &err))
		return fail(&err);
	print_result(report.seconds, report.rows, report.bytes_in);
	bn_ingest_report_release(&report);
	return 0;
}

static int parse(const char *path)
{
	const bn_env *env = bn_env_real();
	bn_err err = BN_ERR_INIT;
	bn_stream *s = NULL;
	const bn_source *source = NULL;
	const bn_batch *b = NULL;
	uint64_t rows = 0;
	int64_t began = bn_env_monotonic_ns(env);
	int state;

	if (bn_sources_open(&s, &source, env, "csv", path, NULL, &err))
		return fail(&err);
	while ((state = s->ops->next(s, &b, &err)) > 0)
		rows = state == BN_STREAM_BATCH ? rows + b->rows : 0;
	if (state < 0)
		return fail(&err);
	print_result(
		(double)(bn_env_monotonic_ns(env) - began) * 1e-9, rows, s->ops->bytes_total(s));
	bn_sources_close(s);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "generate"))
		return generate(argv[2], atol(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "ingest"))
		return ingest(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "parse"))
		return parse(argv[2]);
	fprintf(stderr, "bench_csv generate FILE ROWS | ingest FILE OUT | parse FILE\n");
	return 2;
}
