/* charts.c - see charts.h. */
#include "core/track/charts.h"

#include "core/base/nearest.h"
#include "core/base/str.h"
#include "core/track/metric_group.h"
#include "core/track/run.h"
#include "core/track/styles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A chart that may be read: a metric, or a group of them. */
typedef struct plan {
	const char *title;
	bn_chart_kind kind;
	bool is_system;
} plan;

typedef struct reading {
	bn_charts *out;
	bn_workspace *ws;
	const bn_charts_query *query;
	bn_series_list *lists; /* of each run */
	int64_t *started_ms;
	bn_points *epochs; /* of each run, for the axis of epochs */
	plan *plans;
	size_t plan_count, plan_cap;
} reading;

/* ---- what there is ------------------------------------------------------------------------------ */

static int run_read(reading *r, size_t i, const char **names, bn_err *err)
{
	bn_run_info *info = NULL;
	const char *id = r->query->ids[i];
	int rc = bn_run_get(&info, r->ws, id, err);
	if (rc < 0)
		return rc;
	names[i] = bn_arena_strdup(&r->out->arena, info->name ? info->name : info->id);
	r->started_ms[i] = info->started_ms >= 0 ? info->started_ms : info->created_ms;
	r->out->has_live = r->out->has_live || bn_run_status_is_live(info->status);
	bn_run_info_free(info);
	if (!names[i])
		return bn_err_nomem(err, "charts");
	if ((rc = bn_series_find_all(&r->lists[i], r->ws, id, err)) < 0)
		return rc;
	const bn_series_info *epochs = bn_series_list_get(&r->lists[i], BN_EPOCH_METRIC);
	r->out->has_epochs = r->out->has_epochs || epochs;
	if (epochs && r->query->axis == BN_RUN_BY_EPOCH)
		rc = bn_series_read(&r->epochs[i], r->ws, id, BN_EPOCH_METRIC, err);
	return rc;
}

static int runs_read(reading *r, bn_err *err)
{
	size_t n = r->query->run_count;
	bn_arena *a = &r->out->arena;
	const char **ids = bn_arena_alloc(a, n * sizeof *ids), **names = bn_arena_alloc(a, n * sizeof *names);
	int *styles = bn_arena_alloc(a, n * sizeof *styles), rc = 0;
	if (!ids || !names || !styles)
		return bn_err_nomem(err, "charts");
	for (size_t i = 0; i < n; i++) {
		if (!(ids[i] = bn_arena_strdup(a, r->query->ids[i])))
			return bn_err_nomem(err, "charts");
		if ((rc = run_read(r, i, names, err)) < 0)
			return rc;
	}
	r->out->run_count = n;
	r->out->ids = ids;
	r->out->names = names;
	r->out->styles = styles;
	return bn_run_styles(styles, ids, n, err);
}

static int plan_add(reading *r, const char *title, bn_chart_kind kind, bool is_system, bn_err *err)
{
	if (bn_grow(&r->plans, &r->plan_cap, r->plan_count + 1, sizeof *r->plans) != 0)
		return bn_err_nomem(err, "charts");
	const char *own = bn_arena_strdup(&r->out->arena, title);
	r->plans[r->plan_count++] = (plan){own, kind, is_system};
	return own ? 0 : bn_err_nomem(err, "charts");
}

static bool has_words(const char *name, const char *words)
{
	while (words && *words) {
		size_t n = strcspn(words, " ");
		bool found = n == 0;
		for (const char *s = name; n && *s && !found; s++)
			found = strncasecmp(s, words, n) == 0;
		if (!found)
			return false;
		words += n + strspn(words + n, " ");
	}
	return true;
}

static int plan_cmp(const void *pa, const void *pb)
{
	const plan *a = pa, *b = pb;
	if (a->is_system != b->is_system)
		return a->is_system - b->is_system;
	int by_name = strcmp(a->title, b->title);
	return by_name ? by_name : (int)a->kind - (int)b->kind;
}

/* Sorted, and each once. */
static void plans_unite(reading *r)
{
	size_t n = 0;
	if (r->plan_count)
		qsort(r->plans, r->plan_count, sizeof *r->plans, plan_cmp);
	for (size_t i = 0; i < r->plan_count; i++)
		if (n == 0 || plan_cmp(&r->plans[n - 1], &r->plans[i]) != 0)
			r->plans[n++] = r->plans[i];
	r->plan_count = n;
}

