/* test_chain.c - which links of authority hold: the conditions for a valid one, and the choice among several. */
#include "tests/support/chain_world.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>

static chain_world w;
static char text[65536], words[512];

/* Founder A makes B and C admins. */
static void three(void)
{
	world_init(&w, "A");
	world_link(&w, "b", "0", "A", "+B");
	world_link(&w, "c", "b", "A", "+C");
}

static void five(void)
{
	three();
	world_link(&w, "d", "c", "A", "+D");
	world_link(&w, "e", "d", "A", "+E");
}

#define ck_chain(expected) ck_assert_str_eq(world_chain(&w, text, sizeof text), expected)
#define ck_admins(expected) ck_assert_str_eq(world_admins(&w, text, sizeof text), expected)
#define ck_standing(id, expected) \
	ck_assert_str_eq( \
		bn_chain_standing_name(world_standing(&w, id, words, sizeof words)), expected)
#define ck_invalid(id, part) \
	do { \
		ck_standing(id, "invalid"); \
		ck_assert_msg(strstr(words, part) != NULL, "%s: %s", id, words); \
	} while (0)

/* ---- validity ------------------------------------------------------------------------------- */

START_TEST(test_a_history_in_a_row_is_chosen_and_asks_for_no_acts)
{
	three();
	ck_chain("b c");
	ck_admins("A B C");
	ck_assert_uint_eq(w.asked, 0);
	ck_standing("c", "chosen");
	world_release(&w);
}
END_TEST

START_TEST(test_a_number_that_does_not_fit_prev_is_invalid)
{
	three();
	world_link(&w, "x", "c", "A", "n:4");
	world_link(&w, "y", "c", "A", "n:2");
	ck_invalid("x", "it says it is link 4, where link 3 comes");
	ck_invalid("y", "it says it is link 2");
	ck_chain("b c");
	world_release(&w);
}
END_TEST

START_TEST(test_strangers_and_developers_sign_no_link_and_harm_none)
{
	three();
	world_link(&w, "d", "c", "A X Y D", "person:D");
	world_link(&w, "x", "d", "X", "person:X");
	world_link(&w, "y", "d", "D A B C", "person:X");
	ck_chain("b c d");
	ck_invalid("x", "is no admin there");
	ck_invalid("y", "is no admin there");
	world_release(&w);
}
END_TEST

START_TEST(test_a_removed_admin_is_no_author_any_more)
{
	three();
	world_link(&w, "r", "c", "A", "remove:C");
	world_link(&w, "x", "r", "C", "person:X");
	ck_invalid("x", "is no admin there");
	ck_admins("A B");
	world_release(&w);
}
END_TEST

START_TEST(test_the_policy_says_how_many_admins_sign_and_a_majority_is_enough)
{
	five();
	world_link(&w, "p", "e", "A", "policy:2");
	world_link(&w, "x", "p", "B", "person:X");
	world_link(&w, "y", "p", "B B B", "person:X");
	world_link(&w, "z", "p", "B D", "person:X policy:64");
	world_link(&w, "zz", "z", "B D", "person:Y");
	world_link(&w, "zzz", "z", "B D C", "person:Y");
	ck_invalid("x", "waits for 1 more signature of an admin");
	ck_invalid("y", "waits for 1 more signature of an admin");
	ck_invalid("zz", "waits for 1 more signature of an admin");
	ck_chain("b c d e p z zzz");
	world_release(&w);
}
END_TEST

START_TEST(test_two_keys_of_one_person_are_one_signer)
{
	three();
	world_link(&w, "k", "c", "C", "key:C:C2 key:C:C3");
	world_link(&w, "x", "k", "C C2 C3", "remove:A");
	world_link(&w, "p", "k", "B", "policy:2");
	world_link(&w, "y", "p", "C2 C C3", "person:X");
	ck_invalid("x", "needs a more senior admin or 2 admins, 1 signed");
	ck_invalid("y", "waits for 1 more signature of an admin");
	world_release(&w);
}
END_TEST

