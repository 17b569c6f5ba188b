/* index.c - see index.h. */
#include "core/store/index/index.h"

#include "core/base/mem.h"
#include "core/store/index/_batch.h"
#include "core/store/index/_functions.h"
#include "core/store/index/_held.h"
#include "core/store/index/_index.h"
#include "core/store/index/_payload.h"
#include "core/store/index/_sql.h"
#include "core/store/log/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 30000, RETRY_MS = 10 };

#define IN_MEMORY ":memory:"
#define FILE_NAME "index.db"
/* PRAGMA application_id of an index: "BNIX". */
#define NUMBER 0x424e4958
#define SET_NUMBER "PRAGMA application_id = 0x424e4958;"
/* The file first: an empty database ignores and removes a stale WAL. */
static const char *const file_names[] = {
	FILE_NAME, FILE_NAME "-wal", FILE_NAME "-shm", FILE_NAME "-journal"};
enum { FILE_NAMES = sizeof file_names / sizeof *file_names };

/* ---- opening -------------------------------------------------------------------------------- */

/* Turning a new file into a WAL database takes a write lock on top of a read lock; SQLite does not
 * wait for that one, since two holders of the read lock could deadlock. */
static int db_prepare(sqlite3 *db, bn_err *err)
{
	for (int waited_ms = 0;; waited_ms += RETRY_MS) {
		bn_err why = BN_ERR_INIT;
		/* Derived data: NORMAL may lose the last refresh on power loss, but never
		 * consistency. */
		/* The number first, so that the file has it from the first transaction on. */
		bool known = bn_sql_int(db, 0, "PRAGMA application_id", "") == NUMBER;
		bn_sql_failed(db, NULL); /* the next statement reports it */
		int rc = known ? 0 : bn_sql_exec(db, SET_NUMBER, &why);
		if (rc >= 0)
			rc = bn_sql_exec(db,
				"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				"PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;"
				"PRAGMA foreign_keys = OFF",
				&why);
		if (rc != BN_ECONFLICT || waited_ms >= BUSY_MS)
			return rc < 0 ? bn_err_move(err, &why) : 0;
		sqlite3_sleep(RETRY_MS);
	}
}

static void db_close(bn_index *ix)
{
	if (ix->db)
		bn_sql_close(ix->db);
	if (ix->is_held)
		bn_held_remove((dev_t)ix->device, (ino_t)ix->inode);
	ix->is_held = false;
	ix->db = NULL;
	ix->loaded = ix->is_stuck = false;
}

static int db_remove(bn_index *ix, bn_err *err)
{
	int rc = 0;
	db_close(ix);
	for (size_t i = 0; !rc && ix->dir && i < FILE_NAMES; i++)
		rc = bn_dir_remove_tree(ix->dir, file_names[i], err);
	return rc;
}

/* "SQLite format 3" at the start of the file, the application's number at 68. */
enum { HEADER = 100, NUMBER_AT = 68 };

static uint32_t header_number(const unsigned char *h)
{
	const unsigned char *p = h + NUMBER_AT;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The first version wrote no number: its index is recognised by a table. */
static bool has_our_table(const char *path)
{
	sqlite3 *db = NULL;
	bool ours = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
		    sqlite3_table_column_metadata(db, NULL, "index_meta", "key", NULL, NULL, NULL,
			    NULL, NULL) == SQLITE_OK;
	sqlite3_close_v2(db);
	return ours;
}

/* A file of that name that is not our index is left alone. Do not call it for a file that this process holds
 * (_held.h): it closes it. */
static int look_at_file(bn_index *ix, bn_err *err)
{
	static const char magic[16] = "SQLite format 3";
	const bn_env *env = ix->env;
	unsigned char h[HEADER] = {0};
	struct stat st;
	bn_err why = BN_ERR_INIT;
	size_t got = 0;
	int fd = -1, rc;
	if (!ix->dir)
		return 0;
	rc = bn_dir_open_look(&fd, &st, ix->dir, FILE_NAME, O_RDONLY, 0, &why);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0)
		goto refuse;
	rc = bn_dir_read_at(env, ix->dir, FILE_NAME, fd, h, sizeof h, 0, &got, &why);
	bool mine = st.st_uid == env->uid(env);
	env->fs->close(env, fd);
	if (rc < 0)
		return bn_err_move(err, &why);
	if (mine && got == 0) /* another process is creating it */
		return 0;
	if (mine && got == sizeof h && !memcmp(h, magic, sizeof magic) &&
		(header_number(h) == NUMBER || (!header_number(h) && has_our_table(ix->path))))
		return 0;
refuse:
	return bn_err_set(
		err, BN_EREFUSED, "'%s' is not an index of yours and is left alone", ix->path);
}

