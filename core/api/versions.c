/*
 * versions.c - the routes of model versions: registering, describing, stages, tags, deleting.
 *
 * A version is registered from what its source names: a logged model (models:/m-...), another version (models:/NAME/N),
 * artifacts of a run (runs:/ID/PATH, or the run's artifact URI). Their files are objects of the workspace already,
 * so the version has a manifest of them and can be proven and served. Any other source stays where it is: the version is
 * external (core/registry/model.h). A client cannot approve: that needs a person's signature.
 */
#include "core/api/_routes.h"
#include "core/api/hooks.h"
#include "core/api/logged_wire.h"
#include "core/api/names.h"
#include "core/api/registry_wire.h"
#include "core/api/run_state.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/object/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const bn_wire_field pair_fields[] = {
	BN_WIRE_FIELD("key", TEXT, 0), BN_WIRE_FIELD("value", TEXT, 0), {0}};

/* ---- sources -------------------------------------------------------------------------------- */

/* A registration while it is put together. */
typedef struct origin {
	bn_registration r;
	bn_run_info *run;        /* or NULL */
	bn_logged_model *logged; /* or NULL */
	bn_version *version;     /* or NULL */
	bn_artifacts files;
	const char *prefix; /* of the files */
	bool has_files, is_prompt;
	char user[256];
} origin;

static void origin_release(origin *o)
{
	bn_run_info_free(o->run);
	bn_logged_free(o->logged);
	bn_version_free(o->version);
	bn_artifacts_release(&o->files);
}

static bool is_relative(const char *path)
{
	for (const char *at = path; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
		if (at[0] == '.' && at[1] == '.' && (at[2] == '/' || !at[2]))
			return true;
	return false;
}

/* As MLflow's _validate_source does: no path that leaves its root, and a local one only inside of its run. */
static int check_source(bn_api_call *c, const char *source)
{
	const char *colon = strchr(source, ':'), *path = strstr(source, "://");
	bool is_local = source[0] == '/' || !strncasecmp(source, "file:", 5);
	bool has_path = !path || strchr(path + 3, '/');
	if (is_relative(source) ||
		(colon && path && !has_path && strncmp(source, "models:", 7) != 0 &&
			strncmp(source, "runs:", 5) != 0))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid model version source: '%s'. If supplying a source as an http, "
			"https, local file "
			"path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be "
			"provided "
			"without relative path references present. Please provide an absolute "
			"path.",
			source);
	if (!is_local)
		return 0;
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"Invalid model version source: '%s'. To use a local path as a model version "
		"source, the run_id "
		"request parameter has to be specified and the local path has to be contained "
		"within the "
		"artifact directory of the run specified by the run_id.",
		source);
}

/* The path below the run's artifacts that the source names, or NULL. */
static const char *path_in_run(const char *source, const bn_run_info *run, const char *root)
{
	size_t n = strlen(root);
	if (!strncmp(source, "runs:/", 6) && !strncmp(source + 6, run->id, strlen(run->id)) &&
		source[6 + strlen(run->id)] == '/')
		return source + 7 + strlen(run->id);
	return n && !strncmp(source, root, n) && source[n] == '/' ? source + n + 1 : NULL;
}

/* The URI of a run's artifacts. Appends. */
static int run_root(bn_buf *out, bn_api_call *c, const bn_run_info *run, bn_err *err)
{
	const bn_experiment *e = NULL;
	bn_api_places places = BN_API_PLACES_INIT;
	int rc = bn_api_place_of(&e, &places, c->ws, run->experiment, err);
	if (rc >= 0 && e) {
		bn_api_experiment_root(out, e->id, e->artifact_location);
		bn_buf_addf(out, "/%s/artifacts", run->id);
	}
	bn_api_places_release(&places);
	return rc < 0 ? rc : 0;
}

static int of_run(origin *o, bn_api_call *c, const char *source, bn_err *err)
{
	bn_buf root = BN_BUF_INIT;
	int rc = 0;
	bn_buf_adds(&root, "");
	if ((rc = run_root(&root, c, o->run, err)) < 0 ||
		!(o->prefix = path_in_run(source, o->run, root.ptr)) ||
		(rc = bn_run_artifacts(&o->files, c->ws, o->run->id, err)) < 0)
		goto out;
	size_t n = strlen(o->prefix);
	for (size_t i = 0; i < o->files.count; i++)
		o->has_files |= !strncmp(o->files.items[i].path, o->prefix, n) &&
				o->files.items[i].path[n] == '/';
out:
	bn_buf_release(&root);
	return rc;
}

