/* runs_groups.c - groups of runs: the text of their lines and, if there are more runs than are
 * loaded, the source's data of each. See _runs.h. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/track/best.h"
#include "tui/ui/format.h"
#include "tui/views/runs/_runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_TITLE = 8 };

enum { VALUE_MOST = 120 }; /* columns */

void bn_runs_group_words(
	const bn_runs_view *v, const char *value, int64_t count, int64_t failed, bn_grid_cell *out)
{
	const bn_grid *g = &v->list.grid;
	bool none = !value || !value[0];
	const char *text = none ? "" : value; /* of a list, its elements */
	size_t length = strlen(text);
	bool is_list = length > 2 && text[0] == '[' && text[length - 1] == ']';
	const char *title = bn_grid_title(g, g->group); /* shown below the list, too */
	bool said = none || strlen(title) <= SHORT_TITLE;
	char sign[8], runs[48];
	length -= is_list ? 2 : 0;
	if (failed)
		snprintf(runs, sizeof runs, "  %lld + %lld %s", (long long)(count - failed), (long long)failed,
			bn_glyph_text(sign, g->alphabet, BN_GLYPH_STATE_FAIL));
	else
		snprintf(runs, sizeof runs, "  %lld run%s", (long long)count, count == 1 ? "" : "s");
	snprintf(out->buf, sizeof out->buf, "%s%.24s%s%.*s%s", none ? "no " : "", said ? title : "",
		none || !said ? "" : " ", (int)bn_utf8_head(text + is_list, length, VALUE_MOST), text + is_list, runs);
	out->tail = strlen(runs);
	out->text = out->buf;
	out->ink = BN_INK_STRONG;
}

/* The aggregate of a metric in a group of so many runs. */
static void sum_cell(const bn_runs_view *v, const bn_run_sum *s, int64_t runs, bn_grid_cell *out)
{
	const bn_grid_sum shown = {bn_run_sum_get(s, v->aggregate),
		v->aggregate == BN_SUM_MEAN ? s->deviation : (double)NAN, s->count, runs};
	if (!s->count)
		return;
	bn_grid_sum_show(out, &shown, v->list.grid.alphabet);
	if (v->aggregate != BN_SUM_N || s->count == runs)
		return;
	snprintf(out->buf, sizeof out->buf, "%lld of %lld", (long long)s->count, (long long)runs);
	out->text = out->buf;
}

static const bn_run_group *group_at(const bn_runs_view *v, size_t place)
{
	const bn_run_page *p = bn_runs_page(v);
	return p && place < p->group_count ? &p->groups[place] : NULL;
}

bool bn_runs_group_get(void *ctx, size_t place, bn_grid_group *out)
{
	const bn_run_group *g = group_at(ctx, place);
	if (g)
		*out = (bn_grid_group){.key = g->key,
			.first = g->first,
			.count = g->count,
			.folded = g->first < 0};
	return g != NULL;
}

void bn_runs_line_cell(void *ctx, size_t place, int col, bn_grid_cell *out)
{
	const bn_runs_view *v = ctx;
	const bn_run_group *g = group_at(v, place);
	int field = col - BN_RUNS_FIELDS;
	if (g && col == BN_RUNS_NAME)
		bn_runs_group_words(v, g->value, g->count, g->bad, out);
	if (!g || field < 0 || field >= (int)v->field_count || col == v->list.grid.group)
		return;
	const bn_run_sum *s = &g->sums[field];
	if (bn_runs_is_param(v->fields[field]))
		out->text = s->alike;
	else
		sum_cell(v, s, g->count, out);
}

/* They are sorted by what they show. */
static void groups_order_again(bn_runs_view *v)
{
	bn_runs_arg arg = {.at = BN_RUNS_FIRST};
	if (bn_runs_is_window(v))
		bn_runs_ask(v, &arg, 0);
	else
		bn_grid_reload(&v->list.grid);
}

void bn_runs_aggregate_set(bn_runs_view *v, const char *word)
{
	bn_frame *f = v->list.view.frame;
	int k = 0;
	if (!word || !*word)
		word = bn_run_sum_names[((int)v->aggregate + 1) % BN_SUM_KINDS];
	while (k < BN_SUM_KINDS && strcmp(bn_run_sum_names[k], word) != 0)
		k++;
	if (k == BN_SUM_KINDS) {
		bn_frame_message(f, "'%.40s' is none of n, mean, std, min, max, median", word);
		return;
	}
	v->aggregate = (bn_run_sum_kind)k;
	if (k == BN_SUM_N)
		word = "how many runs have a number";
	bn_frame_message(f, "groups show %s%s%s", word, k == BN_SUM_MEAN ? " and deviation" : "",
		v->list.grid.group < 0 ? "; b groups" : "");
	if (v->list.grid.group >= 0 && v->list.grid.sort_count)
		groups_order_again(v);
}

static int number_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void group_metric(
	const bn_runs_view *v, const int64_t *rows, int64_t count, size_t field, bn_grid_cell *out)
{
	bn_run_sum s = {.count = 0, .deviation = (double)NAN};
	double *all = bn_alloc(((size_t)count + 1) * sizeof *all), squares = 0, sum = 0;
	if (!all)
		return;
	for (int64_t i = 0; i < count; i++) {
		const bn_cell *c = &bn_runs_row(v, rows[i])->cells[field];
		if (c->kind == BN_CELL_NUMBER && !isnan(c->number))
			all[s.count++] = c->number;
	}
	size_t n = (size_t)s.count;
	if (n) {
		qsort(all, n, sizeof *all, number_cmp);
		for (size_t i = 0; i < n; i++)
			sum += all[i];
		s.mean = sum / (double)n;
		for (size_t i = 0; i < n; i++)
			squares += (all[i] - s.mean) * (all[i] - s.mean);
		s.deviation = n > 1 ? sqrt(squares / (double)(n - 1)) : (double)NAN;
		s.min = all[0];
		s.max = all[n - 1];
		s.median = n % 2 ? all[n / 2] : (all[n / 2 - 1] + all[n / 2]) / 2;
	}
	sum_cell(v, &s, count, out);
	bn_free(all);
}

