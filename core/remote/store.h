/*
 * store.h - places that hold bytes under keys: a directory, an S3 bucket, a server of files.
 *
 * A bn_remote_store knows no workspace, and gives the bytes under a key no meaning. What is kept there (the objects
 * of a workspace, a cache of DVC's) is the caller's to name and to verify: bytes from elsewhere are never trusted, so
 * a reader that knows a hash gives it, or hashes what it gets.
 *
 * Keys are relative paths of UTF-8 ("objects/ab/cdef"), without empty parts, "." and "..", without control characters,
 * of at most BN_REMOTE_KEY_MAX bytes, not below ".binnacle-tmp". They are below the place that the URL names.
 *
 *	/scratch/shared/data, file:///scratch/shared/data
 *		a directory (NFS, CephFS, Lustre). A key is a file below it, which appears complete or not at all, and
 *		is durable when a put returns. No link below the directory is followed. What is being written lies in
 *		".binnacle-tmp" there.
 *	s3://BUCKET/PREFIX
 *		an S3 bucket (s3.h): AWS, Ceph's radosgw, MinIO
 *	http://HOST/PATH, https://HOST/PATH
 *		a server of files, for reading. It cannot list, and its answers are nobody's promise: give hashes.
 *
 * A store is used by one thread. bn_remote_store_again opens the same place for another (each.h does so).
 * Every call may take long, reports progress in bytes, and can be cancelled (BN_EINTR).
 *
 * Errors. BN_ENOTFOUND: no such key; of bn_remote_store_open, no such directory. BN_EREFUSED:
 * credentials that are missing, wrong or not sufficient, clocks that differ, a link in the way. BN_EIO: no connection,
 * a full disk, a server that stays busy after all tries. BN_ECORRUPT: the bytes are not those of the hash. BN_ECONFLICT:
 * changed while it was read. BN_EUNSUPPORTED: this kind of place cannot do that. BN_EINVAL: a key or a URL that is not one; no such bucket.
 */
#ifndef BN_REMOTE_STORE_H
#define BN_REMOTE_STORE_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BN_REMOTE_KEY_MAX 1000 /* bytes; with the place's prefix S3 allows 1024 */

typedef struct bn_remote_store bn_remote_store;

typedef enum bn_remote_style {
	BN_REMOTE_STYLE_AUTO, /* virtual-host for AWS, path for every other endpoint */
	BN_REMOTE_STYLE_PATH, /* https://ENDPOINT/BUCKET/KEY */
	BN_REMOTE_STYLE_HOST, /* https://BUCKET.ENDPOINT/KEY */
} bn_remote_style;

/* All optional; copied. */
typedef struct bn_remote_options {
	/* S3: the server's URL ("https://s3.site.example"); NULL: $AWS_ENDPOINT_URL_S3, $AWS_ENDPOINT_URL, the
	 * profile's endpoint_url, else AWS's of the region. */
	const char *endpoint;
	const char *
		region; /* S3: NULL: $AWS_REGION, $AWS_DEFAULT_REGION, the profile's, else "us-east-1" */
	const char *profile; /* S3: of ~/.aws; NULL: $AWS_PROFILE, else "default" */
	bn_remote_style style;
	/* S3: a secret's signature goes over http to other hosts than this one. */
	bool allow_http;
	bool anonymous;      /* S3: requests are not signed */
	const char *ca_file; /* PEM: trusted instead of the system's authorities */
	/* S3: uploads above this size go in parts of that size; 0: 16 MiB. At least 5 MiB. A test's own listener
	 * may be given less. */
	uint64_t part_bytes;
	/* How often a request is sent in all while the server is busy (429, 500, 502, 503 SlowDown, 504) or the
	 * connection fails; 0: 6. The first wait, doubled each time: 0: 300 ms. */
	int attempts, backoff_ms;
	/* Directory: modes of what is created; 0: what the directory itself allows: its bits for directories, its
	 * bits of reading for files, which are never written to again. */
	mode_t dir_mode, file_mode;
} bn_remote_options;

/* BN_EINVAL: not such a URL. BN_ENOTFOUND: no such directory; an S3 bucket is not asked for. BN_EREFUSED: S3 without
 * credentials. options may be NULL. env is borrowed. The caller owns *out. */
int bn_remote_store_open(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *options, bn_err *err);
/* The same place, with the credentials found then, for another thread. */
int bn_remote_store_again(bn_remote_store **out, const bn_remote_store *s, bn_err *err);
void bn_remote_store_close(bn_remote_store *s); /* NULL is fine */

