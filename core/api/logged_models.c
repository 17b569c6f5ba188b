/*
 * logged_models.c - the routes of logged models (MLflow 3): a model that a run made, before it is registered.
 *
 * They are written alone: a client writes a few of them per model, and each answer has the whole model.
 */
#include "core/api/logged_wire.h"

#include "core/api/_routes.h"
#include "core/api/names.h"
#include "core/api/run_state.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/govern/rights.h"

#include <string.h>

enum { PARAMS_MOST = 1000 };

static const bn_wire_field pair_fields[] = {
	BN_WIRE_FIELD("key", TEXT, 0), BN_WIRE_FIELD("value", TEXT, 0), {0}};

/* Its segment of the path. */
static const char *id_of(const bn_api_call *c)
{
	return c->params[0];
}

/* *out is yours. removed: a deleted one is found too. */
static int find(bn_logged_model **out, bn_api_call *c, bool removed, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_logged_get(out, c->ws, id_of(c), &why);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bool is_there = rc >= 0 && (removed || !(*out)->removed);
	bn_err_clear(&why);
	if (is_there)
		return 0;
	bn_logged_free(*out);
	*out = NULL;
	return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
		"Logged model with ID '%s' not found.", id_of(c));
}

static int answer(bn_api_call *c, const char *id, bn_err *err)
{
	bn_logged_model *m = NULL;
	bn_api_places places = BN_API_PLACES_INIT;
	int rc = bn_logged_get(&m, c->ws, id, err);
	if (rc < 0)
		return rc;
	bn_wire w = bn_api_answer(c);
	rc = bn_api_put_logged(&w, "model", c, &places, m, err);
	bn_wire_close(&w, '}');
	bn_api_places_release(&places);
	bn_logged_free(m);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------- */

static const bn_wire_field get_fields[] = {
	BN_WIRE_FIELD("allow_deleted", TEXT, BN_WIRE_LOOSE), {0}};

static int get(bn_api_call *c, bn_err *err)
{
	bn_logged_model *m = NULL;
	const char *deleted = bn_wire_text(c->body, "allow_deleted");
	int rc =
		find(&m, c, deleted && (!strcmp(deleted, "true") || !strcmp(deleted, "True")), err);
	bn_logged_free(m);
	return rc < 0 ? rc : answer(c, id_of(c), err);
}
const bn_api_about bn_api_logged_get = {get, get_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* ---- creating ------------------------------------------------------------------------------- */

static const bn_wire_field create_fields[] = {
	BN_WIRE_FIELD("experiment_id", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("name", TEXT, 0),
	BN_WIRE_FIELD("model_type", TEXT, 0), BN_WIRE_FIELD("source_run_id", TEXT, 0),
	BN_WIRE_OF("params", LIST, 0, pair_fields), BN_WIRE_OF("tags", LIST, 0, pair_fields), {0}};

/* *out, of json_array_size(list) + 1, is yours; its texts are borrowed. */
static int read_words(
	bn_run_word **out, bn_api_call *c, const char *what, const json_t *list, bn_err *err)
{
	size_t i, k;
	json_t *pair;
	if (!(*out = bn_alloc_zeroed(json_array_size(list) + 1, sizeof **out)))
		return bn_err_nomem(err, "a logged model");
	json_array_foreach((json_t *)(uintptr_t)list, i, pair)
	{
		const char *key = bn_wire_text(pair, "key"), *value = bn_wire_text(pair, "value");
		(*out)[i] = (bn_run_word){key ? key : "", value ? value : ""};
		if (bn_api_check_length("key", key, BN_API_KEY_MOST, &c->fault) < 0)
			return BN_EINVAL;
		for (k = 0; k < i; k++)
			if (!strcmp((*out)[k].key, (*out)[i].key))
				return bn_api_refuse(c, BN_API_BAD_REQUEST,
					"%s '%s' is given twice", what, (*out)[i].key);
	}
	return 0;
}

static int check_name(bn_api_call *c, const char *name)
{
	bn_buf shown = BN_BUF_INIT;
	if (!name || !strpbrk(name, "/:.%\"'"))
		return bn_api_check_length("name", name, BN_API_EXPERIMENT_NAME_MOST, &c->fault);
	bn_api_repr(&shown, name);
	bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"Invalid model name (%s) provided. Model name must be a non-empty string and "
		"cannot contain "
		"the following characters: ('/', ':', '.', '%%', '\"', \"'\")",
		shown.ptr);
	bn_buf_release(&shown);
	return BN_EINVAL;
}

static int check_run(bn_api_call *c, const char *run)
{
	if (!run || !run[0] || bn_run_id_is_valid(run))
		return 0;
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"source_run_id '%.80s' is not the id of a run", run);
}

static int create_in(bn_api_call *c, const bn_experiment *e, bn_err *err)
{
	bn_logged_id id;
	bn_run_word *params = NULL, *tags = NULL;
	char readable[64];
	const json_t *param_list = bn_wire_list(c->body, "params"),
		     *tag_list = bn_wire_list(c->body, "tags");
	const char *name = bn_wire_text(c->body, "name"),
		   *run = bn_wire_text(c->body, "source_run_id");
	const char *type = bn_wire_text(c->body, "model_type");
	int rc = 0;
	if (json_array_size(param_list) > PARAMS_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"a request has at most %d params, this one %zu", PARAMS_MOST,
			json_array_size(param_list));
	if ((rc = read_words(&params, c, "param", param_list, err)) < 0 ||
		(rc = read_words(&tags, c, "tag", tag_list, err)) < 0 ||
		(rc = bn_logged_id_make(&id, c->ws, err)) < 0)
		goto out;
	bn_readable_name(id.id + 2, readable, sizeof readable);
	const bn_logged_made made = {.name = name && name[0] ? name : readable,
		.experiment = e->first,
		.run = run && run[0] ? run : NULL,
		.type = type && type[0] ? type : NULL,
		.created_ms = -1,
		.nonce = id.nonce,
		.params = params,
		.param_count = json_array_size(param_list),
		.tags = tags,
		.tag_count = json_array_size(tag_list)};
	if ((rc = bn_logged_create(c->ws, id.id, &made, err)) < 0 ||
		(rc = bn_workspace_sync(c->ws, err)) < 0)
		goto out;
	rc = answer(c, id.id, err);
out:
	bn_free(params);
	bn_free(tags);
	return rc;
}

static int create(bn_api_call *c, bn_err *err)
{
	bn_experiment *e = NULL;
	int rc = 0;
	if ((rc = check_name(c, bn_wire_text(c->body, "name"))) < 0 ||
		(rc = check_run(c, bn_wire_text(c->body, "source_run_id"))) < 0 ||
		(rc = bn_api_experiment_find(&e, c, bn_wire_text(c->body, "experiment_id"), err)) <
			0)
		return rc;
	if (e->removed)
		bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"The experiment %s must be in the 'active' state. Current state is "
			"deleted.",
			e->id);
	rc = e->removed ? BN_EINVAL : create_in(c, e, err);
	bn_experiment_free(e);
	return rc;
}
const bn_api_about bn_api_logged_create = {
	create, create_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

/* ---- changing ------------------------------------------------------------------------------- */

/* MLflow's enumeration LoggedModelStatus. */
static const char *const statuses[] = {"LOGGED_MODEL_STATUS_UNSPECIFIED", "LOGGED_MODEL_PENDING",
	"LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", NULL};
static const bn_wire_field finalize_fields[] = {BN_WIRE_FIELD("model_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_WORD("status", ENUM, BN_WIRE_REQUIRED, statuses), {0}};

static int finalize(bn_api_call *c, bn_err *err)
{
	bn_logged_model *m = NULL;
	int status = bn_wire_enum(c->body, "status", statuses);
	int rc = find(&m, c, true, err);
	bn_logged_free(m);
	if (rc < 0)
		return rc;
	if (status < 1)
		return bn_wire_invalid(&c->fault, "status", json_object_get(c->body, "status"),
			"a status is one of LOGGED_MODEL_PENDING, LOGGED_MODEL_READY, "
			"LOGGED_MODEL_UPLOAD_FAILED");
	if ((rc = bn_logged_set_status(
		     c->ws, id_of(c), (bn_logged_status)(status - 1), NULL, err)) < 0 ||
		(rc = bn_workspace_sync(c->ws, err)) < 0)
		return rc;
	return answer(c, id_of(c), err);
}
const bn_api_about bn_api_logged_finalize = {
	finalize, finalize_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field none_fields[] = {{0}};

static int delete_one(bn_api_call *c, bn_err *err)
{
	bn_logged_model *m = NULL;
	int rc = find(&m, c, true, err);
	bool removed = rc == 0 && m->removed;
	bn_logged_free(m);
	if (rc < 0 || removed)
		return rc;
	return bn_logged_remove(c->ws, id_of(c), true, err);
}
const bn_api_about bn_api_logged_delete = {
	delete_one, none_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field tags_fields[] = {BN_WIRE_FIELD("model_id", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_OF("tags", LIST, 0, pair_fields), {0}};

static int set_tags(bn_api_call *c, bn_err *err)
{
	bn_logged_model *m = NULL;
	bn_run_word *tags = NULL;
	const json_t *list = bn_wire_list(c->body, "tags");
	int rc = find(&m, c, false, err);
	bn_logged_free(m);
	if (rc < 0 || !json_array_size(list))
		return rc;
	if ((rc = read_words(&tags, c, "tag", list, err)) < 0)
		goto out;
	rc = bn_logged_write_tags(c->ws, id_of(c), tags, json_array_size(list), err);
out:
	bn_free(tags);
	return rc;
}
const bn_api_about bn_api_logged_set_tags = {
	set_tags, tags_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static int delete_tag(bn_api_call *c, bn_err *err)
{
	bn_logged_model *m = NULL;
	const bn_run_word gone = {c->params[1], NULL};
	int rc = find(&m, c, false, err);
	if (rc < 0)
		return rc;
	if (!bn_pairs_get(&m->tags, gone.key))
		rc = bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"No tag with key '%s' found for model with ID '%s'.", gone.key, m->id);
	else
		rc = bn_logged_write_tags(c->ws, m->id, &gone, 1, err);
	bn_logged_free(m);
	return rc;
}
const bn_api_about bn_api_logged_delete_tag = {
	delete_tag, none_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field params_fields[] = {BN_WIRE_FIELD("model_id", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_OF("params", LIST, 0, pair_fields), {0}};

static int log_params(bn_api_call *c, bn_err *err)
{
	bn_logged_model *m = NULL;
	bn_run_word *params = NULL;
	const json_t *list = bn_wire_list(c->body, "params");
	size_t n = json_array_size(list);
	int rc = find(&m, c, false, err);
	if (rc < 0)
		return rc;
	if ((rc = read_words(&params, c, "param", list, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (bn_pairs_get(&m->params, params[i].key)) {
			rc = bn_api_refuse(c, BN_API_BAD_REQUEST,
				"model '%s' has a param '%s' already", m->id, params[i].key);
			goto out;
		}
	rc = n ? bn_logged_write_params(c->ws, m->id, params, n, err) : 0;
out:
	bn_free(params);
	bn_logged_free(m);
	return rc;
}
const bn_api_about bn_api_logged_params = {
	log_params, params_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};
