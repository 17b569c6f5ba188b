/*
 * key.h - keys as numbers and as words.
 *
 * A key is a Unicode code point (control keys are 1..31), or one of the values below for what is
 * not a character. tui/term makes them from what the terminal sends; scripts and the command table
 * write them as words: "x", "Enter", "PgDn", "^P", "Space".
 */
#ifndef BN_TUI_UI_KEY_H
#define BN_TUI_UI_KEY_H
#include <stddef.h>

#define BN_KEYS(X) \
	X(UP, "Up") \
	X(DOWN, "Down") \
	X(LEFT, "Left") \
	X(RIGHT, "Right") \
	X(PAGE_UP, "PgUp") \
	X(PAGE_DOWN, "PgDn") \
	X(HOME, "Home") \
	X(END, "End") \
	X(INSERT, "Ins") \
	X(DELETE, "Del") \
	X(BACKSPACE, "Backspace") \
	X(SHIFT_TAB, "ShiftTab") \
	X(F1, "F1")

enum {
	BN_KEY_NONE = 0,
	BN_KEY_TAB = 9,
	BN_KEY_ENTER = 13,
	BN_KEY_ESC = 27,
	BN_KEY_FIRST_ = 0x110000, /* the last code point + 1 */
#define X(id, name) BN_KEY_##id,
	BN_KEYS(X)
#undef X
		BN_KEY_LAST_
};

#define BN_KEY_PASTED 0x1000000 /* or-ed to characters of a bracketed paste: text, never commands */
/* What the mouse did at a cell of the screen, as a key. */
#define BN_KEY_MOUSE 0x2000000
#define BN_MOUSE_MOST 0x7ff /* the last row and column that can be said */
enum { BN_MOUSE_CLICK = 1, BN_MOUSE_WHEEL_UP, BN_MOUSE_WHEEL_DOWN };
enum { BN_MOUSE_ROW_AT = 11, BN_MOUSE_WHAT_AT = 22 }; /* bits */
#define BN_MOUSE_KEY(what, row, col) \
	(BN_KEY_MOUSE | (what) << BN_MOUSE_WHAT_AT | (row) << BN_MOUSE_ROW_AT | (col))

#define BN_KEY_CTRL(c) ((c)&0x1f)

int bn_key_from_name(const char *name, size_t n); /* BN_KEY_NONE if it is not a key */
void bn_key_name(int key, char out[16]);

#endif
