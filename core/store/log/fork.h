/*
 * fork.h - sealed segments of one writer that hold different records at one sequence number.
 *
 * A listing may hold overlapping segments: a merge that died leaves its parts beside the wide one. The
 * history of a writer is what a reader takes who starts at record 1 and always goes on with the segment that
 * holds the next record and reaches furthest (bn_log_cover): a function of the names. A segment that
 * holds another record than that history does is a fork, whoever came first: its owner wrote two
 * histories. Only whole segments of the file's own owner are evidence; a damaged one is damage, and one
 * that somebody else put there is his.
 */
#ifndef BN_STORE_LOG_FORK_H
#define BN_STORE_LOG_FORK_H
#include "core/store/log/listing.h"

typedef struct bn_segment_diff {
	uint64_t seq; /* first record that differs; 0: none in the range that both have */
	bool whole; /* b is a whole segment of the writer in its header, and owned by who owns a */
} bn_segment_diff;

/* Compares two sealed segments below at, up to record `upto`. a: what is believed; b is read to its end.
 * BN_ENOTFOUND when one is gone. */
int bn_segment_compare(bn_segment_diff *out, const bn_dir *at, const char *a, const char *b,
	uint64_t upto, bn_err *err);

/* The same of one segment of the writer and its history up to record `upto`. */
int bn_log_fork_find(bn_segment_diff *out, const bn_dir *at, const bn_log_writer *w,
	const bn_log_range *range, uint64_t upto, bn_err *err);

#endif
