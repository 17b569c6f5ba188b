/*
 * rejects.h - the file of malformed records: CSV of line, column, reason and record. It appears
 * complete when its source has ended, or not at all; without malformed records there is none.
 */
#ifndef BN_SOURCE_REJECTS_H
#define BN_SOURCE_REJECTS_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/file_out.h"

typedef struct bn_rejects {
	const bn_env *env;
	char *path;        /* NULL: the first malformed record is an error */
	bn_file_out *file; /* NULL: none so far */
	bn_buf text;       /* not written yet */
	uint64_t count;
	uint64_t most; /* more are an error; 0: a tenth of the records, from 10 000 on */
} bn_rejects;

/* path may be NULL, and is copied. */
int bn_rejects_init(bn_rejects *r, const bn_env *env, const char *path, uint64_t most, bn_err *err);
void bn_rejects_release(bn_rejects *r);
/* Discards all of them when the source restarts. */
void bn_rejects_clear(bn_rejects *r);
/* Writes a record; `count` is the caller's. Line and column are 1-based. */
int bn_rejects_add(bn_rejects *r, uint64_t line, uint64_t column, const char *reason,
	const char *record, size_t bytes, bn_err *err);
/* Checks whether there are too many of `read` records. BN_EINVAL, naming `input`. */
int bn_rejects_check(const bn_rejects *r, uint64_t read, const char *input, bn_err *err);
int bn_rejects_finish(bn_rejects *r, bn_err *err);

#endif
