/* Tar files: the same bytes for the same content, and no entry that leads out of its root. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/package/_tar.h"
#include "core/package/tar.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;

static int add_to(void *ctx, const void *bytes, size_t n, bn_err *e)
{
	(void)e;
	bn_buf_add(ctx, bytes, n);
	return 0;
}

static int read_from(void *ctx, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *e)
{
	const bn_buf *b = ctx;
	(void)e;
	*got = at >= b->len ? 0 : b->len - at;
	*got = *got < n ? *got : n;
	memcpy(bytes, b->ptr + at, *got);
	return 0;
}

static bn_tar_source source_of(bn_buf *b)
{
	return (bn_tar_source){.read = read_from, .ctx = b, .size = b->len, .name = "a.tar"};
}

static char long_path[300];

static void write_sample(bn_buf *b)
{
	bn_tar_writer w;
	bn_tar_init(&w, (bn_tar_sink){add_to, b});
	memset(long_path, 'x', 250);
	memcpy(long_path, "long/", 5);
	ck_assert_bn_ok(bn_tar_put_dir(&w, "etc", 0755, &err), &err);
	ck_assert_bn_ok(bn_tar_put_file(&w, "etc/empty", 0644, "", 0, &err), &err);
	ck_assert_bn_ok(bn_tar_put_file(&w, "etc/hosts", 0600, "hello", 5, &err), &err);
	ck_assert_bn_ok(bn_tar_put_dir(&w, "long", 0755, &err), &err);
	ck_assert_bn_ok(bn_tar_begin_file(&w, long_path, 0755, 600, &err), &err);
	for (int i = 0; i < 6; i++)
		ck_assert_bn_ok(bn_tar_add(&w, long_path + 10, 100, &err), &err);
	ck_assert_bn_ok(bn_tar_put_dir(&w, "tmp", 01777, &err), &err);
	ck_assert_bn_ok(bn_tar_finish(&w, &err), &err);
	bn_tar_release(&w);
}

START_TEST(test_tar_written_is_read_back)
{
	static const struct {
		const char *path;
		bn_tar_kind kind;
		mode_t mode;
		uint64_t size;
	} expected[] = {{"etc", BN_TAR_DIR, 0755, 0}, {"etc/empty", BN_TAR_FILE, 0644, 0},
		{"etc/hosts", BN_TAR_FILE, 0600, 5}, {"long", BN_TAR_DIR, 0755, 0},
		{long_path, BN_TAR_FILE, 0755, 600}, {"tmp", BN_TAR_DIR, 01777, 0}};
	bn_buf b = BN_BUF_INIT, again = BN_BUF_INIT;
	bn_tar_reader r;
	bn_tar_entry e;
	write_sample(&b);
	write_sample(&again);
	ck_assert_uint_eq(b.len, again.len);
	ck_assert_mem_eq(b.ptr, again.ptr, b.len);
	ck_assert_uint_eq(b.len % 512, 0);
	bn_tar_reader_init(&r, source_of(&b));
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		ck_assert_int_eq(bn_tar_next(&e, &r, &err), 1);
		ck_assert_str_eq(e.path, expected[i].path);
		ck_assert_int_eq(e.kind, expected[i].kind);
		ck_assert_int_eq(e.mode, expected[i].mode);
		ck_assert_uint_eq(e.size, expected[i].size);
		if (i == 2)
			ck_assert_mem_eq(b.ptr + e.from, "hello", 5);
	}
	ck_assert_int_eq(bn_tar_next(&e, &r, &err), 0);
	bn_buf_release(&b);
	bn_buf_release(&again);
}
END_TEST

/* The header and the pax record of a file of 9 GiB, whose content is not there. */
START_TEST(test_tar_size_above_8_gib_has_a_record)
{
	bn_buf b = BN_BUF_INIT;
	bn_tar_writer w;
	bn_tar_reader r;
	bn_tar_entry e;
	const uint64_t size = (uint64_t)9 << 30;
	bn_tar_init(&w, (bn_tar_sink){add_to, &b});
	ck_assert_bn_ok(bn_tar_begin_file(&w, "weights", 0644, size, &err), &err);
	bn_tar_release(&w);
	ck_assert_uint_eq(b.len, 3 * 512);
	ck_assert_ptr_nonnull(memmem(b.ptr, b.len, "19 size=9663676416\n", 19));
	bn_tar_source s = source_of(&b);
	s.size = b.len + size;
	bn_tar_reader_init(&r, s);
	ck_assert_int_eq(bn_tar_next(&e, &r, &err), 1);
	ck_assert_uint_eq(e.size, size);
	ck_assert_uint_eq(e.from, b.len);
	s.size--;
	bn_tar_reader_init(&r, s);
	ck_assert_int_eq(bn_tar_next(&e, &r, NULL), BN_EINVAL); /* longer than the archive */
	bn_buf_release(&b);
}
END_TEST

