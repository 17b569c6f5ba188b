/*
 * crash_points.h - at which changes of the disk a crash test kills, fails or cuts the power.
 *
 * Trying every change takes minutes. So of a run without a fault each change gets a kind, the chain of
 * calls that led to it (faultfs_note_kinds), and a test tries one change of every kind, drawn at random,
 * and of the others every n-th from a random one on: what a run leaves out, a later one tries. n is
 * BINNACLE_CRASH_STRIDE; 1 is every change, as `make check-all` has it; where it is above 10 (an emulator),
 * or in a sanitizer build, kinds do not count. A failure names the change.
 */
#ifndef BN_TEST_CRASH_POINTS_H
#define BN_TEST_CRASH_POINTS_H
#include <stdbool.h>
#include <stdint.h>

enum { CRASH_POINTS_MOST = 4096 };

/* What is done to the changes, for the sums. */
typedef enum crash_family { CRASH_KILL, CRASH_POWER, CRASH_DISK, CRASH_FAMILIES } crash_family;

typedef struct crash_points {
	long at[CRASH_POINTS_MOST]; /* changes, from 1 on */
	int count;
} crash_points;

/* Room for the kinds of a child's changes, shared with it: for faultfs_note_kinds. All zero. */
uint32_t *crash_kinds_new(void);
void crash_kinds_free(uint32_t *kinds);

/* kinds: of the changes of a run without a fault. beyond: how many more come after them, of which
 * nothing is known, as a failed change makes others follow. */
void crash_points_choose(
	crash_points *p, crash_family family, const uint32_t *kinds, long changes, long beyond);
/* Whether one change of every kind is tried: what all of them together must show, a drawn few need not. */
bool crash_points_meet_every_kind(void);
/* Prints how many of all tests' changes were tried and left out, as a NOTE; what: "", or " of gc". Call
 * it in a last test. Fails when a family was not tried at all. */
void crash_points_report(const char *what);

#endif
