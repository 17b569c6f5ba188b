/* From answers to verdicts: logging, windows, reports with and without training data, metrics. */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/data/dataset.h"
#include "core/monitor/gauges.h"
#include "core/monitor/prediction_log.h"
#include "core/monitor/report.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/object/object.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"
#include "tests/support/exposition.h"
#include "tests/support/objects.h"
#include "tests/support/tiny_model.h"
#include "tests/support/train_data.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static bn_workspace *ws;
static bn_predictor *p;
static const char *model_dir;
static bn_err err;

static void open_workspace(void)
{
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
}

static void open_model(const char *dataset, const char *digest)
{
	model_dir = tiny_model_of("power", "ridge", "y_number", dataset, digest);
	ck_assert_bn_ok(bn_predictor_open(&p, ws, model_dir, &err), &err);
}

static void close_all(void)
{
	bn_predictor_free(p);
	bn_workspace_close(ws);
}

/* Publishes the training part as dataset "train"; hash: of its version. */
static void publish_training(char hash[65])
{
	train_data *d = train_data_get();
	char path[300];
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_dataset_version *v = NULL;
	snprintf(path, sizeof path, "%s/train.arrow", tiny_dir());
	for (size_t c = 0; c < d->train.batch.column_count; c++)
		ck_assert_bn_ok(bn_schema_add(&s, d->train.names[c], d->train.batch.columns[c].type,
					true, NULL, &err),
			&err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	ck_assert_bn_ok(bn_table_write_batch(w, &d->train.batch, &err), &err);
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
	bn_dataset_draft draft = {.name = "train",
		.table_path = path,
		.source_kind = "arrow",
		.source_path = "train"};
	ck_assert_bn_ok(bn_dataset_publish(&v, NULL, ws, &draft, &err), &err);
	strcpy(hash, v->hash);
	bn_dataset_version_free(v);
}

static bn_prediction_log *start_log(size_t batch_rows, size_t max_pending)
{
	bn_prediction_log *log = NULL;
	bn_prediction_log_options o = {.workspace_dir = tiny_dir(),
		.endpoint = "abcdef012345",
		.batch_rows = batch_rows,
		.interval_ms = 50,
		.max_pending = max_pending};
	ck_assert_bn_ok(bn_prediction_log_start(&log, bn_env_real(), &o, &err), &err);
	return log;
}

static const char *unseen = "mauve"; /* the colour of rows with a large shift */

/* Predicts rows of the test part, with x0 moved by shift, as one request at that time. */
static void serve_rows(bn_prediction_log *log, size_t from, size_t n, double shift, int64_t time_ns)
{
	static const bn_session_policy lenient = {true, true};
	train_data *d = train_data_get();
	bn_session *s = NULL;
	ck_assert_bn_ok(bn_session_new(&s, p, &lenient, &err), &err);
	ck_assert_bn_ok(bn_session_begin(s, n, &err), &err);
	for (size_t r = 0; r < n; r++) {
		size_t k = (from + r) % d->test.batch.rows;
		for (size_t i = 0; i < 4; i++) {
			char name[3] = {'x', (char)('0' + i), '\0'};
			double x = named_columns_find(&d->test, name)->f64[k] + (i == 0 ? shift : 0);
			size_t input = (size_t)bn_predictor_find_input(
				bn_session_predictor(s), name, strlen(name));
			ck_assert_bn_ok(bn_session_set_number(s, r, input, x, &err), &err);
		}
		bn_text t = bn_column_text(named_columns_find(&d->test, "colour"), k);
		if (shift > 100)
			t = (bn_text){unseen, strlen(unseen)};
		ck_assert_bn_ok(bn_session_set_text(s, r,
					(size_t)bn_predictor_find_input(bn_session_predictor(s),
						"colour", strlen("colour")),
					t.ptr, t.len, &err),
			&err);
		ck_assert_bn_ok(bn_session_set_number(s, r,
					(size_t)bn_predictor_find_input(
						bn_session_predictor(s), "flag", strlen("flag")),
					bn_column_number(named_columns_find(&d->test, "flag"), k),
					&err),
			&err);
	}
	ck_assert_bn_ok(bn_session_run(s, &err), &err);
	bn_served served = {s, "request-1", time_ns, 12.5, 0};
	bn_prediction_log_add(log, &served);
	bn_session_free(s); /* the texts of its rows become invalid */
}

static int64_t now(void)
{
	return bn_env_now_ns(bn_env_real());
}

static bn_monitor_report *report(const bn_monitor_options *o)
{
	bn_monitor_report *r = NULL;
	ck_assert_bn_ok(bn_monitor_report_make(&r, ws, model_dir, o, &err), &err);
	return r;
}

static const bn_monitor_feature *feature(const bn_monitor_report *r, const char *name)
{
	for (size_t i = 0; i < r->feature_count; i++)
		if (!strcmp(r->features[i].name, name))
			return &r->features[i];
	ck_abort_msg("no feature %s", name);
	return NULL;
}

/* ---- the log -------------------------------------------------------------------------------- */

START_TEST(test_log_writes_batches_that_read_back)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 3, 0, 1000000000);
	serve_rows(log, 3, 2, 500, 2000000000);
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_prediction_window w = {.model = "power"};
	bn_prediction_batches l;
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	ck_assert_int_eq(l.rows, 5);
	ck_assert_uint_ge(l.count, 1);
	ck_assert_str_eq(l.items[0].endpoint, "abcdef012345");
	ck_assert_int_eq(l.items[l.count - 1].from_ms, 1000);
	ck_assert_int_eq(l.items[0].to_ms, 2000);
	char *path = NULL;
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	ck_assert_bn_ok(object_path(ws, l.items[0].object, &path, &err), &err);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_table_read(t, 0, NULL, 0, &b, &err), &err);
	size_t last = b.rows - 1, colour = bn_schema_find(bn_table_schema(t), "colour");
	bn_text text = bn_column_text(&b.columns[colour], last);
	ck_assert_msg(text.len == 5 && !memcmp(text.ptr, "mauve", 5), "an unseen category is kept");
	ck_assert_double_eq(bn_column_number(&b.columns[2], last), 12.5);
	ck_assert_double_eq(bn_column_number(&b.columns[0], last), 2e9);
	bn_batch_release(&b);
	bn_table_reader_free(t);
	bn_free(path);
	bn_prediction_batches_release(&l);
	close_all();
}
END_TEST

