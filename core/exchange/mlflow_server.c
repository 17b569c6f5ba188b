/*
 * mlflow_server.c - an MLflow tracking server as a source of runs, ours and GitLab's endpoint included: see _source.h.
 *
 * Artifacts: mlflow_server_files.c. A server without histories (GitLab) gives the last point of each metric, and that is
 * said.
 */
#include "core/exchange/_mlflow_server.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/model.h"
#include "core/run/runlog.h"

#include <string.h>

#define HISTORY_PAGE 25000
#define MOST_POINTS 20000000 /* of one metric: a server that goes on for ever ends there */

typedef bn_mlflow_server server;

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

int bn_mlflow_server_list(server *s, const bn_mlflow_request *r, const char *list,
	bn_mlflow_each *each, void *user, bn_err *err)
{
	int rc = bn_mlflow_list(s->client, r, list, each, user, err);
	size_t odd = bn_mlflow_take_odd(s->client);
	if (odd)
		bn_exchange_leave_out(s->base.report, "item", "it is not a JSON object",
			"%zu in the answers of %s", odd, r->path);
	return rc;
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
	int rc = body ? bn_mlflow_server_list(k.s, &r, "experiments", on_experiment, &k, &why)
		      : bn_err_nomem(&why, "a request");
	json_decref(body);
	if (rc != BN_EUNSUPPORTED)
		return rc < 0 ? bn_err_move(err, &why) : rc;
	return bn_mlflow_server_list(
		k.s, &list, "experiments", on_experiment, &k, err); /* GitLab */
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

static int yield_run(run_sink *k, const json_t *run, bn_err *err)
{
	const json_t *info = json_object_get(run, "info"), *data = json_object_get(run, "data"),
		     *in = json_object_get(run, "inputs"), *out = json_object_get(run, "outputs");
	const char *id = bn_json_str(info, "run_id", bn_json_str(info, "run_uuid", NULL));
	json_t *params = words_of(json_object_get(data, "params")),
	       *tags = words_of(json_object_get(data, "tags")), *datasets = datasets_of(in),
	       *inputs = models_of(in, "model_inputs", false),
	       *outputs = models_of(out, "model_outputs", true);
	char *files = id ? bn_mlflow_server_run_files(k->s, bn_json_str(info, "artifact_uri", NULL), id) : NULL;
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
		rc = body ? bn_mlflow_server_list(k.s, &r, "runs", on_run, &k, err)
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
	if (p->set.points >= MOST_POINTS)
		return bn_err_set(err, BN_EREFUSED, "metric '%.80s' has more than %d points",
			p->key, MOST_POINTS);
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
		rc = query ? bn_mlflow_server_list(s, &r, "metrics", on_point, p, &why)
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
	char *files = id ? bn_mlflow_server_model_files(k->s, uri, id) : NULL;
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
	int rc = body ? bn_mlflow_server_list(k.s, &r, "models", on_logged, &k, &why)
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
	const char *also; /* a second test for versions; NULL: none */
	json_t *seen;     /* {name: true}: a server that does not know the filter for prompts lists all models again */
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
	char *files = bn_mlflow_server_version_files(k->s, name, item);
	int64_t number = -1;
	bn_mlflow_version(json_object_get(item, "version"), &number);
	const bn_src_version v = {.name = name,
		.version = number,
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
	int rc = tags ? 0 : bn_err_nomem(err, "a version");
	if (rc >= 0 && number < 1)
		bn_exchange_leave_out(k->s->base.report, "version", "its number is none here", "%s %s", name,
			bn_json_str(item, "version", "without one"));
	else if (rc >= 0)
		rc = k->version(k->user, &v, err);
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
	if (rc < 0 || !name || json_object_get(k->seen, name))
		goto out;
	json_object_set_new(k->seen, name, json_true());
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
	char *filter = bn_strf("name='%s'%s%s", name, k->also ? " AND " : "", k->also ? k->also : "");
	query = json_pack("{ss si}", "filter", filter ? filter : "", "max_results", 1000);
	bn_free(filter);
	const bn_mlflow_request r = {.path = "model-versions/search", .query = query};
	rc = query ? bn_mlflow_server_list(k->s, &r, "model_versions", on_version, k, err)
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
	model_sink k = {.s = (server *)src, .each = each, .version = version, .user = user, .seen = json_object()};
	/* A list without a filter leaves prompts out; before MLflow 2.21 the second filter is none. */
	static const char *const filters[] = {NULL, "tags.`" BN_PROMPT_TAG "` = 'true'"};
	bn_err why = BN_ERR_INIT;
	int rc = k.seen ? 0 : bn_err_nomem(&why, "models");
	for (size_t i = 0; rc >= 0 && i < 2; i++) {
		json_t *query = json_pack("{si ss*}", "max_results", 100, "filter", filters[i]);
		const bn_mlflow_request r = {.path = "registered-models/search", .query = query};
		k.also = filters[i];
		rc = query ? bn_mlflow_server_list(k.s, &r, "registered_models", on_model, &k, &why)
			   : bn_err_nomem(&why, "a request");
		json_decref(query);
		if (rc == BN_EUNSUPPORTED || (rc == BN_EINVAL && i)) {
			bn_err_clear(&why);
			rc = 0;
			break;
		}
	}
	json_decref(k.seen);
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
	.files = bn_mlflow_server_files,
	.read = bn_mlflow_server_read,
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
