/*
 * The look of every golden screen, regardless of its content: the uses of colour and reverse video, that ASCII screens
 * are ASCII, and that numbers and names are not cut too short. The rules are in docs/workbench.md, "Rules".
 */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/support/check_main.h"
#include "tui/ui/theme.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A golden file: the characters, and the inks by their letters. */
typedef struct screen {
	char *path;
	int rows, cols;
	uint32_t *cp; /* row by row */
	uint8_t *ink;
} screen;

static screen *screens; /* read once, by make */
static size_t count;
static screen shown; /* the one that is checked */
static bn_theme theme;

static uint32_t cp_at(int row, int col)
{
	return shown.cp[row * shown.cols + col];
}

static bn_ink ink_at(int row, int col)
{
	return (bn_ink)shown.ink[row * shown.cols + col];
}

static const bn_look *look_at(int row, int col)
{
	return &theme.roles[ink_at(row, col)].few;
}

static uint8_t ink_of(char letter)
{
	for (int i = 0; i < BN_INK_COUNT; i++)
		if (bn_ink_letter((bn_ink)i) == letter)
			return (uint8_t)i;
	ck_abort_msg("%s: no ink '%c'", shown.path, letter);
}

static const char *cells_read(uint32_t *cp, const char *line, int cols)
{
	const char *end = line + strcspn(line, "\n"), *bar = end - 1;
	for (int c = 0; line < bar && c < cols; c++) {
		size_t n = bn_utf8_decode(line, (size_t)(bar - line), &cp[c]);
		line += n ? n : 1;
	}
	return *end ? end + 1 : end;
}

/* False for a picture that is not a screen: a chart. */
static bool screen_read(screen *out, const char *path)
{
	static char text[200000];
	FILE *f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	const char *x = strrchr(path, 'x'), *from = x;
	while (from && from > path && from[-1] >= '0' && from[-1] <= '9')
		from--;
	if (!x || sscanf(from, "%dx%d", &out->cols, &out->rows) != 2)
		return false;
	size_t cells = (size_t)out->rows * (size_t)out->cols;
	out->path = bn_strdup(path);
	out->cp = bn_alloc_zeroed(cells, sizeof *out->cp);
	out->ink = bn_alloc_zeroed(cells, 1);
	const char *line = text;
	for (int r = 0; r < out->rows; r++)
		line = cells_read(&out->cp[r * out->cols], line, out->cols);
	for (int r = 0; r < out->rows; r++, line += out->cols + 2)
		for (int c = 0; c < out->cols; c++)
			out->ink[r * out->cols + c] = ink_of(line[c]);
	return true;
}

static void make(void)
{
	static const char *const folders[] = {
		"tests/golden/*.screen", "tests/tui/views/*/golden/*.screen"};
	size_t cap = 0;
	ck_assert_int_eq(bn_theme_load(&theme, "default", NULL), 0);
	for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
		glob_t found;
		ck_assert_int_eq(glob(folders[k], 0, NULL, &found), 0);
		for (size_t i = 0; i < found.gl_pathc; i++) {
			ck_assert_int_eq(bn_grow(&screens, &cap, count + 1, sizeof *screens), 0);
			count += screen_read(&screens[count], found.gl_pathv[i]);
		}
		globfree(&found);
	}
	ck_assert_uint_gt(count, 500);
}

static void end(void)
{
	for (size_t i = 0; i < count; i++) {
		bn_free(screens[i].path);
		bn_free(screens[i].cp);
		bn_free(screens[i].ink);
	}
	bn_free(screens);
}

/* Calls check for each golden screen. */
static void each_screen(void (*check)(void))
{
	for (size_t i = 0; i < count; i++) {
		shown = screens[i];
		check();
	}
}

static bool is_of_chart(bn_ink ink)
{
	return (ink >= BN_INK_SERIES_1 && ink <= BN_INK_SERIES_RAW) || ink == BN_INK_REFERENCE ||
	       ink == BN_INK_CURRENT || ink == BN_INK_OVERLAP;
}

