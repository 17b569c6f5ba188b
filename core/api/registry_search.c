/* registry_search.c - the routes that search registered models and versions (core/track/mlflow_search.h). */
#include "core/api/_routes.h"
#include "core/api/registry_wire.h"

#include "core/base/mem.h"
#include "core/track/mlflow_search.h"

#include <string.h>

enum { MODELS_MOST = 1000, MODELS_PAGE = 100, VERSIONS_MOST = 200000, VERSIONS_PAGE = 10000 };

/* The order, as the search takes it; yours. */
static const char **order_of(const bn_api_call *c, size_t *count)
{
	const json_t *list = bn_wire_list(c->body, "order_by");
	const char **order = bn_alloc_zeroed(json_array_size(list) + 1, sizeof *order);
	size_t i;
	json_t *text;
	*count = 0;
	json_array_foreach((json_t *)(uintptr_t)list, i, text) if (order) order[(*count)++] =
		json_string_value(text);
	return order;
}

static int make_search(bn_mlflow_search **out, bn_api_call *c, bn_mlflow_kind kind, bn_err *err)
{
	size_t count = 0;
	bn_err why = BN_ERR_INIT;
	const char **order = order_of(c, &count);
	if (!order)
		return bn_err_nomem(err, "a search");
	int rc = bn_mlflow_search_new(
		out, kind, bn_wire_text(c->body, "filter"), order, count, &why);
	bn_free(order);
	if (rc == BN_EINVAL)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE, "%s", why.msg);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* The page's first row and its end. */
static int page_of(size_t *from, size_t *to, bn_api_call *c, size_t count, int64_t fallback)
{
	int64_t offset = 0, most = fallback;
	int rc = bn_wire_token(bn_wire_text(c->body, "page_token"), &offset, &c->fault);
	if (rc < 0)
		return rc;
	bn_wire_int(c->body, "max_results", &most);
	if (most < 0)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid value for max_results. It must be a positive integer, but got "
			"%lld",
			(long long)most);
	*from = (size_t)offset < count ? (size_t)offset : count;
	*to = count - *from > (size_t)most ? *from + (size_t)most : count;
	return 0;
}

/* ---- models --------------------------------------------------------------------------------- */

static bool tag_value(const json_t *tags, const char *key, bn_mlflow_value *out)
{
	*out = (bn_mlflow_value){.text = json_string_value(json_object_get(tags, key))};
	return out->text != NULL;
}

static bool model_value(void *ctx, size_t row, bn_mlflow_entity entity, const char *key, size_t nth,
	bn_mlflow_value *out)
{
	const bn_registered_model *m = &((const bn_registered_models *)ctx)->items[row];
	if (nth)
		return false;
	if (entity == BN_MLFLOW_TAG)
		return tag_value(m->tags, key, out);
	*out = (bn_mlflow_value){.number = (double)m->updated_ms};
	if (!strcmp(key, "name"))
		out->text = m->name;
	return !strcmp(key, "name") || !strcmp(key, "last_updated_timestamp");
}

static const bn_wire_field models_fields[] = {BN_WIRE_FIELD("filter", TEXT, 0),
	BN_WIRE_AT_MOST("max_results", 0, MODELS_MOST), BN_WIRE_FIELD("order_by", TEXTS, 0),
	BN_WIRE_FIELD("page_token", TEXT, 0), {0}};

static void answer_models(bn_api_call *c, const bn_registered_models *all,
	const bn_version_page *versions, const size_t *rows, size_t from, size_t to, size_t count)
{
	bn_wire w = bn_api_answer(c);
	if (from < to)
		bn_wire_open(&w, "registered_models", '[');
	for (size_t i = from; i < to; i++)
		bn_api_put_model(&w, NULL, &all->items[rows[i]], versions);
	if (from < to)
		bn_wire_close(&w, ']');
	if (to < count)
		bn_wire_put_token(&w, (int64_t)to);
	bn_wire_close(&w, '}');
}

