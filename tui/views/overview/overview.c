/*
 * overview.c - the first screen: a queue. First what needs the user, each line opening its object;
 * then what is running, the best runs, and what is in use. The life of a model is above it as one
 * line of stations, and with v, or next to it on wide screens, as a list. An empty workspace shows
 * first steps. See _overview.h.
 */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/views/overview/_overview.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

typedef struct overview {
	bn_view view;
	bn_grid grid; /* of stations */
	bn_page *page;
	size_t selected; /* selected line of the queue */
	int top;         /* the first visible row of the queue */
	int page_rows;
	bool stations; /* the stations are shown instead of the queue */
	bool seeks;    /* jump to what needs the user first, once the page is here */
	bool moved;    /* the selection was chosen: before that, what needs the user first is still to be gone to */
} overview;

static const bn_overview *data_of(const overview *v)
{
	return v->page ? v->page->data : NULL;
}

static const bn_line *line_at(const overview *v)
{
	const bn_overview *d = data_of(v);
	return d && v->selected < d->line_count ? &d->lines[v->selected] : NULL;
}

static bool is_empty(const bn_overview *d)
{
	return d && d->place;
}

/* ---- drawing ----------------------------------------------------------------------------------- */

static int part_count(const bn_overview *d, bn_line_part part)
{
	int n = 0;
	for (size_t i = 0; i < d->line_count; i++)
		n += d->lines[i].part == part;
	return n;
}

static void part_draw(const bn_overview *d, bn_area a, int row, bn_line_part part)
{
	int n = part_count(d, part);
	bn_area_hline(a, row, 0, a.cols, BN_INK_BORDER);
	if (part == BN_LINE_NEED || part == BN_LINE_RUN)
		bn_area_textf(a, row, 2, BN_INK_HEADER, " %s (%d) ", bn_line_part_title(part), n);
	else
		bn_area_textf(a, row, 2, BN_INK_HEADER, " %s ", bn_line_part_title(part));
}

/* The queue as rows: a part's title before its first line. draw: -1 only counts them, and finds the
 * row of the selected line; otherwise rows from `top` on are drawn. */
static int queue_rows(overview *v, bn_area a, int top, bool draw, bool focused, int *selected)
{
	const bn_overview *d = data_of(v);
	int64_t now = bn_frame_now_ms(v->view.frame);
	int at = 0, part = -1;
	for (size_t i = 0; i < d->line_count; i++) {
		const bn_line *l = &d->lines[i];
		if ((int)l->part != part) {
			part = (int)l->part;
			if (draw && at >= top && at - top < a.rows)
				part_draw(d, a, at - top, l->part);
			at++;
		}
		bool here = i == v->selected;
		if (here)
			*selected = at;
		if (draw && at >= top && at - top < a.rows) {
			int role = !here     ? -1
				   : focused ? (int)BN_INK_SELECTED
					     : (int)BN_INK_SELECTED_IDLE;
			bn_line_draw(l, a, at - top, now, role);
			if (here && focused)
				bn_area_cursor(a, at - top, 0, false);
		}
		at++;
	}
	return at;
}

/* Returns the number of rows. */
static int queue_draw(overview *v, bn_area a, bool focused)
{
	int selected = 0, rows = queue_rows(v, a, 0, false, focused, &selected);
	v->page_rows = a.rows > 1 ? a.rows : 1;
	v->top = v->top > rows - a.rows ? rows - a.rows : v->top;
	v->top = selected >= v->top + a.rows ? selected - a.rows + 1 : v->top;
	/* The title of the first line's part is kept visible with it. */
	v->top = selected <= v->top ? selected - 1 : v->top;
	v->top = v->top < 0 ? 0 : v->top;
	queue_rows(v, a, v->top, true, focused, &selected);
	return rows - v->top < a.rows ? rows - v->top : a.rows;
}