START_TEST(test_log_keeps_the_beginning_of_a_category_that_has_no_end)
{
	enum { PAIRS = 500000 };
	open_workspace();
	open_model(NULL, NULL);
	bn_buf longest = BN_BUF_INIT;
	bn_buf_adds(&longest, "m");
	for (int i = 0; i < PAIRS; i++)
		bn_buf_adds(&longest, "\xc3\xa9");
	bn_prediction_log *log = start_log(0, 0);
	unseen = longest.ptr;
	serve_rows(log, 0, 1, 500, 1000000000);
	unseen = "mauve";
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_prediction_window w = {.model = "power"};
	bn_prediction_batches l;
	char *path = NULL;
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	ck_assert_bn_ok(object_path(ws, l.items[0].object, &path, &err), &err);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_table_read(t, 0, NULL, 0, &b, &err), &err);
	bn_text text = bn_column_text(&b.columns[bn_schema_find(bn_table_schema(t), "colour")], 0);
	ck_assert_uint_eq(text.len, 255); /* cut before a character */
	ck_assert_mem_eq(text.ptr, longest.ptr, 255);
	bn_batch_release(&b);
	bn_table_reader_free(t);
	bn_free(path);
	bn_buf_release(&longest);
	bn_prediction_batches_release(&l);
	close_all();
}
END_TEST

START_TEST(test_log_writes_when_rows_are_many_and_finds_windows)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_prediction_log *log = start_log(10, 0);
	bn_prediction_log_stats stats;
	for (int i = 0; i < 20; i++) {
		serve_rows(log, 0, 10, 0, (int64_t)(i + 1) * 1000000000);
		ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	}
	bn_prediction_log_get_stats(log, &stats);
	ck_assert_uint_eq(stats.rows, 200);
	ck_assert_uint_eq(stats.batches, 20);
	ck_assert_uint_eq(stats.lost, 0);
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_prediction_window w = {.model = "power", .from_ms = 5000, .to_ms = 8000};
	bn_prediction_batches l;
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	ck_assert_uint_eq(l.count, 3); /* seconds 5, 6 and 7 */
	bn_prediction_batches_release(&l);
	w = (bn_prediction_window){.model = "power", .last = 25};
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	ck_assert_uint_eq(l.count, 3);
	ck_assert_int_eq(l.items[0].to_ms, 20000);
	bn_prediction_batches_release(&l);
	w = (bn_prediction_window){.model = "power", .version = "7"};
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	ck_assert_uint_eq(l.count, 0);
	bn_prediction_batches_release(&l);
	close_all();
}
END_TEST