static int find_run(origin *o, bn_api_call *c, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (!id || !bn_run_id_is_valid(id))
		return 0;
	int rc = bn_run_get(&o->run, c->ws, id, &why);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	if (!o->run)
		return 0;
	o->r.author_uid = o->run->uid;
	o->r.author = o->run->user;
	return 0;
}

/* models:/m-ID */
static int of_logged(origin *o, bn_api_call *c, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_logged_get(&o->logged, c->ws, id, &why);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"Logged model with ID '%s' not found.", id);
	if (rc < 0)
		return bn_err_move(err, &why);
	o->r.logged_model = o->logged->id;
	o->prefix = "";
	/* Whoever ran what made the model is its author. */
	if (!o->r.run_id && (o->r.run_id = o->logged->run) &&
		(rc = find_run(o, c, o->r.run_id, err)) < 0)
		return rc;
	if ((rc = bn_logged_artifacts(&o->files, c->ws, id, err)) < 0)
		return rc;
	o->has_files = o->files.count > 0;
	return 0;
}

/* models:/NAME/N: the same files, or the same place, as that version has. */
static int of_version(origin *o, bn_api_call *c, const char *spec, bn_err *err)
{
	const char *slash = strrchr(spec, '/');
	char *name = bn_strndup(spec, (size_t)(slash - spec));
	if (!name)
		return bn_err_nomem(err, "a name");
	int rc = bn_api_version_find(&o->version, c, name, slash + 1, err);
	bn_free(name);
	if (rc < 0)
		return rc;
	o->r.manifest = o->version->manifest;
	o->r.is_external = o->version->is_external;
	if (!o->r.run_id)
		o->r.run_id = o->version->run_id;
	o->r.author_uid = o->version->author_uid;
	o->r.author = o->version->author;
	return 0;
}

static int find_origin(origin *o, bn_api_call *c, bn_err *err)
{
	const char *source = bn_wire_text(c->body, "source"),
		   *run = bn_wire_text(c->body, "run_id");
	const char *model = !strncmp(source, "models:/", 8) ? source + 8 : NULL;
	const bn_env *env = bn_workspace_env(c->ws);
	int rc = 0;
	o->r.source = source;
	o->r.run_id = run && run[0] ? run : NULL;
	o->r.author_uid = env->uid(env);
	env->user_name(env, o->r.author_uid, o->user, sizeof o->user);
	o->r.author = o->user;
	if ((rc = find_run(o, c, run, err)) < 0)
		return rc;
	if (model && bn_logged_id_is_valid(model))
		return of_logged(o, c, model, err);
	if (model && strchr(model, '/'))
		return of_version(o, c, model, err);
	return o->run ? of_run(o, c, source, err) : 0;
}

/* ---- registering ---------------------------------------------------------------------------- */

static int check_tags(bn_api_call *c, const json_t *tags)
{
	size_t i;
	json_t *tag;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *key = bn_wire_text(tag, "key");
		int rc = bn_api_check_registry_tag(c, key ? key : "", bn_wire_text(tag, "value"));
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int register_it(int64_t *version, bn_api_call *c, origin *o, bn_err *err)
{
	if (o->version)
		return bn_version_register_manifest(version, c->ws, &o->r, err);
	if (o->has_files)
		return bn_version_register_artifacts(
			version, c->ws, &o->r, &o->files, o->prefix, err);
	return bn_version_register_external(version, c->ws, &o->r, err);
}

static const bn_wire_field create_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("source", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("run_id", TEXT, 0),
	BN_WIRE_OF("tags", LIST, 0, pair_fields), BN_WIRE_FIELD("run_link", TEXT, 0),
	BN_WIRE_FIELD("description", TEXT, 0), BN_WIRE_FIELD("model_id", TEXT, 0), {0}};

static void tell_created(bn_api_call *c, const origin *o, int64_t version, const json_t *tags)
{
	char number[24];
	const char *text = NULL;
	bool is_prompt = o->is_prompt;
	json_t *kept = bn_api_tell_tags(tags, is_prompt, &text);
	snprintf(number, sizeof number, "%lld", (long long)version);
	bn_api_tell(c, BN_WEBHOOK_VERSION_CREATED, BN_WEBHOOK_PROMPT_VERSION_CREATED, o->r.name,
		is_prompt ? json_pack("{s:s, s:s, s:s?, s:o, s:s?}", "name", o->r.name, "version",
				    number, "template", text, "tags", kept, "description",
				    o->r.description)
			  : json_pack("{s:s, s:s, s:s, s:s?, s:o, s:s?}", "name", o->r.name,
				    "version", number, "source", o->r.source, "run_id", o->r.run_id,
				    "tags", kept, "description", o->r.description));
}

static int create_from(bn_api_call *c, origin *o, const json_t *tags, bn_err *err)
{
	char spec[BN_VERSION_SPEC];
	int64_t version = 0;
	size_t i;
	json_t *tag;
	int rc = 0;
	if ((rc = register_it(&version, c, o, err)) < 0 ||
		(o->logged && (rc = bn_logged_tell_version(
				       c->ws, o->logged, o->r.name, version, err)) < 0))
		return rc;
	snprintf(spec, sizeof spec, "%.130s/%lld", o->r.name, (long long)version);
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		const char *value = bn_wire_text(tag, "value");
		if ((rc = bn_version_set_tag(
			     c->ws, spec, bn_wire_text(tag, "key"), value ? value : "", err)) < 0)
			return rc;
	}
	tell_created(c, o, version, tags);
	return bn_api_answer_version(c, spec, err);
}

