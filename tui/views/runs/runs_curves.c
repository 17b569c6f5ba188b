/* runs_curves.c - the curve in each row of the list: only of the visible rows, requested when
 * others become visible or something was logged. See _runs.h. */
#include "tui/views/runs/_runs.h"

#include <string.h>

const bn_spark *bn_runs_curve(const bn_runs_view *v, const char *run)
{
	const bn_curves *c = v->curves ? v->curves->data : NULL;
	for (size_t i = 0; c && i < c->runs.count; i++)
		if (strcmp(c->runs.ids[i], run) == 0)
			return &c->sparks[i];
	return NULL;
}

void bn_runs_curves_follow(bn_runs_view *v)
{
	const bn_runs *d = bn_list_data(&v->list);
	const bn_grid *g = &v->list.grid;
	bn_curves_arg arg;
	memset(&arg, 0, sizeof arg);
	for (int i = 0; i < g->page_rows && arg.count < BN_CURVES_MAX; i++) {
		const bn_run_row *r = bn_runs_row(v, bn_grid_row(g, g->top + i));
		if (!r)
			continue;
		arg.live[arg.count] = r->status == BN_RUN_RUNNING;
		memcpy(arg.ids[arg.count++], r->id, BN_RUN_ID_TEXT);
	}
	bool same = memcmp(&arg, &v->curves_asked, sizeof arg) == 0;
	if (!d || !arg.count || (same && v->curves_of == d->generation))
		return;
	v->curves_asked = arg;
	v->curves_of = d->generation;
	bn_view_load(&v->list.view, BN_LANE_QUICK, BN_KIND_CURVES,
		bn_view_source(&v->list.view)->curves, &arg, sizeof arg);
}
