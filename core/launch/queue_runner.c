/* queue_runner.c - see queue_runner.h. */
#include "core/launch/queue_runner.h"

#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/govern/rights.h"
#include "core/launch/_queue_files.h"
#include "core/launch/_queue_supervisor.h"
#include "core/launch/created.h"
#include "core/launch/queue.h"
#include "core/launch/queue_environ.h"
#include "core/run/environment.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
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
#include <unistd.h>

#define LOOK_AHEAD 64 /* waiting runs read at a time */
#define LINGER_MS 500 /* idle time before it ends */
#define LOOK_MS 1000  /* polling of locks of runs it did not start itself */
#define NEWS_MS 50    /* between reads of the log while runs are queued in quick succession */
#define RETRY_MS 1000 /* after a start that failed; doubles */
#define RETRY_MS_MAX 60000
#define FAILURES_MAX 30 /* reads of the log in a row */

/* A run started by this runner. Kept until the log has been read after its end. */
typedef struct started {
	char id[BN_RUN_ID_TEXT];
	pid_t pid; /* above its supervisor; 0: it has ended */
	int64_t cores, memory_bytes;
	/* When it may be retried, if it still waits after its end, and the current delay. */
	int64_t again_ms, wait_ms;
	int tries;              /* finished attempts */
	char why[BN_QUEUE_WHY]; /* the last one failed, as far as this process knows */
} started;

