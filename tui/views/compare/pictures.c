/* pictures.c - one metric of all runs as curves, and a metric against a parameter, one letter per
 * run. See _compare.h. */
#include "core/track/seeds.h"
#include "core/track/styles.h"
#include "tui/ui/chart.h"
#include "tui/views/compare/_compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FEW = 3 }; /* the number of curves that can each have a colour */

bool bn_compare_has_curves(const bn_compare_view *v)
{
	const bn_compare_page *d = bn_compare_data(v);
	for (size_t i = 0; d && d->metric < d->metric_count && i < d->table->runs; i++)
		if (d->curves[i].n > 1)
			return true;
	return false;
}

void bn_compare_curves_draw(const bn_compare_view *v, bn_area a)
{
	static const double smoothing[] = {0, 0.6, 0.9, 0.98};
	const bn_compare_page *d = bn_compare_data(v);
	bn_chart_series series[BN_COMPARE_MAX];
	int styles[BN_COMPARE_MAX] = {0}, shown = 0, here = bn_compare_run_at(v);
	if (d && d->is_partial && (d->metric >= d->metric_count || !bn_compare_has_curves(v))) {
		bn_area_text(a, 0, 0, BN_INK_DIM, "reading the points of these runs");
		return;
	}
	if (!d || d->metric >= d->metric_count) {
		bn_area_text(a, 0, 0, BN_INK_DIM, "these runs have no metric in common");
		return;
	}
	if (!bn_compare_has_curves(v)) {
		bn_area_textf(a, 0, 0, BN_INK_DIM, "%s has one value a run, and no curve",
			d->metrics[d->metric]);
		return;
	}
	bn_run_styles(styles, d->table->ids, d->table->runs, NULL);
	for (size_t i = 0; i < d->table->runs; i++) {
		const bn_curve *c = &d->curves[i];
		bool told = d->table->runs <= FEW || (int)i == here || i == d->table->baseline;
		if (c->n)
			series[shown++] = (bn_chart_series){.label = "",
				.x = c->x,
				.y = c->y,
				.n = c->n,
				.gaps = c->gaps,
				.mean_x = c->mean_x,
				.mean_y = c->mean_y,
				.mean_n = c->mean_n,
				.style = styles[i],
				.mark = bn_compare_mark(i),
				.dim = !told};
	}
	bn_area_textf(a, 0, 1, BN_INK_STRONG, "%s", d->metrics[d->metric]);
	bn_chart chart = {.series = series,
		.count = shown,
		.log_y = v->log_y,
		.smoothing = smoothing[v->smoothing],
		.x_title = "step"};
	bn_chart_draw(bn_area_sub(a, 1, 0, a.rows - 1, a.cols), &chart);
}

/* ---- scatter ------------------------------------------------------------------------------------- */

/* How many runs have a number, and how many distinct ones there are. */
static size_t numbers_of(const bn_compare_row *r, size_t runs)
{
	size_t different = 0;
	for (size_t i = 0; i < runs; i++) {
		size_t k = 0;
		if (isnan(r->cells[i].number))
			continue;
		while (k < i && r->cells[k].number != r->cells[i].number)
			k++;
		different += k == i;
	}
	return different;
}

static const bn_compare_row *row_find(
	const bn_comparison *c, bn_compare_group group, const char *key)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].group == group && strcmp(c->rows[i].key, key) == 0)
			return &c->rows[i];
	return NULL;
}

static bool is_axis(const bn_comparison *c, const bn_compare_row *r)
{
	return r->group == BN_COMPARE_PARAM && numbers_of(r, c->runs) > 1;
}

/* The rank of a run's number among those of the row, from 0; equal ones share the mean. */
static double rank_of(const bn_compare_row *r, size_t runs, size_t run)
{
	double below = 0, same = 0;
	for (size_t i = 0; i < runs; i++) {
		below += r->cells[i].number < r->cells[run].number;
		same += i != run && r->cells[i].number == r->cells[run].number;
	}
	return below + same / 2;
}

/* How closely the metric follows the parameter, up or down: the absolute rank correlation over the runs that have both;
 * 0 if either is constant. */
static double follows(const bn_compare_row *param, const bn_compare_row *metric, size_t runs)
{
	double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
	for (size_t i = 0; metric && i < runs; i++) {
		if (isnan(param->cells[i].number) || isnan(metric->cells[i].number))
			continue;
		double x = rank_of(param, runs, i), y = rank_of(metric, runs, i);
		n++;
		sx += x;
		sy += y;
		sxx += x * x;
		syy += y * y;
		sxy += x * y;
	}
	double var = (n * sxx - sx * sx) * (n * syy - sy * sy);
	return n > 2 && var > 0 ? fabs(n * sxy - sx * sy) / sqrt(var) : 0;
}

