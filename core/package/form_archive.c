/* form_archive.c - see form.h: the forms that are one tar file. */
#include "core/base/file_out.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/package/_form.h"
#include "core/package/tar.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PIECE (256u << 10)

/* An entry of the archive: text, or a blob of the layout, or (neither) a directory. */
typedef struct member {
	char *path;
	const bn_oci_descriptor *blob;
	const char *text;
	size_t length;
} member;

typedef struct members {
	member items[BN_IMAGE_LAYERS + 8];
	size_t count;
} members;

typedef struct output {
	bn_file_out *file;
	uint64_t bytes;
} output;

static int add_bytes(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	output *out = ctx;
	out->bytes += n;
	return bn_file_out_add(out->file, bytes, n, err);
}

/* Takes path, which may be NULL when memory is exhausted. */
static int add(members *m, char *path, const bn_oci_descriptor *blob, const char *text,
	size_t length, bn_err *err)
{
	if (!path)
		return bn_err_nomem(err, "an archive");
	m->items[m->count++] = (member){path, blob, text, length};
	return 0;
}

static void members_release(members *m)
{
	for (size_t i = 0; i < m->count; i++)
		bn_free(m->items[i].path);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const member *)a)->path, ((const member *)b)->path);
}

static const char *hex_of(const bn_oci_descriptor *d)
{
	return strchr(d->digest, ':') + 1;
}

static int put_blob(bn_tar_writer *w, const bn_form_input *in, const member *m, bn_err *err)
{
	bn_layout_blob b = {.fd = -1};
	size_t got = 1;
	int rc = 0;
	char *piece = bn_alloc(PIECE);
	if (!piece)
		return bn_err_nomem(err, "an archive");
	if ((rc = bn_layout_blob_open(&b, in->layout, m->blob, err)) < 0 ||
		(rc = bn_tar_begin_file(w, m->path, 0644, b.size, err)) < 0)
		goto out;
	for (uint64_t at = 0; got; at += got)
		if ((rc = bn_layout_blob_read(in->layout, &b, piece, PIECE, at, &got, err)) < 0 ||
			(rc = bn_tar_add(w, piece, got, err)) < 0)
			goto out;
out:
	if (b.fd >= 0)
		bn_layout_blob_close(in->layout, &b);
	bn_free(piece);
	return rc;
}

static int put_member(bn_tar_writer *w, const bn_form_input *in, const member *m, bn_err *err)
{
	if (m->blob)
		return put_blob(w, in, m, err);
	return m->text ? bn_tar_put_file(w, m->path, 0644, m->text, m->length, err)
		       : bn_tar_put_dir(w, m->path, 0755, err);
}

typedef struct old_file {
	const bn_env *env;
	int fd;
	const char *path;
} old_file;

static int read_old(void *ctx, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err)
{
	const old_file *f = ctx;
	return bn_fs_read_at(f->env, f->fd, bytes, n, (off_t)at, got, f->path, err);
}

