/*
 * source.h - the bytes of a file that DVC tracks, for reading them as data: from the cache, or from a remote through it.
 *
 * The working tree is not touched. A path is tracked if PATH.dvc, or the .dvc file of a directory above it, is there; or,
 * if nothing is at the path, if any .dvc file or dvc.lock of the repository names it. A .dvc file itself stands for its
 * output.
 */
#ifndef BN_DVC_SOURCE_H
#define BN_DVC_SOURCE_H
#include "core/base/env.h"
#include "core/base/progress.h"
#include "core/dvc/md5.h"

#include <stdbool.h>

typedef struct bn_dvc_source {
	int fd; /* -1: DVC does not track the path, or not what is there now; the caller closes it, or takes it */
	char *name; /* the path without ".dvc", as the user wrote it */
	char *file,
		*path; /* the .dvc file or dvc.lock, and the output's file: relative to the repository */
	char md5[BN_MD5_HEX + 1];
	char rev[65]; /* the commit that is checked out in Git; or empty */
	bool changed; /* it is tracked, but what is there is something else: fd is -1 */
	bool fetched; /* from a remote just now */
	char *remote; /* its place; or NULL */
} bn_dvc_source;

/* The caller closes it, also after a failure. BN_EINVAL for a directory, a .dvc file of several outputs or of none;
 * BN_ENOTFOUND if the bytes are nowhere; BN_ECORRUPT if they do not have that MD5. */
int bn_dvc_source_open(bn_dvc_source *out, const bn_env *env, const char *path,
	const bn_progress *progress, bn_err *err);
void bn_dvc_source_close(bn_dvc_source *s);

#endif
