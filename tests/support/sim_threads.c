/* sim_threads.c - see sim_threads.h. */
#include "tests/support/sim_threads.h"

#include "core/base/err.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { THREADS_MAX = 16, STACK_BYTES = 128 << 10, SPURIOUS_ONE_IN = 64 };

typedef enum fibre_state { NONE, CAN_GO_ON, WAITS_MUTEX, WAITS_COND, WAITS_END, ENDED } fibre_state;

typedef struct fibre {
	ucontext_t context;
	fibre_state state;
	const void *waits_for; /* a mutex, a condition, or the fibre to join */
	void *(*run)(void *);
	void *arg;
} fibre;

static fibre fibres[THREADS_MAX];
static char *stacks[THREADS_MAX];
static ucontext_t outside;
static int current;
static uint64_t random_state, switch_count;
static bool stuck;
static void (*main_run)(void *);

/* xorshift64*: a schedule has to be reproducible, not of high quality. */
static uint64_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1du;
}

int sim_self(void)
{
	return current;
}

size_t sim_threads_left(void)
{
	size_t n = 0;
	for (int i = 1; i < THREADS_MAX; i++)
		n += fibres[i].state != NONE;
	return n;
}

static bool mutex_is_free(const fibre *f)
{
	return !((const sim_mutex *)f->waits_for)->owner;
}

/* One of those that can continue; -1: none can. */
static int choose(void)
{
	int able[THREADS_MAX], n = 0;
	for (int i = 0; i < THREADS_MAX; i++) {
		fibre *f = &fibres[i];
		if (f->state == WAITS_COND && next_random() % SPURIOUS_ONE_IN == 0)
			f->state = CAN_GO_ON;
		if (f->state == CAN_GO_ON || (f->state == WAITS_MUTEX && mutex_is_free(f)))
			able[n++] = i;
	}
	return n ? able[next_random() % (uint64_t)n] : -1;
}

/* Lets another one continue; returns when it is this one's turn again. */
static void give_way(void)
{
	fibre *me = &fibres[current];
	int next = choose();
	if (next <
		0) { /* waiting ones might be woken spuriously, which would hide a lost wake-up */
		stuck = true;
		swapcontext(&me->context, &outside);
	}
	fibres[next].state = CAN_GO_ON;
	if (next == current)
		return;
	switch_count++;
	current = next;
	swapcontext(&me->context, &fibres[next].context);
}

void sim_pause(void)
{
	give_way();
}

static void end_current(void)
{
	fibres[current].state = ENDED;
	for (int i = 0; i < THREADS_MAX; i++)
		if (fibres[i].state == WAITS_END && fibres[i].waits_for == &fibres[current])
			fibres[i].state = CAN_GO_ON;
	if (current == 0)
		setcontext(&outside);
	give_way();
}

static void begin(void)
{
	fibre *me = &fibres[current];
	if (current == 0)
		main_run(me->arg);
	else
		me->run(me->arg);
	end_current();
}

static bool make_fibre(int i, void *(*run)(void *), void *arg)
{
	fibre *f = &fibres[i];
	if (!stacks[i] && !(stacks[i] = malloc(STACK_BYTES)))
		return false;
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = stacks[i];
	f->context.uc_stack.ss_size = STACK_BYTES;
	f->context.uc_link = NULL;
	f->run = run;
	f->arg = arg;
	f->state = CAN_GO_ON;
	makecontext(&f->context, begin, 0);
	return true;
}

bool sim_run(uint64_t seed, void (*main_thread)(void *ctx), void *ctx, uint64_t *switches)
{
	memset(fibres, 0, sizeof fibres);
	random_state = seed * 0x9e3779b97f4a7c15u + 1;
	switch_count = 0;
	stuck = false;
	main_run = main_thread;
	current = 0;
	BN_BUG(!make_fibre(0, NULL, ctx));
	swapcontext(&outside, &fibres[0].context);
	*switches = switch_count;
	return !stuck;
}

/* ---- the calls --------------------------------------------------------------------------------- */

int sim_create(sim_thread *out, const void *attributes, void *(*run)(void *), void *arg)
{
	(void)attributes;
	int i = 1;
	while (i < THREADS_MAX && fibres[i].state != NONE)
		i++;
	if (i == THREADS_MAX || !make_fibre(i, run, arg))
		return 1;
	*out = i;
	give_way();
	return 0;
}

int sim_join(sim_thread t, void **result)
{
	(void)result;
	fibre *me = &fibres[current];
	while (fibres[t].state != ENDED) {
		me->state = WAITS_END;
		me->waits_for = &fibres[t];
		give_way();
	}
	fibres[t].state = NONE;
	return 0;
}

int sim_mutex_init(sim_mutex *m, const void *attributes)
{
	(void)attributes;
	m->owner = 0;
	return 0;
}

int sim_mutex_destroy(sim_mutex *m)
{
	BN_BUG(m->owner);
	return 0;
}

static void take(sim_mutex *m)
{
	fibre *me = &fibres[current];
	BN_BUG(m->owner == current + 1);
	while (m->owner) {
		me->state = WAITS_MUTEX;
		me->waits_for = m;
		give_way();
	}
	m->owner = current + 1;
}

int sim_mutex_lock(sim_mutex *m)
{
	give_way();
	take(m);
	return 0;
}

int sim_mutex_unlock(sim_mutex *m)
{
	BN_BUG(m->owner != current + 1);
	m->owner = 0;
	give_way();
	return 0;
}

int sim_cond_init(sim_cond *c, const void *attributes)
{
	(void)attributes;
	c->broadcasts = 0;
	return 0;
}

int sim_cond_destroy(sim_cond *c)
{
	for (int i = 0; i < THREADS_MAX; i++)
		BN_BUG(fibres[i].state == WAITS_COND && fibres[i].waits_for == c);
	return 0;
}

int sim_cond_wait(sim_cond *c, sim_mutex *m)
{
	fibre *me = &fibres[current];
	BN_BUG(m->owner != current + 1);
	m->owner = 0;
	me->state = WAITS_COND;
	me->waits_for = c;
	give_way();
	take(m);
	return 0;
}

int sim_cond_broadcast(sim_cond *c)
{
	c->broadcasts++;
	for (int i = 0; i < THREADS_MAX; i++)
		if (fibres[i].state == WAITS_COND && fibres[i].waits_for == c)
			fibres[i].state = CAN_GO_ON;
	give_way();
	return 0;
}
