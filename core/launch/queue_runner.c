/* queue_runner.c - see queue_runner.h. */
#include "core/launch/queue_runner.h"

#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/launch/_child.h"
#include "core/launch/_queue_files.h"
#include "core/launch/exec.h"
#include "core/launch/queue.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AHEAD 64 /* waiting runs that are read at a time */
#define LINGER_MS 500 /* with nothing to start, before it ends */
#define LOOK_MS 1000  /* at locks of what it did not start itself */
#define RETRY_MS 1000 /* after a start, or a look at the log, that failed; doubles */
#define RETRY_MS_MAX 60000
#define FAILURES_MAX 30 /* looks at the log in a row */

typedef struct started {
	char id[BN_RUN_ID_TEXT];
	pid_t pid; /* of its supervisor; 0: it has ended without having started the run */
	int64_t cores, memory_bytes;
	int64_t again_ms, wait_ms; /* when it may be tried again, and how long that took */
} started;

typedef struct runner {
	const bn_env *env;
	const bn_fold_class *const *classes;
	const char *program;
	bn_workspace *ws;
	bn_dir *at;
	int lock_fd, bell_fd, bell, signals;
	started *runs;
	size_t count, cap;
	bool stop;
} runner;

static int64_t now_ms(const runner *r)
{
	return bn_env_monotonic_ns(r->env) / 1000000;
}

static started *find(runner *r, const char *id)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->runs[i].id, id))
			return &r->runs[i];
	return NULL;
}

/* ---- the supervisor ------------------------------------------------------------------------- */

/* What the run will see, as it was when the run was queued. */
static int restore_environment(const bn_dir *dir, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_dir_read_file(dir, BN_QUEUE_ENVIRON, &text, err);
	if (rc == 0)
		rc = bn_process_set_environment(text.ptr, text.len, err);
	bn_buf_release(&text);
	return rc;
}

static void say(const bn_err *err)
{
	char line[sizeof err->msg + sizeof err->hint + 32];
	snprintf(line, sizeof line, "binnacle: %s%s%s", err->msg, err->hint[0] ? "; " : "",
		err->hint);
	bn_child_log(line);
}

/* A trainer's libraries read the environment when a process starts: it gets a new one. Returns only
 * when that failed. */
static int become_trainer(const runner *r, const char *home, const char *id, int fd, bn_err *err)
{
	char lock[16], run_id[64];
	char *set_home = bn_strf("BINNACLE_HOME=%s", home);
	int flags = fcntl(fd, F_GETFD);
	if (!set_home)
		return bn_err_nomem(err, "an environment");
	if (flags < 0 || fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) < 0) {
		bn_free(set_home);
		return bn_err_sys(err, BN_EIO, errno, "cannot pass on the run's lock");
	}
	snprintf(lock, sizeof lock, "%d", fd);
	snprintf(run_id, sizeof run_id, "BINNACLE_RUN_ID=%.32s", id);
	bool own = bn_env_get(r->env, "OMP_WAIT_POLICY") != NULL;
	const char *argv[] = {
		r->program, "-C", home, "exec", id, "--lock-fd", lock, "--queued", NULL};
	const char *set[] = {run_id, set_home, own ? NULL : "OMP_WAIT_POLICY=passive", NULL};
	int rc = bn_process_become(argv, set, NULL, err);
	bn_free(set_home);
	return rc;
}

/* The environment was needed to start it. */
static void forget_environment(bn_workspace *ws, const char *id)
{
	bn_dir *dir = NULL;
	if (bn_run_dir_open(&dir, ws, id, NULL) == 0)
		bn_dir_unlink(dir, BN_QUEUE_ENVIRON, NULL);
	bn_dir_close(dir);
}

