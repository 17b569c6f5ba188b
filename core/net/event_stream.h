/*
 * event_stream.h - a parser of text/event-stream (server-sent events, WHATWG HTML 9.2).
 *
 * Bytes go in as they come, cut anywhere; each finished event is handed to a callback. Lines end in
 * LF, CR or CRLF; a byte order mark at the start, comments and fields that are not known are skipped; an
 * event without data is none; a type or id that holds NUL is skipped; an event that the stream ends in is
 * dropped.
 */
#ifndef BN_NET_EVENT_STREAM_H
#define BN_NET_EVENT_STREAM_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_sse_event {
	const char *type; /* "message" when the stream does not say */
	const char *data; /* lines joined by LF, none at the end; may hold NUL */
	size_t data_len;
	const char *id; /* the last one seen, "" before the first: for Last-Event-ID after a cut */
} bn_sse_event;

typedef struct bn_event_stream {
	/* One event, borrowed for the call; a negative code ends bn_event_stream_feed with it. */
	int (*event)(void *user, const bn_sse_event *e, bn_err *err);
	void *user;
	size_t max_bytes; /* of a line, and of an event's data; BN_EIO above it; 0: 1 MiB */
	int64_t retry_ms; /* what the stream asked for; -1: nothing yet */
	bn_buf line, type, data, id;
	bool after_cr, started;
} bn_event_stream;

void bn_event_stream_init(bn_event_stream *s,
	int (*event)(void *user, const bn_sse_event *e, bn_err *err), void *user);
void bn_event_stream_release(bn_event_stream *s);
/* For the same events of a new connection: keeps id and retry_ms, drops what was half there. */
void bn_event_stream_restart(bn_event_stream *s);
/* After an error the stream is of no more use. */
int bn_event_stream_feed(bn_event_stream *s, const void *bytes, size_t n, bn_err *err);

#endif
