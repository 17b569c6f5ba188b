/* test_proof.c - every attack that leaves a trace in a workspace with a chain of authority is reported with record and
 * rule, and a proof does not use an index. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/registry/proof.h"
#include "core/store/inspect.h"
#include "core/store/log/segment.h"
#include "tests/support/attack_table.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/forged_log.h"
#include "tests/support/registry_team.h"
#include "tests/support/signer.h"

#include <string.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;
static team t;
static toy_dir dir; /* of the team, for forged logs */
static person *ann, *bob, *cleo, *dan;
static bn_signer mal;   /* a key that nobody has admitted */
static bn_key *bob_key; /* to forge records of bob */

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

/* ann is the founder; bob is a reviewer, cleo and dan are developers. power/1 by cleo was approved by bob. */
static void setup(void)
{
	team_make_signed(&t, registry_team_classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	snprintf(dir.path, sizeof dir.path, "%s", t.dir);
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", "please", &err));
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	test_signer_init(&mal, 9);
	must(bn_key_open(&bob_key, &bob->env, NULL, &err));
}

static void teardown(void)
{
	test_signer_release(&mal);
	bn_key_free(bob_key);
	team_remove(&t);
}

/* ---- what is found ------------------------------------------------------------------------------- */

static bn_audit_report *audit(person *p)
{
	bn_audit_report *r = NULL;
	must(bn_audit_verify(&r, p->ws, NULL, &err));
	return r;
}

/* The finding of that rule whose writer and words contain these texts; NULL: none. */
static const bn_proof_finding *find(
	const bn_audit_report *r, int rule, const char *writer, const char *words)
{
	for (size_t i = 0; i < r->findings.count; i++) {
		const bn_proof_finding *f = &r->findings.items[i];
		if (f->rule == rule && f->writer && strstr(f->writer, writer) &&
			strstr(f->words, words))
			return f;
	}
	return NULL;
}

static void expect(person *p, bool is_fault, int rule, const char *writer, const char *words)
{
	bn_buf all = BN_BUF_INIT;
	bn_audit_report *r = audit(p);
	const bn_proof_finding *f = find(r, rule, writer, words);
	for (size_t i = 0; i < r->findings.count; i++) {
		bn_buf_addf(&all, "\n%s ", r->findings.items[i].is_fault ? "FAULT" : "no effect");
		bn_proof_finding_text(&r->findings.items[i], &all);
	}
	ck_assert_msg(f != NULL, "nothing by rule %d of %s that says '%s', but%s", rule, writer,
		words, all.ptr ? all.ptr : " nothing");
	ck_assert_msg(f->is_fault == is_fault && (r->faults > 0) == is_fault,
		"found as %s, %d faults: %s", f->is_fault ? "a fault" : "without effect",
		(int)r->faults, all.ptr);
	bn_buf_release(&all);
	bn_audit_report_free(r);
}

static void expect_whole(person *p)
{
	bn_audit_report *r = audit(p);
	ck_assert_msg(r->faults == 0, "%s", r->first_fault);
	ck_assert_uint_eq(r->findings.others, 0);
	bn_audit_report_free(r);
}

/* ---- forging ------------------------------------------------------------------------------------- */

static void newest(uint8_t epoch[32])
{
	sqlite3 *db = NULL;
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_ge(bn_authority_newest(db, epoch), 0);
}

static void forge_begin(forged_log *l, const char *writer)
{
	forged_begin(l, bn_workspace_id(ann->ws), writer, 1500000000000);
}

/* Writes a record in a new log: its signer (NULL: unsigned), its link (NULL: none). */
static void forge(const char *writer, const bn_signer *by, const uint8_t *epoch, const char *kind,
	const char *payload)
{
	forged_log l;
	forge_begin(&l, writer);
	if (by)
		forged_sign(&l, by, epoch, kind, "model/power", payload);
	else
		forged_add(&l, kind, "model/power", payload);
	forged_seal(&l, &dir, NULL);
	forged_end(&l);
}

static bn_signer signer_of(bn_key *key)
{
	bn_signer s;
	bn_key_signer(&s, key);
	return s;
}

/* The writer whose log p's key signs, in ann's view; yours. */
static char *writer_of(person *p)
{
	uint8_t key[32];
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	must(bn_workspace_read(&db, ann->ws, &err));
	person_key(p, key);
	must(bn_sql_prepare(&st, db, &err,
		"SELECT w.name FROM signed_record s JOIN index_name w ON w.no = s.writer WHERE "
		"s.key = ? "
		"ORDER BY s.clock DESC LIMIT 1",
		"b", key, (size_t)32));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	char *name = bn_sql_text(st, 0);
	sqlite3_finalize(st);
	return name;
}

static void seal_all(void)
{
	for (size_t i = 0; i < PEOPLE; i++)
		person_reopen(&t, &t.people[i], false);
}

/* ---- tests --------------------------------------------------------------------------------------- */

START_TEST(test_whole_log_is_proven_and_says_who_stands_behind_it)
{
	setup();
	expect_whole(dan);
	bn_audit_report *r = audit(dan);
	ck_assert(r->is_chained);
	ck_assert_int_eq(r->about.epoch, 2);
	ck_assert_uint_eq(strlen(r->about.link), 64);
	ck_assert_str_eq(r->about.founder, "ann");
	ck_assert_str_eq(r->about.persons, "ann (admin), bob (reviewer), cleo, dan");
	/* Link 0, two links, registration, request, approval. */
	ck_assert_uint_ge(r->signatures, 6);
	ck_assert_uint_eq(r->bad_signatures, 0);
	bn_audit_report_free(r);
	teardown();
}
END_TEST

START_TEST(test_acts_that_are_not_signed_are_named_and_are_no_fault)
{
	setup();
	forge("mal@host-boot-0", NULL, NULL, "model.registered", "{\"version\":1}");
	forge("mal@host-boot-1", NULL, NULL, "model.attested",
		"{\"check\":\"drift\",\"verdict\":\"fail\",\"version\":1}");
	expect(dan, false, 9, "mal@host-boot-0", "not signed");
	expect(dan, false, 9, "mal@host-boot-1", "not signed");
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED);
	teardown();
}
END_TEST

