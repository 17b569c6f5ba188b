/*
 * progress.h - progress of long operations, and cancelling them.
 *
 * A long operation takes a `const bn_progress *` (NULL: none) and calls bn_progress_step between
 * pieces that each take a fraction of a second. BN_EINTR is passed up like any failure, and what
 * was begun is undone as after one. The callback runs on the working thread.
 */
#ifndef BN_BASE_PROGRESS_H
#define BN_BASE_PROGRESS_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_progress {
	/* what: a word or two for display ("hashing"); total 0: unknown. Returns false to stop. */
	bool (*report)(void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
} bn_progress;

/* 0, or BN_EINTR if the operation must stop. */
static inline int bn_progress_step(
	const bn_progress *p, const char *what, uint64_t done, uint64_t total, bn_err *err)
{
	if (!p || !p->report || p->report(p->ctx, what, done, total))
		return 0;
	return bn_err_set(err, BN_EINTR, "stopped while %s", what);
}

#endif
