/* charts_svg.c - the charts of some runs as SVG: see chart_svg.h. */
#include "core/base/str.h"
#include "core/track/chart_svg.h"

static int chart_fill(bn_svg_chart *out, bn_arena *arena, const bn_charts *c, const bn_charts_item *item,
	const bn_charts_query *q, bn_err *err)
{
	bool own_axis = item->is_system && (q->axis == BN_RUN_BY_STEP || q->axis == BN_RUN_BY_EPOCH);
	bn_svg_series *series = bn_arena_alloc(arena, (item->count + 1) * sizeof *series);
	if (!series)
		return bn_err_nomem(err, "a chart");
	for (size_t i = 0; i < item->count; i++) {
		const bn_charts_series *s = &item->series[i];
		const char *label = c->names[s->run];
		if (s->label && c->run_count > 1)
			label = bn_arena_strf(arena, "%s %s", label, s->label);
		else if (s->label)
			label = s->label;
		if (!label)
			return bn_err_nomem(err, "a chart");
		series[i] = (bn_svg_series){label, s->curve, c->styles[s->run]};
	}
	*out = (bn_svg_chart){.title = item->title,
		.series = series,
		.count = item->count,
		.axis = own_axis ? BN_RUN_BY_STEP : q->axis,
		.is_rows = item->kind != BN_CHART_LINES,
		.is_bytes = bn_str_ends(item->title, "_bytes"),
		.from = own_axis ? 0 : q->from,
		.to = own_axis ? 0 : q->to};
	return 0;
}

int bn_charts_add_svg(bn_buf *out, const bn_charts *c, const bn_charts_query *query, bool log_y, double smoothing,
	size_t across, bool embedded, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	bn_svg_chart *charts = bn_arena_alloc(&arena, (c->count + 1) * sizeof *charts);
	int rc = charts ? 0 : bn_err_nomem(err, "charts");
	for (size_t i = 0; rc >= 0 && i < c->count; i++) {
		rc = chart_fill(&charts[i], &arena, c, &c->items[i], query, err);
		charts[i].log_y = log_y;
		charts[i].smoothing = smoothing;
	}
	if (rc >= 0)
		rc = bn_svg_add_charts(out, charts, c->count, across, embedded, err);
	bn_arena_release(&arena);
	return rc;
}
