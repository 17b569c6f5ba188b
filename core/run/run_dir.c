/* run_dir.c - see run_dir.h. */
#include "core/run/run_dir.h"

#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/str.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct run_dir_name {
	char text[64];
} run_dir_name;

static run_dir_name run_dir(const char *id)
{
	run_dir_name n;
	snprintf(n.text, sizeof n.text, "runs/%.*s", BN_RUN_ID_TEXT - 1, id);
	return n;
}

int bn_run_dir_open(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err)
{
	return bn_dir_open_below(out, bn_workspace_at(ws), run_dir(id).text, err);
}

int bn_run_dir_remove(const bn_workspace *ws, const char *id, bn_err *err)
{
	return bn_dir_remove_tree(bn_workspace_at(ws), run_dir(id).text, err);
}

int bn_run_dir_open_own(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	struct stat st;
	bn_dir *dir = NULL;
	int rc = bn_run_dir_open(&dir, ws, id, err);
	if (rc < 0)
		return rc;
	if ((rc = env->fs->fstat(env, dir->fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -rc, "cannot look at '%s'", dir->path);
		goto out;
	}
	if (st.st_uid != env->uid(env) || (st.st_mode & 022)) {
		rc = bn_err_set(err, BN_EREFUSED, "'%s' %s", dir->path,
			st.st_uid != env->uid(env) ? "belongs to another user"
						   : "may be written to by others");
		bn_err_hint(err, "its content is ignored");
		goto out;
	}
	*out = dir;
	dir = NULL;
out:
	bn_dir_close(dir);
	return rc;
}

int bn_run_is_own(const bn_workspace *ws, const char *id, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	struct stat st;
	int rc = bn_dir_stat(bn_workspace_at(ws), run_dir(id).text, &st, err);
	if (rc == BN_ENOTFOUND) {
		bn_err_clear(err);
		bn_err_set(err, BN_ENOTFOUND, "the workspace '%s' has no run %s",
			bn_workspace_dir(ws), id);
		bn_err_hint(err, "`binnacle run ls` shows the existing ones");
		return BN_ENOTFOUND;
	}
	if (rc < 0 || st.st_uid == env->uid(env))
		return rc;
	return bn_run_of_another(env, id, st.st_uid, err);
}

int bn_run_of_another(const bn_env *env, const char *id, uid_t owner, bn_err *err)
{
	char user[65] = "";
	env->user_name(env, owner, user, sizeof user);
	return bn_err_set(
		err, BN_EREFUSED, "run %s belongs to %s: only its owner's records count", id, user);
}

int bn_run_dir_make(bn_dir **out, const bn_workspace *ws, const char *id, bn_err *err)
{
	mode_t mode = bn_workspace_access(ws) == BN_ACCESS_PRIVATE ? 0700 : 0755;
	int rc = bn_dir_make(bn_workspace_at(ws), run_dir(id).text, mode, err);
	return rc < 0 ? rc : bn_run_dir_open(out, ws, id, err);
}

int bn_run_clock_leave(const bn_workspace *ws, const char *id, bn_err *err)
{
	char text[32];
	bn_dir *dir = NULL;
	int rc = bn_run_dir_make(&dir, ws, id, err);
	if (rc < 0)
		return rc;
	int n = snprintf(text, sizeof text, "%" PRIu64 "\n", bn_workspace_clock(ws));
	rc = bn_dir_write_file(dir, BN_RUN_CLOCK_FILE, text, (size_t)n, 0644, err);
	bn_dir_close(dir);
	return rc;
}

void bn_run_clock_follow(bn_workspace *ws, const char *id)
{
	int64_t clock;
	bn_dir *dir = NULL;
	bn_buf text = BN_BUF_INIT;
	if (bn_run_dir_open_own(&dir, ws, id, NULL) < 0 ||
		bn_dir_read_file(dir, BN_RUN_CLOCK_FILE, &text, NULL) < 0)
		goto out;
	if (text.len > 1 && text.ptr[text.len - 1] == '\n' &&
		bn_parse_i64(text.ptr, text.len - 1, &clock) && clock > 0)
		bn_workspace_see_clock(ws, (uint64_t)clock);
out:
	bn_dir_close(dir);
	bn_buf_release(&text);
}

int bn_run_stop_ask(const bn_workspace *ws, const char *id, bn_err *err)
{
	char text[BN_RUN_ID_TEXT + 1];
	bn_dir *dir = NULL;
	int rc = bn_run_dir_open(&dir, ws, id, err);
	if (rc < 0)
		return rc;
	int n = snprintf(text, sizeof text, "%.32s\n", id);
	rc = bn_dir_write_file(dir, BN_RUN_STOP_FILE, text, (size_t)n, 0644, err);
	bn_dir_close(dir);
	return rc;
}

bool bn_run_stop_asked(const bn_dir *run_dir, const char *id)
{
	const bn_env *env = run_dir->env;
	struct stat st;
	bn_buf text = BN_BUF_INIT;
	if (env->fs->stat(env, run_dir, BN_RUN_STOP_FILE, &st) < 0 || !S_ISREG(st.st_mode) ||
		(st.st_uid != env->uid(env) && st.st_uid != 0))
		return false;
	/* "stop": from an earlier version. An unreadable file counts as a request. */
	bool asked = bn_dir_read_file(run_dir, BN_RUN_STOP_FILE, &text, NULL) < 0 ||
		     text.len == 0 || bn_str_starts(text.ptr, id) ||
		     bn_str_starts(text.ptr, "stop");
	bn_buf_release(&text);
	return asked;
}

int bn_run_resumes_leave(const bn_dir *run_dir, const char *of, bn_err *err)
{
	char text[BN_RUN_ID_TEXT + 1];
	int n = snprintf(text, sizeof text, "%.32s\n", of);
	return bn_dir_write_file(run_dir, BN_RUN_RESUMES_FILE, text, (size_t)n, 0644, err);
}

bool bn_run_resumes(const bn_dir *run_dir)
{
	return bn_dir_has(run_dir, BN_RUN_RESUMES_FILE);
}

int bn_run_reserve_make(const bn_dir *run_dir, bn_err *err)
{
	const bn_env *env = run_dir->env;
	uint32_t bytes[BN_RUN_RESERVE_BYTES / sizeof(uint32_t)];
	struct stat st;
	bn_rng rng;
	char *path = NULL;
	int fd = -1, rc;
	if (bn_dir_stat(run_dir, BN_RUN_RESERVE_FILE, &st, NULL) == 0 && st.st_size == sizeof bytes)
		return 0;
	/* Zeros would take no space on compressing file systems. */
	bn_rng_init(&rng, 1, BN_RUN_RESERVE_FILE, 0);
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
		bytes[i] = bn_rng_u32(&rng);
	if (!(path = bn_dir_join(run_dir, BN_RUN_RESERVE_FILE)))
		return bn_err_nomem(err, "a path");
	if ((rc = bn_dir_open_file(&fd, run_dir, BN_RUN_RESERVE_FILE, O_WRONLY | O_CREAT | O_TRUNC,
		     0600, err)) < 0)
		goto out;
	rc = bn_fs_write_all(env, fd, bytes, sizeof bytes, path, err);
	int e = env->fs->close(env, fd); /* when NFS reports errors */
	if (rc >= 0 && e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot write '%s'", path);
	if (rc < 0)
		bn_run_reserve_release(run_dir);
out:
	bn_free(path);
	return rc;
}

bool bn_run_reserve_release(const bn_dir *run_dir)
{
	return bn_dir_has(run_dir, BN_RUN_RESERVE_FILE) &&
	       bn_dir_unlink(run_dir, BN_RUN_RESERVE_FILE, NULL) == 0;
}
