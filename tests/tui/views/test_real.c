/*
 * Golden screens of a real workspace (tests/support/real_workspace.h): the source that the program uses, driven by
 * keys, at 60x15, 80x24, 140x40 and 200x60, in UTF-8 and ASCII. The pictures of README.md and docs are made from
 * these files (tests/lint/screens.sh).
 */
#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/golden.h"
#include "tests/support/real_workspace.h"
#include "tui/ui/script.h"
#include "tui/views/source.h"
#include "tui/views/views.h"

#include <string.h>

static const struct {
	int cols, rows;
} sizes[] = {{80, 24}, {60, 15}, {140, 40}, {200, 60}};

enum { SIZES = sizeof sizes / sizeof *sizes };

static team people;

static int lane_open(void **context, bn_lane lane, void *user, bn_err *err)
{
	(void)lane;
	(void)user;
	return bn_source_open(context, &people.people[REAL_ANN].env, people.dir, err);
}

static void lane_close(void *context, bn_lane lane, void *user)
{
	(void)lane;
	(void)user;
	bn_source_close(context);
}

static int64_t host_now(void *user)
{
	(void)user;
	return REAL_NOW_MS;
}

static bn_frame *frame_open(void)
{
	bn_frame *f = NULL;
	bn_err err = BN_ERR_INIT;
	const bn_frame_options o = {
		.host = {.now_ms = host_now},
		.loader = {.open = lane_open, .close = lane_close},
		.tabs = bn_view_tabs,
		.tab_count = bn_view_tab_count,
		.side = bn_view_side,
		.side_count = bn_view_side_count,
		.make_text = bn_view_text_new,
		.status = bn_source_workspace()->status,
		.find = bn_source_workspace()->find,
		.open_found = bn_view_open_found,
		.title = "power",
		.source = bn_source_workspace(),
		.utc = true,
	};
	ck_assert_bn_ok(bn_frame_new(&f, &o, &err), &err);
	return f;
}

static void picture(bn_frame *f, bn_surface *s, const char *name, bool ascii)
{
	s->alphabet = ascii ? BN_ALPHABET_ASCII : BN_ALPHABET_BRAILLE;
	bn_script_settle(f, s);
	char *file = bn_strf("real/%s-%dx%d-%s", name, s->cols, s->rows, ascii ? "ascii" : "utf8");
	bn_golden_check_surface(file, s);
	bn_free(file);
}

/* One frame, whose terminal changes its size. */
static void shoot(const char *name, const char *script)
{
	bn_err err = BN_ERR_INIT;
	bn_surface *s = NULL;
	bn_frame *f = frame_open();
	ck_assert_bn_ok(
		bn_surface_new(&s, sizes[0].rows, sizes[0].cols, BN_ALPHABET_BRAILLE, &err), &err);
	ck_assert_bn_ok(bn_script_run(f, s, script, name, &err), &err);
	for (size_t i = 0; i < SIZES; i++) {
		ck_assert_bn_ok(bn_surface_resize(s, sizes[i].rows, sizes[i].cols, &err), &err);
		picture(f, s, name, false);
		picture(f, s, name, true);
	}
	bn_surface_free(s);
	bn_frame_free(f);
}

#define SCREEN(test, file, script) \
	START_TEST(test) \
	{ \
		shoot(file, script); \
	} \
	END_TEST