typedef struct runner {
	bn_queue_task task;
	const bn_env *env;
	bn_workspace *ws;
	bn_dir *at;
	int lock_fd, bell_fd, bell, signals;
	bn_queue *q; /* as of the last read of the log; NULL before */
	size_t read; /* of those that wait */
	int64_t looked_ms;
	bool news;              /* something has changed since */
	bn_queue_amounts other; /* resources held by runs of other runners */
	started *runs;
	size_t count, cap;
	int64_t retry_ms;
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

/* NULL without memory. */
static started *remember(runner *r, const bn_queue_item *item)
{
	started *s = find(r, item->run);
	if (s || bn_grow(&r->runs, &r->cap, r->count + 1, sizeof *r->runs) != 0)
		return s;
	s = &r->runs[r->count++];
	*s = (started){
		.wait_ms = r->retry_ms, .cores = item->cores, .memory_bytes = item->memory_bytes};
	snprintf(s->id, sizeof s->id, "%s", item->run);
	return s;
}

static void back_off(const runner *r, started *s)
{
	s->again_ms = now_ms(r) + s->wait_ms;
	s->wait_ms = s->wait_ms * 2 < RETRY_MS_MAX ? s->wait_ms * 2 : RETRY_MS_MAX;
}

static int fork_supervisor(runner *r, started *s, bn_supervisor_lock *lock, const bn_dir *dir,
	bool *crowded, bn_err *err)
{
	const char *home = bn_workspace_dir(r->ws);
	bn_created made;
	pid_t pid;
	int log_fd = -1, rc = bn_created_find(&made, r->ws, s->id, err);
	if (rc < 0 || (rc = bn_run_log_append(&log_fd, dir, err)) < 0)
		return rc;
	const bn_queue_turn turn = {s->id, made.spec, s->cores};
	rc = bn_process_fork_detached(&pid, lock->fd, log_fd, err);
	if (rc >= 0 && pid == 0)
		_exit(bn_queue_be_supervisor(&r->task, home, &turn, lock->fd));
	r->env->fs->close(r->env, log_fd);
	*crowded = rc < 0;
	s->pid = rc == 0 ? pid : 0;
	return rc;
}

/* ---- starting ------------------------------------------------------------------------------- */

typedef enum verdict {
	STARTED, /* by this runner */
	TAKEN,   /* another process has claimed it: an earlier runner's supervisor, or a cancel */
	OVER,    /* no longer waits */
	LATER,   /* could not be started now */
} verdict;

/* Ends a waiting run. */
static int end(runner *r, const char *id, const char *status, const char *reason, bn_err *err)
{
	bn_queue_forget(r->ws, id);
	int rc = bn_runlog_finished(r->ws, id, status, -1, 0, reason, err);
	int done = bn_workspace_commit(r->ws, rc < 0 ? NULL : err);
	return rc < 0 ? rc : done;
}

/* After that many failures it is not retried. */
static int give_up(runner *r, const started *s, bn_err *err)
{
	char why[BN_QUEUE_WHY], reason[BN_QUEUE_WHY + 60];
	bool waits = true;
	int rc = bn_queue_waits(&waits, r->ws, s->id, err);
	if (rc < 0 || !waits)
		return rc;
	if (!bn_queue_read_failure(why, r->ws, s->id))
		snprintf(why, sizeof why, "%s", s->why);
	snprintf(reason, sizeof reason, "it could not be started, %d times: %s", s->tries, why);
	return end(r, s->id, "FAILED", reason, err);
}

/* Called with the run claimed. *crowded: the failure is not specific to this run. */
static int start_claimed(runner *r, verdict *out, const bn_queue_item *item,
	bn_supervisor_lock *lock, bool fresh, bool *crowded, bn_err *err)
{
	started *s = remember(r, item);
	bn_dir *dir = NULL;
	bool waits = true;
	int rc = 0;
	*crowded = true;
	if (!s)
		return bn_err_nomem(err, "a run");
	/* A fresh one was never claimed: it is as it was when the log was read. */
	if (!fresh && (rc = bn_queue_waits(&waits, r->ws, item->run, err)) < 0)
		return rc;
	*out = OVER;
	if (!waits)
		return 0;
	*crowded = false;
	s->cores = item->cores; /* the limit may have changed since the last try */
	if ((rc = bn_run_dir_open_own(&dir, r->ws, item->run, err)) < 0 ||
		(rc = bn_supervisor_forget(lock, err)) < 0)
		goto out;
	if (item->stop || bn_run_stop_asked(dir, item->run)) { /* while it waited */
		rc = end(r, item->run, "KILLED", "stopped on request, before it started", err);
		*crowded = true;
		goto out;
	}
	if ((rc = fork_supervisor(r, s, lock, dir, crowded, err)) == 0)
		*out = STARTED;
out:
	bn_dir_close(dir);
	return rc;
}

/* The forked process could not even begin. */
static void note_failure(runner *r, const bn_queue_item *item, bool crowded, const bn_err *err)
{
	started *s = remember(r, item);
	bn_queue_note_failure(r->ws, item->run, err->msg);
	if (!s)
		return;
	s->tries += !crowded;
	snprintf(s->why, sizeof s->why, "%.*s", (int)sizeof s->why - 1, err->msg);
	back_off(r, s);
}

static verdict start_one(runner *r, const bn_queue_item *item)
{
	bn_supervisor_lock lock = {.fd = -1};
	bn_err err = BN_ERR_INIT;
	verdict v = LATER;
	bool fresh, crowded = false;
	started *s = find(r, item->run);
	if (s && now_ms(r) < s->again_ms)
		return LATER;
	int rc = bn_supervisor_claim(&lock, &fresh, r->ws, item->run, &err);
	if (rc == BN_ECONFLICT)
		return TAKEN;
	if (s && s->tries >= BN_QUEUE_TRIES) {
		/* Even when it cannot be claimed. */
		bn_err_clear(&err);
		crowded = true;
		v = OVER;
		rc = give_up(r, s, &err);
	} else if (rc >= 0) {
		rc = start_claimed(r, &v, item, &lock, fresh, &crowded, &err);
	}
	bn_supervisor_release(&lock);
	if (rc >= 0)
		return v;
	note_failure(r, item, crowded, &err);
	return LATER;
}

/* The running ones that count for the queue. */
static void add(bn_queue_amounts *sum, int64_t cores, int64_t memory_bytes)
{
	sum->cores += cores;
	sum->memory_bytes += memory_bytes;
	sum->at_once++;
}

static void count_used(runner *r)
{
	r->q->used = r->other;
	for (size_t i = 0; i < r->count; i++)
		if (r->runs[i].pid)
			add(&r->q->used, r->runs[i].cores, r->runs[i].memory_bytes);
}

typedef enum outlook {
	NOTHING, /* startable runs are left */
	WAITS,   /* wait for a running one, or for a retry */
	MORE,    /* more runs wait than were read, and there is room */
} outlook;

/* Starts the runs whose turn it is, strictly in order, and removes them from the list as last read. */
static outlook start_some(runner *r)
{
	bn_queue *q = r->q;
	char why[160];
	for (size_t i = 0; i < q->count; i++) {
		bn_queue_item *item = &q->items[i];
		if (item->position <= 0 || bn_queue_is_beyond(q, item, why))
			continue;
		count_used(r);
		if (q->paused_ms >= 0)
			return NOTHING;
		if (!bn_queue_fits(q, item, why))
			return WAITS;
		verdict v = start_one(r, item);
		if (v == LATER)
			return WAITS;
		if (v == TAKEN)
			add(&r->other, item->cores, item->memory_bytes);
		item->position = 0;
	}
	return q->waiting > r->read ? MORE : NOTHING;
}

/* ---- watching ------------------------------------------------------------------------------- */

static void say_how(started *s, int status)
{
	if (WIFSIGNALED(status))
		snprintf(s->why, sizeof s->why, "its supervisor was killed by signal %d",
			WTERMSIG(status));
	else
		snprintf(s->why, sizeof s->why, "its supervisor ended with exit status %d",
			WEXITSTATUS(status));
}

/* The log says whether it has started its run. */
static void reap(runner *r)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < r->count; i++) {
			started *s = &r->runs[i];
			if (s->pid != pid)
				continue;
			s->pid = 0;
			s->tries++;
			say_how(s, status);
			back_off(r, s);
			/* It may still wait, before all others. */
			if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
				r->looked_ms = 0;
		}
}

