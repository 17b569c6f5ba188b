/* curve.c - see curve.h. */
#include "core/track/curve.h"

#include <math.h>
#include <string.h>

static const char *const names[BN_RUN_AXES] = {"step", "relative", "time", "epoch"};

const char *bn_run_axis_name(bn_run_axis axis)
{
	return names[axis];
}

const char *bn_run_axis_title(bn_run_axis axis)
{
	static const char *const titles[BN_RUN_AXES] = {
		"step", "seconds since it started", "time", "epoch"};
	return titles[axis];
}

int bn_run_axis_find(bn_run_axis *out, const char *name, bn_err *err)
{
	for (int i = 0; i < BN_RUN_AXES; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (bn_run_axis)i;
			return 0;
		}
	return bn_err_set(
		err, BN_EINVAL, "the axis is step, relative, time or epoch, not '%.40s'", name);
}

void bn_curve_smooth(const double *y, size_t n, double smoothing, double *out)
{
	double mean = 0, weight = 1;
	for (size_t i = 0; i < n; i++) {
		out[i] = y[i];
		if (!isfinite(y[i]))
			continue;
		mean = smoothing * mean + (1 - smoothing) * y[i];
		weight *= smoothing;
		out[i] = mean / (1 - weight);
	}
}

int64_t bn_series_interest(const bn_series_info *s)
{
	bool known = strstr(s->key, "loss") || strstr(s->key, "rmse") || strstr(s->key, "accuracy");
	return bn_metric_is_system(s->key) ? 0 : 2 * s->count + known;
}

const bn_series_info *bn_series_main(const bn_series_list *list)
{
	const bn_series_info *best = NULL;
	for (size_t i = 0; i < list->count; i++) {
		const bn_series_info *s = &list->items[i];
		if (bn_series_interest(s) > (best ? bn_series_interest(best) : 0))
			best = s;
	}
	return best;
}

/* ---- the axis ----------------------------------------------------------------------------------- */

