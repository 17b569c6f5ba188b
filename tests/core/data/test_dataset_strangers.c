/* How audit verify reports missing objects: a fault if a member's record names them, a note with the writer if only
 * records of non-members do. */
#include "core/data/dataset.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/govern/policy.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/forged_log.h"
#include "tests/support/human.h"
#include "tests/support/signer.h"

#include <stdio.h>
#include <string.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

static bn_err err = BN_ERR_INIT;
static toy_dir dir, team;
static human ann;
static bn_workspace *ws;
static bn_key *key;
static bn_signer anns, mals;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void setup(void)
{
	toy_dir_make(&dir);
	snprintf(team.path, sizeof team.path, "%.200s/team", dir.path);
	human_make(&ann, &dir, "ann", "node1");
	must(bn_authority_init(&ann.toy.env, team.path, NULL, NULL, &err));
	must(bn_workspace_open(&ws, &ann.toy.env, classes, team.path, &err));
	must(bn_key_open(&key, &ann.toy.env, NULL, &err));
	bn_key_signer(&anns, key);
	test_signer_init(&mals, 9);
}

static void teardown(void)
{
	test_signer_release(&mals);
	bn_key_free(key);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

/* A dataset version of one part, in a log signed by `by` (NULL: unsigned). */
static void version(const char *writer, const bn_signer *by, const char *name, const char *hash)
{
	char entity[64], text[400];
	forged_log l;
	snprintf(entity, sizeof entity, "dataset/%s", name);
	snprintf(text, sizeof text,
		"{\"columns\":1,\"hash\":\"%s\",\"rows\":1,\"schema_hash\":\"%064d\",\"size\":1,"
		"\"version\":1}",
		hash, 0);
	forged_begin(&l, bn_workspace_id(ws), writer, 1500000000000);
	if (by)
		forged_card(&l, by);
	forged_add(&l, "dataset.version", entity, text);
	forged_seal(&l, &team, by);
	forged_end(&l);
}

#define GONE "ab00000000000000000000000000000000000000000000000000000000000001"
#define GONE_TOO "ab00000000000000000000000000000000000000000000000000000000000002"

/* The text of the finding about the object; "" if there is none. */
static void finding(const char *object, bool is_fault, uint64_t missing, char out[600])
{
	bn_audit_report *r = NULL;
	bn_buf text = BN_BUF_INIT;
	must(bn_audit_verify(&r, ws, NULL, &err));
	out[0] = '\0';
	for (size_t i = 0; i < r->findings.count; i++) {
		bn_buf_clear(&text);
		bn_proof_finding_text(&r->findings.items[i], &text);
		if (r->findings.items[i].is_fault == is_fault && strstr(text.ptr, object + 2))
			snprintf(out, 600, "%s", text.ptr);
	}
	ck_assert_uint_eq(r->missing_objects, missing);
	ck_assert_uint_eq(r->faults, missing);
	bn_buf_release(&text);
	bn_audit_report_free(r);
}

static void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no '%s' in: %s", part, text);
}

START_TEST(test_missing_object_that_only_strangers_name_is_a_note_with_the_writer)
{
	char text[600];
	setup();
	version("mal@host-boot-0", NULL, "lie", GONE);
	version("max@host-boot-0", &mals, "lie2", GONE_TOO);
	finding(GONE, false, 0, text);
	expect(text, "log/mal@host-boot-0 record 1");
	expect(text, "dataset.version on dataset/lie:");
	expect(text, "is not in this workspace");
	finding(GONE_TOO, false, 0, text);
	expect(text, "log/max@host-boot-0 record 2");
	teardown();
}
END_TEST

START_TEST(test_missing_object_that_a_member_names_is_a_fault_whoever_else_does)
{
	char text[600];
	setup();
	version("aaa@host-boot-0", NULL, "first", GONE);
	version("ann@host-boot-9", &anns, "jobs", GONE);
	version("mal@host-boot-0", &mals, "copy", GONE);
	version("mal@host-boot-1", NULL, "lie", GONE_TOO);
	finding(GONE, true, 1, text);
	expect(text, &GONE[2]);
	finding(GONE_TOO, false, 1, text);
	expect(text, "log/mal@host-boot-1 record 1");
	teardown();
}
END_TEST

/* Five writers are listed by name and kind, however many objects a non-member names. */
START_TEST(test_what_a_stranger_names_is_looked_up_once_for_all_objects)
{
	enum { N = 300 };
	char hash[65], text[400], entity[64];
	forged_log l;
	bn_audit_report *r = NULL;
	setup();
	forged_begin(&l, bn_workspace_id(ws), "mal@host-boot-0", 1500000000000);
	for (int i = 0; i < N; i++) {
		snprintf(hash, sizeof hash, "cd%062d", i);
		snprintf(entity, sizeof entity, "dataset/d%d", i);
		snprintf(text, sizeof text,
			"{\"columns\":1,\"hash\":\"%s\",\"rows\":1,\"schema_hash\":\"%064d\","
			"\"size\":1,\"version\":1}",
			hash, 0);
		forged_add(&l, "dataset.version", entity, text);
	}
	forged_seal(&l, &team, NULL);
	forged_end(&l);
	must(bn_audit_verify(&r, ws, NULL, &err));
	ck_assert_uint_eq(r->faults, 0);
	ck_assert_uint_eq(r->missing_objects, 0);
	ck_assert_uint_eq(r->findings.others, N);
	bn_audit_report_free(r);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/data/dataset_strangers",
	test_missing_object_that_only_strangers_name_is_a_note_with_the_writer,
	test_missing_object_that_a_member_names_is_a_fault_whoever_else_does,
	test_what_a_stranger_names_is_looked_up_once_for_all_objects)
