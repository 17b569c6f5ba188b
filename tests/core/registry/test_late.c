/* test_late.c - late acts: listed with the command that repeats them; registrations are repeated
 * automatically. */
#include "core/base/hash.h"
#include "core/govern/authority.h"
#include "core/registry/evidence.h"
#include "core/registry/late.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <string.h>

#define UUID "cccccccc-0000-4000-8000-000000000001"

static bn_err err = BN_ERR_INIT;
static team t;
static person *ann, *bob, *cleo, *dan;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void must_be(int rc, int code)
{
	ck_assert_msg(rc == code, "%d instead of %d: %s", rc, code, err.msg);
	bn_err_clear(&err);
}

static void see_all(void)
{
	for (int i = 0; i < PEOPLE; i++)
		must(bn_workspace_refresh(t.people[i].ws, NULL, &err));
}

static void setup(void)
{
	team_make_signed(&t, registry_team_classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	see_all();
}

/* A link whose signer has not seen later records of others. */
static void next_link(bool grant)
{
	person_link(ann, (bn_change[]){person_role(dan, BN_ROLE_REVIEWER, grant)}, 1);
}

/* p signs under the last link it has seen. */
static void sign_unaware(person *p, const char *kind, json_t *payload)
{
	must(bn_authority_append(p->ws, 2, kind, "model/power", payload, &err));
	json_decref(payload);
	must(bn_workspace_sync(p->ws, &err));
}

static bn_late_list *late(person *p, size_t n)
{
	bn_late_list *l = NULL;
	must(bn_registry_late(&l, p->ws, &err));
	ck_assert_msg(
		l->count == n, "%zu late acts: %s", l->count, l->count ? l->items[0].command : "");
	return l;
}

static json_t *registration(int64_t version)
{
	return json_pack("{s:I, s:s, s:i, s:s, s:s, s:[], s:s}", "version", (json_int_t)version,
		"uuid", UUID, "author_uid", (int)cleo->uid, "digest", TEAM_DATA, "manifest",
		TEAM_DATA, "files", "run", "00112233445566778899aabbccddeeff");
}

START_TEST(test_late_registration_is_repeated_by_its_owners_next_process_once)
{
	size_t n;
	bn_version *v = NULL;
	setup();
	next_link(true);
	sign_unaware(cleo, "model.registered", registration(1));
	ck_assert_uint_eq(team_count(ann, "model.registered", BN_OUTCOME_LATE), 1);
	bn_late_list *l = late(cleo, 1);
	ck_assert_str_eq(l->items[0].command,
		"binnacle model register 00112233445566778899aabbccddeeff --name power");
	bn_late_list_free(l);
	bn_late_list_free(late(bob, 0)); /* not by bob */
	must(bn_registry_repeat(bob->ws, &n, &err));
	ck_assert_uint_eq(n, 0);
	must(bn_registry_repeat(cleo->ws, &n, &err));
	ck_assert_uint_eq(n, 1);
	must(bn_version_get(&v, dan->ws, "power/1", &err));
	ck_assert_str_eq(v->uuid, UUID);
	ck_assert_ptr_null(v->contested);
	bn_version_free(v);
	must(bn_registry_repeat(cleo->ws, &n, &err));
	ck_assert_uint_eq(n, 0);
	bn_late_list_free(late(cleo, 0));
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

START_TEST(test_late_registration_whose_number_went_to_another_gets_the_next_one)
{
	size_t n;
	bn_version *v = NULL;
	setup();
	next_link(true);
	sign_unaware(cleo, "model.registered", registration(1));
	ck_assert_int_eq(team_register(dan, "power", dan, "{}"), 1);
	must(bn_registry_repeat(cleo->ws, &n, &err));
	ck_assert_uint_eq(n, 1);
	must(bn_version_get(&v, ann->ws, "power/2", &err));
	ck_assert_str_eq(v->uuid, UUID);
	bn_version_free(v);
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

START_TEST(test_late_decision_is_listed_with_its_command_until_it_is_pointless)
{
	sqlite3_stmt *st = NULL;
	setup();
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	see_all();
	next_link(true);
	must(bn_sql_prepare(&st, bn_workspace_index(bob->ws), &err,
		"SELECT v.uuid, v.digest, l.id FROM model_version v JOIN model_last l ON l.name = "
		"v.name AND l.subject = 'request/' || v.registration",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	json_t *p = json_pack("{s:i, s:s, s:s, s:s, s:[s], s:{}, s:i}", "version", 1, "uuid",
		sqlite3_column_text(st, 0), "digest", sqlite3_column_text(st, 1), "reason",
		"it's fine", "answers", sqlite3_column_text(st, 2), "seen", "rules", BN_GATE_RULES);
	sqlite3_finalize(st);
	sign_unaware(bob, "model.approved", p);
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	bn_late_list *l = late(bob, 1);
	ck_assert_str_eq(
		l->items[0].command, "binnacle model approve power/1 --reason 'it'\\''s fine'");
	ck_assert_ptr_nonnull(strstr(l->items[0].reason, "has to be repeated"));
	bn_late_list_free(l);
	must(bn_version_approve(bob->ws, "power/1", "it's fine", false, &err));
	bn_late_list_free(late(bob, 0));
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

START_TEST(test_late_request_alias_and_tag_are_listed_in_order)
{
	setup();
	team_register(cleo, "power", cleo, "{}");
	see_all();
	char id[70] = "";
	sqlite3_stmt *st = NULL;
	must(bn_sql_prepare(&st, bn_workspace_index(bob->ws), &err,
		"SELECT registration FROM model_version", ""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	snprintf(id, sizeof id, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	next_link(true);
	json_t *request = json_pack("{s:i, s:[s]}", "version", 1, "answers", id);
	must(bn_authority_append(bob->ws, 2, "model.requested", "model/power", request, &err));
	json_decref(request);
	sign_unaware(bob, "model.alias",
		json_pack("{s:i, s:s, s:[s]}", "version", 1, "alias", "best", "answers", id));
	next_link(false);
	must(bn_version_set_tag(
		bob->ws, "power/1", "risk", "low", &err)); /* his view is up to date now */
	bn_late_list *l = late(bob, 2);
	ck_assert_str_eq(l->items[0].command, "binnacle model request power/1");
	ck_assert_str_eq(l->items[1].command, "binnacle model alias power/1 best");
	bn_late_list_free(l);
	must(bn_version_set_alias(bob->ws, "power/1", "best", &err));
	bn_late_list_free(late(bob, 1));
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

START_TEST(test_owner_who_may_not_register_any_more_repeats_nothing)
{
	size_t n;
	setup();
	person_link(ann, (bn_change[]){person_removed(cleo)}, 1);
	sign_unaware(cleo, "model.registered", registration(1));
	must(bn_registry_repeat(cleo->ws, &n, &err));
	ck_assert_uint_eq(n, 0);
	must_be(bn_version_request(bob->ws, "power/1", NULL, &err), BN_ENOTFOUND);
	must_be(bn_version_request(cleo->ws, "power/1", NULL, &err), BN_EREFUSED);
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/registry/late",
	test_late_registration_is_repeated_by_its_owners_next_process_once,
	test_late_registration_whose_number_went_to_another_gets_the_next_one,
	test_late_decision_is_listed_with_its_command_until_it_is_pointless,
	test_late_request_alias_and_tag_are_listed_in_order,
	test_owner_who_may_not_register_any_more_repeats_nothing)
