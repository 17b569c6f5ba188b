/*
 * Verification of the log: damage, tampering, missing and foreign segments are found, with file and byte offset; the
 * owner of a file is the user of its records; gc, and doctor's checks of file systems.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/doctor.h"
#include "core/store/inspect.h"
#include "core/store/log/segment.h"
#include "core/store/log/verify.h"
#include "core/store/object/gc.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;
static bn_log_report report;

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
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	return open_here();
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

/* n events, each in a segment of its own. */
static void write_sealed(bn_workspace *ws, int n)
{
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(toy_append_set(ws, "toy/a", i), 0);
		ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	}
}

static void verify(bn_workspace *ws)
{
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
}

static char *segment(bn_workspace *ws, uint64_t first, uint64_t last)
{
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, first, last);
	return bn_workspace_path(ws, "log/%s/%s", ws->writer->name, name);
}

/* XORs one byte of a file. */
static void flip(const char *path, off_t at)
{
	unsigned char byte;
	int fd = open(path, O_RDWR);
	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 0x40;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

START_TEST(test_verify_of_an_untouched_log_gives_one_head_for_each_writer)
{
	bn_workspace *a = make(), *b = open_here();
	write_sealed(a, 3);
	toy_append_set(b, "toy/b", 1);
	ck_assert_bn_ok(bn_workspace_commit(b, &err), &err);
	verify(a);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.records, 5); /* the founding record counts */
	ck_assert_uint_eq(report.segments, 5);
	ck_assert_uint_eq(report.head_count, 2);
	ck_assert_uint_eq(report.heads[0].records, 4);
	ck_assert(!report.heads[0].is_open);
	ck_assert(report.heads[1].is_open);
	ck_assert_uint_eq(strlen(report.heads[0].chain), 64);
	bn_log_report_release(&report);
	bn_workspace_close(b);
	finish(a);
}
END_TEST

START_TEST(test_verify_finds_any_flipped_byte)
{
	bn_workspace *ws = make();
	write_sealed(ws, 3);
	char *path = segment(ws, 2, 2);
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		flip(path, at);
		verify(ws);
		ck_assert_msg(report.fault_count > 0, "byte %d", (int)at);
		ck_assert_int_eq(report.faults[0].kind, BN_FAULT_DAMAGED);
		ck_assert_str_eq(report.faults[0].file, bn_path_base(path));
		ck_assert_uint_eq(report.faults[0].seq, at >= st.st_size - 90 ? 3 : 2);
		bn_log_report_release(&report);
		flip(path, at);
	}
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 0);
	bn_log_report_release(&report);
	bn_free(path);
	finish(ws);
}
END_TEST

/* Replaces the payload of the only record and corrects all checksums, including the trailer's, as
 * anybody with write permission can. Later records still have the old chain. */
START_TEST(test_verify_finds_a_forged_record_with_right_checksums)
{
	bn_workspace *ws = make();
	write_sealed(ws, 3);
	char *path = segment(ws, 2, 2);
	bn_segment s;
	bn_record r;
	bn_buf out = BN_BUF_INIT;
	ck_assert_bn_ok(bn_segment_open(&s, bn_workspace_at(ws),
				path + strlen(bn_workspace_root(ws)) + 1, true, &err),
		&err);
	bn_seg_header_encode(&out, &s.header);
	uint64_t record_at = out.len;
	ck_assert_int_eq(bn_segment_next(&s, &r, &err), 1);
	uint8_t chain[BN_SHA256_BYTES];
	memcpy(chain, s.header.chain, sizeof chain);
	bn_seg_trailer t = {.count = 1, .last_seq = 2, .last_clock = r.clock};
	bn_record_head h = {.type = BN_RECORD_JSON,
		.seq = 2,
		.clock = r.clock,
		.chain = chain,
		.kind = r.kind,
		.entity = r.entity};
	t.last_crc = bn_record_encode(&out, &h, "{\"v\":999}", 9);
	bn_chain_add(chain, s.hasher, out.ptr + record_at, out.len - record_at);
	memcpy(t.chain, chain, sizeof chain);
	bn_record_encode_trailer(&out, &t);
	ck_assert_int_eq(bn_fs_write_file(&env.env, path, out.ptr, out.len, 0644, NULL), 0);
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_str_eq(report.faults[0].file, "0000000003-0000000003.seg");
	ck_assert_ptr_nonnull(strstr(report.faults[0].what, "chain"));
	bn_log_report_release(&report);
	bn_segment_close(&s);
	bn_buf_release(&out);
	bn_free(path);
	finish(ws);
}
END_TEST

