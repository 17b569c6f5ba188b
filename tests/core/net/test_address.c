/* How far away addresses are: blocks of IANA's registries, at both of their ends, and addresses inside of others. */
#include "core/net/address.h"
#include "core/net/client.h"
#include "tests/support/check_main.h"
#include "tests/support/raw_server.h"

#include <arpa/inet.h>
#include <string.h>

static const struct {
	const char *text;
	bn_reach reach;
} addresses[] = {{"127.0.0.1", BN_REACH_LOOPBACK}, {"127.255.255.255", BN_REACH_LOOPBACK},
	{"[::1]", BN_REACH_LOOPBACK}, {"::ffff:127.0.0.1", BN_REACH_LOOPBACK},
	{"0.0.0.0", BN_REACH_NEVER}, {"0.255.255.255", BN_REACH_NEVER}, {"::", BN_REACH_NEVER},
	{"9.255.255.255", BN_REACH_PUBLIC}, {"10.0.0.0", BN_REACH_PRIVATE},
	{"10.255.255.255", BN_REACH_PRIVATE}, {"11.0.0.0", BN_REACH_PUBLIC},
	{"172.15.255.255", BN_REACH_PUBLIC}, {"172.16.0.0", BN_REACH_PRIVATE},
	{"172.31.255.255", BN_REACH_PRIVATE}, {"172.32.0.0", BN_REACH_PUBLIC},
	{"192.167.255.255", BN_REACH_PUBLIC}, {"192.168.0.0", BN_REACH_PRIVATE},
	{"192.168.255.255", BN_REACH_PRIVATE}, {"192.169.0.0", BN_REACH_PUBLIC},
	{"100.63.255.255", BN_REACH_PUBLIC}, {"100.64.0.0", BN_REACH_PRIVATE},
	{"100.127.255.255", BN_REACH_PRIVATE}, {"100.128.0.0", BN_REACH_PUBLIC},
	{"169.253.255.255", BN_REACH_PUBLIC}, {"169.254.169.254", BN_REACH_NEVER},
	{"169.255.0.0", BN_REACH_PUBLIC}, {"192.0.0.1", BN_REACH_NEVER},
	{"198.18.0.0", BN_REACH_PRIVATE}, {"198.19.255.255", BN_REACH_PRIVATE},
	{"223.255.255.255", BN_REACH_PUBLIC}, {"224.0.0.1", BN_REACH_NEVER},
	{"240.0.0.0", BN_REACH_NEVER}, {"255.255.255.255", BN_REACH_NEVER},
	{"8.8.8.8", BN_REACH_PUBLIC}, {"2606:4700::1111", BN_REACH_PUBLIC},
	{"fc00::1", BN_REACH_PRIVATE}, {"fdff::1", BN_REACH_PRIVATE}, {"fec0::1", BN_REACH_PRIVATE},
	{"fe80::1", BN_REACH_NEVER}, {"ff02::1", BN_REACH_NEVER},
	{"64:ff9b::169.254.169.254", BN_REACH_NEVER}, {"64:ff9b::10.0.0.1", BN_REACH_PRIVATE},
	{"64:ff9b::8.8.8.8", BN_REACH_PUBLIC}, {"2002:0a00:0001::", BN_REACH_PRIVATE},
	{"2002:7f00:0001::", BN_REACH_LOOPBACK}, {"::10.0.0.1", BN_REACH_PRIVATE},
	{"100::1", BN_REACH_NEVER}, {"4000::1", BN_REACH_NEVER}};

START_TEST(test_reach_of_addresses)
{
	bn_reach r;
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		ck_assert_msg(
			bn_address_reach_of_text(addresses[i].text, &r) && r == addresses[i].reach,
			"%s", addresses[i].text);
	}
	static const char *const names[] = {"localhost", "", "[::1", "127.1", "10.0.0", "a.b"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_msg(!bn_address_reach_of_text(names[i], &r), "%s", names[i]);
}
END_TEST

START_TEST(test_other_families_and_short_addresses_are_never)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x08080808)}};
	struct sockaddr other = {.sa_family = AF_UNIX};
	ck_assert_int_eq(bn_address_reach((struct sockaddr *)&v4, sizeof v4), BN_REACH_PUBLIC);
	ck_assert_int_eq(bn_address_reach((struct sockaddr *)&v4, sizeof v4 - 1), BN_REACH_NEVER);
	ck_assert_int_eq(bn_address_reach(&other, sizeof other), BN_REACH_NEVER);
}
END_TEST

static int asked;

static bool none(void *user, const struct sockaddr *at, unsigned n)
{
	asked += user == &asked && bn_address_reach(at, n) == BN_REACH_LOOPBACK;
	return false;
}

/* A name is judged by where it leads, at the moment of connecting. */
START_TEST(test_client_connects_to_nothing_that_was_refused)
{
	static const raw_step ok[] = {{RAW_HEAD, NULL, 0},
		{RAW_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0}, {0}};
	static const raw_step *const scripts[] = {ok};
	raw_server *s = raw_server_start(&(raw_server_options){.scripts = scripts, .count = 1});
	bn_http_client *c = NULL;
	bn_http_answer a;
	bn_err err = BN_ERR_INIT;
	char url[64];
	const bn_http_client_options o = {.may_connect = none, .connect_user = &asked};
	bn_http_answer_init(&a);
	ck_assert_bn_ok(bn_http_client_new(&c, bn_env_real(), &o, &err), &err);
	snprintf(url, sizeof url, "http://localhost:%d/", raw_server_port(s));
	const bn_http_call call = {.url = url, .attempts = 3};
	ck_assert_int_eq(bn_http_do(c, &call, &a, &err), BN_EREFUSED);
	ck_assert_msg(strstr(err.msg, "may not be connected to") != NULL, "%s", err.msg);
	ck_assert_int_ge(asked, 1);
	ck_assert_int_eq(a.attempts, 1); /* not tried again */
	ck_assert_int_eq(raw_server_connections(s), 0);
	bn_http_answer_release(&a);
	bn_http_client_free(c);
	raw_server_free(s);
}
END_TEST

BN_TEST_MAIN("core/net/address", test_reach_of_addresses,
	test_other_families_and_short_addresses_are_never,
	test_client_connects_to_nothing_that_was_refused)
