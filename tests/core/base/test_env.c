/* The outside world as a value: directories, flags, names, randomness. */
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
	char *p = bn_env_config_dir(&e);
	ck_assert_str_eq(p, "/home/ada/.config/binnacle");
	bn_free(p);
	p = bn_env_state_dir(&e);
	ck_assert_str_eq(p, "/home/ada/.local/state/binnacle");
	bn_free(p);
	e = with(xdg);
	p = bn_env_state_dir(&e);
	ck_assert_str_eq(p, "/s/binnacle");
	bn_free(p);
	p = bn_env_config_dir(&e); /* relative ones are to be ignored */
	ck_assert_str_eq(p, "/home/ada/.config/binnacle");
	bn_free(p);
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

BN_TEST_MAIN("core/base/env", test_env_finds_directories_by_the_xdg_rules,
	test_env_names_users_and_this_machine, test_env_clocks_run_and_random_bytes_differ)
