/*
 * gaps.h - what is missing in telemetry that should come at regular intervals: per key (a node, a
 * sensor), from the times that are there.
 *
 * The times of a key are sorted and counted once each. Where two that follow each other are more
 * than interval * (1 + tolerance) apart, round(distance / interval) - 1 are missing between them.
 * Every key is expected from the first to the last time of the whole table, unless own_span is set:
 * floor(distance / interval) are missing before its first and after its last one.
 *
 * One pass if the times of each key ascend, in memory for the keys alone; otherwise the times are
 * sorted in memory, of up to BN_GAPS_SORTED rows.
 */
#ifndef BN_CHECK_GAPS_H
#define BN_CHECK_GAPS_H
#include "core/base/err.h"
#include "core/table/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_GAPS_SORTED (16u << 20) /* rows whose times do not ascend: 256 MiB */
#define BN_GAPS_KEYS 1000000
#define BN_GAPS_KEPT 1000 /* gaps that are kept; their number is exact */

typedef struct bn_gap {
	size_t key;
	int64_t after_ns, before_ns; /* the times around it, or the ends of the span */
	uint64_t missing;            /* instants */
} bn_gap;

typedef struct bn_gap_key {
	char *text;                /* NULL: the only one, without a key column */
	int64_t first_ns, last_ns;
	uint64_t present, missing; /* instants; expected are both */
	uint64_t repeated;         /* rows with a time that another row has */
	int64_t longest_ns;        /* between two times that follow each other, or without one at an end; 0: there is none */
} bn_gap_key;

typedef struct bn_gaps {
	bn_gap_key *keys; /* in the order of their first rows */
	size_t key_count;
	bn_gap *gaps; /* by key, then by time */
	size_t kept;  /* of gap_count, at most BN_GAPS_KEPT */
	uint64_t gap_count, present, missing;
	uint64_t skipped; /* rows without a time or a key */
	int64_t first_ns, last_ns;
} bn_gaps;

typedef struct bn_gaps_options {
	size_t time, key;    /* columns; key BN_SCHEMA_NONE: none */
	int64_t interval_ns; /* above 0 */
	double tolerance;    /* 0.5: half an interval late is in time */
	bool own_span;
	bool (*cancelled)(void *ctx); /* once per batch; NULL: never */
	void *ctx;
} bn_gaps_options;

/* BN_EINVAL: the time column is neither timestamp nor date; BN_EUNSUPPORTED: a limit. Release *out after a
 * failure too. */
int bn_gaps_find(bn_gaps *out, bn_table_reader *table, const bn_gaps_options *o, bn_err *err);
void bn_gaps_release(bn_gaps *g);

#endif
