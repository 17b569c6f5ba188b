/*
 * core/archive: a workspace as a file and back. Every entry cut, flipped and replaced; what no archive may hold; a log that
 * is written to meanwhile; each change of the disk of an import killed and failed.
 */
#include "core/archive/_archive.h"
#include "core/base/fs.h"
#include "core/data/add.h"
#include "core/package/_tar.h"
#include "core/pipeline/fold_classes.h"
#include "core/store/inspect.h"
#include "core/store/log/verify.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static toy_dir home, target;
static toy_env own;
static bn_workspace *ws;
static bn_err err;
static bn_archive_report report;
static char file[300], there[300];
static bn_buf bytes = BN_BUF_INIT;

static void setup(void)
{
	err = (bn_err)BN_ERR_INIT;
	toy_dir_make(&home);
	toy_dir_make(&target);
	toy_env_init(&own, &home);
	snprintf(file, sizeof file, "%s/a.tar", target.path);
	snprintf(there, sizeof there, "%s/there", target.path);
	ck_assert_bn_ok(bn_workspace_init(&own.env, home.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &own.env, bn_fold_classes, home.path, &err), &err);
}

static void teardown(void)
{
	bn_archive_report_release(&report);
	bn_workspace_close(ws);
	bn_buf_release(&bytes);
	toy_dir_remove(&home);
	toy_dir_remove(&target);
}

static void add_rows(const char *name, int rows, bool is_private)
{
	char path[400];
	bn_dataset_version *v = NULL;
	snprintf(path, sizeof path, "%s/in.csv", home.path);
	FILE *f = fopen(path, "w");
	fputs("id,power\n", f);
	for (int i = 0; i < rows; i++)
		fprintf(f, "%d,%d.5\n", i, i * 7 % 301);
	fclose(f);
	ck_assert_bn_ok(bn_dataset_add(&v, NULL, ws, name, is_private ? BN_DATASET_PRIVATE : BN_DATASET_AS_BEFORE,
				"csv", path, NULL, NULL, &err), &err);
	bn_dataset_version_free(v);
}

static void export_all(bool force)
{
	bn_archive_report_release(&report);
	const bn_archive_options o = {.path = file, .force = force};
	ck_assert_bn_ok(bn_archive_export(&report, ws, &o, &err), &err);
	bn_buf_clear(&bytes);
	ck_assert_bn_ok(bn_fs_read_file(&own.env, file, &bytes, &err), &err);
}

static int import(const bn_env *env)
{
	const bn_archive_target to = {.dir = there};
	bn_archive_report_release(&report);
	bn_err_clear(&err);
	return bn_archive_import(&report, env, file, &to, &err);
}

static void rewrite(const char *p, size_t n)
{
	FILE *f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static void gone(void)
{
	ck_assert_msg(!bn_fs_exists(bn_env_real(), there), "something is left in %s", there);
}

typedef struct in_memory {
	const char *p;
	size_t n, at;
} in_memory;

static int read_memory(void *ctx, void *to, size_t n, size_t *got, bn_err *e)
{
	in_memory *m = ctx;
	(void)e;
	*got = m->n - m->at < n ? m->n - m->at : n;
	memcpy(to, m->p + m->at, *got);
	m->at += *got;
	return 0;
}

/* What the reader says of n bytes, without a disk. */
static int read_through(const char *p, size_t n)
{
	in_memory m = {p, n, 0};
	bn_archive_reader *r = NULL;
	const bn_archive_entry *e;
	char block[4096];
	size_t got;
	bn_err_clear(&err);
	int rc = bn_archive_reader_new(&r, &own.env, (bn_archive_stream){read_memory, &m, file}, &err);
	while (rc >= 0 && (rc = bn_archive_reader_next(&e, r, &err)) == 1)
		do
			rc = bn_archive_reader_read(r, block, sizeof block, &got, &err);
		while (rc >= 0 && got);
	bn_archive_reader_free(r);
	return rc;
}

static void remove_there(void)
{
	bn_err e = BN_ERR_INIT;
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), there, &e), &e);
}

