/*
 * object.h - content-addressed objects: bytes named by their SHA-256, stored and read as
 * streams.
 *
 * I1: an object is complete and hashes to its name, or does not exist. Bytes are hashed while
 * they are written and named last; putting an existing object is free. I4: a caller stores an
 * object before it writes the event that names it; every put below is durable when it returns
 * (I3).
 *
 * A user's private objects, put through bn_workspace_private_objects, are in a separate place that
 * others cannot read.
 *
 * Storage is a back end, a table of five operations: put_if_absent (a stream), get (with a range), head
 * (size), list and renew. The local one (local.c) is a workspace's objects/ directory; remotes are accessed
 * through the same interface. Nothing here loads a whole object: memory use is one block regardless of the
 * size.
 *
 * Resuming. A put whose hash is known beforehand (a copy from elsewhere, a download) may be interrupted
 * at any point: what was written is kept under the hash, and the next put of that hash continues:
 * bn_object_writer_new hashes what it finds, and the caller continues at bn_object_writer_offset. One
 * process at a time can do that; another one that puts the same hash starts separately. If the kept
 * bytes turn out wrong at commit (some were lost on power failure) they are removed, and the next put
 * starts at 0. An interrupted put of an unknown hash starts over, and gc removes what it left.
 *
 * Writers and readers are used by one thread; a store may be used by several.
 */
#ifndef BN_STORE_OBJECT_H
#define BN_STORE_OBJECT_H
#include "core/base/buf.h"
#include "core/base/progress.h"
#include "core/store/workspace.h"

#include <jansson.h>

/* ---- the objects of a workspace ------------------------------------------------------------ */

/* Stores bytes or a file under their SHA-256; durable on return; storing twice is free. With take,
 * the file is moved in (rename) if possible, so src is gone afterwards. */
int bn_object_put(bn_workspace *ws, const void *bytes, size_t n, char hash[65], bn_err *err);
int bn_object_put_file(
	bn_workspace *ws, const char *src, bool take, char hash[65], uint64_t *size, bn_err *err);
/* The same for a file below the handle at; with at NULL the user named it. */
int bn_object_put_below(bn_workspace *ws, const bn_dir *at, const char *src, bool take,
	char hash[65], uint64_t *size, bn_err *err);
/* The canonical form of a JSON value. */
int bn_object_put_json(bn_workspace *ws, const json_t *value, char hash[65], bn_err *err);
/* A stored object's name below bn_workspace_at: "objects/ab/cdef...", or in the user's private directory;
 * BN_ENOTFOUND if it is not here. Does not hash. For mapping; everything else reads a stream. */
#define BN_OBJECT_NAME 96
int bn_object_file(bn_workspace *ws, const char *hash, char name[BN_OBJECT_NAME], bn_err *err);
bool bn_object_is_here(bn_workspace *ws, const char *hash);
/* Reads and hashes the object: BN_ECORRUPT if the bytes do not match the name. */
int bn_object_verify(bn_workspace *ws, const char *hash, bn_err *err);
/* The same for a large object: what is the label for progress ("hashing jobs@v1"); NULL progress is
 * fine. */
int bn_object_verify_watched(bn_workspace *ws, const char *hash, const bn_progress *progress,
	const char *what, bn_err *err);
/* Copies it to a file open for writing, and syncs that; path is for messages. Checked on the way: after
 * BN_ECORRUPT the last block was not written. */
int bn_object_copy(bn_workspace *ws, const char *hash, int fd, const char *path, bn_err *err);
/* The same to a path that the user named, durable and atomic (a temporary file beside it, renamed over
 * it). */
int bn_object_export(bn_workspace *ws, const char *hash, const char *path, bn_err *err);
/* Appends a small object, checked against its hash, to out. BN_EINVAL above limit bytes. */
int bn_object_load(bn_buf *out, bn_workspace *ws, const char *hash, size_t limit, bn_err *err);
/* Reads a JSON object of at most 64 MiB; errors name the hash. The caller owns *out. */
int bn_object_load_json(json_t **out, bn_workspace *ws, const char *hash, bn_err *err);

/* ---- stores -------------------------------------------------------------------------------- */

typedef struct bn_object_store bn_object_store;

/* The workspace's shared store; borrowed until it is closed. Fails only if out of memory. */
int bn_workspace_objects(bn_object_store **out, bn_workspace *ws, bn_err *err);
/* The same, but objects put there can only be read by this user. Reading is the same from both: the user's
 * private objects and the shared ones. Another user's private object gives BN_ENOTFOUND. */
int bn_workspace_private_objects(bn_object_store **out, bn_workspace *ws, bn_err *err);

