/*
 * hash_key.h - FNV-1a, 64 bits (draft-eastlake-fnv), for hash tables keyed by rows and names.
 *
 * Not safe against chosen input: where users choose the texts, compare them as well.
 */
#ifndef BN_BASE_HASH_KEY_H
#define BN_BASE_HASH_KEY_H
#include <stdint.h>

static inline uint64_t bn_hash_key(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

#endif
