/*
 * origin.c - the lineage of a run as a list: data, code, environment, spec, the run that it
 * repeats, versions of models. Enter opens each.
 */
#include "tui/views/_list.h"

#include <string.h>

enum { COL_WHAT, COL_TEXT, COLUMNS };
enum { KIND_OBJECT = 8 };

static const bn_origin *data_of(void *ctx)
{
	return bn_list_data(ctx);
}

static int64_t grid_rows(void *ctx)
{
	const bn_origin *d = data_of(ctx);
	return d ? (int64_t)d->count : 0;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_origin_line *l = &data_of(ctx)->lines[row];
	out->text = col == COL_WHAT ? l->what : l->text;
	out->ink = col == COL_WHAT ? BN_INK_HEADER : BN_INK_TEXT;
}

static const bn_grid_column columns[COLUMNS] = {
	[COL_WHAT] = {.title = "what", .min = 12, .max = 20},
	[COL_TEXT] = {.title = "is", .min = 20, .flexible = true, .prose = true},
};

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

static const bn_origin_line *line_at(const bn_list *l)
{
	int64_t row = bn_grid_selected_row(&l->grid);
	return row >= 0 ? &((const bn_origin *)bn_list_data(l))->lines[row] : NULL;
}

static bool open(bn_list *l, const bn_origin_line *at)
{
	bn_frame *f = l->view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_object_arg arg;
	int rc;
	switch (at->opens) {
	case BN_ORIGIN_ROWS:
		rc = bn_view_all_rows_new(&made, f, at->ref, &err);
		break;
	case BN_ORIGIN_RUN:
		rc = bn_view_run_new(&made, f, at->ref, &err);
		break;
	case BN_ORIGIN_MODEL:
		rc = bn_view_model_new(&made, f, at->ref, &err);
		break;
	case BN_ORIGIN_TEXT:
		rc = bn_view_text_new(&made, f, at->what, at->ref, &err);
		break;
	default:
		memset(&arg, 0, sizeof arg);
		memcpy(arg.hash, at->ref, strnlen(at->ref, sizeof arg.hash - 1));
		bn_view_load(&l->view, BN_LANE_QUICK, KIND_OBJECT, bn_view_source(&l->view)->object,
			&arg, sizeof arg);
		return true;
	}
	return bn_view_open(f, rc, &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	const bn_origin_line *at = line_at(l);
	(void)arg;
	return id == BN_CMD_OPEN && at && open(l, at);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_origin_line *at = line_at((bn_list *)view);
	if (id != BN_CMD_OPEN || (at && at->opens != BN_ORIGIN_NOTHING))
		return false;
	snprintf(why, size, "%s", at && at->why ? at->why : "this is all of it: i shows it whole");
	return true;
}

static void page(bn_view *view, bn_page *p)
{
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (p->kind != KIND_OBJECT) {
		bn_list_page(view, p);
		return;
	}
	if (p->data)
		bn_view_open(view->frame,
			bn_view_text_new(&made, view->frame, "changes", p->data, &err), &made,
			&err);
	bn_page_free(p);
}

static void refresh(bn_view *view)
{
	bn_ref_arg arg;
	memset(&arg, 0, sizeof arg);
	snprintf(arg.ref, sizeof arg.ref, "%s", ((bn_list *)view)->ref);
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->origin, &arg, sizeof arg);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "");
}

static void cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle run show %.8s --json", ((const bn_list *)view)->ref);
}

static const bn_view_class origin_class = {
	.name = "origin",
	.kind = BN_ON(ORIGIN),
	.draw = bn_list_draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_origin_new(bn_view **out, bn_frame *f, const char *run, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof *l, &origin_class, f, &source, columns, COLUMNS, run, err);
	if (rc < 0)
		return rc;
	l->grid.empty = "nothing is known of where it comes from";
	*out = &l->view;
	return 0;
}
