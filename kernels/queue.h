/*
 * queue.h - how operations are run: a device, buffers on it, queues of operations, events between queues.
 *
 * bnk_run checks an operation's arguments once, for every back end. Where the device's back end has the operation
 * and supports that shape it is queued there; where it does not, where an operand lies elsewhere, or where the
 * device's memory is exhausted, that one operation falls back: its operands are copied to the host, the CPU
 * computes it, results are copied back, and it is counted. Nothing else about the work changes.
 *
 * An error sticks to its queue: operations after it are not run and return it too, so that a caller may queue a
 * whole step and look once, at the end; bnk_queue_failed names the operation. The CPU's queues run at once.
 *
 * A queue owns the scratch memory of its operations, which grows to what the largest needed and then stays:
 * a loop allocates nothing after its first turn.
 *
 * A device and its queues belong to one thread at a time.
 */
#ifndef BNK_QUEUE_H
#define BNK_QUEUE_H
#include "kernels/kernels.h"

/* Which device work is to run on. All zero: the CPU, with the best variant of each operation. */
typedef struct bnk_target {
	const bnk_backend *backend; /* NULL: the CPU */
	int device;
	char variants[1024]; /* BINNACLE_KERNELS: "adam=avx2,gram_tile=portable" */
} bnk_target;

typedef struct bnk_device bnk_device;
typedef struct bnk_queue bnk_queue;
typedef struct bnk_event bnk_event;

/* threads <= 0: as many as the process may run on. BNK_EINVAL for a device that is not there or a variant that
 * is not known or not to be had here. */
int bnk_device_open(bnk_device **out, const bnk_target *target, int threads);
/* After its queues, events and buffers. NULL is fine. */
void bnk_device_close(bnk_device *d);
const bnk_backend *bnk_device_backend(const bnk_device *d);
/* "cpu: OpenBLAS (SkylakeX), 2 threads, AVX-512". */
void bnk_device_describe(const bnk_device *d, char *out, size_t out_size);
/* Bytes that buffers can still take. */
int bnk_device_memory_free(const bnk_device *d, size_t *out);

/* 64-byte aligned, of any content. 0 bytes are fine. */
int bnk_buffer_new(bnk_buffer *out, bnk_device *d, size_t bytes);
/* Host memory of the caller's, not copied: for operations on the CPU. It must outlive the buffer. */
bnk_buffer bnk_buffer_wrap(void *host, size_t bytes);
bnk_buffer bnk_buffer_wrap_const(const void *host, size_t bytes);
/* Leaves an empty one; twice is fine. */
void bnk_buffer_release(bnk_buffer *b);
/* Whether operations of this device can use b without copying it. */
int bnk_buffer_is_on(const bnk_buffer *b, const bnk_device *d);

int bnk_queue_new(bnk_queue **out, bnk_device *d);
void bnk_queue_free(bnk_queue *q); /* NULL is fine */

/* args: the operation's struct from kernels/op/NAME.h. */
int bnk_run(bnk_queue *q, bnk_op op, bnk_dtype type, const void *args);
/* Dense views of this device, in order with the operations; those from and to the host are done when they return. */
int bnk_upload(bnk_queue *q, const bnk_view *to, const void *host);
int bnk_download(bnk_queue *q, void *host, const bnk_view *from);
int bnk_copy(bnk_queue *q, const bnk_view *to, const bnk_view *from);
int bnk_zero(bnk_queue *q, const bnk_view *v);
/* Waits for all that was queued. Returns the error that stuck, and the queue can be used again. */
int bnk_sync(bnk_queue *q);
/* Which operation the queue's error came from; BNK_OP_COUNT: none, or a copy. Until bnk_sync. */
bnk_op bnk_queue_failed(const bnk_queue *q);

/* How often an operation was run, and how often of these on the CPU instead of the device. */
typedef struct bnk_count {
	uint64_t runs, fallbacks;
} bnk_count;
bnk_count bnk_queue_count(const bnk_queue *q, bnk_op op);

/* record: done when what is queued in q now is done. wait: what is queued in q from now on starts after that. */
int bnk_event_new(bnk_event **out, bnk_device *d);
void bnk_event_free(bnk_event *e); /* NULL is fine */
int bnk_event_record(bnk_event *e, bnk_queue *q);
int bnk_event_wait(bnk_queue *q, bnk_event *e);

#endif
