/* test_policy_history.c - which policy and roles apply at which time: refused acts, the last admin,
 * late events, and equal rows in any order of arrival. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/govern/identity.h"
#include "tests/support/arrival.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD "{\"test\":{\"rmse\":11.5}}"

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];

static unsigned roles(person *reader, person *of)
{
	bn_err err = BN_ERR_INIT;
	unsigned r = 0;
	ck_assert_bn_ok(bn_workspace_refresh(reader->ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_policy_roles(&r, bn_workspace_id(reader->ws),
				bn_workspace_index(reader->ws), of->uid, NULL, &err),
		&err);
	return r;
}

START_TEST(test_founder_of_the_workspace_is_admin_and_everybody_else_a_developer)
{
	team_make(&t, registry_team_classes);
	ck_assert_uint_eq(roles(dan, ann), 1u << BN_ROLE_ADMIN | 1u << BN_ROLE_DEVELOPER);
	ck_assert_uint_eq(roles(ann, dan), 1u << BN_ROLE_DEVELOPER);
	team_remove(&t);
}
END_TEST

/* An earlier clock, a copy of the founding record or ownership of the directory makes nobody else
 * the founder: the id of the workspace names one record of one writer. */
START_TEST(test_nobody_else_becomes_the_founder)
{
	bn_err err = BN_ERR_INIT;
	team_make(&t, registry_team_classes);
	sqlite3 *db = bn_workspace_index(ann->ws);
	sqlite3_stmt *st = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(ann->ws, NULL, &err), &err);
	ck_assert_bn_ok(
		bn_sql_prepare(&st, db, &err,
			"SELECT payload FROM dump_event WHERE kind = 'workspace.founded'", ""),
		&err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	json_t *copy = json_loads((const char *)sqlite3_column_text(st, 0), 0, NULL);
	sqlite3_finalize(st);
	bob->clock_offset_ms = -86400000;
	ck_assert_bn_ok(
		bn_workspace_append(bob->ws, "workspace.founded", "policy", copy, &err), &err);
	json_object_set_new(copy, "uid", json_integer(bob->uid));
	ck_assert_bn_ok(
		bn_workspace_append(bob->ws, "workspace.founded", "policy", copy, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(bob->ws, &err), &err);
	json_decref(copy);
	ck_assert_int_eq(chown(t.dir, bob->uid, (gid_t)-1) == 0 || geteuid() != 0, 1);
	person_reopen(&t, dan, true);
	ck_assert_uint_eq(roles(dan, bob), 1u << BN_ROLE_DEVELOPER);
	ck_assert_uint_eq(roles(dan, ann), 1u << BN_ROLE_ADMIN | 1u << BN_ROLE_DEVELOPER);
	ck_assert_uint_eq(team_count(dan, "workspace.founded", BN_OUTCOME_REFUSED), 2);
	ck_assert_uint_eq(team_count(dan, "workspace.founded", BN_OUTCOME_APPLIED), 1);
	team_remove(&t);
}
END_TEST

START_TEST(test_only_admins_change_policy_and_roles_and_others_attempts_are_kept)
{
	team_make(&t, registry_team_classes);
	bn_err err = BN_ERR_INIT;
	json_t *doc = json_pack("{s:b}", "self_approval", 1);
	ck_assert_int_eq(bn_policy_set(bob->ws, doc, NULL, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "bob (developer) may not change policy"));
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_role_grant(bob->ws, bob->uid, "bob", BN_ROLE_ADMIN, NULL, &err), BN_EREFUSED);
	ck_assert_uint_eq(roles(ann, bob), 1u << BN_ROLE_DEVELOPER);
	ck_assert_uint_eq(team_count(ann, "policy.set", BN_OUTCOME_REFUSED), 1);
	ck_assert_uint_eq(team_count(ann, "role.grant", BN_OUTCOME_REFUSED), 1);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_ADMIN, "lead", &err), &err);
	ck_assert_bn_ok(bn_policy_set(bob->ws, doc, NULL, &err), &err);
	ck_assert_int_eq(
		bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_ADMIN, NULL, &err), BN_ECONFLICT);
	json_decref(doc);
	team_remove(&t);
}
END_TEST

START_TEST(test_last_admin_cannot_be_revoked_but_the_founder_can_hand_over)
{
	team_make(&t, registry_team_classes);
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(
		bn_role_revoke(ann->ws, ann->uid, "ann", BN_ROLE_ADMIN, NULL, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "last admin"));
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_ADMIN, NULL, &err), &err);
	ck_assert_bn_ok(bn_role_revoke(bob->ws, ann->uid, "ann", BN_ROLE_ADMIN, NULL, &err), &err);
	ck_assert_uint_eq(roles(cleo, ann), 1u << BN_ROLE_DEVELOPER);
	ck_assert_int_eq(
		bn_role_grant(ann->ws, ann->uid, "ann", BN_ROLE_ADMIN, NULL, &err), BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_role_revoke(bob->ws, bob->uid, "bob", BN_ROLE_ADMIN, NULL, &err), BN_EREFUSED);
	team_remove(&t);
}
END_TEST

