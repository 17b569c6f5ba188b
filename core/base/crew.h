/*
 * crew.h - a thread pool that prefetches in the background and helps with parallel loops.
 *
 * A crew knows two kinds of work. Work *ahead* is a step that idle threads call repeatedly (reading and
 * converting the next piece of a file) until it reports that there is nothing to do. A *fan* is n tasks whose
 * caller waits for them: threads prefer them to steps, and the caller runs tasks too, so a crew without threads
 * still works. The result depends neither on the number of threads nor on their order: tasks share nothing, and
 * if several fail, the one with the lowest number is reported.
 *
 * One caller at a time. Threads are started by the first work that can use them.
 */
#ifndef BN_BASE_CREW_H
#define BN_BASE_CREW_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_crew bn_crew;

/* That many threads besides the caller, or fewer if they cannot be created. The caller owns *out. */
int bn_crew_new(bn_crew **out, size_t threads, bn_err *err);
/* Like new, with as many threads as this process has CPUs (its affinity mask), at most 8; 0 if it has
 * one. */
int bn_crew_new_default(bn_crew **out, bn_err *err);
void bn_crew_free(bn_crew *c);            /* stops the work ahead first; NULL is fine */
size_t bn_crew_threads(const bn_crew *c); /* requested, or actually created; NULL: 0 */

/* Sets the step to run ahead. With step NULL, stops and returns once no step is running. A step returns whether
 * it did something; after false it is not called again before bn_crew_wake. */
void bn_crew_ahead(bn_crew *c, bool (*step)(void *ctx), void *ctx);
void bn_crew_wake(bn_crew *c); /* may be called within a step */

/* Runs task(ctx, i) for i = 0 .. n-1 on any free thread and returns when all started tasks have returned. Gives
 * the code and the error of the lowest failed task; no task starts after a failure. With c NULL the caller runs
 * them all. */
int bn_crew_fan(bn_crew *c, size_t n, int (*task)(void *ctx, size_t i, bn_err *err), void *ctx,
	bn_err *err);

#endif
