/*
 * csv_pool.c - the input as converted chunks in file order, read ahead by a crew
 * (core/base/crew.h).
 *
 * Chunk k is in slot k % slots. A step takes the turn to read (one at a time, since the end of a
 * chunk depends on the previous one), gives up the turn, and converts what it read. The consumer
 * takes chunks in order, and frees a slot when it requests the next one. Without threads the
 * consumer does everything.
 *
 * Invariant: only the holder of the reading turn touches the input; only its step touches a slot
 * that is neither free nor ready.
 */
#include "core/source/_csv_pool.h"

#include <pthread.h>
#include <string.h>

typedef enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_READY } slot_state;

typedef struct slot {
	csv_chunk chunk;
	slot_state state;
	bool end; /* no chunk: the input has ended or failed (chunk.rc) */
} slot;

struct csv_pool {
	csv_input *in;
	const csv_plan *plan;
	bn_crew *crew; /* NULL: only the consumer */
	slot *slots;
	size_t slot_count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool running; /* the crew is running */
	bool reading; /* some step has the turn */
	bool ended;   /* nothing is left to read */
	uint64_t next_read, next_out;
};

int bn_csv_pool_new(csv_pool **out, csv_input *in, const csv_plan *plan, bn_crew *crew,
	csv_chunk *spare, bn_err *err)
{
	csv_pool *p = bn_alloc_zeroed(1, sizeof *p);

	if (!p)
		return bn_err_nomem(err, "CSV workers");
	p->in = in;
	p->plan = plan;
	p->crew = bn_crew_threads(crew) ? crew : NULL;
	p->slot_count = p->crew ? bn_crew_threads(crew) + 2 : 1;
	p->slots = bn_alloc_zeroed(p->slot_count, sizeof *p->slots);
	if (!p->slots) {
		bn_free(p);
		return bn_err_nomem(err, "CSV workers");
	}
	if (spare) {
		p->slots[0].chunk = *spare;
		*spare = (csv_chunk){0};
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	*out = p;
	return 0;
}

/* Reads the next chunk; the caller has the turn. */
static void read_slot(csv_pool *p, slot *s)
{
	csv_chunk *c = &s->chunk;

	bn_err_clear(&c->err);
	c->rc = bn_csv_input_fill(p->in, p->plan->dialect, c, &c->err);
	s->end = c->rc || !c->len;
}

static void convert_slot(csv_pool *p, slot *s)
{
	csv_chunk *c = &s->chunk;

	if (s->end)
		return;
	c->rc = bn_csv_find_rows(c, p->plan, &c->err);
	if (!c->rc)
		c->rc = bn_csv_convert_chunk(c, p->plan, &c->err);
}

/* Reads one chunk ahead. */
static bool work(void *ctx)
{
	csv_pool *p = ctx;

	pthread_mutex_lock(&p->lock);
	slot *s = &p->slots[p->next_read % p->slot_count];
	bool may = !p->ended && !p->reading && s->state == SLOT_FREE;
	if (may) {
		p->reading = true;
		p->next_read++;
		s->state = SLOT_BUSY;
	}
	pthread_mutex_unlock(&p->lock);
	if (!may)
		return false;
	read_slot(p, s);
	pthread_mutex_lock(&p->lock);
	p->reading = false;
	p->ended = s->end;
	pthread_mutex_unlock(&p->lock);
	bn_crew_wake(p->crew);
	convert_slot(p, s);
	pthread_mutex_lock(&p->lock);
	s->state = SLOT_READY;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return true;
}

void bn_csv_pool_stop(csv_pool *p)
{
	if (p->running)
		bn_crew_ahead(p->crew, NULL, NULL);
	p->running = p->ended = p->reading = false;
	p->next_read = p->next_out = 0;
	for (size_t i = 0; i < p->slot_count; i++)
		p->slots[i].state = SLOT_FREE;
}

/* Frees the slot that was returned last, and waits for the next one. */
static slot *wait_for_next(csv_pool *p)
{
	slot *s = &p->slots[p->next_out % p->slot_count];

	pthread_mutex_lock(&p->lock);
	if (p->next_out)
		p->slots[(p->next_out - 1) % p->slot_count].state = SLOT_FREE;
	pthread_mutex_unlock(&p->lock);
	if (!p->running) {
		p->running = true;
		bn_crew_ahead(p->crew, work, p);
	} else {
		bn_crew_wake(p->crew);
	}
	if (!bn_crew_threads(p->crew)) { /* no threads available: do it here */
		while (s->state != SLOT_READY && work(p)) {
		}
		return s;
	}
	pthread_mutex_lock(&p->lock);
	while (s->state != SLOT_READY)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return s;
}

int bn_csv_pool_next(csv_pool *p, csv_chunk **out, bn_err *err)
{
	slot *s = &p->slots[0];

	*out = NULL;
	if (p->crew) {
		s = wait_for_next(p);
	} else {
		read_slot(p, s);
		convert_slot(p, s);
	}
	if (s->chunk.rc) {
		bn_err_move(err, &s->chunk.err);
		return s->chunk.rc;
	}
	if (s->end)
		return 0; /* a further request returns the end again */
	p->next_out++;
	*out = &s->chunk;
	return 0;
}

void bn_csv_pool_free(csv_pool *p)
{
	if (!p)
		return;
	bn_csv_pool_stop(p);
	for (size_t i = 0; i < p->slot_count; i++)
		bn_csv_chunk_release(&p->slots[i].chunk, p->plan->count);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
	bn_free(p->slots);
	bn_free(p);
}
