/*
 * term.h - the terminal. The only code of Binnacle that uses ncurses.
 *
 * It copies surfaces to the screen (ncurses sends the differences), turns bytes into keys, and
 * restores the terminal on every exit: close, suspend, a fatal signal, an internal error. If the
 * terminal is gone (hang-up, end of file, EIO) it reports that and never tries again.
 *
 * One terminal per process, because signals and ncurses require it. Used by the thread that opened
 * it; only bn_term_wake may be called from any thread.
 */
#ifndef BN_TUI_TERM_TERM_H
#define BN_TUI_TERM_TERM_H
#include "core/base/err.h"
#include "tui/ui/surface.h"
#include "tui/ui/theme.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct bn_term bn_term;

typedef struct bn_term_options {
	const char *type; /* NULL: $TERM */
	FILE *out, *in;   /* NULL: stdout and stdin */
	bool ascii;       /* only ASCII */
	bool no_color;
} bn_term_options;

/* BN_EUNSUPPORTED, with the CLI as the hint, if this is not a terminal that can be drawn on. The
 * theme is copied. */
int bn_term_open(bn_term **out, const bn_term_options *opt, const bn_theme *theme, bn_err *err);
/* Restores the screen, while other threads may still call bn_term_wake. */
void bn_term_leave(bn_term *t);
void bn_term_close(bn_term *t); /* calls leave if that was not done; NULL is fine */

int bn_term_rows(const bn_term *t);
int bn_term_cols(const bn_term *t);
/* The richest alphabet that this terminal can show. */
bn_alphabet bn_term_alphabet(const bn_term *t);
bool bn_term_has_color(const bn_term *t);
void bn_term_set_theme(bn_term *t, const bn_theme *theme);

/* Sends the differences from the last paint and places the cursor where the surface says. */
void bn_term_paint(bn_term *t, const bn_surface *s);
void bn_term_repaint(bn_term *t); /* the next paint sends everything */
/* Returns to the shell until SIGCONT. */
void bn_term_suspend(bn_term *t);
/* Reports clicks of the first button and the wheel as keys (BN_KEY_MOUSE). BN_EUNSUPPORTED: the terminal cannot. */
int bn_term_set_mouse(bn_term *t, bool on, bn_err *err);
/* Copies text to the user's clipboard (OSC 52). False: not supported. */
bool bn_term_copy(bn_term *t, const char *text);

typedef enum bn_term_event {
	BN_TERM_TIMEOUT,
	BN_TERM_KEY,   /* bn_term_key has at least one */
	BN_TERM_WOKEN, /* by bn_term_wake */
	BN_TERM_RESIZED,
	BN_TERM_LOST, /* the terminal or the session is gone: leave at once */
} bn_term_event;

/* Waits for the first event. timeout_ms -1: for ever. */
bn_term_event bn_term_wait(bn_term *t, int timeout_ms);
/* The next key without waiting; BN_KEY_NONE if there is none. */
int bn_term_key(bn_term *t);
void bn_term_wake(bn_term *t);

#endif
