/*
 * run_log.c - the routes that log to a run: metrics, parameters, tags, batches.
 *
 * Everything of a request is checked before anything is appended. A metric that was logged before with the same time,
 * step and value is kept twice in the log and shown once (history.c), so that a client may repeat a request.
 */
#include "core/api/run_log.h"
#include "core/api/_routes.h"
#include "core/api/model_metrics.h"
#include "core/api/names.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/rights.h"
#include "core/run/runlog.h"

#include <stdio.h>
#include <string.h>

enum { METRICS_MOST = 1000, TEXTS_MOST = 100, ALL_MOST = 1000 };

/* ---- tags ----------------------------------------------------------------------------------- */

int bn_api_run_rename(bn_api_call *c, bn_api_run *r, const char *name, bn_err *err)
{
	char *copy = bn_strndup(name, bn_api_cut(name, BN_API_KEY_MOST));
	int rc = copy ? bn_runlog_renamed(c->ws, r->id, copy, err) : bn_err_nomem(err, "a name");
	if (rc >= 0)
		rc = bn_runlog_tag(c->ws, r->id, "mlflow.runName", copy, err);
	if (rc < 0) {
		bn_free(copy);
		return rc;
	}
	if ((rc = bn_json_set(r->tags, "mlflow.runName", json_string(copy), err)) < 0) {
		bn_free(copy);
		return rc;
	}
	bn_free(r->name);
	r->name = copy;
	return 0;
}

int bn_api_run_tag(bn_api_call *c, bn_api_run *r, const json_t *tags, bn_err *err)
{
	const char *name = bn_json_str(tags, "mlflow.runName", NULL),
		   *note = bn_json_str(tags, "mlflow.note.content", NULL);
	int rc = 0;
	if (!json_object_size(tags))
		return 0;
	if (name && name[0] && r->is_own && (rc = bn_runlog_renamed(c->ws, r->id, name, err)) < 0)
		return rc;
	if ((note && (rc = bn_runlog_note(c->ws, r->id, note, err)) < 0) ||
		(rc = bn_runlog_tags(c->ws, r->id, tags, err)) < 0)
		return rc;
	if (json_object_update(r->tags, (json_t *)(uintptr_t)tags) < 0)
		return bn_err_nomem(err, "tags");
	if (name && name[0] && r->is_own) {
		char *copy = bn_strdup(name);
		if (!copy)
			return bn_err_nomem(err, "a name");
		bn_free(r->name);
		r->name = copy;
	}
	return 0;
}

/* A text that could not be kept must not be missing from what is answered with 200. */
static int put_text(json_t *out, const char *key, const char *value, size_t n, bn_wire_fault *fault)
{
	if (bn_json_set(out, key, json_stringn(value, n), NULL) == 0)
		return 0;
	return bn_wire_refuse(fault, BN_API_TEMPORARILY_UNAVAILABLE, "out of memory: a request");
}

int bn_api_take_tag(
	json_t *out, const char *name, const char *key, const char *value, bn_wire_fault *fault)
{
	if (bn_api_check_name(name, key, fault) < 0 || bn_api_check_run_key(name, key, fault) < 0)
		return BN_EINVAL;
	value = value ? value : "";
	return put_text(out, key, value, bn_api_cut(value, BN_API_TAG_MOST), fault);
}

/* path: "" or "tags[3]." */
static int check_tag(
	json_t *out, const char *path, const char *key, const char *value, bn_wire_fault *fault)
{
	char name[64];
	snprintf(name, sizeof name, "%skey", path);
	if (bn_api_take_tag(out, name, key, value, fault) < 0)
		return BN_EINVAL;
	if (!strcmp(key, "mlflow.runName") && value && strlen(value) > BN_RUN_NAME_MAX)
		return bn_wire_refuse(fault, BN_API_INVALID_PARAMETER_VALUE,
			"'mlflow.runName' exceeds the maximum length of %d bytes", BN_RUN_NAME_MAX);
	return 0;
}

static const bn_wire_field set_tag_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("run_uuid", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("value", TEXT, 0), {0}};

static int set_tag(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	json_t *tags = json_object();
	int rc = 0;
	if ((rc = check_tag(tags, "", bn_wire_text(c->body, "key"), bn_wire_text(c->body, "value"),
		     &c->fault)) < 0 ||
		(rc = bn_api_run_act(&r, c, bn_api_run_id(c->body), BN_ACT_TAG, err)) < 0)
		goto out;
	rc = bn_api_run_tag(c, r, tags, err);
	bn_rights_end(c->ws);
out:
	json_decref(tags);
	return rc;
}
const bn_api_about bn_api_runs_set_tag = {
	set_tag, set_tag_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

static const bn_wire_field delete_tag_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("run_uuid", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), {0}};

