/*
 * test_upgrade.c - a workspace of uids gets a chain of authority (core/govern/upgrade.h): earlier decisions are
 * unchanged for every reader and in any order of arrival, and no new record counts as an earlier one.
 */
#include "core/base/dir.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/closed.h"
#include "core/govern/identity.h"
#include "core/govern/key.h"
#include "core/govern/people.h"
#include "core/govern/prove.h"
#include "core/govern/rights.h"
#include "core/govern/trust.h"
#include "core/govern/upgrade.h"
#include "core/registry/evidence.h"
#include "core/store/upgrade.h"
#include "core/store/view.h"
#include "tests/support/arrival.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/forged_log.h"
#include "tests/support/registry_team.h"
#include "tests/support/signer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUN "00112233445566778899aabbccddeeff"
#define POLICY \
	"{\"approvals\":1,\"gates\":[{\"check\":\"reviewed\"},{\"metric\":\"rmse\",\"op\":\"<=\"," \
	"\"threshold\":12.5}]}"

static bn_err err = BN_ERR_INIT;
static team t;
static toy_dir dir;
static person *ann, *bob, *cleo, *dan;

static void must(int rc)
{
	ck_assert_msg(rc >= 0, "%s", err.msg);
	bn_err_clear(&err);
}

static void must_be(int rc, int code)
{
	ck_assert_msg(rc == code, "%d, not %d: %s", rc, code, err.msg);
	bn_err_clear(&err);
}

static void people_name_them(void)
{
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	snprintf(dir.path, sizeof dir.path, "%s", t.dir);
}

/* Removes the founding record and the id derived from it, as in a workspace of the first version. */
static void make_first_version(void)
{
	static const char text[] =
		"{\"format\":1,\"id\":\"3e3a4d1c-6a0f-4b3e-9d11-2c5f0a7be901\"}\n";
	char path[400];
	bn_dir *at = NULL;
	for (size_t i = 0; i < PEOPLE; i++)
		bn_workspace_close(t.people[i].ws);
	snprintf(path, sizeof path, "%s/.binnacle/log", t.dir);
	must(bn_fs_remove_tree(bn_env_real(), path, &err));
	must(bn_fs_make_dirs(&ann->env, path, 0777, &err)); /* owned by ann */
	snprintf(path, sizeof path, "%s/.binnacle", t.dir);
	must(bn_dir_open(&at, &ann->env, path, &err));
	must(bn_dir_write_file(at, "workspace.json", text, strlen(text), 0644, &err));
	bn_dir_close(at);
	for (size_t i = 0; i < PEOPLE; i++) {
		t.people[i].ws = NULL;
		person_reopen(&t, &t.people[i], true);
	}
}

static void see_all(void)
{
	for (size_t i = 0; i < PEOPLE; i++)
		must(bn_workspace_refresh(t.people[i].ws, NULL, &err));
}

static void seal_all(void)
{
	for (size_t i = 0; i < PEOPLE; i++)
		must(bn_workspace_seal(t.people[i].ws, &err));
	see_all();
}

/* ann is the founder, bob a reviewer; cleo's power/1 is approved and champion. */
static void begin(bool first_version)
{
	team_make(&t, registry_team_classes);
	people_name_them();
	if (first_version) {
		make_first_version();
		team_run(ann,
			"ffffffffffffffffffffffffffffffff"); /* the first event: its owner founded it */
	}
	team_policy(ann, POLICY);
	must(bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err));
	seal_all();
	team_register(cleo, "power", cleo, "{\"test\":{\"rmse\":9}}");
	must(bn_version_request(cleo->ws, "power/1", "good", &err));
	must(bn_version_attest(cleo->ws, "power/1", "reviewed", BN_VERDICT_PASS, "read it", &err));
	seal_all();
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	must(bn_version_set_alias(bob->ws, "power/1", "champion", &err));
	seal_all();
}

