/*
 * Times the chart of one long series: N points of one metric, written through the log with the functions that real
 * runs use.
 *	bench_chart write DIR N    makes a workspace in DIR with one run, and folds it into BINNACLE_INDEX
 *	bench_chart look DIR       bn_series_envelope, as a chart asks for it: warm medians in seconds
 * look prints "WHAT SECONDS" lines for tests/bench/chart.sh.
 */
#include "core/pipeline/fold_classes.h"
#include "core/run/runlog.h"
#include "core/store/workspace.h"
#include "core/track/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1000, TIMES = 31, PER_EVENT = 4096, EVENTS_PER_COMMIT = 64 };

static const char run_id[] = "0123456789abcdef0123456789abcdef";

static double seconds(void)
{
	return (double)bn_env_monotonic_ns(bn_env_real()) / 1e9;
}

/* A decreasing loss, with noise that depends only on the step. */
static double loss_at(int64_t step)
{
	uint64_t x = ((uint64_t)step + 1) * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	return exp(-(double)step / 3e6) + 0.1 * ((double)(x >> 11) * 0x1p-53 - 0.5);
}

static int write_points(bn_workspace *ws, int64_t n, bn_err *err)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	int rc = 0;
	for (int64_t at = 0, events = 0; rc >= 0 && at < n; events++) {
		for (int i = 0; i < PER_EVENT && at < n; i++, at++)
			bn_metric_set_add(&set, "loss", at, 1700000000000 + at, loss_at(at));
		rc = bn_runlog_metrics(ws, run_id, &set, err);
		bn_metric_set_clear(&set);
		if (rc >= 0 && (events % EVENTS_PER_COMMIT == EVENTS_PER_COMMIT - 1 || at >= n))
			rc = bn_workspace_commit(ws, err);
	}
	bn_metric_set_release(&set);
	return rc;
}

static int write_run(const char *dir, int64_t n, bn_err *err)
{
	const bn_run_created created = {.kind = "trainer", .title = "mlp"};
	bn_workspace *ws = NULL;
	int rc;
	if ((rc = bn_workspace_init(bn_env_real(), dir, err)) < 0 ||
		(rc = bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, err)) < 0 ||
		(rc = bn_runlog_created(ws, run_id, &created, err)) < 0)
		goto out;
	if ((rc = bn_runlog_started(ws, run_id, 5000, err)) < 0 ||
		(rc = write_points(ws, n, err)) < 0)
		goto out;
	rc = bn_workspace_refresh(ws, NULL, err);
out:
	bn_workspace_close(ws);
	return rc;
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int time_envelope(const char *what, bn_workspace *ws, int64_t from, int64_t to, bn_err *err)
{
	static bn_bucket b[BUCKETS];
	double t[TIMES];
	for (int i = 0; i < TIMES; i++) {
		double start = seconds();
		int rc = bn_series_envelope(
			b, BUCKETS, NULL, ws, run_id, "loss", BN_AXIS_STEP, from, to, err);
		if (rc < 0)
			return rc;
		t[i] = seconds() - start;
	}
	qsort(t, TIMES, sizeof *t, double_cmp);
	printf("%s %.7f\n", what, t[TIMES / 2]);
	return 0;
}

static int look(const char *dir, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_series_list l = BN_SERIES_LIST_INIT;
	int rc;
	if ((rc = bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, err)) < 0 ||
		(rc = bn_workspace_refresh(ws, NULL, err)) < 0 ||
		(rc = bn_series_find_all(&l, ws, run_id, err)) < 0)
		goto out;
	const bn_series_info *s = bn_series_list_get(&l, "loss");
	if (!s) {
		rc = bn_err_set(err, BN_ENOTFOUND, "no series");
		goto out;
	}
	if ((rc = time_envelope("whole", ws, 1, 0, err)) < 0 ||
		(rc = time_envelope("tenth", ws, s->last_step / 2,
			 s->last_step / 2 + s->last_step / 10, err)) < 0)
		goto out;
	rc = time_envelope(
		"hundredth", ws, s->last_step / 2, s->last_step / 2 + s->last_step / 100, err);
out:
	bn_series_list_release(&l);
	bn_workspace_close(ws);
	return rc;
}

int main(int argc, char **argv)
{
	bn_err err = BN_ERR_INIT;
	int rc = BN_EINVAL;
	if (argc == 4 && strcmp(argv[1], "write") == 0)
		rc = write_run(argv[2], strtoll(argv[3], NULL, 10), &err);
	else if (argc == 3 && strcmp(argv[1], "look") == 0)
		rc = look(argv[2], &err);
	else
		bn_err_set(&err, BN_EINVAL, "bench_chart write DIR N, or look DIR");
	if (rc < 0)
		fprintf(stderr, "bench_chart: %s\n", err.msg);
	return rc < 0;
}
