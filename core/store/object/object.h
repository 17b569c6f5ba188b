/*
 * object.h - content-addressed objects: bytes named by their SHA-256, put and got as streams.
 *
 * I1: what has a name in a store is complete and hashes to that name, or is not there. Bytes are
 * hashed while they are written and get their name last; putting what is there already is free.
 * I4: a caller stores an object before it writes the event that names it; every put below is
 * durable when it returns (I3).
 *
 * A user's private objects lie in a place of their own, which others cannot read: what is put through
 * bn_workspace_private_objects.
 *
 * Where objects lie is a back end, a table of five operations: put_if_absent (a stream), get (with a
 * range), head (size), list and renew. The local one (local.c) is a workspace's objects/ directory; remotes
 * are copied to and from through the same door. Nothing here loads a whole object: memory is one
 * block whatever the size.
 *
 * Resuming. A put whose hash is known beforehand (a copy from elsewhere, a download) may be cut at any
 * point: what was written is kept under the hash, and the next put of that hash goes on there:
 * bn_object_writer_new hashes again what it finds, and the caller goes on at
 * bn_object_writer_offset. One process at a time has it; another one that puts the same hash starts
 * by itself. When the kept bytes turn out wrong at commit (a power cut lost some) they are removed, and
 * the put that follows starts at 0. A put of an unknown hash cannot be found again: it starts anew,
 * and gc sweeps what it left.
 *
 * Writers and readers belong to one thread; a store may be used by several.
 */
#ifndef BN_STORE_OBJECT_H
#define BN_STORE_OBJECT_H
#include "core/base/buf.h"
#include "core/base/progress.h"
#include "core/store/workspace.h"

#include <jansson.h>

/* ---- the objects of a workspace ------------------------------------------------------------ */

/* Stores bytes or a file under their SHA-256; durable on return; storing twice is free. With take,
 * the file is moved in (rename) when that is possible, so src is gone afterwards. */
int bn_object_put(bn_workspace *ws, const void *bytes, size_t n, char hash[65], bn_err *err);
int bn_object_put_file(
	bn_workspace *ws, const char *src, bool take, char hash[65], uint64_t *size, bn_err *err);
/* The same of a file below the handle at; with at NULL the user named it. */
int bn_object_put_below(bn_workspace *ws, const bn_dir *at, const char *src, bool take,
	char hash[65], uint64_t *size, bn_err *err);
/* The canonical form of a JSON value. */
int bn_object_put_json(bn_workspace *ws, const json_t *value, char hash[65], bn_err *err);
/* A stored object's name below bn_workspace_at: "objects/ab/cdef...", or where the user's private ones lie; BN_ENOTFOUND
 * when it is not here.
 * Does not re-hash. For what has to be mapped; everything else reads a stream. */
#define BN_OBJECT_NAME 96
int bn_object_file(bn_workspace *ws, const char *hash, char name[BN_OBJECT_NAME], bn_err *err);
bool bn_object_is_here(bn_workspace *ws, const char *hash);
/* Re-reads and re-hashes: BN_ECORRUPT when the bytes are not what the name says. */
int bn_object_verify(bn_workspace *ws, const char *hash, bn_err *err);
/* The same of something large: what says which ("hashing jobs@v1"); NULL progress is fine. */
int bn_object_verify_watched(bn_workspace *ws, const char *hash, const bn_progress *progress,
	const char *what, bn_err *err);
/* Its bytes to a file that is open for writing, and fsync; path is for messages. Checked on the way: with
 * BN_ECORRUPT the last block was not written. */
int bn_object_copy(bn_workspace *ws, const char *hash, int fd, const char *path, bn_err *err);
/* The same to a path that the user named, durable, all or nothing (a file beside it, renamed over it). */
int bn_object_export(bn_workspace *ws, const char *hash, const char *path, bn_err *err);
/* A small object whole, checked against its hash; appended to out. BN_EINVAL above limit bytes. */
int bn_object_load(bn_buf *out, bn_workspace *ws, const char *hash, size_t limit, bn_err *err);
/* A JSON object of at most 64 MiB; errors name the hash. *out is yours. */
int bn_object_load_json(json_t **out, bn_workspace *ws, const char *hash, bn_err *err);

/* ---- stores -------------------------------------------------------------------------------- */

typedef struct bn_object_store bn_object_store;

/* The workspace's own; borrowed until it is closed. Fails only without memory. */
int bn_workspace_objects(bn_object_store **out, bn_workspace *ws, bn_err *err);
/* The same; but what is put there is for this user alone to read. Getting is the same of both: a user's private objects and
 * everybody's. An object of another user's private ones is not here (BN_ENOTFOUND). */
int bn_workspace_private_objects(bn_object_store **out, bn_workspace *ws, bn_err *err);

