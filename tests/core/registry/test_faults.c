/*
 * test_faults.c - a failing index gives no answer: no failure of a statement (out of memory, an interrupted step) makes a
 * verdict more permissive, in the fold or for a reader.
 *
 * SQLite's allocator fails at the k-th request, for every k, or for a sample of them if there are many; statements are
 * interrupted at the k-th step. The result is the verdict of an intact index, or an error.
 */
#include "core/base/mem.h"
#include "core/govern/rights.h"
#include "core/registry/proof.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

enum { NEVER = -1, POINTS = 60 };

/* ---- faults ----------------------------------------------------------------------------------- */

static sqlite3_mem_methods memory;
static long left = NEVER; /* requests that succeed before one fails */
static long asked;        /* requests since arm() */
static bool lasts;        /* all later requests fail too */

static bool fails(void)
{
	asked++;
	if (left == NEVER)
		return false;
	if (left > 0) {
		left--;
		return false;
	}
	if (!lasts)
		left = NEVER;
	return true;
}

static void *faulty_malloc(int n)
{
	return fails() ? NULL : memory.xMalloc(n);
}

static void *faulty_realloc(void *p, int n)
{
	return fails() ? NULL : memory.xRealloc(p, n);
}

static void arm(long k, bool for_good)
{
	left = k;
	lasts = for_good;
	asked = 0;
}

/* Disarms; whether the fault occurred. */
static bool disarm(void)
{
	bool came = left == NEVER || (lasts && left == 0);
	left = NEVER;
	return came;
}

/* Must be called before SQLite is first used in the process. */
static void faulty_memory(void)
{
	sqlite3_mem_methods faulty;
	sqlite3_shutdown();
	ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
	ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), SQLITE_OK);
	faulty = memory;
	faulty.xMalloc = faulty_malloc;
	faulty.xRealloc = faulty_realloc;
	ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty), SQLITE_OK);
}

static int interrupts(void *unused)
{
	(void)unused;
	return fails();
}

/* ---- readers ---------------------------------------------------------------------------------- */

static void begin(void)
{
	faulty_memory();
	attacked_begin();
}

static void end(void)
{
	team_expect_one_view(&at.t);
	team_remove(&at.t);
}

/* dan's refused acts stay refused, and the chain is not taken for absent. */
static void expect_refusals(long k, bool for_good)
{
	bn_self me;
	sqlite3 *db = bn_workspace_index(at.dan->ws);
	arm(k, for_good);
	int rc = bn_rights_may(at.dan->ws, BN_ACT_APPROVE, NULL);
	disarm();
	ck_assert_msg(rc < 0, "fault %ld: a developer may approve", k);
	arm(k, for_good);
	rc = bn_self_read(&me, at.dan->ws, db, NULL);
	disarm();
	ck_assert_msg(rc < 0 || me.is_chained, "fault %ld: there is no chain", k);
	bn_sql_failed(db, NULL);
}

START_TEST(test_reader_without_memory_grants_nothing)
{
	begin();
	attacked_must_be(bn_rights_may(at.dan->ws, BN_ACT_APPROVE, &err), BN_EREFUSED);
	arm(1000000, false);
	attacked_must_be(bn_rights_may(at.dan->ws, BN_ACT_APPROVE, &err), BN_EREFUSED);
	long most = asked;
	disarm();
	for (long k = 0; k <= most; k++) {
		expect_refusals(k, false);
		expect_refusals(k, true);
	}
	attacked_must_be(bn_rights_may(at.dan->ws, BN_ACT_APPROVE, &err), BN_EREFUSED);
	attacked_must(bn_rights_may(at.bob->ws, BN_ACT_APPROVE, &err));
	end();
}
END_TEST

START_TEST(test_reader_whose_statements_are_interrupted_grants_nothing)
{
	begin();
	sqlite3 *db = bn_workspace_index(at.dan->ws);
	sqlite3_progress_handler(db, 1, interrupts, NULL);
	arm(1000000, false);
	attacked_must_be(bn_rights_may(at.dan->ws, BN_ACT_APPROVE, &err), BN_EREFUSED);
	long most = asked;
	disarm();
	for (long k = 0; k <= most; k++)
		expect_refusals(k, false);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	attacked_must_be(bn_rights_may(at.dan->ws, BN_ACT_APPROVE, &err), BN_EREFUSED);
	end();
}
END_TEST

