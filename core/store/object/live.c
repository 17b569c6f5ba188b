/* live.c - see live.h. */
#include "core/store/object/live.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/copy.h"
#include "core/store/index/fold.h"
#include "core/store/inspect.h"
#include "core/store/object/_object.h"
#include "core/store/forgotten.h"
#include "core/store/object/manifest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct bn_live {
	uint8_t (*items)[BN_SHA256_BYTES]; /* open addressing; all zero is an empty slot */
	size_t size, count;
	uint8_t (*order)
		[BN_SHA256_BYTES]; /* in order of discovery: those from `seen` on are still to be read */
	size_t cap, seen;
	bn_live_hidden *hidden;
	size_t hidden_count, hidden_cap;
	bn_live *forgotten; /* a set of its own; NULL: not looked for */
};

/* ---- the set -------------------------------------------------------------------------------- */

static uint8_t *place_of(const bn_live *s, const uint8_t *h)
{
	static const uint8_t zero[BN_SHA256_BYTES];
	size_t at;
	memcpy(&at, h, sizeof at); /* a hash is its own hash */
	at &= s->size - 1;
	while (memcmp(s->items[at], zero, sizeof zero) && memcmp(s->items[at], h, BN_SHA256_BYTES))
		at = (at + 1) & (s->size - 1);
	return s->items[at];
}

static bool has_raw(const bn_live *s, const uint8_t *h)
{
	return s->size && !memcmp(place_of(s, h), h, BN_SHA256_BYTES);
}

bool bn_live_has(const bn_live *live, const char *hash)
{
	uint8_t raw[BN_SHA256_BYTES];
	return bn_unhex(hash, sizeof raw, raw) == 0 && has_raw(live, raw) && !bn_live_is_forgotten(live, hash);
}

bool bn_live_is_forgotten(const bn_live *live, const char *hash)
{
	uint8_t raw[BN_SHA256_BYTES];
	return live->forgotten && bn_unhex(hash, sizeof raw, raw) == 0 && has_raw(live->forgotten, raw);
}

static int grow(bn_live *s, bn_err *err)
{
	bn_live grown = *s;
	grown.size = s->size ? s->size * 2 : 1024;
	grown.items = bn_alloc_zeroed(grown.size, sizeof *grown.items);
	if (!grown.items)
		return bn_err_nomem(err, "the set of live objects");
	for (size_t i = 0; i < s->count; i++)
		memcpy(place_of(&grown, s->order[i]), s->order[i], BN_SHA256_BYTES);
	bn_free(s->items);
	*s = grown;
	return 0;
}

static int add_raw(bn_live *s, const uint8_t *h, bn_err *err)
{
	if (has_raw(s, h))
		return 0;
	if ((s->count + 1) * 2 > s->size && grow(s, err) < 0)
		return BN_ENOMEM;
	if (bn_grow(&s->order, &s->cap, s->count + 1, sizeof *s->order))
		return bn_err_nomem(err, "the set of live objects");
	memcpy(place_of(s, h), h, BN_SHA256_BYTES);
	memcpy(s->order[s->count++], h, BN_SHA256_BYTES);
	return 0;
}

void bn_live_free(bn_live *live)
{
	if (!live)
		return;
	bn_free(live->items);
	bn_free(live->order);
	bn_free(live->hidden);
	bn_live_free(live->forgotten);
	bn_free(live);
}

/* ---- words ---------------------------------------------------------------------------------- */

/* A run of hex digits that may continue in the next block. */
typedef struct word {
	char hex[BN_SHA256_HEX + 1];
	size_t n;
} word;

static int word_end(bn_live *s, word *w, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	size_t n = w->n;
	w->n = 0;
	if (n != BN_SHA256_HEX)
		return 0;
	w->hex[BN_SHA256_HEX] = '\0';
	return bn_unhex(w->hex, sizeof raw, raw) == 0 ? add_raw(s, raw, err) : 0;
}

static int add_words(bn_live *s, word *w, const unsigned char *text, size_t n, bn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (isxdigit(text[i])) {
			if (w->n < BN_SHA256_HEX)
				w->hex[w->n] = (char)text[i];
			w->n++;
		} else if (w->n && word_end(s, w, err) < 0) {
			return BN_ENOMEM;
		}
	}
	return 0;
}

static int add_text(bn_live *s, const unsigned char *text, size_t n, bn_err *err)
{
	word w = {.n = 0};
	int rc = add_words(s, &w, text, n, err);
	return rc < 0 ? rc : word_end(s, &w, err);
}

