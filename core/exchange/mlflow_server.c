/*
 * mlflow_server.c - an MLflow tracking server as a source of runs, ours and GitLab's endpoint included: see _source.h.
 *
 * Artifacts come through the server's proxy (mlflow-artifacts:), from a root that the user named, or else through the
 * server's own reading of the run's artifacts (artifacts/list, get-artifact), whatever store they are in. A server without
 * histories (GitLab) gives the last point of each metric, and that is said.
 */
#include "core/exchange/_roots.h"
#include "core/mlflow/client.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/runlog.h"

#include <string.h>

#define PROXY "/api/2.0/mlflow-artifacts/artifacts"
#define DEPTH_MAX 64
#define HISTORY_PAGE 25000

typedef struct server {
	bn_src base;
	bn_mlflow_client *client;
	bn_src_roots roots;
	json_t *experiments; /* {id: name} */
	bool no_history;
} server;

/* ---- pieces ----------------------------------------------------------------------------------- */

/* [{"key","value"}] as {key: value}. New reference. */
static json_t *words_of(const json_t *list)
{
	json_t *out = json_object(), *item;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		const char *key = bn_json_str(item, "key", NULL);
		if (out && key)
			json_object_set_new(out, key, json_string(bn_json_str(item, "value", "")));
	}
	return out;
}

static int64_t integer_of(const json_t *o, const char *key)
{
	int64_t n;
	return bn_mlflow_integer(json_object_get(o, key), &n) ? n : -1;
}

static const char *experiment_name(const server *s, const json_t *info)
{
	return bn_json_str(s->experiments, bn_json_str(info, "experiment_id", ""), "Default");
}

static json_t *experiment_ids(const server *s)
{
	json_t *ids = json_array(), *v;
	const char *id;
	json_object_foreach(s->experiments, id, v) json_array_append_new(ids, json_string(id));
	return ids;
}

/* ---- experiments ------------------------------------------------------------------------------ */

typedef struct experiment_sink {
	server *s;
	bn_src_each_experiment *each;
	void *user;
} experiment_sink;

static int on_experiment(void *user, const json_t *item, bn_err *err)
{
	experiment_sink *k = user;
	const bn_src_experiment plain = {.id = bn_json_str(item, "experiment_id", NULL),
		.name = bn_json_str(item, "name", NULL),
		.artifact_location = bn_json_str(item, "artifact_location", NULL),
		.created_ms = integer_of(item, "creation_time"),
		.updated_ms = integer_of(item, "last_update_time"),
		.removed = !strcmp(bn_json_str(item, "lifecycle_stage", ""), "deleted")};
	bn_src_experiment e = plain;
	if (!e.id || !e.name) {
		bn_err why = BN_ERR_INIT;
		bn_err_set(&why, BN_EINVAL, "it has no id or no name");
		bn_exchange_unreadable(k->s->base.report, "experiment", &why, "%s",
			bn_mlflow_address(k->s->client));
		return 0;
	}
	json_t *tags = words_of(json_object_get(item, "tags"));
	e.tags = tags;
	int rc = tags && json_object_set_new(k->s->experiments, e.id, json_string(e.name)) == 0
			 ? k->each(k->user, &e, err)
			 : bn_err_nomem(err, "an experiment");
	json_decref(tags);
	return rc;
}

static int server_experiments(bn_src *src, bn_src_each_experiment *each, void *user, bn_err *err)
{
	experiment_sink k = {(server *)src, each, user};
	json_t *body = json_pack("{si ss}", "max_results", 1000, "view_type", "ALL");
	const bn_mlflow_request r = {
		.path = "experiments/search", .body = body, .repeatable = true};
	const bn_mlflow_request list = {.path = "experiments/list"};
	bn_err why = BN_ERR_INIT;
	int rc = body ? bn_mlflow_list(k.s->client, &r, "experiments", on_experiment, &k, &why)
		      : bn_err_nomem(&why, "a request");
	json_decref(body);
	if (rc != BN_EUNSUPPORTED)
		return rc < 0 ? bn_err_move(err, &why) : rc;
	return bn_mlflow_list(
		k.s->client, &list, "experiments", on_experiment, &k, err); /* GitLab */
}

/* ---- runs ------------------------------------------------------------------------------------- */

