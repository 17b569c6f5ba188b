/* forgotten.c - see forgotten.h: the fold of the acts, and reading them. */
#include "core/data/forgotten.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"
#include "core/store/index/ref.h"

#include <string.h>

/* ---- the fold -------------------------------------------------------------------------------- */

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

static bool read_hash(const json_t *o, const char *key, uint8_t raw[BN_SHA256_BYTES])
{
	const char *hex = bn_json_str(o, key, NULL);
	return hex && strlen(hex) == BN_SHA256_HEX && bn_unhex(hex, BN_SHA256_BYTES, raw) == 0;
}

/* Why the payload is not one; NULL if it is. */
static const char *fault_of(const json_t *p)
{
	const json_t *versions = json_object_get(p, "versions"), *objects = json_object_get(p, "objects");
	const json_t *batches = json_object_get(p, "batches");
	const char *reason = bn_json_str(p, "reason", "");
	uint8_t raw[BN_SHA256_BYTES];
	if (!json_is_array(versions) || !json_is_array(objects) || (batches && !json_is_array(batches)))
		return "needs versions and objects";
	if (strlen(reason) > BN_FORGET_REASON_MOST)
		return "reason is a text of at most 1000 bytes";
	for (size_t i = 0; i < json_array_size(versions); i++) {
		const json_t *v = json_array_get(versions, i);
		const char *name = bn_json_str(v, "name", NULL);
		if (!name || !bn_name_is_valid(name) || bn_json_int(v, "version", 0) < 1 ||
			bn_json_int(v, "rows", -1) < 0)
			return "a version needs name, version and rows";
	}
	for (size_t i = 0; i < json_array_size(objects); i++)
		if (!read_hash(json_array_get(objects, i), "hash", raw))
			return "an object needs a hash";
	for (size_t i = 0; i < json_array_size(batches); i++) {
		const json_t *b = json_array_get(batches, i);
		if (!read_hash(b, "hash", raw) || (json_object_get(b, "instead") && !read_hash(b, "instead", raw)))
			return "a batch needs a hash";
	}
	return NULL;
}

static int apply_versions(sqlite3 *db, const char *id, const json_t *versions, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < json_array_size(versions); i++) {
		const json_t *v = json_array_get(versions, i);
		int64_t stand_in = bn_json_int(v, "stand_in", 0);
		rc = bn_sql_run(db, err,
			"INSERT OR IGNORE INTO forgotten_version VALUES (?, ?, ?, ?, nullif(?, 0))", "sisii",
			bn_json_str(v, "name", ""), bn_json_int(v, "version", 0), id,
			bn_json_int(v, "rows", 0), stand_in);
	}
	return rc;
}

static int apply_objects(sqlite3 *db, const char *id, const json_t *objects, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < json_array_size(objects); i++) {
		const json_t *o = json_array_get(objects, i);
		read_hash(o, "hash", raw);
		rc = bn_sql_run(db, err,
			"INSERT OR IGNORE INTO forgotten_object VALUES (?, ?, ?, nullif(?, 0), NULL, NULL)", "bssi",
			raw, sizeof raw, id, bn_json_str(o, "name", NULL), bn_json_int(o, "version", 0));
	}
	return rc;
}

static int apply_batches(bn_fold *f, const char *id, const json_t *batches, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES], instead[BN_SHA256_BYTES];
	int rc;
	for (size_t i = 0; i < json_array_size(batches); i++) {
		const json_t *b = json_array_get(batches, i);
		bool some = read_hash(b, "instead", instead);
		read_hash(b, "hash", raw);
		if ((rc = bn_sql_run(bn_fold_db(f), err,
			     "INSERT OR IGNORE INTO forgotten_object VALUES (?, ?, NULL, NULL, nullif(?, x''), ?)", "bsbi",
			     raw, sizeof raw, id, some ? instead : NULL, some ? sizeof instead : (size_t)0,
			     bn_json_int(b, "rows", 0))) < 0)
			return rc;
		if (some && (rc = bn_fold_object_ref(f, bn_json_str(b, "instead", ""), "predictions", err)) < 0)
			return rc;
	}
	return 0;
}

