/*
 * remotes.c - what is where: versions at remotes, as they were seen last. Asking, pushing and pulling are jobs, so they go
 * on when the screen is left, and after an interruption the same one continues (core/share).
 */
#include "core/base/hash_key.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <string.h>

enum { COL_STATE, COL_REF, COL_REMOTE, COL_ROWS, COL_SIZE, COL_PUSH, COL_FETCH, COL_SEEN, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.stays = true,
		.title = "where",
		.name = "state",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 10},
	[COL_REF] = {.stays = true,
		.title = "dataset",
		.name = "ref",
		.min = 10,
		.max = 40,
		.wish = 20,
		.flexible = true},
	[COL_REMOTE] = {.title = "remote", .min = 6, .max = 20},
	[COL_ROWS] =
		{.title = "rows", .form = BN_COLUMN_COUNT, .falls = true, .min = 6, .priority = 3},
	[COL_SIZE] = {.title = "size",
		.name = "bytes",
		.form = BN_COLUMN_BYTES,
		.falls = true,
		.min = 6,
		.priority = 2},
	[COL_PUSH] = {.title = "to push",
		.name = "to_push_bytes",
		.form = BN_COLUMN_BYTES,
		.falls = true,
		.min = 7,
		.priority = 1},
	[COL_FETCH] = {.title = "to fetch",
		.name = "to_fetch_bytes",
		.form = BN_COLUMN_BYTES,
		.falls = true,
		.min = 8,
		.priority = 1},
	[COL_SEEN] = {.title = "seen", .name = "asked_ms", .form = BN_COLUMN_AGE, .min = 8},
};

static const bn_remote_row *row_at(const bn_list *l, int64_t row)
{
	const bn_remote_rows *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->count ? &d->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_remote_rows *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

static bn_state state_of(const char *word)
{
	static const struct {
		const char *word;
		bn_state state;
	} states[] = {{"both", BN_STATE_OK}, {"here", BN_STATE_WAIT}, {"there", BN_STATE_WAIT},
		{"part", BN_STATE_WARN}, {"lost", BN_STATE_FAIL}};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (!strcmp(states[i].word, word))
			return states[i].state;
	return BN_STATE_NONE;
}

static void number_cell(const bn_remote_row *r, int col, bn_grid_cell *out)
{
	const bn_share_version *v = &r->version;
	if (col == COL_ROWS && v->rows >= 0 && v->version)
		out->number = (double)v->rows;
	if (!v->objects)
		return;
	if (col == COL_SIZE)
		out->number = (double)v->bytes;
	if (col == COL_PUSH)
		out->number = (double)v->to_push_bytes;
	if (col == COL_FETCH)
		out->number = (double)v->to_fetch_bytes;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_remote_row *r = row_at(ctx, row);
	switch (col) {
	case COL_STATE:
		bn_state_cell(out, state_of(r->state), r->state);
		return;
	case COL_REF:
		out->text = r->ref;
		return;
	case COL_REMOTE:
		out->text = r->remote;
		return;
	case COL_SEEN:
		out->number = (double)r->asked_ms;
		return;
	default:
		number_cell(r, col, out);
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_remote_row *r = row_at(ctx, row);
	return bn_hash_key_on(bn_hash_key(r->remote), r->ref);
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

static const bn_remote_row *selected(const bn_list *l)
{
	return row_at(l, bn_grid_selected_row(&l->grid));
}

void bn_view_share(bn_view *view, bn_share_what what, const char *ref, const char *remote)
{
	static const char *const words[] = {
		[BN_SHARE_ASK] = "ask", [BN_SHARE_PUSH] = "push", [BN_SHARE_PULL] = "pull"};
	bn_share_arg arg;
	char title[sizeof arg + 24];
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	arg.what = what;
	snprintf(arg.ref, sizeof arg.ref, "%s", ref ? ref : "");
	snprintf(arg.remote, sizeof arg.remote, "%s", remote ? remote : "");
	const char *between = what == BN_SHARE_PULL ? " from " : " to ";
	snprintf(title, sizeof title, "%s %s%s%s", words[what], arg.ref,
		arg.ref[0] && arg.remote[0] ? between : "", arg.remote);
	bn_frame_start(view->frame, &(bn_job_spec){.title = title,
					    .fn = bn_view_source(view)->share,
					    .arg = &arg,
					    .arg_bytes = sizeof arg});
}

static bool open_version(bn_view *view, const bn_remote_row *r)
{
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	return bn_view_open(
		view->frame, bn_view_all_rows_new(&made, view->frame, r->ref, &err), &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	const bn_remote_row *r = selected((const bn_list *)view);
	const char *said = arg && *arg ? arg : NULL, *here = r ? r->remote : NULL;
	if (id == BN_CMD_ASK)
		bn_view_share(view, BN_SHARE_ASK, NULL, said ? said : here);
	else if (id == BN_CMD_PUSH && r)
		bn_view_share(view, BN_SHARE_PUSH, r->ref, said ? said : here);
	else if (id == BN_CMD_PULL && r)
		bn_view_share(view, BN_SHARE_PULL, r->ref, r->remote);
	else
		return id == BN_CMD_OPEN && r && open_version(view, r);
	return true;
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_list *l = (const bn_list *)view;
	const bn_remote_rows *d = bn_list_data(l);
	const bn_remote_row *r = selected(l);
	bool about_row = id == BN_CMD_OPEN || id == BN_CMD_PUSH || id == BN_CMD_PULL;
	const char *reason = NULL;
	if ((about_row || id == BN_CMD_ASK) && d && !d->remotes)
		reason = "there is no remote: binnacle remote add NAME URL";
	else if (about_row && !r)
		reason = "nothing was seen there yet: :ask";
	else if ((id == BN_CMD_OPEN || id == BN_CMD_PUSH) && r && !r->version.version)
		reason = "this workspace does not know it: :pull gets it";
	if (!reason)
		return false;
	snprintf(why, size, "%s", reason);
	return true;
}

static void refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->remotes, NULL, 0);
}

static void cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle data status --cached --json");
}

static const bn_view_class remotes_class = {
	.name = "remotes",
	.kind = BN_ON(REMOTES),
	.refresh_ms = 2000,
	.draw = bn_list_draw,
	.command = command,
	.refuses = refuses,
	.page = bn_list_page,
	.refresh = refresh,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_remotes_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc =
		bn_list_new(&l, sizeof *l, &remotes_class, f, &source, columns, COLUMNS, NULL, err);
	if (rc)
		return rc;
	l->grid.empty = "nothing was seen at a remote yet: :ask asks it";
	*out = &l->view;
	return 0;
}