static int check_ours(bn_index *ix, bn_err *err)
{
	struct stat st;
	if (ix->dir && bn_dir_stat(ix->dir, FILE_NAME, &st, NULL) == 0 && bn_held_has(&st))
		return 0; /* it was looked at when it was opened */
	return look_at_file(ix, err);
}

/* Notes which file it is, and that this process holds it. */
static int hold_file(bn_index *ix, bn_err *err)
{
	struct stat st;
	if (!ix->dir || bn_dir_stat(ix->dir, FILE_NAME, &st, NULL) != 0)
		return 0;
	ix->inode = (uint64_t)st.st_ino;
	ix->device = (uint64_t)st.st_dev;
	ix->is_held = bn_held_add(&st);
	return ix->is_held ? 0 : bn_err_nomem(err, ix->path);
}

static int connect_file(bn_index *ix, bn_err *err)
{
	int rc = check_ours(ix, err);
	if (rc < 0)
		return rc;
	if (sqlite3_open_v2(ix->path, &ix->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		    NULL) == SQLITE_OK)
		return hold_file(ix, err);
	rc = ix->db ? bn_sql_error(ix->db, err, ix->path) : bn_err_nomem(err, ix->path);
	sqlite3_close_v2(ix->db);
	ix->db = NULL;
	return rc;
}

static int db_open(bn_index *ix, bn_err *err)
{
	bn_held_lock();
	int rc = connect_file(ix, err);
	bn_held_unlock();
	if (rc < 0)
		return rc;
	sqlite3_busy_timeout(ix->db, BUSY_MS);
	ix->loaded = false;
	ix->pid = getpid();
	if ((rc = bn_sql_begin(ix->db, err)) < 0 || (rc = db_prepare(ix->db, err)) < 0)
		return rc;
	if ((rc = bn_functions_register(ix->db, ix->env, err)) < 0 ||
		(rc = bn_payload_register(ix->db, ix->of.at, &ix->log, err)) < 0)
		return rc;
	for (const bn_fold_class *const *c = ix->of.classes; *c; c++)
		if ((*c)->attach && (rc = (*c)->attach(ix->db, err)) < 0)
			return rc;
	return 0;
}

