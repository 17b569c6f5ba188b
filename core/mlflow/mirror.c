/* mirror.c - opening a mirror, its known.db, and turns between processes: see mirror.h. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/mlflow/_mirror.h"
#include "core/store/index/place.h"

#include <stdio.h>
#include <string.h>

#define BUSY_MS 30000 /* a process that pulls a page may take so long */
#define FORM 1        /* of known.db; another one is made again */

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, remote TEXT, hash TEXT, points TEXT,"
	" walk INTEGER, artifacts TEXT, inputs INTEGER) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS experiment (id TEXT PRIMARY KEY, first TEXT, name TEXT, deleted INTEGER)"
	" WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS model (name TEXT PRIMARY KEY, doc TEXT) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS version (name TEXT, version INTEGER, doc TEXT,"
	" PRIMARY KEY (name, version)) WITHOUT ROWID;";

static int db_failed(const bn_mirror *m, const char *doing, bn_err *err)
{
	int sql = sqlite3_errcode(m->db) & 0xff, code = BN_EIO;
	if (sql == SQLITE_BUSY)
		code = BN_ECONFLICT;
	if (sql == SQLITE_NOMEM)
		code = BN_ENOMEM;
	return bn_err_set(err, code, "%s of %s in %s: %s", doing, m->address, m->dir,
		sqlite3_errmsg(m->db));
}

