/* gc.c - see gc.h. */
#include "core/store/object/gc.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/index/fold.h"
#include "core/store/index/index.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 1000 }; /* hashes in one gc.removing event */

typedef struct hash_set {
	uint8_t (*items)[BN_SHA256_BYTES]; /* open addressing; all zero is an empty place */
	size_t size, count;
} hash_set;

typedef struct victims {
	char (*hash)[BN_SHA256_HEX + 1];
	uint64_t *bytes;
	size_t count, cap, bytes_cap;
} victims;

/* ---- what is named -------------------------------------------------------------------------- */

static uint8_t *set_place(const hash_set *s, const uint8_t *h)
{
	static const uint8_t zero[BN_SHA256_BYTES];
	size_t at;
	memcpy(&at, h, sizeof at); /* a hash is its own hash */
	at &= s->size - 1;
	while (memcmp(s->items[at], zero, sizeof zero) && memcmp(s->items[at], h, BN_SHA256_BYTES))
		at = (at + 1) & (s->size - 1);
	return s->items[at];
}

static bool set_has(const hash_set *s, const uint8_t *h)
{
	return s->size && !memcmp(set_place(s, h), h, BN_SHA256_BYTES);
}

static int set_add(hash_set *s, const uint8_t *h, bn_err *err)
{
	if ((s->count + 1) * 2 > s->size) {
		hash_set grown = {.size = s->size ? s->size * 2 : 1024};
		grown.items = bn_alloc_zeroed(grown.size, sizeof *grown.items);
		if (!grown.items)
			return bn_err_nomem(err, "the set of live objects");
		for (size_t i = 0; i < s->size; i++)
			memcpy(set_place(&grown, s->items[i]), s->items[i], BN_SHA256_BYTES);
		bn_free(s->items);
		grown.count = s->count;
		*s = grown;
	}
	uint8_t *place = set_place(s, h);
	if (memcmp(place, h, BN_SHA256_BYTES)) {
		memcpy(place, h, BN_SHA256_BYTES);
		s->count++;
	}
	return 0;
}

/* Adds every run of exactly 64 hex digits in the text. */
static int set_add_words(hash_set *s, const unsigned char *text, size_t n, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	char hex[BN_SHA256_HEX + 1];
	for (size_t i = 0; i < n;) {
		size_t start = i;
		while (i < n && isxdigit(text[i]))
			i++;
		if (i - start == BN_SHA256_HEX) {
			memcpy(hex, text + start, BN_SHA256_HEX);
			hex[BN_SHA256_HEX] = '\0';
			if (bn_unhex(hex, sizeof raw, raw) == 0 && set_add(s, raw, err))
				return BN_ENOMEM;
		}
		if (i == start)
			i++;
	}
	return 0;
}

static int live_in_table(hash_set *live, sqlite3 *db, const char *table, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table);
	int rc = sql ? bn_sql_prepare(&st, db, err, sql, "") : bn_err_nomem(err, "gc");
	sqlite3_free(sql);
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		for (int i = 0; !rc && i < sqlite3_column_count(st); i++)
			if (sqlite3_column_type(st, i) == SQLITE_TEXT)
				rc = set_add_words(live, sqlite3_column_text(st, i),
					(size_t)sqlite3_column_bytes(st, i), err);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Events of classes, versions and kinds that a newer program has: their payloads may name objects. */
static int live_in_newer_events(hash_set *live, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err, "SELECT payload FROM event WHERE outcome = ?", "i",
		(int64_t)BN_OUTCOME_NEWER);
	while (!rc && (rc = bn_sql_step(st, err)) == 1)
		rc = set_add_words(
			live, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), err);
	sqlite3_finalize(st);
	return rc;
}

