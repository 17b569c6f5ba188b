/*
 * dataset_fold.c - events of class "dataset" become rows (see dataset.h for the events, fold.h for
 * the contract). apply() is a plain state machine. A payload that lacks a field makes the whole
 * event invalid, never half a row.
 *
 * A number belongs to the first version that takes it. Under a chain of authority clocks do not
 * decide which one that is: versions with valid signatures come first, by their epoch, then all
 * others by their clocks. So a record by a non-member, or one dated back under a closed link,
 * cannot take a member's number. Within one epoch the members' clocks decide; a link may void the
 * record of a member whose clock is wrong on purpose.
 */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/govern/closed.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"
#include "core/store/index/ref.h"
#include "core/store/object/manifest.h"
#include "core/store/workspace.h"

#include <string.h>

#define LIVE 0
#define REMOVED_ALONE 1
#define REMOVED_WITH_DATASET 2

enum { VERSION, CHECKED, TAG, REMOVED, RESTORED };

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* The epoch of records that no link covers. */
#define LAST_EPOCH INT64_MAX

/* Checks whether a signed version's signature is valid. */
static bool is_refused(bn_standing_kind kind)
{
	return kind == BN_STANDING_VOID || kind == BN_STANDING_CUT || kind == BN_STANDING_BAD ||
	       kind == BN_STANDING_FORKED;
}

static int dataset_place(bn_fold *f, bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	bn_standing s;
	int rc;
	if (!bn_authority_is_founded(db))
		return BN_PLACED;
	if (bn_authority_newest(db, NULL) < 0)
		return BN_PLACED_LATER; /* the links of this batch are read first */
	ev->depth = 0;
	ev->epoch = bn_closed_has(db, ev) ? BN_CLOSED_EPOCH : LAST_EPOCH;
	if (ev->kind_no != VERSION || !ev->sig)
		return BN_PLACED;
	if ((rc = bn_authority_judge(&s, db, ev, err)) < 0)
		return rc;
	if (s.kind == BN_STANDING_COUNTS)
		ev->epoch = s.epoch;
	return BN_PLACED;
}

