/*
 * logged_search.c - the route that searches logged models.
 *
 * A page token holds what was asked, as MLflow's does: base 64 of {"experiment_ids", "filter_string", "order_by",
 * "offset"}, and another question with it is refused.
 */
#include "core/api/_routes.h"
#include "core/api/logged_wire.h"

#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/track/mlflow_search.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 100 };

static const bn_wire_field dataset_fields[] = {
	BN_WIRE_FIELD("dataset_name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("dataset_digest", TEXT, 0), {0}};
static const bn_wire_field order_fields[] = {BN_WIRE_FIELD("field_name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("ascending", BOOL, 0), BN_WIRE_FIELD("dataset_name", TEXT, 0),
	BN_WIRE_FIELD("dataset_digest", TEXT, 0), {0}};
static const bn_wire_field search_fields[] = {BN_WIRE_FIELD("experiment_ids", TEXTS, 0),
	BN_WIRE_FIELD("filter", TEXT, 0), BN_WIRE_OF("datasets", LIST, 0, dataset_fields),
	BN_WIRE_FIELD("max_results", INT, 0), BN_WIRE_OF("order_by", LIST, 0, order_fields),
	BN_WIRE_FIELD("page_token", TEXT, 0), {0}};

/* ---- the question --------------------------------------------------------------------------- */

static int make_search(bn_mlflow_search **out, bn_api_call *c, bn_err *err)
{
	const json_t *order_list = bn_wire_list(c->body, "order_by"),
		     *dataset_list = bn_wire_list(c->body, "datasets");
	size_t orders = json_array_size(order_list), datasets = json_array_size(dataset_list);
	bn_mlflow_order *order = bn_alloc_zeroed(orders + 1, sizeof *order);
	bn_mlflow_dataset *on = bn_alloc_zeroed(datasets + 1, sizeof *on);
	bn_err why = BN_ERR_INIT;
	int rc = BN_ENOMEM;
	if (!order || !on) {
		bn_err_nomem(&why, "a search");
		goto out;
	}
	for (size_t i = 0; i < orders; i++) {
		const json_t *o = json_array_get(order_list, i);
		order[i] = (bn_mlflow_order){bn_wire_text(o, "field_name"),
			!bn_wire_bool(o, "ascending", true), bn_wire_text(o, "dataset_name"),
			bn_wire_text(o, "dataset_digest")};
	}
	for (size_t i = 0; i < datasets; i++) {
		const json_t *d = json_array_get(dataset_list, i);
		on[i] = (bn_mlflow_dataset){
			bn_wire_text(d, "dataset_name"), bn_wire_text(d, "dataset_digest")};
	}
	rc = bn_mlflow_search_logged(
		out, bn_wire_text(c->body, "filter"), order, orders, on, datasets, &why);
out:
	bn_free(order);
	bn_free(on);
	if (rc == BN_EINVAL)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE, "%s", why.msg);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* ---- page tokens ---------------------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* What a token of this request holds beside the offset; a new reference. */
static json_t *question(const bn_api_call *c)
{
	const json_t *ids = bn_wire_list(c->body, "experiment_ids"),
		     *list = bn_wire_list(c->body, "order_by");
	json_t *order = list ? json_array() : json_null(), *o;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)list, i, o) json_array_append_new(
		order, json_pack("{s:o, s:b, s:o, s:o}", "field_name",
			       text_or_null(bn_wire_text(o, "field_name")), "ascending",
			       (int)bn_wire_bool(o, "ascending", true), "dataset_name",
			       text_or_null(bn_wire_text(o, "dataset_name")), "dataset_digest",
			       text_or_null(bn_wire_text(o, "dataset_digest"))));
	return json_pack("{s:o, s:o, s:o}", "experiment_ids",
		ids ? json_deep_copy(ids) : json_array(), "filter_string",
		text_or_null(bn_wire_text(c->body, "filter")), "order_by", order);
}

static void put_token(bn_wire *w, const bn_api_call *c, size_t offset)
{
	bn_buf token = BN_BUF_INIT;
	json_t *o = question(c);
	if (o)
		json_object_set_new(o, "offset", json_integer((json_int_t)offset));
	char *text = o ? json_dumps(o, JSON_PRESERVE_ORDER) : NULL;
	if (text)
		bn_base64_add(&token, text, strlen(text));
	bn_wire_put_text(w, "next_page_token", token.ptr);
	free(text);
	json_decref(o);
	bn_buf_release(&token);
}

/* "name = 'x'", or None, as Python shows it. */
static const char *shown(const json_t *v)
{
	return json_is_string(v) ? json_string_value(v) : "None";
}

static int check_token(bn_api_call *c, const json_t *token, const json_t *now)
{
	const json_t *filter = json_object_get(token, "filter_string"),
		     *asked = json_object_get(now, "filter_string");
	if (!json_equal(filter, asked))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Filter string in the page token does not match the requested filter "
			"string. Expected: "
			"%s. Found: %s",
			shown(asked), shown(filter));
	if (!json_equal(json_object_get(token, "experiment_ids"),
		    json_object_get(now, "experiment_ids")))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Experiment IDs in the page token do not match the requested experiment "
			"IDs.");
	if (!json_equal(json_object_get(token, "order_by"), json_object_get(now, "order_by")))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Order by in the page token does not match the requested order by.");
	return 0;
}

