/*
 * _brief.h - a lock held only while adding to memory.
 *
 * A logging call locks and unlocks it once, which is most of the call's cost: one atomic exchange and a
 * store, half the cost of a mutex (docs/performance.md). A thread that finds it locked spins for a while
 * and then sleeps, so that a preempted holder gets the processor, whatever its priority. It is never held
 * while waiting for the disk, another lock or a wake-up.
 */
#ifndef BN_CLIENT__BRIEF_H
#define BN_CLIENT__BRIEF_H
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

typedef struct bn_brief {
	atomic_bool taken;
} bn_brief;

static inline void bn_brief_give(bn_brief *b)
{
	atomic_store_explicit(&b->taken, false, memory_order_release);
}

static inline bool bn_brief_try(bn_brief *b)
{
	return !atomic_load_explicit(&b->taken, memory_order_relaxed) &&
	       !atomic_exchange_explicit(&b->taken, true, memory_order_acquire);
}

static inline void bn_brief_take(bn_brief *b)
{
	if (!atomic_exchange_explicit(&b->taken, true, memory_order_acquire))
		return;
	for (int tries = 1; !bn_brief_try(b); tries++)
		if (tries % 128 == 0)
			nanosleep(&(struct timespec){0, 20000}, NULL);
}

#endif
