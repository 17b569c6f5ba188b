/*
 * _access_file.h - where the lines of an access log go: a file that is rotated, or a descriptor. Of one thread.
 */
#ifndef BN_SERVE_ACCESS_FILE_INTERNAL_H
#define BN_SERVE_ACCESS_FILE_INTERNAL_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct bn_access_file {
	const bn_env *env;
	char *path; /* NULL: a descriptor that was given */
	int fd;     /* -1: to be opened */
	bool is_device, is_borrowed;
	bool is_torn; /* a device: the last line was written in part */
	int64_t max_bytes, size;
	int keep;
	dev_t dev; /* of the open file */
	ino_t ino;
	const atomic_int_fast64_t *give_up_ns; /* monotonic time; 0: never. A device is not waited for after it */
} bn_access_file;

/* The fields env, fd (of path NULL), max_bytes, keep and give_up_ns are set. After a failure, release it. */
int bn_access_file_open(bn_access_file *f, const char *path, bn_err *err);
/* Writes whole lines, all or as many as possible; *done gets their number. */
int bn_access_file_put(
	bn_access_file *f, const char *lines, size_t n, uint64_t *done, bn_err *err);
/* Before the next line the path is opened anew. */
void bn_access_file_forget(bn_access_file *f);
void bn_access_file_release(bn_access_file *f);

#endif
