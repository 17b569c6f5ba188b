/*
 * merge.h - merging small adjacent segments of one writer into a wider one.
 */
#ifndef BN_STORE_LOG_MERGE_H
#define BN_STORE_LOG_MERGE_H
#include "core/base/dir.h"

#include <stddef.h>

enum { BN_MERGE_AT = 24 };

/* Merges the newest segments in dir, a writer's directory below at, if there are at least merge_at of them.
 * The caller holds the slot's lock. A failure leaves the parts as they are. */
int bn_log_merge(const bn_dir *at, const char *dir, size_t merge_at, bn_err *err);

#endif