/* Whether this is a URL that bn_remote_store_open understands: 0 or BN_EINVAL with what would be right. */
int bn_remote_url_check(const char *url, bn_err *err);
/* For messages: the URL without anything secret. Borrowed. */
const char *bn_remote_store_place(const bn_remote_store *s);
const char *bn_remote_store_kind(const bn_remote_store *s); /* "directory", "s3", "http" */
/* Borrowed: the URL of the server that requests go to, or NULL for a directory: what a site's settings allow. */
const char *bn_remote_store_server(const bn_remote_store *s);
/* Where the credentials come from: "environment", "profile lab of /home/ann/.aws/credentials"; NULL: none. */
const char *bn_remote_store_credentials(const bn_remote_store *s);
bool bn_remote_store_is_writable(const bn_remote_store *s); /* this kind of place */
bool bn_remote_store_can_list(const bn_remote_store *s);
int bn_remote_key_check(const char *key, bn_err *err); /* 0 or BN_EINVAL */

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct bn_remote_info {
	uint64_t bytes;
	int64_t modified_ms; /* since 1970; 0: not said */
} bn_remote_info;

int bn_remote_store_stat(
	bn_remote_store *s, const char *key, bn_remote_info *out, bn_err *err); /* BN_ENOTFOUND */

/* Takes all n bytes, in order; a negative code with err ends the get. */
typedef struct bn_remote_sink {
	int (*write)(void *user, const void *bytes, size_t n, bn_err *err);
	void *user;
} bn_remote_sink;

/* Passes the bytes from byte `from` to the end to the sink; *to (may be NULL) becomes the offset after the last one
 * passed, also after an error: a later call continues there. Connections that fail are made again from where they
 * failed. Nothing is verified. BN_ECONFLICT if the bytes under the key changed meanwhile; from at the end: nothing. */
int bn_remote_store_get(bn_remote_store *s, const char *key, uint64_t from,
	const bn_remote_sink *sink, uint64_t *to, const bn_progress *progress, bn_err *err);
/* Appends count bytes from byte first on (fewer only at the end) to out. */
int bn_remote_store_read(bn_buf *out, bn_remote_store *s, const char *key, uint64_t first,
	size_t count, bn_err *err);
/* Appends all of a small thing. BN_EINVAL above limit bytes. sha256: hex, or NULL; BN_ECORRUPT. */
int bn_remote_store_load(bn_buf *out, bn_remote_store *s, const char *key, size_t limit,
	const char *sha256, bn_err *err);
/* To an open file of read and write access, named path in messages, whose first `have` bytes are there already (of an
 * earlier, interrupted call); the rest of the file is overwritten and cut. sha256: of all bytes, verified by reading
 * them back; on BN_ECORRUPT the file is emptied. Not synced. *bytes (may be NULL): the length. */
int bn_remote_store_get_file(bn_remote_store *s, const char *key, int fd, const char *path,
	uint64_t have, const char *sha256, uint64_t *bytes, const bn_progress *progress,
	bn_err *err);

/* Calls each() for every key that begins with prefix ("" for all), which need not end at a '/', in order of bytes;
 * a non-zero return value stops the list and is returned. */
typedef int bn_remote_each_key(void *ctx, const char *key, const bn_remote_info *info, bn_err *err);
int bn_remote_store_list(
	bn_remote_store *s, const char *prefix, bn_remote_each_key *each, void *ctx, bn_err *err);

/* ---- writing -------------------------------------------------------------------------------- */

/* What is put: n bytes of memory, or with bytes NULL those of an open file from offset on. */
typedef struct bn_remote_source {
	const void *bytes;
	int fd;
	uint64_t offset;
	const char *path; /* of the file, for messages */
	uint64_t n;
	/* hex; or NULL: not known. What was sent is compared with it, and BN_ECORRUPT leaves nothing there. With it an
	 * interrupted put is continued by the next one of the same key. */
	const char *sha256;
} bn_remote_source;

typedef enum bn_remote_when {
	BN_REMOTE_REPLACE,
	BN_REMOTE_IF_ABSENT, /* what is there stays */
} bn_remote_when;

/* Durable on return as far as the place promises. *put (may be NULL): false if the key was there and stays.
 * IF_ABSENT is decided by the place itself: a directory (link), S3 with If-None-Match; where a server does not know
 * that (s3.h), or for an upload in parts, by asking before. */
int bn_remote_store_put(bn_remote_store *s, const char *key, const bn_remote_source *source,
	bn_remote_when when, bool *put, const bn_progress *progress, bn_err *err);
int bn_remote_store_put_bytes(bn_remote_store *s, const char *key, const void *bytes, size_t n,
	bn_remote_when when, bool *put, bn_err *err);
/* A missing key is fine. */
int bn_remote_store_remove(bn_remote_store *s, const char *key, bn_err *err);

#endif
