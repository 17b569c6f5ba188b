/* tally.c - see tally.h. */
#include "core/profile/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REGISTERS ((size_t)1 << BN_TALLY_HLL_BITS)
#define FIRST_SLOTS 16 /* a wide table has many columns of few values */

static inline uint64_t hash_bits(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t bn_hash_bits(uint64_t bits)
{
	return hash_bits(bits);
}

uint64_t bn_hash_text(const char *text, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ n;
	while (n >= 8) {
		uint64_t w;
		memcpy(&w, text, 8);
		h = bn_hash_bits(h ^ w) + 0x2545f4914f6cdd1du;
		text += 8;
		n -= 8;
	}
	uint64_t w = 0;
	if (n)
		memcpy(&w, text, n);
	return bn_hash_bits(h ^ w ^ (uint64_t)n << 56);
}

void bn_tally_init(bn_tally *t, bool is_text)
{
	memset(t, 0, sizeof *t);
	t->is_text = is_text;
	t->exact = t->has_top = true;
}

void bn_tally_release(bn_tally *t)
{
	bn_free(t->slots);
	bn_free(t->registers);
	bn_arena_release(&t->texts);
	bn_tally_init(t, t->is_text);
}

/* ---- HyperLogLog --------------------------------------------------------------------------- */

static void registers_add(uint8_t *registers, uint64_t hash)
{
	size_t i = hash >> (64 - BN_TALLY_HLL_BITS);
	uint64_t rest = hash << BN_TALLY_HLL_BITS;
	int rank = rest ? __builtin_clzll(rest) + 1 : 64 - BN_TALLY_HLL_BITS + 1;
	if (registers[i] < rank)
		registers[i] = (uint8_t)rank;
}

static double ertl_sigma(double x)
{
	if (x == 1)
		return INFINITY;
	double y = 1, z = x, before;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

static double ertl_tau(double x)
{
	if (x == 0 || x == 1)
		return 0;
	double y = 1, z = 1 - x, before;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

static double registers_estimate(const uint8_t *registers)
{
	enum { Q = 64 - BN_TALLY_HLL_BITS };
	double m = (double)REGISTERS, counts[Q + 2] = {0};
	for (size_t i = 0; i < REGISTERS; i++)
		counts[registers[i]]++;
	double z = m * ertl_tau(1 - counts[Q + 1] / m);
	for (int k = Q; k >= 1; k--)
		z = 0.5 * (z + counts[k]);
	z += m * ertl_sigma(counts[0] / m);
	return m * m / (2 * log(2) * z);
}

uint64_t bn_tally_distinct(const bn_tally *t)
{
	if (t->exact)
		return t->used;
	double estimate = registers_estimate(t->registers);
	uint64_t rounded = (uint64_t)llround(estimate);
	if (rounded > t->n)
		return t->n;
	return rounded > BN_TALLY_EXACT ? rounded : BN_TALLY_EXACT + 1; /* it did overflow */
}

/* ---- the table of counts ------------------------------------------------------------------- */

static bn_tally_slot *slot_find(bn_tally_slot *slots, size_t cap, uint64_t hash)
{
	size_t i = hash & (cap - 1);
	while (slots[i].count && slots[i].hash != hash)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int slots_rebuild(bn_tally *t, size_t cap, uint64_t take_off, bn_err *err)
{
	bn_tally_slot *slots = bn_alloc_zeroed(cap, sizeof *slots);
	if (!slots)
		return bn_err_nomem(err, "a table of counts");
	size_t used = 0;
	for (size_t i = 0; i < t->cap; i++) {
		bn_tally_slot s = t->slots[i];
		if (s.count <= take_off)
			continue;
		s.count -= take_off;
		*slot_find(slots, cap, s.hash) = s;
		used++;
	}
	bn_free(t->slots);
	t->slots = slots;
	t->cap = cap;
	t->used = used;
	return 0;
}

static int compare_counts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Texts of removed values stay in the arena until this copies the remaining ones. */
static int texts_compact(bn_tally *t, bn_err *err)
{
	bn_arena fresh = BN_ARENA_INIT;
	for (size_t i = 0; i < t->cap; i++) {
		if (!t->slots[i].count)
			continue;
		const char *copy = bn_arena_strdup(&fresh, t->slots[i].text);
		if (!copy) {
			bn_arena_release(&fresh);
			return bn_err_nomem(err, "frequent texts");
		}
		t->slots[i].text = copy;
	}
	bn_arena_release(&t->texts);
	t->texts = fresh;
	return 0;
}

static int slots_purge(bn_tally *t, bn_err *err)
{
	uint64_t *counts = bn_alloc(t->used * sizeof *counts);
	if (!counts)
		return bn_err_nomem(err, "a table of counts");
	size_t n = 0;
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].count)
			counts[n++] = t->slots[i].count;
	qsort(counts, n, sizeof *counts, compare_counts);
	uint64_t median = counts[n / 2];
	bn_free(counts);
	int rc = slots_rebuild(t, t->cap, median, err);
	t->purged += rc ? 0 : median;
	return rc || !t->is_text ? rc : texts_compact(t, err);
}

static void top_drop(bn_tally *t)
{
	bn_free(t->slots);
	t->slots = NULL;
	t->cap = t->used = 0;
	t->has_top = false;
	bn_arena_release(&t->texts);
}

/* From exact to estimated: the registers take over the table's hashes. */
static int tally_overflow(bn_tally *t, bn_err *err)
{
	int rc = t->overflow ? t->overflow(t->overflow_ctx, t, err) : 0;
	if (rc < 0)
		return rc;
	t->registers = bn_alloc_zeroed(REGISTERS, 1);
	if (!t->registers)
		return bn_err_nomem(err, "a distinct counter");
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].count)
			registers_add(t->registers, t->slots[i].hash);
	t->exact = false;
	if (t->n < 2 * (uint64_t)t->used)
		top_drop(t);
	return 0;
}

