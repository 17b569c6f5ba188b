/* The thread of the logging client, fork, and several processes that log to one run. */
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "share/include/binnacle.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* The number of library threads in this process; *id is set to one of them. */
static int client_threads(int *id)
{
	int n = 0;
	struct dirent *e;
	DIR *tasks = opendir("/proc/self/task");
	ck_assert_ptr_nonnull(tasks);
	while ((e = readdir(tasks))) {
		char path[300], comm[32] = "";
		snprintf(path, sizeof path, "/proc/self/task/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		if (f && fgets(comm, sizeof comm, f) && !strcmp(comm, "binnacle\n")) {
			*id = atoi(e->d_name);
			n++;
		}
		if (f)
			fclose(f);
	}
	closedir(tasks);
	return n;
}

/* The kernel removes a joined thread from /proc a moment later. */
static int client_threads_left(void)
{
	int id = 0, n = client_threads(&id);
	for (int i = 0; n && i < 1000; i++) {
		pause_ms(10);
		n = client_threads(&id);
	}
	return n;
}

static long switches_of(int thread)
{
	char path[64], line[256];
	long n = -1;
	snprintf(path, sizeof path, "/proc/self/task/%d/status", thread);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
			break;
	fclose(f);
	return n;
}

static void make_world(void)
{
	unsetenv("BINNACLE_RUN_ID");
	track_make(&w);
}

/* A run created by another process. */
static const char *make_run(int n)
{
	bn_run_created created = {.name = "x", .kind = "command", .title = "x"};
	const char *id = track_id(n);
	ck_assert_bn_ok(bn_runlog_created(w.ws, id, &created, &err), &err);
	ck_assert_bn_ok(bn_run_clock_leave(w.ws, id, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	return id;
}

static binnacle_run *open_run(const char *id)
{
	binnacle_options opt = {.workspace = w.dir.path, .run_id = id};
	binnacle_run *run = binnacle_run_open(&opt);
	ck_assert_msg(run != NULL, "%s", binnacle_last_error());
	return run;
}

static int64_t points_of(const char *id, const char *key)
{
	bn_series_list l;
	int64_t n = 0;
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, id, &err), &err);
	for (size_t i = 0; i < l.count; i++)
		if (!strcmp(l.items[i].key, key))
			n = l.items[i].count;
	bn_series_list_release(&l);
	return n;
}

START_TEST(test_client_has_one_thread_for_all_its_runs)
{
	enum { RUNS = 3 };
	binnacle_run *runs[RUNS];
	int id = 0;
	make_world();
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(client_threads_left(), 0);
		for (int i = 0; i < RUNS; i++) {
			runs[i] = open_run(NULL);
			ck_assert_int_eq(client_threads(&id), 1);
			ck_assert_int_eq(binnacle_log_metric(runs[i], "x", i, 0), 0);
		}
		for (int i = 0; i < RUNS; i++) {
			ck_assert_int_eq(client_threads(&id), 1);
			ck_assert_int_eq(binnacle_run_close(runs[i], 0), 0);
		}
	}
	ck_assert_int_eq(client_threads_left(), 0);
	track_remove(&w);
}
END_TEST

START_TEST(test_client_has_no_thread_for_a_rank_that_logs_nothing)
{
	int id = 0;
	make_world();
	binnacle_run *run = open_run(make_run(1));
	ck_assert_int_eq(client_threads(&id), 0);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	run = open_run(track_id(1));
	ck_assert_int_eq(binnacle_log_tag(run, "a", "b"), 0);
	ck_assert_int_eq(client_threads(&id), 1);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	track_remove(&w);
}
END_TEST

/* A process that may not create threads (RLIMIT_NPROC, pids.max of a cgroup). */
static bool no_threads;
#ifndef __SANITIZE_THREAD__
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return no_threads ? EAGAIN : real(thread, attr, start, arg);
}

START_TEST(test_client_without_a_thread_writes_what_fills_its_memory)
{
	enum { N = 100000 }; /* several times the number that wakes the thread */
	make_world();
	binnacle_run *run = open_run(make_run(1));
	no_threads = true;
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(binnacle_log_metric(run, "x", i, i), 0);
	ck_assert_int_ge(points_of(track_id(1), "x"), N / 2);
	no_threads = false;
	ck_assert_ptr_nonnull(strstr(binnacle_run_error(run), "thread"));
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	ck_assert_int_eq(points_of(track_id(1), "x"), N);
	track_remove(&w);
}
END_TEST
#endif

