/* upgrade.c - see upgrade.h. */
#include "core/store/upgrade.h"

#include "core/base/json.h"
#include "core/store/_workspace.h"
#include "core/store/modes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define LOCK "upgrade.lock"
#define TURN "upgrade.turn"
enum { LOCK_TRIES = 50, LOCK_PAUSE_NS = 100000000 };

const char *bn_workspace_founding(const bn_workspace *ws)
{
	return ws->founding;
}

int bn_workspace_owner(uid_t *uid, const bn_workspace *ws, bn_err *err)
{
	struct stat st;
	int e = ws->env->fs->fstat(ws->env, ws->at->fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", ws->root);
	*uid = st.st_uid;
	return 0;
}

/* Only processes of one user compete here. Another user's file locks nobody out. */
static int lock_take(bn_upgrade_lock *lock, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = ws->env;
	struct stat st;
	int e;
	if (bn_dir_open_file(&lock->fd, ws->at, LOCK, O_RDWR | O_CREAT, 0600, NULL) < 0) {
		lock->fd = -1;
		return 0;
	}
	if (env->fs->fstat(env, lock->fd, &st) == 0 && st.st_uid == env->uid(env))
		e = bn_fs_lock(env, lock->fd, LOCK_TRIES, LOCK_PAUSE_NS);
	else
		e = -ENOLCK;
	if (e == 0)
		return 0;
	env->fs->close(env, lock->fd);
	lock->fd = -1;
	return e == -EWOULDBLOCK ? bn_err_set(err, BN_ECONFLICT,
					   "another process of yours is upgrading this workspace")
				 : 0;
}

static int need_unnamed(bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_read_identity(ws, err);
	if (rc < 0 || (!ws->founding[0] && !ws->is_chained))
		return rc;
	return bn_err_set(err, BN_ECONFLICT, "this workspace is already upgraded");
}

/* Rewrites workspace.json, keeping its other fields. id NULL: nothing is named. */
static int identity_write(bn_workspace *ws, const char *id, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	struct stat st;
	json_t *j = NULL;
	int rc = bn_workspace_load_identity(&j, &st, ws->at, err);
	if (rc < 0)
		goto out;
	if (json_object_set_new(j, "format", json_integer(BN_FORMAT_UPGRADED)) < 0 ||
		(id && (json_object_set_new(j, "chain", json_true()) < 0 ||
			       json_object_set_new(j, "founding", json_string(id)) < 0))) {
		rc = bn_err_nomem(err, BN_IDENTITY);
		goto out;
	}
	if ((rc = bn_json_pretty(j, &text, err)) < 0)
		goto out;
	rc = bn_dir_write_file(ws->at, BN_IDENTITY, text.ptr, text.len, 0644, err);
out:
	json_decref(j);
	bn_buf_release(&text);
	return rc;
}

int bn_upgrade_begin(bn_upgrade_lock *lock, bn_workspace *ws, bn_err *err)
{
	int rc;
	lock->fd = -1;
	if ((rc = bn_workspace_need_writable(ws, err)) < 0 || (rc = lock_take(lock, ws, err)) < 0 ||
		(rc = need_unnamed(ws, err)) < 0)
		return rc;
	/* Other writers of .binnacle must not be able to replace workspace.json, which from now on determines
	 * the founder, or the log, whose file owners determine the authors, or to remove files of others. */
	if ((rc = bn_modes_protect(ws, err)) < 0)
		return rc;
	if (ws->format < BN_FORMAT_UPGRADED && (rc = identity_write(ws, NULL, err)) < 0)
		return rc;
	ws->format = BN_FORMAT_UPGRADED;
	return 0;
}

/* One process among all hosts, without locks. -1: the file cannot be created, and nobody waits. */
static int turn_take(bn_workspace *ws)
{
	const struct timespec pause = {0, LOCK_PAUSE_NS};
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = -EEXIST;
	for (int i = 0; i < LOCK_TRIES && fd == -EEXIST; i++) {
		if (i)
			nanosleep(&pause, NULL);
		fd = ws->env->fs->open(ws->env, ws->at, TURN, flags, 0600);
	}
	if (fd == -EEXIST && bn_dir_unlink(ws->at, TURN, NULL) == 0)
		fd = ws->env->fs->open(ws->env, ws->at, TURN, flags, 0600);
	return fd < 0 ? -1 : fd;
}

static void turn_end(bn_workspace *ws, int fd)
{
	if (fd < 0)
		return;
	bn_dir_unlink(ws->at, TURN, NULL);
	ws->env->fs->close(ws->env, fd);
}

int bn_upgrade_name(const bn_upgrade_lock *lock, bn_workspace *ws, const char *id, bn_err *err)
{
	int turn = lock->fd < 0 ? turn_take(ws) : -1;
	int rc = need_unnamed(ws, err);
	if (rc >= 0)
		rc = identity_write(ws, id, err);
	turn_end(ws, turn);
	if (rc < 0 || (rc = bn_workspace_read_identity(ws, err)) < 0)
		return rc;
	ws->recent_ns = 0;
	return 0;
}

void bn_upgrade_end(bn_upgrade_lock *lock, bn_workspace *ws)
{
	if (lock->fd < 0)
		return;
	bn_dir_unlink(ws->at, LOCK, NULL); /* a waiting process rereads workspace.json */
	ws->env->fs->close(ws->env, lock->fd);
	lock->fd = -1;
}
