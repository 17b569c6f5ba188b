/*
 * hash_key.h - FNV-1a, 64 bits (draft-eastlake-fnv), for hash tables keyed by rows and names.
 *
 * Not safe against chosen input: where users choose the texts, compare them as well.
 */
#ifndef BN_BASE_HASH_KEY_H
#define BN_BASE_HASH_KEY_H
#include <stddef.h>
#include <stdint.h>

#define BN_HASH_KEY UINT64_C(14695981039346656037) /* of the empty text */

/* Continues the key h with n bytes, or with a text. */
static inline uint64_t bn_hash_key_bytes(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * UINT64_C(1099511628211);
	return h;
}

static inline uint64_t bn_hash_key_on(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

static inline uint64_t bn_hash_key(const char *text)
{
	return bn_hash_key_on(BN_HASH_KEY, text);
}

/* The slot of a key in a table of `size` slots, a power of two. */
static inline size_t bn_hash_slot(uint64_t key, size_t size)
{
	return (size_t)(key ^ key >> 32) & (size - 1);
}

#endif
