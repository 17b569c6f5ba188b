/* runs_table.c - the table of the list of runs: state and name, the metrics and parameters of the
 * page, and other properties of a run; how rows compare. See _runs.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/track/best.h"
#include "tui/ui/format.h"
#include "tui/views/runs/_queue.h"
#include "tui/views/runs/_runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COL_STATE,
	COL_STAR,
	COL_NAME = BN_RUNS_NAME,
	COL_TITLE,
	COL_FIELDS
}; /* then the fields, then these: */
enum {
	END_CURVE,
	END_DURATION,
	END_CREATED,
	END_NOTE,
	END_EXPERIMENT,
	END_USER,
	END_HOST,
	END_ID,
	END_PARENT,
	END_COLUMNS
};

enum { CURVE = 8, NAME_LEAST = 14 }; /* widths of a curve, of names at least */

static int64_t grid_rows(void *ctx)
{
	const bn_run_page *p = bn_runs_page(ctx);
	return !p ? 0 : bn_runs_is_window(ctx) ? p->total : (int64_t)p->count;
}

static int64_t duration_of(const bn_runs_view *v, const bn_run_row *r)
{
	int64_t end = r->finished_ms > 0 ? r->finished_ms : bn_frame_now_ms(v->list.view.frame);
	bool unknown_end = r->finished_ms <= 0 && !bn_run_status_is_live(r->status);
	return r->started_ms > 0 && !unknown_end ? end - r->started_ms : -1;
}

static void curve_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	const bn_spark *curve = bn_runs_curve(v, r->id);
	if (!curve || !curve->key)
		return;
	out->number = curve->last;
	out->text = bn_spark_text(out->buf, curve->y, curve->count, CURVE, v->list.alphabet);
}

/* Its duration; for a running one its progress, for a queued one its position. */
static void duration_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	int64_t ms = duration_of(v, r), place;
	const bn_spark *curve = bn_runs_curve(v, r->id);
	out->number = (double)ms;
	if (r->status == BN_RUN_QUEUED && (place = bn_queue_place(bn_runs_queue(v), r->id)) > 0) {
		snprintf(out->buf, sizeof out->buf, "#%lld", (long long)place);
		out->text = out->buf;
	} else if (r->status == BN_RUN_RUNNING && curve && curve->total > 0) {
		snprintf(out->buf, sizeof out->buf, "%lld/%lld", (long long)curve->last_step,
			(long long)curve->total);
		out->text = out->buf;
	} else if (ms >= 60 * 1000 && ms < 60 * 60 * 1000) { /* seconds are not significant there */
		snprintf(out->buf, sizeof out->buf, "%lld min", (long long)(ms / 60000));
		out->text = out->buf;
	}
}

static void parent_cell(const bn_cell *parent, const bn_cell *name, bn_grid_cell *out)
{
	if (parent->kind != BN_CELL_TEXT)
		return;
	out->full = parent->text;
	out->text = name->kind == BN_CELL_TEXT ? name->text : parent->text;
	out->ink = BN_INK_DIM;
}

static void end_cell(const bn_runs_view *v, const bn_run_row *r, int end, bn_grid_cell *out)
{
	const bn_cell *note;
	switch (end) {
	case END_CURVE:
		curve_cell(v, r, out);
		return;
	case END_DURATION:
		duration_cell(v, r, out);
		return;
	case END_NOTE:
		note = &r->cells[v->field_count + BN_RUN_NOTE];
		if (note->kind == BN_CELL_TEXT)
			bn_grid_cell_lines(out, note->text);
		return;
	case END_PARENT:
		parent_cell(&r->cells[v->field_count + BN_RUN_PARENT],
			&r->cells[v->field_count + BN_RUN_PARENT_NAME], out);
		return;
	case END_CREATED:
		out->number = (double)r->created_ms;
		return;
	case END_EXPERIMENT:
		out->text = r->experiment;
		return;
	case END_USER:
		out->text = r->user;
		return;
	case END_HOST:
		out->text = r->host;
		return;
	default:
		out->full = r->id;
		snprintf(out->buf, sizeof out->buf, "%.8s", r->id);
		out->text = out->buf;
		out->ink = BN_INK_DIM;
		return;
	}
}

