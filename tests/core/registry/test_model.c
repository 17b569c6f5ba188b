/* test_model.c - registered models beyond approval: created empty, described, tagged, staged, renamed, deleted, and
 * versions that are elsewhere; under the rules for uids and under the chain of authority. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/identity.h"
#include "core/registry/model.h"
#include "core/registry/proof.h"
#include "core/store/object/object.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;
static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const cleo = &t.people[2],
		     *const dan = &t.people[3];

/* ann is admin, bob reviewer, cleo and dan are developers. */
static void setup(bool is_chained)
{
	if (!is_chained) {
		team_make(&t, registry_team_classes);
		ck_assert_bn_ok(
			bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, NULL, &err),
			&err);
		return;
	}
	team_make_signed(&t, registry_team_classes);
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
}

/* All logs are sealed, then every reader's rows are those of a new index. */
static void teardown(void)
{
	for (int i = 0; i < PEOPLE; i++)
		person_reopen(&t, &t.people[i], false);
	ck_assert_bn_ok(bn_workspace_refresh(cleo->ws, NULL, &err), &err);
	char *one = person_dump(cleo);
	person_reopen(&t, cleo, true);
	char *other = person_dump(cleo);
	ck_assert(strcmp(one, other) == 0);
	bn_free(one);
	bn_free(other);
	team_remove(&t);
}

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void must_be(int rc, int code)
{
	ck_assert_int_eq(rc, code);
	bn_err_clear(&err);
}

static bn_registered_model *get(person *p, const char *name)
{
	bn_registered_model *m = NULL;
	must(bn_workspace_refresh(p->ws, NULL, &err));
	must(bn_registered_model_get(&m, p->ws, name, &err));
	return m;
}

static bn_version *version(person *p, const char *spec)
{
	bn_version *v = NULL;
	must(bn_workspace_refresh(p->ws, NULL, &err));
	must(bn_version_get(&v, p->ws, spec, &err));
	return v;
}

static int64_t external(person *p, const char *name, const char *source)
{
	int64_t number = 0;
	const bn_registration r = {
		.name = name, .author_uid = p->uid, .author = p->name, .source = source};
	must(bn_version_register_external(&number, p->ws, &r, &err));
	return number;
}

static void check_model_exists_without_versions_and_is_described_and_tagged(bool is_chained)
{
	setup(is_chained);
	must(bn_model_create(dan->ws, "power", "predicts power", &err));
	must_be(bn_model_create(cleo->ws, "power", NULL, &err), BN_ECONFLICT);
	must_be(bn_model_create(cleo->ws, "a/b", NULL, &err), BN_EINVAL);
	must(bn_model_create(cleo->ws, "wind \xc3\xbc 2", NULL, &err));
	bn_registered_model *m = get(bob, "power");
	ck_assert_str_eq(m->description, "predicts power");
	ck_assert_uint_eq(m->versions, 0);
	ck_assert_int_gt(m->created_ms, 0);
	bn_registered_model_free(m);
	must(bn_model_describe(cleo->ws, "power", "better", &err));
	must(bn_model_set_tag(cleo->ws, "power", "team", "a", &err));
	must(bn_model_set_tag(cleo->ws, "power", "gone", "b", &err));
	must(bn_model_set_tag(cleo->ws, "power", "gone", NULL, &err));
	must_be(bn_model_set_tag(cleo->ws, "power", "gone", NULL, &err), BN_ENOTFOUND);
	ck_assert_int_eq(team_register(dan, "power", dan, "{}"), 1);
	must(bn_version_describe(cleo->ws, "power/1", "the first", &err));
	m = get(bob, "power");
	ck_assert_str_eq(m->description, "better");
	ck_assert_str_eq(json_string_value(json_object_get(m->tags, "team")), "a");
	ck_assert_uint_eq(json_object_size(m->tags), 1);
	ck_assert_uint_eq(m->versions, 1);
	ck_assert_int_gt(m->updated_ms, m->created_ms);
	bn_registered_model_free(m);
	bn_version *v = version(bob, "power/1");
	ck_assert_str_eq(v->description, "the first");
	ck_assert_str_eq(v->stage, "None");
	ck_assert(!v->is_external);
	bn_version_free(v);
	teardown();
}

