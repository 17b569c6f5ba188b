/* core/exchange: MLflow's directories and databases, imported, again, grown, damaged, hostile. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"
#include "core/track/experiment.h"
#include "core/track/run_links.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/exchange_sources.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static track_world w;
static char from[300];
static bn_err err;

static void setup(void)
{
	err = (bn_err)BN_ERR_INIT;
	track_make(&w);
	snprintf(from, sizeof from, "%s/from/mlruns", w.dir.path);
}

static void has_tag(const char *id, const char *key, const char *value)
{
	bn_pairs tags = BN_PAIRS_INIT;
	ck_assert_bn_ok(bn_run_tags(&tags, w.ws, id, &err), &err);
	const char *is = bn_pairs_get(&tags, key);
	ck_assert_msg(value ? is && !strcmp(is, value) : !is, "tag %s is %s", key, is);
	bn_pairs_release(&tags);
}

static void has_points(const char *key, size_t n)
{
	bn_points p = BN_POINTS_INIT;
	ck_assert_bn_ok(bn_series_read(&p, w.ws, RUN_A, key, &err), &err);
	ck_assert_msg(p.count == n, "%s has %zu points, not %zu", key, p.count, n);
	bn_points_release(&p);
}

static bn_run_info *run(const char *id)
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
	return r;
}

static void import_again_adds_nothing(const bn_import_options *o)
{
	int64_t before = source_events(&w);
	bn_exchange_report r = source_import(&w, from, o);
	ck_assert_int_eq(r.added.runs_new + r.added.runs_grown, 0);
	ck_assert_int_eq(source_events(&w), before);
	bn_exchange_report_release(&r);
}

START_TEST(test_a_directory_is_imported_whole_and_once)
{
	bn_points p = BN_POINTS_INIT;
	bn_run_links links = BN_RUN_LINKS_INIT;
	bn_artifacts files = BN_ARTIFACTS_INIT;
	bn_experiment *e = NULL;
	setup();
	source_mlruns(from);
	bn_exchange_report r = source_import(&w, from, NULL);
	ck_assert_str_eq(r.kind, "mlruns");
	ck_assert_int_eq(r.added.runs_new, 2);
	ck_assert_int_eq(r.added.params, 2);
	ck_assert_int_eq(r.added.points, 7);
	ck_assert_int_eq(r.added.artifacts, 2);
	ck_assert_int_eq(r.added.inputs, 1);
	ck_assert_int_eq(r.unreadable, 0);
	bn_exchange_report_release(&r);
	bn_run_info *a = run(RUN_A), *b = run(RUN_B);
	ck_assert_str_eq(a->name, "first");
	ck_assert_str_eq(a->experiment, "vision");
	ck_assert_str_eq(a->reported_user, "ann");
	ck_assert_str_eq(a->source, "mlflow");
	ck_assert_int_eq(a->status, BN_RUN_FINISHED);
	ck_assert_int_eq(a->started_ms, 3000);
	ck_assert_int_eq(a->finished_ms, 5000);
	ck_assert(!a->removed && b->removed);
	ck_assert_str_eq(b->experiment, "default");
	ck_assert_str_eq(b->parent, RUN_A);
	ck_assert_int_eq(b->status, BN_RUN_KILLED);
	ck_assert_int_eq(b->finished_ms, -1);
	bn_run_info_free(a);
	bn_run_info_free(b);
	has_tag(RUN_A, "stage", "old");
	ck_assert_bn_ok(bn_series_read(&p, w.ws, RUN_A, "loss", &err), &err);
	ck_assert_uint_eq(p.count, 4);
	ck_assert(p.value[1] == 0.25 && p.time_ms[1] == 3002 && isnan(p.value[2]) &&
		  isinf(p.value[3]));
	bn_points_release(&p);
	ck_assert_bn_ok(bn_series_read(&p, w.ws, RUN_A, "val/acc", &err), &err);
	ck_assert_uint_eq(p.count, 3);
	ck_assert(p.step[0] == -4 && p.value[0] == -1e-300 && p.step[1] == 0 && p.step[2] == 6);
	bn_points_release(&p);
	ck_assert_bn_ok(bn_run_links_load(&links, w.ws, RUN_A, &err), &err);
	ck_assert_uint_eq(links.dataset_count, 1);
	ck_assert_str_eq(links.datasets[0].name, "jobs");
	ck_assert_str_eq(bn_pairs_get(&links.datasets[0].tags, "mlflow.data.context"), "train");
	bn_run_links_release(&links);
	ck_assert_bn_ok(bn_run_artifacts(&files, w.ws, RUN_A, &err), &err);
	ck_assert_uint_eq(files.count, 2);
	ck_assert_str_eq(files.items[0].path, "model/MLmodel");
	bn_artifacts_release(&files);
	ck_assert_bn_ok(bn_experiment_by_id(&e, w.ws, "7", &err), &err);
	ck_assert_str_eq(e->name, "vision");
	ck_assert_int_eq(e->created_ms, 2000);
	ck_assert_str_eq(bn_pairs_get(&e->tags, "team"), "ops");
	bn_experiment_free(e);
	import_again_adds_nothing(NULL);
	track_remove(&w);
}
END_TEST

START_TEST(test_what_the_source_gained_is_added_and_what_was_changed_here_stays)
{
	setup();
	source_mlruns(from);
	bn_exchange_report r = source_import(&w, from, NULL);
	bn_exchange_report_release(&r);
	/* Changed here: an import that brings nothing new does not undo it. */
	ck_assert_bn_ok(bn_runlog_tag(w.ws, RUN_A, "stage", "mine", &err), &err);
	ck_assert_bn_ok(bn_runlog_renamed(w.ws, RUN_A, "my name", &err), &err);
	track_sync(&w);
	import_again_adds_nothing(NULL);
	has_tag(RUN_A, "stage", "mine");
	/* Grown there. */
	source_write(from, "7/" RUN_A "/metrics/loss",
		"3001 0.5 0\n3002 0.25 1\n3003 nan 2\n3004 inf 3\n3002 0.25 1\n3009 0.125 9\n");
	source_write(from, "7/" RUN_A "/params/late", "x");
	source_write(from, "7/" RUN_A "/artifacts/note.txt", "hello there\n");
	source_write(from, "7/" RUN_A "/artifacts/more.txt", "more\n");
	source_write(from, "0/" RUN_B "/tags/stage", "new");
	source_write(from, "7/" RUN_A "/params/lr", "0.2");
	r = source_import(&w, from, NULL);
	ck_assert_int_eq(r.added.runs_grown, 2);
	ck_assert_int_eq(r.added.runs_new, 0);
	ck_assert_int_eq(r.added.points, 2);
	ck_assert_int_eq(r.added.params, 1);
	ck_assert_int_eq(r.added.artifacts, 2);
	ck_assert_ptr_nonnull(source_note(&r, "written once"));
	bn_exchange_report_release(&r);
	has_points("loss", 6);
	has_tag(RUN_A, "stage", "mine");
	has_tag(RUN_B, "stage", "new");
	import_again_adds_nothing(NULL);
	/* The source's word counts where it changed. */
	source_write(from, "7/" RUN_A "/tags/stage", "final");
	r = source_import(&w, from, NULL);
	bn_exchange_report_release(&r);
	has_tag(RUN_A, "stage", "final");
	bn_run_info *a = run(RUN_A);
	ck_assert_str_eq(a->name, "first");
	bn_run_info_free(a);
	track_remove(&w);
}
END_TEST

