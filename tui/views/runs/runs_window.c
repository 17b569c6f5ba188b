/* runs_window.c - the loaded part of many runs: up to BN_RUNS_WINDOW are one page, which the grid
 * sorts and searches itself; of more, the page is a window that follows the visible rows, and the
 * source sorts and searches. See _runs.h. */
#include "tui/views/runs/_runs.h"

#include <stdio.h>
#include <string.h>

const bn_run_page *bn_runs_page(const bn_runs_view *v)
{
	const bn_runs *d = bn_list_data(&v->list);
	return d ? d->page : NULL;
}

const bn_queue *bn_runs_queue(const bn_runs_view *v)
{
	const bn_runs *d = bn_list_data(&v->list);
	return d ? d->queue : NULL;
}

bool bn_runs_is_window(const bn_runs_view *v)
{
	return v->list.grid.external;
}

const bn_run_row *bn_runs_row(const bn_runs_view *v, int64_t row)
{
	const bn_run_page *p = bn_runs_page(v);
	row -= p && bn_runs_is_window(v) ? p->place : 0;
	return p && row >= 0 && (size_t)row < p->count ? &p->rows[row] : NULL;
}

/* The groups, their means, and the open ones. */
static void group_ask(bn_runs_view *v, bn_runs_arg *arg)
{
	const bn_grid *g = &v->list.grid;
	arg->is_window = true;
	arg->ordered = v->aggregate;
	v->asked_summed = arg->summed = bn_runs_shown_fields(v);
	bn_runs_group_text(v, arg->group, sizeof arg->group);
	for (size_t i = 0; i < g->folded_count && arg->open_count < BN_RUNS_OPEN; i++)
		arg->open[arg->open_count++] = g->folded[i];
}

void bn_runs_ask(bn_runs_view *v, bn_runs_arg *arg, int64_t first)
{
	bn_view *view = &v->list.view;
	snprintf(arg->filter, sizeof arg->filter, "%s", v->where);
	arg->removed = v->removed;
	bn_runs_tree_ask(v, arg);
	if (bn_runs_is_window(v)) {
		bn_runs_sort_text(v, arg->sort, sizeof arg->sort);
		snprintf(arg->search, sizeof arg->search, "%s", v->list.grid.filter);
		group_ask(v, arg);
	}
	v->asked_first = first;
	v->asked_top = v->list.grid.top;
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->runs, arg, sizeof *arg);
}

/* Makes the page begin, or end, at a row; false: its mark, which contains the sort values, is too long. */
static bool mark_set(bn_runs_arg *arg, bn_runs_at at, const bn_run_row *row)
{
	if (strlen(row->mark) >= sizeof arg->mark)
		return false;
	arg->at = at;
	snprintf(arg->mark, sizeof arg->mark, "%s", row->mark);
	return true;
}

/* Marks do not tell the positions of rows of other groups, or below other runs. */
static bool is_placed(const bn_runs_view *v)
{
	return v->list.grid.group >= 0 || bn_runs_is_tree(v);
}

void bn_runs_ask_again(bn_runs_view *v, bn_runs_arg *arg)
{
	const bn_run_page *p = bn_runs_page(v);
	arg->at = BN_RUNS_FIRST;
	if (p && bn_runs_is_window(v) && p->place > 0 && p->count && is_placed(v)) {
		arg->at = BN_RUNS_PLACE;
		arg->place = p->place;
		bn_runs_ask(v, arg, p->place);
		return;
	}
	bool later = p && bn_runs_is_window(v) && p->place > 0 && p->count;
	if (later && !mark_set(arg, BN_RUNS_FROM, &p->rows[0])) {
		arg->at = BN_RUNS_PLACE;
		arg->place = p->place;
	}
	bn_runs_ask(v, arg, later ? p->place : 0);
}

/* The visible rows, without the lines of groups; false: there are none. */
static bool rows_in_sight(const bn_grid *g, int64_t *first, int64_t *end)
{
	*first = -1;
	*end = -1;
	for (int64_t at = g->top; at < g->top + g->page_rows; at++) {
		int64_t row = bn_grid_row(g, at);
		if (row < 0)
			continue;
		*first = *first < 0 ? row : *first;
		*end = row + 1;
	}
	return *first >= 0;
}

/* Requests the rows around a range, in the quickest way. */
static void window_ask(bn_runs_view *v, const bn_run_page *p, int64_t top)
{
	bn_runs_arg arg = {.have = 0};
	int64_t first = top - BN_RUNS_PART / 4, last = p->total - BN_RUNS_PART;
	int64_t end = p->place + (int64_t)p->count;
	bool grouped = is_placed(v);
	first = first < 0 ? 0 : first;
	arg.at = first == 0 ? BN_RUNS_FIRST : BN_RUNS_PLACE;
	arg.place = first;
	if (first >= last) {
		arg.at = BN_RUNS_LAST;
		first = last;
	} else if (!grouped && first > p->place && first < end) {
		mark_set(&arg, BN_RUNS_FROM, &p->rows[first - p->place]);
	} else if (!grouped && first > 0 && first < p->place && first + BN_RUNS_PART < end &&
		   first + BN_RUNS_PART >= p->place) {
		mark_set(&arg, BN_RUNS_BEFORE, &p->rows[first + BN_RUNS_PART - p->place]);
	}
	bn_runs_ask(v, &arg, first);
}

void bn_runs_window_follow(bn_runs_view *v)
{
	const bn_run_page *p = bn_runs_page(v);
	const bn_grid *g = &v->list.grid;
	int64_t top, bottom;
	if (!p || !bn_runs_is_window(v))
		return;
	if (is_placed(v) && v->asked_summed != bn_runs_shown_fields(v)) {
		bn_runs_arg arg = {.have = 0};
		bn_runs_ask_again(v, &arg);
		return;
	}
	if ((v->asked_first >= 0 && v->asked_top == g->top) || !rows_in_sight(g, &top, &bottom))
		return;
	bottom = bottom < p->total ? bottom : p->total;
	if (top < p->place || bottom > p->place + (int64_t)p->count)
		window_ask(v, p, top);
}

void bn_runs_window_take(bn_runs_view *v, const bn_run_page *p)
{
	bn_grid *g = &v->list.grid;
	bool was = bn_runs_is_window(v);
	bool more = p->total > (int64_t)p->count || p->matched > (int64_t)p->count;
	bool chosen = g->filter[0] || g->sort_count > 0 || g->group >= 0;
	g->external = more || p->is_tree || (was && chosen);
	bool narrowed = g->external && p->is_tree && (v->where_shown[0] || g->filter[0]);
	g->matched = narrowed ? p->matched : 0;
	bool shifts = was && v->asked_first > 0 && g->group < 0 && !p->is_tree;
	int64_t moved = shifts ? p->place - v->asked_first : 0;
	g->top += g->top + moved >= 0 ? moved : 0;
	g->selected += g->selected + moved >= 0 ? moved : 0;
	v->asked_first = -1;
	if (!was && g->external && chosen) { /* until now the view sorted and grouped it */
		bn_runs_arg arg = {.at = BN_RUNS_FIRST};
		g->folded_count = 0;
		bn_runs_ask(v, &arg, 0);
	}
}
