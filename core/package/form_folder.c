/* form_folder.c - see form.h: the forms that are an unpacked root directory, alone or with what runs it. */
#include "core/base/dir_out.h"
#include "core/base/embedded.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/_form.h"
#include "core/package/closure.h"
#include "core/package/tar.h"

#include <stdio.h>
#include <string.h>

#define DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define ROOT "rootfs"

/* ---- unpacking ------------------------------------------------------------------------------ */

typedef struct blob_source {
	const bn_layout *l;
	bn_layout_blob blob;
} blob_source;

static int read_blob(void *ctx, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err)
{
	const blob_source *s = ctx;
	return bn_layout_blob_read(s->l, &s->blob, bytes, n, at, got, err);
}

int bn_image_unpack(const bn_dir *at, const bn_layout *l, const bn_oci_manifest *m, bn_err *err)
{
	for (size_t i = 0; i < m->layer_count; i++) {
		const bn_oci_descriptor *d = &m->layers[i];
		blob_source s = {.l = l};
		int rc;
		if (strcmp(d->media_type, BN_OCI_LAYER) && strcmp(d->media_type, DOCKER_LAYER))
			return bn_err_set(err, BN_EUNSUPPORTED,
				"layer %zu is '%.100s', and only tar files without compression can "
				"be "
				"unpacked",
				i, d->media_type);
		if ((rc = bn_layout_blob_open(&s.blob, l, d, err)) < 0)
			return rc;
		rc = bn_tar_extract(at,
			(bn_tar_source){
				.read = read_blob, .ctx = &s, .size = d->size, .name = d->digest},
			err);
		bn_layout_blob_close(l, &s.blob);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int unpack_into(uint64_t *bytes, const bn_dir *at, const bn_form_input *in, bn_err *err)
{
	bn_oci_manifest m;
	int rc = bn_layout_manifest(&m, NULL, in->layout, &in->image->manifest, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < m.layer_count; i++)
		*bytes += m.layers[i].size;
	rc = bn_image_unpack(at, in->layout, &m, err);
	bn_oci_manifest_release(&m);
	return rc;
}

int bn_form_dir(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err)
{
	static const char *const names[] = {"dev", "etc", "home", "lib", "lib64", "model", "proc",
		"run", "sys", "tmp", "usr", "var", NULL};
	const bn_dir_out_how how = {
		.replaces = in->force ? names : NULL, .what = "the root directory of an image"};
	bn_dir_out *d = NULL;
	int rc;
	*bytes = 0;
	if ((rc = bn_dir_out_open(&d, in->env, path, &how, err)) < 0 ||
		(rc = unpack_into(bytes, bn_dir_out_at(d), in, err)) < 0)
		goto out;
	rc = bn_dir_out_finish(d, err);
out:
	bn_dir_out_free(d);
	return rc;
}

/* ---- what runs it --------------------------------------------------------------------------- */

/* Facts about the image, all of characters that need no quoting in a shell or a Containerfile. */
typedef struct facts {
	const bn_image *image;
	bn_closure closure;
} facts;

static bool is_plain(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "_-.+/";
	return text[strspn(text, plain)] == '\0';
}

static int facts_find(facts *f, const bn_env *env, const bn_image *image, bn_err *err)
{
	int rc;
	f->image = image;
	if ((rc = bn_closure_find(&f->closure, env, err)) < 0)
		return rc;
	const char *const texts[] = {f->closure.loader, f->closure.directory, image->model};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i] && !is_plain(texts[i]))
			return bn_err_set(err, BN_EUNSUPPORTED,
				"'%.200s' has characters that a script would have to quote",
				texts[i]);
	return 0;
}

/* KEY VALUE of the labels, with a form for each line. */
static void add_labels(bn_buf *b, const char *form, const bn_image *image)
{
	char version[24];
	snprintf(version, sizeof version, "%lld", (long long)image->version);
	const char *const labels[][2] = {{"org.opencontainers.image.title", image->model},
		{"org.opencontainers.image.version", version},
		{"org.opencontainers.image.revision", image->commit},
		{"binnacle.model", image->model}, {"binnacle.version", version},
		{"binnacle.digest", image->model_digest}, {"binnacle.run", image->run},
		{"binnacle.commit", image->commit},
		{"binnacle.approved", image->is_unapproved ? "no" : "yes"}};
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (labels[i][1] && is_plain(labels[i][1])) {
			bn_buf_addf(b, form, labels[i][0]);
			bn_buf_adds(b, labels[i][1]);
			bn_buf_addch(b, '\n');
		}
}

static void containerfile(bn_buf *b, const facts *f)
{
	const bn_image *i = f->image;
	long long version = (long long)i->version;
	bn_buf_addf(b,
		"# %s/%lld, served by binnacle. Nothing is executed to build it:\n"
		"#   podman build -t %s .\n"
		"FROM scratch\nCOPY " ROOT "/ /\n",
		i->model, version, i->reference);
	add_labels(b, "LABEL %s=", i);
	bn_buf_addf(b,
		"ENV PATH=/usr/bin\nUSER %d:%d\nWORKDIR /\nEXPOSE %d\nSTOPSIGNAL SIGTERM\n"
		"ENTRYPOINT [\"" BN_IMAGE_PROGRAM "\", \"-C\", \"/\", \"serve\", \"" BN_IMAGE_MODEL
		"\", \"--as\", \"%s/%lld\"]\n"
		"CMD [\"--host\", \"0.0.0.0\", \"--port\", \"%d\"]\n",
		BN_IMAGE_USER, BN_IMAGE_USER, BN_IMAGE_PORT, i->model, version, BN_IMAGE_PORT);
}

