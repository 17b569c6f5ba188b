/* _entry_rows.c - a registered model as rows of the index, written by the fold and read by everybody. See
 * _entry.h; the tables are in share/sql/0030_registry.sql. */
#include "core/base/json.h"
#include "core/registry/_entry.h"

#include <stdio.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

/* One row of a statement into the entry. */
typedef int (*row_read)(bn_entry *l, sqlite3_stmt *st, bn_err *err);

static int rows_read(bn_entry *l, row_read read, const char *sql, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, l->db, err, sql, "s", l->name);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = read(l, st, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

/* A text of the row, kept; NULL for NULL. -1 without memory. */
static int keep(bn_entry *l, const char **out, sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	*out = text ? bn_arena_strdup(&l->arena, text) : NULL;
	return text && !*out ? -1 : 0;
}

static int column_json(json_t **out, sqlite3_stmt *st, int column, bn_err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	return bn_json_parse(out, text ? text : "null", text ? strlen(text) : 4, "the index", err);
}

static int version_read(bn_entry *l, sqlite3_stmt *st, bn_err *err)
{
	bn_entry_version *v = bn_entry_add_version(l, sqlite3_column_int64(st, 0));
	int rc;
	if (!v || keep(l, &v->uuid, st, 1) || keep(l, &v->run_id, st, 2) ||
		keep(l, &v->digest, st, 3) || keep(l, &v->manifest, st, 4) ||
		keep(l, &v->trainer, st, 5) || keep(l, &v->description, st, 6) ||
		keep(l, &v->author, st, 8) || keep(l, &v->request_reason, st, 15))
		return bn_err_nomem(err, "a model version");
	v->author_uid = (uid_t)sqlite3_column_int64(st, 7);
	v->registrar_uid = (uid_t)sqlite3_column_int64(st, 9);
	v->registered_ms = sqlite3_column_int64(st, 10);
	v->state = (bn_model_state)sqlite3_column_int(st, 11);
	v->state_ms = sqlite3_column_int64(st, 12);
	v->request_no = sqlite3_column_int64(st, 13);
	v->requested_ms = sqlite3_column_int64(st, 14);
	v->requester_uid = (uid_t)sqlite3_column_int64(st, 16);
	if ((rc = column_json(&v->data, st, 17, err)) < 0 ||
		(rc = column_json(&v->metrics, st, 18, err)) < 0)
		return rc;
	return column_json(&v->files, st, 19, err);
}

static int need_version(bn_entry_version **out, bn_entry *l, sqlite3_stmt *st, bn_err *err)
{
	*out = bn_entry_find(l, sqlite3_column_int64(st, 0));
	return *out ? 0 : bn_sql_damaged(err, "a row of a model version that is not there");
}

static int decision_read(bn_entry *l, sqlite3_stmt *st, bn_err *err)
{
	bn_entry_version *v;
	int rc = need_version(&v, l, st, err);
	if (rc < 0)
		return rc;
	bn_entry_decision *d = bn_entry_put_decision(
		v, sqlite3_column_int64(st, 1), (uid_t)sqlite3_column_int64(st, 2));
	if (!d || keep(l, &d->reason, st, 6) || keep(l, &d->policy_hash, st, 7) ||
		keep(l, &d->public_key, st, 8))
		return bn_err_nomem(err, "a decision");
	d->time_ms = sqlite3_column_int64(st, 3);
	d->approved = sqlite3_column_int(st, 4) != 0;
	d->override = sqlite3_column_int(st, 5) != 0;
	return column_json(&d->gates, st, 9, err);
}

static int attestation_read(bn_entry *l, sqlite3_stmt *st, bn_err *err)
{
	bn_entry_version *v;
	int rc = need_version(&v, l, st, err);
	if (rc < 0)
		return rc;
	bn_entry_attestation *a =
		bn_entry_put_attestation(l, v, (const char *)sqlite3_column_text(st, 1));
	if (!a || keep(l, &a->verdict, st, 2) || keep(l, &a->detail, st, 3))
		return bn_err_nomem(err, "an attestation");
	a->uid = (uid_t)sqlite3_column_int64(st, 4);
	a->time_ms = sqlite3_column_int64(st, 5);
	return 0;
}

static int alias_read(bn_entry *l, sqlite3_stmt *st, bn_err *err)
{
	return bn_entry_put_alias(l, (const char *)sqlite3_column_text(st, 0),
		       sqlite3_column_int64(st, 1), (uid_t)sqlite3_column_int64(st, 2),
		       sqlite3_column_int64(st, 3)) < 0
		       ? bn_err_nomem(err, "an alias")
		       : 0;
}

static int tag_read(bn_entry *l, sqlite3_stmt *st, bn_err *err)
{
	bn_entry_version *v = NULL;
	int rc;
	if (sqlite3_column_int64(st, 0) && (rc = need_version(&v, l, st, err)) < 0)
		return rc;
	return bn_entry_put_tag(l, v ? &v->tags : &l->tags,
		       (const char *)sqlite3_column_text(st, 1),
		       (const char *)sqlite3_column_text(st, 2)) < 0
		       ? bn_err_nomem(err, "a tag")
		       : 0;
}

int bn_entry_load(bn_entry *l, sqlite3 *db, const char *name, bn_err *err)
{
	static const struct {
		row_read read;
		const char *sql;
	} tables[] = {
		{version_read,
			"SELECT version, uuid, run_id, digest, manifest, trainer, description, "
			"author_uid, author, registrar_uid, registered_ms, state, state_ms, "
			"request_no, requested_ms, request_reason, requester_uid, data, metrics, "
			"files FROM model_version WHERE name = ? ORDER BY version"},
		{decision_read,
			"SELECT version, request_no, uid, time_ms, approved, override, reason, "
			"policy_hash, public_key, gates FROM model_decision WHERE name = ?"},
		{attestation_read, "SELECT version, check_name, verdict, detail, uid, time_ms FROM "
				   "model_attestation WHERE name = ?"},
		{alias_read, "SELECT alias, version, uid, time_ms FROM model_alias WHERE name = ?"},
		{tag_read, "SELECT version, key, value FROM model_tag WHERE name = ?"},
	};
	bn_entry_init(l, name);
	l->db = db;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		int rc = rows_read(l, tables[i].read, tables[i].sql, err);
		if (rc < 0) {
			bn_entry_release(l);
			return rc;
		}
	}
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static int version_store(const bn_entry *l, sqlite3 *db, const bn_entry_version *v, bn_err *err)
{
	bn_buf data = BN_BUF_INIT, metrics = BN_BUF_INIT, files = BN_BUF_INIT;
	int rc;
	if ((rc = bn_json_canonical(v->data, &data, err)) < 0 ||
		(rc = bn_json_canonical(v->metrics, &metrics, err)) < 0 ||
		(rc = bn_json_canonical(v->files, &files, err)) < 0)
		goto out;
	rc = bn_sql_run(db, err,
		"INSERT INTO model_version (name, version, uuid, run_id, digest, manifest, "
		"trainer, "
		"description, author_uid, author, registrar_uid, registered_ms, state, state_ms, "
		"request_no, data, metrics, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"?, "
		"?, ?, ?, ?)",
		"sissssssisiiiiisss", l->name, v->version, v->uuid, v->run_id, v->digest,
		v->manifest, v->trainer, v->description, (int64_t)v->author_uid, v->author,
		(int64_t)v->registrar_uid, v->registered_ms, (int64_t)v->state, v->state_ms,
		v->request_no, data.ptr, metrics.ptr, files.ptr);
	if (rc >= 0 && v->request_no)
		rc = bn_sql_run(db, err,
			"UPDATE model_version SET requested_ms = ?, requester_uid = ?, "
			"request_reason = ? WHERE name = ? AND version = ?",
			"iissi", v->requested_ms, (int64_t)v->requester_uid, v->request_reason,
			l->name, v->version);
out:
	bn_buf_release(&data);
	bn_buf_release(&metrics);
	bn_buf_release(&files);
	return rc;
}

static int decision_store(
	const bn_entry *l, sqlite3 *db, int64_t version, const bn_entry_decision *d, bn_err *err)
{
	bn_buf gates = BN_BUF_INIT;
	int rc = bn_json_canonical(d->gates, &gates, err);
	if (rc < 0)
		goto out;
	rc = bn_sql_run(db, err,
		"INSERT INTO model_decision (name, version, request_no, uid, time_ms, approved, "
		"override, reason, policy_hash, public_key, gates) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
		"?, ?, ?)",
		"siiiiiissss", l->name, version, d->request_no, (int64_t)d->uid, d->time_ms,
		(int64_t)d->approved, (int64_t)d->override, d->reason, d->policy_hash,
		d->public_key, gates.ptr);
out:
	bn_buf_release(&gates);
	return rc;
}

static int attestation_store(
	const bn_entry *l, sqlite3 *db, int64_t version, const bn_entry_attestation *a, bn_err *err)
{
	return bn_sql_run(db, err,
		"INSERT INTO model_attestation (name, version, check_name, verdict, detail, uid, "
		"time_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
		"sisssii", l->name, version, a->check, a->verdict, a->detail, (int64_t)a->uid,
		a->time_ms);
}

static int tags_store(
	const bn_entry *l, sqlite3 *db, int64_t version, const bn_entry_tags *tags, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < tags->count; i++)
		rc = bn_sql_run(db, err,
			"INSERT INTO model_tag (name, version, key, value) VALUES (?, ?, ?, ?)",
			"siss", l->name, version, tags->items[i].key, tags->items[i].value);
	return rc;
}