/* The chosen one; else the parameter that the metric follows most closely, then the one with the most values, and a seed
 * last. */
const char *bn_compare_axis(const bn_compare_view *v)
{
	double most = -1;
	const bn_compare_page *d = bn_compare_data(v);
	const char *metric = d ? bn_compare_up(v) : NULL;
	const bn_compare_row *best = NULL,
			     *up = metric ? row_find(d->table, BN_COMPARE_METRIC, metric) : NULL;
	for (size_t i = 0; d && i < d->table->count; i++) {
		const bn_compare_row *r = &d->table->rows[i];
		if (!is_axis(d->table, r))
			continue;
		if (strcmp(r->key, v->axis) == 0)
			return r->key;
		size_t runs = d->table->runs;
		double worth = strcmp(r->key, "seed") == 0
				       ? 0
				       : follows(r, up, runs) + 0.001 * (double)numbers_of(r, runs);
		if (worth > most) {
			most = worth;
			best = r;
		}
	}
	return best ? best->key : NULL;
}

bool bn_compare_axis_set(bn_compare_view *v, const char *name)
{
	const bn_compare_page *d = bn_compare_data(v);
	const bn_compare_row *r = d ? row_find(d->table, BN_COMPARE_PARAM, name) : NULL;
	if (!r || !is_axis(d->table, r))
		return false;
	snprintf(v->axis, sizeof v->axis, "%s", name);
	return true;
}

void bn_compare_axis_step(bn_compare_view *v, int step)
{
	const bn_compare_page *d = bn_compare_data(v);
	const char *now = bn_compare_axis(v);
	const bn_compare_row *r = now ? row_find(d->table, BN_COMPARE_PARAM, now) : NULL;
	if (!r)
		return;
	size_t n = d->table->count, at = (size_t)(r - d->table->rows);
	for (size_t i = 1; i <= n; i++) {
		size_t k = step > 0 ? (at + i) % n : (at + n - i) % n;
		if (!is_axis(d->table, &d->table->rows[k]))
			continue;
		snprintf(v->axis, sizeof v->axis, "%s", d->table->rows[k].key);
		return;
	}
}

const char *bn_compare_up(const bn_compare_view *v)
{
	const bn_compare_page *d = bn_compare_data(v);
	if (d && v->up[0] && row_find(d->table, BN_COMPARE_METRIC, v->up))
		return v->up;
	for (int64_t i = 0; i < v->line_count; i++) {
		const bn_cline *l = &v->lines[i];
		if (l->kind == BN_CLINE_VALUE && d->table->rows[l->row].group == BN_COMPARE_METRIC)
			return d->table->rows[l->row].key;
	}
	return NULL;
}

void bn_compare_up_step(bn_compare_view *v, int step)
{
	const bn_compare_page *d = bn_compare_data(v);
	const char *now = bn_compare_up(v);
	const bn_compare_row *r = now ? row_find(d->table, BN_COMPARE_METRIC, now) : NULL;
	size_t n = d ? d->table->count : 0, at = r ? (size_t)(r - d->table->rows) : 0;
	for (size_t i = 1; r && i <= n; i++) {
		const bn_compare_row *next =
			&d->table->rows[step > 0 ? (at + i) % n : (at + n - i) % n];
		if (next->group != BN_COMPARE_METRIC || numbers_of(next, d->table->runs) < 2)
			continue;
		snprintf(v->up, sizeof v->up, "%s", next->key);
		return;
	}
}

void bn_compare_scatter_draw(const bn_compare_view *v, bn_area a)
{
	const bn_compare_page *d = bn_compare_data(v);
	const char *axis = bn_compare_axis(v);
	double x[BN_COMPARE_MAX], y[BN_COMPARE_MAX];
	char marks[BN_COMPARE_MAX];
	const bn_compare_row *across, *up;
	if (!axis || !bn_compare_up(v) ||
		!(up = row_find(d->table, BN_COMPARE_METRIC, bn_compare_up(v))) ||
		!(across = row_find(d->table, BN_COMPARE_PARAM, axis))) {
		bn_area_text(a, 0, 0, BN_INK_DIM, "no parameter that differs here is a number");
		return;
	}
	for (size_t i = 0; i < d->table->runs; i++) {
		x[i] = across->cells[i].number;
		y[i] = up->cells[i].number;
		marks[i] = bn_compare_mark(i) ? bn_compare_mark(i) : '*';
	}
	bn_scatter s = {.x = x,
		.y = y,
		.marks = marks,
		.count = (int)d->table->runs,
		.selected = bn_compare_run_at(v),
		.base = (int)d->table->baseline,
		.x_title = axis,
		.y_title = up->key};
	bn_chart_scatter(a, &s);
}

