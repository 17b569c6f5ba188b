/* The command table: on every screen a key has one meaning, and every command can be reached. */
#include "tui/ui/command.h"

#include "tests/support/check_main.h"
#include "tui/ui/key.h"

#include <string.h>

START_TEST(test_command_a_key_has_one_meaning_everywhere)
{
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		const bn_command *c = bn_command_get((bn_command_id)i);
		for (const char *at = c->keys; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
			int n = (int)strcspn(at, " "), key = bn_key_from_name(at, (size_t)n);
			ck_assert_msg(key != BN_KEY_NONE, "%s: no key '%.*s'", c->name, n, at);
			bn_command_id first = bn_command_for_key(key, BN_ON_ALL);
			ck_assert_msg((int)first == i, "key %.*s is %s and %s", n, at,
				bn_command_get(first)->name, c->name);
		}
	}
}
END_TEST

START_TEST(test_command_says_what_the_words_of_its_argument_are)
{
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		bn_command_id id = (bn_command_id)i;
		const bn_command *c = bn_command_get(id);
		bool takes = (c->flags & BN_CMD_ARGUMENT) != 0;
		ck_assert_msg(takes == (bn_command_word(id, 0) != BN_WORD_NONE),
			":%s takes an argument of no kind", c->name);
		ck_assert_int_eq(takes, bn_command_words(id) > 0);
	}
	ck_assert_int_eq(bn_command_word(BN_CMD_ADD, 0), BN_WORD_DATASET);
	ck_assert_int_eq(bn_command_word(BN_CMD_ADD, 1), BN_WORD_FILE);
	ck_assert_int_eq(bn_command_word(BN_CMD_ADD, 7), BN_WORD_FILE);
}
END_TEST

START_TEST(test_command_bars_have_keys_that_work_there_and_fit)
{
	for (bn_view_set view = 1; view & BN_ON_ALL; view <<= 1) {
		char key[16], label[32];
		int cols = 1, n = 0;
		for (; bn_command_bar(view, n, key, label); n++) {
			int code = bn_key_from_name(key, strlen(key));
			ck_assert_msg(bn_command_for_key(code, view) != BN_CMD_NONE,
				"%s:%s does nothing on screen %d", key, label,
				__builtin_ctzll(view));
			cols += (int)(strcmp(key, "Enter") ? strlen(key) : 1) + 1 +
				(int)strlen(label) + 2;
		}
		ck_assert_msg(n <= 8 && cols <= 72,
			"the bar of screen %d has %d keys in %d columns", __builtin_ctzll(view), n,
			cols); /* "? help" is printed after it */
	}
}
END_TEST

START_TEST(test_command_names_are_distinct_and_typed_in_full_or_by_prefix)
{
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		const bn_command *c = bn_command_get((bn_command_id)i);
		ck_assert_int_eq(bn_command_for_name(c->name, strlen(c->name), c->views), i);
		ck_assert(c->help[0] && c->views);
		ck_assert_msg(strlen(c->name) <= 16, "%s is too long for the list", c->name);
	}
	ck_assert_int_eq(bn_command_for_name("des", 3, BN_ON(DATA)), BN_CMD_DESCRIBE);
	ck_assert_int_eq(bn_command_for_name("des", 3, BN_ON(AUDIT)), BN_CMD_NONE);
	ck_assert_int_eq(bn_command_for_name("page", 4, BN_ON_ALL), BN_CMD_NONE); /* up or down */
	ck_assert_int_eq(bn_command_for_name("", 0, BN_ON_ALL), BN_CMD_NONE);
}
END_TEST

START_TEST(test_command_search_finds_by_name_help_and_key)
{
	ck_assert(bn_command_matches(BN_CMD_COMPARE, "marked side"));
	ck_assert(bn_command_matches(BN_CMD_COMPARE, "x"));
	ck_assert(bn_command_matches(BN_CMD_COMPARE, ""));
	ck_assert(!bn_command_matches(BN_CMD_COMPARE, "clipboard"));
}
END_TEST

START_TEST(test_command_nothing_needs_alt_or_function_keys)
{
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		char key[16];
		if (bn_command_first_key((bn_command_id)i, key))
			ck_assert_msg(key[0] != 'F' || key[1] == '\0', "%s", key);
	}
}
END_TEST

START_TEST(test_command_table_becomes_a_manual_page)
{
	bn_buf b = BN_BUF_INIT;
	bn_command_write_man(&b);
	ck_assert_ptr_nonnull(strstr(
		b.ptr, ".TP\n.B :quit\\fR  key \\fBQ\nleave; runs go on, jobs are asked for.\n"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "\\(haP"));
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_key_names_round_trip)
{
	static const int keys[] = {'a', ' ', '[', BN_KEY_ENTER, BN_KEY_ESC, BN_KEY_TAB,
		BN_KEY_PAGE_UP, BN_KEY_F1, BN_KEY_CTRL('P'), 0xe9, 0x4f5c};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char name[16];
		bn_key_name(keys[i], name);
		ck_assert_int_eq(bn_key_from_name(name, strlen(name)), keys[i]);
	}
	ck_assert_int_eq(bn_key_from_name("Entre", 5), BN_KEY_NONE);
}
END_TEST

BN_TEST_MAIN("tui/ui/command", test_command_says_what_the_words_of_its_argument_are,
	test_command_bars_have_keys_that_work_there_and_fit,
	test_command_a_key_has_one_meaning_everywhere,
	test_command_names_are_distinct_and_typed_in_full_or_by_prefix,
	test_command_search_finds_by_name_help_and_key,
	test_command_nothing_needs_alt_or_function_keys, test_command_table_becomes_a_manual_page,
	test_key_names_round_trip)
