/* numbering.c - see numbering.h. */
#include "core/data/numbering.h"

#include "core/base/mem.h"
#include "core/profile/tally.h"

#include <string.h>

static uint32_t *slot_of(const bn_numbering *n, uint64_t key)
{
	size_t i = bn_hash_bits(key) & (n->cap - 1);

	while (n->numbers[i] && n->keys[i] != key)
		i = (i + 1) & (n->cap - 1);
	n->keys[i] = key;
	return &n->numbers[i];
}

static int grow(bn_numbering *n, bn_err *err)
{
	bn_numbering more = {.used = n->used, .cap = n->cap ? 2 * n->cap : 1024};

	more.keys = bn_alloc(more.cap * sizeof *more.keys);
	more.numbers = bn_alloc_zeroed(more.cap, sizeof *more.numbers);
	if (!more.keys || !more.numbers) {
		bn_numbering_release(&more);
		return bn_err_nomem(err, "numbers of values");
	}
	for (size_t i = 0; i < n->cap; i++)
		if (n->numbers[i])
			*slot_of(&more, n->keys[i]) = n->numbers[i];
	bn_numbering_release(n);
	*n = more;
	return 0;
}

int bn_number_of(uint32_t *out, bn_numbering *n, uint64_t key, bn_err *err)
{
	uint32_t *slot;
	int rc;

	if (2 * (n->used + 1) > n->cap && (rc = grow(n, err)) < 0)
		return rc;
	slot = slot_of(n, key);
	if (!*slot)
		*slot = (uint32_t)++n->used;
	*out = *slot - 1;
	return 0;
}

void bn_numbering_release(bn_numbering *n)
{
	bn_free(n->keys);
	bn_free(n->numbers);
	memset(n, 0, sizeof *n);
}