START_TEST(test_only_a_part_into_another_experiment_or_none_at_all)
{
	const char *const only[] = {"vision"}, *const wrong[] = {"vision", "nowhere"};
	bn_import_options o = {.dry_run = true};
	setup();
	source_mlruns(from);
	int64_t before = source_events(&w);
	bn_exchange_report r = source_import(&w, from, &o);
	ck_assert_int_eq(r.added.runs_new, 2);
	ck_assert_int_eq(r.added.points, 7);
	ck_assert_int_eq(r.added.artifacts, 2);
	ck_assert_int_eq(source_events(&w), before);
	bn_exchange_report_release(&r);
	o = (bn_import_options){
		.only = only, .only_count = 1, .experiment = "theirs", .no_artifacts = true};
	r = source_import(&w, from, &o);
	ck_assert_int_eq(r.added.runs_new, 1);
	ck_assert_int_eq(r.added.artifacts, 0);
	bn_exchange_report_release(&r);
	bn_run_info *a = run(RUN_A);
	ck_assert_str_eq(a->experiment, "theirs");
	bn_run_info_free(a);
	o = (bn_import_options){.only = wrong, .only_count = 2};
	ck_assert_int_eq(bn_import(&r, w.ws, from, &o, &err), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "nowhere"));
	bn_exchange_report_release(&r);
	track_remove(&w);
}
END_TEST

