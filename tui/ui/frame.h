/*
 * frame.h - the permanent parts of the screen: title and breadcrumb, tabs, message line, key bar,
 * prompts, dialogs, help; and the dispatch of keys and typed commands.
 *
 * The frame is a state machine without a terminal: keys go in, a surface comes out. tui/term and
 * the script driver are its two users. Every key is a command of the table in command.h, so
 * everything a key does can be typed after ':' and scripted.
 *
 * Used by one thread. Pages are taken from the loader in bn_frame_pump.
 */
#ifndef BN_TUI_UI_FRAME_H
#define BN_TUI_UI_FRAME_H
#include "core/base/err.h"
#include "tui/ui/input.h"
#include "tui/ui/job.h"
#include "tui/ui/page.h"
#include "tui/ui/surface.h"
#include "tui/ui/tour.h"
#include "tui/ui/view.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_tab {
	char digit; /* its index in the row of tabs; never changes */
	const char *title;
	bn_command_id command;
	int (*make)(bn_view **out, bn_frame *f, bn_err *err);
} bn_tab;

/* A screen without a digit: pushed on the current stack, or returned to if it is already there. */
typedef struct bn_side_screen {
	bn_command_id command;
	bn_view_set kind; /* of its view */
	int (*make)(bn_view **out, bn_frame *f, bn_err *err);
} bn_side_screen;

/* Callbacks of the frame to its environment. All may be NULL except now_ms. */
typedef struct bn_frame_host {
	int64_t (*now_ms)(void *user);
	bool (*copy)(void *user, const char *text); /* to the clipboard; false: there is none */
	void (*suspend)(void *user);
	void (*repaint)(void *user);
	/* Text kept between sessions, per workspace and user, by subject (BN_KEPT_...); recall's is the caller's
	 * (bn_free), NULL: none. */
	char *(*recall)(void *user, const char *what);
	int (*remember)(void *user, const char *what, const char *text, bn_err *err);
	int (*set_theme)(void *user, const char *name, bn_err *err);
	int (*set_alphabet)(void *user, bn_alphabet alphabet, bn_err *err);
	int (*set_mouse)(void *user, bool on, bn_err *err);
	void *user;
} bn_frame_host;

#define BN_KEPT_VIEWS "views" /* the saved views of Runs */
#define BN_SAVED_SHOWN "shown" /* of a saved view, its visible columns: tui/views/runs/saved.c */
#define BN_KEPT_BASE "base"   /* the run that is the baseline of comparisons */
#define BN_KEPT_TOUR "tour"   /* the tour's offer was answered */

/* A search of ^P. */
typedef struct bn_find_arg {
	char words[BN_INPUT_BYTES];
} bn_find_arg;

/* Words that complete an argument, from the workspace or a directory. */
typedef struct bn_words_arg {
	bn_word_kind kind;
	bn_view_set view;            /* the screen whose fields FILTER completes */
	char scope[BN_WORDS_SCOPE];  /* what the screen shows: see words_scope of its class; "" */
	char field[BN_INPUT_BYTES];  /* for FILTER: the column or field whose values complete it */
	char begin[BN_INPUT_BYTES];  /* as typed so far */
} bn_words_arg;

typedef struct bn_words {
	const char *const *items; /* each begins with the typed text, apart from a quote */
	size_t count;
	bool more; /* the list is incomplete: the common beginning is unknown */
} bn_words;

/* An object of the workspace; all borrowed from the page. */
typedef struct bn_found {
	const char *name, *kind, *detail;
	const char *ref; /* argument for opening it */
	int opens;       /* how to open it, defined by the opener */
} bn_found;

typedef struct bn_found_page {
	bn_found *items;
	size_t count;
} bn_found_page;

typedef struct bn_frame_options {
	bn_frame_host host;
	bn_loader_hooks loader; /* wake may be NULL */
	const bn_tab *tabs;
	int tab_count;
	const bn_side_screen *side; /* NULL: none */
	int side_count;
	/* A screen of text, for what is shown in full; NULL: there is none. */
	int (*make_text)(
		bn_view **out, bn_frame *f, const char *crumb, const char *text, bn_err *err);
	bn_page_fn find; /* bn_find_arg; bn_found_page: objects that contain all words. NULL: only
		       * commands are found */
	void (*open_found)(bn_frame *f, const bn_found *found);
	bn_page_fn words; /* bn_words_arg; bn_words. NULL: only words known to the screen */
	/* Makes the text at the right of the title: page data is a char *. A second line is why nothing can be changed now. */
	bn_page_fn status;
	const char *title;    /* name of the workspace */
	const char *save_dir; /* for :save-screen and :export; NULL: the current directory */
	const char *home;     /* what "~/" begins in a typed path; NULL: nothing */
	const void *source;   /* for views: the source of their pages (tui/views/source.h) */
	const bn_tour_part *tour; /* only in a demo's workspace; NULL: no tour */
	int tour_count;
	bool readonly, utc;
} bn_frame_options;

