/* Runs from their events: the state machine, parameters, tags, metrics, names. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/audit.h"
#include "core/run/runlog.h"
#include "core/track/admit.h"
#include "core/track/run.h"
#include "core/track/run_files.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static bn_run_info *get(int n)
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_run_get(&r, w.ws, track_id(n), &err), &err);
	return r;
}

static bn_run_status status_of(int n)
{
	bn_run_info *r = get(n);
	bn_run_status s = r->status;
	bn_run_info_free(r);
	return s;
}

static void finish_run(int n, const char *status, const char *reason)
{
	ck_assert_bn_ok(bn_runlog_finished(w.ws, track_id(n), status, -1, 0, reason, &err), &err);
	track_sync(&w);
}

START_TEST(test_run_goes_from_scheduled_to_running_to_finished)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "SCHEDULED");
	track_sync(&w);
	ck_assert_int_eq(status_of(1), BN_RUN_SCHEDULED);
	ck_assert_bn_ok(bn_runlog_started(w.ws, track_id(1), 5000, &err), &err);
	track_sync(&w);
	ck_assert_int_eq(status_of(1), BN_RUN_RUNNING);
	finish_run(1, "FINISHED", NULL);
	bn_run_info *r = get(1);
	ck_assert_int_eq(r->status, BN_RUN_FINISHED);
	ck_assert_str_eq(r->name, "one");
	ck_assert_str_eq(r->experiment, "exp");
	ck_assert(r->started_ms >= r->created_ms && r->finished_ms >= r->started_ms);
	ck_assert_int_eq(r->exit_code, -1);
	ck_assert_ptr_null(r->reason);
	ck_assert(isnan(r->energy_joules));
	ck_assert_int_eq(r->rss_bytes, -1);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_lost_is_overruled_by_a_late_real_end_but_not_the_reverse)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	finish_run(1, "LOST", "no sign of life");
	ck_assert_int_eq(status_of(1), BN_RUN_LOST);
	finish_run(1, "FINISHED", NULL);
	ck_assert_int_eq(status_of(1), BN_RUN_FINISHED);
	finish_run(1, "LOST", "a reader that was slow");
	ck_assert_int_eq(status_of(1), BN_RUN_FINISHED);
	finish_run(1, "FAILED", "a second end");
	ck_assert_int_eq(status_of(1), BN_RUN_FINISHED);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_param_is_written_once_and_tags_are_last_writer_wins)
{
	track_make(&w);
	track_run(&w, 1, "one", "lr=0.1 deep=true", NULL, "RUNNING");
	ck_assert_bn_ok(bn_runlog_param(w.ws, track_id(1), "lr", "0.1", &err), &err);
	ck_assert_bn_ok(bn_runlog_param(w.ws, track_id(1), "lr", "0.2", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(1), "team", "a", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(1), "team", "b", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(1), "gone", "x", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(1), "gone", NULL, &err), &err);
	track_sync(&w);
	/* The second value of lr is a refused record. */
	bn_audit_page *log = NULL;
	ck_assert_bn_ok(bn_audit_read(&log, w.ws, NULL, &err), &err);
	ck_assert_uint_eq(log->refused, 1);
	bn_audit_page_free(log);
	bn_err why = BN_ERR_INIT;
	ck_assert_int_eq(bn_run_admits_param(w.ws, track_id(1), "lr", "0.1", &why), 0);
	ck_assert_int_eq(bn_run_admits_param(w.ws, track_id(1), "new", "0.1", &why), 0);
	ck_assert_int_eq(bn_run_admits_param(w.ws, track_id(1), "lr", "0.2", &why), BN_ECONFLICT);
	bn_pairs params, tags;
	ck_assert_bn_ok(bn_run_params(&params, w.ws, track_id(1), &err), &err);
	ck_assert_bn_ok(bn_run_tags(&tags, w.ws, track_id(1), &err), &err);
	ck_assert_int_eq(params.count, 2);
	ck_assert_str_eq(bn_pairs_get(&params, "lr"), "0.1");
	ck_assert_int_eq(tags.count, 1);
	ck_assert_str_eq(bn_pairs_get(&tags, "team"), "b");
	ck_assert_ptr_null(bn_pairs_get(&tags, "gone"));
	bn_pairs_release(&params);
	bn_pairs_release(&tags);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_keys_are_checked_before_they_are_written)
{
	static const char *const bad[] = {
		"", "a//b", "/a", "a/", "../a", "a/..", "..", ".", "a\tb", "a=b", "\xff"};
	static const char *const good[] = {
		"val/rmse 2.0:x-y", "a..b", "..a", "a/.../b", "\xc3\xa9"};
	track_make(&w);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err e = BN_ERR_INIT;
		bn_metric_set set = BN_METRIC_SET_INIT;
		ck_assert_int_eq(bn_runlog_param(w.ws, track_id(1), bad[i], "x", &e), BN_EINVAL);
		/* The fold would pass over such a series, so the whole set is refused. */
		bn_metric_set_add(&set, "fine", 0, 0, 1);
		bn_metric_set_add(&set, bad[i], 0, 0, 1);
		ck_assert_int_eq(bn_runlog_metrics(w.ws, track_id(1), &set, NULL), BN_EINVAL);
		bn_metric_set_release(&set);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_bn_ok(bn_run_key_check("metric", good[i], &err), &err);
	char name[BN_RUN_NAME_MAX + 2] = "";
	memset(name, 'x', BN_RUN_NAME_MAX);
	bn_run_created birth = {.name = name, .experiment = name};
	ck_assert_bn_ok(bn_runlog_created(w.ws, track_id(1), &birth, &err), &err);
	name[BN_RUN_NAME_MAX] = 'x';
	birth.experiment = NULL;
	ck_assert_int_eq(bn_runlog_created(w.ws, track_id(2), &birth, NULL), BN_EINVAL);
	birth = (bn_run_created){.experiment = name};
	ck_assert_int_eq(bn_runlog_created(w.ws, track_id(2), &birth, NULL), BN_EINVAL);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_metrics_keep_summaries_and_every_point)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, "rmse=5,nan,2,3 acc=0.5", "RUNNING");
	/* A second chunk with points before and after those of the first. */
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_metric_set_add(&set, "rmse", -5, 900, 7);
	bn_metric_set_add(&set, "rmse", 9, 2000, (double)INFINITY);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1), &set, &err), &err);
	bn_metric_set_release(&set);
	track_sync(&w);
	bn_series_list l;
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, track_id(1), &err), &err);
	ck_assert_int_eq(l.count, 2);
	const bn_series_info *s = bn_series_list_get(&l, "rmse");
	ck_assert_int_eq(s->count, 6);
	ck_assert_int_eq(s->nan_count, 1);
	ck_assert_double_eq(s->first, 7);
	ck_assert(isinf(s->last) && isinf(s->max));
	ck_assert_double_eq(s->min, 2);
	ck_assert_int_eq(s->min_step, 2);
	ck_assert_int_eq(s->max_step, 9);
	ck_assert_double_eq(bn_series_list_get(&l, "acc")->mean, 0.5);
	bn_series_list_release(&l);
	bn_points p;
	ck_assert_bn_ok(bn_series_read(&p, w.ws, track_id(1), "rmse", &err), &err);
	ck_assert_int_eq(p.count, 6);
	ck_assert_int_eq(p.step[0], -5);
	ck_assert(isnan(p.value[2]));
	ck_assert_int_eq(p.step[5], 9);
	bn_points_release(&p);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_is_found_by_prefix_name_and_latest)
{
	char id[BN_RUN_ID_TEXT];
	bn_err e = BN_ERR_INIT;
	track_make(&w);
	track_run(&w, 0x1000, "alpha", NULL, NULL, "FINISHED");
	track_run(&w, 0x1001, "beta", NULL, NULL, "FINISHED");
	track_run(&w, 0x1002, "beta", NULL, NULL, "FINISHED");
	track_sync(&w);
	ck_assert_bn_ok(bn_run_resolve(w.ws, "alpha", id, &err), &err);
	ck_assert_str_eq(id, track_id(0x1000));
	ck_assert_bn_ok(bn_run_resolve(w.ws, track_id(0x1001), id, &err), &err);
	ck_assert_str_eq(id, track_id(0x1001));
	ck_assert_int_eq(bn_run_resolve(w.ws, "beta", id, &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "ambiguous"));
	bn_err_clear(&e);
	ck_assert_int_eq(bn_run_resolve(w.ws, "00000000", id, &e), BN_EINVAL);
	bn_err_clear(&e);
	ck_assert_int_eq(bn_run_resolve(w.ws, "alpah", id, &e), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(e.hint, "alpha"));
	ck_assert_bn_ok(bn_run_resolve(w.ws, "latest", id, &err), &err);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_trash_can_be_undone)
{
	bn_run_counts c;
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "FINISHED");
	track_run(&w, 2, "two", NULL, NULL, "RUNNING");
	ck_assert_bn_ok(bn_runlog_removed(w.ws, track_id(1), &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_count(&c, w.ws, &err), &err);
	ck_assert_int_eq(c.total, 1);
	ck_assert_int_eq(c.removed, 1);
	ck_assert_int_eq(c.by_status[BN_RUN_RUNNING], 1);
	ck_assert_bn_ok(bn_runlog_restored(w.ws, track_id(1), &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_count(&c, w.ws, &err), &err);
	ck_assert_int_eq(c.total, 2);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_artifacts_are_stored_and_come_back_with_their_hash_checked)
{
	bn_artifacts a;
	track_make(&w);
	const bn_env *env = &w.env.env;
	char *dir = bn_path_join(w.dir.path, "out"), *sub = bn_path_join(dir, "deep");
	char *file = bn_path_join(sub, "x.txt"), *back = bn_path_join(w.dir.path, "back");
	ck_assert_bn_ok(bn_fs_make_dirs(env, sub, 0755, &err), &err);
	ck_assert_bn_ok(bn_fs_write_file(env, file, "hello", 5, 0644, &err), &err);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	ck_assert_bn_ok(bn_runlog_artifact(w.ws, track_id(1), dir, "results", &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_artifacts(&a, w.ws, track_id(1), &err), &err);
	ck_assert_int_eq(a.count, 1);
	ck_assert_str_eq(a.items[0].path, "results/deep/x.txt");
	ck_assert_int_eq(a.items[0].size_bytes, 5);
	bn_artifacts_release(&a);
	ck_assert_bn_ok(bn_run_export(w.ws, track_id(1), "results", back, &err), &err);
	char *copy = bn_path_join(back, "deep/x.txt");
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(env, copy, &b, &err), &err);
	ck_assert_str_eq(b.ptr, "hello");
	bn_buf_release(&b);
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(
		bn_run_export(w.ws, track_id(1), "nothing", "/nonexistent/x", &e), BN_ENOTFOUND);
	bn_free(copy);
	bn_free(back);
	bn_free(file);
	bn_free(sub);
	bn_free(dir);
	track_remove(&w);
}
END_TEST

/* ---- resumed runs --------------------------------------------------------------------------- */

static void add_resuming(bn_workspace *ws, int n, const char *of, int64_t step)
{
	const bn_run_created created = {.kind = "trainer", .resumes = of, .resumed_step = step};
	ck_assert_bn_ok(bn_runlog_created(ws, track_id(n), &created, &err), &err);
}

static bool is_known(int n)
{
	bn_run_info *r = NULL;
	bool known = bn_run_get(&r, w.ws, track_id(n), NULL) == 0;
	bn_run_info_free(r);
	return known;
}

START_TEST(test_run_names_the_one_it_resumes_and_is_named_by_it)
{
	track_make(&w);
	w.env.clock_step_ns = 2000000; /* no two events in one millisecond */
	w.env.clock_ns = 1700000000000000000;
	track_run(&w, 1, "one", NULL, NULL, "KILLED");
	add_resuming(w.ws, 2, track_id(1), 12);
	add_resuming(w.ws, 3, track_id(1), 20);
	add_resuming(w.ws, 4, "latest", 3);    /* not an id */
	add_resuming(w.ws, 5, track_id(5), 3); /* itself */
	add_resuming(w.ws, 6, track_id(1), 0); /* after no step */
	track_sync(&w);
	bn_run_info *r = get(1);
	ck_assert_str_eq(r->resumed_by, track_id(3)); /* the newest */
	ck_assert_ptr_null(r->resumes);
	ck_assert_int_eq(r->resumed_step, -1);
	bn_run_info_free(r);
	r = get(2);
	ck_assert_str_eq(r->resumes, track_id(1));
	ck_assert_int_eq(r->resumed_step, 12);
	ck_assert_ptr_null(r->resumed_by);
	/* Time left at the pace of its own steps: 8 in 4 s, 20 are left. */
	r->started_ms = 1000;
	ck_assert_int_eq(bn_run_left_ms(r, 20, 40, 5000), 10000);
	ck_assert_int_eq(bn_run_left_ms(r, 12, 40, 5000), -1);
	bn_run_info_free(r);
	ck_assert(!is_known(4) && !is_known(5) && !is_known(6));
	ck_assert_bn_ok(bn_runlog_removed(w.ws, track_id(3), &err), &err);
	track_sync(&w);
	r = get(1);
	ck_assert_str_eq(r->resumed_by, track_id(2));
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

/* ---- other users ---------------------------------------------------------------------------- */

/* Files of the writers in this list belong to uid 4242, as on a shared file system. */
static char stranger[64];

static int fstat_with_stranger(const bn_env *env, int fd, struct stat *st)
{
	char link[64], path[512];
	int rc = bn_fs_real.fstat(env, fd, st);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	if (rc == 0 && stranger[0] && strstr(path, stranger))
		st->st_uid = 4242;
	return rc;
}

/* Makes the newest writer's directory one of that user. */
static void name_stranger(const bn_names *before)
{
	bn_names now = BN_NAMES_INIT;
	char *log = bn_workspace_path(w.ws, "log");
	ck_assert_bn_ok(bn_fs_list_dir(&w.env.env, log, &now, &err), &err);
	for (size_t i = 0; i < now.count; i++) {
		bool old = false;
		for (size_t k = 0; k < before->count; k++)
			old = old || !strcmp(now.items[i], before->items[k]);
		if (!old)
			snprintf(stranger, sizeof stranger, "/log/%s/", now.items[i]);
	}
	ck_assert_str_ne(stranger, "");
	bn_names_release(&now);
	bn_free(log);
}

START_TEST(test_run_belongs_to_its_owner_and_strangers_can_only_call_it_lost)
{
	bn_names before = BN_NAMES_INIT;
	bn_pairs params;
	bn_series_list l;
	bn_metric_set set = BN_METRIC_SET_INIT;
	stranger[0] = '\0';
	track_make(&w);
	track_run(&w, 1, "one", "lr=0.1", "rmse=3", "RUNNING");
	track_run(&w, 2, "two", NULL, NULL, "RUNNING");
	track_sync(&w);
	char *log = bn_workspace_path(w.ws, "log");
	ck_assert_bn_ok(bn_fs_list_dir(&w.env.env, log, &before, &err), &err);
	bn_free(log);

	bn_workspace *other = track_open(&w);
	bn_metric_set_add(&set, "rmse", 9, 9, -1);
	ck_assert_bn_ok(bn_runlog_metrics(other, track_id(1), &set, &err), &err);
	ck_assert_bn_ok(bn_runlog_param(other, track_id(1), "depth", "3", &err), &err);
	ck_assert_bn_ok(bn_runlog_finished(other, track_id(1), "FINISHED", 0, 0, NULL, &err), &err);
	ck_assert_bn_ok(bn_runlog_removed(other, track_id(1), &err), &err);
	ck_assert_bn_ok(bn_runlog_finished(other, track_id(2), "LOST", -1, 0, "?", &err), &err);
	bn_metric_set_release(&set);
	bn_workspace_close(other);
	name_stranger(&before);

	bn_fs_ops ops = bn_fs_real;
	ops.fstat = fstat_with_stranger;
	w.env.env.fs = &ops;
	track_sync(&w);
	bn_run_info *r = get(1);
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	ck_assert(!r->removed);
	bn_run_info_free(r);
	ck_assert_int_eq(status_of(2), BN_RUN_LOST);
	ck_assert_bn_ok(bn_run_params(&params, w.ws, track_id(1), &err), &err);
	ck_assert_int_eq(params.count, 1);
	bn_pairs_release(&params);
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, track_id(1), &err), &err);
	ck_assert_int_eq(l.items[0].count, 1);
	ck_assert_double_eq(l.items[0].last, 3);
	bn_series_list_release(&l);
	bn_names_release(&before);
	track_remove(&w);
}
END_TEST

