/* test_attacks.c - rows of tests/attacks/table.txt that need a whole town: what somebody with an account, a key or
 * without one, and any clock does to an approved champion, and that nobody sees anything else afterwards. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/people.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

static const attacked_sight unmoved = {.allows = BN_ALLOWS_ALL};

/* ---- strangers -------------------------------------------------------------------------------- */

START_TEST(test_stranger_whose_head_a_link_and_a_decision_could_name_removes_his_log)
{
	uint8_t epoch[32];
	attacked_begin();
	attacked_newest(epoch);
	attacked_forge("mal@host-boot-0", &at.mal, epoch, "model.tag", "model/power",
		"{\"version\":1}", 0);
	attacked_see_all();
	town_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(
		bn_version_reject(at.bob->ws, "power/2", "no", &err)); /* says what it has seen */
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)}, 1);
	attacked_seal_all();
	attacked_shell("rm -r %s/.binnacle/log/mal@host-boot-0", at.t.dir);
	attacked_end(&unmoved);
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
	attacked_end(&unmoved);
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
	/* The card is his own, the seal is not. */
	forged_begin(&l, bn_workspace_id(at.ann->ws), "mal@host-boot-8", 1500000000000);
	forged_card(&l, &at.mal);
	forged_seal(&l, &at.dir, &as_bob);
	forged_end(&l);
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_stranger_writes_unsigned_records_about_the_champions_run)
{
	attacked_begin();
	attacked_forge("mal@host-boot-0", NULL, NULL, "run.created", "run/" ATTACKED_RUN,
		"{\"name\":\"mine\"}", 0);
	attacked_forge("mal@host-boot-1", NULL, NULL, "run.artifact", "run/" ATTACKED_RUN,
		"{\"name\":\"model\"}", 1900000000000);
	attacked_end(&unmoved);
}
END_TEST

/* dan registers cleo's run, of which an account without a key says something as well. */
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
	town_register_run(at.dan, "power", at.dan, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.dan->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.cleo, "power/2", 11));
	attacked_must(bn_inbox_item_read(&sheet, at.ann->ws, "power/2", &err));
	ck_assert_int_eq(sheet->gates->items[0].verdict, BN_VERDICT_INCONCLUSIVE);
	bn_inbox_item_free(sheet);
	attacked_must(attacked_measure(at.bob, "power/2", 11));
	attacked_must_be(
		bn_version_approve(at.cleo->ws, "power/2", "mine", false, &err), BN_EREFUSED);
	attacked_end(&unmoved);
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
	attacked_end(&unmoved);
}
END_TEST

/* ---- persons ------------------------------------------------------------------------------------ */

START_TEST(test_two_approvals_of_which_one_ended_with_its_right_are_not_two)
{
	attacked_begin();
	const bn_change two = {
		.kind = BN_CHANGE_POLICY, .policy = "{\"approvals\":2}", .signers = 1};
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true), two}, 2);
	attacked_see_all();
	town_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(bn_version_approve(at.bob->ws, "power/2", "quick", false, &err));
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, false)}, 1);
	attacked_see_all();
	attacked_must(bn_version_approve(at.dan->ws, "power/2", "fine", false, &err));
	ck_assert_int_eq(town_state(at.ann, "power/2"), BN_MODEL_REQUESTED);
	attacked_must(bn_version_approve(at.ann->ws, "power/2", "fine", false, &err));
	ck_assert_int_eq(town_state(at.cleo, "power/2"), BN_MODEL_APPROVED);
	attacked_end(&unmoved);
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
	memcpy(further.key, at.mal.key, 32); /* bob's second key */
	person_link(at.ann, &further, 1);
	attacked_see_all();
	town_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(bn_version_approve(at.bob->ws, "power/2", "one", false, &err));
	/* The same once more, with the other key, from another account. */
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
	ck_assert_int_eq(town_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_must(bn_version_approve(at.ann->ws, "power/2", "two", false, &err));
	ck_assert_int_eq(town_state(at.dan, "power/2"), BN_MODEL_APPROVED);
	attacked_end(&unmoved);
}
END_TEST

