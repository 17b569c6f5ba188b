/* test_registry_chain.c - models under the chain of authority: order, persons, and what cannot be reversed. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/registry/evidence.h"
#include "core/registry/provenance.h"
#include "core/store/inspect.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;
static team t;
static person *ann, *bob, *cleo, *dan;

/* ann is the founder; bob is a reviewer, cleo and dan are developers. */
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
}

static void teardown(void)
{
	team_remove(&t);
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

/* A decision about power/1 that answers its last request in p's view. */
static json_t *decision_on(person *p, const char *reason)
{
	sqlite3_stmt *st = NULL;
	must(bn_sql_prepare(&st, bn_workspace_index(p->ws), &err,
		"SELECT v.uuid, v.digest, l.id FROM model_version v JOIN model_last l ON l.name = "
		"v.name AND l.subject = 'request/' || v.registration WHERE v.version = 1",
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
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", "please", &err));
	ck_assert_int_eq(team_state(bob, "power/1"), BN_MODEL_REQUESTED);
	must_be(bn_version_approve(cleo->ws, "power/1", NULL, false, &err), BN_EREFUSED);
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	must(bn_version_get(&v, dan->ws, "power@champion", &err));
	ck_assert_int_eq(v->state, BN_MODEL_APPROVED);
	ck_assert_str_eq(v->registrar, "cleo");
	ck_assert_str_eq(v->decisions[0].user, "bob");
	bn_version_free(v);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_alias_dated_2056_is_taken_back_by_the_next_one)
{
	bn_version *v = NULL;
	setup();
	team_register(cleo, "power", cleo, "{}");
	team_register(cleo, "power", cleo, "{}");
	bob->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
	must(bn_version_set_alias(bob->ws, "power/1", "best", &err));
	bob->clock_offset_ms = 0;
	see(ann);
	must(bn_version_set_alias(ann->ws, "power/2", "best", &err));
	must(bn_version_get(&v, dan->ws, "power@best", &err));
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_act_dated_back_before_a_revocation_is_late)
{
	setup();
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	see(bob); /* bob's view ends here */
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, false)}, 1);
	/* He signs under the link that he knew, dated a day back. */
	json_t *p = decision_on(bob, "quick");
	bob->clock_offset_ms = -(int64_t)86400 * 1000;
	must(bn_authority_append(bob->ws, 2, "model.approved", "model/power", p, &err));
	bob->clock_offset_ms = 0;
	json_decref(p);
	must(bn_workspace_sync(bob->ws, &err));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(ann, "model.approved", BN_OUTCOME_LATE), 1);
	/* Under the new link he has no right to approve. */
	must_be(bn_version_approve(bob->ws, "power/1", "quick", false, &err), BN_EREFUSED);
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_rejection_beats_an_approval_that_answers_the_same_request)
{
	setup();
	person_link(ann, (bn_change[]){person_role(dan, BN_ROLE_REVIEWER, true)}, 1);
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	see(bob);
	see(dan);
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	/* dan answers the open request, which he has seen */
	json_t *p = decision_on(dan, "no");
	must(bn_authority_append(dan->ws, 2, "model.rejected", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(dan->ws, &err));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REJECTED);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_unsigned_and_strangers_events_change_nothing)
{
	setup();
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	json_t *p = json_pack("{s:i, s:s, s:s}", "version", 1, "key", "owner", "value", "mallory");
	must(bn_workspace_append(dan->ws, "model.tag", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(dan->ws, &err));
	ck_assert_uint_eq(team_count(ann, "model.tag", BN_OUTCOME_REFUSED), 1);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_acts_come_in_the_order_of_what_they_answer_whatever_the_clocks)
{
	setup();
	cleo->clock_offset_ms = (int64_t)3600 * 1000; /* cleo's clock is an hour ahead */
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	bob->clock_offset_ms = -(int64_t)3600 * 1000;
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED);
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	must(bn_model_remove_alias(bob->ws, "power", "champion", &err));
	must(bn_version_remove(bob->ws, "power/1", "old", &err));
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_REMOVED);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

