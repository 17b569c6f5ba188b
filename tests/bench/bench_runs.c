/*
 * Times the index of runs: N runs of 20 metrics and 6 parameters, written through the log with the functions that
 * real runs use.
 *	bench_runs write DIR N    makes a workspace in DIR
 *	bench_runs fold DIR       folds it into a new BINNACLE_INDEX
 *	bench_runs look DIR       lists, sorts, pages: warm medians, and resident memory
 * Prints JSON lines for tests/bench/run.sh.
 */
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/runlog.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"
#include "core/track/query.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPECS = 64, METRICS = 20, PARAMS = 6, RUNS_PER_COMMIT = 100, TIMES = 7 };

static const char *const metric_names[METRICS] = {"train_rmse", "train_mae", "train_r2",
	"train_loss", "val_rmse", "val_mae", "val_r2", "val_loss", "test_rmse", "test_mae",
	"test_r2", "test_max_error", "test_median_ae", "test_mape", "system/cpu_percent",
	"system/rss_bytes", "epochs", "learning_rate", "gradient_norm", "rows_per_second"};
static const char *const param_names[PARAMS] = {
	"alpha", "batch", "layers", "optimizer", "seed", "dropout"};

static double seconds(void)
{
	return (double)bn_env_monotonic_ns(bn_env_real()) / 1e9;
}

