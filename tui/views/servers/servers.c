/*
 * servers.c - servers: the list of them, and one. Both show the same page, from what the servers
 * logged; no server is contacted. Enter on one opens the model that it serves.
 */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bn_state endpoint_state(const bn_endpoint *e)
{
	static const bn_state states[] = {[BN_ENDPOINT_RUNNING] = BN_STATE_RUN,
		[BN_ENDPOINT_STOPPED] = BN_STATE_NONE,
		[BN_ENDPOINT_LOST] = BN_STATE_FAIL};
	return states[e->state];
}

/* Counters come with a server's first record of them. */
static bool has_counters(const bn_endpoint *e)
{
	return e->seen_ms > e->started_ms || e->stopped_ms;
}

/* Whether it listens on a socket besides its port; a single address is its URL. */
static bool has_both(const bn_endpoint *e)
{
	return e->unix_path && e->port;
}

/* ---- one -------------------------------------------------------------------------------------- */

static int count_draw(bn_area a, int row, const char *name, const bn_endpoint *e, int64_t n)
{
	char text[BN_FORMAT_BYTES];
	return bn_area_fact(
		a, row, name, BN_INK_TEXT, has_counters(e) ? bn_format_count(text, n) : NULL);
}

/* Predictions that were answered and are not in the log. */
static int unlogged_draw(bn_area a, int row, const bn_endpoint *e)
{
	char aside[BN_FORMAT_BYTES], lost[BN_FORMAT_BYTES], text[160];
	if (e->set_aside <= 0 && e->lost <= 0)
		return row;
	snprintf(text, sizeof text, "%s lost, %s set aside", bn_format_count(lost, e->lost),
		bn_format_count(aside, e->set_aside));
	return bn_area_fact(a, row, "not logged", BN_INK_FAIL, text);
}

static int latency_draw(bn_area a, int row, const bn_endpoint *e)
{
	char p50[BN_FORMAT_BYTES], p95[BN_FORMAT_BYTES], p99[BN_FORMAT_BYTES], text[160];
	if (isnan(e->p50_ms) && isnan(e->p99_ms))
		return bn_area_fact(a, row, "latency", BN_INK_TEXT, NULL);
	snprintf(text, sizeof text, "median %s ms, 95 %% %s ms, 99 %% %s ms",
		bn_format_number(p50, e->p50_ms), bn_format_number(p95, e->p95_ms),
		bn_format_number(p99, e->p99_ms));
	return bn_area_fact(a, row, "latency", BN_INK_TEXT, text);
}

static int times_draw(const bn_frame *f, bn_area a, int row, const bn_endpoint *e)
{
	char age[BN_FORMAT_BYTES], time[BN_FORMAT_BYTES], text[160];
	int64_t now = bn_frame_now_ms(f);
	bool utc = bn_frame_is_utc(f);
	snprintf(text, sizeof text, "%s, %s", bn_format_time(time, e->started_ms, utc),
		bn_format_age(age, e->started_ms, now));
	row = bn_area_fact(a, row, "started", BN_INK_TEXT, text);
	snprintf(text, sizeof text, "%s, %s", bn_format_time(time, e->seen_ms, utc),
		bn_format_age(age, e->seen_ms, now));
	bool lost = e->state == BN_ENDPOINT_LOST;
	return bn_area_fact(a, row, e->stopped_ms ? "stopped" : "last word",
		lost ? BN_INK_FAIL : BN_INK_TEXT, text);
}

