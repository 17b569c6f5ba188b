/* The request parser: what is accepted, what is not, and equal results for any division of the input. */
#include "core/net/parse.h"
#include "tests/support/check_main.h"

#include <string.h>

typedef struct outcome {
	ssize_t rc; /* of the last call */
	int status;
	char message[512];
	char text[4000]; /* the parsed fields */
} outcome;

/* Feeds the text in pieces of `step` bytes. */
static outcome feed(const char *text, size_t n, size_t step, size_t max)
{
	outcome o = {0};
	bn_err err = BN_ERR_INIT;
	static bn_http_head h;
	char *bytes = malloc(n + 1);
	size_t have = 0, used = 0;
	bn_http_head_init(&h, max);
	while (o.rc == 0 && have < n) {
		size_t more = n - have < step ? n - have : step;
		memcpy(bytes + have, text + have, more);
		have += more;
		o.rc = bn_http_head_parse(&h, bytes, have, &err);
	}
	o.status = h.status;
	snprintf(o.message, sizeof o.message, "%s", err.msg);
	if (o.rc > 0) {
		used += (size_t)snprintf(o.text, sizeof o.text, "%s|%s|%s|%d%d%d%d%d|%llu",
			bytes + h.method, bytes + h.path, h.query ? bytes + h.query : "-", h.is_1_0,
			h.keep_alive, h.chunked, h.has_length, h.expects_continue,
			(unsigned long long)h.length);
		for (unsigned i = 0; i < h.header_count; i++)
			used += (size_t)snprintf(o.text + used, sizeof o.text - used, "|%s=%s",
				bytes + h.headers[i].name, bytes + h.headers[i].value);
	}
	free(bytes);
	return o;
}

static outcome parse(const char *text)
{
	size_t n = strlen(text);
	outcome whole = feed(text, n, n, 65536);
	for (size_t step = 1; step < 8 && step < n; step++) {
		outcome cut = feed(text, n, step, 65536);
		ck_assert_msg(cut.status == whole.status && cut.rc == whole.rc &&
				      !strcmp(cut.text, whole.text),
			"cut at every %zu: %s: %d %s", step, text, cut.status, cut.message);
	}
	return whole;
}