START_TEST(test_run_index_is_the_same_in_any_order_of_arrival)
{
	char *dumps[2] = {NULL, NULL};
	track_make(&w);
	bn_workspace *a = track_open(&w), *b = track_open(&w);
	bn_metric_set set = BN_METRIC_SET_INIT;
	track_run(&w, 1, "one", NULL, "rmse=3,1,2", "RUNNING");
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	/* A reader that folds in two parts must have the same rows as one that folds all at once. */
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	for (int i = 0; i < 20; i++) {
		bn_workspace *x = i & 1 ? a : b;
		bn_metric_set_add(&set, "rmse", i * 7 % 20, 5000 - i, i == 3 ? NAN : i * 0.1);
		ck_assert_bn_ok(bn_runlog_metrics(x, track_id(1), &set, &err), &err);
		bn_metric_set_clear(&set);
		ck_assert_bn_ok(bn_runlog_heartbeat(x, track_id(1), 100 + i, &err), &err);
		ck_assert_bn_ok(
			bn_runlog_tag(x, track_id(1), "turn", i & 1 ? "a" : "b", &err), &err);
		if (i % 3 == 0) {
			ck_assert_bn_ok(bn_workspace_commit(x, &err), &err);
			ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		}
	}
	bn_metric_set_release(&set);
	bn_workspace_close(b);
	bn_workspace_close(a);
	for (int i = 0; i < 2; i++) {
		static const char sql[] =
			"SELECT group_concat(line, char(10)) FROM ("
			"SELECT run_id || key || points || ' ' || nans || ' ' || first_value || ' "
			"' "
			"|| last_value || ' ' || min_value || min_step || ' ' || max_value || "
			"max_step || ' ' || mean AS line FROM dump_metric_series UNION ALL "
			"SELECT run_id || key || step || ' ' || time_ms || ' ' || "
			"coalesce(value, 'nan') FROM dump_metric_chunk UNION ALL "
			"SELECT run_id || beat_clock || beat_writer || beat_seq || ' ' || "
			"interval_ms FROM dump_run_liveness UNION ALL "
			"SELECT run_id || key || value FROM dump_run_tag UNION ALL "
			"SELECT id || status FROM dump_run ORDER BY 1)";
		sqlite3_stmt *st = NULL;
		if (i == 1) {
			char *second = bn_path_join(w.dir.path, "second");
			toy_env_own_index(&w.env, second);
			bn_free(second);
			bn_workspace_close(w.ws);
			w.ws = track_open(&w);
		}
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_sql_prepare(&st, bn_workspace_index(w.ws), &err, sql, ""), &err);
		ck_assert_int_eq(bn_sql_step(st, &err), 1);
		dumps[i] = bn_sql_text(st, 0);
		sqlite3_finalize(st);
	}
	ck_assert_str_eq(dumps[0], dumps[1]);
	ck_assert_uint_gt(strlen(dumps[0]), 1000);
	bn_free(dumps[0]);
	bn_free(dumps[1]);
	track_remove(&w);
}
END_TEST

