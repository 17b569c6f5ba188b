/* test_audit.c - the audit log: filters and pages, and the faults that verification finds. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/registry/provenance.h"
#include "core/store/_workspace.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"
#include "tests/support/registry_team.h"
#include "tests/support/signer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD "{\"test\":{\"rmse\":11.5}}"

static team t;
static person *const ann = &t.people[0], *const bob = &t.people[1], *const dan = &t.people[3];

/* A workspace with one approved model. */
static void setup(void)
{
	bn_err err = BN_ERR_INIT;
	team_make(&t, registry_team_classes);
	ck_assert_bn_ok(
		bn_role_grant(ann->ws, bob->uid, "bob", BN_ROLE_REVIEWER, "trusted", &err), &err);
	team_register(dan, "power", dan, GOOD);
	ck_assert_bn_ok(bn_version_request(dan->ws, "power/1", "please", &err), &err);
	ck_assert_bn_ok(bn_version_approve(bob->ws, "power/1", "fine", false, &err), &err);
}

/* Changes one byte of a file, at an offset from its end if negative. */
static void flip_byte(const char *path, off_t at)
{
	unsigned char byte;
	struct stat st;
	ck_assert_int_eq(chmod(path, 0644), 0);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	at = at < 0 ? st.st_size + at : at;
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

START_TEST(test_log_is_filtered_and_paged_newest_first)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_audit_page *p = NULL;
	ck_assert_bn_ok(bn_audit_read(&p, dan->ws, NULL, &err), &err);
	ck_assert_uint_eq(
		p->total, 7); /* founding, two keys, grant, registered, requested, approved */
	ck_assert_str_eq(p->items[0].kind, "model.approved");
	ck_assert_str_eq(p->items[0].user, "bob");
	ck_assert_ptr_nonnull(strstr(p->items[0].summary, "version 1"));
	ck_assert_ptr_nonnull(strstr(p->items[0].summary, "reason fine"));
	bn_audit_page_free(p);
	bn_audit_filter f = {.entity = "model/*", .outcome = -1, .limit = 1, .offset = 1};
	ck_assert_bn_ok(bn_audit_read(&p, dan->ws, &f, &err), &err);
	ck_assert_uint_eq(p->total, 3);
	ck_assert_uint_eq(p->count, 1);
	ck_assert_str_eq(p->items[0].kind, "model.requested");
	ck_assert(!p->items[0].is_signed);
	bn_audit_page_free(p);
	f = (bn_audit_filter){.user = "5001", .text = "TRUSTED", .outcome = -1};
	ck_assert_bn_ok(bn_audit_read(&p, dan->ws, &f, &err), &err);
	ck_assert_uint_eq(p->total, 1);
	ck_assert_str_eq(p->items[0].kind, "role.grant");
	int64_t then = p->items[0].time_ms;
	bn_audit_page_free(p);
	f = (bn_audit_filter){.outcome = -1, .until_ms = then};
	ck_assert_bn_ok(bn_audit_read(&p, dan->ws, &f, &err), &err);
	ck_assert_uint_eq(p->total, 2); /* the founding record, ann's key */
	bn_audit_page_free(p);
	f = (bn_audit_filter){.outcome = BN_OUTCOME_REFUSED};
	ck_assert_bn_ok(bn_audit_read(&p, dan->ws, &f, &err), &err);
	ck_assert_uint_eq(p->total, 0);
	bn_audit_page_free(p);
	team_remove(&t);
}
END_TEST

START_TEST(test_whole_workspace_verifies)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_audit_report *r = NULL;
	bn_verify_report *v = NULL;
	ck_assert_bn_ok(bn_audit_verify(&r, dan->ws, NULL, &err), &err);
	ck_assert_msg(r->faults == 0, "%s", r->first_fault);
	ck_assert_uint_eq(r->writers, 3);
	ck_assert_uint_eq(r->records, 7);
	ck_assert_uint_eq(r->signatures, 4);
	ck_assert_uint_eq(r->objects, 4);
	bn_audit_report_free(r);
	ck_assert_bn_ok(bn_version_verify(&v, dan->ws, "power/1", NULL, &err), &err);
	ck_assert_uint_eq(v->problems, 0);
	ck_assert_uint_eq(v->count, 6); /* manifest, 3 files, digest, one signature */
	bn_verify_report_free(v);
	team_remove(&t);
}
END_TEST

/* False at the n-th call. */
static bool stop_at(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	(void)done;
	(void)total;
	return --*(int *)ctx > 0;
}

