/* term_paint.c - paints surfaces on the screen, turns bytes into keys, copies text to the
 * clipboard. See term.h. */
#include "tui/term/_term.h"

#include "core/base/json_bytes.h"
#include "core/base/utf8.h"
#include "tui/ui/key.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

void bn_term_start_color(bn_term *t, bool no_color)
{
	t->colors = 0;
	if (!no_color && has_colors() && start_color() == OK) {
		use_default_colors();
		t->colors = COLORS;
	}
}

bool bn_term_has_color(const bn_term *t)
{
	return t->colors > 0;
}

static attr_t attrs_of(unsigned attrs)
{
	return (attrs & BN_ATTR_BOLD ? A_BOLD : 0) | (attrs & BN_ATTR_DIM ? A_DIM : 0) |
	       (attrs & BN_ATTR_UNDERLINE ? A_UNDERLINE : 0) |
	       (attrs & BN_ATTR_REVERSE ? A_REVERSE : 0);
}

/* With only 8 colours the bright ones are bold. */
static int color_few(const bn_term *t, int32_t color, attr_t *attrs)
{
	if (color < 8 || t->colors >= 16)
		return color;
	*attrs |= A_BOLD;
	return color - 8;
}

static int color_rich(const bn_term *t, int32_t rgb)
{
	if (rgb < 0)
		return -1;
	return t->colors > 256 ? rgb : bn_theme_nearest_256(rgb);
}

void bn_term_set_theme(bn_term *t, const bn_theme *theme)
{
	for (int i = 0; i < BN_INK_COUNT; i++) {
		const bn_ink_look *ink = &theme->roles[i];
		int fg, bg;
		t->pairs[i] = 0;
		if (t->colors < 8) {
			t->attrs[i] = attrs_of(ink->mono);
			continue;
		}
		if (t->colors >= 256) {
			t->attrs[i] = attrs_of(ink->rich.attrs);
			fg = color_rich(t, ink->rich.fg);
			bg = color_rich(t, ink->rich.bg);
		} else {
			t->attrs[i] = attrs_of(ink->few.attrs);
			fg = color_few(t, ink->few.fg, &t->attrs[i]);
			bg = ink->few.bg >= 8 && t->colors < 16 ? ink->few.bg - 8 : ink->few.bg;
		}
		if ((fg >= 0 || bg >= 0) && i + 1 < COLOR_PAIRS &&
			init_extended_pair(i + 1, fg, bg) != ERR)
			t->pairs[i] = i + 1;
	}
	bn_term_repaint(t);
}

static void cell_put(const bn_term *t, int row, int col, const bn_surface_cell *cell)
{
	/* Cells contain displayable text (surface.c); anything else is dropped here. */
	bool shown = bn_utf8_is_shown(cell->cp);
	wchar_t text[4] = {shown ? (wchar_t)cell->cp : L'?', (wchar_t)cell->mark[0],
		(wchar_t)cell->mark[1], 0};
	int pair = t->pairs[cell->role];
	cchar_t c;
	if (setcchar(&c, text, t->attrs[cell->role], (short)pair, pair ? &pair : NULL) != ERR)
		mvwadd_wch(stdscr, row, col, &c);
}

void bn_term_paint(bn_term *t, const bn_surface *s)
{
	if (t->lost)
		return;
	for (int r = 0; r < s->rows && r < LINES; r++) {
		for (int c = 0; c < s->cols && c < COLS; c++) {
			const bn_surface_cell *cell =
				&s->cells[(size_t)r * (size_t)s->cols + (size_t)c];
			if (cell->width)
				cell_put(t, r, c, cell);
		}
	}
	int row = s->cursor_row >= 0 ? s->cursor_row : LINES - 1;
	move(row < LINES ? row : LINES - 1, s->cursor_col < COLS ? s->cursor_col : COLS - 1);
	refresh();
}

void bn_term_repaint(bn_term *t)
{
	(void)t;
	clearok(curscr, TRUE);
}

static int event_read(void)
{
	MEVENT e;
	int what = BN_MOUSE_CLICK;
	if (getmouse(&e) != OK || e.y < 0 || e.x < 0 || e.y > BN_MOUSE_MOST || e.x > BN_MOUSE_MOST)
		return BN_KEY_NONE;
	if (e.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED))
		what = e.bstate & BUTTON4_PRESSED ? BN_MOUSE_WHEEL_UP : BN_MOUSE_WHEEL_DOWN;
	else if (!(e.bstate & BUTTON1_PRESSED))
		return BN_KEY_NONE;
	return BN_MOUSE_KEY(what, e.y, e.x);
}

