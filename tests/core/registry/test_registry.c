/* test_registry.c - the states of a version from registered to approved, and who may not change
 * them. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/govern/identity.h"
#include "core/registry/provenance.h"
#include "core/registry/registry.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <string.h>

#define GOOD "{\"test\":{\"rmse\":11.5,\"r2\":0.9}}"
#define WORSE "{\"test\":{\"rmse\":14.5,\"r2\":0.7}}"

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];

/* ann owns the workspace (admin), bob and cleo are reviewers, dan is a developer. */
static void setup(void)
{
	bn_err err = BN_ERR_INIT;
	team_make(&t, registry_team_classes);
	ck_assert_bn_ok(
		bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err), &err);
	ck_assert_bn_ok(
		bn_role_grant(ann->ws, cleo->uid, "cleo", BN_ROLE_REVIEWER, NULL, &err), &err);
}

static void teardown(void)
{
	team_remove(&t);
}

static int approve(person *p, const char *spec, bn_err *err)
{
	bn_err_clear(err);
	return bn_version_approve(p->ws, spec, "looks right", false, err);
}

START_TEST(test_version_goes_from_registered_to_requested_to_approved_to_champion)
{
	setup();
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(team_register(dan, "power", dan, GOOD), 1);
	ck_assert_int_eq(team_register(dan, "power", dan, GOOD), 2);
	ck_assert_int_eq(team_state(bob, "power/2"), BN_MODEL_REGISTERED);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/2", "please", &err), &err);
	ck_assert_int_eq(team_state(bob, "power/2"), BN_MODEL_REQUESTED);
	ck_assert_bn_ok(approve(bob, "power/2", &err), &err);
	ck_assert_int_eq(team_state(dan, "power/2"), BN_MODEL_APPROVED);
	ck_assert_bn_ok(bn_version_set_alias(cleo->ws, "power/2", "champion", &err), &err);
	bn_version *v = NULL;
	ck_assert_bn_ok(bn_version_get(&v, dan->ws, "power@champion", &err), &err);
	ck_assert_int_eq(v->version, 2);
	ck_assert_str_eq(v->author, "dan");
	ck_assert_uint_eq(v->n_decisions, 1);
	ck_assert_str_eq(v->decisions[0].user, "bob");
	ck_assert_str_eq(v->decisions[0].reason, "looks right");
	ck_assert_double_eq(bn_version_metric(v, "test", "rmse"), 11.5);
	ck_assert_double_nan(bn_version_metric(v, "test", "mae"));
	char uuid[40];
	snprintf(uuid, sizeof uuid, "%s", v->uuid);
	bn_version_free(v);
	v = NULL;
	ck_assert_bn_ok(bn_version_get(&v, ann->ws, uuid, &err), &err);
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	v = NULL;
	ck_assert_bn_ok(bn_version_get(&v, ann->ws, "power@latest", &err), &err);
	ck_assert_int_eq(v->version, 2);
	bn_version_free(v);
	teardown();
}
END_TEST

START_TEST(test_unknown_names_say_what_is_there_instead)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_version *v = NULL;
	team_register(dan, "power", dan, GOOD);
	ck_assert_int_eq(bn_version_get(&v, dan->ws, "pwoer/1", &err), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.hint, "power"));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_get(&v, dan->ws, "power/9", &err), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.hint, "power/1"));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_get(&v, dan->ws, "power@nobody", &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_get(&v, dan->ws, "power/x", &err), BN_EINVAL);
	teardown();
}
END_TEST

START_TEST(test_author_and_registrar_cannot_approve_their_own_unless_policy_says_so)
{
	setup();
	bn_err err = BN_ERR_INIT;
	team_register(cleo, "power", bob, GOOD); /* a run of bob, registered by cleo */
	ck_assert_bn_ok(bn_version_request(cleo->ws, "power/1", NULL, &err), &err);
	ck_assert_int_eq(approve(bob, "power/1", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "bob is the author of power/1"));
	ck_assert_int_eq(approve(cleo, "power/1", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "cleo registered power/1"));
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(dan, "model.approved", BN_OUTCOME_REFUSED), 2);
	team_policy(ann, "{\"self_approval\": true}");
	ck_assert_bn_ok(approve(bob, "power/1", &err), &err);
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	teardown();
}
END_TEST

