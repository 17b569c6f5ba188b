/* model_read.c - see model.h: reading registered models. */
#include "core/base/mem.h"
#include "core/registry/_read.h"
#include "core/registry/model.h"

#include <string.h>

/* A model is listed as long as it has a version, or was created and not deleted since. */
static const char select_sql[] = "SELECT m.name, m.description, " BN_NAME_OF(
	"m.who", "m.uid") ", m.created_ms, m.updated_ms, "
			  "(SELECT count(*) FROM model_version v WHERE v.name = m.name AND "
			  "v.version > 0 AND v.state <> 4) "
			  "AS versions, (SELECT max(version) FROM model_version v WHERE v.name = m.name AND "
			  "v.version > 0 AND v.state <> 4), (SELECT count(*) FROM model_version v WHERE v.name = "
			  "m.name AND v.version > 0 AND v.state = 4) FROM registered_model m WHERE (m.deleted < m.appeared "
			  "OR versions > 0) AND "
			  "m.appeared > 0 AND (?1 IS NULL OR m.name = ?1) ORDER BY m.name";

static void model_release(bn_registered_model *m)
{
	bn_free(m->name);
	bn_free(m->description);
	bn_free(m->user);
	json_decref(m->tags);
	for (size_t i = 0; i < m->n_aliases; i++)
		bn_free(m->aliases[i].alias);
	bn_free(m->aliases);
}

void bn_registered_model_free(bn_registered_model *m)
{
	if (m)
		model_release(m);
	bn_free(m);
}

void bn_registered_models_release(bn_registered_models *l)
{
	for (size_t i = 0; i < l->count; i++)
		model_release(&l->items[i]);
	bn_free(l->items);
	*l = (bn_registered_models)BN_REGISTERED_MODELS_INIT;
}

static int read_tags(bn_registered_model *m, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT key, value FROM model_tag WHERE name = ? AND version = 0", "s", m->name);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if (json_object_set_new(m->tags, (const char *)sqlite3_column_text(st, 0),
			    json_string((const char *)sqlite3_column_text(st, 1))) != 0) {
			rc = bn_err_nomem(err, "a model");
			break;
		}
	sqlite3_reset(st);
	const char *is = json_string_value(json_object_get(m->tags, BN_PROMPT_TAG));
	m->is_prompt = is && (!strcmp(is, "true") || !strcmp(is, "True"));
	return rc;
}

static int read_aliases(bn_registered_model *m, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT alias, version FROM model_alias WHERE name = ? ORDER BY alias", "s",
		m->name);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&m->aliases, &cap, m->n_aliases + 1, sizeof *m->aliases) != 0) {
			rc = bn_err_nomem(err, "a model");
			break;
		}
		bn_registered_alias *a = &m->aliases[m->n_aliases++];
		*a = (bn_registered_alias){bn_sql_text(st, 0), sqlite3_column_int64(st, 1)};
		if (!a->alias) {
			rc = bn_err_nomem(err, "a model");
			break;
		}
	}
	sqlite3_reset(st);
	return rc;
}

static int list_read(bn_registered_models *out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err, select_sql, "s", name)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items) != 0) {
			rc = bn_err_nomem(err, "models");
			break;
		}
		bn_registered_model *m = &out->items[out->count++];
		*m = (bn_registered_model){.name = bn_sql_text(st, 0),
			.description = bn_sql_text(st, 1),
			.user = bn_sql_text(st, 2),
			.created_ms = sqlite3_column_int64(st, 3),
			.updated_ms = sqlite3_column_int64(st, 4),
			.versions = (size_t)sqlite3_column_int64(st, 5),
			.latest = sqlite3_column_int64(st, 6),
			.removed = (size_t)sqlite3_column_int64(st, 7),
			.tags = json_object()};
		if (!m->name || !m->user || !m->tags) {
			rc = bn_err_nomem(err, "models");
			break;
		}
		if ((rc = read_tags(m, db, err)) < 0 || (rc = read_aliases(m, db, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

int bn_registered_model_list(bn_registered_models *out, bn_workspace *ws, bn_err *err)
{
	*out = (bn_registered_models)BN_REGISTERED_MODELS_INIT;
	return list_read(out, ws, NULL, err);
}

int bn_registered_model_get(
	bn_registered_model **out, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_registered_models l = BN_REGISTERED_MODELS_INIT;
	bn_registered_model *m = NULL;
	int rc = list_read(&l, ws, name, err);
	if (rc < 0)
		goto out;
	if (l.count == 0) {
		rc = bn_err_set(err, BN_ENOTFOUND, "no model '%s'", name);
		goto out;
	}
	if (!(m = bn_alloc(sizeof *m))) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	*m = l.items[0];
	l.count = 0;
	*out = m;
out:
	bn_registered_models_release(&l);
	return rc;
}

int bn_registered_model_versions(
	bn_version_page **out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT " BN_VERSION_COLUMNS
			 " FROM model_version WHERE (?1 IS NULL OR name = ?1) "
			 "AND version > 0 AND state <> 4 ORDER BY name, version DESC",
			 "s", name)) < 0)
		return rc;
	return bn_version_page_read(out, db, st, err);
}
