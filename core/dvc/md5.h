/*
 * md5.h - MD5 over a stream, as DVC names files by.
 *
 * MD5 (RFC 1321) is a name here and no proof: whoever can write to a cache or a remote can also make two files of
 * one name. Files of DVC 3 are hashed as they are ("md5"). DVC 1 and 2 ("md5-dos2unix") hashed text with CRLF
 * replaced by LF, in blocks of 1 MiB that are each judged alone, so a CRLF that two blocks share stays: that rule
 * is kept bit for bit, to read what those versions wrote.
 *
 * nettle's code: it is linked anyway, and works on hosts in FIPS mode, where libcrypto has no MD5.
 */
#ifndef BN_DVC_MD5_H
#define BN_DVC_MD5_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/progress.h"

#include <nettle/md5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_MD5_HEX 32 /* without the NUL */

typedef struct bn_md5 {
	struct md5_ctx ctx;
} bn_md5;

void bn_md5_init(bn_md5 *m);
void bn_md5_add(bn_md5 *m, const void *bytes, size_t n);
void bn_md5_finish(bn_md5 *m, char hex[BN_MD5_HEX + 1]);
void bn_md5_hex(const void *bytes, size_t n, char hex[BN_MD5_HEX + 1]);

/* Whether all 32 characters are lower-case hex digits, and nothing follows. */
bool bn_md5_is_hex(const char *text);

/* Called after each block with the number of bytes hashed by it; a negative code with err stops. */
typedef int bn_md5_step(void *user, uint64_t bytes, bn_err *err);

/* Hashes an open file from its start to its end; path is for messages. dos2unix: as DVC 2 did. *size gets the bytes
 * read. step may be NULL. */
int bn_md5_open_file(const bn_env *env, int fd, const char *path, bool dos2unix, bn_md5_step *step,
	void *user, char hex[BN_MD5_HEX + 1], uint64_t *size, bn_err *err);

#endif
