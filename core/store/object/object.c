/*
 * object.c - the streams of object.h over any back end: hashing data in transit, checking before
 * the last bytes are returned, and the calls for small objects.
 */
#include "core/store/object/object.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/object/_object.h"

#include <fcntl.h>
#include <string.h>

enum { JSON_BYTES = 64 << 20 };

static int check_hash(const char *hash, bn_err *err)
{
	if (strlen(hash) == BN_SHA256_HEX && bn_is_hex(hash))
		return 0;
	return bn_err_set(err, BN_EINVAL, "'%.80s' is not the hash of an object", hash);
}

int bn_object_head(bn_object_store *s, const char *hash, bn_object_info *out, bn_err *err)
{
	int rc = check_hash(hash, err);
	return rc < 0 ? rc : s->ops->head(s, hash, out, err);
}

int bn_object_touch(bn_object_store *s, const char *hash, bn_err *err)
{
	int rc = check_hash(hash, err);
	return rc < 0 ? rc : s->ops->renew(s, hash, err);
}

int bn_object_list(bn_object_store *s, bn_object_each *each, void *ctx, bn_err *err)
{
	return s->ops->list(s, each, ctx, err);
}

/* ---- put ------------------------------------------------------------------------------------ */

struct bn_object_writer {
	bn_object_store *store;
	void *put;
	bn_hasher *hasher;
	char hash[65]; /* expected; empty if not known */
	uint64_t offset;
	bool failed; /* a write failed: its result must not be named */
	bool keep;   /* what was written is worth resuming */
};

int bn_object_writer_new(bn_object_writer **out, bn_object_store *s, const char *hash, bn_err *err)
{
	int rc = hash ? check_hash(hash, err) : 0;
	if (rc < 0)
		return rc;
	bn_object_writer *w = bn_alloc_zeroed(1, sizeof *w);
	if (!w)
		return bn_err_nomem(err, "a put");
	w->store = s;
	if (hash)
		memcpy(w->hash, hash, sizeof w->hash);
	if ((rc = bn_hasher_new(&w->hasher, err)) < 0 ||
		(rc = s->ops->put_begin(&w->put, s, hash, w->hasher, &w->offset, err)) < 0) {
		bn_object_writer_free(w);
		return rc;
	}
	w->keep = hash != NULL;
	*out = w;
	return 0;
}

uint64_t bn_object_writer_offset(const bn_object_writer *w)
{
	return w->offset;
}

int bn_object_write(bn_object_writer *w, const void *bytes, size_t n, bn_err *err)
{
	if (w->failed)
		return bn_err_set(err, BN_EIO, "this put failed before");
	int rc = w->store->ops->put_write(w->put, bytes, n, err);
	if (rc < 0) {
		w->failed = true;
		return rc;
	}
	bn_hasher_add(w->hasher, bytes, n);
	w->offset += n;
	return 0;
}

int bn_object_commit(bn_object_writer *w, char hash[65], uint64_t *bytes, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	char found[65];
	if (w->failed)
		return bn_err_set(err, BN_EIO, "this put failed before");
	w->failed = true; /* one commit per put */
	bn_hasher_finish(w->hasher, raw);
	bn_hex(raw, sizeof raw, found);
	if (w->hash[0] && strcmp(found, w->hash) != 0) {
		w->keep = false;
		return bn_err_set(err, BN_ECORRUPT,
			"object %.12s: the bytes put hash to %.12s: put it again from the start",
			w->hash, found);
	}
	int rc = w->store->ops->put_commit(w->put, found, w->offset, err);
	if (rc < 0)
		return rc;
	w->keep = false;
	memcpy(hash, found, sizeof found);
	if (bytes)
		*bytes = w->offset;
	return 0;
}

void bn_object_writer_free(bn_object_writer *w)
{
	if (!w)
		return;
	if (w->put)
		w->store->ops->put_end(w->put, w->keep);
	bn_hasher_free(w->hasher);
	bn_free(w);
}

/* ---- get ------------------------------------------------------------------------------------ */

struct bn_object_reader {
	bn_object_store *store;
	void *get;
	bn_hasher *hasher; /* NULL for a range */
	char hash[65];
	uint64_t at, end;
	bool checked;
};

