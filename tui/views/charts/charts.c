/*
 * charts.c - the metrics of some runs as a grid of charts with one axis and one cursor. A run has the same colour and
 * marker in all of them (core/track/styles.h); Tab puts one in front of the others. Only the charts that are visible
 * are read.
 */
#include "core/base/mem.h"
#include "core/track/chart_svg.h"
#include "tui/ui/chart_item.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/views.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CELL_COLS = 38, CELL_ROWS = 9, LEGEND_ROWS = 2, SMOOTHINGS = 4, CURSOR_STEPS = 80 };

static const double smoothings[SMOOTHINGS] = {0, 0.6, 0.9, 0.98};

typedef struct charts_view {
	bn_view view;
	bn_page *page;
	bn_charts_arg arg;
	size_t at;      /* the selected chart, among all that match */
	int across, down; /* charts on the screen */
	bool is_large;  /* only the selected one */
	int front;      /* the run in front; -1: none */
	bool log_y;
	int smoothing;
	bool has_cursor;
	double cursor; /* on the axis */
} charts_view;

static const bn_charts *charts_of(const charts_view *v)
{
	const bn_charts_page *p = v->page ? v->page->data : NULL;
	return p ? p->charts : NULL;
}

/* Of a store elsewhere, whose lists have one point of each metric: a chart may follow. */
static bool is_partial(const charts_view *v)
{
	const bn_charts_page *p = v->page ? v->page->data : NULL;
	return p && p->is_partial;
}

static void refresh(bn_view *view)
{
	charts_view *v = (charts_view *)view;
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->charts, &v->arg, sizeof v->arg);
}

/* The charts on the screen with the selected one; asks for them if they are others than before. */
static void part_follow(charts_view *v)
{
	size_t n = (size_t)(v->across * v->down), first;
	n = v->is_large || n == 0 ? 1 : n;
	first = v->at / n * n;
	if (v->arg.first == first && v->arg.most == n)
		return;
	v->arg.first = first;
	v->arg.most = n;
	refresh(&v->view);
}

/* ---- drawing ------------------------------------------------------------------------------------ */

static bool is_zoomed(const charts_view *v)
{
	return v->arg.to > v->arg.from;
}

static void axis_text(const charts_view *v, double x, char out[BN_FORMAT_BYTES])
{
	if (v->arg.axis == BN_RUN_BY_TIME)
		bn_format_clock(out, (int64_t)x, bn_frame_is_utc(v->view.frame));
	else
		bn_format_number(out, x);
}

/* The axis, its visible part, and the cursor. */
static void state_draw(const charts_view *v, const bn_charts *c, bn_area a)
{
	char from[BN_FORMAT_BYTES], to[BN_FORMAT_BYTES];
	int col = bn_area_textf(a, 0, 0, BN_INK_DIM, "along %s", bn_run_axis_title(v->arg.axis));
	if (is_zoomed(v)) {
		axis_text(v, v->arg.from, from);
		axis_text(v, v->arg.to, to);
		col = bn_area_textf(a, 0, col, BN_INK_DIM, ", %s to %s", from, to);
	}
	if (v->has_cursor) {
		axis_text(v, v->cursor, from);
		col = bn_area_textf(a, 0, col, BN_INK_STRONG, "  at %s", from);
	}
	if (v->arg.words[0])
		bn_area_textf(a, 0, col, BN_INK_DIM, "  with \"%.40s\"; %zu more", v->arg.words, c->unmatched);
}

static bn_chart_look look_of(const charts_view *v)
{
	return (bn_chart_look){.axis = v->arg.axis,
		.from = v->arg.from,
		.to = v->arg.to,
		.log_y = v->log_y,
		.utc = bn_frame_is_utc(v->view.frame),
		.smoothing = smoothings[v->smoothing],
		.has_cursor = v->has_cursor,
		.cursor = v->cursor,
		.selected = v->front};
}