START_TEST(test_decision_is_judged_by_the_roles_of_its_moment)
{
	team_make(&t, registry_team_classes);
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(
		bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err), &err);
	team_register(dan, "power", dan, GOOD);
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/2", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_approve(bob->ws, "power/1", NULL, false, &err), &err);
	ck_assert_bn_ok(
		bn_role_revoke(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err), &err);
	ck_assert_int_eq(bn_version_approve(bob->ws, "power/2", NULL, false, &err), BN_EREFUSED);
	ck_assert_int_eq(team_state(cleo, "power/1"), BN_MODEL_APPROVED);
	ck_assert_int_eq(team_state(cleo, "power/2"), BN_MODEL_REQUESTED);
	team_remove(&t);
}
END_TEST

START_TEST(test_nobody_publishes_a_key_for_somebody_else_or_one_they_do_not_have)
{
	team_make(&t, registry_team_classes);
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL;
	ck_assert_bn_ok(bn_key_open(&key, &ann->env, NULL, &err), &err);
	char entity[40];
	bn_identity_entity(ann->uid, entity, sizeof entity);
	json_t *p = json_pack("{s:s}", "public_key", bn_key_public(key));
	/* as ann's key, by bob; then as bob's own key; both signed by bob */
	ck_assert_bn_ok(bn_identity_append_signed(bob->ws, "user.key", entity, p, &err), &err);
	bn_identity_entity(bob->uid, entity, sizeof entity);
	ck_assert_bn_ok(bn_identity_append_signed(bob->ws, "user.key", entity, p, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(bob->ws, &err), &err);
	ck_assert_uint_eq(team_count(ann, "user.key", BN_OUTCOME_REFUSED), 2);
	ck_assert(!bn_identity_has_key(
		bn_workspace_index(ann->ws), bob->uid, bn_key_public(key), NULL));
	json_decref(p);
	bn_key_free(key);
	team_remove(&t);
}
END_TEST

/* ---- order of arrival ----------------------------------------------------------------------- */

START_TEST(test_policy_that_arrives_late_changes_what_was_decided_after_it)
{
	team_make(&t, registry_team_classes);
	bn_err err = BN_ERR_INIT;
	arrival_piece pieces[64];
	ck_assert_bn_ok(
		bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err), &err);
	ck_assert_bn_ok(bn_role_grant(ann->ws, cleo->uid, "cleo", BN_ROLE_ADMIN, NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	ck_assert_bn_ok(
		bn_role_revoke(cleo->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(cleo->ws, &err), &err);
	size_t n = arrival_list(&t, pieces, 64), late = 0;
	for (size_t i = 0; i < n; i++)
		if (!strncmp(pieces[i].writer, "cleo", 4)) {
			arrival_hide(&t, &pieces[i], true);
			late++;
		}
	ck_assert_uint_gt(late, 0);
	person_reopen(&t, bob, true); /* he does not know of the revocation */
	person_reopen(&t, dan, true);
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_approve(bob->ws, "power/1", NULL, false, &err), &err);
	ck_assert_bn_ok(bn_version_set_alias(bob->ws, "power/1", "champion", &err), &err);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED);
	for (size_t i = 0; i < n; i++)
		arrival_hide(&t, &pieces[i], false);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(dan, "model.*", BN_OUTCOME_REFUSED), 2);
	team_remove(&t);
}
END_TEST

/* After the revocation bob sets his clock back and writes an approval dated before it. */
START_TEST(test_act_dated_back_before_a_revocation_does_not_count)
{
	team_make(&t, registry_team_classes);
	bn_err err = BN_ERR_INIT;
	arrival_piece pieces[64];
	const int64_t hour_ms = 3600 * 1000;
	ck_assert_bn_ok(
		bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err), &err);
	ck_assert_bn_ok(bn_role_grant(ann->ws, cleo->uid, "cleo", BN_ROLE_ADMIN, NULL, &err), &err);
	team_register(dan, "power", dan, GOOD);
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/2", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_approve(bob->ws, "power/1", NULL, false, &err), &err);
	t.clock_ns += hour_ms * 1000000;
	ck_assert_bn_ok(
		bn_role_revoke(cleo->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(cleo->ws, &err), &err);
	size_t n = arrival_list(&t, pieces, 64);
	for (size_t i = 0; i < n; i++)
		if (!strncmp(pieces[i].writer, "cleo", 4))
			arrival_hide(&t, &pieces[i], true);
	person_reopen(&t, bob, true);
	bob->clock_offset_ms = -hour_ms / 2;
	ck_assert_bn_ok(bn_version_approve(bob->ws, "power/2", NULL, false, &err), &err);
	ck_assert_int_eq(team_state(bob, "power/2"), BN_MODEL_APPROVED);
	for (size_t i = 0; i < n; i++)
		arrival_hide(&t, &pieces[i], false);
	for (size_t i = 0; i < PEOPLE; i++) {
		person_reopen(&t, &t.people[i], i % 2 == 0);
		ck_assert_int_eq(team_state(&t.people[i], "power/1"), BN_MODEL_APPROVED);
		ck_assert_int_eq(team_state(&t.people[i], "power/2"), BN_MODEL_REQUESTED);
	}
	bn_audit_page *page = NULL;
	bn_audit_filter f = {.kind = "model.approved", .outcome = -1};
	ck_assert_bn_ok(bn_audit_read(&page, dan->ws, &f, &err), &err);
	ck_assert_uint_eq(page->total, 2);
	ck_assert_int_eq(page->items[0].outcome, BN_OUTCOME_REFUSED);
	bn_audit_page *revoked = NULL;
	f.kind = "role.revoke";
	ck_assert_bn_ok(bn_audit_read(&revoked, dan->ws, &f, &err), &err);
	ck_assert_int_lt(page->items[0].time_ms, revoked->items[0].time_ms);
	bn_audit_page_free(page);
	bn_audit_page_free(revoked);
	team_remove(&t);
}
END_TEST

