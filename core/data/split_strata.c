/* split_strata.c - stratified splits: shares of the rows within each value of a column. */
#include "core/data/_split.h"

#include "core/base/mem.h"
#include "core/profile/tally.h"
#include "core/table/hide.h"

#include <stdio.h>

typedef struct stratum {
	uint64_t key, rows; /* rows 0: an empty slot */
	uint64_t first_row;
	size_t at; /* of its rows left for each part */
} stratum;

typedef struct strata {
	stratum *slots;
	size_t used, cap;
	uint64_t *left; /* used * parts */
	const bn_split_options *options;
	uint8_t *part_of;
	bn_rng rng;
} strata;

static stratum *stratum_slot(stratum *slots, size_t cap, uint64_t key)
{
	size_t i = bn_hash_bits(key) & (cap - 1);
	while (slots[i].rows && slots[i].key != key)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static int strata_grow(strata *s, bn_err *err)
{
	size_t cap = s->cap ? 2 * s->cap : 64;
	stratum *slots = bn_alloc_zeroed(cap, sizeof *slots);
	if (!slots)
		return bn_err_nomem(err, "the strata of a split");
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].rows)
			*stratum_slot(slots, cap, s->slots[i].key) = s->slots[i];
	bn_free(s->slots);
	s->slots = slots;
	s->cap = cap;
	return 0;
}

static int strata_count(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	strata *s = ctx;
	for (size_t r = 0; r < c->rows; r++) {
		if (2 * (s->used + 1) > s->cap && strata_grow(s, err))
			return BN_ENOMEM;
		uint64_t key = bn_split_key(c, r);
		stratum *slot = stratum_slot(s->slots, s->cap, key);
		if (!slot->rows && ++s->used > BN_SPLIT_MAX_STRATA) {
			bn_err_set(err, BN_EINVAL,
				"column '%s' has more than %d different values: too many strata",
				s->options->column, BN_SPLIT_MAX_STRATA);
			bn_err_hint(err, "stratify by a category, a class or a bool");
			return BN_EINVAL;
		}
		if (!slot->rows)
			slot->first_row = first_row + r;
		slot->key = key;
		slot->rows++;
	}
	return 0;
}

static int strata_draw(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	strata *s = ctx;
	(void)err;
	for (size_t r = 0; r < c->rows; r++) {
		stratum *slot = stratum_slot(s->slots, s->cap, bn_split_key(c, r));
		uint64_t *of_parts = s->left + slot->at, left = 0;
		for (size_t p = 0; p < s->options->part_count; p++)
			left += of_parts[p];
		s->part_of[first_row + r] =
			bn_split_draw(&s->rng, of_parts, s->options->part_count, left);
	}
	return 0;
}

/* The remainders of small strata rotate among the parts, or the last part would never get any. */
static int strata_deal(strata *s, bn_err *err)
{
	double debt[BN_SPLIT_MAX_PARTS] = {0};
	const bn_split_options *o = s->options;
	size_t at = 0;
	if (!(s->left = bn_alloc_zeroed(s->used * o->part_count + 1, sizeof *s->left)))
		return bn_err_nomem(err, "the strata of a split");
	for (size_t i = 0; i < s->cap; i++) {
		stratum *t = &s->slots[i];
		uint64_t given = 0;
		if (!t->rows)
			continue;
		uint64_t *left = s->left + (t->at = at);
		at += o->part_count;
		for (size_t p = 0; p < o->part_count; p++) {
			double exact = (double)t->rows * o->parts[p].share;
			left[p] = (uint64_t)(exact + 1e-9);
			debt[p] += exact - (double)left[p];
			given += left[p];
		}
		while (given < t->rows) {
			size_t best = 0;
			for (size_t p = 1; p < o->part_count; p++)
				if (debt[p] > debt[best] + 1e-9)
					best = p;
			left[best]++;
			debt[best] -= 1;
			given++;
		}
	}
	return 0;
}

/* Values missing in some part, before they are drawn. */
static int strata_report(const strata *s, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, bn_err *err)
{
	const stratum *rarest = NULL;

	outcome->groups = s->used;
	for (size_t i = 0; i < s->cap; i++) {
		const stratum *t = &s->slots[i];
		bool everywhere = true;
		for (size_t p = 0; t->rows && p < s->options->part_count; p++)
			everywhere &= s->left[t->at + p] > 0;
		if (!t->rows || everywhere)
			continue;
		outcome->scarce++;
		if (!rarest || t->rows < rarest->rows ||
			(t->rows == rarest->rows && t->first_row < rarest->first_row))
			rarest = t;
	}
	if (!rarest)
		return 0;
	outcome->rarest_rows = rarest->rows;
	if (s->options->masked) {
		snprintf(outcome->rarest, sizeof outcome->rarest, BN_HIDDEN_TEXT);
		return 0;
	}
	return bn_split_value_text(
		outcome->rarest, sizeof outcome->rarest, table, column, rarest->first_row, err);
}

int bn_split_strata(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, const bn_split_options *o, bn_err *err)
{
	strata s = {.options = o, .part_of = part_of};
	int rc;

	bn_rng_init(&s.rng, o->seed, "data.split.stratified", 0);
	if ((rc = bn_split_each(table, column, strata_count, &s, o->progress, err)) < 0)
		goto out;
	if ((rc = strata_deal(&s, err)) < 0 || (rc = strata_report(&s, outcome, table, column, err)) < 0)
		goto out;
	rc = bn_split_each(table, column, strata_draw, &s, o->progress, err);
out:
	bn_free(s.slots);
	bn_free(s.left);
	return rc;
}
