/* core/ci/note.h: the text of a note. */
#include "core/ci/note.h"
#include "tests/support/check_main.h"

#include <string.h>

static bn_err err;
static bn_buf out = {bn_buf_empty, 0, 0, false};
static bool cut;

#define MARK "<!-- binnacle:ci:gate -->\n"

static const char *text_of(bn_forge_kind kind, const char *text)
{
	bn_buf_clear(&out);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_note_text(&out, &cut, kind, "gate", text, strlen(text), &err), &err);
	return out.ptr;
}

START_TEST(test_lines_that_gitlab_would_execute_are_escaped)
{
	ck_assert_str_eq(text_of(BN_FORGE_GITLAB, "a\n/merge\n  /close now\n/ no\n//x\na /b"),
		MARK "a\n\\/merge\n  \\/close now\n/ no\n//x\na /b\n");
	/* in a code block they are text, until it ends */
	ck_assert_str_eq(text_of(BN_FORGE_GITLAB, "```\n/merge\n```\n/merge\n"),
		MARK "```\n/merge\n```\n\\/merge\n");
	ck_assert_str_eq(text_of(BN_FORGE_GITLAB, "~~~~\n```\n~~~\n/a\n~~~~~\n/b\n"),
		MARK "~~~~\n```\n~~~\n/a\n~~~~~\n\\/b\n");
	/* GitHub has no such commands */
	ck_assert_str_eq(text_of(BN_FORGE_GITHUB, "/merge\n"), MARK "/merge\n");
}
END_TEST

START_TEST(test_a_cut_note_closes_what_is_open)
{
	char *text = malloc(70001);
	memset(text, 'x', 70000);
	for (size_t i = 99; i < 70000; i += 100)
		text[i] = '\n';
	text[70000] = '\0';
	memcpy(text, "<details><summary>s</summary>\n````\n", 35);
	const char *made = text_of(BN_FORGE_GITHUB, text);
	ck_assert(cut);
	ck_assert_uint_le(out.len, BN_NOTE_GITHUB_BYTES);
	ck_assert_ptr_nonnull(strstr(
		made, "\n````\n</details>\n\n**The note is longer than GitHub takes: its first "));
	made = text_of(BN_FORGE_GITLAB, text);
	ck_assert(!cut);
	ck_assert_uint_eq(out.len, strlen(MARK) + 70000);
	/* exactly what fits is not cut */
	text[BN_NOTE_GITHUB_BYTES - strlen(MARK) - 1] = '\0';
	made = text_of(BN_FORGE_GITHUB, text);
	ck_assert(!cut);
	ck_assert_uint_eq(out.len, BN_NOTE_GITHUB_BYTES);
	/* one line that is too long leaves the word */
	memset(text, 'y', 70000);
	text_of(BN_FORGE_GITHUB, text);
	ck_assert(cut);
	ck_assert_ptr_nonnull(strstr(out.ptr, "its first 0 of 1 lines"));
	free(text);
}
END_TEST

START_TEST(test_names_and_texts_that_are_none_are_refused)
{
	static const char *const names[] = {"", "a b", "a--b", "a-", "-->", "a\n", "\xc3\xa4"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		bn_err_clear(&err);
		ck_assert_int_eq(bn_note_text(&out, &cut, BN_FORGE_GITLAB, names[i], "x", 1, &err),
			BN_EINVAL);
		ck_assert_ptr_nonnull(strstr(err.msg, "name of a note"));
	}
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_note_text(&out, &cut, BN_FORGE_GITLAB, "a", "x\0y", 3, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_note_text(&out, &cut, BN_FORGE_GITLAB, "a", " \n", 2, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_bn_ok(
		bn_note_text(&out, &cut, BN_FORGE_GITLAB, "team/power_2.x-1", "x", 1, &err), &err);
}
END_TEST

BN_TEST_MAIN("core/ci/note", test_lines_that_gitlab_would_execute_are_escaped,
	test_a_cut_note_closes_what_is_open, test_names_and_texts_that_are_none_are_refused)
