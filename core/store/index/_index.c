/* _index.c - see _index.h. */
#include "core/store/index/_index.h"

#include "core/base/embedded.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/index/_functions.h"
#include "core/store/index/_sql.h"
#include "core/store/log/clock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 30000, RETRY_MS = 10 };

/* ---- where ---------------------------------------------------------------------------------- */

/* A directory of our own that others cannot write to, on a local disk. */
static bool dir_is_private(const bn_env *env, const char *dir)
{
	struct stat st;
	return env->fs->stat(env, NULL, dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == env->uid(env) && !(st.st_mode & 022);
}

static int make_private(const bn_env *env, const char *dir, bn_err *err)
{
	int rc = bn_fs_make_dirs(env, dir, 0700, err);
	if (!rc && !dir_is_private(env, dir))
		rc = bn_err_set(err, BN_EREFUSED,
			"'%s' is not a directory that only you can write to", dir);
	return rc;
}

/* The workspace's own directory is used by its owner alone: an index that somebody else could have
 * written is not to be believed. */
static bool index_fits_inside(const bn_workspace *ws)
{
	struct stat st;
	const bn_env *env = ws->env;
	return !bn_fs_is_network(ws->root) && env->fs->stat(env, NULL, ws->root, &st) == 0 &&
	       st.st_uid == env->uid(env) && access(ws->root, W_OK) == 0;
}

static int index_dir(char **out, const bn_workspace *ws, bool inside, bn_err *err)
{
	const bn_env *env = ws->env;
	const char *chosen = bn_env_get(env, "BINNACLE_INDEX");
	int rc = 0;
	char *dir = NULL, *state = NULL;
	if (chosen && *chosen) {
		if ((rc = bn_path_absolute(&dir, chosen, err)) < 0)
			return rc;
	} else if (inside && index_fits_inside(ws)) {
		*out = bn_strdup(ws->root);
		return *out ? 0 : bn_err_nomem(err, "a file name");
	} else {
		state = bn_env_state_dir(env);
		dir = state ? bn_path_join(state, ws->id) : NULL;
	}
	rc = dir ? make_private(env, dir, err) : bn_err_nomem(err, "a file name");
	if (!rc && state && bn_fs_is_network(dir)) {
		bn_free(dir);
		dir = bn_strf("/var/tmp/binnacle-%lu", (unsigned long)env->uid(env));
		rc = dir ? make_private(env, dir, err) : bn_err_nomem(err, "a file name");
		char *inner = rc ? NULL : bn_path_join(dir, ws->id);
		if (!rc)
			rc = inner ? make_private(env, inner, err)
				   : bn_err_nomem(err, "a file name");
		bn_free(dir);
		dir = inner;
	}
	bn_free(state);
	if (rc) {
		bn_free(dir);
		dir = NULL;
	}
	*out = dir;
	return rc;
}

/* ---- schema --------------------------------------------------------------------------------- */

static bool is_schema(const bn_embedded_file *f)
{
	return bn_str_starts(f->path, "share/sql/");
}

/* Another definition of tables, set of rooms or version of the program means another index. */
static char *schema_key(const bn_fold_class *const *classes)
{
	bn_buf b = BN_BUF_INIT;
	char hex[BN_SHA256_HEX + 1];
	bn_buf_addf(&b, "%s\n", BN_VERSION);
	for (const bn_embedded_file *f = bn_embedded_files; f->path; f++)
		if (is_schema(f)) {
			bn_buf_addf(&b, "%s %zu\n", f->path, f->len);
			bn_buf_add(&b, f->data, f->len);
		}
	for (; classes && *classes; classes++) {
		bn_buf_addf(&b, "class %s\n", (*classes)->name);
		for (const char *const *k = (*classes)->commuting_kinds; k && *k; k++)
			bn_buf_addf(&b, "kind %s\n", *k);
	}
	bn_sha256_hex(b.ptr, b.len, hex);
	char *key = b.failed ? NULL : bn_strdup(hex);
	bn_buf_release(&b);
	return key;
}

static int exec(sqlite3 *db, const char *sql, bn_err *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
								    : bn_sql_error(db, err, sql);
}

static int drop_everything(sqlite3 *db, bn_err *err)
{
	bn_buf sql = BN_BUF_INIT;
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view', 'trigger') "
		"AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		"");
	if (rc)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		char *one = sqlite3_mprintf("DROP %s IF EXISTS \"%w\";\n",
			sqlite3_column_text(st, 0), sqlite3_column_text(st, 1));
		bn_buf_adds(&sql, one ? one : "");
		sqlite3_free(one);
	}
	sqlite3_finalize(st);
	if (!rc)
		rc = bn_buf_check(&sql, err, "the index's tables");
	if (!rc)
		rc = exec(db, sql.ptr, err);
	bn_buf_release(&sql);
	return rc;
}

