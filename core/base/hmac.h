/*
 * hmac.h - HMAC-SHA256 (RFC 2104, FIPS 198-1): what a receiver who has the same key can check.
 */
#ifndef BN_BASE_HMAC_H
#define BN_BASE_HMAC_H
#include "core/base/hash.h"

/* Of n bytes with a key of any length, which may be 0. */
void bn_hmac_sha256(
	const void *key, size_t key_n, const void *bytes, size_t n, uint8_t out[BN_SHA256_BYTES]);

#endif
