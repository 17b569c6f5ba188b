/* mlflow_server.c - see mlflow_server.h. Requests are answered one at a time, under one lock. */
#include "tests/support/mlflow_server.h"

#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/net/listener.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define API "/api/2.0/mlflow/"
#define PROXY "/api/2.0/mlflow-artifacts/artifacts/"
#define MOST 512
#define MOST_RUNS 4096

typedef struct call {
	char path[200];
	char *body;
} call;

struct mlflow_server {
	bn_listener *listener;
	int port;
	char url[64];
	pthread_mutex_t lock;
	json_t *experiment, *runs, *histories; /* histories: {"RUN/KEY": [points]} */
	json_t *models, *versions;             /* {name: model}, [version] */
	json_t *files;                         /* {"RUN/path": text} */
	size_t page;
	const char *token;
	bool gitlab;
	mlflow_fault faults[16];
	int used[16], fault_count;
	call calls[MOST];
	int call_count;
};

typedef struct request {
	const char *method;
	const char *path; /* below API, or the whole */
	json_t *body;     /* or the fields of the query */
} request;

typedef struct answer {
	int status;
	bn_buf text;
	bool is_file;
} answer;

/* ---- answers ----------------------------------------------------------------------------------- */

static void put(answer *a, json_t *taken)
{
	char *text = json_dumps(taken, JSON_COMPACT);
	a->status = 200;
	bn_buf_adds(&a->text, text);
	free(text);
	json_decref(taken);
}

static void refuse(answer *a, int status, const char *code, const char *message)
{
	a->status = status;
	bn_buf_addf(&a->text, "{\"error_code\":\"%s\",\"message\":\"%s\"}", code, message);
}

static void none(answer *a, const char *what)
{
	char text[100];
	snprintf(text, sizeof text, "no such %s", what);
	refuse(a, 404, "RESOURCE_DOES_NOT_EXIST", text);
}

static const char *str(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static json_t *named(json_t *list, const char *key, const char *field, const char *value)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
	{
		const json_t *of = key ? json_object_get(item, key) : item;
		if (!strcmp(str(of, field), value))
			return item;
	}
	return NULL;
}

/* ---- runs -------------------------------------------------------------------------------------- */

static bool is_live(const json_t *run)
{
	return !strcmp(str(json_object_get(run, "info"), "status"), "RUNNING");
}

/* "metrics.KEY < NUMBER" and "attributes.status = 'RUNNING'" are what it knows. 1, 0; -1: not that. */
static int passes(const json_t *run, const char *filter)
{
	char key[100];
	double limit, last = NAN;
	size_t i;
	json_t *m;
	if (!*filter)
		return 1;
	if (!strcmp(filter, "attributes.status = 'RUNNING'"))
		return is_live(run);
	if (sscanf(filter, "metrics.`%99[^`]` < %lf", key, &limit) != 2 &&
		sscanf(filter, "metrics.%99s < %lf", key, &limit) != 2)
		return -1;
	json_array_foreach(json_object_get(json_object_get(run, "data"), "metrics"), i, m)
	{
		if (!strcmp(str(m, "key"), key))
			last = json_number_value(json_object_get(m, "value"));
	}
	return last < limit;
}

static bool is_seen(const json_t *run, const char *view)
{
	bool deleted = !strcmp(str(json_object_get(run, "info"), "lifecycle_stage"), "deleted");
	return !strcmp(view, "ALL") || deleted == !strcmp(view, "DELETED_ONLY");
}

static void on_search(mlflow_server *s, const request *r, answer *a)
{
	const char *view = str(r->body, "run_view_type"), *filter = str(r->body, "filter");
	size_t most = (size_t)json_integer_value(json_object_get(r->body, "max_results"));
	size_t from = (size_t)strtoul(str(r->body, "page_token"), NULL, 10), seen = 0;
	json_t *list = json_array();
	bool more = false;
	if (s->gitlab && (*view || json_object_get(r->body, "order_by") || most > 200 || *filter)) {
		json_decref(list);
		refuse(a, 400, "INVALID_PARAMETER_VALUE", "order_by is invalid");
		return;
	}
	if (s->page && most > s->page)
		most = s->page;
	for (size_t i = json_array_size(s->runs); i-- > 0;) {
		json_t *run = json_array_get(s->runs, i);
		int pass = passes(run, filter);
		if (pass < 0) {
			json_decref(list);
			refuse(a, 400, "INVALID_PARAMETER_VALUE", "Invalid clause(s) in filter string");
			return;
		}
		if (!pass || !is_seen(run, *view ? view : "ACTIVE_ONLY") || seen++ < from)
			continue;
		if (json_array_size(list) >= most) {
			more = true;
			break;
		}
		json_array_append(list, run);
	}
	json_t *page = json_object();
	if (json_array_size(list))
		json_object_set(page, "runs", list);
	if (more) {
		char token[32];
		snprintf(token, sizeof token, "%zu", from + json_array_size(list));
		json_object_set_new(page, "next_page_token", json_string(token));
	}
	json_decref(list);
	put(a, page);
}

