/* Themes: every built-in one parses, is complete and has enough contrast. */
#include "tui/ui/theme.h"

#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>

START_TEST(test_theme_builtin_ones_parse)
{
	for (const char *const *name = bn_theme_names(); *name; name++) {
		bn_theme t;
		bn_err err = BN_ERR_INIT;
		ck_assert_bn_ok(bn_theme_load(&t, *name, &err), &err);
		ck_assert_str_eq(t.name, *name);
	}
}
END_TEST

/* WCAG 2.1 AA requires 4.5:1 for text and 3:1 for graphics; AAA requires 7:1. */
START_TEST(test_theme_explicit_ones_have_contrast)
{
	double worst_text = 21, worst_graphics = 21;
	for (const char *const *name = bn_theme_names(); *name; name++) {
		bn_theme t;
		ck_assert_int_eq(bn_theme_load(&t, *name, NULL), 0);
		double text = strcmp(*name, "high-contrast") == 0 ? 7 : 4.5;
		for (int i = 0; t.is_explicit && i < BN_INK_COUNT; i++) {
			const bn_look *l = &t.roles[i].rich;
			bool graphics = i == BN_INK_BORDER || i == BN_INK_SERIES_RAW;
			double c = bn_theme_contrast(l->fg, l->bg);
			ck_assert_msg(l->fg >= 0 && l->bg >= 0, "%s: %s leaves a colour to chance",
				*name, bn_ink_name((bn_ink)i));
			ck_assert_msg(c >= (graphics ? 3 : text), "%s: %s has contrast %.2f", *name,
				bn_ink_name((bn_ink)i), c);
			const bn_look *few = &t.roles[i].few;
			double c16 = bn_theme_contrast(
				bn_theme_ansi_rgb(few->fg), bn_theme_ansi_rgb(few->bg));
			ck_assert_msg(c16 >= (graphics ? 3 : 4.5),
				"%s: %s has contrast %.2f in 16 colours", *name,
				bn_ink_name((bn_ink)i), c16);
			worst_text = !graphics && c < worst_text ? c : worst_text;
			worst_graphics = graphics && c < worst_graphics ? c : worst_graphics;
		}
	}
	printf("NOTE: least contrast of explicit themes: text %.1f:1, graphics %.1f:1\n",
		worst_text, worst_graphics);
}
END_TEST

START_TEST(test_theme_terminal_ones_never_set_a_foreground_on_an_assumed_background)
{
	static const char *const names[] = {"default", "mono"};
	for (int n = 0; n < 2; n++) {
		bn_theme t;
		ck_assert_int_eq(bn_theme_load(&t, names[n], NULL), 0);
		ck_assert_int_eq(t.roles[BN_INK_TEXT].few.fg, BN_COLOR_DEFAULT);
		ck_assert_int_eq(t.roles[BN_INK_TEXT].few.bg, BN_COLOR_DEFAULT);
		for (int i = 0; i < BN_INK_COUNT;
			i++) { /* explicit black or white text could be invisible */
			const bn_look *l = &t.roles[i].few;
			if (l->bg == BN_COLOR_DEFAULT)
				ck_assert(l->fg != 0 && l->fg != 7 && l->fg != 15);
		}
	}
}
END_TEST

START_TEST(test_theme_mono_tells_apart_what_must_be)
{
	bn_theme t;
	ck_assert_int_eq(bn_theme_load(&t, "mono", NULL), 0);
	ck_assert_uint_ne(t.roles[BN_INK_SELECTED].mono, t.roles[BN_INK_TEXT].mono);
	ck_assert_uint_ne(t.roles[BN_INK_MARKED].mono, t.roles[BN_INK_TEXT].mono);
	ck_assert_uint_ne(t.roles[BN_INK_TAB_ACTIVE].mono, t.roles[BN_INK_TAB].mono);
	ck_assert_uint_ne(t.roles[BN_INK_BUTTON_ACTIVE].mono, t.roles[BN_INK_BUTTON].mono);
	ck_assert_uint_ne(t.roles[BN_INK_ERROR].mono, t.roles[BN_INK_MESSAGE].mono);
}
END_TEST

/* The default theme has the terminal's own colours, at every depth. */
START_TEST(test_theme_default_uses_the_terminals_own_sixteen)
{
	bn_theme t;
	ck_assert_int_eq(bn_theme_load(&t, "default", NULL), 0);
	for (int i = 0; i < BN_INK_COUNT; i++) {
		const bn_look *few = &t.roles[i].few, *rich = &t.roles[i].rich;
		int32_t chosen = few->fg == BN_COLOR_DEFAULT ? few->fg : bn_theme_ansi_rgb(few->fg);
		ck_assert_msg(few->bg == BN_COLOR_DEFAULT && rich->bg == BN_COLOR_DEFAULT,
			"%s has a background", bn_ink_name((bn_ink)i));
		ck_assert_msg(rich->fg == few->fg || rich->fg == chosen,
			"%s has another colour in 256", bn_ink_name((bn_ink)i));
		ck_assert_uint_eq(few->attrs, rich->attrs);
	}
}
END_TEST

