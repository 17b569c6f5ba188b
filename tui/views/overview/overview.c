/*
 * overview.c - where a newcomer lands: the life of a model as one line of stations, each with its
 * state in a word and a glyph, then the same as rows that Enter opens, what to do next, and what
 * happened last.
 */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

typedef struct station_info {
	const char *name;
	bn_command_id screen;
	const char *next; /* what to do when it is empty: a command line */
} station_info;

static const station_info stations[BN_STATION_COUNT] = {
	[BN_STATION_INGEST] = {"ingest", BN_CMD_DATA, "binnacle data add NAME FILE.csv"},
	[BN_STATION_PROFILE] = {"profile", BN_CMD_DATA, "binnacle data describe NAME"},
	[BN_STATION_TRANSFORM] = {"transform", BN_CMD_DATA, NULL},
	[BN_STATION_VALIDATE] = {"validate", BN_CMD_DATA, "binnacle data check NAME --suite FILE"},
	[BN_STATION_SPLIT] = {"split", BN_CMD_DATA, "binnacle data split NAME"},
	[BN_STATION_TRAIN] = {"train", BN_CMD_RUNS, "binnacle run start -- python train.py"},
	[BN_STATION_EVALUATE] = {"evaluate", BN_CMD_RUNS, NULL},
	[BN_STATION_SCALE] = {"scale", BN_CMD_RUNS, NULL},
	[BN_STATION_APPROVE] = {"approve", BN_CMD_MODELS,
		"binnacle model register RUN --name NAME"},
	[BN_STATION_DEPLOY] = {"deploy", BN_CMD_MODELS, NULL},
	[BN_STATION_SERVE] = {"serve", BN_CMD_ENDPOINTS, "binnacle serve NAME@champion"},
	[BN_STATION_MONITOR] = {"monitor", BN_CMD_MONITOR, "binnacle monitor report NAME"},
	[BN_STATION_LOG] = {"log", BN_CMD_AUDIT, NULL},
};

typedef struct overview {
	bn_view view;
	bn_grid grid;
	bn_page *page;
	bool seeks; /* what needs the user first, once the page is here */
} overview;

enum { COL_STATION, COL_STATE, COL_COUNT, COL_DETAIL, COLUMNS };
static const bn_grid_column columns[COLUMNS] = {
	{.title = "station", .min = 9},
	{.title = "state", .form = BN_COLUMN_STATE, .min = 6},
	{.title = "count", .form = BN_COLUMN_COUNT, .min = 6},
	{.title = "what is there", .flexible = true, .prose = true, .min = 10},
};

static const bn_overview *data_of(const overview *v)
{
	return v->page ? v->page->data : NULL;
}

/* What waits for the user stands before the stations. */
enum { NEED_REQUESTS, NEED_TO_SIGN, NEED_LATE, NEEDS };

static const struct {
	const char *name, *detail;
	bn_command_id screen;
} needs[NEEDS] = {
	[NEED_REQUESTS] = {"requests", "keys that ask to be admitted", BN_CMD_PEOPLE},
	[NEED_TO_SIGN] = {"to sign", "links of the chain that wait for you", BN_CMD_CHAIN},
	[NEED_LATE] = {"late", "what you signed too late, to repeat", BN_CMD_LATE},
};

static int64_t need_count(const bn_overview *d, int need)
{
	const int64_t counts[NEEDS] = {[NEED_REQUESTS] = d ? d->requests : 0,
		[NEED_TO_SIGN] = d ? d->to_sign : 0,
		[NEED_LATE] = d ? d->late : 0};
	return counts[need];
}

static int needs_shown(const overview *v)
{
	int n = 0;
	for (int i = 0; i < NEEDS; i++)
		n += need_count(data_of(v), i) > 0;
	return n;
}

