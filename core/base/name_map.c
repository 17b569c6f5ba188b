/* name_map.c - see name_map.h. */
#include "core/base/name_map.h"

#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

static size_t slot_of(const bn_name_map *m, const char *name, size_t len)
{
	return bn_hash_slot(bn_hash_key_bytes(BN_HASH_KEY, name, len), m->mask + 1);
}

int bn_name_map_init(bn_name_map *m, const char *const *names, size_t count, bn_err *err)
{
	size_t size = 8;
	while (size < count * 2)
		size *= 2;
	*m = (bn_name_map){names, bn_alloc(size * sizeof *m->slots), size - 1};
	if (!m->slots)
		return bn_err_nomem(err, "a map of names");
	memset(m->slots, 0xff, size * sizeof *m->slots);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]), at = slot_of(m, names[i], len);
		if (bn_name_map_find(m, names[i], len) >= 0)
			continue;
		while (m->slots[at] >= 0)
			at = (at + 1) & m->mask;
		m->slots[at] = (int32_t)i;
	}
	return 0;
}

void bn_name_map_release(bn_name_map *m)
{
	bn_free(m->slots);
	*m = (bn_name_map){NULL, NULL, 0};
}

int32_t bn_name_map_find(const bn_name_map *m, const char *name, size_t len)
{
	if (!m->slots)
		return -1;
	for (size_t at = slot_of(m, name, len);; at = (at + 1) & m->mask) {
		int32_t i = m->slots[at];
		if (i < 0)
			return -1;
		if (bn_str_is(m->names[i], name, len))
			return i;
	}
}
