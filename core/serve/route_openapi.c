/*
 * route_openapi.c - GET /openapi.json: the server in words that generators of clients, gateways and API browsers read
 * (OpenAPI 3.1.0, spec.openapis.org/oas/v3.1.0).
 *
 * Every model that is served has a schema of its row, made of its inputs as training had them, one of its answer, and
 * the paths that name it. What a row may hold is what /predict takes: null is a missing value; of fields beyond the
 * inputs and of categories that training never saw the server's policy decides, and so does the schema.
 */
#include "core/base/json.h"
#include "core/serve/_server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CATEGORIES_SHOWN 10 /* of a category whose values are examples only */

/* ---- JSON --------------------------------------------------------------------------------------- */

/* {"$ref": "#/components/schemas/NAME"}. New reference, as all here. */
static json_t *schema_ref(const char *fmt, ...)
{
	char name[64] = "#/components/schemas/";
	size_t n = strlen(name);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(name + n, sizeof name - n, fmt, ap);
	va_end(ap);
	return json_pack("{s:s}", "$ref", name);
}

/* One or an array of them. */
static json_t *one_or_many(json_t *schema)
{
	json_t *one = json_incref(schema);
	return json_pack("{s:[o, {s:s, s:o}]}", "oneOf", one, "type", "array", "items", schema);
}

static json_t *json_content(json_t *schema)
{
	return json_pack("{s:{s:o}}", "application/json", "schema", schema);
}

/* ---- a model ------------------------------------------------------------------------------------ */

/* What a cell of that input may be, beside null. */
static const char *cell_type(const bn_feature_input *in)
{
	if (in->kind == BN_INPUT_BOOL)
		return "boolean";
	if (in->kind == BN_INPUT_CATEGORY || bn_type_is_time(in->type))
		return "string";
	return "number";
}

static const char *cell_format(bn_type type)
{
	if (type == BN_TYPE_TIMESTAMP)
		return "date-time";
	return type == BN_TYPE_DATE ? "date" : NULL;
}

/* All categories as the only ones, with null; or some of them as examples. */
static int add_categories(json_t *o, const bn_feature_input *in, bool only)
{
	json_t *list = json_array();
	int bad = 0;
	for (size_t k = 0; k < in->category_count && (only || k < CATEGORIES_SHOWN); k++)
		bad |= json_array_append_new(list, json_string(in->categories[k]));
	if (only)
		bad |= json_array_append_new(list, json_null());
	return json_object_set_new(o, only ? "enum" : "examples", list) | bad;
}

static json_t *cell_schema(const bn_server *s, const bn_feature_input *in)
{
	const char *format = cell_format(in->type);
	json_t *o = json_pack("{s:[s, s], s:s}", "type", cell_type(in), "null", "x-training-type",
		bn_type_name(in->type));
	int bad = !o;
	if (format)
		bad |= json_object_set_new(o, "format", json_string(format));
	if (in->kind == BN_INPUT_CATEGORY)
		bad |= add_categories(o, in, !s->o.policy.allow_unknown);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

/* A column of vectors. */
static json_t *vector_schema(const bn_feature_source *v)
{
	return json_pack("{s:[s, s], s:I, s:I, s:{s:[s, s]}, s:s}", "type", "array", "null",
		"minItems", (json_int_t)v->elements, "maxItems", (json_int_t)v->elements, "items",
		"type", "number", "null", "x-training-type", bn_type_name(v->type));
}

static json_t *row_schema(const bn_server *s, const bn_predictor *p)
{
	const bn_features *f = bn_predictor_features(p);
	json_t *cells = json_object(), *names = json_array();
	int bad = !cells || !names;
	for (size_t i = 0; i < bn_features_source_count(f); i++) {
		const bn_feature_source *from = bn_features_source(f, i);
		bad |= json_object_set_new(cells, from->name,
			from->elements ? vector_schema(from)
				       : cell_schema(s, bn_features_input(f, from->first)));
		bad |= json_array_append_new(names, json_string(from->name));
	}
	if (bad) {
		json_decref(cells);
		json_decref(names);
		return NULL;
	}
	return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", cells, "required",
		names, "additionalProperties", (int)s->o.policy.allow_extra);
}

