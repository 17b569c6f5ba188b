/* _queue.h - what a device and a queue hold; see queue.h. */
#ifndef BNK_QUEUE_PRIVATE_H
#define BNK_QUEUE_PRIVATE_H
#include "kernels/queue.h"

struct bnk_device {
	const bnk_backend *be;
	bnk_context *ctx;
	int threads;
	char variants[sizeof(((bnk_target *)0)->variants)];
	/* Fallback for operations: opened on first use. NULL on the CPU. */
	bnk_device *cpu;
	bnk_queue *cpu_queue;
};

struct bnk_queue {
	bnk_device *d;
	void *native;
	int status;    /* the sticky error */
	bnk_op failed; /* where it came from */
	void *scratch;
	size_t scratch_bytes;
	bnk_count counts[BNK_OP_COUNT];
};

#endif