/* cleo says in her registration that bob is the author, whose measurements she fears. */
START_TEST(test_registration_that_names_a_strict_colleague_as_author_does_not_silence_him)
{
	bn_inbox_item *sheet = NULL;
	attacked_begin();
	town_register_run(at.cleo, "power", at.bob, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.dan, "power/2", 11));
	attacked_must(attacked_measure(at.bob, "power/2", 20));
	attacked_must(bn_inbox_item_read(&sheet, at.ann->ws, "power/2", &err));
	ck_assert_int_eq(sheet->gates->items[0].verdict, BN_VERDICT_FAIL);
	bn_inbox_item_free(sheet);
	attacked_must_be(
		bn_version_approve(at.ann->ws, "power/2", "fine", false, &err), BN_EREFUSED);
	attacked_end(&unmoved);
}
END_TEST

/* ---- order ----------------------------------------------------------------------------------------- */

/* Each of these answers the one before, and each reader meets them in the order of names. */
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
	attacked_end(&unmoved);
	attacked_begin();
	long_chain(450, true);
	attacked_end(&unmoved);
}
END_TEST

/* A decision about a version, with any member replaced: hand-made, as no program of ours signs it. */
static void decide(const char *writer, person *as, const char *kind, const char *spec,
	const char *answers, const char *digest)
{
	char text[800];
	uint8_t epoch[32];
	bn_version *v = NULL;
	const bn_signer s = attacked_signer(as);
	attacked_newest(epoch);
	attacked_must(bn_version_get(&v, at.ann->ws, spec, &err));
	snprintf(text, sizeof text,
		"{\"answers\":[%s%s%s],\"digest\":\"%s\",\"reason\":\"x\",\"rules\":1,\"seen\":{},"
		"\"uuid\":\"%s\",\"version\":%d}",
		answers ? "\"" : "", answers ? answers : "", answers ? "\"" : "",
		digest ? digest : v->digest, v->uuid, (int)v->version);
	bn_version_free(v);
	attacked_forge(writer, &s, epoch, kind, "model/power", text, 1900000000000);
}

START_TEST(test_decision_about_other_bytes_another_request_or_none)
{
	char first[65];
	attacked_begin();
	attacked_record("model.requested", first);
	town_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.dan, "power/2", 11));
	attacked_see_all();
	decide("bob@host-boot-5", at.bob, "model.approved", "power/2", first, NULL);
	decide("bob@host-boot-6", at.bob, "model.approved", "power/2", NULL, NULL);
	attacked_record("model.requested", first);
	decide("bob@host-boot-7", at.bob, "model.approved", "power/2", first, TOWN_DATA);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-5", 1), BN_OUTCOME_INVALID);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-6", 1), BN_OUTCOME_INVALID);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-7", 1), BN_OUTCOME_REFUSED);
	ck_assert_int_eq(town_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_approval_is_copied_to_another_log_and_to_another_model)
{
	uint8_t key[32], epoch[32], signature[64];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	forged_log l;
	attacked_begin();
	town_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{}");
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
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_registration_that_names_a_colleagues_run_makes_nobody_else_its_author)
{
	attacked_begin();
	/* dan says that cleo's run is his; cleo measures it, as somebody else. */
	town_register_run(at.dan, "power", at.dan, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.dan->ws, "power/2", NULL, &err));
	attacked_must(attacked_measure(at.cleo, "power/2", 11));
	attacked_must(attacked_measure(at.dan, "power/2", 11));
	attacked_must_be(
		bn_version_approve(at.bob->ws, "power/2", "fine", false, &err), BN_EREFUSED);
	attacked_end(&unmoved);
}
END_TEST

/* ---- the rules of uids ----------------------------------------------------------------------------- */

