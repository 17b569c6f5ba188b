/* test_registry_chain.c - models under the chain of authority: order, persons, and what cannot be undone. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/registry/evidence.h"
#include "core/store/inspect.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_town.h"

#include <string.h>

static bn_err err = BN_ERR_INIT;
static town t;
static person *ann, *bob, *cleo, *dan;

/* ann founded it; bob is a reviewer, cleo and dan are developers. */
static void setup(void)
{
	town_make_signed(&t, registry_town_classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
}

static void teardown(void)
{
	town_remove(&t);
}

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void must_be(int rc, int code)
{
	ck_assert_int_eq(rc, code);
	bn_err_clear(&err);
}

static void see(person *p)
{
	must(bn_workspace_refresh(p->ws, NULL, &err));
}

/* A decision about power/1 that answers its last request, as p's index has it. */
static json_t *decision_on(person *p, const char *reason)
{
	sqlite3_stmt *st = NULL;
	must(bn_sql_prepare(&st, bn_workspace_index(p->ws), &err,
		"SELECT v.uuid, v.digest, l.id FROM model_version v JOIN model_last l ON l.name = "
		"v.name AND l.subject = 'request/1' WHERE v.version = 1",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	json_t *payload = json_pack("{s:i, s:s, s:s, s:s, s:[s], s:{}, s:i}", "version", 1, "uuid",
		sqlite3_column_text(st, 0), "digest", sqlite3_column_text(st, 1), "reason", reason,
		"answers", sqlite3_column_text(st, 2), "seen", "rules", BN_GATE_RULES);
	sqlite3_finalize(st);
	return payload;
}

START_TEST(test_version_goes_from_registered_to_champion_under_the_chain)
{
	bn_version *v = NULL;
	setup();
	town_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", "please", &err));
	ck_assert_int_eq(town_state(bob, "power/1"), BN_MODEL_REQUESTED);
	must_be(bn_version_approve(cleo->ws, "power/1", NULL, false, &err), BN_EREFUSED);
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	must(bn_version_get(&v, dan->ws, "power@champion", &err));
	ck_assert_int_eq(v->state, BN_MODEL_APPROVED);
	bn_version_free(v);
	town_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_alias_dated_2056_is_taken_back_by_the_next_one)
{
	bn_version *v = NULL;
	setup();
	town_register(cleo, "power", cleo, "{}");
	town_register(cleo, "power", cleo, "{}");
	bob->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
	must(bn_version_set_alias(bob->ws, "power/1", "best", &err));
	bob->clock_offset_ms = 0;
	see(ann);
	must(bn_version_set_alias(ann->ws, "power/2", "best", &err));
	must(bn_version_get(&v, dan->ws, "power@best", &err));
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	town_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_act_dated_back_before_a_revocation_is_late)
{
	setup();
	town_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	see(bob); /* bob's index ends here */
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, false)}, 1);
	/* He signs under the link that he knew, as if it were yesterday. */
	json_t *p = decision_on(bob, "quick");
	bob->clock_offset_ms = -(int64_t)86400 * 1000;
	must(bn_authority_append(bob->ws, 2, "model.approved", "model/power", p, &err));
	bob->clock_offset_ms = 0;
	json_decref(p);
	must(bn_workspace_sync(bob->ws, &err));
	ck_assert_int_eq(town_state(ann, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(town_count(ann, "model.approved", BN_OUTCOME_LATE), 1);
	/* And under the new one he has no right to. */
	must_be(bn_version_approve(bob->ws, "power/1", "quick", false, &err), BN_EREFUSED);
	ck_assert_int_eq(town_state(ann, "power/1"), BN_MODEL_REQUESTED);
	town_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_rejection_beats_an_approval_that_answers_the_same_request)
{
	setup();
	person_link(ann, (bn_change[]){person_role(dan, BN_ROLE_REVIEWER, true)}, 1);
	town_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	see(bob);
	see(dan);
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	ck_assert_int_eq(town_state(ann, "power/1"), BN_MODEL_APPROVED);
	/* dan signs what he saw: the open request */
	json_t *p = decision_on(dan, "no");
	must(bn_authority_append(dan->ws, 2, "model.rejected", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(dan->ws, &err));
	ck_assert_int_eq(town_state(ann, "power/1"), BN_MODEL_REJECTED);
	town_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_unsigned_and_strangers_events_change_nothing)
{
	setup();
	town_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	json_t *p = json_pack("{s:i, s:s, s:s}", "version", 1, "key", "owner", "value", "mallory");
	must(bn_workspace_append(dan->ws, "model.tag", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(dan->ws, &err));
	ck_assert_uint_eq(town_count(ann, "model.tag", BN_OUTCOME_REFUSED), 1);
	town_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_acts_come_in_the_order_of_what_they_answer_whatever_the_clocks)
{
	setup();
	cleo->clock_offset_ms = (int64_t)3600 * 1000; /* cleo's clock is an hour ahead */
	town_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	bob->clock_offset_ms = -(int64_t)3600 * 1000;
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	ck_assert_int_eq(town_state(dan, "power/1"), BN_MODEL_APPROVED);
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	must(bn_model_remove_alias(bob->ws, "power", "champion", &err));
	must(bn_version_remove(bob->ws, "power/1", "old", &err));
	ck_assert_int_eq(town_state(dan, "power/1"), BN_MODEL_REMOVED);
	town_expect_one_view(&t);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/registry/registry_chain",
	test_version_goes_from_registered_to_champion_under_the_chain,
	test_alias_dated_2056_is_taken_back_by_the_next_one,
	test_act_dated_back_before_a_revocation_is_late,
	test_rejection_beats_an_approval_that_answers_the_same_request,
	test_unsigned_and_strangers_events_change_nothing,
	test_acts_come_in_the_order_of_what_they_answer_whatever_the_clocks)
