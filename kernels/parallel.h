/*
 * parallel.h - loops over fixed shards, on as many threads as there are.
 *
 * The number of shards, and so the order of every addition, is a function of the work alone. How
 * many threads run them changes the time and nothing else: this is what makes a model trained on
 * two cores equal, byte for byte, to one trained on sixty-four.
 *
 * Threads are started when they are first wanted, stay, and sleep while there is nothing to do. A loop ends when its
 * shards are done: it waits for threads that have taken one, never for one that has not woken up yet. So on a node
 * that is busy with other work a second thread may be of no use, but it costs nothing (OpenMP's teams wait for each
 * other: a fit of 0.6 s on one thread took 3.3 s on two, one of whose processors somebody else used).
 */
#ifndef BNK_PARALLEL_H
#define BNK_PARALLEL_H
#include <stddef.h>

#define BNK_MAX_SHARDS 64

/* Works on items [begin, end), which are shard number `shard`. Returns a bnk_status. */
typedef int (*bnk_shard_fn)(void *user, size_t shard, size_t begin, size_t end);

/* How many shards for that many items, when a shard is worth starting from min_items on:
 * 1 .. BNK_MAX_SHARDS, depending on the two arguments only. */
size_t bnk_shard_count(size_t items, size_t min_items);

/* Runs fn once for every shard on at most `threads` threads (<= 0: bnk_threads_default()).
 * Returns the status of the lowest-numbered shard that failed, or BNK_OK. All shards are run even
 * when one fails. Any thread may call it, fn as well, and a child after fork(). */
int bnk_parallel_for(size_t items, size_t shards, int threads, bnk_shard_fn fn, void *user);

/* Processors that this process may run on (its affinity mask, so a cgroup cpuset counts). */
int bnk_threads_default(void);

#endif
