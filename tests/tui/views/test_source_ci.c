/* The newest verdict of the project's gate on Overview of a real workspace. */
#include "core/base/env.h"
#include "core/ci/check_log.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"
#include "tui/views/source.h"

#include <stdlib.h>
#include <string.h>

#define RUN "0123456789abcdef0123456789abcdef"

static bn_err err = BN_ERR_INIT;

static void record(bn_ci_verdict gate)
{
	bn_workspace *ws = NULL;
	bn_ci_report *r = NULL;
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
	ck_assert_bn_ok(bn_ci_report_new(&r, &err), &err);
	r->run = RUN;
	r->model = "power";
	r->ref = "wide";
	r->commit = "2adf5c60315dfda1";
	bn_ci_report_add(r, "gates", "error", gate, "%s", "");
	json_t *run = json_pack("{s:s, s:s, s:s}", "name", "ci-1", "experiment", "e", "kind", "train");
	ck_assert_bn_ok(bn_workspace_append(ws, "run.created", "run/" RUN, run, &err), &err);
	json_decref(run);
	ck_assert_bn_ok(bn_ci_write_checked(ws, r, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_ci_report_free(r);
	bn_workspace_close(ws);
}

/* The gate's line. */
static bn_line gate_line(bn_page **page)
{
	void *context = NULL;
	bn_line found = {.part = BN_LINE_PARTS};
	*page = bn_page_new(1, 0);
	ck_assert_bn_ok(bn_source_open(&context, bn_env_real(), tiny_dir(), &err), &err);
	bn_source_workspace()->overview(context, NULL, *page, NULL, &(*page)->err);
	bn_source_close(context);
	const bn_overview *o = (*page)->data;
	ck_assert_msg(o != NULL, "%s", (*page)->err.msg);
	for (size_t i = 0; i < o->line_count; i++)
		if (o->lines[i].word && !strcmp(o->lines[i].word, "gate")) {
			ck_assert_int_eq(found.part, BN_LINE_PARTS);
			found = o->lines[i];
		}
	return found;
}

START_TEST(test_a_failed_gate_needs_the_user_and_a_passed_one_does_not)
{
	bn_page *page;
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_int_eq(gate_line(&page).part, BN_LINE_PARTS);
	bn_page_free(page);
	record(BN_CI_FAIL);
	bn_line l = gate_line(&page);
	ck_assert_int_eq(l.part, BN_LINE_NEED);
	ck_assert_int_eq(l.state, BN_STATE_FAIL);
	ck_assert_str_eq(l.subject, "power");
	ck_assert_str_eq(l.detail, "failed on wide at 2adf5c6: error");
	ck_assert_str_eq(l.brief, "failed: error");
	ck_assert(l.opens == BN_OPENS_RUN && !strcmp(l.ref, RUN));
	int64_t before = l.time_ms;
	bn_page_free(page);
	while (bn_env_now_ms(bn_env_real()) <= before)
		; /* the next one is of a later millisecond */
	record(BN_CI_PASS);
	l = gate_line(&page);
	ck_assert_int_eq(l.part, BN_LINE_USE);
	ck_assert_int_eq(l.state, BN_STATE_OK);
	ck_assert_str_eq(l.detail, "passed on wide at 2adf5c6");
	bn_page_free(page);
}
END_TEST

BN_TEST_MAIN("tui/views/source_ci", test_a_failed_gate_needs_the_user_and_a_passed_one_does_not)
