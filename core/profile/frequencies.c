/* frequencies.c - see frequencies.h. */
#include "core/profile/frequencies.h"

#include "core/base/mem.h"
#include "core/profile/_cell_value.h"
#include "core/profile/sort.h"
#include "core/profile/tally.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE ((size_t)2 << 20) /* values counted per pass: 96 MiB */

/* If there are more distinct values, hashes are sorted if memory allows: then equal ones are
 * adjacent. */
#define SORTED_FROM ((size_t)1 << 17)
#define SORTED_ROWS ((uint64_t)16 << 20) /* 256 MiB */

static size_t at_once = AT_ONCE;
static bool may_sort = true;

static bool can_sort(const bn_table_reader *table)
{
	return may_sort && bn_table_rows(table) <= SORTED_ROWS;
}

void bn_frequencies_limit(size_t values, bool sorts)
{
	at_once = values ? values : AT_ONCE;
	may_sort = sorts;
}

/* ---- counting --------------------------------------------------------------------------------- */

typedef struct slot {
	uint64_t hash, count, first_row; /* count 0: empty */
} slot;

typedef struct counting {
	slot *slots;
	size_t used, cap;         /* a power of two */
	size_t most;              /* values counted at once */
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

static int add_hash(counting *c, uint64_t hash, uint64_t count, uint64_t first_row, bn_err *err)
{
	int rc;
	if (c->overflow || (c->part_bits && hash >> (64 - c->part_bits) != c->part))
		return 0;
	if (2 * (c->used + 1) > c->cap && (rc = grow(c, err)) < 0)
		return rc;
	slot *s = find_slot(c->slots, c->cap, hash);
	if (!s->count && c->used == c->most) {
		c->overflow = true;
		return 0;
	}
	if (!s->count) {
		s->hash = hash;
		s->first_row = first_row;
		c->used++;
	}
	s->count += count;
	return 0;
}

/* False: there is no value. */
static bool value_hash(const bn_column *c, size_t row, bool bits, bn_buf *scratch, uint64_t *hash)
{
	bn_text value;
	if (bits ? bn_column_is_null(c, row) : !bn_cell_text(c, row, scratch, &value))
		return false;
	*hash = bits ? bn_hash_bits(bn_cell_bits(c, row)) : bn_hash_text(value.ptr, value.len);
	return true;
}

static int count_batch(counting *c, const bn_batch *b, bn_buf *scratch, bn_err *err)
{
	const bn_column *col = &b->columns[0];
	bool bits = bn_cell_has_bits(col->type);
	uint64_t hash;
	int rc = 0;
	for (size_t r = 0; r < b->rows && !c->overflow; r++) {
		if (!value_hash(col, r, bits, scratch, &hash)) {
			c->missing++;
			continue;
		}
		if ((rc = add_hash(c, hash, 1, b->first_row + r, err)) < 0)
			return rc;
	}
	return 0;
}

/* For a category: counts codes, then the texts that occur. */
typedef struct codes {
	uint64_t *counts, *first_rows;
	size_t n;
} codes;

static void count_codes(codes *k, counting *c, const bn_batch *b)
{
	const bn_column *col = &b->columns[0];
	for (size_t r = 0; r < b->rows; r++) {
		if (bn_column_is_null(col, r)) {
			c->missing++;
			continue;
		}
		size_t code = (size_t)col->codes[r];
		if (!k->counts[code]++)
			k->first_rows[code] = b->first_row + r;
	}
}

static int add_codes(const codes *k, counting *c, const bn_dict *dict, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < k->n; i++) {
		bn_text t = bn_dict_get(dict, i);
		if (k->counts[i] && (rc = add_hash(c, bn_hash_text(t.ptr, t.len), k->counts[i],
					     k->first_rows[i], err)) < 0)
			return rc;
	}
	return 0;
}

