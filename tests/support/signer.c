/* signer.c - see signer.h. */
#include "tests/support/signer.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static int sign(void *ctx, const void *bytes, size_t n,
	uint8_t signature[BN_ED25519_SIGNATURE_BYTES], bn_err *err)
{
	return bn_ed25519_sign(ctx, bytes, n, signature, err);
}

void test_signer_init(bn_signer *signer, uint8_t seed)
{
	uint8_t raw[BN_ED25519_KEY_BYTES];
	size_t n = sizeof signer->key;
	memset(raw, seed, sizeof raw);
	*signer = (bn_signer){0};
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, sizeof raw);
	if (!key || EVP_PKEY_get_raw_public_key(key, signer->key, &n) != 1)
		abort();
	signer->sign = sign;
	signer->ctx = key;
}

void test_signer_release(bn_signer *signer)
{
	EVP_PKEY_free(signer->ctx);
	signer->ctx = NULL;
}
