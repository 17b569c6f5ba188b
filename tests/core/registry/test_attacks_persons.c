/* test_attacks_persons.c - rows of tests/attacks/table.txt: attacks on an approved champion by members: two keys,
 * rights that end, hand-made records, and the order of acts. The row says what every reader sees afterwards, and the
 * runner (tests/support/attacked.h) checks all readers. */
#include "core/base/hash.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

/* ---- persons ----------------------------------------------------------------------------------- */

START_TEST(test_two_approvals_of_which_one_ended_with_its_right_are_not_two)
{
	attacked_begin();
	const bn_change two = {
		.kind = BN_CHANGE_POLICY, .policy = "{\"approvals\":2}", .signers = 1};
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true), two}, 2);
	attacked_see_all();
	team_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(bn_version_approve(at.bob->ws, "power/2", "quick", false, &err));
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, false)}, 1);
	attacked_see_all();
	attacked_must(bn_version_approve(at.dan->ws, "power/2", "fine", false, &err));
	ck_assert_int_eq(team_state(at.ann, "power/2"), BN_MODEL_REQUESTED);
	attacked_must(bn_version_approve(at.ann->ws, "power/2", "fine", false, &err));
	ck_assert_int_eq(team_state(at.cleo, "power/2"), BN_MODEL_APPROVED);
	attacked_end();
}
END_TEST

START_TEST(test_one_person_with_two_keys_is_one_approval)
{
	attacked_begin();
	bn_change further = {.kind = BN_CHANGE_KEY};
	const bn_change two = {
		.kind = BN_CHANGE_POLICY, .policy = "{\"approvals\":2}", .signers = 1};
	person_link(at.ann, (bn_change[]){person_removed(at.dan), two}, 2);
	person_link(at.ann, (bn_change[]){person_admitted(at.dan)}, 1);
	person_link(at.ann, (bn_change[]){person_removed(at.dan)}, 1);
	attacked_see_all();
	person_key(at.bob, further.person);
	memcpy(further.key, at.mal.key, 32); /* adds a second key of bob */
	person_link(at.ann, &further, 1);
	attacked_see_all();
	team_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(bn_version_approve(at.bob->ws, "power/2", "one", false, &err));
	/* The same approval with the other key, from another account. */
	char request[65], text[700];
	bn_version *v = NULL;
	uint8_t epoch[32];
	attacked_record("model.requested", request);
	attacked_newest(epoch);
	attacked_must(bn_version_get(&v, at.ann->ws, "power/2", &err));
	snprintf(text, sizeof text,
		"{\"answers\":[\"%s\"],\"digest\":\"%s\",\"rules\":1,\"seen\":{},\"uuid\":\"%s\","
		"\"version\":2}",
		request, v->digest, v->uuid);
	bn_version_free(v);
	attacked_forge("mal@host-boot-0", &at.mal, epoch, "model.approved", "model/power", text,
		1900000000000);
	ck_assert_int_eq(team_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_must(bn_version_approve(at.ann->ws, "power/2", "two", false, &err));
	ck_assert_int_eq(team_state(at.dan, "power/2"), BN_MODEL_APPROVED);
	attacked_end();
}
END_TEST

/* cleo registers bob as the author, so that his measurements would not count. */
START_TEST(test_registration_that_names_a_strict_colleague_as_author_does_not_silence_him)
{
	bn_inbox_item *sheet = NULL;
	attacked_begin();
	team_register_run(at.cleo, "power", at.bob, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.dan, "power/2", 11));
	attacked_must(attacked_measure(at.bob, "power/2", 20));
	attacked_must(bn_inbox_item_read(&sheet, at.ann->ws, "power/2", &err));
	ck_assert_int_eq(sheet->gates->items[0].verdict, BN_VERDICT_FAIL);
	bn_inbox_item_free(sheet);
	attacked_must_be(
		bn_version_approve(at.ann->ws, "power/2", "fine", false, &err), BN_EREFUSED);
	attacked_end();
}
END_TEST

/* ---- order ------------------------------------------------------------------------------------- */