typedef struct run_sink {
	server *s;
	bn_src_each_run *each;
	void *user;
} run_sink;

static json_t *datasets_of(const json_t *inputs)
{
	json_t *out = json_array(), *item;
	size_t i;
	json_array_foreach(json_object_get(inputs, "dataset_inputs"), i, item)
	{
		json_t *d = json_object_get(item, "dataset");
		if (!json_is_object(d))
			continue;
		d = json_copy(d);
		json_object_set_new(d, "tags", words_of(json_object_get(item, "tags")));
		json_array_append_new(out, d);
	}
	return out;
}

static json_t *models_of(const json_t *links, const char *list, bool steps)
{
	json_t *out = json_array(), *item;
	size_t i;
	json_array_foreach(json_object_get(links, list), i, item)
	{
		const char *id = bn_json_str(item, "model_id", NULL);
		int64_t step = integer_of(item, "step");
		if (id && steps)
			json_array_append_new(out, json_pack("{ss sI}", "id", id, "step",
							   (json_int_t)(step < 0 ? 0 : step)));
		else if (id)
			json_array_append_new(out, json_string(id));
	}
	return out;
}

/* The path of a URI that the proxy serves; NULL: it does not. */
static const char *proxy_path(const server *s, const char *uri)
{
	const char *tail;
	if (bn_str_starts(uri, "mlflow-artifacts:")) {
		tail = uri + strlen("mlflow-artifacts:");
		if (!strncmp(tail, "//", 2))
			tail = strchr(tail + 2, '/');
		return tail ? tail + strspn(tail, "/") : NULL;
	}
	if (!strstr(uri, "://") || !bn_http_url_same_origin(uri, bn_mlflow_address(s->client)) ||
		!(tail = strstr(uri, "/mlflow-artifacts/artifacts")))
		return NULL;
	tail += strlen("/mlflow-artifacts/artifacts");
	return tail + strspn(tail, "/");
}

/* "P:PATH" of the proxy, "N:PATH" of a root, "R:RUN" otherwise. */
static char *files_of(const server *s, const char *uri, const char *id, bool is_run)
{
	const char *path = uri ? proxy_path(s, uri) : NULL;
	if (path)
		return bn_strf("P:%s", path);
	char *files = bn_src_roots_find(&s->roots, uri, id);
	if (!files && is_run)
		files = bn_strf("R:%s", id);
	return files;
}

static int yield_run(run_sink *k, const json_t *run, bn_err *err)
{
	const json_t *info = json_object_get(run, "info"), *data = json_object_get(run, "data"),
		     *in = json_object_get(run, "inputs"), *out = json_object_get(run, "outputs");
	const char *id = bn_json_str(info, "run_id", bn_json_str(info, "run_uuid", NULL));
	json_t *params = words_of(json_object_get(data, "params")),
	       *tags = words_of(json_object_get(data, "tags")), *datasets = datasets_of(in),
	       *inputs = models_of(in, "model_inputs", false),
	       *outputs = models_of(out, "model_outputs", true);
	char *files = id ? files_of(k->s, bn_json_str(info, "artifact_uri", NULL), id, true) : NULL;
	int rc = params && tags && datasets && inputs && outputs ? 0 : bn_err_nomem(err, "a run");
	if (rc < 0)
		goto out;
	if (!id) {
		bn_err why = BN_ERR_INIT;
		bn_err_set(&why, BN_EINVAL, "it has no run_id");
		bn_exchange_unreadable(
			k->s->base.report, "run", &why, "%s", bn_mlflow_address(k->s->client));
		goto out;
	}
	const bn_src_run r = {.id = id,
		.identity = bn_run_id_is_valid(id) ? NULL : id,
		.experiment = experiment_name(k->s, info),
		.name = bn_json_str(info, "run_name", bn_json_str(tags, "mlflow.runName", NULL)),
		.user = bn_json_str(info, "user_id", NULL),
		.status = bn_json_str(info, "status", NULL),
		.start_ms = integer_of(info, "start_time"),
		.end_ms = integer_of(info, "end_time"),
		.removed = !strcmp(bn_json_str(info, "lifecycle_stage", ""), "deleted"),
		.parent = bn_json_str(tags, "mlflow.parentRunId", NULL),
		.title = bn_json_str(tags, "mlflow.source.name", NULL),
		.note = bn_json_str(tags, "mlflow.note.content", NULL),
		.params = params,
		.tags = tags,
		.datasets = datasets,
		.input_models = inputs,
		.output_models = outputs,
		.files = files,
		.own = (void *)(uintptr_t)data};
	rc = k->each(k->user, &r, err);
out:
	json_decref(params);
	json_decref(tags);
	json_decref(datasets);
	json_decref(inputs);
	json_decref(outputs);
	bn_free(files);
	return rc;
}

