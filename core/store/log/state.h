/*
 * state.h - whether any file of the log has changed since somebody read all of it.
 *
 * Two equal states mean: the same files in the same directories, and of each the same inode, size, owner,
 * modification and change time. Nobody but root can set a change time, so nobody has written to them since.
 */
#ifndef BN_STORE_LOG_STATE_H
#define BN_STORE_LOG_STATE_H
#include "core/base/dir.h"
#include "core/base/hash.h"

typedef struct bn_log_state {
	uint8_t hash[BN_SHA256_BYTES];
	int64_t changed_ns; /* the newest change time: what changed a moment ago may do so again unseen */
} bn_log_state;

/* at: .binnacle. An error when anything in the log cannot be looked at. */
int bn_log_state_read(bn_log_state *out, const bn_dir *at, bn_err *err);

#endif