START_TEST(test_hostile_and_damaged_directories)
{
	char path[1000], secret[400];
	setup();
	source_mlruns(from);
	snprintf(secret, sizeof secret, "%s/secret", w.dir.path);
	source_write(w.dir.path, "secret/key", "private\n");
	snprintf(path, sizeof path, "%s/7/" RUN_A "/artifacts/stolen", from);
	ck_assert_int_eq(symlink(secret, path), 0);
	snprintf(path, sizeof path, "%s/7/" RUN_A "/artifacts/loop", from);
	ck_assert_int_eq(symlink(".", path), 0);
	snprintf(path, sizeof path, "%s/7/" RUN_A "/artifacts/pipe", from);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/8", from);
	ck_assert_int_eq(symlink(secret, path), 0);
	/* Two runs of one id, metas that are none, keys that are none, points that are none. */
	source_write(from, "77/meta.yaml", "experiment_id: '77'\nname: copy\n");
	source_write(from, "77/" RUN_A "/meta.yaml", "run_id: " RUN_A "\nexperiment_id: '0'\n");
	source_write(from, "0/cccccccccccccccccccccccccccccccc/meta.yaml", "run_id: [\n");
	source_write(from, "0/dddddddddddddddddddddddddddddddd/meta.yaml", "run_id: " RUN_B "\n");
	source_write(from, "9/meta.yaml", "name: x\n");
	source_write(from, "7/" RUN_A "/params/a#b", "x");
	source_write(from, "7/" RUN_A "/params/bytes", "\xff\xfe");
	source_write(from, "7/" RUN_A "/metrics/odd",
		"3001 0.5 0\nnonsense\n1 2 3 4\n99999999999999999999 1 1\n3002 1e999 1\n");
	/* A run whose artifacts are said to be elsewhere: a path outside is not read. */
	snprintf(path, sizeof path, "run_id: eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\nartifact_uri: %s\n",
		secret);
	source_write(from, "0/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee/meta.yaml", path);
	bn_exchange_report r = source_import(&w, from, NULL);
	ck_assert_int_eq(r.added.runs_new, 3);
	ck_assert_ptr_nonnull(source_note(&r, "two runs of that id"));
	ck_assert_ptr_nonnull(source_note(&r, "links are not followed"));
	ck_assert_ptr_nonnull(source_note(&r, "neither a file nor a directory"));
	ck_assert_ptr_nonnull(source_note(&r, "a line is no point"));
	ck_assert_int_eq(source_note(&r, "a line is no point")->count, 3);
	ck_assert_ptr_nonnull(source_note(&r, "not UTF-8"));
	ck_assert_ptr_nonnull(source_note(&r, "'a#b'"));
	ck_assert_ptr_nonnull(source_note(&r, "outside of the source's directory"));
	ck_assert_ptr_nonnull(source_note(&r, "not the directory's name"));
	ck_assert_int_gt(r.unreadable, 5);
	bn_exchange_report_release(&r);
	has_points("odd", 2);
	import_again_adds_nothing(NULL);
	track_remove(&w);
}
END_TEST

