/* The error value: the first error wins, prefixes, and the table that maps codes to statuses. */
#include "core/base/err.h"
#include "core/base/utf8.h"
#include "tests/support/check_main.h"

#include <errno.h>

START_TEST(test_err_first_error_wins)
{
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_err_set(&e, BN_ENOTFOUND, "no run '%s'", "7f3a"), BN_ENOTFOUND);
	ck_assert_int_eq(bn_err_set(&e, BN_EIO, "later"), BN_EIO);
	ck_assert_int_eq(e.code, BN_ENOTFOUND);
	ck_assert_str_eq(e.msg, "no run '7f3a'");
}
END_TEST

START_TEST(test_err_null_is_allowed_everywhere)
{
	ck_assert_int_eq(bn_err_set(NULL, BN_EINVAL, "x"), BN_EINVAL);
	bn_err_hint(NULL, "x");
	bn_err_prefix(NULL, "x");
	bn_err_clear(NULL);
	ck_assert_int_eq(bn_err_nomem(NULL, "a page"), BN_ENOMEM);
}
END_TEST

START_TEST(test_err_prefix_puts_the_place_in_front)
{
	bn_err e = BN_ERR_INIT;
	bn_err_prefix(&e, "nothing to prefix");
	ck_assert_str_eq(e.msg, "");
	bn_err_set(&e, BN_EINVAL, "unterminated quote");
	bn_err_prefix(&e, "%s:%d:%d", "jobs.csv", 3, 7);
	ck_assert_str_eq(e.msg, "jobs.csv:3:7: unterminated quote");
}
END_TEST

START_TEST(test_err_sys_names_the_cause_and_a_cure_for_a_full_disk)
{
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_err_sys(&e, BN_EIO, ENOSPC, "cannot write '%s'", "a"), BN_EIO);
	ck_assert_ptr_nonnull(strstr(e.msg, "No space left"));
	ck_assert_ptr_nonnull(strstr(e.hint, "binnacle gc"));
}
END_TEST

START_TEST(test_err_messages_are_one_line_of_clean_text)
{
	bn_err e = BN_ERR_INIT;
	char longest[600];
	bn_err_set(&e, BN_EINVAL, "'%s'",
		"a\nb\033[31m\xff gr\xc3\xb6\xc3\x9f"
		"er");
	ck_assert_str_eq(e.msg, "'a?b?[31m? gr\xc3\xb6\xc3\x9f"
				"er'");
	bn_err_hint(&e, "%s", "\177x");
	ck_assert_str_eq(e.hint, "?x");
	memset(longest, 'x', sizeof longest);
	longest[sizeof e.msg - 2] = '\xc3';
	longest[sizeof e.msg - 1] = '\xb6';
	longest[sizeof longest - 1] = '\0';
	bn_err_clear(&e);
	bn_err_set(&e, BN_EINVAL, "%s", longest);
	ck_assert(bn_utf8_is_valid(e.msg, strlen(e.msg)));
	ck_assert_uint_eq(strlen(e.msg), sizeof e.msg - 2);
}
END_TEST

START_TEST(test_err_sys_tells_the_cure_where_access_is_missing)
{
	bn_err e = BN_ERR_INIT;
	bn_err_sys(&e, BN_EIO, EACCES, "cannot create 'a'");
	ck_assert_ptr_nonnull(strstr(e.hint, "ask the owner"));
	bn_err_clear(&e);
	bn_err_sys(&e, BN_EIO, EROFS, "cannot create 'a'");
	ck_assert_ptr_nonnull(strstr(e.hint, "read-only"));
}
END_TEST

START_TEST(test_err_codes_map_to_exit_statuses)
{
	static const int want[][2] = {{0, 0}, {BN_EFAILED, 1}, {BN_EINVAL, 2}, {BN_ENOTFOUND, 3},
		{BN_EREFUSED, 4}, {BN_EIO, 5}, {BN_ECONFLICT, 6}, {BN_EINCONCLUSIVE, 7},
		{BN_EINTR, 130}, {BN_ENOMEM, 5}, {BN_ECORRUPT, 5}, {BN_EUNSUPPORTED, 2}, {-99, 5}};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		ck_assert_int_eq(bn_code_exit_status(want[i][0]), want[i][1]);
}
END_TEST

START_TEST(test_err_of_the_system_has_the_exit_status_of_its_cause)
{
	static const int want[][3] = {{BN_EIO, ENOENT, 3}, {BN_EIO, ENOTDIR, 3},
		{BN_EIO, EACCES, 4}, {BN_EIO, EPERM, 4}, {BN_EIO, ENOSPC, 5}, {BN_EIO, EIO, 5},
		{BN_ENOTFOUND, EACCES, 4}, {BN_ENOTFOUND, ENOENT, 3}, {BN_ECONFLICT, EACCES, 6}};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		bn_err e = BN_ERR_INIT, moved = BN_ERR_INIT;
		bn_err_sys(&e, want[i][0], want[i][1], "cannot open 'a'");
		bn_err_prefix(&e, "b");
		bn_err_move(&moved, &e);
		ck_assert_int_eq(moved.code, want[i][0]);
		ck_assert_int_eq(bn_err_exit_status(&moved), want[i][2]);
		ck_assert_int_eq(e.cause, 0);
	}
}
END_TEST

BN_TEST_MAIN("core/base/err", test_err_first_error_wins, test_err_null_is_allowed_everywhere,
	test_err_prefix_puts_the_place_in_front,
	test_err_sys_names_the_cause_and_a_cure_for_a_full_disk,
	test_err_messages_are_one_line_of_clean_text,
	test_err_sys_tells_the_cure_where_access_is_missing, test_err_codes_map_to_exit_statuses,
	test_err_of_the_system_has_the_exit_status_of_its_cause)
