/*
 * device.h - a back end as a trainer holds it: one open context, and the memory taken from it,
 * which is all given back at once.
 */
#ifndef BN_LEARN_DEVICE_H
#define BN_LEARN_DEVICE_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "kernels/kernels.h"

#define BN_DEVICE_BLOCKS 64

typedef struct bn_device {
	const bnk_backend *be;
	bnk_context *ctx;
	void *blocks[BN_DEVICE_BLOCKS];
	size_t count;
} bn_device;

#define BN_DEVICE_INIT \
	{ \
		NULL, NULL, {NULL}, 0 \
	}

/* The back end that BINNACLE_BACKEND asks for: cpu, cuda, or auto (CUDA where there is one). Unset is
 * cpu: the same spec then gives the same bytes on a login node and on a GPU node.
 * BINNACLE_CUDA_PLUGIN is where the plug-in lies, if not beside the program. line gets a sentence
 * about what was chosen, for the log. BN_EUNSUPPORTED when cuda is not to be had, BN_EINVAL for
 * another word. */
int bn_device_choose(const bnk_backend **out, const bn_env *env, int threads, char *line,
	size_t line_size, bn_err *err);

/* backend NULL: CPU. */
int bn_device_open(bn_device *d, const bnk_backend *backend, int threads, bn_err *err);
void bn_device_close(bn_device *d);
/* Lives until close. what: for messages ("design matrix"). */
int bn_device_alloc(bn_device *d, void *out, size_t bytes, const char *what, bn_err *err);
/* alloc and upload in one. */
int bn_device_put(
	bn_device *d, void *out, const void *host, size_t bytes, const char *what, bn_err *err);
int bn_device_scratch(
	bn_device *d, void *out, bnk_op op, bnk_dtype dtype, bnk_shape shape, bn_err *err);
/* A bnk_status as an error: 0, BN_ENOMEM, BN_EIO, BN_EUNSUPPORTED or BN_EINVAL. */
int bn_device_check(const bn_device *d, int status, const char *what, bn_err *err);

#endif