/* One pass over the column. */
static int count_column(
	counting *c, bn_table_reader *table, size_t column, const bn_progress *watch, bn_err *err)
{
	const bn_dict *dict = bn_table_dict(table, column);
	codes k = {.n = dict ? dict->count : 0};
	bn_batch batch = BN_BATCH_INIT;
	bn_buf scratch = BN_BUF_INIT;
	int rc = 0;
	k.counts = bn_alloc_zeroed(k.n + 1, sizeof *k.counts);
	k.first_rows = bn_alloc_zeroed(k.n + 1, sizeof *k.first_rows);
	if (!k.counts || !k.first_rows) {
		rc = bn_err_nomem(err, "frequencies");
		goto out;
	}
	for (size_t b = 0; b < bn_table_batches(table) && !c->overflow; b++) {
		if ((rc = bn_progress_step(watch, "counting", bn_table_batch_start(table, b),
			     bn_table_rows(table), err)) < 0 ||
			(rc = bn_table_read(table, b, &column, 1, &batch, err)) < 0)
			goto out;
		if (dict)
			count_codes(&k, c, &batch);
		else if ((rc = count_batch(c, &batch, &scratch, err)) < 0)
			goto out;
		bn_table_forget(table, &batch);
	}
	rc = add_codes(&k, c, dict, err);
out:
	bn_free(k.counts);
	bn_free(k.first_rows);
	bn_batch_release(&batch);
	bn_buf_release(&scratch);
	return rc;
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

/* Merges a pass's counts into the most frequent values so far, and keeps the first `most`. */
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
				NULL, 0, c->slots[i].count, c->slots[i].first_row};
	qsort(all, n, sizeof *all, by_count);
	f->count = n < most ? n : most;
	f->distinct += c->used;
	return 0;
}

/* All parts of the hashes in turn; *overflow if more parts are needed. */
static int count_parts(bn_frequencies *f, bool *overflow, unsigned part_bits,
	bn_table_reader *table, size_t column, size_t most, const bn_progress *watch, bn_err *err)
{
	counting c = {.part_bits = part_bits, .most = at_once};
	int rc = 0;

	if (can_sort(table) && c.most > SORTED_FROM)
		c.most = SORTED_FROM; /* for more, sorting is faster */

	*overflow = false;
	bn_free(f->values);
	f->values = NULL;
	f->count = 0;
	f->distinct = 0;
	for (; c.part < 1u << part_bits; c.part++) {
		c.used = 0;
		c.missing = 0;
		if (c.slots)
			memset(c.slots, 0, c.cap * sizeof *c.slots);
		if ((rc = count_column(&c, table, column, watch, err)) < 0)
			goto out;
		f->missing = c.missing;
		if ((*overflow = c.overflow) || (rc = join(f, &c, most, err)) < 0)
			goto out;
	}
out:
	bn_free(c.slots);
	return rc;
}

/* ---- of many distinct values ----------------------------------------------------------------- */

typedef struct hashed {
	uint64_t *hashes, *other; /* distinct ones, increasing; their counts are in other */
	size_t count;
	uint64_t least; /* the count of the last wanted values */
	size_t ties;    /* the number of values with that count */
} hashed;

static uint32_t *counts_of(const hashed *h)
{
	return (uint32_t *)(void *)h->other;
}

/* Merges equal neighbours into one, with a count. */
static void count_runs(hashed *h, size_t n)
{
	uint32_t *counts = counts_of(h);
	h->count = 0;
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && h->hashes[k] == h->hashes[i]; k++)
			;
		h->hashes[h->count] = h->hashes[i];
		counts[h->count++] = (uint32_t)(k - i);
	}
}