/* More incompressible points than fit in one event. */
START_TEST(test_run_metrics_of_many_long_series_are_all_kept)
{
	enum { SERIES = 700, POINTS = 4300 };
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_series_list l;
	uint64_t x = 1;
	char key[32];
	track_make(&w);
	track_run(&w, 1, "wide", NULL, NULL, "RUNNING");
	for (int i = 0; i < SERIES; i++) {
		snprintf(key, sizeof key, "layer%d", i);
		ck_assert_int_eq(bn_metric_set_add(&set, key, 0, 1, 0), 0);
		for (int k = 1; k < POINTS; k++) {
			bn_metric_series *s = &set.items[i];
			double value;
			x = x * 6364136223846793005u + 1442695040888963407u;
			memcpy(&value, &(uint64_t){x >> 2}, sizeof value);
			/* Append directly if possible: looking up each key takes long. */
			if (s->count == s->cap) {
				ck_assert_int_eq(bn_metric_set_add(&set, key, k, k, value), 0);
				continue;
			}
			s->step[s->count] = s->time_ms[s->count] = k;
			s->value[s->count++] = value;
			set.points++;
		}
	}
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1), &set, &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, track_id(1), &err), &err);
	ck_assert_uint_eq(l.count, SERIES);
	for (size_t i = 0; i < l.count; i++)
		ck_assert_int_eq(l.items[i].count, POINTS);
	bn_series_list_release(&l);
	bn_metric_set_release(&set);
	track_remove(&w);
}
END_TEST