/* The same logical content, and all objects as they are named. */
static void same_there(void)
{
	char mine[65], its[65];
	bn_workspace *copy = NULL;
	bn_log_report log = {0};
	ck_assert_bn_ok(bn_workspace_open(&copy, &own.env, bn_fold_classes, there, &err), &err);
	ck_assert_str_eq(bn_workspace_id(copy), bn_workspace_id(ws));
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(ws, mine, &err), &err);
	ck_assert_bn_ok(bn_index_rebuild(copy, &err), &err);
	ck_assert_bn_ok(bn_index_dump_hash(copy, its, &err), &err);
	ck_assert_str_eq(mine, its);
	ck_assert_bn_ok(bn_log_verify(&log, bn_workspace_at(copy), bn_workspace_id(copy), NULL, &err), &err);
	ck_assert_uint_eq(log.fault_count, 0);
	bn_log_report_release(&log);
	bn_workspace_close(copy);
}

START_TEST(test_a_workspace_goes_and_comes_back_equal)
{
	setup();
	add_rows("jobs", 200, false);
	add_rows("own", 20, true);
	export_all(false);
	ck_assert_uint_gt(report.objects, 1);
	ck_assert_uint_gt(report.objects_left, 0); /* the private version's */
	ck_assert_uint_eq(report.left_out.count, 1);
	ck_assert_bn_ok(import(&own.env), &err);
	same_there();
	remove_there();
	teardown();
}
END_TEST

START_TEST(test_every_cut_is_refused_and_leaves_nothing)
{
	setup();
	add_rows("jobs", 20, false);
	export_all(false);
	const size_t all = bytes.len - (2 * (size_t)BN_TAR_BLOCK);
	for (size_t n = 0; n < all; n += n < 4096 ? 97 : 256) {
		int rc = read_through(bytes.ptr, n);
		ck_assert_msg(rc == BN_ECORRUPT || rc == BN_EINVAL, "cut at %zu: %d", n, rc);
		ck_assert_ptr_nonnull(strstr(err.msg, file));
	}
	rewrite(bytes.ptr, all - 600);
	ck_assert_int_eq(import(&own.env), BN_ECORRUPT);
	gone();
	teardown();
}
END_TEST

START_TEST(test_every_flipped_field_and_content_is_refused)
{
	static const size_t fields[] = {0, 100, 124, 130, 148, 156, 157, 257, 345};
	enum { FIELDS = sizeof fields / sizeof *fields, CONTENT = 3 };
	size_t count = 0;
	setup();
	add_rows("jobs", 20, false);
	export_all(false);
	for (size_t at = 0; at + 2 * (size_t)BN_TAR_BLOCK < bytes.len; count++) {
		const bn_tar_header *h = (const bn_tar_header *)(const void *)(bytes.ptr + at);
		const size_t n = strtoull(h->size, NULL, 8);
		for (size_t k = 0; k < FIELDS + (n ? CONTENT : 0); k++) {
			size_t where = k < FIELDS ? at + fields[k]
						  : at + BN_TAR_BLOCK + (k - FIELDS) * (n - 1) / 2;
			bytes.ptr[where] ^= 1;
			int rc = read_through(bytes.ptr, bytes.len);
			bytes.ptr[where] ^= 1;
			ck_assert_msg(rc == BN_ECORRUPT || rc == BN_EINVAL || rc == BN_EUNSUPPORTED,
				"%.100s, byte %zu: %d %s", h->name, where - at, rc, err.msg);
		}
		at += BN_TAR_BLOCK + (n + BN_TAR_BLOCK - 1) / BN_TAR_BLOCK * BN_TAR_BLOCK;
	}
	ck_assert_uint_gt(count, 5);
	ck_assert_int_eq(read_through(bytes.ptr, bytes.len), 0);
	teardown();
}
END_TEST

/* ---- archives made by hand --------------------------------------------------------------------- */

static int to_buf(void *ctx, const void *p, size_t n, bn_err *e)
{
	(void)e;
	bn_buf_add(ctx, p, n);
	return 0;
}

static const char *const header =
	"{\"bytes\":3,\"entries\":%d,\"workspace\":{\"chain\":true,\"format\":2,\"id\":"
	"\"22cbe8bc-c650-8956-be97-753b3bbff8be\"}}";

