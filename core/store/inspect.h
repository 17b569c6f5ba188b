/*
 * inspect.h - managing a workspace's index: its state, its logical content, rebuilding it. (To
 * read rows use bn_workspace_read and SQL.)
 */
#ifndef BN_STORE_INSPECT_H
#define BN_STORE_INSPECT_H
#include "core/store/index/report.h"
#include "core/store/workspace.h"

/* Refreshes first. Release the result, also after a failure. */
int bn_index_status_get(bn_index_status *out, bn_workspace *ws, bn_err *err);

/* Folds the whole log again in one transaction: readers see the old rows until it is done. */
int bn_index_rebuild(bn_workspace *ws, bn_err *err);

/* bn_index_print of the index as it is, without a refresh. */
int bn_index_dump(bn_workspace *ws, bn_dump_write write, void *ctx, bn_err *err);
/* SHA-256 of that text, in hex. */
int bn_index_dump_hash(bn_workspace *ws, char hash[65], bn_err *err);

#endif
