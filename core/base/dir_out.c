/* dir_out.c - see dir_out.h. */
#include "core/base/dir_out.h"

#include "core/base/_fs.h"
#include "core/base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>

#define LOCK_TRIES 3
#define LOCK_PAUSE_NS 20000000

struct bn_dir_out {
	const bn_env *env;
	bn_dir_out_how how;
	bn_dir *parent;
	char *name; /* below parent */
	char *tmp;  /* NULL once it is in place */
	bn_dir *at; /* of tmp */
};

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* Whether the directory at the path holds only what may be replaced. */
static int check_old(const bn_dir_out *d, const struct stat *st, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	const char *other = NULL;
	int rc = 0;
	if (S_ISDIR(st->st_mode)) {
		if ((rc = bn_dir_list(d->parent, d->name, &names, err)) < 0)
			goto out;
		for (size_t i = 0; i < names.count && !other; i++)
			if (!is_among(d->how.replaces, names.items[i]))
				other = names.items[i];
	}
	if (!S_ISDIR(st->st_mode))
		rc = bn_err_set(err, BN_EREFUSED, "'%s/%s' is not %s, so it is not replaced",
			d->parent->path, d->name, d->how.what);
	else if (other)
		rc = bn_err_set(err, BN_EREFUSED,
			"'%s/%s' is not %s (it holds '%.80s'), so it is not replaced",
			d->parent->path, d->name, d->how.what, other);
	if (rc < 0)
		bn_err_hint(err, "remove it, or give another path");
out:
	bn_names_release(&names);
	return rc;
}

/* *exists: something that may be replaced is at the path. */
static int check_place(bool *exists, const bn_dir_out *d, bn_err *err)
{
	struct stat st;
	int e = d->env->fs->stat(d->env, d->parent, d->name, &st);
	*exists = e == 0;
	if (e == -ENOENT)
		return 0;
	if (e < 0)
		return bn_dir_error(err, -e, "cannot stat", d->parent, d->name);
	if (d->how.replaces)
		return check_old(d, &st, err);
	return bn_err_set(err, BN_ECONFLICT, "'%s/%s' exists already", d->parent->path, d->name);
}

static int open_partial(bn_dir_out *d, bn_err *err)
{
	int rc;
	if ((rc = bn_dir_open_below(&d->at, d->parent, d->tmp, err)) < 0 ||
		(rc = bn_dir_check_private(d->at, err)) < 0)
		return rc;
	if (bn_fs_lock(d->env, d->at->fd, LOCK_TRIES, LOCK_PAUSE_NS) != -EWOULDBLOCK)
		return 0; /* or the file system has no locks: then nobody can ask */
	return bn_err_set(err, BN_ECONFLICT, "another process is writing '%s'", d->at->path);
}

static int make_temporary(bn_dir_out *d, bn_err *err)
{
	const bn_env *env = d->env;
	uint64_t tag = 0;
	int e, rc;
	if ((rc = bn_env_random(env, &tag, sizeof tag, err)) < 0)
		return rc;
	char *tmp = d->how.resumes ? bn_strf("%s.partial", d->name)
				   : bn_strf("%s.%016llx.tmp", d->name, (unsigned long long)tag);
	if (!tmp)
		return bn_err_nomem(err, "a file name");
	e = env->fs->mkdir(env, d->parent, tmp, 0755);
	if (e < 0 && !(e == -EEXIST && d->how.resumes)) {
		rc = bn_dir_error(err, -e, "cannot make the directory", d->parent, d->name);
		bn_free(tmp);
		return rc;
	}
	d->tmp = tmp;
	return d->how.resumes ? open_partial(d, err)
			      : bn_dir_open_below(&d->at, d->parent, tmp, err);
}

int bn_dir_out_open(bn_dir_out **out, const bn_env *env, const char *path,
	const bn_dir_out_how *how, bn_err *err)
{
	bool exists;
	size_t n = strlen(path);
	char *bare = NULL, *parent = NULL;
	int rc = 0;
	bn_dir_out *d = bn_alloc_zeroed(1, sizeof *d);
	if (!d)
		return bn_err_nomem(err, "a directory");
	while (n > 1 && path[n - 1] == '/')
		n--;
	d->env = env;
	d->how = *how;
	bare = bn_strndup(path, n);
	parent = bare ? bn_path_dir(bare) : NULL;
	d->name = bare ? bn_strdup(bn_path_base(bare)) : NULL;
	if (!parent || !d->name) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if (!*d->name || !strcmp(d->name, ".") || !strcmp(d->name, "..")) {
		rc = bn_err_set(err, BN_EINVAL, "'%s' is no name for a new directory", path);
		goto out;
	}
	if ((rc = bn_dir_open(&d->parent, env, parent, err)) < 0 ||
		(rc = check_place(&exists, d, err)) < 0 || (rc = make_temporary(d, err)) < 0)
		goto out;
	*out = d;
	d = NULL;
out:
	bn_free(bare);
	bn_free(parent);
	bn_dir_out_free(d);
	return rc;
}

const bn_dir *bn_dir_out_at(const bn_dir_out *d)
{
	return d->at;
}

/* Sets the old directory aside, puts the new one in its place, and removes the old one. */
static int replace(bn_dir_out *d, bn_err *err)
{
	uint64_t tag = 0;
	char *old = NULL;
	int rc = bn_env_random(d->env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	if (!(old = bn_strf("%s.%016llx.old", d->name, (unsigned long long)tag)))
		return bn_err_nomem(err, "a file name");
	if ((rc = bn_dir_rename(d->parent, d->name, d->parent, old, err)) < 0)
		goto out;
	if ((rc = bn_dir_rename(d->parent, d->tmp, d->parent, d->name, err)) < 0) {
		bn_dir_rename(d->parent, old, d->parent, d->name, NULL);
		goto out;
	}
	bn_free(d->tmp);
	d->tmp = NULL;
	rc = bn_dir_remove_tree(d->parent, old, err);
out:
	bn_free(old);
	return rc;
}

int bn_dir_out_finish(bn_dir_out *d, bn_err *err)
{
	bool exists;
	int rc;
	if ((rc = bn_dir_sync(d->at, NULL, err)) < 0 || (rc = check_place(&exists, d, err)) < 0)
		return rc;
	if (exists) {
		if ((rc = replace(d, err)) < 0)
			return rc;
	} else {
		if ((rc = bn_dir_rename(d->parent, d->tmp, d->parent, d->name, err)) < 0)
			return rc;
		bn_free(d->tmp);
		d->tmp = NULL;
	}
	return bn_dir_sync(d->parent, NULL, err);
}

void bn_dir_out_free(bn_dir_out *d)
{
	if (!d)
		return;
	bn_dir_close(d->at);
	if (d->tmp && !d->how.resumes)
		bn_dir_remove_tree(d->parent, d->tmp, NULL);
	bn_dir_close(d->parent);
	bn_free(d->tmp);
	bn_free(d->name);
	bn_free(d);
}
