/* Pages of runs in a real workspace. */
#include "core/run/runlog.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;

static bn_page *note_write(void *context, const char *note, const char *expects)
{
	bn_action_arg arg = {.action = BN_ACTION_RUN_NOTE, .is_guarded = expects != NULL};
	bn_page *p = bn_page_new(1, 0);
	snprintf(arg.ref, sizeof arg.ref, "%s", track_id(1));
	snprintf(arg.reason, sizeof arg.reason, "%s", note);
	snprintf(arg.expects, sizeof arg.expects, "%s", expects ? expects : "");
	bn_source_workspace()->action(context, &arg, p, NULL, &p->err);
	return p;
}

START_TEST(test_source_runs_undo_leaves_what_was_written_since)
{
	track_world w;
	void *context = NULL;
	bn_run_info *run = NULL;
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "FINISHED");
	track_sync(&w);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), w.dir.path, &err), &err);
	bn_page *p = note_write(context, "mine", NULL);
	ck_assert_int_eq(p->err.code, 0);
	bn_page_free(p);
	p = note_write(context, "", "mine"); /* unchanged since: undone */
	ck_assert_int_eq(p->err.code, 0);
	bn_page_free(p);
	bn_page_free(note_write(context, "mine", NULL));
	bn_page_free(note_write(context, "newer", NULL));
	p = note_write(context, "", "mine");
	ck_assert_int_eq(p->err.code, BN_ECONFLICT);
	ck_assert_ptr_nonnull(strstr(p->err.msg, "the note of one was changed since by "));
	ck_assert_ptr_null(strstr(p->err.msg, "another user"));
	bn_page_free(p);
	bn_source_close(context);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_get(&run, w.ws, track_id(1), &err), &err);
	ck_assert_str_eq(run->note, "newer");
	bn_run_info_free(run);
	track_remove(&w);
}
END_TEST

enum { MANY = 2100, LIVE = 3 };

static void many_make(track_world *w)
{
	char name[32], params[32], metrics[32];
	track_make(w);
	for (int i = 1; i <= MANY; i++) {
		snprintf(name, sizeof name, "run-%d", i);
		snprintf(params, sizeof params, "lr=%d", i % 2);
		snprintf(metrics, sizeof metrics, "test_rmse=%d", i);
		track_run(w, i, name, params, metrics, i <= LIVE ? "RUNNING" : "FINISHED");
	}
	track_sync(w);
}

static bn_page *runs_get(void *context, const bn_runs_arg *arg)
{
	bn_page *p = bn_page_new(1, 0);
	int rc = bn_source_runs(context, arg, p, NULL, &p->err);
	ck_assert_msg(rc == 0, "%s", p->err.msg);
	return p;
}

/* The cost of a key does not grow with the number of runs: one window is read, and no other run again. */
START_TEST(test_source_runs_a_key_of_the_filter_reads_only_what_is_shown)
{
	track_world w;
	void *context = NULL;
	many_make(&w);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), w.dir.path, &err), &err);
	bn_runs_arg arg = {.have = 0};
	bn_page *p = runs_get(context, &arg);
	const bn_run_page *runs = ((const bn_runs *)p->data)->page;
	ck_assert_int_eq(runs->total, MANY);
	ck_assert_uint_eq(runs->count, BN_RUNS_PART);
	for (int i = 0; i < LIVE + 1; i++) /* live runs come first, though they are the oldest */
		ck_assert_int_eq(bn_run_status_is_live(runs->rows[i].status), i < LIVE);
	bn_page_free(p);
	const bn_run_memory_work *did = bn_run_memory_did(((bn_reader *)context)->runs);
	const bn_run_memory_work first = *did;
	ck_assert_int_eq(first.runs_read, MANY);
	arg.is_window = true;
	static const char *const typed[] = {"r", "ru", "run-12", "run-1"};
	static const int64_t found[] = {MANY, MANY, 111, 1111};
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		snprintf(arg.search, sizeof arg.search, "%s", typed[i]);
		p = runs_get(context, &arg);
		runs = ((const bn_runs *)p->data)->page;
		ck_assert_int_eq(runs->total, found[i]);
		ck_assert_uint_le(runs->count, BN_RUNS_PART);
		bn_page_free(p);
	}
	ck_assert_int_eq(did->runs_read, first.runs_read);
	ck_assert_int_eq(did->columns_read, first.columns_read);
	arg.search[0] = '\0';
	snprintf(arg.group, sizeof arg.group, "params.lr");
	arg.summed = 1;
	p = runs_get(context, &arg);
	runs = ((const bn_runs *)p->data)->page;
	ck_assert_uint_eq(runs->group_count, 2);
	ck_assert_int_eq(runs->total, LIVE);
	ck_assert_int_eq(runs->groups[0].count + runs->groups[1].count, MANY - LIVE);
	ck_assert_int_eq(did->runs_read, first.runs_read);
	bn_page_free(p);
	bn_source_close(context);
	track_remove(&w);
}
END_TEST

