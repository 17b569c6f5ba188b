/*
 * dict.h - collecting distinct strings: text to code, codes in order of first appearance.
 *
 * Open addressing over a power of two of slots, at most half full. Slots are not visible: codes
 * only depend on the order of the calls.
 */
#ifndef BN_TABLE_DICT_H
#define BN_TABLE_DICT_H
#include "core/base/buf.h"
#include "core/table/table.h"

typedef struct bn_dict_slot {
	uint32_t hash;
	int32_t code; /* -1: free */
} bn_dict_slot;

typedef struct bn_dict_builder {
	bn_dict_slot *slots;
	size_t slot_count;
	int32_t *offsets;
	size_t offsets_cap;
	size_t count;
	bn_buf bytes;
} bn_dict_builder;

#define BN_DICT_BUILDER_INIT \
	{ \
		NULL, 0, NULL, 0, 0, BN_BUF_INIT \
	}

void bn_dict_builder_release(bn_dict_builder *b);
void bn_dict_builder_clear(bn_dict_builder *b); /* removes all strings, keeps the memory */
/* The code of the text, added if new; -1 if out of memory or beyond 2 GiB. */
int32_t bn_dict_builder_add(bn_dict_builder *b, const char *text, size_t n);
/* The collected strings; borrowed until the next add. */
bn_dict bn_dict_builder_view(const bn_dict_builder *b);

#endif
