/* gauges.c - see gauges.h. */
#include "core/monitor/gauges.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/monitor/_export.h"
#include "core/net/exposition.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct bn_drift_gauges {
	pthread_mutex_t lock;
	bn_buf text;
	bn_names told; /* ids of reports that could not be read; the refreshing thread's */
};

int bn_drift_gauges_new(bn_drift_gauges **out, bn_err *err)
{
	bn_drift_gauges *g = bn_alloc(sizeof *g);
	if (!g)
		return bn_err_nomem(err, "gauges");
	pthread_mutex_init(&g->lock, NULL);
	bn_buf_init(&g->text);
	g->told = (bn_names)BN_NAMES_INIT;
	*out = g;
	return 0;
}

void bn_drift_gauges_free(bn_drift_gauges *g)
{
	if (!g)
		return;
	pthread_mutex_destroy(&g->lock);
	bn_buf_release(&g->text);
	bn_names_release(&g->told);
	bn_free(g);
}

void bn_drift_gauges_write(void *gauges, bn_buf *out)
{
	bn_drift_gauges *g = gauges;
	pthread_mutex_lock(&g->lock);
	bn_buf_add(out, g->text.ptr, g->text.len);
	pthread_mutex_unlock(&g->lock);
}

typedef enum gauge {
	GAUGE_SCORE,
	GAUGE_THRESHOLD,
	GAUGE_DETECTED,
	GAUGE_DATASET,
	GAUGE_SHARE,
	GAUGE_SHARE_THRESHOLD,
	GAUGE_TIME,
	GAUGES
} gauge;

static const struct {
	const char *name, *help;
} gauges[GAUGES] = {
	[GAUGE_SCORE] = {"binnacle_drift_score",
		"P-value or distance of the newest drift report, by the test named."},
	[GAUGE_THRESHOLD] = {"binnacle_drift_threshold", "What the score is compared with."},
	[GAUGE_DETECTED] = {"binnacle_drift_detected",
		"1 when the feature has drifted, NaN when the report could not tell."},
	[GAUGE_DATASET] = {"binnacle_drift_dataset_detected",
		"1 when so many features have drifted that the dataset has, NaN when the report "
		"could not tell."},
	[GAUGE_SHARE] = {"binnacle_drift_share",
		"Share of the model's features that have drifted."},
	[GAUGE_SHARE_THRESHOLD] = {"binnacle_drift_share_threshold",
		"Share of drifted features from which the dataset has drifted."},
	[GAUGE_TIME] = {"binnacle_drift_report_time_seconds", "When the newest report was made."},
};

static double verdict_value(bn_drift_verdict v)
{
	return v == BN_DRIFT_INCONCLUSIVE ? NAN : v == BN_DRIFT_FOUND;
}

static double feature_value(gauge k, const bn_drift_result *r)
{
	if (k == GAUGE_SCORE)
		return r->score;
	return k == GAUGE_THRESHOLD ? r->threshold : verdict_value(r->verdict);
}

static double report_value(gauge k, const bn_monitor_report *r)
{
	switch (k) {
	case GAUGE_DATASET:
		return verdict_value(r->dataset.verdict);
	case GAUGE_SHARE:
		return r->dataset.share;
	case GAUGE_SHARE_THRESHOLD:
		return r->dataset.threshold;
	default:
		return (double)r->time_ms / 1000;
	}
}

static void add_gauge(bn_buf *b, gauge k, const char *workspace, const bn_monitor_report *r,
	size_t features)
{
	bn_exposition_pair labels[] = {{"workspace", workspace}, {"model", r->model},
		{"version", r->version}, {"feature", NULL}, {"test", NULL}};
	size_t n = sizeof labels / sizeof *labels;
	if (k >= GAUGE_DATASET) {
		bn_exposition_sample(b, gauges[k].name, labels, n, report_value(k, r));
		return;
	}
	for (size_t f = 0; f < r->feature_count && f < features; f++) {
		labels[3].value = r->features[f].name;
		labels[4].value = bn_drift_test_name(r->features[f].result.test);
		bn_exposition_sample(b, gauges[k].name, labels, n,
			feature_value(k, &r->features[f].result));
	}
}

void bn_drift_families_write(bn_buf *out, const char *workspace,
	bn_monitor_report *const *reports, size_t n, size_t features)
{
	for (int k = 0; k < GAUGES && n; k++) {
		bn_exposition_head(out, gauges[k].name, "gauge", gauges[k].help);
		for (size_t i = 0; i < n; i++)
			add_gauge(out, (gauge)k, workspace, reports[i], features);
	}
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

typedef struct telling {
	bn_drift_gauges *g;
	bn_drift_gauges_warn *warn;
	void *ctx;
} telling;

static void tell_unreadable(void *ctx, const bn_monitor_report *row, const bn_err *why)
{
	telling *t = ctx;
	bn_names *told = &t->g->told;
	char line[400 + sizeof why->msg];
	if (!t->warn || is_among(row->id, (const char *const *)told->items, told->count))
		return;
	bn_names_add(told, row->id); /* out of memory: it is reported again */
	snprintf(line, sizeof line, "drift report %.32s of %.256s cannot be read: %s", row->id,
		row->model, why->msg);
	t->warn(t->ctx, line);
}

int bn_drift_gauges_refresh(bn_drift_gauges *g, bn_workspace *ws, const char *const *names,
	size_t n, bn_drift_gauges_warn *warn, void *ctx, bn_err *err)
{
	telling t = {g, warn, ctx};
	bn_buf text = BN_BUF_INIT;
	size_t found = 0;
	bn_monitor_report **reports = bn_alloc_zeroed(n + 1, sizeof *reports);
	int rc = 0;
	if (!reports)
		return bn_err_nomem(err, "gauges");
	for (size_t i = 0; i < n; i++) {
		bn_err mine = BN_ERR_INIT;
		if (is_among(names[i], names, i))
			continue;
		int one = bn_monitor_report_newest(
			&reports[found], ws, names[i], tell_unreadable, &t, &mine);
		if (one == BN_ENOTFOUND)
			continue;
		if (one < 0) {
			rc = bn_err_move(err, &mine);
			goto out;
		}
		found++;
	}
	bn_drift_families_write(&text, NULL, reports, found, SIZE_MAX);
	if ((rc = bn_buf_check(&text, err, "gauges")) < 0)
		goto out;
	pthread_mutex_lock(&g->lock);
	bn_buf old = g->text;
	g->text = text;
	text = old;
	pthread_mutex_unlock(&g->lock);
out:
	for (size_t i = 0; i < found; i++)
		bn_monitor_report_free(reports[i]);
	bn_free(reports);
	bn_buf_release(&text);
	return rc;
}
