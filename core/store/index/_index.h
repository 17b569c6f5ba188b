/*
 * _index.h - the SQLite file that the log is folded into: where it lies, opening, bringing it up to
 * date, rebuilding.
 *
 * Where: in .binnacle/ when that file system is local and the directory is ours; else in
 * $XDG_STATE_HOME/binnacle/<workspace id>/, or, when that is a network file system too, in a
 * private directory under /var/tmp. BINNACLE_INDEX=DIR overrides. WAL needs a local disk: two hosts
 * writing one SQLite file over CephFS lost half their rows.
 *
 * One transaction per refresh. Several processes of a host share the file; who comes second finds
 * the work done. Rebuilding happens inside a transaction too, so readers see the old rows until the
 * new ones are complete. A damaged file is removed and made anew.
 */
#ifndef BN_STORE_INDEX__INDEX_H
#define BN_STORE_INDEX__INDEX_H
#include "core/store/_workspace.h"
#include "core/store/index/fold.h"
#include "core/store/log/listing.h"

typedef struct bn_index {
	bn_workspace *ws; /* borrowed */
	sqlite3 *db;
	char *path, *schema; /* schema: hash of the tables' definitions and of the rooms */
	uint64_t inode, device;
	pid_t pid;
	bool follow_open; /* local file system: every open.seg may be read */
	bool loaded;      /* log.items mirror index_tail */
	int64_t data_version;
	bn_log log;
	uint64_t events_folded; /* by this process, for status and benchmarks */
} bn_index;

int bn_index_open(bn_index **out, bn_workspace *ws, bn_err *err);
void bn_index_close(bn_index *ix);
sqlite3 *bn_index_db(bn_index *ix);
int bn_index_refresh(bn_index *ix, bool *changed, bn_err *err);
int bn_index_rebuild_all(bn_index *ix, bn_err *err);

/* fold.c: what happens inside the transaction. Returns BN_FOLD_REBUILD when the log is no longer
 * the one that was folded. */
enum { BN_FOLD_REBUILD = 2 };
int bn_fold_batch(bn_index *ix, uint64_t *folded, bn_err *err);
/* Whether a writer has anything that is not folded yet. */
bool bn_fold_is_due(const bn_index *ix, const bn_log_writer *w);

#endif