START_TEST(test_developer_may_not_approve_and_the_attempt_is_in_the_audit_log)
{
	setup();
	bn_err err = BN_ERR_INIT;
	team_register(bob, "power", bob, GOOD);
	ck_assert_bn_ok(bn_version_request(bob->ws, "power/1", NULL, &err), &err);
	ck_assert_int_eq(approve(dan, "power/1", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "dan (developer) may not approve"));
	ck_assert_ptr_nonnull(strstr(err.msg, "reviewer"));
	bn_audit_page *page = NULL;
	bn_audit_filter f = {.user = "dan", .kind = "model.*", .outcome = BN_OUTCOME_REFUSED};
	ck_assert_bn_ok(bn_audit_read(&page, cleo->ws, &f, &err), &err);
	ck_assert_uint_eq(page->count, 1);
	ck_assert_str_eq(page->items[0].kind, "model.approved");
	ck_assert_ptr_nonnull(strstr(page->items[0].reason, "may not approve"));
	ck_assert(page->items[0].is_signed);
	bn_audit_page_free(page);
	teardown();
}
END_TEST

/* A program without checks can write any event: the fold decides. */
START_TEST(test_event_written_past_the_checks_is_refused_by_every_reader)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_version *v = NULL;
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_get(&v, dan->ws, "power/1", &err), &err);
	json_t *p =
		json_pack("{s:i, s:s, s:s}", "version", 1, "uuid", v->uuid, "digest", v->digest);
	ck_assert_bn_ok(
		bn_identity_append_signed(dan->ws, "model.approved", "model/power", p, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(dan->ws, &err), &err);
	json_decref(p);
	p = json_pack("{s:s, s:i}", "alias", "champion", "version", 1);
	ck_assert_bn_ok(
		bn_identity_append_signed(dan->ws, "model.alias", "model/power", p, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(dan->ws, &err), &err);
	json_decref(p);
	for (size_t i = 0; i < PEOPLE; i++) {
		ck_assert_int_eq(team_state(&t.people[i], "power/1"), BN_MODEL_REQUESTED);
		ck_assert_uint_eq(team_count(&t.people[i], "model.*", BN_OUTCOME_REFUSED), 2);
	}
	bn_version_free(v);
	teardown();
}
END_TEST

static void append_decision(
	person *by, const bn_version *v, const char *digest, const json_t *signature)
{
	bn_err err = BN_ERR_INIT;
	json_t *p = json_pack("{s:I, s:s, s:s}", "version", (json_int_t)v->version, "uuid", v->uuid,
		"digest", digest);
	if (signature) {
		json_object_set(p, "signature", (json_t *)signature);
		ck_assert_bn_ok(
			bn_workspace_append(by->ws, "model.approved", "model/power", p, &err),
			&err);
	} else {
		ck_assert_bn_ok(
			bn_identity_append_signed(by->ws, "model.approved", "model/power", p, &err),
			&err);
	}
	ck_assert_bn_ok(bn_workspace_sync(by->ws, &err), &err);
	json_decref(p);
}

START_TEST(test_approval_without_signature_with_a_foreign_key_or_of_other_bytes_does_not_count)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_version *v = NULL;
	char other[65];
	memset(other, 'a', 64);
	other[64] = '\0';
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_get(&v, dan->ws, "power/1", &err), &err);

	json_t *nothing = json_object();
	append_decision(bob, v, v->digest, nothing); /* without a signature */
	json_decref(nothing);
	append_decision(bob, v, other, NULL); /* a signature of other bytes */
	/* cleo's signature of the same payload, in bob's log */
	json_t *p = json_pack(
		"{s:I, s:s, s:s}", "version", (json_int_t)1, "uuid", v->uuid, "digest", v->digest);
	json_t *theirs = json_copy(p);
	ck_assert_bn_ok(bn_identity_append_signed(cleo->ws, "note", "note/x", theirs, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(cleo->ws, &err), &err);
	append_decision(bob, v, v->digest, json_object_get(theirs, "signature"));

	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(ann, "model.approved", BN_OUTCOME_REFUSED), 2);
	ck_assert_uint_eq(team_count(ann, "model.approved", BN_OUTCOME_INVALID), 1);
	append_decision(bob, v, v->digest, NULL);
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	json_decref(p);
	json_decref(theirs);
	bn_version_free(v);
	teardown();
}
END_TEST

