/* _rows.h - the internals of the screen of rows: rows.c (the screen), foot.c (the footer). */
#ifndef BN_TUI_VIEWS_ROWS__ROWS_H
#define BN_TUI_VIEWS_ROWS__ROWS_H
#include "tui/views/_list.h"

enum { BN_KIND_ORDER, BN_KIND_WINDOW, BN_KIND_TOTALS };

typedef struct bn_rows_view {
	bn_list list; /* page: the order */
	bn_page *window, *totals;
	bn_grid_column *columns;
	char **titles, **names; /* with its unit, and without */
	char **units;           /* below the name; NULL: none */
	size_t column_count;
	bn_rows_of of;   /* without the filter, which is the grid's */
	char *focus;     /* name of the initial column; NULL: none */
	char own[BN_GRID_FILTER]; /* the filter that these rows were opened with: Esc does not
				   * remove it */
	char shown[BN_GRID_FILTER];            /* the filter of the current order */
	char derived_before[BN_DERIVED_BYTES]; /* the previous one while another is tried */
	bool derives;                          /* being tried */
	int64_t asked_first;                   /* of the requested window; -1 none */
	bool totals_asked;                     /* of the displayed rows */
} bn_rows_view;

static inline const bn_order *bn_rows_order(const bn_rows_view *v)
{
	return bn_list_data(&v->list);
}

bn_rows_of bn_rows_view_of(const bn_rows_view *v); /* with the filter */
bool bn_rows_are_some(const bn_rows_view *v);      /* not all of the version */

/* Draws the footer below the rows, if there is room, and requests its data; returns how many rows
 * of the area it takes, at the bottom. draw false: only that. */
int bn_rows_foot_draw(bn_rows_view *v, bn_area a, bool draw);

#endif
