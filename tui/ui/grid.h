/*
 * grid.h - the list that most screens are made of: a window on rows that a source knows.
 *
 * The table never copies rows: it asks the source for the cells it draws, so 100 000 rows cost what
 * 20 cost. Sorting and filtering build an order of row numbers, on demand. Columns are declared once
 * (column.h); sorting, choosing, widths, export and the command line follow from that.
 *
 * Rows have keys: after new data arrived (bn_grid_reload) the selection and the marks stay with
 * the same things, not with the same positions.
 *
 * Columns: those that do not fit are left out, least important first, until the user walks to the
 * right; from then on the table scrolls sideways and the frozen columns stay. Where there is no room
 * beside names (columns with a wish), those of priority 2 and more go first, and of them such that have a
 * value in less than a quarter of the rows; then nearly empty ones of priority 1; then names get narrower
 * than they wish. Widths only grow while a table is open, and a column that was worth its place stays so,
 * so that scrolling does not make columns jump. What the user chose, sorts by, or gave a width is not left out.
 *
 * Sorting: the last column sorted by comes first, those before it decide between equal rows.
 *
 * Groups (grid_group.c): rows with the same value of one column stand under a line of their own, which shows what they
 * come to; groups stand in the order of their first rows. A position may be such a line: its row is negative. The source
 * of an external grid groups, too: its lines say which of the rows each has, and only open groups have any.
 *
 * The source outlives the grid. One thread.
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

/* Rows with the same value, which lie together in bn_grid.members, or, of an external grid, are neighbours. */
typedef struct bn_grid_group {
	uint64_t key;
	int64_t first, count;
	int64_t at; /* the position of its line */
	bool folded;
} bn_grid_group;

typedef struct bn_grid_source {
	void *ctx;
	int64_t (*rows)(void *ctx);
	/* The value of one cell; the column is the place in the declaration. */
	void (*cell)(void *ctx, int64_t row, int col, bn_grid_cell *out);
	/* Identity of a row that outlives a reload; NULL: the row number. 0: not known, since the row
	 * is not here yet. */
	uint64_t (*key)(void *ctx, int64_t row);
	/* Rows of a lower rank stand before all others, whatever sorts, and 0 in no group; NULL: all alike. Not asked
	 * for an external grid. */
	int (*rank)(void *ctx, int64_t row);
	/* A cell of the line of a group. False, or NULL: the mean and the deviation of numbers, else nothing. */
	bool (*group_cell)(
		void *ctx, const int64_t *rows, int64_t count, int col, bn_grid_cell *out);
	/* Of an external grid that is grouped: the group at a place, from 0, with key, first row, count and whether it is
	 * folded, which says that none of its rows is there; false behind the last. NULL: it cannot be grouped. */
	bool (*group)(void *ctx, size_t place, bn_grid_group *out);
	/* A cell of the line of such a group. */
	void (*line_cell)(void *ctx, size_t place, int col, bn_grid_cell *out);
	/* Of a row that is one text across all columns: the text. It stands for what is folded, or, *is_rule, parts
	 * rows and is not stopped at. NULL: of cells, as is every row where the function is NULL. */
	const char *(*across)(void *ctx, int64_t row, bool *is_rule);
} bn_grid_source;

/* What became of a column while the table was open. */
typedef struct bn_grid_shape {
	uint64_t name; /* hash: a list that gets other columns keeps these by name */
	int width;     /* the widest that was drawn so far */
	int wanted;    /* as the user wants it; 0: as it comes */
	bool useful;   /* a quarter of the rows had a value, once */
	bool hidden;
	bool chosen; /* asked for by the user: not left out */
} bn_grid_shape;

/* Where a column stood when the grid was drawn last. */
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
	int first_column;      /* scrolled: the first one after the frozen; -1: by importance */
	bn_grid_sort_key sort[BN_GRID_SORTS]; /* the first decides, then the next */
	int sort_count;                       /* 0: as the source has them */
	char filter[BN_GRID_FILTER];
	int group; /* the column that groups; -1: none */
	bn_grid_group *groups;
	size_t group_count, group_cap;
	int64_t *members; /* rows by group, in the order that is shown */
	uint64_t *
		folded; /* keys of the groups that are folded; of an external grid, of those that are open */
	size_t folded_count, folded_cap;
	bn_alphabet alphabet; /* of the last surface */
	bool external; /* the source filters and sorts: positions are its rows; see view.h ordered() */
	int64_t *order; /* NULL: identity */
	int64_t order_count;
	bn_grid_shape *shapes; /* one a column */
	uint64_t *marks;       /* sorted keys */
	size_t mark_count, mark_cap;
	uint64_t selected_key;
	bool has_selected_key;
	int page_rows;                         /* body rows at the last draw */
	bn_grid_placed placed[BN_GRID_PLACED]; /* at the last draw, from left to right */
	int placed_count;
	const char *empty;   /* what to say when there are no rows; borrowed */
	bn_grid_clock clock; /* whoever owns the grid keeps it */
} bn_grid;