static int forget_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *id = strchr(ev->entity, '/') + 1; /* the class is not nameless */
	const json_t *p = ev->payload;
	sqlite3 *db = bn_fold_db(f);
	const char *why = p ? fault_of(p) : "no payload";
	int rc;
	if (why)
		return invalid(f, why);
	if ((rc = bn_rights_admits(f, ev, BN_ACT_REMOVE, err)) <= 0)
		return rc;
	if (bn_sql_int(db, 0, "SELECT 1 FROM forgotten WHERE id = ?", "s", id))
		return invalid(f, "this act is recorded already");
	rc = bn_sql_run(db, err, "INSERT INTO forgotten VALUES (?, ?, ?, ?, ?)", "siiss", id, bn_event_time_ms(ev),
		(int64_t)ev->uid, bn_json_str(p, "reason", NULL), bn_json_str(p, "mark", NULL));
	if (rc < 0 || (rc = apply_versions(db, id, json_object_get(p, "versions"), err)) < 0 ||
		(rc = apply_objects(db, id, json_object_get(p, "objects"), err)) < 0)
		return rc;
	return apply_batches(f, id, json_object_get(p, "batches"), err);
}

static int forget_clear(bn_fold *f, const char *entity, bn_err *err)
{
	static const char *const sql[] = {"DELETE FROM forgotten WHERE id = ?",
		"DELETE FROM forgotten_version WHERE id = ?", "DELETE FROM forgotten_object WHERE id = ?"};
	const char *slash = strchr(entity, '/');
	int rc = 0;
	for (size_t i = 0; !rc && i < sizeof sql / sizeof *sql; i++)
		rc = bn_sql_run(bn_fold_db(f), err, sql[i], "s", slash ? slash + 1 : "");
	return rc;
}

static const bn_fold_kind kinds[] = {
	{"forget.rows", .fields = BN_FIELDS("versions.name", "versions.version", "versions.rows", "versions.stand_in",
				"objects.hash", "objects.name", "objects.version", "batches.hash",
				"batches.instead", "batches.rows", "reason", "mark")},
	{0},
};

#define WORDS \
	"'was forgotten on ' || strftime('%Y-%m-%d', f.at_ms / 1000, 'unixepoch') || ' by ' || bn_user(f.uid) || " \
	"coalesce(': use ' || v.name || '@v' || v.stand_in, '')"

const bn_fold_class bn_forget_class = {
	.name = "forget",
	.kinds = kinds,
	.schema = "share/sql/0010_data.sql",
	.forgotten = "SELECT o.hash AS hash, " WORDS " AS words FROM forgotten_object o JOIN forgotten f USING (id) "
		     "LEFT JOIN forgotten_version v ON v.name = o.name AND v.version = o.version AND v.id = o.id",
	.apply = forget_apply,
	.clear = forget_clear,
};

/* ---- reading --------------------------------------------------------------------------------- */

char *bn_forgotten_words(bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	sqlite3_stmt *st = NULL;
	char *words = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT " WORDS " FROM forgotten_version v JOIN forgotten f USING (id) WHERE v.name = ? AND "
		"v.version = ? ORDER BY id LIMIT 1",
		"si", name, version);
	if (rc >= 0 && bn_sql_step(st, err) == 1 && !(words = bn_sql_text(st, 0)))
		bn_err_nomem(err, "a dataset version");
	sqlite3_finalize(st);
	return words;
}

enum { STEPS_MOST = 1000 };

int bn_forgotten_instead(char *hash, int64_t *rows, sqlite3 *db, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	int rc = 1;
	/* More acts than that did not happen to one batch: records may say anything, even that there is a circle. */
	for (int i = 0; i < STEPS_MOST && rc == 1 && hash[0] && bn_unhex(hash, sizeof raw, raw) == 0; i++) {
		sqlite3_stmt *st = NULL;
		if ((rc = bn_sql_cached(&st, db, err, "SELECT instead, rows FROM forgotten_object WHERE hash = ? ORDER BY id LIMIT 1", "b",
			     raw, sizeof raw)) < 0)
			return rc;
		if ((rc = bn_sql_step(st, err)) == 1) {
			bool some = sqlite3_column_bytes(st, 0) == BN_SHA256_BYTES;
			hash[0] = '\0';
			if (some)
				bn_hex(sqlite3_column_blob(st, 0), BN_SHA256_BYTES, hash);
			*rows = sqlite3_column_int64(st, 1);
		}
		sqlite3_reset(st);
	}
	return rc < 0 ? rc : 0;
}
