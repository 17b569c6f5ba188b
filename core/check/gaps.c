/* gaps.c - see gaps.h. */
#include "core/check/gaps.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/profile/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_DAY INT64_C(86400000000000)

typedef struct instant {
	int64_t ns;
	uint32_t key;
} instant;

typedef struct finder {
	const bn_gaps_options *o;
	bn_table_reader *table;
	bn_gaps *out;
	size_t cap_keys, cap_gaps;
	uint32_t *slots; /* open addressing over the keys' texts: number + 1 */
	size_t mask;
	bool *seen;      /* of each key, while instants are taken in order */
	bool ascends;
	instant *all;
	size_t count;
	bn_buf text;
	bn_err *err;
} finder;

/* ---- keys ----------------------------------------------------------------------------------- */

static int slots_grow(finder *f)
{
	size_t n = f->mask ? 2 * (f->mask + 1) : 1024;
	uint32_t *slots = bn_alloc_zeroed(n, sizeof *slots);
	if (!slots)
		return bn_err_nomem(f->err, "keys");
	for (size_t k = 0; k < f->out->key_count; k++) {
		const char *text = f->out->keys[k].text;
		size_t at = bn_hash_text(text, strlen(text)) & (n - 1);
		while (slots[at])
			at = (at + 1) & (n - 1);
		slots[at] = (uint32_t)k + 1;
	}
	bn_free(f->slots);
	f->slots = slots;
	f->mask = n - 1;
	return 0;
}

static int key_add(finder *f, const char *text)
{
	bn_gaps *g = f->out;
	if (g->key_count == BN_GAPS_KEYS)
		return bn_err_set(f->err, BN_EUNSUPPORTED, "the key has more than %d values",
			BN_GAPS_KEYS);
	if (bn_grow(&g->keys, &f->cap_keys, g->key_count + 1, sizeof *g->keys))
		return bn_err_nomem(f->err, "keys");
	g->keys[g->key_count] = (bn_gap_key){.text = NULL};
	if (text && !(g->keys[g->key_count].text = bn_strdup(text)))
		return bn_err_nomem(f->err, "keys");
	g->key_count++;
	return 0;
}

/* The number of the key in f->text. */
static int key_find(finder *f, uint32_t *key)
{
	bn_gaps *g = f->out;
	int rc;
	if (2 * (g->key_count + 1) > f->mask && (rc = slots_grow(f)) < 0)
		return rc;
	size_t at = bn_hash_text(f->text.ptr, strlen(f->text.ptr)) & f->mask;
	for (; f->slots[at]; at = (at + 1) & f->mask)
		if (!strcmp(g->keys[f->slots[at] - 1].text, f->text.ptr)) {
			*key = f->slots[at] - 1;
			return 0;
		}
	if ((rc = key_add(f, f->text.ptr)) < 0)
		return rc;
	*key = (uint32_t)g->key_count - 1;
	f->slots[at] = *key + 1;
	return 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* 1: the row's key and time; 0: it has none. */
static int row_read(
	finder *f, const bn_column *time, const bn_column *key, size_t row, instant *out)
{
	int64_t value;
	out->key = 0;
	if (!bn_column_int(time, row, &value))
		return 0;
	out->ns = time->type == BN_TYPE_DATE ? value * NS_PER_DAY : value;
	if (!key)
		return 1;
	bn_buf_clear(&f->text);
	if (!bn_column_format(key, row, &f->text))
		return 0;
	int rc = bn_buf_check(&f->text, f->err, "a key");
	return rc < 0 || (rc = key_find(f, &out->key)) < 0 ? rc : 1;
}

typedef int (*take_fn)(finder *f, const instant *i);

static int each_row(finder *f, take_fn take)
{
	size_t columns[] = {f->o->time, f->o->key};
	size_t n = f->o->key == BN_SCHEMA_NONE ? 1 : 2;
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	f->out->skipped = 0;
	for (size_t b = 0; b < bn_table_batches(f->table) && rc >= 0; b++) {
		if ((rc = bn_table_read(f->table, b, columns, n, &batch, f->err)) < 0)
			break;
		for (size_t r = 0; r < batch.rows && rc >= 0; r++) {
			instant i;
			rc = row_read(f, &batch.columns[0], n > 1 ? &batch.columns[1] : NULL, r, &i);
			f->out->skipped += rc == 0;
			if (rc > 0)
				rc = take(f, &i);
		}
		bn_table_forget(f->table, &batch);
		if (rc >= 0 && f->o->cancelled && f->o->cancelled(f->o->ctx))
			rc = bn_err_set(f->err, BN_EINTR, "checking was interrupted");
	}
	bn_batch_release(&batch);
	return rc < 0 ? rc : 0;
}

/* The first pass: keys, the span of all, and whether times ascend. `present` counts rows. */
static int survey(finder *f, const instant *i)
{
	bn_gaps *g = f->out;
	bn_gap_key *k = &g->keys[i->key];
	bool first = f->count == 0;
	if (k->present++ && i->ns < k->last_ns)
		f->ascends = false;
	k->last_ns = i->ns;
	g->first_ns = first || i->ns < g->first_ns ? i->ns : g->first_ns;
	g->last_ns = first || i->ns > g->last_ns ? i->ns : g->last_ns;
	f->count++;
	return 0;
}

/* ---- counting ------------------------------------------------------------------------------- */

static int gap_add(finder *f, size_t key, int64_t after_ns, int64_t before_ns, double missing)
{
	bn_gaps *g = f->out;
	uint64_t n = missing < 1 ? 0 : (uint64_t)missing;
	if (!n)
		return 0;
	if (before_ns - after_ns > g->keys[key].longest_ns)
		g->keys[key].longest_ns = before_ns - after_ns;
	g->keys[key].missing += n;
	g->missing += n;
	g->gap_count++;
	if (g->kept == BN_GAPS_KEPT)
		return 0;
	if (bn_grow(&g->gaps, &f->cap_gaps, g->kept + 1, sizeof *g->gaps))
		return bn_err_nomem(f->err, "gaps");
	g->gaps[g->kept++] = (bn_gap){key, after_ns, before_ns, n};
	return 0;
}

/* How many intervals fit between two times; an exact multiple is not lost to rounding. */
static double intervals(const finder *f, int64_t from_ns, int64_t to_ns)
{
	return ((double)to_ns - (double)from_ns) / (double)f->o->interval_ns;
}

/* Instants of one key come in order. */
static int count_instant(finder *f, const instant *i)
{
	bn_gaps *g = f->out;
	bn_gap_key *k = &g->keys[i->key];
	if (!f->seen[i->key]) {
		f->seen[i->key] = true;
		k->first_ns = k->last_ns = i->ns;
		k->present = 1;
		return f->o->own_span
			       ? 0
			       : gap_add(f, i->key, g->first_ns, i->ns,
					 floor(intervals(f, g->first_ns, i->ns) + 1e-9));
	}
	if (i->ns == k->last_ns) {
		k->repeated++;
		return 0;
	}
	int64_t after = k->last_ns;
	double steps = intervals(f, after, i->ns);
	k->present++;
	k->last_ns = i->ns;
	if (i->ns - after > k->longest_ns)
		k->longest_ns = i->ns - after;
	return steps > 1 + f->o->tolerance ? gap_add(f, i->key, after, i->ns, round(steps) - 1) : 0;
}

static int compare_instants(const void *a, const void *b)
{
	const instant *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->ns > y->ns) - (x->ns < y->ns);
}

