/*
 * input.h - the bytes of a source, opened once.
 *
 * Only this module opens what the user named. A regular file is read through one descriptor; an
 * input that cannot be read twice (a pipe, standard input, "-") is copied into a nameless file
 * first, since a reader restarts if its types turn out too narrow. Bytes read front to back are
 * hashed on the way, so that the source's digest needs no second pass. An input that is not a file
 * ("proc:") has only a name.
 *
 * Used by one thread at a time.
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

#define BN_INPUT_HEAD 4096 /* bytes used to recognise a source */

/* spooling: called while a pipe is copied; may be NULL. A directory, a device and a socket are
 * rejected (BN_EINVAL, BN_EUNSUPPORTED); a missing or unreadable file gives an input without a
 * file, and bn_input_need_file returns the reason. */
int bn_input_open(bn_input **out, const bn_env *env, const char *uri, const bn_progress *spooling,
	bn_err *err);
void bn_input_free(bn_input *in); /* NULL is fine */
/* A regular file that is open already, under the name that the user gave: its bytes are kept elsewhere. Takes
 * ownership of fd, also on failure. */
int bn_input_of_file(bn_input **out, const bn_env *env, int fd, const char *name, bn_err *err);
/* The same name with other bytes: those of spool, a nameless file of `size` bytes. Takes ownership
 * of spool. */
struct bn_file_out;
int bn_input_of_spool(bn_input **out, const bn_input *like, struct bn_file_out *spool,
	uint64_t size, bn_err *err);

const bn_env *bn_input_env(const bn_input *in);
const char *bn_input_name(const bn_input *in); /* "standard input" for "-"; borrowed */
bool bn_input_is_file(const bn_input *in);
/* 0, or BN_ENOTFOUND, BN_EIO with the reason. */
int bn_input_need_file(const bn_input *in, bn_err *err);
int bn_input_fd(const bn_input *in); /* for mapping it; it stays the input's */
uint64_t bn_input_size(const bn_input *in);
/* A crew to read it with: of so many threads, or (0) as many as suitable; *out stays NULL if one
 * thread was requested, or if the input is too small to need more. */
int bn_input_crew(bn_crew **out, const bn_input *in, int threads, bn_err *err);
/* The first bytes, at most BN_INPUT_HEAD. */
const char *bn_input_head(const bn_input *in, size_t *n);

/* At most n bytes from `at` on; *got is smaller only at the end. */
int bn_input_read(bn_input *in, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err);
/* Starts hashing (SHA-256) the bytes that are read. */
int bn_input_hash(bn_input *in, bn_err *err);
/* The hash, in hex, and the number of bytes; reads what has not been read yet. BN_ECONFLICT if the
 * length of the file has changed. */
int bn_input_digest(bn_input *in, char hex[65], bn_err *err);

#endif
