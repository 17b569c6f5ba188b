/* Requests and responses without a socket, and the table of routes. */
#include "core/net/message.h"
#include "core/net/router.h"
#include "tests/support/check_main.h"

#include <string.h>

START_TEST(test_percent_escapes_are_decoded_but_not_a_slash_or_a_nul)
{
	static const char *const cases[][2] = {{"/a%20b", "/a b"}, {"/%41%7e", "/A~"},
		{"/a%2Fb%2f", "/a%2Fb%2f"}, {"/%00", "/%00"}, {"/%", "/%"}, {"/%4", "/%4"},
		{"/%zz%41", "/%zzA"}, {"/%2541", "/%41"}, {"", ""}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[32];
		strcpy(text, cases[i][0]);
		ck_assert_uint_eq(bn_http_unescape(text), strlen(cases[i][1]));
		ck_assert_str_eq(text, cases[i][1]);
	}
}
END_TEST

START_TEST(test_fields_of_a_query_are_found_by_name)
{
	bn_http_request r = {.query = "a=1&bc=x%20y+z%26&d&e=&a=2"};
	char value[16];
	ck_assert(bn_http_request_field(&r, "a", value, sizeof value));
	ck_assert_str_eq(value, "1");
	ck_assert(bn_http_request_field(&r, "bc", value, sizeof value));
	ck_assert_str_eq(value, "x y z&");
	ck_assert(bn_http_request_field(&r, "d", value, sizeof value));
	ck_assert_str_eq(value, "");
	ck_assert(bn_http_request_field(&r, "e", value, sizeof value));
	ck_assert_str_eq(value, "");
	ck_assert(!bn_http_request_field(&r, "b", value, sizeof value));
	ck_assert(!bn_http_request_field(&r, "c", value, sizeof value));
	ck_assert(bn_http_request_field(&r, "bc", value, 4));
	ck_assert_str_eq(value, "x y");
	r.query = NULL;
	ck_assert(!bn_http_request_field(&r, "a", value, sizeof value));
}
END_TEST

static int closed;

static void count_close(void *user)
{
	(void)user;
	closed++;
}

START_TEST(test_a_response_takes_headers_and_owns_its_source)
{
	bn_http_response r;
	bn_err err = BN_ERR_INIT;
	char value[8];
	bn_http_response_init(&r);
	ck_assert_bn_ok(bn_http_response_add(&r, "X-One", "1", &err), &err);
	ck_assert_bn_ok(bn_http_response_add(&r, "X-Two", "two and more", &err), &err);
	ck_assert_str_eq(bn_http_response_header(&r, "x-two", value, sizeof value), "two and");
	ck_assert_ptr_null(bn_http_response_header(&r, "x", value, sizeof value));
	ck_assert_int_eq(bn_http_response_add(&r, "X", "a\r\nSet-Cookie: b", NULL), BN_EINVAL);
	ck_assert_int_eq(bn_http_response_add(&r, "X: y\r\nZ", "a", NULL), BN_EINVAL);
	ck_assert_int_eq(bn_http_response_add(&r, "", "a", NULL), BN_EINVAL);
	ck_assert_ptr_null(strstr(r.headers.ptr, "Cookie"));
	closed = 0;
	r.source = (bn_http_source){.close = count_close};
	bn_http_response_clear(&r);
	ck_assert_int_eq(closed, 1);
	r.source = (bn_http_source){.close = count_close};
	bn_err_set(&err, BN_EINVAL, "a \"thing\"");
	bn_err_hint(&err, "another");
	bn_http_response_error(&r, 418, &err);
	ck_assert_int_eq(closed, 2);
	ck_assert_str_eq(r.body.ptr, "{\"error\":\"a \\\"thing\\\"\",\"hint\":\"another\"}\n");
	ck_assert_str_eq(bn_http_reason(404), "Not Found");
	ck_assert_str_eq(bn_http_reason(599), "Status");
	bn_http_response_release(&r);
}
END_TEST

/* ---- routes --------------------------------------------------------------------------------- */

static const bn_route table[] = {
	{"GET", "/", 0, "root"},
	{"GET", "/models", 0, "list"},
	{"POST", "/models", 0, "create"},
	{"GET", "/models/latest", 0, "latest"},
	{"GET", "/models/{name}", 0, "model"},
	{"DELETE", "/models/{name}", 0, "delete"},
	{"GET", "/models/{name}/versions/{version}/ready", 0, "ready"},
	{"GET", "/files/{path...}", 0, "file"},
	{"PUT", "/files/{path...}", BN_ROUTE_OPEN, "upload"},
};
static const bn_router router = {table, sizeof table / sizeof *table};

static const char *find(const char *method, const char *path)
{
	static char text[2048];
	bn_route_match m;
	if (!bn_router_find(&router, method, path, &m))
		return m.other ? "405" : "404";
	int n = snprintf(text, sizeof text, "%s", (const char *)m.route->owner);
	for (size_t i = 0; i < m.param_count; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, " %s", m.params[i]);
	return text;
}

