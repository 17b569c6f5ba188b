/* checks.c - the newest check of a dataset version: each expectation with the observed values.
 * Enter opens the failing rows. */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <string.h>

enum { KIND_CHECKS, KIND_CHECKED };
enum { COL_STATE, COL_EXPECTATION, COL_COLUMN, COL_WANTED, COL_OBSERVED, COL_FAILING, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.title = "verdict",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.frozen = true,
		.min = 7},
	[COL_EXPECTATION] =
		{.title = "expectation", .min = 18, .max = 40, .priority = 1, .flexible = true},
	[COL_COLUMN] = {.title = "column", .min = 8, .max = 24, .wish = 20, .flexible = true},
	[COL_WANTED] = {.title = "wanted",
		.min = 10,
		.max = 40,
		.priority = 2,
		.flexible = true,
		.prose = true},
	[COL_OBSERVED] = {.title = "observed", .min = 8, .max = 32, .prose = true, .priority = 3},
	[COL_FAILING] = {.title = "failing", .form = BN_COLUMN_COUNT, .falls = true, .min = 7},
};

typedef struct checks_view {
	bn_list list;
	char result[65]; /* of that result; "": of the newest */
	int64_t at;      /* the check to select when the page is there; -1: none */
} checks_view;

static const bn_check_row *item(const bn_list *l, int64_t row)
{
	const bn_checks *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->count ? &d->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_checks *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_check_row *c = item(ctx, row);
	switch (col) {
	case COL_STATE:
		bn_state_cell(out, c->state, c->verdict);
		return;
	case COL_EXPECTATION:
		out->text = c->expectation;
		return;
	case COL_COLUMN:
		out->text = c->columns ? c->columns : c->column;
		return;
	case COL_WANTED:
		out->text = c->wanted;
		return;
	case COL_OBSERVED:
		out->text = c->observed;
		return;
	default:
		out->number = (double)c->failing;
		return;
	}
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell};

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_list *l = (bn_list *)view;
	const bn_checks *d = bn_list_data(l);
	char when[BN_FORMAT_BYTES];
	if (d && d->checked_ms && a.rows > 4) {
		bn_area_textf(a, a.rows - 1, 1, BN_INK_DIM, "suite %s, checked %s", d->suite,
			bn_format_age(when, d->checked_ms, bn_frame_now_ms(view->frame)));
		a.rows--;
	}
	bn_list_draw(view, a, focused);
}

static int open_checked(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	(void)arg;
	return bn_view_checks_new(out, f, page->data, err);
}

static void check_start(bn_view *view, const char *suite)
{
	bn_recheck_arg arg;
	char title[BN_REF_BYTES + 16];
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	memcpy(arg.ref, ((bn_list *)view)->ref, sizeof arg.ref);
	snprintf(arg.suite, sizeof arg.suite, "%s", suite ? suite : "");
	snprintf(title, sizeof title, "check %s", arg.ref);
	bn_view_start(view, &(bn_job_spec){.title = title,
				    .fn = bn_view_source(view)->check,
				    .arg = &arg,
				    .arg_bytes = sizeof arg,
				    .kind = KIND_CHECKED,
				    .open = open_checked});
}

/* All failing rows, as the check counts them. */
static void failing_rows(bn_rows_of *of, const bn_checks *d, const bn_check_row *c)
{
	bn_rows_base base;
	char title[BN_ROWS_TITLE], name[BN_FORMAT_NAME_BYTES];
	memset(&base, 0, sizeof base);
	base.kind = BN_ROWS_FAILING;
	base.at = (int)(c - d->items);
	snprintf(base.hash, sizeof base.hash, "%s", d->result);
	snprintf(title, sizeof title, "fails '%s %.40s'",
		bn_format_name(name, c->column ? c->column : "table", BN_ROWS_NAME),
		c->expectation);
	bn_rows_of_add(of, &base, title);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	const bn_check_row *c = item(l, bn_grid_selected_row(&l->grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_rows_of of = bn_rows_of_version(l->ref, "");
	if (id == BN_CMD_DESCRIBE)
		return bn_view_open(view->frame, bn_view_profile_new(&made, view->frame, &of, &err),
			&made, &err);
	if (id == BN_CMD_SUITES)
		return bn_view_open_suites(view->frame, l->ref);
	if (id == BN_CMD_CHECK) {
		check_start(view, arg);
		return true;
	}
	if (id != BN_CMD_OPEN || !c)
		return false;
	failing_rows(&of, bn_list_data(l), c);
	return bn_view_open(view->frame, bn_view_rows_new(&made, view->frame, &of, c->column, &err),
		&made, &err);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_list *l = (bn_list *)view;
	const bn_check_row *c = item(l, bn_grid_selected_row(&l->grid));
	if (id != BN_CMD_OPEN || (c && c->failing > 0))
		return false;
	snprintf(why, size, "%s",
		!c                        ? "nothing was checked yet"
		: c->state == BN_STATE_OK ? "no row fails this"
					  : "this is not about single rows");
	return true;
}

static void page(bn_view *view, bn_page *p)
{
	checks_view *v = (checks_view *)view;
	if (p->kind == KIND_CHECKED) {
		bn_page_free(p);
		v->result[0] = '\0'; /* there is a newer one */
		view->cls->refresh(view);
		return;
	}
	bool came = p->data != NULL;
	bn_list_page(view, p);
	for (int64_t i = 0; came && v->at >= 0 && i < bn_grid_count(&v->list.grid); i++)
		if (bn_grid_row(&v->list.grid, i) == v->at)
			bn_grid_select(&v->list.grid, i);
	v->at = came ? -1 : v->at;
}

static void refresh(bn_view *view)
{
	const checks_view *v = (const checks_view *)view;
	bn_checks_arg arg;
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	memcpy(arg.ref, v->list.ref, sizeof arg.ref);
	memcpy(arg.result, v->result, sizeof arg.result);
	bn_view_load(
		view, BN_LANE_QUICK, KIND_CHECKS, bn_view_source(view)->checks, &arg, sizeof arg);
}

static void cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle data check %s --json", ((const bn_list *)view)->ref);
}

static const bn_view_class checks_class = {
	.name = "checks of",
	.kind = BN_ON(CHECKS),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = bn_list_crumb,
	.cli = cli,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_checks_of_new(
	bn_view **out, bn_frame *f, const char *ref, const char *result, int64_t at, bn_err *err)
{
	checks_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &checks_class, f, &source, columns, COLUMNS, ref, err);
	if (rc)
		return rc;
	bn_list *l = &v->list;
	snprintf(v->result, sizeof v->result, "%s", result);
	v->at = at;
	l->grid.empty = "not checked yet: :check SUITE.json";
	l->grid.sort[0] = (bn_grid_sort_key){COL_STATE, true}; /* failing ones first */
	l->grid.sort_count = 1;
	*out = &l->view;
	return 0;
}

int bn_view_checks_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err)
{
	return bn_view_checks_of_new(out, f, ref, "", -1, err);
}