int bn_queue_supervise(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *id, int lock_fd, const char *program, int *status, bn_err *err)
{
	bn_workspace *ws = NULL;
	int rc = bn_exec_run(env, classes, dir, id, lock_fd, status, err);
	/* Over, as far as this process could say. What was not even started is tried again by the
	 * runner, with the environment that it needs. */
	if (bn_workspace_open(&ws, env, NULL, dir, NULL) == 0) {
		if (rc == 0)
			forget_environment(ws, id);
		bn_queue_wake_blind(ws, program, NULL);
	}
	bn_workspace_close(ws);
	return rc;
}

/* In the forked process, which supervises the run and holds its lock, fd. */
static int be_supervisor(const runner *r, const char *home, const char *id, int fd)
{
	bn_err err = BN_ERR_INIT, unread = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	bn_spec *spec = NULL;
	bn_dir *dir = NULL;
	int status = 0;
	int rc = bn_workspace_open(&ws, r->env, NULL, home, &err);
	if (rc < 0 || (rc = bn_run_dir_open(&dir, ws, id, &err)) < 0)
		goto out;
	if ((rc = restore_environment(dir, &err)) < 0)
		goto out;
	/* A spec that cannot be read is told by who supervises. */
	bool trainer = bn_exec_spec(&spec, ws, dir, &unread) == 0 && spec->trainer;
	bn_spec_free(spec);
	bn_workspace_close(ws);
	ws = NULL;
	rc = trainer ? become_trainer(r, home, id, fd, &err)
		     : bn_queue_supervise(
			       r->env, r->classes, home, id, fd, r->program, &status, &err);
out:
	if (rc < 0)
		say(&err);
	bn_dir_close(dir);
	bn_workspace_close(ws);
	return rc < 0 ? 1 : status;
}

static int fork_supervisor(runner *r, const bn_queue_item *item, bn_supervisor_lock *lock,
	const bn_dir *dir, bn_err *err)
{
	const char *home = bn_workspace_dir(r->ws);
	started *s = find(r, item->run);
	int log_fd = -1, rc = 0;
	pid_t pid;
	if (!s) {
		if (bn_grow(&r->runs, &r->cap, r->count + 1, sizeof *r->runs) != 0)
			return bn_err_nomem(err, "a run");
		s = &r->runs[r->count++];
		*s = (started){.wait_ms = RETRY_MS,
			.cores = item->cores,
			.memory_bytes = item->memory_bytes};
		snprintf(s->id, sizeof s->id, "%s", item->run);
	}
	if ((rc = bn_dir_open_file(
		     &log_fd, dir, BN_RUN_LOG_FILE, O_WRONLY | O_CREAT | O_APPEND, 0644, err)) < 0)
		return rc;
	rc = bn_process_fork_detached(&pid, lock->fd, log_fd, err);
	if (rc == 0 && pid == 0)
		_exit(be_supervisor(r, home, item->run, lock->fd));
	r->env->fs->close(r->env, log_fd);
	s->pid = rc == 0 ? pid : 0;
	return rc;
}

/* ---- starting ------------------------------------------------------------------------------- */

typedef enum verdict {
	STARTED, /* holds its share of what the queue has */
	OVER,    /* does not wait any more */
	LATER,   /* could not be started now */
} verdict;

/* Somebody has asked for its end while it waited. */
static bool is_stopped(const runner *r, const bn_dir *dir, const bn_queue_item *item)
{
	struct stat st;
	return item->stop || (r->env->fs->stat(r->env, dir, "stop", &st) == 0 &&
				     (st.st_uid == r->env->uid(r->env) || st.st_uid == 0));
}

static int cancel(runner *r, const char *id, bn_err *err)
{
	int rc = bn_runlog_finished(
		r->ws, id, "KILLED", -1, 0, "stopped on request, before it started", err);
	int done = bn_workspace_commit(r->ws, rc < 0 ? NULL : err);
	return rc < 0 ? rc : done;
}