/* ---- the index ------------------------------------------------------------------------------ */

/* All texts in the rows of a statement, and blobs if they are payloads. */
static int add_rows(bn_live *s, sqlite3_stmt *st, bool blobs, bn_err *err)
{
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			int type = sqlite3_column_type(st, i);
			if (type != SQLITE_TEXT && !(blobs && type == SQLITE_BLOB))
				continue;
			const unsigned char *text = sqlite3_column_blob(st, i);
			if ((rc = add_text(s, text, (size_t)sqlite3_column_bytes(st, i), err)) < 0)
				return rc;
		}
	}
	return rc;
}

/* "SELECT * FROM source AS table WHERE NOT (gone) AND NOT (gone) ..."; the caller frees it
 * (sqlite3_free). */
static char *rows_sql(const bn_workspace *ws, const char *source, const char *table)
{
	char *sql = sqlite3_mprintf(
		"SELECT * FROM \"%w\" AS \"%w\" WHERE ?1 IS NOT NULL", source, table);
	for (const bn_fold_class *const *c = ws->classes; sql && *c; c++) {
		for (const bn_fold_gone *g = (*c)->gone; sql && g && g->table; g++) {
			if (strcmp(g->table, table) != 0)
				continue;
			char *longer = sqlite3_mprintf("%s AND NOT (%s)", sql, g->where);
			sqlite3_free(sql);
			sql = longer;
		}
	}
	return sql;
}

static int add_table(bn_live *s, bn_workspace *ws, const char *source, const char *table,
	int64_t removed_ms, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	char *sql = rows_sql(ws, source, table);
	int rc = sql ? bn_sql_prepare(&st, bn_workspace_index(ws), err, sql, "i", removed_ms)
		     : bn_err_nomem(err, "gc");
	sqlite3_free(sql);
	if (rc < 0)
		return rc;
	rc = add_rows(s, st, false, err);
	sqlite3_finalize(st);
	return rc;
}

/* Tables that hold numbers of this index are read through their dump view. Chunks name nothing. */
static int add_tables(bn_live *s, bn_workspace *ws, int64_t removed_ms, bn_err *err)
{
	bn_names tables = BN_NAMES_INIT, sources = BN_NAMES_INIT;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_workspace_index(ws), err,
		"SELECT t.name, coalesce((SELECT v.name FROM sqlite_master v WHERE v.type = 'view' "
		"AND v.name = 'dump_' || t.name), t.name) FROM sqlite_master t "
		"WHERE t.type = 'table' AND t.name NOT GLOB 'sqlite_*' AND t.name NOT GLOB "
		"'index_*' AND t.name NOT IN ('event', 'metric_chunk', 'metric_series')",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_names_add(&tables, (const char *)sqlite3_column_text(st, 0)) ||
			bn_names_add(&sources, (const char *)sqlite3_column_text(st, 1))) {
			rc = bn_err_nomem(err, "gc");
			goto out;
		}
	}
	for (size_t i = 0; rc >= 0 && i < tables.count; i++)
		rc = add_table(s, ws, sources.items[i], tables.items[i], removed_ms, err);
out:
	sqlite3_finalize(st);
	bn_names_release(&tables);
	bn_names_release(&sources);
	return rc;
}

/* Events of classes, versions and kinds of a newer program. */
static int add_newer_events(bn_live *s, bn_workspace *ws, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_workspace_index(ws), err,
		"SELECT payload FROM event WHERE outcome = ?", "i", (int64_t)BN_OUTCOME_NEWER);
	if (rc < 0)
		return rc;
	rc = add_rows(s, st, true, err);
	sqlite3_finalize(st);
	return rc;
}

/* ---- JSON objects --------------------------------------------------------------------------- */

static int add_json(bn_live *s, bn_object_reader *r, uint8_t *block, bn_err *err)
{
	word w = {.n = 0};
	size_t got = 0;
	int rc = bn_object_read(r, block, BN_OBJECT_BLOCK, &got, err);
	if (rc < 0 || !got || block[0] != '{')
		return rc;
	while (got) {
		if ((rc = add_words(s, &w, block, got, err)) < 0 ||
			(rc = bn_object_read(r, block, BN_OBJECT_BLOCK, &got, err)) < 0)
			return rc;
	}
	return word_end(s, &w, err);
}

