/* mirror_models.c - the models of a server: documents in known.db, shown as versions of core/registry. See mirror.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/str.h"
#include "core/mlflow/_mirror.h"
#include "core/track/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MODELS 1000
#define PAGE_VERSIONS 10000
#define MOST_DOC ((size_t)2 << 20) /* bytes of what the server says of a model or a version */
#define MOST_NAME 1024 /* bytes of the name of a model or an alias: more than MLflow takes */
#define PROMPTS "tags.`" BN_PROMPT_TAG "` = 'true'" /* which a list without a filter leaves out */

/* ---- reading from the server ------------------------------------------------------------------- */

static int doc_each(void *list, const json_t *item, bn_err *err)
{
	return json_array_append(list, (json_t *)(uintptr_t)item) < 0 ? bn_err_nomem(err, "models")
								       : 0;
}

static int list_ask(json_t *out, bn_mirror *m, const char *path, const char *list,
	const char *filter, int page, bn_err *err)
{
	bn_mlflow_client *c;
	json_t *query = json_pack("{s:i s:s*}", "max_results", page, "filter", filter);
	const bn_mlflow_request r = {.path = path, .query = query};
	int rc = query ? bn_mirror_client(&c, m, err) : bn_err_nomem(err, "a request");
	if (rc >= 0)
		rc = bn_mlflow_list(c, &r, list, doc_each, out, err);
	json_decref(query);
	return rc < 0 ? rc : 0;
}

/* A server without a search for versions (GitLab) gives the newest ones with each model. */
static int latest_take(json_t *versions, const json_t *models, bn_err *err)
{
	size_t i, k;
	json_t *model, *v;
	json_array_foreach((json_t *)(uintptr_t)models, i, model)
	{
		json_array_foreach(json_object_get(model, "latest_versions"), k, v)
		{
			if (json_array_append(versions, v) < 0)
				return bn_err_nomem(err, "models");
		}
	}
	return 0;
}

static int64_t number_of(const json_t *version)
{
	int64_t n;
	return bn_mlflow_version(json_object_get(version, "version"), &n) && n > 0 ? n : -1;
}

static int doc_keep(bn_mirror *m, const json_t *doc, bool is_version, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_buf text = BN_BUF_INIT;
	const char *name = bn_json_str(doc, "name", NULL);
	int64_t number = is_version ? number_of(doc) : 0;
	int rc;
	if (!name || strlen(name) > MOST_NAME || number < 0) {
		m->left_out++;
		return 0;
	}
	if ((rc = bn_json_canonical(doc, &text, err)) < 0)
		goto out;
	if (text.len > MOST_DOC) {
		m->left_out++;
		goto out;
	}
	rc = is_version ? bn_sql_prepare(&st, m->db, err,
				  "INSERT OR REPLACE INTO version VALUES (?, ?, ?)", "sis", name, number,
				  text.ptr)
			: bn_sql_prepare(&st, m->db, err,
				  "INSERT OR REPLACE INTO model VALUES (?, ?)", "ss", name, text.ptr);
	if (rc >= 0)
		rc = bn_sql_step(st, err);
	sqlite3_finalize(st);
out:
	bn_buf_release(&text);
	return rc;
}

static int docs_replace(bn_mirror *m, const json_t *models, const json_t *versions, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t i;
	json_t *doc;
	int rc = bn_mirror_begin(m, err);
	if (rc < 0)
		return rc;
	static const char *const clear[] = {"DELETE FROM model", "DELETE FROM version"};
	for (i = 0; i < 2 && rc >= 0; i++) {
		if ((rc = bn_sql_prepare(&st, m->db, err, clear[i], "")) >= 0)
			rc = bn_sql_step(st, err);
		sqlite3_finalize(st);
	}
	json_array_foreach((json_t *)(uintptr_t)models, i, doc)
	{
		if (rc >= 0)
			rc = doc_keep(m, doc, false, err);
	}
	json_array_foreach((json_t *)(uintptr_t)versions, i, doc)
	{
		if (rc >= 0)
			rc = doc_keep(m, doc, true, err);
	}
	if (rc >= 0)
		rc = bn_mirror_keep(m, "models_ms", bn_env_now_ms(m->env), err);
	return bn_mirror_end(m, rc, err);
}