static void news_draw(const overview *v, bn_area a)
{
	const bn_overview *d = data_of(v);
	char when[BN_FORMAT_BYTES];
	int row = 0;
	if (!d || !d->news_count)
		return;
	if (a.rows >= 4) {
		bn_area_fill(a, 0, 0, 1, a.cols, BN_INK_HEADER);
		bn_area_text(a, row++, 1, BN_INK_HEADER, "latest");
	}
	for (size_t i = 0; i < d->news_count && row < a.rows; i++, row++) {
		const bn_frame *f = v->view.frame;
		bn_format_when(when, d->news[i].time_ms, bn_frame_now_ms(f), bn_frame_is_utc(f));
		bn_area_text(a, row, 1, BN_INK_DIM, when);
		int at = 3 + (int)strlen(when);
		bn_area_field(a, row, at, a.cols - at - 1, BN_INK_TEXT, d->news[i].text);
	}
}

/* The user's identity, if known; for an empty workspace, its path. Returns the number of rows. */
static int head_draw(const overview *v, bn_area a)
{
	const bn_overview *d = data_of(v);
	int row = 0;
	if (d && d->who)
		bn_area_field(
			a, row++, 1, a.cols - 2, d->is_nobody ? BN_INK_WARN : BN_INK_TEXT, d->who);
	if (is_empty(d)) {
		bn_area_text(a, row, 1, BN_INK_STRONG, "This workspace is empty: ");
		bn_area_name(a, row++, 26, a.cols - 27, BN_INK_TEXT, d->place);
	}
	return row;
}

/* If there is room below the queue: that nothing is waiting, and the next step. Returns the number
 * of rows. */
static int foot_draw(const overview *v, bn_area a)
{
	const bn_overview *d = data_of(v);
	const char *next = is_empty(d) ? NULL : bn_stations_next(d);
	int row = 0;
	if (!is_empty(d) && part_count(d, BN_LINE_NEED) == 0 && a.rows > 1) {
		bn_area_text(a, row, 1, BN_INK_DIM, "nothing needs you now");
		row += 2;
	}
	if (next && row < a.rows) {
		int col = bn_area_text(a, row, 1, BN_INK_STRONG, "next: ");
		col = bn_area_text(a, row++, col, BN_INK_KEY, next);
	}
	return row;
}

static void side_draw(overview *v, bn_area a)
{
	int stations = BN_STATION_COUNT + 1;
	bn_grid_draw(&v->grid, bn_area_sub(a, 0, 0, stations, a.cols), false);
	if (a.rows > stations + 3)
		news_draw(v, bn_area_sub(a, stations + 1, 0, a.rows - stations - 1, a.cols));
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	overview *v = (overview *)view;
	const bn_overview *d = data_of(v);
	bn_area body, side;
	int row = head_draw(v, a);
	int here = v->stations ? (int)v->grid.selected : -1;
	if (a.rows >= 12 + row)
		row += bn_stations_flow_draw(d, bn_area_sub(a, row, 0, 4, a.cols), here);
	a = bn_area_sub(a, row, 0, a.rows - row, a.cols);
	if (v->stations || !d) {
		bn_grid_draw(&v->grid, a, focused);
		if (a.rows > BN_STATION_COUNT + 4)
			news_draw(v, bn_area_sub(a, BN_STATION_COUNT + 2, 0,
					     a.rows - BN_STATION_COUNT - 2, a.cols));
		return;
	}
	bool wide = a.cols >= 110 && !d->is_elsewhere;
	if (wide) {
		bn_view_split(view, a, &body, &side);
		side_draw(v, side);
	} else {
		body = a;
	}
	if (focused)
		bn_area_cursor(body, 0, 0, false);
	row = queue_draw(v, body, focused) + 1;
	row += foot_draw(v, bn_area_sub(body, row, 0, body.rows - row, body.cols)) + 1;
	if (!wide && body.rows - row >= 4)
		news_draw(v, bn_area_sub(body, row, 0, body.rows - row, body.cols));
}

/* ---- commands ---------------------------------------------------------------------------------- */

