/*
 * Trainers as runs of the real program: from a dataset version to a model that is equal at any thread count;
 * failures give the reason.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/data/dataset.h"
#include "core/table/table.h"
#include "core/launch/launch.h"
#include "core/launch/reproduce.h"
#include "core/learn/model.h"
#include "core/learn/score.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/spec.h"
#include "core/run/supervisor.h"
#include "core/track/compare.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "core/track/run_files.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_workspace *ws;
static bn_err err = BN_ERR_INIT;

/* 600 rows: y = 3a - 2b + group effect + noise; class is whether y is positive. Some values are
 * absent. */
static void write_table(const char *path)
{
	static const char *const groups[] = {"cpu", "gpu", "mix"};
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *t = NULL;
	bn_rng rng;
	bn_rng_init(&rng, 7, "test", 0);
	ck_assert_bn_ok(bn_schema_add(&s, "a", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "b", BN_TYPE_INT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "group", BN_TYPE_CATEGORY, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "comment", BN_TYPE_STRING, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "y", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "class", BN_TYPE_BOOL, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&t, &env.env, NULL, path, &s, &err), &err);
	for (int i = 0; i < 600; i++) {
		double a = bn_rng_normal(&rng);
		int64_t b = (int64_t)bn_rng_below(&rng, 10);
		size_t g = bn_rng_below(&rng, 3);
		double y = 3 * a - 2 * (double)b + (double)g * 4 + 6 + 0.1 * bn_rng_normal(&rng);
		if (i % 17)
			bn_table_row_f64(t, 0, a);
		bn_table_row_i64(t, 1, b);
		bn_table_row_text(t, 2, groups[g], 3);
		bn_table_row_text(t, 3, "free text", 9);
		bn_table_row_f64(t, 4, y);
		bn_table_row_bool(t, 5, y > 0);
		ck_assert_bn_ok(bn_table_row_end(t, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(t, &err), &err);
	bn_table_writer_free(t);
	bn_schema_release(&s);
}

static void make(void)
{
	bn_dataset_version *v = NULL;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, bn_fold_classes, dir.path, &err), &err);
	char *path = bn_path_join(dir.path, "jobs.arrow");
	write_table(path);
	bn_dataset_draft draft = {
		.name = "jobs", .table_path = path, .take = true, .source_kind = "generate"};
	ck_assert_bn_ok(bn_dataset_publish(&v, NULL, ws, &draft, &err), &err);
	bn_dataset_version_free(v);
	bn_free(path);
}

static void finish(void)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static json_t *spec_of(const char *trainer, const char *target, int threads)
{
	return json_pack("{ss ss ss s[s] si si}", "trainer", trainer, "data", "jobs", "target",
		target, "exclude", !strcmp(target, "y") ? "class" : "y", "seed", 5, "threads",
		threads);
}

static void launch(const json_t *json, char id[BN_RUN_ID_TEXT])
{
	bn_launch_options opt = {.program = getenv("BINNACLE")};
	bn_spec *spec = NULL;
	setenv("BINNACLE_HEARTBEAT", "100ms", 1);
	ck_assert_bn_ok(bn_spec_from_json(&spec, json, "spec", &err), &err);
	ck_assert_bn_ok(bn_launch(ws, spec, &opt, id, &err), &err);
	bn_spec_free(spec);
}

