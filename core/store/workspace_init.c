/* workspace_init.c - see workspace.h: making one. */
#include "core/store/workspace.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"
#include "core/store/founding.h"

#include <errno.h>

/* Shared directories are sticky, so that group members can add but not remove each other's. */
static const struct {
	const char *name;
	mode_t mode;
} parts[] = {{"log", 01777}, {"objects", 0777}, {"claims", 01777}, {"runs", 01777},
	{"trash", 01777}, {"tmp", 01777}, {"queue", 01777}};

static int write_identity(const bn_dir *root, const bn_founder *founder, bn_err *err)
{
	char id[BN_UUID_TEXT];
	bn_buf text = BN_BUF_INIT;
	int rc = bn_founding_make(id, root, founder, err);
	if (rc < 0)
		return rc;
	bn_buf_addf(&text, "{\n%s  \"format\": %d,\n  \"id\": \"%s\"\n}\n",
		founder ? "  \"chain\": true,\n" : "", BN_FORMAT, id);
	if ((rc = bn_buf_check(&text, err, BN_IDENTITY)) < 0)
		goto out;
	rc = bn_dir_write_file(root, BN_IDENTITY, text.ptr, text.len, 0644, err);
out:
	bn_buf_release(&text);
	return rc;
}

/* Gives an open directory to the group: members may write, others see nothing, and what is made in it is the
 * group's. Sticky: members take no part away, and nothing of each other's. */
static int share(const bn_dir *d, gid_t group, mode_t mode, bn_err *err)
{
	int e = d->env->fs->fchown(d->env, d->fd, (uid_t)-1, group);
	if (e == -EPERM) {
		bn_err_sys(err, BN_EREFUSED, -e, "cannot give '%s' to group %lu", d->path,
			(unsigned long)group);
		bn_err_hint(err, "you have to be a member of the group");
		return BN_EREFUSED;
	}
	if (e == 0)
		e = d->env->fs->fchmod(d->env, d->fd, 02770 | (mode & 01000));
	return e < 0 ? bn_err_sys(err, BN_EIO, -e, "cannot share '%s'", d->path) : 0;
}

/* Without sharing, mode is cut by the umask: who may use the workspace is what the user's umask says. */
static int make_part(bn_dir **out, const bn_dir *at, const char *name, mode_t mode,
	const bn_workspace_making *how, bn_err *err)
{
	int e = at->env->fs->mkdir(at->env, at, name, mode);
	if (e < 0 && e != -EEXIST)
		return bn_err_sys(
			err, BN_EIO, -e, "cannot make the directory '%s/%s'", at->path, name);
	int rc = bn_dir_open_below(out, at, name, err);
	return rc < 0 || !how->is_shared ? rc : share(*out, how->group, mode, err);
}

int bn_workspace_make(
	const bn_env *env, const char *dir, const bn_workspace_making *how, bn_err *err)
{
	int rc = 0;
	char *abs = NULL;
	bn_dir *at = NULL, *root = NULL;
	if ((rc = bn_path_absolute(&abs, dir, err)) < 0)
		goto out;
	if ((rc = bn_fs_make_dirs(env, abs, 0777, err)) < 0 ||
		(rc = bn_dir_open(&at, env, abs, err)) < 0)
		goto out;
	if (bn_dir_has(at, ".binnacle/" BN_IDENTITY)) {
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' is a workspace already", dir);
		goto out;
	}
	if ((rc = make_part(&root, at, ".binnacle", 01777, how, err)) < 0)
		goto out;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		bn_dir *part = NULL;
		rc = make_part(&part, root, parts[i].name, parts[i].mode, how, err);
		bn_dir_close(part);
		if (rc < 0)
			goto out;
	}
	/* Also what an init that died may have left unsynced. The identity comes last: a workspace
	 * without it is none, so a crash before this is harmless. */
	if ((rc = bn_dir_sync(root, NULL, err)) < 0 || (rc = bn_dir_sync(at, NULL, err)) < 0)
		goto out;
	rc = write_identity(root, how->founder, err);
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
