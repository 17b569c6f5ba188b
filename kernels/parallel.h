/*
 * parallel.h - loops over fixed shards, on any number of threads.
 *
 * The number of shards, and so the order of every addition, depends only on the work. The number
 * of threads only affects the time: so a model trained on two cores is equal, byte for byte, to
 * one trained on sixty-four.
 *
 * Threads are started on first use, stay, and sleep while idle. A loop ends when its shards are done: it waits
 * for threads that have taken one, never for one that has not yet woken up. So on a busy node a second thread
 * may not help, but costs nothing (OpenMP's teams wait for each other: a fit of 0.6 s on one thread took 3.3 s
 * on two when another job used one of the processors).
 */
#ifndef BNK_PARALLEL_H
#define BNK_PARALLEL_H
#include <stddef.h>

#define BNK_MAX_SHARDS 64

/* Works on items [begin, end), which are shard number `shard`. Returns a bnk_status. */
typedef int (*bnk_shard_fn)(void *user, size_t shard, size_t begin, size_t end);

/* The number of shards for that many items, if a shard should have at least min_items: 1 ..
 * BNK_MAX_SHARDS, depending only on the arguments. */
size_t bnk_shard_count(size_t items, size_t min_items);

/* Runs fn once for every shard on at most `threads` threads (<= 0: bnk_threads_default()).
 * Returns the status of the lowest-numbered shard that failed, or BNK_OK. All shards run even if
 * one fails. It may be called by any thread, within fn, and in a forked child. */
int bnk_parallel_for(size_t items, size_t shards, int threads, bnk_shard_fn fn, void *user);

/* Processors that this process may run on (its affinity mask, so a cgroup cpuset counts). */
int bnk_threads_default(void);

#endif
