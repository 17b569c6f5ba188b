/* _rows.h - the inside of the screen of rows: rows.c (the screen), foot.c (what they have in common). */
#ifndef BN_TUI_VIEWS_ROWS__ROWS_H
#define BN_TUI_VIEWS_ROWS__ROWS_H
#include "tui/views/_list.h"

enum { BN_KIND_ORDER, BN_KIND_WINDOW, BN_KIND_TOTALS };

typedef struct bn_rows_view {
	bn_list list; /* page: the order */
	bn_page *window, *totals;
	bn_grid_column *columns;
	char **titles, **names;
	size_t column_count;
	bn_rows_of of;   /* without the filter, which is the grid's */
	char focus[128]; /* column to begin at */
	char own[BN_GRID_FILTER]; /* the filter that these rows were opened with: Esc does not take it away */
	char derived_before[BN_DERIVED_BYTES]; /* what was there while another is tried */
	bool derives;                          /* it is tried now */
	int64_t asked_first;                   /* of the window on its way; -1 none */
	bool totals_asked;                     /* of the rows that are shown */
} bn_rows_view;

static inline const bn_order *bn_rows_order(const bn_rows_view *v)
{
	return bn_list_data(&v->list);
}

bn_rows_of bn_rows_view_of(const bn_rows_view *v); /* with the filter */
bool bn_rows_are_some(const bn_rows_view *v);      /* not all of the version */

/* Draws what the rows have in common below them, where there is room, and asks for it; returns how many rows of the
 * area it takes, from the end. draw false: only that. */
int bn_rows_foot_draw(bn_rows_view *v, bn_area a, bool draw);

#endif
