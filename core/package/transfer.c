/* transfer.c - see transfer.h. */
#include "core/package/transfer.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/package/_model_folder.h"
#include "core/package/image.h"

#include <string.h>

void bn_transfer_release(bn_transfer *t)
{
	bn_free(t->blobs);
	bn_free(t->model);
	*t = (bn_transfer){0};
}

static bool is_listed(const bn_transfer *t, const char *digest)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->blobs[i].blob.digest, digest))
			return true;
	return false;
}

/* Lists the config and, from layer `first` on, the layers of a manifest, each blob once. */
static int list_blobs(bn_transfer *t, const bn_oci_manifest *m, size_t first, bn_err *err)
{
	t->blobs = bn_alloc_zeroed(m->layer_count + 1, sizeof *t->blobs);
	if (!t->blobs)
		return bn_err_nomem(err, "an image");
	for (size_t i = first; i <= m->layer_count; i++) {
		bool is_config = i == m->layer_count;
		const bn_oci_descriptor *blob = is_config ? &m->config : &m->layers[i];
		if (!is_listed(t, blob->digest))
			t->blobs[t->count++] =
				(bn_transfer_blob){.blob = *blob, .is_config = is_config};
	}
	return 0;
}

/* What the config's labels say; a config of another form, as artifacts have, says nothing. */
static int read_labels(
	bn_transfer *t, const bn_layout *l, const bn_oci_descriptor *config, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if (config->size > BN_OCI_DOCUMENT_MAX)
		return 0;
	if ((rc = bn_layout_blob_get(&text, l, config, err)) < 0)
		goto out;
	rc = bn_image_labels(&t->model, &t->version, text.ptr, text.len, &why);
	rc = rc == BN_ENOMEM ? bn_err_move(err, &why) : 0;
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- push ----------------------------------------------------------------------------------- */

/* Finds out which blobs the registry lacks. */
static int find_missing(bn_transfer *t, bn_distribution *d, const bn_push_options *o, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < t->count; i++) {
		bn_transfer_blob *b = &t->blobs[i];
		if ((rc = bn_progress_step(o->progress, "comparing", i, t->count, err)) < 0 ||
			(rc = bn_distribution_has_blob(d, &b->blob, err)) < 0)
			return rc;
		b->state = rc ? BN_BLOB_PRESENT : BN_BLOB_MISSING;
		if (b->state == BN_BLOB_MISSING && o->mount_from && !o->dry_run) {
			rc = bn_distribution_mount_blob(d, &b->blob, o->mount_from, err);
			if (rc < 0)
				return rc;
			b->state = rc ? BN_BLOB_MOUNTED : BN_BLOB_MISSING;
		}
		t->bytes += b->state == BN_BLOB_MISSING ? b->blob.size : 0;
	}
	return 0;
}

static int send_blob(bn_transfer_blob *b, bn_distribution *d, const bn_layout *l,
	const bn_progress *progress, bn_err *err)
{
	bn_layout_blob file;
	int rc;
	if ((rc = bn_layout_blob_verify(l, &b->blob, progress, err)) < 0 ||
		(rc = bn_layout_blob_open(&file, l, &b->blob, err)) < 0)
		return rc;
	rc = bn_distribution_push_blob(d, &b->blob, file.fd, (uint64_t)file.from, err);
	bn_layout_blob_close(l, &file);
	b->state = rc < 0 ? b->state : BN_BLOB_SENT;
	return rc;
}

