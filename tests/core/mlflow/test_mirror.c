/* core/mlflow/mirror.h: what is read from a server, what is written to it, and what a failing server leaves. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/mlflow/mirror.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"
#include "core/track/query.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/listener_test.h"
#include "tests/support/mlflow_server.h"
#include "tests/support/toy.h"

#include <string.h>
#include <sys/stat.h>

static toy_dir dir;
static toy_env env;
static mlflow_server *server;
static bn_mirror *m;
static bn_err err;

static void reopen(void)
{
	bn_mirror_close(m);
	m = NULL;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_mirror_open(&m, &env.env, mlflow_server_url(server), NULL,
				bn_fold_classes_mirror, &err),
		&err);
}

static void begin(void)
{
	setenv("BINNACLE_MLFLOW_BACKOFF", "1ms", 1);
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	server = mlflow_server_start();
	m = NULL;
	reopen();
}

static void finish(void)
{
	bn_mirror_close(m);
	mlflow_server_free(server);
	toy_dir_remove(&dir);
}

static void pull_all(void)
{
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_mirror_pull_all(m, NULL, &err), &err);
}

static bn_run_page *list(const char *filter, bool removed)
{
	static const char *const columns[] = {"metrics.loss", "params.lr"};
	bn_run_page *page = NULL;
	const bn_run_query q = {.filter = filter,
		.removed = removed,
		.sort = "created",
		.columns = columns,
		.column_count = 2};
	ck_assert_bn_ok(bn_run_query_page(&page, bn_mirror_workspace(m), &q, &err), &err);
	return page;
}

static int64_t count(const char *filter, bool removed)
{
	bn_run_page *page = list(filter, removed);
	int64_t n = page->total;
	bn_run_page_free(page);
	return n;
}

static bn_run_info *get(int run)
{
	bn_run_info *info = NULL;
	ck_assert_bn_ok(
		bn_run_get(&info, bn_mirror_workspace(m), mlflow_server_id(run), &err), &err);
	return info;
}

static int64_t events(void)
{
	sqlite3 *db = NULL;
	ck_assert_bn_ok(bn_workspace_read(&db, bn_mirror_workspace(m), &err), &err);
	return bn_sql_int(db, -1, "SELECT count(*) FROM event", "");
}

static int64_t points(int run, const char *key)
{
	bn_points p = BN_POINTS_INIT;
	ck_assert_bn_ok(bn_series_read(&p, bn_mirror_workspace(m), mlflow_server_id(run), key, &err),
		&err);
	int64_t n = (int64_t)p.count;
	bn_points_release(&p);
	return n;
}

START_TEST(test_mirror_has_the_runs_of_the_server)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_run(server, "one", "FINISHED", "lr=0.1", "loss=3,2,1 acc=0.5");
	mlflow_server_run(server, "two", "FAILED", "lr=0.2", "loss=5");
	mlflow_server_run(server, "three", "RUNNING", "", "");
	mlflow_server_set_tag(server, 0, "mlflow.note.content", "the baseline");
	mlflow_server_set_tag(server, 0, "team", "ops");
	mlflow_server_set_tag(server, 1, "mlflow.parentRunId", mlflow_server_id(0));
	mlflow_server_set(server, 1, "lifecycle_stage", "deleted");
	pull_all();
	bn_run_page *page = list(NULL, false);
	ck_assert_int_eq(page->total, 2);
	ck_assert_str_eq(page->rows[0].id, mlflow_server_id(0));
	ck_assert_str_eq(page->rows[0].name, "one");
	ck_assert_str_eq(page->rows[0].experiment, "exp");
	ck_assert_str_eq(page->rows[0].user, "ada");
	ck_assert_int_eq(page->rows[0].status, BN_RUN_FINISHED);
	ck_assert_int_eq(page->rows[0].started_ms, MLFLOW_START_MS);
	ck_assert_int_eq(page->rows[0].finished_ms, MLFLOW_START_MS + 30000);
	ck_assert_double_eq(page->rows[0].cells[0].number, 1);
	ck_assert_str_eq(page->rows[0].cells[1].text, "0.1");
	ck_assert_int_eq(page->rows[1].status, BN_RUN_RUNNING);
	bn_run_page_free(page);
	ck_assert_int_eq(count("metrics.loss < 2 AND tags.team = 'ops'", false), 1);
	ck_assert_int_eq(count(NULL, true), 1);
	bn_run_info *r = get(0);
	ck_assert_str_eq(r->note, "the baseline");
	bn_run_info_free(r);
	r = get(1);
	ck_assert_str_eq(r->parent, mlflow_server_id(0));
	ck_assert(r->removed);
	bn_run_info_free(r);
	bn_mirror_state state;
	ck_assert_bn_ok(bn_mirror_state_read(&state, m, &err), &err);
	ck_assert_int_eq(state.runs, 3);
	ck_assert_int_gt(state.seen_ms, 0);
	ck_assert_int_gt(state.walked_ms, 0);
	ck_assert_int_eq(state.left_out, 0);
	finish();
}
END_TEST

START_TEST(test_mirror_a_second_pull_adds_nothing_and_a_third_what_changed)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_pages(server, 2);
	for (int i = 0; i < 5; i++)
		mlflow_server_run(server, "r", i ? "FINISHED" : "RUNNING", "lr=1", "loss=2,1");
	pull_all();
	int64_t before = events();
	pull_all();
	reopen();
	pull_all();
	ck_assert_int_eq(events(), before);
	ck_assert_int_eq(count(NULL, false), 5);
	mlflow_server_set(server, 0, "status", "FINISHED");
	mlflow_server_set(server, 1, "run_name", "renamed");
	mlflow_server_set_tag(server, 2, "stage", "final");
	mlflow_server_point(server, 3, "loss", 7, 0.5);
	mlflow_server_rename_experiment(server, "other");
	pull_all();
	ck_assert_int_eq(count("name = 'renamed'", false), 1);
	ck_assert_int_eq(count("status = FINISHED", false), 5);
	ck_assert_int_eq(count("tags.stage = 'final'", false), 1);
	ck_assert_int_eq(count("metrics.loss = 0.5", false), 1);
	ck_assert_int_eq(count("experiment = 'other'", false), 5);
	mlflow_server_set_tag(server, 2, "stage", NULL);
	mlflow_server_set(server, 0, "status", "RUNNING"); /* MLflow reopens runs */
	pull_all();
	ck_assert_int_eq(count("tags.stage IS NOT NULL", false), 0);
	ck_assert_int_eq(count("status = RUNNING", false), 1);
	finish();
}
END_TEST

