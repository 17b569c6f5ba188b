/* test_people.c - which person or requesting key a word refers to. */
#include "core/govern/people.h"

#include "core/base/hash.h"
#include "core/govern/authority.h"
#include "core/govern/identity.h"
#include "core/govern/key.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"

#include <string.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, NULL};
static bn_err err = BN_ERR_INIT;
static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2];

static const char *print_of(person *p, char print[25])
{
	uint8_t key[BN_CHAIN_ID_BYTES];
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	person_key(p, key);
	bn_hex(key, sizeof key, hex);
	bn_key_fingerprint(hex, print);
	return print;
}

static bn_people *people_of(person *p)
{
	bn_people *all;
	ck_assert_bn_ok(bn_people_read(&all, p->ws, &err), &err);
	return all;
}

START_TEST(test_name_that_looks_like_another_fingerprint_is_not_taken_for_that_key)
{
	char bobs[25], cleos[25];
	const bn_request_row *asks;
	team_make_signed(&t, classes);
	print_of(bob, bobs);
	print_of(cleo, cleos);
	ck_assert_int_eq(bn_people_request(bob->ws, NULL, &err), 1);
	ck_assert_int_eq(bn_people_request(cleo->ws, bobs, &err), 1);
	bn_people *p = people_of(ann);
	ck_assert_uint_eq(p->n_requests, 2);
	ck_assert_bn_ok(bn_people_find_request(&asks, p, bobs, &err), &err);
	ck_assert_str_eq(asks->key.print, bobs);
	ck_assert_bn_ok(bn_people_find_request(&asks, p, cleos, &err), &err);
	ck_assert_str_eq(asks->key.print, cleos);
	bn_people_free(p);
	team_remove(&t);
}
END_TEST

START_TEST(test_name_of_the_digits_of_another_key_means_several)
{
	char bobs[25];
	const bn_request_row *asks;
	team_make_signed(&t, classes);
	print_of(bob, bobs);
	const char *digits = strchr(bobs, ':') + 1;
	ck_assert_int_eq(bn_people_request(bob->ws, NULL, &err), 1);
	ck_assert_int_eq(bn_people_request(cleo->ws, digits, &err), 1);
	bn_people *p = people_of(ann);
	ck_assert_int_eq(bn_people_find_request(&asks, p, digits, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_people_find_request(&asks, p, bobs, &err), &err);
	ck_assert_str_eq(asks->key.print, bobs);
	bn_people_free(p);
	team_remove(&t);
}
END_TEST

START_TEST(test_person_who_is_called_like_another_fingerprint_is_not_taken_for_that_person)
{
	char bobs[25];
	const bn_person_row *who;
	team_make_signed(&t, classes);
	print_of(bob, bobs);
	bn_change called = person_admitted(cleo);
	called.text = bobs;
	person_link(ann, (bn_change[]){person_admitted(bob), called}, 2);
	bn_people *p = people_of(ann);
	ck_assert_uint_eq(p->count, 3);
	ck_assert_bn_ok(bn_people_find(&who, p, bobs, &err), &err);
	ck_assert_str_eq(who->name, "bob");
	bn_people_free(p);
	team_remove(&t);
}
END_TEST

/* With more requests of bob's account than are listed, his own is not in the list, but is found by its fingerprint. */
START_TEST(test_request_is_found_by_its_fingerprint_however_many_others_there_are)
{
	char bobs[25];
	const bn_request_row *asks;
	sqlite3 *db;
	team_make_signed(&t, classes);
	print_of(bob, bobs);
	ck_assert_int_eq(bn_people_request(bob->ws, NULL, &err), 1);
	ck_assert_bn_ok(bn_workspace_read(&db, ann->ws, &err), &err);
	ck_assert_bn_ok(bn_sql_run(db, &err,
				"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
				"WHERE i < 1500) "
				"INSERT INTO authority_request SELECT randomblob(32), "
				"randomblob(32), 'x', 'h', "
				"'x', 1, ?, 4000000000000 + i, 1, 1000000 + i FROM n",
				"i", (int64_t)bob->uid),
		&err);
	bn_people *p = people_of(ann);
	ck_assert(p->has_more);
	ck_assert_int_eq(bn_people_find_request(&asks, p, bobs, NULL), BN_ENOTFOUND);
	ck_assert_bn_ok(bn_people_add_request(p, ann->ws, bobs, &err), &err);
	ck_assert_bn_ok(bn_people_find_request(&asks, p, bobs, &err), &err);
	ck_assert_str_eq(asks->key.print, bobs);
	bn_people_free(p);
	team_remove(&t);
}
END_TEST

static bool has_signed_what_waits(person *p)
{
	bn_link_list *l;
	ck_assert_bn_ok(bn_links_read(&l, p->ws, &err), &err);
	ck_assert(l->items[0].waits);
	ck_assert(!strncmp(l->items[0].words, "waits for ", 10));
	bool mine = l->items[0].mine;
	bn_links_free(l);
	return mine;
}

/* Four admins; links need three signers. */
START_TEST(test_who_has_signed_a_waiting_link_is_not_asked_again)
{
	uint8_t id[BN_CHAIN_ID_BYTES];
	team_make_signed(&t, classes);
	person *const dan = &t.people[3];
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan),
			person_role(bob, BN_ROLE_ADMIN, true),
			person_role(cleo, BN_ROLE_ADMIN, true),
			person_role(dan, BN_ROLE_ADMIN, true)},
		6);
	json_t *policy = json_pack("{s:{s:i}}", "links", "signers", 3);
	ck_assert_int_eq(bn_people_set_policy(ann->ws, policy, NULL, id, &err), BN_LINK_TAKEN);
	ck_assert_int_eq(bn_people_set_policy(ann->ws, policy, "again", id, &err), BN_LINK_WAITS);
	json_decref(policy);
	ck_assert(has_signed_what_waits(ann) && !has_signed_what_waits(bob));
	ck_assert_int_eq(bn_authority_cosign(bob->ws, id, &err), BN_LINK_WAITS);
	ck_assert(has_signed_what_waits(bob) && !has_signed_what_waits(cleo));
	ck_assert_int_eq(bn_authority_cosign(cleo->ws, id, &err), BN_LINK_TAKEN);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/govern/people",
	test_name_that_looks_like_another_fingerprint_is_not_taken_for_that_key,
	test_name_of_the_digits_of_another_key_means_several,
	test_person_who_is_called_like_another_fingerprint_is_not_taken_for_that_person,
	test_request_is_found_by_its_fingerprint_however_many_others_there_are,
	test_who_has_signed_a_waiting_link_is_not_asked_again)
