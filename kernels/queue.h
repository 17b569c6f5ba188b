/*
 * queue.h - running operations: a device, buffers on it, queues of operations, events between queues.
 *
 * bnk_run checks an operation's arguments once, for every back end. If the device's back end has the operation
 * and supports the shape, it is queued there; if not, if an operand is elsewhere, or if the device's memory is
 * exhausted, only this operation falls back: its operands are copied to the host, the CPU computes it, results
 * are copied back, and it is counted.
 *
 * Errors are sticky: later operations of the queue are not run and return the error too, so that a caller may
 * queue a whole step and check once at the end; bnk_queue_failed names the operation. The CPU's queues run
 * immediately.
 *
 * A queue owns the scratch memory of its operations, which grows to the largest need and is kept: a loop
 * allocates nothing after its first iteration.
 *
 * A device and its queues are used by one thread at a time.
 */
#ifndef BNK_QUEUE_H
#define BNK_QUEUE_H
#include "kernels/kernels.h"

/* The device to run on. All zero: the CPU, with the best variant of each operation. */
typedef struct bnk_target {
	const bnk_backend *backend; /* NULL: the CPU */
	int device;
	char variants[1024]; /* BINNACLE_KERNELS: "adam=avx2,gram_tile=portable" */
} bnk_target;

typedef struct bnk_device bnk_device;
typedef struct bnk_queue bnk_queue;
typedef struct bnk_event bnk_event;

/* threads <= 0: as many as the process may run on. BNK_EINVAL for a missing device, or a variant that is
 * unknown or not supported here. */
int bnk_device_open(bnk_device **out, const bnk_target *target, int threads);
/* Call after freeing its queues, events and buffers. NULL is fine. */
void bnk_device_close(bnk_device *d);
const bnk_backend *bnk_device_backend(const bnk_device *d);
/* "cpu: OpenBLAS (SkylakeX), 2 threads, AVX-512". */
void bnk_device_describe(const bnk_device *d, char *out, size_t out_size);
/* Bytes still available for buffers. */
int bnk_device_memory_free(const bnk_device *d, size_t *out);

/* 64-byte aligned, uninitialised. 0 bytes are fine. */
int bnk_buffer_new(bnk_buffer *out, bnk_device *d, size_t bytes);
/* Wraps the caller's host memory without copying, for operations on the CPU. It must outlive the
 * buffer. */
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
/* Dense views of this device, in order with the operations; those from and to the host are complete on
 * return. */
int bnk_upload(bnk_queue *q, const bnk_view *to, const void *host);
int bnk_download(bnk_queue *q, void *host, const bnk_view *from);
int bnk_copy(bnk_queue *q, const bnk_view *to, const bnk_view *from);
int bnk_zero(bnk_queue *q, const bnk_view *v);
/* Waits for everything queued. Returns and clears the sticky error. */
int bnk_sync(bnk_queue *q);
/* The operation that caused the queue's error; BNK_OP_COUNT: none, or a copy. Until bnk_sync. */
bnk_op bnk_queue_failed(const bnk_queue *q);

/* How often an operation was run, and how often of these on the CPU as a fallback. */
typedef struct bnk_count {
	uint64_t runs, fallbacks;
} bnk_count;
bnk_count bnk_queue_count(const bnk_queue *q, bnk_op op);

/* record: completes when everything now queued in q is done. wait: work queued in q from now on starts after
 * that. */
int bnk_event_new(bnk_event **out, bnk_device *d);
void bnk_event_free(bnk_event *e); /* NULL is fine */
int bnk_event_record(bnk_event *e, bnk_queue *q);
int bnk_event_wait(bnk_queue *q, bnk_event *e);

#endif