/* Reverse video marks the selected row, and the chosen button of a dialog. */
static void reverse_check(void)
{
	int rows = 0, buttons = 0;
	for (int r = 0; r < shown.rows; r++) {
		bool row = false, button = false;
		for (int c = 0; c < shown.cols; c++) {
			if (!(look_at(r, c)->attrs & BN_ATTR_REVERSE))
				continue;
			row |= ink_at(r, c) != BN_INK_BUTTON_ACTIVE;
			button |= ink_at(r, c) == BN_INK_BUTTON_ACTIVE;
		}
		rows += row;
		buttons += button;
	}
	ck_assert_msg(rows <= 1 && buttons <= 1, "%s: reverse in %d rows and %d buttons",
		shown.path, rows, buttons);
}

START_TEST(test_look_reverse_is_only_where_one_is)
{
	each_screen(reverse_check);
}
END_TEST

static double worst_share;
static int worst_colours;

static void colour_check(void)
{
	int coloured = 0, cells = shown.rows * shown.cols, colours = 0;
	bool is_of_runs = strstr(shown.path, "views/charts/") != NULL;
	unsigned seen = 0;
	for (int r = 0; r < shown.rows; r++)
		for (int c = 0; c < shown.cols; c++) {
			int32_t fg = look_at(r, c)->fg;
			if (fg == BN_COLOR_DEFAULT || cp_at(r, c) == ' ')
				continue;
			coloured += !is_of_chart(ink_at(r, c));
			if (r == 0) /* the counts of the title have the colours of their states */
				continue;
			if (is_of_runs && is_of_chart(ink_at(r, c))) /* which run it is: with its marker */
				continue;
			colours += !(seen & 1u << fg);
			seen |= 1u << fg;
		}
	ck_assert_msg(coloured * 10 <= cells, "%s: %d of %d cells are coloured", shown.path,
		coloured, cells);
	ck_assert_msg(colours <= 4, "%s: %d colours at once", shown.path, colours);
	worst_share = coloured > worst_share * cells ? (double)coloured / cells : worst_share;
	worst_colours = colours > worst_colours ? colours : worst_colours;
}

START_TEST(test_look_one_cell_in_ten_is_coloured_and_four_colours_are_enough)
{
	each_screen(colour_check);
	printf("NOTE: %zu golden screens: at most %.1f %% of the cells are coloured outside "
	       "charts, "
	       "at most %d colours "
	       "at once\n",
		count, 100 * worst_share, worst_colours);
}
END_TEST

/* A state is a word or a glyph; colour is additional. */
static void state_check(void)
{
	for (int r = 0; r < shown.rows; r++)
		for (int c = 0; c < shown.cols; c++) {
			bn_ink ink = ink_at(r, c);
			bool is_state = ink == BN_INK_WARN || ink == BN_INK_FAIL ||
					ink == BN_INK_RUNNING || ink == BN_INK_BEST;
			if (!is_state || (c && ink_at(r, c - 1) == ink))
				continue;
			bool said = false;
			for (int k = c; k < shown.cols && ink_at(r, k) == ink; k++)
				said |= cp_at(r, k) != ' ' && cp_at(r, k) != 0;
			ck_assert_msg(said, "%s:%d: colour without a word at column %d", shown.path,
				r + 1, c + 1);
		}
}

START_TEST(test_look_colour_stands_with_a_word_or_a_glyph)
{
	each_screen(state_check);
}
END_TEST

static void ascii_check(void)
{
	if (!strstr(shown.path, "-ascii."))
		return;
	for (int i = 0; i < shown.rows * shown.cols; i++)
		if (shown.cp[i] >= 0x7f)
			ck_abort_msg("%s:%d: U+%04X at column %d", shown.path, i / shown.cols + 1,
				(unsigned)shown.cp[i], i % shown.cols + 1);
}

START_TEST(test_look_ascii_is_ascii)
{
	each_screen(ascii_check);
}
END_TEST

