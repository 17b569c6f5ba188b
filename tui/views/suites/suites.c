/*
 * suites.c - suites of checks and their history: a line for each check, a column for each version of the dataset, the
 * newest first. Enter on a cell opens the result that it is of, and from there the failing rows.
 */
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <string.h>

enum { KIND_SUITES, KIND_CHECKED };
enum { COL_NAME, COL_WANTED, COL_SUITE, COL_FIRST };
enum { COLUMNS_MOST = COL_FIRST + BN_SUITE_HISTORY_VERSIONS, TITLE_BYTES = 24 };

static const bn_grid_column fixed[COL_FIRST] = {
	[COL_NAME] = {.title = "suite, checks", .name = "check", .frozen = true, .min = 14, .max = 44},
	[COL_WANTED] = {.title = "wanted", .min = 10, .max = 30, .prose = true, .priority = 9},
	[COL_SUITE] = {.title = "suite", .min = 6, .max = 24, .hidden = true},
};

typedef struct suites_view {
	bn_list list;
	bn_grid_column columns[COLUMNS_MOST];
	char titles[BN_SUITE_HISTORY_VERSIONS][TITLE_BYTES];
	char detaching[BN_REF_BYTES]; /* the suite that is asked about */
} suites_view;

static const bn_suite_line *line_at(const bn_list *l, int64_t row)
{
	const bn_suites_page *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->history.line_count ? &d->history.lines[row] : NULL;
}

/* The line of the suite to which a row belongs. */
static const bn_suite_line *suite_of(const bn_list *l, int64_t row)
{
	const bn_suite_line *line = line_at(l, row);
	while (line && line->config)
		line = line_at(l, --row);
	return line;
}

static int64_t grid_rows(void *ctx)
{
	const bn_suites_page *d = bn_list_data(ctx);
	return d ? (int64_t)d->history.line_count : 0;
}

static void name_cell(const bn_suites_page *d, int64_t row, bn_grid_cell *out)
{
	const bn_suite_line *l = &d->history.lines[row];
	const bn_check_row *c = &d->checks[row];
	if (!l->config) {
		const char *how = l->required ? ", required" : "";
		snprintf(out->buf, sizeof out->buf, "%.120s%s", l->suite, l->attached ? how : ", detached");
		out->ink = BN_INK_STRONG;
	} else {
		snprintf(out->buf, sizeof out->buf, "  %.70s%s%.100s", c->column ? c->column : "",
			c->column ? " " : "", c->expectation);
	}
	out->text = out->buf;
}