int bn_image_push(bn_transfer *out, bn_distribution *d, const bn_layout *l,
	const bn_oci_descriptor *manifest, const bn_push_options *options, bn_err *err)
{
	bn_transfer t = {.manifest = *manifest};
	bn_oci_manifest m = {0};
	bn_buf text = BN_BUF_INIT;
	int rc;
	if ((rc = bn_layout_manifest(&m, &text, l, manifest, err)) < 0 ||
		(rc = list_blobs(&t, &m, 0, err)) < 0 ||
		(rc = read_labels(&t, l, &m.config, err)) < 0 ||
		(rc = find_missing(&t, d, options, err)) < 0)
		goto out;
	bn_distribution_expect(d, "pushing", t.bytes);
	for (size_t i = 0; i < t.count && !options->dry_run; i++)
		if (t.blobs[i].state == BN_BLOB_MISSING &&
			(rc = send_blob(&t.blobs[i], d, l, options->progress, err)) < 0)
			goto out;
	if (!options->dry_run &&
		(rc = bn_distribution_push_manifest(d, manifest, options->tag, &text, err)) < 0)
		goto out;
	rc = 0;
	*out = t;
	t = (bn_transfer){0};
out:
	bn_transfer_release(&t);
	bn_oci_manifest_release(&m);
	bn_buf_release(&text);
	return rc;
}

/* ---- pull ----------------------------------------------------------------------------------- */

/* The image's manifest: what the name leads to, or its entry for this machine. */
static int pull_manifest(bn_oci_descriptor *out, bn_buf *text, bn_distribution *d,
	const char *tag_or_digest, bn_err *err)
{
	const bn_oci_index_entry *entry;
	bn_oci_descriptor got, wanted;
	bn_oci_index index = {0};
	int rc = bn_distribution_pull_manifest(d, &got, text, tag_or_digest, err);
	if (rc < 0)
		return rc;
	if (!bn_oci_is_index(got.media_type)) {
		*out = got;
		return 0;
	}
	if ((rc = bn_oci_index_parse(&index, text->ptr, text->len, "the registry's index", err)) <
			0 ||
		(rc = bn_oci_index_pick(&entry, &index, NULL, "the registry's index", err)) < 0)
		goto out;
	wanted = entry->manifest;
	if ((rc = bn_distribution_pull_manifest(d, &got, text, wanted.digest, err)) < 0)
		goto out;
	if (got.size != wanted.size || strcmp(got.media_type, wanted.media_type) != 0)
		rc = bn_err_set(err, BN_ECORRUPT,
			"the registry's index says that %s is '%.80s' of %llu bytes, and it is not",
			wanted.digest, wanted.media_type, (unsigned long long)wanted.size);
	else
		*out = got;
out:
	bn_oci_index_release(&index);
	return rc;
}

static int add_bytes(void *user, const void *bytes, size_t n, bn_err *err)
{
	return bn_layout_blob_in_add(user, bytes, n, err);
}

static int restart(void *user, bn_err *err)
{
	return bn_layout_blob_in_restart(user, err);
}