START_TEST(test_verify_names_missing_records)
{
	bn_workspace *ws = make();
	write_sealed(ws, 4);
	char *path = segment(ws, 2, 2), *other = segment(ws, 3, 3);
	ck_assert_int_eq(unlink(path) | unlink(other), 0);
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_int_eq(report.faults[0].kind, BN_FAULT_MISSING);
	ck_assert_uint_eq(report.faults[0].seq, 2);
	ck_assert_str_eq(report.faults[0].what, "records 2 to 3 are missing");
	bn_log_report_release(&report);
	bn_free(path);
	bn_free(other);
	finish(ws);
}
END_TEST

/* ---- owners --------------------------------------------------------------------------------- */

static int foreign_fstat(const bn_env *e, int fd, struct stat *st)
{
	char link[64], path[512] = "";
	int rc = bn_fs_real.fstat(e, fd, st);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "0000000002-"))
		st->st_uid = 4242;
	return rc;
}

START_TEST(test_who_wrote_is_who_owns_the_file)
{
	bn_workspace *ws = make();
	bn_fs_ops ops = bn_fs_real;
	write_sealed(ws, 3);
	ops.fstat = foreign_fstat;
	env.env.fs = &ops;
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_int_eq(report.faults[0].kind, BN_FAULT_FOREIGN);
	ck_assert_ptr_nonnull(strstr(report.faults[0].what, "4242"));
	bn_log_report_release(&report);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	sqlite3 *db = bn_workspace_index(ws);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT uid FROM dump_event WHERE seq = 2", ""), 4242);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT count(*) FROM dump_event WHERE uid = ?", "i",
				 (int64_t)getuid()),
		3); /* all but one, and the founding record */
	env.env.fs = &bn_fs_real;
	finish(ws);
}
END_TEST

static int unseen_stat(const bn_env *e, const bn_dir *at, const char *path, struct stat *st)
{
	size_t n = at ? strlen(at->path) : 0;
	bool is_slot = n > 4 && !strcmp(at->path + n - 4, "/log") && !strchr(path, '/');
	return is_slot ? -EACCES : bn_fs_real.stat(e, at, path, st);
}

START_TEST(test_verify_names_a_log_that_it_cannot_read)
{
	bn_workspace *ws = make();
	write_sealed(ws, 2);
	bn_fs_ops ops = bn_fs_real;
	ops.stat = unseen_stat;
	env.env.fs = &ops;
	verify(ws);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_int_eq(report.faults[0].kind, BN_FAULT_UNREADABLE);
	ck_assert_ptr_nonnull(strstr(report.faults[0].what, "ermission denied"));
	bn_log_report_release(&report);
	env.env.fs = &bn_fs_real;
	finish(ws);
}
END_TEST

/* ---- gc ------------------------------------------------------------------------------------- */

static void name_object(bn_workspace *ws, const char *entity, const char *hash)
{
	json_t *payload = json_pack("{s:s}", "hash", hash);
	ck_assert_bn_ok(bn_workspace_append(ws, "toy.object", entity, payload, &err), &err);
	json_decref(payload);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
}

static void make_old(bn_workspace *ws, const char *hash)
{
	char *path = NULL;
	ck_assert_bn_ok(object_path(ws, hash, &path, &err), &err);
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	bn_free(path);
}

static bool is_there(bn_workspace *ws, const char *hash)
{
	char *path = NULL;
	bool there = object_path(ws, hash, &path, NULL) == 0;
	bn_free(path);
	return there;
}

