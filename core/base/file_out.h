/*
 * file_out.h - a file that is written piece by piece and appears whole or not at all.
 *
 * The pieces go to another name beside it ("PATH.<16 hex>.tmp"); finishing syncs it and puts it in
 * place, so that an interrupted program leaves the old file. Nobody can lay something in the way of that name,
 * and what lies at the path, a link perhaps, is replaced and not followed. A device or a pipe is written to as it stands. Without a path it is a file that has no name
 * at all, for text that has to wait until it is known to be right, and is then read back.
 */
#ifndef BN_BASE_FILE_OUT_H
#define BN_BASE_FILE_OUT_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stddef.h>
#include <sys/types.h>

typedef struct bn_file_out bn_file_out;

/* path: one that the user named; or NULL: nameless, in $TMPDIR or /tmp. mode is left to the umask. BN_EREFUSED for a
 * pipe of another user. */
int bn_file_out_open(
	bn_file_out **out, const bn_env *env, const char *path, mode_t mode, bn_err *err);
int bn_file_out_add(bn_file_out *f, const void *bytes, size_t n, bn_err *err);
int bn_file_out_restart(
	bn_file_out *f, bn_err *err); /* what was added is void; a device has had it */
/* Hands everything to give(), in pieces. Not of a device. */
int bn_file_out_read(bn_file_out *f,
	int (*give)(void *user, const void *bytes, size_t n, bn_err *err), void *user, bn_err *err);
/* Of a nameless file, for who reads it at places; it stays the file's. */
int bn_file_out_fd(const bn_file_out *f);
/* Durable at its path: file and directory are synced. Not of a nameless one. */
int bn_file_out_finish(bn_file_out *f, bn_err *err);
void bn_file_out_free(bn_file_out *f); /* an unfinished file goes; NULL is fine */

#endif
