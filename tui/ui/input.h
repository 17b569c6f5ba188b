/*
 * input.h - a line of text being typed: cursor, the usual control keys, history.
 */
#ifndef BN_TUI_UI_INPUT_H
#define BN_TUI_UI_INPUT_H
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stddef.h>

#define BN_INPUT_BYTES 1024
#define BN_HISTORY_LINES 50

typedef struct bn_history {
	char *lines[BN_HISTORY_LINES]; /* oldest first */
	int count;
} bn_history;

typedef struct bn_input {
	char text[BN_INPUT_BYTES];
	size_t len, cursor; /* bytes; cursor on a character boundary */
	size_t floor;       /* bytes at the beginning that editing keeps: the command that a key typed */
	int history_at;     /* lines back from the newest; 0: the line being typed */
} bn_input;

void bn_input_set(bn_input *in, const char *text);
/* True if it was an editing key (text, arrows, Home/End, ^A ^E ^U ^W ^K, Backspace, Del, and
 * Up/Down if h is given). */
bool bn_input_key(bn_input *in, int key, const bn_history *h);
/* Draws text from col to the end of the area's row and places the visible cursor. */
void bn_input_draw(const bn_input *in, bn_area a, int row, int col, bn_ink role);

void bn_history_add(bn_history *h, const char *line);
void bn_history_release(bn_history *h);

#endif
