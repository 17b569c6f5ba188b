/* The routes of the registry beyond what the corpus of a real server has: files, authors, rights, roles. */
#include "core/api/_api.h"
#include "core/base/str.h"
#include "core/registry/attempts_record.h"
#include "core/registry/model.h"
#include "core/track/series.h"
#include "tests/support/api_world.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

static api_world w;
static char text[1024], run[64], experiment[32], model[64];

static void make_run(void)
{
	api_make(&w, NULL);
	api_ask(&w, "POST", "experiments/create", "{\"name\": \"e\"}");
	snprintf(experiment, sizeof experiment, "%s", api_text(&w, "experiment_id"));
	snprintf(text, sizeof text, "{\"experiment_id\": \"%s\"}", experiment);
	api_ask(&w, "POST", "runs/create", text);
	snprintf(run, sizeof run, "%s", api_text(&w, "run.info.run_id"));
	ck_assert_int_eq(
		api_ask(&w, "POST", "registered-models/create", "{\"name\": \"wind power\"}"), 200);
}

static void put(const char *path)
{
	snprintf(text, sizeof text, "/api/2.0/mlflow-artifacts/artifacts/%s/%s", experiment, path);
	ck_assert_int_eq(
		api_send(&w, BN_API_MANAGER, "PUT", text, "Content-Type: text/plain", "abc", 3),
		200);
}

static void register_from(const char *source)
{
	snprintf(text, sizeof text, "{\"name\": \"wind power\", \"source\": \"%s\"}", source);
	ck_assert_msg(api_ask(&w, "POST", "model-versions/create", text) == 200, "%s", w.text);
}

START_TEST(test_version_of_a_logged_model_has_its_files_and_its_run)
{
	make_run();
	snprintf(text, sizeof text,
		"{\"experiment_id\": \"%s\", \"name\": \"m\", \"source_run_id\": \"%s\"}",
		experiment, run);
	api_ask(&w, "POST", "logged-models", text);
	snprintf(model, sizeof model, "%s", api_text(&w, "model.info.model_id"));
	char path[256];
	snprintf(path, sizeof path, "models/%s/artifacts/MLmodel", model);
	put(path);
	snprintf(path, sizeof path, "models:/%s", model);
	register_from(path);
	ck_assert_str_eq(api_text(&w, "model_version.run_id"), run);
	ck_assert_int_eq(
		api_ask(&w, "GET",
			"/model-versions/get-artifact?name=wind%20power&version=1&path=MLmodel",
			NULL),
		200);
	/* A copy has the same files. */
	register_from("models:/wind power/1");
	ck_assert_str_eq(api_text(&w, "model_version.run_id"), run);
	api_ask(&w, "GET", "/model-versions/get-artifact?name=wind%20power&version=2&path=MLmodel",
		NULL);
	ck_assert_int_eq(w.status, 200);
	api_remove(&w);
}
END_TEST

/* The client's log_model logs all metrics of the run again, to say of which model they are. */
START_TEST(test_points_logged_again_for_a_model_are_counted_once)
{
	bn_series_list list = BN_SERIES_LIST_INIT;
	bn_workspace *ws = NULL;
	bn_err err = BN_ERR_INIT;
	make_run();
	snprintf(text, sizeof text,
		"{\"experiment_id\": \"%s\", \"name\": \"m\", \"source_run_id\": \"%s\"}",
		experiment, run);
	api_ask(&w, "POST", "logged-models", text);
	snprintf(model, sizeof model, "%s", api_text(&w, "model.info.model_id"));
	for (int again = 0; again < 2; again++) {
		snprintf(text, sizeof text,
			"{\"run_id\": \"%s\", \"metrics\": [{\"key\": \"rmse\", \"value\": 0.5, "
			"\"timestamp\": 7, \"step\": 1}]}",
			run);
		if (again)
			snprintf(text, sizeof text,
				"{\"run_id\": \"%s\", \"metrics\": [{\"key\": \"rmse\", \"value\": "
				"0.5, \"timestamp\": 7, \"step\": 1, \"model_id\": \"%s\"}, "
				"{\"key\": \"rmse\", \"value\": 0.25, \"timestamp\": 8, \"step\": "
				"2, "
				"\"model_id\": \"%s\"}]}",
				run, model, model);
		ck_assert_msg(api_ask(&w, "POST", "runs/log-batch", text) == 200, "%s", w.text);
	}
	snprintf(text, sizeof text, "logged-models/%s", model);
	ck_assert_int_eq(api_ask(&w, "GET", text, NULL), 200);
	ck_assert_uint_eq(json_array_size(api_at(&w, "model.data.metrics")), 2);
	ck_assert_bn_ok(api_open(&w, &ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_series_find_all(&list, ws, run, &err), &err);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.items[0].count, 2);
	bn_series_list_release(&list);
	bn_workspace_close(ws);
	api_remove(&w);
}
END_TEST