/* What a classifier answers: a label, and a probability for each. */
static json_t *answer_schema(const bn_predictor *p)
{
	bool labels = bn_predictor_is_classifier(p) && !bn_predictor_has_numeric_classes(p);
	json_t *prediction = json_pack("{s:s}", "type", labels ? "string" : "number");
	json_t *cells = json_pack("{s:o, s:{s:s}, s:{s:s}}", "prediction", one_or_many(prediction),
		"model", "type", "string", "version", "type", "string");
	if (cells && bn_predictor_is_classifier(p)) {
		json_t *shares = json_pack("{s:s, s:{s:s}}", "type", "object",
			"additionalProperties", "type", "number");
		if (json_object_set_new(cells, "probabilities", one_or_many(shares))) {
			json_decref(cells);
			cells = NULL;
		}
	}
	return json_pack("{s:s, s:o}", "type", "object", "properties", cells);
}

/* ---- paths -------------------------------------------------------------------------------------- */

/* A route that takes rows of model `at`; tag: the model's name. */
static json_t *post_path(const char *summary, json_t *takes, json_t *gives, const char *tag)
{
	json_t *refused = json_pack("{s:s}", "$ref", "#/components/responses/Refused");
	return json_pack("{s:{s:s, s:[s], s:{s:b, s:o}, s:{s:{s:s, s:o}, s:o}}}", "post", "summary",
		summary, "tags", tag, "requestBody", "required", 1, "content", json_content(takes),
		"responses", "200", "description", "the answers, in the order of the rows",
		"content", json_content(gives), "default", refused);
}

static json_t *get_path(const char *summary, bool open, const char *media)
{
	json_t *o = json_pack("{s:{s:s, s:[s], s:{s:{s:s, s:{s:{}}}}}}", "get", "summary", summary,
		"tags", "server", "responses", "200", "description", summary, "content", media);
	if (o && open && json_object_set_new(json_object_get(o, "get"), "security", json_array())) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* base, or base/NAME[/VERSION][tail] of a model. */
static int add_path(json_t *paths, const char *before, const bn_predictor *p, const char *between,
	const char *after, json_t *item)
{
	bn_buf path = BN_BUF_INIT;
	bn_buf_adds(&path, before);
	if (p)
		bn_buf_addf(&path, "/%s", bn_predictor_name(p));
	if (p && between)
		bn_buf_addf(&path, "%s/%s", between, bn_predictor_version(p));
	bn_buf_adds(&path, after);
	int bad = path.failed || !path.ptr || json_object_set_new(paths, path.ptr, item);
	bn_buf_release(&path);
	return bad;
}

static json_t *predict_path(const bn_predictor *p, size_t at)
{
	json_t *row = schema_ref("Row%zu", at + 1);
	return post_path("rows in, predictions out", one_or_many(row),
		schema_ref("Answer%zu", at + 1), bn_predictor_name(p));
}

static json_t *mlflow_path(const bn_predictor *p, size_t at)
{
	json_t *records = json_pack("{s:s, s:o}", "type", "array", "items",
		schema_ref("Row%zu", at + 1));
	json_t *body = json_pack("{s:s, s:{s:o, s:{s:s}}}", "type", "object", "properties",
		"dataframe_records", records, "dataframe_split", "type", "object");
	json_t *gives = json_pack("{s:s, s:{s:{s:s}}}", "type", "object", "properties",
		"predictions", "type", "array");
	return post_path("MLflow's scoring protocol", body, gives, bn_predictor_name(p));
}

static json_t *oip_path(const bn_predictor *p)
{
	return post_path("Open Inference Protocol v2", schema_ref("InferenceRequest"),
		schema_ref("InferenceResponse"), bn_predictor_name(p));
}

/* Is it the first of that name? That one answers where the version is left out. */
static bool is_first(const bn_server *s, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(bn_predictor_name(s->models[i]), bn_predictor_name(s->models[at])))
			return false;
	return true;
}

