/*
 * _frame.h - the inside of the frame, shared by frame.c (dispatch), frame_views.c (stacks and pages),
 * frame_jobs.c, frame_undo.c, frame_copy.c, frame_export.c, frame_tour.c, frame_mouse.c, frame_modal.c (dialogs, the
 * command list), frame_prompt.c, frame_columns.c and frame_draw.c. See frame.h.
 */
#ifndef BN_TUI_UI__FRAME_H
#define BN_TUI_UI__FRAME_H
#include "tui/ui/frame.h"
#include "tui/ui/input.h"

#define BN_MAX_TABS 9
#define BN_MAX_DEPTH 16
#define BN_STATUS_EVERY_MS 2000 /* text at the right of the title */

typedef enum bn_modal {
	BN_MODAL_NONE,
	BN_MODAL_COMMAND, /* ':' */
	BN_MODAL_FILTER,  /* '/' */
	BN_MODAL_LIST,    /* '?' and ^P */
	BN_MODAL_COLUMNS, /* c */
	BN_MODAL_CONFIRM,
	BN_MODAL_ASK,
} bn_modal;

typedef struct bn_stack {
	bn_view *views[BN_MAX_DEPTH];
	int depth;
} bn_stack;

/* Undoes an action. */
typedef struct bn_undo {
	char what[128];
	bn_page_fn fn;
	void *arg;
	size_t bytes;
} bn_undo;

/* Cells of the screen that a click turns into a key (frame_mouse.c). */
#define BN_SPOTS 192
typedef struct bn_spot {
	int row, col, cols, key;
} bn_spot;

#define BN_UNDOS 16
#define BN_UNDO_OWNER UINT64_MAX       /* of an undo's page, which has no view */
#define BN_FIND_OWNER (UINT64_MAX - 1) /* of the objects found by ^P */
#define BN_WORDS_OWNER (UINT64_MAX - 2) /* of the words that complete an argument */

struct bn_frame {
	bn_frame_options opt;
	bn_undo undos[BN_UNDOS]; /* oldest first */
	int undo_count;
	bool undo_offered; /* the last one has not completed yet */
	bn_loader *loader;
	bn_jobs *jobs;
	bn_stack stacks[BN_MAX_TABS];
	int tab;
	bn_view *all; /* all live views, to find a page's owner */
	uint64_t next_id;
	int rows, cols; /* at the last draw */
	bn_spot spots[BN_SPOTS]; /* of the last draw */
	int spot_count;
	bool done, wants_copy_of_screen;

	char message[512];
	bool message_is_error;
	int64_t message_ms;
	char status[128];
	char stuck[256]; /* why nothing can be changed now; "": it can */
	int64_t status_asked_ms;
	bool status_pending;
	int64_t busy_since_ms;

	/* Keys typed while the screen was still empty; replayed when its first page arrives, so
	 * that experienced users need not wait for each step. */
	int ahead[32];
	int ahead_count;

	bn_modal modal;
	bn_input input;
	bn_history commands, filters;
	char filter_before[BN_GRID_FILTER]; /* the view's filter before the current typing */
	uint64_t filter_view;
	bool list_is_all; /* the palette: commands of every view, by the name after ':' */
	bool list_is_acts; /* the menu of actions on the selected row */
	int list_selected, list_top;
	bn_page *found; /* objects that ^P lists before the commands; NULL: none */
	bn_view *dialog_view;
	bn_command_id dialog_command;
	char dialog_title[128], dialog_body[768], dialog_yes[32];
	bool dialog_on_yes;
	bool dialog_has_reason; /* a line for a reason is above the buttons */
	bool dialog_on_line;    /* and takes the keys */
	bool dialog_typed;      /* letters came that are no answer */

	/* frame_prompt.c: the line that is being run; NULL: none. One about which a page decides, by its view (0: none), and
	 * the one that was last refused. */
	const char *typed_line;
	uint64_t asked_view, refused_view;
	bn_modal asked_modal;
	char asked_line[BN_INPUT_BYTES], refused_line[BN_INPUT_BYTES];

