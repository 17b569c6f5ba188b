/* registry_read.c - lists and single versions of the registry, as immutable copies. See registry.h.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/_contested.h"
#include "core/registry/_read.h"
#include "core/registry/model.h"
#include "core/store/object/object.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of table model_version v: not of a prompt. */
#define BN_NO_PROMPT \
	"NOT EXISTS (SELECT 1 FROM model_tag t WHERE t.name = v.name AND t.version = 0 AND t.key = '" \
	BN_PROMPT_TAG "' AND lower(t.value) = 'true')"

/* ---- owned things --------------------------------------------------------------------------- */

static void version_release(bn_version *v)
{
	char *const texts[] = {v->name, v->uuid, v->run_id, v->digest, v->manifest, v->trainer,
		v->description, v->author, v->registrar, v->request_reason, v->requester,
		v->contested, v->source, v->run_link, v->logged_model, v->stage};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		bn_free(texts[i]);
	json_decref(v->data);
	json_decref(v->metrics);
	json_decref(v->tags);
	for (size_t i = 0; i < v->n_aliases; i++)
		bn_free(v->aliases[i]);
	bn_free(v->aliases);
	for (size_t i = 0; i < v->n_decisions; i++) {
		bn_free(v->decisions[i].user);
		bn_free(v->decisions[i].reason);
		bn_free(v->decisions[i].policy_hash);
		bn_free(v->decisions[i].public_key);
		json_decref(v->decisions[i].gates);
	}
	bn_free(v->decisions);
}

void bn_version_free(bn_version *v)
{
	if (v)
		version_release(v);
	bn_free(v);
}

void bn_version_page_free(bn_version_page *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		version_release(&p->items[i]);
	bn_free(p->items);
	bn_free(p);
}

void bn_model_page_free(bn_model_page *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		bn_free(p->items[i].name);
	bn_free(p->items);
	bn_free(p);
}

const char *bn_version_spec(const bn_version *v, char spec[BN_VERSION_SPEC])
{
	if (v->key < 0)
		snprintf(spec, BN_VERSION_SPEC, "%s", v->uuid);
	else
		snprintf(spec, BN_VERSION_SPEC, "%s/%lld", v->name, (long long)v->version);
	return spec;
}

static void state_by_decisions(const bn_version *v, bool approved, bn_buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n_decisions; i++) {
		const bn_decision *d = &v->decisions[i];
		if (d->counts && d->approved == approved && d->user)
			bn_buf_addf(out, "%s%s", n++ ? ", " : "", d->user);
	}
}

void bn_version_state_by(const bn_version *v, bn_buf *out)
{
	switch (v->state) {
	case BN_MODEL_REGISTERED:
		bn_buf_adds(out, v->registrar ? v->registrar : "");
		return;
	case BN_MODEL_REQUESTED:
		bn_buf_adds(out, v->requester ? v->requester : "");
		return;
	case BN_MODEL_APPROVED:
	case BN_MODEL_REJECTED:
		state_by_decisions(v, v->state == BN_MODEL_APPROVED, out);
		return;
	case BN_MODEL_REMOVED:
		return;
	}
}

double bn_version_metric(const bn_version *v, const char *part, const char *metric)
{
	return bn_json_num(json_object_get(v->metrics, part), metric, NAN);
}

/* ---- loading one version -------------------------------------------------------------------- */

static int column_json(json_t **out, sqlite3_stmt *st, int column, bn_err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	return bn_json_parse(out, text ? text : "null", text ? strlen(text) : 4, "the index", err);
}

static int load_aliases(bn_version *v, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT alias FROM model_alias WHERE name = ? AND version = ? ORDER BY alias", "si",
		v->name, v->key);
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		if (bn_grow(&v->aliases, &cap, v->n_aliases + 1, sizeof *v->aliases) ||
			!(v->aliases[v->n_aliases] = bn_sql_text(st, 0)))
			rc = bn_err_nomem(err, "aliases");
		else
			v->n_aliases++;
	}
	sqlite3_finalize(st);
	return rc;
}

