/* _term.h - the internals of the terminal, shared by term.c and term_paint.c. */
#ifndef BN_TUI_TERM__TERM_H
#define BN_TUI_TERM__TERM_H
#define NCURSES_WIDECHAR 1
#include "tui/term/term.h"

#include <curses.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <term.h>
#include <termios.h>
/* term.h of ncurses names macros after capabilities. */
#undef lines
#undef columns
#undef buttons
#undef tab

struct bn_term {
	SCREEN *screen;
	FILE *out;
	int in_fd, out_fd;
	int pipe[2];
	bool has_saved;
	struct termios saved;
	char leave[256]; /* the bytes that restore the terminal */
	size_t leave_len;
	char mouse_off[64]; /* sent before them; "": the mouse is off */
	volatile sig_atomic_t lost;
	bool resized, pasting;
	bool has_key;
	int key;
	bn_alphabet alphabet;
	int colors; /* 0: monochrome */
	attr_t attrs[BN_INK_COUNT];
	int pairs[BN_INK_COUNT];
	struct sigaction old_wake[5], old_fatal[6], old_pipe;
};

/* Codes that no keyboard sends. */
#define BN_PASTE_BEGIN KEY_F(61)
#define BN_PASTE_END KEY_F(62)
/* Sends a string capability at once, by its terminfo name; does nothing if it is missing. */
void bn_term_send(bn_term *t, const char *capability);

void bn_term_start_color(bn_term *t, bool no_color);
int bn_term_read_key(bn_term *t); /* BN_KEY_NONE if there is none; sets lost at end of file */

#endif
