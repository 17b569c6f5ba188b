/* stations.c - the life of a model as stations: a line of glyphs, and the same as a list that Enter
 * opens. See _overview.h. */
#include "tui/ui/format.h"
#include "tui/ui/glyph.h"
#include "tui/views/overview/_overview.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

typedef struct station_info {
	const char *name;
	bn_command_id screen;
	const char *next; /* the command to run if it is empty */
} station_info;

static const station_info stations[BN_STATION_COUNT] = {
	[BN_STATION_INGEST] = {"ingest", BN_CMD_DATA, NULL},
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

enum { COL_STATION, COL_STATE, COL_COUNT, COL_DETAIL, COLUMNS };
static const bn_grid_column columns[COLUMNS] = {
	{.title = "station", .min = 9},
	{.title = "state", .form = BN_COLUMN_STATE, .min = 6},
	{.title = "count", .form = BN_COLUMN_COUNT, .min = 6},
	{.title = "what is there", .flexible = true, .prose = true, .min = 10},
};

static const bn_overview *data_of(const void *ctx)
{
	const bn_page *const *page = ctx;
	return *page ? (*page)->data : NULL;
}

static int64_t grid_rows(void *ctx)
{
	(void)ctx;
	return BN_STATION_COUNT;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_overview *d = data_of(ctx);
	const bn_station *s = d ? &d->stations[row] : NULL;
	if (col == COL_STATION) {
		out->text = stations[row].name;
		return;
	}
	out->pending = !s;
	if (!s)
		return;
	if (col == COL_STATE)
		bn_state_cell(out, s->state, NULL);
	else if (col == COL_COUNT && s->state != BN_STATE_NONE)
		out->number = (double)s->count;
	else if (col == COL_DETAIL) {
		out->text = s->detail && s->state != BN_STATE_NONE ? s->detail : "";
		out->ink = BN_INK_DIM;
	}
}

int bn_stations_init(bn_grid *g, bn_page **page, bn_err *err)
{
	bn_grid_source source = {.ctx = page, .rows = grid_rows, .cell = grid_cell};
	return bn_grid_init(g, &source, columns, COLUMNS, err);
}

bn_command_id bn_station_screen(int64_t station)
{
	return stations[station].screen;
}

const char *bn_stations_next(const bn_overview *d)
{
	if (d && d->is_elsewhere)
		return NULL;
	for (int i = 0; d && i < BN_STATION_COUNT; i++) {
		bool is_empty = d->stations[i].state == BN_STATE_NONE;
		/* Nothing can be done with data where there is none: runs came from elsewhere. */
		if (stations[i].screen == BN_CMD_DATA &&
			d->stations[BN_STATION_INGEST].state == BN_STATE_NONE)
			continue;
		if (is_empty && stations[i].next)
			return stations[i].next;
		if (is_empty && i == BN_STATION_DEPLOY)
			return d->to_champion;
	}
	return NULL;
}

int bn_stations_flow_draw(const bn_overview *d, bn_area a, int here)
{
	int row = 0, col = 1;
	if (d && d->is_elsewhere)
		return 0;
	for (int i = 0; i < BN_STATION_COUNT; i++) {
		bn_state state = d ? d->stations[i].state : BN_STATE_NONE;
		int need = (int)strlen(stations[i].name) + 2;
		bn_ink ink = state == BN_STATE_NONE ? BN_INK_DIM : BN_INK_TEXT;
		if (col + need + 2 > a.cols && col > 1) {
			row++;
			col = 3;
		}
		bn_area_glyph(a, row, col, bn_state_ink(state), (bn_glyph_id)bn_state_glyph(state));
		col = bn_area_text(
			a, row, col + 2, i == here ? BN_INK_STRONG : ink, stations[i].name);
		if (i + 1 < BN_STATION_COUNT)
			bn_area_glyph(a, row, col + 1, BN_INK_DIM, BN_GLYPH_ARROW);
		col += 3;
	}
	return row + 1;
}
