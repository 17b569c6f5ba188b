/* store.c - see store.h. Checks keys, chooses the back end, and composes what is the same for all of them. */
#include "core/remote/store.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/remote/_store.h"

#include <string.h>
#include <unistd.h>

/* ---- handles -------------------------------------------------------------------------------- */

int bn_remote_store_new(void *out, size_t n, const bn_remote_ops *ops, const bn_env *env,
	const char *place, bn_err *err)
{
	bn_remote_store *s = bn_alloc_zeroed(1, n);
	if (!s || !(s->place = bn_strdup(place))) {
		bn_free(s);
		return bn_err_nomem(err, "a remote");
	}
	s->ops = ops;
	s->env = env;
	*(bn_remote_store **)out = s;
	return 0;
}

void bn_remote_store_free(bn_remote_store *s)
{
	bn_free(s->place);
	bn_free(s->server);
	bn_free(s->credentials);
	bn_free(s);
}

typedef int open_place(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *o, bn_err *err);

static open_place *opener(const char *url)
{
	if (bn_str_starts(url, "s3://"))
		return bn_remote_s3_open;
	if (bn_str_starts(url, "http://") || bn_str_starts(url, "https://"))
		return bn_remote_http_open;
	if (bn_str_starts(url, "file:///"))
		return bn_remote_directory_open;
	return *url && !strstr(url, "://") ? bn_remote_directory_open : NULL;
}

int bn_remote_url_check(const char *url, bn_err *err)
{
	if (opener(url))
		return 0;
	bn_err_set(err, BN_EINVAL, "'%.200s' is no place that data can be kept at", url);
	bn_err_hint(err, "a directory, s3://BUCKET/PREFIX, or https://HOST/PATH to read from");
	return BN_EINVAL;
}

int bn_remote_store_open(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *options, bn_err *err)
{
	static const bn_remote_options none;
	int rc = bn_remote_url_check(url, err);
	return rc < 0 ? rc : opener(url)(out, env, url, options ? options : &none, err);
}

int bn_remote_store_again(bn_remote_store **out, const bn_remote_store *s, bn_err *err)
{
	return s->ops->again(out, s, err);
}

void bn_remote_store_close(bn_remote_store *s)
{
	if (s)
		s->ops->close(s);
}

const char *bn_remote_store_place(const bn_remote_store *s)
{
	return s->place;
}

const char *bn_remote_store_kind(const bn_remote_store *s)
{
	return s->ops->kind;
}

const char *bn_remote_store_server(const bn_remote_store *s)
{
	return s->server;
}

const char *bn_remote_store_credentials(const bn_remote_store *s)
{
	return s->credentials;
}

bool bn_remote_store_is_writable(const bn_remote_store *s)
{
	return s->ops->writes;
}

bool bn_remote_store_can_list(const bn_remote_store *s)
{
	return s->ops->lists;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static const char *key_fault(const char *key)
{
	size_t n = strlen(key);
	if (!n)
		return "it is empty";
	if (n > BN_REMOTE_KEY_MAX)
		return "it is longer than 1000 bytes";
	if (!bn_utf8_is_valid(key, n))
		return "it is not UTF-8";
	if (bn_str_starts(key, BN_REMOTE_TMP "/") || !strcmp(key, BN_REMOTE_TMP))
		return "names below " BN_REMOTE_TMP " are for what is being written";
	for (const char *part = key;;) {
		size_t len = strcspn(part, "/");
		if (!len || (len <= 2 && strspn(part, ".") >= len))
			return "it has a part that is empty, '.' or '..'";
		if (len > 255)
			return "it has a part of more than 255 bytes";
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f)
				return "it has a control character";
		if (!part[len])
			return NULL;
		part += len + 1;
	}
}

int bn_remote_key_check(const char *key, bn_err *err)
{
	const char *fault = key_fault(key);
	return fault ? bn_err_set(err, BN_EINVAL,
			       "'%.200s' cannot be the name of something kept: %s", key, fault)
		     : 0;
}