/* The uuid of the version of that spec in p's view; "" if there is none. */
static const char *uuid_of(person *p, const char *spec, char uuid[40])
{
	bn_version *v = NULL;
	must(bn_version_get(&v, p->ws, spec, &err));
	snprintf(uuid, 40, "%s", v->uuid);
	bn_version_free(v);
	return uuid;
}

/* p registers power/1, which may exist already. */
static void register_again(person *p, const char *uuid)
{
	char digest[65];
	bn_sha256_hex(uuid, strlen(uuid), digest);
	json_t *r = json_pack("{s:i, s:s, s:i, s:s, s:s, s:[]}", "version", 1, "uuid", uuid,
		"author_uid", (int)p->uid, "digest", digest, "manifest", digest, "files");
	must(bn_authority_append(p->ws, 2, "model.registered", "model/power", r, &err));
	json_decref(r);
	must(bn_workspace_sync(p->ws, &err));
}

static bool is_contested(person *p, const char *spec)
{
	bn_version *v = NULL;
	must(bn_version_get(&v, p->ws, spec, &err));
	bool yes = v->contested != NULL;
	bn_version_free(v);
	return yes;
}

#define DANS "dddddddd-0000-4000-8000-000000000001"

START_TEST(test_registration_dated_back_takes_no_approved_champion_away)
{
	char uuid[40], now[40];
	setup();
	see(dan); /* dan's clock can be set back before records that he has not seen */
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	uuid_of(ann, "power/1", uuid);
	dan->clock_offset_ms = -(int64_t)86400 * 1000;
	register_again(dan, DANS);
	dan->clock_offset_ms = 0;
	for (int i = 0; i < PEOPLE; i++) {
		ck_assert_str_eq(uuid_of(&t.people[i], "power@champion", now), uuid);
		ck_assert_int_eq(team_state(&t.people[i], "power/1"), BN_MODEL_APPROVED);
		ck_assert(is_contested(&t.people[i], "power/1"));
		ck_assert(is_contested(&t.people[i], DANS));
	}
	/* It can be requested, but never gets the number. */
	must(bn_version_request(dan->ws, DANS, NULL, &err));
	/* Acts about it are not acts about the version. */
	bn_verify_report *r = NULL;
	must(bn_version_verify(&r, ann->ws, "power/1", NULL, &err));
	for (size_t i = 0; i < r->count; i++)
		ck_assert_msg(!strstr(r->items[i].what, "by dan"), "%s", r->items[i].what);
	bn_verify_report_free(r);
	must_be(bn_version_may_be_approved(bob->ws, "power/1", NULL, false, &err), BN_ECONFLICT);
	must_be(bn_version_approve(bob->ws, DANS, NULL, false, &err), BN_EREFUSED);
	must_be(bn_version_set_alias(bob->ws, DANS, "champion", &err), BN_EREFUSED);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_contested_number_goes_to_the_one_that_is_approved_in_either_order)
{
	char uuid[40], now[40];
	for (int dans_first = 0; dans_first < 2; dans_first++) {
		setup();
		see(dan);
		team_register(cleo, "power", cleo, "{}");
		must(bn_version_request(cleo->ws, "power/1", NULL, &err));
		uuid_of(ann, "power/1", uuid);
		dan->clock_offset_ms = (dans_first ? -1 : 1) * (int64_t)86400 * 1000;
		register_again(dan, DANS);
		dan->clock_offset_ms = 0;
		see(bob);
		ck_assert_str_eq(uuid_of(bob, "power/1", now), dans_first ? DANS : uuid);
		must(bn_version_approve(bob->ws, uuid, "this one", false, &err));
		for (int i = 0; i < PEOPLE; i++)
			ck_assert_str_eq(uuid_of(&t.people[i], "power/1", now), uuid);
		ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
		team_expect_one_view(&t);
		teardown();
	}
}
END_TEST

