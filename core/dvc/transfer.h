/*
 * transfer.h - objects between the cache and remotes: pull, push.
 *
 * What arrives is hashed on the way and gets its name in the cache only if it has that MD5. What leaves is hashed
 * before: an object that is damaged in the cache stays there. Of a directory the files go first and the listing last,
 * and only if all its files are in the remote (as dvc_data/hashfile/transfer.py does), so whoever finds a listing
 * finds its files.
 *
 * Each object is moved alone, so an interrupted transfer is continued by repeating it; a large object is continued where
 * it ended (cache.h; core/remote/store.h for what is sent).
 */
#ifndef BN_DVC_TRANSFER_H
#define BN_DVC_TRANSFER_H
#include "core/dvc/session.h"

typedef struct bn_dvc_moved {
	int64_t objects, bytes;  /* that were transferred */
	int64_t placed, removed; /* files of the working tree (pull) */
	int64_t skipped; /* outputs that are not to be pushed: uncached, push: false, imported */
	char *places;    /* "s3://bucket/data": remotes that were asked, or NULL */
} bn_dvc_moved;

void bn_dvc_moved_release(bn_dvc_moved *m);

typedef struct bn_dvc_transfer_options {
	const char *remote; /* NULL: core.remote. An output with a remote of its own uses that. */
	bool force;         /* pull: replaces what would be lost (place.h) */
	bool fetch_only;    /* pull: into the cache alone */
} bn_dvc_transfer_options;

/* The session was opened to write. On failure what was transferred stays. BN_ENOTFOUND if objects are in no remote that
 * was asked: outputs that are complete are placed all the same. */
int bn_dvc_pull(bn_dvc_moved *moved, bn_dvc_session *s, const bn_dvc_chosen *chosen,
	const bn_dvc_transfer_options *options, bn_err *err);
/* One object of an output, into the cache: of a directory its listing, or a file of it. BN_ENOTFOUND if the output's
 * remote lacks it. */
int bn_dvc_fetch_one(bn_dvc_moved *moved, bn_dvc_session *s, const bn_dvc_out *o,
	const bn_dvc_oid *oid, const bn_dvc_transfer_options *options, bn_err *err);
/* BN_ENOTFOUND if objects are neither in the cache nor in the remote; all others are pushed. */
int bn_dvc_push(bn_dvc_moved *moved, bn_dvc_session *s, const bn_dvc_chosen *chosen,
	const bn_dvc_transfer_options *options, bn_err *err);

#endif
