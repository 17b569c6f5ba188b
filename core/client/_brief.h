/*
 * _brief.h - a lock for as long as an addition to memory takes.
 *
 * A call that logs takes and gives it once, so its cost is most of the call's: one atomic exchange and a
 * store, half of what a mutex takes (docs/performance.md). Who finds it taken tries again for a while and
 * then sleeps, so a holder that was preempted gets the processor, whatever its priority. Never held
 * while the disk, another lock or a wake-up is waited for.
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