START_TEST(test_mirror_without_its_notes_compares_with_the_index)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_run(server, "one", "FINISHED", "lr=0.1", "loss=3,2,1");
	mlflow_server_set_tag(server, 0, "team", "ops");
	pull_all();
	ck_assert_bn_ok(bn_mirror_pull_run(m, mlflow_server_id(0), true, &err), &err);
	int64_t before = events();
	char *known = bn_path_join(bn_workspace_dir(bn_mirror_workspace(m)), "known.db");
	bn_mirror_close(m);
	m = NULL;
	static const char garbage[] = "this was a database, and is none any more: it is longer than a header ..";
	ck_assert_bn_ok(bn_fs_write_file(&env.env, known, garbage, sizeof garbage, 0600, &err), &err);
	free(known);
	reopen();
	pull_all();
	ck_assert_bn_ok(bn_mirror_pull_run(m, mlflow_server_id(0), true, &err), &err);
	ck_assert_int_eq(points(0, "loss"), 3);
	/* the experiment and its name are said again, which changes nothing */
	ck_assert_int_le(events(), before + 2);
	ck_assert_int_eq(count(NULL, false), 1);
	finish();
}
END_TEST

START_TEST(test_mirror_reads_whole_histories_in_pages_once)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_run(server, "long", "RUNNING", "", "loss=9");
	for (int i = 1; i < 2500; i++)
		mlflow_server_point(server, 0, "loss", i, 1.0 / i);
	mlflow_server_point(server, 0, "loss", 2500, (double)NAN);
	pull_all();
	ck_assert_int_eq(points(0, "loss"), 1);
	ck_assert_bn_ok(bn_mirror_pull_run(m, mlflow_server_id(0), true, &err), &err);
	ck_assert_int_eq(points(0, "loss"), 2501);
	int asked = mlflow_server_count(server, "get-history");
	ck_assert_int_eq(asked, 3);
	ck_assert_bn_ok(bn_mirror_pull_run(m, mlflow_server_id(0), true, &err), &err);
	ck_assert_int_eq(mlflow_server_count(server, "get-history"), asked);
	mlflow_server_point(server, 0, "loss", 2501, 0.25);
	ck_assert_bn_ok(bn_mirror_pull_run(m, mlflow_server_id(0), true, &err), &err);
	ck_assert_int_eq(points(0, "loss"), 2502);
	finish();
}
END_TEST

