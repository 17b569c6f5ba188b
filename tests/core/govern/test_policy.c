/* test_policy.c - the policy document: defaults, and errors that name the field. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/policy.h"
#include "tests/support/check_main.h"

#include <string.h>

static int parse(bn_policy **out, const char *text, bn_err *err)
{
	json_t *doc = NULL;
	ck_assert_bn_ok(bn_json_parse(&doc, text, strlen(text), "p.json", err), err);
	int rc = bn_policy_parse(out, doc, "p.json", err);
	json_decref(doc);
	return rc;
}

START_TEST(test_empty_document_gives_the_documented_defaults)
{
	bn_err err = BN_ERR_INIT;
	bn_policy *p = NULL;
	ck_assert_bn_ok(parse(&p, "{}", &err), &err);
	ck_assert_int_eq(p->default_role, BN_ROLE_DEVELOPER);
	ck_assert(!p->self_approval);
	ck_assert(!p->gate_override);
	ck_assert_int_eq(p->approvals, 1);
	ck_assert_uint_eq(p->n_gates, 0);
	ck_assert(bn_policy_protects(p, "champion"));
	ck_assert(!bn_policy_protects(p, "challenger"));
	static const char *const alike[] = {"Champion", "CHAMPION", "champ1on", "champlon",
		"cham-pion", "champi0n", "champion_"};
	for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
		ck_assert_msg(bn_policy_protects(p, alike[i]), "%s", alike[i]);
	static const char *const others[] = {
		"champions", "champ", "chanpion", "production", "", "-"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_msg(!bn_policy_protects(p, others[i]), "%s", others[i]);
	ck_assert_uint_eq(p->allow[BN_ACT_APPROVE], 1u << BN_ROLE_REVIEWER | 1u << BN_ROLE_ADMIN);
	ck_assert_uint_eq(p->allow[BN_ACT_POLICY], 1u << BN_ROLE_ADMIN);
	bn_policy_free(p);
}
END_TEST

START_TEST(test_full_document_survives_being_written_and_read_again)
{
	bn_err err = BN_ERR_INIT;
	bn_policy *p = NULL, *q = NULL;
	ck_assert_bn_ok(
		parse(&p,
			"{\"default_role\":\"viewer\",\"self_approval\":true,\"approvals\":2,"
			"\"gate_override\":true,\"protected_aliases\":[\"champion\",\"staging\"],"
			"\"allow\":{\"approve\":[\"reviewer\"],\"tag\":[]},"
			"\"gates\":[{\"metric\":\"rmse\",\"op\":\"<=\",\"threshold\":12.5},"
			"{\"name\":\"no "
			"worse\",\"metric\":\"rmse\",\"part\":\"valid\",\"op\":\"<\","
			"\"than\":\"champion\",\"margin\":-0.5,\"severity\":\"warn\","
			"\"data\":\"jobs@v3\",\"by\":\"other\"},"
			"{\"check\":\"reproducible\",\"by\":\"author\"}],\"recheck\":true}",
			&err),
		&err);
	json_t *doc = bn_policy_document(p);
	ck_assert_bn_ok(bn_policy_parse(&q, doc, "again", &err), &err);
	ck_assert_int_eq(q->approvals, 2);
	ck_assert_uint_eq(q->n_gates, 3);
	ck_assert_str_eq(q->gates[0].name, "rmse");
	ck_assert_str_eq(q->gates[0].part, "test");
	ck_assert_double_eq(q->gates[0].threshold, 12.5);
	ck_assert(q->gates[1].than_champion);
	ck_assert_double_eq(q->gates[1].margin, -0.5);
	ck_assert_int_eq(q->gates[1].severity, BN_GATE_WARN);
	ck_assert_str_eq(q->gates[2].check, "reproducible");
	ck_assert_int_eq(q->gates[0].by, BN_GATE_BY_UNSAID);
	ck_assert_int_eq(q->gates[1].by, BN_GATE_BY_OTHER);
	ck_assert_str_eq(q->gates[1].data, "jobs@v3");
	ck_assert_int_eq(q->gates[2].by, BN_GATE_BY_AUTHOR);
	ck_assert(q->recheck);
	/* admins are never excluded */
	ck_assert_uint_eq(q->allow[BN_ACT_TAG], 1u << BN_ROLE_ADMIN);
	json_decref(doc);
	bn_policy_free(p);
	bn_policy_free(q);
}
END_TEST