static int keep(finder *f, const instant *i)
{
	f->all[f->count++] = *i;
	return 0;
}

static int count_sorted(finder *f)
{
	uint64_t rows = bn_table_rows(f->table);
	int rc;
	if (rows > BN_GAPS_SORTED) {
		bn_err_set(f->err, BN_EUNSUPPORTED,
			"the times of a key do not ascend, and more than %u rows are not sorted",
			BN_GAPS_SORTED);
		bn_err_hint(f->err, "sort the rows by time first");
		return BN_EUNSUPPORTED;
	}
	if (!(f->all = bn_alloc_zeroed((size_t)rows + 1, sizeof *f->all)))
		return bn_err_nomem(f->err, "times");
	f->count = 0;
	if ((rc = each_row(f, keep)) < 0)
		return rc;
	qsort(f->all, f->count, sizeof *f->all, compare_instants);
	for (size_t i = 0; i < f->count && rc == 0; i++)
		rc = count_instant(f, &f->all[i]);
	return rc;
}

static int compare_gaps(const void *a, const void *b)
{
	const bn_gap *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->after_ns > y->after_ns) - (x->after_ns < y->after_ns);
}

/* After the last instant of each key. */
static int count_ends(finder *f)
{
	bn_gaps *g = f->out;
	int rc = 0;
	for (size_t k = 0; k < g->key_count && rc == 0; k++) {
		g->present += g->keys[k].present;
		if (!f->o->own_span)
			rc = gap_add(f, k, g->keys[k].last_ns, g->last_ns,
				floor(intervals(f, g->keys[k].last_ns, g->last_ns) + 1e-9));
	}
	if (g->kept)
		qsort(g->gaps, g->kept, sizeof *g->gaps, compare_gaps);
	return rc;
}

int bn_gaps_find(bn_gaps *out, bn_table_reader *table, const bn_gaps_options *o, bn_err *err)
{
	finder f = {.o = o, .table = table, .out = out, .ascends = true, .text = BN_BUF_INIT, .err = err};
	const bn_field *time = &bn_table_schema(table)->fields[o->time];
	int rc;
	*out = (bn_gaps){.keys = NULL};
	if (time->type != BN_TYPE_TIMESTAMP && time->type != BN_TYPE_DATE)
		return bn_err_set(err, BN_EINVAL, "column '%s' is %s; this needs times", time->name,
			bn_type_name(time->type));
	if ((o->key == BN_SCHEMA_NONE && (rc = key_add(&f, NULL)) < 0) ||
		(rc = each_row(&f, survey)) < 0)
		goto out;
	if (!(f.seen = bn_alloc_zeroed(out->key_count + 1, sizeof *f.seen))) {
		rc = bn_err_nomem(err, "keys");
		goto out;
	}
	if (!f.count) {
		out->key_count = 0; /* no time at all */
		goto out;
	}
	if ((rc = f.ascends ? each_row(&f, count_instant) : count_sorted(&f)) < 0)
		goto out;
	rc = count_ends(&f);
out:
	bn_buf_release(&f.text);
	bn_free(f.slots);
	bn_free(f.seen);
	bn_free(f.all);
	return rc;
}

void bn_gaps_release(bn_gaps *g)
{
	for (size_t i = 0; i < g->key_count; i++)
		bn_free(g->keys[i].text);
	bn_free(g->keys);
	bn_free(g->gaps);
	*g = (bn_gaps){.keys = NULL};
}
