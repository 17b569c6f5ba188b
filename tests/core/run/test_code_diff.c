/* Differences between the code of two runs, each a commit with a patch. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/run/code_diff.h"
#include "core/run/environment.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <string.h>

static bn_err err = BN_ERR_INIT;
static toy_dir dir;

static bool git(const char *const *words)
{
	const char *argv[16] = {"git", "-C", dir.path, "-c", "user.name=t", "-c", "user.email=t@t"};
	bn_buf out = BN_BUF_INIT;
	int n = 7, status = 1;
	while (*words && n < 15)
		argv[n++] = *words++;
	int rc = bn_process_capture(argv, 20000, 65536, &out, &status, NULL);
	bn_buf_release(&out);
	return rc == 0 && status == 0;
}

static void file_write(const char *name, const char *text)
{
	char *path = bn_path_join(dir.path, name);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0644, &err), &err);
	bn_free(path);
}

static void commit(void)
{
	ck_assert(git((const char *[]){"add", "-A", NULL}));
	ck_assert(git((const char *[]){"commit", "-qm", "x", NULL}));
}

/* What the states of a test are made of, freed at its end. */
static json_t *codes[8];
static char *patches[8];
static size_t states;

/* The code as a run would record it now. */
static bn_code_state now(void)
{
	size_t i = states++;
	ck_assert_uint_lt(i, sizeof codes / sizeof *codes);
	ck_assert_bn_ok(bn_code_describe(&codes[i], &patches[i], dir.path, &err), &err);
	const char *hex = json_string_value(json_object_get(codes[i], "commit"));
	return (bn_code_state){dir.path, hex, patches[i]};
}

static void end(void)
{
	for (; states > 0; states--) {
		json_decref(codes[states - 1]);
		bn_free(patches[states - 1]);
	}
	toy_dir_remove(&dir);
}

static bn_code_diff compare(const bn_code_state *a, const bn_code_state *b)
{
	bn_code_diff d;
	ck_assert_bn_ok(bn_code_diff_make(&d, a, b, NULL, &err), &err);
	return d;
}

static size_t objects(void)
{
	const char *argv[] = {"git", "-C", dir.path, "count-objects", NULL};
	bn_buf out = BN_BUF_INIT;
	int status;
	ck_assert_int_eq(bn_process_capture(argv, 20000, 4096, &out, &status, NULL), 0);
	size_t n = (size_t)strtoul(out.ptr, NULL, 10);
	bn_buf_release(&out);
	return n;
}

static bool begin(void)
{
	toy_dir_make(&dir);
	if (!git((const char *[]){"init", "-q", NULL})) {
		toy_dir_remove(&dir);
		return false;
	}
	file_write("a.py", "one\ntwo\nthree\n");
	file_write("b.py", "b\n");
	file_write("long name.py", "this file\nis renamed\nand otherwise\nthe same\n");
	commit();
	return true;
}

START_TEST(test_code_diff_is_between_commits_with_their_uncommitted_changes)
{
	if (!begin())
		BN_TEST_SKIP("a diff of code: git is not installed");
	file_write("a.py", "one\n2\nthree\n");
	bn_code_state dirty = now();
	ck_assert_ptr_nonnull(dirty.patch);
	commit(); /* the same content, now committed */
	bn_code_state clean = now();
	size_t before = objects();
	bn_code_diff d = compare(&dirty, &clean);
	ck_assert_ptr_null(d.apart);
	ck_assert_uint_eq(d.count, 0);
	bn_code_diff_release(&d);
	ck_assert(git((const char *[]){"mv", "long name.py", "c.py", NULL}));
	ck_assert(git((const char *[]){"rm", "-q", "b.py", NULL}));
	file_write("d.bin", "\x01\x02");
	file_write("a.py", "one\n2\nthree\nfour\n");
	commit();
	file_write("a.py", "1\n2\nthree\nfour\n");
	bn_code_state later = now();
	size_t objects_then = objects();
	d = compare(&dirty, &later);
	ck_assert_ptr_null(d.apart);
	ck_assert_uint_eq(d.count, 4);
	ck_assert_str_eq(d.files[0].path, "a.py");
	ck_assert_int_eq(d.files[0].status, 'M');
	ck_assert_uint_eq(d.files[0].added, 2);
	ck_assert_uint_eq(d.files[0].removed, 1);
	ck_assert_int_eq(d.files[1].status, 'D');
	ck_assert_str_eq(d.files[2].path, "c.py");
	ck_assert_int_eq(d.files[2].status, 'R');
	ck_assert_int_eq(d.files[3].status, 'A');
	ck_assert_ptr_nonnull(strstr(d.patch.ptr, "-one\n+1\n 2\n three\n+four\n"));
	bn_buf text = BN_BUF_INIT;
	bn_code_diff_text(&text, &d);
	ck_assert_ptr_nonnull(strstr(text.ptr, "M  a.py  +2 -1\nD  b.py  +0 -1\nR  c.py  +0 -0\n"));
	bn_buf_release(&text);
	bn_code_diff_release(&d);
	/* Nothing was written to the repository. */
	ck_assert_uint_eq(objects(), objects_then);
	ck_assert_uint_le(before, objects_then);
	end();
}
END_TEST

START_TEST(test_code_diff_says_why_the_states_cannot_be_made)
{
	static const char *const unknown = "0123456789012345678901234567890123456789";
	if (!begin())
		BN_TEST_SKIP("a diff of code: git is not installed");
	file_write("a.py", "one\n2\nthree\n");
	bn_code_state here = now(), other = here;
	other.commit = unknown;
	bn_code_diff d = compare(&other, &here);
	ck_assert_str_eq(d.apart, "the repository has no commit 012345678901");
	ck_assert_uint_eq(d.count, 0);
	ck_assert_ptr_nonnull(strstr(d.patch.ptr, "# a: commit 0123456789"));
	ck_assert_ptr_nonnull(strstr(d.patch.ptr, "-two\n+2\n")); /* the known part is shown */
	bn_code_diff_release(&d);
	other = here;
	other.patch = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n";
	d = compare(&here, &other);
	ck_assert_ptr_nonnull(strstr(d.apart, "the uncommitted changes do not apply to commit"));
	bn_code_diff_release(&d);
	other.commit = NULL;
	d = compare(&here, &other);
	ck_assert_str_eq(d.apart, "no commit was recorded");
	bn_code_diff_release(&d);
	here.path = other.path = "/nowhere/at/all";
	d = compare(&here, &other);
	ck_assert_ptr_nonnull(strstr(d.apart, "/nowhere/at/all"));
	bn_code_diff_release(&d);
	end();
}
END_TEST

BN_TEST_MAIN("core/run/code_diff", test_code_diff_is_between_commits_with_their_uncommitted_changes,
	test_code_diff_says_why_the_states_cannot_be_made)
