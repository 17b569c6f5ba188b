/*
 * cross_bytes.c - prints hashes of bytes that must not depend on the machine.
 *
 *	cross_bytes DIR
 *
 * Makes a workspace in DIR (which must not exist; its path is part of the bytes) with a fixed clock,
 * host and randomness, and prints "same NAME HASH" lines: checksums, random numbers, metric chunks, tables,
 * each file of the workspace (segments, objects, claims), the dump of its index, the outputs of the
 * operations that the program computes itself. These lines are equal on all machines. Lines that
 * start with "blas" may differ: operations that use OpenBLAS, and the files of a model, differ in the
 * last bits; of the former a "same" line has a rounded sum. It is a test of Check, because functions of
 * tests/support need that.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/data/add.h"
#include "core/learn/model.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/runlog.h"
#include "core/source/csv_write.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/kernel_ops.h"
#include "tests/support/tiny_model.h"

#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 4000000, CSV_ROWS = 3000, BYTES = 100000, EVENTS = 500, POINTS = 5000 };

static bn_env env;
static int64_t ticks;
static uint64_t random_at;
static char state_dir[512];

static int64_t fixed_now(const bn_env *e)
{
	(void)e;
	return 1700000000000000000 + ticks++ * 1000000;
}

static int fixed_random(const bn_env *e, void *bytes, size_t n)
{
	bn_rng r;
	(void)e;
	bn_rng_init(&r, 1, "cross_bytes", random_at++);
	for (size_t i = 0; i < n; i++)
		((uint8_t *)bytes)[i] = (uint8_t)bn_rng_u32(&r);
	return 0;
}

static const char *fixed_get(const bn_env *e, const char *name)
{
	(void)e;
	return !strcmp(name, "XDG_STATE_HOME") || !strcmp(name, "BINNACLE_INDEX") ? state_dir
										  : NULL;
}

static void fixed_user(const bn_env *e, uid_t uid, char *name, size_t size)
{
	(void)e;
	(void)uid;
	snprintf(name, size, "peer");
}

static const char *fixed_host(const bn_env *e)
{
	(void)e;
	return "peer";
}

static const char *fixed_boot(const bn_env *e)
{
	(void)e;
	return "00000000-0000-4000-8000-000000000000";
}

__attribute__((noreturn)) static void die(const char *what, const bn_err *err)
{
	fprintf(stderr, "cross_bytes: %s: %s\n", what, err ? err->msg : "failed");
	exit(1);
}

static void print_hash(bool same, const char *name, const void *bytes, size_t n)
{
	char hex[BN_SHA256_HEX + 1];
	bn_sha256_hex(bytes, n, hex);
	printf("%s %s %s\n", same ? "same" : "blas", name, hex);
}

/* ---- bytes without a workspace ------------------------------------------------------------------- */

static void checksums(void)
{
	static uint8_t bytes[BYTES];
	uint32_t crc[64];
	bn_rng r;
	bn_rng_init(&r, 7, "bytes", 0);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)bn_rng_u32(&r);
	print_hash(true, "rng/u32", bytes, BYTES);
	for (size_t i = 0; i < 64; i++)
		crc[i] = bn_crc32c(0, bytes + i, i < 48 ? i : BYTES - 2 * i);
	print_hash(true, "crc32c", crc, sizeof crc);
}

static void random_numbers(void)
{
	static double x[BYTES / 8];
	static uint32_t order[BYTES / 8];
	bn_rng r;
	bn_rng_init(&r, 7, "uniform", 0);
	for (size_t i = 0; i < BYTES / 8; i++)
		x[i] = bn_rng_uniform(&r);
	print_hash(true, "rng/uniform", x, sizeof x);
	for (size_t i = 0; i < BYTES / 8; i++)
		x[i] = bn_rng_normal(&r);
	print_hash(true, "rng/normal", x, sizeof x);
	bn_rng_permutation(&r, order, BYTES / 8);
	print_hash(true, "rng/permutation", order, sizeof order);
}

static void metric_chunk(void)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_buf out = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	for (int64_t i = 0; i < POINTS; i++)
		if (bn_metric_set_add(&set, i % 3 ? "loss" : "val/rmse", i * i % 977,
			    1700000000000 + i * 37, i % 101 ? 1.0 / (double)(i + 1) : (double)NAN))
			die("metric_chunk", NULL);
	if (bn_metric_chunk_write(&out, &set, &err) < 0)
		die("metric_chunk", &err);
	print_hash(true, "metrics/chunk", out.ptr, out.len);
	bn_buf_release(&out);
	bn_metric_set_release(&set);
}

static void operations(void)
{
	double *out = malloc(OUT_MAX * sizeof *out);
	size_t n;
	const kernel_case *cases = kernel_cases(&n);
	for (size_t i = 0; out && i < n; i++) {
		char name[96], line[128];
		double sum = 0;
		kernel_case_name(&cases[i], name, sizeof name);
		for (char *p = name; *p; p++)
			if (*p == ' ')
				*p = '_';
		size_t count = kernel_run(NULL, 2, &cases[i], out, OUT_MAX);
		for (size_t k = 0; k < count; k++)
			sum += fabs(out[k]);
		bool blas = bnk_op_get(cases[i].op)->klass == BNK_LOOSE;
		if (blas)
			printf("same rounded/%s-%zu %.6g\n", name, i, sum);
		snprintf(line, sizeof line, "ops/%s-%zu", name, i);
		print_hash(!blas, line, out, count * sizeof *out);
	}
	free(out);
}

