/* changes.c - the differences between two dataset versions: columns that were added, removed or
 * have another type, and the number of rows with another value. Enter opens these rows. By a key, rows that only
 * one of them has come first. */
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	COL_COLUMN,
	COL_WHAT,
	COL_ROWS,
	COL_WHY,
	COL_DISTANCE,
	COL_MEAN_A,
	COL_MEAN_B,
	COL_SHIFT,
	COL_MISSING_A,
	COL_MISSING_B,
	COL_TYPE_A,
	COL_TYPE_B,
	COLUMNS
};

static const bn_grid_column columns[COLUMNS] = {
	[COL_COLUMN] = {.title = "column", .frozen = true, .min = 10, .max = 36},
	[COL_WHAT] = {.title = "what", .form = BN_COLUMN_STATE, .falls = true, .min = 8},
	[COL_ROWS] = {.title = "rows differ",
		.name = "rows_different",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 8},
	[COL_WHY] = {.title = "why", .min = 7, .priority = 1},
	[COL_DISTANCE] = {.title = "distance",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 8,
		.priority = 2},
	[COL_MEAN_A] = {.title = "mean before",
		.name = "mean_a",
		.form = BN_COLUMN_NUMBER,
		.min = 9,
		.priority = 1},
	[COL_MEAN_B] = {.title = "mean now",
		.name = "mean_b",
		.form = BN_COLUMN_NUMBER,
		.min = 9,
		.priority = 1},
	[COL_SHIFT] = {.title = "shift/std",
		.name = "shift_std",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 9,
		.priority = 2},
	[COL_MISSING_A] = {.title = "missing before",
		.name = "missing_a",
		.form = BN_COLUMN_SHARE,
		.min = 8,
		.priority = 3},
	[COL_MISSING_B] = {.title = "missing now",
		.name = "missing_b",
		.form = BN_COLUMN_SHARE,
		.min = 8,
		.priority = 3},
	[COL_TYPE_A] = {.title = "type before", .name = "type_a", .min = 8, .priority = 4},
	[COL_TYPE_B] = {.title = "type now", .name = "type_b", .min = 8, .priority = 4},
};

typedef struct changes_view {
	bn_list list;
	bn_changes_arg of;
	char shown[BN_ROW_KEY_BYTES]; /* the key of the page */
} changes_view;

/* Rows that only one version has, as lines of the list. */
typedef enum only { ONLY_NONE, ONLY_BEFORE, ONLY_NOW } only;

static int only_lines(const bn_changes_page *d)
{
	return (d->changes.rows_removed > 0) + (d->changes.rows_added > 0);
}

static only only_of(const bn_list *l, int64_t row)
{
	const bn_changes_page *d = bn_list_data(l);
	if (!d || row < 0 || row >= only_lines(d))
		return ONLY_NONE;
	return row == 0 && d->changes.rows_removed ? ONLY_BEFORE : ONLY_NOW;
}

/* The column of a line; NULL: the line is about rows, or there is none. */
static const bn_column_change *item(const bn_list *l, int64_t row)
{
	const bn_changes_page *d = bn_list_data(l);
	if (!d || row < only_lines(d))
		return NULL;
	row -= only_lines(d);
	return (size_t)row < d->changes.count ? &d->changes.items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_changes_page *d = bn_list_data(ctx);
	return d ? (int64_t)d->changes.count + only_lines(d) : 0;
}

static void only_cell(const bn_list *l, only which, int col, bn_grid_cell *out)
{
	const bn_column_changes *c = &((const bn_changes_page *)bn_list_data(l))->changes;
	out->number = NAN;
	if (col == COL_WHAT) {
		out->number = BN_COLUMN_CHANGE_REMOVED + (double)which;
		out->text = which == ONLY_BEFORE ? "rows removed" : "rows added";
		out->ink = BN_INK_WARN;
	} else if (col == COL_ROWS) {
		out->number = (double)(which == ONLY_BEFORE ? c->rows_removed : c->rows_added);
	}
}