/* In ASCII, nine signs distinguish states and marks. */
START_TEST(test_look_no_two_signs_of_ascii_are_alike)
{
	static const bn_glyph_id signs[] = {BN_GLYPH_STATE_OK, BN_GLYPH_STATE_FAIL,
		BN_GLYPH_STATE_WARN, BN_GLYPH_STATE_WAIT, BN_GLYPH_STATE_RUN, BN_GLYPH_STATE_NONE,
		BN_GLYPH_MARK, BN_GLYPH_ELLIPSIS, BN_GLYPH_ARROW, BN_GLYPH_MORE_LEFT,
		BN_GLYPH_MORE_RIGHT, BN_GLYPH_FOLDED, BN_GLYPH_OPEN, BN_GLYPH_STAR};
	for (size_t a = 0; a < sizeof signs / sizeof *signs; a++)
		for (size_t b = 0; b < a; b++)
			ck_assert_uint_ne(bn_glyph(BN_ALPHABET_ASCII, signs[a]),
				bn_glyph(BN_ALPHABET_ASCII, signs[b]));
}
END_TEST

/* The key bar: keys and their words, or both dim. */
static void bar_check(void)
{
	int r = shown.rows - 1;
	if (shown.rows < 5 || strstr(shown.path, "/prompt-") || strstr(shown.path, "/filter-"))
		return;
	for (int c = 0; c < shown.cols; c++) {
		bn_ink ink = ink_at(r, c);
		if (ink != BN_INK_TEXT && ink != BN_INK_KEY && ink != BN_INK_KEY_HELP &&
			ink != BN_INK_DIM)
			ck_abort_msg("%s: '%s' in the key bar", shown.path, bn_ink_name(ink));
	}
}

START_TEST(test_look_the_key_bar_has_no_colour)
{
	each_screen(bar_check);
	for (const char *const *name = bn_theme_names(); *name; name++) {
		bn_theme t;
		ck_assert_int_eq(bn_theme_load(&t, *name, NULL), 0);
		ck_assert_int_eq(t.roles[BN_INK_KEY].few.fg, t.roles[BN_INK_STRONG].few.fg);
		ck_assert_int_eq(t.roles[BN_INK_KEY].rich.fg, t.roles[BN_INK_STRONG].rich.fg);
	}
}
END_TEST

/* The counts at the right of the title are on every screen of the real workspace, with a blank after them; an
 * empty one has nothing to count. */
static void title_check(void)
{
	if (!strstr(shown.path, "/real/") || strstr(shown.path, "/empty-"))
		return;
	ck_assert_msg(cp_at(0, shown.cols - 1) == ' ' && cp_at(0, shown.cols - 2) == 's' &&
			      ink_at(0, shown.cols - 2) == BN_INK_FAIL,
		"%s: the title does not end with the alerts", shown.path);
}

START_TEST(test_look_counts_of_the_title_are_never_pushed_out)
{
	each_screen(title_check);
}
END_TEST

static bool row_is_blank(int r)
{
	for (int c = 0; c < shown.cols; c++)
		if (cp_at(r, c) != ' ' && cp_at(r, c) != 0)
			return false;
	return true;
}

static void density_check(void)
{
	for (int r = 0; r + 1 < shown.rows; r++)
		ck_assert_msg(ink_at(r, 1) != BN_INK_HEADER || !row_is_blank(r + 1) ||
				      r + 3 >= shown.rows || row_is_blank(r + 2),
			"%s:%d: a blank row between the header and its rows", shown.path, r + 1);
}

START_TEST(test_look_no_blank_row_below_a_header)
{
	each_screen(density_check);
}
END_TEST

/* Rules divide a screen; boxes are dialogs, with a different background. */
static void box_check(void)
{
	for (int r = 0; r < shown.rows; r++)
		for (int c = 0; c < shown.cols; c++)
			if (cp_at(r, c) == 0x250c) /* the corner */
				ck_assert_msg(r + 1 < shown.rows && cp_at(r + 1, c) == 0x2502 &&
						      ink_at(r + 1, c + 1) == BN_INK_DIALOG,
					"%s:%d: a box that is no dialog", shown.path, r + 1);
}

