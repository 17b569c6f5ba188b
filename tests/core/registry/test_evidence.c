/* test_evidence.c - whose evidence counts for a gate under the chain of authority, and when. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/govern/authority.h"
#include "core/registry/evidence.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <math.h>
#include <string.h>

#define RUN "00112233445566778899aabbccddeeff"
#define OTHER_DATA "07e407e407e407e407e407e407e407e407e407e407e407e407e407e407e407e4"
#define GATE "{'name':'error','metric':'rmse','op':'<=','threshold':12.5"

static bn_err err = BN_ERR_INIT;
static team t;
static person *ann, *bob, *cleo, *dan;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void must_be(int rc, int code)
{
	ck_assert_msg(rc == code, "%d instead of %d: %s", rc, code, err.msg);
	bn_err_clear(&err);
}

static void see(person *p)
{
	must(bn_workspace_refresh(p->ws, NULL, &err));
}

static bn_change policy_is(const char *text, char *buf, size_t size)
{
	snprintf(buf, size, "%s", text);
	for (char *c = buf; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	return (bn_change){.kind = BN_CHANGE_POLICY, .policy = buf, .signers = 1};
}

/* ann is the founder; bob and dan are reviewers, cleo is a developer. policy: with ' instead of
 * ". */
static void setup(const char *policy)
{
	char text[1000];
	json_t *doc = NULL;
	bn_buf canonical = BN_BUF_INIT;
	team_make_signed(&t, registry_team_classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	bn_change p = policy_is(policy, text, sizeof text);
	must(bn_json_parse(&doc, text, strlen(text), "policy", &err));
	must(bn_json_canonical(doc, &canonical, &err));
	p.policy = canonical.ptr;
	person_link(ann,
		(bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true),
			person_role(dan, BN_ROLE_REVIEWER, true), p},
		3);
	json_decref(doc);
	bn_buf_release(&canonical);
	for (int i = 0; i < PEOPLE; i++)
		see(&t.people[i]);
}

static void teardown(void)
{
	team_expect_one_view(&t);
	team_remove(&t);
}

static int give(person *p, const char *metric, double value, const char *digest)
{
	const bn_measured m = {.metric = metric,
		.part = "test",
		.value = value,
		.rows = 100,
		.dataset = "jobs",
		.dataset_version = 3,
		.dataset_digest = digest};
	bn_err_clear(&err);
	return bn_evidence_give(p->ws, "power/1", &m, 1, "recomputed", "test 1", &err);
}

static bn_verdict gate(person *p)
{
	bn_inbox_item *sheet = NULL;
	must(bn_inbox_item_read(&sheet, p->ws, "power/1", &err));
	ck_assert_uint_eq(sheet->gates->count, 1);
	bn_verdict v = sheet->gates->items[0].verdict;
	bn_inbox_item_free(sheet);
	return v;
}

/* A run of cleo, whose records her key signs, registered by her, with a requested approval. */
static void cleos_model(const char *metrics)
{
	json_t *tag = json_pack("{s:s, s:s}", "key", "k", "value", "v");
	/* makes this process sign its later seals */
	must(bn_authority_append(cleo->ws, 2, "model.tag", "model/other", tag, &err));
	json_decref(tag);
	team_run(cleo, RUN);
	see(cleo);
	team_register_run(cleo, "power", cleo, RUN, metrics);
	must(bn_version_request(cleo->ws, "power/1", "please", &err));
	for (int i = 0; i < PEOPLE; i++)
		see(&t.people[i]);
}

START_TEST(test_what_the_author_reports_is_shown_and_passes_no_gate)
{
	setup("{'gates':[" GATE "}]}");
	cleos_model("{\"test\": {\"rmse\": 1.0}}");
	ck_assert_int_eq(gate(bob), BN_VERDICT_INCONCLUSIVE);
	must_be(bn_version_approve(bob->ws, "power/1", "fine", false, &err), BN_EREFUSED);
	must(give(cleo, "rmse", 1.0, TEAM_DATA)); /* by the author */
	ck_assert_int_eq(gate(bob), BN_VERDICT_INCONCLUSIVE);
	must(give(bob, "rmse", 11.9, TEAM_DATA));
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	teardown();
}
END_TEST