static int all_replay(bn_fold *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_fold_db(f), err,
		"SELECT no FROM index_entity_text WHERE class = 'dataset'", "");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = bn_fold_replay_entity(f, sqlite3_column_int64(st, 0), err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

/* Link 0 changes the order, and may come after the datasets: then all are ordered again. */
static int dataset_before_replay(bn_fold *f, bn_err *err)
{
	size_t n;
	const bn_signed_new *signed_new = bn_fold_signed_new(f, &n);
	if (!n || bn_authority_newest(bn_fold_db(f), NULL) >= 0)
		return 0;
	int64_t authority = bn_index_entity(bn_fold_db(f), BN_AUTHORITY_ENTITY);
	for (size_t i = 0; i < n; i++)
		if (signed_new[i].entity_no == authority)
			return all_replay(f, err);
	return 0;
}

/* 1; 0: a link or its own signature invalidates the version, and the event has its outcome. */
static int version_admit(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	bn_standing s;
	int rc;
	if (!ev->sig || bn_authority_newest(db, NULL) < 0)
		return 1;
	if ((rc = bn_authority_judge(&s, db, ev, err)) < 0)
		return rc;
	if (is_refused(s.kind))
		bn_fold_outcome(f, bn_standing_outcome(s.kind), "%s", s.words);
	return !is_refused(s.kind);
}

/* ---- versions ------------------------------------------------------------------------------- */

static bool is_hash(const char *s)
{
	return s && strlen(s) == 64 && bn_is_hex(s);
}

/* Value of a version's column `removed`; -1 if there is no such version. */
static int64_t version_state(sqlite3 *db, const char *name, int64_t version)
{
	return bn_sql_int(db, -1,
		"SELECT removed FROM dataset_version WHERE name = ? AND version = ?", "si", name,
		version);
}

static int apply_parents(
	sqlite3 *db, const char *name, int64_t version, const json_t *parents, bn_err *err)
{
	for (size_t i = 0; i < json_array_size(parents); i++) {
		const json_t *p = json_array_get(parents, i);
		int rc = bn_sql_run(db, err, "INSERT INTO dataset_parent VALUES (?, ?, ?, ?, ?, ?)",
			"siisis", name, version, (int64_t)i, bn_json_str(p, "name", ""),
			bn_json_int(p, "version", 0), bn_json_str(p, "hash", ""));
		if (rc)
			return rc;
	}
	return 0;
}

/* Fills the source columns of an existing row. */
static int apply_source(
	sqlite3 *db, const char *name, int64_t version, const json_t *source, bn_err *err)
{
	const char *sha256 = bn_json_str(source, "sha256", NULL);
	return bn_sql_run(db, err,
		"UPDATE dataset_version SET source_kind = ?, source_path = ?, source_size = ?, "
		"source_sha256 = ?, rejected = ? WHERE name = ? AND version = ?",
		"ssisisi", bn_json_str(source, "kind", ""), bn_json_str(source, "path", NULL),
		bn_json_int(source, "size", 0), is_hash(sha256) ? sha256 : NULL,
		bn_json_int(source, "rejected", 0), name, version);
}

/* A version's content. In the first format its only part names it: a manifest of format 0, whose
 * content follows from the same rule. */
typedef struct identity {
	const char *hash, *part, *schema_hash;
	char content[65];
	int64_t parts;
} identity;

/* 0, or a reason in *why. */
static int identity_read(identity *id, const bn_event *ev, const char **why, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *content = bn_json_str(p, "content", NULL);
	const bool first_format = ev->version < 2;
	id->hash = bn_json_str(p, first_format ? "hash" : "manifest", NULL);
	id->part = first_format ? id->hash : bn_json_str(p, "part", NULL);
	id->parts = first_format ? 1 : bn_json_int(p, "parts", 0);
	id->schema_hash = bn_json_str(p, "schema_hash", NULL);
	if (!is_hash(id->hash) || !is_hash(id->schema_hash) || (id->part && !is_hash(id->part)))
		*why = first_format ? "needs hash and schema_hash"
				    : "needs manifest, part and schema_hash";
	else if (id->parts < 1 || (id->parts == 1) != (id->part != NULL))
		*why = "needs parts, and part when there is one";
	else if (!first_format && !is_hash(content))
		*why = "needs content";
	if (*why)
		return 0;
	if (!id->part) {
		memcpy(id->content, content, sizeof id->content);
		return 0;
	}
	int rc = bn_manifest_of_part(id->schema_hash, id->part, id->content, err);
	if (rc == 0 && !first_format && strcmp(content, id->content) != 0)
		*why = "content is not that of its part";
	return rc;
}

/* An object of the event's user; only that user can read it if it is private. */
static int object_ref(bn_fold *f, const bn_event *ev, bool is_private, const char *hash,
	const char *role, bn_err *err)
{
	return is_private ? bn_fold_private_ref(f, hash, role, ev->uid, err)
			  : bn_fold_object_ref(f, hash, role, err);
}

static int version_refs(bn_fold *f, const bn_event *ev, bool is_private, const identity *id,
	const char *profile, bn_err *err)
{
	int rc = id->part ? object_ref(f, ev, is_private, id->part, "dataset", err) : 0;
	if (rc == 0 && (!id->part || strcmp(id->part, id->hash) != 0))
		rc = object_ref(f, ev, is_private, id->hash, "dataset manifest", err);
	if (rc == 0 && profile)
		rc = object_ref(f, ev, is_private, profile, "profile", err);
	return rc;
}

static int apply_version(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const json_t *p = ev->payload, *recipe = json_object_get(p, "recipe");
	int64_t version = bn_json_int(p, "version", 0), rows = bn_json_int(p, "rows", -1);
	int64_t columns = bn_json_int(p, "columns", -1), size = bn_json_int(p, "size", -1);
	const char *profile = bn_json_str(p, "profile", NULL), *why = NULL;
	bool is_private = bn_json_bool(p, "private", false);
	identity id = {.hash = NULL};
	int rc;
	/* Whether it comes before all others may only be known later. */
	if (!ev->sig && bn_fold_founding(f)[0] && (rc = bn_fold_depends(f, "policy", err)) < 0)
		return rc;
	if ((rc = version_admit(f, ev, err)) <= 0 || (rc = identity_read(&id, ev, &why, err)) < 0)
		return rc;
	if (version < 1 || rows < 0 || columns < 0 || size < 0 || (profile && !is_hash(profile)))
		why = "needs version, rows, columns and size";
	if (why)
		return invalid(f, why);
	if (version_state(db, name, version) >= 0)
		return invalid(f, "this version exists already");
	bn_buf text = BN_BUF_INIT;
	rc = json_is_object(recipe) ? bn_json_canonical(recipe, &text, err) : 0;
	if (!rc)
		rc = bn_sql_run(db, err,
			"INSERT INTO dataset_version (name, version, hash, content, part, parts, "
			"size, "
			"rows, columns, schema_hash, profile, created_ms, uid, private, removed, "
			"source_kind, "
			"rejected, recipe) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, "
			"'', 0, ?)",
			"sisssiiiissiiis", name, version, id.hash, id.content, id.part, id.parts,
			size, rows, columns, id.schema_hash, profile, bn_event_time_ms(ev),
			(int64_t)ev->uid, (int64_t)is_private, text.len ? text.ptr : NULL);
	bn_buf_release(&text);
	if (!rc)
		rc = version_refs(f, ev, is_private, &id, profile, err);
	if (!rc)
		rc = apply_source(db, name, version, json_object_get(p, "source"), err);
	return rc ? rc : apply_parents(db, name, version, json_object_get(p, "parents"), err);
}

static int apply_checked(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const json_t *p = ev->payload, *success = json_object_get(p, "success");
	int64_t version = bn_json_int(p, "version", 0);
	const char *suite = bn_json_str(p, "suite", NULL);
	const char *result = bn_json_str(p, "result", NULL);
	int64_t evaluated = bn_json_int(p, "evaluated", -1), failed = bn_json_int(p, "failed", -1);
	if (!is_hash(suite) || !is_hash(result) || !json_is_boolean(success) || evaluated < 0 ||
		failed < 0)
		return invalid(f, "needs suite, result, success, evaluated and failed");
	if (version_state(db, name, version) < 0)
		return invalid(f, "no such version");
	bool is_private =
		bn_sql_int(db, 0,
			"SELECT private FROM dataset_version WHERE name = ? AND version = ?", "si",
			name, version) != 0;
	int rc = object_ref(f, ev, is_private, suite, "suite", err);
	if (!rc)
		rc = object_ref(f, ev, is_private, result, "check result", err);
	if (rc)
		return rc;
	return bn_sql_run(db, err,
		"INSERT INTO dataset_check SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?, ?, ?, "
		"?, ?, ?, ?, ? FROM dataset_check WHERE name = ?1 AND version = ?2",
		"siiisssiii", name, version, bn_event_time_ms(ev), (int64_t)ev->uid, suite,
		bn_json_str(p, "suite_name", NULL), result, (int64_t)json_is_true(success),
		evaluated, failed);
}

static int apply_tag(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int64_t version = bn_json_int(ev->payload, "version", 0);
	const char *key = bn_json_str(ev->payload, "key", NULL);
	const char *value = bn_json_str(ev->payload, "value", NULL);
	if (!key || !bn_name_is_valid(key))
		return invalid(f, "needs a key that is a valid name");
	if (version_state(db, name, version) < 0)
		return invalid(f, "no such version");
	int may = bn_rights_admits(f, ev, BN_ACT_TAG, err);
	if (may <= 0)
		return may;
	if (!value)
		return bn_sql_run(db, err,
			"DELETE FROM dataset_tag WHERE name = ? AND version = ? AND key = ?", "sis",
			name, version, key);
	return bn_sql_run(db, err, "INSERT OR REPLACE INTO dataset_tag VALUES (?, ?, ?, ?)", "siss",
		name, version, key, value);
}

/* Applies to the versions that were live when the event was written: later ones may be folded
 * before it if they have valid signatures. A record without `upto` is judged by its time. */
static int apply_removal_of_all(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	int64_t when = bn_event_time_ms(ev);
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE dataset_version SET removed = ?1, removed_ms = ?2 WHERE name = ?3 AND "
		"removed = ?4 AND CASE ?5 WHEN -1 THEN created_ms <= ?2 ELSE version <= ?5 END",
		"iisii", (int64_t)REMOVED_WITH_DATASET, when, name, (int64_t)LIVE,
		bn_json_int(ev->payload, "upto", -1));
}