static void check_external_version_is_shown_and_approved_but_never_used(bool is_chained)
{
	char dir[400];
	bn_version *v;
	setup(is_chained);
	ck_assert_int_eq(external(dan, "power", "s3://bucket/model"), 1);
	ck_assert_int_eq(external(dan, "power", "s3://bucket/other"), 2);
	must_be(bn_version_register_external(&(int64_t){0}, dan->ws,
			&(bn_registration){.name = "power", .author_uid = dan->uid}, &err),
		BN_EINVAL);
	v = version(bob, "power/1");
	ck_assert(v->is_external);
	ck_assert_str_eq(v->source, "s3://bucket/model");
	bn_version *other = version(bob, "power/2");
	ck_assert_str_ne(v->digest, other->digest); /* an approval is about this source */
	bn_version_free(other);
	must_be(bn_version_need_files(v, &err), BN_EREFUSED);
	bn_version_free(v);
	snprintf(dir, sizeof dir, "%s/out", t.top);
	must_be(bn_version_checkout(bob->ws, "power/1", dir, &err), BN_EREFUSED);
	must(bn_version_request(dan->ws, "power/1", NULL, &err));
	must(bn_version_approve(bob->ws, "power/1", "looks right", false, &err));
	ck_assert_int_eq(team_state(cleo, "power/1"), BN_MODEL_APPROVED);
	teardown();
}

static void check_production_is_for_approved_versions_as_the_champion_is(bool is_chained)
{
	setup(is_chained);
	team_register(dan, "power", dan, "{}");
	team_register(dan, "power", dan, "{}");
	must_be(bn_version_set_stage(dan->ws, "power/1", "Staging", false, &err), BN_EREFUSED);
	must(bn_version_set_stage(bob->ws, "power/1", "Staging", false, &err));
	must_be(bn_version_set_stage(bob->ws, "power/1", "Production", false, &err), BN_EREFUSED);
	must_be(bn_version_set_stage(bob->ws, "power/1", "production", false, &err), BN_EINVAL);
	ck_assert_uint_eq(team_count(ann, "model.stage", BN_OUTCOME_REFUSED), 2);
	must(bn_version_request(dan->ws, "power/1", NULL, &err));
	must(bn_version_approve(bob->ws, "power/1", "looks right", false, &err));
	must(bn_version_set_stage(bob->ws, "power/1", "Production", false, &err));
	must(bn_version_request(dan->ws, "power/2", NULL, &err));
	must(bn_version_approve(bob->ws, "power/2", "looks right", false, &err));
	must(bn_version_set_stage(bob->ws, "power/2", "Production", true, &err));
	bn_version *v = version(cleo, "power/1");
	ck_assert_str_eq(v->stage, "Archived");
	bn_version_free(v);
	v = version(cleo, "power/2");
	ck_assert_str_eq(v->stage, "Production");
	bn_version_free(v);
	teardown();
}

static void check_stage_written_by_hand_without_the_right_or_the_approval_counts_nowhere(
	bool is_chained)
{
	setup(is_chained);
	team_register(dan, "power", dan, "{}");
	must(bn_workspace_refresh(bob->ws, NULL, &err));
	json_t *p = json_pack("{s:i, s:s, s:[]}", "version", 1, "stage", "Production", "answers");
	if (is_chained) {
		must(bn_authority_append(bob->ws, 2, "model.stage", "model/power", p, &err));
		must(bn_authority_append(dan->ws, 2, "model.stage", "model/power", p, &err));
	} else {
		must(bn_identity_append_signed(bob->ws, "model.stage", "model/power", p, &err));
		must(bn_workspace_append(dan->ws, "model.stage", "model/power", p, &err));
	}
	must(bn_workspace_append(dan->ws, "model.stage", "model/power", p, &err));
	json_decref(p);
	must(bn_workspace_sync(bob->ws, &err));
	must(bn_workspace_sync(dan->ws, &err));
	bn_version *v = version(ann, "power/1");
	ck_assert_str_eq(v->stage, "None");
	bn_version_free(v);
	teardown();
}