START_TEST(test_gate_that_says_author_takes_what_is_reported_and_the_worst_of_all)
{
	setup("{'gates':[" GATE ",'by':'author'}]}");
	cleos_model("{\"test\": {\"rmse\": 1.0}}");
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	must(give(dan, "rmse", 13, TEAM_DATA));
	ck_assert_int_eq(gate(bob), BN_VERDICT_FAIL);
	teardown();
}
END_TEST

START_TEST(test_fail_of_one_beats_the_pass_of_another_and_one_may_correct_himself)
{
	setup("{'gates':[" GATE "}]}");
	cleos_model("{}");
	must(give(bob, "rmse", 11, TEAM_DATA));
	must(give(dan, "rmse", 13, TEAM_DATA));
	ck_assert_int_eq(gate(bob), BN_VERDICT_FAIL);
	must_be(bn_version_approve(bob->ws, "power/1", "fine", false, &err), BN_EREFUSED);
	must(give(dan, "rmse", 12, TEAM_DATA));
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	must(give(dan, "rmse", NAN, TEAM_DATA)); /* undefined: bob's value still counts */
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	teardown();
}
END_TEST

START_TEST(test_evidence_on_other_data_than_the_gate_or_registration_names_does_not_count)
{
	setup("{'gates':[" GATE "}]}");
	cleos_model("{}");
	must(give(bob, "rmse", 1, OTHER_DATA));
	must(give(bob, "mae", 1, TEAM_DATA));
	ck_assert_int_eq(gate(bob), BN_VERDICT_INCONCLUSIVE);
	teardown();
	setup("{'gates':[" GATE ",'data':'jobs@sha256:" OTHER_DATA "'}]}");
	cleos_model("{}");
	must(give(bob, "rmse", 1, TEAM_DATA));
	ck_assert_int_eq(gate(bob), BN_VERDICT_INCONCLUSIVE);
	must(give(bob, "rmse", 1, OTHER_DATA));
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	teardown();
}
END_TEST

START_TEST(test_attestation_of_author_or_registrar_passes_no_gate)
{
	setup("{'gates':[{'name':'again','check':'reproducible'}]}");
	cleos_model("{}");
	must(bn_version_attest(
		cleo->ws, "power/1", "reproducible", BN_VERDICT_PASS, "bit-identical", &err));
	ck_assert_int_eq(gate(bob), BN_VERDICT_INCONCLUSIVE);
	must(bn_version_attest(
		dan->ws, "power/1", "reproducible", BN_VERDICT_PASS, "so it is", &err));
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	teardown();
}
END_TEST

START_TEST(test_author_whose_model_somebody_else_registers_is_the_author)
{
	setup("{'gates':[{'name':'again','check':'reproducible'}]}");
	json_t *tag = json_pack("{s:s, s:s}", "key", "k", "value", "v");
	must(bn_authority_append(bob->ws, 2, "model.tag", "model/other", tag, &err));
	json_decref(tag);
	team_run(bob, RUN);
	see(cleo);
	/* cleo registers dan as the author */
	team_register_run(cleo, "power", dan, RUN, "{}");
	must(bn_version_request(cleo->ws, "power/1", "please", &err));
	must(bn_version_attest(bob->ws, "power/1", "reproducible", BN_VERDICT_PASS, NULL, &err));
	ck_assert_int_eq(gate(ann), BN_VERDICT_INCONCLUSIVE);
	must(bn_version_attest(ann->ws, "power/1", "reproducible", BN_VERDICT_PASS, NULL, &err));
	must_be(bn_version_approve(bob->ws, "power/1", "fine", false, &err), BN_EREFUSED);
	teardown();
}
END_TEST

