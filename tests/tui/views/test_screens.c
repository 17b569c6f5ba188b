/*
 * Golden screens: every screen at 80x24, 60x15 and 200x60, in UTF-8 and ASCII, with canned data and a fixed
 * clock. The maps of roles do not depend on the theme, so they hold for colour and monochrome.
 */
#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_source.h"
#include "tests/support/golden.h"
#include "tui/ui/script.h"

#include <string.h>

typedef struct size {
	int cols, rows;
} size;
static const size sizes[] = {{80, 24}, {60, 15}, {200, 60}, {140, 40}};

/* Folders whose screens also have a picture at the last size: list and answer side by side. */
static bool has_answer(const char *name)
{
	static const char *const folders[] = {"audit/", "charts/", "checks/", "compare/", "data/", "launch/",
		"models/", "monitor/", "overview/", "profile/", "protect/", "rows/", "run/", "runs/",
		"servers/", "split/"};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (strncmp(name, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

static void shoot_of(const char *name, const char *script, bn_fake as)
{
	size_t count = sizeof sizes / sizeof *sizes - !has_answer(name);
	for (size_t i = 0; i < count; i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			bn_fake fake = as;
			bn_frame *f = bn_fake_frame(&fake, false);
			bn_surface *s = NULL;
			bn_err err = BN_ERR_INIT;
			ck_assert_bn_ok(
				bn_surface_new(&s, sizes[i].rows, sizes[i].cols,
					ascii ? BN_ALPHABET_ASCII : BN_ALPHABET_BRAILLE, &err),
				&err);
			ck_assert_bn_ok(bn_script_run(f, s, script, name, &err), &err);
			char *file = bn_strf("%s-%dx%d-%s", name, sizes[i].cols, sizes[i].rows,
				ascii ? "ascii" : "utf8");
			bn_golden_check_surface(file, s);
			bn_free(file);
			bn_surface_free(s);
			bn_frame_free(f);
		}
	}
}

static void shoot(const char *name, const char *script, bool is_empty)
{
	shoot_of(name, script, (bn_fake){.is_empty = is_empty});
}

#define SCREEN(test, file, script, empty) \
	START_TEST(test) \
	{ \
		shoot(file, script, empty); \
	} \
	END_TEST

SCREEN(test_screen_overview, "overview/overview", "", false)
SCREEN(test_screen_overview_stations, "overview/stations", "v j j", false)
SCREEN(test_screen_overview_of_an_empty_workspace, "overview/overview-empty", "", true)
SCREEN(test_screen_data, "data/data", "2 j", false)
SCREEN(test_screen_data_empty, "data/data-empty", "2", true)
SCREEN(test_screen_versions, "data/versions", "2 Enter", false)
SCREEN(test_screen_rows, "rows/rows", "2 Enter Enter j j l l l l", false)
SCREEN(test_screen_rows_filtered, "rows/rows-filtered", "2 Enter Enter / \"power>900\" Enter",
	false)
SCREEN(test_screen_profile, "profile/profile", "2 I j", false)
SCREEN(test_screen_frequency, "profile/frequency", "2 I Enter", false)
SCREEN(test_screen_changes, "data/changes", "2 Enter x j", false)
SCREEN(test_screen_row_changes, "data/row-changes", "2 Enter x\n:key power\nv j j l l", false)
SCREEN(test_screen_correlations, "profile/correlations", "2 I C j", false)
SCREEN(test_screen_derived, "rows/pinned", "2 Enter Enter l l p l l l : \"derive \"", false)
SCREEN(test_screen_checks, "checks/checks", "2 V j", false)
SCREEN(test_screen_suites, "checks/suites", "2 H j j", false)
SCREEN(test_screen_protection, "protect/protect", "2\n:protect\nDown Down Enter \"CC-BY-4.0\" Enter", false)
SCREEN(test_screen_failing_rows, "rows/failing-rows", "2 V j Enter", false)
SCREEN(test_screen_runs, "runs/runs", "3 j j Space", false)
SCREEN(test_screen_runs_grouped, "runs/runs-grouped", "3\n:group learning_rate\n:sort val_rmse\nj",
	false)
START_TEST(test_screen_runs_nested)
{
	shoot_of("runs/runs-folded", "3", (bn_fake){.is_nested = true});
	shoot_of("runs/runs-nested", "3 O j O\n:where val_rmse < 13\n", (bn_fake){.is_nested = true});
}
END_TEST

SCREEN(test_screen_runs_aggregate, "runs/runs-median", "3\n:group learning_rate\n:aggregate median\n", false)

SCREEN(test_screen_labels, "runs/labels", "3 j j t j Enter \"narrow\"", false)
SCREEN(test_screen_trash, "runs/trash", "3 j Space Space D", false)
START_TEST(test_screen_runs_in_a_queue)
{
	shoot_of("runs/runs-queue", "3", (bn_fake){.has_queue = true});
	shoot_of("runs/runs-queue-paused", "3", (bn_fake){.has_queue = true, .is_paused = true});
	shoot_of("runs/runs-cancel", "3 j S", (bn_fake){.has_queue = true});
}
END_TEST

SCREEN(test_screen_runs_sorted_and_filtered, "runs/runs-filtered", "3 l l ] / \"ridge\" Enter",
	false)
SCREEN(test_screen_run, "run/run", "3 Enter m", false)
START_TEST(test_screen_run_with_a_long_name)
{
	shoot_of("run/run-nested", "3 Enter Tab PgDn PgDn", (bn_fake){.is_nested = true});
	shoot_of("run/run-name", "3 Enter Tab", (bn_fake){.has_long_name = true});
}
END_TEST

SCREEN(test_screen_run_with_cursor_and_log_axis, "run/run-cursor", "3 Enter . r h h h h h h", false)
SCREEN(test_screen_run_failed, "run/run-failed", "3 j j j Enter", false)
SCREEN(test_screen_run_numbers, "run/run-numbers", "3 j j Enter", false)
SCREEN(test_screen_run_origin, "run/run-origin", "3 Enter o j", false)
SCREEN(test_screen_run_facts, "run/run-facts", "3 Enter Tab", false)
SCREEN(test_screen_run_console, "run/run-console", "3 Enter Tab Tab", false)
SCREEN(test_screen_launch, "launch/launch", "3 L Enter ^U \"0.003\" Enter", false)
SCREEN(test_screen_launch_sweep, "launch/sweep",
	"3 L Enter ^U \"0.001..0.1 log\" Enter k k Enter ^U \"0..3\" Enter j j d", false)
SCREEN(test_screen_launch_wrong, "launch/wrong", "3 L Enter ^U \"fast\"", false)
SCREEN(test_screen_launch_new, "launch/new", "3 L", true)
SCREEN(test_screen_compare, "compare/compare", "3 p Space Space Space x", false)
SCREEN(test_screen_compare_all_rows_and_chart, "compare/compare-chart", "3 Space Space x d Tab",
	false)
SCREEN(test_screen_compare_scatter, "compare/compare-scatter", "3 * x v v l", false)
SCREEN(test_screen_compare_parallel, "compare/compare-parallel", "3 * x v v v l", false)
SCREEN(test_screen_compare_statistics, "compare/compare-statistics", "3 * x v v v v", false)
SCREEN(test_screen_charts, "charts/charts", "3 * M l h h", false)
SCREEN(test_screen_charts_of_one_run, "charts/charts-one", "3 Enter M + r m PgDn", false)
SCREEN(test_screen_charts_large, "charts/charts-large", "3 Space Space M G Enter Tab", false)
SCREEN(test_screen_charts_filtered, "charts/charts-filtered", "3 * M / \"gpu\" Enter", false)
SCREEN(test_screen_compare_the_rest, "compare/compare-rest", "3 * x r G Enter G k Enter l l", false)
SCREEN(test_screen_models, "models/models", "4", false)
SCREEN(test_screen_sheet, "models/sheet", "4 Enter", false)
SCREEN(test_screen_sheet_with_images, "models/sheet-images", "4 j Enter", false)
SCREEN(test_screen_approve, "models/approve", "4 Enter A", false)
SCREEN(test_screen_reject, "models/reject", "4 Enter R \"fails at night\"", false)
SCREEN(test_screen_monitor, "monitor/monitor", "6", false)
SCREEN(test_screen_report, "monitor/report", "6 Enter", false)
SCREEN(test_screen_feature, "monitor/feature", "6 Enter Enter", false)
SCREEN(test_screen_category, "monitor/category", "6 Enter j Enter", false)
SCREEN(test_screen_servers, "servers/servers", "v j j j j j j j j j j Enter", false)
SCREEN(test_screen_servers_of_an_empty_workspace, "servers/servers-empty", ":endpoints", true)
SCREEN(test_screen_server, "servers/server", ":endpoints\nEnter", false)
SCREEN(test_screen_remotes, "remotes/remotes", ":remotes\nj", false)
SCREEN(test_screen_remotes_of_an_empty_workspace, "remotes/remotes-empty", ":remotes", true)
START_TEST(test_screen_what_waits_for_me)
{
	shoot_of("overview/overview-me", "", (bn_fake){.has_chain = true});
	shoot_of("overview/overview-nobody", "", (bn_fake){.has_chain = true, .is_nobody = true});
}
END_TEST

START_TEST(test_screen_people)
{
	shoot_of("people/people", "Enter", (bn_fake){.has_chain = true});
	shoot_of("people/people-request", ":people\nEnter", (bn_fake){.has_chain = true});
	shoot_of("people/people-accept", ":users\nj A \"reviewer\"", (bn_fake){.has_chain = true});
	shoot_of("people/people-remove", ":people\nG\n:remove", (bn_fake){.has_chain = true});
	shoot_of("people/people-uids", ":people", (bn_fake){.has_chain = false});
}
END_TEST

START_TEST(test_screen_chain)
{
	shoot_of("people/chain", "j Enter", (bn_fake){.has_chain = true});
	shoot_of("people/chain-link", ":chain\nG Enter", (bn_fake){.has_chain = true});
	shoot_of("people/chain-sign", ":chain\nA", (bn_fake){.has_chain = true});
}
END_TEST

START_TEST(test_screen_late_acts)
{
	shoot_of("people/late", "j j Enter", (bn_fake){.has_chain = true});
	shoot_of("people/late-act", ":late\nEnter", (bn_fake){.has_chain = true});
}
END_TEST

SCREEN(test_screen_split, "split/split", "2\n:split\n", false)
SCREEN(test_screen_split_leaks, "split/leaks", "2\n:split\nG Enter", false)
SCREEN(test_screen_split_folds, "split/folds",
	"2\n:split\nEnter Enter Down Enter \"submit_time\" Enter Down Down Enter \"5\" Enter ^T", false)
SCREEN(test_screen_audit, "audit/audit", "9 j", false)
SCREEN(test_screen_audit_all, "audit/audit-all", "9 v j", false)
SCREEN(test_screen_audit_record, "audit/audit-record", "9 Enter", false)
SCREEN(test_screen_help, "help", "3 ?", false)
SCREEN(test_screen_palette_objects, "find", "^P \"mlp\"", false)
SCREEN(test_screen_palette_search, "palette", "^P \"mark row\"", false)
SCREEN(test_screen_prompt_completion, "prompt", "3 : \"s\"", false)
SCREEN(test_screen_filter_as_typed, "filter", "3 / \"mlp\"", false)
SCREEN(test_screen_columns, "runs/columns", "3 c \"r\" Down Down Space", false)
SCREEN(test_screen_sorted_by_two, "runs/sorted", "3\n:sort hidden,-val_mae\n:columns -user,-host",
	false)
SCREEN(test_screen_error, "error", "3 x", false)

BN_TEST_MAIN("tui/views/screens", test_screen_palette_objects, test_screen_launch,
	test_screen_launch_sweep, test_screen_launch_wrong, test_screen_launch_new,
	test_screen_run_failed, test_screen_run_numbers, test_screen_run_origin,
	test_screen_overview, test_screen_overview_stations,
	test_screen_overview_of_an_empty_workspace, test_screen_data, test_screen_data_empty,
	test_screen_versions, test_screen_rows, test_screen_rows_filtered, test_screen_profile,
	test_screen_frequency, test_screen_changes, test_screen_row_changes, test_screen_correlations, test_screen_derived,
	test_screen_checks, test_screen_suites, test_screen_protection, test_screen_failing_rows, test_screen_runs, test_screen_runs_grouped, test_screen_runs_nested, test_screen_runs_aggregate,
	test_screen_labels, test_screen_trash, test_screen_runs_in_a_queue,
	test_screen_runs_sorted_and_filtered, test_screen_run, test_screen_run_with_a_long_name,
	test_screen_run_with_cursor_and_log_axis, test_screen_run_facts, test_screen_run_console,
	test_screen_compare, test_screen_compare_all_rows_and_chart, test_screen_compare_scatter,
	test_screen_compare_the_rest, test_screen_compare_parallel, test_screen_compare_statistics, test_screen_charts, test_screen_charts_of_one_run,
	test_screen_charts_large, test_screen_charts_filtered, test_screen_models, test_screen_sheet,
	test_screen_sheet_with_images, test_screen_approve,
	test_screen_reject, test_screen_monitor, test_screen_report, test_screen_feature,
	test_screen_category, test_screen_servers, test_screen_servers_of_an_empty_workspace,
	test_screen_server, test_screen_remotes, test_screen_remotes_of_an_empty_workspace,
	test_screen_what_waits_for_me, test_screen_people, test_screen_chain,
	test_screen_late_acts, test_screen_split, test_screen_split_leaks, test_screen_split_folds, test_screen_audit, test_screen_audit_all, test_screen_audit_record, test_screen_help,
	test_screen_palette_search, test_screen_prompt_completion, test_screen_filter_as_typed,
	test_screen_columns, test_screen_sorted_by_two, test_screen_error)
