/* Runs beyond what MLflow's corpus asks: those of other programs, what others write meanwhile, ids, names and notes. */
#include "core/run/run_id.h"
#include "core/run/runlog.h"
#include "core/track/run.h"
#include "tests/support/api_world.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

static api_world w;
static bn_workspace *other; /* a handle of another program */
static char native[33];

/* A run as `binnacle run start` makes it. */
static void make_native(void)
{
	bn_err err = BN_ERR_INIT;
	bn_run_id id;
	api_make(&w, NULL);
	ck_assert_bn_ok(api_open(&w, &other, &err), &err);
	ck_assert_bn_ok(bn_run_id_make(&id, other, &err), &err);
	snprintf(native, sizeof native, "%s", id.id);
	const bn_run_created made = {.name = "native",
		.experiment = "ours",
		.kind = "command",
		.title = "sh",
		.note = "a note",
		.parent = "0123456789abcdef0123456789abcdef",
		.nonce = id.nonce};
	ck_assert_bn_ok(bn_runlog_created(other, native, &made, &err), &err);
	ck_assert_bn_ok(bn_runlog_started(other, native, 60000, &err), &err);
	ck_assert_bn_ok(bn_runlog_param(other, native, "lr", "3", &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(other, &err), &err);
}

static void end(void)
{
	bn_workspace_close(other);
	api_remove(&w);
}

static void get_native(void)
{
	char path[100];
	snprintf(path, sizeof path, "runs/get?run_id=%s", native);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
}

static int post(const char *route, const char *fmt)
{
	char body[400];
	snprintf(body, sizeof body, fmt, native);
	return api_ask(&w, "POST", route, body);
}

static const char *tag(const char *key)
{
	const json_t *tags = api_at(&w, "run.data.tags");
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (!strcmp(json_string_value(json_object_get(json_array_get(tags, i), "key")),
			    key))
			return json_string_value(json_object_get(json_array_get(tags, i), "value"));
	return "";
}

START_TEST(test_a_run_of_another_program_has_mlflows_tags)
{
	make_native();
	get_native();
	ck_assert_str_eq(api_text(&w, "run.info.run_name"), "native");
	ck_assert_str_eq(api_text(&w, "run.info.status"), "RUNNING");
	ck_assert_str_eq(tag("mlflow.runName"), "native");
	ck_assert_str_eq(tag("mlflow.note.content"), "a note");
	ck_assert_str_eq(tag("mlflow.parentRunId"), "0123456789abcdef0123456789abcdef");
	ck_assert_str_eq(api_text(&w, "run.data.params.0.value"), "3");
	end();
}
END_TEST

START_TEST(test_a_run_of_another_program_is_logged_to_but_says_its_state_itself)
{
	make_native();
	ck_assert_int_eq(post("runs/log-metric",
				 "{\"run_id\":\"%s\",\"key\":\"m\",\"value\":1,\"timestamp\":5}"),
		200);
	post("runs/log-parameter", "{\"run_id\":\"%s\",\"key\":\"lr\",\"value\":\"4\"}");
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
	ck_assert_int_eq(
		post("runs/update", "{\"run_id\":\"%s\",\"status\":\"FINISHED\",\"end_time\":7}"),
		200);
	ck_assert_str_eq(api_text(&w, "run_info.status"), "RUNNING");
	get_native();
	ck_assert_str_eq(api_text(&w, "run.info.status"), "RUNNING");
	ck_assert_str_eq(api_text(&w, "run.data.metrics.0.key"), "m");
	end();
}
END_TEST

START_TEST(test_what_another_program_writes_is_seen)
{
	bn_err err = BN_ERR_INIT;
	make_native();
	get_native();
	ck_assert_bn_ok(bn_runlog_param(other, native, "depth", "7", &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(other, &err), &err);
	get_native();
	ck_assert_uint_eq(json_array_size(api_at(&w, "run.data.params")), 2);
	end();
}
END_TEST

static int64_t ahead_ns;

static int64_t later(const bn_env *env)
{
	(void)env;
	return bn_env_monotonic_ns(bn_env_real()) + ahead_ns;
}

/* A run that the writer holds in memory is read again after some seconds: a conflict with what another program has
 * written meanwhile is found. */
static void expect_conflict(const char *key, const char *value)
{
	bn_err err = BN_ERR_INIT;
	char body[200];
	ck_assert_bn_ok(bn_runlog_param(other, native, key, value, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(other, &err), &err);
	ahead_ns += (int64_t)4 * 1000000000;
	snprintf(body, sizeof body, "{\"run_id\":\"%s\",\"key\":\"%s\",\"value\":\"other\"}",
		native, key);
	api_ask(&w, "POST", "runs/log-parameter", body);
	api_refused(&w, 400, "INVALID_PARAMETER_VALUE", NULL);
}

START_TEST(test_what_another_program_writes_is_seen_after_writes_and_refusals)
{
	make_native();
	w.env.env.monotonic_ns = later;
	ck_assert_int_eq(
		post("runs/log-parameter", "{\"run_id\":\"%s\",\"key\":\"a\",\"value\":\"1\"}"),
		200);
	expect_conflict("after a write", "1");
	expect_conflict("after a refusal", "1");
	ck_assert_int_eq(post("runs/delete-tag", "{\"run_id\":\"%s\",\"key\":\"none\"}"), 404);
	expect_conflict("after another refusal", "1");
	end();
}
END_TEST

START_TEST(test_a_name_and_a_note_are_those_of_the_workspace)
{
	bn_err err = BN_ERR_INIT;
	bn_run_info *r = NULL;
	make_native();
	ck_assert_int_eq(
		post("runs/set-tag",
			"{\"run_id\":\"%s\",\"key\":\"mlflow.runName\",\"value\":\"renamed\"}"),
		200);
	ck_assert_int_eq(
		post("runs/set-tag",
			"{\"run_id\":\"%s\",\"key\":\"mlflow.note.content\",\"value\":\"other\"}"),
		200);
	ck_assert_bn_ok(bn_workspace_refresh(other, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, other, native, &err), &err);
	ck_assert_str_eq(r->name, "renamed");
	ck_assert_str_eq(r->note, "other");
	bn_run_info_free(r);
	end();
}
END_TEST

START_TEST(test_an_experiment_that_only_runs_name_has_an_id)
{
	char path[200];
	make_native();
	ck_assert_int_eq(
		api_ask(&w, "GET", "experiments/get-by-name?experiment_name=ours", NULL), 200);
	snprintf(path, sizeof path, "experiments/get?experiment_id=%s",
		api_text(&w, "experiment.experiment_id"));
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	ck_assert_str_eq(api_text(&w, "experiment.name"), "ours");
	end();
}
END_TEST

/* What the log would not take is refused before anything of the request is in it, and never answered with 200. */
START_TEST(test_a_refused_request_leaves_nothing_in_the_log)
{
	static const char *const bad[] = {"\"tags\": [{\"key\": \"x/../y\", \"value\": \"1\"}]",
		"\"metrics\": [{\"key\": \"x/../y\", \"value\": 1, \"timestamp\": 1}]"};
	char id[33], body[400];
	api_make(&w, NULL);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/create", "{\"run_name\": \"one\"}"), 200);
	snprintf(id, sizeof id, "%s", api_text(&w, "run.info.run_id"));
	for (size_t i = 0; i < 2; i++) {
		snprintf(body, sizeof body,
			"{\"run_id\": \"%s\", \"params\": [{\"key\": \"p\", \"value\": \"1\"}], "
			"%s}",
			id, bad[i]);
		ck_assert_int_eq(api_ask(&w, "POST", "runs/log-batch", body), 400);
	}
	snprintf(body, sizeof body,
		"{\"run_id\": \"%s\", \"key\": \"x/../y\", \"value\": 1, \"timestamp\": 1}", id);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/log-metric", body), 400);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/create",
				 "{\"run_name\": \"ghost\", \"tags\": [{\"key\": \"x/../y\"}]}"),
		400);
	/* A commit, which would take along what was appended before. */
	snprintf(body, sizeof body, "{\"run_id\": \"%s\", \"key\": \"q\", \"value\": \"2\"}", id);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/log-parameter", body), 200);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/search", "{\"experiment_ids\": [\"0\"]}"), 200);
	ck_assert_int_eq(json_array_size(api_at(&w, "runs")), 1);
	ck_assert_int_eq(json_array_size(api_at(&w, "runs.0.data.params")), 1);
	ck_assert_str_eq(api_text(&w, "runs.0.data.params.0.key"), "q");
	api_remove(&w);
}
END_TEST