/* ---- a workspace --------------------------------------------------------------------------------- */

static char *files[4096];
static size_t file_count;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)at;
	/* Locks contain no bytes, and tmp/ is temporary. */
	if (type == FTW_F && st->st_size > 0 && file_count < sizeof files / sizeof *files)
		files[file_count++] = strdup(path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Prints each file below dir under prefix. */
static void print_files(bool same, const char *prefix, const char *at)
{
	file_count = 0;
	if (nftw(at, add_file, 16, FTW_PHYS))
		die(at, NULL);
	qsort(files, file_count, sizeof *files, by_name);
	for (size_t i = 0; i < file_count; i++) {
		char hex[BN_SHA256_HEX + 1];
		bn_err err = BN_ERR_INIT;
		if (bn_sha256_file(&env, files[i], hex, NULL, &err) < 0)
			die(files[i], &err);
		printf("%s %s/%s %s\n", same ? "same" : "blas", prefix, files[i] + strlen(at) + 1,
			hex);
		free(files[i]);
	}
}

/* Numbers, texts, quotes, dates, absent values and a category, computed from integers only. */
static void write_csv(const char *path)
{
	static const char *const colours[] = {"red", "green", "blue", "", "NA"};
	FILE *f = fopen(path, "w");
	if (!f)
		die(path, NULL);
	fprintf(f, "id,value,small,colour,note,when,flag\n");
	for (unsigned i = 0; i < CSV_ROWS; i++)
		fprintf(f,
			"%u,%u.%03u,-%ue-%u,%s,\"a \"\"%u\"\", b\",2024-01-%02uT%02u:00:00Z,%s\n",
			i, i * 7919 % 1000, i * 31 % 1000, i % 90 + 1, i % 30, colours[i % 5],
			i % 7, i % 28 + 1, i % 24, i % 3 ? "true" : "false");
	if (fclose(f))
		die(path, NULL);
}

static void write_events(bn_workspace *ws)
{
	bn_err err = BN_ERR_INIT;
	bn_run_created birth = {.name = "cross", .kind = "api", .title = "bytes"};
	const char *id = "000102030405060708090a0b0c0d0e0f";
	if (bn_runlog_created(ws, id, &birth, &err) < 0)
		die("run", &err);
	for (int i = 0; i < EVENTS; i++) {
		char key[32];
		bn_metric_set set = BN_METRIC_SET_INIT;
		snprintf(key, sizeof key, "tag-%d", i % 50);
		if (bn_metric_set_add(&set, "loss", i, 1700000000000 + i, 1.0 / (i + 1)) ||
			bn_runlog_tag(ws, id, key, "value", &err) < 0 ||
			bn_runlog_metrics(ws, id, &set, &err) < 0 ||
			(i % 100 == 99 && bn_workspace_seal(ws, &err) < 0))
			die("events", &err);
		bn_metric_set_release(&set);
	}
	if (bn_runlog_finished(ws, id, "FINISHED", 0, 0, NULL, &err) < 0 ||
		bn_workspace_commit(ws, &err) < 0)
		die("run", &err);
}

static void add_datasets(bn_workspace *ws, const char *at)
{
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL;
	bn_source_options options = BN_SOURCE_OPTIONS_INIT;
	bn_generate_options jobs = {.rows = 2000, .seed = 3};
	char csv[600];
	bool added;
	snprintf(csv, sizeof csv, "%s/table.csv", at);
	write_csv(csv);
	if (bn_dataset_add(&v, &added, ws, "table", BN_DATASET_AS_BEFORE, NULL, csv, &options, NULL,
		    &err) < 0)
		die("dataset", &err);
	bn_dataset_version_free(v);
	if (bn_dataset_generate(&v, &added, ws, "jobs", BN_DATASET_AS_BEFORE, &jobs, &err) < 0)
		die("jobs", &err);
	bn_dataset_version_free(v);
}

static void workspace(const char *at)
{
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	char hash[65], root[600];
	if (bn_workspace_init(&env, at, &err) < 0 ||
		bn_workspace_open(&ws, &env, bn_fold_classes, at, &err) < 0)
		die("workspace", &err);
	write_events(ws);
	add_datasets(ws, at);
	if (bn_workspace_sync(ws, &err) < 0 || bn_index_dump_hash(ws, hash, &err) < 0)
		die("index", &err);
	printf("same index/dump %s\n", hash);
	bn_workspace_close(ws);
	snprintf(root, sizeof root, "%s/.binnacle", at);
	print_files(true, "workspace", root);
}

static const char *dir;

START_TEST(test_bytes)
{
	env = *bn_env_real();
	env.now_ns = fixed_now;
	env.random = fixed_random;
	env.get = fixed_get;
	env.user_name = fixed_user;
	env.host = fixed_host;
	env.boot_id = fixed_boot;
	snprintf(state_dir, sizeof state_dir, "%s/index", dir);
	checksums();
	random_numbers();
	metric_chunk();
	operations();
	workspace(dir);
	print_files(false, "model/ridge", tiny_model("ridge", "ridge", "y_number"));
	print_files(false, "model/logistic", tiny_model("logistic", "logistic", "y_three"));
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *const all[] = {test_bytes};
	if (argc != 2) {
		fprintf(stderr, "cross_bytes: needs a directory that does not exist\n");
		return 2;
	}
	dir = argv[1];
	return bn_test_run("cross_bytes", all, 1);
}
