/*
 * models.c - the routes of registered models: creating, describing, renaming, deleting, tags, aliases.
 *
 * Each change is a signed act of the server's user, which the policy judges (core/registry/model.h): what it forbids is
 * PERMISSION_DENIED. They run alone.
 */
#include "core/api/_routes.h"
#include "core/api/hooks.h"
#include "core/api/names.h"
#include "core/api/registry_wire.h"

#include "core/base/mem.h"
#include "core/govern/rights.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const bn_wire_field pair_fields[] = {
	BN_WIRE_FIELD("key", TEXT, 0), BN_WIRE_FIELD("value", TEXT, 0), {0}};
static const bn_wire_field name_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED), {0}};

static bool is_prompt_text(const char *text)
{
	return text && !strcasecmp(text, "true");
}

/* ---- creating ------------------------------------------------------------------------------- */

static const bn_wire_field create_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_OF("tags", LIST, 0, pair_fields), BN_WIRE_FIELD("description", TEXT, 0), {0}};

static int check_new(bn_api_call *c, const char *name, bool is_prompt, bn_err *err)
{
	bn_registered_model *there = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_registered_model_get(&there, c->ws, name, &why);
	if (rc == BN_ENOTFOUND) {
		bn_err_clear(&why);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	if (is_prompt == there->is_prompt)
		bn_api_refuse(c, BN_API_RESOURCE_ALREADY_EXISTS, "%s (name=%s) already exists.",
			is_prompt ? "Prompt" : "Registered Model", name);
	else
		bn_api_refuse(c, BN_API_RESOURCE_ALREADY_EXISTS,
			"Tried to create a %s with name '%s', but the name is already taken by a "
			"%s. MLflow "
			"does not allow creating a model and a prompt with the same name.",
			is_prompt ? "prompt" : "registered model", name,
			is_prompt ? "registered model" : "prompt");
	bn_registered_model_free(there);
	return BN_EINVAL;
}

static int check_tags(bn_api_call *c, const json_t *tags, bool *is_prompt)
{
	size_t i;
	json_t *tag;
	int rc = 0;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *key = bn_wire_text(tag, "key"), *value = bn_wire_text(tag, "value");
		if ((rc = bn_api_check_registry_tag(c, key ? key : "", value)) < 0)
			return rc;
		*is_prompt = *is_prompt || (!strcmp(key, BN_PROMPT_TAG) && is_prompt_text(value));
	}
	return 0;
}