static void type_cell(const bn_profile_column *c, bn_grid_cell *out)
{
	if (c)
		out->text = bn_field_type_text(&c->field, out->buf);
	out->ink = BN_INK_DIM;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_column_change *c = item(ctx, row);
	if (!c) {
		only_cell(ctx, only_of(ctx, row), col, out);
		return;
	}
	switch (col) {
	case COL_COLUMN:
		out->text = (c->a ? c->a : c->b)->name;
		return;
	case COL_WHAT:
		out->number = (double)c->kind;
		out->text = bn_column_change_name(c->kind);
		out->ink = c->kind == BN_COLUMN_CHANGE_VALUES ? BN_INK_TEXT : BN_INK_WARN;
		return;
	case COL_ROWS:
		out->number = (double)c->rows;
		return;
	case COL_WHY:
		out->text = bn_distance_name(c->distance.kind);
		return;
	case COL_DISTANCE:
		out->number = c->distance.shares;
		return;
	case COL_MEAN_A:
		out->number = c->mean_a;
		return;
	case COL_MEAN_B:
		out->number = c->mean_b;
		return;
	case COL_SHIFT:
		out->number = c->shift;
		return;
	case COL_MISSING_A:
		out->number = bn_profile_share_missing(c->a);
		return;
	case COL_MISSING_B:
		out->number = bn_profile_share_missing(c->b);
		return;
	default:
		type_cell(col == COL_TYPE_A ? c->a : c->b, out);
		return;
	}
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

static void put_how(bn_buf *out, const bn_changes_page *d, const char *key)
{
	const bn_column_changes *c = &d->changes;
	char changed[BN_FORMAT_BYTES];
	if (c->by_key)
		bn_buf_addf(out, "rows matched by %s: %s changed", key,
			bn_format_count(changed, (int64_t)c->rows_changed));
	else if (c->by_value)
		bn_buf_adds(out, "by value, row by row");
	else if (c->same_rows)
		bn_buf_adds(out, "by distribution; rows were added at the end");
	else
		bn_buf_addf(out, "by distribution; :key %s matches rows",
			d->could_be_key ? d->could_be_key : "COLUMN");
}

/* What is compared and how, in one line or two; returns how many. */
static int draw_head(const changes_view *v, const bn_changes_page *d, bn_area a)
{
	char before[BN_FORMAT_BYTES], now[BN_FORMAT_BYTES], what[320];
	bn_buf how = BN_BUF_INIT;
	int n = snprintf(what, sizeof what, "%s rows before, %s now; %s; %zu of %zu differ",
		bn_format_count(before, d->rows_a), bn_format_count(now, d->rows_b),
		d->same_schema ? "the same columns" : "other columns", d->changes.count, d->columns_b);
	put_how(&how, d, v->shown);
	bool one = !how.failed && n + (int)bn_utf8_width(how.ptr) + 4 <= a.cols;
	if (one)
		snprintf(what + n, sizeof what - (size_t)n, ", %s", how.ptr);
	bn_area_field(a, 0, 1, a.cols - 2, BN_INK_TEXT, what);
	if (!one)
		bn_area_field(a, 1, 1, a.cols - 2, BN_INK_TEXT, how.failed ? "" : how.ptr);
	bn_buf_release(&how);
	return one ? 1 : 2;
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_changes_page *d = bn_list_data((bn_list *)view);
	if (d && a.rows > 5) {
		int rows = draw_head((changes_view *)view, d, a);
		a = bn_area_sub(a, rows, 0, a.rows - rows, a.cols);
	}
	bn_list_draw(view, a, focused);
}

/* Opens rows of a version that differ from the other one: in a column, or altogether. */
static bool open_rows(changes_view *v, bool of_before, const bn_column_change *c)
{
	bn_rows_of of = bn_rows_of_version(of_before ? v->of.a : v->of.b, "");
	const char *other = of_before ? v->of.b : v->of.a;
	char title[BN_ROWS_TITLE], name[BN_FORMAT_NAME_BYTES];
	bn_rows_base base;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	memset(&base, 0, sizeof base);
	base.kind = c ? BN_ROWS_CHANGED : BN_ROWS_UNMATCHED;
	snprintf(base.other, sizeof base.other, "%s", other);
	snprintf(base.key, sizeof base.key, "%s", v->shown);
	if (c) {
		base.at = (int)(c->b - ((const bn_changes_page *)bn_list_data(&v->list))->columns_of_b);
		snprintf(title, sizeof title, "%s is not as in %.*s",
			bn_format_name(name, c->a->name, BN_ROWS_NAME), BN_REF_BYTES, other);
	} else {
		snprintf(title, sizeof title, "not in %.*s", BN_REF_BYTES, other);
	}
	bn_rows_of_add(&of, &base, title);
	return bn_view_open(v->list.view.frame,
		bn_view_rows_new(&made, v->list.view.frame, &of, c ? c->a->name : NULL, &err), &made, &err);
}

/* "none" goes back to rows of the same number. */
static bool match_by(changes_view *v, const char *key)
{
	if (!key || !*key) {
		bn_frame_message(v->list.view.frame, "name the columns that tell rows apart: :key id, :key host,time, :key none");
		return true;
	}
	if (strlen(key) >= sizeof v->of.key) {
		bn_frame_message(v->list.view.frame, "a key takes at most %zu bytes", sizeof v->of.key - 1);
		return true;
	}
	memset(v->of.key, 0, sizeof v->of.key);
	if (strcmp(key, "none") != 0)
		snprintf(v->of.key, sizeof v->of.key, "%s", key);
	bn_view_load(&v->list.view, BN_LANE_SCAN, 0, bn_view_source(&v->list.view)->changes, &v->of, sizeof v->of);
	return true;
}

/* The rows that differ, as they were and as they are. */
static bool open_both(changes_view *v)
{
	bn_frame *f = v->list.view.frame;
	bn_changes_arg of = v->of;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	return bn_view_open(f, bn_view_row_changes_new(&made, f, &of, &err), &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	changes_view *v = (changes_view *)view;
	int64_t row = bn_grid_selected_row(&v->list.grid);
	const bn_column_change *c = item(&v->list, row);
	if (id == BN_CMD_KEY)
		return match_by(v, arg);
	if (id == BN_CMD_VIEW)
		return open_both(v);
	if (id != BN_CMD_OPEN || (!c && only_of(&v->list, row) == ONLY_NONE))
		return false;
	return open_rows(v, !c && only_of(&v->list, row) == ONLY_BEFORE, c);
}

static int words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	const bn_changes_page *d = bn_list_data((const bn_list *)view);
	int n = 0;
	if (id != BN_CMD_KEY || !d)
		return 0;
	for (; (size_t)n < d->common && n < most; n++)
		out[n] = d->columns_of_both[n];
	if (n < most)
		out[n++] = "none";
	return n;
}

/* A key that cannot match the rows leaves everything as it was. */
static void page(bn_view *view, bn_page *p)
{
	changes_view *v = (changes_view *)view;
	if (p->data)
		memcpy(v->shown, v->of.key, sizeof v->shown);
	else
		memcpy(v->of.key, v->shown, sizeof v->of.key);
	bn_list_page(view, p);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_list *l = (bn_list *)view;
	const bn_column_change *c = item(l, bn_grid_selected_row(&l->grid));
	const bn_changes_page *d = bn_list_data(l);
	if (id == BN_CMD_VIEW && !((changes_view *)view)->shown[0]) {
		snprintf(why, size, "rows are found by a key: :key %s",
			d && d->could_be_key ? d->could_be_key : "COLUMN");
		return true;
	}
	if (id != BN_CMD_OPEN || (c && c->rows > 0) ||
		only_of(l, bn_grid_selected_row(&l->grid)) != ONLY_NONE)
		return false;
	if (c && c->rows < 0)
		snprintf(why, size, "rows were not compared: one version lacks the column%s",
			((const bn_changes_page *)bn_list_data(l))->changes.by_value
				? ""
				: ", or has fewer rows (:key COLUMN matches them)");
	else
		snprintf(why, size, "%s", c ? "no row differs" : "nothing differs");
	return true;
}

static void refresh(bn_view *view)
{
	changes_view *v = (changes_view *)view;
	if (!v->list.page) /* versions never change */
		bn_view_load(
			view, BN_LANE_SCAN, 0, bn_view_source(view)->changes, &v->of, sizeof v->of);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const changes_view *v = (const changes_view *)view;
	bn_buf_addf(out, "%s against %s", v->of.b, v->of.a);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const changes_view *v = (const changes_view *)view;
	bn_buf_addf(out, "binnacle data diff %s %s", v->of.a, v->of.b);
	bn_shell_option_add(out, "key", v->shown);
	bn_buf_adds(out, " --json");
}

static const bn_view_class changes_class = {
	.name = "",
	.kind = BN_ON(CHANGES),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.words = words,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_changes_new(bn_view **out, bn_frame *f, const char *a, const char *b, bn_err *err)
{
	changes_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &changes_class, f, &source, columns, COLUMNS, b, err);
	if (rc)
		return rc;
	snprintf(v->of.a, sizeof v->of.a, "%s", a);
	snprintf(v->of.b, sizeof v->of.b, "%s", b);
	v->list.grid.empty = "no column differs";
	*out = &v->list.view;
	return 0;
}
