/* The server of core/api without a socket: routes, tokens, roles, and what a request is refused for. */
#include "tests/support/api_world.h"
#include "tests/support/check_main.h"
#include "tests/support/exposition.h"

#include <string.h>

#define TOKENS "# people\nann reader read-me\nbob writer write-me\n\n  eve manager do-all  \n"

static api_world w;

START_TEST(test_health_needs_no_token_and_the_rest_does)
{
	api_make(&w, &(bn_api_options){.tokens = TOKENS});
	ck_assert_int_eq(api_ask_as(&w, BN_API_NOBODY, "GET", "/health", NULL), 200);
	ck_assert_str_eq(w.text, "OK");
	ck_assert_int_eq(api_ask_as(&w, BN_API_NOBODY, "GET", "/version", NULL), 200);
	api_ask_as(&w, BN_API_NOBODY, "GET", "server-info", NULL);
	api_refused(&w, 401, "UNAUTHENTICATED", NULL);
	api_ask_as(&w, BN_API_NOBODY, "GET", "no-such", NULL);
	api_refused(&w, 401, "UNAUTHENTICATED", NULL);
	api_remove(&w);
}
END_TEST

START_TEST(test_tokens_come_as_bearer_or_basic)
{
	static const struct {
		const char *header;
		int status;
	} cases[] = {{"Authorization: Bearer read-me", 200},
		{"Authorization: bearer   write-me", 200}, {"Authorization: Bearer read-m", 401},
		{"Authorization: Bearer ", 401},
		{"Authorization: Basic YW5uOnJlYWQtbWU=", 200}, /* ann:read-me */
		{"Authorization: Basic Ym9iOnJlYWQtbWU=", 401}, /* bob:read-me */
		{"Authorization: Basic !!!", 401}, {"Authorization: Digest x", 401}};
	api_make(&w, &(bn_api_options){.tokens = TOKENS});
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_int_eq(
			api_send(&w, BN_API_NOBODY, "GET", "server-info", cases[i].header, NULL, 0),
			cases[i].status);
	api_remove(&w);
}
END_TEST

START_TEST(test_tokens_that_are_wrong_are_named_by_line)
{
	static const struct {
		const char *tokens, *message;
	} cases[] = {{"ann reader x\nbob writer", "tokens:2: fewer than three words"},
		{"ann king x", "tokens:1: no such role"},
		{"ann reader x y", "tokens:1: more than three words"},
		{"a:b reader x", "tokens:1: a name without ':' is needed"}};
	bn_api *api = NULL;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err err = BN_ERR_INIT;
		ck_assert_int_eq(bn_api_new(&api, bn_env_real(),
					 &(bn_api_options){.tokens = cases[i].tokens}, &err),
			BN_EINVAL);
		ck_assert_str_eq(err.msg, cases[i].message);
	}
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_api_new(&api, bn_env_real(),
				 &(bn_api_options){.no_auth = true, .host = "0.0.0.0"}, &err),
		BN_EINVAL);
}
END_TEST

START_TEST(test_paths_and_methods_that_do_not_exist)
{
	api_make(&w, NULL);
	api_ask(&w, "GET", "no-such", NULL);
	api_refused(&w, 404, "ENDPOINT_NOT_FOUND", "No such path: /api/2.0/mlflow/no-such");
	api_ask(&w, "GET", "/api/4.0/mlflow/server-info", NULL);
	api_refused(&w, 404, "ENDPOINT_NOT_FOUND", NULL);
	api_ask(&w, "POST", "server-info", "{}");
	api_refused(&w, 405, "ENDPOINT_NOT_FOUND", NULL);
	ck_assert_int_eq(api_ask(&w, "GET", "/ajax-api/3.0/mlflow/server-info", NULL), 200);
	ck_assert(!json_is_true(api_at(&w, "workspaces_enabled")));
	api_remove(&w);
}
END_TEST

START_TEST(test_pages_of_other_sites_and_codings_are_refused)
{
	api_make(&w, NULL);
	api_send(&w, BN_API_MANAGER, "GET", "server-info",
		"Origin: http://evil.example\nHost: localhost", NULL, 0);
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_send(&w, BN_API_MANAGER, "GET", "server-info", "Content-Encoding: gzip", NULL, 0);
	api_refused(&w, 400, "BAD_REQUEST", NULL);
	api_remove(&w);
}
END_TEST

START_TEST(test_a_token_has_a_rate)
{
	int limited = 0;
	api_make(&w, &(bn_api_options){.tokens = TOKENS, .max_rate = 3});
	for (int i = 0; i < 50 && !limited; i++)
		limited += api_send(&w, BN_API_NOBODY, "GET", "server-info",
				   "Authorization: Bearer read-me", NULL, 0) == 429;
	ck_assert_int_eq(limited, 1);
	api_refused(&w, 429, "REQUEST_LIMIT_EXCEEDED",
		"more than 3 requests per second with this token");
	ck_assert_int_eq(api_send(&w, BN_API_NOBODY, "GET", "server-info",
				 "Authorization: Bearer write-me", NULL, 0),
		200);
	api_remove(&w);
}
END_TEST

START_TEST(test_metrics_are_strict_prometheus_text)
{
	api_make(&w, NULL);
	api_ask(&w, "GET", "no-such", NULL);
	bn_http_request r = {.method = "GET", .path = "/metrics"};
	bn_http_response out;
	bn_http_response_init(&out);
	bn_api_handle(w.api, BN_API_READER, &r, &out);
	ck_assert_int_eq(out.status, 200);
	exposition_check(out.body.ptr);
	ck_assert(strstr(out.body.ptr,
		"binnacle_server_requests_total{route=\"none\",method=\"\",code=\"404\"} 1"));
	bn_http_response_release(&out);
	api_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/api/api", test_health_needs_no_token_and_the_rest_does,
	test_tokens_come_as_bearer_or_basic, test_tokens_that_are_wrong_are_named_by_line,
	test_paths_and_methods_that_do_not_exist, test_pages_of_other_sites_and_codings_are_refused,
	test_a_token_has_a_rate, test_metrics_are_strict_prometheus_text)
