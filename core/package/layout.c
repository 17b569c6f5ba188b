/* layout.c - see layout.h: opening and reading. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/_layout.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PIECE (256u << 10)
#define NESTING_MAX 4 /* of indexes in indexes */

const bn_dir *bn_layout_at(const bn_layout *l)
{
	return l->made ? bn_dir_out_at(l->made) : l->opened;
}

const char *bn_layout_blob_name(char name[BN_LAYOUT_NAME_TEXT], const char *digest)
{
	snprintf(name, BN_LAYOUT_NAME_TEXT, BN_LAYOUT_BLOBS "/%s", strchr(digest, ':') + 1);
	return name;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Opens a file of the layout; its size is in *out. */
static int open_file(bn_layout_blob *out, const bn_layout *l, const char *name, bn_err *err)
{
	if (l->archive)
		return bn_layout_archive_file(out, l->archive, name, err);
	const bn_dir *at = bn_layout_at(l);
	struct stat st;
	int e, rc = bn_dir_open_file(&out->fd, at, name, O_RDONLY, 0, err);
	if (rc < 0)
		return rc;
	if ((e = l->env->fs->fstat(l->env, out->fd, &st)) < 0) {
		l->env->fs->close(l->env, out->fd);
		return bn_dir_error(err, -e, "cannot stat", at, name);
	}
	out->from = 0;
	out->size = (uint64_t)st.st_size;
	return 0;
}

/* Appends a whole file; source is its path in messages. */
static int read_open(
	bn_buf *out, const bn_layout *l, const bn_layout_blob *b, const char *source, bn_err *err)
{
	size_t got;
	int rc;
	if (b->size > BN_OCI_DOCUMENT_MAX)
		return bn_err_set(err, BN_EINVAL, "%s has %llu bytes, the limit is %llu MiB",
			source, (unsigned long long)b->size, BN_OCI_DOCUMENT_MAX >> 20);
	if (bn_buf_reserve(out, b->size))
		return bn_err_nomem(err, source);
	if ((rc = bn_layout_blob_read(l, b, out->ptr + out->len, b->size, 0, &got, err)) < 0)
		return rc;
	out->len += got;
	out->ptr[out->len] = '\0';
	return got == b->size ? 0 : bn_err_set(err, BN_EIO, "%s became shorter", source);
}

static int read_file(
	bn_buf *out, const bn_layout *l, const char *name, const char *source, bn_err *err)
{
	bn_layout_blob b;
	int rc = open_file(&b, l, name, err);
	if (rc < 0)
		return rc;
	rc = read_open(out, l, &b, source, err);
	bn_layout_blob_close(l, &b);
	return rc;
}

/* ---- opening -------------------------------------------------------------------------------- */

static int not_a_layout(const char *path, const char *why, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "'%s' is not an OCI image layout: %s", path, why);
	return BN_EINVAL;
}

static int check_mark(const bn_layout *l, bn_err *err)
{
	bn_err inner = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	json_t *doc = NULL;
	char *source = bn_path_join(l->path, BN_LAYOUT_MARK);
	int rc = source ? read_file(&text, l, BN_LAYOUT_MARK, source, &inner)
			: bn_err_nomem(&inner, "a file name");
	if (rc == BN_ENOTFOUND) {
		bn_err_clear(&inner);
		rc = not_a_layout(l->path, "it has no file oci-layout", &inner);
	}
	if (rc < 0 || (rc = bn_json_parse(&doc, text.ptr, text.len, source, &inner)) < 0)
		goto out;
	const char *version = bn_json_str(doc, "imageLayoutVersion", NULL);
	if (!version)
		rc = not_a_layout(l->path, "its file oci-layout has no imageLayoutVersion", &inner);
	else if (strncmp(version, "1.", 2) != 0)
		rc = bn_err_set(&inner, BN_EUNSUPPORTED,
			"%s: imageLayoutVersion '%.40s' is not supported, only 1.x", source,
			version);
out:
	if (rc < 0)
		bn_err_move(err, &inner);
	json_decref(doc);
	bn_free(source);
	bn_buf_release(&text);
	return rc;
}