START_TEST(test_number_of_an_earlier_epoch_is_never_given_away)
{
	char uuid[40], now[40];
	setup();
	team_register(cleo, "power", cleo, "{}");
	uuid_of(ann, "power/1", uuid);
	person_link(ann, (bn_change[]){person_role(dan, BN_ROLE_REVIEWER, true)}, 1);
	see(dan);
	register_again(dan, DANS);
	must(bn_version_request(dan->ws, DANS, NULL, &err));
	see(bob);
	must_be(bn_version_approve(bob->ws, DANS, NULL, false, &err), BN_EREFUSED);
	ck_assert_str_eq(uuid_of(ann, "power/1", now), uuid);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_claims_that_were_taken_away_or_shut_decide_nothing)
{
	char path[700];
	setup();
	ck_assert_int_eq(team_register(cleo, "power", cleo, "{}"), 1);
	snprintf(path, sizeof path, "%s/.binnacle/claims/model/power/1", t.dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(team_register(dan, "power", dan, "{}"), 2);
	ck_assert(!is_contested(ann, "power/1"));
	snprintf(path, sizeof path,
		"rm -rf '%s/.binnacle/claims/model/power' && : >'%s/.binnacle/claims/"
		"model/power'",
		t.dir, t.dir);
	ck_assert_int_eq(system(path), 0); /* a file in place of the directory */
	ck_assert_int_eq(team_register(cleo, "power", cleo, "{}"), 3);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_alias_that_moved_hundreds_of_times_is_where_it_was_put_last)
{
	enum { MOVES = 500 };
	bn_version *v = NULL;
	char last[70] = "", registration[2][70];
	sqlite3_stmt *st = NULL;
	setup();
	team_register(cleo, "power", cleo, "{}");
	team_register(cleo, "power", cleo, "{}");
	see(bob);
	must(bn_sql_prepare(&st, bn_workspace_index(bob->ws), &err,
		"SELECT registration FROM model_version ORDER BY version", ""));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(bn_sql_step(st, &err), 1);
		snprintf(registration[i], 70, "%s", (const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	/* Each record answers the one before, whose id is known after it was folded. */
	for (int i = 0; i < MOVES; i++) {
		json_t *p = json_pack("{s:i, s:s, s:[s, s]}", "version", 1 + i % 2, "alias", "best",
			"answers", registration[i % 2], last[0] ? last : registration[i % 2]);
		must(bn_authority_append(bob->ws, 2, "model.alias", "model/power", p, &err));
		json_decref(p);
		must(bn_workspace_sync(bob->ws, &err));
		st = NULL;
		must(bn_sql_prepare(&st, bn_workspace_index(bob->ws), &err,
			"SELECT id FROM model_last WHERE subject = 'alias/best'", ""));
		ck_assert_int_eq(bn_sql_step(st, &err), 1);
		snprintf(last, sizeof last, "%s", (const char *)sqlite3_column_text(st, 0));
		sqlite3_finalize(st);
	}
	must(bn_version_get(&v, ann->ws, "power@best", &err));
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_act_says_at_once_that_it_has_no_effect)
{
	setup();
	team_register(cleo, "power", cleo, "{}");
	see(bob); /* bob's view ends here: he does not know the next record */
	must(bn_version_request(cleo->ws, "power/1", NULL, &err));
	must_be(bn_version_set_alias(cleo->ws, "power/1", "champion", &err), BN_EREFUSED);
	must_be(bn_version_set_alias(bob->ws, "power/1", "champion", &err), BN_EREFUSED);
	/* A record that answers nothing has no effect either. */
	json_t *p = json_pack("{s:i, s:s, s:[]}", "version", 1, "alias", "best", "answers");
	must(bn_authority_append(bob->ws, 2, "model.alias", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(bob->ws, &err));
	ck_assert_uint_eq(team_count(ann, "model.alias", BN_OUTCOME_INVALID), 1);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/registry/registry_chain",
	test_version_goes_from_registered_to_champion_under_the_chain,
	test_alias_dated_2056_is_taken_back_by_the_next_one,
	test_act_dated_back_before_a_revocation_is_late,
	test_rejection_beats_an_approval_that_answers_the_same_request,
	test_unsigned_and_strangers_events_change_nothing,
	test_acts_come_in_the_order_of_what_they_answer_whatever_the_clocks,
	test_registration_dated_back_takes_no_approved_champion_away,
	test_contested_number_goes_to_the_one_that_is_approved_in_either_order,
	test_number_of_an_earlier_epoch_is_never_given_away,
	test_claims_that_were_taken_away_or_shut_decide_nothing,
	test_alias_that_moved_hundreds_of_times_is_where_it_was_put_last,
	test_act_says_at_once_that_it_has_no_effect)
