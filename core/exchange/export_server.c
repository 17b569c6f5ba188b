/*
 * export_server.c - an MLflow server as the target of an export, ours and GitLab's endpoint included.
 *
 * A run is looked for before it is made (runs/get by our id, else runs/search by the tag binnacle.run_id), and the tag is
 * part of the request that makes it, so an export that was cut off finds what it made. What a run has there is read
 * through the source of imports (mlflow_server.c), so both directions compare alike.
 */
#include "core/exchange/_export.h"
#include "core/exchange/_points.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/runlog.h"
#include "core/store/object/object.h"

#include <string.h>

/* Of one request (MLflow's limits). */
enum { METRICS_MOST = 1000, WORDS_MOST = 100 };

typedef struct dst_server {
	bn_dst base;
	bn_mlflow_client *client;
	bn_src *src;            /* the same server, to read */
	bn_import_options read; /* of src */
	json_t *experiments;    /* {name: id} */
	bool no_artifacts;      /* it takes none; noted */
} dst_server;

/* The run there. */
typedef struct remote_run {
	char *id;
	json_t *run; /* {"info","data","inputs","outputs"} */
	bool is_new;
} remote_run;

/* ---- requests ------------------------------------------------------------------------------------- */

/* Takes body. */
static int post(
	json_t **out, dst_server *d, const char *path, json_t *body, bool repeatable, bn_err *err)
{
	const bn_mlflow_request r = {
		.method = "POST", .path = path, .body = body, .repeatable = repeatable};
	json_t *answer = NULL;
	int rc = body ? bn_mlflow_do(&answer, d->client, &r, err) : bn_err_nomem(err, "a request");
	json_decref(body);
	if (out)
		*out = answer;
	else
		json_decref(answer);
	return rc;
}

/* Takes query. */
static int get(json_t **out, dst_server *d, const char *path, json_t *query, bn_err *err)
{
	const bn_mlflow_request r = {.path = path, .query = query};
	int rc = query ? bn_mlflow_do(out, d->client, &r, err) : bn_err_nomem(err, "a request");
	json_decref(query);
	return rc;
}

/* ---- experiments ---------------------------------------------------------------------------------- */

static int make_experiment(
	json_t **out, dst_server *d, bn_exporter *x, const bn_export_run *r, bn_err *err)
{
	json_t *tags = json_array();
	for (size_t i = 0; i < r->experiment->tags.count; i++)
		json_array_append_new(
			tags, json_pack("{ss ss}", "key", r->experiment->tags.items[i].key, "value",
				      r->experiment->tags.items[i].value));
	x->report->added.experiments++;
	return post(out, d, "experiments/create",
		json_pack("{ss so}", "name", r->experiment_name, "tags", tags), false, err);
}

/* *out: its id, borrowed; NULL in a dry run for one that would be made. */
static int find_experiment(
	const char **out, dst_server *d, bn_exporter *x, const bn_export_run *r, bn_err *err)
{
	json_t *answer = NULL;
	bn_err why = BN_ERR_INIT;
	if ((*out = bn_json_str(d->experiments, r->experiment_name, NULL)))
		return 0;
	int rc = get(&answer, d, "experiments/get-by-name",
		json_pack("{ss}", "experiment_name", r->experiment_name), &why);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	if (rc < 0 && x->options->dry_run) {
		x->report->added.experiments++;
		return 0;
	}
	if (rc < 0 && (rc = make_experiment(&answer, d, x, r, err)) < 0)
		return rc;
	const char *id = bn_json_str(answer, "experiment_id",
		bn_json_str(json_object_get(answer, "experiment"), "experiment_id", NULL));
	if (!id)
		rc = bn_err_set(
			err, BN_EIO, "%s answers no experiment_id", bn_mlflow_address(d->client));
	else
		json_object_set_new(d->experiments, r->experiment_name, json_string(id));
	*out = bn_json_str(d->experiments, r->experiment_name, NULL);
	json_decref(answer);
	return rc;
}

/* ---- the run -------------------------------------------------------------------------------------- */

