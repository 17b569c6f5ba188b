/* late.c - what the user signed and the signer of the next link had not seen, with the command that
 * repeats it. */
#include "tui/ui/format.h"
#include "tui/views/people/_authority.h"

#include <string.h>

enum { COL_WHEN, COL_WHAT, COL_ENTITY, COL_COMMAND, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_WHEN] = {.title = "when",
		.name = "time_ms",
		.form = BN_COLUMN_TIME,
		.falls = true,
		.min = 14},
	[COL_WHAT] = {.title = "what", .name = "kind", .min = 10, .max = 20},
	[COL_ENTITY] = {.title = "on", .name = "entity", .min = 10, .max = 24, .priority = 1},
	[COL_COMMAND] = {.title = "repeat it with",
		.name = "command",
		.min = 20,
		.max = 120,
		.flexible = true,
		.prose = true},
};

static const bn_late_act *act_at(const bn_list *l, int64_t row)
{
	const bn_authority_page *d = bn_list_data(l);
	const bn_late_list *late = d ? d->late : NULL;
	return late && row >= 0 && (size_t)row < late->count ? &late->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_authority_page *d = bn_list_data(ctx);
	return d && d->late ? (int64_t)d->late->count : 0;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_late_act *a = act_at(ctx, row);
	switch (col) {
	case COL_WHEN:
		out->number = (double)a->time_ms;
		out->ink = BN_INK_DIM;
		return;
	case COL_WHAT:
		out->text = a->kind;
		return;
	case COL_ENTITY:
		out->text = a->entity;
		return;
	default:
		out->text = a->command;
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_late_act *a = act_at(ctx, row);
	uint64_t key = a->seq;
	for (const char *c = a->writer; *c; c++)
		key = key * 31 + (unsigned char)*c;
	return key;
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

static void describe(const bn_list *l, int64_t row, bn_buf *text)
{
	const bn_late_act *a = act_at(l, row);
	char when[BN_FORMAT_BYTES];
	if (!a)
		return;
	bn_buf_addf(text, "%s, which does not count\n\n", a->kind);
	bn_authority_fact(text, "on", a->entity);
	bn_authority_fact(
		text, "signed", bn_format_time(when, a->time_ms, bn_frame_is_utc(l->view.frame)));
	bn_authority_fact(text, "why not", a->reason);
	bn_buf_addf(text, "\nrepeat it with (Y copies it):\n%s\n", a->command);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	(void)arg;
	return id == BN_CMD_OPEN && bn_authority_list_open(view, "late act", describe);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_authority_list_draw(view, a, focused, describe);
}

static void page(bn_view *view, bn_page *p)
{
	bn_authority_list_page(view, p, "nothing that you signed came too late");
}

static void cli(const bn_view *view, bn_buf *out)
{
	const bn_list *l = (const bn_list *)view;
	const bn_late_act *a = act_at(l, bn_grid_selected_row(&l->grid));
	bn_buf_adds(out, a ? a->command : "binnacle audit late --json");
}

static const bn_view_class late_class = {
	.name = "late acts",
	.kind = BN_ON(LATE),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.page = page,
	.refresh = bn_authority_list_refresh,
	.cli = cli,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_late_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof *l, &late_class, f, &source, columns, COLUMNS, NULL, err);
	if (!rc)
		*out = &l->view;
	return rc;
}