START_TEST(test_mirror_follows_the_newest_and_the_live_ones)
{
	NEED_LOOPBACK();
	begin();
	int live = mlflow_server_run(server, "old but live", "RUNNING", "", "loss=1");
	for (int i = 0; i < 150; i++)
		mlflow_server_run(server, "r", "FINISHED", "", "loss=1");
	ck_assert_bn_ok(bn_mirror_pull_new(m, &err), &err);
	ck_assert_int_eq(count(NULL, false), 101);
	ck_assert_int_eq(count("name = 'old but live'", false), 1);
	mlflow_server_point(server, live, "loss", 5, 0.1);
	ck_assert_bn_ok(bn_mirror_pull_new(m, &err), &err);
	ck_assert_int_eq(count("metrics.loss = 0.1", false), 1);
	ck_assert_bn_ok(bn_mirror_pull_matching(m, "metrics.`loss` < 2", 1000, &err), &err);
	ck_assert_int_eq(count(NULL, false), 151);
	finish();
}
END_TEST

START_TEST(test_mirror_what_a_server_lost_is_in_the_trash)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_run(server, "one", "FINISHED", "", "");
	mlflow_server_run(server, "two", "FINISHED", "", "");
	pull_all();
	mlflow_server_forget(server, 0);
	pull_all();
	ck_assert_int_eq(count(NULL, false), 1);
	ck_assert_int_eq(count(NULL, true), 1);
	int64_t before = events();
	pull_all();
	ck_assert_int_eq(events(), before);
	finish();
}
END_TEST

/* Runs of a Binnacle workspace elsewhere have ids that name its writers. */
START_TEST(test_mirror_keeps_ids_that_another_writer_made)
{
	NEED_LOOPBACK();
	begin();
	toy_dir other;
	toy_env there;
	bn_workspace *ws = NULL;
	bn_run_id made;
	toy_dir_make(&other);
	toy_env_init(&there, &other);
	ck_assert_bn_ok(bn_workspace_init(&there.env, other.path, &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, &there.env, bn_fold_classes, other.path, &err), &err);
	ck_assert_bn_ok(bn_run_id_make(&made, ws, &err), &err);
	bn_workspace_close(ws);
	toy_dir_remove(&other);
	mlflow_server_run(server, "one", "FINISHED", "", "loss=1");
	mlflow_server_set(server, 0, "run_id", made.id);
	mlflow_server_run(server, "two", "FINISHED", "", "");
	mlflow_server_set(server, 1, "run_id", "0BB4A1A9-3C1D-4E5F-8A9B-0C1D2E3F4A5B");
	pull_all();
	bn_run_page *page = list(NULL, false);
	ck_assert_int_eq(page->total, 2);
	ck_assert_str_eq(page->rows[0].id, made.id);
	ck_assert_str_eq(page->rows[1].id, "0bb4a1a93c1d4e5f8a9b0c1d2e3f4a5b");
	bn_run_page_free(page);
	ck_assert_bn_ok(
		bn_mirror_tag(m, "0bb4a1a93c1d4e5f8a9b0c1d2e3f4a5b", "k", "v", &err), &err);
	ck_assert_ptr_nonnull(
		strstr(mlflow_server_last(server, "set-tag"), "0BB4A1A9-3C1D-4E5F-8A9B-0C1D2E3F4A5B"));
	finish();
}
END_TEST

START_TEST(test_mirror_of_gitlab)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_is_gitlab(server);
	for (int i = 0; i < 250; i++)
		mlflow_server_run(server, "r", "FINISHED", "", "loss=1");
	pull_all();
	ck_assert_int_eq(count(NULL, false), 250);
	ck_assert_bn_ok(bn_mirror_pull_new(m, &err), &err);
	finish();
}
END_TEST

