/*
 * dir_out.h - a directory written in pieces that appears as a whole or not at all: the twin of file_out.h.
 *
 * The files are written below a temporary name beside it ("PATH.<16 hex>.tmp"); finishing renames that into
 * place. What is at the path is never written to: it must be absent, or, if the caller names what it may
 * replace, a directory that holds nothing else, which is then set aside, replaced and removed (an interrupted
 * program may leave it as "PATH.<16 hex>.old").
 *
 * A directory that resumes is written below "PATH.partial", which stays when it is not finished, and which the
 * next one continues. It must be this user's own, and one process is at it at a time.
 */
#ifndef BN_BASE_DIR_OUT_H
#define BN_BASE_DIR_OUT_H
#include "core/base/dir.h"

typedef struct bn_dir_out bn_dir_out;

typedef struct bn_dir_out_how {
	/* Names that a directory to be replaced may hold, ends with NULL; NULL: nothing is replaced. Borrowed
	 * until it is finished. */
	const char *const *replaces;
	const char *what; /* what such a directory is, for messages: "an OCI image layout" */
	bool resumes;
} bn_dir_out_how;

/* BN_ECONFLICT if something is at path and replaces is NULL, or if another process writes a directory that
 * resumes; BN_EREFUSED if what is there is something else, or "PATH.partial" is not the user's own;
 * BN_ENOTFOUND if its parent does not exist. */
int bn_dir_out_open(bn_dir_out **out, const bn_env *env, const char *path,
	const bn_dir_out_how *how, bn_err *err);
/* Where the files are written, until it is finished; borrowed. The caller syncs what it writes. */
const bn_dir *bn_dir_out_at(const bn_dir_out *d);
int bn_dir_out_finish(bn_dir_out *d, bn_err *err);
/* Removes an unfinished one, unless it resumes. NULL is fine. */
void bn_dir_out_free(bn_dir_out *d);

#endif