static void check_deleted_model_is_not_listed_until_it_is_created_again(bool is_chained)
{
	bn_registered_model *m = NULL;
	bn_registered_models l;
	setup(is_chained);
	team_register(dan, "power", dan, "{}");
	external(dan, "other", "file:///tmp/x");
	must(bn_version_set_alias(bob->ws, "power/1", "canary", &err));
	must_be(bn_model_delete(dan->ws, "power", NULL, &err), BN_EREFUSED);
	must(bn_model_delete(bob->ws, "power", "obsolete", &err));
	must_be(bn_registered_model_get(&m, bob->ws, "power", &err), BN_ENOTFOUND);
	must_be(bn_model_delete(bob->ws, "power", NULL, &err), BN_ENOTFOUND);
	must(bn_registered_model_list(&l, bob->ws, &err));
	ck_assert_uint_eq(l.count, 1);
	ck_assert_str_eq(l.items[0].name, "other");
	bn_registered_models_release(&l);
	must(bn_workspace_refresh(dan->ws, NULL, &err));
	must(bn_model_create(dan->ws, "power", NULL, &err));
	bn_registered_model_free(get(bob, "power"));
	ck_assert_int_eq(
		team_register(dan, "power", dan, "{}"), 2); /* numbers are not used again */
	teardown();
}

static void check_model_is_renamed_with_its_numbers_while_nothing_was_decided(bool is_chained)
{
	setup(is_chained);
	must(bn_model_create(bob->ws, "power", "about", &err));
	must(bn_model_set_tag(bob->ws, "power", "team", "a", &err));
	team_register(dan, "power", dan, "{}");
	external(dan, "power", "s3://bucket/x");
	team_register(dan, "power", dan, "{}");
	must(bn_workspace_refresh(bob->ws, NULL, &err));
	must(bn_version_remove(bob->ws, "power/1", "wrong", &err));
	must(bn_version_set_tag(bob->ws, "power/2", "k", "v", &err));
	must(bn_version_set_alias(bob->ws, "power/3", "canary", &err));
	must(bn_version_set_stage(bob->ws, "power/3", "Staging", false, &err));
	must_be(bn_model_rename(bob->ws, "power", "a@b", &err), BN_EINVAL);
	must_be(bn_model_rename(bob->ws, "none", "energy", &err), BN_ENOTFOUND);
	must(bn_model_rename(bob->ws, "power", "energy", &err));
	bn_registered_model *m = get(cleo, "energy");
	ck_assert_str_eq(m->description, "about");
	ck_assert_uint_eq(m->versions, 2);
	ck_assert_uint_eq(m->n_aliases, 1);
	ck_assert_int_eq(m->aliases[0].version, 3);
	ck_assert_uint_eq(json_object_size(m->tags), 1);
	bn_registered_model_free(m);
	bn_version *v = version(cleo, "energy/2");
	ck_assert(v->is_external);
	ck_assert_str_eq(v->source, "s3://bucket/x");
	ck_assert_str_eq(json_string_value(json_object_get(v->tags, "k")), "v");
	bn_version_free(v);
	v = version(cleo, "energy/3");
	ck_assert_str_eq(v->stage, "Staging");
	ck_assert_int_eq(v->author_uid, dan->uid);
	bn_version_free(v);
	must_be(bn_registered_model_get(&m, cleo->ws, "power", &err), BN_ENOTFOUND);
	must_be(bn_model_rename(bob->ws, "energy", "power", &err), BN_ECONFLICT);
	/* A decision names the model for ever. */
	must(bn_version_request(dan->ws, "energy/3", NULL, &err));
	must(bn_workspace_refresh(bob->ws, NULL, &err));
	must_be(bn_model_rename(bob->ws, "energy", "third", &err), BN_EREFUSED);
	teardown();
}