static void endpoint_draw(const bn_frame *f, const bn_endpoint *e, bn_area a)
{
	char text[512];
	bn_state s = endpoint_state(e);
	int row = 0;
	int col = bn_area_glyph(a, row, 0, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
	col = bn_area_text(a, row, col + 1, bn_state_ink(s), bn_endpoint_state_name(e->state));
	bn_area_text(a, row++, col + 2, BN_INK_STRONG, e->models);
	if (e->state == BN_ENDPOINT_LOST)
		bn_area_text(a, row, 0, BN_INK_FAIL, "it is gone, and did not say so");
	row++;
	row = bn_area_fact(a, row, "url", BN_INK_TEXT, e->url);
	if (has_both(e))
		row = bn_area_fact(a, row, "socket", BN_INK_TEXT, e->unix_path);
	snprintf(text, sizeof text, "%.60s on %.120s, process %lld", e->user, e->host,
		(long long)e->pid);
	row = bn_area_fact(a, row, "by", BN_INK_TEXT, text);
	row = times_draw(f, a, row, e) + 1;
	row = count_draw(a, row, "requests", e, e->requests);
	row = count_draw(a, row, "errors", e, e->errors);
	row = count_draw(a, row, "predictions", e, e->predictions);
	row = unlogged_draw(a, row, e);
	row = latency_draw(a, row, e) + 1;
	if (e->state != BN_ENDPOINT_RUNNING)
		return;
	bn_area_text(a, row++, 0, BN_INK_DIM, "to ask it:");
	snprintf(text, sizeof text, "binnacle predict FILE --endpoint %.400s", e->url);
	bn_area_text(a, row, 2, BN_INK_KEY, text);
}

typedef struct endpoint_view {
	bn_view view;
	bn_page *page;
	char id[BN_ENDPOINT_ID_TEXT];
} endpoint_view;

static const bn_endpoint *one_of(const endpoint_view *v)
{
	const bn_endpoints *d = v->page ? v->page->data : NULL;
	for (size_t i = 0; d && i < d->count; i++)
		if (strcmp(d->items[i].id, v->id) == 0)
			return &d->items[i];
	return NULL;
}

static void one_draw(bn_view *view, bn_area a, bool focused)
{
	const endpoint_view *v = (const endpoint_view *)view;
	const bn_endpoint *e = one_of(v);
	if (e)
		endpoint_draw(view->frame, e, bn_area_sub(a, 0, 1, a.rows, a.cols - 1));
	else if (v->page)
		bn_area_text(a, 0, 1, BN_INK_ERROR, v->page->err.msg);
	else
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
	if (focused)
		bn_area_cursor(a, 0, 0, false);
}

static bool one_command(bn_view *view, bn_command_id id, const char *arg)
{
	const bn_endpoint *e = one_of((const endpoint_view *)view);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	(void)arg;
	if (id != BN_CMD_OPEN || !e)
		return false;
	return bn_view_open(
		view->frame, bn_view_model_new(&made, view->frame, e->models, &err), &made, &err);
}

/* Its model is a version of the registry, and the only one. */
static bool one_refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_endpoint *e = one_of((const endpoint_view *)view);
	if (id != BN_CMD_OPEN)
		return false;
	const char *slash = e ? strchr(e->models, '/') : NULL;
	bool version = slash && slash > e->models && slash[1] &&
		       strspn(slash + 1, "0123456789") == strlen(slash + 1);
	if (version)
		return false;
	snprintf(why, size, "%s",
		e && strstr(e->models, ", ") ? "it serves several models; 4 lists them"
					     : "its model is not in the registry");
	return true;
}

static void one_refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->endpoints, NULL, 0);
}

static void one_page(bn_view *view, bn_page *p)
{
	endpoint_view *v = (endpoint_view *)view;
	if (!p->data && v->page) { /* the current data stays */
		bn_page_free(p);
		return;
	}
	bn_page_free(v->page);
	v->page = p;
}

static void one_crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_adds(out, ((const endpoint_view *)view)->id);
}

static void one_cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle endpoint show %s", ((const endpoint_view *)view)->id);
}

static void one_free(bn_view *view)
{
	bn_view_release(view);
	bn_page_free(((endpoint_view *)view)->page);
	bn_free(view);
}

static const bn_view_class endpoint_class = {
	.name = "server",
	.kind = BN_ON(ENDPOINT),
	.refresh_ms = 2000,
	.draw = one_draw,
	.command = one_command,
	.refuses = one_refuses,
	.page = one_page,
	.refresh = one_refresh,
	.crumb = one_crumb,
	.cli = one_cli,
	.free = one_free,
};

static int endpoint_new(bn_view **out, bn_frame *f, const char *id, bn_err *err)
{
	endpoint_view *v = bn_view_alloc(sizeof *v, &endpoint_class, f, err);
	if (!v)
		return BN_ENOMEM;
	snprintf(v->id, sizeof v->id, "%s", id);
	*out = &v->view;
	return 0;
}

/* ---- the list --------------------------------------------------------------------------------- */

