/* Authentication with a registry: Basic, tokens, their renewal, and where credentials never go. */
#include "tests/support/registry_test.h"

#include <string.h>

static const bn_credentials wrong = {.user = "ann", .password = "pass-word-2", .source = "a test"};

START_TEST(test_basic_credentials_are_sent_when_asked)
{
	registry_setup();
	registry_serve((registry_options){.basic = "ann:" PASSWORD});
	open_as(&ann);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	ck_assert_int_eq(registry_count(reg, "GET /v2/\n"), 1);
	open_as(&wrong);
	ck_assert_int_eq(push(), BN_EREFUSED);
	registry_says(failure.msg, "answered 401");
	registry_says(failure.hint, "a test");
	registry_hides(failure.msg, "pass-word-2");
	open_as(NULL);
	ck_assert_int_eq(push(), BN_EREFUSED);
	registry_says(failure.hint, "no credentials were found for 127.0.0.1");
	registry_teardown();
}
END_TEST

START_TEST(test_token_is_fetched_for_the_repository)
{
	registry_setup();
	registry_serve((registry_options){.bearer = "ann:" PASSWORD, .access_token = true});
	open_as(&ann);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	registry_says(registry_log(reg),
		"GET /token?service=test%20registry&scope=repository:group/power:pull,push\n");
	ck_assert_int_eq(registry_count(reg, "/token?"), 1);
	open_as(&wrong);
	ck_assert_int_eq(push(), BN_EREFUSED);
	registry_says(failure.msg, "asking its token server: answered 401: DENIED");
	registry_hides(failure.msg, "pass-word-2");
	ck_assert_bn_ok(open_with((bn_distribution_options){.credentials = &ann}), &failure);
	ck_assert_int_eq(bn_distribution_has_blob(d, &blob, &failure), 1);
	registry_says(registry_log(reg), "&scope=repository:group/power:pull\n");
	registry_teardown();
}
END_TEST

START_TEST(test_anybody_may_get_a_token)
{
	registry_setup();
	registry_serve((registry_options){.bearer = ""});
	open_as(NULL);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	registry_hides(registry_heads(reg), "Basic");
	registry_teardown();
}
END_TEST

START_TEST(test_identity_token_is_exchanged)
{
	registry_setup();
	const bn_credentials c = {.identity_token = "refresh-me", .source = "a file"};
	registry_serve((registry_options){
		.bearer = "ann:" PASSWORD, .identity = "refresh_token=refresh-me"});
	open_as(&c);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	registry_says(
		registry_log(reg), "POST /token\n"); /* the secret is in the body, not in the URL */
	registry_hides(registry_heads(reg), "refresh-me");
	registry_teardown();
}
END_TEST

START_TEST(test_token_that_ends_in_an_upload_is_renewed)
{
	registry_setup();
	registry_serve((registry_options){.bearer = "ann:" PASSWORD, .token_uses = 2});
	open_as(&ann);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	/* POST, 4 PATCH and PUT with two requests a token; each renewal follows one refusal. */
	ck_assert_int_eq(registry_count(reg, "/token?"), 3);
	registry_teardown();
}
END_TEST

/* http to a registry on this machine does not allow http to a token server on another one. */
START_TEST(test_password_does_not_leave_this_machine_over_http)
{
	registry_setup();
	registry_serve((registry_options){.bearer = "ann:" PASSWORD, .realm = "http://192.0.2.2:9/token"});
	open_as(&ann);
	ck_assert_int_eq(push(), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(failure.msg, "no password is sent"));
	holds_no_secret();
	registry_teardown();
}
END_TEST

START_TEST(test_token_that_is_never_good_is_an_error)
{
	registry_setup();
	static const registry_fault always[] = {
		{.method = "POST",
			.path = "/uploads/",
			.answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer "
				  "realm=\"http://127.0.0.1:9/x\",error=\"insufficient_scope\"\r\n"
				  "Content-Length: 0\r\n\r\n"},
		{0}};
	registry_serve((registry_options){.bearer = "ann:" PASSWORD, .faults = always});
	open_as(&ann);
	ck_assert_int_eq(push(), BN_EIO); /* nothing listens at that realm */
	holds_no_secret();
	registry_teardown();

	registry_setup();
	static const registry_fault twice[] = {
		{.method = "POST",
			.path = "/uploads/",
			.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 91\r\n\r\n"
				  "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"token-number-1 "
				  "may not push " PASSWORD " \\u001b[31m\"}]}"},
		{0}};
	registry_serve((registry_options){.bearer = "ann:" PASSWORD, .faults = twice});
	open_as(&ann);
	ck_assert_int_eq(push(), BN_EREFUSED);
	registry_says(failure.msg, "starting an upload: answered 403: DENIED: ");
	registry_says(failure.msg, "may not push");
	registry_hides(failure.msg, "\033");
	holds_no_secret();
	ck_assert_int_eq(registry_count(reg, "POST"), 1);
	registry_teardown();
}
END_TEST