/* Removing the dataset applies to live versions; restoring it restores exactly those. */
static int apply_removal(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	bool removing = !strcmp(ev->kind, "dataset.removed");
	int64_t version = bn_json_int(ev->payload, "version", -1);
	int64_t when = removing ? bn_event_time_ms(ev) : 0;
	int may = bn_rights_admits(f, ev, BN_ACT_REMOVE, err);
	if (may <= 0)
		return may;
	if (version == 0 && removing)
		return apply_removal_of_all(f, ev, name, err);
	if (version == 0)
		return bn_sql_run(db, err,
			"UPDATE dataset_version SET removed = ?, removed_ms = ? "
			"WHERE name = ? AND removed = ?",
			"iisi", (int64_t)LIVE, when, name, (int64_t)REMOVED_WITH_DATASET);
	if (version_state(db, name, version) < 0)
		return invalid(f, "no such version");
	return bn_sql_run(db, err,
		"UPDATE dataset_version SET removed = ?, removed_ms = ? "
		"WHERE name = ? AND version = ?",
		"iisi", (int64_t)(removing ? REMOVED_ALONE : LIVE), when, name, version);
}

static const bn_fold_kind kinds[] = {
	[VERSION] = {"dataset.version",
		.fields = BN_FIELDS("version", "hash", "manifest", "content", "part", "parts",
			"size", "rows", "columns", "schema.*", "schema_hash", "profile",
			"source.kind", "source.path", "source.sha256", "source.rejected",
			"source.size", "parents.name", "parents.version", "parents.hash",
			"recipe.*", "private")},
	[CHECKED] = {"dataset.checked", .fields = BN_FIELDS("version", "suite", "suite_name",
						"result", "success", "evaluated", "failed")},
	[TAG] = {"dataset.tag", .fields = BN_FIELDS("version", "key", "value")},
	[REMOVED] = {"dataset.removed", .fields = BN_FIELDS("version", "upto")},
	[RESTORED] = {"dataset.restored", .fields = BN_FIELDS("version")},
	{0},
};

