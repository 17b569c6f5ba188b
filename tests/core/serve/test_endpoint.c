/* Endpoints: the meaning of their events, for any reader and in any state of the server process. */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"
#include "core/serve/endpoint.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bn_workspace *ws;
static bn_err err;

static void open_workspace(void)
{
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
}

static void start(bn_workspace *w, const char *id)
{
	static const char *const models[] = {"power/3", "power/2"};
	bn_endpoint_about about = {
		.models = models, .model_count = 2, .host = "127.0.0.1", .port = 8420};
	ck_assert_bn_ok(bn_endpoint_write_started(w, id, &about, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(w, &err), &err);
}

static bn_endpoint_counters counters(uint64_t requests)
{
	return (bn_endpoint_counters){.requests = requests,
		.errors = 1,
		.predictions = 2 * requests,
		.p50_ms = 0.5,
		.p95_ms = NAN,
		.p99_ms = 2.5,
		.has_log = requests > 5,
		.logged = 2 * requests - 3,
		.set_aside = 2,
		.lost = 1};
}

START_TEST(test_endpoint_lives_and_stops)
{
	open_workspace();
	bn_endpoints l;
	bn_endpoint_counters c = counters(10);
	start(ws, "aaaaaaaaaaaa");
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	ck_assert_uint_eq(l.count, 1);
	ck_assert_int_eq(l.items[0].state, BN_ENDPOINT_RUNNING);
	ck_assert_str_eq(l.items[0].models, "power/3, power/2");
	ck_assert_str_eq(l.items[0].url, "http://127.0.0.1:8420");
	ck_assert_int_eq(l.items[0].pid, getpid());
	ck_assert(isnan(l.items[0].p50_ms));
	ck_assert_int_eq(l.items[0].logged, -1);
	bn_endpoints_release(&l);
	ck_assert_bn_ok(bn_endpoint_write_seen(ws, "aaaaaaaaaaaa", &c, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	ck_assert_int_eq(l.items[0].requests, 10);
	ck_assert_double_eq(l.items[0].p99_ms, 2.5);
	ck_assert_int_eq(l.items[0].logged, 17);
	ck_assert_int_eq(l.items[0].set_aside, 2);
	ck_assert_int_eq(l.items[0].lost, 1);
	ck_assert(isnan(l.items[0].p95_ms));
	bn_endpoints_release(&l);
	c = counters(30);
	ck_assert_bn_ok(bn_endpoint_write_stopped(ws, "aaaaaaaaaaaa", &c, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	ck_assert_int_eq(l.items[0].state, BN_ENDPOINT_STOPPED);
	ck_assert_int_eq(l.items[0].requests, 30);
	ck_assert_int_ge(l.items[0].stopped_ms, l.items[0].started_ms);
	bn_endpoints_release(&l);
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_endpoint_whose_process_died_is_lost)
{
	open_workspace();
	const char *dir = tiny_dir();
	pid_t child = fork();
	if (child == 0) {
		bn_workspace *mine = NULL;
		if (!bn_workspace_open(&mine, bn_env_real(), NULL, dir, &err))
			start(mine, "bbbbbbbbbbbb");
		_exit(0); /* without a stop event */
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	start(ws, "cccccccccccc");
	bn_endpoints l;
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	ck_assert_uint_eq(l.count, 2);
	ck_assert_str_eq(l.items[0].id, "cccccccccccc"); /* running ones come first */
	ck_assert_int_eq(l.items[0].state, BN_ENDPOINT_RUNNING);
	ck_assert_int_eq(l.items[1].state, BN_ENDPOINT_LOST);
	bn_endpoints_release(&l);
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_endpoint_events_that_make_no_sense_change_nothing)
{
	open_workspace();
	bn_endpoint_counters c = counters(1);
	json_t *bad = json_pack("{s:s}", "url", "x");
	ck_assert_bn_ok(bn_endpoint_write_stopped(ws, "dddddddddddd", &c, &err), &err);
	ck_assert_bn_ok(bn_endpoint_write_seen(ws, "dddddddddddd", &c, &err), &err);
	ck_assert_int_eq(
		bn_workspace_append(ws, "endpoint.started", "endpoint/dddddddddddd", bad, &err), 0);
	ck_assert_int_eq(
		bn_workspace_append(ws, "endpoint.other", "endpoint/dddddddddddd", bad, &err), 0);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	json_decref(bad);
	bn_endpoints l;
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	ck_assert_uint_eq(l.count, 0);
	bn_endpoints_release(&l);
	bn_workspace_close(ws);
}
END_TEST

/* On a port and a socket, or on a socket only. */
static void start_at(const char *id, const char *model, int port, const char *unix_path)
{
	bn_endpoint_about about = {.models = &model,
		.model_count = 1,
		.host = "127.0.0.1",
		.port = port,
		.unix_path = unix_path};
	ck_assert_bn_ok(bn_endpoint_write_started(ws, id, &about, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
}

START_TEST(test_endpoint_tells_its_socket_beside_its_port)
{
	bn_endpoints l;
	const bn_endpoint *e = NULL;
	open_workspace();
	start_at("a0aaaaaaaaaa", "power/1", 8420, "/run/p");
	start_at("b0bbbbbbbbbb", "power/2", 0, "/run/q");
	start_at("c0cccccccccc", "power/3", 8421, NULL);
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "a0", &err), 0);
	ck_assert_str_eq(e->url, "http://127.0.0.1:8420");
	ck_assert_str_eq(e->unix_path, "/run/p");
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "b0", &err), 0);
	ck_assert_str_eq(e->url, "unix:/run/q");
	ck_assert_str_eq(e->unix_path, "/run/q");
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "c0", &err), 0);
	ck_assert_ptr_null(e->unix_path);
	bn_endpoints_release(&l);
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_endpoint_is_found_by_id_and_by_what_it_serves)
{
	bn_endpoints l;
	const bn_endpoint *e = NULL;
	bn_endpoint_counters c = counters(1);
	open_workspace();
	start_at("aa0000000000", "power/1", 1, NULL);
	start_at("ab0000000000", "power/2", 2, NULL);
	start_at("ba0000000000", "cooling/1", 3, NULL);
	ck_assert_bn_ok(bn_endpoint_write_stopped(ws, "aa0000000000", &c, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_endpoint_list(&l, ws, &err), &err);
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "power", &err), 0); /* the running one */
	ck_assert_str_eq(e->id, "ab0000000000");
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "power/1", &err), 0); /* has stopped */
	ck_assert_str_eq(e->id, "aa0000000000");
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "b", &err), 0);
	ck_assert_str_eq(e->models, "cooling/1");
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "a", &err), BN_EINVAL);
	bn_err_clear(&err);
	const char *const none[] = {"", "pow", "power/", "cooling/12", "aa00000000000"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		ck_assert_int_eq(bn_endpoint_find(&e, &l, none[i], &err), BN_ENOTFOUND);
		bn_err_clear(&err);
	}
	bn_endpoints_release(&l);
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_endpoint_ids_differ)
{
	char a[BN_ENDPOINT_ID_TEXT], b[BN_ENDPOINT_ID_TEXT];
	ck_assert_bn_ok(bn_endpoint_id_new(a, bn_env_real(), &err), &err);
	ck_assert_bn_ok(bn_endpoint_id_new(b, bn_env_real(), &err), &err);
	ck_assert_uint_eq(strlen(a), 12);
	ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(test_endpoint_url_names_a_host_that_can_be_asked)
{
	const bn_env *env = bn_env_real();
	static const char *const any[] = {"*", "0.0.0.0", "::"};
	char want[300], *url;
	snprintf(want, sizeof want, "http://%s:8420", env->host(env));
	for (size_t i = 0; i < 3; i++) {
		url = bn_endpoint_url(env, &(bn_endpoint_about){.host = any[i], .port = 8420});
		ck_assert_str_eq(url, want);
		bn_free(url);
	}
	url = bn_endpoint_url(env, &(bn_endpoint_about){.host = "::1", .port = 80});
	ck_assert_str_eq(url, "http://[::1]:80");
	bn_free(url);
}
END_TEST

START_TEST(test_endpoint_that_was_started_again_is_replaced)
{
	bn_endpoint items[] = {
		{.models = (char *)"power/3", .url = (char *)"http://a:1", .host = (char *)"n1", .started_ms = 10},
		{.models = (char *)"power/3", .url = (char *)"http://a:2", .host = (char *)"n2", .started_ms = 20},
		{.models = (char *)"power/4", .url = (char *)"http://a:2", .host = (char *)"n2", .started_ms = 30},
		{.models = (char *)"cost/1", .url = (char *)"http://a:2", .host = (char *)"n3", .started_ms = 5}};
	const bn_endpoints l = {items, 4};
	ck_assert(bn_endpoint_is_replaced(&l, &items[0])); /* the same models, elsewhere */
	ck_assert(bn_endpoint_is_replaced(&l, &items[1])); /* another version at its address */
	ck_assert(!bn_endpoint_is_replaced(&l, &items[2]));
	ck_assert(!bn_endpoint_is_replaced(&l, &items[3])); /* that address is another host's */
}
END_TEST

BN_TEST_MAIN("core/serve/endpoint", test_endpoint_that_was_started_again_is_replaced,
	test_endpoint_lives_and_stops,
	test_endpoint_url_names_a_host_that_can_be_asked, test_endpoint_whose_process_died_is_lost,
	test_endpoint_events_that_make_no_sense_change_nothing,
	test_endpoint_tells_its_socket_beside_its_port,
	test_endpoint_is_found_by_id_and_by_what_it_serves, test_endpoint_ids_differ)
