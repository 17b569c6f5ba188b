/*
 * glyph.h - three alphabets for everything that is not text.
 *
 * 	ASCII    any terminal, any locale
 * 	BLOCK    characters in the Linux console's fonts (the CP437 repertoire): boxes, shades, half blocks
 * 	BRAILLE  any UTF-8 terminal emulator: 2x4 dots per cell, eighth blocks
 *
 * A state is always shown as a word too, so a glyph never carries information alone. Every glyph is
 * one column wide.
 */
#ifndef BN_TUI_UI_GLYPH_H
#define BN_TUI_UI_GLYPH_H
#include <stdint.h>

typedef enum bn_alphabet {
	BN_ALPHABET_ASCII,
	BN_ALPHABET_BLOCK,
	BN_ALPHABET_BRAILLE,
} bn_alphabet;

/* id, ASCII, BLOCK, BRAILLE */
#define BN_GLYPHS(X) \
	X(HLINE, '-', 0x2500, 0x2500) \
	X(VLINE, '|', 0x2502, 0x2502) \
	X(TOP_LEFT, '+', 0x250c, 0x250c) \
	X(TOP_RIGHT, '+', 0x2510, 0x2510) \
	X(BOTTOM_LEFT, '+', 0x2514, 0x2514) \
	X(BOTTOM_RIGHT, '+', 0x2518, 0x2518) \
	X(TICK_LEFT, '+', 0x2524, 0x2524) \
	X(TICK_DOWN, '+', 0x252c, 0x252c) \
	X(ELLIPSIS, '~', 0x00bb, 0x2026) \
	X(ARROW, '>', 0x25ba, 0x25b8) \
	X(MARK, '*', 0x2022, 0x25cf) \
	X(SORT_UP, '^', 0x25b2, 0x25b2) \
	X(SORT_DOWN, 'v', 0x25bc, 0x25bc) \
	X(MORE_LEFT, '{', 0x25c4, 0x25c2) \
	X(MORE_RIGHT, '}', 0x25ba, 0x25b8) \
	X(STATE_OK, '+', 0x221a, 0x2713) \
	X(STATE_WARN, '!', '!', '!') \
	X(STATE_FAIL, 'x', 'x', 0x2717) \
	X(STATE_WAIT, 'o', 0x00b7, 0x25cb) \
	X(STATE_RUN, '@', 0x25ba, 0x25b6) \
	X(STATE_NONE, '-', '-', 0x00b7) \
	X(OPEN, 'v', 0x25bc, 0x25be) \
	X(FOLDED, '=', 0x25ba, 0x25b8) \
	X(STAR, '#', '*', 0x2605) \
	X(ENTER, '>', 0x2192, 0x21b5) \
	X(DOT, '.', 0x00b7, 0x00b7) \
	X(BRANCH, '|', 0x251c, 0x251c) \
	X(BRANCH_LAST, '`', 0x2514, 0x2514) \
	X(REPLACEMENT, '?', '?', 0xfffd)

typedef enum bn_glyph_id {
#define X(id, ascii, block, braille) BN_GLYPH_##id,
	BN_GLYPHS(X)
#undef X
		BN_GLYPH_COUNT
} bn_glyph_id;

uint32_t bn_glyph(bn_alphabet alphabet, bn_glyph_id id);
/* The same as a string. */
const char *bn_glyph_text(char out[8], bn_alphabet alphabet, bn_glyph_id id);
/* A bar of a sparkline or histogram, level 0 (blank) to 8 (full). ASCII has " _.-=+*%#"-like steps,
 * BLOCK shades and halves, BRAILLE eighths. */
uint32_t bn_glyph_level(bn_alphabet alphabet, int level);
/* Marker of chart series i: distinct in every alphabet, so that colour is never required. */
uint32_t bn_glyph_series(bn_alphabet alphabet, int series);
const char *bn_alphabet_name(bn_alphabet alphabet);

#endif
