/*
 * test_closed_first.c - records dated back after an upgrade take over nothing that existed before it: numbers of
 * datasets, and runs whose ids older programs drew at random. Rows of tests/attacks/table.txt.
 *
 * By the rules of uids bob made a run and a dataset version; then ann upgraded, bob and cleo are admitted, and dan has an
 * account and no key. All four see the same, in old and new indexes, in any order of arrival.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/rights.h"
#include "core/govern/upgrade.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/run_id.h"
#include "core/track/run.h"
#include "tests/support/arrival.h"
#include "tests/support/attack_table.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"

#include <string.h>

#define RUN "00112233445566778899aabbccddeeff"

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];
static bn_err err = BN_ERR_INIT;

enum { A_DAY_MS = 86400000 };

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
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

#define H8(d) d d d d d d d d
#define HASH(d) H8(d) H8(d) H8(d) H8(d) H8(d) H8(d) H8(d) H8(d)
#define VERSION(d) \
	"{\"version\":1,\"manifest\":\"" HASH(d) "\",\"content\":\"" HASH( \
		d) "\",\"parts\":2," \
		   "\"schema_hash\":\"" HASH("a") "\",\"rows\":3,\"columns\":1,\"size\":9," \
						  "\"source\":{\"kind\":\"csv\"}}"

static void begin(bool with_data)
{
	const bn_upgrade_how how = {.n_admit = 0};
	team_make(&t, bn_fold_classes);
	ck_assert_int_eq(bn_run_id_maker(RUN, "bob@h-b-0", NULL), BN_RUN_MAKER_UNSAID);
	say(bob, false, false, 1, "run.created", "run/" RUN,
		"{\"name\":\"old\",\"experiment\":\"x\"}");
	say(bob, false, false, 1, "run.param", "run/" RUN, "{\"params\":{\"lr\":\"0.1\"}}");
	if (with_data)
		say(bob, false, false, 2, "dataset.version", "dataset/jobs", VERSION("b"));
	look();
	must(bn_upgrade(ann->ws, &how, &err));
	look();
	person_link(ann, (bn_change[]){person_admitted(bob), person_admitted(cleo)}, 2);
	look();
}

static void end(void)
{
	char *expected = person_dump(ann);
	team_expect_one_view(&t);
	arrival_try_orders(&t, dan, expected, 20);
	bn_free(expected);
	team_remove(&t);
}

static void expect_run(
	person *reader, const char *id, const char *name, const person *owner, const char *param)
{
	bn_run_info *r = NULL;
	bn_pairs params;
	must(bn_run_get(&r, reader->ws, id, &err));
	ck_assert_uint_eq(r->uid, owner->uid);
	ck_assert_str_eq(r->name, name);
	bn_run_info_free(r);
	must(bn_run_params(&params, reader->ws, id, &err));
	ck_assert_int_eq(params.count, 1);
	ck_assert_ptr_nonnull(bn_pairs_get(&params, param));
	bn_pairs_release(&params);
}

START_TEST(test_old_run_is_not_taken_by_a_creation_dated_back_after_an_upgrade)
{
	begin(false);
	say(dan, true, false, 1, "run.created", "run/" RUN,
		"{\"name\":\"his\",\"experiment\":\"x\"}");
	say(dan, true, false, 1, "run.param", "run/" RUN, "{\"params\":{\"depth\":\"3\"}}");
	say(cleo, true, false, 1, "run.created", "run/" RUN,
		"{\"name\":\"hers\",\"experiment\":\"y\"}");
	look();
	for (size_t i = 0; i < PEOPLE; i++)
		expect_run(&t.people[i], RUN, "old", bob, "lr");
	ATTACK_TRACE(ann->ws, NULL);
	end();
}
END_TEST

START_TEST(test_run_of_an_old_program_that_no_upgrade_closed_is_its_accounts)
{
	static const char late[] = "ffeeddccbbaa99887766554433221100";
	begin(false);
	say(dan, false, false, 1, "run.created", "run/ffeeddccbbaa99887766554433221100",
		"{\"name\":\"late\",\"experiment\":\"x\"}");
	say(dan, false, false, 1, "run.param", "run/ffeeddccbbaa99887766554433221100",
		"{\"params\":{\"depth\":\"3\"}}");
	look();
	for (size_t i = 0; i < PEOPLE; i++)
		expect_run(&t.people[i], late, "late", dan, "depth");
	end();
}
END_TEST

static void expect_version(const char *digit)
{
	for (size_t i = 0; i < PEOPLE; i++) {
		sqlite3 *db = NULL;
		sqlite3_stmt *st = NULL;
		must(bn_workspace_read(&db, t.people[i].ws, &err));
		must(bn_sql_prepare(&st, db, &err,
			"SELECT substr(hash, 1, 1) FROM dataset_version WHERE name = 'jobs' AND "
			"version = 1",
			""));
		ck_assert_int_eq(bn_sql_step(st, &err), 1);
		ck_assert_str_eq((const char *)sqlite3_column_text(st, 0), digit);
		sqlite3_finalize(st);
	}
}

START_TEST(test_number_of_an_old_dataset_is_not_taken_by_a_member_or_a_stranger_after_an_upgrade)
{
	begin(true);
	say(cleo, true, true, 2, "dataset.version", "dataset/jobs", VERSION("c"));
	look();
	expect_version("b");
	say(dan, true, false, 2, "dataset.version", "dataset/jobs", VERSION("d"));
	look();
	expect_version("b");
	end();
}
END_TEST

BN_TEST_MAIN("core/pipeline/closed_first",
	test_old_run_is_not_taken_by_a_creation_dated_back_after_an_upgrade,
	test_run_of_an_old_program_that_no_upgrade_closed_is_its_accounts,
	test_number_of_an_old_dataset_is_not_taken_by_a_member_or_a_stranger_after_an_upgrade)