static void upgrade(void)
{
	const uid_t all[] = {bob->uid, cleo->uid, dan->uid};
	const bn_upgrade_how how = {.admit = all, .n_admit = 3};
	must(bn_upgrade(ann->ws, &how, &err));
	seal_all();
}

/* The version with the alias champion; 0: none. */
static int64_t champion(person *p)
{
	bn_version *v = NULL;
	int64_t version = 0;
	if (bn_version_get(&v, p->ws, "power@champion", NULL) == 0)
		version = v->version;
	bn_version_free(v);
	return version;
}

/* Checks what every member must see after any attack, in the index that they had and in a new one. */
static void expect_all_is_well(void)
{
	for (size_t i = 0; i < PEOPLE; i++) {
		person *p = &t.people[i];
		must(bn_workspace_refresh(p->ws, NULL, &err));
		ck_assert_int_eq(team_state(p, "power/1"), BN_MODEL_APPROVED);
		ck_assert_int_eq(champion(p), 1);
		ck_assert(bn_closed_is_upgraded(bn_workspace_index(p->ws)));
		ck_assert_int_ge(bn_authority_newest(bn_workspace_index(p->ws), NULL), 1);
	}
	team_expect_one_view(&t);
}

static void end(void)
{
	team_remove(&t);
}

static bool has_doubt(person *p, const char *word)
{
	bn_names doubts = BN_NAMES_INIT;
	bool found = false;
	must(bn_closed_doubts(&doubts, bn_workspace_index(p->ws), &err));
	for (size_t i = 0; i < doubts.count; i++)
		found = found || strstr(doubts.items[i], word);
	bn_names_release(&doubts);
	return found;
}

static uint64_t faults(person *p)
{
	bn_workspace *view = NULL;
	bn_proof_findings f = {0};
	must(bn_workspace_view(&view, p->ws, NULL, &err));
	must(bn_prove_chain(&f, bn_workspace_index(view), &err));
	uint64_t n = f.faults;
	bn_proof_findings_release(&f);
	bn_workspace_close(view);
	return n;
}

/* ---- what stays, and what changes ------------------------------------------------------------------ */

static void expect_persons(void)
{
	bn_people *p = NULL;
	const bn_person_row *row;
	must(bn_people_read(&p, dan->ws, &err));
	ck_assert_uint_eq(p->count, 2); /* cleo and dan have no key */
	must(bn_people_find(&row, p, "bob", &err));
	ck_assert(row->roles & 1u << BN_ROLE_REVIEWER);
	must(bn_people_find(&row, p, "ann", &err));
	ck_assert_int_eq(row->rank, 1);
	bn_people_free(p);
}

static void keeps_everything(bool first_version)
{
	begin(first_version);
	char *before = person_dump(dan);
	upgrade();
	expect_all_is_well();
	expect_persons();
	char *after = person_dump(dan);
	/* The rows of versions, decisions and aliases are unchanged, except for the position of the registration. */
	const char *was = strstr(before, "table model_decision"),
		   *is = strstr(after, "table model_decision");
	ck_assert(was && is);
	ck_assert_int_eq(strncmp(was, is, strcspn(was, "t") + 200), 0);
	ck_assert(has_doubt(dan, "power/1 was approved by bob"));
	ck_assert(has_doubt(dan, "1 attested check is not signed"));
	ck_assert_uint_eq(faults(dan), 0);
	bn_free(before);
	bn_free(after);
	end();
}

START_TEST(test_upgrade_keeps_what_was_decided_and_makes_persons_of_keys)
{
	keeps_everything(false);
}
END_TEST

START_TEST(test_upgrade_of_the_first_version_keeps_what_was_decided)
{
	keeps_everything(true);
}
END_TEST

