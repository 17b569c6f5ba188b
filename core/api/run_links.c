/* run_links.c - the routes that log what a run used and made: datasets, models. */
#include "core/api/_routes.h"
#include "core/api/names.h"
#include "core/api/run_log.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/run/runlog.h"

#include <stdlib.h>
#include <string.h>

enum {
	DATASETS_MOST = 1000,
	NAME_MOST = 500,
	DIGEST_MOST = 36,
	SOURCE_MOST = 65535,
	SCHEMA_MOST = 1048575,
	PROFILE_MOST = 16777215,
	TAG_KEY_MOST = 255,
	TAG_VALUE_MOST = 500
};

/* ---- inputs --------------------------------------------------------------------------------- */

static const bn_wire_field tag_fields[] = {
	BN_WIRE_FIELD("key", TEXT, 0), BN_WIRE_FIELD("value", TEXT, 0), {0}};
static const bn_wire_field dataset_fields[] = {BN_WIRE_FIELD("name", TEXT, 0),
	BN_WIRE_FIELD("digest", TEXT, 0), BN_WIRE_FIELD("source_type", TEXT, 0),
	BN_WIRE_FIELD("source", TEXT, 0), BN_WIRE_FIELD("schema", TEXT, 0),
	BN_WIRE_FIELD("profile", TEXT, 0), {0}};
static const bn_wire_field input_fields[] = {BN_WIRE_OF("tags", LIST, 0, tag_fields),
	BN_WIRE_OF("dataset", OBJECT, 0, dataset_fields), {0}};
static const bn_wire_field model_fields[] = {BN_WIRE_FIELD("model_id", TEXT, 0), {0}};
static const bn_wire_field inputs_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_OF("datasets", LIST, 0, input_fields), BN_WIRE_OF("models", LIST, 0, model_fields),
	{0}};

typedef struct inputs {
	bn_run_dataset *datasets;
	bn_run_word *tags; /* of all */
	const char **models;
	size_t dataset_count, tag_count, model_count;
} inputs;

static void inputs_release(inputs *in)
{
	bn_free(in->datasets);
	bn_free(in->tags);
	bn_free(in->models);
}

static int check_dataset(bn_api_call *c, const bn_run_dataset *d)
{
	static const struct {
		const char *what;
		size_t most;
		bool is_needed;
	} rules[] = {{"name", NAME_MOST, true}, {"digest", DIGEST_MOST, true},
		{"source_type", SOURCE_MOST, true}, {"source", SOURCE_MOST, true},
		{"schema", SCHEMA_MOST, false}, {"profile", PROFILE_MOST, false}};
	const char *const texts[] = {
		d->name, d->digest, d->source_type, d->source, d->schema, d->profile};
	for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
		if (rules[k].is_needed && (!texts[k] || !texts[k][0]))
			return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
				"Dataset %s cannot be None.", rules[k].what);
		if (bn_api_check_length(rules[k].what, texts[k], rules[k].most, &c->fault) < 0)
			return BN_EINVAL;
	}
	return 0;
}

static int read_dataset(inputs *in, bn_api_call *c, const json_t *input)
{
	const json_t *d = json_object_get(input, "dataset"), *tags = json_object_get(input, "tags");
	bn_run_dataset *out = &in->datasets[in->dataset_count++];
	size_t k;
	json_t *tag;
	*out = (bn_run_dataset){.name = bn_wire_text(d, "name"),
		.digest = bn_wire_text(d, "digest"),
		.source_type = bn_wire_text(d, "source_type"),
		.source = bn_wire_text(d, "source"),
		.schema = bn_wire_text(d, "schema"),
		.profile = bn_wire_text(d, "profile"),
		.tags = in->tags + in->tag_count};
	json_array_foreach((json_t *)(uintptr_t)tags, k, tag)
	{
		bn_run_word *word = &in->tags[in->tag_count++];
		word->key = bn_wire_text(tag, "key");
		word->value = bn_wire_text(tag, "value");
		word->key = word->key ? word->key : "";
		word->value = word->value ? word->value : "";
		out->tag_count++;
		if (bn_api_check_length("key", word->key, TAG_KEY_MOST, &c->fault) < 0 ||
			bn_api_check_length("value", word->value, TAG_VALUE_MOST, &c->fault) < 0)
			return BN_EINVAL;
	}
	return check_dataset(c, out);
}

static int read_inputs(inputs *in, bn_api_call *c, bn_err *err)
{
	const json_t *datasets = json_object_get(c->body, "datasets"),
		     *models = json_object_get(c->body, "models");
	size_t i, tags = 0;
	json_t *item;
	if (json_array_size(datasets) > DATASETS_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"A batch logging request can contain at most %d datasets. Got %zu "
			"datasets. "
			"Please split up datasets across multiple requests and try again.",
			DATASETS_MOST, json_array_size(datasets));
	json_array_foreach((json_t *)(uintptr_t)datasets, i, item) tags +=
		json_array_size(json_object_get(item, "tags"));
	in->datasets = bn_alloc_zeroed(json_array_size(datasets) + 1, sizeof *in->datasets);
	in->tags = bn_alloc_zeroed(tags + 1, sizeof *in->tags);
	in->models = bn_alloc_zeroed(json_array_size(models) + 1, sizeof *in->models);
	if (!in->datasets || !in->tags || !in->models)
		return bn_err_nomem(err, "inputs");
	json_array_foreach((json_t *)(uintptr_t)datasets, i,
		item) if (read_dataset(in, c, item) < 0) return BN_EINVAL;
	json_array_foreach((json_t *)(uintptr_t)models, i, item) if (bn_wire_text(item, "model_id"))
		in->models[in->model_count++] = bn_wire_text(item, "model_id");
	return 0;
}