/* A slot for a hash that may be new; *out is NULL if the table is not kept. */
static int slot_make(bn_tally *t, uint64_t hash, bn_tally_slot **out, bn_err *err)
{
	int rc = 0;
	*out = NULL;
	if (t->registers)
		registers_add(t->registers, hash);
	if (!t->has_top)
		return 0;
	if (t->cap) {
		*out = slot_find(t->slots, t->cap, hash);
		if ((*out)->count)
			return 0;
	}
	if (t->used >= BN_TALLY_EXACT) {
		if (t->exact) {
			rc = tally_overflow(t, err);
			if (!rc)
				registers_add(t->registers, hash);
		}
		if (!rc && t->has_top)
			rc = slots_purge(t, err);
		*out = NULL;
		if (rc || !t->has_top)
			return rc;
	}
	if (2 * (t->used + 1) > t->cap)
		rc = slots_rebuild(t, t->cap ? 2 * t->cap : FIRST_SLOTS, 0, err);
	if (!rc)
		*out = slot_find(t->slots, t->cap, hash);
	return rc;
}

int bn_tally_add_bits(bn_tally *t, uint64_t bits, uint64_t count, bn_err *err)
{
	if (!count)
		return 0;
	uint64_t hash = bn_hash_bits(bits);
	t->n += count;
	bn_tally_slot *s;
	int rc = slot_make(t, hash, &s, err);
	if (rc || !s)
		return rc;
	if (!s->count) {
		s->hash = hash;
		s->bits = bits;
		t->used++;
	}
	s->count += count;
	return 0;
}

/* The number of slots for n values, most of which may be equal. */
static size_t first_slots(size_t n)
{
	size_t cap = FIRST_SLOTS;
	while (cap < 2 * n && cap < 64)
		cap *= 2;
	return cap;
}

