/*
 * queued.h - a scratch workspace with a queue, for tests of queued runs. Functions fail the test if
 * they fail.
 */
#ifndef BN_TEST_QUEUED_H
#define BN_TEST_QUEUED_H
#include "core/launch/queue.h"
#include "core/run/supervisor.h"
#include "core/track/run.h"
#include "tests/support/track.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

extern track_world queued;
extern const bn_fold_class *const queued_classes[];

#define NEED_PROGRAM() \
	const char *program = getenv("BINNACLE"); \
	if (!program || access(program, X_OK) != 0) \
	BN_TEST_SKIP("queueing runs: BINNACLE names no program")
#define NOBODY "/bin/true" /* instead of the program: it starts no run */

/* A new workspace, and the program's environment: short heartbeats and retries. */
void queued_make(void);
bn_workspace *queued_open(void); /* another handle; yours */

/* A run of sh in the workspace's directory. program: what starts the runner. */
json_t *queued_spec(const char *script, int64_t cores);
int queued_try_add_json(bn_workspace *ws, const char *program, json_t *json_taken,
	char id[BN_RUN_ID_TEXT], bn_err *e);
int queued_try_add(bn_workspace *ws, const char *program, const char *script, int64_t cores,
	int64_t memory, char id[BN_RUN_ID_TEXT], bn_err *e);
void queued_add(const char *program, const char *script, int64_t cores, char id[BN_RUN_ID_TEXT]);

bn_queue *queued_read(void);                                       /* yours */
bn_run_status queued_status(const char *id, char reason[200]);     /* reason may be NULL */
bool queued_has(const char *id, const char *name);                 /* a file in runs/<id> */
void queued_limit(int64_t cores, int64_t memory, int64_t at_once); /* as bn_queue_set */
void queued_pause_ms(long ms);
char *queued_path(
	const char *id, const char *name); /* in runs/<id>, or NULL: the working directory of runs;
					    * yours */
/* Like later verbs: wakes the queue and checks, until nothing waits or runs. */
void queued_wait_empty(const char *program, int seconds);

/* The process that holds the queue's lock, by its file; 0 without one. */
pid_t queued_runner(void);
/* One of the supervised runs; pid 0: there is none. */
bn_supervisor queued_supervised(unsigned pick);

#endif
