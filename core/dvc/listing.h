/*
 * listing.h - the listing of a tracked directory: the object "<md5>.dir".
 *
 *	[{"md5": "60b7...", "relpath": "a.csv"}, {"md5": "d41d...", "relpath": "sub/b.csv"}]
 *
 * It is hashed as it is written, so it is written as Python's json.dumps does: in order of relpath (by code points,
 * which is that of UTF-8's bytes), separators ", " and ": ", everything but ASCII escaped (dvc_data/hashfile/tree.py).
 *
 * What comes from a cache or a remote is not trusted: a path must be relative, with no empty part, ".", ".." or
 * control directory (.git, .hg, .dvc) in it, and must not be there twice or below another entry. It is parsed in one
 * pass without a tree, as listings of a million files exist.
 */
#ifndef BN_DVC_LISTING_H
#define BN_DVC_LISTING_H
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/dvc/md5.h"

#include <stdbool.h>

typedef struct bn_dvc_entry {
	const char *path; /* relpath, in the listing's memory */
	char md5[BN_MD5_HEX + 1];
	int64_t size;   /* -1: unknown; not written */
	uint64_t inode; /* of a file that was scanned (scan.h), with its time of modification */
	int64_t modified_ns;
} bn_dvc_entry;

typedef struct bn_dvc_listing {
	bn_dvc_entry *items;
	size_t count, cap;
	bn_arena texts;
} bn_dvc_listing;

#define BN_DVC_LISTING_INIT \
	{ \
		NULL, 0, 0, BN_ARENA_INIT \
	}
void bn_dvc_listing_release(bn_dvc_listing *l);

/* name: for messages. BN_EINVAL with the number of the entry. On success the entries are in order. */
int bn_dvc_listing_parse(
	bn_dvc_listing *l, const char *text, size_t n, const char *name, bn_err *err);
/* Copies the path. md5 may be NULL: set later. */
int bn_dvc_listing_add(
	bn_dvc_listing *l, const char *path, const char *md5, int64_t size, bn_err *err);
/* Puts the entries in order. */
void bn_dvc_listing_sort(bn_dvc_listing *l);
/* NULL: none. The listing must be in order. */
const bn_dvc_entry *bn_dvc_listing_find(const bn_dvc_listing *l, const char *path);
/* The text of a listing in order. BN_EINVAL for a path that is not UTF-8. */
int bn_dvc_listing_write(bn_buf *text, const bn_dvc_listing *l, bn_err *err);

#endif