/* Finds which counts are among the `most` largest. */
static int choose(hashed *h, size_t most, bn_err *err)
{
	enum { COUNTS = 1 << 16 };
	uint32_t *with = bn_alloc_zeroed(COUNTS, sizeof *with);
	size_t above = 0;
	if (!with)
		return bn_err_nomem(err, "frequencies");
	for (size_t i = 0; i < h->count; i++)
		with[counts_of(h)[i] < COUNTS ? counts_of(h)[i] : COUNTS - 1]++;
	h->least = COUNTS - 1;
	while (h->least > 1 && above + with[h->least] < most)
		above += with[h->least--];
	h->ties = most > above ? most - above : 0;
	h->ties = h->ties < with[h->least] ? h->ties : with[h->least];
	bn_free(with);
	return 0;
}

static uint64_t count_of(const hashed *h, uint64_t hash)
{
	size_t low = 0, high = h->count;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		if (h->hashes[mid] <= hash)
			low = mid;
		else
			high = mid;
	}
	return counts_of(h)[low];
}

static int read_hashes(hashed *h, bn_frequencies *f, size_t *n, bn_table_reader *table,
	size_t column, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf scratch = BN_BUF_INIT;
	int rc = 0;
	for (size_t b = 0; b < bn_table_batches(table); b++) {
		if ((rc = bn_progress_step(watch, "hashing", bn_table_batch_start(table, b),
			     bn_table_rows(table), err)) < 0 ||
			(rc = bn_table_read(table, b, &column, 1, &batch, err)) < 0)
			break;
		bool bits = bn_cell_has_bits(batch.columns[0].type);
		for (size_t r = 0; r < batch.rows; r++)
			*n += value_hash(&batch.columns[0], r, bits, &scratch, &h->hashes[*n]);
	}
	f->missing = bn_table_rows(table) - *n;
	bn_batch_release(&batch);
	bn_buf_release(&scratch);
	return rc;
}

/* The wanted values in the order of their first rows: those with more than the least count, and as
 * many with that count as are wanted. */
static int first_rows(bn_frequencies *f, hashed *h, size_t most, bn_table_reader *table,
	size_t column, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf scratch = BN_BUF_INIT;
	counting seen = {.most = SIZE_MAX};
	uint64_t hash;
	int rc = 0;
	size_t want = most < h->count ? most : h->count;
	if (!(f->values = bn_alloc_zeroed(want + 1, sizeof *f->values)))
		return bn_err_nomem(err, "frequencies");
	for (size_t b = 0; b < bn_table_batches(table) && f->count < want; b++) {
		if ((rc = bn_progress_step(watch, "looking", bn_table_batch_start(table, b),
			     bn_table_rows(table), err)) < 0 ||
			(rc = bn_table_read(table, b, &column, 1, &batch, err)) < 0)
			goto out;
		bool bits = bn_cell_has_bits(batch.columns[0].type);
		for (size_t r = 0; r < batch.rows && f->count < want; r++) {
			if (!value_hash(&batch.columns[0], r, bits, &scratch, &hash))
				continue;
			uint64_t count = count_of(h, hash);
			size_t before = seen.used;
			if (count < h->least || (count == h->least && !h->ties))
				continue;
			if ((rc = add_hash(&seen, hash, 1, 0, err)) < 0)
				goto out;
			if (seen.used == before)
				continue;
			h->ties -= count == h->least;
			f->values[f->count++] =
				(bn_frequency_value){NULL, 0, count, batch.first_row + r};
		}
	}
out:
	bn_free(seen.slots);
	bn_batch_release(&batch);
	bn_buf_release(&scratch);
	return rc;
}

static int count_sorted(bn_frequencies *f, bn_table_reader *table, size_t column, size_t most,
	const bn_progress *watch, bn_err *err)
{
	size_t n = 0, rows = (size_t)bn_table_rows(table);
	hashed h = {bn_alloc((rows + 1) * sizeof *h.hashes), bn_alloc((rows + 1) * sizeof *h.other),
		0, 0, 0};
	int rc = h.hashes && h.other ? 0 : bn_err_nomem(err, "frequencies");
	if (rc < 0 || (rc = read_hashes(&h, f, &n, table, column, watch, err)) < 0)
		goto out;
	if (bn_sort_keys(h.hashes, n, h.other) != h.hashes) {
		uint64_t *sorted = h.other;
		h.other = h.hashes;
		h.hashes = sorted;
	}
	count_runs(&h, n);
	f->distinct = h.count;
	if ((rc = choose(&h, most, err)) < 0)
		goto out;
	rc = first_rows(f, &h, most, table, column, watch, err);
out:
	bn_free(h.hashes);
	bn_free(h.other);
	return rc;
}

