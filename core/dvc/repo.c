/* repo.c - see repo.h. */
#include "core/dvc/repo.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_TRIES 60
#define LOCK_PAUSE_NS 50000000 /* 3 s in all, as DVC waits */

/* ---- opening ---------------------------------------------------------------------------------- */

/* Absolute, without "." and ".."; links are not resolved. */
static int plain_path(char **out, const char *path, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	char *full = NULL;
	int rc = bn_path_absolute(&full, path, err);
	if (rc < 0)
		return rc;
	for (const char *p = full; *p;) {
		size_t n = strcspn(p += strspn(p, "/"), "/");
		if (n == 2 && !strncmp(p, "..", 2)) {
			const char *slash = strrchr(b.ptr, '/');
			bn_buf_truncate(&b, slash ? (size_t)(slash - b.ptr) : 0);
		} else if (n && !(n == 1 && *p == '.')) {
			bn_buf_addch(&b, '/');
			bn_buf_add(&b, p, n);
		}
		p += n;
	}
	if (!b.len)
		bn_buf_addch(&b, '/');
	bn_free(full);
	*out = bn_buf_take(&b, NULL);
	bn_buf_release(&b);
	return *out ? 0 : bn_err_nomem(err, "a path");
}

/* The nearest directory at or above path that has ".dvc". */
static int find_root(char **out, const bn_env *env, const char *path, bn_err *err)
{
	char *at = NULL;
	int rc = plain_path(&at, path, err);
	if (rc < 0)
		return rc;
	for (;;) {
		char *inner = bn_strf("%s/.dvc", at);
		if (!inner) {
			bn_free(at);
			return bn_err_nomem(err, "a path");
		}
		bool is = bn_fs_is_dir(env, inner);
		bn_free(inner);
		if (is) {
			*out = at;
			return 0;
		}
		char *slash = strrchr(at, '/');
		if (!slash || !at[1])
			break;
		slash[slash == at] = '\0';
	}
	bn_free(at);
	bn_err_set(err, BN_ENOTFOUND, "'%s' is not in a DVC repository", path);
	bn_err_hint(err, "a repository is a directory that has .dvc: dvc init makes one");
	return BN_ENOTFOUND;
}

int bn_dvc_repo_open(bn_dvc_repo **out, const bn_env *env, const char *path, bn_err *err)
{
	char *root = NULL;
	bn_dir *control = NULL;
	bn_dvc_repo *r = bn_alloc_zeroed(1, sizeof *r);
	int rc;
	if (!r)
		return bn_err_nomem(err, "a DVC repository");
	r->env = env;
	r->lock = -1;
	if ((rc = find_root(&root, env, path, err)) < 0 ||
		(rc = bn_dir_open(&r->root, env, root, err)) < 0 ||
		(rc = bn_dir_open_below(&control, r->root, ".dvc", err)) < 0 ||
		(rc = bn_dvc_config_load(&r->config, r->root, err)) < 0 ||
		(rc = bn_dvc_git_open(&r->git, r->root->path, err)) < 0)
		goto out;
	*out = r;
	r = NULL;
out:
	bn_dir_close(control);
	bn_dvc_repo_close(r);
	bn_free(root);
	return rc;
}

void bn_dvc_repo_close(bn_dvc_repo *r)
{
	if (!r)
		return;
	if (r->lock >= 0)
		r->env->fs->close(r->env, r->lock);
	bn_dvc_git_close(r->git);
	bn_dvc_config_release(&r->config);
	bn_dir_close(r->root);
	bn_free(r);
}

int bn_dvc_repo_relative(char **out, const bn_dvc_repo *r, const char *path, bn_err *err)
{
	char *full = NULL;
	const char *root = r->root->path;
	size_t n = strlen(root);
	int rc = plain_path(&full, path, err);
	if (rc < 0)
		return rc;
	if (!strcmp(root, "/"))
		n = 0;
	if (!strncmp(full, root, n) && (full[n] == '/' || !full[n]))
		*out = bn_strdup(full + n + (full[n] == '/'));
	else
		rc = bn_err_set(
			err, BN_EINVAL, "'%s' is not in the DVC repository '%s'", path, root);
	bn_free(full);
	return rc < 0 || *out ? rc : bn_err_nomem(err, "a path");
}