int bn_grid_init(bn_grid *t, const bn_grid_source *source, const bn_grid_column *columns,
	int column_count, bn_err *err);
void bn_grid_release(bn_grid *t);
/* Other columns (a pivoted table). What the user made of a column stays with its name: sort, width, whether it is
 * shown. The sideways scroll is forgotten. */
int bn_grid_set_columns(bn_grid *t, const bn_grid_column *columns, int column_count, bn_err *err);
/* The rows changed: order and selection are found anew. Marks of rows that are gone stay. */
void bn_grid_reload(bn_grid *t);

int64_t bn_grid_count(const bn_grid *t);                  /* rows after filtering */
int64_t bn_grid_total(const bn_grid *t);                  /* rows of the source */
int64_t bn_grid_row(const bn_grid *t, int64_t position);  /* source row; -1 none; else of a group */
int64_t bn_grid_selected_row(const bn_grid *t);           /* the same */
bool bn_grid_is_rule(const bn_grid *t, int64_t position); /* a line that parts rows, and is none */
void bn_grid_select(bn_grid *t, int64_t position);        /* clamped */

/* A cell as it is shown. */
void bn_grid_get_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out);

/* Motion, sort, marks, widths; false when the command is not the table's. */
bool bn_grid_command(bn_grid *t, bn_command_id id, const char *arg);
void bn_grid_filter(bn_grid *t, const char *words); /* "" shows all; rows must hold every word */
/* To the next row, downwards or upwards, with a cell in an ink that warns; false: there is none. */
bool bn_grid_step_odd(bn_grid *t, int step);
bool bn_grid_is_marked(const bn_grid *t, int64_t row);
size_t bn_grid_mark_count(const bn_grid *t);

/* ---- groups (grid_group.c) ---------------------------------------------------------------------- */

/* By that column; -1: not. The selection stays. */
void bn_grid_group_by(bn_grid *t, int column);
bool bn_grid_is_group(int64_t row);
/* The rows of a group, by the row of its line; *count of them. NULL for an external grid. */
const int64_t *bn_grid_group_rows(const bn_grid *t, int64_t row, int64_t *count);
/* Whether the selection is the line of a group, which is folded or unfolded then. */
bool bn_grid_fold(bn_grid *t);
/* "48.91 ± 0.35" into a cell; deviation NaN: the mean alone. */
void bn_grid_mean_show(bn_grid_cell *out, double mean, double deviation, bn_alphabet alphabet);
/* Of the positions before one, how many are rows and no lines of groups. */
int64_t bn_grid_rows_before(const bn_grid *t, int64_t position);
/* Private to the grid: groups what is in order; takes the groups of an external grid, and finds rows in it; the cell of
 * a group. */
void bn_grid_group_build(bn_grid *t);
void bn_grid_group_take(bn_grid *t);
int64_t bn_grid_group_row(const bn_grid *t, int64_t position);
void bn_grid_group_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out);

/* ---- columns (grid_columns.c) ------------------------------------------------------------------ */

/* What a column is called on screen. */
const char *bn_grid_title(const bn_grid *t, int column);
/* The column that goes by that word; -1 when there is none. */
int bn_grid_find_column(const bn_grid *t, const char *word);
bool bn_grid_is_shown(const bn_grid *t, int column);
void bn_grid_show_column(bn_grid *t, int column, bool shown);
/* ":columns a,b" shows these (and what is frozen), "+a" and "-a" show and hide one, "all" every one, "default" those
 * of the beginning. BN_EINVAL names the word that is no column, and nothing changes. */
int bn_grid_choose(bn_grid *t, const char *words, bn_err *err);
/* ":sort a,-b" sorts by a, then by b falling; "none" as the source has them. An age that is called by its name
 * ("created_ms") is a time: the oldest first. */
int bn_grid_sort_by(bn_grid *t, const char *words, bn_err *err);
/* By this column first, and then as before; -1: as the source has them. */
void bn_grid_sort(bn_grid *t, int column, bool descending);
int bn_grid_sorted(const bn_grid *t); /* the column that sorts first; -1 none */
/* Appends "a,-b" by the names of the columns; nothing when unsorted. */
void bn_grid_write_sort(const bn_grid *t, bn_buf *out);
/* Appends "a,b" when the user chose which columns are shown; nothing otherwise. */
void bn_grid_write_columns(const bn_grid *t, bn_buf *out);

/* ---- drawing and export ------------------------------------------------------------------------ */

/* Header in the first row, then rows. Keeps the selection in sight. */
void bn_grid_draw(bn_grid *t, bn_area a, bool focused);
/* One row as it is shown, tab-separated. */
void bn_grid_write_row(const bn_grid *t, int64_t row, bn_buf *out);
/* A line for each column, also those that are not shown, with all that it has. */
void bn_grid_write_in_full(const bn_grid *t, int64_t row, bn_buf *out);
/* All rows that the filter leaves, in the order shown, columns that are shown; and not those that only do not fit. */
void bn_grid_write(const bn_grid *t, bn_export_as as, bn_buf *out);

#endif
