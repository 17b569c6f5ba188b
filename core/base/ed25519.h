/*
 * ed25519.h - Ed25519 signatures (RFC 8032) over raw bytes: 32-byte public keys, 64-byte signatures.
 *
 * Verification is strict, so that every reader gives the same answer: besides what OpenSSL checks
 * (S below the group's order), it refuses public keys and R points of small order and public keys
 * that are not in canonical form. With a key of small order one signature fits many messages.
 *
 * Private keys lie in files that core/govern/key.h guards; this file sees only a handle or, in
 * tests, a seed.
 */
#ifndef BN_BASE_ED25519_H
#define BN_BASE_ED25519_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_ED25519_KEY_BYTES 32
#define BN_ED25519_SIGNATURE_BYTES 64

/* True when signature is key's over those bytes. False for malformed keys and signatures, and when
 * OpenSSL cannot answer. */
bool bn_ed25519_verify(const uint8_t key[BN_ED25519_KEY_BYTES],
	const uint8_t signature[BN_ED25519_SIGNATURE_BYTES], const void *bytes, size_t n);

typedef struct evp_pkey_st EVP_PKEY;
/* Signs with an Ed25519 private key. BN_EIO when OpenSSL fails. */
int bn_ed25519_sign(EVP_PKEY *key, const void *bytes, size_t n,
	uint8_t signature[BN_ED25519_SIGNATURE_BYTES], bn_err *err);

#endif
