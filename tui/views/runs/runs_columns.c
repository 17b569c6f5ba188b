/* runs_columns.c - the columns of the list of runs: which there are, and how the command line names them. See
 * _runs.h. */
#include "core/base/mem.h"
#include "core/track/best.h"
#include "tui/views/runs/_runs.h"

#include <stdio.h>
#include <string.h>

/* Widths: of names at least; of fields at most, which is that of "-12.3456 ± 0.0012, 10 of 120". */
enum { NAME_LEAST = 14, FIELD_MOST = 28 };

bool bn_runs_is_param(const char *field)
{
	return strncmp(field, "params.", 7) == 0;
}

/* Whether the column of stars has something to show; once there was a star it stays. */
static bool any_star(const bn_runs_view *v, const bn_runs *d)
{
	const bn_run_page *p = d->all ? d->all : d->page;
	bool any = v->has_star;
	for (size_t i = 0; i < p->count && !any; i++)
		any = p->rows[i].cells[d->columns + BN_RUN_STAR].kind != BN_CELL_ABSENT;
	return any;
}

const bn_grid_column bn_runs_first_columns[BN_RUNS_FIELDS] = {
	[BN_RUNS_STATE] = {.stays = true, .title = "state", .name = "status", .form = BN_COLUMN_STATE, .min = 10},
	[BN_RUNS_STAR] = {.title = "",
		.name = "starred",
		.min = 1,
		.max = 1,
		.stays = true,
		.hidden = true},
	[BN_RUNS_NAME] = {.stays = true, .title = "run",
		.name = "name",
		.min = NAME_LEAST,
		.max = BN_RUNS_NAME_COLS,
		.wish = 20,
		.flexible = true},
	[BN_RUNS_TITLE] = {.title = "what", .name = "title", .min = 6, .max = 24, .priority = 4},
};
static const bn_grid_column end_columns[BN_RUNS_END_COLUMNS] = {
	[BN_RUNS_END_CURVE] = {.title = "curve",
		.form = BN_COLUMN_BARS,
		.min = BN_RUNS_CURVE_COLS,
		.max = BN_RUNS_CURVE_COLS,
		.priority = 1},
	[BN_RUNS_END_DURATION] = {.title = "time",
		.name = "duration",
		.form = BN_COLUMN_DURATION,
		.falls = true,
		.min = 6,
		.priority = 2},
	[BN_RUNS_END_CREATED] = {.title = "started",
		.name = "created",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 2},
	[BN_RUNS_END_NOTE] = {.title = "note",
		.min = 6,
		.max = 30,
		.priority = 6,
		.prose = true,
		.flexible = true},
	[BN_RUNS_END_EXPERIMENT] = {.title = "experiment", .min = 6, .max = 20, .priority = 5},
	[BN_RUNS_END_USER] = {.title = "by", .name = "user", .min = 4, .max = 12, .priority = 7},
	[BN_RUNS_END_HOST] = {.title = "host", .min = 4, .max = 16, .priority = 8},
	[BN_RUNS_END_ID] = {.title = "id", .min = 8, .priority = 6},
	[BN_RUNS_END_PARENT] = {.title = "parent", .min = 8, .priority = 6, .hidden = true},
};

static void columns_free(bn_grid_column *columns, char **fields, bool *folded, size_t count)
{
	bn_free(folded);
	for (size_t i = 0; fields && i < count; i++)
		bn_free(fields[i]);
	bn_free(fields);
	bn_free(columns);
}

void bn_runs_columns_release(bn_runs_view *v)
{
	columns_free(v->columns, v->fields, v->folded, v->field_count);
	v->fields = NULL;
	v->folded = NULL;
	v->columns = NULL;
	v->field_count = 0;
}

/* In a tree, names have their place and a count beside them. */
static int name_least(const bn_runs *d)
{
	return d->page->is_tree ? NAME_LEAST + 10 : NAME_LEAST;
}

bool bn_runs_columns_fit(const bn_runs_view *v, const bn_runs *d)
{
	if (!v->columns || v->field_count != d->columns || v->has_star != any_star(v, d) ||
		v->columns[BN_RUNS_NAME].min != name_least(d))
		return false;
	for (size_t i = 0; i < d->columns; i++)
		if (v->folded[i] != d->folded[i] || strcmp(v->fields[i], d->fields[i]) != 0)
			return false;
	return true;
}

/* "metrics.rmse" is shown as rmse, "params.lr" as lr. */
static const char *short_name(const char *field)
{
	const char *dot = strchr(field, '.');
	return dot && dot[1] ? dot + 1 : field;
}

/* The importance of a field: the first metric and the two most informative parameters stay
 * longest. */
