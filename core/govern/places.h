/*
 * places.h - which workspaces this user knows at which paths.
 *
 * One index over all workspaces, in the user's state directory: trust/paths/<host>, a file of each host,
 * merged (_host_files.h). It detects what a workspace's id cannot: that another workspace has replaced a
 * known one (`.binnacle` moved aside), or is below it, where a command run inside the known one would
 * find it when walking up.
 *
 *	path <version> <host, or - on a network file system> <inode> <workspace id, or -> <path>
 *
 * A path is that of the directory that contains .binnacle, with all links resolved, so a symbolic link to
 * a known workspace is the known workspace. A path on a local disk belongs to this host: /tmp/w on two
 * nodes are two workspaces. A bind mount shows a directory at a second path: the inode leads to the known
 * path, and if that is still the same directory, its entry applies.
 *
 * Of two statements about a path the higher version wins (if equal: the greater id), so that accepting
 * another workspace, or forgetting, on one host counts on all. No clock is compared.
 *
 * The same workspace at a further path (moved, copied, another mount) is a note. Files that are damaged, owned
 * by another user or writable by others are treated as in memory.h. At most BN_PLACES paths are kept; at the
 * limit, forgotten ones are dropped, and missing local ones of this host or of hosts without a file.
 */
#ifndef BN_GOVERN_PLACES_H
#define BN_GOVERN_PLACES_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/id.h"

#define BN_PLACES 8192

typedef enum bn_place_kind {
	BN_PLACE_NEW,   /* neither the path nor the workspace is known */
	BN_PLACE_KNOWN, /* this workspace, at this path */
	BN_PLACE_MOVED, /* this workspace, at another path: other_path */
	BN_PLACE_OTHER, /* another workspace was here: other_id (and other_path, for a bind mount) */
	BN_PLACE_BENEATH, /* inside a known workspace's directory: other_id, other_path */
	BN_PLACE_UNREAD,  /* the memory cannot be read or trusted: why */
} bn_place_kind;

typedef struct bn_place {
	bn_place_kind kind;
	char *path;                  /* resolved */
	char other_id[BN_UUID_TEXT]; /* or "" */
	char *other_path;            /* or NULL */
	bool is_copy;  /* BN_PLACE_MOVED, and there is a workspace at other_path as well */
	char why[256]; /* may be set with any kind: a host's file that was not read */
	/* For the judge, if it was found above the named directory. */
	bool is_unasked; /* not set here: it belongs to another user, and was not named */
	char lost_id[BN_UUID_TEXT]; /* of the known workspace on the way up, or "" */
	char *lost_path;            /* its path, or NULL */
} bn_place;

/* root: the path of .binnacle. BN_ENOTFOUND, BN_EIO if it cannot be resolved. Release also after a
 * failure. */
int bn_place_find(
	bn_place *out, const bn_env *env, const char *root, const char *workspace_id, bn_err *err);
void bn_place_release(bn_place *p);

/* The workspace found by bn_place_find is above the directory `named`: checks for a known one in between that
 * has disappeared. Sets lost_id and lost_path. */
int bn_place_find_lost(
	bn_place *p, const bn_env *env, const char *named, const char *workspace_id, bn_err *err);

/* Records that this workspace is there; does nothing if that is known. replace: overwrites what was
 * known about the path, for `trust accept` and `init`; else BN_EREFUSED if it is another's path or
 * inside one. BN_ECONFLICT and BN_EIO as bn_memory_learn. */
int bn_place_learn(
	const bn_env *env, const char *root, const char *workspace_id, bool replace, bn_err *err);
/* Forgets all paths of a workspace, on every host. */
int bn_place_forget(const bn_env *env, const char *workspace_id, bn_err *err);

#endif
