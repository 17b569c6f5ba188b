/*
 * routes.c - the table of routes, and the way of a request through them.
 *
 * MLflow serves each route at /api/N.0 and at /ajax-api/N.0, where N is 2 or 3: the prefix is taken off first, so the
 * table has each route once. Those that clients send most come first.
 */
#include "core/api/_routes.h"
#include "core/api/hooks.h"

#include "core/base/hash.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define JSON "application/json"
#define BODY BN_ROUTE_BODY
#define V2 BN_API_V2
#define V3 BN_API_V3
#define AJAX BN_API_AJAX

static const bn_route bare_routes[] = {
	{"GET", "/health", BN_ROUTE_OPEN, &bn_api_health},
	{"GET", "/version", BN_ROUTE_OPEN, &bn_api_version},
	{"GET", "/metrics", 0, &bn_api_metrics},
	{"GET", "/get-artifact", 0, &bn_api_get_artifact},
	{"GET", "/model-versions/get-artifact", 0, &bn_api_version_artifact},
};

static const bn_route routes[] = {
	{"POST", "/mlflow/runs/log-metric", BODY | V2, &bn_api_runs_log_metric},
	{"POST", "/mlflow/runs/log-batch", BODY | V2, &bn_api_runs_log_batch},
	{"POST", "/mlflow/runs/log-parameter", BODY | V2, &bn_api_runs_log_param},
	{"POST", "/mlflow/runs/set-tag", BODY | V2, &bn_api_runs_set_tag},
	{"GET", "/mlflow/runs/get", BODY | V2, &bn_api_runs_get},
	{"GET", "/mlflow/metrics/get-history", BODY | V2, &bn_api_metric_history},
	{"POST", "/mlflow/runs/search", BODY | V2, &bn_api_runs_search},
	{"POST", "/mlflow/runs/create", BODY | V2, &bn_api_runs_create},
	{"POST", "/mlflow/runs/update", BODY | V2, &bn_api_runs_update},
	{"POST", "/mlflow/runs/delete-tag", BODY | V2, &bn_api_runs_delete_tag},
	{"POST", "/mlflow/runs/log-inputs", BODY | V2, &bn_api_runs_log_inputs},
	{"POST", "/mlflow/runs/outputs", BODY | V2, &bn_api_runs_log_outputs},
	{"POST", "/mlflow/runs/log-model", BODY | V2, &bn_api_runs_log_model},
	{"POST", "/mlflow/runs/delete", BODY | V2, &bn_api_runs_delete},
	{"POST", "/mlflow/runs/restore", BODY | V2, &bn_api_runs_restore},
	{"GET", "/mlflow/metrics/get-history-bulk-interval", BODY | V2, &bn_api_history_interval},
	{"GET", "/mlflow/metrics/get-history-bulk", BODY | V2 | AJAX, &bn_api_history_bulk},
	{"GET", "/mlflow/experiments/get-by-name", BODY | V2, &bn_api_experiments_get_by_name},
	{"GET", "/mlflow/experiments/get", BODY | V2, &bn_api_experiments_get},
	{"POST", "/mlflow/experiments/create", BODY | V2, &bn_api_experiments_create},
	{"POST", "/mlflow/experiments/delete", BODY | V2, &bn_api_experiments_delete},
	{"POST", "/mlflow/experiments/restore", BODY | V2, &bn_api_experiments_restore},
	{"POST", "/mlflow/experiments/update", BODY | V2, &bn_api_experiments_update},
	{"POST", "/mlflow/experiments/set-experiment-tag", BODY | V2, &bn_api_experiments_set_tag},
	{"POST", "/mlflow/experiments/delete-experiment-tag", BODY | V2,
		&bn_api_experiments_delete_tag},
	{"POST", "/mlflow/experiments/search", BODY | V2, &bn_api_experiments_search},
	{"GET", "/mlflow/experiments/search", BODY | V2, &bn_api_experiments_search},
	{"POST", "/mlflow/experiments/search-datasets", BODY | V2, &bn_api_datasets_search},
	{"PUT", "/mlflow-artifacts/artifacts/{path...}", BODY | V2, &bn_api_artifact_put},
	{"GET", "/mlflow-artifacts/artifacts/{path...}", V2, &bn_api_artifact_get},
	{"DELETE", "/mlflow-artifacts/artifacts/{path...}", BODY | V2, &bn_api_artifact_delete},
	{"GET", "/mlflow-artifacts/artifacts", BODY | V2, &bn_api_artifact_list},
	{"POST", "/mlflow-artifacts/mpu/create/{path...}", BODY | V2, &bn_api_parts_create},
	{"PUT", "/mlflow-artifacts/mpu/part/{upload}/{number}", BODY | V2, &bn_api_parts_put},
	{"POST", "/mlflow-artifacts/mpu/complete/{path...}", BODY | V2, &bn_api_parts_complete},
	{"POST", "/mlflow-artifacts/mpu/abort/{path...}", BODY | V2, &bn_api_parts_abort},
	{"GET", "/mlflow-artifacts/presigned/{path...}", V2, &bn_api_presigned},
	{"GET", "/mlflow/artifacts/list", BODY | V2, &bn_api_artifacts_list},
	{"POST", "/mlflow/upload-artifact", BODY | V2 | AJAX, &bn_api_artifact_post},
	{"GET", "/mlflow/logged-models/{id}/artifacts/directories", BODY | V2,
		&bn_api_logged_directories},
	{"GET", "/mlflow/logged-models/{id}/artifacts/files", BODY | V2 | AJAX,
		&bn_api_logged_file},
	{"POST", "/mlflow/logged-models", BODY | V2, &bn_api_logged_create},
	{"POST", "/mlflow/logged-models/search", BODY | V2, &bn_api_logged_search},
	{"GET", "/mlflow/logged-models/{model_id}", BODY | V2, &bn_api_logged_get},
	{"PATCH", "/mlflow/logged-models/{model_id}", BODY | V2, &bn_api_logged_finalize},
	{"DELETE", "/mlflow/logged-models/{model_id}", BODY | V2, &bn_api_logged_delete},
	{"PATCH", "/mlflow/logged-models/{model_id}/tags", BODY | V2, &bn_api_logged_set_tags},
	{"DELETE", "/mlflow/logged-models/{model_id}/tags/{key}", BODY | V2,
		&bn_api_logged_delete_tag},
	{"POST", "/mlflow/logged-models/{model_id}/params", BODY | V2, &bn_api_logged_params},
	{"POST", "/mlflow/registered-models/create", BODY | V2, &bn_api_models_create},
	{"GET", "/mlflow/registered-models/get", BODY | V2, &bn_api_models_get},
	{"PATCH", "/mlflow/registered-models/update", BODY | V2, &bn_api_models_update},
	{"POST", "/mlflow/registered-models/rename", BODY | V2, &bn_api_models_rename},
	{"DELETE", "/mlflow/registered-models/delete", BODY | V2, &bn_api_models_delete},
	{"GET", "/mlflow/registered-models/search", BODY | V2, &bn_api_models_search},
	{"POST", "/mlflow/registered-models/search", BODY | V2, &bn_api_models_search},
	{"GET", "/mlflow/registered-models/get-latest-versions", BODY | V2,
		&bn_api_models_get_latest},
	{"POST", "/mlflow/registered-models/get-latest-versions", BODY | V2,
		&bn_api_models_get_latest},
	{"POST", "/mlflow/registered-models/set-tag", BODY | V2, &bn_api_models_set_tag},
	{"DELETE", "/mlflow/registered-models/delete-tag", BODY | V2, &bn_api_models_delete_tag},
	{"GET", "/mlflow/registered-models/alias", BODY | V2, &bn_api_models_get_alias},
	{"POST", "/mlflow/registered-models/alias", BODY | V2, &bn_api_models_set_alias},
	{"DELETE", "/mlflow/registered-models/alias", BODY | V2, &bn_api_models_delete_alias},
	{"POST", "/mlflow/model-versions/create", BODY | V2, &bn_api_versions_create},
	{"GET", "/mlflow/model-versions/get", BODY | V2, &bn_api_versions_get},
	{"GET", "/mlflow/model-versions/get-download-uri", BODY | V2, &bn_api_versions_get_uri},
	{"PATCH", "/mlflow/model-versions/update", BODY | V2, &bn_api_versions_update},
	{"DELETE", "/mlflow/model-versions/delete", BODY | V2, &bn_api_versions_delete},
	{"POST", "/mlflow/model-versions/transition-stage", BODY | V2, &bn_api_versions_set_stage},
	{"POST", "/mlflow/model-versions/set-tag", BODY | V2, &bn_api_versions_set_tag},
	{"DELETE", "/mlflow/model-versions/delete-tag", BODY | V2, &bn_api_versions_delete_tag},
	{"GET", "/mlflow/model-versions/search", BODY | V2, &bn_api_versions_search},
	{"POST", "/mlflow/model-versions/search", BODY | V2, &bn_api_versions_search},
	{"POST", "/mlflow/webhooks", BODY | V2, &bn_api_webhooks_create},
	{"GET", "/mlflow/webhooks", BODY | V2, &bn_api_webhooks_list},
	{"GET", "/mlflow/webhooks/{webhook_id}", BODY | V2, &bn_api_webhooks_get},
	{"PATCH", "/mlflow/webhooks/{webhook_id}", BODY | V2, &bn_api_webhooks_update},
	{"DELETE", "/mlflow/webhooks/{webhook_id}", BODY | V2, &bn_api_webhooks_delete},
	{"POST", "/mlflow/webhooks/{webhook_id}/test", BODY | V2, &bn_api_webhooks_test},
	{"GET", "/mlflow/server-info", BODY | V2 | V3, &bn_api_server_info},
};

