/*
 * file_out.h - a file written in pieces that appears as a whole or not at all.
 *
 * The pieces are written to a temporary name beside it ("PATH.<16 hex>.tmp"); finishing syncs the file and
 * renames it into place, so an interrupted program leaves the old file. The temporary name cannot be predicted,
 * and whatever is at the path, even a link, is replaced and not followed. A device or a pipe is written to
 * directly. Without a path the file has no name: it holds output until that is known to be valid, and is then
 * read back.
 */
#ifndef BN_BASE_FILE_OUT_H
#define BN_BASE_FILE_OUT_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct bn_file_out bn_file_out;

/* path: named by the user, or NULL for a nameless file in $TMPDIR or /tmp. mode is subject to the umask.
 * BN_EREFUSED for a pipe of another user. */
int bn_file_out_open(
	bn_file_out **out, const bn_env *env, const char *path, mode_t mode, bn_err *err);
int bn_file_out_add(bn_file_out *f, const void *bytes, size_t n, bn_err *err);
int bn_file_out_restart(bn_file_out *f,
	bn_err *err); /* discards what was added (but a device has already received it) */
/* Passes the whole content to give(), in pieces. Not for a device. */
int bn_file_out_read(bn_file_out *f,
	int (*give)(void *user, const void *bytes, size_t n, bn_err *err), void *user, bn_err *err);
/* The descriptor of a nameless file, for random reads; it remains the file's. */
int bn_file_out_fd(const bn_file_out *f);
/* Makes the file durable at its path: file and directory are synced. Not for a nameless file. */
int bn_file_out_finish(bn_file_out *f, bn_err *err);
void bn_file_out_free(bn_file_out *f); /* removes an unfinished file; NULL is fine */

#endif
