/* folds.c - which rows are in which part of a cross-validation: see folds.h. */
#include "core/data/folds.h"

#include "core/base/mem.h"
#include "core/data/_split.h"
#include "core/profile/tally.h"
#include "core/table/hide.h"
#include "core/table/scan.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---------------------------------------------------------------------------------------- */

static bool has_blocks_of_time(const bn_split_options *o)
{
	return o->kind == BN_SPLIT_EXPANDING || o->kind == BN_SPLIT_ROLLING;
}

int bn_folds_check(const bn_split_options *o, bn_err *err)
{
	size_t repeats = o->repeats ? o->repeats : 1;
	int rc = bn_split_check_kind(o, err);

	if (rc < 0)
		return rc;
	if (o->folds_each && o->kind != BN_SPLIT_GROUP)
		return bn_err_set(err, BN_EINVAL, "--folds each needs --how group --by COLUMN: a fold for each of its values");
	if (!o->folds_each && (o->folds < 2 || o->folds > BN_FOLDS_MAX - (size_t)has_blocks_of_time(o)))
		return bn_err_set(err, BN_EINVAL, "%zu folds: 2 to %d can be made", o->folds,
			BN_FOLDS_MAX - has_blocks_of_time(o));
	if (bn_split_is_by_time(o->kind) && repeats > 1)
		return bn_err_set(err, BN_EINVAL, "a split by time is the same each time: --repeats makes no sense");
	if (o->folds_each && repeats > 1)
		return bn_err_set(err, BN_EINVAL, "to leave each group out is the same each time: --repeats makes no sense");
	if (o->inner && (bn_split_is_by_time(o->kind) || o->folds_each)) {
		bn_err_set(err, BN_EINVAL, "inner folds are made of random, stratified and group splits");
		bn_err_hint(err, "split a training part again, such as NAME.fold3.train");
		return BN_EINVAL;
	}
	if (o->inner && (o->inner < 2 || o->inner > BN_FOLDS_INNER_MAX))
		return bn_err_set(err, BN_EINVAL, "%zu inner folds: 2 to %d can be made", o->inner, BN_FOLDS_INNER_MAX);
	if (o->window && o->kind != BN_SPLIT_ROLLING)
		return bn_err_set(err, BN_EINVAL, "--window is of --how rolling");
	if (o->window > o->folds)
		return bn_err_set(err, BN_EINVAL, "--window %zu is more than the %zu folds", o->window, o->folds);
	if (repeats > BN_FOLDS_MAX || repeats * o->folds * 2 * (1 + o->inner) > BN_FOLDS_OUTPUTS)
		return bn_err_set(err, BN_EINVAL, "%zu parts: at most %d can be made",
			repeats * o->folds * 2 * (1 + o->inner), BN_FOLDS_OUTPUTS);
	return 0;
}

/* Parts of equal shares. */
static void equal_parts(bn_split_options *o, size_t n)
{
	o->part_count = n;
	for (size_t p = 0; p < n; p++) {
		snprintf(o->parts[p].name, sizeof o->parts[p].name, "fold%zu", p + 1);
		o->parts[p].share = 1 / (double)n;
	}
}

/* folds + 1 blocks of rows / (folds + 1), the first with the remainder. */
static void time_parts(bn_split_options *o, uint64_t rows)
{
	size_t n = o->folds + 1;
	uint64_t test = rows / n;

	o->part_count = n;
	for (size_t p = 0; p < n; p++) {
		uint64_t count = p ? test : rows - o->folds * test;
		snprintf(o->parts[p].name, sizeof o->parts[p].name, p ? "fold%zu" : "before", p);
		o->parts[p].share = (double)count / (double)rows;
	}
}

/* ---- the fold of each row ------------------------------------------------------------------------- */

typedef struct leaving {
	bn_folds *f;
	uint64_t keys[BN_FOLDS_MAX], first[BN_FOLDS_MAX];
	const char *column;
} leaving;

