/* Cells: clipping, wide characters, combining marks, the ASCII alphabet. */
#include "tui/ui/surface.h"

#include "core/base/mem.h"
#include "tests/support/check_main.h"

#include <string.h>

static char *dump_text(const bn_surface *s, bool roles)
{
	bn_buf b = BN_BUF_INIT;
	bn_surface_dump(s, &b, roles);
	return bn_buf_take(&b, NULL);
}

static void expect(const bn_surface *s, const char *want)
{
	char *got = dump_text(s, false);
	ck_assert_str_eq(got, want);
	bn_free(got);
}

START_TEST(test_surface_clips_text_on_every_side)
{
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 2, 6, BN_ALPHABET_BRAILLE, NULL), 0);
	bn_area a = bn_area_all(s);
	bn_area_text(a, 0, -2, BN_INK_TEXT, "abcdefghij");
	bn_area_text(a, -1, 0, BN_INK_TEXT, "above");
	bn_area_text(a, 2, 0, BN_INK_TEXT, "below");
	bn_area_text(bn_area_sub(a, 1, 2, 5, 2), 0, 0, BN_INK_TEXT, "xyz");
	expect(s, "cdefgh|\n  xy  |\n");
	bn_surface_free(s);
}
END_TEST

START_TEST(test_surface_never_shows_half_a_wide_character)
{
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 3, 5, BN_ALPHABET_BRAILLE, NULL), 0);
	bn_area a = bn_area_all(s);
	bn_area_text(a, 0, 0, BN_INK_TEXT, "作者文"); /* the third one would cross the edge */
	bn_area_text(a, 1, 0, BN_INK_TEXT, "作者");
	bn_area_text(a, 1, 1, BN_INK_TEXT, "x"); /* overwrites a right half */
	bn_area_text(a, 2, 0, BN_INK_TEXT, "作者");
	bn_area_text(a, 2, 2, BN_INK_TEXT, "x"); /* overwrites a left half */
	expect(s, "作者 |\n x者 |\n作x  |\n");
	bn_surface_free(s);
}
END_TEST

START_TEST(test_surface_keeps_combining_marks_and_replaces_control_characters)
{
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 1, 6, BN_ALPHABET_BRAILLE, NULL), 0);
	bn_area_text(bn_area_all(s), 0, 0, BN_INK_TEXT, "e\xcc\x81\x1b[\xff");
	expect(s, "e\xcc\x81\xef\xbf\xbd[\xef\xbf\xbd  |\n");
	bn_surface_free(s);
}
END_TEST

START_TEST(test_surface_in_ascii_keeps_widths)
{
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 2, 8, BN_ALPHABET_ASCII, NULL), 0);
	bn_area a = bn_area_all(s);
	bn_area_text(a, 0, 0, BN_INK_TEXT, "a作é!");
	bn_area_box(bn_area_sub(a, 0, 5, 2, 3), BN_INK_BORDER);
	expect(s, "a?\?\?!+-+|\n     +-+|\n");
	bn_surface_free(s);
}
END_TEST

START_TEST(test_surface_fields_cut_with_an_ellipsis_and_align)
{
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 5, 8, BN_ALPHABET_BRAILLE, NULL), 0);
	bn_area a = bn_area_all(s);
	bn_area_field(a, 0, 0, 6, BN_INK_SELECTED, "abcdefgh");
	bn_area_field_right(a, 1, 0, 6, BN_INK_NUMBER, "12");
	bn_area_field(a, 2, 1, 4, BN_INK_TEXT, "作者文");
	bn_area_name(a, 3, 0, 8, BN_INK_TEXT, "a-name-of-a-run-2");
	bn_area_name(a, 4, 0, 8, BN_INK_TEXT, "作者文件系統");
	bn_area_cursor(a, 1, 3, true);
	char *got = dump_text(s, true);
	ck_assert_str_eq(got, "abcde…  |\n    12  |\n 作…    |\na-na…n-2|\n作者…統 |\n"
			      "ssssss..|\nnnnnnn..|\n........|\n........|\n........|\n"
			      "cursor 1,3 visible\n");
	bn_free(got);
	bn_surface_free(s);
}
END_TEST

START_TEST(test_surface_wraps_paragraphs_at_blanks)
{
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 4, 9, BN_ALPHABET_BRAILLE, NULL), 0);
	ck_assert_int_eq(
		bn_area_paragraph(bn_area_all(s), 0, 0, BN_INK_TEXT, "one two three\nfour"), 3);
	expect(s, "one two  |\nthree    |\nfour     |\n         |\n");
	bn_surface_free(s);
}
END_TEST

START_TEST(test_surface_role_letters_and_names_are_distinct)
{
	for (int i = 0; i < BN_INK_COUNT; i++) {
		for (int k = 0; k < i; k++) {
			ck_assert_int_ne(bn_ink_letter((bn_ink)i), bn_ink_letter((bn_ink)k));
			ck_assert_str_ne(bn_ink_name((bn_ink)i), bn_ink_name((bn_ink)k));
		}
		const char *name = bn_ink_name((bn_ink)i);
		ck_assert_int_eq(bn_ink_from_name(name, strlen(name)), i);
	}
}
END_TEST

BN_TEST_MAIN("tui/ui/surface", test_surface_clips_text_on_every_side,
	test_surface_never_shows_half_a_wide_character,
	test_surface_keeps_combining_marks_and_replaces_control_characters,
	test_surface_in_ascii_keeps_widths, test_surface_fields_cut_with_an_ellipsis_and_align,
	test_surface_wraps_paragraphs_at_blanks, test_surface_role_letters_and_names_are_distinct)