/* Reads one named object. A missing one names nothing (for manifests see check_manifests). */
static int follow_one(
	bn_live *s, bn_object_store *objects, const char *hash, uint8_t *block, bn_err *err)
{
	bn_object_reader *r = NULL;
	bn_err e = BN_ERR_INIT;
	int rc = bn_object_reader_new(&r, objects, hash, 0, UINT64_MAX, &e);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc >= 0)
		rc = add_json(s, r, block, &e);
	bn_object_reader_free(r);
	if (rc != BN_ECORRUPT)
		return rc < 0 ? bn_err_move(err, &e) : 0;
	rc = bn_err_recode(err, &e, BN_EINCONCLUSIVE);
	bn_err_prefix(err, "what an object names is not known");
	return rc;
}

static int hide(bn_live *s, const char *hash, const char *entity, const char *what, bn_err *err)
{
	if (bn_grow(&s->hidden, &s->hidden_cap, s->hidden_count + 1, sizeof *s->hidden))
		return bn_err_nomem(err, "gc");
	bn_live_hidden *h = &s->hidden[s->hidden_count++];
	*h = (bn_live_hidden){.counts_for_nobody = false};
	snprintf(h->hash, sizeof h->hash, "%s", hash);
	snprintf(h->entity, sizeof h->entity, "%.*s", (int)sizeof h->entity - 1, entity);
	snprintf(h->what, sizeof h->what, "%.*s", (int)sizeof h->what - 1, what);
	return 0;
}

static int follow_objects(bn_live *s, bn_object_store *objects, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char hash[BN_SHA256_HEX + 1];
	int rc = 0;
	uint8_t *block = bn_alloc(BN_OBJECT_BLOCK);
	if (!block)
		return bn_err_nomem(err, "gc");
	while (rc >= 0 && s->seen < s->count) { /* the list grows during the walk */
		bn_hex(s->order[s->seen++], BN_SHA256_BYTES, hash);
		if (bn_live_is_forgotten(s, hash))
			continue;
		rc = follow_one(s, objects, hash, block, &why);
		if (rc == BN_EINCONCLUSIVE)
			rc = hide(s, hash, "", why.msg, err);
		else if (rc < 0)
			bn_err_move(err, &why);
		bn_err_clear(&why);
	}
	bn_free(block);
	return rc;
}

static bool is_whole(bn_workspace *ws, sqlite3_stmt *st)
{
	for (int i = 0; i < sqlite3_column_count(st); i++) {
		const char *hash = (const char *)sqlite3_column_text(st, i);
		if (hash && *hash && !bn_object_is_here(ws, hash))
			return false;
	}
	return true;
}

/* Rows of kept_whole (fold.h) of which the first or the second object is live. If part of a row was freed
 * before its second object came back, as a part of something else, the set is incomplete and nothing of it is
 * kept. */
static int keep_rows(bn_live *s, bn_workspace *ws, sqlite3_stmt *st, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const char *first = (const char *)sqlite3_column_text(st, 0);
		const char *second = (const char *)sqlite3_column_text(st, 1);
		bool is_live = first && bn_live_has(s, first);
		if (!is_live && !(second && bn_live_has(s, second) && is_whole(ws, st)))
			continue;
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const char *hash = (const char *)sqlite3_column_text(st, i);
			if (hash && bn_unhex(hash, sizeof raw, raw) == 0 &&
				(rc = add_raw(s, raw, err)) < 0)
				return rc;
		}
	}
	return rc;
}

/* One row may keep another: repeat until nothing is added. */
static int keep_whole(bn_live *s, bn_workspace *ws, bn_object_store *objects, bn_err *err)
{
	size_t before;
	int rc = 0;
	do {
		before = s->count;
		for (const bn_fold_class *const *c = ws->classes; rc >= 0 && *c; c++) {
			sqlite3_stmt *st = NULL;
			if (!(*c)->kept_whole)
				continue;
			rc = bn_sql_prepare(&st, bn_workspace_index(ws), err, (*c)->kept_whole, "");
			if (rc >= 0)
				rc = keep_rows(s, ws, st, err);
			sqlite3_finalize(st);
		}
		if (rc >= 0)
			rc = follow_objects(s, objects, err);
	} while (rc >= 0 && s->count > before);
	return rc;
}