	char export_name
		[BN_INPUT_BYTES]; /* the existing file, while the question is open */
	bool overwrites;       /* overwrite without asking: :export!, or the answer was yes */

	bn_words_arg words_asked; /* the words that are loaded or requested; kind NONE: none */
	bn_page *words;           /* NULL: not loaded yet */
	bool words_tab;           /* Tab was pressed before they were loaded */

	char *command_shown;              /* shown until the next key; NULL: none */
	char save_screen[BN_INPUT_BYTES]; /* set by :save-screen; cleared when the frame is drawn */

	struct {
		int part; /* index in opt.tour; kept while the tour is not shown */
		bool is_on;
		bool held; /* whether the end of the part was reached at the last check */
		bool did;  /* its command was run since the part began */
	} tour;
};

bn_view *bn_frame_top(const bn_frame *f); /* NULL if a tab could not be opened */
bn_view_set bn_frame_kind(const bn_frame *f);
/* The text after '/' that filters the top view or is searched for there; "" for none. */
const char *bn_frame_filtering(const bn_frame *f);
/* Handles '/' in views without a table; false: another command, or nothing to search. */
void bn_filter_begin(bn_frame *f); /* saves the filter of the top view, to restore it */
/* Restores it; a refused text is kept, to be corrected. */
void bn_filter_give_up(bn_frame *f);
bool bn_modal_find(bn_frame *f, bn_command_id id, const char *arg);
bn_grid *bn_frame_table(const bn_frame *f); /* of the top view; NULL if it has none */
int bn_frame_tab(const bn_frame *f, bn_command_id command); /* -1: no tab of that name */
const bn_side_screen *bn_frame_side(const bn_frame *f, bn_command_id command); /* NULL: none */
void bn_frame_refresh(bn_view *v);
/* Appends the name of the view in the path. */
void bn_frame_crumb(const bn_view *v, bn_buf *out);
bool bn_frame_is_waiting(const bn_frame *f); /* for the first page of the top view */
/* Takes finished jobs and passes their results to waiting views. True: draw again. */
bool bn_frame_jobs_pump(bn_frame *f);
/* "2 jobs  1 result"; "" if there are none. */
void bn_frame_jobs_words(const bn_frame *f, char *out, size_t size);
/* Leaves; asks first if jobs are running. */
void bn_frame_quit(bn_frame *f);
/* Runs a command given by a key, the prompt or the list. */
int bn_frame_do(bn_frame *f, bn_command_id id, const char *arg, bn_err *err);
/* The reason why a command cannot run now; false: it can. */
bool bn_frame_refuses(bn_frame *f, bn_command_id id, char *why, size_t size);

/* frame_find.c */
void bn_find_ask(bn_frame *f); /* for the typed text */
void bn_find_page(bn_frame *f, bn_page *p);
void bn_find_forget(bn_frame *f);
int bn_find_count(const bn_frame *f);
bool bn_find_item(const bn_frame *f, int i, bn_found *out); /* false: past the end */
void bn_find_open(bn_frame *f, const bn_found *at);
void bn_find_row_draw(const bn_found *at, bn_area a, int r, bool selected);

/* frame_draw.c */
/* Clears that many rows at the foot of the body, below a line, for text that the message line has no
 * room for; false: the body is too small. */
bool bn_strip_open(bn_area body, int rows, bn_area *strip);

/* frame_copy.c */
/* Appends the command line that prints what the view shows, with the order, columns and filter of a list; nothing if
 * there is none. v may be NULL. */
void bn_frame_cli(const bn_frame *f, const bn_view *v, bn_buf *line);
void bn_copy_cli(bn_frame *f); /* of the top view */
/* Draws the command line that was copied last, at the bottom of the body. */
void bn_command_draw(const bn_frame *f, bn_area body);
void bn_command_forget(bn_frame *f);
void bn_copy_row(bn_frame *f, const bn_grid *t);