/* ---- locks ------------------------------------------------------------------------------------- */

static int write_pid(const bn_dvc_repo *r, bn_err *err)
{
	char text[32];
	int n = snprintf(text, sizeof text, " %ld\n", (long)getpid());
	int e = r->env->fs->ftruncate(r->env, r->lock, 0);
	if (e < 0)
		return bn_dir_error(err, -e, "cannot write", r->root, ".dvc/tmp/lock");
	return bn_dir_write_all(r->env, r->root, ".dvc/tmp/lock", r->lock, text, (size_t)n, err);
}

int bn_dvc_repo_lock(bn_dvc_repo *r, bn_err *err)
{
	bool hardlinks = false;
	int rc, e;
	if ((rc = bn_dvc_config_bool(&hardlinks, &r->config, "core", "hardlink_lock", err)) < 0)
		return rc;
	if (hardlinks) {
		bn_err_set(err, BN_EUNSUPPORTED, "'%s' uses core.hardlink_lock, so it is only read",
			r->root->path);
		bn_err_hint(err,
			"use dvc itself to change it, or unset that option if flock works there");
		return BN_EUNSUPPORTED;
	}
	e = r->env->fs->mkdir(r->env, r->root, ".dvc/tmp", 0777);
	if (e < 0 && e != -EEXIST)
		return bn_dir_error(err, -e, "cannot make the directory", r->root, ".dvc/tmp");
	r->lock = r->env->fs->open(
		r->env, r->root, ".dvc/tmp/lock", O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW, 0666);
	if (r->lock < 0)
		return bn_dir_error(err, -r->lock, "cannot open", r->root, ".dvc/tmp/lock");
	e = bn_fs_lock(r->env, r->lock, LOCK_TRIES, LOCK_PAUSE_NS);
	if (e == -EWOULDBLOCK) {
		bn_err_set(err, BN_ECONFLICT, "another process is at work in '%s'", r->root->path);
		bn_err_hint(err, "it holds .dvc/tmp/lock, which has its process id");
		return BN_ECONFLICT;
	}
	if (e < 0)
		return bn_dir_error(err, -e, "cannot lock", r->root, ".dvc/tmp/lock");
	return write_pid(r, err);
}

/* Whether one of two paths is the other, or in it. */
static bool overlaps(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), k = n < m ? n : m;
	return !strncmp(a, b, k) && (n == m || (n < m ? b[k] : a[k]) == '/');
}

static int check_holder(const char *busy, const json_t *holder, const char *path, bn_err *err)
{
	int64_t pid = bn_json_int(holder, "pid", 0);
	if (pid <= 0 || pid > INT32_MAX || pid == getpid() || !bn_process_is_alive((pid_t)pid, 0) ||
		!overlaps(busy, path))
		return 0;
	return bn_err_set(err, BN_ECONFLICT, "'%s' is in use by process %lld: %.120s", path,
		(long long)pid, bn_json_str(holder, "cmd", "dvc"));
}

int bn_dvc_repo_check_free(const bn_dvc_repo *r, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	json_t *root = NULL, *value;
	char *full = NULL;
	const char *busy;
	int rc = 0;
	if (bn_dir_read_file(r->root, ".dvc/tmp/rwlock", &text, NULL) < 0 || !text.len ||
		bn_json_parse(&root, text.ptr, text.len, ".dvc/tmp/rwlock", NULL) < 0)
		goto out; /* nobody holds anything */
	if (!(full = bn_dir_join(r->root, path))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	json_object_foreach(json_object_get(root, "write"), busy,
		value) if ((rc = check_holder(busy, value, full, err)) < 0) goto out;
	json_object_foreach(json_object_get(root, "read"), busy, value)
	{
		const json_t *holder;
		size_t i;
		json_array_foreach(value, i,
			holder) if ((rc = check_holder(busy, holder, full, err)) < 0) goto out;
	}
out:
	json_decref(root);
	bn_free(full);
	bn_buf_release(&text);
	return rc;
}
