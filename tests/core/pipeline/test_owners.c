/*
 * test_owners.c - things that belong to the writer of their first record, and records of a non-member dated before it.
 * Rows of tests/attacks/table.txt.
 *
 * ann is the founder, bob is admitted; dan has an account and no key. dan's records are dated back by a day, so they come
 * first in the order of clocks. All four see the same, in old and new indexes.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/_dataset.h"
#include "core/data/add.h"
#include "core/data/protect.h"
#include "core/data/suites.h"
#include "core/govern/authority.h"
#include "core/govern/rights.h"
#include "core/monitor/prediction_log.h"
#include "core/monitor/report.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"
#include "core/serve/endpoint.h"
#include "core/track/logged_model.h"
#include "core/track/run.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"

#include <string.h>

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const dan = &t.people[3];
static bn_err err = BN_ERR_INIT;

enum { A_DAY_MS = 86400000 };
#define H16 "0123456789abcdef"
#define H64 H16 H16 H16 H16

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void begin(void)
{
	team_make_signed(&t, bn_fold_classes);
	person_link(ann, (bn_change[]){person_admitted(bob)}, 1);
}

static void end(void)
{
	team_expect_one_view(&t);
	team_remove(&t);
}

/* Appends a record, signed if p has been admitted and `is_signed`. dated_back: a day earlier, with a new index, since
 * the old one has a later clock. */
static void say(person *p, bool dated_back, bool is_signed, unsigned version, const char *kind,
	const char *entity, const char *payload)
{
	json_t *j = NULL;
	must(bn_json_parse(&j, payload, strlen(payload), "payload", &err));
	person_reopen(&t, p, dated_back && !is_signed);
	if (is_signed)
		must(bn_workspace_refresh(p->ws, NULL, &err));
	p->clock_offset_ms = dated_back ? -A_DAY_MS : 0;
	must((is_signed ? bn_rights_append : bn_workspace_append_version)(
		p->ws, version, kind, entity, j, &err));
	must(bn_workspace_seal(p->ws, &err));
	p->clock_offset_ms = 0;
	json_decref(j);
	person_reopen(&t, p, false);
}

static void look(void)
{
	for (size_t i = 0; i < PEOPLE; i++)
		must(bn_workspace_refresh(t.people[i].ws, NULL, &err));
}

/* ---- runs ------------------------------------------------------------------------------------- */

static void run_make(person *p, bn_run_id *out)
{
	must(bn_run_id_make(out, p->ws, &err));
	bn_run_created made = {
		.name = "mine", .experiment = "x", .kind = "api", .nonce = out->nonce};
	must(bn_runlog_created(p->ws, out->id, &made, &err));
	must(bn_runlog_param(p->ws, out->id, "lr", "0.1", &err));
	must(bn_runlog_started(p->ws, out->id, 5000, &err));
	must(bn_workspace_sync(p->ws, &err));
}

static void expect_run(person *reader, const char *id, const person *owner)
{
	bn_run_info *r = NULL;
	bn_pairs params;
	must(bn_run_get(&r, reader->ws, id, &err));
	ck_assert_uint_eq(r->uid, owner->uid);
	ck_assert_str_eq(r->name, "mine");
	ck_assert_int_eq(r->status, BN_RUN_RUNNING);
	bn_run_info_free(r);
	must(bn_run_params(&params, reader->ws, id, &err));
	ck_assert_int_eq(params.count, 1);
	bn_pairs_release(&params);
}

START_TEST(test_run_is_not_taken_by_a_creation_dated_back)
{
	static const char *const payloads[] = {"{\"name\":\"his\",\"experiment\":\"x\"}",
		"{\"name\":\"his\",\"experiment\":\"x\",\"nonce\":\"%s\"}",
		"{\"name\":\"his\",\"experiment\":\"x\",\"nonce\":\"\"}"};
	bn_run_id made;
	char entity[64], text[160];
	begin();
	run_make(bob, &made);
	snprintf(entity, sizeof entity, "run/%s", made.id);
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof text,
			i == 1 ? "{\"name\":\"his\",\"experiment\":\"x\",\"nonce\":\"%s\"}" : "%s",
			i == 1 ? made.nonce : payloads[i]);
		say(dan, true, false, 1, "run.created", entity, text);
		say(dan, true, false, 1, "run.param", entity, "{\"params\":{\"depth\":\"3\"}}");
	}
	look();
	for (size_t i = 0; i < PEOPLE; i++)
		expect_run(&t.people[i], made.id, bob);
	end();
}
END_TEST

