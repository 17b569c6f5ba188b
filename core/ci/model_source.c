/* model_source.c - see model_source.h. */
#include "core/ci/model_source.h"

#include "core/base/dir.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/model.h"
#include "core/registry/proof.h"
#include "core/registry/registry.h"
#include "core/store/object/object.h"

#include <fcntl.h>
#include <string.h>

struct bn_model_source {
	bn_model_listing listing;
	/* of a version */
	bn_model_view *proven; /* NULL: no chain of authority */
	bn_object_store *store;
	bn_manifest parts;  /* as stored: a file may have several */
	size_t first, next; /* parts of the open file, and the one that is read next */
	bn_object_reader *reader;
	/* of a folder */
	bn_dir *dir;
	int fd; /* -1: none */
};

static int source_new(bn_model_source **out, bn_err *err)
{
	bn_model_source *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a model");
	bn_model_listing_init(&s->listing);
	bn_manifest_init(&s->parts, BN_MANIFEST_MODEL);
	s->fd = -1;
	*out = s;
	return 0;
}

static void close_file(bn_model_source *s)
{
	bn_object_reader_free(s->reader);
	s->reader = NULL;
	if (s->fd >= 0)
		s->dir->env->fs->close(s->dir->env, s->fd);
	s->fd = -1;
}

void bn_model_source_free(bn_model_source *s)
{
	if (!s)
		return;
	close_file(s);
	bn_model_listing_release(&s->listing);
	bn_manifest_release(&s->parts);
	bn_dir_close(s->dir);
	bn_model_view_close(s->proven);
	bn_free(s);
}

const bn_model_listing *bn_model_source_listing(const bn_model_source *s)
{
	return &s->listing;
}

/* ---- a registered version ------------------------------------------------------------------------- */

/* A file whose parts were stored separately (core/store/object/manifest.h) is hashed as a whole. */
static int hash_parts(bn_model_source *s, size_t first, size_t end, char hash[65], bn_err *err)
{
	uint8_t digest[BN_SHA256_BYTES], bytes[16384];
	bn_hasher *h = NULL;
	int rc;
	if ((rc = bn_hasher_new(&h, err)) < 0)
		return rc;
	for (size_t i = first; i < end; i++) {
		size_t got = 1;
		if ((rc = bn_object_reader_new(
			     &s->reader, s->store, s->parts.parts[i].hash, 0, UINT64_MAX, err)) < 0)
			goto out;
		while (got) {
			if ((rc = bn_object_read(s->reader, bytes, sizeof bytes, &got, err)) < 0)
				goto out;
			bn_hasher_add(h, bytes, got);
		}
		close_file(s);
	}
	bn_hasher_finish(h, digest);
	bn_hex(digest, sizeof digest, hash);
out:
	bn_hasher_free(h);
	return rc;
}

static int list_parts(bn_model_source *s, bn_err *err)
{
	const bn_manifest *m = &s->parts;
	char hash[65];
	int rc;
	for (size_t i = 0, end; i < m->count; i = end) {
		uint64_t bytes = 0;
		for (end = i; end < m->count && !strcmp(m->parts[end].path, m->parts[i].path);
			end++)
			bytes += m->parts[end].bytes;
		memcpy(hash, m->parts[i].hash, sizeof hash);
		if (end - i > 1 && (rc = hash_parts(s, i, end, hash, err)) < 0)
			return rc;
		if ((rc = bn_manifest_add_file(
			     &s->listing.files, m->parts[i].path, hash, bytes, err)) < 0)
			return rc;
	}
	return bn_manifest_seal(&s->listing.files, err);
}

int bn_model_source_of_version(
	bn_model_source **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_model_source *s = NULL;
	bn_version *v = NULL;
	int rc;
	if ((rc = source_new(&s, err)) < 0 ||
		(rc = bn_version_demand(&s->proven, ws, spec, err)) < 0)
		goto out;
	bn_workspace *from = s->proven ? bn_model_view_workspace(s->proven) : ws;
	if ((rc = bn_version_get(&v, from, spec, err)) < 0)
		goto out;
	if (v->state == BN_MODEL_REMOVED) {
		rc = bn_err_set(err, BN_ENOTFOUND, "model version %s was removed", spec);
		goto out;
	}
	if ((rc = bn_workspace_objects(&s->store, from, err)) < 0 ||
		(rc = bn_manifest_load(&s->parts, from, v->manifest, err)) < 0 ||
		(rc = list_parts(s, err)) < 0)
		goto out;
	s->listing.version = v->version;
	s->listing.model = bn_strdup(v->name);
	s->listing.run = bn_strdup(v->run_id);
	if (!s->listing.model || (v->run_id && !s->listing.run)) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	*out = s;
	s = NULL;
out:
	bn_version_free(v);
	bn_model_source_free(s);
	return rc;
}