/* A point is drawn at the epoch of its step; points before the first epoch are not drawn. */
START_TEST(test_source_run_along_epochs)
{
	static const double at[] = {1, 1, 2, 2};
	track_world w;
	void *context = NULL;
	bn_metric_set set = BN_METRIC_SET_INIT;
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	for (int step = 0; step < 5; step++)
		bn_metric_set_add(&set, "loss", step, 1000 + step, 5 - step);
	bn_metric_set_add(&set, "epoch", 1, 1001, 1);
	bn_metric_set_add(&set, "epoch", 3, 1003, 2);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1), &set, &err), &err);
	bn_metric_set_release(&set);
	track_sync(&w);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), w.dir.path, &err), &err);
	bn_run_arg arg = {.axis = BN_RUN_BY_EPOCH, .metric = "loss"};
	snprintf(arg.id, sizeof arg.id, "%s", track_id(1));
	for (int zoomed = 0; zoomed < 2; zoomed++) {
		bn_page *p = bn_page_new(1, 0);
		arg.from = 1.5;
		arg.to = zoomed ? 2 : 0;
		ck_assert_bn_ok(bn_source_run(context, &arg, p, NULL, &err), &err);
		const bn_run_detail *d = p->data;
		ck_assert_uint_eq(d->curve.n, zoomed ? 2 : 4);
		for (size_t i = 0; i < d->curve.n; i++)
			ck_assert_double_eq(d->curve.x[i], at[zoomed ? i + 2 : i]);
		ck_assert_double_eq(d->length, 1);
		bn_page_free(p);
	}
	bn_source_close(context);
	track_remove(&w);
}
END_TEST

/* If the first part of Overview is wanted soon, the best of many runs comes with the second part. */
START_TEST(test_source_overview_of_many_runs_comes_in_two_parts)
{
	track_world w;
	void *context = NULL;
	many_make(&w);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), w.dir.path, &err), &err);
	for (int soon = 1; soon >= 0; soon--) {
		const bn_overview_arg arg = {.soon = soon};
		bn_page *p = bn_page_new(1, 0);
		ck_assert_bn_ok(bn_source_overview(context, &arg, p, NULL, &err), &err);
		const bn_overview *o = p->data;
		ck_assert_int_eq(o->is_part, soon);
		ck_assert_int_eq(o->stations[BN_STATION_TRAIN].count, MANY);
		ck_assert_int_eq(o->stations[BN_STATION_EVALUATE].count, MANY);
		int live = 0;
		for (size_t i = 0; i < o->line_count; i++)
			live += o->lines[i].part == BN_LINE_RUN;
		ck_assert_int_eq(live, LIVE);
		bn_page_free(p);
		const bn_run_memory *held = ((bn_reader *)context)->runs; /* for Runs */
		ck_assert_int_eq(held ? bn_run_memory_did(held)->runs_read : 0, soon ? 0 : MANY);
	}
	bn_source_close(context);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("tui/views/source_runs", test_source_runs_undo_leaves_what_was_written_since,
	test_source_runs_a_key_of_the_filter_reads_only_what_is_shown, test_source_run_along_epochs,
	test_source_overview_of_many_runs_comes_in_two_parts)