/* Parameters are texts of numbers. */
static void field_cell(const bn_cell *c, bn_grid_cell *out)
{
	if (c->kind == BN_CELL_TEXT) {
		out->text = c->text;
		if (!bn_parse_f64(c->text, strlen(c->text), &out->number))
			out->number = NAN;
	} else if (c->kind == BN_CELL_NUMBER) {
		out->number = c->number;
		out->text = isnan(c->number) ? "nan" : NULL;
	}
}

#define BEST " best"

/* The first metric marks the best, and a run without a number shows its state. */
static void word_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	char text[BN_FORMAT_BYTES];
	if (!isnan(out->number)) {
		bool best = out->number == v->best;
		snprintf(out->buf, sizeof out->buf, "%s%*s", bn_format_number(text, out->number),
			isnan(v->best) ? 0 : (int)sizeof BEST - 1, best ? BEST : "");
		out->text = out->buf;
		out->ink = best ? BN_INK_BEST : out->ink;
	} else if (!out->text && r->status != BN_RUN_FINISHED) {
		out->text = bn_run_status_name(r->status);
		out->ink = bn_state_ink(bn_run_state(r->status));
		out->stands_in = true;
	}
}

/* A sign instead of the word in a column of numbers. */
static void state_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	bn_state_cell(out, bn_run_state(r->status), bn_run_status_name(r->status));
	out->number = (double)r->status;
	if (v->word_field < 0)
		return;
	out->full = out->text;
	out->text = "";
}

static void name_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	char label[BN_RUN_LABEL_BYTES], front[BN_RUNS_TREE_BYTES], back[BN_RUNS_TREE_BYTES];
	const char *name = bn_run_label(label, r->name, r->title, r->id);
	size_t shared = strlen(v->shared);
	char cut_sign[8];
	bool whole = bn_runs_is_tree(v) && r->depth == 0; /* others stand below it by its name */
	bool cut = shared && !whole && strncmp(name, v->shared, shared) == 0;
	bn_runs_tree_front(v, r, front);
	bn_runs_tree_back(r, back);
	out->full = r->name ? r->name : r->id;
	snprintf(out->buf, sizeof out->buf, "%s%s%.60s%s%s", front,
		cut ? bn_glyph_text(cut_sign, v->list.alphabet, BN_GLYPH_ELLIPSIS) : "",
		cut ? name + shared : name, back, strcmp(r->id, v->baseline) == 0 ? " (base)" : "");
	out->text = out->buf;
}

static bool is_starred(const bn_runs_view *v, const bn_run_row *r)
{
	return r->cells[v->field_count + BN_RUN_STAR].kind != BN_CELL_ABSENT;
}

static void star_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out)
{
	out->text = "";
	if (!is_starred(v, r))
		return;
	out->text = bn_glyph_text(out->buf, v->list.alphabet, BN_GLYPH_STAR);
	out->full = "yes";
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

static void row_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_runs_view *v = ctx;
	const bn_run_row *r = bn_runs_row(v, row);
	if (!r) {
		out->pending = true;
		return;
	}
	switch (col) {
	case COL_STATE:
		state_cell(v, r, out);
		return;
	case COL_STAR:
		star_cell(v, r, out);
		return;
	case COL_NAME:
		name_cell(v, r, out);
		return;
	case COL_TITLE:
		out->text = r->title;
		out->ink = BN_INK_DIM;
		return;
	default:
		if (col - COL_FIELDS >= (int)v->field_count) {
			end_cell(v, r, col - COL_FIELDS - (int)v->field_count, out);
			return;
		}
		field_cell(&r->cells[col - COL_FIELDS], out);
		bn_runs_tree_best(v, r, (size_t)(col - COL_FIELDS), out);
		if (col - COL_FIELDS == v->word_field && !out->stands_in)
			word_cell(v, r, out);
		return;
	}
}