START_TEST(test_scope_that_the_registry_names_is_tried)
{
	registry_setup();
	/* The first token is refused, and the challenge names another scope. */
	static const registry_fault once[] = {
		{.method = "POST",
			.path = "/uploads/",
			.times = 1,
			.answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer "
				  "realm=\"REALM\"\r\n\r\n"},
		{0}};
	registry_fault faults[] = {once[0], {0}};
	char text[300];
	registry_serve((registry_options){.bearer = "ann:" PASSWORD, .faults = faults});
	snprintf(text, sizeof text,
		"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer "
		"realm=\"%s/token\",scope=\"repository:a/b:pull "
		"registry:catalog:*\"\r\nContent-Length: 0\r\n\r\n",
		registry_url(reg));
	registry_set_answer(reg, &faults[0], text);
	open_as(&ann);
	ck_assert_bn_ok(push(), &failure);
	registry_says(
		registry_log(reg), "/token?scope=repository:a/b:pull&scope=registry:catalog:%2A\n");
	registry_teardown();
}
END_TEST

START_TEST(test_token_server_that_answers_nonsense)
{
	static const struct {
		const char *answer, *says;
	} cases[] = {{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "did not send a token"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "did not send a token"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"token\": \"a\\r\\nX: y\"}",
			"a control character"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"token\": 3}",
			"did not send a token"},
		{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
			"answered 302"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		registry_setup();
		const registry_fault f[] = {
			{.method = "GET", .path = "/token", .answer = cases[i].answer}, {0}};
		registry_serve((registry_options){.bearer = "ann:" PASSWORD, .faults = f});
		open_as(&ann);
		ck_assert_int_eq(push(), BN_EIO);
		registry_says(failure.msg, cases[i].says);
		holds_no_secret();
		ck_assert_int_eq(registry_count(reg, "/token"), 1);
		registry_teardown();
	}
}
END_TEST

START_TEST(test_credentials_do_not_follow_an_upload_or_a_redirect)
{
	registry_setup();
	registry_server *storage = registry_start(&(registry_options){.storage = true});
	registry_serve((registry_options){.basic = "ann:" PASSWORD,
		.uploads_at = registry_url(storage),
		.blobs_at = registry_url(storage)});
	open_as(&ann);
	ck_assert_bn_ok(push(), &failure);
	ck_assert_int_eq(registry_count(storage, "PATCH"), 4);
	registry_hides(registry_heads(storage), "Authorization");
	size_t n;
	ck_assert_ptr_nonnull(registry_get(storage, blob.digest, &n));
	registry_put(reg, blob.digest, "", 0, NULL); /* known here, and read there */
	ck_assert_int_eq(bn_distribution_has_blob(d, &blob, &failure), 1);
	registry_hides(registry_heads(storage), "Authorization");
	registry_says(registry_heads(reg), "Authorization: Basic");
	registry_free(storage);
	registry_teardown();
}
END_TEST

START_TEST(test_storage_that_wants_credentials_gets_none)
{
	registry_setup();
	registry_server *storage =
		registry_start(&(registry_options){.basic = "ann:" PASSWORD, .storage = true});
	registry_serve(
		(registry_options){.basic = "ann:" PASSWORD, .uploads_at = registry_url(storage)});
	open_as(&ann);
	ck_assert_int_eq(push(), BN_EREFUSED);
	registry_hides(registry_heads(storage), "Authorization");
	holds_no_secret();
	registry_free(storage);
	registry_teardown();
}
END_TEST

BN_TEST_MAIN("core/package/registry_auth", test_basic_credentials_are_sent_when_asked,
	test_token_is_fetched_for_the_repository, test_anybody_may_get_a_token,
	test_identity_token_is_exchanged, test_token_that_ends_in_an_upload_is_renewed,
	test_password_does_not_leave_this_machine_over_http,
	test_token_that_is_never_good_is_an_error, test_scope_that_the_registry_names_is_tried,
	test_token_server_that_answers_nonsense,
	test_credentials_do_not_follow_an_upload_or_a_redirect,
	test_storage_that_wants_credentials_gets_none)