static int load_tags(bn_version *v, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	if (!(v->tags = json_object()))
		return bn_err_nomem(err, "tags");
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT key, value FROM model_tag WHERE name = ? AND version = ? ORDER BY key",
		"si", v->name, v->key);
	if (rc)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		json_object_set_new(v->tags, (const char *)sqlite3_column_text(st, 0),
			json_string((const char *)sqlite3_column_text(st, 1)));
	sqlite3_finalize(st);
	return rc;
}

static int decision_read(bn_decision *d, sqlite3_stmt *st, bn_err *err)
{
	d->uid = (uid_t)sqlite3_column_int64(st, 0);
	d->user = bn_sql_text(st, 1);
	d->time_ms = sqlite3_column_int64(st, 2);
	d->approved = sqlite3_column_int(st, 3) != 0;
	d->override = sqlite3_column_int(st, 4) != 0;
	d->reason = bn_sql_text(st, 5);
	d->policy_hash = bn_sql_text(st, 6);
	d->public_key = bn_sql_text(st, 7);
	d->counts = sqlite3_column_int(st, 9) != 0;
	return column_json(&d->gates, st, 8, err);
}

#define NAME_OF_DECIDER BN_NAME_OF("who", "uid")

static int load_decisions(bn_version *v, sqlite3 *db, int64_t request_no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT uid, " NAME_OF_DECIDER
		", time_ms, approved, override, reason, policy_hash, "
		"public_key, gates,"
		" request_no = ? FROM model_decision WHERE name = ? AND version = ?"
		" ORDER BY request_no, time_ms, uid",
		"isi", request_no, v->name, v->key);
	if (rc)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&v->decisions, &cap, v->n_decisions + 1, sizeof *v->decisions)) {
			rc = bn_err_nomem(err, "decisions");
			break;
		}
		bn_decision *d = &v->decisions[v->n_decisions++];
		memset(d, 0, sizeof *d);
		if ((rc = decision_read(d, st, err)))
			break;
		v->approvals += d->counts && d->approved;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Two registrations of one number, in words. */
static int load_contested(bn_version *v, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_buf words = BN_BUF_INIT;
	int64_t low, high;
	bn_contested_keys(v->version, &low, &high);
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT uuid, bn_user(registrar_uid), version FROM model_version WHERE name = ?1 "
		"AND "
		"version <> ?2 AND (version = ?3 OR version BETWEEN ?4 AND ?5) ORDER BY version "
		"DESC",
		"siiii", v->name, v->key, v->version, low, high);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		bn_buf_addf(&words, "%sregistered by %s as %s%s",
			words.len ? "; " : "the number was ",
			(const char *)sqlite3_column_text(st, 1),
			(const char *)sqlite3_column_text(st, 0),
			sqlite3_column_int64(st, 2) > 0 ? ", who holds it" : " too");
	sqlite3_finalize(st);
	if (rc >= 0 && (rc = bn_buf_check(&words, err, "a model version")) >= 0 && words.len)
		v->contested = bn_buf_take(&words, NULL);
	bn_buf_release(&words);
	return rc;
}

