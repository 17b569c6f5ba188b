/*
 * metrics.c - counters of the server, and GET /metrics in Prometheus' text format 0.0.4.
 *
 * Names follow Prometheus' rules (base units, _total on counters). requests_total and
 * request_latency_seconds are also exported without the prefix, because existing dashboards of
 * the SEANERGYS template use them.
 */
#include "core/base/mem.h"
#include "core/net/exposition.h"
#include "core/serve/_server.h"

#include <string.h>

static const int statuses[BN_STATUS_COUNT] = {BN_STATUS_LIST};
static const char *const route_names[BN_ROUTE_COUNT] = {
	[BN_ROUTE_PREDICT] = "predict",
	[BN_ROUTE_INFER] = "infer",
	[BN_ROUTE_INVOCATIONS] = "invocations",
	[BN_ROUTE_METADATA] = "metadata",
	[BN_ROUTE_HEALTH] = "health",
	[BN_ROUTE_METRICS] = "metrics",
	[BN_ROUTE_NONE] = "none",
};

static bool predicts(bn_route_id r)
{
	return r == BN_ROUTE_PREDICT || r == BN_ROUTE_INFER || r == BN_ROUTE_INVOCATIONS;
}

/* ---- counting ------------------------------------------------------------------------------- */

void bn_metrics_count(bn_metrics *m, bn_route_id route, int status, int64_t latency_ns)
{
	size_t i = 0;
	while (i < BN_STATUS_COUNT - 1 && statuses[i] != status)
		i++;
	atomic_fetch_add(&m->requests[route][i], 1);
	bn_latency_count(&m->latency[route], latency_ns);
	if (predicts(route))
		bn_percentiles_count(&m->took, latency_ns);
}

void bn_metrics_count_rows(bn_metrics *m, size_t model, const bn_session *s)
{
	size_t rows = bn_session_rows(s);
	atomic_uint_fast64_t *classes = m->classes[model];
	atomic_fetch_add(&m->predictions[model], rows);
	atomic_fetch_add(&m->unknown[model], bn_session_unknown(s));
	for (size_t r = 0; classes && r < rows; r++)
		atomic_fetch_add(&classes[(size_t)bn_session_prediction(s, r)], 1);
}

int bn_metrics_init(bn_metrics *m, const bn_predictor *const *models, size_t n, bn_err *err)
{
	m->models = n;
	m->predictions = bn_alloc_zeroed(n, sizeof *m->predictions);
	m->unknown = bn_alloc_zeroed(n, sizeof *m->unknown);
	m->classes = bn_alloc_zeroed(n, sizeof *m->classes);
	if (!m->predictions || !m->unknown || !m->classes)
		return bn_err_nomem(err, "counters");
	for (size_t i = 0; i < n; i++) {
		size_t classes = bn_features_class_count(bn_predictor_features(models[i]));
		if (!classes || classes > BN_METRIC_CLASSES)
			continue;
		m->classes[i] = bn_alloc_zeroed(classes, sizeof **m->classes);
		if (!m->classes[i])
			return bn_err_nomem(err, "counters");
	}
	return 0;
}

void bn_metrics_release(bn_metrics *m)
{
	for (size_t i = 0; m->classes && i < m->models; i++)
		bn_free(m->classes[i]);
	bn_free(m->classes);
	bn_free(m->predictions);
	bn_free(m->unknown);
}

/* ---- exposition ----------------------------------------------------------------------------- */

static void add(bn_buf *b, const char *const *texts)
{
	for (; *texts; texts++)
		bn_buf_adds(b, *texts);
}
#define ADD(b, ...) add(b, (const char *const[]){__VA_ARGS__, NULL})

static void count(bn_buf *b, uint64_t n)
{
	bn_buf_add_u64(b, n);
	bn_buf_addch(b, '\n');
}

static void status_label(bn_buf *b, size_t i)
{
	bn_buf_adds(b, "code=\"");
	if (statuses[i])
		bn_buf_add_u64(b, (uint64_t)statuses[i]);
	else
		bn_buf_adds(b, "other");
	bn_buf_adds(b, "\"} ");
}

/* Counters that an alert compares are there from the beginning: from nothing to 1 is no increase. */
static bool is_always_shown(size_t route, int status)
{
	return predicts((bn_route_id)route) &&
	       (status == 200 || status == 400 || status == 500 || status == 503);
}

static void write_requests(bn_buf *b, const bn_metrics *m)
{
	uint64_t sums[BN_STATUS_COUNT] = {0};
	bn_exposition_head(b, "binnacle_requests_total", "counter", "HTTP requests answered.");
	for (size_t r = 0; r < BN_ROUTE_COUNT; r++)
		for (size_t i = 0; i < BN_STATUS_COUNT; i++) {
			uint64_t n = atomic_load(&m->requests[r][i]);
			if (predicts((bn_route_id)r))
				sums[i] += n;
			if (!n && !is_always_shown(r, statuses[i]))
				continue;
			ADD(b, "binnacle_requests_total{route=\"", route_names[r], "\",");
			status_label(b, i);
			count(b, n);
		}
	bn_exposition_head(b, "requests_total", "counter", "Prediction requests answered, by HTTP status.");
	for (size_t i = 0; i < BN_STATUS_COUNT; i++) {
		if (!sums[i] && statuses[i] != 200)
			continue;
		bn_buf_adds(b, "requests_total{");
		status_label(b, i);
		count(b, sums[i]);
	}
}