SCREEN(test_real_overview, "overview", "")
SCREEN(test_real_stations, "stations", "v")
SCREEN(test_real_data, "data", "2")
SCREEN(test_real_versions, "versions", "2 Enter")
SCREEN(test_real_rows, "rows", "2 Enter Enter l l l l l l l l")
SCREEN(test_real_rows_filtered, "rows-filtered", "2 Enter Enter\n:filter gpu_utilization > 90\n")
SCREEN(test_real_changes, "changes", "2 Enter x j")
SCREEN(test_real_profile, "profile", "2 I")
SCREEN(test_real_frequency, "frequency", "2 I / \"partition\" Enter Enter")
SCREEN(test_real_histogram, "histogram", "2 I / \"node_power\" Enter Enter")
SCREEN(test_real_checks, "checks", "2 V")
SCREEN(test_real_failing_rows, "failing-rows", "2 V Enter")
SCREEN(test_real_runs, "runs", "3")
SCREEN(test_real_runs_grouped, "runs-grouped", "3\n:group trainer\n")
SCREEN(test_real_run_live, "run-live", "3 Enter")
SCREEN(test_real_run_failed, "run-failed", "3 / \"mlp-wide\" Enter Enter")
SCREEN(test_real_run_scalars, "run-scalars", "3 / \"ridge-a1\" Enter Enter")
SCREEN(test_real_run_origin, "run-origin", "3 / \"ridge-a1\" Enter Enter o")
SCREEN(test_real_compare, "compare", "3 / \"ridge\" Enter * x")
SCREEN(test_real_compare_curves, "compare-curves", "3 / \"mlp-l\" Enter * x v")
SCREEN(test_real_compare_scatter, "compare-scatter", "3 / \"ridge-a\" Enter * x v")
SCREEN(test_real_launch, "launch", "3 / \"ridge-a1\" Enter L Enter ^U \"30\" Enter")
SCREEN(test_real_launch_sweep, "launch-sweep",
	"3 / \"ridge-a1\" Enter L Enter ^U \"0.01..100 log\" Enter")
SCREEN(test_real_launch_data, "launch-data", "2 L")
SCREEN(test_real_models, "models", "4")
SCREEN(test_real_sheet, "sheet", "4 Enter")
SCREEN(test_real_approve, "approve", "4 Enter A")
SCREEN(test_real_monitor, "monitor", "6")
SCREEN(test_real_report, "report", "6 Enter")
SCREEN(test_real_feature, "feature", "6 Enter Enter")
SCREEN(test_real_audit, "audit", "9")
SCREEN(test_real_audit_all, "audit-all", "9 v")
SCREEN(test_real_audit_record, "audit-record", "9 Enter")
SCREEN(test_real_servers, "servers", "5")
SCREEN(test_real_server, "server", "5 Enter")
SCREEN(test_real_acts, "acts", "4 a")
SCREEN(test_real_people, "people", ":people")
SCREEN(test_real_find, "find", "^P \"ridge\"")

SCREEN(test_empty_overview, "empty-overview", "")
SCREEN(test_empty_data, "empty-data", "2")
SCREEN(test_empty_runs, "empty-runs", "3")
SCREEN(test_empty_models, "empty-models", "4")
SCREEN(test_empty_servers, "empty-servers", "5")
SCREEN(test_empty_monitor, "empty-monitor", "6")

static void make(void)
{
	real_workspace_make(&people);
}

static void make_empty(void)
{
	real_workspace_make_empty(&people);
}

static void end(void)
{
	team_remove(&people);
}

static void add_case(Suite *suite, const char *name, void (*before)(void),
	const TTest *const *screens, size_t n)
{
	TCase *c = tcase_create(name);
	tcase_add_unchecked_fixture(c, before, end);
	tcase_set_timeout(c, 60);
	suite_add_tcase(suite, c);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(c, screens[i]);
}

int main(void)
{
	const TTest *const screens[] = {test_real_overview, test_real_stations, test_real_data,
		test_real_versions, test_real_rows, test_real_rows_filtered, test_real_changes,
		test_real_profile, test_real_frequency, test_real_histogram, test_real_checks,
		test_real_failing_rows, test_real_runs, test_real_runs_grouped, test_real_run_live,
		test_real_run_failed, test_real_run_scalars, test_real_run_origin,
		test_real_compare, test_real_compare_curves, test_real_compare_scatter,
		test_real_launch, test_real_launch_sweep, test_real_launch_data, test_real_models,
		test_real_sheet, test_real_approve, test_real_monitor, test_real_report,
		test_real_feature, test_real_audit, test_real_audit_all, test_real_audit_record,
		test_real_servers, test_real_server, test_real_acts, test_real_people,
		test_real_find};
	const TTest *const empty[] = {test_empty_overview, test_empty_data, test_empty_runs,
		test_empty_models, test_empty_servers, test_empty_monitor};
	setvbuf(stdout, NULL, _IOLBF, 0);
	Suite *suite = suite_create("tui/views/real");
	add_case(suite, "workspace", make, screens, sizeof screens / sizeof *screens);
	add_case(suite, "empty", make_empty, empty, sizeof empty / sizeof *empty);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