static bool line_open(overview *v, const bn_line *l)
{
	bn_frame *f = v->view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	switch (l->opens) {
	case BN_OPENS_CHECKS:
		return bn_view_open(f, bn_view_checks_new(&made, f, l->ref, &err), &made, &err);
	case BN_OPENS_RUN:
		return bn_view_open(f, bn_view_run_new(&made, f, l->ref, &err), &made, &err);
	case BN_OPENS_MODEL:
		return bn_view_open(f, bn_view_model_new(&made, f, l->ref, &err), &made, &err);
	case BN_OPENS_REPORT:
		return bn_view_open(f, bn_view_report_new(&made, f, l->ref, &err), &made, &err);
	case BN_OPENS_SERVERS:
		bn_frame_go(f, BN_CMD_ENDPOINTS);
		return true;
	case BN_OPENS_PEOPLE:
		bn_frame_go(f, BN_CMD_PEOPLE);
		return true;
	case BN_OPENS_CHAIN:
		bn_frame_go(f, BN_CMD_CHAIN);
		return true;
	case BN_OPENS_LATE:
		bn_frame_go(f, BN_CMD_LATE);
		return true;
	case BN_OPENS_NOTHING:
		break;
	}
	if (l->command)
		bn_frame_message(f, "type it in a shell (Y copies it): %s", l->command);
	else
		bn_frame_go(f, BN_CMD_RUNS);
	return true;
}

static void select_line(overview *v, int64_t to)
{
	const bn_overview *d = data_of(v);
	int64_t n = d ? (int64_t)d->line_count : 0;
	to = to >= n ? n - 1 : to;
	v->selected = to < 0 ? 0 : (size_t)to;
}

static bool motion(overview *v, bn_command_id id)
{
	int64_t at = (int64_t)v->selected, page = v->page_rows;
	v->moved = v->moved || (bn_command_get(id)->flags & BN_CMD_MOTION);
	switch (id) {
	case BN_CMD_UP:
		select_line(v, at - 1);
		return true;
	case BN_CMD_DOWN:
		select_line(v, at + 1);
		return true;
	case BN_CMD_PAGE_UP:
	case BN_CMD_HALF_UP:
		select_line(v, at - (id == BN_CMD_PAGE_UP ? page : page / 2));
		return true;
	case BN_CMD_PAGE_DOWN:
	case BN_CMD_HALF_DOWN:
		select_line(v, at + (id == BN_CMD_PAGE_DOWN ? page : page / 2));
		return true;
	case BN_CMD_TOP:
		select_line(v, 0);
		return true;
	case BN_CMD_BOTTOM:
		select_line(v, INT64_MAX);
		return true;
	default:
		return false;
	}
}

/* Which one of how many it is, and how to go on. */
static void need_say(const overview *v, const bn_overview *d)
{
	size_t nth = 0, all = 0;
	for (size_t i = 0; i < d->line_count; i++) {
		all += d->lines[i].part == BN_LINE_NEED;
		nth += d->lines[i].part == BN_LINE_NEED && i <= v->selected;
	}
	if (all == 1)
		bn_frame_message(v->view.frame, "the only line that needs you; Enter opens it");
	else
		bn_frame_message(v->view.frame, "%zu of %zu that need you; Enter opens it, ! goes to the %s", nth,
			all, nth < all ? "next" : "first");
}

/* Moves to the next line that needs the user; wraps to the top if there is none below. */
static void need_seek(overview *v, bool from_top)
{
	const bn_overview *d = data_of(v);
	v->seeks = !d;
	if (v->seeks)
		return;
	v->stations = false;
	from_top = from_top || !v->moved || v->selected >= d->line_count ||
		   d->lines[v->selected].part != BN_LINE_NEED;
	v->moved = true;
	size_t first = from_top ? 0 : v->selected + 1;
	for (size_t k = 0; k < d->line_count; k++) {
		size_t i = (first + k) % d->line_count;
		if (d->lines[i].part != BN_LINE_NEED)
			continue;
		v->selected = i;
		need_say(v, d);
		return;
	}
	bn_frame_message(v->view.frame, "nothing needs you now");
}

/* Decisions are made on the version's page, next to the evidence. */
static bool approve_open(overview *v, const bn_line *l)
{
	line_open(v, l);
	bn_frame_message(v->view.frame, "read the evidence first; then A again");
	return true;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	overview *v = (overview *)view;
	const bn_line *l = line_at(v);
	switch (id) {
	case BN_CMD_VIEW:
		v->stations = !v->stations;
		return true;
	case BN_CMD_REQUEST:
		bn_view_do(view, BN_ACTION_REQUEST, arg ? arg : "", NULL, false);
		return true;
	case BN_CMD_NEEDS_ME:
		need_seek(v, arg != NULL);
		return true;
	case BN_CMD_APPROVE:
		return l && approve_open(v, l);
	case BN_CMD_OPEN:
		if (v->stations)
			bn_frame_go(view->frame, bn_station_screen(v->grid.selected));
		return v->stations || (l && line_open(v, l));
	default:
		return v->stations ? bn_grid_command(&v->grid, id, arg) : motion(v, id);
	}
}

