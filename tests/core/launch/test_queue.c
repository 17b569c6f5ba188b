/*
 * The local queue: what its events mean, in which order runs start, what limits, pausing and
 * cancelling do; and with the real program, that none is lost and none runs twice when runners,
 * supervisors and those who queue are killed with SIGKILL at any moment.
 */
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/govern/policy.h"
#include "core/launch/executor.h"
#include "core/launch/launch.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/people.h"
#include "tests/support/queued.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;

/* ---- a queue that nobody runs --------------------------------------------------------------- */

START_TEST(test_queue_keeps_the_order_of_the_calls_when_clocks_are_set_back)
{
	char ids[6][BN_RUN_ID_TEXT];
	queued_make();
	int64_t now = bn_env_now_ns(bn_env_real());
	for (int i = 0; i < 6; i++) {
		/* Each by a process of its own, whose clock is an hour behind the one before. */
		queued.env.clock_ns = now - i * (int64_t)3600 * 1000000000;
		queued.env.clock_step_ns = 1000;
		bn_workspace *ws = queued_open();
		ck_assert_bn_ok(queued_try_add(ws, NOBODY, "true", 1, 0, ids[i], &err), &err);
		bn_workspace_close(ws);
	}
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, 6);
	for (int i = 0; i < 6; i++) {
		ck_assert_str_eq(q->items[i].run, ids[i]);
		ck_assert_int_eq(q->items[i].position, i + 1);
		ck_assert_int_eq(queued_status(ids[i], NULL), BN_RUN_QUEUED);
	}
	ck_assert_str_eq(q->items[0].reason, "next");
	ck_assert_ptr_nonnull(strstr(q->items[5].reason, "behind"));
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_keeps_the_order_behind_one_whose_clock_was_decades_ahead)
{
	char ids[4][BN_RUN_ID_TEXT];
	queued_make();
	int64_t now = bn_env_now_ns(bn_env_real());
	for (int i = 0; i < 4; i++) {
		queued.env.clock_ns = i ? now - i * (int64_t)1000000000
					: now + (int64_t)30 * 365 * 86400 * 1000000000;
		queued.env.clock_step_ns = 1000;
		bn_workspace *ws = queued_open();
		ck_assert_bn_ok(queued_try_add(ws, NOBODY, "true", 1, 0, ids[i], &err), &err);
		bn_workspace_close(ws);
	}
	/* The first stands where its clock says; nobody follows it there. */
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(q->items[i].run, ids[(i + 1) % 4]);
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_says_when_an_event_of_the_future_wins_over_a_pause_or_a_limit)
{
	bn_queue_amounts four = {4, -1, -1}, two = {2, -1, -1}, one_at_once = {-1, -1, 1};
	bn_err e = BN_ERR_INIT;
	queued_make();
	int64_t now = bn_env_now_ns(bn_env_real());
	queued.env.clock_ns = now + (int64_t)30 * 86400 * 1000000000;
	queued.env.clock_step_ns = 1000;
	bn_workspace *ws = queued_open();
	ck_assert_bn_ok(bn_queue_pause(ws, true, &err), &err);
	ck_assert_bn_ok(bn_queue_set(ws, &four, &err), &err);
	bn_workspace_close(ws);
	queued.env.clock_ns = now;
	ws = queued_open();
	ck_assert_int_eq(bn_queue_pause(ws, false, &e), BN_ECONFLICT);
	ck_assert_msg(strstr(e.msg, "queue.paused") && strstr(e.msg, "writer "), "%s", e.msg);
	bn_err_clear(&e);
	ck_assert_int_eq(bn_queue_set(ws, &two, &e), BN_ECONFLICT);
	ck_assert_msg(strstr(e.msg, "queue.set") != NULL, "%s", e.msg);
	bn_err_clear(&e);
	/* What that event does not speak of is as it was asked to be. */
	ck_assert_bn_ok(bn_queue_set(ws, &one_at_once, &err), &err);
	ck_assert_bn_ok(bn_queue_pause(ws, true, &err), &err);
	bn_workspace_close(ws);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_refuses_what_can_never_start_and_passes_over_what_no_longer_can)
{
	char big[BN_RUN_ID_TEXT], small[BN_RUN_ID_TEXT], id[BN_RUN_ID_TEXT];
	bn_err e = BN_ERR_INIT;
	queued_make();
	queued_limit(4, (int64_t)1 << 30, 0);
	ck_assert_int_eq(queued_try_add(queued.ws, NOBODY, "true", 5, 0, id, &e), BN_EREFUSED);
	ck_assert_str_eq(e.msg, "the run asks for 5 cores; the queue's limit is 4");
	bn_err_clear(&e);
	ck_assert_int_eq(queued_try_add(queued.ws, NOBODY, "true", 1, (int64_t)2 << 30, id, &e),
		BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "2.0 GiB"));
	queued_add(NOBODY, "true", 4, big);
	queued_add(NOBODY, "true", 1, small);
	queued_limit(2, -1, -1);
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, 2);
	ck_assert_str_eq(q->items[0].reason, "asks for 4 cores; the queue's limit is 2");
	ck_assert_str_eq(q->items[1].reason, "next");
	bn_queue_free(q);
	/* 0 is the default again. */
	queued_limit(0, 0, 0);
	q = queued_read();
	ck_assert_int_eq(q->set.cores, 0);
	ck_assert_int_eq(q->limits.cores, bn_process_cpus());
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_a_waiting_run_is_not_lost_however_long_it_waits)
{
	char id[BN_RUN_ID_TEXT], reason[200];
	size_t lost = 9;
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	queued_add(NOBODY, "true", 1, id);
	queued.env.clock_ns = bn_env_now_ns(bn_env_real()) + (int64_t)7200 * 1000000000;
	queued.env.clock_step_ns = 1000;
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_QUEUED);
	ck_assert_bn_ok(bn_run_reconcile(queued.ws, &lost, &err), &err);
	ck_assert_uint_eq(lost, 0);
	/* An older program, which knows no queues, may say so. */
	ck_assert_bn_ok(
		bn_runlog_finished(queued.ws, id, "LOST", -1, 0, "never started", &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(queued.ws, &err), &err);
	ck_assert_int_eq(queued_status(id, reason), BN_RUN_QUEUED);
	bn_queue *q = queued_read();
	ck_assert_str_eq(q->items[0].reason, "the queue is paused");
	ck_assert_int_ge(q->paused_ms, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	q = queued_read();
	ck_assert_int_eq(q->paused_ms, -1);
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_cancels_what_waits_and_nothing_else)
{
	char a[BN_RUN_ID_TEXT], b[BN_RUN_ID_TEXT], reason[200];
	bn_cancel how = BN_CANCEL_ASKED;
	queued_make();
	queued_add(NOBODY, "true", 1, a);
	queued_add(NOBODY, "true", 1, b);
	ck_assert_bn_ok(bn_launch_stop(queued.ws, a, &how, &err), &err);
	ck_assert_int_eq(how, BN_CANCEL_DONE);
	ck_assert_int_eq(queued_status(a, reason), BN_RUN_KILLED);
	ck_assert_str_eq(reason, "cancelled before it started");
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->count, 1);
	ck_assert_str_eq(q->items[0].run, b);
	bn_queue_free(q);
	bool cancelled = true;
	ck_assert_bn_ok(bn_queue_cancel(queued.ws, a, &cancelled, &err), &err);
	ck_assert(!cancelled);
	/* One that is about to start is asked, not cancelled. */
	bn_supervisor_lock lock;
	bool fresh = false;
	ck_assert_bn_ok(bn_supervisor_claim(&lock, &fresh, queued.ws, b, &err), &err);
	ck_assert(fresh);
	ck_assert_bn_ok(bn_launch_stop(queued.ws, b, &how, &err), &err);
	ck_assert_int_eq(how, BN_CANCEL_ASKED);
	ck_assert_int_eq(queued_status(b, NULL), BN_RUN_QUEUED);
	bn_supervisor_release(&lock);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_run_that_takes_all_cores_follows_the_limit)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "all", .kind = "trainer", .title = "ridge"};
	bn_spec *spec = NULL;
	bn_dir *dir = NULL;
	queued_make();
	ck_assert_bn_ok(bn_spec_new(&spec, &err), &err);
	ck_assert_bn_ok(bn_run_id_new(&queued.env.env, id, &err), &err);
	ck_assert_bn_ok(bn_run_dir_make(&dir, queued.ws, id, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(queued.ws, id, &about, &err), &err);
	queued_limit(64, 0, 0);
	ck_assert_bn_ok(bn_queue_add(queued.ws, id, spec, 0, 0, &err), &err);
	for (int cores = 64; cores > 0; cores /= 8) {
		queued_limit(cores, 0, 0);
		bn_queue *q = queued_read();
		ck_assert_int_eq(q->items[0].cores, cores);
		ck_assert_str_eq(q->items[0].reason, "next");
		bn_queue_free(q);
	}
	bn_dir_close(dir);
	bn_spec_free(spec);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_is_found_again_from_the_run_whose_executor_it_is)
{
	char id[BN_RUN_ID_TEXT];
	const bn_executor *by = NULL;
	bn_run_info *r = NULL;
	bn_spec *spec = NULL;
	bn_sched_job job = {.expected_ms = -1};
	queued_make();
	queued_add(NOBODY, "true", 1, id);
	ck_assert_bn_ok(bn_workspace_refresh(queued.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, queued.ws, id, &err), &err);
	ck_assert_str_eq(r->executor, "queue");
	ck_assert_str_eq(r->job_id, id);
	/* Who repeats the run reads the spec. */
	ck_assert_bn_ok(bn_spec_fetch(&spec, queued.ws, r->spec_hash, &err), &err);
	ck_assert_str_eq(spec->executor, "queue");
	ck_assert_bn_ok(bn_executor_of(&by, queued.ws, id, &err), &err);
	ck_assert_str_eq(by->name, "queue");
	snprintf(job.run, sizeof job.run, "%s", id);
	ck_assert_bn_ok(by->poll(queued.ws, &job, 1, &err), &err);
	ck_assert_int_eq(job.state, BN_SCHED_WAITING);
	ck_assert_int_eq(job.position, 1);
	bn_spec_free(spec);
	bn_run_info_free(r);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_of_another_host_is_seen_and_left_alone)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "far", .kind = "command", .title = "true"};
	bn_names names = BN_NAMES_INIT;
	bn_queue *q = NULL;
	bool waits = true;
	queued_make();
	ck_assert_bn_ok(bn_run_id_new(&queued.env.env, id, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(queued.ws, id, &about, &err), &err);
	ck_assert_bn_ok(bn_runlog_queued(queued.ws, id, "ann@far-node", 3, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(queued.ws, &err), &err);
	q = queued_read();
	ck_assert_uint_eq(q->count, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_waits(&waits, queued.ws, id, &err), &err);
	ck_assert(!waits);
	ck_assert_bn_ok(bn_queue_names(&names, queued.ws, &err), &err);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.items[1], "ann@far-node");
	ck_assert_bn_ok(bn_queue_read(&q, queued.ws, "ann@far-node", 0, &err), &err);
	ck_assert(!q->own);
	ck_assert_uint_eq(q->waiting, 1);
	ck_assert_int_eq(q->items[0].cores, 3);
	bn_queue_free(q);
	bn_names_release(&names);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_of_one_user_hears_no_other_user)
{
	static town t;
	char own[BN_QUEUE_NAME], entity[BN_QUEUE_NAME + 8], id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "anns", .kind = "command", .title = "true"};
	bn_queue *q = NULL;
	town_make(&t, queued_classes);
	person *ann = &t.people[0], *bob = &t.people[1];
	bn_queue_own_name(own, &ann->env);
	snprintf(entity, sizeof entity, "queue/%s", own);
	ck_assert_bn_ok(bn_run_id_new(&ann->env, id, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(ann->ws, id, &about, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	/* Bob pauses ann's queue, and puts her run into his own. */
	ck_assert_bn_ok(bn_workspace_append(bob->ws, "queue.paused", entity, NULL, &err), &err);
	ck_assert_bn_ok(bn_runlog_queued(bob->ws, id, "bob@node", 1, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(bob->ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ann->ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_queue_read(&q, ann->ws, NULL, 0, &err), &err);
	ck_assert_int_eq(q->paused_ms, -1);
	ck_assert_uint_eq(q->count, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_read(&q, ann->ws, "bob@node", 0, &err), &err);
	ck_assert_uint_eq(q->count, 0);
	bn_queue_free(q);
	/* Her own word counts, for bob's eyes too, and what he says of her run's end does not. */
	ck_assert_bn_ok(bn_runlog_queued(ann->ws, id, own, 1, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(bob->ws, NULL, &err), &err);
	ck_assert_bn_ok(
		bn_runlog_finished(bob->ws, id, "KILLED", -1, 0, "bob says so", &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(bob->ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ann->ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_queue_read(&q, ann->ws, NULL, 0, &err), &err);
	ck_assert_uint_eq(q->waiting, 1);
	ck_assert_str_eq(q->items[0].run, id);
	bn_queue_free(q);
	town_remove(&t);
}
END_TEST

/* ---- with the real program ------------------------------------------------------------------ */

static char *line_path(int who)
{
	char *path = bn_strf("%s/line-%d", queued.dir.path, who);
	ck_assert_ptr_nonnull(path);
	return path;
}

static void note_id(int who, const char *id)
{
	char *path = line_path(who);
	FILE *f = fopen(path, "a");
	if (f) {
		fprintf(f, "%s\n", id);
		fclose(f);
	}
	bn_free(path);
}

/* A process that queues n runs, each of which adds a line to the file `ran` and one to runs/<id>. Their ids
 * are in the file line-<who>, in the order of the calls. */
static pid_t fork_adder(const char *program, int n, int who, const char *more)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	bn_workspace *ws = queued_open();
	for (int i = 0; i < n; i++) {
		char id[BN_RUN_ID_TEXT], script[300];
		bn_err e = BN_ERR_INIT;
		snprintf(script, sizeof script,
			"echo %d %d >>ran; echo >>\"$BINNACLE_RUN_DIR/times\"; %s", who, i, more);
		if (queued_try_add(ws, program, script, 1, 0, id, &e) < 0) {
			fprintf(stderr, "adder: %s\n", e.msg);
			_exit(1);
		}
		note_id(who, id);
	}
	bn_workspace_close(ws);
	_exit(0);
}

static size_t lines_of(const bn_dir *dir, const char *name)
{
	bn_buf b = BN_BUF_INIT;
	size_t n = 0;
	if (bn_dir_read_file(dir, name, &b, NULL) == 0)
		for (size_t i = 0; i < b.len; i++)
			n += b.ptr[i] == '\n';
	bn_buf_release(&b);
	return n;
}

typedef struct tally {
	int finished, failed, lost, scheduled, total;
} tally;

/* Every run's state says what became of it: none ran twice, a finished one ran. */
static tally check_states(void)
{
	tally t = {0, 0, 0, 0, 0};
	sqlite3_stmt *st = NULL;
	sqlite3 *db = bn_workspace_index(queued.ws);
	ck_assert_int_eq(
		sqlite3_prepare_v2(db, "SELECT lower(hex(id)), status FROM run", -1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(st, 0);
		const char *status = (const char *)sqlite3_column_text(st, 1);
		bn_dir *dir = NULL;
		size_t times = 0;
		if (bn_run_dir_open(&dir, queued.ws, id, NULL) == 0)
			times = lines_of(dir, "times");
		ck_assert_msg(
			!strcmp(status, "SCHEDULED") || !dir || !bn_dir_has(dir, BN_QUEUE_ENVIRON),
			"the environment of run %s is still there", id);
		bn_dir_close(dir);
		t.total++;
		ck_assert_msg(times <= 1, "run %s was started %zu times", id, times);
		if (!strcmp(status, "FINISHED")) {
			t.finished++;
			ck_assert_msg(times == 1, "run %s FINISHED, and never ran", id);
		} else if (!strcmp(status, "FAILED")) {
			t.failed++;
		} else if (!strcmp(status, "LOST")) {
			t.lost++;
		} else {
			/* Whoever queued it was killed before it could say that it had. */
			t.scheduled++;
			ck_assert_msg(!strcmp(status, "SCHEDULED") && times == 0, "run %s is %s",
				id, status);
		}
	}
	sqlite3_finalize(st);
	return t;
}

/* Of runs in line, each was started when all before it were over but for most - 1: by the times of
 * run.started and run.finished, which are their supervisors' clocks. A LOST one ended when somebody noticed.
 * Returns how many were looked at. */
static int check_order(char (*ids)[BN_RUN_ID_TEXT], int n, int most)
{
	int64_t *over = calloc((size_t)n + 1, sizeof *over);
	int known = 0;
	ck_assert_ptr_nonnull(over);
	for (int i = 0; i < n; i++) {
		bn_run_info *r = NULL;
		int running = 0;
		ck_assert_bn_ok(bn_run_get(&r, queued.ws, ids[i], &err), &err);
		if ((r->status != BN_RUN_FINISHED && r->status != BN_RUN_FAILED) ||
			r->started_ms < 0) {
			bn_run_info_free(r);
			continue;
		}
		for (int k = 0; k < known; k++)
			running += over[k] > r->started_ms;
		ck_assert_msg(running < most,
			"run %d started before %d of those before it were over", i, running);
		over[known++] = r->finished_ms;
		bn_run_info_free(r);
	}
	free(over);
	return known;
}

/* The same for what one process has queued, in whatever lies between. */
static int check_order_of(int who, int most)
{
	char(*ids)[BN_RUN_ID_TEXT] = calloc(4000, sizeof *ids);
	char *path = line_path(who);
	FILE *f = fopen(path, "r");
	int n = 0;
	ck_assert_ptr_nonnull(ids);
	while (f && n < 4000 && fscanf(f, "%32s", ids[n]) == 1 && strlen(ids[n]) == 32)
		n++;
	if (f)
		fclose(f);
	n = check_order(ids, n, most);
	bn_free(path);
	free(ids);
	return n;
}

START_TEST(test_queue_starts_them_in_line_two_at_a_time)
{
	enum { WHO = 3, EACH = 8 };
	NEED_PROGRAM();
	pid_t adders[WHO];
	char ids[WHO * EACH][BN_RUN_ID_TEXT];
	int both = 0;
	queued_make();
	queued_limit(64, 0, 2);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	for (int i = 0; i < WHO; i++)
		adders[i] = fork_adder(program, EACH, i, i == 1 ? "sleep 0.1" : "sleep 0.02");
	for (int i = 0; i < WHO; i++) {
		int status = -1;
		ck_assert_int_eq(waitpid(adders[i], &status, 0), adders[i]);
		ck_assert_int_eq(status, 0);
	}
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, WHO * EACH);
	for (int i = 0; i < WHO * EACH; i++)
		snprintf(ids[i], sizeof ids[i], "%s", q->items[i].run);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	queued_wait_empty(program, 60);
	ck_assert_int_eq(check_states().finished, WHO * EACH);
	ck_assert_int_eq(check_order(ids, WHO * EACH, 2), WHO * EACH);
	/* And there were two. */
	for (int i = 1; i < WHO * EACH; i++) {
		bn_run_info *a = NULL, *b = NULL;
		ck_assert_bn_ok(bn_run_get(&a, queued.ws, ids[i - 1], &err), &err);
		ck_assert_bn_ok(bn_run_get(&b, queued.ws, ids[i], &err), &err);
		both += a->finished_ms > b->started_ms;
		bn_run_info_free(a);
		bn_run_info_free(b);
	}
	ck_assert_int_gt(both, WHO);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_runs_all_in_order_one_at_a_time)
{
	enum { WHO = 4, EACH = 6 };
	NEED_PROGRAM();
	pid_t adders[WHO];
	int last[WHO] = {-1, -1, -1, -1};
	queued_make();
	queued_limit(64, 0, 1);
	for (int i = 0; i < WHO; i++)
		adders[i] = fork_adder(program, EACH, i, "");
	for (int i = 0; i < WHO; i++) {
		int status = -1;
		ck_assert_int_eq(waitpid(adders[i], &status, 0), adders[i]);
		ck_assert_int_eq(status, 0);
	}
	queued_wait_empty(program, 60);
	tally t = check_states();
	ck_assert_int_eq(t.finished, WHO * EACH);
	ck_assert_int_eq(t.total, WHO * EACH);
	/* One at a time, so the file has the order in which they started. */
	char *path = bn_path_join(queued.dir.path, "ran");
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(&queued.env.env, path, &b, &err), &err);
	int n = 0, who, number, used;
	for (const char *at = b.ptr; sscanf(at, "%d %d%n", &who, &number, &used) == 2;
		at += used, n++) {
		ck_assert_msg(
			number == last[who] + 1, "%d of %d came after %d", number, who, last[who]);
		last[who] = number;
	}
	ck_assert_int_eq(n, WHO * EACH);
	bn_buf_release(&b);
	bn_free(path);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_never_runs_more_than_the_limit)
{
	NEED_PROGRAM();
	char ids[12][BN_RUN_ID_TEXT];
	queued_make();
	queued_limit(64, 0, 3);
	for (int i = 0; i < 12; i++)
		queued_add(program,
			"mkdir slot-$$; ls -d slot-* | wc -l >>most; sleep 0.1; rmdir slot-$$", 1,
			ids[i]);
	queued_wait_empty(program, 60);
	ck_assert_int_eq(queued_status(ids[11], NULL), BN_RUN_FINISHED);
	char *path = bn_path_join(queued.dir.path, "most");
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(&queued.env.env, path, &b, &err), &err);
	int most = 0, seen, used;
	for (const char *at = b.ptr; sscanf(at, "%d%n", &seen, &used) == 1; at += used)
		most = seen > most ? seen : most;
	ck_assert_int_le(most, 3);
	bn_buf_release(&b);
	bn_free(path);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_loses_and_repeats_nothing_when_its_runner_is_killed_at_each_moment)
{
	NEED_PROGRAM();
	int killed = 0;
	for (int i = 0; i < 8; i++) {
		char id[BN_RUN_ID_TEXT];
		queued_make();
		queued_limit(64, 0, 1);
		for (int k = 0; k < 3; k++)
			queued_add(program, "echo >>\"$BINNACLE_RUN_DIR/times\"", 1, id);
		queued_pause_ms(i * 5);
		pid_t pid = queued_runner();
		killed += pid && kill(pid, SIGKILL) == 0;
		queued_wait_empty(program, 60);
		tally t = check_states();
		ck_assert_int_eq(t.finished, 3);
		track_remove(&queued);
	}
	printf("NOTE: runner killed at %d moments, all runs finished, each once\n", killed);
}
END_TEST

/* How many runs the storm has: `make check-all` asks for 3000. */
static int storm_runs(void)
{
	const char *text = getenv("BINNACLE_QUEUE_RUNS");
	int n = text ? atoi(text) : 32;
	return n < 8 ? 8 : n;
}

/* Whether one process is still there; the others are counted off. */
static bool adders_live(pid_t *pids, int n, int *given_up)
{
	int live = 0;
	for (int i = 0; i < n; i++) {
		int status = 0;
		if (pids[i] && waitpid(pids[i], &status, WNOHANG) == pids[i]) {
			*given_up += status != 0;
			pids[i] = 0;
		}
		live += pids[i] != 0;
	}
	return live > 0;
}

static bool is_empty_now(void)
{
	bn_run_counts c;
	ck_assert_bn_ok(bn_workspace_refresh(queued.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_count(&c, queued.ws, &err), &err);
	return c.by_status[BN_RUN_QUEUED] + c.by_status[BN_RUN_RUNNING] == 0;
}

START_TEST(test_queue_loses_and_repeats_nothing_when_anything_is_killed)
{
	enum { WHO = 8 };
	enum { RUNNER, SUPERVISOR, GUARD, CHILD, ADDER };
	NEED_PROGRAM();
	pid_t adders[WHO];
	unsigned seed = (unsigned)getpid();
	int each = storm_runs() / WHO, kills[5] = {0, 0, 0, 0, 0}, given_up = 0, in_order = 0;
	queued_make();
	queued_limit(64, 0, 2);
	for (int i = 0; i < WHO; i++)
		adders[i] = fork_adder(program, each, i, i % 2 ? "sleep 0.05" : "");
	/* A runner that is killed whenever it has begun never gets to start one: so many, and no more. */
	for (int i = 0; adders_live(adders, WHO, &given_up) || (i < each * WHO && !is_empty_now());
		i++) {
		unsigned r = (unsigned)rand_r(&seed), what = i == 8 ? ADDER : r % ADDER;
		bn_supervisor s = {.pid = 0};
		if (what > RUNNER && what < ADDER)
			s = queued_supervised(r);
		const pid_t pids[] = {queued_runner(), s.pid, s.guard, s.child, adders[1]};
		pid_t pid = i >= each * WHO ? 0 : pids[what];
		kills[what] += pid > 1 && kill(pid, SIGKILL) == 0;
		if (r % 4 == 0) /* a verb comes by */
			ck_assert_bn_ok(bn_queue_wake(queued.ws, program, &err), &err);
		queued_pause_ms(r / 8 % 60);
	}
	queued_wait_empty(program, 120);
	tally t = check_states();
	ck_assert_int_le(given_up, kills[ADDER]);
	ck_assert_int_ge(t.total, (WHO - given_up) * each);
	ck_assert_int_le(t.total, WHO * each);
	ck_assert_int_le(t.lost, kills[SUPERVISOR]);
	ck_assert_int_le(t.failed, kills[CHILD]);
	ck_assert_int_le(t.scheduled, given_up);
	for (int i = 0; i < WHO; i++)
		in_order += check_order_of(i, 2);
	printf("NOTE: %d runs, %d runners, %d supervisors, %d guards, %d commands, %d adders "
	       "killed: %d "
	       "finished, %d FAILED, %d LOST, none twice, %d in order\n",
		t.total, kills[RUNNER], kills[SUPERVISOR], kills[GUARD], kills[CHILD], kills[ADDER],
		t.finished, t.failed, t.lost, in_order);
	track_remove(&queued);
}
END_TEST

BN_TEST_MAIN("core/launch/queue", test_queue_keeps_the_order_of_the_calls_when_clocks_are_set_back,
	test_queue_keeps_the_order_behind_one_whose_clock_was_decades_ahead,
	test_queue_says_when_an_event_of_the_future_wins_over_a_pause_or_a_limit,
	test_queue_refuses_what_can_never_start_and_passes_over_what_no_longer_can,
	test_queue_a_waiting_run_is_not_lost_however_long_it_waits,
	test_queue_cancels_what_waits_and_nothing_else,
	test_queue_run_that_takes_all_cores_follows_the_limit,
	test_queue_is_found_again_from_the_run_whose_executor_it_is,
	test_queue_of_another_host_is_seen_and_left_alone,
	test_queue_of_one_user_hears_no_other_user, test_queue_starts_them_in_line_two_at_a_time,
	test_queue_runs_all_in_order_one_at_a_time, test_queue_never_runs_more_than_the_limit,
	test_queue_loses_and_repeats_nothing_when_its_runner_is_killed_at_each_moment,
	test_queue_loses_and_repeats_nothing_when_anything_is_killed)
