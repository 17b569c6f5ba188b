/* numbering.h - numbers for the values of a column, by their keys: 0, 1, ... in the order in which they appear. */
#ifndef BN_DATA_NUMBERING_H
#define BN_DATA_NUMBERING_H
#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bn_numbering {
	uint64_t *keys;
	uint32_t *numbers; /* + 1; 0: an empty slot */
	size_t used, cap;
} bn_numbering;

int bn_number_of(uint32_t *out, bn_numbering *n, uint64_t key, bn_err *err);
void bn_numbering_release(bn_numbering *n);

#endif