enum { BARE = sizeof bare_routes / sizeof *bare_routes, ROUTES = sizeof routes / sizeof *routes };
_Static_assert(BARE + ROUTES <= BN_API_MOST_ROUTES, "counters have room for every route");
static const bn_router bare_router = {bare_routes, BARE};
static const bn_router router = {routes, ROUTES};

size_t bn_api_route_index(const bn_route *route)
{
	if (route >= bare_routes && route < bare_routes + BARE)
		return (size_t)(route - bare_routes);
	if (route >= routes && route < routes + ROUTES)
		return BARE + (size_t)(route - routes);
	return BN_API_MOST_ROUTES;
}

const char *bn_api_route_name(size_t index)
{
	if (index < BARE)
		return bare_routes[index].path;
	return index < BARE + ROUTES ? routes[index - BARE].path : NULL;
}

const char *bn_api_route_method(size_t index)
{
	if (index < BARE)
		return bare_routes[index].method;
	return index < BARE + ROUTES ? routes[index - BARE].method : "";
}

/* ---- finding a route ------------------------------------------------------------------------ */

/* The path without MLflow's prefix; *version: BN_API_V2 or V3. NULL: it has none. */
static const char *strip(const char *path, unsigned *version, bool *is_ajax)
{
	*is_ajax = !strncmp(path, "/ajax-api/", 10);
	if (!*is_ajax && strncmp(path, "/api/", 5) != 0)
		return NULL;
	path += *is_ajax ? 9 : 4;
	if (strncmp(path, "/2.0/", 5) != 0 && strncmp(path, "/3.0/", 5) != 0)
		return NULL;
	*version = path[1] == '2' ? BN_API_V2 : BN_API_V3;
	return path + 4;
}