/* With the run claimed. */
static int start_claimed(runner *r, verdict *out, const bn_queue_item *item,
	bn_supervisor_lock *lock, bool fresh, bn_err *err)
{
	bn_dir *dir = NULL;
	bool waits = true;
	int rc = 0;
	/* Nobody has ever claimed a fresh one: it is as it was when the log was read. */
	if (!fresh && (rc = bn_queue_waits(&waits, r->ws, item->run, err)) < 0)
		return rc;
	*out = OVER;
	if (!waits)
		return 0;
	if ((rc = bn_run_dir_open(&dir, r->ws, item->run, err)) < 0 ||
		(rc = bn_supervisor_forget(lock, err)) < 0)
		goto out;
	if (is_stopped(r, dir, item)) {
		rc = cancel(r, item->run, err);
		goto out;
	}
	if ((rc = fork_supervisor(r, item, lock, dir, err)) == 0)
		*out = STARTED;
out:
	bn_dir_close(dir);
	return rc;
}

static verdict start_one(runner *r, const bn_queue_item *item)
{
	bn_supervisor_lock lock = {.fd = -1};
	bn_err err = BN_ERR_INIT;
	verdict v = LATER;
	bool fresh;
	started *s = find(r, item->run);
	if (s && s->pid)
		return STARTED;
	if (s && now_ms(r) < s->again_ms)
		return LATER;
	int rc = bn_supervisor_claim(&lock, &fresh, r->ws, item->run, &err);
	if (rc == BN_ECONFLICT)
		return STARTED; /* by another runner, which died; or it is being cancelled */
	if (rc == 0)
		rc = start_claimed(r, &v, item, &lock, fresh, &err);
	bn_supervisor_release(&lock);
	return rc < 0 ? LATER : v;
}

typedef enum outlook {
	NOTHING, /* is left that could be started */
	WAITS,   /* for something that runs, or for a second try */
	MORE,    /* wait than were looked at, and there is room */
} outlook;

/* Starts what has its turn. */
static outlook start_some(runner *r, bn_queue *q)
{
	size_t seen = 0;
	char why[160];
	for (size_t i = 0; i < q->count; i++) {
		const bn_queue_item *item = &q->items[i];
		started *s = find(r, item->run);
		seen += item->position > 0;
		if (item->position == 0 || bn_queue_is_beyond(q, item, why))
			continue;
		bool ours = s && s->pid;
		if (!ours && q->paused_ms >= 0)
			return NOTHING;
		if (!ours && !bn_queue_fits(q, item, why))
			return WAITS;
		verdict v = ours ? STARTED : start_one(r, item);
		if (v == LATER) /* strictly in order: it holds up the others */
			return WAITS;
		if (v == OVER)
			continue;
		q->used.cores += item->cores;
		q->used.memory_bytes += item->memory_bytes;
		q->used.at_once++;
	}
	return q->waiting > seen ? MORE : NOTHING;
}

/* ---- watching ------------------------------------------------------------------------------- */

/* One that ended without having started its run is tried again, more and more rarely. */
static void reap(runner *r)
{
	pid_t pid;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < r->count; i++) {
			started *s = &r->runs[i];
			if (s->pid != pid)
				continue;
			s->pid = 0;
			s->again_ms = now_ms(r) + s->wait_ms;
			s->wait_ms = s->wait_ms * 2 < RETRY_MS_MAX ? s->wait_ms * 2 : RETRY_MS_MAX;
		}
}

/* Forgets those that do not wait any more. */
static void tidy(runner *r, const bn_queue *q)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->count; i++) {
		bool waits = r->runs[i].pid != 0;
		for (size_t k = 0; k < q->count && !waits; k++)
			waits = q->items[k].position > 0 && !strcmp(q->items[k].run, r->runs[i].id);
		if (waits)
			r->runs[kept++] = r->runs[i];
		else
			forget_environment(r->ws, r->runs[i].id);
	}
	r->count = kept;
}

