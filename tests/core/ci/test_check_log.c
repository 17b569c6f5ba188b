/* Verdicts of a gate as events: the newest is read back, and what is none changes nothing. */
#include "core/base/env.h"
#include "core/base/json.h"
#include "core/ci/check_log.h"
#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"

#include <stdlib.h>
#include <string.h>

#define RUN "0123456789abcdef0123456789abcdef"

static bn_workspace *ws;
static bn_err err = BN_ERR_INIT;

static void open_workspace(void)
{
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
}

static void record(const char *run, bn_ci_verdict gate, const char *name)
{
	bn_ci_report *r;
	ck_assert_bn_ok(bn_ci_report_new(&r, &err), &err);
	r->run = run;
	r->run_name = "ci-1";
	r->commit = "c0ffee";
	r->ref = "main";
	bn_ci_report_add(r, "data", "fine", BN_CI_PASS, "%s", "");
	bn_ci_report_add(r, "gates", name, gate, "%s", "");
	bn_ci_report_add(r, "gates", "warns", BN_CI_FAIL, "%s", "")->warns = true;
	ck_assert_bn_ok(bn_ci_write_checked(ws, r, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_ci_report_free(r);
}

static bn_ci_checked *last(void)
{
	bn_ci_checked *c;
	ck_assert_bn_ok(bn_ci_last_checked(&c, ws, &err), &err);
	return c;
}

START_TEST(test_the_newest_verdict_is_read_back)
{
	open_workspace();
	ck_assert_ptr_null(last());
	record(RUN, BN_CI_PASS, "error");
	bn_ci_checked *c = last();
	ck_assert_int_eq(c->verdict, BN_CI_PASS);
	ck_assert_str_eq(c->failed, "");
	ck_assert_str_eq(c->run, RUN);
	ck_assert_str_eq(c->commit, "c0ffee");
	ck_assert_str_eq(c->ref, "main");
	ck_assert_ptr_null(c->model);
	ck_assert_ptr_null(c->url);
	ck_assert_int_eq(c->passes, 2);
	ck_assert_int_eq(c->fails, 1);
	int64_t before = c->time_ms;
	bn_ci_checked_free(c);
	while (bn_env_now_ms(bn_env_real()) <= before)
		; /* the next one is of a later millisecond */
	record(RUN, BN_CI_FAIL, "error\n\x1b[31m");
	c = last();
	ck_assert_int_eq(c->verdict, BN_CI_FAIL);
	ck_assert_str_eq(c->failed, "error\n\x1b[31m");
	bn_ci_checked_free(c);
	bn_workspace_close(ws);
}
END_TEST

START_TEST(test_a_record_that_is_no_verdict_changes_nothing)
{
	static const struct {
		const char *entity, *payload;
	} wrong[] = {
		{"ci/" RUN, "{}"},
		{"ci/" RUN, "{\"verdict\": \"maybe\"}"},
		{"ci/" RUN, "{\"verdict\": \"skipped\"}"},
		{"ci/" RUN, "{\"verdict\": 1}"},
		{"ci/x", "{\"verdict\": \"pass\"}"},
		{"ci/" RUN "0", "{\"verdict\": \"pass\"}"},
	};
	open_workspace();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		json_t *payload = json_loads(wrong[i].payload, 0, NULL);
		ck_assert_bn_ok(
			bn_workspace_append(ws, "ci.checked", wrong[i].entity, payload, &err),
			&err);
		json_decref(payload);
	}
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	ck_assert_ptr_null(last());
	json_t *odd = json_loads(
		"{\"verdict\": \"fail\", \"failed\": [1, null, \"a\"], \"cases\": []}", 0, NULL);
	ck_assert_bn_ok(bn_workspace_append(ws, "ci.checked", "ci/" RUN, odd, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	json_decref(odd);
	bn_ci_checked *c = last();
	ck_assert_str_eq(c->failed, "?, ?, a");
	ck_assert_int_eq(c->fails, 0);
	bn_ci_checked_free(c);
	bn_workspace_close(ws);
}
END_TEST

BN_TEST_MAIN("core/ci/check_log", test_the_newest_verdict_is_read_back,
	test_a_record_that_is_no_verdict_changes_nothing)
