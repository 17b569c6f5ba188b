/* object.c - see object.h. */
#include "core/lfs/object.h"

#include "core/base/dir.h"
#include "core/base/file_out.h"
#include "core/base/mem.h"
#include "core/lfs/_fetch.h"
#include "core/lfs/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 96

static void object_name(char name[NAME_BYTES], const bn_lfs_pointer *p)
{
	snprintf(name, NAME_BYTES, "objects/%.2s/%.2s/%s", p->oid, p->oid + 2, p->oid);
}

static int verify(int fd, const bn_env *env, const bn_lfs_pointer *p, const char *from, bn_err *err)
{
	char hex[BN_SHA256_HEX + 1];
	uint64_t size = 0;
	int rc = bn_sha256_open_file(env, fd, from, hex, &size, err);
	if (rc < 0 || (size == p->size && !strcmp(hex, p->oid)))
		return rc;
	bn_err_set(err, BN_ECORRUPT,
		"%s: object %.12s... has other bytes (%llu of them, SHA-256 %.12s...)", from,
		p->oid, (unsigned long long)size, hex);
	bn_err_hint(err, "git lfs fsck finds damaged objects");
	return BN_ECORRUPT;
}

/* From a store that is a directory. *fd stays -1 if it is not there. */
static int open_in(
	int *fd, const bn_env *env, const char *store, const bn_lfs_pointer *p, bn_err *err)
{
	char name[NAME_BYTES];
	bn_dir *dir = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dir_open(&dir, env, store, &why);
	if (rc < 0)
		return rc == BN_ENOTFOUND ? 0 : bn_err_move(err, &why);
	object_name(name, p);
	if ((rc = bn_dir_open_file(fd, dir, name, O_RDONLY, 0, &why)) < 0)
		rc = rc == BN_ENOTFOUND ? 0 : bn_err_move(err, &why);
	bn_dir_close(dir);
	return rc;
}

/* ---- from a server --------------------------------------------------------------------------------- */

typedef struct arriving {
	bn_dir *store; /* NULL: into a nameless file */
	char tmp[64];
	int fd;
	bn_file_out *spool;
} arriving;

static int make_parents(const bn_dir *at, const char *name)
{
	char part[NAME_BYTES];
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
		int e = at->env->fs->mkdir(at->env, at, part, 0777);
		if (e < 0 && e != -EEXIST)
			return e;
	}
	return 0;
}

/* A file in the store, or if that cannot be written to, a nameless one. */
static int begin(arriving *a, const bn_env *env, const bn_lfs_place *place, bn_err *err)
{
	uint64_t tag;
	int rc = bn_env_random(env, &tag, sizeof tag, err);
	*a = (arriving){.fd = -1};
	if (rc < 0)
		return rc;
	snprintf(a->tmp, sizeof a->tmp, "tmp/binnacle-%016llx", (unsigned long long)tag);
	env->fs->mkdir(env, NULL, place->store, 0777);
	if (bn_dir_open(&a->store, env, place->store, NULL) == 0 &&
		make_parents(a->store, a->tmp) == 0)
		a->fd = env->fs->open(env, a->store, a->tmp, O_RDWR | O_CREAT | O_EXCL, 0666);
	if (a->fd >= 0)
		return 0;
	bn_dir_close(a->store);
	a->store = NULL;
	if ((rc = bn_file_out_open(&a->spool, env, NULL, 0600, err)) < 0)
		return rc;
	a->fd = dup(bn_file_out_fd(a->spool));
	return a->fd < 0 ? bn_err_sys(err, BN_EIO, errno, "cannot keep a file open") : 0;
}

/* Gives what was verified its name in the store. */
static int keep(arriving *a, const bn_lfs_pointer *p, bn_err *err)
{
	char name[NAME_BYTES];
	int rc, e;
	if (!a->store)
		return 0;
	object_name(name, p);
	if ((rc = bn_dir_sync_file(a->store->env, a->store, a->tmp, a->fd, err)) < 0)
		return rc;
	if ((e = make_parents(a->store, name)) < 0 ||
		(e = a->store->env->fs->rename(a->store->env, a->store, a->tmp, a->store, name)) <
			0)
		return bn_dir_error(err, -e, "cannot keep", a->store, name);
	a->tmp[0] = '\0';
	return 0;
}

static void end(arriving *a, const bn_env *env)
{
	if (a->store && a->tmp[0])
		env->fs->unlink(env, a->store, a->tmp);
	if (a->fd >= 0)
		env->fs->close(env, a->fd);
	bn_dir_close(a->store);
	bn_file_out_free(a->spool);
}

static int from_server(bn_lfs_object *o, const bn_env *env, const bn_lfs_place *place,
	const bn_lfs_pointer *p, const bn_progress *progress, bn_err *err)
{
	arriving a;
	int rc;
	if (!(o->from = bn_strdup(place->api.text)))
		return bn_err_nomem(err, "an object of Git LFS");
	if ((rc = begin(&a, env, place, err)) < 0 ||
		(rc = bn_lfs_fetch(a.fd, env, place, p, progress, err)) < 0 ||
		(rc = verify(a.fd, env, p, place->api.text, err)) < 0 ||
		(rc = keep(&a, p, err)) < 0)
		goto out;
	o->fd = a.fd;
	a.fd = -1;
out:
	end(&a, env);
	return rc;
}

/* ---- all ------------------------------------------------------------------------------------------ */

static int not_found(
	const bn_lfs_place *place, const bn_lfs_pointer *p, const char *path, bn_err *err)
{
	bn_err_set(err, BN_ENOTFOUND,
		"'%s' is a pointer of Git LFS, and object %.12s... is not in '%s'", path, p->oid,
		place->store);
	if (!place->directory)
		bn_err_hint(err, "no server is configured: git config lfs.url URL, or add a "
				 "remote; then repeat this");
	else
		bn_err_hint(err, "nor in '%.160s', the remote", place->directory);
	return BN_ENOTFOUND;
}

int bn_lfs_object_open(bn_lfs_object *out, const bn_env *env, const char *path,
	const bn_lfs_pointer *p, const bn_progress *progress, bn_err *err)
{
	bn_lfs_place place;
	const char *from = NULL;
	int rc;
	*out = (bn_lfs_object){.fd = -1};
	if ((rc = bn_lfs_place_find(&place, env, path, err)) < 0) {
		bn_err_prefix(err, "a pointer of Git LFS");
		goto out;
	}
	out->path = place.path;
	place.path = NULL;
	memcpy(out->rev, place.rev, sizeof out->rev);
	from = "the local store";
	if ((rc = open_in(&out->fd, env, place.store, p, err)) < 0)
		goto out;
	if (out->fd < 0 && place.directory) {
		from = place.directory;
		if ((rc = open_in(&out->fd, env, from, p, err)) < 0)
			goto out;
	}
	if (out->fd < 0) {
		rc = place.api.text ? from_server(out, env, &place, p, progress, err)
				    : not_found(&place, p, path, err);
		goto out;
	}
	if (!(out->from = bn_strdup(from)))
		rc = bn_err_nomem(err, "an object of Git LFS");
	else
		rc = verify(out->fd, env, p, from, err);
out:
	bn_lfs_place_release(&place);
	if (rc < 0 && out->fd >= 0) {
		env->fs->close(env, out->fd);
		out->fd = -1;
	}
	return rc;
}

void bn_lfs_object_close(bn_lfs_object *o)
{
	if (o->fd >= 0)
		close(o->fd);
	bn_free(o->from);
	bn_free(o->path);
	*o = (bn_lfs_object){.fd = -1};
}