int bn_frame_new(bn_frame **out, const bn_frame_options *opt, bn_err *err);
void bn_frame_free(bn_frame *f);

void bn_frame_key(bn_frame *f, int key);
/* Runs a line as typed after ':'. An error is shown in the message line and returned. */
int bn_frame_run(bn_frame *f, const char *line, bn_err *err);
/* Offers the tour, unless the offer was answered before. */
void bn_frame_tour_offer(bn_frame *f);
/* Takes pages that arrived and requests refreshes that are due. True: draw again. */
bool bn_frame_pump(bn_frame *f);
/* Milliseconds until bn_frame_pump should be called if nothing happens; -1: never. */
int bn_frame_wait_ms(bn_frame *f);
void bn_frame_draw(bn_frame *f, bn_surface *s);
bool bn_frame_is_done(const bn_frame *f);
bn_loader *bn_frame_loader(bn_frame *f);
bn_jobs *bn_frame_jobs(bn_frame *f);

/* ---- for views ---------------------------------------------------------------------------------- */

void bn_frame_push(bn_frame *f, bn_view *v); /* takes v; Esc returns */
void bn_frame_pop(bn_frame *f);
/* Filters the grid of the top view. */
void bn_frame_filter(bn_frame *f, const char *words);
/* The source refused the filter of that view; `shown` is the filter of the displayed rows. The previous filter is
 * restored, at once or when the typing ends. */
void bn_frame_filter_refused(bn_frame *f, bn_view *v, const char *shown);
/* Switches to a tab, or to a screen without a digit. */
void bn_frame_go(bn_frame *f, bn_command_id command);
bn_view *bn_frame_root(bn_frame *f, bn_command_id tab); /* borrowed; created if it did not exist */
void bn_frame_message(bn_frame *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bn_frame_error(bn_frame *f, const bn_err *err);
/* Starts a job that no view waits for: its end is reported in the message line. */
bool bn_frame_start(bn_frame *f, const bn_job_spec *spec);
/* Asks yes or no, default no. Yes calls answer(v, command, NULL). body names object and effect. Words that were meant
 * for another place answer nothing: y counts only as the first letter. */
void bn_frame_confirm(bn_frame *f, bn_view *v, bn_command_id command, const char *title,
	const char *body, const char *yes);
/* The same with a line for a reason, for what is signed and cannot be taken back: Enter on a reason answers with it
 * (answer's text); without one (NULL) only Enter on the button Yes does, which Tab and, on an empty line, the arrows
 * reach. */
void bn_frame_confirm_reason(bn_frame *f, bn_view *v, bn_command_id command, const char *title,
	const char *body, const char *yes);
/* Asks for a non-empty line of text, then calls answer(v, command, text). */
void bn_frame_ask(bn_frame *f, bn_view *v, bn_command_id command, const char *title,
	const char *body, const char *yes);
/* Whether a dialog of this view is open; the data it refers to must not change meanwhile. */
bool bn_frame_is_asking(const bn_frame *f, const bn_view *v);
/* Makes the action being requested undoable with u: by fn, whose page is a description of what it
 * did (char *). arg and what ("the note of ridge") are copied. Settled when the action's own page
 * arrives: kept if it succeeded. */
void bn_frame_undo_offer(
	bn_frame *f, const char *what, bn_page_fn fn, const void *arg, size_t bytes);
void bn_frame_undo_settle(bn_frame *f, bool done);
/* Text saved for the next session; see bn_frame_host. */
char *bn_frame_recall(const bn_frame *f, const char *what);
int bn_frame_remember(bn_frame *f, const char *what, const char *text, bn_err *err);
/* Opens the ':' prompt with this text, a command and a blank: with the line of that command that was last refused on
 * this screen, if there is one. */
void bn_frame_prompt(bn_frame *f, const char *text);
/* A page that the view has requested decides about the line of the prompt that is being run: keys wait for it. */
void bn_frame_line_asked(bn_view *v);
/* The page arrived. If it refused the line, the prompt opens again with it. */
void bn_frame_line_answered(bn_view *v, bool refused);
int64_t bn_frame_now_ms(const bn_frame *f);
bool bn_frame_is_utc(const bn_frame *f);
bool bn_frame_is_readonly(const bn_frame *f);
const void *bn_frame_source(const bn_frame *f);
bool bn_frame_copy(bn_frame *f, const char *text);
/* The path of a file that the user named: below the export directory unless it is absolute.
 * BN_EINVAL: it is too long. */
#define BN_FRAME_PATH 4096
int bn_frame_path(const bn_frame *f, const char *name, char out[BN_FRAME_PATH], bn_err *err);
/* False: the file exists, and the user is asked; yes runs :export with the name again. */
bool bn_frame_may_write(bn_frame *f, const char *name);
/* Writes a file at such a path. */
int bn_frame_save(const bn_frame *f, const char *name, const char *text, size_t n, bn_err *err);

#endif
