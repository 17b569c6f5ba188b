/* order.c - see order.h. */
#include "core/table/order.h"

#include "core/base/mem.h"
#include "core/base/radix.h"

#include <stdlib.h>
#include <string.h>

typedef struct item {
	uint64_t key;
	int64_t row;
} item;

typedef struct ordering {
	bn_table_reader *table;
	size_t column;
	bool descending;
	const bn_progress *progress;
	int64_t *rows;
	size_t n;
	item *items, *other; /* those with a value; room for n each */
	size_t count;
	int64_t *absent; /* the others, in order */
	size_t absent_count;
} ordering;

/* ---- keys ------------------------------------------------------------------------------------- */

static uint64_t key_of_int(int64_t v)
{
	return (uint64_t)v ^ UINT64_C(1) << 63;
}

static bool is_real(bn_type t)
{
	return t == BN_TYPE_FLOAT64 || t == BN_TYPE_FLOAT32 || t == BN_TYPE_DECIMAL;
}

/* The sort key of a present value of the column; ranks: of a category's codes. */
static uint64_t key_of(const bn_column *c, size_t row, const uint32_t *ranks)
{
	int64_t whole = 0;
	if (ranks)
		return ranks[c->codes[row]];
	if (c->type == BN_TYPE_UINT64)
		return c->u64[row];
	if (is_real(c->type))
		return bn_key_of(bn_column_number(c, row));
	bn_column_int(c, row, &whole);
	return key_of_int(whole);
}

typedef struct ranked {
	bn_text text;
	uint32_t code;
} ranked;

