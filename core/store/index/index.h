/*
 * index.h - the SQLite file that the log is folded into: opening, refreshing, rebuilding. Its
 * location: place.h. Handling of events: fold.h.
 *
 * One transaction per refresh. Several processes of a host share the file; the second one finds the
 * work done. Rebuilding happens inside a transaction too, so readers see the old rows until the new
 * ones are complete. A damaged file is removed and rebuilt.
 *
 * An index knows the log and the classes, but not its workspace.
 */
#ifndef BN_STORE_INDEX_INDEX_H
#define BN_STORE_INDEX_INDEX_H
#include "core/base/dir.h"
#include "core/store/index/fold.h"

/* The sources of an index; borrowed while it is open. */
typedef struct bn_index_source {
	const bn_dir *at;     /* .binnacle */
	const char *id;       /* of the workspace */
	const char *founding; /* hex of the link 0 that workspace.json names; "" for none */
	const bn_fold_class *const *classes;
	bool is_private; /* in the memory of this process; no file is opened */
	/* Whether unsigned records of the entity are folded; NULL: all are. */
	bool (*wants)(void *ctx, const char *entity);
	void *wants_ctx;
} bn_index_source;

typedef struct bn_index bn_index;
struct bn_log_writer; /* core/store/log/listing.h */

int bn_index_open(bn_index **out, const bn_index_source *of, bn_err *err);
void bn_index_close(bn_index *ix); /* NULL is fine */
/* NULL in a child of fork(). */
sqlite3 *bn_index_db(bn_index *ix);
int bn_index_refresh(bn_index *ix, bool *changed, bn_err *err);
int bn_index_rebuild_all(bn_index *ix, bn_err *err);
/* The text at its source's `founding` has changed: the next refresh rebuilds the index. */
void bn_index_founded(bn_index *ix);
/* Iterates over the writers whose log the last refresh could not fold to its end: the one after `after`
 * (NULL: the first); NULL at the end. Borrowed until the next refresh. */
const struct bn_log_writer *bn_index_next_gap(
	const bn_index *ix, const struct bn_log_writer *after);
/* The highest sane clock that was folded: a writer's own clock continues above it. 0 without an
 * index. */
uint64_t bn_index_seen_clock(const bn_index *ix);
/* bn_sql_failed of its handle. */
int bn_index_failed(bn_index *ix, bn_err *err);

#endif