static int on_run(void *user, const json_t *item, bn_err *err)
{
	return yield_run(user, item, err);
}

static int server_runs(bn_src *src, bn_src_each_run *each, void *user, bn_err *err)
{
	run_sink k = {(server *)src, each, user};
	const char *id;
	json_t *v;
	int rc = 0;
	/* An experiment at a time: a server may limit how many ids a request has. */
	json_object_foreach(k.s->experiments, id, v)
	{
		json_t *body = json_pack("{s[s] ss si}", "experiment_ids", id, "run_view_type",
			"ALL", "max_results", 200);
		const bn_mlflow_request r = {
			.path = "runs/search", .body = body, .repeatable = true};
		rc = body ? bn_mlflow_list(k.s->client, &r, "runs", on_run, &k, err)
			  : bn_err_nomem(err, "a request");
		json_decref(body);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- points ------------------------------------------------------------------------------------ */

static int add_point(bn_metric_set *set, const char *key, const json_t *item, bn_err *err)
{
	double value;
	int64_t ms = integer_of(item, "timestamp"), step = 0;
	bn_mlflow_integer(json_object_get(item, "step"), &step);
	if (!bn_mlflow_number(json_object_get(item, "value"), &value))
		value = 0; /* protobuf's JSON leaves a zero out */
	return bn_metric_set_add(set, key, step, ms < 0 ? 0 : ms, value) < 0
		       ? bn_err_nomem(err, "points")
		       : 0;
}

typedef struct point_sink {
	bn_metric_set set;
	const char *key;
} point_sink;

static int on_point(void *user, const json_t *item, bn_err *err)
{
	point_sink *p = user;
	return add_point(&p->set, p->key, item, err);
}

static int read_history(
	server *s, const char *run, const char *key, const json_t *last, point_sink *p, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	json_t *query = json_pack(
		"{ss ss si}", "run_id", run, "metric_key", key, "max_results", HISTORY_PAGE);
	const bn_mlflow_request r = {.path = "metrics/get-history", .query = query};
	int rc = BN_EUNSUPPORTED;
	if (!s->no_history)
		rc = query ? bn_mlflow_list(s->client, &r, "metrics", on_point, p, &why)
			   : bn_err_nomem(&why, "a request");
	json_decref(query);
	if (rc != BN_EUNSUPPORTED)
		return rc < 0 ? bn_err_move(err, &why) : rc;
	s->no_history = true;
	bn_exchange_leave_out(s->base.report, "history of a metric",
		"the server has none: its last point alone is kept", "run %s metric '%s'", run,
		key);
	return add_point(&p->set, key, last, err);
}

static int server_series(
	bn_src *src, const bn_src_run *run, bn_src_each_series *each, void *user, bn_err *err)
{
	server *s = (server *)src;
	const json_t *data = run->own;
	json_t *item, *seen = json_object();
	size_t i;
	int rc = seen ? 0 : bn_err_nomem(err, "metrics");
	json_array_foreach(json_object_get(data, "metrics"), i, item)
	{
		const char *key = bn_json_str(item, "key", NULL);
		point_sink p = {BN_METRIC_SET_INIT, key};
		if (rc < 0 || !key || json_object_get(seen, key))
			continue;
		json_object_set_new(seen, key, json_true());
		if ((rc = read_history(s, run->id, key, item, &p, err)) >= 0 && p.set.count)
			rc = each(user, &p.set.items[0], err);
		bn_metric_set_release(&p.set);
	}
	json_decref(seen);
	return rc;
}

/* ---- files ------------------------------------------------------------------------------------ */

/* Percent-encodes a path, whose slashes stay. */
static void add_path(bn_buf *out, const char *path)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		char *part = bn_strndup(p, n);
		if (!part) {
			out->failed = true;
			return;
		}
		bn_http_url_add(out, part);
		bn_free(part);
		p += n;
		if (*p)
			bn_buf_addch(out, *p++);
	}
}

