/*
 * core/base/dir.h: no call follows a link below a directory handle, also on a kernel without openat2 (simulated by
 * a filter that hides it).
 */
#include "core/base/dir.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[256];
static bn_dir *d;
static bn_err err;

static const char *path_of(const char *name)
{
	static char text[512];
	snprintf(text, sizeof text, "%s/%s", top, name);
	return text;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* The handle is open on in/, which is full of links to out/, outside of it. */
static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(top, sizeof top, "%.200s/binnacle-dir-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(top));
	static const char *const dirs[] = {"in", "in/a", "in/a/b", "out", "out/sub"};
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		ck_assert_int_eq(mkdir(path_of(dirs[i]), 0755), 0);
	put("in/a/b/file", "inside");
	put("out/secret", "secret");
	put("out/sub/secret", "secret");
	char target[512];
	snprintf(target, sizeof target, "%s", path_of("out"));
	ck_assert_int_eq(symlink(target, path_of("in/dirlink")), 0);
	ck_assert_int_eq(symlink("../../out", path_of("in/a/uplink")), 0);
	snprintf(target, sizeof target, "%s", path_of("out/secret"));
	ck_assert_int_eq(symlink(target, path_of("in/a/filelink")), 0);
	ck_assert_int_eq(symlink("b", path_of("in/a/inner")), 0);
	ck_assert_int_eq(symlink("nowhere", path_of("in/dangling")), 0);
	ck_assert_int_eq(mkfifo(path_of("in/pipe"), 0644), 0);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_dir_open(&d, bn_env_real(), path_of("in"), &err), 0);
}

static void tear_down(void)
{
	bn_dir_close(d);
	bn_fs_remove_tree(bn_env_real(), top, NULL);
}

static void expect(int rc, int code, const char *what)
{
	ck_assert_msg(rc == code, "%s: %d instead of %d (%s)", what, rc, code, err.msg);
	bn_err_clear(&err);
}

static const char *const through_links[] = {"dirlink/secret", "dirlink/sub/secret",
	"a/uplink/secret", "a/filelink", "a/inner/file", "dangling"};

static void try_everything(void)
{
	bn_buf b = BN_BUF_INIT;
	struct stat st;
	int fd;
	for (size_t i = 0; i < sizeof through_links / sizeof *through_links; i++) {
		const char *name = through_links[i];
		bool deep = strstr(name, "link/") || strstr(name, "inner/");
		expect(bn_dir_read_file(d, name, &b, &err), BN_EREFUSED, name);
		expect(bn_dir_open_file(&fd, d, name, O_WRONLY | O_CREAT, 0644, &err), BN_EREFUSED,
			name);
		if (!deep)
			continue;
		expect(bn_dir_open_file(&fd, d, name, O_WRONLY | O_CREAT | O_EXCL, 0644, &err),
			BN_EREFUSED, name);
		expect(bn_dir_stat(d, name, &st, &err), BN_EREFUSED, name);
		expect(bn_dir_unlink(d, name, &err), BN_EREFUSED, name);
		expect(bn_dir_write_file(d, name, "x", 1, 0644, &err), BN_EREFUSED, name);
		expect(bn_dir_rename(d, "a/b/file", d, name, &err), BN_EREFUSED, name);
		expect(bn_dir_rename(d, name, d, "stolen", &err), BN_EREFUSED, name);
		expect(bn_dir_remove_tree(d, name, &err), BN_EREFUSED, name);
	}
	ck_assert_uint_eq(b.len, 0);
	static const char *const outside[] = {"../out/secret", "a/../../out/secret", "/etc/passwd",
		"..", "a/b/../../../out/secret"};
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		expect(bn_dir_read_file(d, outside[i], &b, &err), BN_EREFUSED, outside[i]);
	expect(bn_dir_make(d, "dirlink/new", 0755, &err), BN_EREFUSED, "make below a link");
	expect(bn_dir_make(d, "dirlink", 0755, &err), BN_EREFUSED, "make where a link is");
	expect(bn_dir_list(d, "dirlink", &(bn_names)BN_NAMES_INIT, &err), BN_EREFUSED, "list");
	expect(bn_dir_read_file(d, "pipe", &b, &err), BN_ECORRUPT, "a pipe");
	expect(bn_dir_read_file(d, "a/b", &b, &err), BN_ECORRUPT, "a directory");
	expect(bn_dir_read_file(d, "a/b/none", &b, &err), BN_ENOTFOUND, "absent");
	expect(bn_dir_read_file(d, "none/none", &b, &err), BN_ENOTFOUND, "absent");
	/* The targets of links are unchanged, and regular files are read. */
	expect(bn_dir_read_file(d, "a/b/file", &b, &err), 0, "a file");
	ck_assert_str_eq(b.ptr, "inside");
	bn_buf_release(&b);
	ck_assert_int_eq(access(path_of("out/secret"), F_OK), 0);
	ck_assert_int_eq(access(path_of("out/sub/secret"), F_OK), 0);
	ck_assert_int_ne(access(path_of("out/new"), F_OK), 0);
	ck_assert_int_ne(access(path_of("in/nowhere"), F_OK), 0);
}

