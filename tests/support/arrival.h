/*
 * arrival.h - hides the sealed segments of a team's log and brings them back: which segments a
 * reader folds, and in which order they arrive. Every function aborts on failure.
 */
#ifndef BN_TEST_ARRIVAL_H
#define BN_TEST_ARRIVAL_H
#include "core/base/rng.h"
#include "tests/support/people.h"

/* A segment, and whether it is hidden now. */
typedef struct arrival_piece {
	char writer[128], file[128];
	bool hidden;
} arrival_piece;

/* Every segment of the log, each writer's in order. */
size_t arrival_list(const team *t, arrival_piece *pieces, size_t max);
void arrival_hide(const team *t, arrival_piece *p, bool away);
/* Hides the latest segments of others, a varying number for each writer except those of p (at least
 * one segment of each remains): p's view is then out of date. */
void arrival_hide_last(
	const team *t, arrival_piece *pieces, size_t n, const person *p, bn_rng *rng);
void arrival_show_all(const team *t, arrival_piece *pieces, size_t n);
/* Restores the next hidden segment of a randomly chosen writer: each writer's arrive in order. */
arrival_piece *arrival_pick(arrival_piece *pieces, size_t n, bn_rng *rng);
/* reader folds the log again, segment by segment, in as many random orders of arrival; the rows
 * must be as expected each time. */
void arrival_try_orders(team *t, person *reader, const char *expected, uint64_t orders);

#endif
