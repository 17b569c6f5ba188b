/*
 * claim.c - names that must be unique across hosts: files under claims/, made with link(2).
 *
 * link(2) is atomic on every file system in use on clusters, NFS included; O_EXCL and locks are
 * not. A claim is never released: version numbers are never reused.
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

/* Far above any real number. A file named by a larger number is not a claim. */
#define NUMBER_MAX 1000000000

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

/* "claims/NAME", below the workspace's handle; the caller frees it. */
static int claim_path(char **path, const char *name, bn_err *err)
{
	int rc = check_name(name, err);
	if (rc < 0)
		return rc;
	*path = bn_strf("claims/%s", name);
	return *path ? 0 : bn_err_nomem(err, "a file name");
}

/* The directory part of a claim's path; the caller frees it. */
static char *claim_dir(const char *path)
{
	return bn_strndup(path, (size_t)(strrchr(path, '/') - path));
}

static int write_tmp(int *fd, const bn_dir *at, const char *tmp, const char *value, bn_err *err)
{
	const bn_env *env = at->env;
	int rc = bn_dir_open_file(fd, at, tmp, O_WRONLY | O_CREAT | O_EXCL, 0444, err);
	if (rc < 0 || (rc = bn_dir_write_all(env, at, tmp, *fd, value, strlen(value), err)) < 0)
		return rc;
	return bn_dir_sync_file(env, at, tmp, *fd, err);
}

/* Links tmp, open as fd, to path; 1 when the name is taken. Over NFS the reply may be lost and the
 * retry may fail with EEXIST or another error: the file at path then tells whether it is ours. */
