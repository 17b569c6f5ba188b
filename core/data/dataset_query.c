/*
 * dataset_query.c - reads the catalogue (see dataset.h): names to versions, lists, lineage. Results
 * are copied out of the index.
 */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_dataset.h"
#include "core/data/dataset.h"
#include "core/data/forgotten.h"
#include "core/govern/members.h"
#include "core/store/index/fold.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/store/workspace.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS \
	"name, version, hash, size, rows, columns, schema_hash, profile, created_ms, " \
	"bn_user(uid), " \
	"removed, source_kind, source_path, source_size, source_sha256, rejected, recipe, " \
	"content, " \
	"part, parts, private, uid"

enum { CONTENT_COLUMN = 17 };

void bn_dataset_version_free(bn_dataset_version *v)
{
	if (!v)
		return;
	bn_free(v->name);
	bn_free(v->user);
	bn_free(v->source_kind);
	bn_free(v->source_path);
	bn_free(v->recipe);
	bn_free(v->forgotten);
	for (size_t i = 0; i < v->parent_count; i++)
		bn_free(v->parents[i].name);
	bn_free(v->parents);
	for (size_t i = 0; i < v->tag_count; i++) {
		bn_free(v->tag_keys[i]);
		bn_free(v->tag_values[i]);
	}
	bn_free(v->tag_keys);
	bn_free(v->tag_values);
	bn_free(v);
}

const char *bn_dataset_version_name(const bn_dataset_version *v, char *buf, size_t size)
{
	snprintf(buf, size, "%s@v%lld", v->name, (long long)v->version);
	return buf;
}

void bn_dataset_list_free(bn_dataset_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++) {
		bn_free(list->rows[i].name);
		bn_dataset_version_free(list->rows[i].latest);
	}
	bn_free(list->rows);
	bn_free(list);
}

void bn_dataset_versions_free(bn_dataset_versions *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->count; i++)
		bn_dataset_version_free(v->items[i]);
	bn_free(v->items);
	bn_free(v);
}

/* ---- one row ------------------------------------------------------------------------------- */

static void copy_hash(char out[65], sqlite3_stmt *st, int column)
{
	const char *s = (const char *)sqlite3_column_text(st, column);
	snprintf(out, 65, "%s", s ? s : "");
}

static int read_parents(bn_dataset_version *v, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT parent_name, parent_version, parent_hash FROM dataset_parent "
		"WHERE name = ? AND version = ? ORDER BY position",
		"si", v->name, v->version);
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		if (bn_grow(&v->parents, &cap, v->parent_count + 1, sizeof *v->parents)) {
			rc = bn_err_nomem(err, "the parents of a dataset");
			break;
		}
		bn_dataset_parent *p = &v->parents[v->parent_count++];
		p->name = bn_sql_text(st, 0);
		p->version = sqlite3_column_int64(st, 1);
		copy_hash(p->hash, st, 2);
	}
	sqlite3_finalize(st);
	return rc;
}

static int read_tags(bn_dataset_version *v, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t keys = 0, values = 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT key, value FROM dataset_tag WHERE name = ? AND version = ? ORDER BY key",
		"si", v->name, v->version);
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		if (bn_grow(&v->tag_keys, &keys, v->tag_count + 1, sizeof *v->tag_keys) ||
			bn_grow(&v->tag_values, &values, v->tag_count + 1, sizeof *v->tag_values)) {
			rc = bn_err_nomem(err, "the tags of a dataset");
			break;
		}
		v->tag_keys[v->tag_count] = bn_sql_text(st, 0);
		v->tag_values[v->tag_count++] = bn_sql_text(st, 1);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Of the newest result of each attached suite, and the newest of all others, by members or the reader: the worst, so that
 * what one suite found does not hide what another did. */
static const char deciding_check[] =
	"SELECT checked_ms, success, evaluated, failed, suite, result FROM (SELECT c.*, "
	"row_number() OVER (PARTITION BY a.name ORDER BY number DESC) AS place "
	"FROM dataset_check c LEFT JOIN suite_attached a ON a.dataset = c.name AND a.name = c.suite_name "
	"WHERE c.name = ?1 AND c.version = ?2 AND "
	"(?3 IS NULL OR c.uid IN (SELECT value FROM json_each(?3)))) "
	"WHERE place = 1 ORDER BY success, failed DESC, number DESC LIMIT 1";

