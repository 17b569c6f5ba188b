/*
 * experiments.c - the routes of experiments.
 *
 * An experiment is known to clients by its id and its present name; `default` is shown as "Default" with id "0". A
 * change of one is a record of its own that may need a right, so these routes run alone.
 */
#include "core/api/_routes.h"
#include "core/api/names.h"
#include "core/api/run_state.h"

#include "core/base/mem.h"
#include "core/govern/rights.h"

#include <string.h>

static const bn_wire_field pair_fields[] = {
	BN_WIRE_FIELD("key", TEXT, 0), BN_WIRE_FIELD("value", TEXT, 0), {0}};

/* ---- answers -------------------------------------------------------------------------------- */

void bn_api_put_experiment(bn_wire *w, const char *name, const bn_experiment *e)
{
	bn_buf root = BN_BUF_INIT;
	bn_api_experiment_root(&root, e->id, e->artifact_location);
	bn_wire_open(w, name, '{');
	bn_wire_put_text(w, "experiment_id", e->id);
	bn_wire_put_text(w, "name", bn_api_experiment_name(e->name));
	bn_wire_put_text(w, "artifact_location", root.ptr);
	bn_wire_put_text(w, "lifecycle_stage", e->removed ? "deleted" : "active");
	bn_wire_put_ms(w, "creation_time", e->created_ms);
	bn_wire_put_ms(w, "last_update_time", e->updated_ms);
	if (e->tags.count || e->note) {
		bn_wire_open(w, "tags", '[');
		for (size_t i = 0; i < e->tags.count; i++)
			bn_wire_put_pair(w, e->tags.items[i].key, e->tags.items[i].value);
		if (e->note && !bn_pairs_get(&e->tags, "mlflow.note.content"))
			bn_wire_put_pair(w, "mlflow.note.content", e->note);
		bn_wire_close(w, ']');
	}
	bn_wire_close(w, '}');
	bn_buf_release(&root);
}

static int answer_with(bn_api_call *c, bn_experiment *e)
{
	bn_wire w = bn_api_answer(c);
	bn_api_put_experiment(&w, "experiment", e);
	bn_wire_close(&w, '}');
	bn_experiment_free(e);
	return 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static const bn_wire_field id_fields[] = {
	BN_WIRE_FIELD("experiment_id", TEXT, BN_WIRE_REQUIRED), {0}};

static int get(bn_api_call *c, bn_err *err)
{
	bn_experiment *e = NULL;
	int rc = bn_api_experiment_find(&e, c, bn_wire_text(c->body, "experiment_id"), err);
	return rc < 0 ? rc : answer_with(c, e);
}
const bn_api_about bn_api_experiments_get = {
	get, id_fields, BN_API_READER, BN_API_BRIEF, NULL, NULL};

static const bn_wire_field name_fields[] = {
	BN_WIRE_FIELD("experiment_name", TEXT, BN_WIRE_REQUIRED), {0}};

/* The name in the workspace of one that a client uses. */
static const char *own_name(const char *name)
{
	return strcmp(name, "Default") != 0 ? name : BN_EXPERIMENT_DEFAULT;
}

static int get_by_name(bn_api_call *c, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_experiment *e = NULL;
	const char *name = bn_wire_text(c->body, "experiment_name");
	int rc = bn_experiment_by_name(&e, c->ws, own_name(name), &why);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"Could not find experiment with name '%s'", name);
	return rc < 0 ? bn_err_move(err, &why) : answer_with(c, e);
}
const bn_api_about bn_api_experiments_get_by_name = {
	get_by_name, name_fields, BN_API_READER, BN_API_BRIEF, NULL, NULL};

/* ---- changing ------------------------------------------------------------------------------- */

/* The index has this change from the next commit on. */
static void note_change(bn_api_call *c)
{
	atomic_store(&c->api->experiments_changed, atomic_load(&c->api->generation) + 1);
}

static int check_new_name(bn_api_call *c, const char *name)
{
	if (!name[strspn(name, " \t\r\n\f\v")])
		return bn_api_refuse(
			c, BN_API_INVALID_PARAMETER_VALUE, "Invalid experiment name: '%s'", name);
	return bn_api_check_length("name", name, BN_API_EXPERIMENT_NAME_MOST, &c->fault);
}

/* Whether another experiment shows that name. */
static int is_taken(bool *taken, bn_api_call *c, const char *name, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_experiment *e = NULL;
	int rc = bn_experiment_by_name(&e, c->ws, own_name(name), &why);
	*taken = rc >= 0;
	bn_experiment_free(e);
	return rc < 0 && rc != BN_ENOTFOUND ? bn_err_move(err, &why) : 0;
}

