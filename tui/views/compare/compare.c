/*
 * compare.c - compares runs: settings that differ, metrics on the test part, over-fit, and the rest
 * folded; curves of a metric, and a metric against a parameter. Each run is a letter. See
 * _compare.h.
 */
#include "core/base/mem.h"
#include "tui/ui/shell_word.h"
#include "tui/views/compare/_compare.h"

#include <stdio.h>
#include <string.h>

enum { KIND_OBJECT = 8, KIND_CODE, KIND_STATISTICS, SMOOTHINGS = 4 };

const bn_compare_page *bn_compare_data(const bn_compare_view *v)
{
	return bn_list_data(&v->list);
}

int bn_compare_run_at(const bn_compare_view *v)
{
	int run = v->list.grid.column - BN_COMPARE_FIRST;
	return run >= 0 && (size_t)run < v->runs.count ? run : -1;
}

static const bn_cline *line_at(const bn_compare_view *v)
{
	int64_t row = bn_grid_selected_row(&v->list.grid);
	return row >= 0 && row < v->line_count ? &v->lines[row] : NULL;
}

/* ---- pages --------------------------------------------------------------------------------------- */

static void page(bn_view *view, bn_page *p)
{
	bn_compare_view *v = (bn_compare_view *)view;
	if (p->kind == KIND_OBJECT || p->kind == KIND_CODE) {
		const char *crumb = p->kind == KIND_CODE ? v->code : "uncommitted changes";
		bn_err err = BN_ERR_INIT;
		bn_view *made = NULL;
		if (p->data)
			bn_view_open(view->frame,
				bn_view_text_new(&made, view->frame, crumb, p->data, &err), &made,
				&err);
		bn_page_free(p);
		return;
	}
	if (p->kind == KIND_STATISTICS) {
		bn_page_free(v->statistics);
		v->statistics = p;
		return;
	}
	if (!p->data) {
		bn_page_free(p);
		return;
	}
	bn_page_free(v->list.page);
	v->list.page = p;
	bn_compare_take(v);
}

/* ---- drawing ------------------------------------------------------------------------------------- */

/* Draws the common settings and the common part of the names; removes its line from the area. */
static void common_draw(const bn_compare_view *v, bn_area *a)
{
	char names[100] = "";
	if (a->rows < 8)
		return;
	if (v->shared[0])
		snprintf(names, sizeof names, "names %s", v->shared);
	int width = (int)strlen(names), room = a->cols - 2 - (width ? width + 2 : 0);
	bn_area_field(*a, 0, 1, room, BN_INK_DIM, v->common);
	if (width && room > 10)
		bn_area_text(*a, 0, a->cols - 1 - width, BN_INK_DIM, names);
	*a = bn_area_sub(*a, 1, 0, a->rows - 1, a->cols);
}

/* Curves and scatter next to each other if there is room and there are curves, otherwise the one selected
 * with v. */
static void pictures_draw(const bn_compare_view *v, bn_area a)
{
	int half = a.cols * 11 / 20;
	if (v->picture == BN_PICTURE_PARALLEL) {
		bn_compare_parallel_draw(v, a);
		return;
	}
	if (v->picture == BN_PICTURE_STATISTICS) {
		bn_compare_statistics_draw(v, a);
		return;
	}
	if (a.cols < 110) {
		if (v->picture == BN_PICTURE_SCATTER)
			bn_compare_scatter_draw(v, a);
		else
			bn_compare_curves_draw(v, a);
		return;
	}
	if (!bn_compare_has_curves(v) && bn_compare_axis(v)) {
		bn_compare_scatter_draw(v, a);
		return;
	}
	bn_compare_curves_draw(v, bn_area_sub(a, 0, 0, a.rows, half));
	for (int r = 0; r < a.rows; r++)
		bn_area_glyph(a, r, half + 1, BN_INK_BORDER, BN_GLYPH_VLINE);
	bn_compare_scatter_draw(v, bn_area_sub(a, 0, half + 3, a.rows, a.cols - half - 4));
}

enum { TALL = 28, PICTURE_LEAST = 9 };

