/*
 * each.h - many things of one remote at once: a bounded number of threads, each with a store of its own.
 *
 * Requests wait for a server, or for a disk to sync, most of their time, so there may be more threads than processors.
 * Tasks are started in order. After the first failure, or after cancelling, no task starts; those that run are told
 * to stop by their progress. Of several failures the one with the lowest number is reported.
 */
#ifndef BN_REMOTE_EACH_H
#define BN_REMOTE_EACH_H
#include "core/remote/store.h"

#define BN_REMOTE_AT_ONCE 8 /* unless said otherwise */
#define BN_REMOTE_AT_ONCE_MAX 64

typedef struct bn_remote_work {
	/* Does number i with a store of this thread alone. progress: give it to the calls of store.h; their `done` is
	 * counted, its total and words are not. */
	int (*task)(
		void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err);
	void *ctx;
	size_t count;
	unsigned at_once; /* 0: BN_REMOTE_AT_ONCE */
	const char *what; /* for progress: "pushing jobs@v3" */
	/* Bytes in all; 0: unknown. Progress counts bytes if this is > 0, else tasks. */
	uint64_t total_bytes;
} bn_remote_work;

/* progress is called in the caller's thread, about ten times a second. The caller's store is used by one thread of
 * them, and is free again on return. */
int bn_remote_each(
	bn_remote_store *s, const bn_remote_work *work, const bn_progress *progress, bn_err *err);

/* Which of n keys, in order of bytes and all different, are there: sizes[i] becomes the bytes of keys[i], or
 * BN_REMOTE_MISSING. prefix: a common beginning of all of them, which with many keys is listed where that needs fewer
 * requests than asking for each. */
#define BN_REMOTE_MISSING UINT64_MAX
int bn_remote_sizes(uint64_t *sizes, bn_remote_store *s, const char *prefix,
	const char *const *keys, size_t n, unsigned at_once, const bn_progress *progress,
	bn_err *err);

#endif