START_TEST(test_log_counts_what_it_must_drop)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_prediction_log *log = start_log(1000000, 15);
	bn_prediction_log_stats stats;
	serve_rows(log, 0, 16, 0, now()); /* more than the limit */
	bn_prediction_log_get_stats(log, &stats);
	ck_assert_uint_eq(stats.lost, 16);
	serve_rows(log, 0, 5, 0, now());
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_prediction_window w = {.model = "power"};
	bn_prediction_batches l;
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	ck_assert_int_eq(l.rows, 5);
	ck_assert_int_eq(l.items[0].dropped, 16); /* recorded in the event */
	bn_prediction_batches_release(&l);
	close_all();
}
END_TEST

static void *log_many(void *user)
{
	for (int i = 0; i < 50; i++)
		serve_rows(user, (size_t)i, 2, 0, now());
	return NULL;
}

START_TEST(test_log_takes_rows_from_many_threads)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_prediction_log *log = start_log(64, 0);
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, log_many, log);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_prediction_window w = {.model = "power"};
	bn_prediction_batches l;
	ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
	ck_assert_int_eq(l.rows, 400);
	bn_prediction_batches_release(&l);
	close_all();
}
END_TEST

START_TEST(test_log_says_why_it_cannot_start)
{
	bn_prediction_log *log = NULL;
	bn_prediction_log_options o = {.workspace_dir = "/nonexistent", .endpoint = "x"};
	ck_assert_int_ne(bn_prediction_log_start(&log, bn_env_real(), &o, &err), 0);
	ck_assert_str_ne(err.msg, "");
	ck_assert_int_eq(bn_prediction_log_stop(NULL, NULL), 0);
}
END_TEST

/* ---- reports -------------------------------------------------------------------------------- */

START_TEST(test_report_finds_the_input_that_moved)
{
	char hash[65], digest[80];
	open_workspace();
	publish_training(hash);
	snprintf(digest, sizeof digest, "sha256:%s", hash);
	open_model("train@v1", digest);
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 100, 0, 10000000000);
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	serve_rows(log, 0, 100, 3, 20000000000);
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_monitor_report *r =
		report(&(bn_monitor_options){.window = {.from_ms = 1, .to_ms = 15000}});
	ck_assert_str_eq(r->reference_kind, "table");
	ck_assert_str_eq(r->reference, "train@v1");
	ck_assert_int_eq(r->rows, 100);
	ck_assert_int_eq(r->reference_rows, TRAIN_DATA_TRAIN);
	ck_assert_uint_eq(r->feature_count, 6);
	ck_assert_int_eq(feature(r, "x0")->result.verdict, BN_DRIFT_NONE);
	ck_assert_int_eq(feature(r, "x0")->result.test, BN_DRIFT_KS);
	ck_assert_int_eq(r->dataset.verdict, BN_DRIFT_NONE);
	bn_monitor_report_free(r);
	r = report(&(bn_monitor_options){.window = {.last = 100}});
	ck_assert_int_eq(r->rows, 100);
	ck_assert_int_eq(r->from_ms, 20000);
	ck_assert_int_eq(feature(r, "x0")->result.verdict, BN_DRIFT_FOUND);
	ck_assert_int_eq(feature(r, "x1")->result.verdict, BN_DRIFT_NONE);
	ck_assert_uint_eq(r->dataset.drifted, 1);
	ck_assert_int_eq(r->dataset.verdict, BN_DRIFT_NONE); /* one of six is less than half */
	bn_monitor_report_free(r);
	r = report(&(bn_monitor_options){
		.window = {.last = 100}, .share_threshold = 0.1, .drift = {.test = BN_DRIFT_PSI}});
	ck_assert_int_eq(r->dataset.verdict, BN_DRIFT_FOUND);
	ck_assert_int_eq(feature(r, "x0")->result.test, BN_DRIFT_PSI);
	bn_monitor_report_free(r);
	close_all();
}
END_TEST

