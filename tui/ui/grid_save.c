/* grid_save.c - see grid_save.h. */
#include "tui/ui/grid_save.h"

#include <math.h>

static bool is_row(const bn_grid *g, int64_t i)
{
	return bn_grid_row(g, i) >= 0 && !bn_grid_is_rule(g, i);
}

static const char *cell_text(const bn_grid_cell *c)
{
	bool has = c->text && (c->text[0] || c->full) && !c->stands_in;
	return has ? c->full ? c->full : c->text : NULL;
}

/* A column is one of texts if its form is, or if a value of it is no number. */
static bn_type column_type(const bn_grid *g, int column)
{
	bn_column_form form = g->columns[column].form;
	if (form == BN_COLUMN_AGE || form == BN_COLUMN_TIME)
		return BN_TYPE_TIMESTAMP;
	if (form == BN_COLUMN_TEXT || form == BN_COLUMN_STATE)
		return BN_TYPE_STRING;
	for (int64_t i = 0; form != BN_COLUMN_BARS && i < bn_grid_count(g); i++) {
		bn_grid_cell cell;
		if (!is_row(g, i))
			continue;
		bn_grid_get_cell(g, bn_grid_row(g, i), column, &cell);
		if (isnan(cell.number) && cell_text(&cell) && !cell.stands_in)
			return BN_TYPE_STRING;
	}
	return BN_TYPE_FLOAT64;
}

static void cell_put(bn_list_table *t, size_t at, bn_type type, const bn_grid_cell *c)
{
	if (type == BN_TYPE_STRING)
		bn_list_table_text(t, at, cell_text(c));
	else if (type == BN_TYPE_TIMESTAMP && !isnan(c->number))
		bn_list_table_i64(t, at, (int64_t)c->number * 1000000);
	else if (type == BN_TYPE_FLOAT64 && !isnan(c->number))
		bn_list_table_f64(t, at, c->number);
}

static int rows_put(bn_list_table *t, const bn_grid *g, const bn_type *types, bn_err *err)
{
	int rc;
	for (int64_t i = 0; i < bn_grid_count(g); i++) {
		size_t at = 0;
		if (!is_row(g, i))
			continue;
		for (int c = 0; c < g->column_count; c++) {
			bn_grid_cell cell;
			if (!bn_grid_is_shown(g, c))
				continue;
			bn_grid_get_cell(g, bn_grid_row(g, i), c, &cell);
			cell_put(t, at, types[at], &cell);
			at++;
		}
		if ((rc = bn_list_table_row(t, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_grid_save(const bn_grid *g, const char *path, bn_list_format format, bn_err *err)
{
	bn_list_table *t = NULL;
	bn_type *types = bn_alloc_zeroed((size_t)g->column_count + 1, sizeof *types);
	size_t n = 0;
	int rc = types ? bn_list_table_new(&t, err) : bn_err_nomem(err, "a list");
	if (rc < 0)
		goto out;
	for (int c = 0; c < g->column_count; c++) {
		if (!bn_grid_is_shown(g, c))
			continue;
		types[n] = column_type(g, c);
		if ((rc = bn_list_table_column(
			     t, bn_grid_column_name(&g->columns[c]), types[n++], err)) < 0)
			goto out;
	}
	if ((rc = rows_put(t, g, types, err)) < 0)
		goto out;
	rc = bn_list_table_save(t, bn_env_real(), path, format, err);
out:
	bn_list_table_free(t);
	bn_free(types);
	return rc;
}
