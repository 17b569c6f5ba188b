/*
 * arrival.h - the sealed segments of a town's log, taken out of sight and brought back: what a reader folds, and in
 * which order it comes. Every function dies on failure.
 */
#ifndef BN_TEST_ARRIVAL_H
#define BN_TEST_ARRIVAL_H
#include "core/base/rng.h"
#include "tests/support/people.h"

/* A segment, and whether it is out of sight at present. */
typedef struct arrival_piece {
	char writer[128], file[128];
	bool hidden;
} arrival_piece;

/* Every segment of the log, each writer's in order. */
size_t arrival_list(const town *t, arrival_piece *pieces, size_t max);
void arrival_hide(const town *t, arrival_piece *p, bool away);
/* Hides what the rest of the world has written last, a piece more or less of each writer but those of p (and
 * at least one stays of each): p then lives in the past. */
void arrival_hide_last(
	const town *t, arrival_piece *pieces, size_t n, const person *p, bn_rng *rng);
void arrival_show_all(const town *t, arrival_piece *pieces, size_t n);
/* The next hidden segment of a writer picked by chance: each writer's come in their own order. */
arrival_piece *arrival_pick(arrival_piece *pieces, size_t n, bn_rng *rng);
/* reader folds the log anew, piece by piece, in as many orders of arrival by chance; the rows must be expected each
 * time. */
void arrival_try_orders(town *t, person *reader, const char *expected, uint64_t orders);

#endif
