/* hmac.c - see hmac.h. */
#include "core/base/hmac.h"

#include <nettle/hmac.h>
#include <string.h>

void bn_hmac_sha256(
	const void *key, size_t key_n, const void *bytes, size_t n, uint8_t out[BN_SHA256_BYTES])
{
	struct hmac_sha256_ctx c;
	hmac_sha256_set_key(&c, key_n, key);
	hmac_sha256_update(&c, n, bytes);
	hmac_sha256_digest(&c, BN_SHA256_BYTES, out);
	explicit_bzero(&c, sizeof c);
}
