/* grid_save.h - the rows of a list as a file of core/source/list_table.h: for the formats that are not text of one row
 * each (Markdown, Arrow, Parquet). */
#ifndef BN_TUI_UI_GRID_SAVE_H
#define BN_TUI_UI_GRID_SAVE_H
#include "core/source/list_table.h"
#include "tui/ui/grid.h"

/* The shown columns and rows, in their order, as bn_grid_write has them. */
int bn_grid_save(const bn_grid *g, const char *path, bn_list_format format, bn_err *err);

#endif
