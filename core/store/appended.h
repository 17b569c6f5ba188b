/*
 * appended.h - where this process appends: its writer, and the record that it has just appended, for who asks
 * what the fold made of it.
 */
#ifndef BN_STORE_APPENDED_H
#define BN_STORE_APPENDED_H
#include "core/store/workspace.h"

/* Writer (borrowed until the next append) and sequence number of the last event that was appended here; false when
 * there is none. It is there for others after a commit. */
bool bn_workspace_appended(const bn_workspace *ws, const char **writer, uint64_t *seq);
/* The name of this process's writer, which is opened; borrowed until the next append. It may be another one later
 * (after a fork, or when its slot is damaged). */
int bn_workspace_writer(const char **name, bn_workspace *ws, bn_err *err);

#endif
