/*
 * routes.c - from a request to a response: the table of routes, the token, the error forms, and
 * what the routes that predict have in common. Needs no socket.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/serve/_server.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define JSON_TYPE "application/json"

typedef struct route {
	const char *method;
	const char *path; /* '*' is any one segment */
	bn_route_handler handle;
	bn_route_id id;
	bn_error_style style;
	bool open; /* answered without a token */
} route;

static const route routes[] = {
	{"GET", "/", bn_route_root, BN_ROUTE_METADATA, BN_ERROR_PLAIN, false},
	{"POST", "/predict", bn_route_predict, BN_ROUTE_PREDICT, BN_ERROR_PLAIN, false},
	{"POST", "/predict/*", bn_route_predict, BN_ROUTE_PREDICT, BN_ERROR_PLAIN, false},
	{"POST", "/predict/*/*", bn_route_predict, BN_ROUTE_PREDICT, BN_ERROR_PLAIN, false},
	{"POST", "/invocations", bn_route_invocations, BN_ROUTE_INVOCATIONS, BN_ERROR_MLFLOW,
		false},
	{"GET", "/ping", bn_route_health, BN_ROUTE_HEALTH, BN_ERROR_PLAIN, true},
	{"GET", "/health", bn_route_health, BN_ROUTE_HEALTH, BN_ERROR_PLAIN, true},
	{"GET", "/healthz", bn_route_health, BN_ROUTE_HEALTH, BN_ERROR_PLAIN, true},
	{"GET", "/version", bn_route_version, BN_ROUTE_HEALTH, BN_ERROR_PLAIN, true},
	{"GET", "/metrics", bn_route_metrics, BN_ROUTE_METRICS, BN_ERROR_PLAIN, false},
	{"GET", "/v2", bn_route_oip_server, BN_ROUTE_METADATA, BN_ERROR_OIP, false},
	{"GET", "/v2/health/live", bn_route_oip_live, BN_ROUTE_HEALTH, BN_ERROR_OIP, true},
	{"GET", "/v2/health/ready", bn_route_oip_ready, BN_ROUTE_HEALTH, BN_ERROR_OIP, true},
	{"GET", "/v2/models/*", bn_route_oip_model, BN_ROUTE_METADATA, BN_ERROR_OIP, false},
	{"GET", "/v2/models/*/ready", bn_route_oip_model_ready, BN_ROUTE_HEALTH, BN_ERROR_OIP,
		false},
	{"POST", "/v2/models/*/infer", bn_route_oip_infer, BN_ROUTE_INFER, BN_ERROR_OIP, false},
	{"GET", "/v2/models/*/versions/*", bn_route_oip_model, BN_ROUTE_METADATA, BN_ERROR_OIP,
		false},
	{"GET", "/v2/models/*/versions/*/ready", bn_route_oip_model_ready, BN_ROUTE_HEALTH,
		BN_ERROR_OIP, false},
	{"POST", "/v2/models/*/versions/*/infer", bn_route_oip_infer, BN_ROUTE_INFER, BN_ERROR_OIP,
		false},
};

/* ---- matching ------------------------------------------------------------------------------- */