/* Whether the runs have another metric of the group: a single device needs no rows. */
static bool has_other(const reading *r, const bn_metric_group *of, const char *key)
{
	bn_metric_group g;
	for (size_t i = 0; i < r->query->run_count; i++)
		for (size_t k = 0; k < r->lists[i].count; k++) {
			const char *other = r->lists[i].items[k].key;
			if (strcmp(other, key) != 0 && bn_metric_group_of(&g, other) &&
				strcmp(g.name, of->name) == 0)
				return true;
		}
	return false;
}

static bool is_planned(const reading *r, const char *title)
{
	for (size_t i = 0; i < r->plan_count; i++)
		if (strcmp(r->plans[i].title, title) == 0)
			return true;
	return false;
}

static int series_plan(reading *r, const bn_series_info *s, bn_err *err)
{
	bn_metric_group g;
	bool is_system = bn_metric_is_system(s->key);
	if (s->count < 2)
		return 0;
	if (!bn_metric_group_of(&g, s->key))
		return plan_add(r, s->key, BN_CHART_LINES, is_system, err);
	if (is_planned(r, g.name))
		return 0;
	if (!has_other(r, &g, s->key))
		return plan_add(r, s->key, BN_CHART_LINES, is_system, err);
	return plan_add(r, g.name, g.is_histogram ? BN_CHART_HISTOGRAM : BN_CHART_ROWS, is_system, err);
}

static const bn_series_info *series_of(const reading *r, size_t run, const char *key)
{
	return bn_series_list_get(&r->lists[run], key);
}

/* A metric of the query that no run has: with the nearest name, if there is one. */
static int no_metric(const reading *r, const char *key, bn_err *err)
{
	bn_nearest nearest = bn_nearest_to(key, BN_NEAREST_CLOSE);
	for (size_t i = 0; i < r->query->run_count; i++)
		for (size_t k = 0; k < r->lists[i].count; k++)
			bn_nearest_offer(&nearest, r->lists[i].items[k].key);
	bn_err_set(err, BN_ENOTFOUND, "none of these runs has a metric '%.100s'", key);
	bn_nearest_hint(&nearest, err);
	return BN_ENOTFOUND;
}

static int asked_plan(reading *r, const char *key, bn_err *err)
{
	for (size_t i = 0; i < r->query->run_count; i++)
		if (series_of(r, i, key))
			return plan_add(r, key, BN_CHART_LINES, bn_metric_is_system(key), err);
	for (size_t i = 0; i < r->query->run_count; i++)
		for (size_t k = 0; k < r->lists[i].count; k++) {
			bn_metric_group g;
			if (bn_metric_group_of(&g, r->lists[i].items[k].key) && strcmp(g.name, key) == 0)
				return plan_add(r, key,
					g.is_histogram ? BN_CHART_HISTOGRAM : BN_CHART_ROWS,
					bn_metric_is_system(key), err);
		}
	return no_metric(r, key, err);
}

static int plans_make(reading *r, bn_err *err)
{
	const bn_charts_query *q = r->query;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < q->metric_count; i++)
		rc = asked_plan(r, q->metrics[i], err);
	if (q->metric_count || rc < 0)
		return rc;
	for (size_t i = 0; i < q->run_count; i++)
		for (size_t k = 0; k < r->lists[i].count; k++)
			if ((rc = series_plan(r, &r->lists[i].items[k], err)) < 0)
				return rc;
	plans_unite(r);
	size_t n = 0;
	for (size_t i = 0; i < r->plan_count; i++) {
		if (has_words(r->plans[i].title, q->words))
			r->plans[n++] = r->plans[i];
		else
			r->out->unmatched++;
	}
	r->plan_count = n;
	return 0;
}

/* ---- curves ------------------------------------------------------------------------------------- */

static int curve_of(
	reading *r, bn_charts_series *s, size_t run, const bn_series_info *info, bool is_system, bn_err *err)
{
	const bn_charts_query *q = r->query;
	bool own_axis = is_system && (q->axis == BN_RUN_BY_STEP || q->axis == BN_RUN_BY_EPOCH);
	bn_curve_part part = {.axis = own_axis ? BN_RUN_BY_STEP : q->axis,
		.from = own_axis ? 0 : q->from,
		.to = own_axis ? 0 : q->to,
		.started_ms = r->started_ms[run],
		.epochs = &r->epochs[run]};
	s->run = run;
	s->key = bn_arena_strdup(&r->out->arena, info->key);
	if (!s->key)
		return bn_err_nomem(err, "a curve");
	return bn_curve_read(&s->curve, &r->out->arena, r->ws, q->ids[run], info, &part, err);
}

