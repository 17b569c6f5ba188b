/*
 * appended.h - where the record lies that this process has just appended: who asks what the fold made of it.
 */
#ifndef BN_STORE_APPENDED_H
#define BN_STORE_APPENDED_H
#include "core/store/workspace.h"

/* Writer (borrowed until the next append) and sequence number of the last event that was appended here; false when
 * there is none. It is there for others after a commit. */
bool bn_workspace_appended(const bn_workspace *ws, const char **writer, uint64_t *seq);

#endif
