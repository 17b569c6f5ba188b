/*
 * The cost of the local queue. For tests/bench/queue.sh:
 *	bench_queue DIR PROGRAM RUNS ADDERS AT_ONCE
 * makes a workspace in DIR, lets ADDERS processes queue RUNS runs of `true` while the queue is paused, then lets them
 * run AT_ONCE at a time, and times both. Then it checks that each is FINISHED. Prints JSON lines; the overhead of a run is
 * (wall - work) / RUNS, where the work is the time of as many fork, exec and wait of `true`, AT_ONCE at a time.
 */
#include "core/base/env.h"
#include "core/base/process.h"
#include "core/launch/launch.h"
#include "core/launch/queue.h"
#include "core/pipeline/fold_classes.h"
#include "core/track/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *dir, *program;
static bn_err err = BN_ERR_INIT;

static void need(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "bench_queue: %s: %s\n", what, err.msg);
	exit(1);
}

static double now_s(void)
{
	return (double)bn_env_monotonic_ns(bn_env_real()) / 1e9;
}

static bn_workspace *open_workspace(void)
{
	bn_workspace *ws = NULL;
	need(bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, dir, &err), "open");
	return ws;
}

static void line(const char *what, double seconds, const char *note)
{
	printf("{\"area\":\"queue\",\"what\":\"%s\",\"ours_s\":%.6f,\"note\":\"%s\"}\n", what,
		seconds, note);
	fflush(stdout);
}

static int add_runs(long n)
{
	bn_workspace *ws = open_workspace();
	bn_spec *spec = NULL;
	json_t *j = json_pack("{s[s]}", "command", "true");
	need(bn_spec_from_json(&spec, j, "bench", &err), "spec");
	bn_launch_options opt = {.program = program, .executor = "queue"};
	for (long i = 0; i < n; i++) {
		char id[BN_RUN_ID_TEXT];
		need(bn_launch(ws, spec, &opt, id, &err), "queue a run");
	}
	bn_spec_free(spec);
	json_decref(j);
	bn_workspace_close(ws);
	return 0;
}

static double time_adding(long runs, long adders)
{
	double t0 = now_s();
	for (long i = 0; i < adders; i++)
		if (fork() == 0)
			_exit(add_runs(runs / adders));
	for (int status; wait(&status) > 0;)
		if (status != 0)
			exit(1);
	return now_s() - t0;
}

/* The same program, at the same concurrency, without the queue. */
static double time_work(long runs, long at_once)
{
	double t0 = now_s();
	for (long i = 0; i < at_once; i++)
		if (fork() == 0) {
			for (long k = 0; k < runs / at_once; k++) {
				pid_t pid = fork();
				if (pid == 0) {
					execlp("true", "true", (char *)NULL);
					_exit(127);
				}
				waitpid(pid, NULL, 0);
			}
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	return now_s() - t0;
}

static double time_running(bn_workspace *ws)
{
	double t0 = now_s();
	need(bn_queue_pause(ws, false, &err), "resume");
	need(bn_queue_wake_blind(ws, program, true, &err), "wake");
	for (bn_run_counts c = {.total = 0};;) {
		nanosleep(&(struct timespec){0, 200000000}, NULL);
		need(bn_workspace_refresh(ws, NULL, &err), "refresh");
		need(bn_run_count(&c, ws, &err), "count");
		if (c.by_status[BN_RUN_QUEUED] + c.by_status[BN_RUN_RUNNING] == 0)
			return now_s() - t0;
	}
}

/* Whether each is FINISHED, and how many are recorded as started after a later one: a process whose turn came first may
 * record it later. */
static void check(bn_workspace *ws, const bn_queue *line_up)
{
	int64_t latest = 0;
	long late = 0, other = 0;
	for (size_t i = 0; i < line_up->count; i++) {
		bn_run_info *r = NULL;
		need(bn_run_get(&r, ws, line_up->items[i].run, &err), "look at a run");
		other += r->status != BN_RUN_FINISHED;
		late += r->started_ms < latest;
		latest = r->started_ms > latest ? r->started_ms : latest;
		bn_run_info_free(r);
	}
	fprintf(stderr, "%zu runs: %ld not FINISHED, %ld recorded after a later one\n",
		line_up->count, other, late);
	if (other)
		exit(1);
}

int main(int argc, char **argv)
{
	if (argc != 6)
		return 2;
	dir = argv[1];
	program = argv[2];
	long runs = atol(argv[3]), adders = atol(argv[4]), at_once = atol(argv[5]);
	bn_queue *line_up = NULL;
	char note[160];
	need(bn_workspace_init(bn_env_real(), dir, &err), "init");
	need(chdir(dir), "chdir");
	bn_workspace *ws = open_workspace();
	need(bn_queue_pause(ws, true, &err), "pause");
	need(bn_queue_set(ws, &(bn_queue_amounts){-1, -1, at_once}, &err), "set");
	double adding = time_adding(runs, adders);
	snprintf(note, sizeof note, "%ld runs by %ld processes", runs, adders);
	line("queueing a run", adding / (double)runs, note);
	need(bn_workspace_refresh(ws, NULL, &err), "refresh");
	need(bn_queue_read(&line_up, ws, NULL, 0, &err), "read");
	if (line_up->waiting != (size_t)(runs / adders * adders))
		return fprintf(stderr, "%zu wait\n", line_up->waiting), 1;
	double running = time_running(ws), work = time_work(runs, at_once);
	snprintf(note, sizeof note, "%ld x true, %ld at a time; (wall %.1f s - work %.1f s) / runs",
		runs, at_once, running, work);
	line("overhead of a queued run", (running - work) / (double)runs, note);
	check(ws, line_up);
	bn_queue_free(line_up);
	bn_workspace_close(ws);
	return 0;
}
