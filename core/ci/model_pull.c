/* model_pull.c - pulling a model: see model_package.h. */
#include "core/base/dir_out.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ci/_generic_package.h"
#include "core/ci/model_package.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct pulling {
	bn_generic g;
	const bn_model_listing *listing;
	const bn_model_transfer *how;
	bn_model_transferred *out;
	const bn_dir *at; /* of the files */
} pulling;

static int get_listing(bn_model_listing *listing, pulling *p, bn_err *err)
{
	const bn_generic *g = &p->g;
	bn_buf text = BN_BUF_INIT;
	char *source = bn_strf("package %s %s, " BN_MODEL_LISTING_FILE, g->package, g->version);
	int rc, found;
	if (!source) {
		rc = bn_err_nomem(err, "a name");
		goto out;
	}
	if ((rc = found = bn_generic_get(&text, &p->g, BN_MODEL_LISTING_FILE,
		     BN_MODEL_LISTING_BYTES, err)) < 0)
		goto out;
	if (!found) {
		rc = bn_err_set(err, BN_ENOTFOUND, "%s has no model %s %s", g->f->place->project,
			g->package, g->version);
		bn_err_hint(err, "a package without " BN_MODEL_LISTING_FILE
				 " is a push that was not finished");
		goto out;
	}
	bn_sha256_hex(text.ptr, text.len, p->out->listing);
	rc = bn_model_listing_parse(listing, text.ptr, text.len, source, err);
out:
	bn_free(source);
	bn_buf_release(&text);
	return rc;
}

/* Of an interrupted pull of something else. Only files directly in the folder are continued. */
static int remove_strangers(const pulling *p, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc;
	if ((rc = bn_dir_list(p->at, NULL, &names, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++)
		if (!bn_manifest_find(&p->listing->files, names.items[i]) &&
			(rc = bn_dir_remove_tree(p->at, names.items[i], err)) < 0)
			goto out;
out:
	bn_names_release(&names);
	return rc;
}

/* 1: the open file has the digest. */
static int is_right(const pulling *p, int fd, const bn_manifest_part *part, bn_err *err)
{
	char hash[65];
	uint64_t bytes = 0;
	int rc = bn_sha256_open_file(p->at->env, fd, part->path, hash, &bytes, err);
	return rc < 0 ? rc : bytes == part->bytes && !strcmp(hash, part->hash);
}

/* Fetches what an open file of `have` bytes lacks. The first bytes may be of other content: then all. */
static int fetch(pulling *p, int fd, const bn_manifest_part *part, uint64_t have, uint64_t before,
	bn_err *err)
{
	const bn_env *env = p->at->env;
	char name[BN_MODEL_FILE_NAME];
	int rc, e;
	bn_model_file_name(name, part->path, part->hash);
	for (int n = 0; n < 2; n++, have = 0) {
		if (!have && (e = env->fs->ftruncate(env, fd, 0)) < 0)
			return bn_err_sys(err, BN_EIO, -e, "cannot write '%s'", part->path);
		if ((rc = bn_generic_get_file(
			     &p->g, name, fd, have, part->bytes, before, p->out->bytes, err)) < 0)
			return rc;
		if ((rc = is_right(p, fd, part, err)) < 0)
			return rc;
		if (rc)
			return bn_dir_sync_file(env, p->at, part->path, fd, err);
		if (!have)
			break;
	}
	env->fs->ftruncate(env, fd, 0); /* the next pull starts afresh */
	return bn_err_set(err, BN_ECORRUPT,
		"%s of package %s %s is not what the package lists: its digest is another one",
		part->path, p->g.package, p->g.version);
}

static int make_parent(const pulling *p, const char *path, bn_err *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return 0;
	char *parent = bn_strndup(path, (size_t)(slash - path));
	if (!parent)
		return bn_err_nomem(err, "a path");
	int rc = bn_dir_make(p->at, parent, 0755, err);
	bn_free(parent);
	return rc;
}

static int pull_file(pulling *p, const bn_manifest_part *part, uint64_t before, bn_err *err)
{
	const bn_env *env = p->at->env;
	struct stat st;
	int fd = -1, rc, e;
	if ((rc = bn_progress_step(p->how->progress, "fetching", before, p->out->bytes, err)) < 0 ||
		(rc = make_parent(p, part->path, err)) < 0 ||
		(rc = bn_dir_open_file(&fd, p->at, part->path, O_RDWR | O_CREAT, 0644, err)) < 0)
		return rc;
	if ((e = env->fs->fstat(env, fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", part->path);
		goto out;
	}
	uint64_t have = (uint64_t)st.st_size;
	if (have == part->bytes && (rc = is_right(p, fd, part, err)) != 0)
		goto out; /* there from before, or it cannot be read */
	have = have < part->bytes ? have : 0;
	p->out->sent++;
	p->out->sent_bytes += part->bytes - have;
	rc = fetch(p, fd, part, have, before, err);
out:
	env->fs->close(env, fd);
	return rc < 0 ? rc : 0;
}

static int pull_all(pulling *p, const char *dir, bn_err *err)
{
	static const bn_dir_out_how how = {.what = "a model folder", .resumes = true};
	bn_dir_out *out = NULL;
	uint64_t before = 0;
	int rc;
	if ((rc = bn_dir_out_open(&out, p->g.f->env, dir, &how, err)) < 0)
		return rc;
	p->at = bn_dir_out_at(out);
	if ((rc = remove_strangers(p, err)) < 0)
		goto out;
	for (size_t i = 0; i < p->listing->files.count; i++) {
		if ((rc = pull_file(p, &p->listing->files.parts[i], before, err)) < 0)
			goto out;
		before += p->listing->files.parts[i].bytes;
	}
	rc = bn_dir_out_finish(out, err);
out:
	bn_dir_out_free(out);
	return rc;
}

int bn_model_pull(bn_model_transferred *out, bn_model_listing *listing, bn_forge *f,
	const char *dir, const bn_model_transfer *how, bn_err *err)
{
	pulling p = {.listing = listing, .how = how, .out = out};
	int rc;
	*out = (bn_model_transferred){0};
	bn_model_listing_init(listing);
	if ((rc = bn_generic_open(&p.g, f, how->package, how->version, how->progress, err)) < 0 ||
		(rc = get_listing(listing, &p, err)) < 0)
		goto out;
	snprintf(out->digest, sizeof out->digest, "%s", listing->files.content);
	out->files = listing->files.count;
	out->bytes = listing->files.bytes;
	if (how->dry_run) {
		out->sent = out->files;
		out->sent_bytes = out->bytes;
	} else {
		rc = pull_all(&p, dir, err);
	}
out:
	bn_generic_release(&p.g);
	return rc;
}
