/*
 * monitor.c - drift reports of models in use, and one of them: a row per feature with the test that
 * was used, its statistic, threshold and verdict; reference against current as a histogram.
 */
#include "core/base/mem.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bn_state drift_state(bn_drift_verdict v)
{
	return v == BN_DRIFT_NONE    ? BN_STATE_OK
	       : v == BN_DRIFT_FOUND ? BN_STATE_FAIL
				     : BN_STATE_WARN;
}

/* ---- one report ---------------------------------------------------------------------------------- */

enum {
	COL_VERDICT,
	COL_FEATURE,
	COL_TEST,
	COL_SCORE,
	COL_RULE,
	COL_STATISTIC,
	COL_SEVERITY,
	COL_ROWS,
	COL_WHY,
	COLUMNS
};

static const bn_grid_column feature_columns[COLUMNS] = {
	[COL_VERDICT] = {.title = "verdict",
		.name = "verdict",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 14},
	[COL_FEATURE] = {.title = "feature", .min = 10, .max = 30, .wish = 20, .flexible = true},
	[COL_TEST] = {.title = "test", .min = 6, .max = 22, .prose = true, .priority = 2},
	[COL_SCORE] = {.title = "score", .form = BN_COLUMN_NUMBER, .min = 8},
	[COL_RULE] = {.title = "drift if", .min = 10, .priority = 1},
	[COL_STATISTIC] = {.title = "statistic",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 9,
		.priority = 3},
	/* How far over the threshold, so that p-values and distances can stand in one order. */
	[COL_SEVERITY] = {.title = "severity",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.hidden = true,
		.min = 8,
		.priority = 3},
	[COL_ROWS] = {.title = "rows",
		.name = "current_rows",
		.form = BN_COLUMN_COUNT,
		.min = 6,
		.priority = 4},
	[COL_WHY] = {.title = "remark", .min = 8, .max = 50, .prose = true, .priority = 5},
};

static const bn_monitor_feature *feature_at(const bn_list *l, int64_t row)
{
	const bn_monitor_report *r = bn_list_data(l);
	return r && row >= 0 && (size_t)row < r->feature_count ? &r->features[row] : NULL;
}

static int64_t feature_rows(void *ctx)
{
	const bn_monitor_report *r = bn_list_data(ctx);
	return r ? (int64_t)r->feature_count : 0;
}

static double severity(const bn_drift_result *r)
{
	if (isnan(r->score) || !(r->threshold > 0))
		return NAN;
	return r->op == BN_DRIFT_DISTANCE_AT_LEAST ? r->score / r->threshold
						   : r->threshold / fmax(r->score, 1e-300);
}

static void feature_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_monitor_feature *f = feature_at(ctx, row);
	const bn_drift_result *r = &f->result;
	char number[BN_FORMAT_BYTES];
	switch (col) {
	case COL_VERDICT:
		bn_state_cell(out, drift_state(r->verdict), bn_drift_verdict_name(r->verdict));
		return;
	case COL_FEATURE:
		out->text = f->name;
		return;
	case COL_TEST:
		out->text = bn_drift_test_name(r->test);
		return;
	case COL_SCORE:
		out->number = r->score;
		return;
	case COL_RULE:
		snprintf(out->buf, sizeof out->buf, "%s %s", bn_drift_operator_text(r->op),
			bn_format_number(number, r->threshold));
		out->text = out->buf;
		out->ink = BN_INK_DIM;
		return;
	case COL_STATISTIC:
		out->number = r->statistic;
		return;
	case COL_SEVERITY:
		out->number = severity(r);
		return;
	case COL_ROWS:
		out->number = (double)r->n_cur;
		return;
	default:
		out->text = r->why[0] ? r->why : "";
		out->ink = BN_INK_DIM;
		return;
	}
}

static const bn_grid_source feature_source = {.rows = feature_rows, .cell = feature_cell};

