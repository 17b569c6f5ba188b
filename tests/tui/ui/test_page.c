/* Pages from worker threads: order, cancelling, errors, shutdown. Also for TSan. */
#include "tui/ui/page.h"

#include "tests/support/check_main.h"

#include <string.h>
#include <time.h>

typedef struct world {
	atomic_int opened, closed, woken, ran;
	bool refuse;
} world;

static int open_lane(void **context, bn_lane lane, void *user, bn_err *err)
{
	world *w = user;
	(void)lane;
	if (w->refuse)
		return bn_err_set(err, BN_ENOTFOUND, "no workspace here");
	atomic_fetch_add(&w->opened, 1);
	*context = w;
	return 0;
}

static void close_lane(void *context, bn_lane lane, void *user)
{
	(void)lane;
	(void)user;
	atomic_fetch_add(&((world *)context)->closed, 1);
}

static void wake(void *user)
{
	atomic_fetch_add(&((world *)user)->woken, 1);
}

static bn_loader *loader_make(world *w)
{
	bn_loader *l = NULL;
	bn_loader_hooks h = {open_lane, close_lane, wake, w};
	ck_assert_int_eq(bn_loader_new(&l, &h, NULL), 0);
	return l;
}

static int number_page(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	(void)job;
	(void)err;
	atomic_fetch_add(&((world *)context)->ran, 1);
	int *copy = bn_arena_alloc(&page->arena, sizeof *copy);
	*copy = *(const int *)arg;
	page->data = copy;
	return 0;
}

static int endless_page(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	(void)arg;
	(void)page;
	atomic_fetch_add(&((world *)context)->ran, 1);
	bn_job_progress(job, 1, 2);
	while (!bn_job_is_cancelled(job))
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	return bn_err_set(err, BN_EINTR, "stopped");
}

START_TEST(test_page_come_in_order_with_what_was_asked)
{
	world w = {.refuse = false};
	bn_loader *l = loader_make(&w);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_ne(
			bn_loader_submit(l, BN_LANE_QUICK, 7, i, number_page, &i, sizeof i), 0);
	uint64_t last = 0;
	for (int i = 0; i < 100; i++) {
		bn_loader_wait(l);
		bn_page *p = bn_loader_take(l);
		ck_assert_ptr_nonnull(p);
		ck_assert_int_eq(*(int *)p->data, i);
		ck_assert_int_eq(p->kind, i);
		ck_assert_uint_eq(p->owner, 7);
		ck_assert_uint_gt(p->serial, last);
		last = p->serial;
		bn_page_free(p);
	}
	ck_assert_int_eq(bn_loader_busy(l), 0);
	ck_assert_ptr_null(bn_loader_take(l));
	bn_loader_free(l);
	ck_assert_int_eq(atomic_load(&w.opened), 1); /* the other lane was not needed */
	ck_assert_int_eq(atomic_load(&w.closed), 1);
	ck_assert_int_ge(atomic_load(&w.woken), 1);
}
END_TEST

START_TEST(test_page_a_scan_never_delays_a_quick_answer)
{
	world w = {.refuse = false};
	bn_loader *l = loader_make(&w);
	int seven = 7;
	int64_t done = 0, total = 0;
	bn_loader_submit(l, BN_LANE_SCAN, 1, 0, endless_page, NULL, 0);
	bn_loader_submit(l, BN_LANE_QUICK, 1, 1, number_page, &seven, sizeof seven);
	bn_page *p = NULL;
	while (!(p = bn_loader_take(l)))
		bn_loader_wait(l);
	ck_assert_int_eq(*(int *)p->data, 7);
	bn_page_free(p);
	while (!bn_loader_progress(l, &done, &total))
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	ck_assert_int_eq(total, 2);
	ck_assert_int_eq(bn_loader_cancel(l, 1, -1), 1);
	bn_loader_wait(l);
	while (bn_loader_busy(l) > 0)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	ck_assert_ptr_null(bn_loader_take(l)); /* a cancelled page is not delivered */
	bn_loader_free(l);
}
END_TEST

START_TEST(test_page_cancel_takes_only_the_owners_and_kinds_named)
{
	world w = {.refuse = false};
	bn_loader *l = loader_make(&w);
	int one = 1, got = 0;
	bn_loader_submit(l, BN_LANE_SCAN, 1, 0, endless_page, NULL, 0); /* occupies the lane */
	for (int kind = 0; kind < 3; kind++) {
		bn_loader_submit(l, BN_LANE_SCAN, 2, kind, number_page, &one, sizeof one);
		bn_loader_submit(l, BN_LANE_SCAN, 3, kind, number_page, &one, sizeof one);
	}
	ck_assert_int_eq(bn_loader_cancel(l, 2, 1), 1);
	ck_assert_int_eq(bn_loader_cancel(l, 3, -1), 3);
	bn_loader_cancel(l, 1, -1);
	while (bn_loader_busy(l) > 0) {
		bn_loader_wait(l);
		bn_page *p = bn_loader_take(l);
		if (!p)
			continue;
		ck_assert_uint_eq(p->owner, 2);
		ck_assert_int_ne(p->kind, 1);
		bn_page_free(p);
		got++;
	}
	ck_assert_int_eq(got, 2);
	bn_loader_free(l);
}
END_TEST

START_TEST(test_page_carries_the_error_of_a_lane_that_cannot_open)
{
	world w = {.refuse = true};
	bn_loader *l = loader_make(&w);
	int one = 1;
	bn_loader_submit(l, BN_LANE_QUICK, 1, 0, number_page, &one, sizeof one);
	bn_loader_wait(l);
	bn_page *p = bn_loader_take(l);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(p->data);
	ck_assert_str_eq(p->err.msg, "no workspace here");
	bn_page_free(p);
	bn_loader_free(l);
	ck_assert_int_eq(atomic_load(&w.closed), 0);
}
END_TEST

START_TEST(test_page_leaving_in_the_middle_leaks_nothing)
{
	for (int round = 0; round < 20; round++) {
		world w = {.refuse = false};
		bn_loader *l = loader_make(&w);
		int one = 1;
		bn_loader_submit(l, BN_LANE_SCAN, 1, 0, endless_page, NULL, 0);
		for (int i = 0; i < 20; i++)
			bn_loader_submit(l, (bn_lane)(i % 2), 1, i, number_page, &one, sizeof one);
		bn_loader_free(l);
		ck_assert_int_eq(atomic_load(&w.opened), atomic_load(&w.closed));
	}
}
END_TEST

BN_TEST_MAIN("tui/ui/page", test_page_come_in_order_with_what_was_asked,
	test_page_a_scan_never_delays_a_quick_answer,
	test_page_cancel_takes_only_the_owners_and_kinds_named,
	test_page_carries_the_error_of_a_lane_that_cannot_open,
	test_page_leaving_in_the_middle_leaks_nothing)