/* An experiment's first name is its entity's name; a name that an experiment has had and given up is one, too. */
static int free_first_name(char **out, bn_api_call *c, const char *name, bn_err *err)
{
	bn_experiments all = BN_EXPERIMENTS_INIT;
	bool is_free = false;
	int rc = bn_experiment_list(&all, c->ws, BN_EXPERIMENTS_ALL, err);
	*out = NULL;
	for (int n = 1; rc >= 0 && !is_free; n++) {
		bn_free(*out);
		*out = n == 1 ? bn_strdup(name) : bn_strf("%s (%d)", name, n);
		is_free = *out != NULL;
		if (!*out)
			rc = bn_err_nomem(err, "a name");
		for (size_t i = 0; is_free && i < all.count; i++)
			is_free = strcmp(all.items[i].first, *out) != 0;
	}
	bn_experiments_release(&all);
	return rc < 0 ? rc : 0;
}

static int check_tags(bn_api_call *c, const json_t *tags)
{
	size_t i;
	json_t *tag;
	int rc = 0;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *key = bn_wire_text(tag, "key"), *value = bn_wire_text(tag, "value");
		if ((rc = bn_api_check_name("key", key ? key : "", &c->fault)) < 0 ||
			(rc = bn_api_check_length("key", key, BN_API_KEY_MOST, &c->fault)) < 0 ||
			(rc = bn_api_check_length(
				 "value", value, BN_API_EXPERIMENT_TAG_MOST, &c->fault)) < 0)
			return rc;
	}
	return 0;
}

static int check_location(bn_api_call *c, const char *location)
{
	if (location && strpbrk(location, "#;"))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"'artifact_location' URL can't include fragments or params.");
	if (location && strchr(location, '?') && !strncmp(location, "file:", 5))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"'artifact_location' URL can't include a query.");
	return 0;
}

static int append_tags(bn_api_call *c, const char *first, const json_t *tags, bn_err *err)
{
	size_t i;
	json_t *tag;
	int rc = 0;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *value = bn_wire_text(tag, "value");
		if ((rc = bn_experiment_tag(
			     c->ws, first, bn_wire_text(tag, "key"), value ? value : "", err)) < 0)
			return rc;
	}
	return 0;
}

static const bn_wire_field create_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("artifact_location", TEXT, 0), BN_WIRE_OF("tags", LIST, 0, pair_fields), {0}};