static int lines_read(reading *r, bn_charts_item *item, bn_err *err)
{
	size_t n = r->query->run_count;
	bn_charts_series *all = bn_arena_alloc(&r->out->arena, n * sizeof *all);
	if (!all)
		return bn_err_nomem(err, "charts");
	for (size_t i = 0; i < n; i++) {
		const bn_series_info *info = series_of(r, i, item->title);
		int rc;
		all[i] = (bn_charts_series){.run = i, .key = item->title};
		if (info && (rc = curve_of(r, &all[i], i, info, item->is_system, err)) < 0)
			return rc;
	}
	item->series = all;
	item->count = n;
	return 0;
}

typedef struct member {
	size_t run;
	const bn_series_info *info;
	bn_metric_group group;
} member;

static int member_cmp(const void *pa, const void *pb)
{
	const member *a = pa, *b = pb;
	if (a->run != b->run)
		return a->run < b->run ? -1 : 1;
	if (a->group.place != b->group.place)
		return a->group.place < b->group.place ? -1 : 1;
	return strcmp(a->info->key, b->info->key);
}

static int members_find(reading *r, const char *name, member **out, size_t *count, bn_err *err)
{
	size_t cap = 0;
	for (size_t i = 0; i < r->query->run_count; i++)
		for (size_t k = 0; k < r->lists[i].count; k++) {
			member m = {.run = i, .info = &r->lists[i].items[k]};
			if (!bn_metric_group_of(&m.group, m.info->key) || strcmp(m.group.name, name) != 0)
				continue;
			if (bn_grow(out, &cap, *count + 1, sizeof **out) != 0)
				return bn_err_nomem(err, "charts");
			(*out)[(*count)++] = m;
		}
	if (*count)
		qsort(*out, *count, sizeof **out, member_cmp);
	return 0;
}

static int rows_read(reading *r, bn_charts_item *item, bn_err *err)
{
	member *members = NULL;
	size_t n = 0;
	bn_charts_series *all = NULL;
	int rc = members_find(r, item->title, &members, &n, err);
	if (rc < 0)
		goto out;
	if (!(all = bn_arena_alloc(&r->out->arena, (n + 1) * sizeof *all))) {
		rc = bn_err_nomem(err, "charts");
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		all[i] = (bn_charts_series){
			.label = bn_arena_strdup(&r->out->arena, members[i].group.label)};
		if (!all[i].label) {
			rc = bn_err_nomem(err, "charts");
			goto out;
		}
		if ((rc = curve_of(r, &all[i], members[i].run, members[i].info, item->is_system, err)) < 0)
			goto out;
	}
	item->series = all;
	item->count = n;
out:
	bn_free(members);
	return rc;
}

