/*
 * The workbench on every kind of terminal: three sizes, four types, UTF-8 and the C locale, colour and NO_COLOR.
 * What curses believes to be on the screen is read back and compared, cell by cell, with the surface that was
 * drawn, and its text with the golden picture of that size and alphabet; the bytes sent contain no colour under
 * NO_COLOR and only ASCII in an ASCII alphabet.
 *
 * Each combination runs in a separate process, because ncurses has one state per process. The pictures in the
 * alphabet of the Linux console belong to this test; all others are those of test_screens.c.
 */
#define NCURSES_WIDECHAR 1
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_source.h"
#include "tests/support/golden.h"
#include "tui/term/term.h"
#include "tui/ui/script.h"

#include <curses.h>
#include <locale.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	int cols, rows;
} sizes[] = {{80, 24}, {60, 15}, {200, 60}};
static const struct {
	const char *name;
	bn_alphabet utf8; /* in a UTF-8 locale; otherwise ASCII */
	bool has_color, is_rich;
} types[] = {{"xterm-256color", BN_ALPHABET_BRAILLE, true, true},
	{"screen", BN_ALPHABET_BRAILLE, true, false}, {"vt100", BN_ALPHABET_ASCII, false, false},
	{"linux", BN_ALPHABET_BLOCK, true, false}};
static const char *const locales[] = {"C.UTF-8", "C"};
static const struct {
	const char *name, *script;
} screens[] = {{"overview/overview", ""}, {"runs/runs", "3 j j Space"}, {"run/run", "3 Enter m"},
	{"monitor/report", "6 Enter"}, {"models/sheet", "4 Enter"},
	{"models/approve", "4 Enter A"}};
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define KINDS (COUNT(types) * COUNT(locales) * 2)
#define CASES (KINDS * COUNT(sizes))

/* Shared with the processes of the cases. */
static struct tally {
	atomic_int pictures, kind[KINDS];
} * tally;

typedef struct kind {
	int type, kind, rows, cols;
	bool utf8, color; /* color: wanted, and the terminal has it */
	bn_alphabet alphabet;
	bn_theme theme;
	FILE *out, *in;
	int keys;
	bn_term *t;
	char label[96];
} kind;

static bool kind_open(kind *k, int i)
{
	char number[16];
	int fds[2];
	bn_err err = BN_ERR_INIT;
	int size = i / KINDS, locale = i / COUNT(types) % COUNT(locales);
	bool no_color = i / COUNT(types) / COUNT(locales) % 2;
	*k = (kind){.type = i % COUNT(types), .kind = i % KINDS, .utf8 = locale == 0};
	k->rows = sizes[size].rows;
	k->cols = sizes[size].cols;
	k->color = !no_color && types[k->type].has_color;
	k->alphabet = k->utf8 ? types[k->type].utf8 : BN_ALPHABET_ASCII;
	snprintf(k->label, sizeof k->label, "TERM=%s %s %s %dx%d", types[k->type].name,
		locales[locale], no_color ? "NO_COLOR" : "colour", k->cols, k->rows);
	if (!setlocale(LC_ALL, locales[locale])) {
		printf("SKIP: %s: no locale %s\n", k->label, locales[locale]);
		return false;
	}
	/* Without a terminal the environment gives the size. */
	snprintf(number, sizeof number, "%d", k->rows);
	setenv("LINES", number, 1);
	snprintf(number, sizeof number, "%d", k->cols);
	setenv("COLUMNS", number, 1);
	unsetenv("NO_COLOR");
	if (no_color)
		setenv("NO_COLOR", "1", 1);
	ck_assert_int_eq(pipe(fds), 0);
	k->keys = fds[1];
	k->in = fdopen(fds[0], "r");
	k->out = tmpfile();
	ck_assert_int_eq(bn_theme_load(&k->theme, "default", NULL), 0);
	bn_term_options o = {.type = types[k->type].name, .out = k->out, .in = k->in};
	if (bn_term_open(&k->t, &o, &k->theme, &err)) {
		printf("SKIP: %s: %s\n", k->label, err.msg);
		return false;
	}
	ck_assert_int_eq(bn_term_rows(k->t), k->rows);
	ck_assert_int_eq(bn_term_cols(k->t), k->cols);
	ck_assert_int_eq(bn_term_alphabet(k->t), k->alphabet);
	ck_assert_int_eq(bn_term_has_color(k->t), k->color);
	return true;
}