static int create_schema(bn_index *ix, bn_err *err)
{
	int rc = drop_everything(ix->db, err);
	for (const bn_embedded_file *f = bn_embedded_files; !rc && f->path; f++)
		if (is_schema(f) && (rc = exec(ix->db, f->data, err)))
			bn_err_prefix(err, "%s", f->path);
	if (!rc)
		rc = bn_sql_run(ix->db, err, "INSERT INTO index_meta VALUES ('schema', ?)", "s",
			ix->schema);
	return rc;
}

static bool schema_is_ours(bn_index *ix)
{
	sqlite3_stmt *st = NULL;
	bool ours = false;
	if (bn_sql_prepare(&st, ix->db, NULL, "SELECT value FROM index_meta WHERE key = 'schema'",
		    "") == 0 &&
		bn_sql_step(st, NULL) == 1) {
		const char *found = (const char *)sqlite3_column_text(st, 0);
		ours = found && !strcmp(found, ix->schema);
	}
	sqlite3_finalize(st);
	return ours;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Turning a new file into a WAL database takes a write lock on top of a read lock; SQLite does not
 * wait for that one, lest two that both hold the read lock wait for each other. */
static int db_prepare(sqlite3 *db, bn_err *err)
{
	for (int waited_ms = 0;; waited_ms += RETRY_MS) {
		bn_err why = BN_ERR_INIT;
		/* Derived data: NORMAL may lose the last refresh in a power cut, never consistency. */
		int rc = exec(db,
			"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			"PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;"
			"PRAGMA foreign_keys = OFF",
			&why);
		if (rc != BN_ECONFLICT || waited_ms >= BUSY_MS)
			return rc ? bn_err_set(err, rc, "%s", why.msg) : 0;
		sqlite3_sleep(RETRY_MS);
	}
}

static int db_open(bn_index *ix, bn_err *err)
{
	struct stat st;
	int rc = 0;
	if (sqlite3_open_v2(ix->path, &ix->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK) {
		rc = ix->db ? bn_sql_error(ix->db, err, ix->path) : bn_err_nomem(err, ix->path);
		sqlite3_close_v2(ix->db);
		ix->db = NULL;
		return rc;
	}
	sqlite3_busy_timeout(ix->db, BUSY_MS);
	if (!(rc = db_prepare(ix->db, err)))
		rc = bn_functions_register(ix->db, ix->ws->env, err);
	if (!rc && ix->ws->env->fs->stat(ix->ws->env, NULL, ix->path, &st) == 0) {
		ix->inode = (uint64_t)st.st_ino;
		ix->device = (uint64_t)st.st_dev;
	}
	ix->loaded = false;
	ix->pid = getpid();
	return rc;
}

static void db_close(bn_index *ix)
{
	if (ix->db)
		bn_sql_close(ix->db);
	ix->db = NULL;
	ix->loaded = false;
}

/* The file first: an empty database ignores and removes a WAL that was left behind. */
static int db_remove(bn_index *ix, bn_err *err)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	int rc = 0;
	db_close(ix);
	for (size_t i = 0; !rc && i < sizeof ends / sizeof *ends; i++) {
		char *path = bn_strf("%s%s", ix->path, ends[i]);
		rc = path ? bn_fs_remove_tree(ix->ws->env, path, err)
			  : bn_err_nomem(err, "a file name");
		bn_free(path);
	}
	return rc;
}

/* Opens the index of dir, anew when what lies there is no index. */
static int open_in(bn_index *ix, const char *dir, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_free(ix->path);
	ix->path = bn_path_join(dir, "index.db");
	if (!ix->path)
		return bn_err_nomem(err, "the index");
	int rc = db_open(ix, &why);
	if (rc == BN_ECORRUPT) {
		bn_err_clear(&why);
		if (!(rc = db_remove(ix, &why)))
			rc = db_open(ix, &why);
	}
	if (rc) {
		db_close(ix);
		bn_err_set(err, rc, "%s", why.msg);
		bn_err_hint(err, "%s", why.hint);
	}
	return rc;
}

int bn_index_open(bn_index **out, bn_workspace *ws, bn_err *err)
{
	int rc = 0;
	char *dir = NULL, *other = NULL;
	bn_err why = BN_ERR_INIT;
	if (!ws->classes)
		return bn_err_set(err, BN_EINVAL, "this workspace was opened for writing alone");
	bn_index *ix = bn_alloc_zeroed(1, sizeof *ix);
	if (!ix)
		return bn_err_nomem(err, "the index");
	ix->ws = ws;
	if ((rc = index_dir(&dir, ws, true, err)))
		goto out;
	ix->schema = schema_key(ws->classes);
	if (!ix->schema) {
		rc = bn_err_nomem(err, "the index");
		goto out;
	}
	ix->follow_open = !bn_fs_is_network(ws->root);
	rc = open_in(ix, dir, &why);
	/* A full disk must not keep anybody from looking, nor from `binnacle gc`. */
	if (rc == BN_EIO && !index_dir(&other, ws, false, NULL) && strcmp(dir, other) &&
		!open_in(ix, other, NULL))
		rc = 0;
	if (rc) {
		bn_err_set(err, rc, "%s", why.msg);
		bn_err_hint(err, "%s", why.hint);
		goto out;
	}
	*out = ix;
	ix = NULL;
out:
	bn_index_close(ix);
	bn_free(dir);
	bn_free(other);
	return rc;
}

void bn_index_close(bn_index *ix)
{
	if (!ix)
		return;
	/* SQLite handles must not be touched in a fork()ed child, not even to close them. */
	if (!ix->pid || ix->pid == getpid())
		db_close(ix);
	bn_log_release(&ix->log);
	bn_free(ix->path);
	bn_free(ix->schema);
	bn_free(ix);
}

sqlite3 *bn_index_db(bn_index *ix)
{
	return ix->pid == getpid() ? ix->db : NULL;
}

/* ---- bringing it up to date ----------------------------------------------------------------- */

/* Mirrors table index_tail into the writers of the log. A row without a writer is a lost one. */
static int load_tails(bn_index *ix, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	for (size_t i = 0; i < ix->log.count; i++) {
		bn_log_writer *w = &ix->log.items[i];
		w->mirrored = w->seq;
		w->seq = w->clock = w->pinned = 0;
		w->crc = 0;
	}
	ix->log.lost = false;
	int rc = bn_sql_prepare(&st, ix->db, err,
		"SELECT n.name, last_seq, last_clock, last_crc, pinned_seq FROM index_tail t "
		"JOIN index_name n ON n.no = t.writer",
		"");
	if (rc)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		bn_log_writer *w = bn_log_find(&ix->log, (const char *)sqlite3_column_text(st, 0));
		if (!w) {
			ix->log.lost = true;
			continue;
		}
		w->seq = (uint64_t)sqlite3_column_int64(st, 1);
		w->clock = (uint64_t)sqlite3_column_int64(st, 2);
		w->crc = (uint32_t)sqlite3_column_int64(st, 3);
		w->pinned = (uint64_t)sqlite3_column_int64(st, 4);
		if (w->clock > ix->ws->seen_clock && bn_clock_is_sane(ix->ws->env, w->clock))
			ix->ws->seen_clock = w->clock;
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < ix->log.count; i++) {
		bn_log_writer *w = &ix->log.items[i];
		if (w->seq == w->mirrored)
			continue;
		/* What was remembered about the files belongs to another position. */
		w->folded_inode = w->hint_inode = 0;
		w->stuck = false;
	}
	ix->loaded = rc == 0;
	return rc;
}