START_TEST(test_errors_name_the_field)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"{\"aprovals\":1}", "aprovals"},
		{"{\"approvals\":0}", "p.json: approvals"},
		{"{\"approvals\":1.5}", "p.json: approvals"},
		{"{\"self_approval\":\"no\"}", "p.json: self_approval"},
		{"{\"default_role\":\"boss\"}", "p.json: default_role"},
		{"{\"default_role\":\"admin\"}", "p.json: default_role"},
		{"{\"allow\":{\"aprove\":[]}}", "p.json: allow"},
		{"{\"allow\":{\"policy\":[\"viewer\"]}}", "allow.policy"},
		{"{\"allow\":{\"tag\":[\"viewer\",\"king\"]}}", "allow.tag[1]"},
		{"{\"allow\":{\"tag\":\"viewer\"}}", "allow.tag"},
		{"{\"protected_aliases\":[\"a b\"]}", "protected_aliases[0]"},
		{"{\"gates\":{}}", "p.json: gates"},
		{"{\"gates\":[{\"metric\":\"r2\",\"op\":\"=>\",\"threshold\":1}]}", "gates[0].op"},
		{"{\"gates\":[{\"metric\":\"r2\",\"op\":\">=\"}]}", "gates[0]"},
		{"{\"gates\":[{\"metric\":\"r2\",\"op\":\">=\",\"threshold\":1,\"than\":"
		 "\"champion\"}]}",
			"gates[0]"},
		{"{\"gates\":[{\"metric\":\"r2\",\"op\":\">=\",\"threshold\":1,\"margin\":1}]}",
			"gates[0].margin"},
		{"{\"gates\":[{\"metric\":\"r2\",\"op\":\">=\",\"threshold\":\"1\"}]}",
			"gates[0].threshold"},
		{"{\"gates\":[{\"check\":\"data\"},{\"check\":\"data\"}]}", "gates[1].name"},
		{"{\"gates\":[{\"check\":\"data\",\"op\":\">=\"}]}", "gates[0]"},
		{"{\"gates\":[{\"check\":\"data\",\"severity\":\"bad\"}]}", "gates[0].severity"},
		{"{\"gates\":[{}]}", "gates[0]"},
		{"{\"gates\":[{\"check\":\"data\",\"by\":\"me\"}]}", "gates[0].by"},
		{"{\"gates\":[{\"check\":\"data\",\"by\":1}]}", "gates[0].by"},
		{"{\"gates\":[{\"check\":\"drift\",\"data\":\"jobs@v1\"}]}", "gates[0]"},
		{"{\"gates\":[{\"metric\":\"r2\",\"op\":\">=\",\"threshold\":1,\"data\":"
		 "\"jobs\"}]}",
			"gates[0].data"},
		{"{\"gates\":[{\"metric\":\"r2\",\"op\":\">=\",\"threshold\":1,\"data\":"
		 "\"jobs@sha256:ab\"}]}",
			"gates[0].data"},
		{"{\"recheck\":1}", "p.json: recheck"},
		{"[]", "p.json"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err err = BN_ERR_INIT;
		bn_policy *p = NULL;
		ck_assert_int_eq(parse(&p, bad[i].text, &err), BN_EINVAL);
		ck_assert_ptr_null(p);
		ck_assert_msg(strstr(err.msg, bad[i].says) != NULL, "%s: %s", bad[i].text, err.msg);
	}
}
END_TEST

START_TEST(test_unknown_role_gets_the_nearest_word)
{
	bn_err err = BN_ERR_INIT;
	bn_role role;
	ck_assert_int_eq(bn_role_parse(&role, "reviwer", &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, "reviewer"));
}
END_TEST

START_TEST(test_parsing_reports_every_failing_allocation)
{
	json_t *doc = json_pack(
		"{s:[{s:s,s:s,s:f}]}", "gates", "metric", "rmse", "op", "<=", "threshold", 1.0);
	for (long n = 1;; n++) {
		bn_err err = BN_ERR_INIT;
		bn_policy *p = NULL;
		bn_alloc_fail_at(n);
		int rc = bn_policy_parse(&p, doc, "p.json", &err);
		bn_alloc_fail_at(0);
		if (!rc) {
			bn_policy_free(p);
			ck_assert_int_gt(n, 5);
			break;
		}
		ck_assert_int_eq(rc, BN_ENOMEM);
		ck_assert_ptr_null(p);
	}
	json_decref(doc);
}
END_TEST

BN_TEST_MAIN("core/govern/policy", test_empty_document_gives_the_documented_defaults,
	test_full_document_survives_being_written_and_read_again, test_errors_name_the_field,
	test_unknown_role_gets_the_nearest_word, test_parsing_reports_every_failing_allocation)
