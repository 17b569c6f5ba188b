/*
 * _overview.h - the internals of Overview. Pages: pages.c (stations, the title's text), needs.c
 * (what needs the user), work.c (running, best, in use, first steps), gate.c (CI). View: overview.c, lines.c
 * (the queue), stations.c.
 */
#ifndef BN_TUI_VIEWS_OVERVIEW__OVERVIEW_H
#define BN_TUI_VIEWS_OVERVIEW__OVERVIEW_H
#include "tui/ui/grid.h"
#include "tui/ui/surface.h"
#include "tui/views/_source.h"

/* ---- pages ------------------------------------------------------------------------------------- */

#define BN_BEST_MOST 5

typedef struct bn_overview_gather {
	bn_reader *r;
	bn_arena *arena;
	bn_overview *o;
	int64_t now_ms;
	const char *best_terms[BN_BEST_MOST]; /* terms of the best runs (core/track/terms.h) */
	size_t best_count;
	int specs_left;     /* that may still be read for this page, to know the terms of runs */
	bool is_best_part;  /* some were not read: the next page knows more */
	int64_t to_approve; /* number of requests that the user may approve */
	bool soon; /* see bn_overview_arg */
	bn_err *err;
} bn_overview_gather;

/* The next line, empty; NULL if there are enough. */
bn_line *bn_overview_line(bn_overview_gather *g, bn_line_part part, bn_state state);
/* Adds what needs the user, worst first within its kind. */
int bn_overview_needs(bn_overview_gather *g);
int bn_overview_running(bn_overview_gather *g);
int bn_overview_best(bn_overview_gather *g);
int bn_overview_in_use(bn_overview_gather *g);
/* The newest verdict of the project's gate, if it belongs to that part (BN_LINE_NEED or BN_LINE_USE). */
int bn_overview_gate(bn_overview_gather *g, bn_line_part part);
/* First steps for a workspace without data and runs: complete commands. */
int bn_overview_steps(bn_overview_gather *g);

/* ---- view -------------------------------------------------------------------------------------- */

/* The list of stations of a page that is here or requested. */
int bn_stations_init(bn_grid *g, bn_page **page, bn_err *err);
bn_command_id bn_station_screen(int64_t station);
/* The command of the first empty station that has one; NULL: none. d may be NULL. */
const char *bn_stations_next(const bn_overview *d);
/* The stations as a wrapped line, `here` highlighted (-1: none); returns the number of rows. d may
 * be NULL. */
int bn_stations_flow_draw(const bn_overview *d, bn_area a, int here);

/* The title of a part. */
const char *bn_line_part_title(bn_line_part part);
/* One line of the queue. */
void bn_line_draw(const bn_line *l, bn_area a, int row, int64_t now_ms, int role);

#endif
