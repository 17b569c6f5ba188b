/*
 * Makes and times a large workspace: N runs of 50 metrics of 1 000 steps, through the functions that real runs use.
 *	bench_scale write DIR N [STEPS [EVENTS]]  a workspace of N finished runs, each with EVENTS events of metrics
 *	bench_scale series DIR SERIES POINTS      a workspace of one run with long series
 *	bench_scale fold DIR                      folds it into a new BINNACLE_INDEX
 *	bench_scale one DIR                       appends one more run of the same form, and folds it
 *	bench_scale look DIR                      lists, sorts, filters, compares, charts: warm medians and memory
 *	bench_scale charts DIR SERIES             charts of the long series
 * Prints JSON lines for tests/bench/run.sh. The curves are smooth, with the digits of 32-bit floats; times vary by some
 * milliseconds.
 */
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/run/runlog.h"
#include "core/run/spec.h"
#include "core/store/workspace.h"
#include "core/track/compare.h"
#include "core/track/query.h"
#include "core/track/series.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	METRICS = 50,
	STEPS = 1000,
	EVENTS = 4,
	SPECS = 64,
	CURVES = 16,
	SWEEP = 20, /* runs of one parent, which is the first of them */
	RUNS_PER_COMMIT = 100,
	TIMES = 7,
	COMPARED = 100,
	BUCKETS = 200
};

static const int64_t begin_ms = 1735689600000, run_ms = 260000; /* 2025-01-01; a run each 260 s */

static char metric_name[METRICS][40];

static void name_metrics(void)
{
	static const char *const of[] = {"loss", "accuracy", "f1", "rmse", "mae", "r2", "auc"};
	static const char *const part[] = {"train", "val", "test"};
	static const char *const other[] = {
		"learning_rate", "gradient_norm", "epoch", "rows_per_second", "weight_norm"};
	static const char *const gpu[] = {
		"utilisation", "memory_bytes", "power_watts", "temperature"};
	int n = 0;
	for (int p = 0; p < 3; p++)
		for (int k = 0; k < 7; k++)
			snprintf(metric_name[n++], 40, "%s_%s", part[p], of[k]);
	for (int k = 0; k < 5; k++)
		snprintf(metric_name[n++], 40, "%s", other[k]);
	for (int g = 0; n < METRICS; g++)
		for (int k = 0; k < 4 && n < METRICS; k++)
			snprintf(metric_name[n++], 40, "system/gpu%d/%s", g, gpu[k]);
}

static double seconds(void)
{
	return (double)bn_env_monotonic_ns(bn_env_real()) / 1e9;
}

/* Of all threads of this process: what other programs on the machine do not change much. */
static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Numbers in [0, 1) that depend only on i and k. */
static double noise(uint64_t i, uint64_t k)
{
	uint64_t x = (i * 1000003 + k + 1) * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

static void run_id(char out[BN_RUN_ID_TEXT], int64_t i)
{
	uint64_t spread = ((uint64_t)i + 1) * 0x9e3779b97f4a7c15u;
	snprintf(out, BN_RUN_ID_TEXT, "%016llx%016llx", (unsigned long long)spread,
		(unsigned long long)(spread ^ 0x5851f42d4c957f2du));
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A clock that the runs move on, so that the workspace has a history of some months. */
static int64_t now_ms;

static int64_t history_ns(const bn_env *env)
{
	(void)env;
	return now_ms * 1000000;
}

typedef struct maker {
	bn_env env;
	bn_workspace *ws;
	char spec[SPECS][65];
	int steps, events;
	double *curve; /* CURVES of `steps` */
	bn_metric_series series[METRICS];
} maker;

/* Recipes that differ in their seed, so all runs can be compared. */
static int write_specs(maker *m, bn_err *err)
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
			rc = bn_spec_store(m->ws, spec, m->spec[i], err);
		bn_spec_free(spec);
	}
	return rc;
}