START_TEST(test_run_is_not_taken_by_a_creation_that_is_there_before_it)
{
	bn_run_id made;
	char entity[64];
	begin();
	must(bn_run_id_make(&made, bob->ws, &err));
	snprintf(entity, sizeof entity, "run/%s", made.id);
	say(dan, false, false, 1, "run.created", entity, "{\"name\":\"his\",\"experiment\":\"x\"}");
	look();
	bn_run_created about = {
		.name = "mine", .experiment = "x", .kind = "api", .nonce = made.nonce};
	must(bn_runlog_created(bob->ws, made.id, &about, &err));
	must(bn_runlog_param(bob->ws, made.id, "lr", "0.1", &err));
	must(bn_runlog_started(bob->ws, made.id, 5000, &err));
	must(bn_workspace_sync(bob->ws, &err));
	look();
	expect_run(ann, made.id, bob);
	end();
}
END_TEST

START_TEST(test_run_of_an_older_program_keeps_its_id_and_its_owner)
{
	static const char id[] = "00112233445566778899aabbccddeeff";
	bn_run_info *r = NULL;
	begin();
	ck_assert_int_eq(bn_run_id_maker(id, "bob@h-b-0", NULL), BN_RUN_MAKER_UNSAID);
	say(bob, false, false, 1, "run.created", "run/00112233445566778899aabbccddeeff",
		"{\"name\":\"old\",\"experiment\":\"x\"}");
	say(dan, false, false, 1, "run.created", "run/00112233445566778899aabbccddeeff",
		"{\"name\":\"his\",\"experiment\":\"x\"}");
	look();
	must(bn_run_get(&r, ann->ws, id, &err));
	ck_assert_str_eq(r->name, "old");
	bn_run_info_free(r);
	end();
}
END_TEST

START_TEST(test_run_id_names_one_writer_and_one_nonce)
{
	bn_run_id a, b;
	const char *writer = NULL;
	begin();
	must(bn_run_id_make(&a, bob->ws, &err));
	must(bn_run_id_make(&b, bob->ws, &err));
	ck_assert_str_ne(a.id, b.id);
	ck_assert(bn_run_id_is_valid(a.id));
	ck_assert(strncmp(bob->name, "bob", 3) == 0);
	ck_assert_int_eq(bn_run_id_maker(a.id, "dan@h-b-0", a.nonce), BN_RUN_MAKER_OTHER);
	ck_assert_int_eq(bn_run_id_maker(a.id, "dan@h-b-0", NULL), BN_RUN_MAKER_OTHER);
	must(bn_run_id_check(a.id, a.nonce, bob->ws, &err));
	ck_assert_int_eq(bn_run_id_check(a.id, b.nonce, bob->ws, NULL), BN_ECONFLICT);
	ck_assert_int_eq(bn_run_id_check(a.id, a.nonce, dan->ws, NULL), BN_ECONFLICT);
	(void)writer;
	end();
}
END_TEST

/* ---- datasets --------------------------------------------------------------------------------- */

#define HASH(digit) digit digit digit digit digit digit digit digit
#define H8(d) d d d d d d d d
#define VERSION(d) NUMBERED("1", d)
#define NUMBERED(number, d) \
	"{\"version\":" number ",\"manifest\":\"" HASH(H8(d)) "\",\"content\":\"" HASH(H8( \
		d)) "\",\"parts\":2,\"schema_hash\":\"" HASH(H8("a")) "\",\"rows\":3,\"columns\":" \
								      "1,\"size\":9,\"source\":{" \
								      "\"kind\":\"csv\"}}"