/* Each record answers the one before; readers get them in the order of the writers' names. */
static void long_chain(int n, bool newest_first)
{
	char answers[65], writer[40], text[200];
	uint8_t epoch[32];
	const bn_signer s = attacked_signer(at.dan);
	attacked_newest(epoch);
	attacked_record("model.registered", answers);
	for (int i = 0; i < n; i++) {
		forged_log l;
		uint8_t id[32];
		snprintf(writer, sizeof writer, "dan@host-boot-%d",
			newest_first ? 9999 - i : 1000 + i);
		snprintf(text, sizeof text,
			"{\"answers\":[\"%s\"],\"key\":\"k\",\"value\":\"%d\",\"version\":1}",
			answers, i);
		forged_begin(&l, bn_workspace_id(at.ann->ws), writer,
			newest_first ? 1900000000000 - i : 1600000000000 + i);
		forged_sign(&l, &s, epoch, "model.tag", "model/power", text);
		bn_sha256(l.records.ptr, l.records.len, id);
		bn_hex(id, 32, answers);
		forged_seal(&l, &at.dir, NULL);
		forged_end(&l);
		if (i % 97 == 13)
			attacked_must(bn_workspace_refresh(at.bob->ws, NULL, &err));
	}
}

START_TEST(test_long_rows_of_answers_are_seen_alike_whatever_came_first)
{
	attacked_begin();
	long_chain(450, false);
	attacked_end();
	attacked_begin();
	long_chain(450, true);
	attacked_end();
}
END_TEST

START_TEST(test_decision_about_other_bytes_another_request_or_none)
{
	char first[65];
	attacked_begin();
	const bn_signer bob = attacked_signer(at.bob);
	attacked_record("model.requested", first);
	team_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.dan, "power/2", 11));
	attacked_see_all();
	attacked_decide("bob@host-boot-5", &bob, "model.approved", "power/2", first, NULL);
	attacked_decide("bob@host-boot-6", &bob, "model.approved", "power/2", NULL, NULL);
	attacked_record("model.requested", first);
	attacked_decide("bob@host-boot-7", &bob, "model.approved", "power/2", first, TEAM_DATA);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-5", 1), BN_OUTCOME_INVALID);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-6", 1), BN_OUTCOME_INVALID);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-7", 1), BN_OUTCOME_REFUSED);
	ck_assert_int_eq(team_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_end();
}
END_TEST

START_TEST(test_approval_is_copied_to_another_log_and_to_another_model)
{
	uint8_t key[32], epoch[32], signature[64];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	forged_log l;
	attacked_begin();
	team_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{}");
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	attacked_must(bn_sql_prepare(&st, db, &err,
		"SELECT s.key, s.epoch, s.signature, e.payload FROM signed_record s JOIN "
		"index_name "
		"k ON k.no = s.kind JOIN event e ON e.entity = s.entity AND e.clock = s.clock AND "
		"e.writer = s.writer AND e.seq = s.seq WHERE k.name = 'model.approved'",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert(bn_sql_bytes(st, 0, key, 32) && bn_sql_bytes(st, 1, epoch, 32) &&
		  bn_sql_bytes(st, 2, signature, 64));
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = 32,
		.epoch = epoch,
		.epoch_bytes = 32,
		.bytes = signature,
		.signature_bytes = 64};
	const char *payload = (const char *)sqlite3_column_text(st, 3);
	forged_begin(&l, bn_workspace_id(at.ann->ws), "mal@host-boot-0", 1900000000000);
	forged_add_block(&l, &block, "model.approved", "model/power", payload);
	forged_add_block(&l, &block, "model.approved", "model/other", payload);
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
	sqlite3_finalize(st);
	ck_assert_int_eq(attacked_outcome(at.dan, "mal@host-boot-0", 1), BN_OUTCOME_REFUSED);
	ck_assert_int_eq(attacked_outcome(at.dan, "mal@host-boot-0", 2), BN_OUTCOME_REFUSED);
	attacked_end();
}
END_TEST

START_TEST(test_registration_that_names_a_colleagues_run_makes_nobody_else_its_author)
{
	attacked_begin();
	/* dan registers cleo's run as his own; cleo measures it, as if she were not the author. */
	team_register_run(at.dan, "power", at.dan, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.dan->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.cleo, "power/2", 11));
	attacked_must(attacked_measure(at.dan, "power/2", 11));
	attacked_must_be(
		bn_version_approve(at.bob->ws, "power/2", "fine", false, &err), BN_EREFUSED);
	attacked_end();
}
END_TEST

BN_TEST_MAIN("core/registry/attacks_persons",
	test_two_approvals_of_which_one_ended_with_its_right_are_not_two,
	test_one_person_with_two_keys_is_one_approval,
	test_registration_that_names_a_strict_colleague_as_author_does_not_silence_him,
	test_long_rows_of_answers_are_seen_alike_whatever_came_first,
	test_decision_about_other_bytes_another_request_or_none,
	test_approval_is_copied_to_another_log_and_to_another_model,
	test_registration_that_names_a_colleagues_run_makes_nobody_else_its_author)