/* ---- hostile archives ----------------------------------------------------------------------- */

static void header(bn_buf *b, const char *name, char type, uint64_t size, const char *link)
{
	bn_tar_header h;
	memset(&h, 0, sizeof h);
	memcpy(h.name, name, strlen(name));
	strcpy(h.mode, "0000644");
	snprintf(h.size, sizeof h.size, "%011llo", (unsigned long long)size);
	memcpy(h.linkname, link, strlen(link));
	h.type = type;
	memcpy(h.magic, "ustar", 6);
	snprintf(h.checksum, sizeof h.checksum, "%06o", bn_tar_checksum(&h));
	bn_buf_add(b, &h, sizeof h);
}

static void content(bn_buf *b, const char *text, size_t n)
{
	static const char zeros[512];
	bn_buf_add(b, text, n);
	bn_buf_add(b, zeros, (512 - n % 512) % 512);
}

/* The result of reading all entries. */
static int read_all(bn_buf *b)
{
	bn_tar_reader r;
	bn_tar_entry e;
	int rc;
	bn_err_clear(&err);
	bn_tar_reader_init(&r, source_of(b));
	while ((rc = bn_tar_next(&e, &r, &err)) == 1)
		;
	return rc;
}

static void refused(bn_buf *b, const char *says)
{
	ck_assert_int_eq(read_all(b), BN_EINVAL);
	ck_assert_msg(strstr(err.msg, says) != NULL, "'%s'", err.msg);
	ck_assert_ptr_nonnull(strstr(err.msg, "a.tar: tar entry at byte "));
	bn_buf_clear(b);
}

START_TEST(test_tar_faults_are_refused)
{
	static const char *const outside[] = {
		"/etc/passwd", "../x", "a/../../x", "a/..", "..", "./../x"};
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		header(&b, outside[i], '0', 0, "");
		refused(&b, "leads out of its root");
		bn_buf record = BN_BUF_INIT;
		size_t length = strlen(outside[i]) + 8;
		bn_buf_addf(
			&record, "%zu path=%s\n", length < 10 ? length : length + 1, outside[i]);
		header(&b, "x", 'x', record.len, "");
		content(&b, record.ptr, record.len);
		header(&b, "harmless", '0', 0, "");
		refused(&b, "leads out of its root");
		header(&b, "././@LongLink", 'L', strlen(outside[i]) + 1, "");
		content(&b, outside[i], strlen(outside[i]) + 1);
		header(&b, "harmless", '0', 0, "");
		refused(&b, "leads out of its root");
		bn_buf_release(&record);
	}
	header(&b, "dev/sda", '4', 0, "");
	refused(&b, "neither file");
	header(&b, "pipe", '6', 0, "");
	refused(&b, "neither file");
	header(&b, "x", 'S', 0, "");
	refused(&b, "neither file");
	header(&b, "", '0', 0, "");
	refused(&b, "no path");
	header(&b, "x", '0', 4096, "");
	content(&b, "short", 5);
	refused(&b, "longer than the archive");
	header(&b, "x", '0', 0, "");
	b.ptr[0] = 'y';
	refused(&b, "wrong checksum");
	header(&b, "x", '0', 0, "");
	bn_buf_addch(&b, 'z');
	refused(&b, "cut off");
	header(&b, "x", 'x', 1 << 20, "");
	refused(&b, "more than 64 KiB");
	static const char *const records[] = {"", "9 path=x", "99 path=x\n", "0 path=x\n",
		"x path=x\n", "9 pathxx\n", "10 size=x\n", "-9 path=x\n",
		"18446744073709551617 path=x\n", "27 GNU.sparse.realsize=10\n"};
	for (size_t i = 1; i < sizeof records / sizeof *records; i++) {
		header(&b, "x", 'x', strlen(records[i]), "");
		content(&b, records[i], strlen(records[i]));
		header(&b, "x", '0', 0, "");
		ck_assert_msg(read_all(&b) == BN_EINVAL, "record %zu", i);
		bn_buf_clear(&b);
	}
	bn_buf_clear(&b);
	refused(&b, "cut off"); /* nothing at all */
	content(&b, "no tar file", 11);
	refused(&b, "no tar file");
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_tar_of_other_programs_is_read)
{
	bn_buf b = BN_BUF_INIT;
	bn_tar_reader r;
	bn_tar_entry e;
	header(&b, "pax_global_header", 'g', 12, "");
	content(&b, "12 comment=\n", 12);
	header(&b, "./a//b/", '5', 0, "");
	header(&b, "a/link", '2', 0, "/etc/passwd");
	header(&b, "a/hard", '1', 0, "a/b");
	header(&b, "././@LongLink", 'L', 4, "");
	content(&b, "c/d", 4);
	header(&b, "short", '\0', 3, "");
	content(&b, "xyz", 3);
	bn_tar_reader_init(&r, source_of(&b));
	ck_assert_int_eq(bn_tar_next(&e, &r, &err), 1);
	ck_assert_str_eq(e.path, "a/b");
	ck_assert_int_eq(e.kind, BN_TAR_DIR);
	ck_assert_int_eq(bn_tar_next(&e, &r, &err), 1);
	ck_assert_int_eq(e.kind, BN_TAR_SYMLINK);
	ck_assert_str_eq(e.target, "/etc/passwd");
	ck_assert_int_eq(bn_tar_next(&e, &r, &err), 1);
	ck_assert_int_eq(e.kind, BN_TAR_HARDLINK);
	ck_assert_int_eq(bn_tar_next(&e, &r, &err), 1);
	ck_assert_str_eq(e.path, "c/d");
	ck_assert_uint_eq(e.size, 3);
	ck_assert_int_eq(bn_tar_next(&e, &r, &err), 0); /* without the two blocks of zeros */
	bn_buf_release(&b);
}
END_TEST