static ssize_t read_version(void *user, void *bytes, size_t size, bn_err *err)
{
	bn_model_source *s = user;
	const bn_manifest *m = &s->parts;
	size_t got = 0;
	int rc;
	for (;;) {
		if (s->reader) {
			if ((rc = bn_object_read(s->reader, bytes, size, &got, err)) < 0)
				return rc;
			if (got)
				return (ssize_t)got;
			close_file(s);
		}
		if (s->next >= m->count ||
			strcmp(m->parts[s->next].path, m->parts[s->first].path) != 0)
			return 0;
		if ((rc = bn_object_reader_new(
			     &s->reader, s->store, m->parts[s->next].hash, 0, UINT64_MAX, err)) < 0)
			return rc;
		s->next++;
	}
}

static int rewind_version(void *user, bn_err *err)
{
	bn_model_source *s = user;
	(void)err;
	close_file(s);
	s->next = s->first;
	return 0;
}

/* ---- a folder ------------------------------------------------------------------------------------ */

static int list_folder(bn_model_source *s, const bn_progress *progress, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	char hash[65];
	uint64_t bytes;
	int rc;
	if ((rc = bn_dir_list(s->dir, NULL, &names, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++) {
		bn_path_kind kind;
		const char *name = names.items[i];
		if ((rc = bn_progress_step(progress, "hashing", i, names.count, err)) < 0 ||
			(rc = bn_dir_look(&kind, s->dir, name, err)) < 0)
			goto out;
		if (kind == BN_PATH_DIR) {
			rc = bn_err_set(err, BN_EINVAL,
				"'%s' holds the directory '%s', which is no part of a model",
				s->dir->path, name);
			bn_err_hint(err, "an exported folder has Python's code/: push the "
					 "registered version");
			goto out;
		}
		if ((rc = bn_dir_open_file(&s->fd, s->dir, name, O_RDONLY, 0, err)) < 0 ||
			(rc = bn_sha256_open_file(s->dir->env, s->fd, name, hash, &bytes, err)) < 0)
			goto out;
		close_file(s);
		if ((rc = bn_manifest_add_file(&s->listing.files, name, hash, bytes, err)) < 0)
			goto out;
	}
	rc = bn_manifest_seal(&s->listing.files, err);
out:
	bn_names_release(&names);
	return rc;
}

int bn_model_source_of_folder(bn_model_source **out, const bn_env *env, const char *dir,
	const bn_progress *progress, bn_err *err)
{
	bn_model_source *s = NULL;
	bn_model *model = NULL;
	int rc;
	if ((rc = source_new(&s, err)) < 0 || (rc = bn_dir_open(&s->dir, env, dir, err)) < 0 ||
		(rc = bn_model_load(&model, env, NULL, dir, err)) < 0 ||
		(rc = list_folder(s, progress, err)) < 0)
		goto out;
	const char *name = bn_model_name(model);
	if (*name && bn_name_is_valid(name) && !(s->listing.model = bn_strdup(name))) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	*out = s;
	s = NULL;
out:
	bn_model_free(model);
	bn_model_source_free(s);
	return rc;
}

/* ---- a file --------------------------------------------------------------------------------------- */

int bn_model_source_open(bn_http_upload *out, bn_model_source *s, size_t i, bn_err *err)
{
	const bn_manifest_part *p = &s->listing.files.parts[i];
	int rc;
	close_file(s);
	if (s->dir) {
		if ((rc = bn_dir_open_file(&s->fd, s->dir, p->path, O_RDONLY, 0, err)) < 0)
			return rc;
		*out = (bn_http_upload){
			.kind = BN_HTTP_FILE, .fd = s->fd, .length = (int64_t)p->bytes};
		return 0;
	}
	for (s->first = 0; s->first < s->parts.count; s->first++)
		if (!strcmp(s->parts.parts[s->first].path, p->path))
			break;
	s->next = s->first;
	*out = (bn_http_upload){.kind = BN_HTTP_READ,
		.length = (int64_t)p->bytes,
		.read = read_version,
		.rewind = rewind_version,
		.user = s};
	return 0;
}
