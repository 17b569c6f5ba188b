/* test_attacks_admins.c - rows of tests/attacks/table.txt: attacks on an approved champion by an admin. The row says
 * what every reader sees afterwards, and the runner (tests/support/attacked.h) checks all readers. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

static const attacked_sight unmoved = {
	.allows = BN_ALLOWS_ALL, .new = BN_ALLOWS_READING, .invited = BN_ALLOWS_ALL};

static void void_last(const char *kind)
{
	char hex[65];
	uint8_t ids[1][32];
	attacked_record(kind, hex);
	ck_assert_int_eq(bn_unhex(hex, 32, ids[0]), 0);
	const bn_link link = {.voids = (const uint8_t(*)[32])ids, .n_voids = 1};
	attacked_must(bn_authority_change(at.ann->ws, &link, (uint8_t[32]){0}, &err));
}

START_TEST(test_void_of_the_request_takes_the_decision_with_it_for_everybody)
{
	attacked_begin();
	void_last("model.requested");
	attacked_end();
}
END_TEST

START_TEST(test_void_of_somebodys_evidence_takes_the_approval_that_stood_on_it)
{
	attacked_begin();
	void_last("model.evidence");
	attacked_end();
}
END_TEST

START_TEST(test_void_of_the_newest_link_and_of_link_0_takes_nothing)
{
	attacked_begin();
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)}, 1);
	void_last("authority.link");
	void_last("authority.founded");
	attacked_end();
}
END_TEST

START_TEST(test_cut_of_a_key_of_somebody_else_takes_no_more_than_it_names)
{
	attacked_begin();
	bn_chain_cut cut = {.writer = "bob@host-boot-77", .seq = 5};
	memcpy(cut.key, at.mal.key, 32);
	const bn_link link = {.cuts = &cut, .n_cuts = 1};
	attacked_must(bn_authority_change(at.ann->ws, &link, (uint8_t[32]){0}, &err));
	attacked_end();
}
END_TEST

START_TEST(test_horizon_of_a_hostile_admin_names_heads_that_nobody_has)
{
	char prev[65], text[900];
	uint8_t newest[32];
	attacked_begin();
	const bn_signer s = attacked_signer(at.ann);
	attacked_newest(newest);
	bn_hex(newest, 32, prev);
	char *bobs = attacked_writer(at.bob), *cleos = attacked_writer(at.cleo);
	snprintf(text, sizeof text,
		"{\"changes\":[],\"horizon\":{\"ghost@host-boot-0\":[99,\"" TEAM_DATA
		"\"]},\"n\":3,\"prev\":\"%s\"}",
		prev);
	attacked_forge(
		"ann@host-boot-99", &s, newest, "authority.link", "authority", text, 1800000000000);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	ck_assert_int_eq(bn_authority_newest(db, NULL), 3);
	bn_free(bobs);
	bn_free(cleos);
	/* Records that the link omits are late, so the version is not champion, and readers are told of missing
	 * heads. */
	attacked_end();
}
END_TEST

START_TEST(test_removed_founder_removes_the_link_before_his_removal_and_goes_on_as_admin)
{
	uint8_t id[32];
	char path[400];
	attacked_begin();
	person_link(at.ann,
		(bn_change[]){person_role(at.bob, BN_ROLE_ADMIN, true),
			person_role(at.cleo, BN_ROLE_ADMIN, true)},
		2);
	attacked_see_all();
	attacked_seal_all();
	/* bob and cleo, a majority, remove ann. */
	const bn_change removal = person_removed(at.ann);
	const bn_link link = {.changes = &removal, .n_changes = 1};
	ck_assert_int_eq(bn_authority_change(at.bob->ws, &link, id, &err), BN_LINK_WAITS);
	attacked_see_all();
	ck_assert_int_eq(bn_authority_cosign(at.cleo->ws, id, &err), BN_LINK_TAKEN);
	attacked_expect(&unmoved);
	attacked_must(bn_workspace_refresh(at.cleo->ws, NULL, &err));
	/* ann removes the link that made them admins, and what follows it, from her log. */
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	attacked_must(bn_workspace_read(&db, at.bob->ws, &err));
	attacked_must(bn_sql_prepare(&st, db, &err,
		"SELECT w.name, l.seq FROM authority_link l JOIN index_name w ON w.no = l.writer "
		"WHERE "
		"l.n "
		"= 3",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	snprintf(path, sizeof path, "%s/.binnacle/log/%s", at.t.dir,
		(const char *)sqlite3_column_text(st, 0));
	int seq = sqlite3_column_int(st, 1);
	sqlite3_finalize(st);
	attacked_shell("cd '%s' && for f in *.seg; do l=${f#*-}; [ $(expr ${l%%%%.seg} + 0) -lt %d ] || "
		       "rm $f; done",
		path, seq);
	person_reopen(&at.t, at.ann, true);
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_ADMIN, true)}, 1);
	attacked_end();
}
END_TEST

BN_TEST_MAIN("core/registry/attacks_admins",
	test_void_of_the_request_takes_the_decision_with_it_for_everybody,
	test_void_of_somebodys_evidence_takes_the_approval_that_stood_on_it,
	test_void_of_the_newest_link_and_of_link_0_takes_nothing,
	test_cut_of_a_key_of_somebody_else_takes_no_more_than_it_names,
	test_horizon_of_a_hostile_admin_names_heads_that_nobody_has,
	test_removed_founder_removes_the_link_before_his_removal_and_goes_on_as_admin)