static int text_compare(bn_text a, bn_text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static int ranked_compare(const void *a, const void *b)
{
	return text_compare(((const ranked *)a)->text, ((const ranked *)b)->text);
}

/* The rank of each text of the dictionary; equal texts share one. */
static int ranks_make(uint32_t **out, const bn_dict *d, bn_err *err)
{
	ranked *texts = bn_alloc((d->count + 1) * sizeof *texts);
	uint32_t *ranks = bn_alloc((d->count + 1) * sizeof *ranks);
	if (!texts || !ranks) {
		bn_free(texts);
		bn_free(ranks);
		return bn_err_nomem(err, "the texts of a category");
	}
	for (size_t i = 0; i < d->count; i++)
		texts[i] = (ranked){bn_dict_get(d, i), (uint32_t)i};
	qsort(texts, d->count, sizeof *texts, ranked_compare);
	for (size_t i = 0, rank = 0; i < d->count; i++) {
		rank += i && text_compare(texts[i - 1].text, texts[i].text) != 0;
		ranks[texts[i].code] = (uint32_t)rank;
	}
	bn_free(texts);
	*out = ranks;
	return 0;
}

/* ---- reading ---------------------------------------------------------------------------------- */

static bool rise(const int64_t *rows, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (rows[i] <= rows[i - 1])
			return false;
	return true;
}

/* Calls take(ctx, place, column, row) for each row to sort, batch by batch. place_of: for each row
 * of the table, its index in rows + 1; NULL: rows are increasing. */
typedef int (*take_fn)(void *ctx, size_t place, const bn_column *c, size_t row, bn_err *err);

static int read_rows(ordering *o, take_fn take, void *ctx, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	uint32_t *place_of = NULL;
	size_t at = 0;
	uint64_t total = bn_table_rows(o->table);
	int rc = 0;
	if (!rise(o->rows, o->n)) {
		if (!(place_of = bn_alloc_zeroed(total + 1, sizeof *place_of)))
			return bn_err_nomem(err, "the rows to sort");
		for (size_t i = 0; i < o->n; i++)
			place_of[o->rows[i]] = (uint32_t)(i + 1);
	}
	for (size_t b = 0; b < bn_table_batches(o->table); b++) {
		uint64_t start = bn_table_batch_start(o->table, b);
		size_t rows = bn_table_batch_rows(o->table, b);
		if ((rc = bn_progress_step(o->progress, "reading", start, total, err)) < 0)
			goto out;
		if (!place_of && (at == o->n || (uint64_t)o->rows[at] >= start + rows))
			continue;
		if ((rc = bn_table_read(o->table, b, &o->column, 1, &batch, err)) < 0)
			goto out;
		for (size_t r = 0; place_of && r < rows; r++)
			if (place_of[start + r] && (rc = take(ctx, place_of[start + r] - 1,
							    &batch.columns[0], r, err)) < 0)
				goto out;
		for (; !place_of && at < o->n && (uint64_t)o->rows[at] < start + rows; at++)
			if ((rc = take(ctx, at, &batch.columns[0],
				     (size_t)((uint64_t)o->rows[at] - start), err)) < 0)
				goto out;
	}
out:
	bn_batch_release(&batch);
	bn_free(place_of);
	return rc;
}

/* ---- by digits -------------------------------------------------------------------------------- */

typedef struct keys {
	uint64_t *key;     /* of each index */
	uint8_t *is_there; /* one bit per index */
	const uint32_t *ranks;
} keys;

static int take_key(void *ctx, size_t place, const bn_column *c, size_t row, bn_err *err)
{
	keys *k = ctx;
	(void)err;
	if (bn_column_is_absent(c, row))
		return 0;
	k->is_there[place >> 3] = (uint8_t)(k->is_there[place >> 3] | 1u << (place & 7));
	k->key[place] = key_of(c, row, k->ranks);
	return 0;
}

#define DIGIT_BITS 11
#define DIGITS 6 /* 6 * 11 >= 64 */

static int sort_digits(ordering *o, bn_err *err)
{
	uint32_t *counts = bn_alloc(sizeof *counts * (DIGITS << DIGIT_BITS));
	int rc = counts ? 0 : bn_err_nomem(err, "counts of digits");
	if (rc < 0 || !o->count)
		goto out;
	bn_radix_count(counts, o->items, o->count, sizeof *o->items, 0, DIGITS, DIGIT_BITS);
	for (unsigned d = 0; d < DIGITS; d++) {
		if ((rc = bn_progress_step(o->progress, "sorting", d, DIGITS, err)) < 0)
			goto out;
		if (!bn_radix_pass(o->other, o->items, o->count, sizeof *o->items,
			    counts + ((size_t)d << DIGIT_BITS), d * DIGIT_BITS, DIGIT_BITS))
			continue;
		item *swap = o->items;
		o->items = o->other;
		o->other = swap;
	}
out:
	bn_free(counts);
	return rc;
}

static int order_numbers(ordering *o, const bn_dict *dict, bn_err *err)
{
	uint32_t *ranks = NULL;
	keys k = {bn_alloc((o->n + 1) * sizeof *k.key), bn_alloc_zeroed(o->n / 8 + 1, 1), NULL};
	int rc = k.key && k.is_there ? 0 : bn_err_nomem(err, "the rows to sort");
	if (rc < 0 || (dict && (rc = ranks_make(&ranks, dict, err)) < 0))
		goto out;
	k.ranks = ranks;
	if ((rc = read_rows(o, take_key, &k, err)) < 0)
		goto out;
	for (size_t i = 0; i < o->n; i++) {
		if (k.is_there[i >> 3] >> (i & 7) & 1)
			o->items[o->count++] =
				(item){o->descending ? ~k.key[i] : k.key[i], o->rows[i]};
		else
			o->absent[o->absent_count++] = o->rows[i];
	}
	rc = sort_digits(o, err);
out:
	bn_free(ranks);
	bn_free(k.key);
	bn_free(k.is_there);
	return rc;
}

/* ---- by texts --------------------------------------------------------------------------------- */

typedef struct texts {
	bn_arena arena;
	bn_text *text; /* of each index; ptr NULL: absent */
	bn_buf scratch;
} texts;

static int take_text(void *ctx, size_t place, const bn_column *c, size_t row, bn_err *err)
{
	texts *t = ctx;
	bn_text got = bn_column_text(c, row);
	if (!got.ptr && bn_column_is_absent(c, row))
		return 0;
	if (!got.ptr) {
		bn_buf_clear(&t->scratch);
		bn_column_format(c, row, &t->scratch);
		got = (bn_text){t->scratch.ptr, t->scratch.len};
	}
	char *copy = bn_arena_alloc(&t->arena, got.len + 1);
	if (!copy)
		return bn_err_nomem(err, "the texts to sort");
	if (got.len)
		memcpy(copy, got.ptr, got.len);
	t->text[place] = (bn_text){copy, got.len};
	return 0;
}

/* The first bytes as a number with the same order. */
static uint64_t first_bytes(bn_text t)
{
	uint64_t key = 0;
	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (i < t.len ? (unsigned char)t.ptr[i] : 0);
	return key;
}

/* Items are indices here. Whether b must come before a; equal ones stay. */
static bool comes_before(const ordering *o, const texts *t, const item *b, const item *a)
{
	int c = (b->key > a->key) - (b->key < a->key);
	if (!c)
		c = text_compare(t->text[b->row], t->text[a->row]);
	return o->descending ? c > 0 : c < 0;
}

static void merge(const ordering *o, const texts *t, size_t from, size_t mid, size_t to)
{
	size_t a = from, b = mid;
	for (size_t at = from; at < to; at++) {
		bool second =
			a == mid || (b < to && comes_before(o, t, &o->items[b], &o->items[a]));
		o->other[at] = o->items[second ? b++ : a++];
	}
}

static int merge_all(ordering *o, const texts *t, bn_err *err)
{
	for (size_t width = 1; width < o->count; width *= 2) {
		for (size_t from = 0, steps = 0; from < o->count; from += 2 * width, steps++) {
			size_t mid = from + width < o->count ? from + width : o->count;
			size_t to = mid + width < o->count ? mid + width : o->count;
			int rc = steps % 4096 ? 0
					      : bn_progress_step(o->progress, "sorting", width,
							o->count, err);
			if (rc < 0)
				return rc;
			merge(o, t, from, mid, to);
		}
		item *swap = o->items;
		o->items = o->other;
		o->other = swap;
	}
	return 0;
}

static int order_texts(ordering *o, bn_err *err)
{
	texts t = {.arena = BN_ARENA_INIT,
		.text = bn_alloc_zeroed(o->n + 1, sizeof *t.text),
		.scratch = BN_BUF_INIT};
	int rc = t.text ? read_rows(o, take_text, &t, err) : bn_err_nomem(err, "the rows to sort");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < o->n; i++) {
		if (t.text[i].ptr)
			o->items[o->count++] = (item){first_bytes(t.text[i]), (int64_t)i};
		else
			o->absent[o->absent_count++] = o->rows[i];
	}
	if ((rc = merge_all(o, &t, err)) < 0)
		goto out;
	for (size_t i = 0; i < o->count; i++)
		o->items[i].row = o->rows[o->items[i].row];
out:
	bn_arena_release(&t.arena);
	bn_buf_release(&t.scratch);
	bn_free(t.text);
	return rc;
}

