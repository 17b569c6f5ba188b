/* test_attacks_rules.c - rows of tests/attacks/table.txt: attacks on an approved champion by clocks, old rules, and
 * changes of rules. The row says what every reader sees afterwards, and the runner (tests/support/attacked.h) checks
 * all readers. */
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

/* ---- the rules of uids ------------------------------------------------------------------------- */

START_TEST(test_policies_roles_and_keys_by_the_rules_of_uids_change_nothing)
{
	attacked_begin();
	attacked_forge("root@host-boot-0", NULL, NULL, "policy.set", "policy",
		"{\"policy\":{\"approvals\":0,\"self_approval\":true}}", 1000);
	attacked_forge("root@host-boot-1", NULL, NULL, "role.grant", "policy",
		"{\"role\":\"admin\",\"uid\":5004,\"user\":\"dan\"}", 1000);
	attacked_forge("root@host-boot-2", NULL, NULL, "user.key", "user/5002",
		"{\"public_key\":\"" TEAM_DATA "\"}", 1000);
	attacked_forge("root@host-boot-3", NULL, NULL, "workspace.founded", "policy",
		"{\"host\":\"h\",\"nonce\":\"00\",\"uid\":0,\"user\":\"root\"}", 1000);
	attacked_forge("root@host-boot-4", &at.mal, NULL, "authority.founded", "authority",
		"{\"founder\":{\"key\":\"" TEAM_DATA "\",\"name\":\"mal\"}}", 1000);
	attacked_see_all();
	team_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must_be(
		bn_version_approve(at.dan->ws, "power/2", "mine", false, &err), BN_EREFUSED);
	attacked_end();
}
END_TEST

/* ---- clocks ------------------------------------------------------------------------------------ */

START_TEST(test_alias_at_the_end_of_time_is_moved_by_the_next_one)
{
	char registration[65], text[200];
	uint8_t epoch[32];
	bn_version *v = NULL;
	attacked_begin();
	const bn_signer s = attacked_signer(at.bob);
	attacked_newest(epoch);
	team_register(at.cleo, "power", at.cleo, "{}");
	attacked_record("model.registered", registration);
	snprintf(text, sizeof text, "{\"alias\":\"best\",\"answers\":[\"%s\"],\"version\":2}",
		registration);
	attacked_forge("bob@host-boot-9", &s, epoch, "model.alias", "model/power", text,
		((int64_t)1 << 47) - 10);
	attacked_see_all();
	attacked_must(bn_version_get(&v, at.cleo->ws, "power@best", &err));
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	attacked_must(bn_version_set_alias(at.ann->ws, "power/1", "best", &err));
	attacked_must(bn_version_get(&v, at.bob->ws, "power@best", &err));
	ck_assert_int_eq(v->version, 1);
	bn_version_free(v);
	attacked_end();
}
END_TEST

START_TEST(test_alias_of_2056_stays_down_when_its_setter_is_revoked_and_granted_again)
{
	bn_version *v = NULL;
	attacked_begin();
	team_register(at.cleo, "power", at.cleo, "{}");
	attacked_see_all();
	at.bob->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
	attacked_must(bn_version_set_alias(at.bob->ws, "power/2", "best", &err));
	at.bob->clock_offset_ms = 0;
	attacked_see_all();
	attacked_must(bn_version_set_alias(at.ann->ws, "power/1", "best", &err));
	for (int grant = 0; grant < 2; grant++) {
		person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, grant)}, 1);
		attacked_must(bn_version_get(&v, at.dan->ws, "power@best", &err));
		ck_assert_int_eq(v->version, 1);
		bn_version_free(v);
	}
	attacked_end();
}
END_TEST

START_TEST(test_act_that_was_late_stays_late_when_the_right_is_granted_again)
{
	uint8_t old[32];
	attacked_begin();
	const bn_signer s = attacked_signer(at.bob);
	attacked_newest(old);
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, false)}, 1);
	attacked_forge("bob@host-boot-9", &s, old, "model.alias_removed", "model/power",
		"{\"alias\":\"champion\",\"answers\":[]}", 1000);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-9", 1), BN_OUTCOME_LATE);
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, true)}, 1);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-9", 1), BN_OUTCOME_LATE);
	attacked_end();
}
END_TEST

START_TEST(test_admin_whose_clock_was_once_in_2056_is_told_of_the_link_that_he_signs)
{
	attacked_begin();
	at.ann->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)}, 1);
	at.ann->clock_offset_ms = 0;
	attacked_seal_all();
	/* A repeated grant is refused because of the first one, whose date, 2056, does not matter. */
	ck_assert_int_eq(
		person_try_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)},
			1, &err),
		BN_EREFUSED);
	bn_err_clear(&err);
	attacked_end();
}
END_TEST

/* ---- policies ---------------------------------------------------------------------------------- */

START_TEST(test_approval_under_a_weakened_policy_that_comes_when_it_is_strict_again_is_late)
{
	char request[65];
	uint8_t weak[32];
	bn_version *v = NULL;
	char text[700];
	attacked_begin();
	team_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_record("model.requested", request);
	attacked_see_all();
	const bn_change none = {.kind = BN_CHANGE_POLICY, .policy = "{}", .signers = 1};
	const bn_change strict = {
		.kind = BN_CHANGE_POLICY, .policy = ATTACKED_POLICY, .signers = 1};
	person_link(at.ann, &none, 1);
	attacked_newest(weak);
	person_link(at.ann, &strict, 1);
	attacked_must(bn_version_get(&v, at.ann->ws, "power/2", &err));
	snprintf(text, sizeof text,
		"{\"answers\":[\"%s\"],\"digest\":\"%s\",\"rules\":1,\"seen\":{},\"uuid\":\"%s\","
		"\"version\":2}",
		request, v->digest, v->uuid);
	bn_version_free(v);
	const bn_signer s = attacked_signer(at.bob);
	attacked_forge("bob@host-boot-9", &s, weak, "model.approved", "model/power", text, 1000);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-9", 1), BN_OUTCOME_LATE);
	ck_assert_int_eq(team_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_end();
}
END_TEST

BN_TEST_MAIN("core/registry/attacks_rules",
	test_policies_roles_and_keys_by_the_rules_of_uids_change_nothing,
	test_alias_at_the_end_of_time_is_moved_by_the_next_one,
	test_alias_of_2056_stays_down_when_its_setter_is_revoked_and_granted_again,
	test_act_that_was_late_stays_late_when_the_right_is_granted_again,
	test_admin_whose_clock_was_once_in_2056_is_told_of_the_link_that_he_signs,
	test_approval_under_a_weakened_policy_that_comes_when_it_is_strict_again_is_late)