/* bn_object_put, bn_object_put_below and bn_object_put_json into one of the two. */
int bn_object_put_in(bn_object_store *s, const void *bytes, size_t n, char hash[65], bn_err *err);
int bn_object_put_below_in(bn_object_store *s, const bn_dir *at, const char *src, bool take,
	char hash[65], uint64_t *size, bn_err *err);
int bn_object_put_json_in(bn_object_store *s, const json_t *value, char hash[65], bn_err *err);

typedef struct bn_object_info {
	uint64_t bytes;
	int64_t stored_ms; /* when it was last put; gc's retention counts from here */
	bool is_private;   /* it is one of the user's private ones */
} bn_object_info;

/* BN_ENOTFOUND when it is not there. */
int bn_object_head(bn_object_store *s, const char *hash, bn_object_info *out, bn_err *err);
/* As if it were put again: its time is renewed, and gc, even one in progress, keeps it for its
 * retention. BN_ENOTFOUND. Call it before an event that makes a row live again that names it
 * (bn_object_renew of live.h also follows what it names). */
int bn_object_touch(bn_object_store *s, const char *hash, bn_err *err);
/* Calls each() for every object in order of hashes, then for the user's private ones; a non-zero return value
 * stops the list and is returned. */
typedef int bn_object_each(void *ctx, const char *hash, const bn_object_info *info, bn_err *err);
int bn_object_list(bn_object_store *s, bn_object_each *each, void *ctx, bn_err *err);

/* ---- writing a stream ----------------------------------------------------------------------- */

typedef struct bn_object_writer bn_object_writer;

/* hash NULL: not known yet. The caller owns *out. */
int bn_object_writer_new(bn_object_writer **out, bn_object_store *s, const char *hash, bn_err *err);
/* How many bytes it already has; the caller continues there. 0 except after an interrupted put of the
 * same hash. */
uint64_t bn_object_writer_offset(const bn_object_writer *w);
int bn_object_write(bn_object_writer *w, const void *bytes, size_t n, bn_err *err);
/* Makes it durable and names it, or fails: BN_ECORRUPT if the bytes do not match the given hash. */
int bn_object_commit(bn_object_writer *w, char hash[65], uint64_t *bytes, bn_err *err);
/* Without a commit, a put of unknown hash leaves nothing; one of known hash keeps what it has. */
void bn_object_writer_free(bn_object_writer *w);

/* ---- reading a stream ----------------------------------------------------------------------- */

typedef struct bn_object_reader bn_object_reader;

/* Bytes from .. from + n - 1; n UINT64_MAX: to the end. BN_ENOTFOUND; BN_EINVAL if from is beyond the
 * end. */
int bn_object_reader_new(bn_object_reader **out, bn_object_store *s, const char *hash,
	uint64_t from, uint64_t n, bn_err *err);
uint64_t bn_object_reader_bytes(const bn_object_reader *r); /* bytes it will return */
/* The next bytes, at most n; *got 0 at the end. A reader of the whole object returns the last bytes
 * only if the hash is right, else BN_ECORRUPT. A range is not checked. */
int bn_object_read(bn_object_reader *r, void *bytes, size_t n, size_t *got, bn_err *err);
void bn_object_reader_free(bn_object_reader *r);

/* ---- back ends ----------------------------------------------------------------------------- */

typedef struct bn_hasher bn_hasher;

typedef struct bn_object_store_ops {
	const char *name; /* "local" */
	int (*head)(bn_object_store *s, const char *hash, bn_object_info *out, bn_err *err);
	int (*list)(bn_object_store *s, bn_object_each *each, void *ctx, bn_err *err);
	int (*renew)(bn_object_store *s, const char *hash, bn_err *err);
	/* Writing: begin returns a handle. hash may be NULL; then, or if nothing can be resumed,
	 * *have is 0; else the existing bytes are fed to h. commit names it if absent; end releases
	 * the handle (keep: leave what a later begin may resume). */
	int (*put_begin)(void **put, bn_object_store *s, const char *hash, bn_hasher *h,
		uint64_t *have, bn_err *err);
	int (*put_write)(void *put, const void *bytes, size_t n, bn_err *err);
	int (*put_commit)(void *put, const char *hash, uint64_t bytes, bn_err *err);
	void (*put_end)(void *put, bool keep);
	/* Reading: begin returns a handle and the object's size. */
	int (*get_begin)(
		void **get, bn_object_store *s, const char *hash, uint64_t *size, bn_err *err);
	int (*get_read)(void *get, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err);
	void (*get_end)(void *get);
	void (*free)(bn_object_store *s);
} bn_object_store_ops;

/* The first member of every back end's struct. */
struct bn_object_store {
	const bn_object_store_ops *ops;
};

#endif
