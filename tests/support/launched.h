/*
 * launched.h - starts one run at a time with the real program in a scratch workspace, for tests of
 * its processes.
 */
#ifndef BN_TEST_LAUNCHED_H
#define BN_TEST_LAUNCHED_H
#include "core/run/spec.h"
#include "core/run/supervisor.h"
#include "core/track/run.h"
#include "tests/support/track.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct launched_run {
	track_world w;
	char id[BN_RUN_ID_TEXT];
	const char *program; /* $BINNACLE */
} launched_run;

#define NEED_PROGRAM() \
	if (!getenv("BINNACLE") || access(getenv("BINNACLE"), X_OK) != 0) \
	BN_TEST_SKIP("launching runs: BINNACLE names no program")

/* A new workspace, and the program's environment: short heartbeats. */
void launched_make(launched_run *l);
bn_spec *launched_spec(json_t *json_taken); /* yours */
/* Both make the workspace if there is none yet (l all zeroes). */
void launched_start(launched_run *l, json_t *json_taken);
/* A script for sh, which works in l->w.dir. limit_s 0: none. */
void launched_shell(launched_run *l, const char *script, int grace_s, int limit_s);

/* Runs `binnacle exec` on the prepared run to its end; returns its exit status. */
int launched_exec(launched_run *l);

/* The run as a reader sees it, after reconciliation. Yours. */
bn_run_info *launched_look(launched_run *l);
bn_run_info *launched_wait_end(launched_run *l); /* fails the test after 30 s */
/* Waits until its supervisor has a child. */
bn_supervisor launched_supervisor(launched_run *l);
/* The number in a file of the working directory, once it has a complete line. */
pid_t launched_pid(launched_run *l, const char *name);
bool launched_has_file(launched_run *l, const char *name);
void launched_write_file(launched_run *l, const char *name);
bool launched_wait_file(launched_run *l, const char *name);
char *launched_log(launched_run *l); /* its output; yours */

void launched_pause_ms(long ms);
bool launched_wait_dead(pid_t pid); /* within 10 s; a zombie counts */
/* Waits for a child of the test; kills it and fails the test if it has not ended in time. what: its
 * name in the message. */
void launched_wait_child(pid_t pid, int limit_s, const char *what);
/* The number of processes that carry the run's id, including its guard and its supervisor. Waits up
 * to 10 s for none. */
int launched_wait_none(launched_run *l);

void launched_end(launched_run *l, bn_run_info *r_taken);

#endif
