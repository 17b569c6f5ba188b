/* Loops over shards: from several threads at once, nested, and in a child process. */
#include "kernels/kernels.h"
#include "kernels/parallel.h"
#include "tests/support/check_main.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ITEMS = 1000, SHARDS = 16 };

typedef struct tally {
	atomic_int seen[ITEMS];
	bool nested;
} tally;

static int count(void *user, size_t shard, size_t begin, size_t end)
{
	tally *t = user;
	(void)shard;
	for (size_t i = begin; i < end; i++)
		atomic_fetch_add(&t->seen[i], 1);
	tally inner = {.nested = false};
	return t->nested ? bnk_parallel_for(ITEMS, SHARDS, 4, count, &inner) : BNK_OK;
}

static bool loop(bool nested, int threads)
{
	tally t = {.nested = nested};
	bool good = bnk_parallel_for(ITEMS, SHARDS, threads, count, &t) == BNK_OK;
	for (size_t i = 0; i < ITEMS; i++)
		good = good && t.seen[i] == 1;
	return good;
}

static void *many(void *user)
{
	bool *good = user;
	*good = true;
	for (int i = 0; i < 300; i++)
		*good = loop(i % 50 == 0, 2 + i % 5) && *good;
	return NULL;
}

START_TEST(test_threads_that_loop_at_once_and_loops_in_loops_do_each_shard_once)
{
	pthread_t id[4];
	bool good[4];
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&id[i], NULL, many, &good[i]), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
	for (size_t i = 0; i < 4; i++)
		ck_assert(good[i]);
}
END_TEST

START_TEST(test_a_child_has_threads_of_its_own)
{
#ifdef __SANITIZE_THREAD__
	BN_TEST_SKIP("ThreadSanitizer ends a child that starts threads");
#endif
	ck_assert(loop(false, 4));
	for (int i = 0; i < 20; i++) {
		int status;
		pid_t child = fork();
		if (child == 0)
			_exit(!(loop(true, 4) && loop(false, 7)));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
		ck_assert(loop(false, 3));
	}
}
END_TEST

static int refuse(void *user, size_t shard, size_t begin, size_t end)
{
	atomic_int *started = user;
	(void)begin;
	(void)end;
	atomic_fetch_add(started, 1);
	return shard == 3 ? BNK_ENOMEM : shard == 7 ? BNK_EDEVICE : BNK_OK;
}

START_TEST(test_a_failure_ends_nothing_and_the_lowest_wins)
{
	for (int threads = 1; threads < 9; threads++) {
		atomic_int started = 0;
		ck_assert_int_eq(bnk_parallel_for(9, 9, threads, refuse, &started), BNK_ENOMEM);
		ck_assert_int_eq(started, 9);
	}
}
END_TEST

BN_TEST_MAIN("kernels/parallel",
	test_threads_that_loop_at_once_and_loops_in_loops_do_each_shard_once,
	test_a_child_has_threads_of_its_own, test_a_failure_ends_nothing_and_the_lowest_wins)
