/* _entry_rows.c - a registered model as rows of the index, written by the fold and read everywhere. See
 * _entry.h; the tables are in share/sql/0030_registry.sql. */
#include "core/base/json.h"
#include "core/registry/_entry.h"

#include <stdio.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

/* One row of a statement into the version, which is NULL for rows of the model. */
typedef int (*row_read)(bn_entry *e, bn_entry_version *v, sqlite3_stmt *st, bn_err *err);

/* sql binds the model's name, and the version if there is one. 1 if there were rows. */
static int rows_read(bn_entry *e, bn_entry_version *v, row_read read, const char *sql, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bool found = false;
	int rc = v ? bn_sql_cached(&st, e->db, err, sql, "si", e->name, v->version)
		   : bn_sql_cached(&st, e->db, err, sql, "s", e->name);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		found = true;
		if ((rc = read(e, v, st, err)) < 0)
			break;
	}
	sqlite3_reset(st);
	return rc < 0 ? rc : found;
}

/* A text of the row, copied; NULL for NULL. -1 if out of memory. */
static int keep(bn_entry *e, const char **out, sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	*out = text ? bn_arena_strdup(&e->arena, text) : NULL;
	return text && !*out ? -1 : 0;
}

static int column_json(json_t **out, sqlite3_stmt *st, int column, bn_err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	return bn_json_parse(out, text ? text : "null", text ? strlen(text) : 4, "the index", err);
}

static int version_row(bn_entry *e, bn_entry_version *v, sqlite3_stmt *st, bn_err *err)
{
	int rc;
	if (keep(e, &v->uuid, st, 0) || keep(e, &v->run_id, st, 1) || keep(e, &v->digest, st, 2) ||
		keep(e, &v->manifest, st, 3) || keep(e, &v->trainer, st, 4) ||
		keep(e, &v->description, st, 5) || keep(e, &v->author, st, 7) ||
		keep(e, &v->request_reason, st, 14) || keep(e, &v->author_who, st, 19) ||
		keep(e, &v->registrar_who, st, 20) || keep(e, &v->registration, st, 21) ||
		keep(e, &v->source, st, 23) || keep(e, &v->run_link, st, 25) ||
		keep(e, &v->logged_model, st, 26) || keep(e, &v->stage, st, 27))
		return bn_err_nomem(err, "a model version");
	v->author_uid = (uid_t)sqlite3_column_int64(st, 6);
	v->registrar_uid = (uid_t)sqlite3_column_int64(st, 8);
	v->registered_ms = sqlite3_column_int64(st, 9);
	v->epoch = sqlite3_column_int64(st, 22);
	v->is_external = sqlite3_column_int(st, 24) != 0;
	v->updated_ms = sqlite3_column_int64(st, 28);
	v->state = (bn_model_state)sqlite3_column_int(st, 10);
	v->state_ms = sqlite3_column_int64(st, 11);
	v->request_no = sqlite3_column_int64(st, 12);
	v->requested_ms = sqlite3_column_int64(st, 13);
	v->requester_uid = (uid_t)sqlite3_column_int64(st, 15);
	if ((rc = column_json(&v->data, st, 16, err)) < 0 ||
		(rc = column_json(&v->metrics, st, 17, err)) < 0)
		return rc;
	return column_json(&v->files, st, 18, err);
}

static int decision_row(bn_entry *e, bn_entry_version *v, sqlite3_stmt *st, bn_err *err)
{
	bn_entry_decision *d = bn_entry_put_decision(
		e, v, sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 9));
	if (!d || keep(e, &d->reason, st, 5) || keep(e, &d->policy_hash, st, 6) ||
		keep(e, &d->public_key, st, 7))
		return bn_err_nomem(err, "a decision");
	d->uid = (uid_t)sqlite3_column_int64(st, 1);
	d->time_ms = sqlite3_column_int64(st, 2);
	d->approved = sqlite3_column_int(st, 3) != 0;
	d->override = sqlite3_column_int(st, 4) != 0;
	return column_json(&d->gates, st, 8, err);
}