/* Those that only show where others belong stand back. */
static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_run_row *r = bn_runs_row(ctx, row);
	row_cell(ctx, row, col, out);
	if (r && r->is_context)
		out->ink = BN_INK_DIM;
}

/* ---- groups -------------------------------------------------------------------------------------- */

static bool is_param(const char *field)
{
	return strncmp(field, "params.", 7) == 0;
}

static int grid_rank(void *ctx, int64_t row)
{
	const bn_run_row *r = bn_runs_row(ctx, row);
	return !r || !bn_run_status_is_live(r->status);
}

static void group_name(const bn_runs_view *v, const int64_t *rows, int64_t count, bn_grid_cell *out)
{
	bn_grid_cell value;
	int64_t failed = 0;
	for (int64_t i = 0; i < count; i++) {
		const bn_run_row *r = bn_runs_row(v, rows[i]);
		failed += r && bn_run_state(r->status) == BN_STATE_FAIL;
	}
	bn_grid_get_cell(&v->list.grid, rows[0], v->list.grid.group, &value);
	const char *text = value.stands_in ? NULL : value.text;
	bool named = v->list.grid.group - COL_FIELDS - (int)v->field_count == END_PARENT;
	bn_runs_group_words(
		v, value.full && !named ? value.full : text, count, failed, out);
}

/* A parameter with the same value in all of them. */
static void group_param(
	const bn_runs_view *v, const int64_t *rows, int64_t count, int col, bn_grid_cell *out)
{
	bn_grid_cell other;
	field_cell(&bn_runs_row(v, rows[0])->cells[col - COL_FIELDS], out);
	for (int64_t i = 1; i < count; i++) {
		bn_grid_cell_clear(&other);
		field_cell(&bn_runs_row(v, rows[i])->cells[col - COL_FIELDS], &other);
		if ((out->text == NULL) != (other.text == NULL) ||
			(out->text && strcmp(out->text, other.text) != 0)) {
			bn_grid_cell_clear(out);
			return;
		}
	}
}

static void group_best(const bn_runs_view *v, const int64_t *rows, int64_t count, bn_grid_cell *out)
{
	const bn_runs *d = bn_list_data(&v->list);
	double best = NAN;
	char text[BN_FORMAT_BYTES];
	for (int64_t i = 0; v->best_better && !d->mixed && i < count; i++) {
		const bn_cell *c = &bn_runs_row(v, rows[i])->cells[v->word_field];
		if (c->kind == BN_CELL_NUMBER && !isnan(c->number) &&
			(isnan(best) || bn_metric_beats(v->best_better, c->number, best)))
			best = c->number;
	}
	if (isnan(best))
		return;
	snprintf(out->buf, sizeof out->buf, "best %s", bn_format_number(text, best));
	out->text = out->buf;
}

static bool group_cell(void *ctx, const int64_t *rows, int64_t count, int col, bn_grid_cell *out)
{
	const bn_runs_view *v = ctx;
	int field = col - COL_FIELDS;
	if (col == COL_NAME)
		group_name(v, rows, count, out);
	else if (field == (int)v->field_count + END_CURVE)
		curve_cell(v, bn_runs_row(v, rows[0]), out);
	else if (field == (int)v->field_count + END_CREATED)
		group_best(v, rows, count, out);
	else if (field >= 0 && field < (int)v->field_count && is_param(v->fields[field]) &&
		 col != v->list.grid.group)
		group_param(v, rows, count, col, out);
	else if (field >= 0 && field < (int)v->field_count && !is_param(v->fields[field]) &&
		 v->aggregate != BN_SUM_MEAN)
		bn_runs_aggregate_cell(v, rows, count, (size_t)field, out);
	else
		return false;
	return true;
}

