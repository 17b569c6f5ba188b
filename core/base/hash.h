/*
 * hash.h - SHA-256 (names of objects, the audit chain) and CRC32C (torn records).
 *
 * SHA-256 comes from nettle, which the logging library can afford: it costs a process 20 kB and 15 us
 * where OpenSSL's libcrypto costs 550 kB and 3 ms (docs/dependencies.md). CRC32C (Castagnoli, reflected
 * polynomial 0x82f63b78, as in RFC 3720 B.4) uses the CPU's instruction where there is one and equals
 * the table version.
 */
#ifndef BN_BASE_HASH_H
#define BN_BASE_HASH_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/base/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_SHA256_BYTES 32
#define BN_SHA256_HEX 64 /* without the NUL */

void bn_sha256(const void *bytes, size_t n, uint8_t out[BN_SHA256_BYTES]);
void bn_sha256_hex(const void *bytes, size_t n, char out[BN_SHA256_HEX + 1]);
/* Hash of a regular file's content; *size (may be NULL) gets its length. Anything else, a FIFO or a device, is
 * BN_EINVAL at once. */
int bn_sha256_file(const bn_env *env, const char *path, char out[BN_SHA256_HEX + 1], uint64_t *size,
	bn_err *err);

/* The same, which may be told to stop between two pieces. */
int bn_sha256_file_watched(const bn_env *env, const char *path, const bn_progress *progress,
	char out[BN_SHA256_HEX + 1], uint64_t *size, bn_err *err);

/* The same of an open file, from its start to its end; path is for the message. */
int bn_sha256_open_file(const bn_env *env, int fd, const char *path, char out[BN_SHA256_HEX + 1],
	uint64_t *size, bn_err *err);

typedef struct bn_hasher bn_hasher; /* SHA-256 over a stream */
int bn_hasher_new(bn_hasher **out, bn_err *err);
void bn_hasher_add(bn_hasher *h, const void *bytes, size_t n);
void bn_hasher_finish(
	bn_hasher *h, uint8_t out[BN_SHA256_BYTES]); /* ready for a new stream after */
void bn_hasher_free(bn_hasher *h);

void bn_hex(const uint8_t *bytes, size_t n, char *out); /* 2n characters and a NUL, lower case */
int bn_unhex(const char *hex, size_t n_bytes,
	uint8_t *out);         /* -1 unless exactly 2 * n_bytes hex digits */
bool bn_is_hex(const char *s); /* only 0-9a-f, at least one */

/* crc is 0 for the start; the result of one call continues in the next. */
uint32_t bn_crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