/* Text before the last line. */
static void manifest(bn_buf *out, const char *lines, int entries)
{
	char hex[65];
	bn_buf_addf(out, BN_ARCHIVE_MAGIC " 1\n");
	bn_buf_addf(out, header, entries);
	bn_buf_addf(out, "\n%s", lines);
	bn_sha256_hex(out->ptr, out->len, hex);
	bn_buf_addf(out, "sha256 %s\n", hex);
}

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 "

/* An archive with that list and, if path is not NULL, one entry with "abc". */
static int import_made(const char *lines, int entries, const char *path, char type)
{
	bn_buf text = BN_BUF_INIT, tar = BN_BUF_INIT;
	bn_tar_writer w;
	bn_tar_init(&w, (bn_tar_sink){to_buf, &tar});
	manifest(&text, lines, entries);
	ck_assert_bn_ok(bn_tar_put_file(&w, BN_ARCHIVE_MANIFEST, 0644, text.ptr, text.len, &err), &err);
	bn_tar_release(&w);
	bn_tar_init(&w, (bn_tar_sink){to_buf, &tar});
	if (path) {
		size_t at = tar.len;
		ck_assert_bn_ok(bn_tar_put_file(&w, path, 0644, "abc", 3, &err), &err);
		bn_tar_header *h = (bn_tar_header *)(void *)(tar.ptr + at);
		h->type = type;
		snprintf(h->checksum, 7, "%06o", bn_tar_checksum(h));
	}
	ck_assert_bn_ok(bn_tar_finish(&w, &err), &err);
	bn_tar_release(&w);
	rewrite(tar.ptr, tar.len);
	bn_buf_release(&text);
	bn_buf_release(&tar);
	return import(&own.env);
}

START_TEST(test_only_listed_files_of_a_workspace_are_taken)
{
	static const char *const bad[] = {"/etc/passwd", "claims/../x", "queue/x", "workspace.json", "trash/x",
		"objects/private-0/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"objects/ba/7816", "log/x/open.seg", "log/ann@n1-00000000-0/x", "log/ann@n1-00000000-0/../open.seg",
		"runs/x/log.txt", "runs/22222222222222222222222222222222", "claims//x", "claims/./x", "claims/\001x",
		"private/x", "tmp/x", "index.db", "first-slot", "MANIFEST", "",
		"objects/00/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
	char line[400];
	setup();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(line, sizeof line, ABC "%s\n", bad[i]);
		int rc = import_made(line, 1, "claims/x", '0');
		ck_assert_msg(rc == BN_EINVAL || rc == BN_ECORRUPT, "%s: %d %s", bad[i], rc, err.msg);
		gone();
	}
	ck_assert_int_eq(import_made(ABC "claims/x\n", 1, "claims/x", '0'), 0);
	remove_there();
	ck_assert_int_eq(import_made(ABC "claims/x\n", 1, "claims/y", '0'), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "claims/y"));
	ck_assert_int_eq(import_made(ABC "claims/x\n", 1, "claims/x", '2'), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "link"));
	ck_assert_int_eq(import_made(ABC "claims/x\n", 1, "claims/x", '5'), BN_EINVAL);
	ck_assert_int_eq(import_made(ABC "claims/x\n", 1, "claims/x", '3'), BN_ECORRUPT); /* a device */
	ck_assert_int_eq(import_made(ABC "claims/x\n", 1, NULL, '0'), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, "is missing"));
	ck_assert_int_eq(import_made("", 0, "claims/x", '0'), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "is not in its manifest"));
	ck_assert_int_eq(import_made(ABC "claims/x\n", 2, "claims/x", '0'), BN_ECORRUPT);
	ck_assert_int_eq(import_made(ABC "claims/x\n" ABC "claims/x\n", 2, "claims/x", '0'), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "claims/x"));
	gone();
	teardown();
}
END_TEST

START_TEST(test_sizes_and_hashes_must_be_the_listed_ones)
{
	setup();
	ck_assert_int_eq(import_made("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 4 claims/x\n",
				 1, "claims/x", '0'), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, "another size"));
	ck_assert_int_eq(import_made("aa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 claims/x\n",
				 1, "claims/x", '0'), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(err.msg, "does not hash"));
	ck_assert_int_eq(import_made(
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 9223372036854775807 claims/x\n",
				 1, "claims/x", '0'), BN_ECORRUPT);
	ck_assert_int_eq(import_made("ba78 3 claims/x\n", 1, "claims/x", '0'), BN_ECORRUPT);
	gone();
	teardown();
}
END_TEST

