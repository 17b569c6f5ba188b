/* exchange_sources.c - see exchange_sources.h. */
#include "tests/support/exchange_sources.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/index/fold.h"
#include "tests/support/check_main.h"

#include <sqlite3.h>
#include <string.h>

void source_write(const char *dir, const char *path, const char *text)
{
	bn_err err = BN_ERR_INIT;
	char *whole = bn_path_join(dir, path);
	char *parent = bn_strndup(whole, (size_t)(strrchr(whole, '/') - whole));
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), parent, 0755, &err), &err);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), whole, text, strlen(text), 0644, &err), &err);
	bn_free(parent);
	bn_free(whole);
}

void source_mlruns(const char *dir)
{
	static const char *const files[][2] = {
		{"0/meta.yaml",
			"artifact_location: file:///gone/mlruns/0\ncreation_time: 1000\n"
			"experiment_id: '0'\nlast_update_time: 1000\nlifecycle_stage: active\n"
			"name: Default\n"},
		{"7/meta.yaml",
			"artifact_location: file:///gone/mlruns/7\ncreation_time: 2000\n"
			"experiment_id: '7'\nlast_update_time: 2500\nlifecycle_stage: active\n"
			"name: vision\n"},
		{"7/tags/team", "ops"},
		{"7/datasets/d1/meta.yaml",
			"digest: abc\nname: jobs\nprofile: '{\"rows\": 9}'\n"
			"schema: null\nsource: '{\"uri\": \"x\"}'\nsource_type: local\n"},
		{"7/" RUN_A "/meta.yaml",
			"artifact_uri: file:///gone/mlruns/7/" RUN_A "/artifacts\n"
			"end_time: 5000\nentry_point_name: ''\nexperiment_id: '7'\n"
			"lifecycle_stage: active\nrun_id: " RUN_A "\nrun_name: first\n"
			"source_type: 4\nstart_time: 3000\nstatus: 3\ntags: []\n"
			"user_id: ann\n"},
		{"7/" RUN_A "/params/lr", "0.1"},
		{"7/" RUN_A "/params/opt/name", "adam\nw"},
		{"7/" RUN_A "/tags/mlflow.runName", "first"},
		{"7/" RUN_A "/tags/stage", "old"},
		{"7/" RUN_A "/metrics/loss", "3001 0.5 0\n3002 0.25 1\n3003 nan 2\n3004 inf 3\n"},
		{"7/" RUN_A "/metrics/val/acc",
			"3001 0.75\n3002 -1e-300 -4\n3005 0.5 6 jobs abc\n"},
		{"7/" RUN_A "/inputs/i1/meta.yaml",
			"destination_id: x\ndestination_type: RUN\nsource_id: d1\n"
			"source_type: DATASET\ntags:\n  mlflow.data.context: train\n"},
		{"7/" RUN_A "/artifacts/model/MLmodel", "flavors: {}\n"},
		{"7/" RUN_A "/artifacts/note.txt", "hello\n"},
		{"0/" RUN_B "/meta.yaml",
			"artifact_uri: file:///gone/mlruns/0/" RUN_B "/artifacts\n"
			"end_time: null\nexperiment_id: '0'\nlifecycle_stage: deleted\n"
			"run_id: " RUN_B "\nrun_name: second\nstart_time: 4000\nstatus: 5\n"
			"user_id: lin\n"},
		{"0/" RUN_B "/tags/mlflow.parentRunId", RUN_A},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		source_write(dir, files[i][0], files[i][1]);
}

void source_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		ck_abort_msg("%s", message);
	sqlite3_close(db);
}

/* The columns of an early revision; what came later is added by the tests. */
void source_mlflow_db(const char *path, const char *extra)
{
	source_sql(path,
		"CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, "
		"artifact_location TEXT, "
		"lifecycle_stage TEXT);"
		"CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status "
		"TEXT, start_time "
		"BIGINT, end_time BIGINT, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id "
		"INTEGER);"
		"CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
		"CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);"
		"CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, "
		"step BIGINT, is_nan "
		"BOOLEAN);"
		"INSERT INTO experiments VALUES (0, 'Default', './mlruns/0', 'active'), (7, "
		"'vision', "
		"'./mlruns/7', 'active');"
		"INSERT INTO runs VALUES ('" RUN_A
		"', 'first', 'ann', 'FINISHED', 3000, 5000, 'active', "
		"'./mlruns/7/" RUN_A "/artifacts', 7), ('" RUN_B
		"', '', 'lin', 'KILLED', 4000, NULL, "
		"'deleted', 's3://bucket/" RUN_B "', 0);"
		"INSERT INTO params VALUES ('lr', '0.1', '" RUN_A
		"'), ('opt/name', 'adam\nw', '" RUN_A "');"
		"INSERT INTO tags VALUES ('stage', 'old', '" RUN_A
		"'), ('mlflow.runName', 'second', '" RUN_B "');"
		"INSERT INTO metrics VALUES ('loss', 0.5, 3001, '" RUN_A
		"', 0, 0), ('loss', 0.25, 3002, '" RUN_A "', 1, 0), ('loss', 0, 3003, '" RUN_A
		"', 2, 1), ('val/acc', 0.75, 3001, '" RUN_A "', 0, 0);");
	if (extra)
		source_sql(path, extra);
}

bn_exchange_report source_import(
	track_world *w, const char *source, const bn_import_options *options)
{
	static const bn_import_options none;
	bn_err err = BN_ERR_INIT;
	bn_exchange_report r;
	ck_assert_bn_ok(bn_import(&r, w->ws, source, options ? options : &none, &err), &err);
	return r;
}

const bn_exchange_note *source_note(const bn_exchange_report *r, const char *part)
{
	for (size_t i = 0; i < r->note_count; i++)
		if (strstr(r->notes[i].why, part) || strstr(r->notes[i].where, part))
			return &r->notes[i];
	return NULL;
}

int64_t source_events(track_world *w)
{
	bn_err err = BN_ERR_INIT;
	sqlite3 *db = NULL;
	ck_assert_bn_ok(bn_workspace_read(&db, w->ws, &err), &err);
	return bn_sql_int(db, -1, "SELECT count(*) FROM event", "");
}
