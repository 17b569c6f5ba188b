/* References: what is accepted, and what an error says. */
#include "core/base/mem.h"
#include "core/package/reference.h"
#include "tests/support/check_main.h"

#include <string.h>

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static bn_reference parsed(const char *text)
{
	bn_reference r;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_reference_parse(&r, text, &err), &err);
	return r;
}

static void refused(const char *text, const char *says)
{
	bn_reference r = {.tag = "kept"};
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_reference_parse(&r, text, &err), BN_EINVAL);
	ck_assert_msg(strstr(err.msg, says) != NULL, "'%s' is not in: %s", says, err.msg);
	ck_assert_str_eq(r.tag, "kept");
}

START_TEST(test_reference_has_four_parts)
{
	bn_reference r = parsed("Registry.example.org:5050/group/sub/power:v3.1@" DIGEST);
	ck_assert_str_eq(r.registry, "registry.example.org:5050");
	ck_assert_str_eq(r.name, "group/sub/power");
	ck_assert_str_eq(r.tag, "v3.1");
	ck_assert_str_eq(r.digest, DIGEST);
	char *text = bn_reference_format(&r);
	ck_assert_str_eq(text, "registry.example.org:5050/group/sub/power:v3.1@" DIGEST);
	bn_free(text);
	ck_assert_str_eq(bn_reference_host(&r), r.registry);
	r = parsed("localhost/power");
	ck_assert_str_eq(r.tag, "");
	ck_assert_str_eq(r.digest, "");
	ck_assert(bn_reference_is_loopback(&r));
	r = parsed("[::1]:5000/power:3");
	ck_assert_str_eq(r.registry, "[::1]:5000");
	ck_assert(bn_reference_is_loopback(&r));
	r = parsed("localhost.example.org/power:3");
	ck_assert(!bn_reference_is_loopback(&r));
	r = parsed("LocalHost/power:3");
	ck_assert_str_eq(r.registry, "localhost");
	r = parsed("h:1/a.b_c__d---e/0:_");
	ck_assert_str_eq(r.name, "a.b_c__d---e/0");
}
END_TEST

START_TEST(test_docker_hub_is_used_only_by_name)
{
	bn_reference r = parsed("docker.io/alpine:3");
	ck_assert_str_eq(r.name, "library/alpine");
	ck_assert_str_eq(bn_reference_host(&r), "registry-1.docker.io");
	r = parsed("index.docker.io/ann/power:3");
	ck_assert_str_eq(r.registry, "docker.io");
	ck_assert_str_eq(r.name, "ann/power");
	refused("power:3", "names no registry");
	refused("group/power:3", "names no registry");
	refused("power", "names no registry");
	refused("Host/power:3", "names no registry");
}
END_TEST

START_TEST(test_malformed_references_say_what_is_wrong)
{
	char text[600];
	refused("docker://localhost/power:3", "has no scheme");
	refused("https://localhost/power:3", "has no scheme");
	refused("localhost:0/power:3", "not a port");
	refused("localhost:65536/power:3", "not a port");
	refused("localhost:x/power:3", "not a port");
	refused("localhost:/power:3", "not a port");
	refused("-a.b/power:3", "not the name of a host");
	refused("a..b/power:3", "not the name of a host");
	refused("a.b-/power:3", "not the name of a host");
	refused("a_b.c/power:3", "not the name of a host");
	refused("a.b@c/power:3", "names no registry");
	refused("u:p@host/power:3", "names no registry");
	refused("localhost/Power:3", "'Power' is not the name of a repository");
	refused("localhost/:3", "not the name of a repository");
	refused("localhost/a//b:3", "not the name of a repository");
	refused("localhost/a/../b:3", "not the name of a repository");
	refused("localhost/a___b:3", "not the name of a repository");
	refused("localhost/a..b:3", "not the name of a repository");
	refused("localhost/a b:3", "not the name of a repository");
	refused("localhost/a?x:3", "not the name of a repository");
	refused("localhost/power:", "not a tag");
	refused("localhost/power:-a", "not a tag");
	refused("localhost/power:.a", "not a tag");
	refused("localhost/power:a:b", "not a tag");
	refused("localhost/power:a/b", "not a tag");
	refused("localhost/power@sha256:12", "not a digest");
	refused("localhost/power@sha512:12", "not a digest");
	refused("localhost/power:3@" DIGEST "0", "not a digest");
	memset(text, 'a', sizeof text);
	memcpy(text, "localhost/", 10);
	text[10 + 256] = '\0';
	refused(text, "not the name of a repository");
	memcpy(text, "localhost/a:", 12);
	text[12 + 129] = '\0';
	refused(text, "not a tag");
	text[12 + 128] = '\0';
	parsed(text);
}
END_TEST

BN_TEST_MAIN("core/package/reference", test_reference_has_four_parts,
	test_docker_hub_is_used_only_by_name, test_malformed_references_say_what_is_wrong)
