/* paired_counts.c - see paired_counts.h. A value is a key of 64 bits with the order of the values. */
#include "core/profile/paired_counts.h"

#include "core/base/mem.h"
#include "core/base/radix.h"
#include "core/profile/sort.h"
#include "core/profile/tally.h"

enum { DIGIT = 16, DIGITS = 1 << DIGIT };

/* Keys low .. high. */
typedef struct range {
	uint64_t low, high;
} range;

typedef struct keys {
	uint64_t *items;
	size_t count, cap;
} keys;

typedef struct walker {
	const bn_paired_rows *side[2];
	size_t limit;
	bn_paired_fn take;
	void *ctx;
	const bn_progress *watch;
} walker;

static uint64_t key_of(const bn_column *c, size_t row)
{
	int64_t whole;

	if (c->type == BN_TYPE_UINT64)
		return c->u64[row];
	if (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32 || c->type == BN_TYPE_DECIMAL)
		return bn_key_of(bn_column_number(c, row));
	if (bn_column_int(c, row, &whole))
		return (uint64_t)whole ^ UINT64_C(1) << 63;
	bn_text t = bn_column_bytes(c, row);
	return bn_hash_text(t.ptr, t.len);
}

/* What is done with the keys of a pass; false ends the pass. */
typedef bool (*key_fn)(void *ctx, uint64_t key);

static bool each_key(const bn_column *c, size_t from, size_t n, key_fn visit, void *ctx)
{
	for (size_t i = from; i < from + n; i++)
		if (!bn_column_is_absent(c, i) && !visit(ctx, key_of(c, i)))
			return false;
	return true;
}

static bool each_list(const bn_column *c, size_t first, key_fn visit, void *ctx)
{
	size_t from, n;

	for (size_t i = first; i < c->rows; i++)
		if (bn_column_list(c, i, &from, &n) && !each_key(c->child, from, n, visit, ctx))
			return false;
	return true;
}

static int each_value(const walker *w, int side, key_fn visit, void *ctx, bn_err *err)
{
	const bn_paired_rows *s = w->side[side];
	bn_batch batch = BN_BATCH_INIT;
	bool more = true;
	int rc = 0;

	for (size_t b = 0; more && b < bn_table_batches(s->table); b++) {
		uint64_t start = bn_table_batch_start(s->table, b);
		size_t rows = bn_table_batch_rows(s->table, b);
		if (start + rows <= s->first)
			continue;
		if ((rc = bn_progress_step(w->watch, "comparing", start, bn_table_rows(s->table), err)) < 0 ||
			(rc = bn_table_read(s->table, b, &s->column, 1, &batch, err)) < 0)
			break;
		const bn_column *c = &batch.columns[0];
		size_t first = s->first > start ? (size_t)(s->first - start) : 0;
		more = bn_type_is_list(c->type) ? each_list(c, first, visit, ctx)
						: each_key(c, first, rows - first, visit, ctx);
		bn_table_forget(s->table, &batch);
	}
	bn_batch_release(&batch);
	return rc;
}

/* ---- a range that fits ------------------------------------------------------------------------ */

typedef struct gathering {
	keys *to;
	range in;
	size_t left; /* so many more may be gathered */
	bool is_full, no_memory;
} gathering;

static bool gather_key(void *ctx, uint64_t key)
{
	gathering *g = ctx;

	if (key < g->in.low || key > g->in.high)
		return true;
	if (!g->left) {
		g->is_full = true;
		return false;
	}
	if (bn_grow(&g->to->items, &g->to->cap, g->to->count + 1, sizeof *g->to->items)) {
		g->no_memory = true;
		return false;
	}
	g->to->items[g->to->count++] = key;
	g->left--;
	return true;
}

static int sort_keys(keys *k, bn_err *err)
{
	uint64_t *scratch = bn_alloc((k->count + 1) * sizeof *scratch);

	if (!scratch)
		return bn_err_nomem(err, "the values of a column");
	if (k->count && bn_sort_keys(k->items, k->count, scratch) == scratch) {
		bn_free(k->items);
		k->items = scratch;
		k->cap = k->count + 1;
	} else {
		bn_free(scratch);
	}
	return 0;
}

static size_t equal_keys(const keys *k, size_t at, uint64_t key)
{
	size_t n = 0;

	while (at + n < k->count && k->items[at + n] == key)
		n++;
	return n;
}

