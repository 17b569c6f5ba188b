/*
 * thread.c - see _run.h: the process's one thread, which writes logged data for all runs, and its
 * handling at fork and exit.
 *
 * It is started by the first run that needs it: one that we created, whose heartbeat it sends, or
 * another one to which something was logged. It ends when the last run is closed. While data is
 * waiting it writes once a second; an idle run costs no wake-up (asleep). It blocks all signals. Its
 * stack is small, apart from the program's thread-local variables, which are part of it.
 */
#include "core/client/_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	STACK_BYTES = 256 << 10,
	EXIT_MS = 10000,     /* longest wait at exit */
	EXIT_AGAIN_MS = 10,  /* before it retries a run that another thread writes to */
	EXIT_BRIEF_MS = 1000 /* for a lock that is held briefly */
};

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t wake; /* to the thread: check again */
	pthread_cond_t done; /* from the thread: it has released a run, or has ended */
	pthread_t thread;
	enum { THREAD_NONE, THREAD_RUNS, THREAD_ENDS } state;
	binnacle_run *runs;
	binnacle_run *foreign; /* of parent processes: kept, never used */
	pid_t pid;             /* the process that owns this state */
	int opening;           /* threads that are creating a run not yet in runs */
	bool exits;            /* exit was called by exiter, with exit_status */
	pthread_t exiter;
	int exit_status;
} all = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static _Thread_local int opening_here;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int64_t now_ns(void)
{
	return bn_env_monotonic_ns(bn_env_real());
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* Called with all.mutex held. Data may have been logged just before asleep was set, so check again
 * after it. */
static void plan(binnacle_run *run, int64_t from_ns, int64_t rest_ns)
{
	const int64_t soon = (int64_t)BN_FLUSH_MS * 1000000;
	atomic_store_explicit(&run->asleep, rest_ns > soon, memory_order_relaxed);
	if (rest_ns > soon && bn_client_has_logged(run)) {
		atomic_store_explicit(&run->asleep, false, memory_order_relaxed);
		rest_ns = soon;
	}
	run->due_ns = rest_ns == INT64_MAX ? INT64_MAX : from_ns + rest_ns;
}

/* The exit code of a run at exit: that given to close, if it is being closed. */
static int end_code(const binnacle_run *run)
{
	return run->closing ? run->closing_code : all.exit_status;
}

static void write_one(binnacle_run *run, int64_t now)
{
	bool leaves = all.exits && !run->left;
	int64_t rest = INT64_MAX;
	int code = end_code(run);
	run->busy = true;
	run->due_ns = INT64_MAX; /* unless it is requested meanwhile */
	pthread_mutex_unlock(&all.mutex);
	if (!leaves)
		rest = bn_client_write_in_turn(run);
	else if (bn_client_end_at_exit(run, code) > 0)
		rest = (int64_t)EXIT_AGAIN_MS * 1000000;
	pthread_mutex_lock(&all.mutex);
	run->left = leaves ? rest == INT64_MAX : run->left;
	if (run->due_ns == INT64_MAX)
		plan(run, now, rest);
	run->busy = false;
	pthread_cond_broadcast(&all.done);
}

static void *thread_main(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&all.mutex);
	while (all.state == THREAD_RUNS) {
		binnacle_run *first = all.runs;
		for (binnacle_run *run = first; run; run = run->next)
			first = run->due_ns < first->due_ns ? run : first;
		int64_t now = now_ns(), due = first ? first->due_ns : INT64_MAX;
		if (due <= now) {
			write_one(first, now);
		} else if (due == INT64_MAX) {
			pthread_cond_wait(&all.wake, &all.mutex);
		} else {
			struct timespec until = {due / 1000000000, due % 1000000000};
			pthread_cond_timedwait(&all.wake, &all.mutex, &until);
		}
	}
	pthread_mutex_unlock(&all.mutex);
	return NULL;
}

