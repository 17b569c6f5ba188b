/*
 * run.c - one run: a summary by state (a curve and the console of a running one; the console first
 * of a failed one; numbers by part if there is no curve), everything known, and the console. Tab
 * switches. See _run.h.
 */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/track/resume.h"
#include "tui/views/run/_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SMOOTHINGS = 4 };

void bn_view_run_show(bn_view *view, const char *id)
{
	bn_run_view *v = (bn_run_view *)view;
	v->is_beside = true;
	if (strcmp(v->arg.id, id) == 0)
		return;
	snprintf(v->arg.id, sizeof v->arg.id, "%s", id);
	v->arg.from = v->arg.to = 0;
	bn_page_free(v->page);
	v->page = NULL;
	v->has_cursor = false;
	v->top = v->behind = 0;
	v->holds = false;
	v->match = -1;
	view->cls->refresh(view);
}

/* ---- drawing ------------------------------------------------------------------------------------- */

static void facts_scroll(bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	bn_area nowhere = {a.s, 0, 0, 0, a.cols};
	int rows = bn_run_facts_draw(v, d, nowhere, 0);
	v->page_rows = a.rows > 1 ? a.rows : 1;
	v->top = v->top > rows - a.rows ? rows - a.rows : v->top;
	v->top = v->top < 0 ? 0 : v->top;
	bn_run_facts_draw(v, d, a, -v->top);
}

/* The current pane of the three; Tab switches. */
static void panes_draw(const bn_run_view *v, bn_area a, bool focused)
{
	static const char *const names[BN_RUN_PANES] = {"picture", "everything", "console"};
	int col = a.cols - 34;
	col = bn_area_text(a, 0, col, focused ? BN_INK_KEY : BN_INK_DIM, "Tab ");
	for (int i = 0; i < BN_RUN_PANES; i++)
		col = bn_area_textf(a, 0, col,
			i == (int)v->pane && focused ? BN_INK_TAB_ACTIVE : BN_INK_TAB, " %s ",
			names[i]);
}

