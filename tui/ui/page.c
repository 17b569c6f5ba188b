/* page.c - see page.h. One mutex guards both queues; jobs are few and large, so it is never hot. */
#include "tui/ui/page.h"

#include "core/base/mem.h"
#include "tui/ui/_work.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

/* A requested page. */
typedef struct load {
	struct load *next;
	bn_page_fn fn;
	bn_page *page;
	bool discard; /* guarded by the mutex: do not deliver */
	bn_job job;
	char arg[];
} load;

typedef struct lane {
	bn_loader *loader;
	bn_lane id;
	pthread_t thread;
	bool started;
	load *first, *last; /* queue */
	load *running;
	void *context;
	bool is_open;
} lane;

struct bn_loader {
	bn_loader_hooks hooks;
	pthread_mutex_t mutex;
	pthread_cond_t work, idle;
	lane lanes[BN_LANE_COUNT];
	load *ready_first, *ready_last;
	int busy;
	uint64_t serial;
	bool stopping;
};

bn_page *bn_page_new(uint64_t owner, int kind)
{
	bn_page *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return NULL;
	p->owner = owner;
	p->kind = kind;
	p->refs = 1;
	return p;
}

bn_page *bn_page_ref(bn_page *p)
{
	p->refs++;
	return p;
}

void bn_page_free(bn_page *p)
{
	if (!p || --p->refs > 0)
		return;
	if (p->release && p->data)
		p->release(p->data);
	bn_arena_release(&p->arena);
	bn_free(p);
}

static void load_free(load *ld)
{
	bn_page_free(ld->page);
	bn_job_release(&ld->job);
	bn_free(ld);
}

static void load_run(lane *ln, load *ld)
{
	bn_page *p = ld->page;
	int rc = 0;
	if (!ln->is_open && ln->loader->hooks.open)
		rc = ln->loader->hooks.open(&ln->context, ln->id, ln->loader->hooks.user, &p->err);
	ln->is_open = rc == 0;
	if (!rc)
		rc = ld->fn(ln->context, ld->arg, p, &ld->job, &p->err);
	if (rc) {
		if (!p->err.code)
			bn_err_set(&p->err, rc, "%s", bn_code_name(rc));
		p->data = NULL;
	}
}

static void *lane_main(void *arg)
{
	lane *ln = arg;
	bn_loader *l = ln->loader;
	pthread_mutex_lock(&l->mutex);
	while (true) {
		while (!ln->first && !l->stopping)
			pthread_cond_wait(&l->work, &l->mutex);
		if (l->stopping)
			break;
		load *ld = ln->first;
		ln->first = ld->next;
		if (!ln->first)
			ln->last = NULL;
		ld->next = NULL;
		ln->running = ld;
		pthread_mutex_unlock(&l->mutex);
		load_run(ln, ld);
		pthread_mutex_lock(&l->mutex);
		ln->running = NULL;
		if (ld->discard) {
			l->busy--;
			load_free(ld);
		} else if (l->ready_last) {
			l->ready_last = l->ready_last->next = ld;
		} else {
			l->ready_first = l->ready_last = ld;
		}
		pthread_cond_broadcast(&l->idle);
		if (l->hooks.wake)
			l->hooks.wake(l->hooks.user);
	}
	pthread_mutex_unlock(&l->mutex);
	if (ln->is_open && l->hooks.close)
		l->hooks.close(ln->context, ln->id, l->hooks.user);
	return NULL;
}

/* Signals belong to the UI thread, which turns them into a wake-up. */
static int lane_start(lane *ln)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&ln->thread, NULL, lane_main, ln);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ln->started = rc == 0;
	return rc;
}

int bn_loader_new(bn_loader **out, const bn_loader_hooks *hooks, bn_err *err)
{
	bn_loader *l = bn_alloc_zeroed(1, sizeof *l);
	if (!l)
		return bn_err_nomem(err, "the loader");
	l->hooks = *hooks;
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->work, NULL);
	pthread_cond_init(&l->idle, NULL);
	for (int i = 0; i < BN_LANE_COUNT; i++) {
		l->lanes[i].loader = l;
		l->lanes[i].id = (bn_lane)i;
	}
	for (int i = 0; i < BN_LANE_COUNT; i++) {
		int rc = lane_start(&l->lanes[i]);
		if (rc) {
			bn_loader_free(l);
			return bn_err_sys(err, BN_EIO, rc, "cannot start a worker thread");
		}
	}
	*out = l;
	return 0;
}

static void queue_free(load *ld)
{
	while (ld) {
		load *next = ld->next;
		load_free(ld);
		ld = next;
	}
}