START_TEST(test_client_writes_within_a_second_and_rests_when_nothing_is_logged)
{
	int id = 0, i = 0;
	make_world();
	binnacle_run *run = open_run(make_run(1));
	for (int round = 1; round <= 2; round++) {
		ck_assert_int_eq(binnacle_log_metric(run, "x", 1, round), 0);
		for (i = 0; points_of(track_id(1), "x") < round && i < 600; i++)
			pause_ms(50);
		ck_assert_int_lt(i, 600);
	}
	ck_assert_int_eq(client_threads(&id), 1);
	/* The segment is sealed a second or two later; then the thread must not wake up any
	 * more. */
	long before = -1, now = -2;
	for (i = 0; before != now && i < 20; i++) {
		before = switches_of(id);
		pause_ms(1500);
		now = switches_of(id);
	}
	ck_assert_int_lt(i, 20);
	ck_assert_int_eq(binnacle_log_metric(run, "x", 1, 3), 0);
	for (i = 0; points_of(track_id(1), "x") < 3 && i < 600; i++)
		pause_ms(50);
	ck_assert_int_lt(i, 600);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	track_remove(&w);
}
END_TEST

/* The child after fork; returns 0 if every call behaves as documented. */
static int child_of_fork(binnacle_run *run, const char *id)
{
	if (binnacle_log_metric(run, "x", 1, 1) >= 0 || binnacle_log_param(run, "p", "1") >= 0 ||
		binnacle_run_flush(run) >= 0 || binnacle_log_artifact(run, "/etc/hosts", "h") >= 0)
		return 1;
	if (!strstr(binnacle_run_error(run), "fork") || strcmp(binnacle_run_id(run), id) != 0)
		return 2;
	if (binnacle_run_close(run, 1) != 0)
		return 3;
	binnacle_options opt = {.workspace = w.dir.path, .run_id = id};
	if (!(run = binnacle_run_open(&opt)))
		return 4;
	if (binnacle_log_metric(run, "child", 2, 2) != 0 || binnacle_run_flush(run) != 0 ||
		binnacle_log_metric(run, "child", 3, 3) != 0)
		return 5;
	return binnacle_run_close(run, 0) == 0 ? 0 : 6;
}

START_TEST(test_client_child_of_fork_leaves_the_run_alone_and_may_open_it_itself)
{
#ifdef __SANITIZE_THREAD__
	BN_TEST_SKIP("ThreadSanitizer allows no thread after a fork of a program with threads");
#endif
	char id[BN_RUN_ID_TEXT];
	int status = -1;
	make_world();
	binnacle_run *run = open_run(NULL);
	snprintf(id, sizeof id, "%s", binnacle_run_id(run));
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(binnacle_log_metric(run, "x", 0, i), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(child_of_fork(run, id));
	ck_assert_int_eq(binnacle_log_metric(run, "x", 0, 10), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(binnacle_log_metric(run, "x", 0, 11), 0);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	ck_assert_int_eq(points_of(id, "x"), 12);
	ck_assert_int_eq(points_of(id, "child"), 2);
	bn_run_info *info = NULL;
	ck_assert_bn_ok(bn_run_get(&info, w.ws, id, &err), &err);
	ck_assert_int_eq(info->status, BN_RUN_FINISHED);
	bn_run_info_free(info);
	track_remove(&w);
}
END_TEST

START_TEST(test_client_lock_of_a_killed_program_is_not_held_by_its_child)
{
	char id[BN_RUN_ID_TEXT] = "";
	int told[2], stay[2];
	bn_supervisor s;
	make_world();
	ck_assert(pipe(told) == 0 && pipe(stay) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		binnacle_options opt = {.workspace = w.dir.path};
		binnacle_run *run = binnacle_run_open(&opt);
		char c;
		close(stay[1]);
		if (fork() == 0)
			_exit((int)read(stay[0], &c, 1));
		if (write(told[1], binnacle_run_id(run), 33) != 33)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(told[0], id, 33), 33);
	ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, id, geteuid(), &err), &err);
	ck_assert_int_eq(s.state, BN_SUPERVISOR_ALIVE);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* The kernel releases the lock of a killed process a moment after waitpid. */
	for (int k = 0; k < 300; k++, pause_ms(10)) {
		ck_assert_bn_ok(bn_supervisor_find(&s, w.ws, id, geteuid(), &err), &err);
		if (s.state != BN_SUPERVISOR_UNKNOWN)
			break;
	}
	ck_assert_int_eq(s.state, BN_SUPERVISOR_DEAD);
	close(stay[1]);
	track_remove(&w);
}
END_TEST