START_TEST(test_nothing_below_a_handle_is_reached_through_a_link)
{
	bn_path_kind look;
	set_up();
	try_everything();
	expect(bn_dir_look(&look, d, "dirlink", NULL), BN_EREFUSED, "look at a link");
	expect(bn_dir_look(&look, d, "dirlink/secret", NULL), BN_EREFUSED, "look through a link");
	expect(bn_dir_look(&look, d, "no such", &err), 0, "look at nothing");
	ck_assert_int_eq(look, BN_PATH_ABSENT);
	expect(bn_dir_look(&look, d, "a", &err), 0, "look");
	ck_assert_int_eq(look, BN_PATH_DIR);
	/* Removing a tree removes the links in it and leaves their targets. */
	expect(bn_dir_remove_tree(d, "a", &err), 0, "remove");
	expect(bn_dir_remove_tree(d, "dirlink", &err), 0, "remove a link itself");
	ck_assert_int_eq(access(path_of("out/secret"), F_OK), 0);
	ck_assert_int_ne(access(path_of("in/a"), F_OK), 0);
	tear_down();
}
END_TEST

static bool hide_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

START_TEST(test_an_old_kernel_follows_no_link_either)
{
	set_up();
	pid_t child = fork();
	if (child == 0) {
		if (!hide_openat2())
			_exit(77);
		try_everything();
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		printf("SKIP: a kernel without openat2: no seccomp filter can be set here\n");
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
	tear_down();
}
END_TEST

START_TEST(test_modes_are_set_whatever_the_umask_is)
{
	struct stat st;
	int fd;
	set_up();
	mode_t old = umask(077);
	expect(bn_dir_make(d, "x/y", 01777, &err), 0, "make");
	expect(bn_dir_write_file(d, "x/f", "1", 1, 0644, &err), 0, "write");
	expect(bn_dir_open_file(&fd, d, "x/g", O_WRONLY | O_CREAT | O_EXCL, 0664, &err), 0, "open");
	close(fd);
	expect(bn_dir_open_file(&fd, d, "x/h", O_WRONLY | O_CREAT | O_APPEND, 0644, &err), 0,
		"open");
	close(fd);
	ck_assert_int_eq(chmod(path_of("in/x/h"), 0600), 0);
	expect(bn_dir_open_file(&fd, d, "x/i", O_RDWR | O_CREAT, 0644, &err), 0, "open");
	close(fd);
	/* An existing file keeps the mode that its user set. */
	expect(bn_dir_open_file(&fd, d, "x/h", O_WRONLY | O_CREAT | O_APPEND, 0644, &err), 0,
		"again");
	close(fd);
	umask(old);
	expect(bn_dir_stat(d, "x/h", &st, &err), 0, "stat");
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	expect(bn_dir_stat(d, "x/i", &st, &err), 0, "stat");
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	expect(bn_dir_stat(d, "x/y", &st, &err), 0, "stat");
	ck_assert_int_eq(st.st_mode & 07777, 01777);
	expect(bn_dir_stat(d, "x/f", &st, &err), 0, "stat");
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	expect(bn_dir_stat(d, "x/g", &st, &err), 0, "stat");
	ck_assert_int_eq(st.st_mode & 07777, 0664);
	tear_down();
}
END_TEST

/* Swaps a directory and a link as fast as possible, while the parent reads through the name. */
START_TEST(test_a_directory_that_becomes_a_link_between_two_calls_is_not_followed)
{
	bn_buf b = BN_BUF_INIT;
	set_up();
	ck_assert_int_eq(mkdir(path_of("in/swap"), 0755), 0);
	put("in/swap/secret", "inside");
	char swap[512], aside[512], link_path[512];
	snprintf(swap, sizeof swap, "%s", path_of("in/swap"));
	snprintf(aside, sizeof aside, "%s", path_of("in/aside"));
	snprintf(link_path, sizeof link_path, "%s", path_of("out"));
	pid_t child = fork();
	if (child == 0)
		for (;;) {
			rename(swap, aside);
			symlink(link_path, swap);
			unlink(swap);
			rename(aside, swap);
		}
	int inside = 0, refused = 0, absent = 0;
	for (int i = 0; i < 20000; i++) {
		bn_buf_clear(&b);
		int rc = bn_dir_read_file(d, "swap/secret", &b, NULL);
		ck_assert_msg(
			rc != 0 || !strcmp(b.ptr, "inside"), "read through the link: %s", b.ptr);
		inside += rc == 0;
		refused += rc == BN_EREFUSED;
		absent += rc == BN_ENOTFOUND;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("NOTE: a directory swapped for a link under 20000 reads: %d read, %d refused, %d "
	       "absent\n",
		inside, refused, absent);
	bn_buf_release(&b);
	tear_down();
}
END_TEST

BN_TEST_MAIN("core/base/dir", test_nothing_below_a_handle_is_reached_through_a_link,
	test_an_old_kernel_follows_no_link_either, test_modes_are_set_whatever_the_umask_is,
	test_a_directory_that_becomes_a_link_between_two_calls_is_not_followed)
