/*
 * key.h - Ed25519 keys and signatures (RFC 8032).
 *
 * A user has one private key, in $XDG_CONFIG_HOME/binnacle/identity.pem (PKCS#8, mode 0600); $BINNACLE_KEY names
 * another file, as for a bot (bot.h). It never leaves that file; a file readable by group or others, or owned
 * by another user, is refused, not repaired. Public keys and signatures travel as lower-case hex.
 *
 * This file does not depend on workspaces; identity.h maps keys to users.
 */
#ifndef BN_GOVERN_KEY_H
#define BN_GOVERN_KEY_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/store/log/sign.h"

#include <stdbool.h>
#include <stddef.h>

#define BN_KEY_PUBLIC_HEX 64
#define BN_KEY_SIGNATURE_HEX 128

typedef struct bn_key bn_key; /* a private key; immutable, wiped when freed */

char *bn_key_path(const bn_env
		*env); /* path of the user's key; yours, NULL if out of memory or without a home */

/* A new key, stored at path durably. BN_ECONFLICT when there is a file. */
int bn_key_create(bn_key **out, const bn_env *env, const char *path, bn_err *err);
/* The user's own key, created on first use; *created (may be NULL) says whether that happened,
 * so that the caller can announce it. */
int bn_key_open(bn_key **out, const bn_env *env, bool *created, bn_err *err);
/* The same without creating one: BN_ENOTFOUND if there is none. */
int bn_key_find(bn_key **out, const bn_env *env, bn_err *err);
void bn_key_free(bn_key *key);

const char *bn_key_public(const bn_key *key); /* BN_KEY_PUBLIC_HEX digits, borrowed */
/* "ed25519:1f2a3b4c5d6e7f80", the first 8 bytes of SHA-256 of the public key, for display. */
void bn_key_fingerprint(const char *public_hex, char out[25]);

void bn_key_sign(
	const bn_key *key, const void *bytes, size_t n, char signature[BN_KEY_SIGNATURE_HEX + 1]);
/* A signer that uses the key; its ctx is the key, which its release frees. */
void bn_key_signer(bn_signer *out, bn_key *key);
/* 0 if the signature over those bytes was made with that key; else BN_ECORRUPT (also for
 * malformed hex and invalid keys). */
int bn_key_verify(const char *public_hex, const char *signature_hex, const void *bytes, size_t n,
	bn_err *err);

#endif