START_TEST(test_report_without_training_rows_says_what_it_cannot_tell)
{
	open_workspace();
	open_model("elsewhere@v3", NULL);
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 100, 500, now());
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_monitor_report *r = report(&(bn_monitor_options){.dry_run = true});
	ck_assert_str_eq(r->reference_kind, "statistics");
	ck_assert_int_eq(feature(r, "x0")->result.verdict, BN_DRIFT_INCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(feature(r, "x0")->result.why, "not in this workspace"));
	ck_assert_int_eq(feature(r, "flag")->result.verdict, BN_DRIFT_NONE);
	ck_assert_int_eq(feature(r, "colour")->result.verdict, BN_DRIFT_FOUND);
	ck_assert_int_eq(r->dataset.verdict, BN_DRIFT_INCONCLUSIVE);
	ck_assert_ptr_null(r->object);
	bn_monitor_report_free(r);
	close_all();
}
END_TEST

START_TEST(test_report_of_few_or_no_rows)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_monitor_report *r = NULL;
	bn_monitor_options o = {.dry_run = true};
	ck_assert_int_eq(bn_monitor_report_make(&r, ws, model_dir, &o, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 7, 0, now());
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	r = report(&o);
	ck_assert_int_eq(feature(r, "flag")->result.verdict, BN_DRIFT_INCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(feature(r, "flag")->result.why, "too few: 7 values"));
	bn_monitor_report_free(r);
	close_all();
}
END_TEST

static bool stop_at(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	ck_assert_uint_le(done, total);
	return --*(int *)ctx > 0;
}

START_TEST(test_report_that_is_stopped_keeps_nothing)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 100, 0, now());
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	for (int at = 1, stopped = 1; stopped; at++) {
		int left = at;
		bn_progress watch = {stop_at, &left};
		bn_monitor_options o = {.progress = &watch};
		bn_monitor_report *r = NULL;
		bn_monitor_reports all;
		int rc = bn_monitor_report_make(&r, ws, model_dir, &o, &err);
		stopped = rc == BN_EINTR;
		ck_assert(stopped || rc == 0);
		bn_err_clear(&err);
		ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
		ck_assert_bn_ok(bn_monitor_report_list(&all, ws, NULL, 0, &err), &err);
		ck_assert_uint_eq(all.count, stopped ? 0 : 1);
		bn_monitor_reports_release(&all);
		bn_monitor_report_free(r);
	}
	close_all();
}
END_TEST

START_TEST(test_reports_are_kept_listed_and_read_back_equal)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 100, 0, now());
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_monitor_report *a = report(&(bn_monitor_options){0}), *b = NULL;
	bn_monitor_report *second = report(&(bn_monitor_options){0});
	json_t *x = NULL, *y = NULL;
	bn_monitor_reports l;
	ck_assert_bn_ok(bn_monitor_report_list(&l, ws, "power", 0, &err), &err);
	ck_assert_uint_eq(l.count, 2);
	ck_assert_ptr_null(l.items[0]->features);
	ck_assert_int_eq(l.items[0]->rows, 100);
	bn_monitor_reports_release(&l);
	ck_assert_bn_ok(bn_monitor_report_list(&l, ws, "other", 0, &err), &err);
	ck_assert_uint_eq(l.count, 0);
	bn_monitor_reports_release(&l);
	ck_assert_bn_ok(bn_monitor_report_load(&b, ws, a->id, NULL, &err), &err);
	ck_assert_bn_ok(bn_monitor_report_json(&x, a, &err), &err);
	ck_assert_bn_ok(bn_monitor_report_json(&y, b, &err), &err);
	ck_assert(json_equal(x, y));
	json_decref(x);
	json_decref(y);
	bn_monitor_report_free(b);
	b = NULL;
	ck_assert_int_eq(bn_monitor_report_load(&b, ws, "zz", NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_monitor_report_load(&b, ws, "latest", "power", &err), &err);
	bn_monitor_report_free(b);
	bn_monitor_report_free(a);
	bn_monitor_report_free(second);
	close_all();
}
END_TEST

static int warnings;