/* frame_export.c */
/* Writes the rows of the table to the named file; without a name the prompt opens. */
int bn_frame_export(bn_frame *f, const bn_grid *t, const char *name, bn_err *err);
/* The answer was to overwrite. */
void bn_frame_export_over(bn_frame *f);

/* frame_mouse.c */
void bn_mouse_key(bn_frame *f, int key);
/* A click in columns from..to of that row of the area is this key; it is an item of the open list. */
void bn_mouse_spot(bn_frame *f, bn_area a, int row, int from, int to, int key);
void bn_mouse_spot_item(bn_frame *f, bn_area a, int row, int i);
int bn_mouse_set(bn_frame *f, const char *on_or_off, bn_err *err);

/* frame_tour.c */
/* A command was run on a screen of that kind. */
void bn_tour_did(bn_frame *f, bn_command_id id, bn_view_set where);
/* Continues if the shown part is done; called after each key, command and page. */
void bn_tour_look(bn_frame *f);
bool bn_tour_command(bn_frame *f, bn_command_id id, const char *arg, int *rc, bn_err *err);
bool bn_tour_refuses(const bn_frame *f, bn_command_id id, char *why, size_t size);
/* Appends, to the reason why a command is refused, how to continue the tour without it. */
void bn_tour_hint(const bn_frame *f, bn_command_id id, char *why, size_t size);
/* The offer was answered. */
void bn_tour_answer(bn_frame *f, bool yes);
/* Draws the band at the foot of the body; returns its rows. */
int bn_tour_draw(const bn_frame *f, bn_area body);

/* frame_undo.c */
void bn_undo_ask(bn_frame *f);
void bn_undo_do(bn_frame *f);
void bn_undo_page(bn_frame *f, const bn_page *p);
void bn_undo_release(bn_frame *f);

/* frame_shell.c: what a line after ':' that is one of the command line ("binnacle data add jobs jobs.csv") is here, or the
 * line itself. BN_EINVAL, with what to do here, if it is for the shell. */
int bn_shell_line_read(const char *line, char *out, size_t size, bn_err *err);
/* How that verb of the command line ("attest") is done here; NULL: unknown. */
const char *bn_shell_verb_here(const char *verb, size_t n);

void bn_modal_open(bn_frame *f, bn_modal modal, const char *text);
void bn_modal_key(bn_frame *f, int key);
void bn_prompt_key(bn_frame *f, int key); /* ':' and '/' */
bool bn_modal_takes_text(const bn_frame *f);
bool bn_view_takes_text(const bn_frame *f); /* keys go to a field of the top view (frame.c) */
bool bn_modal_has_row(const bn_frame *f); /* a menu or dialog has a selected row */
void bn_modal_acts_open(bn_frame *f);
/* Command i of the list as currently shown; BN_CMD_NONE past the end. */
bn_command_id bn_modal_list_item(const bn_frame *f, int i);
/* Completions of the command being typed, at most n; returns their number. */
int bn_modal_completions(const bn_frame *f, bn_command_id *out, int n);
/* frame_words.c: completions of the argument being typed, at most `most`; *start: where it
 * begins. */
#define BN_WORDS_MOST 256
int bn_modal_words(const bn_frame *f, const char **out, int most, size_t *start);
/* Completes up to the common beginning of all words; if they are still being loaded, as soon as they are here. */
void bn_modal_words_complete(bn_frame *f);
/* Requests the words for the current line from the workspace, after each key. */
void bn_words_ask(bn_frame *f);
void bn_words_page(bn_frame *f, bn_page *p);
void bn_words_forget(bn_frame *f);
/* frame_columns.c: the chooser of a list's columns. */
void bn_columns_key(bn_frame *f, int key);
void bn_columns_draw(bn_frame *f, bn_area all);
/* Draws an empty box in the centre; returns the area inside its border. */
bn_area bn_modal_box(bn_area all, int rows, int cols, bn_ink role, bn_ink border);
void bn_modal_draw(bn_frame *f, bn_area all, bn_area message_row);

#endif
