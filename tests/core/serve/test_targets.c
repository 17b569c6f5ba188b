/* The file of targets: which servers are in it, with which labels, and that equal states give equal bytes. */
#include "core/base/env.h"
#include "core/base/json.h"
#include "core/pipeline/fold_classes.h"
#include "core/serve/targets.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR_MS (INT64_C(3600) * 1000)

static bn_env env;
static bn_workspace *ws;
static bn_err err;
static const char *host = "n1";

static const char *host_of(const bn_env *e)
{
	(void)e;
	return host;
}

static void open_workspace(void)
{
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	env = *bn_env_real();
	env.host = host_of;
	ck_assert_bn_ok(bn_workspace_init(&env, tiny_dir(), &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env, bn_fold_classes, tiny_dir(), &err), &err);
}

static void start_in(bn_workspace *w, const char *id, const char *model, const char *at, int port,
	bool tls, const char *unix_path)
{
	const char *const models[] = {model, "power/4"};
	bn_endpoint_about about = {.models = models,
		.model_count = strcmp(model, "power/3") ? 1 : 2,
		.host = at,
		.port = port,
		.is_tls = tls,
		.unix_path = unix_path};
	ck_assert_bn_ok(bn_endpoint_write_started(w, id, &about, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(w, &err), &err);
}

static json_t *targets_of(bn_targets_counts *c, int64_t lost_ms, bool all_users)
{
	bn_buf text = BN_BUF_INIT;
	json_t *list = NULL;
	bn_targets_options o = {"lab", lost_ms, all_users};
	ck_assert_bn_ok(bn_targets_write(&text, c, ws, &o, &err), &err);
	ck_assert_bn_ok(bn_json_parse(&list, text.ptr, text.len, "targets", &err), &err);
	bn_buf_release(&text);
	ck_assert_uint_eq(json_array_size(list), c->listed);
	return list;
}

static json_t *targets(bn_targets_counts *c, int64_t lost_ms)
{
	return targets_of(c, lost_ms, false);
}

static const char *label(const json_t *list, size_t i, const char *name)
{
	return bn_json_str(json_object_get(json_array_get(list, i), "labels"), name, "");
}

static const char *address(const json_t *list, size_t i)
{
	return json_string_value(
		json_array_get(json_object_get(json_array_get(list, i), "targets"), 0));
}

START_TEST(test_targets_are_the_servers_that_prometheus_reaches)
{
	bn_targets_counts c;
	open_workspace();
	start_in(ws, "cccccccccccc", "plain/1", "127.0.0.1", 8420, false, NULL);
	start_in(ws, "aaaaaaaaaaaa", "safe/2", "::1", 8421, true, "/run/safe");
	start_in(ws, "bbbbbbbbbbbb", "power/3", "0.0.0.0", 8422, false, NULL);
	start_in(ws, "dddddddddddd", "socket/1", "127.0.0.1", 0, false, "/run/x");
	json_t *list = targets(&c, HOUR_MS);
	ck_assert_uint_eq(c.listed, 3);
	ck_assert_uint_eq(c.on_sockets, 1);
	ck_assert_uint_eq(c.lost + c.on_loopbacks, 0);
	/* By id. */
	ck_assert_str_eq(address(list, 0), "[::1]:8421");
	ck_assert_str_eq(label(list, 0, "__scheme__"), "https");
	ck_assert_str_eq(label(list, 0, "__meta_binnacle_model"), "safe");
	ck_assert_str_eq(label(list, 0, "__meta_binnacle_version"), "2");
	ck_assert_str_eq(address(list, 1), "n1:8422");
	ck_assert_str_eq(label(list, 1, "serves"), "power/3, power/4");
	ck_assert_str_eq(label(list, 1, "__meta_binnacle_model"), ""); /* two of them */
	ck_assert_str_eq(address(list, 2), "127.0.0.1:8420");
	ck_assert_str_eq(label(list, 2, "workspace"), "lab");
	ck_assert_str_eq(label(list, 2, "endpoint"), "cccccccccccc");
	ck_assert_str_eq(label(list, 2, "host"), "n1");
	ck_assert_str_ne(label(list, 2, "user"), "");
	ck_assert_str_eq(label(list, 2, "__scheme__"), "");
	ck_assert_str_eq(label(list, 2, "model"), ""); /* a server's samples have it */
	json_decref(list);
	host = "n2"; /* seen from another host, where the loopback is another one */
	list = targets(&c, HOUR_MS);
	ck_assert_uint_eq(c.on_loopbacks, 2);
	ck_assert_uint_eq(c.listed, 1);
	ck_assert_str_eq(address(list, 0), "n1:8422");
	json_decref(list);
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_targets_keep_a_lost_server_for_a_while_and_no_stopped_one)
{
	bn_targets_counts c;
	bn_endpoint_counters none = {0};
	open_workspace();
	const char *dir = tiny_dir();
	pid_t child = fork();
	if (child == 0) {
		bn_workspace *mine = NULL;
		if (!bn_workspace_open(&mine, &env, NULL, dir, &err))
			start_in(mine, "eeeeeeeeeeee", "plain/1", "127.0.0.1", 8420, false, NULL);
		_exit(0); /* without a stop event */
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	start_in(ws, "ffffffffffff", "plain/1", "127.0.0.1", 8421, false, NULL);
	ck_assert_bn_ok(bn_endpoint_write_stopped(ws, "ffffffffffff", &none, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	json_t *list = targets(&c, HOUR_MS);
	ck_assert_uint_eq(c.listed, 1);
	ck_assert_uint_eq(c.lost, 1);
	ck_assert_str_eq(label(list, 0, "endpoint"), "eeeeeeeeeeee");
	json_decref(list);
	json_decref(targets(&c, -1));
	ck_assert_uint_eq(c.listed, 0);
	bn_workspace_close(ws);
}
END_TEST

static uid_t somebody(const bn_env *e)
{
	(void)e;
	return 12345;
}

/* A scraper sends its token to every target. */
START_TEST(test_targets_of_others_are_only_listed_when_asked_for)
{
	bn_targets_counts c;
	open_workspace();
	start_in(ws, "aaaaaaaaaaaa", "plain/1", "127.0.0.1", 8420, false, NULL);
	env.uid = somebody;
	json_decref(targets(&c, HOUR_MS));
	ck_assert_uint_eq(c.listed, 0);
	ck_assert_uint_eq(c.of_others, 1);
	json_decref(targets_of(&c, HOUR_MS, true));
	ck_assert_uint_eq(c.listed, 1);
	ck_assert_uint_eq(c.of_others, 0);
	env.uid = bn_env_real()->uid;
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_targets_of_one_state_have_the_same_bytes)
{
	bn_targets_counts c;
	bn_buf one = BN_BUF_INIT, two = BN_BUF_INIT;
	bn_endpoint_counters seen = {.requests = 7};
	open_workspace();
	start_in(ws, "bbbbbbbbbbbb", "plain/1", "127.0.0.1", 8420, false, NULL);
	start_in(ws, "aaaaaaaaaaaa", "plain/2", "127.0.0.1", 8421, false, NULL);
	bn_targets_options o = {"a\xff" "b", HOUR_MS, false};
	ck_assert_bn_ok(bn_targets_write(&one, &c, ws, &o, &err), &err);
	ck_assert_bn_ok(bn_endpoint_write_seen(ws, "bbbbbbbbbbbb", &seen, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_bn_ok(bn_targets_write(&two, &c, ws, &o, &err), &err);
	ck_assert_str_eq(one.ptr, two.ptr);
	ck_assert_ptr_nonnull(strstr(one.ptr, "\"workspace\": \"a\xef\xbf\xbd" "b\""));
	bn_buf_release(&one);
	bn_buf_release(&two);
	bn_workspace_close(ws);
}
END_TEST

BN_TEST_MAIN("core/serve/targets", test_targets_are_the_servers_that_prometheus_reaches,
	test_targets_keep_a_lost_server_for_a_while_and_no_stopped_one,
	test_targets_of_others_are_only_listed_when_asked_for,
	test_targets_of_one_state_have_the_same_bytes)
