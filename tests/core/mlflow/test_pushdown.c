/* core/mlflow/pushdown.h: what is left of a filter for a server. */
#include "core/mlflow/pushdown.h"
#include "tests/support/check_main.h"

#include <string.h>

static void becomes(const char *filter, const char *wanted)
{
	bn_buf out = BN_BUF_INIT;
	bn_mlflow_pushdown(&out, filter);
	ck_assert_msg(strcmp(out.ptr ? out.ptr : "", wanted) == 0, "'%s' became '%s', not '%s'", filter,
		out.ptr ? out.ptr : "", wanted);
	bn_buf_release(&out);
}

START_TEST(test_pushdown_keeps_what_mlflow_has_with_our_meaning)
{
	becomes("metrics.rmse < 3", "metrics.`rmse` < 3");
	becomes("metrics.`val loss` >= 1e-3 and tags.team='ops'",
		"metrics.`val loss` >= 1e-3 AND tags.`team` = 'ops'");
	becomes("params.solver LIKE \"a%\"", "params.`solver` LIKE 'a%'");
	becomes("status = FINISHED AND name ILIKE '%x%'",
		"attributes.`status` = 'FINISHED' AND attributes.`run_name` ILIKE '%x%'");
	becomes("metrics.a <> 1", "metrics.`a` != 1");
	becomes("metrics.a == 1", "metrics.`a` = 1");
}
END_TEST

START_TEST(test_pushdown_leaves_out_what_means_something_else_there)
{
	becomes("params.lr = 0.1", "");
	becomes("params.lr = 0.1 AND metrics.a > 2", "metrics.`a` > 2");
	becomes("status = LOST", "");
	becomes("status != FINISHED", "");
	becomes("best(loss) < 2", "");
	becomes("loss < 2", "");
	becomes("metrics.a > 'x'", "");
	becomes("tags.a > 'x'", "");
}
END_TEST

START_TEST(test_pushdown_is_empty_for_what_is_not_a_list_of_conditions)
{
	static const char *const others[] = {"", " ", "metrics.a < 1 OR metrics.b < 1", "NOT metrics.a < 1",
		"(metrics.a < 1)", "metrics.a < 1 AND", "metrics.a <", "metrics.a < 1 AND (metrics.b < 1)",
		"metrics.a IS NULL", "tags.a = 'it''s'", "tags.a = 'open", "tags.`a = 'x'", "metrics.a < 1 2",
		"metrics.a + 1 < 2", "metrics.`` < 1", "a.b.c", "tags.a IN ('x')"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		becomes(others[i], "");
}
END_TEST

BN_TEST_MAIN("core/mlflow/pushdown", test_pushdown_keeps_what_mlflow_has_with_our_meaning,
	test_pushdown_leaves_out_what_means_something_else_there,
	test_pushdown_is_empty_for_what_is_not_a_list_of_conditions)