/* found: a new workspace, instead of one that exists. */
static int maker_init(
	maker *m, const char *dir, int64_t first, int steps, int events, bool found, bn_err *err)
{
	int rc;
	now_ms = begin_ms + first * run_ms;
	m->env = *bn_env_real();
	m->env.now_ns = history_ns;
	m->steps = steps;
	m->events = events;
	m->curve = bn_alloc((size_t)steps * CURVES * sizeof *m->curve);
	if (!m->curve)
		return bn_err_nomem(err, "curves");
	for (int c = 0; c < CURVES; c++)
		for (int s = 0; s < steps; s++)
			m->curve[c * steps + s] = exp(-(double)s * (c + 1) / (3.0 * steps)) +
						  0.05 * sin(0.013 * (c + 3) * s);
	for (int k = 0; k < METRICS; k++) {
		bn_metric_series *x = &m->series[k];
		*x = (bn_metric_series){.key = metric_name[k], .cap = (size_t)steps};
		x->step = bn_alloc((size_t)steps * sizeof *x->step);
		x->time_ms = bn_alloc((size_t)steps * sizeof *x->time_ms);
		x->value = bn_alloc((size_t)steps * sizeof *x->value);
		if (!x->step || !x->time_ms || !x->value)
			return bn_err_nomem(err, "series");
	}
	if (found && (rc = bn_workspace_init(&m->env, dir, err)) < 0)
		return rc;
	if ((rc = bn_workspace_open(&m->ws, &m->env, NULL, dir, err)) < 0)
		return rc;
	return write_specs(m, err);
}

static void maker_release(maker *m)
{
	for (int k = 0; k < METRICS; k++) {
		bn_free(m->series[k].step);
		bn_free(m->series[k].time_ms);
		bn_free(m->series[k].value);
	}
	bn_free(m->curve);
	bn_workspace_close(m->ws);
}

static int write_params(maker *m, const char *id, uint64_t i, bn_err *err)
{
	static const char *const optimizer[] = {"adam", "sgd", "lamb"};
	json_t *p = json_pack("{sf sf si si ss si sf si si ss}", "learning_rate",
		1e-4 * pow(100, noise(i / 5, 1000)), "dropout", 0.5 * noise(i / 5, 1001),
		"batch_size", 32 << (int)(4 * noise(i / 5, 1002)), "layers",
		2 + (int)(10 * noise(i / 5, 1003)), "optimizer",
		optimizer[(int)(3 * noise(i / 5, 1004))], "seed", (int)(i % 5), "weight_decay",
		1e-6 * pow(1000, noise(i / 5, 1005)), "epochs", m->steps / 10, "width",
		64 << (int)(4 * noise(i / 5, 1006)), "schedule", i / 5 % 2 ? "cosine" : "linear");
	int rc = p ? bn_runlog_params(m->ws, id, p, err) : bn_err_nomem(err, "parameters");
	json_decref(p);
	return rc < 0 ? rc : bn_runlog_tag(m->ws, id, "team", i % 3 ? "climate" : "grid", err);
}

/* The points of steps [from, to) of run i. */
static void fill(maker *m, uint64_t i, int from, int to, int64_t start_ms)
{
	for (int k = 0; k < METRICS; k++) {
		bn_metric_series *x = &m->series[k];
		const double *curve =
			m->curve + (size_t)((i + (uint64_t)k) % CURVES) * (size_t)m->steps;
		double scale = 0.5 + noise(i, (uint64_t)k), floor = noise(i, (uint64_t)k + METRICS);
		x->count = (size_t)(to - from);
		for (int s = from; s < to; s++) {
			x->step[s - from] = s;
			x->time_ms[s - from] =
				start_ms + s * 250 + (int64_t)(i + (uint64_t)s) * 2654435761 % 7;
			x->value[s - from] = (double)(float)(scale * curve[s] + floor);
		}
		if (k == 0 && i % 50 == 7 && to == m->steps) /* a few diverge */
			x->value[to - from - 1] = (double)NAN;
	}
}