static int version_read(bn_version *v, sqlite3 *db, sqlite3_stmt *st, int needed, bn_err *err)
{
	v->name = bn_sql_text(st, 0);
	v->key = sqlite3_column_int64(st, 1);
	v->version = bn_entry_number(v->key);
	v->uuid = bn_sql_text(st, 2);
	v->run_id = bn_sql_text(st, 3);
	v->digest = bn_sql_text(st, 4);
	v->manifest = bn_sql_text(st, 5);
	v->trainer = bn_sql_text(st, 6);
	v->description = bn_sql_text(st, 7);
	v->state = (bn_model_state)sqlite3_column_int(st, 8);
	v->author_uid = (uid_t)sqlite3_column_int64(st, 9);
	v->author = bn_sql_text(st, 10);
	v->registrar_uid = (uid_t)sqlite3_column_int64(st, 11);
	v->registrar = bn_sql_text(st, 12);
	v->registered_ms = sqlite3_column_int64(st, 13);
	v->state_ms = sqlite3_column_int64(st, 14);
	v->requested_ms = sqlite3_column_int64(st, 16);
	v->requester = bn_sql_text(st, 17);
	v->request_reason = bn_sql_text(st, 18);
	v->approvals_needed = needed;
	v->source = bn_sql_text(st, 21);
	v->is_external = sqlite3_column_int(st, 22) != 0;
	v->run_link = bn_sql_text(st, 23);
	v->logged_model = bn_sql_text(st, 24);
	v->stage = bn_sql_text(st, 25);
	v->updated_ms = sqlite3_column_int64(st, 26);
	if (!v->name || !v->uuid || !v->digest || !v->manifest || !v->author || !v->registrar ||
		!v->stage)
		return bn_err_nomem(err, "a model version");
	int rc = column_json(&v->data, st, 19, err);
	if (!rc)
		rc = column_json(&v->metrics, st, 20, err);
	if (!rc)
		rc = load_contested(v, db, err);
	if (!rc)
		rc = load_aliases(v, db, err);
	if (!rc)
		rc = load_tags(v, db, err);
	return rc ? rc : load_decisions(v, db, sqlite3_column_int64(st, 15), err);
}

static int approvals_needed(int *out, sqlite3 *db, bn_err *err)
{
	bn_policy *p = NULL;
	int rc = bn_policy_get(&p, db, NULL, err);
	if (!rc)
		*out = p->approvals;
	bn_policy_free(p);
	return rc;
}

/* Reads what st gives, a statement over BN_VERSION_COLUMNS; finalizes it. */
int bn_version_page_read(bn_version_page **out, sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	size_t cap = 0;
	int needed = 1, rc = approvals_needed(&needed, db, err);
	bn_version_page *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p && !rc)
		rc = bn_err_nomem(err, "model versions");
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		if (bn_grow(&p->items, &cap, p->count + 1, sizeof *p->items)) {
			rc = bn_err_nomem(err, "model versions");
			break;
		}
		memset(&p->items[p->count], 0, sizeof *p->items);
		rc = version_read(&p->items[p->count++], db, st, needed, err);
		if (rc)
			break;
	}
	sqlite3_finalize(st);
	if (rc)
		bn_version_page_free(p);
	else
		*out = p;
	return rc;
}

/* The manifest goes with the files that only it names. */
static int find_gone(bn_version *v, bn_workspace *ws, bn_err *err)
{
	bn_object_store *objects = NULL;
	bn_object_info info;
	bn_err e = BN_ERR_INIT;
	int rc;
	if (v->state != BN_MODEL_REMOVED)
		return 0;
	if ((rc = bn_workspace_objects(&objects, ws, err)) < 0)
		return rc;
	rc = bn_object_head(objects, v->manifest, &info, &e);
	v->bytes_gone = rc == BN_ENOTFOUND;
	if (rc < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &e);
	bn_err_clear(&e);
	return 0;
}

int bn_version_list(
	bn_version_page **out, bn_workspace *ws, const char *name, bool removed, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	bn_version_page *p = NULL;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT " BN_VERSION_COLUMNS
			 " FROM model_version v WHERE (?1 IS NOT NULL OR " BN_NO_PROMPT
			 ") AND (?1 IS NULL OR name = ?1)"
			 " AND (?2 OR state != 4) ORDER BY registered_ms DESC, name, version DESC",
			 "si", name, (int64_t)removed)) < 0 ||
		(rc = bn_version_page_read(&p, db, st, err)) < 0)
		return rc;
	for (size_t i = 0; i < p->count; i++) {
		if ((rc = find_gone(&p->items[i], ws, err)) < 0) {
			bn_version_page_free(p);
			return rc;
		}
	}
	*out = p;
	return 0;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* A model with a similar name, yours; NULL if there is none. *any: whether there is a model. */