/* Opens the file; recreates it if it is not an index. */
static int open_or_make(bn_index *ix, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = db_open(ix, &why);
	if (rc == BN_ECORRUPT) {
		bn_err_clear(&why);
		if ((rc = db_remove(ix, &why)) >= 0)
			rc = db_open(ix, &why);
	}
	if (rc < 0)
		db_close(ix);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* Tries one place; ix->path says which. */
static int open_at(bn_index *ix, bn_err *err)
{
	int rc;
	bn_dir_close(ix->dir);
	ix->dir = NULL;
	bn_free(ix->path);
	ix->path = NULL;
	if (ix->place.dir && (rc = bn_index_place_open(&ix->dir, &ix->place, ix->env, err)) < 0)
		return rc;
	ix->path = ix->dir ? bn_dir_join(ix->dir, FILE_NAME) : bn_strdup(IN_MEMORY);
	return ix->path ? open_or_make(ix, err) : bn_err_nomem(err, "the index");
}

/* Records why the place is unusable and goes on to the next usable one. A full disk must prevent neither
 * reading nor `binnacle gc`. Takes why. */
static int open_next(bn_index *ix, bn_err *why, bn_err *err)
{
	for (;;) {
		if (why->code && ix->place.dir && !strstr(why->msg, ix->place.dir))
			bn_err_prefix(why, "%.150s", ix->place.dir);
		if (why->code)
			bn_index_place_failed(&ix->place, why->msg);
		bn_err_clear(why);
		int rc = bn_index_place_next(&ix->place, ix->env, ix->of.at->path, ix->of.id, err);
		if (rc < 0)
			return rc;
		rc = open_at(ix, why);
		if (rc >= 0)
			return 0;
		if (!ix->place.dir || rc == BN_ENOMEM || rc == BN_ECONFLICT)
			return bn_err_move(err, why);
	}
}

static bool is_old_file(const bn_index *ix, const char *name)
{
	struct stat st;
	return bn_dir_stat(ix->of.at, name, &st, NULL) == 0 && S_ISREG(st.st_mode) &&
	       st.st_uid == ix->env->uid(ix->env);
}

/* Earlier versions kept an index in the workspace, where others may write: it is never read. The file itself goes last:
 * as long as any of the others is there, it is. */
static void remove_old(const bn_index *ix)
{
	if (!is_old_file(ix, FILE_NAME))
		return;
	for (size_t i = FILE_NAMES; i-- > 0;)
		if (is_old_file(ix, file_names[i]))
			bn_dir_unlink(ix->of.at, file_names[i], NULL);
}

/* Identity of the index: the tables, the link 0 named by workspace.json, and on a local disk the log directory.
 * A copy of a workspace has the same id and may have different segments of the same names; so does a restored
 * older state. */
static char *identity_of(const bn_index_source *of)
{
	struct stat st;
	char *schema = bn_schema_key(of->classes), *all;
	char place[40] = "";
	if (schema && !bn_dir_is_network(of->at) && bn_dir_stat(of->at, "log", &st, NULL) == 0)
		snprintf(place, sizeof place, " of %llu", (unsigned long long)st.st_ino);
	all = schema ? bn_strf("%s%s%s%s", schema, place, *of->founding ? " founded " : "",
			       of->founding)
		     : NULL;
	bn_free(schema);
	return all;
}

void bn_index_founded(bn_index *ix)
{
	char *schema = identity_of(&ix->of);
	if (!schema)
		return; /* out of memory: the index keeps the old rules until it is reopened */
	bn_free(ix->schema);
	ix->schema = schema;
	ix->loaded = false;
}

static bool is_known(void *ctx, const char *writer, bn_log_range *r)
{
	bn_index *ix = ctx;
	return ix->db && bn_fold_segment_known(ix->db, writer, r);
}

int bn_index_open(bn_index **out, const bn_index_source *of, bn_err *err)
{
	int rc = 0;
	if (!of->classes)
		return bn_err_set(err, BN_EINVAL, "this workspace was opened for writing only");
	bn_index *ix = bn_alloc_zeroed(1, sizeof *ix);
	if (!ix)
		return bn_err_nomem(err, "the index");
	ix->env = of->at->env;
	ix->of = *of;
	ix->follow_open = !bn_dir_is_network(of->at);
	if (!(ix->schema = identity_of(of))) {
		rc = bn_err_nomem(err, "the index");
		goto out;
	}
	ix->log.known = is_known;
	ix->log.known_ctx = ix;
	bn_err why = BN_ERR_INIT;
	if ((rc = of->is_private ? open_at(ix, err) : open_next(ix, &why, err)) < 0)
		goto out;
	if (!of->is_private)
		remove_old(ix);
	*out = ix;
	ix = NULL;
out:
	bn_index_close(ix);
	return rc;
}

void bn_index_close(bn_index *ix)
{
	if (!ix)
		return;
	/* SQLite handles must not be used in a forked child, not even to close them. */
	if (!ix->pid || ix->pid == getpid())
		db_close(ix);
	bn_log_release(&ix->log);
	bn_dir_close(ix->dir);
	bn_index_place_release(&ix->place);
	bn_free(ix->path);
	bn_free(ix->schema);
	bn_free(ix);
}

sqlite3 *bn_index_db(bn_index *ix)
{
	return ix->pid == getpid() && !ix->is_stuck ? ix->db : NULL;
}

/* ---- refreshing ----------------------------------------------------------------- */

const bn_log_writer *bn_index_next_gap(const bn_index *ix, const bn_log_writer *after)
{
	const bn_log_writer *end = ix->log.items + ix->log.count;
	for (const bn_log_writer *w = after ? after + 1 : ix->log.items; w != end; w++)
		if (w->stuck)
			return w;
	return NULL;
}

static bn_fold_source source_of(bn_index *ix)
{
	return (bn_fold_source){.at = ix->of.at,
		.id = ix->of.id,
		.founding = ix->of.founding,
		.classes = ix->of.classes,
		.db = ix->db,
		.log = &ix->log,
		.follow_open = ix->follow_open,
		.wants = ix->of.wants,
		.wants_ctx = ix->of.wants_ctx};
}

static void see_clock(bn_index *ix, uint64_t clock)
{
	if (clock > ix->seen_clock && bn_clock_is_sane(ix->env, clock))
		ix->seen_clock = clock;
}

uint64_t bn_index_seen_clock(const bn_index *ix)
{
	return ix ? ix->seen_clock : 0;
}

int bn_index_failed(bn_index *ix, bn_err *err)
{
	return bn_sql_failed(ix->db, err);
}

/* Mirrors table index_tail into the writers of the log. A row without a writer means a lost
 * writer. */
static int load_tails(bn_index *ix, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	for (size_t i = 0; i < ix->log.count; i++) {
		bn_log_writer *w = &ix->log.items[i];
		w->mirrored = w->seq;
		w->seq = w->clock = w->pinned = 0;
		w->crc = 0;
		w->compared = w->contradicts = 0;
		bn_chain_start(w->chain, w->name);
	}
	ix->log.lost = false;
	int rc = bn_sql_prepare(&st, ix->db, err,
		"SELECT n.name, last_seq, last_clock, last_crc, pinned_seq, chain, "
		"compared, contradicts FROM index_tail t JOIN index_name n ON n.no = t.writer",
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
		bn_sql_bytes(st, 5, w->chain, sizeof w->chain);
		w->compared = (uint64_t)sqlite3_column_int64(st, 6);
		w->contradicts = (uint64_t)sqlite3_column_int64(st, 7);
		see_clock(ix, w->clock);
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < ix->log.count; i++) {
		bn_log_writer *w = &ix->log.items[i];
		if (w->seq == w->mirrored)
			continue;
		/* What was recorded about the files belongs to another position. */
		w->folded_inode = w->hint_inode = 0;
		w->stuck = false;
	}
	ix->loaded = rc == 0;
	return rc;
}

/* *made: created from scratch. */
static int fold_in_transaction(
	bn_index *ix, bool rebuild, bool *made, uint64_t *folded, bn_err *err)
{
	int rc = 0;
	if (rebuild || !bn_schema_is(ix->db, ix->schema)) {
		bn_sql_forget(ix->db);
		if ((rc = bn_schema_create(ix->db, &ix->of, ix->schema, err)) < 0 ||
			(rc = bn_sql_exec(ix->db, "PRAGMA cache_size = -65536", err)) < 0)
			return rc;
		*made = true;
	}
	if ((rc = load_tails(ix, err)))
		return rc;
	if (ix->log.lost)
		return BN_FOLD_REBUILD;
	const bn_fold_source from = source_of(ix);
	if ((rc = bn_fold_batch(&from, folded, err)) || (rc = bn_sql_failed(ix->db, err)) < 0)
		return rc;
	for (size_t i = 0; i < ix->log.count; i++)
		see_clock(ix, ix->log.items[i].clock);
	return 0;
}

/* One attempt. BN_FOLD_REBUILD asks for another, from scratch. */
static int fold_once(bn_index *ix, bool rebuild, uint64_t *folded, bn_err *err)
{
	bool made = false;
	ix->unwritable = false;
	int rc = bn_sql_exec(ix->db, "BEGIN IMMEDIATE", err);
	if (rc == BN_ECONFLICT)
		bn_err_hint(err, "another process is bringing the index up to date; try again");
	if (rc) {
		ix->unwritable = bn_sql_is_unwritable(ix->db);
		return rc;
	}
	rc = fold_in_transaction(ix, rebuild, &made, folded, err);
	if (rc || (rc = bn_sql_exec(ix->db, "COMMIT", err)) < 0) { /* or BN_FOLD_REBUILD */
		ix->unwritable = bn_sql_is_unwritable(ix->db);
		/* Out of memory even that fails: the handle then shows half a batch. */
		sqlite3_exec(ix->db, "ROLLBACK", NULL, NULL, NULL);
		ix->is_stuck = !sqlite3_get_autocommit(ix->db);
		bn_sql_forget(ix->db); /* statements on tables that no longer exist */
		bn_sql_failed(
			ix->db, NULL); /* failures of the undone batch, which the caller gets */
		ix->loaded = false;
	}
	if (made) {
		sqlite3_exec(ix->db, "PRAGMA cache_size = -32768", NULL, NULL, NULL);
		sqlite3_wal_checkpoint_v2(ix->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	return rc;
}

/* -1, which equals no other, if it cannot be read. */
static int64_t data_version(bn_index *ix)
{
	bn_err why = BN_ERR_INIT;
	sqlite3_stmt *st = NULL;
	int64_t version = -1;
	if (bn_sql_prepare(&st, ix->db, &why, "PRAGMA data_version", "") >= 0 &&
		bn_sql_step(st, &why) == 1)
		version = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	bn_err_clear(&why);
	return version;
}

/* The place is full or read-only: the index is kept in the next one. *why becomes the error when there is
 * none. */
static int move_on(bn_index *ix, bn_err *why)
{
	bn_err full = BN_ERR_INIT, e = BN_ERR_INIT;
	const char *says = strrchr(why->msg, ':');
	bn_err_set(&full, BN_EIO, "%.150s%s", ix->place.dir, says ? says : "");
	db_close(ix);
	int rc = open_next(ix, &full, &e);
	if (rc < 0) {
		bn_err_clear(why);
		bn_err_hint(&e, "free space there, or set BINNACLE_INDEX to another directory");
		return bn_err_move(why, &e);
	}
	bn_err_clear(why);
	return 0;
}

static int index_fold(bn_index *ix, bool rebuild, bool *changed, bn_err *err)
{
	uint64_t folded = 0;
	bool remade = false, moved = false;
	int rc;
	for (int attempt = 0;; attempt++) {
		bn_err why = BN_ERR_INIT;
		rc = fold_once(ix, rebuild, &folded, &why);
		if (rc == BN_FOLD_REBUILD && attempt < 3) {
			rebuild = true;
			continue;
		}
		if (rc < 0 && ix->unwritable && ix->place.dir) {
			moved = true;
			if ((rc = move_on(ix, &why)) == 0)
				continue;
		}
		if (rc == BN_ECORRUPT && !remade) {
			remade = rebuild = true;
			if (!db_remove(ix, NULL) && !db_open(ix, NULL))
				continue;
		}
		if (rc == BN_FOLD_REBUILD)
			rc = bn_err_set(&why, BN_EIO, "the log of '%s' changes while it is read",
				ix->of.at->path);
		if (rc)
			bn_err_move(err, &why);
		break;
	}
	ix->events_folded += folded;
	*changed = rc == 0 && (folded || rebuild || moved);
	return rc;
}

/* The file was removed or replaced: continue with the present one. */
static int reopen_if_replaced(bn_index *ix, bn_err *err)
{
	struct stat st;
	if (ix->db && !ix->is_stuck &&
		(!ix->dir || (bn_dir_stat(ix->dir, FILE_NAME, &st, NULL) == 0 &&
				     (uint64_t)st.st_ino == ix->inode &&
				     (uint64_t)st.st_dev == ix->device)))
		return 0;
	db_close(ix);
	bn_err why = BN_ERR_INIT;
	int rc = open_at(ix, &why);
	if (rc >= 0)
		return 0;
	if (!ix->place.dir || rc == BN_ENOMEM || rc == BN_ECONFLICT)
		return bn_err_move(err, &why);
	return open_next(ix, &why, err);
}

static int check_process(const bn_index *ix, bn_err *err)
{
	if (ix->pid == getpid())
		return 0;
	return bn_err_set(err, BN_EUNSUPPORTED,
		"the index was opened before fork() and cannot be used in the child");
}

/* Whether there is something to fold. In one transaction: each question outside of one looks at the database's files
 * anew. */
static int look(bn_index *ix, bool *due, bool *changed, bn_err *err)
{
	const bool own = sqlite3_get_autocommit(ix->db); /* the caller may be in one */
	int rc = own ? bn_sql_exec(ix->db, "BEGIN", err) : 0;
	if (rc < 0 || (rc = bn_log_scan(&ix->log, ix->of.at, err)) < 0)
		goto out;
	int64_t version = data_version(ix);
	bool others = ix->loaded && version != ix->data_version;
	*due = !ix->loaded || ix->log.lost;
	if (others) {
		*due = *due || !bn_schema_is(ix->db, ix->schema) || load_tails(ix, err) != 0 ||
		       ix->log.lost;
		*changed = true;
	}
	const bn_fold_source from = source_of(ix);
	for (size_t i = 0; !*due && i < ix->log.count; i++)
		*due = bn_fold_is_due(&from, &ix->log.items[i]);
	ix->data_version = version;
out:
	if (own && !sqlite3_get_autocommit(ix->db))
		sqlite3_exec(ix->db, "COMMIT", NULL, NULL, NULL);
	return rc;
}

int bn_index_refresh(bn_index *ix, bool *changed, bn_err *err)
{
	bool due = false, folded = false;
	int rc = check_process(ix, err);
	*changed = false;
	if (rc || (rc = reopen_if_replaced(ix, err)) || (rc = look(ix, &due, changed, err)) < 0 || !due)
		return rc;
	if ((rc = index_fold(ix, false, &folded, err)) < 0)
		return rc;
	*changed = *changed || folded;
	ix->data_version = data_version(ix);
	return 0;
}

int bn_index_rebuild_all(bn_index *ix, bn_err *err)
{
	bool changed;
	int rc = check_process(ix, err);
	if (rc || (rc = reopen_if_replaced(ix, err)) ||
		(rc = bn_log_scan(&ix->log, ix->of.at, err)))
		return rc;
	rc = index_fold(ix, true, &changed, err);
	ix->data_version = rc ? ix->data_version : data_version(ix);
	return rc;
}