START_TEST(test_upgrade_is_refused_to_others_and_to_a_second_time)
{
	const bn_upgrade_how nobody = {.n_admit = 0};
	bn_upgrade_plan *plan = NULL;
	begin(false);
	must_be(bn_upgrade_plan_read(&plan, bob->ws, &err), BN_EREFUSED);
	must_be(bn_upgrade(bob->ws, &nobody, &err), BN_EREFUSED);
	upgrade();
	must_be(bn_upgrade_plan_read(&plan, ann->ws, &err), BN_ECONFLICT);
	must_be(bn_upgrade(ann->ws, &nobody, &err), BN_ECONFLICT);
	expect_all_is_well();
	end();
	team_make_signed(&t, registry_team_classes);
	must_be(bn_upgrade_plan_read(&plan, t.people[0].ws, &err), BN_ECONFLICT);
	must_be(bn_upgrade(t.people[0].ws, &nobody, &err), BN_ECONFLICT);
	end();
}
END_TEST

START_TEST(test_plan_names_users_keys_roles_and_who_must_ask)
{
	bn_upgrade_plan *plan = NULL;
	begin(false);
	must(bn_upgrade_plan_read(&plan, ann->ws, &err));
	ck_assert_uint_eq(plan->count, 3); /* dan has not written anything */
	ck_assert_int_eq(plan->old_founder, (int)ann->uid);
	for (size_t i = 0; i < plan->count; i++) {
		const bn_upgrade_user *u = &plan->users[i];
		ck_assert_int_eq(u->is_me, u->uid == ann->uid);
		ck_assert_int_eq(u->key != NULL, u->uid != cleo->uid);
		if (u->uid == bob->uid)
			ck_assert_uint_eq(u->roles, 1u << BN_ROLE_REVIEWER);
	}
	ck_assert_uint_gt(plan->doubts.count, 0);
	ck_assert_uint_eq(plan->unseen.count, 0);
	ck_assert_str_eq(bn_workspace_founding(ann->ws), "");
	bn_upgrade_plan_free(plan);
	end();
}
END_TEST

START_TEST(test_old_models_go_on_under_the_chain)
{
	begin(false);
	team_register(cleo, "power", cleo, "{\"test\":{\"rmse\":8}}");
	must(bn_version_request(cleo->ws, "power/2", "better", &err));
	seal_all();
	upgrade();
	must_be(bn_version_approve(bob->ws, "power/2", "fine", false, &err),
		BN_EREFUSED); /* the gates need somebody else's evidence */
	must(bn_people_request(cleo->ws, NULL, &err));
	seal_all();
	ck_assert_int_eq(team_state(dan, "power/2"), BN_MODEL_REQUESTED);
	must(bn_version_attest(bob->ws, "power/2", "reviewed", BN_VERDICT_PASS, "read it", &err));
	must(bn_version_set_tag(bob->ws, "power/1", "site", "north", &err));
	must(bn_version_set_alias(ann->ws, "power/1", "stable", &err));
	must(bn_version_reject(bob->ws, "power/2", "not measured", &err));
	seal_all();
	for (size_t i = 0; i < PEOPLE; i++)
		ck_assert_int_eq(team_state(&t.people[i], "power/2"), BN_MODEL_REJECTED);
	expect_all_is_well();
	end();
}
END_TEST

/* A model of dan; cleo's account then uses dan's key, so he is still the author. */
START_TEST(test_author_of_an_old_model_is_known_by_the_key_of_his_account)
{
	char config[300];
	begin(false);
	must(bn_role_grant(ann->ws, dan->uid, "dan", BN_ROLE_REVIEWER, NULL, &err));
	team_policy(ann, "{}");
	seal_all();
	team_register(dan, "wind", dan, "{}");
	must(bn_version_request(dan->ws, "wind/1", NULL, &err));
	must_be(bn_version_approve(dan->ws, "wind/1", "fine", false, &err),
		BN_EREFUSED); /* publishes his key */
	seal_all();
	upgrade();
	must_be(bn_version_approve(dan->ws, "wind/1", "fine", false, &err), BN_EREFUSED);
	snprintf(config, sizeof config, "%s", cleo->config);
	snprintf(cleo->config, sizeof cleo->config, "%s", dan->config);
	person_reopen(&t, cleo, false);
	must_be(bn_version_approve(cleo->ws, "wind/1", "fine", false, &err), BN_EREFUSED);
	snprintf(cleo->config, sizeof cleo->config, "%s", config);
	person_reopen(&t, cleo, false);
	ck_assert_int_eq(team_state(ann, "wind/1"), BN_MODEL_REQUESTED);
	must(bn_version_approve(bob->ws, "wind/1", "fine", false, &err));
	seal_all();
	ck_assert_int_eq(team_state(dan, "wind/1"), BN_MODEL_APPROVED);
	expect_all_is_well();
	end();
}
END_TEST

