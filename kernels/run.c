/* run.c - one operation: checked, run where its queue is, or on the CPU instead; see queue.h. */
#include "kernels/_queue.h"
#include "kernels/backend.h"

#include <string.h>

enum { MAX_OPERANDS = 12, MAX_ARGS = 1024 };

static const bnk_view *view_of(const void *args, const bnk_operand *o)
{
	return (const bnk_view *)(const void *)((const char *)args + o->at);
}

static int all_here(const bnk_queue *q, const bnk_op_def *def, const void *args)
{
	for (size_t i = 0; i < def->operand_count; i++) {
		const bnk_view *v = view_of(args, &def->operands[i]);
		if (v->buffer && v->buffer->bytes && !bnk_buffer_is_on(v->buffer, q->d))
			return 0;
	}
	return 1;
}

/* Scratch of at least that many bytes. Running operations may still use the old one. */
static int reserve(bnk_queue *q, size_t bytes)
{
	if (bytes <= q->scratch_bytes)
		return BNK_OK;
	int rc = q->d->be->sync(q->d->ctx, q->native);
	if (rc != BNK_OK)
		return rc;
	q->d->be->free(q->d->ctx, q->scratch);
	q->scratch = NULL;
	q->scratch_bytes = 0;
	rc = q->d->be->alloc(q->d->ctx, &q->scratch, bytes);
	if (rc == BNK_OK)
		q->scratch_bytes = bytes;
	return rc;
}

/* Runs it on the queue's own device. *begun is 0 if it was not started: then nothing has changed. */
static int run_here(bnk_queue *q, bnk_op op, bnk_dtype type, const void *args, int *begun)
{
	const bnk_backend *be = q->d->be;
	const bnk_impl *impl = (unsigned)op < be->op_count ? be->ops[op] : NULL;
	*begun = 0;
	if (!impl || !all_here(q, bnk_op_get(op)->def, args) ||
		(impl->supports && !impl->supports(args, type)))
		return BNK_EUNSUPPORTED;
	int rc = be->enter ? be->enter(q->d->ctx) : BNK_OK;
	if (rc == BNK_OK && impl->scratch)
		rc = reserve(q, impl->scratch(args, type));
	if (rc != BNK_OK)
		return rc;
	*begun = 1;
	bnk_call call = {q->d->ctx, q->native, q->scratch, op};
	return impl->run(&call, type, args);
}

/* ---- falling back --------------------------------------------------------------------------- */

static int open_cpu(bnk_device *d)
{
	bnk_target cpu = {.backend = bnk_backend_cpu()};
	if (d->cpu_queue)
		return BNK_OK;
	memcpy(cpu.variants, d->variants, sizeof cpu.variants);
	int rc = d->cpu ? BNK_OK : bnk_device_open(&d->cpu, &cpu, d->threads);
	return rc == BNK_OK ? bnk_queue_new(&d->cpu_queue, d->cpu) : rc;
}

/* Everything from a view's first to its last element, including gaps between rows. */
static bnk_view whole(const bnk_view *v)
{
	return bnk_vector(v->buffer, v->type, v->offset, bnk_view_span(v));
}

/* Makes *v a view of host memory; *copy owns it if it is a copy. */
static int bring_home(bnk_queue *q, bnk_view *v, const bnk_operand *o, bnk_buffer *copy)
{
	bnk_view from = whole(v);
	if (!v->buffer || bnk_buffer_is_on(v->buffer, q->d->cpu))
		return BNK_OK;
	int rc = bnk_buffer_new(copy, q->d->cpu, from.cols * bnk_dtype_bytes(v->type));
	/* The content of gaps between rows must be preserved. */
	if (rc == BNK_OK && (o->access & BNK_IN || from.cols > v->rows * v->cols))
		rc = bnk_download(q, copy->data, &from);
	v->buffer = copy;
	v->offset = 0;
	return rc;
}

static int run_on_cpu(bnk_queue *q, bnk_op op, bnk_dtype type, const void *args)
{
	const bnk_op_def *def = bnk_op_get(op)->def;
	_Alignas(16) char here[MAX_ARGS];
	bnk_buffer copies[MAX_OPERANDS];
	int begun;
	memset(copies, 0, sizeof copies);
	if (def->args_bytes > sizeof here || def->operand_count > MAX_OPERANDS)
		return BNK_EUNSUPPORTED;
	memcpy(here, args, def->args_bytes);
	int rc = open_cpu(q->d);
	for (size_t i = 0; i < def->operand_count && rc == BNK_OK; i++) {
		bnk_view *v = (bnk_view *)(void *)(here + def->operands[i].at);
		rc = bring_home(q, v, &def->operands[i], &copies[i]);
	}
	if (rc == BNK_OK)
		rc = run_here(q->d->cpu_queue, op, type, here, &begun);
	for (size_t i = 0; i < def->operand_count && rc == BNK_OK; i++) {
		bnk_view to = whole(view_of(args, &def->operands[i]));
		if (copies[i].backend && def->operands[i].access & BNK_OUT)
			rc = bnk_upload(q, &to, copies[i].data);
	}
	for (size_t i = 0; i < def->operand_count; i++)
		bnk_buffer_release(&copies[i]);
	return rc;
}

int bnk_run(bnk_queue *q, bnk_op op, bnk_dtype type, const void *args)
{
	int begun = 0;
	if (q->status)
		return q->status;
	int rc = bnk_op_check(op, type, args);
	if (rc == BNK_NOTHING)
		return BNK_OK;
	if (rc == BNK_OK) {
		q->counts[op].runs++;
		rc = run_here(q, op, type, args, &begun);
		if (!begun && (rc == BNK_EUNSUPPORTED || rc == BNK_ENOMEM) &&
			q->d->be != bnk_backend_cpu()) {
			q->counts[op].fallbacks++;
			rc = run_on_cpu(q, op, type, args);
		}
	}
	if (rc != BNK_OK) {
		q->status = rc;
		q->failed = op;
	}
	return rc;
}