START_TEST(test_keys_of_nobody_and_invented_links_of_strangers_are_no_fault)
{
	uint8_t epoch[32], invented[32] = {7};
	setup();
	newest(epoch);
	forge("mal@host-boot-0", &mal, epoch, "model.removed", "{\"version\":1}");
	forge("mal@host-boot-1", &mal, invented, "model.removed", "{\"version\":1}");
	expect(dan, false, 7, "mal@host-boot-0", "belongs to nobody");
	expect(dan, false, 10, "mal@host-boot-1", "not in the log");
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_flood_of_a_stranger_is_counted_and_not_listed_record_by_record)
{
	enum { FLOOD = 400 };
	uint8_t epoch[32];
	forged_log l;
	size_t items = 0;
	setup();
	newest(epoch);
	forge_begin(&l, "mal@host-boot-0");
	for (int i = 0; i < FLOOD; i++)
		forged_sign(&l, &mal, epoch, "model.tag", "model/power", "{\"version\":1}");
	forged_seal(&l, &dir, NULL);
	forged_end(&l);
	bn_audit_report *r = audit(dan);
	const bn_proof_finding *last = NULL;
	for (size_t i = 0; i < r->findings.count; i++)
		if (strstr(r->findings.items[i].writer, "mal@")) {
			items++;
			last = &r->findings.items[i];
		}
	ck_assert_uint_eq(r->faults, 0);
	ck_assert_uint_eq(r->findings.others, FLOOD);
	ck_assert_uint_eq(items, BN_FINDINGS_NAMED);
	ck_assert_uint_eq(last->seq, BN_FINDINGS_NAMED);
	ck_assert_uint_eq(last->count, FLOOD - BN_FINDINGS_NAMED + 1);
	bn_audit_report_free(r);
	teardown();
}
END_TEST

START_TEST(test_link_that_a_person_names_and_the_log_lacks_is_a_hole)
{
	uint8_t invented[32] = {7};
	setup();
	const bn_signer s = signer_of(bob_key);
	forge("bob@host-boot-9", &s, invented, "model.tag", "{\"version\":1}");
	expect(dan, true, 10, "bob@host-boot-9", "not in the log");
	teardown();
}
END_TEST