START_TEST(test_runs_of_others_and_our_own_are_left_alone)
{
	bn_run_id own;
	char meta[300], path[200];
	setup();
	source_mlruns(from);
	track_run(&w, 1, "own", "a=1", NULL, "FINISHED");
	ck_assert_bn_ok(bn_run_id_make(&own, w.ws, &err), &err);
	track_sync(&w);
	snprintf(meta, sizeof meta, "run_id: %s\nrun_name: fake\n", track_id(1));
	snprintf(path, sizeof path, "0/%s/meta.yaml", track_id(1));
	source_write(from, path, meta);
	/* An id that a Binnacle made for another log gets another one here, always the same. */
	snprintf(meta, sizeof meta, "run_id: %s\nrun_name: theirs\n", own.id);
	snprintf(path, sizeof path, "0/%s/meta.yaml", own.id);
	source_write(from, path, meta);
	bn_exchange_report r = source_import(&w, from, NULL);
	ck_assert_int_eq(r.added.runs_new, 3);
	ck_assert_ptr_nonnull(source_note(&r, "it was made here"));
	bn_exchange_report_release(&r);
	bn_run_info *a = run(track_id(1));
	ck_assert_str_eq(a->name, "own");
	bn_run_info_free(a);
	char id[BN_RUN_ID_TEXT];
	ck_assert_bn_ok(bn_run_resolve(w.ws, "theirs", id, &err), &err);
	ck_assert_str_ne(id, own.id);
	has_tag(id, "binnacle.run_id", own.id);
	int64_t before = source_events(&w);
	r = source_import(&w, from, NULL);
	bn_exchange_report_release(&r);
	ck_assert_int_eq(source_events(&w), before);
	track_remove(&w);
}
END_TEST

START_TEST(test_a_database_of_an_early_revision_and_of_a_late_one)
{
	char path[400];
	setup();
	snprintf(path, sizeof path, "%s/from", w.dir.path);
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), path, 0755, &err), &err);
	snprintf(from, sizeof from, "%s/from/mlflow.db", w.dir.path);
	source_mlflow_db(from, NULL);
	source_write(path, "mlruns/7/" RUN_A "/artifacts/model/MLmodel", "flavors: {}\n");
	bn_exchange_report r = source_import(&w, from, NULL);
	ck_assert_str_eq(r.kind, "mlflow.db");
	ck_assert_int_eq(r.added.runs_new, 2);
	ck_assert_int_eq(r.added.points, 4);
	ck_assert_int_eq(r.added.artifacts, 1);
	ck_assert_ptr_nonnull(source_note(&r, "in a store that is not read here"));
	bn_exchange_report_release(&r);
	bn_run_info *a = run(RUN_A), *b = run(RUN_B);
	ck_assert_str_eq(a->experiment, "vision");
	ck_assert_int_eq(a->finished_ms, 5000);
	ck_assert_str_eq(b->name, "second");
	ck_assert(b->removed);
	bn_run_info_free(a);
	bn_run_info_free(b);
	import_again_adds_nothing(NULL);
	source_sql(from,
		"CREATE TABLE datasets (dataset_uuid TEXT, experiment_id INTEGER, name TEXT, "
		"digest TEXT, "
		"dataset_source_type TEXT, dataset_source TEXT, dataset_schema TEXT, "
		"dataset_profile TEXT);"
		"CREATE TABLE inputs (input_uuid TEXT, source_type TEXT, source_id TEXT, "
		"destination_type TEXT, "
		"destination_id TEXT, step BIGINT);"
		"CREATE TABLE input_tags (input_uuid TEXT, name TEXT, value TEXT);"
		"INSERT INTO datasets VALUES ('d', 7, 'jobs', 'abc', 'local', 'x', NULL, NULL);"
		"INSERT INTO inputs VALUES ('i', 'DATASET', 'd', 'RUN', '" RUN_A
		"', 0), ('j', 'RUN_OUTPUT', '" RUN_A "', 'MODEL_OUTPUT', 'm-" RUN_B "', 5);"
		"INSERT INTO input_tags VALUES ('i', 'mlflow.data.context', 'train');"
		"ALTER TABLE experiments ADD workspace TEXT; UPDATE experiments SET workspace = "
		"'default';"
		"INSERT INTO experiments VALUES (9, 'vision', '', 'active', 'ops');"
		"INSERT INTO runs VALUES ('cccccccccccccccccccccccccccccccc', 'third', '', "
		"'RUNNING', 1, NULL, "
		"'active', '', 9);");
	r = source_import(&w, from, NULL);
	ck_assert_int_eq(r.added.inputs, 2);
	ck_assert_int_eq(r.added.runs_new, 1);
	bn_exchange_report_release(&r);
	a = run("cccccccccccccccccccccccccccccccc");
	ck_assert_str_eq(a->experiment, "ops/vision");
	bn_run_info_free(a);
	import_again_adds_nothing(NULL);
	track_remove(&w);
}
END_TEST

