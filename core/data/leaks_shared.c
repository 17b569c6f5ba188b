/* leaks_shared.c - keys that rows of several parts have: equal rows, and groups. See _leaks.h. */
#include "core/base/mem.h"
#include "core/base/radix.h"
#include "core/data/_leaks.h"

#include <string.h>

#define AT_ONCE ((size_t)4 << 20) /* rows of a pass: 128 MB */
#define DIGIT 11
#define DIGITS 4

size_t bn_leaks_at_once(const bn_leaks_search *l, size_t usual)
{
	return l->o->rows_at_once ? l->o->rows_at_once : usual;
}

/* By the low 44 bits: keys are hashes, so different ones with the same low bits are rare, and only
 * hide a pair. */
void bn_leaks_sort(bn_leaks_item **items, bn_leaks_item **spare, size_t n)
{
	uint32_t counts[(size_t)DIGITS << DIGIT];

	if (!n)
		return;
	bn_radix_count(counts, *items, n, sizeof **items, 0, DIGITS, DIGIT);
	for (unsigned d = 0; d < DIGITS; d++) {
		if (!bn_radix_pass(*spare, *items, n, sizeof **items, counts + ((size_t)d << DIGIT), d * DIGIT,
			    DIGIT))
			continue;
		bn_leaks_item *other = *items;
		*items = *spare;
		*spare = other;
	}
}

typedef struct sharing {
	bn_leaks_search *l;
	bn_leaks_shared *out;
	const size_t *columns;
	size_t n;
	bool skip_missing;
	uint8_t *marks;
	uint64_t pass, passes;
	bn_leaks_item *items, *spare;
	size_t used, cap;
} sharing;

#define SKIPPED 0 /* instead of a key */

static int hash_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	sharing *g = ctx;
	size_t rows = s->batch.rows;
	uint64_t *sum = s->keys, *one = s->keys + rows;

	(void)err;
	memset(sum, 0, rows * sizeof *sum);
	for (size_t i = 0; i < g->n; i++) {
		bn_leaks_keys(one, &s->batch.columns[i], g->l->columns[g->columns[i]].dict_keys[s->table]);
		for (size_t r = 0; r < rows; r++)
			sum[r] += bn_leaks_mix(one[r], g->columns[i]);
		for (size_t r = 0; g->skip_missing && r < rows; r++)
			sum[r] = one[r] == BN_LEAKS_MISSING ? SKIPPED : sum[r];
	}
	return 0;
}

static int keep_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	sharing *g = ctx;

	if (bn_grow(&g->items, &g->cap, g->used + s->batch.rows, sizeof *g->items))
		return bn_err_nomem(err, "keys of rows");
	for (size_t r = 0; r < s->batch.rows; r++) {
		if (g->passes > 1 && (s->keys[r] >> 44) % g->passes != g->pass)
			continue;
		if ((g->skip_missing && s->keys[r] == SKIPPED) ||
			bn_leaks_part_at(g->l, s, r) == BN_LEAKS_NO_PART)
			continue;
		g->items[g->used++] = (bn_leaks_item){s->keys[r], s->first + r};
	}
	return 0;
}

/* Rows with one key: counts[p] of them are in part p, the first is first[p]. */
static void tell_group(sharing *g, size_t from, size_t end, uint64_t *counts, uint64_t *first)
{
	size_t parts = g->out->parts, present = 0;

	memset(counts, 0, parts * sizeof *counts);
	for (size_t i = from; i < end; i++) {
		size_t p = bn_leaks_part_of(g->l, g->items[i].row);
		if (!counts[p]++) {
			first[p] = g->items[i].row;
			present++;
		}
	}
	if (present < 2)
		return;
	g->out->any_rows += end - from;
	for (size_t i = from; g->marks && i < end; i++)
		g->marks[g->items[i].row >> 3] |= (uint8_t)(1 << (g->items[i].row & 7));
	for (size_t a = 0; a < parts; a++)
		for (size_t b = a + 1; counts[a] && b < parts; b++) {
			bn_leaks_pair *p = &g->out->pairs[a * parts + b];
			if (!counts[b])
				continue;
			g->out->pair_count += (double)counts[a] * (double)counts[b];
			p->rows += counts[b];
			if (!p->values++ || first[b] < p->row_b) {
				p->row_a = first[a];
				p->row_b = first[b];
			}
		}
}