static void refresh(bn_view *view)
{
	bn_overview_arg arg = {.soon = !((overview *)view)->page};
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->overview, &arg, sizeof arg);
}

/* The selection stays on its object when lines are added or removed. */
static size_t line_find(const bn_overview *d, const bn_line *old, size_t or_else)
{
	for (size_t i = 0; old && i < d->line_count; i++) {
		const bn_line *l = &d->lines[i];
		if (l->part == old->part &&
			strcmp(l->ref ? l->ref : "", old->ref ? old->ref : "") == 0 &&
			strcmp(l->word ? l->word : "", old->word ? old->word : "") == 0)
			return i;
	}
	return or_else < d->line_count ? or_else : 0;
}

static void page(bn_view *view, bn_page *p)
{
	overview *v = (overview *)view;
	if (bn_view_action_done(view, p))
		return;
	if (!p->data) {
		bn_page_free(p);
		return;
	}
	v->selected = line_find(p->data, line_at(v), v->selected);
	bn_page_free(v->page);
	v->page = p;
	bn_grid_reload(&v->grid);
	if (data_of(v)->is_part)
		refresh(view);
	if (v->seeks)
		need_seek(v, true);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const overview *v = (overview *)view;
	const bn_overview *d = data_of(v);
	const bn_line *l = line_at(v);
	if (id == BN_CMD_APPROVE) {
		snprintf(why, size, "choose a request first: ! goes to what needs you");
		return v->stations || !l || l->part != BN_LINE_NEED || l->opens != BN_OPENS_MODEL;
	}
	if (id != BN_CMD_REQUEST)
		return false;
	if (!d)
		snprintf(why, size, "it is still being loaded");
	else if (d->who)
		snprintf(why, size, "your key is admitted already");
	else
		snprintf(why, size,
			"in this workspace users are known by their uid: nobody has to be "
			"admitted");
	return !d || !d->is_nobody;
}

static void cli(const bn_view *view, bn_buf *out)
{
	const overview *v = (const overview *)view;
	const bn_line *l = line_at(v);
	const char *next = bn_stations_next(data_of(v));
	if (l && l->command && !v->stations)
		bn_buf_adds(out, l->command);
	else if (l && !v->stations && l->opens == BN_OPENS_RUN)
		bn_buf_addf(out, "binnacle run show %.8s", l->ref);
	else if (l && !v->stations && l->opens == BN_OPENS_MODEL)
		bn_buf_addf(out, "binnacle model show %s", l->ref);
	else if (l && !v->stations && l->opens == BN_OPENS_CHECKS)
		bn_buf_addf(out, "binnacle data check %s", l->ref);
	else if (l && !v->stations && l->opens == BN_OPENS_REPORT)
		bn_buf_addf(out, "binnacle monitor show %s", l->ref);
	else
		bn_buf_adds(out, next ? next : "binnacle run ls");
}

static void view_free(bn_view *view)
{
	overview *v = (overview *)view;
	bn_view_release(view);
	bn_grid_release(&v->grid);
	bn_page_free(v->page);
	bn_free(v);
}

static const bn_view_class overview_class = {
	.name = "Overview",
	.kind = BN_ON(OVERVIEW),
	.refresh_ms = 2000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.cli = cli,
	.free = view_free,
};

int bn_view_overview_new(bn_view **out, bn_frame *f, bn_err *err)
{
	overview *v = bn_view_alloc(sizeof *v, &overview_class, f, err);
	if (!v)
		return BN_ENOMEM;
	int rc = bn_stations_init(&v->grid, &v->page, err);
	if (rc) {
		view_free(&v->view);
		return rc;
	}
	*out = &v->view;
	return 0;
}
