/*
 * run.c - one run: what it is and how it does, a live chart of one metric, the end of its console.
 * Tab goes from the picture of all three to everything known (parameters, metrics, tags) and to the
 * console alone.
 */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"
#include "tui/views/views.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum pane { PANE_PICTURE, PANE_FACTS, PANE_LOG, PANE_COUNT } pane;

typedef struct run_view {
	bn_view view;
	bn_page *page;
	char id[BN_RUN_ID_TEXT];
	char metric[128];
	pane pane;
	bool log_y;
	int smoothing; /* index of smoothing_steps */
	bool has_cursor;
	size_t cursor;      /* index into the curve */
	int top, page_rows; /* of the text panes */
} run_view;

static const double smoothing_steps[] = {0, 0.6, 0.9, 0.98};

static const bn_run_detail *data_of(const run_view *v)
{
	return v->page ? v->page->data : NULL;
}

void bn_view_run_show(bn_view *view, const char *id)
{
	run_view *v = (run_view *)view;
	if (strcmp(v->id, id) == 0)
		return;
	snprintf(v->id, sizeof v->id, "%s", id);
	bn_page_free(v->page);
	v->page = NULL;
	v->has_cursor = false;
	v->top = 0;
	view->cls->refresh(view);
}

/* ---- drawing ------------------------------------------------------------------------------------- */

static void resources_text(const bn_run_info *r, char *out, size_t size)
{
	char rss[BN_FORMAT_BYTES], cpu[BN_FORMAT_BYTES], energy[BN_FORMAT_BYTES];
	snprintf(out, size, "memory %s (peak %s), cpu %s", bn_format_bytes(rss, r->rss_bytes),
		bn_format_bytes(energy, r->peak_rss_bytes), bn_format_duration(cpu, r->cpu_ms));
	if (!isnan(r->energy_joules)) {
		size_t n = strlen(out);
		snprintf(out + n, size - n, ", energy %s",
			bn_format_joules(energy, r->energy_joules));
	}
}

static int head_draw(const run_view *v, const bn_run_detail *d, bn_area a)
{
	const bn_run_info *r = d->info;
	char text[BN_FORMAT_BYTES], more[160];
	int64_t now = bn_frame_now_ms(v->view.frame);
	bn_state state = bn_run_state(r->status);
	int col = bn_area_glyph(a, 0, 0, bn_state_ink(state), (bn_glyph_id)bn_state_glyph(state));
	col = bn_area_textf(
		a, 0, col + 1, bn_state_ink(state), "%s", bn_run_status_name(r->status));
	const char *name = r->name ? r->name : r->id;
	int room = a.cols - (a.cols >= 76 ? 36 : 0) - col - 2; /* the names of panes stand there */
	int width = (int)bn_utf8_width(name);
	col = bn_area_name(a, 0, col + 2, width < room ? width : room, BN_INK_STRONG, name);
	room -= width + 2;
	if (r->title && room > 4)
		bn_area_field(a, 0, col + 2, room, BN_INK_DIM, r->title);
	if (r->started_ms < 0) /* its duration and its resources are nothing yet */
		col = bn_area_text(a, 1, 0, BN_INK_DIM, "not started");
	else
		col = bn_area_textf(a, 1, 0, BN_INK_TEXT, "%s",
			bn_format_duration(text, bn_run_duration_ms(r, now)));
	if (r->dataset)
		col = bn_area_textf(a, 1, col, BN_INK_TEXT, "  on %s", r->dataset);
	if (bn_run_status_is_live(r->status) && r->heartbeat_ms > 0)
		col = bn_area_textf(a, 1, col, BN_INK_DIM, "  alive %s",
			bn_format_age(text, r->heartbeat_ms, now));
	if (r->reason)
		bn_area_textf(a, 1, col, BN_INK_FAIL, "  %s", r->reason);
	if (d->job.position > 0)
		bn_area_textf(a, 1, col, BN_INK_DIM, "  #%lld in line: %s",
			(long long)d->job.position, d->job.reason);
	if (r->started_ms >= 0) {
		resources_text(r, more, sizeof more);
		bn_area_text(a, 2, 0, BN_INK_DIM, more);
	}
	return 3;
}

