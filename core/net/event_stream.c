/* event_stream.c - see event_stream.h. */
#include "core/net/event_stream.h"

#include "core/base/str.h"

#include <string.h>

#define MAX_BYTES (1u << 20)
#define MAX_RETRY_MS 86400000 /* a day */

void bn_event_stream_init(bn_event_stream *s,
	int (*event)(void *user, const bn_sse_event *e, bn_err *err), void *user)
{
	*s = (bn_event_stream){.event = event,
		.user = user,
		.retry_ms = -1,
		.line = BN_BUF_INIT,
		.type = BN_BUF_INIT,
		.data = BN_BUF_INIT,
		.id = BN_BUF_INIT};
}

void bn_event_stream_release(bn_event_stream *s)
{
	bn_buf_release(&s->line);
	bn_buf_release(&s->type);
	bn_buf_release(&s->data);
	bn_buf_release(&s->id);
}

void bn_event_stream_restart(bn_event_stream *s)
{
	bn_buf_clear(&s->line);
	bn_buf_clear(&s->type);
	bn_buf_clear(&s->data);
	s->after_cr = s->started = false;
}

static size_t limit(const bn_event_stream *s)
{
	return s->max_bytes ? s->max_bytes : MAX_BYTES;
}

static int too_long(const bn_event_stream *s, bn_err *err)
{
	return bn_err_set(err, BN_EIO, "an event of the stream is longer than %zu bytes", limit(s));
}

static bool is_named(const bn_buf *line, size_t name_len, const char *name)
{
	return name_len == strlen(name) && !memcmp(line->ptr, name, name_len);
}

static void take_retry(bn_event_stream *s, const char *value, size_t n)
{
	int64_t ms;
	if (!n || strspn(value, "0123456789") < n || !bn_parse_i64(value, n, &ms))
		return;
	s->retry_ms = ms < MAX_RETRY_MS ? ms : MAX_RETRY_MS;
}

static int take_field(bn_event_stream *s, bn_err *err)
{
	const bn_buf *line = &s->line;
	const char *colon = memchr(line->ptr, ':', line->len);
	size_t name = colon ? (size_t)(colon - line->ptr) : line->len;
	size_t from = colon ? name + 1 : line->len;
	if (from < line->len && line->ptr[from] == ' ')
		from++;
	const char *value = line->ptr + from;
	size_t n = line->len - from;
	if (is_named(line, name, "data")) {
		if (s->data.len + n + 1 > limit(s))
			return too_long(s, err);
		bn_buf_add(&s->data, value, n);
		bn_buf_addch(&s->data, '\n');
	} else if (is_named(line, name, "event") && !memchr(value, '\0', n)) {
		bn_buf_clear(&s->type);
		bn_buf_add(&s->type, value, n);
	} else if (is_named(line, name, "id") && !memchr(value, '\0', n)) {
		bn_buf_clear(&s->id);
		bn_buf_add(&s->id, value, n);
	} else if (is_named(line, name, "retry")) {
		take_retry(s, value, n);
	}
	return 0;
}

static int dispatch(bn_event_stream *s, bn_err *err)
{
	int rc = 0;
	if (s->data.len) {
		bn_buf_truncate(&s->data, s->data.len - 1); /* LF of the last line */
		bn_sse_event e = {
			s->type.len ? s->type.ptr : "message", s->data.ptr, s->data.len, s->id.ptr};
		rc = s->event(s->user, &e, err);
	}
	bn_buf_clear(&s->data);
	bn_buf_clear(&s->type);
	return rc;
}

static int end_line(bn_event_stream *s, bn_err *err)
{
	int rc = 0;
	if (!s->started && s->line.len >= 3 && !memcmp(s->line.ptr, "\xef\xbb\xbf", 3)) {
		memmove(s->line.ptr, s->line.ptr + 3, s->line.len - 3);
		bn_buf_truncate(&s->line, s->line.len - 3);
	}
	s->started = true;
	rc = s->line.len ? take_field(s, err) : dispatch(s, err);
	bn_buf_clear(&s->line);
	if (rc < 0)
		return rc;
	if (s->line.failed || s->data.failed || s->type.failed || s->id.failed)
		return bn_err_nomem(err, "an event");
	return 0;
}

int bn_event_stream_feed(bn_event_stream *s, const void *bytes, size_t n, bn_err *err)
{
	const char *p = bytes, *end = p + n;
	int rc;
	while (p < end) {
		if (s->after_cr && *p == '\n') { /* the second half of CRLF */
			s->after_cr = false;
			p++;
			continue;
		}
		s->after_cr = false;
		const char *stop = p;
		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		if (s->line.len + (size_t)(stop - p) > limit(s))
			return too_long(s, err);
		bn_buf_add(&s->line, p, (size_t)(stop - p));
		if (s->line.failed)
			return bn_err_nomem(err, "an event");
		if (stop == end)
			return 0;
		s->after_cr = *stop == '\r';
		p = stop + 1;
		if ((rc = end_line(s, err)) < 0)
			return rc;
	}
	return 0;
}