static void check_versions_are_registered_from_files_that_are_objects(bool is_chained)
{
	bn_artifact items[3] = {{.path = "model/MLmodel", .size_bytes = 3},
		{.path = "model/data/x", .size_bytes = 3}, {.path = "models/y", .size_bytes = 3}};
	const bn_artifacts files = {items, 3, 3};
	const bn_registration r = {.name = "power",
		.author_uid = dan->uid,
		.author = "dan",
		.source = "models:/m-1",
		.logged_model = "m-1",
		.run_link = "http://x"};
	int64_t number = 0;
	setup(is_chained);
	for (int i = 0; i < 3; i++)
		must(bn_object_put(dan->ws, "abc", 3, items[i].hash, &err));
	must_be(bn_version_register_artifacts(&number, dan->ws, &r, &files, "none", &err),
		BN_ENOTFOUND);
	must(bn_version_register_artifacts(&number, dan->ws, &r, &files, "model", &err));
	ck_assert_int_eq(number, 1);
	bn_version *v = version(bob, "power/1");
	ck_assert_str_eq(v->source, "models:/m-1");
	ck_assert_str_eq(v->logged_model, "m-1");
	ck_assert_str_eq(v->run_link, "http://x");
	ck_assert(!v->is_external);
	bn_version_free(v);
	char dir[400], path[500];
	snprintf(dir, sizeof dir, "%s/out", t.top);
	must(bn_version_checkout(bob->ws, "power/1", dir, &err));
	snprintf(path, sizeof path, "%s/data/x", dir);
	ck_assert_int_eq(access(path, R_OK), 0);
	teardown();
}

static void check_prompts_are_models_that_lists_leave_out(bool is_chained)
{
	bn_model_page *page = NULL;
	setup(is_chained);
	must(bn_model_create(dan->ws, "greeting", NULL, &err));
	must(bn_model_set_tag(dan->ws, "greeting", BN_PROMPT_TAG, "true", &err));
	external(dan, "greeting", "prompt-template");
	team_register(dan, "power", dan, "{}");
	must(bn_model_list(&page, dan->ws, &err));
	ck_assert_uint_eq(page->count, 1);
	ck_assert_str_eq(page->items[0].name, "power");
	bn_model_page_free(page);
	bn_registered_model *m = get(dan, "greeting");
	ck_assert(m->is_prompt);
	bn_registered_model_free(m);
	teardown();
}

START_TEST(test_model_exists_without_versions_and_is_described_and_tagged)
{
	check_model_exists_without_versions_and_is_described_and_tagged(false);
	check_model_exists_without_versions_and_is_described_and_tagged(true);
}
END_TEST

START_TEST(test_external_version_is_shown_and_approved_but_never_used)
{
	check_external_version_is_shown_and_approved_but_never_used(false);
	check_external_version_is_shown_and_approved_but_never_used(true);
}
END_TEST

START_TEST(test_production_is_for_approved_versions_as_the_champion_is)
{
	check_production_is_for_approved_versions_as_the_champion_is(false);
	check_production_is_for_approved_versions_as_the_champion_is(true);
}
END_TEST

START_TEST(test_stage_written_by_hand_without_the_right_or_the_approval_counts_nowhere)
{
	check_stage_written_by_hand_without_the_right_or_the_approval_counts_nowhere(false);
	check_stage_written_by_hand_without_the_right_or_the_approval_counts_nowhere(true);
}
END_TEST

START_TEST(test_deleted_model_is_not_listed_until_it_is_created_again)
{
	check_deleted_model_is_not_listed_until_it_is_created_again(false);
	check_deleted_model_is_not_listed_until_it_is_created_again(true);
}
END_TEST

START_TEST(test_model_is_renamed_with_its_numbers_while_nothing_was_decided)
{
	check_model_is_renamed_with_its_numbers_while_nothing_was_decided(false);
	check_model_is_renamed_with_its_numbers_while_nothing_was_decided(true);
}
END_TEST

START_TEST(test_versions_are_registered_from_files_that_are_objects)
{
	check_versions_are_registered_from_files_that_are_objects(false);
	check_versions_are_registered_from_files_that_are_objects(true);
}
END_TEST

START_TEST(test_prompts_are_models_that_lists_leave_out)
{
	check_prompts_are_models_that_lists_leave_out(false);
	check_prompts_are_models_that_lists_leave_out(true);
}
END_TEST

BN_TEST_MAIN("core/registry/model", test_model_exists_without_versions_and_is_described_and_tagged,
	test_external_version_is_shown_and_approved_but_never_used,
	test_production_is_for_approved_versions_as_the_champion_is,
	test_stage_written_by_hand_without_the_right_or_the_approval_counts_nowhere,
	test_deleted_model_is_not_listed_until_it_is_created_again,
	test_model_is_renamed_with_its_numbers_while_nothing_was_decided,
	test_versions_are_registered_from_files_that_are_objects,
	test_prompts_are_models_that_lists_leave_out)
