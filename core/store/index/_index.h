/*
 * _index.h - an open index, for the files that build it and report on it.
 */
#ifndef BN_STORE_INDEX__INDEX_H
#define BN_STORE_INDEX__INDEX_H
#include "core/store/index/index.h"
#include "core/store/index/place.h"
#include "core/store/log/listing.h"

struct bn_index {
	const bn_env *env;
	bn_index_source of;
	sqlite3 *db;
	bn_index_place place;
	bn_dir *dir; /* the place, opened; NULL: in memory */
	char *path,
		*schema; /* path: of the file, or ":memory:"; schema: bn_schema_key and the identity of the log */
	uint64_t inode, device;
	bool is_held; /* counted in _held.h */
	pid_t pid;
	bool follow_open; /* local file system: every open.seg may be read */
	bool unwritable;  /* the last fold failed because the file cannot be written */
	bool loaded;      /* log.items mirror index_tail */
	bool is_stuck;    /* a rollback failed: the handle is closed at the next refresh */
	int64_t data_version;
	bn_log log;
	uint64_t seen_clock;    /* the highest sane clock that was folded */
	uint64_t events_folded; /* by this process, for status and benchmarks */
};

/* ---- _schema.c ------------------------------------------------------------------------------- */

/* A hash of the table definitions, the classes and the program's version; an index with a
 * different key is rebuilt. The caller frees it; NULL if out of memory. */
char *bn_schema_key(const bn_fold_class *const *classes);
bool bn_schema_is(sqlite3 *db, const char *key);
/* Drops everything and creates the tables. */
int bn_schema_create(sqlite3 *db, const bn_index_source *of, const char *key, bn_err *err);

#endif