START_TEST(test_policies_roles_and_keys_by_the_rules_of_uids_change_nothing)
{
	attacked_begin();
	attacked_forge("root@host-boot-0", NULL, NULL, "policy.set", "policy",
		"{\"policy\":{\"approvals\":0,\"self_approval\":true}}", 1000);
	attacked_forge("root@host-boot-1", NULL, NULL, "role.grant", "policy",
		"{\"role\":\"admin\",\"uid\":5004,\"user\":\"dan\"}", 1000);
	attacked_forge("root@host-boot-2", NULL, NULL, "user.key", "user/5002",
		"{\"public_key\":\"" TOWN_DATA "\"}", 1000);
	attacked_forge("root@host-boot-3", NULL, NULL, "workspace.founded", "policy",
		"{\"host\":\"h\",\"nonce\":\"00\",\"uid\":0,\"user\":\"root\"}", 1000);
	attacked_forge("root@host-boot-4", &at.mal, NULL, "authority.founded", "authority",
		"{\"founder\":{\"key\":\"" TOWN_DATA "\",\"name\":\"mal\"}}", 1000);
	attacked_see_all();
	town_register(at.cleo, "power", at.cleo, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_must_be(
		bn_version_approve(at.dan->ws, "power/2", "mine", false, &err), BN_EREFUSED);
	attacked_end(&unmoved);
}
END_TEST

/* ---- clocks ---------------------------------------------------------------------------------------- */

START_TEST(test_alias_at_the_end_of_time_is_moved_by_the_next_one)
{
	char registration[65], text[200];
	uint8_t epoch[32];
	bn_version *v = NULL;
	attacked_begin();
	const bn_signer s = attacked_signer(at.bob);
	attacked_newest(epoch);
	town_register(at.cleo, "power", at.cleo, "{}");
	attacked_record("model.registered", registration);
	snprintf(text, sizeof text, "{\"alias\":\"best\",\"answers\":[\"%s\"],\"version\":2}",
		registration);
	attacked_forge("bob@host-boot-9", &s, epoch, "model.alias", "model/power", text,
		((int64_t)1 << 47) - 10);
	attacked_see_all();
	attacked_must(bn_version_get(&v, at.cleo->ws, "power@best", &err));
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	attacked_must(bn_version_set_alias(at.ann->ws, "power/1", "best", &err));
	attacked_must(bn_version_get(&v, at.bob->ws, "power@best", &err));
	ck_assert_int_eq(v->version, 1);
	bn_version_free(v);
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_alias_of_2056_stays_down_when_its_setter_is_revoked_and_granted_again)
{
	bn_version *v = NULL;
	attacked_begin();
	town_register(at.cleo, "power", at.cleo, "{}");
	attacked_see_all();
	at.bob->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
	attacked_must(bn_version_set_alias(at.bob->ws, "power/2", "best", &err));
	at.bob->clock_offset_ms = 0;
	attacked_see_all();
	attacked_must(bn_version_set_alias(at.ann->ws, "power/1", "best", &err));
	for (int grant = 0; grant < 2; grant++) {
		person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, grant)}, 1);
		attacked_must(bn_version_get(&v, at.dan->ws, "power@best", &err));
		ck_assert_int_eq(v->version, 1);
		bn_version_free(v);
	}
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_act_that_was_late_stays_late_when_the_right_is_granted_again)
{
	uint8_t old[32];
	attacked_begin();
	const bn_signer s = attacked_signer(at.bob);
	attacked_newest(old);
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, false)}, 1);
	attacked_forge("bob@host-boot-9", &s, old, "model.alias_removed", "model/power",
		"{\"alias\":\"champion\",\"answers\":[]}", 1000);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-9", 1), BN_OUTCOME_LATE);
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, true)}, 1);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-9", 1), BN_OUTCOME_LATE);
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_admin_whose_clock_was_once_in_2056_is_told_of_the_link_that_he_signs)
{
	attacked_begin();
	at.ann->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)}, 1);
	at.ann->clock_offset_ms = 0;
	attacked_seal_all();
	/* Once more is refused: that is the answer, not that of the link of 2056. */
	ck_assert_int_eq(
		person_try_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)},
			1, &err),
		BN_EREFUSED);
	bn_err_clear(&err);
	attacked_end(&unmoved);
}
END_TEST

/* ---- policies --------------------------------------------------------------------------------------- */