/* Keys that MLflow takes: dots, and 250 characters of which each has several bytes. */
START_TEST(test_every_key_of_mlflow_is_kept)
{
	char id[33], body[8000], key[2][800] = {"a..b", ""};
	api_make(&w, NULL);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/create", "{}"), 200);
	snprintf(id, sizeof id, "%s", api_text(&w, "run.info.run_id"));
	for (int i = 0; i < 250; i++)
		strcat(key[1], i < 249 ? "\xe4\xb8\xad" : "x");
	for (int i = 0; i < 2; i++) {
		snprintf(body, sizeof body,
			"{\"run_id\":\"%s\",\"metrics\":[{\"key\":\"%s\",\"value\":2,\"timestamp\":"
			"1}],"
			"\"params\":[{\"key\":\"%s\",\"value\":\"1\"}],\"tags\":[{\"key\":\"%s\","
			"\"value\":\"1\"}]}",
			id, key[i], key[i], key[i]);
		ck_assert_int_eq(api_ask(&w, "POST", "runs/log-batch", body), 200);
		snprintf(body, sizeof body,
			"{\"experiment_ids\":[\"0\"],\"filter\":\"metrics.`%s` = 2 AND params.`%s` "
			"= '1' "
			"AND tags.`%s` = '1'\"}",
			key[i], key[i], key[i]);
		ck_assert_int_eq(api_ask(&w, "POST", "runs/search", body), 200);
		ck_assert_uint_eq(json_array_size(api_at(&w, "runs")), 1);
		snprintf(body, sizeof body, "metrics/get-history?run_id=%s&metric_key=%s", id,
			key[i]);
		ck_assert_int_eq(api_ask(&w, "GET", body, NULL), 200);
		ck_assert_str_eq(api_text(&w, "metrics.0.key"), key[i]);
	}
	/* One character more, and one that differs at the end only. */
	key[1][strlen(key[1]) - 1] = 'y';
	snprintf(body, sizeof body, "metrics/get-history?run_id=%s&metric_key=%s", id, key[1]);
	ck_assert_int_eq(api_ask(&w, "GET", body, NULL), 200);
	ck_assert_uint_eq(json_array_size(api_at(&w, "metrics")), 0);
	snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"key\":\"%sz\",\"value\":1,\"timestamp\":1}", id, key[1]);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/log-metric", body), 400);
	api_remove(&w);
}
END_TEST