/* True when a route was found; else match->other tells a 405 from a 404. */
static bool find(bn_route_match *match, const bn_http_request *request)
{
	unsigned version = 0;
	bool is_ajax = false;
	const char *rest = strip(request->path, &version, &is_ajax);
	if (!rest)
		return bn_router_find(&bare_router, request->method, request->path, match);
	bool found = bn_router_find(&router, request->method, rest, match);
	const bn_route *r = found ? match->route : match->other;
	if (r && (!(r->flags & version) || (r->flags & BN_API_AJAX && !is_ajax))) {
		match->route = match->other = NULL;
		return false;
	}
	return found;
}

static const char *allowed(const bn_http_request *request, char *allow, size_t size)
{
	unsigned version;
	bool is_ajax;
	const char *rest = strip(request->path, &version, &is_ajax);
	return bn_router_allow(
		rest ? &router : &bare_router, rest ? rest : request->path, allow, size);
}

/* ---- refusing ------------------------------------------------------------------------------- */

static void write_fault(
	bn_http_response *out, int status, bn_api_error code, const char *text, size_t n)
{
	bn_buf kept = out->headers;
	out->headers = (bn_buf)BN_BUF_INIT;
	bn_http_response_clear(out); /* a source, too */
	bn_buf_release(&out->headers);
	out->headers = kept;
	out->status = status;
	out->content_type = JSON;
	bn_wire_put_fault(&out->body, code, text, n);
}