static int read_deciding_check(bn_dataset_version *v, sqlite3 *db, const char *members, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err, deciding_check,
		"sis", v->name, v->version, members);
	if (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		v->checked_ms = sqlite3_column_int64(st, 0);
		v->check_success = sqlite3_column_int(st, 1) != 0;
		v->check_evaluated = sqlite3_column_int64(st, 2);
		v->check_failed = sqlite3_column_int64(st, 3);
		copy_hash(v->check_suite, st, 4);
		copy_hash(v->check_result, st, 5);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Whether a manifest of several parts, or one of the parts, is missing. */
static bool parts_are_gone(bn_workspace *ws, const char *hash)
{
	bn_manifest m;
	bool gone = bn_manifest_load(&m, ws, hash, NULL) < 0;
	for (size_t i = 0; !gone && i < m.count; i++)
		gone = !bn_object_is_here(ws, m.parts[i].hash);
	bn_manifest_release(&m);
	return gone;
}

/* Whether something that is needed to restore a removed version has been freed. */
static bool are_bytes_gone(bn_workspace *ws, const bn_dataset_version *v)
{
	if (!bn_object_is_here(ws, v->hash) ||
		(v->profile_hash[0] && !bn_object_is_here(ws, v->profile_hash)))
		return true;
	return v->part[0] ? !bn_object_is_here(ws, v->part) : parts_are_gone(ws, v->hash);
}

bool bn_dataset_is_whole(bn_workspace *ws, const bn_dataset_version *v)
{
	return !are_bytes_gone(ws, v);
}

/* Reads the current row of st (SELECT COLUMNS ...) and its related rows. members: whose checks are
 * shown. */
static int read_version(bn_dataset_version **out, bn_workspace *ws, sqlite3_stmt *st,
	const char *members, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	bn_dataset_version *v = bn_alloc_zeroed(1, sizeof *v);
	if (!v)
		return bn_err_nomem(err, "a dataset version");
	v->name = bn_sql_text(st, 0);
	v->version = sqlite3_column_int64(st, 1);
	copy_hash(v->hash, st, 2);
	v->size_bytes = (uint64_t)sqlite3_column_int64(st, 3);
	v->rows = sqlite3_column_int64(st, 4);
	v->columns = sqlite3_column_int64(st, 5);
	copy_hash(v->schema_hash, st, 6);
	copy_hash(v->profile_hash, st, 7);
	v->created_ms = sqlite3_column_int64(st, 8);
	v->user = bn_sql_text(st, 9);
	v->removed = sqlite3_column_int(st, 10) != 0;
	v->source_kind = bn_sql_text(st, 11);
	v->source_path = bn_sql_text(st, 12);
	v->source_size = (uint64_t)sqlite3_column_int64(st, 13);
	copy_hash(v->source_sha256, st, 14);
	v->rejected = sqlite3_column_int64(st, 15);
	v->recipe = bn_sql_text(st, 16);
	copy_hash(v->content, st, CONTENT_COLUMN);
	copy_hash(v->part, st, 18);
	v->parts = sqlite3_column_int64(st, 19);
	v->is_private = sqlite3_column_int(st, 20) != 0;
	v->uid = (uid_t)sqlite3_column_int64(st, 21);
	/* Whether another user's private bytes exist is not visible to this user. */
	v->bytes_gone =
		v->removed && bn_dataset_need_rows(ws, v, NULL) == 0 && are_bytes_gone(ws, v);
	v->forgotten = v->name ? bn_forgotten_words(ws, v->name, v->version, NULL) : NULL;
	v->bytes_gone |= v->forgotten != NULL;
	int rc = v->name && v->user && v->source_kind ? 0 : bn_err_nomem(err, "a dataset version");
	if (!rc)
		rc = read_parents(v, db, err);
	if (!rc)
		rc = read_tags(v, db, err);
	if (!rc)
		rc = read_deciding_check(v, db, members, err);
	if (rc)
		bn_dataset_version_free(v);
	else
		*out = v;
	return rc;
}

/* ---- names --------------------------------------------------------------------------------- */

int bn_dataset_none(sqlite3 *db, const char *name, bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	sqlite3_stmt *st = NULL;
	const char *words[257];
	size_t n = 0;
	bn_err_set(err, BN_ENOTFOUND, "no dataset '%s'", name);
	if (!bn_sql_prepare(&st, db, NULL,
		    "SELECT DISTINCT name FROM dataset_version WHERE removed = 0 LIMIT 256", ""))
		while (n < 256 && bn_sql_step(st, NULL) == 1) {
			words[n] =
				bn_arena_strdup(&arena, (const char *)sqlite3_column_text(st, 0));
			if (words[n])
				n++;
		}
	sqlite3_finalize(st);
	words[n] = NULL;
	const char *near = bn_nearest_word(name, words);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else if (n)
		bn_err_hint(err, "binnacle data ls lists the datasets");
	else
		bn_err_hint(err, "this workspace has none: binnacle data add NAME FILE");
	bn_arena_release(&arena);
	return BN_ENOTFOUND;
}

/* Splits at '@': the name, and the rest (NULL: none). */
static int split_ref(const char *ref, char name[129], const char **which, bn_err *err)
{
	const char *at = strchr(ref, '@');
	size_t n = at ? (size_t)(at - ref) : strlen(ref);
	name[0] = '\0';
	if (n <= 128) {
		memcpy(name, ref, n);
		name[n] = '\0';
	}
	*which = at ? at + 1 : NULL;
	if (bn_name_is_valid(name))
		return 0;
	bn_err_set(err, BN_EINVAL, "'%s' does not name a dataset", ref);
	bn_err_hint(err, "NAME, NAME@v3, NAME@latest or NAME@sha256:ab12...");
	return BN_EINVAL;
}

static int too_short_hash(const char *ref, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "'%s': a hash is 4 to 64 lower-case hex digits", ref);
}