/* Which need the row is; its station when it is none: -1 - station. */
static int row_meaning(const overview *v, int64_t row)
{
	int64_t at = row;
	for (int i = 0; i < NEEDS; i++)
		if (need_count(data_of(v), i) > 0 && at-- == 0)
			return i;
	return -1 - (int)at;
}

static int64_t grid_rows(void *ctx)
{
	return BN_STATION_COUNT + needs_shown(ctx);
}

/* The selection stays on what it is on when something begins or ceases to wait. */
static uint64_t grid_key(void *ctx, int64_t row)
{
	return (uint64_t)(row_meaning(ctx, row) + BN_STATION_COUNT + 1);
}

static void need_cell(const bn_overview *d, int need, int col, bn_grid_cell *out)
{
	if (col == COL_STATION)
		out->text = needs[need].name;
	else if (col == COL_STATE)
		bn_state_cell(out, BN_STATE_WAIT, NULL);
	else if (col == COL_COUNT)
		out->number = (double)need_count(d, need);
	else
		out->text = needs[need].detail;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_overview *d = data_of(ctx);
	int need = row_meaning(ctx, row), station = -1 - need;
	if (need >= 0) {
		need_cell(d, need, col, out);
		return;
	}
	const bn_station *s = d ? &d->stations[station] : NULL;
	switch (col) {
	case COL_STATION:
		out->text = stations[station].name;
		return;
	case COL_STATE:
		out->pending = !s;
		if (s)
			bn_state_cell(out, s->state, NULL);
		return;
	case COL_COUNT:
		out->pending = !s;
		if (s && s->state != BN_STATE_NONE && s->count >= 0)
			out->number = (double)s->count;
		return;
	default:
		out->pending = !s;
		out->text = s && s->detail && s->state != BN_STATE_NONE ? s->detail : "";
		out->ink = BN_INK_DIM;
		return;
	}
}

/* The stations as a line that wraps; returns rows used. */
static int flow_draw(const overview *v, bn_area a)
{
	const bn_overview *d = data_of(v);
	int row = 0, col = 1;
	for (int i = 0; i < BN_STATION_COUNT; i++) {
		bn_state state = d ? d->stations[i].state : BN_STATE_NONE;
		int need = (int)strlen(stations[i].name) + 2;
		if (col + need + 2 > a.cols && col > 1) {
			row++;
			col = 3;
		}
		bn_area_glyph(a, row, col, bn_state_ink(state), (bn_glyph_id)bn_state_glyph(state));
		bool here = row_meaning(v, v->grid.selected) == -1 - i;
		col = bn_area_text(a, row, col + 2,
			here                     ? BN_INK_STRONG
			: state == BN_STATE_NONE ? BN_INK_DIM
						 : BN_INK_TEXT,
			stations[i].name);
		if (i + 1 < BN_STATION_COUNT)
			bn_area_glyph(a, row, col + 1, BN_INK_DIM, BN_GLYPH_ARROW);
		col += 3;
	}
	return row + 1;
}

/* The first station of the way that has nothing and can be started by a command. */
static const char *next_step(const overview *v)
{
	const bn_overview *d = data_of(v);
	for (int i = 0; d && i < BN_STATION_COUNT; i++)
		if (d->stations[i].state == BN_STATE_NONE && stations[i].next)
			return stations[i].next;
	return NULL;
}

static bool is_empty(const bn_overview *d)
{
	for (int i = 0; d && i < BN_STATION_LOG; i++)
		if (d->stations[i].state != BN_STATE_NONE)
			return false;
	return d != NULL;
}

