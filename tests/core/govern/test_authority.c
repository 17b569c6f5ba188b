/* test_authority.c - which signed records count under the chain of authority, for every reader. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/identity.h"
#include "core/govern/bots.h"
#include "core/govern/key.h"
#include "core/store/inspect.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/forged_log.h"

#include <string.h>

static bn_err err = BN_ERR_INIT;
static uint8_t link_id[32];
static team t;
static person *ann, *bob, *cleo, *dan;
static int applied; /* events of class "note" applied, in all indexes */

/* Class "note": events that anybody may sign; the outcome is their standing. */
static int note_apply(bn_fold *f, const bn_event *ev, bn_err *e)
{
	bn_standing s;
	applied++;
	int rc = bn_authority_judge(&s, bn_fold_db(f), ev, e);
	if (rc >= 0 && s.kind != BN_STANDING_COUNTS)
		bn_fold_outcome(f, BN_OUTCOME_REFUSED, "%d: %s", (int)s.kind, s.words);
	else if (rc >= 0)
		bn_fold_outcome(
			f, BN_OUTCOME_APPLIED, "epoch %lld of %.8s", (long long)s.epoch, s.person);
	return rc;
}

static int note_clear(bn_fold *f, const char *entity, bn_err *e)
{
	(void)f;
	(void)entity;
	(void)e;
	return 0;
}

static size_t seals; /* reported as new by batches */

static int note_before_replay(bn_fold *f, bn_err *e)
{
	size_t n;
	(void)e;
	bn_fold_seals_new(f, &n);
	seals += n;
	return 0;
}

static const bn_fold_kind note_kinds[] = {{"note.made", .fields = BN_FIELDS("v")}, {0}};
static const bn_fold_class note_class = {.name = "note",
	.kinds = note_kinds,
	.apply = note_apply,
	.clear = note_clear,
	.before_replay = note_before_replay};
static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, &note_class, NULL};

