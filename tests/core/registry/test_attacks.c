/* test_attacks.c - rows of tests/attacks/table.txt: attacks on an approved champion by accounts without a valid key.
 * The row says what every reader sees afterwards, and the runner (tests/support/attacked.h) checks all readers. */
#include "core/base/hash.h"
#include "core/govern/authority.h"
#include "core/govern/people.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

/* ---- strangers --------------------------------------------------------------------------------- */

START_TEST(test_stranger_whose_head_a_link_and_a_decision_could_name_removes_his_log)
{
	uint8_t epoch[32];
	attacked_begin();
	attacked_newest(epoch);
	attacked_forge("mal@host-boot-0", &at.mal, epoch, "model.tag", "model/power",
		"{\"version\":1}", 0);
	attacked_see_all();
	team_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(
		bn_version_reject(at.bob->ws, "power/2", "no", &err)); /* lists what it saw */
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)}, 1);
	attacked_seal_all();
	attacked_shell("rm -r %s/.binnacle/log/mal@host-boot-0", at.t.dir);
	attacked_end();
}
END_TEST

START_TEST(test_stranger_claims_a_reviewers_key_under_an_invented_link)
{
	uint8_t invented[32] = {7}, epoch[32], key[32], bytes[64] = {3};
	forged_log l;
	attacked_begin();
	attacked_newest(epoch);
	person_key(at.bob, key);
	bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = 32,
		.epoch = invented,
		.epoch_bytes = 32,
		.bytes = bytes,
		.signature_bytes = 64};
	forged_begin(&l, bn_workspace_id(at.ann->ws), "mal@host-boot-0", 1500000000000);
	forged_add_block(&l, &block, "model.removed", "model/power", "{\"version\":1}");
	block.epoch = epoch;
	forged_add_block(&l, &block, "model.removed", "model/power", "{\"version\":1}");
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
	attacked_end();
}
END_TEST

START_TEST(test_stranger_makes_a_card_and_a_seal_with_a_reviewers_key)
{
	uint8_t key[32], bytes[64] = {3};
	forged_log l;
	attacked_begin();
	person_key(at.bob, key);
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = 32,
		.bytes = bytes,
		.signature_bytes = 64};
	bn_signer as_bob = at.mal;
	memcpy(as_bob.key, key, 32);
	forged_begin(&l, bn_workspace_id(at.ann->ws), "bob@host-boot-7", 1500000000000);
	forged_add_block(&l, &block, BN_WRITER_OPENED, "writer/bob@host-boot-7",
		"{\"host\":\"h\",\"uid\":5002,\"user\":\"bob\"}");
	forged_add(&l, "run.created", "run/ffeeddccbbaa99887766554433221100", "{\"name\":\"x\"}");
	forged_seal(&l, &at.dir, &as_bob);
	forged_end(&l);
	/* The card is mal's own, the seal claims bob's key. */
	forged_begin(&l, bn_workspace_id(at.ann->ws), "mal@host-boot-8", 1500000000000);
	forged_card(&l, &at.mal);
	forged_seal(&l, &at.dir, &as_bob);
	forged_end(&l);
	attacked_end();
}
END_TEST

START_TEST(test_stranger_writes_unsigned_records_about_the_champions_run)
{
	attacked_begin();
	attacked_forge("mal@host-boot-0", NULL, NULL, "run.created", "run/" ATTACKED_RUN,
		"{\"name\":\"mine\"}", 0);
	attacked_forge("mal@host-boot-1", NULL, NULL, "run.artifact", "run/" ATTACKED_RUN,
		"{\"name\":\"model\"}", 1900000000000);
	attacked_end();
}
END_TEST

/* dan registers cleo's run, about which an account without a key has written records. */
START_TEST(test_author_stays_the_author_when_strangers_write_about_her_run)
{
	bn_inbox_item *sheet = NULL;
	attacked_begin();
	const bn_change reviewer = person_role(at.cleo, BN_ROLE_REVIEWER, true);
	person_link(at.ann, &reviewer, 1);
	attacked_see_all();
	attacked_forge("aaa@host-boot-0", NULL, NULL, "run.finished", "run/" ATTACKED_RUN, "{}", 0);
	attacked_forge("zzz@host-boot-0", NULL, NULL, "run.finished", "run/" ATTACKED_RUN, "{}", 0);
	attacked_see_all();
	team_register_run(at.dan, "power", at.dan, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.dan->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.cleo, "power/2", 11));
	attacked_must(bn_inbox_item_read(&sheet, at.ann->ws, "power/2", &err));
	ck_assert_int_eq(sheet->gates->items[0].verdict, BN_VERDICT_INCONCLUSIVE);
	bn_inbox_item_free(sheet);
	attacked_must(attacked_measure(at.bob, "power/2", 11));
	attacked_must_be(
		bn_version_approve(at.cleo->ws, "power/2", "mine", false, &err), BN_EREFUSED);
	attacked_end();
}
END_TEST