static int take_run(remote_run *out, json_t *run, bn_err *err)
{
	const json_t *info = json_object_get(run, "info");
	const char *id = bn_json_str(info, "run_id", bn_json_str(info, "run_uuid", NULL));
	if (!id)
		return bn_err_set(err, BN_EIO, "the server answers a run without run_id");
	out->id = bn_strdup(id);
	out->run = json_incref(run);
	return out->id ? 1 : bn_err_nomem(err, "a run");
}

static int take_found(void *user, const json_t *item, bn_err *err)
{
	return take_run(user, (json_t *)(uintptr_t)item, err);
}

/* The id that a copy of the run is known by: the first that it had. */
static const char *origin_of(const bn_export_run *r)
{
	const char *origin = bn_json_str(r->tags, BN_RUN_ID_TAG, "");
	return bn_run_id_is_valid(origin) ? origin : r->info->id;
}

/* 1: found. */
static int find_by_id(remote_run *out, dst_server *d, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	json_t *answer = NULL;
	int rc = get(&answer, d, "runs/get", json_pack("{ss ss}", "run_id", id, "run_uuid", id), &why);
	if (rc >= 0)
		rc = take_run(out, json_object_get(answer, "run"), err);
	json_decref(answer);
	if (!why.code)
		return rc;
	return rc == BN_ENOTFOUND || rc == BN_EINVAL ? 0 : bn_err_move(err, &why);
}

static int find_by_tag(
	remote_run *out, dst_server *d, const char *experiment, const char *id, bn_err *err)
{
	char *filter = bn_strf("tags.`" BN_RUN_ID_TAG "` = '%s'", id);
	json_t *body = json_pack("{s[s] ss ss si}", "experiment_ids", experiment, "filter",
		filter ? filter : "", "run_view_type", "ALL", "max_results", 1);
	const bn_mlflow_request q = {.path = "runs/search", .body = body};
	int rc = filter && body ? bn_mlflow_list(d->client, &q, "runs", take_found, out, err)
				: bn_err_nomem(err, "a request");
	bn_free(filter);
	json_decref(body);
	return rc;
}

static int find_run(
	remote_run *out, dst_server *d, const char *experiment, const bn_export_run *r, bn_err *err)
{
	const char *ids[] = {r->info->id, origin_of(r)};
	size_t n = strcmp(ids[0], ids[1]) ? 2 : 1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = find_by_id(out, d, ids[i], err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = find_by_tag(out, d, experiment, ids[i], err);
	return rc;
}

static int make_run(
	remote_run *out, dst_server *d, const char *experiment, const bn_export_run *r, bn_err *err)
{
	json_t *tags = json_array(), *answer = NULL;
	json_array_append_new(
		tags, json_pack("{ss ss}", "key", BN_RUN_ID_TAG, "value", origin_of(r)));
	json_array_append_new(
		tags, json_pack("{ss ss}", "key", "mlflow.runName", "value", r->info->name));
	/* who lists the run before its other tags are there sees what it runs */
	const char *title = bn_json_str(r->tags, "mlflow.source.name", NULL);
	if (title)
		json_array_append_new(tags,
			json_pack("{ss ss}", "key", "mlflow.source.name", "value", title));
	int64_t start = r->info->started_ms >= 0 ? r->info->started_ms : r->info->created_ms;
	int rc = post(&answer, d, "runs/create",
		json_pack("{ss ss ss sI so}", "experiment_id", experiment, "user_id",
			r->user ? r->user : "", "run_name", r->info->name, "start_time",
			(json_int_t)start, "tags", tags),
		false, err);
	if (rc >= 0)
		rc = take_run(out, json_object_get(answer, "run"), err);
	json_decref(answer);
	out->is_new = true;
	return rc;
}

/* ---- words and points ------------------------------------------------------------------------------ */

static const char *word_of(const json_t *list, const char *key)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)(uintptr_t)list, i,
		item) if (!strcmp(bn_json_str(item, "key", ""), key)) return bn_json_str(item,
		"value", "");
	return NULL;
}