static int field_priority(const bn_runs *d, size_t field)
{
	bool is_first = true;
	if (bn_runs_is_param(d->fields[field]))
		return d->told[field] < 2 ? 1 : 2 + d->told[field];
	for (size_t i = 0; i < field && is_first; i++)
		is_first = d->folded[i] || bn_runs_is_param(d->fields[i]);
	return is_first && !d->folded[field] ? 1 : 2 + (int)field;
}

/* The first visible metric. */
static void words_choose(bn_runs_view *v, const bn_runs *d)
{
	v->word_field = -1;
	v->best_better = 0;
	for (size_t i = 0; i < d->columns && v->word_field < 0; i++)
		if (!d->folded[i] && strncmp(d->fields[i], "metrics.", 8) == 0) {
			v->word_field = (int)i;
			v->best_better = bn_metric_direction(d->fields[i] + 8);
		}
}

int bn_runs_columns_set(bn_runs_view *v, const bn_runs *d)
{
	size_t total = BN_RUNS_FIELDS + d->columns + BN_RUNS_END_COLUMNS, count = 0;
	char **fields = bn_alloc_zeroed(d->columns + 1, sizeof *fields);
	bool *folded = bn_alloc_zeroed(d->columns + 1, sizeof *folded);
	bn_grid_column *columns = bn_alloc_zeroed(total, sizeof *columns);
	if (!fields || !columns || !folded)
		goto failed;
	memcpy(columns, bn_runs_first_columns, sizeof bn_runs_first_columns);
	bool first_star = !v->has_star && any_star(v, d);
	v->has_star = v->has_star || first_star;
	columns[BN_RUNS_STAR].hidden = !v->has_star;
	columns[BN_RUNS_NAME].min = name_least(d);
	columns[BN_RUNS_NAME].wish += name_least(d) - NAME_LEAST;
	words_choose(v, d);
	if (v->word_field >= 0) {
		columns[BN_RUNS_STATE].title = "";
		columns[BN_RUNS_STATE].min = columns[BN_RUNS_STATE].max = 1;
	}
	for (size_t i = 0; i < d->columns; i++) {
		if (!(fields[i] = bn_strdup(d->fields[i])))
			goto failed;
		count = i + 1;
		folded[i] = d->folded[i];
		columns[BN_RUNS_FIELDS + i] = (bn_grid_column){.title = short_name(fields[i]),
			.name = fields[i],
			.form = BN_COLUMN_NUMBER,
			.hidden = folded[i],
			.falls = !bn_runs_is_param(fields[i]) && bn_metric_direction(fields[i] + 8) > 0,
			.min = 6,
			.max = FIELD_MOST,
			.priority = field_priority(d, i)};
	}
	memcpy(columns + BN_RUNS_FIELDS + d->columns, end_columns, sizeof end_columns);
	if (bn_grid_set_columns(&v->list.grid, columns, (int)total, NULL))
		goto failed;
	if (first_star) /* a table keeps by name what is hidden */
		v->list.grid.shapes[BN_RUNS_STAR].hidden = false;
	bn_runs_columns_release(v);
	v->columns = columns;
	v->fields = fields;
	v->folded = folded;
	v->field_count = d->columns;
	return 0;
failed:
	columns_free(columns, fields, folded, count);
	return -1;
}

static bool is_field(const bn_runs_view *v, int col)
{
	return col >= BN_RUNS_FIELDS && col < BN_RUNS_FIELDS + (int)v->field_count;
}

void bn_runs_field_add(bn_buf *out, const bn_runs_view *v, int col)
{
	const char *field = bn_grid_column_name(&v->list.grid.columns[col]);
	if (is_field(v, col))
		bn_run_field_write(out, field);
	else
		bn_buf_adds(out, field);
}

void bn_runs_columns_text(const bn_runs_view *v, bn_buf *out)
{
	const bn_grid *g = &v->list.grid;
	for (int c = 0; c < g->column_count; c++) {
		if (!is_field(v, c) || !bn_grid_is_shown(g, c))
			continue;
		bn_buf_adds(out, out->len ? "," : "");
		bn_runs_field_add(out, v, c);
	}
}

void bn_runs_sort_text(const bn_runs_view *v, char *out, size_t size)
{
	const bn_grid *g = &v->list.grid;
	bn_buf text = BN_BUF_INIT;
	for (int k = 0; k < g->sort_count; k++) {
		bool is_age = g->columns[g->sort[k].column].form == BN_COLUMN_AGE;
		/* The smallest age first. */
		bn_buf_addf(
			&text, "%s%s", k ? "," : "", g->sort[k].descending != is_age ? "-" : "");
		bn_runs_field_add(&text, v, g->sort[k].column);
	}
	snprintf(out, size, "%s", text.len && text.len < size ? text.ptr : "");
	bn_buf_release(&text);
}
