/*
 * _key_pem.h - an Ed25519 private key as PEM text (PKCS#8, RFC 5958 and 8410).
 *
 * Every process that signs reads one such file. libcrypto's generic decoder takes 4 ms for the first key;
 * this code reads only this kind.
 */
#ifndef BN_GOVERN__KEY_PEM_H
#define BN_GOVERN__KEY_PEM_H
#include "core/base/ed25519.h"

enum { BN_KEY_PEM_TEXT = 120 };

/* False for anything else, including keys with a passphrase. Text before the key is skipped. */
bool bn_key_pem_read(uint8_t seed[BN_ED25519_SEED_BYTES], const char *text, size_t n);
void bn_key_pem_write(char out[BN_KEY_PEM_TEXT], const uint8_t seed[BN_ED25519_SEED_BYTES]);

#endif