bool bn_runs_too_many_groups(bn_runs_view *v, const bn_run_page *p)
{
	bn_grid *g = &v->list.grid;
	if (!p->too_many_groups || g->group < 0)
		return false;
	bn_frame_message(v->list.view.frame, "%s has more than 10 000 values: too many for groups",
		bn_grid_title(g, g->group));
	bn_grid_group_by(g, -1);
	return true;
}

void bn_runs_group_text(const bn_runs_view *v, char *out, size_t size)
{
	const bn_grid *g = &v->list.grid;
	bn_buf text = BN_BUF_INIT;
	if (g->group >= 0)
		bn_runs_field_add(&text, v, g->group);
	snprintf(out, size, "%s", text.len && text.len < size ? text.ptr : "");
	bn_buf_release(&text);
}

uint32_t bn_runs_shown_fields(const bn_runs_view *v)
{
	const bn_grid *g = &v->list.grid;
	uint32_t bits = 0;
	bool any = g->group >= 0 || bn_runs_is_tree(v);
	for (size_t i = 0; any && i < v->field_count && i < 32; i++)
		bits |= (uint32_t)bn_grid_is_shown(g, BN_RUNS_FIELDS + (int)i) << i;
	return bits;
}

/* ---- of rows that are loaded --------------------------------------------------------------------- */

static void group_name(const bn_runs_view *v, const int64_t *rows, int64_t count, bn_grid_cell *out)
{
	bn_grid_cell value;
	int64_t failed = 0;
	for (int64_t i = 0; i < count; i++) {
		const bn_run_row *r = bn_runs_row(v, rows[i]);
		failed += r && bn_run_state(r->status) == BN_STATE_FAIL;
	}
	bn_grid_get_cell(&v->list.grid, rows[0], v->list.grid.group, &value);
	const char *text = value.stands_in ? NULL : value.text;
	bool named = v->list.grid.group - BN_RUNS_FIELDS - (int)v->field_count == BN_RUNS_END_PARENT;
	bn_runs_group_words(
		v, value.full && !named ? value.full : text, count, failed, out);
}

/* A parameter with the same value in all of them. */
static void group_param(
	const bn_runs_view *v, const int64_t *rows, int64_t count, int col, bn_grid_cell *out)
{
	bn_grid_cell other;
	bn_runs_field_cell(&bn_runs_row(v, rows[0])->cells[col - BN_RUNS_FIELDS], out);
	for (int64_t i = 1; i < count; i++) {
		bn_grid_cell_clear(&other);
		bn_runs_field_cell(&bn_runs_row(v, rows[i])->cells[col - BN_RUNS_FIELDS], &other);
		if ((out->text == NULL) != (other.text == NULL) ||
			(out->text && strcmp(out->text, other.text) != 0)) {
			bn_grid_cell_clear(out);
			return;
		}
	}
}

static void group_best(const bn_runs_view *v, const int64_t *rows, int64_t count, bn_grid_cell *out)
{
	const bn_runs *d = bn_list_data(&v->list);
	double best = NAN;
	char text[BN_FORMAT_BYTES];
	for (int64_t i = 0; v->best_better && !d->mixed && i < count; i++) {
		const bn_cell *c = &bn_runs_row(v, rows[i])->cells[v->word_field];
		if (c->kind == BN_CELL_NUMBER && !isnan(c->number) &&
			(isnan(best) || bn_metric_beats(v->best_better, c->number, best)))
			best = c->number;
	}
	if (isnan(best))
		return;
	snprintf(out->buf, sizeof out->buf, "best %s", bn_format_number(text, best));
	out->text = out->buf;
}

bool bn_runs_group_cell(void *ctx, const int64_t *rows, int64_t count, int col, bn_grid_cell *out)
{
	const bn_runs_view *v = ctx;
	int field = col - BN_RUNS_FIELDS;
	if (col == BN_RUNS_NAME)
		group_name(v, rows, count, out);
	else if (field == (int)v->field_count + BN_RUNS_END_CURVE)
		bn_runs_curve_cell(v, bn_runs_row(v, rows[0]), out);
	else if (field == (int)v->field_count + BN_RUNS_END_CREATED)
		group_best(v, rows, count, out);
	else if (field >= 0 && field < (int)v->field_count && bn_runs_is_param(v->fields[field]) &&
		 col != v->list.grid.group)
		group_param(v, rows, count, col, out);
	else if (field >= 0 && field < (int)v->field_count && !bn_runs_is_param(v->fields[field]))
		group_metric(v, rows, count, (size_t)field, out);
	else
		return false;
	return true;
}

bool bn_runs_is_grouping(const bn_runs_view *v, int column)
{
	int field = column - BN_RUNS_FIELDS, end = field - (int)v->field_count;
	if (column == BN_RUNS_STATE || column == BN_RUNS_TITLE)
		return true;
	if (field < 0)
		return false;
	if (end >= 0)
		return end == BN_RUNS_END_EXPERIMENT || end == BN_RUNS_END_USER || end == BN_RUNS_END_HOST ||
		       end == BN_RUNS_END_PARENT;
	return bn_runs_is_param(v->fields[field]);
}