/* The number of points of the metric epoch up to a step. */
static size_t epochs_before(const bn_points *epochs, int64_t step)
{
	size_t lo = 0, hi = epochs ? epochs->count : 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (epochs->step[mid] <= step)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The position of a point on the axis; NaN: before the first epoch. */
static double axis_value(const bn_curve_part *part, int64_t step, int64_t time_ms)
{
	if (part->axis == BN_RUN_BY_STEP)
		return (double)step;
	if (part->axis == BN_RUN_BY_TIME)
		return (double)time_ms;
	if (part->axis == BN_RUN_BY_EPOCH) {
		size_t n = epochs_before(part->epochs, step);
		return n ? part->epochs->value[n - 1] : (double)NAN;
	}
	return (double)(time_ms - part->started_ms) / 1000;
}

static bool is_part(const bn_curve_part *part)
{
	return part->to > part->from;
}

/* The steps of a range of epochs. */
static void epochs_range(const bn_curve_part *part, int64_t *from, int64_t *to)
{
	const bn_points *e = part->epochs;
	size_t first = 0, end = e ? e->count : 0;
	while (first < end && e->value[first] < part->from)
		first++;
	while (end > first + 1 && e->value[end - 1] > part->to)
		end--;
	if (first < end) {
		*from = e->step[first];
		*to = e->step[end - 1];
	}
}

/* A bound of the axis as a step or a time: anything beyond what those can be is their end. */
static int64_t whole(double x)
{
	return (int64_t)fmax(-4e18, fmin(4e18, x));
}

static void part_range(const bn_curve_part *part, int64_t *from, int64_t *to)
{
	bool seconds = part->axis == BN_RUN_BY_SECONDS;
	*from = 1;
	*to = 0;
	if (!is_part(part))
		return;
	if (part->axis == BN_RUN_BY_EPOCH) {
		epochs_range(part, from, to);
		return;
	}
	*from = whole(floor(part->from * (seconds ? 1000 : 1)));
	*to = whole(ceil(part->to * (seconds ? 1000 : 1)));
	*from += seconds ? part->started_ms : 0;
	*to += seconds ? part->started_ms : 0;
}

/* ---- points and parts ---------------------------------------------------------------------------- */

/* Every point, in the order of the axis: clocks may step back where steps do not. */
static int curve_points(
	bn_curve *c, bn_arena *arena, bn_workspace *ws, const bn_curve_part *part, bn_err *err)
{
	bn_points p = BN_POINTS_INIT;
	int rc = bn_series_read(&p, ws, c->run, c->key, err);
	double *x = rc < 0 ? NULL : bn_arena_alloc(arena, (p.count + 1) * sizeof *x);
	double *y = rc < 0 ? NULL : bn_arena_alloc(arena, (p.count + 1) * sizeof *y);
	if (rc < 0)
		return rc;
	if (!x || !y) {
		rc = bn_err_nomem(err, "a curve");
		goto out;
	}
	for (size_t i = 0; i < p.count; i++) {
		double at = axis_value(part, p.step[i], p.time_ms[i]);
		if (isnan(at) || (is_part(part) && (at < part->from || at > part->to)))
			continue;
		size_t k = c->n++;
		for (; k > 0 && x[k - 1] > at; k--) {
			x[k] = x[k - 1];
			y[k] = y[k - 1];
		}
		x[k] = at;
		y[k] = p.value[i];
		c->gaps += !isfinite(p.value[i]);
	}
	c->x = x;
	c->y = y;
out:
	bn_points_release(&p);
	return rc;
}

typedef struct curve_out {
	double *x, *y, *mean_x, *mean_y;
} curve_out;

static void bucket_add(bn_curve *c, const curve_out *o, const bn_bucket *b, double at)
{
	bool falls = b->last < b->mean;
	c->gaps += (int64_t)b->nan_count;
	o->mean_x[c->mean_n] = at;
	o->mean_y[c->mean_n++] = b->count ? b->mean : (double)NAN;
	o->x[c->n] = at;
	o->y[c->n++] = falls ? b->max : b->min; /* NaN without a number */
	if (!b->count)
		return;
	o->x[c->n] = at;
	o->y[c->n++] = falls ? b->min : b->max;
}

static int curve_envelope(
	bn_curve *c, bn_arena *arena, bn_workspace *ws, const bn_curve_part *part, bn_err *err)
{
	enum { N = BN_CURVE_BUCKETS };
	bn_bucket *b = bn_alloc(N * sizeof *b);
	double *room = bn_arena_alloc(arena, 6 * N * sizeof *room);
	int64_t from, to;
	int rc = b && room ? 0 : bn_err_nomem(err, "a curve");
	if (rc < 0)
		goto out;
	bool steps = part->axis == BN_RUN_BY_STEP || part->axis == BN_RUN_BY_EPOCH;
	curve_out o = {room, room + 2 * N, room + 4 * N, room + 5 * N};
	part_range(part, &from, &to);
	if ((rc = bn_series_envelope(b, N, NULL, ws, c->run, c->key,
		     steps ? BN_AXIS_STEP : BN_AXIS_TIME, from, to, err)) < 0)
		goto out;
	for (size_t i = 0; i < N; i++) {
		double at = axis_value(part, b[i].from, b[i].from);
		if (b[i].count + b[i].nan_count > 0 && !isnan(at))
			bucket_add(c, &o, &b[i], at);
	}
	c->x = o.x;
	c->y = o.y;
	c->mean_x = o.mean_x;
	c->mean_y = o.mean_y;
out:
	bn_free(b);
	return rc;
}

int bn_curve_read(bn_curve *out, bn_arena *arena, bn_workspace *ws, const char *run,
	const bn_series_info *info, const bn_curve_part *part, bn_err *err)
{
	*out = (bn_curve){.run = bn_arena_strdup(arena, run),
		.key = bn_arena_strdup(arena, info->key),
		.points = info->count,
		.nan_count = info->nan_count};
	if (!out->run || !out->key)
		return bn_err_nomem(err, "a curve");
	return info->count > BN_CURVE_POINTS ? curve_envelope(out, arena, ws, part, err)
					     : curve_points(out, arena, ws, part, err);
}
