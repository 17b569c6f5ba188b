/*
 * crash_points.h - selects the disk changes at which a crash test kills, fails or cuts the power.
 *
 * Trying every change takes minutes. So in a run without a fault each change gets a kind, the call
 * chain that led to it (faultfs_note_kinds), and a test tries one random change of every kind, and
 * every n-th of the others from a random one on: what one run skips, a later one tries. n is
 * BINNACLE_CRASH_STRIDE; 1 is every change, as in `make check-all`; above 10 (an emulator), or in a
 * sanitizer build, kinds are ignored. A failure names the change.
 */
#ifndef BN_TEST_CRASH_POINTS_H
#define BN_TEST_CRASH_POINTS_H
#include <stdbool.h>
#include <stdint.h>

enum { CRASH_POINTS_MOST = 4096 };

/* The fault injected, for the totals. */
typedef enum crash_family { CRASH_KILL, CRASH_POWER, CRASH_DISK, CRASH_FAMILIES } crash_family;

typedef struct crash_points {
	long at[CRASH_POINTS_MOST]; /* changes, from 1 on */
	int count;
} crash_points;

/* Memory for the kinds of a child's changes, shared with it: for faultfs_note_kinds. All zero. */
uint32_t *crash_kinds_new(void);
void crash_kinds_free(uint32_t *kinds);

/* kinds: of the changes of a run without a fault. beyond: the number of further changes of unknown
 * kind, since a failed change causes others. */
void crash_points_choose(
	crash_points *p, crash_family family, const uint32_t *kinds, long changes, long beyond);
/* Whether one change of every kind is tried: what all of them together must show, a drawn few need not. */
bool crash_points_meet_every_kind(void);
/* Prints how many of all tests' changes were tried and left out, as a NOTE; what: "", or " of gc". Call
 * it in a last test. Fails when a family was not tried at all. */
void crash_points_report(const char *what);

#endif