/* ---- while others write ------------------------------------------------------------------------ */

START_TEST(test_an_open_log_goes_up_to_its_last_whole_record)
{
	bn_workspace *other = NULL;
	json_t *p = json_pack("{s:s}", "name", "x");
	setup();
	ck_assert_bn_ok(bn_workspace_open(&other, &own.env, bn_fold_classes, home.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_append(other, "run.created", "run/22222222222222222222222222222222", p, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(other, &err), &err);
	export_all(false);
	ck_assert_ptr_nonnull(memmem(bytes.ptr, bytes.len, "/open.seg", 9));
	ck_assert_bn_ok(import(&own.env), &err);
	same_there();
	bn_workspace_close(other);
	json_decref(p);
	remove_there();
	teardown();
}
END_TEST

START_TEST(test_copies_do_not_continue_logs_of_the_original)
{
	bn_workspace *copy = NULL;
	json_t *p = json_pack("{s:s}", "name", "x");
	bn_log_report log = {0};
	setup();
	export_all(false);
	ck_assert_bn_ok(import(&own.env), &err);
	ck_assert_bn_ok(bn_workspace_open(&copy, &own.env, bn_fold_classes, there, &err), &err);
	ck_assert_bn_ok(bn_workspace_append(copy, "run.created", "run/22222222222222222222222222222222", p, &err), &err);
	ck_assert_bn_ok(bn_workspace_append(ws, "run.created", "run/33333333333333333333333333333333", p, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(copy, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	ck_assert_bn_ok(bn_log_verify(&log, bn_workspace_at(copy), NULL, NULL, &err), &err);
	uint64_t heads = log.head_count;
	bn_log_report_release(&log);
	ck_assert_bn_ok(bn_log_verify(&log, bn_workspace_at(ws), NULL, NULL, &err), &err);
	ck_assert_uint_eq(heads, log.head_count + 1);
	bn_log_report_release(&log);
	bn_workspace_close(copy);
	json_decref(p);
	remove_there();
	teardown();
}
END_TEST

/* ---- faults ------------------------------------------------------------------------------------ */

/* After any fault: nothing, or all of it. */
static void check_rest(long at)
{
	char inner[400];
	snprintf(inner, sizeof inner, "%s/.binnacle", there);
	bn_err_clear(&err);
	if (bn_fs_exists(bn_env_real(), inner))
		same_there();
	(void)at;
	remove_there();
}

START_TEST(test_an_import_that_is_killed_or_fails_leaves_all_or_nothing)
{
	static const faultfs_kind kinds[] = {FAULTFS_KILL, FAULTFS_TEAR, FAULTFS_EIO, FAULTFS_FULL};
	setup();
	toy_env faulty = own;
	add_rows("jobs", 20, false);
	export_all(false);
	faulty.env.fs = &faultfs_ops;
	faultfs_share();
	faultfs_arm(FAULTFS_NONE, 0);
	ck_assert_bn_ok(import(&faulty.env), &err);
	const long changes = faultfs_count();
	ck_assert_int_gt(changes, 50);
	check_rest(0);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (long at = 1 + (long)k; at <= changes; at += 11) {
			pid_t child = fork();
			if (!child) {
				faultfs_arm(kinds[k], at);
				_exit(import(&faulty.env) < 0);
			}
			int status = 0;
			ck_assert_int_eq(waitpid(child, &status, 0), child);
			check_rest(at);
		}
	}
	teardown();
}
END_TEST

BN_TEST_MAIN("core/archive/archive", test_a_workspace_goes_and_comes_back_equal,
	test_every_cut_is_refused_and_leaves_nothing,
	test_every_flipped_field_and_content_is_refused,
	test_only_listed_files_of_a_workspace_are_taken,
	test_sizes_and_hashes_must_be_the_listed_ones,
	test_an_open_log_goes_up_to_its_last_whole_record,
	test_copies_do_not_continue_logs_of_the_original,
	test_an_import_that_is_killed_or_fails_leaves_all_or_nothing)