/* Bytes of an interrupted attempt may be wrong: then everything is received once more. */
static int receive(
	const bn_oci_descriptor *blob, bn_distribution *d, bn_layout *l, bool again, bn_err *err)
{
	bn_layout_blob_in *in = NULL;
	bn_oci_descriptor got;
	bn_err why = BN_ERR_INIT;
	int rc = bn_layout_blob_begin(&in, l, blob, &why);
	if (rc < 0)
		return bn_err_move(err, &why);
	bn_blob_sink sink = {bn_layout_blob_in_have(in), add_bytes, restart, in};
	if ((rc = bn_distribution_pull_blob(d, blob, &sink, &why)) < 0 ||
		(rc = bn_layout_blob_in_finish(in, &got, &why)) < 0)
		bn_err_prefix(&why, "%s", blob->digest);
	bn_layout_blob_in_free(in);
	if (rc == BN_ECORRUPT && sink.have && !again)
		return receive(blob, d, l, true, err);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

static int receive_blobs(
	bn_transfer *t, bn_distribution *d, bn_layout *l, const bn_progress *progress, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < t->count; i++)
		t->bytes += t->blobs[i].blob.size;
	bn_distribution_expect(d, "pulling", t->bytes);
	for (size_t i = 0; i < t->count; i++) {
		const bn_oci_descriptor *blob = &t->blobs[i].blob;
		rc = bn_layout_has(l, blob) ? bn_layout_blob_verify(l, blob, progress, NULL)
					    : BN_ENOTFOUND;
		if (rc == BN_EINTR)
			return bn_err_set(err, rc, "stopped while hashing");
		rc = rc < 0 ? receive(blob, d, l, false, err)
			    : bn_distribution_skip(d, blob->size, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Puts the manifest into the layout and gives that its name. */
static int finish_layout(bn_layout *l, const bn_oci_descriptor *manifest, const bn_buf *text,
	const bn_pull_options *o, bn_err *err)
{
	bn_oci_descriptor put;
	int rc;
	if ((rc = bn_layout_put(&put, l, text->ptr, text->len, err)) < 0 ||
		(rc = bn_layout_set_index(l, manifest, o->name, err)) < 0)
		return rc;
	return bn_layout_finish(l, err);
}

/* Removes the layout that a model's folder was received into. */
static int remove_partial(const bn_pull_options *o, bn_err *err)
{
	char *partial = bn_strf("%s.partial", o->path);
	if (!partial)
		return bn_err_nomem(err, "a file name");
	int rc = bn_fs_remove_tree(o->env, partial, err);
	bn_free(partial);
	return rc;
}

/* Whether the image is one of ours is known from its config, before its layer is received. */
static int receive_model(bn_transfer *t, bn_distribution *d, bn_layout *l, const bn_oci_manifest *m,
	const bn_pull_options *o, bn_err *err)
{
	int rc;
	if ((!bn_layout_has(l, &m->config) && (rc = receive(&m->config, d, l, false, err)) < 0) ||
		(rc = read_labels(t, l, &m->config, err)) < 0)
		return rc;
	if (!t->model) {
		bn_err_set(err, BN_EINVAL, "the image was not made by `binnacle package`");
		bn_err_hint(err, "--format oci pulls any image");
		return BN_EINVAL;
	}
	if ((rc = receive_blobs(t, d, l, o->progress, err)) < 0)
		return rc;
	return bn_model_folder_unpack(o->env, l, m, o->path, err);
}

static int receive_image(bn_transfer *t, bn_distribution *d, bn_layout *l, const bn_oci_manifest *m,
	const bn_buf *text, const bn_pull_options *o, bn_err *err)
{
	int rc;
	if ((rc = receive_blobs(t, d, l, o->progress, err)) < 0 ||
		(rc = read_labels(t, l, &m->config, err)) < 0)
		return rc;
	return finish_layout(l, &t->manifest, text, o, err);
}

int bn_image_pull(bn_transfer *out, bn_distribution *d, const char *tag_or_digest,
	const bn_pull_options *options, bn_err *err)
{
	const bn_layout_making how = {.force = options->force, .resumes = true};
	bool alone = options->model_alone;
	bn_transfer t = {0};
	bn_oci_manifest m = {0};
	bn_layout *l = NULL;
	bn_buf text = BN_BUF_INIT;
	int rc;
	if ((rc = pull_manifest(&t.manifest, &text, d, tag_or_digest, err)) < 0 ||
		(rc = bn_oci_manifest_parse(
			 &m, text.ptr, text.len, "the registry's manifest", err)) < 0 ||
		(rc = list_blobs(&t, &m, alone && m.layer_count ? m.layer_count - 1 : 0, err)) <
			0 ||
		(rc = bn_layout_create(&l, options->env, options->path, &how, err)) < 0)
		goto out;
	rc = alone ? receive_model(&t, d, l, &m, options, err)
		   : receive_image(&t, d, l, &m, &text, options, err);
	bn_layout_close(l);
	if (alone && (rc >= 0 || rc == BN_EINVAL || rc == BN_EUNSUPPORTED)) {
		int removed = remove_partial(options, rc < 0 ? NULL : err);
		rc = rc < 0 ? rc : removed;
	}
	if (rc < 0)
		goto out;
	*out = t;
	t = (bn_transfer){0};
out:
	bn_transfer_release(&t);
	bn_oci_manifest_release(&m);
	bn_buf_release(&text);
	return rc;
}