int bn_tally_add_all(bn_tally *t, const uint64_t *bits, size_t n, size_t *counted, bn_err *err)
{
	size_t i = 0;
	int rc = !t->cap && t->has_top && n ? slots_rebuild(t, first_slots(n), 0, err) : 0;
	if (rc < 0)
		return rc;
	*counted = t->exact ? n : 0;
	for (; i < n && t->has_top; i++) {
		const uint64_t hash = hash_bits(bits[i]);
		bn_tally_slot *s = t->cap && t->exact ? slot_find(t->slots, t->cap, hash) : NULL;
		if (s && s->count) { /* seen before, as most are */
			s->count++;
			t->n++;
			continue;
		}
		bool exact = t->exact;
		if ((rc = bn_tally_add_bits(t, bits[i], 1, err)) < 0)
			return rc;
		if (exact && !t->exact)
			*counted = i;
	}
	t->n += n - i;
	uint8_t *registers = t->registers; /* bytes may alias anything: do not reload for each */
	for (; i < n; i++)
		registers_add(registers, hash_bits(bits[i]));
	return 0;
}

static int add_hashed_text(
	bn_tally *t, uint64_t hash, const char *text, size_t n, uint64_t count, bn_err *err)
{
	t->n += count;
	bn_tally_slot *s;
	int rc = slot_make(t, hash, &s, err);
	if (rc || !s)
		return rc;
	if (!s->count) {
		if (n > BN_TALLY_TEXT) {
			n = BN_TALLY_TEXT;
			while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
				n--; /* not within a character */
		}
		char *copy = bn_arena_alloc(&t->texts, n + 1);
		if (!copy)
			return bn_err_nomem(err, "frequent texts");
		memcpy(copy, text, n);
		s->hash = hash;
		s->text = copy;
		t->used++;
	}
	s->count += count;
	return 0;
}

int bn_tally_add_text(bn_tally *t, const char *text, size_t n, uint64_t count, bn_err *err)
{
	return count ? add_hashed_text(t, bn_hash_text(text, n), text, n, count, err) : 0;
}

int bn_tally_merge(bn_tally *t, const bn_tally *other, bn_err *err)
{
	int rc = 0;
	uint64_t total = t->n + other->n;
	if (!other->exact && t->exact)
		rc = tally_overflow(t, err);
	if (!rc && !other->exact) {
		for (size_t i = 0; i < REGISTERS; i++)
			if (t->registers[i] < other->registers[i])
				t->registers[i] = other->registers[i];
		t->purged += other->purged;
		if (!other->has_top)
			top_drop(t);
	}
	for (size_t i = 0; !rc && i < other->cap; i++) {
		const bn_tally_slot *s = &other->slots[i];
		if (!s->count)
			continue;
		if (t->is_text)
			rc = add_hashed_text(t, s->hash, s->text, strlen(s->text), s->count, err);
		else
			rc = bn_tally_add_bits(t, s->bits, s->count, err);
	}
	t->n = total;
	return rc;
}

/* ---- the most frequent --------------------------------------------------------------------- */

typedef bool (*less_fn)(uint64_t, uint64_t);

static bool slot_before(
	const bn_tally *t, const bn_tally_slot *a, const bn_tally_slot *b, less_fn less)
{
	if (a->count != b->count)
		return a->count > b->count;
	if (t->is_text) {
		int c = strcmp(a->text, b->text);
		return c ? c < 0 : a->hash < b->hash;
	}
	return less ? less(a->bits, b->bits) : a->bits < b->bits;
}

size_t bn_tally_top(const bn_tally *t, size_t k, less_fn less, const bn_tally_slot **out)
{
	size_t n = 0;
	if (!t->has_top || !k)
		return 0;
	for (size_t i = 0; i < t->cap; i++) {
		const bn_tally_slot *s = &t->slots[i];
		if (!s->count || (n == k && !slot_before(t, s, out[n - 1], less)))
			continue;
		size_t at = n < k ? n++ : k - 1;
		for (; at > 0 && slot_before(t, s, out[at - 1], less); at--)
			out[at] = out[at - 1];
		out[at] = s;
	}
	return n;
}