START_TEST(test_approval_under_a_weakened_policy_that_comes_when_it_is_strict_again_is_late)
{
	char request[65];
	uint8_t weak[32];
	bn_version *v = NULL;
	char text[700];
	attacked_begin();
	town_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_record("model.requested", request);
	attacked_see_all();
	const bn_change none = {.kind = BN_CHANGE_POLICY, .policy = "{}", .signers = 1};
	const bn_change strict = {
		.kind = BN_CHANGE_POLICY, .policy = ATTACKED_POLICY, .signers = 1};
	person_link(at.ann, &none, 1);
	attacked_newest(weak);
	person_link(at.ann, &strict, 1);
	attacked_must(bn_version_get(&v, at.ann->ws, "power/2", &err));
	snprintf(text, sizeof text,
		"{\"answers\":[\"%s\"],\"digest\":\"%s\",\"rules\":1,\"seen\":{},\"uuid\":\"%s\","
		"\"version\":2}",
		request, v->digest, v->uuid);
	bn_version_free(v);
	const bn_signer s = attacked_signer(at.bob);
	attacked_forge("bob@host-boot-9", &s, weak, "model.approved", "model/power", text, 1000);
	ck_assert_int_eq(attacked_outcome(at.dan, "bob@host-boot-9", 1), BN_OUTCOME_LATE);
	ck_assert_int_eq(town_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_end(&unmoved);
}
END_TEST

/* ---- admins ----------------------------------------------------------------------------------------- */

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
	attacked_end(&(attacked_sight){.falls = true});
}
END_TEST

START_TEST(test_void_of_somebodys_evidence_takes_the_approval_that_stood_on_it)
{
	attacked_begin();
	void_last("model.evidence");
	attacked_end(&(attacked_sight){.falls = true});
}
END_TEST

