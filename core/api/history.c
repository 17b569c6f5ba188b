/* history.c - see history.h; and the routes of metric histories. */
#include "core/api/history.h"

#include "core/api/_routes.h"
#include "core/api/run_log.h"
#include "core/api/run_wire.h"
#include "core/base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_NS ((int64_t)5 * 1000000000)

/* ---- a series ------------------------------------------------------------------------------- */

int bn_api_history_new(bn_api_history **out, bn_err *err)
{
	if (!(*out = bn_alloc_zeroed(1, sizeof **out)))
		return bn_err_nomem(err, "histories");
	pthread_mutex_init(&(*out)->lock, NULL);
	return 0;
}

static void drop_series(bn_api_series *s)
{
	if (!s || atomic_fetch_sub(&s->references, 1) != 1)
		return;
	bn_points_release(&s->points);
	bn_free(s->run);
	bn_free(s->key);
	bn_free(s);
}

void bn_api_history_free(bn_api_history *h)
{
	if (!h)
		return;
	drop_series(h->kept);
	pthread_mutex_destroy(&h->lock);
	bn_free(h);
}

void bn_api_history_tidy(bn_api_history *h, int64_t now_ns)
{
	bn_api_series *old = NULL;
	pthread_mutex_lock(&h->lock);
	if (h->kept && now_ns - h->used_ns > KEPT_NS) {
		old = h->kept;
		h->kept = NULL;
	}
	pthread_mutex_unlock(&h->lock);
	drop_series(old);
}

typedef struct point {
	int64_t time_ms, step;
	double value;
} point;

static point point_at(const bn_points *p, size_t i)
{
	return (point){p->time_ms[i], p->step[i], p->value[i]};
}

static int compare_values(double a, double b)
{
	/* MLflow stores NaN as 0, marked. */
	double x = isnan(a) ? 0 : a, y = isnan(b) ? 0 : b;
	if (x != y)
		return x < y ? -1 : 1;
	return (isnan(a) != 0) - (isnan(b) != 0);
}

static int compare_points(const void *a, const void *b)
{
	const point *p = a, *q = b;
	if (p->time_ms != q->time_ms)
		return p->time_ms < q->time_ms ? -1 : 1;
	if (p->step != q->step)
		return p->step < q->step ? -1 : 1;
	return compare_values(p->value, q->value);
}

static bool is_sorted(const bn_points *p)
{
	for (size_t i = 1; i < p->count; i++) {
		point a = point_at(p, i - 1), b = point_at(p, i);
		if (compare_points(&a, &b) >= 0)
			return false;
	}
	return true;
}

/* Points come by step; time mostly rises with it. */
static int sort_points(bn_points *p, bn_err *err)
{
	size_t n = 0;
	if (is_sorted(p))
		return 0;
	point *all = bn_alloc(p->count * sizeof *all);
	if (!all)
		return bn_err_nomem(err, "a history");
	for (size_t i = 0; i < p->count; i++)
		all[i] = point_at(p, i);
	qsort(all, p->count, sizeof *all, compare_points);
	for (size_t i = 0; i < p->count; i++) {
		if (i && !compare_points(&all[i - 1], &all[i]))
			continue;
		p->time_ms[n] = all[i].time_ms;
		p->step[n] = all[i].step;
		p->value[n++] = all[i].value;
	}
	p->count = n;
	bn_free(all);
	return 0;
}

static bn_api_series *find_kept(bn_api_call *c, const char *run, const char *key)
{
	bn_api_history *h = c->api->history;
	bn_api_series *s = NULL;
	pthread_mutex_lock(&h->lock);
	if (h->kept && h->kept->stamp == c->stamp && !strcmp(h->kept->run, run) &&
		!strcmp(h->kept->key, key)) {
		s = h->kept;
		atomic_fetch_add(&s->references, 1);
		h->used_ns = bn_env_monotonic_ns(c->api->env);
	}
	pthread_mutex_unlock(&h->lock);
	return s;
}

static void keep(bn_api_call *c, bn_api_series *s)
{
	bn_api_history *h = c->api->history;
	pthread_mutex_lock(&h->lock);
	bn_api_series *old = h->kept;
	h->kept = s;
	h->used_ns = bn_env_monotonic_ns(c->api->env);
	atomic_fetch_add(&s->references, 1);
	pthread_mutex_unlock(&h->lock);
	drop_series(old);
}