/* Cuts the path into segments; empty ones (a trailing slash) do not count. False when too long. */
static bool split_path(bn_call *c, const char *path)
{
	size_t n = strlen(path);
	if (n >= sizeof c->path)
		return false;
	memcpy(c->path, path, n + 1);
	char *save = NULL;
	for (char *s = strtok_r(c->path, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
		if (c->segment_count == BN_MAX_SEGMENTS)
			return false;
		c->segments[c->segment_count++] = s;
	}
	return true;
}

static bool path_matches(const bn_call *c, const char *pattern)
{
	size_t i = 0;
	for (const char *p = pattern; *p; i++) {
		p += *p == '/';
		size_t n = strcspn(p, "/");
		if (!n)
			break;
		if (i == c->segment_count)
			return false;
		bool any = n == 1 && *p == '*';
		if (!any && (strlen(c->segments[i]) != n || strncmp(c->segments[i], p, n)))
			return false;
		p += n;
	}
	return i == c->segment_count;
}

/* NULL when the path is unknown; *allow is set when only the method is wrong. */
static const route *find_route(const bn_call *c, const char *method, const route **allow)
{
	if (!strcmp(method, "HEAD"))
		method = "GET";
	*allow = NULL;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (path_matches(c, routes[i].path)) {
			if (!strcmp(routes[i].method, method))
				return &routes[i];
			*allow = &routes[i];
		}
	return NULL;
}

/* ---- the token ------------------------------------------------------------------------------ */

/* Takes the same time whatever the first difference. */
static bool same_token(const char *given, const char *want)
{
	size_t n = strlen(want), m = strlen(given);
	unsigned difference = n != m;
	for (size_t i = 0; i < m; i++)
		difference |= (unsigned char)given[i] ^ (unsigned char)want[n ? i % n : 0];
	return difference == 0;
}

static bool is_authorised(const bn_server *s, const bn_http_request *request)
{
	const char *want = s->o.token;
	if (!*want)
		return true;
	const char *given = bn_http_request_header(request, "Authorization");
	if (!given || strncasecmp(given, "Bearer ", 7))
		return false;
	given += 7;
	while (*given == ' ')
		given++;
	return same_token(given, want);
}

/* ---- pages of other sites ------------------------------------------------------------------- */

/* "localhost", 127.x.y.z or [::1], each with or without a port. */
static bool is_loopback(const char *host)
{
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (n == 5 && !strncmp(host, "[::1]", n))
		return true;
	if (n == 9 && !strncasecmp(host, "localhost", n))
		return true;
	return !strncmp(host, "127.", 4) && strspn(host, "0123456789.") == n;
}

/* Without a token a browser of this machine would do as a go-between: for a page that asks across
 * sites (it says so in Origin), or whose own name was made to mean 127.0.0.1 (DNS rebinding: Host
 * still holds that name). Programs that are no browser send no Origin, and a Host they mean. */
static bool is_foreign_page(const bn_server *s, const bn_http_request *request)
{
	const char *origin = bn_http_request_header(request, "Origin");
	const char *host = bn_http_request_header(request, "Host");
	if (*s->o.token)
		return false;
	if (origin && (strncasecmp(origin, "http://", 7) || !host || strcasecmp(origin + 7, host)))
		return true;
	bool listens_on_loopback = !strcmp(s->o.host, "::1") || is_loopback(s->o.host);
	return host && listens_on_loopback && !is_loopback(host);
}

bool bn_server_admits(const bn_server *s, const bn_http_request *request)
{
	return is_authorised(s, request) && !is_foreign_page(s, request);
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
 * permutation). */
static void choose_request_id(bn_call *c)
{
	const char *own = bn_http_request_header(c->request, "X-Request-Id");
	if (is_request_id(own)) {
		memcpy(c->response->request_id, own, strlen(own) + 1);
		return;
	}
	uint64_t z =
		c->server->id_seed + atomic_fetch_add(&c->server->id_next, 1) * 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	snprintf(c->response->request_id, sizeof c->response->request_id, "%016llx",
		(unsigned long long)z);
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

static void tell_observer(bn_call *c, int64_t took_ns)
{
	bn_server *s = c->server;
	if (!c->answered || c->response->status != 200)
		return;
	size_t rows = bn_session_rows(c->session);
	atomic_fetch_add(&s->metrics.predictions[c->model], rows);
	atomic_fetch_add(&s->metrics.unknown[c->model], bn_session_unknown(c->session));
	if (!s->o.observe)
		return;
	bn_served served = {
		c->session, c->response->request_id, bn_env_now_ns(s->env), (double)took_ns / 1e3};
	s->o.observe(s->o.observe_user, &served);
}

/* Returns the route that answered, for the counters. */
static bn_route_id dispatch(bn_call *c, bool body_too_large)
{
	bn_err err = BN_ERR_INIT;
	const route *wrong_method = NULL;
	const bn_http_request *rq = c->request;
	bool split = split_path(c, rq->path);
	const route *r = split ? find_route(c, rq->method, &wrong_method) : NULL;
	bn_error_style style = r ? r->style : wrong_method ? wrong_method->style : BN_ERROR_PLAIN;
	if (!(r && r->open) && !is_authorised(c->server, rq)) {
		bn_err_set(&err, BN_EREFUSED, "a valid bearer token is needed");
		bn_err_hint(&err, "send the header Authorization: Bearer TOKEN");
		c->response->challenge = true;
		write_error(c->response, style, 401, &err);
		return r ? r->id : BN_ROUTE_NONE;
	}
	if (!(r && r->open) && is_foreign_page(c->server, rq)) {
		bn_err_set(&err, BN_EREFUSED, "a page of another site may not ask here");
		bn_err_hint(&err, "a server with a token answers whoever has it, under any name");
		write_error(c->response, style, 403, &err);
		return r ? r->id : BN_ROUTE_NONE;
	}
	if (!r && wrong_method) {
		bn_err_set(&err, BN_EINVAL, "%.100s takes %s, not %.20s", rq->path,
			wrong_method->method, rq->method);
		c->response->allow =
			strcmp(wrong_method->method, "GET") ? wrong_method->method : "GET, HEAD";
		write_error(c->response, style, 405, &err);
		return wrong_method->id;
	}
	if (!r) {
		bn_err_set(&err, BN_ENOTFOUND, "no such path: %.100s", rq->path);
		write_error(c->response, style, 404, &err);
		return BN_ROUTE_NONE;
	}
	if (body_too_large) {
		bn_err_set(&err, BN_EINVAL, "the body is larger than %zu bytes",
			c->server->o.max_body_bytes);
		write_error(c->response, style, 413, &err);
		return r->id;
	}
	c->response->status = 200;
	c->response->content_type = JSON_TYPE;
	int rc = r->handle(c, &err);
	if (!rc)
		rc = bn_buf_check(&c->response->body, &err, "a response");
	if (rc)
		write_error(c->response, style, fail_status(c, rc), &err);
	return r->id;
}

void bn_server_answer(bn_server_worker *w, const bn_http_request *request, bool body_too_large,
	bn_http_response *out)
{
	bn_server *s = w->server;
	bn_call c = {.server = s, .worker = w, .request = request, .response = out};
	c.begun_ns = bn_env_monotonic_ns(s->env);
	atomic_fetch_add(&s->metrics.in_flight, 1);
	choose_request_id(&c);
	bn_route_id id = dispatch(&c, body_too_large);
	int64_t took = bn_env_monotonic_ns(s->env) - c.begun_ns;
	tell_observer(&c, took);
	atomic_fetch_sub(&s->metrics.in_flight, 1);
	bn_metrics_count(&s->metrics, id, out->status, took);
}

void bn_server_handle(bn_server_worker *w, const bn_http_request *request, bn_http_response *out)
{
	bn_server_answer(w, request, request->body_len > w->server->o.max_body_bytes, out);
}

/* ---- what predicting routes share ----------------------------------------------------------- */

int bn_call_use_model(bn_call *c, const char *name, const char *version, bn_err *err)
{
	bn_server *s = c->server;
	size_t i = 0;
	for (; name && i < s->model_count; i++)
		if (!strcmp(bn_predictor_name(s->models[i]), name) &&
			(!version || !strcmp(bn_predictor_version(s->models[i]), version)))
			break;
	if (i == s->model_count)
		return bn_err_set(err, BN_ENOTFOUND, "no model '%.100s'%s%.40s is served here",
			name, version ? " version " : "", version ? version : "");
	c->model = i;
	if (!c->worker->sessions[i]) {
		int rc = bn_session_new(&c->worker->sessions[i], s->models[i], &s->o.policy, err);
		if (rc)
			return rc;
	}
	c->session = c->worker->sessions[i];
	return 0;
}

bool bn_call_has_type(const bn_call *c, const char *media, bool optional)
{
	const char *type = bn_http_request_header(c->request, "Content-Type");
	if (!type)
		return optional;
	size_t n = strlen(media);
	if (strncasecmp(type, media, n))
		return false;
	type += n + strspn(type + n, " \t");
	if (*type && *type != ';')
		return false;
	const char *charset = strcasestr(type, "charset=");
	if (!charset)
		return true;
	charset += 8 + (charset[8] == '"');
	return !strncasecmp(charset, "utf-8", 5) || !strncasecmp(charset, "utf8", 4) ||
	       !strncasecmp(charset, "us-ascii", 8);
}

int bn_call_wrong_type(bn_call *c, const char *wanted, bn_err *err)
{
	const char *type = bn_http_request_header(c->request, "Content-Type");
	c->status = 415;
	bn_err_set(
		err, BN_EINVAL, "content type '%.80s' is not taken here", type ? type : "(none)");
	bn_err_hint(err, "send the header Content-Type: %s", wanted);
	return BN_EINVAL;
}

/* Python writes NaN and Infinity, which are not JSON, and MLflow's own client sends them for missing
 * values: outside strings they become null. */
static void replace_nan(bn_buf *out, const char *at, const char *end)
{
	bool quoted = false;
	for (const char *p = at; p < end; p++) {
		size_t left = (size_t)(end - p), n = 0;
		if (!quoted && left >= 3 && !memcmp(p, "NaN", 3))
			n = 3;
		else if (!quoted && left >= 8 && !memcmp(p, "Infinity", 8))
			n = 8;
		else if (!quoted && left >= 9 && !memcmp(p, "-Infinity", 9))
			n = 9;
		if (n) {
			bn_buf_adds(out, "null");
			p += n - 1;
			continue;
		}
		if (quoted && *p == '\\' && left > 1)
			bn_buf_addch(out, *p++);
		else if (*p == '"')
			quoted = !quoted;
		bn_buf_addch(out, *p);
	}
}

int bn_call_json(json_t **out, bn_call *c, bn_err *err)
{
	const char *body = c->request->body;
	size_t n = c->request->body_len;
	if (!n)
		return bn_err_set(err, BN_EINVAL, "the body is empty, JSON was expected");
	if (!memmem(body, n, "NaN", 3) && !memmem(body, n, "Infinity", 8))
		return bn_json_parse(out, body, n, "body", err);
	bn_buf text = BN_BUF_INIT;
	replace_nan(&text, body, body + n);
	int rc = bn_buf_check(&text, err, "the body");
	if (!rc)
		rc = bn_json_parse(out, text.ptr, text.len, "body", err);
	bn_buf_release(&text);
	return rc;
}

int bn_call_begin(bn_call *c, size_t rows, bn_err *err)
{
	if (rows > c->server->o.max_rows) {
		c->status = 413;
		return bn_err_set(err, BN_EINVAL, "%zu rows in one request, at most %zu are taken",
			rows, c->server->o.max_rows);
	}
	if (!rows)
		return bn_err_set(err, BN_EINVAL, "no rows to predict");
	return bn_session_begin(c->session, rows, err);
}

int bn_call_run(bn_call *c, bn_err *err)
{
	int rc = bn_session_run(c->session, err);
	c->answered = !rc;
	return rc;
}

void bn_answer_number(bn_buf *out, double x)
{
	char text[BN_FMT];
	bn_buf_adds(out, isfinite(x) ? bn_fmt_f64(x, text) : "null");
}

void bn_answer_string(bn_buf *out, const char *s)
{
	bn_buf_add_json_string(out, s, strlen(s));
}

void bn_answer_prediction(bn_buf *out, const bn_session *s, size_t row)
{
	const char *label = bn_session_label(s, row);
	if (!label)
		bn_answer_number(out, bn_session_prediction(s, row));
	else if (bn_session_label_is_number(s))
		bn_buf_adds(out, label);
	else
		bn_answer_string(out, label);
}