typedef struct refusal {
	int status;
	bn_api_error code;
	char text[320];
} refusal;

#define SAY(r, status_, code_, ...) \
	((r)->status = (status_), (r)->code = (code_), \
		(void)snprintf((r)->text, sizeof(r)->text, __VA_ARGS__))

static void refuse_role(refusal *r, bn_http_response *out, const bn_http_request *request,
	bn_api_role has, bn_api_role needs)
{
	static const char *const names[] = {"nobody", "reader", "writer", "manager"};
	if (has == BN_API_NOBODY) {
		SAY(r, 401, BN_API_UNAUTHENTICATED,
			"a token is needed: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME "
			"and MLFLOW_TRACKING_PASSWORD");
		bn_http_response_add(out, "WWW-Authenticate", "Basic realm=\"mlflow\"", NULL);
		bn_http_response_add(out, "WWW-Authenticate", "Bearer realm=\"mlflow\"", NULL);
	} else {
		SAY(r, 403, BN_API_PERMISSION_DENIED,
			"%.10s %.100s needs the role %s, and this token is a %s's", request->method,
			request->path, names[needs], names[has]);
	}
}

/* Token, page, path, method and rate, from the head alone. */
static void judge(refusal *r, bn_api_call *c, bn_route_match *match)
{
	const bn_http_request *rq = c->request;
	const bn_api *a = c->api;
	bool is_open = match->route && match->route->flags & BN_ROUTE_OPEN;
	bool is_unix = rq->peer && rq->peer->is_unix;
	char allow[64];
	if (!is_open && c->role == BN_API_NOBODY)
		refuse_role(r, c->response, rq, c->role, BN_API_READER);
	else if (!is_unix &&
		 bn_http_is_foreign_page(rq, rq->peer && bn_http_is_loopback_name(a->o.host)))
		SAY(r, 403, BN_API_PERMISSION_DENIED,
			"a page of another site may not send requests here");
	else if (c->client && a->o.max_rate &&
		 !bn_api_client_take(c->client, a->o.max_rate, c->begun_ns)) {
		SAY(r, 429, BN_API_REQUEST_LIMIT_EXCEEDED,
			"more than %u requests per second with this token", a->o.max_rate);
		bn_http_response_add(c->response, "Retry-After", "1", NULL);
	} else if (!match->route && match->other) {
		allowed(rq, allow, sizeof allow);
		SAY(r, 405, BN_API_ENDPOINT_NOT_FOUND, "%.100s takes %s, not %.20s", rq->path,
			allow, rq->method);
		bn_http_response_add(c->response, "Allow", allow, NULL);
	} else if (!match->route) {
		SAY(r, 404, BN_API_ENDPOINT_NOT_FOUND, "No such path: %.200s", rq->path);
	} else if (!is_open && c->role < ((const bn_api_about *)match->route->owner)->need) {
		refuse_role(r, c->response, rq, c->role,
			((const bn_api_about *)match->route->owner)->need);
	} else if (bn_http_request_header(rq, "Content-Encoding") &&
		   strcasecmp(bn_http_request_header(rq, "Content-Encoding"), "identity") != 0) {
		SAY(r, 400, BN_API_BAD_REQUEST,
			"Content-Encoding is not supported: send the body as it is");
	}
}

static int keep_params(bn_api_call *c, const bn_route_match *match)
{
	if (!match->param_count)
		return 0;
	if (!(c->path = bn_alloc(sizeof match->path)))
		return -1;
	memcpy(c->path, match->path, sizeof match->path);
	for (size_t i = 0; i < match->param_count; i++)
		c->params[i] = c->path + (match->params[i] - match->path);
	return 0;
}