START_TEST(test_signature_that_is_not_its_keys_is_named)
{
	uint8_t epoch[32], key[32], bytes[64] = {3};
	forged_log l;
	setup();
	newest(epoch);
	person_key(bob, key);
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = 32,
		.epoch = epoch,
		.epoch_bytes = 32,
		.bytes = bytes,
		.signature_bytes = 64};
	forge_begin(&l, "mal@host-boot-0");
	forged_add_block(&l, &block, "model.approved", "model/power", "{\"version\":1}");
	forged_seal(&l, &dir, NULL);
	forged_end(&l);
	expect(dan, false, 1, "mal@host-boot-0", "does not fit");
	/* In a log signed with the key itself, it is a fault: the log was changed, or its owner lies. */
	forge_begin(&l, "bob@host-boot-9");
	const bn_signer s = signer_of(bob_key);
	forged_card(&l, &s);
	forged_add_block(&l, &block, "model.approved", "model/power", "{\"version\":1}");
	forged_seal(&l, &dir, NULL);
	forged_end(&l);
	expect(dan, true, 1, "bob@host-boot-9", "does not fit");
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_late_void_and_cut_acts_are_named_with_the_rule)
{
	uint8_t old[32], key[32], ids[2][32];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	setup();
	newest(old);
	person_link(ann, (bn_change[]){person_role(dan, BN_ROLE_REVIEWER, true)}, 1);
	const bn_signer s = signer_of(bob_key);
	forge("bob@host-boot-9", &s, old, "model.rejected", "{\"version\":1}");
	expect(dan, false, 4, "bob@host-boot-9", "did not know it");
	/* bob's approval is void, and cleo's key is cut from the start. */
	must(bn_workspace_read(&db, ann->ws, &err));
	person_key(bob, key);
	must(bn_sql_prepare(&st, db, &err,
		"SELECT s.id FROM signed_record s JOIN index_name k ON k.no = s.kind WHERE s.key = "
		"? AND "
		"k.name = 'model.approved'",
		"b", key, (size_t)32));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert(bn_sql_bytes(st, 0, ids[0], 32));
	sqlite3_finalize(st);
	char *bobs = writer_of(bob), *cleos = writer_of(cleo);
	bn_chain_cut cut = {.writer = cleos, .seq = 0};
	person_key(cleo, cut.key);
	const bn_link link = {
		.cuts = &cut, .n_cuts = 1, .voids = (const uint8_t(*)[32])ids, .n_voids = 1};
	must(bn_authority_change(ann->ws, &link, (uint8_t[32]){0}, &err));
	expect(dan, false, 3, bobs, "says that it does not count");
	expect(dan, false, 3, cleos, "cuts its key");
	bn_free(bobs);
	bn_free(cleos);
	teardown();
}
END_TEST