/* Numbers in [0, 1) that depend only on i and k. */
static double noise(uint64_t i, uint64_t k)
{
	uint64_t x = (i * METRICS + k + 1) * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

/* Recipes that differ in their seed, so all runs can be compared. */
static int write_specs(char hash[SPECS][65], bn_workspace *ws, bn_err *err)
{
	char text[300];
	int rc = 0;
	for (int i = 0; rc == 0 && i < SPECS; i++) {
		bn_spec *spec = NULL;
		int n = snprintf(text, sizeof text,
			"{\"format\": 1, \"trainer\": \"ridge\", \"data\": [{\"name\": \"power\", "
			"\"version\": 3}], \"target\": \"power\", \"seed\": %d}",
			i);
		rc = bn_spec_parse(&spec, text, (size_t)n, "spec", err);
		if (rc == 0)
			rc = bn_spec_store(ws, spec, hash[i], err);
		bn_spec_free(spec);
	}
	return rc;
}

static int write_run(
	bn_workspace *ws, int64_t i, char spec[SPECS][65], bn_metric_set *set, bn_err *err)
{
	char id[BN_RUN_ID_TEXT], experiment[16];
	int64_t now = bn_env_now_ms(bn_workspace_env(ws));
	uint64_t spread = (uint64_t)i * 0x9e3779b97f4a7c15u;
	snprintf(id, sizeof id, "%016llx%016llx", (unsigned long long)spread,
		(unsigned long long)(spread ^ 0x5851f42d4c957f2du));
	snprintf(experiment, sizeof experiment, "exp%lld", (long long)i % 8);
	bn_run_created birth = {.experiment = experiment,
		.kind = "trainer",
		.title = "ridge",
		.spec_hash = spec[i % SPECS],
		.dataset = "power@v3"};
	int rc = bn_runlog_created(ws, id, &birth, err);
	if (rc == 0)
		rc = bn_runlog_started(ws, id, 5000, err);
	json_t *params = json_object();
	for (uint64_t k = 0; k < PARAMS; k++)
		json_object_set_new(
			params, param_names[k], json_real(noise((uint64_t)i, METRICS + k)));
	if (rc == 0)
		rc = bn_runlog_params(ws, id, params, err);
	json_decref(params);
	bn_metric_set_clear(set);
	for (uint64_t k = 0; k < METRICS; k++)
		bn_metric_set_add(set, metric_names[k], 0, now + (int64_t)k, noise((uint64_t)i, k));
	if (rc == 0)
		rc = bn_runlog_metrics(ws, id, set, err);
	if (rc == 0)
		rc = bn_runlog_finished(
			ws, id, i % 10 ? "FINISHED" : "FAILED", i % 10 == 0, 0, NULL, err);
	return rc;
}

static int write_runs(const char *dir, int64_t n, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_metric_set set = BN_METRIC_SET_INIT;
	char spec[SPECS][65];
	int rc = bn_workspace_init(bn_env_real(), dir, err);
	if (rc == 0)
		rc = bn_workspace_open(&ws, bn_env_real(), NULL, dir, err);
	if (rc == 0)
		rc = write_specs(spec, ws, err);
	for (int64_t i = 0; rc == 0 && i < n; i++) {
		rc = write_run(ws, i, spec, &set, err);
		if (rc == 0 && (i % RUNS_PER_COMMIT == RUNS_PER_COMMIT - 1 || i == n - 1))
			rc = bn_workspace_commit(ws, err);
	}
	bn_metric_set_release(&set);
	bn_workspace_close(ws);
	return rc;
}

static int fold_runs(const char *dir, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_run_counts counts;
	double t = seconds();
	int rc = bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, err);
	if (rc == 0)
		rc = bn_workspace_refresh(ws, NULL, err);
	t = seconds() - t;
	if (rc == 0)
		rc = bn_run_count(&counts, ws, err);
	if (rc == 0)
		printf("{\"area\":\"runs\",\"what\":\"fold a run of %d metrics\",\"ours_s\":%.7f,"
		       "\"note\":\"%lld runs in %.2f s\"}\n",
			METRICS, t / (double)(counts.total ? counts.total : 1),
			(long long)counts.total, t);
	bn_workspace_close(ws);
	return rc;
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static int time_query(const char *what, bn_workspace *ws, const bn_run_query *q, bn_err *err)
{
	double took[TIMES];
	int rc = 0;
	for (int i = 0; rc == 0 && i < TIMES; i++) {
		bn_run_page *page = NULL;
		double t = seconds();
		rc = bn_run_query_page(&page, ws, q, err);
		took[i] = seconds() - t;
		bn_run_page_free(page);
	}
	qsort(took, TIMES, sizeof *took, double_cmp);
	if (rc == 0)
		printf("{\"area\":\"runs\",\"what\":\"%s\",\"ours_s\":%.6f}\n", what,
			took[TIMES / 2]);
	return rc;
}

/* Like the workbench: with a memory, live runs first. */
static int look_held(bn_workspace *ws, const bn_run_query *screen, bn_err *err)
{
	static const bool summed[METRICS + PARAMS] = {true, true, true, true};
	bn_run_memory *memory = NULL;
	bn_run_query q = *screen;
	bn_run_page *first = NULL;
	int rc = bn_run_memory_new(&memory, err);
	q.memory = memory;
	q.live_first = true;
	q.limit_of_more = 200;
	q.search = NULL;
	double t = seconds();
	if (rc == 0)
		rc = bn_run_query_page(&first, ws, &q, err);
	if (rc == 0)
		printf("{\"area\":\"runs\",\"what\":\"first page with a memory, which is read\","
		       "\"ours_s\":%.6f}\n",
			seconds() - t);
	bn_run_page_free(first);
	if (rc == 0)
		rc = time_query("again", ws, &q, err);
	q.search = "exp3 ridge";
	if (rc == 0)
		rc = time_query("a key of its filter, with a memory", ws, &q, err);
	q.sort = "-metrics.test_rmse";
	if (rc == 0)
		rc = time_query("the same, sorted by a metric", ws, &q, err);
	q.filter = "metrics.test_rmse < 0.5 AND params.alpha > 0.5";
	if (rc == 0)
		rc = time_query("the same, of a filter on a metric and a parameter", ws, &q, err);
	q.group = "experiment";
	q.summed = summed;
	if (rc == 0)
		rc = time_query("the same, in groups with four means", ws, &q, err);
	bn_run_memory_free(memory);
	return rc;
}

static int look(const char *dir, bn_err *err)
{
	static const char *const columns[] = {"metrics.test_rmse", "metrics.val_loss",
		"metrics.train_loss", "params.alpha", "params.batch"};
	static const struct {
		const char *what;
		bn_run_query q;
	} queries[] = {{"newest 50", {.limit = 50}},
		{"sorted by a metric, 50", {.sort = "-metrics.test_rmse", .limit = 50}},
		{"filter on a metric and a parameter, 50",
			{.filter = "metrics.test_rmse < 0.5 AND params.alpha > 0.5", .limit = 50}},
		{"sorted by a parameter, 50", {.sort = "params.alpha", .limit = 50}},
		{"sorted by name, 50", {.sort = "name", .limit = 50}},
		{"first page of the Runs screen", {.limit = 1000}},
		{"End of the Runs screen", {.limit = 1000, .last = true}},
		{"End, sorted by a metric",
			{.sort = "metrics.test_rmse", .limit = 1000, .last = true}}};
	bn_workspace *ws = NULL;
	char line[128];
	int rc = bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, err);
	if (rc == 0)
		rc = bn_workspace_refresh(ws, NULL, err);
	const char *many[METRICS + PARAMS];
	char names[METRICS + PARAMS][40];
	for (int i = 0; i < METRICS + PARAMS; i++) {
		snprintf(names[i], sizeof names[i], "%s.%s", i < METRICS ? "metrics" : "params",
			i < METRICS ? metric_names[i] : param_names[i - METRICS]);
		many[i] = names[i];
	}
	bn_run_query screen = {.limit = 1000, .columns = many, .column_count = 24};
	if (rc == 0)
		rc = time_query("first page of the Runs screen, 24 columns", ws, &screen, err);
	screen.search = "exp3 ridge";
	if (rc == 0)
		rc = time_query("the same after a key of its filter", ws, &screen, err);
	if (rc == 0)
		rc = look_held(ws, &screen, err);
	for (size_t i = 0; rc == 0 && i < sizeof queries / sizeof *queries; i++) {
		bn_run_query q = queries[i].q;
		q.columns = columns;
		q.column_count = sizeof columns / sizeof *columns;
		rc = time_query(queries[i].what, ws, &q, err);
	}
	bn_workspace_close(ws);
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			printf("{\"area\":\"runs\",\"what\":\"resident memory after these\","
			       "\"note\":\"%ld MB\"}\n",
				strtol(line + 6, NULL, 10) / 1024);
	if (f)
		fclose(f);
	return rc;
}

int main(int argc, char **argv)
{
	bn_err err = BN_ERR_INIT;
	int rc = -1;
	if (argc == 4 && !strcmp(argv[1], "write"))
		rc = write_runs(argv[2], strtoll(argv[3], NULL, 10), &err);
	else if (argc == 3 && !strcmp(argv[1], "fold"))
		rc = fold_runs(argv[2], &err);
	else if (argc == 3 && !strcmp(argv[1], "look"))
		rc = look(argv[2], &err);
	else
		bn_err_set(&err, BN_EINVAL, "write DIR N | fold DIR | look DIR");
	if (rc != 0)
		fprintf(stderr, "bench_runs: %s\n", err.msg);
	return rc != 0;
}