START_TEST(test_mirror_acts_change_the_server_and_then_the_mirror)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_run(server, "one", "FINISHED", "", "");
	pull_all();
	const char *id = mlflow_server_id(0);
	ck_assert_bn_ok(bn_mirror_tag(m, id, "stage", "final", &err), &err);
	ck_assert_str_eq(mlflow_server_tag(server, 0, "stage"), "final");
	ck_assert_int_eq(count("tags.stage = 'final'", false), 1);
	ck_assert_bn_ok(bn_mirror_tag(m, id, "stage", NULL, &err), &err);
	ck_assert_ptr_null(mlflow_server_tag(server, 0, "stage"));
	ck_assert_int_eq(count("tags.stage IS NOT NULL", false), 0);
	ck_assert_int_eq(bn_mirror_tag(m, id, "stage", NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_mirror_note(m, id, "look at this", &err), &err);
	ck_assert_str_eq(mlflow_server_tag(server, 0, "mlflow.note.content"), "look at this");
	ck_assert_bn_ok(bn_mirror_note(m, id, "", &err), &err);
	ck_assert_bn_ok(bn_mirror_note(m, id, "", &err), &err);
	ck_assert_bn_ok(bn_mirror_rename(m, id, "better", &err), &err);
	ck_assert_int_eq(count("name = 'better'", false), 1);
	ck_assert_bn_ok(bn_mirror_remove(m, id, true, &err), &err);
	ck_assert_int_eq(count(NULL, false), 0);
	ck_assert_int_eq(count(NULL, true), 1);
	ck_assert_bn_ok(bn_mirror_remove(m, id, false, &err), &err);
	ck_assert_int_eq(count(NULL, false), 1);
	finish();
}
END_TEST