/* A condition on version v: added by a member or the reader, or its signature is valid even if no
 * member has its key any more. ?1 members, ?2 the dataset's entity, ?3 the epoch of records that no
 * link covers. */
#define IS_TAKEN \
	"(?1 IS NULL OR v.uid IN (SELECT value FROM json_each(?1)) OR EXISTS (SELECT 1 FROM " \
	"event " \
	"e JOIN index_name k ON k.no = e.kind WHERE e.entity = ?2 AND k.name = 'dataset.version' " \
	"AND e.outcome = 0 AND coalesce(e.epoch, -1) < ?3 AND json_extract(e.payload, " \
	"'$.version') = v.version))"

static int64_t entity_of(sqlite3 *db, const char *name)
{
	char entity[160];
	snprintf(entity, sizeof entity, "dataset/%.128s", name);
	return bn_index_entity(db, entity);
}

/* The newest accepted version of a name that is not removed; the newest of all if none is
 * accepted. */
static int prepare_newest(
	sqlite3_stmt **st, sqlite3 *db, const char *name, const char *members, bn_err *err)
{
	return bn_sql_prepare(st, db, err,
		"SELECT " COLUMNS " FROM dataset_version v WHERE name = ?4 AND removed = 0 "
		"ORDER BY " IS_TAKEN " DESC, version DESC LIMIT 1",
		"siis", members, entity_of(db, name), INT64_MAX, name);
}

static int members_read(char **out, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	return bn_member_accounts(out, bn_workspace_index(ws), env->uid(env), err);
}

int bn_dataset_with_content(int64_t *number, bn_workspace *ws, const char *name,
	const char *content, bool is_private, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *members = NULL;
	sqlite3 *db = NULL;
	int rc;
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0 ||
		(rc = members_read(&members, ws, err)) < 0)
		return rc;
	db = bn_workspace_index(ws);
	*number = bn_sql_int(db, 0,
		"SELECT version FROM dataset_version v WHERE name = ?4 AND content = ?5 "
		"AND " IS_TAKEN " AND private = ?6 AND (private = 0 OR uid = ?7) "
		"ORDER BY removed <> 0, version DESC LIMIT 1",
		"siissii", members, entity_of(db, name), INT64_MAX, name, content,
		(int64_t)is_private, (int64_t)env->uid(env));
	bn_free(members);
	return bn_sql_failed(db, err);
}

int bn_dataset_is_to_be_private(bool *out, bn_workspace *ws, const char *name,
	bn_dataset_privacy wish, const bn_dataset_version *const *parents, size_t parent_count,
	bn_err *err)
{
	char *members = NULL;
	sqlite3 *db;
	int rc;
	*out = wish == BN_DATASET_PRIVATE;
	for (size_t i = 0; i < parent_count && wish == BN_DATASET_AS_BEFORE; i++)
		*out |= parents[i]->is_private;
	if (*out || wish != BN_DATASET_AS_BEFORE)
		return 0;
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0 ||
		(rc = members_read(&members, ws, err)) < 0)
		return rc;
	db = bn_workspace_index(ws);
	/* Also if all are removed: removal does not make private data public. */
	*out = bn_sql_int(db, 0,
		       "SELECT private FROM dataset_version v WHERE name = ?4 ORDER BY " IS_TAKEN
		       " DESC, removed <> 0, version DESC LIMIT 1",
		       "siis", members, entity_of(db, name), INT64_MAX, name) != 0;
	bn_free(members);
	return bn_sql_failed(db, err);
}