static int attestation_row(bn_entry *e, bn_entry_version *v, sqlite3_stmt *st, bn_err *err)
{
	bn_entry_attestation *a =
		bn_entry_put_attestation(e, v, (const char *)sqlite3_column_text(st, 0));
	if (!a || keep(e, &a->verdict, st, 1) || keep(e, &a->detail, st, 2))
		return bn_err_nomem(err, "an attestation");
	a->uid = (uid_t)sqlite3_column_int64(st, 3);
	a->time_ms = sqlite3_column_int64(st, 4);
	return 0;
}

static int tag_row(bn_entry *e, bn_entry_version *v, sqlite3_stmt *st, bn_err *err)
{
	return bn_entry_put_tag(e, &v->tags, (const char *)sqlite3_column_text(st, 0),
		       (const char *)sqlite3_column_text(st, 1)) < 0
		       ? bn_err_nomem(err, "a tag")
		       : 0;
}

static int alias_row(bn_entry *e, bn_entry_version *v, sqlite3_stmt *st, bn_err *err)
{
	(void)v;
	return bn_entry_put_alias(e, (const char *)sqlite3_column_text(st, 0),
		       sqlite3_column_int64(st, 1), (uid_t)sqlite3_column_int64(st, 2),
		       sqlite3_column_int64(st, 3)) < 0
		       ? bn_err_nomem(err, "an alias")
		       : 0;
}

int bn_entry_open(bn_entry *e, sqlite3 *db, const char *name, bn_err *err)
{
	*e = (bn_entry){.arena = BN_ARENA_INIT, .name = name, .db = db};
	int rc = rows_read(e, NULL, alias_row,
		"SELECT alias, version, uid, time_ms FROM model_alias WHERE name = ?", err);
	if (rc < 0)
		bn_entry_release(e);
	return rc < 0 ? rc : 0;
}

int bn_entry_version_read(bn_entry_version **out, bn_entry *e, int64_t version, bn_err *err)
{
	static const struct {
		row_read read;
		const char *sql;
	} tables[] = {
		{version_row,
			"SELECT uuid, run_id, digest, manifest, trainer, description, author_uid, "
			"author, registrar_uid, registered_ms, state, state_ms, request_no, "
			"requested_ms, request_reason, requester_uid, data, metrics, files, "
			"author_who, registrar_who, registration, epoch, source, external, "
			"run_link, "
			"logged_model, stage, updated_ms FROM "
			"model_version WHERE name = ? AND version = ?"},
		{decision_row,
			"SELECT request_no, uid, time_ms, approved, override, reason, policy_hash, "
			"public_key, gates, who FROM model_decision WHERE name = ? AND version = "
			"?"},
		{attestation_row,
			"SELECT check_name, verdict, detail, uid, time_ms FROM model_attestation "
			"WHERE name = ? AND version = ?"},
		{tag_row, "SELECT key, value FROM model_tag WHERE name = ? AND version = ?"},
	};
	*out = NULL;
	bn_entry_version *v = bn_entry_add_version(e, version);
	if (!v)
		return bn_err_nomem(err, "a model version");
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		int rc = rows_read(e, v, tables[i].read, tables[i].sql, err);
		if (rc < 0)
			return rc;
		if (i == 0 && rc == 0 && version) { /* there is none: nothing was stored */
			e->n_versions--;
			return 0;
		}
	}
	*out = v;
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static int version_insert(const bn_entry *e, const bn_entry_version *v, bn_err *err)
{
	bn_buf data = BN_BUF_INIT, metrics = BN_BUF_INIT, files = BN_BUF_INIT;
	int rc;
	if ((rc = bn_json_canonical(v->data, &data, err)) < 0 ||
		(rc = bn_json_canonical(v->metrics, &metrics, err)) < 0 ||
		(rc = bn_json_canonical(v->files, &files, err)) < 0)
		goto out;
	rc = bn_sql_run(e->db, err,
		"INSERT INTO model_version (name, version, uuid, run_id, digest, manifest, "
		"trainer, "
		"description, author_uid, author, registrar_uid, registered_ms, state, state_ms, "
		"data, metrics, files, author_who, registrar_who, registration, epoch, source, "
		"external, "
		"run_link, logged_model, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"?, ?, ?, "
		"?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"sissssssisiiiissssssisissi", e->name, v->version, v->uuid, v->run_id, v->digest,
		v->manifest, v->trainer, v->description, (int64_t)v->author_uid, v->author,
		(int64_t)v->registrar_uid, v->registered_ms, (int64_t)v->state, v->state_ms,
		data.ptr, metrics.ptr, files.ptr, v->author_who, v->registrar_who, v->registration,
		v->epoch, v->source, (int64_t)v->is_external, v->run_link, v->logged_model,
		v->updated_ms);
out:
	bn_buf_release(&data);
	bn_buf_release(&metrics);
	bn_buf_release(&files);
	return rc;
}