static void chart_draw(const run_view *v, const bn_run_detail *d, bn_area a)
{
	const bn_curve *c = &d->curve;
	if (d->metric >= d->metric_count) {
		bn_area_text(a, 0, 0, BN_INK_DIM,
			bn_run_status_is_live(d->info->status) ? "no metrics logged yet"
							       : "no metric was logged");
		return;
	}
	bn_chart_series s = {.label = c->key, .x = c->x, .y = c->y, .n = c->n, .style = 0};
	bn_chart chart = {.series = &s,
		.count = 1,
		.log_y = v->log_y,
		.smoothing = smoothing_steps[v->smoothing],
		.x_title = "step",
		.has_cursor = v->has_cursor && v->cursor < c->n,
		.cursor = v->cursor < c->n ? c->x[v->cursor] : 0};
	bn_chart_draw(a, &chart);
}

static void log_draw(run_view *v, const bn_run_detail *d, bn_area a, bool scrolled)
{
	int n = (int)d->log_count, from = n - a.rows;
	v->page_rows = a.rows > 1 ? a.rows : 1;
	if (scrolled) { /* top counts lines up from the end */
		v->top = v->top > from ? from : v->top;
		v->top = v->top < 0 ? 0 : v->top;
		from -= v->top;
	}
	from = from < 0 ? 0 : from;
	for (int r = 0; r < a.rows && from + r < n; r++)
		bn_area_text(a, r, 0, BN_INK_TEXT, d->log[from + r]);
	if (!n)
		bn_area_text(a, 0, 0, BN_INK_DIM,
			bn_run_status_is_live(d->info->status) ? "nothing on the console yet"
							       : "it printed nothing");
}

static void section_draw(bn_area a, int row, const char *title)
{
	bn_area_text(a, row, 0, BN_INK_HEADER, title);
}

/* Of a metric that has points, what is no number is a value: a loss that diverged is shown. */
static const char *value_text(char out[BN_FORMAT_BYTES], double x)
{
	return isnan(x) ? "nan" : bn_format_number(out, x);
}

static int facts_draw(const run_view *v, const bn_run_detail *d, bn_area a, int row)
{
	const bn_run_info *r = d->info;
	char text[BN_FORMAT_BYTES], line[160];
	bool utc = bn_frame_is_utc(v->view.frame);
	section_draw(a, row++, "parameters");
	for (size_t i = 0; i < d->params.count; i++, row++) {
		bn_area_name(a, row, 0, 24, BN_INK_TEXT, d->params.items[i].key);
		bn_area_text(a, row, 25, BN_INK_NUMBER, d->params.items[i].value);
	}
	section_draw(a, ++row, "metrics");
	bn_area_field_right(a, row, 25, 12, BN_INK_HEADER, "last");
	bn_area_field_right(a, row++, 38, 12, BN_INK_HEADER, "best");
	for (size_t i = 0; i < d->metric_count; i++, row++) {
		bn_area_name(
			a, row, 0, 24, i == d->metric ? BN_INK_STRONG : BN_INK_TEXT, d->metrics[i]);
		bn_area_field_right(a, row, 25, 12, BN_INK_NUMBER, value_text(text, d->last[i]));
		bn_area_field_right(
			a, row, 38, 12, BN_INK_BEST, bn_format_number(text, d->best[i]));
	}
	section_draw(a, ++row, "run");
	row++;
	row = bn_area_fact(a, row, "id", BN_INK_TEXT, r->id);
	row = bn_area_fact(a, row, "experiment", BN_INK_TEXT, r->experiment);
	row = bn_area_fact(
		a, row, "started", BN_INK_TEXT, bn_format_time(text, r->started_ms, utc));
	row = bn_area_fact(a, row, "ended", BN_INK_TEXT, bn_format_time(text, r->finished_ms, utc));
	row = bn_area_fact(a, row, "reason", BN_INK_TEXT, r->reason);
	row = bn_area_fact(a, row, "by", BN_INK_TEXT, r->user);
	row = bn_area_fact(a, row, "host", BN_INK_TEXT, r->host);
	row = bn_area_fact(a, row, "data", BN_INK_TEXT, r->dataset);
	row = bn_area_fact(a, row, "spec", BN_INK_TEXT, r->spec_hash);
	row = bn_area_fact(a, row, "model", BN_INK_TEXT, r->model_digest);
	row = bn_area_fact(a, row, "note", BN_INK_TEXT, r->note);
	resources_text(r, line, sizeof line);
	row = bn_area_fact(a, row, "resources", BN_INK_TEXT, line);
	for (size_t i = 0; i < d->tags.count; i++)
		row = bn_area_fact(
			a, row, d->tags.items[i].key, BN_INK_TEXT, d->tags.items[i].value);
	return row;
}