bool bn_runs_is_grouping(const bn_runs_view *v, int column)
{
	int field = column - COL_FIELDS, end = field - (int)v->field_count;
	if (column == COL_STATE || column == COL_TITLE)
		return true;
	if (field < 0)
		return false;
	if (end >= 0)
		return end == END_EXPERIMENT || end == END_USER || end == END_HOST ||
		       end == END_PARENT;
	return is_param(v->fields[field]);
}

/* ---- common to all rows ---------------------------------------------------------------------- */

/* Up to and including the last separator that leaves something of every name. */
static size_t shared_length(const char *a, const char *b)
{
	size_t parts = 0;
	for (size_t i = 0; a[i] && a[i] == b[i]; i++)
		if (strchr("-_/ ", a[i]) && a[i + 1] && b[i + 1])
			parts = i + 1;
	return parts;
}

enum { SHARED_LEAST = 5 }; /* bytes that justify an ellipsis */

/* The common prefix of most names with one of them, if half have it and it is long enough; the
 * longest of these. */
static void names_look(bn_runs_view *v, const bn_run_page *p)
{
	size_t most = 0, longest = 0;
	v->shared[0] = '\0';
	for (size_t i = 0; i < p->count && i < 8; i++) {
		const char *name = p->rows[i].name;
		for (size_t n = name ? strlen(name) : 0; n >= SHARED_LEAST; n--) {
			size_t with = 0;
			if (!strchr("-_/ ", name[n - 1]) || n >= sizeof v->shared)
				continue;
			for (size_t k = 0; k < p->count; k++)
				with += p->rows[k].name &&
					shared_length(name, p->rows[k].name) >= n;
			bool better = with > most || (with == most && n > longest);
			if (with < 3 || 2 * with < p->count || !better)
				continue;
			most = with;
			longest = n;
			snprintf(v->shared, sizeof v->shared, "%.*s", (int)n, name);
		}
	}
}

