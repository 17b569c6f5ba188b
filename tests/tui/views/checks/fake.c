/* fake.c - canned checks. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

#include <check.h>

int bn_fake_check(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	return bn_fake_named(fake, page, job, ((const bn_recheck_arg *)arg)->ref, err);
}

int bn_fake_checks(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static const bn_check_row rows[] = {
		{"values not null", "job_id", "always", "100 %", 0, BN_STATE_OK, NULL, NULL},
		{"values between", "power", "0 to 1000", "max 1090", 3, BN_STATE_FAIL, NULL, NULL},
		{"column mean between", "run_time", "100 to 90000", "41233", -1, BN_STATE_OK, NULL, NULL},
	};
	static const bn_checks c = {"telemetry.json", NOW - HOUR, "5ee1", rows, 3};
	static const bn_checks none = {NULL, 0, NULL, NULL, 0};
	bn_fake_take(page, fake->is_empty ? &none : &c, sizeof c);
	return 0;
}

/* Two suites over four versions, one of which was not checked. */
int bn_fake_suites(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static int64_t versions[] = {12, 11, 10, 9};
	static bn_suite_cell limits[4] = {{BN_CHECK_FAILED, 3, 0, 4, NOW - HOUR, "5ee1"}, {BN_CHECK_WARNING, 1, 0, 4, NOW - 2 * HOUR, "5ee2"},
		{0}, {BN_CHECK_PASSED, 0, 0, 4, NOW - 9 * HOUR, "5ee3"}};
	static bn_suite_cell power[4] = {{BN_CHECK_FAILED, 3, 0, 0, 0, ""}, {BN_CHECK_PASSED, 0, 0, 0, 0, ""}, {0},
		{BN_CHECK_PASSED, 0, 0, 0, 0, ""}};
	static bn_suite_cell nodes[4] = {{BN_CHECK_WARNING, 12041, 1, 0, 0, ""}, {BN_CHECK_WARNING, 40, 1, 0, 0, ""}, {0},
		{BN_CHECK_PASSED, 0, 1, 0, 0, ""}};
	static bn_suite_cell state[4] = {{BN_CHECK_INFO, 2, 2, 0, 0, ""}, {BN_CHECK_PASSED, 0, 2, 0, 0, ""}, {0}, {0}};
	static bn_suite_cell gone[4] = {{BN_CHECK_UNDECIDED, -1, 3, 0, 0, ""}, {BN_CHECK_PASSED, -1, 3, 0, 0, ""}, {0},
		{BN_CHECK_PASSED, -1, 2, 0, 0, ""}};
	static bn_suite_cell old[4] = {{0}, {0}, {0}, {BN_CHECK_PASSED, 0, 0, 1, NOW - 9 * HOUR, "5ee4"}};
	static bn_suite_cell rows[4] = {{0}, {0}, {0}, {BN_CHECK_PASSED, -1, 0, 0, 0, ""}};
	static const bn_check_row checks[] = {{0}, {"values between", "power", "0 to 1000", NULL, 0, 0, NULL, NULL},
		{"values between", "nodes", "1 to 64", NULL, 0, 0, NULL, NULL},
		{"values in set", "state", "COMPLETED, FAILED", NULL, 0, 0, NULL, NULL},
		{"column mean between", "run_time", "100 to 90000", NULL, 0, 0, NULL, NULL}, {0},
		{"table row count between", NULL, "at least 1", NULL, 0, 0, NULL, NULL}};
	bn_suite_cell *const cells[] = {limits, power, nodes, state, gone, old, rows};
	bn_suites_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	bn_suite_line *lines = bn_arena_alloc(&page->arena, 7 * sizeof *lines);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_nonnull(lines);
	for (int i = 0; i < 7; i++)
		lines[i] = (bn_suite_line){.suite = (char *)(i < 5 ? "limits" : "rows"),
			.config = i == 0 || i == 5 ? NULL : json_true(),
			.attached = i == 0,
			.required = i == 0,
			.attached_ms = NOW - 72 * HOUR,
			.user = (char *)"ada",
			.cells = cells[i]};
	*p = (bn_suites_page){.history = {.dataset = (char *)"jobs", .versions = versions, .version_count = 4, .left_out = 8,
				      .lines = lines, .line_count = fake->is_empty ? 0 : 7},
		.checks = checks};
	page->data = p;
	return 0;
}