/* Fields that a registration does not have. */
static int version_update(const bn_entry *e, const bn_entry_version *v, bn_err *err)
{
	int rc = bn_sql_run(e->db, err,
		"UPDATE model_version SET state = ?, state_ms = ?, request_no = ? WHERE name = ? "
		"AND version = ?",
		"iiisi", (int64_t)v->state, v->state_ms, v->request_no, e->name, v->version);
	if (rc < 0 || !v->request_no)
		return rc;
	return bn_sql_run(e->db, err,
		"UPDATE model_version SET requested_ms = ?, requester_uid = ?, request_reason = ? "
		"WHERE name = ? AND version = ?",
		"iissi", v->requested_ms, (int64_t)v->requester_uid, v->request_reason, e->name,
		v->version);
}

static int decision_store(
	const bn_entry *e, int64_t version, const bn_entry_decision *d, bn_err *err)
{
	bn_buf gates = BN_BUF_INIT;
	int rc = bn_json_canonical(d->gates, &gates, err);
	if (rc < 0)
		goto out;
	rc = bn_sql_run(e->db, err,
		"INSERT OR REPLACE INTO model_decision (name, version, request_no, uid, time_ms, "
		"approved, override, reason, policy_hash, public_key, gates, who) VALUES (?, ?, "
		"?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"siiiiiisssss", e->name, version, d->request_no, (int64_t)d->uid, d->time_ms,
		(int64_t)d->approved, (int64_t)d->override, d->reason, d->policy_hash,
		d->public_key, gates.ptr, d->who);
out:
	bn_buf_release(&gates);
	return rc;
}

static int attestation_store(
	const bn_entry *e, int64_t version, const bn_entry_attestation *a, bn_err *err)
{
	return bn_sql_run(e->db, err,
		"INSERT OR REPLACE INTO model_attestation (name, version, check_name, verdict, "
		"detail, uid, time_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"sisssii", e->name, version, a->check, a->verdict, a->detail, (int64_t)a->uid,
		a->time_ms);
}

static int tags_store(const bn_entry *e, const bn_entry_version *v, bn_err *err)
{
	int rc = bn_sql_run(e->db, err, "DELETE FROM model_tag WHERE name = ? AND version = ?",
		"si", e->name, v->version);
	for (size_t i = 0; rc >= 0 && i < v->tags.count; i++)
		rc = bn_sql_run(e->db, err,
			"INSERT INTO model_tag (name, version, key, value) VALUES (?, ?, ?, ?)",
			"siss", e->name, v->version, v->tags.items[i].key, v->tags.items[i].value);
	return rc;
}

static int version_store(const bn_entry *e, bn_entry_version *v, bn_err *err)
{
	int rc = 0;
	if (v->is_new)
		rc = version_insert(e, v, err);
	if (rc >= 0 && v->changed & BN_ENTRY_PART_STATE && (!v->is_new || v->request_no))
		rc = version_update(e, v, err);
	for (size_t i = 0; rc >= 0 && v->changed & BN_ENTRY_PART_DECISIONS && i < v->n_decisions;
		i++)
		rc = decision_store(e, v->version, &v->decisions[i], err);
	for (size_t i = 0;
		rc >= 0 && v->changed & BN_ENTRY_PART_ATTESTATIONS && i < v->n_attestations; i++)
		rc = attestation_store(e, v->version, &v->attestations[i], err);
	if (rc >= 0 && v->changed & BN_ENTRY_PART_WORDS)
		rc = bn_sql_run(e->db, err,
			"UPDATE model_version SET description = ?, stage = coalesce(?, stage), "
			"updated_ms "
			"= ? WHERE name = ? AND version = ?",
			"ssisi", v->description, v->stage, v->updated_ms, e->name, v->version);
	if (rc >= 0 && v->changed & BN_ENTRY_PART_TAGS)
		rc = tags_store(e, v, err);
	v->changed = 0;
	v->is_new = false;
	return rc;
}

