/*
 * view.h - one screen of the workbench.
 *
 * A view is a state and a class of operations. It draws its data; it requests pages through the
 * frame and gets them in page(). draw() changes nothing but scroll positions and may request
 * missing pages, so the same state and size give the same screen. Views never block, never access
 * the store, never use the terminal.
 *
 * Ownership: the frame owns the views on its stacks; a view owns its pages and its child views.
 */
#ifndef BN_TUI_UI_VIEW_H
#define BN_TUI_UI_VIEW_H
#include "core/base/buf.h"
#include "tui/ui/command.h"
#include "tui/ui/grid.h"
#include "tui/ui/job.h"
#include "tui/ui/page.h"
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_WORDS_SCOPE 160 /* a reference */
/* The argument of a command without one that was chosen in a menu, not given by its key or name. */
#define BN_FROM_MENU "from a menu"

typedef struct bn_frame bn_frame;
typedef struct bn_view bn_view;

typedef struct bn_view_class {
	const char *name; /* "Runs": for breadcrumbs */
	bn_view_set kind; /* one BN_ON_ bit */
	int refresh_ms;   /* interval of refresh() calls while it is the top view; 0: only on
			   * request */
	void (*draw)(bn_view *, bn_area, bool focused);
	/* Commands not handled by the frame and the table. True: handled. */
	bool (*command)(bn_view *, bn_command_id, const char *arg);
	/* Why a command cannot run now, written into why; true if it cannot. NULL: all can. */
	bool (*refuses)(bn_view *, bn_command_id, char *why, size_t size);
	/* Commands that can never work on this object, which the key bar leaves out (refuses says why). NULL: none. */
	bool (*never)(const bn_view *, bn_command_id);
	void (*answer)(bn_view *, bn_command_id, const char *text); /* a dialog was confirmed */
	void (*page)(bn_view *, bn_page *);                         /* takes the page */
	void (*refresh)(bn_view *);
	void (*crumb)(const bn_view *, bn_buf *out); /* in the breadcrumb, after the name; NULL:
						      * only the name */
	void (*cli)(const bn_view *, bn_buf *out);   /* the command line that prints the same */
	bool cli_is_list; /* that command supports --sort, --columns and --match, by the names of
			   * the table's columns */
	/* Names and words that complete a command's argument; at most `most`, borrowed until the view changes.
	 * "field=value" is a value of that field. NULL: none. */
	int (*words)(const bn_view *, bn_command_id, const char **out, int most);
	/* The object in which values of a filter's fields are looked up: for rows the dataset version. NULL: not
	 * needed. */
	void (*words_scope)(const bn_view *, char out[BN_WORDS_SCOPE]);
	/* Whether keys are text now: then all except ^Z go to key(). NULL: never. */
	bool (*takes_text)(const bn_view *);
	void (*key)(bn_view *, int key);
	/* '/' in views without a table: searches for words as they are typed, "" for none. NULL: not supported. */
	void (*find)(bn_view *, const char *words);
	const char *(*finding)(const bn_view *); /* the current words; "" for none. Requires find */
	/* Where one is in a screen without a table: "line 40/312"; "" if all of it is shown. NULL: all always is. */
	void (*place)(const bn_view *, char *out, size_t size);
	bn_grid *(*table)(bn_view *);            /* the grid for motion, filter, marks; NULL */
	void (*ordered)(bn_view *); /* the filter or sort of an external grid changed; NULL */
	void (*free)(bn_view *);
} bn_view_class;

struct bn_view {
	const bn_view_class *cls;
	bn_frame *frame;
	uint64_t id;
	int64_t asked_ms; /* when refresh() was last called */
	int pending;      /* pages requested and not received */
	bool has_page;    /* the first one arrived, or failed */
	uint64_t job;     /* the job that it waits for; 0: none */
	int64_t job_ms;   /* since when */
	uint64_t shown;   /* the job whose result it has; 0: none */
	bn_view *next;    /* list of all views of the frame */
};

/* Called by constructors and by the free() of each class. */
void bn_view_init(bn_view *v, const bn_view_class *cls, bn_frame *f);
void bn_view_release(bn_view *v); /* cancels its requests */
void bn_view_free(bn_view *v);    /* calls the class; NULL is fine */

/* Requests a page, which is delivered to page() of v. arg is copied. An older request of the same
 * kind by this view is dropped. */
void bn_view_load(bn_view *v, bn_lane lane, int kind, bn_page_fn fn, const void *arg, size_t bytes);

/* Waits for a job's result, which is delivered to page() with the spec's kind; it must not be
 * changed, since others show it too. Without a result the page has an error and no data. Starts the
 * job unless an equal one is active; it continues when the view is left. False: it could not be
 * started, and the frame reported it. */
bool bn_view_start(bn_view *v, const bn_job_spec *spec);

/* List and detail side by side from 110 columns on, one above the other from 36 rows on. False if
 * the screen is too small for both; list is then the whole area. */
bool bn_view_split(bn_view *v, bn_area a, bn_area *list, bn_area *detail);

#endif