static void set_tag(json_t *run, const char *key, const char *value)
{
	json_t *tags = json_object_get(json_object_get(run, "data"), "tags"), *tag;
	size_t i;
	json_array_foreach(tags, i, tag)
	{
		if (!strcmp(str(tag, "key"), key)) {
			json_array_remove(tags, i);
			break;
		}
	}
	if (value)
		json_array_append_new(tags, json_pack("{s:s s:s}", "key", key, "value", value));
}

static const char *tag_of(const json_t *run, const char *key)
{
	json_t *tag = named(json_object_get(json_object_get(run, "data"), "tags"), NULL, "key", key);
	return tag ? str(tag, "value") : NULL;
}

static void on_history(mlflow_server *s, const request *r, answer *a)
{
	enum { PAGE = 1000 };
	char key[200];
	size_t from = (size_t)strtoul(str(r->body, "page_token"), NULL, 10);
	snprintf(key, sizeof key, "%s/%s", str(r->body, "run_id"), str(r->body, "metric_key"));
	const json_t *all = json_object_get(s->histories, key);
	json_t *list = json_array(), *page = json_pack("{s:o}", "metrics", list);
	for (size_t i = from; i < json_array_size(all) && i < from + PAGE; i++)
		json_array_append(list, json_array_get(all, i));
	if (from + PAGE < json_array_size(all)) {
		char token[32];
		snprintf(token, sizeof token, "%zu", from + PAGE);
		json_object_set_new(page, "next_page_token", json_string(token));
	}
	put(a, page);
}

static void on_artifacts(mlflow_server *s, const request *r, answer *a)
{
	const char *run = str(r->body, "run_id"), *dir = str(r->body, "path"), *key;
	json_t *list = json_array(), *text;
	char front[400];
	snprintf(front, sizeof front, "%s/%s%s", run, dir, *dir ? "/" : "");
	json_object_foreach(s->files, key, text)
	{
		if (strncmp(key, front, strlen(front)) != 0)
			continue;
		const char *rest = key + strlen(front), *slash = strchr(rest, '/');
		char path[400];
		snprintf(path, sizeof path, "%s%s%.*s", dir, *dir ? "/" : "",
			(int)(slash ? (size_t)(slash - rest) : strlen(rest)), rest);
		if (named(list, NULL, "path", path))
			continue;
		json_t *f = json_pack("{s:s s:b}", "path", path, "is_dir", slash != NULL);
		if (!slash)
			json_object_set_new(
				f, "file_size", json_integer((json_int_t)json_string_length(text)));
		json_array_append_new(list, f);
	}
	put(a, json_pack("{s:s s:o}", "root_uri",
		    str(json_object_get(named(s->runs, "info", "run_id", run), "info"), "artifact_uri"),
		    "files", list));
}

/* What changes a run; true: it was that. */
static bool on_change(const request *r, json_t *run, answer *a)
{
	json_t *info = json_object_get(run, "info");
	if (!strcmp(r->path, "runs/set-tag")) {
		set_tag(run, str(r->body, "key"), str(r->body, "value"));
	} else if (!strcmp(r->path, "runs/delete-tag")) {
		if (!tag_of(run, str(r->body, "key"))) {
			none(a, "tag");
			return true;
		}
		set_tag(run, str(r->body, "key"), NULL);
	} else if (!strcmp(r->path, "runs/delete") || !strcmp(r->path, "runs/restore")) {
		json_object_set_new(info, "lifecycle_stage",
			json_string(strstr(r->path, "delete") ? "deleted" : "active"));
	} else if (!strcmp(r->path, "runs/update")) {
		json_object_set(info, "run_name", json_object_get(r->body, "run_name"));
	} else {
		return false;
	}
	put(a, json_object());
	return true;
}

