/* The export of a workspace as Prometheus text: what a real one gives, its limits, and what is absent. */
#include "core/base/buf.h"
#include "core/monitor/export.h"
#include "core/pipeline/fold_classes.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/exposition.h"
#include "tests/support/real_workspace.h"
#include "tests/support/track.h"

#include <string.h>

static bn_err err = BN_ERR_INIT;
static bn_buf text = BN_BUF_INIT;

static void export_of(bn_workspace *ws)
{
	bn_buf_clear(&text);
	ck_assert_bn_ok(bn_monitor_export(&text, ws, "lab", NULL, NULL, &err), &err);
}

/* A whole line. */
static bool has(const char *line)
{
	size_t n = strlen(line);
	for (const char *at = text.ptr; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, line, n) && at[n] == '\n')
			return true;
		if (!*at)
			break;
	}
	return false;
}

static size_t count_of(const char *beginning)
{
	size_t n = 0;
	for (const char *at = text.ptr; (at = strstr(at, beginning)) != NULL; at++)
		n += at == text.ptr || at[-1] == '\n';
	return n;
}

START_TEST(test_export_shows_a_real_workspace)
{
	static team t;
	bn_workspace *ws = NULL;
	real_workspace_make(&t);
	ck_assert_bn_ok(bn_workspace_open(&ws, &t.people[REAL_ANN].env, bn_fold_classes, t.dir,
				&err),
		&err);
	export_of(ws);
	exposition_check(text.ptr);
	ck_assert(has("binnacle_runs{workspace=\"lab\",state=\"FAILED\"} 1"));
	ck_assert_uint_eq(count_of("binnacle_runs{"), BN_RUN_STATUSES);
	ck_assert_uint_eq(count_of("binnacle_run_last_end_time_seconds{workspace=\"lab\",state=\"FAILED\"} 17"), 1);
	ck_assert_uint_eq(count_of("binnacle_run_last_end_time_seconds{workspace=\"lab\",state=\"RUNNING\"}"), 0);
	ck_assert(count_of("binnacle_run_metric{") > 3);
	ck_assert_uint_eq(count_of("binnacle_run_energy_joules"), 0); /* nobody measured it */
	ck_assert(has("binnacle_dataset_version{workspace=\"lab\",dataset=\"jobs\"} 2"));
	ck_assert_msg(count_of("binnacle_data_check_success{workspace=\"lab\",dataset=\"jobs\",suite=\"") == 1,
		"%s", text.ptr);
	ck_assert(strstr(text.ptr, "\nbinnacle_data_check_failed{workspace=\"lab\",dataset=\"jobs\"") != NULL);
	ck_assert(count_of("binnacle_drift_dataset_detected{workspace=\"lab\",model=\"power\",version=\"") == 1);
	ck_assert(count_of("binnacle_drift_score{workspace=\"lab\",model=\"power\",version=\"") > 1);
	ck_assert(has("binnacle_export_left_out{workspace=\"lab\",kind=\"experiments\"} 0"));
	bn_workspace_close(ws);
	bn_buf_release(&text);
	team_remove(&t);
}
END_TEST

START_TEST(test_export_of_an_empty_workspace_has_only_what_is_known)
{
	track_world w;
	track_make(&w);
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(
		bn_workspace_open(&ws, &w.env.env, bn_fold_classes, w.dir.path, &err), &err);
	export_of(ws);
	exposition_check(text.ptr);
	ck_assert_uint_eq(count_of("binnacle_runs{"), BN_RUN_STATUSES);
	static const char *const absent[] = {"binnacle_run_", "binnacle_dataset_",
		"binnacle_data_", "binnacle_drift_", "# HELP binnacle_run_", "# HELP binnacle_data",
		"# HELP binnacle_drift"};
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		ck_assert_msg(count_of(absent[i]) == 0, "%s", absent[i]);
	bn_workspace_close(ws);
	bn_buf_release(&text);
	track_remove(&w);
}
END_TEST

START_TEST(test_export_takes_the_newest_run_and_limits_names)
{
	enum { METRICS = BN_EXPORT_METRICS + 7 };
	track_world w;
	bn_workspace *ws = NULL;
	bn_buf metrics = BN_BUF_INIT;
	track_make(&w);
	track_run(&w, 1, "old", NULL, "loss=3", "FINISHED");
	bn_buf_adds(&metrics, "energy_joules=1250 a/b=1");
	for (int i = 2; i < METRICS; i++)
		bn_buf_addf(&metrics, " m%03d=%d", i, i);
	track_run(&w, 2, "new", NULL, metrics.ptr, "FINISHED");
	track_run(&w, 3, "failed", NULL, "loss=9", "FAILED");
	track_sync(&w);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, &w.env.env, bn_fold_classes, w.dir.path, &err), &err);
	export_of(ws);
	exposition_check(text.ptr);
	ck_assert_msg(strstr(text.ptr, "name=\"new\"} 1\n") != NULL, "%s", text.ptr);
	ck_assert_ptr_null(strstr(text.ptr, "name=\"old\""));
	ck_assert_ptr_null(strstr(text.ptr, "loss"));
	ck_assert_ptr_nonnull(strstr(text.ptr, "metric=\"a/b\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(text.ptr, ",source=\"metric\"} 1250\n"));
	ck_assert_uint_eq(count_of("binnacle_run_metric{"), BN_EXPORT_METRICS);
	ck_assert(has("binnacle_export_left_out{workspace=\"lab\",kind=\"metrics\"} 7"));
	ck_assert_uint_eq(count_of("binnacle_run_cpu_seconds"), 0); /* not reported by these runs */
	bn_buf_release(&metrics);
	bn_buf_release(&text);
	bn_workspace_close(ws);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/monitor/export", test_export_shows_a_real_workspace,
	test_export_of_an_empty_workspace_has_only_what_is_known,
	test_export_takes_the_newest_run_and_limits_names)