START_TEST(test_nothing_is_appended_on_the_word_of_an_index_that_failed)
{
	json_t *tag = json_pack("{s:i, s:s, s:s}", "version", 1, "key", "k", "value", "v");
	begin();
	for (long k = 0; k < 40; k++) {
		arm(k, true);
		int rc = bn_rights_append(at.dan->ws, 2, "model.tag", "model/power", tag, NULL);
		disarm();
		bn_sql_failed(bn_workspace_index(at.dan->ws), NULL);
		if (rc == 0 && bn_workspace_sync(at.dan->ws, &err) == 0)
			ck_assert_int_eq(
				bn_sql_int(bn_workspace_index(at.dan->ws), -1,
					"SELECT count(*) FROM event e JOIN index_name k ON "
					"k.no = e.kind WHERE k.name = 'model.tag' AND "
					"e.signed IS NULL",
					""),
				0);
	}
	json_decref(tag);
	end();
}
END_TEST

START_TEST(test_version_is_not_served_unproven_without_memory)
{
	bn_model_view *v = NULL;
	begin();
	arm(100000000, false);
	attacked_must(bn_version_demand(&v, at.dan->ws, "power/1", &err));
	long most = asked;
	disarm();
	bn_model_view_close(v);
	for (long k = 0; k < most; k += most / POINTS + 1) {
		arm(k, false);
		int rc = bn_version_demand(&v, at.dan->ws, "power/1", NULL);
		disarm();
		ck_assert_msg(rc < 0 || v, "fault %ld of %ld: served without a proof", k, most);
		if (rc >= 0)
			bn_model_view_close(v);
	}
	end();
}
END_TEST

/* "power" refers to its champion, never to the newest version, and is never unknown. */
static void expect_names(long k, bool for_good)
{
	bn_version *v = NULL;
	sqlite3 *db = bn_workspace_index(at.dan->ws);
	arm(k, for_good);
	int rc = bn_version_get(&v, at.dan->ws, "power", NULL);
	disarm();
	bn_sql_failed(db, NULL);
	ck_assert_msg(rc != BN_ENOTFOUND, "fault %ld: there is no model", k);
	ck_assert_msg(rc < 0 || v->version == 1, "fault %ld: version %lld", k,
		rc < 0 ? 0 : (long long)v->version);
	bn_version_free(v);
}

START_TEST(test_name_of_an_index_that_fails_is_an_error_and_not_another_thing)
{
	bn_version *v = NULL;
	begin();
	ck_assert_int_eq(team_register(at.cleo, "power", at.cleo, "{}"), 2);
	attacked_see_all();
	sqlite3 *db = bn_workspace_index(at.dan->ws);
	sqlite3_progress_handler(db, 1, interrupts, NULL);
	arm(1000000, false);
	attacked_must(bn_version_get(&v, at.dan->ws, "power", &err));
	ck_assert_int_eq(v->version, 1);
	long most = asked;
	disarm();
	bn_version_free(v);
	for (long k = 0; k <= most; k++) {
		expect_names(k, false);
		expect_names(k, true);
	}
	sqlite3_progress_handler(db, 0, NULL, NULL);
	team_remove(&at.t);
}
END_TEST

/* ---- the fold ----------------------------------------------------------------------------------- */

START_TEST(test_fold_without_memory_judges_nobody_by_other_rules)
{
	begin();
	attacked_forge("mal@host-boot-0", NULL, NULL, "model.removed", "model/power",
		"{\"version\":1}", 0);
	attacked_forge("mal@host-boot-1", NULL, NULL, "role.grant", "policy",
		"{\"uid\":0,\"user\":\"mal\",\"role\":\"admin\"}", 0);
	attacked_forge("mal@host-boot-2", NULL, NULL, "dataset.tag", "dataset/jobs",
		"{\"version\":1,\"key\":\"k\",\"value\":\"v\"}", 0);
	person_reopen(&at.t, at.dan, true);
	arm(100000000, false);
	attacked_must(bn_workspace_refresh(at.dan->ws, NULL, &err));
	long most = asked;
	disarm();
	char *truth = person_dump(at.dan);
	for (long k = 0; k < most; k += most / POINTS + 1) {
		person_reopen(&at.t, at.dan, true);
		arm(k, k % 2 != 0);
		bn_workspace_refresh(at.dan->ws, NULL, NULL);
		disarm();
		attacked_must(bn_workspace_refresh(at.dan->ws, NULL, &err));
		char *rows = person_dump(at.dan);
		ck_assert_msg(!strcmp(rows, truth), "fault %ld of %ld left other rows", k, most);
		free(rows);
	}
	free(truth);
	end();
}
END_TEST

BN_TEST_MAIN("core/registry/faults", test_reader_without_memory_grants_nothing,
	test_reader_whose_statements_are_interrupted_grants_nothing,
	test_nothing_is_appended_on_the_word_of_an_index_that_failed,
	test_version_is_not_served_unproven_without_memory,
	test_name_of_an_index_that_fails_is_an_error_and_not_another_thing,
	test_fold_without_memory_judges_nobody_by_other_rules)