static void loader_stop(bn_loader *l)
{
	pthread_mutex_lock(&l->mutex);
	l->stopping = true;
	for (int i = 0; i < BN_LANE_COUNT; i++)
		if (l->lanes[i].running)
			atomic_store(&l->lanes[i].running->job.cancelled, true);
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->mutex);
}

void bn_loader_free(bn_loader *l)
{
	if (!l)
		return;
	loader_stop(l);
	for (int i = 0; i < BN_LANE_COUNT; i++)
		if (l->lanes[i].started)
			pthread_join(l->lanes[i].thread, NULL);
	for (int i = 0; i < BN_LANE_COUNT; i++)
		queue_free(l->lanes[i].first);
	queue_free(l->ready_first);
	pthread_cond_destroy(&l->idle);
	pthread_cond_destroy(&l->work);
	pthread_mutex_destroy(&l->mutex);
	bn_free(l);
}

uint64_t bn_loader_submit(bn_loader *l, bn_lane lane_id, uint64_t owner, int kind, bn_page_fn fn,
	const void *arg, size_t arg_bytes)
{
	load *ld = bn_alloc_zeroed(1, sizeof *ld + arg_bytes);
	bn_page *page = bn_page_new(owner, kind);
	lane *ln = &l->lanes[lane_id];
	if (!ld || !page) {
		bn_free(ld);
		bn_page_free(page);
		return 0;
	}
	bn_job_init(&ld->job);
	if (arg_bytes)
		memcpy(ld->arg, arg, arg_bytes);
	ld->fn = fn;
	ld->page = page;
	pthread_mutex_lock(&l->mutex);
	uint64_t serial = page->serial = ++l->serial;
	l->busy++;
	if (ln->last)
		ln->last = ln->last->next = ld;
	else
		ln->first = ln->last = ld;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->mutex);
	return serial;
}

static bool load_is_of(const load *ld, uint64_t owner, int kind)
{
	return ld->page->owner == owner && (kind < 0 || ld->page->kind == kind);
}

/* Unlinks and frees matching jobs of a queue; returns their number. */
static int queue_drop(load **first, load **last, uint64_t owner, int kind)
{
	int dropped = 0;
	load **at = first;
	*last = NULL;
	while (*at) {
		load *ld = *at;
		if (load_is_of(ld, owner, kind)) {
			*at = ld->next;
			load_free(ld);
			dropped++;
		} else {
			*last = ld;
			at = &ld->next;
		}
	}
	return dropped;
}

int bn_loader_cancel(bn_loader *l, uint64_t owner, int kind)
{
	int dropped = 0, stopped = 0;
	pthread_mutex_lock(&l->mutex);
	for (int i = 0; i < BN_LANE_COUNT; i++) {
		lane *ln = &l->lanes[i];
		dropped += queue_drop(&ln->first, &ln->last, owner, kind);
		if (ln->running && !ln->running->discard && load_is_of(ln->running, owner, kind)) {
			stopped++;
			ln->running->discard = true;
			atomic_store(&ln->running->job.cancelled, true);
		}
	}
	dropped += queue_drop(&l->ready_first, &l->ready_last, owner, kind);
	l->busy -= dropped;
	pthread_cond_broadcast(&l->idle);
	pthread_mutex_unlock(&l->mutex);
	return dropped + stopped;
}

bn_page *bn_loader_take(bn_loader *l)
{
	bn_page *page = NULL;
	pthread_mutex_lock(&l->mutex);
	load *ld = l->ready_first;
	if (ld) {
		l->ready_first = ld->next;
		if (!l->ready_first)
			l->ready_last = NULL;
		l->busy--;
		page = ld->page;
		ld->page = NULL;
		load_free(ld);
	}
	pthread_mutex_unlock(&l->mutex);
	return page;
}

int bn_loader_busy(bn_loader *l)
{
	pthread_mutex_lock(&l->mutex);
	int busy = l->busy;
	pthread_mutex_unlock(&l->mutex);
	return busy;
}

void bn_loader_wait(bn_loader *l)
{
	pthread_mutex_lock(&l->mutex);
	while (!l->ready_first && l->busy > 0)
		pthread_cond_wait(&l->idle, &l->mutex);
	pthread_mutex_unlock(&l->mutex);
}

bool bn_loader_progress(bn_loader *l, int64_t *done, int64_t *total)
{
	bool any = false;
	pthread_mutex_lock(&l->mutex);
	for (int i = 0; i < BN_LANE_COUNT && !any; i++) {
		load *ld = l->lanes[i].running;
		if (ld && !ld->discard && atomic_load(&ld->job.done) > 0) {
			*done = atomic_load(&ld->job.done);
			*total = atomic_load(&ld->job.total);
			any = true;
		}
	}
	pthread_mutex_unlock(&l->mutex);
	return any;
}
