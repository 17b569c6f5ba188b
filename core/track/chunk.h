/*
 * chunk.h - sorted chunks of one series with a pyramid, so that a chart of ten million points opens
 * few of them.
 *
 * Table metric_chunk has payloads as stored in the log (key 0: all series of an event), and what
 * the fold makes of them when a run has BN_CHUNK_PAYLOADS of them: up to 4096 points of one series,
 * sorted by (step, time), with a summary of all (`total`) and of each 64 of them (`pyramid`). A
 * small chunk is merged with the next, like the carry in a binary counter, so a series has few
 * small ones. Chunks of late points overlap others; readers sort.
 *
 * Pieces are stored in their memory layout: an index belongs to one host.
 */
#ifndef BN_TRACK_CHUNK_H
#define BN_TRACK_CHUNK_H
#include <stddef.h>
#include <stdint.h>

enum { BN_CHUNK_PAYLOADS = 16, BN_CHUNK_PIECE = 64 };

typedef struct bn_chunk_piece {
	int64_t points, nans;
	int64_t min_step, max_step, min_ms, max_ms;
	int64_t last_step, last_ms; /* of the last point in (step, time) */
	double last;
	double min, max, sum; /* of the numbers; min and max NaN: none */
} bn_chunk_piece;

#endif