bn_api_call *bn_api_admit(
	bn_api *a, bn_api_role role, const bn_http_request *request, bn_http_response *response)
{
	bn_route_match match;
	refusal r = {0};
	bn_api_call *c = bn_alloc_zeroed(1, sizeof *c);
	find(&match, request);
	if (!c) {
		SAY(&r, 503, BN_API_TEMPORARILY_UNAVAILABLE, "out of memory: a request");
		goto out;
	}
	c->api = a;
	c->request = request;
	c->response = response;
	bn_buf_init(&c->fault.message);
	c->begun_ns = bn_env_monotonic_ns(a->env);
	c->role = request->peer || role == BN_API_NOBODY ? bn_api_role_of(a, request, &c->client)
							 : role;
	bn_http_response_add(response, "X-Content-Type-Options", "nosniff", NULL);
	judge(&r, c, &match);
	if (!r.status && keep_params(c, &match) < 0)
		SAY(&r, 503, BN_API_TEMPORARILY_UNAVAILABLE, "out of memory: a request");
	if (!r.status) {
		c->route = match.route;
		c->about = match.route->owner;
		atomic_fetch_add(&a->counters.in_flight, 1);
		return c;
	}
out:
	write_fault(response, r.status, r.code, r.text, strlen(r.text));
	bn_api_count(a, match.route ? match.route : match.other, BN_API_QUICK, r.status, -1);
	bn_free(c);
	return NULL;
}

void bn_api_call_free(bn_api_call *c)
{
	if (!c)
		return;
	if (c->about->release)
		c->about->release(c);
	atomic_fetch_sub(&c->api->counters.in_flight, 1);
	bn_api_deliveries_free(c->told);
	json_decref(c->body);
	bn_buf_release(&c->fault.message);
	bn_free(c->path);
	bn_free(c);
}

void bn_api_write_refusal(bn_api *a, const bn_http_request *request, int status, const bn_err *err,
	bn_http_response *out)
{
	bn_route_match match;
	const char *text = err->msg, *why = NULL;
	char shown[160];
	find(&match, request);
	if (status == 500 && bn_api_error_of(err) == BN_API_TEMPORARILY_UNAVAILABLE) {
		/* A body that could not be stored: a client may try again, and need not know where. */
		status = 503;
		for (const char *at = text; (at = strstr(at, ": ")); at += 2)
			why = at;
		snprintf(shown, sizeof shown, "what was sent could not be stored%.100s",
			why ? why : "");
		text = shown;
	}
	write_fault(out, status, bn_api_error_of_status(status), text, strlen(text));
	bn_api_count(a, match.route ? match.route : match.other, BN_API_QUICK, status, -1);
}

/* ---- answering ------------------------------------------------------------------------------ */

bn_wire bn_api_answer(bn_api_call *c)
{
	bn_wire w = {&c->response->body, false};
	bn_wire_open(&w, NULL, '{');
	return w;
}

bool bn_api_read(bn_api_call *c)
{
	if (!c->about->fields ||
		bn_wire_read(&c->body, c->request, c->about->fields, &c->fault) == 0)
		return true;
	bn_api_complete(c);
	return false;
}

void bn_api_run_handler(bn_api_call *c)
{
	bn_err err = BN_ERR_INIT;
	if (c->fault.code)
		return;
	int rc = c->about->handle(c, &err);
	if (rc >= 0 && bn_buf_check(&c->response->body, &err, "a response") < 0)
		rc = BN_ENOMEM;
	if (rc >= 0)
		return;
	if (!err.code)
		bn_err_set(&err, rc, "the request failed");
	if (!c->fault.code)
		bn_api_refuse(c, bn_api_error_of(&err), "%s%s%s", err.msg, err.hint[0] ? "; " : "",
			err.hint);
}

void bn_api_complete(bn_api_call *c)
{
	bn_http_response *out = c->response;
	int64_t took = bn_env_monotonic_ns(c->api->env) - c->begun_ns;
	if (c->fault.code) {
		int status = bn_api_error_status(c->fault.code);
		if (status == 503)
			bn_http_response_add(out, "Retry-After", "1", NULL);
		write_fault(out, status, c->fault.code, c->fault.message.ptr, c->fault.message.len);
	} else {
		out->status = out->status ? out->status : 200;
		if (!out->content_type)
			out->content_type = JSON;
		if (!out->body.len && !out->source.read)
			bn_buf_add(&out->body, "{}", 2);
		if (c->told)
			bn_api_hooks_post(c->api->hooks, c);
	}
	bn_api_count(c->api, c->route, c->about->place, out->status, took);
	if (c->exchange)
		bn_exchange_finish(c->exchange); /* c is freed when the response is sent */
}
