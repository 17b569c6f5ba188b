/*
 * runs_compare.c - which runs are compared: the pinned baseline, which is kept between sessions, and the marked runs;
 * if none is marked, the selected one and the best. See _runs.h.
 */
#include "core/base/mem.h"
#include "tui/views/runs/_runs.h"

#include <stdio.h>
#include <string.h>

void bn_runs_base_recall(bn_runs_view *v)
{
	char *id = bn_frame_recall(v->list.view.frame, BN_KEPT_BASE);
	if (id && strlen(id) == sizeof v->baseline - 1)
		memcpy(v->baseline, id, sizeof v->baseline);
	bn_free(id);
}

void bn_runs_base_pin(bn_runs_view *v, const char *id)
{
	bn_frame *f = v->list.view.frame;
	bn_err err = BN_ERR_INIT;
	bool unpin = strcmp(v->baseline, id) == 0;
	snprintf(v->baseline, sizeof v->baseline, "%s", unpin ? "" : id);
	if (bn_frame_remember(f, BN_KEPT_BASE, v->baseline, &err) < 0)
		bn_frame_error(f, &err);
}

/* Marked runs outside of the window: a mark is the prefix of the id, which the source knows. */
static void marked_elsewhere(const bn_runs_view *v, bn_compare_arg *out)
{
	const bn_grid *g = &v->list.grid;
	for (size_t m = 0; m < g->mark_count && out->count < BN_COMPARE_MAX; m++) {
		char id[BN_RUN_ID_TEXT];
		bool there = false;
		snprintf(id, sizeof id, "%016llx", (unsigned long long)g->marks[m]);
		for (size_t i = 0; i < out->count && !there; i++)
			there = strncmp(out->ids[i], id, 16) == 0;
		if (!there)
			memcpy(out->ids[out->count++], id, sizeof id);
	}
}

static void id_add(bn_compare_arg *out, const char *id)
{
	for (size_t i = 0; i < out->count; i++)
		if (strcmp(out->ids[i], id) == 0)
			return;
	if (out->count < BN_COMPARE_MAX)
		memcpy(out->ids[out->count++], id, BN_RUN_ID_TEXT);
}

/* The marked runs in list order. */
static void marked_ids(const bn_runs_view *v, bn_compare_arg *out)
{
	const bn_run_page *p = bn_runs_page(v);
	const bn_grid *g = &v->list.grid;
	int64_t first = p && bn_runs_is_window(v) ? p->place : 0;
	size_t seen = 0;
	for (int64_t i = 0; p && i < bn_grid_count(g) && !bn_runs_is_window(v); i++) {
		int64_t row = bn_grid_row(g, i);
		if (row >= 0 && bn_grid_is_marked(g, row))
			id_add(out, p->rows[row].id);
	}
	for (size_t i = 0; p && i < p->count; i++) {
		bool marked = bn_grid_is_marked(g, first + (int64_t)i);
		seen += marked;
		if (marked)
			id_add(out, p->rows[i].id);
	}
	if (bn_runs_is_window(v) && seen < g->mark_count)
		marked_elsewhere(v, out);
}

/* The pinned baseline first, the column A, then the marked runs; without marks the selected one and the best. */
static void compared_ids(const bn_runs_view *v, bn_compare_arg *out)
{
	const bn_grid *g = &v->list.grid;
	const bn_run_row *here = bn_runs_row(v, bn_grid_selected_row(g));
	if (v->baseline[0])
		id_add(out, v->baseline);
	marked_ids(v, out);
	if (g->mark_count == 0 && here)
		id_add(out, here->id);
	if (g->mark_count == 0 && v->best_id[0])
		id_add(out, v->best_id);
}

bool bn_runs_has_other(const bn_runs_view *v, const char *id)
{
	return (v->baseline[0] && strcmp(v->baseline, id) != 0) ||
	       (v->best_id[0] && strcmp(v->best_id, id) != 0);
}

bool bn_runs_compare(bn_runs_view *v)
{
	bn_compare_arg arg = {.count = 0};
	bn_frame *f = v->list.view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	size_t marks = bn_grid_mark_count(&v->list.grid);
	compared_ids(v, &arg);
	if (arg.count < 2) {
		bn_frame_message(f, "there is nothing to compare it with; mark runs with Space");
		return true;
	}
	bn_view_open(f, bn_view_compare_new(&made, f, &arg, &err), &made, &err);
	if (marks > BN_COMPARE_MAX)
		bn_frame_message(f, "%d runs fit: the first of %zu marked", BN_COMPARE_MAX, marks);
	return true;
}

bool bn_runs_charts(bn_runs_view *v)
{
	bn_compare_arg arg = {.count = 0};
	bn_frame *f = v->list.view.frame;
	const bn_run_row *here = bn_runs_row(v, bn_grid_selected_row(&v->list.grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	marked_ids(v, &arg);
	if (arg.count == 0 && here)
		id_add(&arg, here->id);
	if (arg.count == 0)
		return true;
	bn_view_open(f, bn_view_charts_new(&made, f, &arg, &err), &made, &err);
	if (bn_grid_mark_count(&v->list.grid) > BN_COMPARE_MAX)
		bn_frame_message(f, "%d runs fit: the first of the marked ones", BN_COMPARE_MAX);
	return true;
}
