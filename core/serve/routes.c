/*
 * routes.c - from a request to a response: the table of routes, access checks, and the forms of
 * errors. Needs no socket.
 */
#include "core/base/hash.h"
#include "core/serve/_server.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define JSON_TYPE "application/json"

/* path, method, handler, counter, form of errors, flags */
#define ROUTES(R) \
	R("/", "GET", root, METADATA, PLAIN, 0) \
	R("/predict", "POST", predict, PREDICT, PLAIN, BN_ROUTE_BODY) \
	R("/predict/{model}", "POST", predict, PREDICT, PLAIN, BN_ROUTE_BODY) \
	R("/predict/{model}/{version}", "POST", predict, PREDICT, PLAIN, BN_ROUTE_BODY) \
	R("/invocations", "POST", invocations, INVOCATIONS, MLFLOW, BN_ROUTE_BODY) \
	R("/invocations/{model}", "POST", invocations, INVOCATIONS, MLFLOW, BN_ROUTE_BODY) \
	R("/invocations/{model}/{version}", "POST", invocations, INVOCATIONS, MLFLOW, \
		BN_ROUTE_BODY) \
	R("/ping", "GET", health, HEALTH, PLAIN, BN_ROUTE_OPEN) \
	R("/health", "GET", health, HEALTH, PLAIN, BN_ROUTE_OPEN) \
	R("/healthz", "GET", health, HEALTH, PLAIN, BN_ROUTE_OPEN) \
	R("/version", "GET", version, HEALTH, PLAIN, BN_ROUTE_OPEN) \
	R("/metrics", "GET", metrics, METRICS, PLAIN, 0) \
	R("/openapi.json", "GET", openapi, METADATA, PLAIN, 0) \
	R("/v2", "GET", oip_server, METADATA, OIP, 0) \
	R("/v2/health/live", "GET", oip_live, HEALTH, OIP, BN_ROUTE_OPEN) \
	R("/v2/health/ready", "GET", oip_ready, HEALTH, OIP, BN_ROUTE_OPEN) \
	R("/v2/models/{model}", "GET", oip_model, METADATA, OIP, 0) \
	R("/v2/models/{model}/ready", "GET", oip_model_ready, HEALTH, OIP, 0) \
	R("/v2/models/{model}/infer", "POST", oip_infer, INFER, OIP, BN_ROUTE_BODY) \
	R("/v2/models/{model}/versions/{version}", "GET", oip_model, METADATA, OIP, 0) \
	R("/v2/models/{model}/versions/{version}/ready", "GET", oip_model_ready, HEALTH, OIP, 0) \
	R("/v2/models/{model}/versions/{version}/infer", "POST", oip_infer, INFER, OIP, \
		BN_ROUTE_BODY)