START_TEST(test_half_an_approval_is_not_inherited)
{
	begin(false);
	team_policy(ann, "{\"approvals\":2}");
	seal_all();
	team_register(cleo, "wind", cleo, "{}");
	must(bn_version_request(cleo->ws, "wind/1", NULL, &err));
	seal_all();
	must(bn_version_approve(bob->ws, "wind/1", "fine", false, &err));
	seal_all();
	upgrade();
	ck_assert(has_doubt(dan, "the approval by bob has to be repeated"));
	must(bn_version_approve(
		bob->ws, "wind/1", "fine", false, &err)); /* repeated: one approval, not two */
	seal_all();
	ck_assert_int_eq(team_state(dan, "wind/1"), BN_MODEL_REQUESTED);
	must(bn_version_approve(ann->ws, "wind/1", "fine", false, &err));
	seal_all();
	ck_assert_int_eq(team_state(dan, "wind/1"), BN_MODEL_APPROVED);
	expect_all_is_well();
	end();
}
END_TEST

START_TEST(test_arrival_in_any_order_gives_the_same_rows)
{
	begin(true);
	upgrade();
	must(bn_version_set_tag(bob->ws, "power/1", "site", "north", &err));
	must(bn_version_set_alias(ann->ws, "power/1", "stable", &err));
	seal_all();
	char *expected = person_dump(ann);
	arrival_try_orders(&t, dan, expected, 30);
	bn_free(expected);
	end();
}
END_TEST

/* ---- attacks ---------------------------------------------------------------------------------------- */

/* Writes a log owned by the account of the test, which is not a member. ms 0: the year 2001. */
static void forge(const char *writer, const bn_signer *by, const char *kind, const char *entity,
	const char *payload, int64_t ms)
{
	forged_log l;
	forged_begin(&l, bn_workspace_id(ann->ws), writer, ms ? ms : 1000000000000);
	if (by)
		forged_sign(&l, by, NULL, kind, entity, payload);
	else
		forged_add(&l, kind, entity, payload);
	forged_seal(&l, &dir, by);
	forged_end(&l);
}

static void rights_are_smuggled(bool first_version)
{
	char payload[300];
	begin(first_version);
	upgrade();
	forge("mal@host-11111111-0", NULL, "workspace.founded", "policy",
		"{\"host\":\"h\",\"nonce\":\"0\",\"uid\":0,\"user\":\"mal\"}", 0);
	forge("mal@host-11111111-1", NULL, "policy.set", "policy",
		"{\"policy\":{\"approvals\":64,\"recheck\":true}}", 0);
	snprintf(payload, sizeof payload, "{\"grant\":true,\"role\":\"admin\",\"uid\":%d}",
		(int)dan->uid);
	forge("mal@host-11111111-2", NULL, "role.grant", "policy", payload, 0);
	snprintf(payload, sizeof payload, "{\"role\":\"reviewer\",\"uid\":%d}", (int)bob->uid);
	forge("mal@host-11111111-3", NULL, "role.revoke", "policy", payload, 0);
	forge("mal@host-11111111-4", NULL, "model.registered", "model/power",
		"{\"author_uid\":0,\"digest\":\"" TEAM_DATA "\",\"manifest\":\"" TEAM_DATA
		"\",\"uuid\":\"00000000-0000-4000-8000-000000000000\",\"version\":1}",
		0);
	forge("mal@host-11111111-5", NULL, "model.attested", "model/power",
		"{\"check\":\"reviewed\",\"verdict\":\"fail\",\"version\":1}", 0);
	forge("mal@host-11111111-6", NULL, "model.alias", "model/power",
		"{\"alias\":\"champion\",\"version\":7}", 4000000000000);
	see_all();
	expect_all_is_well();
	ck_assert_uint_eq(team_count(dan, "policy.set", BN_OUTCOME_REFUSED), 1);
	ck_assert_uint_eq(team_count(dan, "role.grant", BN_OUTCOME_REFUSED), 1);
	ck_assert_uint_eq(team_count(dan, "role.revoke", BN_OUTCOME_REFUSED), 1);
	ck_assert_uint_eq(team_count(dan, "model.registered", BN_OUTCOME_REFUSED), 1);
	ck_assert_uint_eq(team_count(dan, "model.attested", BN_OUTCOME_REFUSED), 1);
	ck_assert_uint_eq(faults(dan), 0);
	end();
}