typedef struct file_sink {
	server *s;
	const char *files;
	const char *dir; /* that is listed, below the root: "" or "model" */
	int depth;
	bn_src_each_file *each;
	void *user;
} file_sink;

static int list_dir(const file_sink *k, bn_err *err);

/* The proxy names files by their last component, artifacts/list by their path. */
static int on_file(void *user, const json_t *item, bn_err *err)
{
	file_sink *k = user;
	const char *name = bn_path_base(bn_json_str(item, "path", ""));
	int64_t size = integer_of(item, "file_size");
	int rc = 0;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	char *path = *k->dir ? bn_strf("%s/%s", k->dir, name) : bn_strdup(name);
	if (!path)
		return bn_err_nomem(err, "a path");
	if (!bn_json_bool(item, "is_dir", false)) {
		const bn_src_file f = {path, size < 0 ? 0 : (uint64_t)size, -1};
		rc = k->each(k->user, &f, err);
	} else if (k->depth >= DEPTH_MAX) {
		bn_exchange_leave_out(k->s->base.report, "artifact",
			"directories are nested too deep", "%s/%s", k->files, path);
	} else {
		file_sink below = *k;
		below.dir = path;
		below.depth++;
		rc = list_dir(&below, err);
	}
	bn_free(path);
	return rc;
}

static int list_dir(const file_sink *k, bn_err *err)
{
	file_sink sink = *k;
	const char *root = k->files + 2;
	json_t *query;
	bn_mlflow_request r = {.path = PROXY};
	char *path = NULL;
	if (k->files[0] == 'P') {
		path = bn_strf("%s%s%s", root, *root && *k->dir ? "/" : "", k->dir);
		query = path ? json_pack("{ss}", "path", path) : NULL;
	} else {
		query = json_pack("{ss}", "run_id", root);
		if (*k->dir)
			json_object_set_new(query, "path", json_string(k->dir));
		r.path = "artifacts/list";
	}
	r.query = query;
	int rc = query ? bn_mlflow_list(k->s->client, &r, "files", on_file, &sink, err)
		       : bn_err_nomem(err, "a request");
	json_decref(query);
	bn_free(path);
	return rc;
}

static int server_files(
	bn_src *src, const char *files, bn_src_each_file *each, void *user, bn_err *err)
{
	server *s = (server *)src;
	const file_sink k = {s, files, "", 0, each, user};
	bn_err why = BN_ERR_INIT;
	if (files[0] != 'P' && files[0] != 'R')
		return bn_src_roots_files(&s->roots, src, files, each, user, err);
	int rc = list_dir(&k, &why);
	if (rc >= 0)
		return rc;
	if (rc == BN_ENOTFOUND || rc == BN_EUNSUPPORTED || rc == BN_EINVAL ||
		bn_mlflow_status(s->client) >= 500) {
		if (rc != BN_ENOTFOUND) /* a run without artifacts may have no directory */
			bn_exchange_unreadable(
				s->base.report, "list of artifacts", &why, "%s", files + 2);
		return 0;
	}
	return bn_err_move(err, &why);
}

static int server_read(bn_src *src, const char *files, const char *path, bn_src_write *write,
	void *user, bn_err *err)
{
	server *s = (server *)src;
	bn_buf target = BN_BUF_INIT;
	bn_http_call call = {.to = {.kind = BN_HTTP_TO_CALLBACK, .write = write, .user = user}};
	if (files[0] != 'P' && files[0] != 'R')
		return bn_src_roots_read(&s->roots, files, path, write, user, err);
	if (files[0] == 'P') {
		bn_buf_adds(&target, PROXY "/");
		add_path(&target, files + 2);
		bn_buf_addch(&target, '/');
		add_path(&target, path);
	} else {
		bn_buf_adds(&target, "/get-artifact?run_uuid=");
		bn_http_url_add(&target, files + 2);
		bn_buf_adds(&target, "&path=");
		bn_http_url_add(&target, path);
	}
	int rc = bn_buf_check(&target, err, "a URL");
	if (rc >= 0)
		rc = bn_mlflow_call(NULL, s->client, &call, target.ptr, NULL, err);
	bn_buf_release(&target);
	return rc;
}