/* Sends and empties a list of log-batch. */
static int send_batch(
	dst_server *d, bn_exporter *x, const char *id, const char *what, json_t *list, bn_err *err)
{
	int rc = 0;
	if (!json_array_size(list))
		return 0;
	x->grew = true;
	/* The same again has no effect: points and parameters are there once, a tag has its last value. */
	if (!x->options->dry_run)
		rc = post(NULL, d, "runs/log-batch", json_pack("{ss sO}", "run_id", id, what, list),
			true, err);
	json_array_clear(list);
	return rc;
}

static int add_word(dst_server *d, bn_exporter *x, const char *id, const char *what, json_t *list,
	const char *key, const char *value, bn_err *err)
{
	if (json_array_append_new(list, json_pack("{ss ss}", "key", key, "value", value)) < 0)
		return bn_err_nomem(err, "a request");
	return json_array_size(list) < WORDS_MOST ? 0 : send_batch(d, x, id, what, list, err);
}

static int send_words(
	dst_server *d, bn_exporter *x, const bn_export_run *r, const remote_run *to, bn_err *err)
{
	const json_t *data = json_object_get(to->run, "data");
	const json_t *params = json_object_get(data, "params"),
		     *tags = json_object_get(data, "tags");
	json_t *list = json_array(), *v;
	const char *key;
	int rc = list ? 0 : bn_err_nomem(err, "a request");
	for (size_t i = 0; rc >= 0 && i < r->params.count; i++) {
		const bn_pair *p = &r->params.items[i];
		const char *is = word_of(params, p->key);
		if (is && strcmp(is, p->value) != 0)
			bn_exchange_leave_out(x->report, "parameter",
				"it has another value there, and a parameter is written once",
				"run %s: '%s'", r->info->id, p->key);
		if (is)
			continue;
		x->report->added.params++;
		rc = add_word(d, x, to->id, "params", list, p->key, p->value, err);
	}
	if (rc >= 0)
		rc = send_batch(d, x, to->id, "params", list, err);
	json_object_foreach(r->tags, key, v)
	{
		const char *is = word_of(tags, key);
		if (rc < 0 || (is && !strcmp(is, json_string_value(v))) || !strcmp(key, BN_RUN_ID_TAG))
			continue;
		x->report->added.tags++;
		rc = add_word(d, x, to->id, "tags", list, key, json_string_value(v), err);
	}
	if (rc >= 0)
		rc = send_batch(d, x, to->id, "tags", list, err);
	json_decref(list);
	return rc;
}

typedef struct point_sink {
	dst_server *d;
	bn_exporter *x;
	const char *id, *key;
	json_t *list;
} point_sink;

static int add_point(void *user, int64_t step, int64_t time_ms, double value, bn_err *err)
{
	point_sink *s = user;
	s->x->report->added.points++;
	if (json_array_append_new(s->list,
		    json_pack("{ss so sI sI}", "key", s->key, "value", bn_mlflow_number_json(value),
			    "timestamp", (json_int_t)time_ms, "step", (json_int_t)step)) < 0)
		return bn_err_nomem(err, "a request");
	return json_array_size(s->list) < METRICS_MOST
		       ? 0
		       : send_batch(s->d, s->x, s->id, "metrics", s->list, err);
}

static int take_series(void *user, const bn_metric_series *s, bn_err *err)
{
	bn_metric_set *set = user;
	for (size_t i = 0; i < s->count; i++)
		if (bn_metric_set_add(set, s->key, s->step[i], s->time_ms[i], s->value[i]) < 0)
			return bn_err_nomem(err, "points");
	return 0;
}