/* Colour marks state or series: ordinary results, marks, matches, names and keys have none. */
START_TEST(test_theme_colour_says_state_or_series)
{
	static const bn_ink plain[] = {BN_INK_TEXT, BN_INK_DIM, BN_INK_STRONG, BN_INK_TITLE,
		BN_INK_TITLE_STRONG, BN_INK_TAB, BN_INK_TAB_ACTIVE, BN_INK_HEADER, BN_INK_SELECTED,
		BN_INK_MARKED, BN_INK_BORDER, BN_INK_KEY, BN_INK_KEY_HELP, BN_INK_PROMPT,
		BN_INK_MATCH, BN_INK_MESSAGE, BN_INK_OK, BN_INK_NUMBER, BN_INK_DIALOG,
		BN_INK_DIALOG_STRONG, BN_INK_BUTTON, BN_INK_BUTTON_ACTIVE, BN_INK_AXIS,
		BN_INK_SERIES_RAW};
	bn_theme t;
	ck_assert_int_eq(bn_theme_load(&t, "default", NULL), 0);
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		ck_assert_msg(t.roles[plain[i]].few.fg == BN_COLOR_DEFAULT, "%s has a colour",
			bn_ink_name(plain[i]));
}
END_TEST

/* Reverse video marks the selected row and the chosen button. */
START_TEST(test_theme_reverse_is_the_selection)
{
	static const char *const names[] = {"default", "mono"};
	for (int n = 0; n < 2; n++) {
		bn_theme t;
		ck_assert_int_eq(bn_theme_load(&t, names[n], NULL), 0);
		for (int i = 0; i < BN_INK_COUNT; i++) {
			bool is_there = i == BN_INK_SELECTED || i == BN_INK_BUTTON_ACTIVE;
			ck_assert_msg(is_there == !!(t.roles[i].few.attrs & BN_ATTR_REVERSE) &&
					      is_there == !!(t.roles[i].mono & BN_ATTR_REVERSE),
				"%s: %s", names[n], bn_ink_name((bn_ink)i));
		}
	}
}
END_TEST

static void expect_error(const char *text, const char *want)
{
	bn_theme t;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_theme_parse(&t, text, "x.theme", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, want);
}

START_TEST(test_theme_errors_name_file_and_line)
{
	expect_error("# c\nselectde = bold ; red on black ; red on black\n",
		"x.theme:2: no role 'selectde'");
	expect_error("text = bold ; red on black\n",
		"x.theme:1: expected 'mono ; 16 colours ; rich colours', found 2 of 3");
	expect_error("text = bold ; reddish ; default\n", "x.theme:1: no colour 'reddish'");
	expect_error("text = blinking ; red ; red\n", "x.theme:1: no attribute 'blinking'");
	expect_error("text = ; red on ; red\n", "x.theme:1: 'on' without a colour after it");
	expect_error("text = ; #ffffff ; red\n", "x.theme:1: no colour '#ffffff'");
	expect_error("text\n", "x.theme:1: expected 'role = ...'");
	expect_error("text = ; red ; red\ntext = ; red ; red\n",
		"x.theme:2: role 'text' is given twice");
	expect_error("dim = ; red ; red\n", "x.theme: no line for the role 'text'");
	bn_theme t;
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_theme_load(&t, "neon", &err), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.hint, "colour-blind"));
}
END_TEST

START_TEST(test_theme_contrast_agrees_with_wcag)
{
	ck_assert_double_eq_tol(bn_theme_contrast(0x000000, 0xffffff), 21.0, 1e-9);
	ck_assert_double_eq_tol(bn_theme_contrast(0x777777, 0xffffff), 4.478, 1e-3);
	ck_assert_int_eq(bn_theme_nearest_256(0xff0000), 196);
	ck_assert_int_eq(bn_theme_nearest_256(0x121212), 233);
}
END_TEST

BN_TEST_MAIN("tui/ui/theme", test_theme_builtin_ones_parse, test_theme_explicit_ones_have_contrast,
	test_theme_terminal_ones_never_set_a_foreground_on_an_assumed_background,
	test_theme_default_uses_the_terminals_own_sixteen, test_theme_colour_says_state_or_series,
	test_theme_reverse_is_the_selection, test_theme_mono_tells_apart_what_must_be,
	test_theme_errors_name_file_and_line, test_theme_contrast_agrees_with_wcag)