int bn_remote_no_key(const bn_remote_store *s, const char *key, bn_err *err)
{
	return bn_err_set(err, BN_ENOTFOUND, "%s is not at %s", key, s->place);
}

/* ---- reading -------------------------------------------------------------------------------- */

int bn_remote_store_stat(bn_remote_store *s, const char *key, bn_remote_info *out, bn_err *err)
{
	int rc = bn_remote_key_check(key, err);
	*out = (bn_remote_info){0};
	return rc < 0 ? rc : s->ops->stat(s, key, out, err);
}

int bn_remote_store_get(bn_remote_store *s, const char *key, uint64_t from,
	const bn_remote_sink *sink, uint64_t *to, const bn_progress *progress, bn_err *err)
{
	uint64_t at = from;
	int rc = bn_remote_key_check(key, err);
	if (rc >= 0)
		rc = s->ops->get(s, key, from, UINT64_MAX, sink, &at, progress, err);
	if (to)
		*to = at;
	return rc;
}

static int add_to_buf(void *user, const void *bytes, size_t n, bn_err *err)
{
	bn_buf_add(user, bytes, n);
	return bn_buf_check(user, err, "bytes of a remote");
}

int bn_remote_store_read(
	bn_buf *out, bn_remote_store *s, const char *key, uint64_t first, size_t count, bn_err *err)
{
	uint64_t to = first;
	bn_remote_sink sink = {add_to_buf, out};
	int rc = bn_remote_key_check(key, err);
	if (rc < 0 || !count)
		return rc;
	return s->ops->get(s, key, first, count, &sink, &to, NULL, err);
}

typedef struct small_thing {
	bn_buf *out;
	size_t left;
	bool too_large;
} small_thing;

static int add_small(void *user, const void *bytes, size_t n, bn_err *err)
{
	small_thing *small = user;
	small->too_large = n > small->left;
	if (small->too_large)
		return bn_err_set(err, BN_EINVAL, "too large");
	small->left -= n;
	return add_to_buf(small->out, bytes, n, err);
}

int bn_remote_store_load(bn_buf *out, bn_remote_store *s, const char *key, size_t limit,
	const char *sha256, bn_err *err)
{
	size_t start = out->len;
	char hex[BN_SHA256_HEX + 1];
	small_thing small = {out, limit, false};
	bn_remote_sink sink = {add_small, &small};
	bn_err why = BN_ERR_INIT;
	int rc = bn_remote_store_get(s, key, 0, &sink, NULL, NULL, &why);
	if (small.too_large)
		return bn_err_set(
			err, BN_EINVAL, "%s at %s has more than %zu bytes", key, s->place, limit);
	if (rc < 0)
		return bn_err_move(err, &why);
	if (!sha256)
		return 0;
	bn_sha256_hex(out->ptr + start, out->len - start, hex);
	if (!strcmp(hex, sha256))
		return 0;
	bn_buf_truncate(out, start);
	return bn_err_set(err, BN_ECORRUPT,
		"%s at %s does not match its SHA-256 (%.12s..., not %.12s...)", key, s->place, hex,
		sha256);
}

/* ---- to a file ------------------------------------------------------------------------------ */

typedef struct file_sink {
	const bn_env *env;
	int fd;
	const char *path;
} file_sink;

static int add_to_file(void *user, const void *bytes, size_t n, bn_err *err)
{
	const file_sink *f = user;
	return bn_fs_write_all(f->env, f->fd, bytes, n, f->path, err);
}

/* Cuts the file to n bytes, where writing continues. */
static int cut(const bn_env *env, int fd, uint64_t n, const char *path, bn_err *err)
{
	int e = env->fs->ftruncate(env, fd, (off_t)n);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot cut '%s'", path);
	if (lseek(fd, (off_t)n, SEEK_SET) < 0)
		return bn_err_set(err, BN_EIO, "cannot position in '%s'", path);
	return 0;
}