static int write_points(maker *m, const char *id, uint64_t i, bn_err *err)
{
	int64_t start_ms = now_ms;
	int rc = 0;
	for (int e = 0; rc == 0 && e < m->events; e++) {
		int from = m->steps * e / m->events, to = m->steps * (e + 1) / m->events;
		fill(m, i, from, to, start_ms);
		bn_metric_set set = {.items = m->series,
			.count = METRICS,
			.cap = METRICS,
			.points = (size_t)(to - from) * METRICS};
		rc = bn_runlog_metrics(m->ws, id, &set, err);
		now_ms = start_ms + 250 * to;
	}
	return rc;
}

/* What a run's directory holds once it is packed (core/run/run_dir.h). */
static int write_output(maker *m, const char *id, bn_err *err)
{
	char text[200];
	bn_dir *dir = NULL;
	int n = snprintf(text, sizeof text, "epoch 1 of %d\nepoch %d of %d\ndone\n", m->steps / 10,
		m->steps / 10, m->steps / 10);
	int rc = bn_run_dir_make(&dir, m->ws, id, err);
	if (rc == 0)
		rc = bn_dir_write_file(dir, BN_RUN_LOG_FILE, text, (size_t)n, 0644, err);
	bn_dir_close(dir);
	return rc;
}

static int write_run(maker *m, int64_t i, bool output, bn_err *err)
{
	char id[BN_RUN_ID_TEXT], parent[BN_RUN_ID_TEXT], experiment[24];
	int rc;
	run_id(id, i);
	run_id(parent, i - i % SWEEP);
	snprintf(experiment, sizeof experiment, "exp%lld", (long long)(i / SWEEP) % 8);
	bn_run_created created = {.experiment = experiment,
		.kind = "trainer",
		.title = "ridge",
		.spec_hash = m->spec[i % SPECS],
		.parent = i % SWEEP ? parent : NULL,
		.dataset = i % 4 ? "power@v3" : "power@v2"};
	now_ms = begin_ms + i * run_ms;
	if ((rc = bn_runlog_created(m->ws, id, &created, err)) < 0 ||
		(rc = bn_runlog_started(m->ws, id, 5000, err)) < 0 ||
		(rc = write_params(m, id, (uint64_t)i, err)) < 0 ||
		(rc = write_points(m, id, (uint64_t)i, err)) < 0)
		return rc;
	if ((rc = bn_runlog_finished(m->ws, id, i % 50 == 7 ? "FAILED" : "FINISHED", i % 50 == 7, 0,
		     NULL, err)) < 0)
		return rc;
	return output ? write_output(m, id, err) : 0;
}

static int write_runs(const char *dir, int64_t n, int steps, int events, bn_err *err)
{
	maker m = {.ws = NULL};
	int rc = maker_init(&m, dir, 0, steps, events, true, err);
	for (int64_t i = 0; rc == 0 && i < n; i++) {
		rc = write_run(&m, i, true, err);
		if (rc == 0 && (i % RUNS_PER_COMMIT == RUNS_PER_COMMIT - 1 || i == n - 1))
			rc = bn_workspace_commit(m.ws, err);
	}
	maker_release(&m);
	return rc;
}