static void refused(const char *sql, int code, const char *part)
{
	bn_exchange_report r;
	setup();
	snprintf(from, sizeof from, "%s/mlflow.db", w.dir.path);
	source_mlflow_db(from, sql);
	ck_assert_int_eq(bn_import(&r, w.ws, from, &(bn_import_options){0}, &err), code);
	ck_assert_msg(strstr(err.msg, part) != NULL, "%s", err.msg);
	bn_exchange_report_release(&r);
	track_remove(&w);
}

/* A default makes a long text of each row: what is read of one run is bounded. */
START_TEST(test_rows_that_are_longer_than_the_file)
{
	bn_buf sql = BN_BUF_INIT;
	setup();
	snprintf(from, sizeof from, "%s/mlflow.db", w.dir.path);
	bn_buf_adds(&sql, "DROP TABLE tags; CREATE TABLE tags (key TEXT, run_uuid TEXT);"
			  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
			  "INSERT INTO tags SELECT 'k' || i, '" RUN_A "' FROM n;"
			  "ALTER TABLE tags ADD value TEXT DEFAULT '");
	for (int i = 0; i < 900000; i++)
		bn_buf_addch(&sql, 'x');
	bn_buf_adds(&sql, "'");
	source_mlflow_db(from, sql.ptr);
	bn_buf_release(&sql);
	bn_exchange_report r = source_import(&w, from, NULL);
	ck_assert_ptr_nonnull(source_note(&r, "more than 64 MiB"));
	ck_assert_int_eq(r.added.runs_new, 2);
	bn_exchange_report_release(&r);
	track_remove(&w);
}
END_TEST

/* More than a record of the log can hold. */
START_TEST(test_a_run_with_many_long_words)
{
	setup();
	snprintf(from, sizeof from, "%s/mlflow.db", w.dir.path);
	source_mlflow_db(from,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
		"INSERT INTO tags SELECT 'k' || i, printf('%.20000c', 'x'), '" RUN_A "' FROM n;"
		"INSERT INTO params SELECT key, value, run_uuid FROM tags WHERE run_uuid = '" RUN_A
		"' AND key LIKE 'k%'");
	bn_exchange_report r = source_import(&w, from, NULL);
	ck_assert_int_eq(r.added.runs_new, 2);
	ck_assert_int_eq(r.added.tags, 902);
	bn_exchange_report_release(&r);
	bn_pairs tags = BN_PAIRS_INIT;
	ck_assert_bn_ok(bn_run_tags(&tags, w.ws, RUN_A, &err), &err);
	ck_assert_ptr_nonnull(bn_pairs_get(&tags, "k1"));
	ck_assert_uint_eq(strlen(bn_pairs_get(&tags, "k900")), 20000);
	bn_pairs_release(&tags);
	import_again_adds_nothing(NULL);
	track_remove(&w);
}
END_TEST