START_TEST(test_beaten_link_is_named_with_what_beats_it)
{
	setup();
	person_link(ann,
		(bn_change[]){person_role(bob, BN_ROLE_ADMIN, true),
			person_role(cleo, BN_ROLE_ADMIN, true)},
		2);
	must(bn_workspace_refresh(cleo->ws, NULL, &err));
	person_link(ann, (bn_change[]){person_removed(cleo)}, 1);
	bn_change c = person_role(dan, BN_ROLE_REVIEWER, true);
	const bn_link link = {.changes = &c, .n_changes = 1};
	ck_assert_int_ne(bn_authority_change(cleo->ws, &link, (uint8_t[32]){0}, &err), 0);
	bn_err_clear(&err);
	char *cleos = writer_of(cleo);
	bn_audit_report *r = audit(dan);
	ck_assert_uint_eq(r->faults, 0);
	ck_assert(find(r, 5, cleos, "beaten by") || find(r, 3, cleos, "invalid"));
	bn_audit_report_free(r);
	bn_free(cleos);
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

/* Removes the last sealed segment of the writer, as its owner can. */
static void remove_last_segment(const char *writer)
{
	bn_names names = BN_NAMES_INIT;
	char *below = bn_strf("log/%s", writer);
	must(bn_segment_list(bn_workspace_at(ann->ws), below, &names, NULL, &err));
	ck_assert_uint_ge(names.count, 1);
	char *path = bn_strf("%s/.binnacle/%s/%s", t.dir, below, names.items[names.count - 1]);
	ck_assert_int_eq(unlink(path), 0);
	bn_free(path);
	bn_free(below);
	bn_names_release(&names);
}

START_TEST(test_removed_segment_that_a_link_names_is_a_hole)
{
	setup();
	char *bobs = writer_of(bob);
	seal_all();
	person_link(ann, (bn_change[]){person_role(dan, BN_ROLE_REVIEWER, true)}, 1);
	expect_whole(dan);
	remove_last_segment(bobs);
	char *anns = writer_of(ann);
	expect(dan, true, 10, anns, "the log lacks");
	bn_free(anns);
	bn_free(bobs);
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_removed_registration_that_others_answer_is_a_hole)
{
	setup();
	char *cleos = writer_of(cleo), *bobs = writer_of(bob);
	seal_all();
	remove_last_segment(cleos);
	expect(dan, true, 10, bobs, "the log lacks");
	bn_free(cleos);
	bn_free(bobs);
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_two_signed_histories_are_named)
{
	forged_log l, other;
	uint8_t epoch[32];
	setup();
	newest(epoch);
	const bn_signer s = signer_of(bob_key);
	forge_begin(&l, "bob@host-boot-9");
	forged_card(&l, &s);
	forged_branch(&other, &l);
	forged_sign(&l, &s, epoch, "model.tag", "model/power", "{\"key\":\"a\",\"version\":1}");
	forged_sign(&other, &s, epoch, "model.tag", "model/power", "{\"key\":\"b\",\"version\":1}");
	forged_sign(&other, &s, epoch, "model.tag", "model/power", "{\"key\":\"c\",\"version\":1}");
	forged_seal(&l, &dir, &s);
	forged_seal(&other, &dir, &s);
	forged_end(&l);
	forged_end(&other);
	expect(dan, true, 10, "bob@host-boot-9", "two histories");
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_lost_founding_record_is_a_fault_and_nothing_counts)
{
	setup();
	char *anns = writer_of(ann);
	seal_all();
	char *path = bn_strf("%s/.binnacle/log/%s", t.dir, anns);
	char *away = bn_strf("%s/away", t.dir);
	ck_assert_int_eq(rename(path, away), 0);
	person_reopen(&t, dan, true);
	bn_audit_report *r = audit(dan);
	ck_assert_uint_ge(r->faults, 1);
	ck_assert_ptr_nonnull(strstr(r->first_fault, "link 0"));
	bn_audit_report_free(r);
	ck_assert_int_eq(bn_sql_int(bn_workspace_index(dan->ws), 0,
				 "SELECT count(*) FROM model_version", ""),
		0);
	bn_free(path);
	bn_free(away);
	bn_free(anns);
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

/* ---- one version ----------------------------------------------------------------------------------- */

static bn_verify_report *verify(person *p, const char *spec)
{
	bn_verify_report *r = NULL;
	must(bn_version_verify(&r, p->ws, spec, NULL, &err));
	return r;
}

/* The number of lines with `what` whose problem contains `problem`; problem NULL: that have none. */
static size_t lines(const bn_verify_report *r, const char *what, const char *problem)
{
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++) {
		const bn_verify_line *l = &r->items[i];
		if (strstr(l->what, what))
			n += problem ? l->problem && strstr(l->problem, problem) : !l->problem;
	}
	return n;
}

static void refuses(person *p, const char *spec, int code, const char *words)
{
	bn_model_view *v = NULL;
	int rc = bn_version_demand(&v, p->ws, spec, &err);
	ck_assert_msg(
		rc == code && strstr(err.msg, words), "%d: %s", rc, rc < 0 ? err.msg : "demanded");
	ck_assert_ptr_null(v);
	bn_err_clear(&err);
}

START_TEST(test_version_is_proven_from_link_0_to_its_decision)
{
	bn_model_view *view = NULL;
	setup();
	bn_verify_report *r = verify(dan, "power/1");
	ck_assert_uint_eq(r->problems, 0);
	ck_assert_uint_eq(lines(r, "link 0 to 2", NULL), 1);
	ck_assert_uint_eq(lines(r, "registered by cleo under link 2", NULL), 1);
	ck_assert_uint_eq(lines(r, "requested by cleo", NULL), 1);
	ck_assert_uint_eq(lines(r, "approved by bob under link 2", NULL), 1);
	ck_assert_uint_eq(lines(r, "file model.safetensors", NULL), 1);
	ck_assert(r->is_chained);
	ck_assert_int_eq(r->about.epoch, 2);
	ck_assert_str_eq(r->about.persons, "ann (admin), bob (reviewer), cleo, dan");
	bn_verify_report_free(r);
	must(bn_version_demand(&view, dan->ws, "power/1", &err));
	ck_assert_ptr_nonnull(view);
	bn_model_view_close(view);
	refuses(dan, "power/7", BN_ENOTFOUND, "power");
	teardown();
}
END_TEST

START_TEST(test_unsigned_decision_is_a_note_and_moves_nothing)
{
	setup();
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/2", "please", &err));
	forge("mal@host-boot-0", NULL, NULL, "model.approved", "{\"version\":2}");
	bn_verify_report *r = verify(dan, "power/2");
	ck_assert_uint_eq(r->problems, 0);
	ck_assert_uint_eq(lines(r, "approved by", NULL), 0);
	ck_assert_uint_eq(
		lines(r, "no effect: rule 9 (decisions), log/mal@host-boot-0 record 1", NULL), 1);
	bn_verify_report_free(r);
	ck_assert_int_eq(team_state(dan, "power/2"), BN_MODEL_REQUESTED);
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

/* Changes dan's index file, as another program of dan could. */
static void edit_index(const char *sql)
{
	sqlite3 *db = NULL;
	char *path = bn_strf("%s/%s/index.db", dan->index, bn_workspace_id(dan->ws));
	if (!bn_fs_exists(bn_env_real(), path)) {
		bn_free(path);
		path = bn_strf("%s/index.db", dan->index);
	}
	must(bn_workspace_refresh(dan->ws, NULL, &err));
	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	char *why = NULL;
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", path, why);
	sqlite3_close_v2(db);
	bn_free(path);
}

START_TEST(test_edited_index_changes_no_answer)
{
	bn_model_view *view = NULL;
	bn_version *v = NULL;
	setup();
	team_register(cleo, "power", cleo, "{}");
	must(bn_workspace_refresh(dan->ws, NULL, &err));
	edit_index("UPDATE model_version SET state = 2 WHERE version = 2;"
		   "UPDATE model_version SET digest = 'beef', manifest = 'beef' WHERE version = 1;"
		   "INSERT INTO model_decision (name, version, request_no, uid, time_ms, approved, "
		   "override, "
		   "who) VALUES ('power', 2, 0, 5002, 1, 1, 0, 'bob');"
		   "DELETE FROM authority_role WHERE role = 'reviewer'; DELETE FROM authority_link "
		   "WHERE n = 2;"
		   "DELETE FROM signed_record; UPDATE index_signed_verdict SET good = 0;"
		   "INSERT INTO writer_fork SELECT no, 1, 'x' FROM writer;");
	/* The index is trusted for display ... */
	ck_assert_int_eq(team_state(dan, "power/2"), BN_MODEL_APPROVED);
	/* ... but not for proofs. */
	expect_whole(dan);
	bn_verify_report *r = verify(dan, "power/1");
	ck_assert_uint_eq(r->problems, 0);
	ck_assert_uint_eq(lines(r, "approved by bob", NULL), 1);
	bn_verify_report_free(r);
	r = verify(dan, "power/2");
	ck_assert_uint_eq(lines(r, "approved by", NULL), 0);
	bn_verify_report_free(r);
	must(bn_version_demand(&view, dan->ws, "power/2", &err));
	must(bn_version_get(&v, bn_model_view_workspace(view), "power/2", &err));
	ck_assert_int_eq(v->state, BN_MODEL_REGISTERED);
	bn_version_free(v);
	bn_model_view_close(view);
	char *out = bn_strf("%s/out", t.dir);
	must(bn_version_export(dan->ws, "power/1", out, &err));
	bn_free(out);
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_version_whose_chain_has_a_hole_is_refused)
{
	setup();
	char *bobs = writer_of(bob);
	seal_all();
	person_link(ann, (bn_change[]){person_role(dan, BN_ROLE_REVIEWER, true)}, 1);
	remove_last_segment(bobs);
	person_reopen(&t, dan, true);
	bn_verify_report *r = verify(dan, "power/1");
	ck_assert_uint_ge(lines(r, "holes", "the log lacks"), 1);
	bn_verify_report_free(r);
	refuses(dan, "power/1", BN_EREFUSED, "the log lacks");
	char *out = bn_strf("%s/out", t.dir);
	ck_assert_int_eq(bn_version_export(dan->ws, "power/1", out, &err), BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert(!bn_fs_exists(bn_env_real(), out));
	bn_free(out);
	bn_free(bobs);
	teardown();
}
END_TEST

START_TEST(test_hole_that_a_person_makes_fails_that_model_alone)
{
	uint8_t invented[32] = {7};
	bn_model_view *view = NULL;
	setup();
	team_register(cleo, "other", cleo, "{}");
	const bn_signer s = signer_of(bob_key);
	forge("bob@host-boot-9", &s, invented, "model.tag", "{\"version\":1}");
	refuses(dan, "power/1", BN_EREFUSED, "holes");
	must(bn_version_demand(&view, dan->ws, "other/1", &err));
	bn_model_view_close(view);
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_records_of_the_run_are_sealed_by_a_person_or_nobody_vouches)
{
	static const char run[] = "00112233445566778899aabbccddeeff";
	static const char bare[] = "ffeeddccbbaa99887766554433221100";
	setup();
	team_run(cleo, run); /* signed by cleo */
	team_register_run(cleo, "power", cleo, run, "{}");
	bn_verify_report *r = verify(dan, "power/2");
	ck_assert_uint_eq(lines(r, "sealed records of run 00112233", NULL), 1);
	ck_assert_uint_eq(r->problems, 0);
	bn_verify_report_free(r);
	forged_log l;
	forge_begin(&l, "cleo@host-boot-9");
	forged_add(
		&l, "run.created", "run/ffeeddccbbaa99887766554433221100", "{\"name\":\"bare\"}");
	forged_seal(&l, &dir, NULL);
	forged_end(&l);
	must(bn_workspace_refresh(cleo->ws, NULL, &err));
	team_register_run(cleo, "power", cleo, bare, "{}");
	r = verify(dan, "power/3");
	ck_assert_uint_eq(lines(r, "sealed records of run ffeeddcc", "nobody's key vouches"), 1);
	bn_verify_report_free(r);
	refuses(dan, "power/3", BN_EREFUSED, "nobody's key vouches");
	ATTACK_TRACE(dan->ws, "power/1");
	teardown();
}
END_TEST

START_TEST(test_who_goes_on_serving_hears_of_a_void_approval_and_of_a_removal)
{
	uint8_t key[32], ids[1][32];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	bn_model_view *view = NULL, *other = NULL;
	setup();
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_demand(&view, dan->ws, "power/1", &err));
	must(bn_version_demand(&other, dan->ws, "power/2", &err));
	must(bn_version_demand_again(view, "power/1", &err));
	must(bn_version_demand_again(other, "power/2", &err)); /* it was never approved */
	must(bn_workspace_read(&db, ann->ws, &err));
	person_key(bob, key);
	must(bn_sql_prepare(&st, db, &err,
		"SELECT s.id FROM signed_record s JOIN index_name k ON k.no = s.kind WHERE s.key = "
		"? AND "
		"k.name = 'model.approved'",
		"b", key, (size_t)32));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert(bn_sql_bytes(st, 0, ids[0], 32));
	sqlite3_finalize(st);
	const bn_link link = {.voids = (const uint8_t(*)[32])ids, .n_voids = 1};
	must(bn_authority_change(ann->ws, &link, (uint8_t[32]){0}, &err));
	ck_assert_int_eq(bn_version_demand_again(view, "power/1", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "was approved and is now requested"));
	bn_err_clear(&err);
	must(bn_version_demand_again(other, "power/2", &err));
	must(bn_version_remove(ann->ws, "power/2", "old", &err));
	ck_assert_int_eq(bn_version_demand_again(other, "power/2", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "was removed"));
	bn_err_clear(&err);
	bn_model_view_close(view);
	bn_model_view_close(other);
	teardown();
}
END_TEST

/* ---- the audit log --------------------------------------------------------------------------------- */

static const bn_audit_row *row_of(const bn_audit_page *p, const char *kind)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->items[i].kind, kind))
			return &p->items[i];
	return NULL;
}