START_TEST(test_key_that_was_never_published_does_not_count)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_version *v = NULL;
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_get(&v, dan->ws, "power/1", &err), &err);
	/* a new key of bob that was never published */
	char old[300];
	snprintf(old, sizeof old, "%s", bob->config);
	bn_key *key = NULL;
	snprintf(bob->config, sizeof bob->config, "%s/bob-new", t.dir);
	ck_assert_bn_ok(bn_key_open(&key, &bob->env, NULL, &err), &err);
	json_t *p = json_pack(
		"{s:I, s:s, s:s}", "version", (json_int_t)1, "uuid", v->uuid, "digest", v->digest);
	json_t *body = json_pack("{s:s, s:s, s:s, s:i, s:O}", "workspace", bn_workspace_id(bob->ws),
		"kind", "model.approved", "entity", "model/power", "uid", (int)bob->uid, "payload",
		p);
	bn_buf bytes = BN_BUF_INIT;
	char value[BN_KEY_SIGNATURE_HEX + 1];
	ck_assert_bn_ok(bn_json_canonical(body, &bytes, &err), &err);
	bn_key_sign(key, bytes.ptr, bytes.len, value);
	json_t *signature =
		json_pack("{s:s, s:s}", "public_key", bn_key_public(key), "value", value);
	append_decision(bob, v, v->digest, signature);
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_uint_eq(team_count(ann, "model.approved", BN_OUTCOME_REFUSED), 1);
	/* the same signature counts after the key was published */
	json_t *any = json_pack("{s:i}", "x", 1);
	ck_assert_bn_ok(bn_identity_append_signed(bob->ws, "note", "note/x", any, &err), &err);
	append_decision(bob, v, v->digest, signature);
	ck_assert_int_eq(team_state(ann, "power/1"), BN_MODEL_APPROVED);
	json_decref(any);
	json_decref(signature);
	json_decref(body);
	json_decref(p);
	bn_buf_release(&bytes);
	bn_key_free(key);
	bn_version_free(v);
	teardown();
}
END_TEST

START_TEST(test_champion_is_only_for_approved_versions_and_other_aliases_are_free)
{
	setup();
	bn_err err = BN_ERR_INIT;
	team_register(dan, "power", dan, GOOD);
	ck_assert_int_eq(bn_version_set_alias(bob->ws, "power/1", "champion", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "only for approved versions"));
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_set_alias(bob->ws, "power/1", "canary", &err), &err);
	ck_assert_int_eq(bn_version_set_alias(dan->ws, "power/1", "mine", &err), BN_EREFUSED);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_set_alias(bob->ws, "power/1", "latest", &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_set_alias(bob->ws, "power/1", "v3", &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_version_remove(bob->ws, "power/1", "old", &err), BN_EREFUSED); /* is canary */
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_model_remove_alias(bob->ws, "power", "canary", &err), &err);
	ck_assert_int_eq(bn_model_remove_alias(bob->ws, "power", "canary", &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_remove(bob->ws, "power/1", "old", &err), &err);
	ck_assert_int_eq(bn_version_request(dan->ws, "power/1", NULL, &err), BN_ENOTFOUND);
	teardown();
}
END_TEST