START_TEST(test_routes_are_found_by_method_and_path)
{
	static const char *const cases[][3] = {{"GET", "/", "root"}, {"HEAD", "/", "root"},
		{"GET", "", "root"}, {"GET", "//", "root"}, {"GET", "/models", "list"},
		{"GET", "/models/", "list"}, {"POST", "/models", "create"},
		{"GET", "/models/latest", "latest"}, {"GET", "/models/late", "model late"},
		{"GET", "/models/later", "model later"},
		{"DELETE", "/models/latest", "delete latest"},
		{"HEAD", "/models/x/versions/3/ready", "ready x 3"},
		{"GET", "/models/x/versions/3", "404"}, {"GET", "/model", "404"},
		{"GET", "/modelsx", "404"}, {"PUT", "/models", "405"},
		{"PATCH", "/models/a", "405"}, {"get", "/models", "405"}, {"GET", "/files", "404"},
		{"GET", "/files/", "404"}, {"GET", "/files/a", "file a"},
		{"GET", "/files/a/b//c.txt/", "file a/b//c.txt"},
		{"PUT", "/files/a/b", "upload a/b"}, {"HEAD", "/files/..", "file .."}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(!strcmp(find(cases[i][0], cases[i][1]), cases[i][2]), "%s %s: %s",
			cases[i][0], cases[i][1], find(cases[i][0], cases[i][1]));
	char longest[BN_ROUTE_MAX_PATH + 2];
	memset(longest, 'a', sizeof longest);
	memcpy(longest, "/models/", 8);
	longest[BN_ROUTE_MAX_PATH] = '\0';
	ck_assert_str_eq(find("GET", longest), "404");
	longest[BN_ROUTE_MAX_PATH - 1] = '\0';
	ck_assert_str_ne(find("GET", longest), "404");
}
END_TEST

START_TEST(test_allow_lists_the_methods_of_a_path)
{
	char allow[64];
	ck_assert_str_eq(
		bn_router_allow(&router, "/models", allow, sizeof allow), "GET, HEAD, POST");
	ck_assert_str_eq(
		bn_router_allow(&router, "/models/x", allow, sizeof allow), "GET, HEAD, DELETE");
	ck_assert_str_eq(bn_router_allow(&router, "/none", allow, sizeof allow), "");
}
END_TEST

/* ---- access ---------------------------------------------------------------------------------- */

static bool bearer(const char *value)
{
	bn_http_header h = {"authorization", value};
	bn_http_request r = {.headers = &h, .header_count = 1};
	return bn_http_has_bearer(&r, "s3cret");
}

START_TEST(test_a_bearer_token_is_compared_whole)
{
	ck_assert(bearer("Bearer s3cret") && bearer("bearer   s3cret"));
	ck_assert(!bearer("Bearer s3cre") && !bearer("Bearer s3crets") && !bearer("s3cret") &&
		  !bearer("Bearer ") && !bearer("Basic s3cret") && !bearer("Bearer s3crets3cret"));
	ck_assert(!bn_http_has_bearer(&(bn_http_request){0}, "s3cret"));
}
END_TEST

static bool is_foreign(const char *host, const char *origin, bool loopback)
{
	bn_http_header h[2] = {{"Host", host}, {"Origin", origin}};
	bn_http_request r = {.headers = h, .header_count = origin ? 2 : 1};
	return bn_http_is_foreign_page(&r, loopback);
}

START_TEST(test_pages_of_other_sites_are_told_by_origin_and_host)
{
	ck_assert(!is_foreign("localhost:1", NULL, true) && !is_foreign("[::1]:1", NULL, true));
	ck_assert(
		is_foreign("evil.example", NULL, true) && !is_foreign("evil.example", NULL, false));
	ck_assert(!is_foreign("a:1", "http://a:1", false) &&
		  !is_foreign("a:1", "https://A:1", false));
	bn_http_request url = {.target_host = "evil.example"};
	ck_assert(bn_http_is_foreign_page(&url, true) && !bn_http_is_foreign_page(&url, false));
	url.target_host = "127.0.0.1:1";
	ck_assert(!bn_http_is_foreign_page(&url, true));
	ck_assert(is_foreign("a:1", "http://a:2", false) && is_foreign("a:1", "null", false));
	ck_assert(is_foreign("a:1", "file://a:1", false));
}
END_TEST

START_TEST(test_loopback_has_many_names)
{
	static const char *const are[] = {"localhost", "LocalHost:80", "127.0.0.1", "127.9.8.7:80",
		"::1", "[::1]", "[::1]:80", "[0:0:0:0:0:0:0:1]", "::ffff:127.0.0.1",
		"[::ffff:127.0.0.1]:80", "[::FFFF:7f00:1]"};
	static const char *const are_not[] = {"", ":80", "localhost.example", "127.example:80",
		"10.0.0.1", "[", "[]", "::", "[::]:80", "::2", "[::ffff:10.0.0.1]", "[::127.0.0.1]",
		"[::1", "[fe80::1]", "::1:80:x",
		"[::1::::::::::::::::::::::::::::::::::::::::::::::::::::::::::]"};
	for (size_t i = 0; i < sizeof are / sizeof *are; i++)
		ck_assert_msg(bn_http_is_loopback_name(are[i]), "%s", are[i]);
	for (size_t i = 0; i < sizeof are_not / sizeof *are_not; i++)
		ck_assert_msg(!bn_http_is_loopback_name(are_not[i]), "%s", are_not[i]);
}
END_TEST

BN_TEST_MAIN("core/net/message", test_percent_escapes_are_decoded_but_not_a_slash_or_a_nul,
	test_fields_of_a_query_are_found_by_name, test_a_response_takes_headers_and_owns_its_source,
	test_routes_are_found_by_method_and_path, test_allow_lists_the_methods_of_a_path,
	test_a_bearer_token_is_compared_whole,
	test_pages_of_other_sites_are_told_by_origin_and_host, test_loopback_has_many_names)