/* Starts counting writes of rows of summaries. */
static void count_summaries(void)
{
	static const char *const sql[] = {"CREATE TEMP TABLE written (n)",
		"CREATE TEMP TRIGGER made AFTER INSERT ON main.metric_series BEGIN "
		"INSERT INTO written VALUES (1); END",
		"CREATE TEMP TRIGGER changed AFTER UPDATE ON main.metric_series BEGIN "
		"INSERT INTO written VALUES (1); END"};
	for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
		ck_assert_bn_ok(bn_sql_run(bn_workspace_index(w.ws), &err, sql[i], ""), &err);
}

/* A row contains the summaries of all series of a run, so it is not written for every point when runs alternate. */
START_TEST(test_run_summaries_are_written_once_for_points_that_come_by_turns)
{
	enum { RUNS = 3, TURNS = 200 };
	bn_series_list l;
	bn_metric_set set = BN_METRIC_SET_INIT;
	track_make(&w);
	for (int i = 1; i <= RUNS; i++)
		track_run(&w, i, "turns", NULL, "rmse=3,1,2 loss=1", "RUNNING");
	track_sync(&w);
	count_summaries();
	for (int i = 0; i < RUNS * TURNS; i++) {
		bn_metric_set_add(&set, "rmse", 10 + i, i, i);
		ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1 + i % RUNS), &set, &err), &err);
		bn_metric_set_clear(&set);
	}
	track_sync(&w);
	int64_t rows = bn_sql_int(bn_workspace_index(w.ws), -1, "SELECT count(*) FROM written", "");
	ck_assert_int_ge(rows, RUNS);
	ck_assert_int_lt(rows, 10 * RUNS);
	for (int i = 1; i <= RUNS; i++) {
		ck_assert_bn_ok(bn_series_find_all(&l, w.ws, track_id(i), &err), &err);
		ck_assert_uint_eq(l.count, 2);
		ck_assert_int_eq(l.items[1].count, 3 + TURNS);
		ck_assert_double_eq(l.items[1].last, RUNS * (TURNS - 1) + i - 1);
		bn_series_list_release(&l);
	}
	bn_metric_set_release(&set);
	track_remove(&w);
}
END_TEST

