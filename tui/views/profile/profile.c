/*
 * profile.c - one row per column of a dataset version: missing values, distinct values, quantiles,
 * and a small histogram; next to or below it a large histogram. Numbers open rows.
 */
#include "core/base/mem.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"
#include "tui/views/profile/spark.h"
#include "tui/views/rows/filter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SPARK BN_PROFILE_SPARK

enum {
	COL_NAME,
	COL_TYPE,
	COL_MISSING,
	COL_DISTINCT,
	COL_HISTOGRAM,
	COL_MIN,
	COL_MEDIAN,
	COL_MEAN,
	COL_MAX,
	COL_STD,
	COL_P05,
	COL_P95,
	COL_SKEW,
	COLUMNS
};

static const bn_grid_column columns[COLUMNS] = {
	[COL_NAME] = {.title = "column", .name = "name", .frozen = true, .min = 8, .max = 28},
	[COL_TYPE] = {.title = "type", .min = 6, .priority = 6},
	[COL_MISSING] = {.title = "missing",
		.name = "missing_share",
		.form = BN_COLUMN_SHARE,
		.falls = true,
		.min = 7,
		.priority = 1},
	[COL_DISTINCT] = {.title = "distinct",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 7,
		.priority = 2},
	[COL_HISTOGRAM] = {.title = "histogram",
		.form = BN_COLUMN_BARS,
		.min = SPARK,
		.priority = 1},
	[COL_MIN] = {.title = "min", .form = BN_COLUMN_NUMBER, .min = 8, .max = 20, .priority = 3},
	[COL_MEDIAN] = {.title = "median",
		.name = "p50",
		.form = BN_COLUMN_NUMBER,
		.min = 8,
		.priority = 4},
	[COL_MEAN] = {.title = "mean", .form = BN_COLUMN_NUMBER, .min = 8, .priority = 4},
	[COL_MAX] = {.title = "max", .form = BN_COLUMN_NUMBER, .min = 8, .max = 20, .priority = 3},
	[COL_STD] = {.title = "std", .form = BN_COLUMN_NUMBER, .min = 8, .priority = 5},
	[COL_P05] = {.title = "5 %", .form = BN_COLUMN_NUMBER, .min = 8, .priority = 7},
	[COL_P95] = {.title = "95 %", .form = BN_COLUMN_NUMBER, .min = 8, .priority = 7},
	[COL_SKEW] = {.title = "skew", .form = BN_COLUMN_NUMBER, .min = 6, .priority = 8},
};

typedef struct profile_view {
	bn_list list;
	bn_rows_of of;
} profile_view;

enum { KIND_KEPT, KIND_MADE };

static bn_profile_arg arg_of(const profile_view *v)
{
	return (bn_profile_arg){v->of};
}