static void kind_close(kind *k)
{
	bn_term_close(k->t);
	fclose(k->out);
	fclose(k->in);
	close(k->keys);
}

/* A passed assertion of Check is a write, too slow for a million cells. */
#define expect(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

/* ---- the characters of each alphabet ------------------------------------------------------------- */

/* The upper half of code page 437, which the fonts of the Linux console contain. */
static bool is_of_console(wchar_t c)
{
	static const wchar_t cp437[] =
		L"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨"
		L"╤"
		L"╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";
	return c < 0x80 || wcschr(cp437, c);
}

static void char_check(const kind *k, const char *screen, int row, int col, wchar_t c)
{
	bool ok = k->alphabet == BN_ALPHABET_ASCII   ? c < 0x80
		  : k->alphabet == BN_ALPHABET_BLOCK ? is_of_console(c)
						     : true;
	expect(ok, "%s, %s %d,%d: U+%04X is not for this terminal", k->label, screen, row, col,
		(unsigned)c);
}

/* ---- the attributes of a role in the theme -------------------------------------------------------- */

static attr_t attrs_of(unsigned a)
{
	return (a & BN_ATTR_BOLD ? A_BOLD : 0) | (a & BN_ATTR_DIM ? A_DIM : 0) |
	       (a & BN_ATTR_UNDERLINE ? A_UNDERLINE : 0) | (a & BN_ATTR_REVERSE ? A_REVERSE : 0);
}

static void look_check(
	const kind *k, const char *screen, int row, int col, int role, attr_t attrs, int pair)
{
	const bn_ink_look *ink = &k->theme.roles[role];
	const bn_look *look = types[k->type].is_rich ? &ink->rich : &ink->few;
	attr_t want = attrs_of(k->color ? look->attrs : ink->mono);
	int fg = k->color ? look->fg : -1, bg = k->color ? look->bg : -1, got_fg = -1, got_bg = -1;
	if (k->color && types[k->type].is_rich) {
		fg = fg < 0 ? -1 : bn_theme_nearest_256(fg);
		bg = bg < 0 ? -1 : bn_theme_nearest_256(bg);
	} else if (k->color) { /* with eight colours the bright ones are bold */
		want |= fg >= 8 ? A_BOLD : 0;
		fg = fg >= 8 ? fg - 8 : fg;
		bg = bg >= 8 ? bg - 8 : bg;
	}
	if (pair)
		extended_pair_content(pair, &got_fg, &got_bg);
	expect((pair != 0) == (fg >= 0 || bg >= 0) && got_fg == fg && got_bg == bg,
		"%s, %s %d,%d (%s): colours %d on %d, not %d on %d", k->label, screen, row, col,
		bn_ink_name((bn_ink)role), got_fg, got_bg, fg, bg);
	expect((attrs & ~(attr_t)A_COLOR) == want, "%s, %s %d,%d (%s): attributes %x, not %x",
		k->label, screen, row, col, bn_ink_name((bn_ink)role), (unsigned)attrs,
		(unsigned)want);
}

/* ---- reading the screen back --------------------------------------------------------------------- */

