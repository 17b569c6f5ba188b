/*
 * report.c - one drift report: a row per feature, in order of urgency, with its severity over the last windows; the
 * distribution of the selected one as large as possible, the verdict with its rule, and the severity over time.
 */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/monitor/skew.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"
#include "tui/views/monitor/_monitor.h"
#include "tui/views/rows/filter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COL_VERDICT,
	COL_FEATURE,
	COL_SCORE,
	COL_RULE,
	COL_WINDOWS,
	COL_TEST,
	COL_STATISTIC,
	COL_SEVERITY,
	COL_SKEW,
	COL_ROWS,
	COL_WHY,
	COLUMNS
};

static const bn_grid_column columns[COLUMNS] = {
	[COL_VERDICT] = {.stays = true, .title = "verdict",
		.name = "verdict",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 14},
	[COL_FEATURE] = {.stays = true, .title = "feature", .min = 10, .max = 30, .wish = 18, .flexible = true},
	[COL_SCORE] = {.title = "score", .form = BN_COLUMN_NUMBER, .min = 8},
	[COL_RULE] = {.title = "drift if", .min = 10, .priority = 2},
	[COL_WINDOWS] = {.title = "over time",
		.name = "windows",
		.form = BN_COLUMN_BARS,
		.min = BN_WINDOWS,
		.max = BN_WINDOWS,
		.priority = 1},
	[COL_TEST] = {.title = "test", .min = 6, .max = 22, .prose = true, .priority = 3},
	[COL_STATISTIC] = {.title = "statistic",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 9,
		.priority = 4},
	[COL_SEVERITY] = {.title = "severity",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.hidden = true,
		.min = 8,
		.priority = 4},
	[COL_SKEW] = {.title = "skew",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.hidden = true,
		.min = 8,
		.priority = 4},
	[COL_ROWS] = {.title = "rows",
		.name = "current_rows",
		.form = BN_COLUMN_COUNT,
		.min = 6,
		.priority = 5},
	[COL_WHY] = {.title = "remark", .min = 8, .max = 50, .prose = true, .priority = 6},
};

typedef struct report_view {
	bn_list list;
	size_t *order; /* features by urgency */
	size_t count;
	bool feature_only; /* show only the distribution, if there is no room for both */
	bool is_linear;    /* linear axis also if one bin holds most */
} report_view;

static const bn_report_page *page_of(const bn_list *l)
{
	return bn_list_data(l);
}

/* ---- rows ---------------------------------------------------------------------------------------- */

/* Drift first, then inconclusive features, then the rest; each by its severity. */
static double urgency(const bn_monitor_feature *f)
{
	double s = bn_drift_severity(&f->result);
	if (f->result.verdict == BN_DRIFT_INCONCLUSIVE)
		return 0.999;
	return isnan(s) ? 0 : f->result.verdict == BN_DRIFT_FOUND ? fmax(s, 1) : fmin(s, 0.998);
}

static void order_make(report_view *v, const bn_report_page *p)
{
	size_t n = p->report->feature_count;
	bn_free(v->order);
	v->order = bn_alloc((n + 1) * sizeof *v->order);
	v->count = v->order ? n : 0;
	for (size_t i = 0; i < v->count; i++) { /* insertion sort: there are few */
		size_t at = i;
		double u = urgency(&p->report->features[i]);
		for (; at > 0 && urgency(&p->report->features[v->order[at - 1]]) < u; at--)
			v->order[at] = v->order[at - 1];
		v->order[at] = i;
	}
}

static size_t index_at(const report_view *v, int64_t row)
{
	return row >= 0 && (size_t)row < v->count ? v->order[row] : SIZE_MAX;
}

static const bn_monitor_feature *feature_at(const report_view *v, int64_t row)
{
	const bn_report_page *p = page_of(&v->list);
	size_t i = index_at(v, row);
	return p && i != SIZE_MAX ? &p->report->features[i] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	return (int64_t)((const report_view *)ctx)->count;
}