int bn_object_reader_new(bn_object_reader **out, bn_object_store *s, const char *hash,
	uint64_t from, uint64_t n, bn_err *err)
{
	uint64_t size = 0;
	int rc = check_hash(hash, err);
	if (rc < 0)
		return rc;
	bn_object_reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r)
		return bn_err_nomem(err, "a get");
	r->store = s;
	memcpy(r->hash, hash, sizeof r->hash);
	if ((rc = s->ops->get_begin(&r->get, s, hash, &size, err)) < 0)
		goto fail;
	if (from > size) {
		rc = bn_err_set(err, BN_EINVAL,
			"object %.12s has %llu bytes, byte %llu was requested", hash,
			(unsigned long long)size, (unsigned long long)from);
		goto fail;
	}
	r->at = from;
	r->end = n < size - from ? from + n : size;
	if (from == 0 && r->end == size && (rc = bn_hasher_new(&r->hasher, err)) < 0)
		goto fail;
	*out = r;
	return 0;
fail:
	bn_object_reader_free(r);
	return rc;
}

uint64_t bn_object_reader_bytes(const bn_object_reader *r)
{
	return r->end - r->at;
}

static int check_whole(bn_object_reader *r, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	char found[65];
	if (!r->hasher || r->checked)
		return 0;
	bn_hasher_finish(r->hasher, raw);
	bn_hex(raw, sizeof raw, found);
	if (strcmp(found, r->hash) != 0)
		return bn_err_set(err, BN_ECORRUPT,
			"object %.12s is damaged: its bytes hash to %.12s", r->hash, found);
	r->checked = true;
	return 0;
}

int bn_object_read(bn_object_reader *r, void *bytes, size_t n, size_t *got, bn_err *err)
{
	int rc = 0;
	*got = 0;
	if ((uint64_t)n > r->end - r->at)
		n = (size_t)(r->end - r->at);
	if (n && (rc = r->store->ops->get_read(r->get, bytes, n, r->at, got, err)) < 0)
		return rc;
	if (n && *got == 0)
		return bn_err_set(err, BN_ECORRUPT, "object %.12s ends before its size", r->hash);
	if (r->hasher && *got)
		bn_hasher_add(r->hasher, bytes, *got);
	r->at += *got;
	/* I1 for the reader: the last bytes are returned only if the whole is right. */
	if (r->at == r->end && (rc = check_whole(r, err)) < 0)
		*got = 0;
	return rc;
}

void bn_object_reader_free(bn_object_reader *r)
{
	if (!r)
		return;
	if (r->get)
		r->store->ops->get_end(r->get);
	bn_hasher_free(r->hasher);
	bn_free(r);
}

/* ---- in one call ---------------------------------------------------------------------------- */

int bn_object_verify(bn_workspace *ws, const char *hash, bn_err *err)
{
	return bn_object_verify_watched(ws, hash, NULL, "hashing", err);
}

int bn_object_pass(bn_workspace *ws, const char *hash, int fd, const char *path,
	const bn_progress *progress, const char *what, bn_err *err)
{
	uint64_t done = 0, total;
	bn_object_store *s = NULL;
	bn_object_reader *r = NULL;
	size_t got = 1;
	uint8_t *block = bn_alloc(BN_OBJECT_BLOCK);
	int rc = block ? bn_workspace_objects(&s, ws, err) : bn_err_nomem(err, "an object");
	if (rc < 0)
		goto out;
	if ((rc = bn_object_reader_new(&r, s, hash, 0, UINT64_MAX, err)) < 0)
		goto out;
	total = bn_object_reader_bytes(r);
	while (got) {
		if ((rc = bn_object_read(r, block, BN_OBJECT_BLOCK, &got, err)) < 0)
			goto out;
		if (fd >= 0 &&
			(rc = bn_fs_write_all(bn_workspace_env(ws), fd, block, got, path, err)) < 0)
			goto out;
		done += got;
		/* Every 16 MiB: a few hundredths of a second. */
		if (done % (64 * BN_OBJECT_BLOCK) == 0 &&
			(rc = bn_progress_step(progress, what, done, total, err)) < 0)
			goto out;
	}
out:
	bn_object_reader_free(r);
	bn_free(block);
	return rc;
}