static int add_model_paths(json_t *paths, const bn_server *s, size_t at)
{
	const bn_predictor *p = s->models[at];
	int bad = add_path(paths, "/predict", p, "", "", predict_path(p, at)) |
		  add_path(paths, "/invocations", p, "", "", mlflow_path(p, at)) |
		  add_path(paths, "/v2/models", p, "/versions", "/infer", oip_path(p));
	if (is_first(s, at))
		bad |= add_path(paths, "/predict", p, NULL, "", predict_path(p, at)) |
		       add_path(paths, "/invocations", p, NULL, "", mlflow_path(p, at)) |
		       add_path(paths, "/v2/models", p, NULL, "/infer", oip_path(p));
	if (at == 0)
		bad |= add_path(paths, "/predict", NULL, NULL, "", predict_path(p, at)) |
		       add_path(paths, "/invocations", NULL, NULL, "", mlflow_path(p, at));
	return bad;
}

static json_t *all_paths(const bn_server *s)
{
	json_t *paths = json_object();
	int bad = !paths;
	for (size_t i = 0; i < s->model_count; i++)
		bad |= add_model_paths(paths, s, i);
	bad |= add_path(paths, "/healthz", NULL, NULL, "",
		       get_path("the server lives", true, "application/json")) |
	       add_path(paths, "/version", NULL, NULL, "",
		       get_path("its version", true, "application/json")) |
	       add_path(paths, "/v2", NULL, NULL, "",
		       get_path("what the Open Inference Protocol says of it", false,
			       "application/json")) |
	       add_path(paths, "/metrics", NULL, NULL, "",
		       get_path("counters for Prometheus", false, "text/plain"));
	if (!bad)
		return paths;
	json_decref(paths);
	return NULL;
}

/* ---- the document ------------------------------------------------------------------------------- */

static json_t *all_schemas(const bn_server *s)
{
	char name[64];
	json_t *tensors = json_pack("{s:s, s:{s:s, s:[s, s, s, s]}}", "type", "array", "items",
		"type", "object", "required", "name", "shape", "datatype", "data");
	json_t *all = json_pack("{s:{s:s, s:{s:O}, s:[s]}, s:{s:s, s:{s:O}}}", "InferenceRequest",
		"type", "object", "properties", "inputs", tensors, "required", "inputs",
		"InferenceResponse", "type", "object", "properties", "outputs", tensors);
	int bad = !all;
	json_decref(tensors);
	for (size_t i = 0; i < s->model_count; i++) {
		snprintf(name, sizeof name, "Row%zu", i + 1);
		bad |= json_object_set_new(all, name, row_schema(s, s->models[i]));
		snprintf(name, sizeof name, "Answer%zu", i + 1);
		bad |= json_object_set_new(all, name, answer_schema(s->models[i]));
	}
	if (!bad)
		return all;
	json_decref(all);
	return NULL;
}

int bn_route_openapi(bn_call *c, bn_err *err)
{
	const bn_server *s = c->server;
	json_t *refused = json_pack("{s:s, s:{s:{s:{s:s}}}}", "description",
		"refused: what is wrong, and where", "content", "application/json", "schema", "type",
		"object");
	json_t *doc = json_pack(
		"{s:s, s:{s:s, s:s}, s:o, s:{s:o, s:{s:o}, s:{s:{s:s, s:s}}}}", "openapi", "3.1.0",
		"info", "title", "binnacle", "version", BN_VERSION, "paths", all_paths(s),
		"components", "schemas", all_schemas(s), "responses", "Refused", refused,
		"securitySchemes", "token", "type", "http", "scheme", "bearer");
	int bad = !doc;
	if (doc && s->tokens.count)
		bad = json_object_set_new(
			doc, "security", json_pack("[{s:[]}]", "token"));
	int rc = bad ? bn_err_nomem(err, "the description of the routes")
		     : bn_json_canonical(doc, &c->response->body, err);
	bn_buf_addch(&c->response->body, '\n');
	json_decref(doc);
	return rc;
}