START_TEST(test_seniors_majorities_and_oneself_remove_an_admin)
{
	five();
	world_link(&w, "x", "e", "C", "remove:B");
	world_link(&w, "x2", "e", "C D", "unadmin:B");
	world_link(&w, "x3", "e", "B", "cut:A:w:0");
	world_link(&w, "s", "e", "B", "remove:C");
	world_link(&w, "m", "s", "D E B", "remove:A");
	world_link(&w, "o", "m", "E", "unadmin:E");
	ck_invalid("x",
		"what it does to B, an admin, needs a more senior admin or 3 admins, 1 signed");
	ck_invalid("x2", "needs a more senior admin or 3 admins, 2 signed");
	ck_invalid("x3", "what it does to A");
	ck_chain("b c d e s m o");
	ck_admins("B D");
	world_release(&w);
}
END_TEST

START_TEST(test_of_two_admins_the_junior_one_removes_nobody)
{
	world_init(&w, "A");
	world_link(&w, "b", "0", "A", "+B");
	world_link(&w, "x", "b", "B", "remove:A");
	ck_invalid("x", "needs a more senior admin or 2 admins");
	world_link(&w, "y", "b", "A", "remove:B");
	ck_chain("b y");
	world_release(&w);
}
END_TEST

START_TEST(test_one_admin_does_not_make_the_majority_that_removes_his_seniors)
{
	three();
	world_link(&w, "x", "c", "C", "+X +Y +Z");
	world_link(&w, "x2", "x", "C X Y Z", "remove:A");
	ck_invalid("x", "only the most senior admin or a majority of the admins makes X an admin");
	ck_standing("x2", "beside");
	world_link(&w, "d", "c", "C B", "+D");
	ck_chain("b c d");
	world_release(&w);
}
END_TEST

START_TEST(test_a_key_is_added_to_an_admin_by_himself_alone)
{
	three();
	world_link(&w, "x", "c", "A", "key:B:X");
	world_link(&w, "x2", "c", "A C", "key:B:X");
	ck_invalid("x", "B is an admin, and adds own keys");
	ck_invalid("x2", "B is an admin, and adds own keys");
	world_link(&w, "k", "c", "B", "key:B:B2");
	world_link(&w, "l", "k", "B2", "revoke:B");
	world_link(&w, "m", "l", "B2 C", "remove:A");
	ck_chain("b c k l m");
	world_link(&w, "p", "m", "C", "person:P key:P:P2"); /* not an admin's key */
	ck_chain("b c k l m p");
	world_release(&w);
}
END_TEST

START_TEST(test_a_promoted_again_admin_is_the_most_junior_one)
{
	three();
	world_link(&w, "r", "c", "A", "unadmin:B");
	world_link(&w, "s", "r", "A", "admin:B");
	ck_admins("A C B");
	world_link(&w, "x", "s", "B", "remove:C");
	ck_invalid("x", "what it does to C");
	world_link(&w, "t", "s", "C", "remove:B");
	ck_chain("b c r s t");
	world_release(&w);
}
END_TEST

START_TEST(test_the_founder_is_removed_by_a_majority_and_the_last_admin_by_nobody)
{
	three();
	world_link(&w, "r", "c", "B C", "remove:A");
	world_link(&w, "s", "r", "B", "remove:C");
	world_link(&w, "x", "s", "B", "remove:B");
	ck_chain("b c r s");
	ck_admins("B");
	ck_invalid("x", "it leaves no admin");
	world_link(&w, "y", "s", "B", "person:A +D remove:B admin:A");
	ck_admins("D A");
	world_release(&w);
}
END_TEST