static bn_run_info *launch_and_wait(const json_t *spec, char id[BN_RUN_ID_TEXT])
{
	bn_run_info *r = NULL;
	launch(spec, id);
	for (int i = 0; i < 3000; i++) {
		ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_reconcile(ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_get(&r, ws, id, &err), &err);
		if (!bn_run_status_is_live(r->status))
			return r;
		bn_run_info_free(r);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
	ck_abort_msg("the run does not end within 60 s");
	return NULL;
}

#define NEED_PROGRAM() \
	if (!getenv("BINNACLE") || access(getenv("BINNACLE"), X_OK) != 0) \
	BN_TEST_SKIP("launching runs: BINNACLE names no program")

static const struct {
	const char *trainer, *target, *metric;
} natives[] = {{"ridge", "y", "test_rmse"}, {"logistic", "class", "test_accuracy"},
	{"mlp", "y", "test_rmse"}, {"mlp", "class", "test_accuracy"}};

START_TEST(test_fit_every_trainer_leaves_a_model_that_reproduces_bit_for_bit)
{
	NEED_PROGRAM();
	make();
	for (size_t i = 0; i < sizeof natives / sizeof *natives; i++) {
		char id[BN_RUN_ID_TEXT];
		bn_series_list l;
		bn_reproduction p;
		json_t *spec = spec_of(natives[i].trainer, natives[i].target, 1);
		bn_run_info *r = launch_and_wait(spec, id);
		ck_assert_msg(r->status == BN_RUN_FINISHED, "%s: %s: %s", natives[i].trainer,
			bn_run_status_name(r->status), r->reason);
		ck_assert_ptr_nonnull(r->model_digest);
		ck_assert_str_eq(r->dataset, "jobs@v1");
		ck_assert_bn_ok(bn_series_find_all(&l, ws, id, &err), &err);
		ck_assert_ptr_nonnull(bn_series_list_get(&l, natives[i].metric));
		bn_series_list_release(&l);
		char *model = bn_path_join(dir.path, id);
		ck_assert_bn_ok(bn_run_export(ws, id, "model", model, &err), &err);
		char digest[65];
		ck_assert_bn_ok(bn_model_digest(digest, &env.env, NULL, model, &err), &err);
		ck_assert_str_eq(digest, r->model_digest);
		ck_assert_bn_ok(bn_reproduce(&p, ws, r->spec_hash, model, 2, NULL, &err), &err);
		ck_assert_msg(p.identical, "%s: %s (%s)", natives[i].trainer, p.difference, p.why);
		printf("NOTE: %s on %s: bit-identical at 1 and 2 threads\n", natives[i].trainer,
			natives[i].target);
		bn_free(model);
		bn_run_info_free(r);
		json_decref(spec);
	}
	finish();
}
END_TEST

START_TEST(test_fit_model_scored_again_has_the_numbers_that_its_run_reported)
{
	static const char *const parts[] = {"train", "valid", "test"};
	NEED_PROGRAM();
	make();
	for (size_t i = 0; i < sizeof natives / sizeof *natives; i++) {
		char id[BN_RUN_ID_TEXT];
		bn_model *m = NULL;
		bn_spec *fetched = NULL;
		bn_score score;
		json_t *spec = spec_of(natives[i].trainer, natives[i].target, 1);
		bn_run_info *r = launch_and_wait(spec, id);
		char *model = bn_path_join(dir.path, id);
		ck_assert_bn_ok(bn_run_export(ws, id, "model", model, &err), &err);
		ck_assert_bn_ok(bn_model_load(&m, &env.env, NULL, model, &err), &err);
		ck_assert_bn_ok(bn_spec_fetch(&fetched, ws, r->spec_hash, &err), &err);
		for (int p = 0; p < 3; p++) {
			json_t *reported = NULL;
			char *path = bn_path_join(model, "metrics.json");
			ck_assert_bn_ok(bn_json_load(&reported, &env.env, path, &err), &err);
			ck_assert_bn_ok(
				bn_score_part(&score, ws, m, fetched, parts[p], NULL, &err), &err);
			ck_assert(json_equal(score.metrics, json_object_get(reported, parts[p])));
			ck_assert_str_eq(score.dataset, "jobs");
			ck_assert_str_eq(score.digest, fetched->data[0].digest);
			bn_score_release(&score);
			json_decref(reported);
			bn_free(path);
		}
		ck_assert_int_eq(
			bn_score_part(&score, ws, m, fetched, "run", NULL, &err), BN_ENOTFOUND);
		bn_err_clear(&err);
		ck_assert_bn_ok(bn_score_dataset(&score, ws, m, "jobs@v1", NULL, &err), &err);
		ck_assert_uint_eq(score.rows, 600);
		bn_score_release(&score);
		bn_spec_free(fetched);
		bn_model_free(m);
		bn_free(model);
		bn_run_info_free(r);
		json_decref(spec);
	}
	finish();
}
END_TEST

START_TEST(test_fit_a_changed_model_is_named_by_tensor_element_and_cause)
{
	NEED_PROGRAM();
	make();
	char id[BN_RUN_ID_TEXT], other[BN_RUN_ID_TEXT];
	bn_reproduction p;
	json_t *spec = spec_of("ridge", "y", 1);
	bn_run_info *r = launch_and_wait(spec, id);
	json_object_set_new(spec, "seed", json_integer(6));
	bn_run_info *q = launch_and_wait(spec, other);
	ck_assert_str_ne(r->model_digest, q->model_digest);
	char *model = bn_path_join(dir.path, "model");
	ck_assert_bn_ok(bn_run_export(ws, id, "model", model, &err), &err);
	ck_assert_bn_ok(bn_reproduce(&p, ws, q->spec_hash, model, 1, NULL, &err), &err);
	ck_assert(!p.identical);
	ck_assert_ptr_nonnull(strstr(p.difference, "model.safetensors: tensor '"));
	ck_assert_ptr_nonnull(strstr(p.difference, "element"));
	ck_assert_ptr_nonnull(strstr(p.why, "nothing that was recorded"));

	const char *ids[] = {id, other};
	bn_comparison *c = NULL;
	bool seed = false, alpha = false;
	ck_assert_bn_ok(bn_compare_runs(&c, ws, ids, 2, 0, &err), &err);
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *row = &c->rows[i];
		if (row->group == BN_COMPARE_PARAM && !strcmp(row->key, "seed")) {
			seed = row->differs && row->cells[1].delta == 1 &&
			       fabs(row->cells[1].percent - 20) < 1e-9;
		}
		if (row->group == BN_COMPARE_PARAM && !strcmp(row->key, "alpha"))
			alpha = !row->differs && row->cells[0].text;
	}
	ck_assert(seed && alpha);
	bn_comparison_free(c);
	bn_free(model);
	bn_run_info_free(r);
	bn_run_info_free(q);
	json_decref(spec);
	finish();
}
END_TEST

