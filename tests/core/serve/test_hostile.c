/*
 * A thousand hostile requests on a socket: each gets the expected status, or no response where none can be given,
 * errors are JSON, and an honest client is answered after each. They are generated from tables: bytes in each part of
 * a head, lengths, chunks, codings, forms of JSON and CSV, paths, methods, tokens, and bytes of other protocols. Prints
 * the number of each.
 */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/serve/server.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN "d5b1c0ffee0123456789"
#define LET_IN "Authorization: Bearer " TOKEN "\r\n"
#define BASE "Host: h\r\nConnection: close\r\n"
#define GOOD "{\"x0\":0.5,\"x1\":-1,\"x2\":2,\"x3\":0.25,\"colour\":\"red\",\"flag\":true}"
#define COUNT(a) (sizeof(a) / sizeof *(a))

static bn_predictor *model;
static bn_server *server;
static bn_buf raw; /* the current request */
static char answer[65536];
static int statuses[600], of_group;
static size_t total;

/* ---- sockets -------------------------------------------------------------------------------- */

static int dial(void)
{
	struct timeval wait = {60, 0};
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)bn_server_port(server)),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Sends all bytes, closes the sending side, and reads to the end: the first status, 0 for no response. */
static int exchange(const char *bytes, size_t n)
{
	int fd = dial();
	size_t len = 0;
	ck_assert_int_ge(fd, 0);
	for (size_t at = 0; at < n;) {
		ssize_t put = send(fd, bytes + at, n - at, MSG_NOSIGNAL);
		if (put <= 0)
			break; /* the server has already refused */
		at += (size_t)put;
	}
	shutdown(fd, SHUT_WR);
	for (;;) {
		ssize_t got = recv(fd, answer + len, sizeof answer - 1 - len, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	close(fd);
	answer[len] = '\0';
	return len > 12 ? atoi(answer + 9) : 0;
}

/* ---- one request ---------------------------------------------------------------------------- */

static void check_form(int status)
{
	const char *body = strstr(answer, "\r\n\r\n"), *json = strstr(answer, "application/json");
	if (!body || !json || json > body || status == 100)
		return;
	json_t *v = json_loads(body + 4, 0, NULL);
	ck_assert_msg(v != NULL, "an answer that is not JSON: %s", answer);
	json_decref(v);
}

/* The request in raw gets that status, and then an honest request is answered. */
static void hostile(const char *what, int want)
{
	char honest[512];
	int n = snprintf(honest, sizeof honest,
		"POST /predict HTTP/1.1\r\n" BASE LET_IN "Content-Length: %zu\r\n\r\n" GOOD,
		strlen(GOOD));
	int got = exchange(raw.ptr, raw.len);
	ck_assert_msg(got == want, "%s: %d, expected %d: %.300s\n--\n%.600s", what, got, want,
		raw.ptr, answer);
	ck_assert_msg(!strstr(answer, TOKEN), "%s: the token is told: %s", what, answer);
	check_form(got);
	statuses[got]++;
	of_group++;
	total++;
	got = exchange(honest, (size_t)n);
	ck_assert_msg(got == 200, "behind %s an honest request gets %d: %s", what, got, answer);
	bn_buf_clear(&raw);
}

static void end_group(const char *name)
{
	printf("NOTE: | %s | %d |", name, of_group);
	for (int i = 0; i < 600; i++)
		if (statuses[i])
			printf(" %d (%d)", i, statuses[i]);
	printf(" |\n");
	memset(statuses, 0, sizeof statuses);
	of_group = 0;
}

static void post(const char *path, const char *type, const void *body, size_t n, int want)
{
	bn_buf_addf(&raw,
		"POST %s HTTP/1.1\r\n" BASE LET_IN
		"Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
		path, type, n);
	bn_buf_add(&raw, body, n);
	hostile(path, want);
}

static void post_text(const char *path, const char *type, int want, const char *form, ...)
{
	char text[4096];
	va_list ap;
	va_start(ap, form);
	int n = vsnprintf(text, sizeof text, form, ap);
	va_end(ap);
	post(path, type, text, (size_t)n, want);
}

/* ---- heads ---------------------------------------------------------------------------------- */

/* Every invalid byte in each part of a head. */
static void bytes_of_heads(void)
{
	static const char *const places[] = {"G%cT / HTTP/1.1\r\n" BASE "\r\n",
		"GET /p%cth HTTP/1.1\r\n" BASE "\r\n",
		"GET / HTTP/1.1\r\n" BASE "X-N%cme: v\r\n\r\n",
		"GET / HTTP/1.1\r\n" BASE "X-Name: v%clue\r\n\r\n"};
	static const char *const tokens = "!#$%&'*+-.^_`|~";
	for (size_t p = 0; p < COUNT(places); p++)
		for (int b = 0; b < 256; b++) {
			bool word = (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') ||
				    (b >= 'A' && b <= 'Z') || (b && strchr(tokens, b));
			bool value = p == 3 && (b == '\t' || (b >= ' ' && b != 127));
			bool target = p == 1 && b > ' ' && b < 127 && !strchr("\"#<>\\^`", b);
			bool colon = p == 2 && b == ':'; /* ends the name early, which is valid */
			if ((p != 1 && word) || value || target || colon || (p == 2 && b == '\r'))
				continue;
			bn_buf_addf(&raw, places[p], b ? b : 1);
			if (!b)
				*(char *)memchr(raw.ptr, 1, raw.len) = '\0';
			hostile("a byte of a head", 400);
		}
	end_group("a byte that may not stand in a method, target, name or value");
}

static const struct {
	const char *text;
	int status;
} heads[] = {{"\r\n\r\n\r\n", 400}, {"GET\r\n\r\n", 400}, {"GET /\r\n\r\n", 400},
	{"GET  / HTTP/1.1\r\n" BASE "\r\n", 400}, {"GET / HTTP/1.1 \r\n" BASE "\r\n", 400},
	{"GET / HTTP/1.1\n" BASE "\r\n", 400}, {"GET / HTTP/1.1\r\rHost: h\r\n\r\n", 400},
	{"GET / HTTP/2.0\r\n" BASE "\r\n", 505}, {"GET / HTTP/0.9\r\n" BASE "\r\n", 505},
	{"GET / http/1.1\r\n" BASE "\r\n", 400}, {"GET / HTTP/1.10\r\n" BASE "\r\n", 400},
	{"GET / HTTPS/1.1\r\n" BASE "\r\n", 400}, {" GET / HTTP/1.1\r\n" BASE "\r\n", 400},
	{"GET / HTTP/1.1\r\n\r\n", 400}, {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400}, {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400}, {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE "X : v\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE " X: v\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE "\tX: v\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE "X\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE ": v\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE "X: v\r\n  folded\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE "X: v\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE "X: v\r\r\n\r\n", 400},
	{"GET http://other/ HTTP/1.1\r\n" BASE "\r\n", 400},
	{"GET ftp://h/ HTTP/1.1\r\n" BASE "\r\n", 400},
	{"GET http:///x HTTP/1.1\r\n" BASE "\r\n", 400},
	{"GET http://h HTTP/1.1\r\n" BASE "\r\n", 400}, {"GET h HTTP/1.1\r\n" BASE "\r\n", 400},
	{"CONNECT h:443 HTTP/1.1\r\n" BASE "\r\n", 400},
	{"OPTIONS * HTTP/1.1\r\n" BASE "\r\n", 401}, {"GET * HTTP/1.1\r\n" BASE "\r\n", 400},
	{"GET / HTTP/1.1\r\n" BASE, 0}, {"GET / HT", 0}, {"G", 0}, {"", 0},
	{"GETTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT / HTTP/1.1\r\n" BASE "\r\n", 400},
	{"POST /predict HTTP/1.1\r\n" BASE LET_IN "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n1",
		417},
	{"GET / HTTP/1.1\r\n" BASE "Upgrade: h2c\r\n\r\n", 401},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505}};

static const char *const once[] = {"Host", "Content-Length", "Transfer-Encoding", "Expect",
	"Content-Type", "Authorization", "Origin", "X-Request-Id", "Range",
	"Inference-Header-Content-Length"};

static void forms_of_heads(void)
{
	for (size_t i = 0; i < COUNT(heads); i++) {
		bn_buf_adds(&raw, heads[i].text);
		hostile(heads[i].text, heads[i].status);
	}
	for (size_t i = 0; i < COUNT(once); i++)
		for (int k = 0; k < 2; k++) { /* with a different and with an equal value */
			const char *value = i == 1   ? "5"
					    : i == 2 ? "chunked"
					    : i == 3 ? "100-continue"
						     : "v";
			bn_buf_addf(&raw,
				"POST /predict HTTP/1.1\r\nConnection: close\r\n%s%s: %s\r\n",
				i ? "Host: h\r\n" : "", once[i], value);
			bn_buf_addf(&raw, "%s: %s\r\n\r\n12345", once[i],
				k || i == 2 || i == 3 ? value : "7");
			hostile(once[i], 400);
		}
	end_group("a head that is not one thing");
	for (int i = 0; i < 6; i++) {
		static const size_t sizes[] = {9000, 20000, 63000, 70000, 200000, 1000000};
		bn_buf_adds(&raw, "GET /");
		for (size_t n = 0; n < sizes[i]; n++)
			bn_buf_addch(&raw, 'a');
		bn_buf_adds(&raw, " HTTP/1.1\r\n" BASE "\r\n");
		hostile("a long target", 414);
		bn_buf_adds(&raw, "GET / HTTP/1.1\r\n" BASE "X: ");
		for (size_t n = 0; n < sizes[i] + 60000; n++)
			bn_buf_addch(&raw, 'a');
		bn_buf_adds(&raw, "\r\n\r\n");
		hostile("a long value", 431);
		bn_buf_adds(&raw, "GET / HTTP/1.1\r\n" BASE);
		for (size_t n = 0; n < 70 + sizes[i] / 100; n++)
			bn_buf_addf(&raw, "X-%zu: v\r\n", n);
		bn_buf_adds(&raw, "\r\n");
		hostile("many headers", 431);
	}
	end_group("a head that is too large");
}

/* ---- lengths, chunks and codings ------------------------------------------------------------ */

static void lengths(void)
{
	static const char *const none[] = {"", "+5", "-5", "5 5", "5,5", "5, 5", "0x5", "5.0",
		"5e0", "five", "1234567890123456789", "99999999999999999999999", "5;", "\"5\"",
		"５", "5\t5", "٥", "NaN", "--5", "5-"};
	static const struct {
		const char *length;
		int status;
	} sizes[] = {{"16777217", 413}, {"99999999999", 413}, {"999999999999999999", 413},
		{"74", 0}, {"1000", 0}};
	for (size_t i = 0; i < COUNT(none); i++)
		for (int k = 0; k < 2; k++) {
			bn_buf_addf(&raw,
				"POST %s HTTP/1.1\r\n" BASE LET_IN
				"Content-Length: %s\r\n\r\n" GOOD,
				k ? "/invocations" : "/predict", none[i]);
			hostile("a length that is none", 400);
		}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		bn_buf_addf(&raw,
			"POST /predict HTTP/1.1\r\n" BASE LET_IN "Content-Length: %s\r\n\r\n" GOOD,
			sizes[i].length);
		hostile("a length that is not the body's", sizes[i].status);
	}
	for (int n = 0; n < 20; n++) { /* the body is truncated */
		bn_buf_adds(&raw, "POST /predict HTTP/1.1\r\n" BASE LET_IN
				  "Content-Type: application/json\r\nContent-Length: ");
		bn_buf_addf(&raw, "%d\r\n\r\n", 3 * n + 1);
		bn_buf_add(&raw, GOOD, (size_t)(3 * n + 1));
		hostile("a length that is shorter than the row", 400);
	}
	end_group("lengths");
}

static void chunks(void)
{
	static const char *const bad[] = {"\r\n", ";\r\n", " 5\r\n", "5 \r\n", "-5\r\n", "+5\r\n",
		"0x5\r\n", "g\r\n", "5\n12345\r\n", "5\r12345\r\n", "5\r\n123456\r\n",
		"5\r\n12345\n0\r\n", "5\r\n12345 \r\n", "10000000000000000\r\n",
		"fffffffffffffffff\r\n", "0000000000000005\r\n", "5;\n\r\n", "5;a\x01\r\n",
		"5;a=\"\x7f\"\r\n", "5\r\n12345\r\n0\r\nX Y: v\r\n\r\n",
		"5\r\n12345\r\n0\r\n: v\r\n\r\n", "5\r\n12345\r\n0\r\nX\r\n\r\n",
		"5\r\n12345\r\n0\r\nX: \x02\r\n\r\n", "5\r\n12345\r\n0\r\n\rX",
		"5\r\n12345\r\n0\r\nX: v\n\r\n"};
	static const struct {
		const char *coding;
		int status;
	} codings[] = {{"gzip", 501}, {"gzip, chunked", 501}, {"chunked, chunked", 501},
		{"chunked;q=1", 501}, {"identity", 501}, {"x", 501}, {"", 501}, {"chunked,", 501},
		{"\"chunked\"", 501}};
	for (size_t i = 0; i < COUNT(bad); i++) {
		bn_buf_adds(&raw, "POST /predict HTTP/1.1\r\n" BASE LET_IN
				  "Transfer-Encoding: chunked\r\n\r\n");
		bn_buf_adds(&raw, bad[i]);
		hostile(bad[i], 400);
	}
	for (int i = 0; i < 6;
		i++) { /* endless extensions and trailers, in one piece and in many */
		static const char head[] = "POST /predict HTTP/1.1\r\n" BASE LET_IN
					   "Transfer-Encoding: chunked\r\n\r\n";
		bn_buf_adds(&raw, head);
		bn_buf_adds(&raw, "5;");
		for (int n = 0; n < 9000 << i; n++)
			bn_buf_addch(&raw, 'e');
		bn_buf_adds(&raw, "\r\n12345\r\n0\r\n\r\n");
		hostile("a long extension", 400);
		bn_buf_adds(&raw, head);
		for (int n = 0; n < 100 << i; n++)
			bn_buf_addf(&raw, "1;%0100d\r\n1\r\n", n);
		bn_buf_adds(&raw, "0\r\n\r\n");
		hostile("many extensions", 400);
		bn_buf_adds(&raw, head);
		bn_buf_adds(&raw, "0\r\n");
		for (int n = 0; n < 100 << i; n++)
			bn_buf_addf(&raw, "X-%d: %0100d\r\n", n, n);
		bn_buf_adds(&raw, "\r\n");
		hostile("many trailers", 400);
	}
	for (size_t i = 0; i < COUNT(codings); i++) {
		bn_buf_addf(&raw,
			"POST /predict HTTP/1.1\r\n" BASE LET_IN
			"Transfer-Encoding: %s\r\n\r\n0\r\n\r\n",
			codings[i].coding);
		hostile(codings[i].coding, codings[i].status);
	}
	bn_buf_adds(&raw, "POST /predict HTTP/1.1\r\n" BASE LET_IN
			  "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
	hostile("a length beside chunks", 400);
	bn_buf_adds(&raw, "POST /predict HTTP/1.0\r\n" BASE LET_IN
			  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	hostile("chunks in HTTP/1.0", 400);
	end_group("chunks and transfer codings");
	static const char *const contents[] = {
		"gzip", "br", "deflate", "zstd", "gzip, identity", "x"};
	for (size_t i = 0; i < COUNT(contents); i++) {
		bn_buf_addf(&raw,
			"POST /predict HTTP/1.1\r\n" BASE LET_IN
			"Content-Encoding: %s\r\nContent-Length: 5\r\n\r\n12345",
			contents[i]);
		hostile(contents[i], 415);
	}
	static const char *const types[] = {"text/plain", "application/xml", "application/jsonx",
		"json", "*/*", "application/json; charset=latin1",
		"application/x-www-form-urlencoded", "multipart/form-data",
		"application/json charset=utf-16", "text/csv; charset=iso-8859-1"};
	for (size_t i = 0; i < COUNT(types); i++) {
		post("/predict", types[i], GOOD, strlen(GOOD), 415);
		post("/invocations", types[i], GOOD, strlen(GOOD), 415);
	}
	end_group("content codings and types");
}

/* ---- bodies --------------------------------------------------------------------------------- */

#define JSON "application/json"
#define COLUMNS "x0,x1,x2,x3,colour,flag\n"

static void json(void)
{
	static const char *const broken[] = {"", " ", "{", "}", "[", "]", "{]", "[}", "\"", "{\"",
		"{\"x0", "{\"x0\"", "{\"x0\":", "{\"x0\":1", "{\"x0\":1,", "{\"x0\":1,}", "{,}",
		"[,]", "[1,]", "{x0:1}", "{'x0':1}", "{\"x0\":1}}", "{\"x0\":1}{}", "[1][2]", "nul",
		"tru", "TRUE", "NULL", "// c\n{}", "{}/**/", "\xef\xbb\xbf{}", "\xff\xfe{\x00}",
		"{\"x0\":\"\x01\"}", "{\"x0\":\"\n\"}", "{\"\\ud800\":1}", "{\"a\":\"\\udc00\"}",
		"{\"a\":\"\\u12\"}", "{\"a\":\"\\x41\"}", "{\"a\":\"\xc0\x80\"}",
		"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xf5\x80\x80\x80\"}", "{\"a\":\"\xe2\x82\"}",
		"{\"a\":1,\"a\":2}", "{\"a\\u0000\":1}", "\"text\"", "7", "null", "true", "[]",
		"{}", "[[]]", "[{}]", "[null]", "[[[1]]]"};
	static const char *const paths[] = {"/predict", "/invocations", "/v2/models/power/infer"};
	for (size_t i = 0; i < COUNT(broken); i++)
		for (size_t p = 0; p < COUNT(paths); p++)
			post(paths[p], JSON, broken[i], strlen(broken[i]), 400);
	for (size_t p = 0; p < COUNT(paths); p++) {
		post(paths[p], JSON, GOOD "\0", sizeof GOOD, 400);
		post(paths[p], JSON, GOOD "\n\0\0", sizeof GOOD + 2, 400);
		post(paths[p], JSON, "\0" GOOD, sizeof GOOD, 400);
		bn_buf deep = BN_BUF_INIT;
		for (int n = 0; n < 100000; n++)
			bn_buf_addch(&deep, '[');
		post(paths[p], JSON, deep.ptr, deep.len, 400);
		bn_buf_release(&deep);
	}
	end_group("JSON that is none, or no rows");
	static const char *const values[] = {"1e999", "-1e999", "1e400", "123e9999999", "Infinity",
		"-Infinity", "18446744073709551616", "-9223372036854775808.",
		"-9223372036854775809", "[]", "{}", "[1]", "\"a\"", "true", "01", "+1", ".5", "1.",
		"0x1", "1_0", "1e", "--1", "- 1", "'1'", "nan", "None", "undefined", "\"\\u0000\"",
		"\"\\ud800\"", "1 2", "inf", "1e+", "1,5e"};
	for (size_t i = 0; i < COUNT(values); i++) {
		const char *v = values[i];
		post_text("/predict", JSON, 400,
			"{\"x0\":%s,\"x1\":1,\"x2\":2,\"x3\":3,\"colour\":\"red\",\"flag\":true}",
			v);
		post_text("/predict", JSON, 400, "[[%s,1,2,3,\"red\",true]]", v);
		post_text(
			"/invocations", JSON, 400, "{\"instances\":[[%s,1,2,3,\"red\",true]]}", v);
		post_text("/v2/models/power/infer", JSON, 400,
			"{\"inputs\":[{\"name\":\"x0\",\"shape\":[1],\"datatype\":\"FP64\","
			"\"data\":[%s]}]}",
			v);
	}
	for (int i = 0; i < 6; i++) { /* in members that are not used */
		static const char *const far[] = {"1e999", "-1e400", "Infinity",
			"18446744073709551616", "\"\\u0000\"", "\"\xff\""};
		post_text("/predict", JSON, 400,
			"{\"x0\":1,\"x1\":1,\"x2\":2,\"x3\":3,\"colour\":\"red\",\"flag\":true,"
			"\"other\":{\"deep\":[%s]}}",
			far[i]);
	}
	post_text("/predict", JSON, 422, "[1.7e308,-1.7e308,1.7e308,1.7e308,\"red\",true]");
	post_text("/predict", JSON, 422,
		"[[0,0,0,0,\"red\",true],[1.7e308,-1.7e308,1.7e308,1.7e308,\"red\",true]]");
	post_text("/invocations", JSON, 422,
		"{\"instances\":[[1.7e308,-1.7e308,1.7e308,1.7e308,\"red\",true]]}");
	post_text(
		"/predict", "text/csv", 422, COLUMNS "1.7e308,-1.7e308,1.7e308,1.7e308,red,true\n");
	end_group("numbers and texts that are no cells");
	static const char *const shapes[] = {"[0]", "[-1]", "[1,1,1]", "[]", "1", "[1e9]", "[1.5]",
		"[100000001]", "[\"1\"]", "null", "[2]", "[1,2]"};
	for (size_t i = 0; i < COUNT(shapes); i++)
		post_text("/v2/models/power/infer", JSON, 400,
			"{\"inputs\":[{\"name\":\"x0\",\"shape\":%s,\"datatype\":\"FP64\",\"data\":"
			"[1]}]}",
			shapes[i]);
	end_group("shapes of tensors");
}

static void csv(void)
{
	static const char *const bad[] = {"", "\n", "x0\n1\n", COLUMNS, COLUMNS "1,2,3,4,red\n",
		COLUMNS "1,2,3,4,red,true,7\n", COLUMNS "1,2,3,4,\"red,true\n",
		COLUMNS "1,2,3,4,\"red\"x,true\n", COLUMNS "a,2,3,4,red,true\n",
		COLUMNS "1e999,2,3,4,red,true\n", COLUMNS "1,2,3,4,red,inf\n",
		COLUMNS "1,2,3,4,red,-inf\n", COLUMNS "1,2,3,4,red,maybe\n",
		COLUMNS "1,2,3,4,\xff\xfe,true\n", COLUMNS "1,2,3,4,\xc3,true\n",
		COLUMNS "1,2,3,4,\xed\xa0\x80,true\n",
		"x0,x0,x1,x2,x3,colour,flag\n1,1,2,3,4,red,true\n",
		"\xff,x0,x1,x2,x3,colour,flag\n1,1,2,3,4,red,true\n", COLUMNS "1;2;3;4;red;true\n",
		"\xff\xfex\n", COLUMNS "1,2,3,4,red,true\n\n1,2\n",
		COLUMNS "1 000,2,3,4,red,true\n", COLUMNS "0x1,2,3,4,red,true\n"};
	for (size_t i = 0; i < COUNT(bad); i++)
		for (int k = 0; k < 2; k++)
			post(k ? "/invocations" : "/predict", "text/csv", bad[i], strlen(bad[i]),
				400);
	post("/predict", "text/csv", COLUMNS "1,2,3,4,red,true\0", sizeof COLUMNS + 16, 400);
	post("/predict", "text/csv", COLUMNS "1,2,3,4,red,true\n\0", sizeof COLUMNS + 17, 400);
	post("/predict", "text/csv", COLUMNS "1,2,3,4,r\0d,true\n", sizeof COLUMNS + 16, 400);
	end_group("CSV");
}

/* ---- methods, paths and tokens --------------------------------------------------------------- */

static void paths(void)
{
	static const char *const nowhere[] = {"/nowhere", "/predict/other", "/predict/power/99",
		"/predict/power/1/2", "/../etc/passwd", "/%2e%2e/etc/passwd", "/predict/%2e%2e",
		"/predict%2fpower", "/PREDICT", "/v2/models", "/v2/models/other/infer", "/v3",
		"/metrics/x", "/%00", "/predict%00", "/%ff", "/%zz", "/%", "/;", "/*",
		"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z", "/predict/power%2f1",
		"/.well-known/x"};
	static const char *const routes[] = {"/", "/predict", "/invocations", "/metrics",
		"/healthz", "/version", "/v2", "/v2/models/power", "/v2/models/power/infer"};
	static const char *const methods[] = {
		"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "GETT", "PROPFIND", "X-Y"};
	for (size_t i = 0; i < COUNT(nowhere); i++) {
		bn_buf_addf(&raw, "POST %s HTTP/1.1\r\n" BASE LET_IN "Content-Length: 2\r\n\r\n{}",
			nowhere[i]);
		hostile(nowhere[i], 404);
		bn_buf_addf(&raw, "GET %s HTTP/1.1\r\n" BASE "\r\n", nowhere[i]);
		hostile(nowhere[i], 401);
	}
	for (size_t r = 0; r < COUNT(routes); r++)
		for (size_t m = 0; m < COUNT(methods); m++) {
			bn_buf_addf(&raw, "%s %s HTTP/1.1\r\n" BASE LET_IN "\r\n", methods[m],
				routes[r]);
			hostile(methods[m], 405);
		}
	for (size_t r = 0; r < COUNT(routes); r++) {
		if (strstr(routes[r], "predict") || strstr(routes[r], "invocations") ||
			strstr(routes[r], "infer"))
			continue;
		bn_buf_addf(&raw,
			"GET %s HTTP/1.1\r\n" BASE LET_IN "Content-Length: 5\r\n\r\n12345",
			routes[r]);
		hostile("a body where none is taken", 413);
	}
	end_group("paths and methods");
}

static void tokens(void)
{
	static const char *const bad[] = {"", "Bearer", "Bearer ", "Bearer x", "Basic " TOKEN,
		TOKEN, "Bearer" TOKEN, "Bearer " TOKEN "x", "Bearer x" TOKEN,
		"Bearer d5b1c0ffee012345678", "Bearer D5B1C0FFEE0123456789", "Bearer \"" TOKEN "\"",
		"Bearer " TOKEN "," TOKEN, "Bearer " TOKEN " " TOKEN, "Token " TOKEN,
		"Bearer=" TOKEN, "Bearer\t" TOKEN, "Digest username=a",
		"Bearer d5b1c0ffee0123456780", "Bearer \xd5" TOKEN};
	static const char *const routes[] = {"GET /", "GET /metrics", "POST /predict",
		"POST /v2/models/power/infer", "GET /nowhere"};
	for (size_t i = 0; i < COUNT(bad); i++)
		for (size_t r = 0; r < COUNT(routes); r++) {
			bn_buf_addf(&raw,
				"%s HTTP/1.1\r\n" BASE
				"Authorization: %s\r\nContent-Length: 16000000\r\n\r\n",
				routes[r], bad[i]);
			hostile("a token that is none", 401);
		}
	end_group("tokens that are none, in front of a body");
}

static void other_protocols(void)
{
	static const unsigned char hello[] = {
		0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0x5a, 0, 0xff, '\r', '\n'};
	static const char *const texts[] = {"SSH-2.0-OpenSSH_9.2\r\n", "EHLO there\r\n\r\n",
		"*1\r\n$4\r\nPING\r\n", "\x80\x2e\x01\x03\x01", "\x05\x01", "GET /\r\n", "HELP\n",
		"USER a\r\nPASS b\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
	for (size_t n = 1; n <= sizeof hello; n++) {
		bn_buf_add(&raw, hello, n);
		hostile("a hello of TLS", 400);
	}
	for (size_t i = 0; i < COUNT(texts); i++) {
		bn_buf_adds(&raw, texts[i]);
		hostile(texts[i], 400);
	}
	unsigned seed = 1;
	for (int i = 0; i < 50; i++) { /* the first byte cannot begin a method */
		bn_buf_addch(&raw, (char)(128 + i));
		for (int n = 0; n < 200; n++)
			bn_buf_addch(&raw, (char)((seed = seed * 1103515245 + 12345) >> 16));
		hostile("noise", 400);
	}
	end_group("TLS, other protocols, noise");
}

START_TEST(test_a_thousand_hostile_requests_have_their_status_and_the_next_is_answered)
{
	bn_err err = BN_ERR_INIT;
	bn_server_options o = {.token = TOKEN, .policy = {true, true}};
	ck_assert_bn_ok(bn_predictor_open_dir(&model, bn_env_real(),
				tiny_model("power", "ridge", "y_number"), NULL, NULL, NULL, &err),
		&err);
	ck_assert_bn_ok(bn_server_new(&server, bn_env_real(), (const bn_predictor *const *)&model,
				1, &o, &err),
		&err);
	if (bn_server_start(server, &err) < 0)
		BN_TEST_SKIP("hostile requests: %s", err.msg);
	bn_buf_init(&raw);
	bytes_of_heads();
	forms_of_heads();
	lengths();
	chunks();
	json();
	csv();
	paths();
	tokens();
	other_protocols();
	printf("NOTE: %zu hostile requests, an honest one answered after each\n", total);
	ck_assert_uint_ge(total, 1000);
	bn_server_stats s;
	bn_server_get_stats(server, &s);
	ck_assert_uint_eq(s.predictions, total); /* only the honest requests were predicted */
	bn_buf_release(&raw);
	bn_server_free(server);
	bn_predictor_free(model);
}
END_TEST

BN_TEST_MAIN("core/serve/hostile",
	test_a_thousand_hostile_requests_have_their_status_and_the_next_is_answered)
