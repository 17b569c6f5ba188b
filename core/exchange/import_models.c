/*
 * import_models.c - registered models of a source and their versions. See _import.h.
 *
 * A version keeps its number if that is free. With files within reach it is a version of those; else it is external: its
 * source is kept as text. Nothing is approved by an import: an alias that the policy protects, and the stage Production,
 * are noted where the policy refuses them. A version that is there is one of an earlier import if its tag binnacle.import
 * says so, and is left as it is.
 */
#include "core/exchange/_import.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/policy.h"
#include "core/govern/rights.h"
#include "core/registry/model.h"

#include <stdio.h>
#include <string.h>

/* ---- models --------------------------------------------------------------------------------------- */

static bool has_word(const json_t *have, const char *key, const char *value)
{
	return !strcmp(bn_json_str(have, key, "\x01"), value);
}

/* Acts of the registry that a policy may refuse, or that are no more than noted when they fail. */
static int outcome(
	bn_importer *m, int rc, bn_err *why, const char *what, const char *of, bn_err *err)
{
	if (rc >= 0)
		return 0;
	if (bn_exchange_ends(rc) || rc == BN_EIO || rc == BN_ECORRUPT)
		return bn_err_move(err, why);
	bn_exchange_leave_out(m->report, what, why->msg, "%s", of);
	bn_err_clear(why);
	return 0;
}

static int add_model(bn_importer *m, const bn_src_model *s, bn_err *err)
{
	bn_registered_model *here = NULL;
	bn_err why = BN_ERR_INIT;
	const char *key;
	json_t *v;
	int rc = bn_registered_model_get(&here, m->ws, s->name, &why);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	rc = 0;
	if (!here) {
		m->report->added.models++;
		if (!m->options->dry_run)
			rc = bn_model_create(m->ws, s->name, s->description, err);
	}
	json_object_foreach((json_t *)(uintptr_t)s->tags, key, v)
	{
		if (rc < 0 || (here && has_word(here->tags, key, json_string_value(v))))
			continue;
		m->report->added.tags++;
		if (!m->options->dry_run)
			rc = outcome(m,
				bn_model_set_tag(m->ws, s->name, key, json_string_value(v), &why),
				&why, "tag of a model", s->name, err);
	}
	bn_registered_model_free(here);
	return rc;
}

/* ---- versions ------------------------------------------------------------------------------------- */

typedef struct file_sink {
	bn_importer *m;
	const bn_src_version *version;
	bn_artifacts files;
} file_sink;

static int each_file(void *user, const bn_src_file *f, bn_err *err)
{
	file_sink *s = user;
	bn_artifacts *a = &s->files;
	uint64_t size = 0;
	int rc;
	if (bn_grow(&a->items, &a->cap, a->count + 1, sizeof *a->items) != 0)
		return bn_err_nomem(err, "files");
	bn_artifact *one = &a->items[a->count];
	*one = (bn_artifact){.path = bn_strdup(f->path)};
	if (!one->path)
		return bn_err_nomem(err, "files");
	a->count++;
	if ((rc = bn_import_object(one->hash, &size, s->m, s->version->files, f->path, err)) < 0)
		return rc;
	one->size_bytes = (int64_t)size;
	s->m->report->added.artifact_bytes += (int64_t)size;
	return 0;
}

static void hash_of(char out[17], const bn_src_version *v)
{
	char hex[65];
	char *text = bn_strf("%s\n%lld\n%s\n%s\n%lld", v->name, (long long)v->version,
		v->source ? v->source : "", v->run ? v->run : "", (long long)v->created_ms);
	bn_sha256_hex(text ? text : "", text ? strlen(text) : 0, hex);
	snprintf(out, 17, "%.16s", hex);
	bn_free(text);
}