static void setup(void)
{
	team_make_signed(&t, classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	applied = 0;
}

static void teardown(void)
{
	team_remove(&t);
}

/* ---- what people do ---------------------------------------------------------------------------- */

static sqlite3 *read_by(person *p)
{
	sqlite3 *db = NULL;
	ck_assert_bn_ok(bn_workspace_read(&db, p->ws, &err), &err);
	return db;
}

static void note(person *p, const char *entity, int v)
{
	json_t *payload = json_pack("{s:i}", "v", v);
	read_by(p);
	ck_assert_bn_ok(bn_authority_append(p->ws, 1, "note.made", entity, payload, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(p->ws, &err), &err);
	json_decref(payload);
}

/* Signs without reading new records first. */
static void note_blind(person *p, const char *entity, int v)
{
	json_t *payload = json_pack("{s:i}", "v", v);
	ck_assert_bn_ok(bn_authority_append(p->ws, 1, "note.made", entity, payload, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(p->ws, &err), &err);
	json_decref(payload);
}

/* The outcome of note v in p's view: "applied epoch 1 of ..." */
static char *worth(person *p, int v)
{
	sqlite3_stmt *st = NULL;
	char *text = NULL;
	ck_assert_bn_ok(bn_sql_prepare(&st, read_by(p), &err,
				"SELECT outcome || ' ' || reason FROM dump_event WHERE kind = "
				"'note.made' AND json_extract(payload, '$.v') = ?",
				"i", (int64_t)v),
		&err);
	if (bn_sql_step(st, &err) == 1)
		text = bn_sql_text(st, 0);
	sqlite3_finalize(st);
	ck_assert_msg(text != NULL, "note %d is not in the log", v);
	return text;
}

/* Checks the outcome of note v in p's view. */
static void expect(person *p, int v, const char *start)
{
	char *before = worth(p, v);
	ck_assert_msg(!strncmp(before, start, strlen(start)), "note %d for %s: '%s', not '%s'", v,
		p->name, before, start);
	bn_free(before);
}

#define COUNTS "applied epoch "
#define LATE "refused 1:"
#define NOBODY "refused 4:"
#define VOIDED "refused 8:"
#define CUT_OFF "refused 9:"

/* ---- tests ------------------------------------------------------------------------------------- */

START_TEST(test_founder_is_admin_by_a_key_and_the_id_names_link_0)
{
	uint8_t id[32];
	unsigned roles = 0;
	char who[65];
	uint8_t key[32];
	setup();
	person_key(ann, key);
	bn_hex(key, 32, who);
	for (size_t i = 0; i < PEOPLE; i++) {
		sqlite3 *db = read_by(&t.people[i]);
		ck_assert(bn_authority_is_founded(db));
		ck_assert_int_eq(bn_authority_newest(db, id), 0);
		ck_assert_bn_ok(bn_authority_roles(&roles, db, 0, who, &err), &err);
		ck_assert_uint_eq(roles & (1u << BN_ROLE_ADMIN), 1u << BN_ROLE_ADMIN);
	}
	note(ann, "note/a", 1);
	note(bob, "note/a", 2);
	expect(cleo, 1, COUNTS "0");
	expect(cleo, 2, NOBODY);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_person_counts_from_the_link_that_admits_them)
{
	setup();
	note(bob, "note/a", 1);
	person_link(ann, (bn_change[]){person_admitted(bob)}, 1);
	note(bob, "note/a", 2);
	expect(ann, 1, NOBODY);
	expect(ann, 2, COUNTS "1");
	person_link(ann, (bn_change[]){person_removed(bob)}, 1);
	note(bob, "note/a", 3);
	expect(cleo, 2, COUNTS "1");
	expect(cleo, 3, NOBODY);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_what_the_signer_of_the_next_link_did_not_know_is_late_whatever_its_clock)
{
	setup();
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	note(bob, "note/a", 1);
	read_by(ann);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	bob->clock_offset_ms = -1000 * 86400;
	note_blind(bob, "note/a", 2); /* bob has read up to link 1 */
	bob->clock_offset_ms = 0;
	expect(dan, 1, COUNTS "1");
	expect(dan, 2, LATE);
	note(bob, "note/a", 3);
	expect(dan, 3, COUNTS "2");
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_link_replays_only_those_whose_records_it_makes_late)
{
	setup();
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	for (int i = 0; i < 30; i++) {
		char entity[20];
		snprintf(entity, sizeof entity, "note/n%d", i);
		note(bob, entity, i);
	}
	read_by(ann);
	read_by(cleo);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	read_by(ann);
	note_blind(cleo, "note/late", 100); /* cleo has read up to link 1 */
	applied = 0;
	read_by(ann);
	ck_assert_int_eq(applied, 1);
	expect(ann, 100, LATE);
	applied = 0;
	person_link(ann, (bn_change[]){person_role(cleo, BN_ROLE_REVIEWER, true)}, 1);
	ck_assert_int_eq(applied, 0);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_void_and_cut_take_what_they_name_and_nothing_else)
{
	uint8_t key[32], void_id[32];
	sqlite3_stmt *st = NULL;
	setup();
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	note(bob, "note/a", 1);
	note(bob, "note/b", 2);
	note(cleo, "note/c", 3);
	note(cleo, "note/c", 4);
	sqlite3 *db = read_by(ann);
	ck_assert_bn_ok(bn_sql_prepare(&st, db, &err,
				"SELECT s.id, w.name FROM signed_record s JOIN event e ON e.writer "
				"= s.writer AND e.seq = s.seq JOIN index_name w ON w.no = s.writer "
				"WHERE json_extract(e.payload, '$.v') = 3",
				""),
		&err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert(bn_sql_bytes(st, 0, void_id, 32));
	sqlite3_finalize(st);
	person_key(bob, key);
	char *writer = NULL;
	int64_t seq = bn_sql_int(db, 0,
		"SELECT s.seq FROM signed_record s JOIN event e ON e.writer = s.writer AND e.seq = "
		"s.seq WHERE json_extract(e.payload, '$.v') = 1",
		"");
	ck_assert_bn_ok(bn_sql_prepare(&st, db, &err,
				"SELECT w.name FROM signed_record s JOIN index_name w ON w.no = "
				"s.writer WHERE s.key = ? LIMIT 1",
				"b", key, (size_t)32),
		&err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	writer = bn_sql_text(st, 0);
	sqlite3_finalize(st);
	bn_chain_cut cut = {.writer = writer, .seq = (uint64_t)seq};
	memcpy(cut.key, key, 32);
	const uint8_t voids[1][32] = {{0}};
	memcpy((void *)(uintptr_t)voids[0], void_id, 32);
	bn_change change = person_role(bob, BN_ROLE_REVIEWER, true);
	const bn_link link = {.changes = &change,
		.n_changes = 1,
		.cuts = &cut,
		.n_cuts = 1,
		.voids = voids,
		.n_voids = 1};
	ck_assert_bn_ok(bn_authority_change(ann->ws, &link, link_id, &err), &err);
	bn_free(writer);
	expect(dan, 1, COUNTS "1");
	expect(dan, 2, CUT_OFF);
	expect(dan, 3, VOIDED);
	expect(dan, 4, COUNTS "1");
	note(bob, "note/a", 5); /* his key remains cut */
	expect(dan, 5, CUT_OFF);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

/* dan is not a person; his key is ann's bot. */
START_TEST(test_a_bot_is_its_person_until_its_end_and_proves_its_key)
{
	static const char *const verbs[] = {"tag", NULL}, *const patterns[] = {"*", NULL};
	const bn_bot_wish wish = {
		.name = "nightly", .verbs = verbs, .patterns = patterns, .until_ms = -1};
	bn_key *key = NULL;
	setup();
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	ck_assert_bn_ok(bn_key_open(&key, &dan->env, NULL, &err), &err);
	read_by(ann);
	ck_assert_bn_ok(bn_bot_add(ann->ws, key, &wish, &err), &err);
	/* bob claims it, with the proof of possession made for ann */
	ck_assert_int_eq(bn_bot_add(bob->ws, key, &wish, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	note(dan, "note/a", 1);
	expect(cleo, 1, COUNTS "1");
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	note(dan, "note/a", 2);
	expect(cleo, 2, COUNTS "2");
	ck_assert_int_eq(bn_bot_end(bob->ws, "nightly", &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_bot_end(ann->ws, "nightly", &err), &err);
	note(dan, "note/a", 3);
	expect(cleo, 2, COUNTS "2");
	expect(cleo, 3, CUT_OFF);
	team_expect_one_view(&t);
	bn_key_free(key);
	teardown();
}
END_TEST

START_TEST(test_removed_admin_forks_at_the_old_link_and_moves_nobody)
{
	setup();
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann,
		(bn_change[]){person_role(bob, BN_ROLE_ADMIN, true),
			person_role(cleo, BN_ROLE_ADMIN, true)},
		2);
	read_by(cleo);
	/* ann, the most senior admin, removes cleo; cleo, whose view is old, signs a link after the previous one */
	person_link(ann, (bn_change[]){person_removed(cleo)}, 1);
	note(ann, "note/a", 1);
	cleo->clock_offset_ms = -1000 * 86400;
	bn_change c = person_role(dan, BN_ROLE_REVIEWER, true);
	const bn_link link = {.changes = &c, .n_changes = 1};
	int rc = bn_authority_change(cleo->ws, &link, link_id, &err);
	cleo->clock_offset_ms = 0;
	ck_assert_int_eq(rc, BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_authority_newest(read_by(dan), NULL), 3);
	expect(dan, 1, COUNTS "3");
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_who_may_not_sign_a_link_is_told_and_nothing_changes)
{
	setup();
	person_link(ann, (bn_change[]){person_admitted(bob)}, 1);
	ck_assert_int_eq(
		person_try_link(bob, (bn_change[]){person_role(bob, BN_ROLE_ADMIN, true)}, 1, &err),
		BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_int_eq(
		person_try_link(cleo, (bn_change[]){person_admitted(cleo)}, 1, &err), BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_authority_newest(read_by(ann), NULL), 1);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_rows_do_not_depend_on_which_writer_was_seen_first)
{
	setup();
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	note(bob, "note/a", 1);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_ADMIN, true)}, 1);
	note(cleo, "note/b", 2);
	read_by(bob);
	person_link(bob, (bn_change[]){person_admitted(dan)}, 1);
	note(dan, "note/a", 3);
	/* bob and ann both sign after link 3 */
	read_by(ann);
	read_by(bob);
	bn_change c = person_role(cleo, BN_ROLE_REVIEWER, true),
		  d = person_role(dan, BN_ROLE_REVIEWER, true);
	const bn_link by_bob = {.changes = &c, .n_changes = 1},
		      by_ann = {.changes = &d, .n_changes = 1};
	(void)bn_authority_change(bob->ws, &by_bob, link_id, NULL);
	(void)bn_authority_change(ann->ws, &by_ann, link_id, NULL);
	note_blind(cleo, "note/c", 4);
	team_expect_one_view(&t);
	teardown();
}
END_TEST

START_TEST(test_each_epoch_has_its_policy_roles_and_names)
{
	char of_bob[65], name[64];
	uint8_t key[32];
	unsigned roles = 0;
	bn_policy *p = NULL;
	setup();
	person_key(bob, key);
	bn_hex(key, 32, of_bob);
	person_link(ann, (bn_change[]){person_admitted(bob)}, 1);
	const bn_change two = {
		.kind = BN_CHANGE_POLICY, .policy = "{\"approvals\":2}", .signers = 1};
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true), two}, 2);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, false)}, 1);
	sqlite3 *db = read_by(dan);
	ck_assert_bn_ok(bn_authority_policy(&p, db, 1, &err), &err);
	ck_assert_int_eq(p->approvals, 1);
	bn_policy_free(p);
	ck_assert_bn_ok(bn_authority_policy(&p, db, 3, &err), &err);
	ck_assert_int_eq(p->approvals, 2);
	bn_policy_free(p);
	ck_assert_bn_ok(bn_authority_roles(&roles, db, 0, of_bob, &err), &err);
	ck_assert_uint_eq(roles, 0);
	bn_authority_name(db, 3, of_bob, name, sizeof name);
	ck_assert_str_eq(name, "bob");
	ck_assert_int_eq(bn_authority_allows(db, 1, of_bob, false, "bob", BN_ACT_APPROVE, &err),
		BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "bob (developer) may not approve"));
	bn_err_clear(&err);
	ck_assert_bn_ok(
		bn_authority_allows(db, 2, of_bob, false, "bob", BN_ACT_APPROVE, &err), &err);
	ck_assert_int_eq(
		bn_authority_allows(db, 2, of_bob, true, "bob", BN_ACT_APPROVE, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "that takes a person"));
	bn_err_clear(&err);
	teardown();
}
END_TEST

