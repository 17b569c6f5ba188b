/*
 * claim.c - names that must be unique across hosts: files under claims/, made with link(2).
 *
 * link(2) is atomic on every file system in use on clusters, NFS included; O_EXCL and locks are
 * not. A claim is never released: numbers of versions are not used twice.
 */
#include "core/store/claim.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* Relative, without empty parts or parts that start with '.', printable. */
static int check_name(const char *name, bn_err *err)
{
	size_t n = strlen(name);
	bool ok = n > 0 && n <= 400 && name[0] != '/' && name[n - 1] != '/';
	for (size_t i = 0; ok && i < n; i++) {
		bool part_start = i == 0 || name[i - 1] == '/';
		if ((part_start && (name[i] == '.' || name[i] == '/')) ||
			(unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			ok = false;
	}
	return ok ? 0 : bn_err_set(err, BN_EINVAL, "'%.100s' cannot be claimed as a name", name);
}

/* The claim's path with its directory made; yours. */
static int claim_path(char **path, char **dir, bn_workspace *ws, const char *name, bn_err *err)
{
	int rc = check_name(name, err);
	if (rc)
		return rc;
	*path = bn_workspace_path(ws, "claims/%s", name);
	*dir = *path ? bn_strndup(*path, (size_t)(strrchr(*path, '/') - *path)) : NULL;
	if (!*dir)
		return bn_err_nomem(err, "a file name");
	return 0;
}

static int write_tmp(bn_workspace *ws, const char *tmp, const char *value, bn_err *err)
{
	const bn_env *env = ws->env;
	int e, rc, fd = env->fs->open(env, NULL, tmp, O_WRONLY | O_CREAT | O_EXCL, 0444);
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, -fd, "cannot create '%s'", tmp);
	rc = bn_fs_write_all(env, fd, value, strlen(value), tmp, err);
	if (!rc && (e = env->fs->fsync(env, fd)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", tmp);
	env->fs->close(env, fd);
	return rc;
}

/* Links tmp to path; 1 when the name is taken. */
static int claim_link(bn_workspace *ws, const char *tmp, const char *path, bn_err *err)
{
	const bn_env *env = ws->env;
	struct stat st;
	int e = env->fs->link(env, NULL, tmp, NULL, path);
	if (e == 0)
		return 0;
	/* Over NFS the reply may be lost and the retry answered with EEXIST: ours all the same. */
	if (env->fs->stat(env, NULL, tmp, &st) == 0 && st.st_nlink == 2)
		return 0;
	if (e == -EEXIST)
		return 1;
	if (e == -ENOTDIR)
		return bn_err_set(
			err, BN_EINVAL, "'%s': a part of the name is claimed itself", path);
	return bn_err_sys(err, BN_EIO, -e, "cannot claim '%s'", path);
}

/* Makes the claim's entry durable, and those of the directories above it: another process may have
 * made them and died before it synced them. */
static int claim_sync(bn_workspace *ws, char *dir, bn_err *err)
{
	size_t top = strlen(ws->root) + strlen("/claims");
	int rc = 0;
	for (;;) {
		rc = bn_fs_sync_dir(ws->env, dir, err);
		if (rc || strlen(dir) <= top)
			return rc;
		*strrchr(dir, '/') = '\0';
	}
}

int bn_claim_take(bn_workspace *ws, const char *name, const char *value, bn_err *err)
{
	char *path = NULL, *dir = NULL, *tmp = NULL;
	int rc = claim_path(&path, &dir, ws, name, err);
	if (rc)
		goto out;
	if (bn_fs_exists(ws->env, path)) {
		rc = 1;
		goto out;
	}
	if (!(tmp = bn_workspace_tmp_name(ws, "claim", err))) {
		rc = BN_ENOMEM;
		goto out;
	}
	if (!(rc = bn_fs_make_dirs(ws->env, dir, 0777, err)) &&
		!(rc = write_tmp(ws, tmp, value ? value : "", err)) &&
		!(rc = claim_link(ws, tmp, path, err)))
		rc = claim_sync(ws, dir, err);
	ws->env->fs->unlink(ws->env, NULL, tmp);
out:
	bn_free(path);
	bn_free(dir);
	bn_free(tmp);
	if (rc == 1)
		return bn_err_set(err, BN_ECONFLICT, "'%s' is taken already", name);
	return rc;
}

/* The highest number claimed under prefix; 0 when there is none. */
static int highest(bn_workspace *ws, const char *prefix, int64_t *n, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	char *dir = bn_workspace_path(ws, "claims/%s", prefix);
	int rc =
		dir ? bn_fs_list_dir(ws->env, dir, &names, NULL) : bn_err_nomem(err, "a file name");
	*n = 0;
	if (rc == BN_ENOTFOUND)
		rc = 0;
	else if (rc)
		rc = bn_err_set(err, rc, "cannot list '%s'", dir);
	for (size_t i = 0; i < names.count; i++) {
		int64_t v;
		if (bn_parse_i64(names.items[i], strlen(names.items[i]), &v) && v > *n)
			*n = v;
	}
	bn_names_release(&names);
	bn_free(dir);
	return rc;
}

int bn_claim_next(bn_workspace *ws, const char *prefix, const char *value, int64_t *n, bn_err *err)
{
	int64_t last;
	int rc = check_name(prefix, err);
	if (rc || (rc = highest(ws, prefix, &last, err)))
		return rc;
	do {
		bn_err why = BN_ERR_INIT;
		char *name = bn_strf("%s/%" PRId64, prefix, ++last);
		rc = name ? bn_claim_take(ws, name, value, &why) : bn_err_nomem(&why, "a name");
		bn_free(name);
		if (rc && rc != BN_ECONFLICT)
			bn_err_set(err, rc, "%s", why.msg);
	} while (rc == BN_ECONFLICT);
	if (!rc)
		*n = last;
	return rc;
}

int bn_claim_get(bn_workspace *ws, const char *name, bn_buf *value, bn_err *err)
{
	char *path = NULL, *dir = NULL;
	int rc = claim_path(&path, &dir, ws, name, err);
	if (!rc)
		rc = bn_fs_read_file(ws->env, path, value, err);
	bn_free(path);
	bn_free(dir);
	return rc;
}
