/* layer.c - see _layer.h. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/package/_layer.h"
#include "core/package/closure.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PIECE (256u << 10)

static int add_bytes(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	bn_layer *layer = ctx;
	layer->bytes += n;
	if (layer->blob)
		return bn_layout_blob_in_add(layer->blob, bytes, n, err);
	bn_hasher_add(layer->hasher, bytes, n);
	return 0;
}

int bn_layer_begin(bn_layer *layer, bn_layout *l, bn_err *err)
{
	*layer = (bn_layer){.blob = NULL};
	bn_tar_init(&layer->tar, (bn_tar_sink){add_bytes, layer});
	return l ? bn_layout_blob_begin(&layer->blob, l, NULL, err)
		 : bn_hasher_new(&layer->hasher, err);
}

/* Adds the directories of path that the previous entry was not in. */
static int add_parents(bn_layer *layer, const char *path, bn_err *err)
{
	const char *before = layer->directory ? layer->directory : "";
	size_t same = 0;
	int rc = 0;
	for (size_t i = 0; path[i] && path[i] == before[i]; i++)
		if (path[i] == '/')
			same = i + 1;
	for (const char *slash = strchr(path + same, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *parent = bn_strndup(path, (size_t)(slash - path));
		rc = parent ? bn_tar_put_dir(&layer->tar, parent, 0755, err)
			    : bn_err_nomem(err, "a layer");
		bn_free(parent);
		if (rc < 0)
			return rc;
	}
	char *copy = bn_strdup(path);
	if (!copy)
		return bn_err_nomem(err, "a layer");
	bn_free(layer->directory);
	layer->directory = copy;
	return 0;
}

int bn_layer_dir(bn_layer *layer, const char *path, mode_t mode, bn_err *err)
{
	char *inside = bn_strf("%s/", path);
	int rc = add_parents(layer, path, err);
	if (rc < 0)
		goto out;
	if (!inside) {
		rc = bn_err_nomem(err, "a layer");
		goto out;
	}
	rc = bn_tar_put_dir(&layer->tar, path, mode, err);
	bn_free(layer->directory);
	layer->directory = inside; /* what is in it needs no parent any more */
	inside = NULL;
out:
	bn_free(inside);
	return rc;
}

int bn_layer_begin_file(bn_layer *layer, const char *path, mode_t mode, uint64_t size, bn_err *err)
{
	int rc = add_parents(layer, path, err);
	return rc < 0 ? rc : bn_tar_begin_file(&layer->tar, path, mode, size, err);
}

int bn_layer_text(bn_layer *layer, const char *path, const char *text, bn_err *err)
{
	size_t n = strlen(text);
	int rc = bn_layer_begin_file(layer, path, 0644, n, err);
	return rc < 0 ? rc : bn_tar_add(&layer->tar, text, n, err);
}

/* The bytes from `at` to size of an open file. */
static int copy_rest(bn_layer *layer, const bn_env *env, int fd, const char *from, uint64_t at,
	uint64_t size, const bn_progress *progress, bn_err *err)
{
	size_t got;
	int rc = 0;
	char *piece = bn_alloc(PIECE);
	if (!piece)
		return bn_err_nomem(err, "a layer");
	for (; at < size; at += got) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
		if ((rc = bn_progress_step(progress, "packaging", at, size, err)) < 0 ||
			(rc = bn_fs_read_at(env, fd, piece, n, (off_t)at, &got, from, err)) < 0)
			goto out;
		if (!got) {
			rc = bn_err_set(err, BN_EIO, "'%s' became shorter while it was read", from);
			goto out;
		}
		if ((rc = bn_tar_add(&layer->tar, piece, got, err)) < 0)
			goto out;
	}
out:
	bn_free(piece);
	return rc;
}

int bn_layer_copy(bn_layer *layer, const char *path, mode_t mode, const bn_env *env,
	const char *from, bool loaded_part, const bn_progress *progress, bn_err *err)
{
	bn_elf_part part = {.head_size = 0};
	struct stat st;
	int rc = 0, fd = env->fs->open(env, NULL, from, O_RDONLY, 0);
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, -fd, "cannot open '%s'", from);
	if (env->fs->fstat(env, fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rc = bn_err_set(err, BN_EIO, "'%s' is not a regular file", from);
		goto out;
	}
	part.size = (uint64_t)st.st_size;
	if (loaded_part && (rc = bn_elf_loaded_part(&part, env, fd, from, err)) < 0)
		goto out;
	if ((rc = bn_layer_begin_file(layer, path, mode, part.size, err)) < 0)
		goto out;
	if (part.head_size && (rc = bn_tar_add(&layer->tar, part.head, part.head_size, err)) < 0)
		goto out;
	rc = copy_rest(layer, env, fd, from, part.head_size, part.size, progress, err);
out:
	env->fs->close(env, fd);
	return rc;
}

int bn_layer_end(bn_layer *layer, bn_oci_descriptor *out, bn_err *err)
{
	uint8_t sum[BN_SHA256_BYTES];
	int rc = bn_tar_finish(&layer->tar, err);
	if (rc < 0)
		return rc;
	snprintf(out->media_type, sizeof out->media_type, "%s", BN_OCI_LAYER);
	if (layer->blob)
		return bn_layout_blob_in_finish(layer->blob, out, err);
	bn_hasher_finish(layer->hasher, sum);
	strcpy(out->digest, "sha256:");
	bn_hex(sum, sizeof sum, out->digest + strlen(out->digest));
	out->size = layer->bytes;
	return 0;
}

void bn_layer_release(bn_layer *layer)
{
	bn_tar_release(&layer->tar);
	bn_layout_blob_in_free(layer->blob);
	bn_hasher_free(layer->hasher);
	bn_free(layer->directory);
	*layer = (bn_layer){.blob = NULL};
}
