/*
 * surface.h - a rectangle of cells with roles, which views draw into.
 *
 * A surface knows nothing of terminals, curses or colours: a cell has a character and a *role*
 * ("selected", "fail"). The theme maps a role to attributes only when tui/term copies the surface
 * out, so every screen can be tested without a terminal, and colours are changed by changing only
 * the theme.
 *
 * Views draw into a bn_area: a clipped window of a surface with its own coordinates. Writes outside
 * are clipped, never an error; a wide character that would be cut in half becomes a blank.
 *
 * Ownership: bn_surface_new returns the surface to the caller; drawing copies its arguments. A
 * surface is used by one thread.
 */
#ifndef BN_TUI_UI_SURFACE_H
#define BN_TUI_UI_SURFACE_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "tui/ui/glyph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* id, name in theme files, letter in golden role maps */
#define BN_INKS(X) \
	X(TEXT, "text", '.') \
	X(DIM, "dim", 'd') \
	X(STRONG, "strong", 'S') \
	X(TITLE, "title", 't') \
	X(TITLE_STRONG, "title-strong", 'T') \
	X(TAB, "tab", 'b') \
	X(TAB_ACTIVE, "tab-active", 'B') \
	X(HEADER, "header", 'h') \
	X(SELECTED, "selected", 's') \
	X(SELECTED_IDLE, "selected-idle", 'i') \
	X(MARKED, "marked", 'm') \
	X(BORDER, "border", 'x') \
	X(KEY, "key", 'k') \
	X(KEY_HELP, "key-help", 'K') \
	X(PROMPT, "prompt", 'p') \
	X(MATCH, "match", 'M') \
	X(MESSAGE, "message", 'g') \
	X(ERROR, "error", 'e') \
	X(OK, "ok", 'o') \
	X(WARN, "warn", 'w') \
	X(FAIL, "fail", 'f') \
	X(RUNNING, "running", 'r') \
	X(NUMBER, "number", 'n') \
	X(BEST, "best", '*') \
	X(DIALOG, "dialog", 'D') \
	X(DIALOG_STRONG, "dialog-strong", 'G') \
	X(BUTTON, "button", 'u') \
	X(BUTTON_ACTIVE, "button-active", 'U') \
	X(AXIS, "axis", 'a') \
	X(SERIES_1, "series-1", '1') \
	X(SERIES_2, "series-2", '2') \
	X(SERIES_3, "series-3", '3') \
	X(SERIES_4, "series-4", '4') \
	X(SERIES_5, "series-5", '5') \
	X(SERIES_6, "series-6", '6') \
	X(SERIES_RAW, "series-raw", '0') \
	X(REFERENCE, "reference", 'R') \
	X(CURRENT, "current", 'C') \
	X(OVERLAP, "overlap", 'O')

typedef enum bn_ink {
#define X(id, name, letter) BN_INK_##id,
	BN_INKS(X)
#undef X
		BN_INK_COUNT
} bn_ink;
#define BN_SERIES_COUNT 6

const char *bn_ink_name(bn_ink role);
char bn_ink_letter(bn_ink role);
int bn_ink_from_name(const char *name, size_t n); /* -1 if there is none */

typedef struct bn_surface_cell {
	uint32_t cp;      /* 0 in the right half of a wide character */
	uint32_t mark[2]; /* combining characters, or 0 */
	uint8_t role;
	uint8_t width; /* 1 or 2; 0 in the right half */
} bn_surface_cell;

typedef struct bn_surface {
	int rows, cols;         /* both >= 1 */
	bn_surface_cell *cells; /* row-major */
	bn_alphabet alphabet;
	int cursor_row, cursor_col; /* where the hardware cursor rests; row -1: the last cell */
	bool cursor_visible;        /* visible in a prompt; on a selection it is only positioned */
} bn_surface;

typedef struct bn_area {
	bn_surface *s;
	int row, col, rows, cols; /* in cells of s; rows and cols may be 0 */
} bn_area;

int bn_surface_new(bn_surface **out, int rows, int cols, bn_alphabet alphabet, bn_err *err);
void bn_surface_free(bn_surface *s);
int bn_surface_resize(bn_surface *s, int rows, int cols, bn_err *err); /* and clears it */
void bn_surface_blank(bn_surface *s);                                  /* all TEXT, no cursor */

bn_area bn_area_all(bn_surface *s);
bn_area bn_area_sub(bn_area a, int row, int col, int rows, int cols); /* clipped to a */
bool bn_area_is_empty(bn_area a);

/* Each returns the column after what was drawn, so that calls can be chained. Control characters
 * and others that are not displayed (core/base/shown.h) become one replacement glyph, as does a
 * mark without a base, and a character with more than two marks. In the ASCII alphabet a character
 * that is not ASCII becomes '?', with the same width. */
int bn_area_text(bn_area a, int row, int col, bn_ink role, const char *utf8);
int bn_area_textf(bn_area a, int row, int col, bn_ink role, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Exactly width columns: truncated with an ellipsis if too long, padded with blanks. */
int bn_area_field(bn_area a, int row, int col, int width, bn_ink role, const char *utf8);
int bn_area_field_right(bn_area a, int row, int col, int width, bn_ink role, const char *utf8);
/* As field, but truncated in the middle: names with a common prefix differ at their ends. */
/* What is shown of a name: its beginning, an ellipsis, bytes from `from` on, and if `cut` another ellipsis. */
typedef struct bn_name_parts {
	size_t head, from, n;
	bool fits, cut; /* fits: all of it is shown */
} bn_name_parts;
/* `keeps`: a byte from which on it is shown if possible, because names that look the same before it differ there; 0: the
 * middle is left out; BN_NAME_END: its end is shown. */
#define BN_NAME_END SIZE_MAX
bn_name_parts bn_name_shorten(const char *utf8, int width, size_t keeps);
int bn_area_name_from(bn_area a, int row, int col, int width, bn_ink role, const char *utf8, size_t keeps);
int bn_area_name(bn_area a, int row, int col, int width, bn_ink role, const char *utf8);
int bn_area_glyph(bn_area a, int row, int col, bn_ink role, bn_glyph_id glyph);
int bn_area_cp(bn_area a, int row, int col, bn_ink role, uint32_t cp);
void bn_area_fill(bn_area a, int row, int col, int rows, int cols, bn_ink role); /* blanks */
void bn_area_role(bn_area a, int row, int col, int cols,
	bn_ink role); /* changes the role of existing cells */
void bn_area_hline(bn_area a, int row, int col, int cols, bn_ink role);
void bn_area_box(bn_area a, bn_ink role); /* border around the whole area */
void bn_area_cursor(bn_area a, int row, int col, bool visible);
/* Wraps at blanks into rows from `row` on; returns the number of rows (drawn or not). */
int bn_area_paragraph(bn_area a, int row, int col, bn_ink role, const char *utf8);

/* Text of the cells, one line per row closed by '|'; with roles also one letter per cell. The
 * cursor is reported in a last line "cursor ROW,COL". */
void bn_surface_dump(const bn_surface *s, bn_buf *out, bool roles);

#endif