static int key_special(wint_t key)
{
	switch (key) {
	case KEY_UP:
		return BN_KEY_UP;
	case KEY_DOWN:
		return BN_KEY_DOWN;
	case KEY_LEFT:
		return BN_KEY_LEFT;
	case KEY_RIGHT:
		return BN_KEY_RIGHT;
	case KEY_PPAGE:
		return BN_KEY_PAGE_UP;
	case KEY_NPAGE:
		return BN_KEY_PAGE_DOWN;
	case KEY_HOME:
		return BN_KEY_HOME;
	case KEY_END:
		return BN_KEY_END;
	case KEY_IC:
		return BN_KEY_INSERT;
	case KEY_DC:
		return BN_KEY_DELETE;
	case KEY_BTAB:
		return BN_KEY_SHIFT_TAB;
	case KEY_BACKSPACE:
		return BN_KEY_BACKSPACE;
	case KEY_ENTER:
		return BN_KEY_ENTER;
	case KEY_SUSPEND: /* the Linux console's terminfo calls ^Z a function key */
		return BN_KEY_CTRL('Z');
	case KEY_F(1):
		return BN_KEY_F1;
	case KEY_MOUSE:
		return event_read();
	default:
		return BN_KEY_NONE;
	}
}

int bn_term_set_mouse(bn_term *t, bool on, bn_err *err)
{
	char *sequence = tigetstr((char *)(uintptr_t) "XM");
	bool has_one = sequence && sequence != (char *)-1;
	mmask_t wanted = on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0;
	if (!mousemask(wanted, NULL) && on)
		return bn_err_set(err, BN_EUNSUPPORTED, "TERM=%s does not report a mouse", termname());
	mouseinterval(0); /* a click counts at once */
	t->mouse_off[0] = '\0';
	if (on)
		snprintf(t->mouse_off, sizeof t->mouse_off, "%s",
			has_one ? tiparm(sequence, 0) : "\033[?1000l");
	return 0;
}

/* In a paste: text unchanged, line ends as blanks, nothing else. */
static int key_pasted(wint_t key)
{
	if (key == '\n' || key == '\r' || key == '\t')
		return ' ' | BN_KEY_PASTED;
	return key < 0x20 || key == 0x7f ? BN_KEY_NONE : (int)key | BN_KEY_PASTED;
}

static int key_plain(wint_t key)
{
	if (key == '\n' || key == '\r')
		return BN_KEY_ENTER;
	return key == 0x7f || key == 0x08 ? BN_KEY_BACKSPACE : (int)key;
}

int bn_term_read_key(bn_term *t)
{
	wint_t key;
	int found = BN_KEY_NONE;
	while (found == BN_KEY_NONE) {
		errno = 0;
		int kind = wget_wch(stdscr, &key);
		if (kind == ERR) {
			if (errno == EIO)
				t->lost = 1;
			return BN_KEY_NONE;
		}
		/* resizeterm always queues a KEY_RESIZE; we handle SIGWINCH ourselves. */
		if (kind == KEY_CODE_YES && (key == BN_PASTE_BEGIN || key == BN_PASTE_END))
			t->pasting = key == BN_PASTE_BEGIN;
		else if (kind == KEY_CODE_YES && key != KEY_RESIZE && !t->pasting)
			found = key_special(key);
		else if (kind != KEY_CODE_YES)
			found = t->pasting ? key_pasted(key) : key_plain(key);
	}
	return found;
}

void bn_term_send(bn_term *t, const char *capability)
{
	const char *s = tigetstr((char *)(uintptr_t)capability);
	if (!s || s == (char *)-1 || t->lost)
		return;
	fflush(t->out);
	if (write(t->out_fd, s, strlen(s)) < 0) {
		/* The next poll reports it. */
	}
}

bool bn_term_copy(bn_term *t, const char *text)
{
	static const char clipboard[] = "c";
	char *ms = tigetstr((char *)(uintptr_t) "Ms");
	size_t n = strlen(text);
	if (t->lost || !ms || ms == (char *)-1 || n > 70000) /* xterm's limit */
		return false;
	bn_buf coded = BN_BUF_INIT;
	bn_base64_add(&coded, text, n);
	const char *sequence = coded.failed || !coded.ptr ? NULL : tiparm(ms, clipboard, coded.ptr);
	bool ok = sequence && *sequence;
	if (ok) {
		fflush(t->out);
		for (size_t left = strlen(sequence); ok && left > 0;) {
			ssize_t done = write(t->out_fd, sequence, left);
			ok = done > 0 || (done < 0 && errno == EINTR);
			if (done > 0) {
				sequence += done;
				left -= (size_t)done;
			}
		}
	}
	bn_buf_release(&coded);
	return ok;
}