/* Prepares the statement that finds it: at most two rows; two mean that it is ambiguous. */
static int prepare_ref(sqlite3_stmt **st, sqlite3 *db, const char *ref, const char *name,
	const char *which, const char *members, bn_err *err)
{
	int64_t number;
	if (!which || !strcmp(which, "latest"))
		return prepare_newest(st, db, name, members, err);
	if (which[0] == 'v' && bn_parse_i64(which + 1, strlen(which + 1), &number) && number > 0)
		return bn_sql_prepare(st, db, err,
			"SELECT " COLUMNS " FROM dataset_version WHERE name = ? AND version = ?",
			"si", name, number);
	if (bn_str_starts(which, "sha256:")) {
		const char *hex = which + strlen("sha256:");
		size_t n = strlen(hex);
		if (n < 4 || n > 64 || !bn_is_hex(hex))
			return too_short_hash(ref, err);
		/* A version's own hash, or otherwise the hash of its only part, the Arrow file. */
		return bn_sql_prepare(st, db, err,
			"SELECT " COLUMNS " FROM dataset_version WHERE name = ?1 AND "
			"CASE WHEN EXISTS (SELECT 1 FROM dataset_version WHERE name = ?1 AND "
			"substr(hash, 1, ?2) = ?3) THEN substr(hash, 1, ?2) = ?3 "
			"ELSE substr(part, 1, ?2) = ?3 END "
			"ORDER BY removed <> 0, version DESC LIMIT 2",
			"sis", name, (int64_t)n, hex);
	}
	bn_err_set(err, BN_EINVAL, "'%s' does not name a dataset version", ref);
	bn_err_hint(err, "NAME, NAME@v3, NAME@latest or NAME@sha256:ab12...");
	return BN_EINVAL;
}

static int refuse_removed(const bn_dataset_version *v, bn_err *err)
{
	char name[192];
	if (v->forgotten)
		return bn_dataset_need_rows_kept(v, err);
	bn_err_set(err, BN_EREFUSED, "dataset %s is removed",
		bn_dataset_version_name(v, name, sizeof name));
	bn_err_hint(err, "binnacle data restore %s brings it back", name);
	return BN_EREFUSED;
}

static int not_found(sqlite3 *db, const char *ref, const char *name, bn_err *err)
{
	int64_t all =
		bn_sql_int(db, 0, "SELECT count(*) FROM dataset_version WHERE name = ?", "s", name);
	int64_t newest = bn_sql_int(db, 0,
		"SELECT max(version) FROM dataset_version WHERE name = ? AND removed = 0", "s",
		name);
	int rc = bn_sql_failed(db, err);
	if (rc < 0)
		return rc;
	if (!all)
		return bn_dataset_none(db, name, err);
	if (!newest) {
		bn_err_set(err, BN_EREFUSED, "every version of dataset '%s' is removed", name);
		bn_err_hint(err, "binnacle data restore %s brings it back", name);
		return BN_EREFUSED;
	}
	bn_err_set(err, BN_ENOTFOUND, "no dataset version '%s'", ref);
	bn_err_hint(err, "the newest is %s@v%lld", name, (long long)newest);
	return BN_ENOTFOUND;
}

int bn_dataset_resolve(bn_dataset_version **out, bn_workspace *ws, const char *ref,
	bn_dataset_which which, bn_err *err)
{
	char name[129];
	const char *after = NULL;
	sqlite3_stmt *st = NULL;
	bn_dataset_version *v = NULL;
	char *members = NULL;
	int rc = split_ref(ref, name, &after, err);
	if (rc || (rc = bn_workspace_refresh(ws, NULL, err)))
		return rc;
	sqlite3 *db = bn_workspace_index(ws);
	if ((rc = members_read(&members, ws, err)) < 0 ||
		(rc = prepare_ref(&st, db, ref, name, after, members, err)) < 0) {
		bn_free(members);
		return rc;
	}
	rc = bn_sql_step(st, err);
	if (rc == 0)
		rc = not_found(db, ref, name, err);
	else if (rc == 1)
		rc = read_version(&v, ws, st, members, err);
	if (!rc && bn_sql_step(st, err) == 1 && !v->removed) {
		/* Two versions of the same bytes are not ambiguous; removed ones sort last. */
		const char *other = (const char *)sqlite3_column_text(st, CONTENT_COLUMN);
		if (strcmp(other, v->content) != 0 && sqlite3_column_int(st, 10) == 0)
			rc = bn_err_set(err, BN_ECONFLICT, "'%s' is ambiguous: %.12s or %.12s", ref,
				v->hash, (const char *)sqlite3_column_text(st, 2));
	}
	sqlite3_finalize(st);
	bn_free(members);
	if (!rc && (v->removed || v->forgotten) && which == BN_DATASET_LIVE)
		rc = refuse_removed(v, err);
	if (rc)
		bn_dataset_version_free(v);
	else
		*out = v;
	return rc;
}