START_TEST(test_mirror_models_versions_aliases_and_tags)
{
	NEED_LOOPBACK();
	begin();
	bn_version *v = NULL;
	bn_registered_models models;
	int64_t number = 0;
	mlflow_server_run(server, "one", "FINISHED", "", "rmse=3");
	pull_all();
	const char *id = mlflow_server_id(0);
	ck_assert_int_eq(bn_mirror_register(&number, m, "power", id, NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	mlflow_server_file(server, 0, "model/MLmodel", "flavors: {}\n");
	ck_assert_bn_ok(bn_mirror_register(&number, m, "power", id, NULL, &err), &err);
	ck_assert_int_eq(number, 1);
	ck_assert_bn_ok(bn_mirror_register(&number, m, "power", id, "model", &err), &err);
	ck_assert_int_eq(number, 2);
	ck_assert_ptr_nonnull(strstr(mlflow_server_last(server, "model-versions/create"),
		"mlflow-artifacts:/"));
	mlflow_server_file(server, 0, "other/MLmodel", "flavors: {}\n");
	ck_assert_int_eq(bn_mirror_register(&number, m, "power", id, NULL, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "model, other"));
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_mirror_alias(m, "power", 1, "champion", &err), &err);
	ck_assert_bn_ok(bn_mirror_version(&v, m, "power", &err), &err);
	ck_assert_int_eq(v->version, 1);
	ck_assert_str_eq(v->run_id, id);
	ck_assert_double_eq(bn_version_metric(v, "run", "rmse"), 3);
	ck_assert_ptr_null(v->digest);
	bn_version_free(v);
	ck_assert_bn_ok(bn_mirror_version(&v, m, "power@latest", &err), &err);
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	ck_assert_bn_ok(bn_mirror_version_tag(m, "power", 2, "checked", "yes", &err), &err);
	ck_assert_bn_ok(bn_mirror_version(&v, m, "power/2", &err), &err);
	ck_assert_str_eq(json_string_value(json_object_get(v->tags, "checked")), "yes");
	bn_version_free(v);
	ck_assert_bn_ok(bn_mirror_alias(m, "power", 0, "champion", &err), &err);
	ck_assert_int_eq(bn_mirror_version(&v, m, "power@champion", &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_mirror_version_remove(m, "power", 2, &err), &err);
	ck_assert_bn_ok(bn_mirror_models(&models, m, &err), &err);
	ck_assert_int_eq(models.count, 1);
	ck_assert_int_eq(models.items[0].latest, 1);
	ck_assert_int_eq(models.items[0].versions, 1);
	bn_registered_models_release(&models);
	ck_assert_int_eq(bn_mirror_version(&v, m, "powr", &err), BN_ENOTFOUND);
	ck_assert_str_eq(err.hint, "did you mean 'power'?");
	finish();
}
END_TEST

START_TEST(test_mirror_copies_artifacts_and_no_path_leaves)
{
	NEED_LOOPBACK();
	begin();
	bn_buf text = BN_BUF_INIT;
	uint64_t bytes = 0;
	char out[400], path[500];
	mlflow_server_run(server, "one", "FINISHED", "", "");
	mlflow_server_file(server, 0, "model/MLmodel", "flavors: {}\n");
	mlflow_server_file(server, 0, "model/data/weights", "0123456789");
	mlflow_server_file(server, 0, "readme.txt", "hello");
	pull_all();
	const char *id = mlflow_server_id(0);
	snprintf(out, sizeof out, "%s/out", dir.path);
	ck_assert_bn_ok(bn_mirror_download(&bytes, m, id, "model", out, NULL, &err), &err);
	ck_assert_int_eq(bytes, 22);
	snprintf(path, sizeof path, "%s/data/weights", out);
	ck_assert_bn_ok(bn_fs_read_file(&env.env, path, &text, &err), &err);
	ck_assert_str_eq(text.ptr, "0123456789");
	bn_buf_release(&text);
	ck_assert_int_eq(
		bn_mirror_download(&bytes, m, id, "model", out, NULL, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_mirror_download(&bytes, m, id, "nothing", out, NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	/* a transfer that is cut leaves nothing */
	snprintf(out, sizeof out, "%s/cut", dir.path);
	mlflow_server_fault(server, &(mlflow_fault){.path = "weights", .act = MLFLOW_CUT});
	ck_assert_int_eq(bn_mirror_download(&bytes, m, id, NULL, out, NULL, &err), BN_EIO);
	ck_assert(!bn_fs_exists(&env.env, out));
	bn_err_clear(&err);
	mlflow_server_heal(server);
	static const char *const bad[] = {"../../etc/passwd", "/etc/passwd", "a/../b", "a//b", ".", ""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char body[200];
		snprintf(body, sizeof body, "{\"files\":[{\"path\":\"%s\",\"is_dir\":false}]}", bad[i]);
		mlflow_server_fault(
			server, &(mlflow_fault){.path = "artifacts/list", .status = 200, .body = body});
		ck_assert_int_eq(bn_mirror_download(&bytes, m, id, NULL, out, NULL, &err), BN_EIO);
		ck_assert(!bn_fs_exists(&env.env, out));
		bn_err_clear(&err);
		mlflow_server_heal(server);
	}
	/* a file that does not end */
	static char endless[1 << 20];
	memset(endless, 'x', sizeof endless - 1);
	mlflow_server_fault(
		server, &(mlflow_fault){.path = "weights", .status = 200, .body = endless});
	ck_assert_int_eq(bn_mirror_download(&bytes, m, id, NULL, out, NULL, &err), BN_EIO);
	ck_assert_ptr_nonnull(strstr(err.msg, "larger than 10 bytes"));
	ck_assert(!bn_fs_exists(&env.env, out));
	bn_err_clear(&err);
	mlflow_server_heal(server);
	/* directories that contain themselves */
	mlflow_server_fault(server, &(mlflow_fault){.path = "artifacts/list",
					    .status = 200,
					    .body = "{\"files\":[{\"path\":\"a\",\"is_dir\":true}]}"});
	ck_assert_int_eq(bn_mirror_download(&bytes, m, id, NULL, out, NULL, &err), BN_EIO);
	finish();
}
END_TEST

START_TEST(test_mirror_a_failing_server_changes_nothing)
{
	NEED_LOOPBACK();
	begin();
	mlflow_server_run(server, "one", "FINISHED", "", "loss=2,1");
	pull_all();
	int64_t before = events();
	static const struct {
		mlflow_fault fault;
		int rc;
	} cases[] = {{{NULL, 0, MLFLOW_ANSWER, 401, "{\"error_code\":\"UNAUTHENTICATED\"}", NULL},
			     BN_EREFUSED},
		{{NULL, 0, MLFLOW_ANSWER, 403, "{\"error_code\":\"PERMISSION_DENIED\"}", NULL},
			BN_EREFUSED},
		{{NULL, 0, MLFLOW_ANSWER, 404, "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\"}", NULL},
			BN_ENOTFOUND},
		{{NULL, 0, MLFLOW_ANSWER, 429, "{}", "0"}, BN_EIO},
		{{NULL, 0, MLFLOW_ANSWER, 500, "{\"error_code\":\"INTERNAL_ERROR\"}", NULL}, BN_EIO},
		{{NULL, 0, MLFLOW_GARBAGE, 0, NULL, NULL}, BN_EIO},
		{{NULL, 0, MLFLOW_CUT, 0, NULL, NULL}, BN_EIO},
		{{"runs/", 0, MLFLOW_ANSWER, 200, "{\"runs\":[{\"info\":7}]}", NULL}, BN_EIO},
		{{"runs/", 0, MLFLOW_ANSWER, 200, "[]", NULL}, BN_EIO}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		mlflow_server_fault(server, &cases[i].fault);
		bn_err_clear(&err);
		ck_assert_msg(bn_mirror_pull_all(m, NULL, &err) == cases[i].rc, "case %zu: %d %s", i,
			err.code, err.msg);
		bn_err_clear(&err);
		ck_assert_int_lt(bn_mirror_tag(m, mlflow_server_id(0), "a", "b", &err), 0);
		mlflow_server_heal(server);
		ck_assert_int_eq(events(), before);
	}
	/* once is not always */
	mlflow_server_fault(server, &(mlflow_fault){.times = 2, .status = 503, .retry_after = "0"});
	pull_all();
	mlflow_server_stop(server);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_mirror_pull_new(m, &err), BN_EIO);
	reopen(); /* what was known is there without a server */
	ck_assert_int_eq(count("metrics.loss = 1", false), 1);
	mlflow_server_again(server);
	pull_all();
	finish();
}
END_TEST

START_TEST(test_mirror_texts_that_do_not_fit_are_left_out_and_counted)
{
	NEED_LOOPBACK();
	begin();
	static char longer[BN_RUN_VALUE_MAX + 100];
	memset(longer, 'x', sizeof longer - 1);
	mlflow_server_run(server, "one", "FINISHED", "", "loss=1");
	mlflow_server_set_tag(server, 0, "bad/../key", "v");
	mlflow_server_set_tag(server, 0, "long", longer);
	pull_all();
	bn_mirror_state state;
	ck_assert_bn_ok(bn_mirror_state_read(&state, m, &err), &err);
	ck_assert_int_ge(state.left_out, 2);
	bn_pairs tags = BN_PAIRS_INIT;
	ck_assert_bn_ok(bn_run_tags(&tags, bn_mirror_workspace(m), mlflow_server_id(0), &err), &err);
	ck_assert_ptr_null(bn_pairs_get(&tags, "bad/../key"));
	ck_assert_uint_eq(strlen(bn_pairs_get(&tags, "long")), BN_RUN_VALUE_MAX);
	bn_pairs_release(&tags);
	finish();
}
END_TEST

/* One experiment whose name cannot be one here hides neither the others nor its runs. */
START_TEST(test_mirror_names_that_cannot_be_are_left_out)
{
	NEED_LOOPBACK();
	bn_run_info *info;
	begin();
	mlflow_server_run(server, "one", "FINISHED", "", "loss=1");
	mlflow_server_rename_experiment(server, "a\x1b[31m\nb");
	pull_all();
	info = get(0);
	ck_assert_str_eq(info->experiment, "1");
	bn_run_info_free(info);
	finish();
}
END_TEST

START_TEST(test_mirror_an_item_that_is_none_does_not_hide_the_others)
{
	NEED_LOOPBACK();
	bool done = false;
	begin();
	mlflow_server_fault(server,
		&(mlflow_fault){.path = "runs/search",
			.status = 200,
			.body = "{\"runs\":[null,7,{\"info\":{}},{\"info\":{\"run_id\":"
				"\"11111111111111111111111111111111\",\"experiment_id\":\"1\","
				"\"run_name\":\"r\",\"status\":\"FINISHED\"},"
				"\"data\":{\"metrics\":[null],\"params\":[7],\"tags\":[[]]}}]}"});
	ck_assert_bn_ok(bn_mirror_pull_page(m, &done, &err), &err);
	bn_mirror_state state;
	ck_assert_bn_ok(bn_mirror_state_read(&state, m, &err), &err);
	ck_assert_int_eq(state.left_out, 3);
	ck_assert_int_eq(count("name = 'r'", false), 1);
	finish();
}
END_TEST

START_TEST(test_mirror_pages_that_do_not_end)
{
	NEED_LOOPBACK();
	static const char *const pages[] = {"{\"runs\":[],\"next_page_token\":\"t%d\"}",
		"{\"runs\":[{\"info\":{\"run_id\":\"11111111111111111111111111111111\","
		"\"experiment_id\":\"1\",\"run_name\":\"r%d\"},\"data\":{}}],"
		"\"next_page_token\":\"t%d\"}"};
	begin();
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		bool done = false;
		int rc = 0, asked = 0;
		/* each page says something new, and has no new run */
		while (rc >= 0 && !done && asked < 1000) {
			char body[300];
			asked++;
			snprintf(body, sizeof body, pages[i], asked, asked);
			mlflow_server_fault(server,
				&(mlflow_fault){.path = "runs/search", .status = 200, .body = body});
			bn_err_clear(&err);
			rc = bn_mirror_pull_page(m, &done, &err);
			mlflow_server_heal(server);
		}
		ck_assert_int_eq(rc, BN_EIO);
		ck_assert_ptr_nonnull(strstr(err.msg, "do not end"));
	}
	/* and the next walk is a new one */
	mlflow_server_run(server, "one", "FINISHED", "", "loss=1");
	pull_all();
	ck_assert_int_eq(count("metrics.loss = 1", false), 1);
	finish();
}
END_TEST

START_TEST(test_mirror_is_private_and_keeps_no_token)
{
	NEED_LOOPBACK();
	begin();
	setenv("MLFLOW_TRACKING_TOKEN", "s3cret-token-0123456789", 1);
	mlflow_server_token(server, "s3cret-token-0123456789");
	reopen();
	mlflow_server_run(server, "one", "FINISHED", "", "");
	pull_all();
	struct stat st;
	ck_assert_int_eq(stat(bn_workspace_dir(bn_mirror_workspace(m)), &st), 0);
	ck_assert_int_eq(st.st_mode & 077, 0);
	char command[600];
	snprintf(command, sizeof command, "! grep -rq s3cret '%s'", dir.path);
	ck_assert_int_eq(system(command), 0);
	bn_mirror_close(m);
	m = NULL;
	/* a password over http to another machine */
	ck_assert_int_eq(bn_mirror_open(&m, &env.env, "http://mlflow.example.org", NULL,
				 bn_fold_classes_mirror, &err),
		BN_EREFUSED);
	unsetenv("MLFLOW_TRACKING_TOKEN");
	finish();
}
END_TEST

BN_TEST_MAIN("core/mlflow/mirror", test_mirror_has_the_runs_of_the_server,
	test_mirror_a_second_pull_adds_nothing_and_a_third_what_changed,
	test_mirror_without_its_notes_compares_with_the_index,
	test_mirror_reads_whole_histories_in_pages_once,
	test_mirror_follows_the_newest_and_the_live_ones,
	test_mirror_what_a_server_lost_is_in_the_trash,
	test_mirror_keeps_ids_that_another_writer_made, test_mirror_of_gitlab,
	test_mirror_acts_change_the_server_and_then_the_mirror,
	test_mirror_models_versions_aliases_and_tags,
	test_mirror_copies_artifacts_and_no_path_leaves,
	test_mirror_a_failing_server_changes_nothing,
	test_mirror_texts_that_do_not_fit_are_left_out_and_counted,
	test_mirror_names_that_cannot_be_are_left_out,
	test_mirror_an_item_that_is_none_does_not_hide_the_others,
	test_mirror_pages_that_do_not_end, test_mirror_is_private_and_keeps_no_token)