static int items_read(reading *r, bn_err *err)
{
	bn_charts *c = r->out;
	const bn_charts_query *q = r->query;
	size_t first = q->first < r->plan_count ? q->first : r->plan_count, n = r->plan_count - first;
	const char **titles = bn_arena_alloc(&c->arena, (r->plan_count + 1) * sizeof *titles);
	n = q->most && n > q->most ? q->most : n;
	c->items = bn_arena_alloc(&c->arena, (n + 1) * sizeof *c->items);
	if (!titles || !c->items)
		return bn_err_nomem(err, "charts");
	for (size_t i = 0; i < r->plan_count; i++)
		titles[i] = r->plans[i].title;
	c->titles = titles;
	c->title_count = r->plan_count;
	for (size_t i = 0; i < n; i++) {
		const plan *p = &r->plans[first + i];
		bn_charts_item *item = &c->items[c->count++];
		*item = (bn_charts_item){.title = p->title, .kind = p->kind, .is_system = p->is_system};
		int rc = p->kind == BN_CHART_LINES ? lines_read(r, item, err) : rows_read(r, item, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- the whole axis ----------------------------------------------------------------------------- */

static void axis_add(reading *r, size_t run, const bn_series_info *s)
{
	double a = (double)s->first_step, b = (double)s->last_step;
	const bn_points *e = &r->epochs[run];
	if (r->query->axis == BN_RUN_BY_EPOCH) {
		if (!e->count)
			return;
		a = e->value[0];
		b = e->value[e->count - 1];
	} else if (r->query->axis != BN_RUN_BY_STEP) {
		bool seconds = r->query->axis == BN_RUN_BY_SECONDS;
		double zero = seconds ? (double)r->started_ms[run] : 0, unit = seconds ? 1000 : 1;
		a = ((double)s->first_time_ms - zero) / unit;
		b = ((double)s->last_time_ms - zero) / unit;
	}
	bool none = r->out->x1 < r->out->x0;
	r->out->x0 = none ? a : fmin(r->out->x0, a);
	r->out->x1 = none ? b : fmax(r->out->x1, b);
}

static void axis_find(reading *r)
{
	bool clock = r->query->axis == BN_RUN_BY_TIME || r->query->axis == BN_RUN_BY_SECONDS;
	r->out->x0 = 0;
	r->out->x1 = -1;
	for (size_t i = 0; i < r->query->run_count; i++)
		for (size_t k = 0; k < r->lists[i].count; k++) {
			const bn_series_info *s = &r->lists[i].items[k];
			if (s->count > 1 && (clock || !bn_metric_is_system(s->key)))
				axis_add(r, i, s);
		}
}

/* ---- all of it ---------------------------------------------------------------------------------- */

int bn_charts_read(bn_charts **out, bn_workspace *ws, const bn_charts_query *q, bn_err *err)
{
	size_t n = q->run_count;
	if (n == 0)
		return bn_err_set(err, BN_EINVAL, "charts need a run");
	reading r = {.ws = ws, .query = q};
	int rc = 0;
	r.out = bn_alloc_zeroed(1, sizeof *r.out);
	r.lists = bn_alloc_zeroed(n, sizeof *r.lists);
	r.started_ms = bn_alloc_zeroed(n, sizeof *r.started_ms);
	r.epochs = bn_alloc_zeroed(n, sizeof *r.epochs);
	if (!r.out || !r.lists || !r.started_ms || !r.epochs) {
		rc = bn_err_nomem(err, "charts");
		goto out;
	}
	if ((rc = runs_read(&r, err)) < 0 || (rc = plans_make(&r, err)) < 0)
		goto out;
	axis_find(&r);
	if ((rc = items_read(&r, err)) < 0)
		goto out;
	*out = r.out;
	r.out = NULL;
out:
	for (size_t i = 0; i < n; i++) {
		if (r.lists)
			bn_series_list_release(&r.lists[i]);
		if (r.epochs)
			bn_points_release(&r.epochs[i]);
	}
	bn_free(r.lists);
	bn_free(r.started_ms);
	bn_free(r.epochs);
	bn_free(r.plans);
	bn_charts_free(r.out);
	return rc;
}

void bn_charts_free(bn_charts *c)
{
	if (!c)
		return;
	bn_arena_release(&c->arena);
	bn_free(c);
}

/* ---- shades ------------------------------------------------------------------------------------- */

void bn_curve_cells(double *out, size_t n, const bn_curve *c, double x0, double x1)
{
	const double *x = c->mean_y ? c->mean_x : c->x, *y = c->mean_y ? c->mean_y : c->y;
	size_t count = c->mean_y ? c->mean_n : c->n, at = 0;
	double width = (x1 - x0) / (double)n, before = NAN;
	for (size_t i = 0; i < n; i++) {
		double end = x0 + (double)(i + 1) * width, sum = 0;
		size_t used = 0;
		for (; at < count && (x[at] < end || (i + 1 == n && x[at] <= x1)); at++) {
			before = y[at];
			if (x[at] < x0 || !isfinite(y[at]))
				continue;
			sum += y[at];
			used++;
		}
		out[i] = at < count ? before : (double)NAN;
		if (used)
			out[i] = sum / (double)used;
	}
}

bool bn_charts_range(double *lo, double *hi, const bn_charts_item *item)
{
	*lo = INFINITY;
	*hi = (double)-INFINITY;
	for (size_t s = 0; s < item->count; s++)
		for (size_t i = 0; i < item->series[s].curve.n; i++) {
			double y = item->series[s].curve.y[i];
			if (!isfinite(y))
				continue;
			*lo = fmin(*lo, y);
			*hi = fmax(*hi, y);
		}
	if (!(*lo <= *hi))
		return false;
	*lo = fmin(0, *lo);
	return true;
}