START_TEST(test_a_request_is_method_path_query_and_headers)
{
	outcome o =
		parse("POST /a/b?x=1&y HTTP/1.1\r\nHost: h:1\r\nX-Empty:\r\nX-Pad: \t v w \t\r\n"
		      "Content-Length: 12\r\n\r\nrest");
	ck_assert_str_eq(
		o.text, "POST|/a/b|x=1&y|01010|12|Host=h:1|X-Empty=|X-Pad=v w|Content-Length=12");
	o = parse("\r\nGET / HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(o.text, "GET|/|-|10000|0");
	o = parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
	ck_assert_str_eq(o.text, "GET|/|-|11000|0|Connection=Keep-Alive");
	o = parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n");
	ck_assert_str_eq(o.text, "GET|/|-|00000|0|Host=h|Connection=x, close");
	o = parse("PUT / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n"
		  "Expect: 100-Continue\r\n\r\n");
	ck_assert_str_eq(
		o.text, "PUT|/|-|01101|0|Host=h|transfer-encoding=Chunked|Expect=100-Continue");
	o = parse("GET http://h:1/p?q HTTP/1.1\r\nHost: H:1\r\n\r\n");
	ck_assert_str_eq(o.text, "GET|/p|q|01000|0|Host=H:1");
	o = parse("OPTIONS * HTTP/1.1\r\nHost: h\r\nX: \x80\xff\r\n\r\n");
	ck_assert_str_eq(o.text, "OPTIONS|*|-|01000|0|Host=h|X=\x80\xff");
}
END_TEST

START_TEST(test_what_two_programs_could_read_differently_is_refused)
{
	static const struct {
		const char *text;
		int status;
		const char *says;
	} bad[] = {
		{"GET / HTTP/1.1\nHost: h\r\n\r\n", 400, "LF without CR"},
		{"GET / HTTP/1.1\r\nHost: h\n\r\n", 400, "LF without CR"},
		{"GET / HTTP/1.1\rHost: h\r\n\r\n", 400, "CR without LF"},
		{"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400, "CR without LF"},
		{"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, "not NAME: VALUE"},
		{"GET / HTTP/1.1\r\nHost\t: h\r\n\r\n", 400, "not NAME: VALUE"},
		{"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, "folded"},
		{"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400, "folded"},
		{"GET / HTTP/1.1\r\nHost: h\r\nX\x01: a\r\n\r\n", 400, "control character"},
		{"GET / HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n\r\n", 400, "control character"},
		{"GET / HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n", 400, "not NAME: VALUE"},
		{"GET / HTTP/1.1\r\nHost: h\r\nnothing\r\n\r\n", 400, "not NAME: VALUE"},
		{"GET / HTTP/1.1\r\nHost: h\r\nX(y): a\r\n\r\n", 400, "not NAME: VALUE"},
		{"GET / HTTP/1.1\r\n\r\n", 400, "Host is missing"},
		{"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, "Host is there twice"},
		{"GET / HTTP/1.1\r\nHost: h/p\r\n\r\n", 400, "Host is not a host"},
		{"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "Host is not a host"},
		{"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 400, "not the host of the URL"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
			400, "Content-Length is there twice"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\n", 400, "not a number"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n", 400, "not a number"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n", 400, "not a number"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\n", 400, "not a number"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5 5\r\n\r\n", 400, "not a number"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400, "is empty"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\n", 400,
			"not a number"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n",
			400, "beside Transfer-Encoding"},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
			"other than chunked"},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
		 "Transfer-Encoding: identity\r\n\r\n",
			400, "there twice"},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \x0b"
		 "chunked\r\n\r\n",
			400, "control character"},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer_Encoding: chunked\r\n\r\n", 0, ""},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "in HTTP/1.0"},
		{"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", 400,
			"authorization is there twice"},
		{"GET / HTTP/1.1\r\nHost: h\r\nContent-Type: a\r\nContent-Type: a\r\n\r\n", 400,
			"Content-Type is there twice"},
		{"GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n", 417, "Expect"},
		{"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, ""},
		{"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400, "HTTP/1.1"},
		{"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400, ""},
		{"GET /\tb HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be escaped"},
		{"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be escaped"},
		{"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400, "must be escaped"},
		{"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "not a token"},
		{"GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400, "neither a path nor a URL"},
		{"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400, "neither a path nor a URL"},
		{"GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", 400, "no host or no path"},
		{"GET /\r\n\r\n", 400, "METHOD PATH"},
		{"GET / HTTP/1.1x\r\nHost: h\r\n\r\n", 400, "HTTP/1.1"},
		{"GET / http/1.1\r\nHost: h\r\n\r\n", 400, "HTTP/1.1"},
		{"PRI * HTTP/2.0\r\n\r\n", 505, "HTTP/1.1"},
		{"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, ""},
		{"\x16\x03\x01\x02", 400, "TLS"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		outcome o = parse(bad[i].text);
		ck_assert_msg(
			o.status == bad[i].status, "%s: %d %s", bad[i].text, o.status, o.message);
		ck_assert_msg(
			strstr(o.message, bad[i].says) != NULL, "%s: %s", bad[i].text, o.message);
	}
	static const char nul[] = "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n";
	ck_assert_int_eq(feed(nul, sizeof nul - 1, 3, 65536).status, 400);
}
END_TEST

START_TEST(test_heads_have_limits)
{
	static char big[200000];
	memset(big, 'a', sizeof big);
	memcpy(big, "GET /", 5);
	ck_assert_int_eq(feed(big, sizeof big, 1000, 65536).status, 414);
	size_t n = (size_t)snprintf(big, sizeof big, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
	memset(big + n, 'a', sizeof big - n);
	ck_assert_int_eq(feed(big, sizeof big, 1000, 65536).status, 431);
	ck_assert_int_eq(feed(big, 65536, 65536, 65536).status, 431);
	ck_assert_int_eq(feed(big, 65535, 65535, 65536).status, 0);
	n = (size_t)snprintf(big, sizeof big, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < BN_HTTP_MAX_HEADERS; i++)
		n += (size_t)snprintf(big + n, sizeof big - n, "X: y\r\n");
	ck_assert_int_eq(feed(big, n, n, 65536).status, 431);
	static const char fits[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
	ck_assert_int_eq(feed(fits, sizeof fits - 1, 1, sizeof fits - 1).rc, sizeof fits - 1);
	ck_assert_int_eq(feed(fits, sizeof fits - 1, 1, sizeof fits - 2).status, 431);
}
END_TEST

/* ---- chunks --------------------------------------------------------------------------------- */

/* The body; ends with "!" if it is malformed, with "?" if it is incomplete. Text after its end follows a '/'. */
static const char *unchunk(const char *text, size_t step)
{
	static char out[4096];
	bn_http_chunks c;
	size_t n = strlen(text), at = 0, have = 0, len = 0;
	bn_http_chunks_init(&c);
	while (have < n) {
		have = n - have < step ? n : have + step;
		while (at < have) {
			const char *data = NULL;
			size_t used = 0, size = 0;
			int rc = bn_http_chunks_next(
				&c, text + at, have - at, &used, &data, &size, NULL);
			at += used;
			memcpy(out + len, data ? data : "", size);
			len += size;
			if (rc < 0 || rc == BN_CHUNK_END) {
				snprintf(out + len, sizeof out - len, "%s%s", rc < 0 ? "!" : "/",
					rc < 0 ? "" : text + at);
				return out;
			}
		}
	}
	snprintf(out + len, sizeof out - len, "?");
	return out;
}

START_TEST(test_chunks_are_put_together_wherever_they_are_cut)
{
	static const char *const cases[][2] = {
		{"5\r\nhello\r\n6;a=b; c=\"d\"\r\n world\r\n0\r\n\r\nnext", "hello world/next"},
		{"00A\r\n0123456789\r\n000\r\nX-Sum: 1\r\nY:\r\n\r\n", "0123456789/"},
		{"0\r\n\r\n", "/"},
		{"5\r\nhel", "hel?"},
		{"5\nhello\r\n0\r\n\r\n", "!"},
		{"5\r\nhello\n0\r\n\r\n", "hello!"},
		{"5\r\nhelloX\r\n0\r\n\r\n", "hello!"},
		{"5 \r\nhello\r\n0\r\n\r\n", "!"},
		{" 5\r\nhello\r\n0\r\n\r\n", "!"},
		{"-5\r\nhello\r\n0\r\n\r\n", "!"},
		{"0x5\r\nhello\r\n0\r\n\r\n", "!"},
		{"\r\nhello\r\n0\r\n\r\n", "!"},
		{";a\r\nhello\r\n0\r\n\r\n", "!"},
		{"5\rhello\r\n0\r\n\r\n", "!"},
		{"1000000000000000\r\n", "!"},
		{"fffffffffffffff\r\nab", "ab?"},
		{"0\r\nX\r\n\r\n", "!"},
		{"0\r\n X: y\r\n\r\n", "!"},
		{"0\r\nX: y\n\r\n", "!"},
		{"0\r\n\n", "!"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t step = 1; step < 9; step++)
			ck_assert_msg(!strcmp(unchunk(cases[i][0], step), cases[i][1]),
				"%s at every %zu: %s", cases[i][0], step,
				unchunk(cases[i][0], step));
	static char endless[10000];
	memset(endless, 'x', sizeof endless - 1);
	memcpy(endless, "5;", 2);
	ck_assert_str_eq(unchunk(endless, 4096), "!");
	memcpy(endless, "0\r\n", 3);
	ck_assert_str_eq(unchunk(endless, 4096), "!");
}
END_TEST

BN_TEST_MAIN("core/net/parse", test_a_request_is_method_path_query_and_headers,
	test_what_two_programs_could_read_differently_is_refused, test_heads_have_limits,
	test_chunks_are_put_together_wherever_they_are_cut)