static int write_series(const char *dir, int count, int64_t points, bn_err *err)
{
	enum { AT_ONCE = 1 << 16 };
	bn_workspace *ws = NULL;
	bn_metric_set set = BN_METRIC_SET_INIT;
	char id[BN_RUN_ID_TEXT], key[40];
	bn_run_created created = {.experiment = "long", .kind = "api", .title = "series"};
	int rc = bn_workspace_init(bn_env_real(), dir, err);
	run_id(id, 0);
	if (rc == 0)
		rc = bn_workspace_open(&ws, bn_env_real(), NULL, dir, err);
	if (rc == 0)
		rc = bn_runlog_created(ws, id, &created, err);
	for (int64_t from = 0; rc == 0 && from < points; from += AT_ONCE) {
		for (int k = 0; k < count; k++) {
			snprintf(key, sizeof key, "series%d", k);
			for (int64_t s = from; s < points && s < from + AT_ONCE; s++)
				bn_metric_set_add(&set, key, s, begin_ms + s * 10,
					sin(1e-5 * (double)s * (k + 1)) +
						0.1 * noise((uint64_t)s, (uint64_t)k));
		}
		rc = bn_runlog_metrics(ws, id, &set, err);
		bn_metric_set_clear(&set);
		if (rc == 0)
			rc = bn_workspace_commit(ws, err);
	}
	if (rc == 0)
		rc = bn_runlog_finished(ws, id, "FINISHED", 0, 0, NULL, err);
	if (rc == 0)
		rc = bn_workspace_commit(ws, err);
	bn_metric_set_release(&set);
	bn_workspace_close(ws);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct watch {
	double wall, cpu;
} watch;

static watch watch_start(void)
{
	return (watch){seconds(), cpu_seconds()};
}

static watch watch_stop(watch w)
{
	return (watch){seconds() - w.wall, cpu_seconds() - w.cpu};
}

static void line(const char *what, watch took, const char *note)
{
	printf("{\"area\":\"scale\",\"what\":\"%s\",\"ours_s\":%.6f,\"note\":\"CPU %.1f "
	       "ms%s%s\"}\n",
		what, took.wall, 1e3 * took.cpu, *note ? ", " : "", note);
	fflush(stdout);
}

static void memory_line(const char *what)
{
	char text[128];
	long kb[2] = {0, 0};
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(text, sizeof text, f)) {
		if (strncmp(text, "VmHWM:", 6) == 0)
			kb[0] = strtol(text + 6, NULL, 10);
		if (strncmp(text, "RssAnon:", 8) == 0)
			kb[1] = strtol(text + 8, NULL, 10);
	}
	if (f)
		fclose(f);
	printf("{\"area\":\"scale\",\"what\":\"resident memory after %s\",\"note\":\"%ld MB at "
	       "most, %ld MB "
	       "of it our own now\"}\n",
		what, kb[0] / 1024, kb[1] / 1024);
	fflush(stdout);
}

static int open_folded(bn_workspace **out, const char *dir, watch *took, bn_err *err)
{
	watch t = watch_start();
	int rc = bn_workspace_open(out, bn_env_real(), bn_fold_classes, dir, err);
	if (rc == 0)
		rc = bn_workspace_refresh(*out, NULL, err);
	*took = watch_stop(t);
	return rc;
}

static int fold(const char *dir, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_run_counts counts;
	char note[100];
	watch took;
	int rc = open_folded(&ws, dir, &took, err);
	if (rc == 0)
		rc = bn_run_count(&counts, ws, err);
	if (rc == 0) {
		snprintf(note, sizeof note, "%lld runs: %.3f ms of CPU a run",
			(long long)counts.total,
			1e3 * took.cpu / (double)(counts.total ? counts.total : 1));
		line("open and fold", took, note);
		memory_line("the fold");
	}
	bn_workspace_close(ws);
	return rc;
}

static int one_more(const char *dir, bn_err *err)
{
	maker m = {.ws = NULL};
	bn_workspace *ws = NULL;
	bn_run_counts counts;
	watch opened, t;
	int rc = open_folded(&ws, dir, &opened, err);
	if (rc == 0)
		rc = bn_run_count(&counts, ws, err);
	if (rc < 0)
		goto out;
	line("open, nothing new", opened, "");
	if ((rc = maker_init(&m, dir, counts.total, STEPS, EVENTS, false, err)) < 0)
		goto out;
	t = watch_start();
	if ((rc = write_run(&m, counts.total, true, err)) < 0 ||
		(rc = bn_workspace_commit(m.ws, err)) < 0)
		goto out;
	line("write one more run", watch_stop(t), "durable");
	t = watch_start();
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0)
		goto out;
	line("fold one more run", watch_stop(t), "");
out:
	maker_release(&m);
	bn_workspace_close(ws);
	return rc;
}