START_TEST(test_seal_that_comes_after_the_registration_names_the_author)
{
	setup("{'gates':[{'name':'again','check':'reproducible'}]}");
	json_t *tag = json_pack("{s:s, s:s}", "key", "k", "value", "v");
	must(bn_authority_append(bob->ws, 2, "model.tag", "model/other", tag, &err));
	json_decref(tag);
	json_t *created = json_pack("{s:s}", "name", "steady-heron");
	must(bn_workspace_append(bob->ws, "run.created", "run/" RUN, created, &err));
	json_decref(created);
	must(bn_workspace_commit(bob->ws, &err)); /* not sealed, so not signed by anybody yet */
	see(cleo);
	team_register_run(cleo, "power", dan, RUN, "{}");
	must(bn_version_request(cleo->ws, "power/1", "please", &err));
	see(ann);
	must(bn_workspace_seal(bob->ws, &err));
	see(ann);
	must(bn_version_attest(bob->ws, "power/1", "reproducible", BN_VERDICT_PASS, NULL, &err));
	ck_assert_int_eq(gate(ann), BN_VERDICT_INCONCLUSIVE);
	teardown();
}
END_TEST

START_TEST(test_fail_that_came_after_the_decision_is_shown_and_does_not_undo_it)
{
	setup("{'gates':[" GATE "}]}");
	cleos_model("{}");
	must(give(bob, "rmse", 11, TEAM_DATA));
	see(dan);
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	dan->clock_offset_ms = -(int64_t)86400 * 1000; /* dated before the decision */
	must(give(dan, "rmse", 13, TEAM_DATA));
	dan->clock_offset_ms = 0;
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	ck_assert_int_eq(gate(ann), BN_VERDICT_FAIL);
	/* A link closes the epoch, with the same result. */
	person_link(ann, (bn_change[]){person_role(cleo, BN_ROLE_REVIEWER, true)}, 1);
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	teardown();
}
END_TEST

START_TEST(test_policy_that_rechecks_ends_an_approval_when_evidence_fails_later)
{
	setup("{'recheck':true,'gates':[" GATE "}]}");
	cleos_model("{}");
	must(give(bob, "rmse", 11, TEAM_DATA));
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	must(give(ann, "rmse", 11, TEAM_DATA));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	person_link(ann, (bn_change[]){person_role(cleo, BN_ROLE_REVIEWER, true)}, 1);
	see(dan);
	must(give(dan, "rmse", 13, TEAM_DATA));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REGISTERED);
	teardown();
}
END_TEST