START_TEST(test_batch_says_whose_logs_have_a_new_seal)
{
	setup();
	seals = 0;
	note(ann, "note/a", 1);
	size_t before = seals;
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	read_by(dan);
	ck_assert_uint_gt(seals, before);
	teardown();
}
END_TEST

static int64_t verified(person *p)
{
	return bn_sql_int(read_by(p), -1, "SELECT count(*) FROM index_signed_verdict", "");
}

/* Records with invalid signatures, each by another key. */
static void flood(const char *writer, const uint8_t epoch[32], int n)
{
	forged_log l;
	toy_dir d;
	uint8_t key[32] = {0x55}, bytes[64] = {1};
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = sizeof key,
		.epoch = epoch,
		.epoch_bytes = 32,
		.bytes = bytes,
		.signature_bytes = sizeof bytes};
	snprintf(d.path, sizeof d.path, "%s", t.dir);
	forged_begin(&l, bn_workspace_id(ann->ws), writer, 1790000000000);
	for (int i = 0; i < n; i++) {
		memcpy(key + 1, &i, sizeof i);
		forged_add_block(&l, &block, "note.made", "note/a", "{\"v\":7}");
		forged_add_block(&l, &block, "authority.link", "authority", "{\"n\":2}");
		forged_add_block(&l, &block, "authority.signed", "authority", "{}");
	}
	forged_seal(&l, &d, NULL);
	forged_end(&l);
}

