/*
 * event_stream.h - a parser of text/event-stream (server-sent events, WHATWG HTML 9.2).
 *
 * Input may be split anywhere; each complete event is passed to a callback. Lines end in LF, CR or CRLF;
 * a byte order mark at the start, comments and unknown fields are skipped; an event without data is
 * ignored; a type or id that contains NUL is skipped; an incomplete event at the end of the stream is
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
	const char *type; /* "message" if the stream does not name one */
	const char *data; /* lines joined by LF, without a final one; may contain NUL */
	size_t data_len;
	const char *
		id; /* the last one seen, "" before the first; for Last-Event-ID after a reconnect */
} bn_sse_event;

typedef struct bn_event_stream {
	/* One event, valid during the call; a negative code is returned by bn_event_stream_feed. */
	int (*event)(void *user, const bn_sse_event *e, bn_err *err);
	void *user;
	size_t max_bytes; /* limit of a line and of an event's data; BN_EIO above it; 0: 1 MiB */
	int64_t retry_ms; /* as set by the stream; -1: not yet */
	bn_buf line, type, data, id;
	bool after_cr, started;
} bn_event_stream;

void bn_event_stream_init(bn_event_stream *s,
	int (*event)(void *user, const bn_sse_event *e, bn_err *err), void *user);
void bn_event_stream_release(bn_event_stream *s);
/* For a reconnect: keeps id and retry_ms, drops an incomplete event. */
void bn_event_stream_restart(bn_event_stream *s);
/* After an error the parser must not be used again. */
int bn_event_stream_feed(bn_event_stream *s, const void *bytes, size_t n, bn_err *err);

#endif