/* ---- extracting ----------------------------------------------------------------------------- */

static toy_dir dir;

static int extract(bn_buf *b)
{
	bn_dir *at = NULL;
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_dir_open(&at, bn_env_real(), dir.path, &err), &err);
	int rc = bn_tar_extract(at, source_of(b), &err);
	bn_dir_close(at);
	return rc;
}

START_TEST(test_tar_is_extracted_below_its_root_alone)
{
	bn_buf b = BN_BUF_INIT, text = BN_BUF_INIT;
	struct stat st;
	char path[600];
	toy_dir_make(&dir);
	write_sample(&b);
	ck_assert_bn_ok(extract(&b), &err);
	snprintf(path, sizeof path, "%s/etc/hosts", dir.path);
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path, &text, &err), &err);
	ck_assert_str_eq(text.ptr, "hello");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	snprintf(path, sizeof path, "%s/tmp", dir.path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 01777);
	ck_assert_int_eq(extract(&b), BN_EREFUSED); /* once */
	ck_assert_ptr_nonnull(strstr(err.msg, "twice"));
	bn_buf_clear(&b);
	header(&b, "etc/link", '2', 0, "/etc");
	header(&b, "etc/link/passwd", '0', 0, "");
	ck_assert_int_eq(extract(&b), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "is a link"));
	bn_buf_clear(&b);
	header(&b, "etc/.wh.hosts", '0', 0, "");
	ck_assert_int_eq(extract(&b), BN_EREFUSED);
	bn_buf_clear(&b);
	header(&b, "etc/hosts/below", '0', 0, ""); /* a file is in the way of a directory */
	ck_assert_int_lt(extract(&b), 0);
	bn_buf_clear(&b);
	/* a link that somebody put there is not followed */
	snprintf(path, sizeof path, "%s/out", dir.path);
	ck_assert_int_eq(symlink("/tmp", path), 0);
	header(&b, "out/x", '0', 0, "");
	ck_assert_int_lt(extract(&b), 0);
	bn_buf_release(&b);
	bn_buf_release(&text);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/package/tar", test_tar_written_is_read_back,
	test_tar_size_above_8_gib_has_a_record, test_tar_faults_are_refused,
	test_tar_of_other_programs_is_read, test_tar_is_extracted_below_its_root_alone)