/* A missing live manifest hides the names of its parts. Another user's private one names private objects. */
static int find_manifests(bn_live *s, bn_workspace *ws, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_copy_left_out apart;
	int rc = bn_copy_left_out_load(&apart, ws->at, err);
	if (rc < 0)
		return rc;
	rc = bn_sql_prepare(&st, bn_workspace_index(ws), err,
		"SELECT hash, entity FROM dump_object_ref WHERE role GLOB '*manifest*' AND "
		"(owner IS NULL OR owner = ?)",
		"i", (int64_t)ws->env->uid(ws->env));
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		const char *hash = (const char *)sqlite3_column_text(st, 0);
		if (!bn_live_has(s, hash) || bn_object_is_here(ws, hash) ||
			bn_copy_is_left_out(&apart, hash))
			continue;
		const char *entity = (const char *)sqlite3_column_text(st, 1);
		char what[200];
		snprintf(what, sizeof what,
			"manifest %.12s of %.120s is not here: what it names is not known", hash,
			entity);
		if ((rc = hide(s, hash, entity, what, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	bn_copy_left_out_release(&apart);
	return rc < 0 ? rc : 0;
}

/* Objects that hide names are known to count for nobody, or the result is inconclusive. */
static int judge_hidden(bn_live *s, bn_workspace *ws, const bn_live_judge *judge, bn_err *err)
{
	int rc;
	if (judge && s->hidden_count &&
		(rc = judge->judge(judge->ctx, ws, s->hidden, s->hidden_count, err)) < 0)
		return rc;
	for (size_t i = 0; i < s->hidden_count; i++) {
		const bn_live_hidden *h = &s->hidden[i];
		if (h->counts_for_nobody)
			continue;
		bn_err_set(err, BN_EINCONCLUSIVE, "%s", h->what);
		if (h->entity[0])
			bn_err_hint(err, "bring it back, or remove what it belongs to");
		return BN_EINCONCLUSIVE;
	}
	return 0;
}

static int add_refs(bn_live *s, bn_workspace *ws, const char *entity, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT CASE typeof(hash) WHEN 'blob' THEN lower(hex(hash)) ELSE hash END "
		"FROM object_ref WHERE entity = ?",
		"i", bn_index_entity(db, entity));
	if (rc >= 0)
		rc = add_rows(s, st, false, err);
	sqlite3_finalize(st);
	return rc;
}

int bn_live_of(bn_live **out, bn_workspace *ws, const char *const *entities, size_t entity_count,
	const char *const *hashes, size_t hash_count, bn_err *err)
{
	bn_object_store *objects = NULL;
	int rc;
	bn_live *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a set of objects");
	if ((rc = bn_workspace_objects(&objects, ws, err)) < 0)
		goto out;
	for (size_t i = 0; i < entity_count; i++)
		if ((rc = add_refs(s, ws, entities[i], err)) < 0)
			goto out;
	for (size_t i = 0; i < hash_count; i++)
		if ((rc = add_text(s, (const unsigned char *)hashes[i], strlen(hashes[i]), err)) < 0)
			goto out;
	if ((rc = follow_objects(s, objects, err)) < 0)
		goto out;
	*out = s;
	s = NULL;
out:
	bn_live_free(s);
	return rc;
}

int bn_object_refs_gone(bool *gone, bn_workspace *ws, const char *entity, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	sqlite3_stmt *st = NULL;
	bn_object_store *objects = NULL;
	bn_object_info info;
	bn_err e = BN_ERR_INIT;
	int rc;
	*gone = false;
	if ((rc = bn_workspace_objects(&objects, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT CASE typeof(hash) WHEN 'blob' THEN lower(hex(hash)) ELSE hash END "
			 "FROM object_ref WHERE entity = ? AND commuting = 0 AND "
			 "(owner IS NULL OR owner = ?)",
			 "ii", bn_index_entity(db, entity), (int64_t)ws->env->uid(ws->env))) < 0)
		return rc;
	while (!*gone && (rc = bn_sql_step(st, err)) == 1) {
		const char *hash = (const char *)sqlite3_column_text(st, 0);
		rc = bn_object_head(objects, hash, &info, &e);
		*gone = rc == BN_ENOTFOUND;
		if (rc < 0 && !*gone) {
			bn_err_move(err, &e);
			break;
		}
	}
	bn_err_clear(&e);
	sqlite3_finalize(st);
	return *gone ? 0 : rc;
}

/* ---- renewing ------------------------------------------------------------------------------- */

/* Renews the present objects among those found from `seen` on and those that they name. */
static int renew_found(bn_live *s, bn_object_store *objects, bn_err *err)
{
	char hash[BN_SHA256_HEX + 1];
	bn_err e = BN_ERR_INIT;
	int rc = 0;
	uint8_t *block = bn_alloc(BN_OBJECT_BLOCK);
	if (!block)
		return bn_err_nomem(err, "the objects that are named");
	while (rc >= 0 && s->seen < s->count) {
		bn_hex(s->order[s->seen++], BN_SHA256_BYTES, hash);
		rc = bn_object_touch(objects, hash, &e);
		if (rc >= 0) {
			rc = follow_one(s, objects, hash, block, err);
		} else if (rc == BN_ENOTFOUND) { /* a word that names no object */
			bn_err_clear(&e);
			rc = 0;
		} else {
			bn_err_move(err, &e);
		}
	}
	bn_free(block);
	return rc;
}

/* All parts of a manifest must be present. */
static int renew_parts(bn_workspace *ws, bn_object_store *objects, const char *hash, bn_err *err)
{
	bn_manifest m;
	bn_err e = BN_ERR_INIT;
	int rc = bn_manifest_load(&m, ws, hash, &e);
	/* It was read before and is intact: not a manifest, or a newer program's. */
	if (rc == BN_ECORRUPT || rc == BN_EUNSUPPORTED) {
		bn_err_clear(&e);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &e);
	for (size_t i = 0; rc >= 0 && i < m.count; i++)
		rc = bn_object_touch(objects, m.parts[i].hash, err);
	bn_manifest_release(&m);
	return rc;
}

int bn_object_renew(bn_workspace *ws, const char *hash, bn_err *err)
{
	bn_object_store *objects = NULL;
	uint8_t raw[BN_SHA256_BYTES];
	bn_live *s = NULL;
	int rc = bn_workspace_objects(&objects, ws, err);
	if (rc < 0 || (rc = bn_object_touch(objects, hash, err)) < 0)
		return rc;
	if (!(s = bn_alloc_zeroed(1, sizeof *s)))
		return bn_err_nomem(err, "the objects that are named");
	bn_unhex(hash, sizeof raw, raw); /* touched, so it is a hash */
	if ((rc = add_raw(s, raw, err)) < 0 || (rc = renew_found(s, objects, err)) < 0)
		goto out;
	if (s->count > 1) /* it names something */
		rc = renew_parts(ws, objects, hash, err);
out:
	bn_live_free(s);
	return rc;
}

int bn_object_refs_renew(bn_workspace *ws, const char *entity, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	sqlite3_stmt *st = NULL;
	bn_err e = BN_ERR_INIT;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT CASE typeof(hash) WHEN 'blob' THEN lower(hex(hash)) ELSE hash END, "
		"min(commuting) FROM object_ref WHERE entity = ? GROUP BY hash",
		"i", bn_index_entity(db, entity));
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		rc = bn_object_renew(ws, (const char *)sqlite3_column_text(st, 0), &e);
		if (rc == BN_ENOTFOUND && sqlite3_column_int(st, 1)) {
			bn_err_clear(&e);
			rc = 0;
		} else if (rc < 0) {
			bn_err_move(err, &e);
		}
	}
	sqlite3_finalize(st);
	return rc;
}