/* An unknown run or key has no points. To be given back with drop_series. */
static int get_series(
	bn_api_series **out, bn_api_call *c, const char *run, const char *key, bn_err *err)
{
	bn_api_series *s = find_kept(c, run, key);
	int rc = 0;
	if (s) {
		*out = s;
		return 0;
	}
	if (!(s = bn_alloc_zeroed(1, sizeof *s)))
		return bn_err_nomem(err, "a history");
	atomic_init(&s->references, 1);
	s->stamp = c->stamp;
	s->run = bn_strdup(run);
	s->key = bn_strdup(key);
	if (!s->run || !s->key)
		rc = bn_err_nomem(err, "a history");
	if (rc < 0 || (rc = bn_series_read(&s->points, c->ws, run, key, err)) < 0 ||
		(rc = sort_points(&s->points, err)) < 0) {
		drop_series(s);
		return rc;
	}
	keep(c, s);
	*out = s;
	return 0;
}

/* ---- one series ----------------------------------------------------------------------------- */

static const bn_wire_field history_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("run_uuid", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("metric_key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("page_token", TEXT, 0),
	BN_WIRE_FIELD("max_results", INT, BN_WIRE_LOOSE), {0}};

static int history(bn_api_call *c, bn_err *err)
{
	bn_api_series *s = NULL;
	const char *key = bn_wire_text(c->body, "metric_key");
	int64_t most = INT64_MAX, from = 0;
	if (bn_wire_int(c->body, "max_results", &most) && most <= 0)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid value %lld for parameter 'max_results' supplied. It must be a "
			"positive integer.",
			(long long)most);
	int rc = bn_wire_token(bn_wire_text(c->body, "page_token"), &from, &c->fault);
	if (rc < 0 || (rc = get_series(&s, c, bn_api_run_id(c->body), key, err)) < 0)
		return rc;
	int64_t count = (int64_t)s->points.count, end = count - from > most ? from + most : count;
	bn_wire w = bn_api_answer(c);
	if (from < end)
		bn_wire_open(&w, "metrics", '[');
	for (int64_t i = from; i < end; i++)
		bn_api_put_metric(
			&w, key, s->points.value[i], s->points.time_ms[i], s->points.step[i]);
	if (from < end)
		bn_wire_close(&w, ']');
	if (end < count)
		bn_wire_put_token(&w, end);
	bn_wire_close(&w, '}');
	drop_series(s);
	return 0;
}
const bn_api_about bn_api_metric_history = {
	history, history_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* ---- several -------------------------------------------------------------------------------- */

static void put_point(bn_wire *w, const char *run, const char *key, const bn_points *p, size_t i)
{
	bn_wire_open(w, NULL, '{');
	bn_wire_put_text(w, "key", key);
	bn_api_put_metric_value(w, p->value[i]);
	bn_wire_put_int(w, "timestamp", p->time_ms[i]);
	bn_wire_put_int(w, "step", p->step[i]);
	bn_wire_put_text(w, "run_id", run);
	bn_wire_close(w, '}');
}

enum { BULK_MOST = 25000, RUNS_MOST = 100, INTERVAL_MOST = 2500 };

static const bn_wire_field bulk_fields[] = {BN_WIRE_FIELD("run_id", TEXTS, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("metric_key", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("max_results", INT, BN_WIRE_LOOSE), {0}};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The runs in order, as borrowed texts. *out is yours. */
static int list_runs(const char ***out, const json_t *runs, bn_err *err)
{
	size_t n = json_array_size(runs);
	if (!(*out = bn_alloc_zeroed(n + 1, sizeof **out)))
		return bn_err_nomem(err, "runs");
	for (size_t i = 0; i < n; i++)
		(*out)[i] = json_string_value(json_array_get(runs, i));
	qsort(*out, n, sizeof **out, compare_texts);
	return 0;
}

static int history_bulk(bn_api_call *c, bn_err *err)
{
	const json_t *runs = bn_wire_list(c->body, "run_id");
	const char *key = bn_wire_text(c->body, "metric_key"), **ids = NULL;
	int64_t most = BULK_MOST;
	size_t n = json_array_size(runs);
	int rc = 0;
	if (!n)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"GetMetricHistoryBulk request must specify at least one run_id.");
	if (n > RUNS_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"GetMetricHistoryBulk request cannot specify more than %d run_ids. "
			"Received "
			"%zu run_ids.",
			RUNS_MOST, n);
	if (!key)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"GetMetricHistoryBulk request must specify a metric_key.");
	bn_wire_int(c->body, "max_results", &most);
	most = most > BULK_MOST ? BULK_MOST : most;
	if ((rc = list_runs(&ids, runs, err)) < 0)
		return rc;
	bn_wire w = bn_api_answer(c);
	bn_wire_open(&w, "metrics", '[');
	for (size_t r = 0; r < n && rc >= 0; r++) {
		bn_api_series *s = NULL;
		if ((rc = get_series(&s, c, ids[r], key, err)) < 0)
			break;
		for (size_t i = 0; i < s->points.count && most > 0; i++, most--)
			put_point(&w, ids[r], key, &s->points, i);
		drop_series(s);
	}
	bn_wire_close(&w, ']');
	bn_wire_close(&w, '}');
	bn_free(ids);
	return rc;
}
const bn_api_about bn_api_history_bulk = {
	history_bulk, bulk_fields, BN_API_READER, BN_API_READS, NULL, NULL};

static const bn_wire_field interval_fields[] = {BN_WIRE_FIELD("run_ids", TEXTS, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("metric_key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("start_step", INT, 0),
	BN_WIRE_FIELD("end_step", INT, 0), BN_WIRE_FIELD("max_results", INT, 0), {0}};

/* The points of steps from..to, by step: as many as wanted, evenly, with the last one (SQL's ntile). */
static void put_sample(bn_wire *w, const char *run, const char *key, const bn_points *p,
	int64_t from, int64_t to, size_t most)
{
	size_t first = 0, end = p->count;
	while (first < end && p->step[first] < from)
		first++;
	while (end > first && p->step[end - 1] > to)
		end--;
	size_t n = end - first, buckets = n < most ? n : most, at = first;
	for (size_t b = 0; b < buckets; b++) {
		size_t size = n / buckets + (b < n % buckets);
		bool last = b == buckets - 1;
		put_point(w, run, key, p, last ? end - 1 : at);
		at += size;
	}
}

static int check_interval(bn_api_call *c, int64_t *from, int64_t *to, int64_t *most)
{
	bool has_from = bn_wire_int(c->body, "start_step", from),
	     has_to = bn_wire_int(c->body, "end_step", to);
	if (bn_wire_int(c->body, "max_results", most) && (*most < 1 || *most > INTERVAL_MOST))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"max_results must be between 1 and %d. See the API docs for more "
			"information about request parameters.",
			INTERVAL_MOST);
	if (has_from != has_to)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"If either start step or end step are specified, both must be specified.");
	if (has_from && *from > *to)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"end_step must be greater than start_step. Found start_step=%lld and "
			"end_step=%lld.",
			(long long)*from, (long long)*to);
	return 0;
}