static void count_warning(void *ctx, const char *line)
{
	(void)ctx;
	ck_assert_ptr_nonnull(strstr(line, "cannot be read"));
	warnings++;
}

/* A report that names a missing object, or a report of another model. */
static void append_report(const char *model, const char *id, const char *object)
{
	char entity[80];
	json_t *event = json_pack("{s:s, s:s, s:I, s:{s:s}, s:s}", "id", id, "model", model, "time",
		(json_int_t)now() / 1000000 + 1000, "dataset", "verdict", "no drift", "object",
		object);
	snprintf(entity, sizeof entity, "monitor/%s", model);
	ck_assert_bn_ok(bn_workspace_append(ws, "monitor.report", entity, event, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	json_decref(event);
}

START_TEST(test_report_that_cannot_be_read_hides_no_gauge_and_is_told_once)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_drift_gauges *g = NULL;
	const char *const names[] = {"power", "other"};
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 100, 500, now());
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_monitor_report *good = report(&(bn_monitor_options){0});
	append_report("power", "0000000000000001",
		"1111111111111111111111111111111111111111111111111111111111111111");
	append_report("other", "0000000000000002", good->object);
	bn_monitor_report_free(good);
	ck_assert_bn_ok(bn_drift_gauges_new(&g, &err), &err);
	for (int again = 0; again < 2; again++) {
		bn_buf out = BN_BUF_INIT;
		ck_assert_bn_ok(
			bn_drift_gauges_refresh(g, ws, names, 2, count_warning, NULL, &err), &err);
		bn_drift_gauges_write(g, &out);
		exposition_check(out.ptr);
		ck_assert_ptr_nonnull(strstr(out.ptr, "binnacle_drift_share{model=\"power\""));
		ck_assert_int_eq(warnings, 2);
		bn_buf_release(&out);
	}
	bn_drift_gauges_free(g);
	close_all();
}
END_TEST

START_TEST(test_gauges_show_the_newest_report)
{
	open_workspace();
	open_model(NULL, NULL);
	bn_drift_gauges *g = NULL;
	bn_buf out = BN_BUF_INIT;
	const char *const names[] = {"power", "power", "other"};
	ck_assert_bn_ok(bn_drift_gauges_new(&g, &err), &err);
	ck_assert_bn_ok(bn_drift_gauges_refresh(g, ws, names, 3, NULL, NULL, &err), &err);
	bn_drift_gauges_write(g, &out);
	ck_assert_uint_eq(out.len, 0);
	bn_prediction_log *log = start_log(0, 0);
	serve_rows(log, 0, 100, 500, now());
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	bn_monitor_report_free(report(&(bn_monitor_options){0}));
	ck_assert_bn_ok(bn_drift_gauges_refresh(g, ws, names, 3, NULL, NULL, &err), &err);
	bn_drift_gauges_write(g, &out);
	exposition_check(out.ptr);
	ck_assert_ptr_nonnull(
		strstr(out.ptr, "binnacle_drift_detected{model=\"power\",version=\"1\","
				"feature=\"colour\",test=\"chisquare\"} 1\n"));
	ck_assert_ptr_nonnull(
		strstr(out.ptr, "binnacle_drift_dataset_detected{model=\"power\",version=\"1\"} "));
	ck_assert_ptr_nonnull(strstr(out.ptr,
		"binnacle_drift_share_threshold{model=\"power\",version=\"1\"} 0.5\n"));
	bn_buf_release(&out);
	bn_drift_gauges_free(g);
	close_all();
}
END_TEST

BN_TEST_MAIN("core/monitor/monitor", test_log_writes_batches_that_read_back,
	test_log_keeps_the_beginning_of_a_category_that_has_no_end,
	test_log_writes_when_rows_are_many_and_finds_windows, test_log_counts_what_it_must_drop,
	test_log_takes_rows_from_many_threads, test_log_says_why_it_cannot_start,
	test_report_finds_the_input_that_moved,
	test_report_without_training_rows_says_what_it_cannot_tell, test_report_of_few_or_no_rows,
	test_report_that_is_stopped_keeps_nothing, test_reports_are_kept_listed_and_read_back_equal,
	test_report_that_cannot_be_read_hides_no_gauge_and_is_told_once,
	test_gauges_show_the_newest_report)