static int send_points(
	dst_server *d, bn_exporter *x, const bn_export_run *r, const remote_run *to, bn_err *err)
{
	bn_metric_set have = BN_METRIC_SET_INIT;
	point_sink sink = {d, x, to->id, NULL, json_array()};
	const bn_src_run there = {.id = to->id, .own = json_object_get(to->run, "data")};
	int rc = sink.list ? 0 : bn_err_nomem(err, "a request");
	if (rc >= 0 && !to->is_new && to->run)
		rc = d->src->ops->series(d->src, &there, take_series, &have, err);
	for (size_t i = 0; rc >= 0 && i < r->series.count; i++) {
		bn_points points = BN_POINTS_INIT;
		bn_points_view has = {0};
		size_t at = bn_metric_set_find(&have, r->series.items[i].key);
		if (at < have.count)
			has = (bn_points_view){have.items[at].step, have.items[at].time_ms,
				have.items[at].value, have.items[at].count};
		sink.key = r->series.items[i].key;
		if ((rc = bn_series_read(&points, x->ws, r->info->id, sink.key, err)) >= 0) {
			const bn_points_view of = {
				points.step, points.time_ms, points.value, points.count};
			rc = bn_exchange_missing(&of, &has, true, add_point, &sink, err);
		}
		bn_points_release(&points);
	}
	if (rc >= 0)
		rc = send_batch(d, x, to->id, "metrics", sink.list, err);
	json_decref(sink.list);
	bn_metric_set_release(&have);
	return rc;
}

/* ---- inputs --------------------------------------------------------------------------------------- */

static bool has_dataset(const json_t *run, const bn_dataset_input *s)
{
	size_t i;
	json_t *item;
	json_array_foreach(
		json_object_get(json_object_get(run, "inputs"), "dataset_inputs"), i, item)
	{
		const json_t *d = json_object_get(item, "dataset");
		if (!strcmp(bn_json_str(d, "name", ""), s->name) &&
			!strcmp(bn_json_str(d, "digest", ""), s->digest))
			return true;
	}
	return false;
}

static json_t *dataset_json(const bn_dataset_input *s)
{
	json_t *tags = json_array(),
	       *d = json_pack("{ss ss ss ss}", "name", s->name, "digest", s->digest, "source_type",
		       s->source_type, "source", s->source);
	if (s->schema)
		json_object_set_new(d, "schema", json_string(s->schema));
	if (s->profile)
		json_object_set_new(d, "profile", json_string(s->profile));
	for (size_t i = 0; i < s->tags.count; i++)
		json_array_append_new(tags, json_pack("{ss ss}", "key", s->tags.items[i].key,
						    "value", s->tags.items[i].value));
	return json_pack("{so so}", "tags", tags, "dataset", d);
}

static int send_inputs(
	dst_server *d, bn_exporter *x, const bn_export_run *r, const remote_run *to, bn_err *err)
{
	json_t *list = json_array();
	bn_err why = BN_ERR_INIT;
	int rc = list ? 0 : bn_err_nomem(err, "a request");
	for (size_t i = 0; rc >= 0 && i < r->links.dataset_count; i++)
		if (!has_dataset(to->run, &r->links.datasets[i]))
			json_array_append_new(list, dataset_json(&r->links.datasets[i]));
	if (r->links.input_count + r->links.output_count)
		bn_exchange_leave_out(x->report, "logged model",
			"logged models are not sent to a server", "run %s", r->info->id);
	size_t n = json_array_size(list);
	if (rc >= 0 && n && !x->options->dry_run)
		rc = post(NULL, d, "runs/log-inputs",
			json_pack("{ss sO}", "run_id", to->id, "datasets", list), true, &why);
	json_decref(list);
	if (rc == BN_EUNSUPPORTED) {
		bn_exchange_leave_out(
			x->report, "dataset", "the server takes none", "run %s", r->info->id);
		return 0;
	}
	if (rc < 0)
		return why.code ? bn_err_move(err, &why) : rc;
	x->report->added.inputs += (int64_t)n;
	x->grew = x->grew || n;
	return 0;
}

/* ---- artifacts ------------------------------------------------------------------------------------ */

/* The path of the proxy for the run's artifacts; NULL: it is not proxied. Yours. */
static char *proxy_path(const dst_server *d, const char *uri)
{
	const char *tail = NULL;
	if (!uri)
		return NULL;
	if (bn_str_starts(uri, "mlflow-artifacts:")) {
		tail = uri + strlen("mlflow-artifacts:");
		if (!strncmp(tail, "//", 2))
			tail = strchr(tail + 2, '/');
	} else if (strstr(uri, "://") &&
		   bn_http_url_same_origin(uri, bn_mlflow_address(d->client)) &&
		   (tail = strstr(uri, "/mlflow-artifacts/artifacts"))) {
		tail += strlen("/mlflow-artifacts/artifacts");
	}
	return tail ? bn_strdup(tail + strspn(tail, "/")) : NULL;
}

