/*
 * place.h - where the index of a workspace lies on this host, and why there.
 *
 * A directory of this user alone (0700) on a local disk: the first of
 *	$BINNACLE_INDEX                     when it is set, that or nothing
 *	<index>/binnacle-<uid>/<id>         index as a user or the site has set it (core/base/settings.h); where the site
 *	                                    enforces it, that or memory
 *	$XDG_STATE_HOME/binnacle/<id>       (~/.local/state/binnacle/<id>)
 *	$XDG_RUNTIME_DIR/binnacle/<id>
 *	/var/tmp/binnacle-<uid>/<id>
 * that is local, can be made, is ours, may be written by nobody else, and holds no index.db of another
 * kind; else the index is in memory, and each process folds the log anew. A place that turns out full
 * or read-only later is left for the next one as well. The last two directories of a path that the
 * user did not choose are no links; what is there already keeps its mode. Never in the workspace: an index that somebody else could have written is not to be
 * believed. Never on a network file system: two hosts that wrote one SQLite file over CephFS lost
 * half their rows.
 */
#ifndef BN_STORE_INDEX_PLACE_H
#define BN_STORE_INDEX_PLACE_H
#include "core/base/dir.h"

typedef struct bn_index_place {
	int step;      /* private: 0 before the first */
	bool enforced; /* private: what is set is the last one */
	char *dir;     /* NULL: in memory */
	char why[900]; /* why not the ones before, or "" */
} bn_index_place;

/* Goes on to the next place that looks local. The last one is memory. BN_EREFUSED when
 * BINNACLE_INDEX names a network file system or the workspace. root: the path of .binnacle, or NULL.
 * id: of the workspace, or NULL for "any". */
int bn_index_place_next(
	bn_index_place *p, const bn_env *env, const char *root, const char *id, bn_err *err);
/* Makes the directory when it is not there, and opens it. BN_EREFUSED when it is somebody else's. */
int bn_index_place_open(bn_dir **out, const bn_index_place *p, const bn_env *env, bn_err *err);
/* Notes why a place was not used; the next one says so. */
void bn_index_place_failed(bn_index_place *p, const char *why);
void bn_index_place_release(bn_index_place *p);

/* A directory `sub` of this user alone for files that can be made again, such as a model's that is checked out;
 * yours. It is below <id> in the state directory; where nothing can be made there (a read-only home, none), below the
 * next of the places above. */
int bn_index_place_files(char **out, const bn_env *env, const char *root, const char *id,
	const char *sub, bn_err *err);

#endif