START_TEST(test_unsigned_records_behind_the_horizon_change_nothing)
{
	rights_are_smuggled(false);
	rights_are_smuggled(true);
}
END_TEST

/* An old program of a reviewer continues after the upgrade: it writes records dated back, and publishes its key only
 * now. */
START_TEST(test_record_and_key_of_a_reviewer_dated_back_change_nothing)
{
	begin(false);
	must(bn_role_grant(ann->ws, dan->uid, "dan", BN_ROLE_REVIEWER, NULL, &err));
	team_register(cleo, "wind", cleo, "{\"test\":{\"rmse\":1}}");
	must(bn_version_attest(cleo->ws, "wind/1", "reviewed", BN_VERDICT_PASS, "", &err));
	must(bn_version_request(cleo->ws, "wind/1", NULL, &err));
	seal_all();
	bn_version *v = NULL;
	must(bn_version_get(&v, dan->ws, "wind/1", &err));
	json_t *payload =
		json_pack("{s:i, s:s, s:s}", "version", 1, "uuid", v->uuid, "digest", v->digest);
	upgrade();
	dan->clock_offset_ms = -1000LL * 3600 * 24 * 365;
	must(bn_identity_append_signed(dan->ws, "model.approved", "model/wind", payload, &err));
	seal_all();
	for (size_t i = 0; i < PEOPLE; i++)
		ck_assert_int_eq(team_state(&t.people[i], "wind/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(ann, "user.key", BN_OUTCOME_REFUSED), 1);
	expect_all_is_well();
	json_decref(payload);
	bn_version_free(v);
	end();
}
END_TEST

/* A second link 0 by another key, with an older clock and a horizon that contains only its author. */
START_TEST(test_upgrade_of_somebody_else_is_none)
{
	bn_signer mal;
	bn_buf text = BN_BUF_INIT;
	test_signer_init(&mal, 77);
	begin(true);
	upgrade();
	bn_founded f = {.name = "mal",
		.host = "h",
		.user = "mal",
		.uid = (int64_t)ann->uid,
		.policy = "{}",
		.is_upgrade = true,
		.old_founder = 0};
	memcpy(f.founder, mal.key, 32);
	must(bn_founded_encode(&text, &f, &err));
	forge("mal@host-11111111-0", &mal, "authority.founded", "authority", text.ptr, 0);
	/* and the oldest event of all, whose owner would be the founder in a workspace of the first version */
	forge("mal@host-11111111-1", NULL, "run.created", "run/" RUN, "{}", 0);
	see_all();
	expect_all_is_well();
	ck_assert_uint_eq(team_count(dan, "authority.founded", BN_OUTCOME_REFUSED), 1);
	ck_assert_uint_eq(team_count(dan, "authority.founded", BN_OUTCOME_APPLIED), 1);
	bn_buf_release(&text);
	test_signer_release(&mal);
	end();
}
END_TEST

/* Before the upgrade nothing names such a record, so its author is not the founder either. */
START_TEST(test_upgrade_that_nothing_names_changes_nothing)
{
	bn_signer mal;
	bn_buf text = BN_BUF_INIT;
	test_signer_init(&mal, 77);
	begin(false);
	bn_founded f = {.name = "mal",
		.host = "h",
		.user = "mal",
		.policy = "{}",
		.is_upgrade = true,
		.old_founder = -1};
	memcpy(f.founder, mal.key, 32);
	must(bn_founded_encode(&text, &f, &err));
	forge("mal@host-11111111-0", &mal, "authority.founded", "authority", text.ptr, 0);
	see_all();
	for (size_t i = 0; i < PEOPLE; i++) {
		ck_assert_int_eq(bn_authority_newest(bn_workspace_index(t.people[i].ws), NULL), -1);
		ck_assert_int_eq(team_state(&t.people[i], "power/1"), BN_MODEL_APPROVED);
	}
	upgrade();
	expect_all_is_well();
	bn_buf_release(&text);
	test_signer_release(&mal);
	end();
}
END_TEST

/* bob hides his log: his decisions do not count and are reported; when it is back, they count again. */
START_TEST(test_log_that_was_cut_counts_for_nothing_until_it_is_back)
{
	bn_version *v = NULL;
	arrival_piece pieces[200];
	begin(false);
	upgrade();
	char *whole = person_dump(ann);
	size_t n = arrival_list(&t, pieces, 200);
	for (size_t i = 0; i < n; i++)
		if (strstr(pieces[i].writer, "uid-5002") || strstr(pieces[i].writer, "bob"))
			arrival_hide(&t, &pieces[i], true);
	person_reopen(&t, dan, true);
	must(bn_version_get(&v, dan->ws, "power/1", &err));
	ck_assert_int_eq(v->state, BN_MODEL_REQUESTED);
	bn_version_free(v);
	ck_assert(has_doubt(dan, "lacks record"));
	ck_assert_uint_eq(faults(dan), 1);
	for (size_t i = 0; i < n; i++)
		if (pieces[i].hidden)
			arrival_hide(&t, &pieces[i], false);
	must(bn_workspace_refresh(dan->ws, NULL, &err));
	char *again = person_dump(dan);
	ck_assert_str_eq(again, whole);
	bn_free(again);
	bn_free(whole);
	expect_all_is_well();
	end();
}
END_TEST

/* bob's log is lost, and the admins confirm that: his decisions do not count, and verification reports no fault. */
START_TEST(test_loss_of_a_closed_log_is_no_fault_once_admins_have_closed_it)
{
	arrival_piece pieces[200];
	begin(false);
	upgrade();
	size_t n = arrival_list(&t, pieces, 200);
	for (size_t i = 0; i < n; i++)
		if (strstr(pieces[i].writer, "uid-5002") || strstr(pieces[i].writer, "bob"))
			arrival_hide(&t, &pieces[i], true);
	person_reopen(&t, dan, true);
	ck_assert_uint_eq(faults(dan), 1);
	person_reopen(&t, ann, true);
	person_link(ann, (bn_change[]){{.kind = BN_CHANGE_RESTORED, .text = "his disk"}}, 1);
	must(bn_workspace_refresh(dan->ws, NULL, &err));
	ck_assert_uint_eq(faults(dan), 0);
	ck_assert(has_doubt(dan, "lacks record"));
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_REQUESTED);
	for (size_t i = 0; i < n; i++)
		if (pieces[i].hidden)
			arrival_hide(&t, &pieces[i], false);
	see_all();
	expect_all_is_well();
	ck_assert_uint_eq(faults(dan), 0);
	end();
}
END_TEST

/* ---- workspace.json --------------------------------------------------------------------------------- */

START_TEST(test_begun_upgrade_leaves_a_workspace_of_uids_that_older_programs_leave_alone)
{
	bn_upgrade_lock lock;
	begin(false);
	must(bn_upgrade_begin(&lock, ann->ws, &err));
	bn_upgrade_end(&lock, ann->ws);
	for (size_t i = 0; i < PEOPLE; i++) {
		person_reopen(&t, &t.people[i], true);
		ck_assert_int_eq(team_state(&t.people[i], "power/1"), BN_MODEL_APPROVED);
	}
	must_be(bn_version_reject(bob->ws, "power/1", "no", &err),
		BN_ECONFLICT); /* as refused by the rules of uids */
	must(bn_version_set_alias(bob->ws, "power/1", "stable", &err));
	seal_all();
	upgrade();
	expect_all_is_well();
	end();
}
END_TEST

/* The owner restores the old workspace.json: readers who remember the upgrade are stopped. */
START_TEST(test_memory_stops_at_a_workspace_that_was_downgraded)
{
	bn_buf old = BN_BUF_INIT;
	bn_trust *trust = NULL;
	bn_dir *at = NULL;
	char path[400];
	begin(false);
	snprintf(path, sizeof path, "%s/.binnacle", t.dir);
	must(bn_dir_open(&at, &ann->env, path, &err));
	must(bn_dir_read_file(at, "workspace.json", &old, &err));
	upgrade();
	must(bn_trust_look(&trust, bob->ws, &(bn_trust_options){.start = t.dir}, &err));
	ck_assert(bn_trust_asks(
		trust)); /* the same id with a chain is a first use, not an alarm */
	must(bn_trust_accept(trust, "terminal", "", &err));
	bn_trust_free(trust);
	must(bn_dir_write_file(at, "workspace.json", old.ptr, old.len, 0644, &err));
	bn_dir_close(at);
	person_reopen(&t, bob, false);
	must(bn_trust_look(&trust, bob->ws, &(bn_trust_options){.start = t.dir}, &err));
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_TRUST);
	bn_trust_free(trust);
	bn_buf_release(&old);
	end();
}
END_TEST

