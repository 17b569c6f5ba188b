/* core/exchange: to an MLflow directory and back, and from a server with faults. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/run_links.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/exchange_sources.h"
#include "tests/support/mlflow_server.h"

#include <string.h>
#include <unistd.h>

static track_world w, other;
static char from[300], to[300];
static bn_err err;

static bn_exchange_report export_to(
	const char *target, const bn_export_options *o, const char *const *ids, size_t n)
{
	static const bn_export_options none;
	bn_exchange_report r;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_export(&r, w.ws, ids, n, target, o ? o : &none, &err), &err);
	return r;
}

static void same_points(const char *id, const char *key)
{
	bn_points a = BN_POINTS_INIT, b = BN_POINTS_INIT;
	ck_assert_bn_ok(bn_series_read(&a, w.ws, id, key, &err), &err);
	ck_assert_bn_ok(bn_series_read(&b, other.ws, id, key, &err), &err);
	ck_assert_msg(
		a.count == b.count && a.count, "%s: %zu and %zu points", key, a.count, b.count);
	ck_assert(!memcmp(a.value, b.value, a.count * sizeof *a.value));
	ck_assert(!memcmp(a.step, b.step, a.count * sizeof *a.step));
	ck_assert(!memcmp(a.time_ms, b.time_ms, a.count * sizeof *a.time_ms));
	bn_points_release(&a);
	bn_points_release(&b);
}

START_TEST(test_a_directory_goes_around_without_loss)
{
	static const char *const ids[] = {RUN_A};
	bn_run_links links = BN_RUN_LINKS_INIT;
	bn_artifacts files = BN_ARTIFACTS_INIT;
	bn_pairs pairs = BN_PAIRS_INIT;
	bn_run_info *run = NULL;
	track_make(&w);
	track_make(&other);
	snprintf(from, sizeof from, "%s/from", w.dir.path);
	snprintf(to, sizeof to, "%s/to", w.dir.path);
	source_mlruns(from);
	bn_exchange_report r = source_import(&w, from, NULL);
	bn_exchange_report_release(&r);
	r = export_to(to, &(bn_export_options){.dry_run = true}, ids, 1);
	ck_assert_int_eq(r.added.points, 7);
	ck_assert_int_eq(r.added.runs_new, 1);
	ck_assert(!bn_fs_exists(bn_env_real(), to));
	bn_exchange_report_release(&r);
	r = export_to(to, NULL, ids, 1);
	ck_assert_int_eq(r.added.points, 7);
	ck_assert_int_eq(r.added.params, 2);
	ck_assert_int_eq(r.added.artifacts, 2);
	bn_exchange_report_release(&r);
	r = export_to(to, NULL, ids, 1);
	ck_assert_int_eq(r.added.runs_same, 1);
	ck_assert_int_eq(r.added.points + r.added.params + r.added.tags + r.added.artifacts, 0);
	bn_exchange_report_release(&r);
	r = source_import(&other, to, NULL);
	ck_assert_int_eq(r.added.runs_new, 1);
	ck_assert_int_eq(r.unreadable, 0);
	bn_exchange_report_release(&r);
	same_points(RUN_A, "loss");
	same_points(RUN_A, "val/acc");
	ck_assert_bn_ok(bn_run_params(&pairs, other.ws, RUN_A, &err), &err);
	ck_assert_str_eq(bn_pairs_get(&pairs, "opt/name"), "adam\nw");
	bn_pairs_release(&pairs);
	ck_assert_bn_ok(bn_run_get(&run, other.ws, RUN_A, &err), &err);
	ck_assert_str_eq(run->name, "first");
	ck_assert_str_eq(run->experiment, "vision");
	ck_assert_str_eq(run->reported_user, "ann");
	ck_assert_int_eq(run->finished_ms, 5000);
	bn_run_info_free(run);
	ck_assert_bn_ok(bn_run_links_load(&links, other.ws, RUN_A, &err), &err);
	ck_assert_uint_eq(links.dataset_count, 1);
	ck_assert_str_eq(bn_pairs_get(&links.datasets[0].tags, "mlflow.data.context"), "train");
	bn_run_links_release(&links);
	ck_assert_bn_ok(bn_run_artifacts(&files, other.ws, RUN_A, &err), &err);
	ck_assert_uint_eq(files.count, 2);
	bn_artifacts_release(&files);
	track_remove(&other);
	track_remove(&w);
}
END_TEST

START_TEST(test_a_directory_gets_what_it_lacks_and_no_link_leads_out)
{
	static const char *const ids[] = {RUN_A, RUN_B};
	char path[900], outside[400];
	bn_metric_set set = BN_METRIC_SET_INIT;
	track_make(&w);
	snprintf(from, sizeof from, "%s/from", w.dir.path);
	snprintf(to, sizeof to, "%s/to", w.dir.path);
	snprintf(outside, sizeof outside, "%s/outside", w.dir.path);
	source_mlruns(from);
	bn_exchange_report r = source_import(&w, from, NULL);
	bn_exchange_report_release(&r);
	r = export_to(to, NULL, ids, 2);
	ck_assert_int_eq(r.added.runs_new, 1);
	ck_assert_ptr_nonnull(source_note(&r, "in the trash"));
	bn_exchange_report_release(&r);
	bn_metric_set_add(&set, "loss", 9, 3009, 0.125);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, RUN_A, &set, &err), &err);
	bn_metric_set_release(&set);
	track_sync(&w);
	r = export_to(to, NULL, ids, 1);
	ck_assert_int_eq(r.added.points, 1);
	ck_assert_int_eq(r.added.runs_grown, 1);
	bn_exchange_report_release(&r);
	snprintf(path, sizeof path, "%s/7/%s/metrics", to, RUN_A);
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), outside, 0755, &err), &err);
	ck_assert_int_eq(symlink(outside, path), 0);
	ck_assert_int_lt(bn_export(&r, w.ws, ids, 1, to, &(bn_export_options){0}, &err), 0);
	bn_exchange_report_release(&r);
	snprintf(path, sizeof path, "%s/loss", outside);
	ck_assert(!bn_fs_exists(bn_env_real(), path));
	/* A file is no directory. */
	source_write(w.dir.path, "file", "x");
	snprintf(path, sizeof path, "%s/file", w.dir.path);
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_export(&r, w.ws, ids, 1, path, &(bn_export_options){0}, &err), BN_EINVAL);
	bn_exchange_report_release(&r);
	track_remove(&w);
}
END_TEST