START_TEST(test_external_version_gives_no_files)
{
	static const char *const local[] = {
		"file:///etc/passwd", "FILE:///etc/passwd", "File:/etc/passwd", "/etc/passwd"};
	make_run();
	register_from("s3://bucket/x");
	api_ask(&w, "GET", "/model-versions/get-artifact?name=wind%20power&version=1&path=MLmodel",
		NULL);
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
		snprintf(text, sizeof text, "{\"name\": \"wind power\", \"source\": \"%s\"}",
			local[i]);
		ck_assert_int_eq(api_ask(&w, "POST", "model-versions/create", text), 400);
	}
	api_ask(&w, "GET", "/model-versions/get-artifact?name=wind%20power&version=1&path=..%2Fx",
		NULL);
	ck_assert_int_ne(w.status, 200);
	api_remove(&w);
}
END_TEST

/* What is refused is recorded, a few times, and counted; it does not count when the policy allows it later. */
START_TEST(test_repeated_refusals_are_counted_in_one_record)
{
	bn_workspace *ws = NULL;
	sqlite3 *db = NULL;
	bn_err err = BN_ERR_INIT;
	make_run();
	register_from("s3://bucket/x");
	for (int i = 0; i < 50; i++) {
		api_ask(&w, "POST", "registered-models/alias",
			"{\"name\": \"wind power\", \"alias\": \"Champion\", \"version\": "
			"\"1\"}");
		api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	}
	ck_assert_bn_ok(api_open(&w, &ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_read(&db, ws, &err), &err);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM event WHERE outcome = 1", ""),
		BN_ATTEMPTS_A_MINUTE);
	ck_assert_bn_ok(bn_attempts_flush(w.api->attempts, w.api->ws, true, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(bn_sql_int(db, -1,
				 "SELECT count(*) FROM event WHERE outcome = 1 "
				 "AND bn_reason(reason) LIKE '%the last of 40 acts%'",
				 ""),
		1);
	bn_workspace_close(ws);
	api_remove(&w);
}
END_TEST

START_TEST(test_policy_and_roles_judge_registry_acts)
{
	make_run();
	register_from("s3://bucket/x");
	api_ask(&w, "POST", "registered-models/alias",
		"{\"name\": \"wind power\", \"alias\": \"champion\", \"version\": \"1\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_ask(&w, "POST", "registered-models/alias",
		"{\"name\": \"wind power\", \"alias\": \"test\", \"version\": \"1\"}");
	ck_assert_int_eq(w.status, 200);
	/* What is in use is not a training job's to move. */
	api_ask_as(&w, BN_API_WRITER, "POST", "registered-models/alias",
		"{\"name\": \"wind power\", \"alias\": \"champion\", \"version\": \"1\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	ck_assert_ptr_nonnull(strstr(w.text, "manager"));
	api_ask_as(&w, BN_API_WRITER, "DELETE", "registered-models/alias",
		"{\"name\": \"wind power\", \"alias\": \"champion\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_ask_as(&w, BN_API_WRITER, "POST", "model-versions/transition-stage",
		"{\"name\": \"wind power\", \"version\": \"1\", \"stage\": \"production\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	ck_assert_ptr_nonnull(strstr(w.text, "manager"));
	api_ask_as(&w, BN_API_WRITER, "POST", "registered-models/rename",
		"{\"name\": \"wind power\", \"new_name\": \"x\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_ask_as(&w, BN_API_READER, "POST", "registered-models/set-tag",
		"{\"name\": \"wind power\", \"key\": \"k\", \"value\": \"v\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_ask_as(&w, BN_API_WRITER, "DELETE", "registered-models/delete",
		"{\"name\": \"wind power\"}");
	api_refused(&w, 403, "PERMISSION_DENIED", NULL);
	api_ask_as(&w, BN_API_READER, "GET", "registered-models/get?name=wind%20power", NULL);
	ck_assert_int_eq(w.status, 200);
	api_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/api/registry_routes", test_version_of_a_logged_model_has_its_files_and_its_run,
	test_points_logged_again_for_a_model_are_counted_once, test_external_version_gives_no_files,
	test_repeated_refusals_are_counted_in_one_record, test_policy_and_roles_judge_registry_acts)
