/* compare_pictures.c - the pictures of a report: see _compare_report.h. */
#include "core/base/mem.h"
#include "core/track/_compare_report.h"
#include "core/track/chart_svg.h"
#include "core/track/seeds.h"
#include "core/track/styles.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { AXES_MOST = 8, ACROSS = 2, CHARTS_MOST = 12, POINTS_MOST = 200000 };

static const bn_compare_row *param_row(const bn_comparison *c, const char *key)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].group == BN_COMPARE_PARAM && strcmp(c->rows[i].key, key) == 0)
			return &c->rows[i];
	return NULL;
}

static void left_out_say(bn_document *d, size_t runs, const char *metric)
{
	char before[64];
	snprintf(before, sizeof before, "%zu run%s without ", runs, runs == 1 ? "" : "s");
	if (runs)
		bn_document_code_text(d, before, metric, runs == 1 ? " is left out." : " are left out.");
}

int bn_report_parallel(bn_document *d, const bn_comparison *c, const bn_importance *importance,
	const bn_compare_row *metric, bn_err *err)
{
	const bn_compare_row *rows[AXES_MOST];
	const char *axes[AXES_MOST];
	size_t n = 0;
	for (size_t i = 0; i < importance->count && n + 1 < AXES_MOST; i++)
		if (importance->items[i].is_number && importance->items[i].values > 1 &&
			!bn_param_is_seed(importance->items[i].key))
			rows[n++] = param_row(c, importance->items[i].key);
	if (n == 0 || c->runs < 2)
		return 0;
	rows[n++] = metric;
	double *values = bn_alloc(c->runs * n * sizeof *values);
	int *styles = bn_alloc(c->runs * sizeof *styles);
	const char **names = bn_alloc(c->runs * sizeof *names);
	int rc = values && styles && names ? 0 : bn_err_nomem(err, "parallel coordinates");
	if (rc < 0 || (rc = bn_run_styles(styles, c->ids, c->runs, err)) < 0)
		goto out;
	int best = -1;
	size_t count = 0; /* of the runs with the metric: others, as their parents, would be lines that end before it */
	for (size_t a = 0; a < n; a++)
		axes[a] = rows[a]->key;
	for (size_t r = 0; r < c->runs; r++) {
		if (!isfinite(metric->cells[r].number))
			continue;
		for (size_t a = 0; a < n; a++)
			values[count * n + a] = rows[a]->cells[r].number;
		if (best < 0 && bn_comparison_is_best(c, metric, r))
			best = (int)count;
		styles[count] = styles[r];
		names[count++] = c->names[r];
	}
	if (count < 2)
		goto out;
	bn_document_heading(d, "Parallel coordinates");
	bn_svg_parallel p = {axes, n, count, values, names, styles, best, metric->better};
	rc = bn_svg_add_parallel(d->out, &p, true, err);
	left_out_say(d, c->runs - count, metric->key);
out:
	bn_free(values);
	bn_free(styles);
	bn_free(names);
	return rc;
}

/* How many charts a file of a reasonable size has: at least one. */
static size_t fitting(const bn_charts *c)
{
	size_t points = 0, n = 0;
	for (; n < c->count && (n == 0 || points < POINTS_MOST); n++)
		for (size_t i = 0; i < c->items[n].count; i++)
			points += c->items[n].series[i].curve.n;
	return n;
}

int bn_report_curves(bn_document *d, bn_workspace *ws, const bn_comparison *c, bn_err *err)
{
	bn_charts *charts = NULL;
	bn_charts_query q = {.ids = c->ids, .run_count = c->runs, .most = CHARTS_MOST};
	int rc = bn_charts_read(&charts, ws, &q, err);
	if (rc < 0 || !charts->count)
		goto out;
	charts->count = fitting(charts);
	bn_document_heading(d, "Curves");
	if ((rc = bn_charts_add_svg(d->out, charts, &q, false, 0, ACROSS, true, err)) < 0)
		goto out;
	if (charts->title_count > charts->count)
		bn_document_text(d, "Other metrics: <code>binnacle run chart --match WORDS</code>.");
out:
	bn_charts_free(charts);
	return rc;
}
