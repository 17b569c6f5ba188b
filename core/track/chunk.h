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
 * Chunks up to the newest full one do not change any more. BN_SPAN_CHUNKS of them have a row above
 * them, a span: key is the negative of theirs, `clock` the serial number of the last one, `total` a
 * summary of all, `pyramid` BN_SPAN_GROUP summaries of each chunk (of up to 1024 points; without
 * points if the chunk is small), and `data` their serial numbers. A chart of a long series reads
 * spans, and opens only the chunks that a span is too coarse for.
 *
 * min_step and max_step of a row are those of all its points, so that at() opens the rows that can have its step.
 *
 * A payload of BN_CHUNK_INLINE bytes or more is not repeated: its row names the record, and it is read from the log
 * (bn_log_payload of fold.h). What is made of payloads later is stored here.
 *
 * Pieces are stored in their memory layout: an index belongs to one host.
 */
#ifndef BN_TRACK_CHUNK_H
#define BN_TRACK_CHUNK_H
#include <stddef.h>
#include <stdint.h>

enum { BN_CHUNK_PAYLOADS = 16, BN_CHUNK_PIECE = 64, BN_CHUNK_INLINE = 4096 };

/* The bytes of a row: an expression for SELECTs. */
#define BN_CHUNK_DATA "coalesce(data, bn_log_payload(writer, seq, at, crc))"
enum { BN_SPAN_CHUNKS = 16, BN_SPAN_GROUP = 4, BN_SPAN_PIECES = BN_SPAN_CHUNKS * BN_SPAN_GROUP };

typedef struct bn_chunk_piece {
	int64_t points, nans;
	int64_t min_step, max_step, min_ms, max_ms;
	int64_t last_step, last_ms; /* of the last point in (step, time) */
	double last;
	double min, max, sum; /* of the numbers; min and max NaN: none */
} bn_chunk_piece;

#endif