static int fold_in_transaction(bn_index *ix, bool rebuild, uint64_t *folded, bn_err *err)
{
	int rc = 0;
	if (rebuild || !schema_is_ours(ix)) {
		bn_sql_forget(ix->db);
		if ((rc = create_schema(ix, err)))
			return rc;
	}
	if ((rc = load_tails(ix, err)))
		return rc;
	return ix->log.lost ? BN_FOLD_REBUILD : bn_fold_batch(ix, folded, err);
}

/* One attempt. BN_FOLD_REBUILD asks for another, from scratch. */
static int fold_once(bn_index *ix, bool rebuild, uint64_t *folded, bn_err *err)
{
	int rc = exec(ix->db, "BEGIN IMMEDIATE", err);
	if (rc == BN_ECONFLICT)
		bn_err_hint(err, "another process is bringing the index up to date; try again");
	if (rc)
		return rc;
	rc = fold_in_transaction(ix, rebuild, folded, err);
	if (!rc)
		rc = exec(ix->db, "COMMIT", err);
	if (rc) {
		sqlite3_exec(ix->db, "ROLLBACK", NULL, NULL, NULL);
		bn_sql_forget(ix->db); /* statements of tables that are gone again */
		ix->loaded = false;
	}
	return rc;
}

static int64_t data_version(bn_index *ix)
{
	return bn_sql_int(ix->db, -1, "PRAGMA data_version", "");
}

