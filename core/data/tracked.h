/*
 * tracked.h - a source whose bytes are kept elsewhere: a file that DVC tracks, or a pointer of Git LFS.
 *
 * A path that DVC tracks is read from its cache, or through it from a remote, even if nothing is in the working tree
 * (core/dvc/source.h). If something else is there, that is read, and a note says so. A pointer of Git LFS is replaced by
 * its file (core/lfs/object.h). Which file it was is recorded in the version's recipe:
 *
 *	"tracked": {"by": "dvc", "file": "data/jobs.csv.dvc", "path": "data/jobs.csv", "md5": "...", "rev": "..."}
 *	"tracked": {"by": "git-lfs", "path": "data/jobs.csv", "oid": "sha256:...", "rev": "..."}
 *
 * rev: the commit of Git that is checked out there, if there is one. Paths are relative to the repository.
 */
#ifndef BN_DATA_TRACKED_H
#define BN_DATA_TRACKED_H
#include "core/source/input.h"
#include "core/source/source.h"

#include <jansson.h>

typedef struct bn_tracked {
	json_t *record; /* as above; NULL: the source is what is at its path */
	char *note;     /* for the user; or NULL */
} bn_tracked;

#define BN_TRACKED_INIT \
	{ \
		NULL, NULL \
	}

/* As bn_input_open. progress: of spooling and of transfers; may be NULL. The caller releases *tracked, also after a
 * failure. Errors of core/dvc/source.h and core/lfs/object.h. */
int bn_tracked_open(bn_input **out, bn_tracked *tracked, const bn_env *env, const char *uri,
	const bn_progress *progress, bn_err *err);
/* Adds the note to those on how the source was read. */
int bn_tracked_tell(const bn_tracked *tracked, bn_source_notes *notes, bn_err *err);
void bn_tracked_release(bn_tracked *tracked);

#endif