static void on_runs(mlflow_server *s, const request *r, answer *a)
{
	if (!strcmp(r->path, "runs/search")) {
		on_search(s, r, a);
		return;
	}
	json_t *run = named(s->runs, "info", "run_id", str(r->body, "run_id"));
	if (!run)
		none(a, "run");
	else if (!strcmp(r->path, "runs/get"))
		put(a, json_pack("{s:O}", "run", run));
	else if (!on_change(r, run, a))
		refuse(a, 404, "ENDPOINT_NOT_FOUND", "no such endpoint");
}

/* ---- models ------------------------------------------------------------------------------------ */

static void set_alias(json_t *model, const char *alias, const json_t *version)
{
	json_t *aliases = json_object_get(model, "aliases"), *one;
	size_t i;
	json_array_foreach(aliases, i, one)
	{
		if (!strcmp(str(one, "alias"), alias)) {
			json_array_remove(aliases, i);
			break;
		}
	}
	if (version)
		json_array_append_new(aliases, json_pack("{s:s s:O}", "alias", alias, "version", version));
}

static json_t *version_of(mlflow_server *s, const request *r, size_t *at)
{
	json_t *v;
	for (*at = 0; (v = json_array_get(s->versions, *at)); ++*at)
		if (!strcmp(str(v, "name"), str(r->body, "name")) &&
			!strcmp(str(v, "version"), str(r->body, "version")))
			return v;
	return NULL;
}

static void version_create(mlflow_server *s, const request *r, answer *a)
{
	char number[16];
	int n = 1;
	size_t i;
	json_t *v;
	json_array_foreach(s->versions, i, v) n += !strcmp(str(v, "name"), str(r->body, "name"));
	snprintf(number, sizeof number, "%d", n);
	v = json_pack("{s:s s:s s:s s:s s:I s:I s:s s:[]}", "name", str(r->body, "name"), "version",
		number, "run_id", str(r->body, "run_id"), "source", str(r->body, "source"),
		"creation_timestamp", (json_int_t)(MLFLOW_START_MS + n), "last_updated_timestamp",
		(json_int_t)(MLFLOW_START_MS + n), "current_stage", "None", "tags");
	json_array_append(s->versions, v);
	put(a, json_pack("{s:o}", "model_version", v));
}

static void model_create(mlflow_server *s, const request *r, answer *a)
{
	const char *name = str(r->body, "name");
	if (named(s->models, NULL, "name", name)) {
		refuse(a, 400, "RESOURCE_ALREADY_EXISTS", "it exists");
		return;
	}
	json_t *m = json_pack("{s:s s:[] s:[] s:I}", "name", name, "aliases", "tags",
		"last_updated_timestamp", (json_int_t)MLFLOW_START_MS);
	json_array_append(s->models, m);
	put(a, json_pack("{s:o}", "registered_model", m));
}

static void on_version(mlflow_server *s, const request *r, answer *a)
{
	size_t at = 0;
	json_t *v = version_of(s, r, &at);
	if (!v) {
		none(a, "version");
		return;
	}
	if (strstr(r->path, "-tag")) {
		json_t *whole = json_pack("{s:{s:O}}", "data", "tags", json_object_get(v, "tags"));
		set_tag(whole, str(r->body, "key"),
			strstr(r->path, "set-") ? str(r->body, "value") : NULL);
		json_decref(whole);
	} else {
		json_array_remove(s->versions, at);
	}
	put(a, json_object());
}

static void on_models(mlflow_server *s, const request *r, answer *a)
{
	json_t *model = named(s->models, NULL, "name", str(r->body, "name"));
	if (!strcmp(r->path, "registered-models/search"))
		put(a, json_pack("{s:O}", "registered_models", s->models));
	else if (!strcmp(r->path, "model-versions/search") && !s->gitlab)
		put(a, json_pack("{s:O}", "model_versions", s->versions));
	else if (!strcmp(r->path, "registered-models/create"))
		model_create(s, r, a);
	else if (!strcmp(r->path, "model-versions/create"))
		version_create(s, r, a);
	else if (!strcmp(r->path, "registered-models/alias") && model) {
		set_alias(model, str(r->body, "alias"),
			strcmp(r->method, "DELETE") ? json_object_get(r->body, "version") : NULL);
		put(a, json_object());
	} else if (!strncmp(r->path, "model-versions/", 15))
		on_version(s, r, a);
	else
		none(a, "model");
}

/* ---- routes ------------------------------------------------------------------------------------ */