static void merge(const walker *w, const keys *x, const keys *y)
{
	size_t i = 0, j = 0;

	while (i < x->count || j < y->count) {
		bool first = j == y->count || (i < x->count && x->items[i] <= y->items[j]);
		uint64_t key = first ? x->items[i] : y->items[j];
		size_t n = equal_keys(x, i, key), m = equal_keys(y, j, key);
		w->take(w->ctx, n, m);
		i += n;
		j += m;
	}
}

/* *fits: they were counted; else there are more than the limit. */
static int count_range(const walker *w, range in, bool *fits, bn_err *err)
{
	keys k[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
	gathering g = {.in = in, .left = w->limit};
	int rc = 0;

	for (int side = 0; side < 2 && rc == 0 && !g.is_full; side++) {
		g.to = &k[side];
		rc = each_value(w, side, gather_key, &g, err);
		if (rc == 0 && g.no_memory)
			rc = bn_err_nomem(err, "the values of a column");
	}
	*fits = !g.is_full;
	if (rc == 0 && *fits && (rc = sort_keys(&k[0], err)) == 0 && (rc = sort_keys(&k[1], err)) == 0)
		merge(w, &k[0], &k[1]);
	bn_free(k[0].items);
	bn_free(k[1].items);
	return rc;
}

/* ---- one that does not: by the next 16 bits ---------------------------------------------------- */

typedef struct digits {
	range in;
	unsigned shift;
	uint64_t *counts;
} digits;

static bool count_digit(void *ctx, uint64_t key)
{
	digits *d = ctx;

	if (key >= d->in.low && key <= d->in.high)
		d->counts[key >> d->shift & (DIGITS - 1)]++;
	return true;
}

static range digits_range(const digits *d, size_t from, size_t to)
{
	uint64_t below = d->shift ? (UINT64_C(1) << d->shift) - 1 : 0;

	return (range){d->in.low + ((uint64_t)from << d->shift), d->in.low + ((uint64_t)to << d->shift) + below};
}

static int split_range(const walker *w, range in, unsigned shift, bn_err *err);

/* Digits from .. to, with `sum` values: more than the limit only for one digit. */
static int count_digits(
	const walker *w, const digits *d, size_t from, size_t to, uint64_t sum, bn_err *err)
{
	range in = digits_range(d, from, to);
	bool fits;

	if (!d->shift && from == to) { /* one value */
		w->take(w->ctx, d->counts[from], d->counts[DIGITS + from]);
		return 0;
	}
	if (sum > w->limit)
		return split_range(w, in, d->shift - DIGIT, err);
	return count_range(w, in, &fits, err);
}

static int split_range(const walker *w, range in, unsigned shift, bn_err *err)
{
	digits d = {in, shift, bn_alloc_zeroed(2 * DIGITS, sizeof *d.counts)}, second = d;
	int rc;

	if (!d.counts)
		return bn_err_nomem(err, "the values of a column");
	second.counts += DIGITS;
	if ((rc = each_value(w, 0, count_digit, &d, err)) < 0 ||
		(rc = each_value(w, 1, count_digit, &second, err)) < 0)
		goto out;
	for (size_t from = 0; from < DIGITS && rc == 0;) {
		uint64_t sum = d.counts[from] + second.counts[from];
		size_t to = from;
		while (to + 1 < DIGITS && sum + d.counts[to + 1] + second.counts[to + 1] <= w->limit) {
			to++;
			sum += d.counts[to] + second.counts[to];
		}
		if (sum)
			rc = count_digits(w, &d, from, to, sum, err);
		from = to + 1;
	}
out:
	bn_free(d.counts);
	return rc;
}

int bn_paired_counts(const bn_paired_rows *a, const bn_paired_rows *b, size_t limit, bn_paired_fn take,
	void *ctx, const bn_progress *watch, bn_err *err)
{
	walker w = {{a, b}, limit ? limit : BN_PAIRED_LIMIT, take, ctx, watch};
	const bn_field *f = &bn_table_schema(a->table)->fields[a->column];
	bool fits = false;
	int rc;

	if (f->child && bn_type_is_list(f->child->type))
		return bn_err_set(err, BN_EUNSUPPORTED, "column '%s' has lists of lists", f->name);
	if ((rc = count_range(&w, (range){0, UINT64_MAX}, &fits, err)) < 0 || fits)
		return rc;
	return split_range(&w, (range){0, UINT64_MAX}, 64 - DIGIT, err);
}