static int history_interval(bn_api_call *c, bn_err *err)
{
	const json_t *runs = json_object_get(c->body, "run_ids");
	const char *key = bn_wire_text(c->body, "metric_key");
	int64_t from = INT64_MIN, to = INT64_MAX, most = INTERVAL_MOST;
	int rc = check_interval(c, &from, &to, &most);
	if (rc < 0)
		return rc;
	if (json_array_size(runs) > RUNS_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"GetMetricHistoryBulkInterval request must specify at most %d run_ids. "
			"Received %zu run_ids.",
			RUNS_MOST, json_array_size(runs));
	bn_wire w = bn_api_answer(c);
	size_t before = c->response->body.len;
	bn_wire_open(&w, "metrics", '[');
	for (size_t r = 0; r < json_array_size(runs) && rc >= 0; r++) {
		bn_points points = BN_POINTS_INIT;
		const char *run = json_string_value(json_array_get(runs, r));
		rc = bn_series_read(&points, c->ws, run, key, err);
		if (rc >= 0)
			put_sample(&w, run, key, &points, from, to, (size_t)most);
		bn_points_release(&points);
	}
	bn_wire_close(&w, ']');
	if (c->response->body.len == before + strlen("\"metrics\":[]")) {
		bn_buf_truncate(&c->response->body, before); /* an empty list is left out */
		w.more = false;
	}
	bn_wire_close(&w, '}');
	return rc;
}
const bn_api_about bn_api_history_interval = {
	history_interval, interval_fields, BN_API_READER, BN_API_READS, NULL, NULL};
