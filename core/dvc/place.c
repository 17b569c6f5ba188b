/* place.c - see place.h. */
#include "core/dvc/place.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

enum { BLOCK = 1 << 20 };

typedef struct bn_dvc_placed {
	char *path;
	struct stat st;
	char md5[BN_MD5_HEX + 1];
	bool is_legacy;
} bn_dvc_placed;

void bn_dvc_placer_init(bn_dvc_placer *p, bn_dvc_session *s)
{
	*p = (bn_dvc_placer){.s = s};
}

void bn_dvc_placer_finish(bn_dvc_placer *p)
{
	const bn_dir *root = p->s->repo->root;
	for (size_t i = 0; i < p->count; i++) {
		const bn_dvc_placed *at = &p->placed[i];
		int64_t now = bn_env_now_ns(root->env);
		struct stat st;
		char *name = bn_strf("%s%s", at->is_legacy ? "\1" : "", at->path);
		if (name && root->env->fs->stat(root->env, root, at->path, &st) == 0 &&
			st.st_ino == at->st.st_ino && st.st_size == at->st.st_size &&
			st.st_mtim.tv_sec == at->st.st_mtim.tv_sec &&
			st.st_mtim.tv_nsec == at->st.st_mtim.tv_nsec)
			bn_dvc_state_put(p->s->state, name, &st, now, at->md5);
		bn_free(name);
		bn_free(at->path);
	}
	bn_free(p->placed);
	*p = (bn_dvc_placer){.s = p->s};
}

static void remember(bn_dvc_placer *p, const bn_dvc_oid *oid, const char *path)
{
	const bn_dir *root = p->s->repo->root;
	bn_dvc_placed at = {.is_legacy = oid->is_legacy};
	memcpy(at.md5, oid->md5, sizeof at.md5);
	if (root->env->fs->stat(root->env, root, path, &at.st) < 0 || !S_ISREG(at.st.st_mode) ||
		bn_grow(&p->placed, &p->cap, p->count + 1, sizeof at) < 0 ||
		!(at.path = bn_strdup(path)))
		return; /* it is hashed next time */
	p->placed[p->count++] = at;
}

/* ---- directories and names ---------------------------------------------------------------------- */

/* Makes the directories above a path, as the umask says. */
static int make_parents(const bn_dir *root, const char *path, bn_err *err)
{
	char part[4096];
	struct stat st;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - path);
		if (n >= sizeof part)
			return bn_err_set(
				err, BN_EINVAL, "'%.80s...' is too long for a path", path);
		memcpy(part, path, n);
		part[n] = '\0';
		int e = root->env->fs->mkdir(root->env, root, part, 0777);
		if (e == -EEXIST && root->env->fs->stat(root->env, root, part, &st) == 0 &&
			!S_ISDIR(st.st_mode))
			return bn_err_set(err, BN_EREFUSED, "'%s/%s' is in the way of a directory",
				root->path, part);
		if (e < 0 && e != -EEXIST)
			return bn_dir_error(err, -e, "cannot make the directory", root, part);
	}
	return 0;
}

/* "data/.x.csv.<16 hex>.tmp": DVC's own are ignored in the same way. */
static int temporary(char **out, const bn_dir *root, const char *path, bn_err *err)
{
	uint64_t tag;
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash - path) + 1 : 0,
	    rc = bn_env_random(root->env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	*out = bn_strf("%.*s.%.100s.%016llx.tmp", n, path, path + n, (unsigned long long)tag);
	return *out ? 0 : bn_err_nomem(err, "a path");
}

int bn_dvc_write_text(const bn_dir *root, const char *name, const char *text, size_t n, bn_err *err)
{
	const bn_env *env = root->env;
	struct stat st;
	char *tmp = NULL;
	int fd = -1, e, rc = temporary(&tmp, root, name, err);
	if (rc < 0)
		return rc;
	bool existed = env->fs->stat(env, root, name, &st) == 0;
	if (existed && !S_ISREG(st.st_mode)) {
		rc = bn_err_set(
			err, BN_EREFUSED, "'%s/%s' is not a regular file", root->path, name);
		goto out;
	}
	if ((fd = env->fs->open(env, root, tmp, O_WRONLY | O_CREAT | O_EXCL, 0666)) < 0) {
		rc = bn_dir_error(err, -fd, "cannot create", root, tmp);
		goto out;
	}
	if (existed)
		env->fs->fchmod(env, fd, st.st_mode & 07777);
	if ((rc = bn_dir_write_all(env, root, tmp, fd, text, n, err)) < 0 ||
		(rc = bn_dir_sync_file(env, root, tmp, fd, err)) < 0)
		goto out;
	if ((e = env->fs->rename(env, root, tmp, root, name)) < 0)
		rc = bn_dir_error(err, -e, "cannot rename", root, tmp);
out:
	if (fd >= 0)
		env->fs->close(env, fd);
	if (fd >= 0 && rc < 0)
		env->fs->unlink(env, root, tmp);
	bn_free(tmp);
	return rc;
}