static char *near_name(sqlite3 *db, const char *name, bool *any)
{
	sqlite3_stmt *st = NULL;
	char *names[64];
	size_t n = 0;
	if (!bn_sql_prepare(&st, db, NULL,
		    "SELECT DISTINCT name FROM model_version WHERE version > 0 ORDER BY name LIMIT "
		    "63",
		    ""))
		while (bn_sql_step(st, NULL) == 1 && (names[n] = bn_sql_text(st, 0)))
			n++;
	sqlite3_finalize(st);
	names[n] = NULL;
	*any = n > 0;
	char *near = bn_strdup(bn_nearest_word(name, (const char *const *)names));
	while (n)
		bn_free(names[--n]);
	return near;
}

static int name_unknown(sqlite3 *db, const char *name, bn_err *err)
{
	bool any = false;
	char *near = near_name(db, name, &any);
	bn_err_set(err, BN_ENOTFOUND, "no model '%s'", name);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else
		bn_err_hint(
			err, any ? "see: binnacle model ls"
				 : "no model is registered yet; binnacle model register RUN --name "
				   "NAME registers that of a run");
	bn_free(near);
	return BN_ENOTFOUND;
}

bool bn_model_is_near(bn_workspace *ws, const char *name)
{
	sqlite3 *db;
	bool any = false;
	char *near = bn_workspace_read(&db, ws, NULL) < 0 ? NULL : near_name(db, name, &any);
	bool is = near != NULL;
	bn_free(near);
	return is;
}

static int64_t latest_version(sqlite3 *db, const char *name)
{
	return bn_sql_int(db, 0,
		"SELECT max(version) FROM model_version WHERE name = ? AND state != 4 AND version "
		"> 0",
		"s", name);
}

int64_t bn_version_of_alias(sqlite3 *db, const char *name, const char *alias)
{
	return bn_sql_int(db, 0, "SELECT version FROM model_alias WHERE name = ? AND alias = ?",
		"ss", name, alias);
}

static int resolve(char **name, int64_t *version, sqlite3 *db, const char *spec, bn_err *err)
{
	size_t n = strcspn(spec, "/@");
	const char *rest = spec[n] ? spec + n + 1 : "";
	const char *digits = rest + (spec[n] == '@' && rest[0] == 'v');
	sqlite3_stmt *st = NULL;
	int rc = 0;
	*version = 0;
	*name = bn_strndup(spec, n);
	if (!*name)
		return bn_err_nomem(err, "a name");
	if (!spec[n] && strlen(spec) == 36 &&
		!bn_sql_prepare(&st, db, err,
			"SELECT name, version FROM model_version WHERE uuid = ? ORDER BY version "
			"DESC "
			"LIMIT 1",
			"s", spec) &&
		bn_sql_step(st, err) == 1) {
		bn_free(*name);
		*name = bn_sql_text(st, 0);
		*version = sqlite3_column_int64(st, 1);
		sqlite3_finalize(st);
		return *name ? 0 : bn_err_nomem(err, "a name");
	}
	sqlite3_finalize(st);
	if (!bn_sql_int(db, 0, "SELECT 1 FROM model_version WHERE name = ? LIMIT 1", "s", *name))
		rc = name_unknown(db, *name, err);
	else if (!spec[n] && !(*version = bn_version_of_alias(db, *name, "champion")))
		*version = latest_version(db, *name);
	else if (spec[n] == '@' && !strcmp(rest, "latest"))
		*version = latest_version(db, *name);
	else if (spec[n] && bn_parse_i64(digits, strlen(digits), version))
		;
	else if (spec[n] == '@' && !(*version = bn_version_of_alias(db, *name, rest)))
		rc = bn_err_set(err, BN_ENOTFOUND, "model '%s' has no alias '%s'", *name, rest);
	else if (spec[n] == '/')
		rc = bn_err_set(err, BN_EINVAL,
			"'%s' is not a version of '%s': write %s/3 or %s@champion", rest, *name,
			*name, *name);
	if (!rc && *version == 0)
		rc = bn_err_set(err, BN_ENOTFOUND, "every version of '%s' was removed", *name);
	if (rc) {
		bn_free(*name);
		*name = NULL;
	}
	return rc;
}