static int index_fold(bn_index *ix, bool rebuild, bool *changed, bn_err *err)
{
	uint64_t folded = 0;
	bool remade = false;
	int rc;
	for (int attempt = 0;; attempt++) {
		bn_err why = BN_ERR_INIT;
		rc = fold_once(ix, rebuild, &folded, &why);
		if (rc == BN_FOLD_REBUILD && attempt < 3) {
			rebuild = true;
			continue;
		}
		if (rc == BN_ECORRUPT && !remade) {
			remade = rebuild = true;
			if (!db_remove(ix, NULL) && !db_open(ix, NULL))
				continue;
		}
		if (rc == BN_FOLD_REBUILD)
			rc = bn_err_set(&why, BN_EIO, "the log of '%s' changes while it is read",
				ix->ws->dir);
		if (rc) {
			bn_err_set(err, rc, "%s", why.msg);
			bn_err_hint(err, "%s", why.hint);
		}
		break;
	}
	ix->events_folded += folded;
	*changed = rc == 0 && (folded || rebuild);
	if (!rc && rebuild)
		sqlite3_wal_checkpoint_v2(ix->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc;
}

/* Somebody removed or replaced the file: go on with the one that is there. */
static int reopen_if_replaced(bn_index *ix, bn_err *err)
{
	struct stat st;
	if (ix->db && ix->ws->env->fs->stat(ix->ws->env, NULL, ix->path, &st) == 0 &&
		(uint64_t)st.st_ino == ix->inode && (uint64_t)st.st_dev == ix->device)
		return 0;
	db_close(ix);
	int rc = db_open(ix, err);
	if (rc == BN_ECORRUPT) {
		rc = db_remove(ix, err);
		if (!rc)
			rc = db_open(ix, NULL);
	}
	return rc;
}

static int check_process(const bn_index *ix, bn_err *err)
{
	if (ix->pid == getpid())
		return 0;
	return bn_err_set(err, BN_EUNSUPPORTED,
		"the index was opened before fork() and cannot be used in the child");
}

int bn_index_refresh(bn_index *ix, bool *changed, bn_err *err)
{
	int rc = check_process(ix, err);
	*changed = false;
	if (rc || (rc = reopen_if_replaced(ix, err)) ||
		(rc = bn_log_scan(&ix->log, ix->ws->at, err)))
		return rc;
	int64_t version = data_version(ix);
	bool others = ix->loaded && version != ix->data_version;
	bool due = !ix->loaded || ix->log.lost;
	if (ix->loaded && others) {
		due = due || !schema_is_ours(ix) || load_tails(ix, err) != 0 || ix->log.lost;
		*changed = true;
	}
	for (size_t i = 0; !due && i < ix->log.count; i++)
		due = bn_fold_is_due(ix, &ix->log.items[i]);
	if (due) {
		bool folded = false;
		rc = index_fold(ix, false, &folded, err);
		*changed = *changed || folded;
		version = rc ? version : data_version(ix);
	}
	ix->data_version = version;
	return rc;
}

int bn_index_rebuild_all(bn_index *ix, bn_err *err)
{
	bool changed;
	int rc = check_process(ix, err);
	if (rc || (rc = reopen_if_replaced(ix, err)) ||
		(rc = bn_log_scan(&ix->log, ix->ws->at, err)))
		return rc;
	rc = index_fold(ix, true, &changed, err);
	ix->data_version = rc ? ix->data_version : data_version(ix);
	return rc;
}
