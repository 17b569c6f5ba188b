/*
 * grid.h - the list widget of most screens: a window on the rows of a source.
 *
 * The table never copies rows: it requests the cells it draws, so 100 000 rows cost the same as
 * 20. Sorting and filtering build an order of row numbers on demand. Columns are declared once
 * (column.h); sorting, choosing, widths, export and the command line follow from that.
 *
 * Rows have keys: after new data arrived (bn_grid_reload) the selection and the marks stay with the
 * same objects, not at the same positions.
 *
 * Columns: those that do not fit are left out, least important first. Moving right goes through those that are shown,
 * and then on to those that were left out: the table scrolls sideways, the frozen columns stay as wide as they were,
 * and no column changes its place. If names (columns
 * with a preferred width) lack space, columns of priority 2 and more are left out first, and among
 * them those with a value in less than a quarter of the rows; then nearly empty ones of priority 1;
 * then names get narrower than preferred. Widths only grow while a table is open, and a column that
 * was not nearly empty keeps that status, so that scrolling does not make columns jump. A column
 * that the user chose, sorts by, or resized is not left out.
 *
 * Sorting: the column chosen last is the most significant; earlier ones decide between equal rows.
 *
 * Groups (grid_group.c): rows with the same value of one column stand under a line of their own, which shows what they
 * come to. Sorted by a column of numbers, groups stand in the order of what their lines show there, otherwise in that of
 * their first rows. A position may be such a line: its row is negative. The source
 * of an external grid groups, too: its lines say which of the rows each has, and only open groups have any.
 *
 * The source outlives the grid. Used by one thread.
 */
#ifndef BN_TUI_UI_GRID_H
#define BN_TUI_UI_GRID_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "tui/ui/column.h"
#include "tui/ui/command.h"
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stdint.h>

/* Rows with the same value, which are contiguous in bn_grid.members or, in an external grid,
 * adjacent. */
typedef struct bn_grid_group {
	uint64_t key;
	int64_t first, count;
	int64_t at; /* the position of its line */
	bool folded;
} bn_grid_group;

typedef struct bn_grid_source {
	void *ctx;
	int64_t (*rows)(void *ctx);
	/* The value of one cell; column is its index in the declaration. */
	void (*cell)(void *ctx, int64_t row, int col, bn_grid_cell *out);
	/* Identity of a row across reloads; NULL: the row number. 0: unknown, since the row is not
	 * loaded yet. */
	uint64_t (*key)(void *ctx, int64_t row);
	/* Rows of a lower rank come first in the source's order, and rank 0 is in no group: those rows stand before all
	 * groups. NULL: all equal. Not called for an external grid. */
	int (*rank)(void *ctx, int64_t row);
	/* A cell of a group's line. False, or NULL: the mean and the deviation of numbers, else
	 * nothing. */
	bool (*group_cell)(
		void *ctx, const int64_t *rows, int64_t count, int col, bn_grid_cell *out);
	/* For a grouped external grid: the group at an index, from 0, with key, first row, count
	 * and whether it is folded, which means that none of its rows is loaded; false past the
	 * end. NULL: it cannot be grouped. */
	bool (*group)(void *ctx, size_t place, bn_grid_group *out);
	/* A cell of such a group's line. */
	void (*line_cell)(void *ctx, size_t place, int col, bn_grid_cell *out);
	/* For a row that is one text across all columns: the text. It represents folded rows or, if
	 * *is_rule, separates rows and is skipped. NULL: a row of cells, as is every row if the
	 * function is NULL. */
	const char *(*across)(void *ctx, int64_t row, bool *is_rule);
} bn_grid_source;

/* The settings of a column while the table is open. */
typedef struct bn_grid_shape {
	uint64_t name; /* hash: a list that gets other columns keeps these by name */
	int width;     /* the largest width drawn so far */
	int wanted;    /* set by the user; 0: automatic */
	bool useful;   /* at some time a quarter of the rows had a value */
	bool hidden;
	bool chosen; /* requested by the user: not left out */
	int shown;   /* its width at the last draw that was not scrolled; 0: it was left out */
	int at;      /* of shapes[i]: the column at place i from left to right, see bn_grid.places */
} bn_grid_shape;

/* The position of a column at the last draw. */
#define BN_GRID_PLACED 64
typedef struct bn_grid_placed {
	int column, at, width;
} bn_grid_placed;

#define BN_GRID_SORTS 4
#define BN_GRID_FILTER 1024
typedef struct bn_grid_sort_key {
	int column;
	bool descending;
} bn_grid_sort_key;

