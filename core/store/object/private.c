/* private.c - see _private.h. */
#include "core/store/modes.h"
#include "core/store/object/_private.h"

#include <stdatomic.h>
#include <stdio.h>

enum { MODE = 0700 };
#define NONE_NS INT64_C(1000000000)

const char *bn_private_dir(const bn_env *env, char buf[BN_PRIVATE_DIR])
{
	snprintf(buf, BN_PRIVATE_DIR, "objects/" BN_PRIVATE_PREFIX "%lu",
		(unsigned long)env->uid(env));
	return buf;
}

const char *bn_private_name(const bn_env *env, const char *hash, char buf[BN_OBJECT_NAME])
{
	char dir[BN_PRIVATE_DIR];
	snprintf(buf, BN_OBJECT_NAME, "%s/%.64s", bn_private_dir(env, dir), hash);
	return buf;
}

bool bn_private_is_here(const bn_dir *root)
{
	char dir[BN_PRIVATE_DIR];
	struct stat st;
	return root->env->fs->stat(root->env, root, bn_private_dir(root->env, dir), &st) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == root->env->uid(root->env);
}

bool bn_private_has(const bn_dir *root, const char *hash, bn_private_memory *m)
{
	const bn_env *env = root->env;
	char name[BN_OBJECT_NAME];
	struct stat st;
	uid_t me = env->uid(env);
	int64_t now = bn_env_monotonic_ns(env), since = atomic_load(&m->none_ns);
	if (since && now - since < NONE_NS && atomic_load(&m->uid) == me)
		return false;
	bool is_here = bn_private_is_here(root);
	atomic_store(&m->uid, me);
	atomic_store(&m->none_ns, is_here ? 0 : now);
	return is_here && env->fs->stat(env, root, bn_private_name(env, hash, name), &st) == 0;
}

int bn_private_make(const bn_dir *root, bn_err *err)
{
	const bn_env *env = root->env;
	char dir[BN_PRIVATE_DIR];
	bn_dir *own = NULL;
	struct stat st;
	bn_private_dir(env, dir);
	int e, rc = bn_dir_make(root, dir, MODE, err);
	if (rc < 0 || (rc = bn_dir_open_below(&own, root, dir, err)) < 0)
		return rc;
	if ((e = env->fs->fstat(env, own->fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", own->path);
		goto out;
	}
	if (st.st_uid != env->uid(env)) {
		rc = bn_err_set(err, BN_EREFUSED,
			"'%s', the place for your private data, was created by uid %lu", own->path,
			(unsigned long)st.st_uid);
		bn_err_hint(err, "its owner must remove it");
		goto out;
	}
	if ((st.st_mode & 07777) != MODE && (e = env->fs->fchmod(env, own->fd, MODE)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot set the mode of '%s'", own->path);
out:
	bn_dir_close(own);
	return rc;
}
