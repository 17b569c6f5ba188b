/*
 * fork.h - sealed segments of one writer that hold different records at one sequence number.
 *
 * A listing may contain overlapping segments: an interrupted merge leaves its parts beside the wide one. A
 * writer's history is what a reader gets that starts at record 1 and always continues with the segment that
 * holds the next record and reaches furthest (bn_log_cover): a function of the names. A segment with a
 * record that differs from that history is a fork, in whatever order they appeared: its owner wrote two
 * histories. Only complete segments owned by the writer's user are evidence; a damaged one is only damage,
 * and one put there by another user is that user's.
 */
#ifndef BN_STORE_LOG_FORK_H
#define BN_STORE_LOG_FORK_H
#include "core/store/log/listing.h"

typedef struct bn_segment_diff {
	uint64_t seq; /* first record that differs; 0: none in the common range */
	bool whole; /* b is a complete segment of the writer in its header, and has the owner of a */
} bn_segment_diff;

/* Compares two sealed segments below at, up to record `upto`. a is the accepted one; b is read to its
 * end. BN_ENOTFOUND if one is gone. */
int bn_segment_compare(bn_segment_diff *out, const bn_dir *at, const char *a, const char *b,
	uint64_t upto, bn_err *err);

/* The same for one segment of the writer and its history up to record `upto`. */
int bn_log_fork_find(bn_segment_diff *out, const bn_dir *at, const bn_log_writer *w,
	const bn_log_range *range, uint64_t upto, bn_err *err);

#endif
