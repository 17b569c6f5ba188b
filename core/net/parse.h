/*
 * parse.h - incremental parsers for the head of an HTTP/1.1 request and for a chunked body.
 *
 * Strict: input that two programs could read differently is an error (RFC 9112; request smuggling).
 * Lines end in CR LF; no control character except a tab in a value; nothing between a header's name
 * and its colon; no folded lines; Host exactly once; headers with meaning at most once;
 * Content-Length only in digits and never with Transfer-Encoding, which must be `chunked`.
 *
 * Both parsers give the same result, errors included, wherever the input is split. A line is checked
 * when its end arrives, a forbidden byte when it arrives.
 */
#ifndef BN_NET_PARSE_H
#define BN_NET_PARSE_H
#include "core/net/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BN_HTTP_MAX_LINE 8192 /* of the request line: 414 */

/* Offsets count from the head's first byte, since the buffer may move while it grows. */
typedef struct bn_http_head {
	/* results, when complete */
	uint32_t method, path, query; /* query: 0 when there is none */
	uint32_t host;                /* host of an absolute target; 0: none */
	struct {
		uint32_t name, value;
	} headers[BN_HTTP_MAX_HEADERS];
	unsigned header_count;
	bool is_1_0, keep_alive, chunked, has_length, expects_continue;
	uint64_t length;
	int status; /* for an error: 400, 414, 417, 431, 501, 505 */
	/* progress */
	bool past_request_line, close_said, keep_alive_said;
	unsigned seen; /* headers that may not be repeated */
	uint32_t line, at;
	size_t max_bytes;
} bn_http_head;

/* max_bytes: of the whole head. */
void bn_http_head_init(bn_http_head *h, size_t max_bytes);
/*
 * bytes: the head from its first byte, n bytes so far; each call passes the same bytes and perhaps
 * more. Complete lines are split into strings in place. Returns the head's size when it is complete,
 * 0 if more is needed, BN_EINVAL with h->status.
 */
ssize_t bn_http_head_parse(bn_http_head *h, char *bytes, size_t n, bn_err *err);

typedef struct bn_http_chunks {
	uint64_t left; /* left of the current chunk */
	unsigned state, digits;
	size_t extra; /* bytes of extensions and trailers so far */
} bn_http_chunks;

void bn_http_chunks_init(bn_http_chunks *c);
typedef enum bn_http_chunk { BN_CHUNK_MORE, BN_CHUNK_DATA, BN_CHUNK_END } bn_http_chunk;
/*
 * Consumes *used of the n bytes. BN_CHUNK_DATA: *data (in those bytes) and *size are the next piece of
 * the body; BN_CHUNK_MORE: all are consumed; BN_CHUNK_END: the body is complete, trailers included;
 * BN_EINVAL.
 */
int bn_http_chunks_next(bn_http_chunks *c, const char *bytes, size_t n, size_t *used,
	const char **data, size_t *size, bn_err *err);

#endif