static void facts_scroll(run_view *v, const bn_run_detail *d, bn_area a)
{
	bn_area nowhere = {a.s, 0, 0, 0, a.cols};
	int rows = facts_draw(v, d, nowhere, 0);
	v->page_rows = a.rows > 1 ? a.rows : 1;
	v->top = v->top > rows - a.rows ? rows - a.rows : v->top;
	v->top = v->top < 0 ? 0 : v->top;
	facts_draw(v, d, a, -v->top);
}

/* Which of the three pictures this is; Tab goes on. */
static void panes_draw(const run_view *v, bn_area a, bool focused)
{
	static const char *const names[PANE_COUNT] = {"picture", "everything", "console"};
	int col = a.cols - 34;
	col = bn_area_text(a, 0, col, focused ? BN_INK_KEY : BN_INK_DIM, "Tab ");
	for (int i = 0; i < PANE_COUNT; i++)
		col = bn_area_textf(a, 0, col,
			i == (int)v->pane && focused ? BN_INK_TAB_ACTIVE : BN_INK_TAB, " %s ",
			names[i]);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	run_view *v = (run_view *)view;
	const bn_run_detail *d = data_of(v);
	if (!d) {
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	a = bn_area_sub(a, 0, 1, a.rows, a.cols - 1);
	int row = a.rows >= 9 ? head_draw(v, d, a) : 0;
	if (row && a.cols >= 76)
		panes_draw(v, a, focused);
	bn_area rest = bn_area_sub(a, row, 0, a.rows - row, a.cols);
	if (focused)
		bn_area_cursor(rest, 0, 0, false);
	if (v->pane == PANE_FACTS) {
		facts_scroll(v, d, rest);
		return;
	}
	if (v->pane == PANE_LOG) {
		log_draw(v, d, rest, true);
		return;
	}
	int log = rest.rows >= 24 ? rest.rows / 3 : rest.rows >= 12 ? 4 : 0;
	chart_draw(v, d, bn_area_sub(rest, 0, 0, rest.rows - log, rest.cols));
	if (!log)
		return;
	bn_area_hline(rest, rest.rows - log, 0, rest.cols, BN_INK_BORDER);
	log_draw(v, d, bn_area_sub(rest, rest.rows - log + 1, 0, log - 1, rest.cols), false);
}

/* ---- commands ------------------------------------------------------------------------------------ */

static void metric_step(run_view *v, int step)
{
	const bn_run_detail *d = data_of(v);
	if (!d || !d->metric_count)
		return;
	size_t n = d->metric_count, at = d->metric < n ? d->metric : 0;
	at = (at + n + (size_t)(step + (int)n)) % n;
	snprintf(v->metric, sizeof v->metric, "%s", d->metrics[at]);
	v->has_cursor = false;
	v->view.cls->refresh(&v->view);
}

static void cursor_step(run_view *v, int step)
{
	const bn_run_detail *d = data_of(v);
	size_t n = d ? d->curve.n : 0;
	if (!n)
		return;
	size_t stride = n / 100 ? n / 100 : 1;
	if (!v->has_cursor) {
		v->has_cursor = true;
		v->cursor = n - 1;
	} else if (step < 0) {
		v->cursor -= v->cursor > stride ? stride : v->cursor;
	} else if (v->cursor + 1 >= n) {
		v->has_cursor = false; /* past the end: the newest value again */
	} else {
		v->cursor = v->cursor + stride < n ? v->cursor + stride : n - 1;
	}
}

static bool scroll(run_view *v, bn_command_id id)
{
	int sign = v->pane == PANE_LOG ? -1 : 1; /* the console counts from its end */
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
		return true;
	default:
		return false;
	}
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	run_view *v = (run_view *)view;
	const bn_run_detail *d = data_of(v);
	(void)arg;
	switch (id) {
	case BN_CMD_NEXT_PANE:
		v->pane = (pane)((v->pane + 1) % PANE_COUNT);
		v->top = 0;
		return true;
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
		metric_step(v, id == BN_CMD_NEXT_METRIC ? 1 : -1);
		return true;
	case BN_CMD_LOG_SCALE:
		v->log_y = !v->log_y;
		return true;
	case BN_CMD_SMOOTH:
		v->smoothing = (v->smoothing + 1) % (int)(sizeof smoothing_steps / sizeof(double));
		return true;
	case BN_CMD_LEFT:
	case BN_CMD_RIGHT:
		cursor_step(v, id == BN_CMD_LEFT ? -1 : 1);
		return true;
	case BN_CMD_STOP:
		if (d)
			bn_view_ask_stop(view, d->info->id, d->info->name, d->info->title,
				d->info->status == BN_RUN_QUEUED);
		return true;
	default:
		return scroll(v, id);
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_run_detail *d = data_of((run_view *)view);
	if (id == BN_CMD_OPEN) {
		snprintf(why, size, "this is the run; Tab shows everything known about it");
		return true;
	}
	if (id == BN_CMD_STOP && bn_view_stop_refused(view, why, size))
		return true;
	if (id != BN_CMD_STOP || (d && bn_run_status_is_live(d->info->status)))
		return false;
	snprintf(why, size, "only a live run can be stopped%s%s", d ? "; this one is " : "",
		d ? bn_run_status_name(d->info->status) : "");
	return true;
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)text;
	if (id == BN_CMD_STOP)
		bn_view_do(view, BN_DEED_STOP, ((run_view *)view)->id, NULL, false);
}