static int read_token(int64_t *offset, bn_api_call *c)
{
	const char *token = bn_wire_text(c->body, "page_token");
	char *text = NULL;
	json_t *v = NULL, *now = question(c);
	int rc = 0;
	*offset = 0;
	if (!token || !token[0])
		goto out;
	if (bn_base64_read(&text, token) < 0 ||
		bn_json_parse(&v, text, strlen(text), "page_token", NULL) < 0 ||
		(*offset = bn_json_int(v, "offset", -1)) < 0) {
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid page token: %s. Expecting value: line 1 column 1 (char 0)", token);
		goto out;
	}
	rc = check_token(c, v, now);
out:
	json_decref(v);
	json_decref(now);
	bn_free(text);
	return rc;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool pair_value(const bn_pairs *pairs, const char *key, bn_mlflow_value *out)
{
	*out = (bn_mlflow_value){.text = bn_pairs_get(pairs, key)};
	return out->text != NULL;
}

static bool metric_value(
	const bn_logged_model *m, const char *key, size_t nth, bn_mlflow_value *out)
{
	for (size_t i = 0; i < m->metrics.count; i++) {
		const bn_logged_metric *x = &m->metrics.items[i];
		if ((key && strcmp(x->key, key) != 0) || nth-- > 0)
			continue;
		*out = (bn_mlflow_value){
			NULL, x->value, x->dataset_name, x->dataset_digest, x->time_ms, x->step};
		return true;
	}
	return false;
}

static bool value(void *ctx, size_t row, bn_mlflow_entity entity, const char *key, size_t nth,
	bn_mlflow_value *out)
{
	const bn_logged_model *m = &((const bn_logged_models *)ctx)->items[row];
	const struct {
		const char *key, *text;
		double number;
		bool is_number;
	} fields[] = {{"name", m->name, 0, false}, {"model_id", m->id, 0, false},
		{"model_type", m->type, 0, false},
		{"status", bn_api_logged_status(m->status), 0, false},
		{"source_run_id", m->run, 0, false},
		{"creation_timestamp", NULL, (double)m->created_ms, true},
		{"last_updated_timestamp", NULL, (double)m->updated_ms, true}};
	if (entity == BN_MLFLOW_METRIC)
		return metric_value(m, key, nth, out);
	if (nth)
		return false;
	if (entity == BN_MLFLOW_TAG || entity == BN_MLFLOW_PARAM)
		return pair_value(entity == BN_MLFLOW_TAG ? &m->tags : &m->params, key, out);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (!strcmp(key, fields[i].key)) {
			*out = (bn_mlflow_value){
				.text = fields[i].text, .number = fields[i].number};
			return fields[i].is_number || fields[i].text;
		}
	return false;
}

/* ---- the route ------------------------------------------------------------------------------ */

/* Those of the experiments of the request; of none, none. */
static int list(bn_logged_models *out, bn_api_call *c, bn_err *err)
{
	const json_t *ids = bn_wire_list(c->body, "experiment_ids");
	size_t n = json_array_size(ids);
	const char **texts = bn_alloc_zeroed(n + 1, sizeof *texts);
	if (!texts)
		return bn_err_nomem(err, "a search");
	for (size_t i = 0; i < n; i++)
		texts[i] = json_string_value(json_array_get(ids, i));
	int rc = n ? bn_logged_list(out, c->ws, texts, n, err) : 0;
	bn_free(texts);
	return rc;
}

static int search(bn_api_call *c, bn_err *err)
{
	bn_mlflow_search *s = NULL;
	bn_logged_models all = BN_LOGGED_MODELS_INIT;
	bn_api_places places = BN_API_PLACES_INIT;
	size_t *rows = NULL, count = 0;
	int64_t offset = 0, most = 0;
	int rc = 0;
	bn_wire_int(c->body, "max_results", &most);
	if (most < 0)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid value for max_results. It must be a positive integer, but got "
			"%lld",
			(long long)most);
	most = most ? most : MOST;
	if ((rc = read_token(&offset, c)) < 0 || (rc = make_search(&s, c, err)) < 0 ||
		(rc = list(&all, c, err)) < 0)
		goto out;
	const bn_mlflow_rows table = {all.count, value, &all};
	if ((rc = bn_mlflow_search_rows(&rows, &count, s, &table, err)) < 0)
		goto out;
	size_t from = (uint64_t)offset < count ? (size_t)offset : count;
	size_t to = count - from > (uint64_t)most ? from + (size_t)most : count;
	bn_wire w = bn_api_answer(c);
	if (from < to)
		bn_wire_open(&w, "models", '[');
	for (size_t i = from; i < to && rc >= 0; i++)
		rc = bn_api_put_logged(&w, NULL, c, &places, &all.items[rows[i]], err);
	if (from < to)
		bn_wire_close(&w, ']');
	if (to < count)
		put_token(&w, c, to);
	bn_wire_close(&w, '}');
out:
	bn_mlflow_search_free(s);
	bn_logged_models_release(&all);
	bn_api_places_release(&places);
	bn_free(rows);
	return rc;
}
const bn_api_about bn_api_logged_search = {
	search, search_fields, BN_API_READER, BN_API_READS, NULL, NULL};