/* ---- lists --------------------------------------------------------------------------------- */

static int versions_collect(
	bn_dataset_versions **out, bn_workspace *ws, sqlite3_stmt *st, bn_err *err)
{
	size_t cap = 0;
	char *members = NULL;
	bn_dataset_versions *all = bn_alloc_zeroed(1, sizeof *all);
	int rc = all ? members_read(&members, ws, err) : bn_err_nomem(err, "a list of datasets");
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = bn_grow(&all->items, &cap, all->count + 1, sizeof *all->items)
			     ? bn_err_nomem(err, "a list of datasets")
			     : read_version(&all->items[all->count], ws, st, members, err);
		if (!rc)
			all->count++;
	}
	bn_free(members);
	if (rc)
		bn_dataset_versions_free(all);
	else
		*out = all;
	return rc;
}

int bn_dataset_versions_load(bn_dataset_versions **out, bn_workspace *ws, const char *name,
	bn_dataset_which which, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc)
		return rc;
	sqlite3 *db = bn_workspace_index(ws);
	bool none =
		name && !bn_sql_int(db, 0, "SELECT count(*) FROM dataset_version WHERE name = ?",
				"s", name);
	if ((rc = bn_sql_failed(db, err)) < 0)
		return rc;
	if (none)
		return bn_dataset_none(db, name, err);
	rc = bn_sql_prepare(&st, db, err,
		name ? "SELECT " COLUMNS " FROM dataset_version WHERE name = ?1 AND "
		       "(?2 OR removed = 0) ORDER BY version DESC"
		     : "SELECT " COLUMNS " FROM dataset_version WHERE ?1 IS NULL AND "
		       "(?2 OR removed = 0) ORDER BY created_ms DESC, name, version DESC",
		"si", name, (int64_t)which);
	if (!rc)
		rc = versions_collect(out, ws, st, err);
	sqlite3_finalize(st);
	return rc;
}

int bn_dataset_children_load(
	bn_dataset_versions **out, bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc)
		return rc;
	sqlite3 *db = bn_workspace_index(ws);
	rc = bn_sql_prepare(&st, db, err,
		"SELECT " COLUMNS " FROM dataset_version v WHERE removed = 0 AND EXISTS "
		"(SELECT 1 FROM dataset_parent p WHERE p.name = v.name AND p.version = v.version "
		"AND p.parent_name = ? AND p.parent_version = ?) "
		"ORDER BY created_ms DESC, name, version DESC",
		"si", name, version);
	if (!rc)
		rc = versions_collect(out, ws, st, err);
	sqlite3_finalize(st);
	return rc;
}

static int list_row(bn_dataset_row *row, bn_workspace *ws, sqlite3_stmt *names, const char *members,
	bn_err *err)
{
	sqlite3_stmt *st = NULL;
	row->name = bn_sql_text(names, 0);
	row->versions = sqlite3_column_int64(names, 1);
	row->removed = row->versions == 0;
	if (!row->name)
		return bn_err_nomem(err, "a list of datasets");
	int rc = prepare_newest(&st, bn_workspace_index(ws), row->name, members, err);
	if (!rc && (rc = bn_sql_step(st, err)) == 1)
		rc = read_version(&row->latest, ws, st, members, err);
	sqlite3_finalize(st);
	return rc;
}

int bn_dataset_list_load(
	bn_dataset_list **out, bn_workspace *ws, bn_dataset_which which, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc)
		return rc;
	sqlite3 *db = bn_workspace_index(ws);
	char *members = NULL;
	if ((rc = members_read(&members, ws, err)) < 0)
		return rc;
	bn_dataset_list *list = bn_alloc_zeroed(1, sizeof *list);
	rc = list ? bn_sql_prepare(&st, db, err,
			    "SELECT name, sum(removed = 0) AS live FROM dataset_version "
			    "GROUP BY name HAVING live > 0 OR ? ORDER BY name",
			    "i", (int64_t)which)
		  : bn_err_nomem(err, "a list of datasets");
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&list->rows, &cap, list->count + 1, sizeof *list->rows)) {
			rc = bn_err_nomem(err, "a list of datasets");
			break;
		}
		memset(&list->rows[list->count], 0, sizeof *list->rows);
		rc = list_row(&list->rows[list->count++], ws, st, members, err);
	}
	sqlite3_finalize(st);
	bn_free(members);
	if (rc)
		bn_dataset_list_free(list);
	else
		*out = list;
	return rc;
}