START_TEST(test_rejection_needs_a_reason_and_can_be_asked_again)
{
	setup();
	bn_err err = BN_ERR_INIT;
	team_register(dan, "power", dan, GOOD);
	ck_assert_int_eq(bn_version_reject(bob->ws, "power/1", "no", &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_int_eq(bn_version_request(dan->ws, "power/1", NULL, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_reject(bob->ws, "power/1", "  ", &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_reject(bob->ws, "power/1", "half the rows", &err), &err);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_REJECTED);
	ck_assert_int_eq(approve(cleo, "power/1", &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", "now all", &err), &err);
	ck_assert_bn_ok(approve(bob, "power/1", &err), &err);
	ck_assert_int_eq(approve(cleo, "power/1", &err), BN_ECONFLICT);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED);
	bn_version *v = NULL;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_get(&v, dan->ws, "power/1", &err), &err);
	ck_assert_uint_eq(v->n_decisions, 2);
	ck_assert(!v->decisions[0].counts);
	ck_assert(v->decisions[1].counts);
	bn_version_free(v);
	teardown();
}
END_TEST

START_TEST(test_quorum_of_two_needs_two_different_reviewers)
{
	setup();
	bn_err err = BN_ERR_INIT;
	team_policy(ann, "{\"approvals\": 2}");
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(approve(bob, "power/1", &err), &err);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_REQUESTED);
	ck_assert_int_eq(approve(bob, "power/1", &err), BN_ECONFLICT);
	bn_err_clear(&err);
	bn_version *v = NULL;
	ck_assert_bn_ok(bn_version_get(&v, dan->ws, "power/1", &err), &err);
	ck_assert_int_eq(v->approvals, 1);
	ck_assert_int_eq(v->approvals_needed, 2);
	bn_version_free(v);
	ck_assert_bn_ok(approve(cleo, "power/1", &err), &err);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED);
	teardown();
}
END_TEST

#define GATES \
	"\"gates\": [{\"name\": \"error\", \"metric\": \"rmse\", \"op\": \"<=\", \"threshold\": " \
	"12}," \
	"{\"name\": \"no worse\", \"metric\": \"rmse\", \"op\": \"<=\", \"than\": \"champion\"," \
	" \"margin\": 1}, {\"name\": \"repro\", \"check\": \"reproducible\"," \
	" \"severity\": \"warn\"}]"

START_TEST(test_failing_or_inconclusive_gate_blocks_and_override_is_written_large)
{
	setup();
	bn_err err = BN_ERR_INIT;
	team_policy(ann, "{" GATES "}");
	team_register(dan, "power", dan, WORSE);
	team_register(dan, "power", dan, "{\"test\":{\"rmse\":null}}");
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/2", NULL, &err), &err);
	ck_assert_int_eq(approve(bob, "power/1", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "gate 'error' is fail"));
	ck_assert_ptr_nonnull(strstr(err.msg, "14.5"));
	ck_assert_int_eq(approve(bob, "power/2", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "gate 'error' is inconclusive"));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_approve(bob->ws, "power/1", "why", true, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "allows no override"));
	team_policy(ann, "{\"gate_override\": true, " GATES "}");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_version_approve(bob->ws, "power/1", "", true, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_approve(bob->ws, "power/1", "limit moves", true, &err), &err);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED);
	bn_audit_page *page = NULL;
	bn_audit_filter f = {.kind = "model.approved", .outcome = BN_OUTCOME_APPLIED};
	ck_assert_bn_ok(bn_audit_read(&page, dan->ws, &f, &err), &err);
	ck_assert_uint_eq(page->count, 1);
	ck_assert(!strncmp(page->items[0].reason, "OVERRIDE", 8));
	bn_audit_page_free(page);
	teardown();
}
END_TEST