/* workspace.json names a link 0 that is missing: no record counts, and no account has more rights than before. */
START_TEST(test_hidden_link_0_makes_nobody_more)
{
	arrival_piece pieces[200];
	begin(false);
	upgrade();
	size_t n = arrival_list(&t, pieces, 200);
	for (size_t i = 0; i < n; i++)
		if (strstr(pieces[i].writer, "ann"))
			arrival_hide(&t, &pieces[i], true);
	person_reopen(&t, dan, true);
	sqlite3 *db = bn_workspace_index(dan->ws);
	ck_assert(bn_authority_is_founded(db));
	ck_assert_int_eq(bn_authority_newest(db, NULL), -1);
	ck_assert_int_eq(champion(dan), 0);
	must_be(bn_rights_may(bob->ws, BN_ACT_TAG, &err), BN_EREFUSED);
	for (size_t i = 0; i < n; i++)
		if (pieces[i].hidden)
			arrival_hide(&t, &pieces[i], false);
	expect_all_is_well();
	end();
}
END_TEST

BN_TEST_MAIN("core/govern/upgrade", test_upgrade_keeps_what_was_decided_and_makes_persons_of_keys,
	test_upgrade_of_the_first_version_keeps_what_was_decided,
	test_upgrade_is_refused_to_others_and_to_a_second_time,
	test_plan_names_users_keys_roles_and_who_must_ask, test_old_models_go_on_under_the_chain,
	test_author_of_an_old_model_is_known_by_the_key_of_his_account,
	test_half_an_approval_is_not_inherited, test_arrival_in_any_order_gives_the_same_rows,
	test_unsigned_records_behind_the_horizon_change_nothing,
	test_record_and_key_of_a_reviewer_dated_back_change_nothing,
	test_upgrade_of_somebody_else_is_none, test_upgrade_that_nothing_names_changes_nothing,
	test_log_that_was_cut_counts_for_nothing_until_it_is_back,
	test_loss_of_a_closed_log_is_no_fault_once_admins_have_closed_it,
	test_begun_upgrade_leaves_a_workspace_of_uids_that_older_programs_leave_alone,
	test_memory_stops_at_a_workspace_that_was_downgraded, test_hidden_link_0_makes_nobody_more)