static void from_server(mlflow_server *s, int64_t runs, int64_t points)
{
	bn_exchange_report r = source_import(&w, mlflow_server_url(s), NULL);
	ck_assert_msg(r.added.runs_new == runs && r.added.points == points,
		"%lld runs, %lld points", (long long)r.added.runs_new, (long long)r.added.points);
	ck_assert_str_eq(r.kind, "mlflow server");
	bn_exchange_report_release(&r);
}

START_TEST(test_a_server_with_pages_and_faults)
{
	bn_exchange_report r;
	track_make(&w);
	mlflow_server *s = mlflow_server_start();
	mlflow_server_pages(s, 2);
	for (int i = 0; i < 5; i++)
		mlflow_server_run(s, "r", "FINISHED", "lr=0.1", "loss=3,2,1 acc=0.5");
	mlflow_server_file(s, 0, "model/MLmodel", "flavors: {}\n");
	mlflow_server_fault(
		s, &(mlflow_fault){.path = "runs/search", .times = 2, .status = 503, .body = "{}"});
	mlflow_server_fault(
		s, &(mlflow_fault){.path = "get-history", .times = 1, .act = MLFLOW_CUT});
	from_server(s, 5, 20);
	from_server(s, 0, 0);
	mlflow_server_point(s, 3, "loss", 7, 0.5);
	from_server(s, 0, 1);
	/* Dead in the middle: what came before it is kept, and the next import goes on. */
	mlflow_server_run(s, "late", "RUNNING", NULL, "loss=1");
	mlflow_server_run(s, "later", "RUNNING", NULL, "loss=1");
	mlflow_server_fault(s, &(mlflow_fault){.path = "get-history", .status = 500, .body = "{}"});
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_import(&r, w.ws, mlflow_server_url(s), &(bn_import_options){0}, &err), BN_EIO);
	bn_exchange_report_release(&r);
	mlflow_server_heal(s);
	r = source_import(&w, mlflow_server_url(s), NULL);
	ck_assert_int_ge(r.added.points, 1);
	bn_exchange_report_release(&r);
	from_server(s, 0, 0);
	mlflow_server_fault(
		s, &(mlflow_fault){.path = "experiments/search", .act = MLFLOW_GARBAGE});
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_import(&r, w.ws, mlflow_server_url(s), &(bn_import_options){0}, &err), BN_EIO);
	bn_exchange_report_release(&r);
	mlflow_server_free(s);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/exchange/export", test_a_directory_goes_around_without_loss,
	test_a_directory_gets_what_it_lacks_and_no_link_leads_out,
	test_a_server_with_pages_and_faults)
