/*
 * place.h - the location of a workspace's index on this host.
 *
 * A private directory of this user (0700) on a local disk: the first of
 *	$BINNACLE_INDEX                     if set, that or nothing
 *	<index>/binnacle-<uid>/<id>         index as set by a user or the site (core/base/settings.h); if the site
 *	                                    enforces it, that or memory
 *	$XDG_STATE_HOME/binnacle/<id>       (~/.local/state/binnacle/<id>)
 *	$XDG_RUNTIME_DIR/binnacle/<id>
 *	/var/tmp/binnacle-<uid>/<id>
 * that is local, can be created, is ours, is writable by nobody else, and holds no foreign index.db; else the
 * index is in memory, and each process folds the log again. If a place later turns out full or read-only, the
 * next one is used. The last two directories of a path that the user did not choose must not be links; existing
 * directories keep their mode. Never in the workspace: an index that others could have written cannot be
 * trusted. Never on a network file system: two hosts writing one SQLite file over CephFS lost half their rows.
 */
#ifndef BN_STORE_INDEX_PLACE_H
#define BN_STORE_INDEX_PLACE_H
#include "core/base/dir.h"

typedef struct bn_index_place {
	int step;      /* private: 0 before the first */
	bool enforced; /* private: what is set is the last one */
	char *dir;     /* NULL: in memory */
	char why[900]; /* why earlier ones were rejected, or "" */
} bn_index_place;

/* Moves to the next place that looks local. The last one is memory. BN_EREFUSED if BINNACLE_INDEX
 * names a network file system or the workspace. root: the path of .binnacle, or NULL. id: of the
 * workspace, or NULL for "any". */
int bn_index_place_next(
	bn_index_place *p, const bn_env *env, const char *root, const char *id, bn_err *err);
/* Creates the directory if needed, and opens it. BN_EREFUSED if another user owns it. */
int bn_index_place_open(bn_dir **out, const bn_index_place *p, const bn_env *env, bn_err *err);
/* Records why a place was not used; the next one reports it. */
void bn_index_place_failed(bn_index_place *p, const char *why);
void bn_index_place_release(bn_index_place *p);

/* A private directory `sub` for files that can be recreated, such as those of a checked-out model; the caller
 * frees it. It is below <id> in the state directory or, if that is not writable (a read-only home, or none),
 * below the next of the places above. */
int bn_index_place_files(char **out, const bn_env *env, const char *root, const char *id,
	const char *sub, bn_err *err);

#endif
