/* Pages of runs in a real workspace. */
#include "core/base/fs.h"
#include "core/run/runlog.h"
#include "core/run/spec.h"
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

enum { SWEEP = 60, OTHER_TARGET = 50 };

/* Each run has a spec of its own, as in a sweep; the worst ones are of another target. */
static void sweep_make(track_world *w)
{
	char text[200], hash[65];
	track_make(w);
	for (int i = 1; i <= SWEEP; i++) {
		bn_spec *spec = NULL;
		bn_metric_set set = BN_METRIC_SET_INIT;
		int n = snprintf(text, sizeof text,
			"{\"format\": 1, \"trainer\": \"ridge\", \"data\": [{\"name\": \"power\", "
			"\"version\": 3}], \"target\": \"%s\", \"seed\": %d}",
			i > OTHER_TARGET ? "energy" : "power", i);
		ck_assert_bn_ok(bn_spec_parse(&spec, text, (size_t)n, "spec", &err), &err);
		ck_assert_bn_ok(bn_spec_store(w->ws, spec, hash, &err), &err);
		bn_spec_free(spec);
		bn_run_created created = {.experiment = "sweep",
			.kind = "trainer",
			.title = "ridge",
			.spec_hash = hash,
			.dataset = "power@v3"};
		ck_assert_bn_ok(bn_runlog_created(w->ws, track_id(i), &created, &err), &err);
		bn_metric_set_add(&set, "test_rmse", 1, 1000 + i, i);
		ck_assert_bn_ok(bn_runlog_metrics(w->ws, track_id(i), &set, &err), &err);
		ck_assert_bn_ok(bn_runlog_finished(w->ws, track_id(i), "FINISHED", 0, 0, NULL, &err),
			&err);
		bn_metric_set_release(&set);
	}
	track_sync(w);
}

/* A page reads a few specs, and says that more are to come; what it calls the best is so from the first page on. */
START_TEST(test_source_overview_reads_a_few_specs_at_a_time)
{
	track_world w;
	void *context = NULL;
	int pages = 0, best = 0;
	bool more = true;
	sweep_make(&w);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), w.dir.path, &err), &err);
	for (; more && pages < SWEEP; pages++) {
		const bn_overview_arg arg = {.soon = false};
		bn_page *p = bn_page_new(1, 0);
		ck_assert_bn_ok(bn_source_overview(context, &arg, p, NULL, &err), &err);
		const bn_overview *o = p->data;
		more = false;
		best = 0;
		for (size_t i = 0; i < o->line_count; i++) {
			const bn_line *l = &o->lines[i];
			if (l->part != BN_LINE_BEST)
				continue;
			more |= !l->ref;
			if (l->ref && best++ == 0)
				ck_assert_str_eq(l->ref, track_id(1));
			else if (l->ref)
				ck_assert_str_eq(l->ref, track_id(OTHER_TARGET + 1));
		}
		ck_assert_int_ge(best, 1);
		ck_assert(more || best == 2);
		bn_page_free(p);
	}
	ck_assert_int_eq(best, 2);
	ck_assert_int_eq(pages, 4); /* 8, 24, 24 and 4 specs */
	bn_source_close(context);
	track_remove(&w);
}
END_TEST

static int looks; /* calls that ask a file system about a name */

static int counted_open(const bn_env *e, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	looks++;
	return bn_env_real()->fs->open(e, at, path, flags, mode);
}

static int counted_stat(const bn_env *e, const bn_dir *at, const char *path, struct stat *st)
{
	looks++;
	return bn_env_real()->fs->stat(e, at, path, st);
}

/* A page asks many questions and looks at the log once; what others write meanwhile is in the next page. */
START_TEST(test_source_overview_looks_at_the_log_once)
{
	track_world w;
	void *context = NULL;
	bn_env env = *bn_env_real();
	bn_fs_ops ops = *env.fs;
	many_make(&w);
	ops.open = counted_open;
	ops.stat = counted_stat;
	env.fs = &ops;
	ck_assert_bn_ok(bn_source_open(&context, &env, w.dir.path, &err), &err);
	for (int pages = 0; pages < 3; pages++) {
		const bn_overview_arg arg = {.soon = false};
		bn_page *p = bn_page_new(1, 0);
		if (pages == 2) {
			track_run(&w, MANY + 1, "one more", NULL, NULL, "FINISHED");
			track_sync(&w);
		}
		looks = 0;
		ck_assert_bn_ok(bn_source_overview(context, &arg, p, NULL, &err), &err);
		if (pages == 1)
			ck_assert_int_le(looks, 12);
		const bn_overview *o = p->data;
		ck_assert_int_eq(o->stations[BN_STATION_TRAIN].count, MANY + (pages == 2));
		bn_page_free(p);
	}
	bn_source_close(context);
	track_remove(&w);
}
END_TEST

/* The calls of a start, from opening the workspace to the second page: what another writer has not touched is not looked
 * at again. */
static int start_calls(track_world *w)
{
	void *context = NULL;
	bn_env env = *bn_env_real();
	bn_fs_ops ops = *env.fs;
	ops.open = counted_open;
	ops.stat = counted_stat;
	env.fs = &ops;
	looks = 0;
	ck_assert_bn_ok(bn_source_open(&context, &env, w->dir.path, &err), &err);
	for (int pages = 0; pages < 2; pages++) {
		const bn_overview_arg arg = {.soon = pages == 0};
		bn_page *p = bn_page_new(1, 0);
		ck_assert_bn_ok(bn_source_overview(context, &arg, p, NULL, &err), &err);
		bn_page_free(p);
	}
	int calls = looks;
	bn_source_close(context);
	return calls;
}

START_TEST(test_source_start_asks_as_little_of_many_runs_as_of_few)
{
	track_world few, many;
	track_make(&few);
	for (int i = 1; i <= LIVE + 2; i++)
		track_run(&few, i, "one", "lr=1", "test_rmse=1", i <= LIVE ? "RUNNING" : "FINISHED");
	track_sync(&few);
	int of_few = start_calls(&few);
	track_remove(&few);
	many_make(&many);
	int of_many = start_calls(&many);
	track_remove(&many);
	ck_assert_int_le(of_many, of_few + 4);
	ck_assert_int_le(of_few, 80);
}
END_TEST

BN_TEST_MAIN("tui/views/source_runs", test_source_runs_undo_leaves_what_was_written_since,
	test_source_runs_a_key_of_the_filter_reads_only_what_is_shown, test_source_run_along_epochs,
	test_source_overview_of_many_runs_comes_in_two_parts,
	test_source_overview_reads_a_few_specs_at_a_time, test_source_overview_looks_at_the_log_once,
	test_source_start_asks_as_little_of_many_runs_as_of_few)