static int next_draw(const overview *v, bn_area a, int row)
{
	const char *next = next_step(v);
	if (is_empty(data_of(v))) {
		bn_area_text(
			a, row++, 1, BN_INK_STRONG, "Nothing is here yet. Bring in some data:");
		bn_area_text(a, row++, 3, BN_INK_KEY, "binnacle data add NAME FILE.csv");
		bn_area_text(a, row++, 1, BN_INK_DIM,
			"or see a whole life of a model: binnacle demo.  Y copies the line.");
		return row;
	}
	if (next) {
		int col = bn_area_text(a, row, 1, BN_INK_STRONG, "next: ");
		col = bn_area_text(a, row, col, BN_INK_KEY, next);
		bn_area_text(a, row, col, BN_INK_DIM, "   (Y copies it)");
		return row + 1;
	}
	return row;
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

static int who_draw(const overview *v, bn_area a)
{
	const bn_overview *d = data_of(v);
	if (!d || !d->who)
		return 0;
	bn_area_text(a, 0, 1, d->is_nobody ? BN_INK_WARN : BN_INK_TEXT, d->who);
	return 1;
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	overview *v = (overview *)view;
	int row = who_draw(v, a);
	int lines = BN_STATION_COUNT + 1 + needs_shown(v);
	if (a.rows >= 16 + row)
		row += flow_draw(v, bn_area_sub(a, row, 0, 4, a.cols)) + 1;
	int next = is_empty(data_of(v)) ? 3 : next_step(v) ? 1 : 0;
	int list = a.rows - row - next - (next ? 1 : 0);
	list = list > lines ? lines : list < 2 ? a.rows - row : list;
	bn_grid_draw(&v->grid, bn_area_sub(a, row, 0, list, a.cols), focused);
	row += list;
	if (next && row + next < a.rows)
		row = next_draw(v, a, row + (a.rows - row > next + 1));
	news_draw(v, bn_area_sub(a, row + 1, 0, a.rows - row - 1, a.cols));
}

/* To the next row that needs the user, from the top on when there is none below. */
static void need_seek(overview *v, bool from_top)
{
	int64_t before = v->grid.selected;
	v->seeks = !v->page;
	if (v->seeks)
		return;
	if (!from_top && bn_grid_step_odd(&v->grid, 1))
		return;
	v->grid.selected = -1;
	if (bn_grid_step_odd(&v->grid, 1))
		return;
	bn_grid_select(&v->grid, before < 0 ? 0 : before);
	bn_frame_message(v->view.frame, "nothing needs you now");
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	overview *v = (overview *)view;
	if (id == BN_CMD_LEFT || id == BN_CMD_RIGHT) { /* along the line of stations */
		bn_grid_select(&v->grid, v->grid.selected + (id == BN_CMD_RIGHT ? 1 : -1));
		return true;
	}
	if (id == BN_CMD_REQUEST) {
		bn_view_do(view, BN_DEED_REQUEST, arg ? arg : "", NULL, false);
		return true;
	}
	if (id == BN_CMD_NEEDS_ME) {
		need_seek(v, arg != NULL);
		return true;
	}
	if (id != BN_CMD_OPEN)
		return bn_grid_command(&v->grid, id, arg);
	int need = row_meaning(v, v->grid.selected);
	bn_frame_go(view->frame, need >= 0 ? needs[need].screen : stations[-1 - need].screen);
	return true;
}

static void refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->overview, NULL, 0);
}

static void page(bn_view *view, bn_page *p)
{
	overview *v = (overview *)view;
	if (bn_view_deed_done(view, p))
		return;
	if (!p->data) {
		bn_page_free(p);
		return;
	}
	bool is_first = !v->page;
	bn_page_free(v->page);
	v->page = p;
	bn_grid_reload(&v->grid);
	if (is_first)
		bn_grid_select(&v->grid, 0);
	if (v->seeks)
		need_seek(v, true);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_overview *d = data_of((overview *)view);
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
	const char *next = next_step((const overview *)view);
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
	bn_grid_source source = {.ctx = v, .rows = grid_rows, .cell = grid_cell, .key = grid_key};
	int rc = bn_grid_init(&v->grid, &source, columns, COLUMNS, err);
	if (rc) {
		view_free(&v->view);
		return rc;
	}
	*out = &v->view;
	return 0;
}
