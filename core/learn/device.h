/*
 * device.h - a trainer's device: one queue, and the memory allocated on it, which is all freed at
 * once. Operations are queued with bnk_run(d.queue, …); an error sticks to the queue
 * (kernels/queue.h), so a trainer queues a step and checks at the end, with bn_device_check.
 */
#ifndef BN_LEARN_DEVICE_H
#define BN_LEARN_DEVICE_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "kernels/queue.h"

#define BN_DEVICE_BLOCKS 64

typedef struct bn_device {
	bnk_device *dev;
	bnk_queue *queue;
	bnk_buffer blocks[BN_DEVICE_BLOCKS];
	size_t count;
} bn_device;

#define BN_DEVICE_INIT \
	{ \
		.dev = NULL, .queue = NULL, .count = 0 \
	}

/* The target given by BINNACLE_BACKEND: cpu, cuda, cuda:N, or auto (CUDA if available). Unset is
 * cpu: the same spec then gives the same bytes on a login node and on a GPU node.
 * BINNACLE_CUDA_PLUGIN is the path of the plug-in, if not beside the program; BINNACLE_KERNELS
 * names variants of the CPU's operations. line gets a sentence about the choice, for the log.
 * BN_EUNSUPPORTED if cuda or a variant is not available, BN_EINVAL for another word. */
int bn_device_choose(
	bnk_target *out, const bn_env *env, int threads, char *line, size_t line_size, bn_err *err);

/* target NULL: the CPU. */
int bn_device_open(bn_device *d, const bnk_target *target, int threads, bn_err *err);
void bn_device_close(bn_device *d);
/* A dense matrix with undefined content, until close. what: for messages ("gradient"). */
int bn_device_alloc(bn_device *d, bnk_view *out, bnk_dtype type, size_t rows, size_t cols,
	const char *what, bn_err *err);
/* The caller's numbers, which must outlive the device: used in place on the CPU, copied elsewhere.
 * host NULL: an absent view. */
int bn_device_lend(bn_device *d, bnk_view *out, const void *host, bnk_dtype type, size_t rows,
	size_t cols, const char *what, bn_err *err);
/* A bnk_status, or the error stuck to the queue, as an error: 0, BN_ENOMEM, BN_EIO, BN_EUNSUPPORTED
 * or BN_EINVAL. */
int bn_device_check(const bn_device *d, int status, const char *what, bn_err *err);
/* "gemm 12 times, adam 3 times": operations that the CPU computed instead of the device. "" if
 * none. */
void bn_device_fallbacks(const bn_device *d, char *out, size_t out_size);

#endif