/* ---- one file ---------------------------------------------------------------------------------- */

static int copy_bytes(bn_dvc_placer *p, int from, int to, const char *path, bn_err *err)
{
	const bn_dir *root = p->s->repo->root;
	const bn_env *env = root->env;
	uint64_t at = 0;
	size_t got = BLOCK;
	struct stat st;
	int rc = 0;
	uint8_t *block = bn_alloc(BLOCK);
	if (!block)
		return bn_err_nomem(err, "a block");
	bool known = env->fs->fstat(env, from, &st) == 0;
	while (rc == 0 && got == BLOCK) {
		if ((rc = bn_fs_read_at(env, from, block, BLOCK, (off_t)at, &got, path, err)) < 0 ||
			(rc = bn_dir_write_all(env, root, path, to, block, got, err)) < 0)
			break;
		at += got;
		if (got == BLOCK)
			rc = bn_progress_step(
				p->s->progress, path, at, known ? (uint64_t)st.st_size : 0, err);
	}
	bn_free(block);
	return rc;
}

/* A clone or a copy. *works is false if the file system cannot clone. */
static int make_copy(bn_dvc_placer *p, bool *works, const bn_dvc_oid *oid, const char *tmp,
	bool clone, bool is_exec, bn_err *err)
{
	const bn_dir *root = p->s->repo->root;
	const bn_env *env = root->env;
	int from = -1, to = -1, rc = bn_dvc_cache_open_object(&from, &p->s->cache, oid, err);
	if (rc < 0)
		return rc;
	if ((to = env->fs->open(
		     env, root, tmp, O_WRONLY | O_CREAT | O_EXCL, is_exec ? 0777 : 0666)) < 0) {
		rc = bn_dir_error(err, -to, "cannot create", root, tmp);
	} else if (clone) {
		*works = ioctl(to, FICLONE, from) == 0;
	} else {
		rc = copy_bytes(p, from, to, tmp, err);
	}
	if (to >= 0)
		env->fs->close(env, to);
	env->fs->close(env, from);
	if (to >= 0 && (rc < 0 || !*works))
		env->fs->unlink(env, root, tmp);
	return rc;
}

static int make_symlink(const bn_dvc_placer *p, const char *key, const char *tmp, bn_err *err)
{
	char *target = bn_strf("%s/%s", p->s->cache.path, key);
	int rc = target ? bn_dir_symlink(p->s->repo->root, tmp, target, err)
			: bn_err_nomem(err, "a path");
	bn_free(target);
	return rc;
}

/* Makes tmp in the way number `link` of the cache. */
static int make_one(bn_dvc_placer *p, bool *works, bn_dvc_link link, const bn_dvc_oid *oid,
	const char *tmp, bool is_exec, bn_err *err)
{
	const bn_dir *root = p->s->repo->root;
	char key[BN_DVC_KEY];
	bn_dvc_key(oid, key);
	*works = true;
	if (link == BN_DVC_SYMLINK && !is_exec)
		return make_symlink(p, key, tmp, err);
	if (link == BN_DVC_HARDLINK && !is_exec) {
		*works = root->env->fs->link(root->env, p->s->cache.dir, key, root, tmp) == 0;
		return 0;
	}
	return make_copy(p, works, oid, tmp, link == BN_DVC_REFLINK, is_exec, err);
}

int bn_dvc_place(
	bn_dvc_placer *p, const bn_dvc_oid *oid, const char *path, bool is_exec, bn_err *err)
{
	const bn_dir *root = p->s->repo->root;
	const bn_dvc_cache *c = &p->s->cache;
	char *tmp = NULL;
	bool works = false;
	int rc, e;
	if (!bn_dvc_cache_has(c, oid))
		return bn_err_set(err, BN_ENOTFOUND, "'%s': the cache lacks %s", path, oid->md5);
	if ((rc = make_parents(root, path, err)) < 0 || (rc = temporary(&tmp, root, path, err)) < 0)
		goto out;
	for (size_t i = p->link; !works; i++) {
		bool last = i >= c->link_count; /* a copy works everywhere */
		if ((rc = make_one(p, &works, last ? BN_DVC_COPY : c->links[i], oid, tmp, is_exec,
			     err)) < 0)
			goto out;
		p->link += !works && i == p->link;
	}
	if ((e = root->env->fs->rename(root->env, root, tmp, root, path)) < 0) {
		rc = bn_dir_error(err, -e, "cannot replace", root, path);
		root->env->fs->unlink(root->env, root, tmp);
		goto out;
	}
	/* rename(2) does nothing if both are links of one file */
	root->env->fs->unlink(root->env, root, tmp);
	p->files++;
	remember(p, oid, path);
out:
	bn_free(tmp);
	return rc;
}