/* With the files, if they can be read; else external. */
static int register_version(bn_importer *m, const bn_src_version *v, bn_err *err)
{
	const bn_env *env = bn_workspace_env(m->ws);
	char run[BN_RUN_ID_TEXT] = "", author[64];
	bn_run_info *info = NULL;
	file_sink sink = {m, v, BN_ARTIFACTS_INIT};
	bn_err why = BN_ERR_INIT;
	int64_t number = 0;
	int rc = 0;
	if (v->run && *v->run) {
		bn_import_run_id(run, m->src, v->run, NULL);
		bn_run_get(&info, m->ws, run, NULL);
	}
	env->user_name(env, env->uid(env), author, sizeof author);
	const bn_registration r = {.name = v->name,
		.run_id = info ? run : NULL,
		.author_uid = info ? info->uid : env->uid(env),
		.author = info ? info->user : author,
		.description = v->description,
		.source = v->source && *v->source ? v->source : "unknown",
		.run_link = v->run_link,
		.number = v->version};
	if (v->files && !m->options->no_artifacts)
		rc = m->src->ops->files(m->src, v->files, each_file, &sink, &why);
	if (rc < 0 && (bn_exchange_ends(rc) || bn_err_is_full(&why))) {
		bn_err_move(err, &why);
		goto out;
	}
	if (rc < 0)
		bn_exchange_unreadable(m->report, "files of a version", &why, "%s/%lld", v->name,
			(long long)v->version);
	if (rc >= 0 && sink.files.count)
		rc = bn_version_register_artifacts(&number, m->ws, &r, &sink.files, "", err);
	else
		rc = bn_version_register_external(&number, m->ws, &r, err);
out:
	bn_run_info_free(info);
	bn_artifacts_release(&sink.files);
	return rc;
}

static int decorate(
	bn_importer *m, const bn_src_version *v, const char *spec, const char *hash, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	const char *key;
	json_t *value;
	int rc = 0;
	json_object_foreach((json_t *)(uintptr_t)v->tags, key, value)
	{
		if (rc < 0)
			return rc;
		m->report->added.tags++;
		rc = outcome(m,
			bn_version_set_tag(m->ws, spec, key, json_string_value(value), &why), &why,
			"tag of a version", spec, err);
	}
	if (rc >= 0 && v->stage && *v->stage && strcmp(v->stage, "None") != 0)
		rc = outcome(m, bn_version_set_stage(m->ws, spec, v->stage, false, &why), &why,
			"stage of a version", spec, err);
	return rc < 0 ? rc : bn_version_set_tag(m->ws, spec, BN_IMPORT_TAG, hash, err);
}

/* The version here is that of the source, so the source's aliases may point to it. */
static int note_brought(bn_importer *m, int64_t number, bn_err *err)
{
	char key[24];
	snprintf(key, sizeof key, "%lld", (long long)number);
	return json_object_set_new(m->brought, key, json_true()) < 0
		       ? bn_err_nomem(err, "a model")
		       : 0;
}

static int add_version(bn_importer *m, const bn_src_version *v, bn_err *err)
{
	char spec[200], hash[17];
	bn_version *here = NULL;
	bn_err why = BN_ERR_INIT;
	snprintf(spec, sizeof spec, "%s/%lld", v->name, (long long)v->version);
	hash_of(hash, v);
	int rc = bn_version_get(&here, m->ws, spec, &why);
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	const char *is = here ? bn_json_str(here->tags, BN_IMPORT_TAG, "") : "";
	bool same = here && !strcmp(is, hash), other = here && *is && !same;
	/* one without the tag, whose import was cut off, has the source */
	bool begun = here && !*is && here->source && v->source && !strcmp(here->source, v->source);
	bn_version_free(here);
	if (same)
		return note_brought(m, v->version, err);
	if (other || (here && !begun)) {
		bn_exchange_leave_out(
			m->report, "version", "another version has that number here", "%s", spec);
		return 0;
	}
	m->report->added.versions++;
	if (m->options->dry_run)
		return 0;
	if (!begun && (rc = register_version(m, v, &why)) < 0)
		return outcome(m, rc, &why, "version", spec, err);
	if ((rc = note_brought(m, v->version, err)) < 0)
		return rc;
	return decorate(m, v, spec, hash, err);
}

/* ---- callbacks ------------------------------------------------------------------------------------ */

