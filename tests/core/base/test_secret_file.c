/* core/base/secret_file.h: which files are taken as secrets. */
#include "core/base/secret_file.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static toy_dir dir;
static bn_err err;
static char path[300];

static void make(const char *bytes, size_t n, mode_t mode)
{
	snprintf(path, sizeof path, "%s/secret", dir.path);
	unlink(path);
	FILE *f = fopen(path, "w");
	fwrite(bytes, 1, n, f);
	fclose(f);
	chmod(path, mode);
}

static int take(char **out, const bn_env *env)
{
	bn_err_clear(&err);
	*out = NULL;
	return bn_secret_file_read(out, env, path, "--token-file", &err);
}

static uid_t another(const bn_env *env)
{
	(void)env;
	return geteuid() + 1;
}

START_TEST(test_a_secret_is_one_line_of_the_user_alone)
{
	char *s;
	toy_dir_make(&dir);
	make("abc\n", 4, 0600);
	ck_assert_bn_ok(take(&s, bn_env_real()), &err);
	ck_assert_str_eq(s, "abc");
	bn_secret_free(s);
	make("abc", 3, 0400);
	ck_assert_bn_ok(take(&s, bn_env_real()), &err);
	ck_assert_str_eq(s, "abc");
	bn_secret_free(s);
	static const mode_t modes[] = {0640, 0604, 0620, 0601};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		make("abc", 3, modes[i]);
		ck_assert_int_eq(take(&s, bn_env_real()), BN_EREFUSED);
		ck_assert_ptr_nonnull(strstr(err.msg, "--token-file: others may use"));
		ck_assert_ptr_nonnull(strstr(err.hint, "chmod 600"));
		ck_assert_ptr_null(s);
	}
	bn_env env = *bn_env_real();
	env.uid = another;
	make("abc", 3, 0600);
	ck_assert_int_eq(take(&s, &env), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "belongs to another user"));
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_what_is_no_secret_is_refused_without_waiting)
{
	char *s, large[BN_SECRET_BYTES_MAX + 1];
	toy_dir_make(&dir);
	make("a\0b", 3, 0600);
	ck_assert_int_eq(take(&s, bn_env_real()), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "holds a byte 0"));
	memset(large, 'x', sizeof large);
	make(large, sizeof large, 0600);
	ck_assert_int_eq(take(&s, bn_env_real()), BN_EINVAL);
	unlink(path);
	ck_assert_int_eq(take(&s, bn_env_real()), BN_ENOTFOUND);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(take(&s, bn_env_real()), BN_EREFUSED);
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(take(&s, bn_env_real()), BN_EREFUSED);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/base/secret_file", test_a_secret_is_one_line_of_the_user_alone,
	test_what_is_no_secret_is_refused_without_waiting)