static int count_pass(sharing *g, bn_err *err)
{
	uint64_t counts[BN_LEAKS_PARTS], first[BN_LEAKS_PARTS];

	if (!(g->spare = bn_alloc((g->used + 1) * sizeof *g->spare)))
		return bn_err_nomem(err, "keys of rows");
	bn_leaks_sort(&g->items, &g->spare, g->used);
	for (size_t i = 0, end; i < g->used; i = end) {
		for (end = i + 1; end < g->used && g->items[end].key == g->items[i].key;)
			end++;
		if (end > i + 1)
			tell_group(g, i, end, counts, first);
	}
	bn_free(g->items);
	bn_free(g->spare);
	g->items = g->spare = NULL;
	g->used = g->cap = 0;
	return 0;
}

/* Of the sum of these columns' hashes; skip_missing: not rows where one is absent. marks: NULL, or the bits of
 * such rows are set. */
static int shared_find(bn_leaks_shared *out, bn_leaks_search *l, const size_t *columns, size_t n,
	bool skip_missing, uint8_t *marks, const char *what, bn_err *err)
{
	size_t at_once = bn_leaks_at_once(l, AT_ONCE);
	sharing g = {.l = l,
		.out = out,
		.columns = columns,
		.n = n,
		.skip_missing = skip_missing,
		.marks = marks,
		.passes = 1 + l->out->rows / at_once};
	const bn_leaks_walk walk = {.columns = columns,
		.count = n,
		.width = 2,
		.what = what,
		.compute = hash_rows,
		.take = keep_rows,
		.ctx = &g};
	int rc = 0;

	memset(out, 0, sizeof *out);
	out->parts = l->parts->count;
	if (!(out->pairs = bn_alloc_zeroed(out->parts * out->parts, sizeof *out->pairs)))
		return bn_err_nomem(err, "pairs of parts");
	for (; g.pass < g.passes; g.pass++)
		if ((rc = bn_leaks_go(l, &walk, err)) < 0 || (rc = count_pass(&g, err)) < 0)
			break;
	bn_free(g.items);
	bn_free(g.spare);
	return rc;
}

static void shared_release(bn_leaks_shared *s)
{
	bn_free(s->pairs);
	memset(s, 0, sizeof *s);
}

/* ---- findings ---------------------------------------------------------------------------------------- */

#define APART 4 /* with more parts, one finding is for all pairs of them */

static bn_leak *add_pair(bn_leaks_search *l, bn_leak_kind kind, const char *column, size_t a, size_t b,
	const bn_leaks_pair *p, bn_err *err)
{
	bn_leak *x = bn_leaks_add(l, kind, column, NULL, err);

	if (!x)
		return NULL;
	x->a = a;
	x->b = b;
	x->rows = p->rows;
	x->of = l->part_rows[b];
	x->values = p->values;
	x->has_example = true;
	x->row_a = bn_leaks_row_in_table(l, p->row_a);
	x->row_b = bn_leaks_row_in_table(l, p->row_b);
	return x;
}