static void cell_check(const kind *k, const char *screen, int row, int col,
	const bn_surface_cell *drawn, const cchar_t *shown, bn_buf *text)
{
	wchar_t wcs[CCHARW_MAX + 1] = {0};
	char utf8[4];
	attr_t attrs;
	short few;
	int pair = 0;
	expect(getcchar(shown, wcs, &attrs, &few, &pair) == OK, "%s, %s: an unreadable cell",
		k->label, screen);
	expect((uint32_t)wcs[0] == drawn->cp && (uint32_t)wcs[1] == drawn->mark[0],
		"%s, %s %d,%d: U+%04X on the screen, U+%04X drawn", k->label, screen, row, col,
		(unsigned)wcs[0], drawn->cp);
	char_check(k, screen, row, col, wcs[0]);
	look_check(k, screen, row, col, drawn->role, attrs, pair);
	bn_buf_add(text, utf8, bn_utf8_encode((uint32_t)wcs[0], utf8));
	if (wcs[1])
		bn_buf_add(text, utf8, bn_utf8_encode((uint32_t)wcs[1], utf8));
}

/* Checks each cell, and adds the text of the screen to *text, in the format of bn_surface_dump. */
static void screen_check(const kind *k, const char *screen, const bn_surface *s, bn_buf *text)
{
	cchar_t shown[201];
	int row, col;
	getyx(curscr, row, col);
	if (s->cursor_row >= 0)
		ck_assert_msg(row == s->cursor_row && col == s->cursor_col,
			"%s, %s: the cursor is at %d,%d", k->label, screen, row, col);
	for (int r = 0; r < s->rows; r++) {
		const bn_surface_cell *cells = &s->cells[(size_t)r * (size_t)s->cols];
		memset(shown, 0, sizeof shown);
		ck_assert_int_eq(mvwin_wchnstr(curscr, r, 0, shown, s->cols), OK);
		for (int c = 0; c < s->cols; c++)
			if (cells[c].width)
				cell_check(k, screen, r, c, &cells[c], &shown[c], text);
		bn_buf_adds(text, "|\n");
	}
	wmove(curscr, row, col);
}

static void picture_check(const kind *k, const char *screen, const bn_surface *s, bn_buf *text)
{
	static const char *const alphabets[] = {"ascii", "block", "utf8"};
	const char *mode = getenv("BINNACLE_GOLDEN");
	bn_buf drawn = BN_BUF_INIT;
	bn_surface_dump(s, &drawn, true);
	const char *roles = drawn.ptr; /* the map of roles: colours do not identify roles */
	for (int r = 0; r < s->rows; r++)
		roles = strchr(roles, '\n') + 1;
	bn_buf_adds(text, roles);
	char *name = bn_strf("%s-%dx%d-%s", screen, k->cols, k->rows, alphabets[k->alphabet]);
	if (!mode || k->alphabet == BN_ALPHABET_BLOCK) {
		bn_golden_check(name, text->ptr);
		atomic_fetch_add(&tally->pictures, 1);
		atomic_store(&tally->kind[k->kind], 1);
	}
	bn_free(name);
	bn_buf_release(&drawn);
}

static void screen_draw(const kind *k, int i, bool is_last)
{
	bn_fake fake = {0};
	bn_err err = BN_ERR_INIT;
	bn_surface *s = NULL;
	bn_buf text = BN_BUF_INIT;
	bn_frame *f = bn_fake_frame(&fake, false);
	ck_assert_bn_ok(bn_surface_new(&s, k->rows, k->cols, k->alphabet, &err), &err);
	ck_assert_bn_ok(bn_script_run(f, s, screens[i].script, screens[i].name, &err), &err);
	bn_term_paint(k->t, s);
	screen_check(k, screens[i].name, s, &text);
	if (strcmp(screens[i].name, "monitor/report") ==
		0) { /* a verdict is a word, with any colours */
		ck_assert_ptr_nonnull(strstr(text.ptr, " no drift "));
		ck_assert_ptr_nonnull(strstr(text.ptr, " inconclusive "));
	}
	picture_check(k, screens[i].name, s, &text);
	if (is_last) { /* also with a theme in which every role has its own colour */
		kind dark = *k;
		ck_assert_int_eq(bn_theme_load(&dark.theme, "dark", NULL), 0);
		bn_term_set_theme(k->t, &dark.theme);
		bn_term_paint(k->t, s);
		screen_check(&dark, "dark", s, &text);
	}
	bn_buf_release(&text);
	bn_surface_free(s);
	bn_frame_free(f);
}