START_TEST(test_void_of_the_newest_link_and_of_link_0_takes_nothing)
{
	attacked_begin();
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_REVIEWER, true)}, 1);
	void_last("authority.link");
	void_last("authority.founded");
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_cut_of_a_key_of_somebody_else_takes_no_more_than_it_names)
{
	attacked_begin();
	bn_chain_cut cut = {.writer = "bob@host-boot-77", .seq = 5};
	memcpy(cut.key, at.mal.key, 32);
	const bn_link link = {.cuts = &cut, .n_cuts = 1};
	attacked_must(bn_authority_change(at.ann->ws, &link, (uint8_t[32]){0}, &err));
	attacked_end(&unmoved);
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
		"{\"changes\":[],\"horizon\":{\"ghost@host-boot-0\":[99,\"" TOWN_DATA
		"\"]},\"n\":3,\"prev\":\"%s\"}",
		prev);
	attacked_forge(
		"ann@host-boot-99", &s, newest, "authority.link", "authority", text, 1800000000000);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	ck_assert_int_eq(bn_authority_newest(db, NULL), 3);
	bn_free(bobs);
	bn_free(cleos);
	/* What it leaves out is late: the champion falls, and who looks is told that heads are missing. */
	attacked_end(&(attacked_sight){.falls = true, .is_not_served = true, .is_fault = true});
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
	/* ann takes the segment with the link of that admitted them as admins off her log. */
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	attacked_must(bn_workspace_read(&db, at.bob->ws, &err));
	attacked_must(bn_sql_prepare(&st, db, &err,
		"SELECT w.name FROM authority_link l JOIN index_name w ON w.no = l.writer WHERE "
		"l.n "
		"= 3",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	snprintf(path, sizeof path, "%s/.binnacle/log/%s", at.t.dir,
		(const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	attacked_shell("cd '%s' && rm \"$(ls *.seg | tail -n 1)\"", path);
	person_reopen(&at.t, at.ann, true);
	person_link(at.ann, (bn_change[]){person_role(at.dan, BN_ROLE_ADMIN, true)}, 1);
	attacked_end(&(attacked_sight){
		.is_not_served = true, .is_fault = true, .allows = BN_ALLOWS_TRUST});
}
END_TEST

/* ---- files ------------------------------------------------------------------------------------------- */

START_TEST(test_logs_that_are_hidden_exchanged_and_brought_back_change_nothing)
{
	attacked_begin();
	char *bobs = attacked_writer(at.bob), *cleos = attacked_writer(at.cleo);
	attacked_shell("cd %s/.binnacle/log && mv '%s' ../../x && mv '%s' '%s' && mv ../../x '%s'",
		at.t.dir, bobs, cleos, bobs, cleos);
	attacked_expect(&(attacked_sight){.falls = true,
		.is_not_served = true,
		.is_fault = true,
		.allows = BN_ALLOWS_READING});
	attacked_shell("cd %s/.binnacle/log && mv '%s' ../../x && mv '%s' '%s' && mv ../../x '%s'",
		at.t.dir, bobs, cleos, bobs, cleos);
	bn_free(bobs);
	bn_free(cleos);
	const bn_trust_options opt = {.start = at.t.dir};
	bn_trust *trust = NULL;
	attacked_must(bn_trust_look(&trust, at.dan->ws, &opt, &err));
	attacked_must(bn_trust_accept(trust, "accept", "", &err));
	bn_trust_free(trust);
	attacked_end(&unmoved);
}
END_TEST

START_TEST(test_claims_that_were_planted_before_anybody_registers_stop_nobody)
{
	int64_t version = 0;
	attacked_begin();
	attacked_shell(
		"mkdir -p %s/.binnacle/claims/model/new && cd %s/.binnacle/claims/model/new && "
		"for i in $(seq 150); do echo x >$i; done",
		at.t.dir, at.t.dir);
	ck_assert_int_eq(town_try_register(at.cleo, "new", at.cleo, "{}", &version), 0);
	ck_assert_int_ge(version, 1);
	attacked_end(&unmoved);
}
END_TEST

/* The one record of a forged log, byte for byte in a log of another name. */
static void copy_record(const forged_log *of, const char *writer)
{
	forged_log l;
	forged_begin(&l, of->workspace, writer, 1);
	uint8_t chain[32];
	memcpy(chain, l.tip.chain, 32);
	l.tip = of->tip;
	memcpy(l.tip.chain, chain, 32);
	bn_buf_add(&l.records, of->records.ptr, of->records.len);
	bn_chain_add(l.tip.chain, l.hasher, of->records.ptr, of->records.len);
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
}

static void add_copied(const char *writer, const bn_signer *by, const char *kind,
	const char *entity, const char *payload)
{
	forged_log l;
	uint8_t epoch[32];
	char copy[100];
	attacked_newest(epoch);
	forged_begin(&l, bn_workspace_id(at.ann->ws), writer, 1800000000000);
	forged_sign(&l, by, epoch, kind, entity, payload);
	snprintf(copy, sizeof copy, "a-%s", writer); /* before and behind it, by name */
	copy_record(&l, copy);
	snprintf(copy, sizeof copy, "z-%s", writer);
	copy_record(&l, copy);
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
}

START_TEST(test_records_that_are_copied_byte_for_byte_to_other_logs_are_damage_there)
{
	char hex[65], text[900];
	uint8_t newest[32];
	const char *registration = text;
	attacked_begin();
	const bn_signer ann = attacked_signer(at.ann), dan = attacked_signer(at.dan);
	attacked_record("model.registered", hex);
	snprintf(text, sizeof text,
		"{\"answers\":[\"%s\"],\"key\":\"k\",\"value\":\"1\",\"version\":1}", hex);
	add_copied("dan@host-boot-5", &dan, "model.tag", "model/power", registration);
	bn_hex(at.mal.key, 32, hex);
	snprintf(text, sizeof text,
		"{\"host\":\"h\",\"key\":\"%s\",\"name\":\"mal\",\"uid\":1,\"user\":\"mal\"}", hex);
	add_copied("mal@host-boot-6", &at.mal, "authority.request", "authority", text);
	attacked_newest(newest);
	bn_hex(newest, 32, hex);
	snprintf(text, sizeof text, "{\"changes\":[],\"horizon\":{},\"n\":3,\"prev\":\"%s\"}", hex);
	add_copied("ann@host-boot-7", &ann, "authority.link", "authority", text);
	attacked_see_all();
	ck_assert_int_eq(attacked_outcome(at.dan, "dan@host-boot-5", 1), BN_OUTCOME_LATE);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.dan->ws, &err));
	ck_assert_int_eq(bn_authority_newest(db, NULL), 3);
	/* This link knew nobody: what was before it is late for everybody. */
	attacked_end(&(attacked_sight){.falls = true, .is_not_served = true, .is_fault = true});
}
END_TEST

/* ---- requests ---------------------------------------------------------------------------------------- */

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
	/* dan asks with a new key. */
	attacked_shell("rm %s/binnacle/identity.pem", at.dan->config);
	person_reopen(&at.t, at.dan, false);
	ck_assert_int_eq(bn_people_request(at.dan->ws, "dan", &err), 1);
	flood_requests(1500, "zoe");
	attacked_must(bn_people_read(&p, at.ann->ws, &err));
	ck_assert(p->has_more);
	attacked_must(bn_people_find_request(&r, p, "dan", &err));
	ck_assert_int_eq(bn_people_admit(at.ann->ws, r, NULL, 0, NULL, link, &err), BN_LINK_TAKEN);
	bn_people_free(p);
	attacked_end(&unmoved);
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
	ck_assert_uint_ne(r->owner, 5001); /* shown: its file is another account's */
	attacked_must_be(bn_people_admit(at.ann->ws, r, NULL, 0, NULL, link, &err), BN_ECONFLICT);
	bn_people_free(p);
	attacked_end(&unmoved);
}
END_TEST