static int version_rows_store(
	const bn_entry *l, sqlite3 *db, const bn_entry_version *v, bn_err *err)
{
	int rc = version_store(l, db, v, err);
	for (size_t i = 0; rc >= 0 && i < v->n_decisions; i++)
		rc = decision_store(l, db, v->version, &v->decisions[i], err);
	for (size_t i = 0; rc >= 0 && i < v->n_attestations; i++)
		rc = attestation_store(l, db, v->version, &v->attestations[i], err);
	return rc < 0 ? rc : tags_store(l, db, v->version, &v->tags, err);
}

int bn_entry_store(const bn_entry *l, sqlite3 *db, bn_err *err)
{
	int rc = tags_store(l, db, 0, &l->tags, err);
	for (size_t i = 0; rc >= 0 && i < l->n_versions; i++)
		rc = version_rows_store(l, db, &l->versions[i], err);
	for (size_t i = 0; rc >= 0 && i < l->n_aliases; i++)
		rc = bn_sql_run(db, err,
			"INSERT INTO model_alias (name, alias, version, time_ms, uid) VALUES (?, "
			"?, "
			"?, ?, ?)",
			"ssiii", l->name, l->aliases[i].alias, l->aliases[i].version,
			l->aliases[i].time_ms, (int64_t)l->aliases[i].uid);
	return rc < 0 ? rc : 0;
}

int bn_entry_rows_clear(sqlite3 *db, const char *name, bn_err *err)
{
	static const char *const statements[] = {
		"DELETE FROM model_version WHERE name = ?",
		"DELETE FROM model_decision WHERE name = ?",
		"DELETE FROM model_alias WHERE name = ?",
		"DELETE FROM model_tag WHERE name = ?",
		"DELETE FROM model_attestation WHERE name = ?",
	};
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < sizeof statements / sizeof *statements; i++)
		rc = bn_sql_run(db, err, statements[i], "s", name);
	return rc;
}

/* ---- names ---------------------------------------------------------------------------------- */

void bn_entry_user(const bn_entry *l, uid_t uid, char *out, size_t size)
{
	sqlite3_stmt *st = NULL;
	char number[BN_UID_TEXT];
	snprintf(out, size, "%s", bn_uid_text(uid, number));
	if (!l->db || bn_sql_cached(&st, l->db, NULL, "SELECT bn_user(?)", "i", (int64_t)uid) < 0)
		return;
	if (bn_sql_step(st, NULL) == 1 && sqlite3_column_text(st, 0))
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_reset(st);
}
