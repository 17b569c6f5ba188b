/* supervisor.c - see supervisor.h and launch.h. */
#include "core/train/supervisor.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define TAKE_TRIES 40
#define TAKE_WAIT_NS 25000000

static char *supervisor_path(const bn_workspace *ws, const char *id)
{
	return bn_workspace_path(ws, "runs/%s/supervisor", id);
}

static int lock_with_patience(const bn_env *env, int fd)
{
	int rc = -EWOULDBLOCK;
	for (int i = 0; i < TAKE_TRIES && (rc == -EWOULDBLOCK || rc == -EINTR); i++) {
		if (i > 0)
			nanosleep(&(struct timespec){0, TAKE_WAIT_NS}, NULL);
		rc = env->fs->flock(env, fd, LOCK_EX | LOCK_NB);
	}
	return rc;
}

int bn_supervisor_take(bn_supervisor_lock *out, bn_workspace *ws, const char *id, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_supervisor_lock l = {ws, supervisor_path(ws, id), -1, bn_env_now_ms(env)};
	char *dir = bn_run_dir(ws, id);
	int rc = l.path && dir ? bn_fs_make_dirs(env, dir, 0777, err) : bn_err_nomem(err, "a path");
	if (rc == 0) {
		l.fd = env->fs->open(env, NULL, l.path, O_RDWR | O_CREAT, 0644);
		if (l.fd < 0)
			rc = bn_err_sys(err, BN_EIO, -l.fd, "cannot open '%s'", l.path);
	}
	if (rc == 0 && (rc = lock_with_patience(env, l.fd)) != 0)
		rc = rc == -EWOULDBLOCK
			     ? bn_err_set(err, BN_ECONFLICT, "run %.8s is supervised already", id)
			     : bn_err_sys(err, BN_EIO, -rc, "cannot lock '%s'", l.path);
	if (rc == 0)
		rc = bn_supervisor_set_child(&l, 0, err);
	bn_free(dir);
	if (rc == 0)
		*out = l;
	else
		bn_supervisor_release(&l);
	return rc;
}

int bn_supervisor_set_child(bn_supervisor_lock *l, pid_t child, bn_err *err)
{
	const bn_env *env = bn_workspace_env(l->ws);
	bn_buf b = BN_BUF_INIT;
	pid_t me = getpid();
	json_t *o = json_pack("{ss ss sI sI sI sI sI}", "host", env->host(env), "boot_id",
		env->boot_id(env), "pid", (json_int_t)me, "sid", (json_int_t)getsid(0), "start",
		(json_int_t)bn_process_start_ticks(me), "child", (json_int_t)child, "since_ms",
		(json_int_t)l->since_ms);
	int rc = o ? bn_json_canonical(o, &b, err) : bn_err_nomem(err, "a supervisor's name");
	bn_buf_addch(&b, '\n');
	if (rc == 0 && (lseek(l->fd, 0, SEEK_SET) != 0 ||
			       env->fs->ftruncate(env, l->fd, (off_t)b.len) < 0))
		rc = bn_err_sys(err, BN_EIO, errno, "cannot write '%s'", l->path);
	if (rc == 0)
		rc = bn_fs_write_all(env, l->fd, b.ptr, b.len, l->path, err);
	bn_buf_release(&b);
	json_decref(o);
	return rc;
}

void bn_supervisor_release(bn_supervisor_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	bn_free(l->path);
	l->path = NULL;
	l->fd = -1;
}

/* ---- looking -------------------------------------------------------------------------------- */

/* Whether the lock is free: 1, 0, or -1 when that cannot be told. */
static int lock_is_free(const bn_env *env, const char *path)
{
	int fd = env->fs->open(env, NULL, path, O_RDONLY, 0);
	if (fd < 0)
		return -1;
	int rc = env->fs->flock(env, fd, LOCK_SH | LOCK_NB);
	env->fs->close(env, fd);
	return rc == 0 ? 1 : rc == -EWOULDBLOCK ? 0 : -1;
}

static bn_supervisor_state judge(const bn_env *env, const char *path, const json_t *o, pid_t pid)
{
	/* A file that anybody may have written must not make us signal all we own (kill(2)). */
	if (pid <= 1 || strcmp(bn_json_str(o, "host", ""), env->host(env)) != 0)
		return BN_SUPERVISOR_UNKNOWN;
	if (strcmp(bn_json_str(o, "boot_id", ""), env->boot_id(env)) != 0)
		return BN_SUPERVISOR_DEAD;
	int is_free = lock_is_free(env, path);
	if (is_free >= 0)
		return is_free ? BN_SUPERVISOR_DEAD : BN_SUPERVISOR_ALIVE;
	return bn_process_is_alive(pid, (uint64_t)bn_json_int(o, "start", 0)) ? BN_SUPERVISOR_ALIVE
									      : BN_SUPERVISOR_DEAD;
}

int bn_supervisor_find(bn_supervisor *out, bn_workspace *ws, const char *id, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *path = supervisor_path(ws, id);
	bn_buf b = BN_BUF_INIT;
	json_t *o = NULL;
	memset(out, 0, sizeof *out);
	if (!path)
		return bn_err_nomem(err, "a path");
	int rc = bn_fs_read_file(env, path, &b, NULL);
	if (rc == BN_ENOTFOUND) {
		out->state = BN_SUPERVISOR_NONE;
		rc = 0;
	} else if (rc != 0) {
		out->state = BN_SUPERVISOR_UNKNOWN; /* another user's, and we may not look */
		rc = 0;
	} else if (bn_json_parse(&o, b.ptr, b.len, "supervisor", NULL) == 0) {
		out->pid = (pid_t)bn_json_int(o, "pid", 0);
		out->sid = (pid_t)bn_json_int(o, "sid", 0);
		out->child = (pid_t)bn_json_int(o, "child", 0);
		out->since_ms = bn_json_int(o, "since_ms", 0);
		snprintf(out->host, sizeof out->host, "%s", bn_json_str(o, "host", ""));
		out->state = judge(env, path, o, out->pid);
	} else {
		/* Caught between being made, locked and written: about to start. Should it have
		 * died in that moment, it counts as never started. */
		out->state =
			lock_is_free(env, path) == 1 ? BN_SUPERVISOR_NONE : BN_SUPERVISOR_UNKNOWN;
	}
	json_decref(o);
	bn_buf_release(&b);
	bn_free(path);
	return rc;
}

int bn_supervisor_end_orphans(const bn_supervisor *dead, const char *id)
{
	char having[64];
	int ended = 0;
	snprintf(having, sizeof having, "BINNACLE_RUN_ID=%.32s", id);
	if (dead->sid > 1 && dead->sid != getsid(0))
		ended = bn_process_session_signal(dead->sid, having, SIGKILL);
	return ended;
}
