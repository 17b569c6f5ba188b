/* test_bots_arrival.c - a bot is the same for all readers, in any order of arrival of its person's records. */
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/bots.h"
#include "core/govern/key.h"
#include "tests/support/arrival.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <string.h>

enum { ORDERS = 8 };

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];
static bn_err err = BN_ERR_INIT;

/* Adds a bot and returns its key; yours. */
static bn_key *bot_add(person *p, const char *name)
{
	static const char *const verbs[] = {"tag", NULL}, *const all[] = {"*", NULL};
	const bn_bot_wish wish = {.name = name, .verbs = verbs, .patterns = all, .until_ms = -1};
	char path[400];
	bn_key *key = NULL;
	snprintf(path, sizeof path, "%s/%s.pem", t.dir, name);
	ck_assert_bn_ok(bn_key_create(&key, &p->env, path, &err), &err);
	ck_assert_bn_ok(bn_bot_add(p->ws, key, &wish, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(p->ws, &err), &err);
	return key;
}

START_TEST(test_bot_counts_once_what_a_horizon_names_behind_it_has_come)
{
	team_make_signed(&t, registry_team_classes);
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	ck_assert_bn_ok(bn_workspace_refresh(cleo->ws, NULL, &err), &err);
	bn_key_free(bot_add(cleo, "nightly"));
	team_register(cleo, "power", cleo, "{}");
	ck_assert_bn_ok(bn_workspace_seal(cleo->ws, &err), &err);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	person_reopen(&t, dan, true);
	char *expected = person_dump(dan);
	ck_assert_ptr_nonnull(strstr(expected, "\"nightly\""));
	arrival_try_orders(&t, dan, expected, ORDERS);
	bn_free(expected);
	team_remove(&t);
}
END_TEST

#define RUN "0000000000000000000000000000000b"

START_TEST(test_run_of_a_bot_is_its_persons_work_for_all_readers)
{
	bn_signer signer;
	team_make_signed(&t, registry_team_classes);
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo),
			person_role(bob, BN_ROLE_REVIEWER, true)},
		3);
	ck_assert_bn_ok(bn_workspace_refresh(bob->ws, NULL, &err), &err);
	bn_key *key = bot_add(bob, "nightly");
	bn_key_signer(&signer, key); /* used on another machine, by another account */
	ck_assert_bn_ok(bn_workspace_set_signer(dan->ws, &signer, &err), &err);
	team_run(dan, RUN);
	team_register_run(cleo, "power", dan, RUN, "{}");
	ck_assert_bn_ok(bn_version_request(cleo->ws, "power/1", NULL, &err), &err);
	ck_assert_int_eq(bn_version_approve(bob->ws, "power/1", NULL, false, &err), BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_approve(ann->ws, "power/1", NULL, false, &err), &err);
	for (int i = 0; i < PEOPLE; i++)
		ck_assert_bn_ok(bn_workspace_seal(t.people[i].ws, &err), &err);
	person_reopen(&t, ann, true);
	char *expected = person_dump(ann);
	arrival_try_orders(&t, ann, expected, ORDERS);
	bn_free(expected);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/govern/bots_arrival", test_run_of_a_bot_is_its_persons_work_for_all_readers,
	test_bot_counts_once_what_a_horizon_names_behind_it_has_come)