static int check_file(bn_remote_store *s, const char *key, int fd, const char *path,
	const char *sha256, bn_err *err)
{
	char hex[BN_SHA256_HEX + 1];
	int rc = bn_sha256_open_file(s->env, fd, path, hex, NULL, err);
	if (rc < 0 || !strcmp(hex, sha256))
		return rc;
	cut(s->env, fd, 0, path, NULL);
	return bn_err_set(err, BN_ECORRUPT,
		"%s at %s does not match its SHA-256 (%.12s..., not %.12s...)", key, s->place, hex,
		sha256);
}

int bn_remote_store_get_file(bn_remote_store *s, const char *key, int fd, const char *path,
	uint64_t have, const char *sha256, uint64_t *bytes, const bn_progress *progress,
	bn_err *err)
{
	uint64_t to = have;
	file_sink file = {s->env, fd, path};
	bn_remote_sink sink = {add_to_file, &file};
	int rc = cut(s->env, fd, have, path, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_remote_store_get(s, key, have, &sink, &to, progress, err)) < 0)
		return rc;
	if (sha256 && (rc = check_file(s, key, fd, path, sha256, err)) < 0)
		return rc;
	if (bytes)
		*bytes = to;
	return 0;
}

/* ---- listing -------------------------------------------------------------------------------- */

int bn_remote_store_list(
	bn_remote_store *s, const char *prefix, bn_remote_each_key *each, void *ctx, bn_err *err)
{
	if (!s->ops->lists) {
		bn_err_set(err, BN_EUNSUPPORTED, "%s cannot list what it has", s->place);
		bn_err_hint(err, "an http or https remote is read by names that are known");
		return BN_EUNSUPPORTED;
	}
	return s->ops->list(s, prefix, each, ctx, err);
}

/* ---- writing -------------------------------------------------------------------------------- */

static int need_writable(const bn_remote_store *s, bn_err *err)
{
	if (s->ops->writes)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED, "%s is for reading alone", s->place);
	bn_err_hint(err, "write to a directory or to s3://BUCKET/PREFIX");
	return BN_EUNSUPPORTED;
}

int bn_remote_store_put(bn_remote_store *s, const char *key, const bn_remote_source *source,
	bn_remote_when when, bool *put, const bn_progress *progress, bn_err *err)
{
	bool new = false;
	int rc = bn_remote_key_check(key, err);
	if (rc < 0 || (rc = need_writable(s, err)) < 0)
		return rc;
	if ((rc = s->ops->put(s, key, source, when, &new, progress, err)) < 0)
		return rc;
	if (put)
		*put = new;
	return 0;
}

int bn_remote_store_put_bytes(bn_remote_store *s, const char *key, const void *bytes, size_t n,
	bn_remote_when when, bool *put, bn_err *err)
{
	bn_remote_source source = {.bytes = bytes ? bytes : "", .fd = -1, .n = n};
	return bn_remote_store_put(s, key, &source, when, put, NULL, err);
}

int bn_remote_store_remove(bn_remote_store *s, const char *key, bn_err *err)
{
	int rc = bn_remote_key_check(key, err);
	if (rc < 0 || (rc = need_writable(s, err)) < 0)
		return rc;
	return s->ops->remove(s, key, err);
}

int bn_remote_source_read(const bn_env *env, const bn_remote_source *source, uint64_t from,
	void *bytes, size_t n, bn_err *err)
{
	size_t got = 0;
	if (source->bytes) {
		memcpy(bytes, (const char *)source->bytes + from, n);
		return 0;
	}
	int rc = bn_fs_read_at(
		env, source->fd, bytes, n, (off_t)(source->offset + from), &got, source->path, err);
	if (rc < 0)
		return rc;
	return got == n ? 0
			: bn_err_set(err, BN_ECONFLICT, "'%s' became shorter while it was sent",
				  source->path);
}
