/* parallel.c - see parallel.h. */
#include "kernels/parallel.h"

#include "kernels/kernels.h"

#include <sched.h>
#ifdef _OPENMP
#include <omp.h>
#else
#include <pthread.h>
#include <stdatomic.h>
#endif

size_t bnk_shard_count(size_t items, size_t min_items)
{
	if (min_items == 0)
		min_items = 1;
	size_t n = items / min_items;
	return n < 1 ? 1 : n > BNK_MAX_SHARDS ? BNK_MAX_SHARDS : n;
}

/* First item of a shard; shard_begin(items, shards, shards) is items. */
static size_t shard_begin(size_t items, size_t shards, size_t shard)
{
	size_t each = items / shards, rest = items % shards;
	return shard * each + (shard < rest ? shard : rest);
}

int bnk_threads_default(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > BNK_MAX_SHARDS ? BNK_MAX_SHARDS : n;
}

static int run_shard(size_t items, size_t shards, size_t shard, bnk_shard_fn fn, void *user)
{
	return fn(user, shard, shard_begin(items, shards, shard),
		shard_begin(items, shards, shard + 1));
}

static int first_failure(const int *status, size_t shards)
{
	for (size_t i = 0; i < shards; i++)
		if (status[i] != BNK_OK)
			return status[i];
	return BNK_OK;
}

#ifdef _OPENMP

static void run_all(
	size_t items, size_t shards, int threads, bnk_shard_fn fn, void *user, int *status)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (size_t i = 0; i < shards; i++)
		status[i] = run_shard(items, shards, i, fn, user);
}

#else

typedef struct team {
	size_t items, shards;
	bnk_shard_fn fn;
	void *user;
	int *status;
	atomic_size_t next;
} team;

static void *team_member(void *arg)
{
	team *t = arg;
	for (;;) {
		size_t i = atomic_fetch_add(&t->next, 1);
		if (i >= t->shards)
			return NULL;
		t->status[i] = run_shard(t->items, t->shards, i, t->fn, t->user);
	}
}

static void run_all(
	size_t items, size_t shards, int threads, bnk_shard_fn fn, void *user, int *status)
{
	team t = {.items = items, .shards = shards, .fn = fn, .user = user, .status = status};
	pthread_t id[BNK_MAX_SHARDS];
	int started = 0;
	/* A thread that cannot be started is no error: the others do its shards. */
	while (started < threads - 1 && pthread_create(&id[started], NULL, team_member, &t) == 0)
		started++;
	team_member(&t);
	for (int i = 0; i < started; i++)
		pthread_join(id[i], NULL);
}

#endif

int bnk_parallel_for(size_t items, size_t shards, int threads, bnk_shard_fn fn, void *user)
{
	int status[BNK_MAX_SHARDS] = {0};
	if (shards < 1 || shards > BNK_MAX_SHARDS)
		return BNK_EINVAL;
	if (threads <= 0)
		threads = bnk_threads_default();
	if ((size_t)threads > shards)
		threads = (int)shards;
	if (threads == 1) {
		for (size_t i = 0; i < shards; i++)
			status[i] = run_shard(items, shards, i, fn, user);
	} else {
		run_all(items, shards, threads, fn, user, status);
	}
	return first_failure(status, shards);
}