int bn_layout_open(bn_layout **out, const bn_env *env, const char *path, bn_err *err)
{
	bn_path_kind kind;
	bn_layout *l = NULL;
	int rc;
	if ((rc = bn_fs_look(&kind, env, path, err)) < 0)
		return rc;
	if (kind == BN_PATH_ABSENT)
		return bn_err_set(err, BN_ENOTFOUND, "no such file or directory: '%s'", path);
	if (!(l = bn_alloc_zeroed(1, sizeof *l)) || !(l->path = bn_strdup(path))) {
		bn_free(l);
		return bn_err_nomem(err, "a layout");
	}
	l->env = env;
	rc = kind == BN_PATH_DIR ? bn_dir_open(&l->opened, env, path, err)
				 : bn_layout_archive_open(&l->archive, env, l->path, err);
	if (rc < 0 || (rc = check_mark(l, err)) < 0)
		goto out;
	*out = l;
	l = NULL;
out:
	bn_layout_close(l);
	return rc;
}

void bn_layout_close(bn_layout *l)
{
	if (!l)
		return;
	bn_dir_out_free(l->made);
	bn_dir_close(l->opened);
	bn_layout_archive_close(l->archive);
	bn_free(l->path);
	bn_free(l);
}

/* ---- blobs ---------------------------------------------------------------------------------- */

bool bn_layout_has(const bn_layout *l, const bn_oci_descriptor *d)
{
	bn_layout_blob b;
	if (bn_layout_blob_open(&b, l, d, NULL) < 0)
		return false;
	bn_layout_blob_close(l, &b);
	return true;
}

int bn_layout_blob_open(
	bn_layout_blob *out, const bn_layout *l, const bn_oci_descriptor *d, bn_err *err)
{
	char name[BN_LAYOUT_NAME_TEXT];
	bn_err inner = BN_ERR_INIT;
	int rc;
	if (!bn_oci_digest_is_valid(d->digest))
		return bn_err_set(err, BN_EINVAL, "'%s' is not a digest", d->digest);
	rc = open_file(out, l, bn_layout_blob_name(name, d->digest), &inner);
	if (rc == BN_ENOTFOUND)
		return bn_err_set(err, BN_ENOTFOUND, "'%s' has no blob %s", l->path, d->digest);
	if (rc < 0)
		return bn_err_move(err, &inner);
	if (out->size == d->size)
		return 0;
	rc = bn_err_set(err, BN_ECORRUPT, "'%s': blob %s has %llu bytes, not %llu as is said of it",
		l->path, d->digest, (unsigned long long)out->size, (unsigned long long)d->size);
	bn_layout_blob_close(l, out);
	return rc;
}

int bn_layout_blob_read(const bn_layout *l, const bn_layout_blob *b, void *bytes, size_t n,
	uint64_t at, size_t *got, bn_err *err)
{
	*got = 0;
	if (at >= b->size)
		return 0;
	if (n > b->size - at)
		n = (size_t)(b->size - at);
	return bn_fs_read_at(l->env, b->fd, bytes, n, b->from + (off_t)at, got, l->path, err);
}

void bn_layout_blob_close(const bn_layout *l, bn_layout_blob *b)
{
	if (b->fd >= 0)
		l->env->fs->close(l->env, b->fd);
	b->fd = -1;
}

static int not_its_digest(const bn_layout *l, const bn_oci_descriptor *d, bn_err *err)
{
	return bn_err_set(err, BN_ECORRUPT,
		"'%s': blob %s is damaged: its content has another digest", l->path, d->digest);
}

int bn_layout_blob_get(bn_buf *out, const bn_layout *l, const bn_oci_descriptor *d, bn_err *err)
{
	char digest[BN_OCI_DIGEST_TEXT];
	size_t before = out->len;
	bn_layout_blob b;
	int rc = bn_layout_blob_open(&b, l, d, err);
	if (rc < 0)
		return rc;
	if ((rc = read_open(out, l, &b, d->digest, err)) < 0)
		goto out;
	bn_oci_digest(out->ptr + before, out->len - before, digest);
	if (strcmp(digest, d->digest) != 0)
		rc = not_its_digest(l, d, err);
out:
	if (rc < 0)
		bn_buf_truncate(out, before);
	bn_layout_blob_close(l, &b);
	return rc;
}

