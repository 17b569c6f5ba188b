/*
 * sim_threads.h - threads scheduled by a test: the pthread calls that our code uses, on fibres of
 * one thread, so that a seed is a schedule, a deadlock is detected, and a failure is reproducible.
 *
 * A source to be tested so is included by the test after sim_pthread.h, which redefines the calls.
 * At each call any runnable thread may continue; a thread waiting for a condition is also woken
 * spuriously, as POSIX allows.
 */
#ifndef TESTS_SUPPORT_SIM_THREADS_H
#define TESTS_SUPPORT_SIM_THREADS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_mutex {
	int owner; /* a thread's number + 1; 0: free */
} sim_mutex;

typedef struct sim_cond {
	uint64_t broadcasts;
} sim_cond;

typedef int sim_thread;

/* Runs main_thread as thread 0 with the schedule of that seed. False if it deadlocked: threads
 * wait, none can continue (its state cannot be used again then). *switches: number of thread
 * switches. */
bool sim_run(uint64_t seed, void (*main_thread)(void *ctx), void *ctx, uint64_t *switches);
/* A scheduling point between two calls, where the code under test would take time. */
void sim_pause(void);
int sim_self(void);
size_t sim_threads_left(void); /* started and not joined, except thread 0 */

int sim_create(sim_thread *out, const void *attributes, void *(*run)(void *), void *arg);
int sim_join(sim_thread t, void **result);
int sim_mutex_init(sim_mutex *m, const void *attributes);
int sim_mutex_destroy(sim_mutex *m);
int sim_mutex_lock(sim_mutex *m);
int sim_mutex_unlock(sim_mutex *m);
int sim_cond_init(sim_cond *c, const void *attributes);
int sim_cond_destroy(sim_cond *c);
int sim_cond_wait(sim_cond *c, sim_mutex *m);
int sim_cond_broadcast(sim_cond *c);

#endif