/* ---- parallel coordinates ------------------------------------------------------------------------ */

enum { PARALLEL_MOST = 10, PARALLEL_COLS = 14 };

typedef struct ranked {
	const bn_compare_row *row;
	double follows;
} ranked;

/* The parameters that the metric follows most closely, at most `most`; seeds are none. */
static int axes_choose(const bn_compare_row **out, const bn_comparison *c, const bn_compare_row *up, int most)
{
	ranked best[PARALLEL_MOST];
	int n = 0;
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *r = &c->rows[i];
		if (!is_axis(c, r) || bn_param_is_seed(r->key))
			continue;
		ranked own = {r, follows(r, up, c->runs)};
		int at = n < most ? n : most;
		for (; at > 0 && best[at - 1].follows < own.follows; at--)
			if (at < most)
				best[at] = best[at - 1];
		if (at < most)
			best[at] = own;
		n += n < most;
	}
	for (int i = 0; i < n; i++)
		out[i] = best[i].row;
	return n;
}

/* The runs that have the metric; others, as the parents of these, would be lines that end before it. */
static int runs_choose(int *out, const bn_comparison *c, const bn_compare_row *up)
{
	int n = 0;
	for (size_t r = 0; r < c->runs; r++)
		if (isfinite(up->cells[r].number))
			out[n++] = (int)r;
	return n;
}

static int place_of(const int *runs, int count, size_t run)
{
	for (int i = 0; i < count; i++)
		if (runs[i] == (int)run)
			return i;
	return -1;
}

/* One line about the runs without the metric; what is left of the area. */
static bn_area left_out_draw(bn_area a, size_t runs, const char *metric)
{
	if (runs == 0)
		return a;
	bn_area_textf(a, a.rows - 1, 0, BN_INK_DIM, "%zu run%s without %.60s %s left out", runs, runs == 1 ? "" : "s",
		metric, runs == 1 ? "is" : "are");
	return bn_area_sub(a, 0, 0, a.rows - 1, a.cols);
}

void bn_compare_parallel_draw(const bn_compare_view *v, bn_area a)
{
	const bn_compare_page *d = bn_compare_data(v);
	const char *metric = d ? bn_compare_up(v) : NULL;
	const bn_compare_row *rows[PARALLEL_MOST + 1], *up = metric ? row_find(d->table, BN_COMPARE_METRIC, metric) : NULL;
	const char *axes[PARALLEL_MOST + 1];
	int all[BN_COMPARE_MAX], styles[BN_COMPARE_MAX], runs[BN_COMPARE_MAX], most = a.cols / PARALLEL_COLS - 1;
	double values[BN_COMPARE_MAX * (PARALLEL_MOST + 1)];
	most = most > PARALLEL_MOST ? PARALLEL_MOST : most;
	int n = up && most > 0 ? axes_choose(rows, d->table, up, most) : 0;
	if (n == 0) {
		bn_area_text(a, 0, 0, BN_INK_DIM, "no parameter that differs here is a number");
		return;
	}
	rows[n++] = up;
	if (bn_run_styles(all, d->table->ids, d->table->runs, NULL) < 0)
		return;
	int count = runs_choose(runs, d->table, up), here = bn_compare_run_at(v);
	for (int i = 0; i < n; i++)
		axes[i] = rows[i]->key;
	for (int r = 0; r < count; r++) {
		styles[r] = all[runs[r]];
		for (int i = 0; i < n; i++)
			values[r * n + i] = rows[i]->cells[runs[r]].number;
	}
	bn_parallel p = {.axes = axes,
		.axis_count = n,
		.count = count,
		.values = values,
		.styles = styles,
		.selected = here < 0 ? -1 : place_of(runs, count, (size_t)here),
		.base = place_of(runs, count, d->table->baseline)};
	bn_chart_parallel(left_out_draw(a, d->table->runs - (size_t)count, metric), &p);
}