static int create(bn_api_call *c, bn_err *err)
{
	bool taken = false;
	char *first = NULL;
	char id[BN_EXPERIMENT_ID_TEXT];
	const char *name = bn_wire_text(c->body, "name");
	const char *location = bn_wire_text(c->body, "artifact_location");
	const json_t *tags = bn_wire_list(c->body, "tags");
	int rc = 0;
	if ((rc = check_location(c, location)) < 0 || (rc = check_new_name(c, name)) < 0 ||
		(rc = check_tags(c, tags)) < 0 || (rc = is_taken(&taken, c, name, err)) < 0)
		return rc;
	if (taken || !strcmp(name, "Default"))
		return bn_api_refuse(c, BN_API_RESOURCE_ALREADY_EXISTS,
			"Experiment(name=%s) already exists.", name);
	if ((rc = bn_rights_may(c->ws, BN_ACT_TAG, err)) < 0 ||
		(rc = free_first_name(&first, c, name, err)) < 0)
		return rc;
	bn_experiment_derive_id(id, first);
	const bn_experiment_made made = {.name = first,
		.artifact_location = location && location[0] ? location : NULL,
		.created_ms = bn_env_now_ms(c->api->env)};
	if ((rc = bn_experiment_create(c->ws, &made, err)) < 0 ||
		(strcmp(first, name) != 0 &&
			(rc = bn_experiment_rename(c->ws, first, name, err)) < 0) ||
		(rc = append_tags(c, first, tags, err)) < 0)
		goto out;
	note_change(c);
	bn_wire w = bn_api_answer(c);
	bn_wire_put_text(&w, "experiment_id", id);
	bn_wire_close(&w, '}');
out:
	bn_free(first);
	return rc;
}
const bn_api_about bn_api_experiments_create = {
	create, create_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static int set_removed(bn_api_call *c, bool removed, bn_err *err)
{
	bn_experiment *e = NULL;
	const char *id = bn_wire_text(c->body, "experiment_id");
	int rc = bn_api_experiment_find(&e, c, id, err);
	if (rc < 0)
		return rc;
	if (e->removed == removed) {
		rc = bn_api_refuse(
			c, BN_API_RESOURCE_DOES_NOT_EXIST, "No Experiment with id=%s exists", id);
		goto out;
	}
	if ((rc = bn_rights_may(c->ws, BN_ACT_REMOVE, err)) < 0 ||
		(rc = bn_experiment_remove(c->ws, e->first, removed, err)) < 0)
		goto out;
	note_change(c);
	bn_api_runs_forget(c->runs); /* its runs are removed with it */
out:
	bn_experiment_free(e);
	return rc;
}

static int delete (bn_api_call *c, bn_err *err)
{
	return set_removed(c, true, err);
}
const bn_api_about bn_api_experiments_delete = {
	delete, id_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

static int restore(bn_api_call *c, bn_err *err)
{
	return set_removed(c, false, err);
}
const bn_api_about bn_api_experiments_restore = {
	restore, id_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field update_fields[] = {
	BN_WIRE_FIELD("experiment_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("new_name", TEXT, BN_WIRE_REQUIRED), {0}};

static int update(bn_api_call *c, bn_err *err)
{
	bn_experiment *e = NULL;
	bool taken = false;
	const char *name = bn_wire_text(c->body, "new_name");
	int rc = check_new_name(c, name);
	if (rc < 0 || (rc = bn_api_experiment_find(
			       &e, c, bn_wire_text(c->body, "experiment_id"), err)) < 0)
		return rc;
	bool same = !strcmp(bn_api_experiment_name(e->name), name);
	if (e->removed) {
		rc = bn_api_refuse(
			c, BN_API_INVALID_STATE, "Cannot rename a non-active experiment.");
		goto out;
	}
	if (same || (rc = is_taken(&taken, c, name, err)) < 0)
		goto out;
	if (taken) {
		rc = bn_api_refuse(
			c, BN_API_BAD_REQUEST, "Experiment(name=%s) already exists.", name);
		goto out;
	}
	if ((rc = bn_rights_may(c->ws, BN_ACT_TAG, err)) < 0 ||
		(rc = bn_experiment_rename(c->ws, e->first, name, err)) < 0)
		goto out;
	note_change(c);
out:
	bn_experiment_free(e);
	return rc;
}
const bn_api_about bn_api_experiments_update = {
	update, update_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

/* ---- tags ----------------------------------------------------------------------------------- */

/* An experiment that is active, and whose tags may be changed. */
static int open_for_tags(bn_experiment **out, bn_api_call *c, bn_err *err)
{
	int rc = bn_api_experiment_find(out, c, bn_wire_text(c->body, "experiment_id"), err);
	if (rc < 0)
		return rc;
	if ((*out)->removed)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"The experiment %s must be in the 'active' state. Current state is "
			"deleted.",
			(*out)->id);
	return bn_rights_may(c->ws, BN_ACT_TAG, err);
}

static const bn_wire_field set_tag_fields[] = {
	BN_WIRE_FIELD("experiment_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("value", TEXT, 0), {0}};

static int set_tag(bn_api_call *c, bn_err *err)
{
	bn_experiment *e = NULL;
	const char *key = bn_wire_text(c->body, "key"), *value = bn_wire_text(c->body, "value");
	int rc = 0;
	if ((rc = bn_api_check_name("key", key, &c->fault)) < 0 ||
		(rc = bn_api_check_length("key", key, BN_API_KEY_MOST, &c->fault)) < 0 ||
		(rc = bn_api_check_length("value", value, BN_API_EXPERIMENT_TAG_MOST, &c->fault)) <
			0)
		return rc;
	if ((rc = open_for_tags(&e, c, err)) < 0 ||
		(rc = bn_experiment_tag(c->ws, e->first, key, value ? value : "", err)) < 0)
		goto out;
	note_change(c);
out:
	bn_experiment_free(e);
	return rc;
}
const bn_api_about bn_api_experiments_set_tag = {
	set_tag, set_tag_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field delete_tag_fields[] = {
	BN_WIRE_FIELD("experiment_id", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), {0}};

static int delete_tag(bn_api_call *c, bn_err *err)
{
	bn_experiment *e = NULL;
	const char *key = bn_wire_text(c->body, "key");
	int rc = open_for_tags(&e, c, err);
	if (rc < 0)
		goto out;
	if (!bn_pairs_get(&e->tags, key)) {
		rc = bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"No tag with name: %s in experiment with id %s", key, e->id);
		goto out;
	}
	rc = bn_experiment_tag(c->ws, e->first, key, NULL, err);
	note_change(c);
out:
	bn_experiment_free(e);
	return rc;
}
const bn_api_about bn_api_experiments_delete_tag = {
	delete_tag, delete_tag_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};