/* False when nothing happened in that time. */
static bool wait_for_news(runner *r, int64_t ms)
{
	struct pollfd p[2] = {
		{.fd = r->signals, .events = POLLIN}, {.fd = r->bell, .events = POLLIN}};
	struct signalfd_siginfo info;
	char bytes[4096];
	int n = poll(p, r->bell >= 0 ? 2 : 1, (int)ms);
	while (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo != SIGCHLD)
			r->stop = true;
	while (r->bell >= 0 && read(r->bell, bytes, sizeof bytes) > 0)
		;
	return n > 0;
}

/* One look at the log, and what follows from it. */
static int turn(runner *r, outlook *out, bn_err *err)
{
	int rc = bn_workspace_refresh(r->ws, NULL, err);
	*out = MORE;
	for (size_t most = LOOK_AHEAD; rc == 0 && *out == MORE; most *= 8) {
		bn_queue *q = NULL;
		if ((rc = bn_queue_read(&q, r->ws, NULL, most, err)) < 0)
			return rc;
		tidy(r, q);
		*out = start_some(r, q);
		bn_queue_free(q);
	}
	return rc;
}

/* Until nothing is left to start. */
static int serve(runner *r, bn_err *err)
{
	int failures = 0;
	while (!r->stop) {
		bn_err why = BN_ERR_INIT;
		outlook next = WAITS;
		reap(r);
		int rc = turn(r, &next, &why);
		failures = rc < 0 ? failures + 1 : 0;
		if (failures == FAILURES_MAX)
			return bn_err_move(err, &why);
		bn_workspace_tick(r->ws, NULL);
		bool news = wait_for_news(r, next == NOTHING ? LINGER_MS : LOOK_MS);
		if (rc == 0 && next == NOTHING && !news)
			return 0;
	}
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int open_signals(runner *r, bn_err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signals < 0 ? bn_err_sys(err, BN_EIO, errno, "cannot wait for signals") : 0;
}

/* Without inotify it looks once a second. */
static int open_bell(runner *r, bn_err *err)
{
	char path[64];
	int rc = bn_queue_bell_open(&r->bell_fd, r->at, err);
	if (rc < 0)
		return rc;
	snprintf(path, sizeof path, "/proc/self/fd/%d", r->bell_fd);
	r->bell = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->bell >= 0 && inotify_add_watch(r->bell, path, IN_MODIFY) < 0) {
		close(r->bell);
		r->bell = -1;
	}
	return 0;
}

/* Who queues a run either finds the lock free, and starts a runner, or has queued it before the
 * lock is given back: then the second look finds it. */
static int take_turns(runner *r, bn_err *err)
{
	bool work = true;
	int rc = 0;
	while (work && !r->stop) {
		bn_err why = BN_ERR_INIT;
		rc = bn_queue_lock_runner(&r->lock_fd, r->at, &why);
		if (rc == BN_ECONFLICT)
			return 0;
		if (rc < 0)
			return bn_err_move(err, &why);
		rc = serve(r, err);
		r->env->fs->close(r->env, r->lock_fd);
		r->lock_fd = -1;
		if (rc < 0 || (rc = bn_queue_has_work(&work, r->ws, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_queue_run(const bn_env *env, const bn_fold_class *const *classes, const char *dir,
	const char *program, bn_err *err)
{
	runner r = {.env = env,
		.classes = classes,
		.program = program,
		.lock_fd = -1,
		.bell_fd = -1,
		.bell = -1,
		.signals = -1};
	int rc = bn_workspace_open(&r.ws, env, classes, dir, err);
	if (rc < 0 || (rc = bn_queue_dir(&r.at, r.ws, err)) < 0)
		goto out;
	if ((rc = open_signals(&r, err)) < 0 || (rc = open_bell(&r, err)) < 0)
		goto out;
	rc = take_turns(&r, err);
out:
	for (int i = 0; i < 3; i++) {
		int fd = (int[]){r.signals, r.bell, r.bell_fd}[i];
		if (fd >= 0)
			close(fd);
	}
	bn_free(r.runs);
	bn_dir_close(r.at);
	bn_workspace_close(r.ws);
	return rc;
}
