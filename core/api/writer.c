/*
 * writer.c - the one thread that appends to the log: group commit.
 *
 * It takes all requests that wait. Each is checked and appended; one commit makes the group durable; then all are
 * answered (W1: 200 only after the commit that has the data). While a commit waits for the disk, the next group
 * gathers, so the slower the disk, the larger the groups. A request that is refused is answered at once, and what it
 * has appended is dropped (W4: a request is in the log as a whole or not at all; a commit of its own, by an act of the
 * registry, is the exception). If a commit fails, all of its group fail, and what was known of the runs in memory is
 * read again (W2). The generation rises after the commit and before the answers (W3), so whoever has its answer sees what it
 * wrote.
 *
 * A handle of a workspace is for one thread at a time: the lock `writing`. While requests come one by one and the disk
 * is quick, the thread of the connection writes itself, which saves two changes of threads; when groups form, they are
 * left to the writer's thread, so that connections are read during a commit.
 */
#include "core/api/run_state.h"
#include "core/registry/attempts_record.h"

#include <signal.h>

#define TICK_MS 250
#define GROUP_MOST 1024
#define ALONE_PERCENT 130 /* of a group, on average: below that requests come one by one */
#define QUICK_NS ((int64_t)2 * 1000000)

int bn_api_refresh(bn_api *a, bn_workspace *ws, bn_err *err)
{
	pthread_mutex_lock(&a->refreshing);
	uint64_t now = atomic_load(&a->generation);
	int64_t now_ns = bn_env_monotonic_ns(a->env);
	bool changed = false;
	int rc = bn_workspace_refresh(ws, &changed, err);
	if (rc >= 0 && changed)
		atomic_fetch_add(&a->changes, 1);
	if (rc >= 0 && (a->is_shared || ws == a->ws)) {
		if (now > atomic_load(&a->folded))
			atomic_store(&a->folded, now);
		atomic_store(&a->folded_ns, now_ns);
	}
	pthread_mutex_unlock(&a->refreshing);
	atomic_fetch_add(&a->counters.refreshes, 1);
	return rc;
}

int bn_api_writer_refresh(bn_api *a, bn_err *err)
{
	return bn_api_refresh(a, a->ws, err);
}

static void note_commit(bn_api *a, int64_t took_ns, const bn_api_call *group)
{
	int n = 0;
	for (; group && n < 100; group = group->next)
		n++;
	int percent = atomic_load(&a->group_percent);
	int64_t usual = atomic_load(&a->commit_ns);
	atomic_store(&a->group_percent, percent + (100 * n - percent) / 8);
	atomic_store(&a->commit_ns, usual + (took_ns - usual) / 8);
	atomic_fetch_add(&a->counters.commit_ns, (uint64_t)took_ns);
}

static void commit(bn_api *a, bn_api_call **first)
{
	bn_err err = BN_ERR_INIT;
	uint64_t n = 0;
	if (!*first)
		return;
	int64_t began = bn_env_monotonic_ns(a->env);
	int rc = bn_workspace_commit(a->ws, &err);
	note_commit(a, bn_env_monotonic_ns(a->env) - began, *first);
	if (rc >= 0)
		atomic_fetch_add(&a->generation, 1); /* W3 */
	else
		bn_api_runs_forget(a->runs); /* W2 */
	while (*first) {
		bn_api_call *c = *first;
		*first = c->next;
		if (rc < 0 && !c->fault.code) /* W2 */
			bn_api_refuse(c, BN_API_TEMPORARILY_UNAVAILABLE, "%s", err.msg);
		n++;
		bn_api_complete(c);
	}
	atomic_fetch_add(&a->counters.commits, 1);
	atomic_fetch_add(&a->counters.written, n);
	if (n > atomic_load(&a->counters.largest_group))
		atomic_store(&a->counters.largest_group, n);
}

/* Runs the handler. What it has appended is the group's, or is dropped; what it knew by then of its run is wrong, and
 * is read again after a commit of what was appended before. */
static void run_one(bn_api *a, bn_api_call *c, bn_api_call **group)
{
	bn_api_runs_begin(a->runs);
	bn_workspace_group_begin(a->ws);
	bn_attempts_use(a->attempts, c->client ? c->client->name : "");
	bn_api_run_handler(c);
	bn_attempts_use(NULL, NULL);
	if (!c->fault.code) {
		if (bn_workspace_group_end(a->ws))
			bn_api_runs_written(a->runs, atomic_load(&a->generation) + 1);
	} else if (bn_workspace_group_drop(a->ws)) { /* W4 */
		commit(a, group);
		bn_api_runs_forget(a->runs);
	}
}

void bn_api_writer_run(bn_api *a, bn_api_call *first)
{
	bn_api_call *group = NULL, **end = &group;
	size_t n = 0;
	while (first) {
		bn_err err = BN_ERR_INIT;
		bn_api_call *c = first;
		first = c->next;
		c->next = NULL;
		c->ws = a->ws;
		c->runs = a->runs;
		bool alone = c->about->place == BN_API_ALONE;
		if (alone) {
			commit(a, &group);
			end = &group;
			if (bn_api_writer_refresh(a, &err) < 0)
				bn_api_refuse(c, bn_api_error_of(&err), "%s", err.msg);
		}
		if (!c->fault.code)
			run_one(a, c, &group);
		if (!group)
			end = &group;
		if (c->fault.code && !alone) {
			bn_api_complete(c);
			continue;
		}
		*end = c;
		end = &c->next;
		if (alone || ++n % GROUP_MOST == 0) {
			commit(a, &group);
			end = &group;
		}
	}
	commit(a, &group);
	bn_api_runs_trim(a->runs);
}

static void *work(void *user)
{
	bn_api *a = user;
	bool stopped = false;
	while (!stopped) {
		bn_api_call *first = bn_api_queue_take(&a->writes, true, TICK_MS, &stopped);
		for (bn_api_call *c = first; c; c = c->next)
			atomic_fetch_sub(&a->counters.waiting_writes, 1);
		pthread_mutex_lock(&a->writing);
		if (first)
			bn_api_writer_run(a, first);
		bn_attempts_flush(a->attempts, a->ws, stopped, NULL);
		bn_workspace_tick(a->ws, NULL);
		pthread_mutex_unlock(&a->writing);
	}
	return NULL;
}

bool bn_api_writer_try(bn_api *a, bn_api_call *c)
{
	bool is_only = atomic_load(&a->counters.in_flight) <= 1;
	bool is_quick = atomic_load(&a->group_percent) <= ALONE_PERCENT &&
			atomic_load(&a->commit_ns) <= QUICK_NS;
	if ((!is_only && !is_quick) || atomic_load(&a->counters.waiting_writes) ||
		pthread_mutex_trylock(&a->writing))
		return false;
	bn_api_writer_run(a, c);
	pthread_mutex_unlock(&a->writing);
	return true;
}

void bn_api_writer_add(bn_api *a, bn_api_call *c)
{
	atomic_fetch_add(&a->counters.waiting_writes, 1);
	bn_api_queue_add(&a->writes, c);
}

int bn_api_writer_start(bn_api *a, bn_err *err)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are handled by the main thread */
	int e = pthread_create(&a->writer, NULL, work, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e)
		return bn_err_sys(err, BN_EIO, e, "cannot start a thread");
	a->writer_is_running = true;
	return 0;
}

void bn_api_writer_stop(bn_api *a)
{
	if (!a->writer_is_running)
		return;
	bn_api_queue_stop(&a->writes);
	pthread_join(a->writer, NULL);
	a->writer_is_running = false;
}