/* ---- logged models ---------------------------------------------------------------------------- */

typedef struct logged_sink {
	server *s;
	bn_src_each_logged_model *each;
	void *user;
} logged_sink;

static const char *logged_status(const json_t *info)
{
	const char *text = bn_json_str(info, "status", "");
	if (!strcmp(text, "LOGGED_MODEL_READY"))
		return "READY";
	return !strcmp(text, "LOGGED_MODEL_UPLOAD_FAILED") ? "FAILED" : "PENDING";
}

static int on_logged(void *user, const json_t *item, bn_err *err)
{
	logged_sink *k = user;
	const json_t *info = json_object_get(item, "info"), *data = json_object_get(item, "data");
	const char *id = bn_json_str(info, "model_id", NULL),
		   *uri = bn_json_str(info, "artifact_uri", NULL);
	json_t *params = words_of(json_object_get(data, "params")),
	       *tags = words_of(json_object_get(info, "tags"));
	char *files = id ? files_of(k->s, uri, id, false) : NULL;
	int rc = params && tags ? 0 : bn_err_nomem(err, "a model");
	if (rc < 0 || !id)
		goto out;
	const bn_src_logged_model m = {.id = id,
		.name = bn_json_str(info, "name", NULL),
		.experiment = experiment_name(k->s, info),
		.status = logged_status(info),
		.type = bn_json_str(info, "model_type", NULL),
		.run = bn_json_str(info, "source_run_id", NULL),
		.location = uri,
		.created_ms = integer_of(info, "creation_timestamp_ms"),
		.updated_ms = integer_of(info, "last_updated_timestamp_ms"),
		.params = params,
		.tags = tags,
		.metrics = json_object_get(data, "metrics"),
		.files = files};
	rc = k->each(k->user, &m, err);
out:
	json_decref(params);
	json_decref(tags);
	bn_free(files);
	return rc;
}

static int server_logged_models(
	bn_src *src, bn_src_each_logged_model *each, void *user, bn_err *err)
{
	logged_sink k = {(server *)src, each, user};
	bn_err why = BN_ERR_INIT;
	json_t *body =
		json_pack("{so si}", "experiment_ids", experiment_ids(k.s), "max_results", 50);
	const bn_mlflow_request r = {
		.path = "logged-models/search", .body = body, .repeatable = true};
	int rc = body ? bn_mlflow_list(k.s->client, &r, "models", on_logged, &k, &why)
		      : bn_err_nomem(&why, "a request");
	json_decref(body);
	if (rc == BN_EUNSUPPORTED || rc == BN_ENOTFOUND) /* before MLflow 3 */
		return 0;
	return rc < 0 ? bn_err_move(err, &why) : rc;
}

/* ---- the registry ------------------------------------------------------------------------------- */

typedef struct model_sink {
	server *s;
	bn_src_each_model *each;
	bn_src_each_version *version;
	void *user;
	json_t *versions;
} model_sink;

static int on_version(void *user, const json_t *item, bn_err *err)
{
	model_sink *k = user;
	/* newest first; they are yielded in ascending order */
	return json_array_insert(k->versions, 0, (json_t *)(uintptr_t)item) < 0
		       ? bn_err_nomem(err, "versions")
		       : 0;
}

static int yield_version(model_sink *k, const char *name, const json_t *item, bn_err *err)
{
	json_t *tags = words_of(json_object_get(item, "tags"));
	const char *source = bn_json_str(item, "source", NULL);
	char *files = source ? files_of(k->s, source, NULL, false) : NULL;
	const bn_src_version v = {.name = name,
		.version = integer_of(item, "version"),
		.description = bn_json_str(item, "description", NULL),
		.user = bn_json_str(item, "user_id", NULL),
		.stage = bn_json_str(item, "current_stage", NULL),
		.source = source,
		.run = bn_json_str(item, "run_id", NULL),
		.run_link = bn_json_str(item, "run_link", NULL),
		.status = bn_json_str(item, "status", NULL),
		.created_ms = integer_of(item, "creation_timestamp"),
		.updated_ms = integer_of(item, "last_updated_timestamp"),
		.tags = tags,
		.files = files};
	int rc = tags ? k->version(k->user, &v, err) : bn_err_nomem(err, "a version");
	json_decref(tags);
	bn_free(files);
	return rc;
}