START_TEST(test_look_boxes_are_dialogs)
{
	each_screen(box_check);
}
END_TEST

/* Screens of the real workspace with a list, with or without a pane beside it from 110 columns on. */
static const struct {
	const char *name;
	bool has_answer;
} lists[] = {{"data", true}, {"versions", true}, {"runs", true}, {"models", true}, {"audit", true},
	{"audit-all", true}, {"people", true}, {"servers", true}, {"report", true},
	{"monitor", false}, {"checks", false}, {"profile", false}, {"frequency", false},
	{"changes", false}};

static bool is_digit(uint32_t cp)
{
	return cp >= '0' && cp <= '9';
}

static void list_check(bool has_answer)
{
	int lines = 0, r = shown.rows - 2, c = shown.cols - 2;
	while (c > 0 && is_digit(cp_at(r, c)))
		c--;
	ck_assert_msg(c < shown.cols - 2 && cp_at(r, c) == '/' && is_digit(cp_at(r, c - 1)),
		"%s: no place, as 1/4, in the message line", shown.path);
	for (r = 2; r < shown.rows - 2; r++)
		for (c = 40; c < shown.cols; c++)
			if (cp_at(r, c) == (strstr(shown.path, "ascii") ? '|' : 0x2502)) {
				lines++;
				break;
			}
	if (has_answer && shown.cols >= 110)
		ck_assert_msg(
			lines >= shown.rows * 3 / 5, "%s: no answer beside the list", shown.path);
}

static void lists_check(void)
{
	const char *at = strstr(shown.path, "/real/golden/");
	for (size_t i = 0; at && i < sizeof lists / sizeof *lists; i++) {
		size_t n = strlen(lists[i].name);
		const char *name = at + strlen("/real/golden/");
		if (strncmp(name, lists[i].name, n) == 0 && name[n] == '-' &&
			is_digit((uint8_t)name[n + 1]))
			list_check(lists[i].has_answer);
	}
}

START_TEST(test_look_a_list_has_a_place_and_an_answer)
{
	each_screen(lists_check);
}
END_TEST

/* A cut number would read as another number. */
static void number_check(void)
{
	for (int r = 2; r < shown.rows - 1; r++)
		for (int c = 1; c < shown.cols; c++) {
			int from = c;
			if (cp_at(r, c) != 0x2026 || !is_digit(cp_at(r, c - 1)))
				continue;
			while (from > 0 &&
				(is_digit(cp_at(r, from - 1)) || cp_at(r, from - 1) == '.'))
				from--;
			/* A word with digits at its end, or a sentence, may be cut there. */
			bool is_cell = from < 2 ||
				       (cp_at(r, from - 1) == ' ' && cp_at(r, from - 2) == ' ');
			ck_assert_msg(!is_cell, "%s:%d: a number is cut at column %d", shown.path,
				r + 1, c + 1);
		}
}

START_TEST(test_look_no_number_is_cut)
{
	each_screen(number_check);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_look_reverse_is_only_where_one_is,
		test_look_one_cell_in_ten_is_coloured_and_four_colours_are_enough,
		test_look_colour_stands_with_a_word_or_a_glyph, test_look_ascii_is_ascii,
		test_look_no_two_signs_of_ascii_are_alike, test_look_the_key_bar_has_no_colour,
		test_look_counts_of_the_title_are_never_pushed_out,
		test_look_no_blank_row_below_a_header, test_look_boxes_are_dialogs,
		test_look_a_list_has_a_place_and_an_answer, test_look_no_number_is_cut};
	setvbuf(stdout, NULL, _IOLBF, 0);
	const char *mode = getenv("BINNACLE_GOLDEN");
	if (mode && strcmp(mode, "write") == 0) {
		printf("SKIP: the golden screens are being written\n");
		return EXIT_SUCCESS;
	}
	Suite *suite = suite_create("tui/views/look");
	TCase *c = tcase_create("screens");
	tcase_add_unchecked_fixture(c, make, end);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(suite, c);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