static int live_find(hash_set *live, bn_workspace *ws, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	bn_names tables = BN_NAMES_INIT;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT coalesce((SELECT v.name FROM sqlite_master v WHERE v.type = 'view' "
		"AND v.name = 'dump_' || t.name), t.name) FROM sqlite_master t WHERE type = "
		"'table' "
		"AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'index_*' AND name NOT IN "
		"('event', 'metric_chunk', 'metric_series')",
		"");
	while (!rc && (rc = bn_sql_step(st, err)) == 1)
		rc = bn_names_add(&tables, (const char *)sqlite3_column_text(st, 0))
			     ? bn_err_nomem(err, "gc")
			     : 0;
	sqlite3_finalize(st);
	for (size_t i = 0; !rc && i < tables.count; i++)
		rc = live_in_table(live, db, tables.items[i], err);
	if (!rc)
		rc = live_in_newer_events(live, db, err);
	bn_names_release(&tables);
	return rc;
}

/* ---- what is there -------------------------------------------------------------------------- */

static int64_t mtime_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static int victim_add(victims *v, const char *hash, uint64_t bytes, bn_err *err)
{
	if (bn_grow(&v->hash, &v->cap, v->count + 1, sizeof *v->hash) ||
		bn_grow(&v->bytes, &v->bytes_cap, v->count + 1, sizeof *v->bytes))
		return bn_err_nomem(err, "a list of objects");
	memcpy(v->hash[v->count], hash, BN_SHA256_HEX + 1);
	v->bytes[v->count++] = bytes;
	return 0;
}

static int look_at_object(victims *v, bn_gc_report *report, const hash_set *live, bn_workspace *ws,
	const char *hash, int64_t cutoff_ms, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	struct stat st;
	char *path = bn_workspace_path(ws, "objects/%.2s/%s", hash, hash + 2);
	if (!path)
		return bn_err_nomem(err, "a file name");
	bool there = ws->env->fs->stat(ws->env, NULL, path, &st) == 0;
	bn_free(path);
	if (!there || bn_unhex(hash, sizeof raw, raw))
		return 0;
	uint64_t bytes = (uint64_t)st.st_size;
	if (set_has(live, raw)) {
		report->live++;
		report->live_bytes += bytes;
		return 0;
	}
	if (mtime_ms(&st) > cutoff_ms) {
		report->young++;
		report->young_bytes += bytes;
		return 0;
	}
	return victim_add(v, hash, bytes, err);
}

static int find_victims(victims *v, bn_gc_report *report, const hash_set *live, bn_workspace *ws,
	int64_t cutoff_ms, bn_err *err)
{
	bn_names tops = BN_NAMES_INIT;
	char *root = bn_workspace_path(ws, "objects");
	int rc =
		root ? bn_fs_list_dir(ws->env, root, &tops, err) : bn_err_nomem(err, "a file name");
	for (size_t i = 0; !rc && i < tops.count; i++) {
		bn_names names = BN_NAMES_INIT;
		char *dir = bn_path_join(root, tops.items[i]), hash[BN_SHA256_HEX + 1];
		if (!dir)
			rc = bn_err_nomem(err, "a file name");
		else if (strlen(tops.items[i]) == 2)
			rc = bn_fs_list_dir(ws->env, dir, &names, err);
		for (size_t k = 0; !rc && k < names.count; k++) {
			if (strlen(names.items[k]) != BN_SHA256_HEX - 2)
				continue;
			snprintf(hash, sizeof hash, "%.2s%.62s", tops.items[i], names.items[k]);
			rc = look_at_object(v, report, live, ws, hash, cutoff_ms, err);
		}
		bn_names_release(&names);
		bn_free(dir);
	}
	bn_names_release(&tops);
	bn_free(root);
	return rc;
}

/* ---- removing ------------------------------------------------------------------------------- */

static int announce(bn_workspace *ws, const victims *v, size_t from, size_t to, bn_err *err)
{
	json_t *hashes = json_array(), *payload = NULL;
	uint64_t bytes = 0;
	for (size_t i = from; i < to; i++) {
		json_array_append_new(hashes, json_string(v->hash[i]));
		bytes += v->bytes[i];
	}
	payload = json_pack("{s:o, s:I}", "objects", hashes, "bytes", (json_int_t)bytes);
	int rc = payload ? bn_workspace_append(ws, "gc.removing", "gc", payload, err)
			 : bn_err_nomem(err, "an event");
	if (!rc)
		rc = bn_workspace_commit(ws, err);
	json_decref(payload);
	return rc;
}

/* trash/ is sticky where several users write: another's object could be moved there, but neither
 * removed nor put back. */
static bool may_remove(const bn_workspace *ws, const char *path, const char *aside)
{
	const bn_env *env = ws->env;
	struct stat st, top;
	uid_t me = env->uid(env);
	char *trash = bn_strndup(aside, (size_t)(bn_path_base(aside) - aside));
	bool ok = me == 0 || (env->fs->stat(env, NULL, path, &st) == 0 && st.st_uid == me) ||
		  (trash && env->fs->stat(env, NULL, trash, &top) == 0 &&
			  (top.st_uid == me || !(top.st_mode & S_ISVTX)));
	bn_free(trash);
	return ok;
}

/* Out of sight first, then a second look: someone may have stored it again a moment ago. */
static void remove_object(
	bn_workspace *ws, bn_gc_report *report, const char *hash, uint64_t bytes, int64_t cutoff_ms)
{
	const bn_env *env = ws->env;
	struct stat st;
	char *path = bn_workspace_path(ws, "objects/%.2s/%s", hash, hash + 2);
	char *aside = bn_workspace_path(ws, "trash/gc-%s", hash);
	if (!path || !aside || !may_remove(ws, path, aside) ||
		env->fs->rename(env, NULL, path, NULL, aside) < 0) {
		report->failed++;
	} else if (env->fs->stat(env, NULL, aside, &st) == 0 && mtime_ms(&st) > cutoff_ms) {
		env->fs->rename(env, NULL, aside, NULL, path);
		report->young++;
		report->young_bytes += bytes;
	} else if (env->fs->unlink(env, NULL, aside) < 0) {
		report->failed++;
	} else {
		report->objects++;
		report->object_bytes += bytes;
	}
	bn_free(path);
	bn_free(aside);
}

static int remove_victims(
	bn_gc_report *report, bn_workspace *ws, const victims *v, int64_t cutoff_ms, bn_err *err)
{
	int rc = 0;
	for (size_t from = 0; !rc && from < v->count; from += BATCH) {
		size_t to = from + BATCH < v->count ? from + BATCH : v->count;
		rc = announce(ws, v, from, to, err);
		for (size_t i = from; !rc && i < to; i++)
			remove_object(ws, report, v->hash[i], v->bytes[i], cutoff_ms);
	}
	return rc;
}

/* Puts an object that was set aside back, unless it was stored anew: the young one must stay. */
static void put_back(const bn_env *env, const char *aside, const char *home)
{
	int e = env->fs->link(env, NULL, aside, NULL, home);
	if (e == 0 || e == -EEXIST)
		env->fs->unlink(env, NULL, aside);
	else if (!bn_fs_exists(env, home)) /* a file system without links, or another's file */
		env->fs->rename(env, NULL, aside, NULL, home);
}

/* Old entries of tmp/ or trash/. An object that gc set aside and died over is put back: whether it
 * may go is decided anew. */
static int sweep(bn_gc_report *report, bn_workspace *ws, const char *sub, int64_t cutoff_ms,
	bool dry_run, bn_err *err)
{
	const bn_env *env = ws->env;
	bn_names names = BN_NAMES_INIT;
	char *dir = bn_workspace_path(ws, "%s", sub);
	int rc = dir ? bn_fs_list_dir(env, dir, &names, err) : bn_err_nomem(err, "a file name");
	for (size_t i = 0; !rc && i < names.count; i++) {
		struct stat st;
		const char *name = names.items[i];
		char *path = bn_path_join(dir, name);
		if (!path) {
			rc = bn_err_nomem(err, "a file name");
		} else if (!strncmp(name, "gc-", 3) && strlen(name) == 3 + BN_SHA256_HEX) {
			char *home = bn_workspace_path(ws, "objects/%.2s/%s", name + 3, name + 5);
			if (home && !dry_run)
				put_back(env, path, home);
			bn_free(home);
		} else if (env->fs->stat(env, NULL, path, &st) == 0 && mtime_ms(&st) <= cutoff_ms) {
			if (!dry_run && bn_fs_remove_tree(env, path, NULL)) {
				report->failed++;
			} else {
				report->leftovers++;
				report->leftover_bytes += (uint64_t)st.st_size;
			}
		}
		bn_free(path);
	}
	bn_names_release(&names);
	bn_free(dir);
	return rc;
}

static int refuse_gaps(bn_workspace *ws, bn_err *err)
{
	bn_index_status s;
	int rc = bn_index_status_get(&s, ws, err);
	if (!rc && s.gap_count) {
		rc = bn_err_set(err, BN_EINCONCLUSIVE,
			"the log of '%s' cannot be read to its end (%s): what it names is not "
			"known",
			s.gaps[0].writer, s.gaps[0].why);
		bn_err_hint(err, "see `binnacle audit verify`");
	}
	bn_index_status_release(&s);
	return rc;
}

int bn_gc_run(bn_gc_report *report, bn_workspace *ws, const bn_gc_options *options, bn_err *err)
{
	hash_set live = {0};
	victims v = {0};
	int64_t now = bn_env_now_ms(ws->env), cutoff = now - options->retention_ms;
	*report = (bn_gc_report){0};
	int rc = refuse_gaps(ws, err);
	if (rc || (rc = sweep(report, ws, "trash", cutoff, options->dry_run, err)) ||
		(rc = sweep(report, ws, "tmp", now - options->tmp_ms, options->dry_run, err)) ||
		(rc = live_find(&live, ws, err)) ||
		(rc = find_victims(&v, report, &live, ws, cutoff, err)))
		goto out;
	if (options->dry_run) {
		for (size_t i = 0; i < v.count; i++)
			report->object_bytes += v.bytes[i];
		report->objects = v.count;
	} else {
		rc = remove_victims(report, ws, &v, cutoff, err);
	}
out:
	bn_free(live.items);
	bn_free(v.hash);
	bn_free(v.bytes);
	return rc;
}
