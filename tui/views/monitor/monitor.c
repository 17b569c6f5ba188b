/*
 * monitor.c - drift reports of models in use, newest first; beside them, if there is room, the selected one (report.c).
 */
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/monitor/_monitor.h"

#include <stdio.h>
#include <string.h>

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

static int open_skew(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	int rc = bn_view_text_new(out, f, ((const bn_ref_arg *)arg)->ref, page->data, err);
	if (rc >= 0)
		bn_view_text_wrap(*out);
	return rc;
}

void bn_view_make_skew(bn_view *v, const char *model)
{
	bn_ref_arg arg = {""};
	char title[BN_REF_BYTES + 24];
	snprintf(arg.ref, sizeof arg.ref, "%s", model);
	snprintf(title, sizeof title, "skew of %s", arg.ref);
	bn_frame_start(v->frame, &(bn_job_spec){.title = title,
					 .fn = bn_view_source(v)->make_skew,
					 .arg = &arg,
					 .arg_bytes = sizeof arg,
					 .open = open_skew});
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
	[RCOL_VERDICT] = {.stays = true, .title = "verdict",
		.name = "dataset.verdict",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 14},
	[RCOL_MODEL] = {.stays = true, .title = "model",
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
		bn_state_cell(out, bn_drift_state(r->dataset.verdict),
			bn_drift_verdict_name(r->dataset.verdict));
		return;
	case RCOL_MODEL:
		snprintf(out->buf, sizeof out->buf, "%.130s%s%.20s", r->model,
			r->version ? "/" : "", r->version ? r->version : "");
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
	return bn_hash_key(report_at(ctx, row)->id);
}

static const bn_grid_source report_source = {
	.rows = report_rows, .cell = report_cell, .key = report_key};

typedef struct monitor_view {
	bn_list list;
	bn_view *detail;
	bool is_split, in_detail;
} monitor_view;

static void monitor_draw(bn_view *view, bn_area a, bool focused)
{
	monitor_view *v = (monitor_view *)view;
	const bn_monitor_report *r = report_at(&v->list, bn_grid_selected_row(&v->list.grid));
	bn_area list, detail;
	bn_err err = BN_ERR_INIT;
	v->is_split = bn_view_split(view, a, &list, &detail) && r;
	v->in_detail = v->in_detail && v->is_split;
	bn_list_draw(view, v->is_split ? list : a, focused && !v->in_detail);
	if (!v->is_split)
		return;
	if (!v->detail && bn_view_report_new(&v->detail, view->frame, "", &err))
		bn_frame_error(view->frame, &err);
	if (!v->detail)
		return;
	bn_view_report_show(v->detail, r->id);
	bn_view_report_draw(v->detail, detail, focused && v->in_detail);
}

static void monitor_free(bn_view *view)
{
	bn_view_free(((monitor_view *)view)->detail);
	bn_list_free(view);
}

static bool monitor_command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	const bn_monitor_report *r = report_at(l, bn_grid_selected_row(&l->grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	monitor_view *v = (monitor_view *)view;
	if (id == BN_CMD_NEXT_PANE && v->is_split) {
		v->in_detail = !v->in_detail;
		return true;
	}
	if (v->in_detail && v->detail && v->detail->cls->command(v->detail, id, arg))
		return true;
	if (v->in_detail && v->detail && bn_grid_command(v->detail->cls->table(v->detail), id, arg))
		return true;
	if ((id == BN_CMD_REPORT || id == BN_CMD_SKEW) && r) {
		char model[BN_REF_BYTES];
		snprintf(model, sizeof model, "%.130s%s%.20s", r->model, r->version ? "/" : "",
			r->version ? r->version : "");
		(id == BN_CMD_SKEW ? bn_view_make_skew : bn_view_make_report)(view, model);
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
	if (id == BN_CMD_NEXT_PANE) {
		snprintf(why, size, "no report beside the list on this screen; Enter opens it");
		return !((monitor_view *)view)->is_split;
	}
	if ((id != BN_CMD_OPEN && id != BN_CMD_REPORT && id != BN_CMD_SKEW) ||
		report_at(l, bn_grid_selected_row(&l->grid)))
		return false;
	snprintf(why, size, "no report yet: :report on the sheet of a model (4) makes one");
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
	.draw = monitor_draw,
	.command = monitor_command,
	.refuses = monitor_refuses,
	.page = bn_list_page,
	.refresh = monitor_refresh,
	.cli = monitor_cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = monitor_free,
};

int bn_view_monitor_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof(monitor_view), &monitor_class, f, &report_source,
		report_columns, RCOLUMNS, NULL, err);
	if (rc)
		return rc;
	l->grid.empty = "no drift report yet: :report on the sheet of a model (4) makes one";
	*out = &l->view;
	return 0;
}
