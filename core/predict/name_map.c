/* name_map.c - see _name_map.h. */
#include "core/predict/_name_map.h"

#include "core/base/mem.h"

#include <string.h>

/* FNV-1a, 64 bits. */
static uint64_t hash_name(const char *name, size_t len)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211u;
	return h ^ (h >> 29);
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
		size_t len = strlen(names[i]), at = hash_name(names[i], len) & m->mask;
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
	for (size_t at = hash_name(name, len) & m->mask;; at = (at + 1) & m->mask) {
		int32_t i = m->slots[at];
		if (i < 0)
			return -1;
		if (!strncmp(m->names[i], name, len) && m->names[i][len] == '\0')
			return i;
	}
}