static void grid_draw(const charts_view *v, const bn_charts *c, bn_area a, bool focused)
{
	bn_chart_look look = look_of(v);
	int across = v->is_large ? 1 : v->across, down = v->is_large ? 1 : v->down;
	across = (int)c->count < across && c->count > 0 ? (int)c->count : across;
	int used = ((int)c->count + across - 1) / across;
	down = used < down && used > 0 ? used : down;
	int width = a.cols / across, height = a.rows / down;
	height = c->count > 1 && height > 2 * CELL_ROWS ? 2 * CELL_ROWS : height;
	for (size_t i = 0; i < c->count && (int)i < across * down; i++) {
		int row = (int)i / across * height, col = (int)i % across * width;
		if (v->arg.first + i == v->at && focused) {
			bn_area_glyph(a, row, col, BN_INK_KEY, BN_GLYPH_ARROW);
			bn_area_cursor(a, row, col, false);
		}
		bn_chart_item_draw(
			bn_area_sub(a, row, col + 2, height, width - 3), c, &c->items[i], &look);
	}
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	charts_view *v = (charts_view *)view;
	const bn_charts *c = charts_of(v);
	a = bn_area_sub(a, 0, 1, a.rows, a.cols - 1);
	int most = a.rows >= 14 ? LEGEND_ROWS : 1, legend = 0;
	if (c)
		legend = bn_chart_legend_draw(bn_area_sub(a, 0, 0, most, a.cols), c, v->front);
	bn_area rest = bn_area_sub(a, legend + 1, 0, a.rows - legend - 1, a.cols);
	v->across = a.cols / CELL_COLS > 0 ? a.cols / CELL_COLS : 1;
	v->down = rest.rows / CELL_ROWS > 0 ? rest.rows / CELL_ROWS : 1;
	part_follow(v);
	if (!c) {
		if (v->page && v->page->err.code)
			bn_area_paragraph(a, 0, 0, BN_INK_ERROR, v->page->err.msg);
		else
			bn_area_glyph(a, 0, 0, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	state_draw(v, c, bn_area_sub(a, legend, 0, 1, a.cols));
	if (c->count == 0 && is_partial(v))
		bn_area_text(rest, 0, 0, BN_INK_DIM, "reading the points of these runs");
	else if (c->count == 0)
		bn_area_text(rest, 0, 0, BN_INK_DIM,
			v->arg.words[0] ? "no metric's name holds this; Esc shows all"
					: "these runs have no metric with more than one value");
	grid_draw(v, c, rest, focused);
}

/* ---- moving ------------------------------------------------------------------------------------- */

static void select_step(charts_view *v, long step)
{
	const bn_charts *c = charts_of(v);
	long n = c ? (long)c->title_count : 0, at = (long)v->at + step;
	if (n == 0)
		return;
	at = at >= n ? n - 1 : at;
	v->at = at < 0 ? 0 : (size_t)at;
	part_follow(v);
}

static bool motion(charts_view *v, bn_command_id id)
{
	long page = (long)v->arg.most, across = v->is_large ? 1 : v->across;
	switch (id) {
	case BN_CMD_UP:
		select_step(v, -across);
		return true;
	case BN_CMD_DOWN:
		select_step(v, across);
		return true;
	case BN_CMD_PREVIOUS_METRIC:
		select_step(v, -1);
		return true;
	case BN_CMD_NEXT_METRIC:
		select_step(v, 1);
		return true;
	case BN_CMD_PAGE_UP:
	case BN_CMD_HALF_UP:
		select_step(v, -page);
		return true;
	case BN_CMD_PAGE_DOWN:
	case BN_CMD_HALF_DOWN:
		select_step(v, page);
		return true;
	case BN_CMD_TOP:
		select_step(v, -(1L << 30));
		return true;
	case BN_CMD_BOTTOM:
		select_step(v, 1L << 30);
		return true;
	default:
		return false;
	}
}

/* The visible part of the axis. False: there is nothing on it. */
static bool part_of(const charts_view *v, double *from, double *to)
{
	const bn_charts *c = charts_of(v);
	*from = v->arg.from;
	*to = v->arg.to;
	if (is_zoomed(v))
		return true;
	*from = c ? c->x0 : 0;
	*to = c ? c->x1 : -1;
	return *to > *from;
}

/* Moves the visible part by a share of its width, within the axis. */
static void pan(charts_view *v, double share)
{
	const bn_charts *c = charts_of(v);
	double width = v->arg.to - v->arg.from, by = share * width;
	by = fmax(c->x0 - v->arg.from, fmin(by, c->x1 - v->arg.to));
	v->arg.from += by;
	v->arg.to += by;
	refresh(&v->view);
}

static void cursor_step(charts_view *v, int step)
{
	double from, to, width;
	if (!part_of(v, &from, &to))
		return;
	width = (to - from) / CURSOR_STEPS;
	if (v->arg.axis == BN_RUN_BY_STEP)
		width = fmax(1, round(width));
	if (!v->has_cursor) {
		v->has_cursor = true;
		v->cursor = to;
		return;
	}
	double next = v->cursor + step * width;
	if (is_zoomed(v) && (next < from || next > to))
		pan(v, 0.25 * step);
	else if (next > to)
		v->has_cursor = false; /* past the end: the newest values again */
	else
		v->cursor = fmax(from, next);
}

/* By two, around the cursor, or so that the end stays visible. */
static void zoom(charts_view *v, bool closer)
{
	const bn_charts *c = charts_of(v);
	double from, to;
	if (!part_of(v, &from, &to))
		return;
	double width = (to - from) * (closer ? 0.5 : 2), at = v->has_cursor ? v->cursor : to - width / 2;
	if (v->arg.axis == BN_RUN_BY_STEP && width < 2)
		return;
	v->arg.from = fmax(c->x0, at - width / 2);
	v->arg.to = fmin(c->x1, v->arg.from + width);
	v->arg.from = fmax(c->x0, v->arg.to - width);
	if (width >= c->x1 - c->x0)
		v->arg.from = v->arg.to = 0;
	refresh(&v->view);
}

/* ---- commands ----------------------------------------------------------------------------------- */

static void axis_set(charts_view *v, const char *name)
{
	const bn_charts *c = charts_of(v);
	bn_run_axis axis = v->arg.axis;
	bn_err err = BN_ERR_INIT;
	bool epochs = c && c->has_epochs;
	if (!name || !*name) {
		axis = (bn_run_axis)((axis + 1u) % (epochs ? BN_RUN_AXES : BN_RUN_BY_EPOCH));
	} else if (bn_run_axis_find(&axis, name, &err) < 0) {
		bn_frame_message(v->view.frame, "%s", err.msg);
		return;
	}
	if (axis == BN_RUN_BY_EPOCH && !epochs) {
		bn_frame_message(v->view.frame, "these runs log no metric '%s'", BN_EPOCH_METRIC);
		return;
	}
	v->arg.axis = axis;
	v->arg.from = v->arg.to = 0;
	v->has_cursor = false;
	refresh(&v->view);
}

static void picture_save(charts_view *v, const char *name)
{
	const bn_charts *c = charts_of(v);
	bn_frame *f = v->view.frame;
	bn_err err = BN_ERR_INIT;
	bn_buf out = BN_BUF_INIT;
	size_t n = name ? strlen(name) : 0;
	if (n == 0) {
		bn_frame_prompt(f, "export ");
		return;
	}
	if (n < 4 || strcmp(name + n - 4, ".svg") != 0) {
		bn_frame_message(f, "charts are exported as .svg");
		return;
	}
	if (!c || !bn_frame_may_write(f, name))
		return;
	bn_charts_query q = {.axis = v->arg.axis, .from = v->arg.from, .to = v->arg.to};
	if (bn_charts_add_svg(&out, c, &q, v->log_y, smoothings[v->smoothing], 2, false, &err) < 0 ||
		bn_frame_save(f, name, out.ptr, out.len, &err) < 0)
		bn_frame_error(f, &err);
	else
		bn_frame_message(f, "wrote %zu chart%s to %s", c->count, c->count == 1 ? "" : "s", name);
	bn_buf_release(&out);
}

static bool back(charts_view *v)
{
	if (!v->is_large)
		return false;
	v->is_large = false;
	part_follow(v);
	return true;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	charts_view *v = (charts_view *)view;
	switch (id) {
	case BN_CMD_OPEN:
		v->is_large = !v->is_large;
		part_follow(v);
		return true;
	case BN_CMD_BACK:
		return back(v);
	case BN_CMD_LEFT:
	case BN_CMD_RIGHT:
		cursor_step(v, id == BN_CMD_LEFT ? -1 : 1);
		return true;
	case BN_CMD_WIDER:
	case BN_CMD_NARROWER:
		zoom(v, id == BN_CMD_WIDER);
		return true;
	case BN_CMD_LOG_SCALE:
		v->log_y = !v->log_y;
		return true;
	case BN_CMD_SMOOTH:
		v->smoothing = (v->smoothing + 1) % SMOOTHINGS;
		return true;
	case BN_CMD_VIEW:
	case BN_CMD_AXIS:
		axis_set(v, arg);
		return true;
	case BN_CMD_NEXT_PANE:
		v->front = v->front + 1 < (int)v->arg.count && v->arg.count > 1 ? v->front + 1 : -1;
		return true;
	case BN_CMD_EXPORT:
		picture_save(v, arg);
		return true;
	default:
		return motion(v, id);
	}
}

static void find(bn_view *view, const char *words)
{
	charts_view *v = (charts_view *)view;
	memset(v->arg.words, 0, sizeof v->arg.words);
	snprintf(v->arg.words, sizeof v->arg.words, "%s", words);
	v->at = v->arg.first = 0;
	refresh(view);
}

static const char *finding(const bn_view *view)
{
	return ((const charts_view *)view)->arg.words;
}

static int words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	int n = 0;
	(void)view;
	for (; id == BN_CMD_AXIS && n < BN_RUN_AXES && n < most; n++)
		out[n] = bn_run_axis_name((bn_run_axis)n);
	return n;
}

/* ---- pages -------------------------------------------------------------------------------------- */

static void page(bn_view *view, bn_page *p)
{
	charts_view *v = (charts_view *)view;
	if (!p->data && charts_of(v)) { /* what is there stays, as of then */
		bn_frame_error(view->frame, &p->err);
		bn_page_free(p);
		return;
	}
	bn_page_free(v->page);
	v->page = p;
	const bn_charts *c = charts_of(v);
	if (c && v->at >= c->title_count && c->title_count > 0) {
		v->at = c->title_count - 1;
		part_follow(v);
	}
}

/* Runs that are over have no more points. */
static void look_again(bn_view *view)
{
	charts_view *v = (charts_view *)view;
	const bn_charts_page *p = v->page ? v->page->data : NULL;
	if (!p || p->charts->has_live || memcmp(&p->asked, &v->arg, sizeof v->arg) != 0)
		refresh(view);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const charts_view *v = (const charts_view *)view;
	const bn_charts *c = charts_of(v);
	if (v->arg.count == 1 && c)
		bn_buf_adds(out, c->names[0]);
	else
		bn_buf_addf(out, "of %zu run%s", v->arg.count, v->arg.count == 1 ? "" : "s");
}

static void place(const bn_view *view, char *out, size_t size)
{
	const charts_view *v = (const charts_view *)view;
	const bn_charts *c = charts_of(v);
	out[0] = '\0';
	if (c && c->title_count > 0)
		snprintf(out, size, "chart %zu/%zu", v->at + 1, c->title_count);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const charts_view *v = (const charts_view *)view;
	const bn_charts *c = charts_of(v);
	bn_buf_adds(out, "binnacle run chart");
	if (v->arg.axis != BN_RUN_BY_STEP)
		bn_buf_addf(out, " --x %s", bn_run_axis_name(v->arg.axis));
	if (is_zoomed(v))
		bn_buf_addf(out, " --from %.15g --to %.15g", v->arg.from, v->arg.to);
	if (v->log_y)
		bn_buf_adds(out, " --log");
	if (v->smoothing)
		bn_buf_addf(out, " --smooth %g", smoothings[v->smoothing]);
	for (size_t i = 0; c && i < c->count; i++) {
		bn_buf_adds(out, " --metric ");
		bn_shell_word_add(out, c->items[i].title);
	}
	for (size_t i = 0; i < v->arg.count; i++)
		bn_buf_addf(out, " %.8s", v->arg.ids[i]);
}

static void view_free(bn_view *view)
{
	charts_view *v = (charts_view *)view;
	bn_view_release(view);
	bn_page_free(v->page);
	bn_free(v);
}

static const bn_view_class charts_class = {
	.name = "charts",
	.kind = BN_ON(CHARTS),
	.refresh_ms = 2000,
	.draw = draw,
	.command = command,
	.page = page,
	.refresh = look_again,
	.crumb = crumb,
	.place = place,
	.cli = cli,
	.words = words,
	.find = find,
	.finding = finding,
	.free = view_free,
};

int bn_view_charts_new(bn_view **out, bn_frame *f, const bn_compare_arg *runs, bn_err *err)
{
	charts_view *v = bn_view_alloc(sizeof *v, &charts_class, f, err);
	if (!v)
		return BN_ENOMEM;
	memcpy(v->arg.ids, runs->ids, sizeof v->arg.ids);
	v->arg.count = runs->count;
	v->front = -1;
	*out = &v->view;
	return 0;
}
