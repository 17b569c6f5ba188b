/* workspace_init.c - see workspace.h: creating a workspace. */
#include "core/store/workspace.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"
#include "core/store/founding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const parts[] = {"log", "objects", "claims", "runs", "trash", "tmp", "queue"};

static int write_identity(const bn_dir *root, const bn_workspace_making *how, bn_err *err)
{
	char id[BN_UUID_TEXT];
	bn_buf text = BN_BUF_INIT;
	int rc = bn_founding_make(id, root, how->founder, err);
	if (rc < 0)
		return rc;
	bn_buf_addf(&text, "{\n  \"access\": \"%s\",\n%s  \"format\": %d,\n  \"id\": \"%s\"\n}\n",
		bn_access_name(how->access), how->founder ? "  \"chain\": true,\n" : "",
		BN_FORMAT_SIGNED, id);
	if ((rc = bn_buf_check(&text, err, BN_IDENTITY)) < 0)
		goto out;
	rc = bn_dir_write_file(root, BN_IDENTITY, text.ptr, text.len, 0644, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* Sets group and mode of an open directory, regardless of the umask. */
int bn_workspace_set_access(const bn_dir *d, const bn_workspace_making *how, bn_err *err)
{
	const bn_fs_ops *fs = d->env->fs;
	int e = how->access == BN_ACCESS_GROUP ? fs->fchown(d->env, d->fd, (uid_t)-1, how->group)
					       : 0;
	if (e == -EPERM) {
		bn_err_sys(err, BN_EREFUSED, -e, "cannot give '%s' to group %lu", d->path,
			(unsigned long)how->group);
		bn_err_hint(err, "you must be a member of the group");
		return BN_EREFUSED;
	}
	if (e == 0)
		e = fs->fchmod(d->env, d->fd, bn_access_dir_mode(how->access));
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot set the mode of '%s'", d->path) : 0;
}

static int make_part(bn_dir **out, const bn_dir *at, const char *name,
	const bn_workspace_making *how, bn_err *err)
{
	int e = at->env->fs->mkdir(at->env, at, name, 0700);
	if (e < 0 && e != -EEXIST)
		return bn_err_sys(
			err, BN_EIO, -e, "cannot make the directory '%s/%s'", at->path, name);
	int rc = bn_dir_open_below(out, at, name, err);
	return rc < 0 ? rc : bn_workspace_set_access(*out, how, err);
}

/* The owner of a directory may remove entries of others, sticky or not. So a group's object directories are
 * created here, by the founder, and not by the first user who stores an object. */
static int make_fan(const bn_dir *root, const bn_workspace_making *how, bn_err *err)
{
	bn_dir *objects = NULL;
	int rc = bn_dir_open_below(&objects, root, "objects", err);
	for (int i = 0; rc >= 0 && i < 256; i++) {
		char name[3];
		bn_dir *fan = NULL;
		snprintf(name, sizeof name, "%02x", i);
		rc = make_part(&fan, objects, name, how, err);
		bn_dir_close(fan);
	}
	if (rc >= 0)
		rc = bn_dir_sync(objects, NULL, err);
	bn_dir_close(objects);
	return rc;
}

/* The directory that will contain .binnacle. Existing directories stay as they are. Missing ones are created:
 * the last with the workspace's access, those on the way searchable by everyone. */
static int make_dir(bn_dir **out, const bn_env *env, const char *path,
	const bn_workspace_making *how, bn_err *err)
{
	bn_dir *above = NULL;
	char *parent = NULL;
	int rc = 0;
	if (bn_fs_is_dir(env, path))
		return bn_dir_open(out, env, path, err);
	const char *slash = strrchr(path, '/');
	if (!(parent = bn_strndup(path, slash > path ? (size_t)(slash - path) : 1)))
		return bn_err_nomem(err, "a file name");
	const bn_workspace_making open_to_all = {.access = BN_ACCESS_OWNER};
	if (bn_fs_is_dir(env, parent))
		rc = bn_dir_open(&above, env, parent, err);
	else
		rc = make_dir(&above, env, parent, &open_to_all, err);
	if (rc < 0 || (rc = make_part(out, above, slash + 1, how, err)) < 0)
		goto out;
	rc = bn_dir_sync(above, NULL, err);
out:
	bn_dir_close(above);
	bn_free(parent);
	return rc;
}

int bn_workspace_make_parts(const bn_dir *root, const bn_workspace_making *how, bn_err *err)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		bn_dir *part = NULL;
		int rc = make_part(&part, root, parts[i], how, err);
		bn_dir_close(part);
		if (rc < 0)
			return rc;
	}
	return how->access == BN_ACCESS_GROUP ? make_fan(root, how, err) : 0;
}

int bn_workspace_make(
	const bn_env *env, const char *dir, const bn_workspace_making *how, bn_err *err)
{
	int rc = 0;
	char *abs = NULL;
	bn_dir *at = NULL, *root = NULL;
	if ((rc = bn_path_absolute(&abs, dir, err)) < 0)
		goto out;
	for (size_t n = strlen(abs); n > 1 && abs[n - 1] == '/';)
		abs[--n] = '\0';
	if ((rc = make_dir(&at, env, abs, how, err)) < 0)
		goto out;
	if (bn_dir_has(at, ".binnacle/" BN_IDENTITY)) {
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' is a workspace already", dir);
		bn_err_hint(err, "work in it, or create another: binnacle init DIR");
		goto out;
	}
	if ((rc = make_part(&root, at, ".binnacle", how, err)) < 0 ||
		(rc = bn_workspace_make_parts(root, how, err)) < 0)
		goto out;
	/* Also syncs what an interrupted init may have left. The identity is written last: without
	 * it there is no workspace, so a crash before this is harmless. */
	if ((rc = bn_dir_sync(root, NULL, err)) < 0 || (rc = bn_dir_sync(at, NULL, err)) < 0)
		goto out;
	rc = write_identity(root, how, err);
out:
	bn_dir_close(root);
	bn_dir_close(at);
	bn_free(abs);
	return rc;
}

int bn_workspace_init(const bn_env *env, const char *dir, bn_err *err)
{
	return bn_workspace_make(env, dir, &(bn_workspace_making){0}, err);
}