static void histogram_draw(const bn_monitor_feature *f, bn_area a)
{
	const bn_drift_result *r = &f->result;
	char score[BN_FORMAT_BYTES], limit[BN_FORMAT_BYTES];
	bn_state s = drift_state(r->verdict);
	int col = bn_area_text(a, 0, 0, BN_INK_STRONG, f->name);
	col = bn_area_glyph(a, 0, col + 2, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
	col = bn_area_textf(
		a, 0, col + 1, bn_state_ink(s), "%s", bn_drift_verdict_name(r->verdict));
	bn_area_textf(a, 1, 0, BN_INK_TEXT, "%s: %s %s (drift if %s %s)",
		bn_drift_test_title(r->test),
		r->op == BN_DRIFT_DISTANCE_AT_LEAST ? "distance" : "p",
		bn_format_number(score, r->score), bn_drift_operator_text(r->op),
		bn_format_number(limit, r->threshold));
	bn_area_textf(a, 2, 0, BN_INK_DIM,
		"%zu reference rows, %zu current; left out: %zu and %zu. %s", r->n_ref, r->n_cur,
		r->ref_dropped, r->cur_dropped, r->why);
	bn_area plot = bn_area_sub(a, 4, 0, a.rows - 4, a.cols);
	if (!f->bins)
		bn_area_text(plot, 0, 0, BN_INK_DIM, "no bins were kept for this feature");
	else if (f->labels)
		bn_chart_categories(plot, (const char *const *)f->labels, f->ref, f->cur, f->bins);
	else
		bn_chart_histogram(plot, f->ref, f->cur, f->bins, f->edges[0], f->edges[f->bins]);
}

typedef struct report_view {
	bn_list list;
	bool feature_only; /* the histogram alone, where there is no room for both */
} report_view;

static void report_head(const bn_list *l, bn_area a)
{
	const bn_monitor_report *r = bn_list_data(l);
	char rows[BN_FORMAT_BYTES], when[BN_FORMAT_BYTES];
	bn_state s = drift_state(r->dataset.verdict);
	int col = bn_area_glyph(a, 0, 1, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
	col = bn_area_textf(
		a, 0, col + 1, bn_state_ink(s), "%s", bn_drift_verdict_name(r->dataset.verdict));
	bn_area_textf(a, 0, col + 2, BN_INK_TEXT, "%zu of %zu features drifted, %zu inconclusive",
		r->dataset.drifted, r->dataset.columns, r->dataset.inconclusive);
	bn_area_textf(a, 1, 1, BN_INK_DIM, "%s%s%s against %s, %s rows, made %s", r->model,
		r->version ? "/" : "", r->version ? r->version : "",
		r->reference ? r->reference : r->reference_kind, bn_format_count(rows, r->rows),
		bn_format_age(when, r->time_ms, bn_frame_now_ms(l->view.frame)));
}

static void report_draw(bn_view *view, bn_area a, bool focused)
{
	report_view *v = (report_view *)view;
	bn_area list, detail;
	const bn_monitor_feature *f = feature_at(&v->list, bn_grid_selected_row(&v->list.grid));
	if (v->list.page && v->list.page->data && a.rows > 6) {
		report_head(&v->list, a);
		a = bn_area_sub(a, 2, 0, a.rows - 2, a.cols);
	}
	bool split = bn_view_split(view, a, &list, &detail);
	if (!split && v->feature_only && f) {
		histogram_draw(f, bn_area_sub(a, 0, 1, a.rows, a.cols - 2));
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	bn_list_draw(view, list, focused);
	if (split && f)
		histogram_draw(f, detail);
}

static bool report_command(bn_view *view, bn_command_id id, const char *arg)
{
	report_view *v = (report_view *)view;
	(void)arg;
	if (id != BN_CMD_OPEN && id != BN_CMD_NEXT_PANE)
		return false;
	v->feature_only = !v->feature_only; /* up and down go on to the next feature */
	return true;
}

static void report_refresh(bn_view *view)
{
	bn_list *l = (bn_list *)view;
	bn_ref_arg arg = {""};
	memcpy(arg.ref, l->ref, sizeof arg.ref);
	if (!l->page) /* reports never change */
		bn_view_load(
			view, BN_LANE_QUICK, 0, bn_view_source(view)->report, &arg, sizeof arg);
}

static void report_cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle monitor show %s --json", ((const bn_list *)view)->ref);
}

static const bn_view_class report_class = {
	.name = "report",
	.kind = BN_ON(FEATURE),
	.draw = report_draw,
	.command = report_command,
	.page = bn_list_page,
	.refresh = report_refresh,
	.crumb = bn_list_crumb,
	.cli = report_cli,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_report_new(bn_view **out, bn_frame *f, const char *id, bn_err *err)
{
	report_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &report_class, f, &feature_source, feature_columns,
		COLUMNS, id, err);
	if (!rc)
		*out = &v->list.view;
	return rc;
}

static int open_report(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	(void)arg;
	return bn_view_report_new(out, f, page->data, err);
}

void bn_view_make_report(bn_view *v, const char *model)
{
	bn_ref_arg arg = {""};
	char title[BN_REF_BYTES + 24];
	snprintf(arg.ref, sizeof arg.ref, "%s", model);
	snprintf(title, sizeof title, "drift report of %s", arg.ref);
	bn_frame_start(v->frame, &(bn_job_spec){.title = title,
					 .fn = bn_view_source(v)->make_report,
					 .arg = &arg,
					 .arg_bytes = sizeof arg,
					 .open = open_report});
}

/* ---- the list of reports ------------------------------------------------------------------------- */

enum {
	RCOL_VERDICT,
	RCOL_MODEL,
	RCOL_DRIFTED,
	RCOL_ROWS,
	RCOL_AGE,
	RCOL_REFERENCE,
	RCOL_FROM,
	RCOL_ID,
	RCOLUMNS
};

static const bn_grid_column report_columns[RCOLUMNS] = {
	[RCOL_VERDICT] = {.title = "verdict",
		.name = "dataset.verdict",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 14},
	[RCOL_MODEL] = {.title = "model",
		.name = "spec",
		.min = 10,
		.max = 36,
		.wish = 24,
		.flexible = true},
	[RCOL_DRIFTED] = {.title = "drifted",
		.name = "dataset.drifted",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 8},
	[RCOL_ROWS] = {.title = "predictions",
		.name = "window.rows",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 6,
		.priority = 2},
	[RCOL_AGE] =
		{.title = "made", .name = "time", .form = BN_COLUMN_AGE, .min = 8, .priority = 1},
	[RCOL_REFERENCE] = {.title = "reference",
		.name = "reference.dataset",
		.min = 8,
		.max = 24,
		.priority = 3},
	[RCOL_FROM] = {.title = "window from",
		.name = "window.from",
		.form = BN_COLUMN_TIME,
		.min = 10,
		.priority = 5},
	[RCOL_ID] = {.title = "id", .min = 8, .priority = 4},
};

static const bn_monitor_report *report_at(const bn_list *l, int64_t row)
{
	const bn_monitor_reports *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->count ? d->items[row] : NULL;
}

static int64_t report_rows(void *ctx)
{
	const bn_monitor_reports *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

static void report_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_monitor_report *r = report_at(ctx, row);
	switch (col) {
	case RCOL_VERDICT:
		bn_state_cell(out, drift_state(r->dataset.verdict),
			bn_drift_verdict_name(r->dataset.verdict));
		return;
	case RCOL_MODEL:
		snprintf(out->buf, sizeof out->buf, "%.70s%s%.10s", r->model, r->version ? "/" : "",
			r->version ? r->version : "");
		out->text = out->buf;
		return;
	case RCOL_DRIFTED:
		out->number = (double)r->dataset.drifted;
		snprintf(out->buf, sizeof out->buf, "%zu of %zu", r->dataset.drifted,
			r->dataset.columns);
		out->text = out->buf;
		return;
	case RCOL_ROWS:
		out->number = (double)r->rows;
		return;
	case RCOL_AGE:
		out->number = (double)r->time_ms;
		return;
	case RCOL_REFERENCE:
		out->text = r->reference ? r->reference : r->reference_kind;
		return;
	case RCOL_FROM:
		out->number = (double)r->from_ms;
		return;
	default:
		out->full = r->id;
		snprintf(out->buf, sizeof out->buf, "%.8s", r->id);
		out->text = out->buf;
		out->ink = BN_INK_DIM;
		return;
	}
}

static uint64_t report_key(void *ctx, int64_t row)
{
	uint64_t h = 1469598103934665603u; /* FNV-1a */
	for (const char *s = report_at(ctx, row)->id; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

static const bn_grid_source report_source = {
	.rows = report_rows, .cell = report_cell, .key = report_key};

static bool monitor_command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	const bn_monitor_report *r = report_at(l, bn_grid_selected_row(&l->grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	(void)arg;
	if (id == BN_CMD_REPORT && r) {
		char model[BN_REF_BYTES];
		snprintf(model, sizeof model, "%.120s%s%.20s", r->model, r->version ? "/" : "",
			r->version ? r->version : "");
		bn_view_make_report(view, model);
		return true;
	}
	if (id != BN_CMD_OPEN || !r)
		return false;
	return bn_view_open(
		view->frame, bn_view_report_new(&made, view->frame, r->id, &err), &made, &err);
}

static bool monitor_refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_list *l = (bn_list *)view;
	if ((id != BN_CMD_OPEN && id != BN_CMD_REPORT) ||
		report_at(l, bn_grid_selected_row(&l->grid)))
		return false;
	snprintf(why, size, "no report yet: binnacle monitor report MODEL");
	return true;
}

static void monitor_refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->reports, NULL, 0);
}

static void monitor_cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle monitor ls --json");
}

static const bn_view_class monitor_class = {
	.name = "Monitor",
	.kind = BN_ON(MONITOR),
	.refresh_ms = 5000,
	.draw = bn_list_draw,
	.command = monitor_command,
	.refuses = monitor_refuses,
	.page = bn_list_page,
	.refresh = monitor_refresh,
	.cli = monitor_cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_monitor_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof *l, &monitor_class, f, &report_source, report_columns,
		RCOLUMNS, NULL, err);
	if (rc)
		return rc;
	l->grid.empty = "no drift report yet: binnacle monitor report MODEL";
	*out = &l->view;
	return 0;
}