static void definition(bn_buf *b, const facts *f)
{
	const bn_image *i = f->image;
	const char *const sections[] = {"runscript", "startscript"};
	bn_buf_addf(b,
		"# %s/%lld, served by binnacle. In this directory:\n"
		"#   apptainer build model.sif binnacle.def\n"
		"Bootstrap: localimage\nFrom: " ROOT "\n\n%%labels\n",
		i->model, (long long)i->version);
	add_labels(b, "    %s ", i);
	bn_buf_adds(b, "\n%environment\n    export PATH=/usr/bin\n");
	for (size_t k = 0; k < sizeof sections / sizeof *sections; k++)
		bn_buf_addf(b,
			"\n%%%s\n    exec " BN_IMAGE_PROGRAM " -C / serve " BN_IMAGE_MODEL
			" --as %s/%lld \"$@\"\n",
			sections[k], i->model, (long long)i->version);
	bn_buf_addf(b,
		"\n%%help\n    Answers predictions of %s/%lld over HTTP on 127.0.0.1:%d.\n"
		"    BINNACLE_TOKEN is the token of its clients; `--host`, `--port` and the other "
		"options are\n    those of `binnacle serve`.\n",
		i->model, (long long)i->version, BN_IMAGE_PORT);
}

/* share/embed/serve_image.sh with its words in place. */
static int script(bn_buf *b, const facts *f, bn_err *err)
{
	const bn_embedded_file *file = bn_embedded_get("share/embed/serve_image.sh");
	BN_BUG(!file);
	char *as = bn_strf("%s/%lld", f->image->model, (long long)f->image->version);
	if (!as)
		return bn_err_nomem(err, "a script");
	const char *const words[][2] = {{"@MODEL@", as},
		{"@LOADER@", f->closure.loader ? f->closure.loader : ""},
		{"@LIBRARIES@", f->closure.directory ? f->closure.directory : ""}};
	for (const char *at = file->data; *at;) {
		size_t i = 0, n = sizeof words / sizeof *words;
		while (i < n && !bn_str_starts(at, words[i][0]))
			i++;
		if (i < n) {
			bn_buf_adds(b, words[i][1]);
			at += strlen(words[i][0]);
		} else {
			bn_buf_addch(b, *at++);
		}
	}
	bn_free(as);
	return 0;
}

static int put_text(
	uint64_t *bytes, const bn_dir *at, const char *name, mode_t mode, bn_buf *b, bn_err *err)
{
	int rc = bn_buf_check(b, err, name);
	if (rc < 0)
		return rc;
	*bytes += b->len;
	rc = bn_dir_write_file(at, name, b->ptr, b->len, mode, err);
	bn_buf_clear(b);
	return rc;
}

static int put_folder(uint64_t *bytes, const bn_dir *at, const bn_form_input *in, const char *name,
	void (*recipe)(bn_buf *b, const facts *f), bn_err *err)
{
	facts f = {.image = NULL};
	bn_buf b = BN_BUF_INIT;
	bn_dir *root = NULL;
	int rc;
	if ((rc = facts_find(&f, in->env, in->image, err)) < 0 ||
		(rc = bn_dir_make(at, ROOT, 0755, err)) < 0 ||
		(rc = bn_dir_open_below(&root, at, ROOT, err)) < 0 ||
		(rc = unpack_into(bytes, root, in, err)) < 0)
		goto out;
	recipe(&b, &f);
	if ((rc = put_text(bytes, at, name, 0644, &b, err)) < 0 || (rc = script(&b, &f, err)) < 0)
		goto out;
	rc = put_text(bytes, at, "serve.sh", 0755, &b, err);
out:
	bn_dir_close(root);
	bn_buf_release(&b);
	bn_closure_release(&f.closure);
	return rc;
}

static int write_folder(uint64_t *bytes, const bn_form_input *in, const char *path,
	const char *name, void (*recipe)(bn_buf *b, const facts *f), bn_err *err)
{
	static const char *const names[] = {
		ROOT, "serve.sh", "Containerfile", "binnacle.def", NULL};
	const bn_dir_out_how how = {
		.replaces = in->force ? names : NULL, .what = "a package with serve.sh"};
	bn_dir_out *d = NULL;
	int rc;
	*bytes = 0;
	if ((rc = bn_dir_out_open(&d, in->env, path, &how, err)) < 0 ||
		(rc = put_folder(bytes, bn_dir_out_at(d), in, name, recipe, err)) < 0)
		goto out;
	rc = bn_dir_out_finish(d, err);
out:
	bn_dir_out_free(d);
	return rc;
}

int bn_form_sif_def(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err)
{
	return write_folder(bytes, in, path, "binnacle.def", definition, err);
}

int bn_form_containerfile(uint64_t *bytes, const bn_form_input *in, const char *path, bn_err *err)
{
	return write_folder(bytes, in, path, "Containerfile", containerfile, err);
}