int bn_table_order(int64_t *rows, size_t n, bn_table_reader *table, size_t column, bool descending,
	const bn_progress *progress, bn_err *err)
{
	ordering o = {.table = table,
		.column = column,
		.descending = descending,
		.progress = progress,
		.rows = rows,
		.n = n,
		.items = bn_alloc((n + 1) * sizeof *o.items),
		.other = bn_alloc((n + 1) * sizeof *o.other),
		.absent = bn_alloc((n + 1) * sizeof *o.absent)};
	const bn_field *f = &bn_table_schema(table)->fields[column];
	const bn_dict *dict = bn_table_dict(table, column);
	int rc = 0;
	if (!o.items || !o.other || !o.absent) {
		rc = bn_err_nomem(err, "the rows to sort");
		goto out;
	}
	if (n > UINT32_MAX - 1)
		rc = bn_err_set(err, BN_EUNSUPPORTED, "more than 2^32 rows to sort");
	else if (dict || bn_type_is_scalar(f->type))
		rc = order_numbers(&o, dict, err);
	else
		rc = order_texts(&o, err);
	for (size_t i = 0; rc >= 0 && i < o.count; i++)
		rows[i] = o.items[i].row;
	for (size_t i = 0; rc >= 0 && i < o.absent_count; i++)
		rows[o.count + i] = o.absent[i];
out:
	bn_free(o.items);
	bn_free(o.other);
	bn_free(o.absent);
	return rc;
}
