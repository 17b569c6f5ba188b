/* crash_points.c - see crash_points.h. */
#include "tests/support/crash_points.h"

#include "tests/support/check_main.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* Sanitizers and emulators make a build many times slower, and look for errors of memory, threads
 * and layout, for which few changes suffice. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STRIDE = 11 };
#else
enum { STRIDE = 8 };
#endif
enum { EVERY_KIND_TO = 10 }; /* strides up to which every kind is tried */

/* Shared by the tests of a suite, each of which runs in its own process. */
static struct tally {
	long tried[CRASH_FAMILIES], all[CRASH_FAMILIES];
} * tally;

static void *shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		abort();
	return p;
}

static void __attribute__((constructor)) tally_make(void)
{
	tally = shared(sizeof *tally);
}

uint32_t *crash_kinds_new(void)
{
	return shared(CRASH_POINTS_MOST * sizeof(uint32_t));
}

void crash_kinds_free(uint32_t *kinds)
{
	munmap(kinds, CRASH_POINTS_MOST * sizeof *kinds);
}

static unsigned draw(unsigned below)
{
	static unsigned state;
	struct timespec now;
	if (!state) {
		clock_gettime(CLOCK_REALTIME, &now);
		state = (unsigned)now.tv_nsec | 1;
	}
	return (unsigned)rand_r(&state) % below;
}

/* Marks one change of each kind. */
static void mark_kinds(bool *chosen, const uint32_t *kinds, long changes)
{
	for (long i = 0; i < changes; i++) {
		unsigned alike = 0;
		long one = i;
		for (long k = 0; k < changes; k++) {
			if (kinds[k] != kinds[i])
				continue;
			if (k < i)
				break;
			if (draw(++alike) == 0)
				one = k;
		}
		if (alike)
			chosen[one] = true;
	}
}

static int stride_of(void)
{
	const char *given = getenv("BINNACLE_CRASH_STRIDE");
	int stride = given ? atoi(given) : STRIDE;
	ck_assert_msg(stride >= 1, "BINNACLE_CRASH_STRIDE=%s is no stride", given);
	return stride;
}

bool crash_points_meet_every_kind(void)
{
	return stride_of() <= EVERY_KIND_TO;
}

void crash_points_choose(
	crash_points *p, crash_family family, const uint32_t *kinds, long changes, long beyond)
{
	static bool chosen[CRASH_POINTS_MOST];
	const int stride = stride_of();
	long all = changes + beyond;
	ck_assert_int_le(all, CRASH_POINTS_MOST);
	memset(chosen, 0, sizeof chosen);
	for (long i = draw((unsigned)stride); i < all; i += stride)
		chosen[i] = true;
	if (crash_points_meet_every_kind())
		mark_kinds(chosen, kinds, changes);
	p->count = 0;
	for (long i = 0; i < all; i++)
		if (chosen[i])
			p->at[p->count++] = i + 1;
	tally->tried[family] += p->count;
	tally->all[family] += all;
}

void crash_points_report(const char *what)
{
	static const char *const names[] = {"kill", "power loss", "ENOSPC, EIO, lost replies"};
	long left = 0;
	printf("NOTE: crash points tried%s:", what);
	for (int i = 0; i < CRASH_FAMILIES; i++) {
		ck_assert_int_gt(tally->tried[i], 0);
		printf("%s %ld (%s)", i ? "," : "", tally->tried[i], names[i]);
		left += tally->all[i] - tally->tried[i];
	}
	printf("; left out: %ld of their kinds (BINNACLE_CRASH_STRIDE=1 tries all)\n", left);
}