START_TEST(test_gc_removes_only_old_objects_that_nothing_names)
{
	bn_workspace *ws = make();
	char named[65], alien[65], young[65], old[65];
	bn_gc_options options = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	bn_gc_report r;
	ck_assert_bn_ok(bn_object_put(ws, "named", 5, named, &err), &err);
	ck_assert_bn_ok(bn_object_put(ws, "alien", 5, alien, &err), &err);
	ck_assert_bn_ok(bn_object_put(ws, "young", 5, young, &err), &err);
	ck_assert_bn_ok(bn_object_put(ws, "old", 3, old, &err), &err);
	name_object(ws, "toy/a", named);
	name_object(ws, "unknown/room", alien); /* an entity of a newer program */
	make_old(ws, named);
	make_old(ws, alien);
	make_old(ws, old);
	options.dry_run = true;
	ck_assert_bn_ok(bn_gc_run(&r, ws, &options, &err), &err);
	ck_assert_uint_eq(r.objects, 1);
	ck_assert(is_there(ws, old));
	options.dry_run = false;
	ck_assert_bn_ok(bn_gc_run(&r, ws, &options, &err), &err);
	ck_assert_uint_eq(r.objects, 1);
	ck_assert_uint_eq(r.object_bytes, 3);
	ck_assert_uint_eq(r.live, 2);
	ck_assert_uint_eq(r.young, 1);
	ck_assert(is_there(ws, named) && is_there(ws, alien) && is_there(ws, young));
	ck_assert(!is_there(ws, old));
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(bn_sql_int(bn_workspace_index(ws), 0,
				 "SELECT count(*) FROM dump_event WHERE kind = 'gc.removing' "
				 "AND payload LIKE '%' || ? || '%'",
				 "s", old),
		1);
	finish(ws);
}
END_TEST

START_TEST(test_gc_spares_an_object_that_was_stored_again)
{
	bn_workspace *ws = make();
	char hash[65];
	bn_gc_options options = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	bn_gc_report r;
	ck_assert_bn_ok(bn_object_put(ws, "old", 3, hash, &err), &err);
	make_old(ws, hash);
	ck_assert_bn_ok(bn_object_put(ws, "old", 3, hash, &err), &err); /* renewed */
	ck_assert_bn_ok(bn_gc_run(&r, ws, &options, &err), &err);
	ck_assert_uint_eq(r.objects, 0);
	ck_assert(is_there(ws, hash));
	finish(ws);
}
END_TEST

START_TEST(test_gc_refuses_when_part_of_the_log_is_missing)
{
	bn_workspace *ws = make();
	bn_gc_options options = {.retention_ms = 0, .tmp_ms = 0};
	bn_gc_report r;
	bn_err e = BN_ERR_INIT;
	write_sealed(ws, 3);
	char *path = segment(ws, 2, 2);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(bn_gc_run(&r, ws, &options, &e), BN_EINCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(e.msg, "event 2 is missing"));
	bn_free(path);
	finish(ws);
}
END_TEST

/* A gc was killed after it set the object aside; then the object was stored again, and will be
 * named. */
START_TEST(test_gc_puts_back_nothing_over_an_object_that_was_stored_again)
{
	bn_workspace *ws = make();
	bn_gc_options options = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	bn_gc_report r;
	char hash[65], *path = NULL;
	ck_assert_bn_ok(bn_object_put(ws, "old", 3, hash, &err), &err);
	make_old(ws, hash);
	ck_assert_bn_ok(object_path(ws, hash, &path, &err), &err);
	char *aside = bn_workspace_path(ws, "trash/gc-%s", hash);
	ck_assert_int_eq(rename(path, aside), 0);
	ck_assert_bn_ok(bn_object_put(ws, "old", 3, hash, &err), &err);
	ck_assert_bn_ok(bn_gc_run(&r, ws, &options, &err), &err);
	ck_assert(is_there(ws, hash));
	ck_assert(!bn_fs_exists(&env.env, aside));
	bn_free(aside);
	bn_free(path);
	finish(ws);
}
END_TEST

static uid_t somebody_else(const bn_env *e)
{
	(void)e;
	return 4711;
}

/* gc needs a directory in trash/ that only its user can write to; here the one for this uid belongs
 * to another user. */
START_TEST(test_gc_without_a_directory_of_its_own_in_the_trash_removes_nothing)
{
	bn_workspace *ws = make();
	bn_gc_options options = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	bn_gc_report r;
	char hash[65];
	ck_assert_bn_ok(bn_object_put(ws, "old", 3, hash, &err), &err);
	make_old(ws, hash);
	/* Opens a slot before, so that the test does not need to own a directory under log/. */
	write_sealed(ws, 1);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	env.env.uid = somebody_else;
	ck_assert_int_eq(bn_gc_run(&r, ws, &options, &err), BN_EREFUSED);
	bn_err_clear(&err);
	env.env.uid = bn_env_real()->uid;
	ck_assert_uint_eq(r.objects, 0);
	ck_assert(is_there(ws, hash));
	finish(ws);
}
END_TEST