/* Whether a file is an archive of either form: only such a one is replaced. An empty file is nothing's content. */
static bool is_package(const bn_env *env, const char *path)
{
	struct stat st;
	bn_tar_reader r;
	bool is = false;
	old_file f = {
		env, env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0), path};
	bn_tar_entry *e = f.fd < 0 ? NULL : bn_alloc(sizeof *e);
	if (!e || env->fs->fstat(env, f.fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto out;
	is = st.st_size == 0;
	bn_tar_reader_init(&r,
		(bn_tar_source){
			.read = read_old, .ctx = &f, .size = (uint64_t)st.st_size, .name = path});
	while (!is && bn_tar_next(e, &r, NULL) == 1)
		is = !strcmp(e->path, "oci-layout") || !strcmp(e->path, "manifest.json");
out:
	bn_free(e);
	if (f.fd >= 0)
		env->fs->close(env, f.fd);
	return is;
}

static int write_archive(
	uint64_t *bytes, const bn_form_input *in, members *m, const char *path, bn_err *err)
{
	output out = {NULL, 0};
	bn_tar_writer w;
	int rc = 0;
	if (in->force && bn_fs_exists(in->env, path) && !is_package(in->env, path)) {
		bn_err_set(err, BN_EREFUSED,
			"'%s' is not an image's archive, so it is not replaced", path);
		bn_err_hint(err, "remove it, or give another path");
		return BN_EREFUSED;
	}
	bn_tar_init(&w, (bn_tar_sink){add_bytes, &out});
	qsort(m->items, m->count, sizeof *m->items, by_path);
	if ((rc = bn_file_out_open(&out.file, in->env, path, 0666, err)) < 0)
		goto out;
	for (size_t i = 0; i < m->count; i++)
		if ((rc = put_member(&w, in, &m->items[i], err)) < 0)
			goto out;
	if ((rc = bn_tar_finish(&w, err)) < 0)
		goto out;
	if (!in->force && bn_fs_exists(in->env, path)) { /* another process was faster */
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' exists already", path);
		goto out;
	}
	if ((rc = bn_file_out_finish(out.file, err)) < 0)
		goto out;
	*bytes = out.bytes;
out:
	bn_tar_release(&w);
	bn_file_out_free(out.file);
	return rc;
}

int bn_form_oci_archive(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err)
{
	static const char mark[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	const bn_image *image = in->image;
	members m = {.count = 0};
	bn_oci_index x = {NULL, 0};
	bn_buf index = BN_BUF_INIT;
	int rc;
	if ((rc = bn_layout_index(&x, in->layout, err)) < 0 ||
		(rc = bn_oci_index_format(&index, &x, err)) < 0 ||
		(rc = add(&m, bn_strdup("oci-layout"), NULL, mark, strlen(mark), err)) < 0 ||
		(rc = add(&m, bn_strdup("index.json"), NULL, index.ptr, index.len, err)) < 0 ||
		(rc = add(&m, bn_strdup("blobs"), NULL, NULL, 0, err)) < 0 ||
		(rc = add(&m, bn_strdup("blobs/sha256"), NULL, NULL, 0, err)) < 0)
		goto out;
	for (int i = -2; i < BN_IMAGE_LAYERS; i++) {
		const bn_oci_descriptor *d = i == -2 ? &image->manifest : &image->config;
		d = i < 0 ? d : &image->layers[i];
		if ((rc = add(&m, bn_strf("blobs/sha256/%s", hex_of(d)), d, NULL, 0, err)) < 0)
			goto out;
	}
	rc = write_archive(bytes, in, &m, path, err);
out:
	members_release(&m);
	bn_oci_index_release(&x);
	bn_buf_release(&index);
	return rc;
}

/* manifest.json of `docker save`. */
static int docker_manifest(char **out, const bn_image *image, bn_err *err)
{
	char name[BN_OCI_DIGEST_TEXT + 8];
	json_t *layers = json_array();
	for (int i = 0; i < BN_IMAGE_LAYERS; i++) {
		snprintf(name, sizeof name, "%s.tar", hex_of(&image->layers[i]));
		json_array_append_new(layers, json_string(name));
	}
	snprintf(name, sizeof name, "%s.json", hex_of(&image->config));
	json_t *doc = json_pack("[{s:s, s:[s], s:o}]", "Config", name, "RepoTags", image->reference,
		"Layers", layers);
	char *text = doc && json_array_size(layers) == BN_IMAGE_LAYERS
			     ? json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS)
			     : NULL;
	json_decref(doc);
	if (!text)
		return bn_err_nomem(err, "an archive");
	*out = text;
	return 0;
}

int bn_form_docker_archive(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err)
{
	const bn_image *image = in->image;
	members m = {.count = 0};
	char *manifest = NULL;
	int rc;
	if ((rc = docker_manifest(&manifest, image, err)) < 0 ||
		(rc = add(&m, bn_strdup("manifest.json"), NULL, manifest, strlen(manifest), err)) <
			0 ||
		(rc = add(&m, bn_strf("%s.json", hex_of(&image->config)), &image->config, NULL, 0,
			 err)) < 0)
		goto out;
	for (int i = 0; i < BN_IMAGE_LAYERS; i++)
		if ((rc = add(&m, bn_strf("%s.tar", hex_of(&image->layers[i])), &image->layers[i],
			     NULL, 0, err)) < 0)
			goto out;
	rc = write_archive(bytes, in, &m, path, err);
out:
	members_release(&m);
	free(manifest);
	return rc;
}
