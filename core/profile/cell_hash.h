/*
 * cell_hash.h - 128 bits that tell a cell's value from others: numbers by value, text and bytes by their bytes,
 * lists by their values in order. Not part of any file.
 */
#ifndef BN_PROFILE_CELL_HASH_H
#define BN_PROFILE_CELL_HASH_H
#include "core/table/table.h"

/* Mixes the value into *a and *b. False when it is absent (mixed in all the same). */
bool bn_cell_hash(uint64_t *a, uint64_t *b, const bn_column *c, size_t row);

#endif
