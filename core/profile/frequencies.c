/* frequencies.c - see frequencies.h. */
#include "core/profile/frequencies.h"

#include "core/base/mem.h"
#include "core/profile/tally.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE ((size_t)2 << 20) /* values that a pass counts: 96 MiB */

static size_t at_once = AT_ONCE;

void bn_frequencies_limit(size_t values)
{
	at_once = values ? values : AT_ONCE;
}

/* ---- values ----------------------------------------------------------------------------------- */

/* value NULL: it is absent. */
typedef int (*value_fn)(void *ctx, const bn_text *value, uint64_t row, bn_err *err);

static bool value_text(const bn_column *c, size_t row, bn_buf *scratch, bn_text *out)
{
	*out = bn_column_text(c, row);
	if (out->ptr)
		return true;
	bn_buf_clear(scratch);
	if (!bn_column_format(c, row, scratch))
		return false;
	*out = (bn_text){scratch->ptr, scratch->len};
	if (scratch->len == 2 && !memcmp(scratch->ptr, "-0", 2))
		*out = (bn_text){scratch->ptr + 1, 1};
	return true;
}

static int each_value(bn_table_reader *table, size_t column, value_fn fn, void *ctx,
	const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf scratch = BN_BUF_INIT;
	bn_text value;
	int rc = 0;

	for (size_t b = 0; b < bn_table_batches(table); b++) {
		uint64_t start = bn_table_batch_start(table, b);
		if ((rc = bn_progress_step(watch, "counting", start, bn_table_rows(table), err)) <
				0 ||
			(rc = bn_table_read(table, b, &column, 1, &batch, err)) < 0)
			goto out;
		for (size_t r = 0; r < batch.rows; r++) {
			bool is = value_text(&batch.columns[0], r, &scratch, &value);
			if ((rc = fn(ctx, is ? &value : NULL, start + r, err)) < 0)
				goto out;
		}
		bn_table_forget(table, &batch);
	}
out:
	bn_batch_release(&batch);
	bn_buf_release(&scratch);
	return rc;
}

/* ---- counting --------------------------------------------------------------------------------- */

typedef struct slot {
	uint64_t hash, count, first_row; /* count 0: empty */
} slot;

typedef struct counting {
	slot *slots;
	size_t used, cap;         /* a power of two */
	unsigned part, part_bits; /* hashes whose first bits are the part's number */
	bool overflow;
	uint64_t missing;
} counting;

static slot *find_slot(slot *slots, size_t cap, uint64_t hash)
{
	size_t i = bn_hash_bits(hash) & (cap - 1);

	while (slots[i].count && slots[i].hash != hash)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int grow(counting *c, bn_err *err)
{
	size_t cap = c->cap ? 2 * c->cap : 4096;
	slot *slots = bn_alloc_zeroed(cap, sizeof *slots);

	if (!slots)
		return bn_err_nomem(err, "frequencies");
	for (size_t i = 0; i < c->cap; i++)
		if (c->slots[i].count)
			*find_slot(slots, cap, c->slots[i].hash) = c->slots[i];
	bn_free(c->slots);
	c->slots = slots;
	c->cap = cap;
	return 0;
}

static int count_value(void *ctx, const bn_text *value, uint64_t row, bn_err *err)
{
	counting *c = ctx;
	int rc;

	if (!value) {
		c->missing++;
		return 0;
	}
	uint64_t hash = bn_hash_text(value->ptr, value->len);
	if (c->overflow || (c->part_bits && hash >> (64 - c->part_bits) != c->part))
		return 0;
	if (2 * (c->used + 1) > c->cap && (rc = grow(c, err)) < 0)
		return rc;
	slot *s = find_slot(c->slots, c->cap, hash);
	if (!s->count && c->used == at_once) {
		c->overflow = true;
		return 0;
	}
	if (!s->count++) {
		s->hash = hash;
		s->first_row = row;
		c->used++;
	}
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const bn_frequency_value *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->text && y->text)
		return strcmp(x->text, y->text);
	return (x->first_row > y->first_row) - (x->first_row < y->first_row);
}