static int aliases_store(const bn_entry *e, bn_err *err)
{
	int rc = bn_sql_run(e->db, err, "DELETE FROM model_alias WHERE name = ?", "s", e->name);
	for (size_t i = 0; rc >= 0 && i < e->n_aliases; i++)
		rc = bn_sql_run(e->db, err,
			"INSERT INTO model_alias (name, alias, version, time_ms, uid) VALUES (?, "
			"?, "
			"?, ?, ?)",
			"ssiii", e->name, e->aliases[i].alias, e->aliases[i].version,
			e->aliases[i].time_ms, (int64_t)e->aliases[i].uid);
	return rc;
}

static int model_row(bn_entry *e, bn_entry_version *v, sqlite3_stmt *st, bn_err *err)
{
	bn_entry_model *m = &e->model;
	(void)v;
	m->exists = true;
	m->created_ms = sqlite3_column_int64(st, 0);
	m->updated_ms = sqlite3_column_int64(st, 1);
	m->appeared = sqlite3_column_int64(st, 2);
	m->deleted = sqlite3_column_int64(st, 3);
	m->creator_uid = (uid_t)sqlite3_column_int64(st, 4);
	return keep(e, &m->creator_who, st, 5) || keep(e, &m->description, st, 6) ||
			       keep(e, &m->renamed_from, st, 7)
		       ? bn_err_nomem(err, "a model")
		       : 0;
}

int bn_entry_model_need(bn_entry_model **out, bn_entry *e, bn_err *err)
{
	int rc = e->model.is_read ? 0
				  : rows_read(e, NULL, model_row,
					    "SELECT created_ms, updated_ms, appeared, "
					    "deleted, uid, who, "
					    "description, renamed_from FROM registered_model WHERE "
					    "name = ?",
					    err);
	if (rc < 0)
		return rc;
	e->model.is_read = true;
	*out = &e->model;
	return 0;
}

static int model_store(bn_entry *e, bn_err *err)
{
	const bn_entry_model *m = &e->model;
	return bn_sql_run(e->db, err,
		"REPLACE INTO registered_model VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "siiiiisss",
		e->name, m->created_ms, m->updated_ms, m->appeared, m->deleted,
		(int64_t)m->creator_uid, m->creator_who, m->description, m->renamed_from);
}

int bn_entry_store(bn_entry *e, bn_err *err)
{
	int rc = e->model.changed ? model_store(e, err) : 0;
	e->model.changed = false;
	for (size_t i = 0; rc >= 0 && i < e->n_versions; i++)
		rc = version_store(e, e->versions[i], err);
	if (rc >= 0 && e->aliases_changed)
		rc = aliases_store(e, err);
	e->aliases_changed = false;
	return rc < 0 ? rc : 0;
}

int bn_entry_rows_clear(sqlite3 *db, const char *name, bn_err *err)
{
	static const char *const statements[] = {
		"DELETE FROM registered_model WHERE name = ?",
		"DELETE FROM model_version WHERE name = ?",
		"DELETE FROM model_decision WHERE name = ?",
		"DELETE FROM model_alias WHERE name = ?",
		"DELETE FROM model_tag WHERE name = ?",
		"DELETE FROM model_attestation WHERE name = ?",
		"DELETE FROM model_evidence WHERE name = ?",
		"DELETE FROM model_author WHERE name = ?",
		"DELETE FROM model_about WHERE name = ?",
		"DELETE FROM model_last WHERE name = ?",
		"DELETE FROM model_wait WHERE name = ?",
		"DELETE FROM model_unseen WHERE name = ?",
	};
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < sizeof statements / sizeof *statements; i++)
		rc = bn_sql_run(db, err, statements[i], "s", name);
	return rc;
}

/* ---- names ---------------------------------------------------------------------------------- */

void bn_entry_user(const bn_entry *e, uid_t uid, char *out, size_t size)
{
	sqlite3_stmt *st = NULL;
	char number[BN_UID_TEXT];
	snprintf(out, size, "%s", bn_uid_text(uid, number));
	if (!e->names_users ||
		bn_sql_cached(&st, e->db, NULL, "SELECT bn_user(?)", "i", (int64_t)uid) < 0)
		return;
	if (bn_sql_step(st, NULL) == 1 && sqlite3_column_text(st, 0))
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
}