static int create(bn_api_call *c, bn_err *err)
{
	origin o = {.files = BN_ARTIFACTS_INIT};
	bn_registered_model *m = NULL;
	const char *name = bn_wire_text(c->body, "name");
	const char *link = bn_wire_text(c->body, "run_link");
	const char *description = bn_wire_text(c->body, "description");
	const json_t *tags = bn_wire_list(c->body, "tags");
	int rc = 0;
	if ((rc = bn_api_check_model_name(name, &c->fault)) < 0 || (rc = check_tags(c, tags)) < 0 ||
		(rc = check_source(c, bn_wire_text(c->body, "source"))) < 0 ||
		(rc = bn_api_model_find(&m, c, name, err)) < 0 ||
		(rc = find_origin(&o, c, err)) < 0)
		goto out;
	o.r.name = name;
	o.is_prompt = m->is_prompt;
	o.r.run_link = link && link[0] ? link : NULL;
	o.r.description = description && description[0] ? description : NULL;
	rc = create_from(c, &o, tags, err);
out:
	bn_registered_model_free(m);
	origin_release(&o);
	return rc;
}
const bn_api_about bn_api_versions_create = {
	create, create_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

/* ---- reading -------------------------------------------------------------------------------- */

static const bn_wire_field version_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("version", TEXT, BN_WIRE_REQUIRED), {0}};
static const bn_wire_field uri_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_LOOSE),
	BN_WIRE_FIELD("version", TEXT, BN_WIRE_LOOSE), {0}};

/* The version that the request names; *out is yours. */
static int named(bn_version **out, bn_api_call *c, bn_err *err)
{
	const char *name = bn_wire_text(c->body, "name");
	return bn_api_version_find(out, c, name ? name : "", bn_wire_text(c->body, "version"), err);
}

static int answer_named(bn_api_call *c, const bn_version *v, bn_err *err)
{
	char spec[BN_VERSION_SPEC];
	return bn_api_answer_version(c, bn_version_spec(v, spec), err);
}

