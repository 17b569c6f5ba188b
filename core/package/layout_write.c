/* layout_write.c - see layout.h: writing a new layout. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/package/_layout.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE (256u << 10)

static const char *const names[] = {BN_LAYOUT_MARK, BN_LAYOUT_INDEX, "blobs", NULL};

static int foreign(const char *path, const char *name, bn_err *err)
{
	bn_err_set(err, BN_EREFUSED, "'%s' holds '%.80s', which is no blob of a layout, so it is not replaced",
		path, name);
	bn_err_hint(err, "remove it, or give another path");
	return BN_EREFUSED;
}

/* All below blobs/ of an old layout is blobs; its top is looked at by dir_out.h. */
static int check_blobs(const bn_env *env, const char *path, bn_err *err)
{
	bn_names kinds = BN_NAMES_INIT, blobs = BN_NAMES_INIT;
	bn_dir *at = NULL;
	struct stat st;
	char *name = NULL;
	int rc = 0;
	if (bn_dir_open(&at, env, path, NULL) < 0 || bn_dir_stat(at, "blobs", &st, NULL) < 0)
		goto out; /* there is nothing, or it is no layout: dir_out.h says so */
	if ((rc = bn_dir_list(at, "blobs", &kinds, err)) < 0)
		goto out;
	for (size_t i = 0; i < kinds.count && rc >= 0; i++)
		if (strcmp(kinds.items[i], "sha256") != 0)
			rc = foreign(path, kinds.items[i], err);
	if (rc >= 0 && kinds.count)
		rc = bn_dir_list(at, BN_LAYOUT_BLOBS, &blobs, err);
	for (size_t i = 0; i < blobs.count && rc >= 0; i++) {
		bn_free(name);
		if (!(name = bn_path_join(BN_LAYOUT_BLOBS, blobs.items[i])))
			rc = bn_err_nomem(err, "a file name");
		else if (!bn_is_hex(blobs.items[i]) || bn_dir_stat(at, name, &st, NULL) < 0 ||
			 !S_ISREG(st.st_mode))
			rc = foreign(path, blobs.items[i], err);
	}
out:
	bn_free(name);
	bn_names_release(&kinds);
	bn_names_release(&blobs);
	bn_dir_close(at);
	return rc;
}