BN_TEST_MAIN("core/registry/attacks",
	test_stranger_whose_head_a_link_and_a_decision_could_name_removes_his_log,
	test_stranger_claims_a_reviewers_key_under_an_invented_link,
	test_stranger_makes_a_card_and_a_seal_with_a_reviewers_key,
	test_stranger_writes_unsigned_records_about_the_champions_run,
	test_author_stays_the_author_when_strangers_write_about_her_run,
	test_stranger_floods_the_log_with_writers_of_every_sort,
	test_two_approvals_of_which_one_ended_with_its_right_are_not_two,
	test_one_person_with_two_keys_is_one_approval,
	test_registration_that_names_a_strict_colleague_as_author_does_not_silence_him,
	test_long_rows_of_answers_are_seen_alike_whatever_came_first,
	test_decision_about_other_bytes_another_request_or_none,
	test_approval_is_copied_to_another_log_and_to_another_model,
	test_registration_that_names_a_colleagues_run_makes_nobody_else_its_author,
	test_policies_roles_and_keys_by_the_rules_of_uids_change_nothing,
	test_alias_at_the_end_of_time_is_moved_by_the_next_one,
	test_alias_of_2056_stays_down_when_its_setter_is_revoked_and_granted_again,
	test_act_that_was_late_stays_late_when_the_right_is_granted_again,
	test_admin_whose_clock_was_once_in_2056_is_told_of_the_link_that_he_signs,
	test_approval_under_a_weakened_policy_that_comes_when_it_is_strict_again_is_late,
	test_void_of_the_request_takes_the_decision_with_it_for_everybody,
	test_void_of_somebodys_evidence_takes_the_approval_that_stood_on_it,
	test_void_of_the_newest_link_and_of_link_0_takes_nothing,
	test_cut_of_a_key_of_somebody_else_takes_no_more_than_it_names,
	test_horizon_of_a_hostile_admin_names_heads_that_nobody_has,
	test_removed_founder_removes_the_link_before_his_removal_and_goes_on_as_admin,
	test_logs_that_are_hidden_exchanged_and_brought_back_change_nothing,
	test_records_that_are_copied_byte_for_byte_to_other_logs_are_damage_there,
	test_claims_that_were_planted_before_anybody_registers_stop_nobody,
	test_flood_of_requests_of_2056_hides_nobodys,
	test_request_in_the_name_of_somebody_is_not_taken_for_his)