/* A client says when a run began and ended. */
START_TEST(test_run_span_of_times_that_cannot_be_is_unknown)
{
	ck_assert_int_eq(bn_run_span_ms(1000, 3500), 2500);
	ck_assert_int_eq(bn_run_span_ms(1000, 1000), 0);
	ck_assert_int_eq(bn_run_span_ms(-1, 1000), -1);
	ck_assert_int_eq(bn_run_span_ms(1000, -1), -1);
	ck_assert_int_eq(bn_run_span_ms(INT64_MAX, 1000), -1);
	ck_assert_int_eq(bn_run_span_ms(INT64_MIN, INT64_MAX), -1);
	ck_assert_int_eq(bn_run_span_ms(0, INT64_MAX), -1);
	ck_assert_int_eq(bn_run_span_ms(0, INT64_MAX / 1000000), INT64_MAX / 1000000);
}
END_TEST

BN_TEST_MAIN("core/track/run", test_run_span_of_times_that_cannot_be_is_unknown,
	test_run_goes_from_scheduled_to_running_to_finished,
	test_run_lost_is_overruled_by_a_late_real_end_but_not_the_reverse,
	test_run_param_is_written_once_and_tags_are_last_writer_wins,
	test_run_keys_are_checked_before_they_are_written,
	test_run_metrics_keep_summaries_and_every_point,
	test_run_metrics_of_many_long_series_are_all_kept,
	test_run_summaries_are_written_once_for_points_that_come_by_turns,
	test_run_is_found_by_prefix_name_and_latest, test_run_trash_can_be_undone,
	test_run_artifacts_are_stored_and_come_back_with_their_hash_checked,
	test_run_names_the_one_it_resumes_and_is_named_by_it,
	test_run_belongs_to_its_owner_and_strangers_can_only_call_it_lost,
	test_run_index_is_the_same_in_any_order_of_arrival)