#define ROUTE(path, method, handler, id, style, flags) \
	{method, path, flags, \
		&(const bn_route_about){bn_route_##handler, BN_ROUTE_##id, BN_ERROR_##style}},
static const bn_route routes[] = {ROUTES(ROUTE)};
static const bn_router router = {routes, sizeof routes / sizeof *routes};

static const bn_route_about *about(const bn_route *r)
{
	static const bn_route_about nothing = {NULL, BN_ROUTE_NONE, BN_ERROR_PLAIN};
	return r ? r->owner : &nothing;
}

/* ---- access checks
 * ---------------------------------------------------------------------------- */

/* According to the kernel it is the user of this process, or root. */
static bool is_own_user(const bn_server *s, const bn_http_request *request)
{
	const bn_http_peer *p = request->peer;
	return p && p->is_unix && (p->uid == 0 || p->uid == s->env->uid(s->env));
}

/* token: the request's token, if it needed one. */
static bool is_authorised(const bn_server *s, const bn_http_request *request, bn_token **token)
{
	if (!s->tokens.count || is_own_user(s, request))
		return true;
	*token = bn_tokens_find(&s->tokens, request);
	return *token != NULL;
}

/* Without a token a browser on this machine could be abused as a proxy. */
static bool is_foreign_page(const bn_server *s, const bn_http_request *request)
{
	if (s->tokens.count || is_own_user(s, request))
		return false;
	return bn_http_is_foreign_page(request, bn_http_is_loopback_name(s->o.host));
}

/* ---- request ids ---------------------------------------------------------------------------- */

static bool is_request_id(const char *id)
{
	size_t n = id ? strlen(id) : 0;
	if (n == 0 || n > 36)
		return false;
	for (; *id; id++)
		if (!isalnum((unsigned char)*id) && !strchr("-_.:", *id))
			return false;
	return true;
}

/* The caller's own, or 16 hex digits that no two requests of a server share (SplitMix64 is a
 * permutation). It is also in the response. */
static void choose_request_id(
	char id[37], bn_server *s, const bn_http_request *request, bn_http_response *out)
{
	const char *own = bn_http_request_header(request, "X-Request-Id");
	if (is_request_id(own)) {
		memcpy(id, own, strlen(own) + 1);
	} else {
		uint64_t z = s->id_seed + atomic_fetch_add(&s->id_next, 1) * 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		for (int i = 0; i < 16; i++)
			id[i] = "0123456789abcdef"[(z >> (4 * (15 - i))) & 15];
		id[16] = '\0';
	}
	bn_http_response_add(out, "X-Request-Id", id, NULL);
}

/* ---- errors --------------------------------------------------------------------------------- */

static const char *mlflow_code(int status, const bn_err *err)
{
	if (status == 404)
		return "RESOURCE_DOES_NOT_EXIST";
	if (status >= 400 && status < 500)
		return "BAD_REQUEST";
	return err->code ? bn_code_mlflow_name(err->code) : "INTERNAL_ERROR";
}

static void write_error(bn_http_response *r, bn_error_style style, int status, const bn_err *err)
{
	bn_buf *b = &r->body;
	bn_buf_clear(b);
	r->status = status;
	r->content_type = JSON_TYPE;
	if (style == BN_ERROR_MLFLOW) {
		bn_buf_adds(b, "{\"error_code\":");
		bn_answer_string(b, mlflow_code(status, err));
		bn_buf_adds(b, ",\"message\":");
		bn_answer_string(b, err->msg);
	} else {
		bn_buf_adds(b, "{\"error\":");
		bn_answer_string(b, err->msg);
	}
	if (err->hint[0]) {
		bn_buf_adds(b, ",\"hint\":");
		bn_answer_string(b, err->hint);
	}
	bn_buf_adds(b, "}\n");
}

static int fail_status(const bn_call *c, int code)
{
	return c->status ? c->status : bn_code_http_status(code);
}

/* ---- one request ---------------------------------------------------------------------------- */

/* A token's holder, an account of this host, or an address. */
static uint64_t source_of(const bn_server *s, const bn_http_request *request)
{
	const bn_http_peer *p = request->peer;
	if (p && p->is_unix && p->uid != (uid_t)-1)
		return ((uint64_t)1 << 32) + p->uid;
	const bn_token *token = bn_tokens_find(&s->tokens, request);
	if (token)
		return (uint64_t)(token - s->tokens.items) + 1;
	return p ? ((uint64_t)2 << 32) + bn_crc32c(0, p->address, strlen(p->address)) : 0;
}

static void tell_observer(bn_call *c, int64_t took_ns)
{
	bn_server *s = c->server;
	if (!c->answered || c->response->status != 200)
		return;
	bn_metrics_count_rows(&s->metrics, c->model, c->session);
	if (!s->o.observe)
		return;
	bn_served served = {c->session, c->request_id, bn_env_now_ns(s->env), (double)took_ns / 1e3,
		source_of(s, c->request)};
	s->o.observe(s->o.observe_user, &served);
}

static int look_at_coding(const bn_http_request *rq, bn_err *err)
{
	const char *coding = bn_http_request_header(rq, "Content-Encoding");
	if (!coding || !strcasecmp(coding, "identity"))
		return 0;
	bn_err_set(err, BN_EINVAL,
		"content encoding '%.40s' is not taken here: send the body as it is, without "
		"Content-Encoding",
		coding);
	return 415;
}

/* Token, page, path, method, and whether there may be a body. 0: the request may proceed; else a
 * status. */
static int look(bn_call *c, bool has_body, bn_token **token, bn_err *err)
{
	char allow[64];
	const bn_http_request *rq = c->request;
	const bn_route *r = NULL;
	bn_router_find(&router, rq->method, rq->path, &c->match);
	r = c->match.route;
	bool open = r && r->flags & BN_ROUTE_OPEN;
	if (!open && !is_authorised(c->server, rq, token)) {
		bn_err_set(err, BN_EREFUSED, "a valid bearer token is needed");
		bn_err_hint(err, "send the header Authorization: Bearer TOKEN");
		bn_http_response_add(
			c->response, "WWW-Authenticate", "Bearer realm=\"binnacle\"", NULL);
		return 401;
	}
	if (!open && is_foreign_page(c->server, rq)) {
		bn_err_set(err, BN_EREFUSED, "a page of another site may not send requests here");
		bn_err_hint(
			err, "a server with a token answers everyone who has it, under any name");
		return 403;
	}
	if (!r && c->match.other) {
		bn_router_allow(&router, rq->path, allow, sizeof allow);
		bn_err_set(
			err, BN_EINVAL, "%.100s takes %s, not %.20s", rq->path, allow, rq->method);
		bn_http_response_add(c->response, "Allow", allow, NULL);
		return 405;
	}
	if (!r) {
		bn_err_set(err, BN_ENOTFOUND, "no such path: %.100s", rq->path);
		return 404;
	}
	if (has_body && !(r->flags & BN_ROUTE_BODY)) {
		bn_err_set(err, BN_EINVAL, "%.20s %.100s takes no body", rq->method, rq->path);
		return 413;
	}
	return has_body ? look_at_coding(rq, err) : 0;
}

static const bn_route_about *about_match(const bn_route_match *m)
{
	return about(m->route ? m->route : m->other);
}

static int too_many_of_token(bn_call *c, bn_err *err)
{
	bn_err_set(err, BN_EREFUSED, "%u requests with this token are already in progress",
		c->server->o.max_per_token);
	bn_err_hint(err, "try again when one of them is answered");
	bn_http_response_add(c->response, "Retry-After", "1", NULL);
	return 429;
}

bool bn_server_refuses(bn_server *s, const bn_http_request *request, bool has_body, bn_admission *a,
	bn_http_response *out)
{
	bn_err err = BN_ERR_INIT;
	bn_call c = {.server = s, .request = request, .response = out};
	bn_token *token = NULL;
	int status = look(&c, has_body, &token, &err);
	*a = (bn_admission){.route = c.match.route};
	if (!status && token && s->o.max_per_token) {
		if (bn_token_take(token, s->o.max_per_token))
			a->token = token;
		else
			status = too_many_of_token(&c, &err);
	}
	if (!status)
		return false;
	bn_server_write_refusal(s, request, status, &err, out);
	return true;
}

void bn_server_write_refusal(bn_server *s, const bn_http_request *request, int status,
	const bn_err *err, bn_http_response *out)
{
	char id[37];
	bn_route_match m;
	bn_router_find(&router, request->method, request->path, &m);
	choose_request_id(id, s, request, out);
	write_error(out, about_match(&m)->style, status, err);
	bn_metrics_count(&s->metrics, about_match(&m)->id, status, 0);
}

/* For the access log. */
static void note(bn_admission *a, const bn_call *c, int64_t took_ns)
{
	a->handled_ns = took_ns > 0 ? took_ns : 1;
	a->model = c->session ? (uint32_t)c->model + 1 : 0;
	if (c->answered && c->response->status == 200)
		a->rows = (uint32_t)bn_session_rows(c->session);
}

void bn_server_answer(bn_server_worker *w, const bn_http_request *request, bn_admission *a,
	bn_http_response *out)
{
	bn_err err = BN_ERR_INIT;
	bn_server *s = w->server;
	bn_call c = {.server = s, .worker = w, .request = request, .response = out};
	c.begun_ns = bn_env_monotonic_ns(s->env);
	atomic_fetch_add(&s->metrics.in_flight, 1);
	choose_request_id(c.request_id, s, request, out);
	const bn_route_about *r = about(a->route);
	c.match.route = a->route;
	if (strchr(a->route->path, '{'))
		bn_router_find(&router, request->method, request->path, &c.match);
	out->status = 200;
	out->content_type = JSON_TYPE;
	int rc = r->handle(&c, &err);
	if (rc == 0)
		rc = bn_buf_check(&out->body, &err, "a response");
	if (rc < 0)
		write_error(out, r->style, fail_status(&c, rc), &err);
	int64_t took = bn_env_monotonic_ns(s->env) - c.begun_ns;
	tell_observer(&c, took);
	note(a, &c, took);
	atomic_fetch_sub(&s->metrics.in_flight, 1);
	bn_metrics_count(&s->metrics, r->id, out->status, took);
}

void bn_server_handle(bn_server_worker *w, const bn_http_request *request, bn_http_response *out)
{
	bn_err err = BN_ERR_INIT;
	bn_server *s = w->server;
	bn_admission a;
	if (bn_server_refuses(s, request, request->body_len > 0, &a, out))
		return;
	if (request->body_len <= s->o.max_body_bytes) {
		bn_server_answer(w, request, &a, out);
	} else {
		bn_err_set(
			&err, BN_EINVAL, "the body is larger than %zu bytes", s->o.max_body_bytes);
		bn_server_write_refusal(s, request, 413, &err, out);
	}
	if (a.token)
		bn_token_give(a.token);
}
