/* track.c - see track.h. */
#include "tests/support/track.h"

#include "core/data/dataset.h"
#include "core/govern/authority.h"
#include "core/run/runlog.h"
#include "core/track/logged_model.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

const bn_fold_class *const track_classes[] = {
	&bn_authority_class, &bn_run_fold_class, &bn_experiment_fold_class, &bn_logged_fold_class, &bn_policy_class,
	&bn_dataset_class, NULL};

void track_make(track_world *w)
{
	bn_err err = BN_ERR_INIT;
	toy_dir_make(&w->dir);
	toy_env_init(&w->env, &w->dir);
	ck_assert_bn_ok(bn_workspace_init(&w->env.env, w->dir.path, &err), &err);
	w->ws = track_open(w);
}

bn_workspace *track_open(track_world *w)
{
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(
		bn_workspace_open(&ws, &w->env.env, track_classes, w->dir.path, &err), &err);
	return ws;
}

void track_remove(track_world *w)
{
	bn_workspace_close(w->ws);
	toy_dir_remove(&w->dir);
}

const char *track_id(int n)
{
	static char ids[4][BN_RUN_ID_TEXT];
	static unsigned next;
	char *id = ids[next++ % 4];
	snprintf(id, BN_RUN_ID_TEXT, "%032x", (unsigned)n);
	return id;
}

/* Calls each(key, value) for "key=value key=value". */
static void each_pair(const char *text, void (*each)(void *, const char *, const char *), void *ctx)
{
	char copy[512], *rest = copy, *one;
	snprintf(copy, sizeof copy, "%s", text ? text : "");
	while ((one = strsep(&rest, " "))) {
		char *value = strchr(one, '=');
		if (!value)
			continue;
		*value = '\0';
		each(ctx, one, value + 1);
	}
}

typedef struct target {
	track_world *w;
	const char *id;
	bn_metric_set set;
} target;

static void add_param(void *ctx, const char *key, const char *value)
{
	target *t = ctx;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_runlog_param(t->w->ws, t->id, key, value, &err), &err);
}

/* "rmse=3,2,1" is three points. */
static void add_metric(void *ctx, const char *key, const char *value)
{
	target *t = ctx;
	int64_t step = 0;
	for (const char *at = value; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL, step++)
		ck_assert_int_eq(
			bn_metric_set_add(&t->set, key, step, 1000 + step, strtod(at, NULL)), 0);
}

void track_run(track_world *w, int n, const char *name, const char *params, const char *metrics,
	const char *status)
{
	bn_err err = BN_ERR_INIT;
	char id[BN_RUN_ID_TEXT];
	snprintf(id, sizeof id, "%s", track_id(n));
	target t = {w, id, BN_METRIC_SET_INIT};
	bn_run_created birth = {
		.name = name, .experiment = "exp", .kind = "api", .title = "a test"};
	ck_assert_bn_ok(bn_runlog_created(w->ws, id, &birth, &err), &err);
	each_pair(params, add_param, &t);
	each_pair(metrics, add_metric, &t);
	ck_assert_bn_ok(bn_runlog_metrics(w->ws, id, &t.set, &err), &err);
	if (strcmp(status, "SCHEDULED") != 0)
		ck_assert_bn_ok(bn_runlog_started(w->ws, id, 5000, &err), &err);
	if (strcmp(status, "SCHEDULED") != 0 && strcmp(status, "RUNNING") != 0)
		ck_assert_bn_ok(bn_runlog_finished(w->ws, id, status, 0, 0, "because", &err), &err);
	bn_metric_set_release(&t.set);
}

void track_sync(track_world *w)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_workspace_sync(w->ws, &err), &err);
}