static const bn_profile_column *column_at(const bn_list *l, int64_t row)
{
	const bn_profile *p = bn_list_data(l);
	return p && row >= 0 && (size_t)row < p->column_count ? &p->columns[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_profile *p = bn_list_data(ctx);
	return p ? (int64_t)p->column_count : 0;
}

static void spark_cell(const bn_list *l, const bn_profile_column *c, bn_grid_cell *out)
{
	bn_profile_spark(out->buf, c, l->alphabet);
	out->text = out->buf[0] ? out->buf : NULL;
}

static double number_of(const bn_profile_column *c, int col)
{
	switch (col) {
	case COL_MIN:
		return c->min;
	case COL_MEDIAN:
		return bn_profile_quantile(c, 0.5);
	case COL_MEAN:
		return c->mean;
	case COL_MAX:
		return c->max;
	case COL_STD:
		return c->std;
	case COL_P05:
		return bn_profile_quantile(c, 0.05);
	case COL_P95:
		return bn_profile_quantile(c, 0.95);
	case COL_SKEW:
		return c->skew;
	default:
		return NAN;
	}
}

/* All digits of integers that a double does not hold; NULL: number_of is exact. */
static const char *digits_of(const bn_profile_column *c, int col)
{
	switch (col) {
	case COL_MIN:
		return bn_profile_beyond_doubles(c) ? c->min_text : NULL;
	case COL_MAX:
		return bn_profile_beyond_doubles(c) ? c->max_text : NULL;
	case COL_MEDIAN:
		return bn_profile_quantile_text(c, 0.5);
	case COL_P05:
		return bn_profile_quantile_text(c, 0.05);
	case COL_P95:
		return bn_profile_quantile_text(c, 0.95);
	default:
		return NULL;
	}
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_profile_column *c = column_at(ctx, row);
	bool is_time = bn_type_is_time(c->type);
	switch (col) {
	case COL_NAME:
		out->text = c->name;
		return;
	case COL_TYPE:
		out->text = bn_type_name(c->type);
		out->ink = BN_INK_DIM;
		return;
	case COL_MISSING:
		out->number = bn_profile_share_missing(c);
		out->text = c->missing ? NULL : "0";
		out->ink = c->missing ? BN_INK_WARN : BN_INK_TEXT;
		return;
	case COL_DISTINCT:
		out->number = (double)c->distinct;
		out->buf[0] = '~';
		out->text = bn_format_count(out->buf + !c->distinct_exact, (int64_t)c->distinct);
		out->text = out->buf;
		return;
	case COL_HISTOGRAM:
		spark_cell(ctx, c, out);
		return;
	case COL_MIN:
	case COL_MAX:
		if (is_time && !isnan(number_of(c, col)))
			out->text = col == COL_MIN ? c->min_text : c->max_text;
		else
			out->number = number_of(c, col);
		if (!out->text)
			out->text = digits_of(c, col);
		return;
	default:
		if (c->is_numeric && !is_time) {
			out->number = number_of(c, col);
			out->text = digits_of(c, col);
		}
		return;
	}
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

static int facts_draw(bn_area a, const bn_profile_column *c)
{
	char text[BN_FORMAT_BYTES], share[BN_FORMAT_BYTES], more[96];
	int row = 1;
	bn_area_textf(a, 0, 0, BN_INK_STRONG, "%s%s%s%s", c->name, c->unit ? " [" : "",
		c->unit ? c->unit : "", c->unit ? "]" : "");
	row = bn_area_fact(a, row, "type", BN_INK_TEXT, bn_field_type_text(&c->field, more));
	row = bn_area_fact(a, row, "rows", BN_INK_TEXT, bn_format_count(text, (int64_t)c->rows));
	int n = snprintf(more, sizeof more, "%s  (%s)", bn_format_count(text, (int64_t)c->missing),
		bn_format_percent(share, bn_profile_share_missing(c)));
	if (c->nan)
		snprintf(more + n, sizeof more - (size_t)n, ", %s NaN",
			bn_format_count(text, (int64_t)c->nan));
	row = bn_area_fact(a, row, "missing", c->missing ? BN_INK_WARN : BN_INK_TEXT, more);
	snprintf(more, sizeof more, "%s%s", c->distinct_exact ? "" : "about ",
		bn_format_count(text, (int64_t)c->distinct));
	row = bn_area_fact(a, row, "distinct", BN_INK_TEXT, more);
	if (bn_type_is_list(c->type) || c->type == BN_TYPE_BINARY) {
		snprintf(more, sizeof more, "%llu to %llu", (unsigned long long)c->length_min,
			(unsigned long long)c->length_max);
		row = bn_area_fact(a, row, "lengths", BN_INK_TEXT, more);
	}
	if (c->is_numeric && !bn_type_is_time(c->type)) {
		for (int col = COL_MIN; col <= COL_STD; col++)
			row = bn_area_fact(a, row, columns[col].title, BN_INK_TEXT,
				digits_of(c, col) ? digits_of(c, col)
						  : bn_format_exact(text, number_of(c, col)));
		row = bn_area_fact(a, row, "skew", BN_INK_TEXT, bn_format_number(text, c->skew));
	}
	return row;
}

static void histogram_draw(bn_area a, const bn_profile_column *c)
{
	double shares[BN_PROFILE_BINS];
	double present = (double)(c->rows - c->missing);
	const char *names[BN_PROFILE_TOP];
	size_t n = bn_profile_bars(c, shares);
	for (size_t i = 0; i < n; i++)
		shares[i] = present > 0 ? shares[i] / present : 0;
	if (c->hist_count) {
		bn_chart_histogram(
			a, &(bn_histogram){NULL, shares, n, c->hist_lo, c->hist_hi, false});
		return;
	}
	n = n < BN_PROFILE_TOP ? n : BN_PROFILE_TOP;
	for (size_t i = 0; i < n; i++)
		names[i] = c->top[i].text;
	bn_chart_categories(a, names, NULL, shares, n);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_list *l = (bn_list *)view;
	bn_area list, detail;
	bool split = bn_view_split(view, a, &list, &detail);
	bn_list_draw(view, list, focused);
	const bn_profile_column *c = column_at(l, bn_grid_selected_row(&l->grid));
	if (!split || !c)
		return;
	int row = facts_draw(detail, c) + 1;
	histogram_draw(bn_area_sub(detail, row, 0, detail.rows - row, detail.cols), c);
}

bool bn_profile_absent_rows(bn_rows_of *of, const bn_profile *p, const bn_profile_column *c)
{
	bn_rows_column column = {
		(int)(c - p->columns), c->type, c->name}; /* in the table's order */
	return bn_rows_of_state(of, BN_ROWS_ABSENT, &column);
}

/* The rows without a value of the column. */
static bool missing_open(profile_view *v, const bn_profile_column *c)
{
	bn_frame *f = v->list.view.frame;
	bn_rows_of of = v->of;
	bn_view *made = NULL;
	bn_err err = BN_ERR_INIT;
	if (!bn_profile_absent_rows(&of, bn_list_data(&v->list), c)) {
		bn_frame_message(f, "these rows are narrowed too often already");
		return true;
	}
	return bn_view_open(f, bn_view_rows_new(&made, f, &of, c->name, &err), &made, &err);
}

static const bn_profile_column *column_named(const bn_list *l, const char *name)
{
	const bn_profile *d = bn_list_data(l);
	for (size_t i = 0; d && i < d->column_count; i++)
		if (strcmp(d->columns[i].name, name) == 0)
			return &d->columns[i];
	return NULL;
}

/* Columns of the data by name: those of the table are properties of theirs. */
static int column_words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	const bn_profile *d = bn_list_data((const bn_list *)view);
	bool of_data = id == BN_CMD_FREQUENCY || id == BN_CMD_HISTOGRAM;
	int n = 0;
	for (size_t i = 0; of_data && d && i < d->column_count && n < most; i++)
		out[n++] = d->columns[i].name;
	return n;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	const bn_profile_column *c = column_at(l, bn_grid_selected_row(&l->grid));
	bool of_values = id == BN_CMD_FREQUENCY || id == BN_CMD_HISTOGRAM;
	if (of_values && arg && *arg && !(c = column_named(l, arg))) {
		bn_frame_error(view->frame, (bn_err_set(&err, BN_EINVAL, "no column '%.100s' here", arg), &err));
		return true;
	}
	if (id == BN_CMD_CHECKS)
		return bn_view_open(view->frame,
			bn_view_checks_new(&made, view->frame, l->ref, &err), &made, &err);
	if (id == BN_CMD_CORRELATIONS)
		return bn_view_open(view->frame,
			bn_view_correlations_new(
				&made, view->frame, &((profile_view *)view)->of, &err),
			&made, &err);
	if ((id != BN_CMD_OPEN && !of_values) || !c)
		return false;
	if (id == BN_CMD_OPEN && l->grid.column == COL_MISSING && c->missing)
		return missing_open((profile_view *)view, c);
	int rc = bn_view_frequency_new(&made, view->frame, &((profile_view *)view)->of,
		(int)(c - ((const bn_profile *)bn_list_data(l))->columns), c->name, &err);
	if (rc >= 0 && id == BN_CMD_HISTOGRAM)
		bn_view_frequency_by_value(made);
	return bn_view_open(view->frame, rc, &made, &err);
}

static int open_profile(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	const bn_profile_arg *a = arg;
	int rc = bn_view_profile_new(out, f, &a->of, err);
	if (rc < 0)
		return rc;
	bn_list_page(*out, bn_page_ref(page));
	return 0;
}

/* A stored result comes as a page; otherwise a job computes it. */
static void refresh(bn_view *view)
{
	bn_list *l = (bn_list *)view;
	bn_profile_arg arg = arg_of((const profile_view *)view);
	if (!bn_list_data(l) && !view->job)
		bn_view_load(view, BN_LANE_QUICK, KIND_KEPT, bn_view_source(view)->profile, &arg,
			sizeof arg);
}

static void page(bn_view *view, bn_page *p)
{
	bn_profile_arg arg = arg_of((const profile_view *)view);
	char title[BN_REF_BYTES + sizeof arg.of.filter + sizeof arg.of.title + 32],
		words[sizeof arg.of.filter + sizeof arg.of.title + 8];
	if (p->kind != KIND_KEPT || p->data || p->err.code) {
		bn_list_page(view, p);
		return;
	}
	bn_page_free(p);
	bn_rows_of_words(&arg.of, words, sizeof words);
	snprintf(title, sizeof title, "profile of %s%s%s", arg.of.ref, words[0] ? " " : "", words);
	bn_view_start(view, &(bn_job_spec){.title = title,
				    .fn = bn_view_source(view)->make_profile,
				    .arg = &arg,
				    .arg_bytes = sizeof arg,
				    .kind = KIND_MADE,
				    .open = open_profile});
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const profile_view *v = (const profile_view *)view;
	char words[sizeof v->of.filter + sizeof v->of.title + 8];
	bn_rows_of_words(&v->of, words, sizeof words);
	bn_buf_addf(out, "%s%s%s", v->list.ref, words[0] ? " " : "", words);
}

static void cli(const bn_view *view, bn_buf *out)
{
	bn_rows_of_cli(&((const profile_view *)view)->of, "describe", NULL, out);
}

static const bn_view_class profile_class = {
	.name = "profile of",
	.kind = BN_ON(PROFILE),
	.draw = draw,
	.command = command,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.cli_is_list = true,
	.words = column_words,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_profile_new(bn_view **out, bn_frame *f, const bn_rows_of *of, bn_err *err)
{
	profile_view *v = NULL;
	int rc = bn_list_new(
		&v, sizeof *v, &profile_class, f, &source, columns, COLUMNS, of->ref, err);
	if (rc)
		return rc;
	v->of = *of;
	*out = &v->list.view;
	return 0;
}
