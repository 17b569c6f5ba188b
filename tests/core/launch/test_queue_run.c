/*
 * The local queue with the real program: the order in which runs start, how many at once, and that no run is lost
 * or run twice when runners, supervisors and queueing processes are killed with SIGKILL at any moment.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"
#include "core/run/run_dir.h"
#include "core/run/supervisor.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/queued.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;

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

/* Forks a process that queues n runs, each of which adds a line to the file `ran` and one to a file in runs/<id>. Their
 * ids are in the file line-<who>, in the order of the calls. */
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

/* The state of every run matches what happened: none ran twice, a finished one ran. */
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
			/* The process that queued it was killed before it could record that. */
			t.scheduled++;
			ck_assert_msg(!strcmp(status, "SCHEDULED") && times == 0, "run %s is %s",
				id, status);
		}
	}
	sqlite3_finalize(st);
	return t;
}

/* At most `most` of the runs in line were running at once, and each started after those before it: by the times in
 * run.started and run.finished, from the clocks of their supervisors. LOST runs are skipped, since they ended before
 * somebody noticed. Returns the number of runs checked. */
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

/* The same for the runs queued by one process, whatever others were between them. */
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
	/* Two runs did run at the same time. */
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
	/* One at a time, so the lines are in the order of starting. */
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

/* The number of runs in the stress test: `make check-all` sets 3000. */
static int storm_runs(void)
{
	const char *text = getenv("BINNACLE_QUEUE_RUNS");
	int n = text ? atoi(text) : 32;
	return n < 8 ? 8 : n;
}

/* Whether one of the processes is still running; counts those that failed in *given_up. */
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
	/* A runner killed as soon as it has started never starts a run, so the number of kills is limited. */
	for (int i = 0; adders_live(adders, WHO, &given_up) || (i < each * WHO && !is_empty_now());
		i++) {
		unsigned r = (unsigned)rand_r(&seed), what = i == 8 ? ADDER : r % ADDER;
		bn_supervisor s = {.pid = 0};
		if (what > RUNNER && what < ADDER)
			s = queued_supervised(r);
		const pid_t pids[] = {queued_runner(), s.pid, s.guard, s.child, adders[1]};
		pid_t pid = i >= each * WHO ? 0 : pids[what];
		kills[what] += pid > 1 && kill(pid, SIGKILL) == 0;
		if (r % 4 == 0) /* as any verb does */
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

BN_TEST_MAIN("core/launch/queue_run", test_queue_starts_them_in_line_two_at_a_time,
	test_queue_runs_all_in_order_one_at_a_time, test_queue_never_runs_more_than_the_limit,
	test_queue_loses_and_repeats_nothing_when_its_runner_is_killed_at_each_moment,
	test_queue_loses_and_repeats_nothing_when_anything_is_killed)
