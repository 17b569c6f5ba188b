/*
 * places.h - at which paths this user met which workspace.
 *
 * One index over all workspaces, in the user's state directory: trust/paths/<host>, a file of each host,
 * merged (_host_files.h). It finds what a workspace's own id cannot tell: that another workspace lies
 * where a known one was (`.binnacle` moved aside, a new one in its place), or beneath it, where a
 * command run inside the known one would walk up into it.
 *
 *	path <version> <host, or - on a network file system> <inode> <workspace id, or -> <path>
 *
 * A path is that of the directory which holds .binnacle, all links resolved, so a symbolic link to a
 * known workspace is the known workspace. A path on a local disk is this host's: /tmp/w of two nodes
 * are two workspaces. A bind mount shows a directory at a second path: the inode leads to the path that is
 * known, and if that still is the same directory, what is known of it holds.
 *
 * Of two statements of one path the higher version holds (equal ones: the greater id), so that accepting
 * another workspace, or forgetting, on one host counts on all. No clock is compared.
 *
 * The same workspace at a further path (moved, copied, another mount) is a note. What is damaged, of
 * another user or writable for others is treated as memory.h says. At most BN_PLACES paths are kept; when they are
 * reached, those that were forgotten go, and local ones that are gone, of this host or of hosts without a file.
 */
#ifndef BN_GOVERN_PLACES_H
#define BN_GOVERN_PLACES_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/id.h"

#define BN_PLACES 8192

typedef enum bn_place_kind {
	BN_PLACE_NEW,   /* neither the path nor the workspace was met before */
	BN_PLACE_KNOWN, /* this workspace, at this path */
	BN_PLACE_MOVED, /* this workspace, at another path: other_path */
	BN_PLACE_OTHER, /* another workspace was here: other_id (and other_path, if that is a bind mount) */
	BN_PLACE_BENEATH, /* in a known workspace's directory: other_id, other_path */
	BN_PLACE_UNREAD,  /* what is remembered cannot be read or believed: why */
} bn_place_kind;

typedef struct bn_place {
	bn_place_kind kind;
	char *path;                  /* resolved */
	char other_id[BN_UUID_TEXT]; /* or "" */
	char *other_path;            /* or NULL */
	bool is_copy;  /* BN_PLACE_MOVED, and a workspace lies at other_path as well */
	char why[256]; /* also beside another kind: a host's file that was not read */
	/* For who judges, when it was found above the directory that was named. */
	bool is_unasked; /* not set here: it belongs to another user, and nobody named it */
	char lost_id[BN_UUID_TEXT]; /* of the known workspace that lay on the way up, or "" */
	char *lost_path;            /* where that was, or NULL */
} bn_place;

/* root: the path of .binnacle. BN_ENOTFOUND, BN_EIO when it cannot be resolved. Release also after a
 * failure. */
int bn_place_find(
	bn_place *out, const bn_env *env, const char *root, const char *workspace_id, bn_err *err);
void bn_place_release(bn_place *p);

/* The workspace that bn_place_find has found lies above `named`, a directory: whether a known one was on the way,
 * which is gone from there. Sets lost_id and lost_path. */
int bn_place_find_lost(
	bn_place *p, const bn_env *env, const char *named, const char *workspace_id, bn_err *err);

/* Remembers that this workspace lies there; does nothing when that is known. replace: whatever was known
 * of the path, for `trust accept` and `init`; else BN_EREFUSED when it is another's or lies beneath one.
 * BN_ECONFLICT and BN_EIO as bn_memory_learn. */
int bn_place_learn(
	const bn_env *env, const char *root, const char *workspace_id, bool replace, bn_err *err);
/* Forgets all paths of a workspace, on every host. */
int bn_place_forget(const bn_env *env, const char *workspace_id, bn_err *err);

#endif