static void refresh(bn_view *view)
{
	run_view *v = (run_view *)view;
	const bn_run_detail *d = data_of(v);
	bn_run_arg arg = {"", ""};
	bool same_metric = d && d->metric < d->metric_count &&
			   (!v->metric[0] || strcmp(d->metrics[d->metric], v->metric) == 0);
	if (same_metric && !bn_run_status_is_live(d->info->status))
		return; /* nothing can change any more */
	memcpy(arg.id, v->id, sizeof arg.id);
	memcpy(arg.metric, v->metric, sizeof arg.metric);
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->run, &arg, sizeof arg);
}

static void page(bn_view *view, bn_page *p)
{
	run_view *v = (run_view *)view;
	const bn_run_detail *d = p->data;
	if (bn_view_deed_done(view, p))
		return;
	if (!d || strcmp(d->info->id, v->id) != 0) {
		bn_page_free(p);
		return;
	}
	bn_page_free(v->page);
	v->page = p;
	if (v->cursor >= d->curve.n)
		v->has_cursor = false;
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const run_view *v = (const run_view *)view;
	const bn_run_detail *d = data_of(v);
	if (d && d->info->name)
		bn_buf_adds(out, d->info->name);
	else
		bn_buf_addf(out, "%.8s", v->id);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const run_view *v = (const run_view *)view;
	bn_buf_addf(out,
		v->pane == PANE_LOG ? "binnacle run log %.8s" : "binnacle run show %.8s --json",
		v->id);
}

static void view_free(bn_view *view)
{
	run_view *v = (run_view *)view;
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
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.free = view_free,
};

int bn_view_run_new(bn_view **out, bn_frame *f, const char *id, bn_err *err)
{
	run_view *v = bn_view_alloc(sizeof *v, &run_class, f, err);
	if (!v)
		return BN_ENOMEM;
	*out = &v->view;
	if (id)
		snprintf(v->id, sizeof v->id, "%s", id);
	return 0;
}