static int create(bn_api_call *c, bn_err *err)
{
	const char *name = bn_wire_text(c->body, "name");
	const char *description = bn_wire_text(c->body, "description");
	const json_t *tags = bn_wire_list(c->body, "tags");
	bool is_prompt = false;
	size_t i;
	json_t *tag;
	int rc = 0;
	if ((rc = bn_api_check_model_name(name, &c->fault)) < 0 ||
		(rc = check_tags(c, tags, &is_prompt)) < 0 ||
		(rc = check_new(c, name, is_prompt, err)) < 0 ||
		(rc = bn_model_create(c->ws, name, description, err)) < 0)
		return rc;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *value = bn_wire_text(tag, "value");
		if ((rc = bn_model_set_tag(
			     c->ws, name, bn_wire_text(tag, "key"), value ? value : "", err)) < 0)
			return rc;
	}
	bn_api_tell(c, BN_WEBHOOK_MODEL_CREATED, BN_WEBHOOK_PROMPT_CREATED, name,
		json_pack("{s:s, s:o, s:s}", "name", name, "tags",
			bn_api_tell_tags(tags, is_prompt, NULL), "description",
			description ? description : ""));
	return bn_api_answer_model(c, name, err);
}
const bn_api_about bn_api_models_create = {
	create, create_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

/* ---- reading and changing ------------------------------------------------------------------- */

static int get(bn_api_call *c, bn_err *err)
{
	return bn_api_answer_model(c, bn_wire_text(c->body, "name"), err);
}
const bn_api_about bn_api_models_get = {get, name_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* 0 if the model is there. */
static int need(bn_api_call *c, const char *name, bn_err *err)
{
	bn_registered_model *m = NULL;
	int rc = bn_api_model_find(&m, c, name, err);
	bn_registered_model_free(m);
	return rc;
}

static const bn_wire_field update_fields[] = {
	BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("description", TEXT, 0), {0}};

static int update(bn_api_call *c, bn_err *err)
{
	const char *name = bn_wire_text(c->body, "name");
	const char *description = bn_wire_text(c->body, "description");
	int rc = 0;
	if ((rc = need(c, name, err)) < 0 ||
		(rc = bn_model_describe(c->ws, name, description ? description : "", err)) < 0)
		return rc;
	return bn_api_answer_model(c, name, err);
}
const bn_api_about bn_api_models_update = {
	update, update_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field rename_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("new_name", TEXT, BN_WIRE_REQUIRED), {0}};

static int rename_model(bn_api_call *c, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	const char *name = bn_wire_text(c->body, "name"), *to = bn_wire_text(c->body, "new_name");
	int rc = 0;
	if ((rc = bn_api_check_model_name(to, &c->fault)) < 0 || (rc = need(c, name, err)) < 0)
		return rc;
	rc = bn_model_rename(c->ws, name, to, &why);
	if (rc == BN_ECONFLICT)
		return bn_api_refuse(c, BN_API_RESOURCE_ALREADY_EXISTS,
			"Registered Model (name=%s) already exists.", to);
	return rc < 0 ? bn_err_move(err, &why) : bn_api_answer_model(c, to, err);
}
const bn_api_about bn_api_models_rename = {
	rename_model, rename_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

static int delete_model(bn_api_call *c, bn_err *err)
{
	const char *name = bn_wire_text(c->body, "name");
	int rc = need(c, name, err);
	return rc < 0 ? rc : bn_model_delete(c->ws, name, "deleted by an MLflow client", err);
}
const bn_api_about bn_api_models_delete = {
	delete_model, name_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

/* ---- tags ----------------------------------------------------------------------------------- */

static const bn_wire_field set_tag_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("value", TEXT, 0), {0}};

static int set_tag(bn_api_call *c, bn_err *err)
{
	const char *name = bn_wire_text(c->body, "name"), *key = bn_wire_text(c->body, "key");
	const char *value = bn_wire_text(c->body, "value");
	int rc = 0;
	if ((rc = bn_api_check_registry_tag(c, key, value)) < 0 || (rc = need(c, name, err)) < 0)
		return rc;
	if ((rc = bn_model_set_tag(c->ws, name, key, value ? value : "", err)) < 0)
		return rc;
	bn_api_tell(c, BN_WEBHOOK_EVENT_COUNT, BN_WEBHOOK_PROMPT_TAG_SET, name,
		bn_api_tell_about(name, NULL, NULL, key, value ? value : ""));
	return 0;
}
const bn_api_about bn_api_models_set_tag = {
	set_tag, set_tag_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field delete_tag_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), {0}};

/* Deleting a tag that is not there succeeds. */
static int delete_tag(bn_api_call *c, bn_err *err)
{
	bn_registered_model *m = NULL;
	const char *name = bn_wire_text(c->body, "name"), *key = bn_wire_text(c->body, "key");
	int rc = bn_api_model_find(&m, c, name, err);
	if (rc < 0)
		return rc;
	bool is_there = json_object_get(m->tags, key) != NULL;
	if (is_there && (rc = bn_model_set_tag(c->ws, name, key, NULL, err)) >= 0)
		bn_api_tell(c, BN_WEBHOOK_EVENT_COUNT, BN_WEBHOOK_PROMPT_TAG_DELETED, name,
			bn_api_tell_about(name, NULL, NULL, key, NULL));
	bn_registered_model_free(m);
	return rc;
}
const bn_api_about bn_api_models_delete_tag = {
	delete_tag, delete_tag_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

/* ---- aliases -------------------------------------------------------------------------------- */

enum { ALIAS_MOST = 255 };

static const bn_wire_field alias_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("alias", TEXT, BN_WIRE_REQUIRED), {0}};
static const bn_wire_field set_alias_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("alias", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("version", TEXT, BN_WIRE_REQUIRED), {0}};

static int check_alias(bn_api_call *c, const char *alias)
{
	for (const unsigned char *p = (const unsigned char *)alias; *p; p++) {
		unsigned char low = *p | 32;
		if (*p < 0x80 && !(*p >= '0' && *p <= '9') && !(low >= 'a' && low <= 'z') &&
			*p != '_' && *p != '-')
			return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
				"Invalid alias name: '%s'. Names may only contain alphanumerics, "
				"underscores "
				"(_), and dashes (-).",
				alias);
	}
	if (bn_api_check_length("Registered model alias name", alias, ALIAS_MOST, &c->fault) < 0)
		return BN_EINVAL;
	if (!strcasecmp(alias, "latest"))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"'latest' alias name (case insensitive) is reserved.");
	if ((alias[0] | 32) == 'v' && alias[1] && !alias[1 + strspn(alias + 1, "0123456789")])
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Version alias name '%s' is reserved.", alias);
	return 0;
}

/* PERMISSION_DENIED for a writer if the policy protects the alias: what is in use is moved by managers. */
static int need_manager_of(bn_api_call *c, const char *alias, bn_err *err)
{
	bn_policy *policy = NULL;
	sqlite3 *db = NULL;
	int rc;
	if (c->role >= BN_API_MANAGER)
		return 0;
	if ((rc = bn_workspace_read(&db, c->ws, err)) < 0 ||
		(rc = bn_rights_policy(&policy, c->ws, db, err)) < 0)
		return rc;
	if (bn_policy_protects(policy, alias))
		rc = bn_api_refuse(c, BN_API_PERMISSION_DENIED,
			"The policy protects the alias '%s': setting, moving or removing it needs "
			"the "
			"token of a manager.",
			alias);
	bn_policy_free(policy);
	return rc;
}

