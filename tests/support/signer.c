/* signer.c - see signer.h. */
#include "tests/support/signer.h"

#include <stdlib.h>
#include <string.h>

static int sign(void *ctx, const void *bytes, size_t n,
	uint8_t signature[BN_ED25519_SIGNATURE_BYTES], bn_err *err)
{
	const uint8_t *seed = ctx;
	uint8_t key[BN_ED25519_KEY_BYTES];
	(void)err;
	bn_ed25519_public(key, seed);
	bn_ed25519_sign(signature, key, seed, bytes, n);
	return 0;
}

void test_signer_init(bn_signer *signer, uint8_t seed)
{
	uint8_t *raw = malloc(BN_ED25519_SEED_BYTES);
	if (!raw)
		abort();
	memset(raw, seed, BN_ED25519_SEED_BYTES);
	*signer = (bn_signer){.sign = sign, .ctx = raw};
	bn_ed25519_public(signer->key, raw);
}

void test_signer_release(bn_signer *signer)
{
	free(signer->ctx);
	signer->ctx = NULL;
}
