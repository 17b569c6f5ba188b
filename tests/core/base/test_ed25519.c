/*
 * Ed25519: the vectors of RFC 8032, section 7.1, and what a strict verifier must refuse.
 */
#include "core/base/ed25519.h"
#include "core/base/hash.h"
#include "tests/support/check_main.h"

#include <openssl/evp.h>
#include <string.h>

static const struct {
	const char *secret, *key, *message, *signature;
} vectors[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc6"
		"1e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e45"
		"8f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae"
		"67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

enum { VECTORS = sizeof vectors / sizeof *vectors };

static size_t bytes_of(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;
	if (n)
		ck_assert_int_eq(bn_unhex(hex, n, out), 0);
	return n;
}

START_TEST(test_ed25519_agrees_with_rfc_8032)
{
	for (int i = 0; i < VECTORS; i++) {
		uint8_t secret[32], key[32], message[8], want[64], got[64];
		bytes_of(vectors[i].secret, secret);
		bytes_of(vectors[i].key, key);
		bytes_of(vectors[i].signature, want);
		size_t n = bytes_of(vectors[i].message, message);
		bn_ed25519_public(got, secret);
		ck_assert_mem_eq(got, key, sizeof key);
		bn_ed25519_sign(got, key, secret, message, n);
		ck_assert_mem_eq(got, want, sizeof want);
		ck_assert(bn_ed25519_verify(key, want, message, n));
	}
}
END_TEST

START_TEST(test_ed25519_refuses_any_changed_bit)
{
	uint8_t key[32], message[8], signature[64];
	bytes_of(vectors[2].key, key);
	bytes_of(vectors[2].signature, signature);
	size_t n = bytes_of(vectors[2].message, message);
	for (size_t i = 0; i < 8 * sizeof signature; i++) {
		signature[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert(!bn_ed25519_verify(key, signature, message, n));
		signature[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < 8 * sizeof key; i++) {
		key[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert(!bn_ed25519_verify(key, signature, message, n));
		key[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	message[0] ^= 1;
	ck_assert(!bn_ed25519_verify(key, signature, message, n));
}
END_TEST

/* S and S + L satisfy the same equation: a verifier without a check of S accepts two signatures for one message. */
START_TEST(test_ed25519_refuses_s_plus_the_order_of_the_group)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	uint8_t key[32], message[8], signature[64];
	bytes_of(vectors[2].key, key);
	bytes_of(vectors[2].signature, signature);
	size_t n = bytes_of(vectors[2].message, message);
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)signature[32 + i] + order[i];
		signature[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	ck_assert(!bn_ed25519_verify(key, signature, message, n));
}
END_TEST

/* With a key of small order and R of small order, S = 0 verifies for one message in eight (or for all). */
START_TEST(test_ed25519_refuses_keys_of_small_order_and_keys_that_are_not_canonical)
{
	static const char *const keys[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	uint8_t key[32], signature[64] = {0};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		bytes_of(keys[i], key);
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
			bytes_of(keys[k], signature);
			for (uint8_t m = 0; m < 16; m++)
				ck_assert(!bn_ed25519_verify(key, signature, &m, 1));
		}
	}
}
END_TEST

/* The verdict of libcrypto, after the strict checks of this file. */
static bool libcrypto_verifies(
	const uint8_t *key, const uint8_t *signature, const void *bytes, size_t n)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = pkey && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
		  EVP_DigestVerify(ctx, signature, 64, bytes, n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return ok;
}

static void libcrypto_signs(
	uint8_t *key, uint8_t *signature, const uint8_t *seed, const void *bytes, size_t n)
{
	size_t len = 64, key_len = 32;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ck_assert(pkey && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len, bytes, n), 1);
	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey, key, &key_len), 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

START_TEST(test_ed25519_equals_that_of_libcrypto)
{
	uint8_t seed[32], message[64], key[32], signature[64], theirs[64], their_key[32];
	uint64_t state = 88172645463325252u;
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < sizeof message; i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			message[i] = (uint8_t)(state >> 40);
			seed[i / 2] = (uint8_t)(state >> 20);
		}
		size_t n = (size_t)round % sizeof message;
		bn_ed25519_public(key, seed);
		bn_ed25519_sign(signature, key, seed, message, n);
		libcrypto_signs(their_key, theirs, seed, message, n);
		ck_assert_mem_eq(key, their_key, sizeof key);
		ck_assert_mem_eq(signature, theirs, sizeof signature);
		ck_assert(bn_ed25519_verify(key, signature, message, n));
		uint8_t *hit = round % 3 ? signature : key; /* as a forger might */
		hit[state % (round % 3 ? 64 : 32)] ^= (uint8_t)(1 << state / 64 % 8);
		ck_assert_int_eq(bn_ed25519_verify(key, signature, message, n),
			libcrypto_verifies(key, signature, message, n));
	}
}
END_TEST

BN_TEST_MAIN("core/base/ed25519", test_ed25519_equals_that_of_libcrypto,
	test_ed25519_agrees_with_rfc_8032, test_ed25519_refuses_any_changed_bit,
	test_ed25519_refuses_s_plus_the_order_of_the_group,
	test_ed25519_refuses_keys_of_small_order_and_keys_that_are_not_canonical)
