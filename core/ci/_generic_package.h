/*
 * _generic_package.h - one version of a package in GitLab's generic package registry.
 *
 * Files are sent one after the other, as GitLab requires. A file that is there with the right digest is not sent: by the
 * list of the package's files, or where the token may not read that list (or an older GitLab gives no digests), by
 * downloading and hashing it. GitLab keeps every upload of one name and gives out the newest, unless the project forbids
 * duplicates.
 */
#ifndef BN_CI__GENERIC_PACKAGE_H
#define BN_CI__GENERIC_PACKAGE_H
#include "core/base/progress.h"
#include "core/ci/_forge.h"

typedef struct bn_generic_file {
	char *name;
	char sha256[65]; /* "": GitLab does not say */
	int64_t id;
} bn_generic_file;

typedef struct bn_generic {
	bn_forge *f;
	const char *package, *version; /* borrowed, valid */
	bn_generic_file *files;
	size_t count, cap;
	bool is_listed;   /* files holds what is there */
	bool is_listable; /* as far as is known */
	const bn_progress *progress;
	char what[400]; /* for messages */
} bn_generic;

/* BN_EINVAL for names that GitLab does not take; BN_EUNSUPPORTED on GitHub. */
int bn_generic_open(bn_generic *out, bn_forge *f, const char *package, const char *version,
	const bn_progress *progress, bn_err *err);
void bn_generic_release(bn_generic *g);

/* 1: it is there with that digest. 0: it is not, or holds other bytes. */
int bn_generic_has(bn_generic *g, const char *name, const char *sha256, bn_err *err);
/* Uploads a file and verifies what was stored. body is borrowed, and must be able to start again. done and total: bytes of
 * the whole push before this file, for the progress. BN_ECORRUPT if other bytes arrived; BN_ECONFLICT if the project
 * forbids a second file of that name. */
int bn_generic_put(bn_generic *g, const char *name, const char *sha256, const bn_http_upload *body,
	uint64_t done, uint64_t total, bn_err *err);
/* Appends a small file. 1: it is there, 0: it is not. */
int bn_generic_get(bn_buf *out, bn_generic *g, const char *name, uint64_t limit, bn_err *err);
/* Downloads to an open file that has the first `have` bytes. BN_ENOTFOUND. */
int bn_generic_get_file(bn_generic *g, const char *name, int fd, uint64_t have, uint64_t bytes,
	uint64_t done, uint64_t total, bn_err *err);

#endif