typedef struct bn_grid {
	bn_grid_source source;
	const bn_grid_column *columns; /* borrowed */
	int column_count;
	int64_t selected, top; /* positions in the order */
	int column;            /* the current one */
	/* From left to right, fixed while scrolled: the frozen columns, those that were shown, those that were left out
	 * (shapes[].at). 0: not drawn yet, as declared. */
	int places;
	int first_column; /* scrolled: the place of the first one after the frozen ones; -1: not */
	bn_grid_sort_key sort[BN_GRID_SORTS]; /* most significant first */
	int sort_count;                       /* 0: the source's order */
	char filter[BN_GRID_FILTER];
	char refused[BN_GRID_FILTER]; /* a filter that was refused, to be corrected; "": none */
	int group; /* the column that groups; -1: none */
	bn_grid_group *groups;
	size_t group_count, group_cap;
	int64_t *members; /* rows by group, in the order that is shown */
	uint64_t *folded; /* keys of the folded groups; in an external grid, of the open ones */
	size_t folded_count, folded_cap;
	bn_alphabet alphabet; /* of the last surface */
	int64_t matched; /* external: rows that the filter lets through, of those that are shown for their place; 0: all */
	bool asking;   /* external: the filter was not accepted by the source yet */
	bool external; /* the source filters and sorts: positions are its rows; see view.h ordered() */
	int64_t *order; /* NULL: identity */
	int64_t order_count;
	bn_grid_shape *shapes; /* one per column */
	uint64_t *marks;       /* sorted keys */
	size_t mark_count, mark_cap;
	uint64_t selected_key;
	bool has_selected_key;
	bn_area body;                          /* of the rows at the last draw */
	int title_row;                         /* of the screen */
	int page_rows;                         /* its rows, at least 1 */
	bn_grid_placed placed[BN_GRID_PLACED]; /* at the last draw, from left to right */
	int placed_count;
	const char *empty;   /* text to show if there are no rows; borrowed */
	bn_grid_clock clock; /* kept by the grid's owner */
} bn_grid;

int bn_grid_init(bn_grid *t, const bn_grid_source *source, const bn_grid_column *columns,
	int column_count, bn_err *err);
void bn_grid_release(bn_grid *t);
/* Replaces the columns (a pivoted table). User settings of a column are kept by name: sort, width,
 * whether it is shown. The sideways scroll is reset. */
int bn_grid_set_columns(bn_grid *t, const bn_grid_column *columns, int column_count, bn_err *err);
/* The rows changed: recomputes order and selection. Marks of rows that are gone are kept. */
void bn_grid_reload(bn_grid *t);

int64_t bn_grid_count(const bn_grid *t);                  /* rows after filtering */
int64_t bn_grid_total(const bn_grid *t);                  /* rows of the source */
int64_t bn_grid_row(const bn_grid *t, int64_t position);  /* source row; -1: none; < -1: a group */
int64_t bn_grid_selected_row(const bn_grid *t);           /* the same */
bool bn_grid_is_rule(const bn_grid *t, int64_t position); /* a separator line, not a row */
void bn_grid_select(bn_grid *t, int64_t position);        /* clamped */

/* A cell as displayed. */
void bn_grid_get_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out);

/* What the last draw put at a cell of the screen: *position -1 for the line of titles, *column -1 between columns.
 * False: nothing of this grid. */
bool bn_grid_at(const bn_grid *t, int row, int col, int64_t *position, int *column);

/* Motion, sort, marks, widths; false if the command is not the table's. */
bool bn_grid_command(bn_grid *t, bn_command_id id, const char *arg);
void bn_grid_filter(bn_grid *t, const char *words); /* "" shows all; rows must contain every word */
/* The source of an external grid refused the filter: the filter of the displayed rows is restored, and the refused one
 * is kept as text. */
void bn_grid_refuse_filter(bn_grid *t, const char *shown);
/* The place of a column from left to right; -1: it is not shown, or nothing was drawn yet. */
int bn_grid_place_of(const bn_grid *t, int column);
/* The initial text of the filter prompt. */
const char *bn_grid_filter_text(const bn_grid *t);
/* Moves to the next row, down or up, that has a cell with a warning role; false: there is none. */
bool bn_grid_step_odd(bn_grid *t, int step);
bool bn_grid_is_marked(const bn_grid *t, int64_t row);
size_t bn_grid_mark_count(const bn_grid *t);

/* ---- groups (grid_group.c) ---------------------------------------------------------------------- */