START_TEST(test_audit_log_says_who_signed_and_what_became_of_it_in_a_word)
{
	uint8_t key[32], old[32], ids[1][32];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	bn_audit_page *p = NULL;
	setup();
	newest(old);
	must(bn_workspace_read(&db, ann->ws, &err));
	person_key(bob, key);
	must(bn_sql_prepare(&st, db, &err,
		"SELECT s.id FROM signed_record s JOIN index_name k ON k.no = s.kind WHERE s.key = "
		"? AND "
		"k.name = 'model.approved'",
		"b", key, (size_t)32));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert(bn_sql_bytes(st, 0, ids[0], 32));
	sqlite3_finalize(st);
	const bn_link link = {.voids = (const uint8_t(*)[32])ids, .n_voids = 1};
	must(bn_authority_change(ann->ws, &link, (uint8_t[32]){0}, &err));
	const bn_signer s = signer_of(bob_key);
	forge("bob@host-boot-9", &s, old, "model.rejected", "{\"version\":1}");
	bn_audit_filter f = {
		.outcome = -1, .outcomes = 1u << BN_OUTCOME_REFUSED | 1u << BN_OUTCOME_LATE};
	must(bn_audit_read(&p, dan->ws, &f, &err));
	ck_assert_uint_eq(p->total, 2);
	ck_assert_str_eq(row_of(p, "model.approved")->standing, "void");
	ck_assert_str_eq(row_of(p, "model.approved")->person, "bob");
	ck_assert(row_of(p, "model.approved")->is_signed);
	ck_assert_str_eq(row_of(p, "model.rejected")->standing, "late");
	bn_audit_page_free(p);
	f.mine = true; /* by key: another account owns the file */
	must(bn_audit_read(&p, bob->ws, &f, &err));
	ck_assert_uint_eq(p->total, 2);
	bn_audit_page_free(p);
	must(bn_audit_read(&p, cleo->ws, &f, &err));
	ck_assert_uint_eq(p->total, 0);
	bn_audit_page_free(p);
	f = (bn_audit_filter){.outcome = -1, .kind = "authority.*"};
	must(bn_audit_read(&p, dan->ws, &f, &err));
	ck_assert_str_eq(row_of(p, "authority.founded")->summary, "founded by ann");
	ck_assert_ptr_nonnull(strstr(row_of(p, "authority.founded")->person, "ann"));
	bn_audit_page_free(p);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/registry/proof", test_whole_log_is_proven_and_says_who_stands_behind_it,
	test_acts_that_are_not_signed_are_named_and_are_no_fault,
	test_keys_of_nobody_and_invented_links_of_strangers_are_no_fault,
	test_flood_of_a_stranger_is_counted_and_not_listed_record_by_record,
	test_link_that_a_person_names_and_the_log_lacks_is_a_hole,
	test_signature_that_is_not_its_keys_is_named,
	test_late_void_and_cut_acts_are_named_with_the_rule,
	test_beaten_link_is_named_with_what_beats_it,
	test_removed_segment_that_a_link_names_is_a_hole,
	test_removed_registration_that_others_answer_is_a_hole, test_two_signed_histories_are_named,
	test_lost_founding_record_is_a_fault_and_nothing_counts,
	test_version_is_proven_from_link_0_to_its_decision,
	test_unsigned_decision_is_a_note_and_moves_nothing, test_edited_index_changes_no_answer,
	test_version_whose_chain_has_a_hole_is_refused,
	test_hole_that_a_person_makes_fails_that_model_alone,
	test_records_of_the_run_are_sealed_by_a_person_or_nobody_vouches,
	test_who_goes_on_serving_hears_of_a_void_approval_and_of_a_removal,
	test_audit_log_says_who_signed_and_what_became_of_it_in_a_word)