static int watch_cmp(const void *a, const void *b)
{
	double x = ((const watch *)a)->wall, y = ((const watch *)b)->wall;
	return x < y ? -1 : x > y;
}

/* A query as the first, and again. */
static int time_query(const char *what, bn_workspace *ws, const bn_run_query *q, bn_err *err)
{
	watch took[TIMES], first = {0, 0};
	char note[80];
	int rc = 0;
	for (int i = 0; rc == 0 && i < TIMES; i++) {
		bn_run_page *page = NULL;
		watch t = watch_start();
		rc = bn_run_query_page(&page, ws, q, err);
		took[i] = watch_stop(t);
		first = i == 0 ? took[0] : first;
		bn_run_page_free(page);
	}
	qsort(took, TIMES, sizeof *took, watch_cmp);
	snprintf(note, sizeof note, "the first %.1f (CPU %.1f) ms", 1e3 * first.wall,
		1e3 * first.cpu);
	if (rc == 0)
		line(what, took[TIMES / 2], note);
	return rc;
}

/* Like the workbench: with a memory, live runs first. */
static int look_table(bn_workspace *ws, bn_err *err)
{
	static const char *const columns[] = {"metrics.val_rmse", "metrics.val_loss",
		"metrics.train_loss", "params.learning_rate", "params.batch_size",
		"params.optimizer"};
	static const struct {
		const char *what, *search, *filter, *sort, *group;
		bool last;
	} asked[] = {{.what = "first page of Runs"},
		{"a key of its filter", "exp3", 0, 0, 0, false},
		{"the next key", "exp3 r", 0, 0, 0, false},
		{"filter on a metric and a parameter", 0,
			"metrics.val_rmse < 0.5 AND params.learning_rate > 0.001", 0, 0, false},
		{"sorted by a metric", 0, 0, "-metrics.val_rmse", 0, false},
		{"sorted by its best", 0, 0, "best(val_loss)", 0, false},
		{"sorted by its mean", 0, 0, "mean(train_loss)", 0, false},
		{"sorted by another metric", 0, 0, "metrics.system/gpu3/power_watts", 0, false},
		{"sorted by a parameter", 0, 0, "params.learning_rate", 0, false},
		{"sorted by duration", 0, 0, "-duration", 0, false},
		{"sorted by two", 0, 0, "params.optimizer,-metrics.val_rmse", 0, false},
		{"grouped by a parameter", 0, 0, 0, "params.optimizer", false},
		{"End", 0, 0, 0, 0, true},
		{"End, sorted by a metric", 0, 0, "-metrics.val_rmse", 0, true}};
	static const bool summed[6] = {true, true, true, true};
	bn_run_memory *memory = NULL;
	int rc = bn_run_memory_new(&memory, err);
	for (size_t i = 0; rc == 0 && i < sizeof asked / sizeof *asked; i++) {
		bn_run_query q = {.limit = 1000,
			.limit_of_more = 200,
			.columns = columns,
			.column_count = 6,
			.memory = memory,
			.live_first = true,
			.search = asked[i].search,
			.filter = asked[i].filter,
			.sort = asked[i].sort,
			.group = asked[i].group,
			.last = asked[i].last,
			.summed = asked[i].group ? summed : NULL};
		rc = time_query(asked[i].what, ws, &q, err);
	}
	bn_run_memory_free(memory);
	return rc;
}

static int look_compare(bn_workspace *ws, bn_err *err)
{
	char id[COMPARED][BN_RUN_ID_TEXT];
	const char *ids[COMPARED];
	bn_comparison *c = NULL;
	int rc;
	for (int i = 0; i < COMPARED; i++) {
		run_id(id[i], i * 7);
		ids[i] = id[i];
	}
	watch t = watch_start();
	if ((rc = bn_compare_runs(&c, ws, ids, COMPARED, 0, err)) < 0)
		return rc;
	line("compare 100 runs", watch_stop(t), "");
	bn_comparison_free(c);
	return 0;
}