/* Requests the curves of the grid if there is room for it. */
static void grid_follow(bn_run_view *v, bn_area a)
{
	bool grid = bn_run_is_wide(bn_area_sub(a, 3, 0, a.rows - 3, a.cols));
	if (grid == v->arg.grid)
		return;
	v->arg.grid = grid;
	v->view.cls->refresh(&v->view);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_run_view *v = (bn_run_view *)view;
	const bn_run_detail *d = bn_run_data(v);
	if (!d) {
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	a = bn_area_sub(a, 0, 1, a.rows, a.cols - 1);
	grid_follow(v, a);
	int row = a.rows >= 9 ? bn_run_head_draw(v, d, a) : 0;
	if (row && a.cols >= 76)
		panes_draw(v, a, focused);
	bn_area rest = bn_area_sub(a, row, 0, a.rows - row, a.cols);
	if (focused)
		bn_area_cursor(rest, 0, 0, false);
	if (v->pane == BN_RUN_FACTS)
		facts_scroll(v, d, rest);
	else if (v->pane == BN_RUN_CONSOLE)
		bn_run_log_draw(v, d, rest, true);
	else
		bn_run_picture_draw(v, d, rest);
}

/* ---- the curve ----------------------------------------------------------------------------------- */

static void curve_ask(bn_run_view *v)
{
	v->view.cls->refresh(&v->view);
}

static void metric_step(bn_run_view *v, int step)
{
	const bn_run_detail *d = bn_run_data(v);
	if (!d || !d->metric_count)
		return;
	size_t n = d->metric_count, at = d->metric < n ? d->metric : 0;
	at = (at + n + (size_t)(step + (int)n)) % n;
	snprintf(v->arg.metric, sizeof v->arg.metric, "%s", d->metrics[at]);
	v->has_cursor = false;
	curve_ask(v);
}

static bool is_zoomed(const bn_run_view *v)
{
	return v->arg.to > v->arg.from;
}

/* Moves along the visible part of the curve, by a share of its length. */
static void pan(bn_run_view *v, double share)
{
	double by = share * (v->arg.to - v->arg.from);
	v->arg.from += by;
	v->arg.to += by;
	curve_ask(v);
}

static void cursor_step(bn_run_view *v, int step)
{
	const bn_run_detail *d = bn_run_data(v);
	size_t n = d ? d->curve.n : 0;
	size_t stride = n / 100 ? n / 100 : 1;
	if (!n && is_zoomed(v))
		pan(v, 0.5 * step);
	if (!n)
		return;
	if (!v->has_cursor) {
		v->has_cursor = true;
		v->cursor = n - 1;
	} else if (is_zoomed(v) && (step < 0 ? v->cursor == 0 : v->cursor + 1 >= n)) {
		pan(v, 0.25 * step);
	} else if (step < 0) {
		v->cursor -= v->cursor > stride ? stride : v->cursor;
	} else if (v->cursor + 1 >= n) {
		v->has_cursor = false; /* past the end: follow the newest value again */
	} else {
		v->cursor = v->cursor + stride < n ? v->cursor + stride : n - 1;
	}
}

/* Zooms by two around the cursor. */
static void zoom(bn_run_view *v, bool closer)
{
	const bn_run_detail *d = bn_run_data(v);
	const bn_curve *c = d ? &d->curve : NULL;
	if (!c || c->n < 2)
		return;
	double from = is_zoomed(v) ? v->arg.from : c->x[0],
	       to = is_zoomed(v) ? v->arg.to : c->x[c->n - 1];
	double at = v->has_cursor && v->cursor < c->n ? c->x[v->cursor] : to;
	double width = (to - from) * (closer ? 0.5 : 2);
	v->arg.from = at - width / 2;
	v->arg.to = at + width / 2;
	if (!v->has_cursor) { /* the end stays visible */
		v->arg.from = to - width;
		v->arg.to = to;
	}
	if (!closer && width >= d->length)
		v->arg.from = v->arg.to = 0;
	curve_ask(v);
}

static bool has_epochs(const bn_run_view *v)
{
	const bn_run_detail *d = bn_run_data(v);
	for (size_t i = 0; d && i < d->metric_count; i++)
		if (strcmp(d->metrics[i], BN_EPOCH_METRIC) == 0)
			return true;
	return false;
}

static void axis_set(bn_run_view *v, const char *name)
{
	bn_run_axis axis = v->arg.axis;
	bn_err err = BN_ERR_INIT;
	if (!name || !*name) {
		axis = (bn_run_axis)((axis + 1u) % (has_epochs(v) ? BN_RUN_AXES : BN_RUN_BY_EPOCH));
	} else if (bn_run_axis_find(&axis, name, &err) < 0) {
		bn_frame_message(v->view.frame, "%s", err.msg);
		return;
	}
	if (axis == BN_RUN_BY_EPOCH && !has_epochs(v)) {
		bn_frame_message(v->view.frame, "this run logs no metric '%s'", BN_EPOCH_METRIC);
		return;
	}
	v->arg.axis = axis;
	v->arg.from = v->arg.to = 0;
	v->has_cursor = false;
	curve_ask(v);
}

/* ---- commands ------------------------------------------------------------------------------------ */

static bool scroll(bn_run_view *v, bn_command_id id)
{
	int sign = v->pane == BN_RUN_CONSOLE ? -1 : 1; /* the console counts from its end */
	int page = v->page_rows;
	switch (id) {
	case BN_CMD_UP:
		v->top -= sign;
		return true;
	case BN_CMD_DOWN:
		v->top += sign;
		return true;
	case BN_CMD_PAGE_UP:
	case BN_CMD_HALF_UP:
		v->top -= sign * (id == BN_CMD_HALF_UP ? page / 2 : page);
		return true;
	case BN_CMD_PAGE_DOWN:
	case BN_CMD_HALF_DOWN:
		v->top += sign * (id == BN_CMD_HALF_DOWN ? page / 2 : page);
		return true;
	case BN_CMD_TOP:
		v->top = sign > 0 ? 0 : 1 << 24;
		return true;
	case BN_CMD_BOTTOM:
		v->top = sign > 0 ? 1 << 24 : 0;
		v->behind = 0;
		return true;
	default:
		return false;
	}
}

static bool labels_open(bn_run_view *v)
{
	const bn_run_info *r = bn_run_data(v)->info;
	bn_action_arg of = {.stop_count = 0};
	bn_view *made = NULL;
	bn_err err = BN_ERR_INIT;
	char label[BN_RUN_LABEL_BYTES];
	snprintf(of.ref, sizeof of.ref, "%s", r->id);
	return bn_view_open(v->view.frame,
		bn_view_labels_new(&made, v->view.frame, &of,
			bn_run_label(label, r->name, r->title, r->id), &err),
		&made, &err);
}

/* '/' filters the grid by name if it is visible, else it searches the console. */
static bool finds_charts(const bn_run_view *v)
{
	const bn_run_detail *d = bn_run_data(v);
	return d && v->pane == BN_RUN_PICTURE && v->arg.grid && bn_run_is_curve_picture(v, d);
}

static void find(bn_view *view, const char *words)
{
	bn_run_view *v = (bn_run_view *)view;
	bool charts = words[0] ? finds_charts(v) && !v->find[0] : v->arg.words[0] != '\0';
	if (charts) {
		memset(v->arg.words, 0, sizeof v->arg.words);
		snprintf(v->arg.words, sizeof v->arg.words, "%s", words);
		view->cls->refresh(view);
		return;
	}
	if (words[0])
		v->pane = BN_RUN_CONSOLE;
	bn_run_find(v, bn_run_data(v), words);
}

static const char *finding(const bn_view *view)
{
	const bn_run_view *v = (const bn_run_view *)view;
	return v->find[0] ? v->find : v->arg.words;
}

static void find_next(bn_run_view *v, int step)
{
	const bn_run_detail *d = bn_run_data(v);
	bool found;
	if (!d)
		return;
	v->pane = BN_RUN_CONSOLE;
	found = bn_run_find_step(v, d, step);
	if (!found && v->find[0])
		bn_frame_message(v->view.frame, "no line %s has '%s'", step > 0 ? "below" : "above",
			v->find);
	else if (!found)
		bn_frame_message(v->view.frame, "no error on the console; / searches for words");
}

static bool charts_open(bn_run_view *v)
{
	bn_compare_arg of = {.count = 1};
	bn_view *made = NULL;
	bn_err err = BN_ERR_INIT;
	memcpy(of.ids[0], v->arg.id, sizeof of.ids[0]);
	return bn_view_open(
		v->view.frame, bn_view_charts_new(&made, v->view.frame, &of, &err), &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_run_view *v = (bn_run_view *)view;
	const bn_run_detail *d = bn_run_data(v);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	switch (id) {
	case BN_CMD_NEXT_PANE:
		v->pane = (bn_run_pane)((v->pane + 1) % BN_RUN_PANES);
		v->top = 0;
		return true;
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
		metric_step(v, id == BN_CMD_NEXT_METRIC ? 1 : -1);
		return true;
	case BN_CMD_FOLLOW:
		bn_run_follow_turn(v);
		return true;
	case BN_CMD_NEXT:
	case BN_CMD_PREVIOUS:
		find_next(v, id == BN_CMD_NEXT ? 1 : -1);
		return true;
	case BN_CMD_LOG_SCALE:
		v->log_y = !v->log_y;
		return true;
	case BN_CMD_SMOOTH:
		v->smoothing = (v->smoothing + 1) % SMOOTHINGS;
		return true;
	case BN_CMD_LEFT:
	case BN_CMD_RIGHT:
		cursor_step(v, id == BN_CMD_LEFT ? -1 : 1);
		return true;
	case BN_CMD_WIDER:
	case BN_CMD_NARROWER:
		zoom(v, id == BN_CMD_WIDER);
		return true;
	case BN_CMD_VIEW:
	case BN_CMD_AXIS:
		axis_set(v, arg);
		return true;
	case BN_CMD_RELATED:
		return bn_view_open(view->frame,
			bn_view_origin_new(&made, view->frame, v->arg.id, &err), &made, &err);
	case BN_CMD_CHARTS:
		return charts_open(v);
	case BN_CMD_LABEL:
		return labels_open(v);
	case BN_CMD_LAUNCH:
		return bn_view_launch(view, v->arg.id, NULL);
	case BN_CMD_REGISTER:
		return bn_view_register(view, arg, v->arg.id);
	case BN_CMD_RESUME:
		return bn_view_resume(view, v->arg.id);
	case BN_CMD_REPRODUCE:
		if (d)
			bn_view_reproduce(view, d->info->id, d->info->name, NULL);
		return true;
	case BN_CMD_STOP:
		if (!d)
			return true;
		snprintf(v->stopping, sizeof v->stopping, "%s", d->info->id);
		bn_view_ask_stop(view, d->info->id, d->info->name, d->info->title,
			d->info->status == BN_RUN_QUEUED);
		return true;
	default:
		return scroll(v, id);
	}
}

/* According to its record; the form checks the rest. */
static bool resume_refused(const bn_run_detail *d, char *why, size_t size)
{
	bn_err err = BN_ERR_INIT;
	if (d && bn_resume_admits(d->info, d->info->uid, &err) >= 0)
		return false;
	snprintf(why, size, "%s", d ? err.msg : "it is not here yet");
	return true;
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_run_detail *d = bn_run_data((bn_run_view *)view);
	switch (id) {
	case BN_CMD_OPEN:
		snprintf(why, size,
			"this is the run; Tab shows everything known, o what it came from");
		return true;
	case BN_CMD_LABEL:
		if (!d)
			snprintf(why, size, "it is not here yet");
		return !d;
	case BN_CMD_REPRODUCE:
		if (!d)
			snprintf(why, size, "it is not here yet");
		else if (!d->info->model_digest || !d->info->spec_hash)
			snprintf(why, size, "it stored no model of a trainer");
		else
			return false;
		return true;
	case BN_CMD_LAUNCH:
		return d && bn_run_again_refused(d->info->kind, why, size);
	case BN_CMD_RESUME:
		return resume_refused(d, why, size);
	case BN_CMD_WIDER:
	case BN_CMD_NARROWER:
	case BN_CMD_VIEW:
	case BN_CMD_SMOOTH:
	case BN_CMD_LOG_SCALE:
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
		if (d && bn_run_has_curve(d))
			return false;
		snprintf(why, size, d ? "this run has no curve" : "it is not here yet");
		return true;
	case BN_CMD_STOP:
		if (bn_view_stop_refused(view, why, size))
			return true;
		if (d && bn_run_status_is_live(d->info->status))
			return false;
		snprintf(why, size, "only a live run can be stopped%s%s", d ? "; this one is " : "",
			d ? bn_run_status_name(d->info->status) : "");
		return true;
	default:
		return false;
	}
}

/* A run that is over is not stopped, and logs no more. */
static bool never(const bn_view *view, bn_command_id id)
{
	const bn_run_detail *d = bn_run_data((const bn_run_view *)view);
	if (!d || bn_run_status_is_live(d->info->status))
		return false;
	switch (id) {
	case BN_CMD_STOP:
		return true;
	case BN_CMD_WIDER:
	case BN_CMD_NARROWER:
	case BN_CMD_VIEW:
	case BN_CMD_SMOOTH:
	case BN_CMD_LOG_SCALE:
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
		return !bn_run_has_curve(d);
	default:
		return false;
	}
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)text;
	if (id == BN_CMD_STOP)
		bn_view_do(view, BN_ACTION_STOP, ((bn_run_view *)view)->stopping, NULL, false);
}

/* Whether the page matches the request, and cannot change any more. */
static bool is_settled(const bn_run_view *v)
{
	const bn_run_detail *d = bn_run_data(v);
	return d && !d->is_partial && !bn_run_status_is_live(d->info->status) &&
	       memcmp(&d->asked, &v->arg, sizeof v->arg) == 0;
}

static void refresh(bn_view *view)
{
	bn_run_view *v = (bn_run_view *)view;
	if (!is_settled(v))
		bn_view_load(
			view, BN_LANE_QUICK, 0, bn_view_source(view)->run, &v->arg, sizeof v->arg);
}

/* The cursor stays at its position on the axis. */
static void cursor_keep(bn_run_view *v, double x)
{
	const bn_curve *c = &bn_run_data(v)->curve;
	size_t best = 0;
	for (size_t i = 1; i < c->n; i++)
		if (fabs(c->x[i] - x) < fabs(c->x[best] - x))
			best = i;
	v->cursor = best;
	v->has_cursor = c->n > 0;
}

static void page(bn_view *view, bn_page *p)
{
	bn_run_view *v = (bn_run_view *)view;
	const bn_run_detail *d = p->data, *old = bn_run_data(v);
	if (bn_view_action_done(view, p))
		return;
	if (!d || strcmp(d->info->id, v->arg.id) != 0) {
		bn_page_free(p);
		return;
	}
	bool keep = v->has_cursor && old && v->cursor < old->curve.n;
	if (old)
		bn_run_log_keep(v, old, d);
	double x = keep ? old->curve.x[v->cursor] : 0;
	bn_page_free(v->page);
	v->page = p;
	if (keep)
		cursor_keep(v, x);
	else if (v->cursor >= d->curve.n)
		v->has_cursor = false;
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const bn_run_view *v = (const bn_run_view *)view;
	const bn_run_detail *d = bn_run_data(v);
	char label[BN_RUN_LABEL_BYTES];
	if (d)
		bn_buf_adds(out, bn_run_label(label, d->info->name, d->info->title, d->info->id));
	else
		bn_buf_addf(out, "%.8s", v->arg.id);
}

static int words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	int n = 0;
	(void)view;
	for (; id == BN_CMD_AXIS && n < BN_RUN_AXES && n < most; n++)
		out[n] = bn_run_axis_name((bn_run_axis)n);
	return n;
}

static void cli(const bn_view *view, bn_buf *out)
{
	const bn_run_view *v = (const bn_run_view *)view;
	bn_buf_addf(out,
		v->pane == BN_RUN_CONSOLE ? "binnacle run log %.8s"
					  : "binnacle run show %.8s --json",
		v->arg.id);
}

static void view_free(bn_view *view)
{
	bn_run_view *v = (bn_run_view *)view;
	bn_view_release(view);
	bn_page_free(v->page);
	bn_free(v);
}

static const bn_view_class run_class = {
	.name = "",
	.kind = BN_ON(RUN),
	.refresh_ms = 1000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.never = never,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.words = words,
	.find = find,
	.finding = finding,
	.free = view_free,
};

int bn_view_run_new(bn_view **out, bn_frame *f, const char *id, bn_err *err)
{
	bn_run_view *v = bn_view_alloc(sizeof *v, &run_class, f, err);
	if (!v)
		return BN_ENOMEM;
	*out = &v->view;
	v->match = -1;
	if (id)
		snprintf(v->arg.id, sizeof v->arg.id, "%s", id);
	return 0;
}