static int note_file(void *user, const bn_src_file *f, bn_err *err)
{
	return json_object_set_new(user, f->path, json_integer((json_int_t)f->bytes)) < 0
		       ? bn_err_nomem(err, "a list of artifacts")
		       : 0;
}

typedef struct object_body {
	bn_workspace *ws;
	const char *hash;
	bn_object_reader *reader;
} object_body;

static int rewind_body(void *user, bn_err *err)
{
	object_body *b = user;
	bn_object_store *objects = NULL;
	int rc = bn_workspace_objects(&objects, b->ws, err);
	bn_object_reader_free(b->reader);
	b->reader = NULL;
	return rc < 0 ? rc : bn_object_reader_new(&b->reader, objects, b->hash, 0, UINT64_MAX, err);
}

static ssize_t read_body(void *user, void *out, size_t size, bn_err *err)
{
	object_body *b = user;
	size_t got = 0;
	int rc = bn_object_read(b->reader, out, size, &got, err);
	return rc < 0 ? rc : (ssize_t)got;
}

static void add_encoded(bn_buf *out, const char *path)
{
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		char *part = bn_strndup(p, n);
		bn_http_url_add(out, part ? part : "");
		bn_free(part);
		p += n;
		if (*p)
			bn_buf_addch(out, *p++);
	}
}

static int put_file(
	dst_server *d, bn_exporter *x, const bn_artifact *a, const char *root, bn_err *err)
{
	object_body body = {x->ws, a->hash, NULL};
	bn_buf target = BN_BUF_INIT;
	bn_http_call call = {.method = "PUT",
		.body = {.kind = BN_HTTP_READ,
			.length = a->size_bytes,
			.read = read_body,
			.rewind = rewind_body,
			.user = &body}};
	int rc = rewind_body(&body, err);
	bn_buf_adds(&target, "/api/2.0/mlflow-artifacts/artifacts/");
	add_encoded(&target, root);
	if (*root)
		bn_buf_addch(&target, '/');
	add_encoded(&target, a->path);
	if (rc >= 0 && (rc = bn_buf_check(&target, err, "a URL")) >= 0)
		rc = bn_mlflow_call(NULL, d->client, &call, target.ptr,
			"Content-Type: application/octet-stream", err);
	bn_object_reader_free(body.reader);
	bn_buf_release(&target);
	return rc;
}

static int send_missing_files(dst_server *d, bn_exporter *x, const bn_export_run *r,
	const char *root, const json_t *have, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < r->files.count; i++) {
		const bn_artifact *a = &r->files.items[i];
		bn_err why = BN_ERR_INIT;
		if (bn_json_int(have, a->path, -1) == a->size_bytes)
			continue;
		rc = x->options->dry_run ? 0 : put_file(d, x, a, root, &why);
		if (rc == BN_ENOTFOUND || rc == BN_ECORRUPT) {
			bn_exchange_unreadable(
				x->report, "artifact", &why, "run %s: '%s'", r->info->id, a->path);
			rc = 0;
			continue;
		}
		if (rc < 0)
			return bn_err_move(err, &why);
		x->grew = true;
		x->report->added.artifacts++;
		x->report->added.artifact_bytes += a->size_bytes;
	}
	return rc;
}

