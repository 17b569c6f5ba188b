/*
 * cache.h - DVC's cache: files named by their MD5 (dvc/cachemgr.py, dvc_data/hashfile/db/local.py).
 *
 *	<cache>/files/md5/ab/cdef...        a file, mode 0444
 *	<cache>/files/md5/ab/cdef....dir    the listing of a directory (listing.h)
 *	<cache>/ab/cdef...[.dir]            the same of DVC 2 ("md5-dos2unix")
 *
 * DVC takes an object of mode 0444 for what its name says, without reading it. So an object gets its name when its
 * bytes are known to have that MD5 and are on disk, and never changes. Until then it is files/md5/.<16 hex>.tmp, or once
 * it is large and its MD5 was said before, files/md5/.<MD5>.tmp, under a lock (flock): the next fetch of it continues
 * there. The next writer removes either a day after its process was killed.
 *
 * The cache is .dvc/cache, or what cache.dir names. If that is outside of the repository and .dvc/config says so, which
 * comes with the repository, it must exist already. No link below it is followed.
 */
#ifndef BN_DVC_CACHE_H
#define BN_DVC_CACHE_H
#include "core/base/progress.h"
#include "core/dvc/listing.h"
#include "core/dvc/repo.h"
#include "core/dvc/state.h"

typedef enum bn_dvc_link {
	BN_DVC_REFLINK,
	BN_DVC_HARDLINK,
	BN_DVC_SYMLINK,
	BN_DVC_COPY
} bn_dvc_link;

typedef struct bn_dvc_cache {
	const bn_env *env;
	bn_dir *dir; /* its path is absolute; NULL: there is none yet, and nothing is in it */
	char *path;
	bool shared;          /* cache.shared = group */
	bn_dvc_link links[4]; /* how files are placed, in this order (cache.type) */
	size_t link_count;
} bn_dvc_cache;

/* The identity of an object. */
typedef struct bn_dvc_oid {
	char md5[BN_MD5_HEX + 1];
	bool is_dir, is_legacy;
} bn_dvc_oid;

#define BN_DVC_KEY 64
/* "files/md5/ab/cdef...", relative to a cache or a remote. Returns key. */
const char *bn_dvc_key(const bn_dvc_oid *oid, char key[BN_DVC_KEY]);

/* to_write: it is made if there is none. */
int bn_dvc_cache_open(bn_dvc_cache *c, const bn_dvc_repo *r, bool to_write, bn_err *err);
void bn_dvc_cache_close(bn_dvc_cache *c);

bool bn_dvc_cache_has(const bn_dvc_cache *c, const bn_dvc_oid *oid);
/* Opens an object for reading. BN_ENOTFOUND. */
int bn_dvc_cache_open_object(int *fd, const bn_dvc_cache *c, const bn_dvc_oid *oid, bn_err *err);
/* A listing, whose MD5 is verified, unless the state (may be NULL) says that it was before. BN_ENOTFOUND; BN_ECORRUPT. */
int bn_dvc_cache_listing(bn_dvc_listing *l, const bn_dvc_cache *c, bn_dvc_state *state,
	const bn_dvc_oid *oid, bn_err *err);

/* ---- an object that is being written ----------------------------------------------------------- */

/* Any thread may write one. */
typedef struct bn_dvc_incoming {
	const bn_dvc_cache *c;
	char name[64];  /* temporary, in the cache; empty: none */
	char known[64]; /* the name under which it is left when it is interrupted; empty: it is not */
	int fd;
	uint64_t bytes;
	bn_md5 md5;
	bool verified; /* the caller has read it back, and its MD5 is the one that finish gets */
} bn_dvc_incoming;

int bn_dvc_incoming_begin(bn_dvc_incoming *in, const bn_dvc_cache *c, bn_err *err);
/* Of this oid: continues what an interrupted one has left, if there is something: `bytes` are there already. */
int bn_dvc_incoming_continue(bn_dvc_incoming *in, const bn_dvc_cache *c, const bn_dvc_oid *oid,
	const bn_progress *progress, bn_err *err);
int bn_dvc_incoming_add(bn_dvc_incoming *in, const void *bytes, size_t n, bn_err *err);
/* Makes it a clone of an open file, on file systems that share blocks (reflink). False: nothing was done. The caller
 * reads it back and sets `verified`. */
bool bn_dvc_incoming_clone(bn_dvc_incoming *in, int fd);
/* Names it. With oid->md5 empty, it is set; otherwise the bytes must have it: BN_ECORRUPT. what: for messages. What
 * has that name already stays. */
int bn_dvc_incoming_finish(bn_dvc_incoming *in, bn_dvc_oid *oid, const char *what, bn_err *err);
void bn_dvc_incoming_abort(
	bn_dvc_incoming *in); /* removes what has no name yet; a finished one is fine */
/* As abort, but for what the next bn_dvc_incoming_continue can use. */
void bn_dvc_incoming_leave(bn_dvc_incoming *in);

/* Stores a listing in order. *oid and *size are set. */
int bn_dvc_cache_put_listing(bn_dvc_oid *oid, int64_t *size, const bn_dvc_cache *c,
	const bn_dvc_listing *l, bn_err *err);

#endif