/* One shade per window: below half of the threshold, below it, above it, twice above it. */
static void windows_cell(const report_view *v, int64_t row, bn_grid_cell *out)
{
	static const uint32_t shades[2][4] = {
		{'.', ':', '*', '#'}, {0x2591, 0x2592, 0x2593, 0x2588}};
	const bn_report_page *p = page_of(&v->list);
	const double *s = &p->severities[index_at(v, row) * BN_WINDOWS];
	bool ascii = v->list.alphabet == BN_ALPHABET_ASCII;
	size_t at = 0;
	for (size_t i = 0; i < p->windows; i++) {
		int level = (s[i] >= 0.5) + (s[i] >= 1) + (s[i] >= 2);
		at += bn_utf8_encode(isnan(s[i]) ? ' ' : shades[!ascii][level], out->buf + at);
	}
	out->buf[at] = '\0';
	out->text = out->buf;
	out->number = s[p->windows - 1];
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_monitor_feature *f = feature_at(ctx, row);
	const bn_drift_result *r = &f->result;
	char number[BN_FORMAT_BYTES];
	switch (col) {
	case COL_VERDICT:
		bn_state_cell(out, bn_drift_state(r->verdict), bn_drift_verdict_name(r->verdict));
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
	case COL_WINDOWS:
		windows_cell(ctx, row, out);
		return;
	case COL_STATISTIC:
		out->number = r->statistic;
		return;
	case COL_SEVERITY:
		out->number = bn_drift_severity(r);
		return;
	case COL_SKEW:
		out->number = bn_skew_distance(f, &(const char *){NULL});
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

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

/* ---- the distribution ---------------------------------------------------------------------------- */

/* Whether one bin holds more than half. */
static bool is_steep(const bn_monitor_feature *f)
{
	for (size_t i = 0; i < f->bins; i++)
		if (f->ref[i] > 0.5 || f->cur[i] > 0.5)
			return true;
	return false;
}

/* "Wasserstein distance: 0.748, drift from 0.1 on; 7.5 times that", the last part if it fits. */
static void rule_text(const bn_drift_result *r, int cols, char *out, size_t size)
{
	char more[BN_FORMAT_BYTES + 24] = "";
	char score[BN_FORMAT_BYTES], limit[BN_FORMAT_BYTES], times[BN_FORMAT_BYTES];
	double severity = bn_drift_severity(r);
	bool distance = r->op == BN_DRIFT_DISTANCE_AT_LEAST;
	const char *title = bn_drift_test_title(r->test);
	bn_format_number(score, r->score);
	bn_format_number(limit, r->threshold);
	int n = distance ? snprintf(out, size, "%s: %s, drift from %s on", title, score, limit)
			 : snprintf(out, size, "%s: p %s, drift if %s %s", title, score,
				   bn_drift_operator_text(r->op), limit);
	if (distance && severity >= 1)
		snprintf(more, sizeof more, "; %s times that", bn_format_number(times, severity));
	if (n > 0 && (size_t)n < size && n + (int)strlen(more) <= cols)
		snprintf(out + n, size - (size_t)n, "%s", more);
}

/* Since when it drifts without a break, and in how many of the windows: "since 11-30 12:04, 2 of 3 windows". */
static void since_text(const report_view *v, size_t feature, char *out, size_t size)
{
	const bn_report_page *p = page_of(&v->list);
	const bn_frame *frame = v->list.view.frame;
	const double *s = &p->severities[feature * BN_WINDOWS];
	char when[BN_FORMAT_BYTES];
	size_t drifted = 0, since = p->windows;
	out[0] = '\0';
	for (size_t i = 0; i < p->windows; i++)
		drifted += s[i] >= 1;
	while (since > 0 && s[since - 1] >= 1)
		since--;
	bool now = since < p->windows;
	size_t at = now ? since : p->windows - 1;
	while (!now && at > 0 && !(s[at] >= 1))
		at--;
	if (!drifted)
		return;
	bn_format_when(when, (int64_t)p->times_ms[at], bn_frame_now_ms(frame), bn_frame_is_utc(frame));
	char *seconds = strrchr(when, ':'); /* a window is not as precise */
	if (seconds && strlen(seconds) >= 3)
		memmove(seconds, seconds + 3, strlen(seconds + 3) + 1);
	snprintf(out, size, "%s %s, %zu of %zu window%s", now ? "since" : "last", when, drifted, p->windows,
		p->windows == 1 ? "" : "s");
}

static int feature_head(const report_view *v, size_t feature, bn_area a)
{
	const bn_monitor_feature *f = &page_of(&v->list)->report->features[feature];
	const bn_drift_result *r = &f->result;
	char text[200], ref[BN_FORMAT_BYTES], cur[BN_FORMAT_BYTES];
	bn_state s = bn_drift_state(r->verdict);
	int col = bn_area_text(a, 0, 0, BN_INK_STRONG, f->name);
	col = bn_area_glyph(a, 0, col + 2, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
	col = bn_area_textf(a, 0, col + 1, bn_state_ink(s), "%s", bn_drift_verdict_name(r->verdict));
	since_text(v, feature, text, sizeof text);
	bn_area_field(a, 0, col + 2, a.cols - col - 2, BN_INK_TEXT, text);
	rule_text(r, a.cols, text, sizeof text);
	bn_area_field(a, 1, 0, a.cols, BN_INK_TEXT, text);
	snprintf(text, sizeof text, "reference %s rows, current %s%s%s",
		bn_format_count(ref, (int64_t)r->n_ref), bn_format_count(cur, (int64_t)r->n_cur),
		r->why[0] ? ". " : "", r->why);
	if (r->ref_dropped || r->cur_dropped)
		snprintf(text + strlen(text), sizeof text - strlen(text),
			"; without a value %zu and %zu", r->ref_dropped, r->cur_dropped);
	bn_area_field(a, 2, 0, a.cols, BN_INK_DIM, text);
	return 3;
}

/* Severity over the windows, with the threshold as a line. */
static void history_draw(const bn_report_page *p, size_t feature, bn_area a, bool utc)
{
	bn_chart_series s = {.label = "severity",
		.x = p->times_ms,
		.y = &p->severities[feature * BN_WINDOWS],
		.n = p->windows};
	double least = INFINITY, most = 0;
	for (size_t i = 0; i < s.n; i++) {
		least = fmin(least, s.y[i]);
		most = fmax(most, s.y[i]);
	}
	bn_chart c = {.series = &s,
		.count = 1,
		.log_y = least > 0 && most > 20, /* a small p-value would hide the threshold line */
		.x_is_time = true,
		.utc = utc,
		.has_line = true,
		.line = 1};
	bn_area_hline(a, 0, 0, a.cols, BN_INK_BORDER);
	bn_area_text(a, 0, 1, BN_INK_HEADER, " severity over the windows; drift from 1 on ");
	bn_chart_draw(bn_area_sub(a, 1, 0, a.rows - 1, a.cols), &c);
}

enum { HISTORY_ROWS = 9, WITH_HISTORY_FROM = 24 };

static void feature_draw(const report_view *v, int64_t row, bn_area a)
{
	const bn_report_page *p = page_of(&v->list);
	const bn_monitor_feature *f = feature_at(v, row);
	int at = feature_head(v, index_at(v, row), a);
	bool history = p->windows > 1 && a.rows >= WITH_HISTORY_FROM;
	bn_area plot = bn_area_sub(a, at, 0, a.rows - at - (history ? HISTORY_ROWS : 0), a.cols);
	if (!f->bins)
		bn_area_text(plot, 0, 0, BN_INK_DIM, "no bins were kept for this feature");
	else if (f->labels)
		bn_chart_categories(plot, (const char *const *)f->labels, f->ref, f->cur, f->bins);
	else
		bn_chart_histogram(plot, &(bn_histogram){f->ref, f->cur, f->bins, f->edges[0],
						 f->edges[f->bins], is_steep(f) && !v->is_linear});
	if (history)
		history_draw(p, index_at(v, row),
			bn_area_sub(a, a.rows - HISTORY_ROWS, 0, HISTORY_ROWS, a.cols),
			bn_frame_is_utc(v->list.view.frame));
}

/* ---- the screen ---------------------------------------------------------------------------------- */

static int head_draw(const report_view *v, bn_area a)
{
	const bn_report_page *p = page_of(&v->list);
	const bn_monitor_report *r = p->report;
	char rows[BN_FORMAT_BYTES], when[BN_FORMAT_BYTES], text[300];
	bn_state s = bn_drift_state(r->dataset.verdict);
	int col = bn_area_glyph(a, 0, 1, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
	col = bn_area_textf(
		a, 0, col + 1, bn_state_ink(s), "%s", bn_drift_verdict_name(r->dataset.verdict));
	snprintf(text, sizeof text, "%zu of %zu inputs drifted, alert at %.0f; %zu inconclusive",
		r->dataset.drifted, r->dataset.columns,
		ceil(r->dataset.threshold * (double)r->dataset.columns), r->dataset.inconclusive);
	bn_area_field(a, 0, col + 2, a.cols - col - 2, BN_INK_TEXT, text);
	snprintf(text, sizeof text, "%s%s%s against %s, %s rows, made %s", r->model,
		r->version ? "/" : "", r->version ? r->version : "",
		r->reference ? r->reference : r->reference_kind, bn_format_count(rows, r->rows),
		bn_format_age(when, r->time_ms, bn_frame_now_ms(v->list.view.frame)));
	if (p->port)
		snprintf(text + strlen(text), sizeof text - strlen(text),
			"; served at :%lld, %s requests, %lld error%s, p99 %.3g ms",
			(long long)p->port, bn_format_count(rows, p->requests),
			(long long)p->errors, p->errors == 1 ? "" : "s", p->p99_ms);
	bn_area_field(a, 1, 1, a.cols - 1, BN_INK_DIM, text);
	return 2;
}

/* Splits the area into list and detail, one above the other, on screens too small for panes. */
static bool stack(const report_view *v, bn_area a, bn_area *list, bn_area *detail)
{
	int rows = (int)v->count + 1, most = a.rows * 2 / 5;
	if (a.rows < 14)
		return false;
	rows = rows < most ? rows : most;
	*list = bn_area_sub(a, 0, 0, rows, a.cols);
	bn_area_hline(a, rows, 0, a.cols, BN_INK_BORDER);
	*detail = bn_area_sub(a, rows + 1, 1, a.rows - rows - 1, a.cols - 2);
	return true;
}

/* In a pane of another screen: one above the other. */
void bn_view_report_draw(bn_view *view, bn_area a, bool focused)
{
	report_view *v = (report_view *)view;
	bn_area list = a, detail;
	int64_t row = bn_grid_selected_row(&v->list.grid);
	if (page_of(&v->list)) {
		int head = head_draw(v, a);
		a = bn_area_sub(a, head, 0, a.rows - head, a.cols);
	}
	list = a;
	bool both = feature_at(v, row) && stack(v, a, &list, &detail);
	bn_list_draw(view, list, focused);
	if (both)
		feature_draw(v, row, detail);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	report_view *v = (report_view *)view;
	bn_area list = a, detail = a;
	int64_t row = bn_grid_selected_row(&v->list.grid);
	const bn_monitor_feature *f = feature_at(v, row);
	if (page_of(&v->list) && a.rows > 6) {
		int head = head_draw(v, a);
		a = bn_area_sub(a, head, 0, a.rows - head, a.cols);
	}
	if (f && v->feature_only) {
		feature_draw(v, row, bn_area_sub(a, 0, 1, a.rows, a.cols - 2));
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	list = a;
	bool both = f && (bn_view_split(view, a, &list, &detail) || stack(v, a, &list, &detail));
	bn_list_draw(view, list, focused);
	if (both)
		feature_draw(v, row, detail);
}

/* The rows of the reference that the test compared: those the model was trained on that have a value of the input. */
static bool reference_filter(bn_rows_of *of, const bn_report_page *p, const bn_monitor_feature *f)
{
	bn_buf test = BN_BUF_INIT;
	bn_row_filter_put_present(&test, f->name, strcmp(f->kind, "number") == 0);
	bool fits = !test.failed && bn_row_filter_and(of->filter, sizeof of->filter,
					    p->where ? p->where : "", test.ptr);
	bn_buf_release(&test);
	return fits;
}

static bool reference_open(report_view *v, const bn_report_page *p, const bn_monitor_feature *f)
{
	bn_frame *frame = v->list.view.frame;
	bn_rows_of of = bn_rows_of_version(p->report->reference, "");
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (!reference_filter(&of, p, f)) {
		bn_frame_message(frame, "the filter of these rows would be too long");
		return true;
	}
	return bn_view_open(frame, bn_view_rows_new(&made, frame, &of, f->name, &err), &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	report_view *v = (report_view *)view;
	const bn_report_page *p = page_of(&v->list);
	(void)arg;
	switch (id) {
	case BN_CMD_OPEN:
	case BN_CMD_NEXT_PANE:
		v->feature_only = !v->feature_only; /* up and down then move to the next feature */
		return true;
	case BN_CMD_BACK:
		if (!v->feature_only)
			return false;
		v->feature_only = false;
		return true;
	case BN_CMD_LOG_SCALE:
		v->is_linear = !v->is_linear;
		return true;
	case BN_CMD_RELATED:
		return reference_open(v, p, feature_at(v, bn_grid_selected_row(&v->list.grid)));
	case BN_CMD_LAUNCH:
		return p ? bn_view_launch(view, p->run, p->train[0] ? p->train : NULL) : true;
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const report_view *v = (const report_view *)view;
	const bn_report_page *p = page_of(&v->list);
	const bn_monitor_feature *f = feature_at(v, bn_grid_selected_row(&v->list.grid));
	if (id == BN_CMD_RELATED) {
		snprintf(why, size, "the reference is statistics in the model, not rows");
		return !f || !p || !p->report->reference;
	}
	if (id == BN_CMD_LAUNCH) {
		snprintf(why, size, "the model came from no run of this workspace");
		return !p || !p->run[0];
	}
	if (id == BN_CMD_LOG_SCALE) {
		snprintf(
			why, size, "no bin of this input holds more than half: its axis is linear");
		return !f || f->labels || !is_steep(f);
	}
	return false;
}

static void page(bn_view *view, bn_page *p)
{
	report_view *v = (report_view *)view;
	if (p->data)
		order_make(v, p->data);
	bn_list_page(view, p);
}

static void refresh(bn_view *view)
{
	bn_list *l = (bn_list *)view;
	bn_ref_arg arg = {""};
	memcpy(arg.ref, l->ref, sizeof arg.ref);
	if (!l->page && arg.ref[0]) /* reports never change */
		bn_view_load(
			view, BN_LANE_QUICK, 0, bn_view_source(view)->report, &arg, sizeof arg);
}

static void cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle monitor show %s --json", ((const bn_list *)view)->ref);
}

static void view_free(bn_view *view)
{
	bn_free(((report_view *)view)->order);
	bn_list_free(view);
}

static const bn_view_class report_class = {
	.name = "report",
	.kind = BN_ON(FEATURE),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = bn_list_crumb,
	.cli = cli,
	.table = bn_list_grid,
	.free = view_free,
};

int bn_view_report_new(bn_view **out, bn_frame *f, const char *id, bn_err *err)
{
	report_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &report_class, f, &source, columns, COLUMNS, id, err);
	if (!rc)
		*out = &v->list.view;
	return rc;
}

void bn_view_report_show(bn_view *view, const char *id)
{
	report_view *v = (report_view *)view;
	if (strcmp(v->list.ref, id) == 0)
		return;
	snprintf(v->list.ref, sizeof v->list.ref, "%s", id);
	bn_page_free(v->list.page);
	v->list.page = NULL;
	v->count = 0;
	bn_grid_reload(&v->list.grid);
	refresh(view);
}
