/*
 * test_attacks_upgrade.c - records that members, and accounts without a key, write around an upgrade: to logs that it
 * closed, and to new ones. Rows of tests/attacks/table.txt.
 *
 * ann made the workspace, bob is a reviewer, cleo registered wind/1 and requests its approval; ann upgrades and admits
 * everybody who has a key. dan has an account only.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/identity.h"
#include "core/govern/rights.h"
#include "core/govern/upgrade.h"
#include "core/registry/evidence.h"
#include "core/registry/late.h"
#include "core/store/upgrade.h"
#include "tests/support/arrival.h"
#include "tests/support/attack_table.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/forged_log.h"
#include "tests/support/registry_team.h"

#include <stdio.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;
static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void seal_all(void)
{
	for (size_t i = 0; i < PEOPLE; i++)
		must(bn_workspace_seal(t.people[i].ws, &err));
	for (size_t i = 0; i < PEOPLE; i++)
		must(bn_workspace_refresh(t.people[i].ws, NULL, &err));
}

static void begin(void)
{
	team_make(&t, registry_team_classes);
	team_policy(ann, "{\"approvals\":1}");
	must(bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err));
	seal_all();
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", "good", &err));
	team_register(cleo, "wind", cleo, "{}");
	must(bn_version_request(cleo->ws, "wind/1", "good", &err));
	seal_all();
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	seal_all();
}

static void upgrade(void)
{
	const uid_t all[] = {bob->uid};
	const bn_upgrade_how how = {.admit = all, .n_admit = 1};
	must(bn_upgrade(ann->ws, &how, &err));
	seal_all();
}

static void end(void)
{
	char *expected = person_dump(ann);
	team_expect_one_view(&t);
	arrival_try_orders(&t, dan, expected, 20);
	bn_free(expected);
	team_remove(&t);
}

/* Writes like a program without support for chains: the payload is signed by the rules of uids, the record is not. */
static void old_program(person *p, const char *kind, json_t *payload)
{
	ck_assert_ptr_nonnull(payload);
	must(bn_identity_append_signed(p->ws, kind, "model/wind", payload, &err));
	json_decref(payload);
	seal_all();
}

static json_t *of_wind(const char *reason)
{
	bn_version *v = NULL;
	must(bn_version_get(&v, ann->ws, "wind/1", &err));
	json_t *payload = json_pack("{s:i, s:s, s:s, s:s}", "version", 1, "uuid", v->uuid, "digest",
		v->digest, "reason", reason);
	bn_version_free(v);
	return payload;
}

static void expect_late(person *p, size_t n, const char *command)
{
	bn_late_list *l = NULL;
	must(bn_registry_late(&l, p->ws, &err));
	ck_assert_uint_eq(l->count, n);
	if (n)
		ck_assert_str_eq(l->items[0].command, command);
	bn_late_list_free(l);
}

START_TEST(test_act_of_an_old_program_after_the_upgrade_is_late_and_its_account_is_told_how_to_repeat_it)
{
	begin();
	upgrade();
	old_program(bob, "model.approved", of_wind("fine"));
	old_program(cleo, "model.tag",
		json_pack("{s:i, s:s, s:s}", "version", 1, "key", "site", "value", "north"));
	for (size_t i = 0; i < PEOPLE; i++)
		ck_assert_int_eq(team_state(&t.people[i], "wind/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(dan, "model.approved", BN_OUTCOME_LATE), 1);
	expect_late(bob, 1, "binnacle model approve wind/1 --reason fine");
	expect_late(cleo, 1, "binnacle model tag wind/1 site north"); /* she has no key yet */
	expect_late(ann, 0, NULL);
	ATTACK_TRACE(ann->ws, NULL);
	must(bn_version_approve(bob->ws, "wind/1", "fine", false, &err));
	must(bn_version_set_tag(bob->ws, "wind/1", "site", "north", &err));
	seal_all();
	expect_late(bob, 0, NULL);
	expect_late(cleo, 0, NULL);
	end();
}
END_TEST

/* The number of statements executed. An entity is replayed for an old policy because runs, datasets and models depend
 * on it. */
static uint64_t statements_of(person *p)
{
	sqlite3_stmt *st = NULL;
	uint64_t n = 0;
	sqlite3 *db = bn_workspace_index(p->ws);
	must(bn_workspace_refresh(p->ws, NULL, &err));
	while ((st = sqlite3_next_stmt(db, st)))
		n += (uint64_t)sqlite3_stmt_status(st, SQLITE_STMTSTATUS_RUN, 0);
	return n;
}

static void stranger_says(const char *kind, const char *entity, const char *payload)
{
	json_t *j = NULL;
	must(bn_json_parse(&j, payload, strlen(payload), "payload", &err));
	must(bn_workspace_append(dan->ws, kind, entity, j, &err));
	must(bn_workspace_seal(dan->ws, &err));
	json_decref(j);
}

START_TEST(test_policies_and_keys_of_strangers_replay_nothing_after_an_upgrade)
{
	static const char *const said[][3] = {{"policy.set", "policy", "{\"policy\":{}}"},
		{"policy.nonsense", "policy", "{}"},
		{"role.grant", "policy", "{\"role\":\"admin\",\"uid\":5004}"},
		{"user.key", "user/5002", "{\"public_key\":\"" TEAM_DATA "\"}"}};
	begin();
	for (int i = 0; i < 25; i++) {
		char name[40];
		snprintf(name, sizeof name, "old%d", i);
		team_register(cleo, name, cleo, "{}");
	}
	upgrade();
	stranger_says("run.note", "run/00000000000000000000000000000000", "{}");
	uint64_t before = statements_of(ann);
	stranger_says("run.note", "run/00000000000000000000000000000000", "{}");
	uint64_t plain = statements_of(ann) - before;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		before = statements_of(ann);
		stranger_says(said[i][0], said[i][1], said[i][2]);
		uint64_t cost = statements_of(ann) - before;
		ck_assert_msg(cost < plain + 100, "%s costs %llu statements, a note %llu",
			said[i][0], (unsigned long long)cost, (unsigned long long)plain);
	}
	ATTACK_TRACE(ann->ws, NULL);
	team_expect_one_view(&t);
	team_remove(&t);
}
END_TEST

static void must_be(int rc, int code)
{
	ck_assert_msg(rc == code, "%d, not %d: %s", rc, code, err.msg);
	bn_err_clear(&err);
}

/* The roles of bob's account change while ann reads the question. */
START_TEST(test_what_changes_between_the_question_and_the_answer_is_not_signed)
{
	const uid_t all[] = {bob->uid};
	bn_upgrade_plan *plan = NULL;
	begin();
	must(bn_upgrade_plan_read(&plan, ann->ws, &err));
	must(bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_ADMIN, NULL, &err));
	seal_all();
	const bn_upgrade_how how = {.admit = all, .n_admit = 1, .shown = plan};
	must_be(bn_upgrade(ann->ws, &how, &err), BN_ECONFLICT);
	ck_assert_str_eq(bn_workspace_founding(ann->ws), "");
	bn_upgrade_plan_free(plan);
	must(bn_upgrade_plan_read(&plan, ann->ws, &err));
	const bn_upgrade_how again = {.admit = all, .n_admit = 1, .shown = plan};
	must(bn_upgrade(ann->ws, &again, &err));
	bn_upgrade_plan_free(plan);
	seal_all();
	end();
}
END_TEST