/* of: rows in all parts. */
static int add_shared(bn_leaks_search *l, bn_leak_kind kind, const char *column, const bn_leaks_shared *s,
	double by_chance, bn_err *err)
{
	size_t parts = s->parts;
	bn_leaks_pair all = {0};
	size_t a_of = 0, b_of = 0;
	uint64_t rows = 0;

	for (size_t p = 0; p < parts; p++)
		rows += l->part_rows[p];
	for (size_t a = 0; a < parts; a++)
		for (size_t b = a + 1; b < parts; b++) {
			const bn_leaks_pair *p = &s->pairs[a * parts + b];
			if (!p->rows)
				continue;
			if (parts > APART) {
				if (!all.rows)
					all = *p, a_of = a, b_of = b;
				all.rows = s->any_rows;
				all.values += p->values;
				continue;
			}
			bn_leak *x = add_pair(l, kind, column, a, b, p, err);
			if (!x)
				return BN_ENOMEM;
			x->by_chance = (uint64_t)(by_chance + 0.5);
			x->strength = x->of ? (double)x->rows / (double)x->of : 0;
		}
	if (!all.rows)
		return 0;
	bn_leak *x = add_pair(l, kind, column, a_of, b_of, &all, err);
	if (!x)
		return BN_ENOMEM;
	x->by_chance = (uint64_t)(by_chance + 0.5);
	x->of = rows;
	x->strength = (double)all.rows / (double)rows;
	return 0;
}

/* Chance explains up to twice the estimate, and what a Poisson variable reaches once in a thousand times. */
static bool is_chance(double pairs, double by_chance)
{
	return bn_leaks_poisson_tail(pairs, 2 * by_chance) >= 1e-3;
}

static size_t compared(size_t *columns, const bn_leaks_search *l, bool with_names)
{
	size_t n = 0;

	for (size_t i = 0; i < l->column_count; i++)
		if (l->columns[i].role <= (with_names ? BN_LEAKS_NAME : BN_LEAKS_NUMBER))
			columns[n++] = i;
	return n;
}

/* Adds a finding if there are more equal rows than by chance; *natural: those that chance explains. */
static int find_equal(bn_leaks_search *l, const size_t *columns, size_t n, uint64_t *natural, bn_err *err)
{
	bn_leaks_shared s = {.pairs = NULL};
	double by_chance = 0;
	int rc;

	*natural = 0;
	if ((rc = shared_find(&s, l, columns, n, false, l->repeated, "looking for equal rows", err)) < 0 ||
		!(s.pair_count > 0))
		goto out;
	if ((rc = bn_leaks_by_chance(&by_chance, l, columns, n, err)) < 0)
		goto out;
	if (is_chance(s.pair_count, by_chance))
		*natural = (uint64_t)s.pair_count;
	else
		rc = add_shared(l, BN_LEAK_DUPLICATE, NULL, &s, by_chance, err);
out:
	shared_release(&s);
	return rc;
}

/* If rows without their names are no more alike than by chance, copies still have the same names. */
int bn_leaks_rows(bn_leaks_search *l, bn_err *err)
{
	size_t *columns = bn_alloc((l->column_count + 1) * sizeof *columns), n, named;
	uint64_t ignored;
	int rc = 0;

	if (!columns || !(l->repeated = bn_alloc_zeroed(l->out->rows / 8 + 1, 1))) {
		rc = bn_err_nomem(err, "the marks of equal rows");
		goto out;
	}
	n = compared(columns, l, false);
	if (n && (rc = find_equal(l, columns, n, &l->out->natural, err)) < 0)
		goto out;
	named = compared(columns, l, true);
	if (named > n && !l->out->count && (l->out->natural || !n) &&
		(rc = find_equal(l, columns, named, &ignored, err)) < 0)
		goto out;
	n = compared(columns, l, false);
	if (n)
		rc = bn_leaks_near_rows(l, columns, n, err);
out:
	bn_free(columns);
	return rc;
}

int bn_leaks_groups(bn_leaks_search *l, bn_err *err)
{
	for (size_t i = 0; i < l->o->group_count; i++) {
		bn_leaks_shared s = {.pairs = NULL};
		size_t column;
		int rc = bn_leaks_need(&column, l, l->o->groups[i], err);
		if (rc >= 0 && (rc = shared_find(&s, l, &column, 1, true, NULL,
					"looking for groups", err)) >= 0)
			rc = add_shared(l, BN_LEAK_GROUP, l->o->groups[i], &s, 0, err);
		shared_release(&s);
		if (rc < 0)
			return rc;
	}
	return 0;
}