static int log_inputs(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	inputs in = {0};
	int rc = 0;
	if ((rc = read_inputs(&in, c, err)) < 0 ||
		(rc = bn_api_run_open(&r, c, bn_wire_text(c->body, "run_id"), err)) < 0)
		goto out;
	if (in.dataset_count || in.model_count)
		rc = bn_runlog_inputs(c->ws, r->id, in.datasets, in.dataset_count, in.models,
			in.model_count, err);
out:
	inputs_release(&in);
	return rc;
}
const bn_api_about bn_api_runs_log_inputs = {
	log_inputs, inputs_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

/* ---- outputs -------------------------------------------------------------------------------- */

static const bn_wire_field output_fields[] = {
	BN_WIRE_FIELD("model_id", TEXT, 0), BN_WIRE_FIELD("step", INT, 0), {0}};
static const bn_wire_field outputs_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_OF("models", LIST, BN_WIRE_REQUIRED, output_fields), {0}};

static int log_outputs(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	const json_t *models = json_object_get(c->body, "models");
	bn_run_output *list = bn_alloc_zeroed(json_array_size(models) + 1, sizeof *list);
	size_t i, n = 0;
	json_t *item;
	int rc = list ? bn_api_run_open(&r, c, bn_wire_text(c->body, "run_id"), err)
		      : bn_err_nomem(err, "outputs");
	if (rc < 0)
		goto out;
	json_array_foreach((json_t *)(uintptr_t)models, i, item)
	{
		list[n].model = bn_wire_text(item, "model_id");
		bn_wire_int(item, "step", &list[n].step);
		n += list[n].model != NULL;
	}
	rc = n ? bn_runlog_outputs(c->ws, r->id, list, n, err) : 0;
out:
	bn_free(list);
	return rc;
}
const bn_api_about bn_api_runs_log_outputs = {
	log_outputs, outputs_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};

/* ---- models of clients before MLflow 3: a list in a tag ------------------------------------- */

#define MODELS_TAG "mlflow.log-model.history"

static const bn_wire_field log_model_fields[] = {BN_WIRE_FIELD("run_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("model_json", TEXT, BN_WIRE_REQUIRED), {0}};

/* Of a model's description, what the tag keeps. */
static json_t *kept_of(const json_t *model)
{
	static const char *const keys[] = {
		"run_id", "artifact_path", "utc_time_created", "model_uuid"};
	json_t *kept = json_object(), *flavors = json_object(), *config;
	const char *name;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *value = json_object_get(model, keys[i]);
		if (value)
			json_object_set(kept, keys[i], value);
	}
	json_object_foreach(json_object_get(model, "flavors"), name, config)
	{
		json_t *copy = json_copy(config);
		json_object_del(copy, "config");
		json_object_set_new(flavors, name, copy);
	}
	json_object_set_new(kept, "flavors", flavors);
	return kept;
}

static int check_model(bn_api_call *c, json_t **out, const char *text)
{
	static const char *const needed[] = {
		"artifact_path", "flavors", "utc_time_created", "run_id"};
	bn_buf missing = BN_BUF_INIT;
	if (bn_json_parse(out, text, strlen(text), "model_json", NULL) < 0)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Malformed model info. \n %s \n is not a valid JSON.", text);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!json_object_get(*out, needed[i]))
			bn_buf_addf(&missing, "%s'%s'", missing.len ? ", " : "", needed[i]);
	if (missing.len)
		bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Model json is missing mandatory fields: {%s}", missing.ptr);
	bn_buf_release(&missing);
	return c->fault.code ? BN_EINVAL : 0;
}

static int log_model(bn_api_call *c, bn_err *err)
{
	bn_api_run *r = NULL;
	json_t *model = NULL, *list = NULL, *tags = json_object();
	char *text = NULL; /* with blanks, as Python writes it */
	int rc = 0;
	if ((rc = check_model(c, &model, bn_wire_text(c->body, "model_json"))) < 0 ||
		(rc = bn_api_run_open(&r, c, bn_wire_text(c->body, "run_id"), err)) < 0)
		goto out;
	const char *before = bn_json_str(r->tags, MODELS_TAG, "[]");
	if (bn_json_parse(&list, before, strlen(before), MODELS_TAG, NULL) < 0 ||
		!json_is_array(list)) {
		json_decref(list);
		list = json_array();
	}
	if (json_array_append_new(list, kept_of(model)) < 0 || !(text = json_dumps(list, 0))) {
		rc = bn_err_nomem(err, "a tag");
		goto out;
	}
	if ((rc = bn_json_set(tags, MODELS_TAG, json_string(text), err)) < 0)
		goto out;
	rc = bn_api_run_tag(c, r, tags, err);
out:
	json_decref(model);
	json_decref(list);
	json_decref(tags);
	free(text);
	return rc;
}
const bn_api_about bn_api_runs_log_model = {
	log_model, log_model_fields, BN_API_WRITER, BN_API_WRITES, NULL, NULL};
