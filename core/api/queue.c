/* queue.c - requests that wait for a thread, in order of arrival. */
#include "core/api/_api.h"

#include <errno.h>
#include <time.h>

void bn_api_queue_init(bn_api_queue *q)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->wake, &attr);
	pthread_condattr_destroy(&attr);
}

void bn_api_queue_release(bn_api_queue *q)
{
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->wake);
}

void bn_api_queue_add(bn_api_queue *q, bn_api_call *c)
{
	c->next = NULL;
	pthread_mutex_lock(&q->lock);
	if (q->first)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->lock);
}

void bn_api_queue_stop(bn_api_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stop = true;
	pthread_cond_broadcast(&q->wake);
	pthread_mutex_unlock(&q->lock);
}

bn_api_call *bn_api_queue_take(bn_api_queue *q, bool all, int timeout_ms, bool *stopped)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&q->lock);
	while (!q->first && !q->stop &&
		pthread_cond_timedwait(&q->wake, &q->lock, &until) != ETIMEDOUT)
		;
	bn_api_call *c = q->first;
	if (c)
		q->first = all ? NULL : c->next;
	if (c && !all)
		c->next = NULL;
	*stopped = q->stop && !c;
	pthread_mutex_unlock(&q->lock);
	return c;
}
