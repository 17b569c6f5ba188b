/*
 * cell_hash.h - a 128-bit hash that identifies a cell's value: numbers by value, text and bytes by
 * their bytes, lists by their values in order. Not stored in any file.
 */
#ifndef BN_PROFILE_CELL_HASH_H
#define BN_PROFILE_CELL_HASH_H
#include "core/table/table.h"

/* Mixes the value into *a and *b. False if it is absent (which is mixed in too). */
bool bn_cell_hash(uint64_t *a, uint64_t *b, const bn_column *c, size_t row);

#endif
