/* findings.c - the result of verifying the whole log or one model version: a sentence, and a
 * line for each object checked, faults first. A job verifies again each time: results are never
 * cached. */
#include "core/base/mem.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <string.h>

#define KIND_FINDINGS 1

enum { COL_STATE, COL_WHAT, COL_FOUND, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.title = "verdict",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.frozen = true,
		.min = 7},
	[COL_WHAT] = {.title = "what", .min = 20, .max = 48, .wish = 24, .flexible = true},
	[COL_FOUND] = {.title = "found", .min = 12, .max = 200, .flexible = true, .prose = true},
};

static const bn_finding *item(const bn_list *l, int64_t row)
{
	const bn_findings *f = bn_list_data(l);
	return f && row >= 0 && (size_t)row < f->count ? &f->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_findings *f = bn_list_data(ctx);
	return f ? (int64_t)f->count : 0;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_finding *i = item(ctx, row);
	if (col == COL_STATE)
		bn_state_cell(out, i->state, NULL);
	else
		out->text = col == COL_WHAT ? i->what : i->found;
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_findings *f = bn_list_data((bn_list *)view);
	if (f && a.rows > 3) {
		int col = bn_area_glyph(
			a, 0, 1, bn_state_ink(f->state), (bn_glyph_id)bn_state_glyph(f->state));
		bn_area_field(a, 0, col + 1, a.cols - col - 1, bn_state_ink(f->state), f->verdict);
		a = bn_area_sub(a, 1, 0, a.rows - 1, a.cols);
	}
	bn_list_draw(view, a, focused);
}

static int open_findings(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	const bn_ref_arg *a = arg;
	int rc = bn_view_findings_new(out, f, a->ref, err);
	if (rc < 0)
		return rc;
	bn_list_page(*out, bn_page_ref(page));
	return 0;
}

static void refresh(bn_view *view)
{
	bn_list *l = (bn_list *)view;
	const bn_page_source *s = bn_view_source(view);
	bn_ref_arg arg = {""};
	char title[BN_REF_BYTES + 16];
	if (bn_list_data(l) || view->job)
		return;
	memcpy(arg.ref, l->ref, sizeof arg.ref);
	snprintf(title, sizeof title, "verify %s", l->ref[0] ? l->ref : "the log");
	bn_view_start(view, &(bn_job_spec){.title = title,
				    .fn = l->ref[0] ? s->verify_model : s->verify_log,
				    .arg = &arg,
				    .arg_bytes = sizeof arg,
				    .kind = KIND_FINDINGS,
				    .open = open_findings});
}

static void page(bn_view *view, bn_page *p)
{
	bn_list_page(view, p);
	if (bn_list_data((bn_list *)view)) /* faults come first */
		bn_grid_sort(&((bn_list *)view)->grid, COL_STATE, true);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	(void)view;
	if (id != BN_CMD_OPEN)
		return false;
	snprintf(why, size, "there is nothing further inside");
	return true;
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const bn_list *l = (const bn_list *)view;
	bn_buf_adds(out, l->ref[0] ? l->ref : "the log");
}

static void cli(const bn_view *view, bn_buf *out)
{
	const bn_list *l = (const bn_list *)view;
	if (l->ref[0])
		bn_buf_addf(out, "binnacle model verify %s --json", l->ref);
	else
		bn_buf_adds(out, "binnacle audit verify --json");
}

static const bn_view_class findings_class = {
	.name = "verify",
	.kind = BN_ON(FINDINGS),
	.draw = draw,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_findings_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err)
{
	bn_list *l = NULL;
	int rc =
		bn_list_new(&l, sizeof *l, &findings_class, f, &source, columns, COLUMNS, ref, err);
	if (rc < 0)
		return rc;
	*out = &l->view;
	return 0;
}
