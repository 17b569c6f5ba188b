/*
 * grid.h - the list that most screens are made of: a window on rows that a source knows.
 *
 * The table never copies rows: it asks the source for the cells it draws, so 100 000 rows cost what
 * 20 cost. Sorting and filtering build an order of row numbers, on demand.
 *
 * Rows have keys: after new data arrived (bn_grid_reload) the selection and the marks stay with
 * the same things, not with the same positions.
 *
 * Columns: those that do not fit are left out, least important first, until the user walks to the
 * right; from then on the table scrolls sideways and the frozen columns stay. Where there is no room
 * beside names (columns with a wish), those of priority 2 and more go first, and of them such that have a
 * value in less than a quarter of the rows; then nearly empty ones of priority 1; then names get narrower
 * than they wish. Widths only grow while a table is open, and a column that was worth its place stays so,
 * so that scrolling does not make columns jump.
 *
 * The source outlives the grid. One thread.
 */
#ifndef BN_TUI_UI_GRID_H
#define BN_TUI_UI_GRID_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "tui/ui/command.h"
#include "tui/ui/surface.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_grid_column {
	const char *title; /* borrowed: as long as the table has these columns */
	bool right;        /* numbers: aligned right */
	bool frozen;       /* stays when scrolled sideways; such columns come first */
	bool flexible;     /* takes the width that is left */
	bool prose;        /* sentences: cut at the end; names are cut in the middle */
	int min, max;      /* columns of text; max 0: no limit */
	int wish;          /* flexible: what is enough for most names; 0: min */
	int priority;      /* 0: never left out; larger goes first */
} bn_grid_column;

typedef struct bn_grid_cell {
	const char *text; /* NULL: absent, shown as '-'. May point into buf, or into the page */
	bn_ink ink;       /* TEXT at first */
	bool pending;     /* not here yet: shown as an ellipsis */
	int glyph;        /* a bn_glyph_id drawn before the text, or -1 */
	char buf[96];
} bn_grid_cell;

typedef struct bn_grid_source {
	void *ctx;
	int64_t (*rows)(void *ctx);
	void (*cell)(void *ctx, int64_t row, int col, bn_grid_cell *out);
	/* Order of two rows by a column, for sorting; NULL: by the text of the cells. Absent values
	 * go last in both directions, which the table sees from cell(). */
	int (*compare)(void *ctx, int64_t a, int64_t b, int col);
	/* Identity of a row that outlives a reload; NULL: the row number. 0: not known, since the row
	 * is not here yet. */
	uint64_t (*key)(void *ctx, int64_t row);
} bn_grid_source;

/* What was drawn of a column so far. */
typedef struct bn_grid_seen {
	int width;
	bool useful; /* a quarter of the rows had a value, once */
} bn_grid_seen;

typedef struct bn_grid {
	bn_grid_source source;
	const bn_grid_column *columns; /* borrowed */
	int column_count;
	int64_t selected, top; /* positions in the order */
	int column;            /* the current one */
	int first_column;      /* scrolled: the first one after the frozen; -1: by importance */
	int sort_column;       /* -1: as the source has them */
	bool sort_descending;
	char filter[128];
	bool external; /* the source filters and sorts: positions are its rows; see view.h ordered() */
	int64_t *order; /* NULL: identity */
	int64_t order_count;
	bn_grid_seen *seen; /* one a column */
	uint64_t *marks;    /* sorted keys */
	size_t mark_count, mark_cap;
	uint64_t selected_key;
	bool has_selected_key;
	int page_rows;     /* body rows at the last draw */
	const char *empty; /* what to say when there are no rows; borrowed */
} bn_grid;

int bn_grid_init(bn_grid *t, const bn_grid_source *source, const bn_grid_column *columns,
	int column_count, bn_err *err);
void bn_grid_release(bn_grid *t);
/* New columns (a pivoted table): forgets sort, widths and the sideways scroll. */
int bn_grid_set_columns(bn_grid *t, const bn_grid_column *columns, int column_count, bn_err *err);
/* The rows changed: order and selection are found anew. Marks of rows that are gone stay. */
void bn_grid_reload(bn_grid *t);

int64_t bn_grid_count(const bn_grid *t);                 /* rows after filtering */
int64_t bn_grid_row(const bn_grid *t, int64_t position); /* source row, or -1 */
int64_t bn_grid_selected_row(const bn_grid *t);          /* source row, or -1 */
void bn_grid_select(bn_grid *t, int64_t position);       /* clamped */

/* What the source says about one cell, over the defaults. */
void bn_grid_get_cell(const bn_grid *t, int64_t row, int col, bn_grid_cell *out);

/* Motion, sort, marks; false when the command is not the table's. */
bool bn_grid_command(bn_grid *t, bn_command_id id, const char *arg);
/* The column of that title ("rmse", or "metrics.rmse" as the command line has it); -1 when there is none. */
int bn_grid_find_column(const bn_grid *t, const char *title);
void bn_grid_filter(bn_grid *t, const char *words); /* "" shows all; rows must hold every word */
void bn_grid_sort(bn_grid *t, int column, bool descending); /* column -1: source order */
bool bn_grid_is_marked(const bn_grid *t, int64_t row);
size_t bn_grid_mark_count(const bn_grid *t);

/* Header in the first row, then rows. Keeps the selection in sight. */
void bn_grid_draw(bn_grid *t, bn_area a, bool focused);
/* One row, or all rows of the current order with a header, tab-separated. */
void bn_grid_write_row(const bn_grid *t, int64_t row, bn_buf *out);
void bn_grid_write_tsv(const bn_grid *t, bn_buf *out);

#endif
