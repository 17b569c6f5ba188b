/* when.h - instants in words, as in filters of runs: created > yesterday, started > 'last monday'. */
#ifndef BN_TRACK_WHEN_H
#define BN_TRACK_WHEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In any case, with single spaces; days are UTC's, like those of dates without a zone:
 *
 *	now, today, yesterday
 *	monday .. sunday             the start of the newest such day; `last monday`: of the newest before today
 *	this|last week|month|year    its start; weeks begin on Monday
 *	N UNITs ago, a UNIT ago      second, minute, hour, day, week; month (30 days), year (365 days)
 *
 * *ms: since 1970 UTC. False if it is something else.
 */
bool bn_when_parse(const char *s, size_t n, int64_t now_ms, int64_t *ms);

/* The words, for completion; NULL ends them. */
extern const char *const bn_when_words[];

#endif