int bn_layout_create(bn_layout **out, const bn_env *env, const char *path,
	const bn_layout_making *how, bn_err *err)
{
	static const char mark[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	const bn_dir_out_how dir = {.replaces = how->force ? names : NULL,
		.what = "an OCI image layout",
		.resumes = how->resumes};
	int rc = 0;
	bn_layout *l = bn_alloc_zeroed(1, sizeof *l);
	if (!l || !(l->path = bn_strdup(path))) {
		rc = bn_err_nomem(err, "a layout");
		goto out;
	}
	l->env = env;
	l->resumes = how->resumes;
	if ((how->force && (rc = check_blobs(env, path, err)) < 0) ||
		(rc = bn_dir_out_open(&l->made, env, path, &dir, err)) < 0 ||
		(rc = bn_dir_make(bn_layout_at(l), BN_LAYOUT_BLOBS, 0755, err)) < 0 ||
		(rc = bn_dir_write_file(
			 bn_layout_at(l), BN_LAYOUT_MARK, mark, strlen(mark), 0644, err)) < 0)
		goto out;
	*out = l;
	l = NULL;
out:
	bn_layout_close(l);
	return rc;
}

/* Removes what interrupted attempts left of blobs that are no longer wanted. */
static int remove_pieces(const bn_layout *l, bn_err *err)
{
	const bn_dir *at = bn_layout_at(l);
	bn_names list = BN_NAMES_INIT;
	char *name = NULL;
	int rc = bn_dir_list(at, BN_LAYOUT_BLOBS, &list, err);
	for (size_t i = 0; !rc && i < list.count; i++) {
		if (bn_is_hex(list.items[i]))
			continue;
		bn_free(name);
		if (!(name = bn_path_join(BN_LAYOUT_BLOBS, list.items[i])))
			rc = bn_err_nomem(err, "a file name");
		else
			rc = bn_dir_unlink(at, name, err);
	}
	bn_free(name);
	bn_names_release(&list);
	return rc;
}

int bn_layout_finish(bn_layout *l, bn_err *err)
{
	bn_oci_index x;
	int rc = bn_layout_index(&x, l, err); /* a layout without one is never put in place */
	if (rc < 0)
		return rc;
	bn_oci_index_release(&x);
	if ((rc = remove_pieces(l, err)) < 0 ||
		(rc = bn_dir_sync(bn_layout_at(l), BN_LAYOUT_BLOBS, err)) < 0)
		return rc;
	return bn_dir_out_finish(l->made, err);
}

int bn_layout_put(bn_oci_descriptor *out, bn_layout *l, const void *bytes, size_t n, bn_err *err)
{
	bn_layout_blob_in *b = NULL;
	int rc;
	if ((rc = bn_layout_blob_begin(&b, l, NULL, err)) < 0 ||
		(rc = bn_layout_blob_in_add(b, bytes, n, err)) < 0)
		goto out;
	rc = bn_layout_blob_in_finish(b, out, err);
out:
	bn_layout_blob_in_free(b);
	return rc;
}

int bn_layout_set_index(
	bn_layout *l, const bn_oci_descriptor *manifest, const char *name, bn_err *err)
{
	bn_oci_index_entry e = {.manifest = *manifest, .os = "linux"};
	const bn_oci_index x = {&e, 1};
	bn_buf text = BN_BUF_INIT;
	int rc;
	if (name && !bn_oci_name_is_valid(name))
		return bn_err_set(err, BN_EINVAL,
			"'%.80s' is no name for an image: letters, digits and -._:@/+ inside",
			name);
	if (!bn_layout_has(l, manifest))
		return bn_err_set(
			err, BN_ENOTFOUND, "'%s' has no manifest %s", l->path, manifest->digest);
	snprintf(e.name, sizeof e.name, "%s", name ? name : "");
	snprintf(e.architecture, sizeof e.architecture, "%s", bn_oci_architecture());
	if ((rc = bn_oci_index_format(&text, &x, err)) < 0)
		goto out;
	rc = bn_dir_write_file(bn_layout_at(l), BN_LAYOUT_INDEX, text.ptr, text.len, 0644, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* ---- a blob in pieces ----------------------------------------------------------------------- */

struct bn_layout_blob_in {
	bn_layout *l;
	bool is_expected, stays; /* an unfinished one stays for the next attempt */
	bn_oci_descriptor expected;
	char name[BN_LAYOUT_NAME_TEXT]; /* while it is written */
	int fd;                         /* -1: closed, and the file is gone or has its final name */
	uint64_t have;
	bn_hasher *hasher;
};

/* Hashes what an interrupted attempt left, and continues after it. */
static int continue_after(bn_layout_blob_in *b, bn_err *err)
{
	const bn_env *env = b->l->env;
	const bn_dir *at = bn_layout_at(b->l);
	size_t got = 1;
	int rc = 0;
	char *piece = bn_alloc(PIECE);
	if (!piece)
		return bn_err_nomem(err, "a blob");
	for (; got; b->have += got) {
		if ((rc = bn_dir_read_at(
			     env, at, b->name, b->fd, piece, PIECE, (off_t)b->have, &got, err)) < 0)
			goto out;
		bn_hasher_add(b->hasher, piece, got);
	}
	if (b->have > b->expected.size)
		rc = bn_layout_blob_in_restart(b, err);
	else if (lseek(b->fd, (off_t)b->have, SEEK_SET) < 0)
		rc = bn_err_set(err, BN_EIO, "cannot continue '%s/%s'", at->path, b->name);
out:
	bn_free(piece);
	return rc;
}

int bn_layout_blob_begin(
	bn_layout_blob_in **out, bn_layout *l, const bn_oci_descriptor *expected, bn_err *err)
{
	uint64_t tag = 0;
	int rc = 0;
	if (expected && !bn_oci_digest_is_valid(expected->digest))
		return bn_err_set(err, BN_EINVAL, "'%s' is not a digest", expected->digest);
	bn_layout_blob_in *b = bn_alloc_zeroed(1, sizeof *b);
	if (!b)
		return bn_err_nomem(err, "a blob");
	b->l = l;
	b->fd = -1;
	b->is_expected = expected != NULL;
	b->stays = expected && l->resumes;
	if (expected)
		b->expected = *expected;
	if ((rc = bn_hasher_new(&b->hasher, err)) < 0 ||
		(rc = bn_env_random(l->env, &tag, sizeof tag, err)) < 0)
		goto out;
	if (b->stays)
		snprintf(b->name, sizeof b->name, BN_LAYOUT_BLOBS "/%s.partial",
			strchr(expected->digest, ':') + 1);
	else
		snprintf(b->name, sizeof b->name, BN_LAYOUT_BLOBS "/%016llx.tmp",
			(unsigned long long)tag);
	if ((rc = bn_dir_open_file(&b->fd, bn_layout_at(l), b->name,
		     O_RDWR | O_CREAT | (b->stays ? 0 : O_EXCL), 0644, err)) < 0) {
		b->fd = -1;
		goto out;
	}
	if (b->stays && (rc = continue_after(b, err)) < 0)
		goto out;
	*out = b;
	b = NULL;
out:
	bn_layout_blob_in_free(b);
	return rc;
}

uint64_t bn_layout_blob_in_have(const bn_layout_blob_in *b)
{
	return b->have;
}

int bn_layout_blob_in_restart(bn_layout_blob_in *b, bn_err *err)
{
	uint8_t unused[BN_SHA256_BYTES];
	const bn_dir *at = bn_layout_at(b->l);
	int e = b->l->env->fs->ftruncate(b->l->env, b->fd, 0);
	if (e < 0)
		return bn_dir_error(err, -e, "cannot empty", at, b->name);
	if (lseek(b->fd, 0, SEEK_SET) < 0)
		return bn_err_set(err, BN_EIO, "cannot rewrite '%s/%s'", at->path, b->name);
	bn_hasher_finish(b->hasher, unused);
	b->have = 0;
	return 0;
}

int bn_layout_blob_in_add(bn_layout_blob_in *b, const void *bytes, size_t n, bn_err *err)
{
	if (b->is_expected && n > b->expected.size - b->have)
		return bn_err_set(err, BN_ECORRUPT,
			"blob %s has more than the %llu bytes that are said of it",
			b->expected.digest, (unsigned long long)b->expected.size);
	int rc = bn_dir_write_all(b->l->env, bn_layout_at(b->l), b->name, b->fd, bytes, n, err);
	if (rc < 0)
		return rc;
	bn_hasher_add(b->hasher, bytes, n);
	b->have += n;
	return 0;
}

/* Closes the file and removes it. */
static void discard(bn_layout_blob_in *b)
{
	b->l->env->fs->close(b->l->env, b->fd);
	b->fd = -1;
	bn_dir_unlink(bn_layout_at(b->l), b->name, NULL);
}

static int check_expected(bn_layout_blob_in *b, const char *digest, bn_err *err)
{
	if (!b->is_expected)
		return 0;
	if (b->have == b->expected.size && !strcmp(digest, b->expected.digest))
		return 0;
	if (b->have < b->expected.size)
		return bn_err_set(err, BN_ECORRUPT, "blob %s ends after %llu of %llu bytes",
			b->expected.digest, (unsigned long long)b->have,
			(unsigned long long)b->expected.size);
	discard(b);
	return bn_err_set(
		err, BN_ECORRUPT, "blob %s has another content: %s", b->expected.digest, digest);
}

int bn_layout_blob_in_finish(bn_layout_blob_in *b, bn_oci_descriptor *out, bn_err *err)
{
	const bn_env *env = b->l->env;
	const bn_dir *at = bn_layout_at(b->l);
	uint8_t sum[BN_SHA256_BYTES];
	char name[BN_LAYOUT_NAME_TEXT], digest[BN_OCI_DIGEST_TEXT] = "sha256:";
	int e, rc;
	bn_hasher_finish(b->hasher, sum);
	bn_hex(sum, sizeof sum, digest + strlen(digest));
	if ((rc = check_expected(b, digest, err)) < 0 ||
		(rc = bn_dir_sync_file(env, at, b->name, b->fd, err)) < 0)
		return rc;
	e = env->fs->close(env, b->fd);
	b->fd = -1;
	if (e < 0)
		rc = bn_dir_error(err, -e, "cannot close", at, b->name);
	else
		rc = bn_dir_rename(at, b->name, at, bn_layout_blob_name(name, digest), err);
	if (rc < 0) {
		bn_dir_unlink(at, b->name, NULL);
		return rc;
	}
	memcpy(out->digest, digest, sizeof digest);
	out->size = b->have;
	return 0;
}

void bn_layout_blob_in_free(bn_layout_blob_in *b)
{
	if (!b)
		return;
	if (b->fd >= 0 && b->stays)
		b->l->env->fs->close(b->l->env, b->fd);
	else if (b->fd >= 0)
		discard(b);
	bn_hasher_free(b->hasher);
	bn_free(b);
}
