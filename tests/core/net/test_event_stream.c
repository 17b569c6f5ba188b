/* The parser of server-sent events: examples of the standard, any division of the bytes, limits. */
#include "core/net/event_stream.h"
#include "tests/support/check_main.h"

#include <string.h>

static bn_buf seen;
static bn_err err;

static int note(void *user, const bn_sse_event *e, bn_err *why)
{
	(void)user;
	if (!strcmp(e->type, "stop"))
		return bn_err_set(why, BN_EINTR, "stop");
	bn_buf_addf(&seen, "%s|", e->type);
	bn_buf_add(&seen, e->data, e->data_len);
	bn_buf_addf(&seen, "|%s\n", e->id);
	return 0;
}

static const char *feed(const char *text, size_t n, size_t step)
{
	bn_event_stream s;
	bn_buf_clear(&seen);
	bn_err_clear(&err);
	bn_event_stream_init(&s, note, NULL);
	for (size_t at = 0; at < n; at += step)
		ck_assert_bn_ok(
			bn_event_stream_feed(&s, text + at, step < n - at ? step : n - at, &err),
			&err);
	bn_event_stream_release(&s);
	return seen.ptr;
}

static void gives(const char *text, const char *events)
{
	for (size_t step = 1; step < 12; step++)
		ck_assert_str_eq(feed(text, strlen(text), step), events);
}

START_TEST(test_event_stream_reads_the_examples_of_the_standard)
{
	seen = (bn_buf)BN_BUF_INIT;
	gives("data: This is the first message.\n\ndata: This is the second message, it\n"
	      "data: has two lines.\n\ndata: third\n\n",
		"message|This is the first message.|\n"
		"message|This is the second message, it\nhas two lines.|\nmessage|third|\n");
	gives("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
		"add|73857293|\nremove|2153|\n");
	gives(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  "
	      "third\n\n",
		"message|first event|1\nmessage|second event|\nmessage| third|\n");
	gives("data\n\ndata\ndata\n\ndata:", "message||\nmessage|\n|\n");
	gives("data:test\n\ndata: test\n\n", "message|test|\nmessage|test|\n");
	bn_buf_release(&seen);
}
END_TEST

START_TEST(test_event_stream_ends_lines_in_three_ways)
{
	seen = (bn_buf)BN_BUF_INIT;
	gives("data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\ndata: e\r\n\n",
		"message|a|\nmessage|b|\nmessage|c|\nmessage|d\ne|\n");
	gives("\xef\xbb\xbf"
	      "data: a\n\n\xef\xbb\xbf"
	      "data: b\n\n",
		"message|a|\n");
	gives("event: x\n\ndata: kept type is gone\n\n", "message|kept type is gone|\n");
	gives("id: 7\n\ndata: x\n\nfoo: bar\nDATA: y\n\n", "message|x|7\n");
	ck_assert_str_eq(feed("id: a\0b\ndata: \0\n\n", 17, 1), "message|");
	ck_assert_uint_eq(seen.len, strlen("message|") + 1 + strlen("|\n"));
	bn_buf_release(&seen);
}
END_TEST

START_TEST(test_event_stream_has_limits)
{
	bn_event_stream s;
	seen = (bn_buf)BN_BUF_INIT;
	err = (bn_err)BN_ERR_INIT;
	bn_event_stream_init(&s, note, NULL);
	s.max_bytes = 10;
	ck_assert_bn_ok(bn_event_stream_feed(&s, "data:12345\n\n", 12, &err), &err);
	ck_assert_int_eq(bn_event_stream_feed(&s, "data:123456", 11, &err), BN_EIO);
	bn_event_stream_restart(&s);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_event_stream_feed(&s, "data:12345\n", 11, &err), &err);
	ck_assert_int_eq(bn_event_stream_feed(&s, "data:12345\n", 11, &err), BN_EIO);
	bn_event_stream_restart(&s);
	bn_err_clear(&err);
	const char *retries = "id:9\nretry: 10\nretry:\nretry:x\nretry: -1\n";
	ck_assert_int_eq(s.retry_ms, -1);
	s.max_bytes = 0;
	ck_assert_bn_ok(bn_event_stream_feed(&s, retries, strlen(retries), &err), &err);
	ck_assert_int_eq(s.retry_ms, 10);
	ck_assert_bn_ok(bn_event_stream_feed(&s, "retry:99999999999\n", 18, &err), &err);
	ck_assert_int_eq(s.retry_ms, 86400000);
	bn_event_stream_restart(&s);
	ck_assert_str_eq(s.id.ptr, "9");
	ck_assert_int_eq(
		bn_event_stream_feed(&s, "event:stop\ndata:\n\ndata:x\n\n", 27, &err), BN_EINTR);
	bn_event_stream_release(&s);
	bn_buf_release(&seen);
}
END_TEST

BN_TEST_MAIN("core/net/event_stream", test_event_stream_reads_the_examples_of_the_standard,
	test_event_stream_ends_lines_in_three_ways, test_event_stream_has_limits)