/* Groups by that column; -1: ungroups. The selection stays. */
void bn_grid_group_by(bn_grid *t, int column);
bool bn_grid_is_group(int64_t row);
/* The rows of a group, by its line's row; *count of them. NULL for an external grid. */
const int64_t *bn_grid_group_rows(const bn_grid *t, int64_t row, int64_t *count);
/* Folds or unfolds the group if the selection is its line; false otherwise. */
bool bn_grid_fold(bn_grid *t);
/* Adds to bn_grid.folded. */
void bn_grid_turn_add(bn_grid *t, uint64_t key);
/* What the numbers of some rows come to. */
typedef struct bn_grid_sum {
	double value, deviation;  /* deviation NaN: none is shown */
	int64_t count, of;        /* of `of` rows, so many have a number */
} bn_grid_sum;
/* Writes "48.91 ± 0.35" to a cell, and if rows without a number were left out, "48.91 ± 0.35, 2 of 3". */
void bn_grid_sum_show(bn_grid_cell *out, const bn_grid_sum *sum, bn_alphabet alphabet);
/* The number of rows, without lines of groups, before a position. */
int64_t bn_grid_rows_before(const bn_grid *t, int64_t position);
/* Private to the grid: builds the groups; takes the groups of an external grid, and finds rows in
 * it; a group's cell. */
void bn_grid_group_build(bn_grid *t);
void bn_grid_group_take(bn_grid *t);
int64_t bn_grid_group_row(const bn_grid *t, int64_t position);
void bn_grid_group_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out);

/* ---- columns (grid_columns.c) ------------------------------------------------------------------ */

/* The displayed name of a column. */
const char *bn_grid_title(const bn_grid *t, int column);
/* The column of that name; -1 if there is none. */
int bn_grid_find_column(const bn_grid *t, const char *word);
bool bn_grid_is_shown(const bn_grid *t, int column);
void bn_grid_show_column(bn_grid *t, int column, bool shown);
/* Goes to a column by its name, or title, and shows it. BN_EINVAL lists the columns. */
int bn_grid_go(bn_grid *t, const char *name, bn_err *err);
/* ":columns a,b" shows these (and the frozen ones), "+a" and "-a" show and hide one, "all" every
 * one, "default" the initial ones. BN_EINVAL names a word that is not a column, and nothing
 * changes. */
int bn_grid_choose(bn_grid *t, const char *words, bn_err *err);
/* ":sort a,-b" sorts by a, then by b descending; "none" in the source's order. An age given by its
 * name ("created_ms") is a time: the oldest first. */
int bn_grid_sort_by(bn_grid *t, const char *words, bn_err *err);
/* By this column, then as before; -1: in the source's order. */
void bn_grid_sort(bn_grid *t, int column, bool descending);
int bn_grid_sorted(const bn_grid *t); /* the most significant sort column; -1 none */
/* Appends "a,-b" by the columns' names; nothing if unsorted. */
void bn_grid_write_sort(const bn_grid *t, bn_buf *out);
/* Appends "a,b" if the user chose the visible columns; otherwise nothing. */
void bn_grid_write_columns(const bn_grid *t, bn_buf *out);
/* Appends what bn_grid_choose takes to show the same again: "a,b" if all of them were chosen, "+a,-b" if some were,
 * otherwise nothing. */
void bn_grid_write_choice(const bn_grid *t, bn_buf *out);
/* Appends "a,b": the columns that the last draw had room for. */
void bn_grid_write_drawn(const bn_grid *t, bn_buf *out);

/* ---- drawing and export ------------------------------------------------------------------------ */

/* Header in the first row, then rows. Keeps the selection visible. */
void bn_grid_draw(bn_grid *t, bn_area a, bool focused);
/* Private to the grid: a cell of names, distinct from those of the other rows if it has to be shortened (grid_name.c).
 * The cell is changed. */
void bn_grid_name_draw(const bn_grid *t, bn_area a, int r, int at, int width, bn_ink role, int col, bn_grid_cell *cell);
/* One row as displayed, tab-separated. */
void bn_grid_write_row(const bn_grid *t, int64_t row, bn_buf *out);
/* One line per column, including hidden ones, with its full value (grid_record.c). */
void bn_grid_write_in_full(const bn_grid *t, int64_t row, bn_buf *out);
/* A name and its value, which begins after `cols` columns; a wider name is on a separate line above the value. A value
 * of several lines is indented; NULL or "" is shown as '-'. */
void bn_record_write(bn_buf *out, int cols, const char *name, const char *value);
/* The width of the column of names, given `cols` for the previous ones: very long names do not widen it. */
int bn_record_name_cols(int cols, const char *name);
/* All rows that pass the filter, in the displayed order, with the chosen columns, including those
 * that do not fit. */
void bn_grid_write(const bn_grid *t, bn_export_as as, bn_buf *out);

#endif