static int get(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	int rc = named(&v, c, err);
	if (rc < 0)
		return rc;
	rc = answer_named(c, v, err);
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_versions_get = {
	get, version_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* Where a client finds the files: those of a logged model or a run are proxied. */
static int put_uri(bn_buf *out, bn_api_call *c, const bn_version *v, bn_err *err)
{
	bn_logged_model *m = NULL;
	bn_run_info *run = NULL;
	bn_api_places places = BN_API_PLACES_INIT;
	int rc = 0;
	if (v->logged_model) {
		if ((rc = bn_logged_get(&m, c->ws, v->logged_model, err)) >= 0)
			rc = bn_api_logged_root(out, c, &places, m, err);
	} else if (!v->source && v->run_id) {
		if ((rc = bn_run_get(&run, c->ws, v->run_id, err)) >= 0)
			rc = run_root(out, c, run, err);
		bn_buf_adds(out, "/model");
	} else {
		bn_buf_adds(out, v->source ? v->source : "");
	}
	bn_logged_free(m);
	bn_run_info_free(run);
	bn_api_places_release(&places);
	return rc;
}

enum { SOURCES_MOST = 20 };

/* A source models:/NAME/N is that of another version. */
static int resolve_uri(bn_buf *out, bn_api_call *c, const bn_version *v, bn_err *err)
{
	bn_version *other = NULL;
	int rc = 0;
	for (int i = 0; i < SOURCES_MOST && !v->logged_model && v->source &&
			!strncmp(v->source, "models:/", 8);
		i++) {
		bn_version *next = NULL;
		if ((rc = bn_version_get(&next, c->ws, v->source + 8, err)) < 0)
			goto out;
		bn_version_free(other);
		v = other = next;
	}
	rc = put_uri(out, c, v, err);
out:
	bn_version_free(other);
	return rc;
}

static int get_uri(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	bn_buf uri = BN_BUF_INIT;
	int rc = named(&v, c, err);
	if (rc < 0)
		return rc;
	bn_buf_adds(&uri, "");
	if ((rc = resolve_uri(&uri, c, v, err)) >= 0) {
		bn_wire w = bn_api_answer(c);
		bn_wire_put_text(&w, "artifact_uri", uri.ptr);
		bn_wire_close(&w, '}');
	}
	bn_version_free(v);
	bn_buf_release(&uri);
	return rc;
}
const bn_api_about bn_api_versions_get_uri = {
	get_uri, uri_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* ---- changing ------------------------------------------------------------------------------- */

static const bn_wire_field update_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("version", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("description", TEXT, 0),
	{0}};

static int update(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	char spec[BN_VERSION_SPEC];
	const char *description = bn_wire_text(c->body, "description");
	int rc = named(&v, c, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_version_describe(
		     c->ws, bn_version_spec(v, spec), description ? description : "", err)) >= 0)
		rc = answer_named(c, v, err);
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_versions_update = {
	update, update_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static int delete_version(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	char spec[BN_VERSION_SPEC];
	int rc = named(&v, c, err);
	if (rc < 0)
		return rc;
	rc = bn_version_delete(c->ws, bn_version_spec(v, spec), "deleted by an MLflow client", err);
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_versions_delete = {
	delete_version, version_fields, BN_API_MANAGER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field stage_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("version", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("stage", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("archive_existing_versions", BOOL, 0), {0}};

static int set_stage(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	char spec[BN_VERSION_SPEC];
	const char *stage = bn_api_stage(c, bn_wire_text(c->body, "stage"));
	bool archive = bn_wire_bool(c->body, "archive_existing_versions", false);
	int rc = 0;
	if (!stage)
		return BN_EINVAL;
	if (archive && (!strcmp(stage, "None") || !strcmp(stage, "Archived")))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Model version transition cannot archive existing model versions because "
			"'%s' is not an "
			"Active stage. Valid stages are ['Staging', 'Production']",
			stage);
	if (!strcmp(stage, "Production") && c->role < BN_API_MANAGER)
		return bn_api_refuse(c, BN_API_PERMISSION_DENIED,
			"The stage Production needs the token of a manager.");
	if ((rc = named(&v, c, err)) < 0)
		return rc;
	if ((rc = bn_version_set_stage(c->ws, bn_version_spec(v, spec), stage, archive, err)) >= 0)
		rc = answer_named(c, v, err);
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_versions_set_stage = {
	set_stage, stage_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field set_tag_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("version", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), BN_WIRE_FIELD("value", TEXT, 0), {0}};

static int set_tag(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	char spec[BN_VERSION_SPEC];
	const char *key = bn_wire_text(c->body, "key"), *value = bn_wire_text(c->body, "value");
	int rc = 0;
	if ((rc = bn_api_check_registry_tag(c, key, value)) < 0 || (rc = named(&v, c, err)) < 0)
		return rc;
	rc = bn_version_set_tag(c->ws, bn_version_spec(v, spec), key, value ? value : "", err);
	if (rc >= 0)
		bn_api_tell(c, BN_WEBHOOK_VERSION_TAG_SET, BN_WEBHOOK_PROMPT_VERSION_TAG_SET,
			v->name,
			bn_api_tell_about(v->name, bn_wire_text(c->body, "version"), NULL, key,
				value ? value : ""));
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_versions_set_tag = {
	set_tag, set_tag_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};

static const bn_wire_field delete_tag_fields[] = {BN_WIRE_FIELD("name", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("version", TEXT, BN_WIRE_REQUIRED),
	BN_WIRE_FIELD("key", TEXT, BN_WIRE_REQUIRED), {0}};

/* Deleting a tag that is not there succeeds. */
static int delete_tag(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	char spec[BN_VERSION_SPEC];
	const char *key = bn_wire_text(c->body, "key");
	int rc = named(&v, c, err);
	if (rc < 0)
		return rc;
	if (json_object_get(v->tags, key) &&
		(rc = bn_version_set_tag(c->ws, bn_version_spec(v, spec), key, NULL, err)) >= 0)
		bn_api_tell(c, BN_WEBHOOK_VERSION_TAG_DELETED,
			BN_WEBHOOK_PROMPT_VERSION_TAG_DELETED, v->name,
			bn_api_tell_about(
				v->name, bn_wire_text(c->body, "version"), NULL, key, NULL));
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_versions_delete_tag = {
	delete_tag, delete_tag_fields, BN_API_WRITER, BN_API_ALONE, NULL, NULL};