int bn_version_resolve(char **name, int64_t *version, sqlite3 *db, const char *spec, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = resolve(name, version, db, spec, &why);
	/* If the index failed, a name may seem to have no champion, or not to exist. */
	int failed = bn_sql_failed(db, err);
	if (failed < 0) {
		bn_free(*name);
		*name = NULL;
		return failed;
	}
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* One version by number; if it does not exist, the hint names the newest. */
int bn_version_load(bn_version **out, sqlite3 *db, const char *name, int64_t version, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_version_page *p = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT " BN_VERSION_COLUMNS " FROM model_version WHERE name = ? AND version = ?",
		"si", name, version);
	if (!rc)
		rc = bn_version_page_read(&p, db, st, err);
	if (!rc && !p->count) {
		rc = bn_err_set(
			err, BN_ENOTFOUND, "no model version '%s/%lld'", name, (long long)version);
		int64_t newest = latest_version(db, name);
		if (newest > 0)
			bn_err_hint(err, "the newest is %s/%lld", name, (long long)newest);
		else
			bn_err_hint(err, "every version of it was removed");
	}
	if (!rc) {
		bn_version *v = bn_alloc(sizeof *v);
		if (v) {
			*v = p->items[0];
			p->count = 0;
			*out = v;
		} else {
			rc = bn_err_nomem(err, "a model version");
		}
	}
	bn_version_page_free(p);
	return rc;
}

int bn_version_get(bn_version **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	sqlite3 *db = NULL;
	char *name = NULL;
	int64_t version = 0;
	bn_version *v = NULL;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_version_resolve(&name, &version, db, spec, err)) < 0 ||
		(rc = bn_version_load(&v, db, name, version, err)) < 0 ||
		(rc = find_gone(v, ws, err)) < 0)
		goto out;
	*out = v;
	v = NULL;
out:
	bn_version_free(v);
	bn_free(name);
	return rc;
}

/* ---- models --------------------------------------------------------------------------------- */

int bn_model_list(bn_model_page **out, bn_workspace *ws, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	bn_model_page *p = NULL;
	int rc = bn_workspace_read(&db, ws, err);
	if (!rc)
		rc = bn_sql_prepare(&st, db, err,
			"SELECT name, max(version), count(*), sum(state = 1), max(state_ms),"
			" (SELECT version FROM model_alias a WHERE a.name = v.name AND"
			" alias = 'champion') FROM model_version v WHERE state != 4 AND version > 0"
			" AND " BN_NO_PROMPT
			" GROUP BY name ORDER BY name",
			"");
	if (!rc && !(p = bn_alloc_zeroed(1, sizeof *p)))
		rc = bn_err_nomem(err, "models");
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		if (bn_grow(&p->items, &cap, p->count + 1, sizeof *p->items)) {
			rc = bn_err_nomem(err, "models");
			break;
		}
		bn_model_row *m = &p->items[p->count++];
		*m = (bn_model_row){
			.name = bn_sql_text(st, 0),
			.latest = sqlite3_column_int64(st, 1),
			.versions = (size_t)sqlite3_column_int64(st, 2),
			.requested = (size_t)sqlite3_column_int64(st, 3),
			.updated_ms = sqlite3_column_int64(st, 4),
			.champion = sqlite3_column_int64(st, 5),
		};
		if (!m->name)
			rc = bn_err_nomem(err, "models");
		if (rc)
			break;
	}
	sqlite3_finalize(st);
	if (rc)
		bn_model_page_free(p);
	else
		*out = p;
	return rc;
}