START_TEST(test_champion_gate_compares_with_the_champion_and_is_not_applicable_without_one)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_inbox_item *sheet = NULL;
	team_policy(ann, "{" GATES "}");
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_inbox_item_read(&sheet, bob->ws, "power/1", &err), &err);
	ck_assert_uint_eq(sheet->gates->count, 3);
	ck_assert_int_eq(sheet->gates->items[0].verdict, BN_VERDICT_PASS);
	ck_assert_int_eq(sheet->gates->items[1].verdict, BN_VERDICT_NOT_APPLICABLE);
	ck_assert_int_eq(sheet->gates->items[2].verdict, BN_VERDICT_INCONCLUSIVE);
	ck_assert(!sheet->gates->blocked); /* the last gate only warns */
	ck_assert(sheet->can_approve);
	bn_inbox_item_free(sheet);
	sheet = NULL;
	ck_assert_bn_ok(bn_version_attest(dan->ws, "power/1", "reproducible", BN_VERDICT_PASS,
				"bit-identical", &err),
		&err);
	ck_assert_bn_ok(approve(bob, "power/1", &err), &err);
	ck_assert_bn_ok(bn_version_set_alias(bob->ws, "power/1", "champion", &err), &err);
	team_register(dan, "power", dan, "{\"test\":{\"rmse\":11.9}}");
	team_register(dan, "power", dan, "{\"test\":{\"rmse\":12.6}}");
	ck_assert_bn_ok(bn_inbox_item_read(&sheet, bob->ws, "power/2", &err), &err);
	ck_assert_int_eq(sheet->gates->items[1].verdict, BN_VERDICT_PASS);
	ck_assert_double_eq(sheet->gates->items[1].threshold, 12.5);
	ck_assert_int_eq(sheet->champion->version, 1);
	ck_assert(!sheet->can_approve); /* no approval was requested */
	bn_inbox_item_free(sheet);
	sheet = NULL;
	ck_assert_bn_ok(bn_inbox_item_read(&sheet, bob->ws, "power/3", &err), &err);
	ck_assert_int_eq(sheet->gates->items[1].verdict, BN_VERDICT_FAIL);
	bn_inbox_item_free(sheet);
	sheet = NULL;
	ck_assert_bn_ok(bn_inbox_item_read(&sheet, bob->ws, "power/1", &err), &err);
	ck_assert_int_eq(sheet->gates->items[2].verdict, BN_VERDICT_PASS);
	ck_assert_str_eq(sheet->gates->items[2].evidence, "bit-identical");
	ck_assert_ptr_null(sheet->champion);
	bn_inbox_item_free(sheet);
	teardown();
}
END_TEST

START_TEST(test_inbox_lists_open_requests_and_says_why_i_may_not)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_inbox *box = NULL;
	team_register(dan, "power", dan, GOOD);
	team_register(bob, "energy", bob, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", "a", &err), &err);
	ck_assert_bn_ok(bn_version_request(bob->ws, "energy/1", "b", &err), &err);
	ck_assert_bn_ok(bn_inbox_read(&box, bob->ws, &err), &err);
	ck_assert_uint_eq(box->count, 2);
	ck_assert_str_eq(box->items[0].version->name, "power");
	ck_assert(box->items[0].can_approve && box->items[0].waits_for_me);
	ck_assert_ptr_null(box->items[0].why_not);
	ck_assert(!box->items[1].can_approve && !box->items[1].waits_for_me);
	ck_assert_uint_eq(
		box->for_me, 1); /* he may reject his own request, but it does not wait for him */
	ck_assert_ptr_nonnull(strstr(box->items[1].why_not, "author"));
	bn_inbox_free(box);
	box = NULL;
	ck_assert_bn_ok(bn_inbox_read(&box, dan->ws, &err), &err);
	ck_assert_uint_eq(box->for_me, 0);
	bn_inbox_free(box);
	bn_model_page *models = NULL;
	ck_assert_bn_ok(bn_model_list(&models, dan->ws, &err), &err);
	ck_assert_uint_eq(models->count, 2);
	ck_assert_str_eq(models->items[0].name, "energy");
	ck_assert_uint_eq(models->items[1].requested, 1);
	bn_model_page_free(models);
	teardown();
}
END_TEST

START_TEST(test_policy_can_forbid_registering_and_tags_follow_roles)
{
	setup();
	bn_err err = BN_ERR_INIT;
	int64_t version = 0;
	team_policy(ann, "{\"default_role\": \"viewer\"}");
	ck_assert_int_eq(team_try_register(dan, "power", dan, GOOD, &version), BN_EREFUSED);
	ck_assert_int_eq(version, 0);
	ck_assert_uint_eq(team_count(ann, "model.registered", BN_OUTCOME_REFUSED), 1);
	team_register(bob, "power", bob, GOOD);
	ck_assert_bn_ok(bn_version_set_tag(bob->ws, "power/1", "risk", "low", &err), &err);
	ck_assert_int_eq(bn_version_set_tag(dan->ws, "power/1", "risk", "x", &err), BN_EREFUSED);
	bn_version *v = NULL;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_version_get(&v, dan->ws, "power/1", &err), &err);
	ck_assert_str_eq(bn_json_str(v->tags, "risk", ""), "low");
	bn_version_free(v);
	ck_assert_bn_ok(bn_version_set_tag(bob->ws, "power/1", "risk", NULL, &err), &err);
	ck_assert_int_eq(bn_version_set_tag(bob->ws, "power/1", "risk", NULL, &err), BN_ENOTFOUND);
	teardown();
}
END_TEST