/* Random persons open the workspace (each time as another writer) and do what they may and may
 * not. */
static void busy_week(void)
{
	bn_err err = BN_ERR_INIT;
	bn_rng rng;
	char spec[40];
	bn_rng_init(&rng, 7, "busy week", 0);
	bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, NULL);
	bn_role_grant(ann->ws, cleo->uid, "cleo", BN_ROLE_ADMIN, NULL, NULL);
	for (int i = 0; i < 150; i++) {
		person *p = &t.people[bn_rng_below(&rng, PEOPLE)];
		ck_assert_bn_ok(bn_workspace_seal(p->ws, &err), &err);
		person *other = &t.people[bn_rng_below(&rng, PEOPLE)];
		bn_role role = (bn_role)bn_rng_below(&rng, BN_ROLES);
		int64_t version;
		snprintf(spec, sizeof spec, "power/%d", (int)bn_rng_below(&rng, 4) + 1);
		json_t *doc = json_pack("{s:i, s:b, s:b}", "approvals", 1 + (i & 1),
			"self_approval", (int)bn_rng_below(&rng, 2), "gate_override", 1);
		switch (bn_rng_below(&rng, 10)) {
		case 0:
			bn_role_grant(p->ws, other->uid, other->name, role, "week", NULL);
			break;
		case 1:
			bn_role_revoke(p->ws, other->uid, other->name, role, "week", NULL);
			break;
		case 2:
			bn_policy_set(p->ws, doc, "week", NULL);
			break;
		case 3:
			team_try_register(p, "power", other, GOOD, &version);
			break;
		case 4:
		case 5:
			bn_version_request(p->ws, spec, "week", NULL);
			break;
		case 6:
		case 7:
			bn_version_approve(p->ws, spec, "week", false, NULL);
			break;
		case 8:
			bn_version_reject(p->ws, spec, "week", NULL);
			break;
		default:
			bn_version_set_alias(p->ws, spec, i & 1 ? "champion" : "canary", NULL);
		}
		json_decref(doc);
		if (bn_rng_below(&rng, 3) == 0)
			person_reopen(&t, p, false);
	}
	for (size_t i = 0; i < PEOPLE; i++)
		ck_assert_bn_ok(bn_workspace_seal(t.people[i].ws, &err), &err);
}

START_TEST(test_rows_are_the_same_in_any_order_of_arrival)
{
	enum { ORDERS = 6, MAX = 256 };
	static arrival_piece pieces[MAX];
	team_make(&t, registry_team_classes);
	busy_week();
	size_t n = arrival_list(&t, pieces, MAX);
	person_reopen(&t, cleo, true);
	char *expected = person_dump(cleo);
	size_t refused = team_count(cleo, NULL, BN_OUTCOME_REFUSED);
	size_t applied = team_count(cleo, NULL, BN_OUTCOME_APPLIED);
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_eq(arrival_list(&t, pieces, MAX), n);
	arrival_try_orders(&t, dan, expected, ORDERS);
	printf("NOTE: %zu segments of %d people in %d orders of arrival: %zu applied, %zu refused, "
	       "equal rows\n",
		n, PEOPLE, ORDERS, applied, refused);
	bn_free(expected);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/govern/policy_history",
	test_founder_of_the_workspace_is_admin_and_everybody_else_a_developer,
	test_nobody_else_becomes_the_founder,
	test_only_admins_change_policy_and_roles_and_others_attempts_are_kept,
	test_last_admin_cannot_be_revoked_but_the_founder_can_hand_over,
	test_decision_is_judged_by_the_roles_of_its_moment,
	test_nobody_publishes_a_key_for_somebody_else_or_one_they_do_not_have,
	test_policy_that_arrives_late_changes_what_was_decided_after_it,
	test_act_dated_back_before_a_revocation_does_not_count,
	test_rows_are_the_same_in_any_order_of_arrival)
