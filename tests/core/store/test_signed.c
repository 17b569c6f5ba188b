/*
 * Signed segments and records of other versions, through writers, merges and `verify`: signatures stay valid and are
 * kept, and unknown records are kept.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/log/segment.h"
#include "core/store/log/verify.h"
#include "tests/support/check_main.h"
#include "tests/support/signer.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* init seals one record, in the slot that the tests continue. */
enum { FOUNDING = 1 };

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;
static bn_log_report report;
static bn_signer signer;

static bn_workspace *open_here(void)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	return ws;
}

static bn_workspace *make(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	test_signer_init(&signer, 1);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	return open_here();
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	test_signer_release(&signer);
	toy_dir_remove(&dir);
}

static void verify(bn_workspace *ws)
{
	bn_log_report_release(&report);
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
}

static void seal_one(bn_workspace *ws, int v)
{
	ck_assert_int_eq(toy_append_set(ws, "toy/a", v), 0);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
}

/* Names of the sealed segments of this process's writer. */
static void list(bn_workspace *ws, bn_names *names)
{
	ck_assert_bn_ok(
		bn_segment_list(bn_workspace_at(ws), ws->writer->dir, names, NULL, &err), &err);
}

static bool is_signed(bn_workspace *ws, const char *file)
{
	bn_segment s;
	bn_seg_trailer t;
	char *path = bn_path_join(ws->writer->dir, file);
	ck_assert_bn_ok(bn_segment_open(&s, bn_workspace_at(ws), path, false, &err), &err);
	ck_assert_bn_ok(bn_segment_read_trailer(&s, &t, &err), &err);
	bool yes = t.signature.scheme == BN_SIGNATURE_ED25519;
	bn_segment_close(&s);
	bn_free(path);
	return yes;
}

START_TEST(test_writer_with_a_signer_signs_its_card_first_and_every_trailer)
{
	bn_workspace *ws = make();
	bn_names names = BN_NAMES_INIT;
	uint8_t epoch[BN_EPOCH_BYTES] = {7};
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	seal_one(ws, 1);
	ck_assert_bn_ok(
		bn_workspace_append_signed(ws, 1, "toy.set", "toy/a", NULL, epoch, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	list(ws, &names);
	ck_assert_uint_eq(names.count, FOUNDING + 2);
	ck_assert(is_signed(ws, names.items[1]) && is_signed(ws, names.items[2]));
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.records, FOUNDING + 3); /* card, event, signed event */
	ck_assert_uint_eq(report.verified, 4);           /* card, signed event, two trailers */
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	bn_names_release(&names);
	finish(ws);
}
END_TEST

START_TEST(test_signed_event_needs_a_signer)
{
	bn_workspace *ws = make();
	ck_assert_int_eq(bn_workspace_append_signed(ws, 1, "toy.set", "toy/a", NULL, NULL, NULL),
		BN_EREFUSED);
	seal_one(ws, 1); /* nothing of it was written */
	verify(ws);
	ck_assert_uint_eq(report.records, FOUNDING + 1);
	ck_assert_uint_eq(report.fault_count, 0);
	finish(ws);
}
END_TEST

START_TEST(test_merging_keeps_the_signature_of_the_newest_segment)
{
	bn_workspace *ws = make();
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	ws->merge_at = 4;
	for (int i = 0; i < 30; i++)
		seal_one(ws, i);
	list(ws, &names);
	ck_assert_uint_lt(names.count, 10);
	for (size_t i = 0; i < names.count; i++)
		ck_assert(is_signed(ws, names.items[i]));
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.verified, names.count + 1);
	bn_names_release(&names);
	finish(ws);
}
END_TEST

/* A program that uses the logging library does not sign: its segments are merged, and no signature is lost. */
START_TEST(test_unsigned_segments_behind_signed_ones_are_merged_among_themselves)
{
	bn_workspace *ws = make();
	bn_names names = BN_NAMES_INIT;
	size_t is_kept = 0;
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	for (int i = 0; i < 3; i++)
		seal_one(ws, i);
	ws->writer->signer = NULL;
	ws->merge_at = 8;
	for (int i = 0; i < 200; i++)
		seal_one(ws, i);
	list(ws, &names);
	ck_assert_uint_lt(names.count, 20);
	for (size_t i = 0; i < names.count; i++)
		is_kept += is_signed(ws, names.items[i]);
	ck_assert_uint_eq(is_kept, 3);
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	bn_names_release(&names);
	finish(ws);
}
END_TEST

