/* Threads that work ahead and help: every task runs once, the lowest failure is reported, no thread is left. */
#include "core/base/crew.h"
#include "tests/support/check_main.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define TASKS 200

typedef struct tally {
	atomic_int done[TASKS];
	size_t fail_from; /* tasks from this one on fail */
} tally;

static int count(void *ctx, size_t i, bn_err *err)
{
	tally *t = ctx;
	atomic_fetch_add(&t->done[i], 1);
	return i >= t->fail_from ? bn_err_set(err, BN_EINVAL, "task %zu", i) : 0;
}

START_TEST(test_a_fan_does_every_task_once)
{
	for (size_t threads = 0; threads < 5; threads++) {
		bn_crew *c = NULL;
		bn_err err = BN_ERR_INIT;
		ck_assert_int_eq(bn_crew_new(&c, threads, &err), 0);
		for (size_t n = 0; n <= TASKS; n += 1 + n / 3) {
			tally t = {.fail_from = TASKS};
			ck_assert_int_eq(bn_crew_fan(c, n, count, &t, &err), 0);
			for (size_t i = 0; i < TASKS; i++)
				ck_assert_int_eq(atomic_load(&t.done[i]), i < n);
		}
		bn_crew_free(c);
	}
	tally t = {.fail_from = TASKS};
	ck_assert_int_eq(bn_crew_fan(NULL, 3, count, &t, NULL), 0);
	ck_assert_int_eq(atomic_load(&t.done[2]), 1);
}
END_TEST

START_TEST(test_the_lowest_task_that_fails_is_told)
{
	for (size_t threads = 0; threads < 5; threads++) {
		bn_crew *c = NULL;
		ck_assert_int_eq(bn_crew_new(&c, threads, NULL), 0);
		for (int times = 0; times < 200; times++) {
			bn_err err = BN_ERR_INIT;
			tally t = {.fail_from = (size_t)times % TASKS};
			char said[32];
			snprintf(said, sizeof said, "task %zu", t.fail_from);
			ck_assert_int_eq(bn_crew_fan(c, TASKS, count, &t, &err), BN_EINVAL);
			ck_assert_str_eq(err.msg, said);
		}
		bn_crew_free(c);
	}
}
END_TEST

/* Pieces produced ahead, at most four; they are taken in order, and a fan runs between two of them. */
typedef struct line {
	bn_crew *crew;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int begun, taken, limit;
	bool ready[4];
} line;

static bool make_one(void *ctx)
{
	line *l = ctx;
	pthread_mutex_lock(&l->lock);
	bool may = l->begun < l->limit && l->begun - l->taken < 4;
	int mine = may ? l->begun++ : 0;
	pthread_mutex_unlock(&l->lock);
	if (!may)
		return false;
	pthread_mutex_lock(&l->lock);
	l->ready[mine % 4] = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return true;
}

START_TEST(test_steps_go_on_ahead_while_fans_are_done)
{
	bn_err err = BN_ERR_INIT;
	line l = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .limit = 3000};
	ck_assert_int_eq(bn_crew_new(&l.crew, 3, &err), 0);
	bn_crew_ahead(l.crew, make_one, &l);
	for (int i = 0; i < l.limit; i++) {
		pthread_mutex_lock(&l.lock);
		while (!l.ready[i % 4])
			pthread_cond_wait(&l.changed, &l.lock);
		l.ready[i % 4] = false;
		l.taken++;
		pthread_mutex_unlock(&l.lock);
		bn_crew_wake(l.crew);
		if (i % 7)
			continue;
		tally t = {.fail_from = TASKS};
		ck_assert_int_eq(bn_crew_fan(l.crew, 5, count, &t, &err), 0);
		ck_assert_int_eq(atomic_load(&t.done[4]), 1);
	}
	bn_crew_ahead(l.crew, NULL, NULL);
	ck_assert_int_eq(l.begun, l.limit);
	bn_crew_free(l.crew);
}
END_TEST

START_TEST(test_a_crew_ends_with_work_left)
{
	for (int times = 0; times < 100; times++) {
		line l = {.lock = PTHREAD_MUTEX_INITIALIZER,
			.changed = PTHREAD_COND_INITIALIZER,
			.limit = 1 << 30};
		ck_assert_int_eq(bn_crew_new(&l.crew, 2, NULL), 0);
		bn_crew_ahead(l.crew, make_one, &l);
		bn_crew_free(l.crew);
		ck_assert_int_le(l.begun, 4);
	}
	bn_crew_free(NULL);
}
END_TEST

BN_TEST_MAIN("core/base/crew", test_a_fan_does_every_task_once, test_the_lowest_task_that_fails_is_told,
	test_steps_go_on_ahead_while_fans_are_done, test_a_crew_ends_with_work_left)
