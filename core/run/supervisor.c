/* supervisor.c - see supervisor.h. */
#include "core/run/supervisor.h"

#include "core/base/dir.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/run/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TAKE_TRIES 40
#define CLAIM_TRIES 3 /* the claiming process has others to start */
#define TAKE_WAIT_NS 25000000
#define REOPEN_TRIES 8

static int foreign(const char *path, bn_err *err)
{
	bn_err_set(
		err, BN_EREFUSED, "'%s' belongs to another user, or others may write to it", path);
	bn_err_hint(err, "its content is ignored");
	return BN_EREFUSED;
}

/* Opens and locks the file of a run of this user; root may do so for anyone, and files created by root are
 * given to that user. Nothing is written before the owner is known. */
static int open_and_lock(
	bn_supervisor_lock *l, struct stat *st, const bn_dir *dir, int tries, bn_err *err)
{
	const bn_env *env = dir->env;
	struct stat own;
	uid_t me = env->uid(env);
	int e, rc;
	if ((e = env->fs->fstat(env, dir->fd, &own)) < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", dir->path);
	if ((own.st_uid != me && me != 0) || (own.st_mode & 022))
		return foreign(dir->path, err);
	if ((rc = bn_dir_open_file(
		     &l->fd, dir, BN_RUN_SUPERVISOR_FILE, O_RDWR | O_CREAT, 0600, err)) < 0)
		return rc;
	if ((e = env->fs->fstat(env, l->fd, st)) < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", l->path);
	if (st->st_uid != own.st_uid &&
		(me != 0 || st->st_size != 0 || fchown(l->fd, own.st_uid, own.st_gid) != 0))
		return foreign(l->path, err);
	if ((e = bn_fs_lock(env, l->fd, tries, TAKE_WAIT_NS)) == -EWOULDBLOCK)
		return bn_err_set(err, BN_ECONFLICT, "run %.8s is already supervised", l->id);
	if (e < 0 || (e = env->fs->fstat(env, l->fd, st)) < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot lock '%s'", l->path);
	return 0;
}

/* Packing a run removes the file (core/run/run_pack.h): the lock of a removed one excludes nobody. */
static int open_locked(
	bn_supervisor_lock *l, struct stat *st, const bn_dir *dir, int tries, bn_err *err)
{
	struct stat now;
	int rc;
	for (int i = 0; i < REOPEN_TRIES; i++) {
		if ((rc = open_and_lock(l, st, dir, tries, err)) < 0)
			return rc;
		if (bn_dir_stat(dir, BN_RUN_SUPERVISOR_FILE, &now, NULL) >= 0 &&
			now.st_ino == st->st_ino && now.st_dev == st->st_dev)
			return 0;
		dir->env->fs->close(dir->env, l->fd);
		l->fd = -1;
	}
	return bn_err_set(err, BN_ECONFLICT, "'%s' is being replaced again and again", l->path);
}

static int claim(bn_supervisor_lock *out, bool *fresh, bn_workspace *ws, const char *id, int tries,
	bn_err *err)
{
	bn_supervisor_lock l = {
		.ws = ws, .fd = -1, .since_ms = bn_env_now_ms(bn_workspace_env(ws))};
	bn_dir *dir = NULL;
	struct stat st;
	int rc = bn_run_dir_make(&dir, ws, id, err);
	if (rc < 0)
		goto out;
	snprintf(l.id, sizeof l.id, "%.32s", id);
	if (!(l.path = bn_dir_join(dir, BN_RUN_SUPERVISOR_FILE))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = open_locked(&l, &st, dir, tries, err)) < 0)
		goto out;
	*fresh = st.st_size == 0 && bn_dir_has(dir, BN_RUN_SPEC_FILE);
out:
	bn_dir_close(dir);
	if (rc < 0)
		bn_supervisor_release(&l);
	else
		*out = l;
	return rc;
}

static int write_text(bn_supervisor_lock *l, const void *text, size_t n, bn_err *err)
{
	const bn_env *env = bn_workspace_env(l->ws);
	int e;
	if (lseek(l->fd, 0, SEEK_SET) != 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot write '%s'", l->path);
	if ((e = env->fs->ftruncate(env, l->fd, (off_t)n)) < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot write '%s'", l->path);
	return bn_fs_write_all(env, l->fd, text, n, l->path, err);
}

int bn_supervisor_forget(bn_supervisor_lock *l, bn_err *err)
{
	return write_text(l, "\n", 1, err);
}

int bn_supervisor_adopt(
	bn_supervisor_lock *out, bn_workspace *ws, const char *id, int fd, bn_err *err)
{
	bn_supervisor_lock l = {.ws = ws,
		.path = bn_strf("runs/%.32s/" BN_RUN_SUPERVISOR_FILE, id),
		.fd = fd,
		.since_ms = bn_env_now_ms(bn_workspace_env(ws))};
	snprintf(l.id, sizeof l.id, "%.32s", id);
	int rc = l.path ? bn_supervisor_set_child(&l, 0, err) : bn_err_nomem(err, "a path");
	if (rc < 0)
		bn_supervisor_release(&l);
	else
		*out = l;
	return rc;
}

int bn_supervisor_claim(
	bn_supervisor_lock *out, bool *fresh, bn_workspace *ws, const char *id, bn_err *err)
{
	return claim(out, fresh, ws, id, CLAIM_TRIES, err);
}

int bn_supervisor_take(bn_supervisor_lock *out, bn_workspace *ws, const char *id, bn_err *err)
{
	bool fresh;
	int rc = claim(out, &fresh, ws, id, TAKE_TRIES, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_supervisor_set_child(out, 0, err)) < 0)
		bn_supervisor_release(out);
	return rc;
}

int bn_supervisor_set_child(bn_supervisor_lock *l, pid_t child, bn_err *err)
{
	const bn_env *env = bn_workspace_env(l->ws);
	bn_buf b = BN_BUF_INIT;
	pid_t me = getpid();
	json_t *o = json_pack("{ss ss ss sI sI sI sI sI sI}", "run", l->id, "host", env->host(env),
		"boot_id", env->boot_id(env), "pid", (json_int_t)me, "sid", (json_int_t)getsid(0),
		"start", (json_int_t)bn_process_start_ticks(me), "child", (json_int_t)child,
		"since_ms", (json_int_t)l->since_ms, "guard", (json_int_t)l->guard);
	int rc = o ? bn_json_canonical(o, &b, err) : bn_err_nomem(err, "a supervisor's name");
	if (rc < 0)
		goto out;
	bn_buf_addch(&b, '\n');
	if ((rc = bn_buf_check(&b, err, "a supervisor's name")) < 0)
		goto out;
	rc = write_text(l, b.ptr, b.len, err);
out:
	bn_buf_release(&b);
	json_decref(o);
	return rc;
}

int bn_supervisor_take_over(
	bn_supervisor_lock *out, const bn_dir *run_dir, const char *id, bn_err *err)
{
	bn_supervisor_lock l = {.fd = -1, .path = bn_dir_join(run_dir, BN_RUN_SUPERVISOR_FILE)};
	struct stat st;
	snprintf(l.id, sizeof l.id, "%.32s", id);
	int rc = l.path ? open_locked(&l, &st, run_dir, 1, err) : bn_err_nomem(err, "a path");
	if (rc < 0)
		bn_supervisor_release(&l);
	else
		*out = l;
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

/* Whether the lock is free: 1, 0, or -1 if unknown. */
static int lock_is_free(const bn_env *env, int fd)
{
	int e = env->fs->flock(env, fd, LOCK_SH | LOCK_NB);
	if (e == 0)
		env->fs->flock(env, fd, LOCK_UN);
	if (e == -EWOULDBLOCK)
		return 0;
	return e == 0 ? 1 : -1;
}

/* For a text without the run's name: checks how its process was started. A queue's runner forks
 * supervisors. */
static bool is_another_runs(pid_t pid, const char *id)
{
	return bn_process_has_another_mark(pid, (bn_process_mark){BN_RUN_MARK, id}) &&
	       bn_process_has_another_mark(pid, (bn_process_mark){BN_RUN_MARK, "queue"});
}

static bn_supervisor_state judge(const bn_env *env, int fd, const json_t *o, pid_t pid)
{
	/* A pid of 1 or less must not make us signal all our processes (kill(2)). */
	if (pid <= 1 || strcmp(bn_json_str(o, "host", ""), env->host(env)) != 0)
		return BN_SUPERVISOR_UNKNOWN;
	if (strcmp(bn_json_str(o, "boot_id", ""), env->boot_id(env)) != 0)
		return BN_SUPERVISOR_DEAD;
	int is_free = lock_is_free(env, fd);
	if (is_free == 1)
		return BN_SUPERVISOR_DEAD;
	if (bn_process_is_alive(pid, (uint64_t)bn_json_int(o, "start", 0)))
		return BN_SUPERVISOR_ALIVE;
	/* The lock is held by another process: the run is claimed, and about to start. */
	return is_free == 0 ? BN_SUPERVISOR_UNKNOWN : BN_SUPERVISOR_DEAD;
}

/* The state described by the file. */
static int read_state(bn_supervisor *out, const bn_env *env, int fd, const char *path,
	const char *id, uid_t owner, bn_err *err)
{
	char text[4096];
	size_t got;
	json_t *o = NULL;
	struct stat st;
	int rc = env->fs->fstat(env, fd, &st);
	if (rc < 0)
		return bn_err_sys(err, BN_EIO, -rc, "cannot look at '%s'", path);
	out->uid = st.st_uid;
	if (st.st_uid != owner && st.st_uid != 0)
		return 0;
	if ((rc = bn_fs_read_at(env, fd, text, sizeof text, 0, &got, path, err)) < 0)
		return rc;
	if (bn_json_parse(&o, text, got, BN_RUN_SUPERVISOR_FILE, NULL) < 0) {
		/* Between creation, locking and writing: about to start. If it died there, it
		 * counts as never started. */
		out->state =
			lock_is_free(env, fd) == 1 ? BN_SUPERVISOR_NONE : BN_SUPERVISOR_UNKNOWN;
		return 0;
	}
	out->pid = (pid_t)bn_json_int(o, "pid", 0);
	out->sid = (pid_t)bn_json_int(o, "sid", 0);
	out->child = (pid_t)bn_json_int(o, "child", 0);
	out->guard = (pid_t)bn_json_int(o, "guard", 0);
	out->since_ms = bn_json_int(o, "since_ms", 0);
	snprintf(out->host, sizeof out->host, "%s", bn_json_str(o, "host", ""));
	/* Directories of runs can be swapped by anyone who may write above them. */
	const char *run = bn_json_str(o, "run", NULL);
	out->of_another = run ? strcmp(run, id) != 0 : is_another_runs(out->pid, id);
	if (!out->of_another)
		out->state = judge(env, fd, o, out->pid);
	json_decref(o);
	return 0;
}

int bn_supervisor_find(
	bn_supervisor *out, bn_workspace *ws, const char *id, uid_t owner, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_err why = BN_ERR_INIT;
	bn_dir *dir = NULL;
	int fd = -1, rc = 0;
	memset(out, 0, sizeof *out);
	if ((rc = bn_run_dir_open(&dir, ws, id, &why)) < 0)
		goto out;
	if ((rc = bn_dir_open_file(&fd, dir, BN_RUN_SUPERVISOR_FILE, O_RDONLY, 0, &why)) < 0)
		goto out;
	rc = read_state(out, env, fd, dir->path, id, owner, &why);
out:
	if (fd >= 0)
		env->fs->close(env, fd);
	bn_dir_close(dir);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc == BN_ENOTFOUND)
		out->state = BN_SUPERVISOR_NONE;
	else if (rc < 0) /* another user's, and not readable */
		out->state = BN_SUPERVISOR_UNKNOWN;
	return 0;
}

int bn_supervisor_end_orphans(const bn_supervisor *dead, const char *id)
{
	if (dead->uid != geteuid())
		return 0;
	bn_process_mark mark = {BN_RUN_MARK, id};
	if (dead->guard > 1)
		kill(dead->guard, SIGCONT); /* in case it is stopped (SIGSTOP) */
	return bn_process_marked_signal(mark, dead->guard, SIGKILL);
}