static int db_exec(bn_mirror *m, const char *sql, const char *doing, bn_err *err)
{
	return sqlite3_exec(m->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
								       : db_failed(m, doing, err);
}

static int db_form(bn_mirror *m)
{
	sqlite3_stmt *st = NULL;
	int form = -1;
	if (sqlite3_prepare_v2(m->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW)
		form = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return form;
}

static int db_try(bn_mirror *m, const char *path, bn_err *err)
{
	int rc;
	if (sqlite3_open_v2(path, &m->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK)
		return db_failed(m, "the mirror", err);
	sqlite3_busy_timeout(m->db, BUSY_MS);
	if ((rc = db_exec(m, "PRAGMA journal_mode = WAL", "the mirror", err)) < 0 ||
		(rc = db_exec(m, "PRAGMA synchronous = NORMAL", "the mirror", err)) < 0)
		return rc;
	int form = db_form(m);
	if (form != 0 && form != FORM)
		return bn_err_set(err, BN_ECORRUPT, "%s has another form", path);
	if ((rc = db_exec(m, tables, "the mirror", err)) < 0)
		return rc;
	return form == FORM ? 0 : db_exec(m, "PRAGMA user_version = 1", "the mirror", err);
}

/* One that is damaged, or of another version, is made again: all runs are then compared with the index. */
static int db_open(bn_mirror *m, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char *path = bn_path_join(m->dir, "known.db");
	int rc = path ? db_try(m, path, &why) : bn_err_nomem(&why, "a file name");
	int code = m->db ? sqlite3_errcode(m->db) & 0xff : 0;
	bool damaged = rc == BN_ECORRUPT || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
	if (rc < 0 && damaged) {
		char *wal = bn_strf("%s-wal", path), *shm = bn_strf("%s-shm", path);
		sqlite3_close(m->db);
		m->db = NULL;
		bn_err_clear(&why);
		if (wal && shm && (rc = bn_fs_remove_tree(m->env, path, &why)) >= 0 &&
			(rc = bn_fs_remove_tree(m->env, wal, &why)) >= 0 &&
			(rc = bn_fs_remove_tree(m->env, shm, &why)) >= 0)
			rc = db_try(m, path, &why);
		bn_free(wal);
		bn_free(shm);
	}
	bn_free(path);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

static int place(bn_mirror *m, bn_err *err)
{
	char hash[BN_SHA256_HEX + 1];
	bn_sha256_hex(m->address, strlen(m->address), hash);
	char *sub = bn_strf("%.16s-%s", hash, m->env->host(m->env));
	if (!sub)
		return bn_err_nomem(err, "a file name");
	int rc = bn_index_place_files(&m->dir, m->env, NULL, "stores", sub, err);
	bn_free(sub);
	return rc;
}

static int workspace_open(
	bn_mirror *m, const struct bn_fold_class *const *classes, bn_err *err)
{
	const bn_workspace_making how = {.access = BN_ACCESS_PRIVATE};
	char *inside = bn_path_join(m->dir, ".binnacle/workspace.json");
	int rc = inside ? 0 : bn_err_nomem(err, "a file name");
	if (rc >= 0 && !bn_fs_exists(m->env, inside)) {
		bn_err why = BN_ERR_INIT;
		/* another process may be doing the same */
		if ((rc = bn_workspace_make(m->env, m->dir, &how, &why)) < 0 && rc != BN_ECONFLICT)
			bn_err_move(err, &why);
		else
			rc = 0;
	}
	bn_free(inside);
	return rc < 0 ? rc : bn_workspace_open(&m->ws, m->env, classes, m->dir, err);
}

int bn_mirror_open(bn_mirror **out, const bn_env *env, const char *address,
	const bn_mlflow_access *access, const struct bn_fold_class *const *classes, bn_err *err)
{
	bn_mlflow_client *c = NULL;
	bn_mirror *m = bn_alloc_zeroed(1, sizeof *m);
	if (!m)
		return bn_err_nomem(err, "a mirror");
	m->env = env;
	m->access = access;
	/* Checks address and credentials, and gives the address its one spelling. */
	int rc = bn_mlflow_open(&c, env, address, access, err);
	if (rc < 0)
		goto out;
	m->client = c;
	if (!(m->address = bn_strdup(bn_mlflow_address(c)))) {
		rc = bn_err_nomem(err, "an address");
		goto out;
	}
	if ((rc = place(m, err)) < 0 || (rc = workspace_open(m, classes, err)) < 0 ||
		(rc = db_open(m, err)) < 0)
		goto out;
	*out = m;
	m = NULL;
out:
	bn_mirror_close(m);
	return rc;
}

void bn_mirror_close(bn_mirror *m)
{
	if (!m)
		return;
	bn_mlflow_close(m->client);
	bn_workspace_close(m->ws);
	sqlite3_close(m->db);
	json_decref(m->experiments);
	bn_free(m->token);
	bn_free(m->address);
	bn_free(m->dir);
	bn_free(m);
}

bn_workspace *bn_mirror_workspace(const bn_mirror *m)
{
	return m->ws;
}

const char *bn_mirror_address(const bn_mirror *m)
{
	return m->address;
}

/* ---- turns ------------------------------------------------------------------------------------- */

int bn_mirror_begin(bn_mirror *m, bn_err *err)
{
	int rc = db_exec(m, "BEGIN IMMEDIATE", "a turn at the mirror", err);
	if (rc >= 0 && (rc = bn_workspace_refresh(m->ws, NULL, err)) < 0)
		sqlite3_exec(m->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* The events are durable before the hashes say that they were written (invariant 1). */
int bn_mirror_end(bn_mirror *m, int rc, bn_err *err)
{
	bn_err own = BN_ERR_INIT;
	int synced = bn_workspace_sync(m->ws, &own); /* also after a failure: see workspace.h */
	m->left_out += m->client ? (int64_t)bn_mlflow_take_odd(m->client) : 0;
	if (rc >= 0 && synced < 0)
		rc = bn_err_move(err, &own);
	if (rc >= 0 && m->left_out)
		rc = bn_mirror_keep(m, "left_out", bn_mirror_kept(m, "left_out", 0) + m->left_out, err);
	if (rc >= 0 && m->wrote)
		rc = bn_mirror_keep(m, "turn", bn_mirror_turn(m) + 1, err);
	if (rc >= 0)
		rc = db_exec(m, "COMMIT", "what was learned", err);
	if (rc < 0)
		sqlite3_exec(m->db, "ROLLBACK", NULL, NULL, NULL);
	m->left_out = 0;
	m->wrote = false;
	return rc;
}

int64_t bn_mirror_turn(bn_mirror *m)
{
	return bn_mirror_kept(m, "turn", 0);
}

int bn_mirror_keep(bn_mirror *m, const char *key, int64_t value, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(
		&st, m->db, err, "INSERT OR REPLACE INTO kept VALUES (?, ?)", "si", key, value);
	if (rc >= 0)
		rc = bn_sql_step(st, err);
	sqlite3_finalize(st);
	return rc;
}

int64_t bn_mirror_kept(bn_mirror *m, const char *key, int64_t otherwise)
{
	sqlite3_stmt *st = NULL;
	bn_err why = BN_ERR_INIT;
	int64_t value = otherwise;
	if (bn_sql_prepare(&st, m->db, &why, "SELECT value FROM kept WHERE key = ?", "s", key) >= 0 &&
		bn_sql_step(st, &why) == 1)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return value;
}

int bn_mirror_state_read(bn_mirror_state *out, bn_mirror *m, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = (bn_mirror_state){.seen_ms = bn_mirror_kept(m, "seen_ms", -1),
		.walked_ms = bn_mirror_kept(m, "walked_ms", -1),
		.left_out = bn_mirror_kept(m, "left_out", 0)};
	int rc = bn_sql_prepare(&st, m->db, err, "SELECT count(*) FROM run", "");
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		out->runs = sqlite3_column_int64(st, 0);
		rc = 0;
	}
	sqlite3_finalize(st);
	return rc;
}

/* ---- requests ---------------------------------------------------------------------------------- */

int bn_mirror_client(bn_mlflow_client **out, bn_mirror *m, bn_err *err)
{
	int rc = m->client ? 0 : bn_mlflow_open(&m->client, m->env, m->address, m->access, err);
	*out = m->client;
	return rc;
}

int bn_mirror_ask(json_t **out, bn_mirror *m, const char *method, const char *path, json_t *query,
	json_t *body, bool repeatable, bn_err *err)
{
	bn_mlflow_client *c;
	bn_err why = BN_ERR_INIT;
	const bn_mlflow_request r = {
		.method = method, .path = path, .query = query, .body = body, .repeatable = repeatable};
	*out = NULL;
	int rc = bn_mirror_client(&c, m, err);
	if (rc >= 0 && (rc = bn_mlflow_do(out, c, &r, &why)) < 0)
		bn_err_move(err, &why);
	/* A refusal is an answer too. */
	if (rc >= 0 || (c && bn_mlflow_status(c) > 0))
		bn_mirror_keep(m, "seen_ms", bn_env_now_ms(m->env), &why);
	json_decref(query);
	json_decref(body);
	return rc;
}

/* ---- names ------------------------------------------------------------------------------------- */

void bn_mirror_id(char out[33], const char *id)
{
	char digits[40];
	size_t n = 0;
	for (const char *p = id; *p && n < sizeof digits; p++)
		if (*p != '-')
			digits[n++] = *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p;
	if (n == 32) {
		memcpy(out, digits, 32);
		out[32] = '\0';
		if (bn_is_hex(out))
			return;
	}
	char hash[BN_SHA256_HEX + 1];
	bn_sha256_hex(id, strlen(id), hash);
	memcpy(out, hash, 32);
	out[32] = '\0';
}

int bn_mirror_remote_id(char **out, bn_mirror *m, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = NULL;
	int rc = bn_sql_prepare(&st, m->db, err, "SELECT remote FROM run WHERE id = ?", "s", id);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		*out = bn_sql_text(st, 0);
		rc = 0;
	}
	sqlite3_finalize(st);
	if (rc >= 0 && !*out && !(*out = bn_strdup(id)))
		return bn_err_nomem(err, "an id");
	return rc;
}

int bn_mirror_experiment(char **out, bn_mirror *m, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = NULL;
	int rc = bn_sql_prepare(
		&st, m->db, err, "SELECT first FROM experiment WHERE id = ?", "s", id);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		*out = bn_sql_text(st, 0);
		rc = 0;
	}
	sqlite3_finalize(st);
	return rc;
}