/* ---- the bytes sent ------------------------------------------------------------------------------- */

/* Whether the text contains a sequence ESC [ ... m that selects a colour. */
static bool has_color_sequence(const char *s)
{
	while ((s = strstr(s, "\033["))) {
		s += 2;
		size_t n = strspn(s, "0123456789;");
		for (const char *p = s; s[n] == 'm' && p < s + n; p += strcspn(p, ";m") + 1) {
			long v = strtol(p, NULL, 10);
			if ((v >= 30 && v <= 38) || (v >= 40 && v <= 48) || v >= 90)
				return true;
		}
	}
	return false;
}

static void bytes_check(const kind *k)
{
	struct stat st;
	fflush(k->out);
	ck_assert_int_eq(fstat(fileno(k->out), &st), 0);
	char *bytes = bn_alloc_zeroed((size_t)st.st_size + 1, 1);
	ck_assert_int_eq(pread(fileno(k->out), bytes, (size_t)st.st_size, 0), st.st_size);
	ck_assert_msg(has_color_sequence(bytes) == k->color, "%s: colours %s", k->label,
		k->color ? "are not sent" : "are sent");
	for (const char *p = bytes; k->alphabet == BN_ALPHABET_ASCII && *p; p++)
		expect((unsigned char)*p < 0x80, "%s: byte %x", k->label, (unsigned char)*p);
	bn_free(bytes);
}

START_TEST(test_matrix_shows_what_was_drawn)
{
	kind k;
	if (!kind_open(&k, _i))
		return;
	for (int i = 0; i < COUNT(screens); i++)
		screen_draw(&k, i, i == COUNT(screens) - 1);
	bytes_check(&k);
	kind_close(&k);
}
END_TEST

START_TEST(test_matrix_themes_tell_selection_and_verdicts_apart_without_color)
{
	static const bn_ink apart[] = {BN_INK_OK, BN_INK_WARN, BN_INK_FAIL};
	for (const char *const *name = bn_theme_names(); *name; name++) {
		bn_theme theme;
		ck_assert_int_eq(bn_theme_load(&theme, *name, NULL), 0);
		const bn_ink_look *r = theme.roles;
		ck_assert_uint_ne(r[BN_INK_SELECTED].mono, r[BN_INK_TEXT].mono);
		ck_assert_uint_ne(r[BN_INK_BUTTON_ACTIVE].mono, r[BN_INK_BUTTON].mono);
		for (int a = 0; a < COUNT(apart); a++)
			for (int b = 0; b < a; b++)
				ck_assert_msg(r[apart[a]].mono != r[apart[b]].mono,
					"theme %s: %s looks like %s", *name, bn_ink_name(apart[a]),
					bn_ink_name(apart[b]));
	}
}
END_TEST

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	tally = mmap(
		NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		return EXIT_FAILURE;
	Suite *suite = suite_create("tui/term/matrix");
	TCase *tc = tcase_create("matrix");
	tcase_add_loop_test(tc, test_matrix_shows_what_was_drawn, 0, CASES);
	tcase_add_test(tc, test_matrix_themes_tell_selection_and_verdicts_apart_without_color);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner), kinds = 0;
	srunner_free(runner);
	for (int i = 0; i < KINDS; i++)
		kinds += atomic_load(&tally->kind[i]);
	printf("NOTE: %d screens on %d kinds of terminal equal their golden pictures\n",
		atomic_load(&tally->pictures), kinds);
	munmap(tally, sizeof *tally);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