static void expect_version(person *reader, const char *digit)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	must(bn_workspace_read(&db, reader->ws, &err));
	must(bn_sql_prepare(&st, db, &err,
		"SELECT substr(hash, 1, 1) FROM dataset_version WHERE name = 'jobs' AND version = "
		"1",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert_str_eq((const char *)sqlite3_column_text(st, 0), digit);
	sqlite3_finalize(st);
}

/* The version that the name refers to for the reader; *checked: whether it has a passed check. */
static int64_t meant(person *reader, bool *checked)
{
	bn_dataset_version *v = NULL;
	must(bn_dataset_resolve(&v, reader->ws, "jobs", BN_DATASET_LIVE, &err));
	int64_t version = v->version;
	*checked = v->check_success;
	bn_dataset_version_free(v);
	return version;
}

#define CHECKED \
	"{\"version\":1,\"suite\":\"" HASH(H8("a")) "\",\"result\":\"" HASH( \
		H8("b")) "\",\"success\":true,\"evaluated\":1,\"failed\":0}"

START_TEST(test_name_of_a_dataset_means_no_version_or_check_of_a_stranger)
{
	person *const cleo = &t.people[2];
	int64_t number = -1;
	bool checked;
	begin();
	say(bob, false, true, 2, "dataset.version", "dataset/jobs", NUMBERED("1", "b"));
	say(dan, false, false, 2, "dataset.version", "dataset/jobs", NUMBERED("1000", "d"));
	say(dan, false, false, 1, "dataset.checked", "dataset/jobs", CHECKED);
	look();
	for (size_t i = 0; i < PEOPLE; i++) {
		bool is_dan = &t.people[i] == dan;
		ck_assert_int_eq(meant(&t.people[i], &checked), is_dan ? 1000 : 1);
		ck_assert(!checked);
		must(bn_dataset_with_content(
			&number, t.people[i].ws, "jobs", HASH(H8("d")), false, &err));
		ck_assert_int_eq(number, is_dan ? 1000 : 0);
	}
	say(bob, false, false, 1, "dataset.checked", "dataset/jobs", CHECKED);
	look();
	ck_assert_int_eq(meant(ann, &checked), 1);
	ck_assert(checked);
	person_link(ann, (bn_change[]){person_admitted(cleo)}, 1);
	look();
	say(cleo, false, true, 2, "dataset.version", "dataset/jobs", NUMBERED("2", "c"));
	look();
	person_link(ann, (bn_change[]){person_removed(cleo)}, 1);
	look();
	say(cleo, false, true, 2, "dataset.version", "dataset/jobs", NUMBERED("3", "e"));
	look();
	ck_assert_int_eq(meant(ann, &checked), 2);
	ck_assert_int_eq(meant(bob, &checked), 2);
	end();
}
END_TEST

START_TEST(test_number_of_a_dataset_is_not_taken_by_a_stranger_who_dates_back)
{
	begin();
	say(bob, false, true, 2, "dataset.version", "dataset/jobs", VERSION("b"));
	say(dan, true, false, 2, "dataset.version", "dataset/jobs", VERSION("d"));
	look();
	for (size_t i = 0; i < PEOPLE; i++)
		expect_version(&t.people[i], "b");
	end();
}
END_TEST

START_TEST(test_number_of_a_dataset_is_not_taken_under_a_link_that_is_closed)
{
	begin();
	person_link(ann, (bn_change[]){person_admitted(&t.people[2])}, 1);
	say(bob, false, true, 2, "dataset.version", "dataset/jobs", VERSION("b"));
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	look();
	person_link(ann, (bn_change[]){person_removed(&t.people[2])}, 1);
	say(dan, true, false, 2, "dataset.version", "dataset/jobs", VERSION("d"));
	say(&t.people[2], false, true, 2, "dataset.version", "dataset/jobs", VERSION("c"));
	look();
	for (size_t i = 0; i < PEOPLE; i++)
		expect_version(&t.people[i], "b");
	end();
}
END_TEST

START_TEST(test_dataset_of_who_has_no_key_is_there_until_a_member_takes_its_number)
{
	begin();
	say(dan, false, false, 2, "dataset.version", "dataset/jobs", VERSION("d"));
	look();
	expect_version(ann, "d");
	say(bob, false, true, 2, "dataset.version", "dataset/jobs", VERSION("b"));
	look();
	expect_version(ann, "b");
	end();
}
END_TEST

START_TEST(test_dataset_that_a_member_adds_is_signed)
{
	bn_dataset_version *v = NULL;
	bn_generate_options o = {.rows = 20, .seed = 1};
	bool added = false;
	begin();
	must(bn_workspace_refresh(bob->ws, NULL, &err));
	must(bn_dataset_generate(&v, &added, bob->ws, "jobs", BN_DATASET_AS_BEFORE, &o, &err));
	bn_dataset_version_free(v);
	v = NULL;
	must(bn_dataset_generate(&v, &added, dan->ws, "others", BN_DATASET_AS_BEFORE, &o, &err));
	bn_dataset_version_free(v);
	look();
	sqlite3 *db = NULL;
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_eq(bn_sql_int(db, 0,
				 "SELECT count(*) FROM signed_record s JOIN index_entity_text t ON "
				 "t.no = s.entity WHERE t.entity = 'dataset/jobs'",
				 ""),
		1);
	ck_assert_int_eq(bn_sql_int(db, 0,
				 "SELECT count(*) FROM signed_record s JOIN index_entity_text t ON "
				 "t.no = s.entity WHERE t.entity = 'dataset/others'",
				 ""),
		0);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM dataset_version", ""), 2);
	end();
}
END_TEST

/* ---- servers, reports, experiments ------------------------------------------------------------ */

START_TEST(test_server_is_not_taken_by_a_start_dated_back)
{
	bn_endpoints l;
	const bn_endpoint *e = NULL;
	begin();
	say(bob, false, false, 1, "endpoint.started", "endpoint/0123456789ab",
		"{\"models\":[\"power/1\"],\"url\":\"http://bob:1\",\"host\":\"h\"}");
	say(dan, true, false, 1, "endpoint.started", "endpoint/0123456789ab",
		"{\"models\":[\"power/1\"],\"url\":\"http://dan:1\",\"host\":\"h\"}");
	say(dan, false, false, 1, "endpoint.stopped", "endpoint/0123456789ab", "{\"requests\":1}");
	look();
	must(bn_endpoint_list(&l, ann->ws, &err));
	ck_assert_uint_eq(l.count, 2);
	for (size_t i = 0; i < 2; i++) {
		bool is_bobs = !strcmp(l.items[i].user, "bob");
		ck_assert_str_eq(l.items[i].url, is_bobs ? "http://bob:1" : "http://dan:1");
		ck_assert_int_eq(l.items[i].stopped_ms != 0, !is_bobs);
	}
	ck_assert_int_eq(bn_endpoint_find(&e, &l, "0123456789ab", NULL), BN_EINVAL);
	bn_endpoints_release(&l);
	end();
}
END_TEST

START_TEST(test_webhook_of_another_user_is_another_one)
{
	sqlite3 *db;
	begin();
	say(bob, false, false, 1, "webhook.created", "webhook/w",
		"{\"name\":\"bobs\",\"origin\":\"https://bob\",\"events\":[\"prompt.created\"]}");
	say(dan, true, false, 1, "webhook.created", "webhook/w",
		"{\"name\":\"dans\",\"origin\":\"https://dan\",\"events\":[\"prompt.created\"]}");
	say(dan, false, false, 1, "webhook.updated", "webhook/w", "{\"origin\":\"https://evil\"}");
	say(dan, false, false, 1, "webhook.deleted", "webhook/w", "{}");
	look();
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM webhook", ""), 1);
	ck_assert_int_eq(bn_sql_int(db, 0,
				 "SELECT count(*) FROM webhook WHERE name = 'bobs' AND origin = "
				 "'https://bob' AND active",
				 ""),
		1);
	end();
}
END_TEST

#define REPORT(verdict) \
	"{\"id\":\"r1\",\"object\":\"" HASH( \
		H8("a")) "\",\"version\":\"1\",\"dataset\":{\"verdict\":\"" verdict \
			 "\",\"share\":0.5},\"window\":{\"rows\":3},\"reference\":{\"kind\":" \
			 "\"dataset\",\"dataset\":\"d\"}}"

START_TEST(test_report_is_not_taken_by_one_dated_back)
{
	sqlite3 *db = NULL;
	begin();
	say(bob, false, false, 1, "monitor.report", "monitor/power", REPORT("drift"));
	say(dan, true, false, 1, "monitor.report", "monitor/power", REPORT("no drift"));
	look();
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_eq(
		bn_sql_int(db, -1, "SELECT verdict FROM monitor_report WHERE id = 'r1' AND uid = ?",
			"i", (int64_t)bob->uid),
		1);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM monitor_report", ""), 2);
	end();
}
END_TEST

#define BATCH(rows, to_ms) \
	"{\"endpoint\":\"e1\",\"model\":\"power\",\"version\":\"1\",\"rows\":" rows \
	",\"object\":\"" HASH(H8("a")) "\",\"from_ms\":1,\"to_ms\":" to_ms ",\"dropped\":0}"
#define VERDICT(id, verdict, time) \
	"{\"id\":\"" id "\",\"time\":" time ",\"object\":\"" HASH( \
		H8("a")) "\",\"version\":\"1\",\"dataset\":{\"verdict\":\"" verdict \
			 "\",\"share\":0.5},\"window\":{\"rows\":3},\"reference\":{\"kind\":" \
			 "\"dataset\",\"dataset\":\"d\"}}"

static int64_t rows_logged(person *reader)
{
	bn_prediction_batches l;
	const bn_prediction_window w = {.model = "power", .last = 5000};
	must(bn_prediction_batches_list(&l, reader->ws, &w, &err));
	int64_t rows = l.rows;
	bn_prediction_batches_release(&l);
	return rows;
}

/* Checks the newest report that the reader sees; "" for none. */
static void expect_newest(person *reader, const char *id)
{
	bn_monitor_reports l;
	must(bn_monitor_report_list(&l, reader->ws, "power", 1, &err));
	ck_assert_str_eq(l.count ? l.items[0]->id : "", id);
	bn_monitor_reports_release(&l);
}

START_TEST(test_drift_is_looked_for_in_what_members_logged_and_reported)
{
	begin();
	say(bob, false, true, 2, "dataset.version", "dataset/jobs", VERSION("b"));
	say(bob, false, false, 1, "prediction.batch", "predictions/e1", BATCH("10", "2000"));
	say(dan, false, false, 1, "prediction.batch", "predictions/e1",
		BATCH("9000000000000000000", "2713000000000"));
	say(bob, false, false, 1, "monitor.report", "monitor/power", VERDICT("r1", "drift", "5"));
	say(bob, false, false, 1, "monitor.report", "monitor/power",
		VERDICT("r2", "drift", "2713000000000"));
	say(dan, false, false, 1, "monitor.report", "monitor/power",
		VERDICT("r3", "no drift", "6"));
	look();
	for (size_t i = 0; i < PEOPLE; i++) {
		bool is_dan = &t.people[i] == dan;
		ck_assert_int_eq(rows_logged(&t.people[i]), is_dan ? 9000000000000000000 : 10);
		expect_newest(&t.people[i], is_dan ? "r3" : "r1");
	}
	end();
}
END_TEST

/* A required suite keeps versions out: a stranger can neither attach one nor detach the members'. */
START_TEST(test_protection_is_made_weaker_only_by_those_who_may)
{
	begin();
	say(bob, false, true, 1, "protection.set", "protection/jobs",
		"{\"class\":\"restricted\",\"personal\":[\"user\"],\"keep_days\":30}");
	say(dan, false, false, 1, "protection.set", "protection/jobs", "{\"class\":\"public\"}");
	say(dan, true, false, 1, "protection.set", "protection/other", "{\"class\":\"public\"}");
	say(bob, false, true, 1, "protection.set", "protection/jobs", "{\"class\":\"public\"}");
	say(bob, false, true, 1, "protection.set", "protection/jobs", "{\"cleared\":[\"user\"]}");
	say(bob, false, true, 1, "protection.set", "protection/jobs", "{\"keep_days\":0}");
	say(bob, false, true, 1, "protection.set", "protection/jobs", "{\"remotes\":[\"evil\"]}");
	look();
	for (size_t i = 0; i < PEOPLE; i++) {
		bn_protection p = BN_PROTECTION_INIT;
		must(bn_protection_of_name(&p, t.people[i].ws, "jobs", &err));
		ck_assert_int_eq(p.level, BN_CLASS_RESTRICTED);
		ck_assert(bn_protection_marks(&p, "user"));
		ck_assert_int_eq(p.keep_days, 30);
		ck_assert_uint_eq(p.remote_count, 0);
		bn_protection_release(&p);
		must(bn_protection_of_name(&p, t.people[i].ws, "other", &err));
		ck_assert_int_eq(p.level, BN_CLASS_UNKNOWN);
		bn_protection_release(&p);
	}
	say(ann, false, true, 1, "protection.set", "protection/jobs",
		"{\"class\":\"internal\",\"cleared\":[\"user\"]}");
	look();
	for (size_t i = 0; i < PEOPLE; i++) {
		bn_protection p = BN_PROTECTION_INIT;
		must(bn_protection_of_name(&p, t.people[i].ws, "jobs", &err));
		ck_assert_int_eq(p.level, BN_CLASS_INTERNAL);
		ck_assert_uint_eq(p.personal_count, 0);
		bn_protection_release(&p);
	}
	end();
}
END_TEST

START_TEST(test_suite_is_attached_and_detached_by_members_only)
{
#define SUITE "{\"name\":\"limits\",\"suite\":\"" H64 "\",\"policy\":\"require\"}"
#define THEIRS "{\"name\":\"never\",\"suite\":\"" H64 "\",\"policy\":\"require\"}"
	begin();
	say(bob, false, true, 1, "suite.attached", "suite/jobs", SUITE);
	say(dan, false, false, 1, "suite.attached", "suite/jobs", THEIRS);
	say(dan, true, false, 1, "suite.attached", "suite/other", THEIRS);
	say(dan, false, false, 1, "suite.detached", "suite/jobs", "{\"name\":\"limits\"}");
	look();
	for (size_t i = 0; i < PEOPLE; i++) {
		bn_suites l;
		must(bn_suites_load(&l, t.people[i].ws, NULL, &err));
		ck_assert_uint_eq(l.count, 1);
		ck_assert_str_eq(l.items[0].name, "limits");
		ck_assert(l.items[0].required);
		bn_suites_release(&l);
	}
	say(ann, false, true, 1, "suite.detached", "suite/jobs", "{\"name\":\"limits\"}");
	look();
	for (size_t i = 0; i < PEOPLE; i++) {
		bn_suites l;
		must(bn_suites_load(&l, t.people[i].ws, "jobs", &err));
		ck_assert_uint_eq(l.count, 0);
		bn_suites_release(&l);
	}
	end();
}
END_TEST

START_TEST(test_experiment_is_hidden_and_described_by_those_who_may)
{
	sqlite3 *db = NULL;
	begin();
	say(bob, false, true, 1, "experiment.created", "experiment/x", "{\"note\":\"n\"}");
	say(dan, true, false, 1, "experiment.created", "experiment/x", "{\"note\":\"his\"}");
	say(dan, false, false, 1, "experiment.removed", "experiment/x", "{}");
	say(dan, false, false, 1, "experiment.note", "experiment/x", "{\"note\":\"his\"}");
	look();
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_eq(
		bn_sql_int(db, -1, "SELECT removed FROM experiment WHERE name = 'x' AND note = 'n'",
			""),
		0);
	say(ann, false, true, 1, "experiment.removed", "experiment/x", "{}");
	look();
	must(bn_workspace_read(&db, bob->ws, &err));
	ck_assert_int_eq(
		bn_sql_int(db, -1, "SELECT removed FROM experiment WHERE name = 'x'", ""), 1);
	end();
}
END_TEST

/* What servers of MLflow's clients write, by hand and by another account. */
START_TEST(test_state_and_data_of_a_run_of_a_server_are_its_owners)
{
	static const struct {
		const char *kind, *payload;
	} acts[] = {{"run.status", "{\"status\":\"FAILED\",\"end_ms\":9}"},
		{"run.outputs", "{\"models\":[{\"id\":\"m-0123456789abcdef0123456789abcdef\","
				"\"step\":1}]}"},
		{"run.inputs", "{\"models\":[\"m-0123456789abcdef0123456789abcdef\"]}"},
		{"run.param", "{\"params\":{\"depth\":\"3\"}}"}};
	sqlite3 *db = NULL;
	bn_run_id made;
	char entity[64];
	begin();
	run_make(bob, &made);
	snprintf(entity, sizeof entity, "run/%s", made.id);
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		say(dan, false, false, 1, acts[i].kind, entity, acts[i].payload);
	look();
	for (size_t i = 0; i < PEOPLE; i++)
		expect_run(&t.people[i], made.id, bob);
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_eq(
		bn_sql_int(db, -1, "SELECT count(*) FROM event WHERE owner = ? AND outcome = 0",
			"i", (int64_t)dan->uid),
		0);
	end();
}
END_TEST

START_TEST(test_logged_model_is_changed_by_its_owner_alone)
{
	bn_logged_id id;
	bn_logged_model *m = NULL;
	char entity[64];
	begin();
	must(bn_logged_id_make(&id, bob->ws, &err));
	const bn_logged_made made = {.name = "mine", .created_ms = -1, .nonce = id.nonce};
	must(bn_logged_create(bob->ws, id.id, &made, &err));
	must(bn_workspace_sync(bob->ws, &err));
	must(bn_workspace_seal(bob->ws, &err));
	snprintf(entity, sizeof entity, "logged/%s", id.id);
	say(dan, true, false, 1, "logged.created", entity,
		"{\"name\":\"his\",\"experiment\":\"x\"}");
	say(dan, false, false, 1, "logged.status", entity, "{\"status\":\"FAILED\"}");
	say(dan, false, false, 1, "logged.artifact", entity,
		"{\"artifacts\":[{\"path\":\"MLmodel\",\"hash\":\"" HASH("a") "\",\"size\":1}]}");
	say(dan, false, false, 1, "logged.removed", entity, "{}");
	look();
	for (size_t i = 0; i < PEOPLE; i++) {
		bn_artifacts files = BN_ARTIFACTS_INIT;
		must(bn_logged_get(&m, t.people[i].ws, id.id, &err));
		ck_assert_str_eq(m->name, "mine");
		ck_assert(!m->removed && m->status == BN_LOGGED_PENDING);
		must(bn_logged_artifacts(&files, t.people[i].ws, id.id, &err));
		ck_assert_uint_eq(files.count, 0);
		bn_artifacts_release(&files);
		bn_logged_free(m);
	}
	end();
}
END_TEST

START_TEST(test_experiment_is_renamed_and_tagged_by_those_who_may)
{
	sqlite3 *db = NULL;
	begin();
	say(bob, false, true, 1, "experiment.created", "experiment/x", "{\"note\":\"n\"}");
	say(dan, false, false, 1, "experiment.renamed", "experiment/x", "{\"name\":\"his\"}");
	say(dan, false, false, 1, "experiment.tag", "experiment/x", "{\"tags\":{\"a\":\"b\"}}");
	look();
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_eq(
		bn_sql_int(db, -1,
			"SELECT count(*) FROM experiment WHERE name = 'x' AND renamed IS NULL", ""),
		1);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM experiment_tag", ""), 0);
	end();
}
END_TEST

START_TEST(test_remote_leads_where_a_member_said)
{
	sqlite3 *db = NULL;
	begin();
	say(dan, true, false, 1, "remote.added", "remote/lab", "{\"url\":\"s3://dans/bucket\"}");
	say(bob, false, true, 1, "remote.added", "remote/lab", "{\"url\":\"s3://lab/data\"}");
	say(bob, false, true, 1, "remote.added", "remote/lab", "{\"url\":\"s3://other/data\"}");
	say(dan, false, false, 1, "remote.removed", "remote/lab", "{}");
	say(dan, false, false, 1, "remote.added", "remote/lab", "{\"url\":\"s3://dans/bucket\"}");
	look();
	must(bn_workspace_read(&db, ann->ws, &err));
	ck_assert_int_eq(bn_sql_int(db, 0,
				 "SELECT count(*) FROM remote WHERE name = 'lab' AND url = "
				 "'s3://lab/data'",
				 ""),
		1);
	end();
}
END_TEST

BN_TEST_MAIN("core/pipeline/owners", test_state_and_data_of_a_run_of_a_server_are_its_owners,
	test_logged_model_is_changed_by_its_owner_alone,
	test_experiment_is_renamed_and_tagged_by_those_who_may,
	test_run_is_not_taken_by_a_creation_dated_back,
	test_run_is_not_taken_by_a_creation_that_is_there_before_it,
	test_run_of_an_older_program_keeps_its_id_and_its_owner,
	test_run_id_names_one_writer_and_one_nonce,
	test_name_of_a_dataset_means_no_version_or_check_of_a_stranger,
	test_number_of_a_dataset_is_not_taken_by_a_stranger_who_dates_back,
	test_number_of_a_dataset_is_not_taken_under_a_link_that_is_closed,
	test_dataset_of_who_has_no_key_is_there_until_a_member_takes_its_number,
	test_protection_is_made_weaker_only_by_those_who_may,
	test_suite_is_attached_and_detached_by_members_only,
	test_dataset_that_a_member_adds_is_signed, test_server_is_not_taken_by_a_start_dated_back,
	test_webhook_of_another_user_is_another_one, test_report_is_not_taken_by_one_dated_back,
	test_drift_is_looked_for_in_what_members_logged_and_reported,
	test_experiment_is_hidden_and_described_by_those_who_may,
	test_remote_leads_where_a_member_said)
