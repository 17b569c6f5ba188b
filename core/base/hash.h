/*
 * hash.h - SHA-256 (names of objects, the audit chain) and CRC32C (torn records).
 *
 * SHA-256 comes from nettle, which is cheap enough for the logging library: it costs a process 20 kB
 * and 15 us where OpenSSL's libcrypto costs 550 kB and 3 ms (docs/dependencies.md). CRC32C (Castagnoli,
 * reflected polynomial 0x82f63b78, as in RFC 3720 B.4) uses the CPU's instruction where available, with
 * the same result as the table version.
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
/* Hashes a regular file's content; *size (may be NULL) gets its length. BN_EINVAL without blocking for
 * anything else, such as a FIFO or a device. */
int bn_sha256_file(const bn_env *env, const char *path, char out[BN_SHA256_HEX + 1], uint64_t *size,
	bn_err *err);

/* The same, with progress: it can be stopped between two pieces. */
int bn_sha256_file_watched(const bn_env *env, const char *path, const bn_progress *progress,
	char out[BN_SHA256_HEX + 1], uint64_t *size, bn_err *err);

/* The same for an open file, from start to end; path is for the message. */
int bn_sha256_open_file(const bn_env *env, int fd, const char *path, char out[BN_SHA256_HEX + 1],
	uint64_t *size, bn_err *err);

typedef struct bn_hasher bn_hasher; /* SHA-256 over a stream */
int bn_hasher_new(bn_hasher **out, bn_err *err);
void bn_hasher_add(bn_hasher *h, const void *bytes, size_t n);
void bn_hasher_finish(bn_hasher *h, uint8_t out[BN_SHA256_BYTES]); /* resets h for a new stream */
void bn_hasher_free(bn_hasher *h);

void bn_hex(const uint8_t *bytes, size_t n, char *out); /* 2n characters and a NUL, lower case */
int bn_unhex(const char *hex, size_t n_bytes,
	uint8_t *out);         /* -1 unless exactly 2 * n_bytes hex digits */
bool bn_is_hex(const char *s); /* only 0-9a-f, at least one */

/* crc is 0 for the start; the result of one call continues in the next. */
uint32_t bn_crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