START_TEST(test_a_metric_of_a_model_that_is_not_there_is_refused)
{
	static const char *const ids[] = {"m-00000000000000000000000000000000", "other"};
	char id[33], body[400];
	api_make(&w, NULL);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/create", "{}"), 200);
	snprintf(id, sizeof id, "%s", api_text(&w, "run.info.run_id"));
	for (size_t i = 0; i < 2; i++) {
		snprintf(body, sizeof body,
			"{\"run_id\":\"%s\",\"key\":\"m\",\"value\":1,\"timestamp\":1,\"model_id\":"
			"\"%s\"}",
			id, ids[i]);
		api_ask(&w, "POST", "runs/log-metric", body);
		api_refused(&w, 400, "BAD_REQUEST", NULL);
		snprintf(body, sizeof body,
			"{\"run_id\":\"%s\",\"params\":[{\"key\":\"p\",\"value\":\"1\"}],"
			"\"metrics\":[{"
			"\"key\":\"m\",\"value\":1,\"timestamp\":1,\"model_id\":\"%s\"}]}",
			id, ids[i]);
		api_ask(&w, "POST", "runs/log-batch", body);
		api_refused(&w, 400, "BAD_REQUEST", NULL);
	}
	snprintf(body, sizeof body, "runs/get?run_id=%s", id);
	ck_assert_int_eq(api_ask(&w, "GET", body, NULL), 200);
	ck_assert_ptr_null(api_at(&w, "run.data.metrics"));
	ck_assert_ptr_null(api_at(&w, "run.data.params"));
	/* An empty one is none. */
	snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"key\":\"m\",\"value\":1,\"timestamp\":1,\"model_id\":\"\"}",
		id);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/log-metric", body), 200);
	api_remove(&w);
}
END_TEST

START_TEST(test_roles_are_asked_before_anything_is_read)
{
	make_native();
	api_ask_as(&w, BN_API_READER, "POST", "runs/create", "{}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_ask_as(&w, BN_API_WRITER, "POST", "experiments/delete", "{\"experiment_id\":\"0\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	ck_assert_int_eq(
		api_ask_as(&w, BN_API_WRITER, "POST", "runs/create", "{\"experiment_id\":\"0\"}"),
		200);
	end();
}
END_TEST

BN_TEST_MAIN("core/api/runs", test_a_run_of_another_program_has_mlflows_tags,
	test_a_run_of_another_program_is_logged_to_but_says_its_state_itself,
	test_what_another_program_writes_is_seen,
	test_what_another_program_writes_is_seen_after_writes_and_refusals,
	test_a_name_and_a_note_are_those_of_the_workspace,
	test_an_experiment_that_only_runs_name_has_an_id,
	test_a_refused_request_leaves_nothing_in_the_log, test_every_key_of_mlflow_is_kept,
	test_a_metric_of_a_model_that_is_not_there_is_refused,
	test_roles_are_asked_before_anything_is_read)
