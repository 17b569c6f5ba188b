/* WWW-Authenticate: what is read, preferred and refused. */
#include "core/package/challenge.h"
#include "tests/support/check_main.h"

#include <string.h>

static bn_challenge read_ok(const char *headers)
{
	bn_challenge c;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_challenge_read(&c, headers, &err), &err);
	return c;
}

static void refused(const char *headers, const char *says)
{
	bn_challenge c = {.service = "kept"};
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_challenge_read(&c, headers, &err), BN_EIO);
	ck_assert_msg(strstr(err.msg, says) != NULL, "'%s' is not in: %s", says, err.msg);
	ck_assert_str_eq(c.service, "kept");
}

START_TEST(test_challenges_of_known_registries)
{
	/* Docker Hub, GitLab, docker-registry with htpasswd, GitHub: as they send them. */
	bn_challenge c = read_ok(
		"Date: x\r\nWww-Authenticate: Bearer realm=\"https://auth.docker.io/token\","
		"service=\"registry.docker.io\"\r\n");
	ck_assert_int_eq(c.kind, BN_CHALLENGE_BEARER);
	ck_assert_str_eq(c.realm, "https://auth.docker.io/token");
	ck_assert_str_eq(c.service, "registry.docker.io");
	ck_assert_str_eq(c.scope, "");
	c = read_ok("www-authenticate: Bearer realm=\"https://gitlab.example.org/jwt/auth\","
		    "service=\"container_registry\",scope=\"repository:g/"
		    "p:pull,push\",error=\"invalid_token\"\r\n");
	ck_assert_str_eq(c.scope, "repository:g/p:pull,push");
	ck_assert_str_eq(c.error, "invalid_token");
	c = read_ok("Www-Authenticate: Basic realm=\"basic-realm\"\r\n");
	ck_assert_int_eq(c.kind, BN_CHALLENGE_BASIC);
	c = read_ok("WWW-Authenticate: Bearer "
		    "realm=\"https://ghcr.io/token\",service=\"ghcr.io\",scope=\"*\"\r\n");
	ck_assert_str_eq(c.scope, "*");
}
END_TEST

START_TEST(test_forms_that_the_standard_allows)
{
	bn_challenge c = read_ok(
		"WWW-Authenticate:\tbearer\trealm = \"https://a/\\\"b\\\\\" ,, SERVICE=x\r\n");
	ck_assert_str_eq(c.realm, "https://a/\"b\\");
	ck_assert_str_eq(c.service, "x");
	/* Several in a header, several headers, unknown schemes and parameters. */
	c = read_ok("WWW-Authenticate: Negotiate YII+/b==, Basic realm=\"r\", charset=\"UTF-8\"\r\n"
		    "WWW-Authenticate: Digest realm=d, nonce=\"n,n\", Bearer realm=\"https://t/\", "
		    "x=y\r\n");
	ck_assert_int_eq(c.kind, BN_CHALLENGE_BEARER);
	ck_assert_str_eq(c.realm, "https://t/");
	c = read_ok("WWW-Authenticate: Bearer realm=\"https://t/\"\r\nWWW-Authenticate: Basic "
		    "realm=\"r\"\r\n");
	ck_assert_int_eq(c.kind, BN_CHALLENGE_BEARER);
	c = read_ok("WWW-Authenticate: Negotiate\r\n");
	ck_assert_int_eq(c.kind, BN_CHALLENGE_NONE);
	c = read_ok("Server: x\r\n");
	ck_assert_int_eq(c.kind, BN_CHALLENGE_NONE);
	c = read_ok("WWW-Authenticate: Basic\r\n");
	ck_assert_int_eq(c.kind, BN_CHALLENGE_BASIC);
}
END_TEST

START_TEST(test_malformed_challenges_are_refused)
{
	char text[3000];
	refused("WWW-Authenticate: Bearer realm=\"https://t/\r\n", "not closed");
	refused("WWW-Authenticate: Bearer realm=\"a\",realm=\"b\"\r\n", "twice");
	refused("WWW-Authenticate: Bearer service=\"a\"\r\n", "no realm");
	refused("WWW-Authenticate: Bearer realm=\r\n",
		"no realm"); /* the form of one value in base64 */
	refused("WWW-Authenticate: Bearer a=b, realm=\r\n", "without a value");
	refused("WWW-Authenticate: Bearer realm=\"a\303\244\"\r\n", "printable");
	refused("WWW-Authenticate: \"Bearer\" realm=\"a\"\r\n", "not a challenge");
	refused("WWW-Authenticate: Bearer realm=\"a\" \"b\"\r\n", "not a challenge");
	strcpy(text, "WWW-Authenticate: Bearer realm=\"");
	memset(text + strlen(text), 'a', 1100);
	strcpy(text + 32 + 1100, "\"\r\n");
	refused(text, "too long");
}
END_TEST

BN_TEST_MAIN("core/package/challenge", test_challenges_of_known_registries,
	test_forms_that_the_standard_allows, test_malformed_challenges_are_refused)