static void version_cell(const bn_suite_line *l, const bn_suite_cell *c, bn_grid_cell *out)
{
	char count[BN_FORMAT_BYTES];
	if (c->verdict == BN_CHECK_SKIPPED)
		return;
	if (c->verdict == BN_CHECK_PASSED)
		snprintf(out->buf, sizeof out->buf, "%s", bn_state_word(BN_STATE_OK));
	else
		snprintf(out->buf, sizeof out->buf, c->failing > 0 ? "%s %s" : "%s",
			bn_check_verdict_name(c->verdict), bn_format_count(count, c->failing));
	bn_state_cell(out, bn_check_state(c->verdict), out->buf);
	out->number = (double)c->verdict;
	if (!l->config && c->verdict == BN_CHECK_PASSED)
		out->ink = BN_INK_STRONG;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_suites_page *d = bn_list_data(ctx);
	const bn_suite_line *l = line_at(ctx, row);
	if (col == COL_NAME)
		name_cell(d, row, out);
	else if (col == COL_WANTED)
		out->text = d->checks[row].wanted;
	else if (col == COL_SUITE)
		out->text = l->suite;
	else
		version_cell(l, &l->cells[col - COL_FIRST], out);
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_suite_line *l = line_at(ctx, row);
	uint64_t key = bn_hash_key(l->suite);
	int64_t first = row;
	while (first > 0 && line_at(ctx, first)->config)
		first--;
	return key + (uint64_t)(row - first) * UINT64_C(0x9e3779b97f4a7c15);
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

/* ---- columns ------------------------------------------------------------------------------------ */

static int set_columns(suites_view *v, const bn_suite_history *h, bn_err *err)
{
	memcpy(v->columns, fixed, sizeof fixed);
	for (size_t i = 0; i < h->version_count; i++) {
		int from_newest = i < 8 ? (int)i : 8;
		snprintf(v->titles[i], sizeof v->titles[i], "v%lld", (long long)h->versions[i]);
		v->columns[COL_FIRST + i] = (bn_grid_column){.title = v->titles[i],
			.form = BN_COLUMN_STATE,
			.falls = true,
			.min = 7,
			.priority = from_newest};
	}
	return bn_grid_set_columns(&v->list.grid, v->columns, COL_FIRST + (int)h->version_count, err);
}

/* The version of the current column; of another column the newest one. */
static size_t version_at(const bn_list *l)
{
	return l->grid.column >= COL_FIRST ? (size_t)(l->grid.column - COL_FIRST) : 0;
}

static const bn_suite_cell *cell_at(const bn_list *l)
{
	const bn_suites_page *d = bn_list_data(l);
	const bn_suite_line *line = line_at(l, bn_grid_selected_row(&l->grid));
	size_t v = version_at(l);
	return line && v < d->history.version_count ? &line->cells[v] : NULL;
}

static void ref_of(const bn_list *l, char ref[BN_REF_BYTES])
{
	const bn_suites_page *d = bn_list_data(l);
	bn_ref_format(ref, l->ref, "@v", d->history.versions[version_at(l)]);
}

/* ---- the screen --------------------------------------------------------------------------------- */

static void foot_draw(const bn_list *l, bn_area a)
{
	const bn_suites_page *d = bn_list_data(l);
	const bn_suite_line *s = suite_of(l, bn_grid_selected_row(&l->grid));
	int64_t now = bn_frame_now_ms(l->view.frame);
	char text[320], when[BN_FORMAT_BYTES];
	size_t n = 0;
	if (!s)
		return;
	const bn_suite_cell *c = version_at(l) < d->history.version_count ? &s->cells[version_at(l)] : NULL;
	if (s->attached)
		n = (size_t)snprintf(text, sizeof text, "%.60s, by %.40s %s", s->suite, s->user,
			bn_format_age(when, s->attached_ms, now));
	else
		n = (size_t)snprintf(text, sizeof text, "%.60s, not attached", s->suite);
	if (c && c->checked_ms)
		n += (size_t)snprintf(text + n, sizeof text - n, "; %s checked %s",
			d->history.versions ? ((const suites_view *)l)->titles[version_at(l)] : "",
			bn_format_age(when, c->checked_ms, now));
	if (d->history.left_out)
		snprintf(text + n, sizeof text - n, "; %zu older versions not shown", d->history.left_out);
	bn_area_field(a, a.rows - 1, 1, a.cols - 2, BN_INK_DIM, text);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_list *l = (bn_list *)view;
	if (bn_list_data(l) && a.rows > 4) {
		foot_draw(l, a);
		a.rows--;
	}
	bn_list_draw(view, a, focused);
}

static bool open_cell(bn_list *l)
{
	const bn_suite_line *s = suite_of(l, bn_grid_selected_row(&l->grid));
	const bn_suite_cell *c = cell_at(l);
	char ref[BN_REF_BYTES];
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	ref_of(l, ref);
	bool is_suite = c == &s->cells[version_at(l)];
	return bn_view_open(l->view.frame,
		bn_view_checks_of_new(&made, l->view.frame, ref, s->cells[version_at(l)].result,
			is_suite ? -1 : c->at, &err),
		&made, &err);
}

static int open_checked(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	(void)arg;
	return bn_view_checks_new(out, f, page->data, err);
}

/* All attached suites again, on the version of the current column. */
static void check_start(bn_list *l)
{
	bn_recheck_arg arg;
	char title[BN_REF_BYTES + 16];
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	ref_of(l, arg.ref);
	arg.attached = true;
	snprintf(title, sizeof title, "check %s", arg.ref);
	bn_view_start(&l->view, &(bn_job_spec){.title = title,
					.fn = bn_view_source(&l->view)->check,
					.arg = &arg,
					.arg_bytes = sizeof arg,
					.kind = KIND_CHECKED,
					.open = open_checked});
}

static bool attach(bn_list *l, const char *text)
{
	if (text && text[strspn(text, " ")]) {
		bn_view_do(&l->view, BN_ACTION_SUITE_ATTACH, l->ref, text, false);
	} else {
		bn_frame_prompt(l->view.frame, "attach ");
		bn_frame_message(l->view.frame, "which suite? :attach [--require] SUITE.json");
	}
	return true;
}

static bool ask_detach(suites_view *v, const bn_suite_line *s)
{
	char title[BN_REF_BYTES + 64];
	snprintf(v->detaching, sizeof v->detaching, "%s", s->suite);
	snprintf(title, sizeof title, "Detach %.60s from %.60s?", s->suite, v->list.ref);
	bn_frame_confirm(v->list.view.frame, &v->list.view, BN_CMD_DETACH, title,
		s->required ? "It keeps no version out any more, and does not run at new ones. Its results are kept."
			    : "It does not run at new versions any more. Its results are kept.",
		"detach it");
	return true;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	const bn_suite_line *s = suite_of(l, bn_grid_selected_row(&l->grid));
	if (id == BN_CMD_ATTACH)
		return attach(l, arg);
	if (!s)
		return false;
	if (id == BN_CMD_OPEN)
		return open_cell(l);
	if (id == BN_CMD_DETACH)
		return ask_detach((suites_view *)view, s);
	if (id == BN_CMD_CHECK)
		check_start(l);
	return id == BN_CMD_CHECK;
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_list *l = (const bn_list *)view;
	const bn_suite_line *s = suite_of(l, bn_grid_selected_row(&l->grid));
	const bn_suite_cell *c = cell_at(l);
	const char *reason = NULL;
	if (id != BN_CMD_OPEN && id != BN_CMD_DETACH && id != BN_CMD_CHECK)
		return false;
	if (!s)
		reason = "no suite is attached: :attach SUITE.json";
	else if (id == BN_CMD_DETACH && !s->attached)
		reason = "it is not attached";
	else if (id == BN_CMD_CHECK && !c)
		reason = "there is no version";
	else if (id == BN_CMD_OPEN && (!c || c->verdict == BN_CHECK_SKIPPED))
		reason = "it did not run on this version: :check runs what is attached";
	else if (id == BN_CMD_OPEN && !s->cells[version_at(l)].result[0])
		reason = "the version is private to another user";
	if (reason)
		snprintf(why, size, "%s", reason);
	return reason != NULL;
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	suites_view *v = (suites_view *)view;
	(void)text;
	if (id == BN_CMD_DETACH)
		bn_view_do(view, BN_ACTION_SUITE_DETACH, v->list.ref, v->detaching, false);
}

static void page(bn_view *view, bn_page *p)
{
	suites_view *v = (suites_view *)view;
	bn_err err = BN_ERR_INIT;
	if (bn_view_action_done(view, p))
		return;
	if (p->kind == KIND_CHECKED) {
		bn_page_free(p);
		view->cls->refresh(view);
		return;
	}
	const bn_suites_page *d = p->data;
	bn_page *before = v->list.page;
	const bn_suite_history *was = before && before->data ? &((const bn_suites_page *)before->data)->history : NULL;
	bool same = d && was && was->version_count == d->history.version_count &&
		    !memcmp(was->versions, d->history.versions, was->version_count * sizeof *was->versions);
	if (d && !same && set_columns(v, &d->history, &err) < 0)
		bn_frame_error(view->frame, &err);
	bn_list_page(view, p);
}

static void refresh(bn_view *view)
{
	bn_ref_arg arg = {""};
	memcpy(arg.ref, ((bn_list *)view)->ref, sizeof arg.ref);
	bn_view_load(view, BN_LANE_SCAN, KIND_SUITES, bn_view_source(view)->suites, &arg, sizeof arg);
}

static void cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle suite history %s --checks --json", ((const bn_list *)view)->ref);
}

static const bn_view_class suites_class = {
	.name = "suites of",
	.kind = BN_ON(SUITES),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.crumb = bn_list_crumb,
	.cli = cli,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_suites_new(bn_view **out, bn_frame *f, const char *dataset, bn_err *err)
{
	suites_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &suites_class, f, &source, fixed, COL_FIRST, dataset, err);
	if (rc < 0)
		return rc;
	v->list.grid.empty = "no suite is attached: :attach SUITE.json";
	*out = &v->list.view;
	return 0;
}