/* The thread must never receive a signal meant for the program. */
static int thread_create(bool small)
{
	sigset_t every, before;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	if (small)
		pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&every);
	pthread_sigmask(SIG_BLOCK, &every, &before);
	int rc = pthread_create(&all.thread, &attr, thread_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

/* Under all.mutex. */
static int thread_start(bn_err *err)
{
	while (all.state == THREAD_ENDS)
		pthread_cond_wait(&all.done, &all.mutex);
	if (all.state == THREAD_RUNS)
		return 0;
	all.state = THREAD_RUNS;
	int rc = thread_create(true);
	if (rc == EINVAL) /* the program's thread-local variables do not fit */
		rc = thread_create(false);
	if (rc) {
		all.state = THREAD_NONE;
		return bn_err_sys(err, BN_EIO, rc, "cannot start the writing thread");
	}
	pthread_setname_np(all.thread, "binnacle");
	return 0;
}

/* ---- fork ----------------------------------------------------------------------------------- */

static void conditions_init(void)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&all.wake, &attr);
	pthread_cond_init(&all.done, &attr);
	pthread_condattr_destroy(&attr);
}

/* Never waits here for a lock that may be held during disk I/O. */
static void before_fork(void)
{
	pthread_mutex_lock(&all.mutex);
	for (binnacle_run *run = all.runs; run; run = run->next) {
		run->settled = pthread_mutex_trylock(&run->ws_mutex) == 0;
		bn_brief_take(&run->brief);
	}
}

static void after_fork_in_parent(void)
{
	for (binnacle_run *run = all.runs; run; run = run->next) {
		bn_brief_give(&run->brief);
		if (run->settled)
			pthread_mutex_unlock(&run->ws_mutex);
	}
	pthread_mutex_unlock(&all.mutex);
}

/* The parent continues with its runs. Descriptors are closed, since a lock lasts as long as any copy of
 * its descriptor; closing a copy does not release it. No memory is freed: not every allocator can do
 * that here. What the thread was working on is left as it is. */
static void after_fork_in_child(void)
{
	binnacle_run **end = &all.runs;
	for (; *end; end = &(*end)->next) {
		binnacle_run *run = *end;
		run->foreign = true;
		bn_brief_give(&run->brief);
		if (run->lock.fd >= 0)
			close(run->lock.fd);
		run->lock.fd = -1;
		if (run->settled)
			bn_workspace_abandon(run->ws);
	}
	*end = all.foreign;
	all.foreign = all.runs;
	all.runs = NULL;
	all.state = THREAD_NONE;
	all.opening = 0; /* threads that do not exist in the child */
	all.pid = getpid();
	conditions_init();
	pthread_mutex_unlock(&all.mutex);
}

/* ---- exit ----------------------------------------------------------------------------------- */

/* Another thread is creating a run; it does not continue if a signal handler interrupted it. */
static bool is_opening(void)
{
	return all.opening > opening_here;
}

/* An open run that exit has not handled yet. */
static binnacle_run *left_open(void)
{
	binnacle_run *run = all.runs;
	while (run && run->left)
		run = run->next;
	return run;
}

