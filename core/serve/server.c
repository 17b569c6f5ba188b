/* server.c - see server.h: a server's state and lifecycle. Routes are in routes.c. */
#include "core/serve/server.h"

#include "core/base/mem.h"
#include "core/serve/_server.h"

#include <string.h>

#define DEFAULT_BODY ((size_t)16 << 20)
#define DEFAULT_CONNECTIONS 4096u      /* for the listener */
#define LIGHT_BODY ((size_t)256 << 10) /* answered by the thread of its connection */

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
	bn_free(w->given);
	bn_free(w);
}

/* Requests arrive on the listener's threads; each borrows a worker for its duration. */
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

/* ---- callbacks of the listener
 * ---------------------------------------------------------------- */

static bool on_head(void *user, bn_exchange *x)
{
	_Static_assert(sizeof(bn_admission) <= BN_EXCHANGE_STATE, "an exchange has room for it");
	bn_server *s = user;
	bn_admission *a = bn_exchange_state(x);
	bool refused = bn_server_refuses(s, bn_exchange_request(x), bn_exchange_has_body(x), a,
		bn_exchange_response(x));
	if (s->o.access)
		a->begun_ns = bn_env_monotonic_ns(s->env);
	return !refused;
}

static void on_sent(void *user, bn_exchange *x, bool whole)
{
	const bn_admission *a = bn_exchange_state(x);
	if (a->token)
		bn_token_give(a->token);
	bn_server_tell_access(user, bn_exchange_request(x), bn_exchange_response(x), a, whole);
}

static void answer(void *user, bn_exchange *x)
{
	bn_err err = BN_ERR_INIT;
	bn_server *s = user;
	bn_server_worker *w = borrow_worker(s);
	if (!w) {
		bn_err_nomem(&err, "a worker");
		bn_http_response_error(bn_exchange_response(x), 503, &err);
		return;
	}
	bn_server_answer(
		w, bn_exchange_request(x), bn_exchange_state(x), bn_exchange_response(x));
	return_worker(s, w);
}

static int on_request(void *user, bn_exchange *x)
{
	bn_server *s = user;
	if (bn_exchange_request(x)->body_len <= LIGHT_BODY) {
		answer(s, x);
		return 0;
	}
	bn_heavy_add(s->heavy, x);
	return BN_HTTP_LATER;
}