/* Drops those that no longer wait, according to the log; if it cannot be read, they stay. */
static void tidy(runner *r)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->count; i++) {
		started *s = &r->runs[i];
		if (!s->pid && !bn_queue_waited(r->ws, s->id))
			bn_queue_forget(r->ws, s->id);
		else
			r->runs[kept++] = *s;
	}
	r->count = kept;
}

/* Reads the log. */
static int look(runner *r, size_t most, bn_err *err)
{
	bn_queue *q = NULL;
	r->news = false;
	int rc = bn_workspace_refresh(r->ws, NULL, err);
	if (rc < 0 || (rc = bn_queue_read(&q, r->ws, NULL, most, err)) < 0)
		return rc;
	bn_queue_free(r->q);
	r->q = q;
	r->looked_ms = now_ms(r);
	tidy(r);
	r->other = (bn_queue_amounts){0, 0, 0};
	r->read = 0;
	for (size_t i = 0; i < q->count; i++) {
		bn_queue_item *item = &q->items[i];
		r->read += item->position > 0;
		const started *s = find(r, item->run);
		if (s && s->pid)
			item->position = 0; /* ours, even if the log does not have it yet */
		else if (item->position == 0 && !item->gone)
			add(&r->other, item->cores, item->memory_bytes);
	}
	return 0;
}

/* Uses the list as last read while it lasts; it is reread when used up. */
static bool must_look(const runner *r)
{
	int64_t age = now_ms(r) - r->looked_ms;
	return !r->q || !r->looked_ms || age >= LOOK_MS || (r->news && age >= NEWS_MS);
}

static int turn(runner *r, outlook *out, bn_err *err)
{
	size_t most = LOOK_AHEAD;
	bool fresh = must_look(r);
	int rc = fresh ? look(r, most, err) : 0;
	while (rc == 0 && (*out = start_some(r)) != WAITS && !(fresh && *out == NOTHING)) {
		most = fresh ? most * 8 : most;
		fresh = true;
		rc = look(r, most, err);
	}
	return rc;
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
		r->news = true;
	return n > 0;
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
		int64_t ms = next == NOTHING ? LINGER_MS : LOOK_MS;
		bool news = wait_for_news(r, r->news ? NEWS_MS : ms);
		if (rc >= 0 && next == NOTHING && !news && !r->news)
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

/* Without inotify it polls once a second. */
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

/* A process that queues a run either finds the lock free, and starts a runner, or has queued it
 * before the lock is released: then the second check finds it. */
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
		r->looked_ms = 0;
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
	runner r = {.task = {env, classes, program},
		.env = env,
		.lock_fd = -1,
		.bell_fd = -1,
		.bell = -1,
		.signals = -1,
		.retry_ms = bn_env_get_ms(env, "BINNACLE_QUEUE_RETRY", 1, RETRY_MS)};
	int rc = bn_workspace_open(&r.ws, env, classes, dir, err);
	if (rc < 0)
		goto out;
	bn_rights_seal(r.ws);
	if ((rc = bn_queue_dir(&r.at, r.ws, err)) < 0)
		goto out;
	if ((rc = open_signals(&r, err)) < 0 || (rc = open_bell(&r, err)) < 0)
		goto out;
	bn_code_prepare(bn_workspace_dir(r.ws));
	rc = take_turns(&r, err);
out:
	for (int i = 0; i < 3; i++) {
		int fd = (int[]){r.signals, r.bell, r.bell_fd}[i];
		if (fd >= 0)
			close(fd);
	}
	bn_queue_free(r.q);
	bn_free(r.runs);
	bn_dir_close(r.at);
	bn_workspace_close(r.ws);
	return rc;
}
