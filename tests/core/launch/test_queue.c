/*
 * The local queue: what its events mean, in which order runs start, what limits, pausing and
 * cancelling do; and with the real program, that none is lost and none runs twice when runners,
 * supervisors and those who queue are killed with SIGKILL at any moment.
 */
#include "core/launch/queue.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/govern/policy.h"
#include "core/launch/executor.h"
#include "core/launch/launch.h"
#include "core/launch/queue_fold.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/people.h"
#include "tests/support/track.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static track_world w;
static bn_err err = BN_ERR_INIT;
static const bn_fold_class *const classes[] = {&bn_run_fold_class, &bn_experiment_fold_class,
	&bn_queue_fold_class, &bn_policy_class, NULL};

#define NEED_PROGRAM() \
	const char *program = getenv("BINNACLE"); \
	if (!program || access(program, X_OK) != 0) \
	BN_TEST_SKIP("queueing runs: BINNACLE names no program")

/* ---- a queue that nobody runs --------------------------------------------------------------- */

#define NOBODY "/bin/true" /* in the place of the program: it starts no run */

static bn_workspace *open_again(void)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &w.env.env, classes, w.dir.path, &err), &err);
	return ws;
}

static void make(void)
{
	track_make(&w);
	bn_workspace_close(w.ws);
	w.ws = open_again();
	setenv("BINNACLE_INDEX", w.env.index_dir, 1);
	setenv("BINNACLE_HEARTBEAT", "100ms", 1);
	unsetenv("BINNACLE_RUN_ID");
	unsetenv("BINNACLE_HOME");
}

static int try_add(bn_workspace *ws, const char *program, const char *script, int64_t cores,
	int64_t memory, char id[BN_RUN_ID_TEXT], bn_err *e)
{
	bn_spec *spec = NULL;
	json_t *j = json_pack("{s[sss] ss s{sI}}", "command", "sh", "-c", script, "workdir",
		w.dir.path, "resources", "cpus", (json_int_t)cores);
	if (memory)
		json_object_set_new(
			json_object_get(j, "resources"), "memory_bytes", json_integer(memory));
	int rc = bn_spec_from_json(&spec, j, "a test's spec", e);
	json_decref(j);
	bn_launch_options opt = {.program = program, .executor = "queue"};
	if (rc == 0)
		rc = bn_launch(ws, spec, &opt, id, e);
	bn_spec_free(spec);
	return rc;
}

static void add(const char *program, const char *script, int64_t cores, char id[BN_RUN_ID_TEXT])
{
	ck_assert_bn_ok(try_add(w.ws, program, script, cores, 0, id, &err), &err);
}

static bn_queue *queue_now(void)
{
	bn_queue *q = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_queue_read(&q, w.ws, NULL, 0, &err), &err);
	return q;
}

static bn_run_status status_of(const char *id, char reason[200])
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
	bn_run_status s = r->status;
	if (reason)
		snprintf(reason, 200, "%s", r->reason ? r->reason : "");
	bn_run_info_free(r);
	return s;
}

