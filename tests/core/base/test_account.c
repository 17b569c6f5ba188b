/* Users and groups: entries longer than the buffer, and missing ones. */
#include "core/base/account.h"
#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct entry {
	size_t bytes; /* bytes it needs */
	int e;        /* the result when the buffer is large enough */
	bool is_there;
	int asked;
} entry;

static int ask(void *ctx, char *text, size_t size, bool *found)
{
	entry *x = ctx;
	x->asked++;
	if (size < x->bytes)
		return ERANGE;
	memset(text, 'x', x->bytes);
	*found = x->is_there;
	return x->e;
}

START_TEST(test_account_entry_of_any_length_is_read)
{
	entry x = {.bytes = 900000, .is_there = true};
	ck_assert_int_eq(bn_account_look(ask, &x), 0);
	ck_assert_int_gt(x.asked, 2);
	ck_assert_int_lt(x.asked, 10);
	x = (entry){.bytes = 10, .is_there = true};
	ck_assert_int_eq(bn_account_look(ask, &x), 0);
	ck_assert_int_eq(x.asked, 1);
	x = (entry){.bytes = (size_t)BN_ACCOUNT_BYTES + 1, .is_there = true};
	ck_assert_int_eq(bn_account_look(ask, &x), ERANGE);
	ck_assert_int_lt(x.asked, 12);
}
END_TEST

START_TEST(test_account_that_is_not_there_is_told_from_a_failure)
{
	entry x = {.bytes = 10};
	uid_t uid;
	gid_t gid;
	char name[64], small[2];
	ck_assert_int_eq(bn_account_look(ask, &x), ENOENT);
	x = (entry){.bytes = 10, .e = EIO};
	ck_assert_int_eq(bn_account_look(ask, &x), EIO);
	x = (entry){.bytes = 900000, .is_there = true};
	bn_alloc_fail_at(2);
	ck_assert_int_eq(bn_account_look(ask, &x), ENOMEM);
	bn_alloc_fail_at(0);
	ck_assert_int_eq(bn_account_find_user(&uid, "no such user"), ENOENT);
	ck_assert_int_eq(bn_account_find_group(&gid, "no such group"), ENOENT);
	ck_assert_int_eq(bn_account_find_user(&uid, "root"), 0);
	ck_assert_uint_eq(uid, 0);
	ck_assert_int_eq(bn_account_find_group(&gid, "root"), 0);
	ck_assert_uint_eq(gid, 0);
	ck_assert(bn_account_name(0, name, sizeof name));
	ck_assert_str_eq(name, "root");
	ck_assert(!bn_account_name(0, small, sizeof small));
	ck_assert(bn_account_home(0, name, sizeof name));
}
END_TEST

BN_TEST_MAIN("core/base/account", test_account_entry_of_any_length_is_read,
	test_account_that_is_not_there_is_told_from_a_failure)