/* A server that does not know the filter (before MLflow 2.21) has none. */
static int prompts_ask(json_t *models, json_t *versions, bn_mirror *m, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = list_ask(models, m, "registered-models/search", "registered_models", PROMPTS,
		PAGE_MODELS, &why);
	if (rc >= 0)
		rc = list_ask(versions, m, "model-versions/search", "model_versions", PROMPTS,
			PAGE_VERSIONS, &why);
	if (rc == BN_EINVAL || rc == BN_EUNSUPPORTED)
		return 0;
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

int bn_mirror_pull_models(bn_mirror *m, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	json_t *models = json_array(), *versions = json_array();
	int rc = models && versions ? 0 : bn_err_nomem(err, "models");
	if (rc < 0 || (rc = list_ask(models, m, "registered-models/search", "registered_models",
			      NULL, PAGE_MODELS, err)) < 0)
		goto out;
	rc = list_ask(
		versions, m, "model-versions/search", "model_versions", NULL, PAGE_VERSIONS, &why);
	if (rc == BN_EUNSUPPORTED || rc == BN_EINVAL) {
		json_array_clear(versions);
		rc = latest_take(versions, models, err);
	} else if (rc >= 0) {
		rc = prompts_ask(models, versions, m, err);
	} else {
		bn_err_move(err, &why);
	}
	if (rc >= 0)
		rc = docs_replace(m, models, versions, err);
out:
	json_decref(models);
	json_decref(versions);
	return rc;
}

int bn_mirror_version_text(
	char out[BN_FMT], bn_mirror *m, const char *name, int64_t version, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_fmt_i64(version, out);
	int rc = bn_sql_prepare(&st, m->db, err,
		"SELECT json_extract(doc, '$.version') FROM version WHERE name = ? AND version = ?", "si",
		name, version);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1 && sqlite3_column_bytes(st, 0) < BN_FMT)
		snprintf(out, BN_FMT, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* ---- documents as versions --------------------------------------------------------------------- */

static json_t *doc_parse(sqlite3_stmt *st, int column)
{
	json_t *doc = NULL;
	const char *text = (const char *)sqlite3_column_text(st, column);
	if (text && bn_json_parse_numbers(&doc, text, strlen(text), "a model", NULL) < 0)
		doc = NULL;
	return doc;
}

static bool is_prompt(const json_t *doc)
{
	size_t i;
	json_t *tag;
	json_array_foreach(json_object_get(doc, "tags"), i, tag)
	{
		if (!strcmp(bn_json_str(tag, "key", ""), BN_PROMPT_TAG) &&
			!strcmp(bn_json_str(tag, "value", ""), "true"))
			return true;
	}
	return false;
}

static json_t *tags_of(const json_t *doc)
{
	json_t *tags = json_object(), *tag;
	size_t i;
	json_array_foreach(json_object_get(doc, "tags"), i, tag)
	{
		const char *key = bn_json_str(tag, "key", NULL);
		if (key && tags)
			json_object_set_new(tags, key, json_string(bn_json_str(tag, "value", "")));
	}
	return tags;
}

/* The last values of the run's metrics, as far as the mirror knows it. */
static json_t *metrics_of(bn_mirror *m, const json_t *doc)
{
	const char *run = bn_json_str(doc, "run_id", "");
	char id[33];
	bn_series_list list = BN_SERIES_LIST_INIT;
	json_t *values = json_object(), *out = json_object();
	if (*run && values && out) {
		bn_mirror_id(id, run);
		if (bn_series_find_all(&list, m->ws, id, NULL) < 0)
			list.count = 0;
		for (size_t i = 0; i < list.count; i++)
			if (isfinite(list.items[i].last) && !bn_metric_is_system(list.items[i].key))
				json_object_set_new(
					values, list.items[i].key, json_real(list.items[i].last));
		bn_series_list_release(&list);
		if (json_object_size(values))
			json_object_set(out, "run", values);
	}
	json_decref(values);
	return out;
}

static char *text_of(const json_t *doc, const char *key)
{
	const char *text = bn_json_str(doc, key, "");
	return *text ? bn_strdup(text) : NULL;
}

static int64_t ms_of(const json_t *doc, const char *key)
{
	int64_t ms;
	return bn_mlflow_integer(json_object_get(doc, key), &ms) ? ms : -1;
}

static int aliases_take(bn_version *v, const json_t *model, bn_err *err)
{
	const json_t *all = json_object_get(model, "aliases");
	size_t i, cap = 0;
	json_t *a;
	json_array_foreach((json_t *)(uintptr_t)all, i, a)
	{
		const char *alias = bn_json_str(a, "alias", NULL);
		if (!alias || strlen(alias) > MOST_NAME || number_of(a) != v->version)
			continue;
		if (bn_grow(&v->aliases, &cap, v->n_aliases + 1, sizeof *v->aliases) != 0 ||
			!(v->aliases[v->n_aliases] = bn_strdup(alias)))
			return bn_err_nomem(err, "a model");
		v->n_aliases++;
	}
	return 0;
}

/* "m-..." of its source or, since MLflow 3, of its own field. */
static char *logged_of(const json_t *doc)
{
	const char *source = bn_json_str(doc, "source", "");
	char *id = text_of(doc, "model_id");
	return !id && bn_str_starts(source, "models:/m-") ? bn_strdup(source + strlen("models:/")) : id;
}

static int version_fill(
	bn_version *v, bn_mirror *m, const json_t *doc, const json_t *model, bn_err *err)
{
	const char *run = bn_json_str(doc, "run_id", "");
	char id[33];
	*v = (bn_version){.name = text_of(doc, "name"),
		.version = number_of(doc),
		.description = text_of(doc, "description"),
		.author = text_of(doc, "user_id"),
		.registrar = text_of(doc, "user_id"),
		.state = BN_MODEL_REGISTERED,
		.author_uid = (uid_t)-1,
		.registrar_uid = (uid_t)-1,
		.registered_ms = ms_of(doc, "creation_timestamp"),
		.state_ms = ms_of(doc, "last_updated_timestamp"),
		.updated_ms = ms_of(doc, "last_updated_timestamp"),
		.source = text_of(doc, "source"),
		.run_link = text_of(doc, "run_link"),
		.logged_model = logged_of(doc),
		.stage = text_of(doc, "current_stage"),
		.requested_ms = -1,
		.data = json_array(),
		.metrics = metrics_of(m, doc),
		.tags = tags_of(doc)};
	v->key = v->version;
	if (*run) {
		bn_mirror_id(id, run);
		v->run_id = bn_strdup(id);
	}
	if (!v->name || !v->data || !v->metrics || !v->tags || (*run && !v->run_id))
		return bn_err_nomem(err, "a model");
	return aliases_take(v, model, err);
}

int bn_mirror_versions(bn_version_page **out, bn_mirror *m, const char *name, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	json_t *doc = NULL, *model = NULL;
	bn_version_page *p = bn_alloc_zeroed(1, sizeof *p);
	int rc = p ? bn_sql_prepare(&st, m->db, err,
			     "SELECT v.doc, m.doc FROM version v LEFT JOIN model m USING (name) "
			     "WHERE ?1 IS NULL OR v.name = ?1 "
			     "ORDER BY CASE WHEN ?1 IS NULL THEN json_extract(v.doc, '$.creation_timestamp') END "
			     "DESC, v.name, v.version DESC",
			     "s", name)
		   : bn_err_nomem(err, "models");
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		json_decref(doc);
		json_decref(model);
		doc = doc_parse(st, 0);
		model = doc_parse(st, 1);
		if (!doc || (!name && (is_prompt(doc) || is_prompt(model))))
			continue;
		if (bn_grow(&p->items, &cap, p->count + 1, sizeof *p->items) != 0) {
			rc = bn_err_nomem(err, "models");
			break;
		}
		rc = version_fill(&p->items[p->count++], m, doc, model, err);
	}
	sqlite3_finalize(st);
	json_decref(doc);
	json_decref(model);
	if (rc < 0) {
		bn_version_page_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

static int model_aliases(bn_registered_model *row, const json_t *doc, bn_err *err)
{
	size_t i, cap = 0;
	json_t *a;
	json_array_foreach(json_object_get(doc, "aliases"), i, a)
	{
		const char *alias = bn_json_str(a, "alias", NULL);
		if (!alias || number_of(a) < 0)
			continue;
		if (bn_grow(&row->aliases, &cap, row->n_aliases + 1, sizeof *row->aliases) != 0)
			return bn_err_nomem(err, "a model");
		row->aliases[row->n_aliases++] = (bn_registered_alias){bn_strdup(alias), number_of(a)};
		if (!row->aliases[row->n_aliases - 1].alias)
			return bn_err_nomem(err, "a model");
	}
	return 0;
}

int bn_mirror_models(bn_registered_models *out, bn_mirror *m, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = (bn_registered_models)BN_REGISTERED_MODELS_INIT;
	int rc = bn_sql_prepare(&st, m->db, err,
		"SELECT m.doc, max(v.version), count(v.version) FROM model m LEFT JOIN "
		"version v USING (name) GROUP BY m.name ORDER BY m.name",
		"");
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		json_t *doc = doc_parse(st, 0);
		if (!doc)
			continue;
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items) != 0) {
			json_decref(doc);
			rc = bn_err_nomem(err, "models");
			break;
		}
		bn_registered_model *row = &out->items[out->count++];
		*row = (bn_registered_model){.name = text_of(doc, "name"),
			.description = text_of(doc, "description"),
			.user = text_of(doc, "user_id"),
			.created_ms = ms_of(doc, "creation_timestamp"),
			.updated_ms = ms_of(doc, "last_updated_timestamp"),
			.tags = tags_of(doc),
			.versions = (size_t)sqlite3_column_int64(st, 2),
			.latest = sqlite3_column_int64(st, 1),
			.is_prompt = is_prompt(doc)};
		rc = row->name && row->tags ? model_aliases(row, doc, err)
					    : bn_err_nomem(err, "models");
		json_decref(doc);
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* ---- one version ------------------------------------------------------------------------------- */

static bool has_alias(const bn_version *v, const char *alias)
{
	for (size_t i = 0; i < v->n_aliases; i++)
		if (!strcmp(v->aliases[i], alias))
			return true;
	return false;
}

/* The version that the text after the name means; NULL: there is none. Newest first. */
static bn_version *choose(bn_version_page *p, const char *rest)
{
	int64_t number = -1;
	if (!p->count)
		return NULL;
	if (!*rest) {
		bn_version *champion = choose(p, "@champion");
		return champion ? champion : &p->items[0];
	}
	if (!strcmp(rest, "@latest"))
		return &p->items[0];
	if (*rest == '/' && !bn_parse_i64(rest + 1, strlen(rest + 1), &number))
		return NULL;
	for (size_t i = 0; i < p->count; i++)
		if (*rest == '/' ? p->items[i].version == number : has_alias(&p->items[i], rest + 1))
			return &p->items[i];
	return NULL;
}

static int none_like(bn_mirror *m, const char *name, bn_err *err)
{
	bn_registered_models l;
	bn_nearest near = bn_nearest_to(name, BN_NEAREST_CLOSE);
	bool is_empty = false;
	int rc = bn_mirror_models(&l, m, err);
	for (size_t i = 0; rc >= 0 && i < l.count; i++) {
		is_empty = is_empty || !strcmp(l.items[i].name, name);
		bn_nearest_offer(&near, l.items[i].name);
	}
	if (rc >= 0 && is_empty) {
		rc = bn_err_set(err, BN_ENOTFOUND, "model '%.120s' has no versions", name);
		bn_err_hint(err, "binnacle model register RUN --name %.120s makes the first", name);
	} else if (rc >= 0) {
		rc = bn_err_set(err, BN_ENOTFOUND, "%.120s has no model '%.120s'", m->address, name);
		bn_nearest_hint(&near, err);
		bn_err_hint(err, "`binnacle model ls` lists them");
	}
	bn_registered_models_release(&l);
	return rc;
}

int bn_mirror_version(bn_version **out, bn_mirror *m, const char *spec, bn_err *err)
{
	bn_version_page *p = NULL;
	size_t n = strcspn(spec, "/@");
	char *name = bn_strndup(spec, n);
	bn_version *own = NULL;
	int rc = name ? bn_mirror_versions(&p, m, name, err) : bn_err_nomem(err, "a name");
	if (rc < 0)
		goto out;
	bn_version *v = choose(p, spec + n);
	if (!v && !p->count) {
		rc = none_like(m, name, err);
		goto out;
	}
	if (!v) {
		rc = bn_err_set(err, BN_ENOTFOUND, "model '%.120s' has no %s", name,
			spec[n] == '@' ? "such alias" : "such version");
		bn_err_hint(err, "its newest version is %.120s/%lld", name,
			(long long)p->items[0].version);
		goto out;
	}
	if (!(own = bn_alloc_zeroed(1, sizeof *own))) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	*own = *v;
	*v = (bn_version){0};
	*out = own;
out:
	bn_version_page_free(p);
	bn_free(name);
	return rc;
}
