/*
 * grid_record.c - one row as text, a line per column: names at the left, values in one column to their right. See
 * grid.h.
 */
#include "core/base/shown.h"
#include "core/base/utf8.h"
#include "tui/ui/grid.h"

#include <string.h>

enum { NAME_COLS = 32 }; /* a longer name is above its value */

int bn_record_name_cols(int cols, const char *name)
{
	int n = (int)bn_utf8_width(name);
	return n > cols && n <= NAME_COLS ? n : cols;
}

void bn_record_write(bn_buf *out, int cols, const char *name, const char *value)
{
	int n = (int)bn_utf8_width(name);
	bn_shown_add(out, name, strlen(name), BN_SHOWN_LINE);
	if (n > cols)
		bn_buf_addf(out, "\n%*s  ", cols, "");
	else
		bn_buf_addf(out, "%*s  ", cols - n, "");
	for (const char *at = value && *value ? value : "-"; *at;) {
		size_t line = strcspn(at, "\n");
		bn_buf_add(out, at, line);
		at += line + (at[line] == '\n');
		if (*at)
			bn_buf_addf(out, "\n%*s  ", cols, "");
	}
	bn_buf_addch(out, '\n');
}

void bn_grid_write_in_full(const bn_grid *t, int64_t row, bn_buf *out)
{
	int wide = 0;
	for (int c = 0; c < t->column_count; c++)
		wide = bn_record_name_cols(wide, bn_grid_title(t, c));
	for (int c = 0; c < t->column_count; c++) {
		bn_grid_cell cell;
		if (t->columns[c].form == BN_COLUMN_BARS)
			continue;
		bn_grid_get_cell(t, row, c, &cell);
		const char *text = cell.full ? cell.full : cell.text;
		bn_record_write(out, wide, bn_grid_title(t, c), cell.pending ? "..." : text);
	}
}