START_TEST(test_fit_takes_parts_from_versions_and_shares_in_order)
{
	NEED_PROGRAM();
	make();
	char id[BN_RUN_ID_TEXT];
	bn_series_list l;
	/* The whole version is the test part, so its error is computed over all 600 rows. */
	json_t *spec = spec_of("ridge", "y", 1);
	json_object_set_new(
		spec, "data", json_pack("[s{ssss}]", "jobs", "name", "jobs@v1", "part", "test"));
	json_object_set_new(spec, "split", json_pack("{ss sf}", "kind", "order", "valid", 0.25));
	bn_run_info *r = launch_and_wait(spec, id);
	ck_assert_msg(r->status == BN_RUN_FINISHED, "%s", r->reason);
	ck_assert_bn_ok(bn_series_find_all(&l, ws, id, &err), &err);
	ck_assert_ptr_nonnull(bn_series_list_get(&l, "test_rmse"));
	ck_assert_ptr_nonnull(bn_series_list_get(&l, "val_rmse"));
	ck_assert_ptr_null(bn_series_list_get(&l, "test_rows"));
	bn_series_list_release(&l);
	char *path = bn_workspace_path(ws, "runs/%s/log.txt", id);
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(&env.env, path, &b, &err), &err);
	ck_assert_msg(strstr(b.ptr, "450 rows"), "log: %s", b.ptr);
	ck_assert_msg(strstr(b.ptr, "'comment' is free text"), "log: %s", b.ptr);
	bn_buf_release(&b);
	bn_free(path);
	bn_run_info_free(r);
	json_decref(spec);
	finish();
}
END_TEST

START_TEST(test_fit_failure_is_recorded_with_the_trainers_own_words)
{
	NEED_PROGRAM();
	make();
	char id[BN_RUN_ID_TEXT];
	json_t *spec = spec_of("ridge", "y", 1);
	/* The columns of a category sum to one. */
	json_object_set_new(spec, "hyper", json_pack("{s:f}", "alpha", 0.0));
	bn_run_info *r = launch_and_wait(spec, id);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_ptr_nonnull(strstr(r->reason, "has no single solution"));
	ck_assert_ptr_null(r->model_digest);
	bn_run_info_free(r);
	json_decref(spec);
	finish();
}
END_TEST

START_TEST(test_fit_kill_9_of_a_training_is_failed_and_its_metrics_stay)
{
	NEED_PROGRAM();
	make();
	char id[BN_RUN_ID_TEXT];
	bn_supervisor s = {.child = 0};
	bn_run_info *r = NULL;
	json_t *spec = spec_of("mlp", "y", 1);
	json_object_set_new(
		spec, "hyper", json_pack("{si si}", "epochs", 100000, "patience", 100000));
	launch(spec, id);
	int64_t points = 0;
	for (int i = 0; i < 1500 && points == 0; i++) {
		nanosleep(&(struct timespec){0, 20000000}, NULL);
		bn_series_list l;
		ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_series_find_all(&l, ws, id, &err), &err);
		for (size_t k = 0; k < l.count; k++)
			if (strncmp(l.items[k].key, "system/", 7) != 0)
				points += l.items[k].count;
		bn_series_list_release(&l);
	}
	ck_assert_int_gt(points, 0);
	ck_assert_bn_ok(bn_supervisor_find(&s, ws, id, geteuid(), &err), &err);
	ck_assert_int_gt(s.child, 1);
	kill(s.child, SIGKILL);
	for (int i = 0; i < 1500; i++) {
		ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_get(&r, ws, id, &err), &err);
		if (!bn_run_status_is_live(r->status))
			break;
		bn_run_info_free(r);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->signal, SIGKILL);
	bn_run_info_free(r);
	json_decref(spec);
	finish();
}
END_TEST

BN_TEST_MAIN("core/learn/fit", test_fit_every_trainer_leaves_a_model_that_reproduces_bit_for_bit,
	test_fit_model_scored_again_has_the_numbers_that_its_run_reported,
	test_fit_a_changed_model_is_named_by_tensor_element_and_cause,
	test_fit_takes_parts_from_versions_and_shares_in_order,
	test_fit_failure_is_recorded_with_the_trainers_own_words,
	test_fit_kill_9_of_a_training_is_failed_and_its_metrics_stay)