static void route(mlflow_server *s, const request *r, answer *a)
{
	json_t *e = json_pack("{s:[O]}", "experiments", s->experiment);
	if (!strncmp(r->path, PROXY, strlen(PROXY))) {
		const char *text = json_string_value(json_object_get(s->files, r->path + strlen(PROXY)));
		if (!text) {
			none(a, "artifact");
		} else {
			a->status = 200;
			a->is_file = true;
			bn_buf_adds(&a->text, text);
		}
	} else if (!strcmp(r->path, s->gitlab ? "experiments/list" : "experiments/search")) {
		put(a, json_incref(e));
	} else if (!strncmp(r->path, "runs/", 5)) {
		on_runs(s, r, a);
	} else if (!strcmp(r->path, "metrics/get-history")) {
		on_history(s, r, a);
	} else if (!strcmp(r->path, "artifacts/list")) {
		on_artifacts(s, r, a);
	} else if (strstr(r->path, "model")) {
		on_models(s, r, a);
	} else {
		refuse(a, 404, "ENDPOINT_NOT_FOUND", "no such endpoint");
	}
	json_decref(e);
}

static json_t *query_of(const bn_http_request *q)
{
	json_t *o = json_object();
	char *copy = strdup(q->query ? q->query : ""), *rest = copy, *pair;
	while ((pair = strsep(&rest, "&"))) {
		char *eq = strchr(pair, '=');
		if (!eq)
			continue;
		*eq = '\0';
		char value[1000];
		if (bn_http_request_field(q, pair, value, sizeof value))
			json_object_set_new(o, pair, json_string(value));
	}
	free(copy);
	return o;
}

/* 1: the fault has answered. */
static bool faulty(mlflow_server *s, const char *path, bn_exchange *x, int *slow_ms)
{
	bn_http_response *out = bn_exchange_response(x);
	for (int i = 0; i < s->fault_count; i++) {
		const mlflow_fault *f = &s->faults[i];
		if ((f->path && !strstr(path, f->path)) || (f->times && s->used[i] >= f->times))
			continue;
		s->used[i]++;
		if (f->act == MLFLOW_SLOW) {
			*slow_ms = f->status;
			return false;
		}
		out->status = f->act == MLFLOW_ANSWER ? f->status : 200;
		out->content_type = "application/json";
		bn_buf_adds(&out->body, f->act == MLFLOW_GARBAGE ? "<html>not JSON"
					: f->body               ? f->body
								: "{}");
		if (f->retry_after)
			bn_http_response_add(out, "Retry-After", f->retry_after, NULL);
		if (f->act == MLFLOW_CUT) { /* it announces more than it sends */
			bn_http_response_clear(out);
			out->status = 200;
			out->content_type = "application/json";
			out->source = (bn_http_source){.read = NULL};
		}
		return true;
	}
	return false;
}

static ssize_t cut_read(void *user, void *out, size_t size)
{
	bool *began = user;
	if (*began || size < 4)
		return BN_HTTP_SOURCE_BROKEN;
	*began = true;
	memcpy(out, "{\"ru", 4);
	return 4;
}

static int handle(void *user, bn_exchange *x)
{
	mlflow_server *s = user;
	const bn_http_request *q = bn_exchange_request(x);
	bn_http_response *out = bn_exchange_response(x);
	answer a = {.text = BN_BUF_INIT};
	int slow_ms = 0;
	request r = {.method = q->method, .path = q->path};
	if (!strncmp(r.path, API, strlen(API)))
		r.path += strlen(API);
	pthread_mutex_lock(&s->lock);
	if (s->call_count < MOST) {
		call *c = &s->calls[s->call_count++];
		snprintf(c->path, sizeof c->path, "%s", q->path);
		c->body = q->body ? strndup(q->body, q->body_len) : strdup("");
	}
	if (s->token && !bn_http_has_bearer(q, s->token)) {
		refuse(&a, 401, "UNAUTHENTICATED", "a token is needed");
	} else if (faulty(s, q->path, x, &slow_ms)) {
		if (!out->body.len) {
			static bool began;
			began = false;
			out->source = (bn_http_source){.read = cut_read, .user = &began, .length = 4000};
		}
		pthread_mutex_unlock(&s->lock);
		return 0;
	} else {
		r.body = q->body_len ? json_loadb(q->body, q->body_len, 0, NULL) : query_of(q);
		route(s, &r, &a);
		json_decref(r.body);
	}
	pthread_mutex_unlock(&s->lock);
	if (slow_ms)
		nanosleep(&(struct timespec){slow_ms / 1000, slow_ms % 1000 * 1000000L}, NULL);
	out->status = a.status;
	out->content_type = a.is_file ? "application/octet-stream" : "application/json";
	bn_buf_add(&out->body, a.text.ptr, a.text.len);
	bn_buf_release(&a.text);
	return 0;
}

