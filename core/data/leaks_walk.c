/* leaks_walk.c - reading the rows of all parts, and keys of their values: see _leaks.h. */
#include "core/data/_leaks.h"

#include "core/base/mem.h"
#include "core/profile/cell_hash.h"
#include "core/profile/tally.h"

#include <string.h>

/* ---- keys ---------------------------------------------------------------------------------------- */

static uint64_t key_of_double(double x)
{
	uint64_t bits;

	if (isnan(x))
		return BN_LEAKS_MISSING;
	if (fabs(x) < 9007199254740992.0 && x == floor(x))
		return bn_hash_bits((uint64_t)(int64_t)x);
	memcpy(&bits, &x, sizeof bits);
	return bn_hash_bits(bits ^ UINT64_C(0x5851f42d4c957f2d));
}

uint64_t bn_leaks_key(const bn_column *c, size_t row)
{
	int64_t i = 0;
	uint64_t a = 0, b = 0;

	if (bn_column_is_null(c, row))
		return BN_LEAKS_MISSING;
	if (bn_type_is_text(c->type)) {
		bn_text t = bn_column_text(c, row);
		return bn_hash_text(t.ptr, t.len);
	}
	if (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32)
		return key_of_double(bn_column_number(c, row));
	if (c->type != BN_TYPE_DECIMAL && bn_column_int(c, row, &i))
		return bn_hash_bits((uint64_t)i);
	bn_cell_hash(&a, &b, c, row);
	return a ^ b;
}

static bool is_int64(bn_type type)
{
	return type == BN_TYPE_BOOL || (bn_type_is_number(type) && type != BN_TYPE_FLOAT64 &&
					       type != BN_TYPE_FLOAT32 && type != BN_TYPE_UINT64 &&
					       type != BN_TYPE_DECIMAL) ||
	       bn_type_is_time(type);
}

void bn_leaks_keys(uint64_t *out, const bn_column *c, const uint64_t *dict_keys)
{
	if (c->type == BN_TYPE_CATEGORY && dict_keys) {
		for (size_t r = 0; r < c->rows; r++)
			out[r] = bn_column_is_null(c, r) ? BN_LEAKS_MISSING : dict_keys[c->codes[r]];
	} else if (c->type == BN_TYPE_FLOAT64) {
		for (size_t r = 0; r < c->rows; r++)
			out[r] = bn_column_is_null(c, r) ? BN_LEAKS_MISSING : key_of_double(c->f64[r]);
	} else if (is_int64(c->type)) {
		bn_column_ints(c, 0, c->rows, (int64_t *)out);
		for (size_t r = 0; r < c->rows; r++)
			out[r] = bn_column_is_null(c, r) ? BN_LEAKS_MISSING : bn_hash_bits(out[r]);
	} else {
		for (size_t r = 0; r < c->rows; r++)
			out[r] = bn_leaks_key(c, r);
	}
}

uint64_t bn_leaks_mix(uint64_t key, size_t column)
{
	return bn_hash_bits(key ^ (column + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* ---- where a row is ------------------------------------------------------------------------------- */

static size_t table_of(const bn_leaks_search *l, uint64_t row)
{
	size_t t = 0;

	while (t + 1 < l->table_count && row >= l->first[t + 1])
		t++;
	return t;
}

uint16_t bn_leaks_part_of(const bn_leaks_search *l, uint64_t row)
{
	return l->parts->tables ? (uint16_t)table_of(l, row) : l->parts->part_of[row];
}

uint16_t bn_leaks_part_at(const bn_leaks_search *l, const bn_leaks_slot *s, size_t r)
{
	return l->parts->tables ? (uint16_t)s->table : l->parts->part_of[s->first + r];
}

uint64_t bn_leaks_row_in_table(const bn_leaks_search *l, uint64_t row)
{
	return row - l->first[table_of(l, row)];
}

/* ---- the walk -------------------------------------------------------------------------------------- */

#define SLOTS 16

typedef struct walking {
	bn_leaks_search *l;
	const bn_leaks_walk *w;
	bn_leaks_slot slots[SLOTS];
	size_t batch[SLOTS]; /* of its table */
	size_t *at;          /* the walk's columns in the current table */
} walking;

static int compute_slot(void *ctx, size_t i, bn_err *err)
{
	walking *g = ctx;
	bn_leaks_slot *s = &g->slots[i];
	size_t need;
	int rc;

	if ((rc = bn_table_read(g->l->tables[s->table], g->batch[i], g->at, g->w->count, &s->batch, err)) < 0)
		return rc;
	need = (g->w->width + 1) * (s->batch.rows + 1) * sizeof *s->keys;
	if (need > s->key_cap) {
		bn_free(s->keys);
		s->key_cap = 0;
		if (!(s->keys = bn_alloc(need)))
			return bn_err_nomem(err, "keys of rows");
		s->key_cap = need;
	}
	return g->w->compute ? g->w->compute(g->w->ctx, s, err) : 0;
}

static int walk_table(walking *g, size_t table, size_t slots, bn_err *err)
{
	bn_leaks_search *l = g->l;
	bn_table_reader *t = l->tables[table];
	size_t batches = bn_table_batches(t), n;
	int rc;

	for (size_t i = 0; i < g->w->count; i++)
		g->at[i] = l->columns[g->w->columns[i]].at[table];
	for (size_t from = 0; from < batches; from += n) {
		n = batches - from < slots ? batches - from : slots;
		for (size_t i = 0; i < n; i++) {
			g->batch[i] = from + i;
			g->slots[i].table = table;
			g->slots[i].first = l->first[table] + bn_table_batch_start(t, from + i);
		}
		if ((rc = bn_crew_fan(l->crew, n, compute_slot, g, err)) < 0)
			return rc;
		for (size_t i = 0; i < n; i++) {
			if (g->w->take && (rc = g->w->take(g->w->ctx, &g->slots[i], err)) < 0)
				return rc;
			bn_table_forget(t, &g->slots[i].batch);
		}
		if ((rc = bn_progress_step(l->o->progress, g->w->what, g->slots[n - 1].first,
			     l->first[l->table_count], err)) < 0)
			return rc;
	}
	return 0;
}

int bn_leaks_go(bn_leaks_search *l, const bn_leaks_walk *w, bn_err *err)
{
	size_t slots = bn_crew_threads(l->crew) + 1;
	walking *g = bn_alloc_zeroed(1, sizeof *g);
	int rc = 0;

	slots = slots > SLOTS ? SLOTS : slots;
	if (!g || !(g->at = bn_alloc((w->count + 1) * sizeof *g->at))) {
		rc = bn_err_nomem(err, "record batches");
		goto out;
	}
	g->l = l;
	g->w = w;
	for (size_t i = 0; i < SLOTS; i++)
		g->slots[i].batch = (bn_batch)BN_BATCH_INIT;
	for (size_t t = 0; t < l->table_count && rc >= 0; t++)
		rc = walk_table(g, t, slots, err);
out:
	for (size_t i = 0; g && i < SLOTS; i++) {
		bn_batch_release(&g->slots[i].batch);
		bn_free(g->slots[i].keys);
	}
	if (g)
		bn_free(g->at);
	bn_free(g);
	return rc;
}
