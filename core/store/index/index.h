/*
 * index.h - looking at the index as a thing: its state, its logical content, making it anew.
 * (Reading rows from it is bn_workspace_index and SQL.)
 */
#ifndef BN_STORE_INDEX_INDEX_H
#define BN_STORE_INDEX_INDEX_H
#include "core/base/buf.h"
#include "core/store/workspace.h"

/* A writer whose log cannot be folded to its end: a segment is missing or damaged. */
typedef struct bn_index_gap {
	char *writer, *why;
	int64_t folded; /* events of it that are in the index */
} bn_index_gap;

typedef struct bn_index_status {
	char *path;  /* of index.db, or "(in memory)" */
	char *why;   /* why not in a better place, or "" */
	char fs[24]; /* file system that holds it */
	int64_t bytes;
	int64_t writers, events, entities; /* events: all that were folded, commuting ones too */
	int64_t refused, invalid, newer;   /* of the ordered ones; newer: not understood, kept */
	int64_t last_clock;                /* highest clock folded; 0 when there is none */
	bn_index_gap *gaps;
	size_t gap_count;
} bn_index_status;

/* Refreshes first. Release the result, also after a failure. */
int bn_index_status_get(bn_index_status *out, bn_workspace *ws, bn_err *err);
void bn_index_status_release(bn_index_status *s);

/* Folds the whole log anew, in one transaction: readers see the old rows until it is done. */
int bn_index_rebuild(bn_workspace *ws, bn_err *err);

/* Everything the index says, as text in a stable order: each table (but index_*, which is about
 * the index itself) with its columns, each row with all its values, sorted; view dump_<table> in
 * the place of a table that has one. Two indexes of the same
 * set of events give the same bytes (invariant 5). write returns non-zero to stop; it gets whole
 * lines. Does not refresh. */
typedef int (*bn_dump_write)(void *ctx, const char *text, size_t n);
int bn_index_dump(bn_workspace *ws, bn_dump_write write, void *ctx, bn_err *err);
/* SHA-256 of that text, in hex. */
int bn_index_dump_hash(bn_workspace *ws, char hash[65], bn_err *err);

#endif