START_TEST(test_stranger_floods_the_log_with_writers_of_every_sort)
{
	uint8_t epoch[32];
	char writer[40];
	attacked_begin();
	attacked_newest(epoch);
	for (int i = 0; i < 100; i++) {
		snprintf(writer, sizeof writer, "mal@host-boot-%d", i);
		attacked_forge(writer, &at.mal, epoch, "model.approved", "model/power",
			"{\"version\":1}", 1400000000000 + i);
	}
	attacked_see_all();
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)}, 1);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	ck_assert_int_eq(bn_sql_int(db, -1,
				 "SELECT count(*) FROM dump_authority_horizon WHERE writer GLOB "
				 "'mal@*'",
				 ""),
		0);
	attacked_end();
}
END_TEST

/* ---- requests ---------------------------------------------------------------------------------- */

static void flood_requests(int n, const char *name)
{
	forged_log l;
	uint8_t epoch[32], key[32] = {0x55}, bytes[64] = {1};
	char hex[65], text[300];
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = 32,
		.epoch = epoch,
		.epoch_bytes = 32,
		.bytes = bytes,
		.signature_bytes = 64};
	attacked_newest(epoch);
	forged_begin(&l, bn_workspace_id(at.ann->ws), "mal@host-boot-0", 2700000000000);
	for (int i = 0; i < n; i++) {
		memcpy(key + 1, &i, sizeof i);
		bn_hex(key, 32, hex);
		snprintf(text, sizeof text,
			"{\"host\":\"h\",\"key\":\"%s\",\"name\":\"%s\",\"uid\":5004,\"user\":\"%"
			"s\"}",
			hex, name, name);
		forged_add_block(&l, &block, "authority.request", "authority", text);
	}
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
}

START_TEST(test_flood_of_requests_of_2056_hides_nobodys)
{
	bn_people *p = NULL;
	const bn_request_row *r = NULL;
	uint8_t link[32];
	attacked_begin();
	person_link(at.ann, (bn_change[]){person_removed(at.dan)}, 1);
	attacked_see_all();
	/* dan requests admission of a new key. */
	attacked_shell("rm %s/binnacle/identity.pem", at.dan->config);
	person_reopen(&at.t, at.dan, false);
	ck_assert_int_eq(bn_people_request(at.dan->ws, "dan", &err), 1);
	flood_requests(1500, "zoe");
	attacked_must(bn_people_read(&p, at.ann->ws, &err));
	ck_assert(p->has_more);
	attacked_must(bn_people_find_request(&r, p, "dan", &err));
	ck_assert_int_eq(bn_people_admit(at.ann->ws, r, NULL, 0, NULL, link, &err), BN_LINK_TAKEN);
	bn_people_free(p);
	attacked_end();
}
END_TEST

START_TEST(test_request_in_the_name_of_somebody_is_not_taken_for_his)
{
	bn_people *p = NULL;
	const bn_request_row *r = NULL;
	char hex[65], text[300];
	uint8_t epoch[32], link[32];
	attacked_begin();
	attacked_newest(epoch);
	bn_hex(at.mal.key, 32, hex);
	snprintf(text, sizeof text,
		"{\"host\":\"h\",\"key\":\"%s\",\"name\":\"ann\",\"uid\":5001,\"user\":\"ann\"}",
		hex);
	attacked_forge("mal@host-boot-0", &at.mal, epoch, "authority.request", "authority", text,
		1900000000000);
	attacked_must(bn_people_read(&p, at.ann->ws, &err));
	attacked_must(bn_people_find_request(&r, p, "ann", &err));
	ck_assert_uint_eq(r->uid, 5001);
	ck_assert_uint_ne(r->owner, 5001); /* reported: another account owns the file */
	attacked_must_be(bn_people_admit(at.ann->ws, r, NULL, 0, NULL, link, &err), BN_ECONFLICT);
	bn_people_free(p);
	attacked_end();
}
END_TEST

BN_TEST_MAIN("core/registry/attacks",
	test_stranger_whose_head_a_link_and_a_decision_could_name_removes_his_log,
	test_stranger_claims_a_reviewers_key_under_an_invented_link,
	test_stranger_makes_a_card_and_a_seal_with_a_reviewers_key,
	test_stranger_writes_unsigned_records_about_the_champions_run,
	test_author_stays_the_author_when_strangers_write_about_her_run,
	test_stranger_floods_the_log_with_writers_of_every_sort,
	test_flood_of_requests_of_2056_hides_nobodys,
	test_request_in_the_name_of_somebody_is_not_taken_for_his)