static int dataset_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	static int (*const actions[])(bn_fold *, const bn_event *, const char *, bn_err *) = {
		[VERSION] = apply_version,
		[CHECKED] = apply_checked,
		[TAG] = apply_tag,
		[REMOVED] = apply_removal,
		[RESTORED] = apply_removal,
	};
	const char *name = strchr(ev->entity, '/') + 1; /* the class is not nameless */
	if (!bn_name_is_valid(name))
		return invalid(f, "not the name of a dataset");
	if (!ev->payload)
		return invalid(f, "no payload");
	return actions[ev->kind_no](f, ev, name, err);
}

static int dataset_clear(bn_fold *f, const char *entity, bn_err *err)
{
	static const char *const sql[] = {
		"DELETE FROM dataset_check WHERE name = ?",
		"DELETE FROM dataset_tag WHERE name = ?",
		"DELETE FROM dataset_parent WHERE name = ?",
		"DELETE FROM dataset_version WHERE name = ?",
	};
	const char *slash = strchr(entity, '/');
	int rc = 0;
	for (size_t i = 0; !rc && i < sizeof sql / sizeof *sql; i++)
		rc = bn_sql_run(bn_fold_db(f), err, sql[i], "s", slash ? slash + 1 : "");
	return rc;
}

#define OF_REMOVED_VERSION(table) \
	"EXISTS (SELECT 1 FROM dataset_version v WHERE v.name = " table \
	".name AND v.version = " table ".version AND v.removed <> 0 AND v.removed_ms <= ?1)"

/* The tables cover everything that object_ref has of datasets, and also record what was removed. */
static const bn_fold_gone gone[] = {
	{"object_ref", "entity GLOB 'dataset/*'"},
	{"dataset_version", "removed <> 0 AND removed_ms <= ?1"},
	{"dataset_check", OF_REMOVED_VERSION("dataset_check")},
	{"dataset_parent", OF_REMOVED_VERSION("dataset_parent")},
	{"dataset_tag", OF_REMOVED_VERSION("dataset_tag")},
	{NULL, NULL},
};

/* A child, a run or another version keeps the table or the manifest: then also keep whatever the
 * version needs to be restored. */
static const char kept_whole[] =
	"SELECT v.hash, v.part, v.profile, c.suite, c.result FROM dataset_version v "
	"LEFT JOIN dataset_check c USING (name, version) WHERE v.removed <> 0";

const bn_fold_class bn_dataset_class = {
	.name = "dataset",
	.kinds = kinds,
	.schema = "share/sql/0010_data.sql",
	.version = 2,
	.gone = gone,
	.kept_whole = kept_whole,
	.apply = dataset_apply,
	.place = dataset_place,
	.before_replay = dataset_before_replay,
	.clear = dataset_clear,
};