int bn_object_verify_watched(bn_workspace *ws, const char *hash, const bn_progress *progress,
	const char *what, bn_err *err)
{
	return bn_object_pass(ws, hash, -1, NULL, progress, what, err);
}

int bn_object_copy(bn_workspace *ws, const char *hash, int fd, const char *path, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	int rc = bn_object_pass(ws, hash, fd, path, NULL, "copying", err);
	if (rc < 0)
		return rc;
	int e = env->fs->fsync(env, fd);
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", path) : 0;
}

static int sync_parent(const bn_env *env, const char *path, bn_err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? bn_strndup(path, (size_t)(slash - path) + 1) : bn_strdup(".");
	int rc = dir ? bn_fs_sync_dir(env, dir, err) : bn_err_nomem(err, "a path");
	bn_free(dir);
	return rc;
}

int bn_object_export(bn_workspace *ws, const char *hash, const char *path, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	uint64_t tag = 0;
	char *tmp = NULL;
	int fd = -1, e, rc = bn_env_random(env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	if (!(tmp = bn_strf("%s.%016llx.tmp", path, (unsigned long long)tag)))
		return bn_err_nomem(err, "a path");
	if ((fd = env->fs->open(env, NULL, tmp, O_WRONLY | O_CREAT | O_EXCL, 0666)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -fd, "cannot create '%s'", tmp);
		goto out;
	}
	rc = bn_object_copy(ws, hash, fd, path, err);
	env->fs->close(env, fd); /* synced: nothing can fail any more */
	if (rc >= 0 && (e = env->fs->rename(env, NULL, tmp, NULL, path)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot rename '%s' to '%s'", tmp, path);
	if (rc < 0)
		env->fs->unlink(env, NULL, tmp);
	else
		rc = sync_parent(env, path, err);
out:
	bn_free(tmp);
	return rc;
}

int bn_object_load(bn_buf *out, bn_workspace *ws, const char *hash, size_t limit, bn_err *err)
{
	bn_object_store *s = NULL;
	bn_object_reader *r = NULL;
	size_t got = 1, before = out->len;
	int rc = bn_workspace_objects(&s, ws, err);
	if (rc < 0 || (rc = bn_object_reader_new(&r, s, hash, 0, UINT64_MAX, err)) < 0)
		return rc;
	uint64_t bytes = bn_object_reader_bytes(r);
	if (bytes > limit)
		rc = bn_err_set(err, BN_EINVAL, "object %.12s has %llu bytes; the limit is %zu",
			hash, (unsigned long long)bytes, limit);
	else if (bn_buf_reserve(out, (size_t)bytes + 1))
		rc = bn_err_nomem(err, "an object");
	while (rc == 0 && got) {
		rc = bn_object_read(r, out->ptr + out->len, out->cap - out->len - 1, &got, err);
		out->len += got;
	}
	if (rc < 0)
		out->len = before;
	if (out->cap)
		out->ptr[out->len] = '\0';
	bn_object_reader_free(r);
	return rc;
}

int bn_object_load_json(json_t **out, bn_workspace *ws, const char *hash, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char name[32];
	snprintf(name, sizeof name, "object %.12s", hash);
	int rc = bn_object_load(&text, ws, hash, JSON_BYTES, err);
	if (rc < 0)
		goto failed;
	rc = bn_json_parse(out, text.ptr, text.len, name, err);
failed:
	bn_buf_release(&text);
	return rc;
}

int bn_object_put_json_in(bn_object_store *s, const json_t *value, char hash[65], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_json_canonical(value, &text, err);
	if (rc < 0)
		goto out;
	rc = bn_object_put_in(s, text.ptr, text.len, hash, err);
out:
	bn_buf_release(&text);
	return rc;
}

int bn_object_put_json(bn_workspace *ws, const json_t *value, char hash[65], bn_err *err)
{
	bn_object_store *s = NULL;
	int rc = bn_workspace_objects(&s, ws, err);
	return rc < 0 ? rc : bn_object_put_json_in(s, value, hash, err);
}