static int on_model(void *user, const json_t *item, bn_err *err)
{
	model_sink *k = user;
	const char *name = bn_json_str(item, "name", NULL);
	json_t *tags = words_of(json_object_get(item, "tags")), *aliases = json_object(),
	       *query = NULL, *v;
	size_t i;
	int rc = tags && aliases && (k->versions = json_array()) ? 0 : bn_err_nomem(err, "a model");
	if (rc < 0 || !name)
		goto out;
	json_array_foreach(json_object_get(item, "aliases"), i, v) json_object_set(
		aliases, bn_json_str(v, "alias", ""), json_object_get(v, "version"));
	const bn_src_model m = {.name = name,
		.description = bn_json_str(item, "description", NULL),
		.created_ms = integer_of(item, "creation_timestamp"),
		.updated_ms = integer_of(item, "last_updated_timestamp"),
		.tags = tags,
		.aliases = aliases};
	if ((rc = k->each(k->user, &m, err)) < 0)
		goto out;
	char *filter = bn_strf("name='%s'", name);
	query = json_pack("{ss si}", "filter", filter ? filter : "", "max_results", 1000);
	bn_free(filter);
	const bn_mlflow_request r = {.path = "model-versions/search", .query = query};
	rc = query ? bn_mlflow_list(k->s->client, &r, "model_versions", on_version, k, err)
		   : bn_err_nomem(err, "a request");
	json_array_foreach(k->versions, i, v)
	{
		if (rc < 0 || (rc = yield_version(k, name, v, err)) < 0)
			break;
	}
out:
	json_decref(k->versions);
	k->versions = NULL;
	json_decref(query);
	json_decref(tags);
	json_decref(aliases);
	return rc;
}

static int server_models(
	bn_src *src, bn_src_each_model *each, bn_src_each_version *version, void *user, bn_err *err)
{
	model_sink k = {.s = (server *)src, .each = each, .version = version, .user = user};
	bn_err why = BN_ERR_INIT;
	json_t *query = json_pack("{si}", "max_results", 100);
	const bn_mlflow_request r = {.path = "registered-models/search", .query = query};
	int rc = query ? bn_mlflow_list(k.s->client, &r, "registered_models", on_model, &k, &why)
		       : bn_err_nomem(&why, "a request");
	json_decref(query);
	if (rc == BN_EUNSUPPORTED)
		return 0;
	return rc < 0 ? bn_err_move(err, &why) : rc;
}

/* ---- the source --------------------------------------------------------------------------------- */

static void server_close(bn_src *src)
{
	server *s = (server *)src;
	bn_mlflow_close(s->client);
	bn_src_roots_close(&s->roots);
	json_decref(s->experiments);
	bn_free(s);
}

static const bn_src_ops server_ops = {
	.kind = "mlflow server",
	.source = "mlflow",
	.experiments = server_experiments,
	.runs = server_runs,
	.series = server_series,
	.files = server_files,
	.read = server_read,
	.logged_models = server_logged_models,
	.models = server_models,
	.close = server_close,
};

static int server_open(bn_src **out, bn_src_place *place, const bn_import_options *options,
	bn_exchange_report *report, bn_err *err)
{
	server *s = bn_alloc_zeroed(1, sizeof *s);
	int rc;
	if (!s)
		return bn_err_nomem(err, "a source");
	s->base = (bn_src){&server_ops, place->env, report, options};
	if ((rc = bn_src_roots_open(&s->roots, place->env, NULL, options, err)) < 0 ||
		(rc = bn_mlflow_open(&s->client, place->env, place->path, options->access, err)) <
			0)
		goto out;
	if (!(s->experiments = json_object())) {
		rc = bn_err_nomem(err, "experiments");
		goto out;
	}
	*out = &s->base;
	return 0;
out:
	server_close(&s->base);
	return rc;
}

const bn_src_kind bn_src_mlflow_server = {"an MLflow server", NULL, server_open};