static int read_everything(bn_err *err)
{
	bn_inbox *box = NULL;
	bn_version_page *versions = NULL;
	bn_model_page *models = NULL;
	bn_audit_page *audit = NULL;
	bn_user_list *users = NULL;
	bn_lineage *lineage = NULL;
	bn_buf card = BN_BUF_INIT;
	int rc = bn_inbox_read(&box, bob->ws, err);
	if (!rc)
		rc = bn_version_list(&versions, bob->ws, NULL, true, err);
	if (!rc)
		rc = bn_model_list(&models, bob->ws, err);
	if (!rc)
		rc = bn_audit_read(&audit, bob->ws, NULL, err);
	if (!rc)
		rc = bn_user_list_read(&users, bob->ws, err);
	if (!rc)
		rc = bn_lineage_read(&lineage, bob->ws, "power/1", err);
	if (!rc)
		rc = bn_version_card(&card, bob->ws, "power/1", err);
	bn_inbox_free(box);
	bn_version_page_free(versions);
	bn_model_page_free(models);
	bn_audit_page_free(audit);
	bn_user_list_free(users);
	bn_lineage_free(lineage);
	bn_buf_release(&card);
	return rc;
}

static int verify(bn_err *err)
{
	bn_verify_report *report = NULL;
	int rc = bn_version_verify(&report, bob->ws, "power/1", NULL, err);
	bn_verify_report_free(report);
	return rc;
}

/* Fails each allocation in turn, or every `step`th one. */
static void fail_allocations(int call(bn_err *err), long step)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(call(&err), &err);
	for (long n = 1;; n += step) {
		bn_err_clear(&err);
		bn_alloc_fail_at(n);
		int rc = call(&err);
		bn_alloc_fail_at(0);
		if (!rc) {
			printf("NOTE: %ld allocations of reading failed in turn\n", n / step);
			return;
		}
		ck_assert_msg(
			rc == BN_ENOMEM || err.code == BN_ENOMEM, "%ld: %d %s", n, rc, err.msg);
	}
}

START_TEST(test_reading_without_memory_fails_cleanly_at_every_allocation)
{
	setup();
	bn_err err = BN_ERR_INIT;
	team_policy(ann, "{" GATES "}");
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", "a", &err), &err);
	ck_assert_bn_ok(approve(bob, "power/1", &err), &err);
	ck_assert_bn_ok(bn_version_set_alias(bob->ws, "power/1", "champion", &err), &err);
	ck_assert_bn_ok(bn_version_set_tag(bob->ws, "power/1", "k", "v", &err), &err);
	team_register(dan, "power", dan, WORSE);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/2", "b", &err), &err);
	fail_allocations(read_everything, 1);
	fail_allocations(verify, 199); /* it folds the whole log each time */
	teardown();
}
END_TEST

BN_TEST_MAIN("core/registry/registry",
	test_reading_without_memory_fails_cleanly_at_every_allocation,
	test_version_goes_from_registered_to_requested_to_approved_to_champion,
	test_unknown_names_say_what_is_there_instead,
	test_author_and_registrar_cannot_approve_their_own_unless_policy_says_so,
	test_developer_may_not_approve_and_the_attempt_is_in_the_audit_log,
	test_event_written_past_the_checks_is_refused_by_every_reader,
	test_approval_without_signature_with_a_foreign_key_or_of_other_bytes_does_not_count,
	test_key_that_was_never_published_does_not_count,
	test_champion_is_only_for_approved_versions_and_other_aliases_are_free,
	test_rejection_needs_a_reason_and_can_be_asked_again,
	test_quorum_of_two_needs_two_different_reviewers,
	test_failing_or_inconclusive_gate_blocks_and_override_is_written_large,
	test_champion_gate_compares_with_the_champion_and_is_not_applicable_without_one,
	test_inbox_lists_open_requests_and_says_why_i_may_not,
	test_policy_can_forbid_registering_and_tags_follow_roles)