static int claim_link(const bn_dir *at, int fd, const char *tmp, const char *path, bn_err *err)
{
	const bn_env *env = at->env;
	struct stat ours, there;
	int e = env->fs->link(env, at, tmp, at, path); /* L8 */
	if (e == 0)
		return 0;
	if (env->fs->fstat(env, fd, &ours) == 0 && bn_dir_stat(at, path, &there, NULL) == 0 &&
		ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
		return 0;
	if (e == -EEXIST)
		return 1;
	if (e == -ENOTDIR)
		return bn_err_set(err, BN_EINVAL, "'%s/%s': a part of the name is itself claimed",
			at->path, path);
	return bn_err_sys(err, BN_EIO, -e, "cannot claim '%s/%s'", at->path, path);
}

/* Makes the entries of the claim and of its parent directories durable: another process may have
 * created them and died before syncing. */
static int claim_sync(const bn_dir *at, char *dir, bn_err *err)
{
	for (;;) {
		int rc = bn_dir_sync(at, dir, err); /* S3 */
		char *slash = strrchr(dir, '/');
		if (rc < 0 || !slash)
			return rc;
		*slash = '\0';
	}
}

/* Directories of claims have the mode of claims/ itself, including the sticky bit. */
static int make_dir(const bn_dir *at, const char *dir, bn_err *err)
{
	struct stat st;
	int rc = bn_dir_stat(at, "claims", &st, err);
	return rc < 0 ? rc : bn_dir_make(at, dir, st.st_mode & 01777, err);
}

/* A unique name under tmp/; the caller frees *out. */
static int tmp_name(char **out, const bn_env *env, bn_err *err)
{
	uint64_t tag[2];
	int rc = bn_env_random(env, tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	*out = bn_strf("tmp/claim-%016" PRIx64 "%016" PRIx64, tag[0], tag[1]);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

/* Takes the claim at path; 1 when it is taken. */
static int claim_make(bn_workspace *ws, const char *path, const char *value, bn_err *err)
{
	const bn_dir *at = ws->at;
	struct stat st;
	int rc = 0, fd = -1;
	char *dir = claim_dir(path), *tmp = NULL;
	if (!dir) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if (bn_dir_stat(at, path, &st, NULL) == 0) {
		rc = 1;
		goto out;
	}
	if ((rc = tmp_name(&tmp, at->env, err)) < 0 || (rc = make_dir(at, dir, err)) < 0 ||
		(rc = write_tmp(&fd, at, tmp, value, err)) < 0 ||
		(rc = claim_link(at, fd, tmp, path, err)) != 0)
		goto out;
	rc = claim_sync(at, dir, err);
out:
	if (fd >= 0)
		at->env->fs->close(at->env, fd);
	if (tmp)
		bn_dir_unlink(at, tmp, NULL);
	bn_free(dir);
	bn_free(tmp);
	return rc;
}

int bn_claim_take(bn_workspace *ws, const char *name, const char *value, bn_err *err)
{
	char *path = NULL;
	int rc = claim_path(&path, name, err);
	if (rc < 0 || (rc = bn_workspace_need_writable(ws, err)) < 0)
		goto out;
	if ((rc = claim_make(ws, path, value ? value : "", err)) == 1)
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' is taken already", name);
out:
	bn_free(path);
	return rc;
}

/* The highest number claimed under prefix, up to NUMBER_MAX; 0 when there is none. */
static int highest(const bn_dir *at, const char *prefix, int64_t *n, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_err why = BN_ERR_INIT;
	char *dir = bn_strf("claims/%s", prefix);
	*n = 0;
	if (!dir)
		return bn_err_nomem(err, "a file name");
	int rc = bn_dir_list(at, dir, &names, &why);
	if (rc == BN_ENOTFOUND)
		rc = 0;
	else if (rc < 0)
		bn_err_move(err, &why);
	for (size_t i = 0; i < names.count; i++) {
		int64_t v;
		if (bn_parse_i64(names.items[i], strlen(names.items[i]), &v) && v > *n &&
			v <= NUMBER_MAX)
			*n = v;
	}
	bn_names_release(&names);
	bn_free(dir);
	return rc;
}

static int need_number(bn_workspace *ws, const char *prefix, int64_t last, bn_err *err)
{
	if (last < NUMBER_MAX)
		return 0;
	bn_err_set(err, BN_ECORRUPT, "'%s/claims/%s/%" PRId64 "': no number is left after it",
		ws->at->path, prefix, last);
	bn_err_hint(err, "no version has that number: remove that file");
	return BN_ECORRUPT;
}

int bn_claim_ahead(bn_workspace *ws, const char *prefix, int64_t *n, bn_err *err)
{
	int64_t last;
	int rc;
	if ((rc = check_name(prefix, err)) < 0 || (rc = highest(ws->at, prefix, &last, err)) < 0 ||
		(rc = need_number(ws, prefix, last, err)) < 0)
		return rc;
	*n = last + 1;
	return 0;
}

int bn_claim_next(bn_workspace *ws, const char *prefix, const char *value, int64_t *n, bn_err *err)
{
	int64_t next;
	int rc = bn_claim_ahead(ws, prefix, &next, err);
	if (rc < 0)
		return rc;
	for (;; next++) {
		bn_err why = BN_ERR_INIT;
		if ((rc = need_number(ws, prefix, next - 1, err)) < 0)
			return rc;
		char *name = bn_strf("%s/%" PRId64, prefix, next);
		rc = name ? bn_claim_take(ws, name, value, &why) : bn_err_nomem(&why, "a name");
		bn_free(name);
		if (rc == BN_ECONFLICT)
			continue;
		*n = next;
		return rc < 0 ? bn_err_move(err, &why) : 0;
	}
}

int bn_claim_get(bn_workspace *ws, const char *name, bn_buf *value, bn_err *err)
{
	char *path = NULL;
	int rc = claim_path(&path, name, err);
	if (rc < 0)
		return rc;
	rc = bn_dir_read_file(ws->at, path, value, err);
	bn_free(path);
	return rc;
}

int bn_claim_owner(bn_workspace *ws, const char *name, uid_t *owner, bn_err *err)
{
	struct stat st;
	char *path = NULL;
	int rc = claim_path(&path, name, err);
	if (rc >= 0 && (rc = bn_dir_stat(ws->at, path, &st, err)) >= 0)
		*owner = st.st_uid;
	bn_free(path);
	return rc;
}