/* ---- texts ------------------------------------------------------------------------------------ */

static int by_row(const void *a, const void *b)
{
	const bn_frequency_value *x = a, *y = b;

	return (x->first_row > y->first_row) - (x->first_row < y->first_row);
}

/* values: by their first rows; only batches that contain one of these are read. */
static int fetch_texts(
	bn_frequency_value *values, size_t n, bn_table_reader *table, size_t column, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf scratch = BN_BUF_INIT;
	size_t open = SIZE_MAX, at = 0, row = 0;
	bn_text text;
	int rc = 0;
	for (size_t i = 0; i < n; i++) {
		if ((rc = bn_table_locate(table, values[i].first_row, &at, &row, err)) < 0 ||
			(at != open &&
				(rc = bn_table_read(table, at, &column, 1, &batch, err)) < 0))
			goto out;
		open = at;
		if (!bn_cell_text(&batch.columns[0], row, &scratch, &text))
			continue;
		if (!(values[i].text = bn_strndup(text.ptr, text.len))) {
			rc = bn_err_nomem(err, "frequencies");
			goto out;
		}
		values[i].bytes = text.len;
	}
out:
	bn_batch_release(&batch);
	bn_buf_release(&scratch);
	return rc;
}

int bn_frequencies_count(bn_frequencies *out, bn_table_reader *table, size_t column, size_t k,
	const bn_progress *watch, bn_err *err)
{
	size_t most = k > BN_FREQUENCIES_SORTED ? k : BN_FREQUENCIES_SORTED;
	bn_frequencies f = {.rows = bn_table_rows(table)};
	bool overflow = true;
	int rc;

	for (unsigned bits = 0; overflow && bits <= 32; bits += 2) {
		if (bits && can_sort(table)) {
			if ((rc = count_sorted(&f, table, column, most, watch, err)) < 0)
				goto out;
			break;
		}
		if ((rc = count_parts(&f, &overflow, bits, table, column, most, watch, err)) < 0)
			goto out;
	}
	if (f.distinct > BN_FREQUENCIES_SORTED)
		f.count = f.count < k ? f.count : k;
	qsort(f.values, f.count, sizeof *f.values, by_row);
	if ((rc = fetch_texts(f.values, f.count, table, column, err)) < 0)
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

int bn_frequencies_few(bn_frequencies *out, bool *many, bn_table_reader *table, size_t column,
	size_t most, const bn_progress *watch, bn_err *err)
{
	bn_frequencies f = {.rows = bn_table_rows(table)};
	counting c = {.most = most};
	int rc;

	if ((rc = count_column(&c, table, column, watch, err)) < 0)
		goto out;
	*many = c.overflow;
	if (c.overflow)
		goto out;
	f.missing = c.missing;
	if ((rc = join(&f, &c, most, err)) < 0)
		goto out;
	qsort(f.values, f.count, sizeof *f.values, by_row);
	if ((rc = fetch_texts(f.values, f.count, table, column, err)) < 0)
		goto out;
	qsort(f.values, f.count, sizeof *f.values, by_count);
	*out = f;
	f = (bn_frequencies){.values = NULL};
out:
	bn_free(c.slots);
	bn_frequencies_release(&f);
	return rc;
}

void bn_frequencies_release(bn_frequencies *f)
{
	for (size_t i = 0; i < f->count; i++)
		bn_free(f->values[i].text);
	bn_free(f->values);
	*f = (bn_frequencies){.values = NULL};
}