/* False if another thread keeps it locked. */
static bool lock_until(int64_t until_ns)
{
	while (pthread_mutex_trylock(&all.mutex) != 0) {
		if (now_ns() > until_ns)
			return false;
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	return true;
}

/* exit was called by a signal handler that interrupted the holder of brief: no other holder takes this
 * long. */
static bool is_stuck(binnacle_run *run)
{
	for (int tries = 0; tries < EXIT_BRIEF_MS; tries++) {
		if (bn_brief_try(&run->brief)) {
			bn_brief_give(&run->brief);
			return false;
		}
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	return true;
}

/* Called with all.mutex held. False if one of them cannot be written. Done by the thread, unless none could be
 * started. */
static bool end_runs(int64_t until_ns)
{
	bool all_free = true;
	struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
	for (binnacle_run *run = all.runs; run; run = run->next) {
		run->left = is_stuck(run);
		run->due_ns = run->left ? INT64_MAX : 0;
		all_free = all_free && !run->left;
	}
	pthread_cond_signal(&all.wake);
	while ((is_opening() || left_open()) && now_ns() < until_ns) {
		binnacle_run *run = all.state == THREAD_NONE ? left_open() : NULL;
		if (run)
			run->left = bn_client_end_at_exit(run, end_code(run)) <= 0;
		else
			pthread_cond_timedwait(&all.done, &all.mutex, &until);
	}
	return all_free && !is_opening() && !left_open();
}

/* A child made without fork handlers does not own the parent's runs. */
static void at_exit(int status, void *unused)
{
	int64_t until_ns = now_ns() + (int64_t)EXIT_MS * 1000000;
	(void)unused;
	if (getpid() != all.pid)
		return;
	bool ours = lock_until(until_ns), done = false;
	if (ours) {
		all.exits = true;
		all.exiter = pthread_self();
		all.exit_status = status & 0xff; /* reported to the parent */
		done = end_runs(until_ns);
		pthread_mutex_unlock(&all.mutex);
	}
	if (!done)
		bn_client_say(
			"binnacle: a run was open at exit, and not everything logged is on disk");
}

static void set_up(void)
{
	all.pid = getpid();
	on_exit(at_exit, NULL);
	conditions_init();
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static bool others_exit(void)
{
	return all.exits && !pthread_equal(all.exiter, pthread_self());
}

/* Under all.mutex. */
static void end_idle_thread(void)
{
	if (all.runs || all.opening || all.state != THREAD_RUNS)
		return;
	all.state = THREAD_ENDS;
	pthread_cond_signal(&all.wake);
	pthread_mutex_unlock(&all.mutex);
	pthread_join(all.thread, NULL);
	pthread_mutex_lock(&all.mutex);
	all.state = THREAD_NONE;
	pthread_cond_broadcast(&all.done);
}

int bn_client_thread_enter(bool makes, bn_err *err)
{
	int rc = 0;
	pthread_once(&once, set_up);
	pthread_mutex_lock(&all.mutex);
	if (makes && (rc = thread_start(err)) < 0)
		goto out;
	if (others_exit()) {
		rc = bn_err_set(err, BN_ECONFLICT, "the program is exiting: no run can be opened");
		goto out;
	}
	/* A destructor opens a run after our exit handler: run it again. */
	if (all.exits)
		on_exit(at_exit, NULL);
	all.opening++;
	opening_here++;
out:
	pthread_mutex_unlock(&all.mutex);
	return rc;
}

void bn_client_thread_leave(void)
{
	pthread_mutex_lock(&all.mutex);
	all.opening--;
	opening_here--;
	pthread_cond_broadcast(&all.done);
	end_idle_thread();
	pthread_mutex_unlock(&all.mutex);
}

void bn_client_thread_add(binnacle_run *run)
{
	pthread_mutex_lock(&all.mutex);
	plan(run, now_ns(), run->owned ? (int64_t)BN_FLUSH_MS * 1000000 : INT64_MAX);
	run->next = all.runs;
	all.runs = run;
	if (others_exit())
		run->due_ns = 0;
	pthread_cond_signal(&all.wake);
	pthread_mutex_unlock(&all.mutex);
}

int bn_client_thread_wake(binnacle_run *run, bool full, bn_err *err)
{
	int64_t now = now_ns();
	pthread_mutex_lock(&all.mutex);
	int rc = thread_start(err);
	if (rc < 0)
		goto out;
	int64_t due = full ? now : now + (int64_t)BN_FLUSH_MS * 1000000;
	if (due < run->due_ns)
		run->due_ns = due;
	atomic_store_explicit(&run->asleep, false, memory_order_relaxed);
	pthread_cond_signal(&all.wake);
out:
	pthread_mutex_unlock(&all.mutex);
	return rc;
}

void bn_client_thread_closing(binnacle_run *run, int exit_code)
{
	pthread_mutex_lock(&all.mutex);
	run->closing = true;
	run->closing_code = exit_code;
	if (!all.exits)
		run->due_ns = INT64_MAX;
	pthread_mutex_unlock(&all.mutex);
}

void bn_client_thread_remove(binnacle_run *run, bool failed)
{
	pthread_mutex_lock(&all.mutex);
	if (failed && others_exit()) {
		/* While it is in the list, exit waits. */
		pthread_mutex_unlock(&all.mutex);
		bn_client_tell(run);
		pthread_mutex_lock(&all.mutex);
	}
	binnacle_run **at = &all.runs;
	while (*at && *at != run)
		at = &(*at)->next;
	if (*at)
		*at = run->next;
	while (run->busy)
		pthread_cond_wait(&all.done, &all.mutex);
	pthread_cond_broadcast(&all.done);
	end_idle_thread();
	pthread_mutex_unlock(&all.mutex);
}
