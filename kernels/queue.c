/* queue.c - devices, buffers, copies and events; see queue.h. Operations are in run.c. */
#include "kernels/queue.h"

#include "kernels/_queue.h"
#include "kernels/backend.h"

#include <stdlib.h>
#include <string.h>

/* ---- devices -------------------------------------------------------------------------------- */

int bnk_device_open(bnk_device **out, const bnk_target *target, int threads)
{
	bnk_device *d = calloc(1, sizeof *d);
	if (!d)
		return BNK_ENOMEM;
	d->be = target && target->backend ? target->backend : bnk_backend_cpu();
	d->threads = threads;
	if (target)
		memcpy(d->variants, target->variants, sizeof d->variants);
	int rc = d->be->open(&d->ctx, target ? target->device : 0, threads, d->variants);
	if (rc != BNK_OK) {
		free(d);
		return rc;
	}
	*out = d;
	return BNK_OK;
}

void bnk_device_close(bnk_device *d)
{
	if (!d)
		return;
	bnk_queue_free(d->cpu_queue);
	bnk_device_close(d->cpu);
	d->be->close(d->ctx);
	free(d);
}

const bnk_backend *bnk_device_backend(const bnk_device *d)
{
	return d->be;
}

void bnk_device_describe(const bnk_device *d, char *out, size_t out_size)
{
	d->be->describe(d->ctx, out, out_size);
}

int bnk_device_memory_free(const bnk_device *d, size_t *out)
{
	return d->be->memory_free(d->ctx, out);
}

/* ---- buffers -------------------------------------------------------------------------------- */

int bnk_buffer_new(bnk_buffer *out, bnk_device *d, size_t bytes)
{
	void *data = NULL;
	int rc = bytes ? d->be->alloc(d->ctx, &data, bytes) : BNK_OK;
	if (rc == BNK_OK)
		*out = (bnk_buffer){d->be, d->ctx, data, bytes, 0};
	return rc;
}

bnk_buffer bnk_buffer_wrap(void *host, size_t bytes)
{
	return (bnk_buffer){NULL, NULL, host, bytes, 0};
}

bnk_buffer bnk_buffer_wrap_const(const void *host, size_t bytes)
{
	bnk_buffer b = {NULL, NULL, NULL, bytes, 1};
	memcpy(&b.data, &host,
		sizeof host); /* read_only replaces the const lost from the pointer's type */
	return b;
}

void bnk_buffer_release(bnk_buffer *b)
{
	if (b->backend)
		b->backend->free(b->ctx, b->data);
	*b = (bnk_buffer){NULL, NULL, NULL, 0, 0};
}

/* All host memory belongs to the CPU, regardless of context. */
int bnk_buffer_is_on(const bnk_buffer *b, const bnk_device *d)
{
	const bnk_backend *cpu = bnk_backend_cpu();
	if (!b->backend || b->backend == cpu)
		return d->be == cpu;
	return b->ctx == d->ctx;
}

/* ---- queues --------------------------------------------------------------------------------- */

int bnk_queue_new(bnk_queue **out, bnk_device *d)
{
	bnk_queue *q = calloc(1, sizeof *q);
	if (!q)
		return BNK_ENOMEM;
	q->d = d;
	q->failed = BNK_OP_COUNT;
	int rc = d->be->queue_new(d->ctx, &q->native);
	if (rc != BNK_OK) {
		free(q);
		return rc;
	}
	*out = q;
	return BNK_OK;
}

void bnk_queue_free(bnk_queue *q)
{
	if (!q)
		return;
	q->d->be->sync(q->d->ctx, q->native);
	q->d->be->free(q->d->ctx, q->scratch);
	q->d->be->queue_free(q->d->ctx, q->native);
	free(q);
}

/* Keeps an error until sync. */
static int result(bnk_queue *q, int rc)
{
	q->status = rc;
	return rc;
}

