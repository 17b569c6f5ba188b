/*
 * term.h - the terminal. The only code of Binnacle that knows ncurses.
 *
 * It copies surfaces to the screen (ncurses sends what differs), turns bytes into keys, and gives
 * the terminal back as it was on every way out: close, suspend, a fatal signal, a bug of ours. When
 * the terminal is gone (hang-up, end of file, EIO) it says so and never tries again.
 *
 * One terminal per process, because signals and ncurses have it so. One thread, the one that opened
 * it; bn_term_wake alone may be called from any thread.
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
	bool ascii;       /* never more than ASCII */
	bool no_color;
} bn_term_options;

/* BN_EUNSUPPORTED, with the CLI as the hint, when this is no terminal that can be drawn on. The
 * theme is copied. */
int bn_term_open(bn_term **out, const bn_term_options *opt, const bn_theme *theme, bn_err *err);
/* Gives the screen back, while other threads may still call bn_term_wake. */
void bn_term_leave(bn_term *t);
void bn_term_close(bn_term *t); /* leaves, when that was not done; NULL is fine */

int bn_term_rows(const bn_term *t);
int bn_term_cols(const bn_term *t);
bn_alphabet bn_term_alphabet(const bn_term *t); /* the richest that this terminal can show */
bool bn_term_has_color(const bn_term *t);
void bn_term_set_theme(bn_term *t, const bn_theme *theme);

/* Sends what differs from the last paint and rests the cursor where the surface says. */
void bn_term_paint(bn_term *t, const bn_surface *s);
void bn_term_repaint(bn_term *t); /* the next paint sends everything */
/* Back to the shell until SIGCONT. */
void bn_term_suspend(bn_term *t);
/* Text to the clipboard of whoever looks at this terminal (OSC 52). False: it takes none. */
bool bn_term_copy(bn_term *t, const char *text);

typedef enum bn_term_event {
	BN_TERM_TIMEOUT,
	BN_TERM_KEY,   /* bn_term_key has at least one */
	BN_TERM_WOKEN, /* by bn_term_wake */
	BN_TERM_RESIZED,
	BN_TERM_LOST, /* the terminal or the session is gone: leave at once */
} bn_term_event;

/* Waits for whatever comes first. timeout_ms -1: for ever. */
bn_term_event bn_term_wait(bn_term *t, int timeout_ms);
/* The next key without waiting; BN_KEY_NONE when there is none. */
int bn_term_key(bn_term *t);
void bn_term_wake(bn_term *t);

#endif