static int search_models(bn_api_call *c, bn_err *err)
{
	bn_mlflow_search *s = NULL;
	bn_registered_models all = BN_REGISTERED_MODELS_INIT;
	bn_version_page *versions = NULL;
	size_t *rows = NULL, count = 0, from = 0, to = 0;
	int rc = 0;
	if ((rc = make_search(&s, c, BN_MLFLOW_MODELS, err)) < 0 ||
		(rc = bn_registered_model_list(&all, c->ws, err)) < 0)
		goto out;
	const bn_mlflow_rows table = {all.count, model_value, &all};
	if ((rc = bn_mlflow_search_rows(&rows, &count, s, &table, err)) < 0 ||
		(rc = page_of(&from, &to, c, count, MODELS_PAGE)) < 0 ||
		(rc = bn_registered_model_versions(&versions, c->ws, NULL, err)) < 0)
		goto out;
	answer_models(c, &all, versions, rows, from, to, count);
out:
	bn_mlflow_search_free(s);
	bn_registered_models_release(&all);
	bn_version_page_free(versions);
	bn_free(rows);
	return rc;
}
const bn_api_about bn_api_models_search = {
	search_models, models_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* ---- versions ------------------------------------------------------------------------------- */

static bool version_value(void *ctx, size_t row, bn_mlflow_entity entity, const char *key,
	size_t nth, bn_mlflow_value *out)
{
	const bn_version *v = &((const bn_version_page *)ctx)->items[row];
	const struct {
		const char *key, *text;
		double number;
	} fields[] = {{"name", v->name, 0}, {"run_id", v->run_id ? v->run_id : "", 0},
		{"source_path", v->source ? v->source : "", 0},
		{"version_number", NULL, (double)v->version},
		{"creation_timestamp", NULL, (double)v->registered_ms},
		{"last_updated_timestamp", NULL, (double)v->updated_ms}};
	if (nth)
		return false;
	if (entity == BN_MLFLOW_TAG)
		return tag_value(v->tags, key, out);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (!strcmp(key, fields[i].key)) {
			*out = (bn_mlflow_value){
				.text = fields[i].text, .number = fields[i].number};
			return true;
		}
	return false;
}

static const bn_wire_field versions_fields[] = {BN_WIRE_FIELD("filter", TEXT, 0),
	BN_WIRE_AT_MOST("max_results", 0, VERSIONS_MOST), BN_WIRE_FIELD("order_by", TEXTS, 0),
	BN_WIRE_FIELD("page_token", TEXT, 0), {0}};

static int search_versions(bn_api_call *c, bn_err *err)
{
	bn_mlflow_search *s = NULL;
	bn_version_page *all = NULL;
	size_t *rows = NULL, count = 0, from = 0, to = 0;
	int rc = 0;
	if ((rc = make_search(&s, c, BN_MLFLOW_VERSIONS, err)) < 0 ||
		(rc = bn_registered_model_versions(&all, c->ws, NULL, err)) < 0)
		goto out;
	const bn_mlflow_rows table = {all->count, version_value, all};
	if ((rc = bn_mlflow_search_rows(&rows, &count, s, &table, err)) < 0 ||
		(rc = page_of(&from, &to, c, count, VERSIONS_PAGE)) < 0)
		goto out;
	bn_wire w = bn_api_answer(c);
	if (from < to)
		bn_wire_open(&w, "model_versions", '[');
	for (size_t i = from; i < to; i++)
		bn_api_put_version(&w, NULL, &all->items[rows[i]], false);
	if (from < to)
		bn_wire_close(&w, ']');
	if (to < count)
		bn_wire_put_token(&w, (int64_t)to);
	bn_wire_close(&w, '}');
out:
	bn_mlflow_search_free(s);
	bn_version_page_free(all);
	bn_free(rows);
	return rc;
}
const bn_api_about bn_api_versions_search = {
	search_versions, versions_fields, BN_API_READER, BN_API_READS, NULL, NULL};