static int set_alias(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	char spec[BN_VERSION_SPEC];
	const char *name = bn_wire_text(c->body, "name"), *alias = bn_wire_text(c->body, "alias");
	int rc = 0;
	if ((rc = check_alias(c, alias)) < 0 || (rc = need_manager_of(c, alias, err)) < 0 ||
		(rc = bn_api_version_find(&v, c, name, bn_wire_text(c->body, "version"), err)) < 0)
		return rc;
	rc = bn_version_set_alias(c->ws, bn_version_spec(v, spec), alias, err);
	if (rc >= 0)
		bn_api_tell(c, BN_WEBHOOK_ALIAS_CREATED, BN_WEBHOOK_PROMPT_ALIAS_CREATED, name,
			bn_api_tell_about(
				name, bn_wire_text(c->body, "version"), alias, NULL, NULL));
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_models_set_alias = {
	set_alias, set_alias_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static int delete_alias(bn_api_call *c, bn_err *err)
{
	bn_registered_model *m = NULL;
	const char *name = bn_wire_text(c->body, "name"), *alias = bn_wire_text(c->body, "alias");
	int rc = need_manager_of(c, alias, err);
	if (rc < 0 || (rc = bn_api_model_find(&m, c, name, err)) < 0)
		return rc;
	for (size_t i = 0; rc >= 0 && i < m->n_aliases; i++)
		if (!strcmp(m->aliases[i].alias, alias)) {
			if ((rc = bn_model_remove_alias(c->ws, name, alias, err)) >= 0)
				bn_api_tell(c, BN_WEBHOOK_ALIAS_DELETED,
					BN_WEBHOOK_PROMPT_ALIAS_DELETED, name,
					bn_api_tell_about(name, NULL, alias, NULL, NULL));
			break;
		}
	bn_registered_model_free(m);
	return rc;
}
const bn_api_about bn_api_models_delete_alias = {
	delete_alias, alias_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static int get_alias(bn_api_call *c, bn_err *err)
{
	bn_registered_model *m = NULL;
	char spec[BN_VERSION_SPEC] = "";
	const char *name = bn_wire_text(c->body, "name"), *alias = bn_wire_text(c->body, "alias");
	int rc = bn_api_model_find(&m, c, name, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < m->n_aliases; i++)
		if (!strcmp(m->aliases[i].alias, alias))
			snprintf(spec, sizeof spec, "%.130s/%lld", name,
				(long long)m->aliases[i].version);
	bn_registered_model_free(m);
	if (!spec[0])
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Registered model alias %s not found.", alias);
	return bn_api_answer_version(c, spec, err);
}
const bn_api_about bn_api_models_get_alias = {
	get_alias, alias_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* ---- newest versions ------------------------------------------------------------------------ */

static const bn_wire_field latest_fields[] = {
	BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("stages", TEXTS, 0), {0}};

/* 1: asked for, 0: not, negative: refused. */
static int is_asked(bn_api_call *c, const json_t *stages, const char *stage)
{
	size_t i;
	json_t *text;
	int asked = stages == NULL;
	json_array_foreach((json_t *)(uintptr_t)stages, i, text)
	{
		const char *known = bn_api_stage(c, json_string_value(text));
		if (!known)
			return BN_EINVAL;
		asked |= !strcmp(known, stage);
	}
	return asked;
}

static int get_latest(bn_api_call *c, bn_err *err)
{
	bn_version_page *versions = NULL;
	const char *name = bn_wire_text(c->body, "name");
	const json_t *stages = bn_wire_list(c->body, "stages");
	bool any = false;
	int rc = 0;
	if ((rc = is_asked(c, stages, "")) < 0 || (rc = need(c, name, err)) < 0 ||
		(rc = bn_registered_model_versions(&versions, c->ws, name, err)) < 0)
		return rc;
	bn_wire w = bn_api_answer(c);
	for (size_t i = versions->count; i-- > 0;) {
		if (!bn_api_is_latest(versions, i) ||
			is_asked(c, stages, versions->items[i].stage) != 1)
			continue;
		if (!any)
			bn_wire_open(&w, "model_versions", '[');
		any = true;
		bn_api_put_version(&w, NULL, &versions->items[i], false);
	}
	if (any)
		bn_wire_close(&w, ']');
	bn_wire_close(&w, '}');
	bn_version_page_free(versions);
	return 0;
}
const bn_api_about bn_api_models_get_latest = {
	get_latest, latest_fields, BN_API_READER, BN_API_READS, NULL, NULL};
