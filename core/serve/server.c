/* server.c - see server.h: what a server is made of, and its life. Routes are in routes.c. */
#include "core/serve/server.h"

#include "core/base/mem.h"
#include "core/serve/_server.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#define DEFAULT_BODY ((size_t)16 << 20)
#define HEADER_BYTES ((size_t)64 << 10)
#define MAX_THREADS 8

const char *bn_http_request_header(const bn_http_request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (!strcasecmp(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

void bn_http_response_init(bn_http_response *r)
{
	memset(r, 0, sizeof *r);
	bn_buf_init(&r->body);
}

void bn_http_response_release(bn_http_response *r)
{
	bn_buf_release(&r->body);
	bn_http_response_init(r);
}

/* ---- workers -------------------------------------------------------------------------------- */

int bn_server_worker_new(bn_server_worker **out, bn_server *s, bn_err *err)
{
	bn_server_worker *w = bn_alloc_zeroed(1, sizeof *w);
	if (w)
		w->sessions = bn_alloc_zeroed(s->model_count, sizeof *w->sessions);
	if (!w || !w->sessions) {
		bn_free(w);
		return bn_err_nomem(err, "a worker");
	}
	w->server = s;
	*out = w;
	return 0;
}

void bn_server_worker_free(bn_server_worker *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->server->model_count; i++)
		bn_session_free(w->sessions[i]);
	bn_free(w->sessions);
	bn_free(w->flat);
	bn_free(w);
}

/* Requests come on the threads of the socket side; each borrows a worker for its length. */
static bn_server_worker *borrow_worker(bn_server *s)
{
	pthread_mutex_lock(&s->lock);
	bn_server_worker *w = s->idle;
	if (w)
		s->idle = w->next;
	pthread_mutex_unlock(&s->lock);
	if (!w && bn_server_worker_new(&w, s, NULL))
		return NULL;
	return w;
}

static void return_worker(bn_server *s, bn_server_worker *w)
{
	pthread_mutex_lock(&s->lock);
	w->next = s->idle;
	s->idle = w;
	pthread_mutex_unlock(&s->lock);
}

static void on_http(
	void *user, const bn_http_request *request, bool body_too_large, bn_http_response *response)
{
	bn_server *s = user;
	bn_server_worker *w = borrow_worker(s);
	if (!w) {
		response->status = 503;
		return;
	}
	bn_server_answer(w, request, body_too_large, response);
	return_worker(s, w);
}

static bool wants_body(void *user, const bn_http_request *request)
{
	return bn_server_admits(user, request);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void fill_defaults(bn_server_options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (!o->host)
		o->host = "127.0.0.1";
	if (o->threads <= 0)
		o->threads = cpus < 1 ? 1 : cpus > MAX_THREADS ? MAX_THREADS : (int)cpus;
	if (!o->max_body_bytes)
		o->max_body_bytes = DEFAULT_BODY;
	if (!o->max_rows)
		o->max_rows = 10000;
	if (o->max_rows > BN_SESSION_MAX_ROWS)
		o->max_rows = BN_SESSION_MAX_ROWS;
	if (o->timeout_s <= 0)
		o->timeout_s = 30;
	if (!o->max_connections)
		o->max_connections = 1024;
	if (o->max_connections < (unsigned)o->threads)
		o->max_connections = (unsigned)o->threads;
}

int bn_server_new(bn_server **out, const bn_env *env, const bn_predictor *const *models, size_t n,
	const bn_server_options *options, bn_err *err)
{
	if (!n)
		return bn_err_set(err, BN_EINVAL, "a server needs a model");
	bn_server *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a server");
	pthread_mutex_init(&s->lock, NULL);
	s->env = env;
	s->o = *options;
	fill_defaults(&s->o);
	s->host = bn_strdup(s->o.host);
	s->token = bn_strdup(options->token ? options->token : "");
	s->models = bn_alloc_zeroed(n, sizeof *s->models);
	s->metrics.predictions = bn_alloc_zeroed(n, sizeof *s->metrics.predictions);
	s->metrics.unknown = bn_alloc_zeroed(n, sizeof *s->metrics.unknown);
	int rc = s->host && s->token && s->models && s->metrics.predictions && s->metrics.unknown
			 ? bn_env_random(env, &s->id_seed, sizeof s->id_seed, err)
			 : bn_err_nomem(err, "a server");
	if (rc) {
		bn_server_free(s);
		return rc;
	}
	memcpy(s->models, models, n * sizeof *models);
	s->model_count = n;
	s->o.host = s->host;
	s->o.token = s->token;
	s->started_ns = bn_env_now_ns(env);
	*out = s;
	return 0;
}

int bn_server_start(bn_server *s, bn_err *err)
{
	bn_http_server_options o = {.host = s->o.host,
		.port = s->o.port,
		.threads = s->o.threads,
		.max_body_bytes = s->o.max_body_bytes,
		.max_header_bytes = HEADER_BYTES,
		.timeout_s = s->o.timeout_s,
		.max_connections = s->o.max_connections,
		.handle = on_http,
		.wants_body = wants_body,
		.user = s};
	int rc = bn_http_server_start(&s->http, &o, err);
	if (!rc)
		s->port = bn_http_server_port(s->http);
	return rc;
}

int bn_server_port(const bn_server *s)
{
	return s->port;
}

void bn_server_stop(bn_server *s, int grace_ms)
{
	bn_http_server_stop(s->http, grace_ms);
	s->http = NULL;
}

void bn_server_free(bn_server *s)
{
	if (!s)
		return;
	bn_server_stop(s, 0);
	while (s->idle) {
		bn_server_worker *w = s->idle;
		s->idle = w->next;
		bn_server_worker_free(w);
	}
	pthread_mutex_destroy(&s->lock);
	bn_free(s->metrics.predictions);
	bn_free(s->metrics.unknown);
	bn_free(s->models);
	bn_free(s->host);
	bn_free(s->token);
	bn_free(s);
}

void bn_server_get_stats(const bn_server *s, bn_server_stats *out)
{
	static const int statuses[BN_STATUS_COUNT] = {BN_STATUS_LIST};
	memset(out, 0, sizeof *out);
	for (size_t r = 0; r < BN_ROUTE_COUNT; r++)
		for (size_t i = 0; i < BN_STATUS_COUNT; i++) {
			uint64_t n = atomic_load(&s->metrics.requests[r][i]);
			out->requests += n;
			out->errors += statuses[i] == 200 ? 0 : n;
		}
	for (size_t m = 0; m < s->model_count; m++)
		out->predictions += atomic_load(&s->metrics.predictions[m]);
	out->in_flight = atomic_load(&s->metrics.in_flight);
	out->p50_ms = 1e3 * bn_metrics_quantile(&s->metrics, 0.50);
	out->p95_ms = 1e3 * bn_metrics_quantile(&s->metrics, 0.95);
	out->p99_ms = 1e3 * bn_metrics_quantile(&s->metrics, 0.99);
}
