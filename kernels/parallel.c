/* parallel.c - see parallel.h. */
#include "kernels/parallel.h"

#include "kernels/kernels.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

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

/* ---- the threads ---------------------------------------------------------------------------- */

/* A loop, on its caller's stack. Links, `helpers` and `places` belong to the pool's lock. */
typedef struct loop {
	size_t items, shards;
	bnk_shard_fn fn;
	void *user;
	int *status;
	atomic_size_t next;
	int places;        /* for threads that may still join */
	atomic_int active; /* threads that have joined and not left */
	struct loop *after;
} loop;

/* How often a thread polls before it sleeps: about 20 microseconds, less than a wake-up takes. */
enum { LOOKS = 1000 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t posted, left;
	loop *first; /* loops with free places */
	int threads, asleep;
	atomic_uint posts; /* changes with each loop */
	bool forks;        /* the fork handler is installed */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
	.posted = PTHREAD_COND_INITIALIZER,
	.left = PTHREAD_COND_INITIALIZER};

static void pause_a_little(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

static void work(loop *l)
{
	for (;;) {
		size_t i = atomic_fetch_add_explicit(&l->next, 1, memory_order_relaxed);
		if (i >= l->shards)
			return;
		l->status[i] = run_shard(l->items, l->shards, i, l->fn, l->user);
	}
}

static void forget(const loop *l)
{
	for (loop **at = &pool.first; *at; at = &(*at)->after)
		if (*at == l) {
			*at = l->after;
			return;
		}
}

/* Called with the lock held. Finds a loop with work left and joins it. */
static loop *join(void)
{
	loop *l = pool.first;
	while (l && atomic_load_explicit(&l->next, memory_order_relaxed) >= l->shards)
		l = l->after;
	if (!l)
		return NULL;
	atomic_fetch_add(&l->active, 1);
	if (--l->places == 0)
		forget(l);
	return l;
}

/* Called with the lock held. The caller may end the loop as soon as the count is 0. */
static void leave(loop *l)
{
	if (atomic_fetch_sub(&l->active, 1) == 1)
		pthread_cond_broadcast(&pool.left);
}

static void *helper(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&pool.lock);
	for (;;) {
		loop *l = join();
		unsigned posts = atomic_load(&pool.posts);
		if (l) {
			pthread_mutex_unlock(&pool.lock);
			work(l);
			pthread_mutex_lock(&pool.lock);
			leave(l);
			continue;
		}
		pthread_mutex_unlock(&pool.lock);
		for (int i = 0; i < LOOKS && atomic_load(&pool.posts) == posts; i++)
			pause_a_little();
		pthread_mutex_lock(&pool.lock);
		if (atomic_load(&pool.posts) != posts)
			continue;
		pool.asleep++;
		pthread_cond_wait(&pool.posted, &pool.lock);
		pool.asleep--;
	}
	return NULL;
}

/* A child has none of the threads, and possibly a lock held by one of them. */
static void forget_threads(void)
{
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.posted, NULL);
	pthread_cond_init(&pool.left, NULL);
	pool.first = NULL;
	pool.threads = pool.asleep = 0;
}

/* Called with the lock held. Failing to start a thread is not an error: the others do its shards. Signals are
 * handled by the program's own threads. */
static void need_threads(int wanted)
{
	pthread_attr_t attr;
	pthread_t id;
	sigset_t all, before;
	if (pool.threads >= wanted || pthread_attr_init(&attr) != 0)
		return;
	if (!pool.forks)
		pool.forks = pthread_atfork(NULL, NULL, forget_threads) == 0;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool.forks && pool.threads < wanted && pthread_create(&id, &attr, helper, NULL) == 0)
		pool.threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
}

static void run_all(loop *l)
{
	pthread_mutex_lock(&pool.lock);
	need_threads(l->places);
	l->after = pool.first;
	pool.first = l;
	atomic_fetch_add(&pool.posts, 1);
	for (int i = 0; i < l->places && i < pool.asleep; i++)
		pthread_cond_signal(&pool.posted);
	pthread_mutex_unlock(&pool.lock);
	work(l);
	pthread_mutex_lock(&pool.lock);
	forget(l);
	pthread_mutex_unlock(&pool.lock);
	/* No thread can join any more. */
	for (int i = 0; i < LOOKS && atomic_load(&l->active); i++)
		pause_a_little();
	pthread_mutex_lock(&pool.lock);
	while (atomic_load(&l->active))
		pthread_cond_wait(&pool.left, &pool.lock);
	pthread_mutex_unlock(&pool.lock);
}

/* ---- loops ---------------------------------------------------------------------------------- */

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
		return first_failure(status, shards);
	}
	loop l = {.items = items,
		.shards = shards,
		.fn = fn,
		.user = user,
		.status = status,
		.places = threads - 1};
	run_all(&l);
	return first_failure(status, shards);
}
