/*
 * name_map.h - maps names to numbers, for look-ups on every request and among many columns. Immutable after
 * creation.
 */
#ifndef BN_BASE_NAME_MAP_H
#define BN_BASE_NAME_MAP_H
#include "core/base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bn_name_map {
	const char *const *names; /* borrowed */
	int32_t *slots;           /* open addressing, -1 free */
	size_t mask;
} bn_name_map;

/* names[count]: must outlive the map. Of equal names the first is found. */
int bn_name_map_init(bn_name_map *m, const char *const *names, size_t count, bn_err *err);
void bn_name_map_release(bn_name_map *m); /* a zeroed one is fine */
int32_t bn_name_map_find(const bn_name_map *m, const char *name, size_t len); /* or -1 */

#endif
