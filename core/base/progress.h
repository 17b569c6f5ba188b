/*
 * progress.h - how far long work is, and whether it shall go on.
 *
 * Work that may last takes a `const bn_progress *` (NULL: nobody asks), and calls bn_progress_step
 * between two pieces that each take a fraction of a second; BN_EINTR is handed up like any failure,
 * and what was begun is undone as after one. The one who asked answers from the thread that works.
 */
#ifndef BN_BASE_PROGRESS_H
#define BN_BASE_PROGRESS_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_progress {
	/* what: a word or two for people ("hashing"); total 0: not known. False: stop. */
	bool (*report)(void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
} bn_progress;

/* 0, or BN_EINTR when the work shall stop. */
static inline int bn_progress_step(
	const bn_progress *p, const char *what, uint64_t done, uint64_t total, bn_err *err)
{
	if (!p || !p->report || p->report(p->ctx, what, done, total))
		return 0;
	return bn_err_set(err, BN_EINTR, "stopped while %s", what);
}

#endif
