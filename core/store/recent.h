/*
 * recent.h - a refresh that need not be repeated: one part of a command has looked at the log for another.
 */
#ifndef BN_STORE_RECENT_H
#define BN_STORE_RECENT_H
#include "core/store/workspace.h"

/* The next bn_workspace_refresh (or read) answers with what the last one has folded, without a look at the log,
 * unless something is appended before or 20 ms have gone by. changed: what that refresh had said, for the one
 * whom the next one answers. */
void bn_workspace_mark_recent(bn_workspace *ws, bool changed);
/* The next one looks at the log whatever was marked. */
void bn_workspace_unmark_recent(bn_workspace *ws);

#endif