/* Whether v can be copied by q: dense, within its buffer, on this device. */
static int in_reach(const bnk_queue *q, const bnk_view *v)
{
	if (!v->buffer || (v->rows > 1 && v->ld != v->cols))
		return 0;
	size_t elements = v->buffer->bytes / bnk_dtype_bytes(v->type);
	return v->offset <= elements && bnk_view_span(v) <= elements - v->offset &&
	       bnk_buffer_is_on(v->buffer, q->d);
}

static size_t view_bytes(const bnk_view *v)
{
	return bnk_view_span(v) * bnk_dtype_bytes(v->type);
}

static int copy(bnk_queue *q, void *to, const void *from, size_t bytes, bnk_direction direction)
{
	return result(q,
		bytes ? q->d->be->copy(q->d->ctx, q->native, to, from, bytes, direction) : BNK_OK);
}

int bnk_upload(bnk_queue *q, const bnk_view *to, const void *host)
{
	if (q->status)
		return q->status;
	if (!in_reach(q, to) || to->buffer->read_only)
		return result(q, BNK_EINVAL);
	return copy(q, bnk_view_data(to), host, view_bytes(to), BNK_TO_DEVICE);
}

int bnk_download(bnk_queue *q, void *host, const bnk_view *from)
{
	if (q->status)
		return q->status;
	if (!in_reach(q, from))
		return result(q, BNK_EINVAL);
	return copy(q, host, bnk_view_data(from), view_bytes(from), BNK_TO_HOST);
}

int bnk_copy(bnk_queue *q, const bnk_view *to, const bnk_view *from)
{
	if (q->status)
		return q->status;
	if (!in_reach(q, to) || !in_reach(q, from) || to->buffer->read_only ||
		view_bytes(to) != view_bytes(from))
		return result(q, BNK_EINVAL);
	return copy(q, bnk_view_data(to), bnk_view_data(from), view_bytes(to), BNK_ON_DEVICE);
}

int bnk_zero(bnk_queue *q, const bnk_view *v)
{
	if (q->status)
		return q->status;
	if (!in_reach(q, v) || v->buffer->read_only)
		return result(q, BNK_EINVAL);
	size_t bytes = view_bytes(v);
	return result(
		q, bytes ? q->d->be->zero(q->d->ctx, q->native, bnk_view_data(v), bytes) : BNK_OK);
}

int bnk_sync(bnk_queue *q)
{
	int stuck = q->status, rc = q->d->be->sync(q->d->ctx, q->native);
	q->status = BNK_OK;
	q->failed = BNK_OP_COUNT;
	return stuck ? stuck : rc;
}

bnk_op bnk_queue_failed(const bnk_queue *q)
{
	return q->failed;
}

bnk_count bnk_queue_count(const bnk_queue *q, bnk_op op)
{
	return (unsigned)op < BNK_OP_COUNT ? q->counts[op] : (bnk_count){0, 0};
}

/* ---- events --------------------------------------------------------------------------------- */

struct bnk_event {
	bnk_device *d;
	void *native;
};

int bnk_event_new(bnk_event **out, bnk_device *d)
{
	bnk_event *e = calloc(1, sizeof *e);
	if (!e)
		return BNK_ENOMEM;
	e->d = d;
	int rc = d->be->event_new(d->ctx, &e->native);
	if (rc != BNK_OK) {
		free(e);
		return rc;
	}
	*out = e;
	return BNK_OK;
}

void bnk_event_free(bnk_event *e)
{
	if (!e)
		return;
	e->d->be->event_free(e->d->ctx, e->native);
	free(e);
}

int bnk_event_record(bnk_event *e, bnk_queue *q)
{
	if (q->status)
		return q->status;
	return result(q, e->d == q->d ? q->d->be->event_record(q->d->ctx, e->native, q->native)
				      : BNK_EINVAL);
}

int bnk_event_wait(bnk_queue *q, bnk_event *e)
{
	if (q->status)
		return q->status;
	return result(q,
		e->d == q->d ? q->d->be->event_wait(q->d->ctx, q->native, e->native) : BNK_EINVAL);
}