int bn_layout_blob_verify(
	const bn_layout *l, const bn_oci_descriptor *d, const bn_progress *progress, bn_err *err)
{
	uint8_t sum[BN_SHA256_BYTES];
	char hex[BN_SHA256_HEX + 1];
	bn_hasher *h = NULL;
	char *piece = NULL;
	size_t got = 1;
	bn_layout_blob b = {.fd = -1};
	int rc = bn_layout_blob_open(&b, l, d, err);
	if (rc < 0 || (rc = bn_hasher_new(&h, err)) < 0)
		goto out;
	if (!(piece = bn_alloc(PIECE))) {
		rc = bn_err_nomem(err, "a blob");
		goto out;
	}
	for (uint64_t at = 0; got; at += got) {
		if ((rc = bn_progress_step(progress, "verifying", at, b.size, err)) < 0 ||
			(rc = bn_layout_blob_read(l, &b, piece, PIECE, at, &got, err)) < 0)
			goto out;
		bn_hasher_add(h, piece, got);
	}
	bn_hasher_finish(h, sum);
	bn_hex(sum, sizeof sum, hex);
	if (strcmp(hex, strchr(d->digest, ':') + 1) != 0)
		rc = not_its_digest(l, d, err);
out:
	bn_hasher_free(h);
	bn_free(piece);
	bn_layout_blob_close(l, &b);
	return rc;
}

/* ---- documents ------------------------------------------------------------------------------ */

int bn_layout_index(bn_oci_index *out, const bn_layout *l, bn_err *err)
{
	bn_err inner = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	char *source = bn_path_join(l->path, BN_LAYOUT_INDEX);
	*out = (bn_oci_index){NULL, 0};
	int rc = source ? read_file(&text, l, BN_LAYOUT_INDEX, source, &inner)
			: bn_err_nomem(&inner, "a file name");
	if (rc == BN_ENOTFOUND)
		rc = not_a_layout(l->path, "it has no file index.json", err);
	else if (rc < 0)
		bn_err_move(err, &inner);
	else
		rc = bn_oci_index_parse(out, text.ptr, text.len, source, err);
	bn_free(source);
	bn_buf_release(&text);
	return rc;
}

/* Replaces the descriptor of an index by that of its manifest for this machine. */
static int follow_index(bn_oci_descriptor *d, const bn_layout *l, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_oci_index inner = {NULL, 0};
	const bn_oci_index_entry *e;
	int rc;
	if ((rc = bn_layout_blob_get(&text, l, d, err)) < 0 ||
		(rc = bn_oci_index_parse(&inner, text.ptr, text.len, d->digest, err)) < 0 ||
		(rc = bn_oci_index_pick(&e, &inner, NULL, d->digest, err)) < 0)
		goto out;
	*d = e->manifest;
out:
	bn_oci_index_release(&inner);
	bn_buf_release(&text);
	return rc;
}

int bn_layout_find(bn_oci_descriptor *out, const bn_layout *l, const char *name, bn_err *err)
{
	bn_oci_index x = {NULL, 0};
	const bn_oci_index_entry *e;
	bn_oci_descriptor d;
	int rc;
	if ((rc = bn_layout_index(&x, l, err)) < 0 ||
		(rc = bn_oci_index_pick(&e, &x, name, l->path, err)) < 0)
		goto out;
	d = e->manifest;
	for (int depth = 0; bn_oci_is_index(d.media_type); depth++) {
		if (depth == NESTING_MAX) {
			rc = bn_err_set(
				err, BN_EINVAL, "'%s': indexes are nested too deeply", l->path);
			goto out;
		}
		if ((rc = follow_index(&d, l, err)) < 0)
			goto out;
	}
	*out = d;
out:
	bn_oci_index_release(&x);
	return rc;
}

int bn_layout_manifest(bn_oci_manifest *out, bn_buf *text, const bn_layout *l,
	const bn_oci_descriptor *manifest, bn_err *err)
{
	bn_buf own = BN_BUF_INIT;
	*out = (bn_oci_manifest){.layers = NULL};
	int rc;
	if ((rc = bn_layout_blob_get(&own, l, manifest, err)) < 0 ||
		(rc = bn_oci_manifest_parse(out, own.ptr, own.len, manifest->digest, err)) < 0)
		goto out;
	if (text)
		bn_buf_add(text, own.ptr, own.len);
	if (text && (rc = bn_buf_check(text, err, "a manifest")) < 0)
		bn_oci_manifest_release(out);
out:
	bn_buf_release(&own);
	return rc;
}
