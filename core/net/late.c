/*
 * late.c - the response to a request whose body could not be sent.
 *
 * A server that refuses a request without reading all of it answers and closes, and our send() then fails.
 * What had arrived before is still in the socket: Linux keeps it across a reset, for TCP and Unix sockets.
 * libcurl closes the socket after the failed send without reading it, so the bytes are taken in its close
 * callback and passed line by line to the normal response parser. Only a bounded amount is read: an error
 * response is short, and its text may be cut.
 */
#include "core/net/_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void bn_http_late_take(bn_http_attempt *a, int fd)
{
	char bytes[4096];
	ssize_t n;
	while (a->late.len < BN_HTTP_MAX_LATE &&
		(n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		bn_buf_add(&a->late, bytes, (size_t)n);
}

/* The value of a chunk's size line, or -1. */
static long chunk_size(const char *p, const char *end)
{
	long size = 0;
	const char *digits = p;
	for (; p < end && size < (long)BN_HTTP_MAX_LATE; p++) {
		const char *hex = "0123456789abcdef0123456789ABCDEF", *at = memchr(hex, *p, 32);
		if (!at)
			break;
		size = size * 16 + (at - hex) % 16;
	}
	return p > digits ? size : -1;
}

static void take_chunks(bn_http_attempt *a, char *p, char *end)
{
	for (;;) {
		char *line = memchr(p, '\n', (size_t)(end - p));
		long size = line ? chunk_size(p, line) : -1;
		if (size <= 0)
			return;
		p = line + 1;
		size_t n = size < end - p ? (size_t)size : (size_t)(end - p);
		if (bn_http_attempt_body(p, 1, n, a) != n || end - p < size + 2)
			return;
		p += size + 2;
	}
}

static void take_body(bn_http_attempt *a, char *p, char *end)
{
	char text[32];
	size_t n = (size_t)(end - p), most;
	if (a->encodings) {
		take_chunks(a, p, end);
		return;
	}
	if (bn_http_answer_header(a->answer, "Content-Length", text, sizeof text)) {
		most = (size_t)strtoull(text, NULL, 10);
		n = n < most ? n : most;
	}
	bn_http_attempt_body(p, 1, n, a);
}

void bn_http_late_read(bn_http_attempt *a)
{
	char *p = a->late.ptr, *end = p + a->late.len, *line;
	if (a->late.failed || a->late.len < 12 || memcmp(p, "HTTP/1.", 7))
		return;
	while (!a->head_done && (line = memchr(p, '\n', (size_t)(end - p)))) {
		size_t n = (size_t)(line + 1 - p);
		if (bn_http_attempt_header(p, 1, n, a) != n)
			return;
		p += n;
	}
	if (a->head_done && a->status >= 300)
		take_body(a, p, end);
}
