/* Jobs without a screen: states, results, cancelling, repeated requests, shutdown. Also for TSan. */
#include "tui/ui/job.h"

#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tui/ui/_work.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

typedef struct world {
	atomic_int opened, closed, woken, ran;
	atomic_bool hold, deaf; /* deaf: does not check for cancellation */
	bool refuse;
} world;

static int open_worker(void **context, bn_lane lane, void *user, bn_err *err)
{
	world *w = user;
	ck_assert_int_eq(lane, BN_LANE_JOB);
	if (w->refuse)
		return bn_err_set(err, BN_ENOTFOUND, "no workspace here");
	atomic_fetch_add(&w->opened, 1);
	*context = w;
	return 0;
}

static void close_worker(void *context, bn_lane lane, void *user)
{
	(void)lane;
	(void)user;
	atomic_fetch_add(&((world *)context)->closed, 1);
}

static void wake(void *user)
{
	atomic_fetch_add(&((world *)user)->woken, 1);
}

static bn_jobs *jobs_make(world *w)
{
	bn_jobs *j = NULL;
	bn_loader_hooks h = {open_worker, close_worker, wake, w};
	ck_assert_int_eq(bn_jobs_new(&j, &h, NULL), 0);
	return j;
}

static void nap(void)
{
	nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* Returns its argument, an int; works as long as w->hold. */
static int work(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	world *w = context;
	int n = *(const int *)arg;
	atomic_fetch_add(&w->ran, 1);
	bn_job_log(job, "number %d", n);
	bn_job_step(job, "counting", NULL, n, 100);
	while (atomic_load(&w->hold) && (atomic_load(&w->deaf) || !bn_job_is_cancelled(job)))
		nap();
	if (bn_job_is_cancelled(job) && !atomic_load(&w->deaf))
		return bn_err_set(err, BN_EINTR, "stopped");
	if (n < 0) {
		bn_err_set(err, BN_ECORRUPT, "minus %d", -n);
		bn_err_hint(err, "take another number");
		return BN_ECORRUPT;
	}
	int *copy = bn_arena_alloc(&page->arena, sizeof *copy);
	*copy = n;
	page->data = copy;
	return 0;
}

static uint64_t start(bn_jobs *j, const char *title, int n)
{
	bn_job_spec s = {.title = title, .fn = work, .arg = &n, .arg_bytes = sizeof n, .kind = 7};
	uint64_t id = bn_jobs_start(j, &s, 1000, NULL);
	ck_assert_uint_ne(id, 0);
	return id;
}

static bn_job_info info(bn_jobs *j, uint64_t id)
{
	bn_job_info i;
	ck_assert(bn_jobs_find(j, id, &i));
	return i;
}

static void until(bn_jobs *j, uint64_t id, bn_job_state state)
{
	while (info(j, id).state != state)
		nap();
}

static void settle(bn_jobs *j)
{
	while (bn_jobs_active(j) > 0)
		bn_jobs_wait(j);
	bn_jobs_pump(j, 5000);
}

START_TEST(test_job_progress_never_goes_back_within_a_step)
{
	bn_job job;
	bn_job_init(&job);
	bn_job_step(&job, "reading", "B", 60, 100);
	bn_job_step(&job, "reading", "B", 20, 100);
	ck_assert_int_eq(atomic_load(&job.done), 60);
	bn_job_step(&job, "reading", "B", 80, 100);
	ck_assert_int_eq(atomic_load(&job.done), 80);
	bn_job_step(&job, "writing", "B", 5, 100);
	ck_assert_int_eq(atomic_load(&job.done), 5);
	bn_job_release(&job);
}
END_TEST

START_TEST(test_job_gives_its_result_log_and_progress)
{
	world w = {.hold = true};
	bn_jobs *j = jobs_make(&w);
	char summary[64];
	bn_buf log = BN_BUF_INIT;
	uint64_t id = start(j, "count to 42", 42);
	while (info(j, id).done != 42)
		nap();
	bn_jobs_pump(j, 2000);
	bn_job_info i = info(j, id);
	ck_assert_int_eq(i.state, BN_JOB_RUNS);
	ck_assert_str_eq(i.title, "count to 42");
	ck_assert_str_eq(i.what, "counting");
	ck_assert_int_eq(i.total, 100);
	ck_assert_int_eq(i.asked_ms, 1000);
	ck_assert_int_eq(i.started_ms, 2000);
	ck_assert(!i.unread);
	ck_assert_ptr_null(bn_jobs_result(j, id)); /* only after it has ended */
	atomic_store(&w.hold, false);
	settle(j);
	i = info(j, id);
	ck_assert_int_eq(i.state, BN_JOB_DONE);
	ck_assert_int_eq(i.ended_ms, 5000);
	ck_assert(i.unread);
	bn_page *p = bn_jobs_result(j, id), *again = bn_jobs_result(j, id);
	ck_assert_ptr_eq(p, again);
	ck_assert_int_eq(*(int *)p->data, 42);
	ck_assert_int_eq(p->kind, 7);
	bn_jobs_mark_read(j, id);
	ck_assert(!info(j, id).unread);
	ck_assert_uint_eq(bn_jobs_log(j, id, &log), 1);
	ck_assert_str_eq(log.ptr, "number 42\n");
	bn_jobs_summary(j, id, summary, sizeof summary);
	ck_assert_str_eq(summary, "number 42");
	bn_jobs_forget(j, id);
	ck_assert(!bn_jobs_find(j, id, &i));
	ck_assert_int_eq(*(int *)p->data, 42); /* still being shown */
	bn_page_free(p);
	bn_page_free(again);
	bn_buf_release(&log);
	bn_jobs_free(j);
	ck_assert_int_eq(atomic_load(&w.opened), atomic_load(&w.closed));
	ck_assert_int_ge(atomic_load(&w.woken), 1);
}
END_TEST

START_TEST(test_job_that_fails_keeps_the_whole_error)
{
	world w = {.hold = false};
	bn_jobs *j = jobs_make(&w);
	uint64_t id = start(j, "bad", -3);
	settle(j);
	bn_job_info i = info(j, id);
	ck_assert_int_eq(i.state, BN_JOB_FAILED);
	ck_assert_int_eq(i.err.code, BN_ECORRUPT);
	ck_assert_str_eq(i.err.msg, "minus 3");
	ck_assert_str_eq(i.err.hint, "take another number");
	ck_assert(i.unread);
	ck_assert_ptr_null(bn_jobs_result(j, id));
	bn_jobs_free(j);
}
END_TEST

START_TEST(test_job_is_stopped_while_it_waits_and_while_it_runs)
{
	world w = {.hold = true};
	bn_jobs *j = jobs_make(&w);
	uint64_t ids[4];
	for (int i = 0; i < 4; i++)
		ids[i] = start(j, "hold", i);
	until(j, ids[1], BN_JOB_RUNS);
	ck_assert_int_eq(info(j, ids[2]).state, BN_JOB_WAITS); /* two at a time */
	ck_assert(bn_jobs_cancel(j, ids[3]));
	ck_assert_int_eq(info(j, ids[3]).state, BN_JOB_STOPPED); /* immediately */
	ck_assert(!bn_jobs_cancel(j, ids[3]));
	ck_assert(bn_jobs_cancel(j, ids[0]));
	until(j, ids[0], BN_JOB_STOPPED);
	until(j, ids[2], BN_JOB_RUNS); /* a slot is free now */
	ck_assert(!info(j, ids[0]).unread);
	ck_assert_ptr_null(bn_jobs_result(j, ids[0]));
	atomic_store(&w.hold, false);
	settle(j);
	ck_assert_int_eq(info(j, ids[2]).state, BN_JOB_DONE);
	ck_assert_int_eq(atomic_load(&w.ran), 3);
	bn_jobs_free(j);
}
END_TEST

START_TEST(test_job_that_had_finished_when_it_was_cancelled_is_done)
{
	world w = {.hold = true, .deaf = true};
	bn_jobs *j = jobs_make(&w);
	uint64_t id = start(j, "deaf", 5);
	until(j, id, BN_JOB_RUNS);
	ck_assert(bn_jobs_cancel(j, id));
	ck_assert_int_eq(info(j, id).state, BN_JOB_STOPPING);
	ck_assert(!bn_jobs_stop(j, 30)); /* gives up waiting for it */
	atomic_store(&w.hold, false);
	ck_assert(bn_jobs_stop(j, 10000));
	ck_assert_int_eq(info(j, id).state, BN_JOB_DONE);
	bn_page_free(bn_jobs_result(j, id));
	bn_jobs_free(j);
}
END_TEST

START_TEST(test_job_asked_for_twice_runs_once)
{
	world w = {.hold = true};
	bn_jobs *j = jobs_make(&w);
	uint64_t id = start(j, "same", 1);
	ck_assert_uint_eq(start(j, "same", 1), id);
	ck_assert_uint_ne(start(j, "same", 2), id);
	ck_assert_uint_ne(start(j, "another", 1), id);
	atomic_store(&w.hold, false);
	settle(j);
	ck_assert_int_eq(atomic_load(&w.ran), 3);
	ck_assert_uint_ne(start(j, "same", 1), id); /* the earlier one has ended */
	settle(j);
	bn_jobs_free(j);
}
END_TEST

START_TEST(test_job_ends_are_told_once_in_their_order)
{
	world w = {.hold = true};
	bn_jobs *j = jobs_make(&w);
	uint64_t a = start(j, "a", 1), b = start(j, "b", 2), c = start(j, "c", 3);
	ck_assert_uint_eq(bn_jobs_take_ended(j), 0);
	bn_jobs_cancel(j, c);
	ck_assert_uint_eq(bn_jobs_take_ended(j), c);
	ck_assert_uint_eq(bn_jobs_take_ended(j), 0);
	until(j, b, BN_JOB_RUNS);
	bn_jobs_cancel(j, b);
	until(j, b, BN_JOB_STOPPED);
	atomic_store(&w.hold, false);
	settle(j);
	ck_assert_uint_eq(bn_jobs_take_ended(j), b);
	ck_assert_uint_eq(bn_jobs_take_ended(j), a);
	ck_assert_uint_eq(bn_jobs_take_ended(j), 0);
	bn_jobs_free(j);
}
END_TEST

START_TEST(test_job_list_keeps_the_newest_and_those_that_nobody_read)
{
	world w = {.hold = false};
	bn_jobs *j = jobs_make(&w);
	uint64_t first = start(j, "first", 0), read = 0;
	bn_job_info i;
	size_t n = 0;
	settle(j);
	for (int k = 1; k <= BN_JOBS_KEPT + 10; k++) {
		uint64_t id = start(j, "more", k);
		settle(j);
		bn_jobs_mark_read(j, id);
		read = read ? read : id;
	}
	while (bn_jobs_get(j, n, &i))
		n++;
	ck_assert_uint_le(n, BN_JOBS_KEPT + 1);
	ck_assert(bn_jobs_find(j, first, &i)); /* it was not read */
	ck_assert(!bn_jobs_find(j, read, &i));
	ck_assert(bn_jobs_get(j, 0, &i));
	ck_assert_int_eq(i.done, BN_JOBS_KEPT + 10); /* newest first */
	bn_jobs_free(j);
}
END_TEST

static int chatter(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	(void)context;
	(void)arg;
	(void)page;
	(void)err;
	for (int i = 0; i < 1000; i++)
		bn_job_log(job, "line %d", i);
	return 0;
}

START_TEST(test_job_log_keeps_its_newest_lines)
{
	world w = {.hold = false};
	bn_jobs *j = jobs_make(&w);
	bn_buf log = BN_BUF_INIT;
	uint64_t id = bn_jobs_start(j, &(bn_job_spec){.title = "talk", .fn = chatter}, 0, NULL);
	settle(j);
	ck_assert_uint_eq(bn_jobs_log(j, id, &log), BN_JOB_LOG_LINES);
	ck_assert_ptr_nonnull(strstr(log.ptr, "line 999\n"));
	ck_assert_int_eq(strncmp(log.ptr, "line 800\n", 9), 0);
	bn_buf_release(&log);
	bn_jobs_free(j);
}
END_TEST

START_TEST(test_job_of_a_workspace_that_does_not_open_fails_with_its_words)
{
	world w = {.refuse = true};
	bn_jobs *j = jobs_make(&w);
	uint64_t id = start(j, "no", 1);
	settle(j);
	ck_assert_int_eq(info(j, id).state, BN_JOB_FAILED);
	ck_assert_str_eq(info(j, id).err.msg, "no workspace here");
	w.refuse = false; /* the next one tries to open it again */
	id = start(j, "yes", 1);
	settle(j);
	ck_assert_int_eq(info(j, id).state, BN_JOB_DONE);
	bn_jobs_free(j);
	ck_assert_int_eq(atomic_load(&w.opened), atomic_load(&w.closed));
}
END_TEST

START_TEST(test_job_leaving_in_the_middle_leaks_nothing)
{
	for (int round = 0; round < 20; round++) {
		world w = {.hold = true};
		bn_jobs *j = jobs_make(&w);
		for (int i = 0; i < 6; i++)
			start(j, "hold", i);
		bn_jobs_pump(j, 2000);
		bn_jobs_free(j);
		ck_assert_int_eq(atomic_load(&w.opened), atomic_load(&w.closed));
	}
}
END_TEST

BN_TEST_MAIN("tui/ui/job", test_job_progress_never_goes_back_within_a_step,
	test_job_gives_its_result_log_and_progress, test_job_that_fails_keeps_the_whole_error,
	test_job_is_stopped_while_it_waits_and_while_it_runs,
	test_job_that_had_finished_when_it_was_cancelled_is_done,
	test_job_asked_for_twice_runs_once, test_job_ends_are_told_once_in_their_order,
	test_job_list_keeps_the_newest_and_those_that_nobody_read,
	test_job_log_keeps_its_newest_lines,
	test_job_of_a_workspace_that_does_not_open_fails_with_its_words,
	test_job_leaving_in_the_middle_leaks_nothing)