START_TEST(test_databases_that_are_none)
{
	bn_exchange_report r;
	refused("DROP TABLE runs; CREATE VIEW runs AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
		"SELECT i + 1 FROM n) "
		"SELECT i AS run_uuid FROM n",
		BN_EUNSUPPORTED, "table 'runs'");
	refused("DROP TABLE metrics", BN_EUNSUPPORTED, "table 'metrics'");
	/* A virtual table whose definition begins otherwise; a column that is computed. */
	refused("DROP TABLE tags; CREATE VIRTUAL TABLE tags USING fts5(key, value, run_uuid);"
		"PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'CREATE VIRTUAL', "
		"'CREATE/**/VIRTUAL') WHERE name = 'tags'",
		BN_EUNSUPPORTED, "table 'tags'");
	refused("DROP TABLE tags; CREATE TABLE tags (key TEXT, run_uuid TEXT, value TEXT AS "
		"(printf('%.*c', 9000, 'x')));"
		"INSERT INTO tags (key, run_uuid) VALUES ('a', '" RUN_A "')",
		BN_EUNSUPPORTED, "table 'tags'");
	setup();
	snprintf(from, sizeof from, "%s/mlflow.db", w.dir.path);
	source_write(w.dir.path, "mlflow.db", "SQLite format 3");
	ck_assert_int_eq(bn_import(&r, w.ws, from, &(bn_import_options){0}, &err), BN_EUNSUPPORTED);
	bn_exchange_report_release(&r);
	unlink(from);
	source_mlflow_db(from, NULL);
	source_write(w.dir.path, "mlflow.db-journal", "busy");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_import(&r, w.ws, from, &(bn_import_options){0}, &err), BN_ECONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "being written"));
	bn_exchange_report_release(&r);
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_import(&r, w.ws, "/nowhere/x", &(bn_import_options){0}, &err), BN_ENOTFOUND);
	bn_exchange_report_release(&r);
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_import(&r, w.ws, w.dir.path, &(bn_import_options){0}, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.hint, "mlruns"));
	bn_exchange_report_release(&r);
	track_remove(&w);
}
END_TEST

static bool stop_at_second(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)what;
	(void)total;
	return done < 1;
}

START_TEST(test_an_interrupted_import_goes_on)
{
	const bn_progress progress = {stop_at_second, NULL};
	bn_exchange_report r;
	setup();
	source_mlruns(from);
	ck_assert_int_eq(
		bn_import(&r, w.ws, from, &(bn_import_options){.progress = &progress}, &err),
		BN_EINTR);
	ck_assert_int_eq(r.added.runs_new, 1);
	bn_exchange_report_release(&r);
	r = source_import(&w, from, NULL);
	ck_assert_int_eq(r.added.runs_new, 1);
	ck_assert_int_eq(r.added.runs_same, 1);
	bn_exchange_report_release(&r);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/exchange/import_mlflow", test_a_directory_is_imported_whole_and_once,
	test_what_the_source_gained_is_added_and_what_was_changed_here_stays,
	test_only_a_part_into_another_experiment_or_none_at_all,
	test_hostile_and_damaged_directories, test_runs_of_others_and_our_own_are_left_alone,
	test_a_database_of_an_early_revision_and_of_a_late_one, test_a_run_with_many_long_words,
	test_rows_that_are_longer_than_the_file, test_databases_that_are_none,
	test_an_interrupted_import_goes_on)
