/* dict.c - see dict.h. */
#include "core/table/dict.h"

#include <string.h>

#define FIRST_SLOTS 16 /* small: a wide table has many dictionaries of few texts */

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load64(const char *s)
{
	uint64_t x;

	memcpy(&x, s, 8);
	return x;
}

static uint32_t load32(const char *s)
{
	uint32_t x;

	memcpy(&x, s, 4);
	return x;
}

/* n < 8 bytes as a number, unique together with the length. */
static uint64_t load_short(const char *s, size_t n)
{
	if (n >= 4)
		return load32(s) | (uint64_t)load32(s + n - 4) << 32;
	if (!n)
		return 0;
	return (uint64_t)(uint8_t)s[0] | (uint64_t)(uint8_t)s[n / 2] << 8 |
	       (uint64_t)(uint8_t)s[n - 1] << 16;
}

/* Long texts end with a load that overlaps the previous one. */
static uint32_t hash_text(const char *s, size_t n)
{
	const uint64_t k = 0x9e3779b97f4a7c15u, l = 0xc6ef3720dd1c5e38u;
	uint64_t h = n * k;

	if (n < 8)
		return (uint32_t)mix(h ^ load_short(s, n), l);
	for (size_t i = 0; i + 8 < n; i += 8)
		h = mix(h ^ load64(s + i), l);
	return (uint32_t)mix(h ^ load64(s + n - 8), l);
}

static bool same_text(const char *a, const char *b, size_t n)
{
	if (n < 8)
		return load_short(a, n) == load_short(b, n);
	for (size_t i = 0; i + 8 < n; i += 8) {
		if (load64(a + i) != load64(b + i))
			return false;
	}
	return load64(a + n - 8) == load64(b + n - 8);
}

void bn_dict_builder_release(bn_dict_builder *b)
{
	bn_free(b->slots);
	bn_free(b->offsets);
	bn_buf_release(&b->bytes);
	*b = (bn_dict_builder)BN_DICT_BUILDER_INIT;
}

void bn_dict_builder_clear(bn_dict_builder *b)
{
	for (size_t i = 0; i < b->slot_count && b->count; i++)
		b->slots[i].code = -1;
	b->count = 0;
	bn_buf_clear(&b->bytes);
}

/* Doubles the slots and rehashes. */
static int grow_slots(bn_dict_builder *b)
{
	size_t n = b->slot_count ? b->slot_count * 2 : FIRST_SLOTS;
	bn_dict_slot *slots = bn_alloc(n * sizeof *slots);

	if (!slots)
		return -1;
	for (size_t i = 0; i < n; i++)
		slots[i] = (bn_dict_slot){0, -1};
	for (size_t i = 0; i < b->slot_count; i++) {
		bn_dict_slot s = b->slots[i];
		if (s.code < 0)
			continue;
		size_t at = s.hash & (n - 1);
		while (slots[at].code >= 0)
			at = (at + 1) & (n - 1);
		slots[at] = s;
	}
	bn_free(b->slots);
	b->slots = slots;
	b->slot_count = n;
	return 0;
}

int32_t bn_dict_builder_add(bn_dict_builder *b, const char *text, size_t n)
{
	uint32_t hash = hash_text(text, n);

	if (b->count * 2 >= b->slot_count && grow_slots(b))
		return -1;
	size_t at = hash & (b->slot_count - 1);
	for (; b->slots[at].code >= 0; at = (at + 1) & (b->slot_count - 1)) {
		int32_t code = b->slots[at].code;
		if (b->slots[at].hash != hash)
			continue;
		size_t from = (size_t)b->offsets[code], to = (size_t)b->offsets[code + 1];
		if (to - from == n && same_text(b->bytes.ptr + from, text, n))
			return code;
	}
	if (b->bytes.len + n > INT32_MAX || b->count >= INT32_MAX - 1 ||
		bn_grow(&b->offsets, &b->offsets_cap, b->count + 2, sizeof *b->offsets))
		return -1;
	bn_buf_add(&b->bytes, text, n);
	if (b->bytes.failed)
		return -1;
	b->offsets[0] = 0;
	b->offsets[b->count + 1] = (int32_t)b->bytes.len;
	b->slots[at] = (bn_dict_slot){hash, (int32_t)b->count};
	return (int32_t)b->count++;
}

bn_dict bn_dict_builder_view(const bn_dict_builder *b)
{
	static const int32_t none[1];

	return (bn_dict){b->count, b->count ? b->offsets : none, b->bytes.ptr};
}
