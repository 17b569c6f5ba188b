/*
 * appended.h - this process's writer and the record it appended last, to look up its outcome in the index.
 */
#ifndef BN_STORE_APPENDED_H
#define BN_STORE_APPENDED_H
#include "core/store/workspace.h"

/* Writer (borrowed until the next append) and sequence number of the last event appended by this process; false
 * if there is none. Others see it after a commit. */
bool bn_workspace_appended(const bn_workspace *ws, const char **writer, uint64_t *seq);
/* Opens this process's writer and gives its name, borrowed until the next append. It may change later (after a
 * fork, or if its slot is damaged). */
int bn_workspace_writer(const char **name, bn_workspace *ws, bn_err *err);

#endif
