/*
 * _run.h - internals of the screen of one run: run.c has the screen and its commands, blocks.c the blocks that it
 * consists of, facts.c the text of everything known, console.c the console, wide.c the layout for large terminals, origin.c the origin and results of the
 * run.
 */
#ifndef BN_TUI_VIEWS_RUN__RUN_H
#define BN_TUI_VIEWS_RUN__RUN_H
#include "tui/ui/chart.h"
#include "tui/ui/format.h"
#include "tui/views/views.h"

typedef enum bn_run_pane { BN_RUN_PICTURE, BN_RUN_FACTS, BN_RUN_CONSOLE, BN_RUN_PANES } bn_run_pane;

typedef struct bn_run_view {
	bn_view view;
	bn_page *page;
	char stopping[BN_RUN_ID_TEXT]; /* the run that the dialog asks about */
	bn_run_arg arg;                /* the request: run, metric, axis and part of it */
	bn_run_pane pane;
	bool log_y;
	int smoothing; /* index of bn_run_smoothing */
	bool has_cursor;
	size_t cursor;      /* index into the curve */
	int top, page_rows; /* of the text panes */
	int behind;         /* lines printed to the console since it stopped following */
	bool is_beside;     /* beside a list, which handles other keys */
	bool holds;         /* not following, though the end is visible */
	char find[BN_TYPED_BYTES]; /* what is searched for on the console; "": nothing */
	int match;          /* the matching line; -1: none */
} bn_run_view;

extern const double bn_run_smoothing[];

static inline const bn_run_detail *bn_run_data(const bn_run_view *v)
{
	return v->page ? v->page->data : NULL;
}

/* ---- console.c ----------------------------------------------------------------------------------- */

/* Draws the last lines that fit, or those at the scroll position. */
void bn_run_log_draw(bn_run_view *v, const bn_run_detail *d, bn_area a, bool scrolled);
/* Draws a rule and the given number of rows below it; returns both. */
int bn_run_console_draw(bn_run_view *v, const bn_run_detail *d, bn_area a, int rows);
/* What the console searches for, or whether it follows; "" for nothing. */
void bn_run_console_words(const bn_run_view *v, const bn_run_detail *d, char *out, size_t size);
/* The console's line with the error; -1: none. */
int bn_run_error_line(const bn_run_detail *d);
bool bn_run_has_failed(const bn_run_detail *d);
/* Searches for words from the end backwards; "" ends the search. d may be NULL. */
void bn_run_find(bn_run_view *v, const bn_run_detail *d, const char *words);
/* Moves to the next matching line, below (1) or above (-1); without words, to the error. False: there is none. */
bool bn_run_find_step(bn_run_view *v, const bn_run_detail *d, int step);
/* The number of matching lines; *place: the index of the current one, from 1. */
int bn_run_match_count(const bn_run_view *v, const bn_run_detail *d, int *place);
bool bn_run_follows(const bn_run_view *v); /* the end of the console stays visible */
void bn_run_follow_turn(bn_run_view *v);   /* toggles it */
/* Keeps the shown lines in place when others are printed, unless it follows. */
void bn_run_log_keep(bn_run_view *v, const bn_run_detail *old, const bn_run_detail *d);

/* ---- facts.c ------------------------------------------------------------------------------------- */

/* All known values; returns the row after them. */
int bn_run_facts_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a, int row);

/* ---- wide.c -------------------------------------------------------------------------------------- */

bool bn_run_is_wide(bn_area a);
void bn_run_wide_draw(bn_run_view *v, const bn_run_detail *d, bn_area a);

/* ---- blocks.c: each draws into an area; those with an int result return the rows used -------- */

int bn_run_head_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a);
/* The whole area below the head: what matters for a run in that state. */
void bn_run_picture_draw(bn_run_view *v, const bn_run_detail *d, bn_area a);
/* Memory, processor time, energy. */
void bn_run_resources_text(const bn_run_info *r, char *out, size_t size);
int bn_run_numbers_count(const bn_run_detail *d);
int bn_run_numbers_draw(const bn_run_detail *d, bn_area a, int rows);
int bn_run_settings_draw(const bn_run_detail *d, bn_area a, int rows);
int bn_run_origin_draw(const bn_run_detail *d, bn_area a, int rows);
/* A curve as a chart's series. */
bn_chart_series bn_run_series(const bn_curve *c, int style);
void bn_run_chart_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a);
void bn_run_rule_draw(bn_area a, int row, const char *title, const char *aside);
bn_area bn_run_below(bn_area a, int rows);
/* Values that are not finite are shown too: a loss that diverged. */
const char *bn_run_value_text(char out[BN_FORMAT_BYTES], const char *key, double x);
/* Whether the picture shows curves. */
bool bn_run_is_curve_picture(const bn_run_view *v, const bn_run_detail *d);
/* Whether a metric has more than one value: then it has a curve. */
bool bn_run_has_curve(const bn_run_detail *d);
/* Whether only the program that reported it can run it again. */
bool bn_run_is_reported(const bn_run_detail *d);

#endif
