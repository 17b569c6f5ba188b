/*
 * state.h - detects whether any file of the log has changed since it was read.
 *
 * Equal states mean the same files in the same directories, each with the same inode, size, owner,
 * modification and change time. Only root can set a change time, so nobody has written to them since.
 */
#ifndef BN_STORE_LOG_STATE_H
#define BN_STORE_LOG_STATE_H
#include "core/base/dir.h"
#include "core/base/hash.h"

typedef struct bn_log_state {
	uint8_t hash[BN_SHA256_BYTES];
	int64_t changed_ns; /* the newest change time; a later change may have the same one */
} bn_log_state;

/* at: .binnacle. An error if anything in the log cannot be examined. */
int bn_log_state_read(bn_log_state *out, const bn_dir *at, bn_err *err);

#endif
