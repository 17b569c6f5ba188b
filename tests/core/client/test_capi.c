/* The public C library, used like a simulation uses it. */
#include "core/base/mem.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "share/include/binnacle.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static binnacle_run *open_run(const char *name)
{
	unsetenv("BINNACLE_RUN_ID");
	track_make(&w);
	binnacle_options opt = {.workspace = w.dir.path, .name = name};
	binnacle_run *run = binnacle_run_open(&opt);
	ck_assert_msg(run != NULL, "%s", binnacle_last_error());
	return run;
}

static bn_run_info *get(const char *id)
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
	return r;
}

START_TEST(test_capi_logs_a_run_from_start_to_end)
{
	char id[BN_RUN_ID_TEXT];
	bn_points p;
	bn_pairs params;
	binnacle_run *run = open_run("sim");
	snprintf(id, sizeof id, "%s", binnacle_run_id(run));
	ck_assert_int_eq(binnacle_log_param(run, "dt", "1e-3"), 0);
	ck_assert_int_eq(binnacle_log_tag(run, "code", "x"), 0);
	for (int i = 0; i < 10000; i++) {
		ck_assert_int_eq(binnacle_log_metric(run, "energy", i * 0.5, i), 0);
		ck_assert_int_eq(binnacle_log_metric(run, "error", i == 7 ? NAN : 1.0 / i, i), 0);
	}
	ck_assert_int_eq(binnacle_run_flush(run), 0);
	bn_run_info *r = get(id);
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	ck_assert_str_eq(r->kind, "api");
	bn_run_info_free(r);
	ck_assert_str_eq(binnacle_run_error(run), "");
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	r = get(id);
	ck_assert_int_eq(r->status, BN_RUN_FINISHED);
	ck_assert_str_eq(r->name, "sim");
	bn_run_info_free(r);
	ck_assert_bn_ok(bn_series_read(&p, w.ws, id, "energy", &err), &err);
	ck_assert_uint_eq(p.count, 10000);
	ck_assert_double_eq(p.value[9999], 9999 * 0.5);
	bn_points_release(&p);
	ck_assert_bn_ok(bn_run_params(&params, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&params, "dt"), "1e-3");
	bn_pairs_release(&params);
	track_remove(&w);
}
END_TEST

typedef struct thread_arg {
	binnacle_run *run;
	int number;
} thread_arg;

#define THREADS 4
#define EACH 20000

static void *log_many(void *arg)
{
	thread_arg *a = arg;
	char key[32];
	snprintf(key, sizeof key, "rank/%d", a->number);
	for (int i = 0; i < EACH; i++) {
		binnacle_log_metric(a->run, key, i, i);
		if (i % 5000 == 0) {
			binnacle_run_flush(a->run);
			binnacle_log_tag(a->run, key, "on");
			binnacle_run_error(a->run);
		}
	}
	return NULL;
}