enum {
	COL_STATE,
	COL_MODELS,
	COL_URL,
	COL_REQUESTS,
	COL_PREDICTIONS,
	COL_ERRORS,
	COL_P50,
	COL_P99,
	COL_STARTED,
	COL_SOCKET,
	COL_USER,
	COL_HOST,
	COL_ID,
	COLUMNS
};

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.stays = true, .title = "state", .form = BN_COLUMN_STATE, .falls = true, .min = 9},
	[COL_MODELS] = {.stays = true, .title = "serves",
		.name = "models",
		.min = 8,
		.max = 40,
		.wish = 16,
		.flexible = true},
	[COL_URL] = {.title = "url", .min = 12, .priority = 1},
	[COL_REQUESTS] = {.title = "requests",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 8,
		.priority = 1},
	[COL_PREDICTIONS] = {.title = "predictions",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 8,
		.priority = 3},
	[COL_ERRORS] = {.title = "errors",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 6,
		.priority = 2},
	[COL_P50] = {.title = "p50 ms",
		.name = "p50_ms",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 6,
		.priority = 3},
	[COL_P99] = {.title = "p99 ms",
		.name = "p99_ms",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 6,
		.priority = 2},
	[COL_STARTED] = {.title = "started",
		.name = "started_ms",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 3},
	[COL_SOCKET] = {.title = "socket", .name = "unix", .min = 6, .priority = 3},
	[COL_USER] = {.title = "by", .name = "user", .min = 4, .max = 12, .priority = 4},
	[COL_HOST] = {.title = "host", .min = 4, .max = 16, .priority = 5},
	[COL_ID] = {.title = "id", .min = 12, .priority = 6},
};

static const bn_endpoint *endpoint_at(const bn_list *l, int64_t row)
{
	const bn_endpoints *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->count ? &d->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_endpoints *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

static void number_cell(const bn_endpoint *e, int col, bn_grid_cell *out)
{
	const int64_t counts[COLUMNS] = {[COL_REQUESTS] = e->requests,
		[COL_PREDICTIONS] = e->predictions,
		[COL_ERRORS] = e->errors};
	if (col == COL_P50 || col == COL_P99) {
		out->number = col == COL_P50 ? e->p50_ms : e->p99_ms;
		return;
	}
	int64_t n = counts[col];
	if (!has_counters(e))
		return;
	out->number = (double)n;
	if (col == COL_ERRORS && n > 0)
		out->ink = BN_INK_WARN;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_endpoint *e = endpoint_at(ctx, row);
	switch (col) {
	case COL_STATE:
		bn_state_cell(out, endpoint_state(e), bn_endpoint_state_name(e->state));
		return;
	case COL_MODELS:
		out->text = e->models;
		return;
	case COL_URL:
		out->text = e->url;
		return;
	case COL_STARTED:
		out->number = (double)e->started_ms;
		return;
	case COL_SOCKET:
		out->text = has_both(e) ? e->unix_path : "";
		return;
	case COL_USER:
		out->text = e->user;
		return;
	case COL_HOST:
		out->text = e->host;
		return;
	case COL_ID:
		out->text = e->id;
		out->ink = BN_INK_DIM;
		return;
	default:
		number_cell(e, col, out);
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_endpoint *e = endpoint_at(ctx, row); /* two users may have the same id */
	uint64_t key = strtoull(e->id, NULL, 16);
	for (const char *c = e->user; *c; c++)
		key = key * 31 + (unsigned char)*c;
	return key;
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

static const bn_endpoint *selected(const bn_list *l)
{
	return endpoint_at(l, bn_grid_selected_row(&l->grid));
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_list *l = (const bn_list *)view;
	const bn_endpoint *e = selected(l);
	bn_area list, detail;
	bool split = bn_view_split(view, a, &list, &detail) && e;
	bn_list_draw(view, split ? list : a, focused);
	if (split)
		endpoint_draw(view->frame, e, detail);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	const bn_endpoint *e = selected((const bn_list *)view);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	(void)arg;
	if (id != BN_CMD_OPEN || !e)
		return false;
	return bn_view_open(
		view->frame, endpoint_new(&made, view->frame, e->id, &err), &made, &err);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	if (id != BN_CMD_OPEN || selected((const bn_list *)view))
		return false;
	snprintf(why, size, "nothing was served yet: binnacle serve MODEL");
	return true;
}

static void refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->endpoints, NULL, 0);
}

static void cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle endpoint ls --all --json");
}

static const bn_view_class endpoints_class = {
	.name = "Serving",
	.kind = BN_ON(ENDPOINTS),
	.refresh_ms = 2000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = bn_list_page,
	.refresh = refresh,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_endpoints_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(
		&l, sizeof *l, &endpoints_class, f, &source, columns, COLUMNS, NULL, err);
	if (rc)
		return rc;
	l->grid.empty = "nothing was served yet: binnacle serve MODEL";
	*out = &l->view;
	return 0;
}