/* A letter alone does not say which run it is, once the line of names is scrolled away. */
static void names_stay(bn_compare_view *v)
{
	const bn_compare_page *d = bn_compare_data(v);
	for (size_t i = 0; d && i < d->table->runs; i++)
		v->columns[BN_COMPARE_FIRST + i].unit = v->list.grid.top > 0 ? v->below[i] : NULL;
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_compare_view *v = (bn_compare_view *)view;
	if (!bn_compare_data(v)) {
		bn_list_draw(view, a, focused);
		return;
	}
	if (a.rows < TALL && v->picture != BN_PICTURE_TABLE) {
		pictures_draw(v, a);
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	common_draw(v, &a);
	int table = a.rows;
	if (a.rows >= TALL - 1) { /* the table at its full height, the charts below */
		table = (int)v->line_count + 2;
		table = table > a.rows * 13 / 20 ? a.rows * 13 / 20 : table;
		bn_area rest = bn_area_sub(a, table, 0, a.rows - table, a.cols);
		bn_area_hline(rest, 0, 0, a.cols, BN_INK_BORDER);
		pictures_draw(v, bn_area_sub(rest, 1, 0, rest.rows - 1, a.cols));
	}
	names_stay(v);
	bn_list_draw(view, bn_area_sub(a, 0, 0, table, a.cols), focused);
}

/* ---- commands ------------------------------------------------------------------------------------ */

static void ask(bn_compare_view *v)
{
	bn_view *view = &v->list.view;
	bn_view_load(
		view, BN_LANE_QUICK, 0, bn_view_source(view)->compare, &v->runs, sizeof v->runs);
}

/* Asks for the statistics of the metric that is shown, unless they are here. */
static void statistics_follow(bn_compare_view *v)
{
	const char *metric = bn_compare_up(v);
	bn_compare_arg arg = v->runs;
	if (v->picture != BN_PICTURE_STATISTICS || !metric ||
		(v->statistics && strcmp(metric, v->statistics_of) == 0))
		return;
	snprintf(arg.metric, sizeof arg.metric, "%s", metric);
	snprintf(v->statistics_of, sizeof v->statistics_of, "%s", metric);
	bn_page_free(v->statistics);
	v->statistics = NULL;
	bn_view_load(&v->list.view, BN_LANE_SCAN, KIND_STATISTICS, bn_view_source(&v->list.view)->statistics,
		&arg, sizeof arg);
}

static void metric_step(bn_compare_view *v, int step)
{
	const bn_compare_page *d = bn_compare_data(v);
	bool scatter_alone = v->picture >= BN_PICTURE_SCATTER;
	if (!d || !d->metric_count)
		return;
	bn_compare_up_step(v, step);
	statistics_follow(v);
	if (scatter_alone)
		return;
	size_t n = d->metric_count, at = d->metric < n ? d->metric : 0;
	snprintf(v->runs.metric, sizeof v->runs.metric, "%s",
		d->metrics[(at + n + (size_t)(step + (int)n)) % n]);
	ask(v);
}

/* Moves to the next line of a row that differs; false: there is none. */
static bool difference_step(bn_compare_view *v, int step)
{
	const bn_compare_page *d = bn_compare_data(v);
	bn_grid *g = &v->list.grid;
	for (int64_t at = g->selected + step; d && at >= 0 && at < bn_grid_count(g); at += step) {
		const bn_cline *l = &v->lines[bn_grid_row(g, at)];
		if (l->kind != BN_CLINE_VALUE || !d->table->rows[l->row].differs)
			continue;
		bn_grid_select(g, at);
		return true;
	}
	return false;
}

static bool run_open(bn_compare_view *v, int run)
{
	bn_frame *f = v->list.view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	const bn_compare_page *d = bn_compare_data(v);
	return bn_view_open(f, bn_view_run_new(&made, f, d->table->ids[run], &err), &made, &err);
}

static bool is_data_ref(const bn_compare_row *row, const char *text)
{
	return row->group == BN_COMPARE_DATA && text && strstr(text, "@v") &&
	       !strstr(row->key, "digest");
}

/* The base's version of the same dataset, if it is another one; else NULL. */
static const char *other_version(const bn_compare_page *d, const bn_compare_row *row, int run)
{
	const char *base = row->cells[d->table->baseline].text, *own = row->cells[run].text;
	if (!is_data_ref(row, base) || strcmp(base, own) == 0)
		return NULL;
	size_t name = (size_t)(strstr(base, "@v") - base);
	return strncmp(base, own, name + 2) == 0 ? base : NULL;
}

/* Opens the code differences of a run from the base; for the base its uncommitted changes, if any. */
static bool code_open(bn_compare_view *v, const bn_compare_row *row, int run)
{
	const bn_compare_page *d = bn_compare_data(v);
	bn_view *view = &v->list.view;
	bn_code_arg arg;
	bn_object_arg own;
	if (run == (int)d->table->baseline && strcmp(row->key, "diff") == 0 &&
		row->cells[run].text) {
		memset(&own, 0, sizeof own);
		snprintf(own.hash, sizeof own.hash, "%s", row->cells[run].text);
		bn_view_load(view, BN_LANE_QUICK, KIND_OBJECT, bn_view_source(view)->object, &own,
			sizeof own);
		return true;
	}
	if (run == (int)d->table->baseline) {
		bn_frame_message(view->frame,
			"this is the base: in the column of another run Enter shows what differs");
		return true;
	}
	memset(&arg, 0, sizeof arg);
	snprintf(arg.a, sizeof arg.a, "%s", d->table->ids[d->table->baseline]);
	snprintf(arg.b, sizeof arg.b, "%s", d->table->ids[run]);
	char from[BN_COMPARE_LETTERS], to[BN_COMPARE_LETTERS];
	snprintf(v->code, sizeof v->code, "code, %s to %s",
		bn_compare_letters(d->table->baseline, from), bn_compare_letters((size_t)run, to));
	bn_view_load(view, BN_LANE_SCAN, KIND_CODE, bn_view_source(view)->code, &arg, sizeof arg);
	return true;
}

/* What Enter opens on a run's cell: for a dataset version the differences from the base's version, or its rows if it is
 * the same; code differences; else the run. */
static bool cell_open(bn_compare_view *v, const bn_cline *l, int run)
{
	const bn_compare_page *d = bn_compare_data(v);
	const bn_compare_row *row = &d->table->rows[l->row];
	const char *text = row->cells[run].text;
	bn_frame *f = v->list.view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (l->kind == BN_CLINE_VALUE && row->group == BN_COMPARE_CODE)
		return code_open(v, row, run);
	if (l->kind != BN_CLINE_VALUE || !text)
		return run_open(v, run);
	const char *base = is_data_ref(row, text) ? other_version(d, row, run) : NULL;
	if (base)
		return bn_view_open(
			f, bn_view_changes_new(&made, f, base, text, &err), &made, &err);
	if (is_data_ref(row, text))
		return bn_view_open(f, bn_view_all_rows_new(&made, f, text, &err), &made, &err);
	return run_open(v, run);
}

/* Moves to the first line of the part. */
static void unfold(bn_compare_view *v, bn_compare_part part)
{
	v->unfolded |= 1u << part;
	bn_compare_lines(v);
	for (int64_t i = 0; i + 1 < v->line_count; i++)
		if (v->lines[i].kind == BN_CLINE_RULE && v->lines[i].part == part)
			bn_grid_select(&v->list.grid, i + 1);
}

static bool open(bn_compare_view *v)
{
	const bn_cline *l = line_at(v);
	int run = bn_compare_run_at(v);
	if (l && l->kind == BN_CLINE_FOLD) {
		unfold(v, l->part);
		return true;
	}
	return !l || run < 0 || cell_open(v, l, run);
}

/* The part of the selected line. */
static void fold(bn_compare_view *v)
{
	const bn_cline *l = line_at(v);
	if (l && l->kind != BN_CLINE_NAMES) {
		v->unfolded &= ~(1u << l->part);
		bn_compare_lines(v);
	}
}

static bool charts_open(bn_compare_view *v)
{
	bn_frame *f = v->list.view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	return bn_view_open(f, bn_view_charts_new(&made, f, &v->runs, &err), &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_compare_view *v = (bn_compare_view *)view;
	bool alone = v->picture == BN_PICTURE_SCATTER;
	switch (id) {
	case BN_CMD_DIFFERENCES:
		v->all_rows = !v->all_rows;
		bn_compare_lines(v);
		return true;
	case BN_CMD_NEXT:
	case BN_CMD_PREVIOUS:
		return difference_step(v, id == BN_CMD_NEXT ? 1 : -1);
	case BN_CMD_NEXT_PANE:
		v->picture = v->picture == BN_PICTURE_TABLE ? BN_PICTURE_CURVES : BN_PICTURE_TABLE;
		return true;
	case BN_CMD_VIEW:
		v->picture = (bn_picture)((v->picture + 1) % BN_PICTURES);
		if (v->picture == BN_PICTURE_CURVES && !bn_compare_has_curves(v))
			v->picture = BN_PICTURE_SCATTER; /* there is none to show */
		statistics_follow(v);
		return true;
	case BN_CMD_LEFT:
	case BN_CMD_RIGHT:
		if (!alone)
			return false;
		bn_compare_axis_step(v, id == BN_CMD_LEFT ? -1 : 1);
		return true;
	case BN_CMD_AXIS:
		if (!arg || !bn_compare_axis_set(v, arg))
			bn_frame_message(view->frame,
				"no parameter '%.60s' here whose numbers differ", arg ? arg : "");
		return true;
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
		metric_step(v, id == BN_CMD_NEXT_METRIC ? 1 : -1);
		return true;
	case BN_CMD_LOG_SCALE:
		if (v->picture == BN_PICTURE_CURVES) {
			v->log_y = !v->log_y;
		} else {
			v->scale = (bn_scale)((v->scale + 1) % BN_SCALES);
			bn_compare_lines(v);
		}
		return true;
	case BN_CMD_SMOOTH:
		v->smoothing = (v->smoothing + 1) % SMOOTHINGS;
		return true;
	case BN_CMD_PIN:
		v->runs.baseline = (size_t)bn_compare_run_at(v);
		bn_page_free(v->statistics); /* it is against the baseline */
		v->statistics = NULL;
		statistics_follow(v);
		ask(v);
		return true;
	case BN_CMD_CHARTS:
		return charts_open(v);
	case BN_CMD_FOLD:
		fold(v);
		return true;
	case BN_CMD_OPEN:
		return open(v);
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_compare_view *v = (const bn_compare_view *)view;
	const bn_cline *l = line_at(v);
	const bn_compare_page *d = bn_compare_data(v);
	if (id == BN_CMD_NEXT_METRIC || id == BN_CMD_PREVIOUS_METRIC) {
		snprintf(why, size, "%s", d ? "these runs share no metric to chart" : "they are not here yet");
		return !d || !d->metric_count;
	}
	bool folded = id == BN_CMD_OPEN && l && l->kind == BN_CLINE_FOLD;
	if ((id != BN_CMD_PIN && id != BN_CMD_OPEN) || folded || bn_compare_run_at(v) >= 0)
		return false;
	snprintf(why, size, "go to the column of a run first: Right or l");
	return true;
}

/* Again and again for a store elsewhere, until all points of the runs are here. */
static void refresh(bn_view *view)
{
	bn_compare_view *v = (bn_compare_view *)view;
	const bn_compare_page *d = bn_compare_data(v);
	if (!d || d->is_partial)
		ask(v);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "%zu runs", ((const bn_compare_view *)view)->runs.count);
}

/* Parameters, for completion of the scatter's axis. */
static int words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	const bn_compare_page *d = bn_compare_data((const bn_compare_view *)view);
	int n = 0;
	for (size_t i = 0; d && id == BN_CMD_AXIS && i < d->table->count && n < most; i++)
		if (d->table->rows[i].group == BN_COMPARE_PARAM)
			out[n++] = d->table->rows[i].key;
	return n;
}

static void cli(const bn_view *view, bn_buf *out)
{
	const bn_compare_view *v = (const bn_compare_view *)view;
	bn_buf_adds(out, "binnacle run compare");
	for (size_t i = 0; i < v->runs.count; i++)
		bn_buf_addf(out, " %.8s", v->runs.ids[i]);
	if (v->picture == BN_PICTURE_STATISTICS && v->statistics_of[0]) {
		bn_buf_adds(out, " --seeds --importance --metric ");
		bn_shell_word_add(out, v->statistics_of);
	}
	bn_buf_adds(out, " --json");
}

static void view_free(bn_view *view)
{
	bn_free(((bn_compare_view *)view)->lines);
	bn_page_free(((bn_compare_view *)view)->statistics);
	bn_list_free(view);
}

static const bn_view_class compare_class = {
	.name = "Compare",
	.kind = BN_ON(COMPARE),
	.refresh_ms = 1000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.words = words,
	.table = bn_list_grid,
	.free = view_free,
};

int bn_view_compare_new(bn_view **out, bn_frame *f, const bn_compare_arg *runs, bn_err *err)
{
	static const bn_grid_column none[1] = {{.title = "what"}};
	bn_compare_view *v = NULL;
	int rc = bn_list_new(
		&v, sizeof *v, &compare_class, f, &bn_compare_source, none, 1, NULL, err);
	if (rc)
		return rc;
	v->runs = *runs;
	v->list.grid.empty = "nothing to compare";
	*out = &v->list.view;
	return 0;
}