static int leave_groups(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	leaving *g = ctx;

	for (size_t r = 0; r < c->rows; r++) {
		uint64_t key = bn_split_key(c, r);
		size_t i = 0;
		while (i < g->f->folds && g->keys[i] != key)
			i++;
		if (i == BN_FOLDS_MAX) {
			bn_err_set(err, BN_EINVAL, "column '%s' has more than %d values: too many folds", g->column,
				BN_FOLDS_MAX);
			bn_err_hint(err, "--folds 10 leaves out several groups at a time");
			return BN_EINVAL;
		}
		if (i == g->f->folds) {
			g->f->folds++;
			g->keys[i] = key;
			g->first[i] = first_row + r;
		}
		g->f->fold_of[first_row + r] = (uint8_t)i;
		g->f->outcome.counts[i]++;
	}
	return 0;
}

static int leave_each_group(bn_folds *f, bn_table_reader *table, const bn_split_options *o, leaving *g, bn_err *err)
{
	size_t column;
	int rc;

	g->f = f;
	g->column = o->column;
	f->outcome.rows = bn_table_rows(table);
	if (!(f->fold_of = bn_alloc(f->outcome.rows + 1)))
		return bn_err_nomem(err, "folds");
	if ((rc = bn_schema_need(bn_table_schema(table), o->column, &column, err)) < 0 ||
		(rc = bn_split_each(table, column, leave_groups, g, o->progress, err)) < 0)
		return rc;
	f->outcome.groups = f->folds;
	if (f->folds < 2)
		return bn_err_set(err, BN_EINVAL, "column '%s' has one value: there is nothing to train on without it",
			o->column);
	return 0;
}

static int assign_folds(bn_folds *f, bn_table_reader *table, const bn_split_options *o, bn_err *err)
{
	bn_split_options each = *o;

	each.outcome = &f->outcome;
	if (has_blocks_of_time(o)) {
		if (bn_table_rows(table) <= o->folds)
			return bn_err_set(err, BN_EINVAL, "%" PRIu64 " rows for %zu folds, and rows before the first",
				bn_table_rows(table), o->folds);
		time_parts(&each, bn_table_rows(table));
	} else {
		equal_parts(&each, o->folds);
	}
	f->folds = each.part_count;
	return bn_split_assign(&f->fold_of, table, &each, err);
}

/* ---- inner folds ------------------------------------------------------------------------------------ */