START_TEST(test_capi_may_be_called_from_many_threads_and_loses_nothing)
{
	char id[BN_RUN_ID_TEXT];
	pthread_t threads[THREADS];
	thread_arg args[THREADS];
	bn_series_list l;
	binnacle_run *run = open_run("threads");
	snprintf(id, sizeof id, "%s", binnacle_run_id(run));
	for (int i = 0; i < THREADS; i++) {
		args[i] = (thread_arg){run, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_many, &args[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	bn_run_info_free(get(id));
	ck_assert_bn_ok(bn_series_find_all(&l, w.ws, id, &err), &err);
	ck_assert_uint_eq(l.count, THREADS);
	for (size_t i = 0; i < l.count; i++)
		ck_assert_int_eq(l.items[i].count, EACH);
	bn_series_list_release(&l);
	track_remove(&w);
}
END_TEST

/* The clock of the run's creator is an hour ahead. */
START_TEST(test_capi_writes_behind_the_creation_of_a_run_that_it_attaches_to)
{
	char id[BN_RUN_ID_TEXT];
	bn_pairs params;
	bn_run_created birth = {.name = "ahead", .kind = "command", .title = "x"};
	snprintf(id, sizeof id, "%s", track_id(7));
	track_make(&w);
	w.env.clock_ns = bn_env_now_ns(bn_env_real()) + 3600 * (int64_t)1000000000;
	w.env.clock_step_ns = 1000000;
	ck_assert_bn_ok(bn_runlog_created(w.ws, id, &birth, &err), &err);
	ck_assert_bn_ok(bn_run_clock_leave(w.ws, id, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	binnacle_options opt = {.workspace = w.dir.path, .run_id = id};
	binnacle_run *run = binnacle_run_open(&opt);
	ck_assert_msg(run != NULL, "%s", binnacle_last_error());
	ck_assert_int_eq(binnacle_log_param(run, "dt", "1e-3"), 0);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	bn_run_info_free(get(id));
	ck_assert_bn_ok(bn_run_params(&params, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&params, "dt"), "1e-3");
	bn_pairs_release(&params);
	track_remove(&w);
}
END_TEST

START_TEST(test_capi_refuses_bad_keys_and_says_so_later)
{
	binnacle_run *run = open_run("bad");
	ck_assert_int_lt(binnacle_log_metric(run, "a=b", 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(binnacle_run_error(run), "a=b"));
	ck_assert_str_eq(binnacle_run_error(run), "");
	ck_assert_int_lt(binnacle_log_param(run, "", "x"), 0);
	binnacle_run_error(run);
	ck_assert_int_lt(binnacle_log_artifact(run, "/no/such/file", NULL), 0);
	ck_assert_ptr_nonnull(strstr(binnacle_run_error(run), "/no/such/file"));
	ck_assert_int_eq(binnacle_run_close(run, 3), 0);
	track_remove(&w);
}
END_TEST

START_TEST(test_capi_refuses_another_value_of_a_parameter_and_writes_nothing_of_it)
{
	char id[BN_RUN_ID_TEXT], key[20], text[200];
	bn_pairs params;
	binnacle_run *run = open_run("once");
	snprintf(id, sizeof id, "%s", binnacle_run_id(run));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 1000; i++) {
			snprintf(key, sizeof key, "p%d", i);
			ck_assert_int_eq(binnacle_log_param(run, key, "0.1"), 0);
		}
		ck_assert_int_eq(binnacle_log_param(run, "p7", "0.2"), BN_ECONFLICT);
		snprintf(text, sizeof text, "%s", binnacle_run_error(run));
		ck_assert_ptr_nonnull(strstr(text, "parameter 'p7' is '0.1' already"));
		ck_assert_int_eq(binnacle_run_flush(run), 0);
	}
	ck_assert_int_eq(binnacle_log_tag(run, "p7", "a"), 0);
	ck_assert_int_eq(binnacle_log_tag(run, "p7", "b"), 0);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	bn_run_info_free(get(id));
	ck_assert_bn_ok(bn_run_params(&params, w.ws, id, &err), &err);
	ck_assert_uint_eq(params.count, 1000);
	bn_pairs_release(&params);
	ck_assert_int_eq(bn_sql_int(bn_workspace_index(w.ws), -1,
				 "SELECT count(*) FROM event WHERE outcome = ?", "i",
				 (int64_t)BN_OUTCOME_INVALID),
		0);
	track_remove(&w);
}
END_TEST

START_TEST(test_capi_without_a_workspace_does_nothing_and_says_why)
{
	unsetenv("BINNACLE_RUN_ID");
	binnacle_options opt = {.workspace = "/nonexistent"};
	binnacle_run *run = binnacle_run_open(&opt);
	ck_assert_ptr_null(run);
	ck_assert_str_ne(binnacle_last_error(), "");
	ck_assert_int_eq(binnacle_log_metric(run, "x", 1, 0), 0);
	ck_assert_int_eq(binnacle_log_param(run, "x", "y"), 0);
	ck_assert_int_eq(binnacle_run_flush(run), 0);
	ck_assert_str_eq(binnacle_run_id(run), "");
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
}
END_TEST

START_TEST(test_capi_what_was_flushed_survives_kill_9)
{
	char id[BN_RUN_ID_TEXT] = "";
	int fd[2];
	bn_points p;
	unsetenv("BINNACLE_RUN_ID");
	track_make(&w);
	ck_assert_int_eq(pipe(fd), 0);
	pid_t pid = fork();
	if (pid == 0) {
		binnacle_options opt = {.workspace = w.dir.path, .name = "victim"};
		binnacle_run *run = binnacle_run_open(&opt);
		for (int i = 0; i < 1000; i++)
			binnacle_log_metric(run, "x", i, i);
		if (binnacle_run_flush(run) != 0 || write(fd[1], binnacle_run_id(run), 33) != 33)
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(read(fd[0], id, 33), 33);
	waitpid(pid, NULL, 0);
	bn_run_info_free(get(id));
	ck_assert_bn_ok(bn_series_read(&p, w.ws, id, "x", &err), &err);
	ck_assert_uint_eq(p.count, 1000);
	bn_points_release(&p);
	track_remove(&w);
}
END_TEST

/* Limits the size of files, as on a full disk; or removes the limit. */
static void fill_disk(bool full)
{
	static struct rlimit before;
	if (full) {
		signal(SIGXFSZ, SIG_IGN);
		ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){16, before.rlim_max}), 0);
	} else {
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	}
}

/* Waits until the writer thread has failed. */
static void wait_for_failure(binnacle_run *run)
{
	int i = 0;
	while (!binnacle_run_error(run)[0] && i++ < 600)
		nanosleep(&(struct timespec){0, 50000000}, NULL);
	ck_assert_int_lt(i, 600);
}

static int64_t points_of(const char *id, const char *key)
{
	bn_points p;
	ck_assert_bn_ok(bn_series_read(&p, w.ws, id, key, &err), &err);
	int64_t n = (int64_t)p.count;
	bn_points_release(&p);
	return n;
}

START_TEST(test_capi_keeps_what_a_full_disk_refuses_and_writes_it_later)
{
	char id[BN_RUN_ID_TEXT];
	bn_pairs params;
	binnacle_run *run = open_run("full");
	snprintf(id, sizeof id, "%s", binnacle_run_id(run));
	fill_disk(true);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(binnacle_log_metric(run, "loss", 0.5, i), 0);
	ck_assert_int_eq(binnacle_log_param(run, "lr", "0.1"), 0);
	wait_for_failure(run);
	ck_assert_int_eq(binnacle_log_metric(run, "loss", 0.5, 100), 0);
	ck_assert_int_lt(binnacle_run_flush(run), 0);
	ck_assert_int_lt(binnacle_run_flush(run), 0);
	fill_disk(false);
	ck_assert_int_eq(binnacle_run_flush(run), 0);
	bn_run_info_free(get(id));
	ck_assert_int_eq(points_of(id, "loss"), 101);
	ck_assert_str_ne(binnacle_run_error(run), "");
	ck_assert_int_eq(binnacle_log_metric(run, "loss", 0.5, 101), 0);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	bn_run_info *r = get(id);
	ck_assert_int_eq(r->status, BN_RUN_FINISHED);
	bn_run_info_free(r);
	ck_assert_int_eq(points_of(id, "loss"), 102);
	ck_assert_bn_ok(bn_run_params(&params, w.ws, id, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&params, "lr"), "0.1");
	bn_pairs_release(&params);
	track_remove(&w);
}
END_TEST

START_TEST(test_capi_close_on_a_full_disk_says_so)
{
	binnacle_run *run = open_run("full");
	fill_disk(true);
	ck_assert_int_eq(binnacle_log_metric(run, "loss", 0.5, 1), 0);
	wait_for_failure(run);
	ck_assert_int_lt(binnacle_run_close(run, 0), 0);
	fill_disk(false);
	track_remove(&w);
}
END_TEST

START_TEST(test_capi_counts_what_it_drops_when_the_disk_stays_full)
{
	enum { POINTS = (8 << 20) + 5000 }; /* more than the library accepts and queues */
	binnacle_run *run = open_run("full");
	int64_t refused = 0;
	fill_disk(true);
	ck_assert_int_eq(binnacle_log_metric(run, "loss", 0, 0), 0);
	wait_for_failure(run);
	for (int i = 1; i < POINTS && refused < 5000; i++)
		refused += binnacle_log_metric(run, "loss", 0, i) < 0;
	ck_assert_int_gt(refused, 0);
	ck_assert_int_lt(binnacle_run_flush(run), 0);
	fill_disk(false);
	ck_assert_int_lt(binnacle_run_flush(run), 0);
	ck_assert_int_eq(binnacle_run_flush(run), 0);
	ck_assert_int_lt(binnacle_run_close(run, 0), 0);
	track_remove(&w);
}
END_TEST

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

START_TEST(test_capi_logging_a_point_is_cheap)
{
	enum { BATCHES = 10000, EACH_BATCH = 100 };
	static double ns[BATCHES];
	double sum = 0;
	binnacle_run *run = open_run("fast");
	for (int b = 0; b < BATCHES; b++) {
		double start = seconds();
		for (int i = 0; i < EACH_BATCH; i++)
			binnacle_log_metric(run, i & 1 ? "loss" : "energy", i * 1e-3,
				(b * EACH_BATCH + i) >> 1);
		ns[b] = (seconds() - start) * 1e9 / EACH_BATCH;
	}
	for (int b = 0; b < BATCHES; b++)
		sum += ns[b];
	qsort(ns, BATCHES, sizeof *ns, double_cmp);
	printf("NOTE: binnacle_log_metric: median %.0f ns a call, mean %.0f, p99 %.0f, of %d "
	       "batches of "
	       "%d\n",
		ns[BATCHES / 2], sum / BATCHES, ns[BATCHES * 99 / 100], BATCHES, EACH_BATCH);
	ck_assert_int_eq(binnacle_run_close(run, 0), 0);
	double start = seconds();
	track_sync(&w);
	printf("NOTE: %d points folded into the index in %.2f s\n", BATCHES * EACH_BATCH,
		seconds() - start);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/client/capi", test_capi_logs_a_run_from_start_to_end,
	test_capi_may_be_called_from_many_threads_and_loses_nothing,
	test_capi_writes_behind_the_creation_of_a_run_that_it_attaches_to,
	test_capi_refuses_bad_keys_and_says_so_later,
	test_capi_refuses_another_value_of_a_parameter_and_writes_nothing_of_it,
	test_capi_without_a_workspace_does_nothing_and_says_why,
	test_capi_what_was_flushed_survives_kill_9,
	test_capi_keeps_what_a_full_disk_refuses_and_writes_it_later,
	test_capi_close_on_a_full_disk_says_so,
	test_capi_counts_what_it_drops_when_the_disk_stays_full, test_capi_logging_a_point_is_cheap)