static int add_forgotten(void *set, const char *hash, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	return bn_unhex(hash, sizeof raw, raw) < 0 ? 0 : add_raw(set, raw, err);
}

static int find_forgotten(bn_live *s, bn_workspace *ws, bn_err *err)
{
	if (!(s->forgotten = bn_alloc_zeroed(1, sizeof *s->forgotten)))
		return bn_err_nomem(err, "gc");
	return bn_object_forgotten_list(ws, add_forgotten, s->forgotten, err);
}

int bn_live_find_forgotten(bn_live **out, bn_workspace *ws, bn_err *err)
{
	bn_live *s = bn_alloc_zeroed(1, sizeof *s);
	int rc = s ? find_forgotten(s, ws, err) : bn_err_nomem(err, "gc");
	if (rc < 0)
		bn_live_free(s);
	else
		*out = s;
	return rc;
}

int bn_live_find(bn_live **out, bn_workspace *ws, int64_t removed_ms, const bn_live_judge *judge,
	bn_err *err)
{
	bn_object_store *objects = NULL;
	bn_live *s = bn_alloc_zeroed(1, sizeof *s);
	int rc = s ? bn_workspace_objects(&objects, ws, err) : bn_err_nomem(err, "gc");
	if (rc < 0 || (rc = find_forgotten(s, ws, err)) < 0 ||
		(rc = add_tables(s, ws, removed_ms, err)) < 0 ||
		(rc = add_newer_events(s, ws, err)) < 0 ||
		(rc = follow_objects(s, objects, err)) < 0 ||
		(rc = keep_whole(s, ws, objects, err)) < 0 ||
		(rc = find_manifests(s, ws, err)) < 0 ||
		(rc = judge_hidden(s, ws, judge, err)) < 0) {
		bn_live_free(s);
		return rc;
	}
	*out = s;
	return 0;
}
