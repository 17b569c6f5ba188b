/* ed25519.c - see ed25519.h. */
#include "core/base/ed25519.h"

#include <nettle/eddsa.h>
#include <string.h>

/* y coordinates (little-endian, sign bit clear) of the points whose order divides 8: 0 and 1 have
 * order 4 and 1, p - 1 has order 2, the other two have order 8. p and p + 1 are non-canonical
 * encodings of 0 and 1. Computed with Python's integers from RFC 8032, section 5.1. */
static const uint8_t small_order[][BN_ED25519_KEY_BYTES] = {
	{0},
	{1},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
		0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d,
		0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
		0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92,
		0xac, 0x03, 0x7a},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0x7f},
};

/* y of the point, without the sign of x, is below p = 2^255 - 19. */
static bool y_is_canonical(const uint8_t y[BN_ED25519_KEY_BYTES])
{
	if ((y[31] & 0x7f) != 0x7f)
		return true;
	for (int i = 30; i > 0; i--)
		if (y[i] != 0xff)
			return true;
	return y[0] < 0xed;
}

static bool point_is_sound(const uint8_t point[BN_ED25519_KEY_BYTES])
{
	uint8_t y[BN_ED25519_KEY_BYTES];
	memcpy(y, point, sizeof y);
	y[31] &= 0x7f;
	for (size_t i = 0; i < sizeof small_order / sizeof *small_order; i++)
		if (!memcmp(y, small_order[i], sizeof y))
			return false;
	return y_is_canonical(y);
}

bool bn_ed25519_verify(const uint8_t key[BN_ED25519_KEY_BYTES],
	const uint8_t signature[BN_ED25519_SIGNATURE_BYTES], const void *bytes, size_t n)
{
	if (!point_is_sound(key) || !point_is_sound(signature))
		return false;
	return ed25519_sha512_verify(key, n, bytes, signature) == 1;
}

void bn_ed25519_public(uint8_t key[BN_ED25519_KEY_BYTES], const uint8_t seed[BN_ED25519_SEED_BYTES])
{
	ed25519_sha512_public_key(key, seed);
}

void bn_ed25519_sign(uint8_t signature[BN_ED25519_SIGNATURE_BYTES],
	const uint8_t key[BN_ED25519_KEY_BYTES], const uint8_t seed[BN_ED25519_SEED_BYTES],
	const void *bytes, size_t n)
{
	ed25519_sha512_sign(key, seed, n, bytes, signature);
}
