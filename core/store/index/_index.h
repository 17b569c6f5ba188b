/*
 * _index.h - the SQLite file that the log is folded into: opening, bringing it up to date,
 * rebuilding. Where it lies: _place.h.
 *
 * One transaction per refresh. Several processes of a host share the file; who comes second finds
 * the work done. Rebuilding happens inside a transaction too, so readers see the old rows until the
 * new ones are complete. A damaged file is removed and made anew.
 *
 * An index knows the log and the classes, not the workspace that it is part of.
 */
#ifndef BN_STORE_INDEX__INDEX_H
#define BN_STORE_INDEX__INDEX_H
#include "core/base/dir.h"
#include "core/store/index/_place.h"
#include "core/store/index/fold.h"
#include "core/store/log/listing.h"

/* What an index is made of; borrowed while it is open. */
typedef struct bn_index_source {
	const bn_dir *at; /* .binnacle */
	const char *id;   /* of the workspace */
	const bn_fold_class *const *classes;
} bn_index_source;

typedef struct bn_index {
	const bn_env *env;
	bn_index_source of;
	sqlite3 *db;
	bn_index_place place;
	bn_dir *dir;         /* the place, opened; NULL: in memory */
	char *path, *schema; /* path: of the file, or ":memory:"; schema: bn_schema_key */
	uint64_t inode, device;
	pid_t pid;
	bool follow_open; /* local file system: every open.seg may be read */
	bool loaded;      /* log.items mirror index_tail */
	int64_t data_version;
	bn_log log;
	uint64_t seen_clock;    /* the highest sane clock that was folded */
	uint64_t events_folded; /* by this process, for status and benchmarks */
} bn_index;

int bn_index_open(bn_index **out, const bn_index_source *of, bn_err *err);
void bn_index_close(bn_index *ix);
sqlite3 *bn_index_db(bn_index *ix);
int bn_index_refresh(bn_index *ix, bool *changed, bn_err *err);
int bn_index_rebuild_all(bn_index *ix, bn_err *err);

/* ---- _schema.c ------------------------------------------------------------------------------- */

/* A hash of the tables' definitions, the classes and the program's version: another one means
 * another index. Yours; NULL without memory. */
char *bn_schema_key(const bn_fold_class *const *classes);
bool bn_schema_is(sqlite3 *db, const char *key);
/* Drops everything and makes the tables. */
int bn_schema_create(sqlite3 *db, const char *key, bn_err *err);

/* ---- fold.c ---------------------------------------------------------------------------------- */

/* What happens inside the transaction. BN_FOLD_REBUILD when the log is no longer the one that was
 * folded. */
enum { BN_FOLD_REBUILD = 2 };
int bn_fold_batch(bn_index *ix, uint64_t *folded, bn_err *err);
/* Whether a writer has anything that is not folded yet. */
bool bn_fold_is_due(const bn_index *ix, const bn_log_writer *w);

#endif