static atomic_bool enough;

static void *log_on(void *arg)
{
	binnacle_run *run = arg;
	int64_t n = 0;
	for (; !enough; n++) {
		if (binnacle_log_metric(run, n & 1 ? "a" : "b", 1, n) != 0)
			return NULL;
		if (n % 1000 == 0)
			binnacle_run_flush(run);
	}
	return run;
}

START_TEST(test_client_survives_forks_while_threads_log_and_flush)
{
	enum { THREADS = 3, FORKS = 200 };
	pthread_t threads[THREADS];
	void *fine = NULL;
	make_world();
	binnacle_run *run = open_run(NULL);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_on, run), 0);
	for (int i = 0; i < FORKS; i++) {
		int status = -1;
		pid_t pid = fork();
		if (pid == 0) {
			alarm(60); /* in case a lock is never released */
			_exit(binnacle_log_metric(run, "a", 1, 1) < 0 &&
						binnacle_run_close(run, 0) == 0
					? 0
					: 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	enough = true;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &fine);
		ck_assert_ptr_nonnull(fine);
	}
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	track_remove(&w);
}
END_TEST

/* Like the ranks of an MPI program. */
START_TEST(test_client_processes_log_to_one_run_each_in_a_slot_of_its_own)
{
	enum { RANKS = 4, POINTS = 5000 };
	pid_t pids[RANKS];
	char key[32];
	make_world();
	make_run(1);
	for (int rank = 0; rank < RANKS; rank++) {
		pids[rank] = fork();
		if (pids[rank] != 0)
			continue;
		binnacle_options opt = {.workspace = w.dir.path, .run_id = track_id(1)};
		binnacle_run *run = binnacle_run_open(&opt);
		snprintf(key, sizeof key, "rank/%d", rank);
		for (int i = 0; i < POINTS; i++)
			if (binnacle_log_metric(run, key, i, i) != 0)
				_exit(1);
		_exit(binnacle_run_close(run, 0) == 0 ? 0 : 1);
	}
	for (int rank = 0; rank < RANKS; rank++) {
		int status = -1;
		ck_assert_int_eq(waitpid(pids[rank], &status, 0), pids[rank]);
		ck_assert_int_eq(status, 0);
		snprintf(key, sizeof key, "rank/%d", rank);
		ck_assert_int_eq(points_of(track_id(1), key), POINTS);
	}
	track_remove(&w);
}
END_TEST

START_TEST(test_client_tells_a_thousand_keys_apart_in_any_order)
{
	enum { KEYS = 1000, ROUNDS = 20 };
	char key[32];
	make_world();
	binnacle_run *run = open_run(make_run(1));
	for (int i = 0; i < KEYS * ROUNDS; i++) {
		int k = i * 617 % KEYS;
		snprintf(key, sizeof key, "layer/%d/loss", k);
		ck_assert_int_eq(binnacle_log_metric(run, key, k, i), 0);
		if (i == KEYS * ROUNDS / 2)
			ck_assert_int_eq(binnacle_run_flush(run), 0);
	}
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	for (int k = 0; k < KEYS; k += 111) {
		snprintf(key, sizeof key, "layer/%d/loss", k);
		ck_assert_int_eq(points_of(track_id(1), key), ROUNDS);
	}
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/client/thread", test_client_has_one_thread_for_all_its_runs,
	test_client_has_no_thread_for_a_rank_that_logs_nothing,
#ifndef __SANITIZE_THREAD__
	test_client_without_a_thread_writes_what_fills_its_memory,
#endif
	test_client_writes_within_a_second_and_rests_when_nothing_is_logged,
	test_client_child_of_fork_leaves_the_run_alone_and_may_open_it_itself,
	test_client_lock_of_a_killed_program_is_not_held_by_its_child,
	test_client_survives_forks_while_threads_log_and_flush,
	test_client_processes_log_to_one_run_each_in_a_slot_of_its_own,
	test_client_tells_a_thousand_keys_apart_in_any_order)
