/* test_registry_crossing.c - acts that cross, and records that no program writes: the same rows in any order of
 * arrival, whether records arrive together or one by one. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "tests/support/arrival.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <stdlib.h>
#include <string.h>

enum { ORDERS = 8, BEFORE_MS = -60 * 1000 };

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];
static bn_err err = BN_ERR_INIT;

static void setup(void)
{
	team_make_signed(&t, registry_team_classes);
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_ADMIN, true)}, 1);
}

/* Seals all logs; afterwards all views are complete. */
static void see_all(void)
{
	for (int i = 0; i < PEOPLE; i++) {
		ck_assert_bn_ok(bn_workspace_seal(t.people[i].ws, &err), &err);
		ck_assert_bn_ok(bn_workspace_refresh(t.people[i].ws, NULL, &err), &err);
	}
}

/* The last segments of all writers arrive at once, at a reader that has the others. */
static void try_last_at_once(const char *expected)
{
	static arrival_piece pieces[64];
	size_t n = arrival_list(&t, pieces, 64);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || strcmp(pieces[i].writer, pieces[i + 1].writer) != 0)
			arrival_hide(&t, &pieces[i], true);
	person_reopen(&t, bob, true);
	ck_assert_bn_ok(bn_workspace_refresh(bob->ws, NULL, &err), &err);
	arrival_show_all(&t, pieces, n);
	char *got = person_dump(bob);
	size_t at = 0;
	while (got[at] && got[at] == expected[at])
		at++;
	ck_assert_msg(!got[at] && !expected[at], "at once:\n got %.300s\n expected %.300s",
		got + at, expected + at);
	bn_free(got);
}

static void expect_same_rows(void)
{
	see_all();
	person_reopen(&t, dan, true);
	char *expected = person_dump(dan);
	try_last_at_once(expected);
	arrival_try_orders(&t, dan, expected, ORDERS);
	bn_free(expected);
	team_remove(&t);
}

/* Signs without reading first, with a clock that is wrong by offset_ms. */
static void sign(person *p, const char *kind, const char *model, int64_t offset_ms, json_t *payload)
{
	p->clock_offset_ms = offset_ms;
	ck_assert_bn_ok(bn_authority_append(p->ws, 2, kind, model, payload, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(p->ws, &err), &err);
	p->clock_offset_ms = 0;
	json_decref(payload);
}

static const char *registration_of(person *p, const char *model, int64_t version)
{
	static char ids[4][65];
	static int next;
	char *id = ids[next++ % 4];
	sqlite3_stmt *st = NULL;
	ck_assert_bn_ok(bn_sql_prepare(&st, bn_workspace_index(p->ws), &err,
				"SELECT registration FROM model_version WHERE name = ? AND version "
				"= ?",
				"si", model, version),
		&err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	snprintf(id, 65, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return id;
}

static json_t *registration(person *p, const char *uuid)
{
	char digest[65];
	bn_sha256_hex(uuid, strlen(uuid), digest);
	return json_pack("{s:i, s:s, s:i, s:s, s:s, s:[]}", "version", 1, "uuid", uuid,
		"author_uid", (int)p->uid, "digest", digest, "manifest", digest, "files");
}

static json_t *tag(int version, const char *value, const char *first, const char *second)
{
	json_t *answers = json_pack("[s]", first);
	if (second)
		json_array_append_new(answers, json_string(second));
	return json_pack("{s:i, s:s, s:s, s:o}", "version", version, "key", "place", "value", value,
		"answers", answers);
}

START_TEST(test_first_registrations_of_a_number_hold_it_by_their_clocks)
{
	setup();
	see_all();
	sign(cleo, "model.registered", "model/power", 0,
		registration(cleo, "cccccccc-0000-4000-8000-000000000001"));
	sign(dan, "model.registered", "model/power", BEFORE_MS,
		registration(dan, "dddddddd-0000-4000-8000-000000000001"));
	expect_same_rows();
}
END_TEST

START_TEST(test_removal_that_crosses_a_tag_comes_before_it_for_all)
{
	setup();
	team_register(ann, "power", ann, "{}");
	see_all();
	const char *id = registration_of(ann, "power", 1);
	ck_assert_bn_ok(bn_version_set_tag(ann->ws, "power/1", "place", "a", &err), &err);
	see_all();
	ck_assert_bn_ok(bn_version_set_tag(ann->ws, "power/1", "place", "b", &err), &err);
	sign(bob, "model.removed", "model/power", 0,
		json_pack("{s:i, s:[s]}", "version", 1, "answers", id));
	expect_same_rows();
}
END_TEST

START_TEST(test_tags_that_answer_another_version_first_end_as_one)
{
	setup();
	team_register(cleo, "power", cleo, "{}");
	team_register(cleo, "power", cleo, "{}");
	see_all();
	const char *one = registration_of(ann, "power", 1), *two = registration_of(ann, "power", 2);
	sign(cleo, "model.tag", "model/power", 0, tag(2, "cleo", one, two));
	sign(dan, "model.tag", "model/power", BEFORE_MS, tag(2, "dan", one, two));
	expect_same_rows();
}
END_TEST

START_TEST(test_tags_of_the_model_that_answer_a_version_end_as_one)
{
	setup();
	team_register(cleo, "power", cleo, "{}");
	see_all();
	const char *one = registration_of(ann, "power", 1);
	sign(cleo, "model.tag", "model/power", 0, tag(0, "cleo", one, NULL));
	sign(dan, "model.tag", "model/power", BEFORE_MS, tag(0, "dan", one, NULL));
	expect_same_rows();
}
END_TEST

START_TEST(test_record_that_answers_one_of_another_model_counts_for_nobody)
{
	setup();
	team_register(dan, "power", dan, "{}");
	see_all();
	json_t *r = registration(cleo, "cccccccc-0000-4000-8000-000000000001");
	json_object_set_new(r, "answers", json_pack("[s]", registration_of(ann, "power", 1)));
	sign(cleo, "model.registered", "model/other", 0, r);
	expect_same_rows();
}
END_TEST

BN_TEST_MAIN("core/registry/registry_crossing",
	test_first_registrations_of_a_number_hold_it_by_their_clocks,
	test_removal_that_crosses_a_tag_comes_before_it_for_all,
	test_tags_that_answer_another_version_first_end_as_one,
	test_tags_of_the_model_that_answer_a_version_end_as_one,
	test_record_that_answers_one_of_another_model_counts_for_nobody)
