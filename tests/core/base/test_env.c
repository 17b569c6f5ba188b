/* The environment as a value: directories, variables, names, randomness. */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <unistd.h>

static const char *const *vars; /* NAME, value, NAME, value, NULL */

static const char *get(const bn_env *env, const char *name)
{
	(void)env;
	for (const char *const *v = vars; *v; v += 2)
		if (!strcmp(*v, name))
			return v[1];
	return NULL;
}

static bn_err err;

static bn_env with(const char *const *v)
{
	bn_env e = *bn_env_real();
	vars = v;
	e.get = get;
	return e;
}

START_TEST(test_env_finds_directories_by_the_xdg_rules)
{
	static const char *const plain[] = {"HOME", "/home/ada", NULL};
	static const char *const xdg[] = {
		"HOME", "/home/ada", "XDG_STATE_HOME", "/s", "XDG_CONFIG_HOME", "relative", NULL};
	bn_env e = with(plain);
	char *p = NULL;
	ck_assert_bn_ok(bn_env_config_dir(&p, &e, &err), &err);
	ck_assert_str_eq(p, "/home/ada/.config/binnacle");
	bn_free(p);
	ck_assert_bn_ok(bn_env_state_dir(&p, &e, &err), &err);
	ck_assert_str_eq(p, "/home/ada/.local/state/binnacle");
	bn_free(p);
	e = with(xdg);
	ck_assert_bn_ok(bn_env_state_dir(&p, &e, &err), &err);
	ck_assert_str_eq(p, "/s/binnacle");
	bn_free(p);
	ck_assert_bn_ok(
		bn_env_config_dir(&p, &e, &err), &err); /* relative paths are ignored */
	ck_assert_str_eq(p, "/home/ada/.config/binnacle");
	bn_free(p);
}
END_TEST

static int home_of_nobody(const bn_env *env, uid_t uid, char *path, size_t size)
{
	(void)env;
	(void)uid;
	(void)path;
	(void)size;
	return -1;
}

static int home_of_ada(const bn_env *env, uid_t uid, char *path, size_t size)
{
	(void)env;
	(void)uid;
	snprintf(path, size, "/home/ada");
	return 0;
}

START_TEST(test_env_without_home_asks_the_user_database_and_never_falls_back_to_tmp)
{
	static const char *const homes[][3] = {{NULL}, {"HOME", "", NULL}, {"HOME", "here", NULL}};
	for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
		bn_env e = with(homes[i]);
		char *p = NULL;
		e.user_home = home_of_ada;
		ck_assert_bn_ok(bn_env_state_dir(&p, &e, &err), &err);
		ck_assert_str_eq(p, "/home/ada/.local/state/binnacle");
		bn_free(p);
		p = NULL;
		e.user_home = home_of_nobody;
		bn_err none = BN_ERR_INIT;
		ck_assert_int_eq(bn_env_config_dir(&p, &e, &none), BN_ENOTFOUND);
		ck_assert_ptr_null(p);
		ck_assert_ptr_nonnull(strstr(none.hint, "HOME"));
	}
}
END_TEST

START_TEST(test_env_names_users_and_this_machine)
{
	const bn_env *e = bn_env_real();
	char name[64];
	e->user_name(e, (uid_t)3999999999u, name, sizeof name);
	ck_assert_str_eq(name, "uid-3999999999");
	ck_assert_uint_gt(strlen(e->host(e)), 0);
	ck_assert_ptr_null(strchr(e->host(e), '.'));
	ck_assert_ptr_null(strchr(e->host(e), '/'));
	ck_assert_uint_gt(strlen(e->boot_id(e)), 0);
	ck_assert_uint_eq(e->uid(e), geteuid());
}
END_TEST

START_TEST(test_env_clocks_run_and_random_bytes_differ)
{
	const bn_env *e = bn_env_real();
	int64_t a = bn_env_monotonic_ns(e), b = bn_env_monotonic_ns(e);
	ck_assert_int_ge(b, a);
	ck_assert_int_gt(bn_env_now_ms(e), 1600000000000);
	unsigned char x[500], y[500];
	ck_assert_int_eq(bn_env_random(e, x, sizeof x, NULL), 0);
	ck_assert_int_eq(bn_env_random(e, y, sizeof y, NULL), 0);
	ck_assert_mem_ne(x, y, sizeof x);
}
END_TEST

START_TEST(test_env_gives_a_duration_or_what_stands_instead)
{
	static const char *const set[] = {
		"GOOD", "1.5s", "SHORT", "9ms", "LEAST", "10ms", "WORD", "soon", NULL};
	bn_env e = with(set);
	ck_assert_int_eq(bn_env_get_ms(&e, "GOOD", 10, 7), 1500);
	ck_assert_int_eq(bn_env_get_ms(&e, "LEAST", 10, 7), 10);
	ck_assert_int_eq(bn_env_get_ms(&e, "SHORT", 10, 7), 7);
	ck_assert_int_eq(bn_env_get_ms(&e, "WORD", 10, 7), 7);
	ck_assert_int_eq(bn_env_get_ms(&e, "ABSENT", 10, 7), 7);
}
END_TEST

BN_TEST_MAIN("core/base/env", test_env_finds_directories_by_the_xdg_rules,
	test_env_without_home_asks_the_user_database_and_never_falls_back_to_tmp,
	test_env_names_users_and_this_machine, test_env_clocks_run_and_random_bytes_differ,
	test_env_gives_a_duration_or_what_stands_instead)