static int chart(bn_workspace *ws, const char *what, const char (*id)[BN_RUN_ID_TEXT],
	const char (*key)[40], int count, bn_err *err)
{
	bn_bucket buckets[BUCKETS];
	watch took[TIMES], first = {0, 0};
	char note[80];
	int rc = 0;
	for (int i = 0; rc == 0 && i < TIMES; i++) {
		watch t = watch_start();
		for (int k = 0; rc == 0 && k < count; k++)
			rc = bn_series_envelope(
				buckets, BUCKETS, NULL, ws, id[k], key[k], BN_AXIS_STEP, 1, 0, err);
		took[i] = watch_stop(t);
		first = i == 0 ? took[0] : first;
	}
	qsort(took, TIMES, sizeof *took, watch_cmp);
	snprintf(note, sizeof note, "the first %.1f (CPU %.1f) ms", 1e3 * first.wall,
		1e3 * first.cpu);
	if (rc == 0)
		line(what, took[TIMES / 2], note);
	return rc;
}

static int look(const char *dir, bn_err *err)
{
	char id[10][BN_RUN_ID_TEXT], key[10][40];
	bn_workspace *ws = NULL;
	watch opened;
	int rc = open_folded(&ws, dir, &opened, err);
	if (rc < 0)
		goto out;
	line("open, nothing new", opened, "");
	if ((rc = look_table(ws, err)) < 0)
		goto out;
	memory_line("the table");
	if ((rc = look_compare(ws, err)) < 0)
		goto out;
	for (int k = 0; k < 10; k++) {
		run_id(id[k], 11 * k);
		snprintf(key[k], sizeof key[k], "val_loss");
	}
	if ((rc = chart(ws, "chart of a metric of 10 runs", id, key, 10, err)) < 0)
		goto out;
	memory_line("the charts");
out:
	bn_workspace_close(ws);
	return rc;
}

static int charts(const char *dir, int count, bn_err *err)
{
	char id[64][BN_RUN_ID_TEXT], key[64][40];
	bn_workspace *ws = NULL;
	watch opened;
	int rc = open_folded(&ws, dir, &opened, err);
	count = count < 64 ? count : 64;
	for (int k = 0; k < count; k++) {
		run_id(id[k], 0);
		snprintf(key[k], sizeof key[k], "series%d", k);
	}
	if (rc == 0)
		rc = chart(ws, "chart of long series", id, key, count, err);
	if (rc == 0)
		memory_line("the charts of long series");
	bn_workspace_close(ws);
	return rc;
}

int main(int argc, char **argv)
{
	bn_err err = BN_ERR_INIT;
	int rc = -1;
	const char *verb = argc > 2 ? argv[1] : "";
	name_metrics();
	if (argc >= 4 && !strcmp(verb, "write"))
		rc = write_runs(argv[2], strtoll(argv[3], NULL, 10),
			argc > 4 ? (int)strtol(argv[4], NULL, 10) : STEPS,
			argc > 5 ? (int)strtol(argv[5], NULL, 10) : EVENTS, &err);
	else if (argc == 5 && !strcmp(verb, "series"))
		rc = write_series(
			argv[2], (int)strtol(argv[3], NULL, 10), strtoll(argv[4], NULL, 10), &err);
	else if (argc == 3 && !strcmp(verb, "fold"))
		rc = fold(argv[2], &err);
	else if (argc == 3 && !strcmp(verb, "one"))
		rc = one_more(argv[2], &err);
	else if (argc == 3 && !strcmp(verb, "look"))
		rc = look(argv[2], &err);
	else if (argc == 4 && !strcmp(verb, "charts"))
		rc = charts(argv[2], (int)strtol(argv[3], NULL, 10), &err);
	else
		bn_err_set(&err, BN_EINVAL, "see tests/bench/bench_scale.c");
	if (rc != 0)
		fprintf(stderr, "bench_scale: %s\n", err.msg);
	return rc != 0;
}
