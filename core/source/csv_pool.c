/*
 * csv_pool.c - threads that turn the input into converted chunks, handed out in file order.
 *
 * Chunk k lives in slot k % slots. A worker takes the turn to read (one at a time: where a chunk ends
 * depends on the one before), gives the turn up, and converts what it read. The consumer takes chunks
 * in order, and frees a slot when it asks for the next one. With one thread the consumer does it all.
 *
 * Invariant: only the holder of the reading turn touches the input; only its worker touches a slot
 * that is neither free nor ready.
 */
#include "core/source/_csv_pool.h"

#include <pthread.h>
#include <string.h>

typedef enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_READY } slot_state;

typedef struct slot {
	csv_chunk chunk;
	slot_state state;
	bool end; /* no chunk: the input has ended, or failed (chunk.rc) */
} slot;

struct csv_pool {
	csv_input *in;
	const csv_plan *plan;
	slot *slots;
	size_t slot_count;
	pthread_t *threads;
	size_t thread_count, running;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool reading; /* somebody has the turn */
	bool ended;   /* nothing is left to read */
	bool stop;
	uint64_t next_read, next_out;
};

int bn_csv_pool_new(
	csv_pool **out, csv_input *in, const csv_plan *plan, size_t threads, bn_err *err)
{
	csv_pool *p = bn_alloc_zeroed(1, sizeof *p);

	if (!p)
		return bn_err_nomem(err, "CSV workers");
	p->in = in;
	p->plan = plan;
	p->thread_count = threads > 1 ? threads : 0;
	p->slot_count = threads > 1 ? threads + 2 : 1;
	p->slots = bn_alloc_zeroed(p->slot_count, sizeof *p->slots);
	p->threads = bn_alloc_zeroed(threads + 1, sizeof *p->threads);
	if (!p->slots || !p->threads) {
		bn_free(p->slots);
		bn_free(p->threads);
		bn_free(p);
		return bn_err_nomem(err, "CSV workers");
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

static void *work(void *ctx)
{
	csv_pool *p = ctx;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		slot *s = &p->slots[p->next_read % p->slot_count];
		if (p->stop || p->ended)
			break;
		if (p->reading || s->state != SLOT_FREE) {
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		p->reading = true;
		p->next_read++;
		s->state = SLOT_BUSY;
		pthread_mutex_unlock(&p->lock);
		read_slot(p, s);
		pthread_mutex_lock(&p->lock);
		p->reading = false;
		p->ended = s->end;
		pthread_cond_broadcast(&p->changed);
		pthread_mutex_unlock(&p->lock);
		convert_slot(p, s);
		pthread_mutex_lock(&p->lock);
		s->state = SLOT_READY;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void start(csv_pool *p)
{
	while (p->running < p->thread_count &&
		!pthread_create(&p->threads[p->running], NULL, work, p))
		p->running++;
	if (!p->running)
		p->thread_count = 0; /* no threads to be had: do it here */
}

void bn_csv_pool_stop(csv_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->running; i++)
		pthread_join(p->threads[i], NULL);
	p->running = 0;
	p->stop = p->ended = p->reading = false;
	p->next_read = p->next_out = 0;
	for (size_t i = 0; i < p->slot_count; i++)
		p->slots[i].state = SLOT_FREE;
}

int bn_csv_pool_next(csv_pool *p, csv_chunk **out, bn_err *err)
{
	slot *s;

	*out = NULL;
	pthread_mutex_lock(&p->lock);
	if (p->next_out) { /* the one given out last */
		p->slots[(p->next_out - 1) % p->slot_count].state = SLOT_FREE;
		pthread_cond_broadcast(&p->changed);
	}
	s = &p->slots[p->next_out % p->slot_count];
	if (p->thread_count && !p->running && !p->ended)
		start(p);
	while (p->running && s->state != SLOT_READY)
		pthread_cond_wait(&p->changed, &p->lock);
	pthread_mutex_unlock(&p->lock);
	if (!p->running) {
		read_slot(p, s);
		convert_slot(p, s);
	}
	p->next_out++;
	if (s->chunk.rc) {
		bn_err_set(err, s->chunk.rc, "%s", s->chunk.err.msg);
		if (s->chunk.err.hint[0])
			bn_err_hint(err, "%s", s->chunk.err.hint);
		return s->chunk.rc;
	}
	if (!s->end)
		*out = &s->chunk;
	else
		p->next_out--; /* asking again gives the end again */
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
	bn_free(p->threads);
	bn_free(p);
}