static void write_latency(bn_buf *b, const bn_metrics *m)
{
	const char *name = "binnacle_request_duration_seconds";
	const bn_latency *all[3];
	size_t n = 0;
	bn_exposition_head(b, name, "histogram", "Time from a complete request to its response.");
	for (size_t r = 0; r < BN_ROUTE_COUNT; r++) {
		const bn_latency *one = &m->latency[r];
		char labels[40];
		if (predicts((bn_route_id)r))
			all[n++] = one;
		if (!predicts((bn_route_id)r) && !bn_latency_total(one))
			continue;
		snprintf(labels, sizeof labels, "route=\"%s\"", route_names[r]);
		bn_latency_write(b, name, labels, &one, 1);
	}
	bn_exposition_head(b, "request_latency_seconds", "histogram", "Time to answer a prediction request.");
	bn_latency_write(b, "request_latency_seconds", "", all, n);
}

static void model_labels(bn_buf *b, const bn_predictor *p)
{
	bn_exposition_label(b, "model", bn_predictor_name(p));
	bn_buf_addch(b, ',');
	bn_exposition_label(b, "version", bn_predictor_version(p));
}

static void write_per_model(bn_buf *b, const bn_server *s, const char *name, const char *help,
	const atomic_uint_fast64_t *values)
{
	bn_exposition_head(b, name, "counter", help);
	for (size_t i = 0; i < s->model_count; i++) {
		ADD(b, name, "{");
		model_labels(b, s->models[i]);
		bn_buf_adds(b, "} ");
		count(b, atomic_load(&values[i]));
	}
}

/* Classes are labels: those of a model with more than BN_METRIC_CLASSES are not told apart. */
static void write_classes(bn_buf *b, const bn_server *s)
{
	static const char name[] = "binnacle_predictions_by_class_total";
	bool any = false;
	for (size_t i = 0; i < s->model_count; i++) {
		const bn_features *f = bn_predictor_features(s->models[i]);
		const atomic_uint_fast64_t *of = s->metrics.classes[i];
		if (of && !any)
			bn_exposition_head(b, name, "counter", "Rows predicted as each class.");
		any = any || of;
		for (size_t k = 0; of && k < bn_features_class_count(f); k++) {
			ADD(b, name, "{");
			model_labels(b, s->models[i]);
			bn_buf_addch(b, ',');
			bn_exposition_label(b, "class", bn_features_class(f, k));
			bn_buf_adds(b, "} ");
			count(b, atomic_load(&of[k]));
		}
	}
}

static void write_models(bn_buf *b, const bn_server *s)
{
	write_per_model(
		b, s, "binnacle_predictions_total", "Rows predicted.", s->metrics.predictions);
	write_per_model(b, s, "binnacle_unknown_categories_total",
		"Cells with a category that training never saw.", s->metrics.unknown);
	write_classes(b, s);
	bn_exposition_head(b, "binnacle_model_info", "gauge", "Models served; always 1.");
	for (size_t i = 0; i < s->model_count; i++) {
		bn_buf_adds(b, "binnacle_model_info{");
		model_labels(b, s->models[i]);
		bn_buf_addch(b, ',');
		bn_exposition_label(b, "sha256", bn_predictor_digest(s->models[i]));
		bn_buf_adds(b, "} 1\n");
	}
}

static void write_connections(bn_buf *b, const bn_listener *l)
{
	bn_listener_stats s;
	bn_listener_get_stats(l, &s);
	bn_exposition_head(b, "binnacle_connections", "gauge", "Connections open now.");
	bn_buf_addf(b, "binnacle_connections %u\n", s.open);
	bn_exposition_head(b, "binnacle_connections_total", "counter", "Connections accepted.");
	bn_buf_addf(b, "binnacle_connections_total %llu\n", (unsigned long long)s.accepted);
	bn_exposition_head(b, "binnacle_connections_closed_total", "counter",
		"Connections that the server closed before their client did, by reason.");
	bn_buf_addf(b,
		"binnacle_connections_closed_total{reason=\"slow\"} %llu\n"
		"binnacle_connections_closed_total{reason=\"crowded\"} %llu\n"
		"binnacle_connections_closed_total{reason=\"not_allowed\"} %llu\n",
		(unsigned long long)s.timed_out, (unsigned long long)s.evicted,
		(unsigned long long)s.rejected);
	bn_exposition_head(b, "binnacle_body_bytes", "gauge", "Bytes of bodies and answers held in memory.");
	bn_buf_addf(b, "binnacle_body_bytes %zu\n", s.memory_bytes);
}

int bn_route_metrics(bn_call *c, bn_err *err)
{
	bn_server *s = c->server;
	bn_buf *b = &c->response->body;
	(void)err;
	c->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	write_requests(b, &s->metrics);
	write_latency(b, &s->metrics);
	write_models(b, s);
	bn_exposition_head(b, "binnacle_requests_in_flight", "gauge", "Requests being answered now.");
	bn_buf_addf(b, "binnacle_requests_in_flight %llu\n",
		(unsigned long long)atomic_load(&s->metrics.in_flight));
	if (s->http)
		write_connections(b, s->http);
	bn_exposition_head(b, "binnacle_start_time_seconds", "gauge", "When the server started, since 1970.");
	bn_buf_adds(b, "binnacle_start_time_seconds ");
	bn_exposition_value(b, (double)s->started_ns / 1e9);
	bn_exposition_head(b, "binnacle_build_info", "gauge", "Version of the program; always 1.");
	bn_buf_adds(b, "binnacle_build_info{version=\"" BN_VERSION "\"} 1\n");
	bn_exposition_process(b, s->env);
	if (s->o.more_metrics)
		s->o.more_metrics(s->o.more_metrics_user, b);
	return 0;
}
