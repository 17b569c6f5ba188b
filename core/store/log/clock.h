/*
 * clock.h - hybrid logical clocks: milliseconds since 1970 << 16 | counter.
 */
#ifndef BN_STORE_LOG_CLOCK_H
#define BN_STORE_LOG_CLOCK_H
#include "core/base/env.h"

#include <stdbool.h>
#include <stdint.h>

enum { BN_CLOCK_SHIFT = 16, BN_CLOCK_AHEAD_MS = 86400000 };

/* Since 1970. */
static inline int64_t bn_clock_ms(uint64_t clock)
{
	return (int64_t)(clock >> BN_CLOCK_SHIFT);
}

/* A clock further ahead than BN_CLOCK_AHEAD_MS comes from a machine with a wrong clock: its records
 * are folded where they claim to belong, but no other clock follows it, or one bad host would
 * advance all clocks permanently. */
static inline bool bn_clock_is_sane(const bn_env *env, uint64_t clock)
{
	return bn_clock_ms(clock) <= bn_env_now_ms(env) + BN_CLOCK_AHEAD_MS;
}

#endif