static bool has_doubt(const bn_upgrade_plan *p, const char *word)
{
	for (size_t i = 0; i < p->doubts.count; i++)
		if (strstr(p->doubts.items[i], word))
			return true;
	return false;
}

START_TEST(test_founder_by_a_record_that_was_dated_back_is_named_before_the_upgrade)
{
	static const char text[] =
		"{\"format\":1,\"id\":\"3e3a4d1c-6a0f-4b3e-9d11-2c5f0a7be901\"}\n";
	bn_upgrade_plan *plan = NULL;
	bn_dir *at = NULL;
	toy_dir dir;
	forged_log l;
	char path[400];
	team_make(&t, registry_team_classes);
	snprintf(dir.path, sizeof dir.path, "%s", t.dir);
	snprintf(path, sizeof path, "%s/.binnacle", t.dir);
	must(bn_dir_open(&at, &ann->env, path, &err));
	must(bn_dir_remove_tree(at, "log", &err));
	must(bn_dir_make(at, "log", 0777, &err));
	must(bn_dir_write_file(at, "workspace.json", text, strlen(text), 0644, &err));
	bn_dir_close(at);
	for (size_t i = 0; i < PEOPLE; i++)
		person_reopen(&t, &t.people[i], true);
	team_run(ann, "ffffffffffffffffffffffffffffffff");
	must(bn_upgrade_plan_read(&plan, ann->ws, &err));
	ck_assert(!has_doubt(plan, "founder"));
	bn_upgrade_plan_free(plan);
	forged_begin(&l, bn_workspace_id(ann->ws), "mal@host-11111111-0", 1000000000000);
	forged_add(&l, "run.note", "run/00000000000000000000000000000000", "{}");
	forged_seal(&l, &dir, NULL);
	forged_end(&l);
	must(bn_upgrade_plan_read(&plan, ann->ws, &err));
	ck_assert(has_doubt(plan, "was the founder, and not you"));
	ck_assert(has_doubt(plan, "move log/mal@host-11111111-0 out"));
	bn_upgrade_plan_free(plan);
	team_remove(&t);
}
END_TEST

/* Before the upgrade a member moves log/ away and puts a copy of his own in its place. */
START_TEST(test_log_that_a_member_has_put_there_is_not_closed)
{
	const bn_upgrade_how nobody = {.n_admit = 0};
	bn_upgrade_plan *plan = NULL;
	bn_dir *mine = NULL, *his = NULL;
	bn_names writers = BN_NAMES_INIT;
	char path[400];
	begin();
	snprintf(path, sizeof path, "%s/.binnacle", t.dir);
	must(bn_dir_open(&mine, &ann->env, path, &err));
	must(bn_dir_open(&his, &dan->env, path, &err));
	must(bn_dir_list(mine, "log", &writers, &err));
	must(bn_dir_rename(mine, "log", mine, "log.old", &err));
	must(bn_dir_make(his, "log", 0777, &err));
	for (size_t i = 0; i < writers.count; i++) {
		char from[300], to[300];
		snprintf(from, sizeof from, "log.old/%s", writers.items[i]);
		snprintf(to, sizeof to, "log/%s", writers.items[i]);
		must(bn_dir_rename(his, from, his, to, &err));
	}
	must_be(bn_upgrade_plan_read(&plan, ann->ws, &err), BN_EREFUSED);
	must_be(bn_upgrade(ann->ws, &nobody, &err), BN_EREFUSED);
	ck_assert_str_eq(bn_workspace_founding(ann->ws), "");
	bn_names_release(&writers);
	bn_dir_close(mine);
	bn_dir_close(his);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/govern/attacks_upgrade",
	test_act_of_an_old_program_after_the_upgrade_is_late_and_its_account_is_told_how_to_repeat_it,
	test_policies_and_keys_of_strangers_replay_nothing_after_an_upgrade,
	test_what_changes_between_the_question_and_the_answer_is_not_signed,
	test_founder_by_a_record_that_was_dated_back_is_named_before_the_upgrade,
	test_log_that_a_member_has_put_there_is_not_closed)
