/*
 * model_metrics.c - see model_metrics.h. Whether the model is this user's is decided by the fold: what is said about
 * another one stays in the log without effect, and the run has the metric all the same.
 */
#include "core/api/model_metrics.h"

#include "core/base/mem.h"
#include "core/track/logged_model.h"
#include "core/track/series.h"

#include <string.h>

static const char *model_of(const json_t *metric)
{
	const char *id = bn_wire_text(metric, "model_id");
	return id && id[0] ? id : NULL;
}

static int check_model(bn_api_call *c, const char *id, bn_err *err)
{
	bn_logged_model *m = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_logged_id_is_valid(id) ? bn_logged_get(&m, c->ws, id, &why) : BN_ENOTFOUND;
	bn_logged_free(m);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(
			c, BN_API_BAD_REQUEST, "Logged model with ID '%s' not found.", id);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

int bn_api_check_models(bn_api_call *c, const json_t *const *metrics, size_t count, bn_err *err)
{
	const char *known = NULL;
	int rc = 0;
	for (size_t i = 0; i < count; i++) {
		const char *id = model_of(metrics[i]);
		if (!id || (known && !strcmp(id, known)))
			continue;
		if (!known && (rc = bn_api_writer_refresh(c->api, err)) < 0)
			return rc;
		if ((rc = check_model(c, id, err)) < 0)
			return rc;
		known = id;
	}
	return 0;
}

/* ---- of the run ----------------------------------------------------------------------------- */

/* points: by step. */
static bool has_point(const bn_points *points, int64_t step, int64_t time_ms, double value)
{
	size_t low = 0, high = points->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (points->step[middle] < step)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < points->count && points->step[low] == step; low++)
		if (points->time_ms[low] == time_ms &&
			!memcmp(&points->value[low], &value, sizeof value))
			return true;
	return false;
}

static void leave_out(bn_metric_set *set, bn_metric_series *s, const bn_points *points)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (has_point(points, s->step[i], s->time_ms[i], s->value[i]))
			continue;
		s->step[kept] = s->step[i];
		s->time_ms[kept] = s->time_ms[i];
		s->value[kept++] = s->value[i];
	}
	set->points -= s->count - kept;
	s->count = kept;
}

static int series_leave_out(
	bn_metric_set *set, bn_api_call *c, const bn_api_run *run, const char *key, bn_err *err)
{
	bn_points points = BN_POINTS_INIT;
	size_t at = bn_metric_set_find(set, key);
	if (at == set->count || !set->items[at].count)
		return 0;
	int rc = bn_series_read(&points, c->ws, run->id, key, err);
	if (rc >= 0)
		leave_out(set, &set->items[at], &points);
	bn_points_release(&points);
	return rc;
}

int bn_api_leave_out_logged(bn_metric_set *set, bn_api_call *c, const bn_api_run *run,
	const json_t *const *metrics, size_t count, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < count && rc >= 0; i++)
		if (model_of(metrics[i]))
			rc = series_leave_out(set, c, run, bn_wire_text(metrics[i], "key"), err);
	return rc;
}

/* ---- of the model --------------------------------------------------------------------------- */

static bn_logged_point point_of(const json_t *metric, const bn_api_run *run)
{
	bn_logged_point p = {.key = bn_wire_text(metric, "key"),
		.run = run->id,
		.dataset_name = bn_wire_text(metric, "dataset_name"),
		.dataset_digest = bn_wire_text(metric, "dataset_digest")};
	bn_wire_double(metric, "value", &p.value);
	bn_wire_int(metric, "timestamp", &p.time_ms);
	bn_wire_int(metric, "step", &p.step);
	return p;
}

int bn_api_log_model_metrics(bn_api_call *c, const bn_api_run *run, const json_t *const *metrics,
	size_t count, bn_err *err)
{
	bn_logged_point *points = NULL;
	bool *done = NULL;
	int rc = 0;
	size_t first = 0;
	while (first < count && !model_of(metrics[first]))
		first++;
	if (first == count)
		return 0;
	points = bn_alloc_zeroed(count, sizeof *points);
	done = bn_alloc_zeroed(count, sizeof *done);
	if (!points || !done)
		rc = bn_err_nomem(err, "metrics of a model");
	/* One event for each model. */
	for (; first < count && rc >= 0; first++) {
		const char *model = model_of(metrics[first]);
		size_t n = 0;
		if (!model || done[first])
			continue;
		for (size_t i = first; i < count; i++) {
			const char *other = done[i] ? NULL : model_of(metrics[i]);
			if (!other || strcmp(other, model) != 0)
				continue;
			points[n++] = point_of(metrics[i], run);
			done[i] = true;
		}
		rc = bn_logged_write_metrics(c->ws, model, points, n, err);
	}
	bn_free(points);
	bn_free(done);
	return rc;
}