/* What a pass counted joins the most frequent values so far, of which the first `most` are kept. */
static int join(bn_frequencies *f, const counting *c, size_t most, bn_err *err)
{
	bn_frequency_value *all = bn_realloc(f->values, (f->count + c->used + 1) * sizeof *all);
	size_t n = f->count;

	if (!all)
		return bn_err_nomem(err, "frequencies");
	f->values = all;
	for (size_t i = 0; i < c->cap; i++)
		if (c->slots[i].count)
			all[n++] = (bn_frequency_value){
				NULL, c->slots[i].count, c->slots[i].first_row};
	qsort(all, n, sizeof *all, by_count);
	f->count = n < most ? n : most;
	f->distinct += c->used;
	return 0;
}

/* All parts of the hashes, one after the other; *overflow when there should be more of them. */
static int count_parts(bn_frequencies *f, bool *overflow, unsigned part_bits,
	bn_table_reader *table, size_t column, size_t most, const bn_progress *watch, bn_err *err)
{
	counting c = {.part_bits = part_bits};
	int rc = 0;

	*overflow = false;
	f->count = 0;
	f->distinct = 0;
	for (; c.part < 1u << part_bits; c.part++) {
		c.used = 0;
		c.missing = 0;
		if (c.slots)
			memset(c.slots, 0, c.cap * sizeof *c.slots);
		if ((rc = each_value(table, column, count_value, &c, watch, err)) < 0)
			goto out;
		f->missing = c.missing;
		if ((*overflow = c.overflow) || (rc = join(f, &c, most, err)) < 0)
			goto out;
	}
out:
	bn_free(c.slots);
	return rc;
}

/* ---- texts ------------------------------------------------------------------------------------ */

typedef struct fetching {
	bn_frequency_value *values; /* by row */
	size_t n, next;
} fetching;

static int by_row(const void *a, const void *b)
{
	const bn_frequency_value *x = a, *y = b;

	return (x->first_row > y->first_row) - (x->first_row < y->first_row);
}

static int fetch_text(void *ctx, const bn_text *value, uint64_t row, bn_err *err)
{
	fetching *f = ctx;

	if (f->next == f->n || f->values[f->next].first_row != row || !value)
		return 0;
	if (!(f->values[f->next++].text = bn_strndup(value->ptr, value->len)))
		return bn_err_nomem(err, "frequencies");
	return 0;
}

int bn_frequencies_count(bn_frequencies *out, bn_table_reader *table, size_t column, size_t k,
	const bn_progress *watch, bn_err *err)
{
	size_t most = k > BN_FREQUENCIES_SORTED ? k : BN_FREQUENCIES_SORTED;
	bn_frequencies f = {.rows = bn_table_rows(table)};
	bool overflow = true;
	int rc;

	for (unsigned bits = 0; overflow && bits <= 32; bits += 2)
		if ((rc = count_parts(&f, &overflow, bits, table, column, most, watch, err)) < 0)
			goto out;
	if (f.distinct > BN_FREQUENCIES_SORTED)
		f.count = f.count < k ? f.count : k;
	qsort(f.values, f.count, sizeof *f.values, by_row);
	if ((rc = each_value(
		     table, column, fetch_text, &(fetching){f.values, f.count, 0}, watch, err)) < 0)
		goto out;
	qsort(f.values, f.count, sizeof *f.values, by_count);
	while (f.count > k)
		bn_free(f.values[--f.count].text);
out:
	if (rc < 0)
		bn_frequencies_release(&f);
	else
		*out = f;
	return rc;
}

void bn_frequencies_release(bn_frequencies *f)
{
	for (size_t i = 0; i < f->count; i++)
		bn_free(f->values[i].text);
	bn_free(f->values);
	*f = (bn_frequencies){.values = NULL};
}