static void on_refusal(void *user, bn_exchange *x, int status, const bn_err *err)
{
	const bn_admission *a = bn_exchange_state(x);
	bn_server_write_refusal(user, bn_exchange_request(x), status, err, bn_exchange_response(x));
	if (!a->begun_ns) /* the head was refused, so on_sent is not called */
		bn_server_tell_access(
			user, bn_exchange_request(x), bn_exchange_response(x), a, true);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void fill_defaults(bn_server_options *o)
{
	if (!o->host)
		o->host = "127.0.0.1";
	if (!o->max_body_bytes)
		o->max_body_bytes = DEFAULT_BODY;
	if (!o->max_rows)
		o->max_rows = 10000;
	if (o->max_rows > BN_SESSION_MAX_ROWS)
		o->max_rows = BN_SESSION_MAX_ROWS;
	if (o->timeout_s <= 0)
		o->timeout_s = 30;
}

static int copy_string(char **out, const char *s, bn_err *err)
{
	*out = s ? bn_strdup(s) : NULL;
	return s && !*out ? bn_err_nomem(err, "a server") : 0;
}

static int copy_strings(bn_server *s, bn_err *err)
{
	int rc = 0;
	bn_server_options *o = &s->o;
	if ((rc = copy_string(&s->host, o->host, err)) < 0 ||
		(rc = bn_tokens_read(&s->tokens, o->token, err)) < 0 ||
		(rc = copy_string(&s->unix_path, o->unix_path, err)) < 0 ||
		(rc = copy_string(&s->tls_cert, o->tls_cert, err)) < 0 ||
		(rc = copy_string(&s->tls_key, o->tls_key, err)) < 0)
		return rc;
	o->host = s->host;
	o->token = NULL; /* s->tokens has it */
	o->unix_path = s->unix_path;
	o->tls_cert = s->tls_cert;
	o->tls_key = s->tls_key;
	return 0;
}

int bn_server_new(bn_server **out, const bn_env *env, const bn_predictor *const *models, size_t n,
	const bn_server_options *options, bn_err *err)
{
	int rc = 0;
	if (!n)
		return bn_err_set(err, BN_EINVAL, "a server needs a model");
	bn_server *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a server");
	pthread_mutex_init(&s->lock, NULL);
	s->env = env;
	s->o = *options;
	fill_defaults(&s->o);
	if ((rc = copy_strings(s, err)) < 0)
		goto out;
	s->models = bn_alloc_zeroed(n, sizeof *s->models);
	if (!s->models) {
		rc = bn_err_nomem(err, "a server");
		goto out;
	}
	if ((rc = bn_metrics_init(&s->metrics, models, n, err)) < 0)
		goto out;
	memcpy(s->models, models, n * sizeof *models);
	s->model_count = n;
	s->started_ns = bn_env_now_ns(env);
	rc = bn_env_random(env, &s->id_seed, sizeof s->id_seed, err);
out:
	if (rc < 0)
		bn_server_free(s);
	else
		*out = s;
	return rc;
}

/* On a network one address must not take all connections; on loopback all clients of this host
 * share one. */
static unsigned most_per_address(const bn_server *s)
{
	unsigned all = s->o.max_connections ? s->o.max_connections : DEFAULT_CONNECTIONS;
	if (s->o.max_per_address || bn_http_is_loopback_name(s->o.host))
		return s->o.max_per_address;
	return all > 1 ? all / 2 : 1;
}

int bn_server_start(bn_server *s, bn_err *err)
{
	int head_ms = s->o.timeout_s < 10 ? s->o.timeout_s * 1000 : 10000;
	bn_listener_options o = {.host = s->o.no_tcp ? NULL : s->o.host,
		.port = s->o.port,
		.unix_path = s->o.unix_path,
		.tls_cert = s->o.tls_cert,
		.tls_key = s->o.tls_key,
		.threads = s->o.threads,
		.limits = {.body_bytes = s->o.max_body_bytes,
			.memory_bytes = BODIES_AT_ONCE * s->o.max_body_bytes,
			.connections = s->o.max_connections,
			.per_address = most_per_address(s),
			.idle_ms = s->o.timeout_s * 1000,
			.head_ms = head_ms},
		.handler = {.head = on_head,
			.handle = on_request,
			.refuse = on_refusal,
			.sent = on_sent,
			.user = s}};
	int rc = 0;
	if ((rc = bn_heavy_start(&s->heavy, (unsigned)s->o.threads, answer, s, err)) < 0)
		return rc;
	if ((rc = bn_listener_start(&s->http, s->env, &o, err)) < 0)
		return rc;
	s->port = bn_listener_port(s->http);
	return 0;
}

int bn_server_port(const bn_server *s)
{
	return s->port;
}

void bn_server_stop(bn_server *s, int grace_ms)
{
	bn_listener_stop(s->http, grace_ms);
	bn_heavy_stop(s->heavy); /* the listener has waited for it */
	s->http = NULL;
	s->heavy = NULL;
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
	bn_metrics_release(&s->metrics);
	bn_free(s->models);
	bn_free(s->host);
	bn_tokens_release(&s->tokens);
	bn_free(s->unix_path);
	bn_free(s->tls_cert);
	bn_free(s->tls_key);
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
	out->p50_ms = 1e3 * bn_percentiles_get(&s->metrics.took, 0.50);
	out->p95_ms = 1e3 * bn_percentiles_get(&s->metrics.took, 0.95);
	out->p99_ms = 1e3 * bn_percentiles_get(&s->metrics.took, 0.99);
}