static void set_limits(int64_t cores, int64_t memory, int64_t at_once)
{
	bn_queue_amounts a = {cores, memory, at_once};
	ck_assert_bn_ok(bn_queue_set(w.ws, &a, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
}

START_TEST(test_queue_keeps_the_order_of_the_calls_when_clocks_are_set_back)
{
	char ids[6][BN_RUN_ID_TEXT];
	make();
	int64_t now = bn_env_now_ns(bn_env_real());
	for (int i = 0; i < 6; i++) {
		/* Each by a process of its own, whose clock is an hour behind the one before. */
		w.env.clock_ns = now - i * (int64_t)3600 * 1000000000;
		w.env.clock_step_ns = 1000;
		bn_workspace *ws = open_again();
		ck_assert_bn_ok(try_add(ws, NOBODY, "true", 1, 0, ids[i], &err), &err);
		bn_workspace_close(ws);
	}
	bn_queue *q = queue_now();
	ck_assert_uint_eq(q->waiting, 6);
	for (int i = 0; i < 6; i++) {
		ck_assert_str_eq(q->items[i].run, ids[i]);
		ck_assert_int_eq(q->items[i].position, i + 1);
		ck_assert_int_eq(status_of(ids[i], NULL), BN_RUN_QUEUED);
	}
	ck_assert_str_eq(q->items[0].reason, "next");
	ck_assert_ptr_nonnull(strstr(q->items[5].reason, "behind"));
	bn_queue_free(q);
	track_remove(&w);
}
END_TEST

START_TEST(test_queue_refuses_what_can_never_start_and_passes_over_what_no_longer_can)
{
	char big[BN_RUN_ID_TEXT], small[BN_RUN_ID_TEXT], id[BN_RUN_ID_TEXT];
	bn_err e = BN_ERR_INIT;
	make();
	set_limits(4, (int64_t)1 << 30, 0);
	ck_assert_int_eq(try_add(w.ws, NOBODY, "true", 5, 0, id, &e), BN_EREFUSED);
	ck_assert_str_eq(e.msg, "the run asks for 5 cores; the queue's limit is 4");
	bn_err_clear(&e);
	ck_assert_int_eq(try_add(w.ws, NOBODY, "true", 1, (int64_t)2 << 30, id, &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "2.0 GiB"));
	add(NOBODY, "true", 4, big);
	add(NOBODY, "true", 1, small);
	set_limits(2, -1, -1);
	bn_queue *q = queue_now();
	ck_assert_uint_eq(q->waiting, 2);
	ck_assert_str_eq(q->items[0].reason, "asks for 4 cores; the queue's limit is 2");
	ck_assert_str_eq(q->items[1].reason, "next");
	bn_queue_free(q);
	/* 0 is the default again. */
	set_limits(0, 0, 0);
	q = queue_now();
	ck_assert_int_eq(q->set.cores, 0);
	ck_assert_int_eq(q->limits.cores, bn_process_cpus());
	bn_queue_free(q);
	track_remove(&w);
}
END_TEST

START_TEST(test_queue_a_waiting_run_is_not_lost_however_long_it_waits)
{
	char id[BN_RUN_ID_TEXT], reason[200];
	size_t lost = 9;
	make();
	ck_assert_bn_ok(bn_queue_pause(w.ws, true, &err), &err);
	add(NOBODY, "true", 1, id);
	w.env.clock_ns = bn_env_now_ns(bn_env_real()) + (int64_t)7200 * 1000000000;
	w.env.clock_step_ns = 1000;
	ck_assert_int_eq(status_of(id, NULL), BN_RUN_QUEUED);
	ck_assert_bn_ok(bn_run_reconcile(w.ws, &lost, &err), &err);
	ck_assert_uint_eq(lost, 0);
	/* An older program, which knows no queues, may say so. */
	ck_assert_bn_ok(bn_runlog_finished(w.ws, id, "LOST", -1, 0, "never started", &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	ck_assert_int_eq(status_of(id, reason), BN_RUN_QUEUED);
	bn_queue *q = queue_now();
	ck_assert_str_eq(q->items[0].reason, "the queue is paused");
	ck_assert_int_ge(q->paused_ms, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_pause(w.ws, false, &err), &err);
	q = queue_now();
	ck_assert_int_eq(q->paused_ms, -1);
	bn_queue_free(q);
	track_remove(&w);
}
END_TEST

START_TEST(test_queue_cancels_what_waits_and_nothing_else)
{
	char a[BN_RUN_ID_TEXT], b[BN_RUN_ID_TEXT], reason[200];
	bn_cancel how = BN_CANCEL_ASKED;
	make();
	add(NOBODY, "true", 1, a);
	add(NOBODY, "true", 1, b);
	ck_assert_bn_ok(bn_launch_stop(w.ws, a, &how, &err), &err);
	ck_assert_int_eq(how, BN_CANCEL_DONE);
	ck_assert_int_eq(status_of(a, reason), BN_RUN_KILLED);
	ck_assert_str_eq(reason, "cancelled before it started");
	bn_queue *q = queue_now();
	ck_assert_uint_eq(q->count, 1);
	ck_assert_str_eq(q->items[0].run, b);
	bn_queue_free(q);
	bool cancelled = true;
	ck_assert_bn_ok(bn_queue_cancel(w.ws, a, &cancelled, &err), &err);
	ck_assert(!cancelled);
	/* One that is about to start is asked, not cancelled. */
	bn_supervisor_lock lock;
	bool fresh = false;
	ck_assert_bn_ok(bn_supervisor_claim(&lock, &fresh, w.ws, b, &err), &err);
	ck_assert(fresh);
	ck_assert_bn_ok(bn_launch_stop(w.ws, b, &how, &err), &err);
	ck_assert_int_eq(how, BN_CANCEL_ASKED);
	ck_assert_int_eq(status_of(b, NULL), BN_RUN_QUEUED);
	bn_supervisor_release(&lock);
	track_remove(&w);
}
END_TEST

START_TEST(test_queue_of_another_host_is_seen_and_left_alone)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "far", .kind = "command", .title = "true"};
	bn_names names = BN_NAMES_INIT;
	bn_queue *q = NULL;
	bool waits = true;
	make();
	ck_assert_bn_ok(bn_run_id_new(&w.env.env, id, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(w.ws, id, &about, &err), &err);
	ck_assert_bn_ok(bn_runlog_queued(w.ws, id, "ann@far-node", 3, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	q = queue_now();
	ck_assert_uint_eq(q->count, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_waits(&waits, w.ws, id, &err), &err);
	ck_assert(!waits);
	ck_assert_bn_ok(bn_queue_names(&names, w.ws, &err), &err);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.items[1], "ann@far-node");
	ck_assert_bn_ok(bn_queue_read(&q, w.ws, "ann@far-node", 0, &err), &err);
	ck_assert(!q->own);
	ck_assert_uint_eq(q->waiting, 1);
	ck_assert_int_eq(q->items[0].cores, 3);
	bn_queue_free(q);
	bn_names_release(&names);
	track_remove(&w);
}
END_TEST

START_TEST(test_queue_of_one_user_hears_no_other_user)
{
	static town t;
	char own[BN_QUEUE_NAME], entity[BN_QUEUE_NAME + 8], id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "anns", .kind = "command", .title = "true"};
	bn_queue *q = NULL;
	town_make(&t, classes);
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

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* A process that queues n runs, each of which adds a line to the file `ran` and one to runs/<id>. */
static pid_t fork_adder(const char *program, int n, int who, const char *more)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	bn_workspace *ws = open_again();
	for (int i = 0; i < n; i++) {
		char id[BN_RUN_ID_TEXT], script[300];
		bn_err e = BN_ERR_INIT;
		snprintf(script, sizeof script,
			"echo %d %d >>ran; echo >>\"$BINNACLE_RUN_DIR/times\"; %s", who, i, more);
		if (try_add(ws, program, script, 1, 0, id, &e) < 0) {
			fprintf(stderr, "adder: %s\n", e.msg);
			_exit(1);
		}
	}
	bn_workspace_close(ws);
	_exit(0);
}

/* As a later verb does: wakes the queue and looks, until nothing waits or runs. */
static void wait_empty(const char *program, int seconds)
{
	for (int i = 0; i < seconds * 50; i++) {
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_reconcile(w.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_queue_wake(w.ws, program, &err), &err);
		bn_run_counts c;
		ck_assert_bn_ok(bn_run_count(&c, w.ws, &err), &err);
		if (c.by_status[BN_RUN_QUEUED] + c.by_status[BN_RUN_RUNNING] == 0)
			return;
		pause_ms(20);
	}
	ck_abort_msg("runs still wait after %d s", seconds);
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
	int finished, lost, scheduled, total;
} tally;

/* Every run's state says what became of it: none ran twice, a finished one ran. */
static tally check_states(void)
{
	tally t = {0, 0, 0, 0};
	sqlite3_stmt *st = NULL;
	sqlite3 *db = bn_workspace_index(w.ws);
	ck_assert_int_eq(
		sqlite3_prepare_v2(db, "SELECT lower(hex(id)), status FROM run", -1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(st, 0);
		const char *status = (const char *)sqlite3_column_text(st, 1);
		bn_dir *dir = NULL;
		size_t times = 0;
		if (bn_run_dir_open(&dir, w.ws, id, NULL) == 0)
			times = lines_of(dir, "times");
		bn_dir_close(dir);
		t.total++;
		ck_assert_msg(times <= 1, "run %s was started %zu times", id, times);
		if (!strcmp(status, "FINISHED")) {
			t.finished++;
			ck_assert_msg(times == 1, "run %s FINISHED, and never ran", id);
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

START_TEST(test_queue_runs_all_in_order_two_at_a_time)
{
	enum { WHO = 4, EACH = 6 };
	NEED_PROGRAM();
	pid_t adders[WHO];
	int last[WHO] = {-1, -1, -1, -1};
	make();
	set_limits(64, 0, 1);
	for (int i = 0; i < WHO; i++)
		adders[i] = fork_adder(program, EACH, i, "");
	for (int i = 0; i < WHO; i++) {
		int status = -1;
		ck_assert_int_eq(waitpid(adders[i], &status, 0), adders[i]);
		ck_assert_int_eq(status, 0);
	}
	wait_empty(program, 60);
	tally t = check_states();
	ck_assert_int_eq(t.finished, WHO * EACH);
	ck_assert_int_eq(t.total, WHO * EACH);
	/* One at a time, so the file has the order in which they started. */
	char *path = bn_path_join(w.dir.path, "ran");
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(&w.env.env, path, &b, &err), &err);
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
	track_remove(&w);
}
END_TEST

START_TEST(test_queue_never_runs_more_than_the_limit)
{
	NEED_PROGRAM();
	char ids[12][BN_RUN_ID_TEXT];
	make();
	set_limits(64, 0, 3);
	for (int i = 0; i < 12; i++)
		add(program, "mkdir slot-$$; ls -d slot-* | wc -l >>most; sleep 0.1; rmdir slot-$$",
			1, ids[i]);
	wait_empty(program, 60);
	ck_assert_int_eq(status_of(ids[11], NULL), BN_RUN_FINISHED);
	char *path = bn_path_join(w.dir.path, "most");
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(&w.env.env, path, &b, &err), &err);
	int most = 0, seen, used;
	for (const char *at = b.ptr; sscanf(at, "%d%n", &seen, &used) == 1; at += used)
		most = seen > most ? seen : most;
	ck_assert_int_le(most, 3);
	bn_buf_release(&b);
	bn_free(path);
	track_remove(&w);
}
END_TEST

/* The process that holds the queue's lock, as its file says; 0 without one. */
static pid_t runner_pid(void)
{
	char own[BN_QUEUE_NAME];
	bn_queue_own_name(own, &w.env.env);
	char *path = bn_strf("%s/.binnacle/queue/%s/runner", w.dir.path, own);
	bn_buf b = BN_BUF_INIT;
	pid_t pid = 0;
	if (bn_fs_read_file(&w.env.env, path, &b, NULL) == 0)
		pid = (pid_t)atoi(b.ptr);
	bn_buf_release(&b);
	bn_free(path);
	return pid > 1 && bn_process_is_alive(pid, 0) ? pid : 0;
}

/* A supervisor of the queue, or 0. */
static pid_t supervisor_pid(unsigned pick)
{
	bn_queue *q = queue_now();
	pid_t pid = 0;
	for (size_t i = 0; i < q->count && !pid; i++) {
		bn_supervisor s;
		if (bn_supervisor_find(&s, w.ws, q->items[(i + pick) % q->count].run, &err) == 0 &&
			s.state == BN_SUPERVISOR_ALIVE)
			pid = s.pid;
	}
	bn_queue_free(q);
	return pid;
}

START_TEST(test_queue_loses_and_repeats_nothing_when_its_runner_is_killed_at_each_moment)
{
	NEED_PROGRAM();
	int killed = 0;
	for (int i = 0; i < 8; i++) {
		char id[BN_RUN_ID_TEXT];
		make();
		set_limits(64, 0, 1);
		for (int k = 0; k < 3; k++)
			add(program, "echo >>\"$BINNACLE_RUN_DIR/times\"", 1, id);
		pause_ms(i * 5);
		pid_t pid = runner_pid();
		killed += pid && kill(pid, SIGKILL) == 0;
		wait_empty(program, 60);
		tally t = check_states();
		ck_assert_int_eq(t.finished, 3);
		track_remove(&w);
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
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_count(&c, w.ws, &err), &err);
	return c.by_status[BN_RUN_QUEUED] + c.by_status[BN_RUN_RUNNING] == 0;
}

START_TEST(test_queue_loses_and_repeats_nothing_when_anything_is_killed)
{
	enum { WHO = 8 };
	NEED_PROGRAM();
	pid_t adders[WHO];
	unsigned seed = (unsigned)getpid();
	int each = storm_runs() / WHO, kills[3] = {0, 0, 0}, given_up = 0;
	make();
	set_limits(64, 0, 2);
	for (int i = 0; i < WHO; i++)
		adders[i] = fork_adder(program, each, i, "");
	/* A runner that is killed whenever it has begun never gets to start one: so many, and no more. */
	for (int i = 0; adders_live(adders, WHO, &given_up) || (i < each * WHO && !is_empty_now());
		i++) {
		unsigned r = (unsigned)rand_r(&seed), what = i == 8 ? 2 : r % 2;
		pid_t pid = i >= each * WHO ? 0
			    : what == 2     ? adders[1]
			    : what          ? runner_pid()
					    : supervisor_pid(r);
		kills[what] += pid > 1 && kill(pid, SIGKILL) == 0;
		if (r % 4 == 0) /* a verb comes by */
			ck_assert_bn_ok(bn_queue_wake(w.ws, program, &err), &err);
		pause_ms(r / 8 % 60);
	}
	wait_empty(program, 120);
	tally t = check_states();
	ck_assert_int_le(given_up, kills[2]);
	ck_assert_int_ge(t.total, (WHO - given_up) * each);
	ck_assert_int_le(t.total, WHO * each);
	ck_assert_int_le(t.lost, kills[0]);
	ck_assert_int_le(t.scheduled, given_up);
	printf("NOTE: %d runs, %d runners, %d supervisors, %d adders killed: %d finished, %d LOST, "
	       "none twice\n",
		t.total, kills[1], kills[0], kills[2], t.finished, t.lost);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/launch/queue", test_queue_keeps_the_order_of_the_calls_when_clocks_are_set_back,
	test_queue_refuses_what_can_never_start_and_passes_over_what_no_longer_can,
	test_queue_a_waiting_run_is_not_lost_however_long_it_waits,
	test_queue_cancels_what_waits_and_nothing_else,
	test_queue_of_another_host_is_seen_and_left_alone,
	test_queue_of_one_user_hears_no_other_user, test_queue_runs_all_in_order_two_at_a_time,
	test_queue_never_runs_more_than_the_limit,
	test_queue_loses_and_repeats_nothing_when_its_runner_is_killed_at_each_moment,
	test_queue_loses_and_repeats_nothing_when_anything_is_killed)
