/*
 * crew.h - threads that work ahead, and help with what is urgent.
 *
 * A crew knows two kinds of work. What is done *ahead* is a step that idle threads take again and again (a file's
 * next piece, read and converted) and that says when there is nothing to do. A *fan* is n tasks that somebody
 * waits for: crew threads take them before any step, the caller takes them too, so that a crew of no threads is its
 * caller alone. What comes out depends on neither the number of threads nor their order: tasks share nothing, and
 * of several that fail the one with the lowest number is reported.
 *
 * One caller at a time. Threads start with the first work that they could share.
 */
#ifndef BN_BASE_CREW_H
#define BN_BASE_CREW_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_crew bn_crew;

/* As many threads besides the caller; where they cannot be had it goes on with fewer. *out is yours. */
int bn_crew_new(bn_crew **out, size_t threads, bn_err *err);
/* As new, with as many as this process may use at once (its affinity mask), at most 8; 0 where that is 1. */
int bn_crew_new_default(bn_crew **out, bn_err *err);
void bn_crew_free(bn_crew *c); /* ends the work ahead first; NULL is fine */
size_t bn_crew_threads(const bn_crew *c); /* that were asked for, or could be had; NULL: 0 */

/* What to do ahead from now on; step NULL: nothing, and returns when no step is under way. A step returns whether
 * it did something; after false it is not asked again before bn_crew_wake. */
void bn_crew_ahead(bn_crew *c, bool (*step)(void *ctx), void *ctx);
void bn_crew_wake(bn_crew *c); /* also from within a step */

/* task(ctx, i) for i = 0 .. n-1, on whoever is free; returns when all that were begun have returned. The code and
 * the error of the lowest task that failed; after a failure no further ones begin. c NULL: the caller alone. */
int bn_crew_fan(bn_crew *c, size_t n, int (*task)(void *ctx, size_t i, bn_err *err), void *ctx,
	bn_err *err);

#endif