static int delete_tag(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	const char *key = bn_wire_text(c->body, "key");
	int rc = bn_api_run_act(&r, c, bn_api_run_id(c->body), BN_ACT_TAG, err);
	if (rc < 0)
		return rc;
	if (!json_object_get(r->tags, key)) {
		rc = bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"No tag with name: %s in run with id %s", key, r->id);
	} else if ((rc = bn_runlog_tag(c->ws, r->id, key, NULL, err)) >= 0) {
		json_object_del(r->tags, key);
	}
	bn_rights_end(c->ws);
	return rc;
}
const bn_api_about bn_api_runs_delete_tag = {
	delete_tag, delete_tag_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

/* ---- parameters ----------------------------------------------------------------------------- */

static const bn_wire_field param_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("run_uuid", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("value", TEXT, 0), {0}};

static int check_param(
	json_t *out, const char *path, const char *key, const char *value, bn_wire_fault *fault)
{
	char name[64];
	snprintf(name, sizeof name, "%skey", path);
	if (bn_api_check_name(name, key, fault) < 0 ||
		bn_api_check_run_key("Param key", key, fault) < 0)
		return BN_EINVAL;
	value = value ? value : "";
	return put_text(out, key, value, bn_api_cut(value, BN_API_PARAM_MOST), fault);
}

/* Leaves out of `params` what the run has already. */
static void leave_out_known(json_t *params, const bn_api_run *r)
{
	void *next;
	const char *key;
	json_t *value;
	json_object_foreach_safe(params, next, key, value) if (json_object_get(r->params, key))
		json_object_del(params, key);
}

static int append_params(bn_api_call *c, bn_api_run *r, json_t *params, bn_err *err)
{
	leave_out_known(params, r);
	if (!json_object_size(params))
		return 0;
	int rc = bn_runlog_params(c->ws, r->id, params, err);
	if (rc >= 0 && json_object_update(r->params, params) < 0)
		return bn_err_nomem(err, "parameters");
	return rc;
}

static int log_param(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	json_t *params = json_object();
	const char *key = bn_wire_text(c->body, "key");
	int rc = 0;
	if ((rc = check_param(params, "", key, bn_wire_text(c->body, "value"), &c->fault)) < 0 ||
		(rc = bn_api_run_open(&r, c, bn_api_run_id(c->body), err)) < 0)
		goto out;
	const char *has = bn_json_str(r->params, key, NULL),
		   *wants = bn_json_str(params, key, NULL);
	if (has && strcmp(has, wants) != 0)
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Changing param values is not allowed. Param with key='%s' was already "
			"logged with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
			key, has, r->id, wants);
	else
		rc = append_params(c, r, params, err);
out:
	json_decref(params);
	return rc;
}
const bn_api_about bn_api_runs_log_param = {
	log_param, param_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

/* Several: those that the run has with another value are listed. */
static int check_changes(bn_api_call *c, const bn_api_run *r, const json_t *params)
{
	bn_buf list = BN_BUF_INIT;
	const char *key;
	json_t *value;
	int rc = 0;
	json_object_foreach((json_t *)(uintptr_t)params, key, value)
	{
		const char *has = bn_json_str(r->params, key, NULL);
		if (!has || !strcmp(has, json_string_value(value)))
			continue;
		bn_buf_adds(&list, list.len ? ", {'key': " : "{'key': ");
		bn_api_repr(&list, key);
		bn_buf_adds(&list, ", 'old_value': ");
		bn_api_repr(&list, has);
		bn_buf_adds(&list, ", 'new_value': ");
		bn_api_repr(&list, json_string_value(value));
		bn_buf_addch(&list, '}');
	}
	if (list.len)
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Changing param values is not allowed. Params were already logged='[%s]' "
			"for run ID='%s'.",
			list.ptr, r->id);
	bn_buf_release(&list);
	return rc;
}

/* ---- metrics -------------------------------------------------------------------------------- */