START_TEST(test_pass_that_its_signer_had_not_seen_does_not_make_a_decision_count)
{
	json_t *p = NULL;
	sqlite3_stmt *st = NULL;
	setup("{'gates':[" GATE "}]}");
	cleos_model("{}");
	must(bn_sql_prepare(&st, bn_workspace_index(bob->ws), &err,
		"SELECT v.uuid, v.digest, l.id FROM model_version v JOIN model_last l ON l.name = "
		"v.name AND l.subject = 'request/' || v.registration",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	/* bob claims to have seen all of dan's records, present and future */
	char writer[300] = "";
	must(give(dan, "mae", 1, TEAM_DATA));
	sqlite3_stmt *w = NULL;
	must(bn_sql_prepare(&w, bn_workspace_index(dan->ws), &err,
		"SELECT writer FROM model_evidence WHERE metric = 'mae'", ""));
	ck_assert_int_eq(bn_sql_step(w, &err), 1);
	snprintf(writer, sizeof writer, "%s", (const char *)sqlite3_column_text(w, 0));
	sqlite3_finalize(w);
	p = json_pack("{s:i, s:s, s:s, s:s, s:[s], s:{s:[i, s]}, s:i}", "version", 1, "uuid",
		sqlite3_column_text(st, 0), "digest", sqlite3_column_text(st, 1), "reason", "x",
		"answers", sqlite3_column_text(st, 2), "seen", writer, 999999, TEAM_DATA, "rules",
		BN_GATE_RULES);
	sqlite3_finalize(st);
	must(bn_authority_append(bob->ws, 2, "model.approved", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(bob->ws, &err));
	must(give(dan, "rmse", 1, TEAM_DATA));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	/* A decision that he signs now counts. */
	see(bob);
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	teardown();
}
END_TEST

START_TEST(test_attempt_that_was_refused_stays_refused_when_evidence_passes_later)
{
	setup("{'gates':[" GATE "}]}");
	cleos_model("{}");
	must_be(bn_version_approve(bob->ws, "power/1", "fine", false, &err), BN_EREFUSED);
	must(give(bob, "rmse", 1, TEAM_DATA));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(ann, "model.approved", BN_OUTCOME_REFUSED), 1);
	teardown();
}
END_TEST

/* Evidence about cleo's version with one member replaced, signed by bob; returns its outcome. */
static bn_outcome outcome_of(const char *member, json_t *value)
{
	sqlite3 *db = bn_workspace_index(bob->ws);
	sqlite3_stmt *st = NULL;
	must(bn_sql_prepare(&st, db, &err,
		"SELECT registration, digest FROM model_version WHERE version = 1", ""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	json_t *p = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:f, s:i, s:{s:s, s:i, s:s}, s:s, s:s, s:i, s:[s]}",
		"version", 1, "registration", sqlite3_column_text(st, 0), "model",
		sqlite3_column_text(st, 1), "metric", "rmse", "part", "test", "value", 1.0, "rows",
		10, "dataset", "name", "jobs", "version", 3, "digest", TEAM_DATA, "how", "so",
		"tool", "t", "rules", BN_GATE_RULES, "answers", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	ck_assert_int_eq(json_object_set_new(p, member, value), 0);
	must(bn_authority_append(bob->ws, 2, "model.evidence", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(bob->ws, &err));
	int64_t outcome = bn_sql_int(db, -1,
		"SELECT e.outcome FROM event e JOIN index_name k ON k.no = e.kind WHERE k.name = "
		"'model.evidence' ORDER BY e.clock DESC LIMIT 1",
		"");
	return (bn_outcome)outcome;
}

START_TEST(test_malformed_evidence_has_no_effect_and_newer_rules_are_not_guessed_at)
{
	setup("{'gates':[" GATE "}]}");
	cleos_model("{}");
	ck_assert_int_eq(outcome_of("registration", json_string(TEAM_DATA)), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("answers", json_array()), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("model", json_string(TEAM_DATA)), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("value", json_string("1")), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("rows", json_integer(-1)), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("dataset", json_null()), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("metric", json_string("")), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("check", json_string("drift")), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("how", json_null()), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("rules", json_integer(0)), BN_OUTCOME_INVALID);
	ck_assert_int_eq(outcome_of("rules", json_integer(2)), BN_OUTCOME_NEWER);
	ck_assert_int_eq(outcome_of("attempt", json_true()), BN_OUTCOME_REFUSED);
	ck_assert_int_eq(gate(bob), BN_VERDICT_INCONCLUSIVE);
	ck_assert_int_eq(outcome_of("value", json_real(2)), BN_OUTCOME_APPLIED);
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	teardown();
}
END_TEST

START_TEST(test_champion_is_compared_on_the_data_of_the_challenger)
{
	bn_measured m = {.metric = "rmse",
		.part = "test",
		.value = 10,
		.rows = 100,
		.dataset = "jobs",
		.dataset_version = 3,
		.dataset_digest = TEAM_DATA};
	setup("{'gates':[{'name':'better','metric':'rmse','op':'<=','than':'champion'}]}");
	cleos_model("{\"test\": {\"rmse\": 10.0}}");
	must(bn_version_approve(bob->ws, "power/1", "first", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	see(cleo);
	team_register_run(cleo, "power", cleo, RUN, "{\"test\": {\"rmse\": 9.0}}");
	must(bn_version_request(cleo->ws, "power/2", "better", &err));
	see(bob);
	m.value = 9.5;
	must(bn_evidence_give(bob->ws, "power/2", &m, 1, "recomputed", "t", &err));
	must_be(bn_version_approve(bob->ws, "power/2", "x", false, &err), BN_EREFUSED);
	m.value = 10;
	must(bn_evidence_give(bob->ws, "power/1", &m, 1, "recomputed", "t", &err));
	must(bn_version_approve(bob->ws, "power/2", "x", false, &err));
	teardown();
}
END_TEST

START_TEST(test_fold_compares_with_the_champion_that_the_decision_answers)
{
	sqlite3_stmt *st = NULL;
	bn_measured m = {.metric = "rmse",
		.part = "test",
		.value = 10,
		.rows = 100,
		.dataset = "jobs",
		.dataset_version = 3,
		.dataset_digest = TEAM_DATA};
	setup("{'gates':[{'name':'better','metric':'rmse','op':'<=','than':'champion'}]}");
	cleos_model("{}");
	must(bn_evidence_give(bob->ws, "power/1", &m, 1, "recomputed", "t", &err));
	must(bn_version_approve(bob->ws, "power/1", "first", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	see(cleo);
	team_register_run(cleo, "power", cleo, RUN, "{}");
	must(bn_version_request(cleo->ws, "power/2", "better", &err));
	see(bob);
	m.value = 11;
	must(bn_evidence_give(bob->ws, "power/2", &m, 1, "recomputed", "t", &err));
	/* He signs nevertheless, which no program of ours does. */
	must(bn_sql_prepare(&st, bn_workspace_index(bob->ws), &err,
		"SELECT v.uuid, v.digest, l.id, a.id FROM model_version v JOIN model_last l ON "
		"l.subject = 'request/' || v.registration JOIN model_last a ON a.subject = "
		"'alias/champion' WHERE v.version = 2",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	json_t *p = json_pack("{s:i, s:s, s:s, s:[s, s], s:{}, s:i}", "version", 2, "uuid",
		sqlite3_column_text(st, 0), "digest", sqlite3_column_text(st, 1), "answers",
		sqlite3_column_text(st, 2), sqlite3_column_text(st, 3), "seen", "rules",
		BN_GATE_RULES);
	sqlite3_finalize(st);
	must(bn_authority_append(bob->ws, 2, "model.approved", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(bob->ws, &err));
	ck_assert_int_eq(team_state(ann, "power/2"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(ann, "model.approved", BN_OUTCOME_REFUSED), 1);
	teardown();
}
END_TEST

START_TEST(test_second_key_of_the_author_is_the_author)
{
	const char *policy = "{\"gates\":[{\"check\":\"reproducible\"}]}";
	json_t *doc = NULL;
	bn_buf canonical = BN_BUF_INIT;
	team_make_signed(&t, registry_team_classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	must(bn_json_parse(&doc, policy, strlen(policy), "policy", &err));
	must(bn_json_canonical(doc, &canonical, &err));
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	bn_change further = {.kind = BN_CHANGE_KEY};
	person_key(cleo, further.person);
	person_key(dan, further.key); /* used by another account */
	person_link(ann,
		(bn_change[]){further, person_role(cleo, BN_ROLE_REVIEWER, true),
			{.kind = BN_CHANGE_POLICY, .policy = canonical.ptr, .signers = 1}},
		3);
	json_decref(doc);
	bn_buf_release(&canonical);
	see(cleo);
	cleos_model("{}");
	must(bn_version_attest(dan->ws, "power/1", "reproducible", BN_VERDICT_PASS, NULL, &err));
	ck_assert_int_eq(gate(bob), BN_VERDICT_INCONCLUSIVE);
	must_be(bn_version_approve(dan->ws, "power/1", "fine", false, &err), BN_EREFUSED);
	must(bn_version_attest(bob->ws, "power/1", "reproducible", BN_VERDICT_PASS, NULL, &err));
	ck_assert_int_eq(gate(bob), BN_VERDICT_PASS);
	teardown();
}
END_TEST

static void append_unsigned(person *p, const char *kind, json_t *payload)
{
	must(bn_workspace_append_version(p->ws, 2, kind, "model/power", payload, &err));
	json_decref(payload);
}

START_TEST(test_unsigned_and_dated_back_nothing_is_taken_away)
{
	bn_version *v = NULL;
	setup("{'gates':[{'name':'again','check':'reproducible'}]}");
	see(dan); /* his process does not sign yet */
	cleos_model("{}");
	must(bn_version_attest(ann->ws, "power/1", "reproducible", BN_VERDICT_PASS, NULL, &err));
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	dan->clock_offset_ms = -(int64_t)400 * 86400 * 1000;
	append_unsigned(dan, "model.registered",
		json_pack("{s:i, s:s, s:i, s:s, s:s, s:[]}", "version", 1, "uuid",
			"dddddddd-0000-4000-8000-000000000001", "author_uid", (int)dan->uid,
			"digest", OTHER_DATA, "manifest", OTHER_DATA, "files"));
	append_unsigned(dan, "model.attested",
		json_pack("{s:i, s:s, s:s}", "version", 1, "check", "reproducible", "verdict",
			"fail"));
	append_unsigned(dan, "model.alias_removed", json_pack("{s:s}", "alias", "champion"));
	append_unsigned(dan, "model.removed", json_pack("{s:i}", "version", 1));
	dan->clock_offset_ms = 0;
	must(bn_workspace_sync(dan->ws, &err));
	for (int i = 0; i < PEOPLE; i++) {
		must(bn_version_get(&v, t.people[i].ws, "power@champion", &err));
		ck_assert_int_eq(v->state, BN_MODEL_APPROVED);
		ck_assert_ptr_null(v->contested);
		bn_version_free(v);
	}
	ck_assert_uint_eq(team_count(ann, "model.*", BN_OUTCOME_REFUSED), 4);
	teardown();
}
END_TEST

START_TEST(test_attestation_dated_2056_is_beaten_by_a_fail_and_corrected_by_its_signer)
{
	setup("{'gates':[{'name':'again','check':'reproducible'}]}");
	cleos_model("{}");
	bob->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
	must(bn_version_attest(bob->ws, "power/1", "reproducible", BN_VERDICT_PASS, NULL, &err));
	bob->clock_offset_ms = 0;
	ck_assert_int_eq(gate(ann), BN_VERDICT_PASS);
	must(bn_version_attest(dan->ws, "power/1", "reproducible", BN_VERDICT_FAIL, NULL, &err));
	ck_assert_int_eq(gate(ann), BN_VERDICT_FAIL);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/registry/evidence", test_what_the_author_reports_is_shown_and_passes_no_gate,
	test_gate_that_says_author_takes_what_is_reported_and_the_worst_of_all,
	test_fail_of_one_beats_the_pass_of_another_and_one_may_correct_himself,
	test_evidence_on_other_data_than_the_gate_or_registration_names_does_not_count,
	test_attestation_of_author_or_registrar_passes_no_gate,
	test_author_whose_model_somebody_else_registers_is_the_author,
	test_seal_that_comes_after_the_registration_names_the_author,
	test_fail_that_came_after_the_decision_is_shown_and_does_not_undo_it,
	test_policy_that_rechecks_ends_an_approval_when_evidence_fails_later,
	test_pass_that_its_signer_had_not_seen_does_not_make_a_decision_count,
	test_attempt_that_was_refused_stays_refused_when_evidence_passes_later,
	test_malformed_evidence_has_no_effect_and_newer_rules_are_not_guessed_at,
	test_champion_is_compared_on_the_data_of_the_challenger,
	test_fold_compares_with_the_champion_that_the_decision_answers,
	test_second_key_of_the_author_is_the_author,
	test_unsigned_and_dated_back_nothing_is_taken_away,
	test_attestation_dated_2056_is_beaten_by_a_fail_and_corrected_by_its_signer)
