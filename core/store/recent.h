/*
 * recent.h - skips a redundant refresh when an earlier part of a command has just done one.
 */
#ifndef BN_STORE_RECENT_H
#define BN_STORE_RECENT_H
#include "core/store/workspace.h"

/* The next bn_workspace_refresh (or read) returns the result of the last one without reading the log, unless
 * something is appended before or 20 ms have passed. changed: the result of that refresh, for the next
 * caller. */
void bn_workspace_mark_recent(bn_workspace *ws, bool changed);
/* The next refresh reads the log regardless of any mark. */
void bn_workspace_unmark_recent(bn_workspace *ws);

#endif
