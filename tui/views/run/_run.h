/*
 * _run.h - one run from the inside: run.c is the screen and its commands, blocks.c the blocks that it is made of,
 * origin.c what it comes from and what became of it. For these alone.
 */
#ifndef BN_TUI_VIEWS_RUN__RUN_H
#define BN_TUI_VIEWS_RUN__RUN_H
#include "tui/views/views.h"

typedef enum bn_run_pane { BN_RUN_PICTURE, BN_RUN_FACTS, BN_RUN_CONSOLE, BN_RUN_PANES } bn_run_pane;

typedef struct bn_run_view {
	bn_view view;
	bn_page *page;
	bn_run_arg arg; /* what is asked for: which run, metric, axis and part of it */
	bn_run_pane pane;
	bool log_y;
	int smoothing; /* index of bn_run_smoothing */
	bool has_cursor;
	size_t cursor;      /* index into the curve */
	int top, page_rows; /* of the text panes */
} bn_run_view;

extern const double bn_run_smoothing[];

static inline const bn_run_detail *bn_run_data(const bn_run_view *v)
{
	return v->page ? v->page->data : NULL;
}

/* ---- blocks.c: each draws into an area; those that return an int the rows that they took ------------ */

int bn_run_head_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a);
/* All of the picture below the head: what matters of a run in that state. */
void bn_run_picture_draw(bn_run_view *v, const bn_run_detail *d, bn_area a);
/* The last lines that fit, or from v->top lines above them. */
void bn_run_log_draw(bn_run_view *v, const bn_run_detail *d, bn_area a, bool scrolled);
/* Everything that is known; returns the row behind it. */
int bn_run_facts_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a, int row);
/* The line of the console that says what went wrong; -1: none does. */
int bn_run_error_line(const bn_run_detail *d);
/* Whether a metric has more than one value: such have curves. */
bool bn_run_has_curve(const bn_run_detail *d);

#endif