/* The open.seg of a dead process is sealed without a key: merging waits for a signed end. */
START_TEST(test_merging_does_not_lose_signatures_to_an_unsigned_end)
{
	bn_workspace *ws = make();
	bn_names names = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	for (int i = 0; i < 3; i++)
		seal_one(ws, i);
	ws->writer->signer = NULL;
	ws->merge_at = 4;
	seal_one(ws, 3);
	list(ws, &names);
	ck_assert_uint_eq(names.count, FOUNDING + 4);
	ck_assert(!is_signed(ws, names.items[FOUNDING + 3]));
	ws->writer->signer = &signer;
	seal_one(ws, 4);
	bn_names_release(&names);
	list(ws, &names);
	ck_assert_uint_eq(names.count, 1);
	ck_assert(is_signed(ws, names.items[0]));
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	bn_names_release(&names);
	finish(ws);
}
END_TEST

START_TEST(test_trailer_signed_with_another_key_than_the_card_is_named)
{
	bn_workspace *ws = make();
	bn_signer other;
	test_signer_init(&other, 2);
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	seal_one(ws, 1);
	ws->writer->signer = &other; /* without a card for that key */
	seal_one(ws, 2);
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_int_eq(report.faults[0].kind, BN_FAULT_FORGED);
	ck_assert_ptr_nonnull(strstr(report.faults[0].what, "another key"));
	test_signer_release(&other);
	finish(ws);
}
END_TEST

/* Writes as a process with that key; name: the slot used. dies: its last segment is sealed by another process, without
 * a key. */
static void write_as(char name[BN_WRITER_NAME_MAX + 1], const bn_signer *key, bool dies)
{
	bn_workspace *ws = open_here();
	if (key)
		ck_assert_bn_ok(bn_workspace_set_signer(ws, key, &err), &err);
	seal_one(ws, 1);
	if (dies) { /* as adopted by another process */
		ws->writer->signer = NULL;
		seal_one(ws, 2);
	}
	snprintf(name, BN_WRITER_NAME_MAX + 1, "%s", ws->writer->name);
	bn_workspace_close(ws);
}

/* The newest card and seal determine the key of a log: records of an earlier key would lose it if another key wrote
 * there. */
START_TEST(test_process_with_another_key_takes_another_slot)
{
	bn_signer other;
	char first[BN_WRITER_NAME_MAX + 1], name[BN_WRITER_NAME_MAX + 1];
	bn_workspace_close(make());
	test_signer_init(&other, 2);
	bn_signer lent = signer, lent_other = other; /* each workspace releases its signer */
	lent.release = lent_other.release = NULL;
	write_as(first, &lent, false);
	write_as(name, &lent_other, false);
	ck_assert_str_ne(name, first);
	write_as(name, &lent, true);
	ck_assert_str_eq(name, first);
	write_as(name, &lent_other, false);
	ck_assert_str_ne(name, first);
	write_as(name, NULL, false); /* without a key any slot can be used */
	ck_assert_str_eq(name, first);
	bn_workspace *ws = open_here();
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	test_signer_release(&other);
	finish(ws);
}
END_TEST

/* The writer's directory copied to another workspace: all records are there, but no signature is valid. */
START_TEST(test_signed_log_copied_to_another_workspace_is_named)
{
	bn_workspace *ws = make(), *other = NULL;
	char *path = bn_strf("%s/other", dir.path);
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	seal_one(ws, 1);
	ck_assert_bn_ok(bn_workspace_init(&env.env, path, &err), &err);
	char *log = bn_strf("%s/.binnacle/log/%s", path, ws->writer->name);
	ck_assert_bn_ok(bn_fs_remove_tree(&env.env, log, &err), &err); /* its founding record */
	bn_free(log);
	ck_assert_bn_ok(bn_workspace_open(&other, &env.env, toy_classes, path, &err), &err);
	char *from = bn_workspace_path(ws, "%s", ws->writer->dir);
	char *to = bn_workspace_path(other, "%s", ws->writer->dir);
	ck_assert_int_eq(rename(from, to), 0);
	verify(other);
	ck_assert_uint_eq(report.records, FOUNDING + 2);
	ck_assert_uint_eq(report.verified, 0);
	ck_assert_uint_eq(report.fault_count, 2); /* card and trailer */
	ck_assert_int_eq(report.faults[0].kind, BN_FAULT_FORGED);
	ck_assert_int_eq(rename(to, from), 0);
	bn_workspace_close(other);
	bn_free(from);
	bn_free(to);
	bn_free(path);
	finish(ws);
}
END_TEST

static int refuse(void *ctx, const void *bytes, size_t n,
	uint8_t signature[BN_ED25519_SIGNATURE_BYTES], bn_err *e)
{
	(void)ctx;
	(void)bytes;
	(void)n;
	(void)signature;
	return bn_err_set(e, BN_EIO, "the agent is gone");
}

