/*
 * input.h - the bytes of a source, opened once.
 *
 * Nobody else opens what the user named. A regular file is read through one descriptor; what has no place to go
 * back to (a pipe, standard input, "-") is copied into a file without a name first, since types that turn out too
 * narrow make a reader begin anew. What passes front to back is hashed on its way, so that no second reading
 * is needed to say what the source was. What is no file ("proc:") has a name only.
 *
 * Reading belongs to one thread at a time.
 */
#ifndef BN_SOURCE_INPUT_H
#define BN_SOURCE_INPUT_H
#include "core/base/crew.h"
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_input bn_input;

#define BN_INPUT_HEAD 4096 /* bytes by which a source is recognised */

/* spooling: asked while a pipe is copied; may be NULL. A directory, a device and a socket are refused (BN_EINVAL,
 * BN_EUNSUPPORTED); what is not there, or may not be read, is an input without a file, and
 * bn_input_need_file says why. */
int bn_input_open(bn_input **out, const bn_env *env, const char *uri, const bn_progress *spooling,
	bn_err *err);
void bn_input_free(bn_input *in); /* NULL is fine */
/* The same under its name, but for the bytes: those of spool, a nameless file of `size` bytes, which it takes. */
struct bn_file_out;
int bn_input_of_spool(bn_input **out, const bn_input *like, struct bn_file_out *spool,
	uint64_t size, bn_err *err);

const bn_env *bn_input_env(const bn_input *in);
const char *bn_input_name(const bn_input *in); /* "standard input" for "-"; borrowed */
bool bn_input_is_file(const bn_input *in);
/* 0, or BN_ENOTFOUND, BN_EIO with the reason. */
int bn_input_need_file(const bn_input *in, bn_err *err);
int bn_input_fd(const bn_input *in); /* for who maps it; it stays the input's */
uint64_t bn_input_size(const bn_input *in);
/* A crew to read it with: of so many threads, or (0) as many as fit; *out stays NULL when one thread was asked for, or
 * when it is too small to be worth more. */
int bn_input_crew(bn_crew **out, const bn_input *in, int threads, bn_err *err);
/* The first bytes, at most BN_INPUT_HEAD. */
const char *bn_input_head(const bn_input *in, size_t *n);

/* At most n bytes from `at` on; *got is less only at the end. */
int bn_input_read(bn_input *in, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err);
/* From now on what is read is hashed (SHA-256). */
int bn_input_hash(bn_input *in, bn_err *err);
/* The hash, in hex, and how many bytes; reads what has not passed yet. BN_ECONFLICT when the file is not as long as
 * it was. */
int bn_input_digest(bn_input *in, char hex[65], bn_err *err);

#endif