START_TEST(test_verifying_stops_wherever_it_asks)
{
	setup();
	for (int at = 1, stopped = 1; stopped; at++) {
		int left = at;
		bn_progress p = {stop_at, &left};
		bn_audit_report *r = NULL;
		bn_err err = BN_ERR_INIT;
		int rc = bn_audit_verify(&r, dan->ws, &p, &err);
		stopped = rc == BN_EINTR;
		ck_assert(stopped || rc == 0);
		ck_assert_int_eq(stopped, left == 0);
		ck_assert_int_eq(stopped, r == NULL);
		bn_audit_report_free(r);
	}
	for (int at = 1, stopped = 1; stopped; at++) {
		int left = at;
		bn_progress p = {stop_at, &left};
		bn_verify_report *v = NULL;
		bn_err err = BN_ERR_INIT;
		int rc = bn_version_verify(&v, dan->ws, "power/1", &p, &err);
		stopped = rc == BN_EINTR;
		ck_assert(stopped || rc == 0);
		ck_assert_int_eq(stopped, v == NULL);
		bn_verify_report_free(v);
	}
	team_remove(&t);
}
END_TEST

START_TEST(test_records_that_only_a_newer_version_knows_are_counted_and_no_fault)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_audit_report *r = NULL;
	bn_draft d = {.type = (bn_record_type)77,
		.kind = "power.measured",
		.entity = "plant/1",
		.payload = "?",
		.n = 1};
	ck_assert_bn_ok(bn_workspace_append(ann->ws, "note.added", "note/1", NULL, &err), &err);
	ck_assert_bn_ok(bn_writer_append(ann->ws->writer, &d, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	ck_assert_bn_ok(bn_audit_verify(&r, dan->ws, NULL, &err), &err);
	ck_assert_msg(r->faults == 0, "%s", r->first_fault);
	ck_assert_uint_eq(r->newer, 1);
	bn_audit_report_free(r);
	/* Decisions include those about known entities; the others are counted. */
	bn_audit_page *p = NULL;
	bn_audit_filter decisions = {.outcome = -1, .decisions = true};
	ck_assert_bn_ok(bn_audit_read(&p, ann->ws, &decisions, &err), &err);
	size_t listed = p->total, apart = p->newer_apart;
	bn_audit_page_free(p);
	ck_assert_uint_gt(apart, 0);
	ck_assert_bn_ok(
		bn_workspace_append(ann->ws, "model.retired", "model/power", NULL, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	ck_assert_bn_ok(bn_audit_read(&p, ann->ws, &decisions, &err), &err);
	ck_assert_uint_eq(p->total, listed + 1);
	ck_assert_str_eq(p->items[0].kind, "model.retired");
	ck_assert_int_eq(p->items[0].outcome, BN_OUTCOME_NEWER);
	ck_assert_uint_eq(p->newer_apart, apart);
	bn_audit_page_free(p);
	team_remove(&t);
}
END_TEST

/* Whether a line of the report names a problem of that item. */
static bool has_problem(const bn_verify_report *v, const char *name, const char *problem)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].problem && !strcmp(v->items[i].what, name) &&
			strstr(v->items[i].problem, problem))
			return true;
	return false;
}

START_TEST(test_signed_event_of_a_newer_class_version_fails_both_verifications_and_is_named)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_audit_report *r = NULL;
	bn_verify_report *v = NULL;
	bn_signer signer;
	char fault[200];
	test_signer_init(&signer, 3);
	team_register(dan, "speed", dan, GOOD);
	ck_assert_bn_ok(bn_workspace_set_signer(bob->ws, &signer, &err), &err);
	json_t *payload = json_pack("{s:i}", "version", 1);
	ck_assert_bn_ok(bn_workspace_append_signed(
				bob->ws, 99, "model.rejected", "model/power", payload, NULL, &err),
		&err);
	ck_assert_bn_ok(bn_workspace_seal(bob->ws, &err), &err);
	json_decref(payload);
	snprintf(fault, sizeof fault,
		"record %llu: model.rejected on model/power is signed and made by a newer binnacle "
		"(version 99 of class model)",
		(unsigned long long)bob->ws->writer->tip.seq);
	ck_assert_bn_ok(bn_audit_verify(&r, dan->ws, NULL, &err), &err);
	ck_assert_uint_eq(r->faults, 1);
	ck_assert_msg(strstr(r->first_fault, fault) != NULL, "%s", r->first_fault);
	ck_assert_ptr_nonnull(strstr(r->first_fault, bob->ws->writer->name));
	bn_audit_report_free(r);
	ck_assert_int_eq(team_state(dan, "power/1"), BN_MODEL_APPROVED); /* not applied */
	ck_assert_bn_ok(bn_version_verify(&v, dan->ws, "power/1", NULL, &err), &err);
	ck_assert_uint_eq(v->problems, 1);
	ck_assert(has_problem(v, "history of power", "newer binnacle"));
	bn_verify_report_free(v);
	ck_assert_bn_ok(bn_version_verify(&v, dan->ws, "speed/1", NULL, &err), &err);
	ck_assert_uint_eq(v->problems, 0);
	bn_verify_report_free(v);
	test_signer_release(&signer);
	team_remove(&t);
}
END_TEST