START_TEST(test_signer_that_fails_loses_nothing_that_was_committed)
{
	bn_workspace *ws = make();
	bn_err e = BN_ERR_INIT;
	ck_assert_bn_ok(bn_workspace_set_signer(ws, &signer, &err), &err);
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_signer bad = signer;
	bad.sign = refuse;
	ws->writer->signer = &bad;
	ck_assert_int_eq(bn_workspace_seal(ws, &e), BN_EIO);
	ck_assert_str_eq(e.msg, "the agent is gone");
	ws->writer->signer = &signer;
	seal_one(ws, 2);
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.records, FOUNDING + 3);
	finish(ws);
}
END_TEST

/* ---- records of newer versions ---------------------------------------------------------------- */

static void append_type(bn_workspace *ws, int type)
{
	bn_draft d = {.type = (bn_record_type)type,
		.kind = "toy.set",
		.entity = "toy/a",
		.payload = "?",
		.n = 1};
	ck_assert_bn_ok(bn_writer_append(ws->writer, &d, 0, &err), &err);
}

START_TEST(test_records_of_unknown_types_are_stepped_over_and_kept_by_merges)
{
	bn_workspace *ws = make();
	bn_names names = BN_NAMES_INIT;
	bn_record r;
	bn_segment s;
	int unknown = 0, rc;
	seal_one(ws, 0);
	ws->merge_at = 4;
	for (int i = 0; i < 6; i++) {
		append_type(ws, 40 + i);
		seal_one(ws, i);
	}
	list(ws, &names);
	ck_assert_uint_lt(names.count, 5);
	for (size_t i = 0; i < names.count; i++) {
		char *path = bn_path_join(ws->writer->dir, names.items[i]);
		ck_assert_bn_ok(bn_segment_open(&s, bn_workspace_at(ws), path, true, &err), &err);
		while ((rc = bn_segment_next(&s, &r, &err)) == 1)
			unknown += r.type >= 40;
		ck_assert_int_eq(rc, 0);
		ck_assert_int_eq(s.end, BN_SEGMENT_SEALED);
		bn_segment_close(&s);
		bn_free(path);
	}
	ck_assert_int_eq(unknown, 6);
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.records, FOUNDING + 13);
	ck_assert_uint_eq(report.unchecked, 6);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(ws), 0, "SELECT sum(events) FROM writer", ""),
		FOUNDING + 13); /* the writer can continue */
	bn_names_release(&names);
	finish(ws);
}
END_TEST

/* A dead writer left a record of a critical unknown type: no process changes its file. */
START_TEST(test_file_that_only_a_newer_version_can_read_is_not_cut)
{
	bn_workspace *ws = make();
	bn_buf before = BN_BUF_INIT, after = BN_BUF_INIT;
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
	append_type(ws, 200);
	append_type(ws, BN_RECORD_JSON);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	char *dead = bn_strdup(ws->writer->name);
	char *path = bn_strdup(ws->writer->open_path);
	bn_writer_free(ws->writer); /* as if killed */
	ws->writer = NULL;
	ck_assert_bn_ok(bn_dir_read_file(bn_workspace_at(ws), path, &before, &err), &err);
	seal_one(ws, 2);
	ck_assert_str_ne(ws->writer->name, dead);
	ck_assert_bn_ok(bn_dir_read_file(bn_workspace_at(ws), path, &after, &err), &err);
	ck_assert_uint_eq(before.len, after.len);
	ck_assert_mem_eq(before.ptr, after.ptr, before.len);
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_int_eq(report.faults[0].kind, BN_FAULT_NEWER);
	ck_assert_str_eq(report.faults[0].writer, dead);
	ck_assert_uint_eq(report.records, FOUNDING + 2);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(
		bn_sql_int(bn_workspace_index(ws), 0, "SELECT sum(events) FROM writer", ""),
		FOUNDING + 2); /* the event before it, and that of the other writer */
	bn_buf_release(&before);
	bn_buf_release(&after);
	bn_free(path);
	bn_free(dead);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/store/signed", test_writer_with_a_signer_signs_its_card_first_and_every_trailer,
	test_signed_event_needs_a_signer, test_merging_keeps_the_signature_of_the_newest_segment,
	test_unsigned_segments_behind_signed_ones_are_merged_among_themselves,
	test_merging_does_not_lose_signatures_to_an_unsigned_end,
	test_trailer_signed_with_another_key_than_the_card_is_named,
	test_process_with_another_key_takes_another_slot,
	test_signed_log_copied_to_another_workspace_is_named,
	test_signer_that_fails_loses_nothing_that_was_committed,
	test_records_of_unknown_types_are_stepped_over_and_kept_by_merges,
	test_file_that_only_a_newer_version_can_read_is_not_cut)