/* Why the alias stays as it is here; NULL: it may point to that version. An attempt would be recorded at each import. */
static const char *kept_because(bn_importer *m, const bn_registered_model *here, const char *alias,
	int64_t number, const char *spec)
{
	bn_policy *policy = NULL;
	bn_version *v = NULL;
	sqlite3 *db = NULL;
	char key[24];
	const char *why = NULL;
	snprintf(key, sizeof key, "%lld", (long long)number);
	if (!json_object_get(m->brought, key))
		return "the version of that number here is another one";
	if (bn_workspace_read(&db, m->ws, NULL) < 0 || bn_rights_policy(&policy, m->ws, db, NULL) < 0)
		return "the policy cannot be read";
	if (bn_policy_protects(policy, alias)) {
		if (bn_version_get(&v, m->ws, spec, NULL) < 0 || v->state != BN_MODEL_APPROVED)
			why = "only an approved version may have it, and an import approves nothing";
		for (size_t i = 0; !why && i < here->n_aliases; i++)
			if (!strcmp(here->aliases[i].alias, alias))
				why = "the policy protects it, and another version has it here";
	}
	bn_version_free(v);
	bn_policy_free(policy);
	return why;
}

static bool has_alias(const bn_registered_model *here, const char *alias, int64_t number)
{
	for (size_t i = 0; i < here->n_aliases; i++)
		if (!strcmp(here->aliases[i].alias, alias))
			return here->aliases[i].version == number;
	return false;
}

static int add_alias(bn_importer *m, const bn_registered_model *here, const char *alias,
	int64_t number, bn_err *err)
{
	char spec[200];
	bn_err why = BN_ERR_INIT;
	snprintf(spec, sizeof spec, "%s/%lld", m->model, (long long)number);
	const char *kept = kept_because(m, here, alias, number, spec);
	if (kept) {
		bn_exchange_leave_out(m->report, "alias", kept, "%s: %s", spec, alias);
		return 0;
	}
	int rc = bn_version_set_alias(m->ws, spec, alias, &why);
	m->report->added.aliases += rc >= 0;
	return outcome(m, rc, &why, "alias", spec, err);
}

static int flush_aliases(bn_importer *m, bn_err *err)
{
	const char *alias;
	json_t *v;
	bn_registered_model *here = NULL;
	int rc = 0;
	if (!m->model || m->options->dry_run ||
		bn_registered_model_get(&here, m->ws, m->model, NULL) < 0)
		return 0;
	json_object_foreach(m->aliases, alias, v)
	{
		int64_t number = 0;
		if (rc >= 0 && bn_mlflow_version(v, &number) && !has_alias(here, alias, number))
			rc = add_alias(m, here, alias, number, err);
	}
	bn_registered_model_free(here);
	return rc;
}

static int take_model(bn_importer *m, const bn_src_model *s, bn_err *err)
{
	bn_free(m->model);
	json_decref(m->aliases);
	json_decref(m->brought);
	m->model = NULL;
	m->aliases = NULL;
	m->brought = NULL;
	if (m->options->only_count && !bn_import_wants(m, s->name, NULL)) {
		bn_exchange_leave_out(m->report, "model", "--only does not name it", "%s", s->name);
		return 0;
	}
	if (!bn_name_is_valid(s->name)) {
		bn_exchange_leave_out(m->report, "model",
			"a name here has letters, digits, _ . and -, at most 128 bytes", "'%s'",
			s->name);
		return 0;
	}
	m->model = bn_strdup(s->name);
	m->aliases = s->aliases ? json_deep_copy(s->aliases) : json_object();
	m->brought = json_object();
	if (!m->model || !m->aliases || !m->brought)
		return bn_err_nomem(err, "a model");
	return add_model(m, s, err);
}

static int each_model(void *user, const bn_src_model *s, bn_err *err)
{
	bn_importer *m = user;
	int rc = flush_aliases(m, err); /* of the model before, whose versions are there now */
	return rc < 0 ? rc : take_model(m, s, err);
}

static int each_version(void *user, const bn_src_version *v, bn_err *err)
{
	bn_importer *m = user;
	if (!m->model || (v->stage && !strcmp(v->stage, "Deleted_Internal")))
		return 0;
	return v->version > 0 ? add_version(m, v, err) : 0;
}

int bn_import_models(bn_importer *m, bn_err *err)
{
	int rc = bn_workspace_sync(m->ws, err); /* the runs that versions name are found */
	if (rc >= 0)
		rc = m->src->ops->models(m->src, each_model, each_version, m, err);
	if (rc >= 0)
		rc = flush_aliases(m, err);
	bn_free(m->model);
	json_decref(m->aliases);
	json_decref(m->brought);
	m->model = NULL;
	m->aliases = NULL;
	m->brought = NULL;
	return rc;
}