START_TEST(test_gc_sweeps_old_leftovers)
{
	bn_workspace *ws = make();
	bn_gc_options options = {.retention_ms = BN_GC_RETENTION_MS, .tmp_ms = BN_GC_TMP_MS};
	bn_gc_report r;
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	char *a = bn_workspace_path(ws, "tmp/object-1"), *b = bn_workspace_path(ws, "tmp/object-2");
	ck_assert_int_eq(bn_fs_write_file(&env.env, a, "x", 1, 0644, NULL), 0);
	ck_assert_int_eq(bn_fs_write_file(&env.env, b, "x", 1, 0644, NULL), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, a, old, 0), 0);
	ck_assert_bn_ok(bn_gc_run(&r, ws, &options, &err), &err);
	ck_assert_uint_eq(r.leftovers, 1);
	ck_assert(!bn_fs_exists(&env.env, a) && bn_fs_exists(&env.env, b));
	bn_free(a);
	bn_free(b);
	finish(ws);
}
END_TEST

/* ---- doctor fs ------------------------------------------------------------------------------ */

static int no_link(
	const bn_env *e, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	(void)at;
	(void)to_at;
	(void)e;
	(void)from;
	(void)to;
	return -EPERM;
}

static int any_flock(const bn_env *e, int fd, int operation)
{
	(void)e;
	(void)fd;
	(void)operation;
	return 0;
}

static const bn_fs_check *check_named(const bn_fs_report *r, const char *what)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->checks[i].what, what))
			return &r->checks[i];
	ck_abort_msg("no check '%s'", what);
	return NULL;
}

START_TEST(test_doctor_finds_what_a_file_system_lacks)
{
	bn_workspace *ws = make();
	bn_fs_report r;
	bn_fs_ops ops = bn_fs_real;
	ck_assert_bn_ok(bn_fs_examine(&r, &env.env, dir.path, &err), &err);
	ck_assert_int_eq(check_named(&r, "hard links")->state, BN_FS_OK);
	ck_assert_int_eq(check_named(&r, "flock")->state, BN_FS_OK);
	ck_assert(r.fsync_median_ms >= 0 && r.fsync_p99_ms >= r.fsync_median_ms);
	ops.link = no_link;
	ops.flock = any_flock;
	env.env.fs = &ops;
	ck_assert_bn_ok(bn_fs_examine(&r, &env.env, dir.path, &err), &err);
	ck_assert_int_eq(check_named(&r, "hard links")->state, BN_FS_FAIL);
	ck_assert_ptr_nonnull(check_named(&r, "hard links")->cure);
	ck_assert_int_eq(check_named(&r, "flock")->state, BN_FS_FAIL);
	ck_assert_int_eq(r.verdict, BN_FS_FAIL);
	env.env.fs = &bn_fs_real;
	bn_names left = BN_NAMES_INIT;
	bn_fs_list_dir(&env.env, dir.path, &left, NULL);
	ck_assert_uint_eq(left.count, 1); /* only .binnacle */
	bn_names_release(&left);
	ck_assert_int_eq(bn_fs_examine(&r, &env.env, "/nonexistent", NULL), BN_ENOTFOUND);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/store/verify", test_verify_of_an_untouched_log_gives_one_head_for_each_writer,
	test_verify_finds_any_flipped_byte, test_verify_finds_a_forged_record_with_right_checksums,
	test_verify_names_missing_records, test_who_wrote_is_who_owns_the_file,
	test_verify_names_a_log_that_it_cannot_read,
	test_gc_removes_only_old_objects_that_nothing_names,
	test_gc_spares_an_object_that_was_stored_again,
	test_gc_puts_back_nothing_over_an_object_that_was_stored_again,
	test_gc_without_a_directory_of_its_own_in_the_trash_removes_nothing,
	test_gc_refuses_when_part_of_the_log_is_missing, test_gc_sweeps_old_leftovers,
	test_doctor_finds_what_a_file_system_lacks)