/* ---- life -------------------------------------------------------------------------------------- */

void mlflow_server_again(mlflow_server *s)
{
	bn_err err = BN_ERR_INIT;
	const bn_listener_options o = {.host = "127.0.0.1",
		.port = s->port,
		.threads = 2,
		.handler = {.handle = handle, .user = s}};
	ck_assert_bn_ok(bn_listener_start(&s->listener, bn_env_real(), &o, &err), &err);
	s->port = bn_listener_port(s->listener);
}

void mlflow_server_stop(mlflow_server *s)
{
	bn_listener_stop(s->listener, 0);
	s->listener = NULL;
}

mlflow_server *mlflow_server_start(void)
{
	mlflow_server *s = calloc(1, sizeof *s);
	ck_assert_ptr_nonnull(s);
	pthread_mutex_init(&s->lock, NULL);
	s->experiment = json_pack("{s:s s:s s:s s:I}", "experiment_id", "1", "name", "exp",
		"lifecycle_stage", "active", "creation_time", (json_int_t)MLFLOW_START_MS);
	s->runs = json_array();
	s->histories = json_object();
	s->models = json_array();
	s->versions = json_array();
	s->files = json_object();
	mlflow_server_again(s);
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
	return s;
}

void mlflow_server_free(mlflow_server *s)
{
	bn_listener_stop(s->listener, 0);
	json_decref(s->experiment);
	json_decref(s->runs);
	json_decref(s->histories);
	json_decref(s->models);
	json_decref(s->versions);
	json_decref(s->files);
	for (int i = 0; i < s->call_count; i++)
		free(s->calls[i].body);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *mlflow_server_url(const mlflow_server *s)
{
	return s->url;
}

void mlflow_server_pages(mlflow_server *s, size_t runs)
{
	s->page = runs;
}

void mlflow_server_token(mlflow_server *s, const char *token)
{
	s->token = token;
}

void mlflow_server_is_gitlab(mlflow_server *s)
{
	s->gitlab = true;
}

void mlflow_server_fault(mlflow_server *s, const mlflow_fault *fault)
{
	pthread_mutex_lock(&s->lock);
	ck_assert_int_lt(s->fault_count, 16);
	s->used[s->fault_count] = 0;
	s->faults[s->fault_count++] = *fault;
	pthread_mutex_unlock(&s->lock);
}

void mlflow_server_heal(mlflow_server *s)
{
	pthread_mutex_lock(&s->lock);
	s->fault_count = 0;
	pthread_mutex_unlock(&s->lock);
}

/* ---- its data ---------------------------------------------------------------------------------- */

const char *mlflow_server_id(int run)
{
	static char ids[4][33];
	static unsigned next;
	char *id = ids[next++ % 4];
	snprintf(id, 33, "%032x", 0xabc0000u + (unsigned)run);
	return id;
}

static void point_add(mlflow_server *s, json_t *run, const char *key, int64_t step, double value)
{
	char at[200];
	const char *id = str(json_object_get(run, "info"), "run_id");
	json_t *list = json_object_get(json_object_get(run, "data"), "metrics");
	json_t *p = json_pack("{s:s s:I s:I}", "key", key, "step", (json_int_t)step, "timestamp",
		(json_int_t)(MLFLOW_START_MS + 1000 * step));
	json_object_set_new(p, "value", isnan(value) ? json_string("NaN") : json_real(value));
	size_t i;
	json_t *old;
	json_array_foreach(list, i, old)
	{
		if (!strcmp(str(old, "key"), key)) {
			json_array_remove(list, i);
			break;
		}
	}
	json_array_append(list, p);
	snprintf(at, sizeof at, "%s/%s", id, key);
	if (!json_object_get(s->histories, at))
		json_object_set_new(s->histories, at, json_array());
	json_array_append_new(json_object_get(s->histories, at), p);
}

int mlflow_server_run(mlflow_server *s, const char *name, const char *status, const char *params,
	const char *metrics)
{
	char copy[1000], *rest = copy, *pair, uri[100];
	pthread_mutex_lock(&s->lock);
	int n = (int)json_array_size(s->runs);
	int64_t start = MLFLOW_START_MS + 60000 * (int64_t)n;
	snprintf(uri, sizeof uri, "mlflow-artifacts:/%s", mlflow_server_id(n));
	json_t *run = json_pack("{s:{s:s s:s s:s s:s s:s s:I s:s s:s} s:{s:[] s:[] s:[]}}", "info",
		"run_id", mlflow_server_id(n), "experiment_id", "1", "run_name", name, "status", status,
		"user_id", "ada", "start_time", (json_int_t)start, "lifecycle_stage", "active",
		"artifact_uri", uri, "data", "params", "metrics", "tags");
	if (strcmp(status, "RUNNING") != 0)
		json_object_set_new(
			json_object_get(run, "info"), "end_time", json_integer(start + 30000));
	snprintf(copy, sizeof copy, "%s", params);
	while ((pair = strsep(&rest, " "))) {
		char *eq = strchr(pair, '=');
		if (eq) {
			*eq = '\0';
			json_array_append_new(json_object_get(json_object_get(run, "data"), "params"),
				json_pack("{s:s s:s}", "key", pair, "value", eq + 1));
		}
	}
	snprintf(copy, sizeof copy, "%s", metrics);
	for (rest = copy; (pair = strsep(&rest, " "));) {
		char *eq = strchr(pair, '=');
		int64_t step = 0;
		for (char *v = eq ? eq + 1 : NULL; v; v = strchr(v, ',') ? strchr(v, ',') + 1 : NULL) {
			if (eq)
				*eq = '\0';
			point_add(s, run, pair, step++, strtod(v, NULL));
		}
	}
	json_array_append_new(s->runs, run);
	pthread_mutex_unlock(&s->lock);
	return n;
}

static json_t *run_at(mlflow_server *s, int run)
{
	return named(s->runs, "info", "run_id", mlflow_server_id(run));
}

void mlflow_server_set(mlflow_server *s, int run, const char *field, const char *value)
{
	pthread_mutex_lock(&s->lock);
	json_object_set_new(json_object_get(run_at(s, run), "info"), field, json_string(value));
	pthread_mutex_unlock(&s->lock);
}

void mlflow_server_set_tag(mlflow_server *s, int run, const char *key, const char *value)
{
	pthread_mutex_lock(&s->lock);
	set_tag(run_at(s, run), key, value);
	pthread_mutex_unlock(&s->lock);
}

void mlflow_server_point(mlflow_server *s, int run, const char *key, int64_t step, double value)
{
	pthread_mutex_lock(&s->lock);
	point_add(s, run_at(s, run), key, step, value);
	pthread_mutex_unlock(&s->lock);
}

void mlflow_server_forget(mlflow_server *s, int run)
{
	size_t i;
	json_t *r;
	pthread_mutex_lock(&s->lock);
	json_array_foreach(s->runs, i, r)
	{
		if (r == run_at(s, run)) {
			json_array_remove(s->runs, i);
			break;
		}
	}
	pthread_mutex_unlock(&s->lock);
}

void mlflow_server_file(mlflow_server *s, int run, const char *path, const char *text)
{
	char key[400];
	snprintf(key, sizeof key, "%s/%s", mlflow_server_id(run), path);
	pthread_mutex_lock(&s->lock);
	json_object_set_new(s->files, key, json_string(text));
	pthread_mutex_unlock(&s->lock);
}

void mlflow_server_rename_experiment(mlflow_server *s, const char *name)
{
	pthread_mutex_lock(&s->lock);
	json_object_set_new(s->experiment, "name", json_string(name));
	pthread_mutex_unlock(&s->lock);
}

int mlflow_server_count(mlflow_server *s, const char *path)
{
	int n = 0;
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < s->call_count; i++)
		n += strstr(s->calls[i].path, path) != NULL;
	pthread_mutex_unlock(&s->lock);
	return n;
}

const char *mlflow_server_last(mlflow_server *s, const char *path)
{
	const char *body = "";
	pthread_mutex_lock(&s->lock);
	for (int i = s->call_count; i-- > 0 && !*body;)
		if (strstr(s->calls[i].path, path))
			body = s->calls[i].body;
	pthread_mutex_unlock(&s->lock);
	return body;
}

const char *mlflow_server_tag(mlflow_server *s, int run, const char *key)
{
	pthread_mutex_lock(&s->lock);
	const char *value = tag_of(run_at(s, run), key);
	pthread_mutex_unlock(&s->lock);
	return value;
}