/* Divides the rows of one fold. */
static int divide_fold(uint8_t *inner_of, const bn_folds *f, size_t fold, bn_table_reader *table,
	const bn_split_options *o, int64_t *rows, bn_err *err)
{
	bn_split_options each = *o;
	bn_table_reader *picked = NULL;
	uint8_t *part_of = NULL;
	size_t n = 0;
	int rc;

	for (uint64_t r = 0; r < f->outcome.rows; r++)
		if (f->fold_of[r] == fold)
			rows[n++] = (int64_t)r;
	if (!n)
		return 0;
	equal_parts(&each, o->inner);
	each.folds = 0;
	each.outcome = NULL;
	each.seed = o->seed + (fold + 1) * UINT64_C(1000003);
	if ((rc = bn_table_pick(&picked, table, rows, n, err)) < 0 ||
		(rc = bn_split_assign(&part_of, picked, &each, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		inner_of[rows[i]] = part_of[i];
out:
	bn_free(part_of);
	bn_table_reader_free(picked);
	return rc;
}

static int divide_folds(
	uint8_t **out, const bn_folds *f, bn_table_reader *table, const bn_split_options *o, bn_err *err)
{
	int64_t *rows = NULL;
	int rc = 0;

	if (!o->inner)
		return 0;
	if (!(*out = bn_alloc_zeroed(f->outcome.rows + 1, 1)) || !(rows = bn_alloc((f->outcome.rows + 1) * sizeof *rows)))
		rc = bn_err_nomem(err, "inner folds");
	for (size_t fold = 0; rc >= 0 && fold < f->folds; fold++)
		rc = divide_fold(*out, f, fold, table, o, rows, err);
	bn_free(rows);
	return rc;
}

/* ---- blocks ---------------------------------------------------------------------------------------- */

/* Rows with the same of these are in the same parts. */
typedef struct signature {
	uint64_t purged[2]; /* bit f: not in the training part of fold f */
	uint8_t fold, inner;
	uint16_t number;
	bool used;
} signature;

#define SLOTS (4 * BN_FOLDS_BLOCKS)

typedef struct blocks {
	bn_folds *f;
	const bn_split_options *o;
	const uint8_t *inner_of;
	signature *slots;
	signature **list; /* in order */
	size_t count;
	bn_split_times times;
	bn_window windows[BN_FOLDS_MAX];
	int64_t embargo[BN_FOLDS_MAX];
	bool purges;
} blocks;

static signature *slot_of(blocks *b, const signature *s)
{
	uint64_t key = bn_hash_bits(s->purged[0] ^ bn_hash_bits(s->purged[1] ^ (uint64_t)s->fold << 8 ^ s->inner));
	size_t i = key % SLOTS;

	while (b->slots[i].used &&
		(b->slots[i].purged[0] != s->purged[0] || b->slots[i].purged[1] != s->purged[1] ||
			b->slots[i].fold != s->fold || b->slots[i].inner != s->inner))
		i = (i + 1) % SLOTS;
	return &b->slots[i];
}

static bool is_test_fold(const blocks *b, size_t fold)
{
	return fold > 0 || !has_blocks_of_time(b->o);
}

static signature signature_of(const blocks *b, uint64_t row)
{
	signature s = {.fold = b->f->fold_of[row], .inner = b->inner_of ? b->inner_of[row] : 0, .used = true};

	for (size_t f = 0; b->purges && f < b->f->folds; f++) {
		int64_t event = b->times.event[row];
		const bn_window *w = &b->windows[f];
		if (f == s.fold || !is_test_fold(b, f) || (has_blocks_of_time(b->o) && f < s.fold))
			continue;
		if (bn_window_meets(w, event, bn_split_end(&b->times, row)) ||
			(event > w->last && event <= b->embargo[f]))
			s.purged[f >> 6] |= UINT64_C(1) << (f & 63);
	}
	return s;
}

static int by_fold(const void *x, const void *y)
{
	const signature *a = *(signature *const *)x, *b = *(signature *const *)y;

	if (a->fold != b->fold)
		return a->fold < b->fold ? -1 : 1;
	if (a->inner != b->inner)
		return a->inner < b->inner ? -1 : 1;
	for (int i = 1; i >= 0; i--)
		if (a->purged[i] != b->purged[i])
			return a->purged[i] < b->purged[i] ? -1 : 1;
	return 0;
}

static int read_times(blocks *b, bn_table_reader *table, bn_err *err)
{
	int rc;

	b->purges = bn_split_is_by_time(b->o->kind) && (b->o->end || b->o->horizon || b->o->embargo);
	if (!b->purges)
		return 0;
	if ((rc = bn_split_times_read(&b->times, table, b->o, err)) < 0)
		return rc;
	bn_split_windows(b->windows, &b->times, b->f->fold_of, b->f->folds);
	for (size_t f = 0; f < b->f->folds; f++)
		b->embargo[f] = b->o->embargo ? bn_split_embargo(&b->times, &b->windows[f]) : INT64_MIN;
	return 0;
}

static int number_blocks(blocks *b, bn_err *err)
{
	bn_folds *f = b->f;
	uint64_t rows = f->outcome.rows;

	if (!(b->slots = bn_alloc_zeroed(SLOTS, sizeof *b->slots)) ||
		!(b->list = bn_alloc((BN_FOLDS_BLOCKS + 1) * sizeof *b->list)) ||
		!(f->block_of = bn_alloc((rows + 1) * sizeof *f->block_of)))
		return bn_err_nomem(err, "blocks of folds");
	for (uint64_t r = 0; r < rows; r++) {
		signature s = signature_of(b, r), *slot = slot_of(b, &s);
		if (slot->used)
			continue;
		if (b->count == BN_FOLDS_BLOCKS) {
			bn_err_set(err, BN_EINVAL, "labels overlap the folds in more than %d ways", BN_FOLDS_BLOCKS);
			bn_err_hint(err, "fewer folds, or a shorter horizon");
			return BN_EINVAL;
		}
		*slot = s;
		b->list[b->count++] = slot;
	}
	qsort(b->list, b->count, sizeof *b->list, by_fold);
	for (size_t i = 0; i < b->count; i++)
		b->list[i]->number = (uint16_t)i;
	if (!(f->block_rows = bn_alloc_zeroed(b->count + 1, sizeof *f->block_rows)))
		return bn_err_nomem(err, "blocks of folds");
	f->block_count = b->count;
	for (uint64_t r = 0; r < rows; r++) {
		signature s = signature_of(b, r);
		f->block_of[r] = slot_of(b, &s)->number;
		f->block_rows[f->block_of[r]]++;
	}
	return 0;
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

/* Whether rows of that signature are in the part; *purged: they would be without purging. */
static bool is_in(const blocks *b, const bn_fold_part *p, size_t fold, const signature *s, bool *purged)
{
	size_t window = b->o->window ? b->o->window : 1;
	bool is_other = s->fold != fold;

	*purged = false;
	if (p->inner)
		return is_other && (s->inner + (size_t)1 == p->inner) == p->is_test;
	if (p->is_test)
		return !is_other;
	if (has_blocks_of_time(b->o))
		is_other = s->fold < fold && (b->o->kind == BN_SPLIT_EXPANDING || s->fold + window >= fold);
	*purged = is_other && (s->purged[fold >> 6] >> (fold & 63) & 1);
	return is_other && !*purged;
}

static int add_part(const blocks *b, size_t repeat, size_t fold, size_t inner, bool is_test, const char *value, bn_err *err)
{
	bn_folds *f = b->f;
	bn_fold_part *p = &f->parts[f->count++];
	size_t shown = has_blocks_of_time(b->o) ? fold : fold + 1;
	char rep[32] = "", in[32] = "";

	*p = (bn_fold_part){.repeat = repeat, .fold = shown, .inner = inner, .is_test = is_test};
	if (repeat)
		snprintf(rep, sizeof rep, "rep%zu.", repeat);
	if (inner)
		snprintf(in, sizeof in, "inner%zu.", inner);
	snprintf(p->name, sizeof p->name, "%sfold%zu.%s%s", rep, shown, in, is_test ? "test" : "train");
	snprintf(p->value, sizeof p->value, "%s", value);
	if (!(p->blocks = bn_alloc((b->count + 1) * sizeof *p->blocks)))
		return bn_err_nomem(err, "blocks of folds");
	for (size_t i = 0; i < b->count; i++) {
		bool purged;
		if (is_in(b, p, fold, b->list[i], &purged)) {
			p->blocks[p->block_count++] = (uint32_t)i;
			p->rows += f->block_rows[i];
		}
		p->left_out += purged ? f->block_rows[i] : 0;
	}
	if (p->rows)
		return 0;
	if (p->left_out) {
		bn_err_set(err, BN_EINVAL, "%s would have no rows: the labels of all %" PRIu64 " reach into the test, or they "
					   "are within the embargo",
			p->name, p->left_out);
		bn_err_hint(err, "a shorter horizon or embargo, or fewer folds");
		return BN_EINVAL;
	}
	if (b->o->kind == BN_SPLIT_GROUP || b->o->kind == BN_SPLIT_STRATIFIED_GROUP)
		return bn_err_set(err, BN_EINVAL, "%s would have no rows: column '%s' has %" PRIu64 " values", p->name,
			b->o->group ? b->o->group : b->o->column, f->outcome.groups);
	return bn_err_set(err, BN_EINVAL, "%s would have no rows: there are %" PRIu64 "%s", p->name, f->outcome.rows,
		bn_split_is_by_time(b->o->kind) ? ", and rows of one time stay together" : "");
}

static int add_parts(const blocks *b, bn_table_reader *table, size_t repeat, const leaving *left, bn_err *err)
{
	bn_folds *f = b->f;
	size_t number = b->o->repeats > 1 ? repeat + 1 : 0;
	size_t column = BN_SCHEMA_NONE;
	int rc = 0;

	if (!(f->parts = bn_alloc_zeroed(f->folds * 2 * (1 + b->o->inner) + 1, sizeof *f->parts)))
		return bn_err_nomem(err, "parts of folds");
	if (b->o->folds_each)
		column = bn_schema_find(bn_table_schema(table), b->o->column);
	for (size_t fold = 0; fold < f->folds; fold++) {
		char value[64] = "";
		if (!is_test_fold(b, fold))
			continue;
		if (column != BN_SCHEMA_NONE && b->o->masked)
			snprintf(value, sizeof value, BN_HIDDEN_TEXT);
		else if (column != BN_SCHEMA_NONE &&
			(rc = bn_split_value_text(value, sizeof value, table, column, left->first[fold], err)) < 0)
			return rc;
		for (size_t inner = 0; inner <= b->o->inner; inner++)
			if ((rc = add_part(b, number, fold, inner, false, value, err)) < 0 ||
				(rc = add_part(b, number, fold, inner, true, value, err)) < 0)
				return rc;
	}
	return rc;
}

int bn_folds_plan(bn_folds *out, bn_table_reader *table, const bn_split_options *o, size_t repeat, bn_err *err)
{
	bn_split_options mine = *o;
	blocks *b = bn_alloc_zeroed(1, sizeof *b);
	leaving *left = bn_alloc_zeroed(1, sizeof *left);
	uint8_t *inner_of = NULL;
	int rc;

	memset(out, 0, sizeof *out);
	mine.seed = o->seed + repeat;
	if (!b || !left) {
		rc = bn_err_nomem(err, "folds");
		goto out;
	}
	b->f = out;
	b->o = &mine;
	if ((rc = bn_folds_check(o, err)) < 0)
		goto out;
	rc = o->folds_each ? leave_each_group(out, table, &mine, left, err) : assign_folds(out, table, &mine, err);
	if (rc < 0 || (rc = divide_folds(&inner_of, out, table, &mine, err)) < 0)
		goto out;
	b->inner_of = inner_of;
	if ((rc = read_times(b, table, err)) < 0 || (rc = number_blocks(b, err)) < 0)
		goto out;
	rc = add_parts(b, table, repeat, left, err);
out:
	if (b) {
		bn_split_times_release(&b->times);
		bn_free(b->slots);
		bn_free(b->list);
	}
	bn_free(b);
	bn_free(left);
	bn_free(inner_of);
	return rc;
}

void bn_folds_release(bn_folds *f)
{
	for (size_t i = 0; f->parts && i < f->count; i++)
		bn_free(f->parts[i].blocks);
	bn_free(f->parts);
	bn_free(f->block_of);
	bn_free(f->block_rows);
	bn_free(f->fold_of);
	memset(f, 0, sizeof *f);
}

int bn_folds_notes(bn_source_notes *out, const bn_split_options *o, const bn_folds *f, bn_err *err)
{
	bn_split_options each = *o;
	size_t fold = 0, farthest = 0;
	double most = 0;

	if (o->folds_each)
		return 0;
	if (has_blocks_of_time(o))
		time_parts(&each, f->outcome.rows);
	else
		equal_parts(&each, f->folds);
	for (; fold < f->folds; fold++) {
		double off = fabs((double)f->outcome.counts[fold] - each.parts[fold].share * (double)f->outcome.rows);
		if (off > most) {
			most = off;
			farthest = fold;
		}
	}
	if (most > 1 + 1e-9 && most > 0.1 * each.parts[farthest].share * (double)f->outcome.rows)
		return bn_source_note_add(out, true, err,
			"%s has %" PRIu64 " rows, not %.0f: %s", each.parts[farthest].name, f->outcome.counts[farthest],
			each.parts[farthest].share * (double)f->outcome.rows,
			bn_split_is_by_time(o->kind) ? "rows of one time stay together" : "rows of one group stay together");
	if (!f->outcome.scarce)
		return 0;
	return bn_source_note_add(out, true, err,
		"%" PRIu64 " of %" PRIu64 " values of '%s' are in too few rows to be in every fold: '%s' is in %" PRIu64,
		f->outcome.scarce, f->outcome.groups, o->column, f->outcome.rarest, f->outcome.rarest_rows);
}