void bn_runs_look(bn_runs_view *v)
{
	const bn_runs *d = bn_list_data(&v->list);
	const bn_run_page *p = d && d->all ? d->all : bn_runs_page(v);
	v->best = NAN;
	v->best_id[0] = '\0';
	if (!p || (bn_runs_is_window(v) && !d->all)) {
		v->shared[0] = '\0';
		return;
	}
	names_look(v, p);
	size_t beaten = 0;
	if (d->mixed)
		return;
	for (size_t i = 0; v->best_better && v->word_field >= 0 && i < p->count; i++) {
		const bn_cell *c = &p->rows[i].cells[v->word_field];
		if (c->kind != BN_CELL_NUMBER || isnan(c->number))
			continue;
		beaten++;
		if (isnan(v->best) || bn_metric_beats(v->best_better, c->number, v->best)) {
			v->best = c->number;
			memcpy(v->best_id, p->rows[i].id, sizeof v->best_id);
		}
	}
	if (beaten < 2) {
		v->best = NAN;
		v->best_id[0] = '\0';
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_run_row *r = bn_runs_row(ctx, row);
	char half[17];
	if (!r)
		return 0;
	memcpy(half, r->id, 16);
	half[16] = '\0';
	return strtoull(half, NULL, 16);
}

const bn_grid_source bn_runs_source = {.rows = grid_rows,
	.cell = grid_cell,
	.key = grid_key,
	.rank = grid_rank,
	.group_cell = group_cell,
	.group = bn_runs_group_get,
	.line_cell = bn_runs_line_cell};

const bn_grid_column bn_runs_first_columns[COL_FIELDS] = {
	[COL_STATE] = {.stays = true, .title = "state", .name = "status", .form = BN_COLUMN_STATE, .min = 10},
	[COL_STAR] = {.title = "",
		.name = "starred",
		.min = 1,
		.max = 1,
		.stays = true,
		.hidden = true},
	[COL_NAME] = {.stays = true, .title = "run",
		.name = "name",
		.min = NAME_LEAST,
		.max = 36,
		.wish = 20,
		.flexible = true},
	[COL_TITLE] = {.title = "what", .name = "title", .min = 6, .max = 24, .priority = 4},
};
const int bn_runs_first_count = COL_FIELDS;

static const bn_grid_column end_columns[END_COLUMNS] = {
	[END_CURVE] = {.title = "curve",
		.form = BN_COLUMN_BARS,
		.min = CURVE,
		.max = CURVE,
		.priority = 1},
	[END_DURATION] = {.title = "time",
		.name = "duration",
		.form = BN_COLUMN_DURATION,
		.falls = true,
		.min = 6,
		.priority = 2},
	[END_CREATED] = {.title = "started",
		.name = "created",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 2},
	[END_NOTE] = {.title = "note",
		.min = 6,
		.max = 30,
		.priority = 6,
		.prose = true,
		.flexible = true},
	[END_EXPERIMENT] = {.title = "experiment", .min = 6, .max = 20, .priority = 5},
	[END_USER] = {.title = "by", .name = "user", .min = 4, .max = 12, .priority = 7},
	[END_HOST] = {.title = "host", .min = 4, .max = 16, .priority = 8},
	[END_ID] = {.title = "id", .min = 8, .priority = 6},
	[END_PARENT] = {.title = "parent", .min = 8, .priority = 6, .hidden = true},
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
		v->columns[COL_NAME].min != name_least(d))
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
	if (is_param(d->fields[field]))
		return d->told[field] < 2 ? 1 : 2 + d->told[field];
	for (size_t i = 0; i < field && is_first; i++)
		is_first = d->folded[i] || is_param(d->fields[i]);
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
	size_t total = COL_FIELDS + d->columns + END_COLUMNS, count = 0;
	char **fields = bn_alloc_zeroed(d->columns + 1, sizeof *fields);
	bool *folded = bn_alloc_zeroed(d->columns + 1, sizeof *folded);
	bn_grid_column *columns = bn_alloc_zeroed(total, sizeof *columns);
	if (!fields || !columns || !folded)
		goto failed;
	memcpy(columns, bn_runs_first_columns, sizeof bn_runs_first_columns);
	bool first_star = !v->has_star && any_star(v, d);
	v->has_star = v->has_star || first_star;
	columns[COL_STAR].hidden = !v->has_star;
	columns[COL_NAME].min = name_least(d);
	columns[COL_NAME].wish += name_least(d) - NAME_LEAST;
	words_choose(v, d);
	if (v->word_field >= 0) {
		columns[COL_STATE].title = "";
		columns[COL_STATE].min = columns[COL_STATE].max = 1;
	}
	for (size_t i = 0; i < d->columns; i++) {
		if (!(fields[i] = bn_strdup(d->fields[i])))
			goto failed;
		count = i + 1;
		folded[i] = d->folded[i];
		columns[COL_FIELDS + i] = (bn_grid_column){.title = short_name(fields[i]),
			.name = fields[i],
			.form = BN_COLUMN_NUMBER,
			.hidden = folded[i],
			.falls = !is_param(fields[i]) && bn_metric_direction(fields[i] + 8) > 0,
			.min = 6,
			.max = 20,
			.priority = field_priority(d, i)};
	}
	memcpy(columns + COL_FIELDS + d->columns, end_columns, sizeof end_columns);
	if (bn_grid_set_columns(&v->list.grid, columns, (int)total, NULL))
		goto failed;
	if (first_star) /* a table keeps by name what is hidden */
		v->list.grid.shapes[COL_STAR].hidden = false;
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
	return col >= COL_FIELDS && col < COL_FIELDS + (int)v->field_count;
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