START_TEST(test_only_signatures_of_known_keys_are_verified_and_each_once)
{
	uint8_t epoch[32];
	setup();
	person_link(ann, (bn_change[]){person_admitted(bob)}, 1);
	for (int i = 0; i < 10; i++)
		note(bob, "note/a", i);
	/* Link 0, link 1 and ten notes. */
	ck_assert_int_eq(verified(cleo), 12);
	ck_assert_int_eq(bn_authority_newest(read_by(cleo), epoch), 1);
	flood("mal@host-boot-0", epoch, 1000);
	ck_assert_int_eq(verified(cleo), 12);
	person_reopen(&t, cleo, true);
	ck_assert_int_eq(verified(cleo), 12);
	/* A new record is verified when it arrives, and earlier ones are not verified again. */
	note(bob, "note/a", 20);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	ck_assert_int_eq(verified(cleo), 14);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/govern/authority", test_each_epoch_has_its_policy_roles_and_names,
	test_batch_says_whose_logs_have_a_new_seal,
	test_founder_is_admin_by_a_key_and_the_id_names_link_0,
	test_person_counts_from_the_link_that_admits_them,
	test_what_the_signer_of_the_next_link_did_not_know_is_late_whatever_its_clock,
	test_link_replays_only_those_whose_records_it_makes_late,
	test_void_and_cut_take_what_they_name_and_nothing_else,
	test_a_bot_is_its_person_until_its_end_and_proves_its_key,
	test_removed_admin_forks_at_the_old_link_and_moves_nobody,
	test_who_may_not_sign_a_link_is_told_and_nothing_changes,
	test_rows_do_not_depend_on_which_writer_was_seen_first,
	test_only_signatures_of_known_keys_are_verified_and_each_once)