/* bn_object_put, bn_object_put_below and bn_object_put_json into one of the two. */
int bn_object_put_in(bn_object_store *s, const void *bytes, size_t n, char hash[65], bn_err *err);
int bn_object_put_below_in(bn_object_store *s, const bn_dir *at, const char *src, bool take,
	char hash[65], uint64_t *size, bn_err *err);
int bn_object_put_json_in(bn_object_store *s, const json_t *value, char hash[65], bn_err *err);

typedef struct bn_object_info {
	uint64_t bytes;
	int64_t stored_ms; /* when it was last put; gc's retention counts from here */
	bool is_private;   /* it lies among the user's private ones */
} bn_object_info;

/* BN_ENOTFOUND when it is not there. */
int bn_object_head(bn_object_store *s, const char *hash, bn_object_info *out, bn_err *err);
/* What putting it again would do: it is as young as one just put, and gc, however far it has got, keeps
 * it for its retention. BN_ENOTFOUND. Before the event that makes a row live again which names it
 * (bn_object_renew of live.h follows what it names). */
int bn_object_touch(bn_object_store *s, const char *hash, bn_err *err);
/* Calls each() for every object in order of the hashes, then for the user's private ones; its non-zero return value ends the list and
 * is returned. */
typedef int bn_object_each(void *ctx, const char *hash, const bn_object_info *info, bn_err *err);
int bn_object_list(bn_object_store *s, bn_object_each *each, void *ctx, bn_err *err);

/* ---- put as a stream ----------------------------------------------------------------------- */

typedef struct bn_object_writer bn_object_writer;

/* hash NULL: not known yet. *out is yours. */
int bn_object_writer_new(bn_object_writer **out, bn_object_store *s, const char *hash, bn_err *err);
/* How many bytes it has already: the caller goes on there. 0 but after a cut put of the same hash. */
uint64_t bn_object_writer_offset(const bn_object_writer *w);
int bn_object_write(bn_object_writer *w, const void *bytes, size_t n, bn_err *err);
/* Durable and named, or an error: BN_ECORRUPT when the bytes are not those of the hash given. */
int bn_object_commit(bn_object_writer *w, char hash[65], uint64_t *bytes, bn_err *err);
/* Without commit: a put of unknown hash leaves nothing; one of a known hash leaves what it has. */
void bn_object_writer_free(bn_object_writer *w);

/* ---- get as a stream ----------------------------------------------------------------------- */

typedef struct bn_object_reader bn_object_reader;

/* Bytes from .. from + n - 1; n UINT64_MAX: to the end. BN_ENOTFOUND; BN_EINVAL when from lies beyond
 * the end. */
int bn_object_reader_new(bn_object_reader **out, bn_object_store *s, const char *hash,
	uint64_t from, uint64_t n, bn_err *err);
uint64_t bn_object_reader_bytes(const bn_object_reader *r); /* that it will give */
/* The next bytes, at most n; *got 0 at the end. A reader of the whole object gives its last bytes only
 * when the hash is right: BN_ECORRUPT otherwise. A range is not checked. */
int bn_object_read(bn_object_reader *r, void *bytes, size_t n, size_t *got, bn_err *err);
void bn_object_reader_free(bn_object_reader *r);

/* ---- back ends ----------------------------------------------------------------------------- */

typedef struct bn_hasher bn_hasher;

typedef struct bn_object_store_ops {
	const char *name; /* "local" */
	int (*head)(bn_object_store *s, const char *hash, bn_object_info *out, bn_err *err);
	int (*list)(bn_object_store *s, bn_object_each *each, void *ctx, bn_err *err);
	int (*renew)(bn_object_store *s, const char *hash, bn_err *err);
	/* Put: begin gives a handle. hash may be NULL; then, or when nothing can be resumed, *have is
	 * 0; else what is there is fed to h. commit names it if it is absent; end releases the handle
	 * (keep: what a later begin may resume stays). */
	int (*put_begin)(void **put, bn_object_store *s, const char *hash, bn_hasher *h,
		uint64_t *have, bn_err *err);
	int (*put_write)(void *put, const void *bytes, size_t n, bn_err *err);
	int (*put_commit)(void *put, const char *hash, uint64_t bytes, bn_err *err);
	void (*put_end)(void *put, bool keep);
	/* Get: begin gives a handle and the object's size. */
	int (*get_begin)(
		void **get, bn_object_store *s, const char *hash, uint64_t *size, bn_err *err);
	int (*get_read)(void *get, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err);
	void (*get_end)(void *get);
	void (*free)(bn_object_store *s);
} bn_object_store_ops;

/* The first member of every store's own struct. */
struct bn_object_store {
	const bn_object_store_ops *ops;
};

#endif
