/*
 * view.h - a workspace as this process alone reads it: with an index in its memory, made of the segments
 * that lie there now.
 *
 * The index that commands keep between them is a file, which whoever can write as the user can edit or
 * replace. It is good for showing, and never evidence. What is proven (audit verify, model verify, what is
 * served, predicted with or exported) is read from a view, with the same functions as from a workspace.
 *
 * A view costs what a rebuild of the index costs. Where only some entities matter, only the unsigned records
 * of these are folded; the others are read, and checked against the chain, no more. Rows of what was left out
 * are missing, so nothing may be counted in such a view.
 */
#ifndef BN_STORE_VIEW_H
#define BN_STORE_VIEW_H
#include "core/store/workspace.h"

/* Whether the unsigned records of an entity are folded. Signed ones always are. */
typedef struct bn_view_filter {
	bool (*wants)(void *ctx, const char *entity);
	void *ctx; /* lives as long as the view */
} bn_view_filter;

/* only NULL: everything. It writes nothing and borrows from `of`: bn_workspace_close it first. A refresh
 * folds what has come since. */
int bn_workspace_view(
	bn_workspace **out, const bn_workspace *of, const bn_view_filter *only, bn_err *err);

#endif