static const bn_wire_field metric_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("run_uuid", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("value", DOUBLE, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("timestamp", INT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("step", INT, 0),
	BN_WIRE_FIELD("model_id", TEXT, 0), BN_WIRE_FIELD("dataset_name", TEXT, 0),
	BN_WIRE_FIELD("dataset_digest", TEXT, 0), {0}};

static int bad_time(const char *path, const json_t *metric, double value, bn_wire_fault *fault)
{
	char name[64];
	bn_buf text = BN_BUF_INIT;
	snprintf(name, sizeof name, "%stimestamp", path);
	bn_wire_add_double(&text, value);
	bn_wire_invalid(fault, name, json_object_get(metric, "timestamp"),
		"metric '%s' (value=%s). Timestamp must be a nonnegative long (64-bit integer) ",
		bn_wire_text(metric, "key"), text.ptr);
	bn_buf_release(&text);
	return BN_EINVAL;
}

/* path: "" or "metrics[3]." Adds the point to the set. */
static int check_metric(
	bn_metric_set *set, const char *path, const json_t *metric, bn_wire_fault *fault)
{
	char name[64];
	const char *key = bn_wire_text(metric, "key");
	double value = 0;
	int64_t time_ms = 0, step = 0;
	snprintf(name, sizeof name, "%sname", path);
	if (bn_api_check_name(name, key, fault) < 0)
		return BN_EINVAL;
	bn_wire_double(metric, "value", &value);
	bn_wire_int(metric, "timestamp", &time_ms);
	bn_wire_int(metric, "step", &step);
	if (time_ms < 0)
		return bad_time(path, metric, value, fault);
	if (bn_api_check_run_key("Metric name", key, fault) < 0)
		return BN_EINVAL;
	if (bn_metric_set_add(set, key, step, time_ms, value) < 0)
		return bn_wire_refuse(
			fault, BN_API_TEMPORARILY_UNAVAILABLE, "out of memory: metrics");
	return 0;
}

static int log_metric(bn_api_call *c, bn_err *err)
{
	const json_t *metric = c->body;
	bn_api_run *r = NULL;
	bn_metric_set set = BN_METRIC_SET_INIT;
	int rc = 0;
	if ((rc = check_metric(&set, "", c->body, &c->fault)) < 0 ||
		(rc = bn_api_run_open(&r, c, bn_api_run_id(c->body), err)) < 0 ||
		(rc = bn_api_check_models(c, &metric, 1, err)) < 0 ||
		(rc = bn_api_leave_out_logged(&set, c, r, &metric, 1, err)) < 0)
		goto out;
	if ((rc = bn_runlog_metrics(c->ws, r->id, &set, err)) < 0)
		goto out;
	rc = bn_api_log_model_metrics(c, r, &metric, 1, err);
out:
	bn_metric_set_release(&set);
	return rc;
}
const bn_api_about bn_api_runs_log_metric = {
	log_metric, metric_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

/* ---- batches -------------------------------------------------------------------------------- */

static const bn_wire_field batch_metric_fields[] = {BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("value", DOUBLE, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("timestamp", INT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("step", INT, 0),
	BN_WIRE_FIELD("model_id", TEXT, 0), BN_WIRE_FIELD("dataset_name", TEXT, 0),
	BN_WIRE_FIELD("dataset_digest", TEXT, 0), {0}};
static const bn_wire_field batch_pair_fields[] = {
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("value", TEXT, 0), {0}};
static const bn_wire_field batch_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_OF("metrics", LIST, 0, batch_metric_fields),
	BN_WIRE_OF("params", LIST, 0, batch_pair_fields),
	BN_WIRE_OF("tags", LIST, 0, batch_pair_fields), {0}};

typedef struct batch {
	bn_metric_set metrics;
	json_t *params, *tags;
	size_t metric_count, param_count, tag_count;
} batch;

static int check_most(bn_api_call *c, const char *what, size_t count, size_t most)
{
	if (count <= most)
		return 0;
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"A batch logging request can contain at most %zu %s. Got %zu %s. Please split up "
		"%s across multiple requests and try again.",
		most, what, count, what, what);
}

static int check_counts(bn_api_call *c, const batch *b)
{
	int rc = 0;
	if ((rc = check_most(c, "metrics", b->metric_count, METRICS_MOST)) < 0 ||
		(rc = check_most(c, "params", b->param_count, TEXTS_MOST)) < 0 ||
		(rc = check_most(c, "tags", b->tag_count, TEXTS_MOST)) < 0)
		return rc;
	return check_most(c, "metrics, params, and tags",
		b->metric_count + b->param_count + b->tag_count, ALL_MOST);
}

static int check_duplicates(bn_api_call *c, const json_t *params)
{
	bn_buf list = BN_BUF_INIT;
	json_t *seen = json_object(), *param;
	size_t i;
	int rc = 0;
	json_array_foreach((json_t *)(uintptr_t)params, i, param)
	{
		const char *key = bn_wire_text(param, "key");
		if (json_object_get(seen, key)) {
			bn_buf_adds(&list, list.len ? ", " : "");
			bn_api_repr(&list, key);
		}
		if (bn_json_set(seen, key, json_true(), NULL) < 0) {
			rc = bn_api_refuse(
				c, BN_API_TEMPORARILY_UNAVAILABLE, "out of memory: a request");
			break;
		}
	}
	if (list.len && rc == 0)
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Duplicate parameter keys have been submitted: [%s]. Please ensure the "
			"request contains only one param value per param key.",
			list.ptr);
	json_decref(seen);
	bn_buf_release(&list);
	return rc;
}

/* The items of a batch, in MLflow's order of checks. */
static int read_batch(batch *b, bn_api_call *c)
{
	const json_t *metrics = json_object_get(c->body, "metrics"),
		     *params = json_object_get(c->body, "params"),
		     *tags = json_object_get(c->body, "tags");
	char path[40];
	size_t i;
	json_t *item;
	b->metric_count = json_array_size(metrics);
	b->param_count = json_array_size(params);
	b->tag_count = json_array_size(tags);
	json_array_foreach((json_t *)(uintptr_t)metrics, i, item)
	{
		snprintf(path, sizeof path, "metrics[%zu].", i);
		if (check_metric(&b->metrics, path, item, &c->fault) < 0)
			return BN_EINVAL;
	}
	json_array_foreach((json_t *)(uintptr_t)params, i, item)
	{
		snprintf(path, sizeof path, "params[%zu].", i);
		if (check_param(b->params, path, bn_wire_text(item, "key"),
			    bn_wire_text(item, "value"), &c->fault) < 0)
			return BN_EINVAL;
	}
	json_array_foreach((json_t *)(uintptr_t)tags, i, item)
	{
		snprintf(path, sizeof path, "tags[%zu].", i);
		if (check_tag(b->tags, path, bn_wire_text(item, "key"), bn_wire_text(item, "value"),
			    &c->fault) < 0)
			return BN_EINVAL;
	}
	return check_counts(c, b) < 0 ? BN_EINVAL : check_duplicates(c, params);
}

/* MLflow's form of a run id in a batch. */
static int check_run_id(bn_api_call *c, const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	if (n == strlen(id) && n <= 256 && id[0] != '_' && id[0] != '-')
		return 0;
	return bn_wire_invalid(&c->fault, "run_id", json_object_get(c->body, "run_id"), "%s", "");
}

/* *items: the metrics of the request; yours. */
static int list_metrics(const json_t ***items, size_t *count, bn_api_call *c, bn_err *err)
{
	const json_t *list = json_object_get(c->body, "metrics");
	*count = json_array_size(list);
	if (!(*items = bn_alloc((*count + 1) * sizeof **items)))
		return bn_err_nomem(err, "metrics");
	for (size_t i = 0; i < *count; i++)
		(*items)[i] = json_array_get(list, i);
	return 0;
}

static int log_batch(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	batch b = {.metrics = BN_METRIC_SET_INIT, .params = json_object(), .tags = json_object()};
	const char *id = bn_wire_text(c->body, "run_id");
	const json_t **items = NULL;
	size_t n = 0;
	int rc = b.params && b.tags ? 0 : bn_err_nomem(err, "a batch");
	if (rc < 0 || (rc = check_run_id(c, id)) < 0 || (rc = read_batch(&b, c)) < 0 ||
		(rc = bn_api_run_open(&r, c, id, err)) < 0 ||
		(rc = check_changes(c, r, b.params)) < 0 ||
		(rc = list_metrics(&items, &n, c, err)) < 0 ||
		(rc = bn_api_check_models(c, items, n, err)) < 0 ||
		(rc = bn_api_leave_out_logged(&b.metrics, c, r, items, n, err)) < 0 ||
		(rc = append_params(c, r, b.params, err)) < 0 ||
		(rc = bn_runlog_metrics(c->ws, r->id, &b.metrics, err)) < 0 ||
		(rc = bn_api_log_model_metrics(c, r, items, n, err)) < 0)
		goto out;
	rc = bn_api_run_tag(c, r, b.tags, err);
out:
	bn_free(items);
	bn_metric_set_release(&b.metrics);
	json_decref(b.params);
	json_decref(b.tags);
	return rc;
}
const bn_api_about bn_api_runs_log_batch = {
	log_batch, batch_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};