START_TEST(test_altered_and_missing_objects_are_named_by_both_verifications)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_audit_report *r = NULL;
	bn_verify_report *v = NULL;
	char *path = NULL;
	const char *text = "model.safetensors of power " GOOD;
	char hash[65];
	ck_assert_bn_ok(bn_object_put(dan->ws, text, strlen(text), hash, &err), &err);
	ck_assert_bn_ok(object_path(dan->ws, hash, &path, &err), &err);
	flip_byte(path, 3);
	ck_assert_bn_ok(bn_audit_verify(&r, dan->ws, NULL, &err), &err);
	ck_assert_uint_eq(r->bad_objects, 1);
	ck_assert_ptr_nonnull(strstr(r->first_fault, hash + 2));
	ck_assert_ptr_nonnull(strstr(r->first_fault, "model/power"));
	bn_audit_report_free(r);
	ck_assert_bn_ok(bn_version_verify(&v, dan->ws, "power/1", NULL, &err), &err);
	ck_assert_uint_eq(v->problems, 1);
	ck_assert_str_eq(v->items[3].what, "file model.safetensors");
	ck_assert_ptr_nonnull(v->items[3].problem);
	bn_verify_report_free(v);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_bn_ok(bn_audit_verify(&r, dan->ws, NULL, &err), &err);
	ck_assert_uint_eq(r->missing_objects, 1);
	bn_audit_report_free(r);
	char dir[400];
	snprintf(dir, sizeof dir, "%s/out", t.dir);
	ck_assert_int_eq(bn_version_checkout(dan->ws, "power/1", dir, &err), BN_ENOTFOUND);
	ck_assert(!bn_fs_exists(bn_env_real(), dir));
	bn_free(path);
	team_remove(&t);
}
END_TEST

START_TEST(test_one_altered_byte_of_a_segment_is_found_with_file_and_offset)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_audit_report *r = NULL;
	bn_names writers = BN_NAMES_INIT, files = BN_NAMES_INIT;
	char dir[600], path[900];
	for (size_t i = 0; i < PEOPLE; i++)
		ck_assert_bn_ok(bn_workspace_seal(t.people[i].ws, &err), &err);
	snprintf(dir, sizeof dir, "%s/.binnacle/log", t.dir);
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir, &writers, &err), &err);
	size_t bobs = 0;
	while (strncmp(writers.items[bobs], "bob", 3) != 0)
		bobs++;
	snprintf(dir, sizeof dir, "%s/.binnacle/log/%s", t.dir, writers.items[bobs]);
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir, &files, &err), &err);
	size_t sealed = 0;
	while (!strchr(files.items[sealed], '-'))
		sealed++;
	snprintf(path, sizeof path, "%s/%s", dir, files.items[sealed]);
	flip_byte(path, 400);
	ck_assert_bn_ok(bn_audit_verify(&r, dan->ws, NULL, &err), &err);
	ck_assert_uint_gt(r->faults, 0);
	ck_assert_ptr_nonnull(strstr(r->first_fault, files.items[sealed]));
	ck_assert_ptr_nonnull(strstr(r->first_fault, " at byte "));
	bn_audit_report_free(r);
	bn_names_release(&writers);
	bn_names_release(&files);
	team_remove(&t);
}
END_TEST

START_TEST(test_checkout_gives_back_the_very_files)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	char dir[400], path[500];
	snprintf(dir, sizeof dir, "%s/out", t.dir);
	ck_assert_bn_ok(bn_version_checkout(dan->ws, "power/1", dir, &err), &err);
	snprintf(path, sizeof path, "%s/MLmodel", dir);
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path, &b, &err), &err);
	ck_assert_str_eq(b.ptr, "MLmodel of power " GOOD);
	ck_assert_int_eq(bn_version_checkout(dan->ws, "power/1", dir, &err), BN_ECONFLICT);
	bn_buf_release(&b);
	team_remove(&t);
}
END_TEST

START_TEST(test_lineage_and_card_of_a_version_without_a_run)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_lineage *l = NULL;
	bn_buf card = BN_BUF_INIT;
	ck_assert_bn_ok(bn_version_set_alias(bob->ws, "power/1", "champion", &err), &err);
	ck_assert_bn_ok(bn_lineage_read(&l, dan->ws, "power/1", &err), &err);
	ck_assert_uint_eq(l->n_nodes, 2);
	ck_assert_uint_eq(l->n_edges, 1);
	ck_assert_str_eq(l->nodes[1].label, "power@champion");
	bn_lineage_free(l);
	ck_assert_bn_ok(bn_version_card(&card, dan->ws, "power@champion", &err), &err);
	ck_assert_ptr_nonnull(strstr(card.ptr, "approved by bob"));
	ck_assert_ptr_nonnull(strstr(card.ptr, "version: power/1"));
	bn_buf_release(&card);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/govern/audit", test_log_is_filtered_and_paged_newest_first,
	test_whole_workspace_verifies, test_verifying_stops_wherever_it_asks,
	test_records_that_only_a_newer_version_knows_are_counted_and_no_fault,
	test_signed_event_of_a_newer_class_version_fails_both_verifications_and_is_named,
	test_altered_and_missing_objects_are_named_by_both_verifications,
	test_one_altered_byte_of_a_segment_is_found_with_file_and_offset,
	test_checkout_gives_back_the_very_files, test_lineage_and_card_of_a_version_without_a_run)
