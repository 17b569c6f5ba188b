/* registry_wire.c - see registry_wire.h. */
#include "core/api/registry_wire.h"

#include "core/api/names.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- finding -------------------------------------------------------------------------------- */

int bn_api_model_find(bn_registered_model **out, bn_api_call *c, const char *name, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_registered_model_get(out, c->ws, name, &why);
	if (rc != BN_ENOTFOUND)
		return rc < 0 ? bn_err_move(err, &why) : 0;
	return bn_api_refuse(
		c, BN_API_RESOURCE_DOES_NOT_EXIST, "Registered Model with name=%s not found", name);
}

int bn_api_version_find(
	bn_version **out, bn_api_call *c, const char *name, const char *number, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int64_t n = 0;
	char spec[BN_VERSION_SPEC];
	number = number ? number : "";
	if (!bn_parse_i64(number, strlen(number), &n))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Parameter 'version' must be an integer, got '%.200s'.", number);
	snprintf(spec, sizeof spec, "%.130s/%lld", name, (long long)n);
	int rc = bn_model_name_is_valid(name) && n > 0 ? bn_version_get(out, c->ws, spec, &why)
						       : BN_ENOTFOUND;
	if (rc < 0 && rc != BN_ENOTFOUND && rc != BN_EINVAL)
		return bn_err_move(err, &why);
	bool is_there = rc >= 0 && (*out)->state != BN_MODEL_REMOVED;
	bn_err_clear(&why);
	if (is_there)
		return 0;
	bn_version_free(*out);
	*out = NULL;
	return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
		"Model Version (name=%s, version=%lld) not found", name, (long long)n);
}

const char *bn_api_stage(bn_api_call *c, const char *text)
{
	for (size_t i = 0; bn_model_stages[i]; i++)
		if (!strcasecmp(text, bn_model_stages[i]))
			return bn_model_stages[i];
	bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"Invalid Model Version stage: %s. Value must be one of None, Staging, Production, "
		"Archived.",
		text);
	return NULL;
}

int bn_api_check_registry_tag(bn_api_call *c, const char *key, const char *value)
{
	int rc = 0;
	if ((rc = bn_api_check_name("key", key, &c->fault)) < 0 ||
		(rc = bn_api_check_length("key", key, BN_API_KEY_MOST, &c->fault)) < 0)
		return rc;
	return bn_api_check_length("value", value, BN_API_REGISTRY_TAG_MOST, &c->fault);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_tags(bn_wire *w, const json_t *tags)
{
	const char *key;
	json_t *value;
	if (!json_object_size(tags))
		return;
	bn_wire_open(w, "tags", '[');
	json_object_foreach((json_t *)(uintptr_t)tags, key, value)
		bn_wire_put_pair(w, key, json_string_value(value));
	bn_wire_close(w, ']');
}

/* Where a version came from, as clients know it. Appends. */
static void put_source(bn_buf *out, const bn_version *v)
{
	if (v->source)
		bn_buf_adds(out, v->source);
	else if (v->run_id)
		bn_buf_addf(out, "runs:/%s/model", v->run_id);
}

void bn_api_put_version(bn_wire *w, const char *name, const bn_version *v, bool aliases)
{
	char number[32];
	bn_buf source = BN_BUF_INIT;
	bn_buf_adds(&source, "");
	put_source(&source, v);
	snprintf(number, sizeof number, "%lld", (long long)v->version);
	bn_wire_open(w, name, '{');
	bn_wire_put_text(w, "name", v->name);
	bn_wire_put_text(w, "version", number);
	bn_wire_put_ms(w, "creation_timestamp", v->registered_ms);
	bn_wire_put_ms(w, "last_updated_timestamp", v->updated_ms);
	bn_wire_put_text(w, "current_stage", v->stage);
	bn_wire_put_text(w, "description", v->description ? v->description : "");
	bn_wire_put_text(w, "source", source.ptr);
	bn_wire_put_text(w, "run_id", v->run_id ? v->run_id : "");
	bn_wire_put_text(w, "status", "READY");
	put_tags(w, v->tags);
	bn_wire_put_text(w, "run_link", v->run_link ? v->run_link : "");
	if (aliases && v->n_aliases) {
		bn_wire_open(w, "aliases", '[');
		for (size_t i = 0; i < v->n_aliases; i++)
			bn_wire_put_text(w, NULL, v->aliases[i]);
		bn_wire_close(w, ']');
	}
	bn_wire_close(w, '}');
	bn_buf_release(&source);
}

bool bn_api_is_latest(const bn_version_page *versions, size_t i)
{
	const bn_version *v = &versions->items[i];
	for (size_t k = 0; k < versions->count; k++)
		if (versions->items[k].version > v->version &&
			!strcmp(versions->items[k].name, v->name) &&
			!strcmp(versions->items[k].stage, v->stage))
			return false;
	return true;
}

static void put_latest(bn_wire *w, const char *model, const bn_version_page *versions)
{
	bool any = false;
	for (size_t i = versions ? versions->count : 0; i-- > 0;) {
		const bn_version *v = &versions->items[i];
		if (strcmp(v->name, model) != 0 || !bn_api_is_latest(versions, i))
			continue;
		if (!any)
			bn_wire_open(w, "latest_versions", '[');
		any = true;
		bn_api_put_version(w, NULL, v, false);
	}
	if (any)
		bn_wire_close(w, ']');
}

void bn_api_put_model(
	bn_wire *w, const char *name, const bn_registered_model *m, const bn_version_page *versions)
{
	char number[32];
	bn_wire_open(w, name, '{');
	bn_wire_put_text(w, "name", m->name);
	bn_wire_put_ms(w, "creation_timestamp", m->created_ms);
	bn_wire_put_ms(w, "last_updated_timestamp", m->updated_ms);
	bn_wire_put_text(w, "description", m->description);
	put_latest(w, m->name, versions);
	put_tags(w, m->tags);
	if (m->n_aliases) {
		bn_wire_open(w, "aliases", '[');
		for (size_t i = 0; i < m->n_aliases; i++) {
			snprintf(number, sizeof number, "%lld", (long long)m->aliases[i].version);
			bn_wire_open(w, NULL, '{');
			bn_wire_put_text(w, "alias", m->aliases[i].alias);
			bn_wire_put_text(w, "version", number);
			bn_wire_close(w, '}');
		}
		bn_wire_close(w, ']');
	}
	bn_wire_close(w, '}');
}

int bn_api_answer_model(bn_api_call *c, const char *name, bn_err *err)
{
	bn_registered_model *m = NULL;
	bn_version_page *versions = NULL;
	int rc = 0;
	if ((rc = bn_api_model_find(&m, c, name, err)) < 0 ||
		(rc = bn_registered_model_versions(&versions, c->ws, name, err)) < 0)
		goto out;
	bn_wire w = bn_api_answer(c);
	bn_api_put_model(&w, "registered_model", m, versions);
	bn_wire_close(&w, '}');
out:
	bn_registered_model_free(m);
	bn_version_page_free(versions);
	return rc;
}

int bn_api_answer_version(bn_api_call *c, const char *spec, bn_err *err)
{
	bn_version *v = NULL;
	int rc = bn_version_get(&v, c->ws, spec, err);
	if (rc < 0)
		return rc;
	bn_wire w = bn_api_answer(c);
	bn_api_put_version(&w, "model_version", v, true);
	bn_wire_close(&w, '}');
	bn_version_free(v);
	return 0;
}