START_TEST(test_changes_that_make_no_sense_are_invalid_with_words)
{
	static const struct {
		const char *changes, *part;
	} rows[] = {
		{"person:B", "change 1 (person): B is already admitted"},
		{"person:Y key:Y:B", "change 2 (key): B: that key has an owner"},
		{"person:Y person:B2 remove:B2 key:B:B2", "B is an admin"},
		{"key:Q:Q2", "key 5100000000000000 is not admitted"},
		{"admin:B", "B has that role"},
		{"unreviewer:B", "B does not have that role"},
		{"reviewer:B unreviewer:B unreviewer:B",
			"change 3 (role): B does not have that role"},
		{"revoke:B", "B has no other key: remove the person"},
		{"revoke:Q", "that key belongs to nobody"},
		{"remove:Q", "is not admitted"},
		{"remove:C remove:C", "change 2 (remove): C is not admitted"},
		{"policy:0", "a policy cannot ask for 0 signers"},
		{"policy:65", "a policy cannot ask for 65 signers"},
		{"person:Y key:Y:Y2 revoke:Y2 key:Y:Y2",
			"that key was revoked, and cannot come back"},
		{"person:Y key:Y:Y2 revoke:Y remove:Y person:Y", "that key was revoked"},
		{"restored", "to restore needs 2 admins, 1 signed"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		three();
		world_link(&w, "x", "c", "A", rows[i].changes);
		ck_invalid("x", rows[i].part);
		ck_chain("b c");
		world_release(&w);
	}
}
END_TEST

START_TEST(test_a_removed_person_is_admitted_again_with_the_same_key)
{
	three();
	world_link(&w, "k", "c", "C", "key:C:C2");
	world_link(&w, "r", "k", "A", "remove:C");
	world_link(&w, "s", "r", "A", "person:C");
	world_link(&w, "t", "s", "A", "person:C2"); /* now another person's key */
	ck_chain("b c k r s t");
	ck_admins("A B");
	world_release(&w);
}
END_TEST

START_TEST(test_a_horizon_falls_only_when_a_majority_restores)
{
	three();
	world_link(&w, "h", "c", "A", "head:w:10:x head:v:3:y");
	world_link(&w, "x", "h", "A", "head:w:9:z");
	world_link(&w, "x2", "h", "A", "head:w:10:z");
	world_link(&w, "i", "h", "B", "head:w:12:q");
	world_link(&w, "x3", "i", "B", "head:v:2:y");
	ck_invalid("x", "writer 'w' is record 9, an earlier link says 10");
	ck_invalid("x2", "names another chain hash for record 10");
	ck_invalid("x3", "writer 'v' is record 2, an earlier link says 3");
	world_link(&w, "r", "i", "B C", "restored head:w:2:n");
	world_link(&w, "s", "r", "A", "head:w:5:n");
	ck_chain("b c h i r s");
	world_release(&w);
}
END_TEST

START_TEST(test_sixty_four_admins_and_no_more)
{
	char id[16], prev[16] = "0", change[32];
	world_init(&w, "A");
	for (int i = 1; i < BN_CHAIN_ADMINS_MAX; i++) {
		snprintf(id, sizeof id, "l%d", i);
		snprintf(change, sizeof change, "+N%d", i);
		world_link(&w, id, prev, "A", change);
		memcpy(prev, id, sizeof prev);
	}
	world_link(&w, "x", prev, "A", "+TooMany");
	ck_invalid("x", "TooMany would be one admin too many");
	world_release(&w);
}
END_TEST

/* ---- the recovery key ----------------------------------------------------------------------- */

static void with_recovery(void)
{
	world_init(&w, "A");
	w.root.has_recovery = true;
	world_bytes(w.root.recovery, "R");
}

START_TEST(test_the_recovery_key_replaces_a_lone_founder)
{
	with_recovery();
	world_link(&w, "p", "0", "A", "policy:3");
	world_link(&w, "r", "p", "R", "+N remove:A");
	ck_chain("p r");
	ck_admins("N");
	world_link(&w, "n", "r", "N", "person:P");
	ck_chain("p r n");
	world_release(&w);
}
END_TEST

START_TEST(test_the_recovery_key_adds_no_key_to_an_admin_and_restores_nothing)
{
	with_recovery();
	world_link(&w, "x", "0", "R", "key:A:X");
	world_link(&w, "y", "0", "R", "restored");
	world_link(&w, "z", "0", "A", "person:R");
	ck_invalid("x", "A is an admin, and adds own keys");
	ck_invalid("y", "to restore needs 1 admins, 0 signed");
	ck_invalid("z", "that key has an owner");
	world_release(&w);
}
END_TEST

START_TEST(test_the_recovery_key_counts_in_no_majority)
{
	with_recovery();
	world_link(&w, "b", "0", "A", "+B");
	world_link(&w, "c", "b", "A", "+C");
	world_link(&w, "x", "c", "C", "remove:B");
	ck_invalid("x", "2 admins, 1 signed");
	world_link(&w, "m", "c", "C B", "remove:A revoke:R"); /* 2 of 3, without R */
	ck_chain("b c m");
	world_link(&w, "y", "m", "R", "+N");
	ck_invalid("y", "is no admin there");
	world_link(&w, "z", "m", "C", "person:R");
	ck_invalid("z", "that key was revoked");
	world_release(&w);
}
END_TEST

START_TEST(test_a_stolen_recovery_key_loses_every_fork)
{
	with_recovery();
	world_link(&w, "b", "0", "A", "+B");
	world_link(&w, "c", "b", "B", "person:P");
	world_link(&w, "000", "b", "R", "+X remove:A remove:B");
	world_link(&w, "001", "000", "X", "person:A person:B");
	world_link(&w, "00", "0", "R", "+X remove:A");
	ck_chain("b c");
	ck_standing("00", "outnumbered");
	ck_standing("000", "junior");
	world_release(&w);
}
END_TEST

START_TEST(test_the_recovery_key_decides_between_two_histories_of_a_lone_founder)
{
	with_recovery();
	world_link(&w, "b", "0", "A", "+B");
	world_link(&w, "c", "b", "A B", "person:P");
	world_link(&w, "a", "0", "A", "+X");
	world_link(&w, "aa", "a", "A X", "person:P");
	ck_chain("a aa"); /* no other signer: the smaller id */
	world_act_add(&w, "R", "b");
	ck_chain("b c");
	world_release(&w);
}
END_TEST

/* ---- forks ---------------------------------------------------------------------------------- */

START_TEST(test_of_two_concurrent_links_the_more_senior_admins_is_kept)
{
	three();
	world_link(&w, "1", "c", "C", "person:P");
	world_link(&w, "2", "c", "B", "person:Q");
	ck_chain("b c 2");
	ck_standing("1", "junior");
	ck_assert_ptr_nonnull(strstr(words, "beaten by link 3 (3200000000000000) of B"));
	ck_assert_uint_gt(w.asked, 0);
	world_release(&w);
}
END_TEST

START_TEST(test_of_two_links_of_one_admin_the_smaller_id_is_kept)
{
	three();
	world_link(&w, "2", "c", "B", "person:P");
	world_link(&w, "1", "c", "B", "person:Q");
	ck_chain("b c 1");
	ck_standing("2", "larger");
	world_release(&w);
}
END_TEST

START_TEST(test_what_most_admins_worked_under_is_not_undone_by_the_founder)
{
	three();
	world_link(&w, "h", "c", "B", "person:P");
	world_act_add(&w, "C", "h");
	world_link(&w, "0f", "c", "A", "remove:B remove:C");
	ck_chain("b c h");
	ck_standing("0f", "outnumbered");
	world_release(&w);
}
END_TEST

START_TEST(test_a_fork_at_an_old_link_with_a_smaller_id_undoes_no_removal)
{
	three();
	world_link(&w, "r", "c", "B C", "remove:A");
	world_link(&w, "s", "r", "B", "person:P");
	world_link(&w, "00", "c", "A", "remove:B remove:C");
	world_link(&w, "01", "b", "A", "remove:B");
	world_link(&w, "02", "00", "A", "+X +Y +Z");
	ck_chain("b c r s");
	ck_standing("00", "outnumbered");
	ck_standing("02", "beside");
	world_release(&w);
}
END_TEST

START_TEST(test_the_removed_one_cannot_drop_the_removal_by_signing_it_and_another)
{
	/* The first version of rule 5 dropped a link if any of its signers had signed under a sibling. */
	three();
	world_link(&w, "r", "c", "A", "remove:C");
	world_link(&w, "00", "c", "C", "person:X");
	world_sign(&w, "r", "C");
	world_act_add(&w, "C", "00");
	ck_chain("b c r");
	ck_standing("00", "outnumbered");
	world_release(&w);
}
END_TEST

START_TEST(test_a_removal_by_a_senior_deeper_in_a_branch_beats_the_removed_ones_fork)
{
	/* The branch begins with a junior's link, but the senior who removes B signed in it. */
	five();
	world_link(&w, "h", "e", "E", "person:P");
	world_link(&w, "r", "h", "A", "remove:B");
	world_link(&w, "00", "e", "B", "remove:E");
	ck_chain("b c d e h r");
	ck_standing("00", "junior");
	world_release(&w);
}
END_TEST

START_TEST(test_whoever_worked_under_a_branch_lends_no_other_his_seniority)
{
	three();
	world_link(&w, "h", "c", "C", "person:P");
	world_act_add(&w, "A", "h");
	world_act_add(&w, "A", "00");
	world_link(&w, "00", "c", "A", "person:X");
	ck_chain("b c h"); /* a majority: A and C */
	world_link(&w, "i", "h", "B", "person:Q");
	world_link(&w, "01", "h", "A", "person:Q"); /* only A is in 01, and B in i */
	world_act_add(&w, "A", "i");
	ck_chain("b c h i");
	world_release(&w);
}
END_TEST

START_TEST(test_two_majorities_are_decided_by_who_stands_in_one_alone)
{
	/* B and C acted under h, and then sign another history from before it: A decides. */
	three();
	world_link(&w, "h", "c", "A", "person:P");
	world_act_add(&w, "B", "h");
	world_act_add(&w, "C", "h");
	world_link(&w, "00", "c", "B C", "remove:A");
	ck_chain("b c h");
	ck_standing("00", "junior");
	world_release(&w);
}
END_TEST

START_TEST(test_keys_given_to_others_in_a_fork_make_no_majority_there)
{
	three();
	world_link(&w, "h", "c", "B", "person:P");
	world_act_add(&w, "C", "h");
	world_link(&w, "00", "c", "A", "unadmin:B unadmin:C key:B:X key:C:Y admin:B admin:C");
	world_link(&w, "01", "00", "X Y A", "person:Z");
	ck_chain("b c h");
	world_release(&w);
}
END_TEST

START_TEST(test_a_removed_and_admitted_again_admin_does_not_stand_for_the_old_one)
{
	three();
	world_link(&w, "00", "c", "A", "remove:B");
	world_link(&w, "01", "00", "A", "person:B admin:B");
	world_act_add(&w, "B", "01");
	world_link(&w, "h", "c", "C", "person:P");
	ck_chain("b c 00 01"); /* by seniority: A is there alone, which is not a majority */
	ck_standing("h", "junior");
	world_act_add(&w, "B", "h");
	ck_standing("00", "outnumbered");
	world_release(&w);
}
END_TEST

START_TEST(test_acts_under_invalid_links_and_of_strangers_stand_for_nothing)
{
	three();
	world_link(&w, "1", "c", "C", "person:P");
	world_link(&w, "x", "1", "X", "person:X");
	world_act_add(&w, "A", "x");
	world_act_add(&w, "X", "1");
	world_act_add(&w, "A", "nowhere");
	world_link(&w, "2", "c", "B", "person:Q");
	ck_chain("b c 2");
	world_release(&w);
}
END_TEST

START_TEST(test_late_signatures_make_a_link_valid_but_win_no_old_fork)
{
	three();
	world_link(&w, "p", "c", "A", "policy:2");
	world_link(&w, "00", "p", "C", "person:X");
	world_link(&w, "h", "p", "A B", "person:P");
	world_link(&w, "r", "h", "A B", "remove:C");
	ck_invalid("00", "more signature");
	world_sign(&w, "00", "B");
	ck_chain("b c p h r");
	ck_standing("00", "junior"); /* two signers each; A is in h only */
	world_release(&w);
}
END_TEST

/* ---- what is not whole ---------------------------------------------------------------------- */

START_TEST(test_links_whose_prev_is_missing_are_orphans_until_it_comes)
{
	three();
	world_link(&w, "e", "d", "A", "n:4 person:P");
	world_link(&w, "f", "e", "A", "person:Q");
	ck_standing("e", "orphan");
	ck_standing("f", "orphan");
	ck_chain("b c");
	world_link(&w, "d", "c", "A", "person:R");
	ck_chain("b c d e f");
	world_release(&w);
}
END_TEST

START_TEST(test_a_newer_binnacles_link_ends_the_chain_and_says_so)
{
	three();
	world_link(&w, "n", "c", "B", "newer");
	world_link(&w, "o", "n", "Z", "person:P");
	world_link(&w, "x", "c", "X", "newer");
	bn_chain *c = world_choose(&w);
	ck_assert(c->is_newer);
	ck_assert_uint_eq(c->newest, 2);
	bn_chain_free(c);
	ck_standing("n", "newer");
	ck_standing("o", "newer");
	ck_invalid("x", "is no admin there");
	world_link(&w, "s", "c", "A", "remove:B");
	ck_chain("b c s");
	ck_standing("n", "junior");
	ck_standing("o", "beside");
	world_release(&w);
}
END_TEST

START_TEST(test_a_removed_admin_stops_nobody_with_a_newer_link)
{
	three();
	world_link(&w, "r", "c", "B C", "remove:A");
	world_link(&w, "0n", "c", "A", "newer");
	world_link(&w, "0m", "b", "A", "newer");
	bn_chain *c = world_choose(&w);
	ck_assert(!c->is_newer);
	bn_chain_free(c);
	ck_chain("b c r");
	world_release(&w);
}
END_TEST

START_TEST(test_garbage_of_ids_is_an_orphan_not_a_loop)
{
	three();
	world_link(&w, "l", "l", "A", "person:P");
	world_link(&w, "m1", "m2", "A", "person:P");
	world_link(&w, "m2", "m1", "A", "person:P");
	world_link(&w, "0", "c", "A", "person:P");
	world_link(&w, "c", "b", "A", "+C"); /* the same link twice */
	ck_chain("b c");
	ck_standing("l", "orphan");
	ck_standing("m1", "orphan");
	ck_standing("0", "orphan");
	world_release(&w);
}
END_TEST

START_TEST(test_facts_hold_from_link_to_link)
{
	three();
	world_link(&w, "k", "c", "C", "key:C:C2");
	world_link(&w, "p", "k", "A", "policy:2 person:P reviewer:P");
	world_link(&w, "r", "p", "A B", "remove:C");
	bn_chain *c = world_choose(&w);
	static const struct {
		bn_fact_kind kind;
		const char *person, *key;
		uint32_t from, to;
	} rows[] = {
		{BN_FACT_POLICY, "", "", 0, 4},
		{BN_FACT_PERSON, "A", "", 0, BN_CHAIN_OPEN},
		{BN_FACT_KEY, "A", "A", 0, BN_CHAIN_OPEN},
		{BN_FACT_ROLE, "A", "", 0, BN_CHAIN_OPEN},
		{BN_FACT_PERSON, "B", "", 1, BN_CHAIN_OPEN},
		{BN_FACT_KEY, "B", "B", 1, BN_CHAIN_OPEN},
		{BN_FACT_ROLE, "B", "", 1, BN_CHAIN_OPEN},
		{BN_FACT_PERSON, "C", "", 2, 5},
		{BN_FACT_KEY, "C", "C", 2, 5},
		{BN_FACT_ROLE, "C", "", 2, 5},
		{BN_FACT_KEY, "C", "C2", 3, 5},
		{BN_FACT_POLICY, "", "", 4, BN_CHAIN_OPEN},
		{BN_FACT_PERSON, "P", "", 4, BN_CHAIN_OPEN},
		{BN_FACT_KEY, "P", "P", 4, BN_CHAIN_OPEN},
		{BN_FACT_ROLE, "P", "", 4, BN_CHAIN_OPEN},
	};
	ck_assert_uint_eq(c->n_facts, sizeof rows / sizeof *rows);
	for (size_t i = 0; i < c->n_facts; i++) {
		const bn_chain_fact *f = &c->facts[i];
		ck_assert_int_eq(f->kind, rows[i].kind);
		ck_assert_str_eq((const char *)f->person, rows[i].person);
		ck_assert_str_eq((const char *)f->key, rows[i].key);
		ck_assert_uint_eq(f->from, rows[i].from);
		ck_assert_uint_eq(f->to, rows[i].to);
	}
	ck_assert_uint_eq(c->facts[11].change->signers, 2);
	bn_chain_free(c);
	world_release(&w);
}
END_TEST

START_TEST(test_failing_memory_is_an_error_not_a_choice)
{
	three();
	world_link(&w, "1", "c", "C", "person:P head:w:1:x cut:Q:w:1");
	world_link(&w, "2", "c", "B", "person:Q");
	world_act_add(&w, "A", "2");
	for (long n = 1;; n++) {
		bn_err err = BN_ERR_INIT;
		bn_chain *c = NULL;
		bn_chain_input in = {.root = w.root, .links = w.links, .count = w.n};
		bn_alloc_fail_at(n);
		int rc = bn_chain_choose(&c, &in, &err);
		long used = bn_alloc_count();
		bn_alloc_fail_at(0);
		ck_assert(rc == 0 || (rc == BN_ENOMEM && !c));
		if (rc == 0)
			ck_assert_uint_eq(c->newest, 3);
		bn_chain_free(c);
		if (used < n)
			break;
	}
	world_release(&w);
}
END_TEST

BN_TEST_MAIN("core/govern/chain", test_a_history_in_a_row_is_chosen_and_asks_for_no_acts,
	test_a_number_that_does_not_fit_prev_is_invalid,
	test_strangers_and_developers_sign_no_link_and_harm_none,
	test_a_removed_admin_is_no_author_any_more,
	test_the_policy_says_how_many_admins_sign_and_a_majority_is_enough,
	test_two_keys_of_one_person_are_one_signer,
	test_seniors_majorities_and_oneself_remove_an_admin,
	test_of_two_admins_the_junior_one_removes_nobody,
	test_one_admin_does_not_make_the_majority_that_removes_his_seniors,
	test_a_key_is_added_to_an_admin_by_himself_alone,
	test_a_promoted_again_admin_is_the_most_junior_one,
	test_the_founder_is_removed_by_a_majority_and_the_last_admin_by_nobody,
	test_changes_that_make_no_sense_are_invalid_with_words,
	test_a_removed_person_is_admitted_again_with_the_same_key,
	test_a_horizon_falls_only_when_a_majority_restores, test_sixty_four_admins_and_no_more,
	test_the_recovery_key_replaces_a_lone_founder,
	test_the_recovery_key_adds_no_key_to_an_admin_and_restores_nothing,
	test_the_recovery_key_counts_in_no_majority, test_a_stolen_recovery_key_loses_every_fork,
	test_the_recovery_key_decides_between_two_histories_of_a_lone_founder,
	test_of_two_concurrent_links_the_more_senior_admins_is_kept,
	test_of_two_links_of_one_admin_the_smaller_id_is_kept,
	test_what_most_admins_worked_under_is_not_undone_by_the_founder,
	test_a_fork_at_an_old_link_with_a_smaller_id_undoes_no_removal,
	test_the_removed_one_cannot_drop_the_removal_by_signing_it_and_another,
	test_a_removal_by_a_senior_deeper_in_a_branch_beats_the_removed_ones_fork,
	test_whoever_worked_under_a_branch_lends_no_other_his_seniority,
	test_two_majorities_are_decided_by_who_stands_in_one_alone,
	test_keys_given_to_others_in_a_fork_make_no_majority_there,
	test_a_removed_and_admitted_again_admin_does_not_stand_for_the_old_one,
	test_acts_under_invalid_links_and_of_strangers_stand_for_nothing,
	test_late_signatures_make_a_link_valid_but_win_no_old_fork,
	test_links_whose_prev_is_missing_are_orphans_until_it_comes,
	test_a_newer_binnacles_link_ends_the_chain_and_says_so,
	test_a_removed_admin_stops_nobody_with_a_newer_link,
	test_garbage_of_ids_is_an_orphan_not_a_loop, test_facts_hold_from_link_to_link,
	test_failing_memory_is_an_error_not_a_choice)