static int send_files(
	dst_server *d, bn_exporter *x, const bn_export_run *r, const remote_run *to, bn_err *err)
{
	json_t *have = json_object();
	const char *uri = bn_json_str(json_object_get(to->run, "info"), "artifact_uri", NULL);
	char *root = to->run ? proxy_path(d, uri) : bn_strdup("");
	int rc = have ? 0 : bn_err_nomem(err, "artifacts");
	if (rc < 0 || x->options->no_artifacts || !r->files.count)
		goto out;
	if (!root) {
		bn_exchange_leave_out(x->report, "artifact",
			"the server does not take artifacts for others (--serve-artifacts)",
			"run %s: %s", r->info->id, uri ? uri : "-");
		goto out;
	}
	if (!to->is_new && to->run) {
		char *files = bn_strf("P:%s", root);
		rc = files ? d->src->ops->files(d->src, files, note_file, have, err)
			   : bn_err_nomem(err, "a path");
		bn_free(files);
	}
	if (rc >= 0)
		rc = send_missing_files(d, x, r, root, have, err);
out:
	bn_free(root);
	json_decref(have);
	return rc;
}

/* ---- state ---------------------------------------------------------------------------------------- */

static int send_state(
	dst_server *d, bn_exporter *x, const bn_export_run *r, const remote_run *to, bn_err *err)
{
	const json_t *info = json_object_get(to->run, "info");
	int64_t end = -1;
	bn_mlflow_integer(json_object_get(info, "end_time"), &end);
	if (!strcmp(bn_json_str(info, "status", ""), r->status) &&
		(r->info->finished_ms < 0 || end == r->info->finished_ms) &&
		!strcmp(bn_json_str(info, "run_name", ""), r->info->name))
		return 0;
	x->grew = true;
	if (x->options->dry_run)
		return 0;
	json_t *body = json_pack(
		"{ss ss ss}", "run_id", to->id, "status", r->status, "run_name", r->info->name);
	if (body && r->info->finished_ms >= 0)
		json_object_set_new(body, "end_time", json_integer(r->info->finished_ms));
	return post(NULL, d, "runs/update", body, true, err);
}

static int server_send(bn_dst *base, bn_exporter *x, const bn_export_run *r, bn_err *err)
{
	dst_server *d = (dst_server *)base;
	remote_run to = {0};
	const char *experiment;
	int rc = find_experiment(&experiment, d, x, r, err);
	if (rc < 0 || (experiment && (rc = find_run(&to, d, experiment, r, err)) < 0))
		goto out;
	if (!to.id) {
		x->report->added.runs_new++;
		if (!x->options->dry_run && (rc = make_run(&to, d, experiment, r, err)) < 0)
			goto out;
	}
	if (!strcmp(bn_json_str(json_object_get(to.run, "info"), "lifecycle_stage", "active"),
		    "deleted")) {
		bn_exchange_leave_out(
			x->report, "run", "it was removed there", "run %s", r->info->id);
		rc = 0;
		goto out;
	}
	if ((rc = send_words(d, x, r, &to, err)) < 0 || (rc = send_inputs(d, x, r, &to, err)) < 0 ||
		(rc = send_points(d, x, r, &to, err)) < 0 ||
		(rc = send_files(d, x, r, &to, err)) < 0)
		goto out;
	rc = send_state(d, x, r, &to, err);
out:
	bn_free(to.id);
	json_decref(to.run);
	return rc < 0 ? rc : 0;
}

/* ---- the target ----------------------------------------------------------------------------------- */

static void server_close(bn_dst *base)
{
	dst_server *d = (dst_server *)base;
	bn_src_close(d->src);
	bn_mlflow_close(d->client);
	json_decref(d->experiments);
	bn_free(d);
}

static const bn_dst_ops server_ops = {"mlflow server", server_send, server_close};

int bn_dst_server_open(bn_dst **out, const bn_env *env, const char *address,
	const bn_export_options *o, bn_exchange_report *report, bn_err *err)
{
	dst_server *d = bn_alloc_zeroed(1, sizeof *d);
	int rc;
	if (!d)
		return bn_err_nomem(err, "a target");
	d->base.ops = &server_ops;
	d->read.access = o->access;
	d->experiments = json_object();
	if ((rc = bn_mlflow_open(&d->client, env, address, o->access, err)) < 0 ||
		(rc = bn_src_open(&d->src, env, address, &d->read, report, err)) < 0) {
		server_close(&d->base);
		return rc;
	}
	*out = &d->base;
	return 0;
}
