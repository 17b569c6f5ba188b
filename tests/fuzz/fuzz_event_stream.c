/*
 * Any bytes through the parser of server-sent events: the same events in one piece and byte by byte, and events
 * written from them read back.
 */
#include "core/net/event_stream.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST (1u << 16)

static int note(void *user, const bn_sse_event *e, bn_err *err)
{
	(void)err;
	bn_buf *out = user;
	if (strlen(e->id) > MOST || memchr(e->id, '\n', strlen(e->id)) ||
		memchr(e->data, '\r', e->data_len))
		abort();
	bn_buf_addf(out, "event: %s\nid: %s\ndata: ", e->type, e->id);
	for (size_t i = 0; i < e->data_len; i++) {
		bn_buf_addch(out, e->data[i]);
		if (e->data[i] == '\n')
			bn_buf_adds(out, "data: ");
	}
	bn_buf_adds(out, "\n\n");
	return 0;
}

static int parse(bn_buf *out, const char *bytes, size_t n, size_t step)
{
	bn_event_stream s;
	int rc = 0;
	bn_event_stream_init(&s, note, out);
	s.max_bytes = MOST;
	for (size_t at = 0; at < n && rc == 0; at += step)
		rc = bn_event_stream_feed(&s, bytes + at, step < n - at ? step : n - at, NULL);
	bn_event_stream_release(&s);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	bn_buf whole = BN_BUF_INIT, single = BN_BUF_INIT, again = BN_BUF_INIT;
	int rc = parse(&whole, (const char *)bytes, n, n ? n : 1);
	if (rc != parse(&single, (const char *)bytes, n, 1) || whole.len != single.len ||
		memcmp(whole.ptr, single.ptr, whole.len))
		abort();
	if (!rc && parse(&again, whole.ptr, whole.len, 7) == 0 &&
		(again.len != whole.len || memcmp(again.ptr, whole.ptr, whole.len)))
		abort();
	bn_buf_release(&whole);
	bn_buf_release(&single);
	bn_buf_release(&again);
	return 0;
}
