/*
 * view.h - a private view of a workspace, with an index in memory built from the current segments.
 *
 * The index that commands share is a file, which anyone who can write as the user can edit or replace. It
 * is good for display, but never evidence. Whatever must be proven (audit verify, model verify, models
 * that are served, used for predictions or exported) is read from a view, with the same functions as from
 * a workspace.
 *
 * A view costs as much as a rebuild of the index. If only some entities matter, only their unsigned records
 * are folded; the others are read and checked against the chain, no more. Rows of skipped entities are
 * missing, so such a view must not be used for counting.
 */
#ifndef BN_STORE_VIEW_H
#define BN_STORE_VIEW_H
#include "core/store/workspace.h"

/* Whether the unsigned records of an entity are folded. Signed ones always are. */
typedef struct bn_view_filter {
	bool (*wants)(void *ctx, const char *entity);
	void *ctx; /* must outlive the view */
} bn_view_filter;

/* only NULL: everything. It writes nothing and borrows from `of`: close it first with
 * bn_workspace_close. A refresh folds what is new since. */
int bn_workspace_view(
	bn_workspace **out, const bn_workspace *of, const bn_view_filter *only, bn_err *err);

#endif
